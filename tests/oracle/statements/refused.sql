-- SPDX-License-Identifier: PostgreSQL
-- What the server refuses: partitions that cannot be, temporary tables, system columns.
-- with: create table own.a (id int, b int, c text); insert into own.a values (1,1,'x')
alter table a alter column b type bigint, alter column b type int;
-- with: create table own.a (id int, b int, c text); insert into own.a values (1,1,'x')
alter table a alter column b set storage external;
-- with: create table own.a (id int, b int, c text); insert into own.a values (1,1,'x')
alter table a alter column b set compression pglz;
-- with: create table own.a (id int, b int, c text); insert into own.a values (1,1,'x')
alter table a add column ctid int;
-- with: create table own.a (id int, b int, c text); insert into own.a values (1,1,'x')
alter table a alter column xmin set not null;
-- with: create table own.a (id int, b int, c text); insert into own.a values (1,1,'x')
alter table a drop column tableoid;
-- with: create temp table if not exists tmp1 (id int); create table own.a (id int primary key)
alter table tmp1 add foreign key (id) references a;
-- with: create temp table if not exists tmp1 (id int); create table own.a (id int)
alter table a inherit tmp1;
-- with: create temp table if not exists tmp1 (id int)
alter table tmp1 set unlogged;
-- with: create temp table if not exists tmp1 (id int)
alter table tmp1 set schema s2;
-- with: create table own.a (id int primary key)
create temp table tx (id int references a) on commit delete rows;
-- with: create table own.a (id int primary key, b int)
create table x partition of a default;
-- with: create table own.q (id int primary key, b int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9)
create table q2 partition of q for values from (5) to (15);
-- with: create table own.q (id int primary key, b int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9)
create table q2 partition of q for values in (5);
-- with: create table own.q (id int primary key, b int) partition by list (id); create table own.q1 partition of own.q for values in (1, 2)
create table q2 partition of q for values in (2, 3);
-- with: create table own.q (id int primary key, b int) partition by hash (id); create table own.q1 partition of own.q for values with (modulus 4, remainder 0)
create table q2 partition of q for values with (modulus 4, remainder 0);
-- with: create table own.q (id int primary key, b int) partition by hash (id); create table own.q1 partition of own.q for values with (modulus 4, remainder 0)
create table q2 partition of q default;
-- with: create table own.q (id int, b int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9); create table own.x (id int, b int)
alter table q attach partition x for values from (5) to (7);
-- with: create table own.q (id int, b int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9); create table own.x (id int, b int)
alter table q attach partition q1 for values from (15) to (17);
-- with: create table own.q (id int, b int) partition by range (id); create table own.x (id int, b int, c int)
alter table q attach partition x for values from (15) to (17);
-- with: create table own.q (id int, b int) partition by range (id); create table own.up (id int, b int); create table own.x () inherits (own.up)
alter table q attach partition x for values from (15) to (17);
-- with: create table own.q (id int, b int) partition by range (id); create table own.x (id int, b int); create table own.y () inherits (own.x)
alter table q attach partition x for values from (15) to (17);
-- with: create table own.a (id int, b int); create table own.x (id int, b int)
alter table a attach partition x for values from (15) to (17);
-- with: create table own.q (id int, b int) partition by range (id); create view own.x as select 1 as id, 2 as b
alter table q attach partition x for values from (15) to (17);
-- with: create table own.q (id int, b int) partition by range (id)
alter table q attach partition q for values from (15) to (17);
-- with: create table own.q (id int, b int) partition by range (id); create table own.x (id int, b int); create trigger tt after insert on own.x referencing new table as n for each row execute function trg()
-- beyond: error, transition tables of triggers are not looked up
alter table q attach partition x for values from (15) to (17);
-- with: create table own.q (id int primary key, b int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9)
alter table q detach partition q;
-- with: create table own.q (id int primary key, b int) partition by range (id); create table own.x (id int)
alter table q detach partition x;
-- with: create table own.q (id int primary key, b int) partition by range (id)
alter table q detach partition nope;
-- Names that nobody looks up.
alter table t owner to nosuch;
alter table t set schema nosuch;
alter table t set tablespace nosuch;
alter table t set access method nosuch;
alter table t alter column b type text collate nosuch;
alter table t add column q text collate nosuch;
alter view v owner to nosuch;
alter view v set schema nosuch;
alter sequence sq owner to nosuch;
alter index t_b set tablespace nosuch;
alter materialized view mv set tablespace nosuch;
alter function volf() owner to nosuch;
alter type pair owner to nosuch;
alter type pair set schema nosuch;
alter statistics st1 owner to nosuch;
alter statistics st1 set schema nosuch;
alter schema s2 owner to nosuch;
create policy q on t to nosuch using (true);
alter policy pol on u to nosuch;
grant select on t to nosuch;
create index on t (b nosuch_ops);
create index on t (b collate nosuch);
create index on t using nosuch (b);
create index on t using gin (b);
create index on t using gist (b);
create index on t using brin (b);
create index on t using spgist (b);
create index on t using gin (js);
create index on t using gin (arr);
create index on t using gin (a);
create index on t using hash (x);
create index on t (b) include (nope);
create index on t (b) include (ctid);
create index on t using gin (arr) include (a);
create index on t (b) include (a, n);
create index on t (x) include (nope);
alter policy nope on v using (true);
alter policy nope on v rename to x;
alter index t_b attach partition t_vc;
alter index p2_id attach partition t_vc;

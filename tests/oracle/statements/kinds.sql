-- SPDX-License-Identifier: PostgreSQL
-- Typed tables, row types, views, and commands that are for other kinds of relation.
-- with: create table own.k (id int primary key); create table own.q (id int primary key, k int references own.k) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9); create table own.q2 (id int not null, k int) partition by range (id); create table own.q2a partition of own.q2 default
alter table q attach partition q2 for values from (10) to (19);
-- with: create table own.k (id int primary key) partition by range (id); create table own.k1 partition of own.k for values from (0) to (9) partition by range (id); create table own.k1a partition of own.k1 default; create table own.r (id int references own.k); insert into own.k values (1)
drop table k1;
-- with: create table own.k (id int primary key) partition by range (id); create table own.k1 partition of own.k for values from (0) to (9); create table own.r (id int references own.k); insert into own.k values (1)
drop table k1;
-- with: create table own.k (id int primary key) partition by range (id); create table own.k1 partition of own.k for values from (0) to (9); create table own.r (id int references own.k); insert into own.k values (1)
truncate k cascade;
-- with: create table own.k (id int primary key) partition by range (id); create table own.k1 partition of own.k for values from (0) to (9); create table own.r (id int references own.k); insert into own.k values (1)
drop table k cascade;
-- with: create table own.k (id int primary key) partition by range (id); create table own.k1 partition of own.k for values from (0) to (9); create table own.r (id int references own.k); insert into own.k values (1)
alter table r alter constraint r_id_fkey deferrable initially deferred;
-- with: create table own.k (id int primary key) partition by range (id); create table own.k1 partition of own.k for values from (0) to (9); create table own.r (id int) partition by range (id); create table own.r1 partition of own.r default; alter table own.r add foreign key (id) references own.k
alter table r alter constraint r_id_fkey deferrable initially deferred;
-- with: create table own.k (id int primary key) partition by range (id); create table own.k1 partition of own.k for values from (0) to (9); create table own.r (id int)
alter table r add foreign key (id) references k;
-- with: create table own.k (id int, b int, primary key (id, b)); create table own.r (id int, b int)
alter table r add foreign key (id) references k;
-- with: create table own.k (id int primary key); create table own.r (id int, g int generated always as (id + 1) stored)
alter table r add foreign key (g) references k on delete set null;
-- with: create table own.k (id int primary key); create table own.r (id int, g int generated always as (id + 1) stored)
alter table r add foreign key (g) references k on update cascade;
-- with: create table own.k (id int primary key); create table own.r (id int); create view own.kv as select id from own.k
alter table r add foreign key (id) references kv;
-- with: create table own.k (id int primary key deferrable); create table own.r (id int)
alter table r add foreign key (id) references k;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; create table own.tt2 of own.ty (primary key (x))
alter type ty add attribute z int;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; create table own.tt2 of own.ty (primary key (x))
alter type ty add attribute z int cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; insert into own.tt values (1, 'a')
alter type ty alter attribute x type bigint cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; insert into own.tt values (1, 'a')
alter type ty drop attribute x cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; insert into own.tt values (1, 'a')
alter type ty rename attribute x to z cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; insert into own.tt values (1, 'a')
alter type ty rename attribute x to z;
-- with: create type own.ty as (x int, y text); create table own.tt (c own.ty)
alter type ty alter attribute x type bigint;
-- with: create type own.ty as (x int, y text); create table own.tt (c own.ty)
alter type ty add attribute z int;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty
alter table tt add column z int;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty
alter table tt drop column x;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty
alter table tt alter column x type bigint;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty
alter table tt rename column x to z;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty
drop type ty cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty
alter table tt inherit tt;
-- with: create table own.a (id int); create table own.b (c own.a)
alter table a add column z int default 5;
-- with: create table own.a (id int); create table own.b (c own.a)
alter table a alter column id type bigint;
-- with: create table own.a (id int); create table own.b (c own.a[])
alter table a alter column id type bigint;
-- with: create table own.a (id int); create table own.b (c own.a)
alter table a add column z positive_nope;
-- with: create domain own.d as int check (value > 0); create table own.a (id int); create table own.b (c own.a)
alter table a add column z own.d;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
alter table va add column z int;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
alter view a rename to vb;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
drop view a;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
drop table va;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
create or replace view va as select * from a;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
create or replace view a as select 1 as id;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
truncate va;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
create index on va (id);
-- with: create table own.a (id int, b text); create materialized view own.ma as select * from own.a
refresh materialized view concurrently ma;
-- with: create table own.a (id int, b text); create materialized view own.ma as select * from own.a with no data; create unique index on own.ma (id)
refresh materialized view concurrently ma;
-- with: create table own.a (id int, b text); create materialized view own.ma as select * from own.a; create unique index on own.ma (id)
refresh materialized view concurrently ma with no data;
-- with: create table own.a (id int, b text); create materialized view own.ma as select * from own.a; create unique index on own.ma (id) where id > 4
refresh materialized view concurrently ma;
-- with: create table own.a (id int, b text); create materialized view own.ma as select * from own.a
truncate ma;
-- with: create table own.a (id int, b text); create materialized view own.ma as select * from own.a
refresh materialized view a;
-- with: create type own.ty as (x int, y text); create table own.tt (x int, y int)
alter table tt of ty;
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
-- beyond: locks scan, what a view writes to is not looked up
update va set b = 'x';
-- with: create table own.a (id int, b text); create view own.va as select * from own.a
-- beyond: locks, LOCK TABLE is judged without looking anything up
lock table va in share mode;
-- Domains, collations, policies, rules, sequences, indexes that are attached.
-- with: create domain own.d as int; create table own.a (x own.d)
alter domain d validate constraint nope;
-- with: create domain own.d as int constraint c check (value > 0); create table own.a (x own.d)
alter domain d add constraint c check (value > 1);
-- with: create table own.a (x int, g int generated always as (x + 1) stored, h int); insert into own.a values (1)
alter table a add column j int generated always as (g + 1) stored;
-- with: create table own.a (x int, g int generated always as (x + 1) stored, h int); insert into own.a values (1)
alter table a add column j int generated always as (random()::int) stored;
-- with: create table own.a (x int, y text); create view own.va as select * from own.a
create statistics s on x, y from va;
-- with: create table own.a (x int, y text collate "C"); create index ai on own.a (y); insert into own.a values (1, 'x')
alter table a alter column y type text collate "C";
-- with: create table own.a (x int, y text collate "C"); create index ai on own.a (y collate "POSIX"); insert into own.a values (1, 'x')
alter table a alter column y type varchar collate "C";
-- with: create table own.a (x int, y int[]); create index ai on own.a using gin (y); insert into own.a values (1, '{1}')
alter table a alter column y type int[];
-- with: create table own.a (x int, y text); create index ai on own.a (x) include (y); insert into own.a values (1, 'x')
alter table a alter column y type varchar;
-- with: create table own.a (x int); create rule rr as on update to own.a do also nothing
alter table a disable rule nope;
-- with: create table own.a (x int); create policy pp on own.a using (true)
create policy pp on a using (true);
-- with: create table own.a (x int); create trigger tt before insert on own.a for each row execute function trg()
create trigger tt before insert on a for each row execute function trg();
-- with: create table own.a (x int); create view own.va as select * from own.a
alter table va enable row level security;
-- with: create table own.a (x int); create view own.va as select * from own.a
create policy pp on va using (true);
-- with: create table own.a (x int generated always as identity)
drop sequence a_x_seq;
-- with: create table own.a (x int generated always as identity)
alter sequence a_x_seq owned by none;
-- with: create table own.a (x int generated always as identity)
alter sequence a_x_seq set schema s2;
-- with: create table own.a (x int generated always as identity, y int)
alter table a alter column x set generated by default;
-- with: create table own.a (x int generated always as identity, y int)
alter table a alter column x restart with 100;
-- with: create table own.a (x int generated always as identity, y int)
truncate a restart identity;
-- with: create table own.a (x int); create index ai on own.a (x)
alter index a rename to aj;
-- with: create table own.a (x int primary key)
drop table a_pkey;
-- with: create table own.q (x int) partition by range (x); create table own.q1 partition of own.q default; create index qi on only own.q (x); create index q1i on own.q1 (x)
alter index qi attach partition q1i;
-- with: create table own.q (x int, y int) partition by range (x); create table own.q1 partition of own.q default; create index qi on only own.q (x); create index q1i on own.q1 (y)
alter index qi attach partition q1i;
-- with: create table own.q (x int) partition by range (x); create table own.q1 partition of own.q default; create index qi on own.q (x)
alter index qi set (fillfactor = 70);

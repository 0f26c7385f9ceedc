-- SPDX-License-Identifier: PostgreSQL
-- On tables of their own.
-- with: create table own.w (id bigint, vc varchar(50) check (vc <> '')); insert into own.w select g, 'x' from generate_series(1, 100) g
alter table w alter column vc type varchar(100);
-- with: create table own.k1 (x varchar(10) primary key); create table own.k2 (x varchar(10) references own.k1)
alter table k2 alter column x type varchar(20);
-- with: create table own.k1 (x varchar(10) primary key); create table own.k2 (x varchar(10) references own.k1)
alter table k1 alter column x type varchar(20);
-- with: create table own.w2 (a varchar(10)); create index on own.w2 (a) where a <> 'x'; insert into own.w2 values ('q')
alter table w2 alter column a type varchar(20);
-- with: create table own.w3 (a varchar(10)); create index on own.w3 (lower(a)); insert into own.w3 values ('q')
alter table w3 alter column a type text;
-- with: create table own.znt (id int); create unique index zn on own.znt (id) nulls not distinct
alter table znt add constraint zc unique using index zn;
-- with: create table own.q (id int, d int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9); create unique index qu on own.q (id)
alter table q add constraint qu unique using index qu;
-- with: create table own.q (id int, d int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9); create table own.q2 partition of own.q for values from (10) to (19); create index qi on own.q (d)
drop index qi;
-- with: create table own.q (id int, d int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9) partition by range (d); create table own.q1a partition of own.q1 for values from (0) to (9)
alter table q add column c int default 5;
-- with: create table own.q (id int, d int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9)
alter table q1 add column c int;
-- with: create table own.q (id int, d int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9)
alter table q drop column id;
-- with: create table own.q (id int, d int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9)
alter table q alter column id type bigint;
-- with: create table own.q (id int primary key, d int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (9)
alter table q1 drop constraint q1_pkey;
-- with: create table own.one (id int primary key); create table own.two (id int references own.one); create table own.three (id int)
drop table one, two;
-- with: create table own.one (id int primary key); create table own.two (id int primary key references own.one); create table own.three (id int references own.two)
truncate one cascade;
-- with: create table own.one (id int primary key); create table own.two (id int references own.one)
truncate one, two;
-- with: create table own.base (a int, b int); create view own.v1 as select a from own.base; create view own.v2 as select a from own.v1
drop view v1 cascade;
-- with: create table own.base (a int, b int); create view own.v1 as select a from own.base; create view own.v2 as select a from own.v1
drop table base cascade;
-- with: create table own.base (a int, b int); create view own.v1 as select a from own.base; create view own.v2 as select a from own.v1
alter table base drop column a cascade;
-- with: create table own.base (a int, b int); create view own.v1 as select a from own.base
alter table base drop column b;
-- with: create table own.base (a int, b int); create view own.v1 as select a from own.base
alter table base alter column a type bigint;
-- with: create sequence own.s1; create table own.base (id int default nextval('own.s1'))
drop sequence s1;
-- with: create sequence own.s1; create table own.base (id int default nextval('own.s1'))
drop sequence s1 cascade;
-- with: create type own.mood as enum ('a'); create table own.base (m own.mood, b int)
drop type mood;
-- with: create table own.up (a int); create table own.down () inherits (own.up)
alter table up add column c int default 5;
-- with: create table own.up (a int); create table own.down () inherits (own.up)
alter table down drop column a;
-- with: create table own.up (a int); create table own.down () inherits (own.up)
alter table down rename column a to z;
-- with: create table own.up (a int); create table own.down () inherits (own.up)
create index on up (a);
-- with: create table own.up (a int); create table own.down () inherits (own.up)
drop table up;
-- with: create table own.up (a int); create table own.down () inherits (own.up)
truncate up;
-- with: create table own.up (a int); create table own.down () inherits (own.up)
alter table only up add constraint k check (a > 0);
-- with: create table own.up (a int); create table own.down () inherits (own.up)
alter table up add constraint k check (a > 0) no inherit;
-- with: create table own.up (a int constraint k check (a > 0)); create table own.down () inherits (own.up)
alter table up drop constraint k;
-- with: create table own.up (a int constraint k check (a > 0)); create table own.down () inherits (own.up)
alter table down drop constraint k;
-- with: create table own.lone (a int generated by default as identity, b serial)
alter table lone drop column b;
-- with: create table own.lone (a int generated by default as identity, b serial)
alter table lone alter column a drop identity;
-- with: create table own.lone (a int generated by default as identity, b serial)
alter table lone alter column b add generated always as identity;
-- with: create table own.lone (a int generated by default as identity, b serial)
alter table lone alter column a set default 5;
-- with: create table own.lone (a int generated by default as identity, b serial)
alter table lone alter column a drop not null;
-- with: create table own.lone (a int primary key)
alter table lone alter column a drop not null;
-- with: create table own.lone (a int primary key)
alter table lone add primary key (a);
-- with: create table own.lone (a int primary key, b int); create index lone_b on own.lone (b)
reindex table lone;
-- with: create table own.lone (a int primary key); create unlogged table own.fleeting (a int)
alter table fleeting add foreign key (a) references lone not valid;
-- with: create unlogged table own.fleeting (a int primary key); create table own.lone (a int)
alter table lone add foreign key (a) references fleeting not valid;
-- set: set local timezone = 'UTC'
alter table t alter column ts type timestamptz;
-- set: set local timezone = 'Europe/Paris'
alter table t alter column ts type timestamptz;
alter table unq add constraint k unique using index unq_part;
alter table unq add constraint k unique using index unq_expr;
alter table unq add constraint k unique using index unq_desc;
alter table unq add constraint k unique using index unq_plain;
alter table t validate constraint t_pkey;
alter table t rename constraint t_pkey to t_key;
reindex index concurrently t_b;
drop index concurrently t_b;
vacuum t;
create index concurrently k on p (id);
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1)
alter domain da add constraint c check (value > 0);
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1); create domain own.db as own.da; create table own.t2 (b own.db); insert into own.t2 values (1)
alter domain da add constraint c check (value > 0);
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1); create table own.t2 (b own.da[])
alter domain da add constraint c check (value > 0);
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1); create table own.t2 (b own.da[])
alter domain da add constraint c check (value > 0) not valid;
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1); create table own.t2 (b own.t1)
alter domain da set not null;
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1); create type own.ct as (x own.da); create table own.t2 (b own.ct[])
alter domain da set not null;
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1); create view own.v as select array[a] as l from own.t1
alter domain da set not null;
-- with: create domain own.da as int; create table own.t1 (a own.da); insert into own.t1 values (1); create domain own.db as own.da; create table own.t2 (b own.db[])
alter domain da set not null;

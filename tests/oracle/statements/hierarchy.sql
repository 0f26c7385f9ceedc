-- SPDX-License-Identifier: PostgreSQL
-- Parents, children and partitions at several levels: what one of them does to the others.
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1) partition by range (k); create table own.q1d partition of own.q1 default; create table own.qd partition of own.q default partition by range (k); create table own.qdd partition of own.qd default; insert into own.q select g%3, g from generate_series(1,60) g
create table qn partition of q for values in (7);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1) partition by range (k); create table own.q1d partition of own.q1 default; create table own.qd partition of own.q default partition by range (k); create table own.qdd partition of own.qd default; insert into own.q select g%3, g from generate_series(1,60) g; create table own.n (id int, k int)
alter table q attach partition n for values in (7);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1) partition by range (k); create table own.q1d partition of own.q1 default; create index i1 on own.q1d (k); insert into own.q select 1, g from generate_series(1,60) g
create index on q (k);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create table own.q2 partition of own.q for values in (2); create index i1 on own.q1 (k); insert into own.q select 1, g from generate_series(1,60) g
create index on q (k);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create unique index i1 on own.q1 (k, id); insert into own.q select 1, g from generate_series(1,60) g
create unique index on q (k, id);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); alter table own.q1 add unique (k, id); insert into own.q select 1, g from generate_series(1,60) g
alter table q add unique (k, id);
-- with: create table own.q (id int not null, k int not null) partition by list (id); create table own.q1 partition of own.q for values in (1); alter table own.q1 add primary key (k, id); insert into own.q select 1, g from generate_series(1,60) g
alter table q add primary key (k, id);
-- with: create table own.q (id int not null, k int not null) partition by list (id); create table own.q1 partition of own.q for values in (1); alter table own.q1 add primary key (id, k); insert into own.q select 1, g from generate_series(1,60) g
alter table q add primary key (k, id);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
create unique index on q (k);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
alter table q add unique (k);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
alter table q add primary key (k);
-- with: create table own.q (id int, k int) partition by list ((id + 1)); create table own.q1 partition of own.q for values in (1)
alter table q add primary key (id);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
alter table q add exclude using btree (id with =);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
alter table q set (fillfactor = 70);
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
alter table q set unlogged;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
alter table q set access method heap;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create index qi on own.q (id)
alter table q cluster on qi;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create index qi on own.q (id)
alter table q set without cluster;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create trigger tt after insert on own.q for each row execute function trg()
drop trigger tt on q1;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create trigger tt after insert on own.q for each row execute function trg()
alter trigger tt on q1 rename to t2;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create trigger tt after insert on own.q for each statement execute function trg()
drop trigger tt on q;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); create trigger tt after insert on own.q for each row execute function trg()
alter table q disable trigger nope;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
create trigger x after update on q referencing old table as o for each row execute function trg();
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
create trigger x instead of insert on q for each row execute function trg();
-- with: create table own.a (id int); create view own.va as select id from own.a
create trigger x before insert on va for each row execute function trg();
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1)
truncate only q;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); insert into own.q select 1, g from generate_series(1,60) g
analyze q;
-- with: create table own.q (id int, k int) partition by list (id); create table own.q1 partition of own.q for values in (1); insert into own.q select 1, g from generate_series(1,60) g
analyze q (k);
-- with: create table own.up (id int); create table own.down () inherits (own.up); insert into own.down values (1)
alter table only up alter column id type bigint;
-- with: create table own.up (id int); create table own.down () inherits (own.up); insert into own.down values (1)
-- beyond: locks, LOCK TABLE is judged without looking anything up
lock table up in share row exclusive mode;
-- with: create table own.up (id int constraint c check (id > 0)); create table own.down () inherits (own.up); insert into own.down values (1)
alter table only up drop constraint c;
-- with: create table own.up (id int constraint c check (id > 0)); create table own.down () inherits (own.up); insert into own.down values (1)
alter table only up rename constraint c to d;
-- with: create table own.up (id int constraint c check (id > 0)); create table own.down (id int)
alter table down inherit up;
-- with: create table own.up (id int constraint c check (id > 0)); create table own.down (id int constraint c check (id > 1))
alter table down inherit up;
-- with: create table own.up (id int constraint c check (id > 0)); create table own.down (id int constraint c check (id > 0) no inherit)
alter table down inherit up;
-- with: create table own.up (id int not null); create table own.down (id int)
alter table down inherit up;
-- with: create table own.up (id int); create table own.down (id bigint)
alter table down inherit up;
-- with: create table own.up (id int); create table own.down (x int)
alter table down inherit up;
-- with: create table own.up (id int); create table own.down () inherits (own.up)
alter table down inherit up;
-- with: create table own.up (id int); create table own.down () inherits (own.up)
alter table up inherit down;
-- with: create table own.up (id int); create table own.down () inherits (own.up)
alter table up inherit up;
-- with: create table own.up (id int); create table own.up2 (id int); create table own.down () inherits (own.up)
alter table down no inherit up2;
-- with: create table own.up (id int); create table own.down () inherits (own.up)
create table x () inherits (down, up);
-- with: create table own.up (id int); create table own.up2 (id bigint)
create table x () inherits (up, up2);
-- with: create table own.up (id int); create table own.up2 (z bigint)
create table x () inherits (up, up2);
-- with: create table own.q (id int, word varchar(20)) partition by range (id); create table own.q1 partition of own.q default; create index qi on own.q (id) include (word)
alter table q alter column word type text;
-- with: create table own.lone (id int, a int); create unique index lone_i on own.lone (id) include (a)
alter table lone add unique using index lone_i, drop column a cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; create index ti on own.tt (y)
alter type ty drop attribute y cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; create table own.holder (c own.tt)
alter type ty alter attribute y type varchar cascade;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; create table own.up (x int)
alter table tt no inherit up;
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty
alter table tt rename constraint nope to z;
-- with: create table own.up (id int); create table own.q (id bigint) partition by range (id)
create table fresh () inherits (up, q);
-- with: create unlogged table own.k (id int primary key); create table own.a (id int); create table own.holder (c own.a)
alter table a add column b int default 3 references k;
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default partition by range (id); alter table own.q1 add unique (id)
alter table q add primary key (id);
-- with: create table own.q (id int) partition by range (id)
alter table q inherit nope;
-- with: create table own.a (id int)
create table fresh () inherits (nope, a);
-- with: create type own.ty as (x int, y text); create table own.tt of own.ty; create policy po on own.tt using (x > 0)
alter type ty alter attribute x type bigint cascade;
-- with: create table own.lone (a int); create index li on own.lone using hash (a)
alter table lone cluster on li;
-- with: create table own.one (id int, g int); create table own.two (id int, g int); create table own.three () inherits (own.one, own.two)
alter table two alter column g drop expression if exists;
-- with: create table own.one (g int); create table own.two () inherits (own.one); create table own.three () inherits (own.two); create table own.four () inherits (own.three)
alter table two alter column g drop expression if exists;
-- with: create table own.one (g int); create table own.two () inherits (own.one); create table own.three () inherits (own.two)
alter table only two alter column g drop expression;
-- with: create table own.a (id int); create table own.b (id int); create table own.c () inherits (own.a, own.b)
alter table a alter column id type bigint;
-- with: create table own.a (id int); create table own.b () inherits (own.a); create table own.c () inherits (own.a, own.b)
alter table a alter column id type bigint;
-- with: create table own.a (id int); create table own.b () inherits (own.a); create table own.c () inherits (own.a, own.b)
alter table b alter column id type bigint;
-- with: create table own.a (id int); create table own.b (id int); create table own.c () inherits (own.a, own.b)
alter table a rename column id to x;
-- with: create table own.a (id int); create table own.b (id int); create table own.c () inherits (own.a, own.b)
alter table a drop column id;
-- with: create table own.a (id int, n int); create table own.c (id int) inherits (own.a); create index c_id on own.c (id)
alter table a drop column id;
-- with: create table own.a (id int, n int); create table own.c (id int) inherits (own.a); create view own.v as select id from own.c
alter table a drop column id;
-- with: create table own.a (id int, n int); create table own.c (x int) inherits (own.a)
alter table a add column x int;
-- with: create table own.a (id int, n int); create table own.c (x text) inherits (own.a)
alter table a add column x int;
-- with: create table own.a (id int, n int); create table own.c (x float) inherits (own.a); create index on own.c (x)
alter table a add column x float default random();
-- with: create table own.a (id int, n int); create table own.c (x int) inherits (own.a)
alter table a rename column n to x;
-- with: create table own.a (id int, n int, check (n > 0)); create table own.b (id int, n int, constraint a_n_check check (n > 0)); create table own.c () inherits (own.a, own.b)
alter table a rename constraint a_n_check to x;
-- with: create table own.q (id int, k int, b int) partition by range (id); create table own.q1 partition of own.q default partition by list (k); create table own.p2 partition of own.q1 default
alter table q alter column k type bigint;
-- with: create table own.q (id int, k int, b int) partition by range (id); create table own.q1 partition of own.q default partition by list (k); create table own.p2 partition of own.q1 default
alter table q drop column k;
-- with: create table own.q (id int, k int, b int) partition by range (id); create table own.q1 partition of own.q default; create table own.h (r own.q)
alter table q alter column k type bigint;
-- with: create table own.q (id int, k int, b int) partition by range (id); create table own.q1 partition of own.q default; create table own.h (r own.q1)
alter table q alter column k type bigint;
create table n (z int) inherits (p, nope);
create table n (z int) inherits (nope, p);

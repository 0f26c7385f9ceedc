-- SPDX-License-Identifier: PostgreSQL
-- Extended statistics by their names.
drop statistics st1;
drop statistics nope;
drop statistics if exists nope;
drop statistics st1, nope;
drop statistics if exists st1, nope;
drop statistics public.st1;
drop statistics s2.st1;
drop statistics st1 cascade;
alter statistics st1 set statistics 100;
alter statistics nope set statistics 100;
alter statistics if exists nope set statistics 100;
alter statistics st1 rename to st2;
alter statistics nope rename to st2;
alter statistics st1 owner to r1;
alter statistics st1 set schema s2;
create statistics if not exists st1 on a, o from t;
create statistics st2 on a, nope from t;
create statistics st2 on a, o from nope;
comment on statistics st1 is 'x';
drop statistics st1, st1;
create statistics st2 on (a + o), (a + nope) from t;
create statistics st2 on (a + o) from t;
-- with: create schema if not exists own; create table own.q (a int, b int); create statistics own.st1 on a, b from own.q; create table own.q2 (a int, b int); create statistics own.q_st on a, b from own.q2
drop statistics own.st1;
-- with: create table own.q (a int, b int); create statistics own.st1 on a, b from own.q; create statistics own.q_st on a, b from own.q
drop statistics q_st, st1;
-- with: create table own.q (a int, b int); create statistics own.st1 on a, b from own.q; create statistics own.q_st on a, b from own.q
drop table q;
alter statistics nope owner to r1;
alter statistics nope set schema s2;
alter statistics st1 set schema s2;
comment on statistics nope is 'x';
-- with: create table own.ex (a int, b text); create statistics own.ex_st on (a + 1), (b is null) from own.ex
alter table ex alter column a type oid;
-- with: create table own.ex (a int, b text); create statistics own.ex_st on (a + 1), (b is null) from own.ex
alter table ex alter column a type bigint;
-- with: create table own.ex (a int, b text); create statistics own.ex_st on (a + 1), (b is null) from own.ex
alter table ex alter column b type varchar(10);

-- SPDX-License-Identifier: PostgreSQL
drop table fkt;
drop table u cascade;
drop table p1;
drop table p;
drop view v;
drop materialized view mv;
drop schema s2;
drop function trg() cascade;
drop sequence sq;
-- beyond: locks, members of an extension are not looked up
drop extension citext cascade;
drop owned by r1;
truncate fkt;
truncate u cascade;
truncate t restart identity cascade;
drop policy pol on u;
drop trigger tr on t;
drop rule ru on unq;
drop statistics st1;
drop policy if exists nope on t;
drop table inhk;
drop table t;
truncate t;

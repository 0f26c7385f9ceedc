-- SPDX-License-Identifier: PostgreSQL
-- Types by their names: renamed, moved, given away, and attributes and labels likewise.
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename to ct2;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename to holds;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename to mood;
alter type nope rename to ct2;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct owner to r1;
alter type nope owner to r1;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct set schema s2;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename attribute x to z;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename attribute x to z cascade;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename attribute x to y;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename attribute x to y cascade;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename attribute nope to z;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct rename attribute nope to z cascade;
alter type nope rename attribute x to z;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct add attribute x int;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct add attribute z int;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct add attribute z int cascade;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct drop attribute nope;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct drop attribute if exists nope;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct drop attribute x;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct drop attribute x cascade;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct alter attribute nope type bigint;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct alter attribute x type bigint;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct alter attribute x type nosuch;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter type ct add attribute z nosuch;
alter type en rename to ct2;
alter type en rename to t;
alter type en rename to pair;
alter type en rename attribute x to z;
alter type pair rename attribute x to z;
alter type pair rename to pair2;
alter type pair rename to t;
alter type pair owner to r1;
alter type pair set schema s2;
alter type en set schema s2;
alter type dom rename to d2;
alter domain dom rename to d2;
alter domain dom owner to r1;
alter domain dom set schema s2;
alter domain en rename to e2;
alter table pair rename to pair2;
alter table pair rename column x to z;
alter type t rename to t2;
alter type t rename attribute a to z;
alter type t owner to r1;
alter type t set schema s2;
alter type t add attribute q int;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
comment on type ct is 'x';
comment on type nope is 'x';
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
comment on column ct.x is 'x';
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
drop type ct;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
drop type ct cascade;
drop type pair;
drop type t;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter table ct set schema s2;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter table ct owner to r1;
-- with: create type own.ct as (x int, y text); create table own.holds (c own.ct); create table own.typed of own.ct; create table own.fn (a int); create view own.ctv as select (c).x from own.holds
alter view ct rename to x;
alter type en add value 'a';
alter type en add value if not exists 'a';
alter type en add value 'c' before 'nope';
alter type en add value 'c' after 'nope';
alter type en add value if not exists 'a' after 'nope';
alter type en rename value 'nope' to 'n';
alter type en rename value 'a' to 'b';
alter type en rename value 'a' to 'a';
alter type nope add value 'c';
alter type nope rename value 'c' to 'd';
alter type pair add value 'c';
alter type pair rename value 'c' to 'd';
alter type int add value 'c';
alter type dom add value 'c';
alter table pair add column z int;
alter table pair drop column x;
alter table pair alter column x type bigint;
alter table pair set schema s2;
alter table pair owner to r1;
alter table pair rename to p9;
alter table pair rename column x to z;
alter table pair set (fillfactor = 70);
alter table pair alter column x set not null;
alter view pair rename to p9;
comment on table pair is 'x';
comment on column pair.x is 'x';
comment on type pair is 'x';
-- beyond: error, a domain is not told apart from its constraint
comment on domain pair is 'x';
drop table pair;
alter type t rename attribute nope to z;
alter type p rename attribute id to z;
alter type par rename attribute id to z;
alter type v rename attribute id to z;
alter type t_b rename to z;
alter type sq rename to z;
drop type v;
drop type t cascade;
alter domain nope rename to x;
alter domain dom rename to domc;
alter domain dom rename to t;
alter type dom owner to r1;
alter type dom set schema s2;
alter type pair add attribute z nosuch;
alter type pair alter attribute x type nosuch;
alter type pair add attribute z int, drop attribute x, add attribute w text;
-- with: create domain own.dm as int constraint dm_k check (value > 0) constraint dm_l check (value < 9)
alter domain dm drop constraint nope;
-- with: create domain own.dm as int constraint dm_k check (value > 0) constraint dm_l check (value < 9)
alter domain dm drop constraint if exists nope;
-- with: create domain own.dm as int constraint dm_k check (value > 0) constraint dm_l check (value < 9)
alter domain dm drop constraint dm_k;
-- with: create domain own.dm as int constraint dm_k check (value > 0) constraint dm_l check (value < 9)
alter domain dm rename constraint dm_k to dm_l;
-- with: create domain own.dm as int constraint dm_k check (value > 0) constraint dm_l check (value < 9)
alter domain dm rename constraint nope to x;
-- with: create domain own.dm as int constraint dm_k check (value > 0) constraint dm_l check (value < 9)
alter domain dm rename constraint dm_k to x;
alter domain nope drop constraint x;
alter domain nope set default 5;
alter domain en set default 'a';
alter domain dom set default 5;
alter domain dom drop not null;
alter type pair rename to en;
alter type en rename to dom;
-- with: create table own.likepair (x int, y int); create table own.top (x int, y int); create table own.under () inherits (own.top)
alter table likepair of pair;
-- with: create table own.likepair (x int, y int); create table own.top (x int, y int); create table own.under () inherits (own.top)
alter table under of pair;
-- with: create table own.other (z int); create table own.under () inherits (own.other)
alter table under of pair;
alter table t of pair;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 of own.ct; create table own.t2 (z int) inherits (own.t1, own.t0)
alter type ct alter attribute x type bigint cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 of own.ct; create table own.t2 (z int) inherits (own.t1, own.t0)
alter type ct rename attribute x to fresh cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 of own.ct; create table own.t2 (z int) inherits (own.t1, own.t0)
alter type ct drop attribute x cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 of own.ct; create table own.t2 (z int) inherits (own.t1, own.t0)
alter type ct add attribute z int cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 (z int) inherits (own.t0); create table own.t2 () inherits (own.t1, own.t0)
alter type ct alter attribute x type bigint cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 (z int) inherits (own.t0); create table own.t2 () inherits (own.t1, own.t0)
alter type ct rename attribute x to fresh cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 (z int) inherits (own.t0)
alter type ct rename attribute x to z cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.k (x int); create table own.t1 () inherits (own.t0, own.k)
alter type ct rename attribute x to z cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.k (x int); create table own.t1 () inherits (own.t0, own.k)
alter type ct alter attribute x type bigint cascade;
-- with: create type own.ct as (x int, y text); create table own.t0 of own.ct; create table own.t1 (z int) inherits (own.t0)
alter type ct rename attribute x to ctid cascade;

-- SPDX-License-Identifier: PostgreSQL
-- What cannot run in a transaction; see cases.py for the lines above a statement.
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
create index concurrently k on a (b);
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
create unique index concurrently k on a (b);
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
create index concurrently k on a ((b + 1)) where id > 3;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
create index concurrently if not exists a_b on a (b);
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
create index concurrently a_b on a (b);
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
create index concurrently k on p (id);
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
create index concurrently k on p1 (id);
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
drop index concurrently a_b;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
drop index concurrently if exists nope;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
drop index concurrently nope;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
drop index concurrently a_pkey;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
drop index concurrently p_id;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
drop index concurrently p1_id_idx;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
reindex index concurrently a_b;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
reindex table concurrently a;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
reindex (concurrently) table a;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
reindex table concurrently nope;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
reindex table concurrently p;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
reindex index concurrently p_id;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
reindex table p;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
reindex index p_id;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
-- beyond: locks file, members of a schema are not looked up
reindex schema own;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
-- beyond: locks file, members of a schema are not looked up
reindex schema concurrently own;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
vacuum a;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
vacuum analyze a;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
vacuum (freeze, truncate off) a;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
vacuum full a;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
vacuum (full, analyze) a;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
vacuum p;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
vacuum full p;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
vacuum p1;
-- with: create table own.a (id int); create table own.b () inherits (own.a)
vacuum a;
-- with: create table own.a (id int); create table own.b () inherits (own.a)
vacuum full a;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
vacuum nope;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
cluster p using p_id;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create index p_id on own.p (id)
alter table p detach partition p1 concurrently;
-- with: create table own.u (id int primary key); create table own.p (id int, u int references own.u) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9)
alter table p detach partition p1 concurrently;
-- with: create table own.p (id int) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create table own.pd partition of own.p default
alter table p detach partition p1 concurrently;
-- beyond: error, databases are not looked up
create database nope template nowhere;
drop database if exists nope;
-- beyond: error, databases are not looked up
drop database nope;
-- beyond: error, tablespaces are not looked up
drop tablespace nope;
alter system reset work_mem;
-- with: create table own.p (id int primary key) partition by range (id); create table own.p1 partition of own.p for values from (0) to (9); create table own.r (id int references own.p)
alter table p detach partition p1 concurrently;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
vacuum a;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
vacuum full a;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
vacuum (full, verbose) a1x, ad;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
vacuum m;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
vacuum full m;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
cluster a using a_v_idx;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
cluster a1 using a1_v_idx;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
reindex table a1;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
reindex index a_v_idx;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
reindex table concurrently a;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
reindex index concurrently a1_v_idx;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
reindex index concurrently a1x_v_idx;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
reindex index concurrently m_id;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
create index concurrently on m (v);
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
create index concurrently on only a (k);
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
create index concurrently foo on ad (nope);
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
drop index concurrently m_id;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
drop index concurrently a1x_v_idx;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
alter table a1 detach partition a1x concurrently;
-- with: create table own.a (id int, k int, v text, primary key (id, k)) partition by range (id); create table own.a1 partition of own.a for values from (0) to (100) partition by list (k); create table own.a1x partition of own.a1 for values in (1); create table own.ad partition of own.a default; create index on own.a (v); create materialized view own.m as select id, v from own.a; create unique index m_id on own.m (id)
alter table nope detach partition ad concurrently;
-- with: create table own.b (id int primary key, ref int, v text); insert into own.b select g, g, 'x' from generate_series(1, 20) g; create table own.c (id int references own.b); create view own.bv as select * from own.b
vacuum full b, c;
-- with: create table own.b (id int primary key, ref int, v text); insert into own.b select g, g, 'x' from generate_series(1, 20) g; create table own.c (id int references own.b); create view own.bv as select * from own.b
vacuum bv;
-- with: create table own.b (id int primary key, ref int, v text); insert into own.b select g, g, 'x' from generate_series(1, 20) g; create table own.c (id int references own.b); create view own.bv as select * from own.b
reindex table concurrently b_pkey;
-- with: create table own.b (id int primary key, ref int, v text); insert into own.b select g, g, 'x' from generate_series(1, 20) g; create table own.c (id int references own.b); create view own.bv as select * from own.b
create index concurrently on bv (id);
-- with: create table own.b (id int primary key, ref int, v text); insert into own.b select g, g, 'x' from generate_series(1, 20) g; create table own.c (id int references own.b); create view own.bv as select * from own.b
create index concurrently b_pkey on b (id);
-- with: create table own.b (id int primary key, ref int, v text); insert into own.b select g, g, 'x' from generate_series(1, 20) g; create table own.c (id int references own.b); create view own.bv as select * from own.b
create index concurrently on b ((nope(id)));
-- with: create table own.b (id int primary key, ref int, v text); insert into own.b select g, g, 'x' from generate_series(1, 20) g; create table own.c (id int references own.b); create view own.bv as select * from own.b
drop index concurrently b;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
drop index concurrently a_b, a_pkey;
-- with: create table own.a (id int primary key, b int); create index a_b on own.a (b); insert into own.a select g, g from generate_series(1, 50) g
drop index concurrently a_b cascade;

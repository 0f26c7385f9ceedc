-- SPDX-License-Identifier: PostgreSQL
-- Objects that are not there, are there already, or are of another kind; and what is no table.
-- with: create table own.m (id int primary key, x int); insert into own.m select g, g from generate_series(1, 9) g
merge into m using t on m.id = t.id when matched then update set x = 5;
alter materialized view v rename to w;
alter sequence t restart;
drop sequence t;
drop sequence nope;
drop sequence idt_s_seq;
drop sequence idt_s_seq cascade;
drop sequence idt_id_seq;
drop type nope;
drop type if exists nope;
drop domain en;
create publication pu for table t (id, a);
create publication pu for table v;
create publication pu for table nope;
refresh materialized view concurrently mv with no data;
alter materialized view mv cluster on mv_u;
create table if not exists t as select 1;
select id into fresh from t;
alter statistics st1 set statistics 100;
create table t (id int);
create table fresh (id int references ul);
create temp table fresh (id int references u);
create table fresh (id int references nope);
create table fresh (id int references v);
create table fresh (id int references u (name));
create table fresh (id text references u);
create table fresh (like nope);
create table fresh (id text) inherits (par);
create table fresh (id int, id int);
create table fresh (id int primary key, primary key (id));
create table fresh (id nope);
create table fresh partition of p for values from ('2020-05-01') to ('2020-06-01');
create table fresh partition of p for values from ('2026-01-01') to ('2025-01-01');
create table fresh partition of p for values from ('2025-01-01') to ('2026-01-01');
create table fresh partition of nope default;
create temp table fresh partition of p2 default;
delete from unq where id = 5;
update u set name = 'x' where id = 5;
cluster v using x;
reindex table v;
reindex index t;
reindex table t_b;
create trigger g after truncate on t for each row execute function trg();
drop function nope();
comment on column t.nope is 'x';
comment on constraint chk_nn on t is 'x';
comment on constraint nope on t is 'x';
comment on trigger tr on t is 'x';
comment on table v is 'x';
comment on policy pol on u is 'x';
comment on rule ru on unq is 'x';
comment on sequence sq is 'x';
alter table empty_t rename to t;
alter view v rename to t;
alter index t_b rename to t_vc;
-- with: create table own.q (id int) partition by list (id); create table own.q1 partition of own.q for values in (1, 2)
create table fresh partition of q for values in (2, 3);
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q for values from (minvalue) to (10)
create table fresh partition of q for values from (5) to (maxvalue);
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q for values from (0) to (10); create table own.q2 (id int)
alter table q attach partition q2 for values from (9) to (11);
drop publication if exists pu;

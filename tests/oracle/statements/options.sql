-- SPDX-License-Identifier: PostgreSQL
-- Storage parameters and what else is read from the words of a command, however it is spelled.
alter table t set(fillfactor=70);
alter table t set (fillfactor=5);
alter table t set (fillfactor=70, user_catalog_table = on);
alter table t reset(user_catalog_table);
alter table t set (nonsense = 1);
alter table t reset (nonsense);
alter table t set (toast.autovacuum_enabled = off);
alter table t set (bread.autovacuum_enabled = off);
alter table t set (autovacuum_enabled);
alter table t set (autovacuum_enabled = maybe);
alter table t set (autovacuum_vacuum_scale_factor = 0.5, parallel_workers = 4);
alter table t set (parallel_workers = -1);
alter table t set (fillfactor = 70, fillfactor = 80);
alter table p set(fillfactor=70);
alter table p reset(fillfactor);
alter table t set without oids;
alter view v set (security_barrier);
alter view v reset(security_barrier);
alter view v set (fillfactor = 50);
alter view v set (check_option = local);
alter materialized view mv set (fillfactor = 50);
alter materialized view mv set (security_barrier);
alter index t_b set (fillfactor=50);
alter index t_b set(fillfactor=500);
alter index t_b reset(fillfactor);
alter index t_b set (fastupdate = off);
alter index t_b set (deduplicate_items = off);
alter index p2_id set(fillfactor = 50);
alter index p2_id reset(fillfactor);
alter table t_b set (fillfactor=50);
alter index t set (fillfactor=50);
-- with: create table own.g (a int[]); create index g_a on own.g using gin (a); create index g_b on own.g using gin (a)
alter index g_a set (fastupdate = off);
-- with: create table own.g (a int); create index g_b on own.g using brin (a)
alter index g_b set (pages_per_range = 4);
-- with: create table own.g (a int); create index g_b on own.g using brin (a)
alter index g_b set (pages_per_range = 0);
alter table t alter column b set storage
  plain;
alter table t alter column a set storage /* x */ plain;
alter table t alter column a set storage external;
alter table t alter column a set compression  default;
alter table t alter column b set compression pglz;
alter table t replica identity using
  index t_o_uq;
alter sequence idt_id_seq owned
 by t.a;
alter sequence sq owned
 by t.a;
alter type pair drop
  attribute y;
alter index t_b alter column 1 set statistics 5;

-- SPDX-License-Identifier: PostgreSQL
create index k on t(a);
drop index t_b;
reindex table t;
reindex index t_b;
alter index t_b rename to t_bb;
alter index t_b set (fillfactor=50);
alter index t_b set tablespace pg_default;
cluster t using t_pkey;
alter table t cluster on t_pkey;
create index k on p(id);
create index k on only p(id);
create index concurrently k on t(a);
alter index unq_v rename to unq_v2;
drop index if exists nope;
create index if not exists t_b on t(b);
create index on t(a) include (b);

-- SPDX-License-Identifier: PostgreSQL
-- Section B.  Format: see test_golden.c.

-- expect: rewrite create-index-non-concurrent
CREATE INDEX i ON orders (qty);

-- expect: rewrite create-index-non-concurrent
CREATE INDEX ON public.orders (lower(note)) WHERE qty > 0;

-- after COMMIT is soon enough for an index that enforces nothing

-- expect: rewrite create-index-non-concurrent
-- facts: in_transaction
CREATE INDEX i ON orders (qty);

-- expect: reject create-index-non-concurrent
-- facts: no_engine
CREATE INDEX i ON orders (qty);

-- expect: rewrite create-index-non-concurrent
CREATE INDEX i ON unanalyzed (a);

-- expect: allow
-- not: create-index-non-concurrent
CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: allow
-- not: create-index-non-concurrent
CREATE INDEX i ON small_t (b);

-- expect: allow
-- not: create-index-non-concurrent
CREATE INDEX i ON fresh_t (ref);

-- expect: allow
-- not: create-index-non-concurrent
CREATE INDEX i ON temp_t (a);

-- expect: allow
-- not: create-index-non-concurrent
CREATE TABLE n (id int); INSERT INTO n SELECT generate_series(1, 9); CREATE INDEX i ON n (id);

-- expect: allow
-- not: create-index-non-concurrent
CREATE INDEX i ON missing (a);

-- expect: allow missing-lock-timeout
-- not: create-index-non-concurrent
CREATE INDEX IF NOT EXISTS orders_tag_idx ON orders (tag);

-- expect: rewrite create-unique-index
CREATE UNIQUE INDEX i ON orders (note);

-- expect: reject create-unique-index
-- facts: in_transaction
CREATE UNIQUE INDEX i ON orders (note);

-- expect: allow
-- not: create-unique-index
CREATE UNIQUE INDEX CONCURRENTLY i ON orders (note);

-- expect: rewrite create-index-on-partitioned
CREATE INDEX i ON events (user_id);

-- expect: rewrite create-index-on-partitioned
CREATE INDEX CONCURRENTLY i ON events (user_id);

-- expect: rewrite create-index-on-partitioned
-- facts: separate, unknown
CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE INDEX CONCURRENTLY i ON p (id);

-- expect: allow
-- not: create-index-on-partitioned
-- facts: separate, unknown
CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE INDEX i ON p (id);

-- expect: allow
-- not: create-index-on-partitioned
CREATE INDEX i ON ONLY events (user_id);

-- expect: allow
-- not: create-index-non-concurrent
-- facts: unknown
CREATE INDEX i ON ONLY elsewhere (user_id);

-- expect: allow
-- not: create-index-non-concurrent
CREATE MATERIALIZED VIEW n AS SELECT 1 AS one; CREATE INDEX i ON n (one);

-- expect: reject invalid-index-left-behind
-- hint: DROP INDEX CONCURRENTLY "public"."orders_bad_idx"
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_bad_idx ON orders (qty);

-- expect: allow
-- not: invalid-index-left-behind
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_tag_idx ON orders (tag);

-- expect: reject cic-corruption-pg14
-- facts: server=140002
CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: reject cic-corruption-pg14
-- facts: server=140003
REINDEX (CONCURRENTLY) INDEX orders_tag_idx;

-- expect: reject cic-corruption-pg14, create-index-non-concurrent
-- facts: server=140000
CREATE INDEX i ON orders (qty);

-- expect: allow
-- not: cic-corruption-pg14
-- facts: server=140004
CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: rewrite drop-index-non-concurrent
DROP INDEX orders_tag_idx;

-- expect: reject drop-index-non-concurrent
-- facts: in_transaction
DROP INDEX public.orders_tag_idx;

-- expect: allow
-- not: drop-index-non-concurrent
DROP INDEX CONCURRENTLY orders_tag_idx;

-- expect: allow
-- not: drop-index-non-concurrent
DROP INDEX IF EXISTS missing;

-- expect: allow
-- not: drop-index-non-concurrent
DROP INDEX orders_pkey;

-- expect: allow missing-lock-timeout
-- not: drop-index-non-concurrent
DROP INDEX events_at_idx;

-- expect: allow
-- not: drop-index-non-concurrent
DROP INDEX small_a_idx;

-- expect: allow
-- not: drop-index-non-concurrent
-- facts: unknown
CREATE TABLE n (id int); CREATE INDEX i ON n (id); DROP INDEX i;

-- expect: rewrite reindex-non-concurrent
-- hint: REINDEX (CONCURRENTLY) INDEX "public"."orders_tag_idx"
REINDEX INDEX orders_tag_idx;

-- expect: reject reindex-non-concurrent
REINDEX TABLE orders; -- CONCURRENTLY would leave its invalid index out

-- expect: reject reindex-non-concurrent
-- hint: REINDEX (CONCURRENTLY) SCHEMA "public"
REINDEX SCHEMA public;

-- expect: reject reindex-non-concurrent
REINDEX SYSTEM shop;

-- expect: reject reindex-non-concurrent
REINDEX (CONCURRENTLY false) TABLE orders;

-- expect: allow
-- not: reindex-non-concurrent
REINDEX INDEX CONCURRENTLY orders_tag_idx;

-- expect: allow
-- not: reindex-non-concurrent
REINDEX TABLE small_t;

-- expect: rewrite alter-index-set-tablespace
-- hint: REINDEX (CONCURRENTLY, TABLESPACE "slow") INDEX "public"."logs_id_uq"
ALTER INDEX logs_id_uq SET TABLESPACE slow;

-- expect: rewrite alter-index-set-tablespace
ALTER TABLE logs_id_uq SET TABLESPACE slow;

-- expect: allow
-- not: alter-index-set-tablespace
ALTER INDEX logs_id_uq SET TABLESPACE fast;

-- expect: allow
-- not: alter-index-set-tablespace
ALTER INDEX small_a_idx SET TABLESPACE fast;

-- expect: allow index-too-many-columns
CREATE INDEX CONCURRENTLY i ON orders (qty, total, price, status);

-- expect: allow
-- not: index-too-many-columns
CREATE UNIQUE INDEX CONCURRENTLY i ON orders (qty, total, price, status);

-- expect: warn redundant-index
CREATE INDEX CONCURRENTLY i ON logs (user_id);

-- expect: warn redundant-index
CREATE UNIQUE INDEX CONCURRENTLY i ON logs (id);

-- expect: allow
-- not: redundant-index
CREATE INDEX CONCURRENTLY i ON logs (ref);

-- expect: allow
-- not: redundant-index
CREATE INDEX CONCURRENTLY i ON logs (user_id) WHERE ref > 0;

-- expect: allow
-- not: redundant-index
CREATE INDEX CONCURRENTLY i ON logs USING hash (user_id);

-- expect: allow
-- not: redundant-index
CREATE UNIQUE INDEX CONCURRENTLY i ON logs (user_id);

-- expect: allow
-- not: redundant-index
CREATE INDEX CONCURRENTLY i ON logs (user_id DESC);

-- expect: allow
-- not: redundant-index
CREATE INDEX CONCURRENTLY i ON logs (user_id) INCLUDE (id);

-- expect: rewrite create-index-non-concurrent, index-on-unread-table
CREATE INDEX i ON unread_t (ref);

-- expect: warn index-on-unread-table
CREATE INDEX CONCURRENTLY i ON unread_t (ref);

-- expect: allow
-- not: index-on-unread-table
CREATE UNIQUE INDEX CONCURRENTLY i ON unread_t (ref);

-- expect: allow
-- not: index-on-unread-table
CREATE INDEX CONCURRENTLY i ON unread_t (user_id, ref);

-- expect: allow
-- not: index-on-unread-table
CREATE INDEX CONCURRENTLY i ON logs (ref);

-- expect: allow
-- not: index-on-unread-table
-- facts: unknown
CREATE INDEX CONCURRENTLY i ON elsewhere (ref);

-- the name of a table: the server refuses

-- expect: allow
-- not: drop-index-non-concurrent
DROP INDEX orders;

-- expect: allow
-- not: create-unique-index
-- facts: unknown, separate
CREATE INDEX i ON ONLY events (at); CREATE UNIQUE INDEX u ON ONLY events (id);

-- the index of a constraint goes with it

-- expect: warn drop-constraint
-- not: drop-index-non-concurrent
-- facts: unknown, separate
ALTER TABLE elsewhere DROP CONSTRAINT elsewhere_pkey;
DROP INDEX IF EXISTS public.elsewhere_pkey;

-- expect: rewrite drop-index-non-concurrent, drop-constraint
-- facts: unknown, separate
ALTER TABLE elsewhere DROP CONSTRAINT elsewhere_pkey;
DROP INDEX IF EXISTS elsewhere_key;

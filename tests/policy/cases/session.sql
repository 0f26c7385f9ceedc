-- SPDX-License-Identifier: PostgreSQL
-- Section A.  Format: see test_golden.c.

-- expect: allow missing-lock-timeout
-- lock_timeout: 2000
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-lock-timeout
-- facts: lock_timeout=1000
-- lock_timeout: 0
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow missing-lock-timeout
-- facts: lock_timeout=60000
-- lock_timeout: 2000
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-lock-timeout
-- lock_timeout: 0
ALTER TABLE fresh_t ADD COLUMN c int;

-- expect: allow
-- lock_timeout: 0
SET lock_timeout = '1s'; ALTER TABLE orders ADD COLUMN c int;

-- expect: reject concurrently-in-transaction
-- facts: in_transaction
CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: reject concurrently-in-transaction
SELECT 1; CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: allow
-- not: concurrently-in-transaction
-- lock_timeout: 0
CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: reject unanalyzable-dynamic-ddl
DO $$ BEGIN EXECUTE 'ALTER TABLE orders DROP COLUMN qty'; END $$;

-- expect: reject unanalyzable-dynamic-ddl
COPY orders TO PROGRAM 'cat';

-- expect: reject unanalyzable-dynamic-ddl
LOAD 'auto_explain';

-- expect: reject unanalyzable-dynamic-ddl
SELECT query_to_xml('DROP TABLE orders', true, true, '');

-- expect: allow
-- not: unanalyzable-dynamic-ddl
DO $$ BEGIN RAISE NOTICE 'hello'; END $$;

-- expect: reject unsafe-lexing
SET standard_conforming_strings = off;

-- expect: allow
-- not: unsafe-lexing, unclassified
SET standard_conforming_strings = on;

-- expect: reject catalog-write
UPDATE pg_catalog.pg_class SET relname = 'x' WHERE relname = 'orders';

-- expect: allow
-- not: catalog-write
UPDATE orders SET qty = 1 WHERE id = 7;

-- a name that was free is not free any more

-- expect: reject drop-table, rename-table
ALTER TABLE orders RENAME TO o2; DROP TABLE o2;

-- expect: reject drop-table, rename-table
ALTER TABLE orders RENAME TO o2; DROP TABLE public.o2;

-- the temporary table hides the real one only until it is gone

-- expect: reject drop-table
CREATE TEMP TABLE orders (id int); DROP TABLE orders; DROP TABLE orders;

-- expect: reject drop-table
BEGIN; CREATE TABLE orders (id int); ROLLBACK; DROP TABLE orders;

-- another search_path, another table of that name

-- expect: reject drop-table
SET search_path = other; DROP TABLE fresh_t;

-- expect: reject drop-table
SELECT set_config('search_path', 'other', false); DROP TABLE temp_t;

-- temporary tables go away unseen

-- expect: reject truncate
BEGIN; CREATE TEMP TABLE orders (id int) ON COMMIT DROP; COMMIT; TRUNCATE orders;

-- expect: reject drop-table
CREATE TEMP TABLE orders (id int); DISCARD TEMP; DROP TABLE orders;

-- expect: reject truncate, drop-type-function-extension-cascade
CREATE TEMP TABLE orders (id int); DROP TYPE mood CASCADE; TRUNCATE orders;

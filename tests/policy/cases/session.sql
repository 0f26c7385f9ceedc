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

-- expect: allow lock-timeout-zero-or-too-long
-- not: missing-lock-timeout
-- facts: lock_timeout=60000
-- lock_timeout: 2000
ALTER TABLE orders ADD COLUMN c int;

-- expect: warn lock-timeout-zero-or-too-long
-- facts: separate
SET lock_timeout = 0; ALTER TABLE orders ADD COLUMN c int;

-- expect: warn lock-timeout-zero-or-too-long
-- facts: separate
SET lock_timeout = '5min'; ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: lock-timeout-zero-or-too-long, missing-lock-timeout
-- facts: separate
SET lock_timeout = '5s'; ALTER TABLE orders ADD COLUMN c int;

-- the head of what pg_dump writes

-- expect: allow
-- not: lock-timeout-zero-or-too-long
-- facts: separate
SET statement_timeout = 0; SET lock_timeout = 0; SET check_function_bodies = false; ALTER TABLE orders ENABLE TRIGGER ALL;

-- expect: warn lock-timeout-zero-or-too-long
-- facts: separate
SET statement_timeout = 0; SET lock_timeout = '5min'; SET check_function_bodies = false; ALTER TABLE orders ENABLE TRIGGER ALL;

-- CONCURRENTLY has to wait, and holds nobody up meanwhile

-- expect: allow
-- not: lock-timeout-zero-or-too-long, missing-lock-timeout, missing-statement-timeout
-- facts: separate
SET lock_timeout = 0; SET statement_timeout = 0; CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: allow missing-lock-timeout
-- not: lock-timeout-zero-or-too-long
-- facts: separate
SET lock_timeout = '5min'; RESET lock_timeout; ALTER TABLE orders ADD COLUMN c int;

-- SET LOCAL ends with its transaction, SET is undone by a rollback

-- expect: allow missing-lock-timeout
-- facts: separate
BEGIN; SET LOCAL lock_timeout = '1s'; COMMIT; ALTER TABLE orders ADD COLUMN c int;

-- expect: allow missing-lock-timeout
-- facts: separate
BEGIN; SET lock_timeout = '1s'; ROLLBACK; ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-lock-timeout
-- facts: separate
BEGIN; SET lock_timeout = '1s'; COMMIT; ALTER TABLE orders ADD COLUMN c int;

-- expect: warn lock-timeout-after-ddl
-- facts: separate
ALTER TABLE orders ADD COLUMN c int; SET lock_timeout = '2s';

-- once is enough: the second one comes after a statement that had a bound

-- expect: warn lock-timeout-after-ddl
-- facts: separate
CREATE TABLE n (id int); ALTER TABLE orders ADD COLUMN c int; SET lock_timeout = '3s';

-- expect: allow
-- not: lock-timeout-after-ddl
-- facts: separate
ALTER TABLE orders ADD COLUMN c int; SET lock_timeout = '0s'; CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: allow
-- not: lock-timeout-after-ddl
-- facts: separate
CREATE TABLE n (id int); SET lock_timeout = '2s'; ALTER TABLE orders ADD COLUMN c int;

-- expect: allow missing-statement-timeout
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-statement-timeout
-- facts: statement_timeout=5000
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-statement-timeout
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn;

-- expect: allow missing-idle-in-tx-timeout
-- facts: in_transaction
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-idle-in-tx-timeout
-- facts: in_transaction, idle_timeout=30000
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-idle-in-tx-timeout
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow missing-application-name
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-application-name
-- facts: named
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: missing-application-name
-- facts: separate
SET application_name = 'migrate: c'; ALTER TABLE orders ADD COLUMN c int;

-- expect: allow set-role-or-owner-mismatch
-- hint: SET ROLE "app"
-- facts: other_user
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: set-role-or-owner-mismatch
ALTER TABLE orders ADD COLUMN c int;

-- a body is text until it runs

-- expect: allow
-- not: unanalyzable-dynamic-ddl
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$;

-- expect: allow
-- not: unanalyzable-dynamic-ddl
CREATE PROCEDURE p() LANGUAGE sql AS 'DROP TABLE orders';

-- what else cannot stand in a transaction

-- expect: reject concurrently-in-transaction
-- facts: in_transaction
REINDEX INDEX CONCURRENTLY orders_tag_idx;

-- expect: reject concurrently-in-transaction
-- facts: in_transaction
VACUUM orders;

-- expect: reject concurrently-in-transaction, alter-system-database-role
-- facts: in_transaction
ALTER SYSTEM SET work_mem = '1GB';

-- expect: reject concurrently-in-transaction
-- facts: in_transaction
CREATE DATABASE d;

-- expect: reject concurrently-in-transaction
-- facts: in_transaction
CREATE TABLESPACE s LOCATION '/x';

-- expect: reject concurrently-in-transaction
-- facts: in_transaction
ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;

-- expect: allow
-- not: concurrently-in-transaction
-- facts: in_transaction
REFRESH MATERIALIZED VIEW CONCURRENTLY m;

-- expect: reject concurrently-in-transaction
-- facts: separate
BEGIN; CREATE INDEX CONCURRENTLY i ON orders (qty); COMMIT;

-- expect: allow
-- not: concurrently-in-transaction
-- facts: separate
BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY i ON orders (qty);

-- expect: reject concurrently-in-transaction
-- facts: separate
BEGIN; COMMIT AND CHAIN; CREATE INDEX CONCURRENTLY i ON orders (qty); COMMIT;

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

-- expect: allow
-- facts: unknown, separate
-- not: unanalyzable-dynamic-ddl
LOAD 'age';

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

-- expect: reject drop-table, rename-table, wide-lock-window
ALTER TABLE orders RENAME TO o2; DROP TABLE o2;

-- expect: reject drop-table, rename-table, wide-lock-window
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

-- files: what dumps of old databases set, read alike all the same

-- expect: allow
-- not: unsafe-lexing
-- facts: unknown, separate
SET client_encoding = 'LATIN1'; SET standard_conforming_strings = off; SELECT 'a';

-- expect: reject unsafe-lexing
-- facts: unknown, separate
SET standard_conforming_strings = off; SELECT 'a\b';

-- expect: reject unsafe-lexing
-- facts: unknown, separate
SET client_encoding = 'SJIS';

-- expect: allow
-- not: catalog-write
CREATE TEMP TABLE pg_notes (a int); INSERT INTO pg_notes VALUES (1);

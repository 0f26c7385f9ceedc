-- SPDX-License-Identifier: PostgreSQL
-- Sections F and K but for views (view.sql) and types (type.sql).  Format: see test_golden.c.

-- expect: reject drop-table
-- hint: ALTER TABLE "public"."orders" RENAME TO "orders_deleted"
DROP TABLE orders;

-- expect: reject drop-table
DROP TABLE IF EXISTS fresh_t, small_t;

-- expect: reject drop-table, drop-partition
DROP TABLE events_2025;

-- expect: reject drop-table
-- facts: unknown
DROP TABLE whatever;

-- expect: allow
-- not: drop-table
DROP TABLE temp_t;

-- expect: allow
-- not: drop-table
DROP TABLE fresh_t;

-- expect: allow
-- not: drop-table
-- facts: unknown
DROP TABLE IF EXISTS pg_temp.whatever;

-- expect: reject drop-table
-- facts: unknown
DROP TABLE pg_temp.whatever, whatever;

-- expect: allow
-- not: drop-table
DROP TABLE IF EXISTS missing;

-- expect: allow
-- not: drop-table
CREATE TABLE n (id int); DROP TABLE n;

-- expect: reject drop-table
CREATE TABLE IF NOT EXISTS orders (id int); DROP TABLE orders;

-- expect: reject drop-table, drop-table-cascade
DROP TABLE orders CASCADE;

-- expect: allow
-- not: drop-table-cascade
DROP TABLE fresh_t CASCADE;

-- expect: reject truncate
-- hint: DELETE FROM "public"."orders" WHERE "id" = ANY
TRUNCATE orders;

-- expect: reject truncate
TRUNCATE fresh_t, small_t;

-- expect: allow
-- not: truncate
TRUNCATE fresh_t, temp_t;

-- expect: allow
-- not: truncate
-- facts: unknown
CREATE TABLE n (id int); TRUNCATE n;

-- expect: reject truncate, truncate-cascade
TRUNCATE users CASCADE;

-- expect: allow
-- not: truncate-cascade
TRUNCATE fresh_t CASCADE;

-- expect: reject vacuum-full
VACUUM FULL orders;

-- expect: reject vacuum-full
VACUUM (FULL, ANALYZE);

-- expect: allow
-- not: vacuum-full
VACUUM (FULL false) orders;

-- expect: allow
-- not: vacuum-full
VACUUM (FULL off, ANALYZE) orders;

-- expect: allow
-- not: vacuum-full
VACUUM (FULL 0) orders;

-- expect: allow
-- not: vacuum-full
VACUUM FULL small_t;

-- expect: reject cluster
CLUSTER orders USING orders_pkey;

-- expect: reject cluster
CLUSTER;

-- expect: allow
-- not: cluster
CLUSTER small_t USING small_a_idx;

-- expect: allow
-- not: cluster
ALTER TABLE orders CLUSTER ON orders_pkey;

-- expect: reject lock-table
LOCK TABLE orders;

-- expect: reject lock-table
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;

-- expect: warn lock-table
LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;

-- expect: warn lock-table
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE NOWAIT;

-- expect: allow
-- not: lock-table
LOCK TABLE orders IN ROW EXCLUSIVE MODE;

-- expect: phase update-without-where
-- hint: UPDATE "public"."orders" AS "orders" SET qty = 0 WHERE ("id") > ($1) AND ("id") <= ($2);
UPDATE orders SET qty = 0;

-- expect: phase update-without-where
UPDATE orders SET qty = qty + 1 WHERE 1 = 1;

-- expect: reject update-without-where
-- hint: it writes "id", which has to be unique in every batch
UPDATE orders SET id = id + 1;

-- expect: reject update-without-where
-- hint: it stands with other statements in one message; send it alone
BEGIN; UPDATE orders SET qty = 0; COMMIT;

-- expect: reject update-without-where
-- hint: no unique index over NOT NULL columns
UPDATE events SET user_id = 0;

-- expect: allow
-- not: update-without-where
UPDATE small_t SET a = 0;

-- expect: allow
-- not: update-without-where
UPDATE orders SET qty = 0 WHERE id < 100;

-- expect: phase delete-without-where
-- hint: repeat until it deletes 0 rows
DELETE FROM orders;

-- expect: reject delete-without-where
WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone;

-- expect: allow
-- not: delete-without-where
DELETE FROM fresh_t;

-- metadata only, brief

-- expect: allow missing-lock-timeout
CREATE POLICY p ON orders USING (true);

-- expect: allow owner-inherit-options, missing-lock-timeout
ALTER TABLE orders OWNER TO somebody;

-- expect: allow owner-inherit-options
-- lock_timeout: 0
ALTER TABLE orders SET (fillfactor = 70);

-- expect: allow owner-inherit-options
-- lock_timeout: 0
COMMENT ON TABLE orders IS 'x';

-- expect: allow
-- not: owner-inherit-options
ALTER TABLE fresh_t OWNER TO somebody;

-- expect: warn replica-identity
ALTER TABLE orders REPLICA IDENTITY FULL;

-- expect: reject replica-identity
ALTER TABLE orders REPLICA IDENTITY NOTHING;

-- expect: allow
-- not: replica-identity
ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey;

-- expect: allow
-- not: replica-identity
ALTER TABLE orders REPLICA IDENTITY DEFAULT;

-- expect: reject row-level-security
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;

-- expect: warn row-level-security
ALTER TABLE ruled DISABLE ROW LEVEL SECURITY;

-- expect: allow
-- not: row-level-security
ALTER TABLE ruled ENABLE ROW LEVEL SECURITY;

-- expect: allow
-- not: row-level-security
ALTER TABLE ruled FORCE ROW LEVEL SECURITY;

-- expect: reject row-level-security
CREATE POLICY p ON orders AS RESTRICTIVE USING (true); ALTER TABLE orders ENABLE ROW LEVEL SECURITY;

-- expect: warn row-level-security
ALTER TABLE orders FORCE ROW LEVEL SECURITY;

-- expect: warn row-level-security
-- facts: unknown, separate
DROP POLICY p ON elsewhere;

-- expect: warn row-level-security
-- facts: unknown, separate
DROP POLICY p ON elsewhere; CREATE POLICY q ON elsewhere USING (true);

-- expect: allow
-- not: row-level-security
-- facts: unknown, separate
DROP POLICY IF EXISTS p ON elsewhere; CREATE POLICY p ON elsewhere USING (true); ALTER POLICY q ON elsewhere TO app;

-- expect: allow
-- not: row-level-security
CREATE POLICY p ON orders USING (true); ALTER TABLE orders ENABLE ROW LEVEL SECURITY;

-- expect: allow
-- not: row-level-security
-- facts: unknown, separate, in_transaction
ALTER TABLE elsewhere ENABLE ROW LEVEL SECURITY; ALTER TABLE elsewhere RENAME TO there; CREATE VIEW elsewhere AS SELECT * FROM there; CREATE POLICY p ON there USING (true);

-- expect: reject row-level-security, rename-table, wide-lock-window
-- facts: unknown, separate, in_transaction
ALTER TABLE elsewhere ENABLE ROW LEVEL SECURITY; ALTER TABLE elsewhere RENAME TO there; CREATE POLICY p ON elsewhere USING (true);

-- expect: allow
-- not: row-level-security
-- facts: unknown, separate
CREATE POLICY p ON elsewhere USING (true); ALTER TABLE elsewhere ENABLE ROW LEVEL SECURITY;

-- expect: reject drop-table, create-table-force
DROP TABLE IF EXISTS orders; CREATE TABLE orders (id int);

-- expect: reject drop-table, create-table-force
-- facts: unknown, separate
DROP TABLE IF EXISTS public.elsewhere; CREATE TABLE elsewhere AS SELECT 1 AS one;

-- expect: allow
-- not: create-table-force
DROP TABLE IF EXISTS missing; CREATE TABLE missing (id int);

-- expect: allow
-- not: create-table-force
CREATE TABLE n (id int); DROP TABLE n; CREATE TABLE n (id int);

-- expect: reject drop-view-matview
-- not: create-table-force
DROP VIEW v_orders; CREATE TABLE v_orders (id int);

-- expect: warn create-table-as
CREATE TABLE n AS SELECT * FROM orders;

-- expect: warn create-table-as
SELECT * INTO n FROM orders;

-- expect: warn create-table-as
CREATE MATERIALIZED VIEW n AS SELECT count(*) FROM orders, small_t;

-- expect: warn create-table-as
SELECT o.* INTO n FROM orders o, small_t;

-- expect: allow
-- not: create-table-as
CREATE TABLE n AS SELECT * FROM small_t;

-- expect: allow
-- not: create-table-as
SELECT * INTO n FROM small_t;

-- expect: allow
-- not: create-table-as
-- facts: unknown
CREATE TABLE n AS WITH w AS (SELECT 1) SELECT * FROM w;

-- expect: allow
-- not: create-table-as
CREATE TABLE n AS SELECT generate_series(1, 9) AS id;

-- expect: allow
-- not: create-table-as
CREATE TEMP TABLE n AS SELECT * FROM orders;

-- expect: allow
-- not: create-table-as
CREATE MATERIALIZED VIEW n AS SELECT count(*) FROM orders WITH NO DATA;

-- expect: allow
-- lock_timeout: 0
GRANT SELECT ON orders TO somebody;

-- expect: phase rename-table
-- hint: CREATE VIEW "public"."orders" WITH (security_invoker = true) AS SELECT * FROM "public"."o2"
ALTER TABLE orders RENAME TO o2;

-- expect: reject rename-table
-- facts: unknown
ALTER TABLE elsewhere RENAME TO other;

-- expect: reject rename-table
ALTER SEQUENCE orders_id_seq RENAME TO s2;

-- expect: allow
-- not: rename-table
-- facts: unknown
CREATE SEQUENCE s; ALTER SEQUENCE s RENAME TO s2;

-- expect: reject rename-table
ALTER VIEW v_orders RENAME TO v2;

-- expect: allow
-- not: rename-table
ALTER TABLE fresh_t RENAME TO o2;

-- expect: allow
-- not: rename-table
ALTER TABLE IF EXISTS missing RENAME TO o2;

-- the old name goes on to mean something: a view, or the other table of a swap

-- expect: allow
-- not: rename-table
ALTER TABLE orders RENAME TO o2; CREATE VIEW orders AS SELECT * FROM o2;

-- expect: allow
-- not: rename-table
-- facts: unknown, separate
BEGIN; ALTER TABLE elsewhere RENAME TO old; ALTER TABLE filled RENAME TO elsewhere; COMMIT;

-- expect: reject rename-table
-- facts: unknown, separate
ALTER TABLE elsewhere RENAME TO old; ALTER TABLE filled RENAME TO elsewhere;

-- expect: reject rename-table
ALTER TABLE orders RENAME TO o2; CREATE VIEW other AS SELECT * FROM o2;

-- expect: phase set-schema
ALTER TABLE orders SET SCHEMA archive;

-- expect: reject set-schema
-- facts: unknown
ALTER TABLE elsewhere SET SCHEMA archive;

-- expect: reject set-schema
ALTER FUNCTION f(int) SET SCHEMA archive;

-- expect: allow
-- not: set-schema
ALTER TABLE temp_t SET SCHEMA archive;

-- expect: allow
-- not: set-schema
ALTER TABLE public.orders SET SCHEMA archive;
CREATE VIEW public.orders AS SELECT * FROM archive.orders;

-- expect: allow
-- not: rename-schema
CREATE SCHEMA made; ALTER SCHEMA made RENAME TO other;

-- expect: reject rename-schema
ALTER SCHEMA public RENAME TO old;

-- expect: allow
-- not: rename-schema
ALTER SCHEMA public OWNER TO app;

-- expect: reject drop-schema
DROP SCHEMA public CASCADE;

-- expect: allow
-- not: drop-schema
DROP SCHEMA empty_schema;

-- expect: reject drop-database
DROP DATABASE shop;

-- expect: allow
-- not: drop-database
CREATE DATABASE shop;

-- expect: allow
-- not: drop-type-function-extension-cascade
-- facts: separate, unknown
CREATE TYPE made AS ENUM ('a'); DROP TYPE made CASCADE;

-- expect: reject drop-type-function-extension-cascade
-- facts: separate, unknown
CREATE TYPE made AS ENUM ('a'); DROP TYPE made, mood CASCADE;

-- expect: reject drop-type-function-extension-cascade
DROP TYPE mood CASCADE;

-- expect: reject drop-type-function-extension-cascade
DROP OWNED BY app;

-- expect: reject drop-type-function-extension-cascade
DROP SERVER branch CASCADE;

-- expect: reject drop-type-function-extension-cascade
DROP FOREIGN DATA WRAPPER IF EXISTS files CASCADE;

-- expect: allow
-- not: drop-type-function-extension-cascade
DROP SERVER branch;

-- expect: reject drop-type-function-extension-cascade
ALTER TYPE pair DROP ATTRIBUTE a CASCADE;

-- expect: allow
-- not: drop-type-function-extension-cascade
ALTER TYPE pair DROP ATTRIBUTE a;

-- expect: allow
-- not: drop-type-function-extension-cascade
DROP FUNCTION f(int);

-- expect: reject set-logged-unlogged
ALTER TABLE orders SET UNLOGGED;

-- expect: allow
-- not: set-logged-unlogged
ALTER TABLE orders SET LOGGED;

-- expect: reject set-logged-unlogged
-- facts: unknown, separate
ALTER TABLE elsewhere ADD COLUMN a int; ALTER TABLE elsewhere SET LOGGED;

-- expect: allow
-- not: set-logged-unlogged
-- facts: unknown, separate
CREATE UNLOGGED TABLE fresh (a int); INSERT INTO fresh SELECT 1; ALTER TABLE fresh SET LOGGED;

-- expect: reject set-tablespace
ALTER TABLE orders SET TABLESPACE fast;

-- expect: allow
-- not: set-tablespace
ALTER TABLE small_t SET TABLESPACE fast;

-- expect: reject set-access-method
ALTER TABLE orders SET ACCESS METHOD columnar;

-- expect: allow
-- not: set-access-method
ALTER TABLE small_t SET ACCESS METHOD columnar;

-- what a text did to a table is not all there is to know of it

-- expect: reject rename-table
-- facts: unknown, separate
ALTER TABLE orders ADD COLUMN note text; ALTER TABLE orders RENAME TO purchases;

-- a schema that the text makes

-- expect: allow
-- not: drop-schema
CREATE SCHEMA scratch; CREATE TABLE scratch.t (id int); DROP SCHEMA scratch CASCADE;

-- expect: allow
-- not: drop-schema
CREATE SCHEMA scratch; ALTER SCHEMA scratch RENAME TO draft; DROP SCHEMA draft CASCADE;

-- expect: reject rename-schema, drop-schema
CREATE SCHEMA scratch; ALTER SCHEMA sales RENAME TO draft; DROP SCHEMA draft CASCADE;

-- expect: reject drop-schema
CREATE SCHEMA IF NOT EXISTS scratch; DROP SCHEMA scratch CASCADE;

-- expect: reject drop-schema
CREATE SCHEMA scratch; DROP SCHEMA scratch, sales CASCADE;

-- expect: reject drop-schema
-- facts: unknown, separate
CREATE SCHEMA IF NOT EXISTS public; DROP SCHEMA public CASCADE;

-- a view that the text makes leads to whatever it reads

-- expect: warn create-table-as
-- facts: unknown
CREATE VIEW v AS SELECT * FROM orders; CREATE TABLE copy AS SELECT * FROM v;

-- expect: warn create-table-as
-- facts: unknown
CREATE VIEW v AS SELECT * FROM orders; CREATE VIEW w AS SELECT * FROM v; CREATE MATERIALIZED VIEW m AS SELECT * FROM w;

-- expect: allow
-- not: create-table-as
-- facts: unknown
CREATE TABLE own (id int); CREATE VIEW v AS SELECT * FROM own; CREATE MATERIALIZED VIEW m AS SELECT * FROM v;

-- expect: allow
-- not: create-table-as
-- facts: unknown
CREATE VIEW v AS SELECT 1 AS one; CREATE TABLE copy AS SELECT * FROM v;

-- the version that a schema has, in the table of its own that it is kept in

-- expect: allow
-- not: update-without-where
-- facts: unknown
UPDATE feed_version SET schema_version = 103;

-- expect: allow
-- not: update-without-where, statement-after-access-exclusive
-- facts: unknown, separate
BEGIN; ALTER TABLE feeds ADD COLUMN a int; UPDATE feed_version SET schema_version = 104; COMMIT;

-- expect: reject update-without-where
-- facts: unknown
UPDATE feed_version SET body = 'x';

-- expect: reject truncate
-- facts: unknown, separate
BEGIN; SET LOCAL search_path = app; CREATE TABLE fresh (id int); COMMIT; TRUNCATE fresh;

-- expect: allow
-- not: truncate
-- facts: unknown, separate
BEGIN; SET LOCAL search_path = app; CREATE TABLE fresh (id int); COMMIT; TRUNCATE app.fresh;

-- what is loaded anew each time, as far as a file tells

-- expect: allow
-- not: truncate
-- facts: unknown, separate
TRUNCATE staging.orders; TRUNCATE stg_orders, orders_staging;

-- expect: reject truncate
-- facts: unknown, separate
TRUNCATE stg_orders, orders; TRUNCATE stages;

-- expect: allow
-- not: set-schema
-- facts: unknown, separate
CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood SET SCHEMA app;

-- expect: reject set-schema
-- facts: unknown, separate
ALTER TYPE mood SET SCHEMA app;

-- the columns alone, and what the catalog holds

-- expect: allow
-- not: create-table-as
CREATE TABLE o AS SELECT * FROM orders WHERE false; CREATE TABLE p AS SELECT * FROM orders WHERE 1 = 0;

-- expect: allow
-- not: create-table-as
SELECT * INTO o FROM orders LIMIT 0; CREATE TABLE p AS SELECT relname FROM pg_class;

-- expect: warn create-table-as
CREATE TABLE o AS SELECT * FROM orders ORDER BY qty LIMIT 10;

-- expect: warn create-table-as
CREATE TABLE o AS SELECT * FROM orders WHERE false UNION ALL SELECT * FROM orders;

-- what the file made goes on to be its own under another name

-- expect: allow
-- not: set-schema
-- not: drop-type-function-extension-cascade
-- facts: unknown, separate
CREATE SEQUENCE s; ALTER SEQUENCE s RENAME TO s2; ALTER SEQUENCE s2 SET SCHEMA app; DROP SEQUENCE app.s2 CASCADE;

-- expect: allow
-- not: drop-type-function-extension-cascade
-- facts: unknown, separate
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() RENAME TO g; DROP FUNCTION g() CASCADE;

-- expect: reject rename-type-attribute-function, drop-type-function-extension-cascade
-- facts: unknown, separate
ALTER FUNCTION f() RENAME TO g; DROP FUNCTION g() CASCADE;

-- one more attribute is one more column

-- expect: allow
-- not: drop-type-function-extension-cascade
-- facts: unknown, separate
ALTER TYPE address ADD ATTRIBUTE zip text CASCADE;

-- expect: reject drop-type-function-extension-cascade
-- facts: unknown, separate
ALTER TYPE address DROP ATTRIBUTE zip CASCADE;

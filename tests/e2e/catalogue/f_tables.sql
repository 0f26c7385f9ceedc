-- SPDX-License-Identifier: PostgreSQL
-- Section F.  Format: see test_check_catalogue.py.

-- === renamed
--! rename-table
ALTER TABLE orders RENAME TO purchases;
--! rename-table
alter table if exists "public"."Orders" rename to "Purchases";
--! rename-table
ALTER VIEW v RENAME TO w;
--! rename-table
ALTER MATERIALIZED VIEW mv RENAME TO mw;
--! rename-table
ALTER SEQUENCE orders_id_seq RENAME TO purchases_id_seq;
--! rename-schema
ALTER SCHEMA sales RENAME TO shop;
--! set-schema
ALTER TABLE orders SET SCHEMA archive;
--! set-schema
alter table if exists public."Orders" set schema "Archive";
--! rename-type-attribute-function
ALTER TYPE order_status RENAME TO purchase_status;
--! rename-type-attribute-function
ALTER DOMAIN email RENAME TO mail;
--! rename-type-attribute-function
ALTER FUNCTION total(int) RENAME TO sum_total;
--! rename-type-attribute-function
ALTER TYPE address RENAME ATTRIBUTE zip TO postcode;

-- === renamed, with a view under the old name
BEGIN;
ALTER TABLE orders RENAME TO purchases;
CREATE VIEW orders AS SELECT * FROM purchases;
COMMIT;

-- === dropped
--! drop-table
DROP TABLE orders;
--! drop-table
drop table if exists public."Orders", b;
--! drop-table-cascade
DROP TABLE IF EXISTS "Orders2" CASCADE;
BEGIN;
--! drop-table
DROP TABLE orders3;
COMMIT;
--! drop-schema
DROP SCHEMA sales CASCADE;
--! drop-schema
drop schema if exists "Sales2" cascade;
--! drop-database
DROP DATABASE app;
--! drop-database
drop database if exists "App" with (force);
--! drop-view-matview
DROP VIEW v;
--! drop-view-matview
DROP MATERIALIZED VIEW IF EXISTS public.mv;
--! drop-type-function-extension-cascade
DROP TYPE status CASCADE;
--! drop-type-function-extension-cascade
drop function if exists f(int) cascade;
--! drop-type-function-extension-cascade
DROP EXTENSION IF EXISTS postgis CASCADE;
--! drop-type-function-extension-cascade
DROP SEQUENCE orders_id_seq CASCADE;
--! drop-type-function-extension-cascade
DROP DOMAIN email CASCADE;
--! drop-type-function-extension-cascade
DROP OWNED BY somebody;

-- === dropped and made again
--! create-table-force
DROP TABLE IF EXISTS orders;
CREATE TABLE orders (id bigint PRIMARY KEY);

-- === made and dropped by the file
CREATE TABLE scratch (id int);
DROP TABLE scratch;
CREATE TEMP TABLE t AS SELECT 1 AS x;
DROP TABLE t;
CREATE TEMPORARY TABLE u (x int) ON COMMIT DROP;
CREATE VIEW vv AS SELECT 1 AS one;
DROP VIEW vv;
CREATE OR REPLACE TEMP VIEW tv AS SELECT 1 AS one;
DROP VIEW tv;
CREATE TYPE mood AS ENUM ('a');
ALTER TYPE mood RENAME TO moods;
DROP TYPE moods;

-- === a view made again in one transaction
BEGIN;
DROP VIEW IF EXISTS report;
CREATE VIEW report AS SELECT 1 AS one;
COMMIT;
CREATE OR REPLACE VIEW report AS SELECT 1 AS one, 2 AS two;

-- === dropped without taking a table along
DROP FUNCTION IF EXISTS f(int);
DROP TYPE old_status;
DROP SEQUENCE IF EXISTS unused_seq;
DROP SCHEMA empty;

-- === emptied
--! truncate
TRUNCATE orders;
--! truncate
truncate table only public."Orders" restart identity;
--! truncate-cascade
TRUNCATE TABLE orders2 CASCADE;
CREATE TABLE fresh (id int);
INSERT INTO fresh VALUES (1);
TRUNCATE fresh;
CREATE TEMP TABLE pad (id int);
TRUNCATE TABLE pad;

-- === copied whole
--! create-table-as
CREATE TABLE orders_copy AS SELECT * FROM orders;
--! create-table-as
SELECT * INTO orders_copy2 FROM public.orders;
--! create-table-as
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) FROM orders GROUP BY 1;
CREATE MATERIALIZED VIEW totals2 AS SELECT customer_id FROM orders WITH NO DATA;
CREATE TABLE orders_like (LIKE orders INCLUDING ALL);
CREATE TABLE orders_none AS SELECT * FROM orders WITH NO DATA;
CREATE TEMP TABLE orders_some AS SELECT * FROM orders WHERE id < 100;

-- === rewritten
--! vacuum-full
VACUUM FULL orders;
--! vacuum-full
vacuum (full, analyze) public."Orders";
--! vacuum-full
VACUUM (FULL on);
--! vacuum-full
VACUUM FULL;
VACUUM orders;
VACUUM ANALYZE;
VACUUM (FULL false, ANALYZE) orders;
VACUUM (FULL off) orders;
ANALYZE orders (a, b);
--! cluster
CLUSTER orders USING orders_pkey;
--! cluster
cluster verbose public."Orders";
--! cluster
CLUSTER;
ALTER TABLE orders CLUSTER ON orders_pkey;
ALTER TABLE orders SET WITHOUT CLUSTER;
--! set-logged-unlogged
ALTER TABLE orders SET UNLOGGED;
--! set-logged-unlogged
alter table "Orders" set logged;
--! set-tablespace
ALTER TABLE orders SET TABLESPACE fast;
--! set-tablespace
ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE fast;
--! set-tablespace
ALTER MATERIALIZED VIEW mv SET TABLESPACE fast;
--! set-access-method
ALTER TABLE orders SET ACCESS METHOD heap2;

-- === locked by name
BEGIN;
--! lock-table
LOCK TABLE orders;
--! lock-table
LOCK TABLE public."Orders" IN SHARE MODE;
--! lock-table
lock orders in access exclusive mode nowait;
LOCK TABLE orders IN ACCESS SHARE MODE;
LOCK TABLE orders IN ROW EXCLUSIVE MODE;
COMMIT;

-- === replication and row security
--! replica-identity
ALTER TABLE orders REPLICA IDENTITY FULL;
--! replica-identity
ALTER TABLE orders REPLICA IDENTITY NOTHING;
ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey;
ALTER TABLE orders REPLICA IDENTITY DEFAULT;
--! row-level-security
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE PUBLICATION p FOR TABLE orders;

-- === row security, the policy first
BEGIN;
CREATE POLICY own ON orders USING (owner = CURRENT_USER);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
COMMIT;
BEGIN;
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON invoices USING (owner = CURRENT_USER);
COMMIT;
CREATE TABLE notes (id int, owner text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON notes FOR SELECT TO PUBLIC USING (true);
DROP POLICY own ON notes;

-- === what only the catalog says of a table
ALTER TABLE orders OWNER TO app;
ALTER TABLE orders SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01), RESET (autovacuum_enabled);
COMMENT ON TABLE orders IS 'all orders';
GRANT SELECT ON orders TO PUBLIC;
REVOKE ALL ON TABLE public.orders FROM app;
CREATE STATISTICS s ON a, b FROM orders;
CREATE SEQUENCE s2 OWNED BY orders.id;
ALTER SEQUENCE s2 RESTART WITH 100 INCREMENT BY 2;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;
CREATE OR REPLACE FUNCTION g(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';
CREATE TYPE pair AS (a int, b int);
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE SCHEMA IF NOT EXISTS sales AUTHORIZATION app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
CREATE ROLE reader NOLOGIN;
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v jsonb);
CREATE TABLE child (extra int) INHERITS (parent);
CREATE AGGREGATE longest(text) (SFUNC = longer, STYPE = text);
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE COLLATION ci (provider = icu, locale = 'und', deterministic = false);
CREATE CAST (text AS mood) WITH INOUT AS ASSIGNMENT;
CREATE TEXT SEARCH CONFIGURATION en (COPY = english);
SECURITY LABEL ON TABLE orders IS 'x';

-- === values taken out of an enum
CREATE TYPE status_new AS ENUM ('open');
--! alter-column-type
ALTER TABLE orders ALTER COLUMN status TYPE status_new USING (status::text::status_new);
--! rename-type-attribute-function
ALTER TYPE status RENAME TO status_old;
ALTER TYPE status_new RENAME TO status;
DROP TYPE status_old;

-- === made in one database, there already in the other
CREATE TABLE orders (id int);
CREATE INDEX ON orders (id);
\connect - owner
CREATE INDEX ON orders (id, id);
SET lock_timeout = '1h';
\connect archive
--! create-index-non-concurrent
CREATE INDEX ON orders (id);
ALTER TABLE orders ADD COLUMN at date;
CREATE TABLE other (id int);
\c app
--! drop-table
DROP TABLE other;

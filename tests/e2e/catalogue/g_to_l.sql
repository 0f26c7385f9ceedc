-- SPDX-License-Identifier: PostgreSQL
-- Sections G to L.  Format: see test_check_catalogue.py.

-- === partitions
--! attach-partition
ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
--! attach-partition
alter table only public."Events" attach partition "Old" default;
--! detach-partition
ALTER TABLE events DETACH PARTITION events_2020;
--! create-partition-of
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
--! create-partition-of
create table if not exists public."E" partition of public.events for values in ('a');

-- === partitions in the safe way
ALTER TABLE events DETACH PARTITION events_2020 CONCURRENTLY;
ALTER TABLE events DETACH PARTITION events_2019 FINALIZE;
CREATE TABLE events_2025 (LIKE events INCLUDING ALL);
ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

-- === a parent that the file makes
CREATE TABLE logs (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE logs_2024 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE logs_default PARTITION OF logs DEFAULT;
CREATE INDEX ON logs (what);
CREATE TABLE logs_2023 (at date NOT NULL, what text);
ALTER TABLE logs ATTACH PARTITION logs_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
ALTER TABLE logs DETACH PARTITION logs_2023;
DROP TABLE logs_2024;

-- === triggers and rules
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE OR REPLACE TRIGGER touch AFTER INSERT OR DELETE ON public."Orders" FOR EACH STATEMENT EXECUTE PROCEDURE touch();
DROP TRIGGER IF EXISTS touch ON orders;
--! disable-trigger
ALTER TABLE orders DISABLE TRIGGER ALL;
--! disable-trigger
ALTER TABLE public."Orders" DISABLE TRIGGER USER;
--! disable-trigger
ALTER TABLE orders DISABLE TRIGGER touch;
ALTER TABLE orders ENABLE TRIGGER touch;
--! create-drop-rule
CREATE RULE r AS ON INSERT TO orders DO INSTEAD NOTHING;
--! create-drop-rule
create or replace rule r as on update to public."Orders" do also notify changed;
--! create-drop-rule
DROP RULE r ON orders;
--! create-drop-rule
ALTER TABLE orders DISABLE RULE r;
CREATE TABLE fresh (id int);
CREATE TRIGGER touch BEFORE UPDATE ON fresh FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE fresh DISABLE TRIGGER ALL;
CREATE RULE r AS ON DELETE TO fresh DO INSTEAD NOTHING;
CREATE VIEW seen AS SELECT * FROM fresh;
CREATE RULE r AS ON INSERT TO seen DO INSTEAD INSERT INTO fresh VALUES (NEW.id);

-- === views
--! refresh-matview-non-concurrent
REFRESH MATERIALIZED VIEW totals;
--! refresh-matview-non-concurrent
refresh materialized view public."Totals" with data;
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
REFRESH MATERIALIZED VIEW totals WITH NO DATA;
CREATE VIEW v AS SELECT * FROM orders;
CREATE OR REPLACE VIEW v AS SELECT * FROM orders;
CREATE MATERIALIZED VIEW mine AS SELECT 1 AS a WITH NO DATA;
REFRESH MATERIALIZED VIEW mine;

-- === enums
ALTER TYPE mood ADD VALUE 'angry';
ALTER TYPE public."Mood" ADD VALUE IF NOT EXISTS 'calm' BEFORE 'sad';
--! rename-enum-value
ALTER TYPE mood RENAME VALUE 'sad' TO 'unhappy';
--! rename-enum-value
alter type public."Mood" rename value 'a' to 'b';
CREATE TYPE fresh AS ENUM ('a', 'b');
ALTER TYPE fresh RENAME VALUE 'a' TO 'c';

-- === data
--! update-without-where
UPDATE orders SET note = '';
--! update-without-where
update public."Orders" o set note = upper(note) where true;
--! update-without-where
UPDATE orders SET a = 1 WHERE 1 = 1 OR a = 2;
--! update-without-where
UPDATE orders SET a = 1 WHERE NOT false;
--! delete-without-where
DELETE FROM orders;
--! delete-without-where
delete from only public."Orders" where 1=1 returning id;
--! update-without-where
WITH x AS (UPDATE orders SET a = 1 RETURNING id) SELECT count(*) FROM x;
UPDATE orders SET a = 1 WHERE id BETWEEN 1 AND 1000;
DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE expired LIMIT 1000);
UPDATE orders SET a = c.a FROM customers c WHERE c.id = orders.customer_id AND orders.id < 1000;
INSERT INTO settings (key, value) VALUES ('a', 'b') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value;
UPDATE alembic_version SET version_num = 'abc' WHERE alembic_version.version_num = 'abb';
INSERT INTO schema_migrations (version) VALUES ('20240101');
DELETE FROM schema_migrations WHERE version = '20240101';
CREATE TABLE fresh (id int, a int);
INSERT INTO fresh SELECT g, g FROM generate_series(1, 3) g;
UPDATE fresh SET a = 1;
DELETE FROM fresh;
SELECT count(*) FROM orders;
COPY fresh FROM '/tmp/x';

-- === the books of migration tools
UPDATE knex_migrations_lock SET is_locked = 1;
DELETE FROM public.schema_migrations;
--! delete-without-where
DELETE FROM migrations_of_birds;

-- === written by the transaction that makes the table, and by those after it
BEGIN;
CREATE TABLE locks (held int);
INSERT INTO locks VALUES (0);
UPDATE locks SET held = 1;
COMMIT;
UPDATE locks SET held = 0;

-- === the transaction as a whole
BEGIN;
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;
--! validate-in-same-transaction
ALTER TABLE orders VALIDATE CONSTRAINT positive;
COMMIT;
--! validate-combined-with-strong-alter
ALTER TABLE orders VALIDATE CONSTRAINT other, ALTER COLUMN d SET DEFAULT 1;
BEGIN;
ALTER TABLE customers ADD COLUMN note text;
--! backfill-in-ddl-transaction
UPDATE customers SET note = title WHERE id > 0;
COMMIT;

-- === extensions and settings
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION "uuid-ossp" WITH SCHEMA public;
--! create-extension
ALTER EXTENSION postgis UPDATE;
--! create-extension
DROP EXTENSION hstore;
--! alter-system-database-role
ALTER SYSTEM SET work_mem = '64MB';
--! alter-system-database-role
ALTER DATABASE app SET search_path = app, public;
SET search_path = app, public;
SET LOCAL statement_timeout = '5s';
SELECT pg_catalog.set_config('search_path', '', false);
SET client_min_messages = warning;
SET default_tablespace = '';
SET default_table_access_method = heap;

-- === what rules and functions are to do later
CREATE TABLE fresh (id int, gone boolean);
CREATE VIEW living AS SELECT id FROM fresh WHERE NOT gone;
CREATE RULE r AS ON DELETE TO living DO INSTEAD UPDATE orders SET a = 1;
CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM orders; END;
--! create-drop-rule
CREATE RULE r AS ON DELETE TO customers DO INSTEAD UPDATE customers SET gone = true WHERE id = OLD.id;

-- === a temporary table stays what it is
CREATE TEMP TABLE pg_saved (statement text);
INSERT INTO pg_saved SELECT 'GRANT SELECT ON orders TO app';
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT set_config('search_path', 'app', true) $$;
SET search_path = app;
TRUNCATE pg_saved;
DROP TABLE IF EXISTS pg_saved;

-- === the file's own schema
CREATE SCHEMA IF NOT EXISTS scratch;
CREATE TABLE scratch.t (id int);
DROP SCHEMA scratch CASCADE;

-- SPDX-License-Identifier: PostgreSQL
-- Section B.  Format: see test_check_catalogue.py.

-- === built while writes wait, in every spelling
--! create-index-non-concurrent
CREATE INDEX idx_orders_customer ON orders (customer_id);
--! create-index-non-concurrent
create index "Idx Orders" on "Sales"."Orders" using btree ("customerId" desc nulls last) include (total) where total > 0;
--! create-index-non-concurrent
CREATE INDEX IF NOT EXISTS idx_orders_lower ON public.orders (lower(email) text_pattern_ops, created_at DESC) WITH (fillfactor = 80);
--! create-index-non-concurrent
CREATE INDEX ON orders USING gin (tags jsonb_path_ops); -- a name is made up
--! create-index-non-concurrent
/* why */ CREATE INDEX /* here */ idx_trgm ON orders USING gin (name gin_trgm_ops);
--! create-unique-index
CREATE UNIQUE INDEX orders_number_key ON orders (number);
--! create-unique-index
CREATE UNIQUE INDEX IF NOT EXISTS "orders_number_key2" ON "public"."orders"("number" ASC) NULLS NOT DISTINCT;

-- === in a transaction as well
BEGIN;
--! create-index-non-concurrent
CREATE INDEX idx_a ON orders (a);
COMMIT;

-- === each with the timeouts that it asks for
SET lock_timeout = '2s';
SET statement_timeout = 0;
--! create-index-non-concurrent
CREATE INDEX idx_a ON orders (a);

-- === concurrently
CREATE INDEX CONCURRENTLY idx_orders_customer ON orders (customer_id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Idx Orders" ON "Sales"."Orders" USING btree ("customerId");
create unique index concurrently orders_number_key on public.orders (number) where deleted_at is null;
DROP INDEX CONCURRENTLY idx_orders_old;
DROP INDEX CONCURRENTLY IF EXISTS public.idx_orders_old;
REINDEX INDEX CONCURRENTLY idx_orders_customer;
REINDEX (CONCURRENTLY, VERBOSE) TABLE orders;
REINDEX (CONCURRENTLY, TABLESPACE fast) INDEX idx_orders_customer;
REINDEX SCHEMA CONCURRENTLY public;

-- === concurrently with the timeouts around it
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY idx_orders_customer ON orders (customer_id);
RESET lock_timeout;
RESET statement_timeout;

-- === again after a failed try
DROP INDEX CONCURRENTLY IF EXISTS idx_orders_customer;
CREATE INDEX CONCURRENTLY idx_orders_customer ON orders (customer_id);

-- === concurrently where it cannot run
BEGIN;
--! concurrently-in-transaction
CREATE INDEX CONCURRENTLY idx_a ON orders (a);
COMMIT;
START TRANSACTION;
--! concurrently-in-transaction
DROP INDEX CONCURRENTLY idx_a;
END;
BEGIN;
--! concurrently-in-transaction
REINDEX INDEX CONCURRENTLY idx_a;
ROLLBACK;
BEGIN;
--! concurrently-in-transaction
ALTER TABLE events DETACH PARTITION events_2020 CONCURRENTLY;
COMMIT;

-- === on tables that the file makes
CREATE TABLE invoices (id bigint PRIMARY KEY, number text, paid_at timestamptz);
CREATE INDEX idx_invoices_number ON invoices (number);
CREATE UNIQUE INDEX idx_invoices_paid ON public.invoices (paid_at);
INSERT INTO invoices (id, number) SELECT g, g::text FROM generate_series(1, 10) g;
CREATE INDEX ON invoices (lower(number));
DROP INDEX idx_invoices_number;
REINDEX TABLE invoices;

-- === on tables that the file makes in a transaction
BEGIN;
CREATE TABLE IF NOT EXISTS billing."Invoices" ("Id" serial PRIMARY KEY, "number" varchar(20) NOT NULL);
CREATE INDEX IF NOT EXISTS "IX_Invoices" ON billing."Invoices" ("number");
CREATE UNIQUE INDEX "UX_Invoices" ON billing."Invoices" ("number");
COMMIT;

-- === on temporary tables and materialized views that the file makes
CREATE TEMP TABLE staging (id int, v text);
CREATE INDEX ON staging (id);
CREATE TEMPORARY TABLE staging2 AS SELECT 1 AS id;
CREATE INDEX staging2_id ON staging2 (id);
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a WITH NO DATA;
CREATE UNIQUE INDEX m_a ON m (a);

-- === a table of the same name in another schema is not the one made
CREATE TABLE archive.orders (id bigint);
--! create-index-non-concurrent
CREATE INDEX idx_orders_id ON sales.orders (id);

-- === on the parent alone
CREATE INDEX idx_parent ON ONLY events (at);
CREATE INDEX CONCURRENTLY idx_part ON events_2024 (at);
ALTER INDEX idx_parent ATTACH PARTITION idx_part;
CREATE UNIQUE INDEX idx_parent_id ON ONLY events (id);

-- === dropped while the table waits
--! drop-index-non-concurrent
DROP INDEX idx_orders_customer;
--! drop-index-non-concurrent
DROP INDEX IF EXISTS public."Idx Orders";
--! drop-index-non-concurrent
drop index if exists a, b cascade;
BEGIN;
--! drop-index-non-concurrent
DROP INDEX idx_orders_b RESTRICT;
COMMIT;

-- === built anew while reads wait
--! reindex-non-concurrent
REINDEX INDEX idx_orders_customer;
--! reindex-non-concurrent
REINDEX TABLE public.orders;
--! reindex-non-concurrent
reindex (verbose) table "Orders";
--! reindex-non-concurrent
REINDEX (CONCURRENTLY FALSE) TABLE orders;
--! reindex-non-concurrent
REINDEX SCHEMA public;
--! reindex-non-concurrent
REINDEX DATABASE app;
--! reindex-non-concurrent
REINDEX SYSTEM app;

-- === moved
--! alter-index-set-tablespace
ALTER INDEX idx_orders_customer SET TABLESPACE fast;
--! alter-index-set-tablespace
alter index if exists public."Idx" set tablespace fast;

-- === brief changes of indexes
ALTER INDEX idx_orders_customer RENAME TO idx_orders_cust;
ALTER INDEX idx_orders_cust SET (fillfactor = 70);
ALTER INDEX idx_orders_expr ALTER COLUMN 1 SET STATISTICS 1000;

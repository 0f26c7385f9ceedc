-- SPDX-License-Identifier: PostgreSQL
-- Section E.  Format: see test_check_catalogue.py.

-- === checked at once
--! add-check-not-not-valid
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);
--! add-check-not-not-valid
ALTER TABLE "public"."Orders" ADD CHECK ("total" > 0) NO INHERIT;
--! add-check-not-not-valid
alter table if exists only orders add constraint positive check (total > 0), add column b int;
--! add-fk-not-not-valid
ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id);
--! add-fk-not-not-valid
ALTER TABLE "Order" ADD CONSTRAINT "Order_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
--! add-fk-not-not-valid
alter table only public.orders add foreign key (customer_id) references customers deferrable initially deferred;
--! add-unique-constraint
ALTER TABLE orders ADD CONSTRAINT orders_number UNIQUE (number);
--! add-unique-constraint
ALTER TABLE ONLY "Orders" ADD UNIQUE NULLS NOT DISTINCT ("a", "b");
--! add-unique-constraint
alter table orders add unique (a) include (b), alter b set default 1;
--! add-primary-key
ALTER TABLE orders ADD PRIMARY KEY (id);
--! add-primary-key
ALTER TABLE ONLY public.invoices ADD CONSTRAINT invoices_pkey PRIMARY KEY (id, "tenantId");
--! add-exclusion-constraint
ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&);
--! add-exclusion-constraint
alter table bookings add exclude using gist (during with &&) where (not cancelled);
BEGIN;
--! add-check-not-not-valid
ALTER TABLE orders ADD CONSTRAINT positive2 CHECK (total > 0);
COMMIT;

-- === NOT VALID first
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT positive;
ALTER TABLE "Order" ADD CONSTRAINT "Order_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE NOT VALID;
ALTER TABLE "Order" VALIDATE CONSTRAINT "Order_userId_fkey";
ALTER TABLE orders VALIDATE CONSTRAINT somebody_elses;

-- === NOT VALID in transactions of their own
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT fk;
COMMIT;

-- === from an index that is there
CREATE UNIQUE INDEX CONCURRENTLY orders_number ON orders (number);
ALTER TABLE orders ADD CONSTRAINT orders_number UNIQUE USING INDEX orders_number;
ALTER TABLE public.orders ADD CONSTRAINT orders_other UNIQUE USING INDEX orders_other_idx DEFERRABLE;

-- === a primary key from an index, columns proved first
ALTER TABLE orders ADD CONSTRAINT id_nn CHECK (id IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT id_nn;
ALTER TABLE orders ALTER COLUMN id SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT id_nn;
CREATE UNIQUE INDEX CONCURRENTLY orders_pkey ON orders (id);
ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey;

-- === a primary key from an index on columns that may be null
CREATE UNIQUE INDEX CONCURRENTLY orders_pkey ON orders (id);
--! add-pk-using-index-nullable
ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey;

-- === a primary key in the place of another
CREATE UNIQUE INDEX CONCURRENTLY orders_new_pkey ON orders (id);
ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_new_pkey;

-- === on tables that the file makes
CREATE TABLE invoices (id bigint, order_id bigint, number text, during tstzrange);
ALTER TABLE invoices ADD PRIMARY KEY (id);
ALTER TABLE ONLY invoices ADD CONSTRAINT n UNIQUE (number);
ALTER TABLE public.invoices ADD CHECK (id > 0);
ALTER TABLE invoices ADD EXCLUDE USING gist (during WITH &&);
ALTER TABLE invoices ADD CONSTRAINT fk FOREIGN KEY (order_id) REFERENCES invoices (id);
ALTER TABLE invoices DROP CONSTRAINT n;
CREATE TABLE lines (id bigint PRIMARY KEY, invoice_id bigint NOT NULL REFERENCES invoices (id) ON DELETE CASCADE, order_id bigint REFERENCES orders);
ALTER TABLE lines ADD CONSTRAINT l FOREIGN KEY (invoice_id) REFERENCES invoices (id);
ALTER TABLE "lines" ADD CONSTRAINT "lines_fk2" FOREIGN KEY ("order_id") REFERENCES "orders"("id");

-- === the new table is the one referred to
CREATE TABLE regions (id bigint PRIMARY KEY);
--! add-fk-not-not-valid
ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (region_id) REFERENCES regions (id);

-- === what is brief
ALTER TABLE orders RENAME CONSTRAINT a TO b;
ALTER TABLE orders ALTER CONSTRAINT fk DEFERRABLE INITIALLY DEFERRED;

-- === given up
--! drop-constraint
ALTER TABLE orders DROP CONSTRAINT orders_number_key;
--! drop-constraint
ALTER TABLE "public"."Order" DROP CONSTRAINT IF EXISTS "Order_userId_fkey" CASCADE;

-- === given up and taken back without a scan
ALTER TABLE orders DROP CONSTRAINT status_check;
ALTER TABLE orders ADD CONSTRAINT status_check CHECK (status IN ('a', 'b', 'c')) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT status_check;

-- === in one statement
ALTER TABLE orders DROP CONSTRAINT IF EXISTS fk, ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT fk;

-- === domains
--! alter-domain-add-constraint
ALTER DOMAIN email ADD CONSTRAINT at CHECK (VALUE LIKE '%@%');
--! alter-domain-add-constraint
alter domain public."Email" add check (value <> '');
--! alter-domain-set-not-null
ALTER DOMAIN email SET NOT NULL;
ALTER DOMAIN email ADD CONSTRAINT at2 CHECK (VALUE LIKE '%@%') NOT VALID;
ALTER DOMAIN email DROP NOT NULL;
ALTER DOMAIN email SET DEFAULT '';
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
ALTER DOMAIN posint ADD CONSTRAINT small CHECK (VALUE < 100);
ALTER DOMAIN posint SET NOT NULL;

-- === given up before the rows are looked at again
--! drop-constraint
ALTER TABLE orders DROP CONSTRAINT status_check;
--! add-check-not-not-valid
ALTER TABLE orders ADD CONSTRAINT status_check CHECK (status IN ('a', 'b', 'c'));

-- === the second file of a change: what the first one added is known by name
ALTER TABLE orders VALIDATE CONSTRAINT orders_status_check_v2;
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_status_check;
ALTER TABLE orders RENAME CONSTRAINT orders_status_check_v2 TO orders_status_check;
ALTER TABLE "public"."Order" VALIDATE CONSTRAINT "Order_userId_notNull";
ALTER TABLE "public"."Order" ALTER COLUMN "userId" SET NOT NULL;
ALTER TABLE "public"."Order" DROP CONSTRAINT "Order_userId_notNull";

-- === the index goes with its constraint
--! drop-constraint
alter table "public"."logs" drop constraint "logs_pkey";
drop index if exists "public"."logs_pkey";
--! drop-index-non-concurrent
drop index if exists "public"."logs_at_idx";

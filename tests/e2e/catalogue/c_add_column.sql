-- SPDX-License-Identifier: PostgreSQL
-- Section C.  Format: see test_check_catalogue.py.

-- === computed for every row
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
--! add-column-volatile-default
alter table if exists only public."Orders" add "rnd" double precision default random();
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN IF NOT EXISTS at timestamptz DEFAULT clock_timestamp();
--! add-column-volatile-default
ALTER TABLE orders ADD at timestamptz DEFAULT timeofday()::timestamptz;
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN id2 bigint DEFAULT nextval('orders_id2_seq'::regclass);
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN token text DEFAULT md5(random()::text);
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN token uuid DEFAULT public.uuid_generate_v4(), ADD COLUMN note text;
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN token text DEFAULT 'x' || substr(md5((random())::text), 1, 8);
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN note text, ADD COLUMN ref text DEFAULT make_reference();
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN d date DEFAULT (now() + random() * interval '1 day')::date;
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN b bytea DEFAULT gen_random_bytes(16);
BEGIN;
--! add-column-volatile-default
ALTER TABLE orders ADD COLUMN token2 uuid DEFAULT "gen_random_uuid"();
COMMIT;

-- === computed once
ALTER TABLE orders ADD COLUMN a int DEFAULT 5;
ALTER TABLE orders ADD COLUMN b int NOT NULL DEFAULT 0, ADD COLUMN c text NOT NULL DEFAULT '', ADD COLUMN d boolean DEFAULT false NOT NULL;
ALTER TABLE "public"."Orders" ADD COLUMN "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE orders ADD COLUMN e timestamptz DEFAULT now(), ADD f date DEFAULT CURRENT_DATE, ADD g time DEFAULT LOCALTIME;
ALTER TABLE orders ADD COLUMN h timestamptz NOT NULL DEFAULT now() - interval '30 days';
ALTER TABLE orders ADD COLUMN i timestamp DEFAULT (now() AT TIME ZONE 'utc');
ALTER TABLE orders ADD COLUMN j timestamp DEFAULT timezone('utc'::text, now());
ALTER TABLE orders ADD COLUMN k text[] NOT NULL DEFAULT '{}', ADD COLUMN l text[] DEFAULT ARRAY[]::text[], ADD COLUMN m int[] DEFAULT array[1, 2];
ALTER TABLE orders ADD COLUMN n jsonb NOT NULL DEFAULT '{}'::jsonb, ADD COLUMN o jsonb DEFAULT jsonb_build_object('a', 1, 'b', jsonb_build_array());
ALTER TABLE orders ADD COLUMN p text DEFAULT CURRENT_USER, ADD COLUMN q name DEFAULT SESSION_USER, ADD COLUMN r text DEFAULT current_setting('app.tenant', true);
ALTER TABLE orders ADD COLUMN s numeric(10,2) DEFAULT round(1.005, 2), ADD COLUMN t int DEFAULT (-1), ADD COLUMN u float DEFAULT 1.5e3;
ALTER TABLE orders ADD COLUMN v daterange DEFAULT daterange(NULL, NULL, '[)'), ADD COLUMN w tstzrange DEFAULT tstzrange(now(), 'infinity');
ALTER TABLE orders ADD COLUMN x text DEFAULT upper(left('abc', 2)), ADD COLUMN y point DEFAULT point(0, 0), ADD COLUMN z interval DEFAULT make_interval(days => 3);
ALTER TABLE orders ADD COLUMN aa timestamptz DEFAULT to_timestamp(0), ADD COLUMN ab timestamptz DEFAULT date_trunc('month', now()), ADD COLUMN ac int DEFAULT extract(year FROM now());
ALTER TABLE orders ADD COLUMN ad text DEFAULT coalesce(nullif(current_setting('a.b', true), ''), 'none'), ADD COLUMN ae int DEFAULT greatest(1, 2);
ALTER TABLE orders ADD COLUMN af tsvector DEFAULT to_tsvector('english', ''), ADD COLUMN ag bytea DEFAULT decode('00', 'hex'), ADD COLUMN ah inet DEFAULT inet_client_addr();
ALTER TABLE orders ADD COLUMN ai text DEFAULT to_char(now(), 'YYYY'), ADD COLUMN aj text DEFAULT concat_ws('-', 'a', 'b'), ADD COLUMN ak text DEFAULT pg_catalog.format('%s', 1);
ALTER TABLE orders ADD COLUMN al text DEFAULT CASE WHEN true THEN 'a' ELSE 'b' END, ADD COLUMN am bit(3) DEFAULT B'101', ADD COLUMN an status DEFAULT 'open'::status;
ALTER TABLE orders ADD COLUMN ao bigint DEFAULT txid_current(), ADD COLUMN ap bigint DEFAULT (EXTRACT(epoch FROM now()) * 1000)::bigint;
ALTER TABLE orders ADD COLUMN aq uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid, ADD COLUMN at text DEFAULT NULL;

-- === computed for every row of a table that nobody sees
CREATE TABLE invoices (id bigint);
ALTER TABLE invoices ADD COLUMN token uuid DEFAULT gen_random_uuid(), ADD COLUMN n serial, ADD COLUMN g int GENERATED ALWAYS AS (1) STORED;
ALTER TABLE ONLY public.invoices ADD COLUMN c int NOT NULL CHECK (c > 0), ADD COLUMN u text UNIQUE, ADD COLUMN i bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
ALTER TABLE invoices ADD COLUMN order_id bigint NOT NULL REFERENCES orders;

-- === nullable, and nothing more
ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE orders ADD note2 varchar(255) NULL, ADD COLUMN IF NOT EXISTS "note3" text COLLATE "C";
alter table "public"."orders" add column "deleted_at" timestamptz;
BEGIN;
ALTER TABLE orders ADD COLUMN note4 jsonb;
COMMIT;
COMMENT ON COLUMN orders.note IS 'free text';

-- === volatile in the safe way
ALTER TABLE orders ADD COLUMN token uuid;
ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();
UPDATE orders SET token = gen_random_uuid() WHERE id BETWEEN 1 AND 1000 AND token IS NULL;
ALTER TABLE orders ADD CONSTRAINT orders_token_nn CHECK (token IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_token_nn;
ALTER TABLE orders ALTER COLUMN token SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_token_nn;

-- === numbered
--! add-column-serial
ALTER TABLE orders ADD COLUMN n serial;
--! add-column-serial
ALTER TABLE orders ADD COLUMN n bigserial NOT NULL;
--! add-column-serial
alter table public."orders" add "n" SMALLSERIAL;
--! add-column-serial
ALTER TABLE orders ADD COLUMN n serial8, ADD COLUMN m text;
--! add-column-inline-primary-key
ALTER TABLE orders ADD COLUMN id serial PRIMARY KEY;
--! add-column-identity
ALTER TABLE orders ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY;
--! add-column-identity
ALTER TABLE orders ADD n int generated by default as identity (start with 100);
--! add-column-inline-primary-key
ALTER TABLE orders ADD COLUMN id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;
--! add-column-inline-primary-key
ALTER TABLE orders ADD COLUMN id uuid PRIMARY KEY;
--! add-column-inline-primary-key
ALTER TABLE orders ADD COLUMN id uuid DEFAULT gen_random_uuid() PRIMARY KEY;

-- === numbered in the safe way
CREATE SEQUENCE orders_n_seq;
ALTER TABLE orders ADD COLUMN n bigint;
ALTER TABLE orders ALTER COLUMN n SET DEFAULT nextval('orders_n_seq');
ALTER SEQUENCE orders_n_seq OWNED BY orders.n;
UPDATE orders SET n = nextval('orders_n_seq') WHERE id BETWEEN 1 AND 1000 AND n IS NULL;
ALTER TABLE orders ADD CONSTRAINT orders_n_nn CHECK (n IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_n_nn;
ALTER TABLE orders ALTER COLUMN n SET NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY orders_n_key ON orders (n);
ALTER TABLE orders ADD CONSTRAINT orders_n_key UNIQUE USING INDEX orders_n_key;
ALTER TABLE orders ALTER COLUMN n DROP DEFAULT;
ALTER TABLE orders ALTER COLUMN n ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT setval('orders_n_seq', (SELECT max(n) FROM orders));

-- === generated
--! add-column-generated-stored
ALTER TABLE orders ADD COLUMN total numeric GENERATED ALWAYS AS (price * quantity) STORED;
--! add-column-generated-stored
alter table "orders" add column if not exists "search" tsvector generated always as (to_tsvector('english', coalesce(title, ''))) stored;

-- === required, with no value for old rows
--! add-column-not-null-no-default
ALTER TABLE orders ADD COLUMN a int NOT NULL;
--! add-column-not-null-no-default
ALTER TABLE "Orders" ADD COLUMN "a" TEXT NOT NULL, ADD COLUMN "b" TEXT;
--! add-column-not-null-no-default
alter table if exists orders add if not exists b text not null default null;
--! add-column-not-null-no-default
ALTER TABLE orders ADD COLUMN c int, ADD COLUMN a uuid CONSTRAINT a_nn NOT NULL;

-- === required, on a table that the file makes
CREATE TABLE invoices (id int);
ALTER TABLE invoices ADD COLUMN a int NOT NULL;
INSERT INTO invoices VALUES (1, 2);
--! add-column-not-null-no-default
ALTER TABLE invoices ADD COLUMN b int NOT NULL;
ALTER TABLE invoices ADD COLUMN c int NOT NULL DEFAULT 0;

-- === with constraints in line
--! add-column-inline-check
ALTER TABLE orders ADD COLUMN a int CHECK (a > 0);
--! add-column-inline-check
ALTER TABLE orders ADD COLUMN a int DEFAULT 5 CONSTRAINT a_positive CHECK (a > 0);
--! add-column-inline-check
ALTER TABLE public.orders ADD COLUMN IF NOT EXISTS status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed'));
--! add-column-inline-unique
ALTER TABLE orders ADD COLUMN slug text UNIQUE;
--! add-column-inline-unique
ALTER TABLE orders ADD slug text CONSTRAINT orders_slug UNIQUE DEFERRABLE;
--! add-column-inline-fk
ALTER TABLE orders ADD COLUMN customer_id bigint DEFAULT 1 REFERENCES customers (id);
--! add-column-inline-fk
ALTER TABLE orders ADD COLUMN customer_id bigint NOT NULL DEFAULT 1 CONSTRAINT fk REFERENCES public.customers ON DELETE CASCADE;

-- === the same in the safe way
ALTER TABLE orders ADD COLUMN a int;
ALTER TABLE orders ADD CONSTRAINT a_positive CHECK (a > 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT a_positive;
ALTER TABLE orders ADD COLUMN slug text;
CREATE UNIQUE INDEX CONCURRENTLY orders_slug ON orders (slug);
ALTER TABLE orders ADD CONSTRAINT orders_slug UNIQUE USING INDEX orders_slug;
ALTER TABLE orders ADD COLUMN customer_id bigint;
CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);
ALTER TABLE orders ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_fk;

-- === json has no equality
--! add-column-json
ALTER TABLE orders ADD COLUMN payload json;
--! add-column-json
ALTER TABLE orders ADD COLUMN payload pg_catalog.json NOT NULL DEFAULT '{}';
ALTER TABLE orders ADD COLUMN payload2 jsonb;

-- === domains: one with constraints rewrites
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
--! add-column-domain-with-constraint
ALTER TABLE customers ADD COLUMN mail email;
CREATE DOMAIN plain AS text;
ALTER TABLE customers ADD COLUMN other plain;

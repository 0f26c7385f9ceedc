-- SPDX-License-Identifier: PostgreSQL
-- Section C.  Format: see test_golden.c.

-- expect: phase add-column-volatile-default
ALTER TABLE orders ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: phase add-column-volatile-default
ALTER TABLE orders ADD COLUMN c int DEFAULT somebody_elses();

-- expect: phase add-column-volatile-default
-- facts: in_transaction
ALTER TABLE orders ADD COLUMN c uuid NOT NULL DEFAULT gen_random_uuid();

-- expect: allow
-- not: add-column-volatile-default
ALTER TABLE orders ADD COLUMN c timestamptz DEFAULT now();

-- expect: allow
-- not: add-column-volatile-default
ALTER TABLE orders ADD COLUMN c date DEFAULT current_date, ADD COLUMN d int NOT NULL DEFAULT 7;

-- expect: allow
-- not: add-column-volatile-default
ALTER TABLE orders ADD COLUMN c text DEFAULT tenant();

-- expect: allow
-- not: add-column-volatile-default
-- facts: unknown
ALTER TABLE orders ADD COLUMN c text DEFAULT concat('a', 'b'), ADD COLUMN d text[] DEFAULT ARRAY[]::text[];

-- expect: allow
-- not: add-column-volatile-default
-- facts: unknown
ALTER TABLE orders ADD COLUMN c timestamptz DEFAULT now() - interval '1 day', ADD COLUMN d timestamptz DEFAULT CURRENT_TIMESTAMP;

-- expect: allow
-- not: add-column-volatile-default
ALTER TABLE orders ADD COLUMN IF NOT EXISTS qty uuid DEFAULT gen_random_uuid();

-- expect: allow
-- not: add-column-volatile-default
ALTER TABLE small_t ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: allow
-- not: add-column-volatile-default
ALTER TABLE fresh_t ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: allow
-- not: add-column-volatile-default
ALTER TABLE IF EXISTS missing ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: phase add-column-constant-default
-- facts: server=100023
ALTER TABLE orders ADD COLUMN c int DEFAULT 5;

-- expect: allow
-- not: add-column-constant-default
ALTER TABLE orders ADD COLUMN c int DEFAULT 5;

-- expect: phase add-column-serial
ALTER TABLE orders ADD COLUMN c bigserial;

-- expect: allow
-- not: add-column-serial
ALTER TABLE empty_t ADD COLUMN c bigserial;

-- expect: phase add-column-identity
ALTER TABLE orders ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY;

-- expect: allow
-- not: add-column-identity
ALTER TABLE small_t ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY;

-- expect: reject add-column-generated-stored
-- hint: CREATE TRIGGER "~c_sync" BEFORE INSERT OR UPDATE
ALTER TABLE orders ADD COLUMN c int GENERATED ALWAYS AS (qty * 2) STORED;

-- expect: allow
-- not: add-column-generated-stored
ALTER TABLE small_t ADD COLUMN c int GENERATED ALWAYS AS (a * 2) STORED;

-- expect: reject add-column-not-null-no-default
-- hint: ALTER TABLE "public"."orders" ADD COLUMN "c" int
ALTER TABLE orders ADD COLUMN c int NOT NULL;

-- expect: reject add-column-not-null-no-default
ALTER TABLE orders ADD COLUMN c int NOT NULL DEFAULT NULL;

-- expect: allow
-- not: add-column-not-null-no-default
ALTER TABLE orders ADD COLUMN c int NOT NULL DEFAULT 0;

-- expect: allow
-- not: add-column-not-null-no-default
ALTER TABLE empty_t ADD COLUMN c int NOT NULL;

-- expect: phase add-column-inline-check
ALTER TABLE orders ADD COLUMN c int CHECK (c > 0);

-- expect: phase add-column-inline-check
ALTER TABLE orders ADD COLUMN c int DEFAULT 5 CHECK (c > 0);

-- expect: allow
-- not: add-column-inline-check
ALTER TABLE small_t ADD COLUMN c int CHECK (c > 0);

-- expect: phase add-column-inline-unique
ALTER TABLE orders ADD COLUMN c int UNIQUE;

-- expect: allow
-- not: add-column-inline-unique
ALTER TABLE fresh_t ADD COLUMN c int UNIQUE;

-- expect: phase add-column-serial, add-column-inline-primary-key
ALTER TABLE logs ADD COLUMN pk bigserial PRIMARY KEY;

-- expect: allow
-- not: add-column-inline-primary-key
ALTER TABLE small_t ADD COLUMN pk bigserial PRIMARY KEY;

-- expect: phase add-column-inline-fk
ALTER TABLE orders ADD COLUMN c int DEFAULT 1 REFERENCES users;

-- expect: allow missing-lock-timeout
-- not: add-column-inline-fk
-- lock_timeout: 2000
ALTER TABLE orders ADD COLUMN c int REFERENCES users;

-- expect: warn add-column-inline-fk
-- facts: unknown, separate
ALTER TABLE orders ADD COLUMN c int REFERENCES users;

-- expect: allow
-- not: add-column-inline-fk
-- facts: unknown, separate
SET lock_timeout = '2s'; ALTER TABLE orders ADD COLUMN c int REFERENCES users;

-- expect: allow
-- not: add-column-inline-fk
-- facts: unknown, separate
ALTER TABLE orders ADD COLUMN parent int REFERENCES orders;

-- expect: allow
-- not: add-column-inline-fk
-- facts: unknown, separate
CREATE TABLE sizes (id int PRIMARY KEY); ALTER TABLE orders ADD COLUMN c int REFERENCES sizes;

-- expect: reject add-column-domain-with-constraint
ALTER TABLE orders ADD COLUMN c positive;

-- expect: reject add-column-domain-with-constraint
CREATE DOMAIN fresh_dom AS int CHECK (VALUE > 0); ALTER TABLE orders ADD COLUMN c fresh_dom;

-- expect: allow
-- not: add-column-domain-with-constraint
ALTER TABLE orders ADD COLUMN c plain_dom;

-- expect: allow
-- not: add-column-domain-with-constraint
CREATE TYPE fresh_enum AS ENUM ('a'); ALTER TABLE orders ADD COLUMN c fresh_enum;

-- expect: warn add-column-json
ALTER TABLE orders ADD COLUMN c json;

-- expect: warn add-column-json
CREATE TABLE n (id int, doc json);

-- expect: allow
-- not: add-column-json
ALTER TABLE orders ADD COLUMN c jsonb;

-- expect: allow
-- not: add-column-json
CREATE TABLE IF NOT EXISTS orders (doc json);

-- expect: allow add-column-on-parent
ALTER TABLE events ADD COLUMN c int;

-- expect: allow
-- not: add-column-on-parent
ALTER TABLE orders ADD COLUMN c int;

-- many commands, one plan

-- expect: phase add-column-volatile-default
-- plan: ADD COLUMN d int
ALTER TABLE orders ADD COLUMN c uuid DEFAULT gen_random_uuid(), ADD COLUMN d int;

-- expect: phase add-column-volatile-default, set-not-null
ALTER TABLE orders ALTER COLUMN qty SET NOT NULL, ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: reject add-column-volatile-default, drop-column
ALTER TABLE orders ADD COLUMN c uuid DEFAULT gen_random_uuid(), DROP COLUMN qty;

-- without a catalog

-- expect: reject add-column-volatile-default
-- facts: unknown
ALTER TABLE orders ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: allow
-- facts: unknown
ALTER TABLE orders ADD COLUMN c timestamptz DEFAULT now();

-- expect: phase add-column-volatile-default
-- facts: unknown, separate
ALTER TABLE orders ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: phase add-column-volatile-default
-- facts: separate
SELECT 1; ALTER TABLE orders ADD COLUMN c uuid DEFAULT gen_random_uuid();

-- expect: reject add-column-volatile-default
SELECT 1; ALTER TABLE orders ADD COLUMN c uuid DEFAULT gen_random_uuid();

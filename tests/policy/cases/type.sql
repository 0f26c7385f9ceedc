-- SPDX-License-Identifier: PostgreSQL
-- Section J, and the names of section F.  Format: see test_golden.c.

-- expect: reject rename-type-attribute-function
ALTER TYPE mood RENAME TO humour;

-- expect: reject rename-type-attribute-function
ALTER TYPE pair RENAME ATTRIBUTE a TO b;

-- expect: reject rename-type-attribute-function
ALTER FUNCTION f(int) RENAME TO g;

-- expect: reject rename-type-attribute-function
ALTER DOMAIN positive RENAME TO plus;

-- expect: allow
-- not: rename-type-attribute-function
ALTER TYPE pair ADD ATTRIBUTE c int;

-- expect: allow
-- not: rename-type-attribute-function
CREATE TYPE t AS ENUM ('a'); ALTER TYPE t RENAME TO u;

-- expect: allow
-- not: rename-type-attribute-function
ALTER TRIGGER a ON orders RENAME TO b;

-- expect: allow enum-add-value, enum-add-value-ordering
ALTER TYPE mood ADD VALUE 'calm';

-- expect: allow enum-add-value
-- not: enum-add-value-ordering
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm' AFTER 'happy';

-- used before COMMIT

-- expect: warn enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; UPDATE people SET m = 'calm' WHERE id = 1; COMMIT;

-- expect: warn enum-add-value, missing-lock-timeout
-- facts: in_transaction, separate
-- not: concurrently-in-transaction
ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy';
ALTER TABLE orders ALTER COLUMN mood SET DEFAULT 'calm';

-- a text and its literals are no values of the enum

-- expect: warn enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; UPDATE people SET a = b::text, m = 'calm' WHERE id = 1; COMMIT;

-- expect: warn enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; INSERT INTO people (a, m) VALUES (1::text, 'calm'); COMMIT;

-- expect: warn enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; CREATE FUNCTION f() RETURNS mood LANGUAGE sql AS $$ SELECT 'calm'::mood $$; COMMIT;

-- expect: warn enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; UPDATE people SET m = 'calm'::text::mood WHERE id = 1; COMMIT;

-- expect: warn enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; UPDATE people SET a = 1 WHERE id = 1 AND m::text IN ('sad', 'calm'::mood::text); COMMIT;

-- expect: warn enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; UPDATE people SET m = CAST('calm'::text AS mood), b = ('sad'::text)::mood WHERE id = 1; COMMIT;

-- expect: allow enum-add-value, create-enum
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; CREATE TYPE sea AS ENUM ('calm'); COMMIT;

-- expect: allow enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; UPDATE people SET a = 1 WHERE id = 1 AND (m::text IN ('happy', 'calm') OR m::text NOT IN ('calm') OR m::text = ANY (ARRAY['sad'::text, 'calm'::text]) OR m::text = 'calm' OR a = 'calm'::text); COMMIT;

-- expect: allow enum-add-value
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; CREATE FUNCTION f() RETURNS mood LANGUAGE plpgsql AS $$ BEGIN RETURN 'calm'; END $$; COMMENT ON TYPE mood IS 'calm'; COMMIT;

-- expect: allow enum-add-value
-- facts: separate
BEGIN; ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy'; ALTER TYPE mood ADD VALUE 'cool' AFTER 'calm'; COMMIT;
UPDATE people SET m = 'calm' WHERE id = 1;

-- expect: reject concurrently-in-transaction
-- facts: in_transaction, server=110022
ALTER TYPE mood ADD VALUE 'calm';

-- expect: reject rename-enum-value
-- hint: ALTER TYPE "mood" ADD VALUE IF NOT EXISTS 'glad' AFTER 'happy'
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';

-- expect: reject rename-enum-value
-- hint: UPDATE "public"."orders" SET "tag" = 'glad'::"public"."mood" WHERE "tag"::"public"."mood" OPERATOR(pg_catalog.=) 'happy'::"public"."mood"
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';

-- expect: reject rename-enum-value
-- facts: unknown
-- hint: UPDATE <table> SET <column> = 'glad'
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';

-- how values are taken out of an enum: another type takes the name in the same transaction

-- expect: warn rename-type-attribute-function
-- facts: separate
BEGIN; ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('a'); DROP TYPE mood_old; COMMIT;

-- expect: warn rename-type-attribute-function
-- facts: separate
BEGIN; CREATE TYPE mood_new AS ENUM ('a'); ALTER TYPE mood RENAME TO mood_old; ALTER TYPE public.mood_new RENAME TO mood; COMMIT;

-- expect: warn rename-type-attribute-function
-- facts: separate
ALTER TYPE mood RENAME TO mood_old; CREATE TYPE public.mood AS ENUM ('a');

-- expect: reject rename-type-attribute-function
-- facts: separate
BEGIN; ALTER TYPE mood RENAME TO mood_old; COMMIT; CREATE TYPE mood AS ENUM ('a');

-- expect: reject rename-type-attribute-function
-- facts: separate
BEGIN; ALTER TYPE mood RENAME TO mood_old; CREATE TYPE other AS ENUM ('a'); COMMIT;

-- expect: reject rename-type-attribute-function
-- facts: separate
BEGIN; ALTER FUNCTION f(int) RENAME TO g; CREATE TYPE f AS ENUM ('a'); COMMIT;

-- expect: allow
-- not: rename-enum-value, enum-add-value
CREATE TYPE t AS ENUM ('a'); ALTER TYPE t RENAME VALUE 'a' TO 'b';

-- expect: allow create-enum
CREATE TYPE t AS ENUM ('a');

-- expect: allow
-- not: create-enum
CREATE TYPE t AS (a int);

-- expect: allow
-- not: rename-type-attribute-function, drop-type-function-extension-cascade
-- facts: separate
CREATE FUNCTION fresh_f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION fresh_f(int) RENAME TO fresh_g;
CREATE SEQUENCE fresh_s;
DROP SEQUENCE fresh_s CASCADE;
DROP FUNCTION public.fresh_f(int) CASCADE;

-- expect: reject drop-type-function-extension-cascade
-- facts: separate
CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
DROP FUNCTION f(int) CASCADE;

-- SPDX-License-Identifier: PostgreSQL
-- Section D.  Format: see test_golden.c; the types one by one are in test_effects_type.c.

-- expect: phase alter-column-type
-- hint: ADD COLUMN "qty_new" bigint
ALTER TABLE orders ALTER COLUMN qty TYPE bigint;

-- expect: phase alter-column-type
ALTER TABLE orders ALTER COLUMN ci TYPE text;

-- expect: reject alter-column-type
-- hint: the conversion depends on settings of the session
ALTER TABLE orders ALTER COLUMN took TYPE text;

-- expect: reject alter-column-type
-- hint: USING is not immutable
ALTER TABLE orders ALTER COLUMN qty TYPE bigint USING (random() * qty)::bigint;

-- its point of no return stands before what follows

-- expect: reject alter-column-type, set-not-null
-- hint: send its parts as statements of their own
ALTER TABLE orders ALTER COLUMN qty TYPE bigint, ALTER COLUMN phone SET NOT NULL;

-- expect: reject alter-column-type
-- facts: unknown
ALTER TABLE orders ALTER COLUMN status TYPE text;

-- expect: reject alter-column-type
-- facts: unknown
-- hint: ADD COLUMN "status_new" text COLLATE "C";
ALTER TABLE orders ALTER COLUMN status TYPE text COLLATE "C";

-- expect: allow
-- not: alter-column-type
ALTER TABLE orders ALTER COLUMN status TYPE varchar(40);

-- expect: allow
-- not: alter-column-type
ALTER TABLE orders ALTER COLUMN tag TYPE text;

-- expect: allow
-- not: alter-column-type
ALTER TABLE small_t ALTER COLUMN a TYPE bigint;

-- expect: reject alter-type-with-check-or-fk
-- hint: DROP CONSTRAINT "code_check"
ALTER TABLE orders ALTER COLUMN code TYPE varchar(20);

-- expect: reject alter-type-with-check-or-fk
ALTER TABLE orders ALTER COLUMN user_id TYPE plain_dom;

-- expect: allow
-- not: alter-type-with-check-or-fk
ALTER TABLE orders ALTER COLUMN status TYPE text;

-- expect: reject alter-type-used-by-view, alter-column-type
ALTER TABLE orders ALTER COLUMN seen TYPE bigint;

-- expect: reject alter-type-used-by-view
ALTER TABLE orders ALTER COLUMN seen TYPE integer;

-- expect: allow
-- not: alter-type-used-by-view
ALTER TABLE orders ALTER COLUMN qty TYPE integer;

-- expect: phase set-not-null
ALTER TABLE orders ALTER COLUMN qty SET NOT NULL;

-- expect: phase set-not-null
ALTER TABLE orders ALTER COLUMN phone SET NOT NULL;

-- expect: phase set-not-null
-- facts: in_transaction
ALTER TABLE orders ALTER COLUMN qty SET NOT NULL;

-- the CHECK that proves it goes in the same statement, before

-- expect: reject set-not-null, drop-constraint
ALTER TABLE orders ALTER COLUMN email SET NOT NULL, DROP CONSTRAINT email_nn;

-- expect: reject set-not-null, drop-constraint
ALTER TABLE orders DROP CONSTRAINT email_nn; ALTER TABLE orders ALTER COLUMN email SET NOT NULL;

-- expect: allow
-- not: set-not-null
ALTER TABLE orders ALTER COLUMN email SET NOT NULL;

-- expect: allow
-- not: set-not-null
ALTER TABLE orders ALTER COLUMN id SET NOT NULL;

-- expect: allow
-- not: set-not-null
ALTER TABLE small_t ALTER COLUMN a SET NOT NULL;

-- expect: allow
-- not: set-not-null
ALTER TABLE orders ALTER COLUMN missing SET NOT NULL;

-- expect: allow
-- not: set-not-null
-- facts: separate
ALTER TABLE orders ADD CONSTRAINT qty_nn CHECK (qty IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT qty_nn;
ALTER TABLE orders ALTER COLUMN qty SET NOT NULL;

-- expect: allow
-- not: set-not-null
-- facts: separate, unknown
ALTER TABLE orders ADD CONSTRAINT qty_nn CHECK (qty IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT qty_nn;
ALTER TABLE orders ALTER COLUMN qty SET NOT NULL;

-- expect: phase set-not-null
-- facts: separate, unknown
ALTER TABLE orders ADD CONSTRAINT qty_nn CHECK (qty IS NOT NULL) NOT VALID;
ALTER TABLE orders ALTER COLUMN qty SET NOT NULL;

-- expect: allow drop-not-null
ALTER TABLE orders ALTER COLUMN id DROP NOT NULL;

-- expect: allow
-- not: drop-not-null
ALTER TABLE fresh_t ALTER COLUMN id DROP NOT NULL;

-- expect: allow set-or-drop-default
ALTER TABLE orders ALTER COLUMN qty SET DEFAULT random();

-- expect: allow set-or-drop-default
ALTER TABLE orders ALTER COLUMN qty DROP DEFAULT;

-- expect: allow
-- not: set-or-drop-default
ALTER TABLE temp_t ALTER COLUMN a SET DEFAULT 1;

-- expect: allow add-or-drop-identity-expression
ALTER TABLE orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;

-- expect: allow
-- not: add-or-drop-identity-expression
ALTER TABLE fresh_t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;

-- expect: reject drop-column
-- hint: ALTER TABLE "public"."orders" DROP COLUMN "qty"
ALTER TABLE orders DROP COLUMN qty;

-- expect: reject drop-column
ALTER TABLE small_t DROP COLUMN a;

-- expect: reject drop-column
-- facts: unknown
ALTER TABLE orders DROP COLUMN qty;

-- expect: allow
-- not: drop-column
ALTER TABLE orders DROP COLUMN IF EXISTS missing;

-- expect: allow
-- not: drop-column
ALTER TABLE fresh_t DROP COLUMN ref;

-- expect: allow
-- not: drop-column, rename-column
-- facts: unknown, separate
ALTER TABLE elsewhere ADD COLUMN c int; ALTER TABLE elsewhere RENAME c TO d; ALTER TABLE elsewhere DROP COLUMN d;

-- expect: phase rename-column
-- hint: "quantity" AS "qty"
ALTER TABLE orders RENAME COLUMN qty TO quantity;

-- the swap that ends a change of type made by hand

-- expect: allow
-- not: rename-column
-- facts: separate, unknown
BEGIN; ALTER TABLE orders RENAME COLUMN id TO id_tmp; ALTER TABLE orders RENAME COLUMN id_new TO id; ALTER TABLE orders RENAME COLUMN id_tmp TO id_old; COMMIT;

-- expect: reject rename-column
-- facts: separate, unknown
BEGIN; ALTER TABLE orders RENAME b TO c; ALTER TABLE orders RENAME a TO b; ALTER TABLE orders RENAME b TO d; COMMIT;

-- expect: reject rename-column
-- facts: separate, unknown
BEGIN; ALTER TABLE orders RENAME COLUMN id TO id_tmp; COMMIT; BEGIN; ALTER TABLE orders RENAME COLUMN id_tmp TO id_old; COMMIT;

-- expect: allow
-- not: rename-column
-- facts: separate, unknown
BEGIN; ALTER TABLE t RENAME COLUMN c TO c_old; ALTER TABLE t RENAME COLUMN c_new TO c; COMMIT;

-- expect: reject drop-column
-- not: rename-column
-- facts: separate, unknown
BEGIN; ALTER TABLE t DROP COLUMN c; ALTER TABLE public.t RENAME c_new TO c; COMMIT;

-- expect: reject rename-column
-- facts: separate, unknown
ALTER TABLE t RENAME COLUMN c TO c_old; ALTER TABLE t RENAME COLUMN c_new TO c;

-- expect: reject rename-column, wide-lock-window
-- facts: separate, unknown
BEGIN; ALTER TABLE t RENAME COLUMN c TO c_old; ALTER TABLE u RENAME COLUMN c_new TO c; COMMIT;

-- expect: reject rename-column
ALTER VIEW v_orders RENAME COLUMN a TO b;

-- expect: allow
-- not: rename-column
ALTER TABLE fresh_t RENAME COLUMN ref TO r;

-- expect: reject drop-column, rename-table
ALTER TABLE orders RENAME TO o2; ALTER TABLE o2 DROP COLUMN qty;

-- expect: allow
-- not: drop-column
-- facts: separate, unknown
ALTER TABLE "django_content_type" DROP COLUMN "name" CASCADE;

-- expect: reject drop-column
-- facts: separate, unknown
ALTER TABLE "django_content_type" DROP COLUMN "model" CASCADE;

-- a type that a text gave

-- expect: allow
-- not: alter-column-type
-- facts: unknown, separate
ALTER TABLE logs ADD COLUMN fresh varchar(10); ALTER TABLE logs ALTER COLUMN fresh TYPE varchar(20);

-- expect: reject alter-column-type
-- facts: unknown, separate
ALTER TABLE logs ADD COLUMN fresh money; ALTER TABLE logs ALTER COLUMN fresh TYPE odd_type;

-- the rows of a foreign table are kept elsewhere

-- expect: allow
-- not: set-not-null
-- facts: unknown
ALTER FOREIGN TABLE remote ALTER COLUMN qty SET NOT NULL;

-- expect: allow
-- not: alter-column-type
-- facts: unknown
ALTER FOREIGN TABLE remote ALTER COLUMN qty TYPE bigint;

-- expect: allow
-- not: add-column-volatile-default, add-column-not-null-no-default
-- facts: unknown
ALTER FOREIGN TABLE remote ADD COLUMN a uuid DEFAULT gen_random_uuid(), ADD COLUMN b int NOT NULL;

-- expect: allow
-- not: add-check-not-not-valid
-- facts: unknown
ALTER FOREIGN TABLE remote ADD CONSTRAINT positive CHECK (qty > 0);

-- expect: reject drop-column
-- facts: unknown
ALTER FOREIGN TABLE remote DROP COLUMN qty;

-- expect: allow
-- not: drop-column, alter-column-type, drop-table
-- facts: unknown, separate
CREATE FOREIGN TABLE remote (qty int, label text) SERVER far;
ALTER FOREIGN TABLE remote DROP COLUMN qty;
ALTER TABLE remote ALTER COLUMN label TYPE varchar(5);
DROP FOREIGN TABLE remote;

-- expect: reject drop-column
-- facts: unknown, separate
ALTER FOREIGN TABLE remote OPTIONS (SET page '5');
ALTER FOREIGN TABLE remote DROP COLUMN qty;

-- the time zone is that of the text where it sets one

-- expect: allow
-- not: alter-column-type
SET timezone = 'Etc/UTC'; ALTER TABLE orders ALTER COLUMN made TYPE timestamptz;

-- expect: reject alter-column-type
-- facts: separate
SET TIME ZONE 'UTC'; SET timezone TO 'Europe/Berlin'; ALTER TABLE orders ALTER COLUMN made TYPE timestamptz;

-- expect: reject alter-column-type
-- facts: separate
BEGIN; SET LOCAL TIME ZONE 'UTC'; COMMIT; ALTER TABLE orders ALTER COLUMN made TYPE timestamptz;

-- expect: reject alter-column-type
-- facts: separate
SET TIME ZONE 'UTC'; SET TIME ZONE LOCAL; ALTER TABLE orders ALTER COLUMN made TYPE timestamptz;

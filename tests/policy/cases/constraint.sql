-- SPDX-License-Identifier: PostgreSQL
-- Section E.  Format: see test_golden.c.

-- expect: rewrite add-check-not-not-valid
ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0);

-- expect: rewrite add-check-not-not-valid
ALTER TABLE orders ADD CHECK (qty > 0);

-- expect: allow
-- not: add-check-not-not-valid
ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID;

-- expect: allow
-- not: add-check-not-not-valid
ALTER TABLE small_t ADD CONSTRAINT k CHECK (a > 0);

-- expect: allow
-- not: add-check-not-not-valid
CREATE TABLE n (id int); ALTER TABLE n ADD CHECK (id > 0);

-- expect: allow
-- lock_timeout: 0
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn;

-- expect: rewrite add-fk-not-not-valid
ALTER TABLE logs ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id);

-- expect: allow missing-lock-timeout
-- not: add-fk-not-not-valid
ALTER TABLE logs ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;

-- expect: allow
-- not: add-fk-not-not-valid
ALTER TABLE small_t ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id);

-- expect: allow
-- not: add-fk-not-not-valid
ALTER TABLE logs ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES missing (id);

-- expect: rewrite add-fk-on-partitioned, fk-missing-index
ALTER TABLE events ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id);

-- expect: rewrite add-fk-on-partitioned, fk-missing-index
ALTER TABLE events ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;

-- expect: rewrite add-fk-on-partitioned
-- facts: separate, unknown
CREATE TABLE p (id int) PARTITION BY RANGE (id); ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES u NOT VALID;

-- expect: allow
-- not: add-fk-on-partitioned
-- facts: separate, unknown
CREATE TABLE p (id int) PARTITION BY RANGE (id); ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES u;

-- expect: allow
-- not: add-fk-on-partitioned
ALTER TABLE events ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES missing (id);

-- expect: warn fk-missing-index
-- hint: CREATE INDEX CONCURRENTLY ON "public"."orders" ("qty")
-- lock_timeout: 2000
ALTER TABLE orders ADD CONSTRAINT k FOREIGN KEY (qty) REFERENCES users (id) NOT VALID;

-- expect: allow
-- not: fk-missing-index
ALTER TABLE logs ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;

-- expect: allow fk-policy
ALTER TABLE logs ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;

-- expect: allow
-- not: fk-policy
ALTER TABLE fresh_t ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id);

-- expect: allow create-table-with-fk, missing-lock-timeout
CREATE TABLE n (id int, user_id int REFERENCES users);

-- expect: allow
-- not: create-table-with-fk, missing-lock-timeout
CREATE TABLE n (id int);

-- expect: rewrite add-unique-constraint
ALTER TABLE orders ADD CONSTRAINT k UNIQUE (note);

-- expect: allow
-- not: add-unique-constraint
ALTER TABLE logs ADD CONSTRAINT k UNIQUE USING INDEX logs_ref_uq;

-- expect: allow
-- not: add-unique-constraint
ALTER TABLE small_t ADD CONSTRAINT k UNIQUE (a);

-- expect: phase add-primary-key
ALTER TABLE logs ADD PRIMARY KEY (ref);

-- expect: phase add-primary-key
ALTER TABLE logs ADD CONSTRAINT k PRIMARY KEY (id);

-- expect: allow
-- not: add-primary-key
ALTER TABLE logs ADD CONSTRAINT k PRIMARY KEY USING INDEX logs_id_uq;

-- expect: phase add-pk-using-index-nullable
ALTER TABLE logs ADD CONSTRAINT k PRIMARY KEY USING INDEX logs_ref_uq;

-- expect: allow
-- not: add-pk-using-index-nullable
ALTER TABLE logs ADD CONSTRAINT k PRIMARY KEY USING INDEX logs_id_uq;

-- expect: allow
-- not: add-pk-using-index-nullable
-- facts: unknown, separate
ALTER TABLE elsewhere ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX CONCURRENTLY elsewhere_pkey ON elsewhere (id);
ALTER TABLE elsewhere ADD CONSTRAINT elsewhere_pkey PRIMARY KEY USING INDEX elsewhere_pkey;

-- expect: reject add-exclusion-constraint
ALTER TABLE orders ADD CONSTRAINT k EXCLUDE USING gist (qty WITH =);

-- expect: allow
-- not: add-exclusion-constraint
ALTER TABLE small_t ADD CONSTRAINT k EXCLUDE USING gist (a WITH =);

-- expect: warn drop-constraint
ALTER TABLE orders DROP CONSTRAINT code_check;

-- expect: warn drop-constraint
ALTER TABLE orders DROP CONSTRAINT email_nn;

-- expect: allow
-- not: drop-constraint
ALTER TABLE orders DROP CONSTRAINT phone_nn;

-- expect: allow
-- not: drop-constraint
ALTER TABLE orders DROP CONSTRAINT id_nn;

-- expect: allow
-- not: drop-constraint
ALTER TABLE orders DROP CONSTRAINT IF EXISTS missing;

-- expect: allow
-- not: drop-constraint
ALTER TABLE orders DROP CONSTRAINT code_check, ADD CONSTRAINT code_check CHECK (code <> 'x') NOT VALID;

-- the way to NOT NULL ends with its helper

-- expect: allow
-- not: drop-constraint
-- facts: unknown, separate
ALTER TABLE elsewhere ADD CONSTRAINT nn CHECK (c IS NOT NULL) NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT nn;
ALTER TABLE elsewhere ALTER COLUMN c SET NOT NULL;
ALTER TABLE elsewhere DROP CONSTRAINT nn;

-- expect: warn drop-constraint
-- facts: unknown, separate
ALTER TABLE elsewhere VALIDATE CONSTRAINT nn;
ALTER TABLE elsewhere DROP CONSTRAINT nn;

-- what the text adds it may drop, unless something else went before

-- expect: allow
-- not: drop-constraint
-- facts: unknown, separate
ALTER TABLE elsewhere ADD CONSTRAINT k CHECK (c > 0) NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE elsewhere DROP CONSTRAINT k;

-- expect: allow
-- not: drop-constraint
-- facts: separate
ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT k;
ALTER TABLE orders DROP CONSTRAINT k;

-- expect: warn drop-constraint
-- facts: separate
ALTER TABLE orders DROP CONSTRAINT code_check, ADD CONSTRAINT code_check CHECK (code <> 'x') NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT code_check;
ALTER TABLE orders DROP CONSTRAINT code_check;

-- expect: warn drop-constraint
-- facts: unknown, separate
ALTER TABLE elsewhere DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (c > 0) NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE elsewhere DROP CONSTRAINT k;

-- expect: allow rename-constraint-or-index, missing-lock-timeout
ALTER TABLE orders RENAME CONSTRAINT code_check TO c2;

-- expect: allow rename-constraint-or-index
-- lock_timeout: 0
ALTER INDEX orders_tag_idx RENAME TO t2;

-- the word does not make it an index, nor a table

-- expect: reject rename-table
-- not: rename-constraint-or-index
ALTER INDEX orders RENAME TO o2;

-- expect: allow rename-constraint-or-index
-- not: rename-table
ALTER TABLE orders_tag_idx RENAME TO t2;

-- expect: allow
-- not: rename-constraint-or-index
ALTER TABLE fresh_t RENAME CONSTRAINT a TO b;

-- expect: allow alter-constraint
ALTER TABLE orders ALTER CONSTRAINT orders_user_id_fkey DEFERRABLE;

-- expect: allow
-- not: alter-constraint
ALTER TABLE orders ALTER CONSTRAINT missing DEFERRABLE;

-- expect: phase alter-domain-add-constraint
-- plan: ALTER DOMAIN "public"."positive" ADD CONSTRAINT "k" CHECK (VALUE > 1) NOT VALID
ALTER DOMAIN positive ADD CONSTRAINT k CHECK (VALUE > 1);

-- expect: phase alter-domain-add-constraint
-- facts: in_transaction
-- plan: ALTER DOMAIN "public"."positive" VALIDATE CONSTRAINT "k"
ALTER DOMAIN positive ADD CONSTRAINT k CHECK (VALUE > 1);

-- expect: phase alter-domain-add-constraint
ALTER DOMAIN positive VALIDATE CONSTRAINT positive_check;

-- what PostgreSQL would call it is not known, or it is there already, or not there

-- expect: reject alter-domain-add-constraint
-- hint: the constraint has no name
ALTER DOMAIN positive ADD CHECK (VALUE > 1);

-- expect: reject alter-domain-add-constraint
ALTER DOMAIN positive ADD CONSTRAINT positive_check CHECK (VALUE > 1);

-- expect: reject alter-domain-add-constraint
ALTER DOMAIN positive VALIDATE CONSTRAINT k;

-- expect: phase alter-domain-add-constraint
-- facts: unknown, separate
-- plan: ALTER DOMAIN "positive" VALIDATE CONSTRAINT "k"
ALTER DOMAIN positive ADD CONSTRAINT k CHECK (VALUE > 1);

-- expect: allow
-- not: alter-domain-add-constraint
ALTER DOMAIN small_dom ADD CONSTRAINT k CHECK (VALUE > 1);

-- expect: allow
-- not: alter-domain-add-constraint
ALTER DOMAIN positive ADD CONSTRAINT k CHECK (VALUE > 1) NOT VALID;

-- expect: allow
-- not: alter-domain-add-constraint
ALTER DOMAIN plain_dom ADD CONSTRAINT k CHECK (VALUE > 1);

-- expect: phase alter-domain-set-not-null
-- plan: ALTER DOMAIN "public"."positive" ADD CONSTRAINT "positive_not_null_check" CHECK (VALUE IS NOT NULL) NOT VALID
ALTER DOMAIN positive SET NOT NULL;

-- expect: allow
-- not: alter-domain-set-not-null
ALTER DOMAIN small_dom SET NOT NULL;

-- expect: allow
-- not: alter-domain-set-not-null
ALTER DOMAIN plain_dom SET NOT NULL;

-- expect: allow create-domain-with-constraint
CREATE DOMAIN d AS int CHECK (VALUE > 0);

-- expect: allow create-domain-with-constraint
CREATE DOMAIN d AS int NOT NULL;

-- expect: allow
-- not: create-domain-with-constraint
CREATE DOMAIN d AS text DEFAULT 'check';

-- expect: reject add-primary-key
-- hint: ALTER TABLE ONLY "public"."events" ADD CONSTRAINT "k" PRIMARY KEY ("id", "at")
ALTER TABLE events ADD CONSTRAINT k PRIMARY KEY (id, at);

-- expect: allow
-- not: add-primary-key
ALTER TABLE ONLY events ADD CONSTRAINT k PRIMARY KEY (id, at);

-- a name that is taken is the server's to refuse, unless it goes in the same statement

-- expect: allow
-- not: add-check-not-not-valid
ALTER TABLE orders ADD CONSTRAINT code_check CHECK (code <> 'x');

-- expect: reject drop-constraint, add-check-not-not-valid
ALTER TABLE orders DROP CONSTRAINT code_check, ADD CONSTRAINT code_check CHECK (code <> 'x');

-- a replacement that looks at the rows gives up the old constraint first

-- expect: reject drop-constraint, add-check-not-not-valid
ALTER TABLE orders DROP CONSTRAINT code_check;
ALTER TABLE orders ADD CONSTRAINT code_check CHECK (code <> 'y');

-- expect: allow
-- not: drop-constraint
-- facts: separate
ALTER TABLE elsewhere VALIDATE CONSTRAINT old_v2;
ALTER TABLE elsewhere DROP CONSTRAINT old;
ALTER TABLE elsewhere RENAME CONSTRAINT old_v2 TO old;

-- what a file validates and does not say is known by its name

-- expect: allow
-- not: set-not-null, drop-constraint
-- facts: unknown, separate
ALTER TABLE elsewhere VALIDATE CONSTRAINT elsewhere_user_id_not_null;
ALTER TABLE elsewhere ALTER COLUMN user_id SET NOT NULL;
ALTER TABLE elsewhere DROP CONSTRAINT elsewhere_user_id_not_null;

-- expect: phase set-not-null
-- facts: unknown, separate
ALTER TABLE elsewhere VALIDATE CONSTRAINT elsewhere_user_id_fkey;
ALTER TABLE elsewhere ALTER COLUMN user_id SET NOT NULL;

-- expect: phase set-not-null
-- facts: unknown, separate
ALTER TABLE elsewhere VALIDATE CONSTRAINT elsewhere_id_not_null;
ALTER TABLE elsewhere ALTER COLUMN user_id SET NOT NULL;

-- expect: phase set-not-null, drop-constraint
-- facts: unknown, separate
ALTER TABLE elsewhere VALIDATE CONSTRAINT user_id_check;
ALTER TABLE elsewhere ALTER COLUMN user_id SET NOT NULL;
ALTER TABLE elsewhere DROP CONSTRAINT user_id_check;

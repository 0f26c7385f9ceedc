-- SPDX-License-Identifier: PostgreSQL
-- Section A, what a transaction holds and did so far.  Format: see test_golden.c.

-- expect: warn uncommitted-transaction
-- facts: separate
BEGIN; CREATE TABLE n (id int);

-- expect: allow
-- not: uncommitted-transaction
-- facts: separate
BEGIN; CREATE TABLE n (id int); END;

-- expect: allow
-- not: uncommitted-transaction
-- facts: separate
BEGIN; CREATE TABLE n (id int); ABORT;

-- expect: allow
-- not: uncommitted-transaction
BEGIN; CREATE TABLE n (id int);

-- expect: allow transaction-nesting
-- facts: separate
BEGIN; CREATE TABLE n (id int); START TRANSACTION; COMMIT;

-- expect: allow transaction-nesting
-- facts: separate
CREATE TABLE n (id int); COMMIT;

-- expect: allow
-- not: transaction-nesting
-- facts: separate
BEGIN; SAVEPOINT a; CREATE TABLE n (id int); RELEASE a; COMMIT AND CHAIN; COMMIT; BEGIN; COMMIT;

-- ---- VALIDATE ----

-- expect: phase validate-in-same-transaction
-- facts: separate
BEGIN; ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT k; COMMIT;

-- expect: phase validate-in-same-transaction
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (a) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k; COMMIT;

-- expect: phase validate-in-same-transaction
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD CHECK (a > 0) NOT VALID; ALTER TABLE public.t VALIDATE CONSTRAINT t_a_check; COMMIT;

-- expect: reject validate-in-same-transaction
ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT k;

-- expect: phase validate-in-same-transaction
-- facts: in_transaction
-- held: ACCESS EXCLUSIVE orders
-- plan: ALTER TABLE "public"."orders" VALIDATE CONSTRAINT "phone_nn"
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn;

-- expect: allow
-- not: validate-in-same-transaction
-- facts: in_transaction
-- held: SHARE UPDATE EXCLUSIVE orders
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn;

-- expect: allow
-- not: validate-in-same-transaction, statement-after-access-exclusive
-- facts: in_transaction
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn;

-- expect: allow
-- not: validate-in-same-transaction
-- facts: separate
BEGIN; ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID; COMMIT; BEGIN; ALTER TABLE orders VALIDATE CONSTRAINT k; COMMIT;

-- expect: allow
-- not: validate-in-same-transaction
-- facts: separate
ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT k;

-- expect: allow
-- not: validate-in-same-transaction
-- facts: separate, unknown
BEGIN; CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k; COMMIT;

-- expect: allow
-- not: validate-in-same-transaction
-- facts: separate
BEGIN; ALTER TABLE small_t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE small_t VALIDATE CONSTRAINT k; COMMIT;

-- what was rolled back holds nothing

-- expect: allow
-- not: validate-in-same-transaction
-- facts: separate
BEGIN; SAVEPOINT a; ALTER TABLE orders ADD COLUMN c int; ROLLBACK TO a; ALTER TABLE orders VALIDATE CONSTRAINT phone_nn; COMMIT;

-- expect: rewrite validate-combined-with-strong-alter
-- plan: VALIDATE CONSTRAINT "phone_nn"
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn, ADD COLUMN c int;

-- expect: rewrite validate-combined-with-strong-alter
ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID, VALIDATE CONSTRAINT k;

-- expect: reject validate-combined-with-strong-alter, drop-column
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn, DROP COLUMN qty;

-- expect: allow
-- not: validate-combined-with-strong-alter
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn, VALIDATE CONSTRAINT email_nn;

-- expect: allow
-- not: validate-combined-with-strong-alter
ALTER TABLE orders VALIDATE CONSTRAINT email_nn, ADD COLUMN c int;

-- expect: allow
-- not: validate-combined-with-strong-alter
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn, ALTER COLUMN qty SET STATISTICS 500;

-- ---- data changes ----

-- expect: reject backfill-in-ddl-transaction
-- facts: separate
BEGIN; ALTER TABLE orders ADD COLUMN c int; UPDATE orders SET c = 0 WHERE c IS NULL; COMMIT;

-- expect: reject backfill-in-ddl-transaction
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 0 WHERE b = 'x'; COMMIT;

-- expect: reject backfill-in-ddl-transaction, update-without-where
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 0; COMMIT;

-- expect: reject backfill-in-ddl-transaction, update-without-where
-- facts: in_transaction
-- held: ACCESS EXCLUSIVE orders
UPDATE orders SET qty = 0;

-- expect: reject backfill-in-ddl-transaction, delete-without-where
-- facts: in_transaction
-- held: ACCESS EXCLUSIVE users
-- hint: DELETE FROM "public"."orders"
DELETE FROM orders;

-- expect: allow
-- not: backfill-in-ddl-transaction
-- facts: separate, unknown
ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 0 WHERE b = 'x';

-- expect: allow
-- not: backfill-in-ddl-transaction, statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 0 WHERE id = 7; COMMIT;

-- expect: allow
-- not: backfill-in-ddl-transaction, statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; INSERT INTO schema_migrations (version) VALUES ('1'); COMMIT;

-- expect: allow
-- not: backfill-in-ddl-transaction, statement-after-access-exclusive
-- facts: separate
BEGIN; ALTER TABLE orders ADD COLUMN c int; UPDATE small_t SET a = 0 WHERE b = 'x'; COMMIT;

-- expect: allow
-- not: backfill-in-ddl-transaction
-- facts: separate, unknown
BEGIN; CREATE TABLE n (id int); INSERT INTO n SELECT id FROM t; UPDATE n SET id = 0 WHERE id > 5; COMMIT;

-- expect: allow
-- not: backfill-in-ddl-transaction, statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; UPDATE alembic_version SET version_num = 'b' WHERE alembic_version.version_num = 'a'; COMMIT;

-- SHARE of an index that is built keeps writes off as well; on another table a file cannot tell

-- expect: reject create-unique-index, backfill-in-ddl-transaction
-- facts: separate, unknown
BEGIN; CREATE UNIQUE INDEX i ON t (lower(c)); UPDATE t SET c = NULL WHERE c = ''; COMMIT;

-- expect: rewrite create-index-non-concurrent
-- not: backfill-in-ddl-transaction
-- facts: separate, unknown
BEGIN; CREATE INDEX i ON t (c); UPDATE u SET c = NULL WHERE c = ''; UPDATE t SET c = NULL WHERE id = 4; COMMIT; UPDATE t SET c = NULL WHERE c = '';

-- ---- long statements behind the lock ----

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; SELECT count(*) FROM u; COMMIT;

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; INSERT INTO u SELECT t.a FROM t; COMMIT;

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; INSERT INTO u SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a); COMMIT;

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; INSERT INTO u SELECT a FROM t WHERE b IS NOT NULL AND b <> ''; COMMIT;

-- a condition that joins leaves as many rows as the ON of a JOIN

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; CREATE TABLE n (id int); ALTER TABLE t ADD COLUMN c int; INSERT INTO n (id) SELECT u.id FROM u, v WHERE u.v_id = v.id AND u.b IS NOT NULL ON CONFLICT DO NOTHING; COMMIT;

-- expect: allow
-- not: statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; CREATE TABLE n (id int); ALTER TABLE t ADD COLUMN c int; INSERT INTO n (id) SELECT u.id FROM u, v WHERE u.v_id = v.id AND u.b = 'x'; INSERT INTO n (id) SELECT u.id FROM u WHERE u.a = u.b; INSERT INTO n (id) SELECT u.id FROM u, v WHERE u.a < v.a; COMMIT;

-- expect: allow
-- not: statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; INSERT INTO u SELECT a FROM t WHERE b IS NOT NULL AND d = 'x'; INSERT INTO u SELECT a FROM t WHERE b IS NULL OR b <> ''; COMMIT;

-- expect: allow
-- not: statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; INSERT INTO u SELECT a FROM t WHERE b = 'x'; INSERT INTO u SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM u WHERE a = 1); INSERT INTO u SELECT a FROM t LIMIT 5; CREATE TABLE n (a int); INSERT INTO n SELECT * FROM n; COMMIT;

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; CREATE TEMP TABLE u AS WITH RECURSIVE q AS (SELECT a FROM t UNION SELECT t.a FROM t JOIN q USING (a)) SELECT a FROM q; COMMIT;

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; SELECT a INTO TEMP u FROM t; COMMIT;

-- expect: allow
-- not: statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; CREATE TEMP TABLE u AS SELECT a FROM t WHERE b = 'x'; CREATE TEMP TABLE v AS SELECT a FROM t WITH NO DATA; CREATE TEMP TABLE w AS SELECT a FROM t LIMIT 0; CREATE TEMP TABLE x AS SELECT 1 AS a; COMMIT; CREATE TEMP TABLE y AS SELECT a FROM t;

-- expect: warn statement-after-access-exclusive
-- facts: separate
BEGIN; ALTER TABLE orders ADD COLUMN c int; SELECT l.* FROM logs l JOIN users USING (id); COMMIT;

-- expect: allow
-- not: statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; SELECT setval('s', (SELECT max(id) FROM t)); SELECT setval('s', max(id)) FROM t; SELECT 1 FROM u WHERE id = 1; SELECT * FROM u LIMIT 1; SELECT relname FROM pg_class; SELECT * FROM information_schema.tables; COMMIT;

-- expect: allow
-- not: statement-after-access-exclusive
-- facts: separate
BEGIN; ALTER TABLE orders ADD COLUMN c int; SELECT * FROM small_t; COMMIT; SELECT * FROM logs;

-- expect: warn statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; UPDATE u SET c = 0 WHERE b = 'x'; COMMIT;

-- expect: warn statement-after-access-exclusive
-- facts: in_transaction
-- held: ACCESS EXCLUSIVE users
ALTER TABLE orders VALIDATE CONSTRAINT phone_nn;

-- expect: allow
-- not: statement-after-access-exclusive, wide-lock-window
-- facts: separate
BEGIN; ALTER TABLE orders ADD COLUMN c int; ALTER TABLE orders ADD COLUMN d int; COMMENT ON COLUMN orders.d IS 'x'; COMMIT;

-- expect: allow
-- not: statement-after-access-exclusive
-- facts: separate, unknown
BEGIN; ALTER TABLE t ADD COLUMN c int; CREATE TABLE n (id int); CREATE INDEX i ON n (id); COMMIT;

-- ---- several tables ----

-- an index of the table is no other table

-- expect: allow
-- not: wide-lock-window
-- facts: separate
BEGIN; ALTER TABLE small_t ADD COLUMN c int; ALTER TABLE small_t ALTER COLUMN a TYPE bigint; COMMIT;

-- expect: warn wide-lock-window
-- facts: separate
-- hint: LOCK TABLE "public"."logs", "public"."orders" IN
BEGIN; ALTER TABLE orders ADD COLUMN c int; ALTER TABLE logs ADD COLUMN c int; COMMIT;

-- orders refers to users: a client locks them in that order

-- expect: warn wide-lock-window
-- facts: in_transaction
-- held: ACCESS EXCLUSIVE users
-- hint: LOCK TABLE "public"."orders", "public"."users" IN
ALTER TABLE orders ADD COLUMN c int;

-- expect: warn wide-lock-window
ALTER TABLE orders ADD COLUMN c int; ALTER TABLE logs ADD COLUMN c int;

-- reads go on under what a foreign key or a trigger takes

-- expect: allow
-- not: wide-lock-window
-- facts: separate
BEGIN; ALTER TABLE logs ADD COLUMN c int; CREATE TABLE n (id int REFERENCES users); COMMIT;

-- expect: allow
-- not: wide-lock-window
-- facts: separate
BEGIN; ALTER TABLE logs ADD COLUMN c int; CREATE TRIGGER k BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f(); COMMIT;

-- expect: warn wide-lock-window
-- facts: separate
BEGIN; CREATE TRIGGER k BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE logs ADD COLUMN c int; ALTER TABLE orders ADD COLUMN c int; COMMIT;

-- expect: allow
-- not: wide-lock-window
-- facts: separate
BEGIN; ALTER TABLE orders ADD COLUMN c int; COMMIT; BEGIN; ALTER TABLE logs ADD COLUMN c int; COMMIT;

-- expect: allow
-- not: wide-lock-window
-- facts: separate
ALTER TABLE orders ADD COLUMN c int; ALTER TABLE logs ADD COLUMN c int;

-- expect: allow
-- not: wide-lock-window
-- facts: separate, unknown
BEGIN; CREATE TABLE n (id int REFERENCES u); ALTER TABLE n ADD COLUMN c int; CREATE TABLE m (id int); ALTER TABLE m ADD COLUMN c int; COMMIT;

-- expect: allow
-- not: wide-lock-window
-- facts: separate
BEGIN; ALTER TABLE ONLY events ADD CONSTRAINT k CHECK (id > 0) NOT VALID; ALTER TABLE events_2025 ADD CONSTRAINT k CHECK (id > 0) NOT VALID; COMMIT;

-- expect: allow
-- not: wide-lock-window
-- facts: separate, unknown
BEGIN; ALTER TABLE s ADD COLUMN c int; ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (u_id) REFERENCES u NOT VALID; COMMIT;

-- a column with a foreign key: ACCESS EXCLUSIVE on its table, too

-- expect: warn wide-lock-window, add-column-inline-fk
-- facts: separate, unknown
BEGIN; ALTER TABLE s ADD COLUMN c int; ALTER TABLE t ADD COLUMN c int REFERENCES u; COMMIT;

-- ---- style ----

-- expect: allow multiple-alter-same-table
-- facts: separate
ALTER TABLE orders ADD COLUMN c int; ALTER TABLE public.orders ADD COLUMN d int;

-- expect: allow multiple-alter-same-table
-- facts: in_transaction
-- held: ACCESS EXCLUSIVE orders
ALTER TABLE orders ADD COLUMN c int;

-- expect: allow
-- not: multiple-alter-same-table
-- facts: separate
ALTER TABLE orders ADD COLUMN c int, ADD COLUMN d int; ALTER TABLE logs ADD COLUMN c int;

-- expect: allow
-- not: multiple-alter-same-table
-- facts: separate
ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT k;

-- ---- what a file made before ----

-- expect: allow
-- not: create-index-non-concurrent, drop-table
-- facts: separate, unknown
CREATE TABLE IF NOT EXISTS n (id int); CREATE INDEX ON n (id); DROP TABLE n;

-- expect: allow
-- not: create-index-non-concurrent
-- facts: separate, unknown
BEGIN; CREATE TABLE n (id int); INSERT INTO n VALUES (1); COMMIT; CREATE INDEX ON public.n (id);

-- expect: rewrite create-index-non-concurrent
-- facts: separate, unknown
BEGIN; CREATE TABLE n (id int); INSERT INTO n SELECT id FROM t; COMMIT; CREATE INDEX ON n (id);

-- expect: rewrite create-index-non-concurrent
-- facts: separate, unknown
CREATE TABLE a.n (id int); CREATE INDEX ON b.n (id);

-- expect: rewrite create-index-non-concurrent
-- facts: separate, unknown
BEGIN; CREATE TABLE n (id int); ROLLBACK; CREATE INDEX ON n (id);

-- expect: rewrite create-index-non-concurrent
-- facts: separate, unknown
BEGIN; SAVEPOINT a; CREATE TABLE n (id int); ROLLBACK TO a; COMMIT; CREATE INDEX ON n (id);

-- expect: allow
-- facts: separate, unknown
SET search_path = app; CREATE TABLE n (id int); CREATE INDEX ON app.n (id); RESET search_path; CREATE INDEX ON app.n (id);

-- expect: rewrite create-index-non-concurrent
-- facts: separate, unknown
CREATE TABLE n (id int); SET search_path = app; CREATE INDEX ON n (id);

-- expect: allow
-- not: create-index-non-concurrent, rename-table
-- facts: separate, unknown
CREATE TABLE n (id int); ALTER TABLE n RENAME TO m; ALTER TABLE m SET SCHEMA s; CREATE INDEX ON s.m (id);

-- expect: allow
-- not: drop-index-non-concurrent
-- facts: separate, unknown
CREATE TABLE n (id int); CREATE INDEX i ON n (id); DROP INDEX i;

-- expect: allow
-- not: drop-column, rename-column
-- facts: separate, unknown
ALTER TABLE t ADD COLUMN c int; ALTER TABLE t RENAME COLUMN c TO d; ALTER TABLE t DROP COLUMN d;

-- expect: reject drop-column
-- facts: separate, unknown
ALTER TABLE t ADD COLUMN c int; ALTER TABLE t DROP COLUMN d;

-- expect: allow
-- not: add-column-volatile-default
-- facts: separate, unknown
CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; ALTER TABLE t ADD COLUMN c int DEFAULT f();

-- expect: phase add-column-volatile-default
-- facts: separate, unknown
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER TABLE t ADD COLUMN c int DEFAULT f();

-- expect: allow
-- not: add-column-domain-with-constraint
-- facts: separate, unknown
CREATE DOMAIN d AS int; ALTER TABLE t ADD COLUMN c d;

-- expect: reject add-column-domain-with-constraint
-- facts: separate, unknown
CREATE DOMAIN d AS int CHECK (VALUE > 0); ALTER TABLE t ADD COLUMN c d;

-- expect: allow
-- not: set-not-null
-- facts: separate, unknown
ALTER TABLE t ADD CONSTRAINT k CHECK (c IS NOT NULL AND c > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k; ALTER TABLE t ALTER COLUMN c SET NOT NULL;

-- expect: phase set-not-null
-- facts: separate, unknown
ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k; ALTER TABLE t ALTER COLUMN c SET NOT NULL;

-- expect: phase set-not-null
-- facts: separate, unknown
ALTER TABLE t ADD CONSTRAINT k CHECK (c IS NOT NULL OR a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k; ALTER TABLE t ALTER COLUMN c SET NOT NULL;

-- expect: allow
-- not: fk-missing-index
-- facts: separate, unknown
CREATE INDEX CONCURRENTLY ON t (a); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (a) NOT VALID;

-- expect: warn add-column-inline-fk
-- not: wide-lock-window
-- facts: unknown, separate
BEGIN;
ALTER TABLE elsewhere ADD COLUMN a int;
ALTER TABLE elsewhere ADD COLUMN b int REFERENCES others (id);
COMMIT;

-- expect: reject drop-view-matview
-- not: wide-lock-window
-- facts: unknown, separate
BEGIN; ALTER TABLE orders ADD COLUMN a int; DROP VIEW v; COMMIT;

-- expect: allow
-- not: wide-lock-window
-- facts: unknown, separate
BEGIN; ALTER TABLE orders ADD COLUMN a int; DROP VIEW v; CREATE VIEW v AS SELECT 1 AS one; COMMIT;

-- whose index it is nobody knows: it may be the same table

-- expect: reject drop-index-non-concurrent
-- not: wide-lock-window
-- facts: unknown, in_transaction
DROP INDEX i; ALTER TABLE orders ADD COLUMN a int;

-- expect: reject drop-index-non-concurrent
-- not: wide-lock-window
-- facts: unknown, in_transaction
ALTER TABLE orders ADD COLUMN a int; DROP INDEX i;

-- expect: reject drop-index-non-concurrent, wide-lock-window
-- facts: in_transaction
DROP INDEX orders_tag_idx; ALTER TABLE users ADD COLUMN a int;

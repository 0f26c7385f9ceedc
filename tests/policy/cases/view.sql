-- SPDX-License-Identifier: PostgreSQL
-- Section I, and the views of section F.  Format: see test_golden.c.

-- expect: reject drop-view-matview
DROP VIEW v_orders;

-- expect: reject drop-view-matview
DROP MATERIALIZED VIEW totals;

-- expect: reject drop-view-matview
DROP VIEW v_orders; CREATE VIEW other AS SELECT 1;

-- expect: allow
-- not: drop-view-matview
DROP VIEW v_orders; CREATE VIEW v_orders AS SELECT 1 AS one;

-- expect: allow
-- not: drop-view-matview
-- facts: separate, unknown
BEGIN; DROP VIEW v; CREATE VIEW v AS SELECT 1 AS one; COMMIT;

-- expect: reject drop-view-matview
-- facts: separate, unknown
BEGIN; DROP VIEW v CASCADE; CREATE VIEW v AS SELECT 1 AS one; COMMIT;

-- expect: reject drop-view-matview
-- facts: unknown
DROP VIEW v, w; CREATE VIEW v AS SELECT 1 AS one;

-- expect: allow
-- not: drop-view-matview
-- facts: unknown
DROP VIEW v, w; CREATE VIEW w AS SELECT 1 AS one; CREATE VIEW v AS SELECT 1 AS one;

-- expect: allow
-- not: drop-view-matview
DROP VIEW IF EXISTS missing, v_orders; CREATE VIEW v_orders AS SELECT 1 AS one;

-- without a transaction there is a moment between them

-- expect: reject drop-view-matview
-- facts: separate
DROP VIEW v_orders; CREATE VIEW v_orders AS SELECT 1 AS one;

-- expect: reject drop-view-matview
-- facts: separate, unknown
BEGIN; DROP VIEW v; COMMIT; CREATE VIEW v AS SELECT 1 AS one;

-- expect: allow
-- not: drop-view-matview
DROP VIEW IF EXISTS missing;

-- expect: allow
-- not: drop-view-matview
-- facts: unknown, separate
CREATE VIEW v AS SELECT 1 AS one; DROP VIEW v;

-- expect: reject drop-view-matview
-- facts: unknown, separate
CREATE VIEW v AS SELECT 1 AS one; DROP VIEW v; DROP VIEW v;

-- people stands in for a table that is being changed

-- expect: reject table-under-change
-- hint: SELECT phasegate.release(id)
ALTER TABLE people ADD COLUMN a int;

-- expect: reject table-under-change
CREATE INDEX ON people (a);

-- expect: reject rename-table, table-under-change
ALTER TABLE people RENAME TO persons;

-- expect: reject drop-table, table-under-change
DROP TABLE people;

-- expect: allow
-- not: table-under-change
UPDATE people SET a = 1;

-- expect: allow
-- not: table-under-change
LOCK TABLE people IN ROW SHARE MODE;

-- expect: reject table-under-change
CREATE VIEW v AS SELECT * FROM people;

-- expect: reject table-under-change
CREATE OR REPLACE VIEW missing AS SELECT * FROM people;

-- expect: reject table-under-change
CREATE MATERIALIZED VIEW v AS SELECT * FROM people;

-- expect: reject table-under-change
CREATE FUNCTION f() RETURNS SETOF people LANGUAGE sql AS 'TABLE people';

-- expect: reject table-under-change
REVOKE SELECT ON orders, people FROM app;

-- expect: allow
-- not: table-under-change
GRANT EXECUTE ON FUNCTION people TO app;

-- expect: allow
-- not: table-under-change
CREATE TABLE n AS SELECT * FROM people;

-- expect: reject table-under-change
COMMENT ON COLUMN people.a IS 'x';

-- a column of retyped is being replaced

-- expect: reject column-under-change
-- hint: SELECT phasegate.abort(id)
ALTER TABLE retyped ALTER COLUMN a SET DEFAULT 1;

-- expect: reject column-under-change
CREATE INDEX CONCURRENTLY ON retyped (a);

-- expect: reject column-under-change
GRANT SELECT (a) ON retyped TO app;

-- expect: reject column-under-change
COMMENT ON COLUMN retyped.a IS 'x';

-- expect: reject column-under-change
CREATE VIEW v AS SELECT * FROM retyped;

-- expect: reject column-under-change
CREATE PUBLICATION p FOR TABLE retyped (a);

-- expect: reject column-under-change
CREATE STATISTICS st ON a, b FROM retyped;

-- expect: allow
-- not: column-under-change
ANALYZE retyped;

-- expect: reject column-under-change
COMMENT ON CONSTRAINT a_check ON retyped IS 'x';

-- expect: reject column-under-change
ALTER TABLE small ADD CONSTRAINT late FOREIGN KEY (a) REFERENCES retyped (a) NOT VALID;

-- expect: reject column-under-change
ALTER TABLE small INHERIT retyped;

-- expect: reject column-under-change
CREATE TABLE child () INHERITS (retyped);

-- of the other columns it is known what stands on them alone

-- expect: allow
-- not: column-under-change
ALTER TABLE retyped ALTER COLUMN b SET DEFAULT 'x';

-- expect: allow
-- not: column-under-change
COMMENT ON COLUMN retyped.b IS 'x';

-- expect: allow
-- not: column-under-change
COMMENT ON TABLE retyped IS 'x';

-- expect: allow
-- not: column-under-change
GRANT SELECT ON retyped TO app;

-- expect: allow
-- not: column-under-change
REVOKE SELECT (b) ON retyped FROM app;

-- expect: reject column-under-change
REVOKE SELECT ON retyped FROM app;

-- expect: allow
-- not: column-under-change
CREATE INDEX CONCURRENTLY ON retyped (b);

-- expect: reject column-under-change
CREATE INDEX CONCURRENTLY ON retyped (b) WHERE a > 0;

-- expect: reject column-under-change
CREATE INDEX CONCURRENTLY ON retyped (b) INCLUDE (a);

-- expect: allow
-- not: column-under-change
ALTER TABLE retyped ADD CONSTRAINT b_check CHECK (b <> '') NOT VALID;

-- expect: reject column-under-change
ALTER TABLE retyped ADD CONSTRAINT b_check CHECK (b <> '' OR retyped.a > 0) NOT VALID;

-- expect: allow
-- not: column-under-change
ALTER TABLE small ADD CONSTRAINT late FOREIGN KEY (a) REFERENCES retyped (b) NOT VALID;

-- expect: reject column-under-change
ALTER TABLE retyped ADD CONSTRAINT row_check CHECK (retyped IS NOT NULL) NOT VALID;

-- expect: allow
-- not: column-under-change
ALTER TABLE retyped ADD COLUMN c int;

-- expect: reject column-under-change, add-column-generated-stored
ALTER TABLE retyped ADD COLUMN c int GENERATED ALWAYS AS (a) STORED;

-- expect: allow
-- not: column-under-change
CREATE FUNCTION f(retyped) RETURNS int LANGUAGE sql AS 'SELECT 1';

-- expect: allow
-- not: column-under-change
UPDATE retyped SET a = 1 WHERE a = 2;

-- expect: rewrite refresh-matview-non-concurrent
-- hint: REFRESH MATERIALIZED VIEW CONCURRENTLY "public"."totals"
REFRESH MATERIALIZED VIEW totals;

-- expect: reject refresh-matview-non-concurrent
-- hint: CREATE UNIQUE INDEX CONCURRENTLY ON "public"."keyless"
REFRESH MATERIALIZED VIEW keyless;

-- expect: reject refresh-matview-non-concurrent
-- facts: unknown
REFRESH MATERIALIZED VIEW elsewhere;

-- expect: allow
-- not: refresh-matview-non-concurrent
REFRESH MATERIALIZED VIEW unfilled;

-- expect: allow
-- not: refresh-matview-non-concurrent
REFRESH MATERIALIZED VIEW totals WITH NO DATA;

-- expect: allow refresh-matview-concurrent
-- not: refresh-matview-non-concurrent
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;

-- expect: allow
-- not: refresh-matview-concurrent, refresh-matview-non-concurrent
CREATE MATERIALIZED VIEW n AS SELECT 1 AS one WITH NO DATA; REFRESH MATERIALIZED VIEW n;

-- expect: allow
-- not: refresh-matview-non-concurrent
-- facts: unknown, separate
CREATE MATERIALIZED VIEW IF NOT EXISTS n AS SELECT 1 AS one WITH NO DATA;
REFRESH MATERIALIZED VIEW n;

-- expect: reject refresh-matview-non-concurrent
-- facts: unknown, separate
CREATE MATERIALIZED VIEW IF NOT EXISTS n AS SELECT 1 AS one;
REFRESH MATERIALIZED VIEW n;

-- expect: allow replace-view, missing-lock-timeout
-- lock_timeout: 2000
CREATE OR REPLACE VIEW v_orders AS SELECT 1 AS one;

-- expect: allow
-- not: replace-view
CREATE OR REPLACE VIEW missing AS SELECT 1 AS one;

-- expect: allow
-- not: replace-view
CREATE VIEW n AS SELECT 1 AS one;

-- in a file it looks as far as it takes

-- expect: allow
-- not: drop-view-matview
-- facts: unknown, separate, in_transaction
DROP VIEW v; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; CREATE VIEW v AS SELECT 1 AS one;

-- expect: reject drop-view-matview
-- facts: unknown, in_transaction
DROP VIEW v; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; SELECT 1; CREATE VIEW v AS SELECT 1 AS one;

-- begun by this very transaction

-- expect: reject column-under-change
-- hint: before the TYPE
ALTER TABLE retyped_here ALTER COLUMN a SET DEFAULT 1;

-- expect: allow
-- not: column-under-change
ALTER TABLE retyped_here ALTER COLUMN b SET DEFAULT 'x';

-- expect: reject column-under-change, alter-column-type
ALTER TABLE retyped_here ALTER COLUMN a TYPE int8;

-- expect: phase alter-column-type
-- not: column-under-change
ALTER TABLE retyped ALTER COLUMN a TYPE int8;

-- expect: reject column-under-change
ALTER TABLE retyped ALTER COLUMN a TYPE int;

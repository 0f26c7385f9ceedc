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

-- expect: allow
-- not: table-under-change
CREATE VIEW v AS SELECT * FROM people;

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

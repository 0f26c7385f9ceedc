-- SPDX-License-Identifier: PostgreSQL
-- Section G.  Format: see test_golden.c.

-- expect: reject attach-partition
-- hint: ADD CONSTRAINT bounds CHECK
ALTER TABLE events ATTACH PARTITION logs FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- expect: rewrite attach-partition
-- hint: CHECK ("at" IS NOT NULL AND (("at" >= CAST('2027-01-01 UTC' AS timestamp with time zone)))
ALTER TABLE events ATTACH PARTITION events_new FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- what the bound means is known only when it runs

-- expect: reject attach-partition
ALTER TABLE events ATTACH PARTITION events_new FOR VALUES FROM (now()) TO ('2028-01-01');

-- the default partition is read, however small the new one is

-- expect: reject attach-partition
-- hint: ALTER TABLE "public"."measures_rest" ADD CONSTRAINT no_bounds
ALTER TABLE measures ATTACH PARTITION empty_t FOR VALUES FROM (1) TO (2);

-- expect: reject attach-partition
-- facts: unknown
ALTER TABLE elsewhere ATTACH PARTITION other FOR VALUES FROM (1) TO (2);

-- a new parent makes no old table new

-- expect: reject attach-partition, create-index-non-concurrent, set-not-null
-- facts: unknown, separate
CREATE TABLE fresh_p (a int, b int) PARTITION BY RANGE (a); ALTER TABLE fresh_p ATTACH PARTITION other FOR VALUES FROM (1) TO (2); CREATE INDEX ON fresh_p (a); ALTER TABLE fresh_p ALTER b SET NOT NULL;

-- expect: rewrite add-check-not-not-valid
-- facts: unknown, separate
CREATE TABLE fresh_p (b int); ALTER TABLE other INHERIT fresh_p; ALTER TABLE fresh_p ADD CHECK (b > 0);

-- expect: allow
-- not: attach-partition
-- facts: unknown, separate
CREATE TABLE fresh_p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE part (a int, b int); ALTER TABLE fresh_p ATTACH PARTITION part FOR VALUES FROM (1) TO (2); CREATE INDEX ON fresh_p (a);

-- expect: allow
-- not: attach-partition
ALTER TABLE events ATTACH PARTITION empty_t FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- expect: allow
-- not: attach-partition
ALTER TABLE events ATTACH PARTITION small_t FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- expect: allow
-- not: attach-partition
ALTER TABLE events ATTACH PARTITION fresh_t FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- expect: allow
-- not: attach-partition
ALTER TABLE rooms ATTACH PARTITION empty_t FOR VALUES FROM (1) TO (2);

-- expect: allow
-- not: attach-partition
CREATE TABLE n (LIKE events); ALTER TABLE events ATTACH PARTITION n FOR VALUES FROM (1) TO (2);

-- expect: allow
-- not: attach-partition
-- facts: unknown, separate
ALTER TABLE elsewhere ADD CONSTRAINT k CHECK (at >= '2027-01-01' AND at < '2028-01-01') NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE parts ATTACH PARTITION elsewhere FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- one that says something else is of no use

-- expect: reject attach-partition
-- facts: unknown, separate
ALTER TABLE elsewhere ADD CONSTRAINT k CHECK (qty > 0) NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE parts ATTACH PARTITION elsewhere FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- expect: reject attach-partition
-- facts: unknown, separate
ALTER TABLE elsewhere ADD CONSTRAINT k CHECK (at >= '2027-01-01' AND at < '2029-01-01') NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE parts ATTACH PARTITION elsewhere FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- expect: allow
-- not: attach-partition
-- facts: unknown, separate
ALTER TABLE elsewhere ADD CONSTRAINT k CHECK (id IS NOT NULL AND id BETWEEN 1 AND 1000) NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE parts ATTACH PARTITION elsewhere FOR VALUES FROM (1) TO (1001);

-- expect: allow
-- not: attach-partition
-- facts: unknown, separate
ALTER TABLE elsewhere ADD CONSTRAINT k CHECK (region = 'eu') NOT VALID;
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE parts ATTACH PARTITION elsewhere FOR VALUES IN ('eu', 'uk');

-- what an earlier file added nobody sees here

-- expect: allow
-- not: attach-partition
-- facts: unknown, separate
ALTER TABLE elsewhere VALIDATE CONSTRAINT k;
ALTER TABLE parts ATTACH PARTITION elsewhere FOR VALUES FROM (1) TO (1001);

-- CHECKs say it already

-- expect: allow missing-lock-timeout
-- not: attach-partition
-- lock_timeout: 2000
ALTER TABLE numbers ATTACH PARTITION numbers_new FOR VALUES FROM (0) TO (100);

-- expect: allow missing-lock-timeout
-- not: create-partition-of
CREATE TABLE n PARTITION OF numbers FOR VALUES FROM (0) TO (100);

-- of the table alone, of the default partition alone, of neither

-- expect: rewrite attach-partition
-- plan: ALTER TABLE "public"."numbers_rest" ADD CONSTRAINT
ALTER TABLE numbers ATTACH PARTITION numbers_new FOR VALUES FROM (0) TO (200);

-- expect: rewrite attach-partition
-- plan: ALTER TABLE "public"."numbers_new" ADD CONSTRAINT
ALTER TABLE numbers ATTACH PARTITION numbers_new FOR VALUES FROM (10) TO (20);

-- expect: rewrite attach-partition
ALTER TABLE numbers ATTACH PARTITION numbers_new FOR VALUES FROM (-10) TO (20);

-- expect: rewrite detach-partition
-- hint: ALTER TABLE "public"."events" DETACH PARTITION "public"."events_2025" CONCURRENTLY
ALTER TABLE events DETACH PARTITION events_2025;

-- expect: reject detach-partition
-- facts: unknown
ALTER TABLE elsewhere DETACH PARTITION other;

-- expect: allow
-- not: detach-partition
ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;

-- expect: allow
-- not: detach-partition
ALTER TABLE events DETACH PARTITION events_2025 FINALIZE;

-- there is no concurrent form

-- expect: allow missing-lock-timeout
-- not: detach-partition
-- lock_timeout: 2000
ALTER TABLE measures DETACH PARTITION measures_rest;

-- expect: allow
-- not: detach-partition
-- facts: server=130014
ALTER TABLE events DETACH PARTITION events_2025;

-- expect: rewrite create-partition-of
-- hint: CREATE TABLE "public"."n" (LIKE "public"."measures" INCLUDING DEFAULTS
CREATE TABLE n PARTITION OF measures FOR VALUES FROM (1) TO (2);

-- expect: reject create-partition-of
CREATE FOREIGN TABLE n PARTITION OF measures FOR VALUES FROM (1) TO (2) SERVER far;

-- expect: reject create-partition-of
-- facts: unknown
CREATE TABLE n PARTITION OF elsewhere FOR VALUES FROM (1) TO (2);

-- expect: reject create-partition-of
-- facts: unknown, separate
ALTER TABLE elsewhere ADD COLUMN a int;
CREATE TABLE n PARTITION OF elsewhere FOR VALUES FROM (1) TO (2);

-- expect: allow missing-lock-timeout
-- not: create-partition-of
-- lock_timeout: 2000
CREATE TABLE n PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- expect: allow
-- not: create-partition-of
CREATE TABLE n PARTITION OF rooms FOR VALUES FROM (1) TO (2);

-- expect: allow
-- not: create-partition-of
-- facts: unknown
CREATE TABLE m (id int) PARTITION BY RANGE (id);
CREATE TABLE n PARTITION OF m FOR VALUES FROM (1) TO (2);

-- expect: reject drop-table, drop-partition
DROP TABLE events_2025;

-- expect: reject drop-table
-- not: drop-partition
DROP TABLE orders;

-- expect: allow
-- not: drop-partition
DROP TABLE IF EXISTS missing;

-- expect: allow partitioning-policy
CREATE TABLE n (id int) PARTITION BY HASH (id);

-- expect: allow
-- not: partitioning-policy
CREATE TABLE n (id int);

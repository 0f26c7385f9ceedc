# SPDX-License-Identifier: PostgreSQL
"""The statements that have a safe form, those that have none, and the tables they are about."""

ROWS = 1200  # more than a batch

BASE = f"""
CREATE TABLE u (id int PRIMARY KEY, v text UNIQUE);
INSERT INTO u SELECT i, i FROM generate_series(1, 10) i;
CREATE TABLE t (id int PRIMARY KEY, a int, b text DEFAULT 'x', c int NOT NULL DEFAULT 0, "Odd ""name" int);
INSERT INTO t SELECT i, i, i, i, i FROM generate_series(1, {ROWS}) i;
CREATE TABLE keyless (a int NOT NULL, b int);
INSERT INTO keyless SELECT i, i FROM generate_series(1, {ROWS}) i;
CREATE TABLE p (id int, k int, a int) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (2000) PARTITION BY LIST (k);
CREATE TABLE p2a PARTITION OF p2 FOR VALUES IN (1001);
CREATE TABLE p2b PARTITION OF p2 DEFAULT;
CREATE TABLE pd PARTITION OF p DEFAULT;
INSERT INTO p SELECT i, i, i % 10 + 1 FROM generate_series(1, {ROWS}) i;
CREATE TABLE parent (a int);
CREATE TABLE child (extra int) INHERITS (parent);
INSERT INTO child SELECT i FROM generate_series(1, 100) i;
"""

# A setup that begins with PARTITIONS has these besides.
PARTITIONS = f"""
CREATE TABLE dates (at timestamptz NOT NULL, n int CHECK (n >= 0), v text, PRIMARY KEY (at, n), UNIQUE (n, at))
    PARTITION BY RANGE (at);
CREATE INDEX ON dates (n, lower(v)) WHERE n > 5;
CREATE INDEX ON dates (n);
ALTER TABLE dates ADD FOREIGN KEY (v) REFERENCES u (v);
CREATE TABLE dates_old PARTITION OF dates FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE dates_rest PARTITION OF dates DEFAULT;
CREATE TABLE new_dates (n int NOT NULL CONSTRAINT dates_n_check CHECK (n >= 0), v text, at timestamptz NOT NULL);
INSERT INTO new_dates SELECT i, i % 10 + 1, '2024-01-01'::timestamptz + i * interval '1 minute'
    FROM generate_series(1, {ROWS}) i;
INSERT INTO dates SELECT '2022-01-01'::timestamptz + i * interval '1 minute', i, 1 FROM generate_series(1, {ROWS}) i;
CREATE TABLE pairs (a int, b int, c int) PARTITION BY RANGE (a, b);
CREATE TABLE pairs_rest PARTITION OF pairs DEFAULT;
CREATE TABLE new_pairs (LIKE pairs);
INSERT INTO new_pairs SELECT 1, i, i FROM generate_series(1, 500) i;
CREATE TABLE kinds (kind varchar(5), n int) PARTITION BY LIST (kind);
CREATE INDEX ON kinds (n);
CREATE TABLE kinds_rest PARTITION OF kinds DEFAULT;
CREATE TABLE new_kind (LIKE kinds INCLUDING INDEXES);
INSERT INTO new_kind SELECT 'a', i FROM generate_series(1, 500) i;
CREATE TABLE hashed (id int) PARTITION BY HASH (id);
CREATE TABLE hashed1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE new_hashed (LIKE hashed);
CREATE TABLE flags (f bool, n int) PARTITION BY LIST (f);
CREATE TABLE flags_rest PARTITION OF flags DEFAULT;
CREATE TABLE new_flags (LIKE flags);
INSERT INTO new_flags SELECT true, i FROM generate_series(1, 500) i;
CREATE TABLE texts (v text) PARTITION BY HASH (v);
CREATE TABLE new_texts (LIKE texts);
CREATE TABLE plain (id int, v text, CHECK (id <> 13)) PARTITION BY RANGE (id);
CREATE TABLE plain1 PARTITION OF plain FOR VALUES FROM (0) TO (1000);
CREATE TABLE plain2 PARTITION OF plain FOR VALUES FROM (1000) TO (2000) PARTITION BY LIST (v);
CREATE TABLE plain2a PARTITION OF plain2 FOR VALUES IN ('a', 'b');
CREATE TABLE new_below (id int, v text, CONSTRAINT plain_id_check CHECK (id <> 13));
INSERT INTO plain SELECT i, 'a' FROM generate_series(20, {ROWS}) i;
CREATE MATERIALIZED VIEW totals AS SELECT a, count(*) FROM t GROUP BY a;
CREATE UNIQUE INDEX totals_a ON totals (a);
CREATE MATERIALIZED VIEW unkeyed AS SELECT a FROM t;
"""

# Likewise one that begins with DOMAINS.
DOMAINS = f"""
CREATE DOMAIN amount AS int;
CREATE DOMAIN price AS amount CHECK (VALUE < 100000);
CREATE DOMAIN "Odd ""kind" AS varchar(10);
CREATE TABLE amounts (a amount, b int, "A ""b" "Odd ""kind");
INSERT INTO amounts SELECT nullif(i, 7), i, 'a' || i FROM generate_series(1, {ROWS}) i;
CREATE TABLE prices (p price, a amount) PARTITION BY LIST (p);
CREATE TABLE prices_rest PARTITION OF prices DEFAULT;
INSERT INTO prices SELECT i, i FROM generate_series(1, {ROWS}) i;
CREATE MATERIALIZED VIEW seen AS SELECT a FROM amounts WHERE a > 0;
CREATE MATERIALIZED VIEW unseen AS SELECT a FROM amounts WITH NO DATA;
"""

# Likewise one that begins with ENUMS.
ENUMS = f"""
CREATE TYPE mood AS ENUM ('sad', 'fair', 'it''s "Odd"', 'glad');
CREATE DOMAIN mine AS mood;
CREATE TABLE e (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'fair', d mine DEFAULT 'fair', l mood[] DEFAULT '{{sad}}', ld mine[], "M ""x" mood);
CREATE INDEX ON e (m);
CREATE INDEX named ON e (id) WHERE m = 'glad';
INSERT INTO e (id, m, d, l, ld, "M ""x") SELECT i, (enum_range(NULL::mood))[i % 4 + 1], (enum_range(NULL::mood))[i % 4 + 1],
    CASE WHEN i % 5 > 0 THEN ARRAY[(enum_range(NULL::mood))[i % 4 + 1], NULL, 'sad'] END, ARRAY['fair', 'fair']::mine[], (enum_range(NULL::mood))[i % 5 + 1]
    FROM generate_series(1, {ROWS}) i;
CREATE TABLE ep (k int, m mood DEFAULT 'fair') PARTITION BY LIST (k);
CREATE TABLE ep1 PARTITION OF ep FOR VALUES IN (1);
CREATE TABLE ep2 PARTITION OF ep (m DEFAULT 'glad') DEFAULT;
INSERT INTO ep SELECT i % 3, (enum_range(NULL::mood))[i % 4 + 1] FROM generate_series(1, {ROWS}) i;
CREATE TABLE "E x" (m mood);
CREATE VIEW seen AS SELECT m FROM e WHERE m IN ('sad', 'glad');
CREATE MATERIALIZED VIEW kept AS SELECT m FROM e;
"""

LONG = "a_table_whose_name_is_long_enough_to_be_cut"
LONG_COLUMN = "a_column_that_is_rather_long_as_well"

# (setup besides BASE, statement)
PLANNED = [
    # SET NOT NULL
    ("", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"),
    ("UPDATE t SET b = NULL WHERE id % 3 = 0", "ALTER TABLE t ALTER b SET NOT NULL"),
    ("", 'ALTER TABLE t ALTER COLUMN "Odd ""name" SET NOT NULL'),
    ("", "ALTER TABLE p ALTER COLUMN a SET NOT NULL"),
    ("ALTER TABLE p ALTER a SET DEFAULT 7; UPDATE p SET a = NULL WHERE id < 50",
     "ALTER TABLE p ALTER COLUMN a SET NOT NULL"),
    ("", "ALTER TABLE parent ALTER COLUMN a SET NOT NULL"),
    # ALTER COLUMN TYPE
    ("", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("", "ALTER TABLE t ALTER COLUMN c TYPE numeric(12, 2)"),
    ("", 'ALTER TABLE t ALTER COLUMN "Odd ""name" TYPE text'),
    ("", 'ALTER TABLE t ALTER b TYPE varchar(10) COLLATE "C" USING upper(b)'),
    ("", "ALTER TABLE t ALTER c TYPE int USING a + c"),
    ("", "ALTER TABLE keyless ALTER a TYPE bigint"),
    ("UPDATE t SET a = NULL WHERE id < 20; ALTER TABLE t ALTER a SET DEFAULT 7",
     "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("CREATE INDEX i ON t (a DESC, c) INCLUDE (b) WHERE a > 5; CREATE UNIQUE INDEX j ON t ((a + 1), abs(a)) WITH (fillfactor = 70);"
     "CREATE INDEX k ON t (c) INCLUDE (a); COMMENT ON INDEX i IS 'why'", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("ALTER TABLE t ADD CONSTRAINT uni UNIQUE (a, c) INCLUDE (b) DEFERRABLE INITIALLY DEFERRED, ADD UNIQUE (a);"
     "COMMENT ON CONSTRAINT uni ON t IS 'a pair'", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("", "ALTER TABLE t ALTER COLUMN id TYPE bigint"),
    ("ALTER TABLE t ADD CHECK (a > 0 AND c >= 0), ADD CONSTRAINT later CHECK (a < c + 100000) NOT VALID,"
     "ADD CONSTRAINT here CHECK (a > -5) NO INHERIT; COMMENT ON CONSTRAINT here ON t IS 'only here'",
     "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("UPDATE t SET a = a % 10 + 1; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u ON DELETE SET NULL (a) DEFERRABLE",
     "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("CREATE SEQUENCE own OWNED BY t.a; ALTER TABLE t ALTER a SET DEFAULT nextval('own')",
     "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("COMMENT ON COLUMN t.a IS 'it''s'; ALTER TABLE t ALTER a SET STATISTICS 500, ALTER a SET (n_distinct = 5);"
     "GRANT SELECT (a), UPDATE (a) ON t TO app; GRANT SELECT (a) ON t TO PUBLIC; GRANT REFERENCES (a) ON t TO app WITH GRANT OPTION",
     "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    # renames
    ("", "ALTER TABLE t RENAME TO t2"),
    ("GRANT SELECT, INSERT ON t TO app; GRANT SELECT ON t TO PUBLIC; GRANT UPDATE (a) ON t TO app WITH GRANT OPTION;"
     "ALTER TABLE t OWNER TO app", "ALTER TABLE t RENAME TO \"T 2\""),
    ("", "ALTER TABLE p RENAME TO p_new"),
    ("CREATE SCHEMA IF NOT EXISTS aside; DROP TABLE IF EXISTS aside.t", "ALTER TABLE t SET SCHEMA aside"),
    ("", "ALTER TABLE t RENAME COLUMN a TO amount"),
    ('GRANT SELECT ("Odd ""name") ON t TO app; CREATE VIEW v AS SELECT * FROM t; CREATE INDEX ON t ("Odd ""name")',
     'ALTER TABLE t RENAME COLUMN "Odd ""name" TO even'),
    ("", "ALTER TABLE p RENAME a TO b"),
    # drops
    ("", "ALTER TABLE t DROP COLUMN a"),
    ("CREATE INDEX i ON t (a) INCLUDE (c); CREATE INDEX j ON t (a, (c + 1)); CREATE UNIQUE INDEX k ON t (id) WHERE c > 0",
     "ALTER TABLE t DROP COLUMN c"),
    ("UPDATE t SET a = a % 10 + 1; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u, ADD UNIQUE (a, id), ADD CHECK (a > c - 100000)",
     "ALTER TABLE t DROP COLUMN a"),
    ("ALTER TABLE t ALTER c DROP DEFAULT", "ALTER TABLE t DROP COLUMN c"),
    ("", "ALTER TABLE p DROP COLUMN a"),
    ("UPDATE t SET a = a % 10 + 1; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u, ADD FOREIGN KEY (c) REFERENCES t", "DROP TABLE t"),
    ("", "DROP TABLE p"),
    # ADD COLUMN
    ("", "ALTER TABLE t ADD COLUMN n float8 DEFAULT random()"),
    ("", "ALTER TABLE t ADD COLUMN n uuid NOT NULL DEFAULT gen_random_uuid()"),
    ("", "ALTER TABLE t ADD COLUMN n text COLLATE \"C\" DEFAULT clock_timestamp()::text NOT NULL CHECK (n > '')"),
    ("", "ALTER TABLE keyless ADD COLUMN n uuid DEFAULT gen_random_uuid()"),
    ("", "ALTER TABLE t ADD COLUMN n serial"),
    ("", "ALTER TABLE t ADD n bigserial UNIQUE"),
    ("", "ALTER TABLE keyless ADD COLUMN id bigserial PRIMARY KEY"),
    ("", "ALTER TABLE keyless ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    ("", "ALTER TABLE t ADD COLUMN n int GENERATED BY DEFAULT AS IDENTITY (START WITH 50 INCREMENT BY 5)"),
    ("", "ALTER TABLE t ADD COLUMN n int GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY -1)"),
    ("CREATE SEQUENCE t_n_seq", "ALTER TABLE t ADD COLUMN n smallserial"),
    ("", "ALTER TABLE t ADD COLUMN n int CHECK (n > 0)"),
    ("", "ALTER TABLE t ADD COLUMN n int DEFAULT 5 NOT NULL CHECK (n > 0)"),
    ("", "ALTER TABLE t ADD COLUMN n int CONSTRAINT named CHECK (n > a)"),
    ("", "ALTER TABLE t ADD COLUMN n int REFERENCES u ON DELETE CASCADE DEFERRABLE"),
    ("", "ALTER TABLE t ADD COLUMN n int DEFAULT 5 REFERENCES u (id)"),
    ("", "ALTER TABLE t ADD COLUMN n int UNIQUE DEFERRABLE INITIALLY DEFERRED"),
    ("", "ALTER TABLE t ADD COLUMN n int DEFAULT (1 + random() * 8)::int CHECK (n > 0) REFERENCES u"),
    ("", "ALTER TABLE p ADD COLUMN n uuid NOT NULL DEFAULT gen_random_uuid()"),
    ("", "ALTER TABLE p ADD COLUMN n serial"),
    ("", "ALTER TABLE p ADD COLUMN n int CHECK (n > 0)"),
    (f"CREATE TABLE {LONG} (a int); INSERT INTO {LONG} VALUES (1), (2)",
     f"ALTER TABLE {LONG} ADD COLUMN {LONG_COLUMN} serial UNIQUE"),
    # constraints
    ("", "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0)"),
    ("", "ALTER TABLE t ADD CHECK (a > 0)"),
    ("", "ALTER TABLE t ADD CHECK (a > 0 AND c >= 0)"),
    ("ALTER TABLE t ADD CHECK (a > -1)", "ALTER TABLE t ADD CHECK (a > 0)"),
    ("", "ALTER TABLE t ADD CHECK (a > 0) NO INHERIT"),
    ("", "ALTER TABLE p ADD CHECK (a > 0)"),
    ("UPDATE t SET a = a % 10 + 1", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u"),
    ("UPDATE t SET a = a % 10 + 1",
     "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET NULL INITIALLY DEFERRED"),
    ("", "ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES u"),
    ("", "ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) ON UPDATE CASCADE"),
    ("", "ALTER TABLE t ADD UNIQUE (a)"),
    ("", "ALTER TABLE t ADD CONSTRAINT \"Uni\" UNIQUE (a, c) INCLUDE (b) DEFERRABLE"),
    ("", "ALTER TABLE t ADD UNIQUE (a, c) INCLUDE (b)"),
    ("", "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)"),
    ("CREATE INDEX t_a_key ON t (a)", "ALTER TABLE t ADD UNIQUE (a)"),
    ("", "ALTER TABLE keyless ADD PRIMARY KEY (a)"),
    ("", "ALTER TABLE keyless ADD CONSTRAINT k PRIMARY KEY (b, a)"),
    ("CREATE UNIQUE INDEX kb ON keyless (b)", "ALTER TABLE keyless ADD CONSTRAINT k PRIMARY KEY USING INDEX kb"),
    ("CREATE UNIQUE INDEX kb ON keyless (b)", "ALTER TABLE keyless ADD PRIMARY KEY USING INDEX kb"),
    # indexes
    ("", "CREATE INDEX ON t (a)"),
    ("", "CREATE INDEX i ON t (a, c) INCLUDE (b) WHERE a > 5"),
    ("", "CREATE INDEX ON t (a, c) INCLUDE (b)"),
    ("", "CREATE UNIQUE INDEX ON t (lower(b)) WITH (fillfactor = 70)"),
    ("", "CREATE INDEX ON t ((a + 1), a DESC, (lower(b)), substr(b, 1, 2), (a + 2))"),
    ("", 'CREATE INDEX ON t USING hash ("Odd ""name")'),
    ("CREATE INDEX t_a_idx ON t (c)", "CREATE INDEX ON t (a)"),
    ("", "CREATE INDEX IF NOT EXISTS i ON t USING brin (a)"),
    ("", "CREATE INDEX ON p (a)"),
    ("", "CREATE UNIQUE INDEX i ON p (id, k)"),
    ("CREATE TABLE p1_a_idx (x int)", "CREATE INDEX ON p (a)"),
    (f"CREATE TABLE {LONG} (a int, {LONG_COLUMN} int)", f"CREATE INDEX ON {LONG} ({LONG_COLUMN}, a)"),
    ("CREATE INDEX i ON t (a)", "DROP INDEX i"),
    ("CREATE INDEX i ON t (a); CREATE INDEX j ON t (lower(b)) WHERE a > 1", "DROP INDEX IF EXISTS i, nowhere, j"),
    ("CREATE INDEX i ON t (a); CREATE INDEX j ON t (lower(b))", "REINDEX TABLE t"),
    ("", "REINDEX (VERBOSE) INDEX t_pkey"),
    ("", "ALTER INDEX t_pkey SET TABLESPACE elsewhere"),
    ("", "REINDEX (TABLESPACE elsewhere) TABLE t"),
    ("PARTITIONS", "REFRESH MATERIALIZED VIEW totals"),
    # domains
    ("DOMAINS", "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0)"),
    ("DOMAINS; DELETE FROM amounts WHERE a IS NULL; ALTER DOMAIN amount ADD CONSTRAINT amount_not_null_check CHECK (VALUE < 9999)",
     "ALTER DOMAIN amount SET NOT NULL"),
    ("DOMAINS", 'ALTER DOMAIN "Odd ""kind" ADD CONSTRAINT "No ""x" CHECK (VALUE <> \'x\' AND lower(VALUE) = VALUE)'),
    # enums
    ("ENUMS", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS", "ALTER TYPE s.mood RENAME VALUE 'it''s \"Odd\"' TO 'it''s \\even'"),
    # partitions
    ("PARTITIONS", "ALTER TABLE dates ATTACH PARTITION new_dates FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"),
    ("PARTITIONS; SET TimeZone = 'America/New_York'",
     "ALTER TABLE dates ATTACH PARTITION new_dates FOR VALUES FROM ('2023-12-31 19:00') TO ('2025-01-01 00:00:00+00')"),
    ("PARTITIONS; CREATE INDEX mine ON new_dates (n); ALTER TABLE new_dates ADD PRIMARY KEY (at, n)",
     "ALTER TABLE dates ATTACH PARTITION new_dates FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)"),
    ("PARTITIONS", "ALTER TABLE pairs ATTACH PARTITION new_pairs FOR VALUES FROM (1, 1) TO (1, 501)"),
    ("PARTITIONS", "ALTER TABLE pairs ATTACH PARTITION new_pairs FOR VALUES FROM (1, 1) TO (2, MINVALUE)"),
    ("PARTITIONS", "ALTER TABLE pairs ATTACH PARTITION new_pairs FOR VALUES FROM (1, MINVALUE) TO (2, 7)"),
    ("PARTITIONS", "ALTER TABLE pairs ATTACH PARTITION new_pairs FOR VALUES FROM (-5, MAXVALUE) TO (1, MAXVALUE)"),
    ("PARTITIONS", "ALTER TABLE pairs ATTACH PARTITION new_pairs FOR VALUES FROM (MINVALUE, MINVALUE) TO (MAXVALUE, MAXVALUE)"),
    ("PARTITIONS", "ALTER TABLE kinds ATTACH PARTITION new_kind FOR VALUES IN ('a')"),
    ("PARTITIONS", "ALTER TABLE kinds ATTACH PARTITION new_kind FOR VALUES IN (NULL, 'a', 'b''c')"),
    ("PARTITIONS", "ALTER TABLE flags ATTACH PARTITION new_flags FOR VALUES IN (true)"),
    ("PARTITIONS", "ALTER TABLE flags ATTACH PARTITION new_flags FOR VALUES IN (true, NULL)"),
    ("PARTITIONS; UPDATE new_flags SET f = false", "ALTER TABLE flags ATTACH PARTITION new_flags FOR VALUES IN (NULL, false)"),
    ("PARTITIONS", "ALTER TABLE hashed ATTACH PARTITION new_hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
    ("PARTITIONS", "ALTER TABLE plain2 ATTACH PARTITION new_below FOR VALUES IN ('c')"),
    ("PARTITIONS", "CREATE TABLE dates_2024 PARTITION OF dates FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"),
    ("PARTITIONS", "CREATE TABLE pairs1 PARTITION OF pairs FOR VALUES FROM (1, 1) TO (1, 9) PARTITION BY LIST (c)"),
    ("PARTITIONS", "CREATE TABLE s.kind_b PARTITION OF kinds FOR VALUES IN ('b') WITH (fillfactor = 70)"),
    ("PARTITIONS", "CREATE TABLE hashed0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
    ("PARTITIONS", "CREATE TABLE plain_rest PARTITION OF plain DEFAULT"),
    ("PARTITIONS", "ALTER TABLE plain DETACH PARTITION plain1"),
    ("PARTITIONS", "ALTER TABLE plain DETACH PARTITION plain2"),
    ("PARTITIONS", "ALTER TABLE plain2 DETACH PARTITION plain2a"),
    ("PARTITIONS", "DROP TABLE plain1"),
]

# What the plan does first and the plain statement fails without.
FILL_FIRST = {
    "ALTER TABLE t ALTER b SET NOT NULL": "UPDATE t SET b = 'x' WHERE b IS NULL",
    "ALTER TABLE p ALTER COLUMN a SET NOT NULL": "UPDATE p SET a = 7 WHERE a IS NULL",
}

# What has no safe form; the rule then rejects.
UNPLANNED = [
    ("CREATE VIEW v AS SELECT a FROM t", "ALTER TABLE t DROP COLUMN a"),
    ("", "ALTER TABLE t DROP COLUMN a CASCADE"),
    ("CREATE VIEW v AS SELECT a FROM t", "DROP TABLE t"),
    ("CREATE TABLE r (a int REFERENCES t)", "DROP TABLE t"),
    ("", "DROP TABLE t, keyless"),
    ("", "DROP TABLE parent"),
    ("", "ALTER TABLE t RENAME a TO b"),
    ("CREATE VIEW v AS SELECT a FROM t", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("ALTER TABLE t ADD at timestamptz", "ALTER TABLE t ALTER COLUMN at TYPE timestamp"),
    ("", "ALTER TABLE t ALTER COLUMN a TYPE int USING (random() * a)::int"),
    ("", "ALTER TABLE t ALTER COLUMN b TYPE date USING b::date"),
    ("CREATE STATISTICS st ON a, c FROM t", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("CREATE UNIQUE INDEX ri ON t (c); ALTER TABLE t REPLICA IDENTITY USING INDEX ri", "ALTER TABLE t ALTER COLUMN c TYPE bigint"),
    ("CREATE TABLE r (a int REFERENCES t)", "ALTER TABLE t ALTER COLUMN id TYPE bigint"),
    ("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := 1; RETURN NEW; END';"
     "CREATE TRIGGER \"~~\" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("", "ALTER TABLE p ALTER COLUMN a TYPE bigint"),
    ("", "ALTER TABLE child ALTER COLUMN a TYPE bigint"),
    ("", "ALTER TABLE t ADD COLUMN n int NOT NULL"),
    ("", "ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS (a + 1) STORED"),
    ("CREATE DOMAIN positive AS int CHECK (VALUE > 0)", "ALTER TABLE t ADD COLUMN n positive DEFAULT 1"),
    ("", "ALTER TABLE p ADD UNIQUE (id, k)"),
    ("", "ALTER TABLE p ADD PRIMARY KEY (id, k)"),
    ("", "ALTER TABLE p ADD COLUMN n int REFERENCES u"),
    ("", "ALTER TABLE t ADD UNIQUE (a) WITH (fillfactor = 70)"),
    ("", "ALTER TABLE ONLY p ADD CHECK (a > 0)"),
    ("", "ALTER TABLE ONLY p ALTER COLUMN a SET NOT NULL"),
    ("CREATE TABLE i (x int)", "CREATE INDEX i ON t (a)"),
    ("CREATE INDEX i ON p (a)", "DROP INDEX i"),
    ("CREATE INDEX i ON p (a)", "DROP INDEX p1_a_idx"),
    ("", "DROP INDEX t_pkey"),
    ("CREATE INDEX i ON t (a)", "DROP INDEX i CASCADE"),
    ("PARTITIONS", "ALTER TABLE dates ATTACH PARTITION new_dates FOR VALUES FROM ('2024-01-01') TO (CURRENT_TIMESTAMP)"),
    ("PARTITIONS", "ALTER TABLE dates ATTACH PARTITION new_dates FOR VALUES FROM ('1/2/2024') TO ('1/3/2024')"),
    ("PARTITIONS", "ALTER TABLE dates ATTACH PARTITION new_dates DEFAULT"),
    ("PARTITIONS; ALTER TABLE new_dates ALTER n DROP NOT NULL",
     "ALTER TABLE dates ATTACH PARTITION new_dates FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"),
    ("PARTITIONS", "ALTER TABLE texts ATTACH PARTITION new_texts FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
    ("PARTITIONS", "ALTER TABLE kinds ATTACH PARTITION new_kind FOR VALUES IN (minvalue)"),
    ("PARTITIONS", "ALTER TABLE dates DETACH PARTITION dates_old"),
    ("PARTITIONS", "ALTER TABLE plain DETACH PARTITION plain1 CONCURRENTLY"),
    ("PARTITIONS", "CREATE TABLE plain3 PARTITION OF plain (v NOT NULL) FOR VALUES FROM (2000) TO (3000)"),
    ("PARTITIONS", "CREATE TABLE plain1 PARTITION OF plain FOR VALUES FROM (2000) TO (3000)"),
    ("PARTITIONS", "DROP TABLE plain1, plain2"),
    ("PARTITIONS", "DROP TABLE dates_old"),
    ("DOMAINS", "ALTER DOMAIN amount ADD CHECK (VALUE > 0)"),
    ("DOMAINS", "ALTER DOMAIN price ADD CONSTRAINT price_check CHECK (VALUE > 0)"),
    ("DOMAINS", "ALTER DOMAIN amount VALIDATE CONSTRAINT price_check"),
    ("DOMAINS; CREATE TABLE lists (l amount[])", "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0)"),
    ("DOMAINS; CREATE TABLE wholes (w amounts[])", "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0)"),
    ("ENUMS", "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"),
    ("ENUMS; DROP INDEX named; CREATE OR REPLACE VIEW seen AS SELECT m FROM e", "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"),
    ("ENUMS; DROP VIEW seen", "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'"),
    ("ENUMS; ALTER TABLE e ADD CHECK (m <> 'fair' OR id > 0)", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; ALTER TABLE e ADD g boolean GENERATED ALWAYS AS (m = 'fair') STORED", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE POLICY p ON e USING (m = 'fair')", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE FUNCTION f(m mood DEFAULT 'fair') RETURNS mood LANGUAGE sql AS 'SELECT m'",
     "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE FUNCTION f() RETURNS mood LANGUAGE sql BEGIN ATOMIC SELECT 'fair'::mood; END",
     "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
     "CREATE TRIGGER g BEFORE UPDATE ON e FOR EACH ROW WHEN (NEW.m = 'fair') EXECUTE FUNCTION f()",
     "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; ALTER DOMAIN mine ADD CHECK (VALUE <> ALL ('{fair}'::mood[])) NOT VALID", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; ALTER DOMAIN mine SET DEFAULT 'fair'", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE UNIQUE INDEX ON e (id, m)", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE TABLE by_mood (m mood) PARTITION BY LIST (m)", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE TYPE pair AS (a mood, b int); CREATE TABLE pairs (p pair)", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE TABLE wholes (w e[])", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE DOMAIN moods AS mood[]", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; ALTER TABLE e ALTER l SET DEFAULT '{fair}'", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("ENUMS; CREATE RULE r AS ON UPDATE TO e DO INSTEAD NOTHING", "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"),
    ("CREATE TYPE lonely AS ENUM ('a')", "ALTER TYPE lonely RENAME VALUE 'a' TO 'b'"),
    ("", "REINDEX TABLE p"),
    ("", "REINDEX SCHEMA s"),
    ("PARTITIONS", "REFRESH MATERIALIZED VIEW unkeyed"),
    ("PARTITIONS", "REFRESH MATERIALIZED VIEW totals WITH NO DATA"),
]

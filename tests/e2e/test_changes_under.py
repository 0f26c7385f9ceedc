# SPDX-License-Identifier: PostgreSQL
"""
What others do to a table while a change of it is under way, and what would be lost with the column
or the view that goes in the end: refused by phasegate, found when it went past it.
"""

import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 20_000
SLOWLY = {"backfill": {"rows_per_second": 10000}}
TYPE = "ALTER TABLE t ALTER COLUMN a TYPE bigint"


@pytest.fixture
def t(direct):
    direct.execute(f"""
        CREATE TABLE r (id int PRIMARY KEY);
        INSERT INTO r SELECT generate_series(0, 100);
        CREATE TABLE t (id serial PRIMARY KEY, a int DEFAULT 3 CHECK (a >= 0), b text, UNIQUE (a, id));
        INSERT INTO t (a, b) SELECT i % 100, i FROM generate_series(1, {ROWS}) i;
        CREATE INDEX t_a ON t (a);
        COMMENT ON COLUMN t.a IS 'early';
        GRANT SELECT (a) ON t TO app;
        ANALYZE t""")
    return direct


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def filling(t):
    wait_until(lambda: one(t, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
               and one(t, "SELECT COALESCE(max(rows_changed), 0)::int8 FROM phasegate.backfill") > 0,
               "the backfill to be under way")


def becomes(t, state):
    wait_until(lambda: one(t, "SELECT state FROM phasegate.change") == state, f"the change to be {state}", timeout=30)


LOST = [
    "CREATE INDEX CONCURRENTLY late ON t (a)",
    "CREATE UNIQUE INDEX late ON t (id) WHERE a > 5",
    "ALTER TABLE t ADD CONSTRAINT late CHECK (a < 1000000) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT late FOREIGN KEY (a) REFERENCES r NOT VALID",
    "ALTER TABLE t ALTER COLUMN a SET DEFAULT 77",
    "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE t ALTER COLUMN a SET STATISTICS 9",
    "ALTER TABLE t ALTER COLUMN a SET (n_distinct = 5)",
    "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
    "COMMENT ON COLUMN t.a IS 'late'",
    "COMMENT ON INDEX t_a IS 'late'",
    "COMMENT ON CONSTRAINT t_a_check ON t IS 'late'",
    "DROP INDEX CONCURRENTLY t_a",
    "GRANT UPDATE (a) ON t TO app",
    "REVOKE SELECT (a) ON t FROM app",
    "CREATE POLICY late ON t USING (a > 0)",
    "CREATE STATISTICS late ON a, b FROM t",
    "CREATE VIEW late AS SELECT a FROM t",
    "CREATE TRIGGER late BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE PUBLICATION late FOR TABLE t",
]


KEPT_ANYWAY = [
    "UPDATE t SET b = 'x' WHERE id = 1",
    "ANALYZE t",
    "GRANT SELECT ON r TO app",
    "GRANT SELECT ON t TO app",
    "GRANT UPDATE (b) ON t TO app",
    "COMMENT ON TABLE t IS 'late'",
    "COMMENT ON COLUMN t.b IS 'late'",
    "ALTER TABLE t ALTER COLUMN b SET DEFAULT 'late'",
    "ALTER TABLE t ALTER COLUMN b SET STATISTICS 9",
    "ALTER TABLE t SET (fillfactor = 90)",
    "CREATE INDEX CONCURRENTLY t_b ON t (b)",
    "ALTER TABLE t ADD CONSTRAINT t_b_check CHECK (b <> 'late') NOT VALID",
    "ALTER TABLE t RENAME CONSTRAINT t_b_check TO t_b_check2",
    "ALTER TABLE t DROP CONSTRAINT t_b_check2",
    "ALTER TABLE t ADD COLUMN c int DEFAULT 7",
]


def test_what_would_go_with_the_column_is_refused(t, connect, start_proxy, in_background, phasegate):
    proxy = start_proxy(SLOWLY)
    change = in_background(lambda: connect(to=proxy).execute(TYPE))
    filling(t)
    phasegate("pause", 1)
    other = connect(to=proxy)
    for statement in LOST:
        with pytest.raises(psycopg.Error) as caught:
            other.execute(statement)
        assert caught.value.sqlstate == "55006", (statement, caught.value)
        assert "phasegate" in caught.value.diag.message_hint, statement
    for statement in KEPT_ANYWAY:
        other.execute(statement)
    phasegate("resume", 1)
    change.join(60)
    assert one(t, "SELECT state FROM phasegate.change") == "done"
    for statement in "COMMENT ON COLUMN t.a IS 'late'", "GRANT UPDATE (a) ON t TO app":
        other.execute(statement)


# what is done past phasegate, what is told of it, and how it is taken back
PAST = {
    "index": ("CREATE INDEX late ON t (a)", "index public.late is new", "DROP INDEX late"),
    "predicate": ("CREATE INDEX late ON t (id) WHERE a > 5", "index public.late is new", "DROP INDEX late"),
    "constraint": ("ALTER TABLE t ADD CONSTRAINT late CHECK (a < id + 1000000)", "constraint late on table public.t is new",
                   "ALTER TABLE t DROP CONSTRAINT late"),
    "default": ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 77", "default was 3 and is 77",
                "ALTER TABLE t ALTER COLUMN a SET DEFAULT 3"),
    "not null": ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "NOT NULL was false and is true",
                 "ALTER TABLE t ALTER COLUMN a DROP NOT NULL"),
    "statistics": ("ALTER TABLE t ALTER COLUMN a SET STATISTICS 9", "statistics target was",
                   "ALTER TABLE t ALTER COLUMN a SET STATISTICS -1"),
    "comment": ("COMMENT ON COLUMN t.a IS 'late'", "comment was early and is late", "COMMENT ON COLUMN t.a IS 'early'"),
    "revoke": ("REVOKE SELECT (a) ON t FROM app", "privileges was", "GRANT SELECT (a) ON t TO app"),
    "view": ("CREATE VIEW late AS SELECT a FROM t", "view public.late is new", "DROP VIEW late"),
    "dropped": ("DROP INDEX t_a", "index public.t_a is gone", "CREATE INDEX t_a ON t (a)"),
    "rows": ("CREATE TABLE holder (x t)", "column x of table public.holder", "DROP TABLE holder"),
    "rows in lists": ("CREATE TYPE pair AS (y t); CREATE TABLE holder (x pair[])", "column x of table public.holder",
                      "DROP TABLE holder; DROP TYPE pair"),
    "rows by a view": ("CREATE VIEW v AS SELECT t AS x FROM t; CREATE TABLE holder (y v)", "column y of table public.holder",
                       "DROP TABLE holder; DROP VIEW v"),
    "cluster by a key": ("ALTER TABLE t CLUSTER ON t_a_id_key", "to cluster by", "ALTER TABLE t SET WITHOUT CLUSTER"),
    "fillfactor of a key": ("ALTER INDEX t_a_id_key SET (fillfactor = 70)", "fillfactor=70",
                            "ALTER INDEX t_a_id_key RESET (fillfactor)"),
    "comment on a key's index": ("COMMENT ON INDEX t_a_id_key IS 'late'", "comment late", "COMMENT ON INDEX t_a_id_key IS NULL"),
    "cluster": ("ALTER TABLE t CLUSTER ON t_a", "to cluster by", "ALTER TABLE t SET WITHOUT CLUSTER"),
    "publication": ("CREATE PUBLICATION late FOR ALL TABLES", "publications was none and is late", "DROP PUBLICATION late"),
    "publication of a schema": ("CREATE PUBLICATION late FOR TABLES IN SCHEMA public", "publications was none and is late",
                                "DROP PUBLICATION late"),
}
KEPT = """SELECT (SELECT array_agg(c.relname ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace),
    (SELECT array_agg(pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint WHERE conrelid = 't'::regclass),
    pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.attstattarget, a.attacl::text, col_description(a.attrelid, a.attnum)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = 't'::regclass AND a.attname = 'a'"""


@pytest.mark.parametrize("kind", PAST)
def test_what_went_past_phasegate_is_not_lost(t, connect, start_proxy, in_background, phasegate, kind):
    statement, told, back = PAST[kind]
    errors, connection = [], connect(to=start_proxy(SLOWLY))
    before = t.execute(KEPT).fetchall()
    change = in_background(lambda: errors.append(pytest.raises(psycopg.Error, connection.execute, TYPE).value))
    filling(t)
    t.execute(statement)
    change.join(60)
    assert errors[0].sqlstate == "PG004" and told in errors[0].diag.message_detail, errors
    assert one(t, "SELECT state FROM phasegate.change") == "needs_attention"
    assert one(t, "SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'") == "integer"
    t.execute(back)
    phasegate("retry", 1)
    becomes(t, "done")
    assert one(t, "SELECT pg_typeof(a)::text FROM t LIMIT 1") == "bigint"
    assert t.execute(KEPT).fetchall() == before


def test_what_an_older_phasegate_did_not_record_is_no_difference(t, connect, start_proxy, in_background):
    connection = connect(to=start_proxy(SLOWLY))
    change = in_background(lambda: connection.execute(TYPE))
    filling(t)
    t.execute("UPDATE phasegate.change SET replaced = replaced #- '{state,rows stored in}' #- '{state,publications}'")
    change.join(60)
    assert one(t, "SELECT state FROM phasegate.change") == "done"


def test_what_went_past_phasegate_outlives_an_abort(t, connect, start_proxy, in_background, phasegate):
    connection = connect(to=start_proxy(SLOWLY))
    change = in_background(lambda: pytest.raises(psycopg.Error, connection.execute, TYPE))
    filling(t)
    t.execute("CREATE INDEX late ON t (a)")
    change.join(60)
    phasegate("abort", 1)
    becomes(t, "cancelled")
    assert one(t, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'late'::regclass")
    assert t.execute("SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped"
                     " ORDER BY attnum").fetchall() == [("id",), ("a",), ("b",)]


def test_the_same_statement_again_is_the_change_itself(t, connect, start_proxy, in_background):
    proxy = start_proxy(SLOWLY)
    change = in_background(lambda: connect(to=proxy).execute(TYPE))
    filling(t)
    connect(to=proxy).execute(TYPE)
    change.join(60)
    assert one(t, "SELECT count(*) FROM phasegate.change") == 1


def test_a_transaction_goes_on_after_its_own(t, connect, start_proxy):
    connection = connect(to=start_proxy())
    connection.execute("SET quote_all_identifiers = on")
    with connection.transaction():
        connection.execute(TYPE)
        connection.execute("CREATE INDEX late ON t (b)")
    becomes_all = "SELECT bool_and(state = 'done') AND count(*) = 2 FROM phasegate.change"
    wait_until(lambda: one(t, becomes_all), "both changes to be done", timeout=30)


STANDS_IN = [
    "GRANT INSERT ON t TO app",
    "REVOKE ALL ON t FROM app",
    "COMMENT ON TABLE t IS 'late'",
    "COMMENT ON COLUMN t.b IS 'late'",
    "CREATE VIEW late AS SELECT id FROM t",
    "CREATE OR REPLACE VIEW late AS SELECT id FROM t",
    "CREATE MATERIALIZED VIEW late AS SELECT id FROM t",
    "CREATE FUNCTION late() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t'",
    "CREATE FUNCTION late(t[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
]


@pytest.mark.parametrize("renames", ["TO t2", "COLUMN b TO b2"])
def test_a_view_that_stands_in_is_left_alone(t, connect, start_proxy, phasegate, renames):
    connection = connect(to=start_proxy())
    connection.execute(f"ALTER TABLE t RENAME {renames}")
    assert one(t, "SELECT state FROM phasegate.change") == "soaking"
    for statement in STANDS_IN:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(statement)
        assert caught.value.sqlstate == "PG001" and "phasegate.release" in caught.value.diag.message_hint, statement
    connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM t")
    phasegate("release", 1)
    becomes(t, "done")

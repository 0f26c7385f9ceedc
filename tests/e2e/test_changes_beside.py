# SPDX-License-Identifier: PostgreSQL
"""
What is done beside a change, in the transaction that began it and in others: what the change would
take back or be stopped by is refused, the rest goes on working.
"""

import threading

import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

TYPE = "ALTER TABLE t ALTER COLUMN a TYPE bigint"


@pytest.fixture
def t(direct):
    direct.execute("""
        CREATE TABLE t (id serial PRIMARY KEY, a int DEFAULT 3, b text);
        INSERT INTO t (a, b) SELECT i % 100, i FROM generate_series(1, 20000) i;
        ANALYZE t""")
    return direct


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def becomes(t, state):
    wait_until(lambda: one(t, f"SELECT bool_and(state = '{state}') FROM phasegate.change"), f"all changes to be {state}",
               timeout=30)


def refused(connection, statement):
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute(statement)
    assert caught.value.sqlstate == "55006", (statement, caught.value)
    return caught.value.diag.message_hint


ON_REPLACED = [
    "ALTER TABLE t ALTER COLUMN a SET DEFAULT 4",
    "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE t ALTER COLUMN a SET STATISTICS 9",
    "ALTER TABLE t ADD CONSTRAINT late CHECK (a < 1000)",
    "COMMENT ON COLUMN t.a IS 'late'",
    "GRANT SELECT (a) ON t TO app",
    "CREATE VIEW late AS SELECT a FROM t",
    TYPE,
    "ALTER TABLE t ALTER COLUMN a TYPE int8",
    "ALTER TABLE t ALTER COLUMN a TYPE int",
    "ALTER TABLE t ALTER COLUMN a TYPE text",
]
ON_OTHERS = [
    "ALTER TABLE t ALTER COLUMN b SET DEFAULT 'x'",
    "COMMENT ON COLUMN t.b IS 'kept'",
    "GRANT SELECT (b) ON t TO app",
    "CREATE INDEX kept ON t (b)",
    "UPDATE t SET a = 5 WHERE id = 1",
]


def test_behind_a_type_change_in_its_own_transaction(t, connect, start_proxy):
    connection = connect(to=start_proxy())
    with connection.transaction():
        connection.execute("COMMENT ON COLUMN t.a IS 'kept'")
        connection.execute("ALTER TABLE t ALTER COLUMN a SET DEFAULT 4")
        connection.execute(TYPE)
        for statement in ON_REPLACED:
            assert "before the TYPE" in refused(connection, statement), statement
        for statement in ON_OTHERS:
            connection.execute(statement)
    becomes(t, "done")
    assert t.execute("SELECT pg_typeof(a)::text, a FROM t WHERE id = 1").fetchone() == ("bigint", 5)
    assert t.execute("SELECT pg_get_expr(adbin, adrelid), col_description(adrelid, adnum) FROM pg_attrdef JOIN pg_attribute"
                     " ON attrelid = adrelid AND attnum = adnum WHERE adrelid = 't'::regclass AND attname = 'a'"
                     ).fetchone() == ("4", "kept")


ADDS = {
    "not null": ("ADD COLUMN u uuid DEFAULT gen_random_uuid() NOT NULL", True),
    "null": ("ADD COLUMN u uuid DEFAULT gen_random_uuid()", False),
    "constant": ("ADD COLUMN u uuid DEFAULT '00000000-0000-0000-0000-000000000001' NOT NULL CHECK (u IS NOT NULL)", True),
    "serial": ("ADD COLUMN u bigserial", True),
}


@pytest.mark.parametrize("kind", ADDS)
def test_a_default_that_its_own_transaction_drops_is_gone(t, connect, start_proxy, kind):
    add, not_null = ADDS[kind]
    connection = connect(to=start_proxy({"backfill": {"rows_per_second": 40000}}))
    with connection.transaction():
        connection.execute(f"ALTER TABLE t {add}")
        connection.execute("ALTER TABLE t ALTER COLUMN u DROP DEFAULT")
    assert default_of(t, "u") is None
    becomes(t, "done")
    assert default_of(t, "u") is None
    assert one(t, "SELECT count(*) FROM t WHERE u IS NULL") == 0
    if not_null:
        with pytest.raises(psycopg.errors.NotNullViolation):
            t.execute("INSERT INTO t (b) VALUES ('late')")
    else:
        t.execute("INSERT INTO t (b) VALUES ('late')")
        assert one(t, "SELECT u FROM t WHERE b = 'late'") is None


@pytest.mark.parametrize("kind", ["not null", "null"])
def test_writers_that_do_not_know_the_column_do_not_keep_it_from_ending(t, connect, start_proxy, in_background, kind):
    """They write faster than rows are filled.  Until the end their rows get the default."""
    add, not_null = ADDS[kind]
    proxy = start_proxy({"backfill": {"rows_per_second": 20000}})
    connection, writer = connect(to=proxy), connect(to=proxy)
    ended, failed = threading.Event(), []

    def write():
        while not ended.is_set():
            try:
                writer.execute("INSERT INTO t (b) SELECT 'new' FROM generate_series(1, 500)")
            except psycopg.Error as error:
                failed.append((error.sqlstate, one(t, "SELECT state FROM phasegate.change")))
                return

    with connection.transaction():
        connection.execute(f"ALTER TABLE t {add}")
        connection.execute("ALTER TABLE t ALTER COLUMN u DROP DEFAULT")
        thread = in_background(write)
    becomes(t, "done")
    ended.set()
    thread.join(30)
    assert failed == [] or (not_null and failed == [("23502", "done")])
    assert default_of(t, "u") is None
    assert one(t, "SELECT count(*) FROM t WHERE u IS NULL") == 0 or not not_null


def default_of(t, column):
    return one(t, f"SELECT (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)"
                  f" FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = '{column}'")


# ---- what a change keeps as it is ----

KEPT_IN_ITS_OWN = {
    "add, then NULL again": ("ALTER TABLE t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()",
                             "ALTER TABLE t ALTER COLUMN u DROP NOT NULL"),
    "NOT NULL and back": ("ALTER TABLE t ALTER COLUMN b SET NOT NULL", "ALTER TABLE t ALTER COLUMN b DROP NOT NULL"),
    "constraint and back": ("ALTER TABLE t ADD CONSTRAINT k CHECK (a < 1000)", "ALTER TABLE t DROP CONSTRAINT k"),
    "by another name": ("ALTER TABLE t ADD CONSTRAINT k CHECK (a < 1000)",
                        "ALTER TABLE t RENAME CONSTRAINT k TO k2"),
}


@pytest.mark.parametrize("kind", KEPT_IN_ITS_OWN)
def test_what_its_own_transaction_would_take_back(t, connect, start_proxy, kind):
    makes, takes = KEPT_IN_ITS_OWN[kind]
    connection = connect(to=start_proxy(), autocommit=False)
    connection.execute(makes)
    assert "phasegate abort" in refused(connection, takes)
    connection.execute("ALTER TABLE t ALTER COLUMN id DROP DEFAULT")
    connection.commit()
    becomes(t, "done")
    connection.execute(takes)
    connection.commit()


def test_a_refusal_in_a_batch_ends_in_the_policy_log(t, connect, start_proxy):
    """As one that is alone does: its decision has an outcome."""
    makes, takes = KEPT_IN_ITS_OWN["constraint and back"]
    proxy = start_proxy()
    connection = connect(to=proxy, autocommit=False)
    connection.execute(makes)
    with pytest.raises(psycopg.Error) as caught, connection.pipeline():
        connection.execute("SELECT 1")
        connection.execute(takes)
    assert caught.value.sqlstate == "55006"
    decisions = [record["seq"] for record in proxy.records() if record["event"] == "decision" and "DROP" in record["normalized"]]
    outcomes = [(record["decision"], record["sqlstate"]) for record in proxy.records() if record["event"] == "outcome"]
    assert [outcome for outcome in outcomes if outcome[0] in decisions] == [(decisions[0], "55006")]


KEPT_FROM_OTHERS = [
    "ALTER TABLE t ALTER COLUMN u DROP DEFAULT",
    "ALTER TABLE t ALTER COLUMN u DROP NOT NULL",
    "ALTER TABLE t DROP CONSTRAINT t_u_not_null_check",
]


def test_what_another_session_would_take_back(t, connect, start_proxy, in_background):
    proxy = start_proxy({"backfill": {"rows_per_second": 10000}})
    client = in_background(connect(to=proxy).execute, KEPT_IN_ITS_OWN["add, then NULL again"][0])
    wait_until(lambda: one(t, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
               and one(t, "SELECT COALESCE(max(rows_changed), 0)::int8 FROM phasegate.backfill") > 0, "the backfill")
    other = connect(to=proxy)
    hints = [refused(other, statement) for statement in KEPT_FROM_OTHERS]
    assert hints == ["Wait until it is done, or take it back: phasegate abort 1; then send the statement again."] * 3
    other.execute("ALTER TABLE t ALTER COLUMN b SET DEFAULT 'x'")
    other.execute("ALTER TABLE t ALTER COLUMN b DROP DEFAULT")
    client.join(60)
    other.execute(KEPT_FROM_OTHERS[0])
    assert default_of(t, "u") is None


# ---- several commands in one ALTER TABLE ----

SEVERAL = [
    "ADD COLUMN z int, ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()",
    "ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid(), ALTER COLUMN b SET DEFAULT 'x', ADD COLUMN z int",
    "ADD CONSTRAINT k CHECK (a < 1000), ADD COLUMN z int, ALTER COLUMN id DROP DEFAULT, ALTER COLUMN b SET NOT NULL",
]


@pytest.mark.parametrize("commands", SEVERAL)
@pytest.mark.parametrize("block", [False, True], ids=["by itself", "in a transaction"])
def test_commands_without_phases_are_carried_out_once(t, connect, start_proxy, commands, block):
    """The fill lasts longer than it takes until what is there is looked at again."""
    t.execute("CREATE TABLE twin (LIKE t INCLUDING ALL)")
    t.execute(f"ALTER TABLE twin {commands}")
    connection = connect(to=start_proxy({"backfill": {"rows_per_second": 5000}}))
    if block:
        with connection.transaction():
            connection.execute(f"ALTER TABLE t {commands}")
    else:
        connection.execute(f"ALTER TABLE t {commands}")
    becomes(t, "done")
    assert shape(t, "t") == shape(t, "twin")


def shape(t, table):
    columns = t.execute("SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
                        " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
                        f" WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1").fetchall()
    return columns, t.execute("SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint"
                              f" WHERE conrelid = '{table}'::regclass ORDER BY 1").fetchall()

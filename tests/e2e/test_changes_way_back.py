# SPDX-License-Identifier: PostgreSQL
"""
What stands in the way of an abort: a table that goes by another name, a view that somebody made.
The change waits for people then, and is not said to be taken back.
"""

import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 20_000
TYPE = "ALTER TABLE t ALTER COLUMN n TYPE bigint"
ARTIFACTS = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~phasegate%') + " \
    "(SELECT count(*) FROM pg_attribute WHERE attname = 'n_new' AND NOT attisdropped)"


def one(connection, sql):
    row = connection.execute(sql).fetchone()
    return None if row is None else row[0]


def becomes(connection, state):
    """And what was asked for has been heard."""
    wait_until(lambda: one(connection, "SELECT state FROM phasegate.change WHERE wanted IS NULL OR finished_at IS NOT NULL") == state,
               f"the change to be {state}", timeout=30)


@pytest.fixture
def t(direct):
    direct.execute(f"""
        CREATE TABLE t (id bigint PRIMARY KEY, n int DEFAULT 5);
        INSERT INTO t SELECT i, CASE WHEN i > 10 THEN i END FROM generate_series(1, {ROWS}) i;
        ANALYZE t""")
    return direct


@pytest.fixture
def filling(t, start_proxy, connect, in_background):
    """filling(statement): it is sent, and its backfill is under way."""
    def begin(statement):
        client = connect(to=start_proxy({"backfill": {"rows_per_second": 3000}}))
        in_background(lambda: pytest.raises(psycopg.Error, client.execute, statement))
        wait_until(lambda: one(t, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
                   and one(t, "SELECT COALESCE(max(rows_changed), 0)::int8 FROM phasegate.backfill") > 500,
                   "the backfill to be under way")

    return begin


def test_an_abort_under_another_name_is_refused(t, filling, phasegate):
    filling(TYPE)
    t.execute("ALTER TABLE t RENAME TO u")
    becomes(t, "needs_attention")
    assert "ALTER TABLE public.u RENAME TO t; then" in phasegate("abort", 1, status=2)
    assert one(t, "SELECT state FROM phasegate.change") == "needs_attention" and one(t, ARTIFACTS) == 2
    t.execute("ALTER TABLE u RENAME TO t")
    phasegate("abort", 1)
    becomes(t, "cancelled")
    assert one(t, ARTIFACTS) == 0


def test_an_abort_that_finds_another_name(t, filling, phasegate):
    """What the engine finds is no better than what it is told: the table is elsewhere, and another has its name."""
    filling(TYPE)
    with t.transaction():
        t.execute("CREATE SCHEMA s; ALTER TABLE t RENAME TO u; ALTER TABLE u SET SCHEMA s; CREATE TABLE t (id int, n int)")
        t.execute("SELECT phasegate.abort(1)")
    becomes(t, "needs_attention")
    assert "ALTER TABLE s.u RENAME TO t; ALTER TABLE s.t SET SCHEMA public;" in phasegate("show", 1)
    assert one(t, ARTIFACTS) == 2
    t.execute("DROP TABLE t; ALTER TABLE s.u RENAME TO t; ALTER TABLE s.t SET SCHEMA public")
    phasegate("abort", 1)
    becomes(t, "cancelled")
    assert one(t, ARTIFACTS) == 0
    assert one(t, "SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'n'") == "integer"


def test_the_name_it_soaks_under_is_the_one_asked_for(t, connect, start_proxy, phasegate):
    """A view has the other one."""
    connect(to=start_proxy()).execute("ALTER TABLE t RENAME COLUMN n TO m")
    becomes(t, "soaking")
    t.execute("ALTER TABLE t_phasegate_base RENAME TO elsewhere; SELECT phasegate.abort(1)")
    becomes(t, "needs_attention")
    assert "ALTER TABLE public.elsewhere RENAME TO t_phasegate_base;" in phasegate("abort", 1, status=2)
    t.execute("ALTER TABLE elsewhere RENAME TO t_phasegate_base")
    phasegate("abort", 1)
    becomes(t, "cancelled")
    assert one(t, "SELECT relkind FROM pg_class WHERE oid = 't'::regclass") == "r"


@pytest.mark.parametrize("then, state", [("abort", "cancelled"), ("release", "done")])
def test_a_rename_whose_view_is_used_soaks_on(t, connect, start_proxy, phasegate, then, state):
    connect(to=start_proxy()).execute("ALTER TABLE t RENAME TO u")
    becomes(t, "soaking")
    t.execute("CREATE VIEW late AS SELECT id FROM t")
    phasegate("abort", 1)
    wait_until(lambda: one(t, "SELECT error_message FROM phasegate.change WHERE state = 'soaking'"), "the refusal", timeout=30)
    becomes(t, "soaking")
    shown = phasegate("show", 1)
    assert "cannot drop view t" in shown and "view late depends on view t" in shown and "CASCADE" not in shown, shown
    assert one(t, "SELECT count(*) FROM t") == one(t, "SELECT count(*) FROM u") == ROWS
    assert one(t, "SELECT count(*) FROM phasegate.step WHERE status = 'done'") == one(t,
        "SELECT min(ord) - 1 FROM phasegate.step WHERE kind = 'soak'")
    t.execute("DROP VIEW late")
    phasegate(then, 1)
    wait_until(lambda: one(t, "SELECT state FROM phasegate.change") == state, "the change to end", timeout=30)
    assert one(t, "SELECT string_agg(relname || relkind::text, ',') FROM pg_class WHERE relname IN ('t', 'u')") == \
        ("tr" if then == "abort" else "ur")


@pytest.mark.parametrize("then, state", [("abort", "cancelled"), ("release", "done")])
@pytest.mark.parametrize("given, told, taken", [
    ("GRANT SELECT ON t TO pg_monitor", "pg_monitor=r/", "REVOKE SELECT ON t FROM pg_monitor"),
    ("ALTER VIEW t ALTER n SET DEFAULT 7", "column n: was none, is default 7", "ALTER VIEW t ALTER n DROP DEFAULT"),
])
def test_what_its_view_was_given_is_not_lost(t, connect, start_proxy, phasegate, then, state, given, told, taken):
    """Past phasegate, which refuses it."""
    t.execute("GRANT SELECT ON t TO app")
    connect(to=start_proxy()).execute("ALTER TABLE t RENAME COLUMN n TO m")
    becomes(t, "soaking")
    t.execute(given)
    phasegate(then, 1)
    wait_until(lambda: one(t, "SELECT error_message FROM phasegate.change WHERE state = 'soaking'"), "the refusal", timeout=30)
    shown = phasegate("show", 1)
    assert told in shown and "do it to table public.t_phasegate_base instead" in shown, shown
    t.execute(taken)
    phasegate(then, 1)
    wait_until(lambda: one(t, "SELECT state FROM phasegate.change") == state, "the change to end", timeout=30)


def test_rows_that_stay_filled_are_told_of(t, filling, phasegate):
    t.execute("UPDATE t SET n = NULL; ANALYZE t")
    filling("ALTER TABLE t ALTER COLUMN n SET NOT NULL")
    phasegate("abort", 1)
    becomes(t, "cancelled")
    hint = one(t, "SELECT error_hint FROM phasegate.change")
    filled = one(t, "SELECT count(*) FROM t WHERE n = 5")
    assert f"{filled:,} rows were filled and stay so" in hint, (hint, filled)


def test_a_rename_behind_another_change_in_its_transaction(t, connect, start_proxy):
    """It would take the name away that the other one goes by."""
    client = connect(to=start_proxy())
    with pytest.raises(psycopg.errors.ObjectInUse, match="change 1, begun in this transaction"), client.transaction():
        client.execute("ALTER TABLE t ALTER COLUMN n SET NOT NULL")
        client.execute("ALTER TABLE t RENAME COLUMN n TO m")
    assert one(t, "SELECT count(*) FROM phasegate.change") == 0

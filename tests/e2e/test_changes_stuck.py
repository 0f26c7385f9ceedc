# SPDX-License-Identifier: PostgreSQL
"""
Where a change stops for people instead of being undone: rows in its way (changes.on_bad_rows: keep),
a table that somebody changed meanwhile.  It is tried again, with a fix or without, or taken back.
"""


import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 20_000
KEEP = {"changes": {"on_bad_rows": "keep"}}


@pytest.fixture
def t(direct):
    direct.execute(f"""
        CREATE TABLE r (id int PRIMARY KEY);
        INSERT INTO r SELECT generate_series(1, 100);
        CREATE TABLE t (id bigint PRIMARY KEY, n int, ref int, word text NOT NULL);
        INSERT INTO t SELECT i, i, 1 + i % 100, i::text FROM generate_series(1, {ROWS}) i;
        ANALYZE t""")
    return direct


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def becomes(connection, state):
    wait_until(lambda: one(connection, "SELECT state FROM phasegate.change") == state,
               f"the change to be {state}", timeout=30)


COLUMNS = "SELECT string_agg(attname || ' ' || atttypid::regtype || attnotnull, ',' ORDER BY attname) FROM pg_attribute" \
    " WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped"
OTHERS = "SELECT concat((SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = 't'::regclass)," \
    " (SELECT string_agg(indexrelid::regclass::text, ',' ORDER BY indexrelid) FROM pg_index WHERE indrelid = 't'::regclass)," \
    " (SELECT string_agg(tgname, ',' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal))"

# statement, what makes three bad rows, the fix, its SQLSTATE, what holds in the end
BAD_ROWS = {
    "not null": ("ALTER TABLE t ALTER COLUMN n SET NOT NULL", "UPDATE t SET n = NULL WHERE id IN (7, 700, 7000)", "n = 0", "23502",
                 "SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'n'"),
    "check": ("ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0)", "UPDATE t SET n = -n WHERE id IN (7, 700, 7000)", "n = -n",
              "23514", "SELECT convalidated FROM pg_constraint WHERE conname = 'positive'"),
    "foreign key": ("ALTER TABLE t ADD CONSTRAINT known FOREIGN KEY (ref) REFERENCES r (id)",
                    "UPDATE t SET ref = 999 WHERE id IN (7, 700, 7000)", "ref = 1", "23503",
                    "SELECT convalidated FROM pg_constraint WHERE conname = 'known'"),
    "unique": ("CREATE UNIQUE INDEX t_n ON t (n)", "UPDATE t SET n = 1 WHERE id IN (7, 700)", "n = id", "23505",
               "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_n')"),
}
KEYS = {"unique": [["1"], ["7"], ["700"]]}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_bad_rows_are_kept_for_people(t, connect, start_proxy, phasegate, kind):
    statement, spoil, fix, sqlstate, holds = BAD_ROWS[kind]
    t.execute(spoil)
    with pytest.raises(psycopg.Error) as caught:
        connect(to=start_proxy(KEEP)).execute(statement)
    assert caught.value.sqlstate == sqlstate
    assert "phasegate retry 1" in caught.value.diag.message_hint, caught.value.diag.message_hint
    assert one(t, "SELECT state FROM phasegate.change") == "needs_fix"
    keys = [row[0] for row in t.execute("SELECT key FROM phasegate.violations ORDER BY key")]
    assert keys == KEYS.get(kind, [["7"], ["700"], ["7000"]])
    found = t.execute(one(t, "SELECT shows_bad_rows FROM phasegate.changes")).fetchall()
    assert len(found) == 3
    shown = phasegate("show", 1)
    assert "retry or abort" in shown and "SELECT * FROM public.t AS t WHERE" in shown
    # Nothing is gained by trying again: it stops again.
    phasegate("retry", 1)
    wait_until(lambda: one(t, "SELECT count(*) FROM phasegate.event WHERE kind = 'needs_fix'") == 2, "it to stop again")
    phasegate("retry", 1, "--fix", fix)
    becomes(t, "done")
    assert one(t, holds)
    assert one(t, "SELECT count(*) FROM phasegate.violation") == 0


WRONG_FIXES = {"more than a list": "word = id FROM u", "another statement": "word = id; DELETE FROM t; --",
               "no such column": "nosuch = 1", "a row as bad": "word = 'seven'",
               "deeper than any stack": f"word = {'(' * 200_000}1{')' * 200_000}"}


@pytest.mark.parametrize("kind", WRONG_FIXES)
def test_a_wrong_fix_changes_nothing_and_can_be_corrected(t, connect, start_proxy, phasegate, kind):
    t.execute("UPDATE t SET word = 'seven' WHERE id IN (7, 700, 7000)")
    with pytest.raises(psycopg.Error):
        connect(to=start_proxy(KEEP)).execute(TYPE)
    rows = t.execute("SELECT id, word FROM t ORDER BY id").fetchall()
    t.execute("SELECT phasegate.retry(1, %s)", [WRONG_FIXES[kind]])
    wait_until(lambda: one(t, "SELECT count(*) FROM phasegate.event WHERE kind = 'needs_fix'") == 2, "it to stop again")
    assert t.execute("SELECT id, word FROM t ORDER BY id").fetchall() == rows
    assert one(t, "SELECT count(*) FROM phasegate.violations") == 3
    phasegate("retry", 1, "--fix", "word = id -- of the row")
    becomes(t, "done")
    assert one(t, "SELECT count(*) FROM t WHERE word = id") == ROWS


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_by_default_bad_rows_undo_the_change(t, connect, start_proxy, kind):
    statement, spoil, _, sqlstate, _ = BAD_ROWS[kind]
    t.execute(spoil)
    before = t.execute(f"{COLUMNS} UNION ALL {OTHERS}").fetchall()
    with pytest.raises(psycopg.Error) as caught:
        connect(to=start_proxy()).execute(statement)
    assert caught.value.sqlstate == sqlstate
    assert t.execute(f"{COLUMNS} UNION ALL {OTHERS}").fetchall() == before
    assert one(t, "SELECT state FROM phasegate.change") == "failed"


TYPE = "ALTER TABLE t ALTER COLUMN word TYPE integer USING word::integer"


def test_rows_that_cannot_be_filled(t, connect, start_proxy, phasegate):
    t.execute("UPDATE t SET word = 'seven' WHERE id IN (7, 700, 7000)")
    with pytest.raises(psycopg.Error) as caught:
        connect(to=start_proxy(KEEP)).execute(TYPE)
    assert "rows cannot be filled" in caught.value.diag.message_primary or caught.value.sqlstate == "22P02"
    assert one(t, "SELECT state FROM phasegate.change") == "needs_fix"
    rows = t.execute("SELECT key, reason FROM phasegate.violations ORDER BY key").fetchall()
    assert rows == [([number], 'invalid input syntax for type integer: "seven"') for number in ("7", "700", "7000")]
    phasegate("retry", 1, "--fix", "word = id")
    becomes(t, "done")
    assert one(t, "SELECT count(*) FROM t WHERE word = id") == ROWS


@pytest.mark.parametrize("behind", ["the walk", "the backfill"])
def test_a_bad_write_is_accepted_and_found(t, server, database, connect, start_proxy, in_background, phasegate, behind):
    """changes.on_bad_writes: no write of a client fails, and no such row is lost sight of."""
    proxy = start_proxy({"changes": {"on_bad_rows": "keep", "on_bad_writes": "accept"}, "backfill": {"rows_per_second": 8000}})
    errors, connection = [], connect(to=proxy)
    change = in_background(lambda: errors.append(pytest.raises(psycopg.Error, connection.execute, TYPE).value))
    wait_until(lambda: one(t, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
               and one(t, "SELECT COALESCE(max(rows_changed), 0)::int8 FROM phasegate.backfill") > 500, "the backfill to be under way")
    with psycopg.connect(proxy.conninfo(database)) as client:
        if behind == "the backfill":
            client.execute("LOCK TABLE t IN ROW EXCLUSIVE MODE")
            wait_until(lambda: one(t, "SELECT waiting_for LIKE 'ACCESS EXCLUSIVE%' FROM phasegate.changes"), "the check to wait")
        client.execute("UPDATE t SET word = 'seven' WHERE id = 7")
        client.execute(f"INSERT INTO t VALUES ({ROWS} + 1, 1, 1, 'many')")
    change.join(60)
    assert errors[0].diag.message_primary == "2 rows cannot be filled", errors
    rows = t.execute("SELECT key, reason FROM phasegate.violations ORDER BY key").fetchall()
    assert rows == [([str(ROWS + 1)], 'invalid input syntax for type integer: "many"'),
                    (["7"], 'invalid input syntax for type integer: "seven"')]
    phasegate("retry", 1, "--fix", "word = id")
    becomes(t, "done")
    assert one(t, "SELECT count(*) FROM t WHERE word = id") == ROWS + 1


def test_bad_rows_and_an_abort(t, connect, start_proxy, phasegate):
    t.execute("UPDATE t SET word = 'seven' WHERE id = 7")
    before = t.execute(f"{COLUMNS} UNION ALL {OTHERS}").fetchall()
    with pytest.raises(psycopg.Error):
        connect(to=start_proxy(KEEP)).execute(TYPE)
    phasegate("abort", 1)
    becomes(t, "cancelled")
    assert t.execute(f"{COLUMNS} UNION ALL {OTHERS}").fetchall() == before
    assert "nothing to try again" in phasegate("retry", 1, status=2)


def test_corrected_by_hand_and_sent_again(t, connect, start_proxy):
    statement, spoil, fix, _, holds = BAD_ROWS["not null"]
    t.execute(spoil)
    connection = connect(to=start_proxy(KEEP))
    with pytest.raises(psycopg.Error):
        connection.execute(statement)
    t.execute(f"UPDATE t SET {fix} WHERE n IS NULL")
    connection.execute(statement)
    assert one(t, holds)
    assert one(t, "SELECT count(*) FROM phasegate.change") == 1


def test_it_waits_through_a_restart(t, connect, start_proxy, phasegate):
    statement, spoil, fix, _, holds = BAD_ROWS["check"]
    t.execute(spoil)
    proxy = start_proxy(KEEP)
    with pytest.raises(psycopg.Error):
        connect(to=proxy).execute(statement)
    proxy.kill()
    proxy.start()
    phasegate("retry", 1, "--fix", fix)
    becomes(t, "done")
    assert one(t, holds)
    assert one(t, "SELECT count(*) FROM phasegate.event WHERE kind = 'needs_fix'") == 1

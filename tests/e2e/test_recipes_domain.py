# SPDX-License-Identifier: PostgreSQL
"""
Constraints of a domain: new values are held to them at once, old ones are looked at while everybody
goes on, and the scan that keeps writers off comes with the release.
"""

import psycopg
import pytest

from lab.process import wait_until

ROWS = 20000
AMOUNTS = f"""
CREATE DOMAIN amount AS int;
CREATE TABLE m (id int PRIMARY KEY, v amount);
INSERT INTO m SELECT i, i FROM generate_series(1, {ROWS}) i;
ANALYZE m;
"""

pytestmark = [pytest.mark.gate, pytest.mark.contents(AMOUNTS)]

POSITIVE = "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0)"


def constraints(connection):
    return connection.execute("SELECT conname, convalidated FROM pg_constraint WHERE contypid = 'amount'::regtype").fetchall()


def change(connection):
    return connection.execute("SELECT state, error_message FROM phasegate.change ORDER BY id DESC LIMIT 1").fetchone()


def release(connection, state):
    connection.execute("SELECT phasegate.release((SELECT max(id) FROM phasegate.change))")
    wait_until(lambda: change(connection)[0] == state, f"the change to be {state}", 30)


def refused(connection, value):
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE m SET v = %s WHERE id = 1", [value])


def test_writers_wait_for_the_release_only(direct, connect):
    connect().execute(POSITIVE)
    assert constraints(direct) == [("positive", False)] and change(direct) == ("soaking", None)
    refused(direct, -1)
    # What writes keeps the scan off, and the scan waits as briefly as any strong lock.
    with direct.transaction():
        direct.execute("UPDATE m SET v = 7 WHERE id = 1")
        with connect() as other:
            other.execute("SELECT phasegate.release((SELECT max(id) FROM phasegate.change))")
            other.execute("SET statement_timeout = '10s'; UPDATE m SET v = 8 WHERE id = 2")
        assert constraints(direct) == [("positive", False)]
    wait_until(lambda: change(direct)[0] == "done", "the change to be done", 60)
    assert constraints(direct) == [("positive", True)]


@pytest.mark.parametrize(("statement", "sqlstate", "bad"), [(POSITIVE, "23514", "-5"),
                                                            ("ALTER DOMAIN amount SET NOT NULL", "23514", "NULL")])
def test_a_bad_value_is_found_under_no_lock(direct, connect, statement, sqlstate, bad):
    direct.execute(f"UPDATE m SET v = {bad} WHERE id = 77")
    with direct.transaction():
        direct.execute("UPDATE m SET v = 5 WHERE id = 5")
        with pytest.raises(psycopg.Error) as caught:
            connect().execute(statement)
    assert caught.value.sqlstate == sqlstate
    assert constraints(direct) == []


def test_in_a_transaction(direct, connect):
    client = connect(autocommit=False)
    client.execute(POSITIVE)
    client.rollback()
    assert constraints(direct) == []
    client.execute(POSITIVE)
    refused(client, -1)
    client.rollback()
    client.execute(POSITIVE)
    client.commit()
    wait_until(lambda: change(direct)[0] == "soaking", "the change to soak", 30)
    assert constraints(direct) == [("positive", False)]
    release(direct, "done")
    assert constraints(direct) == [("positive", True)]


def test_what_only_the_server_may_read(direct, connect):
    """Who owns the domain need not own the tables; the server's own scan finds the value, and all can be taken back."""
    direct.execute("ALTER DOMAIN amount OWNER TO app; UPDATE m SET v = -5 WHERE id = 77")
    connect(user="app").execute(POSITIVE)
    assert change(direct) == ("soaking", None)
    direct.execute("SELECT phasegate.release((SELECT max(id) FROM phasegate.change))")
    wait_until(lambda: change(direct)[1] is not None, "the scan to fail", 30)
    assert "violates the new constraint" in change(direct)[1] or "contains values" in change(direct)[1]
    wait_until(lambda: change(direct)[0] == "soaking", "the change to soak again", 30)
    direct.execute("SELECT phasegate.abort((SELECT max(id) FROM phasegate.change))")
    wait_until(lambda: constraints(direct) == [], "the constraint to go", 30)


def test_small_tables_are_not_worth_it(direct, target, connect):
    direct.execute("TRUNCATE m")
    direct.execute("VACUUM ANALYZE m")
    connect().execute(POSITIVE)
    assert constraints(direct) == [("positive", True)]
    assert direct.execute("SELECT to_regclass('phasegate.change')").fetchone() == (None,)


def scans(connection):
    return connection.execute("SELECT seq_scan FROM pg_stat_xact_all_tables WHERE relname = 'm'").fetchone()[0]


@pytest.mark.parametrize(("prepare", "statement"), [
    ("ALTER DOMAIN amount ADD CONSTRAINT c CHECK (VALUE IS NOT NULL)", "ALTER DOMAIN amount SET NOT NULL"),
    ("ALTER DOMAIN amount ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID; ALTER TABLE m ADD CHECK (v > 0)",
     "ALTER DOMAIN amount VALIDATE CONSTRAINT c")])
def test_the_server_believes_no_check(direct, prepare, statement):
    """Were it to, as it does for a column's NOT NULL, these plans could do without keeping writers off."""
    direct.execute(prepare)
    with direct.transaction():
        before = scans(direct)
        direct.execute(statement)
        after = scans(direct)
        modes = direct.execute("SELECT mode FROM pg_locks WHERE relation = 'm'::regclass AND pid = pg_backend_pid()").fetchall()
    assert after == before + 1 and ("ShareLock",) in modes

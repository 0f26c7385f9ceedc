# SPDX-License-Identifier: PostgreSQL
"""
Whatever a change waits for, it can be stopped: SIGTERM ends its phasegate within the drain time and
leaves it to the next one, which takes it up and waits in its place; there it hears a pause, and an
abort ends it.
"""

import contextlib
import os
import signal
import time

import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 12_000
DRAIN_S = 1
TYPE = "ALTER TABLE t ALTER COLUMN n TYPE bigint"
ADD = "ALTER TABLE t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()"
LATER = {"policy": {"lock_retries": 20, "lock_retry_delay": "60s"}}
SLOWLY = {"backfill": {"rows_per_second": 4000}}
TABLE = f"""
    CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL);
    INSERT INTO t SELECT i, i FROM generate_series(1, {ROWS}) i;
    ANALYZE t"""
READER = "BEGIN; LOCK TABLE t IN ACCESS SHARE MODE"

# What keeps the change, before its statement is sent or (a backfill is under way) then; statement, settings, how it shows.
WAITS = {
    "a pause": (None, "SELECT phasegate.pause(1)", TYPE, SLOWLY, "resume: postgres paused it"),
    "an operator's throttle": (None, "SELECT phasegate.throttle(1, 1)", TYPE, SLOWLY, "throttle of 1 set by an operator"),
    "a lock, soon tried again": (READER, None, TYPE, LATER, "ACCESS EXCLUSIVE on public.t, held by pid"),
    "a lock, tried now and then": (None, READER, ADD, {**SLOWLY, "policy": {"lock_retries": 0}, "changes": {"lock_patience": "1h"}},
                                   "it is tried again every now and then"),
    "rows that a client locked": ("BEGIN; UPDATE t SET n = n WHERE id = 7", None, "UPDATE t SET n = n + 1", LATER,
                                  "ROW EXCLUSIVE on public.t, held by pid"),
    "an old snapshot": ("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t LIMIT 1", None, "CREATE INDEX t_n ON t (n)", {},
                        "SHARE UPDATE EXCLUSIVE on public.t, held by pid"),
}


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def waits_for(connection, text):
    wait_until(lambda: one(connection, "SELECT to_regclass('phasegate.changes') IS NOT NULL")
               and one(connection, f"SELECT COALESCE(max(waiting_for) LIKE '%{text}%', false) FROM phasegate.changes"),
               f"the change to wait for {text}")


def send(connection, statement):
    with contextlib.suppress(psycopg.Error):
        connection.execute(statement)


@pytest.mark.parametrize("kind", WAITS)
def test_whatever_it_waits_for_it_stops(direct, server, database, start_proxy, connect, in_background, kind):
    before, then, statement, settings, shows = WAITS[kind]
    direct.execute(TABLE)
    proxy = start_proxy({**settings, "limits": {"drain_timeout": f"{DRAIN_S}s"}})
    with server.connect(database) as other:
        if before:
            other.execute(before)
        in_background(send, connect(to=proxy), statement)
        if then:
            wait_until(lambda: one(direct, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
                       and one(direct, "SELECT COALESCE(sum(rows_changed), 0)::int8 FROM phasegate.backfill") > 500, "the backfill")
            other.execute(then)
        waits_for(direct, shows)
        [(epoch,)] = direct.execute("SELECT epoch FROM phasegate.change").fetchall()
        begun = time.monotonic()
        assert proxy.stop() == 0
        assert time.monotonic() - begun < DRAIN_S + 3
        assert one(direct, "SELECT state FROM phasegate.change") == "running"
        # Whichever takes it up, by whatever settings: that of all other tests may be there, too, and may have done so.
        direct.execute("UPDATE phasegate.change SET waiting_for = NULL WHERE epoch = %s", [epoch])
        proxy.start()
        waits_for(direct, "" if "held by pid" in shows or "now and then" in shows else shows)
        if "paused" not in shows and "CREATE INDEX" not in statement:
            direct.execute("SELECT phasegate.pause(1)")
            waits_for(direct, "resume: postgres paused it")
        direct.execute("SELECT phasegate.abort(1)")
        wait_until(lambda: one(direct, "SELECT state IN ('undoing', 'cancelled') FROM phasegate.change"), "the abort to be heard")
    wait_until(lambda: one(direct, "SELECT state FROM phasegate.change") == "cancelled", "the change to end")
    assert one(direct, "SELECT error_message FROM phasegate.change") == "aborted by phasegate.abort(1)"


def test_a_server_that_stands_still_keeps_nobody(direct, database, start_proxy, connect, in_background):
    """One process of it, in the middle of a statement that cannot be cancelled."""
    direct.execute(TABLE)
    proxy = start_proxy({**SLOWLY, "limits": {"drain_timeout": f"{DRAIN_S}s"}})
    in_background(send, connect(to=proxy), TYPE)
    wait_until(lambda: one(direct, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
               and one(direct, "SELECT count(*) FROM phasegate.backfill") > 0, "the backfill")
    process = one(direct, "SELECT owner_pid FROM phasegate.change")
    os.kill(process, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert proxy.stop() == 0
        assert time.monotonic() - begun < DRAIN_S + 6
    finally:
        os.kill(process, signal.SIGCONT)
    assert "is left behind" in proxy.stderr.read_text()
    proxy.start()
    wait_until(lambda: one(direct, "SELECT state FROM phasegate.change") == "done", "the next one to finish", timeout=60)
    assert one(direct, "SELECT count(*) FROM t WHERE n = id") == ROWS

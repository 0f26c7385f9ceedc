# SPDX-License-Identifier: PostgreSQL
"""
What operators ask of a change while it runs, and what becomes of it when the proxy that runs it is
killed, stands still, or meets another one: lease, takeover, two clients with one statement.
"""

import signal
import time

import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 30_000
STATEMENT = "ALTER TABLE t ALTER COLUMN n TYPE bigint"
SLOWLY = {"backfill": {"rows_per_second": 5000}, "changes": {"lease": "3s"}}
BRIEF = {"changes": {"lease": "3s"}}


@pytest.fixture
def t(direct):
    direct.execute(f"""
        CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL);
        INSERT INTO t SELECT i, i FROM generate_series(1, {ROWS}) i;
        ANALYZE t""")
    return direct


class Client:
    """Sends one statement in the background; .told are the notices, .error what came of it."""

    def __init__(self, connection, in_background, statement=STATEMENT):
        self.told, self.error, self.connection = [], None, connection
        connection.add_notice_handler(lambda d: self.told.append(d.message_primary))
        self.thread = in_background(self._send, statement)

    def _send(self, statement):
        try:
            self.connection.execute(statement)
        except psycopg.Error as error:
            self.error = error

    def heard(self, text):
        return any(text in line for line in self.told)

    def end(self):
        self.thread.join(60)
        assert not self.thread.is_alive(), self.told[-1:]
        return self


@pytest.fixture
def send(connect, in_background):
    return lambda proxy, statement=STATEMENT: Client(connect(to=proxy), in_background, statement)


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def filled(connection):
    """Rows of the backfill so far; 0 before it begins."""
    if not one(connection, "SELECT to_regclass('phasegate.backfill') IS NOT NULL"):
        return 0
    return one(connection, "SELECT COALESCE(sum(rows_changed), 0)::int8 FROM phasegate.backfill")


def is_bigint(connection):
    return one(connection, "SELECT atttypid = 'bigint'::regtype FROM pg_attribute WHERE attrelid = 't'::regclass"
                           " AND attname = 'n'")


def is_done(connection):
    assert one(connection, "SELECT string_agg(state, ',') FROM phasegate.change") == "done"
    assert is_bigint(connection)
    assert one(connection, "SELECT count(*) FROM t WHERE n = id") == ROWS


def backfilling(connection):
    wait_until(lambda: filled(connection) > 0, "the backfill to begin")


# ---- what operators ask for ----

def test_pause_and_resume(t, start_proxy, send, phasegate):
    client = send(start_proxy(SLOWLY))
    backfilling(t)
    assert "change 1 is paused" in phasegate("pause", 1)
    wait_until(lambda: client.heard("phasegate resume 1"), "the client to hear of it")
    standing = filled(t)
    assert "paused" in phasegate("changes") and "resume: postgres paused it" in phasegate("show", 1)
    time.sleep(1)
    assert filled(t) == standing and not client.error
    assert "there is nothing to try again" in phasegate("retry", 1, status=2)
    assert "change 1 goes on" in phasegate("resume", 1)
    assert client.end().error is None
    is_done(t)
    assert "waiting_for" not in phasegate("show", 1)


def test_all_are_paused(t, start_proxy, send, phasegate):
    t.execute("CREATE SCHEMA IF NOT EXISTS other")
    proxy = start_proxy(SLOWLY)
    client = send(proxy)
    backfilling(t)
    phasegate("pause", "all")
    wait_until(lambda: client.heard("paused by postgres"), "the client to hear of it")
    assert "not paused" in phasegate("resume", 1, status=2)
    phasegate("resume", "all")
    assert client.end().error is None
    is_done(t)


def test_operators_need_the_right(t, start_proxy, send, phasegate):
    client = send(start_proxy(SLOWLY))
    backfilling(t)
    for arguments, words in [(("pause", 1), "only a member of role postgres"), (("pause", "all"), "only the owner of schema"),
                             (("throttle", 1, 0.5), "only a member of role postgres")]:
        assert words in phasegate(*arguments, user="app", status=2)
    for arguments, words in [(("throttle", 1, 2), "the ratio is a number from 0"), (("throttle", 1), "usage"),
                             (("throttle", 1, "0.5", "--for", "-1 hour"), "lasts for longer"), (("resume", 1), "is not paused"),
                             (("release", "all"), "which change?")]:
        assert words in phasegate(*arguments, status=2)
    assert "change 1 is throttled by 0.5 for 02:00:00" in phasegate("throttle", 1, 0.5, "--for", "2 hours")
    assert "throttled_by" in phasegate("show", 1)
    assert one(t, "SELECT throttle_ratio FROM phasegate.control WHERE scope = '1' AND expires_at > now()") == 0.5
    assert "is throttled by 0" in phasegate("throttle", 1, 0)
    assert client.end().error is None
    assert "is done already" in phasegate("pause", 1, status=2)


def test_the_way_back_is_printed_from_the_start(t, server, start_proxy, send, phasegate):
    client = send(start_proxy(SLOWLY))
    backfilling(t)
    phasegate("pause", 1)
    wait_until(lambda: client.heard("paused by"), "the change to stand")
    undo = phasegate("show", "--undo", 1)
    assert undo.startswith("-- step ") and "DROP" in undo
    assert "there is no change 2" in phasegate("show", "--undo", 2, status=2)
    phasegate("abort", 1)
    client.end()


def test_who_blocks_is_shown(t, server, database, start_proxy, send, phasegate):
    with server.connect(database, application_name="report") as other:
        other.execute("BEGIN; SELECT 'a long report' FROM t LIMIT 1")
        client = send(start_proxy())
        wait_until(lambda: client.heard("held by pid"), "the client to hear who blocks")
        wait_until(lambda: "report" in phasegate("changes"), "the list to show it")
        shown = phasegate("show", 1)
        assert "waiting_for" in shown and "a long report" in shown, shown
        assert one(t, "SELECT waiting_since < now() FROM phasegate.changes")
    assert client.end().error is None
    is_done(t)
    assert one(t, "SELECT waiting_for IS NULL FROM phasegate.changes")


# ---- two proxies ----

def test_the_same_statement_through_two_proxies(t, start_proxy, send):
    first, second = start_proxy(SLOWLY), start_proxy(SLOWLY)
    winner = send(first)
    backfilling(t)
    loser = send(second)
    wait_until(lambda: loser.heard("carried out elsewhere"), "the second to hear of the first")
    assert loser.end().error is None
    assert winner.end().error is None
    is_done(t)


def test_who_joined_may_leave(t, start_proxy, send):
    first, second = start_proxy(SLOWLY), start_proxy(SLOWLY)
    winner = send(first)
    backfilling(t)
    loser = send(second)
    wait_until(lambda: loser.heard("carried out elsewhere"), "the second to hear of the first")
    loser.connection.cancel()
    error = loser.end().error
    assert error.sqlstate == "57014" and "Change 1 goes on" in error.diag.message_hint
    assert winner.end().error is None
    is_done(t)


def lease(connection):
    return one(connection, "SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 FROM phasegate.change")


def test_the_lease_is_renewed_while_a_step_lasts(t, server, database, start_proxy, send):
    """An index build that waits for an old transaction, for longer than a lease."""
    with server.connect(database) as other:
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t LIMIT 1")
        client = send(start_proxy(BRIEF), "CREATE INDEX t_n ON t (n)")
        wait_until(lambda: client.heard("waiting for pid"), "the build to wait")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert 0.5 < lease(t) <= 3
            time.sleep(0.1)
    assert client.end().error is None
    assert one(t, "SELECT epoch FROM phasegate.change") == 1


def taken_over(connection, epoch, since, within=8):
    """The lease, and what it takes to notice."""
    wait_until(lambda: one(connection, "SELECT epoch FROM phasegate.change") > epoch, "another to take it over", timeout=40)
    assert time.monotonic() - since < within, "taking over took too long"


def test_another_takes_over_from_a_dead_proxy(t, start_proxy, send):
    first, _ = start_proxy({"backfill": SLOWLY["backfill"]}), start_proxy()
    client = send(first)
    backfilling(t)
    first.kill()
    died = time.monotonic()
    assert client.end().error is not None
    taken_over(t, 1, died, within=20)
    wait_until(lambda: one(t, "SELECT state FROM phasegate.change") == "done", "the other to finish")
    is_done(t)


def test_one_that_stood_still_lets_go(t, start_proxy, send):
    """Stopped past its lease; the other takes over; what wakes up is refused and waits for the other."""
    first, _ = start_proxy(SLOWLY), start_proxy({**BRIEF, "backfill": {"rows_per_second": 2500}})
    client = send(first)
    backfilling(t)
    first.process.send_signal(signal.SIGSTOP)
    died = time.monotonic()
    try:
        taken_over(t, 1, died)
        assert one(t, "SELECT state FROM phasegate.change") == "running"
    finally:
        first.process.send_signal(signal.SIGCONT)
    wait_until(lambda: client.heard("carried out elsewhere"), "the client to be attached again")
    assert client.end().error is None
    is_done(t)
    assert one(t, "SELECT epoch FROM phasegate.change") == 2


def test_a_build_whose_proxy_stands_still_is_done_again(t, server, database, start_proxy, send):
    """The server process of the first is ended in the middle; its invalid index is never believed."""
    first, _ = start_proxy(BRIEF), start_proxy(BRIEF)
    with server.connect(database) as other:
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t LIMIT 1")
        client = send(first, "CREATE INDEX t_n ON t (n)")
        wait_until(lambda: client.heard("waiting for pid"), "the build to wait")
        first.process.send_signal(signal.SIGSTOP)
        try:
            taken_over(t, 1, time.monotonic())
        finally:
            first.process.send_signal(signal.SIGCONT)
    assert client.end().error is None
    assert t.execute("SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 't'::regclass"
                     " AND NOT indisprimary").fetchall() == [("t_n", True)]


def test_a_proxy_that_stops_hands_over_at_once(t, start_proxy, send):
    first, _ = start_proxy(SLOWLY), start_proxy()
    client = send(first)
    backfilling(t)
    assert first.stop() == 0
    client.end()
    stopped = time.monotonic()
    wait_until(lambda: one(t, "SELECT state FROM phasegate.change") == "done", "the other to finish", timeout=10)
    assert time.monotonic() - stopped < 8
    is_done(t)


def test_a_plan_of_a_later_version_is_left_to_it(t, start_proxy, send):
    first = start_proxy(SLOWLY)
    client = send(first)
    backfilling(t)
    # Before it stops: the phasegate of all other tests is there, too, and would take the change up.
    t.execute("UPDATE phasegate.change SET plan_version = 99")
    assert first.stop() == 0
    client.end()
    epoch = one(t, "SELECT epoch FROM phasegate.change")
    second = start_proxy()
    wait_until(lambda: "a later version of phasegate" in (one(t, "SELECT waiting_for FROM phasegate.changes") or ""),
               "it to find the change, in one of many databases, and say so", timeout=15)
    error = send(second).end().error
    assert error.sqlstate == "PG004" and "was planned by a later version of phasegate" in error.diag.message_primary
    assert t.execute("SELECT state, epoch FROM phasegate.change").fetchall() == [("running", epoch)]
    t.execute("UPDATE phasegate.change SET plan_version = 1")
    wait_until(lambda: one(t, "SELECT state FROM phasegate.change") == "done", "one that knows it to finish", timeout=30)
    is_done(t)

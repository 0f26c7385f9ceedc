# SPDX-License-Identifier: PostgreSQL
"""
While a change asks for a strong lock, new statements on its table wait in front of the server, for a
moment: none queues behind the lock in there, what is under way comes to its end, other tables feel nothing.
"""

import threading
import time

import psycopg
import pytest

from lab.process import wait_until

pytestmark = [pytest.mark.gate, pytest.mark.contents("""
    CREATE TABLE busy (id int PRIMARY KEY, x int);
    CREATE TABLE calm (id int PRIMARY KEY, x int);
    INSERT INTO busy SELECT i, i FROM generate_series(1, 2000) i;
    INSERT INTO calm SELECT i, i FROM generate_series(1, 2000) i;
    ANALYZE""")]

SETTINGS = {"policy": {"small_table": {"rows": 100}, "lock_timeout": "120ms", "lock_retry_delay": "100ms", "lock_retries": 50}}
FELT = 0.08  # seconds: less than a barrier stands that is not lifted early, more than a statement takes

QUEUED = """
SELECT pid, xact_start FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE relation = 'busy'::regclass AND NOT granted AND query LIKE '%mark%'
"""


@pytest.fixture
def proxy(start_proxy):
    return start_proxy(SETTINGS)


@pytest.fixture
def reader(connect, proxy):
    """Somebody whose transaction has read busy, through the proxy."""
    client = connect(proxy, autocommit=False)
    client.execute("SELECT FROM busy LIMIT 1")
    return client


@pytest.fixture
def change(connect, proxy, in_background, reader):
    """SET NOT NULL of busy.x, which needs ACCESS EXCLUSIVE."""
    client = connect(proxy)
    thread = in_background(lambda: client.execute("ALTER TABLE busy ALTER COLUMN x SET NOT NULL"))
    yield thread
    reader.close()
    thread.join(30)


class Clients:
    """One statement again and again until the end of the block: how long each took."""

    def __init__(self, in_background, connection, sql, prepare):
        self.ended, self.seconds = threading.Event(), []
        self.connection, self.sql, self.prepare = connection, sql, prepare
        self.thread = in_background(self.work)

    def work(self):
        while not self.ended.is_set():
            started = time.monotonic()
            self.connection.execute(self.sql, (1,) if self.prepare is not None else None, prepare=self.prepare)
            self.seconds.append(time.monotonic() - started)

    def felt(self):
        return [seconds for seconds in self.seconds if seconds > FELT]

    def end(self):
        self.ended.set()
        self.thread.join()


def lock_attempts(server, database, n):
    """Waits until the change has asked so often."""
    with psycopg.connect(server.conninfo(database), autocommit=True) as watcher:
        wait_until(lambda: watcher.execute("SELECT to_regclass('phasegate.step') IS NOT NULL").fetchone()[0], "the change")
        wait_until(lambda: watcher.execute("SELECT max(attempts) >= %s FROM phasegate.step", [n]).fetchone()[0], f"attempt {n}",
                   timeout=60)


@pytest.mark.parametrize("prepare", [None, False, True], ids=["simple", "unnamed", "named"])
def test_new_statements_wait_in_front_of_the_server(connect, proxy, server, database, in_background, reader, direct, request, prepare):
    value = "1" if prepare is None else "%s"
    clients = {table: Clients(in_background, connect(proxy), f"SELECT x AS mark FROM {table} WHERE id = {value}", prepare)
               for table in ("busy", "calm")}
    wait_until(lambda: all(len(client.seconds) > 10 for client in clients.values()), "the clients")
    change = request.getfixturevalue("change")
    queued = set()
    lock_attempts(server, database, 0)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        queued.update(direct.execute(QUEUED))
    lock_attempts(server, database, 3)
    reader.rollback()
    change.join()
    for client in clients.values():
        client.end()
    assert len(queued) <= 1  # a machine too busy to ask for the lock within BARRIER_US
    assert len(clients["busy"].felt()) >= 3
    assert len(clients["calm"].felt()) < 3


def test_what_is_under_way_goes_on(reader, change, server, database):
    slow = 0
    until = time.monotonic() + 2
    while time.monotonic() < until:
        started = time.monotonic()
        reader.execute("SELECT FROM busy LIMIT 1")
        slow += time.monotonic() - started > FELT
    assert slow < 3
    lock_attempts(server, database, 2)
    reader.rollback()


def test_begin_is_no_beginning(connect, proxy, reader, change, direct, server, database):
    """A transaction that has done nothing yet waits as well."""
    client = connect(proxy)
    longest, until = 0, time.monotonic() + 3
    # Without a pause, so that it is there when a barrier is raised and waits as long as that stands.
    while time.monotonic() < until:
        client.execute("BEGIN")
        started = time.monotonic()
        client.execute("SELECT x AS mark FROM busy WHERE id = 1")
        longest = max(longest, time.monotonic() - started)
        client.execute("COMMIT")
    lock_attempts(server, database, 2)
    reader.rollback()
    assert longest > FELT


def test_no_statement_waits_for_long(connect, proxy, reader, change, server, database):
    client = connect(proxy)
    lock_attempts(server, database, 1)
    slowest, until = 0, time.monotonic() + 3
    while time.monotonic() < until:
        started = time.monotonic()
        client.execute("SELECT x FROM busy WHERE id = 1")
        slowest = max(slowest, time.monotonic() - started)
    reader.rollback()
    assert FELT < slowest < 0.8  # BARRIER_US is 0.3; the rest is a busy machine


def test_a_client_may_leave_meanwhile(connect, proxy, reader, change, direct, server, database):
    lock_attempts(server, database, 1)
    for _ in range(10):
        client = connect(proxy)
        client.pgconn.send_query(b"INSERT INTO busy (id, x) SELECT max(id) + 1, 0 FROM busy")
        client.pgconn.flush()
        client.close()
        time.sleep(0.05)
    reader.rollback()
    change.join()
    assert direct.execute("SELECT count(*) = max(id) FROM busy").fetchone() == (True,)
    assert connect(proxy).execute("SELECT 5").fetchone() == (5,)

# SPDX-License-Identifier: PostgreSQL
"""What keeps a backfill from being felt: the budget that all proxies share, and the signals that stop it."""

import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest

from environment import ROOT
from lab.postgres import Standby
from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 12000  # enough not to be a small table
TABLE = f"""
CREATE TABLE {{0}} (id int PRIMARY KEY, x int NOT NULL DEFAULT 0);
INSERT INTO {{0}} (id) SELECT i FROM generate_series(1, {ROWS}) i;
ANALYZE {{0}};
"""


def one(connection, sql, *parameters):
    return connection.execute(sql, parameters or None).fetchone()[0]


# ---- the budget ----

@pytest.fixture
def account(direct):
    """spend(rows, price_ms) -> milliseconds to wait."""
    direct.execute((ROOT / "proxy/change/schema.sql").read_text())

    def spend(rows, price_ms):
        return one(direct, "SELECT phasegate.spend('test', %s, 0, %s)", rows, price_ms)

    spend.server = direct
    return spend


def test_debt_is_paid_by_waiting(account):
    assert account(100, 1000) in range(900, 1001)
    assert account(100, 1000) in range(1800, 2001)
    assert account(0, 0) in range(1700, 2001)
    assert one(account.server, "SELECT rows_spent FROM phasegate.budget WHERE account = 'test'") == 200


def test_a_pause_is_not_made_up_for(account):
    account(1, 1)
    account.server.execute("UPDATE phasegate.budget SET paid_until = paid_until - interval '1 day'")
    assert account(1, 200) == 0
    assert account(1, 200) in range(150, 201)


def test_the_clock_may_go_back(account):
    account(1, 1000)
    account.server.execute("UPDATE phasegate.budget SET paid_until = paid_until + interval '1 day',"
                           " spent_at = spent_at + interval '1 day'")
    assert account(0, 0) <= 1000
    assert account(0, 0) <= 1000


def test_two_proxies_share_one_budget(direct, start_proxy, connect):
    settings = {"backfill": {"rows_per_second": 12000, "batch_rows_first": 300, "batch_rows_max": 300}}
    tables = ["one", "two"]
    for table in tables:
        direct.execute(TABLE.format(table))
    clients = [connect(start_proxy(settings)) for _ in tables]
    workers = [threading.Thread(target=client.execute, args=[f"UPDATE {table} SET x = x + 1"])
               for client, table in zip(clients, tables)]
    begun = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.monotonic() - begun
    assert [one(direct, f"SELECT sum(x) FROM {table}") for table in tables] == [ROWS, ROWS]
    assert took > 1.7, "24,000 rows at 12,000 a second; with a budget each it would be half of that"
    assert one(direct, "SELECT rows_spent FROM phasegate.budget WHERE account = 'database'") == 2 * ROWS
    assert one(direct, "SELECT wal_bytes_spent FROM phasegate.budget WHERE account = 'database'") > 2 * ROWS * 50


# ---- signals ----

OFF = {"standby_lag": 0, "standby_lag_bytes": 0, "slot_bytes": 0, "archiver": False, "active_sessions": 0,
       "lock_waiters": 0, "latency_percent": 0, "table_latency_percent": 0}


class Update:
    """UPDATE of every row, by a client that waits for it in a thread."""

    def __init__(self, server, client, table="t"):
        self.server, self.client, self.table = server, client, table
        self.notices = []
        client.add_notice_handler(lambda notice: self.notices.append(notice.message_primary))
        self.failed = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.client.execute(f"UPDATE {self.table} SET x = x + 1")
        except psycopg.Error as error:
            self.failed = error

    def seen(self, column):
        with self.server.cursor() as cursor:
            if cursor.execute("SELECT to_regclass('phasegate.changes') IS NULL").fetchone()[0]:
                return None
            row = cursor.execute(f"SELECT {column} FROM phasegate.changes ORDER BY id DESC LIMIT 1").fetchone()
        return row[0] if row else None

    def waits_for(self, what):
        wait_until(lambda: what in (self.seen("waiting_for") or ""), f"it to wait for {what}", timeout=20)

    def written(self):
        return int(self.seen("rows_changed") or 0)

    def stands_still(self):
        before = self.written()
        time.sleep(0.6)
        assert self.written() == before < ROWS

    def ends(self):
        self.thread.join(30)
        assert not self.thread.is_alive() and self.failed is None, self.failed
        assert self.seen("waiting_for") is None
        assert one(self.server, f"SELECT count(*) FROM {self.table} WHERE x = 1") == ROWS

    def cancel(self):
        self.client.cancel()
        self.thread.join(30)
        assert self.failed.diag.sqlstate == "57014"


@pytest.fixture
def update(direct, start_proxy, connect):
    """update(signals, backfill) -> an Update under way, looking at those signals only."""

    def begin(signals, prepare="", **backfill):
        direct.execute(TABLE.format("t") + prepare)
        steady = {"batch_rows_first": 300, "batch_rows_max": 300, "rows_per_second": 0}
        proxy = start_proxy({"backfill": {**steady, **backfill, "throttle": {**OFF, **signals}}})
        under_way = Update(direct, connect(proxy))
        under_way.proxy = proxy
        return under_way

    return begin


@pytest.fixture(scope="module")
def standby(server, lab_directory):
    folder = Path(tempfile.mkdtemp(prefix="standby-", dir=lab_directory))
    replica = Standby(server, folder, settings={"fsync": "off", "allow_in_place_tablespaces": "on"})
    replica.start()
    yield replica
    replica.stop()
    shutil.rmtree(folder)


@pytest.fixture
def paused(standby):
    """paused() -> the standby receives everything and replays nothing; paused(False) -> it does again."""

    def pause(now=True):
        standby.query(f"SELECT pg_wal_replay_{'pause' if now else 'resume'}()")
        state = [("paused" if now else "not paused",)]
        wait_until(lambda: standby.query("SELECT pg_get_wal_replay_pause_state()") == state, "replay to change")

    yield pause
    pause(False)


def test_a_standby_that_replays_nothing(paused, update):
    under_way = update({"standby_lag_bytes": "512kB"}, rows_per_second=4000)
    wait_until(under_way.written, "it to begin")
    paused()
    under_way.waits_for("throttle: standby lag in bytes")
    under_way.stands_still()
    paused(False)
    under_way.ends()
    assert any("throttled: standby lag in bytes" in notice for notice in under_way.notices)


def test_a_standby_that_lags_in_time(paused, update):
    under_way = update({"standby_lag": "1s"}, rows_per_second=3000)
    wait_until(under_way.written, "it to begin")
    paused()
    under_way.waits_for("throttle: standby lag")
    under_way.stands_still()
    under_way.cancel()


def test_what_cannot_be_read_stops(update, direct):
    under_way = update({"sql": "SELECT public.how_it_feels()"})
    under_way.waits_for("throttle: answer of backfill.throttle.sql")
    under_way.stands_still()
    wait_until(lambda: any("cannot be read: function public.how_it_feels() does not exist" in notice
                           for notice in under_way.notices), "the reason")
    time.sleep(0.5)
    direct.execute("CREATE FUNCTION public.how_it_feels() RETURNS float LANGUAGE sql RETURN 0.2")
    under_way.ends()
    assert under_way.seen("throttled_by") == "answer of backfill.throttle.sql"
    assert under_way.seen("percent = 100 AND rows_per_second > 0 AND throttled_ms > 500 AND time_left IS NULL")
    log = under_way.proxy.policy_log.read_text()
    assert "s, most by answer of backfill.throttle.sql" in log, "the outcome tells what held it back"


def test_it_slows_down_before_it_stops(update, direct):
    direct.execute("CREATE FUNCTION public.how_it_feels() RETURNS float LANGUAGE sql RETURN 0.8")
    under_way = update({"sql": "SELECT public.how_it_feels()"})
    under_way.ends()
    assert one(direct, "SELECT throttled_ms > 0 FROM phasegate.backfill")


@pytest.mark.parametrize("pressure, at_least, at_most", [(0.1, 3, 6), (0.6, 10, 20)])
def test_what_is_far_from_its_bound_is_asked_less_often(update, direct, pressure, at_least, at_most):
    direct.execute("CREATE SEQUENCE asked")
    begun = time.monotonic()
    update({"sql": f"SELECT {pressure} + 0 * nextval('public.asked')"}, rows_per_second=3000).ends()
    asked, took = one(direct, "SELECT last_value FROM asked"), time.monotonic() - begun
    assert at_least * took / 4 <= asked <= at_most * took / 4, f"{asked} times in {took:.1f} s"


def test_sessions_that_wait_for_locks(update, connect, direct, server, database):
    with server.connect(database) as holder, server.connect(database) as waiter:
        direct.execute("CREATE TABLE other ()")
        holder.autocommit = False
        holder.execute("LOCK TABLE other")
        waiting = threading.Thread(target=waiter.execute, args=["SELECT FROM other"])
        waiting.start()
        wait_until(lambda: one(direct, "SELECT count(*) FROM pg_locks WHERE NOT granted"), "the wait")
        under_way = update({"lock_waiters": 1})
        under_way.waits_for("throttle: sessions waiting for locks")
        under_way.stands_still()
        holder.rollback()
        waiting.join()
        under_way.ends()


def test_active_sessions(update, server, database):
    with server.connect(database) as holder, server.connect(database) as busy:
        holder.execute("SELECT pg_advisory_lock(7)")
        working = threading.Thread(target=busy.execute, args=["SELECT pg_advisory_lock(7)"])
        working.start()
        under_way = update({"active_sessions": 1})
        under_way.waits_for("throttle: active sessions")
        under_way.stands_still()
        holder.execute("SELECT pg_advisory_unlock(7)")
        working.join()
        under_way.ends()


def test_a_slot_that_keeps_wal(update, direct):
    direct.execute("SELECT pg_create_physical_replication_slot('kept', true);"
                   "CREATE TABLE ballast AS SELECT repeat('x', 1000) FROM generate_series(1, 3000)")
    try:
        under_way = update({"slot_bytes": "2MB"})
        under_way.waits_for("throttle: WAL kept for replication slots")
    finally:
        direct.execute("SELECT pg_drop_replication_slot('kept')")
    under_way.ends()


def test_checkpoints_forced(update, direct):
    under_way = update({"checkpoints": 2}, rows_per_second=2000)
    wait_until(under_way.written, "it to begin")
    direct.execute("CHECKPOINT")
    direct.execute("CHECKPOINT")
    under_way.waits_for("throttle: checkpoints forced by WAL")
    under_way.cancel()


def test_outside_of_its_window(update, direct):
    window = one(direct, "SELECT to_char(LOCALTIME + '2h', 'HH24:MI') || '-' || to_char(LOCALTIME + '3h', 'HH24:MI')")
    under_way = update({"window": window})
    under_way.waits_for("throttle: time outside of backfill.throttle.window")
    assert under_way.written() == 0
    under_way.cancel()


def test_statements_on_the_table_that_wait(update, connect):
    """They wait beside its batches, and not while it rests."""
    under_way = update({"table_latency_percent": 150}, rows_per_second=300)
    client = connect(under_way.proxy)
    wait_until(under_way.written, "it to begin")
    begun = time.monotonic()
    while time.monotonic() - begun < 1.5:
        client.execute("SELECT FROM t WHERE id = 1")
    assert under_way.seen("waiting_for") is None
    written = slow_until = 0
    while "throttle: p95 of the clients' latency on the table" not in (under_way.seen("waiting_for") or ""):
        assert under_way.thread.is_alive()
        if written != under_way.written():
            written, slow_until = under_way.written(), time.monotonic() + 0.15
        if time.monotonic() < slow_until:
            client.execute("SELECT pg_sleep(0.02) FROM t WHERE id = 1")
        else:
            client.execute("SELECT FROM t WHERE id = 1")
            time.sleep(0.015)
    under_way.stands_still()
    under_way.cancel()
    assert any("on the table against that without the backfill: " in notice and "bound 150 %" in notice
               for notice in under_way.notices)


def test_an_operators_ratio(update, direct):
    under_way = update({}, rows_per_second=6000)
    wait_until(under_way.written, "it to begin")
    direct.execute("SELECT phasegate.throttle(NULL, 1)")
    under_way.waits_for("throttle of 1")
    under_way.stands_still()
    direct.execute("SELECT phasegate.throttle(NULL, 0.2)")
    under_way.ends()


SLOW_ROWS = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.003); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.x > OLD.x) EXECUTE FUNCTION slow();
"""


def test_an_operator_who_takes_it_back(update, direct):
    under_way = update({}, rows_per_second=6000)
    wait_until(under_way.written, "it to begin")
    direct.execute("SELECT phasegate.throttle(NULL, 0.99999)")
    time.sleep(2)
    under_way.stands_still()
    direct.execute("SELECT phasegate.throttle(NULL, 0)")
    under_way.ends()


def test_a_debt_is_told_and_may_be_forgiven(direct, start_proxy, connect):
    """The lane has spent what it takes minutes to pay."""
    def settings(rows_per_second):
        return {"lane": {"rows_per_second": rows_per_second}, "backfill": {"throttle": OFF}}

    direct.execute(TABLE.format("t") + TABLE.format("other"))
    proxy = start_proxy(settings(100))
    lane = connect(proxy)
    lane.execute("UPDATE other SET x = 1 WHERE id <= 10000 /*lane='backfill'*/")
    wait_until(lambda: one(direct, "SELECT to_regclass('phasegate.budget') IS NOT NULL"), "the account")
    wait_until(lambda: one(direct, "SELECT sum(rows_spent) FROM phasegate.budget"), "the debt")
    under_way = Update(direct, connect(proxy))
    under_way.waits_for("the limits: what was written before is not paid for yet")
    wait_until(lambda: any("throttled: what was written before is paid for in " in notice for notice in under_way.notices),
               "the client to be told")
    proxy.configure(settings(1000000))
    proxy.reload()
    lane.execute("SELECT 1 /*lane='backfill'*/")
    under_way.ends()


def test_a_batch_gives_way_to_whom_it_blocks(update, server, database):
    under_way = update({}, prepare=SLOW_ROWS, batch_rows_first=2000, batch_rows_max=2000)
    with server.connect(database) as blocked:
        wait_until(lambda: under_way.seen("stage"), "it to begin")
        time.sleep(0.5)
        begun = time.monotonic()
        blocked.execute("UPDATE t SET x = x WHERE id = 1")
        assert 0.3 < time.monotonic() - begun < 2.5, "the batch takes 6 s"
    assert under_way.written() == 0
    wait_until(lambda: under_way.notices and any("a batch was cancelled" in n for n in under_way.notices), "a notice")
    under_way.cancel()


# ---- batches ----

def test_dead_rows_are_cleared_away_between_batches(update, direct):
    more = f"INSERT INTO t (id) SELECT i FROM generate_series({ROWS + 1}, 110000) i; ALTER TABLE t SET (autovacuum_enabled = off);"
    under_way = update({}, prepare=more, batch_rows_max=5000, rows_per_second=25000)
    under_way.thread.join(60)
    assert under_way.failed is None
    assert any("clearing away the dead rows" in notice for notice in under_way.notices)
    # Each takes 50,000 dead rows at least: a second one just before the end is no mistake.
    assert one(direct, "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 't'") in (1, 2)


def test_a_batch_that_would_read_the_whole_table_stops(update, direct, database):
    direct.execute(f"ALTER DATABASE {database} SET enable_indexscan = off")
    under_way = update({}, batch_rows_first=20000, batch_rows_max=20000)
    under_way.thread.join(30)
    assert "each batch would read the whole of table public.t" in under_way.failed.diag.message_primary
    assert one(direct, "SELECT sum(x) FROM t") == 0

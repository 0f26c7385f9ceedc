# SPDX-License-Identifier: PostgreSQL
"""What keeps a backfill from being felt: the budget that all proxies share, and the signals that stop it."""

import threading
import time

import pytest

from environment import ROOT

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
    assert 1.7 < took < 4, "24,000 rows at 12,000 a second"
    assert one(direct, "SELECT rows_spent FROM phasegate.budget WHERE account = 'database'") == 2 * ROWS
    assert one(direct, "SELECT wal_bytes_spent FROM phasegate.budget WHERE account = 'database'") > 2 * ROWS * 50

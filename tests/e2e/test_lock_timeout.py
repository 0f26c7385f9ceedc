# SPDX-License-Identifier: PostgreSQL
"""A brief strong lock is asked for under a short lock_timeout, again and again, and nobody notices."""

import threading

import psycopg
import pytest

from databases import ORDERS

pytestmark = [pytest.mark.gate, pytest.mark.contents(ORDERS)]

SETTINGS = {"policy": {"lock_timeout": "200ms", "lock_retry_delay": "50ms", "lock_retries": 5}}


@pytest.fixture
def proxy(start_proxy):
    return start_proxy(SETTINGS)


@pytest.fixture
def reader(server, database):
    """A transaction of somebody else that has read orders."""
    with psycopg.connect(server.conninfo(database)) as connection:
        connection.execute("SELECT 1 FROM orders LIMIT 1")
        yield connection


def lock_timeout(connection):
    return connection.execute("SHOW lock_timeout").fetchone()[0]


@pytest.mark.parametrize("prepare", [None, False, True], ids=["simple", "extended", "named"])
def test_waits_in_slices_until_the_lock_is_free(connect, proxy, reader, direct, prepare):
    client = connect(proxy)
    notices = []
    client.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    threading.Timer(1.0, reader.rollback).start()
    cursor = client.execute("ALTER TABLE orders ADD COLUMN late int", None if prepare is None else (), prepare=prepare)
    assert cursor.statusmessage == "ALTER TABLE"
    assert any("attempt 2 of 6" in notice for notice in notices)
    assert lock_timeout(client) == "0"
    assert direct.execute("SELECT count(*) FROM pg_attribute WHERE attname = 'late'").fetchone()[0] == 1
    assert client.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'phasegate%'").fetchone()[0] == 0


@pytest.mark.parametrize("prepare", [None, False], ids=["simple", "extended"])
def test_gives_up_with_the_servers_own_error(connect, proxy, reader, prepare):
    client = connect(proxy)
    with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        client.execute("ALTER TABLE orders ADD COLUMN late int", None if prepare is None else (), prepare=prepare)
    assert "phasegate set lock_timeout" in caught.value.diag.message_hint
    assert client.execute("SELECT 5").fetchone() == (5,)
    assert lock_timeout(client) == "0"


def test_readers_behind_it_are_let_through(connect, proxy, reader, server, database):
    client = connect(proxy)
    waits = []

    def read():
        with server.connect(database) as other:
            for _ in range(20):
                other.execute("SET statement_timeout = '2s'")
                waits.append(other.execute("SELECT count(*) FROM orders WHERE id < 10").fetchone()[0])

    thread = threading.Thread(target=read)
    thread.start()
    with pytest.raises(psycopg.errors.LockNotAvailable):
        client.execute("ALTER TABLE orders ADD COLUMN late int")
    thread.join()
    assert len(waits) == 20


def test_in_a_transaction_once_and_the_clients_value_is_put_back(connect, proxy, reader):
    client = connect(proxy, autocommit=False)
    with pytest.raises(psycopg.errors.LockNotAvailable):
        client.execute("ALTER TABLE orders ADD COLUMN late int")
    client.rollback()
    reader.rollback()
    client.execute("SET LOCAL lock_timeout = '77s'")
    client.execute("ALTER TABLE orders ADD COLUMN late int")
    assert lock_timeout(client) == "77s"
    client.commit()
    assert lock_timeout(client) == "0"
    client.rollback()


def test_a_short_timeout_of_the_client_is_left_alone(connect, proxy, reader):
    client = connect(proxy)
    notices = []
    client.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    client.execute("SET lock_timeout = '150ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        client.execute("ALTER TABLE orders ADD COLUMN late int")
    assert not notices and caught.value.diag.message_hint is None


def test_cancel_between_two_attempts(connect, proxy, reader, server):
    client = connect(proxy)
    threading.Timer(0.6, client.cancel).start()
    with pytest.raises((psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)):
        client.execute("ALTER TABLE orders ADD COLUMN late int")
    assert client.execute("SELECT 6").fetchone() == (6,)

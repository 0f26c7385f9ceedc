# SPDX-License-Identifier: PostgreSQL
"""A transaction is judged as a whole, over all its messages: by the locks it holds on the server."""

import psycopg
import pytest

from databases import ORDERS

USERS = """
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT g, 'x' FROM generate_series(1, 20000) AS g;
ANALYZE users;
"""

pytestmark = [pytest.mark.gate, pytest.mark.contents(ORDERS + USERS)]

PREPARE = pytest.mark.parametrize("prepare", [None, False], ids=["simple", "extended"])


@pytest.fixture
def client(connect):
    """A connection outside autocommit, and what it was told."""
    connection = connect(autocommit=False)
    connection.notices = []
    connection.add_notice_handler(lambda notice: connection.notices.append(notice.message_primary))
    return connection


def run(client, sql, prepare):
    return client.execute(sql, None if prepare is None else (), prepare=prepare)


@PREPARE
def test_two_tables_are_warned_of(client, prepare):
    run(client, "ALTER TABLE orders ADD COLUMN a1 int", prepare)
    assert client.notices == []
    run(client, "ALTER TABLE users ADD COLUMN a1 int", prepare)
    assert any("public.orders is locked (ACCESS EXCLUSIVE), public.users follows" in n for n in client.notices)
    client.commit()


@PREPARE
def test_what_is_brief_or_new_is_passed_in_silence(client, prepare):
    for sql in ("ALTER TABLE orders ADD COLUMN a2 int",
                "ALTER TABLE orders ADD COLUMN b2 int",
                "CREATE TABLE fresh2 (id int)",
                "ALTER TABLE fresh2 ADD COLUMN c int",
                "INSERT INTO fresh2 VALUES (1, 2)",
                "COMMENT ON COLUMN orders.a2 IS 'x'"):
        run(client, sql, prepare)
    assert client.notices == []
    client.commit()


@PREPARE
def test_a_backfill_behind_the_lock_is_refused(client, prepare):
    run(client, "ALTER TABLE users ADD COLUMN a3 int", prepare)
    with pytest.raises(psycopg.Error) as caught:
        run(client, "UPDATE users SET a3 = 0", prepare)
    assert caught.value.sqlstate == "PG001"
    client.rollback()


@PREPARE
def test_savepoints_give_locks_back(client, prepare):
    run(client, "SAVEPOINT a", prepare)
    run(client, "ALTER TABLE orders ADD COLUMN a4 int", prepare)
    run(client, "ROLLBACK TO a", prepare)
    run(client, "ALTER TABLE users ADD COLUMN a4 int", prepare)
    assert client.notices == []
    client.commit()

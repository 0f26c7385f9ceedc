# SPDX-License-Identifier: PostgreSQL
"""A session that may only read: no change is carried out for it, and it is told what the server would say."""

import psycopg
import pytest

pytestmark = pytest.mark.gate

CHANGES = [
    ("UPDATE t SET x = 1", "UPDATE"),
    ("DELETE FROM t", "DELETE"),
    ("ALTER TABLE t ALTER x TYPE bigint", "ALTER TABLE"),
    ("ALTER TABLE t ADD y uuid DEFAULT gen_random_uuid()", "ALTER TABLE"),
    ("CREATE INDEX ON t (x)", "CREATE INDEX"),
]


@pytest.fixture
def t(direct):
    direct.execute("CREATE TABLE t (id int PRIMARY KEY, x int);"
                   "INSERT INTO t SELECT i FROM generate_series(1, 20000) i; ANALYZE t")
    return direct


def refused(client, statement):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as caught:
        client.execute(statement)
    return caught.value.diag.message_primary


@pytest.mark.parametrize(("statement", "tag"), CHANGES)
def test_as_the_server_refuses(t, target, connect, statement, tag):
    client = connect(target)
    client.execute("SET default_transaction_read_only = on")
    assert refused(client, statement) == f"cannot execute {tag} in a read-only transaction"
    assert t.execute("SELECT count(*), count(x) FROM t").fetchone() == (20000, 0)
    client.execute("SET default_transaction_read_only = off")
    client.execute(statement)


def test_in_a_transaction(t, target, connect):
    client = connect(target)
    client.execute("BEGIN READ ONLY")
    refused(client, "ALTER TABLE t ALTER x SET NOT NULL")
    client.execute("ROLLBACK; BEGIN READ ONLY")
    refused(client, "UPDATE t SET x = 1")
    client.execute("ROLLBACK")


def test_what_it_may(t, target, connect):
    """PostgreSQL does not count an index that is built anew as writing."""
    client = connect(target)
    client.execute("SET default_transaction_read_only = on")
    client.execute("REINDEX TABLE t")

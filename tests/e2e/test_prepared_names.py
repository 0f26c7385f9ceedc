# SPDX-License-Identifier: PostgreSQL
"""What a Parse prepared for one table is judged again when SQL executes it on another."""

import time

import pytest

from databases import ORDERS
from lab.wire import SYNC, errors, parse

pytestmark = [pytest.mark.gate, pytest.mark.contents(ORDERS)]


@pytest.mark.parametrize("execution", ["EXECUTE u", "execute \"u\"", "EXPLAIN ANALYZE EXECUTE u", "SELECT 1; EXECUTE u"])
def test_execute_is_judged_as_what_it_stands_for(wire, direct, execution):
    w = wire()
    assert not errors(w.query("CREATE TEMP TABLE orders (id int, amount int)"))
    w.send(parse("TRUNCATE orders", "u") + SYNC)
    assert not errors(w.until())
    assert not errors(w.query("DROP TABLE orders"))
    assert errors(w.query(execution))
    assert direct.execute("SELECT count(*) FROM orders").fetchone()[0] > 0


def test_a_session_has_only_so_many_names(wire):
    """VACUUM is judged without a look at the catalog."""
    w = wire()
    w.send(b"".join(parse("VACUUM orders", f"v{i}") for i in range(1000)) + SYNC)
    assert not errors(w.until())
    w.send(parse("VACUUM orders", "v1000") + SYNC)
    assert "too many prepared statements" in errors(w.until())[0].text
    assert not errors(w.query("DEALLOCATE ALL"))
    w.send(parse("VACUUM orders", "v1000") + SYNC)
    assert not errors(w.until())


def test_a_database_made_anew(connect, server, target):
    for _ in range(2):
        server.query("DROP DATABASE IF EXISTS anew WITH (FORCE)")
        server.query("CREATE DATABASE anew")
        client = connect(dbname="anew")
        client.execute("CREATE TABLE t (id int PRIMARY KEY, a int)")
        client.execute("INSERT INTO t SELECT i, i FROM generate_series(1, 20000) i")
        client.execute("ANALYZE t")
        client.execute("CREATE INDEX t_a ON t (a)")
        client.close()
        time.sleep(1.2)
    server.query("DROP DATABASE anew WITH (FORCE)")

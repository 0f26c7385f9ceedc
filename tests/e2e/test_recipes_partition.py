# SPDX-License-Identifier: PostgreSQL
"""A partition whose CHECK says already what PostgreSQL would read it for goes through as it is."""

import re

import pytest

ROWS = 20000
TABLES = f"""
CREATE TABLE p (id int NOT NULL, c int NOT NULL DEFAULT 0, note text) PARTITION BY RANGE (id);
CREATE TABLE rest PARTITION OF p DEFAULT;
CREATE TABLE fresh (id int NOT NULL, c int NOT NULL DEFAULT 0, note text);
INSERT INTO p SELECT i FROM generate_series(1, {ROWS}) i;
INSERT INTO fresh SELECT i FROM generate_series(100001, 100000 + {ROWS}) i;
ANALYZE p, fresh;
"""
WITHIN = "ALTER TABLE fresh ADD CHECK (id >= 100001 AND id < 200000);"
WITHOUT = "ALTER TABLE rest ADD CHECK (NOT (id >= 100000 AND id < 200000));"
ATTACH = "ALTER TABLE p ATTACH PARTITION fresh FOR VALUES FROM (100000) TO (200000)"
PARTITION_OF = "CREATE TABLE other PARTITION OF p FOR VALUES FROM (100000) TO (200000)"

pytestmark = [pytest.mark.gate, pytest.mark.contents(TABLES)]


def steps(direct):
    """Of the change that there is; none where the statement went through."""
    if direct.execute("SELECT to_regclass('phasegate.step')").fetchone() == (None,):
        return []
    return [sql for sql, in direct.execute("SELECT sql FROM phasegate.step ORDER BY ord").fetchall()]


@pytest.mark.parametrize(("setup", "statement", "added"), [
    (WITHIN + WITHOUT, ATTACH, None),
    (WITHOUT, PARTITION_OF, None),
    (WITHIN, ATTACH, {"rest"}),
    (WITHOUT, ATTACH, {"fresh"}),
    (WITHIN + WITHOUT.replace("200000", "150000"), ATTACH, {"rest"}),
    (WITHIN + "CREATE INDEX ON p (note);" + WITHOUT, ATTACH, set()),
], ids=["both", "no-table", "table", "default", "too-little", "index"])
def test_what_is_said_already_is_not_said_again(direct, connect, setup, statement, added):
    """added: tables that the plan adds a CHECK to; None: there is no plan."""
    direct.execute(setup)
    read = []
    client = connect()
    client.execute("SET client_min_messages = debug1")
    client.add_notice_handler(lambda notice: read.append(notice.message_primary))
    client.execute(statement)
    assert (steps(direct) == []) == (added is None)
    assert {table for sql in steps(direct) for table in re.findall(r'"(\w+)" ADD CONSTRAINT', sql)} == (added or set())
    assert [text for text in read if re.match("verifying|building|rewriting", text) and "pg_toast" not in text] == []
    assert direct.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'p'::regclass").fetchone() == (2,)

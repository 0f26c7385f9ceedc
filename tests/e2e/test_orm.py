# SPDX-License-Identifier: PostgreSQL
"""
What four ORMs' migration tools really send (tests/e2e/orm: Django, Alembic, Knex, TypeORM),
replayed statement by statement: their queries pass in silence, their schema changes are judged.
"""

import json
import re
from pathlib import Path

import pytest

from lab.wire import SYNC, bind, errors, execute, kinds, parse, query

pytestmark = pytest.mark.gate

FILES = sorted(Path(__file__).parent.joinpath("orm").glob("*.sql"))
OURS = re.compile(r"PG00\d")
TRANSACTION = re.compile(r"(?i)(begin|start transaction|commit|rollback|end|savepoint|release)\b")
PARAMETER = re.compile(r"\$\d+ = ('(?:[^']|'')*'|NULL)", re.IGNORECASE)
# What may be refused; everything else in these files must not be.
DANGEROUS = re.compile(r"(?is)\s*(alter table .*\b(drop|rename|type|add|set)\b|alter sequence .*\brename\b|drop |truncate|lock |delete|update|create .*index"
                       r"|reindex|do |vacuum|cluster)")
# One row that says how far migrations are; autovacuum never gets round to analysing such a table.
BOOKKEEPING = re.compile("knex_migrations|alembic_version|django_migrations")
HARMLESS = re.compile(r"(?i)\s*(select|insert|with|show|set|values|begin|start|commit|rollback|savepoint|release)\b")


def statements(path):
    """(text, parameter values or None) of each statement."""
    found, text = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("-- parameters:"):
            values = [None if v.upper() == "NULL" else v[1:-1].replace("''", "'") for v in PARAMETER.findall(line)]
            found[-1] = (found[-1][0], values)
        else:
            text += line + "\n"
            if line.rstrip().endswith(";"):
                found.append((text.strip().rstrip(";"), None))
                text = ""
    return [(text, values) for text, values in found if text]


def send(w, text, values):
    if values is None:
        w.send(query(text))
    else:
        w.send(parse(text) + bind(values=values) + execute() + SYNC)
    return w.until()


def outcome(answer):
    """Tags and SQLSTATEs, which do not depend on names of databases or on OIDs."""
    return [m.tag if m.kind == "C" else m.sqlstate for m in answer if m.kind in "CE"] + [answer[-1].status]


@pytest.fixture
def second_database(server, database):
    name = f"{database}_control"
    server.query(f"CREATE DATABASE {name}")
    yield name
    server.query(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
class TestReplay:
    def test_with_nothing_but_warnings_it_is_the_server(self, wire, start_proxy, server, second_database, path):
        rules = {row["id"]: "warn" for row in rules_of(start_proxy()) if row["verdict"] != "allow"}
        proxy = start_proxy({"rules": rules})
        through, straight = wire(proxy), wire(server, login=False)
        straight.startup(second_database)
        for text, values in statements(path):
            answer = send(through, text, values)
            assert outcome(answer) == outcome(send(straight, text, values)), text
            if HARMLESS.match(text):
                assert "N" not in kinds(answer), (text, answer)
        proxy.verify_log()

    def test_under_the_default_policy_only_danger_is_refused(self, wire, start_proxy, server, path):
        """Each statement in autocommit; what is refused is done directly, so that the schema moves on."""
        proxy = start_proxy()
        w, straight = wire(proxy), wire(server)
        w.socket.settimeout(60)
        refused = []
        for text, values in statements(path):
            if TRANSACTION.match(text):
                continue
            answer = send(w, text, values)
            ours = [e for e in errors(answer) if OURS.match(e.sqlstate)]
            if HARMLESS.match(text):
                assert not ours and "N" not in kinds(answer), (text, answer)
            elif ours:
                assert DANGEROUS.match(text), (text, ours[0].fields)
                refused.append(text)
                send(straight, text, values)
        assert len(refused) >= 3
        assert not [text for text in refused if BOOKKEEPING.search(text)]
        judged = [record for record in proxy.records() if record["event"] == "decision"]
        assert len([r for r in judged if r["verdict"] == "reject"]) == len(refused)
        proxy.verify_log()


def rules_of(proxy):
    done = proxy.run("rules", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

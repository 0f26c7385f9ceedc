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
DANGEROUS = re.compile(r"(?is)\s*(alter table .*\b(drop|rename|type|add|set)\b|drop |truncate|lock |delete|update|create .*index"
                       r"|reindex|do |vacuum|cluster)")
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
    def test_with_every_rejection_turned_into_a_warning_it_is_the_server(self, wire, start_proxy, server, second_database,
                                                                        path):
        proxy = start_proxy()
        rules = {row["id"]: "warn" for row in rules_of(proxy) if row["verdict"] == "reject"}
        proxy = start_proxy({"rules": rules})
        through, straight = wire(proxy), wire(server, login=False)
        straight.startup(second_database)
        through.socket.settimeout(60)
        for text, values in statements(path):
            answer = send(through, text, values)
            assert outcome(answer) == outcome(send(straight, text, values)), text
            if HARMLESS.match(text):
                expected = "N" if "N" in kinds(answer) and TRANSACTION.match(text) else ""
                assert kinds(answer).count("N") == len(expected), (text, answer)
        proxy.verify_log()

    def test_under_the_default_policy_only_danger_is_refused(self, wire, start_proxy, direct, path):
        """Each statement in autocommit; what is refused is done directly, so that the schema moves on."""
        proxy = start_proxy()
        w = wire(proxy)
        w.socket.settimeout(60)
        refused = 0
        for text, values in statements(path):
            if TRANSACTION.match(text):
                continue
            ours = [e for e in errors(send(w, text, values)) if OURS.match(e.sqlstate)]
            if HARMLESS.match(text):
                assert not ours, (text, ours[0].fields)
            elif ours:
                assert DANGEROUS.match(text), (text, ours[0].fields)
                refused += 1
                direct.execute(text)
        assert refused >= 3
        judged = [record for record in proxy.records() if record["event"] == "decision"]
        assert len([r for r in judged if r["verdict"] == "reject"]) == refused


def rules_of(proxy):
    done = proxy.run("rules", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

# SPDX-License-Identifier: PostgreSQL
"""
Statements one by one, on the tables of world.sql.  In statements/*.sql every statement may have its
own lines above it:

    -- with: SQL      tables of its own, made in schema `own` before and dropped after it
    -- set: SQL       settings of its transaction
    -- beyond: WHAT, why    the model does not know this (locks, scan, error ...) and cannot
"""

from pathlib import Path

import pytest

from oracle import disagreements

HERE = Path(__file__).parent
FILES = sorted((HERE / "statements").glob("*.sql"))
STATEMENTS_MIN = 330
KEYS = ("with", "set", "beyond")


def cases(path):
    """(statement, with, set, beyond) of a file."""
    own = dict.fromkeys(KEYS, "")
    statement = []
    for line in path.read_text().splitlines():
        for key in own:
            if line.startswith(f"-- {key}: "):
                own[key] += line.removeprefix(f"-- {key}: ") + ";"
        if line.startswith("--") or not line:
            continue
        statement.append(line)
        if line.endswith(";"):
            yield "\n".join(statement).removesuffix(";"), *own.values()
            own, statement = dict.fromkeys(KEYS, ""), []
    assert not statement, f"{path} ends within a statement"


def table(rows):
    return "\n".join(f"{statement}\n    {what}: predicted {predicted}\n    {' ' * len(what)}   observed {observed}"
                     for statement, what, predicted, observed in rows)


@pytest.fixture(scope="module")
def world(server):
    for statement in (HERE / "world.sql").read_text().split(";\n"):
        server.execute(statement)
    server.execute("SET search_path = public, own")
    return server


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_model_is_right(world, model, path):
    wrong = []
    for statement, before, settings, beyond in cases(path):
        world.execute(f"DROP SCHEMA IF EXISTS own CASCADE; CREATE SCHEMA own; {before}")
        predicted, observed = world.judge(model, statement, settings)
        rows = disagreements(predicted, observed)
        if beyond and [what for what, *_ in rows] == [beyond.split(",")[0]]:
            rows = []
        elif beyond:
            rows.append(("beyond", beyond, "the model knows"))
        wrong += [(statement, *row) for row in rows]
    assert not wrong, f"{len(wrong)} disagreements\n{table(wrong)}"


def test_there_are_enough_statements():
    statements = [statement for path in FILES for statement, *_ in cases(path)]
    assert len(statements) >= STATEMENTS_MIN

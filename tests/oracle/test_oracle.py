# SPDX-License-Identifier: PostgreSQL
"""Statements one by one, on the tables of world.sql, each in a transaction that is rolled back."""

from pathlib import Path

import pytest

from cases import cases, table, without_beyond
from oracle import EMPTY_OWN, Known, disagreements

HERE = Path(__file__).parent
FILES = sorted((HERE / "statements").glob("*.sql"))
STATEMENTS_MIN = 330


@pytest.fixture(scope="module")
def world(server):
    for statement in (HERE / "world.sql").read_text().split(";\n"):
        server.execute(statement)
    server.execute("SET search_path = public, own")
    return server


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_model_is_right(world, model, path):
    wrong, made, known = [], None, None
    for statement, before, settings, beyond in cases(path):
        if before != made:  # a schema more or less, and every prepared query is planned again
            world.execute(f"{EMPTY_OWN} {before}")
            made, known = before, Known()  # every statement is rolled back
        rows = disagreements(*world.judge(model, statement, settings, None if settings else known))
        wrong += [(statement, *row) for row in without_beyond(rows, beyond)]
    assert not wrong, f"{len(wrong)} disagreements\n{table(wrong)}"


def test_there_are_enough_statements():
    statements = [statement for path in FILES for statement, *_ in cases(path)]
    assert len(statements) >= STATEMENTS_MIN

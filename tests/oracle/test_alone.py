# SPDX-License-Identifier: PostgreSQL
"""Statements that have to stand alone, on tables of their own, observed from a second session."""

from pathlib import Path

import pytest

from alone import Alone
from cases import cases, table, without_beyond
from oracle import disagreements

PATH = Path(__file__).parent / "alone.sql"


@pytest.fixture
def alone(database):
    alone = Alone(database)
    yield alone
    alone.close()


def test_the_model_is_right_outside_transactions(alone, model):
    wrong = []
    for statement, before, _, beyond in cases(PATH):
        predicted, observed = alone.judge(model, statement, before)
        rows = disagreements(predicted, observed)
        if not predicted.get("no_transaction"):
            rows.append(("no_transaction", "may stand in a transaction", "must stand alone"))
        wrong += [(statement, *row) for row in without_beyond(rows, beyond)]
    assert not wrong, f"{len(wrong)} disagreements\n{table(wrong)}"

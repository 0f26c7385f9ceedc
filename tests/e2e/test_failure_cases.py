# SPDX-License-Identifier: PostgreSQL
"""docs/failures.md names the code and the tests of every failure case: both have to be there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [line for line in (ROOT / "docs" / "failures.md").read_text().splitlines() if re.match(r"\| (?!---|when|what \|)", line)]


def named_in(name):
    if name.endswith(".c"):
        return set(re.findall(r"^Test\(\w+, (\w+)", (ROOT / "tests" / "proxy" / name).read_text(), re.MULTILINE))
    tree = ast.parse((ROOT / "tests" / "e2e" / name).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_failure_case_has_its_code_and_its_tests():
    assert len(ROWS) > 20
    for row in ROWS:
        _, _, _, _, where, tests, _ = row.split("|")
        names = re.findall(r"`(\w+\.(?:py|c))::(\w+)`", tests)
        assert names, row
        assert [name for name in names if name[1] not in named_in(name[0])] == [], row
        assert all((ROOT / "proxy" / file).exists() for file in re.findall(r"`(\S+\.c)`", where)) and ".c`" in where, row

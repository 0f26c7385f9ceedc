# SPDX-License-Identifier: PostgreSQL
"""A rule with a recipe and no proof of it: the proofs ask tests/tools/plan_json for their plans."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_recipe_of_a_rule_can_be_proved():
    rules = "".join(path.read_text() for path in sorted((ROOT / "policy").glob("rules_*.c")))
    used = set(re.findall(r"\.recipe = (recipe_\w+)", rules))
    proved = set(re.findall(r"recipe_\w+", (ROOT / "tests" / "tools" / "plan_json.c").read_text()))
    assert used and not used - proved

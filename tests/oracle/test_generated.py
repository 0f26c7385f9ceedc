# SPDX-License-Identifier: PostgreSQL
"""
Generated statements.  Every test run takes the same seeds, so that it fails for what was changed
and not by chance; ./dev fuzz oracle goes on for as long as it is told and finds what the model does
not know yet.
"""

import os

from fuzz import Run

SECONDS = os.environ.get("PHASEGATE_ORACLE_SECONDS")
SEED = int(os.environ.get("PHASEGATE_ORACLE_SEED", "1"))
WIDE = bool(os.environ.get("PHASEGATE_ORACLE_WIDE"))
SEEDS = [(1, False), (2, False), (3, False), (4, False), (1, True), (2, True)]  # and whether it is wide
STATEMENTS = 25


def test_generated_statements(server, model):
    run = Run(server, model)
    if SECONDS:
        last = run.until(SEED, float(SECONDS), WIDE)
        print(f"seeds {SEED} to {last - 1}: {run.summary()}")
    else:
        for seed, wide in SEEDS:
            run.seed(seed, STATEMENTS, wide)
    assert not run.found, "\n\n".join(run.found)
    assert run.counts["statements"] > 0

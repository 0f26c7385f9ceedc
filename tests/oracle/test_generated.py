# SPDX-License-Identifier: PostgreSQL
"""Generated statements for a bounded time; ./dev fuzz oracle goes on for as long as it is told."""

import os

from fuzz import Run

SECONDS = float(os.environ.get("PHASEGATE_ORACLE_SECONDS", "20"))
SEED = int(os.environ.get("PHASEGATE_ORACLE_SEED", "1"))


def test_generated_statements(server, model):
    run = Run(server, model)
    last = run.until(SEED, SECONDS)
    print(f"seeds {SEED} to {last - 1}: {run.summary()}")
    assert not run.found, "\n\n".join(run.found)
    assert run.counts["statements"] > 0

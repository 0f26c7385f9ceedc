# SPDX-License-Identifier: PostgreSQL
"""What the tests are run with; conftest.py says what the variables mean."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = os.environ.get("PHASEGATE_E2E_TARGET", "phasegate")
BUILD = Path(os.environ.get("PHASEGATE_BUILD", ROOT / "build" / "asan")).resolve()
ASAN = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1"}

# A test that ends early must not hold the end of its proxy up with an open transaction.
SHORT_DRAIN = {"limits": {"drain_timeout": "3s"}}

# SPDX-License-Identifier: PostgreSQL
"""
Migrations made up at random, through phasegate and on a twin without it: both end in the same catalog
with as many rows, or both fail.  What is refused or aborted leaves no trace.  Every test run takes the
same seeds; ./dev fuzz migrations goes on for as long as it is told.
"""

import itertools
import os
import threading
import time
from collections import Counter

import psycopg
import pytest

from lab.empty_schema import empty_schema
from lab.process import wait_until
from migrations import Migrations
from plans import catalog

pytestmark = pytest.mark.gate

SECONDS = os.environ.get("PHASEGATE_MIGRATIONS_SECONDS")
SEED = int(os.environ.get("PHASEGATE_MIGRATIONS_SEED", "4"))
SEEDS = 2
TRANSACTIONS = 5  # of one seed
CONFIG = {
    "policy": {"small_table": {"rows": 1, "bytes": "1B"}, "lock_timeout": "1s"},
    "backfill": {"rows_per_second": 0, "wal_bytes_per_second": 0, "throttle": {"latency_percent": 0, "table_latency_percent": 0}},
    "policy_log": {"fsync": "never"},
}
SLOWLY = {"backfill": {"rows_per_second": 150}}  # so that an abort meets it
# What phasegate does and PostgreSQL does not: fill the nulls of a column that has a default; build the index of a
# partitioned table, and validate its foreign key, without stopping writers.
MORE_THAN_POSTGRES = {"23502": "contains null values", "0A000": "concurrently", "42809": "NOT VALID foreign key"}
CHANGES = "SELECT id, state, error_message FROM phasegate.change WHERE id > %s ORDER BY id"


class Side:
    """A database with schema s, looked at directly; statements may go through a proxy."""

    def __init__(self, look, via):
        self.look, self.via = look, via

    def make(self, script):
        self.look.execute(empty_schema("s"))
        self.look.execute("SET search_path = s")
        for statement in script:
            self.look.execute(statement)
        self.look.execute("VACUUM ANALYZE")

    def run(self, statements, block):
        """The error that it ended in; None: there was none."""
        with self.via() as connection:
            connection.execute("SET search_path = s")
            try:
                if not block:
                    connection.execute(statements[0])
                    return None
                with connection.transaction():
                    for statement in statements:
                        connection.execute(statement)
            except psycopg.Error as error:
                return error
        return None

    def state(self):
        found = catalog(self.look, attnum=False)
        for table in ("t", "r"):
            found[f"rows of {table}"] = self.look.execute(f"SELECT count(*) FROM {table}").fetchone()
        return found

    # of the one with phasegate

    def last(self):
        if self.look.execute("SELECT to_regclass('phasegate.change')").fetchone()[0] is None:
            return 0
        return self.look.execute("SELECT coalesce(max(id), 0) FROM phasegate.change").fetchone()[0]

    def changes(self, since):
        return self.look.execute(CHANGES, [since]).fetchall() if self.last() else []

    def unfinished(self):
        return [(number, state) for number, state, _ in self.changes(0)
                if state not in ("done", "failed", "cancelled")]

    def ask(self, what, number):
        try:
            self.look.execute(f"SELECT phasegate.{what}(%s)", [number])
        except psycopg.Error:  # it has ended meanwhile
            pass

    def settle(self):
        """What soaks is released, what stops for people is aborted."""
        def settled():
            for number, state in self.unfinished():
                if state in ("soaking", "needs_fix", "needs_attention"):
                    self.ask("release" if state == "soaking" else "abort", number)
            return not self.unfinished()

        wait_until(settled, "all changes to end", timeout=60)


def differences(one, other):
    return [f"{key}: {side} only: {row}" for key in one
            for side, rows, others in (("phasegate", one[key], other[key]), ("twin", other[key], one[key]))
            for row in rows if row not in others]


class Run:
    def __init__(self, ours, twin, aborts):
        self.ours, self.twin, self.aborts = ours, twin, aborts
        self.counts, self.found = Counter(), []

    def seed(self, seed):
        script = Migrations(seed).setup()
        migrations = Migrations(seed)
        migrations.setup()
        fresh = True
        for _ in range(TRANSACTIONS):
            if fresh:
                self.ours.make(script)
                self.twin.make(script)
            statements, block = migrations.transaction()
            what, wrong = self._try(statements, block, migrations.random)
            self.counts[what] += 1
            fresh = bool(wrong) or what in ("failed", "aborted in part", "more than PostgreSQL")
            if wrong:
                text = ";\n".join([*script, "-- and then" + (", in a transaction" if block else ""), *statements])
                self.found.append(f"-- seed {seed}\n{text};\n" + "\n".join(f"--   {line}" for line in wrong))

    def _try(self, statements, block, random):
        """(what happened, what is wrong with it)"""
        before = self.ours.last()
        error = self._send(statements, block, random)
        self.ours.settle()
        changes = self.ours.changes(before)
        states = {state for _, state, _ in changes}
        if error is not None and not changes and (error.sqlstate.startswith("PG") or error.sqlstate == "55006"):
            return "refused", differences(self.ours.state(), self.twin.state())
        if "cancelled" in states:
            if block or len(states) > 1:
                return "aborted in part", []
            return "aborted", differences(self.ours.state(), self.twin.state())
        expected = self.twin.run(statements, block)
        succeeded = error is None and states <= {"done"}
        if succeeded and expected is not None and MORE_THAN_POSTGRES.get(expected.sqlstate, "\n") in str(expected):
            return "more than PostgreSQL", []
        if succeeded != (expected is None):
            return "failed", [f"phasegate: {error!r}, changes {changes}", f"twin: {expected!r}"]
        if not succeeded:
            return "failed", []
        return "in phases" if changes else "passed", differences(self.ours.state(), self.twin.state())

    def _send(self, statements, block, random):
        errors = []
        thread = threading.Thread(target=lambda: errors.append(self.ours.run(statements, block)))
        thread.start()
        if self.aborts and random.random() < 0.7:
            time.sleep(random.random() * 1.2)
            for number, _ in self.ours.unfinished():
                self.ours.ask("abort", number)
        while thread.is_alive():
            self.ours.settle()
            thread.join(0.05)
        return errors[0]


@pytest.mark.parametrize("aborts", [False, True], ids=["to the end", "aborted"])
def test_migrations_end_as_on_a_twin(server, databases, direct, connect, start_proxy, aborts):
    proxy = start_proxy({**CONFIG, "backfill": {**CONFIG["backfill"], **(SLOWLY["backfill"] if aborts else {})}})
    name = databases.take("")
    try:
        with server.connect(name) as twin:
            run = Run(Side(direct, lambda: connect(to=proxy)), Side(twin, lambda: server.connect(name)), aborts)
            end = time.monotonic() + float(SECONDS or 0)
            for seed in itertools.count(SEED):
                if run.found or (time.monotonic() >= end if SECONDS else seed >= SEED + SEEDS):
                    break
                run.seed(seed)
    finally:
        databases.give_back(name, "")
    print(f"seeds {SEED} to {seed - 1}: {dict(run.counts)}")
    assert not run.found, "\n\n".join(run.found)
    assert run.counts["in phases"] + run.counts["aborted"] > 0

# SPDX-License-Identifier: PostgreSQL
"""
Bounds and CHECKs by chance: where policy/bound_proof.c says that ATTACH PARTITION need not read a
table, PostgreSQL does not.
"""

import os
import random

import pytest

from oracle import EMPTY_OWN, disagreements

SEED = int(os.environ.get("PHASEGATE_ORACLE_SEED", "1"))
CASES = int(os.environ.get("PHASEGATE_ORACLE_CASES", "60"))

# type of the key -> values in order, as SQL
VALUES = {
    "int": ["-7", "0", "10", "11", "100", "2000000000"],
    "bigint": ["-7", "0", "10", "'11'", "100::bigint", "20000000000"],
    "smallint": ["-7", "0", "10", "11::bigint", "100", "2000"],
    "date": ["'2023-12-31'", "'2024-01-01'", "'2024-01-02'", "'2024-06-30'::timestamp", "'2024-12-31'", "'2025-01-01'"],
    "timestamp": ["'2023-12-31'", "'2024-01-01'", "'2024-01-01 12:00'", "'2024-01-01 12:00:01'", "'2024-06-30'", "'2025-01-01'::date"],
    "timestamptz": ["'2023-12-31'", "'2024-01-01'", "'2024-01-01 03:00+02'", "'2024-01-01 12:00:00+00'", "'2024-06-30'", "'2025-01-01'"],
    "text": ["''", "'a'", "'a''b'", "'b'", "'c'", "'d'"],
    "numeric": ["-7", "0", "10", "10.5", "100", "100.25"],
    "uuid": [f"'00000000-0000-0000-0000-{i:012}'" for i in range(6)],
    "varchar(9)": ["'a'", "'b'", "'c'", "'B'", "'ab'", "'abc'"],
}
PLAIN = {kind: [value.split("::")[0] for value in values] for kind, values in VALUES.items()}
ZONES = ["UTC", "Europe/Berlin"]


class Chance(random.Random):
    def comparison(self, kind):
        value = self.choice(VALUES[kind])
        return self.choice([f"k {self.choice(['=', '<>', '<', '<=', '>', '>='])} {value}",
                            f"{value} <= k", "k IS NULL", "k IS NOT NULL", "other > 0",
                            f"k IN ({', '.join(self.sample(VALUES[kind], 2))})"])

    def condition(self, kind, depth=2):
        if depth == 0 or self.random() < 0.3:
            return self.comparison(kind)
        way = self.choice(["AND", "OR", "NOT"])
        if way == "NOT":
            return f"NOT ({self.condition(kind, depth - 1)})"
        return f" {way} ".join(f"({self.condition(kind, depth - 1)})" for _ in range(2))

    def aimed(self, kind, lower, upper):
        """Near the bound's own condition, or near its opposite."""
        low, high = self.choice([">=", ">="] + [">"]), self.choice(["<", "<", "<="])
        if self.random() < 0.5:
            return f"k IS NOT NULL AND k {low} {lower} AND k {high} {upper}"
        return self.choice([f"NOT (k IS NOT NULL AND k {low} {lower} AND k {high} {upper})",
                            f"k < {lower} OR k >= {upper}", f"k >= {upper}", f"k <= {lower}"])

    def bound(self, kind):
        """A clause, and the two values that a CHECK is aimed at."""
        if kind in ("uuid", "varchar(9)") or self.random() < 0.2:
            values = self.sample(PLAIN[kind], self.choice([1, 1, 2]))
            return "LIST", f"FOR VALUES IN ({', '.join(values)})", values[0], values[0]
        at = self.randrange(5)
        ends = PLAIN[kind][at], PLAIN[kind][self.randrange(at + 1, 6)]
        shown = [self.choice([end, end, end, word]) for end, word in zip(ends, ("MINVALUE", "MAXVALUE"), strict=True)]
        return "RANGE", f"FOR VALUES FROM ({shown[0]}) TO ({shown[1]})", *ends


def make(chance):
    """Statements that make the tables, and the one to judge; rows are those that the CHECKs allow."""
    kind = chance.choice(list(VALUES))
    strategy, clause, lower, upper = chance.bound(kind)
    columns = f"k {kind}{chance.choice(['', ' NOT NULL'])}, other int"
    checks = [chance.aimed(kind, lower, upper) if chance.random() < 0.7 else chance.condition(kind) for _ in range(2)]
    values = ", ".join(f"({value}::{kind}, 1)" for value in PLAIN[kind])
    fill = f"SELECT * FROM (VALUES {values}) AS v (k, other) WHERE ({{}}) IS NOT FALSE"
    return kind, f"""
        CREATE TABLE own.q ({columns}) PARTITION BY {strategy} (k);
        CREATE TABLE own.q0 PARTITION OF own.q DEFAULT;
        INSERT INTO own.q0 {fill.format(checks[0])};
        ALTER TABLE own.q0 ADD CHECK ({checks[0]});
        CREATE TABLE own.q1 ({columns}); INSERT INTO own.q1 {fill.format(checks[1])};
        ALTER TABLE own.q1 ADD CHECK ({checks[1]});""", f"ALTER TABLE q ATTACH PARTITION q1 {clause}"


@pytest.fixture
def own(server):
    server.execute("SET search_path = own, public")
    return server


def test_what_is_proved_is_not_read(own, model):
    spared, wrong = 0, []
    for seed in range(SEED, SEED + CASES):
        chance = Chance(seed)
        kind, tables, statement = make(chance)
        zone = chance.choice(ZONES) if kind == "timestamptz" else "UTC"
        own.execute(f"{EMPTY_OWN} SET TimeZone = '{zone}'; {tables}")
        predicted, observed = own.judge(model, statement, "")
        rows = disagreements(predicted, observed)
        wrong += [f"seed {seed}: {tables}\n{statement}\n{row}" for row in rows]
        spared += not {"own.q0", "own.q1"} <= {*predicted["scan"], *predicted["may_scan"]}
    assert not wrong, "\n\n".join(wrong)
    assert spared * 10 >= CASES, f"only {spared} of {CASES} were spared anything"

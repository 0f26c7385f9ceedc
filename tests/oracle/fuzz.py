# SPDX-License-Identifier: PostgreSQL
"""Generated statements against the server, seed by seed; a disagreement is shrunk to a small script."""

import itertools
import time
from collections import Counter

import psycopg

from commands import statement
from generate import world
from oracle import EMPTY_OWN, Known, Model, Server, disagreements

STATEMENTS = 100  # on each world: what the catalog says of it is read once for several


def make(server, script):
    """The world in schema own; what the server refuses is left out.  Returns what is left."""
    server.execute(f"{EMPTY_OWN} SET search_path = own, public")
    for (name,) in server.execute("SELECT pubname FROM pg_publication").fetchall():  # in no schema, and empty by now
        server.execute(f"DROP PUBLICATION {name}")
    made = []
    for statement in script:
        try:
            server.execute(statement)
            made.append(statement)
        except psycopg.Error:
            continue
    (names,) = server.execute("SELECT string_agg(relname, ', ') FROM pg_class WHERE relnamespace = 'own'::regnamespace "
                              "AND relkind IN ('r', 'm')").fetchone()
    if names:
        server.execute(f"VACUUM ANALYZE {names}")
    return made


def kinds(rows):
    """What disagrees; of errors, which one the server told of."""
    return {(what, observed[:5] if what == "error" else "") for what, _, observed in rows}


class Shrinker:
    """Leaves out what does not matter while the same kind of disagreement stays."""

    def __init__(self, server, model, rows):
        self.server, self.model, self.kinds = server, model, kinds(rows)

    def _still(self, script, statement):
        make(self.server, script)
        try:
            predicted, observed = self.server.judge(self.model, statement)
        except psycopg.Error:
            return False
        return bool(kinds(disagreements(predicted, observed)) & self.kinds) and observed.get("sqlstate") != "42P01"

    def shrink(self, script, statement):
        head, *commands = commands_of(statement)
        for n in range(len(commands) - 1, -1, -1):
            fewer = commands[:n] + commands[n + 1:]
            if fewer and self._still(script, head + ", ".join(fewer)):
                commands = fewer
        statement = head + ", ".join(commands)
        for n in range(len(script) - 1, -1, -1):
            fewer = script[:n] + script[n + 1:]
            if self._still(fewer, statement):
                script = fewer
        return script, statement


def commands_of(statement):
    """ALTER TABLE t a, b -> ["ALTER TABLE t ", "a", "b"]; of other statements the whole is one."""
    words = statement.split(" ", 3)
    if words[:2] != ["ALTER", "TABLE"] or words[2] == "ONLY":
        return ["", statement]
    commands, depth, start = [], 0, 0
    for at, letter in enumerate(words[3] + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            commands.append(words[3][start:at].strip())
            start = at + 1
    return [" ".join(words[:3]) + " ", *commands]


def report(script, statement, rows):
    lines = [f"{s};" for s in script] + ["-- and then", f"{statement};"]
    return "\n".join(lines + [f"--   {what}: predicted {predicted}\n--   {' ' * len(what)}  observed {observed}"
                              for what, predicted, observed in rows])


class Run:
    """Seeds from first on until the time is over."""

    def __init__(self, server, model):
        self.server, self.model = server, model
        self.counts, self.found = Counter(), []

    def seed(self, seed, statements=STATEMENTS, wide=False):
        place = world(seed, wide)
        script, known = make(self.server, place.script), Known()
        for _ in range(statements):
            known = self._try(seed, script, statement(place), known)
        self.counts["worlds"] += 1

    def until(self, first, seconds, wide=False, found_max=1):
        end = time.monotonic() + seconds
        for seed in itertools.count(first):
            if time.monotonic() >= end or len(self.found) >= found_max:
                return seed
            self.seed(seed, wide=wide)

    def _try(self, seed, script, statement, known):
        """Returns what is known of the world afterwards."""
        predicted, observed = self.server.judge(self.model, statement, known=known)
        rows = disagreements(predicted, observed)
        self.counts["statements"] += 1
        self.counts[outcome(predicted, observed)] += 1
        if not rows:
            return known
        small, least = Shrinker(self.server, self.model, rows).shrink(script, statement)
        make(self.server, small)
        rows = disagreements(*self.server.judge(self.model, least)) or rows
        self.found.append(f"-- seed {seed}\n{report(small, least, rows)}")
        make(self.server, script)
        return Known()

    def summary(self):
        return ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items(), key=lambda item: -item[1]))


def outcome(predicted, observed):
    if observed.get("sqlstate") is None:
        return "carried out" if not predicted.get("may_scan") else "carried out, scans left to the planner"
    if observed["sqlstate"] in predicted["sqlstates"]:
        return "refused as predicted"
    return "refused where it may be" if predicted.get("may_be_refused") else "refused for the rows"

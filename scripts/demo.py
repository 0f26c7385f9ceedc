# SPDX-License-Identifier: PostgreSQL
"""
./dev demo: an application runs through the proxy all the while, a migration tool sends schema
changes, and at the end everything that was promised is checked.  Exits 0 only when all of it held.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lab.application import CLIENTS, TRANSACTIONS_PER_SECOND, Application, percentile
from lab.locks import LockSampler
from lab.postgres import Postgres, binaries
from lab.process import LabError, interruptible, temporary_directory
from lab.proxy import Phasegate

ORDERS, CUSTOMERS = 300_000, 10_000
LOCK_HELD_MS_MAX = 250
BACKFILL_ROWS_PER_SECOND = 20_000

SCHEMA = f"""
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, {CUSTOMERS}) i;
CREATE TABLE orders (
  id bigserial PRIMARY KEY, customer_id int, status text DEFAULT 'new', amount int, code varchar(50),
  created_at timestamptz DEFAULT now());
INSERT INTO orders (customer_id, status, amount, code)
  SELECT 1 + i % {CUSTOMERS}, CASE WHEN i % 5 > 0 THEN 'paid' END, i % 500, 'c' || i FROM generate_series(1, {ORDERS}) i;
VACUUM ANALYZE customers, orders;
"""

PASSES, CARRIED_OUT, REJECTED = {"allow", "warn"}, {"rewrite", "phase"}, {"reject"}


@dataclass
class Attempt:
    """One thing the migration tool sends: the statements of one session, and what is to come of it."""

    title: str
    statements: list
    expected: list  # a set of verdicts for each statement that is judged
    began: float = 0.0
    ended: float = 0.0
    verdicts: list = field(default_factory=list)
    changes: list = field(default_factory=list)  # (summary, batches, rows)


ATTEMPTS = [
    Attempt("A nullable column: safe as it is", ["ALTER TABLE orders ADD COLUMN note text"], [PASSES]),
    Attempt("A required column with a volatile default: would rewrite the table under ACCESS EXCLUSIVE",
            ["ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()"], [CARRIED_OUT]),
    Attempt("SET NOT NULL where NULLs still stand; the default says what fills them",
            ["ALTER TABLE orders ALTER COLUMN status SET NOT NULL"], [CARRIED_OUT]),
    Attempt("A foreign key: would scan while both tables take no writes",
            ["ALTER TABLE orders ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id)"],
            [CARRIED_OUT]),
    Attempt("A unique constraint: would build its index under ACCESS EXCLUSIVE",
            ["ALTER TABLE orders ADD CONSTRAINT orders_code_key UNIQUE (code)"], [CARRIED_OUT]),
    Attempt("An index: would block writes while it is built",
            ["CREATE INDEX orders_created_at ON orders (created_at)"], [CARRIED_OUT]),
    Attempt("A longer varchar: the catalog only", ["ALTER TABLE orders ALTER COLUMN code TYPE varchar(200)"], [PASSES]),
    Attempt("int to bigint: would rewrite the table", ["ALTER TABLE orders ALTER COLUMN amount TYPE bigint"],
            [CARRIED_OUT]),
    Attempt("A column that the application may still read", ["ALTER TABLE orders DROP COLUMN amount"], [REJECTED]),
    Attempt("Every row in one statement: would keep all of them locked to its end",
            ["UPDATE orders SET amount = amount + 1000"], [CARRIED_OUT]),
    Attempt("The same inside a transaction, where it cannot be taken apart",
            ["BEGIN", "UPDATE orders SET amount = amount + 1000", "ROLLBACK"], [REJECTED]),
    Attempt("What no parser can see into",
            ["DO $$ BEGIN EXECUTE 'ALTER TABLE orders DROP COLUMN amount'; END $$"], [REJECTED]),
    Attempt("As Rails, Django and Alembic do it: inside a transaction; the long part follows the COMMIT",
            ["BEGIN", "ALTER TABLE orders ADD COLUMN channel text",
             "ALTER TABLE orders ADD CONSTRAINT orders_amount_check CHECK (amount >= 0)", "COMMIT"],
            [PASSES, CARRIED_OUT]),
    Attempt("A refusal inside a transaction fails it, as an error of the server would",
            ["BEGIN", "ALTER TABLE orders ADD COLUMN never text", "ALTER TABLE orders DROP COLUMN amount",
             "ROLLBACK"], [PASSES, REJECTED]),
]

# What the catalog has to say at the end.
FINAL_SCHEMA = [
    ("note is there", "SELECT count(*) = 1 FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'note'"),
    ("token is required and filled with different values",
     "SELECT attnotnull AND (SELECT count(*) = count(DISTINCT token) FROM orders)"
     " FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'token'"),
    ("status is required, its NULLs became 'new'",
     f"SELECT attnotnull AND (SELECT count(*) = {ORDERS // 5} FROM orders WHERE status = 'new' AND id <= {ORDERS})"
     " FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'status'"),
    ("the foreign key is validated", "SELECT convalidated FROM pg_constraint WHERE conname = 'orders_customer_fk'"),
    ("the unique constraint has a valid index",
     "SELECT indisvalid AND indisunique FROM pg_index WHERE indexrelid = 'orders_code_key'::regclass"),
    ("the index is valid", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_created_at'::regclass"),
    ("code is varchar(200)",
     "SELECT format_type(atttypid, atttypmod) = 'character varying(200)' FROM pg_attribute"
     " WHERE attrelid = 'orders'::regclass AND attname = 'code'"),
    ("amount is a bigint, and every row has kept its value",
     "SELECT atttypid = 'int8'::regtype AND NOT EXISTS (SELECT FROM orders WHERE amount IS NULL) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'amount'"),
    ("amount was raised once in every row that was there",
     f"SELECT count(*) = {ORDERS} FROM orders WHERE id <= {ORDERS} AND amount BETWEEN 1000 AND 1999"),
    ("the CHECK sent inside a transaction is validated",
     "SELECT convalidated FROM pg_constraint WHERE conname = 'orders_amount_check'"),
    ("channel is there, never is not",
     "SELECT count(*) = 1 FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname IN ('channel', 'never')"),
    ("nothing is left over: no helper column, trigger, constraint or invalid index",
     "SELECT (SELECT count(*) = 9 FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped)"
     " AND (SELECT count(*) = 4 FROM pg_constraint WHERE conrelid = 'orders'::regclass)"
     " AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal)"
     " AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = 'orders'::regclass AND NOT indisvalid)"),
]
FILES = "SELECT string_agg(relname || ' ' || pg_relation_filenode(oid), ', ' ORDER BY relname) FROM pg_class" \
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
CHANGES = """
SELECT summary, coalesce(sum(batches), 0)::int, coalesce(sum(rows_changed), 0)::int
  FROM phasegate.change LEFT JOIN phasegate.backfill ON change_id = id WHERE id > %s GROUP BY id, summary ORDER BY id
"""


class Screen:
    """Colour on a terminal, plain text elsewhere."""

    CODES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "dim": "2"}
    MESSAGES = {"ERROR": "red", "DETAIL": "red", "HINT": "yellow", "WARNING": "yellow", "NOTICE": "dim", "CONTEXT": "dim"}

    TAGS = {"BEGIN", "COMMIT", "ROLLBACK", "ALTER TABLE", "CREATE INDEX"}

    def __init__(self):
        self.colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, text, colour):
        return f"\033[{self.CODES[colour]}m{text}\033[0m" if self.colours else text

    def say(self, text="", colour=None):
        print(self.paint(text, colour) if colour else text, flush=True)

    def heading(self, text):
        self.say()
        self.say(text, "bold")

    def client(self, text):
        """What psql showed, indented."""
        colour = None
        for line in text.rstrip().splitlines():
            # A hint is SQL of several lines; a command tag ends it.
            colour = None if line in self.TAGS or re.fullmatch(r"UPDATE \d+", line) else self.MESSAGES.get(line.split(":")[0], colour)
            self.say(f"    {line}", colour)


class Demo:
    def __init__(self, build, directory):
        self.screen = Screen()
        self.build = build
        self.directory = directory
        self.server = Postgres(directory / "server")
        self.server.directory.mkdir()
        self.proxy = None
        self.application = None
        self.sampler = None
        self.checks = []

    def run(self):
        self.prepare()
        files = self.server.query(FILES)
        self.screen.heading(
            f"The application: pgbench, {CLIENTS} clients, {TRANSACTIONS_PER_SECOND} transactions a second, through the proxy")
        self.application = Application(self.proxy, "postgres", self.directory, ORDERS, CUSTOMERS)
        self.sampler = LockSampler(self.server.connect())
        self.sampler.start()
        time.sleep(3)
        quiet_until = time.time()
        for number, attempt in enumerate(ATTEMPTS, 1):
            self.attempt(number, attempt)
        time.sleep(1)
        self.sampler.stop()
        self.application.stop()
        self.show_log()
        self.show_latencies(quiet_until)
        self.check_everything(files)
        return self.sum_up()

    def prepare(self):
        self.screen.heading("A PostgreSQL 15 of our own, pgbench's tables and "
                            f"orders ({ORDERS:,} rows), customers ({CUSTOMERS:,} rows)")
        self.server.start()
        subprocess.run([binaries() / "pgbench", "-i", "-q", "-s", "5", self.server.conninfo()], check=True,
                       capture_output=True)
        for statement in filter(str.strip, SCHEMA.split(";\n")):
            self.server.query(statement)
        self.proxy = Phasegate(self.server, self.directory / "proxy", self.build,
                               {"backfill": {"rows_per_second": BACKFILL_ROWS_PER_SECOND}})
        self.proxy.start()
        self.screen.say(f"  server 127.0.0.1:{self.server.port}, phasegate 127.0.0.1:{self.proxy.port},"
                        f" backfill at most {BACKFILL_ROWS_PER_SECOND:,} rows a second")

    def attempt(self, number, attempt):
        self.screen.heading(f"{number}. {attempt.title}")
        log_before, change_before = len(self.proxy.records()), self.last_change()
        for statement in attempt.statements:
            self.screen.say(f"    => {statement};", "blue")
        command = [binaries() / "psql", "-X", self.proxy.conninfo()]
        for statement in attempt.statements:
            command += ["-c", statement]
        attempt.began = time.time()
        # A backfill makes room for whatever else the machine does.
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
                              env={**os.environ, "PGAPPNAME": "migration"}, check=False)
        attempt.ended = time.time()
        self.screen.client(done.stdout)
        attempt.verdicts = [r["verdict"] for r in self.proxy.records()[log_before:] if r["event"] == "decision"]
        if self.last_change() is not None:
            attempt.changes = self.server.query(CHANGES, parameters=(change_before or 0,))
        for summary, batches, rows in attempt.changes:
            self.screen.say(f"    [{summary}: {f'{rows:,} rows in {batches} batches, ' if batches else ''}"
                            f"{attempt.ended - attempt.began:.1f} s]", "green")

    def last_change(self):
        if not self.server.query("SELECT to_regclass('phasegate.change') IS NOT NULL")[0][0]:
            return None
        return self.server.query("SELECT coalesce(max(id), 0) FROM phasegate.change")[0][0]

    def show_log(self):
        self.screen.heading("The policy log: what was asked, what was decided, how it ended")
        shown = self.proxy.run("log", "show", self.proxy.policy_log)
        for line in shown.stdout.splitlines():
            self.screen.say(f"    {line[:170]}")
        try:
            self.screen.say(f"    {self.proxy.verify_log().strip()}", "green")
            self.check("the policy log's chain is whole", True)
        except LabError as error:
            self.check("the policy log's chain is whole", False, str(error))
        self.check("the policy log could be shown", shown.returncode == 0, shown.stderr)

    def show_latencies(self, quiet_until):
        measured = self.application.latencies()
        self.screen.heading("What the application felt (milliseconds)")
        self.screen.say(f"    {'':<66} {'transactions':>12} {'p50':>7} {'p99':>7} {'max':>7}")
        phases = [("before the first change", 0, quiet_until)]
        phases += [(f"{n}. {a.statements[0] if len(a.statements) == 1 else a.statements[-2]}", a.began, a.ended)
                   for n, a in enumerate(ATTEMPTS, 1)]
        for name, began, ended in [*phases, ("all the while", 0, float("inf"))]:
            values = sorted(ms for at, ms in measured if began <= at <= ended)
            if values:
                self.screen.say(f"    {name[:66]:<66} {len(values):>12,} {percentile(values, .5):>7.1f}"
                                f" {percentile(values, .99):>7.1f} {values[-1]:>7.1f}")

    def check(self, what, held, otherwise=""):
        self.checks.append((what, bool(held), str(otherwise)))

    def check_everything(self, files):
        failures = self.application.failures()
        self.check("the application saw no error", failures == 0, self.application.said()[-1500:])
        for number, attempt in enumerate(ATTEMPTS, 1):
            held = len(attempt.verdicts) == len(attempt.expected) and all(
                verdict in allowed for verdict, allowed in zip(attempt.verdicts, attempt.expected))
            self.check(f"{number}. judged as expected", held, f"{attempt.statements}: {attempt.verdicts}, expected {attempt.expected}")
        for what, sql in FINAL_SCHEMA:
            answer = self.server.query(sql)
            self.check(what, answer == [(True,)], answer)
        self.check("no table was rewritten", self.server.query(FILES) == files, f"{files} {self.server.query(FILES)}")
        held_ms, table = self.sampler.longest
        self.check(f"no ACCESS EXCLUSIVE lock was seen for {LOCK_HELD_MS_MAX} ms or more (longest {held_ms:.0f} ms"
                   f"{f' on {table}' if table else ''}, {self.sampler.samples} looks)", held_ms < LOCK_HELD_MS_MAX)
        self.check("no change is unfinished or failed", self.server.query(
            "SELECT count(*) FROM phasegate.change WHERE state <> 'done'") == [(0,)])
        self.check("the proxy ended well", self.proxy.stop() == 0, self.proxy.stderr.read_text()[-2000:])

    def sum_up(self):
        self.screen.heading("Checked")
        for what, held, otherwise in self.checks:
            self.screen.say(f"  {'ok ' if held else 'NOT'}  {what}", "green" if held else "red")
            if not held and otherwise:
                self.screen.client(otherwise)
        failed = sum(not held for _, held, _ in self.checks)
        self.screen.heading("Everything held." if not failed else f"{failed} of {len(self.checks)} did not hold.")
        return 1 if failed else 0

    def end(self):
        """On every path; whatever was not started is not stopped."""
        for stop in (lambda: self.sampler and self.sampler.ending.set(),
                     lambda: self.application and self.application.process.kill(),
                     lambda: self.proxy and self.proxy.kill(), self.server.stop):
            try:
                stop()
            except Exception as error:
                print(f"while tidying up: {error}", file=sys.stderr)
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, required=True, help="build folder with proxy/phasegate")
    build = arguments.parse_args().build.resolve()
    interruptible()
    demo = Demo(build, temporary_directory("phasegate-demo"))
    try:
        return demo.run()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        demo.end()


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: PostgreSQL
"""
./dev bench backfill: what an application feels of a backfill, and how fast the backfill is all the same.

pgbench runs at half of what the machine gives, through phasegate, with a streaming standby behind the
server.  Taking turns beside it: nothing; one UPDATE of every row that was sent to phasegate; batches of
fixed sizes, one after the other without a pause.  bench/bench.md says how to read it.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from lab.application import percentile  # noqa: E402
from lab.postgres import Postgres, Standby, binaries  # noqa: E402
from lab.process import LabError, interruptible, temporary_directory, wait_until  # noqa: E402
from lab.proxy import Phasegate  # noqa: E402

FIXED = [50, 100, 300, 1000, 5000]
SERVER = {"max_connections": 100, "shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}
# The signals alone decide how fast it goes.
UNLIMITED = {"backfill": {"rows_per_second": 0, "wal_bytes_per_second": 0}}
P95_RATIO_MAX, SPEED_RATIO_MIN, LAG_MAX = 1.2, 0.7, 1.5


class Application:
    """pgbench at a given rate, as long as the `with` block; then its transactions as (end, milliseconds)."""

    clients = 4

    def __init__(self, bench, name, rate=None):
        self.bench, self.name, self.rate = bench, name, rate

    def __enter__(self):
        self.folder = self.bench.directory / f"pgbench-{self.name}"
        self.folder.mkdir()
        rate = ["-R", str(self.rate)] if self.rate else []
        command = [binaries() / "pgbench", "-n", "-N", "-M", "prepared", "-c", self.clients, "-j", 1, "-T", 100000,
                   "-l", "--log-prefix", self.folder / "log", *rate]
        self.begun = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=self.bench.environment())
        return self

    def __exit__(self, *failure):
        if self.process.poll() is not None:
            raise LabError(f"pgbench ended: {self.process.stderr.read().decode()[-1000:]}")
        self.process.terminate()
        self.process.wait()
        self.transactions = []
        for path in self.folder.iterdir():
            for words in map(str.split, path.read_text().splitlines()):
                if len(words) >= (7 if self.rate else 6):
                    late = int(words[6]) if self.rate else 0  # behind its schedule: a matter of earlier ones
                    self.transactions.append((int(words[4]) + int(words[5]) / 1e6, (int(words[2]) - late) / 1000))
        self.rate_seen = len(self.transactions) / (time.monotonic() - self.begun)


class Lag:
    """How far the standby is behind, as (time, seconds by its clock), while the block runs."""

    def __init__(self, standby):
        self.standby, self.seen = standby, []

    def __enter__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def _watch(self):
        with self.standby.connect() as connection:
            while not self.ended.wait(0.1):
                lag = connection.execute("""
                    SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 ELSE
                    extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float END""").fetchone()[0]
                self.seen.append((time.time(), lag or 0))

    def __exit__(self, *failure):
        self.ended.set()
        self.thread.join()


class Bench:
    def __init__(self, arguments, directory):
        self.arguments, self.directory = arguments, directory
        self.server = Postgres(directory / "server", SERVER)
        self.server.directory.mkdir()

    def environment(self, target=None):
        target = target or self.proxy
        return {**os.environ, "PGHOST": target.host, "PGPORT": str(target.port), "PGUSER": "postgres",
                "PGDATABASE": "postgres"}

    def start(self, stack):
        self.server.start()
        stack.callback(self.server.stop)
        self.server.query(f"""
            CREATE TABLE big (id bigint PRIMARY KEY, x int NOT NULL DEFAULT 0, pad text NOT NULL);
            INSERT INTO big (id, pad) SELECT i, repeat('x', 60) FROM generate_series(1, {self.arguments.rows}) i;
            CREATE TABLE twin (LIKE big INCLUDING ALL);
            INSERT INTO twin SELECT * FROM big""")
        self.standby = Standby(self.server, self.directory / "standby", SERVER)
        self.standby.directory.mkdir()
        self.proxy = Phasegate(self.server, self.directory / "phasegate", self.arguments.build, UNLIMITED)
        self.proxy.start()
        stack.callback(self.proxy.kill)  # with a change under way, paused
        done = subprocess.run([binaries() / "pgbench", "-i", "-q", "-s", "10"], env=self.environment(self.server),
                              text=True, capture_output=True, check=False)
        if done.returncode:
            raise LabError(f"pgbench -i: {done.stderr[-2000:]}")
        self.standby.start()
        stack.callback(self.standby.stop)
        self.server.query("VACUUM ANALYZE")
        self.server.query("CHECKPOINT")
        wait_until(lambda: self.standby.query("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()") == [(True,)],
                   "the standby to catch up", timeout=120)

    # ---- what takes turns ----

    def alone(self, seconds):
        time.sleep(seconds)
        return 0

    def fixed(self, size):
        """
        Batches of one size, one after the other without a pause; over a table of their own, since
        phasegate clears away the dead rows it finds, and would theirs.
        """

        def work(seconds):
            end, written = time.monotonic() + seconds, 0
            while time.monotonic() < end:
                written += self.writer.execute("UPDATE twin SET x = x + 1 WHERE id > %s AND id <= %s",
                                               [self.key, self.key + size], prepare=True).rowcount
                self.key = (self.key + size) % self.arguments.rows
            return written

        return work

    def submit(self):
        """The UPDATE that phasegate carries out; it stands still but for its turns."""
        self.client = psycopg.connect(self.proxy.conninfo(), autocommit=True)
        if self.arguments.verbose:
            self.client.add_notice_handler(lambda notice: print("   ", notice.message_primary, flush=True))
        self.update = threading.Thread(target=self.await_update, daemon=True)
        self.update.start()
        wait_until(lambda: self.server.query("SELECT to_regclass('phasegate.changes') IS NOT NULL") == [(True,)]
                   and self.server.query("SELECT id FROM phasegate.changes WHERE state = 'running'"), "the change to begin")
        self.server.query("SELECT phasegate.pause(1)")

    def await_update(self):
        with contextlib.suppress(psycopg.OperationalError):  # the end of the bench is its end too
            self.client.execute("UPDATE big SET x = x + 1")

    def filled(self):
        return int(self.server.query("SELECT COALESCE(sum(rows_changed), 0) FROM phasegate.backfill")[0][0])

    def phasegate(self, seconds):
        before, end = self.filled(), time.monotonic() + seconds
        self.server.query("SELECT phasegate.resume(1)")
        while time.monotonic() < end and self.update.is_alive():
            time.sleep(0.05)
        if self.update.is_alive():
            with contextlib.suppress(psycopg.errors.ObjectNotInPrerequisiteState):  # it is done, and its client not told yet
                self.server.query("SELECT phasegate.pause(1)")
        return self.filled() - before

    def turn(self, name, work, seconds):
        begun = time.time()
        written = work(seconds)
        self.turns.append((name, begun, time.time(), written))

    def take_turns(self):
        """Until phasegate is done; what else the machine does befalls all of them."""
        until = time.monotonic() + self.arguments.minutes * 60
        time.sleep(30)  # what phasegate knows of the hour before
        self.submit()
        while self.update.is_alive() and time.monotonic() < until:
            self.turn("alone", self.alone, 6)
            self.turn("phasegate", self.phasegate, 20)
            for size in FIXED:
                self.turn(f"fixed {size}", self.fixed(size), 4)
        self.done = not self.update.is_alive()

    def run(self):
        with Application(self, "capacity") as application:
            time.sleep(15)
        self.rate, self.turns, self.key = application.rate_seen / 2, [], 0
        print(f"the application alone gets {application.rate_seen:.0f} tps; from here on it sends {self.rate:.0f}", flush=True)
        with self.server.connect() as self.writer, Lag(self.standby) as lag, \
                Application(self, "half", self.rate) as application:
            self.take_turns()
        return self.judge(self.figures(application.transactions, lag.seen))

    def figures(self, transactions, lags):
        """name -> (p95, transactions a second, rows a second, most lag); the first second of a turn is the last one's."""
        figures = {}
        for name in dict.fromkeys(turn[0] for turn in self.turns):
            turns = [turn for turn in self.turns if turn[0] == name]

            def within(seen):
                return sorted(value for at, value in seen if any(turn[1] + 1 < at < turn[2] for turn in turns))

            seconds = sum(turn[2] - turn[1] for turn in turns)
            times = within(transactions)
            figures[name] = (percentile(times, 0.95), len(times) / (seconds - len(turns)),
                             sum(turn[3] for turn in turns) / seconds, max(within(lags), default=0))
            print(f"  {name:12} p95 {figures[name][0]:7.2f} ms  {figures[name][1]:6.0f} tps  {figures[name][2]:7.0f} rows/s"
                  f"  standby lag at most {figures[name][3]:5.2f} s  ({seconds:.0f} s in {len(turns)} turns)")
        return figures

    def judge(self, figures):
        alone, (p95, _, speed, lag) = figures.pop("alone")[0], figures.pop("phasegate")
        gentle = {name: figure[2] for name, figure in figures.items()
                  if figure[0] <= P95_RATIO_MAX * alone and figure[3] <= LAG_MAX}
        print(f"\nphasegate wrote {self.filled()} of {self.arguments.rows} rows{'' if self.done else ' in the time it had'}")
        print(f"p95 beside phasegate: {p95 / alone:.2f} of that alone (at most {P95_RATIO_MAX})")
        print(f"standby lag: {lag:.2f} s (at most {LAG_MAX})")
        good = p95 <= P95_RATIO_MAX * alone and lag <= LAG_MAX
        if not gentle:
            print("no fixed size kept the p95, so there is none to compare the speed with")
            return good
        best = max(gentle, key=gentle.get)
        print(f"speed: {speed / gentle[best]:.2f} of the fastest fixed size that keeps it, {best} (at least {SPEED_RATIO_MIN})")
        return good and speed >= SPEED_RATIO_MIN * gentle[best]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench backfill", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--minutes", type=float, default=60, help="end then at the latest")
    parser.add_argument("--verbose", action="store_true", help="show what the client of the UPDATE is told")
    arguments = parser.parse_args()
    interruptible()
    directory = temporary_directory("phasegate-backfill")
    try:
        with contextlib.ExitStack() as stack:
            bench = Bench(arguments, directory)
            bench.start(stack)
            good = bench.run()
    except LabError as error:
        sys.exit(f"bench: {error}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: PostgreSQL
"""
./dev bench backfill: what an application feels of a backfill, and how fast the backfill is all the same.

pgbench runs at half of what the machine gives, through phasegate, with a streaming standby behind the
server.  Taking turns beside it: nothing; one UPDATE of every row that was sent to phasegate; the same
with batches of a fixed size that nothing holds back; UPDATEs of a range each, by a script that keeps no
record.  Once these were compared, nothing and phasegate alone take turns, until it is done.
bench/bench.md says how to read it.
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

FIXED, SCRIPTED = [30, 100, 300, 1000], [100]
SERVER = {"max_connections": 100, "shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}
# The signals alone decide how fast it goes.
UNLIMITED = {"rows_per_second": 0, "wal_bytes_per_second": 0}
UNFELT = {"standby_lag": 0, "standby_lag_bytes": 0, "slot_bytes": 0, "archiver": False, "active_sessions": 0,
          "lock_waiters": 0, "latency_percent": 0, "table_latency_percent": 0}
TWIN_ROWS = 2_000_000  # more than a fixed size writes in all its turns
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


class Update:
    """An UPDATE of every row that phasegate carries out in batches."""

    def __init__(self, server, change, thread):
        self.server, self.change, self.thread = server, change, thread

    def written(self):
        return int(self.server.query("SELECT COALESCE(sum(rows_changed), 0) FROM phasegate.backfill"
                                     f" WHERE change_id = {self.change}")[0][0])

    def is_done(self):
        return not self.thread.is_alive()

    def __call__(self, seconds):
        before, end = self.written(), time.monotonic() + seconds
        with contextlib.suppress(psycopg.errors.ObjectNotInPrerequisiteState):  # it is done, and its client not told yet
            self.server.query(f"SELECT phasegate.resume({self.change})")
            while time.monotonic() < end and not self.is_done():
                time.sleep(0.05)
            self.server.query(f"SELECT phasegate.pause({self.change})")
        return self.written() - before


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
            INSERT INTO big (id, pad) SELECT i, repeat('x', 60) FROM generate_series(1, {self.arguments.rows}) i""")
        for table in ["twin", *(f"twin_{size}" for size in FIXED)]:
            self.server.query(f"CREATE TABLE {table} (LIKE big INCLUDING ALL);"
                              f"INSERT INTO {table} SELECT * FROM big WHERE id <= {TWIN_ROWS}")
        self.standby = Standby(self.server, self.directory / "standby", SERVER)
        self.standby.directory.mkdir()
        self.proxy = self.start_proxy(stack, "phasegate", UNLIMITED)
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

    def start_proxy(self, stack, name, backfill):
        proxy = Phasegate(self.server, self.directory / name, self.arguments.build, {"backfill": backfill})
        proxy.start()
        stack.callback(proxy.kill)  # with a change under way, paused
        return proxy

    # ---- what takes turns ----

    def alone(self, seconds):
        time.sleep(seconds)
        return 0

    def script(self, size):
        """Batches of one size, one after the other without a pause; over a table of their own, like all of them."""

        def work(seconds):
            end, written = time.monotonic() + seconds, 0
            while time.monotonic() < end:
                written += self.writer.execute("UPDATE twin SET x = x + 1 WHERE id > %s AND id <= %s",
                                               [self.key, self.key + size], prepare=True).rowcount
                self.key = (self.key + size) % TWIN_ROWS
            return written

        return work

    def submit(self, proxy, table):
        """An UPDATE that phasegate carries out; it stands still but for its turns."""
        client = psycopg.connect(proxy.conninfo(), autocommit=True)
        if self.arguments.verbose:
            client.add_notice_handler(lambda notice: print("   ", notice.message_primary, flush=True))
        known = "SELECT to_regclass('phasegate.changes') IS NOT NULL"
        running = f"SELECT id FROM phasegate.changes WHERE state = 'running' AND \"table\" = '{table}'"
        thread = threading.Thread(target=self.await_update, args=[client, table], daemon=True)
        thread.start()
        [(change,)] = wait_until(lambda: self.server.query(known) == [(True,)] and self.server.query(running),
                                 "the change to begin")
        self.server.query(f"SELECT phasegate.pause({change})")
        return Update(self.server, change, thread)

    def await_update(self, client, table):
        with contextlib.suppress(psycopg.OperationalError):  # the end of the bench is its end too
            client.execute(f"UPDATE {table} SET x = x + 1")

    def turn(self, name, work, seconds):
        begun = time.time()
        written = work(seconds)
        self.turns.append((name, begun, time.time(), written))

    def take_turns(self, stack):
        """Until phasegate is done; what else the machine does befalls all of them."""
        begun, others = time.monotonic(), {}
        for size in FIXED:
            fixed = {"batch_rows_first": size, "batch_rows_max": size, "throttle": UNFELT, **UNLIMITED}
            others[f"fixed {size}"] = self.submit(self.start_proxy(stack, f"fixed-{size}", fixed), f"twin_{size}")
        others.update({f"script {size}": self.script(size) for size in SCRIPTED})
        time.sleep(30)  # what phasegate knows of the hour before
        self.update = self.submit(self.proxy, "big")
        while self.is_to_go_on(begun, self.arguments.compare):
            for name, other in others.items():
                self.turn("alone", self.alone, 4)
                self.turn("phasegate", self.update, 10)
                self.turn("alone", self.alone, 4)
                self.turn(name, other, 4)
        self.compared = list(self.turns)
        while self.is_to_go_on(begun, self.arguments.minutes):
            self.turn("alone", self.alone, 4)
            self.turn("phasegate", self.update, 20)

    def is_to_go_on(self, begun, minutes):
        return not self.update.is_done() and time.monotonic() - begun < min(minutes, self.arguments.minutes) * 60

    def run(self, stack):
        with Application(self, "capacity") as application:
            time.sleep(15)
        self.rate, self.turns, self.key = application.rate_seen / 2, [], 0
        print(f"the application alone gets {application.rate_seen:.0f} tps; from here on it sends {self.rate:.0f}", flush=True)
        with self.server.connect() as self.writer, Lag(self.standby) as lag, \
                Application(self, "half", self.rate) as application:
            self.take_turns(stack)
        print("while all took turns:")
        compared = self.figures(self.compared, application.transactions, lag.seen)
        print("phasegate from its first row to its last:" if self.update.is_done() else "phasegate in all the time it had:")
        whole = self.figures([turn for turn in self.turns if turn[0] in ("alone", "phasegate")],
                             application.transactions, lag.seen)
        return self.judge(compared, whole)

    def figures(self, all_turns, transactions, lags):
        """name -> (p95, transactions a second, rows a second, most lag); the first second of a turn is the last one's."""
        figures = {}
        for name in dict.fromkeys(turn[0] for turn in all_turns):
            turns = [turn for turn in all_turns if turn[0] == name]

            def within(seen):
                return sorted(value for at, value in seen if any(turn[1] + 1 < at < turn[2] for turn in turns))

            seconds = sum(turn[2] - turn[1] for turn in turns)
            times = within(transactions)
            figures[name] = (percentile(times, 0.95), len(times) / (seconds - len(turns)),
                             sum(turn[3] for turn in turns) / seconds, max(within(lags), default=0))
            print(f"  {name:12} p95 {figures[name][0]:7.2f} ms  {figures[name][1]:6.0f} tps  {figures[name][2]:7.0f} rows/s"
                  f"  standby lag at most {figures[name][3]:5.2f} s  ({seconds:.0f} s in {len(turns)} turns)")
        return figures

    def judge(self, compared, whole):
        (p95, _, _, lag), alone = whole["phasegate"], whole["alone"][0]
        print(f"\nphasegate wrote {self.update.written()} of {self.arguments.rows} rows")
        print(f"p95 beside phasegate: {p95 / alone:.2f} of that alone (at most {P95_RATIO_MAX})")
        print(f"standby lag: {lag:.2f} s (at most {LAG_MAX})")
        good = p95 <= P95_RATIO_MAX * alone and lag <= LAG_MAX
        speed, alone = compared["phasegate"][2], compared["alone"][0]
        for kind in ["fixed", "script"]:
            gentle = {name: figure[2] for name, figure in compared.items() if name.startswith(kind)
                      and figure[0] <= P95_RATIO_MAX * alone and figure[3] <= LAG_MAX}
            if not gentle:
                print(f"{kind}: no size kept the p95, so there is none to compare the speed with")
                continue
            best = max(gentle, key=gentle.get)
            bound = f" (at least {SPEED_RATIO_MIN})" if kind == "fixed" else ""
            print(f"speed: {speed / gentle[best]:.2f} of {best}, the fastest that keeps it{bound}")
            good = good and (kind != "fixed" or speed >= SPEED_RATIO_MIN * gentle[best])
        return good


def main():
    parser = argparse.ArgumentParser(prog="./dev bench backfill", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--compare", type=float, default=12, metavar="MINUTES", help="so long all take turns")
    parser.add_argument("--minutes", type=float, default=60, help="end then at the latest")
    parser.add_argument("--verbose", action="store_true", help="show what the client of the UPDATE is told")
    arguments = parser.parse_args()
    interruptible()
    directory = temporary_directory("phasegate-backfill")
    try:
        with contextlib.ExitStack() as stack:
            bench = Bench(arguments, directory)
            bench.start(stack)
            good = bench.run(stack)
    except LabError as error:
        sys.exit(f"bench: {error}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

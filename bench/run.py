# SPDX-License-Identifier: PostgreSQL
"""
./dev bench: phasegate, pgbouncer, a raw copy relay and the direct connection, interleaved in one
run, so that whatever else the machine does befalls all of them.  bench/bench.md says how to read it.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from lab.application import percentile  # noqa: E402
from lab.postgres import Postgres, binaries  # noqa: E402
from lab.process import LabError, cpu_seconds, interruptible, resident_bytes, temporary_directory, wait_until  # noqa: E402
from lab.proxy import Direct, PgBouncer, Phasegate, Relay  # noqa: E402
from lab.wire import Wire  # noqa: E402

MODES = ["simple", "prepared"]
CLIENTS = [1, 16, 64]
COPY_MEGABYTES = 256
ONE_WORKER = {"limits": {"workers": 1, "sessions": 4000}}
SAMPLING = 0.1


class Bench:
    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.directory = directory
        self.build = arguments.build.resolve()
        self.server = Postgres(directory / "server", {"max_connections": 1500, "shared_buffers": "256MB", "fsync": "off"})
        self.server.directory.mkdir()
        self.targets = {}
        self.failed = False

    def start(self):
        self.server.start()
        self.client("pgbench", "-i", "-q", "-s", 10, target=self.server)
        self.server.query("CREATE UNLOGGED TABLE sink (line text)")
        self.server.query("VACUUM ANALYZE")
        self.targets = {
            "direct": Direct(self.server),
            "relay": Relay(self.server, self.directory / "relay", self.build),
            "pgbouncer": PgBouncer(self.server, self.directory / "pgbouncer"),
            "phasegate": Phasegate(self.server, self.directory / "phasegate", self.build, ONE_WORKER),
        }
        for target in self.targets.values():
            target.start()

    def stop(self):
        for target in self.targets.values():
            if target.process:
                target.kill()
        self.server.stop()

    def environment(self, target):
        return {**os.environ, "PGHOST": target.host, "PGPORT": str(target.port), "PGUSER": "postgres",
                "PGDATABASE": "postgres"}

    def client(self, name, *arguments, target, **options):
        done = subprocess.run([binaries() / name, *map(str, arguments)], env=self.environment(target), text=True,
                              stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, check=False, **options)
        if done.returncode:
            raise LabError(f"{name} {arguments} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    # ---- transactions ----

    def transactions(self):
        results = defaultdict(list)
        for number in range(self.arguments.rounds):
            for mode in MODES:
                for clients in CLIENTS:
                    for name, target in self.targets.items():
                        results[mode, clients, name].append(self.pgbench(mode, clients, target))
            print(f"  round {number + 1} of {self.arguments.rounds} done", flush=True)
        for mode in MODES:
            for clients in CLIENTS:
                self.print_transactions(mode, clients, results)

    def pgbench(self, mode, clients, target):
        """(CPU µs of the proxy per transaction, transactions a second, p50 ms, p99 ms)"""
        folder = self.directory / "pgbench"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        before = cpu_seconds(target.process.pid) if target.process else 0
        output = self.client("pgbench", "-n", "-S", "-M", mode, "-c", clients, "-j", 1, "-T", self.arguments.seconds,
                             "-l", f"--sampling-rate={SAMPLING}", f"--log-prefix={folder}/log", target=target)
        used = cpu_seconds(target.process.pid) - before if target.process else 0
        count = int(re.search(r"actually processed: (\d+)", output)[1])
        rate = float(re.search(r"tps = ([\d.]+)", output)[1])
        took = sorted(int(line.split()[2]) / 1000 for log in folder.iterdir() for line in log.read_text().splitlines())
        return used / count * 1e6, rate, percentile(took, .5), percentile(took, .99)

    def print_transactions(self, mode, clients, results):
        medians = {name: [statistics.median(column) for column in zip(*results[mode, clients, name])] for name in self.targets}
        yardstick = medians["relay"][0]
        print(f"\nSELECT by key, {mode} protocol, {clients} client{'s' * (clients > 1)}")
        print(f"  {'':<10} {'CPU µs/tx':>10} {'of relay':>9} {'tx/s':>9} {'p50 ms':>8} {'p99 ms':>8}")
        for name, (cpu, rate, p50, p99) in medians.items():
            share = f"{cpu / yardstick:.2f}" if cpu and yardstick else "-"
            print(f"  {name:<10} {f'{cpu:.1f}' if cpu else '-':>10} {share:>9} {rate:>9,.0f} {p50:>8.3f} {p99:>8.3f}")

    # ---- COPY ----

    def copies(self):
        lines = COPY_MEGABYTES * 1024
        source = self.directory / "lines"
        with open(source, "wb") as file:
            for _ in range(COPY_MEGABYTES):
                file.write((b"x" * 1023 + b"\n") * 1024)
        out = f"COPY (SELECT repeat('x', 1023) FROM generate_series(1, {lines})) TO STDOUT"
        results = defaultdict(list)
        for _ in range(self.arguments.rounds):
            for name, target in self.targets.items():
                with open(os.devnull, "wb") as null:
                    results["out", name].append(self.timed(target, "psql", "-X", "-c", out, target=target, stdout=null))
                with open(source, "rb") as file:
                    results["in", name].append(self.timed(target, "psql", "-X", "-c", "COPY sink FROM STDIN", target=target, stdin=file))
                self.server.query("TRUNCATE sink")
        for way in ("out", "in"):
            medians = {name: [statistics.median(column) for column in zip(*results[way, name])] for name in self.targets}
            print(f"\nCOPY {way}, {COPY_MEGABYTES} MB in rows of 1 KB")
            print(f"  {'':<10} {'CPU s/GB':>10} {'of relay':>9} {'MB/s':>9}")
            for name, (cpu, took) in medians.items():
                share = f"{cpu / medians['relay'][0]:.2f}" if cpu and medians["relay"][0] else "-"
                print(f"  {name:<10} {f'{cpu * 1024 / COPY_MEGABYTES:.2f}' if cpu else '-':>10} {share:>9} {COPY_MEGABYTES / took:>9,.0f}")

    def timed(self, measured, *arguments, **options):
        """(CPU seconds of the proxy, seconds on the clock)"""
        cpu = cpu_seconds(measured.process.pid) if measured.process else 0
        began = time.monotonic()
        self.client(*arguments, **options)
        took = time.monotonic() - began
        return (cpu_seconds(measured.process.pid) - cpu if measured.process else 0), took

    # ---- memory ----

    def idle_memory(self):
        print(f"\nResident memory of an idle session (bytes, over {self.arguments.idle} sessions)")
        proxies = {name: target for name, target in self.targets.items() if target.process}
        for target in proxies.values():
            target.kill()
        for name, target in proxies.items():
            target.start()
            warm = [self.open(target) for _ in range(50)]
            before = resident_bytes(target.process.pid)
            idle = [self.open(target) for _ in range(self.arguments.idle)]
            time.sleep(0.5)
            print(f"  {name:<10} {(resident_bytes(target.process.pid) - before) / self.arguments.idle:>10,.0f}", flush=True)
            target.kill()
            for wire in warm + idle:
                wire.socket.close()
            wait_until(self.quiet, "sessions to end", 60)

    def quiet(self):
        return self.server.query("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'client backend'")[0][0]

    def open(self, target):
        wire = Wire(target)
        wire.startup()
        wire.query("SELECT 1")
        return wire

    def allocations(self):
        """
        The difference between N and 2N transactions is what a transaction costs, logins aside.  Without a control
        connection: what looks for changes every other second is no matter of transactions.
        """
        counts = self.directory / "allocations"
        library = self.build / "bench" / "libmalloc_count.so"
        proxy = Phasegate(self.server, self.directory / "counted", self.build, {**ONE_WORKER, "control": None},
                          {"LD_PRELOAD": str(library), "MALLOC_COUNT": str(counts)})
        proxy.start()
        print("\nCalls of malloc and its like in phasegate, per transaction beyond the login")
        try:
            for mode in MODES:
                self.counted(proxy, mode, 100, counts)  # buffers that are lent grow once
                once, twice = (self.counted(proxy, mode, n, counts) for n in (2000, 4000))
                each = (twice - once) / (4 * 2000)
                print(f"  {mode:<10} {each:>10.4f}   ({once} calls for 8,000 transactions, {twice} for 16,000)")
                self.failed |= each > 0.01
        finally:
            proxy.kill()

    def counted(self, proxy, mode, transactions, counts):
        before = self.malloc_calls(proxy, counts)
        self.client("pgbench", "-n", "-S", "-M", mode, "-c", 4, "-t", transactions, target=proxy)
        return self.malloc_calls(proxy, counts) - before

    def malloc_calls(self, proxy, counts):
        seen = counts.read_text().count("\n") if counts.exists() else 0
        proxy.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: counts.exists() and counts.read_text().count("\n") > seen, "the allocation counter", 10)
        return int(counts.read_text().splitlines()[-1].split()[0])

    # ---- pieces ----

    def pieces(self):
        for program in sorted((self.build / "bench").glob("bench_*")):
            if program.is_file() and os.access(program, os.X_OK):
                print(f"\n{program.name}", flush=True)
                subprocess.run([program], check=True)

    def run(self):
        print("starting the server and the peers", flush=True)
        self.start()
        self.transactions()
        self.copies()
        self.allocations()
        self.idle_memory()
        self.pieces()
        if self.failed:
            print("\nphasegate allocates on the hot path", file=sys.stderr)
        return 1 if self.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="build folder")
    parser.add_argument("--rounds", type=int, default=3, help="medians are over this many (3)")
    parser.add_argument("--seconds", type=int, default=4, help="of each pgbench run (4)")
    parser.add_argument("--idle", type=int, default=1000, help="idle sessions for the memory figure (1000)")
    interruptible()
    directory = temporary_directory("phasegate-bench")
    bench = Bench(parser.parse_args(), directory)
    try:
        return bench.run()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except LabError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        bench.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

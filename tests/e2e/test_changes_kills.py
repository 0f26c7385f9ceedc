# SPDX-License-Identifier: PostgreSQL
"""
Changes under random kills, while a client writes and verifies what it wrote.  Two proxies on a server
of their own; whatever is killed comes back, and in the end the catalog is that of the plain
statement, no write is lost, and nothing was done twice.

PHASEGATE_KILLS: how many kills (a few by default); PHASEGATE_KILLS_SEED: the first seed.  Each round
prints its seed and what it did.
"""

import contextlib
import os
import random
import signal
import threading
import time

import psycopg
import pytest

from environment import ASAN, BUILD
from lab.postgres import Postgres
from lab.process import LabError, wait_until
from lab.proxy import Phasegate

pytestmark = pytest.mark.gate

KILLS = int(os.environ.get("PHASEGATE_KILLS", "5"))
SEED = int(os.environ.get("PHASEGATE_KILLS_SEED", "1"))
ROWS = 12_000
SETTINGS = {
    "backfill": {"rows_per_second": 6000, "batch_rows_first": 200, "batch_rows_max": 500},
    "changes": {"lease": "3s"},
    "policy": {"lock_retry_delay": "50ms"},
    "limits": {"drain_timeout": "1s"},
}

TABLES = {
    "number": "id bigint, {} PRIMARY KEY (id)",
    "composite": "id bigint, {} PRIMARY KEY (half, id)",
    "text": 'id bigint, {} PRIMARY KEY (name), UNIQUE (id)',
    "partitioned": "id bigint, {} PRIMARY KEY (id)",
    "no key": "id bigint, {} CHECK (id > 0)",
}
COLUMNS = 'n int, c int NOT NULL DEFAULT 0, half int NOT NULL DEFAULT 0, name text COLLATE "und-x-icu" NOT NULL,'

# Statement -> what every row looks like afterwards, besides what the writer wrote.
STATEMENTS = {
    "ALTER TABLE t ALTER COLUMN n TYPE bigint": "true",
    "ALTER TABLE t ALTER COLUMN n SET NOT NULL": "true",
    "ALTER TABLE t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()": "u IS NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT positive CHECK (n >= 0)": "true",
    "CREATE INDEX t_n ON t (n)": "true",
    "UPDATE t SET c = c + 1": f"c = 1 OR (c = 0 AND id > {ROWS})",
}

# What has no plan: rows without a key cannot be written once in batches, for one.
REFUSED = {"no key": "UPDATE", "partitioned": "TYPE"}

CATALOG = """
SELECT (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)),
          E'\\n' ORDER BY attname) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped),
  (SELECT string_agg(pg_get_indexdef(indexrelid) || indisvalid, E'\\n' ORDER BY indexrelid::regclass::text) FROM pg_index
    WHERE indrelid = 't'::regclass),
  (SELECT string_agg(conname || pg_get_constraintdef(oid) || convalidated, E'\\n' ORDER BY conname) FROM pg_constraint
    WHERE conrelid = 't'::regclass),
  (SELECT string_agg(tgname::text, ',') FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal),
  (SELECT string_agg(proname::text, ',') FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, to_regnamespace('phasegate_run')))
"""


def make_table(connection, kind):
    connection.execute(f"CREATE TABLE t ({TABLES[kind].format(COLUMNS)})"
                       + (" PARTITION BY HASH (id)" if kind == "partitioned" else ""))
    for i in range(3 if kind == "partitioned" else 0):
        connection.execute(f"CREATE TABLE t{i} PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER {i})")
    connection.execute(f"INSERT INTO t SELECT i, i, 0, i % 2, 'k' || i FROM generate_series(1, {ROWS}) i")
    connection.execute("ANALYZE t")


class Writer:
    """Updates rows and inserts some; of each it knows which values it may have, across lost connections."""

    def __init__(self, conninfo, chance):
        self.conninfo, self.chance = conninfo, chance
        self.may_be = {i: {i} for i in range(1, ROWS + 1)}
        self.next_id, self.failures, self.ending = ROWS + 1, [], threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.ending.is_set() and not self.failures:
            try:
                with psycopg.connect(self.conninfo, autocommit=True, prepare_threshold=None) as connection:
                    while not self.ending.is_set():
                        self._update(connection)
                        self._insert(connection)
            except psycopg.OperationalError as error:
                if not disconnected(error):
                    self.failures.append(repr(error))
                time.sleep(0.05)
            except (psycopg.Error, AssertionError) as error:
                self.failures.append(repr(error))

    def _update(self, connection):
        row, value = self.chance.randint(1, ROWS), self.chance.randint(1, 1_000_000)
        before = self.may_be[row]
        self.may_be[row] = before | {value}
        changed = connection.execute("UPDATE t SET n = %s WHERE id = %s RETURNING n", (value, row)).fetchone()
        assert changed == (value,), f"row {row}: wrote {value}, was told {changed}"
        self.may_be[row] = {value}
        read = connection.execute("SELECT n FROM t WHERE id = %s", (row,)).fetchone()
        assert read == (value,), f"row {row}: wrote {value}, read {read}"

    def _insert(self, connection):
        row, self.next_id = self.next_id, self.next_id + 1
        self.may_be[row] = {row, None}
        connection.execute("INSERT INTO t (id, n, name) VALUES (%s, %s, %s)", (row, row, f"k{row}"))
        self.may_be[row] = {row}

    def end(self):
        self.ending.set()
        self.thread.join(60)
        assert not self.thread.is_alive()
        assert not self.failures, self.failures

    def check(self, connection):
        rows = dict(connection.execute("SELECT id, n FROM t").fetchall())
        assert len(rows) == connection.execute("SELECT count(*) FROM t").fetchone()[0], "rows doubled"
        wrong = {row: (values, rows.get(row)) for row, values in self.may_be.items() if rows.get(row) not in values}
        assert not wrong, f"lost writes: {dict(list(wrong.items())[:10])}"


def disconnected(error):
    return error.sqlstate is None or error.sqlstate[:2] in ("08", "57")


class Round:
    """One change, killed again and again."""

    def __init__(self, server, proxies, seed):
        self.server, self.proxies, self.chance, self.seed = server, proxies, random.Random(seed), seed
        self.statement = self.chance.choice(list(STATEMENTS))
        self.kind = self.chance.choice([kind for kind in TABLES if REFUSED.get(kind, ";") not in self.statement])
        self.database, self.done, self.errors = f"kill{seed}", [], []
        self.server.query(f"CREATE DATABASE {self.database}")

    # -- what is killed --

    def proxy(self):
        proxy = self.chance.choice(self.proxies)
        proxy.kill()
        time.sleep(self.chance.uniform(0, 1))
        proxy.start()

    def terminate(self):
        self.server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'phasegate'")

    def backend(self):
        """The server takes all others down with it and recovers."""
        for (pid,) in self.server.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'phasegate' LIMIT 1"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
        wait_until(self.reachable, "the server to recover", timeout=60)

    def server_crash(self):
        self.server.stop(signal.SIGQUIT)
        time.sleep(self.chance.uniform(0, 1))
        self.server.start()

    def both(self):
        proxy = self.chance.choice(self.proxies)
        proxy.kill()
        self.server_crash()
        proxy.start()

    def freeze(self):
        """Past its lease."""
        proxy = self.chance.choice(self.proxies)
        proxy.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(self.chance.uniform(3.5, 6))
        finally:
            proxy.process.send_signal(signal.SIGCONT)

    KINDS = (proxy, proxy, terminate, backend, server_crash, both, freeze)

    def reachable(self):
        with contextlib.suppress(psycopg.OperationalError):
            return self.server.query("SELECT 1")
        return False

    # -- the change --

    def send(self):
        """As a client that gives up when its connection does."""
        def run():
            try:
                with psycopg.connect(proxy.conninfo(self.database), autocommit=True) as connection:
                    connection.execute(self.statement)
            except psycopg.Error as error:
                self.errors.append(f"{error} {error.diag.message_detail} {error.diag.message_hint}")

        proxy = self.chance.choice(self.proxies)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def state(self):
        with contextlib.suppress(psycopg.OperationalError), self.server.connect(self.database) as connection:
            if connection.execute("SELECT to_regclass('phasegate.unattended')").fetchone()[0] is None:
                return None
            row = connection.execute("SELECT state FROM phasegate.change ORDER BY id DESC LIMIT 1").fetchone()
            return row[0] if row else None
        return "unreachable"

    def kill_until_done(self, most):
        sent = self.send()
        while len(self.done) < most and self.state() != "done":
            time.sleep(self.chance.uniform(0.02, 1.2))
            kind = self.chance.choice(self.KINDS)
            self.done.append(kind.__name__)
            kind(self)
            if self.state() is None and not sent.is_alive():
                sent = self.send()

    def finish(self):
        deadline, sent = time.monotonic() + 120, None
        while (state := self.state()) != "done":
            if time.monotonic() > deadline:
                raise LabError(f"{self}: never done: {self.record()}")
            assert state not in ("failed", "cancelled", "needs_fix", "needs_attention"), f"{self}: {self.record()}"
            if state is None and (sent is None or not sent.is_alive()):
                sent = self.send()
            time.sleep(0.1)

    def record(self):
        if self.state() is None:
            return f"no change is on record; the client was told: {self.errors}"
        return self.server.query("SELECT state, stage, error_message, waiting_for, epoch, lease_until, now() FROM phasegate.change",
                                 self.database)

    def twin(self):
        name = f"twin{self.seed}"
        self.server.query(f"CREATE DATABASE {name}")
        with self.server.connect(name) as connection:
            make_table(connection, self.kind)
            connection.execute(self.statement)
            wanted = connection.execute(CATALOG).fetchone()
        self.server.query(f"DROP DATABASE {name} WITH (FORCE)")
        return wanted

    def play(self, most):
        wanted = self.twin()
        with self.server.connect(self.database) as connection:
            make_table(connection, self.kind)
        writer = Writer(self.server.conninfo(self.database), random.Random(self.seed))
        try:
            self.kill_until_done(most)
            self.finish()
        finally:
            writer.ending.set()
        writer.end()
        with self.server.connect(self.database) as connection:
            assert connection.execute(CATALOG).fetchone() == wanted, str(self)
            writer.check(connection)
            odd = connection.execute(f"SELECT count(*) FROM t WHERE NOT ({STATEMENTS[self.statement]})").fetchone()[0]
            assert odd == 0, f"{self}: {odd} rows are not as the statement leaves them"
        self.server.query(f"DROP DATABASE {self.database} WITH (FORCE)")
        return len(self.done)

    def __str__(self):
        return f"seed {self.seed}: {self.statement} [{self.kind}]: {', '.join(self.done)}"


@pytest.fixture
def crashing_server(lab_directory):
    """A server of its own, which really writes what it says it wrote."""
    server = Postgres(lab_directory / "crashing", settings={"fsync": "off", "full_page_writes": "on"})
    server.directory.mkdir()
    yield server.start()
    server.stop()


@pytest.fixture
def proxies(crashing_server, lab_directory):
    made = [Phasegate(crashing_server, lab_directory / f"killed{i}", BUILD, SETTINGS, ASAN) for i in (1, 2)]
    yield [proxy.start() for proxy in made]
    for proxy in made:
        assert proxy.stop() == 0, proxy.stderr.read_text()[-4000:]


def test_killed_at_random(crashing_server, proxies):
    kills, seed = 0, SEED
    while kills < KILLS:
        play = Round(crashing_server, proxies, seed)
        kills += play.play(min(4, KILLS - kills))
        print(play, flush=True)
        seed += 1
    assert kills == KILLS

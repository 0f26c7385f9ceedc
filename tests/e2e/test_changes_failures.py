# SPDX-License-Identifier: PostgreSQL
"""
What else may happen to a change under way: somebody drops what it made or changes its table, fills or
empties it, attaches a partition; the server crashes, or a standby takes its place.
"""

import itertools
import signal
import threading
import time

import psycopg
import pytest

from environment import ASAN, BUILD
from lab.postgres import Postgres, Standby
from lab.process import wait_until
from lab.proxy import Phasegate

pytestmark = pytest.mark.gate

ROWS = 12_000
SLOWLY = {"backfill": {"rows_per_second": 4000}}
CLIENT_ERRORS = 5  # changes.client_errors
TYPE = "ALTER TABLE t ALTER COLUMN n TYPE bigint"
ADD = "ALTER TABLE t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()"
TABLE = f"""
    CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL);
    INSERT INTO t SELECT i, i FROM generate_series(1, {ROWS}) i;
    ANALYZE t"""


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


class Client:
    """Sends a statement in the background, once its backfill has begun the test goes on."""

    def __init__(self, proxy, connection, statement, look):
        self.proxy = proxy
        self.told, self.error = [], None
        connection.add_notice_handler(lambda d: self.told.append(d.message_primary))
        self.thread = threading.Thread(target=self._run, args=(connection, statement), daemon=True)
        self.thread.start()
        wait_until(lambda: one(look, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
                   and one(look, "SELECT COALESCE(sum(rows_changed), 0)::int8 FROM phasegate.backfill") > 500,
                   "the backfill to begin")

    def _run(self, connection, statement):
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            self.error = error

    def end(self):
        self.thread.join(60)
        assert not self.thread.is_alive(), self.told[-1:]
        return self.error

    def heard(self, text):
        return any(text in line for line in self.told)


@pytest.fixture
def begin(direct, start_proxy, connect):
    """begin(statement) -> its client, in the middle of the backfill."""
    direct.execute(TABLE)

    def start(statement):
        proxy = start_proxy(SLOWLY)
        return Client(proxy, connect(to=proxy), statement, direct)

    return start


def is_bigint(connection):
    assert one(connection, "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass"
                           " AND attname = 'n'") == "bigint"


# ---- on the table ----

def test_the_trigger_is_dropped_behind_our_back(direct, begin):
    client = begin(TYPE)
    name = one(direct, "SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal")
    direct.execute(f'DROP TRIGGER "{name}" ON t')
    # Behind the walk, and the trigger does not see it.
    direct.execute("UPDATE t SET n = -1 WHERE id = 1")
    assert client.end() is None
    assert client.heard("was dropped by somebody; making it again")
    is_bigint(direct)
    assert one(direct, "SELECT n FROM t WHERE id = 1") == -1
    assert one(direct, "SELECT count(*) FROM t WHERE n = id") == ROWS - 1
    assert one(direct, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal") == 0


def test_the_default_is_dropped_behind_our_back(direct, begin):
    client = begin(ADD)
    direct.execute("ALTER TABLE t ALTER COLUMN u DROP DEFAULT")
    direct.execute("INSERT INTO t (id, n) VALUES (0, 0)")
    assert client.end() is None
    assert client.heard("was dropped by somebody; making it again")
    assert one(direct, "SELECT count(*) FROM t WHERE u IS NULL") == 0
    assert one(direct, "SELECT atthasdef AND attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'u'")


def test_a_column_is_dropped_meanwhile(direct, begin):
    client = begin(TYPE)
    direct.execute("ALTER TABLE t DROP COLUMN n CASCADE")
    error = client.end()
    assert error is not None and 'column "n" was dropped or renamed' in error.diag.message_primary
    assert "Put the table back" in error.diag.message_hint
    assert one(direct, "SELECT state FROM phasegate.change") == "needs_attention"


def test_the_table_is_renamed_meanwhile_and_back(direct, begin):
    client = begin(TYPE)
    direct.execute("ALTER TABLE t RENAME TO u")
    error = client.end()
    assert "renamed to" in error.diag.message_primary, error
    assert one(direct, "SELECT state FROM phasegate.change") == "needs_attention"
    direct.execute("ALTER TABLE u RENAME TO t")
    direct.execute("SELECT phasegate.retry(1)")
    wait_until(lambda: one(direct, "SELECT state FROM phasegate.change") == "done", "the change to go on", timeout=60)
    is_bigint(direct)
    assert one(direct, "SELECT count(*) FROM t WHERE n = id") == ROWS


def test_a_trigger_that_fails_clients_is_taken_back(direct, begin, connect):
    change = begin("ALTER TABLE t ALTER COLUMN n TYPE smallint")
    client = connect(to=change.proxy)

    def insert(key):
        client.execute("INSERT INTO t VALUES (%s, 100000)", [key])

    for i in range(CLIENT_ERRORS):
        with pytest.raises(psycopg.errors.NumericValueOutOfRange):
            insert(-1)
        assert i + 1 == CLIENT_ERRORS or one(direct, "SELECT wanted FROM phasegate.change") is None
    error = change.end()
    assert isinstance(error, psycopg.errors.QueryCanceled)
    assert f"taken back, because {CLIENT_ERRORS} statements of clients failed in its trigger" in error.diag.message_primary
    assert "smallint out of range" in error.diag.message_primary
    insert(-1)
    assert one(direct, "SELECT state FROM phasegate.change") == "cancelled"
    assert one(direct, "SELECT count(*) FROM phasegate.event WHERE kind = 'break off'") == 1
    assert one(direct, "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass"
                       " AND attname = 'n'") == "integer"
    assert one(direct, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal") == 0


def test_errors_of_clients_own_are_not_the_changes(direct, begin, connect):
    change = begin(TYPE)
    client = connect(to=change.proxy)
    for _ in range(3 * CLIENT_ERRORS):
        with pytest.raises(psycopg.errors.UniqueViolation):
            client.execute("INSERT INTO t VALUES (1, 1)")
    assert change.end() is None
    is_bigint(direct)


def test_a_trigger_that_slows_clients_is_taken_back(direct, start_proxy, in_background):
    """By a function that is slow for clients only, so that the backfill goes on beside them."""
    direct.execute(TABLE + """;
        CREATE FUNCTION slowly(n int) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('application_name') <> 'phasegate' THEN PERFORM pg_sleep(0.06); END IF; RETURN n; END $$""")
    proxy = start_proxy({"backfill": {"rows_per_second": 500, "throttle": {"latency_percent": 0, "table_latency_percent": 0}},
                         "changes": {"client_slowdown": 4, "client_slowdown_for": "1s"}})
    ended, failures = threading.Event(), []

    def work(number):
        try:
            with psycopg.connect(proxy.conninfo(direct.info.dbname), autocommit=True) as client:
                while not ended.wait(0.01):
                    client.execute("UPDATE t SET n = n + 1 WHERE id = %s", [number])
        except psycopg.Error as error:
            failures.append(error)

    for i in range(6):
        in_background(work, i)
    try:
        # The proxy remembers up to a hundred statements of each second.
        wait_until(lambda: one(direct, "SELECT sum(n) - sum(id) > 1000 FROM t WHERE id < 6"), "an hour before")
        with psycopg.connect(proxy.conninfo(direct.info.dbname), autocommit=True) as client:
            with pytest.raises(psycopg.errors.QueryCanceled, match="taken back, because statements of clients on its table take"):
                client.execute("ALTER TABLE t ALTER COLUMN n TYPE bigint USING slowly(n)")
    finally:
        ended.set()
    assert failures == []
    assert one(direct, "SELECT state FROM phasegate.change") == "cancelled"
    assert one(direct, "SELECT count(*) FROM phasegate.event WHERE kind = 'break off'") == 1
    assert one(direct, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal") == 0


@pytest.mark.parametrize("statement", [TYPE, ADD])
def test_truncate_in_the_middle(direct, begin, statement):
    client = begin(statement)
    direct.execute("TRUNCATE t")
    direct.execute("INSERT INTO t (id, n) SELECT i, i FROM generate_series(1, 100) i")
    assert client.end() is None
    assert one(direct, "SELECT count(*) FROM t WHERE n = id") == 100


@pytest.mark.parametrize("statement", [TYPE, ADD])
def test_copy_in_the_middle(direct, begin, statement):
    client = begin(statement)
    with direct.cursor().copy("COPY t (id, n) FROM STDIN") as copy:
        for row in range(ROWS + 1, ROWS + 3001):
            copy.write_row((row, row))
    assert client.end() is None
    assert one(direct, "SELECT count(*) FROM t WHERE n = id") == ROWS + 3000


def test_copy_with_triggers_off(direct, begin):
    """As a restore does."""
    client = begin(TYPE)
    with direct.transaction():
        direct.execute("SET LOCAL session_replication_role = replica")
        with direct.cursor().copy("COPY t (id, n) FROM STDIN") as copy:
            for row in range(-1000, 0):
                copy.write_row((row, row))
    assert client.end() is None
    assert one(direct, "SELECT count(*) FROM t WHERE n = id") == ROWS + 1000


def test_a_partition_is_attached_in_the_middle(direct, start_proxy, connect):
    direct.execute(f"""
        CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL) PARTITION BY RANGE (id);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO ({ROWS + 1});
        CREATE TABLE t2 (LIKE t INCLUDING ALL);
        INSERT INTO t SELECT i, i FROM generate_series(1, {ROWS}) i;
        INSERT INTO t2 SELECT i, i FROM generate_series({ROWS + 1}, {ROWS + 2000}) i;
        ANALYZE t""")
    proxy = start_proxy(SLOWLY)
    client = Client(proxy, connect(to=proxy), ADD, direct)
    direct.execute("ALTER TABLE t2 ADD COLUMN u uuid")
    direct.execute(f"ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM ({ROWS + 1}) TO ({ROWS + 5000})")
    assert client.end() is None
    assert one(direct, "SELECT count(*) FROM t WHERE u IS NOT NULL") == ROWS + 2000


# ---- on the server ----

def test_a_commit_whose_answer_is_lost(direct, begin):
    """The server waits for a standby that nobody has when its process is ended: committed, but nobody was told."""
    client = begin(TYPE)
    direct.execute("SET synchronous_commit = local")
    direct.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    direct.execute("SELECT pg_reload_conf()")
    try:
        wait_until(lambda: direct.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN;%'"
                                          " AND application_name = 'phasegate' AND wait_event = 'SyncRep'").fetchall(),
                   "a batch to be committing")
    finally:
        direct.execute("ALTER SYSTEM RESET synchronous_standby_names")
        direct.execute("SELECT pg_reload_conf()")
    assert client.end() is None
    assert client.heard("the control connection is lost") or one(direct, "SELECT epoch FROM phasegate.change") > 1
    is_bigint(direct)
    assert one(direct, "SELECT count(*) FROM t WHERE n = id") == ROWS
    assert one(direct, "SELECT sum(rows_changed)::int8 FROM phasegate.backfill") == ROWS, "no batch was repeated"


clusters = itertools.count(1)


@pytest.fixture
def cluster(lab_directory):
    """A server of its own, to be crashed, and a streaming standby of it."""
    folder = lab_directory / f"cluster{next(clusters)}"
    primary = Postgres(folder / "primary", settings={"fsync": "off"})
    standby = Standby(primary, folder / "standby", settings={"fsync": "off"})
    for server in (primary, standby):
        server.directory.mkdir(parents=True)
        server.start()
    yield primary, standby
    for server in (standby, primary):
        server.stop()


@pytest.fixture
def proxy_on(lab_directory):
    """proxy_on(server, conninfo) -> a phasegate whose sessions go to server and whose engine follows conninfo."""
    started = []

    def start(server, conninfo):
        proxy = Phasegate(server, lab_directory / "of-the-cluster", BUILD,
                          {**SLOWLY, "control": {"conninfo": conninfo}, "limits": {"drain_timeout": "1s"}}, ASAN)
        started.append(proxy.start())
        return proxy

    yield start
    for proxy in started:
        assert proxy.stop() == 0, proxy.stderr.read_text()[-4000:]


def wherever(*servers):
    return ("host=" + ",".join(s.host for s in servers) + " port=" + ",".join(str(s.port) for s in servers)
            + " user=postgres target_session_attrs=read-write")


def state_on(server):
    try:
        return server.query("SELECT state FROM phasegate.change")[0][0]
    except psycopg.OperationalError:
        return None


def test_the_server_stops_at_once_and_restarts(cluster, proxy_on, server):
    """Another one that answers meanwhile is no standby of it."""
    primary, _ = cluster
    primary.query(TABLE)
    proxy = proxy_on(primary, wherever(primary, server))
    with primary.connect() as look:
        client = Client(proxy, psycopg.connect(proxy.conninfo(), autocommit=True), TYPE, look)
    primary.stop(signal.SIGQUIT)
    assert client.end() is not None
    time.sleep(1)  # the engine looks again after 0.25, 0.5 and 1 s
    primary.start()
    wait_until(lambda: state_on(primary) == "done", "the change to go on", timeout=60)
    with primary.connect() as look:
        is_bigint(look)
        assert one(look, "SELECT count(*) FROM t WHERE n = id") == ROWS
    assert "not on record" not in proxy.stderr.read_text()


def cut_off(standby):
    standby.query("ALTER SYSTEM SET primary_conninfo = ''")
    standby.query("SELECT pg_reload_conf()")
    wait_until(lambda: standby.query("SELECT count(*) FROM pg_stat_wal_receiver")[0][0] == 0, "the standby to be cut off")


@pytest.fixture
def taken_over(cluster, proxy_on):
    """The primary has the table, and the standby has it from there."""
    primary, standby = cluster
    primary.query(TABLE)
    wait_until(lambda: standby.query("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'")[0][0] == 1,
               "the standby to stream")
    wait_until(lambda: standby.query("SELECT to_regclass('t') IS NOT NULL")[0][0], "the standby to have the table")
    return primary, standby, proxy_on(primary, wherever(primary, standby))


@pytest.mark.parametrize("lost", [False, True], ids=["nothing is lost", "the last batches are lost"])
def test_a_standby_is_promoted(taken_over, lost):
    """Rows and the record of their progress are lost together, so it goes on where the standby stands."""
    primary, standby, proxy = taken_over
    written = "SELECT sum(rows_changed)::int FROM phasegate.backfill"
    with primary.connect() as look:
        client = Client(proxy, psycopg.connect(proxy.conninfo(), autocommit=True), TYPE, look)
        if lost:
            cut_off(standby)
            wait_until(lambda: one(look, written) > standby.query(written)[0][0] + 500, "some batches that it misses")
        known = one(look, written)
    primary.stop(signal.SIGQUIT)
    assert client.end() is not None
    assert not lost or standby.query(written)[0][0] < known - 500
    standby.query("SELECT pg_promote()")
    wait_until(lambda: state_on(standby) == "done", "the change to go on over there", timeout=60)
    with standby.connect() as look:
        is_bigint(look)
        assert one(look, "SELECT count(*) FROM t WHERE n = id") == ROWS


def test_a_standby_is_promoted_that_never_heard_of_the_change(taken_over):
    primary, standby, proxy = taken_over
    cut_off(standby)
    with primary.connect() as look:
        client = Client(proxy, psycopg.connect(proxy.conninfo(), autocommit=True), TYPE, look)
    primary.stop(signal.SIGQUIT)
    assert client.end() is not None
    standby.query("SELECT pg_promote()")
    wait_until(lambda: "change 1, which was being carried out, is not on record any more" in proxy.stderr.read_text(), "the alert", 20)
    assert standby.query("SELECT count(*) FROM t WHERE n = id") == [(ROWS,)]

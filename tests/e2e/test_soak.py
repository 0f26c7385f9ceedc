# SPDX-License-Identifier: PostgreSQL
"""
Changes that applications have to live through: a type that changes, names that move, drops.  A
client keeps writing all the while and checks what it reads; the proxy is killed on the way; an
operator releases the change or takes it back.
"""

import subprocess
import threading
import time

import psycopg
import pytest

from environment import BUILD
from lab.process import LabError, wait_until

pytestmark = pytest.mark.gate

ROWS = 30_000
SLOWLY = {"backfill": {"rows_per_second": 15000}}
DROPS = {"rules": {"drop-column": "phase", "drop-table": "phase"}}

COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = to_regclass('shop.orders') AND attnum > 0 AND NOT attisdropped ORDER BY 1"""
CATALOG = f"""
SELECT (SELECT string_agg(c::text, E'\\n') FROM ({COLUMNS}) c),
  (SELECT string_agg(pg_get_indexdef(indexrelid), E'\\n' ORDER BY indexrelid::regclass::text) FROM pg_index
    WHERE indrelid = to_regclass('shop.orders')),
  (SELECT string_agg(conname || pg_get_constraintdef(oid) || convalidated, E'\\n' ORDER BY conname) FROM pg_constraint
    WHERE conrelid = to_regclass('shop.orders')),
  (SELECT string_agg(relname || ' ' || relkind::text, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'shop'::regnamespace),
  (SELECT string_agg(proname::text, ',') FROM pg_proc WHERE pronamespace = 'shop'::regnamespace),
  (SELECT string_agg(tgname::text, ',') FROM pg_trigger WHERE tgrelid = to_regclass('shop.orders') AND NOT tgisinternal),
  (SELECT relacl::text FROM pg_class WHERE oid = to_regclass('shop.orders'))"""


@pytest.fixture
def shop(direct):
    """A table over every bound of a small one."""
    direct.execute(f"""
        CREATE SCHEMA shop;
        CREATE TABLE shop.customers (id int PRIMARY KEY);
        INSERT INTO shop.customers SELECT generate_series(0, 9);
        CREATE TABLE shop.orders (id bigserial PRIMARY KEY, amount int NOT NULL DEFAULT 0, note text,
          customer int REFERENCES shop.customers, CHECK (amount >= 0));
        INSERT INTO shop.orders (amount, note, customer)
          SELECT i, 'n' || i, i % 10 FROM generate_series(1, {ROWS}) i;
        CREATE INDEX orders_amount ON shop.orders (amount) WHERE amount > 5;
        GRANT SELECT, INSERT, UPDATE ON shop.orders TO app;
        GRANT USAGE ON SCHEMA shop TO app;
        GRANT USAGE ON SEQUENCE shop.orders_id_seq TO app;
        ANALYZE shop.orders""")
    return direct


class Application:
    """Adds one to rows and reads them back, inserts rows and counts on them, until ended."""

    def __init__(self, conninfo, table="shop.orders", column="amount"):
        self.failures, self.written, self.inserted = [], {}, []
        self.ending = threading.Event()
        self.table, self.column = table, column
        self.connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        number = 0
        while not self.ending.is_set():
            number += 1
            try:
                self._work(number)
            except (psycopg.Error, AssertionError) as error:
                self.failures.append(repr(error))
                return

    def _work(self, number):
        row, value = 1 + number * 7919 % ROWS, number + 1_000_000
        changed = self.connection.execute(
            f"UPDATE {self.table} SET {self.column} = %s WHERE id = %s RETURNING {self.column}", (value, row)).fetchone()
        assert changed == (value,), f"row {row}: wrote {value}, was told {changed}"
        self.written[row] = value
        read = self.connection.execute(f"SELECT {self.column} FROM {self.table} WHERE id = %s", (row,)).fetchone()
        assert read == (value,), f"row {row}: wrote {value}, read {read}"
        new = self.connection.execute(
            f"INSERT INTO {self.table} (note, {self.column}) VALUES ('new', %s) RETURNING id", (number,)).fetchone()[0]
        self.inserted.append((new, number))

    def end(self):
        self.ending.set()
        self.thread.join(60)
        self.connection.close()
        assert not self.failures, self.failures
        assert self.inserted, "the application never got anything done"

    def check(self, connection, table="shop.orders", column="amount"):
        """Nothing it wrote was lost."""
        rows = dict(connection.execute(f"SELECT id, {column} FROM {table}").fetchall())
        wrong = {row: (value, rows.get(row)) for row, value in [*self.written.items(), *self.inserted]
                 if rows.get(row) != value}
        assert not wrong, wrong
        assert len(rows) == ROWS + len(self.inserted)


@pytest.fixture
def application(server, database):
    """application(**options) -> one that runs, straight to the server so that it outlives the proxy."""
    running = []

    def start(**options):
        running.append(Application(f"{server.conninfo(database)} user=app", **options))
        return running[-1]

    yield start
    for one in running:
        one.ending.set()


@pytest.fixture
def phasegate(server, database):
    """phasegate("release", 1) -> the finished command line program."""
    def run(command, *arguments, user="postgres"):
        return subprocess.run([BUILD / "proxy" / "phasegate", command, "--server", f"{server.conninfo(database)} user={user}",
                               *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)

    return run


def state(connection, number=1):
    return connection.execute(f"SELECT state FROM phasegate.change WHERE id = {number}").fetchone()[0]


def becomes(connection, wanted, number=1):
    try:
        wait_until(lambda: state(connection, number) == wanted, f"change {number} to be {wanted}", timeout=60)
    except LabError as error:
        record = connection.execute(f"SELECT state, stage, error_message FROM phasegate.change WHERE id = {number}")
        raise AssertionError(f"{error}: {record.fetchone()}") from error


def send(connection, statement):
    """What the client is told besides."""
    heard = []
    connection.add_notice_handler(lambda d: heard.append(d.message_primary))
    connection.execute(statement)
    return "\n".join(heard)


def look(connection):
    return connection.execute(CATALOG).fetchone()


# ---- a type that changes ----

def twin(connection, statement):
    """The catalog that the plain statement makes."""
    with connection.transaction(force_rollback=True):
        connection.execute(statement)
        return look(connection)


TYPES = ["ALTER TABLE shop.orders ALTER COLUMN amount TYPE bigint",
         "ALTER TABLE shop.orders ALTER COLUMN amount TYPE bigint USING amount + 0"]


@pytest.mark.parametrize("statement", TYPES)
def test_a_type_changes_under_load(shop, connect, start_proxy, application, statement):
    wanted = twin(shop, statement)
    file = shop.execute("SELECT pg_relation_filenode('shop.orders')").fetchone()
    app = application()
    told = send(connect(to=start_proxy(SLOWLY)), statement)
    app.end()
    assert look(shop) == wanted
    assert shop.execute("SELECT pg_relation_filenode('shop.orders')").fetchone() == file, "the table was rewritten"
    app.check(shop)
    assert "becomes the last column" in told and "prepared again" in told


def test_a_type_change_survives_a_kill(shop, connect, start_proxy, application):
    wanted = twin(shop, TYPES[0])
    app = application()
    proxy = start_proxy({"backfill": {"rows_per_second": 6000}})
    for wait in (0.3, 1.5):
        connection = connect(to=proxy)
        thread = threading.Thread(target=lambda: pytest.raises(psycopg.Error, connection.execute, TYPES[0]))
        thread.start()
        wait_until(lambda: shop.execute("SELECT to_regclass('phasegate.change') IS NOT NULL").fetchone()[0], "the record")
        time.sleep(wait)
        proxy.kill()
        thread.join(30)
        assert state(shop) in ("submitted", "running")
        proxy.start()
    becomes(shop, "done")
    app.end()
    assert look(shop) == wanted
    app.check(shop)


# ---- renames ----

def test_a_table_is_renamed_while_old_code_runs(shop, connect, start_proxy, application, phasegate):
    before = look(shop)
    old = application()
    proxy = start_proxy()
    told = send(connect(to=proxy), "ALTER TABLE shop.orders RENAME TO purchases")
    assert "release 1" in told and "abort 1" in told and "drop the view orders" in told, told
    assert state(shop) == "soaking"
    new = application(table="shop.purchases")
    time.sleep(1)
    new.end()
    old.end()
    old_inserted, new.inserted = len(old.inserted), new.inserted + old.inserted
    assert old_inserted
    new.written = {**old.written, **new.written}
    new.check(shop, "shop.purchases")
    assert connect(to=proxy).execute("SELECT count(*) FROM shop.orders WHERE note = 'new'").fetchone() == (len(new.inserted),)
    released = phasegate("release", 1)
    assert released.returncode == 0 and "change 1 is released" in released.stdout, released.stderr
    becomes(shop, "done")
    assert shop.execute("SELECT to_regclass('shop.orders')").fetchone() == (None,)
    shop.execute("ALTER TABLE shop.purchases RENAME TO orders")
    assert look(shop) == before


def test_a_column_goes_by_both_names(shop, connect, start_proxy, application, phasegate):
    wanted = twin(shop, "ALTER TABLE shop.orders RENAME COLUMN amount TO total")
    old = application()
    send(connect(to=start_proxy()), "ALTER TABLE shop.orders RENAME COLUMN amount TO total")
    new = application(column="total")
    time.sleep(1)
    old.end()
    assert phasegate("release", 1).returncode == 0
    becomes(shop, "done")
    new.end()
    assert look(shop) == wanted
    rows = dict(shop.execute("SELECT id, total FROM shop.orders").fetchall())
    assert all(rows[number] == value for number, value in [*old.inserted, *new.inserted])


def test_a_table_moves_to_another_schema(shop, connect, start_proxy, application, phasegate):
    shop.execute("CREATE SCHEMA archive")
    app = application()
    send(connect(to=start_proxy()), "ALTER TABLE shop.orders SET SCHEMA archive")
    time.sleep(0.5)
    app.end()
    app.check(shop, "archive.orders")
    assert phasegate("release", 1).returncode == 0
    becomes(shop, "done")
    assert shop.execute("SELECT to_regclass('shop.orders'), to_regclass('archive.orders')::text").fetchone() == (
        None, "archive.orders")


# ---- drops ----

def test_a_column_is_dropped_after_the_wait(shop, connect, start_proxy, phasegate):
    shop.execute("ALTER TABLE shop.orders ALTER amount DROP DEFAULT")
    wanted = twin(shop, "ALTER TABLE shop.orders DROP COLUMN amount")
    connection = connect(to=start_proxy(DROPS))
    send(connection, "ALTER TABLE shop.orders DROP COLUMN amount")
    assert state(shop) == "soaking"
    connection.execute("INSERT INTO shop.orders (note) VALUES ('new code')")
    connection.execute("INSERT INTO shop.orders (amount) VALUES (4)")
    assert phasegate("release", 1).returncode == 0
    becomes(shop, "done")
    assert look(shop) == wanted


def test_a_table_is_dropped_after_the_wait(shop, connect, start_proxy, phasegate):
    connection = connect(to=start_proxy(DROPS))
    send(connection, "DROP TABLE shop.orders")
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT FROM shop.orders")
    assert shop.execute("SELECT count(*) FROM shop.orders_phasegate_dropped").fetchone() == (ROWS,)
    assert phasegate("release", 1).returncode == 0
    becomes(shop, "done")
    assert shop.execute("SELECT relname FROM pg_class WHERE relname LIKE 'orders%'").fetchall() == []


def test_a_drop_is_refused_unless_the_policy_says_otherwise(shop, connect):
    for statement in ("ALTER TABLE shop.orders DROP COLUMN amount", "DROP TABLE shop.orders"):
        with pytest.raises(psycopg.Error) as caught:
            connect().execute(statement)
        assert caught.value.sqlstate == "PG001"


# ---- taken back ----

SOAKING = ["ALTER TABLE shop.orders RENAME TO purchases", "ALTER TABLE shop.orders RENAME COLUMN amount TO total",
           "ALTER TABLE shop.orders DROP COLUMN amount", "DROP TABLE shop.orders"]


@pytest.mark.parametrize("inside", [False, True], ids=["autocommit", "in a transaction"])
@pytest.mark.parametrize("statement", SOAKING)
def test_an_abort_leads_back(shop, connect, start_proxy, phasegate, statement, inside):
    shop.execute("ALTER TABLE shop.orders ALTER amount DROP DEFAULT")
    before = look(shop)
    connection = connect(to=start_proxy(DROPS))
    if inside:
        with connection.transaction():
            connection.execute(statement)
    else:
        connection.execute(statement)
    becomes(shop, "soaking")
    aborted = phasegate("abort", 1)
    assert aborted.returncode == 0, aborted.stderr
    becomes(shop, "cancelled")
    assert look(shop) == before


def test_a_rollback_takes_it_all_back(shop, connect, start_proxy):
    before = look(shop)
    with connect(to=start_proxy()).transaction(force_rollback=True) as transaction:
        transaction.connection.execute(SOAKING[0])
        transaction.connection.execute("SELECT FROM shop.purchases LIMIT 1")
    assert look(shop) == before
    assert shop.execute("SELECT count(*) FROM phasegate.change").fetchone() == (0,)


def test_an_old_client_never_misses_the_table_on_the_way_back(shop, connect, start_proxy, application, phasegate):
    app = application()
    connect(to=start_proxy()).execute(SOAKING[0])
    assert phasegate("abort", 1).returncode == 0
    becomes(shop, "cancelled")
    app.end()
    app.check(shop)


def test_a_running_change_is_aborted(shop, connect, start_proxy, application, phasegate):
    before = look(shop)
    app = application()
    connection = connect(to=start_proxy({"backfill": {"rows_per_second": 3000}}))
    thread = threading.Thread(target=lambda: pytest.raises(psycopg.errors.QueryCanceled, connection.execute, TYPES[0]))
    thread.start()
    wait_until(lambda: shop.execute("SELECT to_regclass('phasegate.change') IS NOT NULL AND EXISTS ("
                                    "SELECT FROM pg_trigger WHERE tgname LIKE '~phasegate%')").fetchone()[0], "the trigger")
    assert phasegate("abort", 1).returncode == 0
    becomes(shop, "cancelled")
    thread.join(30)
    app.end()
    assert look(shop) == before
    app.check(shop)


# ---- while it soaks ----

def test_it_soaks_through_a_kill_and_a_restart(shop, connect, start_proxy, phasegate):
    proxy = start_proxy()
    connect(to=proxy).execute(SOAKING[0])
    proxy.kill()
    proxy.start()
    time.sleep(2)
    assert state(shop) == "soaking"
    assert shop.execute("SELECT count(*) FROM shop.orders").fetchone() == (ROWS,)
    assert phasegate("release", 1).returncode == 0
    becomes(shop, "done")


def test_a_release_waits_for_a_phasegate(shop, connect, start_proxy, phasegate):
    proxy = start_proxy()
    connect(to=proxy).execute(SOAKING[0])
    proxy.stop()
    assert phasegate("release", 1).returncode == 0
    assert state(shop) == "soaking"
    proxy.start()
    becomes(shop, "done")


def test_the_same_statement_again_finds_it_soaking(shop, connect, start_proxy):
    connection = connect(to=start_proxy(DROPS))
    statement = "ALTER TABLE shop.orders DROP COLUMN note"
    connection.execute(statement)
    assert "release 1" in send(connection, statement)
    with pytest.raises(psycopg.Error) as caught:
        connection.execute("ALTER TABLE shop.orders ALTER COLUMN note SET NOT NULL")
    assert caught.value.sqlstate == "55006" and "phasegate release 1" in caught.value.diag.message_hint
    assert shop.execute("SELECT count(*) FROM phasegate.change").fetchone() == (1,)


def test_what_fails_behind_a_release_can_be_released_again(shop, connect, start_proxy, phasegate):
    connect(to=start_proxy()).execute(SOAKING[0])
    shop.execute("CREATE VIEW shop.late AS SELECT id FROM shop.orders")
    assert phasegate("release", 1).returncode == 0
    wait_until(lambda: shop.execute("SELECT error_message FROM phasegate.changes WHERE state = 'soaking'"
                                    " AND error_message IS NOT NULL").fetchone(), "the failure to be told", timeout=30)
    assert "other objects depend on it" in phasegate("show", 1).stdout
    shop.execute("DROP VIEW shop.late")
    assert phasegate("release", 1).returncode == 0
    becomes(shop, "done")


def test_it_is_released_by_itself(shop, connect, start_proxy, phasegate):
    proxy = start_proxy({"changes": {"release": "automatic", "release_after": "2s"}})
    told = send(connect(to=proxy), SOAKING[0])
    assert "It goes on by itself in 2 s." in told
    assert state(shop) == "soaking" and "release_at" in phasegate("show", 1).stdout
    becomes(shop, "done")
    assert shop.execute("SELECT to_regclass('shop.orders')").fetchone() == (None,)


def test_the_commands(shop, connect, start_proxy, phasegate):
    connect(to=start_proxy(DROPS)).execute("ALTER TABLE shop.orders DROP COLUMN note")
    listed = phasegate("changes").stdout
    assert "soaking" in listed and "shop.orders" in listed, listed
    shown = phasegate("show", 1).stdout
    assert "no way back" in shown and "wait until no client says orders.note" in shown, shown
    for command, arguments, message in [("release", [7], "there is no change 7"), ("show", [7], "there is no change 7"),
                                        ("release", ["x"], "which change?"), ("abort", [], "which change?")]:
        refused = phasegate(command, *arguments)
        assert refused.returncode == 2 and message in refused.stderr, refused.stderr
    refused = phasegate("release", 1, user="app")
    assert refused.returncode == 2 and "only a member of role postgres" in refused.stderr
    assert phasegate("release", 1).returncode == 0
    becomes(shop, "done")
    refused = phasegate("abort", 1)
    assert refused.returncode == 2 and "change 1 is done already" in refused.stderr
    assert phasegate("changes").stdout.count("soaking") == 0
    assert "drop column note" in phasegate("changes", "--all").stdout

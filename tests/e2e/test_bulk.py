# SPDX-License-Identifier: PostgreSQL
"""
UPDATE and DELETE of every row, sent in autocommit: carried out in batches, each row written exactly
once whatever happens meanwhile, and answered with one tag.
"""

import datetime
import decimal
import random
import threading
import time
import uuid

import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 20000
STEADY = {"backfill": {"batch_rows_first": 1000, "rows_per_second": 0}}
SLOW = {"backfill": {"batch_rows_first": 100, "batch_rows_max": 100, "rows_per_second": 4000}}
EMPTIED = {**SLOW, "rules": {"truncate": "phase"}}

FILL = f"FROM generate_series(1, {ROWS}) i"

TABLE = f"""
CREATE TABLE t (id int PRIMARY KEY, x int NOT NULL DEFAULT 0, w int NOT NULL DEFAULT 0, v text);
INSERT INTO t (id) SELECT i FROM generate_series(1, {ROWS}) i;
ANALYZE t;
"""


@pytest.fixture
def t(direct):
    direct.execute(TABLE)
    return direct


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def fails(connection, sql):
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql)
    return caught.value.diag


def written_once(connection, table="t", rows=ROWS):
    assert connection.execute(f"SELECT x, count(*) FROM {table} GROUP BY x").fetchall() == [(1, rows)]


def change(connection):
    return connection.execute("SELECT state, rows_changed, batches FROM phasegate.changes ORDER BY id DESC LIMIT 1").fetchone()


# ---- what the client is told ----

def test_every_client_sees_the_tag(t, start_proxy, connect, psql):
    proxy = start_proxy(STEADY)
    client = connect(proxy)
    assert client.execute("UPDATE t SET x = x + 1").statusmessage == f"UPDATE {ROWS}"
    written_once(t)
    state, rows, batches = change(t)
    assert (state, rows) == ("done", ROWS) and batches > 1
    cursor = client.execute("UPDATE t SET x = x - 1", prepare=True)
    assert (cursor.statusmessage, cursor.rowcount) == (f"UPDATE {ROWS}", ROWS)
    done = psql("UPDATE t SET x = x + 1 WHERE 1 = 1; DELETE FROM t;", to=proxy)
    assert done.stdout.split("\n")[:2] == [f"UPDATE {ROWS}", f"DELETE {ROWS}"], done.stderr
    assert one(t, "SELECT count(*) FROM t") == 0


def test_a_large_delete(direct, start_proxy, connect):
    direct.execute("CREATE TABLE big AS SELECT i AS id, i % 7 AS x FROM generate_series(1, 100000) i;"
                   "ALTER TABLE big ADD PRIMARY KEY (id); ANALYZE big")
    assert connect(start_proxy(STEADY)).execute("DELETE FROM big").statusmessage == "DELETE 100000"
    assert one(direct, "SELECT count(*) FROM big") == 0
    assert change(direct)[2] > 1


def test_it_means_what_the_session_means(t, start_proxy, connect):
    client = connect(start_proxy(STEADY))
    client.execute("SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY'")
    client.execute("UPDATE t SET v = '01/02/2024 12:00'::timestamptz")
    assert t.execute("SELECT DISTINCT v FROM t").fetchall() == [("01/02/2024 12:00:00 IST",)]


@pytest.mark.parametrize(("setting", "assignment", "value"), [
    ("array_nulls = off", "('{a,null}'::text[])[2]", "null"),
    ("quote_all_identifiers = on", "quote_ident('a')", '"a"'),
    ("transform_null_equals = on", "CASE WHEN NULL::text = NULL THEN 'is null' END", "is null"),
    ("xmlbinary = hex", "xmlelement(name x, '\\x01'::bytea)::text", "<x>01</x>"),
])
def test_it_reads_the_settings_of_the_session(t, start_proxy, connect, setting, assignment, value):
    client = connect(start_proxy(STEADY))
    client.execute(f"SET {setting}")
    client.execute(f"UPDATE t SET v = {assignment}")
    assert t.execute("SELECT DISTINCT v FROM t").fetchall() == [(value,)]


def test_a_replica_session_fires_no_triggers(t, start_proxy, connect):
    t.execute("CREATE TABLE child (of int REFERENCES t ON DELETE CASCADE);"
              "INSERT INTO child SELECT id FROM t LIMIT 10")
    client = connect(start_proxy(STEADY))
    client.execute("SET session_replication_role = replica")
    client.execute("DELETE FROM t")
    assert t.execute("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM child)").fetchone() == (0, 10)


# ---- how far it is ----

def figures(connection, columns):
    return connection.execute(f"SELECT {columns} FROM phasegate.changes ORDER BY id DESC LIMIT 1").fetchone()


def test_a_table_that_has_grown_is_not_nearly_done(t, start_proxy, connect, in_background):
    t.execute(f"ALTER TABLE t SET (autovacuum_enabled = off); INSERT INTO t (id) SELECT i + {ROWS} {FILL}")
    running = in_background(connect(start_proxy(SLOW)).execute, "UPDATE t SET x = x + 1")
    wait_until(lambda: one(t, "SELECT to_regclass('phasegate.changes') IS NOT NULL"), "the schema")
    wait_until(lambda: (figures(t, "rows_changed") or [0])[0], "it to begin")
    assert figures(t, "est_rows BETWEEN 35000 AND 45000 AND percent < 30 AND time_left > '5 s'") == (True,)
    running.join(30)
    assert figures(t, "state, percent, time_left") == ("done", 100, None)


def test_one_with_fewer_rows_is_done_in_the_end(t, start_proxy, connect):
    t.execute("ALTER TABLE t SET (autovacuum_enabled = off); DELETE FROM t WHERE id % 10 > 0")
    connect(start_proxy(STEADY)).execute("UPDATE t SET x = x + 1")
    assert figures(t, "state, percent, time_left") == ("done", 100, None)


def test_whoever_takes_over_is_not_as_fast_as_all_before(t, start_proxy, connect, in_background):
    first = start_proxy(SLOW)
    running = in_background(lambda: pytest.raises(psycopg.Error, connect(first).execute, "UPDATE t SET x = x + 1"))
    wait_until(lambda: one(t, "SELECT to_regclass('phasegate.changes') IS NOT NULL"), "the schema")
    wait_until(lambda: (figures(t, "coalesce(rows_changed, 0)") or [0])[0] > 6000, "some of it")
    first.kill()
    running.join(10)
    before = figures(t, "rows_changed")[0]
    start_proxy(SLOW)
    wait_until(lambda: figures(t, "rows_changed")[0] > before, "the other one to go on", 30)
    assert figures(t, "rows_per_second < 6000") == (True,)


# ---- tables ----

# id, what makes the table, its name
KEYS = [
    ("composite", f"""CREATE TABLE k (b int, a text, x int DEFAULT 0, PRIMARY KEY (a, b));
        INSERT INTO k SELECT i, (i % 7)::text {FILL}""", "k"),
    ("uuid", f"""CREATE TABLE k (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), x int DEFAULT 0);
        INSERT INTO k SELECT {FILL}""", "k"),
    ("text", f"""CREATE TABLE k (id text COLLATE "C" PRIMARY KEY, x int DEFAULT 0);
        INSERT INTO k SELECT CASE WHEN i % 2 = 0 THEN 'é''\\\\' ELSE 'Z' END || i {FILL}""", "k"),
    ("odd-names", f"""CREATE TABLE "K ""1" (n int, "The Id" bigint NOT NULL UNIQUE, x int DEFAULT 0);
        INSERT INTO "K ""1" ("The Id") SELECT i {FILL}""", '"K ""1"'),
    ("partitioned", f"""CREATE TABLE k (id int, at date, x int DEFAULT 0, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
        CREATE TABLE k1 PARTITION OF k FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY HASH (id);
        CREATE TABLE k1a PARTITION OF k1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE k1b PARTITION OF k1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE k2 (x int DEFAULT 0, at date NOT NULL, id int NOT NULL);
        ALTER TABLE k ATTACH PARTITION k2 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
        CREATE TABLE k3 PARTITION OF k DEFAULT;
        INSERT INTO k SELECT i, date '2020-01-01' + i % 600 {FILL}""", "k"),
]


@pytest.mark.parametrize(("setup", "table"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_every_kind_of_key(direct, start_proxy, connect, setup, table):
    direct.execute(f"{setup}; ANALYZE {table}")
    client = connect(start_proxy(STEADY))
    assert client.execute(f"UPDATE {table} AS a SET x = a.x + 1").statusmessage == f"UPDATE {ROWS}"
    written_once(direct, table)
    assert client.execute(f"DELETE FROM {table} WHERE x = x").statusmessage == f"DELETE {ROWS}"
    assert one(direct, f"SELECT count(*) FROM {table}") == 0


def test_a_where_that_leaves_out_nulls(t, start_proxy, connect):
    t.execute("UPDATE t SET v = id WHERE id % 2 = 0")
    assert connect(start_proxy(STEADY)).execute("DELETE FROM t WHERE v = v").statusmessage == f"DELETE {ROWS // 2}"
    assert one(t, "SELECT count(*) FROM t WHERE v IS NULL") == ROWS // 2


# ---- what it is not done for ----

TRIGGER = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "

REFUSED = [
    (TRIGGER + "CREATE TRIGGER g AFTER UPDATE ON t EXECUTE FUNCTION f()", "UPDATE t SET x = 1", "once for the whole statement"),
    (TRIGGER + "CREATE TRIGGER g AFTER DELETE ON t REFERENCING OLD TABLE AS o FOR EACH ROW EXECUTE FUNCTION f()",
     "DELETE FROM t", "once for the whole statement"),
    ("CREATE RULE r AS ON UPDATE TO t DO ALSO NOTHING", "UPDATE t SET x = 1", "a rule of the table"),
    ("CREATE POLICY p ON t; ALTER TABLE t ENABLE ROW LEVEL SECURITY", "UPDATE t SET x = 1", "row security"),
    ("ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t NOT VALID", "DELETE FROM t", "refer to each other"),
    ("ALTER TABLE t DROP CONSTRAINT t_pkey", "UPDATE t SET x = 1", "no unique index"),
    ("CREATE TABLE c () INHERITS (t)", "UPDATE t SET x = 1", "inherit"),
    ("CREATE UNIQUE INDEX ON t (w) WHERE w > 0", "UPDATE t SET w = w + 1", '"w", which has to be unique'),
    ("SELECT", "UPDATE t SET id = id + 1", '"id", which has to be unique'),
    ("SELECT", "UPDATE t SET v = now()", "now() differs"),
]


@pytest.mark.parametrize(("setup", "statement", "reason"), REFUSED)
def test_refused(t, target, connect, setup, statement, reason):
    t.execute(setup)
    diag = fails(connect(), statement)
    assert diag.sqlstate == "PG001" and reason in diag.message_hint, diag.message_hint
    assert t.execute("SELECT count(*), sum(x) FROM t").fetchone() == (ROWS, 0)


@pytest.mark.parametrize("prepare", [None, False, True], ids=["simple", "extended", "named"])
def test_not_inside_a_transaction(t, target, connect, prepare):
    client = connect(autocommit=False)
    for _ in range(2):
        with pytest.raises(psycopg.Error) as caught:
            client.execute("UPDATE t SET x = x + 1", None if prepare is None else (), prepare=prepare)
        diag = caught.value.diag
        assert diag.sqlstate == "PG001" and "send it outside a transaction" in diag.message_hint
        client.rollback()
    assert "send it alone" in fails(connect(), "UPDATE t SET x = 1; SELECT 1").message_hint
    assert one(t, "SELECT sum(x) FROM t") == 0


# ---- parameters ----

# SET, its values, what is in x and v then
VALUES = [
    ("x = %s", [5], (5, None)),
    ("x = %b", [70000], (70000, None)),
    ("x = %b, v = %b", [-1, "%s $1"], (-1, "%s $1")),
    ("x = %s + %s, v = %s", [1, -2, "it's \\ 'é'"], (-1, "it's \\ 'é'")),
    ("x = %s, v = %s", [1, None], (1, None)),
    ("v = %s::numeric * 2", [decimal.Decimal("1.25")], (0, "2.50")),
    ("v = %s", [uuid.UUID(int=7)], (0, str(uuid.UUID(int=7)))),
    ("v = CASE WHEN %b THEN %s ELSE '$2' END", [True, "yes"], (0, "yes")),
    ("v = %s::date + %s", [datetime.date(2024, 2, 28), 1], (0, "2024-02-29")),
    ("v = %b", [datetime.date.max], (0, "9999-12-31")),
    ("v = %b", [datetime.datetime(1999, 12, 31, 23, 59, 59, 999999)], (0, "1999-12-31 23:59:59.999999")),
    ("v = extract(epoch FROM %b)", [datetime.datetime(1969, 7, 20, 20, 17, 40, tzinfo=datetime.timezone.utc)],
     (0, "-14182940.000000")),
    ("v = %b", [0.1], (0, "0.1")),
    ("v = %b", [float("-inf")], (0, "-Infinity")),
    ("v = %s", [psycopg.types.json.Jsonb({"a": "'"})], (0, '{"a": "\'"}')),
]


@pytest.mark.parametrize("prepare", [False, True], ids=["extended", "named"])
@pytest.mark.parametrize(("assignment", "values", "row"), VALUES)
def test_parameters_are_written_in(t, start_proxy, connect, prepare, assignment, values, row):
    client = connect(start_proxy(STEADY))
    cursor = client.execute(f"UPDATE t SET {assignment}", values, prepare=prepare)
    assert cursor.statusmessage == f"UPDATE {ROWS}"
    assert t.execute("SELECT DISTINCT x, v FROM t").fetchall() == [row]
    assert change(t)[2] > 1


def test_each_bind_has_its_own_values(t, start_proxy, connect):
    client = connect(start_proxy(STEADY))
    for value in (1, 2, 2):
        assert client.execute("UPDATE t SET x = x + %s", [value], prepare=True).rowcount == ROWS
    assert t.execute("SELECT DISTINCT x FROM t").fetchall() == [(5,)]
    assert client.execute("DELETE FROM t WHERE %s = %s", [1, 1], prepare=True).statusmessage == f"DELETE {ROWS}"


def test_the_server_checks_the_values(t, target, connect):
    client = connect()
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        client.execute("UPDATE t SET x = %s", ["five"], prepare=False)
    assert client.execute("SELECT 5").fetchone() == (5,)
    assert one(t, "SELECT sum(x) FROM t") == 0


REFUSED_VALUES = [
    ("UPDATE t SET v = %b", [decimal.Decimal(1)], True, "it has parameters"),
    ("UPDATE t SET v = %s", ["now"], True, "differs from batch to batch"),
    ("UPDATE t SET x = %s", [5], False, "send it outside a transaction"),
]


@pytest.mark.parametrize(("statement", "values", "autocommit", "reason"), REFUSED_VALUES)
def test_parameters_that_are_not_written_in(t, target, connect, statement, values, autocommit, reason):
    with pytest.raises(psycopg.Error) as caught:
        connect(autocommit=autocommit).execute(statement, values, prepare=False)
    assert reason in caught.value.diag.message_hint
    assert one(t, "SELECT sum(x) FROM t") == 0


def test_a_small_table_is_the_servers(t, target, connect, direct):
    direct.execute("CREATE TABLE little (x int); INSERT INTO little VALUES (1), (2); ANALYZE little")
    assert connect().execute("UPDATE little SET x = %s", [7], prepare=True).statusmessage == "UPDATE 2"
    assert one(direct, "SELECT sum(x) FROM little") == 14


# ---- when it stops ----

def test_a_cancel_says_what_is_done(t, start_proxy, connect):
    client = connect(start_proxy(SLOW))
    notices = []
    client.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    threading.Timer(2.5, client.cancel).start()
    diag = fails(client, "UPDATE t SET x = x + 1")
    assert any(": updating public.t: " in notice for notice in notices), notices
    done = one(t, "SELECT count(*) FROM t WHERE x = 1")
    assert diag.sqlstate == "57014" and 0 < done < ROWS
    assert diag.message_hint.startswith(f"{done:,} rows in {done // 100} batches were updated and stay so: there is no undo.")
    assert one(t, "SELECT count(*) FROM t WHERE x > 1") == 0
    assert change(t) == ("cancelled", done, done // 100)


def test_a_row_that_fails_is_named(t, start_proxy, connect):
    t.execute("ALTER TABLE t ADD CONSTRAINT not_this_one CHECK (x = 0 OR id <> 4321)")
    client = connect(start_proxy(SLOW))
    diag = fails(client, "UPDATE t SET x = x + 1")
    assert (diag.sqlstate, diag.message_primary) == ("23514", 'new row for relation "t" violates check constraint "not_this_one"')
    assert diag.message_detail.endswith("The row is one of public.t with (\"id\") after (4300) up to (4400).")
    assert diag.message_hint.startswith("4,300 rows in 43 batches were updated and stay so")
    assert one(t, "SELECT max(id) FROM t WHERE x = 1") == 4300


def test_the_same_statement_twice_at_once(t, start_proxy, connect, in_background):
    """Whose rows were whose nobody could tell; so the second one is not told that it did anything."""
    proxy = start_proxy(SLOW)
    first = in_background(connect(proxy).execute, "UPDATE t SET x = x + 1")
    wait_until(lambda: one(t, "SELECT count(*) FROM t WHERE x = 1") > 0, "the first to begin")
    assert fails(connect(proxy), "UPDATE t SET x = x + 1").sqlstate == "55006"
    first.join(60)
    written_once(t)


# ---- meanwhile ----

def test_what_comes_later_is_left_alone(direct, start_proxy, connect, in_background):
    """Rows beyond the last key, and partitions attached."""
    direct.execute(f"""CREATE TABLE k (id int PRIMARY KEY, x int DEFAULT 0) PARTITION BY RANGE (id);
        CREATE TABLE k1 PARTITION OF k FOR VALUES FROM (0) TO (10000);
        CREATE TABLE k2 PARTITION OF k FOR VALUES FROM (10000) TO (30000);
        INSERT INTO k SELECT i {FILL}; ANALYZE k;
        CREATE TABLE k3 (LIKE k); INSERT INTO k3 SELECT i, 5 FROM generate_series(40001, 40100) i""")
    deleting = in_background(connect(start_proxy(SLOW)).execute, "DELETE FROM k")
    wait_until(lambda: one(direct, "SELECT count(*) FROM k") < ROWS, "it to begin")
    direct.execute("INSERT INTO k VALUES (25000)")
    direct.execute("ALTER TABLE k ATTACH PARTITION k3 FOR VALUES FROM (40000) TO (50000)")
    deleting.join(60)
    assert one(direct, "SELECT count(*) FROM k") == 101
    assert change(direct)[:2] == ("done", ROWS)


def test_a_truncate_leaves_what_comes_in(t, start_proxy, connect, in_background):
    """Nobody waits for it, who writes and who reads an old snapshot least of all."""
    t.execute("CREATE TABLE child (id int REFERENCES t); CREATE INDEX ON t (x)")
    proxy, told, notices = start_proxy(EMPTIED), [], []
    client = connect(proxy)
    assert "foreign keys refer to the table" in fails(client, "TRUNCATE t").message_hint
    t.execute("DROP TABLE child")
    client.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    reader = connect(proxy, autocommit=False)
    reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    assert one(reader, "SELECT count(*) FROM t") == ROWS
    emptying = in_background(lambda: told.append(client.execute("TRUNCATE t").statusmessage))
    wait_until(lambda: one(t, "SELECT count(*) FROM t") < ROWS, "it to begin")
    writer, written = connect(proxy), []
    writer.execute("SET lock_timeout = 1000; SET statement_timeout = 1000")
    while emptying.is_alive():
        written.append(ROWS + 1 + len(written))
        writer.execute("INSERT INTO t (id) VALUES (%s)", [written[-1]])
        assert one(writer, f"SELECT count(*) FROM t WHERE id > {ROWS}") == len(written)
    assert told == ["TRUNCATE TABLE"] and len(written) > 10
    assert [row for row, in t.execute("SELECT id FROM t ORDER BY id").fetchall()] == written
    assert one(reader, "SELECT count(*) FROM t") == ROWS
    assert any("rows that come in later" in notice for notice in notices), notices


TRUNCATES_NOT = [
    (TRIGGER + "CREATE TRIGGER g BEFORE TRUNCATE ON t EXECUTE FUNCTION f()", "TRUNCATE t", "a trigger"),
    (TRIGGER + "CREATE TRIGGER g BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()", "TRUNCATE t", "a trigger"),
    ("CREATE TABLE other (id int)", "TRUNCATE t, other", "several tables"),
    ("SELECT", "TRUNCATE t RESTART IDENTITY", "RESTART IDENTITY"),
    ("SELECT", "BEGIN; TRUNCATE t", "send it alone"),
    ("CREATE TABLE top (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF top DEFAULT;"
     "CREATE TABLE child (id int REFERENCES part)", "TRUNCATE top", "a foreign key to a partition"),
]


@pytest.mark.parametrize(("setup", "statement", "reason"), TRUNCATES_NOT)
def test_a_truncate_refused(t, start_proxy, connect, setup, statement, reason):
    t.execute(setup)
    diag = fails(connect(start_proxy(EMPTIED)), statement)
    assert diag.sqlstate == "PG001" and reason in diag.message_hint, diag.message_hint
    assert one(t, "SELECT count(*) FROM t") == ROWS


def test_a_table_put_in_its_place_is_not_written(t, start_proxy, connect, in_background):
    failures = []

    def delete(client):
        failures.append(fails(client, "DELETE FROM t"))

    deleting = in_background(delete, connect(start_proxy(SLOW)))
    wait_until(lambda: one(t, "SELECT count(*) FROM t") < ROWS, "it to begin")
    t.execute("BEGIN; ALTER TABLE t RENAME TO old; CREATE TABLE t (LIKE old INCLUDING ALL);"
              f"INSERT INTO t (id) SELECT i {FILL}; COMMIT")
    deleting.join(60)
    assert "was renamed, replaced or detached" in failures[0].message_primary
    assert one(t, "SELECT count(*) FROM t") == ROWS


class Writer:
    """Counts w of rows of its own up, and knows what it wrote."""

    def __init__(self, connection):
        self.connection, self.counts, self.ending, self.failures = connection, {}, threading.Event(), []
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        choose = random.Random(1)
        try:
            while not self.ending.wait(0.002):
                row = choose.randint(1, ROWS)
                self.connection.execute("UPDATE t SET w = w + 1 WHERE id = %s", [row])
                self.counts[row] = self.counts.get(row, 0) + 1
        except psycopg.Error as error:
            self.failures.append(error)

    def stop(self):
        self.ending.set()
        self.thread.join(30)
        assert not self.thread.is_alive() and self.failures == []
        self.connection.close()
        return self.counts


@pytest.mark.parametrize("seed", range(4))
def test_every_row_once_through_kills(server, database, t, start_proxy, connect, seed):
    """Killed again and again while it runs and while it is taken up; x = x + 1 shows every repetition."""
    chance = random.Random(seed)
    proxy = start_proxy(SLOW)
    writer = Writer(server.connect(database))
    sender = threading.Thread(target=fails, args=(connect(proxy), "UPDATE t SET x = x + 1"))
    sender.start()
    wait_until(lambda: one(t, "SELECT count(*) FROM t WHERE x = 1") > 0, "it to begin")
    for _ in range(3):
        time.sleep(chance.uniform(0.05, 0.6))
        proxy.kill()
        assert one(t, "SELECT (SELECT count(*) FROM t WHERE x = 1) = (SELECT rows_changed FROM phasegate.changes)")
        proxy.start()
    sender.join(30)
    wait_until(lambda: change(t)[0] == "done", "the change to end", 60)
    counts = writer.stop()
    written_once(t)
    assert change(t)[1] == ROWS
    assert dict(t.execute("SELECT id, w FROM t WHERE w > 0").fetchall()) == counts

# SPDX-License-Identifier: PostgreSQL
"""
Backfill that clients send: recognised in every way, held before its transactions and never inside
them, as fast as the limits allow, and unfelt by everybody else.
"""

import re
import signal
import threading
import time

import psycopg
import pytest

from lab.process import free_port, wait_until
from lab.wire import FLUSH, SYNC, bind, execute, extended, parse, query

pytestmark = pytest.mark.gate

TAG = " /*lane='backfill'*/"
ROWS = 2000
LIMITS = {"rows_per_second": 0, "statements_per_second": 0, "wal_bytes_per_second": 0, "concurrency": 2, "queue_max": 100}


def lane(**changes):
    return {"lane": {**LIMITS, **changes}}


@pytest.fixture
def t(direct):
    direct.execute(f"CREATE TABLE t (id int PRIMARY KEY, x int NOT NULL DEFAULT 0);"
                   f"INSERT INTO t SELECT i FROM generate_series(1, {ROWS}) i; ANALYZE t")
    return direct


def write(connection, rows=100, first=1, tag=TAG):
    return connection.execute(f"UPDATE t SET x = x + 1 WHERE id BETWEEN {first} AND {first + rows - 1}{tag}").rowcount


def seconds(work, *arguments):
    started = time.monotonic()
    work(*arguments)
    return time.monotonic() - started


def fails(connection, sql):
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql)
    return caught.value.diag


def decisions(proxy):
    return [record for record in proxy.records() if record["event"] == "decision" and "lane" in record]


def outcomes(proxy):
    return [record for record in proxy.records() if record["event"] == "outcome" and "waited_ms" in record]


class Held:
    """One statement in the background, and what came of it."""

    def __init__(self, in_background, connection, sql):
        self.connection, self.sql, self.error, self.seconds = connection, sql, None, None
        self.notices = []
        connection.add_notice_handler(lambda notice: self.notices.append(notice.message_primary))
        self.started = time.monotonic()
        self.thread = in_background(self.work)

    def work(self):
        try:
            self.connection.execute(self.sql)
        except psycopg.Error as error:
            self.error = error
        self.seconds = time.monotonic() - self.started

    def waits(self):
        return self.thread.is_alive()


@pytest.fixture
def hold(in_background):
    return lambda connection, sql: Held(in_background, connection, sql)


# ---- recognised ----

# id, configuration, how the client connects, the tag of its statement
WAYS = [
    ("role", {"roles": ["app"]}, {"user": "app"}, ""),
    ("application", {"applications": ["loader"]}, {"application_name": "loader"}, ""),
    ("tag", {}, {}, TAG),
    ("tag", {"tags": ["x", "night"]}, {}, " /*action='a',lane='night'*/ ;"),
]


@pytest.mark.parametrize(("by", "config", "client", "tag"), WAYS)
def test_recognised(t, start_proxy, connect, by, config, client, tag):
    t.execute("GRANT ALL ON t TO app")
    proxy = start_proxy(lane(**config))
    assert write(connect(proxy, **client), 7, tag=tag) == 7
    assert write(connect(proxy), tag="") == 100
    assert [(record["lane"], record["lane_by"], record["verdict"]) for record in decisions(proxy)] == [("backfill", by, "allow")]
    assert [(record["sqlstate"], record["rows"]) for record in outcomes(proxy)] == [("00000", 7)]
    proxy.verify_log()


def test_by_listener(t, start_proxy, connect):
    proxy = start_proxy()
    lane_port = free_port()
    proxy.configure({**lane(), "listen": [{"address": proxy.host, "port": proxy.port},
                                          {"address": proxy.host, "port": lane_port, "lane": True}]})
    proxy.stop()
    proxy.start()
    write(connect(proxy), tag="")
    assert decisions(proxy) == []
    write(connect(proxy, port=lane_port), tag="")
    assert [record["lane_by"] for record in decisions(proxy)] == ["listener"]


def test_an_application_may_change_its_name(t, start_proxy, connect):
    proxy = start_proxy(lane(applications=["loader"]))
    client = connect(proxy)
    client.execute("SET application_name = loader")
    write(client, tag="")
    client.execute("SET application_name = web")
    write(client, tag="")
    assert len(decisions(proxy)) == 2  # the write, and the SET that ends it


# ---- extended protocol ----

def test_a_prepared_statement_keeps_its_tag(t, start_proxy, connect):
    proxy = start_proxy(lane())
    client = connect(proxy)
    for value in range(3):
        client.execute("UPDATE t SET x = %s WHERE id <= 5" + TAG, [value], prepare=True)
        client.execute("SELECT x FROM t WHERE id = %s", [value], prepare=True)
    # Preparing is a transaction, too: it locks the table.
    assert [record["rows"] for record in outcomes(proxy)] == [0, 5, 5, 5]


def test_so_does_one_prepared_behind_another(t, start_proxy, wire):
    proxy = start_proxy(lane())
    client = wire(proxy)
    client.send(b"".join(parse(f"UPDATE t SET x = 1 WHERE id <= {n}" + TAG, f"s{n}") + SYNC for n in (1, 2)))
    client.until(count=2)
    for n in (1, 2):
        client.send(bind(f"s{n}") + execute() + SYNC)
        client.until()
    assert [record["rows"] for record in outcomes(proxy)][-2:] == [1, 2]


def test_a_pipeline_is_in_the_lane_as_a_whole(t, start_proxy, connect):
    proxy = start_proxy(lane(applications=["loader"]))
    client = connect(proxy, application_name="loader")
    client.cursor().executemany("UPDATE t SET x = %s WHERE id = %s", [(i, i) for i in range(1, 301)])
    assert t.execute("SELECT count(*) FROM t WHERE x = id").fetchone() == (300,)
    assert sum(record["rows"] for record in outcomes(proxy)) == 300
    with client.pipeline():
        for i in range(3):
            client.execute("UPDATE t SET x = 0 WHERE id = %s", [i + 1])
    assert sum(record["rows"] for record in outcomes(proxy)) == 303


def test_an_error_is_an_outcome(t, start_proxy, connect):
    proxy = start_proxy(lane())
    client = connect(proxy)
    assert fails(client, "UPDATE t SET x = 1 / 0 WHERE id = 1" + TAG).sqlstate == "22012"
    assert write(client) == 100
    assert [record["sqlstate"] for record in outcomes(proxy)] == ["22012", "00000"]


# ---- limits ----

def rate_of(clients, config_seconds):
    """Rows a second that clients write in config_seconds together."""
    ending, rows = time.monotonic() + config_seconds, []

    def work(number, client):
        while time.monotonic() < ending:
            rows.append(write(client, 50, 1 + 50 * number))

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(clients)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rows) / (time.monotonic() - started), len(rows) / (time.monotonic() - started)


def test_rows_per_second(t, start_proxy, connect):
    proxy = start_proxy(lane(rows_per_second=2000))
    rows, _ = rate_of([connect(proxy) for _ in range(3)], 4)
    assert 1000 < rows < 2200  # the lower end is for machines that are busy with something else


def test_statements_per_second(t, start_proxy, connect):
    proxy = start_proxy(lane(statements_per_second=50))
    _, statements = rate_of([connect(proxy) for _ in range(3)], 3)
    assert 25 < statements < 55


def test_what_was_written_is_paid_afterwards(t, start_proxy, connect):
    """Whoever comes next waits, in any protocol; how much it would be nobody knew."""
    proxy = start_proxy(lane(rows_per_second=1000))
    assert seconds(write, connect(proxy), ROWS) < 0.5
    assert 1.5 < seconds(write, connect(proxy), 1) < 3
    assert outcomes(proxy)[1]["waited_ms"] > 1400


def test_whoever_writes_much_unasked_waits_behind_it(direct, start_proxy, connect):
    proxy = start_proxy(lane(rows_per_second=20000, large_rows=10000))
    direct.execute("CREATE TABLE u (a int)")
    client, other = connect(proxy), connect(proxy)
    write_many = "INSERT INTO u SELECT generate_series(1, 20000)"
    assert seconds(client.execute, write_many) < 0.5
    assert seconds(other.execute, "SELECT 1") < 0.3
    assert 0.6 < seconds(client.execute, "SELECT 1") < 2
    assert seconds(client.execute, write_many) < 0.3  # it has paid
    assert 0.6 < seconds(client.execute, "BEGIN") < 2
    assert seconds(client.execute, "UPDATE u SET a = 0 WHERE a <= 10000") < 0.5
    assert seconds(client.execute, "UPDATE u SET a = 1 WHERE a = 0") < 0.5
    client.execute("COMMIT")
    assert [(record["lane_by"], record["verdict"]) for record in decisions(proxy)] == [("rows", "allow")] * 2
    assert [record["rows"] for record in outcomes(proxy)] == [0, 40000]


def test_a_loop_of_batches_is_in_the_lane_before_long(direct, start_proxy, connect):
    proxy = start_proxy(lane(rows_per_second=20000, large_rows=10000))
    direct.execute("CREATE TABLE u AS SELECT i, 0 AS a FROM generate_series(1, 10000) i; ANALYZE u")
    client = connect(proxy)

    def batch(number, rows=2500):
        client.execute(f"UPDATE u SET a = a + 1 WHERE i > {(number % 4) * rows} AND i <= {(number % 4 + 1) * rows}")

    assert seconds(lambda: [batch(number) for number in range(4)]) < 0.4
    assert 0.3 < seconds(batch, 4) < 2
    batch(5)
    client.execute("SELECT 1")
    assert seconds(lambda: [batch(number) for number in range(6, 9)]) < 0.4
    client.execute("INSERT INTO u SELECT i, 0 FROM generate_series(1, 9000) i")
    client.execute("INSERT INTO u SELECT i, 0 FROM generate_series(1, 9000) i")
    assert [record["rows"] for record in outcomes(proxy)] == [2500, 2500, 0]  # INSERT is no loop
    assert {record["lane_by"] for record in decisions(proxy)} == {"rows"}


@pytest.mark.parametrize("prepare", [False, True])
def test_every_row_of_a_large_table(direct, start_proxy, connect, prepare):
    proxy = start_proxy({**lane(rows_per_second=20000), "rules": {"update-without-where": "allow"}})
    direct.execute("CREATE TABLE u AS SELECT i AS a FROM generate_series(1, 20000) i; CREATE TABLE s (a int);"
                   "INSERT INTO s VALUES (1); ANALYZE u, s")
    client = connect(proxy)
    assert client.execute("UPDATE u SET a = %s", [1], prepare=prepare).rowcount == 20000
    client.execute("UPDATE s SET a = %s", [1], prepare=prepare)
    assert seconds(client.execute, "UPDATE u SET a = %s", [2]) > 0.5
    assert [(record["lane_by"]) for record in decisions(proxy)] == ["bulk"] * 2
    assert [record["rows"] for record in outcomes(proxy)] == [20000] * 2
    proxy.verify_log()


def test_copy_pays_and_reading_does_not(t, start_proxy, connect):
    proxy = start_proxy(lane(rows_per_second=1000, applications=["loader"]))
    client = connect(proxy, application_name="loader")
    t.execute("CREATE TABLE c (a int)")
    with client.cursor().copy("COPY t TO STDOUT") as copy:
        assert sum(1 for _ in copy.rows()) == ROWS
    assert seconds(client.execute, "SELECT * FROM t") < 0.5
    with client.cursor().copy("COPY c FROM STDIN") as copy:
        for i in range(1000):
            copy.write_row([i])
    assert [record["rows"] for record in outcomes(proxy)] == [0, 0, 1000]
    assert 0.7 < seconds(client.execute, "SELECT 1") < 2


def test_copy_with_a_tag(t, start_proxy, connect):
    proxy = start_proxy(lane())
    t.execute("CREATE TABLE c (a int)")
    with connect(proxy).cursor().copy("COPY c FROM STDIN" + TAG) as copy:
        copy.write_row([1])
    assert [record["rows"] for record in outcomes(proxy)] == [1]


def test_concurrency(t, start_proxy, connect, hold):
    proxy = start_proxy(lane(concurrency=1))
    first = connect(proxy, autocommit=False)
    write(first)
    second = hold(connect(proxy), "SELECT 1" + TAG)
    third = hold(connect(proxy), "SELECT 1" + TAG)
    time.sleep(0.3)
    assert second.waits() and third.waits()
    first.commit()
    wait_until(lambda: not second.waits() and not third.waits(), "those behind it to go")
    assert (second.error, third.error) == (None, None)


def test_a_full_queue(t, start_proxy, connect, hold):
    proxy = start_proxy(lane(concurrency=1, queue_max=1))
    first = connect(proxy, autocommit=False)
    write(first)
    second = hold(connect(proxy), "SELECT 1" + TAG)
    wait_until(lambda: len(decisions(proxy)) == 2, "the second to queue")
    third = connect(proxy)
    diag = fails(third, "SELECT 1" + TAG)
    assert diag.sqlstate == "53400" and "queue_max" in diag.message_detail
    first.rollback()
    wait_until(lambda: not second.waits(), "the second to go")
    assert write(third) == 100


@pytest.mark.parametrize("config", [{}, {"applications": ["loader"]}])
def test_no_transaction_is_held_once_it_has_begun(t, start_proxy, connect, config):
    proxy = start_proxy(lane(rows_per_second=1000, **config))
    client = connect(proxy, autocommit=False, application_name="loader")
    assert seconds(write, client, 1000) < 0.5
    assert seconds(write, client, 1000, 1001) < 0.5
    assert seconds(client.commit) < 0.5
    assert 1.2 < seconds(write, client, 1) < 3
    client.rollback()
    assert [record["rows"] for record in outcomes(proxy)] == [2000, 1]


def test_a_tag_behind_other_work_is_not_held_but_paid_for(t, start_proxy, connect):
    proxy = start_proxy(lane(rows_per_second=1000))
    write(connect(proxy), ROWS)
    client = connect(proxy, autocommit=False)
    write(client, 10, tag="")
    assert seconds(write, client, 10) < 0.5
    client.rollback()
    assert [record["rows"] for record in outcomes(proxy)] == [ROWS, 10]


def test_a_reload_changes_what_is_waited_for(t, start_proxy, connect, hold):
    proxy = start_proxy(lane(rows_per_second=1))
    idle = connect(proxy, application_name="loader")
    write(connect(proxy))
    held = hold(connect(proxy), "SELECT 1" + TAG)
    time.sleep(0.2)
    assert held.waits()
    proxy.configure(lane(rows_per_second=100, applications=["loader"]))
    proxy.reload()
    wait_until(lambda: not held.waits(), "it to go")
    write(connect(proxy))
    assert 0.7 < seconds(write, connect(proxy), 1) < 2
    wait_until(lambda: write(idle, 1, tag="") and decisions(proxy)[-1]["lane_by"] == "application",
               "a session that was there before to be recognised")


def test_observe_holds_nobody(t, start_proxy, connect):
    proxy = start_proxy({"mode": "observe", **lane(rows_per_second=1, concurrency=1)})
    client = connect(proxy)
    assert seconds(lambda: [write(client) for _ in range(3)]) < 0.5
    assert [(record["mode"], record["lane_by"]) for record in decisions(proxy)] == [("observe", "tag")] * 3


# ---- what all share ----

def test_two_proxies_share_one_budget(t, start_proxy, connect):
    proxies = [start_proxy(lane(rows_per_second=2000)) for _ in range(2)]
    clients = [connect(proxy) for proxy in proxies for _ in range(2)]
    rate_of(clients, 0.5)
    rows, _ = rate_of(clients, 5)
    assert 1300 < rows < 2200
    assert t.execute("SELECT rows_spent > 9000 FROM phasegate.budget WHERE account = 'database'").fetchone() == (True,)


def test_wal_is_paid_for(t, start_proxy, connect):
    proxy = start_proxy(lane(wal_bytes_per_second="1MB"))
    t.execute("CREATE TABLE w (a text)")
    client = connect(proxy)
    write(client, 1)
    wait_until(lambda: t.execute("SELECT to_regclass('phasegate.budget') IS NOT NULL").fetchone() == (True,), "the schema")
    # Where the WAL stood is known once something is entered; what was written before nobody counts.
    wait_until(lambda: t.execute("SELECT sum(rows_spent) > 0 FROM phasegate.budget").fetchone() == (True,), "the first entry")
    fill = "INSERT INTO w SELECT repeat('x', 1000) FROM generate_series(1, 1000)" + TAG
    taken = seconds(lambda: [client.execute(fill) and time.sleep(0.3) for _ in range(4)])
    assert taken > 2.5
    assert t.execute("SELECT wal_bytes_spent > 3000000 FROM phasegate.budget WHERE account = 'database'").fetchone() == (True,)


def test_production_holds_it(t, start_proxy, connect, hold):
    t.execute("CREATE TABLE knob AS SELECT 0 AS turned")
    proxy = start_proxy({**lane(), "backfill": {"throttle": {"sql": "SELECT turned FROM public.knob"}}})
    client = connect(proxy)
    t.execute("UPDATE knob SET turned = 1")
    write(client)  # from now on somebody looks
    wait_until(lambda: "the backfill lane is held by answer of backfill.throttle.sql" in proxy.stderr.read_text(), "the signal")
    held = hold(client, "SELECT 1" + TAG)
    time.sleep(0.5)
    assert held.waits()
    assert seconds(connect(proxy).execute, "SELECT 1") < 0.5
    t.execute("UPDATE knob SET turned = 0")
    wait_until(lambda: not held.waits(), "it to be let go")
    assert outcomes(proxy)[-1]["note"].startswith("the lane was held by ")


def throttle(t, ratio):
    """As an operator does, once the schema is there."""
    wait_until(lambda: t.execute("SELECT to_regproc('phasegate.throttle') IS NOT NULL").fetchone() == (True,), "the schema")
    t.execute("SELECT phasegate.throttle(NULL, %s, '1 hour')", [ratio])


def test_an_operator_holds_it(t, start_proxy, connect, hold):
    proxy = start_proxy(lane())
    client = connect(proxy)
    write(client)
    throttle(t, 1)
    first = hold(client, "SELECT 1" + TAG)
    wait_until(lambda: "the backfill lane is held by an operator" in proxy.stderr.read_text(), "it to be noticed")
    held = hold(connect(proxy), "SELECT 1" + TAG)
    wait_until(lambda: held.notices, "it to be told")
    assert held.waits()
    assert re.fullmatch(r"phasegate: in the backfill lane for \d s(, behind 1 other)?: an operator has held it for \d s",
                        held.notices[0])
    t.execute("SELECT phasegate.throttle(NULL, 0, '1 hour')")
    wait_until(lambda: not held.waits() and not first.waits(), "it to be let go")


def test_without_a_connection_it_waits(t, server, start_proxy, connect, hold):
    """What production feels cannot be read then."""
    t.execute("CREATE ROLE keeper SUPERUSER LOGIN")
    proxy = start_proxy({**lane(), "control": {"conninfo": f"host={server.host} port={server.port} user=keeper"}})
    client = connect(proxy)
    write(client)
    wait_until(lambda: t.execute("SELECT to_regclass('phasegate.budget') IS NOT NULL").fetchone() == (True,), "the schema")
    wait_until(lambda: t.execute("SELECT count(*) FROM phasegate.budget").fetchone() == (1,), "the account")
    t.execute("ALTER ROLE keeper NOLOGIN")
    t.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper'")
    first = hold(client, "SELECT 1" + TAG)
    wait_until(lambda: "the control connection is lost" in proxy.stderr.read_text(), "it to be noticed")
    held = hold(connect(proxy), "SELECT 1" + TAG)
    time.sleep(0.3)
    assert held.waits()
    t.execute("ALTER ROLE keeper LOGIN")
    wait_until(lambda: not held.waits() and not first.waits(), "it to be let go", 20)
    t.execute("REASSIGN OWNED BY keeper TO postgres; DROP ROLE keeper")


def test_a_client_that_says_nothing_holds_up_nobody(t, start_proxy, connect):
    proxy = start_proxy(lane(concurrency=1, idle_after="1s"))
    idle = connect(proxy, autocommit=False)
    write(idle, first=1)
    assert seconds(write, connect(proxy), 100, 1001) > 0.5
    # It goes on at once, beside another, and counts again.
    other = connect(proxy, autocommit=False)
    write(other, first=1101)
    assert seconds(write, idle, 100, 101) < 0.5
    other.rollback()
    idle.commit()
    assert sorted(record["rows"] for record in outcomes(proxy)) == [100, 100, 200]
    assert t.execute("SELECT count(*) FROM t WHERE x = 1").fetchone() == (300,)


# What a client sends before it falls silent in the middle: the server waits for it then.
BATCH = extended("UPDATE t SET x = x + 1 WHERE id = 1" + TAG)
SILENT = [BATCH, BATCH + FLUSH, query("COPY t (x) FROM STDIN" + TAG),
          query("SELECT repeat('x', 1000) FROM generate_series(1, 100000)" + TAG)]


@pytest.mark.parametrize("sent", SILENT, ids=["batch", "flushed batch", "copy", "unread"])
def test_nor_does_one_that_stops_in_the_middle(t, start_proxy, connect, wire, sent):
    proxy = start_proxy(lane(concurrency=1, idle_after="1s"))
    silent = wire(proxy)
    silent.send(sent)
    wait_until(lambda: decisions(proxy), "it to be under way")
    assert seconds(write, connect(proxy), 100, 1001) < 4
    if sent == BATCH:
        silent.send(SYNC)
        assert [record.tag for record in silent.until() if record.kind == "C"] == ["UPDATE 1"]


# ---- what nobody else may make of it ----

def test_two_changes_do_not_keep_it_waiting(t, start_proxy, connect, in_background):
    """Each pays for seconds ahead: all is never paid while both are at work."""
    proxy = start_proxy({**lane(rows_per_second=10000), "backfill": {"rows_per_second": 10000, "batch_rows_first": 20000}})
    for table in ("u", "v"):
        t.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, x int);"
                  f"INSERT INTO {table} SELECT i FROM generate_series(1, 75000) i; ANALYZE {table}")
    changes = [in_background(connect(proxy).execute, f"UPDATE {table} SET x = 1") for table in ("u", "v")]
    wait_until(lambda: t.execute("SELECT to_regclass('phasegate.budget') IS NOT NULL").fetchone()[0], "the account")
    wait_until(lambda: t.execute("SELECT sum(rows_spent) > 20000 FROM phasegate.budget").fetchone()[0], "both to begin")
    client, begun, waits = connect(proxy), time.monotonic(), []
    while time.monotonic() - begun < 10:
        waits.append(seconds(write, client))
    assert all(change.is_alive() for change in changes)
    assert max(waits) < 8, waits


def test_a_pause_is_called_one(t, start_proxy, connect, hold):
    """Nothing is owed where nothing has a price."""
    proxy = start_proxy(lane())
    client = connect(proxy)
    write(client)
    throttle(t, 0.98)
    notices = []
    for _ in range(3):
        held = hold(client, "SELECT pg_sleep(0.12)" + TAG)
        wait_until(lambda: not held.waits(), "it to be let go")
        notices += held.notices
        time.sleep(0.2)
    assert notices and all(re.fullmatch(r"phasegate: in the backfill lane for \d s: an operator keeps it waiting for \d\.\d s",
                                        notice) for notice in notices), notices
    assert outcomes(proxy)[-1]["note"] == "the lane paused for an operator"


def test_a_pause_is_for_the_time_it_worked(t, start_proxy, connect):
    """A millisecond now and then is not taken for a tenth of a second."""
    proxy = start_proxy(lane())
    client = connect(proxy)
    write(client, 1)
    throttle(t, 0.9)
    assert seconds(lambda: [write(client, 1) and time.sleep(0.15) for _ in range(10)]) < 5
    assert seconds(lambda: [client.execute("SELECT pg_sleep(0.15)" + TAG) for _ in range(4)]) > 2


def test_its_account_is_made_again(t, start_proxy, connect, hold):
    proxy = start_proxy(lane())
    client = connect(proxy)
    write(client)
    wait_until(lambda: t.execute("SELECT to_regclass('phasegate.budget') IS NOT NULL").fetchone() == (True,), "the schema")
    wait_until(lambda: t.execute("SELECT count(*) FROM phasegate.budget").fetchone() == (1,), "the account")
    t.execute("DROP SCHEMA phasegate CASCADE")
    held = hold(client, f"{TAG} SELECT pg_sleep(0.3)")
    wait_until(lambda: "held: an account in schema phasegate that cannot be kept" in proxy.stderr.read_text(), "the fault")
    wait_until(lambda: not held.waits(), "the first")
    assert seconds(write, client) < 7
    assert t.execute("SELECT to_regclass('phasegate.budget') IS NOT NULL").fetchone() == (True,)


def test_a_question_without_an_answer_holds_it(t, start_proxy, connect, hold):
    t.execute("CREATE TABLE knob AS SELECT 0 AS turned; CREATE FUNCTION feels() RETURNS int LANGUAGE plpgsql AS $$"
              "BEGIN IF (SELECT turned FROM public.knob) = 1 THEN PERFORM pg_sleep(20); END IF; RETURN 0; END $$")
    proxy = start_proxy({**lane(), "backfill": {"throttle": {"sql": "SELECT public.feels()"}}})
    client = connect(proxy)
    write(client)
    t.execute("UPDATE knob SET turned = 1")
    begun = time.monotonic()
    while "is held by answer of backfill.throttle.sql" not in proxy.stderr.read_text():
        assert time.monotonic() - begun < 8
        held = hold(client, "SELECT 1" + TAG)
        held.thread.join(0.1)
    t.execute("UPDATE knob SET turned = 0")
    wait_until(lambda: not held.waits(), "it to be let go")


# ---- ends of waiting ----

@pytest.fixture
def blocked(t, start_proxy, connect):
    """A proxy whose lane is occupied, and the connection that does it."""
    proxy = start_proxy({**lane(concurrency=1), "limits": {"drain_timeout": "20s", "idle_timeout": "1s"}})
    first = connect(proxy, autocommit=False)
    write(first)
    return proxy, first


def test_a_cancel_while_it_waits(blocked, connect, hold):
    proxy, first = blocked
    for prepare in (False, True):
        held = hold(connect(proxy, prepare_threshold=0 if prepare else None), "SELECT 1" + TAG)
        time.sleep(0.2)
        held.connection.cancel()
        wait_until(lambda: not held.waits(), "the cancel")
        assert held.error.sqlstate == "57014"
        assert held.connection.execute("SELECT 1").fetchone() == (1,)
    assert [record["sqlstate"] for record in outcomes(proxy)] == ["57014"] * 2
    first.rollback()


def test_a_client_that_leaves_while_it_waits(blocked, connect, in_background, server, database):
    proxy, first = blocked
    waiting = connect(proxy)
    waiting.pgconn.send_query(b"UPDATE t SET x = 99 WHERE id = 1" + TAG.encode())
    wait_until(lambda: len(decisions(proxy)) == 2, "it to queue")
    waiting.close()
    wait_until(lambda: len(outcomes(proxy)) == 1, "it to be gone")
    first.rollback()
    assert write(connect(proxy)) == 100
    assert server.connect(database).execute("SELECT x FROM t WHERE id = 1").fetchone() == (1,)


def test_waiting_is_not_idleness(blocked, connect, hold):
    proxy, first = blocked
    held = hold(connect(proxy), "SELECT 1" + TAG)
    time.sleep(3)
    assert held.waits()
    [notice] = held.notices
    assert re.fullmatch(r"phasegate: in the backfill lane for \d s: 1 under way, lane.concurrency lets in no more", notice)
    first.rollback()
    wait_until(lambda: not held.waits(), "it to go")
    assert held.error is None and held.connection.execute("SELECT 1").fetchone() == (1,)


def test_a_drain_sends_away_what_has_not_begun(blocked, connect, hold):
    proxy, first = blocked
    held = hold(connect(proxy), "SELECT 1" + TAG)
    time.sleep(0.2)
    proxy.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not held.waits(), "it to be sent away")
    assert "terminating connection: phasegate is shutting down" in str(held.error)
    first.commit()
    proxy.stop()


# ---- everybody else ----

def p99_of(client):
    return sorted(seconds(client.execute, "SELECT x FROM t WHERE id = 5") for _ in range(200))[197]


def test_nobody_else_feels_it(t, start_proxy, connect, program, tmp_path, in_background):
    """
    One worker for all, and eight clients that want more of the lane than there is.  Held against a proxy
    with an empty lane at the same time, best of several turns: the machine's other load is the same for both.
    """
    proxy = start_proxy({**lane(rows_per_second=1000), "limits": {"workers": 1}})
    clients = [connect(start_proxy({"limits": {"workers": 1}})), connect(proxy)]
    script = tmp_path / "fill.sql"
    script.write_text(f"\\set first random(1, {ROWS})\nUPDATE t SET x = x + 1 WHERE id BETWEEN :first AND :first + 19{TAG};\n")
    filling = in_background(lambda: program("pgbench", "-n", "-c", 8, "-T", 8, "-f", script, to=proxy))
    wait_until(lambda: len(outcomes(proxy)) > 20, "the lane to fill")
    alone, beside = (min(turns) for turns in zip(*([p99_of(client) for client in clients] for _ in range(6))))
    assert filling.is_alive()
    assert beside < 1.5 * alone + 0.002, (alone, beside)
    filling.join(15)
    assert not filling.is_alive(), "the lane stands still though nobody is there to feel it"
    waited = sorted(record["waited_ms"] for record in outcomes(proxy))
    assert waited[len(waited) // 2] > 50, waited

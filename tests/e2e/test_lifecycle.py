# SPDX-License-Identifier: PostgreSQL
"""The process: limits, reload, drain, and everything around it going wrong."""

import contextlib
import resource
import signal
import subprocess
import time

import psycopg
import pytest

from databases import ORDERS, ORDERS_ROWS
from lab.process import LabError, accepts, free_port, is_root, wait_until
from lab.wire import errors, kinds, query, rows

pytestmark = pytest.mark.gate


def fails(function, *arguments, **options):
    """The psycopg error of a call, None when it succeeds."""
    try:
        function(*arguments, **options)
        return None
    except psycopg.Error as error:
        return error


class TestLimits:
    def test_too_many_sessions(self, connect, start_proxy):
        proxy = start_proxy({"limits": {"sessions": 2}})
        first = connect(proxy)
        connect(proxy)
        assert "too many clients" in str(fails(connect, proxy))
        first.close()
        wait_until(lambda: fails(connect, proxy) is None, "a place to become free", 10)

    def test_a_login_that_dawdles(self, wire, start_proxy):
        w = wire(start_proxy({"limits": {"login_timeout": "300ms"}}), login=False)
        began = time.monotonic()
        w.until_closed()
        assert 0.2 < time.monotonic() - began < 5

    def test_an_idle_session(self, wire, start_proxy):
        w = wire(start_proxy({"limits": {"idle_timeout": "300ms"}}))
        assert errors(w.until_closed())[0].sqlstate == "57P05"

    def test_a_busy_session_is_not_idle(self, wire, start_proxy):
        w = wire(start_proxy({"limits": {"idle_timeout": "300ms"}}))
        assert rows(w.query("SELECT pg_sleep(1), 'slept'"))[0][1] == "slept"

    def test_a_statement_over_the_limit(self, wire, start_proxy):
        w = wire(start_proxy({"limits": {"statement_bytes": "64kB"}}))
        assert rows(w.query(f"SELECT length('{'x' * 60000}')")) == [["60000"]]
        w.send(query(f"SELECT '{'x' * 100000}'"))
        (error,) = errors(w.until_closed())
        assert error.sqlstate == "54000" and "statement_bytes" in error.text

    def test_one_worker_serves_all(self, connect, start_proxy):
        proxy = start_proxy({"limits": {"workers": 1}})
        assert [connect(proxy).execute("SELECT 1").fetchone() for _ in range(20)] == [(1,)] * 20


class TestConfiguration:
    @pytest.mark.parametrize("text, problems", [
        ("mode: enforced\n", ["1", "mode"]),
        ("nonsense: 1\n", ["nonsense"]),
        ("limits:\n  sessions: many\n", ["2", "sessions"]),
        ("listen: [\n", []),
        ("rules: {no-such-rule: reject}\n", ["no-such-rule"]),
        ("rules: {drop-column: perhaps}\n", ["perhaps"]),
    ])
    def test_a_bad_file_is_refused_with_its_line(self, start_proxy, tmp_path, text, problems):
        proxy = start_proxy()
        bad = tmp_path / "bad.yaml"
        bad.write_text(text)
        for arguments in (["--validate"], []):
            done = proxy.run("serve", "--config", bad, *arguments)
            assert done.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT)
            for problem in problems:
                assert problem in done.stderr + done.stdout

    def test_all_problems_in_one_run(self, start_proxy, tmp_path):
        bad = tmp_path / "bad.yaml"
        bad.write_text("mode: maybe\nlimits:\n  sessions: -1\nserver:\n  port: 99999\n")
        done = start_proxy().run("serve", "--config", bad, "--validate")
        assert all(key in done.stderr + done.stdout for key in ("mode", "sessions", "port"))

    def test_a_good_file_validates(self, start_proxy):
        proxy = start_proxy()
        done = proxy.run("serve", "--config", proxy.config, "--validate")
        assert done.returncode == 0, done.stderr

    def test_a_port_in_use(self, start_proxy):
        first, second = start_proxy(), start_proxy()
        second.configure({"listen": [{"address": first.host, "port": first.port}],
                          "policy_log": {"path": str(second.directory / "other.log")}})
        done = second.run("serve", "--config", second.config)
        assert done.returncode > 0 and str(first.port) in done.stderr

    def test_a_policy_log_in_use(self, start_proxy):
        proxy = start_proxy()
        done = proxy.run("serve", "--config", proxy.config)
        assert done.returncode > 0 and "another process is writing it" in done.stderr


class TestReload:
    def test_a_session_that_is_there_gets_the_new_rules(self, connect, start_proxy, direct):
        direct.execute("CREATE TABLE t (a int, b int, c int)")
        proxy = start_proxy()
        connection = connect(proxy)
        assert fails(connection.execute, "ALTER TABLE t DROP COLUMN b") is not None
        proxy.configure({"rules": {"drop-column": "allow"}})
        proxy.reload()
        assert fails(connection.execute, "ALTER TABLE t DROP COLUMN b") is None
        wait_until(lambda: any(r["event"] == "reload" for r in proxy.records()), "the record of the reload", 10)

    def test_a_bad_file_changes_nothing(self, connect, start_proxy, direct):
        direct.execute("CREATE TABLE t (a int, b int)")
        proxy = start_proxy()
        proxy.config.write_text("mode: observe\nnonsense: [\n")
        proxy.reload()
        assert "stays as it was" in proxy.stderr.read_text()
        assert fails(connect(proxy).execute, "ALTER TABLE t DROP COLUMN b") is not None

    def test_traffic_does_not_notice(self, connect, start_proxy):
        proxy = start_proxy()
        connection = connect(proxy)
        for _ in range(20):
            proxy.reload()
            assert connection.execute("SELECT 1").fetchone() == (1,)


class TestDrain:
    def test_idle_sessions_are_told_and_it_ends(self, wire, start_proxy):
        proxy = start_proxy()
        w = wire(proxy)
        assert proxy.stop() == 0
        (error,) = errors(w.until_closed())
        assert error.sqlstate == "57P01" and error.fields["S"] == "FATAL"

    def test_a_transaction_may_finish(self, wire, start_proxy, direct):
        direct.execute("CREATE TABLE t (i int)")
        proxy = start_proxy()
        w = wire(proxy)
        w.query("BEGIN")
        proxy.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not accepts(proxy.port), "the listener to close", 10)
        w.query("INSERT INTO t VALUES (1)")
        assert w.query("COMMIT")[0].tag == "COMMIT"
        assert "E" in kinds(w.until_closed())
        assert proxy.process.wait(10) == 0
        assert direct.execute("SELECT i FROM t").fetchall() == [(1,)]

    def test_it_does_not_wait_for_ever(self, wire, start_proxy):
        proxy = start_proxy({"limits": {"drain_timeout": "500ms"}})
        w = wire(proxy)
        w.query("BEGIN")
        began = time.monotonic()
        assert proxy.stop() == 0
        assert 0.3 < time.monotonic() - began < 10
        w.until_closed()

    def test_sigint_too(self, start_proxy):
        assert start_proxy().stop(signal.SIGINT) == 0

    def test_the_log_ends_with_a_stop(self, start_proxy):
        proxy = start_proxy()
        proxy.stop()
        events = [record["event"] for record in proxy.records()]
        assert events[:2] == ["genesis", "start"] and events[-1] == "stop"
        proxy.verify_log()


class TestServerTrouble:
    def test_nobody_listens(self, connect, start_proxy):
        proxy = start_proxy({"server": {"port": free_port()}, "control": None})
        assert "cannot reach the server" in str(fails(connect, proxy))
        assert "cannot reach the server" in str(fails(connect, proxy))

    def test_the_server_restarts_in_mid_session(self, wire, connect, target, server):
        w = wire()
        busy = wire()
        busy.send(query("SELECT pg_sleep(30)"))
        assert busy.silent()
        server.stop()
        assert errors(w.until_closed())[0].sqlstate == "57P01"
        assert errors(busy.until_closed())[0].sqlstate == "57P01"
        assert fails(connect) is not None
        server.start()
        assert connect().execute("SELECT 1").fetchone() == (1,)

    def test_the_server_crashes(self, wire, connect, server):
        w = wire()
        server.stop(signal.SIGQUIT)
        w.until_closed()
        server.start()
        assert connect().execute("SELECT 1").fetchone() == (1,)


class TestLogTrouble:
    GUARDED = "ALTER TABLE t ADD COLUMN {} int"

    @contextlib.contextmanager
    def full_disk(self, proxy):
        """No room for the policy log inside the block, room again behind it."""
        if is_root():
            filler = proxy.directory / "filler"
            subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], capture_output=True, check=False)
            yield
            filler.unlink()
        else:
            size = proxy.policy_log.stat().st_size
            resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            yield
            resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    @pytest.fixture
    def proxy(self, start_proxy, lab_directory, tmp_path):
        folder = tmp_path / "small"
        folder.mkdir()
        if is_root():
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=True)
        proxy = start_proxy({"policy_log": {"path": str(folder / "policy.log")}})
        proxy.directory = folder
        proxy.policy_log = folder / "policy.log"
        yield proxy
        proxy.stop()
        if is_root():
            subprocess.run(["umount", folder], check=True)

    def test_what_cannot_be_logged_is_refused_and_queries_go_on(self, connect, proxy, direct):
        direct.execute("CREATE TABLE t (i int)")
        connection = connect(proxy)
        with self.full_disk(proxy):
            # The last page of the log may have room for some records yet.
            errors_seen = [fails(connection.execute, self.GUARDED.format(f"c{i}")) for i in range(20)]
            assert errors_seen[-1] is not None and errors_seen[-1].sqlstate == "PG003"
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
        wait_until(lambda: fails(connection.execute, self.GUARDED.format("afterwards")) is None, "the log to recover", 10)
        columns = [c[0] for c in direct.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0").fetchall()]
        assert columns == ["i", *(f"c{i}" for i in range(20) if errors_seen[i] is None), "afterwards"]
        proxy.verify_log()

    def test_an_approval_is_not_used_up_by_what_cannot_be_logged(self, connect, proxy, direct, phasegate):
        direct.execute("CREATE TABLE t (i int)")
        proxy.configure({"policy_log": {"path": str(proxy.policy_log)}, "rules": {"lock-table": "hold"}})
        proxy.reload()
        connection = connect(proxy)
        assert fails(connection.execute, "LOCK TABLE t").sqlstate == "PG005"
        phasegate("approve", 1)
        with self.full_disk(proxy):
            errors_seen = [fails(connection.execute, self.GUARDED.format(f"c{i}")) for i in range(20)]
            assert errors_seen[-1].sqlstate == "PG003"
            assert fails(connection.execute, "LOCK TABLE t").sqlstate == "PG003"
            assert direct.execute("SELECT state FROM phasegate.holds").fetchone() == ("approved",)
        wait_until(lambda: fails(connection.execute, "LOCK TABLE t").sqlstate != "PG003", "the log to recover", 10)
        # Outside of a transaction the server itself refuses it, and the approval is given back.
        with connection.transaction():
            connection.execute("LOCK TABLE t")
        assert direct.execute("SELECT state FROM phasegate.holds").fetchone() == ("done",)

    def test_no_log_no_service(self, start_proxy, tmp_path):
        with pytest.raises(LabError, match="ended with status"):
            start_proxy({"policy_log": {"path": str(tmp_path / "no" / "such" / "folder" / "log")}})


@pytest.mark.contents(ORDERS)
class TestKill:
    """kill -9: the sessions end, the database stays usable, the record stays true."""

    VALID = "SELECT convalidated FROM pg_constraint WHERE conname = '{}'"
    REQUIRED = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = '{}'"
    # a statement, and a look that says true when what it asks for holds
    STATEMENTS = [
        ("ALTER TABLE orders ADD COLUMN note text",
         "SELECT true FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'note'"),
        ("ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()", REQUIRED.format("token")),
        ("ALTER TABLE orders ALTER COLUMN status SET NOT NULL", REQUIRED.format("status")),
        ("ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)",
         VALID.format("orders_customer")),
        ("ALTER TABLE orders ADD CONSTRAINT orders_code UNIQUE (code)", VALID.format("orders_code")),
        ("CREATE INDEX orders_created ON orders (created_at)",
         "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('orders_created')"),
        ("ALTER TABLE orders ALTER COLUMN code TYPE varchar(200)",
         "SELECT atttypmod = 204 FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'code'"),
    ]

    @pytest.mark.parametrize("delay", [0.05, 0.3])
    @pytest.mark.parametrize("statement, look", STATEMENTS, ids=[text for text, _ in STATEMENTS])
    def test_in_the_middle_of(self, statement, look, delay, connect, start_proxy, direct, in_background):
        proxy = start_proxy()
        victim = connect(proxy)
        thread = in_background(fails, victim.execute, statement)
        time.sleep(delay)
        proxy.kill()
        thread.join(30)
        # Nothing stays locked, whatever backend was left behind.
        direct.execute("SET statement_timeout = '20s'")
        direct.execute("UPDATE orders SET amount = amount + 1 WHERE id = 1")
        # A second run of the statement, through a new process, ends as if nothing had happened.
        proxy.start()
        proxy.verify_log()
        second = connect(proxy)
        wait_until(lambda: fails(second.execute, statement) is None or direct.execute(look).fetchone() == (True,),
                   "what the statement asks for", 60, 0.5)
        assert direct.execute(look).fetchone() == (True,)
        assert direct.execute("SELECT count(*) FROM orders").fetchone() == (ORDERS_ROWS,)
        live = "SELECT count(*) FROM phasegate.change WHERE state IN ('submitted', 'running', 'undoing')"
        if direct.execute("SELECT to_regclass('phasegate.change') IS NOT NULL").fetchone()[0]:
            wait_until(lambda: direct.execute(live).fetchone() == (0,), "the interrupted change to be finished or undone", 60, 0.5)
        proxy.verify_log()
        starts = [record for record in proxy.records() if record["event"] == "start"]
        assert len(starts) == 2

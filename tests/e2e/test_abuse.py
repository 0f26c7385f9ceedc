# SPDX-License-Identifier: PostgreSQL
"""Clients that want too much: halves of packets, floods of connections, and no end of guarded statements."""

import contextlib
import socket
import time

import psycopg
import pytest

from environment import ASAN
from lab.process import resident_bytes, wait_until
from lab.wire import SYNC, bind, close, errors, execute, kinds, parse, query, rows, startup_packet

pytestmark = pytest.mark.gate

# So that memory freed is memory free: AddressSanitizer keeps 256 MB of it back.
NO_QUARANTINE = {"ASAN_OPTIONS": ASAN["ASAN_OPTIONS"] + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}


class TestHalves:
    """Half of something holds up nobody else, and not even its own session for ever."""

    def test_of_a_startup_packet(self, wire, connect, start_proxy, database):
        proxy = start_proxy({"limits": {"login_timeout": "1s", "workers": 1}})
        packet = startup_packet([("user", "postgres"), ("database", database)])
        halves = [wire(proxy, login=False) for _ in range(20)]
        for half in halves:
            half.send(packet[:len(packet) // 2])
        assert connect(proxy).execute("SELECT 1").fetchone() == (1,)
        for half in halves:
            half.until_closed()

    def test_of_a_message(self, wire, connect, start_proxy):
        proxy = start_proxy({"limits": {"idle_timeout": "1s", "workers": 1}})
        half, text = wire(proxy), query("SELECT 'whole'")
        for byte in text[:-1]:
            half.send(bytes([byte]))
            time.sleep(0.15)
        half.send(text[-1:])
        assert rows(half.until()) == [["whole"]]
        half.send(text[:9])
        assert connect(proxy).execute("SELECT 1").fetchone() == (1,)
        assert errors(half.until_closed())[0].sqlstate == "57P05"


class TestMemory:
    """What is over leaves nothing behind in the process."""

    BYTES_MAX = 1 << 20

    @pytest.fixture
    def proxy(self, start_proxy):
        return start_proxy({"limits": {"sessions": 20}, "policy_log": {"fsync": "never"}}, NO_QUARANTINE)

    def test_of_a_flood_of_connections(self, connect, proxy):
        inside = connect(proxy)
        self.flood(proxy, inside, 1000)
        before = resident_bytes(proxy.process.pid)
        self.flood(proxy, inside, 1000)
        assert resident_bytes(proxy.process.pid) - before < self.BYTES_MAX
        inside.close()
        wait_until(lambda: self.logs_in(connect, proxy), "a place to become free", 10)

    @staticmethod
    def flood(proxy, inside, n):
        """n connections that say nothing, a hundred at once."""
        for _ in range(n // 100):
            crowd = [socket.create_connection((proxy.host, proxy.port)) for _ in range(100)]
            assert inside.execute("SELECT 1").fetchone() == (1,)
            for one in crowd:
                one.close()

    @staticmethod
    def logs_in(connect, proxy):
        with contextlib.suppress(psycopg.OperationalError):
            return connect(proxy)

    def test_of_guarded_statements(self, wire, proxy, direct):
        direct.execute("CREATE TABLE t (a int)")
        w = wire(proxy)
        self.send_guarded(w, 10)
        before = resident_bytes(proxy.process.pid)
        self.send_guarded(w, 30)
        assert resident_bytes(proxy.process.pid) - before < self.BYTES_MAX // 2

    @staticmethod
    def send_guarded(w, n):
        for _ in range(n):
            assert errors(w.query("ALTER TABLE t DROP COLUMN a"))
            assert kinds(w.query("ALTER TABLE t ALTER a SET DEFAULT 1")) == "CZ"
            w.send(parse("ALTER TABLE t ALTER a DROP DEFAULT", "s") + bind("s") + execute() + close("S", "s") + SYNC)
            assert kinds(w.until()) == "12C3Z"

# SPDX-License-Identifier: PostgreSQL
"""The protocol to the byte, from raw sockets: startup, order of answers, broken input, ends of connections."""

import contextlib
import os
import socket
import struct
import time

import pytest

from databases import ORDERS
from environment import TARGET
from lab.wire import (CANCEL_REQUEST, FLUSH, GSSENC_REQUEST, SSL_REQUEST, SYNC, TERMINATE, Closed, Wire, bind,
                      cancel, close, cstring, describe, errors, execute, extended, kinds, message, parse, query,
                      request, rows, startup_packet)


def refused(w):
    """What the other side says before it closes; a reset counts as closing in silence."""
    return errors(w.until_closed())


def closed(w):
    return w.until_closed() is not None


class TestStartup:
    def test_login_ends_in_ready(self, wire):
        w = wire(login=False)
        answer = kinds(w.startup())
        assert answer.startswith("R") and answer.endswith("KZ")
        assert w.parameters["server_version"].startswith("15.")
        assert w.parameters["standard_conforming_strings"] == "on"

    def test_a_newer_minor_version_is_negotiated_down(self, wire, database):
        w = wire(login=False)
        w.send(startup_packet([("user", "postgres"), ("database", database), ("_pq_.foo", "1")], (3, 5)))
        negotiate = next(m for m in w.until("Z") if m.kind == "v")
        assert negotiate.body == struct.pack("!II", 0x30000, 1) + b"_pq_.foo\0"
        assert rows(w.query("SELECT 1")) == [["1"]]

    def test_the_next_major_version_is_refused(self, wire):
        w = wire(login=False)
        w.send(startup_packet([("user", "postgres")], (4, 0)))
        (error,) = refused(w)
        assert error.sqlstate == "0A000" and "unsupported frontend protocol 4.0" in error.text

    def test_no_user(self, wire):
        w = wire(login=False)
        w.send(startup_packet([("database", "postgres")]))
        (error,) = refused(w)
        assert error.sqlstate == "28000"

    def test_an_unknown_database(self, wire):
        w = wire(login=False)
        w.send(startup_packet([("user", "postgres"), ("database", "no such")]))
        (error,) = refused(w)
        assert error.sqlstate == "3D000" and error.fields["S"] == "FATAL"

    @pytest.mark.parametrize("length", [0, 3, 7, 10005, 0x7FFFFFFF, 0xFFFFFFFF])
    def test_a_startup_packet_of_impossible_length(self, wire, length):
        w = wire(login=False)
        w.send(struct.pack("!II", length, 0x30000) + b"user\0postgres\0\0")
        assert closed(w)

    def test_parameters_without_their_end(self, wire):
        w = wire(login=False)
        w.send(struct.pack("!II", 8 + 13, 0x30000) + b"user\0postgres")
        assert closed(w)

    def test_http(self, wire):
        w = wire(login=False)
        w.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert closed(w)

    def test_silence_is_no_answer(self, wire):
        assert wire(login=False).silent()

    def test_a_packet_that_dribbles_in(self, wire, database):
        w = wire(login=False)
        for byte in startup_packet([("user", "postgres"), ("database", database)]):
            w.send(bytes([byte]))
        assert w.until("Z")[-1].status == "I"


@pytest.mark.gate
class TestStartupOfTheProxy:
    """Where it is stricter than the server: CVE-2021-23214 and its like."""

    def test_gss_encryption_is_declined_and_the_login_goes_on(self, wire, database):
        w = wire(login=False)
        w.send(request(GSSENC_REQUEST))
        assert w.receive(1) == b"N"
        assert kinds(w.startup(database)).endswith("Z")

    @pytest.mark.parametrize("code", [SSL_REQUEST, GSSENC_REQUEST])
    def test_plaintext_glued_to_a_negotiation(self, wire, database, code):
        w = wire(login=False)
        w.send(request(code) + startup_packet([("user", "postgres"), ("database", database)]))
        # Whatever it says, it must not have read the startup packet as a login.
        answer = w.socket.recv(65536)
        while chunk := w.socket.recv(65536):
            answer += chunk
        assert b"server_version" not in answer

    def test_each_negotiation_is_allowed_once(self, wire):
        w = wire(login=False)
        w.send(request(GSSENC_REQUEST))
        assert w.receive(1) == b"N"
        w.send(request(GSSENC_REQUEST))
        assert "N" not in kinds(w.until_closed())

    @pytest.mark.parametrize("parameters", [
        {"client_encoding": "SJIS"},
        {"CLIENT_ENCODING": "big5"},
        {"client_encoding": "UTF8", "Client_Encoding": "GBK"},
        {"standard_conforming_strings": "off"},
        {"options": "-c standard_conforming_strings=off"},
        {"options": "-cstandard\\_conforming_strings=off"},
        {"options": "--standard-conforming-strings=off"},
        {"options": "-c client_encoding=SJIS"},
        {"replication": "database"},
        {"replication": "on"},
    ], ids=str)
    def test_what_would_change_the_reading_of_sql_is_refused(self, wire, database, parameters):
        w = wire(login=False)
        w.send(startup_packet([("user", "postgres"), ("database", database), *parameters.items()]))
        answer = w.until_closed()
        assert "Z" not in kinds(answer)
        (error,) = errors(answer)
        assert error.fields["S"] == "FATAL" and error.sqlstate and error.text

    @pytest.mark.parametrize("parameters", [
        {"client_encoding": "utf-8"}, {"client_encoding": "LATIN1"}, {"options": "-c geqo=off"},
        {"options": "-c standard_conforming_strings=on"}, {"search_path": "pg_catalog"},
        {"replication": "off"}, {"application_name": "x' -- ; drop table t"},
    ], ids=str)
    def test_harmless_parameters_pass(self, wire, parameters):
        assert rows(wire(**parameters).query("SELECT 1")) == [["1"]]


class TestOrder:
    """One answer for each question, in order, whatever the batch."""

    def test_simple(self, wire):
        assert kinds(wire().query("SELECT 1")) == "TDCZ"

    def test_empty(self, wire):
        assert kinds(wire().query("")) == "IZ"
        assert kinds(wire().query(" -- nothing")) == "IZ"
        assert kinds(wire().query(";;")) == "IZ"

    def test_queries_that_do_not_wait(self, wire):
        w = wire()
        w.send(b"".join(query(f"SELECT {i}") for i in range(200)))
        assert rows(w.until("Z", 200)) == [[str(i)] for i in range(200)]

    def test_extended(self, wire):
        w = wire()
        w.send(parse("SELECT $1::int", "s") + describe("S", "s") + bind("s", "p", ["7"]) + describe("P", "p")
               + execute("p") + close("P", "p") + close("S", "s") + SYNC)
        assert kinds(w.until()) == "1tT2TDC33Z"

    def test_flush_shows_what_is_there(self, wire):
        w = wire()
        w.send(parse("SELECT 1") + FLUSH)
        assert w.message().kind == "1"
        w.send(bind() + execute() + FLUSH)
        assert kinds(w.until("C")) == "2DC"
        assert w.silent()
        w.send(SYNC)
        assert kinds(w.until()) == "Z"

    def test_an_error_skips_to_the_sync_and_only_there_is_ready(self, wire):
        w = wire()
        w.send(extended("SELECT 1/0") + extended("SELECT 2") + query("SELECT 9") + SYNC + extended("SELECT 3") + SYNC)
        answer = w.until("Z", 2)
        assert kinds(answer) == "1EZ12DCZ" and rows(answer) == [["3"]]

    def test_two_syncs_are_two_readies(self, wire):
        w = wire()
        w.send(SYNC + SYNC)
        assert kinds(w.until("Z", 2)) == "ZZ"

    def test_a_portal_in_slices(self, wire):
        w = wire()
        w.send(parse("SELECT generate_series(1, 5)") + bind() + execute(rows=2) + execute(rows=2) + execute(rows=2) + SYNC)
        assert kinds(w.until()) == "12DDsDDsDCZ"

    def test_transaction_status(self, wire):
        w = wire()
        seen = "".join(w.query(text)[-1].status for text in
                       ("BEGIN", "SAVEPOINT a", "SELECT 1/0", "SELECT 1", "ROLLBACK TO a", "COMMIT AND CHAIN", "ROLLBACK"))
        assert seen == "TTEETTI"

    def test_every_message_cut_at_every_byte(self, wire):
        w = wire()
        data = extended("SELECT $1 || 'x'", ["ab"]) + SYNC + query("SELECT 'q'")
        for cut in range(1, len(data)):
            w.send(data[:cut])
            w.send(data[cut:])
            assert kinds(w.until("Z", 2)) == "12DCZTDCZ", f"cut at {cut}"

    def test_function_call(self, wire):
        """Fast path; phasegate refuses it (any function could be called), the server runs pg_backend_pid()."""
        w = wire()
        w.send(message("F", struct.pack("!IHHH", 2026, 0, 0, 0)))
        answer = kinds(w.until())
        assert answer == ("EZ" if TARGET == "phasegate" else "VZ")
        assert rows(w.query("SELECT 1")) == [["1"]]


FAILS_BEFORE_ANY_ROW = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$;
CREATE TRIGGER refuse BEFORE INSERT ON loaded FOR EACH STATEMENT EXECUTE FUNCTION refuse();
"""
COPY_IN = parse("COPY loaded FROM STDIN") + bind() + execute()
BAD_ROW = message("d", b"no number\n")
COPY_DONE = message("c")

# When the server reads a Sync in COPY FROM it ignores it, unless the COPY has failed before: what is
# prepared, what is sent before CopyInResponse and behind it, what is heard up to the last answer.
FAILED_COPIES = [
    ("", COPY_IN + SYNC, BAD_ROW + COPY_DONE + SYNC, "EZ"),
    ("", COPY_IN + FLUSH, BAD_ROW + SYNC, "EZ"),
    ("", COPY_IN + FLUSH, SYNC + SYNC + BAD_ROW + SYNC, "EZ"),
    ("", query("COPY loaded FROM STDIN"), BAD_ROW + SYNC + COPY_DONE, "EZZ"),
    (FAILS_BEFORE_ANY_ROW, COPY_IN + SYNC, b"", "EZ"),
    (FAILS_BEFORE_ANY_ROW, COPY_IN + SYNC, COPY_DONE + SYNC, "EZZ"),
    (FAILS_BEFORE_ANY_ROW, COPY_IN + FLUSH, message("d", b"1\n") + COPY_DONE + SYNC, "EZ"),
]


class TestFailedCopy:
    @pytest.mark.parametrize("case", range(len(FAILED_COPIES)))
    def test_the_next_message_is_answered_as_itself(self, wire, direct, case):
        self.fail_copy(wire(), direct, case)

    @pytest.mark.gate
    @pytest.mark.contents(ORDERS)
    @pytest.mark.parametrize("case", range(len(FAILED_COPIES)))
    def test_the_next_message_is_judged(self, wire, direct, case):
        w = wire()
        self.fail_copy(w, direct, case)
        (error,) = errors(w.query("DROP TABLE orders"))
        assert error.sqlstate == "PG001"

    @staticmethod
    def fail_copy(w, direct, case):
        prepared, before, behind, heard = FAILED_COPIES[case]
        direct.execute("CREATE TABLE loaded (i int)")
        direct.execute(prepared)
        w.send(before)
        w.until("G")
        w.send(behind)
        assert kinds(w.until("Z", heard.count("Z"))) == heard
        w.send(extended("SELECT 1") + query("SELECT 2"))
        assert rows(w.until("Z")) == [["1"], ["2"]]


class TestBroken:
    @pytest.mark.parametrize("data", [
        message("Q", b"SELECT 1"),
        message("Q", b"SELECT 1\0 DROP TABLE t\0"),
        message("P", cstring("")),
        message("E", b""),
    ], ids=["unterminated", "bytes behind the end", "parse cut short", "execute cut short"])
    def test_a_malformed_body_is_an_error(self, wire, data):
        w = wire()
        w.send(data + SYNC)
        try:
            answer = w.until()
        except Closed as end:
            answer = end.messages
        assert errors(answer)[0].sqlstate == "08P01"

    @pytest.mark.parametrize("data", [
        b"Q\0\0\0\0", b"Q\0\0\0\3", b"Q\xff\xff\xff\xff", b"Q\x7f\xff\xff\xff", b"S\x00\x10\x00\x00", b"!\0\0\0\4",
        b"\0\0\0\0\4", b"R\0\0\0\4",
    ], ids=lambda d: d.hex())
    def test_what_is_no_message_ends_the_session(self, wire, data):
        w = wire()
        w.send(data)
        assert closed(w)

    def test_random_bytes(self, target, database):
        for _ in range(50):
            with Wire(target) as w:
                w.startup(database)
                w.send(os.urandom(600))
                w.socket.shutdown(socket.SHUT_WR)
                assert closed(w)

    def test_random_bytes_before_login(self, target):
        for _ in range(50):
            with Wire(target) as w:
                w.send(os.urandom(300))
                with contextlib.suppress(OSError):  # thrown out before it came to that
                    w.socket.shutdown(socket.SHUT_WR)
                assert closed(w)


class TestEnds:
    def test_terminate(self, wire):
        w = wire()
        w.send(TERMINATE)
        assert kinds(w.until_closed()) == ""

    def test_half_close_still_gets_its_answer(self, wire):
        w = wire()
        w.send(query("SELECT 'last words'"))
        w.socket.shutdown(socket.SHUT_WR)
        assert rows(w.until_closed()) == [["last words"]]

    def test_the_client_vanishes_and_so_does_the_backend(self, wire, direct):
        w = wire()
        pid = rows(w.query("SELECT pg_backend_pid()"))[0][0]
        # RST instead of FIN.
        w.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        w.socket.close()
        gone(direct, pid)

    def test_the_client_vanishes_in_mid_message(self, wire, direct):
        w = wire()
        pid = rows(w.query("SELECT pg_backend_pid()"))[0][0]
        w.send(query("SELECT 'never finished'")[:9])
        w.socket.close()
        gone(direct, pid)

    def test_the_client_vanishes_while_rows_flow(self, wire, direct):
        w = wire()
        pid = rows(w.query("SELECT pg_backend_pid()"))[0][0]
        w.send(query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"))
        w.receive(1000)
        w.socket.close()
        gone(direct, pid)

    def test_a_client_that_does_not_read_holds_up_nobody(self, wire):
        slow, other = wire(), wire()
        slow.send(query("SELECT repeat('x', 1000) FROM generate_series(1, 200000)"))
        for _ in range(20):
            assert rows(other.query("SELECT 1")) == [["1"]]
        assert len(rows(slow.until("Z"))) == 200000

    def test_the_backend_is_terminated(self, wire, direct):
        w = wire()
        pid = rows(w.query("SELECT pg_backend_pid()"))[0][0]
        direct.execute("SELECT pg_terminate_backend(%s::int)", (pid,))
        (error,) = errors(w.until_closed())
        assert error.sqlstate == "57P01" and error.fields["S"] == "FATAL"

    def test_idle_in_transaction_timeout_reaches_the_client(self, wire):
        w = wire()
        w.query("SET idle_in_transaction_session_timeout = '200ms'")
        w.query("BEGIN")
        (error,) = errors(w.until_closed())
        assert error.sqlstate == "25P03"


class TestCancelKeys:
    def test_the_right_key(self, wire, target):
        w = wire()
        w.send(query("SELECT pg_sleep(30)"))
        time.sleep(0.3)
        assert cancel(target, w.key) == b""
        assert errors(w.until())[0].sqlstate == "57014"

    @pytest.mark.parametrize("key", ["secret", "pid", "nothing"])
    def test_a_wrong_key_cancels_nothing(self, wire, target, key):
        w = wire()
        pid, secret = struct.unpack("!II", w.key)
        wrong = {"secret": struct.pack("!II", pid, secret ^ 1), "pid": struct.pack("!II", pid + 100000, secret),
                 "nothing": struct.pack("!II", 0, 0)}[key]
        w.send(query("SELECT pg_sleep(1), 'slept'"))
        assert cancel(target, wrong) == b""
        assert rows(w.until())[0][1] == "slept"

    @pytest.mark.parametrize("length", [8, 11, 12, 300])
    def test_a_malformed_cancel_request(self, target, length):
        with Wire(target) as w:
            w.send(struct.pack("!II", length, CANCEL_REQUEST) + b"x" * (length - 8))
            assert closed(w)

    def test_one_session_cannot_cancel_another_by_pid(self, wire, target):
        victim, other = wire(), wire()
        victim_pid = victim.key[:4]
        victim.send(query("SELECT pg_sleep(1), 'slept'"))
        cancel(target, victim_pid + other.key[4:])
        assert rows(victim.until())[0][1] == "slept"


def gone(direct, pid):
    for _ in range(200):
        if not direct.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s::int", (pid,)).fetchone():
            return
        time.sleep(0.05)
    pytest.fail("the backend outlived its client by ten seconds")

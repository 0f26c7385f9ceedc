# SPDX-License-Identifier: PostgreSQL
"""What policy does to statements, in every way that a statement can be sent."""

import re

import psycopg
import pytest

from databases import ORDERS
from lab.process import wait_until
from lab.wire import (SYNC, TERMINATE, bind, close, describe, errors, execute, extended, kinds, message, parse, query, rows)

pytestmark = [pytest.mark.gate, pytest.mark.contents(ORDERS)]

CARRIED_OUT = {"rewrite", "phase"}

COLUMN = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = '{}' AND NOT attisdropped"
CONSTRAINT = "SELECT convalidated FROM pg_constraint WHERE conname = '{}'"
INDEX = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{}')"
TYPE = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = '{}'"

# statement, verdicts it may get, the tag of success, a look at the result, what is to be seen there
STATEMENTS = [
    ("ALTER TABLE orders ADD COLUMN note text", {"allow", "warn"}, "ALTER TABLE", COLUMN.format("note"), False),
    ("ALTER TABLE orders ADD COLUMN state int NOT NULL DEFAULT 7", {"allow", "warn"}, "ALTER TABLE",
     COLUMN.format("state"), True),
    ("ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()", CARRIED_OUT, "ALTER TABLE",
     COLUMN.format("token"), True),
    ("ALTER TABLE orders ALTER COLUMN status SET NOT NULL", CARRIED_OUT, "ALTER TABLE", COLUMN.format("status"), True),
    ("ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)",
     CARRIED_OUT, "ALTER TABLE", CONSTRAINT.format("orders_customer"), True),
    ("ALTER TABLE orders ADD CONSTRAINT orders_amount CHECK (amount >= 0)", CARRIED_OUT, "ALTER TABLE",
     CONSTRAINT.format("orders_amount"), True),
    ("ALTER TABLE orders ADD CONSTRAINT orders_code UNIQUE (code)", CARRIED_OUT, "ALTER TABLE",
     INDEX.format("orders_code"), True),
    ("CREATE INDEX orders_created ON orders (created_at)", CARRIED_OUT, "CREATE INDEX",
     INDEX.format("orders_created"), True),
    ("CREATE INDEX CONCURRENTLY orders_amount_i ON orders (amount)", {"allow", "warn"}, "CREATE INDEX",
     INDEX.format("orders_amount_i"), True),
    ("ALTER TABLE orders ALTER COLUMN code TYPE varchar(200)", {"allow", "warn"}, "ALTER TABLE", TYPE.format("code"),
     "character varying(200)"),
    ("ALTER TABLE orders ALTER COLUMN amount TYPE bigint", CARRIED_OUT, "ALTER TABLE", TYPE.format("amount"), "bigint"),
    ("ALTER TABLE orders RENAME COLUMN amount TO sum", CARRIED_OUT, "ALTER TABLE",
     "SELECT count(sum) = count(amount) FROM orders", True),
    ("CREATE TABLE archive (LIKE orders)", {"allow", "warn"}, "CREATE TABLE", "SELECT to_regclass('archive') IS NOT NULL", True),
]

REJECTED = [
    ("ALTER TABLE orders ALTER COLUMN created_at TYPE date", "alter-column-type"),
    ("ALTER TABLE orders DROP COLUMN amount", "drop-column"),
    ("UPDATE orders SET id = id + 1", "update-without-where"),
    ("DELETE FROM orders RETURNING id", "delete-without-where"),
    ("TRUNCATE orders", "truncate"),
    ("DROP TABLE orders", "drop-table"),
    ("VACUUM FULL orders", "vacuum-full"),
    ("CLUSTER orders USING orders_pkey", "cluster"),
    ("LOCK TABLE orders", "lock-table"),
    ("ALTER TABLE orders ADD COLUMN must int NOT NULL", "add-column-not-null-no-default"),
    ("DO $$ BEGIN EXECUTE 'ALTER TABLE orders DROP COLUMN amount'; END $$", "unanalyzable-dynamic-ddl"),
]

FINGERPRINT = """
SELECT md5(string_agg(row, '|' ORDER BY row)) FROM (
  SELECT attname || format_type(atttypid, atttypmod) || attnotnull || attisdropped
    FROM pg_attribute WHERE attrelid = to_regclass('orders') AND attnum > 0
  UNION ALL SELECT 'rows' || count(*) || ' ' || sum(amount) FROM orders) x(row)
"""


def decisions(proxy):
    return [record for record in proxy.records() if record["event"] == "decision"]


def send_simple(w, text):
    return w.query(text)


def send_extended(w, text):
    w.send(parse(text) + bind() + describe("P") + execute() + SYNC)
    return w.until()


def send_named(w, text):
    w.send(parse(text, "s1") + SYNC)
    answer = w.until()
    if errors(answer):
        return answer
    w.send(bind("s1") + execute() + close("S", "s1") + SYNC)
    return w.until()


WAYS = [send_simple, send_extended, send_named]


@pytest.mark.parametrize("send", WAYS)
class TestVerdicts:
    @pytest.mark.parametrize("text, verdicts, tag, look, expected", STATEMENTS, ids=[row[0] for row in STATEMENTS])
    def test_what_can_be_done_is_done(self, wire, direct, target, send, text, verdicts, tag, look, expected):
        w = wire()
        w.socket.settimeout(60)
        before = len(decisions(target))
        answer = send(w, text)
        assert not errors(answer), errors(answer)[0].fields
        assert [m.tag for m in answer if m.kind == "C"] == [tag]
        assert kinds(answer).count("Z") == 1 and answer[-1].status == "I"
        assert direct.execute(look).fetchone() == (expected,)
        mine = decisions(target)[before:]
        assert [record["verdict"] in verdicts for record in mine] == [True], mine

    @pytest.mark.parametrize("text, rule", REJECTED, ids=[row[0] for row in REJECTED])
    def test_what_would_hurt_is_rejected_in_words(self, wire, direct, target, send, text, rule):
        w = wire()
        before = direct.execute(FINGERPRINT).fetchone()
        seen = len(decisions(target))
        answer = send(w, text)
        (error,) = errors(answer)
        assert error.fields["S"] == "ERROR" and error.sqlstate in ("PG001", "PG002")
        assert error.text and error.fields.get("H")
        assert kinds(answer).count("Z") == 1 and answer[-1].status == "I"
        assert direct.execute(FINGERPRINT).fetchone() == before
        (record,) = decisions(target)[seen:]
        assert record["verdict"] == "reject"
        assert rule in [finding.get("rule") for finding in record["findings"]]
        assert rows(w.query("SELECT 1")) == [["1"]]

    def test_ordinary_statements_leave_no_trace(self, wire, target, send):
        w = wire()
        before = len(target.records())
        for text in ("SELECT count(*) FROM orders", "UPDATE orders SET amount = 1 WHERE id = 1",
                     "INSERT INTO customers VALUES (1001, 'new')", "DELETE FROM customers WHERE id = 1001"):
            answer = send(w, text)
            assert not errors(answer) and "N" not in kinds(answer)
        assert len(target.records()) == before


class TestWords:
    """The error is for the person who wrote the migration."""

    def test_the_refusal_teaches_the_safe_form(self, connect):
        with pytest.raises(psycopg.Error) as caught:
            connect().execute("ALTER TABLE orders ALTER COLUMN created_at TYPE date")
        said = caught.value.diag
        assert "orders" in said.message_primary and re.search(r"40[,.]?000", said.message_primary + said.message_detail)
        assert "ACCESS EXCLUSIVE" in said.message_detail
        assert "ADD COLUMN" in said.message_hint

    def test_psql_shows_it_all(self, psql):
        done = psql("ALTER TABLE orders DROP COLUMN amount;")
        assert re.search("ERROR: .*orders.*\nDETAIL: .+\n(.*\n)*HINT: .+", done.stderr), done.stderr

    def test_progress_comes_as_notices(self, connect):
        connection, heard = connect(), []
        connection.add_notice_handler(lambda d: heard.append(d.message_primary))
        connection.execute("ALTER TABLE orders ALTER COLUMN status SET NOT NULL")
        assert any("orders" in line for line in heard), heard

    def test_errors_of_the_server_stay_the_servers(self, connect):
        connection = connect()
        for text, sqlstate in [("ALTER TABLE nowhere ADD COLUMN x int", "42P01"),
                               ("ALTER TABLE orders ADD COLUMN amount int", "42701"),
                               ("ALTER TABEL orders ADD x int", "42601")]:
            with pytest.raises(psycopg.Error) as caught:
                connection.execute(text)
            assert caught.value.sqlstate in (sqlstate, "PG002"), text

    def test_a_role_may_do_no_more_than_without_us(self, connect, direct):
        connection = connect(user="app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE INDEX stolen ON orders (amount)")
        assert direct.execute(COLUMN.format("token")).fetchone() is None
        assert direct.execute(INDEX.format("stolen")).fetchone() is None


class TestData:
    def test_nulls_get_the_default_and_new_rows_too(self, connect, direct):
        assert direct.execute("SELECT count(*) FROM orders WHERE status IS NULL").fetchone()[0] > 3000
        connect().execute("ALTER TABLE orders ALTER COLUMN status SET NOT NULL")
        answer = direct.execute("SELECT status, count(*) FROM orders GROUP BY 1 ORDER BY 1").fetchall()
        assert answer == [("new", 4000), ("paid", 36000)]

    def test_a_volatile_default_is_drawn_for_every_row(self, connect, direct):
        before = direct.execute("SELECT pg_relation_filenode('orders')").fetchone()
        connect().execute("ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()")
        assert direct.execute("SELECT count(DISTINCT token) FROM orders").fetchone() == (40000,)
        direct.execute("INSERT INTO orders (id) VALUES (-1)")
        assert direct.execute("SELECT token IS NOT NULL FROM orders WHERE id = -1").fetchone() == (True,)
        assert direct.execute("SELECT pg_relation_filenode('orders')").fetchone() == before

    def test_an_offender_stops_it_and_nothing_is_left_half_done(self, connect, direct):
        direct.execute("UPDATE orders SET customer_id = 5000 WHERE id = 17")
        with pytest.raises(psycopg.Error):
            connect().execute(
                "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id)")
        assert direct.execute("SELECT 1 FROM pg_locks WHERE relation = 'orders'::regclass AND mode = 'AccessExclusiveLock'"
                              ).fetchone() is None
        direct.execute("UPDATE orders SET amount = 3 WHERE id = 17")


class TestTransactions:
    def test_a_refusal_fails_the_transaction(self, wire, direct):
        w = wire()
        w.query("BEGIN")
        w.query("UPDATE orders SET amount = 77 WHERE id = 1")
        answer = w.query("ALTER TABLE orders DROP COLUMN amount")
        assert kinds(answer) == "EZ" and answer[-1].status == "E"
        assert errors(w.query("SELECT 1"))[0].sqlstate == "25P02"
        assert w.query("COMMIT")[0].tag == "ROLLBACK"
        assert direct.execute("SELECT amount FROM orders WHERE id = 1").fetchone() != (77,)

    @pytest.mark.parametrize("send", WAYS)
    def test_a_savepoint_saves_it(self, wire, direct, send):
        w = wire()
        for text in ("BEGIN", "UPDATE orders SET amount = 77 WHERE id = 1", "SAVEPOINT here"):
            assert not errors(send(w, text))
        assert send(w, "DROP TABLE orders")[-1].status == "E"
        assert send(w, "ROLLBACK TO SAVEPOINT here")[-1].status == "T"
        assert send(w, "COMMIT")[-1].status == "I"
        assert direct.execute("SELECT amount FROM orders WHERE id = 1").fetchone() == (77,)

    def test_what_is_brief_runs_inside(self, wire, direct):
        w = wire()
        w.query("BEGIN")
        assert not errors(w.query("ALTER TABLE orders ADD COLUMN note text"))
        assert not errors(w.query("UPDATE orders SET note = 'x' WHERE id = 1"))
        assert direct.execute(COLUMN.format("note")).fetchone() is None
        assert w.query("COMMIT")[0].tag == "COMMIT"
        assert direct.execute("SELECT note FROM orders WHERE id = 1").fetchone() == ("x",)

    @pytest.mark.parametrize("send", WAYS)
    def test_the_long_part_follows_the_commit(self, wire, direct, send):
        w = wire()
        w.socket.settimeout(60)
        send(w, "BEGIN")
        for text in ("ALTER TABLE orders ADD COLUMN note text",
                     "ALTER TABLE orders ADD CONSTRAINT orders_amount CHECK (amount >= 0)"):
            answer = send(w, text)
            assert not errors(answer), errors(answer)[0].fields
            assert answer[-1].status == "T"
        assert direct.execute(CONSTRAINT.format("orders_amount")).fetchone() is None
        assert send(w, "COMMIT")[-1].status == "I"
        assert direct.execute(CONSTRAINT.format("orders_amount")).fetchone() == (True,)

    def test_an_index_is_built_after_the_commit(self, wire, direct):
        w = wire()
        w.socket.settimeout(60)
        for text in ("BEGIN", "CREATE INDEX orders_created ON orders (created_at)", "INSERT INTO customers VALUES (-1, 'x')"):
            assert not errors(w.query(text))
        assert direct.execute(INDEX.format("orders_created")).fetchone() is None
        assert w.query("COMMIT")[-1].status == "I"
        assert direct.execute(INDEX.format("orders_created")).fetchone() == (True,)

    def test_a_rollback_takes_the_change_with_it(self, wire, direct):
        w = wire()
        w.query("BEGIN")
        assert not errors(w.query("ALTER TABLE orders ADD CONSTRAINT orders_amount CHECK (amount >= 0)"))
        w.query("ROLLBACK")
        assert direct.execute(CONSTRAINT.format("orders_amount")).fetchone() is None
        live = "SELECT count(*) FROM phasegate.change WHERE state IN ('submitted', 'running', 'undoing')"
        assert direct.execute(live).fetchone() == (0,)

    def test_what_cannot_wait_is_rejected_with_the_reason(self, wire):
        w = wire()
        w.query("BEGIN")
        (error,) = errors(w.query("ALTER TABLE orders ADD CONSTRAINT orders_code UNIQUE (code)"))
        assert error.sqlstate == "PG001" and "transaction" in error.text + error.fields["D"] + error.fields["H"]
        assert w.query("ROLLBACK")[-1].status == "I"

    def test_a_table_of_this_transaction_is_nobodys_worry(self, wire):
        w = wire()
        for text in ("BEGIN", "CREATE TABLE fresh (a int, b int)", "INSERT INTO fresh SELECT i, i FROM generate_series(1, 30000) i",
                     "ALTER TABLE fresh ALTER COLUMN a TYPE bigint", "CREATE INDEX ON fresh (b)",
                     "ALTER TABLE fresh DROP COLUMN a", "UPDATE fresh SET b = 0", "TRUNCATE fresh", "DROP TABLE fresh", "COMMIT"):
            answer = w.query(text)
            assert kinds(answer) == "CZ", (text, answer)

    def test_a_failed_transaction_answers_for_itself(self, wire):
        w = wire()
        w.query("BEGIN")
        w.query("SELECT 1/0")
        for send in WAYS:
            assert errors(send(w, "DROP TABLE orders"))[0].sqlstate == "25P02"
        assert w.query("ROLLBACK")[-1].status == "I"


class TestSeveralInOne:
    @pytest.mark.parametrize("text", [
        "UPDATE orders SET amount = 77 WHERE id = 1; DROP TABLE orders",
        "DROP TABLE orders; UPDATE orders SET amount = 77 WHERE id = 1",
        "BEGIN; UPDATE orders SET amount = 77 WHERE id = 1; DROP TABLE orders; COMMIT",
        "UPDATE orders SET amount = 77 WHERE id = 1; COMMIT; DROP TABLE orders",
        "SELECT 1;;; /* ; */ DROP TABLE orders;",
    ])
    def test_one_forbidden_statement_refuses_the_whole_text(self, wire, direct, text):
        before = direct.execute(FINGERPRINT).fetchone()
        answer = wire().query(text)
        assert kinds(answer) == "EZ" and errors(answer)[0].sqlstate == "PG001"
        assert direct.execute(FINGERPRINT).fetchone() == before

    def test_allowed_ones_run_together(self, wire, direct):
        answer = wire().query("ALTER TABLE orders ADD COLUMN a1 int; ALTER TABLE orders ADD COLUMN a2 int; SELECT 5")
        assert kinds(answer).replace("N", "") == "CCTDCZ"
        assert direct.execute(COLUMN.format("a2")).fetchone() == (False,)


class TestPipeline:
    def test_a_refusal_skips_to_the_sync(self, wire, direct):
        w = wire()
        w.send(extended("SELECT 'before'") + extended("DROP TABLE orders") + extended("UPDATE orders SET amount = 77 WHERE id = 1")
               + query("SELECT 'skipped'") + SYNC + extended("SELECT 'after'") + SYNC)
        answer = w.until("Z", 2)
        assert kinds(answer) == "12DCEZ12DCZ"
        assert rows(answer) == [["before"], ["after"]]
        assert direct.execute("SELECT amount FROM orders WHERE id = 1").fetchone() != (77,)

    def test_a_parse_alone_is_refused_already(self, wire):
        w = wire()
        w.send(parse("DROP TABLE orders", "evil") + SYNC)
        assert kinds(w.until()) == "EZ"
        w.send(bind("evil") + execute() + SYNC)
        assert errors(w.until())[0].sqlstate == "26000"

    def test_inside_a_block_it_fails_the_block(self, wire, direct):
        w = wire()
        w.send(extended("BEGIN") + SYNC + extended("UPDATE orders SET amount = 77 WHERE id = 1") + extended("TRUNCATE orders") + SYNC
               + extended("COMMIT") + SYNC)
        answer = w.until("Z", 3)
        assert [m.status for m in answer if m.kind == "Z"] == ["T", "E", "I"]
        assert [m.tag for m in answer if m.kind == "C"][-1] == "ROLLBACK"
        assert direct.execute("SELECT amount FROM orders WHERE id = 1").fetchone() != (77,)

    def test_allowed_ddl_in_mid_pipeline_keeps_the_order(self, wire, direct):
        w = wire()
        w.send(extended("SELECT 'a'") + SYNC + extended("ALTER TABLE orders ADD COLUMN note text") + SYNC
               + extended("SELECT 'b'") + SYNC + query("SELECT 'c'"))
        answer = [m for m in w.until("Z", 4) if m.kind != "N"]
        assert kinds(answer) == "12DCZ12CZ12DCZTDCZ"
        assert rows(answer) == [["a"], ["b"], ["c"]]
        assert direct.execute(COLUMN.format("note")).fetchone() == (False,)

    def test_simple_queries_that_do_not_wait(self, wire, direct):
        w = wire()
        w.send(query("SELECT 1") + query("DROP TABLE orders") + query("SELECT 2") + query("ALTER TABLE orders ADD note text")
               + query("SELECT note FROM orders WHERE id = 1"))
        answer = [m for m in w.until("Z", 5) if m.kind != "N"]
        assert kinds(answer) == "TDCZEZTDCZCZTDCZ"

    def test_a_change_carried_out_in_mid_stream(self, wire, direct):
        w = wire()
        w.socket.settimeout(60)
        w.send(query("CREATE INDEX orders_created ON orders (created_at)") + query("SELECT 'after'"))
        answer = [m for m in w.until("Z", 2) if m.kind != "N"]
        assert kinds(answer) == "CZTDCZ"
        assert direct.execute(INDEX.format("orders_created")).fetchone() == (True,)

    def test_psycopgs_pipeline(self, connect, direct):
        connection = connect()
        with pytest.raises(psycopg.Error) as caught:
            with connection.pipeline():
                connection.execute("UPDATE orders SET amount = 77 WHERE id = 1")
                connection.execute("ALTER TABLE orders DROP COLUMN amount")
                connection.execute("UPDATE orders SET amount = 78 WHERE id = 1")
        assert caught.value.sqlstate == "PG001"
        assert connection.execute("SELECT 1").fetchone() == (1,)


class TestNamedStatements:
    def test_each_execution_is_judged_anew(self, wire, direct, target):
        direct.execute("CREATE TABLE grows (a int, b int)")
        direct.execute("VACUUM ANALYZE grows")
        w = wire()
        w.send(parse("ALTER TABLE grows ALTER COLUMN a TYPE bigint USING (a * random())::bigint", "s") + SYNC)
        assert kinds(w.until()) == "1Z"
        w.send(bind("s") + execute() + SYNC)
        assert "C" in kinds(w.until())
        direct.execute("ALTER TABLE grows ALTER COLUMN a TYPE int")
        direct.execute("INSERT INTO grows SELECT i, i FROM generate_series(1, 60000) i")
        direct.execute("ANALYZE grows")
        w.send(bind("s") + execute() + SYNC)
        assert errors(w.until())[0].sqlstate == "PG001"
        assert direct.execute("SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'grows'::regclass AND attname = 'a'"
                              ).fetchone() == ("integer",)

    def test_a_portal_bound_before_and_executed_after(self, wire, direct):
        w = wire()
        w.send(parse("ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text", "s") + bind("s", "p") + SYNC)
        w.until()
        # The portal is gone with its transaction, as with the server itself.
        w.send(execute("p") + SYNC)
        assert errors(w.until())[0].sqlstate == "34000"

    def test_a_failed_parse_leaves_the_old_statement(self, wire, direct):
        w = wire()
        w.send(parse("SELECT 'old'", "s") + SYNC)
        w.until()
        w.send(parse("ALTER TABLE orders ADD COLUMN note text", "s") + SYNC)
        assert errors(w.until())[0].sqlstate == "42P05"
        w.send(bind("s") + execute() + SYNC)
        assert rows(w.until()) == [["old"]]
        assert direct.execute(COLUMN.format("note")).fetchone() is None

    def test_a_skipped_parse_never_happened(self, wire):
        w = wire()
        w.send(extended("SELECT 1/0") + parse("SELECT 'skipped'", "s") + SYNC)
        w.until()
        w.send(bind("s") + execute() + SYNC)
        assert errors(w.until())[0].sqlstate == "26000"

    def test_sql_cannot_swap_what_a_name_means(self, wire, direct):
        before = direct.execute(FINGERPRINT).fetchone()
        w = wire()
        w.send(parse("SELECT 1", "s1") + SYNC)
        w.until()
        w.query("DEALLOCATE s1")
        w.query("PREPARE s1 AS DELETE FROM orders")
        w.send(bind("s1") + execute() + SYNC)
        w.until()
        w.query("EXECUTE s1")
        assert direct.execute(FINGERPRINT).fetchone() == before

    def test_a_name_used_again_after_close(self, wire, direct):
        w = wire()
        w.send(parse("ALTER TABLE orders ADD COLUMN note text", "s") + SYNC + close("S", "s") + parse("SELECT 'new'", "s")
               + bind("s") + execute() + SYNC)
        answer = w.until("Z", 2)
        assert rows(answer) == [["new"]]
        assert direct.execute(COLUMN.format("note")).fetchone() is None


class TestCopyMode:
    BAD_ROW = message("d", b"not a number\tx\n")

    @pytest.fixture
    def copying(self, wire):
        w = wire()
        w.send(query("COPY customers FROM STDIN"))
        w.until("G")
        return w

    def test_what_follows_a_failed_copy_is_judged(self, copying, direct):
        """The server leaves copy mode by itself; whoever stops looking 'while in COPY' lets this through."""
        copying.send(self.BAD_ROW)
        assert kinds(copying.until()) == "EZ"
        answer = copying.query("DROP TABLE orders CASCADE")
        assert kinds(answer) == "EZ" and errors(answer)[0].sqlstate == "PG001"
        assert direct.execute("SELECT count(*) FROM orders").fetchone() == (40000,)

    def test_what_does_not_wait_for_the_failure_is_no_way_in(self, copying, direct):
        copying.send(self.BAD_ROW + query("DROP TABLE orders CASCADE") + TERMINATE)
        assert errors(copying.until_closed())
        assert direct.execute("SELECT count(*) FROM orders").fetchone() == (40000,)

    def test_a_query_inside_copy_data_is_data(self, copying, direct):
        copying.send(message("d", b"-7\tDROP TABLE orders;\n") + message("c"))
        assert kinds(copying.until()) == "CZ"
        assert direct.execute("SELECT name FROM customers WHERE id = -7").fetchone() == ("DROP TABLE orders;",)


class TestWaiting:
    def test_a_brief_lock_does_not_queue_the_application_behind_it(self, wire, connect, direct):
        """One long reader + one ALTER = outage, without a lock_timeout: other readers must go on meanwhile."""
        reader = connect(autocommit=False)
        reader.execute("SELECT count(*) FROM orders")
        w = wire()
        w.send(query("ALTER TABLE orders ADD COLUMN note text"))
        bystander = connect()
        bystander.execute("SET statement_timeout = '4s'")
        for _ in range(5):
            assert bystander.execute("SELECT amount FROM orders WHERE id = 1").fetchone()
        reader.rollback()
        w.socket.settimeout(30)
        assert "C" in kinds(w.until())
        assert direct.execute(COLUMN.format("note")).fetchone() == (False,)

    def test_lock_timeout_is_the_clients_again_afterwards(self, wire):
        w = wire()
        w.query("ALTER TABLE orders ADD COLUMN note text")
        assert rows(w.query("SHOW lock_timeout")) == [["0"]]
        w.query("SET lock_timeout = '3s'")
        w.query("ALTER TABLE orders ADD COLUMN note2 text")
        assert rows(w.query("SHOW lock_timeout")) == [["3s"]]

    def test_cancel_stops_a_change_and_leaves_the_table_as_it_was(self, connect, direct, in_background):
        connection = connect()
        failure = []

        def change():
            try:
                connection.execute("ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()")
            except psycopg.Error as error:
                failure.append(error)

        thread = in_background(change)
        wait_until(lambda: direct.execute(COLUMN.format("token")).fetchone() or not thread.is_alive(), "the change to begin", 20)
        connection.cancel()
        thread.join(30)
        assert failure and failure[0].sqlstate in ("57014", "PG004")
        assert connection.execute("SELECT 1").fetchone() == (1,)
        direct.execute("UPDATE orders SET amount = 5 WHERE id = 20000")


class TestObserve:
    SCRIPT = [
        "SELECT id + 0 FROM customers WHERE id < 3", "SELECT 1/0", "BEGIN", "ALTER TABLE orders ADD COLUMN observed int",
        "SAVEPOINT s", "DROP TABLE nowhere", "ROLLBACK TO s", "UPDATE orders SET amount = amount", "SHOW lock_timeout",
        "LOCK TABLE orders", "TRUNCATE orders", "SELECT count(*) FROM orders", "ROLLBACK",
        "CREATE INDEX observed_i ON orders (amount)", "DROP INDEX observed_i", "VACUUM FULL customers",
        "DO $$ BEGIN RAISE NOTICE 'hi'; END $$", "ALTER TABLE orders ADD COLUMN o2 int; ALTER TABLE orders DROP COLUMN o2",
        "SYNTAX ERROR HERE", "SET standard_conforming_strings = on", "COPY (SELECT 1) TO STDOUT", "SELECT 'done'",
    ]

    def recorded(self, w, send):
        return [[m.bytes for m in send(w, text)] for text in self.SCRIPT]

    @pytest.mark.parametrize("send", WAYS)
    def test_every_byte_is_the_servers(self, wire, server, start_proxy, send):
        proxy = start_proxy({"mode": "observe"})
        through, straight = self.recorded(wire(proxy), send), self.recorded(wire(server), send)
        for text, a, b in zip(self.SCRIPT, through, straight):
            assert a == b, text
        seen = [record for record in decisions(proxy) if record["mode"] == "observe"]
        assert {"reject"} <= {record["verdict"] for record in seen}
        proxy.verify_log()


class TestPolicyLog:
    def test_decision_and_outcome_of_each(self, connect, start_proxy):
        proxy = start_proxy()
        connection = connect(proxy, application_name="migrator")
        connection.execute("ALTER TABLE orders ADD COLUMN secret text")
        with pytest.raises(psycopg.Error) as refused:
            connection.execute("ALTER TABLE orders DROP COLUMN amount")
        with pytest.raises(psycopg.Error):
            connection.execute("ALTER TABLE orders ADD COLUMN secret text")
        connection.execute("CREATE INDEX orders_created ON orders (created_at)")
        records = proxy.records()
        made = decisions(proxy)
        assert len(made) == 4
        outcomes = {record["decision"]: record["sqlstate"] for record in records if record["event"] == "outcome"}
        assert [outcomes.get(record["seq"]) for record in made] == ["00000", "PG001", "42701", "00000"]
        for record in made:
            assert record["user"] == "postgres" and record["application"] == "migrator" and record["fingerprint"]
        assert f"record {made[1]['seq']}" in refused.value.diag.context
        proxy.verify_log()

    def test_secrets_stay_out(self, connect, start_proxy):
        proxy = start_proxy()
        connection = connect(proxy)
        connection.execute("ALTER ROLE app PASSWORD 'hunter2'")
        with pytest.raises(psycopg.Error):
            connection.execute("UPDATE orders SET code = 'hunter2' RETURNING id")
        assert len(decisions(proxy)) == 2
        assert "hunter2" not in proxy.policy_log.read_text()

    def test_the_decision_is_on_disk_before_the_statement_runs(self, connect, start_proxy, direct, in_background):
        direct.execute("CREATE TABLE held (i int)")
        proxy = start_proxy()
        holder = connect(autocommit=False)
        holder.execute("SELECT * FROM held")
        connection = connect(proxy)
        in_background(connection.execute, "ALTER TABLE held ADD COLUMN j int")
        wait_until(lambda: len(decisions(proxy)) == 1, "the decision", 10)
        assert not [r for r in proxy.records() if r["event"] == "outcome"]
        holder.rollback()
        wait_until(lambda: [r for r in proxy.records() if r["event"] == "outcome"], "the outcome", 20)

    @pytest.mark.parametrize("harm", ["edit", "remove", "swap", "append"])
    def test_tampering_shows(self, connect, start_proxy, harm):
        proxy = start_proxy()
        connection = connect(proxy)
        for i in range(3):
            connection.execute(f"CREATE TABLE t{i} (i int)")
        proxy.verify_log()
        lines = proxy.policy_log.read_text().splitlines()
        if harm == "edit":
            lines[2] = lines[2].replace('"postgres"', '"somebody"', 1)
        elif harm == "remove":
            del lines[2]
        elif harm == "swap":
            lines[2], lines[3] = lines[3], lines[2]
        else:
            lines.append(lines[-1])
        proxy.stop()
        tampered = proxy.directory / "tampered.log"
        tampered.write_text("\n".join(lines) + "\n")
        done = proxy.run("log", "verify", "--key-file", f"{proxy.policy_log}.key", tampered)
        assert done.returncode == 1, done.stdout

    def test_log_show_reads_it(self, connect, start_proxy):
        proxy = start_proxy()
        connect(proxy).execute("CREATE TABLE shown (i int)")
        done = proxy.run("log", "show", proxy.policy_log)
        assert done.returncode == 0 and "allow" in done.stdout, done.stderr

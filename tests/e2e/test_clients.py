# SPDX-License-Identifier: PostgreSQL
"""Transparency: PostgreSQL's own programs and a driver see through the proxy what they see without it."""

import io
import signal
import subprocess
import threading
import time

import psycopg
import pytest
from psycopg import sql

from environment import TARGET
from lab.postgres import binaries
from lab.wire import message, query

MEGABYTE = 1024 * 1024


class TestPsql:
    def test_a_query_and_its_answer(self, psql):
        done = psql("SELECT 1 + 1, 'zwei';")
        assert (done.returncode, done.stdout, done.stderr) == (0, "2|zwei\n", "")

    def test_an_error_of_the_server_arrives_whole(self, psql):
        done = psql("\\set VERBOSITY verbose\nSELECT 1 / 0;")
        assert "ERROR:  22012: division by zero" in done.stderr
        assert "LOCATION:  int4div" in done.stderr

    def test_several_statements_in_one_message(self, psql):
        done = psql("", "-c", "SELECT 1; SELECT 2; SELECT 3")
        assert done.stdout == "1\n2\n3\n"

    def test_describe_commands(self, psql, direct):
        direct.execute("CREATE TABLE items (id int PRIMARY KEY, name text)")
        done = psql("\\d items\n\\dt\n\\l\n\\conninfo")
        assert done.returncode == 0, done.stderr
        assert "id|integer||not null|" in done.stdout

    def test_ctrl_c_cancels_the_statement_and_not_the_session(self, target, database):
        process = subprocess.Popen(
            [binaries() / "psql", "-X", "-A", "-t", target.conninfo(database)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdin.write("SELECT 'begun';\nSELECT pg_sleep(60);\nSELECT 'alive';\n")
        process.stdin.flush()
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
        assert "canceling statement due to user request" in errors
        assert time.monotonic() - began < 10
        # Interactive or not, psql goes on with the next line.
        assert output in ("alive\n", "")


class TestPgbench:
    @pytest.fixture(autouse=True)
    def loaded(self, server, database):
        subprocess.run([binaries() / "pgbench", "-i", "-q", "-s", "1", server.conninfo(database)], check=True,
                       capture_output=True)

    @pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
    def test_tpcb(self, program, protocol):
        done = program("pgbench", "-n", "-M", protocol, "-c", 4, "-j", 2, "-t", 50)
        assert done.returncode == 0, done.stderr
        assert "number of transactions actually processed: 200/200" in done.stdout
        assert "number of failed transactions: 0" in done.stdout

    def test_a_connection_for_every_transaction(self, program):
        done = program("pgbench", "-n", "-C", "-S", "-c", 4, "-t", 15)
        assert done.returncode == 0, done.stderr
        assert "actually processed: 60/60" in done.stdout

    def test_pipeline_mode(self, program, tmp_path):
        script = tmp_path / "pipeline.sql"
        script.write_text("\\startpipeline\nSELECT 1;\nSELECT count(*) FROM pgbench_branches;\nSELECT 2;\n\\endpipeline\n")
        done = program("pgbench", "-n", "-M", "extended", "-f", script, "-c", 2, "-t", 50)
        assert done.returncode == 0, done.stderr
        assert "actually processed: 100/100" in done.stdout

    def test_reading_through_many_sessions(self, program):
        done = program("pgbench", "-n", "-S", "-M", "prepared", "-c", 40, "-j", 2, "-t", 20)
        assert done.returncode == 0, done.stderr
        assert "actually processed: 800/800" in done.stdout


class TestDump:
    SCHEMA = """
    CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, note text DEFAULT 'it''s');
    INSERT INTO people SELECT i, 'name ' || i FROM generate_series(1, 500) i;
    CREATE VIEW adults AS SELECT * FROM people WHERE id > 18;
    CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql AS 'SELECT 2 * i';
    CREATE INDEX people_name ON people (name);
    """

    def test_pg_dump_reads(self, direct, program, server):
        direct.execute(self.SCHEMA)
        through = program("pg_dump", "--restrict-key=same")
        straight = program("pg_dump", "--restrict-key=same", to=server)
        assert through.returncode == 0, through.stderr
        assert through.stdout == straight.stdout

    def test_a_dump_loads_in_observe_mode(self, direct, program, server, start_proxy, standing_target):
        direct.execute(self.SCHEMA)
        dump = program("pg_dump", to=server).stdout
        place = start_proxy({"mode": "observe"}) if TARGET == "phasegate" else standing_target
        copy = f"{direct.info.dbname}_copy"
        server.query(f"CREATE DATABASE {copy}")
        try:
            done = program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", copy, input=dump, to=place)
            assert done.returncode == 0, done.stderr
            assert server.query("SELECT count(*), sum(twice(id)) FROM adults", copy) == [(482, 250158)]
        finally:
            server.query(f"DROP DATABASE {copy} WITH (FORCE)")


class TestCopy:
    @pytest.fixture(autouse=True)
    def table(self, direct):
        direct.execute("CREATE TABLE points (x int, y text)")

    def test_in_and_out(self, connect):
        connection = connect()
        with connection.cursor() as cursor:
            with cursor.copy("COPY points FROM STDIN") as copy:
                for i in range(5000):
                    copy.write_row((i, f"point {i}\tünïcode"))
            with cursor.copy("COPY (SELECT * FROM points ORDER BY x) TO STDOUT") as copy:
                lines = list(copy.rows())
        assert len(lines) == 5000 and lines[7] == ("7", "point 7\tünïcode")

    def test_binary(self, connect):
        cursor = connect().cursor()
        with cursor.copy("COPY points FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            for i in range(100):
                copy.write_row((i, "\x01\n"))
        buffer = io.BytesIO()
        with cursor.copy("COPY points TO STDOUT (FORMAT binary)") as copy:
            for block in copy:
                buffer.write(block)
        assert buffer.getvalue().startswith(b"PGCOPY\n\xff\r\n\0")
        assert cursor.execute("SELECT count(*), sum(x) FROM points").fetchone() == (100, 4950)

    def test_a_bad_row_ends_it_and_the_session_goes_on(self, connect):
        connection = connect()
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            with connection.cursor().copy("COPY points FROM STDIN") as copy:
                for i in range(20000):
                    copy.write(f"{'bad' if i == 100 else i}\ty\n")
        assert connection.execute("SELECT count(*) FROM points").fetchone() == (0,)

    def test_the_client_gives_up(self, connect):
        connection = connect()
        with pytest.raises(psycopg.errors.QueryCanceled):
            with connection.cursor().copy("COPY points FROM STDIN") as copy:
                copy.write("1\ty\n")
                raise RuntimeError("changed my mind")
        assert connection.execute("SELECT count(*) FROM points").fetchone() == (0,)

    def test_an_error_while_copying_out(self, connect):
        connection = connect()
        with pytest.raises(psycopg.errors.DivisionByZero):
            query = "COPY (SELECT 1 / (5000 - i) FROM generate_series(1, 10000) i) TO STDOUT"
            with connection.cursor().copy(query) as copy:
                for _ in copy:
                    pass
        assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_a_query_behind_a_failed_copy_is_answered(self, wire):
        """The server leaves copy mode by itself: what follows is a query again, for the proxy too."""
        w = wire()
        w.send(query("COPY points FROM STDIN"))
        assert w.until("G")[-1].kind == "G"
        w.send(message("d", b"not a number\ty\n") + message("d", b"1\ty\n") + query("SELECT 41 + 1"))
        answer = w.until("Z", count=2)
        assert [m.kind for m in answer] == list("EZTDCZ")
        assert answer[3].values == ["42"]

    def test_sixty_megabytes_each_way(self, connect):
        connection = connect()
        line = b"1\t" + b"x" * 1021 + b"\n"
        with connection.cursor() as cursor:
            with cursor.copy("COPY points FROM STDIN") as copy:
                for _ in range(60):
                    copy.write(line * 1024)
            total = 0
            with cursor.copy("COPY points TO STDOUT") as copy:
                for block in copy:
                    total += len(block)
        assert total == 60 * MEGABYTE


class TestLargeValues:
    """One byte under what limits.statement_bytes (64 MB) takes for the statement; parameters have no such limit."""

    def test_sixty_four_megabytes_as_a_parameter(self, connect):
        value = b"v" * (64 * MEGABYTE)
        length, back = connect().execute("SELECT length(%b::bytea), %b::bytea", (value, value), binary=True).fetchone()
        assert length == len(value) and back == value

    def test_a_literal_of_sixty_megabytes(self, connect):
        text = "l" * (60 * MEGABYTE)
        cursor = psycopg.ClientCursor(connect())
        assert cursor.execute("SELECT length(%s)", (text,)).fetchone() == (len(text),)

    def test_many_columns_and_rows(self, connect):
        columns = ", ".join(f"i AS c{n}" for n in range(200))
        answer = connect().execute(f"SELECT {columns} FROM generate_series(1, 1000) i").fetchall()
        assert len(answer) == 1000 and answer[-1] == (1000,) * 200


class TestPipeline:
    def test_a_thousand_statements_before_the_first_answer(self, connect):
        connection = connect()
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::int", (i,)) for i in range(1000)]
        assert [c.fetchone()[0] for c in cursors] == list(range(1000))

    def test_an_error_skips_to_the_sync(self, connect, direct):
        direct.execute("CREATE TABLE seen (i int)")
        connection = connect()
        with pytest.raises(psycopg.errors.DivisionByZero):
            with connection.pipeline() as pipeline:
                connection.execute("INSERT INTO seen VALUES (1)")
                pipeline.sync()
                connection.execute("SELECT 1 / 0")
                connection.execute("INSERT INTO seen VALUES (2)")
                pipeline.sync()
        assert direct.execute("SELECT array_agg(i) FROM seen").fetchone() == ([1],)
        assert connection.execute("SELECT 5").fetchone() == (5,)

    def test_transactions_and_savepoints(self, connect, direct):
        direct.execute("CREATE TABLE seen (i int)")
        connection = connect()
        with connection.pipeline(), connection.transaction():
            connection.execute("INSERT INTO seen VALUES (1)")
            with connection.transaction():
                connection.execute("INSERT INTO seen VALUES (2)")
        assert direct.execute("SELECT sum(i) FROM seen").fetchone() == (3,)


class TestPrepared:
    def test_named_statements_stay_the_clients(self, connect):
        connection = connect(prepare_threshold=0)
        for i in range(30):
            assert connection.execute("SELECT %s::int * 2", (i,)).fetchone() == (2 * i,)
        names = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        assert names[0] >= 1

    def test_server_side_cursor(self, connect):
        connection = connect(autocommit=False)
        with connection.cursor(name="big") as cursor:
            cursor.itersize = 100
            cursor.execute("SELECT generate_series(1, 1000)")
            assert sum(row[0] for row in cursor) == 500500

    def test_sql_level_prepare(self, connect):
        connection = connect()
        connection.execute("PREPARE twice (int) AS SELECT $1 * 2")
        assert connection.execute("EXECUTE twice(21)").fetchone() == (42,)
        connection.execute("DEALLOCATE twice")
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            connection.execute("EXECUTE twice(21)")


class TestNotify:
    def test_listen_and_notify_with_the_backends_own_pid(self, connect):
        listener, speaker = connect(), connect()
        listener.execute("LISTEN news")
        speaker.execute("SELECT pg_notify('news', 'hello')")
        notice = next(listener.notifies())
        assert (notice.channel, notice.payload) == ("news", "hello")
        assert notice.pid == speaker.info.backend_pid
        assert speaker.execute("SELECT pg_backend_pid()").fetchone() == (notice.pid,)

    def test_it_arrives_while_the_session_is_idle(self, wire, direct):
        w = wire()
        w.query("LISTEN news")
        direct.execute("NOTIFY news, 'idle'")
        notice = w.message()
        assert notice.kind == "A" and notice.body[4:] == b"news\0idle\0"


class TestCancel:
    def test_a_driver_cancels(self, connect, in_background):
        connection = connect()
        failure = []

        def sleep():
            try:
                connection.execute("SELECT pg_sleep(60)")
            except psycopg.Error as error:
                failure.append(error)

        thread = in_background(sleep)
        time.sleep(0.3)
        began = time.monotonic()
        connection.cancel()
        thread.join(20)
        assert isinstance(failure[0], psycopg.errors.QueryCanceled)
        assert time.monotonic() - began < 10
        assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_an_idle_session_does_not_mind(self, connect):
        connection = connect()
        connection.cancel()
        time.sleep(0.2)
        assert connection.execute("SELECT 1").fetchone() == (1,)


class TestSession:
    def test_parameter_status_follows_a_set(self, connect):
        connection = connect()
        connection.execute("SET application_name = 'renamed'")
        assert connection.info.parameter_status("application_name") == "renamed"
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        assert connection.info.parameter_status("TimeZone") == "Asia/Tokyo"

    def test_startup_options_reach_the_server(self, connect):
        connection = connect(options="-c work_mem=7MB -c statement_timeout=12345", application_name="starter")
        answer = connection.execute(
            "SELECT current_setting('work_mem'), current_setting('statement_timeout'), current_setting('application_name')")
        assert answer.fetchone() == ("7MB", "12345ms", "starter")

    def test_reset_falls_back_to_what_startup_asked_for(self, wire):
        w = wire(DateStyle="German")
        assert w.parameters["DateStyle"] == "German, DMY"
        w.query("SET DateStyle = 'SQL'")
        answer = w.query("RESET DateStyle")
        assert [m.body for m in answer if m.kind == "S"] == [b"DateStyle\0German, DMY\0"]

    def test_reset_all_and_discard_all(self, connect):
        connection = connect()
        connection.execute("SET work_mem = '9MB'")
        connection.execute("RESET ALL")
        connection.execute("DISCARD ALL")
        assert connection.execute("SHOW work_mem").fetchone() == ("4MB",)
        assert connection.execute("SHOW client_encoding").fetchone() == ("UTF8",)

    def test_notices_arrive(self, connect):
        connection = connect()
        heard = []
        connection.add_notice_handler(lambda d: heard.append((d.severity, d.message_primary)))
        connection.execute("SELECT 1; ROLLBACK")
        assert heard == [("WARNING", "there is no transaction in progress")]

    def test_two_databases_and_roles_at_once(self, connect, database):
        first, second = connect(user="app"), connect(dbname="postgres")
        assert first.execute("SELECT current_user, current_database()").fetchone() == ("app", database)
        assert second.execute("SELECT current_user, current_database()").fetchone() == ("postgres", "postgres")

    def test_temporary_tables_and_advisory_locks_are_the_sessions(self, connect):
        one, other = connect(), connect()
        one.execute("SELECT pg_advisory_lock(77)")
        assert other.execute("SELECT pg_try_advisory_lock(77)").fetchone() == (False,)
        one.execute("CREATE TEMP TABLE mine (i int)")
        one.execute("INSERT INTO mine VALUES (1)")
        assert one.execute("SELECT count(*) FROM mine").fetchone() == (1,)
        with pytest.raises(psycopg.errors.UndefinedTable):
            other.execute("SELECT count(*) FROM mine")

    def test_two_phase_names_quoted_identifiers_and_unicode(self, connect, direct):
        direct.execute('CREATE TABLE "Straße ""x""" (i int)')
        connection = connect()
        name = sql.Identifier('Straße "x"')
        connection.execute(sql.SQL("INSERT INTO {} VALUES (1)").format(name))
        assert connection.execute(sql.SQL("SELECT * FROM {}").format(name)).fetchall() == [(1,)]

    def test_forty_sessions_at_once(self, connect):
        connections = [connect() for _ in range(40)]
        pids = {c.execute("SELECT pg_backend_pid()").fetchone()[0] for c in connections}
        assert len(pids) == 40

    def test_writers_in_parallel(self, target, database, direct):
        direct.execute("CREATE TABLE counter (n int)")
        direct.execute("INSERT INTO counter VALUES (0)")

        def write():
            with psycopg.connect(target.conninfo(database)) as connection:
                for _ in range(50):
                    connection.execute("UPDATE counter SET n = n + 1 WHERE n >= 0")
                    connection.commit()

        threads = [threading.Thread(target=write) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert direct.execute("SELECT n FROM counter").fetchone() == (300,)


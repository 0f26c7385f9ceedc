# SPDX-License-Identifier: PostgreSQL
"""
Ways past a parsing proxy, in both directions: nothing in HOSTILE may reach the table, nothing in
PEACEFUL may be touched.  Letters are those of docs/security.md: A structure, B lexing, C code,
D protocol, E names.
"""

import pytest

from environment import ASAN, BUILD, SHORT_DRAIN
from lab.proxy import Phasegate
from lab.wire import (FLUSH, SYNC, TERMINATE, Closed, bind, errors, execute, extended, kinds, message, parse,
                      query, rows)

# What the victim is, and a look that changes when anything was done to it.
VICTIM = """
CREATE TABLE victim (id int PRIMARY KEY, a int);
INSERT INTO victim SELECT i, i FROM generate_series(1, 20000) i;
ANALYZE victim;
CREATE SCHEMA evil;
CREATE FUNCTION evil.drop_it() RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN DELETE FROM victim WHERE true; RETURN 1; END $$;
"""
LOOK = """
SELECT (SELECT count(*) || ' ' || sum(a) FROM victim),
       (SELECT string_agg(attname || atttypid::text, ',' ORDER BY attnum) FROM pg_attribute
          WHERE attrelid = 'victim'::regclass AND NOT attisdropped),
       (SELECT relfilenode FROM pg_class WHERE oid = 'victim'::regclass)
"""

HOSTILE = [
    # A1: several statements in one text
    "SELECT 1 AS a;;;;DROP TABLE victim;",
    "SELECT 1; DROP TABLE victim",
    ";DROP TABLE victim",
    "SELECT ';'; DROP TABLE victim",
    "SELECT $$;$$; DROP TABLE victim; --",
    "SELECT $a$ $b$ $a$; DROP TABLE victim; -- $b$",
    "BEGIN; TRUNCATE victim; COMMIT",
    "SELECT 1 -- comment\n; DROP TABLE victim",
    "SELECT 1 -- comment\r; DROP TABLE victim",
    # A2: comments and spaces
    "/* /* nested */ SELECT 1 */ DROP TABLE victim",
    "DROP/**/TABLE/**/public/**/./**/victim",
    "DROP--x\rTABLE victim",
    "DROP\fTABLE\fvictim",
    "-- SELECT\nDROP TABLE victim",
    "\t\n/**/  dRoP   tAbLe victim",
    "ALTER TABLE ONLY victim DROP a",
    # A3, A4: names
    'DROP TABLE U&"!0076ictim" UESCAPE \'!\'',
    'DROP TABLE "victim"',
    'DROP TABLE public."victim", evil.nothing',
    # A5 to A8: inside other statements
    "WITH d AS (DELETE FROM victim RETURNING *) SELECT count(*) FROM d",
    "WITH u AS (UPDATE victim SET a = 0 RETURNING *) SELECT count(*) FROM u",
    "WITH a AS (WITH b AS (DELETE FROM victim RETURNING 1) SELECT * FROM b) SELECT * FROM a",
    "EXPLAIN ANALYZE DELETE FROM victim",
    "EXPLAIN (ANALYZE TRUE, COSTS off) UPDATE victim SET a = 1",
    "EXPLAIN (ANALYZE) WITH d AS (DELETE FROM victim RETURNING *) SELECT * FROM d",
    "COPY (DELETE FROM victim RETURNING *) TO STDOUT",
    "COPY victim FROM PROGRAM 'echo 0'",
    "COPY (SELECT 1) TO PROGRAM 'psql -c \"drop table victim\"'",
    "PREPARE z AS DELETE FROM victim; EXECUTE z",
    "CREATE SCHEMA s2 CREATE TABLE x (i int) CREATE INDEX ON victim (a)",
    # A12: the same thing by other commands
    "DROP SCHEMA public CASCADE", "DROP OWNED BY postgres CASCADE", "REASSIGN OWNED BY postgres TO app",
    "VACUUM FULL victim", "VACUUM (FULL TRUE) victim", "CLUSTER victim USING victim_pkey", "TRUNCATE ONLY victim",
    "TRUNCATE TABLE victim CASCADE", "ALTER TABLE victim ALTER a TYPE text USING random()::text",
    "ALTER TABLE victim ALTER a SET DATA TYPE bigint; SELECT 1",
    "ALTER TABLE victim SET UNLOGGED", "ALTER TABLE victim RENAME TO gone; SELECT 1", "ALTER TABLE victim SET SCHEMA evil; SELECT 1",
    "ALTER TABLE victim RENAME a TO b; SELECT 1", "DELETE FROM ONLY victim", "DELETE FROM victim WHERE true",
    "DELETE FROM victim WHERE 1 = 1", "UPDATE ONLY victim SET a = 0",
    # ... by a WHERE that leaves nothing out
    "DELETE FROM victim WHERE victim.id = id", "DELETE FROM victim v WHERE v.id::bigint = id",
    "UPDATE victim SET a = 0 WHERE (id, a) = (id, a)", "DELETE FROM victim WHERE id = ANY (ARRAY[id])",
    "DELETE FROM victim WHERE now() > '2000-01-01'", "DELETE FROM victim WHERE EXISTS (VALUES (1))",
    "UPDATE victim SET a = 0 WHERE (SELECT 1) = 1", "DELETE FROM victim WHERE id = 1 OR length('x') = 1",
    "MERGE INTO victim USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO victim v USING (VALUES (1)) s(x) ON s.x = 1 WHEN MATCHED AND v.id = v.id THEN UPDATE SET a = 0",
    # ... by what is reached through something new
    "CREATE TEMP VIEW w AS SELECT * FROM victim; DELETE FROM w",
    "CREATE VIEW evil.w AS SELECT * FROM victim; UPDATE evil.w SET a = 0",
    "CREATE VIEW public.w AS SELECT * FROM victim; DELETE FROM w",
    "CREATE TABLE evil.n (LIKE victim); ALTER TABLE victim INHERIT evil.n; DROP TABLE evil.n CASCADE",
    "CREATE TABLE evil.n (id int PRIMARY KEY); "
    "ALTER TABLE victim ADD FOREIGN KEY (id) REFERENCES evil.n NOT VALID; TRUNCATE evil.n CASCADE",
    "CREATE TEMP TABLE victim (i int); DROP TABLE pg_temp.victim; DROP TABLE victim",
    "CREATE TEMP TABLE victim (i int); ALTER TABLE pg_temp.victim RENAME TO x; DROP TABLE victim",
    "CREATE TEMP TABLE victim (i int); PREPARE z AS DELETE FROM victim; DROP TABLE victim; EXECUTE z",
    # A9: what does its harm later
    "CREATE RULE r AS ON INSERT TO victim DO ALSO DELETE FROM victim",
    "CREATE FUNCTION evil.f() RETURNS int BEGIN ATOMIC DELETE FROM victim; SELECT 1; END",
    "CREATE FUNCTION evil.f(text) RETURNS xml LANGUAGE internal AS 'query_to_xml'",
    "CREATE OPERATOR evil.@@@@ (RIGHTARG = text, FUNCTION = ts_stat)",
    "ALTER ROLE app SET standard_conforming_strings = off", "ALTER DATABASE bypass SET client_encoding = 'SJIS'",
    "ALTER SYSTEM SET standard_conforming_strings = off",
    # A13: the catalog itself
    "UPDATE pg_catalog.pg_class SET relname = 'gone' WHERE relname = 'victim'",
    "DELETE FROM pg_attribute WHERE attrelid = 'victim'::regclass",
    "UPDATE pg_class SET relnatts = 0 WHERE oid = 'victim'::regclass",
    # C: code
    "DO $$ BEGIN EXECUTE 'DROP TABLE victim'; END $$",
    "DO LANGUAGE plpgsql 'BEGIN DROP TABLE victim; END'",
    "DO $do$ BEGIN EXECUTE format('DROP %s victim', 'TABLE'); END $do$",
    "SELECT query_to_xml('delete from victim where true', true, true, '')",
    "SELECT pg_catalog.query_to_xml($$ drop table victim $$, true, true, '')",
    "LOAD 'auto_explain'",
    # E: names and rights
    "SET session_replication_role = replica; DROP TABLE victim",
    "ALTER EVENT TRIGGER x DISABLE; DROP TABLE victim",
    "SET SESSION AUTHORIZATION postgres; DROP TABLE victim",
]

# Statements that would make later texts mean something else, each with the text that profits.
LEXING = [
    ("SET client_encoding = 'SJIS'", b"SELECT E'\x83\x5c'; DROP TABLE victim; --'"),
    ("SET NAMES 'BIG5'", b"SELECT E'\xa1\x5c'; DROP TABLE victim; --'"),
    ("SET client_encoding TO 'shift-jis'", b"SELECT E'\x83\x5c'; DROP TABLE victim; --'"),
    ("SET \"client_encoding\" = GBK", b"SELECT E'\x81\x5c'; DROP TABLE victim; --'"),
    ("SELECT set_config('client_' || 'encoding', 'SJIS', false)", b"SELECT E'\x83\x5c'; DROP TABLE victim; --'"),
    ("UPDATE pg_settings SET setting = 'SJIS' WHERE name = 'client_encoding'", b"SELECT E'\x83\x5c'; DROP TABLE victim; --'"),
    ("SET standard_conforming_strings = off", b"SELECT '\\''; DROP TABLE victim; --'"),
    ("SET \"Standard_Conforming_Strings\" TO 'off'", b"SELECT '\\''; DROP TABLE victim; --'"),
    ("SET LOCAL standard_conforming_strings = off", b"SELECT '\\''; DROP TABLE victim; --'"),
    ("SELECT set_config('standard_' || 'conforming_strings', 'off', false)", b"SELECT '\\''; DROP TABLE victim; --'"),
    ("UPDATE pg_settings SET setting = 'off' WHERE name LIKE 'standard_conf%'", b"SELECT '\\''; DROP TABLE victim; --'"),
    ("ALTER ROLE postgres SET standard_conforming_strings = off", b"SELECT '\\''; DROP TABLE victim; --'"),
    ("BEGIN; SET standard_conforming_strings = off", b"SELECT '\\''; DROP TABLE victim; --'"),
]

PEACEFUL = [
    "SELECT 'DROP TABLE victim'",
    "SELECT $$ DROP TABLE victim; $$",
    "SELECT 1 /* ; DROP TABLE victim; */",
    "SELECT 1 -- ; DROP TABLE victim",
    'SELECT 1 AS "drop", 2 AS delete, 3 AS alter',
    'SELECT "drop" FROM (SELECT 1 AS "drop") AS "table"',
    "SELECT count(*) FROM victim WHERE a = 5 OR a IN (SELECT 7)",
    "WITH x AS (SELECT 1 AS update) SELECT * FROM x",
    "TABLE victim LIMIT 1",
    "VALUES (1), (2)",
    "(SELECT 1)",
    "((SELECT 1) UNION (SELECT 2))",
    "EXPLAIN SELECT * FROM victim",
    "EXPLAIN (COSTS off) DELETE FROM victim WHERE id = 1",
    "SHOW work_mem",
    "SET work_mem = '5MB'",
    "RESET work_mem",
    "SET LOCAL statement_timeout = 0",
    "INSERT INTO victim VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET a = excluded.a",
    "UPDATE victim SET a = a WHERE id = 3",
    "DELETE FROM victim WHERE id = -1",
    "MERGE INTO victim USING (VALUES (1)) v(i) ON id = v.i WHEN MATCHED THEN UPDATE SET a = victim.a",
    "COPY (SELECT 1) TO STDOUT",
    "SELECT pg_advisory_lock(1), pg_advisory_unlock(1)",
    "LISTEN drop_table", "NOTIFY drop_table, 'DROP TABLE victim'", "UNLISTEN *",
    "PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p",
    "BEGIN", "DECLARE c CURSOR FOR SELECT 1", "FETCH c", "CLOSE c", "SAVEPOINT truncate_it", "RELEASE truncate_it", "COMMIT",
    "SELECT E'it\\'s', U&'\\0061', B'101', X'1F', N'x'",
    "SELECT timestamptz '2024-01-01 UTC' AT TIME ZONE 'UTC', CURRENT_ROLE, INTERVAL '1' DAY",
    "SELECT (array[1, 2])[1], '{}'::jsonb -> 'a', @ -3 IS NULL",
    "SELECT 'Straße', 'Ünïcode', '日本語', '\\'",
    "SELECT set_config('search_path', '', false)",
    "SELECT set_config('search_path', 'public', false)",
    "DISCARD PLANS",
]
SEVERAL = ["SELECT 1 ; SELECT 2 ;", "SELECT ';'; SELECT $$;$$; -- ; DROP TABLE victim", "; ; SELECT 1"]

pytestmark = pytest.mark.gate


@pytest.fixture(scope="module")
def standing_target(server, lab_directory):
    """One that also rejects what would be carried out in batches."""
    rules = {"update-without-where": "reject", "delete-without-where": "reject"}
    proxy = Phasegate(server, lab_directory / "bypass", BUILD, {**SHORT_DRAIN, "rules": rules}, ASAN)
    proxy.start()
    yield proxy
    assert proxy.stop() == 0, proxy.stderr.read_text()[-4000:]


@pytest.fixture(scope="module")
def database(server):
    """One for the whole file: nothing in it may change.  What did is made anew by the next test."""
    server.query("CREATE DATABASE bypass")
    yield "bypass"
    server.query("DROP DATABASE bypass WITH (FORCE)")


@pytest.fixture(scope="module")
def pristine():
    """The look of the victim as it was made; empty until then."""
    return []


@pytest.fixture
def victim(direct, pristine):
    def look():
        return direct.execute(LOOK).fetchone()

    if direct.execute("SELECT to_regclass('victim') IS NULL").fetchone()[0] or [look()] != pristine:
        direct.execute("DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS evil CASCADE; CREATE SCHEMA public")
        direct.execute(VICTIM)
        pristine[:] = [look()]
    return look


def untouched(victim, before):
    assert victim() == before


def drain(w):
    """Everything up to ReadyForQuery or the end."""
    try:
        return w.until()
    except Closed as end:
        return end.messages


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:60].encode("unicode_escape").decode())
class TestHostile:
    def test_simple(self, wire, victim, text):
        before = victim()
        answer = wire().query(text)
        assert errors(answer), "it went through"
        untouched(victim, before)

    def test_extended(self, wire, victim, text):
        before = victim()
        w = wire()
        w.send(extended(text) + SYNC)
        assert errors(drain(w)), "it went through"
        untouched(victim, before)


class TestLexing:
    @pytest.fixture(autouse=True)
    def role_settings(self, server):
        yield
        server.query("ALTER ROLE postgres RESET ALL")

    @pytest.mark.parametrize("change, profit", LEXING, ids=lambda v: str(v)[:60])
    def test_waiting_for_the_answer(self, wire, victim, change, profit):
        before = victim()
        w = wire()
        w.send(query(change))
        drain(w)
        self.attack(w, query(profit))
        untouched(victim, before)

    @pytest.mark.parametrize("change, profit", LEXING, ids=lambda v: str(v)[:60])
    def test_without_waiting(self, wire, victim, change, profit):
        """ParameterStatus comes only before ReadyForQuery: too late for what is under way already."""
        before = victim()
        w, other = wire(), wire()
        self.attack(w, query(change) + query(profit))
        self.attack(other, extended(change) + SYNC + query(profit))
        untouched(victim, before)

    def attack(self, w, data):
        w.send(data + TERMINATE)
        w.until_closed()

    @pytest.mark.parametrize("data", [
        b"SELECT E'\xc3\x83\x5c'; DROP TABLE victim; --'",
        b"SELECT E'\x83\x5c'; DROP TABLE victim; --'",
        b"SELECT '\\''; DROP TABLE victim; --'",
        b"SELECT '\xff\xfe'; DROP TABLE victim",
    ])
    def test_bytes_that_mean_two_things(self, wire, victim, data):
        before = victim()
        w = wire()
        w.send(query(data))
        drain(w)
        untouched(victim, before)

    def test_a_role_whose_setting_is_unsafe_cannot_log_in(self, wire, server, database):
        server.query("ALTER ROLE app SET standard_conforming_strings = off")
        try:
            w = wire(login=False)
            with pytest.raises(Closed) as end:
                w.startup(database, "app")
            assert errors(end.value.messages)[0].fields["S"] == "FATAL"
        finally:
            server.query("ALTER ROLE app RESET ALL")


@pytest.mark.parametrize("text", PEACEFUL + SEVERAL, ids=lambda t: t[:60])
class TestPeaceful:
    PREPARE = {"EXECUTE p": ["PREPARE p AS SELECT 1"], "DEALLOCATE p": ["PREPARE p AS SELECT 1"],
               "FETCH c": ["BEGIN", "DECLARE c CURSOR FOR SELECT 1"], "CLOSE c": ["BEGIN", "DECLARE c CURSOR FOR SELECT 1"],
               "DECLARE c CURSOR FOR SELECT 1": ["BEGIN"], "SAVEPOINT truncate_it": ["BEGIN"],
               "RELEASE truncate_it": ["BEGIN", "SAVEPOINT truncate_it"], "COMMIT": ["BEGIN"],
               "SET LOCAL statement_timeout = 0": ["BEGIN"]}

    def answers(self, w, text):
        """In both protocols; the extended one takes a single statement."""
        simple = self.prepared(w, text).query(text)
        extended_too = b""
        if text not in SEVERAL:
            w.query("ROLLBACK; DEALLOCATE ALL")
            extended_too = extended(text)
        self.prepared(w, text).send(extended_too + SYNC)
        return [[m.bytes for m in answer] for answer in (simple, w.until())]

    def prepared(self, w, text):
        for before in self.PREPARE.get(text, []):
            w.query(before)
        return w

    def test_the_answer_is_the_servers(self, wire, server, victim, target, text):
        victim()
        log = len(target.records())
        assert self.answers(wire(), text) == self.answers(wire(server), text)
        records = target.records()[log:]
        assert all(record.get("verdict", "allow") in ("allow", "warn") for record in records)


class TestLimits:
    """What would crash or stall libpg_query is refused where it is guarded, and passes where it is not."""

    @pytest.mark.parametrize("body", ["1" + "+1" * 20000, "(" * 3000 + "1" + ")" * 3000, "'" + "x" * 3000000 + "'"],
                             ids=["sum", "nesting", "literal"])
    def test_deep_and_long(self, wire, victim, body):
        before = victim()
        w = wire()
        w.query(f"SELECT {body}")
        answer = drain_query(w, f"ALTER TABLE victim ADD COLUMN x int DEFAULT ({body})")
        assert answer
        answer = drain_query(w, f"SELECT {body}; DROP TABLE victim")
        assert errors(answer)
        untouched(victim, before)
        assert rows(w.query("SELECT 1")) == [["1"]]

    def test_runs_of_operators(self, wire, victim):
        w = wire()
        answer = drain_query(w, "ALTER TABLE victim ADD CHECK (a " + "/*/*" * 16000 + " 1)")
        assert errors(answer)
        assert rows(w.query("SELECT 1")) == [["1"]]


# Messages of one session, each waited for: the last one must be refused.
STEPS = [
    ["CREATE TEMP VIEW w AS SELECT * FROM victim", "DELETE FROM w"],
    ["BEGIN", "CREATE VIEW w AS SELECT * FROM victim", "UPDATE w SET a = 0"],
    ["BEGIN", "CREATE VIEW v AS SELECT * FROM victim", "CREATE VIEW w AS SELECT * FROM v", "DELETE FROM w"],
    ["CREATE TEMP TABLE victim (i int)", "PREPARE z AS DELETE FROM victim"],
    ["CREATE TEMP TABLE victim (i int)", "DROP TABLE pg_temp.victim", "DELETE FROM victim"],
    ["CREATE TEMP TABLE victim (i int)", "SET search_path = public, pg_temp", "DROP TABLE victim"],
    ["BEGIN", "SAVEPOINT s", "CREATE TEMP TABLE victim (i int)", "ROLLBACK TO s", "DROP TABLE victim"],
]


class TestInSteps:
    @pytest.mark.parametrize("texts", STEPS, ids=lambda t: "; ".join(t)[-60:])
    def test_the_last_is_refused(self, wire, victim, texts):
        before = victim()
        w = wire()
        for text in texts[:-1]:
            assert not errors(w.query(text)), text
        assert errors(w.query(texts[-1]))[0].sqlstate.startswith("PG")
        w.query("ROLLBACK")
        untouched(victim, before)

    def test_a_table_made_after_the_snapshot(self, wire, direct, victim):
        victim()
        w = wire()
        w.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
        w.query("SELECT count(*) FROM pg_class")
        direct.execute("CREATE TABLE late AS SELECT i FROM generate_series(1, 20000) i")
        try:
            assert errors(w.query("DROP TABLE late"))
            w.query("ROLLBACK")
            assert direct.execute("SELECT to_regclass('late') IS NOT NULL").fetchone()[0]
        finally:
            direct.execute("DROP TABLE IF EXISTS late")


class TestCopy:
    """After an error the server answers a Sync that came too late to be swallowed by the COPY."""

    START = parse("COPY victim FROM STDIN") + bind() + execute()
    DROP = "DROP TABLE victim"

    def refused(self, w):
        assert errors(w.query(self.DROP))[0].sqlstate == "PG001"
        assert rows(w.query("SELECT 1")) == [["1"]]

    def test_sync_right_behind_a_bad_row(self, wire, victim):
        before = victim()
        w = wire()
        w.send(self.START + FLUSH)
        w.until("G")
        w.send(message("d", b"no number\n") + SYNC)
        assert kinds(w.until()) == "EZ"
        self.refused(w)
        untouched(victim, before)

    def test_two_syncs_and_a_query_at_once(self, wire, victim):
        before = victim()
        w = wire()
        w.send(self.START + FLUSH)
        w.until("G")
        w.send(message("d", b"no number\n") + SYNC + SYNC)
        w.send(query(self.DROP))
        w.send(TERMINATE)
        w.until_closed()
        untouched(victim, before)

    def test_an_error_before_the_first_row(self, wire, direct, victim):
        before = victim()
        direct.execute("CREATE TABLE evil.closed (i int)")
        direct.execute("CREATE FUNCTION evil.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
        direct.execute("CREATE TRIGGER no BEFORE INSERT ON evil.closed EXECUTE FUNCTION evil.no()")
        try:
            w = wire()
            w.send(parse("COPY evil.closed FROM STDIN") + bind() + execute() + SYNC)
            assert kinds(w.until()) == "12GEZ"
            self.refused(w)
        finally:
            direct.execute("DROP TABLE evil.closed; DROP FUNCTION evil.no")
        untouched(victim, before)

    def test_a_query_whose_copy_fails_answers_the_sync_besides(self, wire, victim):
        before = victim()
        w = wire()
        w.send(query("COPY victim FROM STDIN"))
        w.until("G")
        w.send(message("d", b"no number\n") + SYNC)
        assert kinds(w.until(count=2)) == "EZZ"
        w.send(query("SELECT set_config('standard_' || 'conforming_strings', 'off', false), pg_sleep(0.1)"))
        w.send(query("SELECT '\\''; DROP TABLE victim; --'") + TERMINATE)
        w.until_closed()
        untouched(victim, before)

    def test_a_good_copy_leaves_no_doubt(self, wire, victim):
        w = wire()
        w.send(parse("COPY evil_rows FROM STDIN") + bind() + execute() + SYNC)
        assert kinds(w.until()) == "12EZ"
        w.query("CREATE TEMP TABLE evil_rows (i int)")
        w.send(parse("COPY evil_rows FROM STDIN") + bind() + execute() + SYNC)
        w.until("G")
        w.send(message("d", b"1\n") + message("c") + SYNC)
        assert kinds(w.until()) == "CZ"
        assert kinds(w.query("DROP TABLE evil_rows")) == "CZ"


def test_replication_commands_in_small_letters_are_sql(wire, victim, start_proxy):
    before = victim()
    w = wire(start_proxy({"allow_replication": True}), replication="database")
    for text in ("show work_mem; DROP TABLE victim", "SHOW work_mem; DROP TABLE victim",
                 "identify_system; DROP TABLE victim", "BASE_BACKUP; DROP TABLE victim"):
        assert errors(w.query(text)), text
    assert kinds(w.query("IDENTIFY_SYSTEM")) == "TDCZ"
    assert rows(w.query("SHOW server_version_num"))[0][0].startswith("15")
    untouched(victim, before)


def drain_query(w, text):
    w.send(query(text))
    return drain(w)


class TestPortals:
    def test_a_cursor_executed_as_a_portal(self, wire, victim):
        before = victim()
        w = wire()
        w.query("BEGIN")
        w.query("DECLARE c CURSOR FOR SELECT 1")
        w.send(execute("c") + SYNC)
        assert rows(w.until()) == [["1"]]
        w.query("ROLLBACK")
        untouched(victim, before)

    def test_a_name_of_sql_executed_by_the_protocol(self, wire, victim):
        before = victim()
        w = wire()
        w.query("PREPARE evil AS DELETE FROM victim")
        w.send(bind("evil") + execute() + SYNC)
        drain(w)
        untouched(victim, before)

    def test_parse_in_one_batch_and_execute_in_another(self, wire, victim):
        before = victim()
        w = wire()
        w.send(parse("TRUNCATE victim", "t"))
        w.send(bind("t", "p") + execute("p") + SYNC)
        assert kinds(w.until()) == "EZ"
        untouched(victim, before)

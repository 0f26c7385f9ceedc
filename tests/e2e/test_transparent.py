# SPDX-License-Identifier: PostgreSQL
"""
Conversations that the proxy could disturb by what it asks on the client's own connection: each is
held with the server itself and through phasegate, and every answer has to be the same.
"""

import json
import subprocess

import psycopg
import pytest

from environment import BUILD
from lab.proxy import Direct, Phasegate
from lab.wire import SYNC, bind, close, describe, errors, execute, extended, parse, query

pytestmark = pytest.mark.gate

SCHEMA = """
CREATE TABLE plain (i int, s text DEFAULT 'x');
CREATE TABLE aside (i int);
CREATE TABLE parted (i int) PARTITION BY LIST (i);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE INDEX parted_i ON parted (i);
"""

# Names and what the client sends, one message or batch after another; "other:" is said by somebody
# else on a connection to the server itself.
CONVERSATIONS = {
    "LOCK TABLE comes before the snapshot": [
        "BEGIN ISOLATION LEVEL REPEATABLE READ", "LOCK TABLE plain IN EXCLUSIVE MODE", "other: INSERT INTO aside VALUES (1)",
        "SELECT count(*) FROM aside", "ROLLBACK", "other: TRUNCATE aside"],
    "... and before the isolation level": [
        "BEGIN", "LOCK TABLE plain IN SHARE MODE", "LOCK TABLE aside", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SELECT 1", "COMMIT"],
    "settings of a transaction": [
        "BEGIN", "SET LOCAL lock_timeout = '7s'", "SET LOCAL jit = off", "LOCK TABLE plain IN SHARE MODE", "SHOW lock_timeout",
        "SET LOCAL join_collapse_limit = 5", "CREATE INDEX ON aside (i)", "SHOW lock_timeout", "SHOW jit",
        "SHOW join_collapse_limit", "SHOW from_collapse_limit", "ROLLBACK", "SHOW lock_timeout", "SHOW jit", "SHOW join_collapse_limit"],
    "settings of the session, made in a transaction": [
        "BEGIN", "SET lock_timeout = '9s'", "SET jit = off", "ALTER TABLE plain ADD z int", "SHOW lock_timeout", "COMMIT",
        "SHOW lock_timeout", "SHOW jit", "ALTER TABLE plain DROP z"],
    "savepoints": [
        "BEGIN", "SAVEPOINT a", "ALTER TABLE plain ADD y int", "SAVEPOINT b", "SELECT 1/0", "ROLLBACK TO b",
        "SHOW lock_timeout", "ROLLBACK TO a", "SHOW lock_timeout", "COMMIT"],
    "a transaction that only reads": ["BEGIN READ ONLY", "CREATE TABLE t (i int)", "SELECT 1", "ROLLBACK"],
    "a failed transaction": ["BEGIN", "SELECT 1/0", "CREATE TABLE t (i int)", "DROP TABLE plain", "COMMIT"],
    "positions of errors": [
        "CREATE TABLE t (i int, j no_type)", "CREATE INDEX ON plain (no_column)", "ALTER TABLE plain ALTER i TYPE no_type",
        "CREATE VIEW v AS SELECT no_column FROM plain"],
    "a held cursor": [
        "BEGIN", "DECLARE c CURSOR WITH HOLD FOR SELECT generate_series(1, 5)", "FETCH 2 c", "COMMIT",
        "CREATE TABLE t (i int)", "FETCH 2 c", "DROP TABLE t", "CLOSE c"],
    "several statements in one query": [
        "CREATE TABLE t (i int); INSERT INTO t VALUES (1); SELECT * FROM t; DROP TABLE t; SELECT 2",
        "BEGIN; CREATE TABLE t (i int); ROLLBACK; SELECT 3", "CREATE TABLE t (i int); SELECT 1/0", "SELECT to_regclass('t')"],
    "notices": ["CREATE TABLE IF NOT EXISTS plain (i int)", "DROP TABLE IF EXISTS nothing", "DROP TABLE IF EXISTS nothing CASCADE"],
    "what is prepared and open": [
        "PREPARE p AS INSERT INTO plain VALUES ($1)", "EXECUTE p(1)", "ALTER TABLE plain ADD w int",
        "SELECT name, statement FROM pg_prepared_statements", "EXECUTE p(2)", "ALTER TABLE plain DROP w",
        "SELECT name FROM pg_cursors", "DEALLOCATE ALL"],
    "a portal across a schema change": [
        ("BEGIN", parse("SELECT generate_series(1, 4)", "s") + bind("s", "p") + execute("p", 2)
         + extended("ALTER TABLE plain ADD v int") + execute("p", 2) + describe("S", "s") + close("S", "s") + SYNC),
        "ROLLBACK"],
    "two phases": [
        "BEGIN", "CREATE TABLE t (i int)", "PREPARE TRANSACTION 'one'", "ROLLBACK PREPARED 'one'"],
    "partitions one by one": [
        "CLUSTER parted USING parted_i", "REINDEX INDEX parted_i", "REINDEX TABLE parted", "BEGIN", "REINDEX TABLE parted", "ROLLBACK"],
    "custom settings": [
        "BEGIN", "ALTER TABLE plain ADD w int", "SELECT name FROM pg_settings WHERE name LIKE 'phasegate%'", "ROLLBACK",
        "SELECT name FROM pg_settings WHERE name LIKE 'phasegate%'"],
    "a large object": [
        "BEGIN", "SELECT lo_from_bytea(4711, 'abc')", "SELECT lo_get(4711)", "ALTER TABLE plain ADD w int", "SELECT lo_get(4711)",
        "ROLLBACK"],
}


def everything_allowed():
    listed = subprocess.run([BUILD / "proxy" / "phasegate", "rules", "--format", "json"], capture_output=True, check=True)
    return {rule["id"]: "allow" for rule in json.loads(listed.stdout)}


@pytest.fixture(scope="module", params=["observe", "allow"])
def transparent(request, server, lab_directory):
    """phasegate that has nothing to object to."""
    changes = {"mode": "observe"} if request.param == "observe" else {"rules": everything_allowed()}
    proxy = Phasegate(server, lab_directory / f"transparent-{request.param}", BUILD, changes)
    yield proxy.start()
    assert proxy.stop() == 0


def said(messages):
    """An answer, but for what is different each time: oids of tables."""
    return [m.kind if m.kind == "T" else m.bytes for m in messages]


def hold(wire, to, direct, conversation):
    client, answers = wire(to), []
    for part in conversation:
        if isinstance(part, str) and part.startswith("other: "):
            direct.execute(part.removeprefix("other: "))
        elif isinstance(part, str):
            answers.append((part, said(client.query(part))))
        else:
            client.send(query(part[0]) + part[1])
            answers.append((part[0], said(client.until("Z", 2))))
    return answers


@pytest.mark.parametrize("statement", ["VACUUM (SKIP_LOCKED) plain", "ANALYZE (SKIP_LOCKED) plain", "LOCK TABLE plain NOWAIT"])
def test_what_does_not_wait_for_locks_does_not_wait_here(connect, server, direct, transparent, database, statement):
    direct.execute(SCHEMA + "CREATE INDEX ON plain (lower(s));")
    client = connect(transparent)
    with server.connect(database) as holder, holder.transaction():
        holder.execute("LOCK TABLE plain")
        client.execute("SET statement_timeout = '10s'")
        if statement.startswith("LOCK"):
            client.execute("BEGIN")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                client.execute(statement)
        else:
            client.execute(statement)


@pytest.mark.parametrize("text", ["ALTER TABEL plain", "ALTER TABLE plain ADD 'ä' int", "CREATE\nTABLE (i int)"])
def test_a_syntax_error_is_where_the_server_sees_it(wire, server, transparent, text):
    (expected,), (error,) = (errors(wire(to).query(text)) for to in (Direct(server), transparent))
    assert [error.fields[name] for name in "CMP"] == [expected.fields[name] for name in "CMP"]


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_nothing_is_different(wire, server, direct, transparent, name):
    direct.execute(SCHEMA)
    expected = hold(wire, Direct(server), direct, CONVERSATIONS[name])
    assert hold(wire, transparent, direct, CONVERSATIONS[name]) == expected


DEAR = "-c jit_above_cost=0 -c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 " \
       "-c auto_explain.log_analyze=on"


def test_jit_is_not_for_the_catalog_query(server, connect, direct, transparent):
    """Settings that make plans dear make the server compile them: seconds for a query as long as ours."""
    direct.execute(SCHEMA)
    client = connect(transparent, options=DEAR)
    before = len(server.log.read_text())
    client.execute("SELECT count(*) FROM plain")
    client.execute("ALTER TABLE plain ADD w int")
    plans = server.log.read_text()[before:].split(" LOG:  duration: ")[1:]
    compiled = {part: ["JIT:" in plan for plan in plans if part in plan] for part in ("count(*) FROM plain", "me AS MATERIALIZED")}
    assert compiled == {"count(*) FROM plain": [True], "me AS MATERIALIZED": [False]}

# SPDX-License-Identifier: PostgreSQL
"""Rows that no UPDATE fills: refused beforehand where the catalog tells, else the change fails and says so."""

import psycopg
import pytest

from lab.process import wait_until

ROWS = 4_000
OWNER = "DO $$ BEGIN CREATE ROLE holder LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;"
TABLE = f"""
{OWNER}
GRANT ALL ON SCHEMA public TO holder;
CREATE TYPE mood AS ENUM ('sad', 'fair');
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 3, b text, m mood DEFAULT 'sad');
INSERT INTO t SELECT i, i, i::text FROM generate_series(1, {ROWS}) i;
ALTER TYPE mood OWNER TO holder; ALTER TABLE t OWNER TO holder;
ANALYZE t;
"""
SMALL = {"policy": {"small_table": {"rows": 100, "bytes": "8kB"}}}
ADD = "ALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid()"
TYPE = "ALTER TABLE t ALTER COLUMN a TYPE bigint"
LABEL = "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"

FORCE = "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id % 2 = 0)"
RULE = "CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING"
GIVES_UP = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
RESTORES = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW := OLD; RETURN NEW; END'"
TRIGGER = "; CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"

pytestmark = [pytest.mark.gate, pytest.mark.contents(TABLE)]


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def columns(connection):
    return one(connection, "SELECT string_agg(attname || ' ' || atttypid::regtype, ',' ORDER BY attnum) FROM pg_attribute"
                           " WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped")


def refused(connection, statement):
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement)
    return caught.value


@pytest.mark.parametrize("spoil, why", [(FORCE, "row security may hide rows"), (RULE, "a rule of the table")],
                         ids=["row security", "rule"])
def test_what_the_catalog_tells_is_refused(direct, connect, start_proxy, spoil, why):
    direct.execute(spoil)
    before = columns(direct)
    proxy = start_proxy({**SMALL, "rules": {"rename-enum-value": "phase"}})
    for statement in (ADD, TYPE, LABEL):
        error = refused(connect(to=proxy, user="holder"), statement)
        assert error.sqlstate == "PG001", error
        if statement != LABEL or spoil == RULE:
            assert why in error.diag.message_hint, error.diag.message_hint
    assert columns(direct) == before


def test_whom_row_security_does_not_bind(direct, connect, start_proxy):
    direct.execute(FORCE)
    connect(to=start_proxy(SMALL)).execute(ADD)  # a superuser
    assert one(direct, "SELECT count(u) FROM t") == ROWS


# Row security by which the owner is not bound, a rule for other commands, a trigger that lets the row through.
HARMLESS = """
ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (false);
CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.b := ''touched''; RETURN NEW; END'
""" + TRIGGER
ROOT = """
CREATE TABLE p (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100000);
INSERT INTO p SELECT id, a FROM t; ANALYZE p;
ALTER TABLE p OWNER TO holder; ALTER TABLE p1 OWNER TO holder;
ALTER TABLE p ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
"""


def test_what_keeps_no_row_from_being_filled(direct, connect, start_proxy):
    direct.execute(f"{HARMLESS};{ROOT}")
    client = connect(to=start_proxy(SMALL), user="holder")
    client.execute(ADD)
    client.execute(TYPE)
    client.execute(ADD.replace("TABLE t", "TABLE p"))
    client.execute("ALTER TABLE t ALTER COLUMN b SET NOT NULL")
    assert one(direct, "SELECT count(*) FROM t WHERE u IS NOT NULL AND a = id AND b = 'touched'") == ROWS
    assert one(direct, "SELECT count(u) FROM p") == ROWS
    assert one(direct, "SELECT bool_and(state = 'done') FROM phasegate.change")


# A type change's own trigger comes last and sets the new column whatever was restored.
@pytest.mark.parametrize("spoil, statement", [(GIVES_UP, ADD), (RESTORES, ADD), (GIVES_UP, TYPE)],
                         ids=["gives up", "restores", "gives up a type change"])
def test_a_trigger_that_undoes_the_write_fails_the_change(direct, connect, start_proxy, spoil, statement):
    direct.execute(spoil + TRIGGER)
    before = columns(direct)
    error = refused(connect(to=start_proxy(SMALL), user="holder"), statement)
    assert error.sqlstate == "23000", error
    assert f"{ROWS:,} rows of public.t are not filled" in error.diag.message_primary
    assert "(id) = (" in error.diag.message_detail and "A trigger of the table" in error.diag.message_detail
    assert columns(direct) == before
    assert one(direct, "SELECT state FROM phasegate.change") == "failed"


def test_row_security_that_came_meanwhile_fails_the_change(direct, connect, start_proxy, in_background):
    client = connect(to=start_proxy({**SMALL, "backfill": {"batch_rows_first": 100, "batch_rows_max": 100, "rows_per_second": 500}}), user="holder")
    told = []

    def send():
        try:
            client.execute(ADD)
        except psycopg.Error as error:
            told.append(error.sqlstate)

    thread = in_background(send)
    wait_until(lambda: one(direct, "SELECT to_regclass('phasegate.backfill') IS NOT NULL")
               and one(direct, "SELECT COALESCE(sum(rows_changed), 0)::int8 FROM phasegate.backfill") > 200, "the backfill to begin")
    direct.execute(FORCE)
    thread.join(30)
    assert told == ["42501"]
    assert "u uuid" not in columns(direct)


def test_it_is_kept_for_people_and_goes_on_without_the_trigger(direct, connect, start_proxy, phasegate):
    direct.execute(GIVES_UP + TRIGGER)
    error = refused(connect(to=start_proxy({**SMALL, "changes": {"on_bad_rows": "keep"}}), user="holder"), ADD)
    assert error.sqlstate == "23000" and "phasegate retry 1" in error.diag.message_hint
    assert one(direct, "SELECT state FROM phasegate.change") == "needs_fix"
    direct.execute("DROP TRIGGER g ON t")
    phasegate("retry", 1)
    wait_until(lambda: one(direct, "SELECT state FROM phasegate.change") == "done", "the change to be done", 30)
    assert one(direct, "SELECT count(u) FROM t") == ROWS


def test_a_label_whose_rows_stay_soaks_on(direct, connect, start_proxy, phasegate):
    direct.execute(GIVES_UP + TRIGGER)
    connect(to=start_proxy({**SMALL, "rules": {"rename-enum-value": "phase"}}), user="holder").execute(LABEL)
    phasegate("release", 1)
    wait_until(lambda: "rows of public.t are not filled" in
               (one(direct, "SELECT error_message FROM phasegate.change") or ""), "the reason to be told", 30)
    assert one(direct, "SELECT state FROM phasegate.change") == "soaking"


@pytest.mark.parametrize("holder", ["x t", "x t[]", "x of_t", "x over_t"])
def test_rows_held_in_another_table_are_not_lost(direct, connect, start_proxy, holder):
    direct.execute(f"CREATE DOMAIN over_t AS t; CREATE TYPE of_t AS (r t); CREATE TABLE o ({holder})")
    error = refused(connect(to=start_proxy(SMALL), user="holder"), TYPE)
    assert error.sqlstate == "PG001" and "holds rows of this one" in error.diag.message_hint, error


def test_a_subscriber_is_not_sent_a_column_it_does_not_have(direct, connect, start_proxy):
    proxy = start_proxy(SMALL)
    direct.execute("CREATE PUBLICATION pub FOR TABLE t")
    error = refused(connect(to=proxy, user="holder"), TYPE)
    assert error.sqlstate == "PG001" and "publication pub sends every column" in error.diag.message_hint, error
    direct.execute("ALTER PUBLICATION pub SET TABLE t (id, b)")
    connect(to=proxy, user="holder").execute(TYPE)
    assert "a bigint" in columns(direct)
    assert one(direct, "SELECT attnames::text FROM pg_publication_tables") == "{id,b}"


@pytest.mark.parametrize("statement", ["ALTER TABLE t ALTER COLUMN b TYPE json[] USING NULL",
                                       "ALTER TABLE t ALTER COLUMN b TYPE int USING NULL"])
def test_types_without_equality_and_literals(direct, connect, start_proxy, statement):
    connect(to=start_proxy(SMALL), user="holder").execute(statement)
    assert one(direct, "SELECT count(b) FROM t") == 0

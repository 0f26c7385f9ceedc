# SPDX-License-Identifier: PostgreSQL
"""
A right that is taken from the submitter while its change is under way: the change stands for people, and goes
on or back when the right is there again.
"""

import psycopg
import pytest

from lab.process import wait_until

pytestmark = pytest.mark.gate

ROWS = 20_000
TYPE = "ALTER TABLE s.t ALTER COLUMN n TYPE bigint"
BEFORE = "SELECT (SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 's.t'::regclass AND attname = 'n')," \
    " (SELECT count(*) FROM pg_attribute WHERE attrelid = 's.t'::regclass AND attnum > 0 AND NOT attisdropped)," \
    " (SELECT count(*) FROM pg_trigger WHERE tgrelid = 's.t'::regclass)"

# what takes the right, and what gives it back
RIGHTS = {"owner": ("ALTER TABLE s.t OWNER TO CURRENT_USER", "ALTER TABLE s.t OWNER TO app"),
          "schema": ("REVOKE USAGE ON SCHEMA s FROM app", "GRANT USAGE ON SCHEMA s TO app"),
          "table": ("REVOKE UPDATE ON s.t FROM app", "GRANT SELECT, UPDATE ON s.t TO app")}


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


@pytest.fixture
def stuck(direct, start_proxy, database, in_background):
    """stuck(taking): a type change of the table's owner that stopped because of that; its error."""
    direct.execute(f"""
        CREATE SCHEMA s; GRANT USAGE, CREATE ON SCHEMA s TO app;
        CREATE TABLE s.t (id bigint PRIMARY KEY, n int NOT NULL);
        INSERT INTO s.t SELECT i, i FROM generate_series(1, {ROWS}) i;
        ALTER TABLE s.t OWNER TO app; ANALYZE s.t""")

    def stop(taking):
        errors, proxy = [], start_proxy({"backfill": {"rows_per_second": 8000}})

        def send():
            with psycopg.connect(proxy.conninfo(database, user="app"), autocommit=True) as connection:
                errors.append(pytest.raises(psycopg.Error, connection.execute, TYPE).value)

        change = in_background(send)
        wait_until(lambda: one(direct, "SELECT to_regclass('phasegate.backfill') IS NOT NULL") and
                   one(direct, "SELECT COALESCE(max(rows_changed), 0)::int8 FROM phasegate.backfill") > 500, "the backfill to begin")
        direct.execute(taking)
        change.join(60)
        assert one(direct, "SELECT state FROM phasegate.change") == "needs_attention", errors
        return errors[0]
    return stop


@pytest.mark.parametrize("kind", RIGHTS)
def test_it_goes_on_when_the_right_is_there_again(direct, stuck, phasegate, kind):
    taking, giving = RIGHTS[kind]
    error = stuck(taking)
    assert error.sqlstate == "42501"
    assert giving in error.diag.message_hint and "phasegate retry 1" in error.diag.message_hint
    direct.execute(giving)
    phasegate("retry", 1)
    wait_until(lambda: one(direct, "SELECT state FROM phasegate.change") == "done", "the change to end")
    assert direct.execute(BEFORE).fetchone() == ("bigint", 2, 0)


def test_an_abort_without_the_right_is_refused(direct, stuck, phasegate):
    taking, giving = RIGHTS["owner"]
    stuck(taking)
    assert giving in phasegate("abort", 1, status=2)
    direct.execute(giving)
    phasegate("abort", 1)
    wait_until(lambda: one(direct, "SELECT state FROM phasegate.change") == "cancelled", "the change to be taken back")
    assert direct.execute(BEFORE).fetchone() == ("integer", 2, 0)

# SPDX-License-Identifier: PostgreSQL
"""Changes that a client's own transaction records, and who may look at the record."""

import psycopg
import pytest

from engine_runs import ADD_COLUMN, constraint, document, one, orders, OWNER, Run, SET_NOT_NULL, statuses

pytestmark = pytest.mark.gate


def submit_in(connection, document, steps, end, **changes):
    """What a session does inside BEGIN..COMMIT; returns the change's id."""
    made = Run(document(steps, mode="submit_sql", pid=connection.info.backend_pid, **changes)).outcome()["sql"]
    connection.execute("BEGIN")
    try:
        number = connection.execute(made).fetchone()[0]
        for each in steps:
            if each.get("in_client_transaction"):
                connection.execute(each["sql"])
    except psycopg.Error:
        connection.execute("ROLLBACK")
        raise
    connection.execute(end)
    return number


@pytest.fixture
def client(server, database, orders):
    with psycopg.connect(server.conninfo(database).replace("user=postgres", f"user={OWNER}"),
                         autocommit=True) as connection:
        yield connection


def test_recorded_by_the_client_and_run_after_commit(client, orders, document):
    number = submit_in(client, document, ADD_COLUMN, "COMMIT")
    row = orders.execute(f"SELECT submitted_by::text, session_user_name::text, state FROM phasegate.change"
                         f" WHERE id = {number}").fetchone()
    assert row == (OWNER, OWNER, "submitted")
    assert statuses(orders, number) == ["done", "done"] + ["pending"] * 4
    outcome = Run(document(ADD_COLUMN, mode="run", ids=[number])).outcome()
    assert outcome["state"] == "done", str(outcome)
    assert one(orders, "SELECT count(*) FROM orders WHERE double = qty * 2") == 1000


def test_rolled_back_with_the_client(client, orders, document):
    number = submit_in(client, document, ADD_COLUMN, "ROLLBACK")
    assert one(orders, "SELECT count(*) FROM phasegate.change") == 0
    assert Run(document(ADD_COLUMN, mode="run", ids=[number])).outcome()["state"] == "done"


def test_what_the_client_committed_is_kept(client, orders, document):
    orders.execute("INSERT INTO orders VALUES (0, NULL)")
    number = submit_in(client, document, SET_NOT_NULL, "COMMIT")
    outcome = Run(document(SET_NOT_NULL, mode="run", ids=[number])).outcome()
    assert (outcome["state"], outcome["sqlstate"]) == ("failed", "23502")
    assert "Kept, because your transaction committed it: add the helper check. To undo it: ALTER TABLE" \
        in outcome["hint"]
    assert one(orders, constraint("orders_qty_not_null"))


def test_the_submitter_is_who_the_server_says(server, database, orders, document):
    with server.connect(database) as connection:
        connection.execute(f"SET ROLE {OWNER}")
        number = submit_in(connection, document, SET_NOT_NULL, "COMMIT", submitter="postgres")
    row = orders.execute(f"SELECT submitted_by::text, session_user_name::text FROM phasegate.change"
                         f" WHERE id = {number}").fetchone()
    assert row == (OWNER, "postgres")


FORGERIES = {
    "text": lambda sql: sql.replace("add the helper check", "add the helper chick"),
    "code": lambda sql: sql[:-16] + ("0" if sql[-16] != "0" else "1") + sql[-15:],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_submit_believes_the_proxy_only(client, document, forgery):
    genuine = Run(document(SET_NOT_NULL, mode="submit_sql", pid=client.info.backend_pid)).outcome()["sql"]
    forged = FORGERIES[forgery](genuine.replace(" AS change", ""))
    assert forged != genuine
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only phasegate may submit"):
        client.execute(forged)


def test_submit_is_for_one_session_once(server, database, client, document):
    genuine = Run(document(SET_NOT_NULL, mode="submit_sql", pid=client.info.backend_pid)).outcome()["sql"]
    with server.connect(database) as other:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only phasegate may submit"):
            other.execute(genuine)
    number = client.execute(genuine).fetchone()[0]
    with pytest.raises(psycopg.errors.ObjectInUse):
        client.execute(genuine)
    # Its step was not run, so the record was wrong; the engine looks before it believes.
    assert Run(document(SET_NOT_NULL, mode="run", ids=[number])).outcome()["state"] == "done"
    with pytest.raises(psycopg.errors.UniqueViolation, match="recorded before"):
        client.execute(genuine)


def test_the_record_is_closed_to_others(client, orders, document):
    Run(document(SET_NOT_NULL)).outcome()
    for table in ("key", "change", "step", "backfill", "event", "hold"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute(f"SELECT * FROM phasegate.{table}")
    assert client.execute("SELECT state, original_sql FROM phasegate.changes").fetchone() == (
        "done", "ALTER TABLE orders ...")
    for sql in ("UPDATE phasegate.event SET kind = 'x'", "DELETE FROM phasegate.event", "TRUNCATE phasegate.event"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            orders.execute(sql)

# SPDX-License-Identifier: PostgreSQL
"""The change engine is killed at any moment: what is done and what is on record agree, and it goes on."""

import random
import time

import pytest

from engine_runs import (ADD_COLUMN, column_is_not_null, create_index, document, INDEX_PROBE, LIVE, one, orders, OWNER, Run,
                         SET_NOT_NULL, statuses)
from lab.process import wait_until

pytestmark = pytest.mark.gate


def agree(connection, number, steps):
    """What is on record as done holds in the catalog; transactional steps not on record do not."""
    for each, status in zip(steps, statuses(connection, number)):
        if each["probe"] is None or each["purpose"].startswith("drop"):
            continue
        holds = one(connection, "SELECT (" + each["probe"] + ")")
        if status == "done":
            assert holds, each["purpose"]
        elif status in ("pending", "intent") and each["kind"] == "catalog":
            assert not holds, each["purpose"]


def engine_gone(connection):
    """Its server process has finished or ended what it was at; then nothing moves any more."""
    wait_until(lambda: not one(connection, "SELECT EXISTS (SELECT FROM pg_stat_activity"
                                           " WHERE application_name = 'phasegate')"),
               "the server to notice", timeout=20)


LONG = ADD_COLUMN + create_index()
SLOW = {"batch_rows_first": 20, "batch_rows_max": 20, "rows_per_second": 600}


@pytest.fixture
def counted(orders):
    """orders, with every write of a row counted; sequences do not roll back."""
    orders.execute(f"""SET ROLE {OWNER};
        CREATE SEQUENCE public.written;
        CREATE FUNCTION public.count_write() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM nextval('public.written'); RETURN NEW; END $$;
        CREATE TRIGGER w BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION public.count_write();
        RESET ROLE""")
    return orders


def look_after_a_kill(connection):
    """The record agrees with the table.  True while the change is live."""
    engine_gone(connection)
    if not one(connection, "SELECT to_regclass('phasegate.change') IS NOT NULL"):
        return True
    row = connection.execute("SELECT id, state FROM phasegate.change ORDER BY id DESC LIMIT 1").fetchone()
    if row is None:
        return True
    agree(connection, row[0], LONG)
    filled = one(connection, "SELECT COALESCE(sum(rows_changed), 0)::int8 FROM phasegate.backfill")
    if filled:
        assert one(connection, "SELECT count(*) FROM orders WHERE double IS NOT NULL") == filled
    return row[1] in LIVE


def completes(connection, document, repeated):
    outcome = Run(document(LONG)).outcome()
    assert outcome["state"] == "done", str(outcome)
    assert one(connection, "SELECT count(*) FROM orders WHERE double = qty * 2") == 1000
    assert one(connection, column_is_not_null("double"))
    assert one(connection, INDEX_PROBE.format("indisvalid"))
    # At most the batch under way was repeated for each kill.
    assert one(connection, "SELECT last_value FROM public.written") <= 1000 + repeated
    assert one(connection, "SELECT count(*) FROM phasegate.change WHERE state = 'done'") >= 1


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_random(counted, document, seed):
    """Killed again and again; the record agrees with the catalog; sending it again completes it."""
    chance = random.Random(seed)
    kills, live = 0, True
    while live and kills < 6:
        run = Run(document(LONG, settings=SLOW))
        time.sleep(chance.uniform(0.05, 0.7))
        run.kill()
        kills += 1
        live = look_after_a_kill(counted)
    completes(counted, document, kills * 20)


@pytest.mark.parametrize("delay_ms", [0, 3, 15])
@pytest.mark.parametrize("number", [1, 3, 4, 5, 7])
def test_killed_at_a_step(counted, document, number, delay_ms):
    """Killed in the moment it says that a step begins, or shortly after."""
    run = Run(document(LONG))
    run.until(f"step {number} of 7")
    time.sleep(delay_ms / 1000)
    run.kill()
    look_after_a_kill(counted)
    completes(counted, document, 500)


def test_taken_up_at_once_from_a_dead_proxy(orders, document):
    """No waiting for somebody to notice: the session lock goes with the connection."""
    slow = {"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 200}
    run = Run(document(ADD_COLUMN, settings=slow))
    run.until("backfilling")
    run.kill()
    outcome = Run(document(ADD_COLUMN)).outcome()
    assert outcome["state"] == "done", str(outcome)
    assert one(orders, "SELECT epoch FROM phasegate.change") == 2


def test_somebody_elses_orphan_is_named(orders, document):
    slow = {"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 200}
    run = Run(document(ADD_COLUMN, sql="ALTER 1", settings=slow))
    run.until("backfilling")
    run.kill()
    engine_gone(orders)
    outcome = Run(document(SET_NOT_NULL, sql="ALTER 2")).outcome()
    assert outcome["sqlstate"] == "55006"
    assert outcome["hint"].startswith("Nobody works on it now.")


def test_the_server_is_restarted_meanwhile(server, orders, document, database):
    slow = {"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 300}
    run = Run(document(ADD_COLUMN, settings=slow))
    run.until("backfilling")
    orders.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'phasegate'")
    outcome = run.outcome()
    assert outcome["state"] == "done", str(outcome)
    assert one(orders, "SELECT count(*) FROM orders WHERE double = qty * 2") == 1000

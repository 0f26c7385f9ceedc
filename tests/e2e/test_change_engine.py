# SPDX-License-Identifier: PostgreSQL
"""
The change engine by itself, driven by tests/tools/run_change.c: what it does to the table, what it
puts on record, and what the client is told.
"""

import time

import psycopg
import pytest

from engine_runs import (ADD_COLUMN, column_is_not_null, constraint, create_index, document, fill, INDEX_PROBE, no_traces,
                         one, orders, OWNER, Run, SET_NOT_NULL, state, statuses, step)
from lab.process import wait_until

pytestmark = pytest.mark.gate


# ---- the way forward ----

def test_set_not_null(orders, document):
    run = Run(document(SET_NOT_NULL))
    outcome = run.outcome()
    assert outcome["state"] == "done", str(outcome)
    assert one(orders, column_is_not_null("qty"))
    assert not one(orders, constraint("orders_qty_not_null"))
    assert state(orders, outcome["id"]) == "done"
    assert statuses(orders, outcome["id"]) == ["done"] * 4
    assert run.progress()[0] == f"phasegate: change {outcome['id']}: step 1 of 4: add the helper check"
    kinds = [row[0] for row in orders.execute("SELECT kind FROM phasegate.event ORDER BY id")]
    assert kinds == ["submitted"] + ["step done"] * 4 + ["done"]
    no_traces(orders, outcome["id"])


def test_add_column_with_backfill(orders, document):
    outcome = Run(document(ADD_COLUMN, settings={"batch_rows_first": 100})).outcome()
    assert outcome["state"] == "done", str(outcome)
    assert outcome["rows"] == 1000
    assert outcome["batches"] > 1
    assert one(orders, "SELECT count(*) FROM orders WHERE double = qty * 2") == 1000
    assert one(orders, column_is_not_null("double"))
    leaf = orders.execute("SELECT key_columns::text, rows_changed, done FROM phasegate.backfill").fetchone()
    assert leaf == ("{id}", 1000, True)


def test_create_index(orders, document):
    outcome = Run(document(create_index())).outcome()
    assert outcome["state"] == "done", str(outcome)
    assert one(orders, INDEX_PROBE.format("indisvalid"))
    owner = one(orders, "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'orders_qty_idx'")
    assert owner == OWNER


def test_an_invalid_index_is_repaired_first(orders, document):
    orders.execute("INSERT INTO orders VALUES (0, 1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        orders.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_qty_idx ON orders (qty)")
    assert one(orders, INDEX_PROBE.format("NOT indisvalid"))
    assert Run(document(create_index())).outcome()["state"] == "done"
    assert one(orders, INDEX_PROBE.format("indisvalid"))


TABLES = {
    "uuid": ("id uuid PRIMARY KEY, n int, filled int",
             "SELECT gen_random_uuid(), i FROM generate_series(1, 700) i", "{id}"),
    "composite": ("a int, b text, n int, filled int, PRIMARY KEY (a, b)",
                  "SELECT i % 7, 'k' || i, i FROM generate_series(1, 700) i", "{a,b}"),
    "collated": ("name text COLLATE \"und-x-icu\" PRIMARY KEY, n int, filled int",
                 "SELECT chr(64 + i % 60) || '\\''' || i, i FROM generate_series(1, 700) i", "{name}"),
    "char": ("code char(9) PRIMARY KEY, n int, filled int",
             "SELECT to_char(i, 'FM990') || ' x', i FROM generate_series(1, 700) i", "{code}"),
    "time": ("at timestamptz(6) PRIMARY KEY, n int, filled int",
             "SELECT now() + i * interval '1 microsecond', i FROM generate_series(1, 700) i", "{at}"),
    "float": ("x float8 PRIMARY KEY, n int, filled int",
              "SELECT i / 7.0, i FROM generate_series(1, 700) i", "{x}"),
    "unique index": ("id int NOT NULL, n int, filled int, UNIQUE (id)",
                     "SELECT i, i FROM generate_series(1, 700) i", "{id}"),
    "nullable unique": ("id int UNIQUE, n int, filled int", "SELECT i, i FROM generate_series(1, 700) i", "{}"),
    "deferrable": ("id int PRIMARY KEY DEFERRABLE, n int, filled int",
                   "SELECT i, i FROM generate_series(1, 700) i", "{}"),
    "no key": ("n int, filled int", "SELECT i FROM generate_series(1, 700) i", "{}"),
    "quoted": ("\"Weird \"\"key\" int PRIMARY KEY, n int, filled int",
               "SELECT i, i FROM generate_series(1, 700) i", "{\"Weird \\\"key\"}"),
    "partitioned": ("id int, n int, filled int, PRIMARY KEY (id)",
                    "SELECT i, i FROM generate_series(1, 700) i", "{id}"),
    "inherited": ("id int PRIMARY KEY, n int, filled int",
                  "SELECT i, i FROM generate_series(1, 700) i", "{id}"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_backfill_walks_every_table_once(orders, document, kind):
    columns, rows, key = TABLES[kind]
    partitioned = " PARTITION BY HASH (id)" if kind == "partitioned" else ""
    orders.execute(f"SET ROLE {OWNER}")
    orders.execute(f'CREATE TABLE public."Big" ({columns}){partitioned}')
    if partitioned:
        for i in range(3):
            orders.execute(f'CREATE TABLE public.p{i} PARTITION OF public."Big"'
                           f' FOR VALUES WITH (MODULUS 3, REMAINDER {i})')
    if kind == "inherited":
        orders.execute('CREATE TABLE public.child (PRIMARY KEY (id)) INHERITS (public."Big")')
        orders.execute("INSERT INTO public.child SELECT -i, i FROM generate_series(1, 50) i")
    orders.execute(f'INSERT INTO public."Big" {rows}')
    # Every write of a row is counted: each has to be written exactly once.
    orders.execute("""
        CREATE SEQUENCE public.written;
        CREATE FUNCTION public.count_write() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM nextval('public.written'); RETURN NEW; END $$""")
    for table in (["p0", "p1", "p2"] if partitioned else ['"Big"'] + ["child"] * (kind == "inherited")):
        orders.execute(f"CREATE TRIGGER w BEFORE UPDATE ON public.{table} FOR EACH ROW"
                       " EXECUTE FUNCTION public.count_write()")
    orders.execute('RESET ROLE; ANALYZE public."Big"')
    plan = document([fill("filled = n + 1", "filled IS NULL", table="Big")], table='"Big"',
                    settings={"batch_rows_first": 40})
    plan["plan"]["table"] = "Big"
    outcome = Run(plan).outcome()
    assert outcome["state"] == "done", str(outcome)
    total = one(orders, 'SELECT count(*) FROM public."Big"')
    assert outcome["rows"] == total
    assert one(orders, 'SELECT count(*) FROM public."Big" WHERE filled = n + 1') == total
    assert one(orders, "SELECT last_value FROM public.written") == total
    assert outcome["batches"] >= 3
    keys = {row[0] for row in orders.execute("SELECT key_columns::text FROM phasegate.backfill")}
    assert keys == {key}


def test_a_table_without_statistics_is_walked_by_its_index(orders, document):
    """Else each batch sorts all that is left, and a large table is never done."""
    orders.execute(f"""
        SET ROLE {OWNER};
        CREATE TABLE public.fresh (id bigint PRIMARY KEY, filled int) WITH (autovacuum_enabled = off);
        INSERT INTO public.fresh SELECT i FROM generate_series(1, 20000) i;
        RESET ROLE""")
    plan = document([fill("filled = 1", "filled IS NULL", table="fresh")], table="fresh",
                    settings={"batch_rows_first": 500, "batch_rows_max": 500})
    outcome = Run(plan).outcome()
    assert outcome["state"] == "done", str(outcome)
    assert outcome["batches"] >= 40
    # Where a batch ends, and the batch, in two passes; versions that are dead count as well.
    assert wait_until(lambda: one(orders, "SELECT pg_stat_get_tuples_returned('fresh_pkey'::regclass)"),
                      "statistics") < 10 * 20000


def test_rows_that_move_are_found_by_another_pass(orders, document):
    """Updates of the key while the backfill is on its way."""
    orders.execute("ALTER TABLE orders ADD COLUMN filled int")
    run = Run(document([fill("filled = 1", "filled IS NULL")],
                       settings={"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 400}))
    run.until("backfilling")
    orders.execute("UPDATE orders SET id = -id WHERE id > 990")
    assert run.outcome()["state"] == "done"
    assert one(orders, "SELECT count(*) FROM orders WHERE filled IS NULL") == 0


def test_rows_per_second(orders, document):
    orders.execute("ALTER TABLE orders ADD COLUMN filled int")
    outcome = Run(document([fill("filled = 1", "filled IS NULL")],
                           settings={"batch_rows_first": 50, "batch_rows_max": 50,
                                     "rows_per_second": 500})).outcome()
    assert outcome["state"] == "done"
    assert 1500 < outcome["duration_ms"] < 10000


# ---- failures: the server's words, and everything undone ----

def fingerprint(connection):
    """What the catalog says about the table; names only, so that undone equals untouched."""
    return connection.execute("""
        SELECT (SELECT json_agg(a) FROM (SELECT attname, attnotnull, atthasdef FROM pg_attribute
                WHERE attrelid = 'public.orders'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1) a),
            (SELECT json_agg(c) FROM (SELECT conname, convalidated FROM pg_constraint
                WHERE conrelid = 'public.orders'::regclass ORDER BY 1) c),
            (SELECT json_agg(i) FROM (SELECT indexrelid::regclass::text, indisvalid FROM pg_index
                WHERE indrelid = 'public.orders'::regclass ORDER BY 1) i)""").fetchone()


def test_null_values_are_reported_as_postgresql_would(orders, document):
    orders.execute("INSERT INTO orders VALUES (0, NULL)")
    with pytest.raises(psycopg.errors.NotNullViolation) as direct_error:
        orders.execute("ALTER TABLE orders ALTER qty SET NOT NULL")
    before = fingerprint(orders)
    outcome = Run(document(SET_NOT_NULL)).outcome()
    assert outcome["state"] == "failed"
    assert outcome["sqlstate"] == "23502"
    assert outcome["message"] == direct_error.value.diag.message_primary
    assert outcome["hint"] == "What had been done was undone; the table is as it was."
    assert fingerprint(orders) == before
    assert state(orders, outcome["id"]) == "failed"
    assert statuses(orders, outcome["id"]) == ["undone", "pending", "pending", "pending"]
    no_traces(orders, outcome["id"])


def test_a_check_the_client_asked_for_keeps_its_name(orders, document):
    orders.execute("INSERT INTO orders VALUES (0, NULL)")
    outcome = Run(document(SET_NOT_NULL[:2])).outcome()
    assert (outcome["sqlstate"], outcome["message"]) == (
        "23514", 'check constraint "orders_qty_not_null" of relation "orders" is violated by some row')


def test_duplicates(orders, document):
    orders.execute("INSERT INTO orders VALUES (0, 7)")
    before = fingerprint(orders)
    outcome = Run(document(create_index("UNIQUE"))).outcome()
    assert (outcome["state"], outcome["sqlstate"]) == ("failed", "23505")
    assert outcome["detail"] == "Key (qty)=(7) is duplicated."
    assert fingerprint(orders) == before


def test_an_expression_that_fails(orders, document):
    orders.execute("INSERT INTO orders VALUES (0, 2000000000)")
    before = fingerprint(orders)
    outcome = Run(document(ADD_COLUMN)).outcome()
    assert (outcome["state"], outcome["sqlstate"]) == ("failed", "22003")
    assert fingerprint(orders) == before


def test_what_was_there_before_is_not_undone(orders, document):
    """The index stands already; the step after it fails."""
    orders.execute("CREATE INDEX orders_qty_idx ON orders (qty)")
    orders.execute("INSERT INTO orders VALUES (0, NULL)")
    outcome = Run(document(create_index() + SET_NOT_NULL)).outcome()
    assert outcome["state"] == "failed"
    assert one(orders, INDEX_PROBE.format("indisvalid"))
    assert not one(orders, constraint("orders_qty_not_null"))


def test_a_stranger_may_not(orders, document):
    """The change runs as its submitter: what that role could not do fails."""
    orders.execute("DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    for steps in (SET_NOT_NULL, create_index()):
        outcome = Run(document(steps, submitter="stranger")).outcome()
        assert (outcome["state"], outcome["sqlstate"]) == ("failed", "42501"), str(outcome)
        assert outcome["hint"] == "Nothing was changed."
    outcome = Run(document(SET_NOT_NULL, submitter="nobody")).outcome()
    assert (outcome["state"], outcome["sqlstate"]) == ("failed", "42704")


def test_a_control_role_without_superuser(server, database, orders, document):
    """All it needs: CREATE on the database, and membership in the roles that submit."""
    orders.execute(f"""
        DO $$ BEGIN CREATE ROLE control LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        GRANT {OWNER} TO control;
        GRANT CREATE ON DATABASE {database} TO control""")
    conninfo = f"host={server.host} port={server.port} user=control"
    for steps in (ADD_COLUMN, create_index()):
        outcome = Run(document(steps, conninfo=conninfo)).outcome()
        assert outcome["state"] == "done", str(outcome)
    assert not one(orders, f"SELECT has_schema_privilege('{OWNER}', 'phasegate_run', 'CREATE')")
    outcome = Run(document(SET_NOT_NULL, conninfo=conninfo, submitter="postgres")).outcome()
    assert (outcome["state"], outcome["sqlstate"]) == ("failed", "42501"), str(outcome)
    assert state(orders, outcome["id"]) == "failed"


def test_a_schema_of_somebody_elses_is_not_trusted(server, database, orders, document):
    orders.execute(f"CREATE SCHEMA phasegate AUTHORIZATION {OWNER}")
    orders.execute("DO $$ BEGIN CREATE ROLE lonely LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    orders.execute(f"GRANT CREATE ON DATABASE {database} TO lonely")
    outcome = Run(document(SET_NOT_NULL, conninfo=f"host={server.host} port={server.port} user=lonely")).outcome()
    assert outcome["state"] == "unusable"
    assert "belongs to another role than lonely" in outcome["message"], str(outcome)


HOSTILE = {
    "RESET ROLE": "cannot set parameter \"role\" within security-definer function",
    "SET SESSION AUTHORIZATION postgres":
        "cannot set parameter \"session_authorization\" within security-definer function",
    "PERFORM * FROM phasegate.key": "permission denied for table key",
    "ALTER FUNCTION phasegate_run.change_1(text, text, boolean) SECURITY INVOKER":
        "permission denied for schema phasegate_run",
    "INSERT INTO phasegate.event (change_id, kind) VALUES (1, 'x')": "permission denied for table event",
}


@pytest.mark.parametrize("deferred", ["", "DEFERRABLE INITIALLY DEFERRED"])
@pytest.mark.parametrize("attempt", HOSTILE)
def test_code_of_the_submitters_stays_the_submitter(orders, document, attempt, deferred):
    """A trigger on the table tries to become the control role; a deferred one would run at COMMIT."""
    when = "AFTER UPDATE" if deferred else "BEFORE UPDATE"
    orders.execute(f"""
        SET ROLE {OWNER};
        ALTER TABLE orders ADD COLUMN filled int;
        CREATE FUNCTION public.rise() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN {attempt}; RETURN NEW; END $$;
        CREATE {"CONSTRAINT" if deferred else ""} TRIGGER rise {when} ON orders {deferred}
            FOR EACH ROW EXECUTE FUNCTION public.rise();
        RESET ROLE""")
    outcome = Run(document([fill("filled = 1", "filled IS NULL")])).outcome()
    assert (outcome["state"], outcome["message"]) == ("failed", HOSTILE[attempt])


def test_settings_changed_by_user_code_do_not_last(orders, document):
    """search_path with a trap in it, and durability turned off, from a trigger."""
    orders.execute(f"""
        CREATE SCHEMA trap AUTHORIZATION {OWNER};
        SET ROLE {OWNER};
        ALTER TABLE orders ADD COLUMN filled int;
        CREATE FUNCTION trap.sprung(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
        CREATE OPERATOR trap.= (FUNCTION = trap.sprung, LEFTARG = bigint, RIGHTARG = bigint);
        CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM set_config('search_path', 'trap, pg_catalog', false);
            PERFORM set_config('synchronous_commit', 'off', false); RETURN NEW; END $$;
        CREATE TRIGGER meddle BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION public.meddle();
        RESET ROLE""")
    outcome = Run(document([fill("filled = 1", "filled IS NULL")], settings={"batch_rows_first": 300})).outcome()
    assert outcome["state"] == "done", str(outcome)


# ---- locks ----

def test_waiting_names_the_blocker_and_ends_when_it_goes(server, database, orders, document):
    with server.connect(database) as other:
        other.execute("SET application_name = 'report'")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM orders")
        run = Run(document(SET_NOT_NULL, settings={"lock_retry_max": 50}))
        run.until("report")
        other.execute("COMMIT")
        assert run.outcome()["state"] == "done"
        pid = other.info.backend_pid
    waiting = [line for line in run.progress() if "report" in line][0]
    assert f"pid {pid} (idle in transaction, report)" in waiting
    assert one(orders, "SELECT max(attempts) FROM phasegate.step") >= 1
    assert one(orders, "SELECT last_sqlstate FROM phasegate.step WHERE ord = 1") == "55P03"
    assert one(orders, "SELECT last_blockers->0->>'application' FROM phasegate.step WHERE ord = 1") == "report"


def test_giving_up_on_a_lock(server, database, orders, document):
    with server.connect(database) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE orders IN ACCESS SHARE MODE")
        outcome = Run(document(SET_NOT_NULL, settings={"lock_retry_max": 2, "lock_timeout_ms": 300})).outcome()
    assert (outcome["state"], outcome["sqlstate"]) == ("failed", "55P03")
    assert outcome["message"] == "canceling statement due to lock timeout"
    assert "ACCESS EXCLUSIVE on public.orders was held up by pid" in outcome["detail"]
    assert outcome["hint"] == "Nothing was changed."


@pytest.mark.parametrize("patience_ms, ends", [(60_000, "done"), (60, "failed"), (60_000, "cancelled")])
def test_a_lock_is_worth_waiting_for_behind_the_first_step(server, database, orders, document, patience_ms, ends):
    """The backfill is done when a reader keeps the table: it goes and an operator has it tried now, it stays, the
    operator has had enough."""
    run = Run(document(ADD_COLUMN, settings={"lock_retry_max": 1, "lock_timeout_ms": 200, "rows_per_second": 300,
                                             "batch_rows_first": 200, "lock_patience_ms": patience_ms}))
    run.until("backfilling")
    with server.connect(database, application_name="report") as other:
        other.execute("BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE")
        run.until("set not null: attempt 2 failed")
        if ends == "done":
            wait_until(lambda: "it is tried again" in (one(orders, "SELECT waiting_for FROM phasegate.changes") or ""), "the wait")
            assert "last held by pid" in one(orders, "SELECT waiting_for FROM phasegate.changes")
        elif ends == "cancelled":
            orders.execute("SELECT phasegate.abort(1)")
        if ends != "done":
            wait_until(lambda: state(orders, 1) == "undoing", "the change to turn back")
        other.execute("COMMIT")
        if ends == "done":
            assert "is tried again" in one(orders, "SELECT phasegate.retry(1)")
        outcome = run.outcome()
    assert (outcome["state"], state(orders, 1)) == (ends, ends)
    if ends == "failed":
        assert outcome["sqlstate"] == "55P03" and "gave up after attempt 6" in outcome["detail"], outcome
    else:
        assert one(orders, "SELECT waiting_for FROM phasegate.changes") is None


def test_rows_locked_by_a_client_are_waited_for(server, database, orders, document):
    orders.execute("ALTER TABLE orders ADD COLUMN filled int")
    with server.connect(database) as other:
        other.execute("BEGIN")
        other.execute("UPDATE orders SET qty = 5 WHERE id = 500")
        run = Run(document([fill("filled = qty", "filled IS NULL")], settings={"lock_retry_max": 1}))
        wait_until(lambda: one(orders, "SELECT COALESCE(max(attempts), 0) FROM phasegate.step") >= 2
                   if one(orders, "SELECT to_regclass('phasegate.step') IS NOT NULL") else False, "two attempts")
        other.execute("COMMIT")
    assert run.outcome()["state"] == "done"
    assert one(orders, "SELECT filled FROM orders WHERE id = 500") == 5, "the new version's value"


def test_a_batch_that_ends_in_a_deadlock_is_halved(server, database, orders, document):
    """At row 5 it waits until the client waits for row 1; then it comes to row 900, which the client has."""
    orders.execute(f"""SET ROLE {OWNER};
        ALTER TABLE orders ADD COLUMN filled int;
        CREATE SEQUENCE public.met;
        CREATE FUNCTION public.meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('public.met') = 1 THEN
                WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.005); END LOOP;
            END IF;
            RETURN NEW; END $$;
        CREATE TRIGGER meet BEFORE UPDATE ON orders FOR EACH ROW WHEN (NEW.id = 5) EXECUTE FUNCTION public.meet();
        RESET ROLE""")
    plan = document([fill("filled = qty", "filled IS NULL")], settings={"batch_rows_first": 1000, "batch_rows_max": 1000})
    # Of the two the batch is to notice.
    plan["conninfo"] += " options='-c deadlock_timeout=10ms'"
    with server.connect(database) as other:
        other.execute("BEGIN; UPDATE orders SET qty = -900 WHERE id = 900")
        run = Run(plan)
        wait_until(lambda: one(orders, "SELECT is_called FROM public.met"), "the batch to be at row 5")
        other.execute("UPDATE orders SET qty = -1 WHERE id = 1")
        other.execute("COMMIT")
    outcome = run.outcome()
    assert outcome["state"] == "done" and outcome["batches"] > 1, str(outcome)
    assert one(orders, "SELECT last_sqlstate FROM phasegate.step") == "40P01"
    assert one(orders, "SELECT count(*) FROM orders WHERE filled = qty") == 1000
    assert one(orders, "SELECT count(*) FROM orders WHERE qty = -id AND id IN (1, 900)") == 2


# ---- cancel, stop, forget ----

def test_cancel_undoes(orders, document):
    before = fingerprint(orders)
    run = Run(document(ADD_COLUMN, cancel_after_ms=1500,
                       settings={"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 100}))
    outcome = run.outcome()
    assert outcome["state"] == "cancelled", str(outcome)
    assert outcome["sqlstate"] == "57014"
    assert outcome["rows"] > 0
    assert fingerprint(orders) == before
    assert state(orders, outcome["id"]) == "cancelled"
    no_traces(orders, outcome["id"])


def test_cancel_ends_an_index_build(server, database, orders, document):
    before = fingerprint(orders)
    with server.connect(database) as other:
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        other.execute("INSERT INTO orders VALUES (0, 0)")
        run = Run(document(create_index(), cancel_after_ms=2500))
        # Cleaning up waits for the same transaction.
        run.until("waiting for pid")
        time.sleep(2)
        other.execute("ROLLBACK")
        outcome = run.outcome()
    assert outcome["state"] == "cancelled", str(outcome)
    assert fingerprint(orders) == before


def test_stop_leaves_it_live_and_sending_again_goes_on(orders, document):
    slow = {"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 200}
    run = Run(document(ADD_COLUMN, stop_after_ms=2500, settings=slow))
    outcome = run.outcome()
    assert outcome["state"] == "failed"
    assert "shutting down" in outcome["message"]
    number = outcome["id"]
    assert state(orders, number) == "running"
    done = one(orders, "SELECT count(*) FROM orders WHERE double IS NOT NULL")
    assert done > 0
    again = Run(document(ADD_COLUMN)).outcome()
    assert (again["state"], again["id"]) == ("done", number)
    assert one(orders, "SELECT rows_changed FROM phasegate.backfill") == 1000


def test_forgotten_changes_go_on(orders, document):
    outcome = Run(document(SET_NOT_NULL, forget=True, stop_after_ms=1)).outcome()
    assert outcome is None


def test_another_change_of_the_table(orders, document):
    slow = {"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 300}
    first = Run(document(ADD_COLUMN, sql="ALTER TABLE orders ADD COLUMN double ...", settings=slow))
    first.until("backfilling")
    outcome = Run(document(SET_NOT_NULL, sql="ALTER TABLE orders ALTER qty ...")).outcome()
    assert (outcome["state"], outcome["sqlstate"]) == ("failed", "55006")
    assert "another change of this table is under way: change 1: ALTER TABLE orders ADD COLUMN double ..." \
        " (state running, begun 00:00:0" in outcome["message"]
    assert outcome["hint"] == "Wait for it to end."
    assert first.outcome()["state"] == "done"


def test_the_table_is_renamed_meanwhile(orders, document):
    slow = {"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 300}
    run = Run(document(ADD_COLUMN, settings=slow))
    run.until("backfilling")
    orders.execute("ALTER TABLE orders RENAME TO old_orders")
    outcome = run.outcome()
    assert outcome["state"] == "failed"
    assert "table public.orders was renamed to public.old_orders" in outcome["message"]
    assert "Change 1 stands where it is, and nothing is undone." in outcome["hint"]
    assert state(orders, 1) == "needs_attention"
    orders.execute("ALTER TABLE old_orders RENAME TO orders")
    assert Run(document(ADD_COLUMN)).outcome()["state"] == "done"


def test_the_constraint_is_dropped_behind_our_back(orders, document):
    slow = {"batch_rows_first": 10, "batch_rows_max": 10, "rows_per_second": 500}
    run = Run(document(ADD_COLUMN, settings=slow))
    run.until("backfilling")
    orders.execute('ALTER TABLE orders DROP CONSTRAINT "orders_double_nn"')
    orders.execute("UPDATE orders SET double = NULL WHERE id = 1")
    assert run.outcome()["state"] == "done"
    assert any("was dropped by somebody; making it again" in line for line in run.progress())
    assert one(orders, "SELECT count(*) FROM orders WHERE double IS NULL") == 0


def test_the_constraint_is_dropped_before_it_is_validated(orders, document):
    """The step between drops what the first made, as somebody might."""
    between = step("catalog", "ALTER TABLE public.orders DROP CONSTRAINT orders_qty_not_null", purpose="somebody")
    run = Run(document(SET_NOT_NULL[:1] + [between] + SET_NOT_NULL[1:2]))
    assert run.outcome()["state"] == "done"
    assert one(orders, constraint("orders_qty_not_null", "convalidated"))

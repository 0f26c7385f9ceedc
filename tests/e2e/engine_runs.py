# SPDX-License-Identifier: PostgreSQL
"""What tests of the change engine share: plans, the driver tests/tools/run_change.c, the table they change."""

import json
import os
import subprocess
import threading

import pytest

from environment import ASAN, BUILD
from lab.process import wait_until

OWNER = "shop"
LIVE = ("submitted", "running", "soaking", "undoing")


# ---- plans, as recipes make them ----

def step(kind, sql, undo="", probe=None, lock="ACCESS EXCLUSIVE", purpose=None, **more):
    return {"kind": kind, "sql": sql, "undo": undo, "probe": probe, "lock": lock,
            "purpose": purpose or sql[:60], **more}


def column_is_not_null(column, table="orders"):
    return (f"SELECT attnotnull FROM pg_attribute WHERE attrelid = 'public.{table}'::regclass"
            f" AND attname = '{column}'")


def constraint(name, more="true", table="orders"):
    return (f"SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.{table}'::regclass"
            f" AND conname = '{name}' AND {more})")


HELPER = '"orders_qty_not_null"'

SET_NOT_NULL = [
    step("catalog", f'ALTER TABLE public.orders ADD CONSTRAINT {HELPER} CHECK ("qty" IS NOT NULL) NOT VALID',
         undo=f"ALTER TABLE public.orders DROP CONSTRAINT IF EXISTS {HELPER}",
         probe=constraint("orders_qty_not_null") + " OR (" + column_is_not_null("qty") + ")",
         purpose="add the helper check", in_client_transaction=True),
    step("scan", f"ALTER TABLE public.orders VALIDATE CONSTRAINT {HELPER}",
         probe=constraint("orders_qty_not_null", "convalidated") + " OR (" + column_is_not_null("qty") + ")",
         lock="SHARE UPDATE EXCLUSIVE", purpose="validate the helper check"),
    step("catalog", "ALTER TABLE public.orders ALTER COLUMN qty SET NOT NULL",
         undo="ALTER TABLE public.orders ALTER COLUMN qty DROP NOT NULL",
         probe=column_is_not_null("qty"), purpose="set not null"),
    step("catalog", f"ALTER TABLE public.orders DROP CONSTRAINT {HELPER}",
         probe=constraint("orders_qty_not_null").replace("EXISTS", "NOT EXISTS"),
         purpose="drop the helper check", with_previous=True),
]

INDEX_PROBE = ("SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('public.orders_qty_idx')"
               " AND {})")


def create_index(unique=""):
    return [
        step("concurrently", f"CREATE {unique} INDEX CONCURRENTLY orders_qty_idx ON public.orders (qty)",
             undo="DROP INDEX CONCURRENTLY IF EXISTS public.orders_qty_idx",
             probe=INDEX_PROBE.format("indisvalid"),
             repair="DROP INDEX CONCURRENTLY IF EXISTS public.orders_qty_idx",
             repair_when=INDEX_PROBE.format("NOT indisvalid"),
             lock="SHARE UPDATE EXCLUSIVE", purpose="build the index"),
    ]


def fill(set_sql, pending, table="orders", schema="public"):
    return step("backfill", f"UPDATE {schema}.{table} SET {set_sql} WHERE {pending}", lock="ROW EXCLUSIVE",
                purpose="backfill", backfill={"schema": schema, "table": table, "set": set_sql, "pending": pending})


# ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid(), and a value made from each row's own.
ADD_COLUMN = [
    step("catalog", "ALTER TABLE public.orders ADD COLUMN double integer",
         undo="ALTER TABLE public.orders DROP COLUMN IF EXISTS double",
         probe="SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.orders'::regclass"
               " AND attname = 'double' AND NOT attisdropped)",
         purpose="add the column", in_client_transaction=True),
    step("catalog", "ALTER TABLE public.orders ALTER COLUMN double SET DEFAULT 0,"
                    " ADD CONSTRAINT \"orders_double_nn\" CHECK (double IS NOT NULL) NOT VALID",
         probe=constraint("orders_double_nn") + " OR (" + column_is_not_null("double") + ")",
         purpose="set the default", with_previous=True, in_client_transaction=True),
    fill("double = twice(qty)", "double IS NULL"),
    step("scan", "ALTER TABLE public.orders VALIDATE CONSTRAINT \"orders_double_nn\"",
         probe=constraint("orders_double_nn", "convalidated") + " OR (" + column_is_not_null("double") + ")",
         lock="SHARE UPDATE EXCLUSIVE", purpose="validate"),
    step("catalog", "ALTER TABLE public.orders ALTER COLUMN double SET NOT NULL",
         probe=column_is_not_null("double"), purpose="set not null"),
    step("catalog", "ALTER TABLE public.orders DROP CONSTRAINT \"orders_double_nn\"",
         probe=constraint("orders_double_nn").replace("EXISTS", "NOT EXISTS"),
         purpose="drop the helper", with_previous=True),
]


# ---- the driver ----

class Run:
    """One run_change; .lines as they come, .outcome() the last of them."""

    def __init__(self, document):
        self.process = subprocess.Popen(
            [BUILD / "tests" / "run_change"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={**os.environ, **ASAN})
        self.process.stdin.write(json.dumps(document))
        self.process.stdin.close()
        self.lines = []
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.lines.append(json.loads(line))

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        self.process.wait(timeout=120)
        self.thread.join()
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return errors

    def outcome(self):
        errors = self.end()
        assert self.process.returncode == 0, errors
        assert "Sanitizer" not in errors, errors
        return self.lines[-1] if self.lines else None

    def until(self, text):
        """Waits for a line of progress that has the text."""
        wait_until(lambda: any(text in line for line in self.progress()) or self.process.poll() is not None,
                   f"progress to say {text!r}", timeout=30)
        assert any(text in line for line in self.progress()), str(self.lines[-1:])

    def progress(self):
        return [line["progress"] for line in self.lines if "progress" in line]


@pytest.fixture
def orders(server, direct):
    """1,000 orders of a role that owns nothing else."""
    with direct.cursor() as cursor:
        cursor.execute(f"SELECT FROM pg_roles WHERE rolname = '{OWNER}'")
        if not cursor.rowcount:
            cursor.execute(f"CREATE ROLE {OWNER} LOGIN")
    direct.execute(f"""
        SET ROLE {OWNER};
        CREATE TABLE public.orders (id bigint PRIMARY KEY, qty integer);
        CREATE FUNCTION public.twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 2';
        INSERT INTO public.orders SELECT i, i FROM generate_series(1, 1000) i;
        RESET ROLE;
        ANALYZE public.orders""")
    return direct


@pytest.fixture
def document(server, database, orders):
    """document(steps, **changes) -> what run_change reads."""

    def make(steps, sql="ALTER TABLE orders ...", table="orders", schema="public", **changes):
        oid = orders.execute(f"SELECT '{schema}.{table}'::regclass::oid::int8").fetchone()[0]
        return {"conninfo": f"host={server.host} port={server.port} user=postgres sslmode=disable", "database": database,
                "mode": "submit", "submitter": OWNER, "session_user": OWNER, "search_path": '"$user", public',
                "sql": sql, **changes,
                "plan": {"relation": oid, "schema": schema, "table": table, "tag": "ALTER TABLE",
                         "summary": "a change", "steps": steps}}

    return make


def one(connection, sql, *parameters):
    return connection.execute(sql, parameters or None).fetchone()[0]


def state(connection, number):
    return one(connection, f"SELECT state FROM phasegate.change WHERE id = {number}")


def statuses(connection, number):
    rows = connection.execute(f"SELECT status FROM phasegate.step WHERE change_id = {number} ORDER BY ord")
    return [row[0] for row in rows]


def no_traces(connection, number):
    """Nothing of the engine's own is left once a change has ended."""
    assert not one(connection, f"SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'change_{number}')")
    # The connection closes just after the outcome is told.
    wait_until(lambda: not one(connection, "SELECT EXISTS (SELECT FROM pg_stat_activity"
                                           " WHERE application_name = 'phasegate')"), "the engine to go")

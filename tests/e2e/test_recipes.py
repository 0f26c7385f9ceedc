# SPDX-License-Identifier: PostgreSQL
"""
Every recipe, proved on a real server: its steps lead to the very catalog that the plain statement
makes, and the undos of any number of steps taken lead back.
"""

import itertools
import re
import subprocess

import pytest
from psycopg import sql

from environment import BUILD
from lab.empty_schema import empty_schema
from lab.postgres import binaries
from plans import (PLAN_ONCE, Planner, but_for_label, catalog, done, groups, renamed_labels, run_group, run_step, undo_group)
from recipe_rows import BASE, DOMAINS, ENUMS, FILL_FIRST, PARTITIONS, PLANNED, ROWS, UNPLANNED


@pytest.fixture(scope="module")
def database(databases):
    """One for the whole file: every row makes its own tables."""
    name = databases.take("")
    yield name
    databases.give_back(name, "")


@pytest.fixture(scope="module")
def connection(server, database):
    # psycopg would deallocate the planner's query with its own.
    with server.connect(database, prepare_threshold=None) as connection:
        yield connection


@pytest.fixture(scope="module")
def planner(connection):
    planner = Planner(BUILD, connection)
    yield planner
    planner.close()


@pytest.fixture
def prepare(connection, elsewhere):
    """prepare(setup) makes schema s anew."""
    def run(setup):
        connection.execute(f"RESET ALL; {PLAN_ONCE}")
        connection.execute(empty_schema("s"))
        connection.execute("SET search_path = s")
        connection.execute(BASE)
        connection.execute(setup.replace("PARTITIONS", PARTITIONS, 1).replace("DOMAINS", DOMAINS, 1)
                           .replace("ENUMS", ENUMS, 1) or "SELECT")
        return connection

    return run


MODES = ["AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
         "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"]
NAMES = {"no lock": -1, "ACCESS SHARE": 0, "ROW EXCLUSIVE": 2, "SHARE UPDATE EXCLUSIVE": 3, "SHARE": 4, "SHARE ROW EXCLUSIVE": 5,
         "EXCLUSIVE": 6, "ACCESS EXCLUSIVE": 7}


def relations(connection):
    return [oid for oid, in connection.execute(
        "SELECT oid::int8 FROM pg_class WHERE relnamespace = 's'::regnamespace")]


def strongest_lock(connection, existing):
    held = connection.execute("""SELECT l.mode FROM pg_locks l
        WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation = ANY (%s)""", [existing])
    return max((MODES.index(mode) for mode, in held), default=-1)


def run_group_under_its_lock(connection, group):
    """As run_group, in a transaction that shows what it locks of what was there."""
    if group[0]["kind"] == "concurrently":
        run_group(connection, group)
        return
    existing = relations(connection)
    with connection.transaction():
        for step in group:
            run_step(connection, step)
        assert strongest_lock(connection, existing) == max(NAMES[step["lock"]] for step in group), group


def run_plan(connection, plan, n_groups=None, run=run_group):
    for group in groups(plan)[:n_groups]:
        for step in group:
            # Autovacuum may have been there before an ANALYZE.
            to_do = step["kind"] == "backfill" or step["probe"] is None or step["sql"].startswith("ANALYZE ")
            assert to_do or not done(connection, step), step
        run(connection, group)
        for step in group:
            assert done(connection, step), step


def places_kept(plan):
    """A column that another takes the place of comes last."""
    return not any(step["final"] for step in plan["steps"])


@pytest.fixture(scope="module")
def made_by_statements():
    return {}


@pytest.fixture
def wanted(prepare, made_by_statements):
    """wanted(setup, statement, attnum) -> the catalog that the statement itself makes, which is done once."""
    def look(setup, statement, attnum):
        if (setup, statement) not in made_by_statements:
            connection = prepare(setup)
            connection.execute(FILL_FIRST.get(statement, "SELECT"))
            connection.execute(statement)
            made_by_statements[setup, statement] = [catalog(connection, each) for each in (False, True)]
        return made_by_statements[setup, statement][attnum]

    return look


def way_back(plan):
    """The groups of steps before the point of no return."""
    return list(itertools.takewhile(lambda group: not any(step["final"] for step in group), groups(plan)))


@pytest.fixture(scope="module", params=PLANNED, ids=lambda row: f"{row[0]}-{row[1]}")
def row(request):
    """(setup, statement); pytest runs all tests of a row one after the other."""
    return request.param


def test_a_plan_makes_what_the_statement_would(planner, prepare, wanted, row):
    setup, statement = row
    connection = prepare(setup)
    plan = planner.plan(statement)
    assert plan is not None
    assert plan == planner.plan(statement)
    assert plan["deferrable"] == (plan["not_deferrable_because"] is None)
    run_plan(connection, plan, run=run_group_under_its_lock)
    for step in plan["steps"]:
        assert step["kind"] == "backfill" or done(connection, step), f"a resumed change would run this again: {step}"
        assert not step["in_client_transaction"] or step["kind"] == "catalog", f"not brief, in a transaction: {step}"
    seen = but_for_label(catalog(connection, places_kept(plan)), renamed_labels(statement)[0])
    assert seen == wanted(setup, statement, places_kept(plan))


def test_undoing_leads_back(planner, prepare, row):
    """From every step; and having been undone the plan can be begun again."""
    setup, statement = row
    connection = prepare(setup)
    plan = planner.plan(statement)
    before = catalog(connection)
    for n in range(1, len(way_back(plan)) + 1):
        if n > 1 and renamed_labels(statement)[1]:
            prepare(setup)  # the label would be there still
        run_plan(connection, plan, n)
        for group in reversed(groups(plan)[:n]):
            undo_group(connection, group)
        after = but_for_label(catalog(connection), renamed_labels(statement)[1])
        # A constraint dropped takes its index along; indexes that REINDEX moved stay where they are.
        if ("USING INDEX" in statement or "(TABLESPACE" in statement) and n == len(groups(plan)):
            for each in (before, after):
                del each["indexes"]
                for name in ("relations", "comments"):
                    each[name] = [row for row in each[name] if row[1] != "i"]
        assert after == before, f"after {n} of {plan['text']}"


def test_the_text_can_be_pasted(planner, prepare, wanted, server, database, row):
    setup, statement = row
    connection = prepare(setup)
    plan = planner.plan(statement)
    text = plan["text"]
    repeated = text.count("repeat until") and ROWS // 1000
    for _ in range(repeated):
        text = repeat_updates(text)
    psql = subprocess.run([binaries() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", server.conninfo(database)],
                          input="SET search_path = s;\n" + text, capture_output=True, text=True, timeout=120, check=False)
    assert psql.returncode == 0, psql.stderr + text
    seen = but_for_label(catalog(connection, places_kept(plan)), renamed_labels(statement)[0])
    assert seen == wanted(setup, statement, places_kept(plan))


def repeat_updates(text):
    return "\n".join(line if not line.startswith("UPDATE") else line + "\n" + line for line in text.split("\n"))


@pytest.mark.parametrize(("setup", "statement"), UNPLANNED)
def test_no_plan_where_there_is_no_safe_form(planner, prepare, setup, statement):
    prepare(setup)
    assert planner.plan(statement) is None


def test_every_row_is_filled(planner, prepare):
    connection = prepare("")
    run_plan(connection, planner.plan("ALTER TABLE p ADD COLUMN n serial"))
    values = connection.execute("SELECT count(DISTINCT n), min(n), max(n), count(*) FROM p").fetchone()
    assert values == (ROWS, 1, ROWS, ROWS)


MOODS = """SELECT 'e', id::text, concat_ws('|', m, d, l, ld, "M ""x") FROM e UNION ALL
    SELECT 'ep', k::text, concat_ws('|', m) FROM ep UNION ALL SELECT 'E x', '', m::text FROM "E x" ORDER BY 1, 2, 3"""


@pytest.mark.parametrize(("old", "new"), [("fair", "so so"), ('it\'s "Odd"', "x")])
def test_every_label_is_moved_and_given_back(planner, prepare, old, new):
    statement = f"ALTER TYPE mood RENAME VALUE {sql.quote(old)} TO '{new}'"
    connection = prepare("ENUMS")
    before = connection.execute(MOODS).fetchall()
    connection.execute(statement)
    wanted = connection.execute(MOODS).fetchall()
    assert wanted != before
    connection = prepare("ENUMS")
    plan = planner.plan(statement)
    run_plan(connection, plan)
    assert connection.execute(MOODS).fetchall() == wanted
    for group in reversed(groups(plan)):
        undo_group(connection, group)
    assert connection.execute(MOODS).fetchall() == before


def test_a_row_not_yet_filled_can_be_updated(planner, prepare):
    """A check that stands before the backfill would make every UPDATE of an old row fail."""
    connection = prepare("UPDATE t SET b = NULL WHERE id <= 100")
    for statement in ("ALTER TABLE t ADD COLUMN n uuid NOT NULL DEFAULT gen_random_uuid() CHECK (n IS NOT NULL)",
                      "ALTER TABLE t ALTER COLUMN b SET NOT NULL"):
        plan = planner.plan(statement)
        for group in groups(plan):
            if any(step["kind"] == "backfill" for step in group):
                connection.execute("UPDATE t SET c = c + 1 WHERE id = 1")
                break
            run_group(connection, group)


def test_an_invalid_index_is_repaired(planner, prepare):
    connection = prepare("INSERT INTO keyless VALUES (1, 1)")
    plan = planner.plan("CREATE UNIQUE INDEX i ON keyless (a)")
    step = plan["steps"][0]
    assert not connection.execute(step["repair_when"]).fetchone()[0]
    with pytest.raises(Exception, match="could not create unique index"):
        connection.execute(step["sql"])
    connection.execute("DELETE FROM keyless WHERE a = 1")
    assert plan == planner.plan("CREATE UNIQUE INDEX i ON keyless (a)")
    assert not done(connection, step)
    assert connection.execute(step["repair_when"]).fetchone()[0]
    connection.execute(step["repair"])
    connection.execute(step["sql"])
    assert done(connection, step)


def test_an_index_of_somebody_else_is_not_repaired_away(planner, prepare):
    connection = prepare("")
    step = planner.plan("CREATE INDEX i ON t (a)")["steps"][0]
    connection.execute("CREATE INDEX i ON u (v)")
    assert not connection.execute(step["repair_when"]).fetchone()[0]


def test_leftovers_of_a_rebuild_are_found_one_by_one(planner, prepare):
    connection = prepare("INSERT INTO keyless VALUES (1, 1)")
    repair = planner.plan("REINDEX TABLE keyless")["steps"][0]["repair"]
    assert connection.execute(repair).fetchone() is None
    for name in ("i_ccnew", "i_ccold1"):
        with pytest.raises(Exception, match="could not create unique index"):
            connection.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON keyless (a)")
    for left in (1, 0):
        connection.execute(connection.execute(repair).fetchone()[0])
        assert connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone()[0] == left
    assert connection.execute(repair).fetchone() is None


ATTACHING = [row for row in PLANNED if "ATTACH" in row[1] or " PARTITION OF" in row[1]]


@pytest.mark.parametrize(("setup", "statement"), ATTACHING)
def test_attaching_reads_no_row(planner, prepare, setup, statement):
    """The server says so at debug1; a table that the plan makes itself is empty and does not count."""
    connection = prepare(setup)
    old = [f'"{name}"' for name, in connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 's'::regnamespace")]
    said = []
    connection.add_notice_handler(lambda diagnostic: said.append(diagnostic.message_primary))
    for group in groups(planner.plan(statement)):
        brief = group[0]["kind"] == "catalog"
        connection.execute(f"SET client_min_messages = {'debug1' if brief else 'warning'}")
        run_group(connection, group)
    work = [text for text in said if re.match("verifying|rewriting|validating|building", text)]
    assert [text for text in work if "ATTACH" in statement or any(name in text for name in old)] == []

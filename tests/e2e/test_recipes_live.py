# SPDX-License-Identifier: PostgreSQL
"""
Every recipe, proved alive: phasegate carries it out on a table of 20,000 rows that clients read and
write meanwhile.  Afterwards the catalog is that of a twin on which the statement itself ran, no client
was told of an error, no write is lost, and nothing that takes time happened under a lock that stops
anybody.
"""

import re

import psycopg
import pytest

from environment import ASAN, BUILD, ROOT, SHORT_DRAIN
from lab.process import wait_until
from lab.proxy import Phasegate, merged
from load import Load, work_done
from plans import catalog

pytestmark = pytest.mark.gate

ROWS, TWIN_ROWS = 20000, 300

BASE = """
CREATE TABLE u (id int PRIMARY KEY, v text UNIQUE);
INSERT INTO u SELECT i, i FROM generate_series(1, 10) i;
CREATE TABLE t (id int PRIMARY KEY, a int, b text DEFAULT 'x', c int NOT NULL DEFAULT 0);
COMMENT ON COLUMN t.a IS 'the first';
CREATE INDEX t_b ON t (lower(b));
ALTER TABLE t ALTER a SET STATISTICS 50;
GRANT SELECT (a) ON t TO app;
CREATE VIEW over_t AS SELECT id, a FROM t;
INSERT INTO t (id, a) SELECT i, i % 10 + 1 FROM generate_series(1, {rows}) i;
CREATE TABLE p (id int, k int NOT NULL, a int, c int NOT NULL DEFAULT 0) PARTITION BY RANGE (k);
CREATE INDEX ON p (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200);
INSERT INTO p SELECT i, 100, i % 10 + 1 FROM generate_series(1, {rows}) i;
INSERT INTO p SELECT i, 50, 1 FROM generate_series(40001, 40200) i;
GRANT SELECT ON p TO app;
ANALYZE;
"""
REST = "CREATE TABLE rest PARTITION OF p DEFAULT; INSERT INTO p SELECT i, 1000, 1 FROM generate_series(50001, 50000 + {rows}) i; ANALYZE p;"
NEW = """CREATE TABLE n (id int, k int NOT NULL, a int, c int NOT NULL DEFAULT 0);
INSERT INTO n SELECT i, 250, i % 10 + 1 FROM generate_series(1, {rows}) i; ANALYZE n;"""
AMOUNTS = """CREATE DOMAIN amount AS int; CREATE DOMAIN price AS amount;
CREATE TABLE m (id int PRIMARY KEY, c amount NOT NULL DEFAULT 0, p price);
INSERT INTO m SELECT i, 0, i FROM generate_series(1, {rows}) i; ANALYZE m;"""
TOTALS = "CREATE MATERIALIZED VIEW totals AS SELECT id, a FROM t; CREATE UNIQUE INDEX ON totals (id); ANALYZE totals;"

# recipe, rule, table under load, setup besides BASE, statement
LIVE = [
    ("set_not_null", "set-not-null", "t", "", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"),
    ("set_not_null", "set-not-null", "p", "", "ALTER TABLE p ALTER COLUMN a SET NOT NULL"),
    ("alter_type", "alter-column-type", "t", "DROP VIEW over_t;", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("add_column", "add-column-volatile-default", "t", "",
     "ALTER TABLE t ADD COLUMN n uuid NOT NULL DEFAULT gen_random_uuid()"),
    ("add_column", "add-column-inline-check", "t", "", "ALTER TABLE t ADD COLUMN n int DEFAULT 5 CHECK (n > 0)"),
    ("add_check", "add-check-not-not-valid", "t", "", "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0)"),
    ("add_check", "add-check-not-not-valid", "p", "", "ALTER TABLE p ADD CONSTRAINT positive CHECK (a > 0)"),
    ("validate", "validate-combined-with-strong-alter", "t",
     "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;",
     "ALTER TABLE t ADD COLUMN n int, VALIDATE CONSTRAINT positive"),
    ("add_foreign_key", "add-fk-not-not-valid", "t", "", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u"),
    ("add_foreign_key", "add-fk-on-partitioned", "p", "", "ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES u"),
    ("add_unique", "add-unique-constraint", "t", "", "ALTER TABLE t ADD CONSTRAINT pair UNIQUE (id, a)"),
    ("add_primary_key", "add-primary-key", "n", NEW, "ALTER TABLE n ADD PRIMARY KEY (id, a)"),
    ("create_index", "create-index-non-concurrent", "t", "", "CREATE INDEX ON t (a, c) WHERE a > 2"),
    ("create_index", "create-index-on-partitioned", "p", "", "CREATE INDEX ON p (a)"),
    ("drop_index", "drop-index-non-concurrent", "t", "", "DROP INDEX t_b"),
    ("reindex", "reindex-non-concurrent", "t", "", "REINDEX TABLE t"),
    ("index_tablespace", "alter-index-set-tablespace", "t", "", "ALTER INDEX t_b SET TABLESPACE elsewhere"),
    ("refresh", "refresh-matview-non-concurrent", "t", TOTALS, "REFRESH MATERIALIZED VIEW totals"),
    ("bulk", "update-without-where", "t", "", "UPDATE t SET a = a + 1"),
    ("truncate", "truncate", "t", "CREATE TABLE gone (id int PRIMARY KEY, a int REFERENCES t); INSERT INTO gone SELECT i, i FROM t AS x(i);",
     "TRUNCATE gone"),
    ("bulk", "update-without-where", "p", "ALTER TABLE p ADD PRIMARY KEY (k, id);", "UPDATE p SET a = a + 1"),
    ("attach_partition", "attach-partition", "p", REST + NEW + "UPDATE n SET id = id + 100000;",
     "ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (200) TO (300)"),
    ("attach_partition", "attach-partition", "n", NEW, "ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (200) TO (300)"),
    ("create_partition_of", "create-partition-of", "p", REST,
     "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300)"),
    ("detach_partition", "detach-partition", "p", "", "ALTER TABLE p DETACH PARTITION p1"),
    ("drop_partition", "drop-partition", "p", "", "DROP TABLE p1"),
    ("domain_constraint", "alter-domain-add-constraint", "m", AMOUNTS,
     "ALTER DOMAIN amount ADD CONSTRAINT sound CHECK (VALUE >= 0)"),
    ("domain_constraint", "alter-domain-add-constraint", "m",
     AMOUNTS + "ALTER DOMAIN amount ADD CONSTRAINT sound CHECK (VALUE >= 0) NOT VALID;",
     "ALTER DOMAIN amount VALIDATE CONSTRAINT sound"),
    ("domain_not_null", "alter-domain-set-not-null", "m", AMOUNTS, "ALTER DOMAIN amount SET NOT NULL"),
    ("rename_table", "rename-table", "t", "", "ALTER TABLE t RENAME TO t2"),
    ("set_schema", "set-schema", "p", "DROP TABLE IF EXISTS public.p;", "ALTER TABLE p SET SCHEMA public"),
    ("rename_column", "rename-column", "t", "", "ALTER TABLE t RENAME COLUMN a TO amount"),
    ("drop_column", "drop-column", "t", "", "ALTER TABLE t DROP COLUMN b"),
    ("drop_table", "drop-table", "t", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u; CREATE TABLE gone (a int REFERENCES t);",
     "DROP TABLE gone"),
]

# A DROP stays a refusal until somebody says otherwise.
RULES = {"rules": [{"rule": "drop-partition", "verdict": "phase"}, {"rule": "drop-table", "verdict": "allow"},
                   {"rule": "drop-table", "verdict": "phase", "table": "gone"},
                   {"rule": "drop-column", "verdict": "phase"}, {"rule": "truncate", "verdict": "phase"}]}

STOPS_SOMEBODY = ("SHARE", "SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE")


def recipes():
    return set(re.findall(r"^bool recipe_(\w+)\(", (ROOT / "policy" / "recipe.h").read_text(), re.MULTILINE))


def test_every_recipe_is_proved():
    assert {row[0] for row in LIVE} == recipes()


class Place:
    """Two databases, one behind a phasegate; schema s is made anew for each row."""

    def __init__(self, server, proxy):
        self.server, self.proxy = server, proxy
        self.twin = server.connect("twin")
        self.direct = server.connect("live")

    def connect(self):
        """A client's connection, through the proxy."""
        connection = psycopg.connect(self.proxy.conninfo("live"), autocommit=True)
        connection.execute("SET search_path = s")
        return connection

    def prepare(self, connection, setup, rows):
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS s CASCADE")
        connection.execute("CREATE SCHEMA s; SET search_path = s")
        connection.execute((BASE + setup).format(rows=rows))

    def close(self):
        self.twin.close()
        self.direct.close()


@pytest.fixture(scope="module")
def place(server, lab_directory, elsewhere):
    for database in ("live", "twin"):
        server.query(f"CREATE DATABASE {database}")
    with server.connect() as connection:
        connection.execute("ALTER DATABASE live SET log_min_messages = debug1")
        connection.execute("ALTER DATABASE live SET log_statement = 'all'")
    proxy = Phasegate(server, lab_directory / "live", BUILD, merged(SHORT_DRAIN, RULES), ASAN)
    proxy.start()
    place = Place(server, proxy)
    yield place
    place.close()
    assert proxy.stop() == 0, proxy.stderr.read_text()[-4000:]
    for database in ("live", "twin"):
        server.query(f"DROP DATABASE {database} WITH (FORCE)")


def steps_of(connection, rule):
    """lock of each step's statement, of the one change that there is."""
    found = connection.execute("""SELECT c.state, c.rule, s.sql, s.lock_mode, s.status
        FROM phasegate.change c JOIN phasegate.step s ON s.change_id = c.id
        WHERE c.id = (SELECT max(id) FROM phasegate.change) ORDER BY s.ord""").fetchall()
    assert {row[:2] for row in found} == {("done", rule)}
    assert {row[4] for row in found} == {"done"}
    return [(sql, lock) for _, _, sql, lock, _ in found]


def release(connection):
    """Where the change soaks, applications have moved on by now.  Did another column take the place of one?"""
    number, state = connection.execute("SELECT id, state FROM phasegate.change ORDER BY id DESC LIMIT 1").fetchone()
    if state == "soaking":
        connection.execute("SELECT phasegate.release(%s)", [number])
        wait_until(lambda: connection.execute("SELECT state FROM phasegate.change WHERE id = %s", [number]).fetchone()
                   == ("done",), f"change {number} to be done", timeout=60)
    return connection.execute("SELECT EXISTS (SELECT FROM phasegate.step WHERE change_id = %s AND final)",
                              [number]).fetchone()[0]


def slow_under_lock(place, log, steps):
    """What was read of tables that have rows, in steps whose lock stops somebody."""
    found = []
    for work, statement in work_done(log, "live"):
        table = re.search(r'table "([^"]+)"', work)
        empty = table and not place.direct.execute(
            "SELECT count(*) FROM pg_class WHERE relname = %s AND relnamespace = 's'::regnamespace"
            " AND pg_relation_size(oid) > 0", [table[1]]).fetchone()[0]
        locks = [lock for sql, lock in steps if sql in statement]
        if not empty and (not locks or locks[0] in STOPS_SOMEBODY):
            found.append((work, statement))
    return found


@pytest.mark.parametrize(("recipe", "rule", "table", "setup", "statement"), LIVE,
                         ids=[f"{row[0]}-{row[2]}" for row in LIVE])
def test_a_recipe_under_load(place, recipe, rule, table, setup, statement):
    place.prepare(place.twin, setup, TWIN_ROWS)
    tag = place.twin.execute(statement).statusmessage
    in_place = catalog(place.twin), catalog(place.twin, attnum=False)

    place.prepare(place.direct, setup, ROWS)
    logged = place.server.log.stat().st_size
    load = Load(place.connect, table, list(range(1, 200)))
    try:
        with place.connect() as client:
            told = client.execute(statement).statusmessage
    finally:
        load.ending.set()
    load.stop(place.direct)

    assert re.sub(r"\d+$", "", told) == re.sub(r"\d+$", "", tag)  # the twin has fewer rows
    moved = release(place.direct)
    steps = steps_of(place.direct, rule)
    assert catalog(place.direct, attnum=not moved) == in_place[moved]
    with open(place.server.log, encoding="utf-8", errors="replace") as log:
        log.seek(logged)
        assert slow_under_lock(place, log.read(), steps) == []

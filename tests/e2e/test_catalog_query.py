# SPDX-License-Identifier: PostgreSQL
"""The catalog query on a real server: what it tells, and that nothing a client does can bend it."""

import json
import shutil
import subprocess

import psycopg
import pytest

from environment import BUILD
from lab.postgres import Postgres, binaries
from lab.process import POSTGRES_ACCOUNT, as_server_account, is_root
from plans import PLAN_AS_WRITTEN, ask_catalog, catalog_query

SCHEMA = """
CREATE SCHEMA s;
SET search_path = s;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN very_positive AS positive;
CREATE DOMAIN plain AS numeric(10,2);
CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (
    id bigserial PRIMARY KEY,
    a int NOT NULL,
    b varchar(20) COLLATE "C" DEFAULT 'x',
    c float8 DEFAULT random(),
    d very_positive,
    e plain[],
    g int GENERATED ALWAYS AS (a + 1) STORED,
    h int GENERATED ALWAYS AS IDENTITY,
    "Weird ""x\\" int,
    CONSTRAINT both_there CHECK (b IS NOT NULL AND d > 0 AND c IS NOT NULL),
    CONSTRAINT own CHECK (a IS NOT NULL) NO INHERIT,
    FOREIGN KEY (a) REFERENCES u);
CREATE INDEX t_expression ON t ((lower(b)), a) WHERE c > 1;
CREATE INDEX t_desc ON t (a DESC);
CREATE UNIQUE INDEX t_ndn ON t (b, a) NULLS NOT DISTINCT;
CREATE VIEW v AS SELECT a, b FROM t;
CREATE MATERIALIZED VIEW m AS SELECT c FROM t;
CREATE POLICY only_a ON t USING (a > 0);
CREATE TABLE p (id int, k int) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY LIST (k);
CREATE TABLE p1a PARTITION OF p1 FOR VALUES IN (1);
CREATE TABLE pd PARTITION OF p DEFAULT;
CREATE INDEX p_k ON p (k);
CREATE TABLE parent (a int);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE grandchild () INHERITS (child);
INSERT INTO u VALUES (1), (2);
INSERT INTO t (a, d) VALUES (1, 1), (2, NULL);
ALTER TABLE t ADD CONSTRAINT later CHECK (e IS NOT NULL) NOT VALID;
ANALYZE;
"""

# A client may put look-alikes of any of these before pg_catalog.
OPERATORS = ("=", "<>", "<", ">", "<=", ">=", "~")
PAIRS = ("text", "name", "oid", "int2", "int4", "int8", "bool", '"char"', "float4", "regclass")
FUNCTIONS = ("to_regclass(text)", "quote_ident(text)", "current_setting(text)", "pg_get_constraintdef(oid)",
             "pg_get_expr(pg_node_tree, oid)", "format_type(oid, int4)", "unnest(int2[])", "lower(text)",
             "pg_backend_pid()", "json_build_array(text, text)", "format(text, text, text)")
TYPES = ("text", "name", "oid", "int2", "int4", "int8", "bool", "regclass", "xid8")
TABLES = ("pg_class", "pg_namespace", "pg_attribute", "pg_constraint", "pg_index", "pg_type", "pg_depend",
          "pg_proc", "pg_stats", "pg_settings", "pg_roles")


@pytest.fixture(scope="session")
def sql():
    return catalog_query(BUILD)


def array(names):
    quoted = (f'{{"{schema}","{escape(name)}"}}' for schema, name in names)
    return "{" + ",".join(quoted) + "}"


def escape(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


@pytest.fixture
def ask(sql):
    """ask(connection, relations, types, functions), names as pairs, labels as well -> the whole answer."""
    def run(connection, relations=(), types=(), functions=(), drops=True, labels=()):
        parameters = [*(array(list_) for list_ in (relations, types, functions)), str(drops), array(labels)]
        return json.loads(ask_catalog(connection, sql, parameters))

    return run


@pytest.fixture
def schema(direct):
    direct.execute(SCHEMA)
    direct.execute(PLAN_AS_WRITTEN)
    return direct


def by_name(items):
    return {item["name"] if isinstance(item["name"], str) else item["name"][1]: item for item in items}


def test_a_table(schema, ask):
    table = ask(schema, [("", "t")])["relations"][0]
    assert table["exists"] and table["kind"] == "r" and table["name"] == ["s", "t"]
    assert table["rows"] == 2 and table["pages"] == 1 and not table["empty"]
    assert table["dependents"] == ["materialized view s.m", "view s.v"]
    columns = by_name(table["columns"])
    assert list(columns) == ["id", "a", "b", "c", "d", "e", "g", "h", 'Weird "x\\']
    assert columns["id"]["not_null"] and columns["id"]["default_volatile"]
    assert columns["b"]["type"] == "character varying(20)" and columns["b"]["typmod"] == 24
    assert columns["b"]["default"] == "'x'::character varying" and not columns["b"]["default_volatile"]
    assert columns["c"]["default"] == "random()" and columns["c"]["default_volatile"]
    assert columns["d"]["domain"] and columns["d"]["domain_constrained"] and columns["d"]["base_type"] == "int4"
    assert columns["d"]["nulls_per_million"] == 500000
    assert columns["e"]["base_type"] == "_plain" and not columns["e"]["domain"]
    assert columns["g"]["generated"] and columns["h"]["identity"] == "a"
    assert columns["a"]["dependents"] == ["generated column g", "policy only_a on s.t", "view s.v"]
    assert columns["h"]["dependents"] is None


def test_what_names_a_table_without_depending_on_it(schema, ask):
    schema.execute("""
        CREATE FUNCTION reads_a() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(A) FROM s.T); END';
        CREATE FUNCTION reads_at() RETURNS int LANGUAGE sql AS 'SELECT 1 AS at';
        CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.b := 1; RETURN NEW; END';
        CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION on_write();
        CREATE PUBLICATION pub FOR TABLE t (id, a)""")
    try:
        table, view, filled = ask(schema, [("", "t"), ("", "v"), ("", "m")])["relations"][:3]
    finally:
        schema.execute("DROP PUBLICATION pub")
    columns = by_name(table["columns"])
    assert table["mentioned_by"] == ["function s.reads_a", "publication pub"] and view["mentioned_by"] is None
    assert columns["a"]["mentioned_by"] == ["function s.reads_a"]
    assert columns["b"]["mentioned_by"] == ["function s.on_write"]
    assert columns["c"]["mentioned_by"] is None
    assert "publication pub" in columns["a"]["dependents"] and columns["h"]["dependents"] is None
    assert "publication pub" not in table["dependents"]  # it does not keep the table from going
    assert filled["populated"] and table["policies"] == "permissive" and filled["policies"] is None
    schema.execute("REFRESH MATERIALIZED VIEW m WITH NO DATA")
    assert not ask(schema, [("", "m")])["relations"][0]["populated"]


def test_who_does_not_see_its_rows_and_who_is_sent_its_columns(schema, ask):
    def of_u():
        batches = ask(schema, [("s", "u")])["relations"][0]["batches"]
        return batches["rows_hidden"], batches["published"]

    assert of_u() == (False, None)
    schema.execute("DROP ROLE IF EXISTS holds_u; CREATE ROLE holds_u; GRANT ALL ON SCHEMA s TO holds_u;"
                   "ALTER TABLE u OWNER TO holds_u; ALTER TABLE u ENABLE ROW LEVEL SECURITY")
    try:
        for force, bypass, hidden in (("NO FORCE", "NOBYPASSRLS", False), ("FORCE", "NOBYPASSRLS", True),
                                      ("FORCE", "BYPASSRLS", False)):
            schema.execute(f"ALTER TABLE u {force} ROW LEVEL SECURITY; ALTER ROLE holds_u {bypass}; SET ROLE holds_u")
            assert of_u()[0] == hidden, (force, bypass)
            schema.execute("RESET ROLE")
        assert not of_u()[0]  # a superuser
        for which, published in (("FOR TABLE u (id)", False), ("FOR TABLE u WHERE (id > 1)", True),
                                 ("FOR TABLES IN SCHEMA s", True), ("FOR ALL TABLES", True), ("FOR TABLE t", False)):
            schema.execute(f'CREATE PUBLICATION "P" {which}')
            assert of_u()[1] == ('publication "P"' if published else None), which
            schema.execute('DROP PUBLICATION "P"')
    finally:
        schema.execute("RESET ROLE; ALTER TABLE u OWNER TO CURRENT_USER; DROP OWNED BY holds_u; DROP ROLE holds_u;"
                       'DROP PUBLICATION IF EXISTS "P"')


def test_what_a_batch_writes_is_asked_of_what_holds_rows(schema, ask):
    def of_p():
        batches = ask(schema, [("s", "p")])["relations"][0]["batches"]
        return tuple(batches[fact] for fact in ("rows_hidden", "leaf_rows_hidden", "has_rules", "update_rules"))

    schema.execute("DROP ROLE IF EXISTS holds_p; CREATE ROLE holds_p; GRANT ALL ON SCHEMA s TO holds_p")
    schema.execute("BEGIN")
    try:
        for table in ("p", "p1", "p1a", "pd"):
            schema.execute(f"ALTER TABLE {table} OWNER TO holds_p")
        for spoil, told in (
                ("ALTER TABLE p ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", (True, False, False, False)),
                ("ALTER TABLE p1a ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", (False, True, False, False)),
                ("CREATE RULE r AS ON INSERT TO pd DO ALSO NOTHING", (False, False, True, False)),
                ("CREATE RULE r AS ON UPDATE TO pd DO ALSO NOTHING", (False, False, True, True)),
                ("CREATE RULE r AS ON UPDATE TO pd DO ALSO NOTHING; ALTER TABLE pd DISABLE RULE r",
                 (False, False, True, False))):
            schema.execute(f"SAVEPOINT before; {spoil}; SET LOCAL ROLE holds_p")
            assert of_p() == told, spoil
            schema.execute("ROLLBACK TO before")
    finally:
        schema.execute("ROLLBACK")
        schema.execute("DROP OWNED BY holds_p; DROP ROLE holds_p")


def test_constraints(schema, ask):
    relations = ask(schema, [("s", "t"), ("s", "u")])["relations"]
    constraints = by_name(relations[0]["constraints"])
    assert constraints["t_pkey"]["kind"] == "p" and constraints["t_pkey"]["columns"] == ["id"]
    assert constraints["t_a_fkey"]["referenced"] == ["s", "u"]
    assert constraints["own"]["no_inherit"] and not constraints["later"]["validated"]
    assert sorted(constraints["both_there"]["columns"]) == ["b", "c", "d"]
    assert relations[1]["referencing"] == [["s", "t"]]
    assert relations[0]["names_taken"] == ["t_a_fkey", "t_h_seq", "t_id_seq", "t_pkey"]


def test_indexes(schema, ask):
    table, index = ask(schema, [("", "t"), ("", "t_expression")])["relations"][:2]
    indexes = by_name(table["indexes"])
    expression = indexes["t_expression"]
    assert expression["columns"] == [None, "a"] and expression["mentions"] == ["b", "c"]
    assert expression["partial"] and expression["has_expressions"]
    assert not indexes["t_desc"]["plain_order"] and indexes["t_pkey"]["plain_order"]
    assert indexes["t_pkey"]["backs_constraint"] and not indexes["t_ndn"]["backs_constraint"]
    assert indexes["t_ndn"]["nulls_not_distinct"] and not indexes["t_pkey"]["nulls_not_distinct"]
    assert indexes["t_ndn"]["plain_order"]
    assert index["kind"] == "i" and index["table"] == ["s", "t"] and index["indexes"] == [expression]


def test_the_table_of_an_index_comes_along(schema, ask):
    relations = ask(schema, [("", "t_desc"), ("", "nowhere")])["relations"]
    assert [r["name"][1] for r in relations[:3]] == ["t_desc", None, "t"]
    assert not relations[1]["exists"]


def test_partitions(schema, ask):
    table, index = ask(schema, [("", "p"), ("", "p_k")])["relations"][:2]
    assert [(n["name"][1], n["parent"][1], n["kind"]) for n in table["tree"]] == \
        [("p1", "p", "p"), ("pd", "p", "r"), ("p1a", "p1", "r")]
    assert table["default_partition"] == ["s", "pd"]
    assert index["kind"] == "I" and len(index["tree"]) == 3
    assert set(table["names_taken"]) == {"p1_k_idx", "p1a_k_idx", "pd_k_idx"}
    assert ask(schema, [("", "p1a")])["relations"][0]["parent"] == ["s", "p1"]
    tree = ask(schema, [("", "parent")])["relations"][0]["tree"]
    assert [n["name"][1] for n in tree] == ["child", "grandchild"]


def test_sizes_are_summed_and_bounded_by_the_file(schema, ask):
    schema.execute("INSERT INTO p SELECT i, 1 FROM generate_series(1, 500) i")
    schema.execute("INSERT INTO p SELECT i, 20 FROM generate_series(1, 300) i")
    # Rows this session inserted but has not reported yet would be added to what VACUUM counts.
    schema.execute("SELECT pg_stat_force_next_flush()")
    schema.execute("VACUUM ANALYZE p1a, pd")
    assert ask(schema, [("", "p")])["relations"][0]["rows"] == 800
    schema.execute("CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (50) TO (60)")
    table = ask(schema, [("", "p")])["relations"][0]
    # Never looked at: the size of the file bounds the rows.
    assert table["rows"] == 800 and not table["empty"]
    schema.execute("INSERT INTO p3 SELECT i, 55 FROM generate_series(1, 300) i")
    assert 1100 <= ask(schema, [("", "p")])["relations"][0]["rows"] < 3000


def test_empty_means_seen_empty_and_nothing_since(schema, ask):
    def empty():
        return ask(schema, [("", "e")])["relations"][0]["empty"]

    schema.execute("CREATE TABLE e (a int)")
    assert not empty()
    schema.execute("VACUUM e")
    assert empty()
    with schema.transaction():
        schema.execute("INSERT INTO e VALUES (1)")
        assert not empty()


def names(items):
    return [item["name"][1] for item in items]


def test_children_and_both_ends_of_foreign_keys_come_along(schema, ask):
    assert set(names(ask(schema, [("", "p")])["relations"])) == {"p", "p1", "p1a", "pd"}
    assert set(names(ask(schema, [("", "t")])["relations"])) == {"t", "u"}
    assert set(names(ask(schema, [("", "u")])["relations"])) == {"u", "t"}


def test_what_goes_along_with_a_drop(schema, ask):
    u, t = ask(schema, [("", "u"), ("", "t")])["relations"]

    def losers(drops, cascade):
        return {loser["name"][1] for loser in drops["losers"] if loser["cascade"] == cascade}

    assert u["drops"]["cascade_needed"] and losers(u["drops"], True) == {"t"}
    assert losers(u["drops"], False) == {"u", "u_pkey"}
    assert losers(t["drops"], True) == {"v", "m"} and "u" in losers(t["drops"], False)
    with_u, with_t = ({(o["class"], o["oid"], o["part"]): o["cascade"] for o in r["drops"]["along"]} for r in (u, t))
    key = schema.execute("SELECT 'pg_constraint'::regclass::oid, oid, 0 FROM pg_constraint WHERE conname = 't_a_fkey'").fetchone()
    assert with_u[key] and not with_t[key]
    columns = by_name(t["columns"])
    assert not columns["g"]["drops"]["cascade_needed"]
    assert columns["g"]["drops"]["losers"] == [{"name": ["s", "t"], "kind": "r", "cascade": False}]
    assert columns["a"]["drops"]["cascade_needed"] and losers(columns["a"]["drops"], True) == {"v"}
    assert columns["id"]["sequence"] == ["s", "t_id_seq"] and columns["h"]["sequence"] == ["s", "t_h_seq"]
    assert by_name(u["constraints"])["u_pkey"]["drops"]["cascade_needed"]
    assert by_name(t["constraints"])["t_a_fkey"]["index"] == ["s", "u_pkey"]
    assert [(a["kind"], a["name"], a["of_rows"]) for a in t["attached"]] == [("p", "only_a", False)]
    kind = ask(schema, types=[("", "very_positive")])["types"][0]
    assert kind["drops"]["cascade_needed"] and losers(kind["drops"], True) == {"t"}


def test_statistics_bring_their_table(schema, ask):
    schema.execute("CREATE STATISTICS st ON a, g FROM t; CREATE SCHEMA z; CREATE STATISTICS z.st ON k, id FROM p")
    absent, t = ask(schema, [("", "st")])["relations"]
    assert not absent["exists"] and t["name"] == ["s", "t"]
    assert t["extended"] == [{"name": ["s", "st"], "visible": True}]
    absent, p, *_ = ask(schema, [("z", "st")])["relations"]
    assert p["name"] == ["s", "p"] and p["extended"] == [{"name": ["z", "st"], "visible": False}]


def columns_of(type_):
    return [(".".join(column["table"]), column["column"]) for column in type_["columns"] or []]


def test_types(schema, ask):
    names = [("pg_catalog", "int4"), ("", "very_positive"), ("s", "plain"), ("", "nothing"), ("nowhere", "x"),
             ("pg_catalog", "json"), ("", "json")]
    types = ask(schema, types=names)["types"]
    assert [t["exists"] for t in types] == [True, True, True, False, False, True, True]
    assert types[1]["base_type"] == "int4" and types[1]["domain_constrained"]
    assert types[1]["used_by"] == [["s", "t"]]
    assert types[1]["name"] == ["s", "very_positive"] and types[1]["base"] == "integer"
    assert columns_of(types[1]) == [("s.t", "d")]
    assert types[2]["base_type"] == "numeric" and types[2]["base_typmod"] == ((10 << 16) | 2) + 4
    assert types[2]["domain"] and not types[2]["domain_constrained"]
    assert types[5]["json"] and types[6]["json"] and not types[0]["json"]


READS = ["SELECT count(*) FROM quiet", "SELECT FROM quiet WHERE id = 5", "UPDATE quiet SET x = 1 WHERE x = 7"]


def test_what_nobody_reads(direct, sql):
    """A day is not waited for: the query is asked as if tomorrow had come."""
    def unread(table, text=sql.replace("1 day", "-1 day")):
        direct.execute("SELECT pg_stat_force_next_flush()")
        relations = json.loads(ask_catalog(direct, text, [array([("", table)]), "{}", "{}", "t", "{}"]))["relations"]
        return relations[0]["unread"]

    direct.execute(f"{PLAN_AS_WRITTEN}; SELECT pg_stat_reset()")
    direct.execute("CREATE TABLE quiet (id int PRIMARY KEY, x int); INSERT INTO quiet SELECT i, i FROM generate_series(1, 9) i;"
                   "CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts DEFAULT;"
                   "INSERT INTO parts SELECT generate_series(1, 9)")
    assert not unread("quiet")  # how old it is nobody knows
    direct.execute("ANALYZE")
    assert unread("quiet") and unread("parts") and unread("part")
    assert not unread("quiet", sql)
    for read in READS:
        direct.execute("SELECT pg_stat_reset(); ANALYZE quiet")
        assert unread("quiet")
        direct.execute(read)
        assert not unread("quiet"), read
    direct.execute("SELECT FROM part")
    assert not unread("parts")


def test_who_has_columns_of_a_type(schema, ask):
    schema.execute("CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE moods (m mood DEFAULT 'a', n mood[], p positive);"
                   "CREATE DOMAIN mine AS mood; CREATE TABLE below (own mine UNIQUE) INHERITS (moods);"
                   "CREATE VIEW an_a AS SELECT FROM moods WHERE m = 'a'; CREATE VIEW a_or_c AS SELECT FROM moods WHERE m = 'a' AND 'c' <> '';"
                   "CREATE FUNCTION says_a() RETURNS text LANGUAGE sql AS $$SELECT 'a'$$;"
                   "ALTER DOMAIN positive ADD CONSTRAINT another CHECK (VALUE > 1) NOT VALID")
    types = [("", "mood"), ("", "positive")]
    mood, positive = ask(schema, types=types)["types"]
    assert (mood["used_by"], mood["columns"], mood["named"]) == (None, None, None)
    assert (mood["kind"], mood["labels"], positive["kind"], positive["labels"]) == ("e", ["a", "b"], "d", None)
    answer = ask(schema, types=types, labels=[("a", "c"), ("x", "y")])
    mood, positive = answer["types"]
    assert mood["used_by"] == [["s", "below"], ["s", "moods"]] and mood["labels"] == ["a", "b"] and not mood["embedded"]
    assert columns_of(mood) == [("s.below", "m"), ("s.below", "n"), ("s.below", "own"), ("s.moods", "m"), ("s.moods", "n")]
    assert [column["column"] for column in mood["columns"] if column["inherited"]] == ["m", "n"]
    assert [column["column"] for column in mood["columns"] if column["list"]] == ["n", "n"]
    assert [column["column"] for column in mood["columns"] if column["key"]] == ["own"]
    assert [column["default"] for column in mood["columns"]] == ["'a'::mood", None, None, "'a'::mood", None]
    assert sorted((named["object"], named["text"]) for named in mood["named"]) == [
        ("function s.says_a", True), ("view s.an_a", False)]
    # One over the domain as well: what is asked of the domain is asked of it.
    assert positive["used_by"] == [["s", "below"], ["s", "moods"], ["s", "t"]]
    assert columns_of(positive) == [("s.below", "p"), ("s.moods", "p"), ("s.t", "d")]
    assert positive["constraints"] == ["another", "positive_check"]
    assert {"moods", "t"} <= set(names(answer["relations"]))


def test_functions(schema, ask):
    names = [("", "f"), ("s", "f"), ("pg_catalog", "now"), ("", "random"), ("", "lower"), ("", "nothing")]
    functions = ask(schema, functions=names)["functions"]
    assert [f["volatility"] for f in functions] == ["v", "v", "s", "v", "i", None]


def test_names_resolve_as_the_client_s_do(schema, ask):
    schema.execute("CREATE SCHEMA z; CREATE TABLE z.t (a int); CREATE TEMP TABLE u (x int)")
    schema.execute("SET search_path = z, s")
    t, u, temporary = ask(schema, [("", "t"), ("", "u"), ("pg_temp", "u")])["relations"]
    assert t["name"] == ["z", "t"] and u["persistence"] == "t" and u["oid"] == temporary["oid"]


def test_the_session(schema, ask):
    schema.execute("SET lock_timeout = '2s'; SET statement_timeout = '1min'; SET timezone = 'Europe/Paris'")
    answer = ask(schema)
    assert answer["lock_timeout_ms"] == 2000 and answer["statement_timeout_ms"] == 60000
    assert not answer["timezone_utc"] and answer["superuser"] and answer["search_path"] == "s"
    assert answer["backend_pid"] == schema.info.backend_pid
    assert answer["relations"] is None
    schema.execute("SET timezone = 'Etc/UTC'")
    assert ask(schema)["timezone_utc"]


# ---- created in this transaction ----

def created(answer, n):
    """Of the n relations asked for; what came along stands behind them."""
    return [relation["created_in_transaction"] for relation in answer["relations"][:n]]


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_what_this_transaction_made_is_known(schema, server, database, ask, isolation):
    names = [("", n) for n in ("t", "n1", "n2", "n3", "n3_a", "nv", "nm", "np", "later")]
    with server.connect(database) as other, schema.transaction():
        schema.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        schema.execute("CREATE TABLE n1 (a int)")
        schema.execute("SAVEPOINT one; CREATE TABLE n2 (a int); RELEASE one")
        schema.execute("SAVEPOINT two; CREATE TABLE n3 (a int); CREATE INDEX n3_a ON n3 (a)")
        schema.execute("CREATE VIEW nv AS SELECT 1; CREATE MATERIALIZED VIEW nm AS SELECT 1")
        schema.execute("CREATE TABLE np (a int) PARTITION BY LIST (a)")
        other.execute("CREATE TABLE s.later (a int)")
        schema.execute("ALTER TABLE t ADD COLUMN added int; COMMENT ON TABLE t IS 'x'; ALTER TABLE t SET (fillfactor = 90)")
        assert created(ask(schema, names), 9) == [False] + 7 * [True] + [False]
    assert created(ask(schema, names), 9) == 9 * [False]


def test_rolling_back_to_a_savepoint_forgets(schema, ask):
    with schema.transaction():
        schema.execute("SAVEPOINT x; CREATE TABLE n (a int); ROLLBACK TO x; CREATE TABLE n (a int)")
        assert created(ask(schema, [("", "n")]), 1) == [True]
        schema.execute("ROLLBACK TO x")
        assert not ask(schema, [("", "n")])["relations"][0]["exists"]


@pytest.mark.parametrize("trick", [
    "GRANT SELECT (ctid, xmin, cmin, xmax, cmax, tableoid) ON t TO PUBLIC",
    "GRANT SELECT (tableoid) ON t TO PUBLIC; REVOKE SELECT (tableoid) ON t FROM PUBLIC",
    "ALTER TABLE t RENAME TO x; ALTER TABLE x RENAME TO t",
    "ALTER TABLE t OWNER TO CURRENT_USER; ALTER TABLE t SET SCHEMA public; ALTER TABLE public.t SET SCHEMA s",
    "ALTER TABLE t ADD COLUMN x int; ALTER TABLE t DROP COLUMN x; ALTER TABLE t ALTER a SET STATISTICS 50",
    "ALTER TABLE t SET UNLOGGED; TRUNCATE t; CLUSTER t USING t_pkey",
])
def test_an_old_table_cannot_be_dressed_up_as_new(schema, ask, trick):
    with schema.transaction():
        schema.execute("CREATE TABLE other (a int)")
        schema.execute(trick)
        assert created(ask(schema, [("", "t")]), 1) == [False]


# ---- safe on anybody's connection ----

def test_nothing_a_client_shadows_is_used(schema, ask):
    relations = [("s", "t"), ("s", "p"), ("s", "t_expression"), ("s", "v")]
    schema.execute("CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE moods (m mood, n mood[], UNIQUE (m));"
                   "CREATE TYPE inside AS (m mood); CREATE INDEX ON moods (m) WHERE m = 'a'; ALTER TABLE moods ADD CHECK (m > 'a')")
    types, functions, labels = [("s", "very_positive"), ("s", "mood")], [("s", "f")], [("a", "c")]
    honest = ask(schema, relations, types, functions, labels=labels)
    assert len(honest["types"][1]["named"]) == 2 and honest["types"][1]["embedded"]
    schema.execute("CREATE SCHEMA evil")
    for pair in PAIRS:
        schema.execute(f"""CREATE FUNCTION evil.lie({pair}, {pair}) RETURNS bool LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'captured'; END $$""")
        for operator in OPERATORS:
            schema.execute(f"CREATE OPERATOR evil.{operator} (LEFTARG = {pair}, RIGHTARG = {pair}, FUNCTION = evil.lie)")
    schema.execute("""CREATE FUNCTION evil.lie_text(text, text) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
        CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.lie_text)""")
    for function in FUNCTIONS:
        schema.execute(f"""CREATE FUNCTION evil.{function} RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'captured'; END $$""")
    for table in TABLES:
        schema.execute(f"CREATE TABLE evil.{table} (captured int)")
    for type_ in TYPES:
        schema.execute(f"CREATE TYPE evil.{type_} AS ENUM ('captured')")
    schema.execute("SET search_path = evil, pg_catalog")
    with pytest.raises(psycopg.errors.RaiseException, match="captured"):
        schema.execute("SELECT 1 = 1")
    answer = ask(schema, relations, types, functions, labels=labels)
    assert answer["search_path"] == "evil, pg_catalog"
    # format_type and pg_get_expr write names as this search_path needs them
    assert json.dumps(answer["relations"][1]["tree"]) == json.dumps(honest["relations"][1]["tree"])
    assert [r["oid"] for r in answer["relations"]] == [r["oid"] for r in honest["relations"]]
    assert by_name(answer["relations"][0]["columns"]).keys() == by_name(honest["relations"][0]["columns"]).keys()
    for type_ in (*answer["types"], *honest["types"]):
        del type_["base"]
    assert answer["types"] == honest["types"] and answer["functions"] == honest["functions"]


@pytest.mark.parametrize("settings", [
    "SET standard_conforming_strings = off; SET escape_string_warning = off",
    "SET array_nulls = off; SET extra_float_digits = -15; SET DateStyle = 'German'",
    "SET search_path = ''",
    "SET quote_all_identifiers = on; SET transform_null_equals = on",
    "SET default_transaction_read_only = on; SET row_security = off",
    "SET enable_nestloop = off; SET enable_hashjoin = off; SET enable_indexscan = off",
    "SET client_encoding = 'LATIN1'",
    "SET jit_above_cost = 0; SET force_parallel_mode = on",
    "SET lc_messages = 'C'; SET IntervalStyle = 'sql_standard'; SET backslash_quote = off",
])
def test_no_setting_changes_the_answer(schema, ask, settings):
    relations = [("s", "t"), ("s", "p"), ("s", "nowhere"), ("no schema", "x")]
    honest = ask(schema, relations)
    schema.execute(settings)
    answer = ask(schema, relations)
    if "quote_all" not in settings and "search_path" not in settings:
        assert answer["relations"] == honest["relations"]
    assert [r["oid"] for r in answer["relations"]] == [r["oid"] for r in honest["relations"]]


def test_a_role_without_privileges_gets_the_same(schema, ask):
    schema.execute("REVOKE ALL ON SCHEMA s FROM PUBLIC; DROP ROLE IF EXISTS nobody_at_all; CREATE ROLE nobody_at_all")
    relations = [("s", "t"), ("", "t"), ("s", "p"), ("s", "nowhere")]
    schema.execute("SET ROLE nobody_at_all")
    answer = ask(schema, relations, [("s", "positive"), ("", "positive")], [("s", "f"), ("", "f")])
    schema.execute("RESET ROLE; DROP ROLE nobody_at_all")
    assert [r["exists"] for r in answer["relations"][:4]] == [True, False, True, False]
    assert [t["exists"] for t in answer["types"]] == [True, False]
    assert not answer["superuser"] and answer["current_user"] == "nobody_at_all"


def test_it_locks_no_relation_and_writes_nothing(schema, ask):
    with schema.transaction():
        ask(schema, [("", "t"), ("", "p"), ("", "v")], [("", "positive")], [("", "f")])
        held = schema.execute("""SELECT relation::regclass::text FROM pg_locks WHERE pid = pg_backend_pid()
            AND relation IN ('s.t'::regclass, 's.p'::regclass, 's.p1a'::regclass, 's.v'::regclass)""").fetchall()
        assert held == []
        assert schema.execute("SELECT pg_current_xact_id_if_assigned()").fetchone() == (None,)


@pytest.mark.parametrize("name", [
    "", "a" * 63, 'quo"te', "back\\slash", "comma,brace{}", "NULL", "null", " ", "ключ", "x'y", "$1", "a\nb", "a.b"])
def test_any_name_is_just_a_name(schema, ask, name):
    quoted = '"' + name.replace('"', '""') + '"'
    if name:
        schema.execute(f"CREATE TABLE s.{quoted} (a int)".encode())
    for schema_name in ("", "s"):
        answer = ask(schema, [(schema_name, name)], [("", name)], [("", name)])
        assert answer["relations"][0]["exists"] == bool(name)
        assert not name or answer["relations"][0]["name"] == ["s", name]


def test_xids_that_wrapped_round_raise_nothing(lab_directory, ask):
    """Of a row two thousand million transactions old only the raw xid is left, which looks like one to come."""
    postgres = Postgres(lab_directory / "wrapped", settings={"fsync": "off"})
    postgres.directory.mkdir()
    postgres.start()
    try:
        postgres.query("CREATE TABLE old (a int); CREATE VIEW old_view AS SELECT 1")
        for database in ("postgres", "template1"):
            postgres.query("VACUUM FREEZE", database)
        postgres.stop()
        jump_to_xid(postgres, 2_500_000_000)
        postgres.start()
        with postgres.connect() as connection, connection.transaction():
            assert connection.execute("SELECT pg_current_xact_id()::text::int8").fetchone()[0] >= 2_500_000_000
            connection.execute("SAVEPOINT x; CREATE TABLE new (a int); RELEASE x")
            assert created(ask(connection, [("", "old"), ("", "old_view"), ("", "new")]), 3) == [False, False, True]
    finally:
        postgres.stop()
        shutil.rmtree(postgres.directory)


def jump_to_xid(postgres, xid):
    """pg_resetwal moves the counter; the page of pg_xact that it then stands on has to be there."""
    subprocess.run(as_server_account([binaries() / "pg_resetwal", "-x", str(xid), "-D", postgres.data]),
                   cwd="/", check=True, capture_output=True)
    page = postgres.data / "pg_xact" / f"{xid // (32 * 8192 * 4):04X}"
    page.write_bytes(bytes(32 * 8192))
    if is_root():
        shutil.chown(page, POSTGRES_ACCOUNT, POSTGRES_ACCOUNT)


def touched(plan):
    """Rows that came out of the nodes of a plan, all loops together."""
    return plan["Actual Rows"] * plan["Actual Loops"] + sum(touched(below) for below in plan.get("Plans", []))


def test_it_is_quick_among_many_tables(schema, ask, sql):
    """A table that refers to one that all the others refer to."""
    for start in range(0, 1000, 250):
        schema.execute(f"""DO $$BEGIN FOR i IN {start}..{start + 249} LOOP
            EXECUTE format('CREATE TABLE s.many_%s (id int PRIMARY KEY, t int REFERENCES s.u)', i); END LOOP; END$$""")
    schema.execute("ANALYZE")
    plan = schema.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + sql.replace("$1", "'{{s,many_7}}'")
                          .replace("$2", "'{}'").replace("$3", "'{}'").replace("$4", "false").replace("$5", "'{}'")).fetchone()[0]
    assert touched(plan[0]["Plan"]) < 100_000
    assert len(ask(schema, [("s", "u")])["relations"][0]["referencing"]) == 1001


def test_what_the_transaction_holds(schema, ask):
    with schema.transaction():
        schema.execute("CREATE TABLE s.fresh (a int); CREATE TEMP TABLE passing (a int); LOCK s.fresh")
        schema.execute("ALTER TABLE s.t ADD CONSTRAINT young CHECK (a > 0) NOT VALID")
        schema.execute("SAVEPOINT a")
        schema.execute("ALTER TABLE s.t ADD CONSTRAINT younger CHECK (a > 0) NOT VALID")
        schema.execute("ALTER TABLE s.u ALTER COLUMN id SET STATISTICS 10")
        schema.execute("RELEASE a; SAVEPOINT b; LOCK s.parent; ROLLBACK TO b")
        answer = ask(schema, [("s", "t")])
    assert {(lock["relation"][1], lock["mode"]) for lock in answer["locks"]} == {
        ("t", "AccessExclusiveLock"), ("u", "ShareUpdateExclusiveLock")}
    added = {c["name"]: c["added_in_transaction"] for c in answer["relations"][0]["constraints"]}
    assert {name for name, here in added.items() if here} == {"young", "younger"}
    after = ask(schema, [("s", "t")])
    assert after["locks"] is None
    assert not any(c["added_in_transaction"] for c in after["relations"][0]["constraints"])


PROOFS = [
    ("c IS NOT NULL AND c > 0", True),
    ("c > 0", False),
    ("c IS NOT NULL OR a > 0", False),
    ("(c IS NOT NULL AND a > 0) OR (a <= 0 AND c IS NOT NULL)", True),
    ("NOT (c IS NULL)", True),
    ("NOT (c IS NULL OR a < 0)", True),
    ("NOT (c IS NULL AND a < 0)", False),
    ("c IS DISTINCT FROM NULL", True),
    ("ROW(a, c) IS NOT NULL", True),
    ("NOT (ROW(a, c) IS NULL)", False),
    ("coalesce(c, 0) > 0", False),
]


@pytest.mark.parametrize("check, proves", PROOFS)
def test_proofs_are_the_servers_own(database, server, check, proves):
    """SET NOT NULL says at DEBUG1 whether a CHECK spares it the scan; the parser has to agree."""
    notices = []
    with server.connect(database) as connection:
        connection.execute(f"CREATE TABLE proof (a int, c int, CONSTRAINT k CHECK ({check}))")
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        connection.execute("SET client_min_messages = debug1")
        connection.execute("ALTER TABLE proof ALTER COLUMN c SET NOT NULL")
    spared = any("are sufficient to prove that it does not contain nulls" in text for text in notices)
    assert spared is proves

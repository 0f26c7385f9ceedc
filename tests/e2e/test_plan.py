# SPDX-License-Identifier: PostgreSQL
"""phasegate plan: what it prints is what the proxy carries out; what it writes it writes once."""

import json
import os
import subprocess

import pytest

from environment import ASAN, BUILD

pytestmark = pytest.mark.gate

GOOD, FOUND, FAILED = 0, 1, 2


def plan(*arguments, text=None):
    done = subprocess.run([BUILD / "proxy" / "phasegate", "plan", *map(str, arguments)], input=text,
                          capture_output=True, text=True, timeout=60, env={**os.environ, **ASAN})
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done


def planned(*arguments, text=None):
    return json.loads(plan("--format", "json", *arguments, text=text).stdout)["files"][0]


def outline(file):
    return [(phase["name"], len(phase["steps"])) for phase in file["phases"]]


SAME = [
    "ALTER TABLE orders ALTER COLUMN qty SET NOT NULL",
    "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE orders ADD CONSTRAINT positive CHECK (qty > 0)",
    "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)",
    "ALTER TABLE orders ADD UNIQUE (id)",
    "CREATE INDEX ON orders (qty)",
    "ALTER TABLE orders ADD CHECK (qty > 0), ADD COLUMN later int",
]

STEPS = """
SELECT kind, sql, undo, coalesce(probe, ''), lock_mode, purpose, with_previous FROM phasegate.step
WHERE change_id = (SELECT max(id) FROM phasegate.change) ORDER BY ord
"""


@pytest.fixture
def shop(direct):
    direct.execute("CREATE TABLE users (id int PRIMARY KEY)")
    direct.execute("INSERT INTO users SELECT generate_series(1, 10)")
    direct.execute("CREATE TABLE orders AS SELECT g AS id, g % 10 + 1 AS user_id, 1 AS qty "
                   "FROM generate_series(1, 20000) g")
    # Inserts that are reported after VACUUM has counted would count twice.
    direct.execute("SELECT pg_stat_force_next_flush()")
    direct.execute("VACUUM ANALYZE")


@pytest.mark.parametrize("statement", SAME)
def test_what_is_printed_is_what_is_carried_out(server, database, shop, direct, connect, statement):
    file = planned("--server", server.conninfo(database), "-", text=statement + ";\n")
    connect().execute(statement)
    assert steps_of(file) == direct.execute(STEPS).fetchall()


def steps_of(file):
    return [tuple(step[key] for key in ("kind", "sql", "undo", "probe", "lock", "purpose", "with_previous"))
            for phase in file["phases"] for step in phase["steps"]]


def config_with(folder, rules):
    config = folder / "phasegate.yaml"
    config.write_text(f"""listen: [{{address: 127.0.0.1, port: 6432}}]
server: {{host: 127.0.0.1, port: 5432}}
control: {{conninfo: host=127.0.0.1}}
policy_log: {{path: {folder}/policy.log}}
rules: {{{rules}}}
""")
    return config


def test_a_label_of_an_enum(server, database, direct, connect, start_proxy, tmp_path):
    """What is only done on the way back is with the first phase, and in undo.sql."""
    direct.execute("CREATE TYPE mood AS ENUM ('sad', 'fair'); CREATE TABLE moods (m mood DEFAULT 'fair', l mood[])")
    statement = "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"
    asked = ("--server", server.conninfo(database), "--config", config_with(tmp_path, "rename-enum-value: phase"), "-")
    file = planned(*asked, text=statement + ";")
    assert outline(file) == [("expand", 3), ("soak", 1), ("finish", 1), ("backfill", 2)]
    plan("--out", tmp_path / "out", *asked, text=statement + ";")
    undo = (tmp_path / "out" / "undo.sql").read_text()
    assert undo.count("again; repeat until it updates 0 rows\nUPDATE") == 2 and "SET DEFAULT 'fair'" in undo
    connect(to=start_proxy({"rules": {"rename-enum-value": "phase"}})).execute(statement)
    assert steps_of(file) == direct.execute(STEPS).fetchall()


def test_a_truncate_where_policy_wants_it(server, database, shop, tmp_path):
    asked = ("--server", server.conninfo(database), "--config", config_with(tmp_path, "truncate: phase"), "-")
    assert outline(planned(*asked, text="TRUNCATE users;")) == [("bulk", 1)]
    assert 'DELETE FROM "public"."users" WHERE ("id") IN' in plan(*asked, text="TRUNCATE users;").stdout
    assert outline(planned(*asked, text="TRUNCATE users RESTART IDENTITY;")) == [("refused", 1)]
    assert outline(planned(*asked[:2], "-", text="TRUNCATE users;")) == [("refused", 1)]
    out = tmp_path / "out"
    plan("--out", out, *asked, text="TRUNCATE users;")
    assert "rows that come in later" in (out / "plan.md").read_text()


def test_a_constraint_of_a_domain(server, database, shop, direct):
    direct.execute("CREATE DOMAIN amount AS int; ALTER TABLE orders ALTER qty TYPE amount")
    file = planned("--server", server.conninfo(database), "-", text="ALTER DOMAIN amount ADD CONSTRAINT c CHECK (VALUE > 0);")
    steps = [(phase["name"], step["kind"], step["lock"]) for phase in file["phases"] for step in phase["steps"]]
    assert steps == [("expand", "catalog", "no lock"), ("validate", "scan", "ACCESS SHARE"), ("soak", "soak", "no lock"),
                     ("validate", "scan", "SHARE")]


def test_estimates_come_from_the_catalog(server, database, shop):
    file = planned("--server", server.conninfo(database), "-", text=SAME[1] + ";")
    backfill = [step for phase in file["phases"] for step in phase["steps"] if step["kind"] == "backfill"]
    assert [(step["rows"], step["seconds"]) for step in backfill] == [(20000, 2)]
    shown = plan("--server", server.conninfo(database), "-", text=SAME[1] + ";").stdout
    assert "20,000 rows, about 2 s" in shown
    unknown = planned("-", text=SAME[1] + ";")
    assert {step["rows"] for phase in unknown["phases"] for step in phase["steps"]} == {None}


SHAPES = {
    "as it is": ("CREATE TABLE t (a int);", [("expand", 1)], GOOD),
    "its own transaction is dropped": ("BEGIN; CREATE TABLE t (a int); COMMIT;", [("expand", 1)], GOOD),
    "phases": (SAME[0] + ";", [("expand", 1), ("validate", 1), ("finish", 2)], GOOD),
    "one after the other": ("CREATE INDEX ON t (a);CREATE INDEX ON t (b);SELECT 1;", [("index", 2), ("expand", 1)],
                            GOOD),
    "no safe form": ("DROP TABLE t;", [("refused", 1)], FOUND),
    "of one part only is none": ("ALTER TABLE t ALTER a SET NOT NULL, DROP COLUMN b;", [("refused", 1)], FOUND),
    "what cannot be read": ("SELEC;\nCREATE TABLE t (a int);", [("expand", 1)], FAILED),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name):
    text, expected, status = SHAPES[name]
    assert outline(planned("-", text=text)) == expected
    assert plan("-", text=text).returncode == status


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_to_commit(tmp_path):
    source, out = tmp_path / "m.sql", tmp_path / "out"
    source.write_text(SAME[1] + ";\nDROP TABLE old;\n")
    assert plan("--out", out, source).returncode == FOUND
    assert names(out) == ["01-expand.sql", "02-backfill.sql", "03-refused.sql", "plan.md", "undo.sql"]
    assert "SET lock_timeout" in (out / "01-expand.sql").read_text()
    assert "repeat until it updates 0 rows" in (out / "02-backfill.sql").read_text()
    assert "\n-- DROP TABLE old\n" in (out / "03-refused.sql").read_text()
    assert "DROP COLUMN IF EXISTS" in (out / "undo.sql").read_text()
    assert "| 1 |" in (out / "plan.md").read_text() and "`drop-table`" in (out / "plan.md").read_text()
    # Every file but those of refused statements is SQL that can be judged in turn.
    checked = subprocess.run([BUILD / "proxy" / "phasegate", "check", out], capture_output=True, text=True,
                             env={**os.environ, **ASAN}, timeout=60, check=False)
    assert "error" not in checked.stdout


def test_transactions_settings_and_rows_of_the_file(tmp_path):
    """What stays as written stays in its transaction; what is rolled back, or fed by psql, is left out."""
    source, out = tmp_path / "m.sql", tmp_path / "out"
    source.write_text("SET search_path = app;\nBEGIN; CREATE VIEW v AS SELECT 1; SET LOCAL lock_timeout = '1s'; COMMIT;\n"
                      "BEGIN; ALTER TABLE t ADD gone int; ROLLBACK;\nCREATE TABLE n (a int);\n"
                      "COPY n FROM stdin;\n1\n\\.\nALTER TABLE t ALTER a SET NOT NULL;\n")
    plan("--out", out, source)
    assert names(out) == ["01-expand.sql", "02-refused.sql", "03-expand.sql", "04-validate.sql", "05-finish.sql", "plan.md",
                          "undo.sql"]
    first, refused, *others = [[line for line in (out / name).read_text().splitlines() if not line.startswith("--") and line]
                               for name in names(out)[:5]]
    assert first[1:] == ["SET search_path = app;", "BEGIN;", "CREATE VIEW v AS SELECT 1;", "SET LOCAL lock_timeout = '1s';",
                         "COMMIT;", "CREATE TABLE n (a int);"]
    assert refused == []
    assert all("SET search_path = app;" in lines for lines in others)
    assert "SET search_path = app;" in (out / "undo.sql").read_text()


def test_what_is_rolled_back_to_a_savepoint(tmp_path):
    source, out = tmp_path / "m.sql", tmp_path / "out"
    source.write_text("BEGIN; CREATE TABLE a (x int); SAVEPOINT s; CREATE TABLE gone (x int); ROLLBACK TO s;"
                      "CREATE TABLE b (x int); BEGIN; COMMIT AND CHAIN; CREATE TABLE gone2 (x int); ROLLBACK;")
    plan("--out", out, source)
    lines = [line for line in (out / "01-expand.sql").read_text().splitlines() if line and not line.startswith("--")]
    assert lines[1:] == ["BEGIN;", "CREATE TABLE a (x int);", "CREATE TABLE b (x int);", "COMMIT;"]


@pytest.mark.parametrize("ends", ["\n", "\r", "\r\n"])
def test_no_name_ends_a_comment(tmp_path, ends):
    source, out = tmp_path / "m.sql", tmp_path / "out"
    source.write_bytes(f'ALTER TABLE t ALTER "x{ends}DROP TABLE users; --" SET NOT NULL;'.encode())
    plan("--out", out, source)
    texts = [(out / name).read_bytes().decode() for name in names(out) if name.endswith(".sql")]
    assert any("DROP TABLE users" in text for text in texts)
    for text in texts:
        assert "users" not in "".join(outside_of_quotes(text)), text


def outside_of_quotes(sql):
    """What a server would read as words: comments end with their line, names with their quote."""
    at, kept = 0, []
    while at < len(sql):
        if sql.startswith("--", at):
            at = min((sql.find(end, at) % (len(sql) + 1) for end in "\n\r"))
        elif sql[at] in "\"'":
            at = sql.index(sql[at], at + 1) + 1
        else:
            kept.append(sql[at])
            at += 1
    return kept


def test_a_plan_made_again_replaces_its_own_files(tmp_path):
    source, out = tmp_path / "m.sql", tmp_path / "out"
    source.write_text(SAME[1] + ";")
    plan("--out", out, source)
    source.write_text("CREATE INDEX ON t (a);")
    assert plan("--out", out, source).returncode == GOOD
    assert names(out) == ["01-index.sql", "plan.md", "undo.sql"]


@pytest.mark.parametrize("name", ["01-expand.sql", "undo.sql", "plan.md"])
@pytest.mark.parametrize("edit", [lambda text: text + "-- mine\n", lambda text: "-- mine\n", lambda text: ""])
def test_what_somebody_wrote_is_never_overwritten(tmp_path, name, edit):
    source, out = tmp_path / "m.sql", tmp_path / "out"
    source.write_text(SAME[0] + ";")
    plan("--out", out, source)
    mine = edit((out / name).read_text())
    (out / name).write_text(mine)
    before = {path: path.read_text() for path in out.iterdir()}
    source.write_text("CREATE INDEX ON t (a);" if name != "01-expand.sql" else "CREATE TABLE t (a int);")
    done = plan("--out", out, source)
    assert done.returncode == FAILED and f"{out / name} was not written by phasegate plan" in done.stderr
    assert {path: path.read_text() for path in out.iterdir()} == before


def test_several_files_have_a_folder_each(tmp_path):
    for name in ("a.sql", "b.sql"):
        (tmp_path / name).write_text("CREATE TABLE t (a int);")
    assert plan("--out", tmp_path / "out", tmp_path / "a.sql", tmp_path / "b.sql").returncode == GOOD
    assert names(tmp_path / "out") == ["a", "b"]
    assert names(tmp_path / "out" / "a") == ["01-expand.sql", "plan.md", "undo.sql"]


def test_a_folder_that_cannot_be_made(tmp_path):
    done = plan("--out", "/dev/null/x", "-", text="SELECT 1;")
    assert done.returncode == FAILED and "/dev/null/x" in done.stderr

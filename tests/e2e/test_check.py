# SPDX-License-Identifier: PostgreSQL
"""phasegate check: files, folders and standard input; conventions; formats; with and without a server."""

import json
import os
import subprocess

import pytest

from environment import ASAN, BUILD

pytestmark = pytest.mark.gate

GOOD, FOUND, FAILED = 0, 1, 2


def check(*arguments, text=None, environment=None):
    done = subprocess.run([BUILD / "proxy" / "phasegate", "check", *map(str, arguments)], input=text,
                          capture_output=True, text=True, timeout=60,
                          env={**os.environ, **ASAN, **(environment or {})})
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done


def judged(*arguments, text=None):
    """The JSON document, and the exit status."""
    done = check("--format", "json", *arguments, text=text)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode


def verdicts(document, file=0):
    return [statement["verdict"] for statement in document["files"][file]["statements"]]


def rules(document, file=0):
    return [[finding["rule"] for finding in statement["findings"] if not finding["suppressed"]]
            for statement in document["files"][file]["statements"]]


def test_json_is_what_programs_are_promised():
    text = "-- first\nCREATE TABLE fresh (id int);\n\n  ALTER TABLE orders ALTER COLUMN qty\n\tSET NOT NULL;"
    document, status = judged("-", text=text)
    (file,) = document["files"]
    harmless, phased = file["statements"]
    assert (file["file"], file["errors"], status) == ("-", [], FOUND)
    assert harmless == {"line": 2, "column": 1, "sql": "CREATE TABLE fresh (id int)", "verdict": "allow",
                        "findings": []}
    assert (phased["line"], phased["column"], phased["verdict"]) == (4, 3, "phase")
    assert phased["sql"] == "ALTER TABLE orders ALTER COLUMN qty\n\tSET NOT NULL"
    (finding,) = phased["findings"]
    assert {"rule", "verdict", "message", "detail", "hint"} <= finding.keys()
    assert (finding["rule"], finding["line"], finding["column"]) == ("set-not-null", 4, 22)
    steps = phased["plan"]["steps"]
    assert [step["lock"] for step in steps][:2] == ["ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"]
    assert all({"sql", "lock", "transactional", "undo"} <= step.keys() for step in steps)
    assert document["summary"]["verdicts"]["phase"] == 1


# What a text is judged to be, statement by statement.
TEXTS = {
    "what the file makes is new": ("CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL;",
                                   ["allow", "allow"], GOOD),
    "a proof made and validated by the file": (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; "
        "ALTER TABLE t ALTER a SET NOT NULL;", ["allow", "allow", "allow"], GOOD),
    "its own transaction": ("BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT; "
                            "CREATE INDEX CONCURRENTLY i ON t (a);", ["allow", "reject", "allow", "allow"], FOUND),
    "a syntax error hides nothing": ("SELEC 1; DROP TABLE t; SELECT 1;", ["reject", "reject", "allow"], FAILED),
    "nor does an open bracket": ("CREATE TABLE a (b int; DROP TABLE t;", ["reject", "reject"], FAILED),
    "psql commands and COPY data": ("\\set x 1\n\\restrict key\nCOPY t FROM stdin;\n1\tit's\n\\.\nSELECT 1 \\gset\n",
                                    ["allow", "allow"], GOOD),
    "psql variables": ("ALTER TABLE :tbl ADD a int; SELECT :'x', :\"y\";", ["allow", "allow"], GOOD),
    "templates": ("ALTER TABLE ${schema}.t ADD a int; DROP TABLE {{ t }};", ["allow", "reject"], FOUND),
    "a comment that never ends": ("SELECT 1; /* open DROP TABLE t;", ["allow", "reject"], FAILED),
    "byte order mark and CRLF": ("\ufeffSELECT 1;\r\nSELECT 2;\r\n", ["allow", "allow"], GOOD),
    "nothing": ("-- nothing\n", [], GOOD),
    "harmless and too long for the grammar": ("SELECT '%s';" % ("x" * 300_000), ["allow"], GOOD),
    "guarded and too long for the grammar": ("DROP TABLE %s;" % ("x," * 200_000 + "x"), ["reject"], FAILED),
    "guarded and longer than a message may be": (
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT '%s'$$;" % ("x" * 300_000), ["allow"], GOOD),
    "too many words in a code block": (
        "DO $$ BEGIN CREATE VIEW v AS SELECT %s1; END $$;" % ("1+" * 100_000), ["reject"], FOUND),
    "a block is one transaction": (
        "DO $$ BEGIN ALTER TABLE t ADD a int; ALTER TABLE u ADD a int; END $$; ALTER TABLE v ADD a int;",
        ["warn", "allow"], GOOD),
    "each block its own": (
        "DO $$ BEGIN ALTER TABLE t ADD a int; UPDATE t SET a = b WHERE c > 1; END $$;"
        "DO $$ BEGIN UPDATE t SET a = b WHERE c > 1; END $$;", ["reject", "allow"], FOUND),
    "a function that it calls": (
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE t; END $$; SELECT f(); SELECT g();",
        ["allow", "reject", "allow"], FOUND),
    "of many words": ("CREATE VIEW v AS SELECT %s1;" % ("1+" * 12_000), ["allow"], GOOD),
    "many branches": ("UPDATE t SET a = CASE %s END;" % ("WHEN b = 1 THEN 2 " * 12_000), ["reject"], FOUND),
    "nested too deeply": ("SELECT %s1%s;" % ("(" * 20_000, ")" * 20_000), ["allow"], GOOD),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name):
    text, expected, status = TEXTS[name]
    document, exit_status = judged("-", text=text)
    assert (verdicts(document), exit_status) == (expected, status)


CONCURRENTLY = "CREATE INDEX CONCURRENTLY i ON t (a);\n"
DROP = "DROP TABLE t;\n"

# By its name or its marks: what is judged, with --down too, and whether it runs in a transaction.
CONVENTIONS = {
    "plain.sql": (CONCURRENTLY + "SELECT 1;", ["allow", "allow"], ["allow", "allow"]),
    "V1__a.sql": ("ALTER TABLE t ADD a int;" + CONCURRENTLY, ["allow", "allow"], ["allow", "allow"]),
    "U1__a.sql": (DROP, [], ["reject"]),
    "1_a.up.sql": (CONCURRENTLY + "SELECT 1;", ["reject", "allow"], ["reject", "allow"]),
    "2_alone.up.sql": (CONCURRENTLY, ["allow"], ["allow"]),
    "3_again.up.sql": (
        f"BEGIN; SELECT 1; COMMIT; SELECT 2; {CONCURRENTLY}",
        ["allow"] * 4 + ["reject"],
        ["allow"] * 4 + ["reject"],
    ),
    "1_a.down.sql": (DROP, [], ["reject"]),
    "deploy/a.sql": ("BEGIN;\nCREATE TABLE x (a int);\nCOMMIT;", ["allow"] * 3, ["allow"] * 3),
    "revert/a.sql": (DROP, [], ["reject"]),
    "verify/a.sql": ("SELECT 1/count(*) FROM t;", [], ["allow"]),
    "dbmate.sql": ("-- migrate:up\n" + CONCURRENTLY + "-- migrate:down\n" + DROP, ["reject"], ["reject", "reject"]),
    "dbmate_alone.sql": ("-- migrate:up transaction:false\n" + CONCURRENTLY + "\n-- migrate:down\n" + DROP,
                         ["allow"], ["allow", "reject"]),
    "node.sql": ("-- Up Migration\n" + CONCURRENTLY + "-- Down Migration\n" + DROP, ["reject"], ["reject", "reject"]),
    "goose.sql": ("-- +goose Up\n-- +goose StatementBegin\n" + CONCURRENTLY + "-- +goose StatementEnd\n"
                  "-- +goose Down\n" + DROP, ["reject"], ["reject", "reject"]),
    "goose_alone.sql": ("-- +goose NO TRANSACTION\n-- +goose Up\n" + CONCURRENTLY, ["allow"], ["allow"]),
    "sql_migrate.sql": ("-- +migrate Up\n" + CONCURRENTLY + "-- +migrate Down\n" + DROP, ["reject"],
                        ["reject", "reject"]),
    "tern.sql": (CONCURRENTLY + "---- create above / drop below ----\n" + DROP, ["reject"], ["reject", "reject"]),
    "play.sql": ("# What\n\n# --- !Ups\n" + CONCURRENTLY + "# --- !Downs\n" + DROP, ["allow"], ["allow", "reject"]),
    "liquibase.sql": ("--liquibase formatted sql\n--changeset a:1\nCREATE TABLE made (a int);\n" + CONCURRENTLY
                      + "--rollback " + DROP + "--changeset a:2 runInTransaction:false\n" + CONCURRENTLY
                      + "CREATE INDEX j ON made (a);\n", ["allow", "reject", "allow", "allow"],
                      ["allow", "reject", "allow", "allow"]),
    "V2__no_transaction.sql": ("-- no-transaction\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n"
                               "ALTER TABLE t VALIDATE CONSTRAINT c;", ["allow", "allow"], ["allow", "allow"]),
    "20240101_x/migration.sql": (CONCURRENTLY + "SELECT 1;", ["reject", "allow"], ["reject", "allow"]),
    "20240102_alone/migration.sql": (CONCURRENTLY, ["allow"], ["allow"]),
    "20240101_x/up.sql": (CONCURRENTLY, ["reject"], ["reject"]),
    "20240101_x/down.sql": (DROP, [], ["reject"]),
    "drizzle.sql": (CONCURRENTLY.strip() + "--> statement-breakpoint\nSELECT 1;", ["reject", "allow"],
                    ["reject", "allow"]),
    "sql_migrate_alone.sql": ("-- +migrate Up notransaction\n" + CONCURRENTLY, ["allow"], ["allow"]),
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_convention(tmp_path, name):
    text, up, both = CONVENTIONS[name]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert verdicts(judged(path)[0]) == up
    assert verdicts(judged("--down", path)[0]) == both


@pytest.mark.parametrize("value, verdict", [("false", "allow"), ("true", "reject")])
def test_metadata_of_diesel(tmp_path, value, verdict):
    folder = tmp_path / "2024-01-01-000000_x"
    folder.mkdir()
    (folder / "up.sql").write_text(CONCURRENTLY)
    (folder / "metadata.toml").write_text(f"# how\nrun_in_transaction = {value}\n")
    assert verdicts(judged(folder)[0]) == [verdict]


def test_what_goes_back_meets_what_went_forward():
    """By the time a migration is taken back, the table it made is in use."""
    text = "-- migrate:up\nCREATE TABLE t (a int);\n-- migrate:down\nDROP TABLE t;\n"
    assert verdicts(judged("--down", "-", text=text)[0]) == ["allow", "reject"]


def test_assume_in_transaction():
    assert verdicts(judged("--assume-in-transaction", "-", text=CONCURRENTLY)[0]) == ["reject"]


def test_folders_in_the_order_of_the_tool(tmp_path):
    order = ["V1__a.sql", "V1_1__b.sql", "V2__c.sql", "V10__d.sql", "R__a.sql", "U2__c.sql"]
    plain = ["2_b.up.sql", "10_c.up.sql", "11_d.pgsql", "sub/1_a.sql"]
    for name in reversed(order + plain):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("SELECT 1;")
    (tmp_path / "notes.txt").write_text("no SQL")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.sql").write_text("SELEC")
    document, status = judged(tmp_path)
    assert [file["file"] for file in document["files"]] == [str(tmp_path / name) for name in plain + order]
    assert status == GOOD


UNREADABLE = {
    "missing": (None, "No such file"),
    "utf16": ("SELECT 1;".encode("utf-16"), "UTF-16"),
    "nul": (b"SELECT 1;\0", "NUL byte"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_other_files_are_judged_all_the_same(tmp_path, name):
    content, message = UNREADABLE[name]
    bad, good = tmp_path / "bad.sql", tmp_path / "good.sql"
    if content is not None:
        bad.write_bytes(content)
    good.write_text(DROP)
    document, status = judged(bad, good)
    assert message in document["files"][0]["errors"][0]["message"]
    assert (verdicts(document, 1), status) == (["reject"], FAILED)


def test_names_that_are_no_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xe9l\xe8ve.sql"
    with open(path, "wb") as file:
        file.write(b"DROP TABLE t;")
    for command in "check", "plan":
        done = subprocess.run([BUILD / "proxy" / "phasegate", command, "--format", "json", path],
                              capture_output=True, env={**os.environ, **ASAN}, timeout=60)
        (file,) = json.loads(done.stdout)["files"]
        assert file["file"] == f"{tmp_path}/_l_ve.sql", done.stderr


def test_a_syntax_error_tells_its_place():
    document, _ = judged("-", text="SELECT 1;\nSELECT 'ü',\n  FROM;")
    (error,) = document["files"][0]["errors"]
    assert (error["line"], error["column"]) == (3, 3)
    assert error["message"] == 'syntax error at or near "FROM"'


# ---- comments that allow ----

COMMENTS = {
    "above": ("-- phasegate: allow drop-table because it is empty\nDROP TABLE t;", GOOD, None),
    "above, with others": ("-- phasegate: allow drop-table because it is empty\n-- really\nDROP TABLE t;", GOOD, None),
    "on its line": ("DROP TABLE t; -- phasegate: allow drop-table because it is empty", GOOD, None),
    "on its first line": ("DROP TABLE -- phasegate: allow drop-table because it is empty\n t;", GOOD, None),
    "several rules": ("-- phasegate: allow drop-column, drop-table because both are\nDROP TABLE t;", GOOD, None),
    "another rule": ("-- phasegate: allow truncate because I may\nDROP TABLE t;", FOUND, None),
    "the next statement": ("-- phasegate: allow drop-table because one\nDROP TABLE t;\nDROP TABLE u;", FOUND, None),
    "no reason": ("-- phasegate: allow drop-table\nDROP TABLE t;", FAILED, "no reason"),
    "an empty reason": ("-- phasegate: allow drop-table because  \nDROP TABLE t;", FAILED, "no reason"),
    "no rule": ("-- phasegate: allow because I may\nDROP TABLE t;", FAILED, "no rule"),
    "an unknown rule": ("-- phasegate: allow drop-tabel because typo\nDROP TABLE t;", FAILED, '"drop-tabel"'),
    "another word": ("-- phasegate: ignore drop-table\nDROP TABLE t;", FAILED, "understood"),
    "too far above": ("-- phasegate: allow drop-table because far\n\nDROP TABLE t;", FAILED, "neither"),
    "above nothing": ("DROP TABLE t;\n-- phasegate: allow drop-table because late", FAILED, "neither"),
    "inside a literal": ("SELECT '\n-- phasegate: allow nothing at all';", GOOD, None),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_comment(name):
    text, status, message = COMMENTS[name]
    document, exit_status = judged("-", text=text)
    errors = [error["message"] for error in document["files"][0]["errors"]]
    assert exit_status == status
    assert len(errors) == (message is not None) and all(message in error for error in errors)


def test_what_a_comment_allows_is_still_told():
    text = "-- phasegate: allow drop-table because it is empty\nDROP TABLE t;"
    document, _ = judged("-", text=text)
    (finding,) = document["files"][0]["statements"][0]["findings"]
    assert (finding["suppressed"], finding["reason"], document["summary"]["suppressed"]) == (True, "it is empty", 1)
    shown = check("-", text=text).stdout
    assert "suppressed drop-table: it is empty" in shown and "1 suppressed" in shown


# ---- the other formats ----

def test_text_shows_the_place(tmp_path):
    path = tmp_path / "m.sql"
    path.write_text("SELECT 1;\n\tALTER TABLE ü ADD b int,\tALTER a SET NOT NULL;")
    done = check(path, environment={"NO_COLOR": "1"})
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{path}:2:27: ") and "set-not-null" in lines[0]
    assert lines[1] == "    \tALTER TABLE ü ADD b int,\tALTER a SET NOT NULL;"
    assert lines[2] == "    \t" + " " * 24 + "\t^"
    assert lines[-1].startswith("2 statements in 1 file: 1 would not go through")
    assert "\033" not in done.stdout


def test_safe_statements_are_silent():
    done = check("-", text="SELECT 1;\nALTER TABLE t ADD COLUMN a int;")
    assert (done.stdout, done.returncode) == ("2 statements in 1 file: none would be stopped\n", GOOD)


@pytest.mark.parametrize("environment,coloured", [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True),
                                                  ({"TERM": "dumb"}, False)])
def test_colour_only_for_terminals(environment, coloured):
    primary, secondary = os.openpty()
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.run([BUILD / "proxy" / "phasegate", "check", "-"], input=b"DROP TABLE t;", stdout=secondary,
                          env={**clean, "TERM": "xterm", **ASAN, **environment}, timeout=60, check=False)
    os.close(secondary)
    shown = os.read(primary, 1 << 16)
    os.close(primary)
    assert done.returncode == FOUND
    assert (b"\033[" in shown) == coloured


def test_a_file_does_not_drive_the_terminal():
    done = check("-", text="DROP TABLE \"\033[2J\";")
    assert "\033" not in done.stdout


def test_github_annotations_are_escaped(tmp_path):
    path = tmp_path / "a,b:c%.sql"
    path.write_text('DROP TABLE "100%\nx";\nALTER TABLE t DROP CONSTRAINT c;\nSELEC;')
    syntax, *lines = check("--format", "github", path).stdout.splitlines()
    escaped = str(path).replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
    assert len(lines) == 2
    assert lines[0].startswith(f"::error file={escaped},line=1,col=1,title=drop-table::")
    assert "100%25%0Ax" in lines[0]
    assert lines[1].startswith(f"::warning file={escaped},line=3,col=15,title=drop-constraint::")
    assert syntax.startswith(f"::error file={escaped},line=4,col=1,title=phasegate::syntax error")


def test_sarif(tmp_path):
    path = tmp_path / "a b.sql"
    path.write_text("-- phasegate: allow drop-table because it is empty\nDROP TABLE t;\nDROP TABLE u;\nSELEC;")
    done = check("--format", "sarif", path, tmp_path / "missing.sql")
    document = json.loads(done.stdout)
    (run,) = document["runs"]
    known = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert document["version"] == "2.1.0" and run["tool"]["driver"]["name"] == "phasegate"
    assert run["columnKind"] == "unicodeCodePoints" and run["invocations"] == [{"executionSuccessful": False}]
    assert [result["ruleId"] for result in run["results"]] == ["not-read", "drop-table", "drop-table", "not-read"]
    for result in run["results"]:
        assert known[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] == "error" and result["message"]["text"]
    first = run["results"][1]
    assert first["suppressions"] == [{"kind": "inSource", "justification": "it is empty"}]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == f"file://{tmp_path}/a%20b.sql"
    assert place["region"]["startLine"] == 2 and place["region"]["snippet"]["text"] == "DROP TABLE t;"
    assert "region" not in run["results"][3]["locations"][0]["physicalLocation"]


# ---- with a server ----

@pytest.fixture
def shop(direct):
    direct.execute("CREATE TABLE tiny (id int PRIMARY KEY, a int)")
    direct.execute("CREATE TABLE large AS SELECT g AS id, 1 AS a FROM generate_series(1, 50000) g")
    direct.execute("ALTER TABLE large ADD CONSTRAINT proof CHECK (id IS NOT NULL)")
    direct.execute("CREATE SCHEMA other CREATE TABLE large (id int)")
    direct.execute("VACUUM ANALYZE")


ALTER_LARGE = "ALTER TABLE large ALTER a SET NOT NULL;"

ON_SERVER = {
    "small tables may be scanned": ([], "ALTER TABLE tiny ALTER a SET NOT NULL;", ["allow"]),
    "large ones not": ([], ALTER_LARGE, ["phase"]),
    "a proof is found": ([], "ALTER TABLE large ALTER id SET NOT NULL;", ["allow"]),
    "as search_path would": (["--search-path", "other, public"], ALTER_LARGE, ["allow"]),
    "what the file makes": ([], "CREATE TABLE fresh (a int); ALTER TABLE fresh ALTER a SET NOT NULL;",
                            ["allow", "allow"]),
    "what is not there": ([], "DROP TABLE IF EXISTS t1; DROP INDEX IF EXISTS i1; "
                          "ALTER TABLE IF EXISTS t2 DROP COLUMN a; DROP TABLE large;",
                          ["allow", "allow", "allow", "reject"]),
}


@pytest.mark.parametrize("name", ON_SERVER)
def test_on_server(server, database, shop, name):
    arguments, text, expected = ON_SERVER[name]
    document, _ = judged("--server", server.conninfo(database), *arguments, "-", text=text)
    assert verdicts(document) == expected


def test_as_a_role(server, database, shop, direct):
    """Names resolve as "$user" does for it, and rules may be set for it."""
    direct.execute("CREATE ROLE checker")
    direct.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO checker")
    direct.execute("CREATE SCHEMA checker CREATE TABLE large (a int)")
    direct.execute("GRANT USAGE ON SCHEMA checker TO checker")
    direct.execute("ANALYZE checker.large")
    try:
        document, _ = judged("--server", server.conninfo(database), "--role", "checker", "-", text=ALTER_LARGE)
        assert "checker.large" not in json.dumps(document) and verdicts(document) == ["allow"]
    finally:
        direct.execute("DROP SCHEMA checker CASCADE")
        direct.execute("DROP OWNED BY checker")
        direct.execute("DROP ROLE checker")


def test_nothing_is_written(server, database, shop, direct):
    """The whole check is one READ ONLY transaction that never gets a transaction id."""
    before = direct.execute("SELECT pg_current_wal_insert_lsn(), pg_current_xact_id()").fetchone()
    judged("--server", server.conninfo(database), "-", text="DROP TABLE tiny; CREATE TABLE x (a int);" + ALTER_LARGE)
    after = direct.execute("SELECT pg_current_xact_id()").fetchone()
    assert int(after[0]) == int(before[1]) + 1
    assert direct.execute("SELECT to_regclass('tiny') IS NOT NULL, to_regclass('x')").fetchone() == (True, None)


@pytest.mark.parametrize("arguments,message", [
    (["--server", "host=127.0.0.1 port=1 connect_timeout=2", "-"], "port 1 failed"),
    (["--role", "postgres", "-"], "--server"),
    (["--format", "xml", "-"], "no format"),
    (["/nowhere"], "No such file"),
    ([], "which file"),
])
def test_bad_usage(arguments, message):
    done = check(*arguments, text="SELECT 1;")
    assert done.returncode == FAILED
    assert message in done.stderr + done.stdout


def test_an_unknown_role_is_an_error(server, database):
    done = check("--server", server.conninfo(database), "--role", "nobody_here", "-", text="SELECT 1;")
    assert done.returncode == FAILED and "nobody_here" in done.stderr


def test_verdicts_of_a_configuration(tmp_path):
    config = tmp_path / "phasegate.yaml"
    config.write_text("policy_log: {path: p.log}\nrules: {drop-table: warn, truncate: allow}\n")
    document, status = judged("--config", config, "-", text="DROP TABLE t; TRUNCATE t;")
    assert (verdicts(document), status) == (["warn", "allow"], GOOD)

# SPDX-License-Identifier: PostgreSQL
"""
The model of PostgreSQL held against a PostgreSQL.

A statement runs in a transaction that is rolled back.  Before it the model is given what the catalog
query says on that very connection; after it pg_locks, the files of the relations, the counters of
sequential scans and the server's DEBUG1 messages tell what really happened.  Both sides are one
`dict` of the same keys, and `disagreements` compares them.
"""

import json
import re
import subprocess

import psycopg

from lab.empty_schema import empty_schema

MODES = {
    "AccessShareLock": "ACCESS SHARE", "RowShareLock": "ROW SHARE", "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE", "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE", "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
STRENGTH = {mode: i for i, mode in enumerate(MODES.values())}

# Errors that rows decide, not the catalog, and the work at which the server comes to see those rows.
DATA_ERRORS = {
    "22": ("scan", "file", "build"),  # a value does not fit its new type, or its expression fails
    "23502": ("scan", "file"),
    "23503": ("scan", "may_scan"),
    "23505": ("build",),
    "23514": ("scan", "file", "may_scan"),  # the default partition's rows too
    "23P01": ("build",),
}

# An expression is read with another type: there is no such operator or cast, or several would do.
UNREADABLE = {"42883", "42804", "42846", "42725"}

# The query of a view that is replaced reads what is not there, or has other columns than the view.
REPLACED = {"42P01", "42P16"}

# A role, schema, collation, operator class or the like is not there, and nobody has looked it up.
UNSEEN = {"42704", "3F000"}

# What the wrapper of a foreign table is not able to do.
WRAPPER = re.compile("cannot (truncate|update|delete from) foreign table|foreign-data wrapper .* has no handler")

# Relations, columns and valid foreign keys of users: only a statement changes them.
SNAPSHOT = """
SELECT json_build_object(
    'relations', (SELECT json_agg(json_build_array(c.oid::int8, CASE WHEN n.nspname LIKE 'pg_temp%' THEN 'pg_temp'
            ELSE n.nspname END || '.' || c.relname, c.relkind, pg_relation_filenode(c.oid)::int8))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_toast_temp'),
    'columns', (SELECT json_agg(json_build_array(attrelid::int8, attname))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE attnum > 0 AND NOT attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')),
    'foreign_keys', (SELECT json_agg(json_build_array(oid::int8, conname, conrelid::int8))
        FROM pg_constraint WHERE contype = 'f' AND convalidated))::text
"""
# What this session has locked and scanned by now; scans are counted on through several transactions.
MOMENT = """
SELECT json_build_object(
    'locks', (SELECT json_agg(json_build_array(relation::int8, mode)) FROM pg_locks
        WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
    'scans', (SELECT json_agg(json_build_array(oid::int8, pg_stat_get_xact_numscans(oid)))
        FROM pg_class WHERE oid >= 16384 AND pg_stat_get_xact_numscans(oid) > 0))::text
"""


def asked(pgconn, prepared, parameters=()):
    """The one value that a prepared query has for an answer."""
    result = pgconn.exec_prepared(prepared, list(parameters))
    assert result.error_message == b"", result.error_message.decode()
    return result.get_value(0, 0)


class Model:
    """The program that answers for policy/effects; lives until close()."""

    def __init__(self, build):
        program = build / "tests" / "effects_json"
        self.catalog_sql = {length: subprocess.run([program, "--catalog-sql", length], capture_output=True,
                                                   check=True).stdout for length in ("whole", "short")}
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.prepared = []  # connections

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(30)

    def predict(self, connection, statement, answers):
        """answers: the catalog query's by its parameters; grows."""
        parameters = self._say(json.dumps(statement).encode())
        if isinstance(parameters, dict):
            return parameters
        if tuple(parameters) not in answers:
            answers[tuple(parameters)] = self._catalog(connection.pgconn, parameters)
        return self._say(answers[tuple(parameters)])

    def _catalog(self, pgconn, parameters):
        """One line of JSON.  Prepared, for it takes longer to plan than to run."""
        if pgconn not in self.prepared:
            for length, sql in self.catalog_sql.items():
                pgconn.prepare(length.encode(), sql)
            self.prepared.append(pgconn)
        length, *values = (parameter.encode() for parameter in parameters)
        return asked(pgconn, length, values).replace(b"\n", b" ")

    def _say(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"effects_json ended on {line}"
        return json.loads(answer)


class Snapshot:
    """The user's relations at one moment; names are those of that moment."""

    def __init__(self, pgconn):
        seen = json.loads(asked(pgconn, b"snapshot"))
        rows = seen["relations"] or []
        self.names = {oid: name for oid, name, *_ in rows}
        self.kinds = {oid: kind for oid, _, kind, _ in rows}
        self.files = {oid: file for oid, *_, file in rows}
        self.columns = {tuple(column) for column in seen["columns"] or []}
        self.foreign_keys = {tuple(key) for key in seen["foreign_keys"] or []}


class Moment:
    """Locks, the strongest of each relation, and numbers of scans."""

    def __init__(self, pgconn):
        seen = json.loads(asked(pgconn, b"moment"))
        self.scans = dict(seen["scans"] or [])
        self.locks = {}
        for oid, mode in seen["locks"] or []:
            mode = MODES[mode]
            if STRENGTH[mode] >= STRENGTH.get(self.locks.get(oid), -1):
                self.locks[oid] = mode


class Known:
    """What was read of relations that stay as they are from statement to statement."""

    def __init__(self):
        self.snapshot, self.answers = None, {}


EMPTY_OWN = empty_schema("own")


class Server:
    """One connection that statements are tried on, each in a transaction of its own."""

    def __init__(self, conninfo):
        # psycopg would deallocate our own prepared queries with its.
        self.connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
        self.connection.add_notice_handler(lambda notice: self.notices.append(notice.message_primary))
        self.notices = []
        self.pgconn = self.connection.pgconn
        self.pgconn.prepare(b"snapshot", SNAPSHOT.encode())
        self.pgconn.prepare(b"moment", MOMENT.encode())

    def close(self):
        self.connection.close()

    def execute(self, sql):
        return self.connection.execute(sql)

    def judge(self, model, statement, before="", known=None):
        """(predicted, observed); `before` runs in the transaction first."""
        known = known or Known()
        if statement.split(" ")[0].upper() == "DELETE":  # plans of foreign keys are made once for a session
            before = "DISCARD PLANS;" + before
        self.execute("BEGIN; SET LOCAL client_min_messages = debug1;" + before)
        try:
            predicted = model.predict(self.connection, statement, known.answers)
            known.snapshot = known.snapshot or Snapshot(self.pgconn)
            return predicted, self._observe(statement, known.snapshot)
        finally:
            self.execute("ROLLBACK")

    def _observe(self, statement, was):
        before = Moment(self.pgconn)
        # The catalog query reads the bounds of partitions, for which the server opens their parents.
        held = {was.names[oid]: mode for oid, mode in before.locks.items() if oid in was.names}
        assert not compared(held), f"locked before the statement: {held}"
        self.notices.clear()
        try:
            self.execute(statement)
        except psycopg.Error as error:
            return {"sqlstate": error.sqlstate, "error": error.diag.message_primary}
        notices = list(self.notices)
        after = Moment(self.pgconn)
        now = Snapshot(self.pgconn)
        locks = after.locks
        scanned = {oid for oid, scans in after.scans.items() if scans > before.scans.get(oid, 0)}
        # Numbers drawn, and indexes by which checks of foreign keys find rows: the planner's choice.
        drawn = {oid for oid, mode in locks.items()
                 if (was.kinds.get(oid), mode) in (("S", "ROW EXCLUSIVE"), ("i", "ROW SHARE"), ("I", "ROW SHARE"))}
        return {
            "locks": {was.names[oid]: mode for oid, mode in locks.items() if oid in was.names and oid not in drawn},
            "file": [was.names[oid] for oid, file in was.files.items() if was.kinds[oid] in ("r", "m", "i")
                     and now.files.get(oid, file) != file],
            "renamed": {name: was.names[oid] for oid, name in now.names.items() if was.names.get(oid, name) != name},
            "remade": self._remade(was, now),
            "scan": self._scanned(was, now, scanned, notices),
            "build": self._built(was, now, notices),
            "loses_data": self._lost(was, now),
        }

    @staticmethod
    def _remade(was, now):
        """Dropped, and made again: under their names, or an index under that of the constraint that uses it now."""
        new_index = any(kind == "i" and oid not in was.kinds for oid, kind in now.kinds.items())
        return [was.names[oid] for oid in was.files if oid not in now.files
                and (was.names[oid] in now.names.values() or (was.kinds[oid] == "i" and new_index))]

    @staticmethod
    def _scanned(was, now, scanned, notices):
        checked = {match.group(1) for message in notices
                   if (match := re.match(r'validating foreign key constraint "(.*)"', message))}
        # Partitions have keys of the same name: those that were valid before are not meant.
        scanned |= {table for _, name, table in now.foreign_keys - was.foreign_keys if name in checked}
        return [was.names[oid] for oid in scanned if was.kinds.get(oid) in ("r", "m")]

    @staticmethod
    def _built(was, now, notices):
        tables = {match.group(1) for message in notices
                  if (match := re.match(r'building index ".*" on table "(.*?)"', message))}
        return [name for oid, name in was.names.items()
                if was.kinds[oid] in ("r", "m") and name.split(".", 1)[1] in tables]

    @staticmethod
    def _lost(was, now):
        held = {oid for oid, kind in was.kinds.items() if kind in ("r", "p", "m")}
        return bool(held - set(now.names)) or any(
            oid in held and oid in now.names and (oid, name) not in now.columns and
            sum(o == oid for o, _ in was.columns) > sum(o == oid for o, _ in now.columns)
            for oid, name in was.columns)


def short(value):
    if isinstance(value, dict):
        return ", ".join(f"{name} {mode}" for name, mode in sorted(value.items())) or "none"
    if isinstance(value, (list, set)):
        return ", ".join(sorted(value)) or "none"
    return str(value)


def compared(locks):
    """Without what any query takes: the right to read, and numbers drawn from a sequence."""
    return {name: mode for name, mode in locks.items() if mode != "ACCESS SHARE"}


def as_before(predicted, observed):
    """
    Locks under the names from before the statement.  LOCK TABLE is judged without looking anything up: its
    names are as written.
    """
    names = {name.split(".", 1)[1]: name for name in observed["locks"]} | observed.get("renamed", {})
    locks = {}
    for name, mode in predicted["locks"].items():
        name = names.get(name, name)
        locks[name] = max(mode, locks.get(name, mode), key=STRENGTH.get)
    return locks


def rows_decide(predicted, sqlstate):
    """The server looked at rows or wrote some, as the model says it does, and they were not what they had to be."""
    if sqlstate.startswith("23") and "ROW EXCLUSIVE" in predicted["locks"].values():
        return True
    return any(predicted[work] for code, works in DATA_ERRORS.items() if sqlstate.startswith(code) for work in works)


def wrong_error(predicted, sqlstate):
    """
    When several commands of one statement fail, which of them is told of is no matter; what a single one
    is bound to end in, no rows come before.
    """
    expected = predicted["sqlstates"]
    if sqlstate is None:
        return bool(expected)
    if sqlstate in expected:
        return False
    if expected and len(predicted["actions"]) == 1:
        return True
    return not rows_decide(predicted, sqlstate)


def left_to_the_server(predicted, sqlstate):
    """Nobody else can tell, as the model says itself."""
    codes = UNREADABLE | (REPLACED if "CREATE OR REPLACE VIEW" in predicted["actions"] else set())
    if predicted.get("may_be_refused") and sqlstate in codes:
        return True
    return predicted.get("unseen_name", False) and not predicted["errors"] and sqlstate in UNSEEN


def disagreements(predicted, observed):
    """[(what, predicted, observed)], empty when the model is right."""
    if "not_understood" in predicted:
        return [("understood", predicted["not_understood"], "")]
    if predicted.get("no_transaction") and observed.get("sqlstate") == "25001":
        return []
    if predicted["actions"] == ["LOCK TABLE"] and observed.get("sqlstate") == "42P01":  # nothing is looked up
        return []
    if left_to_the_server(predicted, observed.get("sqlstate")):
        return []
    if "sqlstate" in observed and WRAPPER.match(observed["error"]):
        return []
    if wrong_error(predicted, observed.get("sqlstate")):
        return [("error", short(predicted["errors"]), f"{observed.get('sqlstate')} {observed.get('error')}")]
    if "sqlstate" in observed:
        return []
    out = []
    taken, expected = compared(observed["locks"]), compared(as_before(predicted, observed))
    wrong = {name for name in {*taken, *expected} if taken.get(name) != expected.get(name)}
    if wrong:
        out.append(("locks", short({name: expected.get(name) for name in wrong}),
                    short({name: taken.get(name) for name in wrong})))
    for key in [key for key in ("file", "scan", "build") if key in observed]:
        more, less = set(predicted[key]) - set(observed[key]), set(observed[key]) - set(predicted[key])
        if key == "file":
            more -= set(observed["remade"])
        if key == "scan":
            less -= set(predicted["may_scan"])
            less -= {name for name, mode in observed["locks"].items() if mode == "ACCESS SHARE"}
        if more or less:
            out.append((key, short(more), short(less)))
    return out

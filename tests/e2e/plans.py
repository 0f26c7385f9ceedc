# SPDX-License-Identifier: PostgreSQL
"""Plans as the tool plan_json prints them, carried out step by step on a plain connection."""

import json
import re
import subprocess


# As the proxy does: to compile the catalog query would take seconds, and to look for another order of its joins a third of the rest.
PLAN_AS_WRITTEN = "SET jit = off; SET join_collapse_limit = 1; SET from_collapse_limit = 1"
PLAN_ONCE = f"{PLAN_AS_WRITTEN}; SET plan_cache_mode = force_generic_plan"


def ask_catalog(connection, sql, parameters):
    """The catalog query's one value, as text; parameters as plan_json prints them."""
    return value(connection.pgconn.exec_params(sql.encode(), [p.encode() for p in parameters]))


def value(result):
    assert result.error_message == b"", result.error_message.decode()
    return result.get_value(0, 0).decode()


def catalog_query(build):
    program = build / "tests" / "plan_json"
    return subprocess.run([program, "--catalog-sql"], capture_output=True, text=True, check=True).stdout


class Planner:
    """The program that makes the plans, of what it reads through one connection; lives until close()."""

    def __init__(self, build, connection):
        self.pgconn = connection.pgconn
        self.pgconn.prepare(b"catalog", catalog_query(build).encode())
        self.process = subprocess.Popen([build / "tests" / "plan_json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(30) == 0

    def plan(self, statement):
        """None when there is no safe form."""
        parameters = [parameter.encode() for parameter in self._say(json.dumps(statement))]
        return self._say(json.dumps(json.loads(value(self.pgconn.exec_prepared(b"catalog", parameters)))))

    def _say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"plan_json ended on {line}"
        return json.loads(answer)


def groups(plan):
    """Steps that share a transaction, in order."""
    out = []
    for step in plan["steps"]:
        if step["with_previous"]:
            out[-1].append(step)
        else:
            out.append([step])
    return out


def done(connection, step):
    """True as well where nothing shows."""
    return step["probe"] is None or connection.execute(step["probe"]).fetchone()[0]


def run_step(connection, step):
    if step["kind"] != "backfill" or not step["sql"]:
        connection.execute(step["sql"] or "SELECT")
        return
    while connection.execute(step["sql"]).rowcount > 0:
        pass


def run_group(connection, group):
    if len(group) == 1:
        run_step(connection, group[0])
        return
    with connection.transaction():
        for step in group:
            run_step(connection, step)


def undo_group(connection, group):
    if group[0]["kind"] == "backfill" and group[0]["undo"]:
        while connection.execute(group[0]["undo"]).rowcount > 0:
            pass
        return
    undos = [step["undo"] for step in reversed(group) if step["undo"]]
    if len(undos) == 1:
        connection.execute(undos[0])
        return
    with connection.transaction():
        for undo in undos:
            connection.execute(undo)


# Of everything in schema s; what has no name of its own is shown by what it is on.
QUERIES = {
    "relations": """
        SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner), c.relacl::text, c.reloptions, c.relpersistence,
            c.relreplident, c.relrowsecurity, c.relispopulated, t.spcname, m.amname, pg_get_expr(c.relpartbound, c.oid),
            CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
            (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = c.oid)
        FROM pg_class c LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace LEFT JOIN pg_am m ON m.oid = c.relam
        WHERE c.relnamespace = 's'::regnamespace ORDER BY 1""",
    "columns": """
        SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attcollation::regcollation::text,
            a.attstorage, a.attcompression, a.attstattarget,
            (SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(a.attacl) x), a.attislocal, a.attinhcount
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 's'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, condeferrable, condeferred,
            connoinherit AND contype = 'c', conislocal, coninhcount, conindid::regclass::text
        FROM pg_constraint WHERE connamespace = 's'::regnamespace AND conrelid <> 0 ORDER BY 1, 2""",
    "domains": """
        SELECT t.typname, t.typnotnull, k.conname, pg_get_constraintdef(k.oid), k.convalidated
        FROM pg_type t LEFT JOIN pg_constraint k ON k.contypid = t.oid
        WHERE t.typnamespace = 's'::regnamespace AND t.typtype = 'd' ORDER BY 1, 3""",
    "labels": """
        SELECT t.typname, e.enumlabel FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
        WHERE t.typnamespace = 's'::regnamespace ORDER BY 1, e.enumsortorder""",
    "comments": """
        SELECT c.relname, a.attname, col_description(a.attrelid, a.attnum), a.attstattarget, a.attoptions::text,
            (SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(a.attacl) x)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 's'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
            AND (col_description(a.attrelid, a.attnum), a.attoptions::text, a.attacl::text) IS DISTINCT FROM (NULL, NULL, NULL)
        UNION ALL SELECT conname, conrelid::regclass::text, obj_description(oid, 'pg_constraint'), NULL, NULL, NULL
        FROM pg_constraint WHERE connamespace = 's'::regnamespace AND obj_description(oid, 'pg_constraint') IS NOT NULL
        UNION ALL SELECT relname, relkind::text, obj_description(oid, 'pg_class'), NULL, reloptions::text,
            (SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(relacl) x)
        FROM pg_class WHERE relnamespace = 's'::regnamespace ORDER BY 1, 2""",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger
        WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 's'::regnamespace) AND NOT tgisinternal
        ORDER BY 1, 2""",
    "views": """
        SELECT viewname, viewowner, definition FROM pg_views WHERE schemaname = 's' ORDER BY 1""",
    "functions": """
        SELECT oid::regprocedure::text, prosrc FROM pg_proc WHERE pronamespace = 's'::regnamespace ORDER BY 1""",
    "indexes": """
        SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisunique, i.indisprimary,
            i.indimmediate, (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace = 's'::regnamespace ORDER BY 1""",
    "sequences": """
        SELECT s.sequencename, s.data_type::text, s.start_value, s.min_value, s.max_value, s.increment_by, s.cycle,
            s.cache_size, s.last_value, d.deptype, d.refobjid::regclass::text, a.attname
        FROM pg_sequences s
            LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
                AND d.objid = (quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename))::regclass
                AND d.refclassid = 'pg_class'::regclass
            LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE s.schemaname = 's' ORDER BY 1""",
}


def catalog(connection, attnum=True):
    """Everything about schema s that a plan could change.  A dropped column leaves a gap in attnum."""
    out = {}
    for name, query in QUERIES.items():
        rows = connection.execute(query).fetchall()
        if name == "columns" and not attnum:
            rows = sorted((row[:1] + row[2:] for row in rows), key=lambda row: row[:2])
        out[name] = rows
    return out


RENAME_VALUE = re.compile(r"RENAME VALUE '((?:[^']|'')*)' TO '((?:[^']|'')*)'")


def renamed_labels(statement):
    """(old, new) of RENAME VALUE; none elsewhere."""
    found = RENAME_VALUE.search(statement)
    return tuple(label.replace("''", "'") for label in found.groups()) if found else (None, None)


def but_for_label(seen, label):
    """No label can be removed: a plan leaves the old one behind, and its undo the new one."""
    return {**seen, "labels": [row for row in seen["labels"] if row[1] != label]}

# SPDX-License-Identifier: PostgreSQL
"""
Statements that no transaction may hold, and so none can be rolled back and asked afterwards.

Such a statement runs for real, once for each relation and each mode in which a second session holds
that relation.  Where the two modes conflict it waits, and pg_locks says which mode it waits for: the
weakest holder that it waits for shows the strongest mode that it takes; of an index, which cannot be
held in any mode, the first that is no reader's is seen and a stronger one later on believed.  It waits for transactions,
too, until nobody can use an old index or partition any more; those waits are no lock on a relation,
and end with the holder's.
"""

import time

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

from oracle import EMPTY_OWN, MODES, STRENGTH

# Holders, weakest first.  Indexes and materialized views cannot be named in LOCK TABLE; renaming an index
# locks it alone.
HOLDERS = {
    "table": [f"LOCK TABLE ONLY {{}} IN {mode} MODE" for mode in
              ("ACCESS SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE")],
    "view": ["TABLE {}", "COMMENT ON MATERIALIZED VIEW {} IS 'held'", "CREATE INDEX ON {} ((0))"],
    "index": ["ALTER INDEX {} RENAME TO held_for_a_while"],
}
KINDS = {"r": "table", "p": "table", "m": "view", "i": "index", "I": "index"}
RELATIONS = """
SELECT format('%I.%I', n.nspname, c.relname), c.relkind::text, pg_relation_filenode(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'own' ORDER BY c.oid
"""
# For the holder.  A build waits for older snapshots, too, and the watcher's own may be one; it ends by itself.
WAITS = """SELECT locktype, relation::regclass::text, mode FROM pg_locks
WHERE pid = %s AND NOT granted AND %s = ANY (pg_blocking_pids(pid))"""
SECONDS_MAX = 30


def believed(predicted, index, seen):
    mode = predicted["locks"].get(index, seen)
    return mode if STRENGTH[mode] >= STRENGTH[seen] else seen


class Alone:
    """Three sessions: one runs the statement, one holds a relation, one watches."""

    def __init__(self, conninfo):
        self.runner, self.holder, self.watcher = (
            psycopg.connect(conninfo, autocommit=True, prepare_threshold=None) for _ in range(3))
        for session in (self.runner, self.holder):
            session.execute("SET search_path = own, public")
        self.watcher.execute("SET search_path = pg_catalog")

    def close(self):
        for session in (self.runner, self.holder, self.watcher):
            session.close()

    def judge(self, model, statement, before):
        """(predicted, observed), as of statements in a transaction; scans and builds are not observed."""
        self._make(before)
        predicted = model.predict(self.runner, statement, {})
        relations = self.watcher.execute(RELATIONS).fetchall()
        error = self._run(statement)[1]
        if error is not None:
            return predicted, error
        files = {name: file for name, _, file in self.watcher.execute(RELATIONS).fetchall()}
        locks = {name: self._strongest(before, statement, name, KINDS[kind]) for name, kind, _ in relations if kind in KINDS}
        return predicted, {
            "locks": {name: mode for name, mode in locks.items() if mode is not None} | {
                name: believed(predicted, name, locks[name]) for name, kind, _ in relations
                if KINDS.get(kind) == "index" and locks[name] is not None},
            "file": [name for name, _, file in relations if files.get(name, file) != file],
            "remade": [],
        }

    def _make(self, before):
        self.runner.execute(f"{EMPTY_OWN} {before}")

    def _strongest(self, before, statement, relation, kind):
        for holder in HOLDERS[kind]:
            self._make(before)
            mode, _ = self._run(statement, holder.format(relation))
            if mode is not None:
                return mode
        return None

    def _run(self, statement, hold=None):
        """(the mode of a relation that it waited for or None, its error or None)"""
        if hold:
            self.holder.execute(f"BEGIN; {hold}")
        pgconn = self.runner.pgconn
        pgconn.send_query(statement.encode())
        waits = [pgconn.backend_pid, self.holder.info.backend_pid]
        waited, end = None, time.monotonic() + SECONDS_MAX
        while not self._finished():
            assert time.monotonic() < end, f"{statement} does not end while {hold}"
            for locktype, _, mode in self.watcher.execute(WAITS, waits).fetchall():
                waited = waited or (MODES[mode] if locktype == "relation" else None)
                self._let_go()
            time.sleep(0.002)
        self._let_go()
        return waited, self._error()

    def _finished(self):
        self.runner.pgconn.consume_input()
        return not self.runner.pgconn.is_busy()

    def _let_go(self):
        if self.holder.info.transaction_status != TransactionStatus.IDLE:
            self.holder.execute("ROLLBACK")

    def _error(self):
        error = None
        while (result := self.runner.pgconn.get_result()) is not None:
            if result.status == ExecStatus.FATAL_ERROR:
                error = {"sqlstate": result.error_field(ord("C")).decode(), "error": result.error_field(ord("M")).decode()}
        return error

# SPDX-License-Identifier: PostgreSQL
"""Readers and writers on a table with id and c, who know what they wrote; and what a server logged of scans."""

import random
import re
import threading


class Load:
    """
    Until stop(): writers count c up in rows of their own and read it back, readers read rows that are
    there.  .failures is whatever a client was told that it should not have been.
    """

    WRITERS, READERS = 2, 1

    def __init__(self, connect, table, ids):
        self.table = table
        self.failures = []
        self.counts = {}
        self.ending = threading.Event()
        self.started = threading.Barrier(self.WRITERS + self.READERS + 1)
        self.threads = [threading.Thread(target=self._work, args=(connect(), self._write, ids[i::self.WRITERS]))
                        for i in range(self.WRITERS)]
        self.threads += [threading.Thread(target=self._work, args=(connect(), self._read, ids))
                         for _ in range(self.READERS)]
        for thread in self.threads:
            thread.start()
        self.started.wait(30)

    def _work(self, connection, turn, ids):
        choose = random.Random(len(ids))
        try:
            turn(connection, choose.choice(ids))
            self.started.wait(30)
            while not self.ending.wait(0.002):
                turn(connection, choose.choice(ids))
        except Exception as error:  # a client's failure is what the test looks for
            self.failures.append(error)
        finally:
            connection.close()

    def _write(self, connection, row):
        wanted = self.counts.get(row, 0) + 1
        done = connection.execute(f"UPDATE {self.table} SET c = c + 1 WHERE id = %s", [row]).rowcount
        self.counts[row] = wanted
        seen = connection.execute(f"SELECT c FROM {self.table} WHERE id = %s", [row]).fetchall()
        if (done, seen) != (1, [(wanted,)]):
            self.failures.append(AssertionError(f"row {row}: {done} updated, then {seen} instead of {wanted}"))

    def _read(self, connection, row):
        if len(connection.execute(f"SELECT id, c FROM {self.table} WHERE id = %s", [row]).fetchall()) != 1:
            self.failures.append(AssertionError(f"row {row} is not there"))

    def stop(self, connection):
        """Everybody goes home; every write must still be there."""
        self.ending.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"
        assert self.failures == []
        kept = dict(connection.execute(f"SELECT id, c FROM {self.table} WHERE c > 0").fetchall())
        assert kept == self.counts and len(kept) > 0


ENTRY = re.compile(r"^'?\S+ \S+ \S+ \[(?P<pid>\d+)\] (?P<user>[^@ ]*)@(?P<database>[^/]*)/(?P<application>\S*)'? ?"
                   r"(?P<level>[A-Z0-9]+): +(?P<text>.*)$")
WORK = re.compile(r"^(rewriting|verifying|building index|validating foreign key)")


def work_done(log, database):
    """(what a server at debug1 says it read, the statement it was in), for phasegate's own connections."""
    statement, found = {}, []
    for line in re.sub(r"\n\t", " ", log).split("\n"):
        entry = ENTRY.match(line)
        if not entry or entry["database"] != database or entry["application"] != "phasegate":
            continue
        if entry["level"] == "LOG":
            statement[entry["pid"]] = entry["text"]
        elif entry["level"] == "DETAIL":
            statement[entry["pid"]] += entry["text"].replace("''", "'")
        elif WORK.match(entry["text"]):
            found.append((entry["text"], statement.get(entry["pid"], "")))
    return found

# SPDX-License-Identifier: PostgreSQL
"""A witness: how long ACCESS EXCLUSIVE was held on user tables, seen from a connection of its own."""

import threading
import time

SAMPLE = """
SELECT virtualtransaction, relation::pg_catalog.regclass::text, pg_catalog.clock_timestamp()
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
       JOIN pg_catalog.pg_stat_activity a USING (pid)
 WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND c.relkind IN ('r', 'p')
   AND c.relnamespace = 'public'::pg_catalog.regnamespace AND a.backend_type = 'client backend'
"""


class LockSampler(threading.Thread):
    """Looks every `every` seconds; .longest is (milliseconds, table) of the longest one seen, .samples how often it looked."""

    def __init__(self, connection, every=0.02):
        super().__init__(daemon=True)
        self.connection = connection
        self.every = every
        self.longest = (0.0, None)
        self.samples = 0
        self.widest_gap_ms = 0.0
        self.ending = threading.Event()
        self.failure = None

    def run(self):
        first_seen, last_look = {}, None
        try:
            while not self.ending.wait(self.every):
                now = time.monotonic()
                held = {(vxid, table): at for vxid, table, at in self.connection.execute(SAMPLE).fetchall()}
                first_seen = {key: first_seen.get(key, at) for key, at in held.items()}
                for key, at in held.items():
                    self.longest = max(self.longest, ((at - first_seen[key]).total_seconds() * 1000, key[1]),
                                       key=lambda pair: pair[0])
                if last_look:
                    self.widest_gap_ms = max(self.widest_gap_ms, (now - last_look) * 1000)
                last_look = now
                self.samples += 1
        except Exception as error:  # a witness who went blind must say so
            self.failure = error

    def stop(self):
        self.ending.set()
        self.join()
        if self.failure:
            raise self.failure

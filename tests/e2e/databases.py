# SPDX-License-Identifier: PostgreSQL
"""
Databases for tests, each as if it had just been made.

To copy the three hundred files of a database is most of what a small test costs.  So contents are made
once and then copied as a template, and a database that nobody wrote to is lent again: the server has
given out no transaction number since, and whoever was connected is gone.
"""

import itertools

import psycopg

# Above a template's files there is nothing to log: the server's own copying is cheaper than its WAL.
COPY = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
END_SESSIONS = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
TRANSACTIONS = "SELECT pg_snapshot_xmax(pg_current_snapshot())"


class Databases:
    def __init__(self, server):
        self.server = server
        self.connection = server.connect()
        self.numbers = itertools.count(1)
        self.templates = {}
        self.clean = {}

    def take(self, contents):
        """The name of a database where the statements `contents` have run."""
        clean = self.clean.setdefault(contents, [])
        name = clean.pop() if clean else self._make(contents)
        self.transactions = self._transactions()
        return name

    def give_back(self, name, contents):
        self._query(END_SESSIONS, [name])
        if self._transactions() == self.transactions:
            self.clean[contents].append(name)
        else:
            self._query(f"DROP DATABASE {name} WITH (FORCE)")

    def _query(self, sql, parameters=None):
        """On a connection that stands, unless a test stopped the server."""
        try:
            return self.connection.execute(sql, parameters)
        except psycopg.OperationalError:
            self.connection = self.server.connect()
            return self.connection.execute(sql, parameters)

    def _transactions(self):
        return self._query(TRANSACTIONS).fetchone()[0]

    def _make(self, contents):
        if contents not in self.templates:
            template = self.templates[contents] = f"contents{next(self.numbers)}"
            # Marked as what it is: proxies look for changes in all other databases, each when it starts.
            self._query(COPY.format(template, "template0") + " IS_TEMPLATE true")
            self.server.query("GRANT ALL ON SCHEMA public TO PUBLIC;" + contents, template)
        name = f"t{next(self.numbers)}"
        self._query(COPY.format(name, self.templates[contents]))
        return name


ORDERS_ROWS = 40000
# Over every bound of a small table.
ORDERS = f"""
CREATE TABLE customers (id int PRIMARY KEY, name text);
INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 1000) i;
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int, status text DEFAULT 'new', amount int,
                     code varchar(50), created_at timestamptz DEFAULT now());
INSERT INTO orders SELECT i, 1 + i % 1000, CASE WHEN i % 10 > 0 THEN 'paid' END, i % 500, 'c' || i, now()
  FROM generate_series(1, {ORDERS_ROWS}) i;
ANALYZE customers; ANALYZE orders;
"""

# SPDX-License-Identifier: PostgreSQL
"""The application of the demo: pgbench at a steady rate, and what its users would have felt."""

import os
import re
import signal
import subprocess

from .postgres import binaries
from .process import spawn

ORDERS_SCRIPT = """\
\\set id random(1, {orders})
\\set customer random(1, {customers})
SELECT id, status, amount FROM orders WHERE id = :id;
UPDATE orders SET amount = amount + 1 WHERE id = :id;
INSERT INTO orders (customer_id, amount, code) VALUES (:customer, 10, 'web-' || gen_random_uuid());
SELECT count(*) FROM orders WHERE id BETWEEN :id AND :id + 20;
"""

CLIENTS, TRANSACTIONS_PER_SECOND = 4, 200


def percentile(values, share):
    """Nearest rank; values sorted."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Application:
    """pgbench's TPC-B and a script on orders, through `target`, until stop()."""

    def __init__(self, target, database, directory, orders, customers):
        self.directory = directory
        script = directory / "orders.sql"
        script.write_text(ORDERS_SCRIPT.format(orders=orders, customers=customers))
        self.output = directory / "pgbench.out"
        environment = {**os.environ, "PGHOST": target.host, "PGPORT": str(target.port), "PGUSER": "postgres",
                       "PGDATABASE": database, "PGAPPNAME": "shop"}
        with open(self.output, "wb") as out:
            self.process = spawn(
                [binaries() / "pgbench", "-n", "-M", "extended", "-c", CLIENTS, "-j", 1, "-R", TRANSACTIONS_PER_SECOND,
                 "-T", 3600, "-b", "tpcb-like@1", "-f", f"{script}@2", "--log", f"--log-prefix={directory}/app"],
                env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=directory)

    def running(self):
        return self.process.poll() is None

    def stop(self):
        """End as at the end of its time, so that it sums up."""
        if self.running():
            self.process.send_signal(signal.SIGALRM)
            self.process.wait(30)

    def said(self):
        return self.output.read_text(errors="replace")

    def failures(self):
        """Failed transactions and aborted clients, as pgbench counts them; None when it never summed up."""
        text = self.said()
        failed = re.search(r"number of failed transactions: (\d+)", text)
        if not failed:
            return None
        return int(failed[1]) + len(re.findall(r"client \d+ (script \d+ )?aborted", text)) + (self.process.returncode != 0)

    def latencies(self):
        """(end as epoch seconds, milliseconds) of each transaction, in order; complete after stop()."""
        found = []
        for log in self.directory.glob("app.*"):
            for line in log.read_text().splitlines():
                fields = line.split()
                if len(fields) >= 6 and fields[2].isdigit():
                    found.append((int(fields[4]) + int(fields[5]) / 1e6, int(fields[2]) / 1000))
        return sorted(found)

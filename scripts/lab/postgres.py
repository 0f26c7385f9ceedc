# SPDX-License-Identifier: PostgreSQL
"""A PostgreSQL of our own: temporary folder, loopback, free port, superuser `postgres`."""

import contextlib
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from .process import (LabError, POSTGRES_ACCOUNT, accepts, as_server_account, free_port, is_root,
                      server_account, spawn, stop, wait_until)

# Roles whose login is tested; everybody else is trusted.
HBA = """\
host    all  md5_user       127.0.0.1/32  md5
host    all  scram_user     127.0.0.1/32  scram-sha-256
host    all  password_user  127.0.0.1/32  password
host    all  rejected_user  127.0.0.1/32  reject
hostssl all  cert_user      127.0.0.1/32  cert
hostnossl all cert_user     127.0.0.1/32  reject
host    all          all    127.0.0.1/32  trust
host    replication  all    127.0.0.1/32  trust
local   all          all                  trust
"""

SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": 200,
    "wal_level": "logical",
    "max_prepared_transactions": 10,
    "logging_collector": "off",
    "log_line_prefix": "'%m [%p] %q%u@%d/%a '",
}


def binaries():
    """The folder of PostgreSQL 15's programs, which Debian keeps out of PATH."""
    folder = Path("/usr/lib/postgresql/15/bin")
    if not (folder / "initdb").exists():
        raise LabError(f"no PostgreSQL 15 in {folder}: run ./dev packages")
    return folder


class Postgres:
    """
    One cluster under `directory`.  start() makes it on first use; stop() ends the server and keeps
    the data; the folder is the caller's to remove.
    """

    host = "127.0.0.1"

    def __init__(self, directory, settings=None, tls=None):
        """tls: (certificate, key, ca) files, copied to where the server account can read them."""
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.log = self.directory / "postgres.log"
        self.settings = {**SETTINGS, **(settings or {})}
        self.tls = tls
        self.port = free_port()
        self.process = None

    def start(self):
        if not self.data.exists():
            self._initdb()
        with open(self.log, "ab") as log:
            self.process = spawn([binaries() / "postgres", "-D", self.data], account=server_account(),
                                 death_signal="INT", stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        wait_until(self._ready, f"PostgreSQL to start: see {self.log}", timeout=60)
        return self

    def stop(self, sig=signal.SIGINT):
        """SIGINT is the fast shutdown, SIGQUIT the immediate one (a crash)."""
        if self.process:
            stop(self.process, sig, timeout=60)
            self.process = None

    def connect(self, database="postgres", **options):
        return psycopg.connect(self.conninfo(database), autocommit=True, **options)

    def conninfo(self, database="postgres"):
        # Without TLS, which is half of what it costs to connect.
        return f"host={self.host} port={self.port} dbname={database} user=postgres sslmode=disable"

    def query(self, sql, database="postgres", parameters=None):
        """All rows, through a direct connection."""
        with self.connect(database) as connection:
            cursor = connection.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def _owned(self):
        if is_root():
            shutil.chown(self.directory, POSTGRES_ACCOUNT, POSTGRES_ACCOUNT)

    def _initdb(self):
        self._owned()
        made = subprocess.run(
            as_server_account([binaries() / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
                               "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]),
            cwd="/", capture_output=True, text=True)
        if made.returncode:
            raise LabError(f"initdb failed:\n{made.stdout}{made.stderr}")
        settings = {**self.settings, "port": self.port, "unix_socket_directories": f"'{self.directory}'"}
        if self.tls:
            settings |= self._tls_settings()
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
        (self.data / "pg_hba.conf").write_text(HBA)

    def _tls_settings(self):
        names = ("server.crt", "server.key", "ca.crt")
        for source, name in zip(self.tls, names):
            target = self.data / name
            shutil.copyfile(source, target)
            target.chmod(0o600)
            if is_root():
                shutil.chown(target, POSTGRES_ACCOUNT, POSTGRES_ACCOUNT)
        return {"ssl": "on", "ssl_cert_file": "'server.crt'", "ssl_key_file": "'server.key'",
                "ssl_ca_file": "'ca.crt'"}

    def _ready(self):
        if self.process.poll() is not None:
            raise LabError(f"PostgreSQL ended at once:\n{self.log.read_text()[-2000:]}")
        if not accepts(self.port):
            return False
        with contextlib.suppress(psycopg.OperationalError):
            self.connect().close()
            return True
        return False


class Standby(Postgres):
    """A streaming standby of `primary`, from a base backup."""

    def __init__(self, primary, directory, settings=None):
        super().__init__(directory, settings)
        self.primary = primary

    def _initdb(self):
        self._owned()
        made = subprocess.run(
            as_server_account([binaries() / "pg_basebackup", "-D", self.data, "-d", self.primary.conninfo(),
                               "-R", "-X", "stream", "-c", "fast", "--no-sync"]),
            cwd="/", capture_output=True, text=True)
        if made.returncode:
            raise LabError(f"pg_basebackup failed:\n{made.stdout}{made.stderr}")
        settings = {**self.settings, "port": self.port, "unix_socket_directories": f"'{self.directory}'"}
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())

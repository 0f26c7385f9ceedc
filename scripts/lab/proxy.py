# SPDX-License-Identifier: PostgreSQL
"""What stands between client and server: phasegate, the raw relay, pgbouncer, or nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from .process import (LabError, POSTGRES_ACCOUNT, accepts, free_port, is_root, server_account, spawn,
                      stop, wait_until)

RELOAD_ANSWER = re.compile(r"configuration reloaded|the configuration stays as it was")
SANITIZER_REPORT = re.compile(r"ERROR: \w*Sanitizer|runtime error:|SUMMARY: \w+Sanitizer")


def merged(base, changes):
    """base with changes put over it, mappings merged key by key; None removes a key."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


class Target:
    """Something a client can connect to."""

    host = "127.0.0.1"
    port = None

    def conninfo(self, database="postgres", user="postgres", **more):
        words = {"host": self.host, "port": self.port, "dbname": database, "user": user, **more}
        return " ".join(f"{key}='{value}'" for key, value in words.items())


class Direct(Target):
    """The server itself: the control of every transparency test."""

    process = None

    def __init__(self, server):
        self.port = server.port

    def start(self):
        return self

    def stop(self):
        pass


class Program(Target):
    """A proxy that is a process of its own, with its standard error in a file."""

    name = "proxy"

    def __init__(self, server, directory, environment=None):
        self.server = server
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.environment = {**os.environ, **(environment or {})}
        self.stderr = self.directory / f"{self.name}.stderr"
        self.port = free_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    def account(self):
        return []

    def start(self):
        with open(self.stderr, "ab") as stderr:
            self.process = spawn(self.command(), account=self.account(), env=self.environment,
                                 stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        wait_until(self._ready, f"{self.name} to listen: see {self.stderr}")
        return self

    def stop(self, sig=signal.SIGTERM):
        """Returns the exit status; raises LabError on a sanitizer report."""
        if not self.process:
            return None
        status = stop(self.process, sig)
        self.process = None
        self.check_stderr()
        return status

    def kill(self):
        """As the kernel would: no chance to tidy up."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def check_stderr(self):
        text = self.stderr.read_text(errors="replace")
        if SANITIZER_REPORT.search(text):
            raise LabError(f"sanitizer report of {self.name}:\n{text[-8000:]}")

    def _ready(self):
        if self.process.poll() is not None:
            text = self.stderr.read_text(errors="replace")[-4000:]
            raise LabError(f"{self.name} ended with status {self.process.returncode}:\n{text}")
        return accepts(self.port)


class Relay(Program):
    """bench/relay.c"""

    name = "relay"

    def __init__(self, server, directory, build, environment=None):
        super().__init__(server, directory, environment)
        self.build = Path(build)

    def command(self):
        return [self.build / "bench" / "relay", self.port, self.server.host, self.server.port]


class PgBouncer(Program):
    """Debian's, session mode: the peer of the bench."""

    name = "pgbouncer"

    def command(self):
        if is_root():
            shutil.chown(self.directory, POSTGRES_ACCOUNT, POSTGRES_ACCOUNT)
        users = self.directory / "users.txt"
        users.write_text('"postgres" ""\n')
        users.chmod(0o644)
        ini = self.directory / "pgbouncer.ini"
        ini.write_text(
            f"[databases]\n* = host={self.server.host} port={self.server.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = trust\n"
            f"auth_file = {users}\npool_mode = session\nmax_client_conn = 2000\ndefault_pool_size = 1400\n"
            "ignore_startup_parameters = extra_float_digits\n")
        ini.chmod(0o644)
        return ["/usr/sbin/pgbouncer", "-q", ini]

    def account(self):
        return server_account()  # it refuses root too

    def stop(self, sig=signal.SIGINT):
        return super().stop(sig)


class Phasegate(Program):
    """
    `phasegate serve` with a configuration of its own folder.  changes are put over
    base_config(): see docs/phasegate.yaml for the keys.
    """

    name = "phasegate"

    def __init__(self, server, directory, build, changes=None, environment=None):
        super().__init__(server, directory, environment)
        self.binary = Path(build) / "proxy" / "phasegate"
        self.config = self.directory / "phasegate.yaml"
        self.policy_log = self.directory / "policy.log"
        self.configure(changes or {})

    def base_config(self):
        server = self.server
        return {
            "listen": [{"address": self.host, "port": self.port}],
            "server": {"host": server.host, "port": server.port},
            "control": {"conninfo": f"host={server.host} port={server.port} user=postgres sslmode=disable"},
            "policy_log": {"path": str(self.policy_log)},
        }

    def configure(self, changes):
        """Write the file; a running proxy takes it after reload().  JSON is YAML too."""
        self.config.write_text(json.dumps(merged(self.base_config(), changes), indent=2))

    def command(self):
        return [self.binary, "serve", "--config", self.config]

    def reload(self):
        """Have the file read again, and return when the proxy has taken or refused it."""
        def answers():
            return len(RELOAD_ANSWER.findall(self.stderr.read_text()))

        before = answers()
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: answers() > before, "the configuration to be read again", 10)

    def run(self, *arguments, **options):
        """A subcommand of the same binary, finished."""
        return subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, env=self.environment, check=False, **options)

    def records(self):
        """The policy log, parsed."""
        if not self.policy_log.exists():
            return []
        return [json.loads(line) for line in self.policy_log.read_text().splitlines()]

    def verify_log(self):
        """The output of `phasegate log verify`; LabError when it finds a fault."""
        done = self.run("log", "verify", self.policy_log)
        if done.returncode:
            raise LabError(f"policy log does not verify:\n{done.stdout}{done.stderr}")
        return done.stdout

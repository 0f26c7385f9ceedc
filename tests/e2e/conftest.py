# SPDX-License-Identifier: PostgreSQL
"""
End to end: real clients, a real PostgreSQL, and what stands between them.

PHASEGATE_E2E_TARGET chooses that: phasegate (default), relay or direct.  The last two are the
control: a test of transparency has to pass there as well, so it says nothing about the proxy that
is not true of the server.  Tests marked `gate` speak of policy and run against phasegate only.
PHASEGATE_BUILD is the build folder, build/asan by default.
"""

import itertools
import os
import shutil
import subprocess
import sys
import threading

import psycopg
import pytest

from databases import Databases
from environment import ASAN, BUILD, ROOT, SHORT_DRAIN, TARGET

sys.path.insert(0, str(ROOT / "scripts"))

from lab.postgres import Postgres, binaries  # noqa: E402
from lab.process import LabError, interruptible, temporary_directory  # noqa: E402
from lab.proxy import Direct, Phasegate, Relay, merged  # noqa: E402
from lab.wire import Wire  # noqa: E402

AUTH_ROLES = """
CREATE ROLE app LOGIN;
CREATE ROLE cert_user LOGIN;
CREATE ROLE rejected_user LOGIN;
CREATE ROLE password_user LOGIN PASSWORD 'secret p';
CREATE ROLE scram_user LOGIN PASSWORD 'secret s';
SET password_encryption = 'md5';
CREATE ROLE md5_user LOGIN PASSWORD 'secret m';
"""


# Nothing here has to outlive the machine.
FAST = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "512MB"}


def pytest_configure(config):
    config.addinivalue_line("markers", "gate: about policy; runs against phasegate only")
    config.addinivalue_line("markers", "contents(sql): what the test's database is made of")
    # Ended from outside, servers and folders are tidied up as after Ctrl-C.
    interruptible()


def pytest_collection_modifyitems(config, items):
    if TARGET == "phasegate":
        return
    dropped = [item for item in items if item.get_closest_marker("gate")]
    items[:] = [item for item in items if not item.get_closest_marker("gate")]
    config.hook.pytest_deselected(items=dropped)


@pytest.fixture(scope="session")
def lab_directory():
    path = temporary_directory("phasegate-e2e", in_memory=True)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def certificates(lab_directory):
    """The folder of a throwaway CA: ca.crt, server.crt, server.key, client.crt, client.key (CN=cert_user)."""
    folder = lab_directory / "certs"
    subprocess.run([ROOT / "certs" / "make", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def server(lab_directory, certificates):
    """One PostgreSQL for the whole run.  A test that stops it starts it again."""
    tls = [certificates / name for name in ("server.crt", "server.key", "ca.crt")]
    postgres = Postgres(lab_directory / "server", settings=FAST, tls=tls)
    postgres.directory.mkdir()
    postgres.start()
    postgres.query(AUTH_ROLES)
    yield postgres
    postgres.stop()


@pytest.fixture(scope="session")
def elsewhere(server):
    """A tablespace of that name, inside the data folder."""
    with server.connect() as connection:
        connection.execute("SET allow_in_place_tablespaces = on")
        connection.execute("CREATE TABLESPACE elsewhere LOCATION ''")


@pytest.fixture(scope="session")
def databases(server):
    return Databases(server)


@pytest.fixture
def database(databases, request):
    """The name of a database of the test's own, where what mark `contents` says has run."""
    mark = request.node.get_closest_marker("contents")
    contents = mark.args[0] if mark else ""
    name = databases.take(contents)
    yield name
    databases.give_back(name, contents)


@pytest.fixture
def direct(server, database):
    """A superuser's autocommit connection to the server itself, for preparing and looking."""
    with server.connect(database) as connection:
        yield connection


@pytest.fixture(scope="session")
def standing_target(server, lab_directory):
    """The target in its default configuration, one for the whole run."""
    if TARGET == "direct":
        target = Direct(server)
    elif TARGET == "relay":
        target = Relay(server, lab_directory / "relay", BUILD, ASAN)
    else:
        target = Phasegate(server, lab_directory / "standing", BUILD, SHORT_DRAIN, ASAN)
    target.start()
    yield target
    status = target.stop()
    if TARGET == "phasegate":
        assert status == 0, f"phasegate ended with status {status}: {target.stderr.read_text()[-4000:]}"


@pytest.fixture
def target(standing_target):
    """What to connect to.  The standing proxy must live through every test that uses it."""
    yield standing_target
    if standing_target.process:
        assert standing_target.process.poll() is None, standing_target.stderr.read_text()[-8000:]


proxy_numbers = itertools.count(1)


@pytest.fixture
def start_proxy(server, tmp_path_factory, lab_directory):
    """start_proxy(changes) -> a phasegate of its own; ends, and has to end well, with the test."""
    started = []

    def start(changes=None, environment=None):
        folder = lab_directory / f"proxy{next(proxy_numbers)}"
        proxy = Phasegate(server, folder, BUILD, merged(SHORT_DRAIN, changes or {}), {**ASAN, **(environment or {})})
        started.append(proxy)
        try:
            return proxy.start()
        except LabError:
            proxy.kill()
            raise

    yield start
    for proxy in started:
        running = proxy.process is not None
        status = proxy.stop()
        if running:
            assert status == 0, f"status {status}: {proxy.stderr.read_text()[-4000:]}"
        proxy.check_stderr()


@pytest.fixture
def connect(target, database):
    """connect(user=..., **psycopg options) -> an autocommit connection through the target."""
    opened = []

    def open_connection(to=None, user="postgres", autocommit=True, dbname=None, **options):
        conninfo = (to or target).conninfo(dbname or database, user)
        connection = psycopg.connect(conninfo, autocommit=autocommit, **options)
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        connection.close()


@pytest.fixture
def wire(target, database):
    """wire() -> a raw connection through the target, logged in; wire(login=False) only connected."""
    opened = []

    def open_wire(to=None, login=True, user="postgres", **parameters):
        connection = Wire(to or target)
        opened.append(connection)
        if login:
            connection.startup(database, user, **parameters)
        return connection

    yield open_wire
    for connection in opened:
        connection.socket.close()


@pytest.fixture
def psql(target, database):
    """psql(sql) -> the finished psql, -X -A -t; its text in .stdout and .stderr."""

    def run(sql, *arguments, to=None, user="postgres", **options):
        command = [binaries() / "psql", "-X", "-A", "-t", *arguments, (to or target).conninfo(database, user)]
        return subprocess.run(command, input=sql, capture_output=True, text=True, timeout=120,
                              check=False, **options)

    return run


@pytest.fixture
def program(target, database):
    """program("pgbench", ...) -> a finished client program of PostgreSQL with PGHOST and so on set."""

    def run(name, *arguments, to=None, timeout=120, **options):
        place = to or target
        environment = {**os.environ, "PGHOST": place.host, "PGPORT": str(place.port), "PGUSER": "postgres",
                       "PGDATABASE": database}
        return subprocess.run([binaries() / name, *map(str, arguments)], capture_output=True, text=True,
                              timeout=timeout, env=environment, check=False, **options)

    return run


@pytest.fixture
def phasegate(server, database):
    """phasegate("pause", 1) -> what the finished command line program said; it has to end well."""
    def run(command, *arguments, user="postgres", status=0):
        done = subprocess.run([BUILD / "proxy" / "phasegate", command, "--server",
                               f"{server.conninfo(database)} user={user}", *map(str, arguments)],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def in_background():
    """in_background(f, *args) -> a started thread, joined with the test."""
    threads = []

    def start(function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        threads.append(thread)
        thread.start()
        return thread

    yield start
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a background client never ended"

# SPDX-License-Identifier: PostgreSQL
"""
The server that the model is held against: a PostgreSQL of our own, or the one that
PHASEGATE_ORACLE_CONNINFO names, where a database is made and dropped.
"""

import os
import shutil
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(Path(__file__).parent))

from lab.postgres import Postgres  # noqa: E402
from lab.process import interruptible, temporary_directory  # noqa: E402

from oracle import Model, Server  # noqa: E402

BUILD = Path(os.environ.get("PHASEGATE_BUILD", ROOT / "build" / "asan")).resolve()
# The last four: the catalog query is planned as the proxy has it planned, and once while schemas stay as they are.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off",
            "jit": "off", "join_collapse_limit": 1, "from_collapse_limit": 1,
            "plan_cache_mode": "force_generic_plan"}


def pytest_configure(config):
    interruptible()


@pytest.fixture(scope="session")
def conninfo():
    given = os.environ.get("PHASEGATE_ORACLE_CONNINFO")
    if given:
        yield given
        return
    folder = temporary_directory("phasegate-oracle", in_memory=True)
    postgres = Postgres(folder / "server", settings=SETTINGS)
    postgres.directory.mkdir()
    try:
        yield postgres.start().conninfo()
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def database(conninfo, request):
    """The conninfo of a fresh database."""
    name = f"phasegate_{request.module.__name__}"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(conninfo, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def server(database):
    server = Server(database)
    yield server
    server.close()


@pytest.fixture(scope="session")
def model():
    model = Model(BUILD)
    yield model
    assert model.close() == 0

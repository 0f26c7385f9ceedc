# SPDX-License-Identifier: PostgreSQL
"""Databases that are not UTF8, and clients that are not: names outside ASCII are judged as what they are."""

import pytest
from psycopg.pq import DiagnosticField

pytestmark = pytest.mark.gate

# Encoding of the database and of the client, ß as the client sends it, and the answer to ADD CHECK on a
# table of such a name.  Names that are not UTF8 to the client are not looked up, so what needs facts is
# rejected; the document of a change is JSON, whose characters a SQL_ASCII database cannot have.
ENCODINGS = [
    ("UTF8", "LATIN1", b"\xdf", b"PG001"),
    ("LATIN1", "UTF8", b"\xc3\x9f", None),
    ("LATIN1", "LATIN1", b"\xdf", b"PG001"),
    ("LATIN9", "UTF8", b"\xc3\x9f", None),
    ("SQL_ASCII", "SQL_ASCII", b"\xc3\x9f", b"0A000"),
    ("SQL_ASCII", "SQL_ASCII", b"\xdf", b"PG001"),
]
TABLE = b"""CREATE TABLE %(t)s (id int PRIMARY KEY, h int);
INSERT INTO %(t)s SELECT i, 1 FROM generate_series(1, 20000) i; ANALYZE %(t)s"""
VALID = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = %s AND convalidated)"


@pytest.fixture
def of_encoding(server):
    """of_encoding(encoding) -> the name of a database."""
    def make(encoding):
        server.query(f"CREATE DATABASE encoded ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
        return "encoded"

    yield make
    server.query("DROP DATABASE encoded WITH (FORCE)")


def answer(connection, sql):
    """(None, None), or SQLSTATE and message as sent."""
    result = connection.pgconn.exec_(sql)
    return tuple(result.error_field(field) for field in (DiagnosticField.SQLSTATE, DiagnosticField.MESSAGE_PRIMARY))


@pytest.mark.parametrize(("encoding", "client", "letter", "add_check"), ENCODINGS)
def test_names(connect, of_encoding, target, encoding, client, letter, add_check):
    connection = connect(dbname=of_encoding(encoding), client_encoding=client)
    seen = len(target.records())
    for name, check, expected in ((b"ma" + letter + b"e", "one", add_check), (b"plain", "two", None)):
        assert answer(connection, TABLE % {b"t": name}) == (None, None)
        sqlstate, said = answer(connection, b"ALTER TABLE %s DROP COLUMN h" % name)
        assert sqlstate == b"PG001" and name in said
        assert answer(connection, b"ALTER TABLE %s ADD CONSTRAINT %s CHECK (h > 0)" % (name, check.encode()))[0] == expected
        assert connection.execute(VALID, [check]).fetchone() == (expected is None,)
        assert answer(connection, b"ALTER TABLE %s ADD COLUMN note text DEFAULT '%s'" % (name, letter)) == (None, None)
    assert len(target.records()) > seen  # JSON in UTF8, whatever was sent

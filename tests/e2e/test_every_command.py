# SPDX-License-Identifier: PostgreSQL
"""The commands that the classifier is tested with (tests/parser/sql) are those of the server's grammar."""

from pathlib import Path

COMMANDS = Path(__file__).parents[1] / "parser" / "sql" / "every_command.sql"


def test_the_server_parses_every_command(direct):
    # The body of an SQL function with a polymorphic argument is parsed, and no more (fmgr_sql_validator).
    wrong = []
    for command in COMMANDS.read_text().splitlines():
        if command.startswith("--"):
            continue
        try:
            direct.execute("CREATE OR REPLACE FUNCTION pg_temp.parse(anyelement) RETURNS void LANGUAGE sql AS $body$"
                           f"{command}$body$")
        except Exception as error:
            wrong.append(f"{command}\n  {error}")
    assert not wrong, "\n".join(wrong)

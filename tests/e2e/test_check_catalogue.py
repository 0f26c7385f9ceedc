# SPDX-License-Identifier: PostgreSQL
"""
What `check` says of the catalogue's hazards, as people write them in migration files.

catalogue/*.sql hold many small files each, from one `-- === title` to the next, judged without a
server.  A statement below `--! rule` is flagged with that rule; every other one is silent.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PHASEGATE = Path(os.environ.get("PHASEGATE_BUILD", ROOT / "build" / "asan")) / "proxy/phasegate"
BODIES = sorted((Path(__file__).parent / "catalogue").glob("*.sql"))


def files_of(body):
    """Title and text of each file in a body."""
    parts = re.split(r"^-- === (.*)\n", body.read_text(), flags=re.M)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def expectations(text):
    """Line of a statement -> the rule it is flagged with."""
    lines = text.split("\n")
    return {at + 2: line[4:] for at, line in enumerate(lines) if line.startswith("--! ")}


def verdicts(files, folder):
    """What check says of each file: line of a statement -> (verdict, rules, text)."""
    paths = [folder / f"{number:03}.sql" for number in range(len(files))]
    for path, (_, text) in zip(paths, files, strict=True):
        path.write_text(text)
    done = subprocess.run(
        [PHASEGATE, "check", "--format", "json", *paths], capture_output=True, text=True
    )
    assert done.stderr == ""
    for document in json.loads(done.stdout)["files"]:
        assert document["errors"] == []
        yield {
            statement["line"]: (
                statement["verdict"],
                [finding["rule"] for finding in statement["findings"]],
                statement["sql"],
            )
            for statement in document["statements"]
        }


def disagreements(title, expected, said):
    for line, rule in expected.items():
        verdict, rules, sql = said.get(line, ("absent", [], ""))
        if verdict == "allow" or rule not in rules:
            yield f"{title}: want {rule}, got {verdict} {rules}: {sql}"
    for line, (verdict, rules, sql) in said.items():
        if line not in expected and verdict != "allow":
            yield f"{title}: want silence, got {verdict} {rules}: {sql}"


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.stem)
def test_flags_what_is_unsafe_and_nothing_else(body, tmp_path):
    files = files_of(body)
    wrong = [
        line
        for (title, text), said in zip(files, verdicts(files, tmp_path), strict=True)
        for line in disagreements(title, expectations(text), said)
    ]
    assert not wrong, "\n" + "\n".join(wrong)

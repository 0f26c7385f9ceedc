# SPDX-License-Identifier: PostgreSQL
"""
Files of statements.  Each statement may have its own lines above it:

    -- with: SQL      tables of its own, made in schema `own` before and dropped after it
    -- set: SQL       settings of its transaction
    -- beyond: WHAT, why    the model does not know this (locks, scan, error ..., or several) and cannot
"""

KEYS = ("with", "set", "beyond")


def cases(path):
    """(statement, with, set, beyond) of a file."""
    own = dict.fromkeys(KEYS, "")
    statement = []
    for line in path.read_text().splitlines():
        for key in own:
            if line.startswith(f"-- {key}: "):
                own[key] += line.removeprefix(f"-- {key}: ") + ";"
        if line.startswith("--") or not line:
            continue
        statement.append(line)
        if line.endswith(";"):
            yield "\n".join(statement).removesuffix(";"), *own.values()
            own, statement = dict.fromkeys(KEYS, ""), []
    assert not statement, f"{path} ends within a statement"


def without_beyond(rows, beyond):
    """The disagreements that are left when what the file calls beyond the model is one, and nothing else is."""
    if not beyond:
        return rows
    if [what for what, *_ in rows] == beyond.split(",")[0].split():
        return []
    return [*rows, ("beyond", beyond, "the model knows")]


def table(rows):
    return "\n".join(f"{statement}\n    {what}: predicted {predicted}\n    {' ' * len(what)}   observed {observed}"
                     for statement, what, predicted, observed in rows)

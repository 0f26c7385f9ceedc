# SPDX-License-Identifier: PostgreSQL
"""
A label of an enum that goes by two names for a while: what clients may write meanwhile, what is left
when the change is taken back, and what stands in its way.
"""

import threading

import psycopg
import pytest

from lab.process import wait_until

ROWS = 12000
MOODS = f"""
CREATE TYPE mood AS ENUM ('sad', 'fair', 'glad');
CREATE TABLE m (id int PRIMARY KEY, v mood NOT NULL DEFAULT 'fair', n int DEFAULT 0);
INSERT INTO m SELECT i, (ARRAY['sad', 'fair'])[i % 2 + 1]::mood FROM generate_series(1, {ROWS}) i;
ANALYZE m;
"""
STATEMENT = "ALTER TYPE mood RENAME VALUE 'fair' TO 'so so'"
PHASE = {"rules": {"rename-enum-value": "phase"}}

pytestmark = [pytest.mark.gate, pytest.mark.contents(MOODS)]


def state(connection):
    return connection.execute("SELECT state FROM phasegate.change ORDER BY id DESC LIMIT 1").fetchone()[0]


def becomes(connection, wanted):
    wait_until(lambda: state(connection) == wanted, f"the change to be {wanted}", 60)


def labels(connection):
    return [label for label, in connection.execute("SELECT enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype"
                                                   " ORDER BY enumsortorder")]


def rows(connection):
    return dict(connection.execute("SELECT v::text, count(*) FROM m GROUP BY 1").fetchall())


def answers(connection):
    told = []
    connection.add_notice_handler(lambda notice: told.append(f"{notice.message_primary}\n{notice.message_hint or ''}"))
    return told


def test_it_is_a_refusal_unless_the_policy_says_otherwise(direct, connect):
    direct.execute("CREATE FUNCTION fairly() RETURNS mood LANGUAGE plpgsql AS $$BEGIN RETURN 'fair'; END$$")
    with pytest.raises(psycopg.Error) as caught:
        connect().execute(STATEMENT)
    assert caught.value.sqlstate == "PG001" and "ADD VALUE IF NOT EXISTS 'so so' AFTER 'fair'" in caught.value.diag.message_hint
    assert "stands in the text of function public.fairly" in caught.value.diag.message_detail
    assert labels(direct) == ["sad", "fair", "glad"]


def test_both_labels_live_until_the_release(direct, connect, start_proxy, phasegate):
    direct.execute("CREATE FUNCTION fairly() RETURNS mood LANGUAGE plpgsql AS $$BEGIN RETURN 'fair'; END$$;"
                   "CREATE FUNCTION either() RETURNS bool LANGUAGE sql AS $$SELECT 'fair' = 'so so'$$")
    client = connect(to=start_proxy(PHASE))
    told = answers(client)
    client.execute(STATEMENT)
    assert state(direct) == "soaking"
    text = "\n".join(told)
    assert "the text of function public.fairly says the old label" in text and "either" not in text, text
    assert "no label can be removed" in text, text
    assert "SET \"v\" = 'fair'" in phasegate("show", "--undo", 1)
    client.execute("INSERT INTO m (id, v) VALUES (-1, 'so so'), (-2, 'fair'); INSERT INTO m (id) VALUES (-3)")
    assert client.execute("SELECT array_agg(v::text ORDER BY id) FROM m WHERE id < 0").fetchone() == (["fair", "fair", "so so"],)
    phasegate("release", 1)
    becomes(direct, "done")
    client.execute("INSERT INTO m (id) VALUES (-4)")
    assert rows(direct) == {"sad": ROWS / 2, "so so": ROWS / 2 + 4}
    assert labels(direct) == ["sad", "fair", "so so", "glad"]


@pytest.mark.parametrize("inside", [False, True], ids=["autocommit", "in a transaction"])
def test_an_abort_gives_the_rows_back(direct, connect, start_proxy, phasegate, inside):
    before = rows(direct)
    client = connect(to=start_proxy(PHASE), autocommit=not inside)
    client.execute(STATEMENT)
    if inside:
        assert labels(direct) == ["sad", "fair", "glad"]
        client.commit()
    becomes(direct, "soaking")
    direct.execute("UPDATE m SET v = 'so so' WHERE v = 'fair'")
    phasegate("abort", 1)
    becomes(direct, "cancelled")
    assert rows(direct) == before
    assert labels(direct) == ["sad", "fair", "so so", "glad"]
    batches, = direct.execute("SELECT sum(batches) FROM phasegate.backfill").fetchone()
    assert batches > 2


def test_a_kill_on_the_way_back(direct, connect, start_proxy, phasegate):
    before = rows(direct)
    proxy = start_proxy({**PHASE, "backfill": {"rows_per_second": 3000}})
    connect(to=proxy).execute(STATEMENT)
    direct.execute("UPDATE m SET v = 'so so' WHERE v = 'fair'")
    phasegate("abort", 1)
    wait_until(lambda: "fair" in rows(direct), "some rows to be given back", 30)
    assert state(direct) == "undoing"
    proxy.kill()
    assert rows(direct) != before
    proxy.start()
    becomes(direct, "cancelled")
    assert rows(direct) == before


def test_a_rollback_leaves_nothing(direct, connect, start_proxy):
    with connect(to=start_proxy(PHASE)).transaction(force_rollback=True) as transaction:
        transaction.connection.execute(STATEMENT)
    assert labels(direct) == ["sad", "fair", "glad"]


def test_what_names_the_label_has_to_name_both(direct, connect, start_proxy, phasegate):
    """And rows that had the label before the change keep it, whatever becomes of that."""
    direct.execute("CREATE VIEW v AS SELECT id FROM m WHERE v = 'fair'")
    client = connect(to=start_proxy(PHASE))
    with pytest.raises(psycopg.Error) as caught:
        client.execute(STATEMENT)
    assert "view public.v would go on to mean the old label alone" in caught.value.diag.message_hint
    client.execute("ALTER TYPE mood ADD VALUE 'so so' AFTER 'fair'")
    client.execute("CREATE OR REPLACE VIEW v AS SELECT id FROM m WHERE v IN ('fair', 'so so')")
    client.execute("UPDATE m SET v = 'so so' WHERE id = 1")
    told = answers(client)
    client.execute(STATEMENT)
    assert "rows keep what they have, for 'so so' was there before" in "\n".join(told)
    phasegate("abort", 1)
    becomes(direct, "cancelled")
    assert rows(direct) == {"sad": ROWS / 2, "fair": ROWS / 2 - 1, "so so": 1}


def test_clients_that_lag_behind(direct, connect, start_proxy, phasegate):
    """The old label is an error to nobody: who writes it while rows are moved is moved, too."""
    client = connect(to=start_proxy({**PHASE, "backfill": {"rows_per_second": 12000}}))
    client.execute(STATEMENT)
    phasegate("release", 1)
    ending = threading.Event()

    def lag():
        with connect() as late:
            while not ending.wait(0.02):
                late.execute("UPDATE m SET v = 'fair', n = n + 1 WHERE id = 2")

    thread = threading.Thread(target=lag)
    thread.start()
    wait_until(lambda: rows(direct).get("so so", 0) > ROWS / 4, "half of the rows", 30)
    ending.set()
    thread.join(30)
    becomes(direct, "done")
    assert direct.execute("SELECT n > 0 FROM m WHERE id = 2").fetchone() == (True,)
    assert rows(direct) == {"sad": ROWS / 2 - 1, "so so": ROWS / 2 + 1}

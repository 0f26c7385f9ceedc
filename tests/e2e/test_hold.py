# SPDX-License-Identifier: PostgreSQL
"""
Statements that wait for an operator's approval: however they are sent, however often, and whatever
happens between the sending, the approval and the sending again.
"""

from decimal import Decimal

import psycopg
import pytest

from databases import ORDERS
from lab.process import wait_until
from lab.wire import SYNC, bind, errors, execute, parse

pytestmark = [pytest.mark.gate, pytest.mark.contents(ORDERS)]

RULES = ("truncate", "vacuum-full", "set-not-null", "create-index-non-concurrent", "drop-column", "drop-table",
         "unanalyzable-dynamic-ddl", "update-without-where", "lock-table")
HOLD = {"rules": {rule: "hold" for rule in RULES}}

CUSTOMERS = "SELECT count(*) FROM customers"
# statement, a look at what it does, what is to be seen before and after
STATEMENTS = [
    ("TRUNCATE customers", CUSTOMERS, 1000, 0),
    ("SELECT 1; TRUNCATE customers; SELECT 2", CUSTOMERS, 1000, 0),
    ("BEGIN; TRUNCATE customers; COMMIT", CUSTOMERS, 1000, 0),
    ("DO $$ BEGIN EXECUTE 'TRUNCATE customers'; END $$", CUSTOMERS, 1000, 0),
    ("VACUUM FULL orders", "SELECT pg_relation_filenode('orders') = oid FROM pg_class WHERE relname = 'orders'", True, False),
    ("ALTER TABLE orders ALTER COLUMN customer_id SET NOT NULL",
     "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'customer_id'", False, True),
    ("CREATE INDEX orders_amount ON orders (amount)", "SELECT to_regclass('orders_amount') IS NOT NULL", False, True),
    ("UPDATE orders SET status = 'x'", "SELECT count(*) FROM orders WHERE status = 'x'", 0, 40000),
]
SINGLE = [row for row in STATEMENTS if ";" not in row[0] or "$$" in row[0]]

# How psycopg sends it: as a Query; as an unnamed Parse; by a prepared statement.
WAYS = {"simple": {"params": None}, "extended": {"params": (), "prepare": False}, "prepared": {"params": (), "prepare": True}}
ALL_WAYS = [(way, row) for way in WAYS for row in (STATEMENTS if way == "simple" else SINGLE)]
ways = pytest.mark.parametrize("way, row", ALL_WAYS, ids=[f"{way}: {row[0]}" for way, row in ALL_WAYS])


@pytest.fixture(scope="module")
def members(server):
    """alice and bob log in, and may be migrator."""
    roles = ("alice", "bob", "migrator")
    server.query("".join(f"CREATE ROLE {role} LOGIN;" for role in roles) + "GRANT migrator TO alice, bob")
    yield
    for role in roles:
        server.query(f"DROP OWNED BY {role}; DROP ROLE {role}")


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def send(connection, statement, params=None, **options):
    return connection.execute(statement, params, **options)


def is_held(connection, statement, number=1, **options):
    """The client's error says so; returns it."""
    with pytest.raises(psycopg.Error) as caught:
        send(connection, statement, **options)
    said = caught.value.diag
    assert said.sqlstate == "PG005", said.message_primary
    assert said.message_primary.startswith(f"held for approval as change {number}: "), said.message_primary
    assert f"phasegate approve {number}" in said.message_hint and "then send the same statement again" in said.message_hint
    return said


def states(connection):
    return [row[0] for row in connection.execute("SELECT state FROM phasegate.changes ORDER BY id")]


# ---- the way of a held statement ----

@ways
def test_held_approved_and_passed_once(connect, direct, start_proxy, phasegate, way, row):
    statement, look, before, after = row
    proxy = start_proxy(HOLD)
    client = connect(to=proxy)
    for _ in range(2):
        is_held(client, statement, **WAYS[way])
        assert one(direct, look) == before and states(direct) == ["held"]
    assert "change 1 is approved" in phasegate("approve", 1)
    assert one(direct, look) == before and states(direct) == ["approved"]
    send(client, statement, **WAYS[way])
    wait_until(lambda: one(direct, look) == after, "it to be done")
    assert states(direct) == ["done"]
    decisions = [r for r in proxy.records() if r["event"] == "decision"]
    assert [(r["verdict"], r["change"]) for r in decisions[:2]] == [("hold", 1)] * 2
    passed = decisions[2]
    assert passed["change"] == 1 and passed["approved_by"] == "postgres" and passed["approved_at"]
    assert passed["verdict"] in ("warn", "rewrite", "phase")


@pytest.mark.parametrize("way", WAYS)
def test_an_approval_is_good_for_once(connect, direct, start_proxy, phasegate, way):
    client = connect(to=start_proxy(HOLD))
    is_held(client, "TRUNCATE customers", **WAYS[way])
    phasegate("approve", 1)
    send(client, "TRUNCATE customers", **WAYS[way])
    said = is_held(client, "TRUNCATE customers", 2, **WAYS[way])
    assert "Change 1 was the same statement; an approval is good for once." in said.message_detail
    assert states(direct) == ["done", "held"]


def test_the_text_may_be_dressed_otherwise(connect, direct, start_proxy, phasegate):
    """Comments and white space are not what is approved; whatever the grammar reads is."""
    client = connect(to=start_proxy(HOLD))
    is_held(client, "UPDATE orders SET status = 'x'")
    phasegate("approve", 1)
    is_held(client, "UPDATE orders SET status = 'X'", 2)
    is_held(client, "UPDATE orders SET status = 'x' WHERE true", 3)
    send(client, "/*trace='17'*/ UPDATE orders\n\tSET status='x' -- now\n;")
    assert one(direct, "SELECT count(*) FROM orders WHERE status = 'x'") == 40000
    assert states(direct) == ["done", "held", "held"]


def test_values_are_part_of_what_is_approved(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy(HOLD))
    for returning, number in [("", 1), (" RETURNING id", 3)]:  # in batches, and as it is
        statement = "UPDATE orders SET status = %s" + returning
        is_held(client, statement, number, params=("x",))
        phasegate("approve", number)
        is_held(client, statement, number + 1, params=("y",))
        assert client.execute(statement, ("x",)).rowcount == 40000
    assert states(direct) == ["done", "held"] * 2
    assert one(direct, "SELECT count(*) FROM orders WHERE status = 'x'") == 40000


# ---- transactions ----

def test_a_held_statement_fails_its_transaction(connect, direct, start_proxy):
    client = connect(to=start_proxy(HOLD), autocommit=False)
    client.execute("INSERT INTO customers VALUES (-1, 'mine')")
    is_held(client, "TRUNCATE customers")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        client.execute("SELECT 1")
    client.rollback()
    assert states(direct) == ["held"] and one(direct, CUSTOMERS) == 1000


@pytest.mark.parametrize("way", WAYS)
def test_a_rollback_gives_the_approval_back(connect, direct, start_proxy, phasegate, way):
    client = connect(to=start_proxy(HOLD), autocommit=False)
    is_held(client, "TRUNCATE customers", **WAYS[way])
    client.rollback()
    phasegate("approve", 1)
    send(client, "TRUNCATE customers", **WAYS[way])
    assert one(client, CUSTOMERS) == 0
    client.rollback()
    assert states(direct) == ["approved"] and one(direct, CUSTOMERS) == 1000
    client.execute("SAVEPOINT s")
    send(client, "TRUNCATE customers", **WAYS[way])
    client.execute("ROLLBACK TO s")
    send(client, "TRUNCATE customers", **WAYS[way])
    client.commit()
    assert states(direct) == ["done"] and one(direct, CUSTOMERS) == 0


def test_an_error_gives_the_approval_back(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy(HOLD))
    text = "TRUNCATE customers; SELECT 1 / (SELECT count(*) FROM orders WHERE id = 1 AND amount = 0)"
    is_held(client, text)
    phasegate("approve", 1)
    direct.execute("UPDATE orders SET amount = 1 WHERE id = 1")
    with pytest.raises(psycopg.errors.DivisionByZero):
        client.execute(text)
    assert states(direct) == ["approved"] and one(direct, CUSTOMERS) == 1000
    direct.execute("UPDATE orders SET amount = 0 WHERE id = 1")
    client.execute(text)
    assert states(direct) == ["done"] and one(direct, CUSTOMERS) == 0


def test_a_lock_timeout_gives_the_approval_back(server, database, connect, direct, start_proxy, phasegate):
    proxy = start_proxy({**HOLD, "policy": {"lock_timeout": "200ms", "lock_retry_delay": "100ms", "lock_retries": 2}})
    client = connect(to=proxy)
    is_held(client, "TRUNCATE customers")
    phasegate("approve", 1)
    with server.connect(database) as other:
        other.execute("BEGIN; SELECT FROM customers")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            client.execute("TRUNCATE customers")
        assert states(direct) == ["approved"]
    client.execute("TRUNCATE customers")
    assert states(direct) == ["done"]


def test_a_migration_of_several_is_sent_again_from_its_beginning(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy(HOLD), autocommit=False)
    statements = ["CREATE TABLE fresh (id int REFERENCES customers)", "TRUNCATE customers, fresh",
                  "ALTER TABLE orders ALTER COLUMN customer_id SET NOT NULL"]

    def migrate():
        for statement in statements:
            client.execute(statement)
        client.commit()

    for number in (1, 2):
        with pytest.raises(psycopg.Error) as caught:
            migrate()
        assert f"as change {number}:" in caught.value.diag.message_primary
        client.rollback()
        phasegate("approve", number)
    migrate()
    assert states(direct) == ["done", "done"]
    assert one(direct, CUSTOMERS) == 0


def test_while_one_transaction_uses_it_no_other_does(connect, direct, start_proxy, phasegate):
    proxy = start_proxy(HOLD)
    first, second = connect(to=proxy, autocommit=False), connect(to=proxy)
    statement = "DO $$ BEGIN EXECUTE 'TRUNCATE customers'; END $$"
    is_held(second, statement)
    phasegate("approve", 1)
    first.execute(statement)
    for client in (second, first):
        with pytest.raises(psycopg.errors.ObjectInUse) as caught:
            client.execute(statement)
        assert "change 1, the same statement, is being used" in caught.value.diag.message_detail
    first.rollback()
    second.execute(statement)
    assert states(direct) == ["done"]


def test_a_text_that_ends_its_transaction_takes_the_approval_first(connect, direct, start_proxy, phasegate):
    """Else its ROLLBACK would give back what it goes on to use."""
    client = connect(to=start_proxy(HOLD))
    for number, text in enumerate(("ROLLBACK; TRUNCATE customers",
                                   "DO $$ BEGIN ROLLBACK; EXECUTE 'TRUNCATE customers'; END $$"), 1):
        is_held(client, text, number)
        phasegate("approve", number)
        client.execute(text)
        assert states(direct)[-1] == "done"
    client.autocommit = False
    client.execute("SELECT 1")
    with pytest.raises(psycopg.Error) as caught:
        client.execute("ROLLBACK; TRUNCATE customers")
    assert "send the statement by itself" in caught.value.diag.message_detail


def test_an_approval_behind_the_snapshot(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy(HOLD))
    is_held(client, "TRUNCATE customers")
    client.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM orders LIMIT 1")
    phasegate("approve", 1)
    with pytest.raises(psycopg.errors.ObjectInUse, match="as far as this transaction sees"):
        client.execute("TRUNCATE customers")
    client.execute("ROLLBACK")
    client.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    client.execute("TRUNCATE customers")
    client.execute("COMMIT")
    assert states(direct) == ["done"]


@pytest.mark.parametrize("send", ["alone", "behind", "before"])
def test_in_a_batch(connect, wire, direct, start_proxy, phasegate, send):
    """One Sync for several statements: all of them hold, or none and no approval is used."""
    proxy = start_proxy(HOLD)
    is_held(connect(to=proxy), "TRUNCATE customers")
    phasegate("approve", 1)
    w = wire(to=proxy)

    def one_of(text):
        return parse(text) + bind() + execute()

    texts = {"alone": ["TRUNCATE customers"], "behind": ["INSERT INTO customers VALUES (-1)", "TRUNCATE customers"],
             "before": ["TRUNCATE customers", "INSERT INTO customers VALUES (-1)"]}[send]
    w.send(b"".join(one_of(text) for text in [*texts, "SELECT 1 / 0"]) + SYNC)
    assert [m.sqlstate for m in errors(w.until())] == ["22012"]
    assert states(direct) == ["approved"] and one(direct, CUSTOMERS) == 1000
    w.send(b"".join(one_of(text) for text in texts) + SYNC)
    assert not errors(w.until())
    assert states(direct) == ["done"] and one(direct, CUSTOMERS) == (send == "before")
    w.send(one_of("TRUNCATE customers") + one_of("INSERT INTO customers VALUES (-2)") + SYNC)
    assert [m.sqlstate for m in errors(w.until())] == ["PG005"]
    assert one(direct, "SELECT count(*) FROM customers WHERE id = -2") == 0


def test_by_the_name_of_a_prepared_statement(connect, wire, direct, start_proxy, phasegate):
    """A driver's Parse, executed by SQL; held and approved while it stays prepared."""
    w = wire(to=start_proxy(HOLD))
    w.send(parse("TRUNCATE customers", "s") + SYNC)
    assert not errors(w.until())
    assert [m.sqlstate for m in errors(w.query("EXECUTE s"))] == ["PG005"]
    phasegate("approve", 1)
    assert not errors(w.query("EXECUTE s"))
    assert states(direct) == ["done"] and one(direct, CUSTOMERS) == 0
    w.send(bind("s") + execute() + SYNC)
    assert [m.sqlstate for m in errors(w.until())] == ["PG005"]


# ---- what makes an approval void ----

def expire(direct, client):
    direct.execute("UPDATE phasegate.hold SET expires_at = clock_timestamp() - interval '1 s'")


def replace_table(direct, client):
    direct.execute("ALTER TABLE customers RENAME TO old; CREATE TABLE customers (LIKE old);"
                   "INSERT INTO customers SELECT * FROM old; ANALYZE customers")


def shadow_table(direct, client):
    direct.execute("CREATE SCHEMA nearer; CREATE TABLE nearer.customers (LIKE customers);"
                   "INSERT INTO nearer.customers SELECT * FROM customers; ANALYZE nearer.customers")
    client.execute("SET search_path = nearer, public")


def take_back(direct, client):
    direct.execute("SELECT phasegate.abort(1)")


def another_role(direct, client):
    direct.execute("GRANT TRUNCATE ON customers TO app")
    client.execute("SET ROLE app")


VOID = [
    (expire, "expired", "approved by postgres, but not sent again until"),
    (replace_table, "superseded", "approved by postgres, under other circumstances"),
    (shadow_table, "approved", None),
    (take_back, "cancelled", "was taken back"),
    (another_role, "approved", None),
]


@pytest.mark.parametrize("happens, state, remark", VOID, ids=[row[0].__name__ for row in VOID])
def test_what_makes_an_approval_void(connect, direct, start_proxy, phasegate, happens, state, remark):
    client = connect(to=start_proxy(HOLD))
    is_held(client, "TRUNCATE customers")
    phasegate("approve", 1)
    happens(direct, client)
    said = is_held(client, "TRUNCATE customers", 2)
    assert remark is None or remark in said.message_detail, said.message_detail
    assert states(direct) == [state, "held"]
    assert one(direct, CUSTOMERS) == 1000


def test_an_approval_is_for_what_was_to_be_done(connect, direct, start_proxy, phasegate):
    """Other steps than those that were approved: rows came that are in the way of the short form."""
    client = connect(to=start_proxy(HOLD))
    statement = "ALTER TABLE orders ALTER COLUMN status SET NOT NULL"
    is_held(client, statement)
    phasegate("approve", 1)
    direct.execute("ALTER TABLE orders ALTER COLUMN status DROP DEFAULT; UPDATE orders SET status = 'x' WHERE status IS NULL")
    assert "under other circumstances" in is_held(client, statement, 2).message_detail


def test_it_is_not_carried_out_behind_its_expiry(connect, direct, start_proxy, phasegate):
    proxy = start_proxy({**HOLD, "approve": {"lasts": "1s"}})
    client = connect(to=proxy)
    is_held(client, "TRUNCATE customers")
    assert "until" in phasegate("approve", 1)
    wait_until(lambda: states(direct) == ["expired"], "the approval to expire")
    assert "change 1 is expired, not held" in phasegate("approve", 1, status=2)
    is_held(client, "TRUNCATE customers", 2)


def test_a_request_expires_too(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy({**HOLD, "approve": {"within": "1s"}}))
    assert " until 2" in is_held(client, "TRUNCATE customers").message_hint
    wait_until(lambda: states(direct) == ["expired"], "the request to expire")
    assert "change 1 is expired, not held" in phasegate("approve", 1, status=2)
    assert "not approved until" in is_held(client, "TRUNCATE customers", 2).message_detail


def test_for_good(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy({**HOLD, "approve": {"within": 0, "lasts": 0}}))
    assert " until 2" not in is_held(client, "TRUNCATE customers").message_hint
    assert "until" not in phasegate("approve", 1)
    client.execute("TRUNCATE customers")


def test_rights_are_those_of_the_sender_when_it_is_done(connect, direct, start_proxy, phasegate):
    direct.execute("GRANT TRUNCATE ON customers TO app")
    client = connect(to=start_proxy(HOLD), user="app")
    is_held(client, "TRUNCATE customers")
    phasegate("approve", 1)
    direct.execute("REVOKE TRUNCATE ON customers FROM app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.execute("TRUNCATE customers")
    assert states(direct) == ["approved"] and one(direct, CUSTOMERS) == 1000


# ---- who may ----

def test_operators_need_the_right(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy(HOLD))
    is_held(client, "TRUNCATE customers")
    for command in ("approve", "abort"):
        assert "only a member of role postgres may decide" in phasegate(command, 1, user="app", status=2)
    for arguments, words in [(("approve", 2), "there is no held change 2"), (("approve", "all"), "which change?"),
                             (("release", 1), "change 1 is held: nothing of it is under way"),
                             (("pause", 1), "change 1 is held: nothing of it is under way"),
                             (("retry", 7), "there is no change 7")]:
        assert words in phasegate(*arguments, status=2)
    phasegate("approve", 1)
    assert "change 1 is approved, not held" in phasegate("approve", 1, status=2)
    assert "change 1 is taken back" in phasegate("abort", 1)
    assert "change 1 is cancelled" in phasegate("abort", 1, status=2)
    assert [tuple(row) for row in direct.execute("SELECT actor, kind FROM phasegate.event ORDER BY id")] == [
        ("postgres", "held"), ("postgres", "approve"), ("postgres", "cancelled")]


@pytest.mark.usefixtures("members")
def test_two_persons(connect, direct, start_proxy, phasegate):
    direct.execute("ALTER TABLE customers OWNER TO migrator")
    proxy = start_proxy({**HOLD, "approve": {"two_persons": True}})
    client = connect(to=proxy, user="alice", application_name="bob")
    client.execute("SET ROLE migrator")
    is_held(client, "TRUNCATE customers")
    for person in ("alice", "migrator"):
        assert "another person" in phasegate("approve", 1, user=person, status=2)
    assert "approved" in phasegate("approve", 1, user="bob")
    assert one(direct, "SELECT approved_by FROM phasegate.holds") == "bob"
    helper = connect(to=proxy, user="bob")
    helper.execute("SET ROLE migrator")
    with pytest.raises(psycopg.Error, match="another person"):
        helper.execute("TRUNCATE customers")
    client.execute("TRUNCATE customers")


@pytest.mark.usefixtures("members")
def test_two_persons_asked_for_later(connect, direct, start_proxy, phasegate):
    direct.execute("ALTER TABLE customers OWNER TO migrator")
    proxy = start_proxy(HOLD)
    client = connect(to=proxy, user="alice")
    client.execute("SET ROLE migrator")
    is_held(client, "TRUNCATE customers")
    phasegate("approve", 1, user="alice")
    proxy.configure({**HOLD, "approve": {"two_persons": True}})
    proxy.reload()
    assert "rule of two persons" in is_held(client, "TRUNCATE customers", 2).message_detail


def test_nobody_helps_himself(connect, direct, start_proxy):
    client = connect(to=start_proxy(HOLD), user="app")
    is_held(client, "TRUNCATE customers")
    for sql, error in [("SELECT phasegate.pass('{\"passes\":1}', '\\x00')", "only phasegate may"),
                       ("SELECT phasegate.use_approval(1, 0, 0, 'app')", "permission denied"),
                       ("UPDATE phasegate.hold SET state = 'approved'", "permission denied"),
                       ("SELECT * FROM phasegate.hold", "permission denied")]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=error):
            client.execute(sql)
    assert states(direct) == ["held"]


# ---- crashes and crowds ----

def test_it_is_still_held_after_a_kill(connect, direct, start_proxy, phasegate):
    proxy = start_proxy(HOLD)
    is_held(connect(to=proxy), "TRUNCATE customers")
    proxy.kill()
    proxy.start()
    is_held(connect(to=proxy), "TRUNCATE customers")
    phasegate("approve", 1)
    proxy.kill()
    proxy.start()
    connect(to=proxy).execute("TRUNCATE customers")
    assert states(direct) == ["done"]


def test_through_another_proxy(connect, direct, start_proxy, phasegate):
    first, second = connect(to=start_proxy(HOLD)), connect(to=start_proxy(HOLD))
    is_held(first, "TRUNCATE customers")
    is_held(second, "TRUNCATE customers")
    phasegate("approve", 1)
    second.execute("TRUNCATE customers")
    is_held(first, "TRUNCATE customers", 2)


def test_many_at_once_are_one(connect, direct, start_proxy, phasegate, in_background):
    proxies = [start_proxy(HOLD), start_proxy(HOLD)]
    clients = [connect(to=proxies[i % 2]) for i in range(8)]
    heard = []

    def all_send():
        def one_sends(client):
            try:
                heard.append(client.execute("TRUNCATE customers").statusmessage)
            except psycopg.Error as error:
                heard.append(error.sqlstate)
        heard.clear()
        for thread in [in_background(one_sends, client) for client in clients]:
            thread.join(30)
        return sorted(heard)

    assert all_send() == ["PG005"] * 8
    assert states(direct) == ["held"]
    phasegate("approve", 1)
    again = all_send()
    assert again.count("TRUNCATE TABLE") == 1 and set(again) <= {"TRUNCATE TABLE", "PG005", "55006"}, again
    assert states(direct)[0] == "done" and set(states(direct)[1:]) <= {"held"}
    assert one(direct, "SELECT count(*) FROM phasegate.event WHERE kind = 'used'") == 1


def test_sent_again_while_its_change_is_under_way(connect, direct, start_proxy, phasegate, in_background):
    """Whoever sends it meanwhile waits for the one that was approved, and is answered with it."""
    proxy = start_proxy({**HOLD, "backfill": {"rows_per_second": 20000}})
    statement = "UPDATE orders SET status = 'x'"
    clients = [connect(to=proxy) for _ in range(2)]
    is_held(clients[0], statement)
    phasegate("approve", 1)
    thread = in_background(clients[0].execute, statement)
    wait_until(lambda: states(direct) == ["running"], "the change to begin")
    with pytest.raises(psycopg.errors.ObjectInUse):
        clients[1].execute(statement)
    thread.join(30)
    assert states(direct) == ["done"]


# ---- what cannot wait ----

def test_values_that_cannot_be_written_out_cannot_be_approved(connect, direct, start_proxy):
    client = connect(to=start_proxy(HOLD))
    with pytest.raises(psycopg.Error) as caught:
        client.execute("UPDATE orders SET amount = %b", (Decimal(1),))
    assert caught.value.sqlstate == "PG001" and "write the values out" in caught.value.diag.message_detail
    assert not one(direct, "SELECT to_regclass('phasegate.hold') IS NOT NULL")


def test_without_an_engine_nothing_can_wait(connect, start_proxy):
    client = connect(to=start_proxy({**HOLD, "control": {"conninfo": None}}))
    with pytest.raises(psycopg.Error) as caught:
        client.execute("TRUNCATE customers")
    assert caught.value.sqlstate == "PG001" and "control.conninfo" in caught.value.diag.message_detail


def test_a_plan_that_cannot_be_carried_out_is_rejected_at_once(connect, start_proxy):
    client = connect(to=start_proxy(HOLD))
    with pytest.raises(psycopg.Error) as caught:
        client.execute("SELECT 1; CREATE INDEX i ON orders (amount)")
    assert caught.value.sqlstate == "PG001" and "send it alone" in caught.value.diag.message_hint


def test_over_a_replication_connection_nothing_is_held(wire, direct, start_proxy):
    """The walsender speaks no extended protocol, so nobody could use an approval up in it."""
    w = wire(start_proxy({**HOLD, "allow_replication": True}), replication="database")
    refused = errors(w.query("TRUNCATE customers"))[0]
    assert refused.sqlstate == "PG001" and "it comes over a replication connection" in refused.fields["D"], refused.fields
    assert one(direct, CUSTOMERS) == 1000 and not one(direct, "SELECT to_regclass('phasegate.hold') IS NOT NULL")


def test_observing_holds_nothing(connect, direct, start_proxy):
    proxy = start_proxy({**HOLD, "mode": "observe"})
    connect(to=proxy).execute("TRUNCATE customers")
    assert one(direct, CUSTOMERS) == 0
    assert [r["verdict"] for r in proxy.records() if r["event"] == "decision"] == ["hold"]


# ---- what people see ----

def test_the_list_and_the_details(connect, direct, start_proxy, phasegate):
    client = connect(to=start_proxy(HOLD), application_name="deploy")
    is_held(client, "TRUNCATE customers")
    is_held(client, "ALTER TABLE orders ALTER COLUMN customer_id SET NOT NULL", 2)
    listed = phasegate("changes")
    assert "waiting for an approval" in listed and "public.customers" in listed and "held" in listed
    shown = phasegate("show", 1)
    for words in ("TRUNCATE customers", "truncate", "deploy", "expires_at"):
        assert words in shown, shown
    shown = phasegate("show", 2)
    assert "VALIDATE" in phasegate("show", "--undo", 2) or "validate" in shown, shown
    phasegate("approve", 1)
    assert "waiting for its statement to be sent again" in phasegate("changes")
    assert "approved_by" in phasegate("show", 1)
    client.execute("TRUNCATE customers")
    assert "statement  " in phasegate("show", 1) and "statement  " not in phasegate("show", 1, user="app")
    assert "customers" not in phasegate("changes") and "done" in phasegate("changes", "--all")


def test_check_and_plan_say_it(start_proxy, tmp_path):
    proxy = start_proxy(HOLD)
    file = tmp_path / "m.sql"
    file.write_text("LOCK TABLE customers;\nALTER TABLE orders ALTER COLUMN customer_id SET NOT NULL;\n")
    checked = proxy.run("check", "--config", proxy.config, file)
    assert checked.returncode == 1 and checked.stdout.count(" hold ") == 2 and ", 2 hold" in checked.stdout, checked.stdout
    planned = proxy.run("plan", "--config", proxy.config, file)
    assert planned.returncode == 1 and "VALIDATE" in planned.stdout, planned.stdout
    assert "line 1: as written, once an operator has approved it" in planned.stdout, planned.stdout
    assert planned.stdout.count("(held for approval)") > 1, planned.stdout
    proxy.run("plan", "--config", proxy.config, "--out", tmp_path / "plan", file)
    for name in ["01-refused.sql", "02-expand.sql", "plan.md"]:
        assert "approv" in (tmp_path / "plan" / name).read_text(), sorted((tmp_path / "plan").iterdir())

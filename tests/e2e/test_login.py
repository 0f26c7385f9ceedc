# SPDX-License-Identifier: PostgreSQL
"""Logging in: every method is the server's own, relayed; TLS on each leg."""

import socket
import ssl

import psycopg
import pytest

from lab.wire import SSL_REQUEST, Wire, cancel, errors, kinds, query, request, rows, startup_packet

PASSWORDS = [("md5_user", "secret m"), ("scram_user", "secret s"), ("password_user", "secret p")]


def client_tls(certificates, mode="allow", **more):
    return {"client_tls": {"mode": mode, "certificate": str(certificates / "server.crt"),
                           "key": str(certificates / "server.key"), **more}}


def server_tls(certificates, mode="verify-full", ca="ca.crt", **more):
    return {"tls": {"mode": mode, "ca": str(certificates / ca), **more}}


class TestPasswords:
    @pytest.mark.parametrize("user, password", PASSWORDS)
    def test_the_right_one(self, connect, user, password):
        assert connect(user=user, password=password).execute("SELECT current_user").fetchone() == (user,)

    @pytest.mark.parametrize("user", [user for user, _ in PASSWORDS])
    def test_a_wrong_one(self, connect, user):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(user=user, password="wrong")

    @pytest.mark.parametrize("user", [user for user, _ in PASSWORDS])
    def test_none_at_all(self, connect, user):
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            connect(user=user, passfile="/nonexistent")

    def test_rejected_by_pg_hba(self, connect):
        with pytest.raises(psycopg.OperationalError, match="pg_hba.conf rejects connection"):
            connect(user="rejected_user", sslmode="disable")

    def test_an_unknown_role(self, connect):
        with pytest.raises(psycopg.OperationalError, match='role "nobody here" does not exist'):
            connect(user="nobody here")

    def test_silence_instead_of_a_password(self, wire, database):
        w = wire(login=False)
        w.send(startup_packet([("user", "md5_user"), ("database", database)]))
        assert w.message().body[:4] == b"\0\0\0\5"
        w.socket.shutdown(socket.SHUT_WR)
        assert "Z" not in kinds(w.until_closed())


@pytest.mark.gate
class TestClientTls:
    """TLS from the client to the proxy; plain from there to the server."""

    @pytest.fixture
    def proxy(self, start_proxy, certificates):
        return start_proxy(client_tls(certificates))

    def test_verified_in_full(self, connect, proxy, certificates):
        connection = connect(proxy, sslmode="verify-full", sslrootcert=certificates / "ca.crt")
        assert connection.pgconn.ssl_in_use
        assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_the_wrong_authority(self, connect, proxy, certificates):
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            connect(proxy, sslmode="verify-full", sslrootcert=certificates / "other-ca.crt")

    def test_plain_is_allowed_too(self, connect, proxy):
        assert not connect(proxy, sslmode="disable").pgconn.ssl_in_use

    @pytest.mark.parametrize("user, password", PASSWORDS)
    def test_passwords(self, connect, proxy, user, password):
        connection = connect(proxy, user=user, password=password, sslmode="require")
        assert connection.execute("SELECT current_user").fetchone() == (user,)

    def test_channel_binding_cannot_pass_and_is_not_feigned(self, connect, proxy):
        with pytest.raises(psycopg.OperationalError, match="channel binding"):
            connect(proxy, user="scram_user", password="secret s", sslmode="require", channel_binding="require")

    def test_bulk(self, connect, proxy):
        value = "t" * (8 << 20)
        connection = connect(proxy, sslmode="require")
        assert connection.execute("SELECT %s::text", (value,)).fetchone() == (value,)

    def test_cancel_of_an_encrypted_session(self, connect, proxy, in_background):
        connection = connect(proxy, sslmode="require")
        failure = []

        def sleep():
            with pytest.raises(psycopg.errors.QueryCanceled) as caught:
                connection.execute("SELECT pg_sleep(30)")
            failure.append(caught)

        thread = in_background(sleep)
        while not connect(proxy, sslmode="require").execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchone():
            pass
        connection.cancel()
        thread.join(20)
        assert failure

    def test_bytes_behind_the_request_are_an_attack(self, proxy):
        with Wire(proxy) as w:
            w.send(request(SSL_REQUEST) + b"\0\0\0\x10\0\3\0\0user\0x\0\0")
            assert "Z" not in kinds(w.until_closed())

    def test_direct_tls(self, proxy, database):
        """PostgreSQL 17's way: TLS at once, with the protocol's name in ALPN."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["postgresql"])
        with Wire(proxy) as w:
            w.socket = context.wrap_socket(w.socket, server_hostname="localhost")
            w.startup(database)
            assert rows(w.query("SELECT 1")) == [["1"]]

    def test_direct_tls_without_the_name(self, proxy):
        with Wire(proxy) as w, pytest.raises((OSError, AssertionError)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            w.socket = context.wrap_socket(w.socket, server_hostname="localhost")
            w.send(b"\0\0\0\x08\x04\xd2\x16\x2f")
            assert w.socket.recv(1)

    def test_handshake_of_rubbish(self, proxy, connect):
        with Wire(proxy) as w:
            w.send(request(SSL_REQUEST))
            assert w.receive(1) == b"S"
            w.send(b"\x16\x03\x01\x00\x05rubbish" * 20)
            w.until_closed()
        assert connect(proxy).execute("SELECT 1").fetchone() == (1,)


@pytest.mark.gate
class TestRequiredClientTls:
    def test_plain_is_refused(self, connect, start_proxy, certificates):
        proxy = start_proxy(client_tls(certificates, "require"))
        with pytest.raises(psycopg.OperationalError, match="TLS"):
            connect(proxy, sslmode="disable")
        assert connect(proxy, sslmode="require").execute("SELECT 1").fetchone() == (1,)

    def test_a_client_certificate_is_demanded(self, connect, start_proxy, certificates):
        proxy = start_proxy(client_tls(certificates, "require", client_ca=str(certificates / "ca.crt")))
        with pytest.raises(psycopg.OperationalError):
            connect(proxy, sslmode="require", sslcert="/nonexistent", sslkey="/nonexistent")
        connection = connect(proxy, sslmode="require", sslcert=certificates / "client.crt",
                             sslkey=certificates / "client.key")
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.gate
class TestServerTls:
    """Plain from the client, TLS to the server."""

    SEEN = "SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

    @pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
    def test_the_server_sees_it(self, connect, start_proxy, certificates, mode):
        proxy = start_proxy({"server": server_tls(certificates, mode)})
        assert connect(proxy).execute(self.SEEN).fetchone() == (True, None)

    def test_an_authority_that_did_not_sign_it(self, connect, start_proxy, certificates):
        proxy = start_proxy({"server": server_tls(certificates, ca="other-ca.crt")})
        with pytest.raises(psycopg.OperationalError, match="(?i)TLS"):
            connect(proxy)

    @pytest.mark.parametrize("user, password", PASSWORDS)
    def test_passwords(self, connect, start_proxy, certificates, user, password):
        proxy = start_proxy({"server": server_tls(certificates)})
        assert connect(proxy, user=user, password=password).execute("SELECT current_user").fetchone() == (user,)

    def test_the_proxys_certificate_logs_in(self, connect, start_proxy, certificates):
        pair = {"certificate": str(certificates / "client.crt"), "key": str(certificates / "client.key")}
        proxy = start_proxy({"server": server_tls(certificates, **pair)})
        assert connect(proxy, user="cert_user").execute(self.SEEN).fetchone() == (True, "/CN=cert_user")

    def test_cancel(self, wire, start_proxy, certificates):
        proxy = start_proxy({"server": server_tls(certificates)})
        w = wire(proxy)
        w.send(query("SELECT pg_sleep(30)"))
        assert w.silent()
        cancel(proxy, w.key)
        assert errors(w.until())[0].sqlstate == "57014"


@pytest.mark.gate
class TestBothLegs:
    @pytest.fixture
    def changes(self, certificates):
        return {**client_tls(certificates), "server": {**server_tls(certificates), "scram": "refuse"}}

    @pytest.mark.parametrize("user, password", [p for p in PASSWORDS if p[0] != "scram_user"])
    def test_other_methods_pass(self, connect, start_proxy, changes, user, password):
        connection = connect(start_proxy(changes), user=user, password=password, sslmode="require")
        assert connection.execute("SELECT current_user").fetchone() == (user,)

    def test_scram_is_refused_in_words(self, connect, start_proxy, changes):
        with pytest.raises(psycopg.OperationalError, match="SCRAM"):
            connect(start_proxy(changes), user="scram_user", password="secret s", sslmode="require")

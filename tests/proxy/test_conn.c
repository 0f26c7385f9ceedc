/* SPDX-License-Identifier: PostgreSQL */
/* Two conns on one socket pair and one event base; with TLS, certificates of certs/make. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "conn.h"
#include "tls.h"

static struct event_base *base;
static struct conn left, right;
static short ready_left, ready_right;

static void on_ready(struct conn *conn, short what)
{
	*(conn == &left ? &ready_left : &ready_right) |= what;
}

/* As a worker's, which collects changes until it waits: see conn_close. */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *made;

	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	made = event_base_new_with_config(config);
	event_config_free(config);
	return made;
}

static void begin(void)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	base = new_base();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	conn_init(&left, base, fds[0], on_ready, NULL);
	conn_init(&right, base, fds[1], on_ready, NULL);
}

static void end(void)
{
	conn_close(&left);
	conn_close(&right);
	event_base_free(base);
	libevent_global_shutdown();
}

TestSuite(conn, .init = begin, .fini = end);

/* What became ready within a moment. */
static void turn(void)
{
	struct timeval moment = {0, 20000};

	ready_left = ready_right = 0;
	event_base_loopexit(base, &moment);
	event_base_dispatch(base);
}

Test(conn, bytes_pass_and_the_end_is_seen)
{
	char bytes[16];

	cr_expect_eq(conn_read(&right, bytes, sizeof(bytes)), CONN_AGAIN);
	cr_expect_eq(conn_write(&left, "hello", 5), 5);
	cr_expect_eq(conn_read(&right, bytes, sizeof(bytes)), 5);
	cr_expect_eq(memcmp(bytes, "hello", 5), 0);
	conn_shutdown_write(&left);
	cr_expect_eq(conn_read(&right, bytes, sizeof(bytes)), CONN_EOF);
	cr_expect_eq(conn_write(&right, "back", 4), 4);
	cr_expect_eq(conn_read(&left, bytes, sizeof(bytes)), 4);
	cr_expect_not(conn_pending(&left));
}

Test(conn, writing_to_nobody_is_an_error_and_no_signal)
{
	signal(SIGPIPE, SIG_DFL);
	conn_close(&right);
	cr_expect_eq(conn_write(&left, "x", 1), CONN_ERROR);
}

Test(conn, a_full_socket_says_again)
{
	static char block[65536];
	ssize_t n;

	while ((n = conn_write(&left, block, sizeof(block))) > 0)
		continue;
	cr_expect_eq(n, CONN_AGAIN);
}

Test(conn, tells_only_of_what_is_wanted)
{
	char bytes[16];

	conn_write(&left, "x", 1);
	turn();
	cr_expect(ready_left == 0 && ready_right == 0);
	conn_want(&right, EV_READ);
	turn();
	cr_expect_eq(ready_right, EV_READ);
	conn_want(&right, EV_READ | EV_WRITE);
	turn();
	cr_expect_eq(ready_right, EV_READ | EV_WRITE);
	conn_read(&right, bytes, sizeof(bytes));
	turn();
	cr_expect_eq(ready_right, EV_WRITE);
	conn_want(&right, 0);
	turn();
	cr_expect_eq(ready_right, 0);
}

Test(conn, a_timer_runs_with_and_without_interest)
{
	conn_want_for(&left, EV_READ, 1);
	conn_want_for(&right, 0, 1);
	turn();
	cr_expect(ready_left == EV_TIMEOUT && ready_right == EV_TIMEOUT);
}

Test(conn, wanting_the_same_without_a_limit_stops_the_timer)
{
	conn_want_for(&left, EV_READ, 1);
	conn_want(&left, EV_READ);
	conn_want_for(&right, 0, 1);
	conn_want(&right, 0);
	turn();
	cr_expect(ready_left == 0 && ready_right == 0);
}

Test(conn, closed_ones_are_harmless)
{
	struct conn never = {0};

	conn_close(&never);
	conn_want(&never, 0);
	conn_close(&left);
	conn_close(&left);
	conn_want(&left, EV_READ);
	conn_want_for(&left, EV_READ, 5);
	cr_expect_not(conn_open(&left));
	cr_expect_not(conn_open(&never));
}

/* A descriptor closed and opened again under the same number must be watched again. */
Test(conn, descriptor_numbers_are_used_again)
{
	int fds[2], fd = left.fd;

	conn_want(&left, EV_READ);
	turn();
	conn_close(&left);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	cr_assert_eq(fds[0], fd);
	conn_init(&left, base, fds[0], on_ready, NULL);
	conn_want(&left, EV_READ);
	cr_expect_eq(write(fds[1], "x", 1), 1);
	turn();
	cr_expect_eq(ready_left, EV_READ);
	close(fds[1]);
}

/* TLS */

static char directory[] = "/tmp/test_conn_XXXXXX";

static const char *file(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void begin_tls(void)
{
	char command[256];

	begin();
	cr_assert_not_null(mkdtemp(directory));
	snprintf(command, sizeof(command), "%s/certs/make %s somebody", SOURCE_DIR, directory);
	cr_assert_eq(system(command), 0);
}

static void end_tls(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
	end();
}

TestSuite(conn_tls, .init = begin_tls, .fini = end_tls);

static struct config settings(void)
{
	return (struct config){
		.client_tls = TLS_ALLOW,
		.client_tls_cert = file("server.crt"),
		.client_tls_key = file("server.key"),
		.server_host = "localhost",
		.server_tls = SERVER_TLS_VERIFY_FULL,
		.server_tls_ca = file("ca.crt"),
	};
}

struct handshake {
	int accepted, connected;
	char accept_error[256], connect_error[256];
};

static void step(int *state, char error[256], const char *text, int result)
{
	*state = result;
	if (result < 0)
		snprintf(error, 256, "%s", text);
}

/* right accepts, left connects, until both are done or one has failed. */
static struct handshake shake(const struct config *config, bool direct)
{
	struct handshake shake = {0};
	SSL_CTX *accepting, *connecting;
	char *error = NULL;

	cr_assert_eq(tls_for_clients(config, &accepting, &error), 0, "%s", error);
	cr_assert_eq(tls_for_server(config, &connecting, &error), 0, "%s", error);
	for (int i = 0; i < 20; i++) {
		const char *text = NULL;

		if (shake.connected == 0)
			step(&shake.connected, shake.connect_error, text,
				conn_tls_connect(
					&left, connecting, config->server_host, direct, &text));
		text = NULL;
		if (shake.accepted == 0)
			step(&shake.accepted, shake.accept_error, text,
				conn_tls_accept(&right, accepting, &text));
		if (shake.connected < 0 || shake.accepted < 0)
			break;
	}
	SSL_CTX_free(accepting);
	SSL_CTX_free(connecting);
	return shake;
}

Test(conn_tls, handshake_and_bytes)
{
	struct config config = settings();
	struct handshake done = shake(&config, true);
	char bytes[64] = "", subject[64];

	cr_assert(done.accepted == 1 && done.connected == 1, "%s; %s", done.accept_error,
		done.connect_error);
	cr_expect(conn_tls_alpn(&right) && conn_tls_alpn(&left));
	conn_tls_subject(&right, subject, sizeof(subject));
	cr_expect_str_eq(subject, "");
	conn_tls_subject(&left, subject, sizeof(subject));
	cr_expect_str_eq(subject, "CN=localhost");
	cr_expect_eq(conn_read(&right, bytes, sizeof(bytes)), CONN_AGAIN);
	cr_expect_eq(conn_write(&left, "hello", 5), 5);
	cr_expect_eq(conn_read(&right, bytes, sizeof(bytes)), 5);
	cr_expect_eq(memcmp(bytes, "hello", 5), 0);
	conn_shutdown_write(&left);
	cr_expect_eq(conn_write(&left, "x", 1), CONN_ERROR);
	cr_expect_eq(conn_read(&right, bytes, sizeof(bytes)), CONN_EOF);
	cr_expect_eq(conn_write(&right, "back", 4), 4);
	cr_expect_eq(conn_read(&left, bytes, sizeof(bytes)), 4);
	conn_close(&right);
	cr_expect_eq(conn_read(&left, bytes, sizeof(bytes)), CONN_EOF);
}

/* Many records in both directions through a small socket: nothing may be lost, doubled or stuck. */
Test(conn_tls, a_megabyte_passes_by_events_alone)
{
	static char sent[1 << 20], got[1 << 20];
	struct config config = settings();
	size_t n_sent = 0, n_got = 0;

	cr_assert_eq(shake(&config, false).connected, 1);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 + i / 251);
	conn_want(&right, EV_READ);
	conn_want(&left, EV_WRITE);
	while (n_got < sizeof(sent)) {
		ssize_t n;

		ready_left = ready_right = 0;
		event_base_loop(base, EVLOOP_ONCE);
		if (ready_left & EV_WRITE) {
			n = conn_write(&left, sent + n_sent, sizeof(sent) - n_sent);
			cr_assert(n > 0 || n == CONN_AGAIN);
			n_sent += n > 0 ? (size_t)n : 0;
			conn_want(&left, n_sent < sizeof(sent) ? EV_WRITE : 0);
		}
		if (!(ready_right & EV_READ))
			continue;
		do {
			size_t room = sizeof(got) - n_got < 5000 ? sizeof(got) - n_got : 5000;

			if (room == 0)
				break;
			n = conn_read(&right, got + n_got, room);
			cr_assert(n > 0 || n == CONN_AGAIN);
			n_got += n > 0 ? (size_t)n : 0;
		} while (conn_pending(&right));
	}
	cr_expect_eq(memcmp(sent, got, sizeof(sent)), 0);
}

/* Half a record is nothing to read: asking again must wait for the socket instead of spinning. */
Test(conn_tls, half_a_record_is_not_pending)
{
	struct config config = settings();
	int fds[2];
	char bytes[8192], plain[64];
	ssize_t n;

	cr_assert_eq(shake(&config, false).connected, 1);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	SSL_set_wfd(left.ssl, fds[0]); /* the record goes to us, not to right */
	cr_assert_eq(conn_write(&left, "0123456789", 10), 10);
	n = read(fds[1], bytes, sizeof(bytes));
	cr_assert_gt(n, 10);
	cr_assert_eq(write(left.fd, bytes, 9), 9);
	cr_expect_eq(conn_read(&right, plain, sizeof(plain)), CONN_AGAIN);
	cr_expect_not(conn_pending(&right));
	cr_assert_eq(write(left.fd, bytes + 9, (size_t)n - 9), n - 9);
	cr_expect_eq(conn_read(&right, plain, 4), 4);
	cr_expect(conn_pending(&right));
	cr_expect_eq(conn_read(&right, plain, sizeof(plain)), 6);
	close(fds[0]);
	close(fds[1]);
}

Test(conn_tls, both_sides_may_demand_certificates)
{
	struct config config = settings();
	struct handshake done;
	char subject[64];

	config.client_tls_ca = file("ca.crt");
	config.server_tls_cert = file("client.crt");
	config.server_tls_key = file("client.key");
	done = shake(&config, false);
	cr_assert_eq(done.accepted, 1, "%s", done.accept_error);
	conn_tls_subject(&right, subject, sizeof(subject));
	cr_expect_str_eq(subject, "CN=somebody");
}

Test(conn_tls, what_must_not_connect)
{
	static const struct {
		const char *what;
		const char *host, *ca, *demanded_ca;
		enum server_tls mode;
		bool connects;
	} cases[] = {
		{"name", "localhost", "ca.crt", NULL, SERVER_TLS_VERIFY_FULL, true},
		{"address", "127.0.0.1", "ca.crt", NULL, SERVER_TLS_VERIFY_FULL, true},
		{"v6 address", "::1", "ca.crt", NULL, SERVER_TLS_VERIFY_FULL, true},
		{"another name", "db.example", "ca.crt", NULL, SERVER_TLS_VERIFY_FULL, false},
		{"another address", "127.0.0.2", "ca.crt", NULL, SERVER_TLS_VERIFY_FULL, false},
		{"another name, CA only", "db.example", "ca.crt", NULL, SERVER_TLS_VERIFY_CA, true},
		{"another CA", "localhost", "other-ca.crt", NULL, SERVER_TLS_VERIFY_CA, false},
		{"the system's CAs", "localhost", NULL, NULL, SERVER_TLS_VERIFY_CA, false},
		{"nothing verified", "db.example", NULL, NULL, SERVER_TLS_REQUIRE, true},
		{"client without certificate", "localhost", "ca.crt", "ca.crt",
			SERVER_TLS_VERIFY_FULL, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config = settings();
		struct handshake done;

		conn_close(&left);
		conn_close(&right);
		event_base_free(base);
		begin();
		config.server_host = cases[i].host;
		config.server_tls = cases[i].mode;
		config.server_tls_ca = cases[i].ca == NULL ? NULL : file(cases[i].ca);
		config.client_tls_ca =
			cases[i].demanded_ca == NULL ? NULL : file(cases[i].demanded_ca);
		done = shake(&config, false);
		cr_expect_eq(done.connected == 1 && done.accepted == 1, cases[i].connects,
			"%s: %s; %s", cases[i].what, done.connect_error, done.accept_error);
	}
}

/* SSL_select_next_proto answers a client that shares nothing with us by an alert. */
Test(conn_tls, other_protocols_are_refused)
{
	struct config config = settings();
	SSL_CTX *accepting;
	SSL_CTX *connecting = SSL_CTX_new(TLS_client_method());
	char *error = NULL;
	const char *text = NULL;
	int accepted = 0;

	cr_assert_eq(tls_for_clients(&config, &accepting, &error), 0, "%s", error);
	SSL_CTX_set_alpn_protos(connecting, (const unsigned char *)"\x08http/1.1", 9);
	for (int i = 0; i < 5 && accepted == 0; i++) {
		conn_tls_connect(&left, connecting, "localhost", false, &text);
		accepted = conn_tls_accept(&right, accepting, &text);
	}
	cr_expect_eq(accepted, -1);
	SSL_CTX_free(accepting);
	SSL_CTX_free(connecting);
}

Test(conn_tls, plain_bytes_are_no_handshake)
{
	struct config config = settings();
	SSL_CTX *accepting;
	char *error = NULL;
	const char *text = NULL;

	cr_assert_eq(tls_for_clients(&config, &accepting, &error), 0, "%s", error);
	cr_assert_gt(conn_write(&left, "GET / HTTP/1.1\r\n\r\n", 18), 0);
	cr_expect_eq(conn_tls_accept(&right, accepting, &text), -1);
	cr_expect_not_null(text);
	SSL_CTX_free(accepting);
}

Test(conn_tls, a_file_that_does_not_load_is_named)
{
	static const struct {
		size_t member;
		bool server;
		const char *name;
	} cases[] = {
		{offsetof(struct config, client_tls_cert), false, "missing.crt"},
		{offsetof(struct config, client_tls_key), false, "missing.key"},
		{offsetof(struct config, client_tls_key), false,
			"client.key"}, /* not of this certificate */
		{offsetof(struct config, client_tls_ca), false, "missing.crt"},
		{offsetof(struct config, server_tls_ca), true,
			"server.key"}, /* no certificate in it */
		{offsetof(struct config, server_tls_cert), true, "missing.crt"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config = settings();
		SSL_CTX *context;
		char *error = NULL;
		int result;

		*(const char **)((char *)&config + cases[i].member) = file(cases[i].name);
		result = cases[i].server ? tls_for_server(&config, &context, &error)
					 : tls_for_clients(&config, &context, &error);
		cr_expect_eq(result, -1, "case %zu", i);
		cr_expect_null(context);
		cr_expect(error != NULL && strstr(error, directory) != NULL, "case %zu: %s", i,
			error);
		free(error);
	}
}

Test(conn_tls, none_is_made_when_none_is_wanted)
{
	struct config config = {.client_tls = TLS_DISABLE, .server_tls = SERVER_TLS_DISABLE};
	SSL_CTX *context;
	char *error = NULL;

	cr_expect(tls_for_clients(&config, &context, &error) == 0 && context == NULL);
	cr_expect(tls_for_server(&config, &context, &error) == 0 && context == NULL);
}

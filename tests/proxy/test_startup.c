/* SPDX-License-Identifier: PostgreSQL */
/*
 * Startup between a scripted client and a scripted server: one session on a worker without a
 * thread, whose loop the test turns itself.  Each case is a list of what is sent and what must
 * arrive, byte for byte.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "barrier.h"
#include "cancel.h"
#include "config.h"
#include "lane.h"
#include "latency.h"
#include "policy_log.h"
#include "proxy_internal.h"
#include "session.h"
#include "wire.h"

/* What the parties say. */
#define STARTUP "\0\0\0\x12\0\3\0\0user\0bob\0\0"
#define STARTUP_SJIS "\0\0\0\x27\0\3\0\0user\0bob\0client_encoding\0SJIS\0\0"
#define STARTUP_WALSENDER "\0\0\0\x21\0\3\0\0user\0bob\0replication\0on\0\0"
#define STARTUP_3_9 "\0\0\0\x12\0\3\0\x09user\0bob\0\0"
#define STARTUP_2 "\0\0\0\x0c\0\2\0\0abcd"
#define SSL_REQUEST "\0\0\0\x08\4\xd2\x16\x2f"
#define GSSENC_REQUEST "\0\0\0\x08\4\xd2\x16\x30"
#define CANCEL_REQUEST "\0\0\0\x10\4\xd2\x16\x2e\0\0\0\7abcd"
#define PASSWORD "p\0\0\0\x07pw\0"
#define QUERY "Q\0\0\0\x0dSELECT 1\0"
#define ASKS_PASSWORD "R\0\0\0\x08\0\0\0\3"
#define OK "R\0\0\0\x08\0\0\0\0"
#define UTF8                                                                                       \
	"S\0\0\0\x19"                                                                              \
	"client_encoding\0UTF8\0"
#define SJIS                                                                                       \
	"S\0\0\0\x19"                                                                              \
	"client_encoding\0SJIS\0"
#define SCS_ON "S\0\0\0\x23standard_conforming_strings\0on\0"
#define SCS_OFF "S\0\0\0\x24standard_conforming_strings\0off\0"
#define READY "Z\0\0\0\5I"
#define LOGGED_IN OK UTF8 SCS_ON READY
#define SERVER_FATAL "E\0\0\0\x17SFATAL\0C28P01\0Mno\0\0"
#define SPEAKS_3_0 "v\0\0\0\x0c\0\3\0\0\0\0\0\0"
#define WITH_KEY OK UTF8 SCS_ON "K\0\0\0\x0c\0\0\0\7efgh" READY

enum kind {
	END, /* of the list */
	CLIENT, /* sends */
	SERVER,
	TO_SERVER, /* arrives there */
	TO_CLIENT,
	SILENCE, /* nothing arrives at the server for a while */
	FATAL, /* the client reads an error of this SQLSTATE, then the end */
	CLIENT_EOF, /* the client reads the end at once */
	SERVER_EOF,
	SERVER_CLOSES,
	CLIENT_CLOSES,
};

struct line {
	enum kind kind;
	const char *bytes;
	size_t n;
};

#define LINE(kind, literal)                                                                        \
	{                                                                                          \
		kind, literal, sizeof(literal) - 1                                                 \
	}

static struct config config;
static struct proxy proxy;
static struct worker worker;
static char directory[] = "/tmp/test_startup_XXXXXX";
static int listener, client, server;
static bool by_byte;

static int listen_anywhere(uint16_t *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	cr_assert_eq(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)&address, &len);
	*port = ntohs(address.sin_port);
	return fd;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void begin(void)
{
	char *error = NULL;
	static char log_path[64], key_path[64];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_not_null(mkdtemp(directory));
	snprintf(log_path, sizeof(log_path), "%s/log", directory);
	snprintf(key_path, sizeof(key_path), "%s/key", directory);
	config = (struct config){.server_host = "127.0.0.1",
		.sessions_max = 10,
		.login_timeout_ms = 5000,
		.statement_bytes_max = 1 << 20,
		.head_limits = head_limits_default,
		.policy = policy_settings_default,
		.log_path = log_path,
		.log_key_file = key_path};
	atomic_init(&config.references, 1);
	listener = listen_anywhere(&config.server_port);
	proxy.cancels = cancel_registry_new();
	proxy.barriers = barriers_new(NULL, NULL);
	proxy.lanes = lanes_new();
	proxy.latency = latency_board_new(1);
	pthread_mutex_init(&proxy.config_lock, NULL);
	proxy.log = policy_log_open(&config, &error);
	cr_assert_not_null(proxy.log, "%s", error);
	worker = (struct worker){
		.proxy = &proxy, .base = event_base_new(), .latency = &proxy.latency->workers[0]};
	worker.scratch = malloc(WORKER_SCRATCH_BYTES);
	worker.wake_fd = -1;
}

static void end(void)
{
	char command[64];

	event_base_free(worker.base);
	free(worker.scratch);
	policy_log_close(proxy.log);
	cancel_registry_free(proxy.cancels);
	barriers_free(proxy.barriers);
	lanes_free(proxy.lanes);
	latency_board_free(proxy.latency);
	close(listener);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
	libevent_global_shutdown();
}

TestSuite(startup, .init = begin, .fini = end);

static void turn(void)
{
	struct timeval moment = {0, 1000};

	event_base_loopexit(worker.base, &moment);
	event_base_dispatch(worker.base);
	if (server < 0) {
		server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	}
}

static void start(void)
{
	struct config *held = &config;
	char *error = NULL;
	uint16_t port;
	int fd = listen_anywhere(&port);

	server = -1;
	cr_assert_eq(proxy_settings_make(held, &proxy.settings, &error), 0, "%s", error);
	client = connect_to(port);
	worker.n_sessions++; /* as the listener does */
	session_new(&worker, accept4(fd, NULL, NULL, 0), "test:1", false);
	close(fd);
}

static void finish(void)
{
	close(client);
	if (server >= 0)
		close(server);
	for (int i = 0; i < 1000 && worker.sessions != NULL; i++)
		turn();
	cr_expect_null(worker.sessions, "the session outlives both sides");
	cr_expect_eq(atomic_load(&proxy.n_sessions), 0);
	proxy_settings_release(&proxy.settings);
}

static void say(int *fd, const struct line *line)
{
	size_t each = by_byte ? 1 : line->n;

	for (int i = 0; i < 1000 && *fd < 0; i++)
		turn();
	for (size_t at = 0; at < line->n; at += each) {
		/* a refusal may have closed it already */
		if (write(*fd, line->bytes + at, each) != (ssize_t)each)
			break;
		if (by_byte)
			turn();
	}
}

/* Reads up to n bytes; stops early at the end of the stream. */
static size_t hear(int *fd, char *out, size_t n, bool *eof)
{
	size_t got = 0;

	*eof = false;
	for (int i = 0; i < 300 && got < n && !*eof; i++) {
		ssize_t one;

		turn();
		one = *fd < 0 ? -1 : read(*fd, out + got, n - got);
		if (one > 0)
			got += (size_t)one;
		*eof = one == 0;
	}
	return got;
}

static void expect_bytes(const char *what, int *fd, const struct line *line)
{
	char got[70000];
	bool eof;
	size_t n = hear(fd, got, line->n, &eof);

	cr_expect(n == line->n && memcmp(got, line->bytes, n) == 0, "%s: %zu bytes of %zu", what, n,
		line->n);
}

static void expect_eof(const char *what, int *fd)
{
	char got[256];
	bool eof;
	size_t n = hear(fd, got, sizeof(got), &eof);

	cr_expect(eof && n == 0, "%s: %zu bytes, end %d", what, n, eof);
}

static void expect_fatal(const char *what, const char *sqlstate)
{
	struct wire_error error = {0};
	struct wire_header header = {0};
	const char *reason = "";
	char got[4096];
	bool eof;
	size_t n = hear(&client, got, sizeof(got), &eof);

	cr_assert(eof && n > WIRE_HEADER_BYTES, "%s: %zu bytes, end %d", what, n, eof);
	cr_assert_gt(wire_decode_backend((uint8_t *)got, n, &header, &reason), 0, "%s", what);
	cr_expect_eq(header.type, BACKEND_ERROR_RESPONSE, "%s", what);
	cr_assert_eq(
		wire_read_error((uint8_t *)got + WIRE_HEADER_BYTES, header.body, &error, &reason),
		0, "%s: %s", what, reason);
	cr_expect_eq(header.body + WIRE_HEADER_BYTES, n, "%s: bytes behind the error", what);
	cr_expect_str_eq(error.severity, "FATAL", "%s", what);
	cr_expect_str_eq(error.sqlstate, sqlstate, "%s: %s", what, error.message);
}

static void expect_silence(const char *what)
{
	char byte;

	for (int i = 0; i < 20; i++)
		turn();
	cr_expect(server < 0 || read(server, &byte, 1) < 0, "%s", what);
}

static void close_one(int *fd)
{
	for (int i = 0; i < 1000 && *fd < 0; i++)
		turn();
	shutdown(*fd, SHUT_RDWR);
}

static void play(const char *what, const struct line *lines)
{
	start();
	for (const struct line *line = lines; line->kind != END; line++) {
		switch (line->kind) {
		case CLIENT:
			say(&client, line);
			break;
		case SERVER:
			say(&server, line);
			break;
		case TO_SERVER:
			expect_bytes(what, &server, line);
			break;
		case TO_CLIENT:
			expect_bytes(what, &client, line);
			break;
		case SILENCE:
			expect_silence(what);
			break;
		case FATAL:
			expect_fatal(what, line->bytes);
			break;
		case CLIENT_EOF:
			expect_eof(what, &client);
			break;
		case SERVER_EOF:
			expect_eof(what, &server);
			break;
		case SERVER_CLOSES:
			close_one(&server);
			break;
		case CLIENT_CLOSES:
			close_one(&client);
			break;
		case END:
			break;
		}
	}
	finish();
}

struct conversation {
	const char *what;
	struct line lines[12];
};

static void play_all(const struct conversation *conversations, size_t n)
{
	for (size_t i = 0; i < n; i++)
		play(conversations[i].what, conversations[i].lines);
}
#define PLAY_ALL(array) play_all(array, sizeof(array) / sizeof((array)[0]))

static const struct conversation logins[] = {
	{"without a password",
		{LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP), LINE(SERVER, LOGGED_IN),
			LINE(TO_CLIENT, LOGGED_IN), LINE(CLIENT, QUERY), LINE(TO_SERVER, QUERY)}},
	{"with a password", {LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP),
				    LINE(SERVER, ASKS_PASSWORD), LINE(TO_CLIENT, ASKS_PASSWORD),
				    LINE(CLIENT, PASSWORD), LINE(TO_SERVER, PASSWORD),
				    LINE(SERVER, LOGGED_IN), LINE(TO_CLIENT, LOGGED_IN)}},
	{"password sent before it is asked for",
		{LINE(CLIENT, STARTUP PASSWORD), LINE(TO_SERVER, STARTUP),
			LINE(SERVER, ASKS_PASSWORD), LINE(TO_SERVER, PASSWORD),
			LINE(TO_CLIENT, ASKS_PASSWORD)}},
	{"a query sent before login is over waits to be judged",
		{LINE(CLIENT, STARTUP QUERY), LINE(TO_SERVER, STARTUP), LINE(SILENCE, ""),
			LINE(SERVER, OK UTF8 SCS_ON), LINE(TO_CLIENT, OK UTF8 SCS_ON),
			LINE(SILENCE, ""), LINE(SERVER, READY), LINE(TO_CLIENT, READY),
			LINE(TO_SERVER, QUERY)}},
	{"encryption asked for both ways and declined",
		{LINE(CLIENT, GSSENC_REQUEST), LINE(TO_CLIENT, "N"), LINE(CLIENT, SSL_REQUEST),
			LINE(TO_CLIENT, "N"), LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP)}},
	{"a newer protocol that the server negotiates down",
		{LINE(CLIENT, STARTUP_3_9), LINE(TO_SERVER, STARTUP_3_9),
			LINE(SERVER, SPEAKS_3_0 LOGGED_IN), LINE(TO_CLIENT, SPEAKS_3_0 LOGGED_IN)}},
	{"the server's refusal arrives as it is",
		{LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP), LINE(SERVER, SERVER_FATAL),
			LINE(SERVER_CLOSES, ""), LINE(TO_CLIENT, SERVER_FATAL),
			LINE(CLIENT_EOF, "")}},
	{"the client gives up at the password",
		{LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP), LINE(SERVER, ASKS_PASSWORD),
			LINE(TO_CLIENT, ASKS_PASSWORD), LINE(CLIENT_CLOSES, ""),
			LINE(SERVER_EOF, "")}},
};

Test(startup, logins)
{
	PLAY_ALL(logins);
}

Test(startup, logins_byte_by_byte)
{
	by_byte = true;
	PLAY_ALL(logins);
}

Test(startup, clients_that_are_refused)
{
	static const struct conversation cases[] = {
		{"bytes glued to SSLRequest (CVE-2021-23214)",
			{LINE(CLIENT, SSL_REQUEST STARTUP), LINE(CLIENT_EOF, "")}},
		{"bytes glued to GSSENCRequest",
			{LINE(CLIENT, GSSENC_REQUEST STARTUP), LINE(CLIENT_EOF, "")}},
		{"SSLRequest twice (CVE-2026-6479)",
			{LINE(CLIENT, SSL_REQUEST), LINE(TO_CLIENT, "N"), LINE(CLIENT, SSL_REQUEST),
				LINE(CLIENT_EOF, "")}},
		{"GSSENCRequest twice",
			{LINE(CLIENT, GSSENC_REQUEST), LINE(TO_CLIENT, "N"),
				LINE(CLIENT, GSSENC_REQUEST), LINE(CLIENT_EOF, "")}},
		{"TLS at once where there is none",
			{LINE(CLIENT, "\x16\3\1\2\0\1\0\1\xfc\3\3"), LINE(CLIENT_EOF, "")}},
		{"protocol 2", {LINE(CLIENT, STARTUP_2), LINE(FATAL, "0A000")}},
		{"HTTP", {LINE(CLIENT, "GET / HTTP/1.1\r\n\r\n"), LINE(FATAL, "08P01")}},
		{"unsafe encoding", {LINE(CLIENT, STARTUP_SJIS), LINE(FATAL, "PG001")}},
		{"replication", {LINE(CLIENT, STARTUP_WALSENDER), LINE(FATAL, "PG001")}},
		{"a cancel key that nobody has",
			{LINE(CLIENT, CANCEL_REQUEST), LINE(CLIENT_EOF, "")}},
		{"no message where a password is due",
			{LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP),
				LINE(SERVER, ASKS_PASSWORD), LINE(TO_CLIENT, ASKS_PASSWORD),
				LINE(CLIENT, "?"), LINE(FATAL, "08P01")}},
		{"a password of 64 kB", {LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP),
						LINE(CLIENT, "p\0\1\0\0"), LINE(FATAL, "08P01")}},
	};

	PLAY_ALL(cases);
}

Test(startup, servers_that_are_not_believed)
{
	static const struct conversation cases[] = {
		{"closes without words", {LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP),
						 LINE(SERVER_CLOSES, ""), LINE(FATAL, "08006")}},
		{"a row during login", {LINE(CLIENT, STARTUP), LINE(SERVER, "D\0\0\0\6\0\0"),
					       LINE(FATAL, "08P01")}},
		{"an unknown message",
			{LINE(CLIENT, STARTUP), LINE(SERVER, "?\0\0\0\4"), LINE(FATAL, "08P01")}},
		{"a message of 1 MB",
			{LINE(CLIENT, STARTUP), LINE(SERVER, "N\0\x10\0\0"), LINE(FATAL, "08P01")}},
		{"a short authentication request",
			{LINE(CLIENT, STARTUP), LINE(SERVER, "R\0\0\0\6\0\0"),
				LINE(FATAL, "08P01")}},
		{"a parameter without value", {LINE(CLIENT, STARTUP), LINE(SERVER, "S\0\0\0\6a\0"),
						      LINE(FATAL, "08P01")}},
		{"a short key", {LINE(CLIENT, STARTUP), LINE(SERVER, "K\0\0\0\x0b\0\0\0\7abc"),
					LINE(FATAL, "08P01")}},
		{"an encoding in which statements cannot be judged",
			{LINE(CLIENT, STARTUP), LINE(SERVER, SCS_ON SJIS READY),
				LINE(TO_CLIENT, SCS_ON SJIS), LINE(FATAL, "PG001")}},
		{"no word of the encoding", {LINE(CLIENT, STARTUP), LINE(SERVER, SCS_ON READY),
						    LINE(TO_CLIENT, SCS_ON), LINE(FATAL, "PG001")}},
		{"standard_conforming_strings off",
			{LINE(CLIENT, STARTUP), LINE(SERVER, SCS_OFF UTF8 READY),
				LINE(TO_CLIENT, SCS_OFF UTF8), LINE(FATAL, "PG001")}},
		{"agrees to a protocol that we do not know",
			{LINE(CLIENT, STARTUP_3_9), LINE(SERVER, UTF8 SCS_ON READY),
				LINE(TO_CLIENT, UTF8 SCS_ON), LINE(FATAL, "PG001")}},
	};

	/* what was taken before the refusal stands before it */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		play(cases[i].what, cases[i].lines);
}

Test(startup, servers_that_should_speak_tls)
{
	static const struct conversation cases[] = {
		{"declines", {LINE(CLIENT, STARTUP), LINE(TO_SERVER, SSL_REQUEST),
				     LINE(SERVER, "N"), LINE(FATAL, "08001")}},
		{"bytes glued to its answer (CVE-2021-23222)",
			{LINE(CLIENT, STARTUP), LINE(TO_SERVER, SSL_REQUEST),
				LINE(SERVER, "S" LOGGED_IN), LINE(FATAL, "08P01")}},
		{"an error whose text goes nowhere (CVE-2024-10977)",
			{LINE(CLIENT, STARTUP), LINE(TO_SERVER, SSL_REQUEST),
				LINE(SERVER, SERVER_FATAL), LINE(FATAL, "08P01")}},
		{"closes", {LINE(CLIENT, STARTUP), LINE(TO_SERVER, SSL_REQUEST),
				   LINE(SERVER_CLOSES, ""), LINE(FATAL, "08P01")}},
		{"agrees, then speaks plainly",
			{LINE(CLIENT, STARTUP), LINE(TO_SERVER, SSL_REQUEST), LINE(SERVER, "S"),
				LINE(TO_SERVER, "\x16\3\1"), LINE(SERVER, LOGGED_IN),
				LINE(FATAL, "08001")}},
	};

	config.server_tls = SERVER_TLS_REQUIRE;
	PLAY_ALL(cases);
}

Test(startup, observe_mode_lets_everything_through)
{
	static const struct conversation cases[] = {
		{"unsafe encoding", {LINE(CLIENT, STARTUP_SJIS), LINE(TO_SERVER, STARTUP_SJIS),
					    LINE(SERVER, OK SJIS SCS_OFF READY),
					    LINE(TO_CLIENT, OK SJIS SCS_OFF READY)}},
		{"replication",
			{LINE(CLIENT, STARTUP_WALSENDER), LINE(TO_SERVER, STARTUP_WALSENDER)}},
	};

	config.policy.observe = true;
	PLAY_ALL(cases);
}

Test(startup, limits)
{
	static const struct line crowd[] = {LINE(CLIENT, STARTUP), LINE(FATAL, "53300"), {0}};
	static const struct line slow[] = {
		LINE(CLIENT, STARTUP), LINE(TO_SERVER, STARTUP), LINE(FATAL, "08006"), {0}};
	static const struct line silent[] = {LINE(CLIENT, "\0\0"), LINE(FATAL, "08006"), {0}};
	static const struct line unreachable[] = {LINE(CLIENT, STARTUP), LINE(FATAL, "08001"), {0}};

	config.sessions_max = 0;
	play("too many", crowd);
	config.sessions_max = 10;
	config.login_timeout_ms = 30;
	play("a server that says nothing", slow);
	play("a client that says nothing", silent);
	config.login_timeout_ms = 5000;
	config.server_port = 1;
	play("no server", unreachable);
}

/* The client's secret is ours; its CancelRequest reaches the server with the server's own. */
Test(startup, cancel_keys_are_ours)
{
	static const struct line startup = LINE(CLIENT, STARTUP);
	static const struct line answer = LINE(SERVER, WITH_KEY);
	static const struct line secret = LINE(SERVER, "efgh");
	char got[sizeof(WITH_KEY) - 1];
	struct cancel_key key;
	bool eof;
	size_t at = sizeof(WITH_KEY) - 1 - (sizeof(READY) - 1) - 4;

	start();
	say(&client, &startup);
	say(&server, &answer);
	cr_assert_eq(hear(&client, got, sizeof(got), &eof), sizeof(got));
	cr_expect_eq(memcmp(got, answer.bytes, at), 0);
	cr_expect_neq(memcmp(got + at, secret.bytes, 4), 0);
	cr_assert(cancel_find(proxy.cancels, 7, (uint8_t *)got + at, 4, &key));
	cr_expect_eq(memcmp(key.server_secret, secret.bytes, 4), 0);
	finish();
	cr_expect_not(cancel_find(proxy.cancels, 7, (uint8_t *)got + at, 4, &key));
}

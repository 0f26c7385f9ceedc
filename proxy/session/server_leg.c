/* SPDX-License-Identifier: PostgreSQL */
/*
 * The connection to the server: each of its addresses in turn, TLS as configured, then the
 * opening, which is the client's startup packet or a CancelRequest of ours.
 */
#include "startup_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "endpoints.h"

enum { CONNECT_AGAIN_MS = 20 };

static void note_problem(struct session *session, const char *reason)
{
	const struct config *config = session->config;

	snprintf(session->startup->problem, sizeof(session->startup->problem),
		"cannot reach the server at %.200s:%u: %.80s", config->server_host,
		config->server_port, reason);
}

/* The time left is shared by the addresses left, so that one that swallows packets cannot take it
 * all. */
static void begin_connect(struct session *session)
{
	struct startup *startup = session->startup;
	size_t left = startup->settings.server->n - startup->endpoint;

	startup_enter(session, STARTUP_CONNECT);
	startup_allow_ms(session, startup_left_ms(session) / (int64_t)left);
}

/* True when it is under way; else the reason is noted. */
static bool try_address(struct session *session)
{
	struct startup *startup = session->startup;
	const struct endpoint *endpoint = &startup->settings.server->items[startup->endpoint];
	int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0) {
		note_problem(session, strerror(errno));
		return false;
	}
	if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->len) == 0 ||
		errno == EINPROGRESS) {
		conn_init(&session->server, session->worker->base, fd, startup_on_server, session);
		begin_connect(session);
		return true;
	}
	error = errno;
	close(fd);
	note_problem(session, strerror(error));
	if (error != EAGAIN)
		return false;
	/* connect(2): a unix socket whose backlog is full does not queue us */
	startup_enter(session, STARTUP_CONNECT_AGAIN);
	startup_allow_ms(session, CONNECT_AGAIN_MS);
	return true;
}

void server_leg_start(struct session *session)
{
	struct startup *startup = session->startup;

	for (; startup->endpoint < startup->settings.server->n; startup->endpoint++)
		if (try_address(session))
			return;
	startup_refuse(session, "08001", startup->problem, NULL);
}

static void next_address(struct session *session, const char *reason)
{
	note_problem(session, reason);
	conn_close(&session->server);
	session->startup->endpoint++;
	server_leg_start(session);
}

void server_leg_next(struct session *session)
{
	next_address(session, "connection timed out");
}

void server_leg_timeout(struct session *session)
{
	startup_refuse(session, "08006", "the server did not finish the TLS handshake in time",
		"tls_handshake_timeout sets how long it may take.");
}

static void send_opening(struct session *session)
{
	struct startup *startup = session->startup;
	struct buffer *unsent = &session->to_server.unsent;

	buffer_append(unsent, buffer_at(&startup->opening), buffer_len(&startup->opening));
	buffer_clear(&startup->opening);
	startup_enter(session, startup->cancels ? STARTUP_CANCEL_SENT : STARTUP_LOGIN);
	startup_flush(session, &session->server, unsent);
}

static void begin_tls(struct session *session)
{
	startup_enter(session, STARTUP_SERVER_TLS);
	startup_allow_ms(session, session->config->tls_handshake_timeout_ms);
	server_leg_handshake(session);
}

static void ask_for_tls(struct session *session)
{
	startup_enter(session, STARTUP_SERVER_ANSWER);
	startup_allow_ms(session, session->config->tls_handshake_timeout_ms);
	startup_put_ssl_request(&session->to_server.unsent);
	startup_flush(session, &session->server, &session->to_server.unsent);
}

void server_leg_connected(struct session *session)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(session->server.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0)
		next_address(session, strerror(error));
	else if (session->startup->settings.server_tls == NULL || startup_local(&session->server))
		send_opening(session);
	else if (session->config->server_tls_direct)
		begin_tls(session);
	else
		ask_for_tls(session);
}

/*
 * One byte, S or N, and nothing behind it before TLS (CVE-2021-23222).  An ErrorResponse here comes
 * from a server not verified yet, so its text goes nowhere (CVE-2024-10977).
 */
void server_leg_answer(struct session *session)
{
	char answer[8];
	ssize_t n;

	if (!startup_flush(session, &session->server, &session->to_server.unsent))
		return;
	n = conn_read(&session->server, answer, sizeof(answer));
	if (n == CONN_AGAIN)
		return;
	if (n == 1 && answer[0] == 'S')
		begin_tls(session);
	else if (n == 1 && answer[0] == 'N')
		startup_refuse(session, "08001",
			"the server does not support TLS, which server_tls demands", NULL);
	else
		startup_refuse(
			session, "08P01", "the server gave no valid answer to SSLRequest", NULL);
}

void server_leg_handshake(struct session *session)
{
	const struct config *config = session->config;
	const char *error;
	char message[400];
	int done = conn_tls_connect(&session->server, session->startup->settings.server_tls,
		config->server_host, config->server_tls_direct, &error);

	if (done == 1) {
		send_opening(session);
	} else if (done < 0) {
		snprintf(message, sizeof(message), "no TLS with the server: %.300s", error);
		startup_refuse(session, "08001", message, NULL);
	}
}

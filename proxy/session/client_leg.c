/* SPDX-License-Identifier: PostgreSQL */
/*
 * The client's first packets: requests for encryption and their answers, then a startup packet,
 * which is checked, or a CancelRequest.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
#include "startup_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "config.h"
#include "decide.h"
#include "wire.h"

enum { TLS_CLIENT_HELLO = 0x16 }; /* first byte of a TLS record that holds a handshake */

bool startup_local(const struct conn *conn)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	getsockopt(conn->fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family == AF_UNIX;
}

static bool offers_tls(const struct session *session)
{
	return session->startup->settings.client_tls != NULL && !startup_local(&session->client);
}

static void begin_client_tls(struct session *session)
{
	startup_enter(session, STARTUP_CLIENT_TLS);
	startup_allow_ms(session, session->config->tls_handshake_timeout_ms);
	client_leg_handshake(session);
}

void client_leg_handshake(struct session *session)
{
	struct startup *startup = session->startup;
	char subject[512];
	const char *error;
	int done = conn_tls_accept(&session->client, startup->settings.client_tls, &error);

	if (done == 0)
		return;
	if (done < 0 || (startup->direct && !conn_tls_alpn(&session->client))) {
		session_end(session, done < 0 ? error : "direct TLS without ALPN \"postgresql\"");
		return;
	}
	conn_tls_subject(&session->client, subject, sizeof(subject));
	if (subject[0] != '\0')
		session->identity.tls_subject = startup_copy(subject, sizeof(subject));
	startup_enter(session, STARTUP_PACKETS);
	client_leg_packets(session);
}

/* Once each, as odyssey does: PostgreSQL answered repetitions by recursion (CVE-2026-6479). */
static bool answer_negotiation(struct session *session, bool *asked, char answer)
{
	if (*asked || session->client.ssl != NULL) {
		session_end(session, "a second request for encryption");
		return false;
	}
	*asked = true;
	if (conn_write(&session->client, &answer, 1) == 1)
		return true;
	session_end(session, "the client took no answer to its request for encryption");
	return false;
}

static void handle_ssl_request(struct session *session, const struct startup_packet *packet)
{
	bool yes = offers_tls(session);

	(void)packet;
	if (answer_negotiation(session, &session->startup->ssl_asked, yes ? 'S' : 'N') && yes)
		begin_client_tls(session);
}

/* GSS encryption would end at the server and leave nothing to judge. */
static void handle_gssenc_request(struct session *session, const struct startup_packet *packet)
{
	(void)packet;
	answer_negotiation(session, &session->startup->gssenc_asked, 'N');
}

/* Checks on the startup packet, in the order of PostgreSQL; each true when it refused. */

static bool version_refused(struct session *session, const struct startup_packet *packet)
{
	char message[96];

	if (packet->major == 3)
		return false;
	snprintf(message, sizeof(message),
		"unsupported frontend protocol %u.%u: 3.0 to 3.2 are supported", packet->major,
		packet->minor);
	startup_refuse(session, "0A000", message, NULL);
	return true;
}

static bool plaintext_refused(struct session *session, const struct startup_packet *packet)
{
	(void)packet;
	if (session->config->client_tls != TLS_REQUIRE || session->client.ssl != NULL ||
		startup_local(&session->client))
		return false;
	startup_refuse(session, "28000", "this listener takes TLS connections only",
		"Connect with sslmode=require or stronger.");
	return true;
}

static bool crowd_refused(struct session *session, const struct startup_packet *packet)
{
	(void)packet;
	if (atomic_load(&session->worker->proxy->n_sessions) <= session->config->sessions_max)
		return false;
	startup_refuse(session, "53300", "sorry, too many clients already",
		"sessions_max sets how many this proxy takes.");
	return true;
}

/* In observe mode it is noted and passes. */
static bool policy_refused(struct session *session, const char *message, const char *hint)
{
	if (session->config->policy.observe) {
		startup_note(session, "login", message);
		return false;
	}
	startup_note(session, "refused", message);
	startup_refuse(session, SQLSTATE_REJECTED, message, hint);
	return true;
}

static bool lexing_refused(struct session *session, const struct startup_packet *packet)
{
	const char *reason = startup_unsafe(packet);

	return reason != NULL &&
	       policy_refused(session, reason,
		       "Statements could not be judged as the server would read them. Remove the "
		       "parameter from the connection string, PGOPTIONS or PGCLIENTENCODING.");
}

static bool replication_refused(struct session *session, const struct startup_packet *packet)
{
	return startup_replication(packet) && !session->config->allow_replication &&
	       policy_refused(session, "replication connections are not allowed here",
		       "Connect to the server itself, or set allow_replication.");
}

static bool (*const checks[])(struct session *, const struct startup_packet *) = {
	version_refused,
	plaintext_refused,
	crowd_refused,
	lexing_refused,
	replication_refused,
};

static void identify(struct session *session, const struct startup_packet *packet)
{
	struct identity *identity = &session->identity;
	const char *user = startup_value(packet, "user");
	const char *database = startup_value(packet, "database");
	const char *application = startup_value(packet, "application_name");

	if (user == NULL)
		user = ""; /* the server says what it thinks of that */
	if (database == NULL || *database == '\0')
		database = user;
	identity->user = startup_copy(user, NAME_BYTES_MAX);
	identity->database = startup_copy(database, NAME_BYTES_MAX);
	identity->application =
		startup_copy(application == NULL ? "" : application, NAME_BYTES_MAX);
}

static void handle_message(struct session *session, const struct startup_packet *packet)
{
	struct startup *startup = session->startup;

	identify(session, packet);
	session->replication = startup_replication(packet);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i](session, packet))
			return;
	startup->minor = packet->minor;
	startup->extensions = startup_extensions(packet);
	server_leg_start(session);
}

static void (*const packet_handlers[])(struct session *, const struct startup_packet *) = {
	[STARTUP_SSL_REQUEST] = handle_ssl_request,
	[STARTUP_GSSENC_REQUEST] = handle_gssenc_request,
	[STARTUP_CANCEL] = cancel_request,
	[STARTUP_MESSAGE] = handle_message,
};

static bool negotiates(enum startup_kind kind)
{
	return kind == STARTUP_SSL_REQUEST || kind == STARTUP_GSSENC_REQUEST;
}

/* The packet moves to startup->opening, so its strings stay where they are while it is handled. */
static void handle_packet(struct session *session, size_t len)
{
	struct buffer *held = &session->to_server.held;
	struct buffer *opening = &session->startup->opening;
	struct startup_packet packet;
	const char *error;

	buffer_append(opening, buffer_at(held), len);
	buffer_consume(held, len);
	startup_decode(buffer_at(opening), len, &packet, &error);
	if (negotiates(packet.kind)) {
		buffer_clear(opening);
		/* sent before our answer, so by somebody who did not read it: CVE-2021-23214 */
		if (buffer_len(held) > 0) {
			session_end(session, "bytes behind a request for encryption");
			return;
		}
	}
	packet_handlers[packet.kind](session, &packet);
}

/* PostgreSQL 17 and up: TLS at once, told by its first byte. */
static bool starts_with_tls(struct session *session)
{
	struct startup *startup = session->startup;
	uint8_t first;

	if (startup->spoken || recv(session->client.fd, &first, 1, MSG_PEEK) != 1)
		return false;
	startup->spoken = true;
	return first == TLS_CLIENT_HELLO;
}

static void begin_direct_tls(struct session *session)
{
	session->startup->direct = true;
	if (offers_tls(session))
		begin_client_tls(session);
	else
		session_end(session, "direct TLS, and no TLS is configured");
}

static bool reads_packets(const struct session *session)
{
	return !session->ended && session->startup->state == STARTUP_PACKETS;
}

static bool next_packet(struct session *session)
{
	struct buffer *held = &session->to_server.held;
	struct startup_packet packet;
	const char *error;
	ssize_t len = startup_decode(buffer_at(held), buffer_len(held), &packet, &error);

	if (len < 0)
		startup_refuse(session, "08P01", error, NULL);
	if (len <= 0)
		return false;
	handle_packet(session, (size_t)len);
	return reads_packets(session);
}

void client_leg_packets(struct session *session)
{
	if (starts_with_tls(session)) {
		begin_direct_tls(session);
		return;
	}
	do {
		if (!startup_read(session, &session->client, &session->to_server.held))
			return;
		while (next_packet(session))
			continue;
	} while (reads_packets(session) && conn_pending(&session->client));
}

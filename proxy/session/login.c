/* SPDX-License-Identifier: PostgreSQL */
/*
 * Login: the server asks, the client answers, up to the first ReadyForQuery.  Of the client only
 * password messages pass; anything else it sends early stands in to_server.held until the relay
 * can judge it.  Of the server only the messages of this phase pass, one row each.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
#include "startup_internal.h"

#include <openssl/crypto.h>
#include <string.h>

#include "cancel.h"
#include "config.h"
#include "decide.h"
#include "startup.h"
#include "wire.h"

enum {
	AUTHENTICATION_SASL = 10,
	MESSAGE_BYTES_MAX = 64 * 1024, /* of the server, before anybody is logged in */
	UNSENT_BYTES_MAX = 64 * 1024, /* then that side is not read before the other took some */
	PROTOCOL_MINOR_MAX = 2, /* what we know of: 3.2 */
};

static const char scram_plus[] = "SCRAM-SHA-256-PLUS";

/* A message's body; true: pass the message on as it is. */
typedef bool login_handler(struct session *session, const uint8_t *body, size_t n);

static bool pass(struct session *session, const uint8_t *body, size_t n)
{
	(void)session;
	(void)body;
	(void)n;
	return true;
}

static bool malformed(struct session *session)
{
	startup_refuse(session, "08P01", "the server sent a malformed message during login", NULL);
	return false;
}

/* AuthenticationSASL again, without the mechanisms that bind to a TLS channel. */
static void put_unbound_mechanisms(struct buffer *out, const uint8_t *names, size_t n)
{
	size_t at = buffer_len(out);
	uint8_t head[WIRE_HEADER_BYTES + 4] = {BACKEND_AUTHENTICATION};

	wire_set_u32(head + WIRE_HEADER_BYTES, AUTHENTICATION_SASL);
	buffer_append(out, head, sizeof(head));
	for (const uint8_t *p = names; p < names + n; p += strlen((const char *)p) + 1)
		if (strcmp((const char *)p, scram_plus) != 0)
			buffer_append(out, p, strlen((const char *)p) + 1);
	wire_set_u32(buffer_at(out) + at + 1, (uint32_t)(buffer_len(out) - at - 1));
}

/*
 * With TLS on both legs every client that prefers channel binding, libpq by default, fails
 * whether the -PLUS mechanism is shown or not: either binds to the wrong certificate, or tells
 * the server that none was offered.  Where the client has no TLS it must not see -PLUS at all.
 */
static bool handle_sasl(struct session *session, const uint8_t *names, size_t n)
{
	if (session->server.ssl == NULL)
		return true;
	if (session->client.ssl != NULL) {
		startup_refuse(session, "0A000",
			"SCRAM authentication cannot pass a proxy that speaks TLS on both sides",
			"Let the proxy reach the server by a unix socket or without TLS, or use "
			"another "
			"authentication method for this role.");
		return false;
	}
	if (n == 0 || names[n - 1] != '\0')
		return malformed(session);
	put_unbound_mechanisms(&session->to_client.unsent, names, n);
	return false;
}

static bool handle_authentication(struct session *session, const uint8_t *body, size_t n)
{
	if (n < 4)
		return malformed(session);
	if (wire_u32(body) == AUTHENTICATION_SASL)
		return handle_sasl(session, body + 4, n - 4);
	return true;
}

/* The client gets the server's process id with a secret of ours, as long as the server's. */
static bool handle_key(struct session *session, const uint8_t *body, size_t n)
{
	struct cancel_key key = {.worker = session->worker, .session = session->id};
	uint8_t head[WIRE_HEADER_BYTES + 4] = {BACKEND_BACKEND_KEY_DATA};

	if (n < 8 || n - 4 > CANCEL_SECRET_MAX || session->backend_pid != 0)
		return malformed(session);
	key.pid = wire_u32(body);
	key.secret_len = n - 4;
	memcpy(key.server_secret, body + 4, key.secret_len);
	cancel_register(session->worker->proxy->cancels, &key);
	session->backend_pid = key.pid;
	wire_set_u32(head + 1, (uint32_t)(4 + n));
	wire_set_u32(head + WIRE_HEADER_BYTES, key.pid);
	buffer_append(&session->to_client.unsent, head, sizeof(head));
	buffer_append(&session->to_client.unsent, key.client_secret, key.secret_len);
	OPENSSL_cleanse(&key, sizeof(key));
	return false;
}

static bool handle_parameter(struct session *session, const uint8_t *body, size_t n)
{
	const char *name, *value;

	if (wire_read_parameter_status(body, n, &name, &value) != 0)
		return malformed(session);
	session_parameter(session, name, value);
	return true;
}

/* No error of this phase is survived: the server closes behind it. */
static bool handle_error(struct session *session, const uint8_t *body, size_t n)
{
	(void)body;
	(void)n;
	session->startup->refused = true;
	return true;
}

/* The lower half is the newest minor version: servers up to 17 send the whole version. */
static bool handle_negotiation(struct session *session, const uint8_t *body, size_t n)
{
	struct startup *startup = session->startup;
	unsigned minor, unknown;

	if (n < 8)
		return malformed(session);
	minor = wire_u32(body) & 0xffff;
	unknown = wire_u32(body + 4);
	if (minor < startup->minor)
		startup->minor = minor;
	startup->extensions -= unknown < startup->extensions ? unknown : startup->extensions;
	return true;
}

static bool refuse_login(struct session *session, const char *message, const char *hint)
{
	if (session->config->policy.observe) {
		startup_note(session, "login", message);
		return false;
	}
	startup_note(session, "refused", message);
	startup_refuse(session, SQLSTATE_REJECTED, message, hint);
	return true;
}

/* What a role's or database's own settings made of the session. */
static bool lexing_refused(struct session *session)
{
	if (!session->encoding_safe)
		return refuse_login(session,
			"client_encoding of this session is one in which statements cannot be "
			"judged",
			"Use UTF8: set client_encoding in the connection string, or look for it in "
			"ALTER "
			"ROLE ... SET, ALTER DATABASE ... SET and the server's configuration.");
	if (!session->standard_strings)
		return refuse_login(session,
			"standard_conforming_strings is off in this session, so statements cannot "
			"be judged",
			"Reset it where it was set: ALTER ROLE ... RESET "
			"standard_conforming_strings, or "
			"ALTER DATABASE, or the server's configuration.");
	return false;
}

static bool protocol_refused(struct session *session)
{
	const struct startup *startup = session->startup;

	return (startup->minor > PROTOCOL_MINOR_MAX || startup->extensions > 0) &&
	       refuse_login(session,
		       "client and server agreed on a protocol newer than this proxy understands",
		       "Use protocol 3.2 at most, without _pq_ extensions.");
}

static bool handle_ready(struct session *session, const uint8_t *body, size_t n)
{
	if (n != 1)
		return malformed(session);
	if (lexing_refused(session) || protocol_refused(session))
		return false;
	session->status = (char)body[0];
	session->startup->ready = true;
	return true;
}

static const struct {
	uint8_t type;
	login_handler *handler;
} handlers[] = {
	{BACKEND_AUTHENTICATION, handle_authentication},
	{BACKEND_BACKEND_KEY_DATA, handle_key},
	{BACKEND_PARAMETER_STATUS, handle_parameter},
	{BACKEND_NEGOTIATE_PROTOCOL_VERSION, handle_negotiation},
	{BACKEND_NOTICE_RESPONSE, pass},
	{BACKEND_ERROR_RESPONSE, handle_error},
	{BACKEND_READY_FOR_QUERY, handle_ready},
};

static login_handler *handler_for(uint8_t type)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == type)
			return handlers[i].handler;
	return NULL;
}

/* One whole message of the server; false when there is none, or no more is to be taken. */
static bool take_server_message(struct session *session)
{
	struct buffer *held = &session->to_client.held;
	struct wire_header header;
	const char *error;
	ssize_t n = wire_decode_backend(buffer_at(held), buffer_len(held), &header, &error);
	login_handler *handler = n > 0 ? handler_for(header.type) : pass;

	if (n < 0 || handler == NULL || (n > 0 && header.body > MESSAGE_BYTES_MAX)) {
		malformed(session);
		return false;
	}
	if (n == 0 || buffer_len(held) - WIRE_HEADER_BYTES < header.body)
		return false;
	if (handler(session, buffer_at(held) + WIRE_HEADER_BYTES, header.body))
		buffer_append(&session->to_client.unsent, buffer_at(held),
			WIRE_HEADER_BYTES + header.body);
	if (session->ended)
		return false;
	buffer_consume(held, WIRE_HEADER_BYTES + header.body);
	return !session->startup->ready;
}

/* One whole password message; false when there is none, something else stands first, or all is
 * over. */
static bool take_password(struct session *session)
{
	struct buffer *held = &session->to_server.held;
	struct wire_header header;
	const char *error;
	ssize_t n = wire_decode_frontend(buffer_at(held), buffer_len(held), &header, &error);

	if (n < 0)
		startup_refuse(session, "08P01", error, NULL);
	if (n <= 0 || header.type != FRONTEND_PASSWORD ||
		buffer_len(held) - WIRE_HEADER_BYTES < header.body)
		return false;
	buffer_append(&session->to_server.unsent, buffer_at(held), WIRE_HEADER_BYTES + header.body);
	buffer_consume(held, WIRE_HEADER_BYTES + header.body);
	return true;
}

short login_client_wants(const struct session *session)
{
	const struct buffer *held = &session->to_server.held;
	bool early = buffer_len(held) > 0 && buffer_at(held)[0] != FRONTEND_PASSWORD;

	if (early || session->startup->ready ||
		buffer_len(&session->to_server.unsent) > UNSENT_BYTES_MAX)
		return 0;
	return EV_READ;
}

short login_server_wants(const struct session *session)
{
	if (session->startup->ready || buffer_len(&session->to_client.unsent) > UNSENT_BYTES_MAX)
		return 0;
	return EV_READ;
}

static void server_left(struct session *session)
{
	if (session->startup->refused)
		startup_farewell(session);
	else
		startup_refuse(
			session, "08006", "the server closed the connection during login", NULL);
}

static bool in_login(const struct session *session)
{
	return !session->ended && session->startup->state == STARTUP_LOGIN;
}

static void read_server(struct session *session)
{
	uint8_t *scratch = session->worker->scratch;
	ssize_t n;

	if (login_server_wants(session) == 0)
		return;
	n = conn_read(&session->server, scratch, WORKER_SCRATCH_BYTES);
	if (n == CONN_EOF || n == CONN_ERROR)
		server_left(session);
	if (n <= 0)
		return;
	buffer_append(&session->to_client.held, scratch, (size_t)n);
	while (take_server_message(session))
		continue;
}

/* What came in one piece with the startup packet is there without reading. */
static void read_client(struct session *session)
{
	if (login_client_wants(session) != 0)
		startup_read(session, &session->client, &session->to_server.held);
	while (!session->ended && take_password(session))
		continue;
}

/* Bytes inside TLS that no event will tell of. */
static bool more_to_read(const struct session *session)
{
	return (conn_pending(&session->client) && login_client_wants(session) != 0) ||
	       (conn_pending(&session->server) && login_server_wants(session) != 0);
}

static void finish(struct session *session)
{
	/* no timer of ours outlives login */
	conn_want(&session->client, 0);
	conn_want(&session->server, 0);
	startup_free(session);
	relay_start(session);
}

void login_step(struct session *session)
{
	do {
		read_client(session);
		if (in_login(session))
			read_server(session);
		if (!in_login(session) ||
			!startup_flush(session, &session->server, &session->to_server.unsent) ||
			!startup_flush(session, &session->client, &session->to_client.unsent))
			return;
	} while (more_to_read(session));
	if (session->startup->ready && buffer_len(&session->to_client.unsent) == 0)
		finish(session);
}

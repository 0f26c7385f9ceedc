/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where bytes stand, for each direction:
 *
 *   source socket -> scratch or flow.held -> [passed] -> flow.unsent -> destination socket
 *
 * One read goes to the worker's scratch memory, is walked, and what may pass is written from
 * there at once.  Only what cannot go on is copied: an incomplete header or text to held, what
 * the socket does not take to unsent.  While unsent holds a byte, the source is not read.
 */
#include "relay.h"

#include <assert.h>
#include <string.h>

#include "config.h"
#include "gate.h"
#include "guarded.h"
#include "head.h"
#include "proxy.h"
#include "session.h"
#include "wire.h"

enum {
	HELD_BEHIND_GATE_MAX = 64 * 1024, /* read ahead of a text being judged, no more */
	READ_HELD_BYTES = 16 * 1024,
	NAMES_BYTES_MAX = 1024, /* portal and statement name at the start of a Bind */
};

/* ---- sending ---- */

static void send_flow(
	struct session *session, struct flow *flow, struct conn *to, const void *bytes, size_t n)
{
	if (session->ended || n == 0)
		return;
	if (buffer_len(&flow->unsent) == 0) {
		ssize_t sent = conn_write(to, bytes, n);

		if (sent == CONN_ERROR) {
			/* What the peer sent before it went away must still be read: its EOF ends
			 * the session. */
			if (to == &session->client)
				session_end(session, "client went away");
			return;
		}
		if (sent > 0) {
			bytes = (const uint8_t *)bytes + sent;
			n -= (size_t)sent;
		}
	}
	buffer_append(&flow->unsent, bytes, n);
}

void relay_send_server(struct session *session, const void *bytes, size_t n)
{
	send_flow(session, &session->to_server, &session->server, bytes, n);
}

void relay_send_client(struct session *session, const void *bytes, size_t n)
{
	send_flow(session, &session->to_client, &session->client, bytes, n);
}

static void flush_unsent(struct session *session, struct flow *flow, struct conn *to)
{
	size_t n = buffer_len(&flow->unsent);
	ssize_t sent;

	if (n == 0)
		return;
	sent = conn_write(to, buffer_at(&flow->unsent), n);
	if (sent > 0)
		buffer_consume(&flow->unsent, (size_t)sent);
	else if (sent == CONN_ERROR && to == &session->client)
		session_end(session, "client went away");
	else if (sent == CONN_ERROR)
		buffer_clear(&flow->unsent);
}

/* ---- client to server ---- */

/* What to do with a message of the client, by type. */
enum frontend_treatment { PASS, PASS_OWED, LOOK_TEXT, LOOK_NAMES, LOOK_FUNCTION };

struct frontend_row {
	uint8_t treatment, owed;
};

static const struct frontend_row frontend_rows[256] = {
	[FRONTEND_QUERY] = {LOOK_TEXT, OWED_QUERY},
	[FRONTEND_PARSE] = {LOOK_TEXT, OWED_PARSE},
	[FRONTEND_BIND] = {LOOK_NAMES, OWED_BIND},
	[FRONTEND_EXECUTE] = {LOOK_NAMES, OWED_EXECUTE},
	[FRONTEND_CLOSE] = {LOOK_NAMES, OWED_CLOSE},
	[FRONTEND_FUNCTION_CALL] = {LOOK_FUNCTION, OWED_FUNCTION},
	[FRONTEND_DESCRIBE] = {PASS_OWED, OWED_DESCRIBE},
	[FRONTEND_SYNC] = {PASS_OWED, OWED_SYNC},
	[FRONTEND_COPY_DONE] = {PASS_OWED, OWED_COPY_END},
	[FRONTEND_COPY_FAIL] = {PASS_OWED, OWED_COPY_END},
	[FRONTEND_COPY_DATA] = {PASS, 0},
	[FRONTEND_FLUSH] = {PASS, 0},
	[FRONTEND_TERMINATE] = {PASS, 0},
	[FRONTEND_PASSWORD] = {PASS, 0}, /* out of login the server refuses it */
};

/* What is wanted of the message at p before it may pass. */
enum look { LOOK_PASS, LOOK_MORE, LOOK_GATE, LOOK_FATAL };

static const char *const too_long = "statement text is longer than limits.statement_bytes of the "
				    "phasegate configuration allows";

static enum look look_text(struct session *session, const uint8_t *body, size_t have,
	const struct wire_header *header, const char **error)
{
	const char *text;
	size_t len;
	struct wire_parse parse;
	struct head_scan head;
	bool certain;

	if (have < header->body) {
		if (header->body > session->config->statement_bytes_max) {
			*error = too_long;
			return LOOK_FATAL;
		}
		return LOOK_MORE;
	}
	if (header->type == FRONTEND_QUERY) {
		if (wire_read_query(body, header->body, &text, &len, error) != 0)
			return LOOK_PASS; /* 08P01: the server says so, and runs nothing of it */
	} else {
		if (wire_read_parse(body, header->body, &parse, error) != 0)
			return LOOK_PASS;
		text = parse.text;
		len = parse.text_len;
		if (guarded_statement(session, parse.statement))
			return LOOK_GATE;
	}
	certain = session->standard_strings && session->encoding_safe &&
		  pipeline_idle(&session->pipeline) && !session->pipeline.batch_open;
	if (session->replication)
		return gate_replication_harmless(text, len) ? LOOK_PASS : LOOK_GATE;
	head = head_scan(text, len, &session->config->head_limits, certain);
	if (head.verdict != HEAD_HARMLESS || (head.executes_prepared && session->guarded != NULL))
		return LOOK_GATE;
	return LOOK_PASS;
}

/* Bind, Execute and Close matter only while a guarded statement has a name on the server. */
static enum look look_names(struct session *session, const uint8_t *body, size_t have,
	const struct wire_header *header, const char **error)
{
	size_t n = header->body < NAMES_BYTES_MAX ? header->body : NAMES_BYTES_MAX;
	const uint8_t *first_end, *second;

	if (session->guarded == NULL)
		return LOOK_PASS;
	if (have < n)
		return LOOK_MORE;
	if (n == 0)
		return LOOK_PASS;
	/* Close starts with 'S' or 'P'. */
	second = body + (header->type == FRONTEND_CLOSE ? 1 : 0);
	first_end = memchr(second, 0, n - (size_t)(second - body));
	if (first_end == NULL)
		goto unterminated;
	if (header->type == FRONTEND_EXECUTE)
		return guarded_portal(session, (const char *)second) ? LOOK_GATE : LOOK_PASS;
	if (header->type == FRONTEND_CLOSE)
		return (body[0] == 'S' && guarded_statement(session, (const char *)second)) ||
				       (body[0] == 'P' &&
					       guarded_portal(session, (const char *)second))
			       ? LOOK_GATE
			       : LOOK_PASS;
	if (memchr(first_end + 1, 0, n - (size_t)(first_end + 1 - body)) == NULL)
		goto unterminated;
	if (guarded_statement(session, (const char *)first_end + 1) ||
		guarded_portal(session, (const char *)second))
		return have < header->body ? LOOK_MORE : LOOK_GATE;
	return LOOK_PASS;
unterminated:
	if (n == header->body)
		return LOOK_PASS; /* the server refuses it: 08P01 */
	*error = "a portal or statement name is too long";
	return LOOK_FATAL;
}

static enum look look_function(
	struct session *session, const uint8_t *body, size_t have, const struct wire_header *header)
{
	if (header->body < 4)
		return LOOK_PASS;
	if (have < 4)
		return LOOK_MORE;
	if (session->config->policy.observe || gate_function_harmless(wire_u32(body)))
		return LOOK_PASS;
	return have < header->body ? LOOK_MORE : LOOK_GATE;
}

static enum look look(struct session *session, const uint8_t *p, size_t have,
	const struct wire_header *header, const char **error)
{
	const uint8_t *body = p + WIRE_HEADER_BYTES;

	switch (frontend_rows[header->type].treatment) {
	case LOOK_TEXT:
		return look_text(session, body, have, header, error);
	case LOOK_NAMES:
		return look_names(session, body, have, header, error);
	case LOOK_FUNCTION:
		return look_function(session, body, have, header);
	default:
		return LOOK_PASS;
	}
}

/*
 * Walk n bytes of the client.  Returns how many may pass now; *gate is set when the message behind
 * them must be judged first.
 */
static size_t walk_client(struct session *session, const uint8_t *p, size_t n, bool *gate)
{
	struct flow *flow = &session->to_server;
	size_t pos = 0;
	struct wire_header header;
	const char *error = NULL;

	while (pos < n) {
		if (flow->skip > 0) {
			size_t take = n - pos < flow->skip ? n - pos : flow->skip;

			flow->skip -= (uint32_t)take;
			pos += take;
			continue;
		}
		if (pipeline_full(&session->pipeline))
			break;
		switch (wire_decode_frontend(p + pos, n - pos, &header, &error)) {
		case 0:
			return pos;
		case -1:
			session_fatal(session, "08P01", error, NULL);
			return pos;
		}
		switch (look(session, p + pos, n - pos - WIRE_HEADER_BYTES, &header, &error)) {
		case LOOK_PASS:
			break;
		case LOOK_MORE:
			return pos;
		case LOOK_GATE:
			*gate = true;
			return pos;
		case LOOK_FATAL:
			session_fatal(session, "54000", error, NULL);
			return pos;
		}
		if (frontend_rows[header.type].treatment != PASS)
			pipeline_push(&session->pipeline, frontend_rows[header.type].owed, 0, NULL);
		pos += WIRE_HEADER_BYTES;
		flow->skip = header.body;
	}
	return pos;
}

/* Pass what may pass of held; open the gate for what may not, again and again while it closes at
 * once. */
static void walk_held(struct session *session)
{
	struct buffer *held = &session->to_server.held;

	while (!session->ended && session->gate == NULL && buffer_len(held) > 0) {
		bool gate = false;
		size_t passed = walk_client(session, buffer_at(held), buffer_len(held), &gate);

		if (session->ended)
			return;
		relay_send_server(session, buffer_at(held), passed);
		buffer_consume(held, passed);
		if (!gate)
			return;
		gate_open(session);
	}
}

/* Bytes in scratch pass from there; only when something is held already are they put behind it. */
static void take_client_bytes(struct session *session, const uint8_t *bytes, size_t n)
{
	struct buffer *held = &session->to_server.held;
	bool gate = false;
	size_t passed = 0;

	if (session->gate == NULL && buffer_len(held) == 0) {
		passed = walk_client(session, bytes, n, &gate);
		if (session->ended)
			return;
		relay_send_server(session, bytes, passed);
	}
	buffer_append(held, bytes + passed, n - passed);
	if (gate)
		gate_open(session);
	if (passed == 0 || gate)
		walk_held(session);
}

void relay_resume(struct session *session)
{
	if (session->ended)
		return;
	session_hold(session);
	walk_held(session);
	relay_update(session);
	session_release(session);
}

static bool client_readable(const struct session *session)
{
	const struct flow *flow = &session->to_server;

	if (flow->eof || buffer_len(&flow->unsent) > 0 || pipeline_full(&session->pipeline))
		return false;
	return session->gate == NULL ||
	       buffer_len(&flow->held) < gate_message_bytes(session) + HELD_BEHIND_GATE_MAX;
}

static void read_client(struct session *session)
{
	struct worker *worker = session->worker;
	ssize_t n;

	do {
		n = conn_read(&session->client, worker->scratch, WORKER_SCRATCH_BYTES);
		if (n > 0) {
			session->active_tick = worker->tick;
			take_client_bytes(session, worker->scratch, (size_t)n);
		} else if (n == CONN_EOF) {
			session->to_server.eof = true;
		} else if (n == CONN_ERROR) {
			session_end(session, "client connection failed");
			return;
		}
	} while (n > 0 && !session->ended && conn_pending(&session->client) &&
		 client_readable(session));
}

/* ---- server to client ---- */

struct relay_out {
	const uint8_t *run; /* passed bytes not yet sent */
	const uint8_t *pos;
};

static void send_run(struct session *session, struct relay_out *out, const uint8_t *next)
{
	relay_send_client(session, out->run, (size_t)(out->pos - out->run));
	out->run = next;
}

static void on_parameter_status(struct session *session, const uint8_t *body, size_t n)
{
	const char *name, *value;

	if (wire_read_parameter_status(body, n, &name, &value) == 0)
		session_parameter(session, name, value);
}

static bool is_answer(uint8_t type)
{
	return type != BACKEND_NOTICE_RESPONSE && type != BACKEND_NOTIFICATION_RESPONSE &&
	       type != BACKEND_PARAMETER_STATUS && type != BACKEND_BACKEND_KEY_DATA &&
	       type != BACKEND_NEGOTIATE_PROTOCOL_VERSION && type != BACKEND_AUTHENTICATION;
}

/* Rows and COPY data of an ordinary statement: nothing to look at, nothing to count. */
static bool is_bulk(const struct session *session, uint8_t type)
{
	return (type == BACKEND_DATA_ROW || type == BACKEND_COPY_DATA) && session->gate == NULL &&
	       session->pipeline.marks == NULL;
}

/* A message that must be whole before it is handled. */
static bool wants_body(struct session *session, uint8_t type)
{
	const struct owed *head;

	if (type == BACKEND_READY_FOR_QUERY || type == BACKEND_PARAMETER_STATUS)
		return true;
	if (type != BACKEND_ERROR_RESPONSE && type != BACKEND_DATA_ROW &&
		type != BACKEND_COMMAND_COMPLETE)
		return false;
	head = pipeline_head(&session->pipeline);
	return head != NULL && head->flags != 0;
}

/* Between transactions: portals are gone, changes recorded in the one that ended may start. */
static bool handle_ready(
	struct session *session, const struct wire_header *header, const uint8_t *body, bool pass)
{
	if (session->guarded != NULL && session->status == 'I')
		guarded_end_transaction(session);
	if (!session->config->policy.observe &&
		!(session->standard_strings && session->encoding_safe)) {
		session_fatal(session, "PG002",
			"client_encoding or standard_conforming_strings was changed to a value "
			"under which "
			"statements cannot be judged",
			"Keep standard_conforming_strings on and client_encoding UTF8.");
		return false;
	}
	return pass && gate_ready(session, header, body);
}

/*
 * One message of the server, whole if wants_body said so.  Returns true when it is to be passed
 * on as it is.
 */
static bool handle_server(
	struct session *session, const struct wire_header *header, const uint8_t *body)
{
	struct answer answer;
	bool pass;

	if (header->type == BACKEND_PARAMETER_STATUS) {
		on_parameter_status(session, body, header->body);
		return true;
	}
	if (!is_answer(header->type))
		return true;
	answer = pipeline_answer(&session->pipeline, header->type);
	if (header->type == BACKEND_READY_FOR_QUERY && header->body == 1)
		session->status = (char)body[0];
	if (answer.mark == NULL && answer.owed.flags == 0)
		pass = true;
	else
		pass = gate_answer(session, &answer, header, body);
	if (header->type == BACKEND_READY_FOR_QUERY && !session->ended)
		pass = handle_ready(session, header, body, pass);
	return pass;
}

static size_t walk_server(struct session *session, const uint8_t *p, size_t n)
{
	struct flow *flow = &session->to_client;
	struct relay_out out = {p, p};
	const uint8_t *end = p + n;
	const char *error = NULL;

	while (out.pos < end && !session->ended) {
		struct wire_header header;
		size_t have = (size_t)(end - out.pos);

		if (flow->skip > 0) {
			size_t take = have < flow->skip ? have : flow->skip;

			flow->skip -= (uint32_t)take;
			out.pos += take;
			if (flow->swallow) /* never passed on: nothing stands between run and pos */
				out.run = out.pos;
			flow->swallow = flow->swallow && flow->skip > 0;
			continue;
		}
		switch (wire_decode_backend(out.pos, have, &header, &error)) {
		case 0:
			send_run(session, &out, out.pos);
			return (size_t)(out.pos - p);
		case -1:
			session_fatal(session, "08P01", error, NULL);
			return (size_t)(out.pos - p);
		}
		if (!is_bulk(session, header.type)) {
			const uint8_t *body = out.pos + WIRE_HEADER_BYTES;

			if (wants_body(session, header.type) &&
				have - WIRE_HEADER_BYTES < header.body)
				break;
			/* What the gate sends must come behind what was passed before. */
			if (session->gate != NULL || session->pipeline.marks != NULL)
				send_run(session, &out, out.pos);
			if (!handle_server(session, &header, body)) {
				send_run(session, &out, out.pos);
				flow->swallow = true;
			}
		}
		out.pos += WIRE_HEADER_BYTES;
		flow->skip = header.body;
		if (flow->swallow)
			out.run = out.pos;
		if (flow->skip == 0)
			flow->swallow = false;
	}
	send_run(session, &out, out.pos);
	return (size_t)(out.pos - p);
}

static void take_server_bytes(struct session *session, const uint8_t *bytes, size_t n)
{
	struct flow *flow = &session->to_client;
	size_t passed;

	if (buffer_len(&flow->held) > 0) {
		buffer_append(&flow->held, bytes, n);
		passed = walk_server(session, buffer_at(&flow->held), buffer_len(&flow->held));
		if (!session->ended)
			buffer_consume(&flow->held, passed);
	} else {
		passed = walk_server(session, bytes, n);
		if (!session->ended)
			buffer_append(&flow->held, bytes + passed, n - passed);
	}
}

static bool server_readable(const struct session *session)
{
	return !session->to_client.eof && buffer_len(&session->to_client.unsent) == 0;
}

static void after_server_bytes(struct session *session)
{
	if (session->ended)
		return;
	if (session->gate != NULL) {
		gate_progress(session);
	} else if (buffer_len(&session->to_server.held) > 0) {
		/* The pipeline was full: answers made room. */
		relay_resume(session);
	}
	if (session->draining && !session->ended)
		session_drained(session);
}

static void read_server(struct session *session)
{
	struct worker *worker = session->worker;
	ssize_t n;

	do {
		n = conn_read(&session->server, worker->scratch, WORKER_SCRATCH_BYTES);
		if (n > 0) {
			take_server_bytes(session, worker->scratch, (size_t)n);
			after_server_bytes(session);
		} else if (n == CONN_EOF || n == CONN_ERROR) {
			session->to_client.eof = true;
		}
	} while (n > 0 && !session->ended && conn_pending(&session->server) &&
		 server_readable(session));
}

/* ---- readiness ---- */

/* Ends are passed on once all bytes before them are. */
static void pass_ends(struct session *session)
{
	if (session->to_client.eof && buffer_len(&session->to_client.unsent) == 0) {
		session_end(session, "server closed the connection");
		return;
	}
	if (session->to_server.eof && session->gate == NULL &&
		buffer_len(&session->to_server.unsent) == 0 && !session->server.write_shut)
		conn_shutdown_write(&session->server);
}

void relay_update(struct session *session)
{
	short client = 0, server = 0;

	if (session->ended)
		return;
	pass_ends(session);
	if (session->ended)
		return;
	if (client_readable(session))
		client |= EV_READ;
	if (buffer_len(&session->to_client.unsent) > 0)
		client |= EV_WRITE;
	if (server_readable(session))
		server |= EV_READ;
	if (buffer_len(&session->to_server.unsent) > 0)
		server |= EV_WRITE;
	if (client != session->client.wanted)
		conn_want(&session->client, client);
	if (server != session->server.wanted)
		conn_want(&session->server, server);
}

static void on_client(struct conn *conn, short what)
{
	struct session *session = conn->owner;
	bool was_blocked;

	session_hold(session);
	was_blocked = buffer_len(&session->to_client.unsent) > 0;
	if (what & EV_WRITE)
		flush_unsent(session, &session->to_client, &session->client);
	if ((what & EV_READ) && !session->ended && client_readable(session))
		read_client(session);
	/* TLS may hold what no event will tell of. */
	if (was_blocked && !session->ended && server_readable(session) &&
		conn_pending(&session->server))
		read_server(session);
	relay_update(session);
	session_release(session);
}

static void on_server(struct conn *conn, short what)
{
	struct session *session = conn->owner;
	bool was_blocked;

	session_hold(session);
	was_blocked = !client_readable(session);
	if (what & EV_WRITE)
		flush_unsent(session, &session->to_server, &session->server);
	if ((what & EV_READ) && !session->ended && server_readable(session))
		read_server(session);
	if (was_blocked && !session->ended && client_readable(session) &&
		conn_pending(&session->client))
		read_client(session);
	relay_update(session);
	session_release(session);
}

void relay_start(struct session *session)
{
	session_hold(session);
	session->client.ready = on_client;
	session->server.ready = on_server;
	session->active_tick = session->worker->tick;
	if (buffer_len(&session->to_client.held) > 0)
		take_server_bytes(session, NULL, 0);
	if (!session->ended && conn_pending(&session->server) && server_readable(session))
		read_server(session);
	if (!session->ended)
		relay_resume(session);
	if (!session->ended && conn_pending(&session->client) && client_readable(session))
		read_client(session);
	relay_update(session);
	session_release(session);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Client to server: what passes by its header, what is looked at, what must wait at the gate. */
#include "relay.h"

#include <string.h>

#include "barrier.h"
#include "config.h"
#include "gate.h"
#include "gate_internal.h"
#include "guarded.h"
#include "head.h"
#include "inject.h"
#include "latency.h"
#include "proxy.h"
#include "relay_internal.h"
#include "session.h"
#include "tag.h"
#include "wire.h"

enum {
	HELD_BEHIND_GATE_MAX = 64 * 1024, /* read ahead of a text being judged, no more */
	NAMES_BYTES_MAX = 1024, /* portal and statement name at the start of a Bind */
};

/* What to do with a message of the client, by type. */
enum frontend_treatment { PASS, PASS_OWED, LOOK_TEXT, LOOK_NAMES, LOOK_FUNCTION };

struct frontend_row {
	uint8_t treatment, owed;
	bool works; /* the server starts on something */
};

static const struct frontend_row frontend_rows[256] = {
	[FRONTEND_QUERY] = {LOOK_TEXT, OWED_QUERY, true},
	[FRONTEND_PARSE] = {LOOK_TEXT, OWED_PARSE, true},
	[FRONTEND_BIND] = {LOOK_NAMES, OWED_BIND, true},
	[FRONTEND_EXECUTE] = {LOOK_NAMES, OWED_EXECUTE, true},
	[FRONTEND_CLOSE] = {LOOK_NAMES, OWED_CLOSE, false},
	[FRONTEND_FUNCTION_CALL] = {LOOK_FUNCTION, OWED_FUNCTION, true},
	[FRONTEND_DESCRIBE] = {PASS_OWED, OWED_DESCRIBE, false},
	[FRONTEND_SYNC] = {PASS_OWED, OWED_SYNC, false},
	[FRONTEND_COPY_DONE] = {PASS_OWED, OWED_COPY_END, false},
	[FRONTEND_COPY_FAIL] = {PASS_OWED, OWED_COPY_END, false},
	[FRONTEND_COPY_DATA] = {PASS, 0, false},
	[FRONTEND_FLUSH] = {PASS, 0, false},
	[FRONTEND_TERMINATE] = {PASS, 0, false},
	[FRONTEND_PASSWORD] = {PASS, 0, false}, /* out of login the server refuses it */
};

/* What is wanted of the message at p before it may pass. */
enum look { LOOK_PASS, LOOK_MORE, LOOK_GATE, LOOK_BARRED, LOOK_FATAL };

static const char *const too_long = "statement text is longer than limits.statement_bytes of the "
				    "phasegate configuration allows";

/* The gate takes whole messages only. */
static enum look whole(
	struct session *session, size_t have, const struct wire_header *header, const char **error)
{
	if (have >= header->body)
		return LOOK_GATE;
	if (header->body <= session->config->statement_bytes_max)
		return LOOK_MORE;
	*error = too_long;
	return session->config->policy.observe ? LOOK_PASS : LOOK_FATAL;
}

/* In the lane already, a tagged text needs no gate. */
static bool enters_lane(
	struct session *session, const char *statement, const char *text, size_t len)
{
	bool tagged = tag_possible(text, len) && lane_tagged(session, text, len);

	if (statement != NULL && (tagged || session->lane.tagged != NULL))
		lane_parsed(session, statement, tagged);
	return tagged && session->lane.stay == NULL;
}

/* One that waited asks to the end: what it waited for may have gone. */
static bool barrier_near(const struct session *session)
{
	return session->barred.until_us != 0 || barriers_stand(session->worker->proxy->barriers);
}

static enum look look_text(struct session *session, const uint8_t *body, size_t have,
	const struct wire_header *header, const char **error)
{
	const char *text, *statement = NULL;
	size_t len;
	struct wire_parse parse;
	struct head_scan head;
	bool certain;

	if (have < header->body)
		return whole(session, have, header, error);
	if (header->type == FRONTEND_QUERY) {
		if (wire_read_query(body, header->body, &text, &len, error) != 0)
			return LOOK_PASS; /* 08P01: the server says so, and runs nothing of it */
	} else {
		if (wire_read_parse(body, header->body, &parse, error) != 0)
			return LOOK_PASS;
		text = parse.text;
		len = parse.text_len;
		statement = parse.statement;
		if (guarded_statement(session, parse.statement))
			return LOOK_GATE;
	}
	if (session->timing.interest != INTEREST_NONE)
		timing_text(session, text, len);
	if (enters_lane(session, statement, text, len))
		return LOOK_GATE;
	certain = session->standard_strings && session->encoding_safe &&
		  pipeline_idle(&session->pipeline) && !session->pipeline.batch_open;
	if (session->replication)
		return gate_replication_harmless(text, len) ? LOOK_PASS : LOOK_GATE;
	head = head_scan(text, len, &session->config->head_limits, certain);
	if (head.verdict != HEAD_HARMLESS ||
		(session->guarded != NULL && gate_may_execute(text, len)))
		return LOOK_GATE;
	if (barrier_near(session) && barred_text(session, text, len))
		return LOOK_BARRED;
	if (statement != NULL && statement[0] != '\0')
		barred_parsed(session, statement, text, len);
	return LOOK_PASS;
}

/* Bind, Execute and Close matter only while a guarded statement has a name on the server, and Bind
 * at a barrier. */
static enum look look_names(struct session *session, const uint8_t *body, size_t have,
	const struct wire_header *header, const char **error)
{
	bool bind = header->type == FRONTEND_BIND;
	bool barrier = bind && barrier_near(session);
	size_t n = bind && header->body > NAMES_BYTES_MAX ? NAMES_BYTES_MAX : header->body;
	const uint8_t *first_end, *second;

	if (bind && session->timing.interest != INTEREST_NONE)
		timing_bind(session, body, have < n ? have : n);
	if (session->guarded == NULL && session->lane.tagged == NULL && !barrier)
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
		guarded_portal(session, (const char *)second) ||
		(session->lane.stay == NULL &&
			lane_statement(session, (const char *)first_end + 1)))
		return whole(session, have, header, error);
	if (barrier && barred_statement(session, (const char *)first_end + 1))
		return LOOK_BARRED;
	return LOOK_PASS;
unterminated:
	if (n == header->body)
		return LOOK_PASS; /* the server refuses it: 08P01 */
	*error = "a portal or statement name is too long";
	return LOOK_FATAL;
}

static enum look look_function(struct session *session, const uint8_t *body, size_t have,
	const struct wire_header *header, const char **error)
{
	if (header->body < 4)
		return LOOK_PASS;
	if (have < 4)
		return LOOK_MORE;
	if (session->config->policy.observe || gate_function_harmless(wire_u32(body)))
		return LOOK_PASS;
	return whole(session, have, header, error);
}

static enum look look(struct session *session, const uint8_t *p, size_t have,
	const struct wire_header *header, const char **error)
{
	const uint8_t *body = p + WIRE_HEADER_BYTES;

	if (session->lane.closed && frontend_rows[header->type].works)
		return whole(session, have, header, error);
	switch (frontend_rows[header->type].treatment) {
	case LOOK_TEXT:
		return look_text(session, body, have, header, error);
	case LOOK_NAMES:
		return look_names(session, body, have, header, error);
	case LOOK_FUNCTION:
		return look_function(session, body, have, header, error);
	default:
		return LOOK_PASS;
	}
}

/* Why the walk ended before the last byte. */
enum stop { STOP_MORE, STOP_GATE, STOP_UNSURE, STOP_BARRED };

/* What may be sent while nobody knows whether the server skips it: pipeline_ask. */
static bool may_pass_unsure(uint8_t type)
{
	const struct frontend_row *row = &frontend_rows[type];

	return row->treatment == PASS || row->owed == OWED_SYNC || row->owed == OWED_COPY_END;
}

static void push(struct session *session, enum owed_kind kind)
{
	if (session->lane.stay == NULL) {
		pipeline_push(&session->pipeline, kind, 0, NULL);
		return;
	}
	pipeline_push(&session->pipeline, kind, OWED_IN_LANE, NULL);
	lane_sent(session, kind);
}

/*
 * Walk n bytes of the client.  Returns how many may pass now, and in *stop what the message behind
 * them waits for.
 */
static size_t walk_client(struct session *session, const uint8_t *p, size_t n, enum stop *stop)
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
		if (session->pipeline.unsure && !may_pass_unsure(header.type)) {
			*stop = STOP_UNSURE;
			return pos;
		}
		switch (look(session, p + pos, n - pos - WIRE_HEADER_BYTES, &header, &error)) {
		case LOOK_PASS:
			break;
		case LOOK_MORE:
			return pos;
		case LOOK_GATE:
			*stop = STOP_GATE;
			return pos;
		case LOOK_BARRED:
			*stop = STOP_BARRED;
			return pos;
		case LOOK_FATAL:
			session_fatal(session, "54000", error, NULL);
			return pos;
		}
		if (frontend_rows[header.type].treatment != PASS)
			push(session, frontend_rows[header.type].owed);
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

	while (!session->ended && session->gate == NULL && !session->barred.waits &&
		buffer_len(held) > 0) {
		enum stop stop = STOP_MORE;
		size_t passed = walk_client(session, buffer_at(held), buffer_len(held), &stop);

		if (session->ended)
			return;
		relay_send_server(session, buffer_at(held), passed);
		buffer_consume(held, passed);
		if (stop == STOP_UNSURE)
			inject_question(session);
		if (stop != STOP_GATE)
			return;
		gate_open(session);
	}
}

/* Bytes in scratch pass from there; only when something is held already are they put behind it. */
static void take_client_bytes(struct session *session, const uint8_t *bytes, size_t n)
{
	struct buffer *held = &session->to_server.held;
	enum stop stop = STOP_MORE;
	size_t passed = 0;

	if (session->pipeline.count == 0 && session->lane.stay == NULL)
		timing_begin(session);
	if (session->gate == NULL && buffer_len(held) == 0) {
		passed = walk_client(session, bytes, n, &stop);
		if (session->ended)
			return;
		relay_send_server(session, bytes, passed);
	}
	buffer_append(held, bytes + passed, n - passed);
	if (stop == STOP_GATE) {
		timing_drop(session);
		gate_open(session);
	}
	if (passed == 0 || stop != STOP_MORE)
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

bool relay_client_readable(const struct session *session)
{
	const struct flow *flow = &session->to_server;

	if (flow->eof || buffer_len(&flow->unsent) > 0 || pipeline_full(&session->pipeline) ||
		session->pipeline.asked || session->barred.waits)
		return false;
	return session->gate == NULL ||
	       buffer_len(&flow->held) < gate_message_bytes(session) + HELD_BEHIND_GATE_MAX;
}

void relay_read_client(struct session *session)
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
			/* Nothing of its transaction has begun. */
			if (lane_waits(session))
				session_end(session, "client left while it waited for the lane");
		} else if (n == CONN_ERROR) {
			session_end(session, "client connection failed");
			return;
		}
	} while (n > 0 && !session->ended && conn_pending(&session->client) &&
		 relay_client_readable(session));
}

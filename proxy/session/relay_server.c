/* SPDX-License-Identifier: PostgreSQL */
/* Server to client: headers are walked to keep the pipeline queue; few messages are looked into. */
#include "relay.h"

#include <string.h>

#include "change.h"
#include "config.h"
#include "gate.h"
#include "gate_internal.h"
#include "guarded.h"
#include "proxy.h"
#include "relay_internal.h"
#include "session.h"
#include "wire.h"

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
static bool is_bulk(uint8_t type)
{
	return type == BACKEND_DATA_ROW || type == BACKEND_COPY_DATA;
}

/* Past the whole messages of bulk that lie in front: nearly all bytes there are go this way. */
static const uint8_t *skip_bulk(const uint8_t *p, const uint8_t *end)
{
	while (end - p > WIRE_HEADER_BYTES && is_bulk(*p)) {
		const uint32_t length = wire_u32(p + 1);

		if (length < 4 || length > INT32_MAX || end - p - 1 < (ptrdiff_t)length)
			break;
		p += 1 + length;
	}
	return p;
}

/* What the server says while it works on a statement of ours is not for the client. */
static bool ours(struct session *session)
{
	const struct owed *head = pipeline_head(&session->pipeline);

	return head != NULL && (head->flags & OWED_SWALLOW);
}

/* A message that must be whole before it is handled. */
static bool wants_body(struct session *session, const struct wire_header *header)
{
	const uint8_t type = header->type;
	const struct owed *head;

	if (type == BACKEND_READY_FOR_QUERY || type == BACKEND_PARAMETER_STATUS ||
		(type == BACKEND_COMMAND_COMPLETE && header->body >= LANE_LARGE_TAG_BYTES))
		return true;
	if (type != BACKEND_ERROR_RESPONSE && type != BACKEND_DATA_ROW &&
		type != BACKEND_COMMAND_COMPLETE)
		return false;
	head = pipeline_head(&session->pipeline);
	if (type == BACKEND_DATA_ROW)
		return head != NULL && (head->flags & OWED_SWALLOW);
	return head != NULL && head->flags != 0;
}

/* Between transactions: portals are gone, changes recorded in the one that ended may start. */
static bool handle_ready(struct session *session, const uint8_t *body, bool pass)
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
	if (!session->config->policy.observe && guarded_overflown(session)) {
		session_fatal(session, "PG002",
			"the session has more prepared statements than phasegate could judge since "
			"it enforces the policy",
			"Connect again.");
		return false;
	}
	return pass && gate_ready(session, body);
}

/* DEALLOCATE of one name is not told apart: that name goes on being judged. */
static bool forgets_statements(const char *tag)
{
	return strcmp(tag, "DEALLOCATE ALL") == 0 || strcmp(tag, "DISCARD ALL") == 0;
}

static void note_tag(struct session *session, uint32_t bytes, const uint8_t *body)
{
	session->tag_bytes = bytes;
	if (session->guarded != NULL && bytes >= LANE_LARGE_TAG_BYTES && body[bytes - 1] == '\0' &&
		forgets_statements((const char *)body))
		guarded_remove_statements(session);
	if (bytes >= LANE_LARGE_TAG_BYTES && body[bytes - 1] == '\0')
		lane_large(session, (const char *)body);
}

static void set_status(struct session *session, char status)
{
	session->just_begun =
		session->status == 'I' && status == 'T' && lane_is_begin(session->tag_bytes);
	session->status = status;
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
	if (header->type == BACKEND_NOTICE_RESPONSE)
		return !ours(session);
	if (!is_answer(header->type))
		return true;
	answer = pipeline_answer(&session->pipeline, header->type);
	if (header->type == BACKEND_COMMAND_COMPLETE)
		note_tag(session, header->body, body);
	if (answer.lost) {
		session_fatal(session, "08P01",
			"a COPY failed, and what was sent behind it may have been skipped",
			"Wait for ReadyForQuery before sending more.");
		return false;
	}
	if (header->type == BACKEND_READY_FOR_QUERY && header->body == 1)
		set_status(session, (char)body[0]);
	if (session->timing.waits && session->pipeline.count == 0)
		timing_end(session);
	if (answer.mark == NULL && answer.owed.flags == 0)
		pass = true;
	else
		pass = gate_answer(session, &answer, header, body);
	if (header->type == BACKEND_READY_FOR_QUERY && !session->ended)
		pass = handle_ready(session, body, pass);
	return pass;
}

/* Errors are rare, and one that was read in pieces is let go. */
static void note_error(struct session *session, const uint8_t *body, size_t n)
{
	struct change_engine *engine = session->worker->proxy->engine;
	struct wire_error error;
	const char *problem;

	if (engine != NULL && wire_read_error(body, n, &error, &problem) == 0 &&
		error.where != NULL && error.message != NULL)
		change_client_failed(
			engine, session->identity.database, error.where, error.message);
}

static size_t walk_server(struct session *session, const uint8_t *p, size_t n)
{
	struct flow *flow = &session->to_client;
	struct relay_out out = {p, p};
	const uint8_t *end = p + n;
	const char *error = NULL;

	while (out.pos < end && !session->ended) {
		const bool ordinary = session->pipeline.special == 0;
		struct wire_header header;
		size_t have;

		if (ordinary && flow->skip == 0)
			out.pos = skip_bulk(out.pos, end);
		have = (size_t)(end - out.pos);
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
		if (!ordinary || !is_bulk(header.type)) {
			const uint8_t *body = out.pos + WIRE_HEADER_BYTES;

			if (wants_body(session, &header) && have - WIRE_HEADER_BYTES < header.body)
				break;
			if (header.type == BACKEND_ERROR_RESPONSE &&
				have - WIRE_HEADER_BYTES >= header.body)
				note_error(session, body, header.body);
			/* What the gate sends must come behind what was passed before. */
			if (session->pipeline.special > 0 || session->n_pending > 0)
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

void relay_take_server_bytes(struct session *session, const uint8_t *bytes, size_t n)
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

bool relay_server_readable(const struct session *session)
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

void relay_read_server(struct session *session)
{
	struct worker *worker = session->worker;
	ssize_t n;

	do {
		n = conn_read(&session->server, worker->scratch, WORKER_SCRATCH_BYTES);
		if (n > 0) {
			relay_take_server_bytes(session, worker->scratch, (size_t)n);
			after_server_bytes(session);
		} else if (n == CONN_EOF || n == CONN_ERROR) {
			session->to_client.eof = true;
		}
	} while (n > 0 && !session->ended && conn_pending(&session->server) &&
		 relay_server_readable(session));
}

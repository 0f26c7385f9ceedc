/* SPDX-License-Identifier: PostgreSQL */
#include "gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gate_internal.h"
#include "head.h"
#include "inject.h"
#include "parameters.h"
#include "proxy.h"
#include "relay.h"

int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

size_t gate_message_bytes(const struct session *session)
{
	return session->gate == NULL ? 0 : session->gate->message_bytes;
}

static void free_gate(struct session *session)
{
	struct gate *gate = session->gate;

	session->gate = NULL;
	if (gate->wait != NULL)
		change_wait_forget(gate->wait);
	if (gate->timer != NULL)
		event_free(gate->timer);
	arena_free(&gate->arena);
	free(gate);
}

void gate_free(struct session *session)
{
	if (session->gate != NULL)
		free_gate(session);
}

/* Step as long as nothing has to be waited for. */
static void run(struct session *session)
{
	struct gate *gate = session->gate;

	while (!session->ended && gate->next != NULL && !gate->closed &&
		pipeline_idle(&session->pipeline)) {
		gate_step *step = gate->next;

		if (session->pipeline.unsure) {
			inject_question(session);
			continue;
		}
		gate->next = NULL;
		step(session, gate);
	}
	if (!session->ended && gate->closed)
		free_gate(session);
}

void gate_wait(struct session *session, struct gate *gate, gate_step *step)
{
	gate->next = step;
	/* In an open batch the server keeps its answers until Sync or Flush. */
	if (!pipeline_idle(&session->pipeline) && session->pipeline.batch_open)
		inject_flush(session);
}

const uint8_t *gate_body(const struct session *session)
{
	return buffer_at(&session->to_server.held) + WIRE_HEADER_BYTES;
}

size_t gate_body_bytes(const struct gate *gate)
{
	return gate->message_bytes - WIRE_HEADER_BYTES;
}

void gate_close(struct session *session, struct gate *gate)
{
	buffer_consume(&session->to_server.held, gate->message_bytes);
	gate->message_bytes = 0;
	gate->closed = true;
}

void gate_progress(struct session *session)
{
	session_hold(session);
	run(session);
	if (!session->ended && session->gate == NULL)
		relay_resume(session);
	session_release(session);
}

void gate_event(struct session *session, struct gate *gate, gate_step *step)
{
	session_hold(session);
	gate->next = step;
	run(session);
	if (!session->ended && session->gate == NULL)
		relay_resume(session);
	else
		relay_update(session);
	session_release(session);
}

void gate_forward(
	struct session *session, struct gate *gate, enum owed_kind kind, struct mark *mark)
{
	gate_push(session, kind, mark);
	relay_send_server(session, buffer_at(&session->to_server.held), gate->message_bytes);
}

/* ---- opening, by message ---- */

static void judge_portal(struct session *session, struct gate *gate)
{
	const struct guarded_text *what = guarded_portal_text(session, gate->name);

	/* In observe mode it was judged at its Parse. */
	if (what == NULL || session->pipeline.skipping || session->config->policy.observe) {
		carry_unjudged(session, gate);
		return;
	}
	gate->text = arena_strndup(&gate->arena, what->text, what->len);
	gate->text_len = what->len;
	gate->substituted = what->substituted;
	judge_text(session, gate);
}

static void bound(struct session *session, struct gate *gate)
{
	if (!session->pipeline.skipping)
		guarded_bind(session, gate->portal, gate->name, gate->text);
	gate_close(session, gate);
}

static void forward_bind(struct session *session, struct gate *gate)
{
	const struct guarded_text *what = guarded_statement_text(session, gate->name);
	struct wire_bind bind;
	const char *error;

	if (what != NULL && guarded_full(session) && !guarded_portal(session, gate->portal) &&
		!session->config->policy.observe) {
		carry_too_many_names(session, gate);
		return;
	}
	if (what != NULL && what->types_len > 0 &&
		wire_read_bind(gate_body(session), gate_body_bytes(gate), &bind, &error) == 0)
		gate->text = parameters_write_in(&gate->arena, what, &bind);
	gate_forward(session, gate, OWED_BIND, NULL);
	gate_wait(session, gate, bound);
}

static void name_closed(struct session *session, struct gate *gate)
{
	if (!session->pipeline.skipping && gate->close_kind == 'S')
		guarded_remove_statement(session, gate->name);
	else if (!session->pipeline.skipping)
		guarded_remove_portal(session, gate->name);
	gate_close(session, gate);
}

static void forward_close(struct session *session, struct gate *gate)
{
	gate_forward(session, gate, OWED_CLOSE, NULL);
	gate_wait(session, gate, name_closed);
}

static void refuse_function(struct session *session, struct gate *gate)
{
	struct wire_error error = {
		.sqlstate = SQLSTATE_NOT_UNDERSTOOD,
		.message = "FunctionCall of a function that phasegate cannot judge",
		.detail = "Only the large object functions of libpq may be called by this message.",
		.hint = "Call it in a SELECT instead.",
	};

	carry_refusal(session, gate, &error);
}

static void keep_text(struct gate *gate, const char *text, size_t len)
{
	gate->text = arena_strndup(&gate->arena, text, len);
	gate->text_len = len;
}

static gate_step *open_query(struct gate *gate, const uint8_t *body, size_t n)
{
	const char *text, *error;
	size_t len;

	if (wire_read_query(body, n, &text, &len, &error) != 0)
		return NULL;
	keep_text(gate, text, len);
	return judge_text;
}

static gate_step *open_parse(struct gate *gate, const uint8_t *body, size_t n)
{
	struct wire_parse parse;
	const char *error;

	if (wire_read_parse(body, n, &parse, &error) != 0)
		return NULL;
	gate->name = arena_strdup(&gate->arena, parse.statement);
	keep_text(gate, parse.text, parse.text_len);
	return judge_text;
}

static gate_step *open_bind(struct gate *gate, const uint8_t *body, size_t n)
{
	struct wire_bind bind;
	const char *error;

	if (wire_read_bind(body, n, &bind, &error) != 0)
		return NULL;
	gate->portal = arena_strdup(&gate->arena, bind.portal);
	gate->name = arena_strdup(&gate->arena, bind.statement);
	return forward_bind;
}

static gate_step *open_target(struct gate *gate, const uint8_t *body, size_t n)
{
	struct wire_target target;
	const char *error;
	int status = gate->type == FRONTEND_EXECUTE
			     ? wire_read_execute(body, n, &target, &error)
			     : wire_read_describe_or_close(body, n, &target, &error);

	if (status != 0)
		return NULL;
	gate->name = arena_strdup(&gate->arena, target.name);
	gate->close_kind = target.kind;
	return gate->type == FRONTEND_EXECUTE ? judge_portal : forward_close;
}

static gate_step *first_step(struct gate *gate, const uint8_t *body, size_t n)
{
	switch (gate->type) {
	case FRONTEND_QUERY:
		return open_query(gate, body, n);
	case FRONTEND_PARSE:
		return open_parse(gate, body, n);
	case FRONTEND_BIND:
		return open_bind(gate, body, n);
	case FRONTEND_FUNCTION_CALL:
		return refuse_function;
	default:
		return open_target(gate, body, n);
	}
}

struct gate *gate_new(struct session *session)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL)
		abort();
	session->gate = gate;
	gate->started_us = clock_us();
	return gate;
}

void gate_open(struct session *session)
{
	const uint8_t *p = buffer_at(&session->to_server.held);
	struct wire_header header;
	struct gate *gate;
	const char *error;
	gate_step *step;

	assert(session->gate == NULL);
	/* In COPY IN the server takes any of these for a loss of synchronisation; it ends the
	 * session, so do we. */
	if (session->pipeline.copying_in) {
		session_fatal(session, "08P01", "unexpected message during COPY from stdin", NULL);
		return;
	}
	if (wire_decode_frontend(p, buffer_len(&session->to_server.held), &header, &error) <= 0) {
		session_fatal(session, "08P01", "broken message", NULL);
		return;
	}
	session_renew_config(session);
	gate = gate_new(session);
	gate->type = header.type;
	gate->message_bytes = WIRE_HEADER_BYTES + header.body;
	step = first_step(gate, p + WIRE_HEADER_BYTES, header.body);
	/* A broken body: the server says 08P01, and runs nothing of it. */
	gate->first = step != NULL ? step : carry_unjudged;
	gate->lane_by = lane_recognise(session, gate);
	/* Behind a transaction that is in the lane nobody has looked into it. */
	if (gate->type == FRONTEND_PARSE && step != NULL &&
		(gate->lane_by == LANE_BY_TAG || session->lane.tagged != NULL))
		lane_parsed(session, gate->name, lane_tagged(session, gate->text, gate->text_len));
	gate_wait(session, gate, session->lane.closed || gate->lane_by ? lane_enter : gate->first);
	run(session);
}

bool gate_any_action(const struct gate *gate, enum action_kind kind)
{
	for (size_t i = 0; i < gate->stmts.n; i++)
		for (size_t j = 0; j < gate->stmts.items[i].n_actions; j++)
			if (gate->stmts.items[i].actions[j].kind == kind)
				return true;
	return false;
}

struct mark *gate_mark(const struct gate *gate)
{
	struct mark *mark = mark_new();

	mark->decision = gate->decision_seq;
	mark->started_us = gate->started_us;
	return mark;
}

void gate_push(struct session *session, enum owed_kind kind, struct mark *mark)
{
	unsigned flags = session->lane.stay != NULL ? OWED_IN_LANE : 0;

	if (!pipeline_push(&session->pipeline, kind, flags, mark))
		mark_free(mark);
	if (flags != 0)
		lane_sent(session, kind);
}

char *gate_copy(const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	if (text != NULL && copy == NULL)
		abort();
	return copy;
}

void gate_send(struct session *session, struct buffer *out)
{
	relay_send_server(session, buffer_at(out), buffer_len(out));
	buffer_clear(out);
}

/* libpq's fe-lobj.c looks these up by name; their oids are fixed in pg_proc.dat. */
bool gate_function_harmless(uint32_t oid)
{
	static const uint16_t large_object_functions[] = {
		715, /* lo_create */
		952, /* lo_open */
		953, /* lo_close */
		954, /* loread */
		955, /* lowrite */
		956, /* lo_lseek */
		957, /* lo_creat */
		958, /* lo_tell */
		964, /* lo_unlink */
		1004, /* lo_truncate */
		3170, /* lo_lseek64 */
		3171, /* lo_tell64 */
		3172, /* lo_truncate64 */
	};

	for (size_t i = 0; i < sizeof(large_object_functions) / sizeof(large_object_functions[0]);
		i++)
		if (large_object_functions[i] == oid)
			return true;
	return false;
}

bool gate_may_execute(const char *text, size_t len)
{
	static const char word[] = "execute";

	for (size_t i = 0; i + sizeof(word) - 1 <= len; i++)
		if (strncasecmp(text + i, word, sizeof(word) - 1) == 0)
			return true;
	return false;
}

/*
 * https://www.postgresql.org/docs/current/protocol-replication.html.  The walsender knows its
 * commands in capitals only, and takes everything else for SQL, of any number of statements.  SHOW
 * is both, so it is judged as SQL.
 */
bool gate_replication_harmless(const char *text, size_t len)
{
	static const char *const commands[] = {
		"IDENTIFY_SYSTEM",
		"TIMELINE_HISTORY",
		"CREATE_REPLICATION_SLOT",
		"ALTER_REPLICATION_SLOT",
		"READ_REPLICATION_SLOT",
		"DROP_REPLICATION_SLOT",
		"START_REPLICATION",
		"BASE_BACKUP",
		"UPLOAD_MANIFEST",
	};
	size_t word;

	while (len > 0 && strchr(" \t\r\n\f", *text) != NULL)
		text++, len--;
	for (word = 0;
		word < len && (text[word] == '_' || (text[word] >= 'A' && text[word] <= 'Z') ||
				      (text[word] >= 'a' && text[word] <= 'z'));
		word++)
		;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i]) == word && strncmp(text, commands[i], word) == 0)
			return true;
	return head_scan(text, len, &head_limits_default, false).verdict == HEAD_HARMLESS;
}

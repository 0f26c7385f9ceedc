/* SPDX-License-Identifier: PostgreSQL */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gate_internal.h"
#include "debug_log.h"
#include "head.h"
#include "inject.h"
#include "notice.h"
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
	struct pipeline *pipeline = &session->pipeline;

	if (!pipeline_push(pipeline, kind, 0, mark))
		mark_free(mark);
	relay_send_server(session, buffer_at(&session->to_server.held), gate->message_bytes);
}

/* ---- opening, by message ---- */

static void judge_portal(struct session *session, struct gate *gate)
{
	const struct guarded_text *what = guarded_portal_text(session, gate->name);

	if (what == NULL || session->pipeline.skipping) {
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
		guarded_bind(session, gate->portal, gate->name);
	gate_close(session, gate);
}

static void forward_bind(struct session *session, struct gate *gate)
{
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
	struct wire_parse *parse = arena_alloc(&gate->arena, sizeof(*parse));
	uint8_t *copy = (uint8_t *)arena_strndup(&gate->arena, (const char *)body, n);
	const char *error;

	if (wire_read_parse(copy, n, parse, &error) != 0)
		return NULL;
	gate->parse = parse;
	gate->name = parse->statement;
	keep_text(gate, parse->text, parse->text_len);
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

static struct gate *new_gate(struct session *session)
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
	config_release(session->config);
	session->config = proxy_config(session->worker->proxy);
	gate = new_gate(session);
	gate->type = header.type;
	gate->message_bytes = WIRE_HEADER_BYTES + header.body;
	step = first_step(gate, p + WIRE_HEADER_BYTES, header.body);
	/* A broken body: the server says 08P01, and runs nothing of it. */
	gate_wait(session, gate, step != NULL ? step : carry_unjudged);
	run(session);
}

/* ---- answers ---- */

struct wire_error gate_copy_error(struct arena *arena, const struct wire_error *error)
{
	return (struct wire_error){
		.severity = arena_strdup(arena, error->severity),
		.severity_plain = arena_strdup(arena, error->severity_plain),
		.sqlstate = arena_strdup(arena, error->sqlstate),
		.message = arena_strdup(arena, error->message),
		.detail = arena_strdup(arena, error->detail),
		.hint = arena_strdup(arena, error->hint),
		.where = arena_strdup(arena, error->where),
		.schema = arena_strdup(arena, error->schema),
		.table = arena_strdup(arena, error->table),
		.column = arena_strdup(arena, error->column),
		.type = arena_strdup(arena, error->type),
		.constraint = arena_strdup(arena, error->constraint),
	};
}

static bool fatal(const struct wire_error *error)
{
	const char *severity =
		error->severity_plain != NULL ? error->severity_plain : error->severity;

	return severity != NULL &&
	       (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* Answers of what we injected: nothing of it is for the client, but errors that stand for its own.
 */
static bool swallowed_answer(struct session *session, const struct answer *answer,
	const struct wire_header *header, const uint8_t *body)
{
	struct gate *gate = session->gate;
	struct wire_error error;
	const char *problem;

	if (header->type == BACKEND_DATA_ROW && gate != NULL) {
		const char *value;
		size_t len;

		if (wire_read_data_row(body, header->body, 0, &value, &len) == 0 && value != NULL) {
			gate->row = arena_strndup(&gate->arena, value, len);
			gate->row_len = len;
		}
	}
	if (header->type != BACKEND_ERROR_RESPONSE ||
		wire_read_error(body, header->body, &error, &problem) != 0)
		return false;
	if (gate != NULL) {
		gate->failed = true;
		gate->error = gate_copy_error(&gate->arena, &error);
	}
	return (answer->owed.flags & OWED_RELAY_ERROR) != 0 || fatal(&error);
}

static void log_outcome(struct session *session, const struct mark *mark)
{
	struct log_subject subject = session_subject(session);
	struct log_outcome outcome = {
		.sqlstate = mark->sqlstate[0] != '\0' ? mark->sqlstate : "00000",
		.rows = mark->rows,
		.duration_us = clock_us() - mark->started_us,
	};

	if (mark->decision != 0)
		policy_log_outcome(session->worker->proxy->log, &subject, mark->decision, &outcome);
}

/* The statement's own error, or the one that takes its place.  True: pass the server's. */
static bool marked_error(struct session *session, struct mark *mark, const uint8_t *body, size_t n)
{
	struct wire_error error;
	const char *problem;
	struct buffer out = {0};

	if (wire_read_error(body, n, &error, &problem) != 0)
		return true;
	if (mark->sqlstate[0] == '\0' && error.sqlstate != NULL)
		strncpy(mark->sqlstate, error.sqlstate, sizeof(mark->sqlstate) - 1);
	if (fatal(&error))
		return true;
	if (buffer_len(&mark->error) > 0) {
		relay_send_client(session, buffer_at(&mark->error), buffer_len(&mark->error));
		buffer_clear(&mark->error);
		return false;
	}
	if (error.sqlstate == NULL || strcmp(error.sqlstate, "55P03") != 0)
		return true;
	if (mark->swallow_lock_timeout && session->gate != NULL) {
		session->gate->lock_timed_out = true;
		return false;
	}
	if (mark->hint == NULL || error.hint != NULL)
		return true;
	error.hint = mark->hint;
	wire_put_error(&out, BACKEND_ERROR_RESPONSE, &error);
	relay_send_client(session, buffer_at(&out), buffer_len(&out));
	buffer_clear(&out);
	return false;
}

static bool marked_answer(struct session *session, const struct answer *answer,
	const struct wire_header *header, const uint8_t *body)
{
	struct mark *mark = answer->mark;
	bool pass = true;

	if (buffer_len(&mark->notices) > 0) {
		relay_send_client(session, buffer_at(&mark->notices), buffer_len(&mark->notices));
		buffer_clear(&mark->notices);
	}
	switch (header->type) {
	case BACKEND_ERROR_RESPONSE:
		pass = marked_error(session, mark, body, header->body);
		break;
	case BACKEND_EMPTY_QUERY_RESPONSE:
		if (mark->tag != NULL) {
			struct buffer out = {0};

			wire_put_command_complete(&out, mark->tag);
			relay_send_client(session, buffer_at(&out), buffer_len(&out));
			buffer_clear(&out);
			pass = false;
		}
		break;
	case BACKEND_COMMAND_COMPLETE:
		if (header->body > 0 && body[header->body - 1] == '\0')
			mark->rows = wire_tag_rows((const char *)body);
		break;
	case BACKEND_READY_FOR_QUERY:
		pass = session->gate == NULL || !session->gate->lock_timed_out;
		break;
	}
	if (answer->done) {
		if (!(session->gate != NULL && session->gate->lock_timed_out))
			log_outcome(session, mark);
		mark_free(mark);
	}
	return pass;
}

bool gate_answer(struct session *session, const struct answer *answer,
	const struct wire_header *header, const uint8_t *body)
{
	if (answer->mark != NULL)
		return marked_answer(session, answer, header, body);
	if (answer->owed.flags & OWED_SWALLOW)
		return swallowed_answer(session, answer, header, body);
	return true;
}

/* ---- waiting for changes after a COMMIT ---- */

static void send_ready(struct session *session, struct gate *gate)
{
	struct buffer out = {0};

	wire_put_ready(&out, gate->ready_status);
	relay_send_client(session, buffer_at(&out), buffer_len(&out));
	buffer_clear(&out);
	gate_close(session, gate);
}

static void on_progress(void *arg, int64_t id, const char *text)
{
	struct session *session = arg;

	(void)id;
	session_hold(session);
	notice_send(session, "NOTICE", "00000", text, NULL);
	relay_update(session);
	session_release(session);
}

static void on_committed_done(void *arg, const struct change_outcome *outcome)
{
	struct session *session = arg;
	struct gate *gate = session->gate;

	gate->wait = NULL;
	if (outcome->state != CHANGE_DONE)
		notice_send(session, "WARNING", "01000", outcome->message,
			outcome->hint != NULL ? outcome->hint : outcome->detail);
	gate_event(session, gate, send_ready);
}

static const struct change_events committed_events = {on_progress, on_committed_done};

bool gate_ready(struct session *session, const struct wire_header *header, const uint8_t *body)
{
	struct change_engine *engine = session->worker->proxy->engine;
	struct change_wait *wait;
	unsigned n = session->n_pending;

	(void)header;
	if (n == 0 || session->status != 'I')
		return true;
	session->n_pending = 0;
	if (session->gate != NULL) {
		/* Another statement waits behind it already: the changes run, nobody waits for
		 * them. */
		wait = change_run(engine, session->identity.database, session->pending, n,
			session->worker, &committed_events, session);
		change_wait_forget(wait);
		return true;
	}
	struct gate *gate = new_gate(session);

	gate->ready_status = (char)body[0];
	gate->wait = change_run(engine, session->identity.database, session->pending, n,
		session->worker, &committed_events, session);
	return false;
}

/* ---- small tables ---- */

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

/* https://www.postgresql.org/docs/current/protocol-replication.html; SHOW is SQL's as well. */
bool gate_replication_harmless(const char *text, size_t len)
{
	static const char *const commands[] = {
		"IDENTIFY_SYSTEM",
		"SHOW",
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
		if (strlen(commands[i]) == word && strncasecmp(text, commands[i], word) == 0)
			return true;
	return head_scan(text, len, &head_limits_default, false).verdict == HEAD_HARMLESS;
}

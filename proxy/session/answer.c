/* SPDX-License-Identifier: PostgreSQL */
/*
 * What comes back from the server for statements that were judged: our own are swallowed, errors
 * replaced, notices put before them, outcomes logged; and the ReadyForQuery of a COMMIT is kept
 * until the changes recorded in it are carried out.
 */
#include <string.h>

#include "config.h"
#include "gate_internal.h"
#include "notice.h"
#include "proxy.h"
#include "relay.h"

/* Memory of the arena: the message it points into goes. */
static struct wire_error copy_error(struct arena *arena, const struct wire_error *error)
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
		gate->error = copy_error(&gate->arena, &error);
	}
	return (answer->owed.flags & OWED_RELAY_ERROR) != 0 || fatal(&error);
}

void gate_log_outcome(struct session *session, const struct mark *mark)
{
	struct log_subject subject = session_subject(session);
	struct log_outcome outcome = {
		.sqlstate = mark->sqlstate[0] != '\0' ? mark->sqlstate : "00000",
		.rows = mark->rows,
		.duration_us = clock_us() - mark->started_us,
		.note = mark->note,
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

			mark->rows = wire_tag_rows(mark->tag);
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
			gate_log_outcome(session, mark);
		mark_free(mark);
	}
	return pass;
}

bool gate_answer(struct session *session, const struct answer *answer,
	const struct wire_header *header, const uint8_t *body)
{
	lane_answer(session, answer, header, body);
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
	if (outcome->state != CHANGE_DONE && outcome->state != CHANGE_SOAKING)
		notice_send(session, "WARNING", "01000", outcome->message,
			outcome->hint != NULL ? outcome->hint : outcome->detail);
	gate_event(session, gate, send_ready);
}

static const struct change_events committed_events = {on_progress, on_committed_done};

bool gate_ready(struct session *session, const uint8_t *body)
{
	struct change_engine *engine = session->worker->proxy->engine;
	struct change_wait *wait;
	unsigned n = session->n_pending;

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
	struct gate *gate = gate_new(session);

	gate->ready_status = (char)body[0];
	gate->wait = change_run(engine, session->identity.database, session->pending, n,
		session->worker, &committed_events, session);
	return false;
}

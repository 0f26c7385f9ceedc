/* SPDX-License-Identifier: PostgreSQL */
#include "inject.h"

#include <stdio.h>

#include "gate_internal.h"
#include "pipeline.h"
#include "session.h"
#include "wire.h"

const char inject_name[] = "phasegate: own";

static void put_statement(
	struct buffer *out, const char *sql, const char *const *parameters, size_t n)
{
	/* An earlier one that failed was skipped up to Sync, its Close too. */
	wire_put_close(out, 'S', inject_name);
	wire_put_parse(out, inject_name, sql, NULL, 0);
	wire_put_bind(out, inject_name, inject_name, parameters, n);
	wire_put_execute(out, inject_name, 0);
	wire_put_close(out, 'P', inject_name);
	wire_put_close(out, 'S', inject_name);
}

static void push_statement(
	struct session *session, unsigned flags, unsigned execute_flags, struct mark *mark)
{
	struct pipeline *pipeline = &session->pipeline;

	pipeline_push(pipeline, OWED_CLOSE, flags, NULL);
	pipeline_push(pipeline, OWED_PARSE, flags, NULL);
	pipeline_push(pipeline, OWED_BIND, flags, NULL);
	if (!pipeline_push(pipeline, OWED_EXECUTE, execute_flags, mark))
		mark_free(mark);
	pipeline_push(pipeline, OWED_CLOSE, flags, NULL);
	pipeline_push(pipeline, OWED_CLOSE, flags, NULL);
}

void inject_statement(struct session *session, const char *sql, const char *const *parameters,
	size_t n, unsigned flags)
{
	struct buffer out = {0};

	push_statement(session, OWED_SWALLOW | flags, OWED_SWALLOW | flags, NULL);
	put_statement(&out, sql, parameters, n);
	gate_send(session, &out);
}

void inject_in_place_of_execute(struct session *session, const char *sql, struct mark *mark)
{
	struct buffer out = {0};

	push_statement(session, OWED_SWALLOW | OWED_RELAY_ERROR, 0, mark);
	put_statement(&out, sql, NULL, 0);
	gate_send(session, &out);
}

void inject_lock_timeout(struct session *session, long long timeout_ms)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "SELECT pg_catalog.set_config('lock_timeout', '%lld', true)",
		timeout_ms);
	inject_statement(session, sql, NULL, 0, 0);
}

void inject_sync(struct session *session)
{
	struct buffer out = {0};

	pipeline_push(&session->pipeline, OWED_SYNC, OWED_SWALLOW, NULL);
	wire_put_empty(&out, FRONTEND_SYNC);
	gate_send(session, &out);
}

void inject_question(struct session *session)
{
	struct buffer out = {0};

	if (session->pipeline.asked)
		return;
	/* A walsender would answer that it speaks no extended protocol. */
	if (session->replication || !pipeline_ask(&session->pipeline)) {
		session_fatal(session, "08P01",
			"unexpected message behind a COPY that failed: no Sync ended it", NULL);
		return;
	}
	wire_put_close(&out, 'S', inject_name);
	wire_put_empty(&out, FRONTEND_FLUSH);
	gate_send(session, &out);
}

void inject_flush(struct session *session)
{
	struct buffer out = {0};

	wire_put_empty(&out, FRONTEND_FLUSH);
	gate_send(session, &out);
}

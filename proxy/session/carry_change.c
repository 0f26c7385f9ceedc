/* SPDX-License-Identifier: PostgreSQL */
/*
 * Plans: handed to the change engine while the client waits, or, inside BEGIN..COMMIT, recorded
 * on the client's own connection together with what can be done at once.  When what was asked
 * for holds, an empty statement is sent whose EmptyQueryResponse becomes its CommandComplete.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "gate_internal.h"
#include "inject.h"
#include "notice.h"
#include "proxy.h"
#include "relay.h"

/* The answer that the client expects, made by the server's answer to an empty statement. */
static void answer_tag(struct session *session, struct gate *gate)
{
	struct mark *mark = gate_mark(gate);
	struct buffer out = {0};

	mark->tag = gate_copy(gate->tag);
	mark->note = gate_copy(gate->note);
	if (gate->type == FRONTEND_QUERY) {
		wire_put_query(&out, "");
		gate_push(session, OWED_QUERY, mark);
		gate_send(session, &out);
	} else if (gate->substituted && !gate->in_place) {
		gate_forward(session, gate, OWED_EXECUTE, mark);
	} else {
		inject_in_place_of_execute(session, "", mark);
	}
	gate_close(session, gate);
}

static void on_progress(void *arg, int64_t id, const char *text)
{
	struct session *session = arg;

	(void)id;
	session_hold(session);
	notice_progress(session, text);
	relay_update(session);
	session_release(session);
}

static const char *held_back(struct arena *arena, const struct change_outcome *outcome)
{
	if (outcome->throttled_ms < 1000)
		return "";
	return arena_printf(arena, ", held back for %.0f s, most by %s",
		(double)outcome->throttled_ms / 1000, outcome->throttled_by);
}

static void on_finished(void *arg, const struct change_outcome *outcome)
{
	struct session *session = arg;
	struct gate *gate = session->gate;

	gate->wait = NULL;
	gate->note = arena_printf(&gate->arena, "change %lld: %llu rows in %llu batches%s%s",
		(long long)outcome->id, (unsigned long long)outcome->rows,
		(unsigned long long)outcome->batches, held_back(&gate->arena, outcome),
		outcome->state == CHANGE_SOAKING ? ", soaking" : "");
	if (gate->decision.plan->counts_rows)
		gate->tag = arena_printf(&gate->arena, "%s %llu", gate->decision.plan->tag,
			(unsigned long long)outcome->rows);
	if (outcome->state == CHANGE_DONE || outcome->state == CHANGE_SOAKING) {
		gate_event(session, gate, answer_tag);
		return;
	}
	gate->error = notice_change_error(&gate->arena, outcome, gate->decision_seq);
	gate_event(session, gate, carry_failed);
}

static const struct change_events events = {on_progress, on_finished};

struct change_request carry_request(const struct session *session, const struct gate *gate)
{
	return (struct change_request){
		.database = session->identity.database,
		.submitter = gate->facts.current_user,
		.session_user = gate->facts.session_user,
		.search_path = gate->facts.search_path,
		.client_address = session->identity.client_address,
		.application = session->identity.application,
		.original_sql = gate->text,
		.fingerprint = gate->stmts.fingerprint,
		.plan = gate->decision.plan,
		.decision = gate->decision_seq,
		.approval = gate->approval,
	};
}

static void say_caution(struct session *session, const struct plan *plan)
{
	if (plan->caution != NULL)
		notice_send(session, "WARNING", "01000", plan->caution, NULL);
}

static void submit(struct session *session, struct gate *gate)
{
	struct change_request request = carry_request(session, gate);

	/* The engine has limits of its own; and it may take days. */
	lane_end(session, NULL, "handed to the change engine");
	say_caution(session, gate->decision.plan);
	gate->wait = change_submit(
		session->worker->proxy->engine, &request, session->worker, &events, session);
}

/* ---- changes inside the client's transaction ---- */

static void recorded(struct session *session, struct gate *gate)
{
	if (gate->failed) {
		if (gate->type == FRONTEND_EXECUTE)
			carry_answered(session, gate);
		else
			carry_failed(session, gate);
		return;
	}
	answer_tag(session, gate);
}

static void keep_pending(struct session *session, int64_t id)
{
	session->pending =
		realloc(session->pending, (session->n_pending + 1) * sizeof(*session->pending));
	if (session->pending == NULL)
		abort();
	session->pending[session->n_pending++] = id;
}

/* One statement of ours after the other, so that the first error ends it. */
static void next_in_transaction(struct session *session, struct gate *gate)
{
	const struct plan *plan = gate->decision.plan;
	unsigned flags = gate->type == FRONTEND_EXECUTE ? OWED_RELAY_ERROR : 0;

	if (gate->step == 0 && gate->row != NULL && !gate->failed)
		keep_pending(session, strtoll(gate->row, NULL, 10));
	while (gate->step < plan->n_steps && (!plan->steps[gate->step].in_client_transaction ||
						     plan->steps[gate->step].sql[0] == '\0'))
		gate->step++;
	if (!gate->failed && gate->step < plan->n_steps) {
		inject_statement(session, plan->steps[gate->step++].sql, NULL, 0, flags);
		gate_wait(session, gate, next_in_transaction);
		return;
	}
	if (!gate->failed && gate->type == FRONTEND_EXECUTE)
		inject_lock_timeout(session, gate->facts.lock_timeout_ms);
	if (gate->type == FRONTEND_QUERY) {
		/* After an error the server skips to this Sync. */
		if (!gate->failed)
			inject_lock_timeout(session, gate->facts.lock_timeout_ms);
		inject_sync(session);
	}
	gate_wait(session, gate, recorded);
}

static void record_in_transaction(struct session *session, struct gate *gate)
{
	struct change_request request = carry_request(session, gate);
	const char *sql = change_submit_sql(
		session->worker->proxy->engine, &gate->arena, &request, gate->facts.backend_pid);
	long long timeout = session->config->policy.lock_timeout_ms;

	gate->row = NULL;
	gate->failed = false;
	say_caution(session, gate->decision.plan);
	notice_send(session, "NOTICE", "00000",
		arena_printf(&gate->arena, "phasegate: %s; what takes long is done after COMMIT",
			gate->decision.plan->summary),
		NULL);
	if (gate->facts.lock_timeout_ms == 0 || gate->facts.lock_timeout_ms > timeout)
		inject_lock_timeout(session, timeout);
	/* The row of set_config comes first, that of submit last: it is the one kept. */
	inject_statement(
		session, sql, NULL, 0, gate->type == FRONTEND_EXECUTE ? OWED_RELAY_ERROR : 0);
	gate_wait(session, gate, next_in_transaction);
}

/* ---- the engine ---- */

static void engine_usable(struct session *session, struct gate *gate)
{
	if (gate->facts.in_transaction)
		record_in_transaction(session, gate);
	else
		submit(session, gate);
}

static void engine_unusable(struct session *session, struct gate *gate)
{
	struct wire_error error = {
		.sqlstate = SQLSTATE_CHANGE_FAILED,
		.message = gate->decision.cause->message,
		.detail = arena_printf(&gate->arena,
			"%s phasegate would carry it out in phases, but cannot here: %s",
			gate->decision.cause->detail != NULL ? gate->decision.cause->detail : "",
			gate->error.message),
		.hint = plan_text(&gate->arena, gate->decision.plan),
	};

	carry_refusal(session, gate, &error);
}

static void on_engine_ready(struct worker *worker, void *arg, bool usable, const char *because)
{
	struct session *session = session_by_id(worker, (uint64_t)(uintptr_t)arg);
	struct gate *gate = session == NULL ? NULL : session->gate;

	/* The session may have ended meanwhile. */
	if (gate == NULL || !gate->awaiting_engine)
		return;
	gate->awaiting_engine = false;
	if (!usable)
		gate->error.message = arena_strdup(&gate->arena, because);
	gate_event(session, gate, usable ? gate->usable : gate->unusable);
}

void carry_with_engine(struct session *session, struct gate *gate)
{
	const char *because = NULL;

	switch (change_engine_ready(session->worker->proxy->engine, session->identity.database,
		session->worker, on_engine_ready, (void *)(uintptr_t)session->id, &because)) {
	case 1:
		gate->usable(session, gate);
		break;
	case 0:
		gate->error.message = because;
		gate->unusable(session, gate);
		break;
	default:
		gate->awaiting_engine = true;
	}
}

void carry_plan(struct session *session, struct gate *gate)
{
	gate->tag = gate->decision.plan->tag;
	gate->usable = engine_usable;
	gate->unusable = engine_unusable;
	carry_with_engine(session, gate);
}

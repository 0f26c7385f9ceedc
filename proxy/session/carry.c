/* SPDX-License-Identifier: PostgreSQL */
/*
 * Carrying a decision out.  A refusal never fakes the server's state: the denied text is replaced
 * by one that must fail, so the server itself skips to Sync and fails the transaction, and its
 * one ErrorResponse is replaced by ours.  Likewise a change that the engine carried out is answered
 * by an empty statement whose EmptyQueryResponse becomes the CommandComplete that was asked for.
 */
#include <inttypes.h>
#include <string.h>

#include "gate_internal.h"
#include "inject.h"
#include "notice.h"
#include "parameters.h"
#include "proxy.h"
#include "relay.h"

enum { RETRY_DELAY_GROWTH = 2, RETRY_DELAY_MS_MAX = 10000 };

static const char lock_timeout_hint[] = "phasegate set lock_timeout so that statements waiting "
					"behind this one are not held up; run the "
					"transaction again when the table is less busy.";

/* ---- unjudged ---- */

static void parsed_unguarded(struct session *session, struct gate *gate)
{
	if (!session->pipeline.skipping)
		guarded_remove_statement(session, gate->name);
	gate_close(session, gate);
}

static enum owed_kind owed_of(uint8_t type)
{
	switch (type) {
	case FRONTEND_QUERY:
		return OWED_QUERY;
	case FRONTEND_PARSE:
		return OWED_PARSE;
	case FRONTEND_BIND:
		return OWED_BIND;
	case FRONTEND_EXECUTE:
		return OWED_EXECUTE;
	case FRONTEND_FUNCTION_CALL:
		return OWED_FUNCTION;
	default:
		return OWED_CLOSE;
	}
}

void carry_unjudged(struct session *session, struct gate *gate)
{
	gate_forward(session, gate, owed_of(gate->type), NULL);
	if (gate->type == FRONTEND_PARSE && gate->name != NULL &&
		guarded_statement(session, gate->name))
		gate_wait(session, gate, parsed_unguarded);
	else
		gate_close(session, gate);
}

/* ---- refusing ---- */

/* FunctionCall of no function, with no arguments: the server answers with an error. */
static void put_failing_function(struct buffer *out)
{
	static const uint8_t message[] = {
		FRONTEND_FUNCTION_CALL, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

	buffer_append(out, message, sizeof(message));
}

void carry_refusal(struct session *session, struct gate *gate, const struct wire_error *error)
{
	struct mark *mark = gate_mark(gate);
	enum owed_kind kind = OWED_PARSE;
	struct buffer out = {0};
	/* No SQL statement starts with this word; the server's log shows it as what it is. */
	const char *failing = arena_printf(&gate->arena,
		"phasegate refused this statement, policy log record %" PRIu64, gate->decision_seq);
	struct wire_error full = *error;

	if (full.severity == NULL)
		full.severity = full.severity_plain = "ERROR";
	wire_put_error(&mark->error, BACKEND_ERROR_RESPONSE, &full);
	if (full.sqlstate != NULL)
		strncpy(mark->sqlstate, full.sqlstate, sizeof(mark->sqlstate) - 1);

	switch (gate->type) {
	case FRONTEND_QUERY:
		kind = OWED_QUERY;
		wire_put_query(&out, failing);
		break;
	case FRONTEND_FUNCTION_CALL:
		kind = OWED_FUNCTION;
		put_failing_function(&out);
		break;
	case FRONTEND_PARSE:
		wire_put_parse(&out, gate->name, failing, NULL, 0);
		break;
	default:
		wire_put_parse(&out, inject_name, failing, NULL, 0);
		break;
	}
	gate_push(session, kind, mark);
	gate_send(session, &out);
	gate_close(session, gate);
}

void carry_too_many_names(struct session *session, struct gate *gate)
{
	static const struct wire_error too_many = {
		.sqlstate = "54000",
		.message = "too many prepared statements and portals that could change the schema",
		.detail = "phasegate remembers 1000 of them in a session.",
		.hint = "Close those that are no longer needed, or send DEALLOCATE ALL.",
	};
	_Static_assert(GUARDED_NAMES_MAX == 1000, "the detail says so");

	carry_refusal(session, gate, &too_many);
}

void carry_failed(struct session *session, struct gate *gate)
{
	carry_refusal(session, gate, &gate->error);
}

void carry_answered(struct session *session, struct gate *gate)
{
	struct mark *mark = gate_mark(gate);

	if (gate->error.sqlstate != NULL)
		strncpy(mark->sqlstate, gate->error.sqlstate, sizeof(mark->sqlstate) - 1);
	gate_log_outcome(session, mark);
	mark_free(mark);
	gate_close(session, gate);
}

static void refuse_decision(struct session *session, struct gate *gate)
{
	struct wire_error error = notice_refusal(&gate->arena, &gate->decision, gate->decision_seq);

	if (gate->error_position > 0)
		error.position = arena_printf(&gate->arena, "%zu", gate->error_position);
	carry_refusal(session, gate, &error);
}

static void refuse_held(struct session *session, struct gate *gate)
{
	struct wire_error error =
		notice_held(&gate->arena, &gate->decision, &gate->answer, gate->decision_seq);

	carry_refusal(session, gate, &error);
}

/* ---- letting through, under a lock_timeout where it is brief but strong ---- */

static gate_step attempt;

/* What was held takes its approval along; rolled back together, both can be tried again. */
static void pass_attempt(struct session *session, struct gate *gate)
{
	if (gate->approval != 0)
		carry_pass(session, gate, attempt);
	else
		attempt(session, gate);
}

static void begin_attempt(struct session *session, struct gate *gate)
{
	carry_unkept(session, gate, pass_attempt);
}

static bool may_retry(const struct session *session, const struct gate *gate)
{
	return session->status == 'I' && gate->stmts.n == 1 &&
	       session->pipeline.batch_executes == 0 && gate->decision.lock_timeout_ms > 0;
}

static int retry_delay_ms(const struct session *session, const struct gate *gate)
{
	int delay_ms = session->config->lock_retry_delay_ms;

	for (unsigned i = 1; i < gate->attempt && delay_ms < RETRY_DELAY_MS_MAX; i++)
		delay_ms *= RETRY_DELAY_GROWTH;
	return delay_ms < RETRY_DELAY_MS_MAX ? delay_ms : RETRY_DELAY_MS_MAX;
}

static void on_retry_timer(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	gate_event(session, session->gate, begin_attempt);
}

static void retry_later(struct session *session, struct gate *gate)
{
	int delay_ms = retry_delay_ms(session, gate);
	struct timeval delay = {delay_ms / 1000, delay_ms % 1000 * 1000};

	notice_send(session, "NOTICE", "55P03",
		arena_printf(&gate->arena,
			"phasegate: the lock was not free within %d ms; statements waiting behind "
			"were let "
			"through, attempt %u of %d follows in %d ms",
			gate->decision.lock_timeout_ms, gate->attempt + 1,
			session->config->lock_retry_max + 1, delay_ms),
		NULL);
	gate->lock_timed_out = false;
	if (gate->timer == NULL)
		gate->timer = event_new(session->worker->base, -1, 0, on_retry_timer, session);
	event_add(gate->timer, &delay);
}

static void attempted(struct session *session, struct gate *gate)
{
	if (!gate->lock_timed_out) {
		gate_close(session, gate);
		return;
	}
	if (session->pipeline.skipping) {
		/* Out of the failed batch; its ReadyForQuery is not the client's. */
		inject_sync(session);
		gate_wait(session, gate, attempted);
		return;
	}
	retry_later(session, gate);
}

static void send_attempt(struct session *session, struct gate *gate, struct mark *mark)
{
	struct buffer out = {0};

	if (gate->type == FRONTEND_EXECUTE &&
		(gate->substituted || gate->in_place || gate->attempt > 1)) {
		inject_in_place_of_execute(session, gate->text, mark);
	} else if (gate->substituted) {
		/* EXECUTE of a name under which the server holds an empty statement. */
		wire_put_query(&out, gate->text);
		gate_push(session, OWED_QUERY, mark);
		gate_send(session, &out);
	} else {
		gate_forward(session, gate, owed_of(gate->type), mark);
	}
}

/* While the server reads CopyData nothing of ours may come between. */
static bool may_copy_in(const struct gate *gate)
{
	for (size_t i = 0; i < gate->stmts.n; i++)
		if (gate->stmts.items[i].tag != NULL &&
			strcmp(gate->stmts.items[i].tag, "COPY") == 0)
			return true;
	return false;
}

/* The client's own value is put back: its later statements are its own business. */
static void attempt(struct session *session, struct gate *gate)
{
	bool in_block = session->status != 'I', again = false;
	struct mark *mark = gate_mark(gate);

	if (may_copy_in(gate))
		gate->decision.lock_timeout_ms = 0;
	gate->attempt++;
	if (gate->attempt == 1 && session->config->notices)
		notice_put_warnings(&mark->notices, &gate->decision);
	if (gate->decision.lock_timeout_ms > 0) {
		mark->hint = lock_timeout_hint;
		again = may_retry(session, gate) &&
			gate->attempt <= (unsigned)session->config->lock_retry_max;
		mark->swallow_lock_timeout = again;
		inject_lock_timeout(session, gate->decision.lock_timeout_ms);
	}
	send_attempt(session, gate, mark);
	if (gate->decision.lock_timeout_ms > 0 &&
		(in_block || gate->stmts.n > 1 || gate->type == FRONTEND_EXECUTE)) {
		inject_lock_timeout(session, gate->facts.lock_timeout_ms);
		if (gate->type == FRONTEND_QUERY)
			inject_sync(session);
	}
	/* Only where another attempt may follow must the client's next message wait. */
	if (again)
		gate_wait(session, gate, attempted);
	else
		gate_close(session, gate);
}

/* ---- Parse ---- */

static void parsed_guarded(struct session *session, struct gate *gate)
{
	struct guarded_text what = {gate->text, gate->text_len, gate->substituted, NULL, 0};
	struct wire_parse parse;
	const char *error;

	if (parameters_awaited(&gate->stmts) &&
		wire_read_parse(gate_body(session), gate_body_bytes(gate), &parse, &error) == 0) {
		what.types = parse.types;
		what.types_len = parse.types_len;
	}
	if (!session->pipeline.skipping)
		guarded_add_statement(session, gate->name, &what);
	gate_close(session, gate);
}

static const struct decision *after_approval(const struct decision *decision)
{
	return decision->approved != NULL ? decision->approved : decision;
}

static void carry_parse(struct session *session, struct gate *gate)
{
	struct buffer out = {0};

	if (guarded_full(session) && !guarded_statement(session, gate->name)) {
		carry_too_many_names(session, gate);
		return;
	}
	gate->substituted = after_approval(&gate->decision)->verdict >= VERDICT_REWRITE;
	if (gate->substituted) {
		wire_put_parse(&out, gate->name, "", NULL, 0);
		pipeline_push(&session->pipeline, OWED_PARSE, 0, NULL);
		gate_send(session, &out);
	} else {
		gate_forward(session, gate, OWED_PARSE, NULL);
	}
	gate_wait(session, gate, parsed_guarded);
}

/* ---- the decision ---- */

/* Every byte goes on as it is; names are kept for the day the mode changes. */
static void observe(struct session *session, struct gate *gate)
{
	struct mark *mark = gate_mark(gate);

	if (session->config->notices)
		notice_put_warnings(&mark->notices, &gate->decision);
	gate_forward(session, gate, owed_of(gate->type), mark);
	if (gate->type == FRONTEND_PARSE)
		gate_wait(session, gate, parsed_guarded);
	else
		gate_close(session, gate);
}

/* A rule says so that only a large table brings up; let through by the configuration. */
static bool writes_every_row(const struct decision *decision)
{
	for (size_t i = 0; i < decision->n_findings; i++)
		if (decision->findings[i].action != NULL &&
			decision->findings[i].action->bulk != NULL)
			return true;
	return false;
}

static void let_through(struct session *session, struct gate *gate)
{
	if (session->lane.stay != NULL || !writes_every_row(&gate->decision)) {
		begin_attempt(session, gate);
		return;
	}
	gate->lane_by = LANE_BY_BULK;
	gate->first = begin_attempt;
	lane_enter(session, gate);
}

void carry_out(struct session *session, struct gate *gate)
{
	enum verdict verdict = gate->decision.verdict;

	if (session->config->policy.observe) {
		observe(session, gate);
		return;
	}
	if (verdict == VERDICT_REJECT)
		refuse_decision(session, gate);
	else if (gate->type == FRONTEND_PARSE)
		carry_parse(session, gate);
	else if (verdict == VERDICT_HOLD)
		refuse_held(session, gate);
	else if (verdict >= VERDICT_REWRITE)
		carry_plan(session, gate);
	else
		let_through(session, gate);
}

bool gate_cancel(struct session *session)
{
	struct gate *gate = session->gate;
	static const struct wire_error cancelled = {
		.sqlstate = "57014",
		.message = "canceling statement due to user request",
	};

	if (gate == NULL)
		return false;
	if (lane_cancel(session))
		return true;
	if (gate->wait != NULL) {
		change_wait_cancel(gate->wait);
		return true;
	}
	if (gate->timer != NULL && event_pending(gate->timer, EV_TIMEOUT, NULL)) {
		event_del(gate->timer);
		gate->error = cancelled;
		gate_event(session, gate, carry_failed);
		return true;
	}
	return false;
}

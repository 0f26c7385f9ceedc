/* SPDX-License-Identifier: PostgreSQL */
/*
 * From a text to a decision: tier 1 again, now that the server's state is certain; tier 2; the
 * facts, asked for on the client's own connection; policy; the policy log.
 */
#include <string.h>

#include "catalog.h"
#include "debug_log.h"
#include "gate_internal.h"
#include "head.h"
#include "inject.h"
#include "parameters.h"
#include "proxy.h"

static bool observing(const struct session *session)
{
	return session->config->policy.observe;
}

/* Inside BEGIN..COMMIT, or in the implicit transaction of a batch that has executed something. */
static bool in_transaction(const struct session *session)
{
	return session->status != 'I' ||
	       (session->pipeline.batch_open && session->pipeline.batch_executes > 0);
}

static void log_decision(struct session *session, struct gate *gate)
{
	struct log_subject subject = session_subject(session);

	gate->decision_seq =
		policy_log_decision(session->worker->proxy->log, &subject, &gate->stmts, gate->text,
			gate->text_len, &gate->decision, gate->answer.id, observing(session));
	if (gate->decision_seq != 0 || observing(session))
		return;
	gate->decision = policy_refuse(&gate->arena, SQLSTATE_LOG_UNAVAILABLE, NULL,
		"the policy log cannot be written, so no statement that could change the schema is "
		"let through",
		NULL,
		"Free space on the disk of the policy log; ordinary statements go on meanwhile.");
}

void judge_decided(struct session *session, struct gate *gate)
{
	log_decision(session, gate);
	carry_out(session, gate);
}

/* Who wants it is to be known, too: a text without names was judged without asking. */
static bool asks_who(const struct session *session, const struct gate *gate)
{
	return !gate->asked_catalog && !session->replication &&
	       (session->status != 'E' || session->pipeline.batch_open);
}

static gate_step ask_catalog;

/* A Parse that is not refused is judged for good at its Execute, and logged then. */
static void decided(struct session *session, struct gate *gate)
{
	if (observing(session) || gate->decision.verdict == VERDICT_REJECT)
		judge_decided(session, gate);
	else if (gate->type == FRONTEND_PARSE)
		carry_out(session, gate);
	else if (gate->decision.verdict != VERDICT_HOLD)
		judge_decided(session, gate);
	else if (asks_who(session, gate))
		ask_catalog(session, gate);
	else
		carry_hold(session, gate);
}

static void decide(struct session *session, struct gate *gate)
{
	struct proxy *proxy = session->worker->proxy;
	struct policy_subject subject = {
		.database = session->identity.database,
		.user = session->identity.user,
		.application = session->identity.application,
	};
	struct decide_input input = {
		.stmts = &gate->stmts,
		.facts = &gate->facts,
		.settings = &session->config->policy,
		.subject = &subject,
		.engine_available = proxy->engine != NULL,
		.engine_unavailable_because =
			"no control connection is configured (control.conninfo)",
	};

	gate->facts.in_transaction = in_transaction(session);
	if (gate->facts.server_version == 0)
		gate->facts.server_version = session->server_version;
	gate->decision = policy_decide(&gate->arena, &input);
	/* The client's own lock_timeout could not be put back.  LOCK TABLE is among these: under
	 * REPEATABLE READ it comes before the first snapshot, which a query of ours would take. */
	if (!gate->facts_known)
		gate->decision.lock_timeout_ms = 0;
	decided(session, gate);
}

static void refuse(struct session *session, struct gate *gate, const char *sqlstate,
	const char *message, const char *detail, const char *hint)
{
	gate->decision = policy_refuse(&gate->arena, sqlstate, NULL, message, detail, hint);
	decided(session, gate);
}

/* ---- facts ---- */

static bool failed_with(const struct gate *gate, const char *sqlstate)
{
	return gate->failed && gate->error.sqlstate != NULL &&
	       strcmp(gate->error.sqlstate, sqlstate) == 0;
}

static void facts_answered(struct session *session, struct gate *gate)
{
	const char *problem;

	/* The error went to the client as the answer to its statement; the server skips to Sync. */
	if (session->pipeline.skipping) {
		carry_unjudged(session, gate);
		return;
	}
	/* Cancelled, or the transaction is lost with it: the client is told what happened. */
	if (failed_with(gate, "57014") ||
		(gate->failed && session->status == 'E' && !failed_with(gate, "25P02"))) {
		carry_refusal(session, gate, &gate->error);
		return;
	}
	if (gate->failed || gate->row == NULL) {
		log_warn("session %llu: the catalog query failed: %s",
			(unsigned long long)session->id,
			gate->failed ? gate->error.message : "no row");
	} else if (catalog_decode(&gate->arena, gate->row, gate->row_len, &gate->request,
			   &gate->facts, &problem) != 0) {
		log_error("session %llu: the catalog's answer is not understood: %s",
			(unsigned long long)session->id, problem);
		gate->facts = (struct facts){0};
	} else {
		gate->facts_known = true;
	}
	decide(session, gate);
}

/* No rows, so none in place of the catalog's.  The settings that keep the client's values go with
 * the transaction. */
#define KEEP_AND_SET(name, value)                                                                  \
	"pg_catalog.set_config('phasegate." name "', pg_catalog.current_setting('" name            \
	"'), true) IS NULL OR pg_catalog.set_config('" name "', '" value "', true) IS NULL"
#define SET_BACK(name)                                                                             \
	"pg_catalog.set_config('" name "', pg_catalog.current_setting('phasegate." name            \
	"'), true) IS NULL"

/*
 * The client's planner settings are in force, and the catalog query is long: JIT would compile it
 * for seconds, execute it for milliseconds.  Its joins are written in the order that is wanted, and
 * to look for another takes a third of the time it is planned in.
 */
static const char plan_as_written[] =
	"SELECT WHERE " KEEP_AND_SET("jit", "off") " OR " KEEP_AND_SET(
		"join_collapse_limit", "1") " OR " KEEP_AND_SET("from_collapse_limit", "1");
static const char plan_as_client_wants[] = "SELECT WHERE " SET_BACK("jit") " OR " SET_BACK(
	"join_collapse_limit") " OR " SET_BACK("from_collapse_limit");

static bool no_transaction(const struct gate *gate)
{
	for (size_t i = 0; i < gate->stmts.n; i++)
		if (gate->stmts.items[i].no_transaction)
			return true;
	return false;
}

/*
 * What PostgreSQL refuses in a transaction block it refuses behind an Execute of ours too ("cannot
 * be executed within a pipeline").  Where the client's batch has executed nothing yet, a Sync of
 * ours ends it; that drops the portal, so the text is executed in place of it.
 */
static bool leaves_batch(const struct session *session, const struct gate *gate)
{
	return gate->type == FRONTEND_EXECUTE && session->status == 'I' &&
	       session->pipeline.batch_executes == 0 && no_transaction(gate);
}

/*
 * With SKIP_LOCKED they do not wait for locks, but a look at the table's expressions would.  No
 * fact changes what VACUUM and ANALYZE may do; the size of a table that of VACUUM FULL.
 */
static bool judged_without_facts(const struct session *session, const struct action *action)
{
	return action->kind == ACTION_VACUUM || action->kind == ACTION_ANALYZE ||
	       (action->kind == ACTION_VACUUM_FULL && action->nowait && observing(session));
}

static bool needs_facts(const struct session *session, const struct gate *gate)
{
	/* A walsender speaks no extended protocol; a failed transaction answers nothing. */
	if (session->replication || (session->status == 'E' && !session->pipeline.batch_open) ||
		gate->request.n_relations + gate->request.n_types + gate->request.n_functions == 0)
		return false;
	for (size_t i = 0; i < gate->stmts.n; i++)
		for (size_t j = 0;
			gate->stmts.items[i].guarded && j < gate->stmts.items[i].n_actions; j++)
			if (!judged_without_facts(session, &gate->stmts.items[i].actions[j]))
				return true;
	return false;
}

static void ask_catalog(struct session *session, struct gate *gate)
{
	const char *parameters[CATALOG_PARAMETERS];
	unsigned flags;
	bool in_batch;

	gate->asked_catalog = true;
	gate->in_place = leaves_batch(session, gate);
	in_batch = session->pipeline.batch_open && !gate->in_place;
	flags = in_batch ? OWED_RELAY_ERROR : 0;
	catalog_parameters(&gate->arena, &gate->request, parameters);
	gate->row = NULL;
	gate->failed = false;
	inject_statement(session, plan_as_written, NULL, 0, flags);
	inject_statement(
		session, catalog_text(&gate->request), parameters, CATALOG_PARAMETERS, flags);
	if (in_batch || session->status != 'I')
		inject_statement(session, plan_as_client_wants, NULL, 0, flags);
	if (!in_batch)
		inject_sync(session);
	gate_wait(session, gate, facts_answered);
}

/* ---- the text ---- */

/* What a portal executes was read by the server at its Parse. */
static bool lexing_certain(const struct session *session, const struct gate *gate)
{
	return gate->type == FRONTEND_EXECUTE ||
	       (session->standard_strings && session->encoding_safe &&
		       !session->pipeline.batch_open);
}

static bool executes_guarded_name(const struct session *session, const struct gate *gate)
{
	for (size_t i = 0; i < gate->stmts.n; i++)
		if (gate->stmts.items[i].executes_prepared)
			return session->guarded != NULL;
	return false;
}

/* EXECUTE of a statement that a Parse prepared: judged as the text it stands for. */
static bool follow_execute(struct session *session, struct gate *gate)
{
	const struct guarded_text *what = NULL;

	for (size_t i = 0; i < gate->stmts.n && what == NULL; i++)
		if (gate->stmts.items[i].executes_prepared &&
			gate->stmts.items[i].prepared_name != NULL)
			what = guarded_statement_text(session, gate->stmts.items[i].prepared_name);
	if (what == NULL)
		return false;
	if (gate->stmts.n > 1) {
		refuse(session, gate, SQLSTATE_NOT_UNDERSTOOD,
			"EXECUTE of a prepared schema change must stand alone in its query", NULL,
			"Send the EXECUTE as a query of its own.");
		return true;
	}
	gate->text = arena_strndup(&gate->arena, what->text, what->len);
	gate->text_len = what->len;
	gate->substituted = what->substituted;
	judge_text(session, gate);
	return true;
}

/* As ErrorResponse counts: characters of UTF-8, the first is 1. */
static size_t position_of(const char *text, size_t byte)
{
	size_t position = 1;

	for (size_t i = 0; i < byte; i++)
		position += ((uint8_t)text[i + 1] & 0xc0) != 0x80;
	return position;
}

static void unparsable(struct session *session, struct gate *gate, const char *message)
{
	gate->error_position = position_of(gate->text, gate->stmts.error_at);
	refuse(session, gate, "42601", arena_printf(&gate->arena, "%s", message),
		"phasegate lets nothing through that could change the schema and that it cannot "
		"parse.",
		arena_printf(&gate->arena,
			"phasegate understands the grammar of PostgreSQL %s; check the statement, "
			"or run it on "
			"a direct connection if it needs a newer grammar.",
			grammar_version));
}

static const char over_limit_hint[] =
	"Split the text, or raise limits.guarded_text_bytes in the phasegate configuration.";

void judge_text(struct session *session, struct gate *gate)
{
	struct head_scan head;
	const char *error;

	if (session->pipeline.skipping) {
		carry_unjudged(session, gate);
		return;
	}
	head = head_scan(gate->text, gate->text_len, &session->config->head_limits,
		lexing_certain(session, gate));
	if (head.verdict == HEAD_HARMLESS &&
		!(session->guarded != NULL && gate_may_execute(gate->text, gate->text_len))) {
		carry_unjudged(session, gate);
		return;
	}
	/* In a failed transaction the server runs nothing until it ends: 25P02. */
	if (session->status == 'E' && !session->pipeline.batch_open && !head.ends_transaction) {
		carry_unjudged(session, gate);
		return;
	}
	if (head.verdict == HEAD_AMBIGUOUS) {
		refuse(session, gate, SQLSTATE_NOT_UNDERSTOOD, head.reason,
			"A backslash in it means different things to the server depending on "
			"standard_conforming_strings or client_encoding, which may just be "
			"changing.",
			"Send the statement by itself, outside of a pipeline.");
		return;
	}
	if (head.verdict == HEAD_OVER_LIMIT) {
		refuse(session, gate, SQLSTATE_STATEMENT_TOO_COMPLEX, head.reason, NULL,
			over_limit_hint);
		return;
	}
	if (stmt_parse(&gate->arena, gate->text, gate->text_len, &gate->stmts, &error) != 0) {
		unparsable(session, gate, error);
		return;
	}
	stmt_identify(&gate->arena, gate->text, gate->text_len, &gate->stmts);
	if (executes_guarded_name(session, gate) && follow_execute(session, gate))
		return;
	if (!gate->stmts.guarded) {
		carry_unjudged(session, gate);
		return;
	}
	if (gate->type == FRONTEND_PARSE && !observing(session) &&
		parameters_awaited(&gate->stmts)) {
		carry_out(session, gate);
		return;
	}
	gate->request = facts_request(&gate->arena, &gate->stmts);
	gate->facts = (struct facts){0};
	gate->facts_known = gate->asked_catalog = false;
	if (needs_facts(session, gate))
		ask_catalog(session, gate);
	else
		decide(session, gate);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * What schema phasegate is asked on the client's own connection before its statement goes through:
 * an approval is used up, in the transaction of the statement; and nothing is taken back that a
 * change under way keeps in place.  Where the answer is an error, it is the client's.
 */
#include "gate_internal.h"
#include "inject.h"
#include "proxy.h"
#include "taken_back.h"

/*
 * What cannot run in a transaction, and what could end it before it is done, comes after a
 * transaction of the question's own.  A Sync of ours that ends the client's batch drops its portal.
 */
static bool asks_first(const struct session *session, const struct gate *gate)
{
	return session->status == 'I' && session->pipeline.batch_executes == 0 &&
	       (gate->decision.no_transaction || gate_any_action(gate, ACTION_TRANSACTION) ||
		       gate_any_action(gate, ACTION_DO_BLOCK));
}

static bool in_batch(const struct gate *gate)
{
	return gate->type == FRONTEND_EXECUTE && !gate->in_place;
}

static void refused(struct session *session, struct gate *gate)
{
	if (in_batch(gate))
		carry_answered(session, gate);
	else
		carry_failed(session, gate);
}

static void answered(struct session *session, struct gate *gate)
{
	if (!gate->failed) {
		gate->after_ask(session, gate);
		return;
	}
	gate->error.where = NULL; /* a line of a function of ours */
	if (session->pipeline.skipping && !in_batch(gate))
		inject_sync(session);
	gate_wait(session, gate, refused);
}

/* Then next, unless it fails. */
static void ask(struct session *session, struct gate *gate, const char *sql, gate_step *next)
{
	const bool first = asks_first(session, gate);

	gate->after_ask = next;
	gate->in_place |= first && gate->type == FRONTEND_EXECUTE;
	gate->failed = false;
	inject_statement(session, sql, NULL, 0, in_batch(gate) ? OWED_RELAY_ERROR : 0);
	if (first)
		inject_sync(session);
	gate_wait(session, gate, answered);
}

void carry_pass(struct session *session, struct gate *gate, gate_step *next)
{
	ask(session, gate,
		hold_pass_sql(session->worker->proxy->engine, &gate->arena,
			session->identity.database, gate->approval, gate->decision_seq,
			gate->facts.backend_pid),
		next);
}

/* ---- what changes keep ---- */

static const char *demand_sql(struct arena *arena, const struct taken_back *taken, size_t n)
{
	const char *sql = "SELECT";

	for (size_t i = 0; i < n; i++)
		sql = arena_printf(arena, "%s%s phasegate.demand_unkept(%u, '%s', %s, %s)", sql,
			i > 0 ? "," : "", taken[i].relation,
			taken[i].constraint ? "constraints" : "columns",
			quote_literal(arena, taken[i].name),
			taken[i].only_default ? "true" : "false");
	return sql;
}

static void ask_unkept(struct session *session, struct gate *gate)
{
	ask(session, gate, demand_sql(&gate->arena, gate->taken, gate->n_taken),
		gate->after_unkept);
}

/* Then it goes unasked; what a change misses it makes again (change/artifact.c). */
static void cannot_ask(struct session *session, struct gate *gate)
{
	gate->after_unkept(session, gate);
}

void carry_unkept(struct session *session, struct gate *gate, gate_step *next)
{
	gate->after_unkept = next;
	gate->taken = NULL;
	if (gate->facts.changes_recorded && session->worker->proxy->engine != NULL)
		gate->taken = taken_back(&gate->arena, &gate->stmts, &gate->facts, &gate->n_taken);
	if (gate->taken == NULL) {
		next(session, gate);
		return;
	}
	gate->usable = ask_unkept;
	gate->unusable = cannot_ask;
	carry_with_engine(session, gate);
}

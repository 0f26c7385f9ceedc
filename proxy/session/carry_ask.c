/* SPDX-License-Identifier: PostgreSQL */
/*
 * What schema phasegate is asked on the client's own connection before its statement goes through:
 * an approval is used up, in the transaction of the statement; and nothing is taken back that a
 * change under way keeps in place.  Where the answer is an error, it is the client's.
 */
#include <jansson.h>
#include <stdlib.h>

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
	/* In a batch the error went to the client as the answer to its statement. */
	if (in_batch(gate))
		gate_close(session, gate);
	else
		carry_refusal(session, gate, &gate->error);
}

static void answered(struct session *session, struct gate *gate)
{
	if (!gate->failed) {
		gate->asked(session, gate);
		return;
	}
	if (session->pipeline.skipping && !in_batch(gate))
		inject_sync(session);
	gate_wait(session, gate, refused);
}

/* Then next, unless it fails. */
static void ask(struct session *session, struct gate *gate, const char *sql,
	const char *const *parameters, size_t n, gate_step *next)
{
	const bool first = asks_first(session, gate);

	gate->asked = next;
	gate->in_place |= first && gate->type == FRONTEND_EXECUTE;
	gate->failed = false;
	inject_statement(session, sql, parameters, n, in_batch(gate) ? OWED_RELAY_ERROR : 0);
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
		NULL, 0, next);
}

/* ---- what changes keep ---- */

static const char *items_json(struct arena *arena, const struct taken_back *items, size_t n)
{
	json_t *array = json_array();
	char *text;
	const char *copy;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array,
			json_pack("{s:I, s:s, s:s, s:b}", "relation", (json_int_t)items[i].relation,
				"kind", items[i].constraint ? "constraints" : "columns", "name",
				items[i].name, "only_default", items[i].only_default));
	text = json_dumps(array, JSON_COMPACT | JSON_ENSURE_ASCII);
	copy = arena_strdup(arena, text);
	free(text);
	json_decref(array);
	return copy;
}

static void ask_kept(struct session *session, struct gate *gate)
{
	size_t n;
	const struct taken_back *items = taken_back(&gate->arena, &gate->stmts, &gate->facts, &n);
	const char *parameter = items_json(&gate->arena, items, n);

	ask(session, gate, "SELECT phasegate.demand_unkept($1::pg_catalog.jsonb)", &parameter, 1,
		gate->unkept);
}

/* Without an engine nothing makes again what is taken back. */
static void nobody_keeps(struct session *session, struct gate *gate)
{
	gate->unkept(session, gate);
}

void carry_unkept(struct session *session, struct gate *gate, gate_step *next)
{
	size_t n = 0;

	gate->unkept = next;
	if (gate->facts.changes_recorded && session->worker->proxy->engine != NULL)
		taken_back(&gate->arena, &gate->stmts, &gate->facts, &n);
	if (n == 0) {
		next(session, gate);
		return;
	}
	gate->usable = ask_kept;
	gate->unusable = nobody_keeps;
	carry_with_engine(session, gate);
}

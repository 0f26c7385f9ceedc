/* SPDX-License-Identifier: PostgreSQL */
#include "plan_obstacle.h"

#include <stddef.h>

const char *plan_obstacle(const struct decide_input *input, const struct stmt *stmt,
	const struct plan *plan, const struct facts *facts)
{
	if (stmt->inside_code)
		return "it stands in a DO block or a function; send it as a statement of its own";
	if (plan == NULL)
		return "it has no safe form as a whole; send its parts as statements of their own";
	if (!input->separate && !facts->known)
		return "nothing could be looked up in the catalog";
	if (!input->engine_available)
		return input->engine_unavailable_because == NULL
			       ? "phasegate does not carry out changes here"
			       : input->engine_unavailable_because;
	if (!input->separate && input->stmts->n > 1)
		return "it stands with other statements in one message; send it alone";
	if (facts->in_transaction && !plan->deferrable)
		return plan->not_deferrable_because == NULL
			       ? "it needs to stand outside a transaction; COMMIT first"
			       : plan->not_deferrable_because;
	return NULL;
}

/* PostgreSQL lets these run in a read-only transaction (ClassifyUtilityCommandAsReadOnly). */
static bool runs_read_only(const struct stmt *stmt)
{
	static const enum action_kind kinds[] = {
		ACTION_REINDEX, ACTION_CLUSTER, ACTION_VACUUM, ACTION_VACUUM_FULL};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (stmt->actions[0].kind == kinds[i])
			return true;
	return false;
}

bool plan_writes_read_only(
	const struct decide_input *input, const struct stmt *stmt, const struct facts *facts)
{
	return facts->read_only && !input->separate && input->stmts->n == 1 &&
	       !runs_read_only(stmt);
}

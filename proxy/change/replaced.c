/* SPDX-License-Identifier: PostgreSQL */
/*
 * The plan of a change that replaces a column takes along what stood on it when the plan was made.
 * What others did to it since would go with the old column: so before that goes, and under the lock
 * by which it goes, it is compared with what it was.
 */
#include "run.h"

#include "decide.h"

static bool goes(const struct step_record *steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (steps[i].final && steps[i].status != STATUS_DONE)
			return true;
	return false;
}

static int compare(struct run *run, const char *column)
{
	const char *how;

	if (run_ask(run, "SELECT phasegate.replaced_differs($1::pg_catalog.int8)", &how) < 0)
		return -1;
	run->differs = how != NULL;
	if (how == NULL)
		return 0;
	control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
		"column \"%s\" of table %s was changed while it was being replaced", column,
		name_text(run->arena, &run->change.table));
	run->main.error.detail = arena_printf(run->arena, "Would be lost: %s.", how);
	return -1;
}

int run_check_replaced(struct run *run, const struct step_record *steps, size_t n)
{
	const char *column;

	if (!goes(steps, n))
		return 0;
	/* NULL: it replaces none, or was recorded before anybody took note of it. */
	if (run_ask(run,
		    "SELECT replaced ->> 'column' FROM phasegate.change"
		    " WHERE id = $1::pg_catalog.int8",
		    &column) < 0)
		return -1;
	if (column == NULL)
		return 0;
	run->step = steps;
	/* It runs nobody's code, so nothing is pinned again: that would end this lock_timeout. */
	if (run_as_submitter(run,
		    arena_printf(run->arena, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE",
			    name_sql(run->arena, &run->change.table)),
		    NULL) < 0)
		return -1;
	return compare(run, column);
}

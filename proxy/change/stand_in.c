/* SPDX-License-Identifier: PostgreSQL */
/*
 * A view that stands in for a table goes when the change ends, and takes along what it was granted
 * or given meanwhile: past phasegate, or in a transaction too old to see the change.  So before it
 * goes it is compared with what it was when the change began to soak.
 */
#include "run.h"

#include "decide.h"

int stand_in_check(struct run *run)
{
	const char *how;

	if (run->change.moved.name == NULL)
		return 0;
	if (run_ask(run, "SELECT phasegate.stand_in_differs($1::pg_catalog.int8)", &how) < 0)
		return -1;
	if (how == NULL)
		return 0;
	control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
		"view %s, which stands in for the table, was changed and is about to go",
		name_text(run->arena, &run->change.table));
	run->main.error.detail = arena_printf(run->arena, "Would be lost: %s.", how);
	run->main.error.hint =
		arena_printf(run->arena, "Take it back on the view, and do it to table %s instead.",
			name_text(run->arena, &run->change.moved));
	return -1;
}

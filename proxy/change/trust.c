/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the client's transaction is said to have done is looked at once, before anything builds on
 * it.  What it took back is done again, but for the default of a new column, which is no more than
 * what the rows that were there are filled with: ADD COLUMN with a default and DROP DEFAULT, as
 * migrations are written, ends without one.
 */
#include "run.h"

#include <string.h>

static bool sets_default(const struct step_record *step)
{
	return strstr(step->sql, " ALTER COLUMN ") != NULL &&
	       strstr(step->sql, " SET DEFAULT ") != NULL;
}

/* From now on nobody asks whether it holds. */
static int let_go(struct run *run, struct step_record *step)
{
	if (store_let_go(&run->main, &run->change, step) < 0)
		return -1;
	step->probe = NULL;
	return 0;
}

static bool untouched(const struct change_record *change)
{
	for (size_t i = 0; i < change->n_steps; i++)
		if (!change->steps[i].by_client && change->steps[i].status != STATUS_PENDING)
			return false;
	return true;
}

int run_trust_client(struct run *run)
{
	struct change_record *change = &run->change;
	bool holds, all_hold = true;

	if (!untouched(change))
		return 0;
	for (size_t i = 0; i < change->n_steps; i++) {
		struct step_record *step = &change->steps[i];

		if (!step->by_client || step->probe == NULL)
			continue;
		if (run_probe(run, step->probe, &holds) < 0)
			return -1;
		if (!holds && all_hold && sets_default(step)) {
			if (let_go(run, step) < 0)
				return -1;
			continue;
		}
		all_hold = all_hold && holds;
		if (!holds)
			step->status = STATUS_PENDING;
	}
	return 0;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * A statement whose change another phasegate carries out: the same one sent through two proxies, or
 * one whose proxy lost its claim.  Its client waits here for the end, as if it were ours, and hears
 * what the record says meanwhile.
 */
#include "run.h"

enum { LOOK_EVERY_MS = 500 };

static void say_state(struct run *run)
{
	struct arena arena = {0};
	PGresult *result = CONTROL_QUERY(&run->main,
		"SELECT pg_catalog.concat_ws(', ', COALESCE(c.stage, c.state), 'waiting for '"
		" || c.waiting_for, (SELECT pg_catalog.format('%s of about %s rows',"
		"  pg_catalog.sum(f.rows_changed), pg_catalog.ceil(pg_catalog.sum(f.est_rows)))"
		"  FROM phasegate.backfill f WHERE f.change_id = c.id HAVING pg_catalog.count(*) > "
		"0))"
		" FROM phasegate.change c WHERE c.id = $1::pg_catalog.int8",
		arena_printf(&arena, "%lld", (long long)run->change.id));

	if (result != NULL && PQntuples(result) == 1)
		run_say(run, false, "carried out elsewhere: %s", PQgetvalue(result, 0, 0));
	PQclear(result);
	arena_free(&arena);
}

/* A change that others began is theirs to cancel.  Asked for once, the end is waited for. */
static enum run_end take_cancel(struct run *run, bool begun_here, bool *asked)
{
	if (*asked || !atomic_load(run->cancel))
		return RUN_BUSY;
	if (!begun_here)
		return RUN_LEFT;
	*asked = true;
	store_ask_abort(&run->main, run->change.id);
	return RUN_BUSY;
}

enum run_end attend(struct run *run, int64_t id, bool begun_here)
{
	enum run_end end;
	bool asked = false, worked = false;

	while ((end = run_change(run, id)) == RUN_BUSY) {
		worked |= run->worked;
		if (take_cancel(run, begun_here || worked, &asked) == RUN_LEFT)
			return RUN_LEFT;
		say_state(run);
		run->undoing = asked;
		if (run_sleep(run, LOOK_EVERY_MS) < 0 && atomic_load(&run->engine->stopping))
			return RUN_STOPPED;
	}
	run->worked |= worked;
	return end;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Clients that a trigger of the change makes slow, as breaker.c has those that it fails.  Asked
 * whenever the change hears operators: through pauses and waits, too, since the trigger is there
 * all the while.  A phasegate that takes the change over knows no time before the trigger, and
 * keeps out of it.
 */
#include <string.h>

#include "debug_log.h"
#include "run.h"

static bool adds_trigger(const struct step_record *step)
{
	static const char start[] = "CREATE TRIGGER ";

	return strncmp(step->sql, start, sizeof(start) - 1) == 0;
}

/* The client's own transaction made it a moment ago. */
static bool trigger_to_come(const struct change_record *change)
{
	for (size_t i = 0; i < change->n_steps; i++)
		if (adds_trigger(&change->steps[i]))
			return change->steps[i].status != STATUS_DONE || change->steps[i].by_client;
	return false;
}

void slowed_begin(struct run *run)
{
	struct calm_counts before, counts;

	if (run->slowed.all != NULL || run->engine->latency == NULL ||
		!trigger_to_come(&run->change))
		return;
	table_watch_begin(&run->slowed, run->engine->latency->tables, run->database,
		run->change.table.name, engine_now_ms());
	table_watch_hour(&run->slowed, &before, engine_now_ms());
	table_watch_calm(&run->slowed, &counts);
	slowness_begin(&run->slowness, &before, &counts, engine_now_ms());
}

void slowed_end(struct run *run)
{
	table_watch_end(&run->slowed, engine_now_ms());
}

static void take_back(struct run *run, struct control *side)
{
	struct arena arena = {0};
	const char *reason = arena_printf(&arena,
		"taken back, because statements of clients on its table take %.0f ms with its "
		"trigger (p95 of those that met no batch), and took %.1f ms before",
		run->slowness.now_us / 1000, run->slowness.before_us / 1000);

	if (store_break_off(side, &run->change, reason) == 0)
		log_warn("database \"%s\": change %lld is %s", run->database,
			(long long)run->change.id, reason);
	arena_free(&arena);
}

void slowed_look(struct run *run, struct control *side)
{
	struct calm_counts counts;

	if (run->slowed.all == NULL || run->undoing || run->change.abort)
		return;
	table_watch_calm(&run->slowed, &counts);
	if (slowness_lasts(&run->slowness, &counts, run->tuning.client_slowdown_times,
		    run->tuning.client_slowdown_ms, engine_now_ms()))
		take_back(run, side);
}

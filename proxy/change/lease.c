/* SPDX-License-Identifier: PostgreSQL */
#include "lease.h"

#include "run.h"

static int set_lease(struct control *control, const struct change_record *change, int ms)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"UPDATE phasegate.change SET lease_until = pg_catalog.clock_timestamp()"
		" + $3::pg_catalog.int4 * interval '1 ms' WHERE id = $1::pg_catalog.int8"
		" AND epoch = $2::pg_catalog.int8 AND finished_at IS NULL",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch,
		arena_printf(&arena, "%d", ms));

	arena_free(&arena);
	return changed < 0 ? -1 : 0;
}

/* On a connection beside the one that works, so that a long step does not stop it. */
void lease_keep(struct run *run)
{
	int64_t now = engine_now_ms();
	struct control *side;
	struct control_error error = run->main.error;

	if (!run->claimed || now - run->renewed_ms < run->tuning.lease_ms / LEASE_RENEWALS)
		return;
	run->renewed_ms = now;
	side = run_side(run);
	if (side != NULL)
		set_lease(side, &run->change, run->tuning.lease_ms);
	if (!run->main.lost)
		run->main.error = error;
}

void lease_give_up(struct run *run)
{
	set_lease(&run->main, &run->change, 0);
}

int lease_break(struct run *run, int64_t id)
{
	struct arena arena = {0};
	PGresult *result = CONTROL_QUERY(&run->main,
		"SELECT pg_catalog.pg_terminate_backend(a.pid) FROM phasegate.change c"
		" JOIN pg_catalog.pg_stat_activity a ON a.pid = c.owner_pid"
		" AND a.backend_start = c.owner_backend_start WHERE c.id = $1::pg_catalog.int8"
		" AND c.finished_at IS NULL AND c.lease_until < pg_catalog.clock_timestamp()",
		arena_printf(&arena, "%lld", (long long)id));

	arena_free(&arena);
	PQclear(result);
	return result == NULL ? -1 : 0;
}

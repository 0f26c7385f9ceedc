/* SPDX-License-Identifier: PostgreSQL */
/* The part of the record through which people and changes talk. */
#include "store.h"

#include <stdio.h>

#include "arena.h"

int store_steering(
	struct control *control, const struct change_record *change, struct steering *steering)
{
	struct arena arena = {0};
	PGresult *result = CONTROL_QUERY(control,
		"SELECT c.wanted IS NOT DISTINCT FROM 'abort', (SELECT p.set_by"
		"  FROM phasegate.control p WHERE p.paused"
		"  AND p.scope IN ('global', c.id::pg_catalog.text) ORDER BY p.scope LIMIT 1)"
		" FROM phasegate.change c WHERE c.id = $1::pg_catalog.int8"
		" AND c.epoch = $2::pg_catalog.int8",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch);
	int status = -1;

	arena_free(&arena);
	if (result == NULL)
		return -1;
	if (PQntuples(result) == 1) {
		*steering = (struct steering){
			.abort = PQgetvalue(result, 0, 0)[0] == 't',
			.paused = !PQgetisnull(result, 0, 1),
		};
		snprintf(steering->paused_by, sizeof(steering->paused_by), "%s",
			PQgetvalue(result, 0, 1));
		status = 0;
	} else {
		control_fail(control, STORE_FENCED, "another phasegate has taken the change over");
	}
	PQclear(result);
	return status;
}

int store_waiting(struct control *control, const struct change_record *change, const char *what)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"UPDATE phasegate.change SET waiting_for = $3::pg_catalog.text,"
		" waiting_since = CASE WHEN $3::pg_catalog.text IS NULL THEN NULL"
		" WHEN waiting_for = $3::pg_catalog.text THEN waiting_since"
		" ELSE pg_catalog.clock_timestamp() END"
		" WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch, what);

	arena_free(&arena);
	return changed < 0 ? -1 : 0;
}

int store_blockers(struct control *control, const struct change_record *change,
	const struct step_record *step, const char *json)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"UPDATE phasegate.step SET last_blockers = $3::pg_catalog.jsonb"
		" WHERE change_id = $1::pg_catalog.int8 AND ord = $2::pg_catalog.int4",
		arena_printf(&arena, "%lld", (long long)change->id),
		arena_printf(&arena, "%d", step->ord), json);

	arena_free(&arena);
	return changed < 0 ? -1 : 0;
}

int store_ask_abort(struct control *control, int64_t id)
{
	struct arena arena = {0};
	int64_t asked = CONTROL_CHANGE(control, "SELECT phasegate.abort($1::pg_catalog.int8)",
		arena_printf(&arena, "%lld", (long long)id));

	arena_free(&arena);
	return asked < 0 ? -1 : 0;
}

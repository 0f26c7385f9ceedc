/* SPDX-License-Identifier: PostgreSQL */
/* The part of the record through which people and changes talk. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

#include "arena.h"

int store_steering(
	struct control *control, const struct change_record *change, struct steering *steering)
{
	struct arena arena = {0};
	PGresult *result = CONTROL_QUERY(control,
		"SELECT c.wanted IS NOT DISTINCT FROM 'abort', (SELECT p.set_by"
		"  FROM phasegate.control p WHERE p.paused"
		"  AND p.scope IN ('global', c.id::pg_catalog.text) ORDER BY p.scope LIMIT 1),"
		" c.broken_off, c.wanted IS NOT DISTINCT FROM 'retry'"
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
			.retry = PQgetvalue(result, 0, 3)[0] == 't',
		};
		snprintf(steering->paused_by, sizeof(steering->paused_by), "%s",
			PQgetvalue(result, 0, 1));
		snprintf(steering->broken_off, sizeof(steering->broken_off), "%s",
			PQgetvalue(result, 0, 2));
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

int store_break_off(struct control *control, const struct change_record *change, const char *reason)
{
	struct arena arena = {0};
	int64_t broken = CONTROL_CHANGE(control,
		"WITH broken AS (UPDATE phasegate.change c SET wanted = 'abort', broken_off = $3"
		"  WHERE c.id = $1::pg_catalog.int8 AND c.epoch = $2::pg_catalog.int8"
		"  AND c.finished_at IS NULL AND c.state <> 'undoing'"
		"  AND c.wanted IS DISTINCT FROM 'abort' AND NOT EXISTS (SELECT FROM "
		"phasegate.step s"
		"   WHERE s.change_id = c.id AND s.final AND s.status = 'done') RETURNING c.id)"
		" SELECT phasegate.note(id, 'break off',"
		" pg_catalog.jsonb_build_object('reason', $3)) FROM broken",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch, reason);

	arena_free(&arena);
	return broken == 1 ? 0 : -1;
}

int store_retried(struct control *control, const struct change_record *change)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"UPDATE phasegate.change SET wanted = NULL WHERE wanted = 'retry'"
		" AND id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch);

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

/* ---- what stops for people ---- */

int store_stuck(struct control *control, const struct change_record *change, const char *state,
	const struct control_error *error, bool aborted)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"WITH held AS (UPDATE phasegate.change SET state = $3, fix = NULL,"
		"  wanted = CASE WHEN wanted = 'abort' AND NOT $10::pg_catalog.bool THEN wanted "
		"END,"
		"  state_since = pg_catalog.clock_timestamp(), lease_until = NULL,"
		"  waiting_for = 'retry or abort', waiting_since = pg_catalog.clock_timestamp(),"
		"  error_sqlstate = $4, error_message = $5, error_detail = $6, error_hint = $7,"
		"  bad_table = $8, bad_rows = $9"
		"  WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8 RETURNING id)"
		" INSERT INTO phasegate.event (change_id, kind, detail) SELECT id, $3,"
		" pg_catalog.jsonb_build_object('sqlstate', $4, 'message', $5) FROM held",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch, state,
		error->sqlstate, error->message, error->detail, error->hint, change->bad_table,
		change->bad_rows, aborted ? "true" : "false");

	arena_free(&arena);
	if (changed == 0)
		control_fail(control, STORE_FENCED, "another phasegate has taken the change over");
	return changed == 1 ? store_unassume(control, change->id) : -1;
}

int store_violations(struct control *control, const struct change_record *change,
	const struct step_record *step, uint32_t relid, const char *keys_json, const char *reason)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"INSERT INTO phasegate.violation (change_id, ord, relid, key, reason)"
		" SELECT c.id, $3::pg_catalog.int4, $4::pg_catalog.oid, k.key, $6"
		" FROM phasegate.change c, pg_catalog.jsonb_array_elements($5::pg_catalog.jsonb) k "
		"(key)"
		" WHERE c.id = $1::pg_catalog.int8 AND c.epoch = $2::pg_catalog.int8"
		" ON CONFLICT DO NOTHING",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch,
		arena_printf(&arena, "%d", step->ord), arena_printf(&arena, "%u", relid), keys_json,
		reason);

	arena_free(&arena);
	return changed < 0 ? -1 : 0;
}

int store_count_violations(struct control *control, int64_t id, int64_t *n)
{
	struct arena arena = {0};
	PGresult *result = CONTROL_QUERY(control,
		"SELECT pg_catalog.count(*) FROM phasegate.violation"
		" WHERE change_id = $1::pg_catalog.int8",
		arena_printf(&arena, "%lld", (long long)id));

	arena_free(&arena);
	if (result == NULL)
		return -1;
	*n = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return 0;
}

/* Of one leaf: the first that has any. */
static const char violating_sql[] =
	"SELECT pg_catalog.format('%I.%I', f.nspname, f.relname), pg_catalog.format('(%s) IN (%s)',"
	" (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(k), ', ' ORDER BY n)"
	"  FROM pg_catalog.unnest(f.key_columns::pg_catalog.text[]) WITH ORDINALITY u (k, n)),"
	" (SELECT pg_catalog.string_agg('(' || (SELECT pg_catalog.string_agg("
	"   pg_catalog.quote_literal(e.x), ', ' ORDER BY e.n)"
	"   FROM pg_catalog.jsonb_array_elements_text(v.key) WITH ORDINALITY e (x, n)) || ')', ', "
	"')"
	"  FROM phasegate.violation v WHERE v.change_id = f.change_id AND v.ord = f.ord"
	"  AND v.relid = f.relid))"
	" FROM phasegate.backfill f WHERE f.change_id = $1::pg_catalog.int8"
	" AND f.ord = $2::pg_catalog.int4 AND f.key_columns <> '{}' AND EXISTS (SELECT"
	"  FROM phasegate.violation v WHERE v.change_id = f.change_id AND v.ord = f.ord"
	"  AND v.relid = f.relid) ORDER BY f.relid LIMIT 1";

int store_violating(struct control *control, struct arena *arena,
	const struct change_record *change, const struct step_record *step, const char **table,
	const char **condition)
{
	PGresult *result = CONTROL_QUERY(control, violating_sql,
		arena_printf(arena, "%lld", (long long)change->id),
		arena_printf(arena, "%d", step->ord));

	*table = *condition = NULL;
	if (result == NULL)
		return -1;
	if (PQntuples(result) == 1) {
		*table = control_value(arena, result, 0, 0);
		*condition = control_value(arena, result, 0, 1);
	}
	PQclear(result);
	return 0;
}

int store_forget_violations(struct control *control, const struct change_record *change)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"WITH held AS (UPDATE phasegate.change SET fix = NULL, bad_table = NULL, bad_rows "
		"= NULL"
		"  WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8 RETURNING id),"
		" forgotten AS (DELETE FROM phasegate.violation v USING held"
		"  WHERE v.change_id = held.id RETURNING v.change_id, v.ord, v.relid),"
		" again AS (UPDATE phasegate.backfill f SET done = false, last_key = NULL, hi_key "
		"= NULL"
		"  FROM (SELECT DISTINCT change_id, ord, relid FROM forgotten) v"
		"  WHERE f.change_id = v.change_id AND f.ord = v.ord AND f.relid = v.relid)"
		" SELECT FROM held",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch);

	arena_free(&arena);
	if (changed == 0)
		control_fail(control, STORE_FENCED, "another phasegate has taken the change over");
	return changed == 1 ? 0 : -1;
}

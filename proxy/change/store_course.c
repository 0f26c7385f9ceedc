/* SPDX-License-Identifier: PostgreSQL */
/* The part of the record that moves: stages, steps, and how a change ends. */
#include "store.h"

#include <string.h>

#include "arena.h"
#include "store_text.h"

/* A statement that must hit so many rows, or the epoch is no longer ours. */
static int expect_rows(struct control *control, int64_t changed, int64_t rows)
{
	if (changed < 0)
		return -1;
	if (changed == rows)
		return 0;
	control_fail(control, STORE_FENCED, "another phasegate has taken the change over");
	return -1;
}

static int expect_one(struct control *control, int64_t changed)
{
	return expect_rows(control, changed, 1);
}

int store_stage(struct control *control, const struct change_record *change, const char *state,
	const char *stage)
{
	char id[NUMBER_BYTES];

	return expect_one(
		control, CONTROL_CHANGE(control,
				 "UPDATE phasegate.change SET state = $3, stage = $4,"
				 " wanted = CASE WHEN wanted = 'abort' THEN wanted END,"
				 " error_sqlstate = NULL, error_message = NULL,"
				 " error_detail = NULL, error_hint = NULL, state_since ="
				 " CASE WHEN state = $3 THEN state_since ELSE "
				 "pg_catalog.clock_timestamp() END"
				 " WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8",
				 number(id, change->id), change->epoch, state, stage));
}

/* {1,3}: the ordinals of those skipped. */
static const char *skipped_list(
	struct arena *arena, const struct step_record *steps, size_t n, const bool *skipped)
{
	const char *list = "";

	for (size_t i = 0; skipped != NULL && i < n; i++)
		if (skipped[i])
			list = arena_printf(
				arena, "%s%s%d", list, *list != '\0' ? "," : "", steps[i].ord);
	return arena_printf(arena, "{%s}", list);
}

int store_steps(struct control *control, const struct change_record *change,
	const struct step_record *steps, size_t n, enum step_status status, const bool *skipped)
{
	char id[NUMBER_BYTES], first[NUMBER_BYTES], last[NUMBER_BYTES];
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"WITH held AS (SELECT id FROM phasegate.change WHERE id = $1::pg_catalog.int8"
		"  AND epoch = $2::pg_catalog.int8 FOR UPDATE),"
		" noted AS (INSERT INTO phasegate.event (change_id, kind, detail)"
		"  SELECT id, 'step ' || $4, pg_catalog.jsonb_build_object('step', ord) FROM held,"
		"  pg_catalog.generate_series($3::pg_catalog.int4, $6::pg_catalog.int4) g (ord)"
		"  WHERE $4 <> 'intent')"
		" UPDATE phasegate.step s SET status = $4,"
		" skipped = s.ord = ANY ($5::pg_catalog.int4[]),"
		" started_at = CASE WHEN $4 = 'intent' AND s.status <> 'intent'"
		"  THEN pg_catalog.clock_timestamp()"
		"  ELSE s.started_at END,"
		" finished_at = CASE WHEN $4 IN ('done', 'undone', 'failed')"
		"  THEN pg_catalog.clock_timestamp() END"
		" FROM held WHERE s.change_id = held.id"
		" AND s.ord BETWEEN $3::pg_catalog.int4 AND $6::pg_catalog.int4",
		number(id, change->id), change->epoch, number(first, steps[0].ord),
		step_status_names[status], skipped_list(&arena, steps, n, skipped),
		number(last, steps[n - 1].ord));

	arena_free(&arena);
	return expect_rows(control, changed, (int64_t)n);
}

int store_step(struct control *control, const struct change_record *change,
	const struct step_record *step, enum step_status status, bool skipped)
{
	return store_steps(control, change, step, 1, status, &skipped);
}

int store_let_go(struct control *control, const struct change_record *change,
	const struct step_record *step, const struct step_record *last)
{
	char id[NUMBER_BYTES], ord[NUMBER_BYTES], last_ord[NUMBER_BYTES];

	return expect_one(control,
		CONTROL_CHANGE(control,
			"WITH held AS (SELECT id FROM phasegate.change"
			"  WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8 FOR "
			"UPDATE),"
			" again AS (UPDATE phasegate.step s SET status = 'pending', by_client = "
			"false,"
			"  undo = $5, finished_at = NULL FROM held WHERE s.change_id = held.id"
			"  AND s.ord = $3::pg_catalog.int4)"
			" INSERT INTO phasegate.step (change_id, ord, kind, sql, undo, lock_mode, "
			"purpose,"
			"  with_previous, by_client)"
			" SELECT id, $4::pg_catalog.int4, 'catalog', $5, '', $6, $7,"
			"  $8::pg_catalog.bool, false FROM held",
			number(id, change->id), change->epoch, number(ord, step->ord),
			number(last_ord, last->ord), last->sql, last->lock, last->purpose,
			last->with_previous ? "true" : "false"));
}

int store_attempt(struct control *control, const struct change_record *change,
	const struct step_record *step, const char *blockers_json)
{
	char id[NUMBER_BYTES], ord[NUMBER_BYTES], sqlstate[6];

	memcpy(sqlstate, control->error.sqlstate, sizeof(sqlstate));
	return expect_one(control,
		CONTROL_CHANGE(control,
			"UPDATE phasegate.step s SET attempts = s.attempts + 1, last_sqlstate = $4,"
			" last_blockers = $5::pg_catalog.jsonb FROM phasegate.change c"
			" WHERE c.id = $1::pg_catalog.int8 AND c.epoch = $2::pg_catalog.int8"
			" AND s.change_id = c.id AND s.ord = $3::pg_catalog.int4",
			number(id, change->id), change->epoch, number(ord, step->ord), sqlstate,
			blockers_json));
}

int store_stopped(struct control *control, const struct change_record *change,
	const struct control_error *error, bool cancelled)
{
	char id[NUMBER_BYTES];

	return expect_one(control,
		CONTROL_CHANGE(control,
			"WITH stopped AS (UPDATE phasegate.change SET state = 'undoing', stage = "
			"'undoing',"
			"  state_since = pg_catalog.clock_timestamp(),"
			"  stopped_by_cancel = $3::pg_catalog.bool, error_sqlstate = $4,"
			"  error_message = $5, error_detail = $6, error_hint = $7"
			"  WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8 "
			"RETURNING id)"
			" INSERT INTO phasegate.event (change_id, kind, detail) SELECT id, "
			"'undoing',"
			" pg_catalog.jsonb_build_object('sqlstate', $4, 'message', $5) FROM "
			"stopped",
			number(id, change->id), change->epoch, cancelled ? "true" : "false",
			error->sqlstate, error->message, error->detail, error->hint));
}

int store_unassume(struct control *control, int64_t id)
{
	char id_text[NUMBER_BYTES];
	PGresult *result = CONTROL_QUERY(
		control, "SELECT phasegate.unassume($1::pg_catalog.int8)", number(id_text, id));

	PQclear(result);
	return result == NULL ? -1 : 0;
}

int store_soak(struct control *control, const struct change_record *change,
	const struct step_record *step, const struct control_error *error, int release_after_ms,
	bool aborted)
{
	static const struct control_error none;
	char id[NUMBER_BYTES], ord[NUMBER_BYTES], ms[NUMBER_BYTES];

	if (error == NULL)
		error = &none;
	if (expect_one(control,
		    CONTROL_CHANGE(control,
			    "WITH held AS (UPDATE phasegate.change SET state = 'soaking', stage = "
			    "$4,"
			    "  state_since = pg_catalog.clock_timestamp(),"
			    "  stand_in = COALESCE(stand_in, phasegate.view_state(nspname, "
			    "relname)),"
			    "  wanted = CASE WHEN wanted = 'abort' AND NOT $10::pg_catalog.bool"
			    "   THEN wanted END,"
			    "  waiting_for = 'its release',"
			    "  waiting_since = pg_catalog.clock_timestamp(), lease_until = NULL,"
			    "  error_sqlstate = NULLIF($5, ''), error_message = $6,"
			    "  error_detail = $7, error_hint = $8,"
			    "  release_at = pg_catalog.clock_timestamp()"
			    "   + $9::pg_catalog.int8 * interval '1 ms'"
			    "  WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8"
			    "  RETURNING id),"
			    " noted AS (INSERT INTO phasegate.event (change_id, kind, detail)"
			    "  SELECT id, 'soaking', pg_catalog.jsonb_build_object('step', "
			    "$3::pg_catalog.int4, 'message', $6) FROM held)"
			    " UPDATE phasegate.step s SET status = 'intent', finished_at = NULL,"
			    "  started_at = pg_catalog.clock_timestamp() FROM held"
			    "  WHERE s.change_id = held.id AND s.ord = $3::pg_catalog.int4",
			    number(id, change->id), change->epoch, number(ord, step->ord),
			    step->purpose, error->sqlstate, error->message, error->detail,
			    error->hint, release_after_ms < 0 ? NULL : number(ms, release_after_ms),
			    aborted ? "true" : "false")) < 0)
		return -1;
	return store_unassume(control, change->id);
}

int store_finish(struct control *control, const struct change_record *change, const char *state,
	const char *hint)
{
	char id[NUMBER_BYTES];

	if (expect_one(control,
		    CONTROL_CHANGE(control,
			    "WITH finished AS (UPDATE phasegate.change SET state = $3, stage = "
			    "NULL,"
			    "  error_hint = COALESCE($4, error_hint),"
			    "  waiting_for = NULL, waiting_since = NULL,"
			    "  state_since = pg_catalog.clock_timestamp(),"
			    "  finished_at = pg_catalog.clock_timestamp(), lease_until = NULL"
			    "  WHERE id = $1::pg_catalog.int8 AND epoch = $2::pg_catalog.int8 "
			    "RETURNING id)"
			    " INSERT INTO phasegate.event (change_id, kind)"
			    " SELECT id, $3 FROM finished",
			    number(id, change->id), change->epoch, state, hint)) < 0)
		return -1;
	return store_unassume(control, change->id);
}

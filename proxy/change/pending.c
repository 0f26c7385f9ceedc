/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows that are pending behind a pass.  Mostly clients wrote them meanwhile, or the walk missed
 * them: another pass fills them.  But no pass does where a trigger gives the row up or restores it,
 * or where the value itself leaves it pending (a default that is NULL).  Counting does not tell
 * these apart while clients write.  So one of the rows is written, looked at, and rolled back.
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"

enum { TRIALS = 3 }; /* a client may write the row between the two halves of one */

static int ask(struct fill *fill, const char *what, const char *behind, const char **value)
{
	struct arena *arena = fill->run->arena;

	return fill_fetch(fill->run,
		arena_printf(arena, "SELECT %s FROM ONLY %s WHERE (%s)%s", what,
			name_sql(arena, &fill->leaf->table), fill->step->fill.pending_sql, behind),
		value);
}

static int none_known(struct fill *fill, bool *none)
{
	struct run *run = fill->run;
	int64_t known;

	if (store_count_violations(&run->main, run->change.id, &known) < 0)
		return -1;
	*none = known == 0;
	return 0;
}

/* It met a lock, or gave way to somebody: that tells nothing. */
static bool got_no_answer(const struct run *run)
{
	return !run->main.lost && (run->yielding || run_transient(run));
}

/*
 * The question fails on a row that cannot be filled: unless some are known already, another pass
 * finds out which it is.
 */
static int question_failed(struct fill *fill, bool *pending)
{
	struct run *run = fill->run;
	struct control_error error = run->main.error;

	if (got_no_answer(run)) {
		*pending = true;
		return 0;
	}
	if (!stuck_by_row(run) || none_known(fill, pending) < 0)
		return -1;
	run->main.error = error;
	return *pending ? 0 : -1;
}

/* ---- the trial ---- */

static const char *trial_sql(const struct fill *fill)
{
	const struct backfill_spec *spec = &fill->step->fill;
	struct arena *arena = fill->run->arena;
	const char *table = name_sql(arena, &fill->leaf->table);

	return arena_printf(arena,
		"WITH found AS MATERIALIZED (SELECT ctid AS place FROM ONLY %s WHERE (%s) LIMIT 1"
		" FOR UPDATE SKIP LOCKED), written AS (UPDATE ONLY %s SET %s"
		" WHERE ctid OPERATOR(pg_catalog.=) (SELECT found.place FROM found)"
		" RETURNING (%s) AS pending)"
		" SELECT CASE WHEN EXISTS (SELECT FROM found) AND NOT EXISTS (SELECT FROM written"
		" WHERE written.pending IS NOT TRUE) THEN 'pending' ELSE '' END",
		table, spec->pending_sql, table, spec->set_sql, spec->pending_sql);
}

/*
 * A rule that came since then is an error in a WITH (0A000).  Others are for the next pass, which
 * meets them as well and waits, or notes the row.
 */
static int stays_pending(struct fill *fill, bool *stays)
{
	struct run *run = fill->run;
	const char *value = NULL;

	*stays = false;
	if (fill_look(run, run->arena, trial_sql(fill), &value) == 0)
		*stays = value != NULL && *value != '\0';
	else if (!run->main.lost && control_failed_with(&run->main, "0A000"))
		*stays = true;
	else if (!got_no_answer(run) && !stuck_by_row(run))
		return -1;
	return run->main.lost ? -1 : 0;
}

/* ---- the error ---- */

/* "(id) = (7)": one of the rows. */
static int name_row(struct fill *fill, const char **row)
{
	struct arena *arena = fill->run->arena;
	const char *columns = "", *texts = "", *value = NULL;

	for (size_t i = 0; i < fill->key.n; i++) {
		const char *column = quote_ident(arena, fill->key.columns[i]);

		columns = arena_printf(
			arena, "%s%s%s", columns, i > 0 ? ", " : "", fill->key.columns[i]);
		texts = arena_printf(arena, "%s, %s::pg_catalog.text", texts, column);
	}
	if (fill->key.n == 0) {
		columns = "ctid";
		texts = ", ctid::pg_catalog.text";
	}
	if (ask(fill, arena_printf(arena, "pg_catalog.concat_ws(', '%s)", texts), " LIMIT 1",
		    &value) < 0)
		return -1;
	*row = value == NULL ? NULL : arena_printf(arena, "(%s) = (%s)", columns, value);
	return 0;
}

/* With 23000 it is one of rows in the way, which people may be asked about (stuck.c). */
static void say(struct fill *fill, const char *count, const char *row)
{
	struct run *run = fill->run;
	struct control *main = &run->main;

	control_fail(main, "23000", "%s rows of %s are not filled, though they were written",
		run_count(run->arena, strtod(count, NULL)),
		name_text(run->arena, &fill->leaf->table));
	main->error.detail = arena_printf(run->arena,
		"One of them is %s. A trigger of the table gives the rows up or undoes what is "
		"written, a rule puts something else in its place, or the value is NULL itself.",
		row);
	run->change.bad_table = name_sql(run->arena, &fill->leaf->table);
	run->change.bad_rows = fill->step->fill.pending_sql;
	run->bad_relid = fill->leaf->relid;
}

/* 1: it is said; 0: by now none is pending, or nobody knows. */
static int tell(struct fill *fill)
{
	const char *count = NULL, *row = NULL;

	if (ask(fill, "CAST(pg_catalog.count(*) AS pg_catalog.text)", "", &count) < 0 ||
		name_row(fill, &row) < 0)
		return got_no_answer(fill->run) ? 0 : -1;
	if (count == NULL || row == NULL)
		return 0;
	say(fill, count, row);
	return 1;
}

/* ---- behind a pass ---- */

static int try_one(struct fill *fill)
{
	bool stays = true;

	for (int i = 0; stays && i < TRIALS; i++)
		if (stays_pending(fill, &stays) < 0)
			return -1;
	return stays && tell(fill) != 0 ? -1 : 0;
}

int pending_behind(struct fill *fill, bool *pending)
{
	struct run *run = fill->run;
	const char *value = NULL;
	bool none;

	run->yielding = false; /* what the last batch was to do */
	run->blocking_since_ms = 0;
	if (ask(fill, "'true'", " LIMIT 1", &value) < 0)
		return question_failed(fill, pending);
	*pending = value != NULL;
	if (!*pending)
		return 0;
	if (none_known(fill, &none) < 0)
		return -1;
	if (none)
		return try_one(fill);
	/* Rows known as not to be filled are; one that changed some may have left others. */
	*pending = fill->leaf->pass_changed > 0;
	return 0;
}

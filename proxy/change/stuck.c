/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a change stops for people, neither undone nor tried for ever: needs_fix, when rows are in
 * its way and the configuration says to keep what is done; needs_attention, when the table is not
 * what the plan was made for.  It stays live, and goes on by phasegate.retry.
 */
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "fix.h"
#include "key.h"
#include "run.h"

/* ---- which rows ---- */

/*
 * By the name of the constraint or unique index that the server complains of: the table, and the
 * condition under which a row of it (as t) is in the way.
 */
static const char bad_rows_sql[] =
	"SELECT x.relid::pg_catalog.regclass, x.condition, x.relid::pg_catalog.oid FROM ("
	" SELECT c.conrelid AS relid, CASE c.contype WHEN 'c' THEN"
	"  'NOT (' || pg_catalog.pg_get_expr(c.conbin, c.conrelid) || ')'"
	"  ELSE (SELECT pg_catalog.string_agg(pg_catalog.format('t.%I IS NOT NULL', a.attname),"
	"    ' AND ' ORDER BY k.n) || pg_catalog.format(' AND NOT EXISTS (SELECT FROM %s r WHERE "
	"%s)',"
	"    c.confrelid::pg_catalog.regclass, pg_catalog.string_agg(pg_catalog.format("
	"    'r.%I = t.%I', r.attname, a.attname), ' AND ' ORDER BY k.n))"
	"   FROM ROWS FROM (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey))"
	"    WITH ORDINALITY k (here, there, n)"
	"    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here"
	"    JOIN pg_catalog.pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = k.there) END"
	"  AS condition FROM pg_catalog.pg_constraint c JOIN tree ON tree.oid = c.conrelid"
	"  WHERE c.conname = $2 AND c.contype IN ('c', 'f')"
	" UNION ALL SELECT i.indrelid, (SELECT pg_catalog.format("
	"  '(%1$s) IN (SELECT %1$s FROM %2$s WHERE %3$s GROUP BY %1$s HAVING count(*) > 1) AND "
	"(%3$s)',"
	"   pg_catalog.string_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, false), ', ' ORDER "
	"BY k),"
	"   i.indrelid::pg_catalog.regclass,"
	"   COALESCE(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true'))"
	"  FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) k)"
	"  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid"
	"  JOIN tree ON tree.oid = i.indrelid WHERE ic.relname = $2 AND i.indisunique) x LIMIT 1";

/* The table and its partitions. */
static const char tree_sql[] =
	"WITH RECURSIVE tree (oid) AS (SELECT $1::pg_catalog.oid UNION"
	" SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree t ON i.inhparent = t.oid) ";

void stuck_find_rows(struct run *run)
{
	struct change_record *change = &run->change;
	struct control_error error = run->main.error;
	PGresult *result;

	if (run->main.lost || error.constraint == NULL || !change->keep_bad_rows)
		return;
	result = CONTROL_QUERY(&run->main, arena_printf(run->arena, "%s%s", tree_sql, bad_rows_sql),
		arena_printf(run->arena, "%u", change->relid), error.constraint);
	if (result != NULL && PQntuples(result) == 1) {
		change->bad_table = control_value(run->arena, result, 0, 0);
		change->bad_rows = control_value(run->arena, result, 0, 1);
		run->bad_relid = (uint32_t)strtoul(PQgetvalue(result, 0, 2), NULL, 10);
	}
	PQclear(result);
	if (!run->main.lost)
		run->main.error = error;
}

/* The key of a row as a JSON array, in SQL over t. */
static int key_sql(struct run *run, const char **sql)
{
	PGresult *result = CONTROL_QUERY(
		&run->main, key_find_sql, arena_printf(run->arena, "%u", run->bad_relid), NULL);
	struct key key = {0};
	int status = -1;

	if (result == NULL)
		return -1;
	if (PQntuples(result) == 0 || key_decode(run->arena, PQgetvalue(result, 0, 0),
					      PQgetvalue(result, 0, 1), &key) == 0)
		status = 0;
	PQclear(result);
	*sql = key.n > 0 ? "" : "t.ctid::pg_catalog.text";
	for (size_t i = 0; i < key.n; i++)
		*sql = arena_printf(run->arena, "%s%st.%s::pg_catalog.text", *sql,
			i > 0 ? ", " : "", quote_ident(run->arena, key.columns[i]));
	return status;
}

/* Some of the rows, looked up as the submitter: it may see no others. */
static int note_rows(struct run *run, const struct step_record *step)
{
	const struct change_record *change = &run->change;
	const char *key, *keys = NULL;

	if (change->bad_rows == NULL || run->bad_relid == 0)
		return 0;
	if (key_sql(run, &key) < 0 ||
		run_fetch(run, run->arena,
			arena_printf(run->arena,
				"SELECT pg_catalog.json_agg(k.key)::pg_catalog.text FROM (SELECT"
				" pg_catalog.json_build_array(%s) AS key FROM %s AS t WHERE %s "
				"LIMIT %d) k",
				key, change->bad_table, change->bad_rows, STORE_VIOLATIONS_MAX),
			&keys) < 0 ||
		control_pin(&run->main) < 0)
		return -1;
	if (keys == NULL)
		return 0;
	return store_violations(
		&run->main, change, step, run->bad_relid, keys, run->change.error.message);
}

/* ---- whether ---- */

static bool error_class(const struct run *run, const char *class)
{
	return strncmp(run->main.error.sqlstate, class, 2) == 0;
}

bool stuck_by_row(const struct run *run)
{
	/* Data exception, integrity constraint, RAISE EXCEPTION of somebody's trigger. */
	return run->change.keep_bad_rows && !run->main.lost &&
	       (error_class(run, "22") || error_class(run, "23") ||
		       control_failed_with(&run->main, "P0001"));
}

/* A column that was there when the change was submitted is not, or is of another type. */
static bool columns_differ(struct run *run)
{
	struct control_error error = run->main.error;
	const char *why = NULL;
	PGresult *result = CONTROL_QUERY(&run->main,
		"SELECT pg_catalog.format(CASE WHEN a.attname IS NULL"
		"  THEN 'column \"%s\" was dropped or renamed while the table was being changed'"
		"  ELSE 'column \"%s\" was given another type while the table was being changed' "
		"END,"
		"  k.key) FROM phasegate.change c, pg_catalog.jsonb_each_text(c.columns_before) k"
		" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = $2::pg_catalog.oid"
		"  AND a.attname = k.key AND a.attnum > 0 AND NOT a.attisdropped"
		" WHERE c.id = $1::pg_catalog.int8 AND (a.attname IS NULL"
		"  OR pg_catalog.format_type(a.atttypid, a.atttypmod) <> k.value) ORDER BY 1 LIMIT "
		"1",
		arena_printf(run->arena, "%lld", (long long)run->change.id),
		arena_printf(run->arena, "%u", run->change.relid));

	if (result != NULL && PQntuples(result) == 1)
		why = control_value(run->arena, result, 0, 0);
	PQclear(result);
	if (run->main.lost)
		return false;
	run->main.error = error;
	if (why == NULL)
		return false;
	control_fail(&run->main, SQLSTATE_CHANGE_FAILED, "%s", why);
	run->main.error.detail = error.message;
	return true;
}

/* The error may come of the table's having another name now: that is what people should hear. */
static int look_at_table(struct run *run)
{
	struct control_error error = run->main.error;

	if (run->stale || !error_class(run, "42") || run_check_table(run) < 0)
		return run->main.lost ? -1 : 0;
	run->main.error = error;
	return 0;
}

bool stuck_by_right(struct run *run)
{
	const char *restoring;

	if (run->main.lost || !control_failed_with(&run->main, "42501") ||
		run_ask(run, "SELECT phasegate.restoring_right($1::pg_catalog.int8, true)",
			&restoring) < 0 ||
		restoring == NULL)
		return false;
	run->main.error.detail =
		"Without a right that is missing the change can go neither on nor back.";
	run->main.error.hint = arena_printf(run->arena, "To give it back: %s", restoring);
	return true;
}

const char *stuck_state(struct run *run)
{
	if (run->main.lost || look_at_table(run) < 0 || run->gone)
		return NULL;
	if (run->stale || run->differs || (error_class(run, "42") && columns_differ(run)) ||
		stuck_by_right(run))
		return "needs_attention";
	return run->fix_failed || stuck_by_row(run) ? "needs_fix" : NULL;
}

/* ---- stopping, and going on ---- */

static const struct step_record *step_at(const struct run *run)
{
	const struct change_record *change = &run->change;

	for (size_t i = 0; i < change->n_steps; i++)
		if (change->steps[i].status != STATUS_DONE)
			return &change->steps[i];
	return change->steps;
}

static int record(struct run *run, const char *state)
{
	struct change_record *change = &run->change;

	/* What it shows is a help: without it the change stops all the same. */
	if (strcmp(state, "needs_fix") == 0) {
		if (control_begin(&run->main, run->tuning.lock_timeout_ms) < 0)
			return -1;
		if (note_rows(run, step_at(run)) < 0)
			control_rollback(&run->main);
		else if (control_commit(&run->main) < 0 && run->main.lost)
			return -1;
	}
	if (control_exec(&run->main, "BEGIN") < 0)
		return -1;
	if (store_stuck(&run->main, change, state, &change->error, run->undoing) == 0)
		return control_commit(&run->main);
	control_rollback(&run->main);
	return -1;
}

int stuck_under_other_name(struct run *run)
{
	const char *restoring;

	if (run_ask(run, "SELECT phasegate.restoring_name($1::pg_catalog.int8)", &restoring) < 0)
		return -1;
	if (restoring == NULL)
		return 0;
	run->main.error.hint = arena_printf(run->arena,
		"What was done can be undone under the table's own name only: %s", restoring);
	return stuck_begin(run, "needs_attention") < 0 ? -1 : 1;
}

int stuck_begin(struct run *run, const char *state)
{
	struct change_record *change = &run->change;
	long long id = (long long)change->id;
	bool rows = strcmp(state, "needs_fix") == 0;

	change->error = run->main.error;
	change->error.hint = arena_printf(run->arena,
		"%s%sChange %lld stands where it is, and nothing is undone. %s, then phasegate "
		"retry "
		"%lld%s; or take it back: phasegate abort %lld.",
		change->error.hint != NULL ? change->error.hint : "",
		change->error.hint != NULL ? "\n" : "", id,
		rows ? "Correct the rows that phasegate show lists"
		     : "Put the table back to what it was",
		id, rows && change->bad_rows != NULL ? " --fix 'column = value'" : "", id);
	if (record(run, state) < 0)
		return -1;
	run->main.error = change->error;
	run_say(run, true, "%s; %s", change->error.message, change->error.hint);
	return 0;
}

/* Of those rows only: a fix that would end the statement or comment out its WHERE is refused. */
static int set_fix(struct run *run, int64_t *rows)
{
	const struct change_record *change = &run->change;
	const char *wrong = fix_wrong(change->fix);
	int status = -1;

	if (wrong != NULL)
		control_fail(&run->main, "42601", "the fix cannot be used: %s", wrong);
	else
		status = run_as_submitter(run,
			arena_printf(run->arena, "UPDATE %s AS t SET %s\nWHERE %s",
				change->bad_table, change->fix, change->bad_rows),
			rows);
	run->fix_failed = status < 0 && !run->main.lost;
	return status;
}

static int apply_fix(struct run *run)
{
	const struct change_record *change = &run->change;
	int64_t rows = 0;

	if (change->fix != NULL && set_fix(run, &rows) < 0)
		return -1;
	if (control_pin(&run->main) < 0)
		return -1;
	if (change->fix != NULL)
		run_say(run, true, "%s rows were corrected", run_count(run->arena, (double)rows));
	return store_forget_violations(&run->main, change);
}

int stuck_end(struct run *run)
{
	struct change_record *change = &run->change;

	run->fix_failed = false;
	if (strcmp(change->state, "needs_fix") != 0)
		return 0;
	if (control_begin(&run->main, run->tuning.lock_timeout_ms) < 0)
		return -1;
	if (apply_fix(run) < 0 || control_commit(&run->main) < 0) {
		control_rollback(&run->main);
		return -1;
	}
	change->fix = change->bad_rows = change->bad_table = NULL;
	return 0;
}

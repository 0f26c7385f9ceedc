/* SPDX-License-Identifier: PostgreSQL */
/*
 * The phased form fails in other words than the statement it stands for: a helper CHECK is
 * violated where PostgreSQL would have found a null value.
 */
#include <stdio.h>
#include <string.h>

#include "run.h"

/* One that a later step drops again: the client never asked for it. */
static bool is_helper(struct run *run, const char *constraint)
{
	const char *drop =
		arena_printf(run->arena, "DROP CONSTRAINT %s", quote_ident(run->arena, constraint));
	const char *drop_if = arena_printf(
		run->arena, "DROP CONSTRAINT IF EXISTS %s", quote_ident(run->arena, constraint));

	for (size_t i = 0; i < run->change.n_steps; i++) {
		const char *sql = run->change.steps[i].sql;

		if (strstr(sql, drop) != NULL || strstr(sql, drop_if) != NULL)
			return true;
	}
	return false;
}

/* The column of CHECK (c IS NOT NULL); NULL for any other constraint. */
static char *not_null_column(struct run *run, const char *constraint)
{
	char relid[16];
	char *column = NULL;
	PGresult *result;

	snprintf(relid, sizeof(relid), "%u", run->change.relid);
	result = CONTROL_QUERY(&run->main,
		"SELECT a.attname FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_attribute a"
		" ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
		" WHERE c.conrelid = $1::pg_catalog.oid AND c.conname = $2::pg_catalog.name"
		" AND c.contype = 'c' AND pg_catalog.cardinality(c.conkey) = 1"
		" AND pg_catalog.pg_get_expr(c.conbin, c.conrelid) ="
		" pg_catalog.format('(%I IS NOT NULL)', a.attname)",
		relid, constraint);
	if (result != NULL && PQntuples(result) == 1)
		column = control_value(run->arena, result, 0, 0);
	PQclear(result);
	return column;
}

/* ATRewriteTable's error (tablecmds.c). */
static void translate_not_null(struct run *run)
{
	struct control_error error = run->main.error;
	const char *column = not_null_column(run, error.constraint);

	if (run->main.lost)
		return;
	run->main.error = error;
	if (column == NULL)
		return;
	control_fail(&run->main, "23502", "column \"%s\" of relation \"%s\" contains null values",
		column, run->change.table.name);
}

void failure_translate(struct run *run, const struct step_record *step)
{
	const struct control_error *error = &run->main.error;

	if (run->main.lost || error->constraint == NULL || step->kind == STEP_CONCURRENTLY)
		return;
	if (control_failed_with(&run->main, "23514") && is_helper(run, error->constraint))
		translate_not_null(run);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * NOT NULL without a scan under ACCESS EXCLUSIVE.  A CHECK that is NOT VALID holds its lock for
 * an instant, VALIDATE scans under SHARE UPDATE EXCLUSIVE, and SET NOT NULL believes a validated
 * CHECK (NotNullImpliedByRelConstraints in tablecmds.c, PostgreSQL 12+).
 *
 * NOT VALID spares old rows the check only until they are updated: while it stands, an UPDATE of
 * any column of a row with a null fails.  So where there is a default to fill with, rows are filled
 * before the check appears, and once more after it for the nulls written meanwhile.
 */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

/* PostgreSQL 18 calls its own constraint t_c_not_null: a name of that form would make it choose
 * another. */
const char *planner_check_name(struct planner *planner, const char *column)
{
	return choose_name(planner->arena, planner->table, planner->plan->table.name, column,
		"not_null_check");
}

static const char *already_not_null(struct planner *planner, const char *column)
{
	return probe_column(planner, column, "attnotnull");
}

struct step *planner_add_not_null_check(
	struct planner *planner, const char *column, const char *check)
{
	struct arena *arena = planner->arena;
	const char *quoted = quote_ident(arena, check);

	planner_keep_constraint(planner, &planner->plan->table, check);
	return planner_add_catalog(planner,
		arena_printf(arena, "refuse new nulls in %s; old rows are not read yet", column),
		arena_printf(arena, "%s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID",
			planner->alter, quoted, quote_ident(arena, column)),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter, quoted),
		probe_select(planner,
			probe_constraint(planner, &planner->plan->table, check, false),
			already_not_null(planner, column)));
}

struct step *planner_add_set_not_null(struct planner *planner, const char *column)
{
	struct arena *arena = planner->arena;
	const char *quoted = quote_ident(arena, column);

	return planner_add_catalog(planner,
		arena_printf(
			arena, "make %s NOT NULL; the validated check spares the scan", column),
		arena_printf(arena, "%s ALTER COLUMN %s SET NOT NULL", planner->alter, quoted),
		arena_printf(arena, "%s ALTER COLUMN %s DROP NOT NULL", planner->alter, quoted),
		probe_select(planner, already_not_null(planner, column), NULL));
}

struct step *planner_add_drop_check(struct planner *planner, const char *check)
{
	struct arena *arena = planner->arena;
	struct step *step = planner_add_catalog(planner,
		arena_printf(arena, "drop the check %s, which NOT NULL makes needless", check),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter,
			quote_ident(arena, check)),
		"", NULL);

	step->probe = arena_printf(arena, "SELECT NOT %s",
		probe_constraint(planner, &planner->plan->table, check, false));
	step->with_previous = true;
	return step;
}

/* NULL when there is nothing to fill nulls with, or no way: then VALIDATE tells of them, as the
 * plain statement would. */
static const char *fill_expression(const struct planner *planner, const char *column)
{
	const struct column_facts *facts =
		planner->table != NULL ? facts_column(planner->table, column) : NULL;

	if (facts == NULL || facts->generated || facts->default_sql == NULL ||
		strcmp(facts->default_sql, "NULL") == 0 ||
		strncmp(facts->default_sql, "NULL::", 6) == 0 ||
		planner_write_obstacle(planner->table) != NULL)
		return NULL;
	return facts->default_sql;
}

void planner_add_not_null_proof(struct planner *planner, const char *column, const char *check)
{
	const char *fill = fill_expression(planner, column);
	struct step *step;

	if (fill != NULL)
		planner_add_backfill(planner, column, fill);
	step = planner_add_not_null_check(planner, column, check);
	step->in_client_transaction = fill == NULL;
	if (fill != NULL)
		planner_add_backfill(planner, column, fill);
	planner_add_validate(
		planner, &planner->plan->table, check, false, already_not_null(planner, column));
}

/* ONLY on a parent would be refused: its children have to follow (ATPrepSetNotNull,
 * MergeWithExistingConstraint). */
static bool only_on_parent(const struct planner *planner)
{
	return planner->action->only &&
	       (planner_partitioned(planner) || planner_inherited(planner));
}

bool recipe_set_not_null(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const char *column = context->action->column;
	const char *check = planner_check_name(&planner, column);
	const char *fill = fill_expression(&planner, column);

	if (only_on_parent(&planner) || (planner_inherited(&planner) && fill != NULL))
		return false;
	if (fill != NULL)
		plan->caution = arena_printf(planner.arena,
			"rows in which %s.%s is null are given its default first, %s; PostgreSQL "
			"itself would refuse them",
			plan->table.name, column, fill);
	planner_keep_column(&planner, column);
	planner_add_not_null_proof(&planner, column, check);
	planner_add_set_not_null(&planner, column);
	planner_add_drop_check(&planner, check);
	return planner_close(&planner,
		arena_printf(planner.arena, "set %s.%s NOT NULL", plan->table.name, column));
}

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
#include "recipe_names.h"
#include "recipe_parts.h"

/* PostgreSQL 18 calls its own constraint t_c_not_null: a name of that form would make it choose
 * another. */
const char *not_null_check_name(struct kitchen *kitchen, const char *column)
{
	return choose_name(kitchen->arena, kitchen->table, kitchen->plan->table.name, column,
		"not_null_check");
}

static const char *already_not_null(struct kitchen *kitchen, const char *column)
{
	return has_column(kitchen, column, "attnotnull");
}

struct step *add_not_null_check(struct kitchen *kitchen, const char *column, const char *check)
{
	struct arena *arena = kitchen->arena;
	const char *quoted = quote_ident(arena, check);

	return add_catalog(kitchen,
		arena_printf(arena, "refuse new nulls in %s; old rows are not read yet", column),
		arena_printf(arena, "%s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID",
			kitchen->alter, quoted, quote_ident(arena, column)),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", kitchen->alter, quoted),
		probe(kitchen, has_constraint(kitchen, &kitchen->plan->table, check, false),
			already_not_null(kitchen, column)));
}

struct step *add_set_not_null(struct kitchen *kitchen, const char *column)
{
	struct arena *arena = kitchen->arena;
	const char *quoted = quote_ident(arena, column);

	return add_catalog(kitchen,
		arena_printf(
			arena, "make %s NOT NULL; the validated check spares the scan", column),
		arena_printf(arena, "%s ALTER COLUMN %s SET NOT NULL", kitchen->alter, quoted),
		arena_printf(arena, "%s ALTER COLUMN %s DROP NOT NULL", kitchen->alter, quoted),
		probe(kitchen, already_not_null(kitchen, column), NULL));
}

struct step *add_drop_check(struct kitchen *kitchen, const char *check)
{
	struct arena *arena = kitchen->arena;
	struct step *step = add_catalog(kitchen,
		arena_printf(arena, "drop the check %s, which NOT NULL makes needless", check),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", kitchen->alter,
			quote_ident(arena, check)),
		"", NULL);

	step->probe = arena_printf(arena, "SELECT NOT %s",
		has_constraint(kitchen, &kitchen->plan->table, check, false));
	step->with_previous = true;
	return step;
}

/* NULL when there is nothing to fill nulls with. */
static const char *fill_expression(const struct kitchen *kitchen, const char *column)
{
	const struct column_facts *facts =
		kitchen->table != NULL ? facts_column(kitchen->table, column) : NULL;

	if (facts == NULL || facts->generated || facts->default_sql == NULL ||
		strncmp(facts->default_sql, "NULL", 4) == 0)
		return NULL;
	return facts->default_sql;
}

void add_not_null_proof(struct kitchen *kitchen, const char *column, const char *check)
{
	const char *fill = fill_expression(kitchen, column);
	struct step *step;

	if (fill != NULL)
		add_backfill(kitchen, column, fill);
	step = add_not_null_check(kitchen, column, check);
	step->in_client_transaction = fill == NULL;
	if (fill != NULL)
		add_backfill(kitchen, column, fill);
	add_validate(
		kitchen, &kitchen->plan->table, check, false, already_not_null(kitchen, column));
}

/* ONLY on a parent would be refused: its children have to follow (ATPrepSetNotNull,
 * MergeWithExistingConstraint). */
static bool only_on_parent(const struct kitchen *kitchen)
{
	return kitchen->action->only && (is_partitioned(kitchen) || is_inherited(kitchen));
}

bool recipe_set_not_null(const struct rule_context *context, struct plan *plan)
{
	struct kitchen kitchen = kitchen_open(context, plan);
	const char *column = context->action->column;
	const char *check = not_null_check_name(&kitchen, column);

	if (only_on_parent(&kitchen) ||
		(is_inherited(&kitchen) && fill_expression(&kitchen, column) != NULL))
		return false;
	add_not_null_proof(&kitchen, column, check);
	add_set_not_null(&kitchen, column);
	add_drop_check(&kitchen, check);
	return kitchen_close(&kitchen,
		arena_printf(kitchen.arena, "set %s.%s NOT NULL", plan->table.name, column));
}

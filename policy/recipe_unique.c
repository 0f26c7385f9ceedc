/* SPDX-License-Identifier: PostgreSQL */
/*
 * UNIQUE and PRIMARY KEY over an index built concurrently.  USING INDEX wants a plain index of
 * default order, which the columns of a constraint always make.
 */
#include "arena.h"
#include "planner.h"

bool recipe_add_unique(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct constraint_def *def = context->action->constraint;
	const char *name = planner_constraint_name(&planner, def);

	if (def->using_index != NULL || !planner_index_can_replace(&planner, def) ||
		planner_constraint_exists(&planner, name) ||
		!planner_index_name_free(&planner, name))
		return false;
	planner_add_unique_index(&planner, name, def);
	planner_add_using_index(&planner, name, name, def);
	planner_not_deferrable(&planner,
		"its index has to be built outside a transaction, and until then "
		"nothing keeps duplicates out");
	return planner_close(&planner, arena_printf(planner.arena, "add unique constraint %s to %s",
					       name, plan->table.name));
}

/* ---- primary keys ---- */

/* The columns the key will be of; an index named stands for its own. */
static size_t key_columns(const struct planner *planner, const struct constraint_def *def,
	const char *const **columns)
{
	const struct index_facts *index = NULL;

	if (def->using_index == NULL) {
		*columns = def->columns;
		return def->n_columns;
	}
	if (planner->table != NULL)
		index = facts_index(planner->table, def->using_index);
	*columns = index != NULL ? index->columns : NULL;
	return index != NULL ? index->n_columns : 0;
}

static bool nullable(const struct planner *planner, const char *column)
{
	const struct column_facts *facts =
		planner->table != NULL ? facts_column(planner->table, column) : NULL;

	return facts == NULL || !facts->not_null;
}

/* Proves the nullable columns NOT NULL; checks[i] is the helper's name or NULL. */
static void prove_columns(
	struct planner *planner, const char *const *columns, size_t n, const char **checks)
{
	for (size_t i = 0; i < n; i++) {
		if (!nullable(planner, columns[i]))
			continue;
		checks[i] = planner_check_name(planner, columns[i]);
		planner_add_not_null_proof(planner, columns[i], checks[i]);
	}
}

/* One transaction: NOT NULL where it was missing, the key, and the helpers go. */
static void enforce_key(struct planner *planner, const struct constraint_def *def, const char *name,
	const char *const *columns, size_t n, const char *const *checks)
{
	size_t first = planner->plan->n_steps;
	const char *index = def->using_index != NULL ? def->using_index : name;

	for (size_t i = 0; i < n; i++)
		if (checks[i] != NULL)
			planner_add_set_not_null(planner, columns[i]);
	planner_add_using_index(planner, name, index, def);
	for (size_t i = 0; i < n; i++)
		if (checks[i] != NULL)
			planner_add_drop_check(planner, checks[i]);
	for (size_t i = first + 1; i < planner->plan->n_steps; i++)
		planner->plan->steps[i].with_previous = true;
}

/* ADD CONSTRAINT renames the index to the constraint's name; unnamed, the index gives its own. */
static const char *key_name(struct planner *planner, const struct constraint_def *def)
{
	if (def->name == NULL && def->using_index != NULL)
		return def->using_index;
	return planner_constraint_name(planner, def);
}

bool recipe_add_primary_key(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct constraint_def *def = context->action->constraint;
	const char *name = key_name(&planner, def);
	const char *const *columns;
	size_t n = key_columns(&planner, def, &columns);
	const char **checks = arena_alloc(planner.arena, (n + 1) * sizeof(*checks));

	if (n == 0 || planner_inherited(&planner) || !planner_index_can_replace(&planner, def) ||
		planner_constraint_exists(&planner, name) ||
		(def->using_index == NULL && !planner_index_name_free(&planner, name)))
		return false;
	prove_columns(&planner, columns, n, checks);
	if (def->using_index == NULL)
		planner_add_unique_index(&planner, name, def);
	enforce_key(&planner, def, name, columns, n, checks);
	planner_not_deferrable(&planner,
		"its index has to be built outside a transaction, and until then "
		"nothing keeps duplicates out");
	return planner_close(&planner,
		arena_printf(planner.arena, "add primary key %s to %s", name, plan->table.name));
}

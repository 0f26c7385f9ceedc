/* SPDX-License-Identifier: PostgreSQL */
/* CHECK and FOREIGN KEY: NOT VALID first, which locks for an instant, then VALIDATE, which lets
 * writers on. */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

static bool has_children(const struct planner *planner)
{
	return planner_partitioned(planner) || planner_inherited(planner);
}

bool recipe_add_check(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct constraint_def *def = context->action->constraint;
	const char *name = planner_constraint_name(&planner, def);
	struct step *step;

	if (planner_constraint_exists(&planner, name) ||
		(context->action->only && has_children(&planner) && !def->no_inherit))
		return false;
	step = planner_add_not_valid(&planner, &plan->table, name, def);
	step->in_client_transaction = true;
	planner_add_validate(&planner, &plan->table, name, false, NULL);
	return planner_close(&planner,
		arena_printf(planner.arena, "add check %s to %s", name, plan->table.name));
}

/* The scan by itself: behind COMMIT, or behind the commands it stood with. */
bool recipe_validate(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const char *name = context->action->name;
	const struct constraint_facts *constraint =
		context->table != NULL ? facts_constraint(context->table, name) : NULL;

	planner_add_validate(&planner, &plan->table, name,
		constraint != NULL && constraint->kind == CONSTRAINT_FOREIGN_KEY, NULL);
	return planner_close(
		&planner, arena_printf(planner.arena, "validate %s of %s", name, plan->table.name));
}

/* ---- foreign keys ---- */

/*
 * Before PostgreSQL 18 a partitioned table takes no NOT VALID foreign key
 * (ATAddForeignKeyConstraint). Its leaves do; the parent's then adopts theirs, validated as they
 * are (tryAttachPartitionForeignKey).
 */
static bool add_to_leaves(
	struct planner *planner, const char *name, const struct constraint_def *def)
{
	const struct relation_facts *table = planner->table;
	const struct name *own = &planner->plan->table;
	const char *quoted = quote_ident(planner->arena, name);

	if (planner->action->only || 2 * table->n_partitions + 1 > PLAN_STEPS_MAX)
		return false;
	for (size_t i = 0; i < table->n_partitions; i++)
		planner_add_not_valid(planner, &table->partitions[i], name, def);
	for (size_t i = 0; i < table->n_partitions; i++)
		planner_add_validate(planner, &table->partitions[i], name, true, NULL);
	planner_add_catalog(planner,
		arena_printf(planner->arena, "make %s one foreign key over all partitions", name),
		arena_printf(planner->arena, "%s ADD CONSTRAINT %s %s", planner->alter, quoted,
			def->body_sql),
		arena_printf(
			planner->arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter, quoted),
		probe_select(planner, probe_constraint(planner, own, name, true), NULL));
	planner_not_deferrable(planner,
		"every partition is validated in a transaction of its own before the "
		"foreign key of the whole table can be added");
	return true;
}

static bool not_valid_on_partitioned(const struct planner *planner)
{
	return planner->facts->server_version >= 180000;
}

bool recipe_add_foreign_key(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct constraint_def *def = context->action->constraint;
	const char *name = planner_constraint_name(&planner, def);
	struct step *step;

	if (planner_constraint_exists(&planner, name))
		return false;
	if (planner_partitioned(&planner) && !not_valid_on_partitioned(&planner)) {
		if (!add_to_leaves(&planner, name, def))
			return false;
	} else {
		step = planner_add_not_valid(&planner, &plan->table, name, def);
		step->in_client_transaction = true;
		planner_add_validate(&planner, &plan->table, name, true, NULL);
	}
	return planner_close(&planner,
		arena_printf(planner.arena, "add foreign key %s to %s", name, plan->table.name));
}

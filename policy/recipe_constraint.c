/* SPDX-License-Identifier: PostgreSQL */
/* CHECK and FOREIGN KEY: NOT VALID first, which locks for an instant, then VALIDATE, which lets
 * writers on. */
#include <string.h>

#include "arena.h"
#include "recipe_names.h"
#include "recipe_parts.h"

static bool has_children(const struct kitchen *kitchen)
{
	return is_partitioned(kitchen) || is_inherited(kitchen);
}

bool recipe_add_check(const struct rule_context *context, struct plan *plan)
{
	struct kitchen kitchen = kitchen_open(context, plan);
	const struct constraint_def *def = context->action->constraint;
	const char *name = constraint_name(&kitchen, def);
	struct step *step;

	if (constraint_name_in_use(&kitchen, name) ||
		(context->action->only && has_children(&kitchen) && !def->no_inherit))
		return false;
	step = add_not_valid(&kitchen, &plan->table, name, def);
	step->in_client_transaction = true;
	add_validate(&kitchen, &plan->table, name, false, NULL);
	return kitchen_close(&kitchen,
		arena_printf(kitchen.arena, "add check %s to %s", name, plan->table.name));
}

/* ---- foreign keys ---- */

/*
 * Before PostgreSQL 18 a partitioned table takes no NOT VALID foreign key
 * (ATAddForeignKeyConstraint). Its leaves do; the parent's then adopts theirs, validated as they
 * are (tryAttachPartitionForeignKey).
 */
static bool add_to_leaves(
	struct kitchen *kitchen, const char *name, const struct constraint_def *def)
{
	const struct relation_facts *table = kitchen->table;
	const struct name *own = &kitchen->plan->table;
	const char *quoted = quote_ident(kitchen->arena, name);

	if (kitchen->action->only || 2 * table->n_partitions + 1 > PLAN_STEPS_MAX)
		return false;
	for (size_t i = 0; i < table->n_partitions; i++)
		add_not_valid(kitchen, &table->partitions[i], name, def);
	for (size_t i = 0; i < table->n_partitions; i++)
		add_validate(kitchen, &table->partitions[i], name, true, NULL);
	add_catalog(kitchen,
		arena_printf(kitchen->arena, "make %s one foreign key over all partitions", name),
		arena_printf(kitchen->arena, "%s ADD CONSTRAINT %s %s", kitchen->alter, quoted,
			def->body_sql),
		arena_printf(
			kitchen->arena, "%s DROP CONSTRAINT IF EXISTS %s", kitchen->alter, quoted),
		probe(kitchen, has_constraint(kitchen, own, name, true), NULL));
	not_deferrable(kitchen,
		"every partition is validated in a transaction of its own before the "
		"foreign key of the whole table can be added");
	return true;
}

static bool not_valid_on_partitioned(const struct kitchen *kitchen)
{
	return kitchen->facts->server_version >= 180000;
}

bool recipe_add_foreign_key(const struct rule_context *context, struct plan *plan)
{
	struct kitchen kitchen = kitchen_open(context, plan);
	const struct constraint_def *def = context->action->constraint;
	const char *name = constraint_name(&kitchen, def);
	struct step *step;

	if (constraint_name_in_use(&kitchen, name))
		return false;
	if (is_partitioned(&kitchen) && !not_valid_on_partitioned(&kitchen)) {
		if (!add_to_leaves(&kitchen, name, def))
			return false;
	} else {
		step = add_not_valid(&kitchen, &plan->table, name, def);
		step->in_client_transaction = true;
		add_validate(&kitchen, &plan->table, name, true, NULL);
	}
	return kitchen_close(&kitchen,
		arena_printf(kitchen.arena, "add foreign key %s to %s", name, plan->table.name));
}

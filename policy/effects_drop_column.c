/* SPDX-License-Identifier: PostgreSQL */
/* DROP COLUMN: what goes along from the table and all below it, and who keeps the column. */
#include "model.h"

#include <string.h>

/* Deeper than anybody inherits. */
enum { LEVELS_MAX = 8 };

static const struct column_facts *column_of(
	const struct model *model, const struct name *table, const struct relation_facts **member)
{
	return model_find(model->facts, table, member) == PRESENT
		       ? facts_column(*member, model->action->column)
		       : NULL;
}

/* It has the column for itself, but not as its type's, from another parent, or from one that keeps
 * it. */
static bool keeps(const struct model *model, const struct name *table, int levels)
{
	const struct relation_facts *top = model->table, *member;
	const struct column_facts *column = column_of(model, table, &member);

	if (column == NULL || top->kind == 'p' || member->typed || name_equal(table, &top->name))
		return false;
	if (column->local || model_has_other_parent(model, member, column->n_parents))
		return true;
	for (size_t i = 0; i < top->n_links && levels > 0; i++)
		if (name_equal(&top->links[i].name, table) &&
			keeps(model, &top->links[i].parent, levels - 1))
			return true;
	return false;
}

bool model_keeps_column(const struct model *model, const struct relation_facts *child)
{
	return keeps(model, &child->name, LEVELS_MAX);
}

/* The column of one table; returns false when nothing is known of it, or it stays. */
static bool dropped_from(struct model *model, const struct name *table, struct dropped *dropped)
{
	const struct relation_facts *member;
	const struct column_facts *column = column_of(model, table, &member);

	if (column == NULL || keeps(model, table, LEVELS_MAX))
		return false;
	*dropped =
		(struct dropped){&column->drops, arena_printf(model->arena, "column %s of table %s",
							 column->name, member->name.name)};
	return true;
}

/*
 * ATExecDropColumn collects the columns of the children and drops all of them together, but for
 * those that a child has for itself or from another parent.
 */
void model_drop_columns(struct model *model)
{
	const struct relation_facts *table = model->table;
	size_t n_tables = table->n_partitions + table->n_partition_tree, n = 0;
	struct dropped *dropped = arena_alloc(model->arena, (n_tables + 1) * sizeof(*dropped));

	n += dropped_from(model, &table->name, dropped);
	for (size_t i = 0; i < table->n_partition_tree && !model->action->only; i++)
		if (table->partition_tree[i].kind == 'p')
			n += dropped_from(model, &table->partition_tree[i].name, &dropped[n]);
	for (size_t i = 0; i < table->n_partitions && !model->action->only; i++)
		n += dropped_from(model, &table->partitions[i], &dropped[n]);
	model_drop(model, dropped, n);
}

void model_lock_heirs(struct model *model)
{
	const struct relation_facts *table = model->table;

	for (size_t i = 0; i < table->n_partitions; i++) {
		const struct relation_facts *child;

		if (model_find(model->facts, &table->partitions[i], &child) == PRESENT &&
			relation_child(table, child))
			model_lock(model, &child->name, LOCK_ACCESS_EXCLUSIVE);
	}
}

static void keep_key(struct model *model, const struct relation_facts *member)
{
	const struct column_facts *column = facts_column(member, model->action->column);

	if (column != NULL)
		model_is_partition_key(model, member, column);
}

void model_drop_column(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (gone)
		return;
	model_lock_followers(model, model_keeps_column);
	model->effects->loses_data = true;
	model->effects->breaks_clients = true;
	if (column == NULL || model_typed(model))
		return;
	if (model_is_partition_key(model, model->table, column))
		return;
	if (column->inherited) {
		model_absent(model, "42P16", "cannot drop inherited column \"%s\"", column->name);
		return;
	}
	if (model->action->only && model->table->kind == 'p' &&
		model->table->n_partition_tree > 0) {
		model_absent(model, "42P16", "column \"%s\" must be dropped from partitions too",
			column->name);
		return;
	}
	model_each_below(model, keep_key);
	if (model->action->only)
		model_lock_heirs(model);
	if (column->n_dependents > 0)
		model_cause(model, "%s uses it", column->dependents[0]);
	model_drop_columns(model);
}

/* SPDX-License-Identifier: PostgreSQL */
/* DROP COLUMN: what goes along from the table and all below it, and who keeps the column. */
#include "model.h"

#include <string.h>

/* The column of one table; returns false when nothing is known of it. */
static bool dropped_from(struct model *model, const struct name *table, struct dropped *dropped)
{
	const struct relation_facts *member;
	const struct column_facts *column;

	if (model_find(model->facts, table, &member) != PRESENT)
		return false;
	column = facts_column(member, model->action->column);
	if (column == NULL)
		return false;
	*dropped =
		(struct dropped){&column->drops, arena_printf(model->arena, "column %s of table %s",
							 column->name, member->name.name)};
	return true;
}

/* ATExecDropColumn collects the columns of the children and drops all of them together. */
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
			name_equal(&child->parent, &table->name))
			model_lock(model, &child->name, LOCK_ACCESS_EXCLUSIVE);
	}
}

void model_drop_column(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (gone)
		return;
	model->effects->loses_data = true;
	model->effects->breaks_clients = true;
	if (column == NULL || model_typed(model))
		return;
	if (model_is_partition_key(model, column))
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
	if (model->action->only)
		model_lock_heirs(model);
	if (column->n_dependents > 0)
		model_cause(model, "%s uses it", column->dependents[0]);
	model_drop_columns(model);
}

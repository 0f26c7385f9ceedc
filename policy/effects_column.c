/* SPDX-License-Identifier: PostgreSQL */
/* What columns are told to be: ATExecSetNotNull, ATExecColumnDefault, ATExecAddIdentity and their
 * like (tablecmds.c). */
#include "model.h"

#include <string.h>

/*
 * Another command of the statement drops the same NOT NULL.  Which partitions SET NOT NULL reaches
 * was settled before that (ATPrepSetNotNull), by what is not known here any more.
 */
static bool dropped_as_well(const struct model *model)
{
	for (size_t i = 0; i < model->facts->n_commands; i++) {
		const struct action *other = model->facts->commands[i];

		if (other->kind == ACTION_DROP_NOT_NULL && other->column != NULL &&
			strcmp(other->column, model->action->column) == 0)
			return true;
	}
	return false;
}

static void scan_for_nulls(struct model *model, const struct relation_facts *member)
{
	if (model_never_null(model, member, model->action->column))
		return;
	if (model->table->kind == 'p' && dropped_as_well(model))
		model_work(model, &member->name, LOCK_NONE, WORK_MAY_SCAN);
	else
		model_scan(model, member);
}

/* ATExecCheckNotNull: with ONLY the partitions have to be so already; a CHECK does not do. */
static void check_partitions(struct model *model)
{
	const struct relation_facts *table = model->table;

	model_lock_tree(model, &table->name, LOCK_ACCESS_EXCLUSIVE);
	for (size_t i = 0; i < table->n_partitions; i++) {
		const struct relation_facts *partition;
		const struct column_facts *column;

		if (model_find(model->facts, &table->partitions[i], &partition) != PRESENT)
			continue;
		column = facts_column(partition, model->action->column);
		if (column != NULL && !column->not_null)
			model_absent(
				model, "42P16", "constraint must be added to child tables too");
	}
}

/* ATPrepSetNotNull spares the partitions when the column is NOT NULL already. */
void model_set_not_null(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (gone || (column != NULL && column->not_null && model->table->kind == 'p'))
		return;
	if (model->action->only && model->table != NULL && model->table->kind == 'p') {
		check_partitions(model);
		return;
	}
	if (!model->action->only)
		model_lock_tree(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	model_each(model, scan_for_nulls);
	if (model_never_null(model, model->table, model->action->column))
		return;
	model->effects->scan = true;
	model_cause(
		model, "no validated CHECK proves that %s holds no null", model->action->column);
}

/* Something below is a parent itself. */
static bool deep(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_links; i++)
		if (!name_equal(&table->links[i].parent, &table->name))
			return true;
	return false;
}

/* ATPrepDropExpression comes before anybody asks whether there is one; for the children of
 * children it believes that ONLY was written. */
void model_drop_expression(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (column == NULL)
		return;
	if ((model->action->only && model->table->n_partitions > 0) || deep(model->table))
		model_absent(model, "0A000", "the expression must be dropped in child tables too");
	else if (column->inherited)
		model_absent(model, "42P16",
			"cannot drop generation expression from inherited column \"%s\"",
			column->name);
	else if (!column->generated && !model->action->part_if_exists)
		model_absent(
			model, "55000", "column \"%s\" is not a generated column", column->name);
}

/* The primary key or the replica identity, when the column is in it. */
static const struct index_facts *identifying_index(
	const struct relation_facts *table, const char *column)
{
	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct index_facts *index = &table->indexes[i];

		if ((index->primary || index->replica_identity) &&
			names_contain(index->columns, index->n_columns, column))
			return index;
	}
	return NULL;
}

static bool required_above(const struct model *model, const char *name)
{
	const struct relation_facts *parent;
	const struct column_facts *column;

	if (!model->table->partition ||
		model_find(model->facts, &model->table->parent, &parent) != PRESENT)
		return false;
	column = facts_column(parent, name);
	return column != NULL && column->not_null;
}

/* ATExecDropNotNull's order. */
static void drop_not_null_of(struct model *model, const struct relation_facts *member)
{
	const struct column_facts *column = facts_column(member, model->action->column);
	const struct index_facts *index;

	if (column == NULL || !column->not_null)
		return;
	index = identifying_index(member, column->name);
	if (column->identity != 0)
		model_error(model, "42601", "column \"%s\" is an identity column", column->name);
	else if (index != NULL)
		model_error(model, "42P16", "column \"%s\" is in a primary key or replica identity",
			column->name);
	else if (member == model->table && required_above(model, column->name))
		model_error(model, "42P16", "column \"%s\" is marked NOT NULL in parent table",
			column->name);
}

void model_drop_not_null(struct model *model)
{
	bool gone;

	if (model_own_column(model, &gone) == NULL)
		return;
	if (model->action->only && model->table->kind == 'p' && model->table->n_partition_tree > 0)
		model_absent(model, "42P16", "constraint must be removed from partitions too");
	else
		drop_not_null_of(model, model->table);
	model_each_below(model, drop_not_null_of);
}

void model_set_default(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (column != NULL && column->identity != 0)
		model_absent(model, "42601", "column \"%s\" is an identity column", column->name);
	else if (column != NULL && column->generated)
		model_absent(model, "42601", "column \"%s\" is a generated column", column->name);
	else
		model_check_default(model, model->action->expr);
}

/* ATExecAddIdentity wants a column of its own kind: not null, and no default yet. */
void model_add_identity(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (column == NULL)
		return;
	if (column->base_type != NULL &&
		(column->domain || !model_sequence_type(column->base_type)))
		model_absent(model, "22023", "identity column type must be an integer");
	else if (!column->not_null)
		model_absent(model, "55000",
			"column \"%s\" must be declared NOT NULL before identity can be added",
			column->name);
	else if (column->identity != 0 || column->default_sql != NULL)
		model_absent(model, "55000", "column \"%s\" has a %s already", column->name,
			column->identity != 0 ? "sequence" : "default");
}

static const struct column_facts *identity_column(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (column == NULL || column->identity != 0)
		return column;
	if (model->action->part_if_exists)
		model->effects->noop = true;
	else
		model_absent(
			model, "55000", "column \"%s\" is not an identity column", column->name);
	return NULL;
}

/* ALTER SEQUENCE, for RESTART and the like; what is said of GENERATED alone goes there, too. */
void model_set_identity(struct model *model)
{
	const struct column_facts *column = identity_column(model);

	if (column != NULL && column->sequence.name != NULL)
		model_lock_part(model, &column->sequence, LOCK_SHARE_ROW_EXCLUSIVE, 0);
}

void model_drop_identity(struct model *model)
{
	const struct column_facts *column = identity_column(model);

	if (column != NULL && column->sequence.name != NULL)
		model_lock_part(model, &column->sequence, LOCK_ACCESS_EXCLUSIVE, 0);
}

/* renameatt_internal, which begins with the tables below. */
static void rename_in(struct model *model, const struct relation_facts *member)
{
	const struct action *action = model->action;
	const struct column_facts *column = facts_column(member, action->column);

	if (column == NULL)
		return;
	if (model_has_other_parent(model, member, column->n_parents))
		model_absent(model, "42P16", "cannot rename inherited column \"%s\" of \"%s\"",
			column->name, member->name.name);
	else if (facts_column(member, action->new_name) != NULL)
		model_absent(model, "42701", "column \"%s\" of \"%s\" already exists",
			action->new_name, member->name.name);
	else if (is_system_column(action->new_name))
		model_absent(
			model, "42701", "\"%s\" is the name of a system column", action->new_name);
}

void model_rename_column(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	model->effects->breaks_clients = !gone;
	if (column == NULL || model_typed(model))
		return;
	rename_in(model, model->table);
	if (model->action->only && model->table->n_partitions > 0)
		model_absent(model, "42P16",
			"inherited column \"%s\" must be renamed in child tables too",
			column->name);
	else
		model_each_below(model, rename_in);
}

/* Of a composite type, in its typed tables. */
void model_rename_attribute(struct model *model)
{
	model_each_below(model, rename_in);
}

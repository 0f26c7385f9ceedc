/* SPDX-License-Identifier: PostgreSQL */
/* CREATE TABLE: what its columns, parents and foreign keys need, and which tables they lock. */
#include "model.h"

#include <string.h>

static char persistence_made(const struct action *action)
{
	if (action->temporary)
		return 't';
	return action->unlogged ? 'u' : 'p';
}

/* MergeAttributes: a column that several parents have is of one type and collation. */
static void merge_columns(
	struct model *model, const struct relation_facts *one, const struct relation_facts *other)
{
	for (size_t i = 0; i < one->n_columns; i++) {
		const struct column_facts *column = facts_column(other, one->columns[i].name);

		if (column == NULL)
			continue;
		if (column->type_oid != one->columns[i].type_oid ||
			column->typmod != one->columns[i].typmod)
			model_error(model, "42804", "inherited column \"%s\" has a type conflict",
				column->name);
		else if (column->collation_oid != one->columns[i].collation_oid)
			model_error(model, "42P21",
				"inherited column \"%s\" has a collation conflict", column->name);
	}
}

/* Likewise one that is written. */
static void merge_own(struct model *model, const struct relation_facts *parent)
{
	for (size_t i = 0; i < model->action->n_columns; i++) {
		const struct column_def *own = model->action->columns[i];
		const struct column_facts *column = facts_column(parent, own->name);
		struct type_change type = type_written(model->arena, model->facts, &own->type);

		if (column != NULL && type.known && !column->domain && column->base_type != NULL &&
			strcmp(type.base, column->base_type) != 0)
			model_error(model, "42804", "column \"%s\" has a type conflict", own->name);
	}
}

/* DefineRelation looks for all of them first. */
static void lock_parents(struct model *model)
{
	const struct action *action = model->action;
	const struct relation_facts *parent;

	for (size_t i = 0; i < action->n_sources; i++) {
		if (model_find(model->facts, &action->sources[i], &parent) == ABSENT)
			model_error(model, "42P01", "relation \"%s\" does not exist",
				action->sources[i].name);
		model_lock(model, &action->sources[i], LOCK_SHARE_UPDATE_EXCLUSIVE);
	}
}

static void merge_parents(struct model *model)
{
	const struct action *action = model->action;
	const struct relation_facts *one, *other;

	lock_parents(model);
	for (size_t i = 0; i < action->n_sources; i++) {
		model_find(model->facts, &action->sources[i], &one);
		if (one == NULL)
			continue;
		if (one->partition || one->kind == 'p')
			model_error(model, "42809", "cannot inherit from \"%s\"", one->name.name);
		for (size_t k = 0; k < i; k++)
			if (model_find(model->facts, &action->sources[k], &other) == PRESENT)
				merge_columns(model, one, other);
		merge_own(model, one);
	}
}

static void check_type(struct model *model, const struct type_name *type)
{
	const struct type_facts *found;

	if (!type->serial && model_find_type(model->facts, &type->name, &found) == ABSENT)
		model_error(model, "42704", "type \"%s\" does not exist", type->name.name);
}

static size_t count_primary_keys(const struct action *action)
{
	size_t n = 0;

	for (size_t i = 0; i < action->n_columns; i++)
		for (size_t k = 0; k < action->columns[i]->n_constraints; k++)
			n += action->columns[i]->constraints[k].kind == CONSTRAINT_PRIMARY_KEY;
	for (size_t i = 0; i < action->n_constraints; i++)
		n += action->constraints[i].kind == CONSTRAINT_PRIMARY_KEY;
	return n;
}

/* transformCreateStmt, then DefineRelation. */
static void check_columns(struct model *model)
{
	const struct action *action = model->action;

	if (count_primary_keys(action) > 1)
		model_error(model, "42P16",
			"multiple primary keys for table \"%s\" are not allowed",
			action->table.name);
	for (size_t i = 0; i < action->n_columns; i++)
		check_type(model, &action->columns[i]->type);
	for (size_t i = 0; i < action->n_columns; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(action->columns[i]->name, action->columns[k]->name) == 0)
				model_error(model, "42701",
					"column \"%s\" specified more than once",
					action->columns[i]->name);
}

static void check_reference(struct model *model, const struct constraint_def *def)
{
	const struct relation_facts *referenced;

	if (def->kind != CONSTRAINT_FOREIGN_KEY ||
		name_equal(&def->referenced, &model->action->table))
		return;
	if (model_find(model->facts, &def->referenced, &referenced) == ABSENT)
		model_error(model, "42P01", "relation \"%s\" does not exist", def->referenced.name);
	else if (referenced != NULL)
		model_must_outlive(model, persistence_made(model->action), referenced);
	if (referenced != NULL && model->effects->error == NULL)
		model_check_reference(model, def);
}

/* Foreign keys are added when all else is there. */
static void check_references(struct model *model)
{
	const struct action *action = model->action;

	for (size_t i = 0; i < action->n_columns; i++)
		for (size_t k = 0; k < action->columns[i]->n_constraints; k++)
			check_reference(model, &action->columns[i]->constraints[k]);
	for (size_t i = 0; i < action->n_constraints; i++)
		check_reference(model, &action->constraints[i]);
}

/* The source of LIKE. */
static void read_like(struct model *model)
{
	const struct name *other = &model->action->other;
	const struct relation_facts *source;

	if (other->name == NULL || model->action->inherits)
		return;
	if (model_find(model->facts, other, &source) == ABSENT)
		model_error(model, "42P01", "relation \"%s\" does not exist", other->name);
	model_lock(model, other, LOCK_ACCESS_SHARE);
}

/* Of a foreign table, or of one of its columns: ATExecGenericOptions. */
static void change_options(struct model *model)
{
	const struct name *name = &model->action->table;
	const struct relation_facts *table;
	enum presence presence = model_find(model->facts, name, &table);

	if (presence == ABSENT) {
		model->effects->noop = model->action->if_exists;
		if (!model->action->if_exists)
			model_absent(model, "42P01", "relation \"%s\" does not exist", name->name);
		return;
	}
	model_lock(model, name, model->mode);
	model->effects->table = table;
	if (table != NULL && relation_listed(table) && table->kind != 'f')
		model_error(model, "42809", "\"%s\" is not a foreign table", table->name.name);
}

/* CREATE FOREIGN TABLE names a server; wrappers, servers and user mappings lock no table. */
void model_foreign_data(struct model *model)
{
	if (model->action->table.name != NULL && model->action->name == NULL)
		change_options(model);
	else if (model->action->table.name != NULL)
		model_create_table(model);
}

/* What the query of CREATE TABLE AS or CREATE MATERIALIZED VIEW reads. */
static void check_sources(struct model *model)
{
	const struct action *action = model->action;
	const struct relation_facts *source;

	for (size_t i = 0; i < action->n_sources; i++)
		if (model_find(model->facts, &action->sources[i], &source) == ABSENT)
			model_error(model, "42P01", "relation \"%s\" does not exist",
				action->sources[i].name);
}

void model_create_matview(struct model *model)
{
	check_sources(model);
}

/* REFERENCES puts a trigger on the referenced table; LIKE only reads; INHERITS and partitions add a
 * child. */
void model_create_table(struct model *model)
{
	const struct action *action = model->action;
	const struct relation_facts *existing;

	/* The table found may stand in another schema of search_path; then IF NOT EXISTS means
	 * less. */
	if (action->if_not_exists && !action->temporary &&
		model_find(model->facts, &action->table, &existing) == PRESENT) {
		model->effects->noop = true;
		return;
	}
	read_like(model);
	check_columns(model);
	if (action->inherits)
		merge_parents(model);
	else if (action->kind == ACTION_CREATE_TABLE_AS)
		check_sources(model);
	model_check_new_name(model, &action->table);
	for (size_t i = 0; i < action->n_targets; i++)
		if (!name_equal(&action->targets[i], &action->table))
			model_lock_partitions(model, &action->targets[i], LOCK_SHARE_ROW_EXCLUSIVE);
	check_references(model);
}

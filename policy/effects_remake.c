/* SPDX-License-Identifier: PostgreSQL */
/*
 * Constraints on a column that gets another type: ATPostAlterTypeCleanup (tablecmds.c) drops them
 * and makes them again, foreign keys from other tables included.
 */
#include "model.h"

#include <string.h>

static const char *wanted_base(struct model *model)
{
	return type_written(model->arena, model->facts, model->action->type).base;
}

/* Whether the old check still holds depends on the operators of the new types
 * (ATAddForeignKeyConstraint: old_check_ok). */
static void remake_reference(struct model *model, const struct name *other)
{
	const struct relation_facts *relation;

	model_lock_partitions(model, other, LOCK_ACCESS_EXCLUSIVE);
	model_reference(model, other);
	if (model_find(model->facts, other, &relation) == PRESENT && relation->kind == 'r')
		model_work(model, other, LOCK_NONE, WORK_MAY_SCAN);
}

/* The column gets the new type there as well. */
static bool changes_too(
	const struct model *model, const struct relation_facts *table, const char *column)
{
	return strcmp(column, model->action->column) == 0 &&
	       (relation_below(model->table, &table->name) ||
		       name_equal(&model->table->name, &table->name));
}

static bool rests_on(const struct constraint_facts *c, const struct constraint_facts *key)
{
	return c->kind == CONSTRAINT_FOREIGN_KEY && key->index.name != NULL &&
	       name_equal(&c->index, &key->index);
}

/* The key's side changes, and with it the foreign keys that rest on this key's index. */
static void remake_references(
	struct model *model, const struct constraint_facts *key, const struct name *referencing)
{
	const struct relation_facts *other;

	if (model_find(model->facts, referencing, &other) != PRESENT || key->index.name == NULL) {
		remake_reference(model, referencing);
		return;
	}
	for (size_t i = 0; i < other->n_constraints; i++)
		if (rests_on(&other->constraints[i], key))
			remake_reference(model, referencing);
}

static bool is_key_on(const struct constraint_facts *c, const char *column)
{
	return (c->kind == CONSTRAINT_PRIMARY_KEY || c->kind == CONSTRAINT_UNIQUE) &&
	       names_contain(c->columns, c->n_columns, column);
}

static void refuse_reference(
	struct model *model, const struct relation_facts *other, const struct constraint_facts *c)
{
	const struct column_facts *column =
		c->n_columns == 1 && !changes_too(model, other, c->columns[0])
			? facts_column(other, c->columns[0])
			: NULL;

	if (column != NULL && !key_types_fit(column->base_type, wanted_base(model)))
		model_error(model, "42804", "foreign key constraint cannot be implemented");
}

/* ATRewriteCatalogs comes to other tables when it is through with this one and its children. */
void model_refuse_referencing(struct model *model, const struct relation_facts *member)
{
	for (size_t i = 0; i < member->n_constraints; i++) {
		const struct constraint_facts *key = &member->constraints[i];
		const struct relation_facts *other;

		for (size_t r = 0;
			r < member->n_referencing && is_key_on(key, model->action->column); r++) {
			if (model_find(model->facts, &member->referencing[r], &other) != PRESENT)
				continue;
			for (size_t k = 0; k < other->n_constraints; k++)
				if (rests_on(&other->constraints[k], key))
					refuse_reference(model, other, &other->constraints[k]);
		}
	}
}

/* One column refers to one key, as nearly all do; of others nothing is said. */
static void check_key_type(struct model *model, const struct name *referenced, const char *type)
{
	const struct relation_facts *other;
	const struct index_facts *key = NULL;
	const struct column_facts *column;

	if (model_find(model->facts, referenced, &other) != PRESENT)
		return;
	for (size_t i = 0; i < other->n_indexes; i++)
		if (other->indexes[i].primary && other->indexes[i].n_columns == 1)
			key = &other->indexes[i];
	column = key == NULL || changes_too(model, other, key->columns[0])
			 ? NULL
			 : facts_column(other, key->columns[0]);
	if (column != NULL && !key_types_fit(type, column->base_type))
		model_error(model, "42804", "foreign key constraint cannot be implemented");
}

/* ATPostAlterTypeCleanup drops and makes again every constraint on the column: a CHECK is verified
 * anew. */
void model_remake_constraints(
	struct model *model, const struct relation_facts *table, const struct column_facts *column)
{
	for (size_t i = 0; i < table->n_constraints; i++) {
		const struct constraint_facts *c = &table->constraints[i];

		if (!names_contain(c->columns, c->n_columns, column->name))
			continue;
		if (c->kind == CONSTRAINT_CHECK && c->validated && table->kind == 'r') {
			model->effects->scan = true;
			model_scan(model, table);
		}
		if (c->kind == CONSTRAINT_FOREIGN_KEY) {
			check_key_type(model, &c->referenced, wanted_base(model));
			remake_reference(model, &c->referenced);
			model_work(model, &table->name, LOCK_NONE, WORK_MAY_SCAN);
		}
		if (is_key_on(c, column->name))
			for (size_t r = 0; r < table->n_referencing; r++)
				remake_references(model, c, &table->referencing[r]);
	}
}

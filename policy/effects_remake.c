/* SPDX-License-Identifier: PostgreSQL */
/*
 * Constraints on a column that gets another type: ATPostAlterTypeCleanup (tablecmds.c) drops them
 * and makes them again, foreign keys from other tables included.
 */
#include "model.h"

#include <string.h>

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

/* Of the table or below it, where a command of the statement may give it another. */
static const char *type_in_the_end(
	const struct model *model, const struct relation_facts *table, const char *column)
{
	const struct facts *facts = model->facts;
	const struct column_facts *known = facts_column(table, column);
	bool changes = relation_below(model->table, &table->name) ||
		       name_equal(&model->table->name, &table->name);

	for (size_t i = 0; i < facts->n_commands && changes; i++)
		if (facts->commands[i]->type != NULL && facts->commands[i]->column != NULL &&
			strcmp(facts->commands[i]->column, column) == 0)
			return type_written(model->arena, facts, facts->commands[i]->type).base;
	return known == NULL ? NULL : known->base_type;
}

/* What each of a foreign key's columns refers to; NULL when the grammar does not read it. */
static const struct constraint_def *read_reference(
	struct arena *arena, const struct constraint_facts *c)
{
	const char *error, *sql;
	struct stmts stmts;

	if (c->definition == NULL)
		return NULL;
	sql = arena_printf(arena, "ALTER TABLE t ADD %s", c->definition);
	if (stmt_parse(arena, sql, strlen(sql), &stmts, &error) != 0 || stmts.n != 1 ||
		stmts.items[0].n_actions != 1)
		return NULL;
	return stmts.items[0].actions[0].constraint;
}

static void refuse_reference(struct model *model, const struct relation_facts *referencing,
	const struct constraint_facts *c, const struct relation_facts *referenced)
{
	const struct constraint_def *def = read_reference(model->arena, c);

	for (size_t i = 0; def != NULL && i < def->n_columns && i < def->n_referenced_columns; i++)
		if (!key_types_fit(type_in_the_end(model, referencing, def->columns[i]),
			    type_in_the_end(model, referenced, def->referenced_columns[i])))
			model_error(model, "42804",
				"foreign key constraint \"%s\" cannot be implemented", c->name);
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
					refuse_reference(
						model, other, &other->constraints[k], member);
		}
	}
}

/* ATPostAlterTypeCleanup drops and makes again every constraint on the column: a CHECK is verified
 * anew. */
void model_remake_constraints(
	struct model *model, const struct relation_facts *table, const struct column_facts *column)
{
	for (size_t i = 0; i < table->n_constraints; i++) {
		const struct constraint_facts *c = &table->constraints[i];
		const struct relation_facts *other;

		if (!names_contain(c->columns, c->n_columns, column->name))
			continue;
		if (c->kind == CONSTRAINT_CHECK && c->validated && table->kind == 'r') {
			model->effects->scan = true;
			model_scan(model, table);
		}
		if (c->kind == CONSTRAINT_FOREIGN_KEY) {
			if (model_find(model->facts, &c->referenced, &other) == PRESENT)
				refuse_reference(model, table, c, other);
			remake_reference(model, &c->referenced);
			model_work(model, &table->name, LOCK_NONE, WORK_MAY_SCAN);
		}
		if (is_key_on(c, column->name))
			for (size_t r = 0; r < table->n_referencing; r++)
				remake_references(model, c, &table->referencing[r]);
	}
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Every piece of SQL in an action must parse back to the same thing.  Shared by the unit tests
 * and the fuzzer: stmt_mismatch names the first piece that does not, or is NULL.
 */
#ifndef STMT_SAME_H
#define STMT_SAME_H

#include <string.h>

#include "arena.h"
#include "stmt.h"

static inline bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static inline bool same_texts(const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++)
		if (!same_text(a[i], b[i]))
			return false;
	return true;
}

static inline bool same_expr(const struct expr *a, const struct expr *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (size_t i = 0; i < a->n_functions && i < b->n_functions; i++)
		if (!name_equal(&a->functions[i], &b->functions[i]))
			return false;
	return same_text(a->sql, b->sql) && a->n_functions == b->n_functions &&
	       same_texts(a->columns, a->n_columns, b->columns, b->n_columns) &&
	       same_texts(a->not_null_columns, a->n_not_null_columns, b->not_null_columns,
		       b->n_not_null_columns) &&
	       a->constant == b->constant && a->null == b->null && a->column_only == b->column_only;
}

static inline bool same_type(const struct type_name *a, const struct type_name *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return name_equal(&a->name, &b->name) && same_text(a->sql, b->sql) &&
	       a->n_typmods == b->n_typmods && a->typmods[0] == b->typmods[0] &&
	       a->typmods[1] == b->typmods[1] && a->array == b->array && a->serial == b->serial;
}

/* not_valid and the name are not part of a constraint's body. */
static inline bool same_constraint(const struct constraint_def *a, const struct constraint_def *b)
{
	return a->kind == b->kind && same_expr(a->check, b->check) &&
	       (a->kind == CONSTRAINT_CHECK ||
		       same_texts(a->columns, a->n_columns, b->columns, b->n_columns)) &&
	       same_texts(a->include, a->n_include, b->include, b->n_include) &&
	       name_equal(&a->referenced, &b->referenced) &&
	       same_texts(a->referenced_columns, a->n_referenced_columns, b->referenced_columns,
		       b->n_referenced_columns) &&
	       same_text(a->using_index, b->using_index) && a->deferrable == b->deferrable &&
	       a->initially_deferred == b->initially_deferred && a->no_inherit == b->no_inherit &&
	       a->nulls_not_distinct == b->nulls_not_distinct &&
	       same_text(a->body_sql, b->body_sql);
}

static inline bool same_column(const struct column_def *a, const struct column_def *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->n_constraints != b->n_constraints)
		return false;
	for (size_t i = 0; i < a->n_constraints; i++)
		if (!same_constraint(&a->constraints[i], &b->constraints[i]) ||
			!same_text(a->constraints[i].name, b->constraints[i].name))
			return false;
	return same_text(a->name, b->name) && same_type(&a->type, &b->type) &&
	       same_text(a->collation_sql, b->collation_sql) && a->not_null == b->not_null &&
	       same_expr(a->default_expr, b->default_expr) &&
	       same_expr(a->generated, b->generated) && a->identity == b->identity &&
	       same_text(a->identity_options_sql, b->identity_options_sql) &&
	       same_text(a->storage_sql, b->storage_sql);
}

static inline bool same_action(const struct action *a, const struct action *b)
{
	return a->kind == b->kind && name_equal(&a->table, &b->table) &&
	       same_text(a->object, b->object) && same_text(a->column, b->column) &&
	       same_text(a->name, b->name) && same_text(a->new_name, b->new_name) &&
	       name_equal(&a->other, &b->other) && same_column(a->column_def, b->column_def) &&
	       same_type(a->type, b->type) && same_text(a->collation_sql, b->collation_sql) &&
	       same_expr(a->expr, b->expr) && (a->constraint == NULL) == (b->constraint == NULL) &&
	       (a->constraint == NULL || same_constraint(a->constraint, b->constraint)) &&
	       a->only == b->only && a->if_exists == b->if_exists &&
	       a->if_not_exists == b->if_not_exists && a->cascade == b->cascade &&
	       a->concurrently == b->concurrently && a->finalize == b->finalize;
}

/* The only action of a statement made for the purpose; NULL when it is none such. */
static inline const struct action *reparsed(struct arena *arena, const char *sql)
{
	struct stmts stmts;
	const char *error;

	if (stmt_parse(arena, sql, strlen(sql), &stmts, &error) != 0 || stmts.n != 1 ||
		stmts.items[0].n_actions == 0)
		return NULL;
	return &stmts.items[0].actions[0];
}

static inline bool expr_parses_back(struct arena *arena, const struct expr *expr)
{
	const struct action *action;

	if (expr == NULL)
		return true;
	action = reparsed(
		arena, arena_printf(arena, "ALTER TABLE t ALTER c SET DEFAULT %s", expr->sql));
	return action != NULL && same_expr(action->expr, expr);
}

static inline bool type_parses_back(struct arena *arena, const struct type_name *type)
{
	const struct action *action;

	if (type == NULL)
		return true;
	action = reparsed(arena, arena_printf(arena, "ALTER TABLE t ALTER c TYPE %s", type->sql));
	return action != NULL && same_type(action->type, type);
}

static inline bool constraint_parses_back(
	struct arena *arena, const struct constraint_def *constraint)
{
	const struct action *action;

	if (constraint == NULL)
		return true;
	action = reparsed(arena, arena_printf(arena, "ALTER TABLE t ADD %s", constraint->body_sql));
	return action != NULL && action->constraint != NULL && !action->constraint->not_valid &&
	       same_constraint(action->constraint, constraint) &&
	       expr_parses_back(arena, constraint->check);
}

static inline bool index_parses_back(struct arena *arena, const struct index_def *index)
{
	const struct action *action;

	if (index == NULL)
		return true;
	action = reparsed(arena, arena_printf(arena, "CREATE INDEX ON t %s", index->body_sql));
	return action != NULL && action->index != NULL &&
	       same_text(action->index->method, index->method) &&
	       same_texts(action->index->columns, action->index->n_columns, index->columns,
		       index->n_columns) &&
	       action->index->partial == index->partial &&
	       action->index->plain_order == index->plain_order &&
	       action->index->nulls_not_distinct == index->nulls_not_distinct;
}

static inline const char *column_mismatch(struct arena *arena, const struct column_def *column)
{
	if (column == NULL)
		return NULL;
	for (size_t i = 0; i < column->n_constraints; i++)
		if (!constraint_parses_back(arena, &column->constraints[i]))
			return "a column's constraint";
	return !type_parses_back(arena, &column->type)          ? "a column's type"
	       : !expr_parses_back(arena, column->default_expr) ? "a column's default"
	       : !expr_parses_back(arena, column->generated)    ? "a generated column"
								: NULL;
}

/* What shares the statement's SQL is one of several actions there; only an SQL of its own must be
 * it. */
static inline const char *action_mismatch(
	struct arena *arena, const struct stmt *stmt, const struct action *action)
{
	const struct action *again = reparsed(arena, action->sql);
	const char *mismatch = column_mismatch(arena, action->column_def);

	if (again == NULL)
		return "the statement";
	if (action->sql != stmt->sql && !same_action(again, action))
		return "the action";
	return mismatch != NULL                                     ? mismatch
	       : !type_parses_back(arena, action->type)             ? "the type"
	       : !expr_parses_back(arena, action->expr)             ? "the expression"
	       : !constraint_parses_back(arena, action->constraint) ? "the constraint"
	       : !index_parses_back(arena, action->index)           ? "the index"
								    : NULL;
}

static inline const char *stmt_mismatch(struct arena *arena, const struct stmt *stmt)
{
	for (size_t i = 0; i < stmt->n_actions; i++) {
		const char *mismatch = action_mismatch(arena, stmt, &stmt->actions[i]);

		if (mismatch != NULL)
			return mismatch;
	}
	return NULL;
}

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* Columns come and go: ATExecAddColumn, ATExecSetNotNull, ATExecDropColumn (tablecmds.c). */
#include "model.h"

#include <string.h>

/* Every row gets the same value: stored once in pg_attribute.attmissingval since PostgreSQL 11. */
static void default_work(struct model *model, const struct expr *expr)
{
	const struct name *function;

	if (expr == NULL || expr->null)
		return;
	if (expr_volatility(model->facts, expr, &function) == 'v') {
		model->effects->rewrite = model->effects->volatile_default = true;
		model_cause(model, "%s() is volatile: every row gets a value of its own",
			function->name);
	} else if (model->facts->server_version > 0 && model->facts->server_version < 110000) {
		model->effects->rewrite = model->effects->stored_default = true;
		model_cause(model, "PostgreSQL before 11 writes a default into every row");
	}
}

/*
 * A domain's constraints are checked row by row, even for nulls.  A type nobody looked up may be
 * such a domain; without any server to ask, files are read in good faith.
 */
static void type_of_new_column(struct model *model, const struct column_def *column)
{
	const struct name *name = &column->type.name;
	bool builtin = name->schema != NULL && strcmp(name->schema, "pg_catalog") == 0;
	const struct type_facts *type;
	enum presence presence = model_find_type(model->facts, name, &type);

	if (builtin || column->type.serial || column->type.array)
		return;
	if (presence == UNKNOWN && model->facts->server_version > 0)
		model_cause(model, "%s may be a domain with constraints",
			name_text(model->arena, name));
	else if (presence == PRESENT && type->domain_constrained)
		model_cause(model, "%s is a domain with constraints, checked row by row",
			name_text(model->arena, name));
	else
		return;
	model->effects->rewrite = model->effects->constrained_domain = true;
}

static bool has_default(const struct column_def *column)
{
	return (column->default_expr != NULL && !column->default_expr->null) ||
	       column->generated != NULL || column->identity != 0 || column->type.serial;
}

static void inline_constraint(
	struct model *model, const struct column_def *column, const struct constraint_def *def)
{
	switch (def->kind) {
	case CONSTRAINT_CHECK:
		model->effects->scan = true;
		model_cause(model, "the CHECK is verified for every row");
		break;
	case CONSTRAINT_FOREIGN_KEY:
		model_lock(model, &def->referenced, LOCK_SHARE_ROW_EXCLUSIVE);
		if (has_default(column)) {
			model->effects->scan = true;
			model_cause(model, "the default is looked up in %s for every row",
				name_text(model->arena, &def->referenced));
		}
		break;
	case CONSTRAINT_UNIQUE:
	case CONSTRAINT_PRIMARY_KEY:
	case CONSTRAINT_EXCLUSION:
		model->effects->index_build = true;
		break;
	}
}

void model_add_column(struct model *model)
{
	const struct column_def *column = model->action->column_def;
	struct effects *effects = model->effects;

	if (column == NULL)
		return;
	if (model->table != NULL && facts_column(model->table, column->name) != NULL) {
		if (model->action->if_not_exists)
			effects->noop = true;
		else
			model_absent(model, "42701", "column \"%s\" already exists", column->name);
		return;
	}
	if (column->type.serial || column->identity != 0 || column->generated != NULL) {
		effects->rewrite = true;
		model_cause(model, "every row gets a value of its own");
	}
	default_work(model, column->default_expr);
	type_of_new_column(model, column);
	for (size_t i = 0; i < column->n_constraints; i++)
		inline_constraint(model, column, &column->constraints[i]);
	if (column->not_null && !has_default(column)) {
		effects->scan = true;
		effects->breaks_clients = true;
		if (model->table == NULL || !model->table->empty)
			model_error(
				model, "23502", "column \"%s\" contains null values", column->name);
	}
}

void model_alter_column(struct model *model)
{
	bool gone;

	model_own_column(model, &gone);
}

void model_set_not_null(struct model *model)
{
	bool gone;

	model_own_column(model, &gone);
	if (gone || model_never_null(model, model->action->column))
		return;
	model->effects->scan = true;
	model_cause(
		model, "no validated CHECK proves that %s holds no null", model->action->column);
}

void model_rename_column(struct model *model)
{
	bool gone;

	model_own_column(model, &gone);
	model->effects->breaks_clients = !gone;
}

/* A dropped foreign key takes its triggers off the referenced table, under ACCESS EXCLUSIVE. */
static void lock_referenced(struct model *model, const char *column)
{
	for (size_t i = 0; model->table != NULL && i < model->table->n_constraints; i++) {
		const struct constraint_facts *c = &model->table->constraints[i];

		if (c->kind == CONSTRAINT_FOREIGN_KEY &&
			names_contain(c->columns, c->n_columns, column))
			model_lock(model, &c->referenced, LOCK_ACCESS_EXCLUSIVE);
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
	lock_referenced(model, model->action->column);
	if (column != NULL && column->n_dependents > 0) {
		model_cause(model, "%s uses it", column->dependents[0]);
		if (!model->action->cascade)
			model_error(model, "2BP01",
				"cannot drop column %s because other objects depend on it",
				column->name);
	}
}

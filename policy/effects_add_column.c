/* SPDX-License-Identifier: PostgreSQL */
/* ADD COLUMN: ATExecAddColumn (tablecmds.c). */
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
	if (presence == ABSENT) {
		model_error(model, "42704", "type \"%s\" does not exist", name->name);
		return;
	}
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

/* A child that has the column already keeps it as it is, and so does what is below that. */
static void merge(struct model *model, const struct relation_facts *member)
{
	const struct column_def *def = model->action->column_def;
	const struct column_facts *column = facts_column(member, def->name);
	struct type_change type;

	if (column == NULL || column->created_in_transaction)
		return;
	type = type_written(model->arena, model->facts, &def->type);
	if (type.known && !column->domain &&
		(strcmp(type.base, column->base_type) != 0 || type.typmod != column->typmod))
		model_error(model, "42804", "child table \"%s\" has another type of column \"%s\"",
			member->name.name, def->name);
}

static void copy_anew(struct model *model, const struct relation_facts *member)
{
	if (facts_column(member, model->action->column_def->name) == NULL)
		model_copy(model, member);
}

static void scan_anew(struct model *model, const struct relation_facts *member)
{
	if (facts_column(member, model->action->column_def->name) == NULL)
		model_scan(model, member);
}

/* The action's table counts on its own children as well: what is done to one is done to all. */
static void add_inline_constraint(
	struct model *model, const struct column_def *column, const struct constraint_def *def)
{
	const struct relation_facts *referenced;

	if (model->table != NULL && def->name != NULL &&
		relation_has_constraint(model->table, def->name))
		model_error(model, "42710", "constraint \"%s\" already exists", def->name);
	switch (def->kind) {
	case CONSTRAINT_CHECK:
		model_need_columns(model, def->check);
		model_read_anew(model, def->check);
		model->effects->scan = true;
		model_each(model, model_scan);
		model_cause(model, "the CHECK is verified for every row");
		break;
	case CONSTRAINT_FOREIGN_KEY:
		if (model_find(model->facts, &def->referenced, &referenced) == ABSENT) {
			model_absent(model, "42P01", "relation \"%s\" does not exist",
				def->referenced.name);
			break;
		}
		model_lock_partitions(model, &def->referenced, LOCK_SHARE_ROW_EXCLUSIVE);
		model_check_reference(model, def);
		model_need_no_foreign(model);
		if (has_default(column)) {
			model->effects->scan = true;
			model_each_partition(model, model_scan);
			model_reference(model, &def->referenced);
			model_cause(model, "the default is looked up in %s for every row",
				name_text(model->arena, &def->referenced));
		}
		break;
	case CONSTRAINT_UNIQUE:
	case CONSTRAINT_PRIMARY_KEY:
	case CONSTRAINT_EXCLUSION:
		model_check_partitioned_key(model, def->columns, def->n_columns);
		model->effects->index_build = true;
		model_each_partition(model, model_build);
		break;
	}
}

/* Partitions share their parent's sequence since PostgreSQL 17; children by inheritance do not. */
static bool identity_stays_above(const struct model *model)
{
	return model->action->column_def->identity != 0 && !model->action->only &&
	       (model->table->n_partitions > 0 || model->table->n_partition_tree > 0) &&
	       (model->table->kind != 'p' || model->facts->server_version < 170000);
}

/* ATExecAddColumn: it must come from above, and reach everything below. */
static bool wrong_level(struct model *model)
{
	const struct relation_facts *table = model->table;

	if (table == NULL)
		return false;
	if (identity_stays_above(model))
		model_absent(
			model, "42P16", "cannot add an identity column to a table with children");
	if (table->partition)
		model_absent(model, "42809", "cannot add column to a partition");
	else if (model->action->only && table->n_partitions > 0)
		model_absent(model, "42P16", "column must be added to child tables too");
	return model->effects->absent;
}

bool model_merges_column(const struct model *model, const struct relation_facts *child)
{
	return facts_column(child, model->action->column_def->name) != NULL;
}

/* A column that only the text made may stand on a branch that is not taken. */
static bool column_there(struct model *model, const struct column_def *column)
{
	if (is_system_column(column->name))
		model_error(model, "42701", "\"%s\" is the name of a system column", column->name);
	if (model->table == NULL || facts_column(model->table, column->name) == NULL)
		return false;
	if (model->action->if_not_exists)
		model->effects->noop = true;
	else if (model->facts->known)
		model_absent(model, "42701", "column \"%s\" already exists", column->name);
	return model->effects->noop || model->effects->absent;
}

/* None counted is none to speak of, known to be empty or not.  Of foreign tables nobody counts
 * them, and ALTER TABLE reads none. */
static bool has_rows(const struct model *model)
{
	const struct relation_facts *table = model->table;
	bool foreign = table != NULL && table->kind == 'f';

	for (size_t i = 0; table != NULL && i < table->n_links; i++)
		foreign |= table->links[i].kind == 'f';
	return table == NULL || (!table->empty && table->rows != 0 && !foreign);
}

/* cookDefault: what a generated column is computed from. */
static void check_generation(struct model *model, const struct expr *generated)
{
	const struct name *function;

	model_need_names(model, generated->columns, generated->n_columns);
	for (size_t i = 0; model->table != NULL && i < generated->n_columns; i++) {
		const struct column_facts *from = facts_column(model->table, generated->columns[i]);

		if (from != NULL && from->generated)
			model_error(model, "42P17",
				"generated column \"%s\" cannot be used in a generation "
				"expression",
				from->name);
	}
	if (model->facts->known && expr_volatility(model->facts, generated, &function) == 'v')
		model_error(model, "42P17", "the generation expression is not immutable");
}

void model_add_column(struct model *model)
{
	const struct column_def *column = model->action->column_def;
	struct effects *effects = model->effects;

	if (column == NULL || model_typed(model) || column_there(model, column) ||
		wrong_level(model))
		return;
	model_lock_followers(model, model_merges_column);
	if (column->type.serial || column->identity != 0 || column->generated != NULL) {
		effects->rewrite = true;
		model_cause(model, "every row gets a value of its own");
	}
	if (column->generated != NULL)
		check_generation(model, column->generated);
	model_read_anew(model, column->generated);
	if (!column->type.array)
		model_check_collation(model, column->collation_sql, column->type.name.name);
	model_check_default(model, column->default_expr);
	default_work(model, column->default_expr);
	type_of_new_column(model, column);
	model_each_below(model, merge);
	if (effects->rewrite)
		model_each(model, copy_anew);
	model_refuse_keys_of_foreign(model, column);
	for (size_t i = 0; i < column->n_constraints && effects->error == NULL; i++)
		add_inline_constraint(model, column, &column->constraints[i]);
	if (effects->rewrite || has_default(column))
		model_each(model, model_keep_row_type);
	if (column->not_null && !has_default(column)) {
		effects->scan = true;
		effects->breaks_clients = true;
		model_each(model, scan_anew);
		if (has_rows(model))
			model_error(
				model, "23502", "column \"%s\" contains null values", column->name);
	}
}

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

/* cookDefault */
static void check_default(struct model *model, const struct expr *expr)
{
	model_check_expr(model, expr);
	if (expr != NULL && expr->n_columns > 0 && model->facts->known)
		model_error(model, "0A000", "cannot use column reference in DEFAULT expression");
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
	check_default(model, column->default_expr);
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
		check_default(model, model->action->expr);
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

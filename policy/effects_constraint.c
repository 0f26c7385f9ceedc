/* SPDX-License-Identifier: PostgreSQL */
/* Constraints of tables: what is verified, built and locked besides the table. */
#include "model.h"

#include <string.h>

static bool partitioned(const struct model *model)
{
	return model->table != NULL && model->table->kind == 'p';
}

/* Its index has the constraint's name, among those of all relations. */
static bool index_name_taken(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;
	const struct name name = {.schema = model->table->name.schema, .name = def->name};
	const struct relation_facts *found;
	bool indexed = def->kind != CONSTRAINT_CHECK && def->kind != CONSTRAINT_FOREIGN_KEY;

	if (!indexed || (def->using_index != NULL && strcmp(def->using_index, def->name) == 0) ||
		model_find(model->facts, &name, &found) != PRESENT || !relation_listed(found))
		return false;
	model_absent(model, "42P07", "relation \"%s\" already exists", def->name);
	return true;
}

/* index_create and ConstraintNameIsUsed refuse before anything is read or built. */
static bool name_taken(struct model *model)
{
	const char *name = model->action->constraint->name;

	if (model->facts->known && model->table != NULL && name != NULL && index_name_taken(model))
		return true;
	if (!model->facts->known || model->table == NULL || name == NULL ||
		!relation_has_constraint(model->table, name))
		return false;
	model_absent(model, "42710", "constraint \"%s\" already exists", name);
	return true;
}

/* transformTableConstraint */
static bool is_key_of_foreign(struct model *model)
{
	if (model->table == NULL || model->table->kind != 'f')
		return false;
	model_absent(model, "0A000", "a foreign table has no such constraint");
	return true;
}

/* ATAddCheckConstraint */
static bool merges_constraint(const struct model *model, const struct relation_facts *child)
{
	const char *name = model->action->constraint->name;

	return name != NULL && facts_constraint(child, name) != NULL;
}

/* What merges it, and what is below that, is not read. */
static void verify_check(struct model *model, const struct relation_facts *member)
{
	if (model_mode(model, &member->name) != LOCK_NONE && !merges_constraint(model, member))
		model_scan(model, member);
}

void model_add_check(struct model *model)
{
	if (name_taken(model))
		return;
	if (model->action->only && !model->action->constraint->no_inherit && model->table != NULL &&
		model->table->n_partitions > 0) {
		model_absent(model, "42P16", "constraint must be added to child tables too");
		return;
	}
	if (model->action->constraint->no_inherit && partitioned(model))
		model_error(model, "42P16",
			"cannot add NO INHERIT constraint to partitioned table \"%s\"",
			model->table->name.name);
	model_check_expr(model, model->action->constraint->check);
	model_need_columns(model, model->action->constraint->check);
	model_read_anew(model, model->action->constraint->check);
	if (!model->action->constraint->no_inherit)
		model_lock_followers(model, merges_constraint);
	if (model->action->constraint->not_valid)
		return;
	model->effects->scan = true;
	if (!model->action->constraint->no_inherit)
		model_each(model, verify_check);
	else if (model->table != NULL)
		model_scan(model, model->table);
}

/* addFkRecurseReferencing, which ends at the first in the order of the bounds. */
static void refuse_partitions(struct model *model, const struct relation_facts *referenced)
{
	bool fails = model->effects->error != NULL;

	model_need_no_foreign(model);
	if (!partitioned(model) || referenced == NULL ||
		!relation_below(model->table, &referenced->name))
		return;
	if (!fails && model->effects->error != NULL)
		model->effects->other_sqlstate = "55006";
	model_error(model, "55006",
		"\"%s\" cannot refer to its own partition", /* CheckTableNotInUse */
		model->table->name.name);
}

/* ATAddForeignKeyConstraint: the same mode on both sides, for a trigger is made on each. */
void model_add_foreign_key(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;
	const struct relation_facts *referenced;

	if (is_key_of_foreign(model) || name_taken(model))
		return;
	if (model_find(model->facts, &def->referenced, &referenced) == ABSENT) {
		model_absent(
			model, "42P01", "relation \"%s\" does not exist", def->referenced.name);
		return;
	}
	model_lock_partitions(model, &def->referenced, LOCK_SHARE_ROW_EXCLUSIVE);
	model_check_reference(model, def);
	refuse_partitions(model, referenced);
	if (def->not_valid)
		return;
	model->effects->scan = true;
	model_each_partition(model, model_scan);
	model_reference(model, &def->referenced);
}

/* On ONLY a partitioned table nothing is built; children by inheritance are not asked. */
static void build_index(struct model *model)
{
	model->effects->index_build = !(partitioned(model) && model->action->only);
	model_build_all(model);
}

static bool repeats(const char *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i] != NULL && names_contain(columns, i, columns[i]))
			return true;
	return false;
}

/* transformIndexConstraint, too, before anything is built. */
static bool key_is_wrong(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;

	model_need_names(model, def->columns, def->n_columns);
	if (repeats(def->columns, def->n_columns))
		model_absent(model, "42701", "a column appears twice in the constraint");
	if (def->kind != CONSTRAINT_EXCLUSION)
		model_need_order(model, def->columns, def->n_columns);
	model_check_partitioned_key(model, def->columns, def->n_columns);
	return model->effects->error != NULL;
}

/* What transformIndexConstraint (parse_utilcmd.c) demands, in its order. */
static bool qualifies(struct model *model, const struct index_facts *index)
{
	const struct {
		bool wrong;
		const char *sqlstate, *what;
	} demands[] = {
		{index->backs_constraint, "55000", "is already associated with a constraint"},
		{!index->valid, "55000", "is not valid"},
		{!index->unique, "42809", "is not unique"},
		{index->has_expressions, "42809", "contains expressions"},
		{index->partial, "42809", "is a partial index"},
		{!index->plain_order, "42809", "does not have default sorting behaviour"},
		{repeats(index->columns, index->n_columns), "42701", "has a column twice"},
		{partitioned(model), "0A000", "is on a partitioned table"},
	};

	for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++)
		if (demands[i].wrong) {
			model_absent(model, demands[i].sqlstate, "index \"%s\" %s",
				index->name.name, demands[i].what);
			return false;
		}
	return true;
}

/*
 * Two commands of one statement with the same index: both are looked at before the first renames it
 * (ATParseTransformCmd), and then the second finds its constraint made.
 */
static bool used_before(const struct model *model, const char *index)
{
	const struct facts *facts = model->facts;

	for (size_t i = 0; i < facts->n_commands && facts->commands[i] != model->action; i++) {
		const struct constraint_def *def = facts->commands[i]->constraint;

		if (def != NULL && def->using_index != NULL && strcmp(def->using_index, index) == 0)
			return true;
	}
	return false;
}

/* The index's columns for USING INDEX; NULL when nothing is known of it. */
static const struct index_facts *used_index(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;
	const struct index_facts *index;

	if (model->table == NULL)
		return NULL;
	index = facts_index(model->table, def->using_index);
	if (used_before(model, def->using_index))
		return index;
	if (index == NULL && relation_listed(model->table))
		model_absent(model, "42704", "index \"%s\" does not exist", def->using_index);
	if (index == NULL || !qualifies(model, index))
		return index;
	if (def->name != NULL && strcmp(def->name, index->name.name) != 0) /* it is renamed */
		model_lock_part(model, &index->name, LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
	return index;
}

/* Behind what index_constraint_create is called after: its constraint has the index's name. */
static void refuse_second_use(struct model *model)
{
	const char *index = model->action->constraint->using_index;

	if (model->table != NULL && !model->effects->absent && used_before(model, index))
		model_absent(model, "23505", "index \"%s\" is used twice", index);
}

void model_add_unique(struct model *model)
{
	if (is_key_of_foreign(model) || name_taken(model))
		return;
	if (model->action->constraint->using_index != NULL) {
		used_index(model);
		refuse_second_use(model);
	} else if (!key_is_wrong(model)) {
		build_index(model);
	}
}

static void scan_nullable(struct model *model, const struct name *name, const char *column)
{
	const struct relation_facts *member;

	if (model_find(model->facts, name, &member) == PRESENT && member->kind == 'r' &&
		!model_never_null(model, member, column))
		model_scan(model, member);
}

/* A primary key makes its columns NOT NULL first (transformIndexConstraint), with SET NOT NULL's
 * scan. */
static void require_column(struct model *model, const char *column)
{
	const struct relation_facts *table = model->table;

	if (model_never_null(model, table, column))
		return;
	model->effects->scan = true;
	model_cause(model, "column %s may hold nulls", column);
	if (table == NULL)
		return;
	if (!model->action->only)
		model_lock_tree(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	scan_nullable(model, &table->name, column);
	for (size_t i = 0; i < table->n_partitions && !model->action->only; i++)
		scan_nullable(model, &table->partitions[i], column);
}

static void require_columns(struct model *model, const char *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		require_column(model, columns[i]);
}

static bool has_primary_key(const struct relation_facts *table)
{
	for (size_t i = 0; table != NULL && i < table->n_indexes; i++)
		if (table->indexes[i].primary)
			return true;
	for (size_t i = 0; table != NULL && i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_PRIMARY_KEY)
			return true;
	return false;
}

void model_add_primary_key(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;
	const struct index_facts *index;

	if (is_key_of_foreign(model))
		return;
	index = def->using_index == NULL ? NULL : used_index(model);
	if (!model->effects->absent && has_primary_key(model->table))
		model_absent(model, "42P16",
			"multiple primary keys for table \"%s\" are not allowed",
			model->table->name.name);
	if (def->using_index != NULL)
		refuse_second_use(model);
	if (model->effects->absent || (def->using_index == NULL && key_is_wrong(model)) ||
		name_taken(model))
		return;
	if (!partitioned(model) && !model->action->only) /* for their NOT NULL, had or not */
		model_lock_tree(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	if (def->using_index == NULL) {
		build_index(model);
		require_columns(model, def->columns, def->n_columns);
		return;
	}
	if (index != NULL)
		require_columns(model, index->columns, index->n_columns);
	else
		model->effects->scan = true;
}

void model_add_exclusion(struct model *model)
{
	if (is_key_of_foreign(model))
		return;
	if (partitioned(model) && model->facts->server_version < 170000)
		model_error(model, "0A000",
			"exclusion constraints are not supported on partitioned tables");
	if (model->effects->error != NULL || name_taken(model) || key_is_wrong(model))
		return;
	build_index(model);
	model->effects->scan = true;
}

static const struct constraint_facts *own_constraint(struct model *model)
{
	const struct constraint_facts *c;

	if (model->table == NULL || model->action->name == NULL)
		return NULL;
	c = facts_constraint(model->table, model->action->name);
	if (c != NULL || !relation_listed(model->table) || model_on_constraint_trigger(model))
		return c;
	if (model->action->part_if_exists)
		model->effects->noop = true;
	else
		model_absent(
			model, "42704", "constraint \"%s\" does not exist", model->action->name);
	return NULL;
}

void model_validate(struct model *model)
{
	const struct constraint_facts *c = own_constraint(model);

	if (c != NULL && c->kind != CONSTRAINT_CHECK && c->kind != CONSTRAINT_FOREIGN_KEY)
		model_absent(model, "42809",
			"constraint \"%s\" is not a foreign key or check constraint", c->name);
	if (model->effects->absent)
		return;
	model->effects->scan = c == NULL || !c->validated;
	if (c == NULL || c->validated)
		return;
	if (c->kind == CONSTRAINT_CHECK && !c->no_inherit && !model->action->only)
		model_lock_tree(model, &model->action->table, model->mode);
	if (c->kind == CONSTRAINT_FOREIGN_KEY) {
		model_lock(model, &c->referenced, LOCK_ROW_SHARE);
		model_reference(model, &c->referenced);
		model_each_partition(model, model_scan);
	} else {
		model_each(model, model_scan);
	}
}

void model_alter_constraint(struct model *model)
{
	const struct constraint_facts *c = own_constraint(model);

	if (c != NULL && c->kind != CONSTRAINT_FOREIGN_KEY)
		model_absent(model, "42809", "constraint \"%s\" is not a foreign key constraint",
			c->name);
	else if (c != NULL && c->inherited)
		model_absent(
			model, "XX000", "constraint \"%s\" is altered on the table above", c->name);
}

static bool has_index(const struct constraint_facts *c)
{
	return c->kind != CONSTRAINT_CHECK && c->kind != CONSTRAINT_FOREIGN_KEY;
}

/* RenameConstraintById, and RenameRelationInternal for the index. */
static void rename_one(struct model *model, const struct relation_facts *member)
{
	const char *name = model->action->new_name;
	const struct constraint_facts *c = facts_constraint(member, model->action->name);
	const struct constraint_facts *other = facts_constraint(member, name);

	if (c != NULL && other != NULL)
		model_absent(model, has_index(c) && has_index(other) ? "42P07" : "42710",
			"\"%s\" of \"%s\" already exists", name, member->name.name);
}

/* rename_constraint_internal, of a CHECK that children share. */
static void rename_check(struct model *model, const struct relation_facts *member)
{
	const struct constraint_facts *c = facts_constraint(member, model->action->name);

	if (c != NULL && model_has_other_parent(model, member, c->n_parents))
		model_absent(model, "42P16", "cannot rename inherited constraint \"%s\" of \"%s\"",
			c->name, member->name.name);
	else
		rename_one(model, member);
}

static void rename_checks(struct model *model, const struct constraint_facts *c)
{
	rename_check(model, model->table);
	if (model->effects->absent)
		return;
	if (model->action->only && model->table->n_partitions > 0) {
		model_absent(model, "42P16",
			"inherited constraint \"%s\" must be renamed in child tables too", c->name);
		return;
	}
	model_lock_tree(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	model_each_below(model, rename_check);
}

void model_rename_constraint(struct model *model)
{
	const struct constraint_facts *c = model_typed(model) ? NULL : own_constraint(model);

	if (c == NULL)
		return;
	if (c->kind == CONSTRAINT_CHECK && !c->no_inherit)
		rename_checks(model, c);
	else
		rename_one(model, model->table);
	if (!model->effects->absent && has_index(c))
		model_lock_part(model, &c->index, LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
}

/* It has the constraint for itself as well, or from another parent. */
static bool keeps_constraint(const struct model *model, const struct relation_facts *child)
{
	const struct constraint_facts *c = facts_constraint(child, model->action->name);

	return c != NULL && (c->local || model_has_other_parent(model, child, c->n_parents));
}

/* ATExecDropConstraint: with ONLY the children keep it as their own, which partitions cannot. */
static void drop_from_children(struct model *model)
{
	const struct relation_facts *table = model->table;

	if (!model->action->only)
		model_lock_followers(model, keeps_constraint);
	else if (table->kind == 'p' && table->n_partition_tree > 0)
		model_absent(model, "42P16",
			"cannot remove constraint from only the partitioned table when partitions "
			"exist");
	else
		model_lock_heirs(model);
}

/* RemoveTriggerById locks the other side of a foreign key with ACCESS EXCLUSIVE. */
void model_drop_constraint(struct model *model)
{
	const struct constraint_facts *c = own_constraint(model);

	if (c == NULL)
		return;
	if (c->inherited) {
		model_absent(model, "42P16", "cannot drop inherited constraint \"%s\"", c->name);
		return;
	}
	if (c->kind == CONSTRAINT_CHECK && !c->no_inherit)
		drop_from_children(model);
	if (model->effects->absent)
		return;
	if (c->kind == CONSTRAINT_FOREIGN_KEY)
		model_lock(model, &c->referenced, LOCK_ACCESS_EXCLUSIVE);
	model_drop(model,
		&(struct dropped){&c->drops, arena_printf(model->arena, "constraint %s on table %s",
						     c->name, model->table->name.name)},
		1);
}

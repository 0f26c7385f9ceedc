/* SPDX-License-Identifier: PostgreSQL */
/* What a table needs to become a child of another, by INHERIT or as a partition. */
#include "model.h"

#include <string.h>

/* A CHECK without what says how it came about. */
static size_t check_length(const struct constraint_facts *c)
{
	const char *ends[] = {" NOT VALID", " NO INHERIT"};
	size_t n = strlen(c->definition);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n > strlen(ends[i]) &&
			strncmp(c->definition + n - strlen(ends[i]), ends[i], strlen(ends[i])) == 0)
			n -= strlen(ends[i]);
	return n;
}

static bool same_check(const struct constraint_facts *one, const struct constraint_facts *other)
{
	size_t n = one->definition == NULL ? 0 : check_length(one);

	return other->definition == NULL || n == 0 ||
	       (n == check_length(other) && strncmp(one->definition, other->definition, n) == 0);
}

/* MergeConstraintsIntoExisting, in its order. */
static void check_constraint(
	struct model *model, const struct constraint_facts *c, const struct relation_facts *child)
{
	const struct constraint_facts *own = facts_constraint(child, c->name);

	if (own == NULL || own->kind != CONSTRAINT_CHECK)
		model_error(model, "42804", "child table is missing constraint \"%s\"", c->name);
	else if (!same_check(c, own))
		model_error(model, "42804",
			"child table has a different definition for check constraint \"%s\"",
			c->name);
	else if (own->no_inherit || (c->validated && !own->validated))
		model_error(model, "42P17",
			"constraint \"%s\" conflicts with that of the child table", c->name);
}

/* MergeAttributesIntoExisting: the same type, and no less strict. */
static void check_column(
	struct model *model, const struct column_facts *column, const struct relation_facts *child)
{
	const struct column_facts *own = facts_column(child, column->name);

	if (own != NULL && own->type_oid == column->type_oid && own->typmod == column->typmod &&
		own->collation_oid != column->collation_oid)
		model_error(model, "42P21", "column \"%s\" has another collation in the child",
			column->name);
	else if (own == NULL || own->type_oid != column->type_oid ||
		 own->typmod != column->typmod || (column->not_null && !own->not_null) ||
		 (column->generated && !own->generated))
		model_error(model, "42804", "column \"%s\" of the child is not the parent's",
			column->name);
}

void model_check_child(struct model *model, const struct relation_facts *parent,
	const struct relation_facts *child)
{
	if (!relation_listed(child) || !relation_listed(parent))
		return;
	for (size_t i = 0; i < child->n_columns && model->action->kind == ACTION_ATTACH_PARTITION;
		i++)
		if (facts_column(parent, child->columns[i].name) == NULL)
			model_error(model, "42804", "column \"%s\" is not found in parent \"%s\"",
				child->columns[i].name, parent->name.name);
	for (size_t i = 0; i < parent->n_columns; i++)
		check_column(model, &parent->columns[i], child);
	for (size_t i = 0; i < parent->n_constraints; i++)
		if (parent->constraints[i].kind == CONSTRAINT_CHECK &&
			!parent->constraints[i].no_inherit)
			check_constraint(model, &parent->constraints[i], child);
}

bool model_cannot_attach(struct model *model, const struct relation_facts *partition)
{
	const struct relation_facts *table = model->table;
	bool temporary = table->persistence == 't';

	if (!relation_listed(partition))
		return false;
	if (name_equal(&partition->name, &table->name))
		model_error(model, "42P07", "circular inheritance not allowed");
	else if (partition->partition)
		model_error(model, "42809", "\"%s\" is already a partition", partition->name.name);
	else if (strchr("rpf", partition->kind) == NULL || partition->typed)
		model_error(model, "42809", "\"%s\" cannot be a partition", partition->name.name);
	else if (partition->parent.name != NULL ||
		 (partition->kind != 'p' && partition->n_partitions > 0))
		model_error(model, "42809",
			"\"%s\" has parents or children by inheritance, and cannot be a partition",
			partition->name.name);
	else if (temporary != (partition->persistence == 't'))
		model_error(model, "42809",
			"temporary and permanent tables are not partitions of each other");
	return model->effects->error != NULL;
}

bool relation_child(const struct relation_facts *parent, const struct relation_facts *table)
{
	for (size_t i = 0; i < parent->n_links; i++)
		if (name_equal(&parent->links[i].name, &table->name) &&
			name_equal(&parent->links[i].parent, &parent->name))
			return true;
	return table->parent.name != NULL && name_equal(&table->parent, &parent->name);
}

/* NO INHERIT only reads the parent's rows of the catalog (ATExecDropInherit: ACCESS SHARE). */
static void leave(struct model *model, const struct relation_facts *parent)
{
	static const char no_parent[] = "relation \"%s\" is not a parent of relation \"%s\"";
	const struct relation_facts *table = model->table;
	const char *name = table->name.name, *other = model->action->other.name;

	if (table->parent.name == NULL)
		model_absent(model, "42P01", no_parent, other, name);
	else if (parent != NULL && relation_listed(parent) && !relation_child(parent, table))
		model_error(model, "42P01", no_parent, other, name);
}

/* ATExecAddInherit and CreateInheritance. */
static void join(struct model *model, const struct relation_facts *parent)
{
	const struct relation_facts *table = model->table;

	if (parent->partition || parent->kind == 'p')
		model_error(model, "42809", "cannot inherit from \"%s\"", parent->name.name);
	else if (parent->persistence == 't' && table->persistence != 't')
		model_error(model, "42809", "cannot inherit from temporary relation \"%s\"",
			parent->name.name);
	else if (name_equal(&parent->name, &table->name) || relation_below(table, &parent->name))
		model_error(model, "42P07", "circular inheritance not allowed");
	else if (relation_child(parent, table))
		model_error(model, "42P07",
			"relation \"%s\" would be inherited from more than once",
			parent->name.name);
	else
		model_check_child(model, parent, table);
}

/* ATPrepAddInherit asks this of the table before it looks for the parent. */
static bool cannot_join(struct model *model)
{
	const struct relation_facts *table = model->table;

	if (table == NULL || model_typed(model))
		return table != NULL;
	if (table->kind == 'p')
		model_error(model, "42809", "cannot change inheritance of partitioned table");
	return table->kind == 'p';
}

void model_inherit(struct model *model)
{
	const struct name *other = &model->action->other;
	bool leaves = !model->action->inherits;
	const struct relation_facts *parent;

	if (other->name == NULL)
		return;
	if (model->table != NULL && model->table->partition) {
		model_absent(model, "42809", "cannot change inheritance of a partition");
		return;
	}
	if (!leaves && cannot_join(model))
		return;
	if (model_find(model->facts, other, &parent) == ABSENT) {
		model_absent(model, "42P01", "relation \"%s\" does not exist", other->name);
		return;
	}
	model_lock(model, other, leaves ? LOCK_ACCESS_SHARE : LOCK_SHARE_UPDATE_EXCLUSIVE);
	if (model->table != NULL && leaves)
		leave(model, parent);
	else if (model->table != NULL && parent != NULL)
		join(model, parent);
}

/* ATExecAddOf: the same columns in the same order. */
static void compare_with_type(struct model *model, const struct relation_facts *type)
{
	const struct relation_facts *table = model->table;

	if (type->kind != 'c')
		model_error(model, "42809", "type %s is not a composite type", type->name.name);
	if (table->parent.name != NULL)
		model_error(model, "42809", "typed tables cannot inherit");
	for (size_t i = 0; i < type->n_columns && i < table->n_columns; i++)
		if (strcmp(type->columns[i].name, table->columns[i].name) != 0 ||
			type->columns[i].type_oid != table->columns[i].type_oid ||
			type->columns[i].typmod != table->columns[i].typmod)
			model_error(model, "42804", "column \"%s\" is not that of the type",
				table->columns[i].name);
	if (type->n_columns != table->n_columns)
		model_error(model, "42804", "the table has other columns than the type");
}

void model_of_type(struct model *model)
{
	const struct relation_facts *type;

	if (model->table == NULL)
		return;
	if (relation_listed(model->table) &&
		model_find(model->facts, &model->action->other, &type) == PRESENT &&
		relation_listed(type))
		compare_with_type(model, type);
	if (model->table != NULL && model->action->other.name == NULL && !model->table->typed)
		model_absent(
			model, "42809", "\"%s\" is not a typed table", model->table->name.name);
}

/* Below a partitioned table, where all that has children is partitioned itself. */
static bool is_leaf(const struct relation_facts *top, const struct partition_facts *link)
{
	return top->kind == 'p' && link->kind != 'p';
}

static void follow(struct model *model, const struct name *table, model_ends_fn *ends)
{
	for (size_t i = 0; i < model->table->n_links; i++) {
		const struct partition_facts *link = &model->table->links[i];
		const struct relation_facts *child;
		bool ended = is_leaf(model->table, link);

		if (!name_equal(&link->parent, table))
			continue;
		ended |= model_mode(model, &link->name) == LOCK_ACCESS_EXCLUSIVE;
		if (model_find(model->facts, &link->name, &child) == PRESENT)
			ended |= ends(model, child);
		model_lock(model, &link->name, LOCK_ACCESS_EXCLUSIVE);
		if (!ended)
			follow(model, &link->name, ends);
	}
}

void model_lock_followers(struct model *model, model_ends_fn *ends)
{
	if (model->action->only)
		return;
	if (model->table == NULL || model->table->n_links == 0)
		model_lock_tree(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	else
		follow(model, &model->table->name, ends);
}

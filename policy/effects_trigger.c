/* SPDX-License-Identifier: PostgreSQL */
/* Triggers, policies and rules: what stands on a table and has no lock of its own. */
#include "model.h"

#include <string.h>

/* Triggers, policies and rules are looked up on their table before it is locked. */
void model_on_table(struct model *model)
{
	const struct relation_facts *table = model->table;

	if (table == NULL || !relation_listed(table) || model->action->name == NULL ||
		names_contain(table->attached, table->n_attached, model->action->name))
		return;
	model->effects->n_locks = 0;
	if (model->action->if_exists)
		model->effects->noop = true;
	else
		model_absent(model, "42704", "\"%s\" for table \"%s\" does not exist",
			model->action->name, table->name.name);
}

/* Whoever has the name already may be of another kind, but hardly ever is. */
void model_attach_new(struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *name = model->action->name;

	if (table != NULL && relation_listed(table) && name != NULL && !model->action->replaces &&
		names_contain(table->attached, table->n_attached, name))
		model_error(model, "42710", "\"%s\" for table \"%s\" already exists", name,
			table->name.name);
}

/* A row trigger of the partitioned table above, which has its like here. */
static bool cloned(const struct model *model)
{
	const struct relation_facts *table = model->table, *parent;

	return table != NULL && table->partition && model->action->name != NULL &&
	       model_find(model->facts, &table->parent, &parent) == PRESENT &&
	       names_contain(
		       parent->user_row_triggers, parent->n_user_row_triggers, model->action->name);
}

/* Those of partitions go with the row trigger that they were made for. */
void model_drop_trigger(struct model *model)
{
	const struct relation_facts *table = model->table;

	model_on_table(model);
	if (table == NULL || model->effects->n_locks == 0 || model->action->name == NULL)
		return;
	if (cloned(model))
		model_error(model, "2BP01", "trigger \"%s\" is that of the table above",
			model->action->name);
	else if (names_contain(
			 table->user_row_triggers, table->n_user_row_triggers, model->action->name))
		model_lock_partitions(model, &model->action->table, model->mode);
}

/* renametrig locks all partitions, before it asks whether the trigger is one of rows. */
void model_rename_object(struct model *model)
{
	const char *object = model->action->object;

	model_on_table(model);
	if (object == NULL || strcmp(object, "TRIGGER") != 0 || model->effects->n_locks == 0)
		return;
	model_lock_partitions(model, &model->action->table, model->mode);
	if (cloned(model))
		model_error(model, "XX000", "trigger \"%s\" is that of the table above",
			model->action->name);
}

/* What CreateTriggerFiringOn demands of the relation. */
static void check_trigger(struct model *model)
{
	const struct relation_facts *table = model->table;
	const struct action *action = model->action;
	bool view = table != NULL && table->kind == 'v';
	const char *name = table == NULL ? NULL : table->name.name;

	if (table == NULL)
		return;
	if (!view && action->instead_of)
		model_error(
			model, "42809", "\"%s\" is a table: it has no INSTEAD OF triggers", name);
	else if (view && action->for_each_row && !action->instead_of)
		model_error(
			model, "42809", "\"%s\" is a view: its row triggers are INSTEAD OF", name);
	else if (action->for_each_row && action->on_truncate)
		model_error(model, "0A000", "TRUNCATE FOR EACH ROW triggers are not supported");
	else if (table->kind == 'f' && (action->transition_tables || action->is_constraint))
		model_error(model, "42809", "\"%s\" is a foreign table", name);
	else if (view && action->transition_tables)
		model_error(model, "42809", "\"%s\" is a view", name);
	else if (action->for_each_row && action->transition_tables &&
		 (table->kind == 'p' || table->parent.name != NULL))
		model_error(
			model, "0A000", "row triggers of \"%s\" have no transition tables", name);
}

/* What is below a partitioned table gets it, too. */
static void check_clone(struct model *model, const struct relation_facts *member)
{
	const char *name = model->action->name;

	if (member->kind == 'f' && model->action->is_constraint)
		model_error(model, "42809", "\"%s\" is a foreign table", member->name.name);
	else if (name != NULL && relation_listed(member) && !model->action->replaces &&
		 names_contain(member->attached, member->n_attached, name))
		model_error(model, "42710", "\"%s\" for table \"%s\" already exists", name,
			member->name.name);
}

/* Partitions get row triggers of their own (CreateTriggerFiringOn). */
void model_create_trigger(struct model *model)
{
	model_attach_new(model);
	check_trigger(model);
	if (!model->action->for_each_row)
		return;
	model_lock_partitions(model, &model->action->table, model->mode);
	if (model->table != NULL && model->table->kind == 'p')
		model_each_below(model, check_clone);
}

/* Those of foreign keys have names, too, but are not listed. */
static bool missing(const struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *name = model->action->name;

	return table != NULL && relation_listed(table) && name != NULL &&
	       strcmp(name, "ALL") != 0 && strcmp(name, "USER") != 0 &&
	       strncmp(name, "RI_", strlen("RI_")) != 0 &&
	       !names_contain(table->attached, table->n_attached, name);
}

void model_switch_rule(struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *name = model->action->name;

	if (table != NULL && relation_listed(table) && name != NULL &&
		!names_contain(table->attached, table->n_attached, name))
		model_error(model, "42704", "rule \"%s\" for relation \"%s\" does not exist", name,
			table->name.name);
}

static void lock_children(struct model *model, const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_partition_tree; i++)
		if (name_equal(&table->partition_tree[i].parent, &table->name))
			model_lock(model, &table->partition_tree[i].name, model->mode);
}

/* Those of foreign keys, on either side. */
static bool has_reference_triggers(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY)
			return true;
	return table->n_referencing > 0;
}

/*
 * EnableDisableTrigger goes on to partitions for the sake of row triggers, and to what was cloned
 * from them.  Those of deferrable keys are no clones: it ends with the children.
 */
void model_switch_trigger(struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *name = model->action->name;
	bool all = name != NULL && strcmp(name, "ALL") == 0, goes_on;

	if (missing(model)) {
		model_error(model, "42704", "trigger \"%s\" for table \"%s\" does not exist", name,
			table->name.name);
		return;
	}
	if (table == NULL || table->kind != 'p' || model->action->only || name == NULL)
		return;
	if (all && table->row_triggers)
		lock_children(model, table);
	if (all && has_reference_triggers(table))
		goes_on = true;
	else if (all || strcmp(name, "USER") == 0)
		goes_on = table->n_user_row_triggers > 0;
	else
		goes_on = names_contain(table->user_row_triggers, table->n_user_row_triggers, name);
	if (goes_on)
		model_lock_tree(model, &model->action->table, model->mode);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Triggers, policies and rules: what stands on a table and has no lock of its own. */
#include "model.h"

#include <string.h>

enum attached_kind attached_kind(const struct action *action)
{
	static const enum attached_kind kinds[ACTION_KINDS] = {
		[ACTION_CREATE_TRIGGER] = ATTACHED_TRIGGER,
		[ACTION_DROP_TRIGGER] = ATTACHED_TRIGGER,
		[ACTION_ENABLE_TRIGGER] = ATTACHED_TRIGGER,
		[ACTION_DISABLE_TRIGGER] = ATTACHED_TRIGGER,
		[ACTION_CREATE_POLICY] = ATTACHED_POLICY,
		[ACTION_ALTER_POLICY] = ATTACHED_POLICY,
		[ACTION_DROP_POLICY] = ATTACHED_POLICY,
		[ACTION_CREATE_RULE] = ATTACHED_RULE,
		[ACTION_DROP_RULE] = ATTACHED_RULE,
		[ACTION_ENABLE_DISABLE_RULE] = ATTACHED_RULE,
	};
	static const struct {
		const char *word;
		enum attached_kind kind;
	} objects[] = {
		{"TRIGGER", ATTACHED_TRIGGER},
		{"POLICY", ATTACHED_POLICY},
		{"RULE", ATTACHED_RULE},
	};

	for (size_t i = 0; action->object != NULL && i < sizeof(objects) / sizeof(*objects); i++)
		if (strcmp(action->object, objects[i].word) == 0)
			return objects[i].kind;
	return kinds[action->kind];
}

const struct attached_facts *model_attached(
	const struct action *action, const struct relation_facts *table)
{
	return facts_attached(table, attached_kind(action), action->name);
}

static const struct attached_facts *constraint_trigger(
	const struct relation_facts *relation, const char *name)
{
	const struct attached_facts *trigger = facts_attached(relation, ATTACHED_TRIGGER, name);

	return trigger != NULL && trigger->is_constraint ? trigger : NULL;
}

bool relation_has_constraint(const struct relation_facts *relation, const char *name)
{
	return facts_constraint(relation, name) != NULL ||
	       constraint_trigger(relation, name) != NULL;
}

/* It is an internal part of its trigger (CreateTriggerFiringOn): RENAME alone may be. */
bool model_on_constraint_trigger(struct model *model)
{
	const char *name = model->action->name;

	if (constraint_trigger(model->table, name) == NULL)
		return false;
	if (model->action->kind == ACTION_DROP_CONSTRAINT)
		model_absent(
			model, "2BP01", "trigger \"%s\" requires constraint \"%s\"", name, name);
	else if (model->action->kind != ACTION_RENAME_CONSTRAINT)
		model_absent(model, "42809", "constraint \"%s\" is a trigger", name);
	return true;
}

/* Known not to be there. */
static bool missing(const struct model *model)
{
	const struct relation_facts *table = model->table;

	return table != NULL && relation_listed(table) && model->action->name != NULL &&
	       attached_kind(model->action) != ATTACHED_NOTHING &&
	       model_attached(model->action, table) == NULL;
}

static void refuse_taken(struct model *model, const struct relation_facts *table, const char *name)
{
	if (relation_listed(table) && !model->action->replaces && name != NULL &&
		facts_attached(table, attached_kind(model->action), name) != NULL)
		model_error(model, "42710", "\"%s\" for table \"%s\" already exists", name,
			table->name.name);
}

/* renametrig_internal leaves a trigger of that name alone; others are in their own way. */
static void check_renaming(struct model *model)
{
	const struct action *action = model->action;

	if (attached_kind(action) != ATTACHED_TRIGGER || action->new_name == NULL ||
		strcmp(action->name, action->new_name) != 0)
		refuse_taken(model, model->table, action->new_name);
}

/* The rule that makes a view one. */
static void keep_view(struct model *model)
{
	const struct action *action = model->action;

	if (model->table->kind != 'v' || attached_kind(action) != ATTACHED_RULE ||
		action->name == NULL || strcmp(action->name, "_RETURN") != 0)
		return;
	if (action->kind == ACTION_DROP_RULE)
		model_error(model, "2BP01", "view \"%s\" requires it", model->table->name.name);
	else if (action->new_name != NULL) /* RenameRewriteRule */
		model_error(model, "42P17", "an ON SELECT rule keeps its name");
}

/* Triggers, policies and rules are looked up on their table before it is locked. */
void model_on_table(struct model *model)
{
	if (model->table == NULL)
		return;
	if (!missing(model)) {
		check_renaming(model);
		keep_view(model);
		return;
	}
	model_unlock(model);
	if (model->action->if_exists)
		model->effects->noop = true;
	else
		model_absent(model, "42704", "\"%s\" for table \"%s\" does not exist",
			model->action->name, model->table->name.name);
}

/* The row as a whole is called NEW, OLD or as its table. */
static bool names_row(const struct model *model, const char *name)
{
	return strcmp(name, "new") == 0 || strcmp(name, "old") == 0 ||
	       strcmp(name, model->action->table.name) == 0;
}

void model_attach_new(struct model *model)
{
	const struct action *action = model->action;

	if (model->table == NULL)
		return;
	refuse_taken(model, model->table, action->name);
	if (action->is_constraint && facts_constraint(model->table, action->name) != NULL)
		model_error(model, "23505", "constraint \"%s\" already exists", action->name);
	for (size_t i = 0; i < action->n_uses; i++)
		if (!is_system_column(action->uses[i]) && !names_row(model, action->uses[i]))
			model_need_names(model, &action->uses[i], 1);
}

static bool has_row_trigger(const struct relation_facts *table, const char *name)
{
	const struct attached_facts *trigger =
		name == NULL ? NULL : facts_attached(table, ATTACHED_TRIGGER, name);

	return trigger != NULL && trigger->of_rows;
}

/* A row trigger of the partitioned table above, which has its like here. */
static bool cloned(const struct model *model)
{
	const struct relation_facts *table = model->table, *parent;

	return table != NULL && table->partition &&
	       model_find(model->facts, &table->parent, &parent) == PRESENT &&
	       has_row_trigger(parent, model->action->name);
}

/* Those of partitions go with the row trigger that they were made for. */
void model_drop_trigger(struct model *model)
{
	const struct relation_facts *table = model->table;

	model_on_table(model);
	if (table == NULL || model->effects->n_locks == 0)
		return;
	if (cloned(model))
		model_error(model, "2BP01", "trigger \"%s\" is that of the table above",
			model->action->name);
	else if (has_row_trigger(table, model->action->name))
		model_lock_partitions(model, &model->action->table, model->mode);
}

/* renametrig locks all partitions, before it asks whether the trigger is one of rows. */
void model_rename_object(struct model *model)
{
	const char *object = model->action->object;

	if (model_named_type(model))
		return;
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
	else if (view && action->on_truncate)
		model_error(model, "42809", "\"%s\" is a view: it cannot be truncated", name);
	else if (action->instead_of && (!action->for_each_row || action->n_uses > 0))
		model_error(model, "0A000",
			"INSTEAD OF triggers are FOR EACH ROW, without columns and conditions");
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
	if (member->kind == 'f' && model->action->is_constraint)
		model_error(model, "42809", "\"%s\" is a foreign table", member->name.name);
	else
		refuse_taken(model, member, model->action->name);
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

void model_switch_rule(struct model *model)
{
	if (missing(model))
		model_error(model, "42704", "rule \"%s\" for relation \"%s\" does not exist",
			model->action->name, model->table->name.name);
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

static bool has_row_triggers(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_attached; i++)
		if (table->attached[i].of_rows)
			return true;
	return false;
}

/* ALL, USER, and the triggers of foreign keys, which have names but are not listed. */
static bool one_by_name(const char *name)
{
	return strcmp(name, "ALL") != 0 && strcmp(name, "USER") != 0 &&
	       strncmp(name, "RI_", strlen("RI_")) != 0;
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

	if (missing(model) && one_by_name(name)) {
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
		goes_on = has_row_triggers(table);
	else
		goes_on = has_row_trigger(table, name);
	if (goes_on)
		model_lock_tree(model, &model->action->table, model->mode);
}

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

/* Partitions get row triggers of their own (CreateTriggerFiringOn). */
void model_create_trigger(struct model *model)
{
	if (model->action->for_each_row)
		model_lock_partitions(model, &model->action->table, model->mode);
}

/* EnableDisableTrigger goes on to partitions for the sake of row triggers. */
void model_switch_trigger(struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *name = model->action->name;
	bool goes_on;

	if (table == NULL || table->kind != 'p' || model->action->only || name == NULL)
		return;
	if (strcmp(name, "ALL") == 0)
		goes_on = table->row_triggers;
	else if (strcmp(name, "USER") == 0)
		goes_on = table->n_user_row_triggers > 0;
	else
		goes_on = names_contain(table->user_row_triggers, table->n_user_row_triggers, name);
	if (goes_on)
		model_lock_tree(model, &model->action->table, model->mode);
}

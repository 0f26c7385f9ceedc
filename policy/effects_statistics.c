/* SPDX-License-Identifier: PostgreSQL */
/* Extended statistics: a name of their own, and the table that they are on. */
#include "model.h"

#include <string.h>

static bool is_called(const struct statistics_facts *statistics, const struct name *name)
{
	if (name->schema == NULL)
		return statistics->visible && strcmp(statistics->name.name, name->name) == 0;
	return name_equal(&statistics->name, name);
}

static const struct relation_facts *table_of(const struct facts *facts, const struct name *name)
{
	for (size_t i = 0; i < facts->n_relations; i++)
		for (size_t k = 0; k < facts->relations[i].n_statistics; k++)
			if (is_called(&facts->relations[i].statistics[k], name))
				return &facts->relations[i];
	return NULL;
}

static bool all_known(const struct facts *facts)
{
	return facts->known && !facts->moved_statistics;
}

/* RemoveStatisticsById locks the table, whose row counts it is no longer part of. */
static void lock_table_of(struct model *model, const struct name *name)
{
	const struct relation_facts *table = table_of(model->facts, name);

	if (table == NULL && all_known(model->facts) && !model->action->if_exists)
		model_absent(model, "42704", "statistics object \"%s\" does not exist", name->name);
	if (table == NULL)
		return;
	if (model->action->kind == ACTION_DROP_STATISTICS)
		model_lock(model, &table->name, model->mode);
	model->effects->table = table;
}

/* RENAME, OWNER TO and SET SCHEMA, COMMENT: nothing is locked that anybody waits for. */
bool model_named_statistics(struct model *model)
{
	const struct action *action = model->action;

	for (size_t i = 0; names_statistics(action) && i < action->n_targets; i++)
		if (!model->effects->absent)
			lock_table_of(model, &action->targets[i]);
	return names_statistics(action);
}

void model_statistics(struct model *model)
{
	const struct action *action = model->action;

	model_named_statistics(model);
	model->effects->noop = action->kind == ACTION_DROP_STATISTICS &&
			       model->effects->n_locks == 0 && !model->effects->absent &&
			       all_known(model->facts);
}

/* CreateStatistics asks for columns once it has the lock. */
void model_create_statistics(struct model *model)
{
	model_need_names(model, model->action->uses, model->action->n_uses);
}

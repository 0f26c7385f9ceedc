/* SPDX-License-Identifier: PostgreSQL */
/* Whole tables: what is copied, emptied or dropped, and which other tables get locked for it. */
#include "model.h"

#include <string.h>

static const struct name *targets(const struct action *action, size_t *n)
{
	*n = action->n_targets > 0 ? action->n_targets : action->table.name != NULL;
	return action->n_targets > 0 ? action->targets : &action->table;
}

/* REFERENCES puts a trigger on the referenced table; LIKE only reads; INHERITS and partitions add a
 * child. */
void model_create_table(struct model *model)
{
	const struct action *action = model->action;
	const struct relation_facts *existing;

	/* The table found may stand in another schema of search_path; then IF NOT EXISTS means
	 * less. */
	if (action->if_not_exists && !action->temporary &&
		model_find(model->facts, &action->table, &existing) == PRESENT) {
		model->effects->noop = true;
		return;
	}
	for (size_t i = 0; i < action->n_targets; i++)
		model_lock(model, &action->targets[i], LOCK_SHARE_ROW_EXCLUSIVE);
	if (action->other.name != NULL)
		model_lock(model, &action->other,
			action->inherits ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_ACCESS_SHARE);
}

static void judge_default_partition(struct model *model, const struct relation_facts *parent)
{
	if (!parent->has_default_partition)
		return;
	model_lock(model, &parent->default_partition, LOCK_ACCESS_EXCLUSIVE);
	model->effects->scan = true;
	model_cause(model, "the default partition is searched for rows of the new one");
}

void model_partition_of(struct model *model)
{
	const struct relation_facts *parent;

	model_lock(model, &model->action->other, LOCK_ACCESS_EXCLUSIVE);
	if (model_find(model->facts, &model->action->other, &parent) == PRESENT) {
		model->effects->table = parent;
		judge_default_partition(model, parent);
	}
}

void model_attach(struct model *model)
{
	const struct relation_facts *partition;

	model_lock(model, &model->action->other, LOCK_ACCESS_EXCLUSIVE);
	model->effects->scan =
		model_find(model->facts, &model->action->other, &partition) != PRESENT ||
		!partition->empty;
	if (model->table != NULL)
		judge_default_partition(model, model->table);
}

void model_detach(struct model *model)
{
	struct effects *effects = model->effects;
	bool concurrently = model->action->concurrently;
	enum lock_mode mode = concurrently || model->action->finalize ? LOCK_SHARE_UPDATE_EXCLUSIVE
								      : LOCK_ACCESS_EXCLUSIVE;

	effects->no_transaction = concurrently;
	effects->locks[0].mode = mode;
	model_lock(model, &model->action->other, mode);
	if (model->table == NULL || !model->table->has_default_partition)
		return;
	if (concurrently)
		model_error(model, "55000",
			"cannot detach partitions concurrently when a default partition exists");
	else
		model_lock(model, &model->table->default_partition, mode);
}

/* heap_drop_with_catalog: the parent's partition list changes, foreign keys lose their triggers. */
static void drop_one(struct model *model, const struct relation_facts *table)
{
	const struct relation_facts *parent;

	for (size_t i = 0; i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY)
			model_lock(model, &table->constraints[i].referenced, LOCK_ACCESS_EXCLUSIVE);
	if (table->partition) {
		model_lock(model, &table->parent, LOCK_ACCESS_EXCLUSIVE);
		if (model_find(model->facts, &table->parent, &parent) == PRESENT &&
			parent->has_default_partition)
			model_lock(model, &parent->default_partition, LOCK_ACCESS_EXCLUSIVE);
	}
	for (size_t i = 0; model->action->cascade && i < table->n_referencing; i++)
		model_lock(model, &table->referencing[i], LOCK_ACCESS_EXCLUSIVE);
	if (!model->action->cascade && (table->n_dependents > 0 || table->n_referencing > 0))
		model_error(model, "2BP01",
			"cannot drop table %s because other objects depend on it",
			table->name.name);
}

void model_drop_table(struct model *model)
{
	size_t n;
	const struct name *names = targets(model->action, &n);

	for (size_t i = 0; i < n; i++) {
		const struct relation_facts *table;

		if (model_find(model->facts, &names[i], &table) == PRESENT)
			drop_one(model, table);
	}
	model->effects->loses_data = true;
	model->effects->breaks_clients = true;
}

/* heap_truncate_find_FKs: CASCADE goes on from table to table. */
static void truncate_referencing(struct model *model, const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_referencing; i++) {
		const struct name *name = &table->referencing[i];
		const struct relation_facts *next;
		size_t before = model->effects->n_locks;

		model_lock_tree(model, name, LOCK_ACCESS_EXCLUSIVE);
		if (model->effects->n_locks > before &&
			model_find(model->facts, name, &next) == PRESENT)
			truncate_referencing(model, next);
	}
}

void model_truncate(struct model *model)
{
	size_t n;
	const struct name *names = targets(model->action, &n);

	for (size_t i = 0; i < n && model->action->cascade; i++) {
		const struct relation_facts *table;

		if (model_find(model->facts, &names[i], &table) == PRESENT)
			truncate_referencing(model, table);
	}
	if (!model->action->cascade && n == 1 && model->table != NULL &&
		model->table->n_referencing > 0)
		model_error(model, "0A000",
			"cannot truncate a table referenced in a foreign key constraint");
	model->effects->loses_data = true;
}

/* cluster_rel: a new heap and all its indexes; without a name, every table there is. */
void model_heap_copy(struct model *model)
{
	const struct action *action = model->action;

	model->effects->rewrite = true;
	model->effects->no_transaction = action->kind == ACTION_VACUUM_FULL ||
					 action->table.name == NULL ||
					 (model->table != NULL && model->table->kind == 'p');
}

/* ATPrepChangePersistence does nothing when the table is that already. */
void model_set_persistence(struct model *model)
{
	char wanted = model->action->kind == ACTION_SET_LOGGED ? 'p' : 'u';

	model->effects->rewrite = model->table == NULL || model->table->persistence != wanted;
}

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

void model_set_tablespace(struct model *model)
{
	model->effects->rewrite =
		model->table == NULL || !same(model->table->tablespace, model->action->new_name);
}

void model_set_access_method(struct model *model)
{
	model->effects->rewrite =
		model->table == NULL || !same(model->table->access_method, model->action->new_name);
}

void model_lock_table(struct model *model)
{
	size_t n;
	const struct name *names = targets(model->action, &n);

	for (size_t i = 0; i < n; i++) {
		if (model->action->only)
			model_lock(model, &names[i], model->action->lock_mode);
		else
			model_lock_tree(model, &names[i], model->action->lock_mode);
	}
}

/* No lock on the table that anybody waits for; every row of it, until the transaction ends. */
void model_bulk_write(struct model *model)
{
	model->effects->scan = true;
	model->effects->loses_data = model->action->kind == ACTION_DELETE_WITHOUT_WHERE;
}

void model_replace_view(struct model *model)
{
	const struct relation_facts *view;

	if (model_find(model->facts, &model->action->table, &view) != ABSENT)
		model_lock(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	model->effects->table = view;
}

void model_refresh(struct model *model)
{
	if (model->action->concurrently)
		model->effects->locks[0].mode = LOCK_EXCLUSIVE;
	else
		model->effects->rewrite = true;
}

void model_breaks(struct model *model)
{
	model->effects->breaks_clients = true;
}

void model_loses(struct model *model)
{
	model->effects->breaks_clients = true;
	model->effects->loses_data = true;
}

void model_inherit(struct model *model)
{
	if (model->action->other.name != NULL)
		model_lock(model, &model->action->other, LOCK_SHARE_UPDATE_EXCLUSIVE);
}

void model_no_transaction(struct model *model)
{
	model->effects->no_transaction = true;
}

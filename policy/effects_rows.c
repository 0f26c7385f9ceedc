/* SPDX-License-Identifier: PostgreSQL */
/* All rows at once: TRUNCATE, UPDATE and DELETE without WHERE, and whoever refers to them. */
#include "model.h"

#include <string.h>

/* Every file is a new, empty one, indexes and all: heap and index are "built" from nothing. */
static void empty(struct model *model, const struct name *name);

static void empty_children(struct model *model, const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_partitions && !model->action->only; i++)
		empty(model, &table->partitions[i]);
}

/* heap_truncate_find_FKs: CASCADE goes on from table to table, but not to children by inheritance.
 */
static void empty_referencing(struct model *model, const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_referencing && model->action->cascade; i++) {
		size_t before = model->effects->n_locks;

		model_lock_partitions(model, &table->referencing[i], LOCK_ACCESS_EXCLUSIVE);
		if (model->effects->n_locks > before)
			empty(model, &table->referencing[i]);
	}
}

static void empty(struct model *model, const struct name *name)
{
	const struct relation_facts *table;
	bool indexed;

	if (model_find(model->facts, name, &table) != PRESENT)
		return;
	if (model->action->restarts_identity)
		model_lock_sequences(model, table);
	indexed = table->n_indexes > 0;
	if (table->kind == 'r') {
		model_work(model, name, LOCK_ACCESS_EXCLUSIVE,
			WORK_FILE | (indexed ? WORK_SCAN | WORK_BUILD : 0));
		model_lock_indexes(model, table, LOCK_ACCESS_EXCLUSIVE, WORK_FILE);
	}
	if (table->kind == 'p')
		empty_children(model, table);
	empty_referencing(model, table);
}

/* Referenced by tables that are not truncated as well; children are truncated with their parent. */
static bool referenced_from_outside(struct model *model, const struct name *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct relation_facts *table;

		if (model_find(model->facts, &names[i], &table) != PRESENT)
			continue;
		for (size_t r = 0; r < table->n_referencing; r++)
			if (model_mode(model, &table->referencing[r]) == LOCK_NONE)
				return true;
		if (!model->action->only &&
			referenced_from_outside(model, table->partitions, table->n_partitions))
			return true;
	}
	return false;
}

static bool truncates_only_parent(struct model *model, const struct name *name)
{
	const struct relation_facts *table;

	if (!model->action->only || model_find(model->facts, name, &table) != PRESENT ||
		table->kind != 'p')
		return false;
	model_absent(model, "42809", "cannot truncate only a partitioned table");
	return true;
}

void model_truncate(struct model *model)
{
	size_t n;
	const struct name *names = model_targets(model->action, &n);

	if (!model->action->cascade && referenced_from_outside(model, names, n))
		model_error(model, "0A000",
			"cannot truncate a table referenced in a foreign key constraint");
	for (size_t i = 0; i < n; i++) {
		const struct relation_facts *table;

		if (truncates_only_parent(model, &names[i]))
			return;
		empty(model, &names[i]);
		if (model_find(model->facts, &names[i], &table) == PRESENT && table->kind != 'p')
			empty_children(model, table);
	}
	model->effects->loses_data = true;
}

/* A partitioned table between the one named and its leaves. */
static void lock_parent(struct model *model, const struct relation_facts *member)
{
	if (member->kind == 'p')
		model_lock(model, &member->name, LOCK_ROW_EXCLUSIVE);
}

static void write_every_row(struct model *model, const struct relation_facts *member)
{
	model_work(model, &member->name, LOCK_ROW_EXCLUSIVE, WORK_SCAN);
	model_lock_indexes(model, member, LOCK_ROW_EXCLUSIVE, 0);
}

static bool acts_on_delete(const struct constraint_facts *c)
{
	return c->definition != NULL && (strstr(c->definition, "ON DELETE CASCADE") != NULL ||
						strstr(c->definition, "ON DELETE SET") != NULL);
}

/* A key of a partitioned table to one partition has no rows of its own in pg_constraint below it.
 */
static void search_rows(
	struct model *model, const struct relation_facts *table, enum lock_mode mode)
{
	model_work(model, &table->name, mode, WORK_MAY_SCAN);
	for (size_t i = 0; i < table->n_partition_tree; i++)
		model_work(model, &table->partition_tree[i].name, mode, WORK_MAY_SCAN);
}

/* CheckCmdReplicaIdentity, of every table whose rows the plan may change. */
static void need_identity(struct model *model, const struct relation_facts *member, bool updates)
{
	if (member->unidentified != NULL &&
		strchr(member->unidentified, updates ? 'u' : 'd') != NULL)
		model_error(model, "55000",
			"\"%s\" has no replica identity, and its changes are published",
			member->name.name);
}

static void search_referencing(struct model *model, const struct relation_facts *member);

/* Of a partitioned table the planner opens the partitions instead, if there are any. */
static bool is_planned_alone(const struct relation_facts *table)
{
	return table->kind == 'r' || (table->kind == 'p' && table->n_partition_tree == 0);
}

/* The planner opens the indexes of what is written; whose rows go may have others refer to them. */
static void write_along(struct model *model, const struct name *name, bool goes)
{
	const struct relation_facts *table;

	if (model_find(model->facts, name, &table) != PRESENT || !is_planned_alone(table))
		return;
	need_identity(model, table, !goes);
	model_lock_indexes(model, table, LOCK_ROW_EXCLUSIVE, 0);
	if (goes)
		search_referencing(model, table);
}

static void act_on_rows(
	struct model *model, const struct relation_facts *table, const struct constraint_facts *c)
{
	bool known = model_mode(model, &table->name) == LOCK_ROW_EXCLUSIVE;
	bool goes = strstr(c->definition, "ON DELETE CASCADE") != NULL;

	search_rows(model, table, LOCK_ROW_EXCLUSIVE);
	if (known)
		return;
	write_along(model, &table->name, goes);
	for (size_t i = 0; i < table->n_partition_tree; i++)
		write_along(model, &table->partition_tree[i].name, goes);
}

/* RI_FKey_noaction_del looks for rows that refer to each one that goes; CASCADE and SET write them.
 */
static void search_referencing(struct model *model, const struct relation_facts *member)
{
	bool bare = member->bare || member->rows == 0; /* none counted */

	for (size_t i = 0; i < member->n_referencing && !bare; i++) {
		const struct relation_facts *other;

		if (model_find(model->facts, &member->referencing[i], &other) != PRESENT)
			continue;
		for (size_t k = 0; k < other->n_constraints; k++) {
			const struct constraint_facts *c = &other->constraints[k];

			if (name_equal(&c->referenced, &member->name) && acts_on_delete(c))
				act_on_rows(model, other, c);
			else if (name_equal(&c->referenced, &member->name))
				search_rows(model, other, LOCK_ROW_SHARE);
		}
	}
}

/* CREATE RULE and CREATE FUNCTION read what they keep, and run it on no row. */
static bool is_kept(const struct model *model)
{
	const struct facts *facts = model->facts;

	return facts->n_commands > 1 && (facts->commands[0]->kind == ACTION_CREATE_RULE ||
						facts->commands[0]->kind == ACTION_CREATE_FUNCTION);
}

static void need_identity_to_update(struct model *model, const struct relation_facts *member)
{
	need_identity(model, member, true);
}

static void need_identity_to_delete(struct model *model, const struct relation_facts *member)
{
	need_identity(model, member, false);
}

/* No lock on the table that anybody waits for; every row of it, until the transaction ends. */
void model_bulk_write(struct model *model)
{
	if (is_kept(model))
		return;
	model->effects->scan = true;
	model->effects->loses_data = model->action->kind == ACTION_DELETE_WITHOUT_WHERE;
	model_each(model,
		model->effects->loses_data ? need_identity_to_delete : need_identity_to_update);
	model_each_below(model, lock_parent);
	model_each(model, write_every_row);
	if (model->table != NULL && model->table->kind == 'p' && is_planned_alone(model->table))
		model_lock_indexes(model, model->table, LOCK_ROW_EXCLUSIVE, 0);
	if (model->effects->loses_data)
		model_each(model, search_referencing);
}

static bool has_rule(const struct relation_facts *table)
{
	for (size_t i = 0; table != NULL && i < table->n_attached; i++)
		if (table->attached[i].kind == ATTACHED_RULE)
			return true;
	return false;
}

/* Some rows, found as the planner likes; the planner opens the indexes, too. */
void model_change_rows(struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *how = model->action->name == NULL ? "" : model->action->name;
	bool finds = strcmp(how, "UPDATE") == 0 || strcmp(how, "DELETE") == 0 ||
		     strcmp(how, "MERGE") == 0;

	if (strcmp(how, "MERGE") == 0 && has_rule(table))
		model_error(model, "0A000", "cannot execute MERGE on relation \"%s\" with rules",
			table->name.name);
	if (strcmp(how, "UPDATE") == 0)
		model_each(model, need_identity_to_update);
	else if (strcmp(how, "DELETE") == 0)
		model_each(model, need_identity_to_delete);
	if (table == NULL || !is_planned_alone(table))
		return;
	if (finds) /* INSERT gives them back when it is through */
		model_lock_indexes(model, table, LOCK_ROW_EXCLUSIVE, 0);
	if (finds && table->kind == 'r')
		model_work(model, &table->name, LOCK_NONE, WORK_MAY_SCAN);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Whole tables: what is copied, emptied or dropped, and which other tables get locked for it. */
#include "model.h"

#include <string.h>

static const struct name *targets(const struct action *action, size_t *n)
{
	*n = action->n_targets > 0 ? action->n_targets : action->table.name != NULL;
	return action->n_targets > 0 ? action->targets : &action->table;
}

static char persistence_made(const struct action *action)
{
	if (action->temporary)
		return 't';
	return action->unlogged ? 'u' : 'p';
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
	for (size_t i = 0; i < action->n_targets; i++) {
		model_lock_partitions(model, &action->targets[i], LOCK_SHARE_ROW_EXCLUSIVE);
		if (model_find(model->facts, &action->targets[i], &existing) == PRESENT)
			model_must_outlive(model, persistence_made(action), existing);
	}
	if (action->other.name != NULL)
		model_lock(model, &action->other,
			action->inherits ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_ACCESS_SHARE);
}

/*
 * A validated CHECK may imply the partition's bounds (ConstraintImpliedByRelConstraint), which only
 * the server can prove.
 */
static bool proof_possible(const struct model *model, const struct name *name)
{
	const struct relation_facts *relation;

	if (model_find(model->facts, name, &relation) != PRESENT)
		return true;
	for (size_t i = 0; i < relation->n_constraints; i++)
		if (relation->constraints[i].kind == CONSTRAINT_CHECK &&
			relation->constraints[i].validated)
			return true;
	return false;
}

static void judge_default_partition(struct model *model, const struct relation_facts *parent)
{
	if (!parent->has_default_partition)
		return;
	model_work(model, &parent->default_partition, LOCK_ACCESS_EXCLUSIVE,
		proof_possible(model, &parent->default_partition) ? WORK_MAY_SCAN : WORK_SCAN);
	model->effects->scan = true;
	model_cause(model, "the default partition is searched for rows of the new one");
}

void model_partition_of(struct model *model)
{
	const struct relation_facts *parent;

	model_lock(model, &model->action->other, LOCK_ACCESS_EXCLUSIVE);
	if (model_find(model->facts, &model->action->other, &parent) == PRESENT) {
		model->effects->table = parent;
		model_lock_indexes(model, parent, LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
		judge_default_partition(model, parent);
	}
}

/* AttachPartitionEnsureIndexes: an index of the parent that the partition does not have is built.
 */
static bool has_index_like(const struct relation_facts *table, const struct index_facts *wanted)
{
	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct index_facts *index = &table->indexes[i];
		bool same = index->n_columns == wanted->n_columns && index->valid &&
			    index->unique == wanted->unique &&
			    (index->backs_constraint || !wanted->backs_constraint);

		for (size_t c = 0; same && c < index->n_columns; c++)
			same = index->columns[c] != NULL && wanted->columns[c] != NULL &&
			       strcmp(index->columns[c], wanted->columns[c]) == 0;
		if (same)
			return true;
	}
	return false;
}

static void build_missing_indexes(struct model *model, const struct relation_facts *parent,
	const struct relation_facts *table)
{
	for (size_t i = 0; i < parent->n_indexes; i++) {
		if (has_index_like(table, &parent->indexes[i]))
			continue;
		model->effects->index_build = true;
		model_build(model, table);
	}
}

static void scan_for_bounds(struct model *model, const struct relation_facts *partition)
{
	unsigned work = proof_possible(model, &partition->name) ? WORK_MAY_SCAN : WORK_SCAN;

	if (partition->kind == 'r')
		model_work(model, &partition->name, LOCK_NONE, work);
	for (size_t i = 0; i < partition->n_partitions; i++)
		model_work(model, &partition->partitions[i], LOCK_NONE, work);
}

void model_attach(struct model *model)
{
	const struct relation_facts *partition;

	model_lock_tree(model, &model->action->other, LOCK_ACCESS_EXCLUSIVE);
	model->effects->scan =
		model_find(model->facts, &model->action->other, &partition) != PRESENT ||
		!partition->empty;
	if (partition != NULL)
		scan_for_bounds(model, partition);
	if (model->table == NULL)
		return;
	if (model->table->has_default_partition &&
		strcasestr(model->action->sql, " default") != NULL)
		model_absent(model, "42P17", "there is a default partition already");
	judge_default_partition(model, model->table);
	model_lock_indexes(model, model->table, LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
	if (partition != NULL)
		build_missing_indexes(model, model->table, partition);
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

static void drop_target(struct model *model, const struct name *name)
{
	const struct relation_facts *relation;

	if (model_find(model->facts, name, &relation) == PRESENT)
		model_drop(model, &relation->drops, relation->name.name);
}

void model_drop_relation(struct model *model)
{
	size_t n;
	const struct name *names = targets(model->action, &n);

	for (size_t i = 0; i < n; i++)
		drop_target(model, &names[i]);
	model->effects->loses_data = model->action->kind != ACTION_DROP_VIEW;
	model->effects->breaks_clients = true;
}

/* Types, functions, sequences: who has a column, trigger or default of them loses it. */
static void drop_object(struct model *model, const struct name *name)
{
	const struct facts *facts = model->facts;
	const struct relation_facts *relation;
	const struct type_facts *type;

	if (model_find_type(facts, name, &type) == PRESENT)
		model_drop(model, &type->drops, name->name);
	if (model_find(facts, name, &relation) == PRESENT)
		model_drop(model, &relation->drops, name->name);
	for (size_t i = 0; i < facts->n_functions; i++)
		if (name_equal(&facts->functions[i].asked, name))
			model_drop(model, &facts->functions[i].drops, name->name);
}

void model_drop_object(struct model *model)
{
	for (size_t i = 0; i < model->action->n_targets; i++)
		drop_object(model, &model->action->targets[i]);
}

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

/* EnableDisableTrigger goes on to partitions for the sake of row triggers. */
void model_switch_trigger(struct model *model)
{
	const struct relation_facts *table = model->table;

	if (table != NULL && table->kind == 'p' && table->row_triggers && !model->action->only)
		model_lock_tree(model, &model->action->table, model->mode);
}

/* Storage parameters that vacuum and planner read take no more than SHARE UPDATE EXCLUSIVE
 * (AlterTableGetLockLevel asks reloptions.c); views and user_catalog_table are another matter. */
void model_table_options(struct model *model)
{
	static const char *const exclusive[] = {"user_catalog_table", "without oids"};
	const char *sql = model->action->sql;
	bool view = model->table != NULL && model->table->kind == 'v';

	for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++)
		view |= strcasestr(sql, exclusive[i]) != NULL;
	if (view && model->effects->n_locks > 0)
		model->effects->locks[0].mode = LOCK_ACCESS_EXCLUSIVE;
}

/* Every file is a new, empty one, indexes and all: heap and index are "built" from nothing. */
static void empty(struct model *model, const struct name *name);

static void empty_children(struct model *model, const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_partitions && !model->action->only; i++)
		empty(model, &table->partitions[i]);
}

/* heap_truncate_find_FKs: CASCADE goes on from table to table. */
static void empty_referencing(struct model *model, const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_referencing && model->action->cascade; i++) {
		size_t before = model->effects->n_locks;

		model_lock_tree(model, &table->referencing[i], LOCK_ACCESS_EXCLUSIVE);
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
	indexed = table->n_indexes > 0;
	if (table->kind == 'r') {
		model_work(model, name, LOCK_ACCESS_EXCLUSIVE,
			WORK_FILE | (indexed ? WORK_SCAN | WORK_BUILD : 0));
		model_lock_indexes(model, table, LOCK_ACCESS_EXCLUSIVE, WORK_FILE);
	}
	empty_children(model, table);
	empty_referencing(model, table);
}

/* Referenced by tables that are not truncated as well. */
static bool referenced_from_outside(struct model *model, const struct name *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct relation_facts *table;

		if (model_find(model->facts, &names[i], &table) != PRESENT)
			continue;
		for (size_t r = 0; r < table->n_referencing; r++)
			if (!model_locked(model, &table->referencing[r]))
				return true;
	}
	return false;
}

void model_truncate(struct model *model)
{
	size_t n;
	const struct name *names = targets(model->action, &n);

	if (!model->action->cascade && referenced_from_outside(model, names, n))
		model_error(model, "0A000",
			"cannot truncate a table referenced in a foreign key constraint");
	for (size_t i = 0; i < n; i++)
		empty(model, &names[i]);
	model->effects->loses_data = true;
}

/* cluster_rel: a new heap and all its indexes; without a name, every table there is. */
void model_heap_copy(struct model *model)
{
	const struct action *action = model->action;

	model->effects->rewrite = true;
	model_each_partition(model, model_copy);
	model->effects->no_transaction = action->kind == ACTION_VACUUM_FULL ||
					 action->table.name == NULL ||
					 (model->table != NULL && model->table->kind == 'p');
}

static bool is_persistent(const struct model *model, const struct name *name, char persistence)
{
	const struct relation_facts *relation;

	return model_find(model->facts, name, &relation) == PRESENT &&
	       relation->persistence == persistence;
}

/* No logged table may refer to an unlogged one; itself it may. */
static bool persistence_fits(struct model *model, char wanted)
{
	const struct relation_facts *table = model->table;
	const struct name *other = NULL;

	for (size_t i = 0; table != NULL && i < table->n_referencing && wanted == 'u'; i++)
		if (!name_equal(&table->referencing[i], &table->name) &&
			is_persistent(model, &table->referencing[i], 'p'))
			other = &table->referencing[i];
	for (size_t i = 0; table != NULL && i < table->n_constraints && wanted == 'p'; i++)
		if (is_persistent(model, &table->constraints[i].referenced, 'u') &&
			!name_equal(&table->constraints[i].referenced, &table->name))
			other = &table->constraints[i].referenced;
	if (other != NULL)
		model_absent(model, "42P16",
			"could not change table \"%s\": a foreign key joins it with \"%s\"",
			table->name.name, other->name);
	return other == NULL;
}

/* ATPrepChangePersistence does nothing when the table is that already. */
void model_set_persistence(struct model *model)
{
	char wanted = model->action->kind == ACTION_SET_LOGGED ? 'p' : 'u';

	model->effects->rewrite = model->table == NULL || model->table->persistence != wanted;
	if (model->effects->rewrite && persistence_fits(model, wanted))
		model_each_partition(model, model_copy);
}

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* CheckRelationTableSpaceMove; what is in the tablespace of its database says NULL. */
bool model_moves(const struct model *model)
{
	const struct relation_facts *relation = model->table;
	const char *present;

	if (relation == NULL)
		return true;
	present = relation->tablespace != NULL ? relation->tablespace : model->facts->tablespace;
	return !same(present, model->action->new_name);
}

void model_set_tablespace(struct model *model)
{
	model->effects->rewrite = model_moves(model);
	if (model->effects->rewrite && model->table != NULL && model->table->kind != 'p')
		model_work(model, &model->table->name, LOCK_NONE, WORK_FILE);
}

void model_set_access_method(struct model *model)
{
	model->effects->rewrite =
		model->table == NULL || !same(model->table->access_method, model->action->new_name);
	if (model->effects->rewrite)
		model_each_partition(model, model_copy);
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

static void write_every_row(struct model *model, const struct relation_facts *member)
{
	model_work(model, &member->name, LOCK_ROW_EXCLUSIVE, WORK_SCAN);
	model_lock_indexes(model, member, LOCK_ROW_EXCLUSIVE, 0);
}

/* No lock on the table that anybody waits for; every row of it, until the transaction ends. */
void model_bulk_write(struct model *model)
{
	model->effects->scan = true;
	model_each(model, write_every_row);
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
	if (model->action->concurrently) {
		model->effects->locks[0].mode = LOCK_EXCLUSIVE;
		if (model->table != NULL) {
			model_scan(model, model->table);
			model_lock_indexes(model, model->table, LOCK_ROW_EXCLUSIVE, 0);
		}
		return;
	}
	model->effects->rewrite = true;
	if (model->table != NULL)
		model_copy(model, model->table);
}

void model_breaks(struct model *model)
{
	model->effects->breaks_clients = true;
}

static bool owns_already(const struct model *model)
{
	static const char *const oneself[] = {"CURRENT_USER", "CURRENT_ROLE"};
	const char *owner = model->action->new_name;

	if (owner != NULL && names_contain(oneself, 2, owner))
		owner = model->facts->current_user;
	return same(owner, model->table->owner);
}

/* ATExecChangeOwner goes on to indexes and owned sequences. */
void model_owner(struct model *model)
{
	const struct relation_facts *table = model->table;

	if (table == NULL || owns_already(model))
		return;
	if (table->kind != 'p')
		model_lock_indexes(model, table, LOCK_ACCESS_EXCLUSIVE, 0);
	for (size_t i = 0; i < table->n_columns; i++)
		if (table->columns[i].sequence.name != NULL)
			model_lock_part(
				model, &table->columns[i].sequence, LOCK_ACCESS_EXCLUSIVE, 0);
}

void model_cluster_on(struct model *model)
{
	if (model->table != NULL && model->action->name != NULL &&
		facts_index(model->table, model->action->name) != NULL)
		model_lock_part(model, &facts_index(model->table, model->action->name)->name,
			LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
}

void model_inherit(struct model *model)
{
	const struct name *other = &model->action->other;

	if (other->name == NULL)
		return;
	model_lock(model, other, LOCK_SHARE_UPDATE_EXCLUSIVE);
	if (strcasestr(model->action->sql, "no inherit") != NULL && model->table != NULL &&
		model->table->parent.name == NULL)
		model_absent(model, "42P01", "relation \"%s\" is not a parent of relation \"%s\"",
			other->name, model->table->name.name);
}

void model_of_type(struct model *model)
{
	if (model->table != NULL && model->action->other.name == NULL && !model->table->typed)
		model_absent(
			model, "42809", "\"%s\" is not a typed table", model->table->name.name);
}

void model_no_transaction(struct model *model)
{
	model->effects->no_transaction = true;
}

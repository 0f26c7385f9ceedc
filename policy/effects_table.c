/* SPDX-License-Identifier: PostgreSQL */
/* Whole tables: what is copied, emptied or dropped, and which other tables get locked for it. */
#include "model.h"

#include <string.h>

const struct name *model_targets(const struct action *action, size_t *n)
{
	*n = action->n_targets > 0 ? action->n_targets : action->table.name != NULL;
	return action->n_targets > 0 ? action->targets : &action->table;
}

void model_drop_relation(struct model *model)
{
	size_t n, n_dropped = 0;
	const struct name *names = model_targets(model->action, &n);
	struct dropped *dropped = arena_alloc(model->arena, (n + 1) * sizeof(*dropped));
	const struct relation_facts *relation;

	for (size_t i = 0; i < n; i++)
		if (model_find(model->facts, &names[i], &relation) == PRESENT)
			dropped[n_dropped++] =
				(struct dropped){&relation->drops, relation->name.name};
	model_drop(model, dropped, n_dropped);
	model->effects->loses_data = model->action->kind != ACTION_DROP_VIEW;
	model->effects->breaks_clients = true;
}

/* NULL when the command names none, nothing is known of it, or the server refuses. */
static const struct index_facts *named_index(struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *name = model->action->name;
	const struct index_facts *index;

	if (table == NULL || name == NULL)
		return NULL;
	index = facts_index(table, name);
	if (index == NULL && relation_listed(table))
		model_absent(model, "42704", "index \"%s\" for table \"%s\" does not exist", name,
			table->name.name);
	return index;
}

/* amclusterable: btree and gist are. */
static bool unordered(const struct index_facts *index)
{
	static const char *const methods[] = {
		" USING hash (", " USING gin (", " USING brin (", " USING spgist ("};

	for (size_t i = 0; index->definition != NULL && i < sizeof(methods) / sizeof(methods[0]);
		i++)
		if (strstr(index->definition, methods[i]) != NULL)
			return true;
	return false;
}

static bool cannot_cluster(struct model *model, const struct index_facts *index)
{
	if (index != NULL && unordered(index))
		model_error(model, "0A000",
			"cannot cluster on index \"%s\": its method has no order",
			index->name.name);
	if (index != NULL && index->partial)
		model_absent(
			model, "0A000", "cannot cluster on partial index \"%s\"", index->name.name);
	return model->effects->absent;
}

/* Of a list every table by itself. */
static void copy_listed(struct model *model)
{
	const struct relation_facts *worst = model->table;
	size_t n;
	const struct name *names = model_targets(model->action, &n);

	for (size_t i = 0; i < n; i++)
		if (model_find(model->facts, &names[i], &model->table) == PRESENT)
			model_each_partition(model, model_copy);
	model->table = worst;
}

/* get_tables_to_cluster_partitioned lists the leaves; what is between them is never opened. */
static void lock_leaves(struct model *model)
{
	const struct relation_facts *table = model->table;

	for (size_t i = 0; table != NULL && table->kind == 'p' && i < table->n_partitions; i++)
		model_lock(model, &table->partitions[i], model->mode);
}

/* cluster_rel: a new heap and all its indexes; without a name, every table there is. */
void model_heap_copy(struct model *model)
{
	const struct action *action = model->action;

	model->effects->no_transaction = action->kind == ACTION_VACUUM_FULL ||
					 action->table.name == NULL ||
					 (model->table != NULL && model->table->kind == 'p');
	if (action->kind == ACTION_CLUSTER && cannot_cluster(model, named_index(model)))
		return;
	if (action->kind == ACTION_CLUSTER)
		lock_leaves(model);
	model->effects->rewrite = true;
	copy_listed(model);
}

void model_lock_sequences(struct model *model, const struct relation_facts *table)
{
	for (size_t i = 0; table != NULL && i < table->n_columns; i++)
		if (table->columns[i].sequence.name != NULL)
			model_lock_part(
				model, &table->columns[i].sequence, LOCK_ACCESS_EXCLUSIVE, 0);
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

static const char *publication_of(const struct relation_facts *table)
{
	static const char label[] = "publication ";

	for (size_t i = 0; table != NULL && i < table->n_mentioned_by; i++)
		if (strncmp(table->mentioned_by[i], label, strlen(label)) == 0)
			return table->mentioned_by[i];
	return NULL;
}

/* As the catalog tells, or the text that makes it. */
static bool is_already(const struct relation_facts *table, char wanted)
{
	return (relation_listed(table) || table->created_in_transaction) &&
	       table->persistence == wanted;
}

/* ATPrepChangePersistence does nothing when the table is that already. */
static bool becomes(struct model *model, char wanted)
{
	const struct relation_facts *table = model->table;

	if (table != NULL && table->persistence == 't')
		model_error(model, "42P16", "\"%s\" is temporary", table->name.name);
	else if (table != NULL && is_already(table, wanted))
		return false;
	else if (wanted == 'u' && publication_of(table) != NULL)
		model_error(model, "55000", "cannot change table \"%s\" to unlogged: it is in %s",
			table->name.name, publication_of(table));
	return model->effects->error == NULL && persistence_fits(model, wanted);
}

/* A partitioned table has no file, and its partitions are left alone. */
void model_set_persistence(struct model *model)
{
	char wanted = model->action->kind == ACTION_SET_LOGGED ? 'p' : 'u';

	if (!becomes(model, wanted) || (model->table != NULL && model->table->kind == 'p'))
		return;
	model->effects->rewrite = true;
	model_each_partition(model, model_copy);
	model_each_partition(model, model_keep_row_type);
	if (model->facts->server_version >= 150000) /* sequences have it, too, since then */
		model_lock_sequences(model, model->table);
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
	if (model->table != NULL && model->table->kind == 'p') {
		if (model->facts->server_version < 170000)
			model_absent(model, "42809",
				"cannot change access method of a partitioned table");
		return;
	}
	model->effects->rewrite =
		model->table == NULL || !same(model->table->access_method, model->action->new_name);
	if (!model->effects->rewrite)
		return;
	model_each_partition(model, model_copy);
	model_each_partition(model, model_keep_row_type);
}

void model_lock_table(struct model *model)
{
	size_t n;
	const struct name *names = model_targets(model->action, &n);

	for (size_t i = 0; i < n; i++) {
		if (model->action->only)
			model_lock(model, &names[i], model->action->lock_mode);
		else
			model_lock_tree(model, &names[i], model->action->lock_mode);
	}
}

void model_replace_view(struct model *model)
{
	const struct relation_facts *view;

	if (model_find(model->facts, &model->action->table, &view) == ABSENT ||
		model_made_elsewhere(model, view))
		return;
	model_lock(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	model->effects->table = view;
	if (view != NULL && relation_listed(view) && view->kind != 'v')
		model_error(model, "42809", "\"%s\" is not a view", view->name.name);
	model->effects->may_be_refused = true; /* 42P16 where its columns are not the old ones */
}

/* ExecRefreshMatView: CONCURRENTLY compares old and new rows by such an index. */
static bool has_whole_key(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].unique && table->indexes[i].valid &&
			table->indexes[i].immediate && !table->indexes[i].partial &&
			!table->indexes[i].has_expressions)
			return true;
	return false;
}

static void check_refresh(struct model *model)
{
	const struct relation_facts *table = model->table;
	const struct action *action = model->action;

	if (table == NULL || !relation_listed(table))
		return;
	if (table->kind != 'm')
		model_error(model, "0A000", "\"%s\" is not a materialized view", table->name.name);
	else if (action->concurrently && !table->populated)
		model_error(model, "0A000",
			"CONCURRENTLY cannot be used when the materialized view is not populated");
	else if (action->concurrently && !action->with_data)
		model_error(model, "42601", "CONCURRENTLY needs data");
	else if (action->concurrently && !has_whole_key(table))
		model_error(model, "55000",
			"cannot refresh materialized view \"%s\" concurrently: it has no unique "
			"index of all rows",
			table->name.name);
}

void model_refresh(struct model *model)
{
	check_refresh(model);
	if (model->action->concurrently) {
		model->effects->locks[0].mode = LOCK_EXCLUSIVE;
		if (model->table != NULL) {
			model_scan(model, model->table);
			model_lock_indexes(model, model->table, LOCK_ROW_EXCLUSIVE, 0);
		}
		return;
	}
	model->effects->rewrite = true;
	if (model->table != NULL && model->table->n_indexes > 0)
		model_copy(model, model->table);
	else if (model->table != NULL) /* its query fills it: nothing reads the old rows */
		model_work(model, &model->table->name, LOCK_NONE, WORK_FILE);
}

void model_breaks(struct model *model)
{
	model->effects->breaks_clients = true;
}

void model_rename(struct model *model)
{
	model_breaks(model);
	model_check_rename(model);
}

static bool owns_already(const struct model *model)
{
	static const char *const oneself[] = {"CURRENT_USER", "CURRENT_ROLE"};
	const char *owner = model->action->new_name;

	if (owner != NULL && names_contain(oneself, 2, owner))
		owner = model->facts->current_user;
	return same(owner, model->table->owner);
}

void model_alter_sequence(struct model *model)
{
	const struct action *action = model->action;
	bool owner = false;

	for (size_t i = 0; i < action->n_options; i++)
		owner |= strcmp(action->options[i].name, "owned_by") == 0;
	if (model->table != NULL && model->table->owned == 'i' && owner)
		model_error(model, "0A000", "cannot change ownership of identity sequence");
}

/* AlterRelationNamespaceInternal */
static void refuse_schema(struct model *model)
{
	const struct relation_facts *table = model->table, *found;
	struct name name = {.schema = model->action->new_name};

	if (table == NULL)
		return;
	name.name = table->name.name;
	if (model_find(model->facts, &name, &found) == PRESENT && relation_listed(found) &&
		found->oid != table->oid)
		model_error(model, "42P07", "relation \"%s\" already exists in schema \"%s\"",
			name.name, name.schema);
}

/* CheckSetNamespace */
static bool is_closed(const char *schema)
{
	return schema != NULL &&
	       (strcmp(schema, "pg_toast") == 0 || strncmp(schema, "pg_temp", 7) == 0);
}

/* AlterSeqNamespaces: what the table owns moves with it. */
void model_set_schema(struct model *model)
{
	model_breaks(model);
	if (is_closed(model->action->new_name))
		model_error(model, "0A000", "cannot move objects into or out of schema %s",
			model->action->new_name);
	if (model_named_type(model) || model_named_statistics(model))
		return;
	if (model->table != NULL && model->table->owned != 0)
		model_error(model, "0A000", "cannot move an owned sequence into another schema");
	if (model->table != NULL && model->table->persistence == 't')
		model_error(model, "0A000", "cannot move objects into or out of temporary schemas");
	refuse_schema(model);
	model_lock_sequences(model, model->table);
}

/* ATExecChangeOwner goes on to indexes and owned sequences. */
void model_owner(struct model *model)
{
	const struct relation_facts *table = model->table;

	if (model_named_type(model) || model_named_statistics(model) || table == NULL ||
		owns_already(model))
		return;
	if (table->owned != 0)
		model_error(
			model, "0A000", "cannot change owner of sequence \"%s\"", table->name.name);
	model_lock_indexes(model, table, LOCK_ACCESS_EXCLUSIVE, 0);
	model_lock_sequences(model, table);
}

void model_cluster_on(struct model *model)
{
	const struct index_facts *index;

	index = named_index(model);
	if (model->table != NULL && model->table->kind == 'p' && !model->effects->absent)
		model_absent(model, "0A000", "cannot mark index clustered in partitioned table");
	if (index == NULL || model->effects->absent)
		return;
	model_lock_part(model, &index->name, LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
	cannot_cluster(model, index);
}

static bool may_be_null(const struct relation_facts *table, const struct index_facts *index)
{
	for (size_t i = 0; i < index->n_columns; i++) {
		const struct column_facts *column =
			index->columns[i] == NULL ? NULL : facts_column(table, index->columns[i]);

		if (column != NULL && !column->not_null)
			return true;
	}
	return false;
}

/* What ATExecReplicaIdentity demands of the index, in its order. */
void model_replica_identity(struct model *model)
{
	static const char usable[] = "index \"%s\" cannot be the replica identity: it %s";
	const struct index_facts *index =
		model->action->new_name != NULL ? NULL : named_index(model);

	if (index == NULL)
		return;
	model_lock_part(model, &index->name, LOCK_SHARE, 0);
	if (!index->unique)
		model_absent(model, "42809", usable, index->name.name, "is not unique");
	else if (!index->immediate)
		model_absent(model, "0A000", usable, index->name.name, "is deferrable");
	else if (index->has_expressions || index->partial)
		model_absent(model, "0A000", usable, index->name.name, "leaves something out");
	else if (may_be_null(model->table, index))
		model_absent(model, "42809", usable, index->name.name, "has a column with nulls");
}

void model_no_transaction(struct model *model)
{
	model->effects->no_transaction = true;
}

/* vacuum_rel and analyze_rel warn of another kind of relation, and let it go at once. */
static void skip_kinds_but(struct model *model, const char *kinds)
{
	for (size_t i = 0; i < model->effects->n_locks; i++) {
		struct lock_effect *lock = &model->effects->locks[i];
		const struct relation_facts *relation =
			facts_relation(model->facts, &lock->relation);

		if (relation != NULL && relation_listed(relation) &&
			strchr(kinds, relation->kind) == NULL)
			lock->mode = LOCK_NONE;
	}
}

void model_vacuum(struct model *model)
{
	model_no_transaction(model);
	skip_kinds_but(model, "rpmt");
}

void model_analyze(struct model *model)
{
	skip_kinds_but(model, "rpmf");
}

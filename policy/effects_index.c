/* SPDX-License-Identifier: PostgreSQL */
/* Indexes: the lock that hurts is the one on the table below. */
#include "model.h"

#include <string.h>

#include "text.h"

static const struct relation_facts *index_of_that_name(const struct model *model)
{
	const struct relation_facts *table = model->table, *index;
	struct name name = {.name = model->action->index->name};

	if (table == NULL || name.name == NULL)
		return NULL;
	name.schema = table->name.schema; /* an index lives where its table does */
	if (model_find(model->facts, &name, &index) == PRESENT)
		return index;
	name.schema = model->action->table.schema;
	return model_find(model->facts, &name, &index) == PRESENT ? index : NULL;
}

static bool exists_already(const struct model *model)
{
	const char *name = model->action->index->name;

	if (!model->facts->known && !model->action->if_not_exists)
		return false;
	return name != NULL && model->table != NULL &&
	       (facts_index(model->table, name) != NULL || index_of_that_name(model) != NULL);
}

/* What access methods cannot do: amcanunique, amcanmulticol, amcaninclude, amcanorder. */
static void check_method(struct model *model, const struct index_def *def)
{
	static const struct {
		const char *method;
		bool many_columns, includes;
	} methods[] = {
		{"hash", false, false},
		{"gist", true, true},
		{"gin", true, false},
		{"spgist", false, true},
		{"brin", true, false},
	};
	static const char no[] = "access method \"%s\" does not support %s";

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].method, def->method) != 0)
			continue;
		if (def->unique)
			model_error(model, "0A000", no, def->method, "unique indexes");
		else if (def->n_include > 0 && !methods[i].includes)
			model_error(model, "0A000", no, def->method, "included columns");
		else if (def->n_columns > 1 && !methods[i].many_columns)
			model_error(model, "0A000", no, def->method, "multicolumn indexes");
	}
}

/* ComputeIndexAttrs and CheckPredicate. */
static void check_expressions(struct model *model, const struct index_def *def)
{
	const struct name *function;

	for (size_t i = 0; i < def->n_expressions; i++) {
		const struct expr *expr = &def->expressions[i];

		model_need_columns(model, expr);
		model_check_expr(model, expr);
		if (model->facts->known && expr_volatility(model->facts, expr, &function) != 'i')
			model_error(
				model, "42P17", "functions in an index must be marked IMMUTABLE");
	}
}

/* GetDefaultOpClass for btree. */
void model_need_order(struct model *model, const char *const *columns, size_t n)
{
	static const char *const unordered_types[] = {
		"json", "xml", "point", "lseg", "path", "box", "polygon", "line", "circle"};
	const struct index_def *def = model->action->index;
	bool btree = def == NULL || (strcmp(def->method, "btree") == 0 && def->plain_order);

	for (size_t i = 0; i < n && btree && model->table != NULL; i++) {
		const struct column_facts *column =
			columns[i] == NULL ? NULL : facts_column(model->table, columns[i]);

		if (column != NULL && column->base_type != NULL &&
			names_contain(unordered_types,
				sizeof(unordered_types) / sizeof(unordered_types[0]),
				column->base_type))
			model_error(model, "42704",
				"data type %s has no default operator class for access method "
				"btree",
				column->type_sql);
	}
}

void model_create_index(struct model *model)
{
	const struct action *action = model->action;
	const struct relation_facts *table = model->table;
	struct effects *effects = model->effects;
	bool parent = table != NULL && table->kind == 'p';

	effects->no_transaction = action->concurrently;
	if (action->concurrently) {
		for (size_t i = 0; i < effects->n_locks; i++)
			effects->locks[i].mode = LOCK_SHARE_UPDATE_EXCLUSIVE;
		if (parent)
			model_error(model, "0A000",
				"cannot create index on partitioned table \"%s\" concurrently",
				table->name.name);
	}
	if (action->index->unique)
		model_need_no_foreign(model);
	if (exists_already(model)) {
		if (action->if_not_exists)
			effects->noop = true;
		else
			model_absent(model, "42P07", "relation \"%s\" already exists",
				action->index->name);
		return;
	}
	model_need_names(model, action->index->columns, action->index->n_columns);
	check_method(model, action->index);
	check_expressions(model, action->index);
	model_need_order(model, action->index->columns, action->index->n_columns);
	model_need_names(model, action->index->include, action->index->n_include);
	if (action->index->unique)
		model_check_partitioned_key(
			model, action->index->columns, action->index->n_columns);
	effects->index_build = !action->concurrently && !(action->only && parent);
	if (effects->index_build)
		model_build_all(model);
}

/* heap_drop_with_catalog's lock on the heap comes first (RangeVarCallbackForDropRelation). */
static void drop_one(struct model *model, const struct name *name)
{
	enum lock_mode mode =
		model->action->concurrently ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE;
	const struct relation_facts *index;
	enum presence presence = model_find(model->facts, name, &index);

	if (presence == ABSENT && !model->action->if_exists)
		model_absent(model, "42704", "index \"%s\" does not exist", name->name);
	if (presence == UNKNOWN)
		model_lock(model, name, mode);
	if (presence == PRESENT && index->table.name == NULL)
		model_absent(model, "42809", "\"%s\" is not an index", name->name);
	if (presence != PRESENT || index->table.name == NULL)
		return;
	model_lock(model, &index->table, mode);
	if (index->kind == 'I')
		model_lock_tree(model, &index->table, mode);
	model_lock_part(model, &index->name, mode, 0);
	if (!model->action->concurrently)
		model_drop(model,
			&(struct dropped){&index->drops,
				arena_printf(model->arena, "index %s", index->name.name)},
			1);
	if (index->n_indexes > 0 && index->indexes[0].attached)
		model_error(model, "2BP01",
			"cannot drop index %s because one of the parent requires it",
			index->name.name);
	else if (index->n_indexes > 0 && index->indexes[0].backs_constraint)
		model_error(model, "2BP01", "cannot drop index %s because a constraint requires it",
			index->name.name);
	else if (index->kind == 'I' && model->action->concurrently)
		model_error(model, "0A000", "cannot drop partitioned index \"%s\" concurrently",
			index->name.name);
}

/* The tables below the indexes named, to judge by; stays unset when one is unknown. */
static void judge_by_tables(struct model *model)
{
	const struct action *action = model->action;
	struct name *tables = arena_alloc(model->arena, (action->n_targets + 1) * sizeof(*tables));
	size_t n = 0;

	for (size_t i = 0; i < action->n_targets; i++) {
		const struct relation_facts *index;
		enum presence presence = model_find(model->facts, &action->targets[i], &index);

		if (presence == UNKNOWN)
			return;
		if (presence == PRESENT)
			tables[n++] = index->table.name != NULL ? index->table : index->name;
	}
	model->effects->table = model_worst(model->facts, tables, n);
}

void model_drop_index(struct model *model)
{
	const struct action *action = model->action;

	model->effects->no_transaction = action->concurrently;
	if (action->concurrently && (action->n_targets > 1 || action->cascade))
		model_error(
			model, "0A000", "DROP INDEX CONCURRENTLY takes one index, and no CASCADE");
	for (size_t i = 0; i < action->n_targets; i++)
		drop_one(model, &action->targets[i]);
	model->effects->noop = model->effects->n_locks == 0 && !model->effects->absent;
	judge_by_tables(model);
}

/* ---- REINDEX ---- */

static bool concurrently(const struct model *model)
{
	return model->action->concurrently;
}

/* What one index is rebuilt under: ACCESS EXCLUSIVE, which planners of any query wait for. */
static enum lock_mode index_mode(const struct model *model)
{
	return concurrently(model) ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE;
}

/* CONCURRENTLY builds too, but under no lock that anybody waits for. */
static unsigned table_work(const struct model *model)
{
	return concurrently(model) ? 0 : WORK_SCAN | WORK_BUILD;
}

static void reindex_leaf(struct model *model, const struct relation_facts *table)
{
	if (table->n_indexes == 0)
		return;
	model_work(model, &table->name, LOCK_NONE, table_work(model));
	model_lock_indexes(model, table, index_mode(model), WORK_FILE);
}

/* ReindexPartitions lists them under SHARE, CONCURRENTLY or not (find_all_inheritors). */
static void reindex_table(struct model *model, const struct name *name, enum lock_mode mode)
{
	const struct relation_facts *table;

	model_lock(model, name, mode);
	if (model_find(model->facts, name, &table) != PRESENT)
		return;
	if (table->kind != 'p') {
		reindex_leaf(model, table);
		return;
	}
	for (size_t i = 0; i < table->n_partition_tree; i++)
		model_lock(model, &table->partition_tree[i].name, LOCK_SHARE);
	for (size_t i = 0; i < table->n_partitions; i++) {
		const struct relation_facts *leaf;

		if (model_find(model->facts, &table->partitions[i], &leaf) == PRESENT)
			reindex_leaf(model, leaf);
	}
}

/* The indexes below a partitioned one: those of the leaves with the same columns. */
static void reindex_attached(struct model *model, const struct relation_facts *table,
	const struct index_facts *parent, enum lock_mode mode)
{
	for (size_t i = 0; i < table->n_partitions; i++) {
		const struct relation_facts *leaf;

		if (model_find(model->facts, &table->partitions[i], &leaf) != PRESENT)
			continue;
		for (size_t k = 0; k < leaf->n_indexes; k++) {
			const struct index_facts *index = &leaf->indexes[k];

			if (!index->attached || !index_like(model->arena, index, parent))
				continue;
			model_work(model, &leaf->name, mode, table_work(model));
			model_lock_part(model, &index->name,
				concurrently(model) ? LOCK_SHARE : LOCK_ACCESS_EXCLUSIVE,
				WORK_FILE);
		}
	}
}

/*
 * ReindexPartitions opens the leaves.  Of what is between them and the table named it lists the
 * indexes.  Leaves may lack the index when it is not valid.
 */
static void lock_below_index(
	struct model *model, const struct relation_facts *index, enum lock_mode mode)
{
	const struct relation_facts *table;
	bool whole = index->n_indexes == 0 || index->indexes[0].valid;

	if (index->kind == 'I' && model_find(model->facts, &index->table, &table) == PRESENT)
		for (size_t i = 0; i < table->n_partitions && whole; i++)
			model_lock(model, &table->partitions[i], mode);
	for (size_t i = 0; i < index->n_partition_tree; i++)
		if (index->partition_tree[i].kind == 'I')
			model_lock_part(model, &index->partition_tree[i].name, LOCK_SHARE, 0);
}

static void reindex_index(struct model *model, const struct name *name, enum lock_mode mode)
{
	const struct relation_facts *index, *table;

	if (model_find(model->facts, name, &index) != PRESENT || index->table.name == NULL) {
		model_lock(model, name, index_mode(model));
		return;
	}
	model_lock(model, &index->table, mode);
	lock_below_index(model, index, mode);
	model_work(model, name, index_mode(model), index->kind == 'I' ? 0 : WORK_FILE);
	if (index->kind != 'I')
		model_work(model, &index->table, mode, table_work(model));
	if (index->kind == 'I' && model_find(model->facts, &index->table, &table) == PRESENT &&
		index->n_indexes > 0)
		reindex_attached(model, table, &index->indexes[0], mode);
}

void model_reindex(struct model *model)
{
	const struct action *action = model->action;
	enum lock_mode mode = action->concurrently ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_SHARE;
	bool index = action->object != NULL && strcmp(action->object, "INDEX") == 0;
	const struct name *names = action->n_targets > 0 ? action->targets : &action->table;
	size_t n = action->n_targets > 0 ? action->n_targets : action->table.name != NULL;
	const struct relation_facts *relation;

	model->effects->no_transaction = action->concurrently;
	model->effects->index_build = !action->concurrently;
	for (size_t i = 0; i < n; i++) {
		if (model_find(model->facts, &names[i], &relation) == ABSENT) {
			model_absent(
				model, "42P01", "relation \"%s\" does not exist", names[i].name);
			model->effects->index_build = false;
			return;
		}
		if (relation != NULL && relation_listed(relation) &&
			strchr(index ? "iI" : "rpmt", relation->kind) == NULL) {
			model_error(model, "42809", "\"%s\" cannot be reindexed like that",
				names[i].name);
			return;
		}
		/* ReindexPartitions: each partition in a transaction of its own */
		if (relation != NULL && (relation->kind == 'p' || relation->kind == 'I'))
			model->effects->no_transaction = true;
		if (index)
			reindex_index(model, &names[i], mode);
		else
			reindex_table(model, &names[i], mode);
	}
	if (action->n_targets > 0)
		judge_by_tables(model);
	else
		model->effects->table = model_worst(model->facts, names, n);
}

static bool on_index(const struct model *model)
{
	return model->table == NULL || model->table->kind == 'i' || model->table->kind == 'I';
}

/* RenameRelation: ALTER INDEX of what is no index takes what ALTER TABLE does. */
void model_rename_index(struct model *model)
{
	if (!on_index(model) && model->effects->n_locks > 0)
		model->effects->locks[0].mode = LOCK_ACCESS_EXCLUSIVE;
	model_check_rename(model);
}

static bool is_elsewhere(const struct model *model)
{
	const struct relation_facts *index, *whole, *part;

	return model_find(model->facts, &model->action->other, &index) == PRESENT &&
	       index->table.name != NULL && model->table->table.name != NULL &&
	       model_find(model->facts, &model->table->table, &whole) == PRESENT &&
	       model_find(model->facts, &index->table, &part) == PRESENT &&
	       !relation_child(whole, part);
}

void model_index_attach(struct model *model)
{
	const struct relation_facts *child;

	model_lock_part(model, &model->action->other, LOCK_ACCESS_EXCLUSIVE, 0);
	if (model->table != NULL && is_elsewhere(model))
		model_error(model, "55000", "index \"%s\" is on no partition of table \"%s\"",
			model->action->other.name, model->table->table.name);
	if (model->table != NULL && model->table->n_indexes > 0 &&
		model_find(model->facts, &model->action->other, &child) == PRESENT &&
		child->n_indexes > 0 &&
		!index_like(model->arena, &child->indexes[0], &model->table->indexes[0]))
		model_error(model, "42P17", "cannot attach index \"%s\" as a partition of \"%s\"",
			child->name.name, model->table->name.name);
}

/* ATExecSetTableSpace copies the file unless it is there already. */
void model_index_tablespace(struct model *model)
{
	model->effects->index_build = model_moves(model);
}

bool model_index_carries(struct arena *arena, const struct index_facts *index, const char *column)
{
	const char *list =
		index->definition != NULL ? strstr(index->definition, " INCLUDE (") : NULL;
	const struct name own = {.name = column};
	const char *name = name_text(arena, &own);

	if (list == NULL)
		return false;
	for (const char *at = strstr(list, name); at != NULL; at = strstr(at + 1, name))
		if (strchr(" (", at[-1]) != NULL && strchr(",)", at[strlen(name)]) != NULL)
			return true;
	return false;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Indexes to be made on partitioned tables: what their key needs, and what the partitions have of
 * them already. */
#include "model.h"

#include <string.h>

#include "text.h"

/* What CREATE INDEX or a constraint asks for. */
struct wish {
	const char *shape; /* as of index_def */
	bool unique, constraint, primary;
	bool nulls_not_distinct;
};

static struct wish wish_of(const struct action *action)
{
	const struct index_def *index = action->index;
	const struct constraint_def *def = action->constraint;

	if (index != NULL)
		return (struct wish){
			.shape = index->shape,
			.unique = index->unique,
			.nulls_not_distinct = index->nulls_not_distinct,
		};
	if (def != NULL)
		return (struct wish){
			.shape = def->shape,
			.unique = true,
			.constraint = true,
			.primary = def->kind == CONSTRAINT_PRIMARY_KEY,
			.nulls_not_distinct = def->nulls_not_distinct,
		};
	return (struct wish){.shape = NULL};
}

/* NULL when the grammar does not read what the server prints. */
static const char *shape_of(struct arena *arena, const struct index_facts *index)
{
	const char *error;
	struct stmts stmts;

	if (index->definition == NULL) /* made by the text */
		return shape_of_columns(arena, index->columns, index->n_columns);
	if (stmt_parse(arena, index->definition, strlen(index->definition), &stmts, &error) != 0 ||
		stmts.n != 1 || stmts.items[0].n_actions != 1 ||
		stmts.items[0].actions[0].index == NULL)
		return NULL;
	return stmts.items[0].actions[0].index->shape;
}

/* CompareIndexInfo (index.c), and that a constraint is attached to a constraint. */
static bool fulfils(const struct index_facts *index, const char *shape, const struct wish *wish)
{
	return shape != NULL && wish->shape != NULL && strcmp(shape, wish->shape) == 0 &&
	       index->unique == wish->unique &&
	       index->nulls_not_distinct == wish->nulls_not_distinct &&
	       (index->backs_constraint || !wish->constraint);
}

static struct wish wish_like(struct arena *arena, const struct index_facts *index)
{
	return (struct wish){
		.shape = shape_of(arena, index),
		.unique = index->unique,
		.constraint = index->backs_constraint,
		.primary = index->primary,
		.nulls_not_distinct = index->nulls_not_distinct,
	};
}

bool index_like(
	struct arena *arena, const struct index_facts *index, const struct index_facts *wanted)
{
	const struct wish wish = wish_like(arena, wanted);

	return fulfils(index, shape_of(arena, index), &wish);
}

static bool has_primary(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].primary)
			return true;
	return false;
}

/* More than anybody writes or has are not told apart. */
enum { WISHES_MAX = 64 };

/* Indexes to be made on one table and all its partitions, in this order; the last is at hand. */
struct wishes {
	const struct relation_facts *top;
	struct wish list[WISHES_MAX];
	size_t n;
};

static bool asks_for_index(const struct action *command)
{
	const struct constraint_def *def = command->constraint;

	return def != NULL && def->using_index == NULL &&
	       (def->kind == CONSTRAINT_UNIQUE || def->kind == CONSTRAINT_PRIMARY_KEY);
}

/* Up to this one. */
static struct wishes wishes_of_commands(const struct model *model)
{
	const struct facts *facts = model->facts;
	struct wishes wishes = {.top = model->table};

	for (size_t i = 0; i < facts->n_commands && facts->commands[i] != model->action &&
			   wishes.n < WISHES_MAX - 1;
		i++)
		if (asks_for_index(facts->commands[i]))
			wishes.list[wishes.n++] = wish_of(facts->commands[i]);
	wishes.list[wishes.n++] = wish_of(model->action);
	return wishes;
}

/* Shapes of a table's indexes; NULL for what is taken by one of the parent's already. */
static const char **free_shapes(struct model *model, const struct relation_facts *part)
{
	bool attaches = model->action->kind == ACTION_ATTACH_PARTITION;
	const char **shapes = arena_alloc(model->arena, (part->n_indexes + 1) * sizeof(*shapes));

	for (size_t i = 0; i < part->n_indexes; i++)
		if (!part->indexes[i].attached && (part->indexes[i].valid || !attaches))
			shapes[i] = shape_of(model->arena, &part->indexes[i]);
	return shapes;
}

/*
 * DefineIndex attaches the first index that will do, and does not go on below it.  open: which of
 * the wishes have come down to the table; those that end here are closed.  Returns what the last
 * one attaches, or NULL.
 */
static const struct index_facts *attach(struct model *model, const struct relation_facts *part,
	const struct wishes *wishes, bool *open)
{
	const char **shapes = free_shapes(model, part);
	const struct index_facts *attached = NULL;

	for (size_t w = 0; w < wishes->n; w++) {
		attached = NULL;
		for (size_t i = 0; i < part->n_indexes && open[w]; i++) {
			if (!fulfils(&part->indexes[i], shapes[i], &wishes->list[w]))
				continue;
			attached = &part->indexes[i];
			shapes[i] = NULL;
			open[w] = false;
		}
	}
	return attached;
}

static void build_below(struct model *model, const struct name *name, const struct wishes *wishes,
	const bool *above);

/* A partition, and what is below it. */
static void build_part(struct model *model, const struct relation_facts *part,
	const struct wishes *wishes, const bool *above)
{
	const struct wish *wish = &wishes->list[wishes->n - 1];
	const struct index_facts *attached;
	bool open[WISHES_MAX];

	memcpy(open, above, sizeof(open));
	attached = attach(model, part, wishes, open);
	if (part->kind == 'f' && wish->unique)
		model_error(model, "42809", "\"%s\" is a foreign table, which has no unique index",
			part->name.name);
	else if (attached != NULL) /* of what is attached itself for no longer than it takes */
		model_lock_part(model, &attached->name,
			part == wishes->top ? LOCK_ACCESS_SHARE : LOCK_SHARE, 0);
	else if (wish->primary && has_primary(part))
		model_error(model, "42P16",
			"multiple primary keys for table \"%s\" are not allowed", part->name.name);
	else if (part->kind == 'p')
		build_below(model, &part->name, wishes, open);
	else if (part->kind == 'r')
		model_build(model, part);
	model->effects->index_build |= part->kind == 'r' && attached == NULL;
}

static void build_below(struct model *model, const struct name *name, const struct wishes *wishes,
	const bool *above)
{
	const struct relation_facts *part;

	for (size_t i = 0; i < wishes->top->n_partition_tree; i++) {
		const struct partition_facts *child = &wishes->top->partition_tree[i];

		if (!name_equal(&child->parent, name))
			continue;
		model_lock(model, &child->name, LOCK_SHARE);
		if (model_find(model->facts, &child->name, &part) == PRESENT)
			build_part(model, part, wishes, above);
	}
}

void model_build_all(struct model *model)
{
	const struct relation_facts *table = model->table;
	struct wishes wishes;
	bool open[WISHES_MAX];

	if (table == NULL || table->kind != 'p') {
		model_each_partition(model, model_build);
		return;
	}
	if (model->action->only)
		return;
	wishes = wishes_of_commands(model);
	memset(open, true, sizeof(open));
	build_below(model, &table->name, &wishes, open);
}

/* AttachPartitionEnsureIndexes, which takes the parent's indexes one after the other. */
void model_build_missing(struct model *model, const struct relation_facts *parent,
	const struct relation_facts *partition)
{
	struct wishes wishes = {.top = partition};
	bool open[WISHES_MAX];

	memset(open, true, sizeof(open));
	for (size_t i = 0; i < parent->n_indexes && i < WISHES_MAX; i++) {
		wishes.list[wishes.n++] = wish_like(model->arena, &parent->indexes[i]);
		build_part(model, partition, &wishes, open);
	}
}

void model_check_partitioned_key(struct model *model, const char *const *columns, size_t n)
{
	const struct relation_facts *table = model->table;

	if (table == NULL || table->kind != 'p')
		return;
	for (size_t i = 0; i < table->n_partition_columns; i++)
		if (table->partition_columns[i] == NULL ||
			!names_contain(columns, n, table->partition_columns[i]))
			model_error(model, "0A000",
				"a unique constraint on partitioned table \"%s\" must include all "
				"partitioning columns",
				table->name.name);
}

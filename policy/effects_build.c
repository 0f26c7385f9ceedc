/* SPDX-License-Identifier: PostgreSQL */
/* Indexes to be made on partitioned tables: what their key needs, and what the partitions have of
 * them already. */
#include "model.h"

#include <string.h>

#include "text.h"

/* What CREATE INDEX or a constraint asks for. */
struct wish {
	const char *const *columns; /* NULL entries are expressions */
	size_t n_columns;
	bool unique, constraint, primary;
	bool nulls_not_distinct;
	bool plain; /* a btree of columns in their default order, and nothing else */
};

static struct wish wish_of(const struct action *action)
{
	const struct index_def *index = action->index;
	const struct constraint_def *def = action->constraint;

	if (index != NULL)
		return (struct wish){
			.columns = index->columns,
			.n_columns = index->n_columns,
			.unique = index->unique,
			.nulls_not_distinct = index->nulls_not_distinct,
			.plain = index->plain_order && !index->has_expressions && !index->partial &&
				 !index->includes && strcmp(index->method, "btree") == 0,
		};
	if (def != NULL)
		return (struct wish){
			.columns = def->columns,
			.n_columns = def->n_columns,
			.unique = true,
			.constraint = true,
			.primary = def->kind == CONSTRAINT_PRIMARY_KEY,
			.nulls_not_distinct = def->nulls_not_distinct,
			.plain = def->n_include == 0 && def->kind != CONSTRAINT_EXCLUSION,
		};
	return (struct wish){.plain = false};
}

/* As pg_get_indexdef prints them, up to what else an index may have. */
static bool plain_body(struct arena *arena, const struct index_facts *index)
{
	const char *body =
		index->definition != NULL ? strstr(index->definition, " USING btree (") : NULL;

	body = body != NULL ? strchr(body, '(') + 1 : NULL;
	for (size_t i = 0; body != NULL && i < index->n_columns; i++) {
		const char *column = name_text(arena, &(struct name){.name = index->columns[i]});

		if (i > 0)
			body += strlen(", ");
		if (strncmp(body, column, strlen(column)) != 0)
			return false;
		body += strlen(column);
	}
	return body != NULL && *body == ')' && strstr(body, " INCLUDE (") == NULL;
}

/* CompareIndexInfo (index.c), and that a constraint is attached to a constraint. */
static bool fulfils(struct arena *arena, const struct index_facts *index, const struct wish *wish)
{
	if (!wish->plain || index->attached || index->partial || index->has_expressions ||
		!index->plain_order || index->unique != wish->unique ||
		index->nulls_not_distinct != wish->nulls_not_distinct ||
		(wish->constraint && !index->backs_constraint) ||
		index->n_columns != wish->n_columns)
		return false;
	for (size_t i = 0; i < index->n_columns; i++)
		if (strcmp(index->columns[i], wish->columns[i]) != 0)
			return false;
	return plain_body(arena, index);
}

/* The partitioned table that holds it directly; NULL for the topmost. */
static const struct name *holder(const struct relation_facts *table, const struct name *part)
{
	for (size_t i = 0; i < table->n_partition_tree; i++)
		if (name_equal(&table->partition_tree[i].name, part))
			return &table->partition_tree[i].parent;
	return NULL;
}

static bool has_primary(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].primary)
			return true;
	return false;
}

/* DefineIndex goes down level by level, and attaches the first index that will do. */
static bool attaches(
	struct model *model, const struct relation_facts *part, const struct wish *wish)
{
	for (size_t i = 0; i < part->n_indexes; i++) {
		if (!fulfils(model->arena, &part->indexes[i], wish))
			continue;
		model_lock_part(model, &part->indexes[i].name, LOCK_SHARE, 0);
		return true;
	}
	if (wish->primary && has_primary(part))
		model_error(model, "42P16",
			"multiple primary keys for table \"%s\" are not allowed", part->name.name);
	return false;
}

static void build_missing(struct model *model, const struct relation_facts *member)
{
	const struct wish wish = wish_of(model->action);
	const struct relation_facts *part = member;
	const struct name *above = holder(model->table, &member->name);

	while (part != NULL && above != NULL) {
		if (attaches(model, part, &wish))
			return;
		model_find(model->facts, above, &part);
		above = holder(model->table, above);
	}
	model_build(model, member);
}

/* Those that are partitioned themselves may have no leaf to be met on the way up from. */
void model_build_all(struct model *model)
{
	const struct wish wish = wish_of(model->action);
	const struct relation_facts *table = model->table, *part;

	model_each_partition(model, build_missing);
	for (size_t i = 0; table != NULL && i < table->n_partition_tree; i++)
		if (table->partition_tree[i].kind == 'p' &&
			name_equal(&table->partition_tree[i].parent, &table->name) &&
			model_find(model->facts, &table->partition_tree[i].name, &part) == PRESENT)
			attaches(model, part, &wish);
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

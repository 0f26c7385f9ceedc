/* SPDX-License-Identifier: PostgreSQL */
/* CREATE INDEX. */
#include "stmt_internal.h"

/* ASC and NULLS LAST are what an index has anyway. */
static bool plain_order(const PgQuery__IndexElem *element)
{
	bool descending = element->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
	bool nulls_first = element->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;

	return !descending && !nulls_first && element->n_collation == 0 && element->n_opclass == 0;
}

static void read_index_columns(
	struct builder *builder, struct index_def *def, const PgQuery__IndexStmt *index)
{
	const char **columns =
		arena_alloc(builder->arena, (index->n_index_params + 1) * sizeof(*columns));

	def->plain_order = true;
	for (size_t i = 0; i < index->n_index_params; i++) {
		const PgQuery__IndexElem *element = index->index_params[i]->index_elem;

		columns[i] = tree_text(builder->arena, element->name);
		def->has_expressions |= columns[i] == NULL;
		def->plain_order &= plain_order(element);
	}
	def->columns = columns;
	def->n_columns = index->n_index_params;
}

static void read_index_include(
	struct builder *builder, struct index_def *def, const PgQuery__IndexStmt *index)
{
	const char **include = arena_alloc(
		builder->arena, (index->n_index_including_params + 1) * sizeof(*include));

	for (size_t i = 0; i < index->n_index_including_params; i++)
		include[i] = tree_text(
			builder->arena, index->index_including_params[i]->index_elem->name);
	def->include = include;
	def->n_include = index->n_index_including_params;
}

static void read_index_expressions(
	struct builder *builder, struct index_def *def, const PgQuery__IndexStmt *index)
{
	struct expr *expressions =
		arena_alloc(builder->arena, (index->n_index_params + 1) * sizeof(*expressions));

	for (size_t i = 0; i < index->n_index_params; i++) {
		const PgQuery__Node *expr = index->index_params[i]->index_elem->expr;

		if (expr != NULL)
			read_names(builder, expr, &expressions[def->n_expressions++]);
	}
	if (index->where_clause != NULL)
		read_names(builder, index->where_clause, &expressions[def->n_expressions++]);
	def->expressions = expressions;
}

/* USING may be missing; everything behind the table's name belongs to the body. */
static const char *index_body(struct builder *builder, const PgQuery__IndexStmt *index)
{
	struct span body = {token_behind_relation(builder, index->relation), builder->span.end};
	const char *text = source_text(builder->arena, builder->source, body);

	if (source_is(builder->source, body, body.first, "using"))
		return text;
	return arena_printf(builder->arena, "USING btree %s", text);
}

void handle_create_index(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__IndexStmt *index = node->index_stmt;
	struct index_def *def = arena_alloc(builder->arena, sizeof(*def));

	*def = (struct index_def){
		.name = tree_text(builder->arena, index->idxname),
		.method = arena_strdup(builder->arena, index->access_method),
		.unique = index->unique,
		.nulls_not_distinct = index->nulls_not_distinct,
		.partial = index->where_clause != NULL,
		.shape = index_shape(builder, index),
		.body_sql = index_body(builder, index),
	};
	read_index_columns(builder, def, index);
	read_index_include(builder, def, index);
	read_index_expressions(builder, def, index);
	action->object = "INDEX";
	action->name = def->name;
	action->index = def;
	builder->no_transaction = index->concurrent;
}

/* SPDX-License-Identifier: PostgreSQL */
/* FOR VALUES ... and DEFAULT: which rows a partition takes. */
#include "stmt_internal.h"

#include <string.h>

/* The raw grammar has no words of its own for them: a column of that name is meant (transformation
 * in parse_utilcmd.c, transformPartitionRangeBounds). */
static enum bound_kind bound_kind(const PgQuery__Node *node)
{
	const PgQuery__ColumnRef *column = node->column_ref;
	const char *word;

	if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || column->n_fields != 1)
		return BOUND_VALUE;
	word = tree_string(column->fields[0]);
	if (word == NULL)
		return BOUND_VALUE;
	if (strcmp(word, "minvalue") == 0)
		return BOUND_MINVALUE;
	return strcmp(word, "maxvalue") == 0 ? BOUND_MAXVALUE : BOUND_VALUE;
}

/* The list in brackets behind the keyword; inside.end when there is none. */
static struct span list_behind(const struct builder *builder, struct span span, const char *keyword)
{
	size_t at = source_find(builder->source, span, keyword);
	struct span inside = {at + 2, span.end};

	if (inside.first >= span.end)
		return (struct span){span.end, span.end};
	inside.end = source_find(builder->source, (struct span){at + 1, span.end}, ")");
	return inside;
}

static const struct bound_value *read_values(
	struct builder *builder, PgQuery__Node *const *nodes, size_t n, struct span list)
{
	struct bound_value *values = arena_alloc(builder->arena, (n + 1) * sizeof(*values));

	for (size_t i = 0; i < n; i++) {
		struct span item = {list.first,
			list.first < list.end ? source_find(builder->source, list, ",") : list.end};

		values[i].kind = bound_kind(nodes[i]);
		if (values[i].kind == BOUND_VALUE)
			values[i].expr = make_expr(builder, nodes[i], item);
		list.first = item.end < list.end ? item.end + 1 : list.end;
	}
	return values;
}

struct partition_bound *make_bound(
	struct builder *builder, const PgQuery__PartitionBoundSpec *spec, struct span span)
{
	struct partition_bound *bound = arena_alloc(builder->arena, sizeof(*bound));

	bound->is_default = spec->is_default;
	bound->strategy = spec->is_default || spec->strategy == NULL ? 0 : spec->strategy[0];
	bound->modulus = spec->modulus;
	bound->remainder = spec->remainder;
	if (bound->strategy == 'l') {
		bound->n_values = spec->n_listdatums;
		bound->values = read_values(builder, spec->listdatums, spec->n_listdatums,
			list_behind(builder, span, "in"));
	} else if (bound->strategy == 'r' && spec->n_lowerdatums == spec->n_upperdatums) {
		bound->n_values = spec->n_lowerdatums;
		bound->values = read_values(builder, spec->lowerdatums, spec->n_lowerdatums,
			list_behind(builder, span, "from"));
		bound->upper = read_values(builder, spec->upperdatums, spec->n_upperdatums,
			list_behind(builder, span, "to"));
	}
	return bound;
}

/* PARTITION BY, USING, WITH, TABLESPACE: what CREATE TABLE says behind the bound. */
const char *behind_bound(
	struct builder *builder, const PgQuery__PartitionBoundSpec *spec, struct span span)
{
	size_t last = span.first; /* DEFAULT */

	if (!spec->is_default) {
		const char *keyword = *spec->strategy == 'l'   ? "in"
				      : *spec->strategy == 'r' ? "to"
							       : "with";

		last = list_behind(builder, span, keyword).end;
	}
	return source_text(
		builder->arena, builder->source, (struct span){last + 1, builder->span.end});
}

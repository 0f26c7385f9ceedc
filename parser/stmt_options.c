/* SPDX-License-Identifier: PostgreSQL */
/* Lists of parameters: SET and RESET (...), and what ALTER SEQUENCE says. */
#include "stmt_internal.h"

/* As defGetString (defrem.c) reads it: off is the name of a type here, on a keyword. */
const char *option_value(struct builder *builder, const PgQuery__Node *node)
{
	if (node == NULL)
		return NULL;
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_INTEGER:
		return arena_printf(builder->arena, "%d", node->integer->ival);
	case PG_QUERY__NODE__NODE_FLOAT:
		return arena_strdup(builder->arena, node->float_->fval);
	case PG_QUERY__NODE__NODE_BOOLEAN:
		return node->boolean->boolval ? "true" : "false";
	case PG_QUERY__NODE__NODE_TYPE_NAME:
		return object_name(builder, node).name;
	default:
		return arena_strdup(builder->arena, tree_string(node));
	}
}

void read_options(
	struct builder *builder, struct action *action, PgQuery__Node *const *nodes, size_t n)
{
	struct option *options = arena_alloc(builder->arena, (n + 1) * sizeof(*options));

	action->options = options;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__DefElem *given = nodes[i]->def_elem;

		if (nodes[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM)
			continue;
		options[action->n_options++] = (struct option){
			.space = tree_text(builder->arena, given->defnamespace),
			.name = arena_strdup(builder->arena, given->defname),
			.value = option_value(builder, given->arg),
		};
	}
}

void handle_alter_sequence(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	read_options(
		builder, action, node->alter_seq_stmt->options, node->alter_seq_stmt->n_options);
}

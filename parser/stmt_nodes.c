/* SPDX-License-Identifier: PostgreSQL */
/* The table of node kinds at work: which handler a statement goes to, and what nobody knows. */
#include "stmt_internal.h"

enum node_role {
	NODE_UNKNOWN, /* not in the table */
	NODE_STATEMENT,
	NODE_COMPOUND,
	NODE_PART,
	NODE_NEVER,
};

struct node_kind {
	enum node_role role;
	enum action_kind action;
	const char *tag;
	void (*handle)(struct builder *, const PgQuery__Node *, struct action *);
};

static const struct node_kind node_kinds[] = {
#define STATEMENT(node, action_, tag_, handler)                                                    \
	[PG_QUERY__NODE__NODE_##node] = {NODE_STATEMENT, ACTION_##action_, tag_, handler},
#define COMPOUND(node, tag_, handler)                                                              \
	[PG_QUERY__NODE__NODE_##node] = {NODE_COMPOUND, ACTION_HARMLESS, tag_, handler},
#define EXPRESSION(node) [PG_QUERY__NODE__NODE_##node] = {.role = NODE_PART},
#define CLAUSE(node) [PG_QUERY__NODE__NODE_##node] = {.role = NODE_PART},
#define NEVER(node) [PG_QUERY__NODE__NODE_##node] = {.role = NODE_NEVER},
#include "nodes.def"
};

static const struct node_kind *node_kind(const PgQuery__Node *node)
{
	static const struct node_kind unknown = {.role = NODE_UNKNOWN};
	size_t i = node == NULL ? 0 : (size_t)node->node_case;

	return i < sizeof(node_kinds) / sizeof(*node_kinds) ? &node_kinds[i] : &unknown;
}

/* A node without a kind is an empty item of a list, as in SELECT DISTINCT or FROM f(). */
bool node_known(const PgQuery__Node *node)
{
	enum node_role role = node_kind(node)->role;

	if (node->node_case == PG_QUERY__NODE__NODE__NOT_SET)
		return true;
	return role != NODE_UNKNOWN && role != NODE_NEVER;
}

/* Harmless by itself: what the queries in it do is what it does. */
static void classify_harmless(
	struct builder *builder, const struct node_kind *kind, const PgQuery__Node *node)
{
	size_t before = builder->n_actions;
	struct action harmless = {.kind = ACTION_HARMLESS}, *action;

	kind->handle(builder, node, &harmless);
	classify_queries(builder, &node->base);
	if (builder->n_actions > before)
		return;
	action = add_statement(builder, ACTION_HARMLESS, tree_node_message(node));
	action->sources = harmless.sources;
	action->n_sources = harmless.n_sources;
}

void classify(struct builder *builder, const PgQuery__Node *node)
{
	const struct node_kind *kind = node_kind(node);
	const ProtobufCMessage *message = tree_node_message(node);

	if ((kind->role != NODE_STATEMENT && kind->role != NODE_COMPOUND) || message == NULL) {
		builder->not_understood = true;
		return;
	}
	builder->tag = kind->tag;
	if (kind->role == NODE_COMPOUND) {
		kind->handle(builder, node, NULL);
	} else if (kind->action == ACTION_HARMLESS) {
		classify_harmless(builder, kind, node);
	} else {
		kind->handle(builder, node, add_statement(builder, kind->action, message));
		classify_queries(builder, &node->base);
	}
}

void handle_plain(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	(void)builder;
	(void)node;
	(void)action;
}

void handle_named(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	action->name = tree_text(builder->arena, tree_first_text(tree_node_message(node)));
}

void handle_stored(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	handle_named(builder, node, action);
	builder->stored = true;
}

void handle_outside_transaction(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	handle_named(builder, node, action);
	builder->no_transaction = true;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * What an index is made of, as one text: equal where CompareIndexInfo (catalog/index.c) takes one
 * index for another's part, which does not look at the order of its keys.  Casts are left out:
 * the server prints more of them than anybody writes.
 */
#include "stmt_internal.h"

struct shape {
	struct arena *arena;
	char *text;
	size_t n, n_max;
};

static void add(struct shape *shape, const char *text)
{
	for (size_t i = 0; text != NULL && text[i] != '\0'; i++) {
		shape->text = arena_grow(shape->arena, shape->text, shape->n, &shape->n_max, 1);
		shape->text[shape->n++] = text[i];
	}
}

static const char *closed(struct shape *shape)
{
	return arena_strndup(shape->arena, shape->text, shape->n);
}

static bool add_node(void *context, const ProtobufCMessage *message);

static void add_inside(struct shape *shape, const char *what, int kind, const PgQuery__Node *node)
{
	const ProtobufCMessage *inside = tree_node_message(node);

	add(shape, arena_printf(shape->arena, " %s%d(", what, kind));
	if (inside != NULL)
		tree_walk(inside, add_node, shape);
	add(shape, ")");
}

/* a IN (1, 2) is printed as a = ANY (ARRAY[1, 2]), NOT IN as a <> ALL. */
static int kind_of(const PgQuery__AExpr *expr)
{
	if (expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_IN)
		return expr->kind;
	return strcmp(tree_string(expr->name[0]), "=") == 0 ? PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY
							    : PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL;
}

/* Kinds of nodes, names and constants: nothing else tells expressions of indexes apart. */
static bool add_node(void *context, const ProtobufCMessage *message)
{
	struct shape *shape = context;
	const PgQuery__Node *node = (const PgQuery__Node *)message;

	if (message->descriptor != &pg_query__node__descriptor)
		return true;
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_TYPE_CAST:
		tree_walk(&node->type_cast->arg->base, add_node, shape);
		return false;
	case PG_QUERY__NODE__NODE_A_CONST:
		add(shape, "'");
		add(shape, tree_constant(shape->arena, node));
		return false;
	case PG_QUERY__NODE__NODE_STRING:
		add(shape, " ");
		add(shape, node->string->sval);
		return false;
	case PG_QUERY__NODE__NODE_A_EXPR:
		add_inside(shape, "expr", kind_of(node->a_expr), node);
		return false;
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		add_inside(shape, "bool", node->bool_expr->boolop, node);
		return false;
	case PG_QUERY__NODE__NODE_NULL_TEST:
		add_inside(shape, "null", node->null_test->nulltesttype, node);
		return false;
	case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
		add_inside(shape, "is", node->boolean_test->booltesttype, node);
		return false;
	case PG_QUERY__NODE__NODE_LIST:
	case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
		add_inside(shape, "list", 0, node);
		return false;
	default:
		add_inside(shape, "node", (int)node->node_case, node);
		return false;
	}
}

static void add_column(struct shape *shape, const char *before, const char *column)
{
	add(shape, before);
	add(shape, column);
	add(shape, "/");
}

static void add_key(struct shape *shape, const PgQuery__IndexElem *key)
{
	add(shape, "[");
	add(shape, key->name);
	if (key->expr != NULL)
		add_node(shape, &key->expr->base);
	for (size_t i = 0; i < key->n_collation; i++)
		add_node(shape, &key->collation[i]->base);
	add(shape, "/");
	for (size_t i = 0; i < key->n_opclass; i++)
		add_node(shape, &key->opclass[i]->base);
}

const char *index_shape(struct builder *builder, const PgQuery__IndexStmt *index)
{
	struct shape shape = {.arena = builder->arena};

	add(&shape, index->access_method);
	for (size_t i = 0; i < index->n_index_params; i++)
		add_key(&shape, index->index_params[i]->index_elem);
	for (size_t i = 0; i < index->n_index_including_params; i++)
		add_column(&shape, "+", index->index_including_params[i]->index_elem->name);
	if (index->where_clause != NULL) {
		add(&shape, "?");
		add_node(&shape, &index->where_clause->base);
	}
	return closed(&shape);
}

const char *key_shape(struct builder *builder, const PgQuery__Constraint *key)
{
	struct shape shape = {.arena = builder->arena};

	add(&shape, "btree");
	for (size_t i = 0; i < key->n_keys; i++)
		add_column(&shape, "[", tree_string(key->keys[i]));
	for (size_t i = 0; i < key->n_including; i++)
		add_column(&shape, "+", tree_string(key->including[i]));
	return closed(&shape);
}

const char *shape_of_columns(struct arena *arena, const char *const *columns, size_t n)
{
	struct shape shape = {.arena = arena};

	add(&shape, "btree");
	for (size_t i = 0; i < n; i++) {
		if (columns[i] == NULL)
			return NULL;
		add_column(&shape, "[", columns[i]);
	}
	return closed(&shape);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Expressions and types, as the struct expr and struct type_name of stmt.h. */
#include "stmt_internal.h"

#include <limits.h>

struct expr_reading {
	struct arena *arena;
	struct name *functions; /* NULL in the pass that only counts */
	const char **columns;
	size_t n_functions, n_columns;
	bool constant, subquery;
};

static void read_column(struct expr_reading *reading, const PgQuery__ColumnRef *ref)
{
	const char *column = tree_string(ref->fields[ref->n_fields - 1]);

	reading->constant = false;
	if (column == NULL) /* t.* */
		return;
	if (reading->columns != NULL)
		reading->columns[reading->n_columns] = tree_text(reading->arena, column);
	reading->n_columns++;
}

static void read_function(struct expr_reading *reading, const PgQuery__FuncCall *call)
{
	reading->constant = false;
	if (reading->functions != NULL)
		reading->functions[reading->n_functions] =
			tree_name(reading->arena, call->funcname, call->n_funcname);
	reading->n_functions++;
}

/* What a literal may be wrapped in; a sign is an operator of its own: - 1.5::numeric. */
static bool literal_part(const PgQuery__Node *node)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_A_CONST:
	case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
	case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
	case PG_QUERY__NODE__NODE_ROW_EXPR:
	case PG_QUERY__NODE__NODE_TYPE_CAST:
	case PG_QUERY__NODE__NODE_TYPE_NAME:
	case PG_QUERY__NODE__NODE_INTEGER:
	case PG_QUERY__NODE__NODE_FLOAT:
	case PG_QUERY__NODE__NODE_STRING:
	case PG_QUERY__NODE__NODE_LIST:
		return true;
	case PG_QUERY__NODE__NODE_A_EXPR:
		return node->a_expr->lexpr == NULL;
	default:
		return false;
	}
}

static bool read_message(void *context, const ProtobufCMessage *message)
{
	struct expr_reading *reading = context;

	if (message->descriptor == &pg_query__column_ref__descriptor)
		read_column(reading, (const PgQuery__ColumnRef *)message);
	else if (message->descriptor == &pg_query__func_call__descriptor)
		read_function(reading, (const PgQuery__FuncCall *)message);
	else if (message->descriptor == &pg_query__sub_link__descriptor)
		reading->subquery = true;
	else if (message->descriptor == &pg_query__node__descriptor &&
		 !literal_part((const PgQuery__Node *)message))
		reading->constant = false;
	return true;
}

static const PgQuery__Node *without_casts(const PgQuery__Node *node)
{
	for (;;) {
		if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
			node = node->type_cast->arg;
		else if (node->node_case == PG_QUERY__NODE__NODE_COLLATE_CLAUSE)
			node = node->collate_clause->arg;
		else
			return node;
	}
}

static const char *plain_column(const PgQuery__Node *node)
{
	if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF ||
		node->column_ref->n_fields != 1)
		return NULL;
	return tree_string(node->column_ref->fields[0]);
}

void read_names(struct builder *builder, const PgQuery__Node *node, struct expr *expr)
{
	struct expr_reading reading = {.arena = builder->arena, .constant = true};

	tree_walk(&node->base, read_message, &reading);
	reading.functions =
		arena_alloc(builder->arena, (reading.n_functions + 1) * sizeof(*reading.functions));
	reading.columns =
		arena_alloc(builder->arena, (reading.n_columns + 1) * sizeof(*reading.columns));
	reading.n_functions = reading.n_columns = 0;
	tree_walk(&node->base, read_message, &reading);
	expr->functions = reading.functions;
	expr->n_functions = reading.n_functions;
	expr->columns = reading.columns;
	expr->n_columns = reading.n_columns;
	expr->constant = reading.constant;
	expr->subquery = reading.subquery;
}

static const struct type_name *column_cast(
	struct builder *builder, const PgQuery__Node *node, struct span span)
{
	struct type_name *type;

	if (node->node_case != PG_QUERY__NODE__NODE_TYPE_CAST ||
		plain_column(node->type_cast->arg) == NULL)
		return NULL;
	type = arena_alloc(builder->arena, sizeof(*type));
	*type = make_type(builder, node->type_cast->type_name,
		type_span(builder, node->type_cast->type_name, span.end));
	return type;
}

struct expr *make_expr(struct builder *builder, const PgQuery__Node *node, struct span span)
{
	struct expr *expr = arena_alloc(builder->arena, sizeof(*expr));
	const PgQuery__Node *core = without_casts(node);

	expr->sql = source_text(
		builder->arena, builder->source, source_strip_parens(builder->source, span));
	read_names(builder, node, expr);
	prove_not_null(builder, node, expr);
	read_clauses(builder, node, expr);
	expr->null = core->node_case == PG_QUERY__NODE__NODE_A_CONST && core->a_const->isnull;
	expr->column_only = plain_column(node) != NULL;
	expr->column_cast = column_cast(builder, node, span);
	return expr;
}

const char *collation_sql(struct builder *builder, const PgQuery__CollateClause *clause)
{
	struct name name;

	if (clause == NULL)
		return NULL;
	name = tree_name(builder->arena, clause->collname, clause->n_collname);
	return name_sql(builder->arena, &name);
}

static bool listed(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

/* transformColumnDefinition (parser/parse_utilcmd.c) knows these unqualified and as no array. */
static bool is_serial(const PgQuery__TypeName *type)
{
	static const char *const names[] = {
		"smallserial", "serial2", "serial", "serial4", "bigserial", "serial8"};
	const char *name = type->n_names == 1 ? tree_string(type->names[0]) : NULL;

	return name != NULL && !type->pct_type &&
	       listed(names, sizeof(names) / sizeof(*names), name);
}

/* The grammar qualifies what SQL names (integer), not what PostgreSQL names (int4); both are one
 * type. */
static bool built_in(const char *name)
{
	static const char *const names[] = {"bit", "bool", "bpchar", "bytea", "char", "cidr",
		"date", "float4", "float8", "inet", "int2", "int4", "int8", "interval", "json",
		"jsonb", "jsonpath", "macaddr", "macaddr8", "money", "name", "numeric", "oid",
		"point", "regclass", "text", "time", "timestamp", "timestamptz", "timetz",
		"tsquery", "tsvector", "uuid", "varbit", "varchar", "xml", "int4range", "int8range",
		"numrange", "tsrange", "tstzrange", "daterange"};

	return name != NULL && listed(names, sizeof(names) / sizeof(*names), name);
}

/* INTERVAL_FULL_RANGE (utils/timestamp.h) stands in front of the precision of a plain interval(p).
 */
enum { INTERVAL_FULL_RANGE = 0x7FFF };

static void set_typmods(struct type_name *out, const PgQuery__TypeName *type)
{
	size_t n = type->n_typmods;
	PgQuery__Node *const *typmods = type->typmods;

	for (size_t i = 0; i < n; i++)
		if (typmods[i]->node_case != PG_QUERY__NODE__NODE_A_CONST ||
			typmods[i]->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
			return;
	if (n == 2 && typmods[0]->a_const->ival->ival == INTERVAL_FULL_RANGE) {
		typmods++;
		n--;
	}
	for (size_t i = 0; i < n && i < 2; i++)
		out->typmods[out->n_typmods++] = typmods[i]->a_const->ival->ival;
}

/* Some of the words that may follow a type are names of types elsewhere: its own name comes first.
 */
struct span type_span(const struct builder *builder, const PgQuery__TypeName *type, size_t end)
{
	static const char *const followers[] = {
		"collate", "using", "cascade", "restrict", "compression", "storage", "options"};
	const struct source *source = builder->source;
	struct span span = {span_from(builder, type->location).first, end};

	for (size_t i = source_skip_name(source, span, span.first); i < end; i++)
		for (size_t j = 0; j < sizeof(followers) / sizeof(*followers); j++)
			if (source->tokens[i].depth == source->tokens[span.first].depth &&
				source_is(source, span, i, followers[j]))
				return (struct span){span.first, i};
	return span;
}

struct type_name make_type(struct builder *builder, const PgQuery__TypeName *type, struct span span)
{
	struct type_name out = {0};

	if (type == NULL)
		return out;
	out.name = tree_name(builder->arena, type->names, type->n_names);
	out.sql = source_text(builder->arena, builder->source, span);
	out.array = type->n_array_bounds > 0;
	out.serial = !out.array && is_serial(type);
	if (out.name.schema == NULL && !type->pct_type && built_in(out.name.name))
		out.name.schema = "pg_catalog";
	set_typmods(&out, type);
	return out;
}

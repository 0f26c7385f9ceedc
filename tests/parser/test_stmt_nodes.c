/* SPDX-License-Identifier: PostgreSQL */
/* The table of node kinds is complete, and what it does not vouch for is refused. */
#include "stmt_internal.h"

#include <criterion/criterion.h>

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(stmt_nodes, .fini = free_arena);

#define ROW(node) PG_QUERY__NODE__NODE_##node,
static const unsigned listed[] = {
#define STATEMENT(node, kind, tag, handler) ROW(node)
#define COMPOUND(node, tag, handler) ROW(node)
#define EXPRESSION(node) ROW(node)
#define CLAUSE(node) ROW(node)
#define NEVER(node) ROW(node)
#include "nodes.def"
};

static unsigned times_listed(unsigned node)
{
	unsigned times = 0;

	for (size_t i = 0; i < sizeof(listed) / sizeof(*listed); i++)
		times += listed[i] == node;
	return times;
}

Test(stmt_nodes, lists_every_kind_of_the_grammar_once)
{
	const ProtobufCMessageDescriptor *type = &pg_query__node__descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		cr_expect_eq(times_listed(type->fields[i].id), 1, "%s", type->fields[i].name);
	cr_expect_eq(sizeof(listed) / sizeof(*listed), type->n_fields);
}

static struct builder start(void)
{
	struct source source = source_read(&arena, "SELECT 1", 8), *kept;
	struct builder builder = {.arena = &arena, .span = {0, source.n_tokens}, .sql = "SELECT 1"};

	kept = arena_alloc(&arena, sizeof(*kept));
	*kept = source;
	builder.source = kept;
	return builder;
}

/* A newer grammar could hand us any of these at the head of a statement. */
Test(stmt_nodes, does_not_take_an_unknown_kind_for_a_statement)
{
	static const int cases[] = {
		PG_QUERY__NODE__NODE__NOT_SET,
		PG_QUERY__NODE__NODE_QUERY, /* never made by the grammar */
		PG_QUERY__NODE__NODE_COLUMN_DEF, /* no statement */
		9999,
		-1,
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct builder builder = start();
		PgQuery__Node node;

		pg_query__node__init(&node);
		node.node_case = (PgQuery__Node__NodeCase)cases[i];
		classify(&builder, &node);
		cr_expect(builder.not_understood, "case %d", cases[i]);
		cr_expect_eq(builder.n_actions, 0);
	}
}

Test(stmt_nodes, does_not_take_an_unknown_kind_inside_a_query)
{
	struct builder builder = start();
	PgQuery__SelectStmt select;
	PgQuery__Node root, where;
	PgQuery__Query query;

	pg_query__select_stmt__init(&select);
	pg_query__query__init(&query);
	pg_query__node__init(&root);
	pg_query__node__init(&where);
	root.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
	root.select_stmt = &select;
	select.where_clause = &where;
	where.node_case = PG_QUERY__NODE__NODE_QUERY;
	where.query = &query;
	classify(&builder, &root);
	cr_expect(builder.not_understood);
}

Test(stmt_nodes, an_unknown_alter_command_is_unclassified)
{
	static const char sql[] = "ALTER TABLE t DROP c";
	PgQueryProtobufParseResult result = pg_query_parse_protobuf(sql);
	PgQuery__ParseResult *tree = pg_query__parse_result__unpack(
		NULL, result.parse_tree.len, (const uint8_t *)result.parse_tree.data);
	struct source source = source_read(&arena, sql, strlen(sql));
	struct builder builder = {
		.arena = &arena, .source = &source, .span = {0, source.n_tokens}, .sql = sql};

	tree->stmts[0]->stmt->alter_table_stmt->cmds[0]->alter_table_cmd->subtype = 999;
	classify(&builder, tree->stmts[0]->stmt);
	cr_assert_eq(builder.n_actions, 1);
	cr_expect_eq(builder.actions[0].kind, ACTION_UNCLASSIFIED);
	cr_expect(builder.guarded);
	pg_query__parse_result__free_unpacked(tree, NULL);
	pg_query_free_protobuf_parse_result(result);
}

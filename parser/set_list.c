/* SPDX-License-Identifier: PostgreSQL */
#include "set_list.h"

#include "arena.h"
#include "parse_tree.h"

static bool is_update(const PgQuery__ParseResult *tree, bool where)
{
	const PgQuery__UpdateStmt *update;

	if (tree->n_stmts != 1 || tree->stmts[0]->stmt_len != 0 ||
		tree->stmts[0]->stmt->node_case != PG_QUERY__NODE__NODE_UPDATE_STMT)
		return false;
	update = tree->stmts[0]->stmt->update_stmt;
	return (update->where_clause != NULL) == where && update->n_from_clause == 0 &&
	       update->n_returning_list == 0;
}

/* where: with a WHERE of ours behind it, which is to be the only one. */
static bool updates(const char *text, bool where)
{
	struct arena arena = {0};
	PgQueryProtobufParseResult result = pg_query_parse_protobuf(
		arena_printf(&arena, "UPDATE t SET %s%s", text, where ? "\nWHERE true" : ""));
	PgQuery__ParseResult *tree = NULL;
	bool good;

	if (result.error == NULL)
		tree = pg_query__parse_result__unpack(
			NULL, result.parse_tree.len, (const uint8_t *)result.parse_tree.data);
	good = tree != NULL && is_update(tree, where);
	if (tree != NULL)
		pg_query__parse_result__free_unpacked(tree, NULL);
	pg_query_free_protobuf_parse_result(result);
	arena_free(&arena);
	return good;
}

/* Text that is whole without a WHERE and takes one cannot have swallowed, or ended, anything. */
bool is_set_list(const char *text)
{
	return updates(text, false) && updates(text, true);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * What queries and expressions do, wherever in a statement they stand: WITH, sub-selects, FROM
 * lists, defaults, EXPLAIN ANALYZE, PREPARE, COPY (..).  The target of a data change is never a
 * WITH query of that name (setTargetTable in parser/parse_clause.c looks for relations only).
 */
#include "stmt_internal.h"

#include <strings.h>

static bool system_relation(const PgQuery__RangeVar *relation)
{
	static const char *const schemas[] = {"pg_catalog", "information_schema", "pg_toast"};

	for (size_t i = 0; i < sizeof(schemas) / sizeof(*schemas); i++)
		if (strcmp(relation->schemaname, schemas[i]) == 0)
			return true;
	/* pg_catalog comes before the search_path. */
	return *relation->schemaname == '\0' &&
	       strncmp(relation->relname, "pg_", strlen("pg_")) == 0;
}

static struct action *add_on_relation(
	struct builder *builder, enum action_kind kind, const PgQuery__RangeVar *relation)
{
	struct action *action = add_action(builder, kind);

	set_relation(builder, action, relation);
	action->object = "TABLE";
	if (relation->location >= 0)
		action->location = (size_t)relation->location;
	return action;
}

struct action *add_rows(struct builder *builder, const char *how, const PgQuery__RangeVar *relation)
{
	struct action *action = add_on_relation(builder, ACTION_CHANGE_ROWS, relation);

	action->name = how;
	return action;
}

static void note_write(struct builder *builder, const PgQuery__RangeVar *relation)
{
	if (system_relation(relation))
		add_on_relation(builder, ACTION_CATALOG_WRITE, relation);
}

/* Of what is guarded anyway, a rule's or a function's queries among it, the rows are no matter. */
static bool only_changes_rows(const struct builder *builder)
{
	return !builder->guarded;
}

static bool is_name_column(const PgQuery__Node *node)
{
	const PgQuery__ColumnRef *ref;
	const char *column;

	if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
		return false;
	ref = node->column_ref;
	column = tree_string(ref->fields[ref->n_fields - 1]);
	return column != NULL && strcmp(column, "name") == 0;
}

/* name = 'x' or name IN ('x', 'y') with no parameter that matters for lexing among them. */
static bool filters_harmless(const PgQuery__Node *node)
{
	const PgQuery__AExpr *expr = node->a_expr;
	PgQuery__Node **names = (PgQuery__Node **)&expr->rexpr;
	size_t n = 1;

	if (node->node_case != PG_QUERY__NODE__NODE_A_EXPR || expr->n_name != 1 ||
		strcmp(tree_string(expr->name[0]), "=") != 0 || !is_name_column(expr->lexpr))
		return false;
	if (expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN)
		n = tree_list(expr->rexpr, &names);
	else if (expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *name = tree_string(names[i]);

		if (name == NULL || lexing_parameter(name))
			return false;
	}
	return true;
}

/* UPDATE pg_settings is SET (its rule calls set_config): harmless when it cannot reach the lexer.
 */
static bool settings_update_harmless(const PgQuery__UpdateStmt *update)
{
	const PgQuery__Node *where = update->where_clause;

	if (where == NULL || update->n_from_clause > 0)
		return false;
	if (where->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR)
		return filters_harmless(where);
	if (where->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
		return false;
	for (size_t i = 0; i < where->bool_expr->n_args; i++)
		if (filters_harmless(where->bool_expr->args[i]))
			return true;
	return false;
}

static void visit_update(struct builder *builder, const PgQuery__UpdateStmt *update)
{
	const struct where_scope scope = {
		.target = update->relation, .others = update->n_from_clause > 0};

	if (system_relation(update->relation) &&
		strcmp(update->relation->relname, "pg_settings") == 0) {
		if (!settings_update_harmless(update))
			add_on_relation(builder, ACTION_SET_PARAMETER, update->relation);
		return;
	}
	note_write(builder, update->relation);
	if (where_is_tautology(update->where_clause, &scope))
		add_on_relation(builder, ACTION_UPDATE_WITHOUT_WHERE, update->relation)->bulk =
			update_def(builder, update);
	else if (only_changes_rows(builder))
		note_update(builder, update);
}

static void visit_delete(struct builder *builder, const PgQuery__DeleteStmt *delete)
{
	const struct where_scope scope = {
		.target = delete->relation, .others = delete->n_using_clause > 0};

	note_write(builder, delete->relation);
	if (where_is_tautology(delete->where_clause, &scope))
		add_on_relation(builder, ACTION_DELETE_WITHOUT_WHERE, delete->relation)->bulk =
			delete_def(builder, delete);
	else if (only_changes_rows(builder))
		note_delete(builder, delete);
}

static bool calls(const PgQuery__Node *node, const char *function)
{
	const PgQuery__FuncCall *call = node->func_call;

	return node->node_case == PG_QUERY__NODE__NODE_FUNC_CALL && call->n_funcname > 0 &&
	       strcmp(tree_string(call->funcname[call->n_funcname - 1]), function) == 0;
}

/* An index answers that: setval('s', max(id)). */
static bool calls_extreme(void *found, const ProtobufCMessage *message)
{
	if (message->descriptor == &pg_query__node__descriptor)
		*(bool *)found |= calls((const PgQuery__Node *)message, "max") ||
				  calls((const PgQuery__Node *)message, "min");
	return true;
}

/* NOT EXISTS (...), which is only found out row by row. */
static bool spares_present(const PgQuery__BoolExpr *expr)
{
	return expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR &&
	       expr->args[0]->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
	       expr->args[0]->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK;
}

/* x <> y */
static bool spares_equal(const PgQuery__AExpr *expr)
{
	return expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && expr->n_name > 0 &&
	       strcmp(tree_string(expr->name[expr->n_name - 1]), "<>") == 0;
}

static const char *qualifier(const PgQuery__Node *node)
{
	return node != NULL && node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
			       node->column_ref->n_fields > 1
		       ? tree_string(node->column_ref->fields[node->column_ref->n_fields - 2])
		       : NULL;
}

/* a.x = b.y: what a JOIN says in its ON, and as many rows as that. */
static bool joins(const PgQuery__AExpr *expr)
{
	const char *left = qualifier(expr->lexpr), *right = qualifier(expr->rexpr);

	return expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && expr->n_name > 0 &&
	       strcmp(tree_string(expr->name[expr->n_name - 1]), "=") == 0 && left != NULL &&
	       right != NULL && strcmp(left, right) != 0;
}

/* What no index helps with, since most rows meet it. */
static bool leaves_most(const PgQuery__Node *where)
{
	switch (where->node_case) {
	case PG_QUERY__NODE__NODE_NULL_TEST:
		return where->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
	case PG_QUERY__NODE__NODE_A_EXPR:
		return spares_equal(where->a_expr) || joins(where->a_expr);
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		break;
	default:
		return false;
	}
	if (where->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
		return spares_present(where->bool_expr);
	for (size_t i = 0; i < where->bool_expr->n_args; i++)
		if (!leaves_most(where->bool_expr->args[i]))
			return false;
	return true;
}

bool reads_every_row(const PgQuery__SelectStmt *select)
{
	bool extreme = false;

	if (select->n_from_clause == 0 ||
		(select->where_clause != NULL && !leaves_most(select->where_clause)) ||
		select->limit_count != NULL)
		return false;
	for (size_t i = 0; i < select->n_target_list; i++)
		tree_walk(&select->target_list[i]->base, calls_extreme, &extreme);
	return !extreme;
}

void handle_select(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	if (node->select_stmt->into_clause == NULL && reads_every_row(node->select_stmt))
		set_sources(builder, action, &node->select_stmt->base);
}

static void visit_select(struct builder *builder, const PgQuery__SelectStmt *select)
{
	struct action *action;

	for (size_t i = 0; i < select->n_sort_clause; i++)
		if (calls(select->sort_clause[i]->sort_by->node, "random"))
			builder->habits |= HABIT_ORDER_BY_RANDOM;

	if (select->into_clause == NULL)
		return;
	action = add_on_relation(builder, ACTION_CREATE_TABLE_AS, select->into_clause->rel);
	action->with_data = true;
	action->few_rows = reads_no_row(select);
	action->every_row = reads_every_row(select);
	set_sources(builder, action, &select->base);
}

static const PgQuery__Node *argument(const PgQuery__FuncCall *call, size_t i)
{
	const PgQuery__Node *node = i < call->n_args ? call->args[i] : NULL;

	if (node != NULL && node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR)
		return node->named_arg_expr->arg;
	return node;
}

/* A computed name is not ours to judge, see struct stmt; a computed value of a known one is. */
static void visit_set_config(struct builder *builder, const PgQuery__FuncCall *call)
{
	const char *name = tree_string(argument(call, 0));
	const char *value = tree_constant(builder->arena, argument(call, 1));

	if (name == NULL)
		return;
	if (value == NULL)
		value = "";
	add_parameter(builder, arena_strdup(builder->arena, name), value, false);
}

static const char *last_part(PgQuery__Node *const *parts, size_t n)
{
	return n == 0 ? NULL : tree_string(parts[n - 1]);
}

struct action *note_function(struct builder *builder, PgQuery__Node *const *parts, size_t n)
{
	const char *function = last_part(parts, n);
	struct action *action;

	if (function == NULL || !runs_sql(function))
		return NULL;
	action = add_action(builder, ACTION_DYNAMIC_SQL);
	action->name = tree_text(builder->arena, function);
	return action;
}

static void visit_function(struct builder *builder, const PgQuery__FuncCall *call)
{
	const char *function = last_part(call->funcname, call->n_funcname);
	struct action *action;

	if (function != NULL && strcmp(function, "set_config") == 0)
		visit_set_config(builder, call);
	action = note_function(builder, call->funcname, call->n_funcname);
	if (action != NULL && call->location >= 0)
		action->location = (size_t)call->location;
}

static void visit_insert(struct builder *builder, const PgQuery__InsertStmt *insert)
{
	note_write(builder, insert->relation);
	if (only_changes_rows(builder))
		note_insert(builder, insert);
	if (insert->n_cols == 0 && insert->select_stmt != NULL)
		builder->habits |= HABIT_INSERT_WITHOUT_COLUMNS;
}

static void visit_operator(struct builder *builder, const PgQuery__AExpr *expr)
{
	const char *pattern = tree_string(expr->rexpr);

	if ((expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_LIKE ||
		    expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE) &&
		pattern != NULL && *pattern == '%')
		builder->habits |= HABIT_LEADING_WILDCARD;
}

/*
 * MERGE changes every row when neither its ON nor the WHEN leaves any out.  Columns of the source
 * leave out none of the target's.
 */
static void visit_merge(struct builder *builder, const PgQuery__MergeStmt *merge)
{
	static const struct bulk_def branch = {.traits = BULK_MERGE};
	const struct where_scope scope = {
		.target = merge->relation, .others = true, .of_target = true};
	bool every_row = where_is_tautology(merge->join_condition, &scope);

	note_write(builder, merge->relation);
	for (size_t i = 0; every_row && i < merge->n_merge_when_clauses; i++) {
		const PgQuery__MergeWhenClause *when =
			merge->merge_when_clauses[i]->merge_when_clause;
		bool deletes = when->command_type == PG_QUERY__CMD_TYPE__CMD_DELETE;

		if ((deletes || when->command_type == PG_QUERY__CMD_TYPE__CMD_UPDATE) &&
			where_is_tautology(when->condition, &scope))
			add_on_relation(builder,
				deletes ? ACTION_DELETE_WITHOUT_WHERE : ACTION_UPDATE_WITHOUT_WHERE,
				merge->relation)
				->bulk = &branch;
	}
	if (only_changes_rows(builder))
		add_rows(builder, "MERGE", merge->relation);
}

static void visit_copy(struct builder *builder, const PgQuery__CopyStmt *copy)
{
	if (!copy->is_from || copy->relation == NULL)
		return;
	note_write(builder, copy->relation);
	if (only_changes_rows(builder))
		add_rows(builder, "COPY", copy->relation);
}

static void visit_change(struct builder *builder, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	if (type == &pg_query__update_stmt__descriptor)
		visit_update(builder, (const PgQuery__UpdateStmt *)message);
	else if (type == &pg_query__delete_stmt__descriptor)
		visit_delete(builder, (const PgQuery__DeleteStmt *)message);
	else if (type == &pg_query__insert_stmt__descriptor)
		visit_insert(builder, (const PgQuery__InsertStmt *)message);
	else if (type == &pg_query__a__expr__descriptor)
		visit_operator(builder, (const PgQuery__AExpr *)message);
	else if (type == &pg_query__merge_stmt__descriptor)
		visit_merge(builder, (const PgQuery__MergeStmt *)message);
	else if (type == &pg_query__select_stmt__descriptor)
		visit_select(builder, (const PgQuery__SelectStmt *)message);
	else if (type == &pg_query__copy_stmt__descriptor)
		visit_copy(builder, (const PgQuery__CopyStmt *)message);
}

static bool visit(void *context, const ProtobufCMessage *message)
{
	struct builder *builder = context;

	if (message->descriptor == &pg_query__node__descriptor) {
		if (node_known((const PgQuery__Node *)message))
			return true;
		builder->not_understood = true;
		return false;
	}
	if (message->descriptor == &pg_query__func_call__descriptor)
		visit_function(builder, (const PgQuery__FuncCall *)message);
	else if (!builder->stored)
		visit_change(builder, message);
	return true;
}

void classify_queries(struct builder *builder, const ProtobufCMessage *root)
{
	tree_walk(root, visit, builder);
}

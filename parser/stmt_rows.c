/* SPDX-License-Identifier: PostgreSQL */
/* Which table a data change writes to, and whether its text alone tells that the rows are few. */
#include "stmt_internal.h"

static bool is_constant(const PgQuery__Node *node)
{
	while (node != NULL && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	return node != NULL && (node->node_case == PG_QUERY__NODE__NODE_A_CONST ||
				       node->node_case == PG_QUERY__NODE__NODE_PARAM_REF);
}

static bool all_constant(const PgQuery__Node *list)
{
	PgQuery__Node **items;
	size_t n = tree_list(list, &items);

	for (size_t i = 0; i < n; i++)
		if (!is_constant(items[i]))
			return false;
	return n > 0;
}

static const char *column_of(const PgQuery__Node *node)
{
	if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
		return NULL;
	return tree_string(node->column_ref->fields[node->column_ref->n_fields - 1]);
}

/* c = 1, c IN (1, 2), c = ANY ('{1,2}'), c BETWEEN 1 AND 9 */
static const char *column_compared(const PgQuery__AExpr *expr)
{
	bool equals = expr->n_name == 1 && strcmp(tree_string(expr->name[0]), "=") == 0;
	bool constant;

	switch (expr->kind) {
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
		constant = equals && is_constant(expr->rexpr);
		break;
	case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
		constant = equals && all_constant(expr->rexpr);
		break;
	case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
		constant = all_constant(expr->rexpr);
		break;
	default:
		return NULL;
	}
	return constant ? column_of(expr->lexpr) : NULL;
}

/* c IN (SELECT ... LIMIT 1000): a batch. */
static const char *column_of_batch(const PgQuery__SubLink *link)
{
	if (link->sub_link_type != PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK ||
		link->subselect->node_case != PG_QUERY__NODE__NODE_SELECT_STMT ||
		link->subselect->select_stmt->limit_count == NULL)
		return NULL;
	return column_of(link->testexpr);
}

/* Of the first conjunct that pins a column down. */
static const char *column_pinned(const PgQuery__Node *where)
{
	if (where == NULL)
		return NULL;
	if (where->node_case == PG_QUERY__NODE__NODE_A_EXPR)
		return column_compared(where->a_expr);
	if (where->node_case == PG_QUERY__NODE__NODE_SUB_LINK)
		return column_of_batch(where->sub_link);
	if (where->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
		where->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
		return NULL;
	for (size_t i = 0; i < where->bool_expr->n_args; i++) {
		const char *column = column_pinned(where->bool_expr->args[i]);

		if (column != NULL)
			return column;
	}
	return NULL;
}

static bool is_zero(const PgQuery__Node *node)
{
	return node != NULL && node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
	       node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL &&
	       node->a_const->ival->ival == 0;
}

bool reads_no_row(const PgQuery__SelectStmt *select)
{
	return select->with_clause == NULL && select->op == PG_QUERY__SET_OPERATION__SETOP_NONE &&
	       (is_zero(select->limit_count) || where_is_contradiction(select->where_clause));
}

/* VALUES, DEFAULT VALUES, a SELECT from nothing, or one with a LIMIT. */
static bool spelled_out(const PgQuery__Node *source)
{
	const PgQuery__SelectStmt *select;

	if (source == NULL)
		return true;
	if (source->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return false;
	select = source->select_stmt;
	return select->n_values_lists > 0 || select->limit_count != NULL ||
	       (select->op == PG_QUERY__SET_OPERATION__SETOP_NONE && select->n_from_clause == 0);
}

void note_update(struct builder *builder, const PgQuery__UpdateStmt *update)
{
	struct action *action = add_rows(builder, "UPDATE", update->relation);

	action->column = tree_text(builder->arena, column_pinned(update->where_clause));
}

void note_delete(struct builder *builder, const PgQuery__DeleteStmt *delete)
{
	struct action *action = add_rows(builder, "DELETE", delete->relation);

	action->column = tree_text(builder->arena, column_pinned(delete->where_clause));
}

void note_insert(struct builder *builder, const PgQuery__InsertStmt *insert)
{
	const PgQuery__Node *source = insert->select_stmt;
	struct action *action = add_rows(builder, "INSERT", insert->relation);

	action->few_rows = spelled_out(source);
	if (!action->few_rows && source->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
		reads_every_row(source->select_stmt))
		set_sources(builder, action, &source->select_stmt->base);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Does a WHERE clause leave any row out?  Three-valued logic over constants, with a fourth value
 * for what depends on the row, and a fifth for what looks at no row: then it is all rows or none,
 * and we assume all.  x = x counts as true: it leaves out NULLs and nothing else.
 */
#include "stmt_constant.h"
#include "stmt_internal.h"

#include <strings.h>

enum truth {
	TRUTH_FALSE,
	TRUTH_NULL,
	TRUTH_TRUE,
	TRUTH_DEPENDS,
	TRUTH_ALL_OR_NONE,
};

static enum truth fold(const struct where_scope *scope, const PgQuery__Node *node);

static enum truth truth(bool holds)
{
	return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth negate(enum truth value)
{
	return value == TRUTH_TRUE ? TRUTH_FALSE : value == TRUTH_FALSE ? TRUTH_TRUE : value;
}

/* A constant as a condition: true, 't' and its like. */
static enum truth fold_constant(const PgQuery__AConst *value)
{
	static const char *const on[] = {"t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"};

	if (value->isnull)
		return TRUTH_NULL;
	if (value->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL)
		return truth(value->boolval->boolval);
	if (value->val_case == PG_QUERY__A__CONST__VAL_IVAL)
		return truth(value->ival->ival != 0); /* 1::boolean */
	if (value->val_case != PG_QUERY__A__CONST__VAL_SVAL)
		return TRUTH_DEPENDS;
	for (size_t i = 0; i < sizeof(on) / sizeof(*on); i++)
		if (strcasecmp(value->sval->sval, on[i]) == 0)
			return TRUTH_TRUE;
	return TRUTH_FALSE;
}

static enum truth holds(const char *operator, int order)
{
	static const struct {
		const char *operator;
		bool less, equal, greater;
	} rows[] = {
		{"=", false, true, false},
		{"<>", true, false, true},
		{"!=", true, false, true},
		{"<", true, false, false},
		{"<=", true, true, false},
		{">", false, false, true},
		{">=", false, true, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].operator, operator) == 0)
			return truth(order < 0    ? rows[i].less
				     : order == 0 ? rows[i].equal
						  : rows[i].greater);
	return TRUTH_DEPENDS;
}

static const PgQuery__ColumnRef *column_of(const PgQuery__Node *node)
{
	return node != NULL && node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF ? node->column_ref
										  : NULL;
}

static bool qualifies(const PgQuery__RangeVar *of, const PgQuery__ColumnRef *ref)
{
	const char *qualifier = tree_string(ref->fields[ref->n_fields < 2 ? 0 : ref->n_fields - 2]);

	return of == NULL || ref->n_fields == 1 || qualifier == NULL ||
	       strcmp(qualifier, of->alias != NULL ? of->alias->aliasname : of->relname) == 0;
}

/*
 * id and t.id: were they two columns, id alone would be ambiguous.  Where there is no other
 * relation, r.id of another name than the table's is a variable of PL/pgSQL.
 */
static bool same_name(
	const struct where_scope *scope, const PgQuery__ColumnRef *a, const PgQuery__ColumnRef *b)
{
	const char *name = tree_string(a->fields[a->n_fields - 1]);
	const char *other = tree_string(b->fields[b->n_fields - 1]);

	return (a->n_fields == 1 || b->n_fields == 1) && name != NULL && other != NULL &&
	       strcmp(name, other) == 0 &&
	       (scope->others || (qualifies(scope->target, a) && qualifies(scope->target, b)));
}

/* The same on both sides, whatever it is cast to: a column, or an expression of some. */
static bool same(const struct where_scope *scope, const PgQuery__Node *a, const PgQuery__Node *b)
{
	const PgQuery__ColumnRef *column, *other;

	a = constant_uncast(a);
	b = constant_uncast(b);
	if (a == NULL || b == NULL)
		return false;
	column = column_of(a);
	other = column_of(b);
	return (column != NULL && other != NULL && same_name(scope, column, other)) ||
	       tree_equal(&a->base, &b->base);
}

struct column_search {
	const PgQuery__RangeVar *of;
	bool found;
};

/* What may differ from row to row; CURRENT_USER and its like tier 1 cannot tell from columns. */
static bool visit_column(void *context, const ProtobufCMessage *message)
{
	struct column_search *search = context;

	if (message->descriptor == &pg_query__column_ref__descriptor)
		search->found |= qualifies(search->of, (const PgQuery__ColumnRef *)message);
	search->found |= message->descriptor == &pg_query__current_of_expr__descriptor ||
			 message->descriptor == &pg_query__sqlvalue_function__descriptor;
	return !search->found;
}

static bool looks_at_columns(const PgQuery__Node *node, const PgQuery__RangeVar *of)
{
	struct column_search search = {.of = of};

	tree_walk(&node->base, visit_column, &search);
	return search.found;
}

static enum truth compare(const struct where_scope *scope, const char *operator,
	const PgQuery__Node * left, const PgQuery__Node *right)
{
	const PgQuery__AConst *a = constant_of(left), *b = constant_of(right);
	int order;

	if ((a == NULL || b == NULL) && same(scope, left, right))
		return holds(operator, 0);
	if (a == NULL || b == NULL)
		return TRUTH_DEPENDS;
	if (a->isnull || b->isnull)
		return TRUTH_NULL;
	if (constant_compare(a, b, &order))
		return holds(operator, order);
	/* Different texts of unknown type: 'a' <> 'b' is all that can be said of them. */
	if (constant_strings(a, b) && strcmp(operator, "=") == 0)
		return TRUTH_FALSE;
	if (constant_strings(a, b) && (strcmp(operator, "<>") == 0 || strcmp(operator, "!=") == 0))
		return TRUTH_TRUE;
	return TRUTH_DEPENDS;
}

static enum truth fold_distinct(const struct where_scope *scope, const PgQuery__AExpr *expr)
{
	const PgQuery__AConst *a = constant_of(expr->lexpr), *b = constant_of(expr->rexpr);

	if ((a == NULL || b == NULL) && same(scope, expr->lexpr, expr->rexpr))
		return TRUTH_FALSE;
	if (a == NULL || b == NULL)
		return TRUTH_DEPENDS;
	if (a->isnull || b->isnull)
		return truth(a->isnull != b->isnull);
	return compare(scope, "<>", expr->lexpr, expr->rexpr);
}

static enum truth either(enum truth a, enum truth b)
{
	if (a == TRUTH_TRUE || b == TRUTH_TRUE)
		return TRUTH_TRUE;
	if (a == TRUTH_ALL_OR_NONE || b == TRUTH_ALL_OR_NONE)
		return TRUTH_ALL_OR_NONE;
	if (a == TRUTH_DEPENDS || b == TRUTH_DEPENDS)
		return TRUTH_DEPENDS;
	return a == TRUTH_NULL || b == TRUTH_NULL ? TRUTH_NULL : TRUTH_FALSE;
}

static enum truth both(enum truth a, enum truth b)
{
	if (a == TRUTH_FALSE || b == TRUTH_FALSE)
		return TRUTH_FALSE;
	if (a == TRUTH_DEPENDS || b == TRUTH_DEPENDS)
		return TRUTH_DEPENDS;
	if (a == TRUTH_ALL_OR_NONE || b == TRUTH_ALL_OR_NONE)
		return TRUTH_ALL_OR_NONE;
	return a == TRUTH_NULL || b == TRUTH_NULL ? TRUTH_NULL : TRUTH_TRUE;
}

/* x IN (..) and x NOT IN (..), whose operators are = and <>. */
static enum truth fold_in(
	const struct where_scope *scope, const PgQuery__AExpr *expr, const char *operator)
{
	PgQuery__Node **items;
	size_t n = tree_list(expr->rexpr, &items);
	bool negated = strcmp(operator, "<>") == 0;
	enum truth found = TRUTH_FALSE;

	for (size_t i = 0; i < n; i++)
		found = either(found, compare(scope, "=", expr->lexpr, items[i]));
	return negated ? negate(found) : found;
}

/* x = ANY (ARRAY[..]) */
static enum truth fold_any(
	const struct where_scope *scope, const PgQuery__AExpr *expr, const char *operator)
{
	const PgQuery__Node *array = constant_uncast(expr->rexpr);
	enum truth found = TRUTH_FALSE;

	if (array == NULL || array->node_case != PG_QUERY__NODE__NODE_A_ARRAY_EXPR)
		return TRUTH_DEPENDS;
	for (size_t i = 0; i < array->a_array_expr->n_elements; i++)
		found = either(found,
			compare(scope, operator, expr->lexpr, array->a_array_expr->elements[i]));
	return found;
}

static enum truth fold_between(const struct where_scope *scope, const PgQuery__AExpr *expr)
{
	PgQuery__Node **bounds;
	size_t n = tree_list(expr->rexpr, &bounds);

	if (n != 2)
		return TRUTH_DEPENDS;
	return both(compare(scope, ">=", expr->lexpr, bounds[0]),
		compare(scope, "<=", expr->lexpr, bounds[1]));
}

/* LIKE '%' takes every text there is. */
static enum truth fold_like(const PgQuery__AExpr *expr, const char *operator)
{
	const PgQuery__AConst *pattern = constant_of(expr->rexpr);

	if (pattern == NULL || pattern->val_case != PG_QUERY__A__CONST__VAL_SVAL ||
		*pattern->sval->sval == '\0' ||
		pattern->sval->sval[strspn(pattern->sval->sval, "%")] != '\0')
		return TRUTH_DEPENDS;
	return truth(*operator!= '!');
}

static enum truth fold_expr(const struct where_scope *scope, const PgQuery__AExpr *expr)
{
	const char *operator= expr->n_name == 0 ? NULL : tree_string(expr->name[expr->n_name - 1]);

	if (operator== NULL)
		return TRUTH_DEPENDS;
	switch (expr->kind) {
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
		return compare(scope, operator, expr->lexpr, expr->rexpr);
	case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
		return fold_distinct(scope, expr);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
		return negate(fold_distinct(scope, expr));
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
		return fold_any(scope, expr, operator);
	case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
		return fold_in(scope, expr, operator);
	case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
		return fold_between(scope, expr);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
		return negate(fold_between(scope, expr));
	case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
	case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
		return fold_like(expr, operator);
	default:
		return TRUTH_DEPENDS;
	}
}

/* The column that a node tests for NULL, in the way asked for. */
static const PgQuery__Node *null_tested(const PgQuery__Node *node, PgQuery__NullTestType type)
{
	if (node->node_case != PG_QUERY__NODE__NODE_NULL_TEST ||
		node->null_test->nulltesttype != type)
		return NULL;
	return node->null_test->arg;
}

enum { COMPLEMENTS_MAX = 64 }; /* beyond it, OR is taken at its branches' word */

/* x IS NULL OR x IS NOT NULL */
static bool complementary(const struct where_scope *scope, PgQuery__Node *const *args, size_t n)
{
	if (n > COMPLEMENTS_MAX)
		n = COMPLEMENTS_MAX;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__Node *a = null_tested(args[i], PG_QUERY__NULL_TEST_TYPE__IS_NULL);

		for (size_t j = 0; a != NULL && j < n; j++) {
			const PgQuery__Node *b =
				null_tested(args[j], PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL);

			if (b != NULL && same(scope, a, b))
				return true;
		}
	}
	return false;
}

static enum truth fold_bool(const struct where_scope *scope, const PgQuery__BoolExpr *expr)
{
	enum truth result;

	switch (expr->boolop) {
	case PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR:
		return negate(fold(scope, expr->args[0]));
	case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR:
		result = TRUTH_TRUE;
		for (size_t i = 0; i < expr->n_args; i++)
			result = both(result, fold(scope, expr->args[i]));
		return result;
	case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR:
		result = truth(complementary(scope, expr->args, expr->n_args));
		for (size_t i = 0; i < expr->n_args; i++)
			result = either(result, fold(scope, expr->args[i]));
		return result;
	default:
		return TRUTH_DEPENDS;
	}
}

static enum truth fold_boolean_test(
	const struct where_scope *scope, const PgQuery__BooleanTest *test)
{
	enum truth value = fold(scope, test->arg);

	if (value == TRUTH_DEPENDS || value == TRUTH_ALL_OR_NONE)
		return value;
	switch (test->booltesttype) {
	case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE:
		return truth(value == TRUTH_TRUE);
	case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE:
		return truth(value != TRUTH_TRUE);
	case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE:
		return truth(value == TRUTH_FALSE);
	case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE:
		return truth(value != TRUTH_FALSE);
	case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN:
		return truth(value == TRUTH_NULL);
	case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN:
		return truth(value != TRUTH_NULL);
	default:
		return TRUTH_DEPENDS;
	}
}

static enum truth fold_null_test(const struct where_scope *scope, const PgQuery__NullTest *test)
{
	const PgQuery__AConst *value = constant_of(test->arg);
	enum truth is_null = value == NULL ? fold(scope, test->arg) : truth(value->isnull);

	if (value == NULL && is_null != TRUTH_DEPENDS && is_null != TRUTH_ALL_OR_NONE)
		is_null = truth(is_null == TRUTH_NULL);
	return test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL ? is_null : negate(is_null);
}

/* EXISTS (SELECT 1) */
static enum truth fold_sublink(const struct where_scope *scope, const PgQuery__SubLink *link)
{
	const PgQuery__SelectStmt *select;
	enum truth has_row;

	if (link->sub_link_type != PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK ||
		link->subselect->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return TRUTH_DEPENDS;
	select = link->subselect->select_stmt;
	if (select->n_from_clause > 0 || select->n_target_list == 0 ||
		select->having_clause != NULL || select->limit_count != NULL ||
		select->limit_offset != NULL)
		return TRUTH_DEPENDS;
	has_row = select->where_clause == NULL ? TRUTH_TRUE : fold(scope, select->where_clause);
	return has_row == TRUTH_NULL ? TRUTH_FALSE : has_row;
}

/* What we can say of a condition by its form alone. */
static enum truth fold_leaf(const struct where_scope *scope, const PgQuery__Node *node)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_A_EXPR:
		return fold_expr(scope, node->a_expr);
	case PG_QUERY__NODE__NODE_SUB_LINK:
		return fold_sublink(scope, node->sub_link);
	default:
		return TRUTH_DEPENDS;
	}
}

static enum truth fold(const struct where_scope *scope, const PgQuery__Node *node)
{
	enum truth value;

	if (node == NULL)
		return TRUTH_DEPENDS;
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_A_CONST:
		return fold_constant(node->a_const);
	case PG_QUERY__NODE__NODE_TYPE_CAST:
		return fold(scope, node->type_cast->arg);
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		return fold_bool(scope, node->bool_expr);
	case PG_QUERY__NODE__NODE_NULL_TEST:
		return fold_null_test(scope, node->null_test);
	case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
		return fold_boolean_test(scope, node->boolean_test);
	default:
		value = fold_leaf(scope, node);
		return value == TRUTH_DEPENDS && !looks_at_columns(node, NULL) ? TRUTH_ALL_OR_NONE
									       : value;
	}
}

bool where_is_tautology(const PgQuery__Node *where, const struct where_scope *scope)
{
	enum truth value = where == NULL ? TRUTH_TRUE : fold(scope, where);

	if (value == TRUTH_DEPENDS && scope->of_target && !looks_at_columns(where, scope->target))
		return true;
	return value == TRUTH_TRUE || value == TRUTH_ALL_OR_NONE;
}

bool where_is_contradiction(const PgQuery__Node *where)
{
	static const struct where_scope any = {.others = true};
	enum truth value = where == NULL ? TRUTH_TRUE : fold(&any, where);

	return value == TRUTH_FALSE || value == TRUTH_NULL;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * A CHECK as a conjunction of clauses, as far as it compares single columns with constants: what
 * somebody who knows the constants' types can reason with.  NOT is pushed down to the comparisons,
 * as the server does it too; what is no such comparison is an arm that says nothing.
 */
#include "stmt_internal.h"

struct reading {
	struct arena *arena;
	struct expr_clause *clauses;
	size_t n, n_max;
};

struct arms {
	struct arena *arena;
	struct column_test *items;
	size_t n, n_max;
};

static void add_arm(struct arms *arms, struct column_test test)
{
	arms->items =
		arena_grow(arms->arena, arms->items, arms->n, &arms->n_max, sizeof(*arms->items));
	arms->items[arms->n++] = test;
}

/* ---- comparisons ---- */

static const struct {
	const char *operator;
	enum column_test_kind kind, negated;
} operators[] = {
	{"=", TEST_EQUAL, TEST_NOT_EQUAL},
	{"<>", TEST_NOT_EQUAL, TEST_EQUAL},
	{"<", TEST_LESS, TEST_GREATER_EQUAL},
	{"<=", TEST_LESS_EQUAL, TEST_GREATER},
	{">", TEST_GREATER, TEST_LESS_EQUAL},
	{">=", TEST_GREATER_EQUAL, TEST_LESS},
};

static enum column_test_kind kind_of(const PgQuery__AExpr *expr, bool negated)
{
	const char *operator= expr->n_name == 1 ? tree_string(expr->name[0]) : NULL;

	for (size_t i = 0; operator!= NULL && i<sizeof(operators) / sizeof(*operators); i++)
		if (strcmp(operator, operators[i].operator) == 0)
			return negated ? operators[i].negated : operators[i].kind;
	return TEST_OTHER;
}

static const char *column_of(struct arena *arena, const PgQuery__Node *node)
{
	if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF ||
		node->column_ref->n_fields != 1)
		return NULL;
	return tree_text(arena, tree_string(node->column_ref->fields[0]));
}

/* The type's last name; NULL where it has more to it than that. */
static const char *plain_type(struct arena *arena, const PgQuery__TypeName *type, bool array)
{
	if (type->n_names == 0 || type->n_typmods > 0 || (type->n_array_bounds > 0) != array)
		return NULL;
	return tree_text(arena, tree_string(type->names[type->n_names - 1]));
}

/* The column and what it is cast to; its column stays NULL where it is none. */
static struct column_test compared_column(
	struct arena *arena, const PgQuery__Node *node, enum column_test_kind kind)
{
	struct column_test test = {.kind = kind};

	if (node != NULL && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
		test.cast = plain_type(arena, node->type_cast->type_name, false);
		node = test.cast != NULL ? node->type_cast->arg : NULL;
	}
	test.column = column_of(arena, node);
	return test;
}

/* The text of a literal, without quotes; NULL: it is none. */
static const char *literal(struct arena *arena, const PgQuery__Node *node)
{
	const PgQuery__AConst *constant = node->a_const;

	if (node->node_case != PG_QUERY__NODE__NODE_A_CONST || constant->isnull)
		return NULL;
	switch (constant->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		return arena_printf(arena, "%d", constant->ival->ival);
	case PG_QUERY__A__CONST__VAL_FVAL:
		return tree_text(arena, constant->fval->fval);
	case PG_QUERY__A__CONST__VAL_SVAL:
		return tree_text(arena, constant->sval->sval);
	default:
		return NULL;
	}
}

static const struct column_test other = {.kind = TEST_OTHER};

/* With a literal, cast or not; else a test that says nothing. */
static struct column_test compare(
	struct arena *arena, struct column_test test, const PgQuery__Node *value)
{
	if (value->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
		test.type = plain_type(arena, value->type_cast->type_name, false);
		if (test.type == NULL)
			return other;
		value = value->type_cast->arg;
	}
	test.value = literal(arena, value);
	return test.value != NULL ? test : other;
}

/* c = ANY (ARRAY[...]), the array perhaps cast as the column is; c IN (...): one arm for each. */
static void add_equal_to_any(struct arms *arms, struct column_test test, const PgQuery__Node *list)
{
	PgQuery__Node *const *values = NULL;
	size_t n = 0;

	if (list->node_case == PG_QUERY__NODE__NODE_TYPE_CAST && test.cast != NULL) {
		const char *type = plain_type(arms->arena, list->type_cast->type_name, true);

		if (type != NULL && strcmp(type, test.cast) == 0)
			list = list->type_cast->arg;
	}
	if (list->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR) {
		values = list->a_array_expr->elements;
		n = list->a_array_expr->n_elements;
	} else if (list->node_case == PG_QUERY__NODE__NODE_LIST) {
		values = list->list->items;
		n = list->list->n_items;
	}
	for (size_t i = 0; i < n; i++)
		add_arm(arms, compare(arms->arena, test, values[i]));
	if (n == 0)
		add_arm(arms, other);
}

static void add_comparison(struct arms *arms, const PgQuery__AExpr *expr, bool negated)
{
	struct column_test test = compared_column(arms->arena, expr->lexpr, kind_of(expr, negated));
	bool listed = expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN ||
		      expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY;

	if (test.column != NULL && listed && test.kind == TEST_EQUAL && !negated)
		add_equal_to_any(arms, test, expr->rexpr);
	else if (test.column != NULL && expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP &&
		 test.kind != TEST_OTHER)
		add_arm(arms, compare(arms->arena, test, expr->rexpr));
	else
		add_arm(arms, other);
}

static void add_null_test(struct arms *arms, const PgQuery__NullTest *test, bool negated)
{
	bool null = (test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL) == !negated;
	const char *column = column_of(arms->arena, test->arg);

	add_arm(arms, (struct column_test){.kind = column == NULL ? TEST_OTHER
						   : null         ? TEST_NULL
								  : TEST_NOT_NULL,
			      .column = column});
}

/* ---- logic ---- */

static bool is_not(const PgQuery__Node *node)
{
	return node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR &&
	       node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR;
}

/* Is it arms of this kind, seen from under a NOT or not? */
static bool joins_by(const PgQuery__Node *node, PgQuery__BoolExprType op, bool negated)
{
	return node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR && !is_not(node) &&
	       (node->bool_expr->boolop == op) == !negated;
}

static void read_any(struct arms *arms, const PgQuery__Node *node, bool negated)
{
	if (is_not(node))
		read_any(arms, node->bool_expr->args[0], !negated);
	else if (joins_by(node, PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR, negated))
		for (size_t i = 0; i < node->bool_expr->n_args; i++)
			read_any(arms, node->bool_expr->args[i], negated);
	else if (node->node_case == PG_QUERY__NODE__NODE_A_EXPR)
		add_comparison(arms, node->a_expr, negated);
	else if (node->node_case == PG_QUERY__NODE__NODE_NULL_TEST)
		add_null_test(arms, node->null_test, negated);
	else
		add_arm(arms, other);
}

static void add_clause(struct reading *reading, const struct arms *arms)
{
	reading->clauses = arena_grow(reading->arena, reading->clauses, reading->n, &reading->n_max,
		sizeof(*reading->clauses));
	reading->clauses[reading->n++] = (struct expr_clause){.arms = arms->items, .n = arms->n};
}

/* c >= lower AND c <= upper (transformAExprBetween). */
static void read_between(struct reading *reading, const PgQuery__AExpr *expr)
{
	static const enum column_test_kind kinds[] = {TEST_GREATER_EQUAL, TEST_LESS_EQUAL};

	for (size_t i = 0; i < expr->rexpr->list->n_items; i++) {
		struct arms arms = {.arena = reading->arena};
		struct column_test test = compared_column(reading->arena, expr->lexpr, kinds[i]);

		add_arm(&arms, test.column == NULL ? other
						   : compare(reading->arena, test,
							     expr->rexpr->list->items[i]));
		add_clause(reading, &arms);
	}
}

static void read_all(struct reading *reading, const PgQuery__Node *node, bool negated)
{
	struct arms arms = {.arena = reading->arena};

	if (!negated && node->node_case == PG_QUERY__NODE__NODE_A_EXPR &&
		node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN) {
		read_between(reading, node->a_expr);
		return;
	}
	if (is_not(node)) {
		read_all(reading, node->bool_expr->args[0], !negated);
		return;
	}
	if (joins_by(node, PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR, negated)) {
		for (size_t i = 0; i < node->bool_expr->n_args; i++)
			read_all(reading, node->bool_expr->args[i], negated);
		return;
	}
	read_any(&arms, node, negated);
	add_clause(reading, &arms);
}

void read_clauses(struct builder *builder, const PgQuery__Node *check, struct expr *expr)
{
	struct reading reading = {.arena = builder->arena};

	read_all(&reading, check, false);
	expr->clauses = reading.clauses;
	expr->n_clauses = reading.n;
}

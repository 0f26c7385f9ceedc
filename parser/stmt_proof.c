/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which columns a CHECK proves to be NOT NULL.  SET NOT NULL skips its scan when the validated
 * CHECKs imply "c IS NOT NULL" (NotNullImpliedByRelConstraints in tablecmds.c); since a CHECK is
 * also satisfied by NULL, predicate_implied_by is asked for weak implication, where c > 0 proves
 * nothing.  What is left is logic: AND proves what any arm does, OR what every arm does, NOT
 * turns a test round.
 */
#include "stmt_internal.h"

struct proof {
	const char **columns;
	size_t n;
};

static bool has(const struct proof *proof, const char *column)
{
	for (size_t i = 0; i < proof->n; i++)
		if (strcmp(proof->columns[i], column) == 0)
			return true;
	return false;
}

static struct proof either(struct arena *arena, struct proof a, struct proof b)
{
	struct proof all = {arena_alloc(arena, (a.n + b.n + 1) * sizeof(*all.columns)), 0};

	for (size_t i = 0; i < a.n; i++)
		all.columns[all.n++] = a.columns[i];
	for (size_t i = 0; i < b.n; i++)
		all.columns[all.n++] = b.columns[i];
	return all;
}

static struct proof both(struct proof a, struct proof b)
{
	struct proof common = {a.columns, 0};

	for (size_t i = 0; i < a.n; i++)
		if (has(&b, a.columns[i]))
			common.columns[common.n++] = a.columns[i];
	return common;
}

static struct proof of_column(struct arena *arena, const PgQuery__Node *node)
{
	struct proof proof = {0};
	const char *column;

	if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF ||
		node->column_ref->n_fields != 1)
		return proof;
	column = tree_text(arena, tree_string(node->column_ref->fields[0]));
	if (column == NULL)
		return proof;
	proof.columns = arena_alloc(arena, sizeof(*proof.columns));
	proof.columns[proof.n++] = column;
	return proof;
}

/* ROW(a, b) IS NOT NULL means it of both; NOT (ROW(a, b) IS NULL) of one of them. */
static struct proof of_null_test(struct arena *arena, const PgQuery__NullTest *test, bool negated)
{
	bool not_null =
		test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL ? !negated : negated;
	struct proof proof = {0};

	if (!not_null)
		return proof;
	if (test->arg->node_case != PG_QUERY__NODE__NODE_ROW_EXPR)
		return of_column(arena, test->arg);
	for (size_t i = 0; !negated && i < test->arg->row_expr->n_args; i++)
		proof = either(arena, proof, of_column(arena, test->arg->row_expr->args[i]));
	return proof;
}

static bool is_null(const PgQuery__Node *node)
{
	return node != NULL && node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
	       node->a_const->isnull;
}

/* c IS DISTINCT FROM NULL is read as a null test (transformAExprDistinct in parse_expr.c). */
static struct proof of_distinct(struct arena *arena, const PgQuery__AExpr *expr, bool negated)
{
	PgQuery__AExprKind wanted = negated ? PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT
					    : PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT;

	if (expr->kind != wanted)
		return (struct proof){0};
	if (is_null(expr->rexpr))
		return of_column(arena, expr->lexpr);
	return is_null(expr->lexpr) ? of_column(arena, expr->rexpr) : (struct proof){0};
}

static struct proof proof_of(struct arena *arena, const PgQuery__Node *node, bool negated);

static struct proof of_arms(struct arena *arena, const PgQuery__BoolExpr *expr, bool negated)
{
	bool conjunction = (expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) == !negated;
	struct proof proof = proof_of(arena, expr->args[0], negated);

	for (size_t i = 1; i < expr->n_args; i++) {
		struct proof next = proof_of(arena, expr->args[i], negated);

		proof = conjunction ? either(arena, proof, next) : both(proof, next);
	}
	return proof;
}

static struct proof proof_of(struct arena *arena, const PgQuery__Node *node, bool negated)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_NULL_TEST:
		return of_null_test(arena, node->null_test, negated);
	case PG_QUERY__NODE__NODE_A_EXPR:
		return of_distinct(arena, node->a_expr, negated);
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		if (node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR)
			return proof_of(arena, node->bool_expr->args[0], !negated);
		return of_arms(arena, node->bool_expr, negated);
	default:
		return (struct proof){0};
	}
}

void prove_not_null(struct builder *builder, const PgQuery__Node *check, struct expr *expr)
{
	struct proof proof = proof_of(builder->arena, check, false);

	expr->not_null_columns = proof.columns;
	expr->n_not_null_columns = proof.n;
}

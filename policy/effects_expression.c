/* SPDX-License-Identifier: PostgreSQL */
/*
 * What expressions may not hold.  And those on a column that gets another type:
 * ATPostAlterTypeParse (tablecmds.c) reads CHECKs and indexes again, ATExecAlterColumnType casts
 * the default.  What is known of the types' operators and casts decides some; the server alone
 * decides the rest.
 */
#include "model.h"

#include <string.h>

static enum fit worse(enum fit a, enum fit b)
{
	return a > b ? a : b;
}

static bool one_of(char group, const char *groups)
{
	return group != 0 && strchr(groups, group) != NULL;
}

static bool is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "-0123456789.")] == '\0';
}

/* A number without a point is an int4 or int8, with one a numeric. */
static enum fit number_fits(const char *text, char group, bool printed)
{
	bool whole = strchr(text, '.') == NULL;

	if (one_of(group, "inf") || (group == 'o' && whole))
		return FITS;
	/* As somebody wrote it, it may as well have been '5', which takes the column's type. */
	return printed && one_of(group, "tcdbu") ? UNFIT : MAY_FIT;
}

static enum fit test_fits(const struct column_test *test, const char *type, bool printed)
{
	char group = type_group(type);

	if (test->kind == TEST_NULL || test->kind == TEST_NOT_NULL)
		return FITS;
	if (test->kind == TEST_OTHER || test->cast != NULL)
		return MAY_FIT;
	if (test->type != NULL)
		return group != 0 && type_group(test->type) == group ? FITS : MAY_FIT;
	return is_number(test->value) ? number_fits(test->value, group, printed) : MAY_FIT;
}

enum fit check_fits(const struct expr_clause *clauses, size_t n, const char *column,
	const char *type, bool printed)
{
	enum fit fit = n > 0 ? FITS : MAY_FIT;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < clauses[i].n; k++) {
			const struct column_test *test = &clauses[i].arms[k];

			if (test->column == NULL || strcmp(test->column, column) == 0)
				fit = worse(fit, test_fits(test, type, printed));
		}
	return fit;
}

/*
 * Casts in assignments; to text there is always one.  What the default was before it was made the
 * column's type is not known, but numbers stay among numbers.
 */
static enum fit default_fits(const struct column_facts *column, const char *type)
{
	char from = type_group(column->base_type), to = type_group(type);

	if (column->default_sql == NULL || one_of(to, "tc") ||
		(one_of(from, "inf") && one_of(to, "inf")) || (from == 'i' && to == 'o') ||
		(from == to && from != 0))
		return FITS;
	return MAY_FIT;
}

enum fit checks_fit(const struct relation_facts *table, const char *column, const char *type)
{
	enum fit fit = FITS;

	for (size_t i = 0; i < table->n_constraints; i++) {
		const struct constraint_facts *c = &table->constraints[i];

		if (c->kind == CONSTRAINT_CHECK && names_contain(c->columns, c->n_columns, column))
			fit = worse(fit, check_fits(c->clauses, c->n_clauses, column, type,
						 relation_listed(table)));
	}
	return fit;
}

enum fit others_fit(
	const struct relation_facts *table, const struct column_facts *column, const char *type)
{
	enum fit fit = default_fits(column, type);

	for (size_t i = 0; i < table->n_indexes; i++)
		if (names_contain(
			    table->indexes[i].mentions, table->indexes[i].n_mentions, column->name))
			fit = worse(fit, MAY_FIT);
	return fit;
}

void model_check_expr(struct model *model, const struct expr *expr)
{
	const struct facts *facts = model->facts;

	if (expr == NULL || !facts->known)
		return;
	if (expr->subquery)
		model_error(model, "0A000", "cannot use a subquery here");
	for (size_t i = 0; i < expr->n_functions; i++)
		for (size_t k = 0; k < facts->n_functions; k++)
			if (name_equal(&facts->functions[k].asked, &expr->functions[i]) &&
				!facts->functions[k].exists)
				model_error(model, "42883", "function %s does not exist",
					expr->functions[i].name);
}

/* ComputeIndexAttrs and DefineIndex, before them xid and cid that no btree orders;
 * scanRTEForColumn. */
void model_refuse_system_column(struct model *model, const char *column)
{
	const struct constraint_def *def = model->action->constraint;
	bool key = model->action->index != NULL || (def != NULL && def->kind != CONSTRAINT_CHECK);
	bool ordered = strcmp(column, "tableoid") == 0 || strcmp(column, "ctid") == 0;

	if (key)
		model_error(model, ordered ? "0A000" : "42704",
			"a key on the system column \"%s\" is not supported", column);
	else if (model->action->kind != ACTION_ALTER_COLUMN_TYPE && strcmp(column, "tableoid") != 0)
		model_error(model, "42P10",
			"the system column \"%s\" cannot be used in such an expression", column);
}

/* GetColumnDefCollation */
void model_check_collation(struct model *model, const char *collation, const char *type)
{
	char group = type_group(type);

	if (collation != NULL && group != 0 && strchr("tc", group) == NULL)
		model_error(model, "42804", "collations are not supported by type %s", type);
}

/* cookDefault */
void model_check_default(struct model *model, const struct expr *expr)
{
	model_check_expr(model, expr);
	if (expr != NULL && expr->n_columns > 0 && model->facts->known)
		model_error(model, "0A000", "cannot use column reference in DEFAULT expression");
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * ConstraintImpliedByRelConstraint (tablecmds.c) asks for each conjunct of the partition's
 * constraint whether a validated CHECK implies it: k IS NOT NULL, k >= lower, k < upper, or
 * k = ANY (values).  Of the default partition it asks for the opposite, with NOT pushed down:
 * k IS NULL OR k < lower OR k >= upper.  A CHECK of several arms implies what each of them does.
 */
#include "bound_proof.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum { ARRAY_MAX = 100 }; /* MAX_SAOP_ARRAY_SIZE: beyond it no array is looked into */

/* ---- values ---- */

/* Points of one column can be told apart and, but for words, put in order. */
struct point {
	int64_t number; /* of integers */
	char text[32]; /* of dates: YYYY-MM-DD HH:MM:SS */
	char zone[8]; /* behind it; comparable only with the same */
	const char *word; /* of other types: the literal's text */
};

struct question {
	const struct facts *facts;
	const struct column_facts *column;
	struct point values[ARRAY_MAX]; /* of a list; of a range lower and upper */
	size_t n_values;
	bool has_lower, has_upper; /* of a range: not MINVALUE, not MAXVALUE */
};

static bool one_of(const char *word, const char *const *list)
{
	while (*list != NULL && strcmp(word, *list) != 0)
		list++;
	return *list != NULL;
}

static const char *const integers[] = {"int2", "int4", "int8", NULL};
static const char *const dates[] = {"date", "timestamp", "timestamptz", NULL};
static const char *const words[] = {"text", "varchar", "uuid", "numeric", NULL};

static bool read_number(const char *text, struct point *point)
{
	char *end;

	errno = 0;
	point->number = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

/* d: a digit; returns what follows, or NULL. */
static const char *match(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++)
		if (*form == 'd' ? !isdigit((unsigned char)*text) : *text != *form)
			return NULL;
	return text;
}

/* "+02", "-03:30", "Z"; without one it is the session's, which is told in UTC only. */
static bool read_zone(const struct question *question, const char *text, struct point *point)
{
	if (*text == '\0' || strcmp(text, "Z") == 0) {
		strcpy(point->zone, "+00");
		return *text != '\0' || question->facts->timezone_utc;
	}
	if (strchr("+-", *text) == NULL || strlen(text) >= sizeof(point->zone))
		return false;
	strcpy(point->zone, text);
	text = match(text + 1, "dd");
	return text != NULL && (*text == '\0' || match(text, ":dd") != NULL);
}

/* In the one form that every DateStyle reads alike. */
static bool read_date(const struct question *question, const char *text, struct point *point)
{
	const char *type = question->column->base_type, *time = match(text, "dddd-dd-dd");
	const char *rest;
	bool seconds;

	if (time == NULL)
		return false;
	if (strcmp(type, "date") == 0 || *time == '\0') {
		snprintf(point->text, sizeof(point->text), "%.10s 00:00:00", text);
		return *time == '\0' &&
		       (strcmp(type, "timestamptz") != 0 || read_zone(question, "", point));
	}
	rest = match(time, " dd:dd:dd");
	seconds = rest != NULL;
	if (!seconds && (rest = match(time, " dd:dd")) == NULL)
		return false;
	snprintf(point->text, sizeof(point->text), "%.10s%.*s%s", text, (int)(rest - time), time,
		seconds ? "" : ":00");
	return strcmp(type, "timestamptz") == 0 ? read_zone(question, rest, point) : *rest == '\0';
}

static bool read_point(const struct question *question, const char *text, struct point *point)
{
	const char *type = question->column->base_type;

	*point = (struct point){0};
	if (one_of(type, integers))
		return read_number(text, point);
	if (one_of(type, dates))
		return read_date(question, text, point);
	point->word = text;
	return one_of(type, words);
}

/* a - b; false where that is not known: of words, where they are not the same. */
static bool compare(
	const struct question *question, const struct point *a, const struct point *b, int *order)
{
	if (one_of(question->column->base_type, integers))
		*order = (a->number > b->number) - (a->number < b->number);
	else
		*order = strcmp(a->text, b->text);
	if (a->word != NULL)
		return strcmp(a->word, b->word) == 0;
	return strcmp(a->zone, b->zone) == 0;
}

/* ---- bounds ---- */

/* A literal as written: a number, or a string without anything to be undone in it. */
static bool read_bound(struct question *question, const struct bound_value *value, char *buffer,
	size_t size, struct point *point)
{
	const char *sql = value->expr->sql;
	size_t n = strlen(sql);

	if (!value->expr->constant || value->expr->null || n >= size)
		return false;
	if (*sql != '\'') {
		strcpy(buffer, sql);
		return (one_of(question->column->base_type, integers) ||
			       strcmp(question->column->base_type, "numeric") == 0) &&
		       read_point(question, buffer, point);
	}
	if (n < 2 || sql[n - 1] != '\'')
		return false;
	snprintf(buffer, size, "%.*s", (int)(n - 2), sql + 1);
	return strpbrk(buffer, "'\\") == NULL && read_point(question, buffer, point);
}

enum { WORD_MAX = 64 }; /* of a list's text */

struct bound_words {
	char words[ARRAY_MAX][WORD_MAX];
};

static bool read_range(
	struct question *question, const struct partition_bound *bound, struct bound_words *kept)
{
	const struct bound_value *ends[] = {bound->values, bound->upper};
	bool *has[] = {&question->has_lower, &question->has_upper};

	if (bound->n_values != 1)
		return false;
	for (size_t i = 0; i < 2; i++) {
		*has[i] = ends[i]->kind == BOUND_VALUE;
		if (*has[i] && !read_bound(question, ends[i], kept->words[i], WORD_MAX,
				       &question->values[i]))
			return false;
	}
	return bound->values->kind != BOUND_MAXVALUE && bound->upper->kind != BOUND_MINVALUE;
}

static bool read_list(
	struct question *question, const struct partition_bound *bound, struct bound_words *kept)
{
	if (bound->n_values == 0 || bound->n_values > ARRAY_MAX)
		return false;
	question->n_values = bound->n_values;
	for (size_t i = 0; i < bound->n_values; i++)
		if (bound->values[i].kind != BOUND_VALUE ||
			!read_bound(question, &bound->values[i], kept->words[i], WORD_MAX,
				&question->values[i]))
			return false;
	return true;
}

static bool read_question(struct question *question, const struct facts *facts,
	const struct relation_facts *parent, const struct partition_bound *bound,
	struct bound_words *kept)
{
	if (bound == NULL || bound->is_default || !parent->partition_plain ||
		parent->n_partition_columns != 1 || parent->partition_columns[0] == NULL ||
		parent->partition_strategy != bound->strategy)
		return false;
	question->facts = facts;
	question->column = facts_column(parent, parent->partition_columns[0]);
	if (question->column == NULL || question->column->domain ||
		question->column->base_type == NULL)
		return false;
	if (bound->strategy == 'r')
		return read_range(question, bound, kept);
	return bound->strategy == 'l' && read_list(question, bound, kept);
}

/* Below a table that is a partition itself the constraint is longer. */
static bool ask(struct question *question, const struct facts *facts,
	const struct relation_facts *parent, const struct partition_bound *bound,
	struct bound_words *kept)
{
	return !parent->partition && read_question(question, facts, parent, bound, kept);
}

/* ---- what one comparison implies ---- */

typedef bool arm_fn(const struct question *question, const struct column_test *test);

/* varchar has no operators of its own: it is compared as text, without a function. */
static bool compared_as_itself(const struct question *question, const struct column_test *test)
{
	bool varying = strcmp(question->column->base_type, "varchar") == 0;

	return varying ? test->cast != NULL && strcmp(test->cast, "text") == 0 : test->cast == NULL;
}

/* With the constant of the same type, or of another integer: one operator family. */
static bool of_its_type(const struct question *question, const char *type)
{
	const char *own = question->column->base_type;

	if (type == NULL || strcmp(type, own) == 0)
		return true;
	return (one_of(own, integers) && one_of(type, integers)) ||
	       (strcmp(own, "varchar") == 0 && strcmp(type, "text") == 0);
}

static bool point_of(
	const struct question *question, const struct column_test *test, struct point *point)
{
	return test->value != NULL && compared_as_itself(question, test) &&
	       of_its_type(question, test->type) && read_point(question, test->value, point);
}

static bool order_to(const struct question *question, const struct column_test *test,
	const struct point *end, int *order)
{
	struct point point;

	return point_of(question, test, &point) && compare(question, &point, end, order);
}

static bool says_not_null(const struct question *question, const struct column_test *test)
{
	(void)question;
	return test->kind == TEST_NOT_NULL;
}

static bool from(
	const struct question *question, const struct column_test *test, const struct point *end)
{
	int order;

	return (test->kind == TEST_GREATER || test->kind == TEST_GREATER_EQUAL ||
		       test->kind == TEST_EQUAL) &&
	       order_to(question, test, end, &order) && order >= 0;
}

static bool below(
	const struct question *question, const struct column_test *test, const struct point *end)
{
	int order;

	return (test->kind == TEST_LESS || test->kind == TEST_LESS_EQUAL ||
		       test->kind == TEST_EQUAL) &&
	       order_to(question, test, end, &order) &&
	       (order < 0 || (order == 0 && test->kind == TEST_LESS));
}

static bool from_lower(const struct question *question, const struct column_test *test)
{
	return from(question, test, &question->values[0]);
}

static bool below_upper(const struct question *question, const struct column_test *test)
{
	return below(question, test, &question->values[1]);
}

static bool outside(const struct question *question, const struct column_test *test)
{
	return test->kind == TEST_NULL ||
	       (question->has_lower && below(question, test, &question->values[0])) ||
	       (question->has_upper && from(question, test, &question->values[1]));
}

static bool in_list(const struct question *question, const struct column_test *test)
{
	int order;

	for (size_t i = 0; test->kind == TEST_EQUAL && i < question->n_values; i++)
		if (order_to(question, test, &question->values[i], &order) && order == 0)
			return true;
	return false;
}

/* Of one value: its opposite word for word. */
static bool not_in_list(const struct question *question, const struct column_test *test)
{
	int order;

	if (question->n_values != 1)
		return false;
	return test->kind == TEST_NULL ||
	       (test->kind == TEST_NOT_EQUAL &&
		       order_to(question, test, &question->values[0], &order) && order == 0);
}

/* ---- what a table says ---- */

static bool clause_implies(
	const struct question *question, const struct expr_clause *clause, arm_fn *arm)
{
	if (clause->n > ARRAY_MAX)
		return false;
	for (size_t i = 0; i < clause->n; i++)
		if (clause->arms[i].column == NULL ||
			strcmp(clause->arms[i].column, question->column->name) != 0 ||
			!arm(question, &clause->arms[i]))
			return false;
	return true;
}

static bool implied(
	const struct question *question, const struct relation_facts *table, arm_fn *arm)
{
	for (size_t i = 0; i < table->n_constraints; i++) {
		const struct constraint_facts *c = &table->constraints[i];

		for (size_t k = 0; c->kind == CONSTRAINT_CHECK && c->validated && k < c->n_clauses;
			k++)
			if (clause_implies(question, &c->clauses[k], arm))
				return true;
	}
	return false;
}

static bool never_null(const struct question *question, const struct relation_facts *table)
{
	const struct column_facts *column = facts_column(table, question->column->name);

	return (column != NULL && column->not_null) || implied(question, table, says_not_null);
}

bool bound_holds(const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound, const struct relation_facts *table)
{
	struct question question = {0};
	struct bound_words kept;

	if (table->kind != 'r' || !ask(&question, facts, parent, bound, &kept) ||
		!never_null(&question, table))
		return false;
	if (bound->strategy == 'l')
		return implied(&question, table, in_list);
	return (!question.has_lower || implied(&question, table, from_lower)) &&
	       (!question.has_upper || implied(&question, table, below_upper));
}

bool bound_excluded(const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound, const struct relation_facts *default_partition)
{
	struct question question = {0};
	struct bound_words kept;

	if (default_partition->kind != 'r' || !ask(&question, facts, parent, bound, &kept))
		return false;
	return implied(
		&question, default_partition, bound->strategy == 'l' ? not_in_list : outside);
}

/* ---- bounds beside each other ---- */

static bool is_below(const struct question *question, const struct point *a, const struct point *b)
{
	int order;

	return compare(question, a, b, &order) && order < 0;
}

/* check_new_partition_bound (partbounds.c) */
bool bound_is_empty(const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound)
{
	struct question question = {0};
	struct bound_words kept;
	int order;

	return read_question(&question, facts, parent, bound, &kept) && question.has_lower &&
	       question.has_upper &&
	       compare(&question, &question.values[0], &question.values[1], &order) && order >= 0;
}

/* As pg_get_expr prints it. */
static const struct partition_bound *bound_of(
	struct arena *arena, const struct relation_facts *partition)
{
	const char *sql, *error;
	struct stmts stmts;

	if (partition->partition_bound == NULL)
		return NULL;
	sql = arena_printf(arena, "CREATE TABLE x PARTITION OF y %s", partition->partition_bound);
	if (stmt_parse(arena, sql, strlen(sql), &stmts, &error) != 0 || stmts.n != 1 ||
		stmts.items[0].n_actions != 1)
		return NULL;
	return stmts.items[0].actions[0].bound;
}

static bool shares_value(const struct question *a, const struct question *b)
{
	int order;

	for (size_t i = 0; i < a->n_values; i++)
		for (size_t k = 0; k < b->n_values; k++)
			if (compare(a, &a->values[i], &b->values[k], &order) && order == 0)
				return true;
	return false;
}

/* Every modulus is a factor of the next larger one. */
static bool shares_remainder(const struct partition_bound *a, const struct partition_bound *b)
{
	const struct partition_bound *fine = a->modulus > b->modulus ? a : b;
	const struct partition_bound *coarse = fine == a ? b : a;

	return coarse->modulus > 0 && fine->modulus % coarse->modulus == 0 &&
	       fine->remainder % coarse->modulus == coarse->remainder;
}

bool bound_overlaps(struct arena *arena, const struct facts *facts,
	const struct relation_facts *parent, const struct partition_bound *bound,
	const struct relation_facts *partition)
{
	const struct partition_bound *other = bound_of(arena, partition);
	struct question a = {0}, b = {0};
	struct bound_words kept_a, kept_b;

	if (bound != NULL && bound->strategy == 'h')
		return other != NULL && other->strategy == 'h' && shares_remainder(bound, other);
	if (!read_question(&a, facts, parent, bound, &kept_a) ||
		!read_question(&b, facts, parent, other, &kept_b))
		return false;
	if (bound->strategy == 'l')
		return shares_value(&a, &b);
	return (!a.has_lower || !b.has_upper || is_below(&a, &a.values[0], &b.values[1])) &&
	       (!b.has_lower || !a.has_upper || is_below(&a, &b.values[0], &a.values[1]));
}

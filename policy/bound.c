/* SPDX-License-Identifier: PostgreSQL */
#include "bound.h"

#include <ctype.h>
#include <string.h>

#include "arena.h"

struct bound_reader {
	struct arena *arena;
	const struct facts *facts;
	const struct relation_facts *parent;
	const struct partition_bound *bound;
};

/* ---- values ---- */

/* 'YYYY-MM-DD...': every DateStyle reads it alike, and it is no 'today'. */
static bool iso_date(const char *sql)
{
	static const char form[] = "'dddd-dd-dd";

	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)sql[i]) : sql[i] != form[i])
			return false;
	return strchr(sql + 1, '\'') == sql + strlen(sql) - 1;
}

/* "12:00" of '2024-01-01 12:00'; what follows the time is its zone. */
static const char *behind_time(const char *sql)
{
	const char *p = sql + strlen("'dddd-dd-dd");

	if (*p != ' ' && *p != 'T')
		return p;
	return p + 1 + strspn(p + 1, "0123456789:.");
}

/* A name that may stand behind a time as it is; <+03>-03 and the like may not. */
static bool zone_name(const char *zone)
{
	return isalpha((unsigned char)zone[0]) &&
	       zone[strspn(zone,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/+-")] ==
		       '\0';
}

/* The client's zone is written into a literal that names none: the engine has one of its own. */
static const char *with_zone(const struct bound_reader *reader, const char *sql)
{
	const char *zone = reader->facts->timezone, *rest = behind_time(sql);

	if (strcmp(rest, "'") != 0)
		return strchr("+-Z", *rest) != NULL ? sql : NULL;
	if (zone == NULL || !zone_name(zone))
		return NULL;
	return arena_printf(reader->arena, "%.*s %s'", (int)(rest - sql), sql, zone);
}

static bool one_of(const char *word, const char *const *list)
{
	while (*list != NULL && strcmp(word, *list) != 0)
		list++;
	return *list != NULL;
}

/* NULL: what it means depends on settings, or on when it is asked. */
static const char *settled(const struct bound_reader *reader, const struct column_facts *column,
	const struct expr *expr)
{
	static const char *const free_of_settings[] = {"int2", "int4", "int8", "numeric", "float4",
		"float8", "bool", "text", "varchar", "bpchar", "uuid", "name", "oid", NULL};
	static const char *const dates[] = {"date", "timestamp", NULL};

	if (!expr->constant)
		return NULL;
	if (one_of(column->base_type, free_of_settings))
		return expr->sql;
	if (!iso_date(expr->sql))
		return NULL;
	if (one_of(column->base_type, dates))
		return expr->sql;
	return strcmp(column->base_type, "timestamptz") == 0 ? with_zone(reader, expr->sql) : NULL;
}

static const struct column_facts *key(const struct bound_reader *reader, size_t i)
{
	return facts_column(reader->parent, reader->parent->partition_columns[i]);
}

static const char *key_sql(const struct bound_reader *reader, size_t i)
{
	return quote_ident(reader->arena, reader->parent->partition_columns[i]);
}

/* A value of key column i as a constant of its type. */
static const char *constant(
	const struct bound_reader *reader, size_t i, const struct bound_value *value)
{
	const struct column_facts *column = key(reader, i);

	return arena_printf(reader->arena, "CAST(%s AS %s)", settled(reader, column, value->expr),
		column->type_sql);
}

static const char *join(
	struct arena *arena, const char *text, const char *with, const char *addition)
{
	if (*addition == '\0')
		return text;
	return *text == '\0' ? addition : arena_printf(arena, "%s%s%s", text, with, addition);
}

/* ---- FROM (...) TO (...): get_qual_for_range in partbounds.c ---- */

static const char *operator_at(
	const struct bound_reader *reader, const struct bound_value *values, size_t i, bool upper)
{
	bool last = i + 1 == reader->bound->n_values;

	if (upper)
		return !last && values[i + 1].kind == BOUND_MAXVALUE ? "<=" : "<";
	return last || values[i + 1].kind == BOUND_MINVALUE ? ">=" : ">";
}

/* Row comparison spelled out: (a > 1) OR (a = 1 AND b >= 2); columns before start are equal. */
static const char *one_side(const struct bound_reader *reader, const struct bound_value *values,
	size_t start, bool upper)
{
	struct arena *arena = reader->arena;
	const char *arms = "", *equal = "";

	for (size_t i = start; i < reader->bound->n_values && values[i].kind == BOUND_VALUE; i++) {
		const char *column = key_sql(reader, i), *value = constant(reader, i, &values[i]);
		const char *arm = arena_printf(
			arena, "%s %s %s", column, operator_at(reader, values, i, upper), value);

		arms = join(arena, arms, " OR ",
			arena_printf(arena, "(%s)", join(arena, equal, " AND ", arm)));
		equal = join(arena, equal, " AND ", arena_printf(arena, "%s = %s", column, value));
	}
	return *arms == '\0' ? "" : arena_printf(arena, "(%s)", arms);
}

static bool same_value(const struct bound_value *a, const struct bound_value *b)
{
	return a->kind == BOUND_VALUE && b->kind == BOUND_VALUE &&
	       strcmp(a->expr->sql, b->expr->sql) == 0;
}

static const char *range_condition(const struct bound_reader *reader)
{
	const struct partition_bound *bound = reader->bound;
	struct arena *arena = reader->arena;
	const char *text = "";
	size_t i;

	for (i = 0; i < bound->n_values; i++)
		text = join(arena, text, " AND ",
			arena_printf(arena, "%s IS NOT NULL", key_sql(reader, i)));
	for (i = 0; i < bound->n_values && same_value(&bound->values[i], &bound->upper[i]); i++)
		text = join(arena, text, " AND ",
			arena_printf(arena, "%s = %s", key_sql(reader, i),
				constant(reader, i, &bound->values[i])));
	text = join(arena, text, " AND ", one_side(reader, bound->values, i, false));
	return join(arena, text, " AND ", one_side(reader, bound->upper, i, true));
}

/* ---- IN (...): get_qual_for_list ---- */

static const char *list_condition(const struct bound_reader *reader)
{
	struct arena *arena = reader->arena;
	const char *column = key_sql(reader, 0), *values = "";
	size_t n = 0;

	for (size_t i = 0; i < reader->bound->n_values; i++) {
		const struct bound_value *value = &reader->bound->values[i];

		if (value->expr->null)
			continue;
		values = join(arena, values, ", ", constant(reader, 0, value));
		n++;
	}
	if (n == 0)
		return arena_printf(arena, "%s IS NULL", column);
	values = n == 1 ? arena_printf(arena, "%s = %s", column, values)
			: arena_printf(arena, "%s = ANY (ARRAY[%s])", column, values);
	return n == reader->bound->n_values
		       ? arena_printf(arena, "%s IS NOT NULL AND %s", column, values)
		       : arena_printf(arena, "%s IS NULL OR %s", column, values);
}

/* ---- WITH (MODULUS, REMAINDER) ---- */

static const char *hash_condition(const struct bound_reader *reader)
{
	const char *columns = "";

	for (size_t i = 0; i < reader->parent->n_partition_columns; i++)
		columns = join(reader->arena, columns, ", ", key_sql(reader, i));
	return arena_printf(reader->arena,
		"pg_catalog.satisfies_hash_partition(CAST(%u AS pg_catalog.oid), %d, %d, %s)",
		reader->parent->oid, reader->bound->modulus, reader->bound->remainder, columns);
}

/* ---- the clause ---- */

static const char *value_list(const struct bound_reader *reader, const struct bound_value *values)
{
	static const char *const words[] = {
		[BOUND_MINVALUE] = "MINVALUE", [BOUND_MAXVALUE] = "MAXVALUE"};
	const char *text = "";

	for (size_t i = 0; i < reader->bound->n_values; i++) {
		size_t column = reader->bound->strategy == 'l' ? 0 : i;
		const char *value = values[i].kind != BOUND_VALUE ? words[values[i].kind]
				    : values[i].expr->null
					    ? "NULL"
					    : settled(reader, key(reader, column), values[i].expr);

		text = join(reader->arena, text, ", ", value);
	}
	return text;
}

static const char *clause(const struct bound_reader *reader)
{
	const struct partition_bound *bound = reader->bound;

	switch (bound->strategy) {
	case 'l':
		return arena_printf(
			reader->arena, "FOR VALUES IN (%s)", value_list(reader, bound->values));
	case 'r':
		return arena_printf(reader->arena, "FOR VALUES FROM (%s) TO (%s)",
			value_list(reader, bound->values), value_list(reader, bound->upper));
	default:
		return arena_printf(reader->arena, "FOR VALUES WITH (MODULUS %d, REMAINDER %d)",
			bound->modulus, bound->remainder);
	}
}

/* ---- what can be told ---- */

static bool keys_known(const struct bound_reader *reader)
{
	const struct relation_facts *parent = reader->parent;

	if (!parent->partition_plain || parent->partition_strategy != reader->bound->strategy)
		return false;
	for (size_t i = 0; i < parent->n_partition_columns; i++) {
		const struct column_facts *column;

		if (parent->partition_columns[i] == NULL)
			return false;
		column = key(reader, i);
		if (column == NULL || column->base_type == NULL || column->domain ||
			(parent->partition_strategy == 'h' && column->collation_oid != 0))
			return false;
	}
	return true;
}

static bool values_known(const struct bound_reader *reader, const struct bound_value *values)
{
	bool list = reader->bound->strategy == 'l';

	for (size_t i = 0; values != NULL && i < reader->bound->n_values; i++) {
		const struct bound_value *value = &values[i];

		if (value->kind == BOUND_VALUE ? !(list && value->expr->null) &&
							 settled(reader, key(reader, list ? 0 : i),
								 value->expr) == NULL
					       : list)
			return false;
	}
	return true;
}

static bool counts_fit(const struct bound_reader *reader)
{
	const struct relation_facts *parent = reader->parent;

	if (reader->bound->strategy == 'r')
		return reader->bound->n_values == parent->n_partition_columns;
	return reader->bound->strategy == 'h' || parent->n_partition_columns == 1;
}

bool bound_read(struct arena *arena, const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound, struct bound_sql *out)
{
	struct bound_reader reader = {arena, facts, parent, bound};

	*out = (struct bound_sql){.clause = "DEFAULT"};
	if (bound->is_default)
		return true;
	if (!keys_known(&reader) || !counts_fit(&reader) || !values_known(&reader, bound->values) ||
		!values_known(&reader, bound->upper))
		return false;
	out->clause = clause(&reader);
	out->condition = bound->strategy == 'l'   ? list_condition(&reader)
			 : bound->strategy == 'r' ? range_condition(&reader)
						  : hash_condition(&reader);
	return true;
}

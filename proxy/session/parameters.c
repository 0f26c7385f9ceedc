/* SPDX-License-Identifier: PostgreSQL */
#include "parameters.h"

#include <inttypes.h>
#include <string.h>

#include "arena.h"
#include "guarded.h"
#include "stmt.h"
#include "text.h"
#include "wire.h"

enum { PARAMETERS_MAX = 100 };

/* ---- binary forms ---- */

/* As a literal would say it; NULL when the length is not that of the type. */
typedef const char *read_binary(struct arena *arena, const struct wire_value *value);

static int64_t integer(const struct wire_value *value)
{
	uint64_t bits = value->bytes[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < value->len; i++)
		bits = bits << 8 | value->bytes[i];
	return (int64_t)bits;
}

static const char *read_text(struct arena *arena, const struct wire_value *value)
{
	if (memchr(value->bytes, 0, value->len) != NULL)
		return NULL;
	return arena_strndup(arena, (const char *)value->bytes, value->len);
}

static const char *read_bool(struct arena *arena, const struct wire_value *value)
{
	(void)arena;
	if (value->len != 1)
		return NULL;
	return value->bytes[0] != 0 ? "true" : "false";
}

static const char *read_integer(struct arena *arena, const struct wire_value *value)
{
	if (value->len != 2 && value->len != 4 && value->len != 8)
		return NULL;
	return arena_printf(arena, "%" PRId64, integer(value));
}

static const char *read_float4(struct arena *arena, const struct wire_value *value)
{
	uint32_t bits = (uint32_t)integer(value);
	float number;

	if (value->len != sizeof(number))
		return NULL;
	memcpy(&number, &bits, sizeof(number));
	return arena_printf(arena, "%.9g", (double)number);
}

static const char *read_float8(struct arena *arena, const struct wire_value *value)
{
	int64_t bits = integer(value);
	double number;

	if (value->len != sizeof(number))
		return NULL;
	memcpy(&number, &bits, sizeof(number));
	return arena_printf(arena, "%.17g", number);
}

static const char *read_uuid(struct arena *arena, const struct wire_value *value)
{
	const char *text = "";

	if (value->len != 16)
		return NULL;
	for (size_t i = 0; i < value->len; i++)
		text = arena_printf(arena, "%s%02x", text, value->bytes[i]);
	return text;
}

/* Days and times are counted from here, and written as Julian days, which all of them have. */
enum { JULIAN_2000 = 2451545 };

static const char *read_date(struct arena *arena, const struct wire_value *value)
{
	int64_t days = integer(value);

	if (value->len != 4)
		return NULL;
	if (days == INT32_MAX || days == INT32_MIN)
		return days > 0 ? "infinity" : "-infinity";
	return arena_printf(arena, "J%" PRId64, days + JULIAN_2000);
}

static const char *read_timestamp(struct arena *arena, const struct wire_value *value)
{
	const int64_t day_us = INT64_C(86400000000);
	int64_t us = integer(value), day, in_day;

	if (value->len != 8)
		return NULL;
	if (us == INT64_MAX || us == INT64_MIN)
		return us > 0 ? "infinity" : "-infinity";
	day = us / day_us - (us % day_us < 0);
	in_day = us - day * day_us;
	return arena_printf(arena, "J%" PRId64 " %02d:%02d:%02d.%06d+00", day + JULIAN_2000,
		(int)(in_day / 3600000000), (int)(in_day / 60000000 % 60),
		(int)(in_day / 1000000 % 60), (int)(in_day % 1000000));
}

/* pg_type.dat; the types that drivers declare.  read NULL: their binary form is not read here. */
static const struct type_row {
	uint32_t oid;
	const char *name;
	read_binary *read;
} types[] = {
	{16, "bool", read_bool},
	{17, "bytea", NULL},
	{20, "int8", read_integer},
	{21, "int2", read_integer},
	{23, "int4", read_integer},
	{25, "text", read_text},
	{26, "oid", NULL},
	{114, "json", read_text},
	{700, "float4", read_float4},
	{701, "float8", read_float8},
	{1042, "bpchar", read_text},
	{1043, "\"varchar\"", read_text},
	{1082, "date", read_date},
	{1083, "\"time\"", NULL},
	{1114, "\"timestamp\"", read_timestamp},
	{1184, "timestamptz", read_timestamp},
	{1186, "\"interval\"", NULL},
	{1266, "timetz", NULL},
	{1700, "\"numeric\"", NULL},
	{2950, "uuid", read_uuid},
	{3802, "jsonb", NULL},
};

/* ---- as SQL ---- */

/* Undeclared, as 0 or as unknown, it is what its place makes of it: so is a bare literal. */
static bool undeclared(uint32_t oid)
{
	return oid == 0 || oid == 705;
}

static const struct type_row *find_type(uint32_t oid)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].oid == oid)
			return &types[i];
	return NULL;
}

/* What a literal says of the value; NULL: not known. */
static const char *value_text(
	struct arena *arena, const struct wire_value *value, const struct type_row *type)
{
	if (!value->binary)
		return read_text(arena, value);
	if (type == NULL || type->read == NULL || value->len == 0)
		return NULL;
	return type->read(arena, value);
}

static const char *value_sql(struct arena *arena, const struct wire_value *value, uint32_t oid)
{
	const struct type_row *type = find_type(oid);
	const char *text = "NULL";

	if (type == NULL && !undeclared(oid))
		return NULL;
	if (!value->null) {
		text = value_text(arena, value, type);
		if (text == NULL)
			return NULL;
		text = quote_literal(arena, text);
	}
	return type == NULL ? text
			    : arena_printf(arena, "CAST(%s AS pg_catalog.%s)", text, type->name);
}

bool parameters_awaited(const struct stmts *stmts)
{
	for (size_t i = 0; stmts->n == 1 && i < stmts->items[0].n_actions; i++) {
		const struct bulk_def *bulk = stmts->items[0].actions[i].bulk;

		if (bulk != NULL && (bulk->traits & BULK_PARAMETER) != 0)
			return true;
	}
	return false;
}

const char *parameters_write_in(
	struct arena *arena, const struct guarded_text *what, const struct wire_bind *bind)
{
	struct wire_value values[PARAMETERS_MAX];
	const char *sql[PARAMETERS_MAX];
	size_t n;

	if (wire_read_values(bind, values, PARAMETERS_MAX, &n) != 0)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		sql[i] =
			value_sql(arena, &values[i], wire_type_at(what->types, what->types_len, i));
		if (sql[i] == NULL)
			return NULL;
	}
	return stmt_with_values(arena, what->text, what->len, sql, n);
}

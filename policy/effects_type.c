/* SPDX-License-Identifier: PostgreSQL */
/*
 * ALTER COLUMN ... TYPE: does the heap have to be written again?  ATColumnChangeRequiresRewrite
 * (tablecmds.c) sees through relabelling and through length coercions whose support function
 * (varchar_support, numeric_support, TemporalSimplify, ...) calls them needless; all else rewrites.
 * Each row of the tables was measured on PostgreSQL 15; a pair that is not there rewrites.
 */
#include "model.h"

#include <string.h>

enum { NUMERIC_SCALE_MASK = 0x7ff, VARHDRSZ = 4, TIMESTAMP_PRECISION_MAX = 6 };
enum { INTERVAL_ANY_FIELD = 0x7fff, INTERVAL_ANY_PRECISION = 0xffff };

/* Wider is free when the old one had a bound at all. */
static bool widens_length(int from, int to)
{
	return to == -1 || (from != -1 && to >= from);
}

/* numeric typmod: precision << 16 | scale, + VARHDRSZ; the scale has to stay. */
static bool widens_numeric(int from, int to)
{
	if (to == -1)
		return true;
	if (from == -1)
		return false;
	from -= VARHDRSZ;
	to -= VARHDRSZ;
	return (from & NUMERIC_SCALE_MASK) == (to & NUMERIC_SCALE_MASK) &&
	       (to >> 16) >= (from >> 16);
}

static bool widens_precision(int from, int to)
{
	return to == -1 || to >= TIMESTAMP_PRECISION_MAX || (from != -1 && to >= from);
}

/* interval typmod: fields << 16 | precision. */
static bool widens_interval(int from, int to)
{
	int precision = to & 0xffff;

	if (to == -1)
		return true;
	if (((to >> 16) & INTERVAL_ANY_FIELD) != INTERVAL_ANY_FIELD)
		return false;
	if (precision == INTERVAL_ANY_PRECISION || precision >= TIMESTAMP_PRECISION_MAX)
		return true;
	return from != -1 && (from & 0xffff) <= precision;
}

/* Types whose modifier may widen for free. */
static const struct {
	const char *type;
	bool (*widens)(int from, int to);
} modifiers[] = {
	{"varchar", widens_length},
	{"varbit", widens_length},
	{"numeric", widens_numeric},
	{"timestamp", widens_precision},
	{"timestamptz", widens_precision},
	{"time", widens_precision},
	{"timetz", widens_precision},
	{"interval", widens_interval},
};

/* Pairs stored alike.  REINDEX: the ordering or equality differs, so indexes on it are built anew.
 */
static const struct {
	const char *from, *to;
	enum type_work work;
	bool only_in_utc;
} pairs[] = {
	{"text", "varchar", TYPE_NOTHING, false},
	{"varchar", "text", TYPE_NOTHING, false},
	{"cidr", "inet", TYPE_NOTHING, false},
	{"xml", "text", TYPE_NOTHING, false},
	{"xml", "varchar", TYPE_NOTHING, false},
	{"bit", "varbit", TYPE_REINDEX, false},
	{"text", "citext", TYPE_REINDEX, false},
	{"varchar", "citext", TYPE_REINDEX, false},
	{"citext", "text", TYPE_REINDEX, false},
	{"citext", "varchar", TYPE_REINDEX, false},
	{"int4", "oid", TYPE_REINDEX, false},
	{"oid", "int4", TYPE_REINDEX, false},
	{"timestamp", "timestamptz", TYPE_REINDEX, true},
	{"timestamptz", "timestamp", TYPE_REINDEX, true},
};

/* Without a modifier nothing is cut; with one, a value of another type always goes through the
 * coercion. */
static bool modifier_is_free(const struct type_change *from, const struct type_change *to)
{
	bool same_type = strcmp(from->base, to->base) == 0;

	if (to->typmod == -1 || (same_type && from->typmod == to->typmod))
		return true;
	for (size_t i = 0; same_type && i < sizeof(modifiers) / sizeof(modifiers[0]); i++)
		if (strcmp(modifiers[i].type, to->base) == 0)
			return modifiers[i].widens(from->typmod, to->typmod);
	return false;
}

enum type_work type_work(
	const struct type_change *from, const struct type_change *to, bool timezone_utc)
{
	if (!from->known || !to->known || to->constrained || !modifier_is_free(from, to))
		return TYPE_REWRITE;
	if (strcmp(from->base, to->base) == 0)
		return TYPE_NOTHING;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(pairs[i].from, from->base) == 0 && strcmp(pairs[i].to, to->base) == 0)
			return pairs[i].only_in_utc && !timezone_utc ? TYPE_REWRITE : pairs[i].work;
	return TYPE_REWRITE;
}

/* Whatever number the text has: the arithmetic is the server's, wrapping. */
static int with_header(int typmod)
{
	return (int)((unsigned)typmod + VARHDRSZ);
}

static int typmod_pair(int high, unsigned low)
{
	return (int)((unsigned)high << 16 | low);
}

/*
 * The text has interval(6), interval day to second, or interval second(6).  The first two come
 * as one number each, the fields alone without a parenthesis.
 */
static int interval_typmod(const struct type_name *type)
{
	if (type->n_typmods > 1)
		return typmod_pair(type->typmods[0], type->typmods[1] & 0xffff);
	if (strchr(type->sql, '(') != NULL)
		return typmod_pair(INTERVAL_ANY_FIELD, type->typmods[0] & 0xffff);
	return typmod_pair(type->typmods[0], INTERVAL_ANY_PRECISION);
}

/* The typmod that the type's input function would make of the modifiers written. */
static int written_typmod(const struct type_name *type)
{
	const char *name = type->name.name;
	int first = type->n_typmods > 0 ? type->typmods[0] : -1;
	int second = type->n_typmods > 1 ? type->typmods[1] : 0;

	if (type->n_typmods == 0)
		return -1;
	if (strcmp(name, "varchar") == 0 || strcmp(name, "bpchar") == 0)
		return with_header(first);
	if (strcmp(name, "numeric") == 0)
		return with_header(typmod_pair(first, second & NUMERIC_SCALE_MASK));
	if (strcmp(name, "interval") == 0)
		return interval_typmod(type);
	return first;
}

struct type_change type_written(
	struct arena *arena, const struct facts *facts, const struct type_name *type)
{
	const struct type_facts *found = facts_type(facts, &type->name);
	/* Modifiers may be strings, numeric('5'): legal, and read by nobody but the server. */
	bool unread = type->n_typmods == 0 && strchr(type->sql, '(') != NULL;
	bool builtin = type->name.schema != NULL && strcmp(type->name.schema, "pg_catalog") == 0;
	struct type_change to = {
		.base = type->name.name,
		.typmod = written_typmod(type),
		.known = (found != NULL || builtin) && !unread,
	};

	if (found != NULL) {
		to.base = found->base_type != NULL ? found->base_type : to.base;
		to.constrained = found->domain_constrained;
		if (found->domain)
			to.typmod = found->base_typmod;
	}
	if (type->array)
		to.base = arena_printf(arena, "_%s", to.base);
	return to;
}

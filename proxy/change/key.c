/* SPDX-License-Identifier: PostgreSQL */
#include "key.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "plan.h"

/*
 * ORDER BY takes the type's default operator class, comparison goes by the operator's name: the
 * two agree when the index has the default class, in default order, with operators of
 * pg_catalog (citext and the like keep theirs elsewhere, and would compare as text).
 */
const char key_find_sql[] =
	"SELECT pg_catalog.json_agg(a.attname ORDER BY k.n)::pg_catalog.text,"
	" pg_catalog.json_agg(pg_catalog.format_type(a.atttypid, a.atttypmod)"
	"  ORDER BY k.n)::pg_catalog.text"
	" FROM pg_catalog.pg_index i"
	" JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid"
	" JOIN pg_catalog.pg_am am ON am.oid = ic.relam AND am.amname = 'btree'"
	" CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(i.indkey::pg_catalog.int2[]),"
	"  pg_catalog.unnest(i.indclass::pg_catalog.oid[]),"
	"  pg_catalog.unnest(i.indoption::pg_catalog.int2[]),"
	"  pg_catalog.unnest(i.indcollation::pg_catalog.oid[]))"
	"  WITH ORDINALITY k (attnum, opclass, option, coll, n)"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
	" JOIN pg_catalog.pg_opclass o ON o.oid = k.opclass"
	" WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indimmediate"
	" AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL"
	" AND k.n <= i.indnkeyatts"
	" GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts"
	" HAVING pg_catalog.bool_and(a.attnotnull AND o.opcdefault AND k.option = 0"
	"  AND k.coll = a.attcollation AND EXISTS (SELECT FROM pg_catalog.pg_amop ao"
	"  JOIN pg_catalog.pg_operator op ON op.oid = ao.amopopr AND op.oprname = '>'"
	"  AND op.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace"
	"  WHERE ao.amopfamily = o.opcfamily AND ao.amoplefttype = o.opcintype"
	"  AND ao.amoprighttype = o.opcintype AND ao.amopstrategy = 5))"
	" AND ($2::pg_catalog.text IS NULL OR $2::pg_catalog.text = pg_catalog.string_agg('\"' || "
	"pg_catalog.replace(a.attname::pg_catalog.text,"
	"  '\"', '\"\"') || '\"', ', ' ORDER BY k.n))"
	" ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1";

static int decode_strings(
	struct arena *arena, const char *text, const char *out[KEY_COLUMNS_MAX], size_t *n)
{
	json_t *array = json_loads(text, 0, NULL), *item;
	size_t i;
	int status = -1;

	if (!json_is_array(array) || json_array_size(array) > KEY_COLUMNS_MAX)
		goto out;
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item))
			goto out;
		out[i] = arena_strdup(arena, json_string_value(item));
	}
	*n = json_array_size(array);
	status = 0;
out:
	json_decref(array);
	return status;
}

int key_decode(struct arena *arena, const char *columns, const char *types, struct key *key)
{
	size_t n_types;

	if (decode_strings(arena, columns, key->columns, &key->n) < 0 ||
		decode_strings(arena, types, key->types, &n_types) < 0)
		return -1;
	return key->n > 0 && key->n == n_types ? 0 : -1;
}

/* "a", "b" with a suffix behind each. */
static const char *column_list(struct arena *arena, const struct key *key, const char *suffix)
{
	const char *text = "";

	for (size_t i = 0; i < key->n; i++)
		text = arena_printf(arena, "%s%s%s%s", text, i > 0 ? ", " : "",
			quote_ident(arena, key->columns[i]), suffix);
	return text;
}

static const char *key_value_sql(struct arena *arena, const struct key *key)
{
	const char *text = "";

	for (size_t i = 0; i < key->n; i++)
		text = arena_printf(arena, "%s%sCAST(%s AS pg_catalog.text)", text,
			i > 0 ? ", " : "", quote_ident(arena, key->columns[i]));
	return arena_printf(
		arena, "CAST(pg_catalog.jsonb_build_array(%s) AS pg_catalog.text)", text);
}

const char *key_last_sql(struct arena *arena, const struct key *key, const struct name *table)
{
	return arena_printf(arena, "SELECT %s FROM ONLY %s ORDER BY %s LIMIT 1",
		key_value_sql(arena, key), name_sql(arena, table),
		column_list(arena, key, " DESC"));
}

/* (a, b) > (x, y) as one row comparison, which an index scan can start at; NULL: no such key. */
static const char *compare_sql(
	struct arena *arena, const struct key *key, const char *op, const char *json)
{
	const char *values[KEY_COLUMNS_MAX], *text = "";
	size_t n;

	if (decode_strings(arena, json, values, &n) < 0 || n != key->n)
		return NULL;
	for (size_t i = 0; i < n; i++)
		text = arena_printf(arena, "%s%sCAST(%s AS %s)", text, i > 0 ? ", " : "",
			quote_literal(arena, values[i]), key->types[i]);
	return arena_printf(
		arena, "(%s) OPERATOR(pg_catalog.%s) (%s)", column_list(arena, key, ""), op, text);
}

/* The block number in a key of the form ["12"]. */
static int64_t block_of(const char *json)
{
	return json == NULL ? 0 : strtoll(json + strspn(json, "[\""), NULL, 10);
}

static const char *range_sql(
	struct arena *arena, const struct key *key, const struct key_range *range)
{
	const char *to, *after;

	/* A TID range scan, PostgreSQL 14 and up. */
	if (key->n == 0)
		return arena_printf(arena,
			"ctid OPERATOR(pg_catalog.>=) '(%lld,0)'::pg_catalog.tid"
			" AND ctid OPERATOR(pg_catalog.<) '(%lld,0)'::pg_catalog.tid",
			(long long)block_of(range->after), (long long)block_of(range->to));
	to = compare_sql(arena, key, "<=", range->to);
	if (range->after == NULL || to == NULL)
		return to;
	after = compare_sql(arena, key, ">", range->after);
	return after == NULL ? NULL : arena_printf(arena, "%s AND %s", after, to);
}

const char *key_bounds_sql(struct arena *arena, const struct key *key, const struct name *table,
	const struct key_range *range, int rows, int n)
{
	const char *where = range_sql(arena, key, range), *columns = column_list(arena, key, "");

	if (where == NULL)
		return NULL;
	return arena_printf(arena,
		"SELECT CAST(pg_catalog.json_agg(%s ORDER BY \"phasegate.n\") AS pg_catalog.text)"
		" FROM (SELECT %s, pg_catalog.row_number() OVER (ORDER BY %s) AS \"phasegate.n\""
		" FROM (SELECT %s FROM ONLY %s WHERE %s ORDER BY %s LIMIT %d) k) k"
		" WHERE \"phasegate.n\" OPERATOR(pg_catalog.%%) %d"
		" OPERATOR(pg_catalog.=) 0",
		key_value_sql(arena, key), columns, columns, columns, name_sql(arena, table), where,
		columns, rows * n, rows);
}

int key_decode_bounds(struct arena *arena, const char *text, const char **bounds, int n)
{
	json_t *array = text != NULL ? json_loads(text, 0, NULL) : json_array(), *item;
	size_t i;
	int read = json_is_array(array) ? (int)json_array_size(array) : -1;

	if (read > n)
		read = -1;
	json_array_foreach(array, i, item)
	{
		if (read < 0)
			break;
		bounds[i] = arena_strdup(arena, json_string_value(item));
		if (bounds[i] == NULL)
			read = -1;
	}
	json_decref(array);
	return read;
}

const char *key_bound_block(struct arena *arena, const struct key_range *range, int64_t blocks)
{
	int64_t bound = block_of(range->after) + blocks;

	return bound < block_of(range->to) ? arena_printf(arena, "[\"%lld\"]", (long long)bound)
					   : NULL;
}

const char *key_update_sql(struct arena *arena, const struct key *key, const struct name *table,
	const struct key_range *range, const char *set, const char *pending, const char *explain)
{
	const char *where = range_sql(arena, key, range);

	if (where == NULL)
		return NULL;
	return arena_printf(arena, "%sUPDATE ONLY %s SET %s WHERE %s AND (%s)", explain,
		name_sql(arena, table), set, where, pending);
}

const char *key_bulk_sql(struct arena *arena, const struct key *key, const struct name *table,
	const struct key_range *range, const struct bulk_spec *bulk, const char *explain)
{
	const char *rows = range_sql(arena, key, range), *verb, *where = "";

	if (rows == NULL)
		return NULL;
	verb = arena_printf(arena, "%s%s%s%sONLY %s AS %s", bulk->settings_sql,
		*bulk->settings_sql != '\0' ? "; " : "", explain,
		bulk->set_sql != NULL ? "UPDATE " : "DELETE FROM ", name_sql(arena, table),
		quote_ident(arena, bulk->alias));
	if (bulk->where_sql != NULL)
		where = arena_printf(arena, " AND (%s)", bulk->where_sql);
	return arena_printf(arena, "%s%s%s WHERE %s%s", verb, bulk->set_sql != NULL ? " SET " : "",
		bulk->set_sql != NULL ? bulk->set_sql : "", rows, where);
}

/* (7, x) */
static const char *key_text(struct arena *arena, const char *json)
{
	const char *values[KEY_COLUMNS_MAX], *text = "";
	size_t n = 0;

	if (decode_strings(arena, json, values, &n) < 0)
		return json;
	for (size_t i = 0; i < n; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "", values[i]);
	return arena_printf(arena, "(%s)", text);
}

const char *key_range_text(
	struct arena *arena, const struct key *key, const struct key_range *range)
{
	const char *columns = column_list(arena, key, ""), *to = key_text(arena, range->to);

	if (range->after == NULL)
		return arena_printf(arena, "(%s) up to %s", columns, to);
	return arena_printf(
		arena, "(%s) after %s up to %s", columns, key_text(arena, range->after), to);
}

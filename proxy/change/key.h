/* SPDX-License-Identifier: PostgreSQL */
/*
 * The order in which a table is walked in batches, and the SQL of one batch.  Keys travel as
 * JSON arrays of text and are cast back to their columns' types, so any type will do.
 * Pure: makes text, sends nothing.
 */
#ifndef KEY_H
#define KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct bulk_spec;

enum { KEY_COLUMNS_MAX = 32 }; /* INDEX_MAX_KEYS */

struct key {
	size_t n; /* 0: no usable key, walk by blocks (ctid) */
	const char *columns[KEY_COLUMNS_MAX];
	const char *types[KEY_COLUMNS_MAX]; /* format_type(), qualified */
};

struct key_range {
	const char *after; /* key as JSON text; NULL: from the start */
	const char *to; /* inclusive; never NULL */
};

/*
 * Parameter $1 is the table's oid, $2 the key it has to be ("a", "b") or NULL.  One row (columns,
 * types as JSON arrays) or none.  An index serves only when its order is that of
 * OPERATOR(pg_catalog.<) on the columns, NULLs excluded.
 */
extern const char key_find_sql[];

/* Reads the row of key_find_sql.  0, or -1 when it is not what that query makes. */
int key_decode(struct arena *arena, const char *columns, const char *types, struct key *key);

/* SELECT of the highest key, as JSON text; no row for an empty table.  Not for n == 0. */
const char *key_last_sql(struct arena *arena, const struct key *key, const struct name *table);
/* SELECT of the first n keys of the range that lie rows apart, as key_decode_bounds reads them;
 * fewer where fewer are left.  Not for a key without columns. */
const char *key_bounds_sql(struct arena *arena, const struct key *key, const struct name *table,
	const struct key_range *range, int rows, int n);
/* How many were read, at most n; -1 when it is not what that query makes. */
int key_decode_bounds(struct arena *arena, const char *text, const char **bounds, int n);
/* The same for blocks, without asking the server; NULL when the range ends first. */
const char *key_bound_block(struct arena *arena, const struct key_range *range, int64_t blocks);
/* UPDATE of the pending rows of a range, with "" or EXPLAIN before it; NULL when a key in it is not
 * one of this table's. */
const char *key_update_sql(struct arena *arena, const struct key *key, const struct name *table,
	const struct key_range *range, const char *set, const char *pending, const char *explain);
/* What a bulk step does to a range of a leaf, its settings first; NULL likewise. */
const char *key_bulk_sql(struct arena *arena, const struct key *key, const struct name *table,
	const struct key_range *range, const struct bulk_spec *bulk, const char *explain);
/* The range for people: "(id) > (7) and <= (9)". */
const char *key_range_text(
	struct arena *arena, const struct key *key, const struct key_range *range);

#endif

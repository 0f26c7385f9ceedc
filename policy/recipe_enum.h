/* SPDX-License-Identifier: PostgreSQL */
/* How one label takes the place of another in a column of an enum, or of an array of it. */
#ifndef RECIPE_ENUM_H
#define RECIPE_ENUM_H

#include "facts.h"

struct arena;

struct label_move {
	const char *set, *pending; /* "c" = 'new'; "c" = 'old' */
};

/* enum_sql: the type, quoted and qualified.  Every function and operator is, too. */
struct label_move label_move(struct arena *arena, const char *enum_sql,
	const struct type_column *column, const char *from, const char *to);
/* Rows are to be written: neither a part of another column's work nor computed. */
bool label_column_filled(const struct type_column *column);
/*
 * What names the label and not the one it is renamed to: functions by their text, or all else by
 * what it depends on.  "view public.v, index public.i"; NULL: nothing.
 */
const char *label_named_by(
	struct arena *arena, const struct type_facts *type, const char *label, bool by_text);

#endif

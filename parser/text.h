/* SPDX-License-Identifier: PostgreSQL */
/* Names and literals as SQL text.  Everything returned belongs to the arena. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum { NAME_BYTES_MAX = 63 }; /* NAMEDATALEN - 1: longer names are cut by the server */

/* A possibly qualified name as the grammar read it: unquoted, folded, cut to 63 bytes. */
struct name {
	const char *schema; /* NULL when not written */
	const char *name;
};

/* Always quotes: that spares us a keyword list that would age with PostgreSQL.  A line break in the
 * name stays one: in a comment only as comment_text. */
const char *quote_ident(struct arena *arena, const char *name);
/* For comments, which end with their line (scan.l: at \n and \r): breaks are spaces. */
const char *comment_text(struct arena *arena, const char *text);
/* Means the same whatever standard_conforming_strings is: E'' when it holds a backslash. */
const char *quote_literal(struct arena *arena, const char *text);
/* The same, and NULL for a NULL. */
const char *quote_nullable(struct arena *arena, const char *text);
/* "schema"."name", or "name" when no schema was written. */
const char *name_sql(struct arena *arena, const struct name *name);
/* schema.name for people: quoted only where PostgreSQL would need quotes. */
const char *name_text(struct arena *arena, const struct name *name);
bool name_equal(const struct name *a, const struct name *b);

/* FNV-1a of a text behind another one's hash; NULL is an empty one. */
#define TEXT_HASH_EMPTY UINT64_C(0xcbf29ce484222325)
uint64_t text_hash(uint64_t before, const char *text);

/*
 * base + "_" + suffix cut to 63 bytes on a UTF-8 boundary; the suffix survives whole.
 * The caller makes it collision-free by trying suffixes.
 */
const char *name_with_suffix(struct arena *arena, const char *base, const char *suffix);

#endif

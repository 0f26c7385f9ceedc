/* SPDX-License-Identifier: PostgreSQL */
/*
 * A script as psql would cut it up: at semicolons outside of brackets, quotes, comments and
 * BEGIN ATOMIC bodies, and at backslash commands; COPY data between statements is no SQL.  It
 * knows nothing of what a statement means, so that one the grammar refuses hides no other.
 */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* One statement, offsets in bytes of the text. */
struct split_piece {
	size_t start, end; /* from its first token to its last, without the semicolon */
	size_t next; /* where what follows begins: behind semicolon, command or COPY data */
	/* Behind the first semicolon inside of brackets; 0 without one.  In a text that the grammar
	 * refuses, a bracket that is never closed has swallowed other statements. */
	size_t inner_end;
	bool executes; /* \gexec ends it: psql runs what it answers */
	bool elsewhere; /* \connect above it led to another database */
};

/*
 * The first statement at or behind offset from; false when there is none before len.  A comment
 * that never ends is part of one, or is one: what it has swallowed is not passed over.
 */
bool split_next(const char *text, size_t len, size_t from, struct split_piece *piece);

/*
 * Names that a client fills in before the server reads the text, :name, :'name', :"name" of psql
 * ${name}, {{name}}, #{name} and <%= name %> of migration tools, @name@ of extensions, as names and
 * literals of the same length.  NULL when there are none.
 */
const char *split_fill_placeholders(struct arena *arena, const char *text, size_t len);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * A file of SQL as a list of statements, each parsed by itself, so that one the grammar refuses
 * hides no other.  It has no opinion on them.  Memory is the arena's; the text is borrowed.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "convention.h"
#include "head.h"
#include "stmt.h"
#include "suppression.h"

/* Both from 1; the column counts characters. */
struct place {
	unsigned line, column;
};

struct script_stmt {
	size_t start, len; /* its bytes of the text, without the semicolon */
	size_t part;
	bool elsewhere; /* psql has connected to another database by now */
	struct stmt stmt; /* locations are those of the text; empty for one that is too long */
	const char *error; /* why it could not be parsed; NULL: it could */
	size_t error_at;
};

struct script {
	const char *path;
	const char *text;
	size_t len;
	struct parts parts;
	struct script_stmt *stmts;
	size_t n_stmts, n_stmts_max;
	struct suppression *suppressions; /* in the order of the text */
	size_t n_suppressions;
	const size_t *line_starts;
	size_t n_lines;
	bool down; /* the parts that take back are not left out */
};

struct script_options {
	const struct head_limits *limits;
	bool down; /* the parts that take back, too */
};

/* text is terminated behind len. */
struct script script_read(struct arena *arena, const char *path, const char *text, size_t len,
	const struct script_options *options);

/* Which line holds this byte, from 0. */
size_t script_line_index(const struct script *script, size_t at);
struct place script_place(const struct script *script, size_t at);
/* The line that holds this byte, without its end; *len is its length. */
const char *script_line(const struct script *script, size_t at, size_t *len);

/* Part of script_read: finds the suppressions and what they speak of. */
void script_read_suppressions(struct arena *arena, struct script *script);

#endif

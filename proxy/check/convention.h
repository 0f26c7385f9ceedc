/* SPDX-License-Identifier: PostgreSQL */
/*
 * What migration tools make of a file: which parts of it go forward and which back, and whether
 * the tool sends them in a transaction.  It knows names of files, marks in comments and the
 * metadata.toml that Diesel reads beside them, no SQL.
 */
#ifndef CONVENTION_H
#define CONVENTION_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum wrapping {
	WRAP_UNKNOWN, /* statement by statement, unless the user says otherwise */
	WRAP_NONE, /* statement by statement, says the file */
	WRAP_TRANSACTION, /* the tool writes BEGIN and COMMIT around it */
	WRAP_QUERY, /* all in one message: an implicit transaction, if it is more than one */
	/* A transaction, unless there is a statement that PostgreSQL refuses in one. */
	WRAP_IF_POSSIBLE,
};

struct part {
	size_t start, end; /* bytes of the text */
	enum wrapping wrapping;
	bool down; /* takes a migration back */
};

/* At least one; those that follow each other in one direction are run one after the other. */
struct parts {
	struct part *items;
	size_t n, n_max;
};

struct parts convention_parts(struct arena *arena, const char *path, const char *text, size_t len);

/* The order in which tools run the files of a folder: for qsort, of const char *. */
int convention_order(const void *a, const void *b);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Functions and procedures that a file makes and calls: CREATE FUNCTION only stores a text, and
 * what is in it is done by the statement that calls it.
 */
#ifndef SCRIPT_ROUTINES_H
#define SCRIPT_ROUTINES_H

#include "code_body.h"
#include "stmt.h"

struct routine {
	const char *name; /* without its schema, unquoted */
	const char *language;
	struct code_body body;
	bool called; /* by the statement at hand */
};

struct routines {
	struct arena *arena;
	struct routine *items;
	size_t n, n_max;
};

/*
 * stmt is what sql, of len bytes, was parsed into.  What makes a routine is kept, and sql borrowed;
 * to any other are added the actions of the routines of the file that it calls, at the place of
 * the call, whichever of the same name they are; ACTION_DYNAMIC_SQL for one that cannot be read.
 */
void routines_follow(struct routines *routines, struct stmt *stmt, const char *sql, size_t len);

#endif

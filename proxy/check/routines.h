/* SPDX-License-Identifier: PostgreSQL */
/*
 * Functions and procedures that a file makes and calls: CREATE FUNCTION only stores a text, and
 * what is in it is done by the statement that calls it.
 */
#ifndef ROUTINES_H
#define ROUTINES_H

#include "code_body.h"
#include "stmt.h"

/* In PL/pgSQL or SQL; what others run is not looked at. */
struct routine {
	const char *name; /* without its schema, unquoted */
	const char *language;
	struct code_body body;
	bool written; /* its body could be told from the rest of its statement */
	bool read, readable; /* inner is known, if its body could be read */
	struct stmts inner;
	bool called; /* by the statement at hand */
};

struct routines {
	struct arena *arena;
	struct routine *items;
	size_t n, n_max;
};

/*
 * stmt is what sql, of len bytes, was parsed into; sql is borrowed.  The routines that it makes are
 * kept, whatever becomes of them later.  To one that calls some, whichever of that name they are,
 * are added their actions at the place of the call, ACTION_DYNAMIC_SQL for what cannot be read;
 * and inside_code, where these change more than rows, and no_transaction are set.
 */
void routines_follow(struct routines *routines, struct stmt *stmt, const char *sql, size_t len);

#endif

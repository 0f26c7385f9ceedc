/* SPDX-License-Identifier: PostgreSQL */
/* What a text takes from a table that a change of the table may rely on, or may just be making. */
#ifndef TAKEN_BACK_H
#define TAKEN_BACK_H

#include "facts.h"

struct taken_back {
	uint32_t relation; /* pg_class.oid */
	bool constraint; /* else a column */
	const char *name;
	bool only_default; /* the column is left as it is otherwise */
};

/* n of them, borrowing stmts; NULL where there are none. */
const struct taken_back *taken_back(
	struct arena *arena, const struct stmts *stmts, const struct facts *facts, size_t *n);

#endif

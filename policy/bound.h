/* SPDX-License-Identifier: PostgreSQL */
/*
 * The rows of a partition as a CHECK.  PostgreSQL spares the scan of ATTACH PARTITION where a
 * validated CHECK implies the partition's own constraint, and it proves that by comparing
 * expressions, not by thinking: so the CHECK has to be written as it writes the constraint.
 */
#ifndef BOUND_H
#define BOUND_H

#include "facts.h"

struct arena;

struct bound_sql {
	const char *clause; /* FOR VALUES ... or DEFAULT, meaning the same in every session */
	/* What a row has to be: "k" IS NOT NULL AND "k" >= ...; NULL for DEFAULT. */
	const char *condition;
};

/*
 * False where the condition cannot be told or would not be recognised: keys that are expressions
 * or not compared in the default way, text in hash keys (its collation is not in the constraint),
 * values that are no literals or that depend on settings of the session.
 */
bool bound_read(struct arena *arena, const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound, struct bound_sql *out);

#endif

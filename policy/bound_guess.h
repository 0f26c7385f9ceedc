/* SPDX-License-Identifier: PostgreSQL */
/*
 * The same question as bound_proof.h where no catalog was asked: a file names neither the key nor
 * its type.  What cannot be told here is yes: the file knew why it validated a CHECK.
 */
#ifndef BOUND_GUESS_H
#define BOUND_GUESS_H

#include "facts.h"

/* A validated CHECK of the table may say that all its rows lie within.  Nulls are left out: keys
 * of partitioned tables are NOT NULL as a rule. */
bool bound_may_hold(const struct facts *facts, const struct partition_bound *bound,
	const struct relation_facts *table);

#endif

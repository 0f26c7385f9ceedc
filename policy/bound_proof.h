/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whether PostgreSQL itself would see that it need not read a table for a partition's bounds.  Its
 * prover (predtest.c) compares expressions and constants and does not think; this knows less than
 * it: one key column of an integer or date type, or of one whose literals are the same word for
 * word (text, varchar, uuid, numeric), compared with literals whose meaning no setting changes.
 * What is not sure is no.
 */
#ifndef BOUND_PROOF_H
#define BOUND_PROOF_H

#include "facts.h"

/* Validated CHECKs and NOT NULL of the table say that all its rows lie within. */
bool bound_holds(const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound, const struct relation_facts *table);
/* They say of the default partition that none does. */
bool bound_excluded(const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound, const struct relation_facts *default_partition);

/* It cannot hold a row, or would hold some of another partition's: certainly so. */
bool bound_is_empty(const struct facts *facts, const struct relation_facts *parent,
	const struct partition_bound *bound);
bool bound_overlaps(struct arena *arena, const struct facts *facts,
	const struct relation_facts *parent, const struct partition_bound *bound,
	const struct relation_facts *partition);

#endif

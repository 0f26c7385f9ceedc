/* SPDX-License-Identifier: PostgreSQL */
/*
 * Findings that the author of a file answers for, in a comment directly above a statement or on
 * its first line:
 *
 *   -- phasegate: allow drop-column, drop-table because nothing reads them since June
 *
 * It works in files only: a comment that comes over the wire excuses nothing.
 */
#ifndef SUPPRESSION_H
#define SUPPRESSION_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct rule;

enum { SUPPRESSED_RULES_MAX = 32 };

struct suppression {
	size_t at; /* byte of the text where the comment begins */
	size_t stmt; /* index of the statement it speaks of */
	const struct rule *rules[SUPPRESSED_RULES_MAX];
	size_t n_rules;
	const char *reason;
	const char *error; /* what is wrong with it; it then excuses nothing */
	size_t n_used; /* findings it excused; whoever uses it counts */
};

/* Reads a comment, from its dashes to the end of its line; false when it is none of ours. */
bool suppression_read(
	struct arena *arena, const char *comment, size_t len, struct suppression *suppression);

bool suppression_covers(const struct suppression *suppression, const struct rule *rule);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tier 1: reads SQL text once, allocates nothing, and tells whether any statement in it could
 * matter to policy.  It knows PostgreSQL's lexical rules and nothing of its grammar beyond the
 * heads of statements.  Sound, not precise: HEAD_HARMLESS promises that the parse tree of the
 * text holds nothing for which stmt_parse sets stmt.guarded, in every lexing mode that the
 * server could be in (standard_conforming_strings off, multi-byte client encodings whose
 * second byte may be a backslash).  The promise is kept by tests/parser/test_differential.c
 * and tests/fuzz/fuzz_head.c.
 */
#ifndef HEAD_H
#define HEAD_H

#include <stdbool.h>
#include <stddef.h>

enum head_verdict {
	HEAD_HARMLESS, /* forward unchanged, no parser needed */
	HEAD_GUARDED, /* ask stmt_parse */
	HEAD_AMBIGUOUS, /* means different things in different lexing modes and one of them is
			   guarded: refuse */
	HEAD_OVER_LIMIT, /* guarded and over a cap: refuse with 54001 */
};

/* Caps that keep libpg_query off its crashes and its quadratic lexer; they bind guarded text only.
 */
struct head_limits {
	size_t text_bytes_max;
	unsigned operator_run_max; /* consecutive characters of ~!@#^&|`?+-*%/<>= */
	unsigned nesting_max; /* open ( and [ at once */
	unsigned links_max; /* words and operators of one statement: a tree is at most that deep */
};
extern const struct head_limits head_limits_default; /* what the worker's stack was measured for */

struct head_scan {
	enum head_verdict verdict;
	unsigned statements; /* non-empty ones */
	bool ends_transaction; /* some head is COMMIT, END, ROLLBACK, ABORT or PREPARE TRANSACTION
				*/
	const char *reason; /* static text, for AMBIGUOUS and OVER_LIMIT; else NULL */
};

/*
 * text need not be terminated; a NUL byte inside makes it HEAD_GUARDED (stmt_parse refuses it).
 * lexing_certain: the server is known to have standard_conforming_strings on and a safe
 * client_encoding while it reads this text (nothing that could change them is under way); then
 * one reading is enough and HEAD_AMBIGUOUS is never answered.  Otherwise every reading that
 * could be the server's is tried, and the strictest verdict is given.
 */
struct head_scan head_scan(
	const char *text, size_t len, const struct head_limits *limits, bool lexing_certain);

/* Why the grammar must not be given this text, guarded or harmless; NULL: it may. Static text. */
const char *head_over_limit(const char *text, size_t len, const struct head_limits *limits);

#endif

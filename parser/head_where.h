/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whether the WHERE of an UPDATE or DELETE visibly leaves rows out, from its tokens alone.
 * Visibly: every branch of its ORs holds a conjunct that compares a column with something else
 * (id = $2, t.a IN (1, 2), b IS NULL, CURRENT OF c).  Anything else may be always true.  It must
 * never find more than stmt_where.c, which sees the tree.
 */
#ifndef HEAD_WHERE_H
#define HEAD_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lexer.h"

enum term_state {
	TERM_BEFORE, /* the word WHERE itself comes next */
	TERM_START,
	TERM_COLUMN, /* a column so far */
	TERM_LEFT, /* an expression that starts with a column */
	TERM_IS, /* column IS [NOT] */
	TERM_RIGHT, /* behind the comparison */
	TERM_RIGHT_LIST, /* inside its parentheses */
	TERM_RIGHT_COLUMN, /* a name so far */
	TERM_SELECTIVE,
	TERM_CURSOR, /* CURRENT OF */
	TERM_WHOLE, /* a selective (group) or test, while nothing follows it */
	TERM_UNKNOWN,
	TERM_STATES
};

/* Names as ranges of the text; qualifier.len is 0 when there is none. */
struct column_chain {
	struct token name, qualifier;
	bool dotted; /* a dot was read last */
};

struct where {
	unsigned depth; /* open parentheses round the current group */
	unsigned groups; /* of which this WHERE has opened so many */
	/* One bit a group, the current one lowest. */
	uint32_t branch_may_hold; /* this branch of OR may be always true */
	uint32_t group_may_hold; /* an earlier branch may be */
	enum term_state state;
	bool simple; /* the left side is just a column */
	bool like; /* the comparison is LIKE or ILIKE */
	bool cast; /* in a list: the name of a type may follow */
	bool null_tests, branches; /* x IS NULL OR x IS NOT NULL leaves nothing out */
	struct column_chain left, right;
};

/* The next token is the word WHERE. */
void where_begin(struct where *where, unsigned depth);

/* depth: open parentheses outside the token, so the same for a "(" and its ")". */
void where_token(struct where *where, const struct token *token, unsigned depth);

/* An unquoted word can be part of the name of a column, as where_token sees it. */
bool where_takes_column(const unsigned char *word, size_t len, const unsigned char *text_end);

/* The WHERE is complete: does it visibly leave rows out? */
bool where_is_selective(struct where *where);

#endif

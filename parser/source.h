/* SPDX-License-Identifier: PostgreSQL */
/*
 * The text as tokens, so that a part of it can be handed on in the user's own words.  We slice
 * instead of deparsing because libpg_query 15's deparser changes meanings: (a + b) AT TIME ZONE x
 * and (NOT a)::text lose their parentheses, UNIQUE its NULLS NOT DISTINCT, columns their
 * COMPRESSION, and DETACH PARTITION p FINALIZE no longer parses.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "lexer.h"

struct arena;

struct source_token {
	size_t start, end; /* bytes of the text, quotes included */
	enum token_kind kind;
	int depth; /* of ( and [ around it; a bracket has the depth outside of it */
};

/* Comments are no tokens.  Behind the last one stands a TOKEN_END at the end of the text. */
struct source {
	const char *text;
	size_t len;
	const struct source_token *tokens;
	size_t n_tokens;
};

/* Tokens first <= i < end. */
struct span {
	size_t first, end;
};

/* Borrows the text, which the parser took with standard_conforming_strings on. */
struct source source_read(struct arena *arena, const char *text, size_t len);

/* The first token that starts at or after a byte of the text. */
size_t source_token_at(const struct source *source, size_t offset);
/* The tokens of a slice of bytes. */
struct span source_span(const struct source *source, size_t offset, size_t end_offset);

/* The token is in the span and is this keyword (lower case) or sign, not a quoted name like it. */
bool source_is(const struct source *source, struct span span, size_t token, const char *lower);
/* The first such token outside of brackets opened in the span; span.end if there is none. */
size_t source_find(const struct source *source, struct span span, const char *lower);

/* One line: the words as written, comments and line breaks between them replaced by one space. */
const char *source_text(struct arena *arena, const struct source *source, struct span span);
/* Without brackets round the whole span that change nothing. */
struct span source_strip_parens(const struct source *source, struct span span);

/* The token behind a (qualified) name that starts at this token. */
size_t source_skip_name(const struct source *source, struct span span, size_t token);

#endif

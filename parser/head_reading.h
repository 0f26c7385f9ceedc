/* SPDX-License-Identifier: PostgreSQL */
/*
 * One reading of a text: what its words mean, token by token, for the one question of whether
 * the text needs the parser.  It knows nothing of lexing modes and of other readings.
 */
#ifndef HEAD_READING_H
#define HEAD_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "head_where.h"
#include "lexer.h"

enum {
	DML_MAX = 4, /* UPDATE and DELETE inside each other, by way of WITH; more is guarded */
};

/* An UPDATE or DELETE under way. */
struct dml {
	unsigned depth;
	bool has_where, complete;
	struct where where;
};

struct reading;
typedef void word_handler(struct reading *reading, const struct token *token);

enum target { TARGET_NONE, TARGET_NAME, TARGET_DOT };

struct reading {
	struct lexer lexer; /* set its reading between reading_begin and the first token */
	bool guarded, ends_transaction;
	bool runs_literal; /* DO: what its literal says depends on the reading, wherever it ends */
	unsigned statements;
	unsigned depth, brackets; /* open ( and [ */
	unsigned nesting_max;
	unsigned links, links_max; /* words and operators: of this statement, of the longest one */
	uint64_t selects; /* one bit an open parenthesis, lowest innermost: SELECT was read there */
	bool in_statement;
	word_handler *on_word; /* NULL once words stand for themselves */
	enum target target; /* the relation written to is being read */
	bool function; /* the last token names a function that runs SQL text */
	enum token_kind last;
	const unsigned char *word, *word_before; /* where the last two words began */
	unsigned n_dml;
	struct dml dml[DML_MAX]; /* last: not cleared for a text */
};

void reading_begin(struct reading *reading, const char *text, size_t len);

/* Any token but TOKEN_END. */
void reading_token(struct reading *reading, const struct token *token);

/* At the end of the text. */
void reading_end(struct reading *reading);

void reading_open(struct reading *reading);
void reading_close(struct reading *reading);
void reading_bracket(struct reading *reading, unsigned char bracket);

/* The innermost UPDATE or DELETE, or NULL. */
static inline const struct dml *reading_dml(const struct reading *reading)
{
	return reading->n_dml > 0 ? &reading->dml[reading->n_dml - 1] : NULL;
}

/*
 * True while no token means anything but a semicolon, the words of word_may_matter, and the
 * parenthesis that ends an UPDATE or DELETE.
 */
static inline bool reading_is_plain(const struct reading *reading)
{
	const struct dml *dml = reading_dml(reading);

	return reading->in_statement && reading->on_word == NULL &&
	       reading->target == TARGET_NONE && !reading->function &&
	       (dml == NULL || !dml->has_where || dml->complete);
}

/* True where a term of the WHERE of the innermost UPDATE or DELETE starts, and nothing else. */
static inline bool reading_expects_comparison(const struct reading *reading)
{
	const struct dml *dml = reading_dml(reading);

	return dml != NULL && dml->has_where && !dml->complete && dml->where.state == TERM_START &&
	       dml->where.depth == reading->depth && reading->on_word == NULL &&
	       reading->target == TARGET_NONE && !reading->function;
}

/* Such a term was a column, its comparison and a constant; more may follow the constant. */
static inline void reading_compared(struct reading *reading)
{
	reading->dml[reading->n_dml - 1].where.state = TERM_SELECTIVE;
}

#endif

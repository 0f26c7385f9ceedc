/* SPDX-License-Identifier: PostgreSQL */
/* The words that tier 1 looks for, by the bytes of the text. */
#ifndef HEAD_WORDS_H
#define HEAD_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lexer.h"

/* A keyword to be compared with tokens: the key decides nearly always. */
struct word {
	uint64_t key;
	size_t len;
	const char *text; /* lower case */
};
#define WORD(word)                                                                                 \
	{                                                                                          \
		WORD_KEY(word), sizeof(word) - 1, word                                             \
	}

/* ASCII case folded, as keywords and unquoted identifiers are; lower is lower case. */
bool word_is(const unsigned char *word, size_t len, const char *lower);
bool word_begins(const unsigned char *word, size_t len, const char *lower);

static inline bool token_is_word(const struct token *token, const struct word *word)
{
	return token->key == word->key && token->len == word->len &&
	       (token->len <= sizeof(token->key) ||
		       word_begins(token->start, token->len, word->text));
}

/* Only a TOKEN_WORD has a key. */
#define token_is(token, text) token_is_word(token, &(const struct word)WORD(text))

/* words ends with a zeroed row. */
static inline bool token_is_any(const struct token *token, const struct word *words)
{
	for (; words->len > 0; words++)
		if (token_is_word(token, words))
			return true;
	return false;
}

/* set_config, or a function of sql_functions.def. */
bool word_is_guarded_function(const unsigned char *word, size_t len);

/* The name of a relation that belongs to the system, or of the schema of such. */
bool word_is_system_name(const unsigned char *word, size_t len);

/* Words by their first letter's low five bits, and then by their first four bytes. */
enum { FOURS_MAX = 4 };
struct word_fours {
	uint32_t fours[FOURS_MAX];
	uint32_t lengths[FOURS_MAX]; /* bit n: a word of n bytes; the top bit: or more */
};
extern const struct word_fours word_fours[32];

bool word_length_fits(const struct word_fours *row, uint32_t four, size_t len);

/*
 * False for nearly every word that means nothing inside a query, true for every word that does:
 * SELECT, INTO, UPDATE, DELETE and the guarded functions; WHERE and RETURNING, which mean something
 * inside UPDATE and DELETE.
 */
static inline bool word_may_matter(const unsigned char *word, size_t len)
{
	if (len < 4)
		return false;

	const struct word_fours *row = &word_fours[word[0] & 31];
	const uint32_t *fours = row->fours;
	const uint32_t four = (word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 |
				      (uint32_t)word[3] << 24) |
			      0x20202020;

	if ((four != fours[0]) & (four != fours[1]) & (four != fours[2]) & (four != fours[3]))
		return false;
	return word_length_fits(row, four, len);
}

/* Of the words that may matter: WHERE and RETURNING. */
static inline bool word_is_clause(const unsigned char *word, size_t len)
{
	return ((word[0] | 0x20) == 'w' && len == 5) || ((word[0] | 0x20) == 'r' && len == 9);
}

#endif

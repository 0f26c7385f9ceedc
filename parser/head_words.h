/* SPDX-License-Identifier: PostgreSQL */
/* The words that tier 1 looks for, by the bytes of the text. */
#ifndef HEAD_WORDS_H
#define HEAD_WORDS_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Words by their first four bytes, case folded (and _ made 0x7f), each in a slot of its own. */
enum { FOUR_SLOTS = 64 };
#define FOUR_SLOT(four) ((uint32_t)((four)*UINT32_C(0xa456a271)) >> 26)
struct word_four {
	uint32_t four;
	uint32_t lengths; /* bit n: a word of n bytes; the top bit: or more */
};
extern const struct word_four word_fours[FOUR_SLOTS];

/* At least four bytes can be read. */
enum { WORD_FOUR_BYTES = 4 };
static inline const struct word_four *word_find_four(const unsigned char *word)
{
	const struct word_four *row;
	uint32_t four;

	memcpy(&four, word, sizeof(four));
	four = le32toh(four) | 0x20202020;
	row = &word_fours[FOUR_SLOT(four)];
	return row->four == four ? row : NULL;
}

/*
 * False for nearly every word that means nothing inside a query, true for every word that does:
 * SELECT, INTO, UPDATE, DELETE and the guarded functions; WHERE and RETURNING, which mean something
 * inside UPDATE and DELETE.
 */
static inline bool word_may_matter(const unsigned char *word, size_t len)
{
	const struct word_four *row = len < WORD_FOUR_BYTES ? NULL : word_find_four(word);

	return row != NULL && (row->lengths >> (len < 31 ? len : 31) & 1) != 0;
}

/* Of the words that may matter: WHERE and RETURNING. */
static inline bool word_is_clause(const unsigned char *word, size_t len)
{
	return ((word[0] | 0x20) == 'w' && len == 5) || ((word[0] | 0x20) == 'r' && len == 9);
}

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * SQL text as tokens, by the rules of PostgreSQL's src/backend/parser/scan.l.  It knows where
 * tokens end and nothing of what they mean.  What one server version refuses and another reads
 * ("123abc", vertical tabs) is read in the way that hides nothing.  Text comes from anywhere:
 * every byte sequence is read to its end, in linear time.
 */
#ifndef LEXER_H
#define LEXER_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD, /* keyword or plain identifier */
	TOKEN_QUOTED, /* "identifier", start and len without the quotes, "" not undoubled */
	TOKEN_UNICODE_QUOTED, /* U&"identifier" */
	TOKEN_LITERAL, /* every kind of string, continuation lines included */
	TOKEN_NUMBER,
	TOKEN_PARAMETER, /* $1 */
	TOKEN_OPERATOR, /* a whole run of operator characters; PostgreSQL may split it further */
	TOKEN_CAST, /* :: */
	TOKEN_OPEN, /* ( */
	TOKEN_CLOSE, /* ) */
	TOKEN_BRACKET, /* [ or ] */
	TOKEN_SEMICOLON,
	TOKEN_DOT,
	TOKEN_COMMA,
	TOKEN_OTHER, /* a single colon, or a byte that PostgreSQL refuses */
};

struct token {
	enum token_kind kind;
	const unsigned char *start;
	size_t len;
	uint64_t key; /* TOKEN_WORD: see WORD_KEY; 0 for all others */
};

/* The first eight bytes of a word, first lowest, case folded (and _ made 0x7f), as one number. */
#define WORD_KEY_BYTE(word, i)                                                                     \
	((i) < sizeof(word) - 1                                                                    \
			? (uint64_t)((word)[(i) < sizeof(word) ? (i) : 0] | 0x20) << 8 * (i)       \
			: 0)
#define WORD_KEY(word)                                                                             \
	(WORD_KEY_BYTE(word, 0) | WORD_KEY_BYTE(word, 1) | WORD_KEY_BYTE(word, 2) |                \
		WORD_KEY_BYTE(word, 3) | WORD_KEY_BYTE(word, 4) | WORD_KEY_BYTE(word, 5) |         \
		WORD_KEY_BYTE(word, 6) | WORD_KEY_BYTE(word, 7))

/* WORD_KEY of a word of a text. */
static inline uint64_t word_key(
	const unsigned char *word, size_t len, const unsigned char *text_end)
{
	const uint64_t fold = UINT64_C(0x2020202020202020);
	uint64_t key = 0;

	if (text_end - word >= 8) {
		memcpy(&key, word, sizeof(key));
		key = le64toh(key) | fold;
		return len < 8 ? key & ((UINT64_C(1) << 8 * len) - 1) : key;
	}
	for (size_t i = 0; i < len; i++)
		key |= (uint64_t)(word[i] | 0x20) << 8 * i;
	return key;
}

struct lexer {
	const unsigned char *text, *at, *end;
	/*
	 * The reading.  plain_escapes: standard_conforming_strings is off.  swallowed: bit n tells
	 * that in the client's encoding the n-th backslash after a byte >= 0x80 is the second half
	 * of that character and so no backslash at all (SJIS, BIG5, GBK, GB18030, JOHAB; the lexer
	 * of the server sees the text after conversion).  Only those before a quote or a backslash
	 * are counted: elsewhere both readings end in the same place.
	 */
	bool plain_escapes;
	unsigned swallowed;
	/* What was met: whether other readings could differ from this one. */
	bool plain_backslash; /* a backslash in a plain literal */
	unsigned doubtful; /* backslashes that swallowed speaks of */
	bool high_split; /* a byte >= 0x80 where a token ends in one encoding and goes on in another
			  */
	uint64_t literals; /* hash of the places of literals with backslashes: equal iff readings
			      are */
	unsigned operator_run_max; /* longest run that the server's lexer could scan again and again
				    */
	const unsigned char *open_comment; /* one that the text ends in, or NULL */
};

/* With the reading of standard_conforming_strings on and a harmless encoding; set others after. */
void lexer_start(struct lexer *lexer, const char *text, size_t len);

/* Comments and white space are skipped.  TOKEN_END again and again at the end. */
enum token_kind lexer_next(struct lexer *lexer, struct token *token);

/* What a byte begins, for loops that go round lexer_next. */
enum byte_class {
	BYTE_OTHER,
	BYTE_SPACE,
	BYTE_WORD,
	BYTE_DIGIT,
	BYTE_DOLLAR,
	BYTE_QUOTE,
	BYTE_DOUBLE_QUOTE,
	BYTE_OPERATOR,
	BYTE_COLON,
	BYTE_OPEN,
	BYTE_CLOSE,
	BYTE_BRACKET,
	BYTE_SEMICOLON,
	BYTE_DOT,
	BYTE_COMMA,
};
extern const unsigned char byte_classes[256];

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* The fast half of a reading: past what ordinary queries are made of, 64 bytes at a look. */
#ifndef HEAD_PLAIN_H
#define HEAD_PLAIN_H

#include "head_reading.h"

/* Up to 64 bytes of the text, one bit a byte, the first byte lowest. */
struct block {
	const unsigned char *base;
	unsigned n; /* bytes up to the end, or to a name that may go on behind the block; 0: none */
	uint64_t starts; /* of names and numbers */
	uint64_t inside; /* their other bytes */
	uint64_t words; /* of names alone */
	uint64_t stops; /* and the end of the block, where that comes early */
	uint64_t double_quotes;
	uint64_t opens; /* those that open a name, where quotes mean nothing; else 0 */
	uint64_t literal_ends; /* ' and backslash */
	uint64_t lexer; /* what only the lexer can read, from the start of the name on */
};

/*
 * Past whole tokens that change nothing, up to one that may, or that takes more than a look; it
 * leaves behind the state that reading_token would have.  Only while reading_is_plain.  block is
 * the caller's to keep from one call to the next for the same text, zeroed before the first.
 */
void skip_plain(struct reading *reading, struct block *block);

/* One space is what nearly always stands between two tokens. */
static inline const unsigned char *skip_space(const unsigned char *p, const unsigned char *end)
{
	return p + (p < end && *p == ' ');
}

static inline const unsigned char *skip_number(const unsigned char *p, const unsigned char *end)
{
	while (p < end && (byte_classes[*p] == BYTE_DIGIT || *p == '.'))
		p++;
	return p;
}

#endif

/* SPDX-License-Identifier: PostgreSQL */
#include "words.h"

enum { NO_WORD = 2166136261U };

/* ident_cont of PostgreSQL's scan.l */
static bool in_word(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || c >= 0x80;
}

/* FNV-1a */
static uint32_t add_byte(uint32_t hash, unsigned char c)
{
	return (hash ^ c) * 16777619U;
}

static unsigned char folded(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static void add_word(struct word_set *set, uint32_t hash)
{
	unsigned bit = (hash ^ hash >> 16) & 255;

	set->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

struct word_set words_of(const char *text, size_t len)
{
	struct word_set set = {0};
	uint32_t hash = NO_WORD;

	for (size_t i = 0; i < len; i++) {
		if (in_word((unsigned char)text[i])) {
			hash = add_byte(hash, folded((unsigned char)text[i]));
		} else if (hash != NO_WORD) {
			add_word(&set, hash);
			hash = NO_WORD;
		}
	}
	if (hash != NO_WORD)
		add_word(&set, hash);
	return set;
}

bool words_have(const struct word_set *words, const struct word_set *these)
{
	for (size_t i = 0; i < WORD_SET_LONGS; i++)
		if ((these->bits[i] & ~words->bits[i]) != 0)
			return false;
	return true;
}

void words_join(struct word_set *words, const struct word_set *more)
{
	for (size_t i = 0; i < WORD_SET_LONGS; i++)
		words->bits[i] |= more->bits[i];
}

uint32_t words_hash(const char *name)
{
	uint32_t hash = NO_WORD;

	for (; *name != '\0'; name++)
		hash = add_byte(hash, (unsigned char)*name);
	return hash;
}

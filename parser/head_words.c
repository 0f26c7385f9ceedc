/* SPDX-License-Identifier: PostgreSQL */
#include "head_words.h"

#include <string.h>

#define FOUR(a, b, c, d)                                                                           \
	(((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24) |        \
		0x20202020)
#define WORDS(a, b, c, d, with) [FOUR_SLOT(FOUR(a, b, c, d))] = {FOUR(a, b, c, d), with}
#define EXACTLY(len) (UINT32_C(1) << (len))
#define AT_LEAST(len) (UINT32_MAX << (len))

/*
 * test_head tries every word that must be here.  Where a new row meets another one in its slot
 * (the compiler says "initialized field overwritten"), FOUR_SLOT needs another odd multiplier.
 */
/* clang-format off */
const struct word_four word_fours[FOUR_SLOTS] = {
	WORDS('a', 'l', 't', 'e', EXACTLY(9)),
	WORDS('c', 'o', 'n', 'n', EXACTLY(9)),
	WORDS('c', 'r', 'o', 's', AT_LEAST(8)),
	WORDS('d', 'b', 'l', 'i', AT_LEAST(6)),
	WORDS('d', 'e', 'l', 'e', EXACTLY(6)),
	WORDS('i', 'n', 't', 'o', EXACTLY(4)),
	WORDS('p', 'g', '_', 'b', AT_LEAST(14)),
	WORDS('q', 'u', 'e', 'r', EXACTLY(12) | EXACTLY(18) | EXACTLY(26)),
	WORDS('r', 'e', 'p', 'l', EXACTLY(13) | EXACTLY(21)),
	WORDS('r', 'e', 't', 'u', EXACTLY(9)),
	WORDS('r', 'u', 'n', '_', AT_LEAST(15)),
	WORDS('s', 'c', 'h', 'e', EXACTLY(8) | EXACTLY(20)),
	WORDS('s', 'e', 'l', 'e', EXACTLY(6)),
	WORDS('s', 'e', 't', '_', EXACTLY(10)),
	WORDS('t', 's', '_', 'r', EXACTLY(10)),
	WORDS('t', 's', '_', 's', EXACTLY(7)),
	WORDS('u', 'p', 'd', 'a', EXACTLY(6)),
	WORDS('w', 'h', 'e', 'r', EXACTLY(5)),
	WORDS('w', 'o', 'r', 'k', AT_LEAST(13)),
	WORDS('x', 'p', 'a', 't', EXACTLY(11)),
};
/* clang-format on */

bool word_begins(const unsigned char *word, size_t len, const char *lower)
{
	size_t i = 0;

	for (; i < len && lower[i] != '\0'; i++) {
		const unsigned char c = word[i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (unsigned char)lower[i])
			return false;
	}
	return lower[i] == '\0';
}

bool word_is(const unsigned char *word, size_t len, const char *lower)
{
	return strlen(lower) == len && word_begins(word, len, lower);
}

bool word_is_guarded_function(const unsigned char *word, size_t len)
{
	static const char *const names[] = {
		"set_config",
#define SQL_FUNCTION(name) name,
#define SQL_FUNCTION_PREFIX(name)
#include "sql_functions.def"
	};
	static const char *const prefixes[] = {
#define SQL_FUNCTION(name)
#define SQL_FUNCTION_PREFIX(name) name,
#include "sql_functions.def"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (word_is(word, len, names[i]))
			return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (word_begins(word, len, prefixes[i]))
			return true;
	return false;
}

bool word_is_system_name(const unsigned char *word, size_t len)
{
	return word_begins(word, len, "pg_") || word_is(word, len, "information_schema");
}

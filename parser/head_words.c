/* SPDX-License-Identifier: PostgreSQL */
#include "head_words.h"

#include <string.h>

#define FOUR(a, b, c, d) (((a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24) | 0x20202020)
#define LETTER(letter) [(letter)&31]
#define EXACTLY(len) (UINT32_C(1) << (len))
#define AT_LEAST(len) (UINT32_MAX << (len))

/* clang-format off */
/* test_head tries every word that must be here. */
const struct word_fours word_fours[32] = {
	LETTER('a') = {
		{FOUR('a', 'l', 't', 'e')},
		{EXACTLY(9)}},
	LETTER('c') = {
		{FOUR('c', 'o', 'n', 'n'), FOUR('c', 'r', 'o', 's')},
		{EXACTLY(9), AT_LEAST(8)}},
	LETTER('d') = {
		{FOUR('d', 'e', 'l', 'e'), FOUR('d', 'b', 'l', 'i')},
		{EXACTLY(6), AT_LEAST(6)}},
	LETTER('i') = {
		{FOUR('i', 'n', 't', 'o')},
		{EXACTLY(4)}},
	LETTER('p') = {
		{FOUR('p', 'g', '_', 'b')},
		{AT_LEAST(14)}},
	LETTER('q') = {
		{FOUR('q', 'u', 'e', 'r')},
		{EXACTLY(12) | EXACTLY(18) | EXACTLY(26)}},
	LETTER('r') = {
		{FOUR('r', 'e', 't', 'u'), FOUR('r', 'e', 'p', 'l'), FOUR('r', 'u', 'n', '_')},
		{EXACTLY(9), EXACTLY(13) | EXACTLY(21), AT_LEAST(15)}},
	LETTER('s') = {
		{FOUR('s', 'e', 'l', 'e'), FOUR('s', 'e', 't', '_'), FOUR('s', 'c', 'h', 'e')},
		{EXACTLY(6), EXACTLY(10), EXACTLY(8) | EXACTLY(20)}},
	LETTER('t') = {
		{FOUR('t', 's', '_', 'r'), FOUR('t', 's', '_', 's')},
		{EXACTLY(10), EXACTLY(7)}},
	LETTER('u') = {
		{FOUR('u', 'p', 'd', 'a')},
		{EXACTLY(6)}},
	LETTER('w') = {
		{FOUR('w', 'h', 'e', 'r'), FOUR('w', 'o', 'r', 'k')},
		{EXACTLY(5), AT_LEAST(13)}},
	LETTER('x') = {
		{FOUR('x', 'p', 'a', 't')},
		{EXACTLY(11)}},
};
/* clang-format on */

bool word_length_fits(const struct word_fours *row, uint32_t four, size_t len)
{
	const uint32_t bit = len < 31 ? UINT32_C(1) << len : UINT32_C(1) << 31;

	for (size_t i = 0; i < FOURS_MAX; i++)
		if (row->fours[i] == four && (row->lengths[i] & bit) != 0)
			return true;
	return false;
}

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

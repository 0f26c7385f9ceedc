/* SPDX-License-Identifier: PostgreSQL */
#include "text.h"

#include <criterion/criterion.h>

#include "arena.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(text, .fini = free_arena);

Test(text, quotes_identifiers_always)
{
	static const struct {
		const char *name, *quoted;
	} rows[] = {
		{"t", "\"t\""},
		{"", "\"\""},
		{"a\"b", "\"a\"\"b\""},
		{"a'b\\", "\"a'b\\\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(quote_ident(&arena, rows[i].name), rows[i].quoted);
}

Test(text, quotes_literals_in_every_lexing_mode)
{
	static const struct {
		const char *text, *quoted;
	} rows[] = {
		{"", "''"},
		{"it's", "'it''s'"},
		{"a\"b", "'a\"b'"},
		{"a\\b", "E'a\\\\b'"},
		{"\\'", "E'\\\\'''"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(quote_literal(&arena, rows[i].text), rows[i].quoted);
}

Test(text, writes_names_for_sql_and_for_people)
{
	static const struct {
		struct name name;
		const char *sql, *text;
	} rows[] = {
		{{NULL, "t"}, "\"t\"", "t"},
		{{"s", "t"}, "\"s\".\"t\"", "s.t"},
		{{"S", "t 1"}, "\"S\".\"t 1\"", "\"S\".\"t 1\""},
		{{NULL, "_a$1"}, "\"_a$1\"", "_a$1"},
		{{NULL, "1a"}, "\"1a\"", "\"1a\""},
		{{NULL, ""}, "\"\"", "\"\""},
		{{"public", "a\"b"}, "\"public\".\"a\"\"b\"", "public.\"a\"\"b\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_str_eq(name_sql(&arena, &rows[i].name), rows[i].sql);
		cr_expect_str_eq(name_text(&arena, &rows[i].name), rows[i].text);
	}
}

Test(text, compares_names_with_and_without_schema)
{
	static const struct {
		struct name a, b;
		bool equal;
	} rows[] = {
		{{NULL, "t"}, {NULL, "t"}, true},
		{{"s", "t"}, {"s", "t"}, true},
		{{NULL, "t"}, {"s", "t"}, false},
		{{"s", "t"}, {"s", "T"}, false},
		{{NULL, NULL}, {NULL, NULL}, true},
		{{NULL, NULL}, {NULL, "t"}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(name_equal(&rows[i].a, &rows[i].b), rows[i].equal, "row %zu", i);
		cr_expect_eq(name_equal(&rows[i].b, &rows[i].a), rows[i].equal, "row %zu", i);
	}
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

Test(text, keeps_made_names_within_the_servers_limit)
{
	static const struct {
		const char *base, *suffix, *name;
	} rows[] = {
		{"t", "idx", "t_idx"},
		{SIXTY, "ab", SIXTY "_ab"},
		{SIXTY TEN, "ab", SIXTY "_ab"},
		{"x" SIXTY, "ab", "x" TEN TEN TEN TEN TEN "012345678_ab"},
		/* a character of three bytes does not fit in the two that are left */
		{"xx" TEN TEN TEN TEN TEN "0123456\xE2\x82\xAC", "ab",
			"xx" TEN TEN TEN TEN TEN "0123456_ab"},
		{"base", SIXTY "xyz", "_" SIXTY "xyz"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(
			name_with_suffix(&arena, rows[i].base, rows[i].suffix), rows[i].name);
}

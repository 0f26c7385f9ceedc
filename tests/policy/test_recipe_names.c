/* SPDX-License-Identifier: PostgreSQL */
/* Names as PostgreSQL 15 chose them; the long ones were read off a server. */
#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "fixture.h"
#include "recipe_names.h"

#define LONG "a_table_whose_name_is_long_enough_to_be_cut"

Test(recipe_names, make_object_name_cuts_the_longer)
{
	static const struct {
		const char *name1, *name2, *label, *expected;
	} rows[] = {
		{"t", "c", "seq", "t_c_seq"},
		{"t", NULL, "pkey", "t_pkey"},
		{LONG, "a_column_that_is_rather_long_as_well", "seq",
			"a_table_whose_name_is_long_en_a_column_that_is_rather_long__seq"},
		{"t", "ключключключключключключключключключключ", "key",
			"t_ключключключключключключключ_key"},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name =
			make_object_name(&arena, rows[i].name1, rows[i].name2, rows[i].label);

		cr_expect_leq(strlen(name), (size_t)NAME_BYTES_MAX);
		cr_expect_str_eq(name, rows[i].expected);
	}
	arena_free(&arena);
}

Test(recipe_names, names_taken_are_numbered_past)
{
	static const char *const taken[] = {"t_c_idx", "t_c_idx1"};
	struct relation_facts table = {.names_taken = taken, .n_names_taken = 2};
	struct arena arena = {0};

	cr_expect_str_eq(choose_name(&arena, &table, "t", "c", "idx"), "t_c_idx2");
	cr_expect_str_eq(choose_name(&arena, &table, "t", "d", "idx"), "t_d_idx");
	cr_expect_str_eq(choose_name(&arena, NULL, "t", "c", "idx"), "t_c_idx");
	arena_free(&arena);
}

Test(recipe_names, index_columns)
{
	static const struct {
		const char *sql, *expected;
	} rows[] = {
		{"CREATE INDEX ON t (a)", "a"},
		{"CREATE INDEX ON t (a DESC NULLS LAST, \"B\" text_pattern_ops, c COLLATE \"C\")",
			"a_B_c"},
		{"CREATE INDEX ON t (A, a)", "a_a1"},
		{"CREATE INDEX ON t ((a + 1), (b || c), lower(x), (lower(y)))",
			"expr_expr1_lower_lower1"},
		{"CREATE INDEX ON t (s.f(a, ')', \",\"), b)", "f_b"},
		{"CREATE INDEX ON t ((lower(a) || 'x'))", "expr"},
		{"CREATE INDEX ON t ((doc ->> 'key'))", "expr"},
		{"CREATE INDEX ON t (a) INCLUDE (b, c) WITH (fillfactor = 70) WHERE d > 1",
			"a_b_c"},
		{"CREATE INDEX ON t USING gin (\"a\"\"b\")", "a\"b"},
		{"CREATE INDEX ON t (a) WHERE f(b, c)", "a"},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stmts stmts = fixture_parse(&arena, rows[i].sql);

		cr_expect_str_eq(index_columns_text(&arena, stmts.items[0].actions[0].index),
			rows[i].expected, "%s", rows[i].sql);
	}
	arena_free(&arena);
}

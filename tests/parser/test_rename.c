/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>

#include "arena.h"
#include "rename.h"

Test(rename, mentions_and_what_looks_like_them)
{
	static const struct {
		const char *sql, *wanted;
	} rows[] = {
		{"USING btree (a, c DESC) INCLUDE (b) WHERE (c > 5)",
			"USING btree (a, \"n\" DESC) INCLUDE (b) WHERE (\"n\" > 5)"},
		{"USING btree (c c, lower(c) c)", "USING btree (\"n\" c, lower(\"n\") c)"},
		{"USING btree (c(a), s.c(c))", "USING btree (c(a), s.c(\"n\"))"},
		{"USING btree (c COLLATE c, a COLLATE \"c\")",
			"USING btree (\"n\" COLLATE c, a COLLATE \"c\")"},
		{"CHECK ((a)::c IS NOT NULL AND c <> 'c'::text)",
			"CHECK ((a)::c IS NOT NULL AND \"n\" <> 'c'::text)"},
		{"CHECK (EXTRACT(c FROM c) > 0)", "CHECK (EXTRACT(c FROM \"n\") > 0)"},
		{"CHECK (\"SUBSTRING\"(c FROM 2) = f(c => c))",
			"CHECK (\"SUBSTRING\"(\"n\" FROM 2) = f(c => \"n\"))"},
		{"CHECK ((c).f = (a).c)", "CHECK ((\"n\").f = (a).c)"},
		{"FOREIGN KEY (c, a) REFERENCES u(c, d) ON DELETE SET NULL (c)",
			"FOREIGN KEY (\"n\", a) REFERENCES u(c, d) ON DELETE SET NULL (\"n\")"},
		{"CHECK (cc > 0 AND \"C\" > 0 AND \"c\" > 0)",
			"CHECK (cc > 0 AND \"C\" > 0 AND \"n\" > 0)"},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(rename_column_in(&arena, rows[i].sql, "c", "n"), rows[i].wanted);
	arena_free(&arena);
}

Test(rename, names_that_need_quotes)
{
	struct arena arena = {0};

	cr_expect_str_eq(
		rename_column_in(&arena, "CHECK ((\"Odd \"\"name\" > odd))", "Odd \"name", "n"),
		"CHECK ((\"n\" > odd))");
	cr_expect_str_eq(rename_column_in(&arena, "CHECK (first > 1)", "first", "a \"b"),
		"CHECK (\"a \"\"b\" > 1)");
	cr_expect_str_eq(
		rename_column_in(&arena, "btree (a NULLS FIRST, zone, (b)::time with time zone)",
			"zone", "n"),
		"btree (a NULLS FIRST, \"n\", (b)::time with time zone)");
	arena_free(&arena);
}

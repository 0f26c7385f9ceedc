/* SPDX-License-Identifier: PostgreSQL */
#include "expansion.h"

#include <string.h>

#include <criterion/criterion.h>

#include "arena.h"
#include "stmt.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(expansion, .fini = free_arena);

static const char *repeat(const char *text, unsigned n)
{
	char *out = arena_alloc(&arena, strlen(text) * n + 1), *p = out;

	for (unsigned i = 0; i < n; i++)
		p = stpcpy(p, text);
	return out;
}

static bool too_far(const char *sql)
{
	struct source source = source_read(&arena, sql, strlen(sql));

	return expands_too_far(&arena, &source);
}

Test(expansion, lists_of_columns)
{
	static const struct {
		unsigned columns;
		const char *source; /* repeated once for each column */
		bool too_far;
	} rows[] = {
		{10, "1,", false},
		{100, "1,", false},
		{1000, "1,", true},
		{300, "f(a, 'b')::int + 1,", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *list = repeat("a,", rows[i].columns),
			   *values = repeat(rows[i].source, rows[i].columns);

		cr_expect_eq(
			too_far(arena_printf(&arena, "UPDATE t SET (%sa) = (%s1)", list, values)),
			rows[i].too_far, "row %zu", i);
		cr_expect_eq(
			too_far(arena_printf(&arena,
				"UPDATE t SET b = 1, (%sa) = ROW (%s1) WHERE c", list, values)),
			rows[i].too_far, "row %zu", i);
		cr_expect_eq(too_far(arena_printf(&arena, "UPDATE t SET (%sa)=(SELECT %s1 FROM u)",
				     list, values)),
			rows[i].too_far, "row %zu", i);
	}
}

/* Each level doubles what is inside. */
Test(expansion, statements_inside_each_other)
{
	const char *sql = arena_printf(&arena, "%s1%s",
		repeat("UPDATE t SET (a, b) = (WITH x AS (", 30), repeat(") SELECT 1)", 30));
	struct stmts stmts;
	const char *error;

	cr_expect(too_far(sql));
	cr_expect_eq(stmt_parse(&arena, sql, strlen(sql), &stmts, &error), -1);
	cr_expect_str_eq(error, "a list of columns is assigned too large an expression");
}

Test(expansion, ordinary_texts)
{
	cr_expect_not(too_far(arena_printf(
		&arena, "SELECT 1 WHERE %s true", repeat("(a, b) = (1, 2) OR ", 20000))));
	cr_expect_not(too_far(arena_printf(&arena, "INSERT INTO t (%sa) VALUES (%s1)",
		repeat("a,", 1600), repeat("1,", 1600))));
	cr_expect_not(too_far(arena_printf(
		&arena, "SELECT 1; %s", repeat("UPDATE t SET (a, b) = (1, 2);", 2000))));
	cr_expect_not(too_far(repeat("))]", 100)));
	cr_expect_not(too_far(repeat("(", 100000)));
	cr_expect_not(too_far(""));
}

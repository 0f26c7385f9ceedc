/* SPDX-License-Identifier: PostgreSQL */
/* WHERE clauses that leave no row out are no WHERE clauses. */
#include "stmt.h"

#include <string.h>

#include <criterion/criterion.h>

#include "arena.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(stmt_where, .fini = free_arena);

static bool unbounded(const char *where)
{
	const char *sql = arena_printf(&arena, "DELETE FROM t WHERE %s", where);
	struct stmts stmts;
	const char *error = NULL;

	cr_assert_eq(stmt_parse(&arena, sql, strlen(sql), &stmts, &error), 0, "%s: %s", sql, error);
	cr_assert_eq(stmts.items[0].n_actions, 1, "%s", sql);
	cr_expect_eq(stmts.guarded, stmts.items[0].actions[0].kind == ACTION_DELETE_WITHOUT_WHERE,
		"%s", sql);
	return stmts.guarded;
}

Test(stmt_where, sees_through_tautologies)
{
	static const char *const rows[] = {
		"true",
		"TRUE::boolean",
		"'t'",
		"'yes'::bool",
		"1::boolean",
		"1 = 1",
		"'a' = 'a'",
		"1 < 2 AND 'x' <> 'y'",
		"1.0 = 1",
		"NOT false",
		"NOT (1 = 2)",
		"NULL IS NULL",
		"1 IS NOT NULL",
		"(1 = 1) IS NOT NULL",
		"id = id",
		"t.id = t.id",
		"id::text = id::text",
		"id >= id",
		"NOT (id <> id)",
		"id IS NOT DISTINCT FROM id",
		"a IS NULL OR a IS NOT NULL",
		"a IS NOT NULL OR b = 1 OR a IS NULL",
		"id = 5 OR true",
		"id = 5 OR 1 = 1",
		"(true AND (id = 1 OR NOT false))",
		"true IS TRUE",
		"NULL IS UNKNOWN",
		"(1 = 1) IS NOT FALSE",
		"1 IN (2, 1)",
		"id IN (1, id)",
		"2 NOT IN (1, 3)",
		"5 BETWEEN 1 AND 10",
		"5 NOT BETWEEN 6 AND 10",
		"name LIKE '%'",
		"name ILIKE '%%'",
		"EXISTS (SELECT 1)",
		"EXISTS (SELECT 1 WHERE 1 = 1)",
		"NOT EXISTS (SELECT 1 WHERE false)",
		"1 IS DISTINCT FROM NULL",
		"t.id = id",
		"id::bigint = id",
		"id + 1 = id + 1",
		"(id, name) = (id, name)",
		"coalesce(id, 0) = coalesce(id, 0)",
		"id = ANY (ARRAY[1, id])",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect(unbounded(rows[i]), "%s", rows[i]);
}

/* All rows or none; a volatile function may choose some, and nobody knows how many. */
Test(stmt_where, tells_what_looks_at_no_column)
{
	static const char *const rows[] = {
		"now() > '2020-01-01'",
		"random() < 0.5",
		"length('x') = 1",
		"coalesce(true, false)",
		"CASE WHEN true THEN true END",
		"(SELECT true)",
		"1 IN (SELECT 1)",
		"'a' LIKE 'a'",
		"true = ANY (ARRAY[true])",
		"$1",
		"NOT f($1)",
		"EXISTS (SELECT)",
		"EXISTS (VALUES (1))",
		"EXISTS (SELECT 1 FROM u)",
		"EXISTS (SELECT 1 LIMIT 0)",
		"NOT EXISTS (SELECT 1 FROM u WHERE false)",
		"id = 1 OR now() IS NOT NULL",
		"f() AND true",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect(unbounded(rows[i]), "%s", rows[i]);
}

Test(stmt_where, leaves_selective_clauses_alone)
{
	static const char *const rows[] = {
		"id = 5",
		"id = $1",
		"id = other",
		"t.id = u.id",
		"id = r.id", /* r is a variable of PL/pgSQL */
		"id = 5 OR id IS NOT DISTINCT FROM r.id",
		"id > 0 OR id = 7",
		"false",
		"NULL",
		"1 = 2",
		"1 = NULL",
		"NOT true",
		"id = 5 AND true",
		"a IS NULL",
		"a IS NOT NULL",
		"a IS NULL AND a IS NOT NULL",
		"a IS NULL OR b IS NOT NULL",
		"id <> id",
		"id < id",
		"1 IN (2, 3)",
		"1 NOT IN (2, NULL)",
		"id IN (1, 2)",
		"id BETWEEN 1 AND 2",
		"name LIKE 'a%'",
		"name NOT LIKE '%'",
		"NOT EXISTS (SELECT 1 WHERE t.id = 1)",
		"flag",
		"NOT flag",
		"flag IS TRUE",
		"flag IS NOT UNKNOWN",
		"CURRENT OF c",
		"id = ANY ('{1}')",
		"id IS DISTINCT FROM id",
		"id = id + 1",
		"id = 1 AND now() > '2020-01-01'",
		"NOT (id = 1 AND f())",
		"f() AND false",
		"length(name) = length(other)",
		"t.id = u.id AND f()",
		"EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
		"current_user = name",
		"id = ANY (ARRAY[1, 2])",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_not(unbounded(rows[i]), "%s", rows[i]);
}

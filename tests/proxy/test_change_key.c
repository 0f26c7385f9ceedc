/* SPDX-License-Identifier: PostgreSQL */
#include "key.h"

#include <criterion/criterion.h>

#include "arena.h"
#include "plan.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(change_key, .fini = free_arena);

static const struct name orders = {"public", "orders"};
static const struct key single = {1, {"id"}, {"bigint"}};
static const struct key pair = {2, {"a", "B\"c"}, {"integer", "character(3)"}};
static const struct key none = {0};

Test(change_key, decode)
{
	static const struct {
		const char *columns, *types;
		int status;
	} cases[] = {
		{"[\"id\"]", "[\"bigint\"]", 0},
		{"[\"a\", \"b\"]", "[\"integer\", \"text\"]", 0},
		{"[\"a\", \"b\"]", "[\"integer\"]", -1},
		{"[]", "[]", -1},
		{"[1]", "[\"integer\"]", -1},
		{"{}", "[]", -1},
		{"", "", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key key;

		cr_expect_eq(key_decode(&arena, cases[i].columns, cases[i].types, &key),
			cases[i].status, "case %zu", i);
	}
}

Test(change_key, last)
{
	cr_expect_str_eq(key_last_sql(&arena, &pair, &orders),
		"SELECT CAST(pg_catalog.jsonb_build_array(CAST(\"a\" AS pg_catalog.text),"
		" CAST(\"B\"\"c\" AS pg_catalog.text)) AS pg_catalog.text)"
		" FROM ONLY \"public\".\"orders\" ORDER BY \"a\" DESC, \"B\"\"c\" DESC LIMIT 1");
}

Test(change_key, bounds)
{
	struct key_range from_start = {NULL, "[\"9\"]"};

	cr_expect_str_eq(key_bounds_sql(&arena, &single, &orders, &from_start, 500, 4),
		"SELECT CAST(pg_catalog.json_agg(CAST(pg_catalog.jsonb_build_array(CAST(\"id\""
		" AS pg_catalog.text)) AS pg_catalog.text) ORDER BY \"phasegate.n\")"
		" AS pg_catalog.text) FROM (SELECT \"id\", pg_catalog.row_number() OVER"
		" (ORDER BY \"id\") AS \"phasegate.n\" FROM (SELECT \"id\""
		" FROM ONLY \"public\".\"orders\""
		" WHERE (\"id\") OPERATOR(pg_catalog.<=) (CAST('9' AS bigint))"
		" ORDER BY \"id\" LIMIT 2000) k) k"
		" WHERE \"phasegate.n\" OPERATOR(pg_catalog.%) 500 OPERATOR(pg_catalog.=) 0");
}

Test(change_key, decode_bounds)
{
	static const struct {
		const char *text;
		int n;
	} cases[] = {
		{"[\"[\\\"1\\\"]\", \"[\\\"2\\\"]\"]", 2},
		{"[\"[\\\"1\\\"]\"]", 1},
		{NULL, 0},
		{"[]", 0},
		{"[\"a\", \"b\", \"c\"]", -1}, /* more than were asked for */
		{"[\"a\", 1]", -1},
		{"{}", -1},
		{"", -1},
	};
	const char *bounds[2];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(key_decode_bounds(&arena, cases[i].text, bounds, 2), cases[i].n,
			"case %zu", i);
	cr_assert_eq(key_decode_bounds(&arena, cases[0].text, bounds, 2), 2);
	cr_expect_str_eq(bounds[1], "[\"2\"]");
}

Test(change_key, update)
{
	static const struct {
		const struct key *key;
		struct key_range range;
		const char *sql; /* NULL: refused */
	} cases[] = {
		{&single, {"[\"7\"]", "[\"9\"]"},
			"UPDATE ONLY \"public\".\"orders\" SET c = 1 WHERE (\"id\") "
			"OPERATOR(pg_catalog.>) (CAST('7' AS bigint)) AND (\"id\") "
			"OPERATOR(pg_catalog.<=) (CAST('9' AS bigint)) AND (c IS NULL OR d)"},
		{&pair, {NULL, "[\"-1\", \"it's\"]"},
			"UPDATE ONLY \"public\".\"orders\" SET c = 1 WHERE (\"a\", \"B\"\"c\") "
			"OPERATOR(pg_catalog.<=) (CAST('-1' AS integer), "
			"CAST('it''s' AS character(3))) AND (c IS NULL OR d)"},
		{&none, {"[\"8\"]", "[\"16\"]"},
			"UPDATE ONLY \"public\".\"orders\" SET c = 1 WHERE ctid "
			"OPERATOR(pg_catalog.>=) '(8,0)'::pg_catalog.tid AND ctid "
			"OPERATOR(pg_catalog.<) '(16,0)'::pg_catalog.tid AND (c IS NULL OR d)"},
		{&single, {NULL, "[\"1\", \"2\"]"}, NULL},
		{&pair, {"[\"1\"]", "[\"1\", \"2\"]"}, NULL},
		{&single, {NULL, "[null]"}, NULL},
		{&single, {NULL, "broken"}, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *sql = key_update_sql(&arena, cases[i].key, &orders, &cases[i].range,
			"c = 1", "c IS NULL OR d", "");

		if (cases[i].sql == NULL)
			cr_expect_null(sql, "case %zu: %s", i, sql);
		else
			cr_expect_str_eq(sql, cases[i].sql, "case %zu: %s", i, sql);
	}
}

Test(change_key, blocks)
{
	struct key_range whole = {NULL, "[\"10\"]"}, rest = {"[\"8\"]", "[\"10\"]"};

	cr_expect_str_eq(key_bound_block(&arena, &whole, 4), "[\"4\"]");
	cr_expect_null(key_bound_block(&arena, &rest, 2));
	cr_expect_str_eq(key_bound_block(&arena, &rest, 1), "[\"9\"]");
}

static const struct {
	const struct key *key;
	struct key_range range;
	struct bulk_spec spec;
	const char *sql, *text;
} bulk[] = {
	{&single, {"[\"7\"]", "[\"9\"]"},
		{.alias = "o", .set_sql = "x = o.x + 1", .settings_sql = "SET LOCAL a TO 'b'"},
		"SET LOCAL a TO 'b'; UPDATE ONLY \"public\".\"orders\" AS \"o\" SET x = o.x + 1 "
		"WHERE "
		"(\"id\") OPERATOR(pg_catalog.>) (CAST('7' AS bigint)) AND (\"id\") "
		"OPERATOR(pg_catalog.<=) (CAST('9' AS bigint))",
		"(\"id\") after (7) up to (9)"},
	{&pair, {NULL, "[\"1\", \"it's\"]"},
		{.alias = "orders", .where_sql = "a = 1 OR true", .settings_sql = ""},
		"DELETE FROM ONLY \"public\".\"orders\" AS \"orders\" WHERE (\"a\", \"B\"\"c\") "
		"OPERATOR(pg_catalog.<=) (CAST('1' AS integer), CAST('it''s' AS character(3))) AND "
		"(a = 1 OR true)",
		"(\"a\", \"B\"\"c\") up to (1, it's)"},
};

Test(change_key, bulk)
{
	for (size_t i = 0; i < sizeof(bulk) / sizeof(bulk[0]); i++) {
		cr_expect_str_eq(key_bulk_sql(&arena, bulk[i].key, &orders, &bulk[i].range,
					 &bulk[i].spec, ""),
			bulk[i].sql, "case %zu", i);
		cr_expect_str_eq(key_range_text(&arena, bulk[i].key, &bulk[i].range), bulk[i].text,
			"case %zu", i);
	}
}

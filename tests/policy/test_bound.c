/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bounds as CHECKs.  Each condition here was tried on PostgreSQL 15: "partition constraint ... is
 * implied by existing constraints".
 */
#include "bound.h"

#include <string.h>

#include <criterion/criterion.h>

#include "arena.h"

static const struct column_facts columns[] = {
	{.name = "k", .base_type = "int4", .type_sql = "integer"},
	{.name = "b", .base_type = "int4", .type_sql = "integer"},
	{.name = "at", .base_type = "timestamptz", .type_sql = "timestamptz"},
	{.name = "word", .base_type = "text", .type_sql = "text", .collation_oid = 100},
	{.name = "span", .base_type = "interval", .type_sql = "interval"},
};

/* The keys are columns of one word each, separated by blanks. */
static struct relation_facts parent_of(struct arena *arena, char strategy, const char *keys)
{
	const char **names = arena_alloc(arena, 4 * sizeof(*names));
	struct relation_facts parent = {.oid = 7,
		.columns = columns,
		.n_columns = sizeof(columns) / sizeof(columns[0]),
		.partition_strategy = strategy,
		.partition_plain = true};

	while (*keys != '\0') {
		size_t n = strcspn(keys, " ");

		names[parent.n_partition_columns++] = arena_strndup(arena, keys, n);
		keys += n + (keys[n] == ' ');
	}
	parent.partition_columns = names;
	return parent;
}

static const struct partition_bound *bound_of(struct arena *arena, const char *clause)
{
	const char *sql = arena_printf(arena, "ALTER TABLE t ATTACH PARTITION p %s", clause);
	const char *error;
	struct stmts stmts;

	cr_assert_eq(stmt_parse(arena, sql, strlen(sql), &stmts, &error), 0, "%s: %s", sql, error);
	cr_assert_not_null(stmts.items[0].actions[0].bound, "%s", sql);
	return stmts.items[0].actions[0].bound;
}

Test(bound, conditions)
{
	static const struct {
		const char *keys, *clause, *condition; /* NULL: cannot be told */
	} rows[] = {
		{"k", "FOR VALUES FROM (1) TO (9)",
			"\"k\" IS NOT NULL AND ((\"k\" >= CAST(1 AS integer))) AND "
			"((\"k\" < CAST(9 AS integer)))"},
		{"k", "FOR VALUES FROM (MINVALUE) TO (-1)",
			"\"k\" IS NOT NULL AND ((\"k\" < CAST(-1 AS integer)))"},
		{"k b", "FOR VALUES FROM (1, 2) TO (1, 9)",
			"\"k\" IS NOT NULL AND \"b\" IS NOT NULL AND \"k\" = CAST(1 AS integer) "
			"AND ((\"b\" >= CAST(2 AS integer))) AND ((\"b\" < CAST(9 AS integer)))"},
		{"k b", "FOR VALUES FROM (1, 2) TO (3, MINVALUE)",
			"\"k\" IS NOT NULL AND \"b\" IS NOT NULL AND ((\"k\" > CAST(1 AS integer)) "
			"OR (\"k\" = CAST(1 AS integer) AND \"b\" >= CAST(2 AS integer))) AND "
			"((\"k\" < CAST(3 AS integer)))"},
		{"k b", "FOR VALUES FROM (1, MAXVALUE) TO (3, MAXVALUE)",
			"\"k\" IS NOT NULL AND \"b\" IS NOT NULL AND ((\"k\" > CAST(1 AS "
			"integer))) AND ((\"k\" <= CAST(3 AS integer)))"},
		{"word", "FOR VALUES IN ('a')",
			"\"word\" IS NOT NULL AND \"word\" = CAST('a' AS text)"},
		{"word", "FOR VALUES IN ('a', NULL, 'b')",
			"\"word\" IS NULL OR \"word\" = ANY (ARRAY[CAST('a' AS text), "
			"CAST('b' AS text)])"},
		{"word", "FOR VALUES IN (NULL)", "\"word\" IS NULL"},
		{"k b", "FOR VALUES WITH (MODULUS 4, REMAINDER 1)",
			"pg_catalog.satisfies_hash_partition(CAST(7 AS pg_catalog.oid), 4, 1, "
			"\"k\", \"b\")"},
		{"at", "FOR VALUES FROM ('2024-01-01') TO ('2024-02-01 00:00:00+02')",
			"\"at\" IS NOT NULL AND ((\"at\" >= CAST('2024-01-01 Europe/Berlin' AS "
			"timestamptz))) AND ((\"at\" < CAST('2024-02-01 00:00:00+02' AS "
			"timestamptz)))"},
		{"word", "FOR VALUES WITH (MODULUS 4, REMAINDER 1)", NULL},
		{"at", "FOR VALUES FROM ('today') TO (MAXVALUE)", NULL},
		{"at", "FOR VALUES FROM (now()) TO (MAXVALUE)", NULL},
		{"at", "FOR VALUES FROM ('1/2/2024') TO (MAXVALUE)", NULL},
		{"at", "FOR VALUES FROM ('2024-01-01 12:00 PST') TO (MAXVALUE)", NULL},
		{"span", "FOR VALUES FROM ('1 day') TO (MAXVALUE)", NULL},
		{"k", "FOR VALUES FROM (1, 2) TO (3, 4)", NULL},
		{"k", "FOR VALUES IN (minvalue)", NULL},
		{"gone", "FOR VALUES FROM (1) TO (2)", NULL},
	};
	static const struct facts facts = {.timezone = "Europe/Berlin"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = {0};
		const struct partition_bound *bound = bound_of(&arena, rows[i].clause);
		struct relation_facts parent = parent_of(&arena, bound->strategy, rows[i].keys);
		struct bound_sql sql;
		bool told = bound_read(&arena, &facts, &parent, bound, &sql);

		cr_expect_eq(told, rows[i].condition != NULL, "%s", rows[i].clause);
		if (told && rows[i].condition != NULL)
			cr_expect_str_eq(sql.condition, rows[i].condition, "%s", rows[i].clause);
		arena_free(&arena);
	}
}

Test(bound, the_clause_means_the_same_everywhere)
{
	static const struct facts facts = {.timezone = "Europe/Berlin"},
				  posix = {.timezone = "<+03>-03"};
	struct arena arena = {0};
	struct relation_facts parent = parent_of(&arena, 'r', "at");
	const struct partition_bound *bound =
		bound_of(&arena, "FOR VALUES FROM ('2024-01-01 12:00') TO (MAXVALUE)");
	struct bound_sql sql;

	cr_assert(bound_read(&arena, &facts, &parent, bound, &sql));
	cr_expect_str_eq(
		sql.clause, "FOR VALUES FROM ('2024-01-01 12:00 Europe/Berlin') TO (MAXVALUE)");
	cr_expect(!bound_read(&arena, &posix, &parent, bound, &sql));
	cr_assert(bound_read(&arena, &facts, &parent, bound_of(&arena, "DEFAULT"), &sql));
	cr_expect_str_eq(sql.clause, "DEFAULT");
	cr_expect_null(sql.condition);
	arena_free(&arena);
}

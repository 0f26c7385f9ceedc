/* SPDX-License-Identifier: PostgreSQL */
/*
 * What CHECKs say of bounds.  tests/oracle/statements/attach.sql asks a server about the same ones:
 * where this says yes, it reads nothing.
 */
#include "bound_proof.h"

#include <string.h>

#include <criterion/criterion.h>

#include "arena.h"
#include "fixture.h"

static const struct column_facts columns[] = {
	{.name = "k", .base_type = "int4"},
	{.name = "big", .base_type = "int8"},
	{.name = "d", .base_type = "date"},
	{.name = "at", .base_type = "timestamptz"},
	{.name = "ts", .base_type = "timestamp"},
	{.name = "word", .base_type = "text", .collation_oid = 100},
	{.name = "code", .base_type = "varchar", .collation_oid = 100},
	{.name = "num", .base_type = "numeric"},
	{.name = "id", .base_type = "uuid"},
	{.name = "sure", .base_type = "int4", .not_null = true},
};

static struct arena arena;

static const struct partition_bound *bound_of(const char *clause)
{
	const char *sql = arena_printf(&arena, "ALTER TABLE t ATTACH PARTITION p %s", clause);
	struct stmts stmts = fixture_parse(&arena, sql);

	return stmts.items[0].actions[0].bound;
}

static const struct expr *check_of(const char *check)
{
	const char *sql = arena_printf(&arena, "ALTER TABLE t ADD CHECK (%s)", check);
	struct stmts stmts = fixture_parse(&arena, sql);

	return stmts.items[0].actions[0].constraint->check;
}

enum answer { NOTHING, HOLDS, EXCLUDED };

/* What a table with that CHECK says of the bound. */
struct question {
	const char *key, *clause, *check;
	enum answer answer;
};

static void ask(const struct question *row)
{
	const struct partition_bound *bound = bound_of(row->clause);
	const struct expr *check = check_of(row->check);
	static const struct facts facts = {.timezone_utc = true};
	struct constraint_facts constraint = {.kind = CONSTRAINT_CHECK,
		.validated = true,
		.clauses = check->clauses,
		.n_clauses = check->n_clauses};
	struct relation_facts table = {.kind = 'r',
		.columns = columns,
		.n_columns = sizeof(columns) / sizeof(*columns),
		.constraints = &constraint,
		.n_constraints = 1};
	struct relation_facts parent = table;

	parent.kind = 'p';
	parent.partition_plain = true;
	parent.partition_strategy = bound->strategy;
	parent.partition_columns = &row->key;
	parent.n_partition_columns = 1;
	cr_expect_eq(bound_holds(&facts, &parent, bound, &table), row->answer == HOLDS, "%s, %s",
		row->clause, row->check);
	cr_expect_eq(bound_excluded(&facts, &parent, bound, &table), row->answer == EXCLUDED,
		"%s, %s", row->clause, row->check);
	constraint.validated = false;
	cr_expect_not(bound_holds(&facts, &parent, bound, &table));
	cr_expect_not(bound_excluded(&facts, &parent, bound, &table));
	constraint.validated = true;
	parent.partition = true;
	cr_expect_not(bound_holds(&facts, &parent, bound, &table));
	table.kind = 'p';
	parent.partition = false;
	cr_expect_not(bound_holds(&facts, &parent, bound, &table));
	arena_free(&arena);
	arena = (struct arena){0};
}

Test(bound_proof, rows_within)
{
	static const struct question rows[] = {
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k >= 0 AND k < 100",
			HOLDS},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k > 5 AND k <= 99", HOLDS},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k BETWEEN 0 AND 99",
			HOLDS},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k BETWEEN 0 AND 100",
			NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k NOT BETWEEN 0 AND 99",
			NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k = 7", HOLDS},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k IN (7, 8)", HOLDS},
		{"k", "FOR VALUES FROM (-5) TO (MAXVALUE)", "k IS NOT NULL AND k >= '-5'::integer",
			HOLDS},
		{"k", "FOR VALUES FROM (MINVALUE) TO ('7')", "NOT (k IS NULL OR k >= 7)", HOLDS},
		{"sure", "FOR VALUES FROM (0) TO (100)", "sure >= 0 AND sure < 100", HOLDS},
		{"big", "FOR VALUES FROM (0) TO (100)",
			"big IS NOT NULL AND big >= 0 AND big < (100)::bigint", HOLDS},
		{"k", "FOR VALUES FROM (0) TO (100)", "k >= 0 AND k < 100", NOTHING}, /* nulls */
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k >= -1 AND k < 100",
			NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k >= 0 AND k <= 100",
			NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k >= 0", NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)",
			"k IS NOT NULL AND (k >= 0 OR big > 0) AND k < 100", NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k >= 0.5 AND k < 99.5",
			NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND k + 0 >= 0 AND k < 100",
			NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NOT NULL AND 0 <= k AND k < 100",
			NOTHING},
		{"d", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
			"d IS NOT NULL AND d >= '2024-01-01'::date AND d < '2024-06-01'::date",
			HOLDS},
		{"d", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
			"d IS NOT NULL AND d >= '2024-01-01'::date AND d <= '2025-01-01'::date",
			NOTHING},
		{"d", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
			"d IS NOT NULL AND d >= '01/01/2024'::date AND d < '2024-06-01'::date",
			NOTHING},
		{"d", "FOR VALUES FROM ('2024-01-01') TO ('today')",
			"d IS NOT NULL AND d >= '2024-01-01'::date AND d < '2024-06-01'::date",
			NOTHING},
		{"d", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
			"d IS NOT NULL AND d >= '2024-01-01 00:00:00'::timestamp AND d < "
			"'2024-06-01'::date",
			NOTHING},
		{"ts", "FOR VALUES FROM ('2024-01-01 12:00') TO (MAXVALUE)",
			"ts IS NOT NULL AND ts >= '2024-01-01 12:00:00'::timestamp", HOLDS},
		{"at", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01 12:00:00+00')",
			"at IS NOT NULL AND at >= '2024-01-01 00:00:00+00'::timestamptz AND at < "
			"'2025-01-01 12:00:00+00'::timestamptz",
			HOLDS},
		{"at", "FOR VALUES FROM ('2024-01-01 00:00:00+02') TO (MAXVALUE)",
			"at IS NOT NULL AND at >= '2024-01-01 00:00:00+00'::timestamptz", NOTHING},
		{"at", "FOR VALUES FROM ('2024-01-01 PST') TO (MAXVALUE)",
			"at IS NOT NULL AND at >= '2025-01-01 00:00:00+00'::timestamptz", NOTHING},
		{"word", "FOR VALUES IN ('a')", "word IS NOT NULL AND word = 'a'::text", HOLDS},
		{"word", "FOR VALUES IN ('a', 'b', 'c')",
			"word IS NOT NULL AND word = ANY (ARRAY['a'::text, 'c'::text])", HOLDS},
		{"k", "FOR VALUES IN (1, 2)", "k IS NOT NULL AND (k = 1 OR k = 2)", HOLDS},
		{"word", "FOR VALUES IN ('a')", "word IS NOT NULL AND word IN ('a', 'b')", NOTHING},
		{"word", "FOR VALUES IN ('a', NULL)", "word IS NOT NULL AND word = 'a'::text",
			NOTHING},
		{"word", "FOR VALUES IN ('a')", "word IS NOT NULL AND word = 'a' COLLATE \"C\"",
			NOTHING},
		{"word", "FOR VALUES IN ('a''b')", "word IS NOT NULL AND word = 'a''b'", NOTHING},
		{"word", "FOR VALUES FROM ('a') TO ('b')",
			"word IS NOT NULL AND word >= 'a' AND word < 'b'", HOLDS},
		{"word", "FOR VALUES FROM ('a') TO ('c')",
			"word IS NOT NULL AND word >= 'a' AND word < 'b'", NOTHING},
		{"word", "FOR VALUES IN ('a')", "word IS NOT NULL AND word::varchar = 'a'",
			NOTHING},
		{"code", "FOR VALUES IN ('a')", "code IS NOT NULL AND code::text = 'a'::text",
			HOLDS},
		{"code", "FOR VALUES IN ('a', 'b')",
			"code IS NOT NULL AND code::text = ANY ((ARRAY['a'::varchar, "
			"'b'::varchar])::text[])",
			HOLDS},
		{"code", "FOR VALUES IN ('a')", "code IS NOT NULL AND code = 'a'::text", NOTHING},
		{"num", "FOR VALUES FROM (0) TO (10.5)",
			"num IS NOT NULL AND num >= (0)::numeric AND num < 10.5", HOLDS},
		{"num", "FOR VALUES FROM (0) TO (10)",
			"num IS NOT NULL AND num >= 0.0 AND num < (10)::numeric", NOTHING},
		{"id", "FOR VALUES IN ('00000000-0000-0000-0000-00000000000a')",
			"id IS NOT NULL AND id = '00000000-0000-0000-0000-00000000000a'::uuid",
			HOLDS},
		{"k", "FOR VALUES IN (1)", "k IS NOT NULL AND k::text = '1'", NOTHING},
		{"k", "FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "k IS NOT NULL AND k = 0",
			NOTHING},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ask(&rows[i]);
}

Test(bound_proof, no_row_within)
{
	static const struct question rows[] = {
		{"k", "FOR VALUES FROM (0) TO (100)", "NOT (k IS NOT NULL AND k >= 0 AND k < 100)",
			EXCLUDED},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IS NULL OR k < 0 OR k >= 100", EXCLUDED},
		{"k", "FOR VALUES FROM (0) TO (100)", "k >= 100", EXCLUDED},
		{"k", "FOR VALUES FROM (0) TO (100)", "k IN (-7, 100, 200)", EXCLUDED},
		{"k", "FOR VALUES FROM (0) TO (100)", "k < -3 OR k > 1000", EXCLUDED},
		{"k", "FOR VALUES FROM (0) TO (MAXVALUE)", "k < 0", EXCLUDED},
		{"k", "FOR VALUES FROM (0) TO (100)", "k > 99", NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k <= 0 OR k >= 100", NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k < 0 OR big > 7", NOTHING},
		{"k", "FOR VALUES FROM (0) TO (100)", "k < 0 OR (k >= 100 AND big > 7)", NOTHING},
		{"k", "FOR VALUES FROM (0) TO (MAXVALUE)", "k > 100", NOTHING},
		{"d", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
			"NOT (d >= '2024-01-01'::date AND d < '2025-01-01'::date)", EXCLUDED},
		{"word", "FOR VALUES IN ('a')", "NOT (word IS NOT NULL AND word = 'a'::text)",
			EXCLUDED},
		{"word", "FOR VALUES IN ('a')", "word <> 'a'::text", EXCLUDED},
		{"word", "FOR VALUES IN ('a')", "word = 'b'::text", NOTHING},
		{"word", "FOR VALUES IN ('a', 'b')", "word <> 'a'::text", NOTHING},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ask(&rows[i]);
}

/* Where midnight lies depends on the session's zone. */
Test(bound_proof, times_of_another_zone)
{
	const struct partition_bound *bound =
		bound_of("FOR VALUES FROM ('2024-01-01') TO ('2024-02-01 00:00:00+01')");
	const struct expr *check =
		check_of("at >= '2024-01-01 00:00:00+01'::timestamptz AND at IS NOT NULL AND at < "
			 "'2024-02-01 00:00:00+01'::timestamptz");
	static const char *const key[] = {"at"};
	struct constraint_facts constraint = {.kind = CONSTRAINT_CHECK,
		.validated = true,
		.clauses = check->clauses,
		.n_clauses = check->n_clauses};
	struct relation_facts table = {.kind = 'r',
		.columns = columns,
		.n_columns = sizeof(columns) / sizeof(*columns),
		.partition_plain = true,
		.partition_strategy = 'r',
		.partition_columns = key,
		.n_partition_columns = 1,
		.constraints = &constraint,
		.n_constraints = 1};
	const struct facts elsewhere = {.timezone = "Europe/Berlin"};

	cr_expect_not(bound_holds(&elsewhere, &table, bound, &table));
	bound = bound_of("FOR VALUES FROM ('2024-01-01 00:00:00+01') TO ('2024-02-01 "
			 "00:00:00+01')");
	cr_expect(bound_holds(&elsewhere, &table, bound, &table));
	arena_free(&arena);
}

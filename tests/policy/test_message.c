/* SPDX-License-Identifier: PostgreSQL */
#include "message.h"

#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "fixture.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(message, .fini = free_arena);

static struct rule_context context_of(const char *sql)
{
	struct stmts stmts = fixture_parse(&arena, sql);
	struct facts *facts = arena_alloc(&arena, sizeof(*facts));
	struct effects *effects = arena_alloc(&arena, sizeof(*effects));

	*facts = fixture_facts(&arena, &stmts);
	*effects = effects_of(&arena, &stmts.items[0].actions[0], facts);
	return (struct rule_context){
		.arena = &arena,
		.stmt = &stmts.items[0],
		.action = &stmts.items[0].actions[0],
		.facts = facts,
		.effects = effects,
		.settings = &policy_settings_default,
		.table = effects->table,
	};
}

Test(message, objects)
{
	static const struct {
		const char *sql, *text;
	} rows[] = {
		{"DROP TABLE orders", "table public.orders (300,000 rows, 24 MB)"},
		{"DROP TABLE small_t", "table public.small_t (200 rows, 24 kB)"},
		{"DROP TABLE unanalyzed", "table public.unanalyzed (size not known)"},
		{"DROP TABLE small_t, orders",
			"table public.orders (300,000 rows, 24 MB) and 1 more"},
		{"TRUNCATE logs", "table public.logs (9,000,000 rows, 703 MB)"},
		{"TRUNCATE events", "partitioned table public.events (4,000,000 rows, 312 MB)"},
		{"ALTER TABLE orders DROP qty",
			"column qty of table public.orders (300,000 rows, 24 MB)"},
		{"ALTER TABLE orders DROP CONSTRAINT email_nn",
			"constraint email_nn on table public.orders (300,000 rows, 24 MB)"},
		{"CREATE INDEX i ON small_t (a)",
			"index i on table public.small_t (200 rows, 24 kB)"},
		{"DROP INDEX orders_tag_idx",
			"index orders_tag_idx on table public.orders (300,000 rows, 24 MB)"},
		{"ALTER VIEW v_orders RENAME COLUMN a TO b", "column a of view public.v_orders"},
		{"DROP TABLE missing", "missing"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rule_context context = context_of(rows[i].sql);
		const char *text = message_object(&context);

		cr_expect_str_eq(text, rows[i].text, "%s: %s", rows[i].sql, text);
	}
}

Test(message, users_are_named)
{
	static const struct {
		const char *sql, *text;
	} rows[] = {
		{"ALTER TABLE orders DROP seen",
			"It is used by: view public.v_orders, function public.count_seen."},
		{"ALTER TABLE orders RENAME seen TO s",
			"It is used by: view public.v_orders, function public.count_seen."},
		{"ALTER TABLE orders ALTER seen TYPE bigint",
			"It is used by: view public.v_orders, function public.count_seen."},
		{"DROP TABLE orders", "It is used by: view public.v_orders."},
		{"ALTER TABLE orders RENAME TO o2", "It is used by: view public.v_orders."},
		{"ALTER TABLE orders DROP qty", NULL},
		{"ALTER TABLE orders ADD c int NOT NULL", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rule_context context = context_of(rows[i].sql);
		const char *at = strstr(message_detail(&context), "It is used by");

		if (rows[i].text == NULL)
			cr_expect_null(at, "%s: %s", rows[i].sql, at);
		else
			cr_expect(at != NULL && strcmp(at, rows[i].text) == 0, "%s: %s",
				rows[i].sql, at);
	}
}

Test(message, details)
{
	static const struct {
		const char *sql, *text;
	} rows[] = {
		{"ALTER TABLE orders ADD c int",
			"ACCESS EXCLUSIVE lock on public.orders until the transaction ends; reads "
			"and "
			"writes wait, and queue up already while it waits for its turn."},
		{"CREATE INDEX i ON orders (qty)",
			"SHARE lock on public.orders while every row is read to build the index; "
			"writes wait, and queue up already while it waits for its turn."},
		{"ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey",
			"ACCESS EXCLUSIVE lock on public.orders until the transaction ends; reads "
			"and "
			"writes wait, and queue up already while it waits for its turn. Also "
			"locked: "
			"public.users (ACCESS EXCLUSIVE)."},
		{"ALTER TABLE orders VALIDATE CONSTRAINT phone_nn",
			"SHARE UPDATE EXCLUSIVE lock on public.orders while every row is read; "
			"reads "
			"and writes go on."},
		{"ALTER TABLE orders ADD qty int",
			"ACCESS EXCLUSIVE lock on public.orders until the transaction ends; reads "
			"and "
			"writes wait, and queue up already while it waits for its turn. PostgreSQL "
			"would answer: column \"qty\" already exists."},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rule_context context = context_of(rows[i].sql);
		const char *text = message_detail(&context);

		cr_expect_str_eq(text, rows[i].text, "%s: %s", rows[i].sql, text);
	}
}

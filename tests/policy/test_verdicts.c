/* SPDX-License-Identifier: PostgreSQL */
#include "verdicts.h"

#include <criterion/criterion.h>

#include "arena.h"
#include "decide.h"
#include "fixture.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(verdicts, .fini = free_arena);

static const struct policy_subject subject = {
	.database = "shop", .user = "app", .application = "rails"};

static enum verdict decided(const char *sql, const struct rule_setting *rules, size_t n)
{
	struct policy_settings settings = policy_settings_default;
	struct stmts stmts = fixture_parse(&arena, sql);
	struct facts facts = fixture_facts(&arena, &stmts);
	struct decide_input input = {
		.stmts = &stmts,
		.facts = &facts,
		.settings = &settings,
		.subject = &subject,
		.engine_available = true,
	};

	settings.rules = rules;
	settings.n_rules = n;
	return policy_decide(&arena, &input).verdict;
}

Test(verdicts, selectors)
{
	static const struct {
		struct rule_setting line;
		enum verdict verdict;
	} rows[] = {
		{{"drop-column", VERDICT_ALLOW, NULL, NULL, NULL, NULL}, VERDICT_ALLOW},
		{{"drop-column", VERDICT_WARN, NULL, NULL, NULL, NULL}, VERDICT_WARN},
		{{"drop-column", VERDICT_ALLOW, "shop", "app", "rails", "orders"}, VERDICT_ALLOW},
		{{"drop-column", VERDICT_ALLOW, NULL, NULL, NULL, "public.orders"}, VERDICT_ALLOW},
		{{"drop-column", VERDICT_ALLOW, "other", NULL, NULL, NULL}, VERDICT_REJECT},
		{{"drop-column", VERDICT_ALLOW, NULL, "other", NULL, NULL}, VERDICT_REJECT},
		{{"drop-column", VERDICT_ALLOW, NULL, NULL, "other", NULL}, VERDICT_REJECT},
		{{"drop-column", VERDICT_ALLOW, NULL, NULL, NULL, "other.orders"}, VERDICT_REJECT},
		{{"drop-column", VERDICT_ALLOW, NULL, NULL, NULL, "order"}, VERDICT_REJECT},
		{{"drop-table", VERDICT_ALLOW, NULL, NULL, NULL, NULL}, VERDICT_REJECT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(decided("ALTER TABLE orders DROP COLUMN qty", &rows[i].line, 1),
			rows[i].verdict, "row %zu", i);
}

Test(verdicts, style_never_blocks)
{
	static const struct rule_setting line = {
		"prefer-bigint", VERDICT_REJECT, NULL, NULL, NULL, NULL};

	cr_expect_eq(decided("CREATE TABLE n (id int)", &line, 1), VERDICT_WARN);
}

Test(verdicts, the_last_line_wins)
{
	static const struct rule_setting rules[] = {
		{"drop-column", VERDICT_ALLOW, NULL, NULL, NULL, NULL},
		{"drop-column", VERDICT_REJECT, NULL, NULL, NULL, "users"},
		{"drop-column", VERDICT_WARN, NULL, NULL, NULL, "orders"},
	};

	cr_expect_eq(decided("ALTER TABLE orders DROP COLUMN qty", rules, 3), VERDICT_WARN);
	cr_expect_eq(decided("ALTER TABLE users DROP COLUMN name", rules, 3), VERDICT_REJECT);
	cr_expect_eq(decided("ALTER TABLE logs DROP COLUMN ref", rules, 3), VERDICT_ALLOW);
}

Test(verdicts, a_line_for_one_table_excuses_no_other)
{
	static const struct rule_setting rules[] = {
		{"drop-table", VERDICT_ALLOW, NULL, NULL, NULL, "logs"},
		{"truncate", VERDICT_ALLOW, NULL, NULL, NULL, "logs"},
	};

	cr_expect_eq(decided("DROP TABLE logs", rules, 2), VERDICT_ALLOW);
	cr_expect_eq(decided("DROP TABLE logs, orders", rules, 2), VERDICT_REJECT);
	cr_expect_eq(decided("TRUNCATE logs", rules, 2), VERDICT_ALLOW);
	cr_expect_eq(decided("TRUNCATE logs, orders", rules, 2), VERDICT_REJECT);
}

Test(verdicts, an_index_goes_by_its_table)
{
	static const struct rule_setting rules[] = {
		{"drop-index-non-concurrent", VERDICT_ALLOW, NULL, NULL, NULL, "orders"},
	};

	cr_expect_eq(decided("DROP INDEX orders_tag_idx", rules, 1), VERDICT_ALLOW);
	cr_expect_eq(decided("DROP INDEX logs_id_uq", rules, 1), VERDICT_REWRITE);
}

Test(verdicts, rules_can_be_raised)
{
	static const struct rule_setting rules[] = {
		{"drop-not-null", VERDICT_WARN, NULL, NULL, NULL, NULL},
		{"fk-policy", VERDICT_REJECT, NULL, NULL, NULL, NULL},
		{"missing-lock-timeout", VERDICT_REJECT, NULL, NULL, "rails", NULL},
		{"drop-column", VERDICT_PHASE, NULL, NULL, NULL, NULL},
	};

	cr_expect_eq(decided("ALTER TABLE orders ALTER id DROP NOT NULL", rules, 1), VERDICT_WARN);
	cr_expect_eq(
		decided("ALTER TABLE logs ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID",
			rules, 2),
		VERDICT_REJECT);
	cr_expect_eq(decided("ALTER TABLE orders ADD COLUMN c int", rules, 3), VERDICT_REJECT);
	cr_expect_eq(decided("ALTER TABLE orders DROP COLUMN qty", &rules[3], 1), VERDICT_PHASE);
	/* Where there is no plan, it is not let through for the lack of one. */
	cr_expect_eq(decided("ALTER TABLE fresh_t ADD c int; ALTER TABLE orders DROP COLUMN qty",
			     &rules[3], 1),
		VERDICT_REJECT);
	cr_expect_eq(decided("ALTER TABLE orders DROP COLUMN seen", &rules[3], 1), VERDICT_REJECT);
}

Test(verdicts, names_and_back)
{
	for (int verdict = VERDICT_ALLOW; verdict <= VERDICT_REJECT; verdict++)
		cr_expect_eq(verdict_from_name(verdict_name((enum verdict)verdict)), verdict);
	cr_expect_eq(verdict_from_name("perhaps"), -1);
}

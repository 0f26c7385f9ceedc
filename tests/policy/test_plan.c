/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>

#include "arena.h"
#include "plan.h"

static void add(struct plan *plan, enum step_kind kind, const char *sql, bool with_previous)
{
	struct step *step = plan_add_step(plan, kind, LOCK_ACCESS_EXCLUSIVE);

	step->sql = sql;
	step->purpose = "do it";
	step->with_previous = with_previous;
}

Test(plan, text_brackets_what_shares_a_transaction)
{
	struct arena arena = {0};
	struct plan plan = {0};

	add(&plan, STEP_CATALOG, "A", false);
	add(&plan, STEP_CATALOG, "B", true);
	add(&plan, STEP_CATALOG, "C", true);
	add(&plan, STEP_CONCURRENTLY, "D", false);
	add(&plan, STEP_BACKFILL, "E", false);
	add(&plan, STEP_SCAN, "F", false);
	cr_expect_str_eq(plan_text(&arena, &plan),
		"-- 1. do it (ACCESS EXCLUSIVE)\n"
		"BEGIN;\n"
		"A;\n"
		"-- 2. do it (ACCESS EXCLUSIVE)\n"
		"B;\n"
		"-- 3. do it (ACCESS EXCLUSIVE)\n"
		"C;\n"
		"COMMIT;\n"
		"-- 4. do it (ACCESS EXCLUSIVE; outside a transaction)\n"
		"D;\n"
		"-- 5. do it (ACCESS EXCLUSIVE; repeat until it updates 0 rows)\n"
		"E;\n"
		"-- 6. do it (ACCESS EXCLUSIVE; in a transaction of its own)\n"
		"F;\n");
	arena_free(&arena);
}

Test(plan, an_empty_plan_has_no_text)
{
	struct arena arena = {0};
	struct plan plan = {0};

	cr_expect_str_eq(plan_text(&arena, &plan), "");
	arena_free(&arena);
}

Test(plan, too_many_steps_overflow)
{
	static struct plan plan;

	for (int i = 0; i < PLAN_STEPS_MAX; i++)
		cr_assert_not_null(plan_add_step(&plan, STEP_CATALOG, LOCK_NONE));
	cr_expect_not(plan.overflow);
	cr_assert_not_null(plan_add_step(&plan, STEP_CATALOG, LOCK_NONE));
	cr_expect(plan.overflow);
	cr_expect_eq(plan.n_steps, (size_t)PLAN_STEPS_MAX);
}

Test(plan, every_kind_has_a_name)
{
	cr_expect_str_eq(step_kind_name(STEP_CATALOG), "catalog");
	cr_expect_str_eq(step_kind_name(STEP_SCAN), "scan");
	cr_expect_str_eq(step_kind_name(STEP_CONCURRENTLY), "concurrently");
	cr_expect_str_eq(step_kind_name(STEP_BACKFILL), "backfill");
	cr_expect_str_eq(step_kind_name(STEP_BULK), "bulk");
}

/* SPDX-License-Identifier: PostgreSQL */
#include "pace.h"

#include <criterion/criterion.h>

Test(change_pace, batches_settle_at_the_target)
{
	static const struct {
		double ms_a_row;
		int settles_at; /* 200 ms / ms_a_row, clamped */
	} cases[] = {
		{0.01, 20000},
		{0.05, 4000},
		{0.4, 500},
		{4, 50},
		{100, 10},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct batch_pace pace = {.rows = 500};

		for (int n = 0; n < 60; n++)
			batch_pace_next(
				&pace, pace.rows, pace.rows * cases[i].ms_a_row, 200, 20000);
		cr_expect(pace.rows >= cases[i].settles_at * 9 / 10 &&
				  pace.rows <= cases[i].settles_at * 11 / 10,
			"case %zu: %d", i, pace.rows);
	}
}

Test(change_pace, growth_is_bounded_and_shrinking_is_not)
{
	struct batch_pace pace = {.rows = 100};

	batch_pace_next(&pace, 100, 1, 200, 20000);
	cr_expect_eq(pace.rows, 151);
	pace = (struct batch_pace){.rows = 5000};
	batch_pace_next(&pace, 5000, 1001, 200, 20000);
	cr_expect_eq(pace.rows, 500, "over five times the target: a tenth, not %d", pace.rows);
	cr_expect_eq(pace.avg_rows, 0);
}

Test(change_pace, a_short_batch_that_is_late_does_not_make_the_next_ones_tiny)
{
	struct batch_pace pace = {.rows = 100};

	for (int n = 0; n < 20; n++)
		batch_pace_next(&pace, 100, 2, 2, 20000);
	batch_pace_next(&pace, pace.rows, 99, 2, 20000);
	cr_expect_geq(pace.rows, 40, "%d", pace.rows);
	for (int n = 0; n < 20; n++)
		batch_pace_next(&pace, pace.rows, pace.rows * 0.1, 2, 20000);
	cr_expect(pace.rows >= 19 && pace.rows <= 22, "and follows for good: %d", pace.rows);
}

Test(change_pace, few_are_less_than_usual_unless_it_is_always_the_same)
{
	static const struct {
		int one, other; /* by turns */
		int few;
	} cases[] = {{7, 7, 7}, {0, 3, 1}, {1, 3, 2}, {50, 50, 50}, {0, 0, 0}, {40, 60, 47}};
	struct crowd crowd = {0};

	crowd_count(&crowd, 7);
	cr_expect_eq(crowd_few(&crowd), 7, "the first that is seen is as usual as any");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int n = 0; n < 800; n++)
			crowd_count(&crowd, n % 2 == 0 ? cases[i].one : cases[i].other);
		cr_expect_eq(crowd_few(&crowd), cases[i].few, "case %zu: %d", i, crowd_few(&crowd));
	}
}

Test(change_pace, failures_halve_down_to_one_and_it_recovers)
{
	struct batch_pace pace = {.rows = 40};

	for (int n = 0; n < 10; n++)
		batch_pace_failed(&pace);
	cr_expect_eq(pace.rows, 1);
	batch_pace_next(&pace, 1, 0, 200, 20000);
	cr_expect_eq(pace.rows, BATCH_ROWS_MIN);
}

Test(change_pace, a_maximum_below_the_minimum_does_no_harm)
{
	struct batch_pace pace = {.rows = 10};

	batch_pace_next(&pace, 10, 1, 200, 0);
	cr_expect_eq(pace.rows, BATCH_ROWS_MIN);
}

Test(change_pace, the_price_is_the_longest_that_a_rate_asks_for)
{
	static const struct {
		struct spending spent;
		struct rates rates;
		double price_ms;
	} cases[] = {
		{{500, 1 << 20, 100}, {1000, 1 << 21, 50}, 500},
		{{100, 1 << 20, 100}, {1000, 1 << 20, 50}, 1000},
		{{100, 1 << 20, 100}, {1000, 1 << 24, 10}, 1000},
		{{100, 1 << 20, 100}, {1000, 0, 100}, 100},
		{{100, 1 << 20, 100}, {0, 0, 100}, 0},
		{{0, 0, 0}, {1000, 1 << 20, 50}, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_float_eq(price_ms(&cases[i].spent, &cases[i].rates), cases[i].price_ms,
			1e-6, "case %zu", i);
}

Test(change_pace, lock_attempts)
{
	static const struct {
		int attempt, timeout_max, timeout, delay;
	} cases[] = {
		{1, 2000, 200, 500}, {2, 2000, 400, 1000}, {4, 2000, 1600, 4000},
		{5, 2000, 2000, 8000}, {100, 2000, 2000, 60000}, {1, 100, 100, 500},
		{1, 0, 200, 500}, /* 0 would wait for ever */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(lock_attempt_timeout_ms(cases[i].attempt, cases[i].timeout_max),
			cases[i].timeout, "case %zu", i);
		cr_expect_eq(lock_attempt_delay_ms(cases[i].attempt, 500, 0.5), cases[i].delay,
			"case %zu", i);
		cr_expect_eq(lock_attempt_delay_ms(cases[i].attempt, 500, 0), cases[i].delay / 2,
			"case %zu", i);
	}
}

Test(change_pace, patience_ends)
{
	static const int64_t delays[] = {60000, 300000, 600000, 1800000, -1};

	for (int i = 0; i < 5; i++)
		cr_expect_eq(lock_patient_delay_ms(i, 60000), delays[i], "%d", i);
	cr_expect_eq(lock_patient_delay_ms(0, 0), -1, "none was asked for");
}

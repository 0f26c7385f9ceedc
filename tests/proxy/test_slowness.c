/* SPDX-License-Identifier: PostgreSQL */
#include "slowness.h"

#include <criterion/criterion.h>

enum { TIMES = 10, LASTING_MS = 60000, WINDOW_MS = LASTING_MS / SLOW_WINDOWS };

static void add(uint32_t counts[LATENCY_BUCKETS], int n, int ms)
{
	counts[latency_bucket((int64_t)ms * 1000)] += (uint32_t)n;
}

/* Before the trigger all took 10 ms. */
static const struct {
	const char *what;
	int before, others_before; /* how many are known */
	int statements, ms; /* in each window: on the table */
	int others, others_ms;
	int every; /* window of which is quick; 0: none */
	bool lasts;
} cases[] = {
	{"ten times as slow, for all the time", 500, 500, 100, 150, 100, 10, 0, true},
	{"no others there are to compare with", 500, 0, 100, 150, 0, 0, 0, true},
	{"few statements, but enough", 500, 500, SLOW_STATEMENTS_MIN, 150, 0, 0, 0, true},
	{"not so slow", 500, 500, 100, 90, 100, 10, 0, false},
	{"slow for most of the time", 500, 500, 100, 150, 100, 10, SLOW_WINDOWS, false},
	{"the others are slow, too", 500, 500, 100, 150, 100, 90, 0, false},
	{"the others are a little slower", 500, 500, 100, 150, 100, 30, 0, true},
	{"too few statements", 500, 500, SLOW_STATEMENTS_MIN / SLOW_WINDOWS - 1, 150, 0, 0, 0,
		false},
	{"nothing is known of before", SLOW_BEFORE_MIN - 1, 500, 100, 150, 100, 10, 0, false},
};

static bool lasts(size_t i, int windows)
{
	struct calm_counts before = {0}, counts = {0};
	struct slowness slowness;
	bool found = false;

	add(before.table, cases[i].before, 10);
	add(before.others, cases[i].others_before, 10);
	slowness_begin(&slowness, &before, &counts, 0);
	for (int w = 1; w <= windows && !found; w++) {
		bool quick = cases[i].every != 0 && w % cases[i].every == 0;

		add(counts.table, cases[i].statements, quick ? 10 : cases[i].ms);
		add(counts.others, cases[i].others, cases[i].others_ms);
		found = slowness_lasts(
			&slowness, &counts, TIMES, LASTING_MS, (int64_t)w * WINDOW_MS);
	}
	return found;
}

Test(slowness, what_lasts_and_what_does_not)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_not(lasts(i, SLOW_WINDOWS - 1), "%s: too soon", cases[i].what);
		cr_expect_eq(lasts(i, 4 * SLOW_WINDOWS), cases[i].lasts, "%s", cases[i].what);
	}
}

/* Thirty times as slow, and nobody feels it. */
Test(slowness, a_few_milliseconds_are_nothing)
{
	struct calm_counts before = {0}, counts = {0};
	struct slowness slowness;

	add(before.table, 500, 1);
	slowness_begin(&slowness, &before, &counts, 0);
	for (int w = 1; w < 20; w++) {
		add(counts.table, 100, 30);
		cr_expect_not(slowness_lasts(
			&slowness, &counts, TIMES, LASTING_MS, (int64_t)w * WINDOW_MS));
	}
}

Test(slowness, it_may_be_off)
{
	struct calm_counts before = {0}, counts = {0};
	struct slowness slowness;

	add(before.table, 500, 1);
	slowness_begin(&slowness, &before, &counts, 0);
	for (int w = 1; w < 20; w++) {
		add(counts.table, 100, 10000);
		cr_expect_not(
			slowness_lasts(&slowness, &counts, 0, LASTING_MS, (int64_t)w * WINDOW_MS));
	}
}

/* SPDX-License-Identifier: PostgreSQL */
#include "latency.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static void add(struct latency *latency, int n, int64_t us)
{
	for (int i = 0; i < n; i++)
		latency_add(latency, us);
}

static void pass(struct latency_board *board, int seconds)
{
	for (int i = 0; i < seconds; i++)
		for (unsigned w = 0; w < board->n; w++)
			latency_tick(&board->workers[w], atomic_load(&board->watchers) > 0);
}

Test(latency, percentile_is_within_a_bucket_of_the_truth)
{
	static const int64_t times_us[] = {0, 1, 15, 16, 17, 100, 999, 4321, 65536, 1000000,
		60 * 1000000, (int64_t)1 << 29, (int64_t)1 << 40};

	for (size_t i = 0; i < sizeof(times_us) / sizeof(times_us[0]); i++) {
		struct latency_board *board = latency_board_new(1);
		uint32_t counts[LATENCY_BUCKETS];
		double most = (double)(times_us[i] < 1 << 30 ? times_us[i] : 1 << 30), p95;

		add(&board->workers[0], 100, times_us[i]);
		for (unsigned b = 0; b < LATENCY_BUCKETS; b++)
			counts[b] = atomic_load(&board->workers[0].counts[b]);
		p95 = latency_percentile(counts, 95);
		cr_expect(p95 >= most * 0.93 && p95 <= most * 1.0625 + 1, "%lld: %f",
			(long long)times_us[i], p95);
		latency_board_free(board);
	}
}

Test(latency, a_few_of_many_are_timed)
{
	static const struct {
		bool watched;
		int all;
	} seconds[] = {{false, LATENCY_ALL}, {true, LATENCY_ALL_WATCHED}, {false, LATENCY_ALL}};
	struct latency latency = {0};

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		int due = 0;

		latency_tick(&latency, seconds[i].watched);
		for (int n = 0; n < seconds[i].all + 1600; n++)
			due += latency_due(&latency);
		cr_expect_eq(due, seconds[i].all + 1600 / LATENCY_EVERY, "second %zu", i);
	}
}

Test(latency, those_who_wait_are_counted_over_all_workers)
{
	struct latency_board *board = latency_board_new(2);

	latency_wait(&board->workers[0], 1);
	latency_wait(&board->workers[1], 1);
	latency_wait(&board->workers[1], 1);
	cr_expect_eq(latency_waiting(board), 3);
	latency_wait(&board->workers[1], -1);
	cr_expect_eq(latency_waiting(board), 2);
	latency_board_free(board);
}

/* A watch that knows what is normal. */
static struct latency_board *watched(struct latency_watch *watch, int64_t normal_us, int64_t now_ms)
{
	struct latency_board *board = latency_board_new(1);

	add(&board->workers[0], 5000, normal_us);
	latency_watch(watch, board, true, now_ms);
	return board;
}

/* Feeds one window a second with that latency; returns what the last one gives. */
static double windows(struct latency_board *board, struct latency_watch *watch, int n, int64_t us,
	bool worked, int64_t *now_ms)
{
	double percent = 0;

	while (n-- > 0) {
		add(&board->workers[0], 200, us);
		*now_ms += 1000;
		percent = latency_watch(watch, board, worked, *now_ms);
	}
	return percent;
}

Test(latency, a_world_that_gets_better_is_not_held_against_what_was_before)
{
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 2000, 1000);
	int64_t now_ms = 1000;

	cr_expect(watch.stale, "the hour before may have been another world");
	windows(board, &watch, 20, 2200, true, &now_ms);
	cr_expect_leq(windows(board, &watch, 60, 1000, false, &now_ms), 110);
	cr_expect_float_eq(watch.reference_us, 1000, 100);
	cr_expect_not(watch.stale);
	latency_board_free(board);
}

Test(latency, it_is_held_against_the_hour_before)
{
	struct latency_board *board = latency_board_new(2);
	struct latency_watch watch = {0}, other = {0};
	int64_t now_ms = 1000;

	add(&board->workers[0], 5000, 1000);
	pass(board, 3600);
	add(&board->workers[1], 5000, 1000);
	cr_expect_eq(latency_watch(&watch, board, true, now_ms), 100);
	cr_expect_float_eq(watch.reference_us, 1000, 60);
	for (int i = 0; i < 40; i++) {
		add(&board->workers[i % 2], 200, 1500);
		pass(board, 60);
		now_ms += 1000;
		latency_watch(&watch, board, true, now_ms);
	}
	cr_expect_float_eq(watch.percent, 150, 10);
	cr_expect_eq(latency_watch(&other, board, true, now_ms), 100);
	cr_expect_float_eq(other.reference_us, 1000, 60, "what is seen under way is not normal");
	latency_watch_end(&watch, board);
	cr_expect_eq(atomic_load(&board->watchers), 1);
	latency_watch_end(&other, board);
	latency_watch_end(&other, board);
	cr_expect_eq(atomic_load(&board->watchers), 0, "ended twice");
	latency_board_free(board);
}

Test(latency, an_old_hour_is_forgotten)
{
	struct latency_board *board = latency_board_new(1);
	struct latency_watch watch = {0};

	add(&board->workers[0], 1000, 9000);
	pass(board, 8 * 3600);
	add(&board->workers[0], 1000, 1000);
	pass(board, 60);
	latency_watch(&watch, board, true, 1);
	cr_expect_float_eq(watch.reference_us, 1000, 60);
	latency_board_free(board);
}

Test(latency, without_clients_there_is_nothing_to_compare)
{
	struct latency_board *board = latency_board_new(1);
	struct latency_watch watch = {0};

	for (int64_t now_ms = 1000; now_ms < 200000; now_ms += 500) {
		add(&board->workers[0], 1, 100000);
		cr_assert_eq(latency_watch(&watch, board, true, now_ms), 100);
	}
	cr_expect_eq(watch.reference_us, 0);
	latency_board_free(board);
}

Test(latency, what_is_not_the_backfills_doing_does_not_stop_it_for_ever)
{
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 1000, 1000);
	int64_t now_ms = 1000;

	cr_expect_gt(windows(board, &watch, 30, 2000, true, &now_ms), 180, "it slows them down");
	cr_expect_gt(windows(board, &watch, 1, 2000, false, &now_ms), 180, "an echo of its work");
	cr_expect_lt(windows(board, &watch, 5, 2000, false, &now_ms), 110, "somebody else");
	cr_expect_gt(windows(board, &watch, 20, 3000, true, &now_ms), 140, "and now it again");
	cr_expect_lt(windows(board, &watch, 60, 1000, false, &now_ms), 110);
	cr_expect_gt(windows(board, &watch, 30, 1500, true, &now_ms), 140, "others have gone");
	latency_board_free(board);
}

Test(latency, it_is_held_against_what_clients_wait_while_it_rests)
{
	static const int64_t worlds_us[] = {1000, 2000, 1000}; /* others come and go */
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 500, 1000);
	int64_t now_ms = 1000;
	double percent = 0;

	for (size_t i = 0; i < sizeof(worlds_us) / sizeof(worlds_us[0]); i++) {
		int64_t us = worlds_us[i];

		for (int round = 0; round < 40; round++) {
			windows(board, &watch, 3, us, false, &now_ms);
			percent = windows(board, &watch, 6, us * 3 / 2, true, &now_ms);
		}
		cr_expect_float_eq(watch.reference_us, (double)us, 0.07 * (double)us,
			"case %zu: %.0f", i, watch.reference_us);
		cr_expect_float_eq(percent, 150, 15, "case %zu: %.0f", i, percent);
	}
	latency_board_free(board);
}

Test(latency, those_are_counted_that_wait_longer_than_is_allowed)
{
	static const struct {
		double allowed_percent, slow;
	} cases[] = {{110, 2}, {250, 2}, {350, 0}, {80, 20}}; /* times one in twenty */
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 1000, 1000);
	int64_t now_ms = 1000;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned readings = watch.readings;

		watch.allowed_percent = cases[i].allowed_percent;
		add(&board->workers[0], 180, 1000);
		add(&board->workers[0], 20, 3000);
		latency_watch(&watch, board, true, now_ms += 1000);
		cr_expect_float_eq(watch.slow, cases[i].slow, 0.001, "case %zu: %f", i, watch.slow);
		cr_expect_eq(watch.readings, readings + 1, "case %zu", i);
	}
	latency_watch(&watch, board, false, now_ms += 1000);
	latency_watch(&watch, board, false, now_ms += 1000);
	cr_expect_eq(watch.readings, 4, "of work alone");
	latency_board_free(board);
}

Test(latency, as_many_as_are_slow_without_the_backfill_are_not_its_doing)
{
	static const int n_slow[] = {30, 10, 2}; /* of 200, every other second */
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 1000, 1000);
	int64_t now_ms = 1000;

	watch.allowed_percent = 100;
	for (size_t i = 0; i < sizeof(n_slow) / sizeof(n_slow[0]); i++) {
		double sum = 0;

		for (int n = 0; n < 600; n++) {
			bool worked = n % 3 == 0; /* an echo, then rest */

			for (int nth = 0; nth < 200; nth++)
				add(&board->workers[0], 1, 500 + 5 * nth);
			add(&board->workers[0], n / 3 % 2 == 0 ? n_slow[i] : 0, 3000);
			latency_watch(&watch, board, worked, now_ms += 1000);
			sum += worked && n >= 300 ? watch.slow : 0;
		}
		cr_expect_float_eq(sum / 100, 1, 0.5, "case %zu: %.2f", i, sum / 100);
	}
	latency_board_free(board);
}

/* A hundred, of which about so many in a hundred take a hundred times as long. */
static void add_mixed(struct latency_board *board, double n_slow)
{
	for (int i = 0; i < 100; i++)
		add(&board->workers[0], 1, drand48() * 100 < n_slow ? 50000 : 400 + i);
}

Test(latency, a_few_slow_ones_by_chance_are_not_its_doing)
{
	static const double n_slow[] = {1, 3, 4.5};

	for (size_t i = 0; i < sizeof(n_slow) / sizeof(n_slow[0]); i++) {
		struct latency_board *board = latency_board_new(1);
		struct latency_watch watch = {0};
		int64_t now_ms = 1000;
		double most = 0;

		srand48(1);
		for (int n = 0; n < 1000; n++)
			add_mixed(board, n_slow[i]);
		for (int n = 0; n < 600; n++) {
			most = fmax(most, latency_watch(&watch, board, n % 8 < 6, now_ms += 1000));
			watch.allowed_percent = 105;
			add_mixed(board, n_slow[i]);
		}
		cr_expect_lt(most, 110, "case %zu: %.0f %%", i, most);
		for (int n = 0; n < 2; n++) {
			add_mixed(board, 30);
			most = latency_watch(&watch, board, true, now_ms += 1000);
		}
		cr_expect_gt(most, 200, "case %zu: so many are not chance: %.0f %%", i, most);
		latency_board_free(board);
	}
}

Test(latency, clients_that_have_gone_are_not_looked_at)
{
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 1000, 1000);
	int64_t now_ms = 1000;

	windows(board, &watch, 2, 5000, true, &now_ms);
	cr_expect_not(watch.quiet);
	for (int n = 0; n < 12; n++) {
		add(&board->workers[0], 3, 5000);
		latency_watch(&watch, board, true, now_ms += 1000);
	}
	cr_expect(watch.quiet, "less than 200 a minute");
	cr_expect_eq(watch.percent, 100);
	windows(board, &watch, 1, 1000, true, &now_ms);
	cr_expect_not(watch.quiet, "they are back");
	cr_expect(watch.stale, "and what they wait now is not known");
	cr_expect_gt(windows(board, &watch, 30, 1500, true, &now_ms), 140);
	latency_board_free(board);
}

Test(latency, without_an_hour_before_what_is_seen_at_first_is_normal)
{
	struct latency_board *board = latency_board_new(1);
	struct latency_watch watch = {0};
	int64_t now_ms = 1000;

	cr_expect_eq(latency_watch(&watch, board, true, now_ms), 100);
	cr_expect_not(watch.learns, "nobody is there");
	cr_expect_eq(windows(board, &watch, 4, 1000, true, &now_ms), 100);
	cr_expect(watch.learns && watch.reference_us == 0, "too short a time");
	cr_expect_eq(windows(board, &watch, 2, 1000, true, &now_ms), 100);
	cr_expect_float_eq(watch.reference_us, 1000, 60);
	cr_expect_gt(windows(board, &watch, 30, 1500, true, &now_ms), 140);
	latency_board_free(board);
}

Test(latency, too_few_clients_to_learn_from_are_not_waited_for)
{
	struct latency_board *board = latency_board_new(1);
	struct latency_watch watch = {0};

	for (int64_t now_ms = 1000; now_ms <= 180000; now_ms += 1000) {
		add(&board->workers[0], now_ms / 1000 % 3, 1000);
		latency_watch(&watch, board, true, now_ms);
		cr_assert_not(
			watch.learns, "one in a second, and %d s are over", (int)(now_ms / 1000));
	}
	latency_board_free(board);
}

/* What others did to the server meanwhile is not what clients wait without a backfill. */
Test(latency, a_pause_is_no_rest)
{
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 1000, 1000);
	int64_t now_ms = 1000;

	windows(board, &watch, 10, 1000, false, &now_ms);
	add(&board->workers[0], 5000, 9000);
	latency_watch(&watch, board, false, now_ms += 12000);
	windows(board, &watch, 1, 1000, true, &now_ms);
	cr_expect_float_eq(watch.reference_us, 1000, 100, "%.0f", watch.reference_us);
	latency_board_free(board);
}

Test(latency, a_long_pause_tells_nothing)
{
	struct latency_watch watch = {0};
	struct latency_board *board = watched(&watch, 1000, 1000);
	int64_t now_ms = 1000;

	add(&board->workers[0], 5000, 9000);
	cr_expect_eq(latency_watch(&watch, board, true, now_ms + 60000), 100);
	latency_board_free(board);
}

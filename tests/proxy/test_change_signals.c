/* SPDX-License-Identifier: PostgreSQL */
#include "signals.h"

#include <criterion/criterion.h>

enum { SHORTEST_MS = 4, REST_MS = 1000 };

struct shares {
	double work, rests; /* of a hundred milliseconds */
};

/* Batches of the shortest kind for five minutes. */
static struct shares shares_of_100(double effort_ms)
{
	struct signals signals = {
		.felt_most = SIGNAL_LATENCY,
		.effort_limits = {.longest_ms = 200, .shortest_ms = SHORTEST_MS},
	};
	int64_t now_ms = 0, rested_ms = 0, worked_ms = 0, pause_ms;

	signals.efforts[SIGNAL_LATENCY].ms = effort_ms;
	while (now_ms < 5 * 60 * 1000) {
		now_ms += SHORTEST_MS;
		worked_ms += SHORTEST_MS;
		signals_slow(&signals, SHORTEST_MS, now_ms, &pause_ms);
		now_ms += pause_ms;
		rested_ms += pause_ms >= REST_MS ? pause_ms : 0;
	}
	return (struct shares){100.0 * (double)worked_ms / (double)now_ms,
		100.0 * (double)rested_ms / (double)now_ms};
}

Test(change_signals, it_rests_first_where_nobody_knows_what_clients_wait_now)
{
	struct signals signals = {
		.felt_most = SIGNAL_LATENCY,
		.effort_limits = {.longest_ms = 200, .shortest_ms = SHORTEST_MS},
		.efforts[SIGNAL_LATENCY].ms = SHORTEST_MS,
		.latency = {.stale = true, .reference_us = 1000},
	};
	int64_t pause_ms;

	signals_slow(&signals, SHORTEST_MS, 0, &pause_ms);
	cr_expect_geq(pause_ms, 1750);
	signals_slow(&signals, 0, 0, &pause_ms);
	cr_expect_eq(pause_ms, 0, "nothing was done since it rested");
	signals_slow(&signals, SHORTEST_MS, 0, &pause_ms);
	cr_expect_eq(pause_ms, 0, "with few clients it is not known yet, and it has rested");
	signals.latency.stale = false;
	signals_slow(&signals, SHORTEST_MS, 0, &pause_ms);
	cr_expect_eq(pause_ms, 0);
	signals.latency.stale = true;
	signals_slow(&signals, SHORTEST_MS, 0, &pause_ms);
	cr_expect_geq(pause_ms, 1750, "the world may have changed again");
}

Test(change_signals, it_does_not_rest_for_what_no_rest_can_tell)
{
	struct signals signals = {
		.felt_most = SIGNAL_LATENCY,
		.effort_limits = {.longest_ms = 200, .shortest_ms = SHORTEST_MS},
		.efforts[SIGNAL_LATENCY].ms = SHORTEST_MS,
		.latency = {.stale = true, .learns = true},
	};
	int64_t pause_ms;

	signals_slow(&signals, SHORTEST_MS, 0, &pause_ms);
	cr_expect_eq(pause_ms, 0);
}

/* A minute of work beside so many clients a second, who felt nothing in the hour before either. */
static bool feels(int clients)
{
	struct signals signals = {0};
	struct signal_settings settings = {.batch_target_ms = 200, .bounds[SIGNAL_LATENCY] = 120};
	struct latency_board *board = latency_board_new(1);
	bool felt;

	for (int n = 0; n < 5000; n++)
		latency_add(&board->workers[0], 1000);
	for (int64_t now_ms = 1000; now_ms < 61000; now_ms += 1000) {
		signals.worked = true;
		signals_read(&signals, NULL, board, &settings, now_ms);
		for (int n = 0; n < clients; n++)
			latency_add(&board->workers[0], 1000);
	}
	felt = signals_feel(&signals);
	signals_end(&signals, board);
	latency_board_free(board);
	return felt;
}

Test(change_signals, it_is_spread_for_clients_that_are_there_now)
{
	cr_expect_not(feels(0));
	cr_expect_not(feels(3));
	cr_expect(feels(4));
}

Test(change_signals, what_clients_feel_spreads_batches_and_lets_it_rest)
{
	static const struct {
		double effort_ms, work, rests;
	} cases[] = {{SHORTEST_MS / 10.0, 8.75, 12.5}, {SHORTEST_MS / 2.0, 43.75, 12.5},
		{SHORTEST_MS / 1.3, 67.3, 12.5}, {SHORTEST_MS, 87.5, 12.5},
		{10 * SHORTEST_MS, 87.5, 12.5}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shares shares = shares_of_100(cases[i].effort_ms);

		cr_expect_float_eq(
			shares.work, cases[i].work, 1.5, "case %zu: %.1f", i, shares.work);
		cr_expect_float_eq(
			shares.rests, cases[i].rests, 1.5, "case %zu: %.1f", i, shares.rests);
	}
}

/* Another backfill beside ours, which works when it works and may pause. */
static struct signals another(double effort_ms)
{
	struct signals signals = {
		.felt_most = SIGNAL_LATENCY,
		.effort_limits = {.longest_ms = 200, .shortest_ms = SHORTEST_MS},
	};

	signals.efforts[SIGNAL_LATENCY].ms = effort_ms;
	return signals;
}

Test(change_signals, backfills_rest_together)
{
	struct latency_board *board = latency_board_new(1);
	struct signals both[] = {another(SHORTEST_MS), another(SHORTEST_MS / 3.0)};
	int64_t free_ms[] = {0, 3000}, rested_ms = 0, pause_ms; /* one begins later */
	enum { END_MS = 5 * 60 * 1000 };

	both[0].board = both[1].board = board;
	for (int64_t now_ms = 1; now_ms < END_MS; now_ms++) {
		bool rest = true;

		for (int i = 0; i < 2; i++) {
			rest &= free_ms[i] > now_ms + SHORTEST_MS;
			if (free_ms[i] > now_ms)
				continue;
			signals_slow(&both[i], SHORTEST_MS, now_ms + SHORTEST_MS, &pause_ms);
			free_ms[i] = now_ms + SHORTEST_MS + pause_ms;
		}
		rested_ms += rest;
	}
	cr_expect_float_eq(
		100.0 * (double)rested_ms / END_MS, 12.5, 1.5, "%lld", (long long)rested_ms);
	latency_board_free(board);
}

Test(change_signals, no_rest_is_one_beside_the_work_of_another)
{
	struct latency_board *board = latency_board_new(1);

	cr_expect_not(latency_any_worked(board, false, 0, 250));
	cr_expect(latency_any_worked(board, true, 0, 260), "it did itself");
	cr_expect(latency_any_worked(board, false, 250, 500), "another did");
	cr_expect_not(latency_any_worked(board, false, 260, 510), "since then nobody did");
	latency_board_free(board);
}

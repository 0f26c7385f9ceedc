/* SPDX-License-Identifier: PostgreSQL */
#include "signals.h"

#include <criterion/criterion.h>

enum { SHORTEST_MS = 4, READ_EVERY_MS = 250 };

/* Batches of the shortest kind for a minute; returns how many of a hundred milliseconds it rests.
 */
static double rests_of_100(double effort_ms)
{
	struct signals signals = {
		.felt_most = SIGNAL_LATENCY,
		.effort_limits = {.longest_ms = 200, .shortest_ms = SHORTEST_MS},
	};
	int64_t now_ms = 0, read_ms = 0, rested_ms = 0, pause_ms;

	signals.efforts[SIGNAL_LATENCY].ms = effort_ms;
	while (now_ms < 60 * 1000) {
		now_ms += SHORTEST_MS;
		signals.worked = now_ms - read_ms < READ_EVERY_MS;
		if (!signals.worked)
			read_ms = now_ms;
		signals_slow(&signals, SHORTEST_MS, &pause_ms);
		cr_assert(pause_ms == 0 || (pause_ms >= 750 && !signals.worked),
			"few and long ones, right behind a reading: %lld", (long long)pause_ms);
		now_ms += pause_ms;
		rested_ms += pause_ms;
	}
	return 100.0 * (double)rested_ms / (double)now_ms;
}

Test(change_signals, it_rests_first_where_nobody_knows_what_clients_wait_now)
{
	struct signals signals = {
		.felt_most = SIGNAL_LATENCY,
		.effort_limits = {.longest_ms = 200, .shortest_ms = SHORTEST_MS},
		.efforts[SIGNAL_LATENCY].ms = SHORTEST_MS,
		.latency.stale = true,
	};
	int64_t pause_ms;

	signals_slow(&signals, SHORTEST_MS, &pause_ms);
	cr_expect_geq(pause_ms, 1500);
	signals.latency.stale = false;
	signals_slow(&signals, SHORTEST_MS, &pause_ms);
	cr_expect_eq(pause_ms, 0);
}

Test(change_signals, what_clients_feel_lets_it_rest)
{
	static const struct {
		double effort_ms, of_100;
	} cases[] = {{SHORTEST_MS / 10.0, 90}, {SHORTEST_MS / 2.0, 50}, {SHORTEST_MS, 12.5},
		{10 * SHORTEST_MS, 12.5}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double rests = rests_of_100(cases[i].effort_ms);

		cr_expect_float_eq(rests, cases[i].of_100, 3, "case %zu: %.1f", i, rests);
	}
}

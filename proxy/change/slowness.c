/* SPDX-License-Identifier: PostgreSQL */
#include "slowness.h"

static double p95_of_enough(const uint32_t counts[LATENCY_BUCKETS], double enough)
{
	return latency_total(counts) < enough ? 0 : latency_percentile(counts, 95);
}

static void begin_window(
	struct slowness *slowness, const struct calm_counts *counts, int64_t now_ms)
{
	slowness->from = *counts;
	slowness->from_ms = now_ms;
}

void slowness_begin(struct slowness *slowness, const struct calm_counts *before,
	const struct calm_counts *counts, int64_t now_ms)
{
	*slowness = (struct slowness){
		.before_us = p95_of_enough(before->table, SLOW_BEFORE_MIN),
		.others_before_us = p95_of_enough(before->others, SLOW_BEFORE_MIN),
	};
	begin_window(slowness, counts, now_ms);
}

static struct calm_counts since(const struct calm_counts *from, const struct calm_counts *counts)
{
	struct calm_counts window;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		window.table[i] = counts->table[i] - from->table[i];
		window.others[i] = counts->others[i] - from->others[i];
	}
	return window;
}

/* Others that are slower by half as many times are slower for the same reason. */
static bool others_as_well(
	const struct slowness *slowness, const struct calm_counts *window, double ratio)
{
	double now_us = p95_of_enough(window->others, SLOW_STATEMENTS_MIN);

	return slowness->others_before_us > 0 && now_us * 2 >= slowness->others_before_us * ratio;
}

static bool is_slow(struct slowness *slowness, const struct calm_counts *window, int times)
{
	double ratio;

	slowness->now_us = latency_percentile(window->table, 95);
	ratio = slowness->now_us / slowness->before_us;
	return ratio >= times && slowness->now_us - slowness->before_us >= SLOW_MORE_US_MIN &&
	       !others_as_well(slowness, window, ratio);
}

/* A window lasts until there is enough in it, or too long for that. */
bool slowness_lasts(struct slowness *slowness, const struct calm_counts *counts, int times,
	int lasting_ms, int64_t now_ms)
{
	int64_t window_ms = now_ms - slowness->from_ms;
	struct calm_counts window;
	bool enough;

	if (times == 0 || slowness->before_us <= 0 || window_ms < lasting_ms / SLOW_WINDOWS)
		return false;
	window = since(&slowness->from, counts);
	enough = latency_total(window.table) >= SLOW_STATEMENTS_MIN;
	if (!enough && window_ms < lasting_ms)
		return false;
	slowness->slow_windows =
		enough && is_slow(slowness, &window, times) ? slowness->slow_windows + 1 : 0;
	begin_window(slowness, counts, now_ms);
	return slowness->slow_windows >= SLOW_WINDOWS;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "throttle.h"

#include <math.h>

static const double easy = 0.5, clear = 0.8, critical = 5;

enum { PAUSE_MS_MAX = 5000 };

/* The clock may have gone back: no minute is longer than that. */
static bool hibernates(const struct throttle *throttle, int64_t now_ms)
{
	return throttle->hibernate_until_ms > now_ms &&
	       throttle->hibernate_until_ms <= now_ms + HIBERNATE_MS;
}

void throttle_read(
	struct throttle *throttle, double value, double rest, double bound, int64_t now_ms)
{
	double pressure = (value - rest) / (bound - rest);

	throttle->pressure = pressure;
	if (pressure >= critical)
		throttle->hibernate_until_ms = now_ms + HIBERNATE_MS;
	else if (!hibernates(throttle, now_ms))
		throttle->hibernate_until_ms = 0;
	throttle->stopped = throttle->hibernate_until_ms != 0 || isnan(pressure) ||
			    pressure >= (throttle->stopped ? clear : 1);
}

bool throttle_is_easy(const struct throttle *throttle)
{
	return throttle->pressure < easy;
}

int64_t throttle_pause_ms(const struct throttle *throttle, int64_t busy_ms)
{
	double share = (throttle->pressure - easy) / (1 - easy), pause;

	if (!(share > 0))
		return 0;
	pause = share < 1 ? (double)busy_ms * share / (1 - share) : PAUSE_MS_MAX;
	return pause < PAUSE_MS_MAX ? (int64_t)pause : PAUSE_MS_MAX;
}

/* ---- effort ---- */

/*
 * A reading is one or two windows old: with more gain the loop swings.  One bad second says no more
 * than that four times as many as without it were slow.
 */
static const double gain = 0.15, gain_longer = 0.05, worst = 4;
static const double share_min = 0.02, share_first = 0.1, share_max = 7.0 / 8;
/* Clients wait for a processor as well, which is not seen here: beside a server with two of them
 * for all, what was seen of their waiting longer was less than half of it. */
static const double allowed = 0.25;

/* Long ones are for where nobody feels them: it goes there slowly, and comes back fast. */
static double step(const struct effort *effort, double slow, const struct effort_limits *limits)
{
	if (slow <= 1 && effort->ms >= limits->shortest_ms)
		return gain_longer * fmax(1 - 2 * slow, 0);
	return gain * (1 - fmin(slow, worst));
}

void effort_read(
	struct effort *effort, double slow, unsigned readings, const struct effort_limits *limits)
{
	if (effort->ms <= 0)
		effort->ms = share_first * limits->shortest_ms;
	else if (readings != effort->readings)
		effort->ms *= exp(step(effort, slow, limits));
	effort->readings = readings;
	effort->ms = fmax(effort->ms, share_min * limits->shortest_ms);
	effort->ms = fmin(effort->ms, limits->longest_ms);
}

double effort_batch_ms(const struct effort *effort, const struct effort_limits *limits)
{
	return fmin(fmax(effort->ms, limits->shortest_ms), limits->longest_ms);
}

double effort_allows_percent(double bound_percent)
{
	return 100 + allowed * (bound_percent - 100);
}

double effort_pause_ms(
	const struct effort *effort, const struct effort_limits *limits, int64_t busy_ms)
{
	double share = effort->ms / fmin(limits->shortest_ms, limits->longest_ms);

	return fmin((double)busy_ms * (1 / fmin(share, 1) - 1), PAUSE_MS_MAX);
}

int64_t effort_rest_ms(int64_t active_ms)
{
	return (int64_t)((double)active_ms * (1 / share_max - 1));
}

/* ---- trail ---- */

static size_t place(const struct trail *trail, size_t i)
{
	return (trail->first + i) % TRAIL_MAX;
}

void trail_add(struct trail *trail, double value, int64_t now_ms, int64_t spacing_ms)
{
	int64_t last = trail->n > 0 ? trail->points[place(trail, trail->n - 1)].at_ms : 0;

	if (trail->n > 0 && now_ms < last)
		trail->n = 0;
	else if (trail->n > 0 && now_ms - last < spacing_ms)
		return;
	if (trail->n == TRAIL_MAX)
		trail->first = place(trail, 1);
	else
		trail->n++;
	trail->points[place(trail, trail->n - 1)].at_ms = now_ms;
	trail->points[place(trail, trail->n - 1)].value = value;
}

int64_t trail_age_ms(const struct trail *trail, double value, int64_t now_ms)
{
	for (size_t i = 0; i < trail->n; i++)
		if (trail->points[place(trail, i)].value > value)
			return now_ms - trail->points[place(trail, i)].at_ms;
	return 0;
}

double trail_growth(const struct trail *trail, int64_t window_ms, int64_t now_ms)
{
	size_t i = 0;

	if (trail->n == 0)
		return 0;
	while (i < trail->n - 1 && trail->points[place(trail, i)].at_ms < now_ms - window_ms)
		i++;
	return trail->points[place(trail, trail->n - 1)].value -
	       trail->points[place(trail, i)].value;
}

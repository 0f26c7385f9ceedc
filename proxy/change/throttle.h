/* SPDX-License-Identifier: PostgreSQL */
/*
 * How much a signal holds a backfill back.  Pure: readings and the clock come from outside.
 *
 * Pressure is how far a reading has come from where it rests (0) to its bound (1).  Below half way
 * nothing happens.  From there on pauses grow until, at the bound, work stands still: so it settles
 * below the bound instead of running into it and stopping again and again.  Once it stands still
 * it does so down to the clear level, and for a minute after a critical reading.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SAMPLE_MS = 250, /* a reading is good for so long */
	HIBERNATE_MS = 60 * 1000,
};

struct throttle {
	double pressure; /* of the last reading; NAN: it could not be read */
	bool stopped;
	int64_t hibernate_until_ms; /* 0: not */
};

/* value NAN: unreadable, which stops.  rest and bound are constant for a signal. */
void throttle_read(
	struct throttle *throttle, double value, double rest, double bound, int64_t now_ms);

/* Is the reading so far from its bound that nothing happens? */
bool throttle_is_easy(const struct throttle *throttle);
/* How long to pause after busy_ms of work, while it does not stand still. */
int64_t throttle_pause_ms(const struct throttle *throttle, int64_t busy_ms);

/*
 * How much is written at a time where what clients feel decides.  Pauses that follow a reading by a
 * formula find no rest there: p95 of a second swings by itself.  So readings add up: each moves ms
 * by a few percent, until as many clients wait longer than is allowed as wait longer than p95 where
 * there is no work.  Counting them has no bias: over all readings that is what p95 will be.
 *
 * ms is how long a batch should take.  For the same rows many tiny batches meet more clients than a
 * few that are somewhat longer than what these do themselves, and cost a commit each: so none is
 * shorter than shortest_ms, and what ms is below that is the share of the time in which there is
 * one, with a pause behind each.  Long ones are what the slowest of the clients meet, however long
 * the pauses are: they come when no pauses are left.  Some time is left without any work, in order
 * to see what clients wait then.
 */
struct effort {
	double ms; /* 0: at the start */
	unsigned readings; /* taken in */
};

struct effort_limits {
	int longest_ms, shortest_ms;
};

/* slow: so many times as many clients as should waited longer than is allowed.  readings: how many
 * there were so far; the last one counts when it is new. */
void effort_read(
	struct effort *effort, double slow, unsigned readings, const struct effort_limits *limits);
/* How long a batch should take. */
double effort_batch_ms(const struct effort *effort, const struct effort_limits *limits);
/* What they are allowed to wait, in percent of what they waited before, where bound_percent stops.
 */
double effort_allows_percent(double bound_percent);
/* How long to pause after busy_ms of work. */
double effort_pause_ms(
	const struct effort *effort, const struct effort_limits *limits, int64_t busy_ms);
/* How long to rest after active_ms of work and of such pauses. */
int64_t effort_rest_ms(int64_t active_ms);

/* ---- what was read before ---- */

enum { TRAIL_MAX = 256 };

struct trail {
	struct {
		int64_t at_ms;
		double value;
	} points[TRAIL_MAX]; /* a ring */
	size_t first, n;
};

/* A point, unless the last one is younger than spacing_ms.  A clock that goes back empties it. */
void trail_add(struct trail *trail, double value, int64_t now_ms, int64_t spacing_ms);
/* Since when it has been above value: that point's age, 0 when it is not. */
int64_t trail_age_ms(const struct trail *trail, double value, int64_t now_ms);
/* By how much it grew over the last window_ms, or since its first point. */
double trail_growth(const struct trail *trail, int64_t window_ms, int64_t now_ms);

#endif

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

/* How long to pause after busy_ms of work, while it does not stand still. */
int64_t throttle_pause_ms(const struct throttle *throttle, int64_t busy_ms);

/* Zero at the start. */
struct batch_target {
	double ms;
	int64_t at_ms; /* when it was so long */
};

/*
 * How long a batch should take.  They begin short and grow for as long as nobody feels them: a few
 * long ones, with long pauses between, are what the slowest of the clients meet; many short ones
 * spread over all.  Slowly, since a reading tells what was some seconds ago; short again fast.
 */
int throttle_target_ms(const struct throttle *throttle, struct batch_target *target, int longest_ms,
	int shortest_ms, int64_t now_ms);

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

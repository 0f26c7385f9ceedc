/* SPDX-License-Identifier: PostgreSQL */
/*
 * Does a trigger of ours make clients slow?  Pure: counts and the clock come from outside.
 *
 * Held against the hour before it was there, over statements that met no batch, because batches
 * have a throttle of their own.  It has to last, for six windows in a row with enough statements in
 * each, and to be felt: a few milliseconds more are nothing to take a change back for.  And it has
 * to be the table's: when all other statements are slower as well, it is the server, not the
 * trigger.
 */
#ifndef SLOWNESS_H
#define SLOWNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "table_latency.h"

enum {
	SLOW_WINDOWS = 6,
	SLOW_STATEMENTS_MIN = 25, /* in each of them */
	SLOW_BEFORE_MIN = 100, /* statements without which the hour before tells nothing */
	SLOW_MORE_US_MIN = 50 * 1000,
};

struct slowness {
	double before_us, others_before_us; /* p95; 0: too little is known */
	double now_us; /* p95 of the last window */
	struct calm_counts from; /* of the current window */
	int64_t from_ms;
	int slow_windows; /* in a row */
};

/* before: of the hour before; counts as they are now. */
void slowness_begin(struct slowness *slowness, const struct calm_counts *before,
	const struct calm_counts *counts, int64_t now_ms);
/* True once clients have been slower by so many times for so long. */
bool slowness_lasts(struct slowness *slowness, const struct calm_counts *counts, int times,
	int lasting_ms, int64_t now_ms);

#endif

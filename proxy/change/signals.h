/* SPDX-License-Identifier: PostgreSQL */
/*
 * What production tells of how it feels, read while a backfill is under way and at no other time.
 * A signal that cannot be read is taken for a bad one.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "latency.h"
#include "table_latency.h"
#include "throttle.h"

struct arena;
struct control;

enum signal_id {
	SIGNAL_STANDBY_LAG,
	SIGNAL_STANDBY_BYTES,
	SIGNAL_SLOT_BYTES,
	SIGNAL_ARCHIVER,
	SIGNAL_ACTIVE_SESSIONS,
	SIGNAL_LOCK_WAITERS,
	SIGNAL_CHECKPOINTS,
	SIGNAL_LATENCY,
	SIGNAL_TABLE_LATENCY,
	SIGNAL_SQL,
	SIGNAL_WINDOW,
	SIGNALS,
};

enum { SIGNAL_TEXT_MAX = 1024 };

struct signal_settings {
	int64_t bounds[SIGNALS]; /* 0: not looked at */
	int batch_target_ms; /* no batch should take longer */
	char sql[SIGNAL_TEXT_MAX], window[16]; /* of SIGNAL_SQL and SIGNAL_WINDOW */
};

/* Zero at the start. */
struct signals {
	struct latency_board *board; /* NULL: there are no clients whose latency could be told */
	struct throttle throttles[SIGNALS];
	double values[SIGNALS];
	char unreadable[SIGNALS][160]; /* why */
	int64_t held_ms[SIGNALS + 1]; /* what each has cost so far; the last: rates and ratio */
	struct trail positions, checkpoints;
	struct latency_watch latency;
	struct table_watch table; /* none where it is not one table that is written */
	struct effort efforts[SIGNALS]; /* of those that tell what clients feel; else none */
	enum signal_id felt_most; /* its effort counts; SIGNALS: none */
	struct effort_limits
		effort_limits; /* none shorter than 0: there are no clients, or too few */
	bool worked; /* a backfill of this proxy did, since they were read last */
	int64_t read_ms;
	int64_t asked_ms[SIGNALS]; /* 0: not yet, or not looked at */
	bool rested_stale; /* so that what clients wait now may be known */
	int64_t active_ms; /* since it rested: work, and pauses between */
	double owed_ms; /* of these pauses */
};

/*
 * Reads those that are looked at, unless they were read a moment ago.  control NULL: none can be;
 * board NULL: there are no clients whose latency could be told.
 */
void signals_read(struct signals *signals, struct control *control, struct latency_board *board,
	const struct signal_settings *settings, int64_t now_ms);
/* The backfill is over. */
void signals_end(struct signals *signals, struct latency_board *board);

/* The signal at which work stands still, or SIGNALS. */
enum signal_id signals_stop(const struct signals *signals);
/*
 * The one that asks for the longest pause after busy_ms of work, or SIGNALS: none, as after no
 * work at all, since a pause is asked for once.  What clients feel asks for few but long ones, to
 * see what they wait without it, in which all backfills rest: read the signals meanwhile.
 */
enum signal_id signals_slow(
	struct signals *signals, int64_t busy_ms, int64_t now_ms, int64_t *pause_ms);

/* Is it looked at what clients feel, and are there any? */
bool signals_feel(const struct signals *signals);

/* How long a batch should take: what clients feel decides. */
double signals_batch_ms(const struct signals *signals);

/* Milliseconds that all have cost, and which has cost most; SIGNALS: the limits. */
int64_t signals_held(const struct signals *signals, enum signal_id *top);

/* "standby lag"; of SIGNALS "the limits" */
const char *signal_name(enum signal_id id);
/* For people, with numbers: "the standby lag is 2.1 s, its bound 1.5 s". */
const char *signal_text(struct arena *arena, const struct signals *signals,
	const struct signal_settings *settings, enum signal_id id);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * The lanes of this process, one for each database: transactions of backfill in a row, let go one
 * after the other as the limits allow.  Thread-safe.  It knows nothing of sessions, and blocks
 * nobody: whoever waits asks again when its time has come or when it is woken.
 */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "lane_budget.h"

struct lane;
struct lanes;

enum lane_place { LANE_OUTSIDE, LANE_QUEUED, LANE_RUNNING };

/* The place of one transaction; memory of the caller's until lane_leave. */
struct lane_ticket {
	struct lane_ticket *next, *previous;
	enum lane_place place;
	/* Time to ask again.  From any thread, with the lane locked: it must only pass the word on.
	 */
	void (*wake)(struct lane_ticket *ticket);
};

struct lanes *lanes_new(void);
void lanes_free(struct lanes *lanes);
/* The lane of that database; lives as long as lanes. */
struct lane *lanes_find(struct lanes *lanes, const char *database);

/* The last place in the row.  False: there are queue_max already. */
bool lane_queue(struct lane *lane, struct lane_ticket *ticket, const struct lane_limits *limits);

/* Let go at once, whatever the limits say: it holds locks already. */
void lane_pass(struct lane *lane, struct lane_ticket *ticket, int64_t now_us);

enum { LANE_BEHIND = -1 }; /* others come first: the ticket is woken */

/* May the queued ticket go?  0: it goes now.  Else how many microseconds it has to wait, or
 * LANE_BEHIND. */
int64_t lane_ask(struct lane *lane, struct lane_ticket *ticket, const struct lane_limits *limits,
	int64_t now_us);

/* Out of the row, or done; the next one is woken.  Nothing when it is outside already. */
void lane_leave(struct lane *lane, struct lane_ticket *ticket, int64_t now_us);

void lane_spend(struct lane *lane, const struct lane_spending *spent,
	const struct lane_limits *limits, int64_t now_us);

/* Why nothing may start at present; static text, or NULL. */
const char *lane_held_by(struct lane *lane);
/* For the sake of what it pauses; likewise. */
const char *lane_paused_by(struct lane *lane, int64_t now_us);

/* Where a ticket that waits stands, and what for. */
struct lane_standing {
	unsigned before; /* in the row, */
	unsigned running; /* and under way */
	int64_t paid_in_us; /* what was spent; 0: it is */
	int64_t paused_us; /* so long it pauses still, */
	const char *paused_by; /* for the sake of that */
	const char *held_by; /* see lane_held_by, */
	int64_t held_us; /* and for how long */
};
struct lane_standing lane_standing(
	struct lane *lane, const struct lane_ticket *ticket, int64_t now_us);

/* ---- for whoever keeps the lanes in step with their databases ---- */

/* The first for NULL; NULL behind the last. */
struct lane *lanes_next(struct lanes *lanes, const struct lane *lane);
const char *lane_database(const struct lane *lane);

/* Since the last report. */
struct lane_report {
	struct lane_spending spent;
	int64_t price_us; /* of it */
	bool busy; /* something was under way, */
	int64_t busy_us; /* for so long */
	bool forgiven; /* the limits changed */
	struct lane_limits limits;
};
/* False: nothing happened, and nobody waits. */
bool lane_report(struct lane *lane, struct lane_report *report, int64_t now_us);

/* Nothing may start before wait_us are over, nor while held_by, static text, is not NULL. */
void lane_tell(struct lane *lane, int64_t wait_us, const char *held_by, int64_t now_us);
/* Nor in a pause of that length, for the sake of by, static text: nothing is owed meanwhile. */
void lane_pause(struct lane *lane, int64_t us, const char *by, int64_t now_us);

#endif

/* SPDX-License-Identifier: PostgreSQL */
#include "lane.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "must.h"

struct lane {
	struct lane *next;
	pthread_mutex_t lock; /* guards what follows, and the places of the tickets */
	struct lane_limits limits; /* that the budget was kept by */
	struct lane_budget budget;
	const char *held_by;
	int64_t held_since_us;
	int64_t paused_until_us;
	const char *paused_by;
	int64_t counted_us; /* until then it is known how long it was busy */
	struct lane_report report; /* what it will be */
	struct lane_ticket *first, *last; /* of those that wait */
	unsigned queued, running;
	char database[];
};

struct lanes {
	pthread_mutex_t lock;
	struct lane *first;
};

struct lanes *lanes_new(void)
{
	struct lanes *lanes = must(calloc(1, sizeof(*lanes)));

	pthread_mutex_init(&lanes->lock, NULL);
	return lanes;
}

void lanes_free(struct lanes *lanes)
{
	struct lane *lane, *next;

	for (lane = lanes->first; lane != NULL; lane = next) {
		next = lane->next;
		pthread_mutex_destroy(&lane->lock);
		free(lane);
	}
	pthread_mutex_destroy(&lanes->lock);
	free(lanes);
}

static struct lane *lane_new(const char *database)
{
	struct lane *lane = must(calloc(1, sizeof(*lane) + strlen(database) + 1));

	pthread_mutex_init(&lane->lock, NULL);
	strcpy(lane->database, database);
	return lane;
}

struct lane *lanes_find(struct lanes *lanes, const char *database)
{
	struct lane *lane;

	pthread_mutex_lock(&lanes->lock);
	for (lane = lanes->first; lane != NULL && strcmp(lane->database, database) != 0;)
		lane = lane->next;
	if (lane == NULL) {
		lane = lane_new(database);
		lane->next = lanes->first;
		lanes->first = lane;
	}
	pthread_mutex_unlock(&lanes->lock);
	return lane;
}

/* ---- with the lane locked ---- */

/* What is owed was reckoned by the old limits: a reload that changes them forgives it. */
static void take_limits(struct lane *lane, const struct lane_limits *limits)
{
	if (lane->limits.rows_per_second != limits->rows_per_second ||
		lane->limits.statements_per_second != limits->statements_per_second ||
		lane->limits.wal_bytes_per_second != limits->wal_bytes_per_second) {
		/* The first ones change nothing: others may be owed by. */
		lane->report.forgiven = lane->limits.concurrency > 0;
		lane->budget = (struct lane_budget){0};
	}
	lane->limits = *limits;
}

static void append(struct lane *lane, struct lane_ticket *ticket)
{
	ticket->previous = lane->last;
	ticket->next = NULL;
	if (lane->last != NULL)
		lane->last->next = ticket;
	else
		lane->first = ticket;
	lane->last = ticket;
	ticket->place = LANE_QUEUED;
	lane->queued++;
}

static void unlink_ticket(struct lane *lane, struct lane_ticket *ticket)
{
	if (ticket->previous != NULL)
		ticket->previous->next = ticket->next;
	else
		lane->first = ticket->next;
	if (ticket->next != NULL)
		ticket->next->previous = ticket->previous;
	else
		lane->last = ticket->previous;
	lane->queued--;
}

static void count_busy(struct lane *lane, int64_t now_us)
{
	if (lane->running > 0 && now_us > lane->counted_us)
		lane->report.busy_us += now_us - lane->counted_us;
	lane->counted_us = now_us;
}

static void run(struct lane *lane, struct lane_ticket *ticket, int64_t now_us)
{
	count_busy(lane, now_us);
	ticket->place = LANE_RUNNING;
	lane->running++;
	lane->report.busy = true;
}

static void wake_first(struct lane *lane)
{
	if (lane->first != NULL)
		lane->first->wake(lane->first);
}

static int64_t pause_left_us(const struct lane *lane, int64_t now_us)
{
	return lane->paused_until_us > now_us ? lane->paused_until_us - now_us : 0;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- for callers ---- */

bool lane_queue(struct lane *lane, struct lane_ticket *ticket, const struct lane_limits *limits)
{
	bool room;

	pthread_mutex_lock(&lane->lock);
	room = lane->queued < limits->queue_max;
	if (room)
		append(lane, ticket);
	pthread_mutex_unlock(&lane->lock);
	return room;
}

void lane_pass(struct lane *lane, struct lane_ticket *ticket, int64_t now_us)
{
	pthread_mutex_lock(&lane->lock);
	run(lane, ticket, now_us);
	pthread_mutex_unlock(&lane->lock);
}

int64_t lane_ask(struct lane *lane, struct lane_ticket *ticket, const struct lane_limits *limits,
	int64_t now_us)
{
	int64_t wait_us = LANE_BEHIND;

	pthread_mutex_lock(&lane->lock);
	take_limits(lane, limits);
	if (lane->first == ticket && lane->running < limits->concurrency && lane->held_by == NULL)
		wait_us = longer(
			lane_budget_wait_us(&lane->budget, now_us), pause_left_us(lane, now_us));
	if (wait_us == 0) {
		unlink_ticket(lane, ticket);
		run(lane, ticket, now_us);
		wake_first(lane);
	}
	pthread_mutex_unlock(&lane->lock);
	return wait_us;
}

void lane_leave(struct lane *lane, struct lane_ticket *ticket, int64_t now_us)
{
	pthread_mutex_lock(&lane->lock);
	count_busy(lane, now_us);
	if (ticket->place == LANE_QUEUED)
		unlink_ticket(lane, ticket);
	else if (ticket->place == LANE_RUNNING)
		lane->running--;
	if (ticket->place != LANE_OUTSIDE)
		wake_first(lane);
	ticket->place = LANE_OUTSIDE;
	pthread_mutex_unlock(&lane->lock);
}

void lane_spend(struct lane *lane, const struct lane_spending *spent,
	const struct lane_limits *limits, int64_t now_us)
{
	int64_t price_us = lane_price_us(spent, limits);

	pthread_mutex_lock(&lane->lock);
	take_limits(lane, limits);
	lane_budget_spend(&lane->budget, price_us, now_us);
	lane->report.spent.rows += spent->rows;
	lane->report.spent.statements += spent->statements;
	lane->report.price_us += price_us;
	lane->report.busy = true;
	pthread_mutex_unlock(&lane->lock);
}

const char *lane_held_by(struct lane *lane)
{
	const char *held_by;

	pthread_mutex_lock(&lane->lock);
	held_by = lane->held_by;
	pthread_mutex_unlock(&lane->lock);
	return held_by;
}

const char *lane_paused_by(struct lane *lane, int64_t now_us)
{
	const char *paused_by;

	pthread_mutex_lock(&lane->lock);
	paused_by = pause_left_us(lane, now_us) > 0 ? lane->paused_by : NULL;
	pthread_mutex_unlock(&lane->lock);
	return paused_by;
}

struct lane_standing lane_standing(
	struct lane *lane, const struct lane_ticket *ticket, int64_t now_us)
{
	struct lane_standing standing = {0};

	pthread_mutex_lock(&lane->lock);
	for (const struct lane_ticket *other = lane->first; other != NULL && other != ticket;
		other = other->next)
		standing.before++;
	standing.running = lane->running;
	standing.paid_in_us = lane_budget_wait_us(&lane->budget, now_us);
	standing.paused_us = pause_left_us(lane, now_us);
	standing.paused_by = lane->paused_by;
	standing.held_by = lane->held_by;
	standing.held_us = now_us - lane->held_since_us;
	pthread_mutex_unlock(&lane->lock);
	return standing;
}

/* ---- keeping in step ---- */

struct lane *lanes_next(struct lanes *lanes, const struct lane *lane)
{
	struct lane *next;

	pthread_mutex_lock(&lanes->lock);
	next = lane == NULL ? lanes->first : lane->next;
	pthread_mutex_unlock(&lanes->lock);
	return next;
}

const char *lane_database(const struct lane *lane)
{
	return lane->database;
}

bool lane_report(struct lane *lane, struct lane_report *report, int64_t now_us)
{
	bool anything;

	pthread_mutex_lock(&lane->lock);
	count_busy(lane, now_us);
	*report = lane->report;
	report->busy |= lane->running > 0;
	report->limits = lane->limits;
	anything = report->busy || report->forgiven || lane->queued > 0;
	lane->report = (struct lane_report){0};
	pthread_mutex_unlock(&lane->lock);
	return anything;
}

void lane_tell(struct lane *lane, int64_t wait_us, const char *held_by, int64_t now_us)
{
	pthread_mutex_lock(&lane->lock);
	/* All paid: what was saved up stays saved. */
	if (wait_us > 0 && lane->budget.paid_until_us < now_us + wait_us)
		lane->budget.paid_until_us = now_us + wait_us;
	if (lane->held_by != NULL && held_by == NULL)
		wake_first(lane);
	if (lane->held_by != held_by)
		lane->held_since_us = now_us;
	lane->held_by = held_by;
	pthread_mutex_unlock(&lane->lock);
}

void lane_pause(struct lane *lane, int64_t us, const char *by, int64_t now_us)
{
	pthread_mutex_lock(&lane->lock);
	if (lane->paused_until_us < now_us + us) {
		lane->paused_until_us = now_us + us;
		lane->paused_by = by;
	}
	pthread_mutex_unlock(&lane->lock);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * How long clients wait for the server, and how that compares with what it is without a backfill.
 * Each worker counts in a histogram of its own; a few transactions are timed, not all.  From any
 * thread: the counts are atomic, and one that is a moment old does no harm.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	LATENCY_BUCKETS = 432, /* 16 an octave, to 2^30 us */
	LATENCY_ALL = 256, /* so many in a second are all timed, then one in LATENCY_EVERY, */
	LATENCY_ALL_WATCHED = 4096, /* but so many while somebody looks */
	LATENCY_EVERY = 16,
};

struct table_latency;

/* Of one worker; only its thread writes. */
struct latency {
	uint32_t left, turn; /* to be timed in this second; of all others */
	unsigned seconds; /* of the current minute */
	atomic_int waiting; /* clients, now */
	atomic_uint counts[LATENCY_BUCKETS];
	atomic_uint minute[LATENCY_BUCKETS]; /* counts as they were when it began */
	atomic_uint hour[LATENCY_BUCKETS]; /* an hour's weight of the minutes before, times 16 */
};

struct latency_board {
	atomic_uint watchers; /* backfills under way: no time to learn what is normal */
	atomic_llong worked_ms; /* when any of them wrote last, */
	atomic_llong rest_until_ms; /* and until when all of them rest */
	struct table_latency *tables; /* the same, by table */
	unsigned n;
	struct latency workers[];
};

struct latency_board *latency_board_new(unsigned n_workers);
void latency_board_free(struct latency_board *board);

/* Is this one to be timed? */
static inline bool latency_due(struct latency *latency)
{
	return latency->left > 0 ? latency->left-- : ++latency->turn % LATENCY_EVERY == 0;
}
void latency_add(struct latency *latency, int64_t us);
/* n more clients wait for the server now; those that have their answer: -1. */
void latency_wait(struct latency *latency, int n);
/* Once a second. */
void latency_tick(struct latency *latency, bool watched);

/* ---- for whoever has to stay unnoticed ---- */

/* How many clients wait for the server now. */
int latency_waiting(const struct latency_board *board);

/*
 * Backfills rest together: a rest of one beside the work of another would not tell what clients
 * wait without them.  The clock is the same for all.
 */
void latency_rest(struct latency_board *board, int64_t until_ms);
/* 0: no rest. */
int64_t latency_rest_left_ms(const struct latency_board *board, int64_t now_ms);
/* worked: the one that asks did so since since_ms.  Did any of them? */
bool latency_any_worked(struct latency_board *board, bool worked, int64_t since_ms, int64_t now_ms);

/* Transactions that ended within some samples of the time. */
struct latency_window {
	int64_t ms;
	uint32_t counts[LATENCY_BUCKETS];
};

struct latency_watch {
	bool begun;
	bool learns; /* there are clients: what they wait beside short batches will be taken for
		      * the hour before */
	uint32_t calm[LATENCY_BUCKETS]; /* what they wait without the backfill, in parts of one:
					 * what is seen while it rests, at first the hour before */
	double reference_us; /* p95 of that; 0: too little was seen */
	bool stale; /* the world may have changed since it was seen */
	bool quiet; /* too few clients of late to look at what they wait */
	double percent; /* p95 of late in percent of that, smoothed: */
	double share_of_new; /* so much of each reading counts */
	double allowed_percent; /* told from outside; infinite: not told */
	double slow; /* in the last window with work in it, so many times that many took longer
		      * than is allowed */
	unsigned readings; /* such ones so far */
	double many, many_slow; /* transactions of late, and those of them that took longer than is
				 * allowed */
	bool worked; /* in the one that is not full yet */
	int64_t read_ms;
	int64_t rested_ms; /* so long it has rested now */
	struct latency_window all, rest; /* not full yet */
	uint32_t seen[LATENCY_BUCKETS]; /* counts as they were when they were read last */
};

/*
 * p95 of late in percent of what it is without the backfill, 100 while there is nothing to compare.
 * worked: since the last call.  What clients wait while the backfill rests is not its doing: that
 * is what they are held against, and the hour before where too little of it was seen.
 */
double latency_watch(
	struct latency_watch *watch, struct latency_board *board, bool worked, int64_t now_ms);
void latency_watch_end(struct latency_watch *watch, struct latency_board *board);

/* ---- for whoever counts exchanges of a kind ---- */

unsigned latency_bucket(int64_t us);
/*
 * The watch begins.  normal, n of them: what is taken for the hour before, if they are enough.
 * share_of_new: how much of each reading counts.
 */
void latency_watch_begin(struct latency_watch *watch, double share_of_new,
	const uint32_t normal[LATENCY_BUCKETS], double n, const uint32_t counts[LATENCY_BUCKETS],
	int64_t now_ms);
/* Nothing when it has something to compare with, or still too few to call them normal. */
void latency_watch_learn(
	struct latency_watch *watch, const uint32_t normal[LATENCY_BUCKETS], double n);
/* What latency_watch says, of counts that grow from the beginning on. */
double latency_watch_counts(struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS],
	bool worked, int64_t now_ms);

double latency_total(const uint32_t counts[LATENCY_BUCKETS]);
/* How many of them took longer. */
double latency_beyond(const uint32_t counts[LATENCY_BUCKETS], double us);
/* In microseconds, 0 when there are no counts. */
double latency_percentile(const uint32_t counts[LATENCY_BUCKETS], double percent);

#endif

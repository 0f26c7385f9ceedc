/* SPDX-License-Identifier: PostgreSQL */
/*
 * The engine's threads and what they share.  Crews of tasks, each first come first served:
 * installing, and asking for approvals, is brief and must not queue behind changes that take
 * hours; following, and keeping lanes in step, last as long as the engine does.
 *
 * Locking: engine->lock guards every field marked so below, and is never held across a call to
 * libpq or to a worker.  conninfo and owner are constant; stopping is atomic.  Everything of a
 * task belongs to the thread that runs it, except what change.c says of a wait.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pace.h"
#include "signals.h"

struct barriers; /* barrier.h */
struct config;
struct database; /* install.h */
struct followed; /* follow.h */
struct latency_board; /* latency.h */
struct trouble; /* breaker.c */

/* What SIGHUP may change. */
struct tuning {
	int lease_ms;
	bool keep_bad_rows, release_automatic;
	int release_after_ms;
	int client_errors_max; /* in a minute, by a trigger of ours; 0: as many as come */
	int client_slowdown_times, client_slowdown_ms; /* by so many times for so long; 0: never */
	int lock_timeout_ms, lock_retry_max, lock_retry_delay_ms, lock_patience_ms;
	struct rates rates;
	int batch_rows_first, batch_rows_max;
	int64_t batch_bytes_max;
	int vacuum_percent; /* 0: never */
	int blocking_ms; /* a batch that blocks somebody for so long is cancelled; 0: never */
	struct signal_settings signals;
};

struct change_engine;
struct task {
	struct task *next;
	/* Runs once, on a thread of the crew; owns the task from then on.  Ends soon when stopping.
	 */
	void (*run)(struct change_engine *engine, struct task *task);
};

enum crew_kind { CREW_INSTALL, CREW_CHANGE, CREW_FOLLOW, CREW_KEEP, CREWS };
enum { CREW_THREADS_MAX = 16, CREW_QUEUE_MAX = 1000 };

struct crew {
	struct task *tasks, **tasks_end;
	size_t n_tasks;
	unsigned n_threads, n_idle;
	pthread_t threads[CREW_THREADS_MAX];
	pthread_cond_t wake;
};

struct change_engine {
	char *conninfo;
	char owner[37]; /* UUID of this process, for phasegate.change.owner */
	struct barriers *barriers; /* of the clients; NULL: there are none */
	struct latency_board *latency; /* of the clients; NULL: there are none */
	atomic_bool stopping;
	pthread_mutex_t lock;
	struct tuning tuning; /* guarded */
	struct crew crews[CREWS]; /* guarded */
	struct database *databases; /* guarded */
	struct followed *followed; /* guarded */
	struct trouble *troubles; /* guarded */
	bool following; /* guarded: CREW_FOLLOW is at it */
};

struct change_engine *engine_new(const struct config *config);
/*
 * Lets the threads end their tasks, queued ones included, and joins them.  False: a server that
 * does not answer holds one of them, and they run still.
 */
bool engine_join(struct change_engine *engine);
void engine_free(struct change_engine *engine);

void engine_tune(struct change_engine *engine, const struct config *config);
struct tuning engine_tuning(struct change_engine *engine);

/* 0, or -1 when the queue is full or the engine stops: the task is still the caller's then. */
int engine_enqueue(struct change_engine *engine, enum crew_kind crew, struct task *task);

int64_t engine_now_ms(void); /* monotonic */

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * A worker: one thread, one event base, the sessions that live on it, and the memory it lends
 * them while they have bytes to move.
 */
#ifndef WORKER_H
#define WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latency;
struct proxy; /* process-wide: see proxy.h */
struct session;

enum { WORKER_SCRATCH_BYTES = 64 * 1024 };

struct worker {
	struct proxy *proxy;
	struct event_base *base;
	pthread_t thread;
	unsigned index;
	uint8_t *scratch; /* one read's bytes; nothing in it outlives the callback */
	struct session *sessions; /* list */
	atomic_uint n_sessions; /* those on their way to it too */
	bool draining;
	struct latency *latency; /* what its clients wait; in proxy->latency */
	uint32_t tick; /* seconds since start: what sessions compare instead of asking the clock */
	/* tasks posted by other threads; private to worker.c */
	pthread_mutex_t tasks_lock;
	struct worker_task *tasks, **tasks_end;
	int wake_fd;
	struct event *wake_event, *tick_event;
	struct event *barrier_timer; /* its sessions that wait at a barrier ask again */
};

typedef void worker_fn(struct worker *worker, void *arg);

/* Starts the thread with a stack of PARSE_STACK_BYTES.  Exits the process when that fails. */
void worker_start(struct worker *worker, struct proxy *proxy, unsigned index);
/* Run fn(worker, arg) on the worker's thread; from any thread. */
void worker_post(struct worker *worker, worker_fn *fn, void *arg);
/* Ask the loop to end once its sessions are gone, then join and release what it had. */
void worker_join(struct worker *worker);

#endif

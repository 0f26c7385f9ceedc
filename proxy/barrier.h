/* SPDX-License-Identifier: PostgreSQL */
/*
 * Barriers before tables.  The change engine raises one for as long as it asks for a strong lock:
 * new statements that may name the table wait in front of the server, what is under way comes to
 * its end, and nothing new gets in between.  None keeps anybody for longer than BARRIER_US,
 * whatever becomes of the one who raised it.  A statement that slips past is no harm: it queues
 * behind the lock in the server, as all of them would without us.  Thread-safe.
 */
#ifndef BARRIER_H
#define BARRIER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words.h"

enum { BARRIER_US = 300000, BARRIERS_MAX = 32, BARRIER_NONE = -1 };

struct barrier {
	char *database; /* NULL: this place is free */
	struct word_set table;
	int64_t until_us;
};

struct barriers {
	atomic_uint n;
	pthread_mutex_t lock; /* guards the places */
	struct barrier places[BARRIERS_MAX];
	void (*lifted)(void *arg); /* whoever waits should ask again; from any thread */
	void *arg;
};

struct barriers *barriers_new(void (*lifted)(void *arg), void *arg);
void barriers_free(struct barriers *barriers);

/* Returns its place; BARRIER_NONE when all are taken. */
int barrier_raise(
	struct barriers *barriers, const char *database, const char *table, int64_t now_us);
/* BARRIER_NONE is nothing to do. */
void barrier_lift(struct barriers *barriers, int place);

/* What every statement asks first. */
static inline bool barriers_stand(struct barriers *barriers)
{
	return atomic_load_explicit(&barriers->n, memory_order_relaxed) > 0;
}

/* Until when a statement of these words has to wait; 0: it has not. */
int64_t barrier_until_us(struct barriers *barriers, const char *database,
	const struct word_set *words, int64_t now_us);

#endif

/* SPDX-License-Identifier: PostgreSQL */
#include "barrier.h"

#include <stdlib.h>
#include <string.h>

#include "must.h"

struct barriers *barriers_new(void (*lifted)(void *arg), void *arg)
{
	struct barriers *barriers = must(calloc(1, sizeof(*barriers)));

	pthread_mutex_init(&barriers->lock, NULL);
	barriers->lifted = lifted;
	barriers->arg = arg;
	return barriers;
}

void barriers_free(struct barriers *barriers)
{
	for (size_t i = 0; i < BARRIERS_MAX; i++)
		free(barriers->places[i].database);
	pthread_mutex_destroy(&barriers->lock);
	free(barriers);
}

int barrier_raise(
	struct barriers *barriers, const char *database, const char *table, int64_t now_us)
{
	int place = 0;

	pthread_mutex_lock(&barriers->lock);
	while (place < BARRIERS_MAX && barriers->places[place].database != NULL)
		place++;
	if (place < BARRIERS_MAX) {
		barriers->places[place] = (struct barrier){
			.database = must(strdup(database)),
			.table = words_of(table, strlen(table)),
			.until_us = now_us + BARRIER_US,
		};
		atomic_fetch_add(&barriers->n, 1);
	}
	pthread_mutex_unlock(&barriers->lock);
	return place < BARRIERS_MAX ? place : BARRIER_NONE;
}

void barrier_lift(struct barriers *barriers, int place)
{
	if (place == BARRIER_NONE)
		return;
	pthread_mutex_lock(&barriers->lock);
	free(barriers->places[place].database);
	barriers->places[place].database = NULL;
	atomic_fetch_sub(&barriers->n, 1);
	pthread_mutex_unlock(&barriers->lock);
	barriers->lifted(barriers->arg);
}

int64_t barrier_until_us(struct barriers *barriers, const char *database,
	const struct word_set *words, int64_t now_us)
{
	int64_t until_us = 0;

	pthread_mutex_lock(&barriers->lock);
	for (size_t i = 0; i < BARRIERS_MAX; i++) {
		const struct barrier *barrier = &barriers->places[i];

		if (barrier->database != NULL && barrier->until_us > now_us &&
			barrier->until_us > until_us && strcmp(barrier->database, database) == 0 &&
			words_have(words, &barrier->table))
			until_us = barrier->until_us;
	}
	pthread_mutex_unlock(&barriers->lock);
	return until_us;
}

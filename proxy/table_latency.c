/* SPDX-License-Identifier: PostgreSQL */
#include "table_latency.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "must.h"

/*
 * Exchanges are remembered at a distance that lets an hour of them in.  It is short at first, so
 * that a young proxy knows something soon: when there is no room left, every other one goes, and
 * the distance doubles.  Time stands still for them while a table is being written.
 */
enum {
	HOUR_US = 3600 * 1000 * 1000LL,
	DISTANCE_US_FIRST = 10 * 1000,
};

/* Less than of all clients' latency, since its bound lets it come further from rest: the loop
 * swings otherwise. */
static const double share_of_new = 0.06;

struct exchange {
	int64_t at_us; /* of the clock that stands still */
	uint32_t database; /* words_hash */
	uint16_t bucket;
	struct word_set words;
};

struct watched_table {
	bool taken;
	uint32_t database;
	struct word_set table;
	uint32_t counts[LATENCY_BUCKETS];
	struct calm_counts calm; /* those that met no batch, and those of other tables */
};

struct table_latency {
	atomic_uint watched; /* places taken */
	atomic_uint batches; /* under way */
	_Atomic int64_t rested_us; /* when the last of them ended */
	_Atomic int64_t due_us; /* the next exchange to be remembered begins then or later, */
	_Atomic int64_t distance_us; /* and the one behind it so much later */
	pthread_mutex_t lock; /* guards what follows */
	int64_t stood_us; /* for so long the clock has stood still, */
	int64_t stands_us; /* and since then it does; 0: it goes */
	unsigned n;
	struct exchange exchanges[EXCHANGES_REMEMBERED];
	struct watched_table places[TABLES_WATCHED_MAX];
};

struct table_latency *table_latency_new(void)
{
	struct table_latency *all = must(calloc(1, sizeof(*all)));

	pthread_mutex_init(&all->lock, NULL);
	atomic_init(&all->distance_us, DISTANCE_US_FIRST);
	return all;
}

void table_latency_free(struct table_latency *all)
{
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* ---- the hour ---- */

static int64_t clock_of(const struct table_latency *all, int64_t now_us)
{
	return (all->stands_us != 0 ? all->stands_us : now_us) - all->stood_us;
}

static void keep_every(struct table_latency *all, unsigned nth, int64_t since_us)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < all->n; i++)
		if (i % nth == 0 && all->exchanges[i].at_us >= since_us)
			all->exchanges[kept++] = all->exchanges[i];
	all->n = kept;
}

static void make_room(struct table_latency *all, int64_t at_us)
{
	keep_every(all, 1, at_us - HOUR_US);
	if (all->n <= EXCHANGES_REMEMBERED / 4 * 3)
		return;
	keep_every(all, 2, at_us - HOUR_US);
	atomic_store(&all->distance_us, 2 * atomic_load(&all->distance_us));
}

/* What is seen while a table is being written is not normal. */
static void remember(struct table_latency *all, const struct exchange *exchange)
{
	if (all->stands_us != 0)
		return;
	if (all->n == EXCHANGES_REMEMBERED)
		make_room(all, exchange->at_us);
	all->exchanges[all->n++] = *exchange;
}

static bool is_about(const struct exchange *exchange, const struct watched_table *place)
{
	return exchange->database == place->database && words_have(&exchange->words, &place->table);
}

static void enter(struct calm_counts *counts, const struct exchange *exchange,
	const struct watched_table *place)
{
	(is_about(exchange, place) ? counts->table : counts->others)[exchange->bucket]++;
}

static void hour_of(const struct table_latency *all, const struct watched_table *place,
	int64_t at_us, struct calm_counts *counts)
{
	*counts = (struct calm_counts){0};
	for (unsigned i = 0; i < all->n; i++)
		if (all->exchanges[i].at_us >= at_us - HOUR_US)
			enter(counts, &all->exchanges[i], place);
}

/* ---- for sessions ---- */

enum table_interest table_latency_interest(struct table_latency *all, int64_t now_us)
{
	int64_t due_us = atomic_load_explicit(&all->due_us, memory_order_relaxed);

	if (atomic_load_explicit(&all->watched, memory_order_relaxed) > 0)
		return INTEREST_WATCHED;
	/* Chosen as it begins: of those that end, the short ones would come first. */
	if (now_us >= due_us && atomic_compare_exchange_strong(&all->due_us, &due_us,
					now_us + atomic_load(&all->distance_us)))
		return INTEREST_HOUR;
	return INTEREST_NONE;
}

static void count(struct table_latency *all, const struct exchange *exchange, bool calm)
{
	for (unsigned i = 0; i < TABLES_WATCHED_MAX; i++) {
		struct watched_table *place = &all->places[i];

		if (!place->taken)
			continue;
		if (calm)
			enter(&place->calm, exchange, place);
		place->counts[exchange->bucket] += is_about(exchange, place);
	}
}

void table_latency_add(struct table_latency *all, enum table_interest interest,
	const char *database, const struct word_set *words, int64_t began_us, int64_t ended_us)
{
	struct exchange exchange = {
		.database = words_hash(database),
		.bucket = (uint16_t)latency_bucket(ended_us - began_us),
		.words = *words,
	};
	const bool calm =
		atomic_load(&all->batches) == 0 && atomic_load(&all->rested_us) <= began_us;

	pthread_mutex_lock(&all->lock);
	exchange.at_us = clock_of(all, ended_us);
	if (interest == INTEREST_HOUR)
		remember(all, &exchange);
	count(all, &exchange, calm);
	pthread_mutex_unlock(&all->lock);
}

/* ---- watching ---- */

void table_watch_begin(struct table_watch *watch, struct table_latency *all, const char *database,
	const char *table, int64_t now_ms)
{
	struct calm_counts hour;
	struct watched_table *place = all->places;

	pthread_mutex_lock(&all->lock);
	while (place->taken)
		place++;
	assert(place < all->places + TABLES_WATCHED_MAX);
	*place = (struct watched_table){
		.taken = true,
		.database = words_hash(database),
		.table = words_of(table, strlen(table)),
	};
	if (atomic_fetch_add(&all->watched, 1) == 0)
		all->stands_us = now_ms * 1000;
	*watch = (struct table_watch){.all = all, .place = place};
	hour_of(all, place, clock_of(all, now_ms * 1000), &hour);
	latency_watch_begin(&watch->latency, share_of_new, hour.table, latency_total(hour.table),
		place->counts, now_ms);
	pthread_mutex_unlock(&all->lock);
}

void table_watch_end(struct table_watch *watch, int64_t now_ms)
{
	struct table_latency *all = watch->all;

	if (all == NULL)
		return;
	pthread_mutex_lock(&all->lock);
	watch->place->taken = false;
	if (atomic_fetch_sub(&all->watched, 1) == 1) {
		all->stood_us += now_ms * 1000 - all->stands_us;
		all->stands_us = 0;
	}
	pthread_mutex_unlock(&all->lock);
	watch->all = NULL;
}

void table_watch_batch(struct table_watch *watch, bool begins, int64_t now_ms)
{
	struct table_latency *all = watch->all;

	if (all == NULL)
		return;
	if (begins) {
		atomic_fetch_add(&all->batches, 1);
	} else {
		atomic_store(&all->rested_us, (now_ms + 1) * 1000);
		atomic_fetch_sub(&all->batches, 1);
	}
}

void table_watch_hour(const struct table_watch *watch, struct calm_counts *counts, int64_t now_ms)
{
	struct table_latency *all = watch->all;

	pthread_mutex_lock(&all->lock);
	hour_of(all, watch->place, clock_of(all, now_ms * 1000), counts);
	pthread_mutex_unlock(&all->lock);
}

void table_watch_calm(const struct table_watch *watch, struct calm_counts *counts)
{
	pthread_mutex_lock(&watch->all->lock);
	*counts = watch->place->calm;
	pthread_mutex_unlock(&watch->all->lock);
}

double table_watch_percent(struct table_watch *watch, bool worked, int64_t now_ms)
{
	struct table_latency *all = watch->all;
	const struct watched_table *place = watch->place;
	double percent;

	pthread_mutex_lock(&all->lock);
	latency_watch_learn(&watch->latency, place->calm.table, latency_total(place->calm.table));
	percent = latency_watch_counts(&watch->latency, place->counts, worked, now_ms);
	pthread_mutex_unlock(&all->lock);
	return percent;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * How long clients wait for statements that name one table, and how that compares with the hour
 * before a change began to write it.  Nobody knows beforehand which table that will be: so of a few
 * exchanges the words of their texts are remembered, a sample of the last hour.  While a change
 * writes a table, every exchange that is timed is held against its name.  Thread-safe; ordinary
 * traffic asks one counter and one clock of those few that are timed anyhow.
 */
#ifndef TABLE_LATENCY_H
#define TABLE_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "latency.h"
#include "words.h"

enum {
	TABLES_WATCHED_MAX = 32, /* no more than CREW_THREADS_MAX changes are under way at once,
				  * with two watches each */
	EXCHANGES_REMEMBERED = 8192,
};

struct table_latency;

struct table_latency *table_latency_new(void);
void table_latency_free(struct table_latency *all);

/* ---- for sessions ---- */

/* What a timed exchange that begins now is wanted for. */
enum table_interest { INTEREST_NONE, INTEREST_WATCHED, INTEREST_HOUR };

/* Whoever is told INTEREST_HOUR is the one to be remembered for some time to come. */
enum table_interest table_latency_interest(struct table_latency *all, int64_t now_us);
/* It ended.  words: of all texts in it. */
void table_latency_add(struct table_latency *all, enum table_interest interest,
	const char *database, const struct word_set *words, int64_t began_us, int64_t ended_us);

/* ---- for whoever writes a table ---- */

struct watched_table;
struct table_watch {
	struct table_latency *all; /* NULL: no watch */
	struct watched_table *place;
	struct latency_watch latency;
};

/* At most TABLES_WATCHED_MAX at once. */
void table_watch_begin(struct table_watch *watch, struct table_latency *all, const char *database,
	const char *table, int64_t now_ms);
/* Nothing when there is no watch. */
void table_watch_end(struct table_watch *watch, int64_t now_ms);
/*
 * A batch begins or ends.  What clients wait outside of batches is taken for normal where too
 * little is known of the hour before: of a new table, or by a proxy that has just been started.
 */
void table_watch_batch(struct table_watch *watch, bool begins, int64_t now_ms);
/* Exchanges that met no batch: those that name the table, and all others. */
struct calm_counts {
	uint32_t table[LATENCY_BUCKETS], others[LATENCY_BUCKETS];
};
/* Of the hour before the watch began: as many of them as are remembered. */
void table_watch_hour(const struct table_watch *watch, struct calm_counts *counts, int64_t now_ms);
/* Since it began. */
void table_watch_calm(const struct table_watch *watch, struct calm_counts *counts);
/* p95 of late in percent of that before, as latency_watch tells it of all. */
double table_watch_percent(struct table_watch *watch, bool worked, int64_t now_ms);

#endif

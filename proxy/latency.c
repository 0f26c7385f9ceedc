/* SPDX-License-Identifier: PostgreSQL */
#include "latency.h"

#include <stdlib.h>
#include <string.h>

#include "must.h"
#include "table_latency.h"

enum {
	OCTAVE = 16, /* buckets in one */
	HOUR_MINUTES = 60,
	HOUR_SCALE = 16,
	NORMAL_MIN = 200, /* transactions without which nothing is called normal */
	WINDOW_MIN = 100, /* transactions in a window, unless it gets long */
	WINDOW_MS_MIN = 1000,
	WINDOW_MS_MAX = 10000,
	STILL_WINDOWS = 6,
	LEARN_MS_MIN = 5000,
	LEARN_MS_MAX = 60000, /* fewer than NORMAL_MIN in it are not worth a comparison */
};

/*
 * Backfill and latency are a loop with a delay of one window.  A share this small of each new
 * reading keeps it from swinging: see the simulation in test_change_throttle.c.
 */
static const double share_of_all = 0.15;
static const double still_share_of_new = 0.3, reference_decay = 0.01;

unsigned latency_bucket(int64_t us)
{
	unsigned value, octave;

	if (us < OCTAVE)
		return us < 0 ? 0 : (unsigned)us;
	value = us < 1 << 30 ? (unsigned)us : (1U << 30) - 1;
	octave = 31 - (unsigned)__builtin_clz(value);
	return (octave - 3) * OCTAVE + ((value >> (octave - 4)) & (OCTAVE - 1));
}

static double lower_bound(unsigned bucket)
{
	if (bucket < OCTAVE)
		return bucket;
	return (double)((uint64_t)(OCTAVE + bucket % OCTAVE) << (bucket / OCTAVE - 1));
}

static unsigned get(const atomic_uint *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

static void set(atomic_uint *count, unsigned value)
{
	atomic_store_explicit(count, value, memory_order_relaxed);
}

struct latency_board *latency_board_new(unsigned n_workers)
{
	struct latency_board *board =
		must(calloc(1, sizeof(*board) + n_workers * sizeof(board->workers[0])));

	board->n = n_workers;
	board->tables = table_latency_new();
	return board;
}

void latency_board_free(struct latency_board *board)
{
	table_latency_free(board->tables);
	free(board);
}

void latency_add(struct latency *latency, int64_t us)
{
	atomic_uint *count = &latency->counts[latency_bucket(us)];

	set(count, get(count) + 1);
}

static void end_minute(struct latency *latency, bool watched)
{
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		unsigned count = get(&latency->counts[i]), before = get(&latency->hour[i]);

		if (!watched)
			set(&latency->hour[i],
				before - before / HOUR_MINUTES +
					HOUR_SCALE * (count - get(&latency->minute[i])));
		set(&latency->minute[i], count);
	}
}

void latency_tick(struct latency *latency, bool watched)
{
	latency->timed = 0;
	if (!watched && ++latency->seconds < 60)
		return;
	latency->seconds = 0;
	end_minute(latency, watched);
}

double latency_total(const uint32_t counts[LATENCY_BUCKETS])
{
	double total = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		total += counts[i];
	return total;
}

double latency_percentile(const uint32_t counts[LATENCY_BUCKETS], double percent)
{
	double rank = latency_total(counts) * percent / 100, below = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; below += counts[i++])
		if (counts[i] > 0 && below + counts[i] >= rank)
			return lower_bound(i) +
			       (lower_bound(i + 1) - lower_bound(i)) * (rank - below) / counts[i];
	return 0;
}

/* Of all workers; returns how many there are. */
static double sum_normal(const struct latency_board *board, uint32_t sum[LATENCY_BUCKETS])
{
	double total = 0;

	memset(sum, 0, LATENCY_BUCKETS * sizeof(sum[0]));
	for (unsigned w = 0; w < board->n; w++) {
		const struct latency *latency = &board->workers[w];

		for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
			sum[i] +=
				get(&latency->hour[i]) +
				HOUR_SCALE * (get(&latency->counts[i]) - get(&latency->minute[i]));
	}
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		total += sum[i];
	return total / HOUR_SCALE;
}

static void sum_counts(const struct latency_board *board, uint32_t sum[LATENCY_BUCKETS])
{
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		sum[i] = 0;
		for (unsigned w = 0; w < board->n; w++)
			sum[i] += get(&board->workers[w].counts[i]);
	}
}

/* ---- watching ---- */

static void begin_window(
	struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS], int64_t now_ms)
{
	watch->from_ms = now_ms;
	memcpy(watch->from, counts, sizeof(watch->from));
}

void latency_watch_learn(
	struct latency_watch *watch, const uint32_t normal[LATENCY_BUCKETS], double n)
{
	if (watch->normal_us <= 0 && n >= NORMAL_MIN)
		watch->normal_us = watch->reference_us = latency_percentile(normal, 95);
}

void latency_watch_begin(struct latency_watch *watch, double share_of_new,
	const uint32_t normal[LATENCY_BUCKETS], double n, const uint32_t counts[LATENCY_BUCKETS],
	int64_t now_ms)
{
	*watch =
		(struct latency_watch){.begun = true, .percent = 100, .share_of_new = share_of_new};
	latency_watch_learn(watch, normal, n);
	begin_window(watch, counts, now_ms);
}

/* The smoothed percentage is of the reference: it goes along with a new one. */
static void refer_to(struct latency_watch *watch, double reference_us)
{
	watch->percent *= watch->reference_us / reference_us;
	watch->reference_us = reference_us;
}

static void renew_reference(struct latency_watch *watch, double p95_us)
{
	double normal = watch->normal_us;
	bool felt = watch->worked && !watch->unfelt;

	refer_to(watch, watch->reference_us - reference_decay * (watch->reference_us - normal));
	watch->still = felt ? 0 : watch->still + 1;
	if (felt)
		return;
	if (watch->still == 1)
		watch->still_us = p95_us;
	watch->still_us += still_share_of_new * (p95_us - watch->still_us);
	if (watch->still >= STILL_WINDOWS)
		refer_to(watch, watch->still_us > normal ? watch->still_us : normal);
}

/* n transactions in a window; an application that says nothing suffers nothing. */
static void end_window(struct latency_watch *watch, const uint32_t sum[LATENCY_BUCKETS], double n)
{
	double percent = 100, p95;

	if (n >= WINDOW_MIN / 4) {
		p95 = latency_percentile(sum, 95);
		renew_reference(watch, p95);
		percent = p95 * 100 / watch->reference_us;
	}
	watch->percent += watch->share_of_new * (percent - watch->percent);
	if (watch->worked) {
		watch->last_percent = percent;
		watch->readings++;
	}
	watch->worked = false;
}

/* What was counted in the window so far; returns how many there are. */
static double count_window(const struct latency_watch *watch,
	const uint32_t counts[LATENCY_BUCKETS], uint32_t window[LATENCY_BUCKETS])
{
	double n = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		n += window[i] = counts[i] - watch->from[i];
	return n;
}

double latency_watch_counts(struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS],
	bool worked, int64_t now_ms)
{
	uint32_t window[LATENCY_BUCKETS];
	int64_t window_ms = now_ms - watch->from_ms;
	double n;

	watch->worked |= worked;
	if (window_ms < WINDOW_MS_MIN || watch->normal_us <= 0)
		return watch->percent;
	n = count_window(watch, counts, window);
	if (n < WINDOW_MIN && window_ms < WINDOW_MS_MAX)
		return watch->percent;
	/* Nobody asked for a while: the change was paused, and others had the server. */
	if (window_ms < 2 * WINDOW_MS_MAX)
		end_window(watch, window, n);
	else
		watch->percent = 100;
	begin_window(watch, counts, now_ms);
	return watch->percent;
}

/* After a restart or a takeover there is no hour to know it from, but the application is there. */
static void learn_beside(
	struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS], int64_t now_ms)
{
	uint32_t window[LATENCY_BUCKETS];
	int64_t window_ms = now_ms - watch->from_ms;
	double n = count_window(watch, counts, window);

	if (window_ms >= LEARN_MS_MIN)
		latency_watch_learn(watch, window, n);
	watch->learns = watch->normal_us <= 0 && n >= WINDOW_MIN / 4;
	if (watch->normal_us > 0 || window_ms >= LEARN_MS_MAX)
		begin_window(watch, counts, now_ms);
}

double latency_watch(
	struct latency_watch *watch, struct latency_board *board, bool worked, int64_t now_ms)
{
	uint32_t counts[LATENCY_BUCKETS], normal[LATENCY_BUCKETS];

	sum_counts(board, counts);
	if (!watch->begun) {
		double n = sum_normal(board, normal);

		latency_watch_begin(watch, share_of_all, normal, n, counts, now_ms);
		atomic_fetch_add(&board->watchers, 1);
	}
	if (watch->normal_us <= 0)
		learn_beside(watch, counts, now_ms);
	return latency_watch_counts(watch, counts, worked, now_ms);
}

void latency_watch_end(struct latency_watch *watch, struct latency_board *board)
{
	if (watch->begun)
		atomic_fetch_sub(&board->watchers, 1);
	watch->begun = false;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "latency.h"

#include <math.h>
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
	REST_MS_MIN = 400, /* likewise, while it rests, */
	REST_MS_STALE = 1000, /* or nothing else is known */
	WINDOW_MS_MAX = 10000,
	SETTLE_MS = 200, /* what was begun beside a batch has ended */
	ASKED_MS_MAX = 3000, /* longer ago: the change was paused, and others had the server */
	CALM_MS = 3000, /* of rest, or */
	CALM_TRANSACTIONS = 2000, /* so many, if that takes longer: then most is forgotten */
	HOUR_TRANSACTIONS = 100, /* as much as so many of them the hour before counts */
	CALM_SCALE = 256,
	LEARN_MS_MIN = 5000,
	LEARN_MS_MAX = 60000, /* fewer than NORMAL_MIN in it are not worth a comparison, nor are
			       * they waited for */
};

static const double share_of_all = 0.08;
static const double share_stale = 0.75; /* of what was seen before others had the server */
static const double beyond_p95 = 0.05;
static const double deviations = 3; /* of what chance brings: so many mean something */

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

void latency_wait(struct latency *latency, int n)
{
	int waiting = atomic_load_explicit(&latency->waiting, memory_order_relaxed);

	atomic_store_explicit(&latency->waiting, waiting + n, memory_order_relaxed);
}

int latency_waiting(const struct latency_board *board)
{
	int waiting = 0;

	for (unsigned w = 0; w < board->n; w++)
		waiting += atomic_load_explicit(&board->workers[w].waiting, memory_order_relaxed);
	return waiting;
}

void latency_rest(struct latency_board *board, int64_t until_ms)
{
	if (atomic_load(&board->rest_until_ms) < until_ms)
		atomic_store(&board->rest_until_ms, until_ms);
}

int64_t latency_rest_left_ms(const struct latency_board *board, int64_t now_ms)
{
	int64_t left_ms = atomic_load(&board->rest_until_ms) - now_ms;

	return left_ms > 0 ? left_ms : 0;
}

bool latency_any_worked(struct latency_board *board, bool worked, int64_t since_ms, int64_t now_ms)
{
	if (worked)
		atomic_store(&board->worked_ms, now_ms);
	return worked || atomic_load(&board->worked_ms) > since_ms;
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
	latency->left = watched ? LATENCY_ALL_WATCHED : LATENCY_ALL;
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

double latency_beyond(const uint32_t counts[LATENCY_BUCKETS], double us)
{
	double n = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		double from = lower_bound(i), to = lower_bound(i + 1);

		if (from >= us)
			n += counts[i];
		else if (to > us)
			n += counts[i] * (to - us) / (to - from);
	}
	return n;
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

/*
 * Where clients are seen to wait without the backfill as well, what they waited beside it was not
 * its doing.  Where they wait less than was thought, the world may have become another one.
 */
static void refer_to(struct latency_watch *watch, double reference_us)
{
	if (watch->reference_us > 0)
		watch->percent *= fmin(watch->reference_us / reference_us, 1);
	watch->reference_us = reference_us;
}

/* They count for no more than is needed: what is seen later says what is true now. */
static void count_little(uint32_t calm[LATENCY_BUCKETS], const uint32_t counts[LATENCY_BUCKETS])
{
	double scale = HOUR_TRANSACTIONS * CALM_SCALE / latency_total(counts);

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		calm[i] = (uint32_t)lround(counts[i] * scale);
}

void latency_watch_learn(
	struct latency_watch *watch, const uint32_t normal[LATENCY_BUCKETS], double n)
{
	if (watch->reference_us > 0 || n < NORMAL_MIN)
		return;
	count_little(watch->calm, normal);
	refer_to(watch, latency_percentile(normal, 95));
}

void latency_watch_begin(struct latency_watch *watch, double share_of_new,
	const uint32_t normal[LATENCY_BUCKETS], double n, const uint32_t counts[LATENCY_BUCKETS],
	int64_t now_ms)
{
	*watch = (struct latency_watch){.begun = true,
		.stale = true,
		.percent = 100,
		.allowed_percent = INFINITY,
		.share_of_new = share_of_new,
		.read_ms = now_ms};
	memcpy(watch->seen, counts, sizeof(watch->seen));
	latency_watch_learn(watch, normal, n);
}

static void forget_by(uint32_t counts[LATENCY_BUCKETS], double share)
{
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		counts[i] = (uint32_t)(counts[i] * (1 - share));
}

static void renew_reference(
	struct latency_watch *watch, const struct latency_window *window, double n)
{
	double age = fmin((double)window->ms / CALM_MS, n / CALM_TRANSACTIONS);

	forget_by(watch->calm, 1 - exp(-age));
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		watch->calm[i] += CALM_SCALE * window->counts[i];
	refer_to(watch, latency_percentile(watch->calm, 95));
}

static double allowed_us(const struct latency_watch *watch)
{
	return watch->reference_us *
	       (isfinite(watch->allowed_percent) ? watch->allowed_percent / 100 : 1);
}

static void count_slow(struct latency_watch *watch, double n, double n_slow)
{
	watch->many += n - watch->share_of_new * watch->many;
	watch->many_slow += n_slow - watch->share_of_new * watch->many_slow;
}

/*
 * Where three in a hundred take a hundred times as long as the rest, there are six now and then,
 * and p95 is one of them: so it says something only where more are slow than chance explains.
 */
static bool more_than_chance(const struct latency_watch *watch)
{
	double known = latency_total(watch->calm) / CALM_SCALE;
	double slow = latency_beyond(watch->calm, allowed_us(watch)) / CALM_SCALE;
	double share = fmin(fmax(slow, 1) / known, 1);

	return watch->many_slow / watch->many >
	       share + deviations * sqrt(share * (1 - share) * (1 / watch->many + 1 / known));
}

/* n transactions in it; an application that says nothing suffers nothing. */
static void end_window(struct latency_watch *watch, const struct latency_window *window, double n)
{
	double percent = 100, slow = 0, n_slow;

	if (n >= WINDOW_MIN / 4) {
		n_slow = latency_beyond(window->counts, allowed_us(watch));
		percent = latency_percentile(window->counts, 95) * 100 / watch->reference_us;
		count_slow(watch, n, n_slow);
		if (!more_than_chance(watch))
			percent = fmin(percent, 100);
		slow = isfinite(watch->allowed_percent) ? n_slow / (n * beyond_p95) : 0;
	}
	watch->percent += watch->share_of_new * (percent - watch->percent);
	if (watch->worked) {
		watch->slow = slow;
		watch->readings++;
	}
	watch->worked = false;
}

/* By what was counted in the last ms; returns how many it has. */
static double extend(const struct latency_watch *watch, struct latency_window *window,
	const uint32_t counts[LATENCY_BUCKETS], int64_t ms)
{
	window->ms += ms;
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		window->counts[i] += counts[i] - watch->seen[i];
	return latency_total(window->counts);
}

static bool is_full(const struct latency_window *window, double n, int64_t ms_min)
{
	return window->ms >= ms_min && (n >= WINDOW_MIN || window->ms >= WINDOW_MS_MAX);
}

static void count_rest(
	struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS], int64_t ms)
{
	double n = extend(watch, &watch->rest, counts, ms);

	if (!is_full(&watch->rest, n, watch->stale ? REST_MS_STALE : REST_MS_MIN))
		return;
	if (n >= WINDOW_MIN / 4)
		renew_reference(watch, &watch->rest, n);
	watch->rest = (struct latency_window){0};
	watch->stale = false;
}

/* What clients waited without it was seen before others had the server, or before they went. */
static void doubt_reference(struct latency_watch *watch)
{
	watch->rest = (struct latency_window){0};
	watch->many = watch->many_slow = 0;
	forget_by(watch->calm, share_stale);
	watch->stale = true;
}

static void begin_again(struct latency_watch *watch)
{
	watch->all = (struct latency_window){0};
	watch->percent = 100;
	doubt_reference(watch);
}

/* Are n in ms as few as those from whom nothing is learned? */
static bool are_few(double n, int64_t ms)
{
	return n * LEARN_MS_MAX < (double)NORMAL_MIN * (double)ms;
}

static void count_all(
	struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS], int64_t ms)
{
	double n = extend(watch, &watch->all, counts, ms);

	if (watch->quiet && !are_few(n, WINDOW_MS_MAX)) {
		watch->quiet = false;
		doubt_reference(watch);
	}
	if (!is_full(&watch->all, n, WINDOW_MS_MIN))
		return;
	watch->quiet = are_few(n, watch->all.ms);
	end_window(watch, &watch->all, n);
	if (watch->quiet)
		watch->percent = 100;
	watch->all = (struct latency_window){0};
}

/* What began beside work has ended, and nothing new came.  ms: since the last call. */
static bool rests(struct latency_watch *watch, bool worked, int64_t ms)
{
	int64_t rested_ms = watch->rested_ms;

	watch->rested_ms = worked ? 0 : rested_ms + ms;
	return !worked && rested_ms >= SETTLE_MS;
}

double latency_watch_counts(struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS],
	bool worked, int64_t now_ms)
{
	int64_t ms = now_ms - watch->read_ms;
	bool rested = rests(watch, worked, ms);

	watch->worked |= worked;
	if (ms > ASKED_MS_MAX) {
		begin_again(watch);
	} else if (watch->reference_us > 0) {
		if (rested)
			count_rest(watch, counts, ms);
		count_all(watch, counts, ms);
	}
	watch->read_ms = now_ms;
	memcpy(watch->seen, counts, sizeof(watch->seen));
	return watch->percent;
}

/* After a restart or a takeover there is no hour to know it from, but the application is there. */
static void learn_beside(
	struct latency_watch *watch, const uint32_t counts[LATENCY_BUCKETS], int64_t now_ms)
{
	struct latency_window *window = &watch->all;
	double n = extend(watch, window, counts, now_ms - watch->read_ms);

	if (window->ms >= LEARN_MS_MIN)
		latency_watch_learn(watch, window->counts, n);
	watch->learns = watch->reference_us <= 0 && n >= WINDOW_MIN / 4 && !are_few(n, window->ms);
	if (watch->reference_us > 0 || window->ms >= LEARN_MS_MAX)
		*window = (struct latency_window){0};
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
	if (watch->reference_us <= 0)
		learn_beside(watch, counts, now_ms);
	return latency_watch_counts(watch, counts, worked, now_ms);
}

void latency_watch_end(struct latency_watch *watch, struct latency_board *board)
{
	if (watch->begun)
		atomic_fetch_sub(&board->watchers, 1);
	watch->begun = false;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "pace.h"

#include <math.h>
#include <stddef.h>

static int clamp(double rows, int min, int max)
{
	if (max < min)
		max = min;
	if (rows < min)
		return min;
	return rows > max ? max : (int)rows;
}

int batch_rows_max(int rows_max, double row_bytes, int64_t bytes_max)
{
	double rows = row_bytes > 0 ? (double)bytes_max / row_bytes : rows_max;

	return clamp(rows, BATCH_ROWS_MIN, rows_max);
}

enum {
	GUARD = 5, /* times the target: no average can be trusted to react soon enough, */
	GUARD_MS_MIN = 100, /* but of the shortest a few are always so late */
};
static const double weight = 0.75, growth_max = 1.5;

void batch_pace_next(struct batch_pace *pace, int rows, double ms, double target_ms, int rows_max)
{
	double next, most = rows * growth_max + 1, guard_ms = target_ms * GUARD;

	if (ms < 0.1)
		ms = 0.1;
	pace->avg_rows = pace->avg_rows * weight + rows;
	pace->avg_ms = pace->avg_ms * weight + fmin(ms, guard_ms);
	next = pace->avg_rows / pace->avg_ms * target_ms;
	if (next > most)
		next = most;
	if (ms > fmax(guard_ms, GUARD_MS_MIN)) {
		/* Conditions changed: what was learned before does not hold. */
		next = rows / 10.0;
		pace->avg_rows = 0;
		pace->avg_ms = 0;
	}
	pace->rows = clamp(next, BATCH_ROWS_MIN, rows_max);
}

void batch_pace_failed(struct batch_pace *pace)
{
	pace->rows = pace->rows > 1 ? pace->rows / 2 : 1;
}

enum { CROWD_SEEN_MAX = 64 }; /* what was longer ago is forgotten */

/* To be that choosy costs little time, and spares clients most of it. */
static const double few = 2.0 / 3;

void crowd_count(struct crowd *crowd, int waiting)
{
	crowd->seen += crowd->seen < CROWD_SEEN_MAX;
	crowd->usual += (waiting - crowd->usual) / crowd->seen;
	crowd->least += (crowd->usual - crowd->least) / crowd->seen;
	crowd->least = fmin(crowd->least, waiting);
}

int crowd_few(const struct crowd *crowd)
{
	return (int)lround(crowd->least + few * (crowd->usual - crowd->least));
}

static int64_t lower(int64_t a, int64_t b)
{
	return a > 0 && (b <= 0 || a < b) ? a : b;
}

struct rates rates_stricter(const struct rates *a, const struct rates *b)
{
	return (struct rates){
		lower(a->rows_per_second, b->rows_per_second),
		lower(a->wal_bytes_per_second, b->wal_bytes_per_second),
		(int)lower(a->duty_percent, b->duty_percent),
	};
}

static double longer(double price, double other)
{
	return other > price ? other : price;
}

int64_t pause_of_ratio_ms(int64_t busy_ms, double ratio)
{
	return (int64_t)((double)busy_ms * ratio / (1 - ratio));
}

double price_ms(const struct spending *spent, const struct rates *rates)
{
	double price = 0;

	if (rates->rows_per_second > 0)
		price = longer(price, (double)spent->rows * 1000 / (double)rates->rows_per_second);
	if (rates->wal_bytes_per_second > 0)
		price = longer(price,
			(double)spent->wal_bytes * 1000 / (double)rates->wal_bytes_per_second);
	if (rates->duty_percent > 0 && rates->duty_percent < 100)
		price = longer(price, (double)spent->busy_ms * 100 / rates->duty_percent);
	return price;
}

enum { FIRST_TIMEOUT_MS = 200, DOUBLINGS_MAX = 16, DELAY_MAX_MS = 60000 };

/*
 * Short at first, since everybody queues behind a waiting ACCESS EXCLUSIVE; but it has to grow past
 * deadlock_timeout (1 s), because only then does ProcSleep cancel an autovacuum in the way.
 */
int lock_attempt_timeout_ms(int attempt, int timeout_max_ms)
{
	int doublings = attempt - 1 < DOUBLINGS_MAX ? attempt - 1 : DOUBLINGS_MAX;
	int64_t timeout = (int64_t)FIRST_TIMEOUT_MS << doublings;

	/* 0 would wait for ever. */
	if (timeout_max_ms <= 0)
		timeout_max_ms = FIRST_TIMEOUT_MS;
	return timeout < timeout_max_ms ? (int)timeout : timeout_max_ms;
}

int64_t lock_attempt_delay_ms(int attempt, int base_ms, double random)
{
	int doublings = attempt - 1 < DOUBLINGS_MAX ? attempt - 1 : DOUBLINGS_MAX;
	int64_t delay = (int64_t)(base_ms > 0 ? base_ms : 1) << doublings;

	if (delay > DELAY_MAX_MS)
		delay = DELAY_MAX_MS;
	return delay / 2 + (int64_t)((double)delay * random);
}

int64_t lock_patient_delay_ms(int attempt, int base_ms)
{
	static const int times[] = {1, 5, 10, 30};

	if (base_ms == 0 || attempt < 0 || (size_t)attempt >= sizeof(times) / sizeof(times[0]))
		return -1;
	return (int64_t)times[attempt] * base_ms;
}

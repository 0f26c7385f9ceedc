/* SPDX-License-Identifier: PostgreSQL */
#include "pace.h"

static int clamp(double rows, int min, int max)
{
	if (max < min)
		max = min;
	if (rows < min)
		return min;
	return rows > max ? max : (int)rows;
}

enum { GUARD = 5 }; /* times the target: no average can be trusted to react soon enough */
static const double weight = 0.75, growth_max = 1.5;

void batch_pace_next(struct batch_pace *pace, int rows, double ms, int target_ms, int rows_max)
{
	double next, most = rows * growth_max + 1;

	if (ms < 0.1)
		ms = 0.1;
	pace->avg_rows = pace->avg_rows * weight + rows;
	pace->avg_ms = pace->avg_ms * weight + ms;
	next = pace->avg_rows / pace->avg_ms * target_ms;
	if (next > most)
		next = most;
	if (ms > (double)target_ms * GUARD) {
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

int64_t rate_bucket_take(struct rate_bucket *bucket, int64_t rate, int64_t rows, int64_t now_ms)
{
	if (rate <= 0) {
		*bucket = (struct rate_bucket){0};
		return 0;
	}
	if (bucket->filled_ms != 0)
		bucket->tokens += (double)rate * (double)(now_ms - bucket->filled_ms) / 1000;
	bucket->filled_ms = now_ms;
	/* At most a fifth of a second is saved up, so that an idle time is not paid back as a
	 * burst. */
	if (bucket->tokens > (double)rate / 5)
		bucket->tokens = (double)rate / 5;
	bucket->tokens -= (double)rows;
	return bucket->tokens >= 0 ? 0 : (int64_t)(-bucket->tokens * 1000 / (double)rate) + 1;
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

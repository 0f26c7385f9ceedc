/* SPDX-License-Identifier: PostgreSQL */
/* How fast and how patiently a change goes: pure arithmetic, no clock of its own. */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { BATCH_ROWS_MIN = 10 };

/* The batch size that takes about the target time.  The averages are kept in phasegate.backfill. */
struct batch_pace {
	double avg_rows, avg_ms; /* weighted sums, newest first */
	int rows; /* of the next batch */
};

/* A batch of rows took ms: choose the next. */
void batch_pace_next(struct batch_pace *pace, int rows, double ms, int target_ms, int rows_max);
/* It failed on a lock or a conflict: half, down to one row. */
void batch_pace_failed(struct batch_pace *pace);

/* Rows are paid for after they were written: the bucket goes below zero and the writer waits. */
struct rate_bucket {
	double tokens;
	int64_t filled_ms; /* clock of the last call; 0 before the first */
};
/* Milliseconds to wait before the next batch.  rate 0: no limit. */
int64_t rate_bucket_take(struct rate_bucket *bucket, int64_t rate, int64_t rows, int64_t now_ms);

/* lock_timeout of this attempt (the first is 1). */
int lock_attempt_timeout_ms(int attempt, int timeout_max_ms);
/* How long to leave the table alone after it; random in [0, 1) spreads contenders. */
int64_t lock_attempt_delay_ms(int attempt, int base_ms, double random);

#endif

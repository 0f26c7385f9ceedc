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

/* At most so many rows, and of rows so large at most so many bytes. */
int batch_rows_max(int rows_max, double row_bytes, int64_t bytes_max);
/* A batch of rows took ms: choose the next. */
void batch_pace_next(struct batch_pace *pace, int rows, double ms, double target_ms, int rows_max);
/* It failed on a lock or a conflict: half, down to one row. */
void batch_pace_failed(struct batch_pace *pace);

/* How many clients wait for the server. */
struct crowd {
	double usual, least; /* of late */
	int seen; /* how often they were counted, */
};
/* which they are again. */
void crowd_count(struct crowd *crowd, int waiting);
/* So many are few: less than usual, unless it is always the same. */
int crowd_few(const struct crowd *crowd);

/* What a batch took. */
struct spending {
	int64_t rows, wal_bytes, busy_ms;
};
/* 0: no limit. */
struct rates {
	int64_t rows_per_second, wal_bytes_per_second;
	int duty_percent; /* of the time batches may be under way; 100: no limit either */
};
/* How long to pause after busy_ms of work in order to pause for that share of the time, below 1. */
int64_t pause_of_ratio_ms(int64_t busy_ms, double ratio);
/* Rate by rate, the lower one. */
struct rates rates_stricter(const struct rates *a, const struct rates *b);
/* How long the rates give for it: the longest that any of them asks for. */
double price_ms(const struct spending *spent, const struct rates *rates);

/* lock_timeout of this attempt (the first is 1). */
int lock_attempt_timeout_ms(int attempt, int timeout_max_ms);
/* How long to leave the table alone after it; random in [0, 1) spreads contenders. */
int64_t lock_attempt_delay_ms(int attempt, int base_ms, double random);
/* The same when patience is asked for, the first being 0: 1, 5, 10 and 30 times base_ms; -1: no
 * more, or base_ms is 0. */
int64_t lock_patient_delay_ms(int attempt, int base_ms);

#endif

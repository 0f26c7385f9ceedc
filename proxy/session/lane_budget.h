/* SPDX-License-Identifier: PostgreSQL */
/*
 * What backfill may spend: pure arithmetic, no clock of its own.  Spending is paid afterwards, in
 * time: each bit of work has a price in microseconds, and nothing new may start before what was
 * spent is paid.
 */
#ifndef LANE_BUDGET_H
#define LANE_BUDGET_H

#include <stdint.h>

struct lane_limits {
	int64_t rows_per_second, statements_per_second, wal_bytes_per_second; /* 0: no limit */
	unsigned concurrency; /* transactions under way at once */
	unsigned queue_max; /* that wait; more are refused */
};

struct lane_spending {
	int64_t rows, statements, wal_bytes;
};

/* How long the limits give for it: the longest that any of them asks for. */
int64_t lane_price_us(const struct lane_spending *spent, const struct lane_limits *limits);

struct lane_budget {
	int64_t paid_until_us;
};

void lane_budget_spend(struct lane_budget *budget, int64_t price_us, int64_t now_us);
/* Until everything is paid; 0: it is. */
int64_t lane_budget_wait_us(const struct lane_budget *budget, int64_t now_us);

#endif

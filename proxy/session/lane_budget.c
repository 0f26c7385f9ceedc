/* SPDX-License-Identifier: PostgreSQL */
#include "lane_budget.h"

enum {
	MICROSECONDS = 1000000,
	/* A pause is not made up for by a burst, but timers that fire late must not cost rate. */
	SAVED_US_MAX = 200000,
};

/* Debts that no operator will see the end of: no overflow, and a reload can still lift them. */
static const double price_us_max = 1e15;

static double price_of(int64_t n, int64_t per_second)
{
	double price = per_second > 0 ? (double)n * MICROSECONDS / (double)per_second : 0;

	return price < price_us_max ? price : price_us_max;
}

static double longest(double a, double b)
{
	return a > b ? a : b;
}

int64_t lane_price_us(const struct lane_spending *spent, const struct lane_limits *limits)
{
	double rows = price_of(spent->rows, limits->rows_per_second);
	double statements = price_of(spent->statements, limits->statements_per_second);
	double wal = price_of(spent->wal_bytes, limits->wal_bytes_per_second);

	return (int64_t)longest(longest(rows, statements), wal);
}

void lane_budget_spend(struct lane_budget *budget, int64_t price_us, int64_t now_us)
{
	if (budget->paid_until_us < now_us - SAVED_US_MAX)
		budget->paid_until_us = now_us - SAVED_US_MAX;
	budget->paid_until_us += price_us;
}

int64_t lane_budget_wait_us(const struct lane_budget *budget, int64_t now_us)
{
	return budget->paid_until_us > now_us ? budget->paid_until_us - now_us : 0;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * What backfills may spend, on an account in the database, so that all proxies on it share one
 * budget.  Spending is paid afterwards: nobody is asked beforehand, whoever spent too much waits.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>

#include "control.h"
#include "pace.h"

#define BUDGET_DATABASE "database" /* the account of everybody in the database */

/*
 * Enters what was spent, in a transaction of its own: not inside the one that did the work, since
 * the account is locked until its end.  *wait_ms: for so long nothing more may be spent.  Entering
 * nothing (zeros) asks how long that still is.  0, or -1 with control->error set.
 */
int budget_spend(struct control *control, const char *account, const struct spending *spent,
	const struct rates *rates, int64_t *wait_ms);

/* Likewise, for a price that is known already. */
int budget_enter(struct control *control, const char *account, const struct spending *spent,
	double price_ms, int64_t *wait_ms);

/* What operators set in phasegate.control, as far as it has not expired. */
struct limits {
	struct rates all, own; /* of everybody in the database; of this change */
	double ratio; /* of the time that it pauses; 1: all */
};
int budget_limits(struct control *control, int64_t change, struct limits *limits);

/* Where the server writes its WAL, in bytes from the beginning of time; -1 with the error set. */
int64_t budget_wal_position(struct control *control);
/* The same as a statement to send along with others; and its result. */
#define BUDGET_WAL_POSITION                                                                        \
	"SELECT (pg_catalog.pg_current_wal_insert_lsn()"                                           \
	" OPERATOR(pg_catalog.-) '0/0'::pg_catalog.pg_lsn)::pg_catalog.int8"
int64_t budget_read_position(const PGresult *result);

#endif

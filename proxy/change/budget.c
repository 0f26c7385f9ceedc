/* SPDX-License-Identifier: PostgreSQL */
#include "budget.h"

#include <stdlib.h>

#include "arena.h"

/* A crash may forgive a debt of a fraction of a second: not worth a flush of the WAL each time. */
static const char spend_sql[] =
	"SELECT pg_catalog.set_config('synchronous_commit', 'off', true),"
	" phasegate.spend($1, $2::pg_catalog.int8, $3::pg_catalog.int8, $4::pg_catalog.float8)";

int budget_enter(struct control *control, const char *account, const struct spending *spent,
	double price_ms, int64_t *wait_ms)
{
	struct arena arena = {0};
	PGresult *result = CONTROL_QUERY(control, spend_sql, account,
		arena_printf(&arena, "%lld", (long long)spent->rows),
		arena_printf(&arena, "%lld", (long long)spent->wal_bytes),
		arena_printf(&arena, "%.3f", price_ms));

	arena_free(&arena);
	*wait_ms = 0;
	if (result == NULL)
		return -1;
	*wait_ms = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
	PQclear(result);
	return 0;
}

int budget_spend(struct control *control, const char *account, const struct spending *spent,
	const struct rates *rates, int64_t *wait_ms)
{
	return budget_enter(control, account, spent, price_ms(spent, rates), wait_ms);
}

static const char limits_sql[] =
	"SELECT COALESCE(pg_catalog.max(throttle_ratio), 0),"
	" COALESCE(pg_catalog.min(rows_per_second) FILTER (WHERE scope = 'global'), 0),"
	" COALESCE(pg_catalog.min(wal_bytes_per_second) FILTER (WHERE scope = 'global'), 0),"
	" COALESCE(pg_catalog.min(rows_per_second) FILTER (WHERE scope <> 'global'), 0),"
	" COALESCE(pg_catalog.min(wal_bytes_per_second) FILTER (WHERE scope <> 'global'), 0)"
	" FROM phasegate.control WHERE scope IN ('global', $1)"
	" AND (expires_at IS NULL OR expires_at > pg_catalog.clock_timestamp())";

int budget_limits(struct control *control, int64_t change, struct limits *limits)
{
	struct arena arena = {0};
	PGresult *result =
		CONTROL_QUERY(control, limits_sql, arena_printf(&arena, "%lld", (long long)change));

	arena_free(&arena);
	if (result == NULL)
		return -1;
	*limits = (struct limits){
		.ratio = strtod(PQgetvalue(result, 0, 0), NULL),
		.all.rows_per_second = strtoll(PQgetvalue(result, 0, 1), NULL, 10),
		.all.wal_bytes_per_second = strtoll(PQgetvalue(result, 0, 2), NULL, 10),
		.own.rows_per_second = strtoll(PQgetvalue(result, 0, 3), NULL, 10),
		.own.wal_bytes_per_second = strtoll(PQgetvalue(result, 0, 4), NULL, 10),
	};
	PQclear(result);
	return 0;
}

int64_t budget_read_position(const PGresult *result)
{
	return strtoll(PQgetvalue(result, 0, 0), NULL, 10);
}

int64_t budget_wal_position(struct control *control)
{
	PGresult *result = control_query(control, BUDGET_WAL_POSITION, NULL, 0);
	int64_t position = result != NULL ? budget_read_position(result) : -1;

	PQclear(result);
	return position;
}

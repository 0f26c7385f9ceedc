/* SPDX-License-Identifier: PostgreSQL */
/*
 * Every row written leaves a dead one behind.  Between batches they are cleared away once they are
 * a share of the table, so that it grows by that share and not to twice its size.
 */
#include <stdio.h>
#include <stdlib.h>

#include "batch.h"

enum { LOOK_EVERY_MS = 2000, DEAD_MIN = 50000 };

/* -1: the share cannot be told. */
static int dead_rows(struct fill *fill, double *dead, double *share)
{
	char relid[16];
	PGresult *result;

	snprintf(relid, sizeof(relid), "%u", fill->leaf->relid);
	result = CONTROL_QUERY(&fill->run->main,
		"SELECT pg_catalog.pg_stat_get_dead_tuples($1::pg_catalog.oid),"
		" pg_catalog.pg_stat_get_live_tuples($1::pg_catalog.oid)",
		relid);
	if (result == NULL)
		return -1;
	*dead = strtod(PQgetvalue(result, 0, 0), NULL);
	*share = *dead / (*dead + strtod(PQgetvalue(result, 0, 1), NULL) + 1);
	PQclear(result);
	return 0;
}

/*
 * As gently as autovacuum.  When that is at it already, or what it found cannot be removed yet, the
 * next look is for as many rows again.  A submitter who does not own the table only gets a warning.
 */
static int clear_away(struct fill *fill)
{
	struct run *run = fill->run;
	struct arena arena = {0};
	const char *table = name_sql(&arena, &fill->leaf->table);
	int status;

	run_say(run, true, "clearing away the dead rows of %s",
		name_text(&arena, &fill->leaf->table));
	status = control_exec(&run->main, "SET vacuum_cost_delay = '2ms'");
	if (status == 0)
		status = run_outside(
			run, arena_printf(&arena, "VACUUM (SKIP_LOCKED, TRUNCATE off) %s", table));
	arena_free(&arena);
	fill->advanced_ms = engine_now_ms();
	return status;
}

int fill_vacuum(struct fill *fill)
{
	int percent = fill->run->tuning.vacuum_percent;
	int64_t now = engine_now_ms();
	double dead, share;

	if (percent == 0 || now - fill->vacuum_looked_ms < LOOK_EVERY_MS)
		return 0;
	fill->vacuum_looked_ms = now;
	if (dead_rows(fill, &dead, &share) < 0)
		return -1;
	if (dead < DEAD_MIN || share * 100 < percent ||
		(double)(fill->run->rows - fill->vacuum_rows) < dead / 2)
		return 0;
	fill->vacuum_rows = fill->run->rows;
	return clear_away(fill);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where the next batches end, by the key.  Small batches ask for many ends at once: to look for one
 * costs the server as much as to write a hundred rows.  A bound that is old is as good as a new one
 * but for the rows that were added before it meanwhile.
 */
#include "batch.h"
#include "decide.h"

enum {
	AHEAD_ROWS = 2000, /* about so many are looked at: not long enough to be felt */
	AHEAD_MS = 5000,
};

void fill_forget_bounds(struct fill *fill)
{
	arena_free(&fill->ahead.arena);
	fill->ahead = (struct ahead){0};
}

void fill_bound_passed(struct fill *fill)
{
	fill->ahead.next++;
}

/* Where batches have become half as large, smaller ones are wanted at once. */
static bool serves(const struct fill *fill)
{
	const struct ahead *ahead = &fill->ahead;

	return (ahead->next < ahead->n || (ahead->next == ahead->n && ahead->ends)) &&
	       fill->leaf->pace.rows > ahead->rows / 2 &&
	       engine_now_ms() - ahead->asked_ms <= AHEAD_MS;
}

static int changed(struct fill *fill)
{
	control_fail(&fill->run->main, SQLSTATE_CHANGE_FAILED,
		"the key of table \"%s\" changed while it was being filled",
		fill->leaf->table.name);
	return -1;
}

static int look(struct fill *fill)
{
	struct ahead *ahead = &fill->ahead;
	const struct key_range whole = {fill->leaf->last_key, fill->leaf->hi_key};
	int rows = fill->leaf->pace.rows, n = rows < AHEAD_ROWS ? AHEAD_ROWS / rows : 1;
	const char *sql, *text = NULL;

	if (n > AHEAD_MAX)
		n = AHEAD_MAX;
	fill_forget_bounds(fill);
	sql = key_bounds_sql(&ahead->arena, &fill->key, &fill->leaf->table, &whole, rows, n);
	if (sql == NULL)
		return changed(fill);
	if (fill_look(fill->run, &ahead->arena, sql, &text) < 0)
		return -1;
	ahead->n = key_decode_bounds(&ahead->arena, text, ahead->bounds, n);
	if (ahead->n < 0)
		return changed(fill);
	ahead->rows = rows;
	ahead->ends = ahead->n < n;
	ahead->asked_ms = engine_now_ms();
	return 0;
}

int fill_bound(struct fill *fill, const char **bound, int *rows)
{
	struct ahead *ahead = &fill->ahead;

	if (!serves(fill) && look(fill) < 0)
		return -1;
	*rows = ahead->rows;
	*bound = ahead->next < ahead->n ? ahead->bounds[ahead->next] : NULL;
	return 0;
}

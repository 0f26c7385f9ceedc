/* SPDX-License-Identifier: PostgreSQL */
/*
 * Writes every row that was there at the start, once.  No predicate tells which rows are done, only
 * the range of the key behind us, which commits with the rows: so a kill repeats nothing.  The ends
 * of all leaves are fixed before the first row is written; what comes to lie beyond them is left
 * alone, as are partitions attached meanwhile.  A row whose key a client changes, or which it adds
 * ahead of us, is judged by where its key lies when we come there.
 */
#include <string.h>

#include "batch.h"
#include "decide.h"

static const char *batch_sql(const struct fill *fill, struct arena *arena,
	const struct key_range *range, const char *explain)
{
	return key_bulk_sql(
		arena, &fill->key, &fill->leaf->table, range, &fill->step->bulk, explain);
}

/* A cancel says nothing about the rows it fell on. */
static void name_rows(struct fill *fill, const struct key_range *range)
{
	struct run *run = fill->run;
	struct control_error *error = &run->main.error;

	if (run->main.lost || control_failed_with(&run->main, "57014"))
		return;
	error->detail = arena_printf(run->arena, "%s%sThe row is one of %s with %s.",
		error->detail != NULL ? error->detail : "", error->detail != NULL ? "\n" : "",
		name_text(run->arena, &fill->leaf->table),
		key_range_text(run->arena, &fill->key, range));
}

static int open_leaf(struct fill *fill, struct leaf_record *leaf)
{
	if (fill_open_leaf(fill, leaf) < 0)
		return -1;
	if (fill->key.n > 0)
		return 0;
	control_fail(&fill->run->main, SQLSTATE_CHANGE_FAILED,
		"table %s has no unique index over %s that its rows could be walked by",
		name_text(fill->run->arena, &leaf->table), fill->way->key_sql);
	return -1;
}

/* pass 0: not seen yet.  Nothing is written before all ends are known. */
static int fix_ends(struct fill *fill, struct leaf_record *leaves, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (leaves[i].pass == 0 &&
			(open_leaf(fill, &leaves[i]) < 0 || fill_begin_pass(fill) < 0 ||
				fill_record_leaf(fill) < 0))
			return -1;
	return 0;
}

static int write_leaf(struct fill *fill, struct leaf_record *leaf)
{
	if (open_leaf(fill, leaf) < 0 || fill_walk(fill) < 0)
		return -1;
	leaf->done = true;
	return fill_record_leaf(fill);
}

static int write_leaves(struct fill *fill)
{
	struct leaf_record *leaves;
	size_t n;

	if (fill_list_leaves(fill, &leaves, &n) < 0 || fix_ends(fill, leaves, n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!leaves[i].done && write_leaf(fill, &leaves[i]) < 0)
			return -1;
	return 0;
}

int bulk_run(struct run *run, struct step_record *step)
{
	const struct fill_way way = {
		.doing = step->bulk.set_sql != NULL ? "updating" : "deleting from",
		.key_sql = step->bulk.key_sql,
		.batch_sql = batch_sql,
		.as_it_was = true,
		.explain = name_rows,
	};
	struct fill fill;
	int status;

	fill_begin(&fill, run, step, &way);
	status = run_check_table(run);
	if (status == 0)
		status = write_leaves(&fill);
	return fill_end(&fill, status);
}

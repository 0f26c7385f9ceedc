/* SPDX-License-Identifier: PostgreSQL */
/*
 * Fills rows that a predicate calls pending.  What is repeated after a kill is at most the batch
 * under way.  READ COMMITTED judges a row that was changed meanwhile by its new version, and the
 * pending predicate makes repeating free.  Where rows can still be missed (a key updated, a block
 * walked by ctid refilled), another pass finds them.
 */
#include "batch.h"

/* Clients may write pending rows for as long as they like: what is pending then is theirs. */
enum { PASSES_MAX = 20 };

static const char *update_sql(const struct fill *fill, struct arena *arena,
	const struct key_range *range, const char *explain)
{
	const struct backfill_spec *spec = &fill->step->fill;

	return key_update_sql(arena, &fill->key, &fill->leaf->table, range, spec->set_sql,
		spec->pending_sql, explain);
}

static int fill_leaf(struct fill *fill, struct leaf_record *leaf)
{
	bool pending = true;

	if (fill_open_leaf(fill, leaf) < 0)
		return -1;
	/* Taken up again in the middle of a pass: its end stays. */
	if (leaf->hi_key != NULL && (fill_walk(fill) < 0 || pending_behind(fill, &pending) < 0))
		return -1;
	for (int i = 0; pending && i < PASSES_MAX; i++)
		if (fill_begin_pass(fill) < 0 || fill_record_leaf(fill) < 0 ||
			fill_walk(fill) < 0 || pending_behind(fill, &pending) < 0)
			return -1;
	leaf->done = true;
	leaf->last_key = leaf->hi_key = NULL;
	return fill_record_leaf(fill);
}

/* Until no leaf is left undone: partitions may be attached while we are at it. */
static int fill_leaves(struct fill *fill)
{
	struct leaf_record *leaves;
	size_t n, i;

	for (;;) {
		if (fill_list_leaves(fill, &leaves, &n) < 0)
			return -1;
		for (i = 0; i < n && leaves[i].done; i++)
			;
		if (i == n)
			return 0;
		if (fill_leaf(fill, &leaves[i]) < 0)
			return -1;
	}
}

/*
 * Rows were passed over: the step is not done before they are filled.  What is pending may be asked
 * in vain, too, when the question itself fails on such a row.
 */
static int stop_for_violations(struct run *run, const struct step_record *step, int status)
{
	struct change_record *change = &run->change;
	struct control_error error = run->main.error;
	int64_t n;

	if (status < 0 && !stuck_by_row(run))
		return -1;
	if (store_count_violations(&run->main, change->id, &n) < 0)
		return -1;
	run->main.error = error;
	if (n == 0)
		return status;
	if (store_violating(&run->main, run->arena, change, step, &change->bad_table,
		    &change->bad_rows) == 0)
		control_fail(&run->main, "23000", "%s rows cannot be filled",
			run_count(run->arena, (double)n));
	return -1;
}

int backfill_run(struct run *run, struct step_record *step)
{
	static const struct fill_way way = {
		.doing = "backfilling", .batch_sql = update_sql, .skips = true};
	struct fill fill;
	int status;

	if (backfill_undoes(step))
		return run_record_done(run, step, false);
	fill_begin(&fill, run, step, &way);
	status = run_check_table(run);
	while (status == 0) {
		status = fill_leaves(&fill);
		if (status == 0)
			status = artifact_check(&fill);
		if (status == 0 || !control_failed_with(&run->main, ARTIFACT_LOST))
			break;
		status = 0;
	}
	status = stop_for_violations(run, step, status);
	return fill_end(&fill, status);
}

bool backfill_undoes(const struct step_record *step)
{
	return step->kind == STEP_BACKFILL && step->sql[0] == '\0';
}

int backfill_undo(struct run *run, struct step_record *step)
{
	static const struct fill_way way = {.doing = "giving back", .batch_sql = update_sql};
	struct fill fill;

	fill_begin(&fill, run, step, &way);
	return fill_close(&fill, fill_leaves(&fill));
}

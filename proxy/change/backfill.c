/* SPDX-License-Identifier: PostgreSQL */
/*
 * Fills rows in batches, one leaf table after the other, in key order up to the last key there
 * was at the start.  A batch and its progress commit together, so what is repeated after a kill
 * is at most the batch under way.  READ COMMITTED judges a row that was changed meanwhile by its
 * new version, and the pending predicate makes repeating free.  Where rows can still be missed
 * (a key updated, a block walked by ctid refilled), another pass finds them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "key.h"
#include "run.h"

enum {
	BATCH_LOCK_TIMEOUT_MS = 250, /* rows locked by a client: let go of ours soon */
	STALL_MS_MAX = 10 * 60 * 1000, /* a row locked for longer than this fails the change */
	STALL_PAUSE_MS_MAX = 5000,
	PASSES_MAX = 20,
};

struct fill {
	struct run *run;
	struct step_record *step;
	struct leaf_record *leaf;
	struct key key;
	const char *key_columns; /* JSON */
	double rows_per_block; /* for walking by ctid */
	struct rate_bucket bucket;
	int64_t begun_ms, advanced_ms; /* of the step; of the last batch that went through */
	uint64_t begun_rows;
	double est_rows; /* of all leaves */
	char *last_key; /* holds leaf->last_key; malloc'ed */
};

/* ---- the way through a leaf ---- */

static int find_key(struct fill *fill)
{
	struct run *run = fill->run;
	char relid[16];
	PGresult *result;
	int status = 0;

	snprintf(relid, sizeof(relid), "%u", fill->leaf->relid);
	result = CONTROL_QUERY(&run->main, key_find_sql, relid);
	if (result == NULL)
		return -1;
	fill->key = (struct key){0};
	fill->key_columns = "[]";
	if (PQntuples(result) == 1) {
		fill->key_columns = control_value(run->arena, result, 0, 0);
		status = key_decode(run->arena, fill->key_columns,
			control_value(run->arena, result, 0, 1), &fill->key);
	}
	PQclear(result);
	if (status < 0)
		control_fail(&run->main, "XX000", "cannot read the key of table \"%s\"",
			fill->leaf->table.name);
	return status;
}

/* Blocks there are; rows in one, for sizing. */
static int measure_blocks(struct fill *fill, int64_t *blocks)
{
	char relid[16];
	PGresult *result;

	snprintf(relid, sizeof(relid), "%u", fill->leaf->relid);
	result = CONTROL_QUERY(&fill->run->main,
		"SELECT pg_catalog.pg_relation_size($1::pg_catalog.oid::pg_catalog.regclass)"
		" / pg_catalog.current_setting('block_size')::pg_catalog.int8",
		relid);
	if (result == NULL)
		return -1;
	*blocks = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	fill->rows_per_block = *blocks > 0 && fill->leaf->est_rows > 0
				       ? fill->leaf->est_rows / (double)*blocks
				       : 100;
	if (fill->rows_per_block < 1)
		fill->rows_per_block = 1;
	return 0;
}

static int fetch_alone(struct run *run, const char *sql, const char **value)
{
	int status;

	*value = NULL;
	if (control_begin(&run->main, BATCH_LOCK_TIMEOUT_MS) < 0)
		return -1;
	run->main.interruptible = true;
	status = run_fetch(run, run->arena, sql, value);
	run->main.interruptible = false;
	control_rollback(&run->main);
	return run->main.lost ? -1 : status;
}

/* A pass begins: its end is fixed now.  hi_key stays NULL for an empty table. */
static int begin_pass(struct fill *fill)
{
	struct leaf_record *leaf = fill->leaf;
	struct run *run = fill->run;
	int64_t blocks;

	leaf->last_key = leaf->hi_key = NULL;
	leaf->pass++;
	leaf->pass_changed = 0;
	if (fill->key.n > 0)
		return fetch_alone(
			run, key_last_sql(run->arena, &fill->key, &leaf->table), &leaf->hi_key);
	if (measure_blocks(fill, &blocks) < 0)
		return -1;
	if (blocks > 0)
		leaf->hi_key = arena_printf(run->arena, "[\"%lld\"]", (long long)blocks);
	return 0;
}

/* ---- one batch ---- */

struct batch {
	struct arena arena;
	struct key_range range; /* to: of this batch */
	bool last; /* of the pass */
	int64_t changed;
};

static int find_bound(struct fill *fill, struct batch *batch)
{
	const struct leaf_record *leaf = fill->leaf;
	struct key_range whole = {leaf->last_key, leaf->hi_key};
	const char *sql, *bound = NULL;

	if (fill->key.n == 0) {
		int64_t blocks = (int64_t)(leaf->pace.rows / fill->rows_per_block);

		bound = key_bound_block(&batch->arena, &whole, blocks > 0 ? blocks : 1);
	} else {
		sql = key_bound_sql(
			&batch->arena, &fill->key, &leaf->table, &whole, leaf->pace.rows);
		if (sql == NULL) {
			control_fail(&fill->run->main, SQLSTATE_CHANGE_FAILED,
				"the key of table \"%s\" changed while it was being filled",
				leaf->table.name);
			return -1;
		}
		if (run_fetch(fill->run, &batch->arena, sql, &bound) < 0)
			return -1;
	}
	batch->last = bound == NULL;
	batch->range = (struct key_range){leaf->last_key, bound != NULL ? bound : leaf->hi_key};
	return 0;
}

static int write_batch(struct fill *fill, struct batch *batch)
{
	const struct backfill_spec *spec = &fill->step->fill;
	const char *sql = key_update_sql(&batch->arena, &fill->key, &fill->leaf->table,
		&batch->range, spec->set_sql, spec->pending_sql);

	return run_as_submitter(fill->run, sql, &batch->changed);
}

static void advance(struct fill *fill, const struct batch *batch, int64_t took_ms)
{
	struct leaf_record *leaf = fill->leaf;
	const struct tuning *tuning = &fill->run->tuning;

	batch_pace_next(&leaf->pace, leaf->pace.rows, (double)took_ms, tuning->batch_target_ms,
		tuning->batch_rows_max);
	leaf->last_key = batch->range.to;
	leaf->rows_changed += batch->changed;
	leaf->pass_changed += batch->changed;
	leaf->batches++;
}

/*
 * The planner is kept from scanning the whole table for a small range of it when statistics
 * are missing or old.
 */
static int try_batch(struct fill *fill, struct batch *batch)
{
	struct run *run = fill->run;
	struct leaf_record before = *fill->leaf;
	int64_t started = engine_now_ms();
	int status;

	if (control_begin(&run->main, BATCH_LOCK_TIMEOUT_MS) < 0)
		return -1;
	run->main.interruptible = true;
	status = control_exec(&run->main, "SET LOCAL enable_seqscan = off");
	if (status == 0)
		status = find_bound(fill, batch);
	if (status == 0)
		status = write_batch(fill, batch);
	run->main.interruptible = false;
	if (status < 0 || control_pin(&run->main) < 0)
		goto failed;
	advance(fill, batch, engine_now_ms() - started);
	if (store_leaf(&run->main, &run->change, fill->step, fill->leaf, fill->key_columns) == 0 &&
		control_commit(&run->main) == 0)
		return 0;
	*fill->leaf = before;
failed:
	control_rollback(&run->main);
	return -1;
}

/* ---- pace ---- */

static void say_progress(struct fill *fill)
{
	struct run *run = fill->run;
	struct arena arena = {0};
	double seconds = (double)(engine_now_ms() - fill->begun_ms) / 1000;
	double rate = seconds > 0 ? (double)(run->rows - fill->begun_rows) / seconds : 0;

	run_say(run, false, "backfilling %s: %s of about %s rows, %s batches, %s rows/s",
		name_text(&arena, &fill->leaf->table), run_count(&arena, (double)run->rows),
		run_count(&arena,
			fill->est_rows > (double)run->rows ? fill->est_rows : (double)run->rows),
		run_count(&arena, (double)run->batches), run_count(&arena, rate));
	arena_free(&arena);
}

static int pay(struct fill *fill, int64_t rows)
{
	struct run *run = fill->run;
	int64_t wait;

	run->tuning = engine_tuning(run->engine);
	wait = rate_bucket_take(&fill->bucket, run->tuning.rows_per_second, rows, engine_now_ms());
	fill->leaf->throttled_ms += wait;
	return run_sleep(run, wait);
}

/* Rows locked by clients: smaller, later, and for as long as it may be. */
static int batch_failed(struct fill *fill)
{
	struct run *run = fill->run;

	if (run->main.lost || !run_transient(run))
		return -1;
	batch_pace_failed(&fill->leaf->pace);
	run->attempt++;
	run->tuning = engine_tuning(run->engine);
	if (engine_now_ms() - fill->advanced_ms > STALL_MS_MAX)
		return run_attempt_failed(run, fill->step, run->attempt);
	if (lock_attempt_delay_ms(run->attempt, run->tuning.lock_retry_delay_ms, 0.5) <
		STALL_PAUSE_MS_MAX)
		return run_attempt_failed(run, fill->step, run->attempt + 1);
	run_say(run, false, "%s: waiting for rows locked by %s", fill->step->purpose,
		run->blockers_text != NULL ? run->blockers_text : "other transactions");
	return run_sleep(run, STALL_PAUSE_MS_MAX);
}

/* The key outlives the batch that reached it. */
static void keep_key(struct fill *fill, const char *key)
{
	char *copy = strdup(key);

	if (copy == NULL)
		abort();
	free(fill->last_key);
	fill->leaf->last_key = fill->last_key = copy;
}

static int next_batch(struct fill *fill, bool *last)
{
	struct run *run = fill->run;
	struct batch batch = {0};
	int status;

	run->asked = false;
	run->lock_timeout_ms = BATCH_LOCK_TIMEOUT_MS;
	status = try_batch(fill, &batch);
	if (status == 0) {
		*last = batch.last;
		keep_key(fill, batch.range.to);
		run->rows += (uint64_t)batch.changed;
		run->batches++;
		run->attempt = 0;
		fill->advanced_ms = engine_now_ms();
		say_progress(fill);
		status = pay(fill, batch.changed);
	} else {
		status = batch_failed(fill);
	}
	arena_free(&batch.arena);
	return status;
}

/* ---- leaves ---- */

static int walk(struct fill *fill)
{
	bool last = fill->leaf->hi_key == NULL;

	while (!last)
		if (run_check_record(fill->run) < 0 || next_batch(fill, &last) < 0)
			return -1;
	return 0;
}

static int anything_pending(struct fill *fill, bool *pending)
{
	struct run *run = fill->run;
	const char *value;

	if (fetch_alone(run,
		    arena_printf(run->arena,
			    "SELECT CAST(EXISTS (SELECT FROM ONLY %s WHERE (%s)) AS "
			    "pg_catalog.text)",
			    name_sql(run->arena, &fill->leaf->table), fill->step->fill.pending_sql),
		    &value) < 0)
		return -1;
	*pending = value != NULL && strcmp(value, "true") == 0;
	return 0;
}

static int record_leaf(struct fill *fill)
{
	struct run *run = fill->run;

	return store_leaf(&run->main, &run->change, fill->step, fill->leaf, fill->key_columns);
}

/* Rows that the expression leaves pending are for the step that validates to complain about. */
static int fill_leaf(struct fill *fill)
{
	struct leaf_record *leaf = fill->leaf;
	bool pending = true;

	if (find_key(fill) < 0)
		return -1;
	/* Taken up again in the middle of a pass: measure for sizing, keep the end. */
	if (leaf->hi_key != NULL) {
		int64_t blocks;

		if (measure_blocks(fill, &blocks) < 0 || walk(fill) < 0 ||
			anything_pending(fill, &pending) < 0)
			return -1;
	}
	for (int i = 0; pending && i < PASSES_MAX; i++) {
		if (begin_pass(fill) < 0 || record_leaf(fill) < 0 || walk(fill) < 0)
			return -1;
		if (anything_pending(fill, &pending) < 0)
			return -1;
		if (leaf->pass_changed == 0)
			break;
	}
	leaf->done = true;
	leaf->last_key = leaf->hi_key = NULL;
	return record_leaf(fill);
}

/* A transaction of one INSERT, which autocommit is. */
static int list_leaves(struct fill *fill, struct leaf_record **leaves, size_t *n)
{
	struct run *run = fill->run;

	if (store_leaves(&run->main, run->arena, &run->change, fill->step,
		    run->tuning.batch_rows_first, leaves, n) < 0)
		return -1;
	fill->est_rows = 0;
	for (size_t i = 0; i < *n; i++)
		fill->est_rows += (*leaves)[i].est_rows;
	return 0;
}

/* Until no leaf is left undone: partitions may be attached while we are at it. */
static int fill_leaves(struct fill *fill)
{
	struct leaf_record *leaves;
	size_t n, i;

	for (;;) {
		if (list_leaves(fill, &leaves, &n) < 0)
			return -1;
		for (i = 0; i < n && leaves[i].done; i++)
			;
		if (i == n)
			return 0;
		fill->leaf = &leaves[i];
		if (fill_leaf(fill) < 0)
			return -1;
	}
}

/* What an earlier run of this change did counts in what the client is told. */
static int count_earlier(struct fill *fill)
{
	struct leaf_record *leaves;
	size_t n;

	if (list_leaves(fill, &leaves, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		fill->run->rows += (uint64_t)leaves[i].rows_changed;
		fill->run->batches += (uint64_t)leaves[i].batches;
	}
	fill->begun_rows = fill->run->rows;
	return 0;
}

int backfill_run(struct run *run, struct step_record *step)
{
	struct fill fill = {
		.run = run,
		.step = step,
		.begun_ms = engine_now_ms(),
		.advanced_ms = engine_now_ms(),
	};

	int status;

	run->step = step;
	run->attempt = 0;
	status = run_check_table(run);
	if (status == 0)
		status = count_earlier(&fill);
	if (status == 0)
		status = fill_leaves(&fill);
	free(fill.last_key);
	return status < 0 ? -1 : run_record_done(run, step, false);
}

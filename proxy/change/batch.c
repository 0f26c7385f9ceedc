/* SPDX-License-Identifier: PostgreSQL */
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide.h"

#define BATCH_LOCK_TIMEOUT_MS 250 /* rows locked by a client: let go of ours soon */
enum {
	STALL_MS_MAX = 10 * 60 * 1000, /* a row locked for longer than this fails the change */
	STALL_PAUSE_MS_MAX = 5000,
};

_Static_assert((int)TABLES_WATCHED_MAX >= 2 * (int)CREW_THREADS_MAX, "each change has two places");

/* ---- the way through a leaf ---- */

/* Blocks there are; rows in one, and how large they are, for sizing. */
static int measure(struct fill *fill, int64_t *blocks)
{
	char relid[16];
	PGresult *result;

	snprintf(relid, sizeof(relid), "%u", fill->leaf->relid);
	result = CONTROL_QUERY(&fill->run->main,
		"SELECT pg_catalog.pg_relation_size($1::pg_catalog.oid::pg_catalog.regclass)"
		" / pg_catalog.current_setting('block_size')::pg_catalog.int8,"
		" pg_catalog.pg_table_size($1::pg_catalog.oid::pg_catalog.regclass)",
		relid);
	if (result == NULL)
		return -1;
	*blocks = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	fill->row_bytes = fill->leaf->est_rows > 0
				  ? strtod(PQgetvalue(result, 0, 1), NULL) / fill->leaf->est_rows
				  : 0;
	PQclear(result);
	fill->rows_per_block = *blocks > 0 && fill->leaf->est_rows > 0
				       ? fill->leaf->est_rows / (double)*blocks
				       : 100;
	if (fill->rows_per_block < 1)
		fill->rows_per_block = 1;
	return 0;
}

static int find_key(struct fill *fill)
{
	struct run *run = fill->run;
	char relid[16];
	PGresult *result;
	int status = 0;

	snprintf(relid, sizeof(relid), "%u", fill->leaf->relid);
	result = CONTROL_QUERY(&run->main, key_find_sql, relid, fill->way->key_sql);
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

int fill_open_leaf(struct fill *fill, struct leaf_record *leaf)
{
	int64_t blocks;

	fill->leaf = leaf;
	fill->explained_rows = 0;
	fill_forget_bounds(fill);
	if (find_key(fill) < 0)
		return -1;
	return measure(fill, &blocks);
}

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define BEGIN "BEGIN; SET LOCAL lock_timeout = " TEXT(BATCH_LOCK_TIMEOUT_MS) ";"

/*
 * Where statistics are missing or old, the planner is kept from scanning the whole table for a
 * small range of it, and from sorting all that is left of it to find where a batch ends.
 */
static const char begin_sql[] =
	BEGIN "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;";

static int fetch(struct run *run, struct arena *arena, const char *begin, const char *sql,
	const char **value)
{
	int status;

	*value = NULL;
	if (control_exec(&run->main, begin) < 0)
		return -1;
	run->main.interruptible = true;
	status = run_fetch(run, arena, sql, value);
	run->main.interruptible = false;
	control_rollback(&run->main);
	return run->main.lost ? -1 : status;
}

/* Rows that row security hides must not count as none: off, it is an error (42501). */
int fill_fetch(struct run *run, const char *sql, const char **value)
{
	return fetch(run, run->arena, BEGIN "SET LOCAL row_security = off;", sql, value);
}

int fill_look(struct run *run, struct arena *arena, const char *sql, const char **value)
{
	return fetch(run, arena, begin_sql, sql, value);
}

int fill_begin_pass(struct fill *fill)
{
	struct leaf_record *leaf = fill->leaf;
	struct run *run = fill->run;
	int64_t blocks;

	fill_forget_bounds(fill);
	leaf->last_key = leaf->hi_key = NULL;
	leaf->pass++;
	leaf->pass_changed = 0;
	if (fill->key.n > 0)
		return fill_fetch(
			run, key_last_sql(run->arena, &fill->key, &leaf->table), &leaf->hi_key);
	if (measure(fill, &blocks) < 0)
		return -1;
	if (blocks > 0)
		leaf->hi_key = arena_printf(run->arena, "[\"%lld\"]", (long long)blocks);
	return 0;
}

/* ---- one batch ---- */

struct batch {
	struct arena arena;
	struct key_range range; /* to: of this batch */
	int rows; /* so many it should be, */
	bool last; /* but for the last of the pass */
	struct spending spent;
};

static int find_bound(struct fill *fill, struct batch *batch)
{
	const struct leaf_record *leaf = fill->leaf;
	struct key_range whole = {leaf->last_key, leaf->hi_key};
	const char *bound = NULL;

	batch->rows = leaf->pace.rows;
	if (fill->key.n == 0) {
		int64_t blocks = (int64_t)(leaf->pace.rows / fill->rows_per_block);

		bound = key_bound_block(&batch->arena, &whole, blocks > 0 ? blocks : 1);
	} else if (fill_bound(fill, &bound, &batch->rows) < 0) {
		return -1;
	}
	batch->last = bound == NULL;
	batch->range = (struct key_range){leaf->last_key, bound != NULL ? bound : leaf->hi_key};
	return 0;
}

static void advance(struct fill *fill, const struct batch *batch)
{
	struct leaf_record *leaf = fill->leaf;
	const struct tuning *tuning = &fill->run->tuning;

	batch_pace_next(&leaf->pace, batch->rows, (double)batch->spent.busy_ms,
		signals_batch_ms(&fill->run->signals),
		batch_rows_max(tuning->batch_rows_max, fill->row_bytes, tuning->batch_bytes_max));
	leaf->last_key = batch->range.to;
	leaf->rows_changed += batch->spent.rows;
	leaf->pass_changed += batch->spent.rows;
	leaf->batches++;
}

enum table { TABLE_FROM, TABLE_WRITTEN, TABLE_TO, TABLES };

/*
 * One message, record and COMMIT included: each that the server waits for costs clients as much as
 * the rows of a small batch.  An error ends it, and COMMIT is not carried out.
 */
static const char *batch_message(struct fill *fill, struct batch *batch)
{
	struct run *run = fill->run;
	struct arena *arena = &batch->arena;
	const char *write = run_as_submitter_sql(
		run, arena, fill->way->batch_sql(fill, arena, &batch->range, ""));
	const char *record = store_batch_sql(arena, &run->change, fill->step, fill->leaf,
		batch->range.to, fill->way->as_it_was, write);

	return arena_printf(arena, "%s%s;%s%s%s;COMMIT", begin_sql, BUDGET_WAL_POSITION, record,
		control_pin_sql(&run->main), BUDGET_WAL_POSITION);
}

/* The server tells its WAL as a whole, so what others wrote meanwhile is counted as ours. */
static int write_batch(struct fill *fill, struct batch *batch)
{
	struct control *main = &fill->run->main;
	const char *message = batch_message(fill, batch);
	PGresult *tables[TABLES];
	int64_t started;
	int status;

	fill_await_gap(fill);
	started = engine_now_ms();
	main->interruptible = true;
	status = control_tables(main, message, tables, TABLES);
	main->interruptible = false;
	if (status < 0)
		return -1;
	batch->spent = (struct spending){
		.rows = strtoll(PQgetvalue(tables[TABLE_WRITTEN], 0, 0), NULL, 10),
		.wal_bytes = budget_read_position(tables[TABLE_TO]) -
			     budget_read_position(tables[TABLE_FROM]),
		.busy_ms = engine_now_ms() - started,
	};
	for (size_t i = 0; i < TABLES; i++)
		PQclear(tables[i]);
	return 0;
}

static int try_batch(struct fill *fill, struct batch *batch)
{
	if (find_bound(fill, batch) == 0 && fill_explain(fill, &batch->arena, &batch->range) == 0 &&
		write_batch(fill, batch) == 0) {
		advance(fill, batch);
		return 0;
	}
	control_rollback(&fill->run->main);
	return -1;
}

/* ---- pace ---- */

/* Clients wait for rows that it has locked. */
static int batch_yielded(struct fill *fill)
{
	struct run *run = fill->run;

	run_say(run, true, "%s: a batch was cancelled, since a session had waited for it for %d ms",
		fill->step->purpose, run->tuning.blocking_ms);
	return run_sleep(run, lock_attempt_delay_ms(1, run->tuning.lock_retry_delay_ms, 0.5));
}

static int pass_over_row(struct fill *fill, const struct batch *batch)
{
	struct run *run = fill->run;
	struct leaf_record before = *fill->leaf;
	const char *reason = run->main.error.message;
	const char *key = arena_printf(run->arena, "[%s]", batch->range.to);

	if (control_begin(&run->main, BATCH_LOCK_TIMEOUT_MS) < 0)
		return -1;
	fill->leaf->last_key = batch->range.to;
	if (store_violations(
		    &run->main, &run->change, fill->step, fill->leaf->relid, key, reason) == 0 &&
		store_leaf(&run->main, &run->change, fill->step, fill->leaf, fill->key_columns) ==
			0 &&
		control_commit(&run->main) == 0)
		return 0;
	*fill->leaf = before;
	control_rollback(&run->main);
	return -1;
}

/*
 * A row that cannot be written is looked for by halves, noted and passed over.  1: so it was, or
 * will be; 0: it is not that; -1: there are too many of them.
 */
static int bad_row(struct fill *fill, const struct batch *batch)
{
	struct run *run = fill->run;
	struct control_error error = run->main.error;
	int64_t n;

	if (!fill->way->skips || fill->key.n == 0 || batch->range.to == NULL || !stuck_by_row(run))
		return 0;
	if (fill->leaf->pace.rows > 1) {
		batch_pace_failed(&fill->leaf->pace);
		return 1;
	}
	if (pass_over_row(fill, batch) < 0 ||
		store_count_violations(&run->main, run->change.id, &n) < 0)
		return -1;
	run->main.error = error;
	return n < STORE_VIOLATIONS_MAX ? 1 : -1;
}

/* Rows locked by clients: smaller, later, and for as long as it may be. */
static int batch_failed(struct fill *fill)
{
	struct run *run = fill->run;

	if (run->main.lost || !(run_transient(run) || run->yielding))
		return -1;
	batch_pace_failed(&fill->leaf->pace);
	if (run->yielding)
		return batch_yielded(fill);
	run->attempt++;
	run->tuning = engine_tuning(run->engine);
	if (engine_now_ms() - fill->advanced_ms > STALL_MS_MAX)
		return run_attempt_failed(run, fill->step, run->attempt);
	if (lock_attempt_delay_ms(run->attempt, run->tuning.lock_retry_delay_ms, 0.5) <
		STALL_PAUSE_MS_MAX)
		return run_attempt_failed(run, fill->step, run->attempt + 1);
	run_say(run, false, "%s: waiting for rows locked by %s", fill->step->purpose,
		run->blockers_text != NULL ? run->blockers_text : "other transactions");
	return run_await(run, STALL_PAUSE_MS_MAX, NULL);
}

/* The key outlives the batch that reached it. */
static void keep_key(struct fill *fill, const char *key)
{
	char *copy = strdup(key);

	if (copy == NULL)
		abort();
	free(fill->last_key);
	fill->leaf->last_key = fill->last_key = copy;
	fill_bound_passed(fill);
}

static int next_batch(struct fill *fill, bool *last)
{
	struct run *run = fill->run;
	struct batch batch = {0};
	int status, bad;

	run->asked = run->yielding = false;
	run->blocking_since_ms = 0;
	run->lock_timeout_ms = BATCH_LOCK_TIMEOUT_MS;
	table_watch_batch(&run->signals.table, true, engine_now_ms());
	status = try_batch(fill, &batch);
	table_watch_batch(&run->signals.table, false, engine_now_ms());
	if (status == 0) {
		*last = batch.last;
		keep_key(fill, batch.range.to);
		run->rows += (uint64_t)batch.spent.rows;
		run->batches++;
		run->attempt = 0;
		fill->advanced_ms = engine_now_ms();
		run_waiting(run, NULL);
		fill_say(fill);
		status = fill_pay(fill, &batch.spent);
	} else if ((bad = bad_row(fill, &batch)) > 0) {
		/* Alone in its batch, it is behind us now. */
		*last = batch.last && batch.range.to == fill->leaf->last_key;
		if (batch.range.to == fill->leaf->last_key)
			keep_key(fill, batch.range.to);
		status = 0;
	} else {
		status = bad < 0 ? -1 : batch_failed(fill);
		if (status < 0 && fill->way->explain != NULL && batch.range.to != NULL)
			fill->way->explain(fill, &batch.range);
	}
	arena_free(&batch.arena);
	return status;
}

/* ---- leaves ---- */

int fill_walk(struct fill *fill)
{
	bool last = fill->leaf->hi_key == NULL;

	while (!last)
		if (fill_hold(fill) < 0 || artifact_check_now_and_then(fill) < 0 ||
			fill_vacuum(fill) < 0 || next_batch(fill, &last) < 0)
			return -1;
	return 0;
}

int fill_record_leaf(struct fill *fill)
{
	struct run *run = fill->run;

	return store_leaf(&run->main, &run->change, fill->step, fill->leaf, fill->key_columns);
}

int fill_list_leaves(struct fill *fill, struct leaf_record **leaves, size_t *n)
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

void fill_begin(
	struct fill *fill, struct run *run, struct step_record *step, const struct fill_way *way)
{
	*fill = (struct fill){
		.run = run,
		.step = step,
		.way = way,
		.probed_ms = engine_now_ms(),
		.rate_ms = engine_now_ms(),
		.advanced_ms = engine_now_ms(),
		.rate_rows = run->rows,
	};
	run->step = step;
	run->attempt = 0;
	if (run->engine->latency != NULL)
		table_watch_begin(&run->signals.table, run->engine->latency->tables, run->database,
			run->change.table.name, engine_now_ms());
}

int fill_close(struct fill *fill, int status)
{
	free(fill->last_key);
	fill_forget_bounds(fill);
	if (status == 0)
		status = fill_settle(fill);
	signals_end(&fill->run->signals, fill->run->engine->latency);
	table_watch_end(&fill->run->signals.table, engine_now_ms());
	return status;
}

int fill_end(struct fill *fill, int status)
{
	return fill_close(fill, status) < 0 ? -1 : run_record_done(fill->run, fill->step, false);
}

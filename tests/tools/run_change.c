/* SPDX-License-Identifier: PostgreSQL */
/*
 * The change engine without a proxy: reads one JSON document from standard input, carries the
 * change out, writes what the session would be told as JSON lines.  For tests that have to kill it.
 *
 *   {"conninfo": "host=...", "database": "d", "mode": "submit" | "submit_sql" | "run",
 *    "submitter": "app", "session_user": "app", "search_path": "public", "sql": "ALTER TABLE ...",
 *    "pid": 1, "ids": [1], "cancel_after_ms": 0, "stop_after_ms": 0, "forget": false,
 *    "settings": {"rows_per_second": 0, "lock_timeout_ms": 2000, ...},
 *    "plan": {"relation": 16384, "schema": "public", "table": "t", "tag": "ALTER TABLE",
 *             "summary": "...", "steps": [{"kind": "catalog", "sql": "...", ...}]}}
 */
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "change.h"
#include "plan.h"

/* ---- the worker: tasks run on the main thread ---- */

struct worker_task {
	struct worker_task *next;
	worker_fn *fn;
	void *arg;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct worker_task *tasks, **end;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &queue.tasks};

static struct worker this_worker;

void worker_post(struct worker *worker, worker_fn *fn, void *arg)
{
	struct worker_task *task = malloc(sizeof(*task));

	(void)worker;
	if (task == NULL)
		abort();
	*task = (struct worker_task){NULL, fn, arg};
	pthread_mutex_lock(&queue.lock);
	*queue.end = task;
	queue.end = &task->next;
	pthread_cond_signal(&queue.wake);
	pthread_mutex_unlock(&queue.lock);
}

/* Runs one task, waiting at most so long for it. */
static bool worker_turn(int wait_ms)
{
	struct worker_task *task;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += wait_ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&queue.lock);
	if (queue.tasks == NULL)
		pthread_cond_timedwait(&queue.wake, &queue.lock, &until);
	task = queue.tasks;
	if (task != NULL) {
		queue.tasks = task->next;
		if (queue.tasks == NULL)
			queue.end = &queue.tasks;
	}
	pthread_mutex_unlock(&queue.lock);
	if (task == NULL)
		return false;
	task->fn(&this_worker, task->arg);
	free(task);
	return true;
}

/* ---- the document ---- */

static const char *text(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int number(json_t *object, const char *key, int otherwise)
{
	json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? (int)json_integer_value(value) : otherwise;
}

static enum step_kind kind_of(const char *name)
{
	enum step_kind kind = STEP_CATALOG;

	while (kind < STEP_SOAK && strcmp(step_kind_name(kind), name) != 0)
		kind++;
	return kind;
}

static enum lock_mode lock_of(const char *name)
{
	enum lock_mode mode = LOCK_NONE;

	while (name != NULL && mode < LOCK_ACCESS_EXCLUSIVE &&
		strcmp(lock_mode_name(mode), name) != 0)
		mode++;
	return mode;
}

static void read_step(struct arena *arena, json_t *json, struct step *step)
{
	json_t *fill = json_object_get(json, "backfill");

	*step = (struct step){
		.kind = kind_of(text(json, "kind")),
		.sql = text(json, "sql"),
		.undo = text(json, "undo"),
		.probe = text(json, "probe"),
		.repair = text(json, "repair"),
		.repair_when = text(json, "repair_when"),
		.lock = lock_of(text(json, "lock")),
		.purpose = text(json, "purpose"),
		.with_previous = json_is_true(json_object_get(json, "with_previous")),
		.in_client_transaction =
			json_is_true(json_object_get(json, "in_client_transaction")),
		.final = json_is_true(json_object_get(json, "final")),
	};
	if (fill == NULL)
		return;
	step->backfill = arena_alloc(arena, sizeof(*step->backfill));
	*step->backfill = (struct backfill_spec){
		.table = {text(fill, "schema"), text(fill, "table")},
		.set_sql = text(fill, "set"),
		.pending_sql = text(fill, "pending"),
	};
}

static struct plan *read_plan(struct arena *arena, json_t *json)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	json_t *steps = json_object_get(json, "steps"), *step;
	size_t i;

	plan->table = (struct name){text(json, "schema"), text(json, "table")};
	plan->relation_oid = (uint32_t)json_integer_value(json_object_get(json, "relation"));
	plan->rule = "test";
	plan->tag = text(json, "tag");
	plan->summary = text(json, "summary");
	json_array_foreach(steps, i, step) read_step(arena, step, &plan->steps[plan->n_steps++]);
	return plan;
}

static struct config read_config(json_t *root)
{
	json_t *settings = json_object_get(root, "settings");

	return (struct config){
		.control_conninfo = text(root, "conninfo"),
		.lease_ms = number(settings, "lease_ms", 15000),
		.keep_bad_rows = number(settings, "keep_bad_rows", 0),
		.policy.lock_timeout_ms = number(settings, "lock_timeout_ms", 2000),
		.lock_retry_max = number(settings, "lock_retry_max", 5),
		.lock_retry_delay_ms = number(settings, "lock_retry_delay_ms", 50),
		.lock_patience_ms = number(settings, "lock_patience_ms", 0),
		.rows_per_second = number(settings, "rows_per_second", 0),
		.wal_bytes_per_second = number(settings, "wal_bytes_per_second", 0),
		.duty_percent = number(settings, "duty_percent", 100),
		.batch_target_ms = number(settings, "batch_target_ms", 200),
		.batch_rows_first = number(settings, "batch_rows_first", 500),
		.batch_rows_max = number(settings, "batch_rows_max", 20000),
		.batch_bytes_max = 4 << 20,
		.vacuum_percent = 20,
		.blocking_ms = number(settings, "blocking_ms", 500),
		.signal_sql = "",
		.signal_window = "",
	};
}

/* ---- what a session does ---- */

static bool finished;

static void print(json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(line);
}

static void on_progress(void *arg, int64_t id, const char *line)
{
	(void)arg;
	print(json_pack("{s:I, s:s}", "id", (json_int_t)id, "progress", line));
}

static void on_finished(void *arg, const struct change_outcome *outcome)
{
	static const char *const states[] = {
		[CHANGE_DONE] = "done",
		[CHANGE_SOAKING] = "soaking",
		[CHANGE_FAILED] = "failed",
		[CHANGE_CANCELLED] = "cancelled",
		[CHANGE_UNAVAILABLE] = "unavailable",
	};

	(void)arg;
	finished = true;
	print(json_pack("{s:s, s:I, s:s?, s:s?, s:s?, s:s?, s:I, s:I, s:I}", "state",
		states[outcome->state], "id", (json_int_t)outcome->id, "sqlstate",
		outcome->sqlstate, "message", outcome->message, "detail", outcome->detail, "hint",
		outcome->hint, "batches", (json_int_t)outcome->batches, "rows",
		(json_int_t)outcome->rows, "duration_ms", (json_int_t)outcome->duration_ms));
}

static int ready = -1;

static void on_ready(struct worker *worker, void *arg, bool usable, const char *because)
{
	(void)worker;
	(void)arg;
	ready = usable;
	if (!usable)
		print(json_pack("{s:s, s:s}", "state", "unusable", "message", because));
}

static struct change_wait *begin(
	struct change_engine *engine, const struct change_request *request, json_t *root)
{
	static const struct change_events events = {on_progress, on_finished};
	json_t *ids = json_object_get(root, "ids"), *id;
	int64_t list[64];
	size_t i;

	if (strcmp(text(root, "mode"), "run") != 0)
		return change_submit(engine, request, &this_worker, &events, NULL);
	json_array_foreach(ids, i, id) list[i] = json_integer_value(id);
	return change_run(
		engine, request->database, list, json_array_size(ids), &this_worker, &events, NULL);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the end, or until the engine is to stop. */
static void wait_for_it(struct change_wait *wait, json_t *root)
{
	int cancel_ms = number(root, "cancel_after_ms", 0),
	    stop_ms = number(root, "stop_after_ms", 0);
	int64_t begun = now_ms();

	if (json_is_true(json_object_get(root, "forget"))) {
		change_wait_forget(wait);
		finished = true;
	}
	while (!finished) {
		int64_t passed = now_ms() - begun;

		if (cancel_ms > 0 && passed >= cancel_ms) {
			change_wait_cancel(wait);
			cancel_ms = 0;
		}
		if (stop_ms > 0 && passed >= stop_ms)
			return;
		worker_turn(20);
	}
}

static void use(struct change_engine *engine, struct arena *arena, json_t *root)
{
	struct change_request request = {
		.database = text(root, "database"),
		.submitter = text(root, "submitter"),
		.session_user = text(root, "session_user"),
		.search_path = text(root, "search_path"),
		.client_address = "[test]",
		.application = "run_change",
		.original_sql = text(root, "sql"),
		.fingerprint = "0",
		.plan = read_plan(arena, json_object_get(root, "plan")),
	};
	const char *because = NULL;

	ready = change_engine_ready(
		engine, request.database, &this_worker, on_ready, NULL, &because);
	while (ready < 0)
		worker_turn(100);
	if (ready == 0)
		return;
	if (strcmp(text(root, "mode"), "submit_sql") == 0)
		print(json_pack("{s:s}", "sql",
			change_submit_sql(engine, arena, &request, number(root, "pid", 0))));
	else
		wait_for_it(begin(engine, &request, root), root);
}

int main(void)
{
	json_error_t json_error;
	json_t *root = json_loadf(stdin, 0, &json_error);
	struct config config;
	struct change_engine *engine;
	struct arena arena = {0};
	char *error = NULL;

	if (root == NULL) {
		fprintf(stderr, "run_change: line %d: %s\n", json_error.line, json_error.text);
		return 2;
	}
	config = read_config(root);
	engine = change_engine_start(&config, &error);
	if (engine == NULL) {
		fprintf(stderr, "run_change: %s\n", error);
		free(error);
		json_decref(root);
		return 2;
	}
	use(engine, &arena, root);
	if (change_engine_stop(engine) < 0)
		_exit(3);
	while (worker_turn(0))
		;
	arena_free(&arena);
	json_decref(root);
	return 0;
}

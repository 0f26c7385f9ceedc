/* SPDX-License-Identifier: PostgreSQL */
/*
 * Every wait is visible: while the server works on a statement, a second connection asks whom it
 * waits for and how far an index build is.  A role without pg_read_all_stats sees pids only.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "lease.h"

static const char watch_sql[] =
	"SELECT (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('pid', a.pid,"
	"  'state', a.state, 'user', a.usename, 'application', a.application_name,"
	"  'transaction_start', a.xact_start, 'query', pg_catalog.left(a.query, 200)))"
	"  FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY (b.pids)),"
	" (SELECT pg_catalog.string_agg(pg_catalog.format('pid %s (%s)', a.pid,"
	"  pg_catalog.concat_ws(', ', COALESCE(a.state, a.backend_type),"
	"  NULLIF(COALESCE(NULLIF(a.application_name, ''), a.usename::pg_catalog.text), ''))), ', "
	"')"
	"  FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY (b.pids)),"
	" (SELECT pg_catalog.format('%s, %s of %s blocks', p.phase, p.blocks_done, p.blocks_total)"
	"  FROM pg_catalog.pg_stat_progress_create_index p WHERE p.pid = $1::pg_catalog.int4)"
	" FROM pg_catalog.pg_blocking_pids($1::pg_catalog.int4) b (pids)";

void watch_close(struct run *run)
{
	control_close(&run->watch);
	arena_free(&run->watch_arena);
}

enum { OPEN_AGAIN_MS = 5000 };

struct control *watch_connection(struct run *run)
{
	if (run->watch.conn != NULL && !run->watch.lost)
		return &run->watch;
	if (run->watch_failed_ms != 0 && engine_now_ms() - run->watch_failed_ms < OPEN_AGAIN_MS)
		return NULL;
	watch_close(run);
	run->watch_failed_ms = 0;
	if (control_open(&run->watch, &run->watch_arena, run->engine->conninfo, run->database) ==
			0 &&
		control_exec(&run->watch, "SET statement_timeout = '2s'") == 0)
		return &run->watch;
	watch_close(run);
	run->watch_failed_ms = engine_now_ms();
	return NULL;
}

static char *copy(const PGresult *result, int column)
{
	return PQgetisnull(result, 0, column) ? NULL : strdup(PQgetvalue(result, 0, column));
}

/* *progress is malloc'ed, NULL without one. */
static void look(struct run *run, char **progress)
{
	char pid[16];
	PGresult *result;

	*progress = NULL;
	if (watch_connection(run) == NULL)
		return;
	snprintf(pid, sizeof(pid), "%d", PQbackendPID(run->main.conn));
	result = CONTROL_QUERY(&run->watch, watch_sql, pid);
	arena_free(&run->watch_arena);
	if (result == NULL)
		return;
	free(run->blockers_json);
	free(run->blockers_text);
	run->blockers_json = copy(result, 0);
	run->blockers_text = copy(result, 1);
	*progress = copy(result, 2);
	PQclear(result);
}

/* For phasegate.changes, whose readers may not all see the queries; those of the steps may. */
static void note_blockers(struct run *run)
{
	struct arena arena = {0};
	struct control *side = watch_connection(run);

	if (run->blockers_text != NULL)
		run_waiting(
			run, arena_printf(&arena, "%s on %s, held by %s", run->step->lock,
				     name_text(&arena, &run->change.table), run->blockers_text));
	else
		run_waiting(run, NULL);
	if (run->blockers_json != NULL && side != NULL)
		store_blockers(side, &run->change, run->step, run->blockers_json);
	arena_free(&arena);
}

static void say(struct run *run, const char *progress, int64_t waited_ms)
{
	struct arena arena = {0};
	const char *table = name_text(&arena, &run->change.table);

	if (run->blockers_text != NULL && run->lock_timeout_ms > 0)
		run_say(run, false, "waiting for %s on %s, held by %s: attempt %d", run->step->lock,
			table, run->blockers_text, run->attempt);
	else if (run->blockers_text != NULL)
		run_say(run, false, "waiting for %s", run->blockers_text);
	else if (waited_ms >= 1000)
		run_say(run, false, "%s: %s%s%.0f s", run->step->purpose,
			progress != NULL ? progress : "", progress != NULL ? ", " : "",
			(double)waited_ms / 1000);
	arena_free(&arena);
}

static const char blocks_sql[] =
	"SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE NOT l.granted"
	" AND $1::pg_catalog.int4 = ANY (pg_catalog.pg_blocking_pids(l.pid)))";

/* Does anybody wait for what the transaction on main has locked? */
static bool blocks(struct run *run)
{
	char pid[16];
	PGresult *result;
	bool found;

	if (watch_connection(run) == NULL)
		return false;
	snprintf(pid, sizeof(pid), "%d", PQbackendPID(run->main.conn));
	result = CONTROL_QUERY(&run->watch, blocks_sql, pid);
	arena_free(&run->watch_arena);
	found = result != NULL && PQgetvalue(result, 0, 0)[0] == 't';
	PQclear(result);
	return found;
}

/* A batch gives way to whom it blocks; a step that is one statement has no smaller form. */
static void watch_batch(struct run *run)
{
	int64_t now = engine_now_ms();
	enum step_kind kind = run->step->kind;

	if ((kind != STEP_BACKFILL && kind != STEP_BULK) || run->tuning.blocking_ms == 0 ||
		!run->main.interruptible)
		return;
	if (!blocks(run))
		run->blocking_since_ms = 0;
	else if (run->blocking_since_ms == 0)
		run->blocking_since_ms = now;
	else if (now - run->blocking_since_ms >= run->tuning.blocking_ms - CONTROL_TICK_MS)
		run->yielding = true;
}

void watch_waiting(void *arg, int64_t waited_ms)
{
	struct run *run = arg;
	int64_t first = run->lock_timeout_ms > 0 ? run->lock_timeout_ms / 2 : 1000;
	char *progress;

	lease_keep(run);
	run_listen(run);
	if (run->step != NULL)
		watch_batch(run);
	if (run->step == NULL || waited_ms < (first < 500 ? first : 500))
		return;
	/* Once an attempt, in time to see who made it fail; then once a second. */
	if (run->asked && run->said_ms != 0 && engine_now_ms() - run->said_ms < 1000)
		return;
	run->asked = true;
	look(run, &progress);
	note_blockers(run);
	say(run, progress, waited_ms);
	free(progress);
}

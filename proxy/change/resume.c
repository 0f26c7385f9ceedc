/* SPDX-License-Identifier: PostgreSQL */
/*
 * Changes without a client, each a task of its own: after a start those that another phasegate
 * left in the middle, in any database of the server; later what the follower finds.  Whoever still
 * works on one keeps it (RUN_BUSY).
 */
#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "debug_log.h"
#include "engine.h"
#include "follow.h"
#include "install.h"
#include "run.h"

/* A killed proxy's server process holds the change's lock until it notices, after 5 s. */
enum { BUSY_WAIT_MS = 10000, BUSY_LOOK_MS = 250 };

struct resume {
	struct task task;
	char *database; /* NULL: look for databases */
	int64_t id; /* of the change; 0: look for changes */
	struct followed *followed; /* who sent us, or NULL */
};

static int enqueue(
	struct change_engine *engine, const char *database, int64_t id, struct followed *followed);

static void say(void *arg, int64_t id, const char *text)
{
	(void)id;
	log_info("database \"%s\": %s", (const char *)arg, text);
}

static void carry_on(struct change_engine *engine, const char *database, int64_t id)
{
	struct arena arena = {0};
	atomic_bool never = false;
	struct run run = {
		.engine = engine,
		.arena = &arena,
		.database = database,
		.unasked = true,
		.cancel = &never,
		.progress = say,
		.arg = (void *)database,
	};
	int64_t deadline = engine_now_ms() + BUSY_WAIT_MS;

	if (run_open(&run) == 0)
		while (run_change(&run, id) == RUN_BUSY && engine_now_ms() < deadline &&
			run_sleep(&run, BUSY_LOOK_MS) == 0)
			;
	run_close(&run);
	arena_free(&arena);
}

static bool installed(struct control *control)
{
	PGresult *result = control_query(
		control, "SELECT pg_catalog.to_regclass('phasegate.steps') IS NOT NULL", NULL, 0);
	bool there = result != NULL && PQgetvalue(result, 0, 0)[0] == 't';

	PQclear(result);
	return there;
}

/* Those of one table go one after the other: the first of them is enough. */
static void look_for_changes(struct change_engine *engine, const char *database)
{
	struct arena arena = {0};
	struct control control = {0};
	PGresult *live = NULL;

	if (control_open(&control, &arena, engine->conninfo, database) == 0 &&
		installed(&control) && install_current(&control) == 0) {
		follow(engine, database);
		live = control_query(&control,
			"SELECT pg_catalog.min(id) FROM phasegate.change"
			" WHERE finished_at IS NULL AND state NOT IN ('needs_fix', "
			"'needs_attention')"
			" GROUP BY relid ORDER BY 1",
			NULL, 0);
	}
	for (int i = 0; live != NULL && i < PQntuples(live); i++)
		enqueue(engine, database, strtoll(PQgetvalue(live, i, 0), NULL, 10), NULL);
	PQclear(live);
	control_close(&control);
	arena_free(&arena);
}

static void look_for_databases(struct change_engine *engine)
{
	struct arena arena = {0};
	struct control control = {0};
	PGresult *names = NULL;

	if (control_open(&control, &arena, engine->conninfo, "postgres") == 0)
		names = control_query(&control,
			"SELECT datname FROM pg_catalog.pg_database"
			" WHERE datallowconn AND NOT datistemplate",
			NULL, 0);
	for (int i = 0; names != NULL && i < PQntuples(names); i++)
		enqueue(engine, PQgetvalue(names, i, 0), 0, NULL);
	PQclear(names);
	control_close(&control);
	arena_free(&arena);
}

static void run_resume(struct change_engine *engine, struct task *task)
{
	struct resume *resume = (struct resume *)task;

	if (atomic_load(&engine->stopping))
		;
	else if (resume->database == NULL)
		look_for_databases(engine);
	else if (resume->id == 0)
		look_for_changes(engine, resume->database);
	else
		carry_on(engine, resume->database, resume->id);
	if (resume->followed != NULL)
		followed_rest(engine, resume->followed, resume->id);
	free(resume->database);
	free(resume);
}

static int enqueue(
	struct change_engine *engine, const char *database, int64_t id, struct followed *followed)
{
	struct resume *resume = calloc(1, sizeof(*resume));

	if (resume == NULL)
		return -1;
	resume->task.run = run_resume;
	resume->id = id;
	resume->followed = followed;
	resume->database = database == NULL ? NULL : strdup(database);
	if (engine_enqueue(engine, CREW_CHANGE, &resume->task) == 0)
		return 0;
	free(resume->database);
	free(resume);
	return -1;
}

void change_engine_resume(
	struct change_engine *engine, struct latency_board *latency, struct barriers *barriers)
{
	engine->latency = latency;
	engine->barriers = barriers;
	enqueue(engine, NULL, 0, NULL);
	follow_all(engine);
}

int resume_one(
	struct change_engine *engine, const char *database, int64_t id, struct followed *followed)
{
	return enqueue(engine, database, id, followed);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * After a start: changes that another phasegate left in the middle, in any database of the
 * server, are carried to their end.  Whoever still works on one keeps it (RUN_BUSY).
 */
#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "debug_log.h"
#include "engine.h"
#include "follow.h"
#include "run.h"

/* A killed proxy's server process holds the change's lock until it notices, after 5 s. */
enum { BUSY_WAIT_MS = 10000, BUSY_LOOK_MS = 250 };

struct resume {
	struct task task;
	char *database; /* NULL: look for databases */
	struct followed *followed; /* only what operators asked for there; NULL: all that is live */
};

static int enqueue(struct change_engine *engine, const char *database, struct followed *followed);

static void say(void *arg, int64_t id, const char *text)
{
	(void)id;
	log_info("database \"%s\": %s", (const char *)arg, text);
}

static void carry_on(struct run *run, int64_t id)
{
	int64_t deadline = engine_now_ms() + BUSY_WAIT_MS;

	while (run_change(run, id) == RUN_BUSY && engine_now_ms() < deadline &&
		run_sleep(run, BUSY_LOOK_MS) == 0)
		;
}

static const char live_sql[] = "SELECT id FROM phasegate.change WHERE state IN ('submitted', "
			       "'running', 'soaking', 'undoing')"
			       " ORDER BY id";
static const char wanted_sql[] = "SELECT id FROM phasegate.change WHERE wanted IS NOT NULL"
				 " AND finished_at IS NULL ORDER BY id";

static void resume_database(struct change_engine *engine, const char *database, const char *sql)
{
	struct arena arena = {0};
	atomic_bool never = false;
	struct run run = {
		.engine = engine,
		.arena = &arena,
		.database = database,
		.cancel = &never,
		.progress = say,
		.arg = (void *)database,
	};
	PGresult *there = NULL, *live = NULL;

	if (run_open(&run) == 0)
		there = control_query(&run.main,
			"SELECT pg_catalog.to_regclass('phasegate.steps') IS NOT NULL", NULL, 0);
	if (there != NULL && PQgetvalue(there, 0, 0)[0] == 't')
		live = control_query(&run.main, sql, NULL, 0);
	for (int i = 0; live != NULL && i < PQntuples(live); i++)
		carry_on(&run, strtoll(PQgetvalue(live, i, 0), NULL, 10));
	PQclear(live);
	PQclear(there);
	run_close(&run);
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
		enqueue(engine, PQgetvalue(names, i, 0), NULL);
	PQclear(names);
	control_close(&control);
	arena_free(&arena);
}

static void run_resume(struct change_engine *engine, struct task *task)
{
	struct resume *resume = (struct resume *)task;

	if (!atomic_load(&engine->stopping) && resume->database == NULL)
		look_for_databases(engine);
	else if (!atomic_load(&engine->stopping))
		resume_database(
			engine, resume->database, resume->followed != NULL ? wanted_sql : live_sql);
	if (resume->followed != NULL)
		followed_rest(engine, resume->followed);
	free(resume->database);
	free(resume);
}

static int enqueue(struct change_engine *engine, const char *database, struct followed *followed)
{
	struct resume *resume = calloc(1, sizeof(*resume));

	if (resume == NULL)
		return -1;
	resume->task.run = run_resume;
	resume->followed = followed;
	resume->database = database == NULL ? NULL : strdup(database);
	if (engine_enqueue(engine, LANE_CHANGE, &resume->task) == 0)
		return 0;
	free(resume->database);
	free(resume);
	return -1;
}

void change_engine_resume(struct change_engine *engine)
{
	enqueue(engine, NULL, NULL);
}

int resume_wanted(struct change_engine *engine, const char *database, struct followed *followed)
{
	return enqueue(engine, database, followed);
}

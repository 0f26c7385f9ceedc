/* SPDX-License-Identifier: PostgreSQL */
/*
 * One thread looks around: once a second, over a connection it keeps, where changes are live, every
 * few seconds and for a moment only where none is, so that nobody finds the database in use. Nobody
 * tells it: NOTIFY does not pass the poolers that operators may come through, and a proxy that died
 * says nothing.  Where other proxies work it learns from pg_stat_activity, which shows
 * application_name to everybody; its own connections go by another.
 */
#include "follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "control.h"
#include "engine.h"
#include "install.h"
#include "must.h"
#include "plan.h"
#include "store.h"

enum { LOOK_EVERY_MS = 1000, LOOK_IDLE_MS = 5000, LEARN_EVERY_MS = 2000, SLICE_MS = 100 };
enum { TAKEN_MAX = 16 }; /* changes of one database taken up at once; the others wait */

struct followed {
	struct followed *next; /* guarded by engine->lock */
	char *database;
	int64_t taken[TAKEN_MAX]; /* guarded: a task is at it; 0: none */
	struct control control; /* the thread's, as all below */
	struct arena arena;
	int64_t look_ms; /* not before */
};

struct home {
	struct control control; /* to database postgres */
	struct arena arena;
	int64_t learn_ms;
	char last[64]; /* database of the cluster that had its turn last */
};

static void disconnect(struct control *control, struct arena *arena)
{
	control_close(control);
	arena_free(arena);
}

/* 0, or -1: not now. */
static int connect_to(struct change_engine *engine, struct control *control, struct arena *arena,
	const char *database)
{
	if (control->conn != NULL)
		return 0;
	if (control_open(control, arena, engine->conninfo, database) == 0 &&
		control_exec(control, "SET application_name = 'phasegate follower'") == 0)
		return 0;
	disconnect(control, arena);
	return -1;
}

static void release(struct followed *followed)
{
	disconnect(&followed->control, &followed->arena);
	free(followed->database);
	free(followed);
}

/* ---- the list ---- */

/* Called with the lock held. */
static void add(struct change_engine *engine, const char *database)
{
	struct followed *followed;

	for (followed = engine->followed; followed != NULL; followed = followed->next)
		if (strcmp(followed->database, database) == 0)
			return;
	followed = must(calloc(1, sizeof(*followed)));
	followed->database = must(strdup(database));
	followed->next = engine->followed;
	engine->followed = followed;
}

static bool anything_taken(const struct followed *followed)
{
	for (size_t i = 0; i < TAKEN_MAX; i++)
		if (followed->taken[i] != 0)
			return true;
	return false;
}

/* True: it is off the list. */
static bool forget(struct change_engine *engine, struct followed *followed)
{
	struct followed **place = &engine->followed;
	bool forgotten;

	pthread_mutex_lock(&engine->lock);
	forgotten = !anything_taken(followed);
	while (forgotten && *place != followed)
		place = &(*place)->next;
	if (forgotten)
		*place = followed->next;
	pthread_mutex_unlock(&engine->lock);
	return forgotten;
}

static struct followed *behind(struct change_engine *engine, struct followed *followed)
{
	struct followed *next;

	pthread_mutex_lock(&engine->lock);
	next = followed == NULL ? engine->followed : followed->next;
	pthread_mutex_unlock(&engine->lock);
	return next;
}

/* Called with the lock held.  NULL: none. */
static int64_t *place_of(struct followed *followed, int64_t id)
{
	for (size_t i = 0; i < TAKEN_MAX; i++)
		if (followed->taken[i] == id)
			return &followed->taken[i];
	return NULL;
}

void followed_rest(struct change_engine *engine, struct followed *followed, int64_t id)
{
	int64_t *place;

	pthread_mutex_lock(&engine->lock);
	place = place_of(followed, id);
	if (place != NULL)
		*place = 0;
	pthread_mutex_unlock(&engine->lock);
}

static void take_up(struct change_engine *engine, struct followed *followed, int64_t id)
{
	int64_t *place;
	bool ours;

	pthread_mutex_lock(&engine->lock);
	place = place_of(followed, 0);
	ours = place != NULL && place_of(followed, id) == NULL;
	if (ours)
		*place = id;
	pthread_mutex_unlock(&engine->lock);
	if (ours && resume_one(engine, followed->database, id, followed) < 0)
		followed_rest(engine, followed, id);
}

/* ---- looking ---- */

enum found { FOUND_NOTHING, FOUND_IDLE, FOUND_LIVE };

/* Is phasegate installed there, and does anything live? */
static enum found ask(struct control *control)
{
	PGresult *result = control_query(
		control, "SELECT pg_catalog.to_regclass('phasegate.version') IS NOT NULL", NULL, 0);
	bool there = result == NULL || PQgetvalue(result, 0, 0)[0] == 't';
	enum found found = FOUND_IDLE;

	PQclear(result);
	if (!there)
		return FOUND_NOTHING;
	if (install_current(control) < 0)
		return FOUND_IDLE;
	result = control_query(
		control, "SELECT FROM phasegate.change WHERE finished_at IS NULL LIMIT 1", NULL, 0);
	if (result != NULL && PQntuples(result) == 1)
		found = FOUND_LIVE;
	PQclear(result);
	return found;
}

static enum found look(struct change_engine *engine, struct followed *followed)
{
	enum found found = ask(&followed->control);
	char version[16];
	PGresult *result;

	if (found != FOUND_LIVE)
		return found;
	snprintf(version, sizeof(version), "%d", PLAN_VERSION);
	/* What waits for a later phasegate is not for this one, who said so. */
	result = CONTROL_QUERY(&followed->control,
		"SELECT id FROM phasegate.unattended u JOIN phasegate.change c USING (id)"
		" WHERE c.plan_version <= $1::pg_catalog.int4"
		" OR c.waiting_for IS DISTINCT FROM '" STORE_LATER_PHASEGATE "' ORDER BY id",
		version);
	for (int i = 0; result != NULL && i < PQntuples(result); i++)
		take_up(engine, followed, strtoll(PQgetvalue(result, i, 0), NULL, 10));
	PQclear(result);
	return found;
}

/* The server can be reached, and has no such database any more. */
static bool is_dropped(struct home *home, const char *database)
{
	PGresult *result = home->control.conn == NULL
				   ? NULL
				   : CONTROL_QUERY(&home->control,
					     "SELECT FROM pg_catalog.pg_database"
					     " WHERE datname = $1::pg_catalog.name",
					     database);
	bool dropped = result != NULL && PQntuples(result) == 0;

	PQclear(result);
	return dropped;
}

static void look_at(struct change_engine *engine, struct home *home, struct followed *followed)
{
	enum found found = FOUND_IDLE;
	int64_t now = engine_now_ms();

	if (now < followed->look_ms)
		return;
	if (connect_to(engine, &followed->control, &followed->arena, followed->database) == 0)
		found = look(engine, followed);
	else if (is_dropped(home, followed->database))
		found = FOUND_NOTHING;
	if (found != FOUND_LIVE || followed->control.lost)
		disconnect(&followed->control, &followed->arena);
	followed->look_ms = now + (found == FOUND_LIVE ? LOOK_EVERY_MS : LOOK_IDLE_MS);
	if (found == FOUND_NOTHING && forget(engine, followed))
		release(followed);
}

/*
 * Databases in which some phasegate is at work; and of all there are the next in turn: one that
 * died within seconds was never seen at work.  At first all of them, since whoever worked there may
 * be the one that this one replaces; then a fifth each time, so that none waits longer than ten
 * seconds, and of more than a hundred twenty.
 */
static const char learn_sql[] =
	"SELECT DISTINCT datname, false FROM pg_catalog.pg_stat_activity"
	" WHERE application_name = 'phasegate' AND datname IS NOT NULL UNION ALL"
	" (SELECT datname, true FROM pg_catalog.pg_database WHERE datallowconn"
	" AND NOT datistemplate ORDER BY datname <= $1::pg_catalog.name, datname"
	" LIMIT (SELECT CASE $1::pg_catalog.text WHEN '' THEN pg_catalog.count(*)"
	"  ELSE LEAST(20, 1 + pg_catalog.count(*) / 5) END FROM pg_catalog.pg_database))";

static void add_all(struct change_engine *engine, struct home *home, const PGresult *result)
{
	pthread_mutex_lock(&engine->lock);
	for (int i = 0; i < PQntuples(result); i++) {
		add(engine, PQgetvalue(result, i, 0));
		if (PQgetvalue(result, i, 1)[0] == 't')
			snprintf(home->last, sizeof(home->last), "%s", PQgetvalue(result, i, 0));
	}
	pthread_mutex_unlock(&engine->lock);
}

static void learn(struct change_engine *engine, struct home *home)
{
	PGresult *result;

	if (engine_now_ms() < home->learn_ms)
		return;
	home->learn_ms = engine_now_ms() + LEARN_EVERY_MS;
	if (connect_to(engine, &home->control, &home->arena, "postgres") < 0)
		return;
	result = CONTROL_QUERY(&home->control, learn_sql, home->last);
	if (result != NULL)
		add_all(engine, home, result);
	PQclear(result);
	if (home->control.lost)
		disconnect(&home->control, &home->arena);
}

static void run_follow(struct change_engine *engine, struct task *task)
{
	const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
	struct home home = {0};
	struct followed *next;

	free(task);
	while (!atomic_load(&engine->stopping)) {
		learn(engine, &home);
		for (struct followed *f = behind(engine, NULL); f != NULL; f = next) {
			next = behind(engine, f);
			look_at(engine, &home, f);
		}
		nanosleep(&slice, NULL);
	}
	disconnect(&home.control, &home.arena);
}

void follow_all(struct change_engine *engine)
{
	struct task *task;
	bool first;

	pthread_mutex_lock(&engine->lock);
	first = !engine->following;
	engine->following = true;
	pthread_mutex_unlock(&engine->lock);
	if (!first)
		return;
	task = must(calloc(1, sizeof(*task)));
	task->run = run_follow;
	if (engine_enqueue(engine, CREW_FOLLOW, task) < 0)
		free(task);
}

void follow(struct change_engine *engine, const char *database)
{
	pthread_mutex_lock(&engine->lock);
	add(engine, database);
	pthread_mutex_unlock(&engine->lock);
}

void follow_free(struct change_engine *engine)
{
	struct followed *next;

	for (struct followed *f = engine->followed; f != NULL; f = next) {
		next = f->next;
		release(f);
	}
}

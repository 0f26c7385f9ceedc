/* SPDX-License-Identifier: PostgreSQL */
/*
 * One thread looks once a second, over a connection it keeps to each database.  Nobody tells it:
 * NOTIFY does not pass the poolers that operators may come through.
 */
#include "follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "control.h"
#include "engine.h"

enum { LOOK_EVERY_MS = 1000, SLICE_MS = 100 };

struct followed {
	struct followed *next; /* guarded by engine->lock */
	char *database;
	bool working; /* guarded: a task is at it */
	struct control control; /* the thread's */
	struct arena arena;
};

static const char wanted_sql[] =
	"SELECT wanted IS NOT NULL FROM phasegate.change"
	" WHERE finished_at IS NULL AND (state = 'soaking' OR wanted IS NOT NULL)"
	" ORDER BY 1 DESC LIMIT 1";

static void disconnect(struct followed *followed)
{
	control_close(&followed->control);
	arena_free(&followed->arena);
}

static void release(struct followed *followed)
{
	disconnect(followed);
	free(followed->database);
	free(followed);
}

enum need { NEED_NOTHING, NEED_LOOKS, NEED_WORK };

/* A server that cannot be reached is asked again next time. */
static enum need look(struct change_engine *engine, struct followed *followed)
{
	enum need need = NEED_NOTHING;
	PGresult *result;

	if (followed->control.conn == NULL && control_open(&followed->control, &followed->arena,
						      engine->conninfo, followed->database) < 0) {
		disconnect(followed);
		return NEED_LOOKS;
	}
	result = control_query(&followed->control, wanted_sql, NULL, 0);
	if (result == NULL) {
		disconnect(followed);
		return NEED_LOOKS;
	}
	if (PQntuples(result) == 1)
		need = PQgetvalue(result, 0, 0)[0] == 't' ? NEED_WORK : NEED_LOOKS;
	PQclear(result);
	return need;
}

/* True: nothing soaks there any more, and it is off the list. */
static bool forget(struct change_engine *engine, struct followed *followed)
{
	struct followed **place = &engine->followed;
	bool forgotten;

	pthread_mutex_lock(&engine->lock);
	forgotten = !followed->working;
	while (forgotten && *place != followed)
		place = &(*place)->next;
	if (forgotten)
		*place = followed->next;
	pthread_mutex_unlock(&engine->lock);
	return forgotten;
}

static void start_work(struct change_engine *engine, struct followed *followed)
{
	bool idle;

	pthread_mutex_lock(&engine->lock);
	idle = !followed->working;
	followed->working = true;
	pthread_mutex_unlock(&engine->lock);
	if (idle && resume_wanted(engine, followed->database, followed) < 0)
		followed_rest(engine, followed);
}

void followed_rest(struct change_engine *engine, struct followed *followed)
{
	pthread_mutex_lock(&engine->lock);
	followed->working = false;
	pthread_mutex_unlock(&engine->lock);
}

static struct followed *behind(struct change_engine *engine, struct followed *followed)
{
	struct followed *next;

	pthread_mutex_lock(&engine->lock);
	next = followed == NULL ? engine->followed : followed->next;
	pthread_mutex_unlock(&engine->lock);
	return next;
}

static void look_at_all(struct change_engine *engine)
{
	struct followed *next;

	for (struct followed *f = behind(engine, NULL); f != NULL; f = next) {
		enum need need = look(engine, f);

		next = behind(engine, f);
		if (need == NEED_WORK)
			start_work(engine, f);
		else if (need == NEED_NOTHING && forget(engine, f))
			release(f);
	}
}

static void run_follow(struct change_engine *engine, struct task *task)
{
	const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};

	free(task);
	while (!atomic_load(&engine->stopping)) {
		look_at_all(engine);
		for (int ms = 0; ms < LOOK_EVERY_MS && !atomic_load(&engine->stopping);
			ms += SLICE_MS)
			nanosleep(&slice, NULL);
	}
}

static void *must(void *memory)
{
	if (memory == NULL) {
		fputs("phasegate: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

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

void follow(struct change_engine *engine, const char *database)
{
	struct task *task;
	bool first;

	pthread_mutex_lock(&engine->lock);
	add(engine, database);
	first = !engine->following;
	engine->following = true;
	pthread_mutex_unlock(&engine->lock);
	if (!first)
		return;
	task = must(calloc(1, sizeof(*task)));
	task->run = run_follow;
	if (engine_enqueue(engine, LANE_FOLLOW, task) < 0)
		free(task);
}

void follow_free(struct change_engine *engine)
{
	struct followed *next;

	for (struct followed *f = engine->followed; f != NULL; f = next) {
		next = f->next;
		release(f);
	}
}

/* SPDX-License-Identifier: PostgreSQL */
#include "breaker.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "change.h"
#include "control.h"
#include "debug_log.h"
#include "engine.h"
#include "must.h"

enum { WINDOW_MS = 60000 };

/* What clients met in one trigger of late. */
struct trouble {
	struct trouble *next; /* guarded by engine->lock, as all below */
	char *database, *function;
	int64_t from_ms;
	int failures;
};

struct break_off {
	struct task task;
	char *database, *function, *message;
	int failures;
};

/* ---- counting ---- */

/*
 * The name in `PL/pgSQL function public.orders_qty_phasegate_sync() line 1 at assignment`, whatever
 * language the server speaks; malloc'ed, or NULL.  recipe_type.c gives it.
 */
static char *sync_function(const char *where)
{
	static const char suffix[] = "_phasegate_sync";
	const char *found = strstr(where, suffix), *start = found;
	size_t n;

	if (found == NULL)
		return NULL;
	while (start > where && strchr(" .\"\n", start[-1]) == NULL)
		start--;
	n = (size_t)(found - start) + sizeof(suffix) - 1;
	return must(strndup(start, n));
}

static void trouble_free(struct trouble *trouble)
{
	free(trouble->database);
	free(trouble->function);
	free(trouble);
}

/* Called with the lock held.  Forgets those whose minute is over on the way. */
static struct trouble *find(
	struct change_engine *engine, const char *database, const char *function, int64_t now_ms)
{
	struct trouble **link = &engine->troubles, *trouble;

	while ((trouble = *link) != NULL) {
		if (now_ms - trouble->from_ms > WINDOW_MS) {
			*link = trouble->next;
			trouble_free(trouble);
		} else if (strcmp(trouble->database, database) == 0 &&
			   strcmp(trouble->function, function) == 0) {
			return trouble;
		} else {
			link = &trouble->next;
		}
	}
	trouble = must(calloc(1, sizeof(*trouble)));
	trouble->database = must(strdup(database));
	trouble->function = must(strdup(function));
	trouble->from_ms = now_ms;
	trouble->next = engine->troubles;
	engine->troubles = trouble;
	return trouble;
}

/* The number of failures when it is just now too many; 0: it is not, or is no news. */
static int too_many(struct change_engine *engine, const char *database, const char *function)
{
	int most, failures;

	pthread_mutex_lock(&engine->lock);
	most = engine->tuning.client_errors_max;
	failures = ++find(engine, database, function, engine_now_ms())->failures;
	pthread_mutex_unlock(&engine->lock);
	return most > 0 && failures == most ? failures : 0;
}

/* ---- breaking off ---- */

static void ask_for_the_way_back(struct control *control, const struct break_off *off)
{
	struct arena arena = {0};
	const char *reason = arena_printf(&arena,
		"taken back, because %d statements of clients failed in its trigger within a "
		"minute, such as by: %s",
		off->failures, off->message);
	PGresult *result =
		CONTROL_QUERY(control, "SELECT phasegate.break_off($1, $2)", off->function, reason);

	for (int i = 0; result != NULL && i < PQntuples(result); i++)
		log_warn("database \"%s\": change %s is %s", off->database,
			PQgetvalue(result, i, 0), reason);
	if (result == NULL)
		log_error("database \"%s\": a change whose trigger fails cannot be taken back: %s",
			off->database, control->error.message);
	PQclear(result);
	arena_free(&arena);
}

static void break_off_free(struct break_off *off)
{
	free(off->database);
	free(off->function);
	free(off->message);
	free(off);
}

static void run_break_off(struct change_engine *engine, struct task *task)
{
	struct break_off *off = (struct break_off *)task;
	struct arena arena = {0};
	struct control control = {0};

	if (control_open(&control, &arena, engine->conninfo, off->database) == 0)
		ask_for_the_way_back(&control, off);
	else
		log_error("database \"%s\": a change whose trigger fails cannot be taken back: %s",
			off->database, control.error.message);
	control_close(&control);
	arena_free(&arena);
	break_off_free(off);
}

/* Brief, so it must not queue behind changes that take hours. */
static void break_off(struct change_engine *engine, const char *database, const char *function,
	const char *message, int failures)
{
	struct break_off *off = must(calloc(1, sizeof(*off)));

	*off = (struct break_off){
		.task = {.run = run_break_off},
		.database = must(strdup(database)),
		.function = must(strdup(function)),
		.message = must(strdup(message)),
		.failures = failures,
	};
	if (engine_enqueue(engine, CREW_INSTALL, &off->task) < 0)
		break_off_free(off);
}

void breaker_count(
	struct change_engine *engine, const char *database, const char *where, const char *message)
{
	char *function = sync_function(where);
	int failures;

	if (function == NULL)
		return;
	failures = too_many(engine, database, function);
	if (failures > 0)
		break_off(engine, database, function, message, failures);
	free(function);
}

void breaker_free(struct change_engine *engine)
{
	struct trouble *trouble;

	while ((trouble = engine->troubles) != NULL) {
		engine->troubles = trouble->next;
		trouble_free(trouble);
	}
}

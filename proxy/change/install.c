/* SPDX-License-Identifier: PostgreSQL */
#include "install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "control.h"
#include "debug_log.h"
#include "engine.h"
#include "follow.h"
#include "must.h"

extern const char schema_sql[], hold_sql[], operate_sql[];

enum { SCHEMA_VERSION = 5, ASK_AGAIN_MS = 30 * 1000 };
enum usable { USABLE_UNKNOWN, USABLE_ASKED, USABLE_YES, USABLE_NO };

/* One who waits for the answer; posted to its worker as the message itself. */
struct asker {
	struct asker *next;
	struct worker *worker;
	void (*on_ready)(struct worker *worker, void *arg, bool usable, const char *because);
	void *arg;
	bool usable;
	char because[256];
};

/* Guarded by engine->lock; databases are never forgotten while the engine lives. */
struct database {
	struct database *next;
	char *name;
	enum usable usable;
	int64_t asked_ms;
	bool has_key; /* also while it is being looked at again */
	uint8_t key[SUBMIT_KEY_BYTES];
	char because[256];
	struct asker *askers;
};

struct install_task {
	struct task task;
	struct database *database;
	char *name;
};

static bool current(struct control *control)
{
	PGresult *result = control_query(
		control, "SELECT pg_catalog.to_regclass('phasegate.version') IS NOT NULL", NULL, 0);
	bool there = result != NULL && PQgetvalue(result, 0, 0)[0] == 't';
	int version = 0;

	PQclear(result);
	if (!there)
		return false;
	result = control_query(control, "SELECT version FROM phasegate.version", NULL, 0);
	if (result != NULL && PQntuples(result) == 1)
		version = atoi(PQgetvalue(result, 0, 0));
	PQclear(result);
	return version >= SCHEMA_VERSION;
}

/* All or nothing; schema_sql takes an advisory lock, so that two proxies do not race. */
int install_current(struct control *control)
{
	if (current(control))
		return 0;
	if (control->lost || control_exec(control, "BEGIN") < 0)
		return -1;
	if (control_exec(control, schema_sql) < 0 || control_exec(control, hold_sql) < 0 ||
		control_exec(control, operate_sql) < 0) {
		control_rollback(control);
		return -1;
	}
	return control_commit(control);
}

/* Reading the key proves that the record is ours to read, too. */
static int read_key(struct control *control, uint8_t key[SUBMIT_KEY_BYTES])
{
	PGresult *result = control_query(
		control, "SELECT ipad, pg_catalog.pg_is_in_recovery() FROM phasegate.key", NULL, 0);
	int status = -1;

	if (result == NULL)
		return -1;
	if (PQntuples(result) != 1 || submit_key_decode(PQgetvalue(result, 0, 0), key) < 0)
		control_fail(control, "XX000", "table phasegate.key does not hold one key");
	else if (PQgetvalue(result, 0, 1)[0] == 't')
		control_fail(control, "25006", "the server is a standby");
	else
		status = 0;
	PQclear(result);
	return status;
}

static int look(struct change_engine *engine, const char *name, uint8_t key[SUBMIT_KEY_BYTES],
	char because[256])
{
	struct arena arena = {0};
	struct control control = {0};
	int status = -1;

	if (atomic_load(&engine->stopping)) {
		snprintf(because, 256, "phasegate is shutting down");
		return -1;
	}
	if (control_open(&control, &arena, engine->conninfo, name) == 0 &&
		install_current(&control) == 0 && read_key(&control, key) == 0)
		status = 0;
	else
		snprintf(because, 256, "%s", control.error.message);
	control_close(&control);
	arena_free(&arena);
	return status;
}

static void deliver(struct worker *worker, void *arg)
{
	struct asker *asker = arg;

	asker->on_ready(worker, asker->arg, asker->usable, asker->because);
	free(asker);
}

static void answer(struct asker *askers, bool usable, const char *because)
{
	struct asker *next;

	for (; askers != NULL; askers = next) {
		next = askers->next;
		askers->usable = usable;
		snprintf(askers->because, sizeof(askers->because), "%s", because);
		worker_post(askers->worker, deliver, askers);
	}
}

static void run_install(struct change_engine *engine, struct task *task)
{
	struct install_task *install = (struct install_task *)task;
	struct database *database = install->database;
	uint8_t key[SUBMIT_KEY_BYTES] = {0};
	char because[256] = "";
	bool usable = look(engine, install->name, key, because) == 0;
	struct asker *askers;

	if (!usable)
		log_warn("changes cannot run in database \"%s\": %s", install->name, because);
	pthread_mutex_lock(&engine->lock);
	database->usable = usable ? USABLE_YES : USABLE_NO;
	database->asked_ms = engine_now_ms();
	database->has_key = usable;
	memcpy(database->key, key, sizeof(key));
	memcpy(database->because, because, sizeof(because));
	askers = database->askers;
	database->askers = NULL;
	pthread_mutex_unlock(&engine->lock);
	answer(askers, usable, because);
	if (usable)
		follow(engine, install->name);
	free(install->name);
	free(install);
}

/* Called with the lock held. */
static struct database *find(struct change_engine *engine, const char *name)
{
	struct database *database = engine->databases;

	while (database != NULL && strcmp(database->name, name) != 0)
		database = database->next;
	return database;
}

static struct database *find_or_add(struct change_engine *engine, const char *name)
{
	struct database *database = find(engine, name);

	if (database != NULL)
		return database;
	database = must(calloc(1, sizeof(*database)));
	database->name = must(strdup(name));
	database->next = engine->databases;
	engine->databases = database;
	return database;
}

static int start_install(struct change_engine *engine, struct database *database)
{
	struct install_task *install = must(calloc(1, sizeof(*install)));

	install->task.run = run_install;
	install->database = database;
	install->name = must(strdup(database->name));
	if (engine_enqueue(engine, CREW_INSTALL, &install->task) == 0)
		return 0;
	free(install->name);
	free(install);
	return -1;
}

/*
 * What is known, without asking; copied so that the text outlives the lock.  Never that it is
 * usable: a database may have been dropped and made again under its name this instant.
 */
static int known(const struct database *database, const char **because)
{
	static _Thread_local char text[256];

	if (database->usable == USABLE_NO && engine_now_ms() - database->asked_ms < ASK_AGAIN_MS) {
		memcpy(text, database->because, sizeof(text));
		*because = text;
		return 0;
	}
	return -1;
}

int install_ready(struct change_engine *engine, const char *database_name, struct worker *worker,
	void (*on_ready)(struct worker *worker, void *arg, bool usable, const char *because),
	void *arg, const char **because)
{
	struct database *database;
	struct asker *asker;
	bool first;
	int status;

	pthread_mutex_lock(&engine->lock);
	database = find_or_add(engine, database_name);
	status = known(database, because);
	if (status >= 0) {
		pthread_mutex_unlock(&engine->lock);
		return status;
	}
	asker = must(calloc(1, sizeof(*asker)));
	*asker = (struct asker){database->askers, worker, on_ready, arg, false, ""};
	first = database->usable != USABLE_ASKED;
	database->askers = asker;
	database->usable = USABLE_ASKED;
	pthread_mutex_unlock(&engine->lock);
	if (!first || start_install(engine, database) == 0)
		return -1;

	pthread_mutex_lock(&engine->lock);
	asker = database->askers;
	database->askers = NULL;
	database->usable = USABLE_UNKNOWN;
	pthread_mutex_unlock(&engine->lock);
	answer(asker, false, "phasegate is shutting down");
	return -1;
}

bool install_key(struct change_engine *engine, const char *name, uint8_t key[SUBMIT_KEY_BYTES])
{
	struct database *database;
	bool usable;

	pthread_mutex_lock(&engine->lock);
	database = find(engine, name);
	usable = database != NULL && database->has_key;
	if (usable)
		memcpy(key, database->key, SUBMIT_KEY_BYTES);
	pthread_mutex_unlock(&engine->lock);
	return usable;
}

void install_free(struct change_engine *engine)
{
	struct database *next;

	for (struct database *d = engine->databases; d != NULL; d = next) {
		next = d->next;
		free(d->name);
		free(d);
	}
}

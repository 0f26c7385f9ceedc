/* SPDX-License-Identifier: PostgreSQL */
#include "engine.h"

#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "debug_log.h"
#include "must.h"

static const unsigned threads_max[CREWS] = {
	[CREW_INSTALL] = 1,
	[CREW_CHANGE] = CREW_THREADS_MAX,
	[CREW_FOLLOW] = 1,
	[CREW_KEEP] = 1,
};

int64_t engine_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void make_owner(char text[37])
{
	uint32_t r[4];

	if (RAND_bytes((unsigned char *)r, sizeof(r)) != 1) {
		fputs("phasegate: no random numbers to be had\n", stderr);
		exit(1);
	}
	snprintf(text, 37, "%08x-%04x-4%03x-8%03x-%04x%08x", r[0], r[1] >> 16, r[1] & 0xfff,
		r[2] >> 20, r[2] & 0xffff, r[3]);
}

struct change_engine *engine_new(const struct config *config)
{
	struct change_engine *engine = must(calloc(1, sizeof(*engine)));

	engine->conninfo = must(strdup(config->control_conninfo));
	make_owner(engine->owner);
	pthread_mutex_init(&engine->lock, NULL);
	for (size_t i = 0; i < CREWS; i++) {
		engine->crews[i].tasks_end = &engine->crews[i].tasks;
		pthread_cond_init(&engine->crews[i].wake, NULL);
	}
	engine_tune(engine, config);
	return engine;
}

static struct signal_settings signal_settings(const struct config *config)
{
	struct signal_settings settings = {0};

	memcpy(settings.bounds, config->signal_bounds, sizeof(settings.bounds));
	settings.batch_target_ms = config->batch_target_ms;
	snprintf(settings.sql, sizeof(settings.sql), "%s", config->signal_sql);
	snprintf(settings.window, sizeof(settings.window), "%s", config->signal_window);
	settings.bounds[SIGNAL_SQL] = *settings.sql != '\0';
	settings.bounds[SIGNAL_WINDOW] = *settings.window != '\0';
	return settings;
}

void engine_tune(struct change_engine *engine, const struct config *config)
{
	pthread_mutex_lock(&engine->lock);
	engine->tuning = (struct tuning){
		.lease_ms = config->lease_ms,
		.keep_bad_rows = config->keep_bad_rows,
		.release_automatic = config->release_automatic,
		.release_after_ms = config->release_after_ms,
		.client_errors_max = config->client_errors_max,
		.client_slowdown_times = config->client_slowdown_times,
		.client_slowdown_ms = config->client_slowdown_ms,
		.lock_timeout_ms = config->policy.lock_timeout_ms,
		.lock_retry_max = config->lock_retry_max,
		.lock_retry_delay_ms = config->lock_retry_delay_ms,
		.lock_patience_ms = config->lock_patience_ms,
		.rates = {config->rows_per_second, config->wal_bytes_per_second,
			config->duty_percent},
		.batch_rows_first = config->batch_rows_first,
		.batch_rows_max = config->batch_rows_max,
		.vacuum_percent = config->vacuum_percent,
		.batch_bytes_max = config->batch_bytes_max,
		.blocking_ms = config->blocking_ms,
		.signals = signal_settings(config),
	};
	pthread_mutex_unlock(&engine->lock);
}

struct tuning engine_tuning(struct change_engine *engine)
{
	struct tuning tuning;

	pthread_mutex_lock(&engine->lock);
	tuning = engine->tuning;
	pthread_mutex_unlock(&engine->lock);
	return tuning;
}

/* Called with the lock held.  NULL: the engine stops and nothing is left. */
static struct task *next_task(struct change_engine *engine, struct crew *crew)
{
	struct task *task;

	while (crew->tasks == NULL) {
		if (atomic_load(&engine->stopping))
			return NULL;
		crew->n_idle++;
		pthread_cond_wait(&crew->wake, &engine->lock);
		crew->n_idle--;
	}
	task = crew->tasks;
	crew->tasks = task->next;
	if (crew->tasks == NULL)
		crew->tasks_end = &crew->tasks;
	crew->n_tasks--;
	return task;
}

struct crew_thread {
	struct change_engine *engine;
	struct crew *crew;
};

static void *serve_crew(void *arg)
{
	struct crew_thread thread = *(struct crew_thread *)arg;
	struct task *task;

	free(arg);
	pthread_mutex_lock(&thread.engine->lock);
	while ((task = next_task(thread.engine, thread.crew)) != NULL) {
		pthread_mutex_unlock(&thread.engine->lock);
		task->run(thread.engine, task);
		pthread_mutex_lock(&thread.engine->lock);
	}
	pthread_mutex_unlock(&thread.engine->lock);
	return NULL;
}

/* Called with the lock held.  Signals stay with the main thread. */
static int start_thread(struct change_engine *engine, struct crew *crew)
{
	struct crew_thread *thread = malloc(sizeof(*thread));
	sigset_t all, before;
	int error;

	if (thread == NULL)
		return -1;
	*thread = (struct crew_thread){engine, crew};
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&crew->threads[crew->n_threads], NULL, serve_crew, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		log_error("cannot start a thread of the change engine: %s", strerror(error));
		free(thread);
		return -1;
	}
	crew->n_threads++;
	return 0;
}

int engine_enqueue(struct change_engine *engine, enum crew_kind kind, struct task *task)
{
	struct crew *crew = &engine->crews[kind];
	int status = -1;

	pthread_mutex_lock(&engine->lock);
	if (atomic_load(&engine->stopping) || crew->n_tasks == CREW_QUEUE_MAX)
		goto out;
	if (crew->n_idle <= crew->n_tasks && crew->n_threads < threads_max[kind] &&
		start_thread(engine, crew) < 0 && crew->n_threads == 0)
		goto out;
	task->next = NULL;
	*crew->tasks_end = task;
	crew->tasks_end = &task->next;
	crew->n_tasks++;
	pthread_cond_signal(&crew->wake);
	status = 0;
out:
	pthread_mutex_unlock(&engine->lock);
	return status;
}

/* Every wait of ours ends at once, and a statement soon, unless the server stands still. */
enum { JOIN_S_MAX = 3 };

static bool join_all(const struct crew *crew, const struct timespec *until)
{
	for (unsigned t = 0; t < crew->n_threads; t++)
		if (pthread_clockjoin_np(crew->threads[t], NULL, CLOCK_MONOTONIC, until) != 0)
			return false;
	return true;
}

bool engine_join(struct change_engine *engine)
{
	struct timespec until;

	pthread_mutex_lock(&engine->lock);
	atomic_store(&engine->stopping, true);
	for (size_t i = 0; i < CREWS; i++)
		pthread_cond_broadcast(&engine->crews[i].wake);
	pthread_mutex_unlock(&engine->lock);
	/* No thread starts once stopping is set, so the counts stand still. */
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += JOIN_S_MAX;
	for (size_t i = 0; i < CREWS; i++)
		if (!join_all(&engine->crews[i], &until))
			return false;
	return true;
}

void engine_free(struct change_engine *engine)
{
	for (size_t i = 0; i < CREWS; i++)
		pthread_cond_destroy(&engine->crews[i].wake);
	pthread_mutex_destroy(&engine->lock);
	free(engine->conninfo);
	free(engine);
}

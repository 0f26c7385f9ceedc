/* SPDX-License-Identifier: PostgreSQL */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "cli.h"

static void count(struct report_totals *totals, const struct review *review)
{
	totals->stmts += review->script.n_stmts;
	totals->errors += review->n_errors;
	totals->excused += review->n_excused;
	for (size_t i = 0; i < review->script.n_stmts; i++)
		if (review->stmts[i].error == NULL)
			totals->verdicts[review->stmts[i].verdict]++;
}

/* A file as one of the crew has it in hands. */
struct reviewed {
	struct arena arena;
	struct review review;
	const char *error; /* that it could not be read, or not be reviewed */
	bool ends; /* nothing more can be reviewed */
};

static void review_file(const struct check *check, const char *path, struct reviewed *file)
{
	size_t len;
	const char *text = source_file_read(&file->arena, path, &len, &file->error);

	if (text != NULL)
		file->ends = review_text(&file->arena, &check->reviewer, path, text, len,
				     &file->review, &file->error) != 0;
}

static void report_file(struct check *check, const char *path, const struct reviewed *file)
{
	struct report *report = &check->report;

	report->totals.files++;
	if (file->error != NULL) {
		report->totals.errors++;
		check->format->unreadable(report, path, file->error);
	} else {
		count(&report->totals, &file->review);
		check->format->review(report, &file->review);
	}
	report->n_files++;
}

static int exit_status(const struct check *check)
{
	const struct report_totals *totals = &check->report.totals;
	const enum verdict passes = check->plans_answer ? VERDICT_PHASE : VERDICT_WARN;

	if (totals->errors > 0)
		return CLI_FAILED;
	for (int i = VERDICT_ALLOW; i <= VERDICT_REJECT; i++)
		if (i > (int)passes && totals->verdicts[i] > 0)
			return CLI_FOUND;
	return CLI_GOOD;
}

/* ---- the crew ---- */

/* Files are reviewed side by side and told one after the other, in their order. */
struct crew {
	struct check *check;
	pthread_mutex_t lock; /* guards what follows, and the report */
	pthread_cond_t told;
	size_t n_taken, n_told;
	bool ended;
};

/* The next one's number; the number of all when there is none. */
static size_t take(struct crew *crew)
{
	const size_t n = crew->check->sources.n;
	size_t next;

	pthread_mutex_lock(&crew->lock);
	next = crew->ended || crew->n_taken == n ? n : crew->n_taken++;
	pthread_mutex_unlock(&crew->lock);
	return next;
}

static void tell_in_turn(struct crew *crew, size_t number, const struct reviewed *file)
{
	pthread_mutex_lock(&crew->lock);
	while (crew->n_told < number)
		pthread_cond_wait(&crew->told, &crew->lock);
	if (!crew->ended)
		report_file(crew->check, crew->check->sources.paths[number], file);
	crew->ended |= file->ends;
	crew->n_told++;
	pthread_cond_broadcast(&crew->told);
	pthread_mutex_unlock(&crew->lock);
}

static void *review_files(void *context)
{
	struct crew *crew = context;
	size_t number;

	while ((number = take(crew)) < crew->check->sources.n) {
		struct reviewed file = {0};

		review_file(crew->check, crew->check->sources.paths[number], &file);
		tell_in_turn(crew, number, &file);
		arena_free(&file.arena);
	}
	return NULL;
}

enum { CREW_MAX = 8 };

/* A server's connection, and a transaction's facts, are one thread's. */
static size_t crew_size(const struct check *check)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t size = cores < 1 ? 1 : (size_t)cores;

	if (check->server != NULL)
		return 1;
	size = size < CREW_MAX ? size : CREW_MAX;
	return size < check->sources.n ? size : check->sources.n;
}

/* How many there are then: fewer than were asked for when the system gives no more. */
static size_t start(struct crew *crew, pthread_t *threads, size_t n)
{
	pthread_attr_t attributes;
	size_t started = 0;
	int error = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, FILE_DEPTH * PARSE_STACK_BYTES);
	while (started < n && error == 0) {
		error = pthread_create(&threads[started], &attributes, review_files, crew);
		started += error == 0;
	}
	pthread_attr_destroy(&attributes);
	if (started == 0 && n > 0)
		fprintf(stderr, "phasegate: no thread with a large stack: %s\n", strerror(error));
	return started;
}

static int check_files(struct check *check)
{
	struct crew crew = {.check = check};
	const size_t wanted = crew_size(check);
	pthread_t threads[CREW_MAX];
	size_t n;

	pthread_mutex_init(&crew.lock, NULL);
	pthread_cond_init(&crew.told, NULL);
	check->format->begin(&check->report);
	n = start(&crew, threads, wanted);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	check->format->end(&check->report);
	pthread_cond_destroy(&crew.told);
	pthread_mutex_destroy(&crew.lock);
	return n == 0 && wanted > 0 ? CLI_FAILED : exit_status(check);
}

int check_run(struct check *check)
{
	struct arena arena = {0};
	struct server *server;
	const char *error;
	int status = CLI_FAILED;

	if (check->server == NULL)
		return check_files(check);
	server = server_open(&arena, check->server, &error);
	if (server == NULL) {
		fprintf(stderr, "phasegate: %s\n", error);
	} else {
		check->reviewer.server = server;
		check->reviewer.subject.database = server_database(server);
		check->reviewer.subject.user = server_user(server);
		status = check_files(check);
	}
	server_close(server);
	arena_free(&arena);
	return status;
}

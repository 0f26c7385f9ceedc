/* SPDX-License-Identifier: PostgreSQL */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

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

/* 0, or -1 when nothing more can be reviewed. */
static int check_file(struct check *check, const char *path)
{
	struct arena arena = {0};
	struct report *report = &check->report;
	const char *error = NULL, *text;
	struct review review;
	size_t len;
	int status = 0;

	report->totals.files++;
	text = source_file_read(&arena, path, &len, &error);
	if (text == NULL) {
		report->totals.errors++;
		check->format->unreadable(report, path, error);
	} else if (review_text(&arena, &check->reviewer, path, text, len, &review, &error) != 0) {
		report->totals.errors++;
		check->format->unreadable(report, path, error);
		status = -1;
	} else {
		count(&report->totals, &review);
		check->format->review(report, &review);
	}
	report->n_files++;
	arena_free(&arena);
	return status;
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

static int check_files(struct check *check)
{
	check->format->begin(&check->report);
	for (size_t i = 0; i < check->sources.n; i++)
		if (check_file(check, check->sources.paths[i]) != 0)
			break;
	check->format->end(&check->report);
	return exit_status(check);
}

static int check_against(struct check *check)
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

struct run {
	struct check *check;
	int status;
};

static void *on_thread(void *context)
{
	struct run *run = context;

	run->status = check_against(run->check);
	return NULL;
}

int check_run(struct check *check)
{
	struct run run = {.check = check, .status = CLI_FAILED};
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, FILE_DEPTH * PARSE_STACK_BYTES);
	error = pthread_create(&thread, &attributes, on_thread, &run);
	pthread_attr_destroy(&attributes);
	if (error != 0) {
		fprintf(stderr, "phasegate: no thread with a large stack: %s\n", strerror(error));
		return CLI_FAILED;
	}
	pthread_join(thread, NULL);
	return run.status;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"

/*
 * pg_temp is named last: unnamed it comes first for tables and types, and user code may have made
 * a type "text" there (CVE-2007-2138).  synchronous_commit: what a client is told must survive.
 * lock_timeout bounds our own bookkeeping too.
 */
#define PINNED                                                                                     \
	"SET search_path = pg_catalog, pg_temp;"                                                   \
	"SET lock_timeout = '10s';"                                                                \
	"SET statement_timeout = 0;"                                                               \
	"SET idle_in_transaction_session_timeout = '60s';"                                         \
	"SET default_transaction_isolation = 'read committed';"                                    \
	"SET default_transaction_read_only = off;"                                                 \
	"SET synchronous_commit = on;"                                                             \
	"SET standard_conforming_strings = on;"                                                    \
	"SET client_encoding = 'UTF8';"                                                            \
	"SET client_min_messages = error;"                                                         \
	"SET DateStyle = 'ISO, MDY';"                                                              \
	"SET IntervalStyle = 'postgres';"                                                          \
	"SET extra_float_digits = 3;"                                                              \
	"SET bytea_output = 'hex';"                                                                \
	"SET row_security = on;"                                                                   \
	"SET enable_seqscan = on;"                                                                 \
	"SET enable_bitmapscan = on;"                                                              \
	"SET tcp_keepalives_idle = 30;"                                                            \
	"SET tcp_keepalives_interval = 10;"                                                        \
	"SET tcp_keepalives_count = 3;"
/* A killed proxy must not leave its server process building an index for nobody. */
#define PINNED_14 PINNED "SET client_connection_check_interval = '5s';"

static void set_error(struct control *control, const char *sqlstate, const char *message)
{
	size_t n = strlen(message);

	while (n > 0 && message[n - 1] == '\n')
		n--;
	control->error = (struct control_error){
		.message = arena_strndup(control->arena, message, n),
	};
	memcpy(control->error.sqlstate, sqlstate, 5);
}

void control_fail(struct control *control, const char *sqlstate, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set_error(control, sqlstate, arena_vprintf(control->arena, fmt, args));
	va_end(args);
}

bool control_failed_with(const struct control *control, const char *sqlstate)
{
	return strcmp(control->error.sqlstate, sqlstate) == 0;
}

static void set_lost(struct control *control)
{
	control->lost = true;
	set_error(control, "08006", PQerrorMessage(control->conn));
}

static void set_result_error(struct control *control, const PGresult *result)
{
	struct arena *arena = control->arena;
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	set_error(control, sqlstate != NULL && strlen(sqlstate) == 5 ? sqlstate : "XX000",
		message != NULL ? message : PQresultErrorMessage(result));
	control->error.detail =
		arena_strdup(arena, PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
	control->error.hint = arena_strdup(arena, PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
	control->error.constraint =
		arena_strdup(arena, PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* From this thread, so that no cancel can hit a later statement of it: PQcancel returns after the
 * signal. */
static void cancel_statement(struct control *control)
{
	PGcancel *cancel = PQgetCancel(control->conn);
	char reason[256];

	if (cancel == NULL)
		return;
	PQcancel(cancel, reason, sizeof(reason));
	PQfreeCancel(cancel);
}

/* Waits until PQgetResult would not block.  -1 when the connection broke. */
static int await_result(struct control *control, int64_t started, bool *cancelled)
{
	const struct control_hooks *hooks = &control->hooks;

	while (PQisBusy(control->conn)) {
		struct pollfd fd = {.fd = PQsocket(control->conn), .events = POLLIN};
		int ready = poll(&fd, 1, CONTROL_TICK_MS);

		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready > 0 && PQconsumeInput(control->conn) == 0)
			return -1;
		if (ready != 0)
			continue;
		if (control->interruptible && !*cancelled && hooks->interrupted != NULL &&
			hooks->interrupted(hooks->arg)) {
			cancel_statement(control);
			*cancelled = true;
		} else if (hooks->waiting != NULL) {
			hooks->waiting(hooks->arg, now_ms() - started);
		}
	}
	return 0;
}

static bool succeeded(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_EMPTY_QUERY;
}

/* Where results go: those with rows to tables, as long as there is room. */
struct collected {
	PGresult **tables;
	size_t n, max;
	PGresult *last;
};

static void keep(struct collected *collected, PGresult *result)
{
	if (PQresultStatus(result) == PGRES_TUPLES_OK && collected->n < collected->max) {
		collected->tables[collected->n++] = result;
		return;
	}
	PQclear(collected->last);
	collected->last = result;
}

static void clear(struct collected *collected)
{
	while (collected->n > 0)
		PQclear(collected->tables[--collected->n]);
	PQclear(collected->last);
	collected->last = NULL;
}

/* -1 with the first error, and nothing collected. */
static int collect(struct control *control, struct collected *collected)
{
	int64_t started = now_ms();
	bool cancelled = false, failed = false;
	PGresult *result;

	for (;;) {
		if (await_result(control, started, &cancelled) < 0) {
			set_lost(control);
			failed = true;
			break;
		}
		result = PQgetResult(control->conn);
		if (result == NULL)
			break;
		if (!succeeded(result) && !failed) {
			set_result_error(control, result);
			failed = true;
		}
		/* Nothing of ours copies; leaving copy mode unanswered would hang here. */
		if (PQresultStatus(result) == PGRES_COPY_IN)
			PQputCopyEnd(control->conn, "phasegate does not copy");
		keep(collected, result);
	}
	if (PQstatus(control->conn) == CONNECTION_BAD)
		control->lost = true;
	if (!failed && !control->lost)
		return 0;
	if (!failed)
		set_lost(control);
	clear(collected);
	return -1;
}

PGresult *control_query(
	struct control *control, const char *sql, const char *const *parameters, size_t n)
{
	struct collected collected = {0};
	int sent;

	if (control->lost)
		return NULL;
	if (n == 0)
		sent = PQsendQuery(control->conn, sql);
	else
		sent = PQsendQueryParams(
			control->conn, sql, (int)n, NULL, parameters, NULL, NULL, 0);
	if (sent == 0) {
		set_lost(control);
		return NULL;
	}
	return collect(control, &collected) == 0 ? collected.last : NULL;
}

int control_tables(struct control *control, const char *sql, PGresult **tables, size_t n)
{
	struct collected collected = {.tables = tables, .max = n};

	if (control->lost)
		return -1;
	if (PQsendQuery(control->conn, sql) == 0) {
		set_lost(control);
		return -1;
	}
	if (collect(control, &collected) < 0)
		return -1;
	if (collected.n == n) {
		PQclear(collected.last);
		return 0;
	}
	clear(&collected);
	control_fail(control, "XX000", "the server answered with fewer results than asked for");
	return -1;
}

int control_exec(struct control *control, const char *sql)
{
	PGresult *result = control_query(control, sql, NULL, 0);

	if (result == NULL)
		return -1;
	PQclear(result);
	return 0;
}

int64_t control_change(
	struct control *control, const char *sql, const char *const *parameters, size_t n)
{
	PGresult *result = control_query(control, sql, parameters, n);
	int64_t changed;

	if (result == NULL)
		return -1;
	changed = strtoll(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return changed;
}

char *control_value(struct arena *arena, const PGresult *result, int row, int column)
{
	if (PQgetisnull(result, row, column))
		return NULL;
	return arena_strdup(arena, PQgetvalue(result, row, column));
}

const char *control_pin_sql(const struct control *control)
{
	return PQserverVersion(control->conn) >= 140000 ? PINNED_14 : PINNED;
}

int control_pin(struct control *control)
{
	return control_exec(control, control_pin_sql(control));
}

static void ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

int control_open(
	struct control *control, struct arena *arena, const char *conninfo, const char *database)
{
	/* Of several dbname only the first is expanded as a conninfo; later ones win as they are.
	 */
	const char *const keywords[] = {
		"connect_timeout", "dbname", "dbname", "application_name", "client_encoding", NULL};
	const char *const values[] = {"10", conninfo, database, "phasegate", "UTF8", NULL};

	control->arena = arena;
	control->lost = false;
	control->conn = PQconnectdbParams(keywords, values, 1);
	if (PQstatus(control->conn) != CONNECTION_OK) {
		set_lost(control);
		return -1;
	}
	PQsetNoticeReceiver(control->conn, ignore_notice, NULL);
	return control_pin(control);
}

void control_close(struct control *control)
{
	PQfinish(control->conn);
	control->conn = NULL;
}

int control_begin(struct control *control, int lock_timeout_ms)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "BEGIN; SET LOCAL lock_timeout = %d", lock_timeout_ms);
	return control_exec(control, sql);
}

/* COMMIT of a failed transaction succeeds as ROLLBACK: that must not pass for done. */
int control_commit(struct control *control)
{
	PGresult *result = control_query(control, "COMMIT", NULL, 0);
	bool committed;

	if (result == NULL)
		return -1;
	committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
	PQclear(result);
	if (!committed)
		control_fail(control, "25P02", "the transaction was rolled back");
	return committed ? 0 : -1;
}

/* Keeps the error that led here. */
void control_rollback(struct control *control)
{
	struct control_error error = control->error;

	if (!control->lost && control_exec(control, "ROLLBACK") == 0)
		control->error = error;
}

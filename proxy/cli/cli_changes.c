/* SPDX-License-Identifier: PostgreSQL */
/*
 * phasegate changes, show, and what operators ask of a change.  All of it is SQL of schema
 * phasegate: whoever may call its functions needs no phasegate at hand.
 */
#include "cli.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct query {
	const char *command, *sql;
};

/* To add something operators can ask for: a row here, one in cli.c, and the function. */
static const struct query operations[] = {
	{"release", "SELECT phasegate.release($1::pg_catalog.int8)"},
	{"abort", "SELECT phasegate.abort($1::pg_catalog.int8)"},
};

static const char list_sql[] =
	"SELECT id, state, pg_catalog.format('%I.%I', schema, \"table\") AS \"table\", summary,"
	" pg_catalog.date_trunc('second', state_since) AS since, COALESCE(error_message, stage)"
	" AS remark FROM phasegate.changes WHERE $1::pg_catalog.bool OR finished_at IS NULL"
	" ORDER BY id DESC";

static const char show_sql[] =
	"SELECT c.summary, c.state, COALESCE(c.error_message, c.stage) AS remark,"
	" c.error_hint AS hint, c.original_sql AS statement, c.submitted_by, c.submitted_at,"
	" c.state_since, c.finished_at, c.rows_changed AS rows_filled, c.batches"
	" FROM phasegate.changes c WHERE c.id = $1::pg_catalog.int8";

static const char steps_sql[] =
	"SELECT ord AS step, status, purpose, lock_mode AS lock, attempts,"
	" CASE WHEN final THEN 'no way back' ELSE '' END AS remark"
	" FROM phasegate.steps WHERE change = $1::pg_catalog.int8 ORDER BY ord";

/* ---- the server ---- */

static void on_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result; /* "already exists, skipping" and the like are no news here */
}

static PGconn *connect_to(const struct command *command, const char *server)
{
	const char *const keywords[] = {"dbname", "fallback_application_name", NULL};
	const char *const values[] = {server, "phasegate", NULL};
	PGconn *conn = PQconnectdbParams(keywords, values, 1);

	if (PQstatus(conn) == CONNECTION_OK) {
		PQsetNoticeReceiver(conn, on_notice, NULL);
		return conn;
	}
	fprintf(stderr, "phasegate %s: %s", command->name, PQerrorMessage(conn));
	PQfinish(conn);
	return NULL;
}

static PGresult *ask(const struct command *command, PGconn *conn, const char *sql, const char *arg)
{
	PGresult *result = PQexecParams(conn, sql, 1, NULL, &arg, NULL, NULL, 0);
	const char *hint;

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	fprintf(stderr, "phasegate %s: %s\n", command->name,
		PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) != NULL
			? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
			: PQerrorMessage(conn));
	if (hint != NULL)
		fprintf(stderr, "%s\n", hint);
	PQclear(result);
	return NULL;
}

/* ---- printing ---- */

/* One row below the other, as long as they are; a table where a row is one line. */
static void print_table(const PGresult *result)
{
	const PQprintOpt options = {.header = 1, .align = 1, .fieldSep = " "};

	PQprint(stdout, result, &options);
}

static void print_fields(const PGresult *result)
{
	for (int i = 0; i < PQnfields(result); i++)
		if (!PQgetisnull(result, 0, i))
			printf("%-13s %s\n", PQfname(result, i), PQgetvalue(result, 0, i));
	putchar('\n');
}

/* ---- commands ---- */

/* Takes --server and the operands; returns how many there are, or -1. */
static int read_arguments(
	const struct command *command, int argc, char **argv, const char **server, bool *all)
{
	const struct cli_option options[] = {
		{.name = "--server", .value = server}, {.name = "--all", .flag = all}};
	int operands = cli_parse(command, argc, argv, options, all != NULL ? 2 : 1);

	if (operands >= 0 && *server == NULL) {
		cli_wrong(command, "--server is needed");
		return -1;
	}
	return operands;
}

static bool is_number(const char *text)
{
	char *end;

	errno = 0;
	return strtoll(text, &end, 10) > 0 && *end == '\0' && errno == 0;
}

int cli_changes(const struct command *command, int argc, char **argv)
{
	const char *server = NULL;
	bool all = false;
	int operands = read_arguments(command, argc, argv, &server, &all);
	PGconn *conn;
	PGresult *result;

	if (operands < 0)
		return CLI_FAILED;
	if (operands > 0)
		return cli_wrong(command, "it takes no \"%s\"", argv[0]);
	conn = connect_to(command, server);
	if (conn == NULL)
		return CLI_FAILED;
	result = ask(command, conn, list_sql, all ? "true" : "false");
	if (result != NULL)
		print_table(result);
	PQclear(result);
	PQfinish(conn);
	return result != NULL ? CLI_GOOD : CLI_FAILED;
}

static int show(const struct command *command, PGconn *conn, const char *id)
{
	PGresult *change = ask(command, conn, show_sql, id), *steps = NULL;
	int status = CLI_FAILED;

	if (change != NULL && PQntuples(change) == 0)
		fprintf(stderr, "phasegate show: there is no change %s\n", id);
	else if (change != NULL && (steps = ask(command, conn, steps_sql, id)) != NULL) {
		print_fields(change);
		print_table(steps);
		status = CLI_GOOD;
	}
	PQclear(change);
	PQclear(steps);
	return status;
}

static int operate(const struct command *command, PGconn *conn, const char *id)
{
	PGresult *result = NULL;

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].command, command->name) == 0)
			result = ask(command, conn, operations[i].sql, id);
	if (result == NULL)
		return CLI_FAILED;
	printf("%s\n", PQgetvalue(result, 0, 0));
	PQclear(result);
	return CLI_GOOD;
}

static int on_one_change(const struct command *command, int argc, char **argv,
	int (*act)(const struct command *, PGconn *, const char *))
{
	const char *server = NULL;
	int operands = read_arguments(command, argc, argv, &server, NULL), status;
	PGconn *conn;

	if (operands < 0)
		return CLI_FAILED;
	if (operands != 1 || !is_number(argv[0]))
		return cli_wrong(command, "which change?  phasegate changes lists their numbers");
	conn = connect_to(command, server);
	if (conn == NULL)
		return CLI_FAILED;
	status = act(command, conn, argv[0]);
	PQfinish(conn);
	return status;
}

int cli_show(const struct command *command, int argc, char **argv)
{
	return on_one_change(command, argc, argv, show);
}

int cli_operate(const struct command *command, int argc, char **argv)
{
	return on_one_change(command, argc, argv, operate);
}

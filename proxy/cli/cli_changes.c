/* SPDX-License-Identifier: PostgreSQL */
/*
 * phasegate changes, show, and what operators ask of a change.  All of it is SQL of schema
 * phasegate: whoever may call its functions needs no phasegate at hand.
 */
#include "cli.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word that is no change's number; sent as NULL. */
static const char all_word[] = "all";

struct operation {
	const char *command, *sql;
	bool all; /* of every change, too */
	int operands, parameters;
};

/* To add something operators can ask for: a row here, one in cli.c, and the function. */
static const struct operation operations[] = {
	{"release", "SELECT phasegate.release($1::pg_catalog.int8)", false, 1, 1},
	{"approve", "SELECT phasegate.approve($1::pg_catalog.int8)", false, 1, 1},
	{"abort", "SELECT phasegate.abort($1::pg_catalog.int8)", false, 1, 1},
	{"retry", "SELECT phasegate.retry($1::pg_catalog.int8, $2)", false, 1, 2},
	{"pause", "SELECT phasegate.pause($1::pg_catalog.int8)", true, 1, 1},
	{"resume", "SELECT phasegate.resume($1::pg_catalog.int8)", true, 1, 1},
	{"throttle",
		"SELECT phasegate.throttle($1::pg_catalog.int8, $2::pg_catalog.float8,"
		" $3::pg_catalog.interval)",
		true, 2, 3},
};

static const char list_sql[] =
	"SELECT id, state, pg_catalog.concat_ws('.', pg_catalog.quote_ident(schema),"
	" pg_catalog.quote_ident(\"table\")) AS \"table\", summary,"
	" pg_catalog.date_trunc('second', state_since) AS since, pg_catalog.concat_ws('; ',"
	" CASE WHEN paused THEN 'paused' END, COALESCE(error_message, stage),"
	" 'waiting for ' || waiting_for) AS remark FROM phasegate.changes WHERE "
	"$1::pg_catalog.bool OR finished_at IS NULL"
	" ORDER BY id DESC";

static const char show_sql[] =
	"SELECT c.summary, c.state, COALESCE(c.error_message, c.stage) AS remark,"
	" c.error_detail AS detail, c.error_hint AS hint, c.original_sql AS statement, "
	"c.submitted_by, c.submitted_at,"
	" c.state_since, c.finished_at, c.rows_changed AS rows_filled, c.batches,"
	" c.waiting_for, c.waiting_since, CASE WHEN c.paused THEN 'yes' END AS paused,"
	" c.throttle_ratio AS throttled_by, c.throttled_until,"
	" NULLIF(c.violations, 0) AS rows_in_the_way, c.shows_bad_rows AS shown_by, CASE WHEN "
	"c.state = 'soaking' THEN c.release_at END AS release_at,"
	" pg_catalog.array_to_string(h.rules, ', ') AS held_for,"
	" pg_catalog.array_to_string(h.reasons, '; ') AS because, h.sent_by, h.application,"
	" CASE WHEN h.two_persons THEN 'yes' END AS two_persons, h.expires_at, h.approved_by,"
	" h.approved_at FROM phasegate.changes c LEFT JOIN phasegate.holds h ON h.id = c.id"
	" WHERE c.id = $1::pg_catalog.int8";

static const char steps_sql[] =
	"SELECT ord AS step, status, purpose, lock_mode AS lock, attempts,"
	" CASE WHEN final THEN 'no way back' ELSE '' END AS remark"
	" FROM phasegate.steps WHERE change = $1::pg_catalog.int8 ORDER BY ord";

static const char blockers_sql[] =
	"SELECT b.pid, b.state, b.user, b.application, b.query FROM phasegate.changes c"
	" JOIN phasegate.steps s ON s.change = c.id AND s.status = 'intent',"
	" pg_catalog.jsonb_to_recordset(s.blockers) AS b (pid pg_catalog.int4,"
	"  state pg_catalog.text, \"user\" pg_catalog.text, application pg_catalog.text,"
	"  query pg_catalog.text)"
	" WHERE c.id = $1::pg_catalog.int8 AND c.waiting_for IS NOT NULL";

static const char violations_sql[] =
	"SELECT \"table\", key, reason FROM phasegate.violations"
	" WHERE change = $1::pg_catalog.int8 ORDER BY seen_at, key LIMIT 20";

/* The way back, to be run by hand where no phasegate is to be had. */
static const char undo_sql[] =
	"SELECT pg_catalog.format(E'-- step %s, %s: %s\\n%s', s.ord, s.status,"
	" pg_catalog.translate(s.purpose, E'\\n\\r', '  '), CASE"
	" WHEN s.undo IS NULL THEN '-- for members of the role that submitted the change only'"
	" WHEN s.undo = '' THEN '-- nothing to undo'"
	" WHEN s.kind = 'backfill' THEN s.undo || '; -- repeat until it updates 0 rows'"
	" ELSE s.undo || ';' END)"
	" FROM phasegate.steps s WHERE s.change = $1::pg_catalog.int8 ORDER BY s.ord DESC";

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

static PGresult *ask_with(const struct command *command, PGconn *conn, const char *sql,
	const char *const *args, int n)
{
	PGresult *result = PQexecParams(conn, sql, n, NULL, args, NULL, NULL, 0);
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

static PGresult *ask(const struct command *command, PGconn *conn, const char *sql, const char *arg)
{
	return ask_with(command, conn, sql, &arg, 1);
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
			printf("%-15s %s\n", PQfname(result, i), PQgetvalue(result, 0, i));
	putchar('\n');
}

/* ---- commands ---- */

struct arguments {
	const char *server, *time, *fix;
	bool all, undo;
	int operands;
};

/* 0, or -1 when that was said to be wrong. */
static int read_arguments(
	const struct command *command, int argc, char **argv, struct arguments *arguments)
{
	const struct cli_option options[] = {{.name = "--server", .value = &arguments->server},
		{.name = "--all", .flag = &arguments->all, .only = "changes"},
		{.name = "--undo", .flag = &arguments->undo, .only = "show"},
		{.name = "--fix", .value = &arguments->fix, .only = "retry"},
		{.name = "--for", .value = &arguments->time, .only = "throttle"}};

	*arguments = (struct arguments){0};
	arguments->operands =
		cli_parse(command, argc, argv, options, sizeof(options) / sizeof(options[0]));
	if (arguments->operands >= 0 && arguments->server != NULL)
		return 0;
	if (arguments->operands >= 0)
		cli_wrong(command, "--server is needed");
	return -1;
}

static bool is_number(const char *text)
{
	char *end;

	errno = 0;
	return strtoll(text, &end, 10) > 0 && *end == '\0' && errno == 0;
}

int cli_changes(const struct command *command, int argc, char **argv)
{
	struct arguments arguments;
	PGconn *conn;
	PGresult *result;

	if (read_arguments(command, argc, argv, &arguments) < 0)
		return CLI_FAILED;
	if (arguments.operands > 0)
		return cli_wrong(command, "it takes no \"%s\"", argv[0]);
	conn = connect_to(command, arguments.server);
	if (conn == NULL)
		return CLI_FAILED;
	result = ask(command, conn, list_sql, arguments.all ? "true" : "false");
	if (result != NULL)
		print_table(result);
	PQclear(result);
	PQfinish(conn);
	return result != NULL ? CLI_GOOD : CLI_FAILED;
}

static int show_tables(const struct command *command, PGconn *conn, const char *id)
{
	static const char *const tables[] = {steps_sql, blockers_sql, violations_sql};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		PGresult *result = ask(command, conn, tables[i], id);

		if (result == NULL)
			return CLI_FAILED;
		if (PQntuples(result) > 0)
			print_table(result);
		PQclear(result);
	}
	return CLI_GOOD;
}

static int show(const struct command *command, PGconn *conn, const char *id)
{
	PGresult *change = ask(command, conn, show_sql, id);
	int status = CLI_FAILED;

	if (change != NULL && PQntuples(change) == 0) {
		fprintf(stderr, "phasegate show: there is no change %s\n", id);
	} else if (change != NULL) {
		print_fields(change);
		status = show_tables(command, conn, id);
	}
	PQclear(change);
	return status;
}

static int show_undo(const struct command *command, PGconn *conn, const char *id)
{
	PGresult *result = ask(command, conn, undo_sql, id);
	int n = result == NULL ? 0 : PQntuples(result);

	for (int i = 0; i < n; i++)
		printf("%s\n", PQgetvalue(result, i, 0));
	if (result != NULL && n == 0)
		fprintf(stderr, "phasegate show: there is no change %s\n", id);
	PQclear(result);
	return n > 0 ? CLI_GOOD : CLI_FAILED;
}

int cli_show(const struct command *command, int argc, char **argv)
{
	struct arguments arguments;
	PGconn *conn;
	int status;

	if (read_arguments(command, argc, argv, &arguments) < 0)
		return CLI_FAILED;
	if (arguments.operands != 1 || !is_number(argv[0]))
		return cli_wrong(command, "which change?  phasegate changes lists their numbers");
	conn = connect_to(command, arguments.server);
	if (conn == NULL)
		return CLI_FAILED;
	status = (arguments.undo ? show_undo : show)(command, conn, argv[0]);
	PQfinish(conn);
	return status;
}

static const struct operation *operation_of(const struct command *command)
{
	const struct operation *operation = operations;

	while (strcmp(operation->command, command->name) != 0)
		operation++;
	return operation;
}

int cli_operate(const struct command *command, int argc, char **argv)
{
	const struct operation *operation = operation_of(command);
	struct arguments arguments;
	const char *values[3] = {NULL};
	PGresult *result;
	PGconn *conn;

	if (read_arguments(command, argc, argv, &arguments) < 0)
		return CLI_FAILED;
	if (arguments.operands != operation->operands ||
		(!is_number(argv[0]) && !(operation->all && strcmp(argv[0], all_word) == 0)))
		return cli_wrong(command, "which change?  phasegate changes lists their numbers");
	values[0] = strcmp(argv[0], all_word) == 0 ? NULL : argv[0];
	values[1] = operation->operands > 1 ? argv[1] : arguments.fix;
	values[2] = arguments.time;
	conn = connect_to(command, arguments.server);
	if (conn == NULL)
		return CLI_FAILED;
	result = ask_with(command, conn, operation->sql, values, operation->parameters);
	if (result != NULL)
		printf("%s\n", PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(conn);
	return result != NULL ? CLI_GOOD : CLI_FAILED;
}

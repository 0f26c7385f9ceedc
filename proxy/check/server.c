/* SPDX-License-Identifier: PostgreSQL */
#include "server.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "catalog.h"

static const char facts_query[] = "phasegate_facts";

struct server {
	PGconn *connection;
	char *user;
};

/* libpq ends its messages with a newline. */
static const char *one_line(struct arena *arena, const char *what, const char *message)
{
	size_t n = strlen(message);

	while (n > 0 && message[n - 1] == '\n')
		n--;
	return arena_printf(arena, "%s: %.*s", what, (int)n, message);
}

static int run(struct server *server, struct arena *arena, const char *sql, const char *parameter,
	const char **error)
{
	PGresult *result = PQexecParams(
		server->connection, sql, parameter != NULL, NULL, &parameter, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!good)
		*error = one_line(arena, "the server", PQerrorMessage(server->connection));
	PQclear(result);
	return good ? 0 : -1;
}

/* A client_encoding in the conninfo or of the role would garble names. */
static int begin(struct server *server, struct arena *arena, const struct server_options *options,
	const char **error)
{
	static const char *const preparation[] = {
		"SET default_transaction_read_only = on",
		"SET client_encoding = 'UTF8'",
		"SET jit = off",
		"SET join_collapse_limit = 1",
		"SET from_collapse_limit = 1",
		"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
	};

	for (size_t i = 0; i < sizeof(preparation) / sizeof(preparation[0]); i++)
		if (run(server, arena, preparation[i], NULL, error) != 0)
			return -1;
	if (options->role != NULL &&
		run(server, arena, "SELECT pg_catalog.set_config('role', $1, true)", options->role,
			error) != 0)
		return -1;
	if (options->search_path != NULL &&
		run(server, arena, "SELECT pg_catalog.set_config('search_path', $1, true)",
			options->search_path, error) != 0)
		return -1;
	return 0;
}

/* Planning the catalog query takes far longer than running it, so one plan serves all files. */
static int prepare(struct server *server, struct arena *arena, const char **error)
{
	enum { PLAN_CACHE_MODE_SINCE = 120000 };
	PGresult *result;
	bool good;

	if (PQserverVersion(server->connection) >= PLAN_CACHE_MODE_SINCE &&
		run(server, arena, "SET LOCAL plan_cache_mode = force_generic_plan", NULL, error) !=
			0)
		return -1;
	result = PQprepare(server->connection, facts_query, catalog_sql, CATALOG_PARAMETERS, NULL);
	good = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!good)
		*error = one_line(arena, "the catalog query", PQerrorMessage(server->connection));
	PQclear(result);
	return good ? 0 : -1;
}

struct server *server_open(
	struct arena *arena, const struct server_options *options, const char **error)
{
	static const char *const keys[] = {
		"fallback_application_name", "connect_timeout", "dbname", NULL};
	const char *const values[] = {"phasegate", "10", options->conninfo, NULL};
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		*error = "out of memory";
		return NULL;
	}
	server->connection = PQconnectdbParams(keys, values, 1);
	if (PQstatus(server->connection) != CONNECTION_OK) {
		*error = one_line(arena, "the server", PQerrorMessage(server->connection));
		server_close(server);
		return NULL;
	}
	server->user = strdup(options->role != NULL ? options->role : PQuser(server->connection));
	if (begin(server, arena, options, error) != 0 || prepare(server, arena, error) != 0) {
		server_close(server);
		return NULL;
	}
	return server;
}

void server_close(struct server *server)
{
	if (server == NULL)
		return;
	PQfinish(server->connection);
	free(server->user);
	free(server);
}

const char *server_database(const struct server *server)
{
	return PQdb(server->connection);
}

const char *server_user(const struct server *server)
{
	return server->user;
}

int server_facts(struct server *server, struct arena *arena, const struct stmts *stmts,
	struct facts *facts, const char **error)
{
	struct facts_request request = facts_request(arena, stmts);
	const char *parameters[CATALOG_PARAMETERS];
	PGresult *result;
	int status = -1;

	catalog_parameters(arena, &request, parameters);
	result = PQexecPrepared(
		server->connection, facts_query, CATALOG_PARAMETERS, parameters, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		*error = one_line(arena, "the catalog query", PQerrorMessage(server->connection));
	else
		status = catalog_decode(arena, PQgetvalue(result, 0, 0),
			(size_t)PQgetlength(result, 0, 0), &request, facts, error);
	PQclear(result);
	return status;
}

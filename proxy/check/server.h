/* SPDX-License-Identifier: PostgreSQL */
/*
 * The server that files are judged against: facts by the same query that the proxy asks with,
 * from one snapshot, in one READ ONLY transaction.  Nothing is ever written.
 */
#ifndef SERVER_H
#define SERVER_H

#include "facts.h"

struct server;

struct server_options {
	const char *conninfo;
	const char *role; /* SET ROLE; NULL: who logs in */
	const char *search_path; /* as in SET search_path; NULL: that of who logs in */
};

/* NULL with *error, which is the arena's. */
struct server *server_open(
	struct arena *arena, const struct server_options *options, const char **error);
void server_close(struct server *server);

const char *server_database(const struct server *server);
const char *server_user(const struct server *server);

/* Facts of all these statements in one query.  0, or -1 with *error. */
int server_facts(struct server *server, struct arena *arena, const struct stmts *stmts,
	struct facts *facts, const char **error);

#endif

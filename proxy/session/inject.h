/* SPDX-License-Identifier: PostgreSQL */
/*
 * Statements of ours on the client's own connection, in its transaction, unseen by it: Parse,
 * Bind, Execute, Close under names of our own, so that the client's unnamed statement and portal
 * survive (a simple Query would drop them).  No Sync: in the client's batch that would commit.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stddef.h>

struct mark;
struct session;

/* Of our statement and our portal on the client's connection; no driver makes such a name. */
extern const char inject_name[];

/*
 * Rows and errors go to the session's gate.  flags: OWED_RELAY_ERROR lets an error through to
 * the client, as the answer to the statement that ours stands for.
 */
void inject_statement(struct session *session, const char *sql, const char *const *parameters,
	size_t n, unsigned flags);

/* The same around an Execute whose answers are the client's: mark (may be NULL) belongs to that
 * Execute. */
void inject_in_place_of_execute(struct session *session, const char *sql, struct mark *mark);

/* set_config('lock_timeout', value, is_local => true); value in ms or as current_setting gave it.
 */
void inject_lock_timeout(struct session *session, long long timeout_ms);

void inject_sync(struct session *session); /* its ReadyForQuery is swallowed, its status kept */
void inject_flush(struct session *session);
/* Finds out where the server is after pipeline_ask; ends the session where that cannot be asked. */
void inject_question(struct session *session);

#endif

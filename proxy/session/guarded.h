/* SPDX-License-Identifier: PostgreSQL */
/*
 * Names on the server that stand for guarded texts: prepared statements whose text stmt_parse calls
 * guarded, and portals bound to them.  The server's own word (ParseComplete, BindComplete,
 * CloseComplete) is what adds and removes them, so a Parse that failed or was skipped never counts.
 * Names are compared as the server does: cut to 63 bytes (its hash keys are NAMEDATALEN long).
 */
#ifndef GUARDED_H
#define GUARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* What a prepared statement of the client means. */
struct guarded_text {
	const char *text;
	size_t len;
	bool substituted; /* the server holds an empty statement instead: a plan runs at Execute */
	const uint8_t *types; /* of parameters whose values it awaits, as Parse declared them */
	size_t types_len; /* 0: it awaits none */
};

enum { GUARDED_NAMES_MAX = 1000 };
/* No more are taken: ask before the message goes on.  One that means something else is replaced. */
bool guarded_full(const struct session *session);
/* Some were taken all the same, by nobody asking: what they mean is not known. */
bool guarded_overflown(const struct session *session);

/* Is there one of that name?  Cheap when the session has none. */
bool guarded_statement(const struct session *session, const char *name);
bool guarded_portal(const struct session *session, const char *name);

/* NULL when the name stands for nothing guarded; borrowed until the next change of the names. */
const struct guarded_text *guarded_statement_text(const struct session *session, const char *name);
const struct guarded_text *guarded_portal_text(const struct session *session, const char *name);

/* what is copied; replaces what the name meant before. */
void guarded_add_statement(
	struct session *session, const char *name, const struct guarded_text *what);
void guarded_remove_statement(struct session *session, const char *name);
/*
 * Binds the portal to what the statement name means; a statement that is not guarded frees the
 * name.  with_values: its text with the parameters written in, or NULL.
 */
void guarded_bind(struct session *session, const char *portal, const char *statement,
	const char *with_values);
void guarded_remove_portal(struct session *session, const char *name);

/* The server has forgotten all prepared statements. */
void guarded_remove_statements(struct session *session);
/* The transaction is over: no portal outlives it. */
void guarded_end_transaction(struct session *session);

void guarded_free(struct session *session);

#endif

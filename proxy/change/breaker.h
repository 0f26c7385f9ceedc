/* SPDX-License-Identifier: PostgreSQL */
/*
 * The circuit breaker.  A change keeps a second column in step by a trigger, in which a statement
 * of a client can fail: a value that does not fit the new type.  Too many of them within a minute,
 * and the change is taken back, for production goes before it.
 */
#ifndef BREAKER_H
#define BREAKER_H

struct change_engine;

/* See change_client_failed, which is this. */
void breaker_count(
	struct change_engine *engine, const char *database, const char *where, const char *message);

void breaker_free(struct change_engine *engine);

#endif

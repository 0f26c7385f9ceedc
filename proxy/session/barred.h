/* SPDX-License-Identifier: PostgreSQL */
/* Statements of a session that wait at a barrier (barrier.h): before their transaction holds any
 * lock, and never for longer than BARRIER_US. */
#ifndef BARRED_H
#define BARRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;
struct word_set;
struct worker;

/* Of a session. */
struct barred {
	bool waits; /* the first message held back is not passed on before it asked again */
	int64_t until_us; /* that one waits no longer; 0: it does not wait */
	struct named_words *named; /* prepared statements; NULL: none yet */
};

/* Must the statement of that text wait?  Then the session asks again by itself. */
bool barred_text(struct session *session, const char *text, size_t len);
/* The same for a Bind of the statement prepared under that name. */
bool barred_statement(struct session *session, const char *name);
/* A Parse of the text under that name was passed on. */
void barred_parsed(struct session *session, const char *name, const char *text, size_t len);
/* The words of its text; NULL when it is not remembered. */
const struct word_set *barred_words(const struct session *session, const char *name);

/* All that wait on this worker ask again. */
void barred_ask_again(struct worker *worker);
void barred_free(struct session *session);

#endif

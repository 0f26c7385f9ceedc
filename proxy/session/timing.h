/* SPDX-License-Identifier: PostgreSQL */
/*
 * How long a client waits for the server: from its message, when nothing was owed, until nothing is
 * owed again.  What it waits in a transaction counts as one: a batch is met by the one COMMIT among
 * many statements, and people wait for the whole.  Only a few transactions are timed (latency_due),
 * and of fewer exchanges still the texts are looked at, for what tables they name.
 */
#ifndef TIMING_H
#define TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table_latency.h"

struct session;

/* Of a session. */
struct timing {
	bool waits; /* the exchange under way is counted among those that wait, timed or not */
	int64_t sent_us; /* when the exchange under way began; 0: it is not timed */
	int64_t waited_us; /* in the transaction's exchanges before it; 0: none was timed */
	enum table_interest interest; /* in its texts */
	struct word_set words; /* of those so far */
};

void timing_begin(struct session *session);
/* What waits for us says nothing of the server. */
void timing_drop(struct session *session);
/* It is answered. */
void timing_end(struct session *session);

/* While there is interest: a text in it, and the start of the body of a Bind. */
void timing_text(struct session *session, const char *text, size_t len);
void timing_bind(struct session *session, const uint8_t *body, size_t n);

#endif

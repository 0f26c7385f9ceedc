/* SPDX-License-Identifier: PostgreSQL */
/*
 * A session and the backfill lane of its database: which of its transactions are backfill, and
 * their way through the lane.  A transaction waits as a whole, before its first statement; once it
 * may hold locks nothing holds it, and what it wrote is paid for by whatever comes next in the
 * lane.  While it waits the session's gate is closed, so its client is held and nobody else.
 */
#ifndef LANE_SESSION_H
#define LANE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline.h"

struct lane_stay;
struct session;
struct tagged_name;
struct wire_header;

/* How backfill is recognised; the log says so. */
enum lane_by {
	LANE_BY_NOTHING,
	LANE_BY_ROLE,
	LANE_BY_APPLICATION,
	LANE_BY_LISTENER,
	LANE_BY_TAG,
	LANE_BY_BULK, /* UPDATE or DELETE of every row of a large table, let through as it is */
	LANE_BY_ROWS, /* it wrote lane.large_rows, unasked: in one statement, or a loop of them */
	LANE_BYS
};

/* Of a session. */
struct lane_seat {
	uint8_t by; /* of all that it does */
	bool listener; /* it came in where all is backfill */
	bool owes; /* what it wrote by LANE_BY_ROWS: its next transaction waits until that is paid
		    */
	bool loops; /* it wrote so much, and stays in the lane while it goes on like that */
	int64_t loop_rows; /* written outside of the lane by statements of many rows each, */
	uint32_t loop_tick; /* since this second */
	bool closed; /* what starts next has to come to the gate */
	struct lane_stay *stay; /* of its transaction: waits or runs in the lane; else NULL */
	struct tagged_name *tagged; /* prepared statements whose texts have the tag */
};

/* Who the client says it is, or the configuration, may have changed. */
void lane_refresh(struct session *session);

/* Has the text a tag of lane.tags?  tag_possible spares ordinary ones the question. */
bool lane_tagged(const struct session *session, const char *text, size_t len);
/* A Parse under that name is on its way. */
void lane_parsed(struct session *session, const char *name, bool tagged);
bool lane_statement(const struct session *session, const char *name);
/* Forgets them. */
void lane_tags_free(struct session *session);

/*
 * By the length of its tag a command was BEGIN or START TRANSACTION, which take no locks; RESET and
 * GRANT are as long, and no reason to look into every CommandComplete.
 */
static inline bool lane_is_begin(uint32_t tag_bytes)
{
	return tag_bytes == sizeof("BEGIN") || tag_bytes == sizeof("START TRANSACTION");
}

/* Shorter tags tell of less than LANE_LARGE_ROWS_MIN rows, and of UPDATE and DELETE of less than
 * LANE_LOOP_ROWS_MIN. */
enum {
	LANE_LARGE_TAG_BYTES = sizeof("MERGE 10000"),
	LANE_LARGE_ROWS_MIN = 10000,
	LANE_LOOP_ROWS_MIN = 1000,
	LANE_LOOP_SECONDS = 60,
};
/* A command that may have written many rows is complete. */
void lane_large(struct session *session, const char *tag);
/* By INSERT, UPDATE, DELETE or MERGE; 0: none, or more than can be. */
int64_t lane_rows_written(const char *tag);

/* A message of the client was passed on while the session is in the lane. */
void lane_sent(struct session *session, enum owed_kind kind);
/* Its client said something, or took of its answers. */
void lane_heard(struct session *session);
/* Once a second.  A transaction that waits for its client and hears nothing gives up its place
 * until it goes on. */
void lane_tick(struct session *session);
/* An answer to such a message, before it is passed on. */
void lane_answer(struct session *session, const struct answer *answer,
	const struct wire_header *header, const uint8_t *body);

/* Its transaction has not begun yet: it waits for the lane. */
bool lane_waits(const struct session *session);
/* The client gives up waiting; false when it does not wait. */
bool lane_cancel(struct session *session);
/* Out of the lane, for good or before its end; sqlstate and note (may be NULL) are for the log. */
void lane_end(struct session *session, const char *sqlstate, const char *note);
/* The session is gone. */
void lane_forget(struct session *session);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * The pipeline queue of a session: what was sent to the server and what answer it still owes, in
 * order.  It follows the server's own rules for errors (skip to Sync) and for Sync inside COPY,
 * so that an answer can be told apart as the client's, as one of ours, or as one to be replaced.
 * https://www.postgresql.org/docs/current/protocol-flow.html
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

enum owed_kind {
	OWED_QUERY, /* anything, up to ReadyForQuery */
	OWED_FUNCTION, /* likewise */
	OWED_SYNC, /* ReadyForQuery */
	OWED_PARSE,
	OWED_BIND,
	OWED_DESCRIBE, /* [ParameterDescription] RowDescription or NoData */
	OWED_EXECUTE, /* rows, then CommandComplete, EmptyQueryResponse or PortalSuspended */
	OWED_CLOSE,
	OWED_COPY_END, /* nothing: where CopyDone or CopyFail stands among the rest */
};

enum owed_flags {
	OWED_SWALLOW = 1, /* ours: no answer of it reaches the client */
	OWED_RELAY_ERROR = 2, /* ... but for an error */
	OWED_MARKED = 4, /* the first of the marks belongs to it */
	OWED_IN_LANE = 8, /* part of a transaction in the backfill lane */
};

struct owed {
	uint8_t kind, flags;
};

/* What is to happen when a statement of the client is answered. */
struct mark {
	struct mark *next;
	struct buffer notices; /* whole messages for the client before its first answer */
	struct buffer error; /* the whole ErrorResponse that takes the place of the server's */
	char *tag; /* CommandComplete that takes the place of EmptyQueryResponse; malloc'ed */
	char *note; /* for the outcome's record; malloc'ed */
	const char *hint; /* added to an error of 55P03 under a lock_timeout of ours; static text */
	uint64_t decision; /* outcome to be logged; 0: none */
	int64_t started_us;
	int64_t rows; /* -1: not known */
	char sqlstate[6];
	bool swallow_lock_timeout; /* 55P03 is not for the client: the gate tries again */
};

enum { PIPELINE_INLINE = 8, PIPELINE_MAX = 65536 };

struct pipeline {
	struct owed *ring; /* NULL: the entries stand in small */
	struct mark *marks; /* in the order of the marked entries */
	uint32_t special; /* entries with flags */
	uint32_t capacity, start, count; /* capacity is a power of two */
	uint32_t batch_executes; /* Executes of the client since the last Sync or Query */
	bool batch_open; /* extended messages since then */
	bool skipping; /* the server drops everything up to the next Sync */
	bool copying_in; /* it reads CopyData, and no end of it was sent yet */
	bool in_copy; /* it reads, or read, CopyData for the head */
	bool copy_synced; /* a Sync was sent that this COPY may have read */
	bool unsure; /* see pipeline_ask */
	bool unsure_ready; /* ... but it skips nothing any more */
	bool asked; /* ... and the probe is on its way */
	struct owed small[PIPELINE_INLINE];
};

void pipeline_init(struct pipeline *pipeline);
void pipeline_free(struct pipeline *pipeline);

/* At PIPELINE_MAX no more may be sent until answers come. */
static inline bool pipeline_full(const struct pipeline *pipeline)
{
	return pipeline->count >= PIPELINE_MAX;
}

/*
 * A message is sent.  Must be called for every message that goes to the server, in order; what the
 * server will drop is not queued.  mark (may be NULL) becomes the queue's when it returns
 * true; false: the message will be dropped, mark stays the caller's.
 */
bool pipeline_push(
	struct pipeline *pipeline, enum owed_kind kind, unsigned flags, struct mark *mark);

/* The entry that the next answer belongs to; NULL when nothing is owed. */
struct owed *pipeline_head(struct pipeline *pipeline);

/*
 * A COPY FROM failed behind a Sync.  Either the server read that Sync as part of the COPY, and
 * ignored it, or the Sync ended the skipping; nobody can tell before it answers something else.
 * Until then (unsure) no message but CopyData, its end, Sync and Flush may be sent.  pipeline_ask
 * queues the probe, a Close of ours, behind which all is known again; false: the server may be
 * skipping, so there is no asking.
 */
bool pipeline_ask(struct pipeline *pipeline);

/* Nothing is owed: the server waits for us (or, in a batch, for a Flush). */
static inline bool pipeline_idle(struct pipeline *pipeline)
{
	return pipeline_head(pipeline) == NULL;
}

/* A message arrived from the server that is no notice, notification or parameter. */
struct answer {
	struct owed owed; /* of which entry; kind is meaningless when !known */
	struct mark *mark; /* its mark, still in the queue unless done; NULL if none */
	bool known; /* something was owed */
	bool done; /* the entry is answered: mark is the caller's now */
	bool unexpected; /* no such answer fits here */
	bool lost; /* unsure, and more was sent already: the session must end */
};
/* The marks of entries that an error skipped are freed. */
struct answer pipeline_answer(struct pipeline *pipeline, uint8_t type);

struct mark *mark_new(void);
void mark_free(struct mark *mark);

#endif

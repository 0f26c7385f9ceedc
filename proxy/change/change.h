/* SPDX-License-Identifier: PostgreSQL */
/*
 * The change engine: runs plans on control connections of its own (libpq, blocking, one thread
 * for each change under way, bounded) while sessions wait.  State lives in schema phasegate of
 * the target database and moves in the transaction of the work; see store.h.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "plan.h"
#include "worker.h"

struct barriers;
struct change_engine;
struct latency_board;
struct change_wait; /* one session waiting for one change */

/* Who wants what.  Strings are copied. */
struct change_request {
	const char *database;
	const char *submitter; /* SET ROLE to it: current_user of the session, as the server said */
	const char *session_user;
	const char *search_path; /* the session's; user expressions resolve under it */
	const char *client_address, *application;
	const char *original_sql, *fingerprint;
	const struct plan *plan; /* copied */
	uint64_t decision; /* sequence in the policy log */
	int64_t approval; /* the held statement's number, whose approval is used up; 0: none */
};

enum change_state {
	CHANGE_DONE,
	CHANGE_SOAKING, /* what the client may build on is there; the rest waits for a release */
	CHANGE_FAILED,
	CHANGE_CANCELLED,
	CHANGE_UNAVAILABLE,
};

struct change_outcome {
	enum change_state state;
	int64_t id; /* of the change, 0 if it was never recorded */
	/* Failure: the server's own words where there are some. */
	const char *sqlstate, *message, *detail, *hint;
	uint64_t batches, rows; /* of the backfill */
	int64_t throttled_ms;
	const char *throttled_by; /* what cost most of it; static text */
	int64_t duration_ms;
};

/* Called on the worker's thread; borrowed for the call. */
struct change_events {
	void (*progress)(void *arg, int64_t id, const char *text); /* one line for a NOTICE */
	/* Once; the wait is gone after it. */
	void (*finished)(void *arg, const struct change_outcome *outcome);
};

/* Returns NULL with *error (malloc'ed) when the control connection cannot be used at all. */
struct change_engine *change_engine_start(struct config *config, char **error);
/*
 * Carry on, in the background, what an earlier phasegate left in the middle in any database of the
 * server, and what operators release or abort there.  Call once after the start.  latency: what
 * the clients wait; barriers: where their new statements can be made to.
 */
void change_engine_resume(
	struct change_engine *engine, struct latency_board *latency, struct barriers *barriers);
/*
 * Waits for running steps to reach a safe point, then stops; records stay true.  -1: the server
 * keeps one from it.  Then the engine runs still, and only the end of the process ends it.
 */
int change_engine_stop(struct change_engine *engine);
/* After SIGHUP: rates and batch sizes of the new configuration. */
void change_engine_reconfigure(struct change_engine *engine, struct config *config);

/*
 * Is schema phasegate there and usable in this database?  The first call for a database installs
 * it in the background and reports later through on_ready(worker thread, arg, usable, because).
 * Returns 1 usable, 0 not (*because static until the next call), -1 asked: wait for on_ready.
 */
int change_engine_ready(struct change_engine *engine, const char *database, struct worker *worker,
	void (*on_ready)(struct worker *worker, void *arg, bool usable, const char *because),
	void *arg, const char **because);

/* Submit and run; the session waits.  Never NULL; failure comes through finished(). */
struct change_wait *change_submit(struct change_engine *engine,
	const struct change_request *request, struct worker *worker,
	const struct change_events *events, void *arg);

/*
 * Inside BEGIN..COMMIT: the SQL that the session runs on the client's own connection, in the
 * client's transaction, to record the change (one SELECT phasegate.submit(...) whose single
 * bigint column is the id).  Carries our MAC over backend pid, text and plan.  Arena memory, never
 * NULL: a change that cannot be recorded gives a statement that fails with the reason.
 */
const char *change_submit_sql(struct change_engine *engine, struct arena *arena,
	const struct change_request *request, int backend_pid);
/* After the COMMIT: run what was recorded as these ids by change_submit_sql; those rolled back
 * count as done. */
struct change_wait *change_run(struct change_engine *engine, const char *database,
	const int64_t *ids, size_t n, struct worker *worker, const struct change_events *events,
	void *arg);

/* The client asked to cancel: stop at the next safe point, undo, report CHANGE_CANCELLED. */
void change_wait_cancel(struct change_wait *wait);
/*
 * A statement of a client failed.  where: the CONTEXT of its error.  One that failed in a trigger
 * of a change counts against that change.  From any thread; blocks nobody.
 */
void change_client_failed(
	struct change_engine *engine, const char *database, const char *where, const char *message);
/* The session is gone: no more events; the change goes on. */
void change_wait_forget(struct change_wait *wait);

#endif

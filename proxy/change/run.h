/* SPDX-License-Identifier: PostgreSQL */
/*
 * One change being carried out on one thread: what its files share.
 *
 *   run.c       claim, forward, end
 *   reconnect.c a lost connection
 *   trust.c     what the client's transaction did, or took back
 *   step.c      steps in a transaction and steps outside one
 *   attempt.c   what follows an attempt that failed for others
 *   batch.c     rows written in batches:
 *   ahead.c     where the next ones end
 *   between.c   what holds them apart
 *   gap.c       a moment for one
 *   vacuum.c    dead rows cleared away between them
 *   explain.c   the plan of one looked at
 *   progress.c  how far they are
 *   backfill.c  those that are pending, until none is
 *   pending.c   why some still are
 *   bulk.c      every row, once
 *   artifact.c  what earlier steps made, dropped by somebody
 *   replaced.c  a column that is about to go, changed by somebody
 *   stand_in.c  a view in a table's place that is about to go, changed by somebody
 *   soak.c      steps at which the change waits for people
 *   undo.c      the way back
 *   watch.c     what the waiting sees: who blocks, how far it is
 *   lease.c     the claim to it, renewed all the while
 *   steer.c     what operators ask for meanwhile
 *   slowed.c    what clients feel of it meanwhile
 *   stuck.c     where it stops for people
 *   fix.c       what they want done to the rows in its way
 *   attend.c    waiting for a change that another phasegate carries out
 *
 * Functions return 0, or -1 with run->main.error set.
 */
#ifndef RUN_H
#define RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "change.h"
#include "control.h"
#include "engine.h"
#include "slowness.h"
#include "store.h"

struct run {
	struct change_engine *engine;
	struct arena *arena; /* of the record and the outcome */
	const char *database;
	bool unasked; /* no client asked for this: what stopped for people waits for them */
	const atomic_bool *cancel; /* the client asked */
	void (*progress)(void *arg, int64_t id, const char *text); /* from this thread */
	void *arg;

	char system[24]; /* the server's system identifier; "": not known */
	struct control main; /* carries the change out, holds its lock */
	struct control watch; /* looks at main while it waits */
	struct arena watch_arena;
	int64_t watch_failed_ms; /* 0: it did not */

	struct tuning tuning; /* renewed at every step and batch */
	struct signals signals; /* read between batches */
	struct table_watch slowed; /* clients on the table of a change with a trigger */
	struct slowness slowness;
	int64_t blocking_since_ms; /* somebody waits for this batch; 0: nobody */
	bool yielding; /* for too long: it is being cancelled */
	struct change_record change;
	bool undoing; /* no cancel any more */
	bool worked; /* it was live when it was claimed */
	bool hurried; /* an operator wants the next attempt now */
	char broken_off[sizeof(((struct steering *)0)->broken_off)]; /* why, if by phasegate */
	int64_t heard_ms; /* when wishes were looked for last while the server worked */
	bool claimed; /* its lease is ours to renew */
	int64_t renewed_ms; /* the lease */
	char *waiting_for; /* as recorded, NULL: nothing; malloc'ed */
	bool stale; /* the table is not the one the plan was made for */
	bool fix_failed; /* the fix of bad rows is wrong, not the change */
	bool gone; /* it was dropped */
	bool differs; /* a column that is to go is not what it was when the change was recorded */
	uint32_t bad_relid; /* the table of change.bad_rows; 0: not known */

	/* of the statement that runs now, for the hooks */
	const struct step_record *step;
	int attempt, lock_timeout_ms;
	bool asked; /* blockers of this attempt are known */
	char *blockers_json, *blockers_text; /* malloc'ed */

	int64_t said_ms; /* of the last progress line, 0: none yet */
	int64_t begun_ms; /* of the step */
	uint64_t rows, batches; /* of this change, earlier runs included */
};

enum run_end {
	RUN_DONE,
	RUN_SOAKING,
	RUN_FAILED,
	RUN_CANCELLED,
	RUN_STOPPED,
	RUN_LOST,
	RUN_BUSY,
	RUN_GONE,
	RUN_LEFT,
	RUN_STUCK,
};

/* Connects; the hooks of main are set.  run_close always. */
int run_open(struct run *run);
void run_close(struct run *run);

/*
 * Carries change id through to an end, over lost connections.  RUN_BUSY: somebody else is at it.
 * RUN_SOAKING: it stands at a step that waits for its release; people were told.
 * RUN_GONE: there is no such change.  RUN_STOPPED: the engine stops, the change stays live.
 * RUN_STUCK: it waits for people; run->main.error tells what for.
 * RUN_FAILED and RUN_CANCELLED: undone; run->main.error tells why and what is left.
 */
enum run_end run_change(struct run *run, int64_t id);
/*
 * The same, but where somebody else is at it waits for the end, and takes over from one that dies.
 * RUN_LEFT: the client has had enough; what it did not begin itself goes on.
 */
enum run_end attend(struct run *run, int64_t id, bool begun_here);

/* ---- inside ---- */

/* Before the first connection is lost. */
void run_know_server(struct run *run);
/* -1: for too long there was none to go on with. */
int run_reconnect(struct run *run);

/* Why the last -1: by its SQLSTATE, the flags, and the connection. */
enum run_end run_why(const struct run *run);
/* Cancelled, or the engine stops: -1 with error 57014 set. */
int run_check(struct run *run);
/* The same, and what operators ask for: between two pieces of work.  Waits while it is paused. */
int run_check_record(struct run *run);
/* While the server works: an abort asked for meanwhile ends the statement.  Now and then. */
void run_listen(struct run *run);
/* The error: 57014, by whom it was asked to go back. */
void run_say_aborted(struct run *run);
/* Records what the change waits for, where that is news; NULL: nothing. */
void run_waiting(struct run *run, const char *what);
/* main when nothing is open on it, else the connection beside it; NULL: none to be had. */
struct control *run_side(struct run *run);
/* The same, after so many milliseconds or sooner. */
int run_sleep(struct run *run, int64_t ms);
/*
 * The same, but hears operators meanwhile, who by phasegate.retry end it; on the way back there is
 * nothing to ask for.  what: is on record as waited for; NULL: what is on record stays.
 */
int run_await(struct run *run, int64_t ms, const char *what);
double run_random(void); /* [0, 1) */

/* A line of progress; unforced ones at most once a second. */
void run_say(struct run *run, bool force, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *run_count(struct arena *arena, double n); /* "1,234,567" */

/*
 * One text about the change, $1 in sql being its number, asked as ourselves; NULL: none.  The last
 * error stays what it was, unless this fails.
 */
int run_ask(struct run *run, const char *sql, const char **value);

/* In the open transaction, as the submitter under the submitter's search_path. */
int run_as_submitter(struct run *run, const char *sql, int64_t *rows);
int run_fetch(struct run *run, struct arena *arena, const char *sql, const char **value);
/* The same as an expression in a message: how many rows it wrote.  control_pin_sql() is next. */
const char *run_as_submitter_sql(struct run *run, struct arena *arena, const char *sql);
/*
 * New statements of clients wait while the steps ask for a lock that stops writers.  Returns what
 * barrier_lift takes; steps with lesser locks raise none.
 */
int run_raise_barrier(struct run *run, const struct step_record *steps, size_t n);
/* In a transaction of its own that is rolled back; a NULL probe is false. */
int run_probe(struct run *run, const char *probe, bool *holds);
/* Outside a transaction, as the submitter, without timeouts. */
int run_outside(struct run *run, const char *sql);
/* -1 when the table of the plan is gone or has another name. */
int run_check_table(struct run *run);
/* Locks the table, where the steps drop a column that another replaces; -1: it differs, or an
 * error. */
int run_check_replaced(struct run *run, const struct step_record *steps, size_t n);
/* Before a view in the place of the table goes: -1 when something would go with it, or an error. */
int stand_in_check(struct run *run);
/* In the open transaction: the steps are done, and the change with them when the last was. */
int run_steps_done(struct run *run, struct step_record *steps, size_t n, const bool *skipped);
/* The same in a transaction of its own. */
int run_record_done(struct run *run, struct step_record *step, bool skipped);
/* Is the last error one that another attempt may not meet? */
bool run_transient(const struct run *run);
/* After a transient error: records who blocked, says so, waits.  -1 when that was the last attempt.
 */
int run_attempt_failed(struct run *run, const struct step_record *step, int attempts_max);

/*
 * A step outside a transaction that holds already is recorded as done, before its intent is:
 * so an intent on record means that what is found later is ours.
 */
int step_holds(struct run *run, struct step_record *step, bool *holds);
/* n steps of one transaction, or one of another kind.  Leaves them done or nothing changed. */
int step_run(struct run *run, struct step_record *steps, size_t n);
int backfill_run(struct run *run, struct step_record *step);
/* A fill that is only undone: in batches as well, which backfill_undo carries out. */
bool backfill_undoes(const struct step_record *step);
int backfill_undo(struct run *run, struct step_record *step);
int bulk_run(struct run *run, struct step_record *step);

/* Before the first step that is ours: by_client ones that do not hold are pending, or let go. */
int run_trust_client(struct run *run);
/* Makes again what steps before this one made and what does not hold any more. */
int artifact_keep(struct run *run, const struct step_record *before, bool *lost);

/* Records that the change soaks at this step, and says so; error as for store_soak. */
int soak_begin(struct run *run, struct step_record *step, struct control_error *error);
/* It soaks already, and nobody asked for more: says so again. */
bool soak_goes_on(struct run *run);
/* The step at which it waits for its release; NULL: at none. */
struct step_record *soak_waiting(struct run *run);
/* The step at which it was released last; NULL: never. */
struct step_record *soak_released(struct run *run);

/* From a claim on, over lost connections, to the end: the clients that its trigger may slow. */
void slowed_begin(struct run *run);
void slowed_look(struct run *run, struct control *side);
void slowed_end(struct run *run);

/* The error of a step in the words PostgreSQL would have used for what the client asked. */
void failure_translate(struct run *run, const struct step_record *step);
/*
 * Undoes what was done and ends the change.  1: it stands for people again, who have to make way
 * for that first.  -1 when it could not be brought to an end.
 */
int undo_run(struct run *run);

/* The state in which the last error makes it wait for people; NULL: it need not. */
const char *stuck_state(struct run *run);
/* Is the last error one of rows, to be left for people? */
bool stuck_by_row(const struct run *run);
/* Its submitter lost a right that it had when the change began: the error says what gives it back.
 */
bool stuck_by_right(struct run *run);
/* After an error: which rows are in the way, as far as the error tells.  Keeps the error. */
void stuck_find_rows(struct run *run);
/* Records that it waits, and says so. */
int stuck_begin(struct run *run, const char *state);
/*
 * The table of the plan goes by another name: 1 when something is to be undone that needs its own,
 * and the change waits for people to give it back; 0 when nothing is.
 */
int stuck_under_other_name(struct run *run);
/* It is tried again: applies the fix that came with the wish. */
int stuck_end(struct run *run);

/* The connection that looks at main; NULL: none to be had. */
struct control *watch_connection(struct run *run);
/* Hook of main while the server works. */
void watch_waiting(void *arg, int64_t waited_ms);
void watch_close(struct run *run);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * The record of changes in schema phasegate, read and written on a control connection.  Functions
 * return 0, or -1 with control->error set.  Those that write are to be called in the transaction
 * of the work they record; all of them ask for the epoch of the claim, so one that was taken over
 * meanwhile fails with STORE_FENCED and its transaction must be rolled back.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "pace.h"
#include "plan.h"

#define STORE_FENCED "PG0FE" /* somebody else works on the change now; never leaves the engine */

enum step_status { STATUS_PENDING, STATUS_INTENT, STATUS_DONE, STATUS_UNDONE, STATUS_FAILED };

struct step_record {
	int ord; /* 1 for the first */
	enum step_kind kind;
	const char *sql, *undo, *probe, *repair, *repair_when, *lock, *purpose;
	bool with_previous;
	bool final;
	bool by_client; /* the client's own transaction did it */
	struct backfill_spec fill; /* of STEP_BACKFILL */
	struct bulk_spec bulk; /* of STEP_BULK */
	enum step_status status;
	bool skipped; /* it held before this change came: not ours to undo */
	bool resumed; /* the intent was on record when it was loaded */
};

struct change_record {
	int64_t id;
	char epoch[24];
	uint32_t relid;
	struct name table, moved; /* either is the table's name; moved.name may be NULL */
	const char *state, *summary, *original_sql, *search_path;
	uint32_t submitter;
	bool stopped_by_cancel;
	bool released; /* an operator lets it go on from where it soaks */
	bool abort; /* an operator wants it back where it began */
	struct control_error error; /* state undoing: what stopped it; sqlstate "" without one */
	struct step_record *steps;
	size_t n_steps;
	bool inside; /* submitted in a client's transaction */
	bool keep_bad_rows; /* in its way: it waits for people instead of being undone */
	const char *bad_table, *bad_rows, *fix; /* see phasegate.change; each may be NULL */
};

/* ---- recording and claiming ---- */

struct recorded {
	int64_t id; /* of the new change, or of the live one in its way */
	bool existing, same; /* same: the live one is this very statement */
};
int store_record(struct control *control, const char *document, const char *submitter,
	const char *session_user, struct recorded *recorded);

/* One line about a change for people: what, since when, which state; and how to get past it. */
int store_describe(struct control *control, struct arena *arena, int64_t id, const char **text,
	const char **hint);

/* The session lock that says that somebody works on it; *locked tells whether it is ours now. */
int store_lock(struct control *control, int64_t id, bool *locked);
void store_unlock(struct control *control, int64_t id);

/* Who claims a change, and what holds for it if nobody claimed it before. */
struct claim {
	const char *owner; /* UUID */
	int lease_ms;
	bool keep_bad_rows;
	bool if_wanted; /* one that stopped for people only if they want it to go on */
};
/*
 * Raises the epoch and reads everything.  *found is false when there is no such change: its
 * transaction was rolled back; when its plan is of a form that we do not know; or when nobody wants
 * it to go on.
 */
int store_claim(struct control *control, struct arena *arena, int64_t id, const struct claim *claim,
	struct change_record *change, bool *found);
#define STORE_LATER_PHASEGATE "a later version of phasegate, which knows plans of its form"
/* Of one that was not found: is there one?  Its plan's version, if that is why, and the record says
 * what it waits for; else 0. */
int store_unclaimed(struct control *control, int64_t id, bool *there, int *later);
bool change_is_live(const struct change_record *change);

/* Makes phasegate_run.change_N, which runs statements as the submitter; store_finish drops it. */
int store_assume(struct control *control, const struct change_record *change);

int store_unassume(struct control *control, int64_t id);

/* ---- its course ---- */

int store_stage(struct control *control, const struct change_record *change, const char *state,
	const char *stage);
int store_step(struct control *control, const struct change_record *change,
	const struct step_record *step, enum step_status status, bool skipped);
/* n steps that follow one another; skipped may be NULL: none. */
int store_steps(struct control *control, const struct change_record *change,
	const struct step_record *steps, size_t n, enum step_status status, const bool *skipped);
/* step is for the engine to do again, with last->sql as its undo; last comes behind all others. */
int store_let_go(struct control *control, const struct change_record *change,
	const struct step_record *step, const struct step_record *last);
int store_attempt(struct control *control, const struct change_record *change,
	const struct step_record *step, const char *blockers_json);
/* The undo begins: records why. */
int store_stopped(struct control *control, const struct change_record *change,
	const struct control_error *error, bool cancelled);
/*
 * The change stops at this step until it is released; error: why it is back there after a release,
 * or NULL.  release_after_ms: when it goes on by itself, -1 never.  aborted: as for store_stuck.
 * Drops the function, too.
 */
int store_soak(struct control *control, const struct change_record *change,
	const struct step_record *step, const struct control_error *error, int release_after_ms,
	bool aborted);
/* ---- what is for people ---- */

/*
 * It stops in this state, needs_fix or needs_attention, because of error; drops the function, too.
 * aborted: the wish to take it back led there, and has to be said again.
 */
int store_stuck(struct control *control, const struct change_record *change, const char *state,
	const struct control_error *error, bool aborted);
/* Rows in the way, each a key, as a JSON array of at most STORE_VIOLATIONS_MAX. */
enum { STORE_VIOLATIONS_MAX = 1000 };
int store_violations(struct control *control, const struct change_record *change,
	const struct step_record *step, uint32_t relid, const char *keys_json, const char *reason);
/* Those on record of a change. */
int store_count_violations(struct control *control, int64_t id, int64_t *n);
/*
 * The rows of its violations by the key with these columns: as (a, b) IN (...), or NULL when there
 * are none.
 */
int store_violating(struct control *control, struct arena *arena,
	const struct change_record *change, const struct step_record *step, const char **table,
	const char **condition);
/* They are to be looked at again: forgets them, and what was filled beside them is walked again. */
int store_forget_violations(struct control *control, const struct change_record *change);

/* What operators ask of a change at work.  STORE_FENCED when it is no longer ours. */
struct steering {
	bool abort, paused;
	bool retry; /* what is waited for is to be tried now */
	char broken_off[512]; /* why nobody had to ask for the abort; "": somebody did */
	char paused_by[64]; /* a role */
};
int store_steering(
	struct control *control, const struct change_record *change, struct steering *steering);
/* What it waits for, NULL: nothing.  Since when is kept while the text stays the same. */
int store_waiting(struct control *control, const struct change_record *change, const char *what);
/* phasegate itself wants it back where it began; -1 as well when it is past that, or somebody does.
 */
int store_break_off(
	struct control *control, const struct change_record *change, const char *reason);
/* The wish to try now is granted. */
int store_retried(struct control *control, const struct change_record *change);
/* Who is in the way of the step, as JSON; NULL: nobody. */
int store_blockers(struct control *control, const struct change_record *change,
	const struct step_record *step, const char *json);
/* Asks for the way back as an operator would. */
int store_ask_abort(struct control *control, int64_t id);
/* Terminal states; drops the function, too. */
int store_finish(struct control *control, const struct change_record *change, const char *state,
	const char *hint);

/* ---- backfill ---- */

struct leaf_record {
	uint32_t relid;
	struct name table;
	const char *last_key, *hi_key; /* JSON; NULL before the start */
	int pass;
	int64_t pass_changed, rows_changed, batches, throttled_ms;
	const char *throttled_by; /* static text; NULL: as it was */
	double est_rows;
	struct batch_pace pace;
	bool done;
};
/*
 * Every leaf the step's table has now, those seen for the first time recorded; of a STEP_BULK those
 * that it had at the start.
 */
int store_leaves(struct control *control, struct arena *arena, const struct change_record *change,
	const struct step_record *step, int rows_first, struct leaf_record **leaves, size_t *n);
/* What the step made was lost: every backfill of the change begins anew.  A transaction of its own.
 */
int store_walk_again(struct control *control, const struct change_record *change,
	const struct step_record *lost);
/* Rows and batches of all its steps so far. */
int store_totals(struct control *control, int64_t id, uint64_t *rows, uint64_t *batches);
int store_leaf(struct control *control, const struct change_record *change,
	const struct step_record *step, const struct leaf_record *leaf,
	const char *key_columns_json);
/*
 * The same for a batch that ends at last_key, as a statement for its message: written_sql is an
 * expression that writes its rows and tells how many they are, which is what the statement returns.
 * It fails like store_leaf, and with SQLSTATE_CHANGE_FAILED unless the leaf is what it was, if that
 * is asked for.
 */
const char *store_batch_sql(struct arena *arena, const struct change_record *change,
	const struct step_record *step, const struct leaf_record *leaf, const char *last_key,
	bool as_it_was, const char *written_sql);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows written in batches, one leaf table after the other, in key order up to the last key there
 * was at the start.  A batch and its progress commit together.  What is written, and what repeating
 * it would mean, is for those who go this way: backfill.c and bulk.c.
 */
#ifndef BATCH_H
#define BATCH_H

#include "arena.h"
#include "budget.h"
#include "key.h"
#include "run.h"

struct fill;

struct fill_way {
	const char *doing; /* "backfilling" */
	const char *key_sql; /* the key to go by; NULL: the best there is, or none */
	/* explain: what stands before the statement, "" or EXPLAIN. */
	const char *(*batch_sql)(const struct fill *fill, struct arena *arena,
		const struct key_range *range, const char *explain);
	bool as_it_was; /* a leaf that is renamed, replaced or detached meanwhile fails the change
			 */
	bool skips; /* a row that cannot be written may be passed over, for people to look at */
	/* Adds to the error of a batch given up; or NULL. */
	void (*explain)(struct fill *fill, const struct key_range *range);
};

enum { AHEAD_MAX = 16 };

/* Where the next batches end: asked for at once, since asking costs as much as a small batch. */
struct ahead {
	struct arena arena;
	int rows; /* of a batch */
	int next, n;
	bool ends; /* behind the last one there are less rows than that */
	const char *bounds[AHEAD_MAX];
	int64_t asked_ms;
};

struct fill {
	struct run *run;
	struct step_record *step;
	const struct fill_way *way;
	struct leaf_record *leaf;
	struct key key;
	struct ahead ahead;
	const char *key_columns; /* JSON */
	double rows_per_block; /* for walking by ctid */
	double row_bytes; /* 0: not known */
	int64_t probed_ms; /* artifact.c: when it last looked */
	int64_t advanced_ms; /* when the last batch went through */
	int64_t asked_ms; /* when people were last asked what they want, */
	struct limits limits; /* and what they had set then */
	struct spending unpaid; /* since it was entered last, */
	int64_t paid_ms; /* which was then */
	double rate; /* rows a second; 0: not known yet */
	int64_t rate_ms; /* when it was known last, */
	uint64_t rate_rows; /* and how many rows there were then */
	int explained_rows; /* size of the batch whose plan was looked at; 0: none of this leaf */
	int64_t vacuum_looked_ms;
	uint64_t vacuum_rows; /* of the change when it was vacuumed last */
	double est_rows; /* of all leaves */
	struct crowd crowd;
	char *last_key; /* holds leaf->last_key; malloc'ed */
};

void fill_begin(
	struct fill *fill, struct run *run, struct step_record *step, const struct fill_way *way);
/* Pays what is owed when status is 0, which it returns then. */
int fill_close(struct fill *fill, int status);
/* Records the step as done, too. */
int fill_end(struct fill *fill, int status);

/* Each a transaction of its own. */
int fill_list_leaves(struct fill *fill, struct leaf_record **leaves, size_t *n);
int fill_record_leaf(struct fill *fill);
/* One value of a SELECT by the submitter, rolled back; of all rows, or an error. */
int fill_fetch(struct run *run, const char *sql, const char **value);

/* The same with the settings of a batch, row security included, and in that arena. */
int fill_look(struct run *run, struct arena *arena, const char *sql, const char **value);

/* Turns to a leaf: finds the key to go by, key.n 0 for blocks. */
int fill_open_leaf(struct fill *fill, struct leaf_record *leaf);
/* A pass begins: its end is fixed now.  hi_key stays NULL for an empty table. */
int fill_begin_pass(struct fill *fill);
/* Until fewer clients than usual wait for the server, where they are not to feel the batch. */
void fill_await_gap(struct fill *fill);

/* From where the leaf's record stands to the end of the pass. */
int fill_walk(struct fill *fill);

/* People have their say; not after every batch, where those are short. */
int fill_ask(struct fill *fill);
/* Between two batches: for as long as production needs; and what the last one cost. */
int fill_hold(struct fill *fill);
int fill_pay(struct fill *fill, const struct spending *spent);
/* Enters what is not on the account yet, behind the last batch. */
int fill_settle(struct fill *fill);
int fill_vacuum(struct fill *fill);

/* A line of progress. */
void fill_say(struct fill *fill);

/* Where the next batch ends, NULL: where the pass does; and how many rows that is about. */
int fill_bound(struct fill *fill, const char **bound, int *rows);
/* That batch is behind us. */
void fill_bound_passed(struct fill *fill);
void fill_forget_bounds(struct fill *fill);

/* Before a batch, in a transaction of its own: -1 when its plan would read the whole table. */
int fill_explain(struct fill *fill, struct arena *arena, const struct key_range *range);

/* ---- pending.c ---- */

/* Behind a pass: is another one wanted?  -1 as well when no pass fills what is pending. */
int pending_behind(struct fill *fill, bool *pending);

/* ---- artifact.c ---- */

#define ARTIFACT_LOST "PG0AL" /* one was made again, the walk has to begin anew; stays inside */
enum { ARTIFACT_PROBE_MS = 10000 };
/* Does what earlier steps made still stand?  -1 with ARTIFACT_LOST when it did not, but does now.
 */
int artifact_check(struct fill *fill);
int artifact_check_now_and_then(struct fill *fill);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * A reviewed file in its phased form: the steps of every plan, and the statements that need none
 * as they are written, in order.  Steps of one nature that follow one another are one phase,
 * which is what a person runs, or commits, at a time.
 */
#ifndef PHASES_H
#define PHASES_H

#include "review.h"

struct phase_step {
	const struct review_stmt *stmt;
	const struct step *step; /* NULL: the statement as written */
	/* sql "": nothing to run on the way there */
	const char *sql, *undo, *purpose; /* undo "": none of its own; NULL: not known */
	double rows; /* of the table; -1 not known */
	double seconds; /* estimate; -1 not known */
	bool refused; /* no safe form is known, or it is held: it is for a person to decide */
	/* As written: which transaction of the file it stands in; 0: none. */
	unsigned transaction;
};

struct phase {
	const char *name; /* expand, backfill, bulk, validate, index, soak, finish, refused */
	const struct phase_step *steps;
	size_t n;
};

struct phases {
	struct phase *items;
	size_t n;
	struct phase_step *steps; /* of all phases, in order */
	size_t n_steps;
};

/* rows_per_second: of a backfill; 0 when it has no limit. */
struct phases phases_of(struct arena *arena, const struct review *review, int64_t rows_per_second);

/* " (held for approval)" behind the purpose of a planned step that waits for one, else "". */
const char *phase_step_held(const struct phase_step *step);
/* The strongest lock of the step as people call it. */
const char *phase_step_lock(const struct phase_step *step);
/* "300,000 rows, about 30 s"; "" when nothing is known. */
const char *phase_step_cost(struct arena *arena, const struct phase_step *step);
/* BEGIN and COMMIT belong round the steps that share a transaction: behind and before this one. */
bool phase_opens_transaction(const struct phase *phase, size_t step);
bool phase_closes_transaction(const struct phase *phase, size_t step);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * A plan: the ordered steps of the safe form of one statement.  Each step is idempotent with its
 * probe, tells the lock it takes, and carries its undo.  All SQL is schema-qualified and quoted;
 * user expressions in it resolve under the submitter's search_path.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stmt.h"

enum {
	PLAN_STEPS_MAX = 256, /* a partitioned index takes two for each partition */
	/* Of their form as it is recorded.  Raised when a step may mean what those who know the
	 * number before would not do: they leave its change alone. */
	PLAN_VERSION = 1,
};

enum step_kind {
	/* Metadata only, in a transaction, brief strong lock under lock_timeout with retry. */
	STEP_CATALOG,
	STEP_SCAN, /* one long statement under a weak lock, in a transaction of its own */
	/* Must stand outside a transaction; lock_timeout and statement_timeout 0. */
	STEP_CONCURRENTLY,
	STEP_BACKFILL, /* fills rows in batches */
	STEP_BULK, /* writes every row once, in batches; what is written stays written */
	/* No SQL: the client is answered, and the rest waits until somebody releases the change. */
	STEP_SOAK,
};
const char *step_kind_name(enum step_kind kind);
struct step;
/* How a person runs it, to stand behind its lock: "; outside a transaction", or "". */
const char *step_remark(const struct step *step);

/* What a STEP_BACKFILL writes: UPDATE table SET set WHERE key in batch AND pending. */
struct backfill_spec {
	struct name table; /* qualified; partitioned tables are filled leaf by leaf */
	const char *set_sql; /* "c" = expr */
	const char *pending_sql; /* "c" IS NULL: true for rows still to do; makes a re-run free */
};

/*
 * What a STEP_BULK does to every row of its table that was there at the start, once: UPDATE table
 * AS alias SET set WHERE key in batch AND where, or DELETE.  Only the range of the key that is
 * done tells which rows are done, so the key is fixed and nothing may write it.
 */
struct bulk_spec {
	struct name table; /* qualified; partitioned tables leaf by leaf */
	const char *alias; /* unquoted */
	const char *set_sql; /* NULL: DELETE */
	const char *where_sql; /* NULL: every row */
	const char *key_sql; /* "a", "b": columns of a unique index, all NOT NULL */
	const char *settings_sql; /* SET LOCAL of what expressions may depend on; "" */
};

struct step {
	enum step_kind kind;
	/* For STEP_BACKFILL and STEP_BULK the statement a person would write for one batch; "" when
	 * the step has something to undo only: a STEP_BACKFILL then fills on the way back. */
	const char *sql;
	const char *undo; /* "" when undoing later steps undoes it too */
	/* SELECT of one boolean: true when the step is done and needs no redo; NULL where redoing
	 * does no harm and nothing shows. */
	const char *probe;
	/* Run outside a transaction before the step: DROP INDEX CONCURRENTLY of an invalid one; or
	 * NULL. */
	const char *repair;
	/* SELECT of one boolean: repair runs only when true.  NULL with a repair: that is a SELECT
	 * of the statement to run, asked again until it gives none. */
	const char *repair_when;
	enum lock_mode lock; /* strongest, on an existing relation */
	const char *purpose; /* one line for people */
	struct backfill_spec *backfill; /* of STEP_BACKFILL */
	struct bulk_spec *bulk; /* of STEP_BULK */
	bool with_previous; /* same transaction as the step before */
	/* Inside BEGIN..COMMIT this one runs at once, in the client's transaction. */
	bool in_client_transaction;
	bool final; /* the point of no return: data is gone, and nothing before it can be undone */
};

/* Names, each once, from the arena. */
struct plan_names {
	const char *const *names;
	size_t n;
};

struct plan {
	struct step steps[PLAN_STEPS_MAX];
	size_t n_steps;
	struct name table; /* qualified */
	struct name
		moved; /* what the table is called from its first step on; name NULL: the same */
	uint32_t relation_oid;
	/* Columns: one goes with all that stands on it, the other takes its name; or NULL. */
	const char *replaces, *replaced_by;
	/* What the steps add to its table or set in it.  Others may not take it back meanwhile: it
	 * would be made again. */
	struct plan_names columns, constraints;
	const char *rule; /* id of the hazard it answers */
	const char *tag; /* CommandComplete the client expects */
	bool counts_rows; /* that ends in the number of rows written */
	const char *summary; /* one line: "add column total in 3 phases" */
	/* Where the end differs from that of the plain statement, and what else to know; or NULL.
	 */
	const char *caution;
	/* May finish after the client's COMMIT; else it needs to stand outside a transaction. */
	bool deferrable;
	const char *not_deferrable_because; /* for the message, when not */
	/* Why a recipe that returned false has no safe form for this table; NULL: not told. */
	const char *impossible_because;
	bool overflow; /* needed more than PLAN_STEPS_MAX steps: not usable */
};

/* Appends a step; beyond PLAN_STEPS_MAX it sets overflow and gives the last one again. */
struct step *plan_add_step(struct plan *plan, enum step_kind kind, enum lock_mode lock);

/* Adds the name, borrowed, unless it is there. */
void plan_note(struct arena *arena, struct plan_names *names, const char *name);

/* The steps as SQL for people: numbered comments, one statement a line; what hints show. */
const char *plan_text(struct arena *arena, const struct plan *plan);

#endif

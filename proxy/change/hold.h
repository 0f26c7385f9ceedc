/* SPDX-License-Identifier: PostgreSQL */
/*
 * Statements that wait for an operator's approval.  The record is in the target database
 * (hold.sql); here it is asked, on a control connection, by whoever meets such a statement, and
 * asked again each time it is sent: nothing is remembered in between.  What is held, and what may
 * be done once it is approved, is the policy's to know.
 */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "change.h"
#include "decide.h"

struct hold_request {
	struct change_request change; /* its plan: what follows the approval; NULL: the statement */
	const char *wording; /* of the statement: see wording.h */
	const struct decision *decision; /* HOLD */
	struct name table; /* it is about; name NULL: none */
	const uint32_t *relations; /* oids of those it names; 0: not there yet, or new */
	size_t n_relations;
	bool two_persons;
	int lasts_ms, approval_lasts_ms; /* 0: for good */
};

enum hold_state {
	HOLD_HELD,
	HOLD_APPROVED,
	HOLD_UNDER_WAY, /* approved, and its change has begun */
	HOLD_BUSY, /* a transaction is using the approval */
	HOLD_UNAVAILABLE,
};

/* Strings are NULL when there is nothing to tell. */
struct hold_answer {
	enum hold_state state;
	int64_t id;
	const char *approved_by, *approved_at;
	const char *expires_at; /* NULL: never */
	const char *remark; /* a sentence: what became of the same statement before */
	const char *because; /* of HOLD_UNAVAILABLE */
};

/* Answers later, on the worker's thread; the answer is borrowed for the call. */
void hold_ask(struct change_engine *engine, const struct hold_request *request,
	struct worker *worker,
	void (*on_answer)(struct worker *worker, void *arg, const struct hold_answer *answer),
	void *arg);

/*
 * The SQL that the session runs in the transaction of an approved statement, before it: uses the
 * approval up, or fails with the reason.  Arena memory.
 */
const char *hold_pass_sql(struct change_engine *engine, struct arena *arena, const char *database,
	int64_t approval, uint64_t decision, int backend_pid);

#endif

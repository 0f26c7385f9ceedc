/* SPDX-License-Identifier: PostgreSQL */
/* Judges a text: statements + facts + settings -> one decision.  Total: every text gets one. */
#ifndef DECIDE_H
#define DECIDE_H

#include "rule.h"

struct finding {
	const struct rule *rule;
	/* After settings, and after REJECT for what cannot be carried out here. */
	enum verdict verdict;
	bool held; /* its rule is set to hold; verdict tells what is left once that is approved */
	size_t statement; /* index into stmts */
	const struct action *action;
	const char
		*sqlstate; /* of a refusal that PostgreSQL has a code of its own for; else NULL */
	const char *message; /* one line: hazard, object, size */
	const char *detail; /* what would be locked, and for how long it reads */
	const char *hint; /* the safe form as SQL to paste */
	/* The safe form of its statement, also where it cannot be carried out here; or NULL. */
	const struct plan *plan;
};

struct decision {
	enum verdict verdict; /* the strictest finding's; ALLOW without one */
	const char *sqlstate; /* of a refusal: listed in docs/rules.md; else NULL */
	const struct finding *findings;
	size_t n_findings;
	const struct finding *cause; /* the strictest, first of them; NULL for a clean ALLOW */
	struct plan *plan; /* REWRITE and PHASE: what the engine runs instead; else NULL */
	/*
	 * HOLD: what follows an operator's approval, mildest where its rules allow it: the plan
	 * where there is one, else the statement as it is.  Neither HOLD nor REJECT.  NULL: it is
	 * not HOLD.
	 */
	const struct decision *approved;
	const char *approved_by, *approved_at; /* of what was approved, for the log; else NULL */
	/*
	 * The text takes a strong lock only briefly and no short lock_timeout is in force: forward
	 * it unchanged with lock_timeout set to this around it, and retry on 55P03 in autocommit.
	 * 0: leave alone.
	 */
	int lock_timeout_ms;
	bool no_transaction; /* PostgreSQL refuses it in a transaction block */
	/* How it was recognised as backfill, and goes through the lane; NULL: it was not. */
	const char *lane_by;
	const char *const *objects; /* names of every relation touched, for the log */
	size_t n_objects;
};

struct decide_input {
	const struct stmts *stmts;
	const struct facts *facts; /* facts->known false when nothing could be looked up */
	const struct policy_settings *settings;
	const struct policy_subject *subject;
	bool separate; /* a file: its statements arrive one at a time, not as one Query */
	bool engine_available; /* false: REWRITE and PHASE become REJECT, steps in the hint */
	const char *engine_unavailable_because;
};

/* Memory of the decision belongs to the arena; it borrows stmts and facts. */
struct decision policy_decide(struct arena *arena, const struct decide_input *input);

/* A refusal that needs no facts: unparsable, ambiguous, over a cap.  message is copied. */
struct decision policy_refuse(struct arena *arena, const char *sqlstate, const char *rule,
	const char *message, const char *detail, const char *hint);

/* SQLSTATEs of our own class. */
#define SQLSTATE_REJECTED "PG001" /* a rule forbids it */
#define SQLSTATE_NOT_UNDERSTOOD "PG002" /* not parsable, ambiguous, or of an unknown kind */
#define SQLSTATE_LOG_UNAVAILABLE "PG003" /* the policy log cannot be written */
#define SQLSTATE_CHANGE_FAILED "PG004" /* the change stopped at a named step */
#define SQLSTATE_HELD "PG005" /* it waits for an operator's approval */
#define SQLSTATE_READ_ONLY "25006" /* the client's transaction is, as PostgreSQL says it */
#define SQLSTATE_IN_USE "55006" /* another change has to end first; as PostgreSQL calls it */
#define SQLSTATE_STATEMENT_TOO_COMPLEX "54001" /* over a cap, as PostgreSQL calls it */

#endif

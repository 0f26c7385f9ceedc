/* SPDX-License-Identifier: PostgreSQL */
/*
 * Facts while the statements of one text run: each may change what the next one meets.  What is
 * made is followed closely, since nobody else sees it; what is changed loses the facts that
 * could mislead, so a later statement is judged too strictly rather than too mildly.
 */
#ifndef FACTS_TRACK_H
#define FACTS_TRACK_H

#include "effects.h"

/* What a transaction gives back at its end: SET LOCAL is over then, ROLLBACK undoes SET as well. */
struct track_settings {
	int64_t lock_timeout_ms, statement_timeout_ms, idle_in_transaction_timeout_ms;
	bool lock_timeout_set, timezone_utc;
	const char *timezone;
	const char *current_schema;
};

enum { SAVEPOINTS_MAX = 32 };

/* Facts to go back to; the first is BEGIN's and has no name. */
struct savepoint {
	const char *name;
	struct facts facts;
};

struct facts_track {
	struct arena *arena;
	bool separate; /* a file: see decide.h */
	bool in_code; /* the actions at hand are those of a block, which is one transaction */
	struct facts facts; /* as the next statement meets them */
	struct relation_facts *relations; /* the same array, writable */
	size_t n_relations_max;
	struct relation_index *index; /* likewise */
	bool moved; /* relations have other places or names than the index knows */
	struct held_lock *locks; /* likewise */
	size_t n_locks_max;
	struct track_settings session; /* SET LOCAL left out */
	struct savepoint savepoints[SAVEPOINTS_MAX];
	size_t n_savepoints;
	size_t bytes_before; /* of the arena */
	bool overwhelmed; /* by a text that would cost too much to follow */
	int n_made; /* triggers, policies and rules: attached_facts.part */
	size_t n_saved; /* entries copied for savepoints so far */
	bool rollback_unknown; /* of this transaction not everything was saved */
};

/* n_actions: how many will be followed at most.  separate: the statements arrive one at a time. */
void track_start(struct arena *arena, struct facts_track *track, const struct facts *facts,
	size_t n_actions, bool separate);
/* The action was let through. */
void track_action(struct facts_track *track, const struct action *action);
/* Behind the actions of a statement: the locks that an action left with the transaction. */
void track_locks(
	struct facts_track *track, const struct action *action, const struct effects *effects);
/* At the end of a statement: its text may change how names resolve from then on. */
void track_statement(struct facts_track *track, const struct stmt *stmt);

#endif

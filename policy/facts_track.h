/* SPDX-License-Identifier: PostgreSQL */
/*
 * Facts while the statements of one text run: each may change what the next one meets.  What is
 * made is followed closely, since nobody else sees it; what is changed loses the facts that
 * could mislead, so a later statement is judged too strictly rather than too mildly.
 */
#ifndef FACTS_TRACK_H
#define FACTS_TRACK_H

#include "facts.h"

struct facts_track {
	struct arena *arena;
	struct facts facts; /* as the next statement meets them */
	struct relation_facts *relations; /* the same array, writable */
	size_t max;
};

/* n_actions: how many will be followed at most. */
void track_start(struct arena *arena, struct facts_track *track, const struct facts *facts,
	size_t n_actions);
/* The action was let through. */
void track_action(struct facts_track *track, const struct action *action);
/* Behind the actions of a statement: its text may change how names resolve from then on. */
void track_names(struct facts_track *track, const char *sql);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* One plan for a statement of many actions. */
#ifndef COMPOSE_H
#define COMPOSE_H

#include "rule.h"

/* An action with what was found about it. */
struct judged {
	struct rule_context context;
	struct effects effects;
	const struct plan *plan; /* of its recipe; NULL: it may run as it stands */
	bool (*recipe)(const struct rule_context *, struct plan *); /* that was tried first */
	const char *impossible_because; /* what it said when it made no plan; or NULL */
};

/*
 * ALTER TABLE runs its commands by passes, not in the order written (ATRewriteCatalogs,
 * tablecmds.c): what drops goes first, then types, new columns, properties, constraints.
 */
void order_by_pass(const struct action **actions, size_t n);

/*
 * The plans of the actions one after the other, in the order given; actions without one become
 * a step of their own.  Returns NULL when there is no plan among them, not room for all, one has a
 * point of no return, or the statement is no ALTER TABLE and so cannot be taken apart.
 */
const struct plan *compose_plan(
	struct arena *arena, const struct judged *judged, size_t n, const char *tag);

#endif

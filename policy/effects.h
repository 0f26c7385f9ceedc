/* SPDX-License-Identifier: PostgreSQL */
/*
 * A model of PostgreSQL: what it does when an action meets the facts.  It knows no rule and no
 * opinion; its tests hold what servers were measured to lock, rewrite and scan.
 */
#ifndef EFFECTS_H
#define EFFECTS_H

#include "facts.h"

/* What is done with one relation, besides the lock. */
enum work {
	WORK_FILE = 1 << 0, /* it gets a new file: copied, built again or emptied */
	WORK_SCAN = 1 << 1, /* every row is read */
	WORK_BUILD = 1 << 2, /* an index of it is built, a new one or again */
	WORK_MAY_SCAN = 1 << 3, /* every row is read, or an index instead: the planner's choice */
};

struct lock_effect {
	struct name relation; /* as facts name it, or as written when unknown */
	enum lock_mode mode;
	unsigned work; /* enum work */
	/* Visible to other sessions; locks on what this transaction made hurt nobody. */
	bool existing;
	/* An index or sequence that goes with its table: who waits for it waits for the table. */
	bool part;
	bool below; /* the action's own table: a partition or child of it, at any level */
};

struct effects {
	/* Strongest per relation; the action's own table first, parts behind the tables. */
	struct lock_effect *locks;
	size_t n_locks;
	const struct relation_facts *table; /* of the action; NULL when unknown or not existing */
	bool rewrite; /* copies the heap and rebuilds all indexes under the lock */
	bool scan; /* reads every row under the lock */
	bool index_build; /* builds at least one index under the lock */
	/* Why ADD COLUMN rewrites: */
	bool volatile_default; /* its default has a value of its own for every row */
	bool stored_default; /* a constant, but the server is too old to store it once */
	bool constrained_domain; /* its type is a domain with constraints, or may be one */
	bool loses_data; /* rows, a column or a table are gone for good */
	bool breaks_clients; /* statements of running clients start to fail */
	bool noop; /* IF [NOT] EXISTS made it one */
	bool absent; /* it names what is not there (or makes what is): the server refuses at once */
	/* Only the server can tell whether an expression on the column fits its new type. */
	bool may_be_refused;
	bool unseen_name; /* of a role, schema, collation or the like that nobody has looked up */
	bool no_transaction; /* must stand outside a transaction block */
	const char *error; /* it is bound to end in, when the catalog shows it; else NULL */
	const char *sqlstate; /* of that error */
	const char *other_sqlstate; /* or of this one: which partition comes first nobody knows */
	const char *cause; /* for messages: "random() is volatile" */
};

struct effects effects_of(
	struct arena *arena, const struct action *action, const struct facts *facts);

/* The mode on the action's own table (the first lock), LOCK_NONE without one. */
enum lock_mode effects_lock(const struct effects *effects);

#endif

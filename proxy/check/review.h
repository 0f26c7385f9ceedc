/* SPDX-License-Identifier: PostgreSQL */
/*
 * What policy says of a script: parts that go one way are one sequence of statements, judged in
 * its order and in the transactions their tool would give them.  Findings that policy itself lets
 * pass are left out.
 */
#ifndef REVIEW_H
#define REVIEW_H

#include "decide.h"
#include "script.h"

struct server;

struct reviewer {
	const struct policy_settings *settings;
	struct policy_subject subject;
	struct script_options options;
	struct server *server; /* NULL: every table exists, is large and busy */
	bool assume_in_transaction; /* where the file does not tell */
};

struct review_finding {
	const struct finding *finding;
	struct place place; /* of its clause */
	size_t at; /* the same, in bytes of the text */
	const struct suppression *suppression; /* that excuses it; NULL: none */
};

struct review_stmt {
	const struct script_stmt *stmt;
	struct place place;
	enum verdict verdict; /* the strictest finding that is not excused */
	const struct review_finding *findings;
	size_t n_findings;
	const struct plan *plan; /* the safe form; NULL: none, or none needed */
	bool by_hand; /* the plan is not one that phasegate would carry out here */
	const struct relation_facts *table; /* what the plan is about; NULL: not known */
	const char *error; /* the statement could not be read; the verdict is REJECT */
};

struct review_error {
	size_t at;
	struct place place;
	const char *message;
};

struct review {
	struct script script;
	struct review_stmt *stmts; /* one for each of the script's */
	struct review_error *errors; /* of statements and of suppressions, by their place */
	size_t n_errors;
	size_t n_excused; /* findings */
};

/* path is what people are told; text is terminated behind len.  Fails only when the server does:
 * -1 with *error. */
int review_text(struct arena *arena, const struct reviewer *reviewer, const char *path,
	const char *text, size_t len, struct review *out, const char **error);

/* Above this verdict a statement would not be allowed as it is. */
static inline bool verdict_passes(enum verdict verdict)
{
	return verdict <= VERDICT_WARN;
}

#endif

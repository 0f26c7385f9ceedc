/* SPDX-License-Identifier: PostgreSQL */
/* What operators may choose about verdicts.  Filled from the configuration file; read-only here. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mildest first: the strictest finding decides a statement. */
enum verdict {
	VERDICT_ALLOW,
	VERDICT_WARN,
	VERDICT_REWRITE,
	VERDICT_PHASE,
	VERDICT_HOLD,
	VERDICT_REJECT,
};
const char *verdict_name(enum verdict verdict);
/* -1 for an unknown word. */
int verdict_from_name(const char *name);

/* One line of `rules:`; NULL in a selector means every.  The last matching line wins. */
struct rule_setting {
	const char *rule; /* id */
	enum verdict verdict;
	const char *database, *user, *application, *table; /* table: schema.name or name */
};

struct policy_settings {
	bool observe; /* decide and log, change nothing */
	double small_table_rows; /* default 10000 */
	int64_t small_table_bytes; /* default 8 MB */
	int lock_timeout_ms; /* default 2000: set around brief strong locks */
	int lock_timeout_max_ms; /* default 5000: a client's own setting up to this is left alone */
	bool accept_bad_writes; /* a value that a type change cannot convert fails no client while
				 * rows are being filled */
	const struct rule_setting *rules;
	size_t n_rules;
};
extern const struct policy_settings policy_settings_default;

/* Who is asking; for selectors. */
struct policy_subject {
	const char *database, *user, *application;
};

#endif

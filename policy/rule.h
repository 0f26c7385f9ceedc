/* SPDX-License-Identifier: PostgreSQL */
/*
 * A rule is one row: the hazard it answers, when it fires, what it decides, what it tells people.
 * Ids are those of the hazard catalogue and never change: users meet them in errors, logs and
 * configuration.
 */
#ifndef RULE_H
#define RULE_H

#include "effects.h"
#include "plan.h"
#include "settings.h"

/* Everything a rule may look at; borrowed for one call. */
struct rule_context {
	struct arena *arena;
	const struct stmts *text;
	const struct stmt *stmt; /* one of text */
	const struct action *action; /* one of stmt */
	const struct facts *facts;
	const struct effects *effects;
	const struct policy_settings *settings;
	bool separate; /* a file: see decide.h */
	const struct relation_facts *table; /* effects->table */
	bool new_table; /* the table was made by this transaction or is temporary */
	bool small; /* under small_table: scans and rewrites of it are brief */
};

struct rule {
	const char *id;
	char section; /* letter of the catalogue: B, C, D, ... */
	enum verdict verdict; /* default */
	bool (*fires)(const struct rule_context *);
	/* The default for this very form, where forms differ; NULL: verdict. */
	enum verdict (*verdict_here)(const struct rule_context *);
	/* Fills in the steps of the safe form; false when there is none for this table.  NULL:
	 * there never is. */
	bool (*recipe)(const struct rule_context *, struct plan *);
	const char *title; /* the hazard in one line, for lists */
	const char *reason; /* what goes wrong, for docs */
	const char *locks; /* what is locked, and for how long, for docs */
	const char *safe_when; /* the exemptions: facts under which it does not fire, for docs */
	const char *hint; /* the safe form in words, where no recipe can be shown */
	/* One line, and the detail, with names and sizes; NULL: made from title and effects. */
	const char *(*message)(const struct rule_context *);
	const char *(*detail)(const struct rule_context *);
	/* SQL to paste, made for this very table; NULL: plan_text of the recipe, else hint. */
	const char *(*hint_sql)(const struct rule_context *);
	const char *sqlstate; /* of what it rejects; NULL: as most */
};

/* Every rule, in the order of the catalogue. */
extern const struct rule *const *const rules_all;
extern const size_t n_rules_all;
const struct rule *rule_by_id(const char *id);
/* A matter of taste: allow means that it is off. */
bool rule_is_style(const struct rule *rule);
/* The most that a configuration can make of it: matters of style never block. */
enum verdict rule_verdict_max(const struct rule *rule);

#endif

/* SPDX-License-Identifier: PostgreSQL */
#include "verdicts.h"

#include <string.h>

static bool matches(const char *wanted, const char *actual)
{
	return wanted == NULL || (actual != NULL && strcmp(wanted, actual) == 0);
}

/* "schema.name" or "name" */
static bool table_matches(const char *wanted, const struct name *table)
{
	size_t schema;

	if (wanted == NULL)
		return true;
	if (table == NULL || table->name == NULL)
		return false;
	if (strcmp(wanted, table->name) == 0)
		return true;
	if (table->schema == NULL)
		return false;
	schema = strlen(table->schema);
	return strncmp(wanted, table->schema, schema) == 0 && wanted[schema] == '.' &&
	       strcmp(wanted + schema + 1, table->name) == 0;
}

static enum verdict for_table(const struct rule *rule, enum verdict verdict,
	const struct policy_settings *settings, const struct policy_subject *subject,
	const struct name *table)
{
	for (size_t i = 0; i < settings->n_rules; i++) {
		const struct rule_setting *line = &settings->rules[i];

		if (strcmp(line->rule, rule->id) == 0 &&
			matches(line->database, subject->database) &&
			matches(line->user, subject->user) &&
			matches(line->application, subject->application) &&
			table_matches(line->table, table))
			verdict = line->verdict;
	}
	return verdict;
}

/* The catalog's name where there is one: a selector must not depend on how the text spells it. */
static struct name resolved(const struct facts *facts, const struct name *name)
{
	const struct relation_facts *relation = facts_relation(facts, name);

	if (relation == NULL)
		return *name;
	if (relation->kind == 'i' || relation->kind == 'I')
		return relation->table.name != NULL ? relation->table : relation->name;
	return relation->name;
}

enum verdict verdict_of(const struct rule *rule, const struct rule_context *context,
	const struct policy_subject *subject)
{
	static const struct policy_subject nobody = {0};
	const struct action *action = context->action;
	enum verdict verdict =
		rule->verdict_here != NULL ? rule->verdict_here(context) : rule->verdict;
	enum verdict strictest = VERDICT_ALLOW;
	bool listed = action->n_targets > 0 && action->kind != ACTION_CREATE_TABLE;
	const struct name *names = listed ? action->targets : &action->table;
	size_t n = listed ? action->n_targets : 1;

	for (size_t i = 0; i < n; i++) {
		struct name table = {0};
		enum verdict one;

		if (names[i].name != NULL)
			table = resolved(context->facts, &names[i]);
		one = for_table(rule, verdict, context->settings,
			subject == NULL ? &nobody : subject, &table);
		if (one > strictest)
			strictest = one;
	}
	return strictest > rule_verdict_max(rule) ? rule_verdict_max(rule) : strictest;
}

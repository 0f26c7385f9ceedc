/* SPDX-License-Identifier: PostgreSQL */
/* The table of rules as a whole; what single rules do is in cases/, see test_golden.c. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "rule.h"

Test(rules, ids_are_unique_and_can_be_found)
{
	for (size_t i = 0; i < n_rules_all; i++) {
		cr_expect_eq(rule_by_id(rules_all[i]->id), rules_all[i], "%s", rules_all[i]->id);
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(rules_all[i]->id, rules_all[k]->id);
	}
	cr_expect_null(rule_by_id("no-such-rule"));
}

static bool kebab(const char *id)
{
	for (const char *c = id; *c != '\0'; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
			return false;
	return true;
}

Test(rules, every_row_is_complete)
{
	char section = 'A';

	for (size_t i = 0; i < n_rules_all; i++) {
		const struct rule *rule = rules_all[i];

		cr_expect(kebab(rule->id), "%s", rule->id);
		cr_expect_not_null(rule->fires, "%s", rule->id);
		cr_assert(rule->title != NULL && rule->reason != NULL && rule->hint != NULL, "%s",
			rule->id);
		cr_expect_null(strchr(rule->title, '\n'), "%s", rule->id);
		cr_expect_neq(rule->title[strlen(rule->title) - 1], '.', "%s", rule->id);
		cr_expect_geq(
			rule->section, section, "%s stands behind section %c", rule->id, section);
		section = rule->section;
	}
}

Test(rules, what_is_carried_out_has_a_recipe)
{
	for (size_t i = 0; i < n_rules_all; i++) {
		const struct rule *rule = rules_all[i];
		bool carried_out =
			rule->verdict == VERDICT_REWRITE || rule->verdict == VERDICT_PHASE;

		cr_expect_eq(carried_out, rule->recipe != NULL, "%s", rule->id);
	}
}

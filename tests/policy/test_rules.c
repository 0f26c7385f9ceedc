/* SPDX-License-Identifier: PostgreSQL */
/* The table of rules as a whole; what single rules do is in cases/, see test_golden.c. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "rule.h"

/* The hazard catalogue, sections A to L. */
static const char *const hazards[] = {
	"add-check-not-not-valid",
	"add-column-constant-default",
	"add-column-domain-with-constraint",
	"add-column-generated-stored",
	"add-column-identity",
	"add-column-inline-check",
	"add-column-inline-fk",
	"add-column-inline-primary-key",
	"add-column-inline-unique",
	"add-column-json",
	"add-column-not-null-no-default",
	"add-column-on-parent",
	"add-column-serial",
	"add-column-volatile-default",
	"add-exclusion-constraint",
	"add-fk-not-not-valid",
	"add-fk-on-partitioned",
	"add-or-drop-identity-expression",
	"add-pk-using-index-nullable",
	"add-primary-key",
	"add-unique-constraint",
	"alter-column-type",
	"alter-constraint",
	"alter-domain-add-constraint",
	"alter-domain-set-not-null",
	"alter-index-set-tablespace",
	"alter-system-database-role",
	"alter-type-used-by-view",
	"alter-type-with-check-or-fk",
	"attach-partition",
	"backfill-in-ddl-transaction",
	"cic-corruption-pg14",
	"cluster",
	"concurrently-in-transaction",
	"create-domain-with-constraint",
	"create-drop-rule",
	"create-enum",
	"create-extension",
	"create-index-non-concurrent",
	"create-index-on-partitioned",
	"create-partition-of",
	"create-table-as",
	"create-table-force",
	"create-table-with-fk",
	"create-trigger",
	"create-unique-index",
	"delete-without-where",
	"detach-partition",
	"disable-trigger",
	"dml-style",
	"drop-column",
	"drop-constraint",
	"drop-database",
	"drop-index-non-concurrent",
	"drop-not-null",
	"drop-partition",
	"drop-schema",
	"drop-table",
	"drop-table-cascade",
	"drop-trigger",
	"drop-type-function-extension-cascade",
	"drop-view-matview",
	"enum-add-value",
	"enum-add-value-ordering",
	"fk-missing-index",
	"fk-policy",
	"index-too-many-columns",
	"invalid-index-left-behind",
	"lock-table",
	"lock-timeout-after-ddl",
	"lock-timeout-zero-or-too-long",
	"missing-application-name",
	"missing-idle-in-tx-timeout",
	"missing-lock-timeout",
	"missing-statement-timeout",
	"multiple-alter-same-table",
	"owner-inherit-options",
	"partitioning-policy",
	"refresh-matview-concurrent",
	"refresh-matview-non-concurrent",
	"reindex-non-concurrent",
	"rename-column",
	"rename-constraint-or-index",
	"rename-enum-value",
	"rename-schema",
	"rename-table",
	"rename-type-attribute-function",
	"replace-view",
	"replica-identity",
	"row-level-security",
	"set-access-method",
	"set-logged-unlogged",
	"set-not-null",
	"set-or-drop-default",
	"set-role-or-owner-mismatch",
	"set-schema",
	"set-tablespace",
	"statement-after-access-exclusive",
	"transaction-nesting",
	"truncate",
	"truncate-cascade",
	"unanalyzable-dynamic-ddl",
	"uncommitted-transaction",
	"update-without-where",
	"vacuum-full",
	"validate-combined-with-strong-alter",
	"validate-in-same-transaction",
	"wide-lock-window",
};

Test(rules, every_hazard_has_one)
{
	for (size_t i = 0; i < sizeof(hazards) / sizeof(hazards[0]); i++)
		cr_expect_not_null(rule_by_id(hazards[i]), "%s", hazards[i]);
}

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
		/* section A is about how statements are sent: nothing is locked by that */
		cr_expect(rule->section == 'A' || (rule->locks != NULL && rule->safe_when != NULL),
			"%s", rule->id);
		cr_expect_leq(rule->verdict, rule_verdict_max(rule), "%s", rule->id);
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

		cr_expect(!carried_out || rule->recipe != NULL, "%s", rule->id);
	}
}

/* Rules that refuse without a plan, and what stands in the way of one. */
static const struct {
	const char *rule, *because;
} refusals[] = {
	{"concurrently-in-transaction", "PostgreSQL refuses it; only its sender can move it"},
	{"backfill-in-ddl-transaction", "the transaction is the client's to cut"},
	{"unanalyzable-dynamic-ddl", "nobody knows what it does"},
	{"unclassified", "nobody knows what it does"},
	{"unsafe-lexing", "nobody knows what it says"},
	{"catalog-write", "there is a command for whatever it is meant to do"},
	{"invalid-index-left-behind", "another session may be building it just now"},
	{"cic-corruption-pg14", "only a newer server builds it right"},
	{"add-column-generated-stored", "a trigger and a backfill make another kind of column"},
	{"add-column-not-null-no-default", "the value for the rows there are is not known"},
	{"add-column-domain-with-constraint", "a column of another type is not what is asked for"},
	{"alter-type-with-check-or-fk", "where the type change has a plan, that is it"},
	{"alter-type-used-by-view", "PostgreSQL refuses it; the views are somebody's code"},
	{"add-exclusion-constraint", "its index cannot be built concurrently"},
	{"rename-schema", "nothing can stand in for a schema"},
	{"rename-type-attribute-function",
		"two names for one thing are the application's to write"},
	{"drop-table-cascade", "what goes along has to be named first"},
	{"drop-schema", "the data is gone"},
	{"drop-database", "the data is gone"},
	{"drop-view-matview", "clients break; there are no rows to move"},
	{"drop-type-function-extension-cascade", "what goes along has to be named first"},
	{"table-under-change", "the change under way has to end first"},
	{"column-under-change", "the change under way has to end first"},
	{"truncate-cascade", "what goes along has to be named first"},
	{"create-table-force", "what it drops is meant to be made again, rows and all"},
	{"vacuum-full", "a copy that follows writers is pg_repack's work"},
	{"cluster", "a copy that follows writers is pg_repack's work"},
	{"set-logged-unlogged", "a copy that follows writers is pg_repack's work"},
	{"set-tablespace", "a copy that follows writers is pg_repack's work"},
	{"set-access-method", "a copy that follows writers is pg_repack's work"},
	{"lock-table", "why it is locked is not known"},
	{"replica-identity", "the subscribers have to be ready for it"},
	{"row-level-security", "the policies have to be there first, and be right"},
	{"disable-trigger", "rows written meanwhile are never checked"},
};

static bool refuses_without_a_plan(const struct rule *rule)
{
	return rule->verdict >= VERDICT_HOLD && rule->recipe == NULL;
}

Test(rules, whoever_refuses_without_a_plan_is_known_for_a_reason)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct rule *rule = rule_by_id(refusals[i].rule);

		cr_assert_not_null(rule, "%s", refusals[i].rule);
		cr_expect(refuses_without_a_plan(rule), "%s has a plan by now: not because %s",
			rule->id, refusals[i].because);
	}
	for (size_t i = 0; i < n_rules_all; i++)
		n += refuses_without_a_plan(rules_all[i]);
	cr_expect_eq(n, sizeof(refusals) / sizeof(refusals[0]),
		"%zu rules refuse without a plan: say why in refusals", n);
}

Test(rules, style_is_off_and_never_blocks)
{
	size_t n = 0;

	for (size_t i = 0; i < n_rules_all; i++) {
		if (!rule_is_style(rules_all[i]))
			continue;
		n++;
		cr_expect_eq(rules_all[i]->verdict, VERDICT_ALLOW, "%s", rules_all[i]->id);
		cr_expect_eq(rule_verdict_max(rules_all[i]), VERDICT_WARN, "%s", rules_all[i]->id);
	}
	cr_expect_eq(n, 9);
}

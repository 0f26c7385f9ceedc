/* SPDX-License-Identifier: PostgreSQL */
/* Section F: properties of tables that change in the catalog alone. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"

static bool loses_identity(const struct rule_context *context)
{
	const char *identity = context->action->new_name;

	return action_is(context, ACTION_REPLICA_IDENTITY) && shared(context) && identity != NULL &&
	       strcmp(identity, "DEFAULT") != 0;
}

/* FULL costs; NOTHING makes UPDATE and DELETE fail where the table is published. */
static enum verdict identity_verdict(const struct rule_context *context)
{
	return strcmp(context->action->new_name, "NOTHING") == 0 ? VERDICT_REJECT : VERDICT_WARN;
}

const struct rule rule_replica_identity = {
	.id = "replica-identity",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.verdict_here = identity_verdict,
	.fires = loses_identity,
	.title = "REPLICA IDENTITY FULL or NOTHING changes what logical replication can do",
	.reason = "FULL writes every old row to the WAL whole, and only warns; with NOTHING, "
		  "UPDATE and DELETE of "
		  "a published table fail.",
	.locks = "ACCESS EXCLUSIVE on the table, for a moment.",
	.safe_when = "DEFAULT or USING INDEX is written; or the table is new or temporary.",
	.hint = "REPLICA IDENTITY USING INDEX, with a unique index on NOT NULL columns.",
};

static bool makes_policy(const struct rule_context *context, const struct action *action)
{
	return action->kind == ACTION_CREATE_POLICY && !action->restrictive &&
	       may_be_same(&action->table, &context->action->table);
}

static bool is_word(const struct rule_context *context, const char *word)
{
	const char *written = context->action->name;

	return action_is(context, ACTION_ROW_SECURITY) && written != NULL &&
	       strcasecmp(written, word) == 0;
}

/* What one transaction does is seen at once, in whatever order. */
static bool hides_every_row(const struct rule_context *context)
{
	bool has_policies = context->table != NULL && context->table->has_permissive_policies;

	return (is_word(context, "enable") || is_word(context, "force")) && !has_policies &&
	       !soon_by_new_name(context, makes_policy);
}

static bool makes_it_again(const struct rule_context *context, const struct action *action)
{
	return action->kind == ACTION_CREATE_POLICY && action->name != NULL &&
	       context->action->name != NULL && strcmp(action->name, context->action->name) == 0 &&
	       may_be_same(&action->table, &context->action->table);
}

/* Files drop what they make, to be run twice. */
static bool drops_policy(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_POLICY) && !later(context, makes_it_again);
}

static bool changes_row_security(const struct rule_context *context)
{
	return shared(context) &&
	       (hides_every_row(context) || is_word(context, "disable") || drops_policy(context));
}

/* FORCE is about the owner alone, and nothing where row security is not enabled. */
static enum verdict row_security_verdict(const struct rule_context *context)
{
	return is_word(context, "enable") ? VERDICT_REJECT : VERDICT_WARN;
}

const struct rule rule_row_level_security = {
	.id = "row-level-security",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.verdict_here = row_security_verdict,
	.fires = changes_row_security,
	.title = "Row level security changes which rows clients see",
	.reason =
		"ENABLE before a permissive policy exists means that everybody but the owner "
		"sees and writes nothing; FORCE, the owner as well. With a permissive policy go "
		"the rows "
		"that no other lets through, with a restrictive one what it kept back is seen. "
		"DISABLE lets everybody see all that the policies kept apart. All but ENABLE only "
		"warn.",
	.locks =
		"ACCESS EXCLUSIVE on the table, for a moment; CREATE, ALTER and DROP POLICY alike.",
	.safe_when = "ENABLE and FORCE: the table has a permissive policy already, in the catalog "
		     "or by the same text, or the same transaction makes one. DROP POLICY: the "
		     "text makes it "
		     "again. All: the table is new or temporary. CREATE and ALTER POLICY only lock "
		     "for a moment.",
	.hint = "CREATE POLICY first, then ENABLE ROW LEVEL SECURITY, in one short transaction.",
};

static bool changes_metadata(const struct rule_context *context)
{
	switch (context->action->kind) {
	case ACTION_OWNER_TO:
	case ACTION_INHERIT:
	case ACTION_OF_TYPE:
	case ACTION_SET_TABLE_OPTIONS:
	case ACTION_SET_STATISTICS:
	case ACTION_SET_STORAGE:
	case ACTION_SET_COMPRESSION:
	case ACTION_SET_COLUMN_OPTIONS:
	case ACTION_COMMENT:
	case ACTION_CREATE_STATISTICS:
	case ACTION_PUBLICATION:
		return shared(context);
	default:
		return false;
	}
}

const struct rule rule_owner_inherit_options = {
	.id = "owner-inherit-options",
	.section = 'F',
	.verdict = VERDICT_ALLOW,
	.fires = changes_metadata,
	.title = "Statement changes what the catalog says of a table, and no row",
	.reason = "Owner, parents, storage parameters, statistics targets, comments, publications.",
	.locks = "OWNER TO, INHERIT and SET STORAGE: ACCESS EXCLUSIVE for a moment. Storage "
		 "parameters, SET STATISTICS, COMMENT, publications: SHARE UPDATE EXCLUSIVE, reads "
		 "and writes go on.",
	.safe_when = "it is always safe under a short lock_timeout, which phasegate sets.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

/* SPDX-License-Identifier: PostgreSQL */
/* Section L: what reaches beyond one table. */
#include "rules.h"

#include <string.h>

static bool touches_extension(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_EXTENSION) ||
	       action_is(context, ACTION_ALTER_EXTENSION) ||
	       (action_is(context, ACTION_DROP_EXTENSION) && !context->action->cascade);
}

/* What CREATE makes is nobody's yet. */
static enum verdict extension_verdict(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_EXTENSION) ? VERDICT_ALLOW : VERDICT_WARN;
}

const struct rule rule_create_extension = {
	.id = "create-extension",
	.section = 'L',
	.verdict = VERDICT_WARN,
	.verdict_here = extension_verdict,
	.fires = touches_extension,
	.title = "An extension's script runs unseen",
	.reason =
		"ALTER EXTENSION ... UPDATE may alter tables and functions in use, DROP takes "
		"the functions and types away. CREATE EXTENSION is allowed: most scripts touch no "
		"table.",
	.locks = "Whatever the script locks; mostly no table of yours.",
	.safe_when =
		"it is CREATE EXTENSION, which is only noted; or ALTER EXTENSION ... ADD or DROP "
		"of a member, which changes nothing but whose it is. DROP with CASCADE is "
		"drop-type-function-extension-cascade.",
	.hint = "In a transaction of its own, off-peak: CREATE with IF NOT EXISTS; UPDATE when its "
		"script has been read; DROP when no code calls what it brought any more.",
};

static bool changes_cluster(const struct rule_context *context)
{
	return action_is(context, ACTION_ALTER_SYSTEM) ||
	       action_is(context, ACTION_ALTER_DATABASE) ||
	       action_is(context, ACTION_CREATE_ROLE) || action_is(context, ACTION_ALTER_ROLE) ||
	       action_is(context, ACTION_DROP_ROLE) || action_is(context, ACTION_REASSIGN_OWNED);
}

static bool made_before(const struct rule_context *context, enum action_kind kind, const char *name)
{
	for (const struct stmt *stmt = context->text->items; stmt <= context->stmt; stmt++) {
		for (size_t i = 0; i < stmt->n_actions; i++) {
			const struct action *action = &stmt->actions[i];

			if (action == context->action)
				return false;
			if (action->kind == kind && action->name != NULL &&
				strcmp(action->name, name) == 0)
				return true;
		}
	}
	return false;
}

/* By this text: nobody logs in by it, or to it, yet. */
static bool just_made(const struct rule_context *context)
{
	const char *name = context->action->name;

	if (name == NULL)
		return false;
	return (action_is(context, ACTION_ALTER_ROLE) &&
		       made_before(context, ACTION_CREATE_ROLE, name)) ||
	       (action_is(context, ACTION_ALTER_DATABASE) &&
		       made_before(context, ACTION_CREATE_DATABASE, name));
}

/* What a role may do concerns that role; what its sessions begin with, what it is called and that
 * it is gone concern those who log in by it. */
static enum verdict cluster_verdict(const struct rule_context *context)
{
	bool narrow = action_is(context, ACTION_CREATE_ROLE) ||
		      (action_is(context, ACTION_ALTER_ROLE) && context->action->new_name == NULL);

	return narrow || just_made(context) ? VERDICT_ALLOW : VERDICT_WARN;
}

const struct rule rule_alter_system_database_role = {
	.id = "alter-system-database-role",
	.section = 'L',
	.verdict = VERDICT_WARN,
	.verdict_here = cluster_verdict,
	.fires = changes_cluster,
	.title = "Statement changes settings of the whole server, a database or a role",
	.reason = "It holds for everybody, some of it only from the next start or the next login "
		  "on, and it does not belong to the schema that a migration changes. What else is "
		  "done to roles is only noted.",
	.locks = "No table; REASSIGN OWNED takes ACCESS EXCLUSIVE on each table for a moment.",
	.safe_when = "it creates a role or changes what one may do, which is only noted; or the "
		     "same text has made the role or the database.",
	.hint = "Keep it with the configuration of the server, not with the migrations.",
};

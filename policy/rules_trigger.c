/* SPDX-License-Identifier: PostgreSQL */
/* Section H: triggers and rules, which run for clients that do not know of them. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"

static bool creates_trigger(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_TRIGGER) && shared(context);
}

const struct rule rule_create_trigger = {
	.id = "create-trigger",
	.section = 'H',
	.verdict = VERDICT_ALLOW,
	.fires = creates_trigger,
	.title = "CREATE TRIGGER stops writes for a moment, and every write pays for it from then "
		 "on",
	.reason = "The lock is brief, but queues up behind running writes, and others behind it.",
	.locks = "SHARE ROW EXCLUSIVE on the table (and on that of FROM), for a moment: writes "
		 "wait.",
	.safe_when = "the table is new or temporary.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

static bool drops_trigger(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_TRIGGER) && shared(context);
}

const struct rule rule_drop_trigger = {
	.id = "drop-trigger",
	.section = 'H',
	.verdict = VERDICT_ALLOW,
	.fires = drops_trigger,
	.title = "DROP TRIGGER stops reads and writes for a moment",
	.reason = "The lock is brief; what the trigger enforced or copied is not any more.",
	.locks = "ACCESS EXCLUSIVE on the table, for a moment.",
	.safe_when = "the table is new or temporary.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

static bool disables_trigger(const struct rule_context *context)
{
	return action_is(context, ACTION_DISABLE_TRIGGER) && shared(context);
}

/* ALL takes the triggers along by which PostgreSQL enforces foreign keys. */
static enum verdict disable_verdict(const struct rule_context *context)
{
	const char *name = context->action->name;

	return name != NULL && strcmp(name, "ALL") == 0 ? VERDICT_REJECT : VERDICT_WARN;
}

const struct rule rule_disable_trigger = {
	.id = "disable-trigger",
	.section = 'H',
	.verdict = VERDICT_REJECT,
	.verdict_here = disable_verdict,
	.fires = disables_trigger,
	.title = "DISABLE TRIGGER turns off what the trigger enforces, for every session",
	.reason = "Rows written meanwhile are never checked or copied, and nobody is told. ALL "
		  "turns foreign keys off too: rows that refer to nothing stay in for good. A "
		  "single trigger, or USER, only warns.",
	.locks = "SHARE ROW EXCLUSIVE on the table, for a moment.",
	.safe_when = "the table is new or temporary.",
	.hint = "Name the one trigger that is meant, and repair the rows afterwards; "
		"session_replication_role affects one session only.",
};

/* PostgreSQL makes the rule of a view itself; ON SELECT written by hand makes one of a table. */
static bool rewrites_queries(const struct rule_context *context)
{
	bool rule = action_is(context, ACTION_CREATE_RULE) ||
		    action_is(context, ACTION_DROP_RULE) ||
		    action_is(context, ACTION_ENABLE_DISABLE_RULE);

	return rule && shared(context) && (context->table == NULL || context->table->kind != 'v');
}

const struct rule rule_create_drop_rule = {
	.id = "create-drop-rule",
	.section = 'H',
	.verdict = VERDICT_WARN,
	.fires = rewrites_queries,
	.title = "A rule rewrites the queries of every client",
	.reason = "INSERT, UPDATE and DELETE become something else, RETURNING and row counts "
		  "change, and COPY goes past the rule.",
	.locks = "ACCESS EXCLUSIVE on the table, for a moment.",
	.safe_when = "the rule is one of a view; or the table is new or temporary.",
	.hint = "A trigger does the same and can be understood; SET lock_timeout = '2s' for the "
		"change itself.",
};

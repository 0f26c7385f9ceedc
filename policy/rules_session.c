/* SPDX-License-Identifier: PostgreSQL */
/* Section A: what is wrong with how a statement is sent, or with what can be seen of it. */
#include "rules.h"

static bool waits_without_bound(const struct rule_context *context)
{
	int64_t timeout = context->facts->lock_timeout_ms;

	return stops_writes(context->effects) && !context->stmt->no_transaction &&
	       (timeout == 0 || timeout > context->settings->lock_timeout_max_ms);
}

const struct rule rule_missing_lock_timeout = {
	.id = "missing-lock-timeout",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = waits_without_bound,
	.title = "Strong lock without a short lock_timeout",
	.reason = "While it waits for running transactions, every later query on the table queues "
		  "behind it: one long SELECT and one ALTER make an outage. phasegate sets "
		  "lock_timeout around such a statement itself.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

static bool needs_to_stand_alone(const struct rule_context *context)
{
	return context->stmt->no_transaction && context->facts->in_transaction;
}

const struct rule rule_concurrently_in_transaction = {
	.id = "concurrently-in-transaction",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = needs_to_stand_alone,
	.title = "Statement cannot run inside a transaction",
	.reason = "PostgreSQL refuses it with 25001 in a transaction block, and in a message of "
		  "several statements too, which is an implicit one.",
	.hint = "COMMIT first, then send it alone, as a message of its own (Rails: "
		"disable_ddl_transaction!; Django: atomic = False; Alembic: autocommit_block()).",
};

static bool hides_code(const struct rule_context *context)
{
	return (action_is(context, ACTION_DO_BLOCK) && context->action->opaque) ||
	       action_is(context, ACTION_COPY_PROGRAM) || action_is(context, ACTION_DYNAMIC_SQL) ||
	       action_is(context, ACTION_LOAD);
}

const struct rule rule_unanalyzable_dynamic_ddl = {
	.id = "unanalyzable-dynamic-ddl",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = hides_code,
	.title = "Statement runs code that cannot be checked beforehand",
	.reason = "A DO block that builds SQL, a function that runs SQL text, a program or a "
		  "library can change the schema in any way, under any lock.",
	.hint = "Send the schema changes themselves, as statements of their own.",
};

static bool is_unclassified(const struct rule_context *context)
{
	return action_is(context, ACTION_UNCLASSIFIED);
}

const struct rule rule_unclassified = {
	.id = "unclassified",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = is_unclassified,
	.title = "Statement of a kind that phasegate does not know",
	.reason = "What it does cannot be told, so it cannot be called safe.",
	.hint = "Ask an administrator to run it directly on the server.",
};

static bool changes_reading(const struct rule_context *context)
{
	return action_is(context, ACTION_SET_PARAMETER);
}

const struct rule rule_unsafe_lexing = {
	.id = "unsafe-lexing",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = changes_reading,
	.title = "Setting would change how SQL text is read",
	.reason = "With standard_conforming_strings off, or in a client encoding whose characters "
		  "can hold a backslash, the server reads another text than the one checked.",
	.hint = "Keep standard_conforming_strings on and client_encoding UTF8; write E'...' where "
		"backslashes are meant.",
};

static bool writes_catalog(const struct rule_context *context)
{
	return action_is(context, ACTION_CATALOG_WRITE);
}

const struct rule rule_catalog_write = {
	.id = "catalog-write",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = writes_catalog,
	.title = "Statement writes to the system catalog",
	.reason = "It changes the schema behind PostgreSQL's back: no lock, no check, no "
		  "dependency is honoured.",
	.hint = "Use the ALTER, CREATE or DROP statement meant for it.",
};

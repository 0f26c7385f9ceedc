/* SPDX-License-Identifier: PostgreSQL */
/* Section A: statements that cannot run here, or that cannot be seen through. */
#include "rules.h"

static bool needs_to_stand_alone(const struct rule_context *context)
{
	return (context->stmt->no_transaction || context->effects->no_transaction) &&
	       (context->facts->in_transaction || context->stmt->inside_code);
}

const struct rule rule_concurrently_in_transaction = {
	.id = "concurrently-in-transaction",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = needs_to_stand_alone,
	.title = "Statement cannot run inside a transaction",
	.reason = "PostgreSQL refuses it with 25001 in a transaction block, and in a message of "
		  "several statements too, which is an implicit one.",
	.locks = "Nothing: it fails before it locks.",
	.safe_when = "It is sent alone, outside a transaction. REFRESH MATERIALIZED VIEW "
		     "CONCURRENTLY may stand in one.",
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
	.locks = "Whatever the hidden statements lock, until the transaction ends.",
	.safe_when = "CREATE FUNCTION and CREATE PROCEDURE, which only store a text; a DO block "
		     "without a word that could change the schema or run SQL text.",
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
	.locks = "Not known.",
	.safe_when = "Never: whatever PostgreSQL's grammar of this version knows is classified.",
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
	.locks = "Nothing.",
	.safe_when = "The value is one under which both read the same: on, UTF8.",
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
	.locks = "ROW EXCLUSIVE on the system catalog; nothing on the tables it is about.",
	.safe_when = "It only reads, or writes to ordinary tables.",
	.hint = "Use the ALTER, CREATE or DROP statement meant for it.",
};

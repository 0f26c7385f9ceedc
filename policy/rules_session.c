/* SPDX-License-Identifier: PostgreSQL */
/* Section A: statements that cannot run here, or that cannot be seen through. */
#include "rules.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "decide.h"
#include "message.h"

static bool needs_to_stand_alone(const struct rule_context *context)
{
	return (context->stmt->no_transaction || context->effects->no_transaction) &&
	       in_one_transaction(context);
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

/* A library is trusted or not by whoever put it on the server: a file that loads it (AGE says so at
 * the head of every session) changes no schema by that. */
static bool hides_code(const struct rule_context *context)
{
	return (action_is(context, ACTION_DO_BLOCK) && context->action->opaque) ||
	       action_is(context, ACTION_COPY_PROGRAM) || action_is(context, ACTION_DYNAMIC_SQL) ||
	       (action_is(context, ACTION_LOAD) && !context->separate);
}

static const char *hidden_detail(const struct rule_context *context)
{
	const char *function = context->action->name;

	if (!context->separate || !action_is(context, ACTION_DYNAMIC_SQL) || function == NULL)
		return message_detail(context);
	return arena_printf(context->arena, "What %s runs cannot be read.", function);
}

const struct rule rule_unanalyzable_dynamic_ddl = {
	.id = "unanalyzable-dynamic-ddl",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = hides_code,
	.detail = hidden_detail,
	.title = "Statement runs code that cannot be checked beforehand",
	.reason = "A DO block that builds SQL, a function that runs SQL text, a program or a "
		  "library can change the schema in any way, under any lock.",
	.locks = "Whatever the hidden statements lock, until the transaction ends.",
	.safe_when = "CREATE FUNCTION and CREATE PROCEDURE, which only store a text (a file that "
		     "goes on to call one is judged by what is in it); a DO block without a word "
		     "that could change the schema or run SQL text; LOAD in files.",
	.hint = "Send the schema changes themselves, as statements of their own.",
};

static bool is_unclassified(const struct rule_context *context)
{
	return action_is(context, ACTION_UNCLASSIFIED);
}

const struct rule rule_unclassified = {
	.id = "unclassified",
	.sqlstate = SQLSTATE_NOT_UNDERSTOOD,
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = is_unclassified,
	.title = "Statement of a kind that phasegate does not know",
	.reason = "What it does cannot be told, so it cannot be called safe.",
	.locks = "Not known.",
	.safe_when = "Never: whatever PostgreSQL's grammar of this version knows is classified.",
	.hint = "Ask an administrator to run it directly on the server.",
};

/* Encodings of servers, as dumps of old databases set them: no byte of a character but the first
 * is ASCII (PG_VALID_BE_ENCODING in pg_wchar.h). */
static bool encoding_of_servers(const char *name)
{
	static const char *const prefixes[] = {
		"latin", "iso", "win12", "windows-12", "koi8", "sql_ascii", "euc_"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static bool backslash_follows(const struct rule_context *context)
{
	const struct stmt *end = context->text->items + context->text->n;

	for (const struct stmt *stmt = context->stmt + 1; stmt < end; stmt++)
		if (strchr(stmt->sql, '\\') != NULL)
			return true;
	return false;
}

/* All that a file has to read is known. */
static bool reads_file_alike(const struct rule_context *context)
{
	const struct action *action = context->action;

	if (!context->separate || action->name == NULL || action->new_name == NULL)
		return false;
	return strcmp(action->name, "client_encoding") == 0 ? encoding_of_servers(action->new_name)
							    : !backslash_follows(context);
}

static bool changes_reading(const struct rule_context *context)
{
	return action_is(context, ACTION_SET_PARAMETER) && !reads_file_alike(context);
}

const struct rule rule_unsafe_lexing = {
	.id = "unsafe-lexing",
	.sqlstate = SQLSTATE_NOT_UNDERSTOOD,
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = changes_reading,
	.title = "Setting would change how SQL text is read",
	.reason = "With standard_conforming_strings off, or in a client encoding whose characters "
		  "can hold a backslash, the server reads another text than the one checked.",
	.locks = "Nothing.",
	.safe_when = "The value is one under which both read the same: on, UTF8; in files, a "
		     "server's own encoding too, and off where no backslash follows.",
	.hint = "Keep standard_conforming_strings on and client_encoding UTF8; write E'...' where "
		"backslashes are meant.",
};

/* A temporary table comes before the catalog, whatever its name. */
static bool writes_catalog(const struct rule_context *context)
{
	return action_is(context, ACTION_CATALOG_WRITE) &&
	       !(context->table != NULL && context->table->persistence == 't');
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
	.safe_when = "It only reads, or writes to ordinary or temporary tables.",
	.hint = "Use the ALTER, CREATE or DROP statement meant for it.",
};

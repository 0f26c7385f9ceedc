/* SPDX-License-Identifier: PostgreSQL */
/* Section F: names that move, storage that is copied, and drops that take much along. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"

static bool renames_table(const struct rule_context *context)
{
	return (action_is(context, ACTION_RENAME_TABLE) ||
		       action_is(context, ACTION_RENAME_VIEW)) &&
	       context->effects->breaks_clients && shared(context);
}

/* RENAME and the view in one transaction: nobody finds the old name missing. */
static const char *rename_table_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const struct action *action = context->action;
	const struct name old = context->table != NULL ? context->table->name : action->table;
	struct name renamed = {old.schema, action->new_name};

	if (action->new_name == NULL)
		return NULL;
	return arena_printf(arena,
		"BEGIN; SET LOCAL lock_timeout = '2s';\n"
		"ALTER TABLE %s RENAME TO %s;\n"
		"CREATE VIEW %s AS SELECT * FROM %s; -- and its GRANTs\n"
		"COMMIT; -- an administrator; when no client uses the old name any more: DROP VIEW",
		name_sql(arena, &old), quote_ident(arena, action->new_name), name_sql(arena, &old),
		name_sql(arena, &renamed));
}

const struct rule rule_rename_table = {
	.id = "rename-table",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = renames_table,
	.title = "Renaming a table breaks every running client that uses the old name",
	.reason = "The lock is brief, but statements that name the table fail from then on.",
	.hint = "Rename it and put a view of the old name in its place, in one transaction.",
	.hint_sql = rename_table_steps,
};

static bool moves_table(const struct rule_context *context)
{
	return action_is(context, ACTION_SET_SCHEMA) && context->effects->breaks_clients &&
	       shared(context) && context->table != NULL;
}

const struct rule rule_set_schema = {
	.id = "set-schema",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = moves_table,
	.title = "SET SCHEMA takes the table away from under its old name",
	.reason = "The lock is brief, but statements that name the table in its old schema fail.",
	.hint = "Move it and create a view of it in the old schema, in one transaction.",
};

static bool renames_schema(const struct rule_context *context)
{
	return action_is(context, ACTION_RENAME_SCHEMA);
}

const struct rule rule_rename_schema = {
	.id = "rename-schema",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = renames_schema,
	.title = "Renaming a schema breaks every name and search_path that mentions it",
	.reason = "No table is locked, but all of them change their names at once.",
	.hint = "Create the new schema, move the tables one by one, leave views behind.",
};

static bool drops_schema(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_SCHEMA) && context->action->cascade;
}

const struct rule rule_drop_schema = {
	.id = "drop-schema",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_schema,
	.title = "DROP SCHEMA ... CASCADE drops every table in it for good",
	.reason = "ACCESS EXCLUSIVE falls on all of them and on every table they refer to.",
	.hint = "Drop what is in it one by one, then DROP SCHEMA without CASCADE.",
};

static bool drops_database(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_DATABASE);
}

const struct rule rule_drop_database = {
	.id = "drop-database",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_database,
	.title = "DROP DATABASE cannot be undone",
	.reason = "WITH (FORCE) even ends the sessions of those who use it.",
	.hint = "An administrator drops it on a connection of his own.",
};

static bool drops_with_users(const struct rule_context *context)
{
	if (action_is(context, ACTION_DROP_OWNED))
		return true;
	return (action_is(context, ACTION_DROP_OBJECT) ||
		       action_is(context, ACTION_DROP_EXTENSION)) &&
	       context->action->cascade;
}

const struct rule rule_drop_type_function_extension_cascade = {
	.id = "drop-type-function-extension-cascade",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_with_users,
	.title = "A drop with CASCADE takes columns, defaults and triggers of tables along",
	.reason =
		"ACCESS EXCLUSIVE falls on every table that uses what is dropped; DROP OWNED drops "
		"the tables themselves.",
	.hint = "Drop without CASCADE; the server then names what still depends on it.",
};

static bool copies_storage(const struct rule_context *context, enum action_kind kind)
{
	return action_is(context, kind) && context->effects->rewrite && large(context);
}

static bool changes_persistence(const struct rule_context *context)
{
	return copies_storage(context, ACTION_SET_LOGGED) ||
	       copies_storage(context, ACTION_SET_UNLOGGED);
}

const struct rule rule_set_logged_unlogged = {
	.id = "set-logged-unlogged",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = changes_persistence,
	.title = "SET LOGGED and SET UNLOGGED rewrite the table while reads and writes wait",
	.reason = "An unlogged table is empty after a crash and is not replicated.",
	.hint = "Create a new table, copy in batches, swap the names.",
};

static bool moves_storage(const struct rule_context *context)
{
	const struct relation_facts *table = context->table;
	bool index = table != NULL && (table->kind == 'i' || table->kind == 'I');

	return copies_storage(context, ACTION_SET_TABLESPACE) && !index;
}

const struct rule rule_set_tablespace = {
	.id = "set-tablespace",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = moves_storage,
	.title = "SET TABLESPACE copies the table while reads and writes wait",
	.reason = "ACCESS EXCLUSIVE lasts for the whole copy.",
	.hint = "pg_repack with a target tablespace, or a new table, copied in batches and "
		"swapped.",
};

static bool changes_access_method(const struct rule_context *context)
{
	return copies_storage(context, ACTION_SET_ACCESS_METHOD);
}

const struct rule rule_set_access_method = {
	.id = "set-access-method",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = changes_access_method,
	.title = "SET ACCESS METHOD rewrites the table while reads and writes wait",
	.reason = "ACCESS EXCLUSIVE lasts for the whole copy and all index builds.",
	.hint = "Create a new table with that access method, copy in batches, swap the names.",
};

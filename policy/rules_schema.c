/* SPDX-License-Identifier: PostgreSQL */
/* Section F: names that move, storage that is copied, and drops that take much along. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"
#include "recipe.h"

/* A view of the old name, or the other half of a swap. */
static bool takes_old_name(const struct rule_context *context, const struct action *action)
{
	struct name name = action->table;

	switch (action->kind) {
	case ACTION_CREATE_VIEW:
	case ACTION_REPLACE_VIEW:
		return may_be_same(&name, &context->action->table);
	case ACTION_RENAME_TABLE:
	case ACTION_RENAME_VIEW:
		name.name = action->new_name;
		return may_be_same(&name, &context->action->table);
	default:
		return false;
	}
}

static bool completes_swap(const struct rule_context *context)
{
	struct name name = context->action->table;

	name.name = context->action->new_name;
	return context->facts->in_transaction && has_vacated(context, &name);
}

static bool renames_sequence(const struct rule_context *context)
{
	return action_is(context, ACTION_RENAME_OBJECT) && context->action->object != NULL &&
	       strcmp(context->action->object, "SEQUENCE") == 0;
}

/* PostgreSQL takes either word for either (RenameRelation); without a catalog it is believed. */
static bool is_index(const struct rule_context *context, bool by_word)
{
	if (context->table == NULL || context->table->kind == 0)
		return by_word;
	return context->table->kind == 'i' || context->table->kind == 'I';
}

bool renames_index(const struct rule_context *context)
{
	bool index = action_is(context, ACTION_RENAME_INDEX);

	return (index || action_is(context, ACTION_RENAME_TABLE)) && is_index(context, index);
}

static bool renames_table(const struct rule_context *context)
{
	bool renames = action_is(context, ACTION_RENAME_TABLE) ||
		       action_is(context, ACTION_RENAME_INDEX) ||
		       action_is(context, ACTION_RENAME_VIEW) || renames_sequence(context);

	return renames && !renames_index(context) && shared(context) && !completes_swap(context) &&
	       !soon(context, takes_old_name);
}

/* Who calls a table an index does not mean to rename it. */
static enum verdict rename_table_verdict(const struct rule_context *context)
{
	return action_is(context, ACTION_RENAME_INDEX) ? VERDICT_REJECT : VERDICT_PHASE;
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
	.verdict = VERDICT_PHASE,
	.verdict_here = rename_table_verdict,
	.fires = renames_table,
	.recipe = recipe_rename_table,
	.title = "Renaming a table breaks every running client that uses the old name",
	.reason = "The lock is brief, but statements that name the table fail from then on.",
	.locks = "ACCESS EXCLUSIVE for a moment.",
	.safe_when = "the same transaction puts a view in the place of the old name, or another "
		     "table by renaming that (a swap; one that it makes anew has no rows), or the "
		     "new name was freed by the same text; or the table is new or temporary.",
	.hint = "Rename it and put a view of the old name in its place, in one transaction.",
	.hint_sql = rename_table_steps,
};

static bool moves_table(const struct rule_context *context)
{
	return action_is(context, ACTION_SET_SCHEMA) && shared(context) && !made_by_file(context) &&
	       !soon(context, takes_old_name);
}

const struct rule rule_set_schema = {
	.id = "set-schema",
	.section = 'F',
	.verdict = VERDICT_PHASE,
	.fires = moves_table,
	.recipe = recipe_set_schema,
	.title = "SET SCHEMA takes the table away from under its old name",
	.reason = "The lock is brief, but statements that name the table in its old schema fail.",
	.locks = "ACCESS EXCLUSIVE for a moment.",
	.safe_when = "the same transaction puts a view of that name in the old schema; or the "
		     "table is new or temporary.",
	.hint = "Move it and create a view of it in the old schema, in one transaction.",
};

/* public is in every new database: IF NOT EXISTS never makes it. */
static bool makes(const struct rule_context *context, const struct action *action, const char *name)
{
	return action->kind == ACTION_CREATE_SCHEMA && action->name != NULL &&
	       strcmp(action->name, name) == 0 &&
	       (!action->if_not_exists || (context->separate && strcmp(name, "public") != 0));
}

/* Read backwards, under the name that it had by then. */
static bool makes_schema(const struct rule_context *context, const char *schema)
{
	const struct stmt *stmt = context->stmt;

	while (stmt-- > context->text->items)
		for (size_t i = stmt->n_actions; i-- > 0;) {
			const struct action *action = &stmt->actions[i];

			if (makes(context, action, schema))
				return true;
			if (action->kind == ACTION_RENAME_SCHEMA && action->new_name != NULL &&
				strcmp(action->new_name, schema) == 0)
				schema = action->name;
		}
	return false;
}

/* A hostile text has thousands of schemas: it looks back for no more than a few of them. */
static bool made_by_text(const struct rule_context *context)
{
	enum { TARGETS_MAX = 8 };
	const struct action *action = context->action;

	if (action->n_targets == 0 || action->n_targets > TARGETS_MAX)
		return false;
	for (size_t i = 0; i < action->n_targets; i++)
		if (!makes_schema(context, action->targets[i].name))
			return false;
	return true;
}

static bool renames_schema(const struct rule_context *context)
{
	return action_is(context, ACTION_RENAME_SCHEMA) &&
	       !makes_schema(context, context->action->name);
}

const struct rule rule_rename_schema = {
	.id = "rename-schema",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = renames_schema,
	.title = "Renaming a schema breaks every name and search_path that mentions it",
	.reason = "No table is locked, but all of them change their names at once: search_path, "
		  "functions with a body of text and every statement of clients still have the old "
		  "one.",
	.locks = "No table.",
	.safe_when = "the same text made the schema.",
	.hint = "Create the new schema, move the tables one by one, leave views behind.",
};

static bool drops_schema(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_SCHEMA) && context->action->cascade &&
	       !made_by_text(context);
}

const struct rule rule_drop_schema = {
	.id = "drop-schema",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_schema,
	.title = "DROP SCHEMA ... CASCADE drops every table in it for good",
	.reason = "ACCESS EXCLUSIVE falls on all of them and on every table they refer to.",
	.locks = "ACCESS EXCLUSIVE on every table in it.",
	.safe_when = "CASCADE is not written: the server refuses unless it is empty; or the same "
		     "text made the schema.",
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
	.locks = "The database; its sessions are ended with FORCE.",
	.safe_when = "never, for others than an administrator.",
	.hint = "An administrator drops it on a connection of his own.",
};

/* What a file made a few statements before it drops has no users but those made with it. */
static bool drops_own_types(const struct rule_context *context)
{
	const struct action *action = context->action;
	size_t n = 0;

	while (n < action->n_targets) {
		const struct type_facts *type = facts_type(context->facts, &action->targets[n]);

		if (type == NULL || !type->created_in_transaction)
			return false;
		n++;
	}
	return context->separate && n > 0;
}

/* A foreign server, or the wrapper below it, takes its foreign tables along. */
static bool drops_object(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_OBJECT) || action_is(context, ACTION_FOREIGN_DATA);
}

/* As ADD COLUMN of every table of the type, without a default. */
static bool adds_attribute(const struct rule_context *context)
{
	return context->action->column_def != NULL;
}

static bool drops_with_users(const struct rule_context *context)
{
	if (action_is(context, ACTION_DROP_OWNED))
		return true;
	if (drops_object(context) && (drops_own_types(context) || made_by_file(context)))
		return false;
	return (drops_object(context) || action_is(context, ACTION_DROP_EXTENSION) ||
		       (action_is(context, ACTION_ALTER_COMPOSITE_TYPE) &&
			       !adds_attribute(context))) &&
	       context->action->cascade && context->action->new_name == NULL;
}

const struct rule rule_drop_type_function_extension_cascade = {
	.id = "drop-type-function-extension-cascade",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_with_users,
	.title = "A drop with CASCADE takes columns, defaults and triggers of tables along",
	.reason =
		"ACCESS EXCLUSIVE falls on every table that uses what is dropped; DROP OWNED drops "
		"the tables themselves, DROP SERVER its foreign tables; an attribute dropped or "
		"changed with CASCADE is a column "
		"of "
		"every table of the type.",
	.locks = "ACCESS EXCLUSIVE on every table that uses what is dropped.",
	.safe_when = "CASCADE is not written: the server refuses if anything depends on it; or the "
		     "same file made the type, function or sequence.",
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
	.locks = "ACCESS EXCLUSIVE for the whole copy and all index builds.",
	.safe_when = "the table is logged, or unlogged, already; or it is new, temporary, empty or "
		     "small.",
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
	.reason = "The file of the table is copied, every byte of it into the WAL as well, and "
		  "ACCESS EXCLUSIVE lasts for all of that. Its indexes stay where they are.",
	.locks = "ACCESS EXCLUSIVE for the whole copy.",
	.safe_when =
		"the table is in that tablespace already; or it is new, temporary, empty or small.",
	.hint = "Use pg_repack with a target tablespace, or a new table, copied in batches and "
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
	.reason = "Every row is written anew by the other access method and every index is built "
		  "again; ACCESS EXCLUSIVE lasts for all of that, and the table exists twice "
		  "meanwhile.",
	.locks = "ACCESS EXCLUSIVE for the whole copy and all index builds.",
	.safe_when = "the table has that access method already; or it is new, temporary, empty or "
		     "small.",
	.hint = "Create a new table with that access method, copy in batches, swap the names.",
};

/* SPDX-License-Identifier: PostgreSQL */
/* Section D: changing, dropping and renaming columns. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"
#include "recipe.h"

static const struct column_facts *own_column(const struct rule_context *context)
{
	if (context->table == NULL || context->action->column == NULL)
		return NULL;
	return facts_column(context->table, context->action->column);
}

/* Nobody can use yet what the same text added. */
static bool added_by_text(const struct rule_context *context)
{
	const struct column_facts *column = own_column(context);

	return column != NULL && column->created_in_transaction;
}

static bool rewrites_for_type(const struct rule_context *context)
{
	return action_is(context, ACTION_ALTER_COLUMN_TYPE) && large(context) &&
	       (context->effects->rewrite || context->effects->index_build);
}

/* As a column definition wants it. */
static const char *wanted_type(struct arena *arena, const struct action *action)
{
	return action->collation_sql == NULL ? action->type->sql
					     : arena_printf(arena, "%s COLLATE %s",
						       action->type->sql, action->collation_sql);
}

/* A second column, kept equal by a trigger, that takes the name over in one short transaction.  The
 * trigger's name makes it the last to fire. */
static const char *second_column_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const struct action *action = context->action;
	const char *table = message_table_sql(context), *old = column_sql(context);
	const char *column = action->column == NULL ? "column" : action->column;
	const char *new = quote_ident(arena, name_with_suffix(arena, column, "new"));
	const char *trigger = quote_ident(
		arena, arena_printf(arena, "~%s", name_with_suffix(arena, column, "sync")));
	const char *value = action->expr != NULL
				    ? action->expr->sql
				    : arena_printf(arena, "%s::%s", old, action->type->sql);

	return arena_printf(arena,
		"ALTER TABLE %s ADD COLUMN %s %s;\n"
		"CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS\n"
		"  $$ BEGIN NEW.%s := (SELECT %s FROM (SELECT NEW.*) AS r); RETURN NEW; END $$;\n"
		"CREATE TRIGGER %s BEFORE INSERT OR UPDATE ON %s\n"
		"  FOR EACH ROW EXECUTE FUNCTION %s();\n"
		"UPDATE %s SET %s = (%s) WHERE %s IS NULL AND %s IS NOT NULL; -- in batches\n"
		"-- its indexes and constraints on the new column: CONCURRENTLY and NOT VALID; "
		"then, "
		"if this finds no row:\n"
		"SELECT * FROM %s WHERE %s IS DISTINCT FROM (%s) LIMIT 1;\n"
		"BEGIN; SET LOCAL lock_timeout = '2s';\n"
		"DROP TRIGGER %s ON %s; DROP FUNCTION %s();\n"
		"ALTER TABLE %s DROP COLUMN %s; ALTER TABLE %s RENAME COLUMN %s TO %s;\n"
		"COMMIT;",
		table, new, wanted_type(arena, action), trigger, new, value, trigger, table,
		trigger, table, new, value, new, old, table, new, value, trigger, table, trigger,
		table, old, table, new, old);
}

const struct rule rule_alter_column_type = {
	.id = "alter-column-type",
	.section = 'D',
	.verdict = VERDICT_PHASE,
	.fires = rewrites_for_type,
	.recipe = recipe_alter_type,
	.title = "ALTER COLUMN TYPE rewrites the table or its indexes under ACCESS EXCLUSIVE",
	.reason = "Unless the new type stores every old value as it is, heap and indexes are "
		  "written anew. Free are: a longer varchar, text, a wider numeric of the same "
		  "scale, a longer timestamp, time or interval precision, cidr to inet.",
	.locks = "ACCESS EXCLUSIVE while rows, indexes or both are written anew.",
	.safe_when = "the change is free (see above), also with USING the column itself; timestamp "
		     "to timestamptz while TimeZone is UTC; a domain's base type; or the table is "
		     "new, temporary, empty or small.",
	.hint = "A second column of the new type, kept equal by a trigger, filled in batches, that "
		"takes over the name.",
	.hint_sql = second_column_steps,
};

static bool constrained_column(const struct rule_context *context, enum constraint_kind kind)
{
	for (size_t i = 0; context->table != NULL && i < context->table->n_constraints; i++) {
		const struct constraint_facts *c = &context->table->constraints[i];

		for (size_t k = 0; c->kind == kind && k < c->n_columns; k++)
			if (context->action->column != NULL &&
				strcmp(c->columns[k], context->action->column) == 0)
				return true;
	}
	return false;
}

static bool remakes_constraint(const struct rule_context *context)
{
	return action_is(context, ACTION_ALTER_COLUMN_TYPE) && large(context) &&
	       !context->effects->rewrite &&
	       (context->effects->scan || constrained_column(context, CONSTRAINT_FOREIGN_KEY));
}

static const char *constraint_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const char *table = message_table_sql(context), *drop = "", *add = "";

	for (size_t i = 0; context->table != NULL && i < context->table->n_constraints; i++) {
		const struct constraint_facts *c = &context->table->constraints[i];
		const char *name = quote_ident(arena, c->name);
		bool own = false;

		for (size_t k = 0; k < c->n_columns; k++)
			own |= strcmp(c->columns[k], context->action->column) == 0;
		if (!own || (c->kind != CONSTRAINT_CHECK && c->kind != CONSTRAINT_FOREIGN_KEY))
			continue;
		drop = arena_printf(
			arena, "%sALTER TABLE %s DROP CONSTRAINT %s;\n", drop, table, name);
		add = arena_printf(arena,
			"%s\nALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID;\n"
			"ALTER TABLE %s VALIDATE CONSTRAINT %s;",
			add, table, name, c->definition == NULL ? "..." : c->definition, table,
			name);
	}
	return arena_printf(arena, "%s%s;%s", drop, context->action->sql, add);
}

const struct rule rule_alter_type_with_check_or_fk = {
	.id = "alter-type-with-check-or-fk",
	.section = 'D',
	.verdict = VERDICT_REJECT,
	.fires = remakes_constraint,
	.title = "ALTER COLUMN TYPE verifies the column's constraints again under ACCESS EXCLUSIVE",
	.reason = "Even a free change drops and makes again every constraint on the column: a "
		  "CHECK reads all rows, a foreign key locks the other table too.",
	.locks = "ACCESS EXCLUSIVE while every row is read; for a foreign key on the other table "
		 "too.",
	.safe_when = "no CHECK and no foreign key mentions the column; or the table is new, "
		     "temporary, empty or small.",
	.hint = "Drop the constraint, change the type, add it again NOT VALID, VALIDATE it.",
	.hint_sql = constraint_steps,
};

static bool has_dependents(const struct rule_context *context)
{
	const struct column_facts *column = own_column(context);

	return action_is(context, ACTION_ALTER_COLUMN_TYPE) && shared(context) && column != NULL &&
	       column->n_dependents > 0;
}

const struct rule rule_alter_type_used_by_view = {
	.id = "alter-type-used-by-view",
	.section = 'D',
	.verdict = VERDICT_REJECT,
	.fires = has_dependents,
	.title = "ALTER COLUMN TYPE fails while views or the like use the column",
	.reason = "What depends on the column would have to be dropped first and made again "
		  "after, all under one long lock.",
	.locks = "None: the server refuses.",
	.safe_when = "nothing uses the column; or the table is new or temporary.",
	.hint = "A second column of the new type, and new definitions of what uses the old one.",
	.hint_sql = second_column_steps,
};

static bool not_null_unproven(const struct rule_context *context)
{
	return action_is(context, ACTION_SET_NOT_NULL) && context->effects->scan && large(context);
}

const struct rule rule_set_not_null = {
	.id = "set-not-null",
	.section = 'D',
	.verdict = VERDICT_PHASE,
	.fires = not_null_unproven,
	.recipe = recipe_set_not_null,
	.title = "SET NOT NULL reads the whole table under ACCESS EXCLUSIVE",
	.reason = "Every row is checked for nulls unless a validated CHECK (c IS NOT NULL) proves "
		  "there are none (PostgreSQL 12 and later).",
	.locks = "ACCESS EXCLUSIVE while every row is read.",
	.safe_when =
		"the column is NOT NULL already; a validated CHECK, in the catalog or by the same "
		"text, implies that it is; or the table is new, temporary, empty or small.",
	.hint = "ADD CONSTRAINT ... CHECK (c IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT; SET NOT "
		"NULL; DROP CONSTRAINT.",
};

static bool drops_not_null(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_NOT_NULL) && shared(context);
}

const struct rule rule_drop_not_null = {
	.id = "drop-not-null",
	.section = 'D',
	.verdict = VERDICT_ALLOW,
	.fires = drops_not_null,
	.title = "DROP NOT NULL lets nulls in that readers may not expect",
	.reason = "No row is read and the lock is brief, but from then on nulls may come in, and "
		  "clients that were written for a value fail when they meet one. To put it back "
		  "takes set-not-null.",
	.locks = "ACCESS EXCLUSIVE for a moment.",
	.safe_when = "the table is new or temporary.",
	.hint = "Deploy code that copes with nulls first.",
};

static bool changes_default(const struct rule_context *context)
{
	return (action_is(context, ACTION_SET_DEFAULT) ||
		       action_is(context, ACTION_DROP_DEFAULT)) &&
	       shared(context);
}

const struct rule rule_set_or_drop_default = {
	.id = "set-or-drop-default",
	.section = 'D',
	.verdict = VERDICT_ALLOW,
	.fires = changes_default,
	.title = "A changed default holds for new rows only",
	.reason = "Metadata only: rows that exist keep their value, nothing is read and the lock "
		  "is brief. Old processes of an application that sends its own defaults go on "
		  "doing so.",
	.locks = "ACCESS EXCLUSIVE for a moment.",
	.safe_when = "the table is new or temporary.",
	.hint = "Fill the rows that exist in batches, if they should follow.",
};

static bool changes_identity(const struct rule_context *context)
{
	return (action_is(context, ACTION_ADD_IDENTITY) ||
		       action_is(context, ACTION_SET_IDENTITY) ||
		       action_is(context, ACTION_DROP_IDENTITY) ||
		       action_is(context, ACTION_DROP_EXPRESSION)) &&
	       shared(context);
}

const struct rule rule_add_or_drop_identity_expression = {
	.id = "add-or-drop-identity-expression",
	.section = 'D',
	.verdict = VERDICT_ALLOW,
	.fires = changes_identity,
	.title = "A changed identity or generation expression holds for new rows only",
	.reason = "Metadata only, under a brief ACCESS EXCLUSIVE; a new identity needs setval().",
	.locks = "ACCESS EXCLUSIVE for a moment.",
	.safe_when = "the table is new or temporary.",
	.hint = "SELECT setval(pg_get_serial_sequence(...), max(...)) after ADD GENERATED.",
};

/* What a framework's own migrations drop of its own tables, in every database it is new in. */
static bool drops_frameworks_own(const struct rule_context *context)
{
	static const struct {
		const char *table, *column;
	} own[] = {{"django_content_type", "name"}};
	const struct action *action = context->action;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (action->table.name != NULL && strcmp(action->table.name, own[i].table) == 0 &&
			strcmp(action->column, own[i].column) == 0)
			return true;
	return false;
}

static bool drops_column(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_COLUMN) && context->effects->loses_data &&
	       shared(context) && !added_by_text(context) && !drops_frameworks_own(context);
}

static const char *drop_column_steps(const struct rule_context *context)
{
	const char *table = message_table_sql(context), *column = column_sql(context);

	return arena_printf(context->arena,
		"-- 1. deploy code that neither reads nor writes it; until then keep it harmless:\n"
		"ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;\n"
		"-- 2. when no statement names it any more, an administrator drops it:\n"
		"SET lock_timeout = '2s';\n"
		"ALTER TABLE %s DROP COLUMN %s;",
		table, column, table, column);
}

const struct rule rule_drop_column = {
	.id = "drop-column",
	.section = 'D',
	.verdict = VERDICT_REJECT,
	.fires = drops_column,
	.recipe = recipe_drop_column,
	.title = "DROP COLUMN cannot be undone and breaks clients that still name it",
	.reason = "The lock is brief, but the data is gone, and with it every index and "
		  "constraint on the column; cached SELECT * and ORM column lists fail.",
	.locks = "ACCESS EXCLUSIVE for a moment; for a foreign key of the column on the referenced "
		 "table too.",
	.safe_when = "the column is absent (IF EXISTS) or was added by the same text; or the table "
		     "is new or temporary; or it is Django's own django_content_type.name.",
	.hint = "Stop using the column first, then drop it with a short lock_timeout.",
	.hint_sql = drop_column_steps,
};

static bool takes_old_name(const struct rule_context *context, const struct action *action)
{
	return action->kind == ACTION_RENAME_COLUMN && action->new_name != NULL &&
	       may_be_same(&action->table, &context->action->table) &&
	       strcmp(action->new_name, context->action->column) == 0;
}

static bool frees(const struct rule_context *context, const struct action *action, const char *name)
{
	return (action->kind == ACTION_RENAME_COLUMN || action->kind == ACTION_DROP_COLUMN) &&
	       action->column != NULL && may_be_same(&action->table, &context->action->table) &&
	       strcmp(action->column, name) == 0;
}

static bool frees_old_name(const struct rule_context *context, const struct action *action)
{
	return frees(context, action, context->action->column);
}

static bool frees_new_name(const struct rule_context *context, const struct action *action)
{
	return frees(context, action, context->action->new_name);
}

/* The transaction itself gave it the name, which no column had before. */
static bool name_is_unseen(const struct rule_context *context)
{
	return before(context, takes_old_name) && !before(context, frees_old_name);
}

/* What ends a change of type by hand: another column has the name when the transaction is over. */
static bool swaps_columns(const struct rule_context *context)
{
	if (context->action->column == NULL || context->action->new_name == NULL)
		return false;
	return soon(context, takes_old_name) || before(context, frees_new_name) ||
	       name_is_unseen(context);
}

static bool renames_column(const struct rule_context *context)
{
	return action_is(context, ACTION_RENAME_COLUMN) && context->effects->breaks_clients &&
	       shared(context) && !added_by_text(context) && !swaps_columns(context);
}

static const char *rename_column_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const char *table = message_table_sql(context), *old = column_sql(context);
	const char *wanted = context->action->new_name;
	const char *new = quote_ident(arena, wanted == NULL ? "new_name" : wanted);
	const char *told_old = comment_text(arena, old), *told_new = comment_text(arena, new);
	const struct column_facts *column = own_column(context);

	return arena_printf(arena,
		"ALTER TABLE %s ADD COLUMN %s %s;\n"
		"-- a trigger BEFORE INSERT OR UPDATE keeps %s and %s equal; then, in batches:\n"
		"UPDATE %s SET %s = %s WHERE %s IS DISTINCT FROM %s;\n"
		"-- switch readers, then writers, to %s; at last drop the trigger and %s",
		table, new,
		column != NULL && column->type_sql != NULL ? column->type_sql
							   : "<type of the old column>",
		told_old, told_new, table, new, old, new, old, told_new, told_old);
}

const struct rule rule_rename_column = {
	.id = "rename-column",
	.section = 'D',
	.verdict = VERDICT_PHASE,
	.fires = renames_column,
	.recipe = recipe_rename_column,
	.title = "RENAME COLUMN breaks every running client that uses the old name",
	.reason = "No deployment is so fast that old and new code never run side by side.",
	.locks = "ACCESS EXCLUSIVE on the table and its children, for a moment.",
	.safe_when =
		"the column was added by the same text; or the same transaction gives its name to "
		"another column, has freed the new name (a swap), or gave it the old one itself; "
		"or the table is new or temporary.",
	.hint = "Add the new column, keep both equal by a trigger, move clients over, drop the "
		"old.",
	.hint_sql = rename_column_steps,
};

/* SPDX-License-Identifier: PostgreSQL */
/* Section C: ADD COLUMN. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"
#include "recipe.h"

static const struct column_def *added(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_COLUMN) ? context->action->column_def : NULL;
}

static const struct column_def *added_to_large(const struct rule_context *context)
{
	return large(context) ? added(context) : NULL;
}

static bool volatile_default(const struct rule_context *context)
{
	return added_to_large(context) != NULL && context->effects->volatile_default;
}

const struct rule rule_add_column_volatile_default = {
	.id = "add-column-volatile-default",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.fires = volatile_default,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN with a volatile default rewrites the whole table",
	.reason = "Every row gets a value of its own, so heap and indexes are written anew under "
		  "ACCESS EXCLUSIVE. Constants, now() and other stable defaults are stored once.",
	.locks = "ACCESS EXCLUSIVE while every row is written anew and every index is built again.",
	.safe_when = "the default is a constant, or only calls functions that are stable or "
		     "immutable by pg_proc (now() among them); the column exists already (IF NOT "
		     "EXISTS); or the table is new, temporary, empty or small.",
	.hint = "ADD COLUMN without the default; ALTER COLUMN SET DEFAULT; UPDATE in batches; "
		"then NOT NULL by way of a validated CHECK.",
};

static bool old_server_default(const struct rule_context *context)
{
	return added_to_large(context) != NULL && context->effects->stored_default;
}

const struct rule rule_add_column_constant_default = {
	.id = "add-column-constant-default",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.fires = old_server_default,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN with a default rewrites the whole table before PostgreSQL 11",
	.reason = "Older servers write the default into every row under ACCESS EXCLUSIVE.",
	.locks = "ACCESS EXCLUSIVE: for a moment since PostgreSQL 11, before while every row is "
		 "written.",
	.safe_when = "the server is PostgreSQL 11 or later; or the table is new, temporary, empty "
		     "or small.",
	.hint = "ADD COLUMN without the default; ALTER COLUMN SET DEFAULT; UPDATE in batches.",
};

static bool serial(const struct rule_context *context)
{
	const struct column_def *column = added_to_large(context);

	return column != NULL && column->type.serial;
}

const struct rule rule_add_column_serial = {
	.id = "add-column-serial",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.fires = serial,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN of a serial type rewrites the whole table",
	.reason = "Its default nextval() is volatile: every row gets a number, so all are written "
		  "anew under ACCESS EXCLUSIVE. An identity column does the same.",
	.locks = "ACCESS EXCLUSIVE while every row is written anew.",
	.safe_when = "the table is new, temporary, empty or small.",
	.hint = "CREATE SEQUENCE; ADD COLUMN; ALTER COLUMN SET DEFAULT nextval(...); UPDATE in "
		"batches; then NOT NULL by way of a validated CHECK.",
};

static bool identity(const struct rule_context *context)
{
	const struct column_def *column = added_to_large(context);

	return column != NULL && column->identity != 0;
}

const struct rule rule_add_column_identity = {
	.id = "add-column-identity",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.fires = identity,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN as an identity column rewrites the whole table",
	.reason = "Every row gets a number, so all are written anew under ACCESS EXCLUSIVE, as "
		  "with serial.",
	.locks = "ACCESS EXCLUSIVE while every row is written anew.",
	.safe_when = "the table is new, temporary, empty or small.",
	.hint = "ADD COLUMN with a sequence's nextval() as later default, UPDATE in batches, NOT "
		"NULL, then ADD GENERATED AS IDENTITY.",
};

static bool generated(const struct rule_context *context)
{
	const struct column_def *column = added_to_large(context);

	return column != NULL && column->generated != NULL;
}

/* Not the same: nothing in the catalog says that the column is generated, so nobody carries it out.
 */
static const char *generated_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const struct column_def *def = context->action->column_def;
	const char *table = message_table_sql(context), *column = quote_ident(arena, def->name);
	const char *value = def->generated->sql;
	const char *name = quote_ident(/* the last to fire */
		arena, arena_printf(arena, "~%s", name_with_suffix(arena, def->name, "sync")));

	return arena_printf(arena,
		"-- Not the same, but kept up to date as well: a plain column and a trigger.\n"
		"ALTER TABLE %s ADD COLUMN %s %s;\n"
		"CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS\n"
		"  $$ BEGIN NEW.%s := (SELECT %s FROM (SELECT NEW.*) AS r); RETURN NEW; END $$;\n"
		"CREATE TRIGGER %s BEFORE INSERT OR UPDATE ON %s\n"
		"  FOR EACH ROW EXECUTE FUNCTION %s();\n"
		"UPDATE %s SET %s = %s WHERE %s IS NULL AND (%s) IS NOT NULL; -- in batches",
		table, column, def->type.sql, name, column, value, name, table, name, table, column,
		value, column, value);
}

const struct rule rule_add_column_generated_stored = {
	.id = "add-column-generated-stored",
	.section = 'C',
	.verdict = VERDICT_REJECT,
	.fires = generated,
	.title = "ADD COLUMN GENERATED ... STORED rewrites the whole table",
	.reason = "The value of every row is computed and stored at once, under ACCESS EXCLUSIVE.",
	.locks = "ACCESS EXCLUSIVE while every row is written anew.",
	.safe_when = "the table is new, temporary, empty or small.",
	.hint = "A plain column, kept up to date by a trigger and filled in batches.",
	.hint_sql = generated_steps,
};

/* A new table holds what the same text put into it; of rows from elsewhere it knows nothing. */
static bool filled_by_text(const struct rule_context *context)
{
	return context->new_table && !context->facts->known && context->table != NULL &&
	       context->table->kind == 'r' && !context->table->empty && !context->effects->noop;
}

static bool no_value_for_old_rows(const struct rule_context *context)
{
	const struct column_def *column =
		filled_by_text(context) ? added(context) : added_to_large(context);

	return column != NULL && context->effects->breaks_clients;
}

static const char *required_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const char *table = message_table_sql(context), *column = column_sql(context);
	const char *told_table = comment_text(arena, table), *told = comment_text(arena, column);
	const char *type = context->action->column_def->type.sql;
	const char *check = quote_ident(
		arena, name_with_suffix(arena, context->action->column_def->name, "not_null"));

	return arena_printf(arena,
		"ALTER TABLE %s ADD COLUMN %s %s;\n"
		"-- let every writer set it, then give the old rows a value, in batches:\n"
		"-- UPDATE %s SET %s = ... WHERE %s IS NULL;\n"
		"ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;\n"
		"ALTER TABLE %s VALIDATE CONSTRAINT %s;\n"
		"ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;\n"
		"ALTER TABLE %s DROP CONSTRAINT %s;\n"
		"-- or give it a default at once, which is brief: "
		"ALTER TABLE %s ADD COLUMN %s %s NOT NULL DEFAULT ...;",
		table, column, type, told_table, told, told, table, check, column, table, check,
		table, column, table, check, told_table, told, comment_text(arena, type));
}

const struct rule rule_add_column_not_null_no_default = {
	.id = "add-column-not-null-no-default",
	.section = 'C',
	.verdict = VERDICT_REJECT,
	.fires = no_value_for_old_rows,
	.title = "ADD COLUMN NOT NULL without a default has no value for the rows that exist",
	.reason = "It fails on any row after reading the table under ACCESS EXCLUSIVE, and where "
		  "it passes, writers that do not know the column fail.",
	.locks = "ACCESS EXCLUSIVE while the table is read, until the first row that has no value.",
	.safe_when = "there is a default other than NULL, an identity, a sequence or an "
		     "expression; or the table is new without rows, temporary, empty or small.",
	.hint = "Add it nullable, or with a constant default; SET NOT NULL once all rows have it.",
	.hint_sql = required_steps,
};

static bool has_inline(const struct rule_context *context, enum constraint_kind kind)
{
	const struct column_def *column = added_to_large(context);

	for (size_t i = 0; column != NULL && i < column->n_constraints; i++)
		if (column->constraints[i].kind == kind)
			return true;
	return false;
}

static bool inline_check(const struct rule_context *context)
{
	return has_inline(context, CONSTRAINT_CHECK);
}

const struct rule rule_add_column_inline_check = {
	.id = "add-column-inline-check",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.fires = inline_check,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN with a CHECK reads the whole table under its lock",
	.reason = "The CHECK is verified for every row, though each holds the same value.",
	.locks = "ACCESS EXCLUSIVE while every row is read.",
	.safe_when = "the table is new, temporary, empty or small.",
	.hint = "ADD COLUMN; ADD CONSTRAINT ... CHECK ... NOT VALID; VALIDATE CONSTRAINT.",
};

static bool inline_unique(const struct rule_context *context)
{
	return has_inline(context, CONSTRAINT_UNIQUE);
}

const struct rule rule_add_column_inline_unique = {
	.id = "add-column-inline-unique",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.fires = inline_unique,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN with UNIQUE builds an index under ACCESS EXCLUSIVE",
	.reason =
		"The whole table is read for the index while reads and writes wait, although every "
		"row holds the same null or default; with a default it ends in a duplicate.",
	.locks = "ACCESS EXCLUSIVE while every row is read and the index is built.",
	.safe_when = "the table is new, temporary, empty or small.",
	.hint = "ADD COLUMN; CREATE UNIQUE INDEX CONCURRENTLY; ADD CONSTRAINT ... USING INDEX.",
};

static bool inline_primary_key(const struct rule_context *context)
{
	return has_inline(context, CONSTRAINT_PRIMARY_KEY);
}

const struct rule rule_add_column_inline_primary_key = {
	.id = "add-column-inline-primary-key",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.fires = inline_primary_key,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN with PRIMARY KEY builds an index under ACCESS EXCLUSIVE",
	.reason = "Rows are numbered and written anew, read again for the index and once more "
		  "for NOT NULL, while reads and writes wait.",
	.locks = "ACCESS EXCLUSIVE while rows are written, read and indexed.",
	.safe_when = "the table is new, temporary, empty or small.",
	.hint = "Add and fill the column in batches; CREATE UNIQUE INDEX CONCURRENTLY; NOT NULL by "
		"way of a validated CHECK; ADD PRIMARY KEY USING INDEX.",
};

/* Without a default there is nothing to look up: all rows are null. */
static bool looks_up_rows(const struct rule_context *context)
{
	const struct column_def *column = added_to_large(context);

	return (column->default_expr != NULL && !column->default_expr->null) ||
	       column->type.serial || column->identity != 0;
}

/* To a table that others see, and not to its own. */
static bool refers_to_other(const struct rule_context *context)
{
	const struct column_def *column = context->action->column_def;

	for (size_t i = 0; i < column->n_constraints; i++) {
		const struct constraint_def *constraint = &column->constraints[i];
		const struct relation_facts *referenced;

		if (constraint->kind != CONSTRAINT_FOREIGN_KEY ||
			name_equal(&constraint->referenced, &context->action->table))
			continue;
		referenced = facts_relation(context->facts, &constraint->referenced);
		if (referenced == NULL || !is_private(referenced))
			return true;
	}
	return false;
}

/* Then the locks are brief, but of two tables: a file that says for how long it waits for them, or
 * phasegate, which does, hold nobody up. */
static bool inline_foreign_key(const struct rule_context *context)
{
	if (!has_inline(context, CONSTRAINT_FOREIGN_KEY))
		return false;
	return looks_up_rows(context) ||
	       (context->separate && waits_without_bound(context) && refers_to_other(context));
}

static enum verdict inline_foreign_key_verdict(const struct rule_context *context)
{
	return looks_up_rows(context) ? VERDICT_PHASE : VERDICT_WARN;
}

const struct rule rule_add_column_inline_fk = {
	.id = "add-column-inline-fk",
	.section = 'C',
	.verdict = VERDICT_PHASE,
	.verdict_here = inline_foreign_key_verdict,
	.fires = inline_foreign_key,
	.recipe = recipe_add_column,
	.title = "ADD COLUMN with REFERENCES takes strong locks on two tables at once",
	.reason = "ACCESS EXCLUSIVE on the table and SHARE ROW EXCLUSIVE on the referenced one "
		  "are held while the default is looked up for every row. Without a default "
		  "nothing is looked up, but one lock is held while the other is waited for: a "
		  "file that bounds no wait is warned of.",
	.locks = "ACCESS EXCLUSIVE on the table and SHARE ROW EXCLUSIVE on the referenced one, "
		 "while every row is looked up; without a default for a moment.",
	.safe_when = "the column has no default, and a short lock_timeout is set, as phasegate "
		     "does, or it refers to a new table or its own; or the table is new, "
		     "temporary, empty or small.",
	.hint = "ADD COLUMN; ADD CONSTRAINT ... FOREIGN KEY ... NOT VALID; VALIDATE CONSTRAINT.",
};

static bool constrained_domain(const struct rule_context *context)
{
	return added_to_large(context) != NULL && context->effects->constrained_domain;
}

static const char *base_type_steps(const struct rule_context *context)
{
	const char *table = message_table_sql(context), *column = column_sql(context);

	return arena_printf(context->arena,
		"ALTER TABLE %s ADD COLUMN %s <base type of the domain>;\n"
		"ALTER TABLE %s ADD CONSTRAINT %s CHECK (...) NOT VALID;\n"
		"ALTER TABLE %s VALIDATE CONSTRAINT %s;",
		table, column, table,
		quote_ident(context->arena,
			name_with_suffix(context->arena, context->action->column, "check")),
		table,
		quote_ident(context->arena,
			name_with_suffix(context->arena, context->action->column, "check")));
}

const struct rule rule_add_column_domain_with_constraint = {
	.id = "add-column-domain-with-constraint",
	.section = 'C',
	.verdict = VERDICT_REJECT,
	.fires = constrained_domain,
	.title = "ADD COLUMN of a domain with constraints rewrites the whole table",
	.reason = "The domain's constraints are checked for every row, which PostgreSQL does by "
		  "writing all of them anew, with or without a default.",
	.locks = "ACCESS EXCLUSIVE while every row is written anew.",
	.safe_when = "the domain and those below it have neither CHECK nor NOT NULL; or the table "
		     "is new, temporary, empty or small.",
	.hint = "The domain's base type and a CHECK of the table's own.",
	.hint_sql = base_type_steps,
};

static bool is_json(const struct rule_context *context, const struct column_def *column)
{
	const struct type_facts *type = facts_type(context->facts, &column->type.name);

	return strcmp(column->type.name.name, "json") == 0 || (type != NULL && type->json);
}

static bool json_column(const struct rule_context *context)
{
	const struct action *action = context->action;

	if (context->effects->noop || context->effects->absent)
		return false;
	for (size_t i = 0; i < action->n_columns; i++)
		if (is_json(context, action->columns[i]))
			return true;
	return added(context) != NULL && is_json(context, added(context));
}

const struct rule rule_add_column_json = {
	.id = "add-column-json",
	.section = 'C',
	.verdict = VERDICT_WARN,
	.fires = json_column,
	.title = "A json column breaks SELECT DISTINCT, GROUP BY and UNION on its table",
	.reason = "The type json has no equality operator, so statements that compare whole rows "
		  "fail from then on; jsonb has one.",
	.locks = "ACCESS EXCLUSIVE for a moment.",
	.safe_when = "the type is jsonb; or the column exists already (IF NOT EXISTS).",
	.hint = "Use jsonb.",
};

static bool on_parent(const struct rule_context *context)
{
	return added(context) != NULL && shared(context) && context->table != NULL &&
	       context->table->n_partitions > 0;
}

const struct rule rule_add_column_on_parent = {
	.id = "add-column-on-parent",
	.section = 'C',
	.verdict = VERDICT_ALLOW,
	.fires = on_parent,
	.title = "ADD COLUMN on a parent locks all of its children at once",
	.reason = "ACCESS EXCLUSIVE on every partition; there is no ONLY form. Brief under a "
		  "short lock_timeout.",
	.locks = "ACCESS EXCLUSIVE on the parent and on every partition or child, for a moment.",
	.safe_when = "the table has no children; or it is new or temporary.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

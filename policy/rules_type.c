/* SPDX-License-Identifier: PostgreSQL */
/* Sections F and J: names of types and functions, and enums. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "enum_value.h"
#include "message.h"
#include "recipe.h"
#include "recipe_enum.h"

static bool is_any(const char *word, const char *const *words)
{
	for (; word != NULL && *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* A type that the text itself made is nobody's yet. */
static bool made_here(const struct rule_context *context)
{
	const struct type_facts *type = NULL;

	if (context->action->n_targets > 0)
		type = facts_type(context->facts, &context->action->targets[0]);
	return type != NULL && type->created_in_transaction;
}

/* A new type of the old name, or the other half of a swap: clients find one at any time. */
static bool takes_type_name(const struct rule_context *context, const struct action *action)
{
	struct name name = {0};

	if (action->n_targets == 0)
		return false;
	name = action->targets[0];
	if (action->kind == ACTION_RENAME_OBJECT)
		name.name = action->new_name;
	else if (action->kind != ACTION_CREATE_TYPE && action->kind != ACTION_CREATE_DOMAIN)
		return false;
	return may_be_same(&name, &context->action->targets[0]);
}

static bool swaps_type(const struct rule_context *context)
{
	static const char *const objects[] = {"TYPE", "DOMAIN", NULL};

	if (!action_is(context, ACTION_RENAME_OBJECT) || context->action->n_targets == 0 ||
		!is_any(context->action->object, objects))
		return false;
	/* A file that says no BEGIN may well be run in one transaction. */
	return context->separate && !context->facts->in_transaction
		       ? later(context, takes_type_name)
		       : soon(context, takes_type_name);
}

static bool renames_type_or_function(const struct rule_context *context)
{
	static const char *const objects[] = {
		"TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", NULL};
	const struct action *action = context->action;
	bool renames = action_is(context, ACTION_RENAME_OBJECT) ||
		       action_is(context, ACTION_ALTER_COMPOSITE_TYPE);

	return renames && action->new_name != NULL && is_any(action->object, objects) &&
	       !made_here(context) && !made_by_file(context);
}

/* The name goes on to work; only what sessions remember of the type by its number does not. */
static enum verdict rename_verdict(const struct rule_context *context)
{
	return swaps_type(context) ? VERDICT_WARN : VERDICT_REJECT;
}

const struct rule rule_rename_type_attribute_function = {
	.id = "rename-type-attribute-function",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.verdict_here = rename_verdict,
	.fires = renames_type_or_function,
	.title =
		"Renaming a type, attribute or function breaks every client that uses the old name",
	.reason = "Calls, casts and bodies of functions name it by text and fail from then on; "
		  "drivers keep the old name of a type.",
	.locks = "No table; for an attribute, ACCESS EXCLUSIVE on tables of that type.",
	.safe_when =
		"the type was made by the same text, the function by the same file. Where the same "
		"transaction, or a file without "
		"one, puts another type in the place of the old name (how values are taken out of "
		"an enum), it only warns: sessions remember types by number.",
	.hint = "Create it under the new name, move clients over, drop the old one when nothing "
		"uses it. A function of the old name may call the new one meanwhile.",
};

static bool adds_value(const struct rule_context *context)
{
	return action_is(context, ACTION_ENUM_ADD_VALUE);
}

/* Of a function only one in SQL is looked at when it is made (check_function_bodies); a label of
 * another type is none of this one. */
static bool only_stores_text(const struct action *action)
{
	return action->kind == ACTION_COMMENT || action->kind == ACTION_CREATE_TYPE ||
	       (action->kind == ACTION_CREATE_FUNCTION && action->new_name != NULL &&
		       strcmp(action->new_name, "sql") != 0);
}

/* As a neighbour it may serve at once. */
static bool uses_value(const struct rule_context *context, const struct action *action)
{
	const char *value = context->action->name;

	return action->kind != ACTION_ENUM_ADD_VALUE && !only_stores_text(action) &&
	       action->sql != NULL && value != NULL &&
	       enum_value_used(action->sql, quote_literal(context->arena, value));
}

static enum verdict add_value_verdict(const struct rule_context *context)
{
	return soon(context, uses_value) ? VERDICT_WARN : VERDICT_ALLOW;
}

static const char *add_value_detail(const struct rule_context *context)
{
	if (add_value_verdict(context) == VERDICT_ALLOW)
		return message_detail(context);
	return "The transaction goes on to use the value: PostgreSQL answers \"unsafe use of new "
	       "value\" (55P04) before COMMIT.";
}

const struct rule rule_enum_add_value = {
	.id = "enum-add-value",
	.section = 'J',
	.verdict = VERDICT_ALLOW,
	.fires = adds_value,
	.verdict_here = add_value_verdict,
	.detail = add_value_detail,
	.title = "An enum value that was added cannot be removed again",
	.reason =
		"It cannot be used before COMMIT either (\"unsafe use of new value\"), of which a "
		"text that goes on to do so is warned; and before PostgreSQL 12 it cannot be added "
		"inside a transaction at all (concurrently-in-transaction).",
	.locks = "No table.",
	.safe_when =
		"it is always safe to run, and a warning only where the same transaction "
		"names the value again, other than as a text (x::text IN (...)); IF NOT EXISTS "
		"makes it repeatable.",
	.hint = "ALTER TYPE ... ADD VALUE IF NOT EXISTS, alone; use the value in a later "
		"transaction.",
};

static bool adds_value_at_the_end(const struct rule_context *context)
{
	return adds_value(context) && context->action->new_name == NULL;
}

const struct rule rule_enum_add_value_ordering = {
	.id = "enum-add-value-ordering",
	.section = 'J',
	.verdict = VERDICT_ALLOW,
	.fires = adds_value_at_the_end,
	.title = "ADD VALUE without BEFORE or AFTER puts the value last for good",
	.reason = "Comparisons and ORDER BY follow the order of the values, which never changes.",
	.locks = "No table.",
	.safe_when = "BEFORE or AFTER is written.",
	.hint = "ALTER TYPE ... ADD VALUE ... BEFORE or AFTER another value.",
};

static bool renames_value(const struct rule_context *context)
{
	return action_is(context, ACTION_ENUM_RENAME_VALUE) && !made_here(context);
}

static const char *move_rows(const struct rule_context *context, const char *table,
	const char *enum_sql, const struct type_column *column)
{
	const struct action *action = context->action;
	struct label_move move =
		label_move(context->arena, enum_sql, column, action->name, action->new_name);

	return arena_printf(
		context->arena, "\nUPDATE %s SET %s WHERE %s;", table, move.set, move.pending);
}

static const char *move_all_rows(const struct rule_context *context, const struct type_facts *type)
{
	struct arena *arena = context->arena;
	const char *text = "";

	if (type == NULL || type->oid == 0)
		return arena_printf(arena,
			"\nUPDATE <table> SET <column> = %s WHERE <column> = %s;",
			quote_literal(arena, context->action->new_name),
			quote_literal(arena, context->action->name));
	for (size_t i = 0; i < type->n_columns; i++)
		if (label_column_filled(&type->columns[i]))
			text = arena_printf(arena, "%s%s", text,
				move_rows(context, name_sql(arena, &type->columns[i].table),
					name_sql(arena, &type->name), &type->columns[i]));
	return text;
}

static const char *enum_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const struct action *action = context->action;
	const struct name *target = &action->targets[0];

	return arena_printf(arena,
		"ALTER TYPE %s ADD VALUE IF NOT EXISTS %s AFTER %s;\n"
		"-- when clients take both for the same and write the new one, in batches:%s\n"
		"-- the old label stays, for a value cannot be removed",
		name_sql(arena, target), quote_literal(arena, action->new_name),
		quote_literal(arena, action->name),
		move_all_rows(context, facts_type(context->facts, target)));
}

/* Views and the like follow the label; text does not. */
static const char *functions_that_say(const struct rule_context *context)
{
	const struct action *action = context->action;
	const struct type_facts *type = facts_type(context->facts, &action->targets[0]);
	const char *functions =
		type == NULL ? NULL : label_named_by(context->arena, type, action->name, true);

	return functions == NULL ? message_detail(context)
				 : arena_printf(context->arena,
					   "The old label stands in the text of %s.", functions);
}

const struct rule rule_rename_enum_value = {
	.id = "rename-enum-value",
	.section = 'J',
	.verdict = VERDICT_REJECT,
	.fires = renames_value,
	.recipe = recipe_enum_rename,
	.detail = functions_that_say,
	.title = "Renaming an enum value breaks every client that uses the old label",
	.reason = "The rows change their label at once; statements with the old one fail with "
		  "\"invalid input value for enum\".",
	.locks = "No table.",
	.safe_when = "the type was made by the same text.",
	.hint = "ADD VALUE with the new label after the old one; clients handle both; move the "
		"rows in batches. The verdict phase has phasegate do that: it soaks until the "
		"clients are deployed, and ends in a type with both labels, so it is not the "
		"default.",
	.hint_sql = enum_steps,
};

static bool creates_enum(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_TYPE) && context->action->object != NULL &&
	       strcmp(context->action->object, "ENUM") == 0;
}

const struct rule rule_create_enum = {
	.id = "create-enum",
	.section = 'J',
	.verdict = VERDICT_ALLOW,
	.fires = creates_enum,
	.title = "Values of an enum can never be removed",
	.reason = "For those who prefer a lookup table with a foreign key, whose rows can change.",
	.locks = "Nothing.",
	.safe_when = "it is always safe to run.",
	.hint = "A lookup table and a foreign key, or text with a CHECK.",
};

/* SPDX-License-Identifier: PostgreSQL */
/* Sections F and J: names of types and functions, and enums. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"

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

static bool renames_type_or_function(const struct rule_context *context)
{
	static const char *const objects[] = {
		"TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", NULL};
	const struct action *action = context->action;
	bool renames = action_is(context, ACTION_RENAME_OBJECT) ||
		       action_is(context, ACTION_ALTER_COMPOSITE_TYPE);

	return renames && action->new_name != NULL && is_any(action->object, objects) &&
	       !made_here(context);
}

const struct rule rule_rename_type_attribute_function = {
	.id = "rename-type-attribute-function",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = renames_type_or_function,
	.title =
		"Renaming a type, attribute or function breaks every client that uses the old name",
	.reason = "Calls, casts and bodies of functions name it by text and fail from then on; "
		  "drivers keep the old name of a type.",
	.locks = "No table; for an attribute, ACCESS EXCLUSIVE on tables of that type.",
	.safe_when = "the type was made by the same text.",
	.hint = "Create it under the new name, move clients over, drop the old one when nothing "
		"uses it. A function of the old name may call the new one meanwhile.",
};

static bool adds_value(const struct rule_context *context)
{
	return action_is(context, ACTION_ENUM_ADD_VALUE);
}

const struct rule rule_enum_add_value = {
	.id = "enum-add-value",
	.section = 'J',
	.verdict = VERDICT_ALLOW,
	.fires = adds_value,
	.title = "An enum value that was added cannot be removed again",
	.reason =
		"It cannot be used before COMMIT either (\"unsafe use of new value\"), and before "
		"PostgreSQL 12 it cannot be added inside a transaction at all.",
	.locks = "No table.",
	.safe_when = "it is always safe to run; IF NOT EXISTS makes it repeatable.",
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

static const char *enum_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const struct action *action = context->action;
	const char *type = action->n_targets > 0 ? name_sql(arena, &action->targets[0]) : "<type>";

	return arena_printf(arena,
		"ALTER TYPE %s ADD VALUE IF NOT EXISTS %s AFTER %s;\n"
		"-- clients take both for the same; then, in batches, on every column of the "
		"type:\n"
		"-- UPDATE <table> SET <column> = %s WHERE <column> = %s",
		type, quote_literal(arena, action->new_name), quote_literal(arena, action->name),
		quote_literal(arena, action->new_name), quote_literal(arena, action->name));
}

const struct rule rule_rename_enum_value = {
	.id = "rename-enum-value",
	.section = 'J',
	.verdict = VERDICT_REJECT,
	.fires = renames_value,
	.title = "Renaming an enum value breaks every client that uses the old label",
	.reason = "The rows change their label at once; statements with the old one fail with "
		  "\"invalid input value for enum\".",
	.locks = "No table.",
	.safe_when = "the type was made by the same text.",
	.hint = "ADD VALUE with the new label after the old one; clients handle both; move the "
		"rows in batches.",
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

/* SPDX-License-Identifier: PostgreSQL */
/*
 * SET.  Two parameters decide how the server reads text: with other values of them it could see
 * other statements than we do.  Names of parameters are folded even when quoted
 * (guc_name_compare in utils/misc/guc.c).
 */
#include "stmt_internal.h"

#include <ctype.h>
#include <strings.h>

/* Only letters and digits count in an encoding's name (clean_encoding_name in common/encnames.c).
 */
static bool encoding_is(const char *name, const char *clean)
{
	for (; *name != '\0'; name++) {
		if (!isalnum((unsigned char)*name))
			continue;
		if (tolower((unsigned char)*name) != *clean++)
			return false;
	}
	return *clean == '\0';
}

/* No character of these has a second byte that is ASCII. */
static bool encoding_safe(const char *value)
{
	return encoding_is(value, "utf8") || encoding_is(value, "unicode");
}

/* The spellings of true that parse_bool (utils/adt/bool.c) takes. */
static bool boolean_on(const char *value)
{
	static const char *const on[] = {"on", "true", "tru", "tr", "t", "yes", "ye", "y", "1"};

	for (size_t i = 0; i < sizeof(on) / sizeof(*on); i++)
		if (strcasecmp(value, on[i]) == 0)
			return true;
	return false;
}

bool lexing_parameter(const char *name)
{
	return strcasecmp(name, "client_encoding") == 0 ||
	       strcasecmp(name, "standard_conforming_strings") == 0;
}

/* Without a value it goes back to what the session began with, and that was seen to be safe. */
static bool lexing_safe(const char *name, const char *value)
{
	if (value == NULL)
		return true;
	return strcasecmp(name, "client_encoding") == 0 ? encoding_safe(value) : boolean_on(value);
}

static bool timeout_parameter(const char *name)
{
	return strcasecmp(name, "lock_timeout") == 0 ||
	       strcasecmp(name, "statement_timeout") == 0 ||
	       strcasecmp(name, "idle_in_transaction_session_timeout") == 0;
}

static const char *folded(struct arena *arena, const char *name)
{
	char *copy = arena_strdup(arena, name);

	for (char *p = copy; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return copy;
}

void add_parameter(struct builder *builder, const char *name, const char *value, bool local)
{
	enum action_kind kind = ACTION_HARMLESS;
	struct action *action;

	if (lexing_parameter(name) && !lexing_safe(name, value))
		kind = ACTION_SET_PARAMETER;
	else if (timeout_parameter(name))
		kind = ACTION_SET_TIMEOUT;
	action = add_action(builder, kind);
	action->name = folded(builder->arena, name);
	action->new_name = value;
	action->local = local;
}

/* Lists are written as the server would show them: a, b. */
static const char *set_value(struct builder *builder, const PgQuery__VariableSetStmt *set)
{
	const char *value = NULL;

	/* Lists of search_path and the like; longer ones than any parameter takes are cut. */
	for (size_t i = 0; i < set->n_args && i < 64; i++) {
		const char *item = tree_constant(builder->arena, set->args[i]);

		if (item == NULL)
			item = "";
		value = value == NULL ? item : arena_printf(builder->arena, "%s, %s", value, item);
	}
	return value;
}

void handle_set(struct builder *builder, const PgQuery__Node *node, struct action *none)
{
	const PgQuery__VariableSetStmt *set = node->variable_set_stmt;
	const char *value = NULL;

	(void)none;
	if (set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE)
		value = set_value(builder, set);
	if (set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
		set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL)
		builder->tag = "RESET";
	add_parameter(builder,
		set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL ? "all" : set->name, value,
		set->is_local);
}

/* Sessions to come would begin with it. */
static void note_lasting(struct builder *builder, const PgQuery__VariableSetStmt *set)
{
	const char *value = set_value(builder, set);
	struct action *action;

	if (!lexing_parameter(set->name) || lexing_safe(set->name, value))
		return;
	action = add_action(builder, ACTION_SET_PARAMETER);
	action->name = folded(builder->arena, set->name);
	action->new_name = value;
}

void handle_alter_system(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__VariableSetStmt *set = node->alter_system_stmt->setstmt;

	action->name = tree_text(builder->arena, set->name);
	action->new_name = set_value(builder, set);
	builder->no_transaction = true;
	note_lasting(builder, set);
}

void handle_role_set(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__VariableSetStmt *set = node->alter_role_set_stmt->setstmt;

	handle_role(builder, node, action);
	action->new_name = arena_strdup(builder->arena, set->name);
	note_lasting(builder, set);
}

void handle_database_set(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	handle_named(builder, node, action);
	note_lasting(builder, node->alter_database_set_stmt->setstmt);
}

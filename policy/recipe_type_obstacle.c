/* SPDX-License-Identifier: PostgreSQL */
/* Changes of a type that have no safe form: old rows and new ones could come to differ. */
#include "recipe_type.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "model.h"
#include "recipe_names.h"

/* Conversions between these and other types read TimeZone, DateStyle and the like, which differ
 * from session to session: old rows and new ones would not be converted alike. */
static const char *const settings_types[] = {"date", "timestamp", "timestamptz", "time", "timetz",
	"interval", "money", "bytea", "regclass", "regproc", "regtype"};

static const char *const settled_pairs[][2] = {
	{"date", "timestamp"},
	{"timestamp", "date"},
	{"timestamp", "time"},
	{"interval", "time"},
	{"time", "interval"},
};

static bool reads_settings(const char *type)
{
	return names_contain(
		settings_types, sizeof(settings_types) / sizeof(settings_types[0]), type);
}

const char *type_wanted_base(const struct planner *planner)
{
	const struct type_name *type = planner->action->type;
	const struct type_facts *facts = facts_type(planner->facts, &type->name);

	if (type->array)
		return arena_printf(planner->arena, "_%s", type->name.name);
	return facts != NULL && facts->base_type != NULL ? facts->base_type : type->name.name;
}

static bool cast_reads_settings(const struct planner *planner, const struct column_facts *column)
{
	const char *from = column->base_type, *to = type_wanted_base(planner);

	if (strcmp(from, to) == 0)
		return false;
	for (size_t i = 0; i < sizeof(settled_pairs) / sizeof(settled_pairs[0]); i++)
		if (strcmp(from, settled_pairs[i][0]) == 0 && strcmp(to, settled_pairs[i][1]) == 0)
			return false;
	return reads_settings(from) || reads_settings(to);
}

/* A cast is no function of the list, so its type is looked for in the text.  AT TIME ZONE is none.
 */
static bool mentions_settings_type(const char *sql)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	for (const char *p = sql; *p != '\0';) {
		size_t n = strspn(p, letters);

		for (size_t i = 0; n > 0 && i < sizeof(settings_types) / sizeof(settings_types[0]);
			i++)
			if (strlen(settings_types[i]) == n &&
				strncasecmp(p, settings_types[i], n) == 0 &&
				strncasecmp(p, "time zone", 9) != 0)
				return true;
		p += n > 0 ? n : 1;
	}
	return false;
}

/* timezone(text, timestamp) and its way back are immutable; of the overloads the one for timetz is
 * not. */
static bool only_time_zones(const struct expr *expr, const struct column_facts *column)
{
	for (size_t i = 0; i < expr->n_functions; i++)
		if (strcmp(expr->functions[i].name, "timezone") != 0)
			return false;
	return strcmp(column->base_type, "timestamp") == 0 ||
	       strcmp(column->base_type, "timestamptz") == 0;
}

static const char *using_obstacle(const struct planner *planner, const struct column_facts *column)
{
	const struct expr *expr = planner->action->expr;
	const struct name *function;
	char volatility;

	if (expr == NULL)
		return cast_reads_settings(planner, column)
			       ? "the conversion depends on settings of the session such as "
				 "TimeZone; say with USING what is meant, e.g. USING c AT TIME "
				 "ZONE "
				 "'UTC'"
			       : NULL;
	volatility = expr_volatility(planner->facts, expr, &function);
	if ((volatility != 'i' && !only_time_zones(expr, column)) ||
		mentions_settings_type(expr->sql))
		return "USING is not immutable, so old and new rows could be converted differently";
	for (size_t i = 0; i < expr->n_columns; i++) {
		const struct column_facts *used = facts_column(planner->table, expr->columns[i]);

		if (used == NULL || used->generated)
			return "USING reads what a BEFORE trigger cannot see";
	}
	return NULL;
}

static const char *column_obstacle(const struct planner *planner, const struct column_facts *column)
{
	const struct type_facts *type = facts_type(planner->facts, &planner->action->type->name);

	if (column->generated)
		return "it is a generated column";
	if (column->identity != 0)
		return "it is an identity column";
	if (type != NULL && type->domain_constrained)
		return "the new type is a domain with constraints, which every row is checked "
		       "against at once";
	if (column->n_dependents > 0)
		return planner_listed(planner->arena, "the column is used by others",
			column->dependents, column->n_dependents);
	if (column->n_entangled > 0)
		return planner_listed(planner->arena, "something stands on the column",
			column->entangled, column->n_entangled);
	return NULL;
}

static const char *table_obstacle(const struct planner *planner)
{
	const struct relation_facts *table = planner->table;

	if (table->kind != 'r' || table->partition)
		return "it is no ordinary table";
	if (planner_inherited(planner) || table->parent.name != NULL)
		return "the table is part of an inheritance tree";
	/* find_composite_type_dependencies: dropping the column would take it from them unasked. */
	if (table->row_type_used)
		return "a column of another table holds rows of this one, in which PostgreSQL "
		       "changes no type (0A000)";
	return planner_write_obstacle(table);
}

/* A worker at the other end stops at the first row that has a column too many for its table. */
const char *type_published_obstacle(const struct type_recipe *recipe)
{
	const struct planner *planner = recipe->planner;

	if (planner->table->published == NULL)
		return NULL;
	return arena_printf(planner->arena,
		"%s sends every column of the table, and its subscribers would stop for want of "
		"%s. Add that column there and do it by hand, or take the table out of the "
		"publication first",
		planner->table->published, recipe->new_sql);
}

const char *type_change_obstacle(const struct planner *planner, const struct column_facts *column)
{
	const char *because = table_obstacle(planner);

	if (because == NULL && column->base_type == NULL)
		because = "the type that the column has by now is not known: the same text gave it";
	if (because == NULL)
		because = column_obstacle(planner, column);
	if (because == NULL)
		because = using_obstacle(planner, column);
	return because;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * ALTER TYPE ... RENAME VALUE: the rows keep what they have, and clients that say the old label
 * fail from one moment to the next.  So that both are good for a while, the new label is one more:
 *
 *   expand    ADD VALUE new AFTER old: comparisons with all others are the same for both
 *   give back nothing yet; on the way back, rows with the new label get the old one again
 *   soak      the client is answered; first all learn to read both, then to write the new one
 *   contract  defaults, and every row of every table, take the new label
 *
 * PostgreSQL removes no label: the old one stays, used by no row.  A label in an expression (of a
 * CHECK, a view, an index) is its number, which RENAME VALUE leaves alone and nobody can have
 * twice: whatever names the old label alone stands in the way, until it names both.
 */
#include "recipe_enum.h"

#include <string.h>

#include "arena.h"
#include "planner.h"

struct enum_recipe {
	struct planner planner;
	const struct type_facts *type;
	const char *sql; /* of the enum, quoted and qualified */
	const char *from, *to; /* labels, and as literals: */
	const char *from_sql, *to_sql;
};

/* ---- one column ---- */

bool label_column_filled(const struct type_column *column)
{
	return !column->inherited && !column->generated && column->kind != 'm';
}

/* The casts are for domains over it, which have no operators of their own. */
struct label_move label_move(struct arena *arena, const char *enum_sql,
	const struct type_column *column, const char *from, const char *to)
{
	const char *name = quote_ident(arena, column->column);
	const char *old = arena_printf(arena, "%s::%s", quote_literal(arena, from), enum_sql);
	const char *new_label = arena_printf(arena, "%s::%s", quote_literal(arena, to), enum_sql);

	if (column->list)
		return (struct label_move){
			.set = arena_printf(arena,
				"%s = pg_catalog.array_replace(%s::%s[], %s, %s)", name, name,
				enum_sql, old, new_label),
			.pending = arena_printf(arena, "%s OPERATOR(pg_catalog.=) ANY (%s::%s[])",
				old, name, enum_sql),
		};
	return (struct label_move){
		.set = arena_printf(arena, "%s = %s", name, new_label),
		.pending = arena_printf(
			arena, "%s::%s OPERATOR(pg_catalog.=) %s", name, enum_sql, old),
	};
}

/* As the server prints it: 'old'::e. */
static bool default_is_label(const struct enum_recipe *recipe, const struct type_column *column)
{
	size_t n = strlen(recipe->from_sql);
	const char *text = column->default_sql;

	return text != NULL && !column->generated && strncmp(text, recipe->from_sql, n) == 0 &&
	       strncmp(text + n, "::", 2) == 0 && strpbrk(text + n, " ()") == NULL;
}

static bool default_names_label(const struct enum_recipe *recipe, const struct type_column *column)
{
	return column->default_sql != NULL && strstr(column->default_sql, recipe->from) != NULL;
}

/* ---- what stands in the way ---- */

static const char *column_obstacle(
	const struct enum_recipe *recipe, const struct type_column *column)
{
	const char *why;

	if (column->key)
		return "is part of what keeps rows unique or of a partition key, where both labels "
		       "would be two values";
	if (column->kind == 'f')
		return "is that of a foreign table";
	if (default_names_label(recipe, column) && !default_is_label(recipe, column))
		return "has a default with the label in an expression";
	if (!label_column_filled(column))
		return NULL;
	if (!column->writable)
		return "is that of a table whose owner you are not, or whose policies hide rows "
		       "from its owner";
	if (facts_relation(recipe->planner.facts, &column->table) == NULL)
		return "is one of too many to be looked up";
	why = planner_write_obstacle(facts_relation(recipe->planner.facts, &column->table));
	return why == NULL ? NULL
			   : arena_printf(recipe->planner.arena,
				     "is that of a table whose rows cannot be written: %s", why);
}

static const char *first_column_obstacle(const struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;

	for (size_t i = 0; i < recipe->type->n_columns; i++) {
		const struct type_column *column = &recipe->type->columns[i];
		const char *why = column_obstacle(recipe, column);

		if (why != NULL)
			return arena_printf(arena, "column %s of %s %s",
				quote_ident(arena, column->column),
				name_text(arena, &column->table), why);
	}
	return NULL;
}

const char *label_named_by(
	struct arena *arena, const struct type_facts *type, const char *label, bool by_text)
{
	const char *list = NULL;

	for (size_t i = 0; i < type->n_named; i++) {
		const struct label_facts *named = &type->named[i];

		if (named->by_text == by_text && strcmp(named->label, label) == 0)
			list = list == NULL ? named->object
					    : arena_printf(arena, "%s, %s", list, named->object);
	}
	return list;
}

static const char *obstacle(const struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;
	const char *named;

	if (recipe->type == NULL)
		return "which tables have columns of it only a server can tell";
	if (recipe->planner.table == NULL)
		return recipe->type->n_used_by == 0
			       ? "no table has a column of it, so there is nothing to be moved"
			       : "not all tables with a column of it could be looked up";
	if (recipe->type->embedded)
		return "a domain, a range or a row type holds it or an array of it, in which "
		       "labels are not looked for";
	named = label_named_by(arena, recipe->type, recipe->from, false);
	if (named != NULL)
		return arena_printf(arena,
			"%s would go on to mean the old label alone. ALTER TYPE %s ADD VALUE %s "
			"AFTER %s first, let each of them name both, and send it again",
			named, recipe->sql, recipe->to_sql, recipe->from_sql);
	return first_column_obstacle(recipe);
}

/* ---- steps ---- */

static bool has_label(const struct enum_recipe *recipe, const char *label)
{
	for (size_t i = 0; i < recipe->type->n_labels; i++)
		if (strcmp(recipe->type->labels[i], label) == 0)
			return true;
	return false;
}

static const char *label_there(const struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regtype(%s) AND enumlabel OPERATOR(pg_catalog.=) %s)",
		quote_literal(arena, recipe->sql), recipe->to_sql);
}

static void add_label(struct enum_recipe *recipe)
{
	struct planner *planner = &recipe->planner;
	struct arena *arena = planner->arena;
	struct step *step = planner_add_catalog(planner,
		arena_printf(arena, "add the label %s; no row is touched", recipe->to_sql),
		arena_printf(arena, "ALTER TYPE %s ADD VALUE IF NOT EXISTS %s AFTER %s",
			recipe->sql, recipe->to_sql, recipe->from_sql),
		"", probe_select(planner, label_there(recipe), NULL));

	step->lock = LOCK_NONE;
	step->in_client_transaction = true;
}

static const char *column_text(struct arena *arena, const struct type_column *column)
{
	return arena_printf(arena, "%s.%s", name_text(arena, &column->table), column->column);
}

static struct step *add_move(struct enum_recipe *recipe, const struct type_column *column,
	const char *from, const char *to)
{
	struct arena *arena = recipe->planner.arena;
	struct label_move move = label_move(arena, recipe->sql, column, from, to);
	struct planner at =
		planner_at(&recipe->planner, facts_relation(recipe->planner.facts, &column->table));
	struct step *step = planner_add_fill(&at, column->column, move.set, move.pending);

	/* Clients that lag behind may undo it at any time: nothing to hold later steps to. */
	step->probe = NULL;
	return step;
}

/* Who was there before the change may mean something else by the new label. */
static void give_back(struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;

	for (size_t i = 0; i < recipe->type->n_columns; i++) {
		const struct type_column *column = &recipe->type->columns[i];
		struct step *step;

		if (!label_column_filled(column))
			continue;
		step = add_move(recipe, column, recipe->to, recipe->from);
		step->undo = step->sql;
		step->sql = "";
		step->lock = LOCK_NONE;
		step->purpose = arena_printf(arena,
			"should the change be taken back, rows of %s get %s for %s again",
			column_text(arena, column), recipe->from_sql, recipe->to_sql);
	}
}

static void wait_for_clients(struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;
	const char *functions = label_named_by(arena, recipe->type, recipe->from, true);

	planner_add_soak(&recipe->planner,
		arena_printf(arena,
			"wait until every client reads %s like %s, and then until every client "
			"writes %s only%s%s%s",
			recipe->to_sql, recipe->from_sql, recipe->to_sql,
			functions != NULL ? "; the text of " : "",
			functions != NULL ? functions : "",
			functions != NULL ? " says the old label" : ""));
}

static const char *set_default(
	struct enum_recipe *recipe, const struct type_column *column, const char *literal)
{
	struct arena *arena = recipe->planner.arena;

	return arena_printf(arena, "ALTER TABLE ONLY %s ALTER COLUMN %s SET DEFAULT %s::%s",
		name_sql(arena, &column->table), quote_ident(arena, column->column), literal,
		recipe->sql);
}

static void move_defaults(struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;

	for (size_t i = 0; i < recipe->type->n_columns; i++) {
		const struct type_column *column = &recipe->type->columns[i];

		if (default_is_label(recipe, column))
			planner_add_catalog(&recipe->planner,
				arena_printf(arena, "make %s the default of %s", recipe->to_sql,
					column_text(arena, column)),
				set_default(recipe, column, recipe->to_sql),
				set_default(recipe, column, recipe->from_sql), NULL);
	}
}

static void move_rows(struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;

	for (size_t i = 0; i < recipe->type->n_columns; i++) {
		const struct type_column *column = &recipe->type->columns[i];

		if (label_column_filled(column))
			add_move(recipe, column, recipe->from, recipe->to)->purpose = arena_printf(
				arena,
				"write %s for %s in the rows of %s, in batches of their "
				"own transaction",
				recipe->to_sql, recipe->from_sql, column_text(arena, column));
	}
}

/* ---- the plan ---- */

static const char *stale_views(const struct enum_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;
	const char *text = "";

	for (size_t i = 0; i < recipe->type->n_columns; i++)
		if (recipe->type->columns[i].kind == 'm')
			text = arena_printf(arena,
				"; materialized view %s has it until it is refreshed",
				name_text(arena, &recipe->type->columns[i].table));
	return text;
}

static const char *caution(const struct enum_recipe *recipe, bool there)
{
	struct arena *arena = recipe->planner.arena;
	const char *when_aborted =
		there ? arena_printf(arena, "rows keep what they have, for %s was there before",
				recipe->to_sql)
		      : arena_printf(arena, "rows with %s get %s again, and %s stays likewise",
				recipe->to_sql, recipe->from_sql, recipe->to_sql);

	return arena_printf(arena,
		"no label can be removed: %s stays in type %s, used by no row%s. If the change is "
		"aborted, %s",
		recipe->from_sql, recipe->type->name.name, stale_views(recipe), when_aborted);
}

bool recipe_enum_rename(const struct rule_context *context, struct plan *plan)
{
	const struct action *action = context->action;
	const struct type_facts *type = facts_type(context->facts, &action->targets[0]);
	struct enum_recipe recipe = {
		.planner = planner_open(context, plan),
		.type = type != NULL && type->oid != 0 ? type : NULL,
		.from = action->name,
		.to = action->new_name,
		.from_sql = quote_literal(context->arena, action->name),
		.to_sql = quote_literal(context->arena, action->new_name),
	};
	bool there;

	recipe.sql = name_sql(
		context->arena, recipe.type != NULL ? &recipe.type->name : &action->targets[0]);
	plan->impossible_because = obstacle(&recipe);
	if (plan->impossible_because != NULL)
		return false;
	there = has_label(&recipe, recipe.to);
	add_label(&recipe);
	if (!there)
		give_back(&recipe);
	wait_for_clients(&recipe);
	move_defaults(&recipe);
	move_rows(&recipe);
	plan->caution = caution(&recipe, there);
	if (plan->overflow)
		plan->impossible_because = "its columns and their defaults, those of partitions "
					   "included, are too many for one plan";
	return planner_close(
		&recipe.planner, arena_printf(context->arena, "rename %s to %s in enum %s",
					 recipe.from_sql, recipe.to_sql, recipe.type->name.name));
}

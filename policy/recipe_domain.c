/* SPDX-License-Identifier: PostgreSQL */
/*
 * Constraints of domains.  NOT VALID binds new values at once and locks no table.  For the old ones
 * the server knows no gentle way: validateDomainConstraint and AlterDomainNotNull (typecmds.c) lock
 * every table with a column of the domain in SHARE mode, and then read one after the other.  So
 * what they would stumble over is looked for beforehand, under the lock of a SELECT, and their own
 * scan waits until somebody says that writes may wait for it:
 *
 *   bind     CHECK ... NOT VALID; for NOT NULL a helper of our own
 *   look     every value is cast to the domain again, which checks it
 *   soak     the client is answered
 *   finish   VALIDATE, or SET NOT NULL, which does not believe the helper: it reads all the same
 */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

struct domain_recipe {
	struct planner planner;
	const struct type_facts *type; /* NULL: nothing is known of it */
	const char *name, *sql; /* of the domain: for people, and quoted */
};

static struct domain_recipe open_recipe(const struct rule_context *context, struct plan *plan)
{
	const struct name *target = &context->action->targets[0];
	const struct type_facts *type = facts_type(context->facts, target);
	struct domain_recipe recipe = {
		.planner = planner_open(context, plan),
		.type = type != NULL && type->oid != 0 ? type : NULL,
		.name = target->name,
	};

	recipe.sql =
		name_sql(recipe.planner.arena, recipe.type != NULL ? &recipe.type->name : target);
	return recipe;
}

/* Work is recorded by the table it is about: the largest of them. */
static const char *obstacle(const struct domain_recipe *recipe)
{
	if (recipe->type != NULL && recipe->type->embedded)
		return "a column holds it inside an array or a row, which PostgreSQL does not "
		       "check";
	if (recipe->planner.facts->known && recipe->planner.table == NULL)
		return "not all tables with a column of the domain could be looked up";
	return NULL;
}

static bool has_constraint(const struct domain_recipe *recipe, const char *name)
{
	const struct type_facts *type = recipe->type;

	for (size_t i = 0; type != NULL && i < type->n_constraints; i++)
		if (strcmp(type->constraints[i], name) == 0)
			return true;
	return false;
}

/* ---- probes: conditions ---- */

static const char *regtype(const struct domain_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;

	return arena_printf(arena, "pg_catalog.to_regtype(%s)", quote_literal(arena, recipe->sql));
}

static const char *constrained(const struct domain_recipe *recipe, const char *name, bool validated)
{
	struct arena *arena = recipe->planner.arena;

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contypid "
		"OPERATOR(pg_catalog.=) %s AND conname OPERATOR(pg_catalog.=) %s%s)",
		regtype(recipe), quote_literal(arena, name), validated ? " AND convalidated" : "");
}

static const char *not_null(const struct domain_recipe *recipe)
{
	return arena_printf(recipe->planner.arena,
		"EXISTS (SELECT FROM pg_catalog.pg_type WHERE oid OPERATOR(pg_catalog.=) %s AND "
		"typnotnull)",
		regtype(recipe));
}

/* ---- steps ---- */

static const char *drop_constraint(const struct domain_recipe *recipe, const char *name)
{
	struct arena *arena = recipe->planner.arena;

	return arena_printf(arena, "ALTER DOMAIN %s DROP CONSTRAINT IF EXISTS %s", recipe->sql,
		quote_ident(arena, name));
}

/* done_also: see planner_add_validate */
static void bind_new_values(
	struct domain_recipe *recipe, const char *name, const char *check, const char *done_also)
{
	struct planner *planner = &recipe->planner;
	struct arena *arena = planner->arena;
	struct step *step = planner_add_catalog(planner,
		arena_printf(arena, "hold new values of %s to %s; old ones are not read yet",
			recipe->name, name),
		arena_printf(arena, "ALTER DOMAIN %s ADD CONSTRAINT %s %s NOT VALID", recipe->sql,
			quote_ident(arena, name), check),
		drop_constraint(recipe, name),
		probe_select(planner, constrained(recipe, name, false), done_also));

	step->lock = LOCK_NONE;
	step->in_client_transaction = true;
}

/* Whose rows the submitter reads, all of them. */
static bool readable(const struct domain_recipe *recipe, const struct relation_facts *table)
{
	const struct facts *facts = recipe->planner.facts;
	bool owned = table != NULL && table->owner != NULL && facts->current_user != NULL &&
		     strcmp(table->owner, facts->current_user) == 0;

	return table != NULL && (facts->superuser || owned) && !table->rows_hidden &&
	       (table->kind != 'm' || table->populated);
}

static const char *casts(const struct domain_recipe *recipe, const struct name *table)
{
	struct arena *arena = recipe->planner.arena;
	const struct type_facts *type = recipe->type;
	const char *text = "";

	for (size_t i = 0; i < type->n_columns; i++)
		if (name_equal(&type->columns[i].table, table))
			text = arena_printf(arena,
				"%s%spg_catalog.count(CAST(CAST(%s AS %s) AS %s))", text,
				*text == '\0' ? "" : ", ",
				quote_ident(arena, type->columns[i].column), type->base_sql,
				recipe->sql);
	return text;
}

static void look_at_old_values(struct domain_recipe *recipe)
{
	struct planner *planner = &recipe->planner;
	struct arena *arena = planner->arena;

	for (size_t i = 0; recipe->type != NULL && i < recipe->type->n_used_by; i++) {
		const struct name *table = &recipe->type->used_by[i];
		struct step *step;

		if (!readable(recipe, facts_relation(planner->facts, table)))
			continue;
		step = plan_add_step(planner->plan, STEP_SCAN, LOCK_ACCESS_SHARE);
		step->purpose = arena_printf(arena,
			"look for values in %s that do not fit; reads and writes go on",
			table->name);
		step->sql = arena_printf(arena, "SELECT %s FROM ONLY %s", casts(recipe, table),
			name_sql(arena, table));
	}
}

static void wait_for_release(struct domain_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;

	planner_add_soak(&recipe->planner,
		arena_printf(arena,
			"new values of %s are held to it; from the release on, writes to every "
			"table that uses it wait while all of them are read once more",
			recipe->name));
}

static struct step *add_scan(
	struct domain_recipe *recipe, const char *purpose, const char *clause, const char *done)
{
	struct planner *planner = &recipe->planner;
	struct arena *arena = planner->arena;
	struct step *step = plan_add_step(planner->plan, STEP_SCAN, LOCK_SHARE);

	step->purpose = arena_printf(arena, "%s: writes to the tables that use %s wait meanwhile",
		purpose, recipe->name);
	step->sql = arena_printf(arena, "ALTER DOMAIN %s %s", recipe->sql, clause);
	step->probe = probe_select(planner, done, NULL);
	return step;
}

static void validate(struct domain_recipe *recipe, const char *name)
{
	struct arena *arena = recipe->planner.arena;

	add_scan(recipe, arena_printf(arena, "check all values against %s", name),
		arena_printf(arena, "VALIDATE CONSTRAINT %s", quote_ident(arena, name)),
		constrained(recipe, name, true));
}

/* ---- recipes ---- */

static bool close_recipe(struct domain_recipe *recipe, const char *summary)
{
	recipe->planner.plan->caution = arena_printf(recipe->planner.arena,
		"PostgreSQL reads the tables that use %s under SHARE, which keeps writers off: "
		"that part waits for phasegate release",
		recipe->name);
	return planner_close(&recipe->planner, summary);
}

bool recipe_domain_constraint(const struct rule_context *context, struct plan *plan)
{
	struct domain_recipe recipe = open_recipe(context, plan);
	const struct action *action = context->action;
	const char *name = action->name;
	bool adds = action->kind == ACTION_DOMAIN_ADD_CONSTRAINT;

	plan->impossible_because = obstacle(&recipe);
	if (name == NULL)
		plan->impossible_because = "the constraint has no name; write one";
	if (plan->impossible_because != NULL || (adds && action->constraint == NULL) ||
		(recipe.type != NULL && adds == has_constraint(&recipe, name)))
		return false;
	if (adds)
		bind_new_values(&recipe, name, action->constraint->body_sql, NULL);
	look_at_old_values(&recipe);
	wait_for_release(&recipe);
	validate(&recipe, name);
	return close_recipe(&recipe,
		arena_printf(recipe.planner.arena, "constrain domain %s by %s", recipe.name, name));
}

static const char *helper_name(const struct domain_recipe *recipe)
{
	struct arena *arena = recipe->planner.arena;
	const char *name = make_object_name(arena, recipe->name, NULL, "not_null_check");

	for (unsigned pass = 1; has_constraint(recipe, name); pass++)
		name = make_object_name(
			arena, recipe->name, NULL, arena_printf(arena, "not_null_check%u", pass));
	return name;
}

bool recipe_domain_not_null(const struct rule_context *context, struct plan *plan)
{
	struct domain_recipe recipe = open_recipe(context, plan);
	struct arena *arena = recipe.planner.arena;
	const char *check = helper_name(&recipe);
	struct step *drop;

	plan->impossible_because = obstacle(&recipe);
	if (plan->impossible_because != NULL)
		return false;
	bind_new_values(&recipe, check, "CHECK (VALUE IS NOT NULL)", not_null(&recipe));
	look_at_old_values(&recipe);
	wait_for_release(&recipe);
	add_scan(&recipe, "look for nulls", "SET NOT NULL", not_null(&recipe))->undo =
		arena_printf(arena, "ALTER DOMAIN %s DROP NOT NULL", recipe.sql);
	drop = planner_add_catalog(&recipe.planner,
		arena_printf(arena, "drop the check %s, which NOT NULL makes needless", check),
		drop_constraint(&recipe, check), "",
		arena_printf(arena, "SELECT NOT %s", constrained(&recipe, check, false)));
	drop->lock = LOCK_NONE;
	drop->with_previous = true;
	return close_recipe(&recipe, arena_printf(arena, "set domain %s NOT NULL", recipe.name));
}

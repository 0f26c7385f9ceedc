/* SPDX-License-Identifier: PostgreSQL */
/*
 * ALTER COLUMN ... TYPE that would rewrite: a second column takes the name over.
 *
 *   expand    one transaction: the new column, and a trigger that sets it in every row written
 *   backfill  the rows there are
 *   guard     a CHECK that both are equal (and not null), NOT VALID; constraints and indexes of
 *             the old column on the new one; VALIDATE; ANALYZE
 *   swap      one short transaction: trigger and old column go, the new one gets name, default,
 *             keys, privileges
 *
 * The trigger's name starts with "~": BEFORE triggers fire by name (trigger.c), and it has to see
 * what the others made of the row.  ENABLE ALWAYS: rows applied by replication are written, too.
 * Without USING values are assigned, not cast, as ALTER TABLE does it: what does not fit is an
 * error, where a cast to varchar(5) would cut it off.
 */
#include "recipe_type.h"

#include <string.h>

#include "arena.h"
#include "model.h"
#include "recipe_names.h"

/* ---- expand ---- */

static bool collatable(const char *base)
{
	static const char *const types[] = {"text", "varchar", "bpchar", "citext"};

	return names_contain(types, sizeof(types) / sizeof(types[0]), base);
}

/* Types without an equality that tells values apart, and lists of them: only nulls are compared. */
static bool incomparable(const char *base)
{
	static const char *const types[] = {
		"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"};

	return names_contain(
		types, sizeof(types) / sizeof(types[0]), *base == '_' ? base + 1 : base);
}

static const char *same_sql(struct type_recipe *recipe, const char *compared)
{
	struct arena *arena = recipe->planner->arena;
	const char *base = type_wanted_base(recipe->planner);

	if (incomparable(base))
		return arena_printf(arena, "(%s IS NULL) OPERATOR(pg_catalog.=) (%s IS NULL)",
			recipe->new_sql, compared);
	/* Two columns of different collations cannot be compared without saying by which. */
	return arena_printf(arena, "%s IS NOT DISTINCT FROM %s%s", recipe->new_sql, compared,
		recipe->column->collation_oid != 0 && collatable(base) ? " COLLATE pg_catalog.\"C\""
								       : "");
}

static struct type_sync make_sync(struct type_recipe *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const struct action *action = planner->action;
	const char *value = action->expr != NULL ? arena_printf(arena, "(%s)", action->expr->sql)
						 : recipe->old_sql;
	const char *compared = arena_printf(arena, "CAST(%s AS %s)", value, action->type->sql);
	const char *table = planner->plan->table.name;
	struct name function = {planner->plan->table.schema,
		make_object_name(arena, table, recipe->old, "phasegate_sync")};
	struct type_sync sync = {
		.recipe = recipe,
		.value = value,
		.compared = compared,
		.same = same_sql(recipe, compared),
		.function = name_sql(arena, &function),
		.trigger_name = make_object_name(arena, SYNC_TRIGGER_MARK, recipe->old, "sync"),
		.check = choose_name(arena, planner->table, table, recipe->old, "same_check"),
	};

	sync.trigger = quote_ident(arena, sync.trigger_name);
	return sync;
}

static bool fires_last(const struct planner *planner, const char *trigger)
{
	const struct relation_facts *table = planner->table;

	for (size_t i = 0; i < table->n_before_row_triggers; i++)
		if (strcmp(table->before_row_triggers[i], trigger) > 0)
			return false;
	return true;
}

static void add_column(struct type_recipe *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const struct action *action = planner->action;
	const char *sql = arena_printf(
		arena, "%s ADD COLUMN %s %s", planner->alter, recipe->new_sql, action->type->sql);

	if (action->collation_sql != NULL)
		sql = arena_printf(arena, "%s COLLATE %s", sql, action->collation_sql);
	planner_add_catalog(planner,
		arena_printf(
			arena, "add the column %s of the new type; no row is touched", recipe->new),
		sql,
		arena_printf(arena, "%s DROP COLUMN IF EXISTS %s", planner->alter, recipe->new_sql),
		probe_select(planner, probe_column(planner, recipe->new, NULL), recipe->swapped));
}

/* ---- guard ---- */

static void add_check(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *check = quote_ident(arena, sync->check);

	planner_add_catalog(planner,
		arena_printf(arena, "hold new rows to %s being equal; old ones are not read yet",
			recipe->new),
		arena_printf(arena, "%s ADD CONSTRAINT %s CHECK (%s%s%s) NOT VALID", planner->alter,
			check, sync->same, recipe->column->not_null ? " AND " : "",
			recipe->column->not_null
				? arena_printf(arena, "%s IS NOT NULL", recipe->new_sql)
				: ""),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter, check),
		probe_select(planner,
			probe_constraint(planner, &planner->plan->table, sync->check, false),
			recipe->swapped));
}

/* The planner knows nothing of a column that no ANALYZE has seen. */
static void add_analyze(struct type_recipe *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	struct name table = planner->plan->table;
	struct step *step = plan_add_step(planner->plan, STEP_SCAN, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose = arena_printf(arena, "gather statistics of %s", recipe->new);
	step->sql = arena_printf(arena, "ANALYZE %s (%s)", planner->table_sql, recipe->new_sql);
	step->probe = probe_select(planner,
		arena_printf(arena,
			"EXISTS (SELECT FROM pg_catalog.pg_stats WHERE schemaname "
			"OPERATOR(pg_catalog.=) %s AND tablename OPERATOR(pg_catalog.=) %s AND "
			"attname OPERATOR(pg_catalog.=) %s)",
			quote_literal(arena, table.schema), quote_literal(arena, table.name),
			quote_literal(arena, recipe->new)),
		recipe->swapped);
}

static void fill(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;

	planner_add_fill(recipe->planner, recipe->new,
		arena_printf(recipe->planner->arena, "%s = %s", recipe->new_sql, sync->value),
		arena_printf(recipe->planner->arena, "NOT (%s)", sync->same));
}

/* The walk may have been past a row when a bad value was written to it: hence a second one. */
static void guard(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;
	struct planner *planner = recipe->planner;
	size_t strict = 0;

	fill(sync);
	if (type_accepts_bad_writes(sync)) {
		strict = planner->plan->n_steps;
		type_refuse_bad_writes(sync);
	}
	add_check(sync);
	if (type_accepts_bad_writes(sync)) {
		planner_join(planner, strict, false);
		fill(sync);
	}
	type_add_constraints(recipe);
	type_add_indexes(recipe);
	planner_add_validate(planner, &planner->plan->table, sync->check, false, recipe->swapped);
	type_validate_constraints(recipe);
	add_analyze(recipe);
}

/* ---- swap ---- */

static const char *not_condition(struct arena *arena, const char *condition)
{
	return arena_printf(arena, "SELECT NOT (%s)", condition);
}

static void drop_sync(struct type_sync *sync)
{
	struct planner *planner = sync->recipe->planner;
	struct arena *arena = planner->arena;

	planner_add_catalog(planner, "the trigger has done its work",
		arena_printf(arena, "DROP TRIGGER IF EXISTS %s ON %s", sync->trigger,
			planner->table_sql),
		"", not_condition(arena, type_trigger_there(sync, NULL)));
	planner_add_catalog(planner, "and its function",
		arena_printf(arena, "DROP FUNCTION IF EXISTS %s()", sync->function), "",
		not_condition(arena, type_function_there(sync)));
}

static void move_not_null(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;

	if (recipe->column->not_null)
		planner_add_catalog(planner, "NOT NULL; the validated check spares the scan",
			arena_printf(arena, "%s ALTER COLUMN %s SET NOT NULL", planner->alter,
				recipe->new_sql),
			"",
			probe_select(planner, probe_column(planner, recipe->new, "attnotnull"),
				recipe->swapped));
	planner_add_catalog(planner, "drop the helper",
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter,
			quote_ident(arena, sync->check)),
		"",
		not_condition(arena,
			probe_constraint(planner, &planner->plan->table, sync->check, false)));
}

static void move_default(struct type_recipe *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;

	if (recipe->column->default_sql == NULL)
		return;
	planner_add_catalog(planner, "the default",
		arena_printf(arena, "%s ALTER COLUMN %s SET DEFAULT %s", planner->alter,
			recipe->new_sql, recipe->column->default_sql),
		"",
		probe_select(
			planner, probe_column(planner, recipe->new, "atthasdef"), recipe->swapped));
}

/* Else it would be dropped with the old column. */
static void move_sequence(struct type_recipe *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *sequence;

	if (recipe->column->sequence.name == NULL)
		return;
	sequence = name_sql(arena, &recipe->column->sequence);
	planner_add_catalog(planner, "let the sequence go with the new column",
		arena_printf(arena, "ALTER SEQUENCE %s OWNED BY %s.%s", sequence,
			planner->table_sql, recipe->new_sql),
		"",
		arena_printf(arena,
			"SELECT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE classid "
			"OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND "
			"objid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s) AND refobjid "
			"OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s) AND refobjsubid "
			"OPERATOR(pg_catalog.<>) %d AND deptype OPERATOR(pg_catalog.=) 'a')",
			quote_literal(arena, sequence), quote_literal(arena, planner->table_sql),
			recipe->column->number));
}

static void swap_columns(struct type_recipe *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	struct step *step = planner_add_catalog(planner, "drop the old column",
		arena_printf(arena, "%s DROP COLUMN %s", planner->alter, recipe->old_sql), "",
		not_condition(arena, probe_column(planner, recipe->old,
					     arena_printf(arena, "attnum OPERATOR(pg_catalog.=) %d",
						     recipe->column->number))));

	step->final = true;
	planner_add_catalog(planner, "the new one takes its name",
		arena_printf(arena, "%s RENAME COLUMN %s TO %s", planner->alter, recipe->new_sql,
			recipe->old_sql),
		"", probe_select(planner, recipe->swapped, NULL));
}

static void swap(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;
	size_t first = recipe->planner->plan->n_steps;

	drop_sync(sync);
	move_not_null(sync);
	move_default(recipe);
	move_sequence(recipe);
	swap_columns(recipe);
	type_take_over(recipe);
	planner_join(recipe->planner, first, false);
}

/* ---- the whole ---- */

static bool is_last(const struct planner *planner, const struct column_facts *column)
{
	for (size_t i = 0; i < planner->table->n_columns; i++)
		if (planner->table->columns[i].number > column->number)
			return false;
	return true;
}

static const char *caution(const struct type_recipe *recipe)
{
	struct arena *arena = recipe->planner->arena;
	const char *text = arena_printf(arena,
		"statements prepared before that return %s have to be prepared again, as after "
		"every change of a type (\"cached plan must not change result type\")",
		recipe->old);

	if (!is_last(recipe->planner, recipe->column))
		text = arena_printf(arena,
			"%s; %s becomes the last column of %s: SELECT * shows it there, and INSERT "
			"and COPY without a list of columns have to give it there",
			text, recipe->old, recipe->planner->plan->table.name);
	if (recipe->column->sequence.name != NULL)
		text = arena_printf(arena, "%s; its sequence %s keeps its own type", text,
			recipe->column->sequence.name);
	return text;
}

static const char *free_column_name(const struct planner *planner, const char *column)
{
	const char *name = name_with_suffix(planner->arena, column, "new");

	for (unsigned pass = 1; facts_column(planner->table, name) != NULL; pass++)
		name = name_with_suffix(
			planner->arena, column, arena_printf(planner->arena, "new%u", pass));
	return name;
}

static struct type_recipe open_recipe(struct planner *planner, const struct column_facts *column)
{
	const char *new = free_column_name(planner, column->name);

	return (struct type_recipe){
		.planner = planner,
		.column = column,
		.old = column->name,
		.new = new,
		.old_sql = quote_ident(planner->arena, column->name),
		.new_sql = quote_ident(planner->arena, new),
		.swapped = probe_column(planner, column->name,
			arena_printf(planner->arena, "attnum OPERATOR(pg_catalog.<>) %d",
				column->number)),
	};
}

static const char *first_of(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (texts[i] != NULL)
			return texts[i];
	return NULL;
}

bool recipe_alter_type(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct column_facts *column =
		planner.table != NULL ? facts_column(planner.table, context->action->column) : NULL;
	struct type_recipe recipe;
	struct type_sync sync;

	if (column == NULL)
		return false;
	recipe = open_recipe(&planner, column);
	sync = make_sync(&recipe);
	plan->impossible_because =
		first_of((const char *const[]){type_change_obstacle(&planner, column),
				 type_obstacle(&recipe), type_published_obstacle(&recipe),
				 fires_last(&planner, sync.trigger_name)
					 ? NULL
					 : "a trigger of the table would fire after ours"},
			4);
	if (plan->impossible_because != NULL)
		return false;
	plan->caution = caution(&recipe);
	plan->replaces = recipe.old;
	plan->replaced_by = recipe.new;
	add_column(&recipe);
	type_add_trigger(&sync);
	planner_join(&planner, 0, true);
	guard(&sync);
	swap(&sync);
	return planner_close(
		&planner, arena_printf(planner.arena, "change the type of %s.%s to %s",
				  plan->table.name, column->name, context->action->type->sql));
}

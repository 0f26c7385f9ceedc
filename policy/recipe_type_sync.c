/* SPDX-License-Identifier: PostgreSQL */
/*
 * The trigger by which a second column follows the one that changes its type, and its function.
 * Strict, a value that does not convert fails the write.  Where bad writes are accepted it is
 * strict from the guard on only.
 */
#include "arena.h"
#include "recipe_type.h"

bool type_accepts_bad_writes(const struct type_sync *sync)
{
	return sync->recipe->planner->settings->accept_bad_writes;
}

static const char *assignment(const struct type_sync *sync)
{
	const struct planner *planner = sync->recipe->planner;
	const struct type_recipe *recipe = sync->recipe;

	if (planner->action->expr == NULL)
		return arena_printf(
			planner->arena, "NEW.%s := NEW.%s;", recipe->new_sql, recipe->old_sql);
	return arena_printf(planner->arena, "NEW.%s := (SELECT %s FROM (SELECT NEW.*) AS %s);",
		recipe->new_sql, sync->value,
		quote_ident(planner->arena, planner->plan->table.name));
}

static const char *strict_body(const struct type_sync *sync)
{
	return arena_printf(
		sync->recipe->planner->arena, "BEGIN %s RETURN NEW; END", assignment(sync));
}

/*
 * Errors of the value, and no others: a deadlock or a cancel is the client's to hear of.  The block
 * costs a subtransaction for each row.  NULL differs from what the row should have, so the backfill
 * comes to it, meets the same error, and notes the row.
 */
static const char *accepting_body(const struct type_sync *sync)
{
	return arena_printf(sync->recipe->planner->arena,
		"BEGIN BEGIN %s EXCEPTION WHEN data_exception OR integrity_constraint_violation OR "
		"raise_exception THEN NEW.%s := NULL; END; RETURN NEW; END",
		assignment(sync), sync->recipe->new_sql);
}

/* An expression of the user's runs as its submitter and under the search_path it was written for.
 */
static const char *function_sql(const struct type_sync *sync, const char *create, const char *body)
{
	const struct planner *planner = sync->recipe->planner;

	return arena_printf(planner->arena, "%s %s() RETURNS trigger LANGUAGE plpgsql%s AS %s",
		create, sync->function,
		planner->action->expr != NULL ? " SECURITY DEFINER SET search_path FROM CURRENT"
					      : "",
		quote_literal(planner->arena, body));
}

const char *type_function_there(const struct type_sync *sync)
{
	struct arena *arena = sync->recipe->planner->arena;

	return arena_printf(arena, "pg_catalog.to_regprocedure(%s) IS NOT NULL",
		quote_literal(arena, arena_printf(arena, "%s()", sync->function)));
}

const char *type_trigger_there(const struct type_sync *sync, const char *mode)
{
	struct arena *arena = sync->recipe->planner->arena;

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid OPERATOR(pg_catalog.=)"
		" pg_catalog.to_regclass(%s) AND tgname OPERATOR(pg_catalog.=) %s%s%s%s)",
		quote_literal(arena, sync->recipe->planner->table_sql),
		quote_literal(arena, sync->trigger_name),
		mode != NULL ? " AND tgenabled OPERATOR(pg_catalog.=) '" : "",
		mode != NULL ? mode : "", mode != NULL ? "'" : "");
}

/*
 * plpgsql looks at its statements when they run, which would be a client's: so the server is
 * asked now whether it understands the expression and can assign its value.
 */
static void add_trial(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *table = quote_ident(arena, planner->plan->table.name);
	/* A constant takes the column's type there; out of a subquery it comes as text. */
	const char *value = planner->action->expr == NULL || planner->action->expr->constant
				    ? sync->value
				    : arena_printf(arena, "(SELECT %s FROM (SELECT %s.*) AS %s)",
					      sync->value, table, table);
	struct step *step = planner_add_catalog(planner,
		"let the server check the conversion; no row is touched",
		arena_printf(arena, "UPDATE %s SET %s = %s WHERE false AND %s", planner->table_sql,
			recipe->new_sql, value, sync->same),
		"", probe_select(planner, type_trigger_there(sync, NULL), recipe->swapped));

	step->lock = LOCK_ROW_EXCLUSIVE;
}

void type_add_trigger(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;

	planner_add_catalog(planner,
		type_accepts_bad_writes(sync)
			? "the function that keeps the new column equal; for a value that does not "
			  "convert it leaves NULL there, and the write succeeds"
			: "the function that keeps the new column equal",
		function_sql(sync, "CREATE FUNCTION",
			type_accepts_bad_writes(sync) ? accepting_body(sync) : strict_body(sync)),
		arena_printf(arena, "DROP FUNCTION IF EXISTS %s()", sync->function),
		probe_select(planner, type_function_there(sync), recipe->swapped))
		->lock = LOCK_NONE;
	add_trial(sync);
	planner_add_catalog(planner,
		arena_printf(arena, "set %s in every row written from now on", recipe->new),
		arena_printf(arena,
			"CREATE TRIGGER %s BEFORE INSERT OR UPDATE ON %s FOR EACH ROW"
			" EXECUTE FUNCTION %s()",
			sync->trigger, planner->table_sql, sync->function),
		arena_printf(arena, "DROP TRIGGER IF EXISTS %s ON %s", sync->trigger,
			planner->table_sql),
		probe_select(planner, type_trigger_there(sync, NULL), recipe->swapped))
		->lock = LOCK_SHARE_ROW_EXCLUSIVE;
	planner_add_catalog(planner, "in rows applied by replication, too",
		arena_printf(arena, "%s ENABLE ALWAYS TRIGGER %s", planner->alter, sync->trigger),
		"", probe_select(planner, type_trigger_there(sync, "A"), recipe->swapped))
		->lock = LOCK_SHARE_ROW_EXCLUSIVE;
}

static const char *function_strict(const struct type_sync *sync)
{
	struct arena *arena = sync->recipe->planner->arena;

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regprocedure(%s) AND prosrc OPERATOR(pg_catalog.=) %s)",
		quote_literal(arena, arena_printf(arena, "%s()", sync->function)),
		quote_literal(arena, strict_body(sync)));
}

void type_refuse_bad_writes(struct type_sync *sync)
{
	struct type_recipe *recipe = sync->recipe;

	planner_add_catalog(recipe->planner,
		"from here on a write whose value does not convert fails",
		function_sql(sync, "CREATE OR REPLACE FUNCTION", strict_body(sync)), "",
		probe_select(recipe->planner, function_strict(sync), recipe->swapped))
		->lock = LOCK_NONE;
}

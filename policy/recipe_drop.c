/* SPDX-License-Identifier: PostgreSQL */
/*
 * Drops that can be taken back while it still matters: give way, wait, then drop.
 *
 *   drop-column   new code need not give it a value any more; after the wait its indexes go without
 *                 blocking anybody, its foreign keys one by one, then the column
 *   drop-table    it is renamed, so whoever still uses it fails with its rows still there; after
 * the wait its foreign keys go one by one, then the table
 *
 * Dropping a foreign key locks the other table too (ATExecDropConstraint), so each has a
 * transaction of its own.
 */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

static void add_drop_foreign_key(
	struct planner *planner, const struct name *table, const char *constraint)
{
	struct arena *arena = planner->arena;

	planner_add_catalog(planner, arena_printf(arena, "drop the foreign key %s", constraint),
		arena_printf(arena, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s",
			name_sql(arena, table), quote_ident(arena, constraint)),
		"",
		arena_printf(arena, "SELECT NOT (%s)",
			probe_constraint(planner, table, constraint, false)))
		->final = true;
}

/* ---- drop-column ---- */

static bool in_key(const struct relation_facts *table, const char *column)
{
	for (size_t i = 0; i < table->n_constraints; i++)
		for (size_t k = 0; k < table->constraints[i].n_columns; k++)
			if (table->constraints[i].kind == CONSTRAINT_PRIMARY_KEY &&
				strcmp(table->constraints[i].columns[k], column) == 0)
				return true;
	return false;
}

/* Whoever leaves it out of an INSERT would fail. */
static bool required(const struct planner *planner, const struct column_facts *column)
{
	return column->not_null && column->default_sql == NULL && column->identity == 0 &&
	       !in_key(planner->table, column->name);
}

static void add_way_back(
	struct planner *planner, const char *purpose, const char *undo, const char *probe)
{
	planner_add_catalog(planner, purpose, "", undo, probe)->lock = LOCK_NONE;
}

/*
 * SET NOT NULL would scan under ACCESS EXCLUSIVE on the way back.  Steps that only have an undo
 * lead there without, last one first: a CHECK, its validation, SET NOT NULL, and the CHECK goes.
 */
static void give_way(struct planner *planner, const char *column)
{
	struct arena *arena = planner->arena;
	const char *quoted = quote_ident(arena, column);
	const char *check = quote_ident(arena, planner_check_name(planner, column));
	const char *done =
		arena_printf(arena, "SELECT NOT (%s)", probe_column(planner, column, "attnotnull"));

	add_way_back(planner, "drop the helper",
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter, check),
		done);
	add_way_back(planner, "make the column NOT NULL again",
		arena_printf(arena, "%s ALTER COLUMN %s SET NOT NULL", planner->alter, quoted),
		done);
	add_way_back(planner, "check that there are no nulls",
		arena_printf(
			arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", planner->table_sql, check),
		done);
	planner_add_catalog(planner, arena_printf(arena, "let rows come without %s", column),
		arena_printf(arena, "%s ALTER COLUMN %s DROP NOT NULL", planner->alter, quoted),
		arena_printf(arena, "%s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID",
			planner->alter, check, quoted),
		done);
	planner_join(planner, 0, true);
}

static void drop_indexes(struct planner *planner, const char *column)
{
	struct arena *arena = planner->arena;
	const struct relation_facts *table = planner->table;

	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct index_facts *index = &table->indexes[i];
		struct step *step;

		if (planner_partitioned(planner) || index->backs_constraint ||
			!planner_index_mentions(planner, index, column))
			continue;
		step = plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);
		step->purpose = arena_printf(arena, "drop index %s", index->name.name);
		step->sql = arena_printf(arena, "DROP INDEX CONCURRENTLY IF EXISTS %s",
			name_sql(arena, &index->name));
		step->probe = arena_printf(
			arena, "SELECT NOT (%s)", probe_relation(planner, &index->name));
		step->final = true;
	}
}

static void drop_foreign_keys(struct planner *planner, const char *column)
{
	const struct relation_facts *table = planner->table;

	for (size_t i = 0; i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
			planner_mentions(planner, table->constraints[i].definition, column))
			add_drop_foreign_key(
				planner, &planner->plan->table, table->constraints[i].name);
}

bool recipe_drop_column(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	struct arena *arena = planner.arena;
	const char *name = context->action->column;
	const struct column_facts *column =
		planner.table != NULL ? facts_column(planner.table, name) : NULL;

	if (column == NULL || context->action->cascade)
		return false;
	if (column->n_dependents > 0) {
		plan->impossible_because = planner_listed(arena, "the column is used by others",
			column->dependents, column->n_dependents);
		return false;
	}
	if (required(&planner, column))
		give_way(&planner, name);
	planner_add_soak(&planner, arena_printf(arena, "wait until no client says %s.%s any more",
					   plan->table.name, name));
	drop_indexes(&planner, name);
	drop_foreign_keys(&planner, name);
	planner_add_catalog(&planner, arena_printf(arena, "drop the column %s", name),
		arena_printf(arena, "%s DROP COLUMN %s", planner.alter, quote_ident(arena, name)),
		"", arena_printf(arena, "SELECT NOT (%s)", probe_column(&planner, name, NULL)))
		->final = true;
	return planner_close(
		&planner, arena_printf(arena, "drop column %s of %s", name, plan->table.name));
}

/* ---- drop-table ---- */

static const char *table_obstacle(const struct planner *planner)
{
	const struct relation_facts *table = planner->table;
	struct arena *arena = planner->arena;

	if (table->n_dependents > 0)
		return planner_listed(arena, "others depend on the table", table->dependents,
			table->n_dependents);
	for (size_t i = 0; i < table->n_referencing; i++)
		if (!name_equal(&table->referencing[i], &table->name))
			return arena_printf(arena, "a foreign key of %s refers to it",
				name_text(arena, &table->referencing[i]));
	return planner_inherited(planner) ? "others inherit from the table" : NULL;
}

static const char *table_gone(struct planner *planner)
{
	return arena_printf(planner->arena,
		"NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) %u)",
		planner->plan->relation_oid);
}

bool recipe_drop_table(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	struct arena *arena = planner.arena;
	struct name aside;
	const char *aside_sql;

	/* recipe_drop_partition knows better. */
	if (planner.table == NULL || planner.table->partition || context->action->n_targets != 1 ||
		context->action->cascade ||
		(planner.table->kind != 'r' && planner.table->kind != 'p'))
		return false;
	plan->impossible_because = table_obstacle(&planner);
	if (plan->impossible_because != NULL)
		return false;
	aside = (struct name){
		plan->table.schema, name_with_suffix(arena, plan->table.name, "phasegate_dropped")};
	aside_sql = name_sql(arena, &aside);
	plan->moved = aside;
	planner_add_catalog(&planner,
		arena_printf(arena, "rename the table to %s; its rows stay", aside.name),
		arena_printf(arena, "ALTER TABLE %s RENAME TO %s", planner.table_sql,
			quote_ident(arena, aside.name)),
		arena_printf(arena, "ALTER TABLE %s RENAME TO %s", aside_sql,
			quote_ident(arena, plan->table.name)),
		probe_select(&planner, probe_table(&planner, &aside), table_gone(&planner)))
		->in_client_transaction = true;
	planner_add_soak(&planner, arena_printf(arena, "wait until no client misses %s",
					   name_text(arena, &plan->table)));
	for (size_t i = 0; i < planner.table->n_constraints; i++)
		if (planner.table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY)
			add_drop_foreign_key(&planner, &aside, planner.table->constraints[i].name);
	planner_add_catalog(&planner, arena_printf(arena, "drop %s", aside.name),
		arena_printf(arena, "DROP TABLE %s", aside_sql), "",
		arena_printf(arena, "SELECT %s", table_gone(&planner)))
		->final = true;
	return planner_close(&planner, arena_printf(arena, "drop table %s", plan->table.name));
}

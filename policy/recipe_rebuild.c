/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is built anew beside the old: REINDEX, an index into another tablespace, REFRESH.
 *
 * REINDEX CONCURRENTLY that breaks off leaves invalid indexes behind: i_ccnew, or i_ccold when the
 * new one was in place already.  Every write pays for them, so they go before the next attempt.
 */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

/*
 * One statement for the first leftover of a table, its toast table's included; asked until there is
 * none.  An index that somebody else is rebuilding looks the same, but DROP INDEX CONCURRENTLY
 * waits for that and then finds nothing.
 */
static const char *drop_leftover(struct planner *planner, const struct name *table)
{
	const char *literal = quote_literal(planner->arena, name_sql(planner->arena, table));

	return arena_printf(planner->arena,
		"SELECT pg_catalog.format('DROP INDEX CONCURRENTLY IF EXISTS %%I.%%I', n.nspname, "
		"c.relname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid "
		"OPERATOR(pg_catalog.=) i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid "
		"OPERATOR(pg_catalog.=) c.relnamespace JOIN pg_catalog.pg_class t ON t.oid "
		"OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s) WHERE (i.indrelid "
		"OPERATOR(pg_catalog.=) t.oid OR i.indrelid OPERATOR(pg_catalog.=) "
		"t.reltoastrelid) AND NOT i.indisvalid AND c.relname OPERATOR(pg_catalog.~) "
		"'_cc(new|old)[0-9]*$' LIMIT 1",
		literal);
}

static struct step *add_reindex(struct planner *planner, const char *options, const char *object,
	const struct name *name, const struct name *table)
{
	struct arena *arena = planner->arena;
	struct step *step =
		plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose = arena_printf(
		arena, "build %s anew beside the old; reads and writes go on", name->name);
	step->sql = arena_printf(
		arena, "REINDEX (CONCURRENTLY%s) %s %s", options, object, name_sql(arena, name));
	step->repair = drop_leftover(planner, table);
	return step;
}

static const char *const outside =
	"a concurrent build waits for every transaction on the table, the one it would stand in "
	"as well";

/* ---- REINDEX ---- */

/* Of a partitioned table or index every leaf would have to be named. */
static bool rebuildable(const struct relation_facts *relation)
{
	return relation != NULL && !relation->system && relation->kind != 'p' &&
	       relation->kind != 'I';
}

/* An exclusion constraint's index is left out by CONCURRENTLY, with a warning
 * (ReindexRelationConcurrently). */
static bool has_exclusion(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_EXCLUSION)
			return true;
	return false;
}

/* Invalid ones are left out too, and may be what the statement is meant to repair. */
static bool all_valid(const struct relation_facts *relation)
{
	for (size_t i = 0; i < relation->n_indexes; i++)
		if (!relation->indexes[i].valid)
			return false;
	return true;
}

static const char *tablespace_option(struct arena *arena, const char *tablespace)
{
	return tablespace == NULL
		       ? ""
		       : arena_printf(arena, ", TABLESPACE %s", quote_ident(arena, tablespace));
}

bool recipe_reindex(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct action *action = context->action;
	bool index = action->n_targets > 0;
	const struct relation_facts *relation =
		index ? facts_relation(context->facts, &action->targets[0]) : planner.table;

	plan->tag = "REINDEX";
	if (action->concurrently || planner.table == NULL || !rebuildable(planner.table) ||
		!rebuildable(relation) || has_exclusion(planner.table) ||
		(!index && !all_valid(planner.table)))
		return false;
	add_reindex(&planner, tablespace_option(planner.arena, action->new_name),
		index ? "INDEX" : "TABLE", &relation->name, &planner.table->name);
	planner_not_deferrable(&planner, outside);
	return planner_close(
		&planner, arena_printf(planner.arena, "reindex %s", relation->name.name));
}

/* ---- ALTER INDEX ... SET TABLESPACE ---- */

static const char *in_tablespace(
	struct planner *planner, const struct name *index, const char *tablespace)
{
	return arena_printf(planner->arena,
		"SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_database d ON "
		"d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() JOIN "
		"pg_catalog.pg_tablespace s ON s.oid OPERATOR(pg_catalog.=) CASE WHEN "
		"c.reltablespace OPERATOR(pg_catalog.=) 0 THEN d.dattablespace ELSE "
		"c.reltablespace END WHERE c.oid OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regclass(%s) AND s.spcname OPERATOR(pg_catalog.=) %s)",
		quote_literal(planner->arena, name_sql(planner->arena, index)),
		quote_literal(planner->arena, tablespace));
}

/* REINDEX has the option since PostgreSQL 14. */
bool recipe_index_tablespace(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct relation_facts *index = planner.table;
	const char *tablespace = context->action->new_name;
	struct step *step;

	if (index == NULL || index->kind != 'i' || index->table.name == NULL ||
		tablespace == NULL || context->facts->server_version < 140000)
		return false;
	step = add_reindex(&planner, tablespace_option(planner.arena, tablespace), "INDEX",
		&index->name, &index->table);
	step->undo = arena_printf(planner.arena, "REINDEX (CONCURRENTLY, TABLESPACE %s) INDEX %s",
		quote_ident(planner.arena,
			index->tablespace != NULL ? index->tablespace : context->facts->tablespace),
		name_sql(planner.arena, &index->name));
	step->probe = in_tablespace(&planner, &index->name, tablespace);
	planner_not_deferrable(&planner, outside);
	return planner_close(&planner, arena_printf(planner.arena, "move index %s to tablespace %s",
					       index->name.name, tablespace));
}

/* ---- REFRESH MATERIALIZED VIEW ---- */

/* is_usable_unique_index (matview.c) */
static bool tells_rows_apart(const struct index_facts *index)
{
	return index->unique && index->valid && index->immediate && !index->partial &&
	       !index->has_expressions && index->n_columns > 0;
}

bool recipe_refresh(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct relation_facts *view = planner.table;
	struct step *step;
	size_t i = 0;

	plan->tag = "REFRESH MATERIALIZED VIEW";
	if (view == NULL || view->kind != 'm' || !view->populated || !context->action->with_data ||
		context->action->concurrently)
		return false;
	while (i < view->n_indexes && !tells_rows_apart(&view->indexes[i]))
		i++;
	if (i == view->n_indexes)
		return false;
	step = plan_add_step(plan, STEP_SCAN, LOCK_EXCLUSIVE);
	step->purpose = arena_printf(
		planner.arena, "write the differences to %s; reads go on", view->name.name);
	step->sql = arena_printf(
		planner.arena, "REFRESH MATERIALIZED VIEW CONCURRENTLY %s", planner.table_sql);
	planner_not_deferrable(
		&planner, "what follows in the transaction may read what it refreshes");
	return planner_close(&planner, arena_printf(planner.arena, "refresh %s", view->name.name));
}

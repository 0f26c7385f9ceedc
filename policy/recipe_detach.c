/* SPDX-License-Identifier: PostgreSQL */
/*
 * Partitions let go.  DETACH CONCURRENTLY takes two transactions: after the first the partition is
 * marked (inhdetachpending) and new queries see it no more; the second waits for the old ones.
 * Interrupted in between, FINALIZE ends it.  It leaves a CHECK of the old bounds on the table,
 * which the plain form does not: that goes too.
 */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

struct detachment {
	struct planner *planner;
	const struct relation_facts *parent, *partition;
	const char *parent_sql, *partition_sql;
};

/* A condition on the pair's row in pg_inherits; NULL: it is there. */
static const char *inherits(const struct detachment *detach, const char *state)
{
	struct arena *arena = detach->planner->arena;

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regclass(%s) AND inhparent OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regclass(%s)%s%s)",
		quote_literal(arena, detach->partition_sql),
		quote_literal(arena, detach->parent_sql), state != NULL ? " AND " : "",
		state != NULL ? state : "");
}

/*
 * DetachAddConstraintIfNeeded (tablecmds.c) has the name chosen as for an unnamed CHECK: after its
 * column where it speaks of one alone.  The bounds of what is above the parent speak of theirs.
 */
static const char *left_check(const struct detachment *detach)
{
	const struct relation_facts *parent = detach->parent;
	const char *column = parent->partition_columns[0];

	if (parent->n_partition_columns > 1 || parent->partition)
		column = NULL;
	return choose_name(detach->planner->arena, detach->partition, detach->partition->name.name,
		column, "check");
}

static void add_detach(const struct detachment *detach)
{
	struct planner *planner = detach->planner;
	struct arena *arena = planner->arena;
	struct step *step =
		plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);
	const char *check = quote_ident(arena, left_check(detach));
	const char *detach_sql = arena_printf(arena, "ALTER TABLE %s DETACH PARTITION %s",
		detach->parent_sql, detach->partition_sql);

	step->purpose = arena_printf(arena,
		"detach %s once no query reads it through %s; reads and writes go on",
		detach->partition->name.name, detach->parent->name.name);
	step->sql = arena_printf(arena, "%s CONCURRENTLY", detach_sql);
	/* The check that it left spares the scan. */
	step->undo = arena_printf(arena,
		"ALTER TABLE %s ATTACH PARTITION %s %s; ALTER TABLE %s DROP CONSTRAINT IF EXISTS "
		"%s",
		detach->parent_sql, detach->partition_sql, detach->partition->partition_bound,
		detach->partition_sql, check);
	step->probe = arena_printf(arena, "SELECT NOT %s", inherits(detach, NULL));
	step->repair = arena_printf(arena, "%s FINALIZE", detach_sql);
	step->repair_when = probe_select(planner, inherits(detach, "inhdetachpending"), NULL);
}

static void drop_left_check(const struct detachment *detach)
{
	struct planner *planner = detach->planner;
	struct arena *arena = planner->arena;
	const char *name = left_check(detach);

	planner_add_catalog(planner,
		arena_printf(arena, "drop %s, which CONCURRENTLY leaves behind", name),
		arena_printf(arena, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s",
			detach->partition_sql, quote_ident(arena, name)),
		"",
		arena_printf(arena, "SELECT NOT %s",
			probe_constraint(planner, &detach->partition->name, name, false)));
}

/* PostgreSQL refuses CONCURRENTLY before 14 and where a default partition would have to take the
 * rows. */
static bool detachable(const struct detachment *detach, const struct facts *facts)
{
	const struct relation_facts *parent = detach->parent;

	if (parent == NULL || detach->partition == NULL || parent->kind != 'p' ||
		!detach->partition->partition || detach->partition->partition_bound == NULL ||
		parent->has_default_partition || facts->server_version < 140000)
		return false;
	for (size_t i = 0; i < parent->n_partition_columns; i++)
		if (parent->partition_columns[i] == NULL)
			return false;
	return true;
}

static struct detachment open_detachment(struct planner *planner,
	const struct relation_facts *parent, const struct relation_facts *partition)
{
	struct detachment detach = {planner, parent, partition, NULL, NULL};

	if (parent != NULL && partition != NULL) {
		detach.parent_sql = name_sql(planner->arena, &parent->name);
		detach.partition_sql = name_sql(planner->arena, &partition->name);
	}
	return detach;
}

bool recipe_detach_partition(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	struct detachment detach = open_detachment(
		&planner, planner.table, facts_relation(context->facts, &context->action->other));

	if (context->action->concurrently || context->action->finalize ||
		!detachable(&detach, context->facts))
		return false;
	add_detach(&detach);
	drop_left_check(&detach);
	planner_not_deferrable(&planner,
		"DETACH CONCURRENTLY waits for every transaction on the table, the one it would "
		"stand in as well");
	return planner_close(&planner, arena_printf(planner.arena, "detach %s from %s",
					       detach.partition->name.name, plan->table.name));
}

/* ---- DROP TABLE of a partition ---- */

static void add_drop(const struct detachment *detach)
{
	struct planner *planner = detach->planner;
	struct arena *arena = planner->arena;

	planner_add_catalog(planner,
		arena_printf(arena, "drop %s; this cannot be undone", detach->partition->name.name),
		arena_printf(arena, "DROP TABLE IF EXISTS %s", detach->partition_sql), "",
		arena_printf(arena, "SELECT NOT (%s)",
			probe_relation(planner, &detach->partition->name)))
		->final = true;
}

bool recipe_drop_partition(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct relation_facts *partition = planner.table;
	const struct relation_facts *parent =
		partition != NULL ? facts_relation(context->facts, &partition->parent) : NULL;
	struct detachment detach = open_detachment(&planner, parent, partition);

	plan->tag = "DROP TABLE";
	if (context->action->cascade || context->action->n_targets != 1 ||
		!detachable(&detach, context->facts))
		return false;
	/* The table of the plan is the one that is there from beginning to end. */
	plan->table = parent->name;
	plan->relation_oid = parent->oid;
	add_detach(&detach);
	add_drop(&detach);
	planner_not_deferrable(&planner,
		"DETACH CONCURRENTLY waits for every transaction on the table, the one it would "
		"stand in as well");
	return planner_close(&planner, arena_printf(planner.arena, "drop partition %s of %s",
					       partition->name.name, parent->name.name));
}

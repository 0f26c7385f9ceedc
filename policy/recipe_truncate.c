/* SPDX-License-Identifier: PostgreSQL */
/*
 * TRUNCATE as a DELETE of every row, in batches by key: nobody waits, older snapshots keep what
 * they see, and what is gone is gone batch by batch.  Only where a DELETE does no more and no less:
 * it fires other triggers, follows foreign keys and leaves sequences alone.
 */
#include "arena.h"
#include "planner.h"
#include "recipe_bulk.h"

/* DELETE FROM t, which is what the batches are cut from. */
static const struct action *as_delete(struct arena *arena, const struct action *truncate)
{
	struct action *action = arena_alloc(arena, sizeof(*action));
	struct bulk_def *bulk = arena_alloc(arena, sizeof(*bulk));

	*bulk = (struct bulk_def){.alias = truncate->table.name};
	*action = *truncate;
	action->kind = ACTION_DELETE_WITHOUT_WHERE;
	action->bulk = bulk;
	return action;
}

static const char *statement_obstacle(const struct action *action)
{
	if (action->n_targets > 1)
		return "it names several tables; send one statement for each";
	if (action->restarts_identity)
		return "RESTART IDENTITY would give rows that come in meanwhile the numbers of "
		       "rows "
		       "still there";
	return NULL;
}

static const char *table_obstacle(const struct relation_facts *table)
{
	if (table->n_referencing > 0)
		return "foreign keys refer to the table: a DELETE would be refused for them, or go "
		       "on to other tables";
	if (table->emptying_triggers)
		return "a trigger, or a foreign key to a partition, is for DELETE or for TRUNCATE, "
		       "not for both";
	return NULL;
}

static const char *obstacle(const struct planner *planner)
{
	const char *why = statement_obstacle(planner->action);

	if (why == NULL)
		why = bulk_table_obstacle(planner);
	if (why == NULL)
		why = table_obstacle(planner->table);
	return why;
}

bool recipe_truncate(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);

	planner.action = as_delete(planner.arena, context->action);
	plan->impossible_because = obstacle(&planner);
	if (plan->impossible_because != NULL)
		return false;
	planner_not_deferrable(&planner, bulk_not_deferrable);
	plan->caution = arena_printf(planner.arena,
		"%s is emptied in batches up to the highest key there is at the start: rows that "
		"come in later beyond it, or behind the batches, stay, and the files keep their "
		"size until VACUUM",
		plan->table.name);
	bulk_add(&planner);
	return planner_close(
		&planner, arena_printf(planner.arena, "empty %s in batches", plan->table.name));
}

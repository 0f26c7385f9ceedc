/* SPDX-License-Identifier: PostgreSQL */
#include "compose.h"

#include <string.h>

#include "arena.h"
#include "message.h"
#include "text.h"

static int pass_of(enum action_kind kind)
{
	switch (kind) {
	case ACTION_DROP_COLUMN:
	case ACTION_DROP_CONSTRAINT:
	case ACTION_DROP_NOT_NULL:
	case ACTION_DROP_EXPRESSION:
	case ACTION_DROP_IDENTITY:
	case ACTION_DROP_DEFAULT:
		return 0;
	case ACTION_ALTER_COLUMN_TYPE:
		return 1;
	case ACTION_ADD_COLUMN:
		return 2;
	case ACTION_SET_NOT_NULL:
		return 3;
	case ACTION_ADD_UNIQUE:
	case ACTION_ADD_PRIMARY_KEY:
	case ACTION_ADD_EXCLUSION:
		return 4;
	case ACTION_ADD_CHECK:
	case ACTION_ADD_FOREIGN_KEY:
	case ACTION_SET_DEFAULT:
	case ACTION_ADD_IDENTITY:
		return 5;
	default:
		return 6;
	}
}

/* Insertion sort: stable, and nobody writes thousands of commands in one ALTER TABLE. */
void order_by_pass(const struct action **actions, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct action *action = actions[i];
		size_t at = i;

		for (; at > 0 && pass_of(actions[at - 1]->kind) > pass_of(action->kind); at--)
			actions[at] = actions[at - 1];
		actions[at] = action;
	}
}

/* How a command that needs no phases is taken back when a later step fails; NULL: not known. */
static const char *undo_as_written(struct arena *arena, const struct judged *judged)
{
	const struct action *action = judged->context.action;
	const struct relation_facts *table = judged->context.table;
	const struct column_facts *column = table != NULL && action->column != NULL
						    ? facts_column(table, action->column)
						    : NULL;
	const char *name = table != NULL ? name_sql(arena, &table->name) : NULL;

	if (name == NULL)
		return NULL;
	if (action->kind == ACTION_ADD_COLUMN && action->column_def != NULL)
		return arena_printf(arena, "ALTER TABLE %s DROP COLUMN IF EXISTS %s", name,
			quote_ident(arena, action->column_def->name));
	if ((action->kind == ACTION_ADD_CHECK || action->kind == ACTION_ADD_FOREIGN_KEY) &&
		action->constraint->name != NULL)
		return arena_printf(arena, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", name,
			quote_ident(arena, action->constraint->name));
	if (column == NULL ||
		(action->kind != ACTION_SET_DEFAULT && action->kind != ACTION_DROP_DEFAULT))
		return NULL;
	if (column->default_sql == NULL)
		return arena_printf(arena, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", name,
			quote_ident(arena, action->column));
	return arena_printf(arena, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s", name,
		quote_ident(arena, action->column), column->default_sql);
}

/* False: it could not be undone, so the whole is not carried out by us. */
static bool add_as_written(struct arena *arena, struct plan *plan, const struct judged *judged)
{
	const char *undo = undo_as_written(arena, judged);
	bool joins = plan->n_steps > 0 && plan->steps[plan->n_steps - 1].kind == STEP_CATALOG;
	struct step *step = plan_add_step(plan, STEP_CATALOG, effects_lock(&judged->effects));

	step->sql = judged->context.action->sql;
	step->purpose = action_name(judged->context.action->kind);
	step->with_previous = joins;
	step->in_client_transaction = true;
	step->undo = undo;
	return undo != NULL;
}

static void note_all(struct arena *arena, struct plan_names *names, const struct plan_names *more)
{
	for (size_t i = 0; i < more->n; i++)
		plan_note(arena, names, more->names[i]);
}

static void add_plan(struct arena *arena, struct plan *plan, const struct plan *part)
{
	note_all(arena, &plan->columns, &part->columns);
	note_all(arena, &plan->constraints, &part->constraints);
	for (size_t i = 0; i < part->n_steps; i++)
		*plan_add_step(plan, part->steps[i].kind, part->steps[i].lock) = part->steps[i];
	plan->overflow |= part->overflow;
	if (part->caution != NULL)
		plan->caution = plan->caution == NULL ? part->caution
						      : arena_printf(arena, "%s; %s", plan->caution,
								part->caution);
	if (plan->deferrable && !part->deferrable) {
		plan->deferrable = false;
		plan->not_deferrable_because = part->not_deferrable_because;
	}
}

/* What follows a point of no return may fail, and could not be undone with the rest. */
static bool has_final_step(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].final)
			return true;
	return false;
}

const struct plan *compose_plan(
	struct arena *arena, const struct judged *judged, size_t n, const char *tag)
{
	const struct plan *first = NULL;
	struct plan *plan;

	for (size_t i = 0; i < n && first == NULL; i++)
		first = judged[i].plan;
	if (first == NULL || n == 1)
		return first;
	if (tag == NULL || strcmp(tag, "ALTER TABLE") != 0)
		return NULL;
	plan = arena_alloc(arena, sizeof(*plan));
	*plan = (struct plan){
		.table = first->table,
		.relation_oid = first->relation_oid,
		.rule = first->rule,
		.tag = tag,
		.summary = arena_printf(
			arena, "%s, and %zu more changes of the table", first->summary, n - 1),
		.deferrable = true,
	};
	for (size_t i = 0; i < n; i++) {
		if (judged[i].plan != NULL && has_final_step(judged[i].plan))
			return NULL;
		if (judged[i].plan != NULL)
			add_plan(arena, plan, judged[i].plan);
		else if (!judged[i].effects.noop &&
			 judged[i].context.action->kind != ACTION_HARMLESS &&
			 !add_as_written(arena, plan, &judged[i]))
			return NULL;
	}
	return plan->overflow ? NULL : plan;
}

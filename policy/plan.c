/* SPDX-License-Identifier: PostgreSQL */
#include "plan.h"

#include <string.h>

#include "arena.h"

static const char *const kind_names[] = {
	[STEP_CATALOG] = "catalog",
	[STEP_SCAN] = "scan",
	[STEP_CONCURRENTLY] = "concurrently",
	[STEP_BACKFILL] = "backfill",
	[STEP_BULK] = "bulk",
	[STEP_SOAK] = "soak",
};

const char *step_kind_name(enum step_kind kind)
{
	return kind_names[kind];
}

struct step *plan_add_step(struct plan *plan, enum step_kind kind, enum lock_mode lock)
{
	struct step *step;

	if (plan->n_steps == PLAN_STEPS_MAX) {
		plan->overflow = true;
		plan->n_steps--;
	}
	step = &plan->steps[plan->n_steps++];
	*step = (struct step){.kind = kind, .lock = lock, .sql = "", .undo = ""};
	return step;
}

void plan_note(struct arena *arena, struct plan_names *names, const char *name)
{
	const char **more;

	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->names[i], name) == 0)
			return;
	more = arena_alloc(arena, (names->n + 1) * sizeof(*more));
	if (names->n > 0)
		memcpy(more, names->names, names->n * sizeof(*more));
	more[names->n] = name;
	*names = (struct plan_names){more, names->n + 1};
}

/* Opens the transaction that the steps marked with_previous share, and closes it behind the last.
 */
static const char *begin(const struct plan *plan, size_t i)
{
	bool next_joins = i + 1 < plan->n_steps && plan->steps[i + 1].with_previous;

	return next_joins && !plan->steps[i].with_previous ? "BEGIN;\n" : "";
}

static const char *commit(const struct plan *plan, size_t i)
{
	bool next_joins = i + 1 < plan->n_steps && plan->steps[i + 1].with_previous;

	return plan->steps[i].with_previous && !next_joins ? "COMMIT;\n" : "";
}

const char *step_remark(const struct step *step)
{
	if (step->sql[0] == '\0')
		return "";
	switch (step->kind) {
	case STEP_CONCURRENTLY:
		return "; outside a transaction";
	case STEP_SCAN:
		return "; in a transaction of its own";
	case STEP_BACKFILL:
		return "; repeat until it updates 0 rows";
	case STEP_BULK:
		return step->bulk->set_sql == NULL
			       ? "; repeat until it deletes 0 rows"
			       : "; each range of the key once, in a transaction of its own";
	case STEP_CATALOG:
	case STEP_SOAK:
		break;
	}
	return "";
}

/* A soak is for people to wait for; what is only undone is not shown on the way forward. */
static const char *step_text(struct arena *arena, const struct plan *plan, size_t i)
{
	const struct step *step = &plan->steps[i];
	const char *purpose = comment_text(arena, step->purpose);

	if (step->kind == STEP_SOAK)
		return arena_printf(arena, "-- %zu. %s\n", i + 1, purpose);
	if (step->sql[0] == '\0')
		return begin(plan, i);
	return arena_printf(arena, "-- %zu. %s (%s%s)\n%s%s;\n%s", i + 1, purpose,
		lock_mode_name(step->lock), step_remark(step), begin(plan, i), step->sql,
		commit(plan, i));
}

const char *plan_text(struct arena *arena, const struct plan *plan)
{
	const char *text = "";

	if (plan->caution != NULL)
		text = arena_printf(arena, "-- Note: %s\n", comment_text(arena, plan->caution));
	for (size_t i = 0; i < plan->n_steps; i++)
		text = arena_printf(arena, "%s%s", text, step_text(arena, plan, i));
	return text;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "plan_json.h"

#include "plan.h"

static const char *text_or_none(const char *text)
{
	return text == NULL ? "" : text;
}

json_t *plan_step_json(const struct step *step)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:b}", "kind",
		step_kind_name(step->kind), "sql", step->sql, "lock", lock_mode_name(step->lock),
		"transactional", step->kind != STEP_CONCURRENTLY, "undo", text_or_none(step->undo),
		"purpose", text_or_none(step->purpose), "probe", text_or_none(step->probe),
		"with_previous", step->with_previous);
}

json_t *plan_json(const struct plan *plan, bool by_hand)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < plan->n_steps; i++)
		json_array_append_new(steps, plan_step_json(&plan->steps[i]));
	return json_pack("{s:s, s:b, s:o}", "summary", text_or_none(plan->summary), "by_hand",
		by_hand, "steps", steps);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Triggers, policies and rules that a text makes, renames and drops: by name, on their table. */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "track.h"

/* A hostile text makes thousands: beyond the bound the table's lists are not whole any more. */
enum { ATTACHED_MAX = 256 };

static const char *const *changed(struct facts_track *track, const char *const *names, size_t *n,
	const char *gone, const char *come)
{
	const char **left = track_copy(track->arena, NULL, 0, *n + 1, sizeof(*left));
	size_t n_left = 0;

	for (size_t i = 0; i < *n; i++)
		if (gone == NULL || strcmp(names[i], gone) != 0)
			left[n_left++] = names[i];
	if (come != NULL && !names_contain(left, n_left, come))
		left[n_left++] = come;
	*n = n_left;
	return left;
}

static bool makes(const struct action *action)
{
	return action->kind == ACTION_CREATE_TRIGGER || action->kind == ACTION_CREATE_RULE ||
	       action->kind == ACTION_CREATE_POLICY;
}

static void change_names(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const char *gone = makes(action) ? NULL : action->name;
	const char *come = makes(action) ? action->name : action->new_name;
	bool of_rows = action->for_each_row ||
		       (gone != NULL && names_contain(relation->user_row_triggers,
						relation->n_user_row_triggers, gone));

	if (relation->n_attached >= ATTACHED_MAX) {
		relation->oid = 0;
		return;
	}
	relation->attached = changed(track, relation->attached, &relation->n_attached, gone, come);
	relation->has_policies |= action->kind == ACTION_CREATE_POLICY;
	relation->row_triggers |= action->for_each_row;
	if (of_rows)
		relation->user_row_triggers = changed(track, relation->user_row_triggers,
			&relation->n_user_row_triggers, gone, come);
}

void track_attached(struct facts_track *track, const struct action *action)
{
	if (action->kind == ACTION_ALTER_POLICY && action->new_name == NULL)
		return;
	if (makes(action))
		track_own_entry(track, action);
	if (action->name != NULL && action->table.name != NULL)
		track_each_entry(track, action, change_names);
}

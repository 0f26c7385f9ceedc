/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a DROP took along stands in the way of no later command: views, generated columns and
 * foreign keys of other tables that needed its CASCADE.
 */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "text.h"
#include "track.h"

const char *track_generated_label(struct arena *arena, const char *column)
{
	return arena_printf(
		arena, "generated column %s", name_text(arena, &(struct name){.name = column}));
}

static bool goes(const struct going *going, const char *label)
{
	return (going->label != NULL && strcmp(going->label, label) == 0) ||
	       names_contain(going->dependents, going->n_dependents, label);
}

static bool loses(const struct going *going, const struct loser_facts *loser)
{
	for (size_t i = 0; going->drops != NULL && i < going->drops->n_losers; i++)
		if (going->drops->losers[i].cascade &&
			name_equal(&going->drops->losers[i].name, &loser->name))
			return true;
	return false;
}

/* Returns whether any went. */
static bool release_dependents(
	struct arena *arena, struct column_facts *column, const struct going *going)
{
	const char **left = track_copy(arena, NULL, 0, column->n_dependents, sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < column->n_dependents; i++)
		if (!goes(going, column->dependents[i]))
			left[n++] = column->dependents[i];
	column->dependents = left;
	if (n == column->n_dependents)
		return false;
	column->n_dependents = n;
	return true;
}

static bool release_losers(struct arena *arena, struct drop_facts *drops, const struct going *going)
{
	struct loser_facts *left = track_copy(arena, NULL, 0, drops->n_losers, sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < drops->n_losers; i++)
		if (!drops->losers[i].cascade || !loses(going, &drops->losers[i]))
			left[n++] = drops->losers[i];
	drops->losers = left;
	if (n == drops->n_losers)
		return false;
	drops->n_losers = n;
	return true;
}

/* A generated column is no relation that is lost something, so dependents are asked as well. */
static bool needs_cascade(const struct column_facts *column)
{
	for (size_t i = 0; i < column->drops.n_losers; i++)
		if (column->drops.losers[i].cascade)
			return true;
	return column->n_dependents > 0;
}

void track_let_go(
	struct facts_track *track, struct relation_facts *relation, const struct going *going)
{
	struct column_facts *columns = track_copy(
		track->arena, relation->columns, relation->n_columns, 1, sizeof(*columns));

	for (size_t i = 0; i < relation->n_columns; i++) {
		bool fewer = release_dependents(track->arena, &columns[i], going);

		fewer |= release_losers(track->arena, &columns[i].drops, going);
		if (fewer)
			columns[i].drops.cascade_needed &= needs_cascade(&columns[i]);
	}
	relation->columns = columns;
}

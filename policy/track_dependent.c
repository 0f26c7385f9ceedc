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

/* Of pg_class, what stands in pg_depend.classid. */
enum { PG_REWRITE = 2618, PG_TRIGGER = 2620, PG_POLICY = 3256 };

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

static bool went(const struct going *going, const struct along_facts *object)
{
	for (size_t i = 0; going->drops != NULL && i < going->drops->n_along; i++) {
		const struct along_facts *gone = &going->drops->along[i];

		if (gone->oid == object->oid && gone->class_oid == object->class_oid &&
			gone->part == object->part)
			return (going->cascade || !gone->cascade) &&
			       (going->catalog == 0 || going->catalog == gone->class_oid);
	}
	return false;
}

static void release_dependents(
	struct arena *arena, struct column_facts *column, const struct going *going)
{
	const char **left = track_copy(arena, NULL, 0, column->n_dependents, sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < column->n_dependents; i++)
		if (!goes(going, column->dependents[i]))
			left[n++] = column->dependents[i];
	column->dependents = left;
	column->n_dependents = n;
}

static void release_along(struct arena *arena, struct drop_facts *drops, const struct going *going)
{
	struct along_facts *left = track_copy(arena, NULL, 0, drops->n_along, sizeof(*left));
	bool needed = false;
	size_t n = 0;

	for (size_t i = 0; i < drops->n_along; i++) {
		if (went(going, &drops->along[i]))
			continue;
		needed |= drops->along[i].cascade;
		left[n++] = drops->along[i];
	}
	if (n < drops->n_along)
		drops->cascade_needed = needed;
	drops->along = left;
	drops->n_along = n;
}

struct along_facts track_along(const struct attached_facts *attached)
{
	return (struct along_facts){
		.class_oid = attached->kind == ATTACHED_TRIGGER  ? PG_TRIGGER
			     : attached->kind == ATTACHED_POLICY ? PG_POLICY
								 : PG_REWRITE,
		.oid = attached->oid,
		.part = attached->part,
		.cascade = true,
	};
}

static void release_attached(
	struct arena *arena, struct relation_facts *relation, const struct going *going)
{
	struct attached_facts *left =
		track_copy(arena, NULL, 0, relation->n_attached, sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < relation->n_attached; i++) {
		const struct along_facts object = track_along(&relation->attached[i]);

		if (!went(going, &object))
			left[n++] = relation->attached[i];
	}
	relation->attached = left;
	relation->n_attached = n;
}

/* Foreign keys that rest on them, views that group by them. */
static void release_constraints(
	struct arena *arena, struct relation_facts *relation, const struct going *going)
{
	struct constraint_facts *constraints = track_copy(
		arena, relation->constraints, relation->n_constraints, 0, sizeof(*constraints));

	for (size_t i = 0; i < relation->n_constraints; i++)
		release_along(arena, &constraints[i].drops, going);
	relation->constraints = constraints;
}

void track_let_go(
	struct facts_track *track, struct relation_facts *relation, const struct going *going)
{
	struct column_facts *columns = track_copy(
		track->arena, relation->columns, relation->n_columns, 1, sizeof(*columns));

	for (size_t i = 0; i < relation->n_columns; i++) {
		release_dependents(track->arena, &columns[i], going);
		release_along(track->arena, &columns[i].drops, going);
	}
	relation->columns = columns;
	release_constraints(track->arena, relation, going);
	release_along(track->arena, &relation->drops, going);
	release_attached(track->arena, relation, going);
}

static bool takes_from(const struct drop_facts *drops, const struct going *going)
{
	for (size_t i = 0; i < drops->n_along; i++)
		if (went(going, &drops->along[i]))
			return true;
	return false;
}

static bool concerns(const struct relation_facts *relation, const struct going *going)
{
	if (takes_from(&relation->drops, going))
		return true;
	for (size_t i = 0; i < relation->n_constraints; i++)
		if (takes_from(&relation->constraints[i].drops, going))
			return true;
	for (size_t i = 0; i < relation->n_attached; i++) {
		const struct along_facts object = track_along(&relation->attached[i]);

		if (went(going, &object))
			return true;
	}
	for (size_t i = 0; i < relation->n_columns; i++) {
		const struct column_facts *column = &relation->columns[i];

		for (size_t k = 0; k < column->n_dependents; k++)
			if (goes(going, column->dependents[k]))
				return true;
		if (takes_from(&column->drops, going))
			return true;
	}
	return false;
}

void track_let_go_all(struct facts_track *track, const struct going *going)
{
	for (size_t i = 0; i < track->facts.n_relations; i++)
		if (concerns(&track->relations[i], going))
			track_let_go(track, &track->relations[i], going);
}

void track_drop_object(struct facts_track *track, const struct action *action)
{
	for (size_t i = 0; i < action->n_targets; i++) {
		const struct drop_facts *drops =
			model_object_drops(&track->facts, &action->targets[i]);

		if (drops != NULL)
			track_let_go_all(
				track, &(struct going){.drops = drops, .cascade = action->cascade});
	}
}

static void drop_resting(
	struct facts_track *track, struct relation_facts *relation, const struct name *index)
{
	struct constraint_facts *left =
		track_copy(track->arena, NULL, 0, relation->n_constraints, sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < relation->n_constraints; i++)
		if (relation->constraints[i].kind != CONSTRAINT_FOREIGN_KEY ||
			!name_equal(&relation->constraints[i].index, index))
			left[n++] = relation->constraints[i];
	relation->constraints = left;
	relation->n_constraints = n;
}

void track_drop_references(struct facts_track *track, const struct constraint_facts *key)
{
	if (key->kind == CONSTRAINT_FOREIGN_KEY || key->index.name == NULL)
		return;
	for (size_t i = 0; i < track->facts.n_relations; i++)
		drop_resting(track, &track->relations[i], &key->index);
}

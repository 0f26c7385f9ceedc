/* SPDX-License-Identifier: PostgreSQL */
/* Triggers, policies and rules that a text makes, renames and drops: by name, on their table. */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "text.h"
#include "track.h"

/* A hostile text makes thousands: beyond the bound the table's list is not whole any more. */
enum { ATTACHED_MAX = 256 };

static bool makes(const struct action *action)
{
	return action->kind == ACTION_CREATE_TRIGGER || action->kind == ACTION_CREATE_RULE ||
	       action->kind == ACTION_CREATE_POLICY;
}

static struct attached_facts *own_attached(
	struct facts_track *track, struct relation_facts *relation)
{
	struct attached_facts *attached = track_copy(
		track->arena, relation->attached, relation->n_attached, 1, sizeof(*attached));

	relation->attached = attached;
	return attached;
}

/* Among dependents, as the catalog query words it. */
static const char *label_of(struct arena *arena, const struct relation_facts *relation,
	const struct attached_facts *attached)
{
	const char *word = attached->kind == ATTACHED_TRIGGER  ? "trigger"
			   : attached->kind == ATTACHED_POLICY ? "policy"
							       : "rule";

	return arena_printf(arena, "%s %s on %s", word,
		name_text(arena, &(struct name){.name = attached->name}),
		name_text(arena, &relation->name));
}

/* The column neither goes without CASCADE nor changes its type any more. */
static void lean(struct arena *arena, struct column_facts *column, const char *label,
	const struct along_facts *object)
{
	const char **dependents =
		track_copy(arena, column->dependents, column->n_dependents, 1, sizeof(*dependents));
	struct along_facts *along =
		track_copy(arena, column->drops.along, column->drops.n_along, 1, sizeof(*along));

	dependents[column->n_dependents++] = label;
	along[column->drops.n_along++] = *object;
	column->dependents = dependents;
	column->drops.along = along;
	column->drops.cascade_needed = true;
}

static void lean_on_columns(struct facts_track *track, struct relation_facts *relation,
	const struct action *action, const struct attached_facts *made)
{
	const struct along_facts object = track_along(made);
	struct column_facts *columns = track_copy(
		track->arena, relation->columns, relation->n_columns, 1, sizeof(*columns));

	for (size_t i = 0; i < relation->n_columns; i++)
		if (names_contain(action->uses, action->n_uses, columns[i].name))
			lean(track->arena, &columns[i], label_of(track->arena, relation, made),
				&object);
	relation->columns = columns;
}

static void take(struct facts_track *track, struct relation_facts *relation,
	const struct attached_facts *gone)
{
	const struct along_facts object = track_along(gone);
	const struct drop_facts drops = {.along = &object, .n_along = 1};

	track_let_go_all(track, &(struct going){.label = label_of(track->arena, relation, gone),
					.drops = &drops,
					.cascade = true});
}

static void make(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct attached_facts made = {
		.kind = attached_kind(action),
		.name = action->name,
		.part = ++track->n_made,
		.of_rows = action->for_each_row,
		.is_constraint = action->is_constraint,
	};

	if (relation->n_attached >= ATTACHED_MAX) {
		relation->oid = 0;
		return;
	}
	if (facts_attached(relation, made.kind, made.name) != NULL) /* OR REPLACE */
		take(track, relation, facts_attached(relation, made.kind, made.name));
	own_attached(track, relation)[relation->n_attached++] = made;
	if (action->n_uses > 0)
		lean_on_columns(track, relation, action, &made);
	relation->has_policies |= made.kind == ATTACHED_POLICY;
	relation->has_permissive_policies |= made.kind == ATTACHED_POLICY && !action->restrictive;
	relation->row_triggers |= made.of_rows;
}

static void relabel(struct facts_track *track, struct relation_facts *relation, const char *from,
	const char *to)
{
	struct column_facts *columns = track_copy(
		track->arena, relation->columns, relation->n_columns, 1, sizeof(*columns));

	for (size_t i = 0; i < relation->n_columns; i++) {
		const char **dependents = track_copy(track->arena, columns[i].dependents,
			columns[i].n_dependents, 1, sizeof(*dependents));

		for (size_t k = 0; k < columns[i].n_dependents; k++)
			if (strcmp(dependents[k], from) == 0)
				dependents[k] = to;
		columns[i].dependents = dependents;
	}
	relation->columns = columns;
}

static void rename_attached(struct facts_track *track, struct relation_facts *relation,
	const struct attached_facts *known, const char *new_name)
{
	const char *old_label = label_of(track->arena, relation, known);
	size_t at = (size_t)(known - relation->attached);
	struct attached_facts *renamed = &own_attached(track, relation)[at];

	renamed->name = new_name;
	relabel(track, relation, old_label, label_of(track->arena, relation, renamed));
}

static void change(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const struct attached_facts *known = model_attached(action, relation);

	/* Of the others nobody knows which let rows through. */
	if (action->kind == ACTION_DROP_POLICY)
		relation->has_permissive_policies = false;
	if (makes(action))
		make(track, relation, action);
	else if (known != NULL && action->new_name != NULL)
		rename_attached(track, relation, known, action->new_name);
	else if (known != NULL)
		take(track, relation, known);
}

/* Row triggers of partitioned tables are their partitions', too; nothing else is. */
static bool goes_below(const struct relation_facts *table, const struct action *action)
{
	const struct attached_facts *known = model_attached(action, table);

	return table->kind == 'p' && (action->for_each_row || (known != NULL && known->of_rows));
}

void track_attached(struct facts_track *track, const struct action *action)
{
	struct action here = *action;
	const struct relation_facts *table;

	if (action->name == NULL || action->table.name == NULL ||
		attached_kind(action) == ATTACHED_NOTHING ||
		(action->kind == ACTION_ALTER_POLICY && action->new_name == NULL))
		return;
	table = makes(action) ? track_own_entry(track, action) : track_entry(track, &action->table);
	here.only = table == NULL || !goes_below(table, action);
	track_each_entry(track, &here, change);
}

/* Which is on what table is not followed: what is looked up may be called something else by now. */
void track_statistics(struct facts_track *track, const struct action *action)
{
	if (action->kind == ACTION_CREATE_STATISTICS || action->new_name != NULL)
		track->facts.moved_statistics = true;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Relations that a text makes, drops, renames and fills. */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "relation_index.h"
#include "text.h"
#include "track.h"

/* Far more than a migration has; what is beyond is judged by itself alone. */
enum { VACATED_MAX = 64 };

/* ---- entries ---- */

struct relation_facts *track_entry(struct facts_track *track, const struct name *name)
{
	const struct relation_facts *asked = facts_asked(&track->facts, name);

	return (struct relation_facts *)(asked != NULL ? asked
						       : facts_relation(&track->facts, name));
}

static struct relation_facts *new_entry(struct facts_track *track)
{
	size_t n = track->facts.n_relations++;

	if (n == track->n_relations_max) {
		track->n_relations_max = 2 * (n + 8);
		track->relations = track_copy(track->arena, track->relations, n,
			track->n_relations_max - n, sizeof(*track->relations));
		track->facts.relations = track->relations;
	}
	return &track->relations[n];
}

struct relation_facts *track_make_entry(struct facts_track *track, const struct name *name)
{
	struct name qualified = *name;
	struct relation_facts *relation = (struct relation_facts *)facts_asked(&track->facts, name);

	if (relation == NULL)
		relation = new_entry(track);
	else
		track_move(track);
	if (qualified.schema == NULL)
		qualified.schema = track->facts.current_schema;
	*relation = (struct relation_facts){
		.asked = *name,
		.exists = true,
		.name = qualified,
		.kind = 'r',
		.persistence = 'p',
		.pages = -1,
		.rows = -1,
	};
	return relation;
}

struct relation_facts *track_own_entry(struct facts_track *track, const struct action *action)
{
	struct relation_facts *relation = track_entry(track, &action->table);

	return relation != NULL ? relation : track_make_entry(track, &action->table);
}

static bool same(const struct relation_facts *a, const struct relation_facts *b)
{
	if (a == b || (a->oid != 0 && a->oid == b->oid))
		return true;
	return a->oid == 0 && b->oid == 0 && a->exists && b->exists && a->name.schema != NULL &&
	       name_equal(&a->name, &b->name);
}

/* Nothing below it, and no name but its own to find it by. */
static bool stands_alone(const struct relation_facts *relation)
{
	return relation->oid == 0 && relation->n_partitions == 0 && relation->n_partition_tree == 0;
}

/* What is done to a table is done to its children. */
void track_each_entry(
	struct facts_track *track, const struct action *action, track_entry_fn *change)
{
	const struct relation_facts *found = track_entry(track, &action->table);
	struct relation_cursor cursor = {0};

	if (found == NULL || !found->exists)
		return;
	if (stands_alone(found) && relation_index_holds(track->facts.index, &track->facts)) {
		while (relation_index_next(track->index, found->name.name, &cursor))
			if (same(&track->relations[cursor.entry], found))
				change(track, &track->relations[cursor.entry], action);
		return;
	}
	for (size_t i = 0; i < track->facts.n_relations; i++)
		if (same(&track->relations[i], found) ||
			(!action->only && relation_below(found, &track->relations[i].name)))
			change(track, &track->relations[i], action);
}

static void remove_entry(struct facts_track *track, size_t i)
{
	track->relations[i] = track->relations[--track->facts.n_relations];
	track_move(track);
}

void track_forget(struct facts_track *track, const struct name *name)
{
	const struct relation_facts *found = track_entry(track, name);
	struct relation_facts gone;

	if (found == NULL)
		return;
	gone = *found;
	for (size_t i = track->facts.n_relations; i-- > 0;)
		if (name_equal(&track->relations[i].asked, name) ||
			same(&track->relations[i], &gone))
			remove_entry(track, i);
}

/*
 * Temporary tables go with COMMIT (ON COMMIT DROP), DISCARD TEMP and a CASCADE that reaches them;
 * behind their names stands then what nobody has looked up.
 */
void track_forget_temporary(struct facts_track *track)
{
	size_t before = track->facts.n_relations;

	for (size_t i = before; i-- > 0;)
		if (track->relations[i].persistence == 't')
			remove_entry(track, i);
	if (track->facts.n_relations < before)
		track->facts.known = false;
}

/* A name may also be spelled with its schema, without it, or with pg_temp: what stands behind those
 * spellings may have changed too. */
static void forget_spellings(struct facts_track *track, const char *name)
{
	for (size_t i = track->facts.n_relations; i-- > 0;)
		if (strcmp(track->relations[i].asked.name, name) == 0)
			remove_entry(track, i);
}

/* ---- making ---- */

/*
 * IF NOT EXISTS makes nothing where the table is, and nobody can tell where no catalog was asked; a
 * file, then, is read as what it is written for, the first time it runs.
 */
static bool makes_nothing(const struct facts_track *track, const struct action *action,
	const struct relation_facts *there)
{
	bool exists = there != NULL && there->exists;

	if (action->if_not_exists)
		return exists || (!track->separate && (there == NULL || !track->facts.known));
	/* The server refuses, or another schema comes first and the new one hides the old. */
	return exists && !action->temporary && action->table.schema != NULL;
}

static char kind_made(const struct action *action)
{
	switch (action->kind) {
	case ACTION_CREATE_MATVIEW:
		return 'm';
	case ACTION_CREATE_VIEW:
	case ACTION_REPLACE_VIEW:
		return 'v';
	case ACTION_CREATE_SEQUENCE:
		return 'S';
	case ACTION_FOREIGN_DATA:
		return 'f';
	default:
		return action->partitioned ? 'p' : 'r';
	}
}

void track_create_table(struct facts_track *track, const struct action *action)
{
	struct relation_facts *relation = track_entry(track, &action->table);

	if (makes_nothing(track, action, relation))
		return;
	relation = track_make_entry(track, &action->table);
	relation->created_in_transaction = true;
	if (action->temporary) {
		relation->persistence = 't';
		relation->name.schema = "pg_temp";
	}
	if (action->unlogged)
		relation->persistence = 'u';
	relation->empty = relation->bare = action->kind == ACTION_CREATE_TABLE;
	relation->kind = kind_made(action);
	relation->populated = action->kind == ACTION_CREATE_MATVIEW && action->with_data;
}

/* CREATE FOREIGN TABLE: the table, and NAME is its server. */
void track_foreign(struct facts_track *track, const struct action *action)
{
	if (action->table.name != NULL && action->name != NULL)
		track_create_table(track, action);
}

/* What nobody else could see, or was not there, leaves no gap. */
static void vacate(struct facts_track *track, const struct name *name)
{
	const struct relation_facts *found = track_entry(track, name);
	struct name *all = (struct name *)track->facts.vacated;

	if (found != NULL &&
		(!found->exists || found->created_in_transaction || found->persistence == 't'))
		return;
	if (track->facts.n_vacated == VACATED_MAX)
		return;
	if (all == NULL)
		track->facts.vacated = all = arena_alloc(track->arena, VACATED_MAX * sizeof(*all));
	all[track->facts.n_vacated++] = *name;
}

/* A view stands in the way of its tables no more. */
static void let_go_of(
	struct facts_track *track, const struct action *action, const struct name *name)
{
	const struct relation_facts *gone = track_entry(track, name);
	struct going going = {.cascade = action->cascade};

	if (gone == NULL || !gone->exists)
		return;
	going.drops = &gone->drops;
	if (gone->kind == 'v' || gone->kind == 'm')
		going.label = arena_printf(track->arena, "%s %s",
			gone->kind == 'v' ? "view" : "materialized view",
			name_text(track->arena, &gone->name));
	if (action->cascade) {
		going.dependents = gone->dependents;
		going.n_dependents = gone->n_dependents;
	}
	track_let_go_all(track, &going);
}

void track_drop(struct facts_track *track, const struct action *action)
{
	for (size_t i = 0; i < action->n_targets; i++) {
		let_go_of(track, action, &action->targets[i]);
		track_forget(track, &action->targets[i]);
		if (!track->separate)
			forget_spellings(track, action->targets[i].name);
	}
}

struct name track_renamed(const struct action *action, const struct name *name)
{
	struct name renamed = *name;

	if (action->kind == ACTION_SET_SCHEMA)
		renamed.schema = action->new_name;
	else
		renamed.name = action->new_name;
	return renamed;
}

void track_rename(struct facts_track *track, const struct action *action)
{
	const struct relation_facts *found = track_entry(track, &action->table);
	struct relation_facts moved, *target;
	struct name name = track_renamed(action, &action->table);

	if (action->new_name == NULL || name.name == NULL)
		return;
	vacate(track, &action->table);
	track_rename_lock(track, action);
	if (found == NULL || !found->exists) {
		forget_spellings(track, action->table.name);
		forget_spellings(track, name.name);
		return;
	}
	moved = *found;
	track_forget(track, &action->table);
	forget_spellings(track, action->table.name);
	forget_spellings(track, name.name);
	target = track_make_entry(track, &name);
	*target = moved;
	track_move(track);
	target->asked = name;
	target->name.name = name.name;
	if (action->kind == ACTION_SET_SCHEMA)
		target->name.schema = name.schema;
}

/* ---- views ---- */

static void fill_matview(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	(void)track;
	relation->kind = 'm';
	relation->populated = action->with_data;
}

void track_refresh(struct facts_track *track, const struct action *action)
{
	track_own_entry(track, action);
	track_each_entry(track, action, fill_matview);
}

static bool leads_on(const struct facts_track *track, const struct action *view)
{
	for (size_t i = 0; i < view->n_sources; i++) {
		const struct relation_facts *source =
			facts_relation(&track->facts, &view->sources[i]);

		if (source == NULL || source->leads_on ||
			(!source->created_in_transaction && source->persistence != 't'))
			return true;
	}
	return false;
}

/* A view leads to tables that nobody has looked up, by every spelling of its name. */
void track_view(struct facts_track *track, const struct action *action)
{
	const struct relation_facts *there = track_entry(track, &action->table);
	bool made = there != NULL && there->created_in_transaction;

	forget_spellings(track, action->table.name);
	if (action->kind == ACTION_CREATE_VIEW || action->temporary || made)
		track_create_table(track, action);
	else
		track_make_entry(track, &action->table)->kind = 'v';
	track_own_entry(track, action)->leads_on = leads_on(track, action);
}

/* ---- rows ---- */

static void grow(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	(void)track, (void)action;
	relation->pages = -1;
	relation->rows = -1;
	relation->empty = relation->bare = false;
}

static bool made_here(struct facts_track *track, const struct name *name)
{
	const struct relation_facts *relation = track_entry(track, name);

	return relation != NULL && relation->created_in_transaction;
}

/* Rows that were there before are reached through this table now, if it was made just here. */
static void join(struct facts_track *track, const struct name *name, const struct name *joined)
{
	const struct relation_facts *fresh;

	if (name->name == NULL || made_here(track, joined))
		return;
	fresh = track_entry(track, name);
	if (fresh == NULL || fresh->oid == 0 || fresh->created_in_transaction)
		forget_spellings(track, name->name);
}

void track_reference(
	struct facts_track *track, const struct action *action, const struct constraint_def *def)
{
	/* In a file that only says that the new table has found its place. */
	if (!track->separate)
		join(track, &def->referenced, &action->table);
}

/* By every name that it was asked for. */
static void set_parent(struct facts_track *track, const struct name *child,
	const struct name *parent, bool partition)
{
	const struct relation_facts *known = track_entry(track, child);
	uint32_t oid = known == NULL ? 0 : known->oid;

	for (size_t i = 0; oid != 0 && i < track->facts.n_relations; i++)
		if (track->relations[i].oid == oid) {
			track->relations[i].partition = partition;
			track->relations[i].parent = *parent;
		}
}

static struct name full_name(struct facts_track *track, const struct name *name)
{
	const struct relation_facts *known = track_entry(track, name);

	return known == NULL ? *name : known->name;
}

void track_attach(struct facts_track *track, const struct action *action)
{
	const struct name parent = full_name(track, &action->table);

	track_each_entry(track, action, grow);
	set_parent(track, &action->other, &parent, true);
	join(track, &action->table, &action->other);
}

void track_detach(struct facts_track *track, const struct action *action)
{
	set_parent(track, &action->other, &(struct name){0}, false);
}

void track_inherit(struct facts_track *track, const struct action *action)
{
	const struct name parent = full_name(track, &action->other), none = {0};

	set_parent(track, &action->table, action->inherits ? &parent : &none, false);
	join(track, &action->other, &action->table);
}

static bool adds_rows(const struct action *action)
{
	return action->kind == ACTION_CHANGE_ROWS && strcmp(action->name, "UPDATE") != 0 &&
	       strcmp(action->name, "DELETE") != 0;
}

static void fill(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	(void)track;
	if (!relation->created_in_transaction || !adds_rows(action))
		return;
	relation->empty = relation->bare = false;
	relation->filled |= !action->few_rows;
}

void track_rows(struct facts_track *track, const struct action *action)
{
	track_each_entry(track, action, fill);
}

void track_publish(struct facts_track *track)
{
	for (size_t i = 0; i < track->facts.n_relations; i++)
		if (track->relations[i].filled && track->relations[i].persistence != 't') {
			track->relations[i].filled = false;
			track->relations[i].created_in_transaction = false;
		}
}

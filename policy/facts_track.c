/* SPDX-License-Identifier: PostgreSQL */
/* One row per kind of action that changes what later statements meet. */
#include "facts_track.h"

#include <string.h>

#include "arena.h"
#include "relation_index.h"
#include "track.h"

/*
 * Of locks that the text takes: a hostile one has thousands of statements, each of which asks for
 * those held.
 */
enum { LOCKS_FOLLOWED_MAX = 128 };

static track_fn *const followers[ACTION_KINDS] = {
	[ACTION_CREATE_TABLE] = track_create_table,
	[ACTION_CREATE_TABLE_AS] = track_create_table,
	[ACTION_CREATE_PARTITION_OF] = track_create_table,
	[ACTION_CREATE_MATVIEW] = track_create_table,
	[ACTION_CREATE_VIEW] = track_view,
	[ACTION_REPLACE_VIEW] = track_view,
	[ACTION_CREATE_SEQUENCE] = track_create_table,
	[ACTION_FOREIGN_DATA] = track_foreign,
	[ACTION_DROP_TABLE] = track_drop,
	[ACTION_DROP_MATVIEW] = track_drop,
	[ACTION_DROP_VIEW] = track_drop,
	[ACTION_DROP_OBJECT] = track_drop_object,
	[ACTION_RENAME_TABLE] = track_rename,
	[ACTION_RENAME_VIEW] = track_rename,
	[ACTION_RENAME_INDEX] = track_rename,
	[ACTION_SET_SCHEMA] = track_rename,
	[ACTION_ATTACH_PARTITION] = track_attach,
	[ACTION_DETACH_PARTITION] = track_detach,
	[ACTION_INHERIT] = track_inherit,
	[ACTION_REFRESH_MATVIEW] = track_refresh,
	[ACTION_CREATE_POLICY] = track_attached,
	[ACTION_ALTER_POLICY] = track_attached, /* RENAME */
	[ACTION_DROP_POLICY] = track_attached,
	[ACTION_CREATE_TRIGGER] = track_attached,
	[ACTION_DROP_TRIGGER] = track_attached,
	[ACTION_CREATE_RULE] = track_attached,
	[ACTION_DROP_RULE] = track_attached,
	[ACTION_RENAME_OBJECT] = track_rename_object,
	[ACTION_CREATE_STATISTICS] = track_statistics,
	[ACTION_ALTER_STATISTICS] = track_statistics,
	[ACTION_CHANGE_ROWS] = track_rows,
	[ACTION_UPDATE_WITHOUT_WHERE] = track_rows,
	[ACTION_DELETE_WITHOUT_WHERE] = track_rows,

	[ACTION_ADD_COLUMN] = track_add_column,
	[ACTION_DROP_COLUMN] = track_drop_column,
	[ACTION_RENAME_COLUMN] = track_rename_column,
	[ACTION_ALTER_COLUMN_TYPE] = track_change_column,
	[ACTION_SET_NOT_NULL] = track_change_column,
	[ACTION_DROP_NOT_NULL] = track_change_column,
	[ACTION_ADD_IDENTITY] = track_change_column,
	[ACTION_DROP_IDENTITY] = track_change_column,
	[ACTION_DROP_EXPRESSION] = track_change_column,
	[ACTION_SET_DEFAULT] = track_change_column,
	[ACTION_DROP_DEFAULT] = track_change_column,

	[ACTION_ADD_CHECK] = track_add_constraint,
	[ACTION_ADD_FOREIGN_KEY] = track_add_constraint,
	[ACTION_ADD_UNIQUE] = track_add_constraint,
	[ACTION_ADD_PRIMARY_KEY] = track_add_constraint,
	[ACTION_VALIDATE_CONSTRAINT] = track_change_constraint,
	[ACTION_DROP_CONSTRAINT] = track_change_constraint,
	[ACTION_RENAME_CONSTRAINT] = track_change_constraint,
	[ACTION_CREATE_INDEX] = track_create_index,
	[ACTION_DROP_INDEX] = track_drop_index,

	[ACTION_CREATE_EXTENSION] = track_extension,
	[ACTION_ALTER_EXTENSION] = track_extension,
	[ACTION_CREATE_TYPE] = track_type,
	[ACTION_CREATE_DOMAIN] = track_type,
	[ACTION_DOMAIN_ADD_CONSTRAINT] = track_type,
	[ACTION_DOMAIN_SET_NOT_NULL] = track_type,
	[ACTION_ALTER_DOMAIN_OTHER] = track_type,
	[ACTION_ENUM_ADD_VALUE] = track_label,
	[ACTION_ENUM_RENAME_VALUE] = track_label,
	[ACTION_CREATE_FUNCTION] = track_function,
	[ACTION_ALTER_FUNCTION] = track_function,
	[ACTION_SET_TIMEOUT] = track_setting,
	[ACTION_HARMLESS] = track_setting,

	[ACTION_TRANSACTION] = track_transaction,
	[ACTION_PREPARE_TRANSACTION] = track_transaction,
};

void *track_copy(struct arena *arena, const void *items, size_t n, size_t spare, size_t size)
{
	void *all = arena_alloc(arena, (n + spare) * size);

	if (n > 0)
		memcpy(all, items, n * size);
	return all;
}

void track_remove(void *items, size_t *n, size_t at, size_t size)
{
	char *gone = (char *)items + at * size;

	(*n)--;
	memmove(gone, gone + size, (*n - at) * size);
}

/*
 * What changes is copied, for others may still look at it as it was: a thousand changes of a table
 * of a thousand columns are a million of them.  People write no such texts; decide refuses the rest
 * of a message, and of a file nothing is known from there on.
 */
static bool costs_too_much(const struct facts_track *track)
{
	const size_t message_max = 64 << 20, file_max = 512 << 20;

	return track->arena->bytes - track->bytes_before >
	       (track->separate ? file_max : message_max);
}

void track_start(struct arena *arena, struct facts_track *track, const struct facts *facts,
	size_t n_actions, bool separate)
{
	*track = (struct facts_track){.arena = arena,
		.separate = separate,
		.facts = *facts,
		.bytes_before = arena->bytes};
	track->n_relations_max = facts->n_relations + n_actions;
	track->relations = track_copy(
		arena, facts->relations, facts->n_relations, n_actions, sizeof(*track->relations));
	track->facts.relations = track->relations;
	track->facts.types =
		track_copy(arena, facts->types, facts->n_types, n_actions, sizeof(*facts->types));
	track->facts.functions = track_copy(
		arena, facts->functions, facts->n_functions, n_actions, sizeof(*facts->functions));
	track->n_locks_max = facts->transaction.n_locks + LOCKS_FOLLOWED_MAX;
	track->locks = track_copy(arena, facts->transaction.locks, facts->transaction.n_locks,
		track->n_locks_max - facts->transaction.n_locks, sizeof(*track->locks));
	track->facts.transaction.locks = track->locks;
	track->facts.transaction.block = facts->in_transaction;
	/* Without a server, search_path is taken to be what it is out of the box. */
	if (separate && !facts->known && facts->current_schema == NULL)
		track->facts.current_schema = "public";
	track->session = track_settings_of(&track->facts);
}

void track_move(struct facts_track *track)
{
	track->moved = true;
	track->facts.index = NULL;
}

static void renew_index(struct facts_track *track)
{
	relation_index_renew(track->arena, &track->index, &track->facts, track->moved);
	track->facts.index = track->index;
	track->moved = false;
}

/* A file's own temporary tables are not what it means to drop. */
static bool may_drop_unnamed(const struct facts_track *track, const struct action *action)
{
	if (track->separate)
		return false;
	return action->kind == ACTION_DROP_OWNED ||
	       (action->cascade &&
		       (action->kind == ACTION_DROP_OBJECT || action->kind == ACTION_DROP_SCHEMA ||
			       action->kind == ACTION_DROP_EXTENSION));
}

/* Transactions and settings cost nothing, and decide what is held and for how long. */
static bool is_cheap(enum action_kind kind)
{
	return followers[kind] == track_transaction || followers[kind] == track_setting;
}

void track_action(struct facts_track *track, const struct action *action)
{
	track->overwhelmed = track->overwhelmed || costs_too_much(track);
	if (track->overwhelmed)
		track_know_nothing(track);
	if (track->overwhelmed && !is_cheap(action->kind))
		return;
	if (may_drop_unnamed(track, action))
		track_forget_temporary(track);
	if (followers[action->kind] != NULL)
		followers[action->kind](track, action);
	renew_index(track);
}

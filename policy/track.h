/* SPDX-License-Identifier: PostgreSQL */
/* What the track_*.c share: entries of the facts under way, and what follows which action. */
#ifndef TRACK_H
#define TRACK_H

#include "facts_track.h"

typedef void track_fn(struct facts_track *track, const struct action *action);

/* Relations have other places or names now than their index knows; it is renewed behind the action.
 */
void track_move(struct facts_track *track);

/* A copy with room for spare more items. */
void *track_copy(struct arena *arena, const void *items, size_t n, size_t spare, size_t size);

/* The others keep their order: of indexes it decides which one a partition gives its parent. */
void track_remove(void *items, size_t *n, size_t at, size_t size);

/* track_table.c: relations.  A track_fn of an unknown table begins an entry for it. */
track_fn track_create_table, track_drop, track_rename, track_attach, track_detach, track_inherit,
	track_view, track_rows, track_refresh, track_foreign;
/* track_attached.c */
track_fn track_attached, track_statistics;
/* track_dependent.c: types, functions, sequences */
track_fn track_drop_object;
/* track_column.c */
track_fn track_add_column, track_drop_column, track_rename_column, track_change_column;
/* track_constraint.c */
track_fn track_add_constraint, track_change_constraint, track_create_index, track_drop_index;
/* track_setting.c */
track_fn track_setting, track_type, track_function, track_label, track_rename_object,
	track_extension;
/* track_transaction.c */
track_fn track_transaction;

struct relation_facts *track_entry(struct facts_track *track, const struct name *name);
/* The entry of the action's table; one is begun when nothing is known of it. */
struct relation_facts *track_own_entry(struct facts_track *track, const struct action *action);
struct relation_facts *track_make_entry(struct facts_track *track, const struct name *name);
/* The same relation may have been asked for by several names. */
/* Rows that were there before are reached through this table now, if it was made just here. */
void track_reference(
	struct facts_track *track, const struct action *action, const struct constraint_def *def);
typedef void track_entry_fn(
	struct facts_track *track, struct relation_facts *relation, const struct action *action);
void track_each_entry(
	struct facts_track *track, const struct action *action, track_entry_fn *change);
/* What RENAME TO and SET SCHEMA make of the name of their relation. */
struct name track_renamed(const struct action *action, const struct name *name);
void track_rename_lock(struct facts_track *track, const struct action *action);
/* Not "is not there": the next relation of that name along search_path would answer to it. */
void track_forget(struct facts_track *track, const struct name *name);
void track_forget_temporary(struct facts_track *track);
/* Nobody can tell which of the text's own changes still hold. */
void track_know_nothing(struct facts_track *track);
/* Whoever comes after the transaction sees them: tables that were filled are no news any more. */
void track_publish(struct facts_track *track);

/* track_dependent.c: what goes along with something that is dropped. */
struct going {
	const char *label; /* of itself among dependents, or NULL */
	/* CASCADE takes these; none without it. */
	const char *const *dependents;
	size_t n_dependents;
	const struct drop_facts *drops; /* NULL: nothing */
	bool cascade;
	uint32_t catalog; /* only its objects of this one, by oid; 0: all */
};
/* Nothing of it stands on the relation or its columns any more. */
void track_let_go(
	struct facts_track *track, struct relation_facts *relation, const struct going *going);
/* Likewise, of all relations. */
void track_let_go_all(struct facts_track *track, const struct going *going);
/* What pg_depend calls it. */
struct along_facts track_along(const struct attached_facts *attached);
/* The foreign keys that rest on the index of a key that goes, its own table's included. */
void track_drop_references(struct facts_track *track, const struct constraint_facts *key);
/* What dependents call a column of their table; one named as a keyword is not recognised. */
const char *track_generated_label(struct arena *arena, const char *column);

struct track_settings track_settings_of(const struct facts *facts);
void track_restore_settings(struct facts_track *track);

#endif

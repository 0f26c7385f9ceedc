/* SPDX-License-Identifier: PostgreSQL */
/* Transactions: what they hold, and what COMMIT, ROLLBACK and savepoints give back. */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "track.h"

/* Beyond this a rollback is answered by knowing nothing: copies cost, and texts may be hostile. */
enum { SAVED_ENTRIES_MAX = 50000 };

static void save(struct facts_track *track, const char *name)
{
	struct facts *facts = &track->facts;
	size_t n = facts->n_relations + facts->n_types + facts->n_functions +
		   facts->transaction.n_locks;
	struct facts *saved;

	if (!track->separate || track->n_savepoints == SAVEPOINTS_MAX ||
		track->n_saved + n > SAVED_ENTRIES_MAX) {
		track->rollback_unknown = true;
		return;
	}
	track->n_saved += n;
	track->savepoints[track->n_savepoints] = (struct savepoint){name, *facts};
	saved = &track->savepoints[track->n_savepoints++].facts;
	saved->relations = track_copy(
		track->arena, facts->relations, facts->n_relations, 0, sizeof(*facts->relations));
	saved->types =
		track_copy(track->arena, facts->types, facts->n_types, 0, sizeof(*facts->types));
	saved->functions = track_copy(
		track->arena, facts->functions, facts->n_functions, 0, sizeof(*facts->functions));
	saved->transaction.locks = track_copy(track->arena, facts->transaction.locks,
		facts->transaction.n_locks, 0, sizeof(*facts->transaction.locks));
}

/* Copied back into the arrays there are: they are as large as they ever were. */
static void restore(struct facts_track *track, const struct facts *saved)
{
	struct type_facts *types = (struct type_facts *)track->facts.types;
	struct function_facts *functions = (struct function_facts *)track->facts.functions;

	track->facts = *saved;
	memcpy(track->relations, saved->relations, saved->n_relations * sizeof(*track->relations));
	memcpy(types, saved->types, saved->n_types * sizeof(*types));
	memcpy(functions, saved->functions, saved->n_functions * sizeof(*functions));
	memcpy(track->locks, saved->transaction.locks,
		saved->transaction.n_locks * sizeof(*track->locks));
	track->facts.relations = track->relations;
	track_move(track);
	track->facts.types = types;
	track->facts.functions = functions;
	track->facts.transaction.locks = track->locks;
}

void track_know_nothing(struct facts_track *track)
{
	track->facts.known = false;
	track->facts.n_relations = 0;
	track_move(track);
	track->facts.n_types = 0;
	track->facts.n_functions = 0;
}

static void forget_added(struct facts_track *track, struct relation_facts *relation)
{
	struct constraint_facts *constraints = NULL;

	for (size_t i = 0; i < relation->n_constraints; i++) {
		if (!relation->constraints[i].added_in_transaction)
			continue;
		if (constraints == NULL)
			constraints = track_copy(track->arena, relation->constraints,
				relation->n_constraints, 0, sizeof(*constraints));
		constraints[i].added_in_transaction = false;
	}
	if (constraints != NULL)
		relation->constraints = constraints;
}

static void end(struct facts_track *track, bool chain)
{
	for (size_t i = 0; i < track->facts.n_relations; i++)
		forget_added(track, &track->relations[i]);
	track->facts.transaction.n_locks = 0;
	track->facts.transaction.block = chain;
	track->facts.in_transaction = chain;
	track->n_savepoints = 0;
	track->rollback_unknown = false;
	track_restore_settings(track);
	if (chain)
		save(track, NULL);
}

static void begin(struct facts_track *track)
{
	if (track->facts.transaction.block)
		return; /* a warning, no more */
	track->facts.in_transaction = track->facts.transaction.block = true;
	track->n_savepoints = 0;
	save(track, NULL);
}

/* ON COMMIT DROP is not followed: in a file its temporary tables are taken to stay. */
static void commit(struct facts_track *track, bool chain)
{
	if (!track->separate)
		track_forget_temporary(track);
	end(track, chain);
	track_publish(track);
}

static void rollback(struct facts_track *track, bool chain)
{
	if (track->n_savepoints > 0 && track->savepoints[0].name == NULL) {
		restore(track, &track->savepoints[0].facts);
		track->session = track_settings_of(&track->facts);
	} else {
		track_know_nothing(track);
	}
	end(track, chain);
}

static size_t find_savepoint(const struct facts_track *track, const char *name)
{
	for (size_t i = track->n_savepoints; name != NULL && i-- > 0;)
		if (track->savepoints[i].name != NULL &&
			strcmp(track->savepoints[i].name, name) == 0)
			return i;
	return track->n_savepoints;
}

/* The savepoint itself stays. */
static void rollback_to(struct facts_track *track, const char *name)
{
	size_t at = find_savepoint(track, name);

	if (at == track->n_savepoints || track->rollback_unknown) {
		track_know_nothing(track);
		return;
	}
	restore(track, &track->savepoints[at].facts);
	track->n_savepoints = at + 1;
}

void track_transaction(struct facts_track *track, const struct action *action)
{
	const char *name = action->name == NULL ? "" : action->name;

	if (action->kind == ACTION_PREPARE_TRANSACTION || strcmp(name, "COMMIT") == 0)
		commit(track, action->chain);
	else if (strcmp(name, "BEGIN") == 0)
		begin(track);
	else if (strcmp(name, "ROLLBACK") == 0)
		rollback(track, action->chain);
	else if (strcmp(name, "SAVEPOINT") == 0)
		save(track, action->new_name);
	else if (strcmp(name, "RELEASE") == 0)
		track->n_savepoints = find_savepoint(track, action->new_name);
	else if (strcmp(name, "ROLLBACK TO") == 0)
		rollback_to(track, action->new_name);
	else if (strcmp(name, "ROLLBACK PREPARED") == 0)
		track_know_nothing(track);
}

/* ---- locks ---- */

void track_rename_lock(struct facts_track *track, const struct action *action)
{
	struct name name = facts_qualified(&track->facts, &action->table);

	for (size_t i = 0; i < track->facts.transaction.n_locks; i++)
		if (name_equal(&track->locks[i].relation, &name))
			track->locks[i].relation = track_renamed(action, &name);
}

/* Behind a RENAME the relation is known by its new name only. */
static struct name name_now(const struct facts_track *track, const struct action *action,
	const struct lock_effect *lock)
{
	bool renames = action->kind == ACTION_RENAME_TABLE || action->kind == ACTION_SET_SCHEMA;
	struct name name = facts_qualified(&track->facts, &lock->relation);

	return renames && action->new_name != NULL ? track_renamed(action, &name) : name;
}

static void hold(
	struct facts_track *track, const struct action *action, const struct lock_effect *lock)
{
	struct transaction_facts *transaction = &track->facts.transaction;
	struct name name = name_now(track, action, lock);

	for (size_t i = 0; i < transaction->n_locks; i++)
		if (name_equal(&track->locks[i].relation, &name)) {
			if (track->locks[i].mode < lock->mode)
				track->locks[i].mode = lock->mode;
			return;
		}
	if (transaction->n_locks < track->n_locks_max)
		track->locks[transaction->n_locks++] =
			(struct held_lock){name, lock->mode, locks_any_table(action, lock)};
}

/* Whoever waits for it waits for the table as well. */
static bool goes_with_table(const struct effects *effects, const struct lock_effect *lock)
{
	return lock->part || (lock->below && lock->mode <= effects_lock(effects));
}

void track_locks(
	struct facts_track *track, const struct action *action, const struct effects *effects)
{
	bool held = (track->facts.in_transaction || track->in_code) && !effects->absent &&
		    !effects->noop;

	for (size_t i = 0; i < effects->n_locks && held && locks_tables(action); i++)
		if (effects->locks[i].existing && !goes_with_table(effects, &effects->locks[i]) &&
			effects->locks[i].mode >= LOCK_SHARE_UPDATE_EXCLUSIVE)
			hold(track, action, &effects->locks[i]);
}

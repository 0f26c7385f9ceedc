/* SPDX-License-Identifier: PostgreSQL */
/* Constraints and indexes that a text adds, and what becomes of them. */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "recipe_names.h"
#include "track.h"

/*
 * A hostile text adds thousands to one table; the lists are copied as they grow.  Beyond the bound
 * the lists are not whole any more, which is what a table without an oid says of itself.
 */
enum { FOLLOWED_MAX = 64 };

static bool too_many(struct relation_facts *relation, size_t n)
{
	if (n >= FOLLOWED_MAX)
		relation->oid = 0;
	return n >= FOLLOWED_MAX;
}

static struct constraint_facts *own_constraints(
	struct facts_track *track, struct relation_facts *relation)
{
	struct constraint_facts *constraints = track_copy(track->arena, relation->constraints,
		relation->n_constraints, 1, sizeof(*relation->constraints));

	relation->constraints = constraints;
	return constraints;
}

/* Children by inheritance keep to keys and indexes of their own. */
static bool stays_above(struct facts_track *track, const struct relation_facts *relation,
	const struct action *action)
{
	const struct relation_facts *own = track_entry(track, &action->table);

	return own != NULL && own->kind != 'p' && relation_below(own, &relation->name);
}

/* ---- adding ---- */

static void require_columns(struct facts_track *track, struct relation_facts *relation,
	const char *const *names, size_t n)
{
	const struct column_facts *known;
	struct column_facts *columns;

	for (size_t i = 0; i < n; i++) {
		known = names[i] == NULL ? NULL : facts_column(relation, names[i]);
		if (known == NULL)
			continue;
		columns = track_copy(
			track->arena, relation->columns, relation->n_columns, 0, sizeof(*columns));
		columns[known - relation->columns].not_null = true;
		relation->columns = columns;
	}
}

/* What a constraint is called that the text gives no name. */
static const char *name_of(struct facts_track *track, const struct relation_facts *relation,
	const struct constraint_def *def)
{
	struct arena *arena = track->arena;
	const char *columns;

	if (def->name != NULL)
		return def->name;
	if (def->using_index != NULL)
		return def->using_index;
	columns = join_columns(arena, def->columns, def->n_columns);
	switch (def->kind) {
	case CONSTRAINT_CHECK:
		return choose_name(arena, relation, relation->name.name,
			def->n_columns == 1 ? columns : NULL, "check");
	case CONSTRAINT_FOREIGN_KEY:
		return choose_name(arena, relation, relation->name.name, columns, "fkey");
	case CONSTRAINT_PRIMARY_KEY:
		return choose_name(arena, relation, relation->name.name, NULL, "pkey");
	default:
		return choose_name(arena, relation, relation->name.name, columns, "key");
	}
}

/* ATExecAddIndexConstraint: the index takes the constraint's name. */
static void use_index(struct facts_track *track, struct relation_facts *relation,
	const struct constraint_def *def, const char *name)
{
	struct index_facts *indexes = track_copy(
		track->arena, relation->indexes, relation->n_indexes, 0, sizeof(*indexes));

	for (size_t i = 0; i < relation->n_indexes; i++)
		if (strcmp(indexes[i].name.name, def->using_index) == 0) {
			indexes[i].name.name = name;
			indexes[i].backs_constraint = true;
			indexes[i].primary = def->kind == CONSTRAINT_PRIMARY_KEY;
		}
	relation->indexes = indexes;
}

/* The key's columns: as written, or those of the table's index, which may have its new name. */
static void name_columns(const struct relation_facts *own, const struct constraint_def *def,
	struct constraint_facts *c)
{
	const struct index_facts *used = NULL;

	c->columns = def->columns;
	c->n_columns = def->n_columns;
	if (own != NULL && def->using_index != NULL)
		used = facts_index(own, def->using_index);
	if (own != NULL && def->using_index != NULL && used == NULL)
		used = facts_index(own, c->name);
	if (used == NULL)
		return;
	c->columns = used->columns;
	c->n_columns = used->n_columns;
}

/* Remembered for VALIDATE CONSTRAINT and SET NOT NULL further on. */
static void add_constraint(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const struct constraint_def *def = action->constraint;
	bool proves = def->check != NULL && !def->no_inherit;
	bool goes_down = def->kind == CONSTRAINT_CHECK && !def->no_inherit;
	struct constraint_facts added;

	if (too_many(relation, relation->n_constraints))
		return;
	added = (struct constraint_facts){
		.name = name_of(track, relation, def),
		.kind = def->kind,
		.validated = !def->not_valid,
		.added_in_transaction = track->facts.in_transaction,
		.made_by_text = !relation->lost_constraint,
		.deferrable = def->deferrable,
		.referenced = def->referenced.name != NULL
				      ? facts_qualified(&track->facts, &def->referenced)
				      : def->referenced,
		.proves_not_null = proves ? def->check->not_null_columns : NULL,
		.n_proves_not_null = proves ? def->check->n_not_null_columns : 0,
		.clauses = proves ? def->check->clauses : NULL,
		.n_clauses = proves ? def->check->n_clauses : 0,
	};
	name_columns(track_entry(track, &action->table), def, &added);
	if (def->kind == CONSTRAINT_PRIMARY_KEY)
		require_columns(track, relation, added.columns, added.n_columns);
	if (!goes_down && stays_above(track, relation, action))
		return;
	if (def->using_index != NULL)
		use_index(track, relation, def, added.name);
	own_constraints(track, relation)[relation->n_constraints++] = added;
}

void track_add_constraint(struct facts_track *track, const struct action *action)
{
	if (action->constraint == NULL)
		return;
	track_own_entry(track, action);
	track_each_entry(track, action, add_constraint);
	track_reference(track, action, action->constraint);
}

/* ---- what becomes of it ---- */

static void remove_index(struct facts_track *track, struct relation_facts *table, const char *index)
{
	struct index_facts *indexes =
		track_copy(track->arena, table->indexes, table->n_indexes, 0, sizeof(*indexes));

	table->indexes = indexes;
	for (size_t i = table->n_indexes; i-- > 0;)
		if (strcmp(indexes[i].name.name, index) == 0)
			track_remove(indexes, &table->n_indexes, i, sizeof(*indexes));
}

static void take_constraint(struct facts_track *track, struct relation_facts *relation, size_t i)
{
	struct constraint_facts *constraints = own_constraints(track, relation);

	track_remove(constraints, &relation->n_constraints, i, sizeof(*constraints));
}

/* Where its index was looked up by its own name, that name is free now. */
static void free_index_name(
	struct facts_track *track, const struct relation_facts *table, const char *index)
{
	const struct name name = {table->name.schema, index};

	for (size_t i = 0; i < track->facts.n_relations; i++) {
		struct relation_facts *found = &track->relations[i];

		if (found->exists && (found->kind == 'i' || found->kind == 'I') &&
			name_equal(&found->name, &name))
			*found = (struct relation_facts){.asked = found->asked};
	}
}

/* What refers to it goes first: only CASCADE lets it go while there is any. */
static void drop_key(struct facts_track *track, struct relation_facts *relation, size_t i)
{
	const struct constraint_facts key = relation->constraints[i];

	take_constraint(track, relation, i);
	if (key.kind != CONSTRAINT_CHECK) {
		remove_index(track, relation, key.name);
		free_index_name(track, relation, key.name);
	}
	track_drop_references(track, &key);
}

static bool alike(const struct constraint_facts *a, const struct constraint_facts *b)
{
	bool same = a->kind == b->kind && a->n_columns == b->n_columns;

	for (size_t i = 0; same && i < a->n_columns; i++)
		same = a->columns[i] != NULL && b->columns[i] != NULL &&
		       strcmp(a->columns[i], b->columns[i]) == 0;
	return same;
}

/* A partition's part of a key has a name of its own. */
static bool stems_from(const struct constraint_facts *part, const struct constraint_facts *whole)
{
	return part->inherited && alike(part, whole);
}

static void drop_part(struct facts_track *track, struct relation_facts *partition,
	const struct constraint_facts *whole)
{
	for (size_t i = 0; i < partition->n_constraints; i++)
		if (stems_from(&partition->constraints[i], whole)) {
			drop_key(track, partition, i);
			return;
		}
}

static void drop_parts(struct facts_track *track, const struct relation_facts *table,
	const struct constraint_facts *whole)
{
	for (size_t i = 0; i < track->facts.n_relations; i++) {
		struct relation_facts *relation = &track->relations[i];

		if (relation->partition && relation_below(table, &relation->name))
			drop_part(track, relation, whole);
	}
}

/* Of two that are alike nobody knows whose a part is. */
static bool has_twin(
	const struct relation_facts *relation, const struct constraint_facts *reference)
{
	bool twin = false;

	for (size_t i = 0; i < relation->n_constraints; i++)
		twin |= alike(&relation->constraints[i], reference) &&
			name_equal(&relation->constraints[i].referenced, &reference->referenced);
	return twin;
}

/* A reference to a partitioned table has one more to each partition of that, by other names. */
static void drop_reference_parts(struct facts_track *track, struct relation_facts *relation,
	const struct constraint_facts *whole)
{
	const struct relation_facts *referenced = track_entry(track, &whole->referenced);

	if (referenced == NULL || has_twin(relation, whole))
		return;
	for (size_t i = relation->n_constraints; i-- > 0;)
		if (stems_from(&relation->constraints[i], whole) &&
			relation_below(referenced, &relation->constraints[i].referenced))
			take_constraint(track, relation, i);
}

/* With the index that backs it; a foreign key's is the other table's. */
static void drop_constraint(
	struct facts_track *track, struct relation_facts *relation, size_t i, bool cascade)
{
	const struct constraint_facts dropped = relation->constraints[i];

	if (dropped.kind == CONSTRAINT_FOREIGN_KEY) {
		take_constraint(track, relation, i);
		drop_reference_parts(track, relation, &dropped);
		track_let_go_all(track, &(struct going){.drops = &dropped.drops});
		return;
	}
	drop_key(track, relation, i);
	track_let_go(track, relation, &(struct going){.drops = &dropped.drops, .cascade = cascade});
	drop_parts(track, relation, &dropped);
}

static void change_constraint(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct constraint_facts *constraints = own_constraints(track, relation);

	for (size_t i = 0; i < relation->n_constraints; i++) {
		if (action->name == NULL || strcmp(constraints[i].name, action->name) != 0)
			continue;
		if (action->kind == ACTION_VALIDATE_CONSTRAINT)
			constraints[i].validated = true;
		else if (action->kind == ACTION_RENAME_CONSTRAINT)
			constraints[i].name = action->new_name;
		else
			drop_constraint(track, relation, i, action->cascade);
		return;
	}
}

/* It was added by an earlier file. */
static void add_unseen(struct facts_track *track, const struct action *action)
{
	struct relation_facts *relation = track_own_entry(track, action);

	if (!relation->exists || facts_constraint(relation, action->name) != NULL ||
		too_many(relation, relation->n_constraints))
		return;
	own_constraints(track, relation)[relation->n_constraints++] = (struct constraint_facts){
		.name = action->name, .kind = CONSTRAINT_CHECK, .validated = true, .unseen = true};
}

/* Whatever the text adds from now on may stand for it. */
static void lose_constraint(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const struct constraint_facts *c =
		action->name == NULL ? NULL : facts_constraint(relation, action->name);

	(void)track;
	relation->lost_constraint |= c == NULL || !c->made_by_text;
}

void track_change_constraint(struct facts_track *track, const struct action *action)
{
	if (action->kind == ACTION_DROP_CONSTRAINT) {
		track_own_entry(track, action);
		track_each_entry(track, action, lose_constraint);
	}
	if (action->kind == ACTION_VALIDATE_CONSTRAINT && track->separate && !track->facts.known &&
		action->name != NULL)
		add_unseen(track, action);
	track_each_entry(track, action, change_constraint);
}

/* ---- indexes ---- */

static struct index_facts made_index(
	struct facts_track *track, const struct relation_facts *table, const struct index_def *def)
{
	const char *columns = index_columns_text(track->arena, def);

	return (struct index_facts){
		.name.schema = table->name.schema,
		.name.name = def->name != NULL ? def->name
					       : choose_name(track->arena, table, table->name.name,
							 columns, "idx"),
		.unique = def->unique,
		.valid = true,
		.immediate = true,
		.partial = def->partial,
		.has_expressions = def->has_expressions,
		.plain_order = def->plain_order,
		.nulls_not_distinct = def->nulls_not_distinct,
		.columns = def->columns,
		.n_columns = def->n_columns,
	};
}

static void add_index(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct index_facts made, *indexes;

	if (stays_above(track, relation, action) || too_many(relation, relation->n_indexes))
		return;
	made = made_index(track, relation, action->index);
	if (facts_index(relation, made.name.name) != NULL)
		return;
	indexes = track_copy(
		track->arena, relation->indexes, relation->n_indexes, 1, sizeof(*indexes));
	indexes[relation->n_indexes++] = made;
	relation->indexes = indexes;
}

/* The index as a relation, for the statements that name it and not its table. */
static void add_index_relation(
	struct facts_track *track, const struct action *action, const char *made)
{
	struct relation_facts table = *track_own_entry(track, action), *index;
	struct name name = {action->table.schema, made};
	const struct index_facts *own = facts_index(&table, made);

	if (own == NULL)
		return;
	index = track_make_entry(track, &name);
	index->kind = table.kind == 'p' ? 'I' : 'i';
	index->name = own->name;
	index->table = table.name;
	index->created_in_transaction = table.created_in_transaction;
	index->persistence = table.persistence;
	index->indexes = own;
	index->n_indexes = 1;
}

void track_create_index(struct facts_track *track, const struct action *action)
{
	const struct relation_facts *table = track_own_entry(track, action);
	const char *made;

	if (action->index == NULL || !table->exists)
		return;
	made = made_index(track, table, action->index).name.name;
	track_each_entry(track, action, add_index);
	add_index_relation(track, action, made);
}

void track_drop_index(struct facts_track *track, const struct action *action)
{
	for (size_t i = 0; i < action->n_targets; i++) {
		for (size_t k = 0; k < track->facts.n_relations; k++)
			if (facts_index(&track->relations[k], action->targets[i].name) != NULL)
				remove_index(track, &track->relations[k], action->targets[i].name);
		track_forget(track, &action->targets[i]);
	}
}

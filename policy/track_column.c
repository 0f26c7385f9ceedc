/* SPDX-License-Identifier: PostgreSQL */
/* Columns that a text adds and changes. */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "track.h"

enum { PG_ATTRDEF = 2604 };

static struct column_facts *own_columns(struct facts_track *track, struct relation_facts *relation)
{
	struct column_facts *columns = track_copy(track->arena, relation->columns,
		relation->n_columns, 1, sizeof(*relation->columns));

	relation->columns = columns;
	return columns;
}

/* Where the catalog lists no column it has nothing to say about one; else the list is whole. */
static bool listable(const struct relation_facts *relation)
{
	return relation->oid == 0 || relation->n_columns > 0;
}

static void set_type(
	struct facts_track *track, struct column_facts *column, const struct type_name *type)
{
	const struct type_facts *found = facts_type(&track->facts, &type->name);
	struct type_change written = type_written(track->arena, &track->facts, type);
	bool domain = found != NULL && found->domain && !type->array;

	column->type_sql = type->sql;
	column->base_type = written.known ? written.base : NULL;
	column->typmod = domain ? -1 : written.typmod;
	column->type_oid = found != NULL && !type->array ? found->oid : 0;
	column->domain = domain;
	column->domain_constrained = domain && found->domain_constrained;
}

/* NULL is no default at all (AddRelationNewConstraints). */
static const char *default_of(const struct expr *expr)
{
	return expr == NULL || expr->null ? NULL : expr->sql;
}

static void add_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const struct column_def *def = action->column_def;
	struct column_facts *columns;

	if (!listable(relation) || facts_column(relation, def->name) != NULL)
		return;
	columns = own_columns(track, relation);
	columns[relation->n_columns] = (struct column_facts){
		.name = def->name,
		.not_null = def->not_null,
		.default_sql = default_of(def->default_expr),
		.identity = def->identity,
		.generated = def->generated != NULL,
		.created_in_transaction = true,
	};
	set_type(track, &columns[relation->n_columns++], &def->type);
}

/* A table that no catalog was asked for: enough to follow its new columns by. */
void track_add_column(struct facts_track *track, const struct action *action)
{
	if (action->column_def == NULL)
		return;
	track_own_entry(track, action);
	track_each_entry(track, action, add_column);
	for (size_t i = 0; i < action->column_def->n_constraints; i++)
		track_reference(track, action, &action->column_def->constraints[i]);
}

static bool named(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool index_needs(
	struct facts_track *track, const struct index_facts *index, const char *column)
{
	return named(index->columns, index->n_columns, column) ||
	       named(index->mentions, index->n_mentions, column) ||
	       model_index_carries(track->arena, index, column);
}

/* EXCLUDE tells of its expressions by its index alone. */
static bool constraint_needs(struct facts_track *track, const struct relation_facts *relation,
	const struct constraint_facts *constraint, const char *column)
{
	if (named(constraint->columns, constraint->n_columns, column))
		return true;
	for (size_t i = 0; i < relation->n_indexes && constraint->kind == CONSTRAINT_EXCLUSION; i++)
		if (name_equal(&relation->indexes[i].name, &constraint->index))
			return index_needs(track, &relation->indexes[i], column);
	return false;
}

/* What is on the column goes with it (ATExecDropColumn, by its dependencies). */
static void drop_dependent(
	struct facts_track *track, struct relation_facts *relation, const char *column)
{
	struct constraint_facts *constraints = track_copy(track->arena, relation->constraints,
		relation->n_constraints, 0, sizeof(*constraints));
	struct index_facts *indexes = track_copy(
		track->arena, relation->indexes, relation->n_indexes, 0, sizeof(*indexes));

	for (size_t i = relation->n_constraints; i-- > 0;)
		if (constraint_needs(track, relation, &constraints[i], column))
			track_remove(
				constraints, &relation->n_constraints, i, sizeof(*constraints));
	for (size_t i = relation->n_indexes; i-- > 0;)
		if (index_needs(track, &indexes[i], column))
			track_remove(indexes, &relation->n_indexes, i, sizeof(*indexes));
	relation->constraints = constraints;
	relation->indexes = indexes;
}

static void remove_column(
	struct facts_track *track, struct relation_facts *relation, const char *name)
{
	struct column_facts *columns = own_columns(track, relation);

	for (size_t i = relation->n_columns; i-- > 0;)
		if (strcmp(columns[i].name, name) == 0)
			track_remove(columns, &relation->n_columns, i, sizeof(*columns));
	drop_dependent(track, relation, name);
}

/* Columns computed from it go with it (CASCADE). */
static void remove_generated(
	struct facts_track *track, struct relation_facts *relation, const struct going *going)
{
	for (size_t i = relation->n_columns; i-- > 0;) {
		const char *name = relation->columns[i].name;

		if (named(going->dependents, going->n_dependents,
			    track_generated_label(track->arena, name)))
			remove_column(track, relation, name);
	}
}

static void drop_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const struct column_facts *known = facts_column(relation, action->column);
	struct column_facts dropped = {0};
	struct going going = {
		.label = track_generated_label(track->arena, action->column),
		.drops = &dropped.drops,
		.cascade = action->cascade,
	};

	if (known != NULL)
		dropped = *known;
	if (action->cascade) {
		going.dependents = dropped.dependents;
		going.n_dependents = dropped.n_dependents;
	}
	remove_column(track, relation, action->column);
	remove_generated(track, relation, &going);
	track_let_go(track, relation, &going);
}

void track_drop_column(struct facts_track *track, const struct action *action)
{
	if (action->column != NULL)
		track_each_entry(track, action, drop_column);
}

static const char *const *renamed(
	struct facts_track *track, const char *const *names, size_t n, const struct action *action)
{
	const char **copy = track_copy(track->arena, names, n, 1, sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		if (copy[i] != NULL && strcmp(copy[i], action->column) == 0)
			copy[i] = action->new_name;
	return copy;
}

static void rename_in_constraints(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct constraint_facts *constraints = track_copy(track->arena, relation->constraints,
		relation->n_constraints, 0, sizeof(*constraints));

	for (size_t i = 0; i < relation->n_constraints; i++) {
		struct constraint_facts *c = &constraints[i];

		c->columns = renamed(track, c->columns, c->n_columns, action);
		c->n_clauses = 0; /* of the old name */
		c->proves_not_null =
			renamed(track, c->proves_not_null, c->n_proves_not_null, action);
	}
	relation->constraints = constraints;
}

static void rename_in_indexes(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct index_facts *indexes = track_copy(
		track->arena, relation->indexes, relation->n_indexes, 0, sizeof(*indexes));

	for (size_t i = 0; i < relation->n_indexes; i++) {
		struct index_facts *index = &indexes[i];

		index->columns = renamed(track, index->columns, index->n_columns, action);
		index->mentions = renamed(track, index->mentions, index->n_mentions, action);
	}
	relation->indexes = indexes;
}

static void rename_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct column_facts *columns = own_columns(track, relation);

	for (size_t i = 0; i < relation->n_columns; i++)
		if (strcmp(columns[i].name, action->column) == 0)
			columns[i].name = action->new_name;
	rename_in_constraints(track, relation, action);
	rename_in_indexes(track, relation, action);
}

void track_rename_column(struct facts_track *track, const struct action *action)
{
	if (action->column != NULL && action->new_name != NULL)
		track_each_entry(track, action, rename_column);
}

static void apply(
	struct facts_track *track, struct column_facts *column, const struct action *action)
{
	switch (action->kind) {
	case ACTION_ALTER_COLUMN_TYPE:
		set_type(track, column, action->type);
		column->retyped = true;
		break;
	case ACTION_SET_NOT_NULL:
		column->not_null = true;
		break;
	case ACTION_DROP_NOT_NULL:
		column->not_null = false;
		break;
	case ACTION_ADD_IDENTITY: /* only where it is NOT NULL (ATExecAddIdentity) */
		column->identity = 'd';
		column->not_null = true;
		break;
	case ACTION_DROP_IDENTITY:
		column->lost_identity |= column->identity != 0;
		column->identity = 0;
		break;
	case ACTION_DROP_EXPRESSION:
		if (column->generated)
			column->default_sql = NULL;
		column->generated = false;
		break;
	default: /* SET and DROP DEFAULT */
		column->default_sql = default_of(action->expr);
		column->default_volatile = action->expr != NULL && action->expr->n_functions > 0;
		break;
	}
}

static void let_expression_go(
	struct facts_track *track, struct relation_facts *relation, const char *name)
{
	const struct column_facts *column = facts_column(relation, name);

	track_let_go(track, relation,
		&(struct going){
			.label = track_generated_label(track->arena, name),
			.drops = column != NULL ? &column->drops : NULL,
			.catalog = PG_ATTRDEF,
		});
}

/* Of a column that no catalog was asked for it is known afterwards. */
static bool follows_unknown(const struct action *action)
{
	return action->kind == ACTION_SET_NOT_NULL || action->kind == ACTION_ADD_IDENTITY ||
	       action->kind == ACTION_ALTER_COLUMN_TYPE;
}

static void change_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct column_facts *columns = own_columns(track, relation);

	if (follows_unknown(action) && relation->oid == 0 &&
		facts_column(relation, action->column) == NULL)
		columns[relation->n_columns++] =
			(struct column_facts){.name = action->column, .typmod = -1};
	for (size_t i = 0; i < relation->n_columns; i++)
		if (strcmp(columns[i].name, action->column) == 0)
			apply(track, &columns[i], action);
	if (action->kind == ACTION_DROP_EXPRESSION)
		let_expression_go(track, relation, action->column);
}

void track_change_column(struct facts_track *track, const struct action *action)
{
	if (action->column == NULL)
		return;
	if (follows_unknown(action))
		track_own_entry(track, action);
	track_each_entry(track, action, change_column);
}

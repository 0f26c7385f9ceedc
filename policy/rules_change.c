/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tables with a change under way that what is sent now would not outlive: a view stands in for the
 * table and goes in the end, or a column has a successor, and goes with all that stands on it.
 */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "decide.h"
#include "message.h"
#include "model.h"

/* What a statement may be about: relations it changes, and those a query that it stores reads. */
enum reach {
	ITSELF = 0, /* default: whatever is not known to do no harm */
	ROWS, /* reads or writes them, which go where they belong */
	FILES, /* of the relation, as a whole; of a view there are none */
	STORED, /* what it makes goes on reading its sources */
	MADE, /* a new table; what it reads it has read */
};

static const enum reach reaches[ACTION_KINDS] = {
	[ACTION_UPDATE_WITHOUT_WHERE] = ROWS,
	[ACTION_DELETE_WITHOUT_WHERE] = ROWS,
	[ACTION_CHANGE_ROWS] = ROWS,
	[ACTION_HARMLESS] = ROWS,
	[ACTION_LOCK_TABLE] = ROWS,
	[ACTION_TRUNCATE] = FILES,
	[ACTION_VACUUM] = FILES,
	[ACTION_ANALYZE] = FILES,
	[ACTION_REINDEX] = FILES,
	[ACTION_REFRESH_MATVIEW] = FILES,
	[ACTION_CREATE_VIEW] = STORED,
	[ACTION_REPLACE_VIEW] = STORED,
	[ACTION_CREATE_MATVIEW] = STORED,
	[ACTION_CREATE_FUNCTION] = STORED,
	[ACTION_CREATE_TABLE] = MADE,
	[ACTION_CREATE_TABLE_AS] = MADE,
};

static bool under_change(const struct relation_facts *relation, bool column)
{
	return relation != NULL && (column ? relation->n_replaced > 0 : relation->stands_in);
}

/* By its own name, or by that of an index of it. */
static bool names_one(const struct rule_context *context, const struct name *name, bool column)
{
	const struct relation_facts *found = facts_relation(context->facts, name);

	if (found != NULL && found->table.name != NULL)
		found = facts_relation(context->facts, &found->table);
	return under_change(found, column);
}

static bool any_is_one(
	const struct rule_context *context, const struct name *names, size_t n, bool column)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].name != NULL && names_one(context, &names[i], column))
			return true;
	return false;
}

/* Of a GRANT the targets may be of other kinds, and have the name by chance. */
static bool changes_one(const struct rule_context *context, bool column)
{
	const struct action *action = context->action;

	if (under_change(context->table, column) || any_is_one(context, &action->table, 1, column))
		return true;
	return (action->kind != ACTION_GRANT || action->table.name != NULL) &&
	       any_is_one(context, action->targets, action->n_targets, column);
}

/* Rows go through it to the table; all else would be the view's, and go with it. */
static bool alters_stand_in(const struct rule_context *context)
{
	const struct action *action = context->action;
	enum reach reach = reaches[action->kind];

	if (reach == ROWS || reach == MADE)
		return false;
	return changes_one(context, false) ||
	       (reach == STORED && any_is_one(context, action->sources, action->n_sources, false));
}

static const char *end_change(const struct rule_context *context)
{
	return arena_printf(context->arena,
		"SELECT id, state, summary FROM phasegate.changes WHERE finished_at IS NULL;\n"
		"-- when every client has moved on; or phasegate.abort(id), back to where it "
		"began:\n"
		"SELECT phasegate.release(id);\n-- then, once it is done:\n%s;",
		context->stmt->sql);
}

const struct rule rule_table_under_change = {
	.id = "table-under-change",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = alters_stand_in,
	.title = "A change of this table waits for its release, and a view stands in for it",
	.reason = "What is done to the view does not reach the table, and goes with the view when "
		  "the change ends; what is made to read the view keeps the change from ending.",
	.locks = "Nothing yet.",
	.safe_when = "it reads or writes rows; or it names the table by the name that it has "
		     "meanwhile.",
	.hint = "Release the change or abort it, then send the statement again.",
	.hint_sql = end_change,
};

/* NULL: it is not being replaced. */
static const struct replaced_facts *replaced(const struct relation_facts *table, const char *column)
{
	for (size_t i = 0; i < table->n_replaced; i++)
		if (strcmp(table->replaced[i].name, column) == 0)
			return &table->replaced[i];
	return NULL;
}

/* A whole row is written as the table's name. */
static bool spares(const struct relation_facts *table, const char *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i] == NULL || strcmp(columns[i], table->name.name) == 0 ||
			replaced(table, columns[i]) != NULL)
			return false;
	return true;
}

static bool index_spares(const struct rule_context *context, const struct index_def *index)
{
	return !index->has_expressions && !index->partial &&
	       spares(context->table, index->columns, index->n_columns) &&
	       spares(context->table, index->include, index->n_include);
}

/* A key may be the one by which rows are filled. */
static bool constraint_spares(const struct rule_context *context, const char *name)
{
	const struct constraint_facts *constraint =
		name != NULL ? facts_constraint(context->table, name) : NULL;

	return constraint != NULL && constraint->n_columns > 0 &&
	       (constraint->kind == CONSTRAINT_CHECK ||
		       constraint->kind == CONSTRAINT_FOREIGN_KEY) &&
	       spares(context->table, constraint->columns, constraint->n_columns);
}

/* REVOKE from a table is REVOKE from its columns, too. */
static bool grant_spares(const struct rule_context *context)
{
	const struct action *action = context->action;

	return action->n_targets == 1 && spares(context->table, action->uses, action->n_uses) &&
	       (action->n_uses > 0 ||
		       (context->stmt->tag != NULL && strcmp(context->stmt->tag, "GRANT") == 0));
}

/* Without a list it refers to the primary key. */
static bool reference_spares(const struct rule_context *context)
{
	const struct constraint_def *key = context->action->constraint;
	const struct relation_facts *table = facts_relation(context->facts, &key->referenced);

	if (table == NULL || table->n_replaced == 0)
		return true;
	for (size_t i = 0; key->n_referenced_columns == 0 && i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_PRIMARY_KEY)
			return spares(table, table->constraints[i].columns,
				table->constraints[i].n_columns);
	return key->n_referenced_columns > 0 &&
	       spares(table, key->referenced_columns, key->n_referenced_columns);
}

/* It is told by the text that what it does stands on other columns. */
static bool spares_replaced(const struct rule_context *context)
{
	const struct action *action = context->action;

	if (context->table == NULL || context->table->n_replaced == 0)
		return false;
	switch (action->kind) {
	case ACTION_SET_DEFAULT:
	case ACTION_DROP_DEFAULT:
	case ACTION_SET_NOT_NULL:
	case ACTION_DROP_NOT_NULL:
	case ACTION_SET_STATISTICS:
	case ACTION_SET_STORAGE:
	case ACTION_SET_COMPRESSION:
	case ACTION_SET_COLUMN_OPTIONS:
		return spares(context->table, &action->column, 1);
	case ACTION_COMMENT:
		return action->column != NULL ? spares(context->table, &action->column, 1)
					      : action->name == NULL && action->object != NULL &&
							strcmp(action->object, "TABLE") == 0;
	case ACTION_SET_TABLE_OPTIONS:
		return true;
	case ACTION_ADD_COLUMN:
		return action->column_def->generated == NULL &&
		       action->column_def->n_constraints == 0;
	case ACTION_CREATE_INDEX:
		return index_spares(context, action->index);
	case ACTION_CREATE_STATISTICS:
		return spares(context->table, action->uses, action->n_uses);
	case ACTION_ADD_CHECK:
		return spares(context->table, action->constraint->check->columns,
			action->constraint->check->n_columns);
	case ACTION_ADD_FOREIGN_KEY:
		return spares(
			context->table, action->constraint->columns, action->constraint->n_columns);
	case ACTION_VALIDATE_CONSTRAINT:
	case ACTION_DROP_CONSTRAINT:
	case ACTION_RENAME_CONSTRAINT:
		return constraint_spares(context, action->name);
	case ACTION_GRANT:
		return grant_spares(context);
	default:
		return false;
	}
}

/*
 * A change of a type comes to the engine, which knows whether it is the same statement again; but
 * for one that costs nothing, and for a second one of the column in the transaction of the first.
 */
static bool goes_to_engine(const struct rule_context *context)
{
	const struct replaced_facts *by_another =
		context->table != NULL && context->action->column != NULL
			? replaced(context->table, context->action->column)
			: NULL;

	if (!action_is(context, ACTION_ALTER_COLUMN_TYPE) || context->stmt->n_actions != 1)
		return false;
	if (by_another != NULL && by_another->here)
		return false;
	return context->effects->rewrite || context->effects->index_build ||
	       (context->table != NULL && context->table->n_replaced > 0 && by_another == NULL);
}

/* As a parent, as a partition, or by a foreign key. */
static bool binds_replaced(const struct rule_context *context)
{
	const struct action *action = context->action;

	switch (action->kind) {
	case ACTION_CREATE_TABLE:
		return action->inherits &&
		       any_is_one(context, action->sources, action->n_sources, true);
	case ACTION_INHERIT:
	case ACTION_ATTACH_PARTITION:
		return any_is_one(context, &action->other, 1, true);
	case ACTION_ADD_FOREIGN_KEY:
		return !reference_spares(context);
	default:
		return false;
	}
}

/* A function does not stand on the columns of a row type that it takes or gives. */
static bool alters_replaced(const struct rule_context *context)
{
	const struct action *action = context->action;
	enum reach reach = reaches[action->kind];

	if (goes_to_engine(context) || action_is(context, ACTION_CREATE_FUNCTION))
		return false;
	if (binds_replaced(context))
		return true;
	if (reach == STORED)
		return any_is_one(context, action->sources, action->n_sources, true);
	return reach == ITSELF && changes_one(context, true) && !spares_replaced(context);
}

static const char *await_change(const struct rule_context *context)
{
	return arena_printf(context->arena,
		"SELECT id, state, summary FROM phasegate.changes WHERE finished_at IS NULL;\n"
		"-- wait until it is done, or take it back:\n"
		"SELECT phasegate.abort(id);\n"
		"-- then, or before the TYPE in the transaction that begins the change:\n%s;",
		context->stmt->sql);
}

const struct rule rule_column_under_change = {
	.id = "column-under-change",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = alters_replaced,
	.sqlstate = SQLSTATE_IN_USE,
	.title = "A column of this table is being replaced by one of another type",
	.reason = "The old column goes when the new one is filled, and with it what was made on "
		  "it, set or granted meanwhile.",
	.locks = "Nothing yet.",
	.safe_when = "it reads or writes rows, or is VACUUM, ANALYZE, REINDEX or TRUNCATE; it says "
		     "itself that it is about other columns (their defaults, comments, statistics "
		     "and privileges, indexes of plain columns, CHECKs and foreign keys, a new "
		     "column).",
	.hint = "Wait until the change is done or abort it, then send the statement again; in the "
		"transaction that begins the change, put it before the TYPE.",
	.hint_sql = await_change,
};

/* SPDX-License-Identifier: PostgreSQL */
/* Section F: tables that are made, from others or in the place of others. */
#include "rules.h"

#include "arena.h"
#include "message.h"

static bool makes_one_again(const struct rule_context *context, const struct action *action)
{
	bool creates = action->kind == ACTION_CREATE_TABLE ||
		       action->kind == ACTION_CREATE_TABLE_AS ||
		       action->kind == ACTION_CREATE_PARTITION_OF;

	for (size_t i = 0; creates && i < context->action->n_targets; i++)
		if (may_be_same(&context->action->targets[i], &action->table))
			return true;
	return false;
}

static bool replaces_table(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_TABLE) && shared(context) &&
	       later(context, makes_one_again);
}

const struct rule rule_create_table_force = {
	.id = "create-table-force",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = replaces_table,
	.title = "DROP TABLE and CREATE TABLE of the same name empties a live table",
	.reason = "What looks like a script that can be run again throws away the rows, grants, "
		  "indexes and foreign keys of the table that is there.",
	.locks = "ACCESS EXCLUSIVE on the table that is dropped and on those its foreign keys "
		 "refer to.",
	.safe_when = "what is dropped is absent, temporary or made in this transaction.",
	.hint = "CREATE TABLE IF NOT EXISTS, without DROP; or a new table under another name that "
		"takes over the name.",
};

/* Only what the query reads counts: a query without tables is as long as its text. */
static bool copies_much(const struct rule_context *context)
{
	const struct action *action = context->action;

	if (!(action_is(context, ACTION_CREATE_TABLE_AS) ||
		    action_is(context, ACTION_CREATE_MATVIEW)) ||
		!action->with_data || action->few_rows || action->temporary ||
		context->effects->noop)
		return false;
	for (size_t i = 0; i < action->n_sources; i++)
		if (reads_much(context, &action->sources[i]))
			return true;
	return false;
}

const struct rule rule_create_table_as = {
	.id = "create-table-as",
	.section = 'F',
	.verdict = VERDICT_WARN,
	.fires = copies_much,
	.title = "Creating a table from a query holds one snapshot for as long as the query runs",
	.reason = "VACUUM removes no dead row of the database meanwhile, and schema changes of the "
		  "tables read wait. Constraints, indexes and defaults are not copied.",
	.locks = "ACCESS SHARE on every table read, to the end: reads and writes go on.",
	.safe_when = "the tables read are small or new; the new one is temporary; or WITH NO DATA "
		     "is written, or LIMIT 0, or a WHERE that no row meets.",
	.hint = "CREATE TABLE ... (LIKE ... INCLUDING ALL) and INSERT in batches; a materialized "
		"view WITH NO DATA, then REFRESH.",
};

/* SPDX-License-Identifier: PostgreSQL */
/* Sections F and I: views and materialized views. */
#include "rules.h"

#include "arena.h"
#include "message.h"
#include "recipe.h"

static bool makes_view_again(const struct rule_context *context, const struct action *action)
{
	bool view = action->kind == ACTION_CREATE_VIEW || action->kind == ACTION_REPLACE_VIEW ||
		    action->kind == ACTION_CREATE_MATVIEW;

	return view && may_be_same(&action->table, &context->action->targets[0]);
}

/* Nobody else knows it, or it is not there (IF EXISTS). */
static bool misses_nobody(const struct rule_context *context, const struct name *view)
{
	const struct relation_facts *found = facts_relation(context->facts, view);

	return found != NULL ? is_private(found) : context->facts->known;
}

static bool has_dependents(const struct relation_facts *view)
{
	size_t n = view->n_dependents;

	for (size_t i = 0; i < view->n_columns; i++)
		n += view->columns[i].n_dependents;
	return n > 0;
}

/* By CASCADE, what nobody has named; of a view that was not looked up it may be anything. */
static bool takes_others_along(const struct rule_context *context, const struct name *view)
{
	const struct relation_facts *found = facts_relation(context->facts, view);

	return context->action->cascade && (found == NULL || has_dependents(found));
}

/* DROP VIEW a, b: each of them. */
static bool all_made_again(const struct rule_context *context)
{
	for (size_t i = 0; i < context->action->n_targets; i++) {
		struct action one = *context->action;
		struct rule_context about = *context;

		one.targets = &context->action->targets[i];
		one.n_targets = 1;
		about.action = &one;
		if (!misses_nobody(context, one.targets) &&
			(takes_others_along(context, one.targets) ||
				!soon(&about, makes_view_again)))
			return false;
	}
	return true;
}

static bool drops_view(const struct rule_context *context)
{
	return (action_is(context, ACTION_DROP_VIEW) || action_is(context, ACTION_DROP_MATVIEW)) &&
	       shared(context) && context->effects->breaks_clients && !all_made_again(context);
}

const struct rule rule_drop_view_matview = {
	.id = "drop-view-matview",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_view,
	.title = "Dropping a view breaks every running client that reads it",
	.reason = "Statements that name the view fail from then on; of a materialized view the "
		  "rows are gone too.",
	.locks = "ACCESS EXCLUSIVE on the view, for a moment.",
	.safe_when =
		"the view is absent, temporary or made in this transaction; or the same text "
		"makes it again in the same transaction, each of them if there are several, and "
		"CASCADE takes no other along.",
	.hint = "CREATE OR REPLACE VIEW to change it; to be rid of it, stop its use first, then an "
		"administrator drops it.",
};

static bool fills_if_absent(const struct rule_context *context, const struct action *action)
{
	return action->kind == ACTION_CREATE_MATVIEW && action->if_not_exists &&
	       action->with_data && may_be_same(&action->table, &context->action->table);
}

/* What a file has just filled, if it was absent, it fills again for the case that it was not. */
static bool expects_it_there(const struct rule_context *context)
{
	return context->separate && !context->facts->known && earlier(context, fills_if_absent);
}

/* What was never filled nobody reads; WITH NO DATA reads nothing. */
static bool refreshes_under_lock(const struct rule_context *context)
{
	const struct action *action = context->action;
	const struct relation_facts *view = context->table;

	return action_is(context, ACTION_REFRESH_MATVIEW) && !action->concurrently &&
	       action->with_data && (shared(context) || expects_it_there(context)) &&
	       (view == NULL || view->oid == 0 || view->populated);
}

static const char *unique_index_sql(const struct rule_context *context)
{
	const struct relation_facts *view = context->table;

	for (size_t i = 0; view != NULL && i < view->n_indexes; i++) {
		const struct index_facts *index = &view->indexes[i];

		if (index->unique && index->valid && !index->partial && !index->has_expressions)
			return "";
	}
	return arena_printf(context->arena,
		"CREATE UNIQUE INDEX CONCURRENTLY ON %s (<key columns>);%s\n",
		message_table_sql(context), view == NULL ? " -- unless it has one" : "");
}

static const char *refresh_concurrently(const struct rule_context *context)
{
	return arena_printf(context->arena, "%sREFRESH MATERIALIZED VIEW CONCURRENTLY %s;",
		unique_index_sql(context), message_table_sql(context));
}

const struct rule rule_refresh_matview_non_concurrent = {
	.id = "refresh-matview-non-concurrent",
	.section = 'I',
	.verdict = VERDICT_REWRITE,
	.fires = refreshes_under_lock,
	.recipe = recipe_refresh,
	.title = "REFRESH MATERIALIZED VIEW stops all readers for as long as its query runs",
	.reason =
		"The query is run, the rows are written and the indexes are built under one lock.",
	.locks = "ACCESS EXCLUSIVE on the materialized view, to the end of the transaction; ACCESS "
		 "SHARE on what its query reads.",
	.safe_when = "CONCURRENTLY or WITH NO DATA is written; it was never filled, so that nobody "
		     "reads it; or it was made in this transaction.",
	.hint = "REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index on plain columns "
		"without WHERE.",
	.hint_sql = refresh_concurrently,
};

static bool refreshes_concurrently(const struct rule_context *context)
{
	return action_is(context, ACTION_REFRESH_MATVIEW) && context->action->concurrently &&
	       shared(context);
}

const struct rule rule_refresh_matview_concurrent = {
	.id = "refresh-matview-concurrent",
	.section = 'I',
	.verdict = VERDICT_ALLOW,
	.fires = refreshes_concurrently,
	.title = "REFRESH ... CONCURRENTLY takes long, and one refresh waits for the other",
	.reason = "Readers go on; the changes are worked out in a temporary table first.",
	.locks = "EXCLUSIVE on the materialized view for the whole refresh: reads go on.",
	.safe_when = "it is the safe form.",
	.hint = "Refresh no more often than one takes.",
};

static bool replaces_view(const struct rule_context *context)
{
	return action_is(context, ACTION_REPLACE_VIEW) && shared(context) &&
	       context->effects->n_locks > 0;
}

const struct rule rule_replace_view = {
	.id = "replace-view",
	.section = 'I',
	.verdict = VERDICT_ALLOW,
	.fires = replaces_view,
	.title = "CREATE OR REPLACE VIEW stops readers of the view for a moment",
	.reason = "Columns can only be added at the end; the server refuses anything else.",
	.locks = "ACCESS EXCLUSIVE on the view, for a moment, if there is one already.",
	.safe_when = "the view is new.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

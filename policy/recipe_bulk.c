/* SPDX-License-Identifier: PostgreSQL */
/*
 * UPDATE and DELETE of every row, in batches by key, each a transaction of its own.  Only where
 * the sum of the batches is what the one statement would have done: what spans the rows (a trigger
 * for the whole statement, a foreign key from the table to itself), what changes from batch to
 * batch (the time) or what the engine's session does not have (parameters, the client's own
 * state) stands in the way.
 */
#include <string.h>

#include "arena.h"
#include "model.h"
#include "planner.h"
#include "recipe_bulk.h"

/* ---- the statement ---- */

static const struct {
	unsigned trait;
	const char *reason;
} traits[] = {
	{BULK_NESTED, "it stands inside another statement or behind WITH"},
	{BULK_JOINS, "it takes rows from other tables (FROM, USING)"},
	{BULK_RETURNS, "RETURNING wants all rows in one answer"},
	{BULK_SUBQUERY, "its subquery would see another state of the database in every batch"},
	{BULK_PARAMETER, "it has parameters; write the values into its text"},
	{BULK_CLOCK, "the time it asks for differs from batch to batch; write it as a literal"},
	{BULK_SESSION, "it asks for the session's user, which is another in the batches"},
	{BULK_QUALIFIED, "a column is written with the schema of its table"},
	{BULK_MERGE, "MERGE takes its rows from another table"},
	{BULK_UNREAD, "its clauses cannot be told apart"},
};

static const char *statement_obstacle(const struct bulk_def *bulk)
{
	for (size_t i = 0; i < sizeof(traits) / sizeof(*traits); i++)
		if (bulk->traits & traits[i].trait)
			return traits[i].reason;
	return NULL;
}

/* Of the functions that tell when, or in which session, they run. */
static const struct {
	const char *function, *reason;
} functions[] = {
	{"now", "now() differs from batch to batch; write the time as a literal"},
	{"transaction_timestamp",
		"transaction_timestamp() differs from batch to batch; write the time as a literal"},
	{"statement_timestamp",
		"statement_timestamp() differs from batch to batch; write the time as a literal"},
	{"age", "age() may count from today, which can change between batches"},
	{"current_setting", "current_setting() reads the session, which is another in the batches"},
	{"set_config", "set_config() is about the session, which is another in the batches"},
	{"currval", "currval() is the session's, which is another in the batches"},
	{"lastval", "lastval() is the session's, which is another in the batches"},
	{"pg_backend_pid", "pg_backend_pid() is another in the batches"},
	{"inet_client_addr", "inet_client_addr() is another in the batches"},
	{"inet_client_port", "inet_client_port() is another in the batches"},
	{"txid_current", "every batch is a transaction of its own"},
	{"pg_current_xact_id", "every batch is a transaction of its own"},
};

static const char *function_obstacle(const struct bulk_def *bulk)
{
	for (size_t i = 0; i < bulk->n_functions; i++)
		for (size_t j = 0; j < sizeof(functions) / sizeof(*functions); j++)
			if (strcmp(bulk->functions[i].name, functions[j].function) == 0)
				return functions[j].reason;
	return NULL;
}

/* ---- the key to go by ---- */

static bool holds_no_null(const struct relation_facts *table, const struct index_facts *index)
{
	for (size_t i = 0; i < index->n_columns; i++) {
		const struct column_facts *column =
			index->columns[i] == NULL ? NULL : facts_column(table, index->columns[i]);

		if (column == NULL || !column->not_null)
			return false;
	}
	return true;
}

static bool fit_to_walk(const struct relation_facts *table, const struct index_facts *index)
{
	return index->unique && index->immediate && index->valid && !index->partial &&
	       !index->has_expressions && index->plain_order && holds_no_null(table, index);
}

/* The primary key, or the one of the fewest columns. */
static const struct index_facts *find_key(const struct relation_facts *table)
{
	const struct index_facts *best = NULL;

	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct index_facts *index = &table->indexes[i];

		if (!fit_to_walk(table, index))
			continue;
		if (index->primary)
			return index;
		if (best == NULL || index->n_columns < best->n_columns)
			best = index;
	}
	return best;
}

/* ---- the table ---- */

static bool has_foreign_partition(const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_partition_tree; i++)
		if (table->partition_tree[i].kind == 'f')
			return true;
	return false;
}

const char *bulk_table_obstacle(const struct planner *planner)
{
	const struct relation_facts *table = planner->table;

	if (table == NULL)
		return "nothing is known of its table";
	if (table->kind != 'r' && table->kind != 'p')
		return "it is no ordinary table";
	if (planner_inherited(planner))
		return "other tables inherit from it";
	if (planner_partitioned(planner) && planner->action->only)
		return "ONLY leaves no rows of a partitioned table";
	if (has_foreign_partition(table))
		return "one of its partitions is a foreign table";
	if (planner_partitioned(planner) && planner->action->bulk->traits & BULK_WHOLE_ROW)
		return "a whole row of a partition is not that of the partitioned table";
	if (table->has_rules)
		return "a rule of the table does something else or more";
	if (table->has_policies || table->rows_hidden || table->leaf_rows_hidden)
		return "row security may depend on the session, which is another in the batches";
	if (find_key(table) == NULL)
		return "the table has no unique index over NOT NULL columns to go by";
	return NULL;
}

/* ---- what it writes ---- */

/*
 * A key that is written moves its row past the batches or back behind them.  Other unique columns
 * are as bad: what is unique in the end need not be so in between.  Every unique index of a
 * partitioned table holds its partition key.
 */
static bool must_stay_unique(const struct relation_facts *table, const char *column)
{
	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct index_facts *index = &table->indexes[i];

		if (index->unique &&
			(names_contain(index->columns, index->n_columns, column) ||
				names_contain(index->mentions, index->n_mentions, column)))
			return true;
	}
	for (size_t i = 0; i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_EXCLUSION)
			return true;
	return false;
}

static const char *write_obstacle(const struct planner *planner)
{
	const struct bulk_def *bulk = planner->action->bulk;

	for (size_t i = 0; i < bulk->n_columns; i++)
		if (must_stay_unique(planner->table, bulk->columns[i]))
			return arena_printf(planner->arena,
				"it writes %s, which has to be unique in every batch",
				quote_ident(planner->arena, bulk->columns[i]));
	return NULL;
}

static bool refers_to(const struct relation_facts *table, const struct name *name)
{
	for (size_t i = 0; i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
			name_equal(&table->constraints[i].referenced, name))
			return true;
	return false;
}

/* Rows that refer to each other can go together only, or take uncounted ones along (CASCADE). */
static const char *delete_obstacle(const struct planner *planner)
{
	const struct relation_facts *table = planner->table;
	bool circle = refers_to(table, &table->name);

	for (size_t i = 0; i < table->n_referencing; i++)
		circle |= refers_to(table, &table->referencing[i]);
	return circle ? "its rows refer to each other by a foreign key" : NULL;
}

/* Why it is not to be done in batches; NULL: it is. */
static const char *obstacle(const struct planner *planner)
{
	const struct bulk_def *bulk = planner->action->bulk;
	const char *why = statement_obstacle(bulk);

	if (why == NULL)
		why = function_obstacle(bulk);
	if (why == NULL)
		why = bulk_table_obstacle(planner);
	if (why == NULL && planner->table->statement_triggers)
		why = "a trigger of the table is to fire once for the whole statement";
	if (why == NULL)
		why = bulk->set_sql != NULL ? write_obstacle(planner) : delete_obstacle(planner);
	return why;
}

/* ---- the plan ---- */

const char bulk_not_deferrable[] =
	"its batches are transactions of their own; send it outside a transaction";

/* $1, $2, ...: as many as the key has columns, from first on. */
static const char *placeholders(struct arena *arena, size_t first, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(arena, "%s%s$%zu", text, i > 0 ? ", " : "", first + i);
	return text;
}

static const char *update_by_hand(
	const struct planner *planner, const struct bulk_spec *spec, size_t n)
{
	struct arena *arena = planner->arena;

	return arena_printf(arena,
		"UPDATE %s AS %s SET %s WHERE (%s) > (%s) AND (%s) <= (%s)%s%s%s",
		planner->table_sql, quote_ident(arena, spec->alias), spec->set_sql, spec->key_sql,
		placeholders(arena, 1, n), spec->key_sql, placeholders(arena, n + 1, n),
		spec->where_sql != NULL ? " AND (" : "",
		spec->where_sql != NULL ? spec->where_sql : "", spec->where_sql != NULL ? ")" : "");
}

static const char *delete_by_hand(const struct planner *planner, const struct bulk_spec *spec)
{
	struct arena *arena = planner->arena;
	const char *alias = quote_ident(arena, spec->alias);
	const char *where =
		spec->where_sql != NULL ? arena_printf(arena, " WHERE %s", spec->where_sql) : "";

	return arena_printf(arena,
		"DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s AS %s%s LIMIT 1000)",
		planner->table_sql, spec->key_sql, spec->key_sql, planner->table_sql, alias, where);
}

void bulk_add(struct planner *planner)
{
	struct arena *arena = planner->arena;
	const struct bulk_def *bulk = planner->action->bulk;
	const struct index_facts *key = find_key(planner->table);
	struct step *step = plan_add_step(planner->plan, STEP_BULK, LOCK_ROW_EXCLUSIVE);
	struct bulk_spec *spec = arena_alloc(arena, sizeof(*spec));

	*spec = (struct bulk_spec){
		.table = planner->plan->table,
		.alias = bulk->alias,
		.set_sql = bulk->set_sql,
		.where_sql = bulk->where_sql,
		.key_sql = planner_columns_sql(arena, key->columns, key->n_columns),
		.settings_sql =
			planner->facts->settings_sql != NULL ? planner->facts->settings_sql : "",
	};
	step->bulk = spec;
	step->purpose = arena_printf(arena,
		"%s the rows there are by %s, in batches of their own transaction",
		bulk->set_sql != NULL ? "update" : "delete", spec->key_sql);
	step->sql = bulk->set_sql != NULL ? update_by_hand(planner, spec, key->n_columns)
					  : delete_by_hand(planner, spec);
}

bool recipe_bulk(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	bool update = context->action->kind == ACTION_UPDATE_WITHOUT_WHERE;

	plan->impossible_because = obstacle(&planner);
	if (plan->impossible_because != NULL)
		return false;
	plan->tag = update ? "UPDATE" : "DELETE";
	plan->counts_rows = true;
	planner_not_deferrable(&planner, bulk_not_deferrable);
	bulk_add(&planner);
	return planner_close(&planner, arena_printf(planner.arena, "%s every row of %s",
					       update ? "update" : "delete", plan->table.name));
}

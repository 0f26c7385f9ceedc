/* SPDX-License-Identifier: PostgreSQL */
#include "planner.h"

#include <string.h>

#include "arena.h"
#include "recipe_names.h"

struct planner planner_open(const struct rule_context *context, struct plan *plan)
{
	const struct action *action = context->action;
	/* Of a table that no catalog was asked for, only what the text did to it is known. */
	bool known = context->table != NULL && context->table->exists && context->table->oid != 0;
	struct planner planner = {
		.arena = context->arena,
		.action = action,
		.facts = context->facts,
		.settings = context->settings,
		.table = known ? context->table : NULL,
		.plan = plan,
	};

	*plan = (struct plan){
		.table = known ? context->table->name : action->table,
		.relation_oid = known ? context->table->oid : 0,
		.tag = context->stmt != NULL && context->stmt->tag != NULL ? context->stmt->tag
									   : "ALTER TABLE",
		.deferrable = true,
	};
	if (plan->table.name == NULL && action->n_targets > 0)
		plan->table = action->targets[0];
	planner.table_sql = plan->table.name != NULL ? name_sql(planner.arena, &plan->table) : "";
	planner.alter = arena_printf(
		planner.arena, "ALTER TABLE %s%s", action->only ? "ONLY " : "", planner.table_sql);
	return planner;
}

struct planner planner_at(const struct planner *planner, const struct relation_facts *table)
{
	struct planner at = *planner;

	at.table = table;
	at.table_sql = name_sql(at.arena, &table->name);
	at.alter = arena_printf(at.arena, "ALTER TABLE %s", at.table_sql);
	return at;
}

bool planner_close(const struct planner *planner, const char *summary)
{
	struct plan *plan = planner->plan;
	size_t phases = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		phases += !plan->steps[i].with_previous;
	plan->summary = arena_printf(
		planner->arena, "%s in %zu phase%s", summary, phases, phases == 1 ? "" : "s");
	return plan->n_steps > 0 && !plan->overflow;
}

void planner_not_deferrable(struct planner *planner, const char *because)
{
	planner->plan->deferrable = false;
	planner->plan->not_deferrable_because = because;
}

bool planner_partitioned(const struct planner *planner)
{
	return planner->table != NULL && planner->table->kind == 'p';
}

bool planner_inherited(const struct planner *planner)
{
	return planner->table != NULL && planner->table->kind != 'p' &&
	       planner->table->n_partitions > 0;
}

void planner_keep_column(struct planner *planner, const char *column)
{
	plan_note(planner->arena, &planner->plan->columns, column);
}

void planner_keep_constraint(
	struct planner *planner, const struct name *table, const char *constraint)
{
	if (name_equal(table, &planner->plan->table))
		plan_note(planner->arena, &planner->plan->constraints, constraint);
}

struct step *planner_add_catalog(struct planner *planner, const char *purpose, const char *sql,
	const char *undo, const char *probe_sql)
{
	struct step *step = plan_add_step(planner->plan, STEP_CATALOG, LOCK_ACCESS_EXCLUSIVE);

	step->purpose = purpose;
	step->sql = sql;
	step->undo = undo;
	step->probe = probe_sql;
	return step;
}

struct step *planner_add_not_valid(struct planner *planner, const struct name *table,
	const char *name, const struct constraint_def *def)
{
	bool foreign_key = def->kind == CONSTRAINT_FOREIGN_KEY;
	const char *only = planner->action->only ? "ONLY " : "";
	const char *table_sql = name_sql(planner->arena, table);
	const char *name_quoted = quote_ident(planner->arena, name);
	struct step *step;

	planner_keep_constraint(planner, table, name);
	step = planner_add_catalog(planner,
		arena_printf(planner->arena, "hold new rows of %s to %s; old ones are not read yet",
			table->name, name),
		arena_printf(planner->arena, "ALTER TABLE %s%s ADD CONSTRAINT %s %s NOT VALID",
			only, table_sql, name_quoted, def->body_sql),
		arena_printf(planner->arena, "ALTER TABLE %s%s DROP CONSTRAINT IF EXISTS %s", only,
			table_sql, name_quoted),
		probe_select(planner, probe_constraint(planner, table, name, false), NULL));

	/* ATExecAddConstraint: a foreign key needs no more than this, on both tables. */
	if (foreign_key)
		step->lock = LOCK_SHARE_ROW_EXCLUSIVE;
	return step;
}

void planner_add_validate(struct planner *planner, const struct name *table, const char *name,
	bool foreign_key, const char *done_also)
{
	struct step *step = plan_add_step(planner->plan, STEP_SCAN, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose = arena_printf(planner->arena,
		foreign_key ? "look up the rows that %s has for %s; reads and writes go on"
			    : "check the rows that %s has against %s; reads and writes go on",
		table->name, name);
	step->sql = arena_printf(planner->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s",
		name_sql(planner->arena, table), quote_ident(planner->arena, name));
	step->probe =
		probe_select(planner, probe_constraint(planner, table, name, true), done_also);
}

void planner_add_soak(struct planner *planner, const char *purpose)
{
	plan_add_step(planner->plan, STEP_SOAK, LOCK_NONE)->purpose = purpose;
}

/* ---- backfill ---- */

static const struct constraint_facts *primary_key(const struct relation_facts *table)
{
	for (size_t i = 0; table != NULL && i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_PRIMARY_KEY)
			return &table->constraints[i];
	return NULL;
}

/* What names a row: the primary key, or where it lies; below a partitioned table that needs the
 * leaf too. */
static const char *row_key(struct planner *planner)
{
	const struct constraint_facts *key = primary_key(planner->table);

	if (key != NULL)
		return planner_columns_sql(planner->arena, key->columns, key->n_columns);
	return planner_partitioned(planner) ? "tableoid, ctid" : "ctid";
}

/* Triggers cannot be told from here: that is for the engine to find. */
const char *planner_write_obstacle(const struct relation_facts *table)
{
	if (table == NULL)
		return NULL;
	if (table->update_rules)
		return "a rule of the table does something else or more";
	if (table->leaf_rows_hidden)
		return "row security may hide rows of the table from you, which FORCE ROW LEVEL "
		       "SECURITY does from its owner, too; BYPASSRLS is above it";
	if (table->kind == 'r' && table->unidentified != NULL &&
		strchr(table->unidentified, 'u') != NULL)
		return "its updates are published and it has no replica identity, so the server "
		       "refuses them";
	return NULL;
}

struct step *planner_add_fill(
	struct planner *planner, const char *column, const char *set, const char *pending)
{
	struct arena *arena = planner->arena;
	struct step *step = plan_add_step(planner->plan, STEP_BACKFILL, LOCK_ROW_EXCLUSIVE);
	struct backfill_spec *spec = arena_alloc(arena, sizeof(*spec));
	const char *key = row_key(planner);

	spec->table = planner->table != NULL ? planner->table->name : planner->plan->table;
	spec->set_sql = set;
	spec->pending_sql = pending;
	step->backfill = spec;
	step->purpose = arena_printf(arena,
		"fill %s in the rows there are, in batches of their own transaction", column);
	step->sql = arena_printf(arena,
		"UPDATE %s SET %s WHERE (%s) IN (SELECT %s FROM %s WHERE %s LIMIT 1000) AND %s",
		planner->table_sql, set, key, key, planner->table_sql, pending, pending);
	step->probe = arena_printf(
		arena, "SELECT NOT EXISTS (SELECT FROM %s WHERE %s)", planner->table_sql, pending);
	return step;
}

void planner_add_backfill(struct planner *planner, const char *column, const char *expr_sql)
{
	const char *quoted = quote_ident(planner->arena, column);

	planner_add_fill(planner, column, arena_printf(planner->arena, "%s = %s", quoted, expr_sql),
		arena_printf(planner->arena, "%s IS NULL", quoted));
}

void planner_join(struct planner *planner, size_t first, bool in_client_transaction)
{
	struct plan *plan = planner->plan;

	for (size_t i = first; i < plan->n_steps; i++) {
		plan->steps[i].with_previous = i > first;
		plan->steps[i].in_client_transaction = in_client_transaction;
	}
}

const char *planner_listed(
	struct arena *arena, const char *what, const char *const *labels, size_t n)
{
	const char *text = what;

	for (size_t i = 0; i < n; i++)
		text = arena_printf(arena, "%s%s%s", text, i == 0 ? ": " : ", ", labels[i]);
	return text;
}

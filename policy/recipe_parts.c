/* SPDX-License-Identifier: PostgreSQL */
#include "recipe_parts.h"

#include <string.h>

#include "arena.h"
#include "recipe_names.h"

struct kitchen kitchen_open(const struct rule_context *context, struct plan *plan)
{
	const struct action *action = context->action;
	bool known = context->table != NULL && context->table->exists;
	struct kitchen kitchen = {
		.arena = context->arena,
		.action = action,
		.facts = context->facts,
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
	kitchen.table_sql = plan->table.name != NULL ? name_sql(kitchen.arena, &plan->table) : "";
	kitchen.alter = arena_printf(
		kitchen.arena, "ALTER TABLE %s%s", action->only ? "ONLY " : "", kitchen.table_sql);
	return kitchen;
}

bool kitchen_close(const struct kitchen *kitchen, const char *summary)
{
	struct plan *plan = kitchen->plan;
	size_t phases = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		phases += !plan->steps[i].with_previous;
	plan->summary = arena_printf(
		kitchen->arena, "%s in %zu phase%s", summary, phases, phases == 1 ? "" : "s");
	return plan->n_steps > 0 && !plan->overflow;
}

void not_deferrable(struct kitchen *kitchen, const char *because)
{
	kitchen->plan->deferrable = false;
	kitchen->plan->not_deferrable_because = because;
}

bool is_partitioned(const struct kitchen *kitchen)
{
	return kitchen->table != NULL && kitchen->table->kind == 'p';
}

bool is_inherited(const struct kitchen *kitchen)
{
	return kitchen->table != NULL && kitchen->table->kind != 'p' &&
	       kitchen->table->n_partitions > 0;
}

struct step *add_catalog(struct kitchen *kitchen, const char *purpose, const char *sql,
	const char *undo, const char *probe_sql)
{
	struct step *step = plan_add_step(kitchen->plan, STEP_CATALOG, LOCK_ACCESS_EXCLUSIVE);

	step->purpose = purpose;
	step->sql = sql;
	step->undo = undo;
	step->probe = probe_sql;
	return step;
}

struct step *add_not_valid(struct kitchen *kitchen, const struct name *table, const char *name,
	const struct constraint_def *def)
{
	bool foreign_key = def->kind == CONSTRAINT_FOREIGN_KEY;
	const char *only = kitchen->action->only ? "ONLY " : "";
	const char *table_sql = name_sql(kitchen->arena, table);
	const char *name_quoted = quote_ident(kitchen->arena, name);
	struct step *step = add_catalog(kitchen,
		arena_printf(
			kitchen->arena, "hold new rows to %s; old ones are not read yet", name),
		arena_printf(kitchen->arena, "ALTER TABLE %s%s ADD CONSTRAINT %s %s NOT VALID",
			only, table_sql, name_quoted, def->body_sql),
		arena_printf(kitchen->arena, "ALTER TABLE %s%s DROP CONSTRAINT IF EXISTS %s", only,
			table_sql, name_quoted),
		probe(kitchen, has_constraint(kitchen, table, name, false), NULL));

	/* ATExecAddConstraint: a foreign key needs no more than this, on both tables. */
	if (foreign_key)
		step->lock = LOCK_SHARE_ROW_EXCLUSIVE;
	return step;
}

void add_validate(struct kitchen *kitchen, const struct name *table, const char *name,
	bool foreign_key, const char *done_also)
{
	struct step *step = plan_add_step(kitchen->plan, STEP_SCAN, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose = arena_printf(kitchen->arena,
		foreign_key ? "look up the rows there are for %s; reads and writes go on"
			    : "check the rows there are against %s; reads and writes go on",
		name);
	step->sql = arena_printf(kitchen->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s",
		name_sql(kitchen->arena, table), quote_ident(kitchen->arena, name));
	step->probe = probe(kitchen, has_constraint(kitchen, table, name, true), done_also);
}

/* ---- backfill ---- */

static const struct constraint_facts *primary_key(const struct relation_facts *table)
{
	for (size_t i = 0; table != NULL && i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_PRIMARY_KEY)
			return &table->constraints[i];
	return NULL;
}

static const char *column_list(struct arena *arena, const char *const *columns, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(
			arena, "%s%s%s", text, i > 0 ? ", " : "", quote_ident(arena, columns[i]));
	return text;
}

/* What names a row: the primary key, or where it lies; below a partitioned table that needs the
 * leaf too. */
static const char *row_key(struct kitchen *kitchen)
{
	const struct constraint_facts *key = primary_key(kitchen->table);

	if (key != NULL)
		return column_list(kitchen->arena, key->columns, key->n_columns);
	return is_partitioned(kitchen) ? "tableoid, ctid" : "ctid";
}

void add_backfill(struct kitchen *kitchen, const char *column, const char *expr_sql)
{
	struct arena *arena = kitchen->arena;
	struct step *step = plan_add_step(kitchen->plan, STEP_BACKFILL, LOCK_ROW_EXCLUSIVE);
	struct backfill_spec *spec = arena_alloc(arena, sizeof(*spec));
	const char *quoted = quote_ident(arena, column), *key = row_key(kitchen);

	spec->table = kitchen->plan->table;
	spec->set_sql = arena_printf(arena, "%s = %s", quoted, expr_sql);
	spec->pending_sql = arena_printf(arena, "%s IS NULL", quoted);
	step->backfill = spec;
	step->purpose = arena_printf(arena,
		"fill %s in the rows there are, in batches of their own transaction", column);
	step->sql = arena_printf(arena,
		"UPDATE %s SET %s WHERE (%s) IN (SELECT %s FROM %s WHERE %s LIMIT 1000) AND %s",
		kitchen->table_sql, spec->set_sql, key, key, kitchen->table_sql, spec->pending_sql,
		spec->pending_sql);
	step->probe = arena_printf(arena, "SELECT NOT EXISTS (SELECT FROM %s WHERE %s)",
		kitchen->table_sql, spec->pending_sql);
}

/* ---- unique indexes behind constraints ---- */

static struct name beside_table(const struct kitchen *kitchen, const char *index)
{
	return (struct name){.schema = kitchen->plan->table.schema, .name = index};
}

bool index_name_free(const struct kitchen *kitchen, const char *index)
{
	struct name name = beside_table(kitchen, index);
	const struct relation_facts *relation = facts_relation(kitchen->facts, &name);
	const struct index_facts *own =
		kitchen->table != NULL ? facts_index(kitchen->table, index) : NULL;

	if (relation == NULL) {
		name.schema = kitchen->action->table.schema;
		relation = facts_relation(kitchen->facts, &name);
	}
	if (own != NULL)
		return !own->valid;
	return relation == NULL || !relation->exists || kitchen->table == NULL ||
	       strcmp(relation->name.schema, kitchen->table->name.schema) != 0;
}

void add_unique_index(struct kitchen *kitchen, const char *name, const struct constraint_def *def)
{
	struct arena *arena = kitchen->arena;
	const struct name *table = &kitchen->plan->table;
	struct name index = beside_table(kitchen, name);
	struct step *step =
		plan_add_step(kitchen->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);
	const char *include = "";

	if (def->n_include > 0)
		include = arena_printf(
			arena, " INCLUDE (%s)", column_list(arena, def->include, def->n_include));
	step->purpose =
		arena_printf(arena, "build the unique index %s; reads and writes go on", name);
	step->sql = arena_printf(arena, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s)%s%s",
		quote_ident(arena, name), kitchen->table_sql,
		column_list(arena, def->columns, def->n_columns), include,
		def->nulls_not_distinct ? " NULLS NOT DISTINCT" : "");
	step->undo = arena_printf(
		arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name_sql(arena, &index));
	step->probe = probe(kitchen, has_index(kitchen, table, name), NULL);
	repair_invalid_index(kitchen, step, table, name);
}

struct step *add_using_index(struct kitchen *kitchen, const char *name, const char *index,
	const struct constraint_def *def)
{
	struct arena *arena = kitchen->arena;
	const char *quoted = quote_ident(arena, name);
	bool primary = def->kind == CONSTRAINT_PRIMARY_KEY;

	return add_catalog(kitchen,
		arena_printf(arena, "make the index the %s %s",
			primary ? "primary key" : "unique constraint", name),
		arena_printf(arena, "%s ADD CONSTRAINT %s %s USING INDEX %s%s%s", kitchen->alter,
			quoted, primary ? "PRIMARY KEY" : "UNIQUE", quote_ident(arena, index),
			def->deferrable ? " DEFERRABLE" : "",
			def->initially_deferred ? " INITIALLY DEFERRED" : ""),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", kitchen->alter, quoted),
		probe(kitchen, has_constraint(kitchen, &kitchen->plan->table, name, false), NULL));
}

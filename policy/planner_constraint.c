/* SPDX-License-Identifier: PostgreSQL */
/* What constraints are called, and the unique indexes that stand behind them. */
#include "planner.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "recipe_names.h"

const char *planner_columns_sql(struct arena *arena, const char *const *columns, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(
			arena, "%s%s%s", text, i > 0 ? ", " : "", quote_ident(arena, columns[i]));
	return text;
}

/* AddRelationNewConstraints (heap.c): named for its column only when it speaks of exactly one. */
static const char *single_column(const struct expr *check)
{
	for (size_t i = 1; i < check->n_columns; i++)
		if (strcmp(check->columns[i], check->columns[0]) != 0)
			return NULL;
	return check->n_columns > 0 ? check->columns[0] : NULL;
}

const char *planner_constraint_name(struct planner *planner, const struct constraint_def *def)
{
	struct arena *arena = planner->arena;
	const char *table = planner->plan->table.name;
	const char *columns;

	if (def->name != NULL)
		return def->name;
	switch (def->kind) {
	case CONSTRAINT_CHECK:
		return choose_name(
			arena, planner->table, table, single_column(def->check), "check");
	case CONSTRAINT_FOREIGN_KEY:
		columns = join_columns(arena, def->columns, def->n_columns);
		return choose_name(arena, planner->table, table, columns, "fkey");
	case CONSTRAINT_PRIMARY_KEY:
		return choose_name(arena, planner->table, table, NULL, "pkey");
	case CONSTRAINT_UNIQUE:
	case CONSTRAINT_EXCLUSION:
		break;
	}
	columns = join_columns(arena, def->columns, def->n_columns);
	if (def->n_include > 0)
		columns = arena_printf(
			arena, "%s_%s", columns, join_columns(arena, def->include, def->n_include));
	return choose_name(arena, planner->table, table, columns, "key");
}

bool planner_constraint_exists(const struct planner *planner, const char *name)
{
	return planner->table != NULL && facts_constraint(planner->table, name) != NULL;
}

/* A key word outside quotes. */
static bool has_word(const char *sql, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = sql; *p != '\0'; p++) {
		if (*p == '"') {
			p = strchr(p + 1, '"');
			if (p == NULL)
				return false;
		} else if (strncasecmp(p, word, n) == 0) {
			return true;
		}
	}
	return false;
}

/* WITH (fillfactor = ..) and TABLESPACE are in the text alone, so they would be lost. */
bool planner_index_can_replace(const struct planner *planner, const struct constraint_def *def)
{
	return !planner_partitioned(planner) && !has_word(def->body_sql, " WITH") &&
	       !has_word(def->body_sql, " TABLESPACE");
}

static struct name beside_table(const struct planner *planner, const char *index)
{
	return (struct name){.schema = planner->plan->table.schema, .name = index};
}

bool planner_index_name_free(const struct planner *planner, const char *index)
{
	struct name name = beside_table(planner, index);
	const struct relation_facts *relation = facts_relation(planner->facts, &name);
	const struct index_facts *own =
		planner->table != NULL ? facts_index(planner->table, index) : NULL;

	if (relation == NULL) {
		name.schema = planner->action->table.schema;
		relation = facts_relation(planner->facts, &name);
	}
	if (own != NULL)
		return !own->valid;
	return relation == NULL || !relation->exists || planner->table == NULL ||
	       strcmp(relation->name.schema, planner->table->name.schema) != 0;
}

void planner_add_unique_index(
	struct planner *planner, const char *name, const struct constraint_def *def)
{
	struct arena *arena = planner->arena;
	const struct name *table = &planner->plan->table;
	struct name index = beside_table(planner, name);
	struct step *step =
		plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);
	const char *include = "";

	if (def->n_include > 0)
		include = arena_printf(arena, " INCLUDE (%s)",
			planner_columns_sql(arena, def->include, def->n_include));
	step->purpose =
		arena_printf(arena, "build the unique index %s; reads and writes go on", name);
	step->sql = arena_printf(arena, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s)%s%s",
		quote_ident(arena, name), planner->table_sql,
		planner_columns_sql(arena, def->columns, def->n_columns), include,
		def->nulls_not_distinct ? " NULLS NOT DISTINCT" : "");
	step->undo = arena_printf(
		arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name_sql(arena, &index));
	step->probe = probe_select(planner, probe_index(planner, table, name), NULL);
	planner_repair_index(planner, step, table, name);
}

struct step *planner_add_using_index(struct planner *planner, const char *name, const char *index,
	const struct constraint_def *def)
{
	struct arena *arena = planner->arena;
	const char *quoted = quote_ident(arena, name);
	bool primary = def->kind == CONSTRAINT_PRIMARY_KEY;

	planner_keep_constraint(planner, &planner->plan->table, name);
	return planner_add_catalog(planner,
		arena_printf(arena, "make the index the %s %s",
			primary ? "primary key" : "unique constraint", name),
		arena_printf(arena, "%s ADD CONSTRAINT %s %s USING INDEX %s%s%s", planner->alter,
			quoted, primary ? "PRIMARY KEY" : "UNIQUE", quote_ident(arena, index),
			def->deferrable ? " DEFERRABLE" : "",
			def->initially_deferred ? " INITIALLY DEFERRED" : ""),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter, quoted),
		probe_select(planner, probe_constraint(planner, &planner->plan->table, name, false),
			NULL));
}

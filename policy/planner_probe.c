/* SPDX-License-Identifier: PostgreSQL */
/*
 * Probes run under the submitter's search_path, which may put a look-alike operator before
 * pg_catalog's (CVE-2018-1058): every function and operator in them is qualified.
 */
#include "arena.h"
#include "planner.h"

#define EQ "OPERATOR(pg_catalog.=)"

/* to_regclass gives NULL where ::regclass would fail: the probe then says "not done". */
static const char *regclass(struct planner *planner, const struct name *name)
{
	return arena_printf(planner->arena, "pg_catalog.to_regclass(%s)",
		quote_literal(planner->arena, name_sql(planner->arena, name)));
}

const char *probe_constraint(
	struct planner *planner, const struct name *table, const char *name, bool validated)
{
	return arena_printf(planner->arena,
		"EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid " EQ
		" %s AND conname " EQ " %s%s)",
		regclass(planner, table), quote_literal(planner->arena, name),
		validated ? " AND convalidated" : "");
}

const char *probe_column(struct planner *planner, const char *column, const char *flag)
{
	return arena_printf(planner->arena,
		"EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid " EQ
		" %s AND attname " EQ " %s AND NOT attisdropped%s%s)",
		regclass(planner, &planner->plan->table), quote_literal(planner->arena, column),
		flag != NULL ? " AND " : "", flag != NULL ? flag : "");
}

static struct name index_name(const struct name *table, const char *index)
{
	return (struct name){.schema = table->schema, .name = index};
}

static const char *index_is(
	struct planner *planner, const struct name *table, const char *index, const char *state)
{
	struct name name = index_name(table, index);

	return arena_printf(planner->arena,
		"EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid " EQ
		" %s AND indrelid " EQ " %s AND %s)",
		regclass(planner, &name), regclass(planner, table), state);
}

const char *probe_index(struct planner *planner, const struct name *table, const char *index)
{
	return index_is(planner, table, index, "indisvalid");
}

const char *probe_relation(struct planner *planner, const struct name *name)
{
	return arena_printf(planner->arena, "%s IS NOT NULL", regclass(planner, name));
}

const char *probe_table(struct planner *planner, const struct name *name)
{
	return arena_printf(planner->arena, "COALESCE(%s::pg_catalog.oid " EQ " %u, false)",
		regclass(planner, name), planner->plan->relation_oid);
}

const char *probe_select(struct planner *planner, const char *a, const char *b)
{
	if (b == NULL)
		return arena_printf(planner->arena, "SELECT %s", a);
	return arena_printf(planner->arena, "SELECT %s OR %s", a, b);
}

void planner_repair_index(
	struct planner *planner, struct step *step, const struct name *table, const char *index)
{
	struct name name = index_name(table, index);

	step->repair = arena_printf(planner->arena, "DROP INDEX CONCURRENTLY IF EXISTS %s",
		name_sql(planner->arena, &name));
	step->repair_when =
		probe_select(planner, index_is(planner, table, index, "NOT indisvalid"), NULL);
}

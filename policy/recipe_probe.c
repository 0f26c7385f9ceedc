/* SPDX-License-Identifier: PostgreSQL */
/*
 * Probes run under the submitter's search_path, which may put a look-alike operator before
 * pg_catalog's (CVE-2018-1058): every function and operator in them is qualified.
 */
#include "arena.h"
#include "recipe_parts.h"

#define EQ "OPERATOR(pg_catalog.=)"

/* to_regclass gives NULL where ::regclass would fail: the probe then says "not done". */
static const char *regclass(struct kitchen *kitchen, const struct name *name)
{
	return arena_printf(kitchen->arena, "pg_catalog.to_regclass(%s)",
		quote_literal(kitchen->arena, name_sql(kitchen->arena, name)));
}

const char *has_constraint(
	struct kitchen *kitchen, const struct name *table, const char *name, bool validated)
{
	return arena_printf(kitchen->arena,
		"EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid " EQ
		" %s AND conname " EQ " %s%s)",
		regclass(kitchen, table), quote_literal(kitchen->arena, name),
		validated ? " AND convalidated" : "");
}

const char *has_column(struct kitchen *kitchen, const char *column, const char *flag)
{
	return arena_printf(kitchen->arena,
		"EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid " EQ
		" %s AND attname " EQ " %s AND NOT attisdropped%s%s)",
		regclass(kitchen, &kitchen->plan->table), quote_literal(kitchen->arena, column),
		flag != NULL ? " AND " : "", flag != NULL ? flag : "");
}

static struct name index_name(const struct name *table, const char *index)
{
	return (struct name){.schema = table->schema, .name = index};
}

static const char *index_is(
	struct kitchen *kitchen, const struct name *table, const char *index, const char *state)
{
	struct name name = index_name(table, index);

	return arena_printf(kitchen->arena,
		"EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid " EQ
		" %s AND indrelid " EQ " %s AND %s)",
		regclass(kitchen, &name), regclass(kitchen, table), state);
}

const char *has_index(struct kitchen *kitchen, const struct name *table, const char *index)
{
	return index_is(kitchen, table, index, "indisvalid");
}

const char *has_relation(struct kitchen *kitchen, const struct name *name)
{
	return arena_printf(kitchen->arena, "%s IS NOT NULL", regclass(kitchen, name));
}

const char *probe(struct kitchen *kitchen, const char *a, const char *b)
{
	if (b == NULL)
		return arena_printf(kitchen->arena, "SELECT %s", a);
	return arena_printf(kitchen->arena, "SELECT %s OR %s", a, b);
}

void repair_invalid_index(
	struct kitchen *kitchen, struct step *step, const struct name *table, const char *index)
{
	struct name name = index_name(table, index);

	step->repair = arena_printf(kitchen->arena, "DROP INDEX CONCURRENTLY IF EXISTS %s",
		name_sql(kitchen->arena, &name));
	step->repair_when = probe(kitchen, index_is(kitchen, table, index, "NOT indisvalid"), NULL);
}

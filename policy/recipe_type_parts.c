/* SPDX-License-Identifier: PostgreSQL */
/* What stands on a column that changes its type: the same on the new column, by the server's own
 * text. */
#include <string.h>

#include "arena.h"
#include "recipe_names.h"
#include "recipe_type.h"
#include "rename.h"

static const char *renamed(const struct type_recipe *recipe, const char *definition)
{
	return rename_column_in(recipe->planner->arena, definition, recipe->old, recipe->new);
}

static bool on_index(const struct type_recipe *recipe, size_t i)
{
	return planner_index_mentions(
		recipe->planner, &recipe->planner->table->indexes[i], recipe->old);
}

static bool on_constraint(const struct type_recipe *recipe, size_t i)
{
	return planner_mentions(
		recipe->planner, recipe->planner->table->constraints[i].definition, recipe->old);
}

static bool is_key(const struct constraint_facts *constraint)
{
	return constraint->kind == CONSTRAINT_UNIQUE || constraint->kind == CONSTRAINT_PRIMARY_KEY;
}

static const struct constraint_facts *constraint_of(
	const struct type_recipe *recipe, const struct index_facts *index)
{
	return index->backs_constraint ? facts_constraint(recipe->planner->table, index->name.name)
				       : NULL;
}

/* ---- names on the way ---- */

static const char *numbered(const struct type_recipe *recipe, size_t i, const char *label)
{
	const struct planner *planner = recipe->planner;

	return choose_name(planner->arena, planner->table, planner->plan->table.name, recipe->old,
		arena_printf(planner->arena, "new%zu_%s", i + 1, label));
}

static const char *index_name(const struct type_recipe *recipe, size_t i)
{
	return numbered(recipe, i, "idx");
}

static const char *constraint_name(const struct type_recipe *recipe, size_t i)
{
	return numbered(recipe, i, "check");
}

/* ---- obstacles ---- */

static const char *index_obstacle(const struct type_recipe *recipe, size_t i)
{
	struct arena *arena = recipe->planner->arena;
	const struct index_facts *index = &recipe->planner->table->indexes[i];
	const struct constraint_facts *constraint = constraint_of(recipe, index);

	if (!on_index(recipe, i))
		return NULL;
	if (!index->valid)
		return arena_printf(arena, "index %s is invalid", index->name.name);
	if (index->peculiar != NULL)
		return arena_printf(arena, "index %s %s", index->name.name, index->peculiar);
	if (constraint != NULL && recipe->planner->table->n_referencing > 0)
		return "the column is in a key that foreign keys may refer to";
	if (constraint != NULL && (!is_key(constraint) || !index->plain_order))
		return arena_printf(
			arena, "constraint %s cannot be made over an index", constraint->name);
	return NULL;
}

const char *type_obstacle(const struct type_recipe *recipe)
{
	const struct relation_facts *table = recipe->planner->table;

	for (size_t i = 0; i < table->n_indexes; i++) {
		const char *obstacle = index_obstacle(recipe, i);

		if (obstacle != NULL)
			return obstacle;
	}
	for (size_t i = 0; i < table->n_constraints; i++)
		if (on_constraint(recipe, i) &&
			table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
			name_equal(&table->constraints[i].referenced, &table->name))
			return "a foreign key of the table refers to the table itself";
	return NULL;
}

/* ---- constraints ---- */

/* CHECKs and foreign keys of the column, one after the other. */
static bool copied(const struct type_recipe *recipe, size_t i)
{
	return on_constraint(recipe, i) && !is_key(&recipe->planner->table->constraints[i]);
}

static const char *without_not_valid(struct arena *arena, const char *definition)
{
	static const char tail[] = " NOT VALID";
	size_t n = strlen(definition), n_tail = sizeof(tail) - 1;

	if (n > n_tail && strcmp(definition + n - n_tail, tail) == 0)
		n -= n_tail;
	return arena_strndup(arena, definition, n);
}

static void add_constraint(struct type_recipe *recipe, size_t i)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const struct constraint_facts *constraint = &planner->table->constraints[i];
	const char *name = constraint_name(recipe, i);
	const char *body = renamed(recipe, without_not_valid(arena, constraint->definition));
	struct step *step = planner_add_catalog(planner,
		arena_printf(arena, "constraint %s for %s; old rows are not read yet",
			constraint->name, recipe->new),
		arena_printf(arena, "%s ADD CONSTRAINT %s %s NOT VALID", planner->alter,
			quote_ident(arena, name), body),
		arena_printf(arena, "%s DROP CONSTRAINT IF EXISTS %s", planner->alter,
			quote_ident(arena, name)),
		probe_select(planner, probe_constraint(planner, &planner->plan->table, name, false),
			recipe->swapped));

	if (constraint->kind == CONSTRAINT_FOREIGN_KEY)
		step->lock = LOCK_SHARE_ROW_EXCLUSIVE;
}

void type_add_constraints(struct type_recipe *recipe)
{
	for (size_t i = 0; i < recipe->planner->table->n_constraints; i++)
		if (copied(recipe, i))
			add_constraint(recipe, i);
}

void type_validate_constraints(struct type_recipe *recipe)
{
	const struct relation_facts *table = recipe->planner->table;

	for (size_t i = 0; i < table->n_constraints; i++)
		if (copied(recipe, i) && table->constraints[i].validated)
			planner_add_validate(recipe->planner, &recipe->planner->plan->table,
				constraint_name(recipe, i),
				table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY,
				recipe->swapped);
}

/* ---- indexes ---- */

static void add_index(struct type_recipe *recipe, size_t i)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const struct index_facts *index = &planner->table->indexes[i];
	const char *name = index_name(recipe, i);
	struct name qualified = {planner->plan->table.schema, name};
	struct step *step =
		plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose = arena_printf(arena, "build index %s on %s; reads and writes go on",
		index->name.name, recipe->new);
	step->sql = arena_printf(arena, "CREATE %sINDEX CONCURRENTLY %s ON %s %s",
		index->unique ? "UNIQUE " : "", quote_ident(arena, name), planner->table_sql,
		renamed(recipe, planner_index_body(index)));
	step->undo = arena_printf(
		arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name_sql(arena, &qualified));
	step->probe = probe_select(
		planner, probe_index(planner, &planner->plan->table, name), recipe->swapped);
	planner_repair_index(planner, step, &planner->plan->table, name);
}

void type_add_indexes(struct type_recipe *recipe)
{
	for (size_t i = 0; i < recipe->planner->table->n_indexes; i++)
		if (on_index(recipe, i))
			add_index(recipe, i);
}

/* ---- taking over ---- */

static void rename_index(struct type_recipe *recipe, size_t i)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	struct name from = {planner->plan->table.schema, index_name(recipe, i)};

	planner_add_catalog(planner,
		arena_printf(arena, "index %s", planner->table->indexes[i].name.name),
		arena_printf(arena, "ALTER INDEX %s RENAME TO %s", name_sql(arena, &from),
			quote_ident(arena, planner->table->indexes[i].name.name)),
		"", arena_printf(arena, "SELECT NOT (%s)", probe_relation(planner, &from)));
}

/* DEFERRABLE and the like stand at the end of the definition, behind the columns. */
static const char *deferral(const char *definition)
{
	const char *at = strstr(definition, " DEFERRABLE");

	return at != NULL ? at : "";
}

static void make_key(struct type_recipe *recipe, size_t i)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const struct index_facts *index = &planner->table->indexes[i];
	const struct constraint_facts *constraint = constraint_of(recipe, index);
	struct name from = {planner->plan->table.schema, index_name(recipe, i)};

	planner_add_catalog(planner, arena_printf(arena, "constraint %s", constraint->name),
		arena_printf(arena, "%s ADD CONSTRAINT %s %s USING INDEX %s%s", planner->alter,
			quote_ident(arena, constraint->name),
			index->primary ? "PRIMARY KEY" : "UNIQUE", quote_ident(arena, from.name),
			deferral(constraint->definition)),
		"", arena_printf(arena, "SELECT NOT (%s)", probe_relation(planner, &from)));
}

static void rename_constraint(struct type_recipe *recipe, size_t i)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *from = constraint_name(recipe, i);
	const char *to = planner->table->constraints[i].name;

	planner_add_catalog(planner, arena_printf(arena, "constraint %s", to),
		arena_printf(arena, "%s RENAME CONSTRAINT %s TO %s", planner->alter,
			quote_ident(arena, from), quote_ident(arena, to)),
		"",
		arena_printf(arena, "SELECT NOT (%s)",
			probe_constraint(planner, &planner->plan->table, from, false)));
}

/* A step of the swap that puts something on the column, known by a condition on its pg_attribute.
 */
static void attach(
	struct type_recipe *recipe, const char *purpose, const char *sql, const char *condition)
{
	struct planner *planner = recipe->planner;

	planner_add_catalog(planner, purpose, sql, "",
		probe_select(planner,
			probe_column(planner, recipe->old,
				arena_printf(planner->arena,
					"attnum OPERATOR(pg_catalog.<>) %d AND %s",
					recipe->column->number, condition)),
			NULL));
}

static const char *grants_sql(struct type_recipe *recipe)
{
	const struct column_facts *column = recipe->column;
	struct arena *arena = recipe->planner->arena;
	const char *text = "";

	for (size_t i = 0; i < column->n_grants; i++) {
		const struct grant_facts *grant = &column->grants[i];

		text = arena_printf(arena, "%s%sGRANT %s (%s) ON %s TO %s%s", text,
			i > 0 ? ";\n" : "", grant->privilege, recipe->old_sql,
			recipe->planner->table_sql,
			grant->grantee != NULL ? quote_ident(arena, grant->grantee) : "PUBLIC",
			grant->grantable ? " WITH GRANT OPTION" : "");
	}
	return text;
}

static void attach_all(struct type_recipe *recipe)
{
	const struct column_facts *column = recipe->column;
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *alter =
		arena_printf(arena, "%s ALTER COLUMN %s", planner->alter, recipe->old_sql);

	if (column->comment != NULL)
		attach(recipe, "the comment",
			arena_printf(arena, "COMMENT ON COLUMN %s.%s IS %s", planner->table_sql,
				recipe->old_sql, quote_literal(arena, column->comment)),
			"pg_catalog.col_description(attrelid, attnum) IS NOT NULL");
	if (column->statistics_target >= 0)
		attach(recipe, "the statistics target",
			arena_printf(
				arena, "%s SET STATISTICS %d", alter, column->statistics_target),
			"attstattarget OPERATOR(pg_catalog.>=) 0");
	if (column->options_sql != NULL)
		attach(recipe, "its options",
			arena_printf(arena, "%s SET (%s)", alter, column->options_sql),
			"attoptions IS NOT NULL");
	if (column->n_grants > 0)
		attach(recipe, "privileges on it", grants_sql(recipe), "attacl IS NOT NULL");
}

static void comment_on(
	struct type_recipe *recipe, const char *what, const char *comment, const char *description)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;

	planner_add_catalog(planner, arena_printf(arena, "the comment on %s", what),
		arena_printf(arena, "COMMENT ON %s IS %s", what, quote_literal(arena, comment)), "",
		arena_printf(
			arena, "SELECT (%s) AND (%s) IS NOT NULL", recipe->swapped, description));
}

static void comment_index(struct type_recipe *recipe, const struct index_facts *index)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *name = name_sql(arena, &index->name);

	if (index->comment != NULL)
		comment_on(recipe, arena_printf(arena, "INDEX %s", name), index->comment,
			arena_printf(arena,
				"pg_catalog.obj_description(pg_catalog.to_regclass(%s), "
				"'pg_class')",
				quote_literal(arena, name)));
}

static void comment_constraint(
	struct type_recipe *recipe, const struct constraint_facts *constraint)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;

	if (constraint->comment != NULL)
		comment_on(recipe,
			arena_printf(arena, "CONSTRAINT %s ON %s",
				quote_ident(arena, constraint->name), planner->table_sql),
			constraint->comment,
			arena_printf(arena,
				"SELECT pg_catalog.obj_description(oid, 'pg_constraint') FROM "
				"pg_catalog.pg_constraint WHERE conrelid OPERATOR(pg_catalog.=) "
				"pg_catalog.to_regclass(%s) AND conname OPERATOR(pg_catalog.=) %s",
				quote_literal(arena, planner->table_sql),
				quote_literal(arena, constraint->name)));
}

void type_take_over(struct type_recipe *recipe)
{
	const struct relation_facts *table = recipe->planner->table;

	for (size_t i = 0; i < table->n_indexes; i++) {
		if (!on_index(recipe, i))
			continue;
		if (constraint_of(recipe, &table->indexes[i]) != NULL)
			make_key(recipe, i);
		else
			rename_index(recipe, i);
		comment_index(recipe, &table->indexes[i]);
	}
	for (size_t i = 0; i < table->n_constraints; i++) {
		if (!on_constraint(recipe, i))
			continue;
		if (copied(recipe, i))
			rename_constraint(recipe, i);
		comment_constraint(recipe, &table->constraints[i]);
	}
	attach_all(recipe);
}

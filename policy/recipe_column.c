/* SPDX-License-Identifier: PostgreSQL */
/*
 * ADD COLUMN, taken apart:
 *
 *   expand    one transaction: the column without what makes PostgreSQL touch every row, and the
 *             default for new rows
 *   backfill  the default for old rows
 *   guard     checks, NOT VALID; then unique indexes, concurrently; then VALIDATE
 *   enforce   one transaction: NOT NULL, keys over the indexes, identity
 *
 * Checks come behind the backfill: while one stands that a row not yet filled would fail, every
 * UPDATE of that row fails, whatever column it is of.  Dropping the column undoes nearly all.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

struct recipe_column {
	struct planner *planner;
	const struct column_def *column;
	const char *quoted;
	const char *type_sql; /* integer for serial */
	const char *fill_sql; /* what old and new rows get; NULL: nothing to fill */
	struct name sequence; /* of serial, or the one that stands in for identity's; name NULL */
	bool fast_default; /* kept in ADD COLUMN: stored once in the catalog */
	bool not_null; /* to be made so at the end */
	const char *check; /* helper's name */
	const char *names[8]; /* of the constraints, in the order written */
};

/* ---- what is asked for ---- */

/* transformColumnDefinition (parse_utilcmd.c) */
static const char *serial_type(const struct column_def *column)
{
	static const char *const types[][2] = {
		{"smallserial", "smallint"},
		{"serial2", "smallint"},
		{"serial", "integer"},
		{"serial4", "integer"},
		{"bigserial", "bigint"},
		{"serial8", "bigint"},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(column->type.name.name, types[i][0]) == 0)
			return types[i][1];
	return "integer";
}

/*
 * The stand-in for an identity sequence must not take the name that the real one will get, and
 * must not be owned by the column: pg_get_serial_sequence would find it instead of the real one.
 */
static void choose_sequence(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	const char *label = recipe->column->type.serial ? "seq" : "fill_seq";

	recipe->sequence = (struct name){
		.schema = planner->plan->table.schema,
		.name = choose_name(planner->arena, planner->table, planner->plan->table.name,
			recipe->column->name, label),
	};
	recipe->fill_sql =
		arena_printf(planner->arena, "pg_catalog.nextval(%s::pg_catalog.regclass)",
			quote_literal(planner->arena, name_sql(planner->arena, &recipe->sequence)));
}

static bool takes_sequence(const struct column_def *column)
{
	return column->type.serial || column->identity != 0;
}

static void choose_names(struct recipe_column *recipe)
{
	const struct column_def *column = recipe->column;
	struct planner *planner = recipe->planner;

	recipe->check = planner_check_name(planner, column->name);
	for (size_t i = 0; i < column->n_constraints; i++)
		recipe->names[i] = planner_constraint_name(planner, &column->constraints[i]);
}

static struct recipe_column read_column(struct planner *planner, const struct effects *effects)
{
	const struct column_def *column = planner->action->column_def;
	bool has_default = column->default_expr != NULL && !column->default_expr->null;
	struct recipe_column recipe = {
		.planner = planner,
		.column = column,
		.quoted = quote_ident(planner->arena, column->name),
		.type_sql = column->type.serial ? serial_type(column) : column->type.sql,
		.fast_default = has_default && !effects->rewrite,
		.not_null = column->not_null || takes_sequence(column),
	};

	if (takes_sequence(column))
		choose_sequence(&recipe);
	else if (has_default && !recipe.fast_default)
		recipe.fill_sql = column->default_expr->sql;
	return recipe;
}

static bool is_key(const struct constraint_def *def)
{
	return def->kind == CONSTRAINT_UNIQUE || def->kind == CONSTRAINT_PRIMARY_KEY;
}

static bool constraint_feasible(const struct recipe_column *recipe, size_t i)
{
	const struct planner *planner = recipe->planner;
	const struct constraint_def *def = &recipe->column->constraints[i];

	if (planner_constraint_exists(planner, recipe->names[i]))
		return false;
	if (is_key(def))
		return planner_index_can_replace(planner, def) && !planner_inherited(planner) &&
		       planner_index_name_free(planner, recipe->names[i]);
	if (def->kind == CONSTRAINT_FOREIGN_KEY)
		return !planner_partitioned(planner);
	return def->kind == CONSTRAINT_CHECK;
}

static bool has_sequence_name(const struct column_def *column)
{
	return column->identity != 0 &&
	       strcasestr(column->identity_options_sql, "SEQUENCE") != NULL;
}

/* NOT NULL without anything to fill old rows with cannot end well; a domain's constraints cannot
 * come later. */
static bool feasible(const struct recipe_column *recipe)
{
	const struct planner *planner = recipe->planner;
	const struct column_def *column = recipe->column;
	const struct type_facts *type = facts_type(planner->facts, &column->type.name);
	bool filled = recipe->fill_sql != NULL || recipe->fast_default;
	bool children = planner_partitioned(planner) || planner_inherited(planner);

	if (column->generated != NULL || has_sequence_name(column) ||
		(type != NULL && type->domain_constrained) || (recipe->not_null && !filled) ||
		column->n_constraints > sizeof(recipe->names) / sizeof(recipe->names[0]) ||
		(planner->table != NULL && facts_column(planner->table, column->name) != NULL))
		return false;
	return !((column->identity != 0 && children) ||
		 (recipe->fill_sql != NULL && planner_inherited(planner)));
}

/* Two unnamed checks would be numbered, which is not worth the trouble. */
static bool name_comes_twice(const struct recipe_column *recipe, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(recipe->names[k], recipe->names[i]) == 0)
			return true;
	return false;
}

static bool constraints_feasible(const struct recipe_column *recipe)
{
	for (size_t i = 0; i < recipe->column->n_constraints; i++)
		if (!constraint_feasible(recipe, i) || name_comes_twice(recipe, i))
			return false;
	return true;
}

/* ---- expand ---- */

static const char *has_default(struct recipe_column *recipe)
{
	return probe_column(recipe->planner, recipe->column->name,
		"(atthasdef OR attidentity OPERATOR(pg_catalog.<>) '')");
}

/* The options in brackets are those of CREATE SEQUENCE. */
static const char *sequence_options(struct recipe_column *recipe)
{
	const char *options = recipe->column->identity_options_sql;
	size_t n = strlen(options);

	if (recipe->column->identity == 0 || n < 2)
		return "";
	return arena_printf(recipe->planner->arena, " %.*s", (int)(n - 2), options + 1);
}

static void add_sequence(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *sequence = name_sql(arena, &recipe->sequence);
	struct step *step = planner_add_catalog(planner,
		arena_printf(arena, "create the sequence %s", recipe->sequence.name),
		arena_printf(arena, "CREATE SEQUENCE %s AS %s%s", sequence, recipe->type_sql,
			sequence_options(recipe)),
		arena_printf(arena, "DROP SEQUENCE IF EXISTS %s", sequence),
		probe_select(
			planner, probe_relation(planner, &recipe->sequence), has_default(recipe)));

	step->lock = LOCK_NONE;
}

static const char *owned_by(struct recipe_column *recipe)
{
	struct arena *arena = recipe->planner->arena;
	struct name *table = &recipe->planner->plan->table;

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_depend WHERE classid "
		"OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND objid "
		"OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s) AND refobjid "
		"OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s) AND deptype "
		"OPERATOR(pg_catalog.=) 'a')",
		quote_literal(arena, name_sql(arena, &recipe->sequence)),
		quote_literal(arena, name_sql(arena, table)));
}

static void add_owner(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;

	planner_add_catalog(planner, arena_printf(arena, "let the sequence go with the column"),
		arena_printf(arena, "ALTER SEQUENCE %s OWNED BY %s.%s",
			name_sql(arena, &recipe->sequence), planner->table_sql, recipe->quoted),
		"", probe_select(planner, owned_by(recipe), NULL));
}

static void add_column(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const struct column_def *column = recipe->column;
	const char *sql = arena_printf(
		arena, "%s ADD COLUMN %s %s", planner->alter, recipe->quoted, recipe->type_sql);

	if (column->storage_sql != NULL && *column->storage_sql != '\0')
		sql = arena_printf(arena, "%s %s", sql, column->storage_sql);
	if (column->collation_sql != NULL)
		sql = arena_printf(arena, "%s COLLATE %s", sql, column->collation_sql);
	if (recipe->fast_default)
		sql = arena_printf(arena, "%s DEFAULT (%s)%s", sql, column->default_expr->sql,
			recipe->not_null ? " NOT NULL" : "");
	planner_keep_column(planner, column->name);
	planner_add_catalog(planner,
		arena_printf(arena, "add the column %s; no row is touched", column->name), sql,
		arena_printf(arena, "%s DROP COLUMN IF EXISTS %s", planner->alter, recipe->quoted),
		probe_select(planner, probe_column(planner, column->name, NULL), NULL));
}

static void add_default(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;

	planner_add_catalog(planner, "give new rows the default",
		arena_printf(planner->arena, "%s ALTER COLUMN %s SET DEFAULT %s", planner->alter,
			recipe->quoted, recipe->fill_sql),
		"", probe_select(planner, has_default(recipe), NULL));
}

static void expand(struct recipe_column *recipe)
{
	if (recipe->sequence.name != NULL)
		add_sequence(recipe);
	add_column(recipe);
	if (recipe->fill_sql != NULL)
		add_default(recipe);
	if (recipe->column->type.serial)
		add_owner(recipe);
	planner_join(recipe->planner, 0, true);
}

/* ---- guard ---- */

static void add_constraints(struct recipe_column *recipe, enum constraint_kind kind, bool at_once)
{
	struct planner *planner = recipe->planner;

	for (size_t i = 0; i < recipe->column->n_constraints; i++) {
		const struct constraint_def *def = &recipe->column->constraints[i];

		if (def->kind == kind) {
			struct step *step = planner_add_not_valid(
				planner, &planner->plan->table, recipe->names[i], def);

			step->in_client_transaction = at_once;
			step->undo = "";
		}
	}
}

static bool helper_needed(const struct recipe_column *recipe)
{
	return recipe->not_null && recipe->fill_sql != NULL;
}

/* A foreign key lets nulls pass, so it may stand at once: what the backfill writes is looked up by
 * it. */
static void guard(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	bool filled_at_once = recipe->fill_sql == NULL;

	add_constraints(recipe, CONSTRAINT_FOREIGN_KEY, true);
	if (!filled_at_once)
		planner_add_backfill(planner, recipe->column->name, recipe->fill_sql);
	if (helper_needed(recipe))
		planner_add_not_null_check(planner, recipe->column->name, recipe->check)->undo = "";
	add_constraints(recipe, CONSTRAINT_CHECK, filled_at_once);
}

static void add_indexes(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;

	for (size_t i = 0; i < recipe->column->n_constraints; i++)
		if (is_key(&recipe->column->constraints[i]))
			planner_add_unique_index(
				planner, recipe->names[i], &recipe->column->constraints[i]);
}

static void validate(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	const struct column_def *column = recipe->column;
	const struct name *table = &planner->plan->table;

	if (helper_needed(recipe))
		planner_add_validate(planner, table, recipe->check, false,
			probe_column(planner, column->name, "attnotnull"));
	for (size_t i = 0; i < column->n_constraints; i++)
		if (!is_key(&column->constraints[i]))
			planner_add_validate(planner, table, recipe->names[i],
				column->constraints[i].kind == CONSTRAINT_FOREIGN_KEY, NULL);
}

/* ---- enforce ---- */

/* The identity's own sequence goes on where the stand-in stopped; as it may count down, by its own
 * state. */
static void add_take_over(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *stand_in = name_sql(arena, &recipe->sequence);
	struct step *step;

	planner_add_catalog(planner, "let identity's own sequence go on where the stand-in stopped",
		arena_printf(arena,
			"SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%s, %s)"
			"::pg_catalog.regclass, last_value, is_called) FROM %s",
			quote_literal(arena, planner->table_sql),
			quote_literal(arena, recipe->column->name), stand_in),
		"",
		arena_printf(arena, "SELECT NOT (%s)", probe_relation(planner, &recipe->sequence)))
		->lock = LOCK_NONE;
	step = planner_add_catalog(planner, "drop the stand-in",
		arena_printf(arena, "DROP SEQUENCE IF EXISTS %s", stand_in), "",
		arena_printf(arena, "SELECT NOT (%s)", probe_relation(planner, &recipe->sequence)));
	step->lock = LOCK_NONE;
}

/* ADD GENERATED wants a column that is NOT NULL and without a default (ATExecAddIdentity). */
static void add_identity(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const struct column_def *column = recipe->column;
	const char *done = probe_select(planner,
		probe_column(planner, column->name, "attidentity OPERATOR(pg_catalog.<>) ''"),
		NULL);

	planner_add_catalog(planner, "make way for identity",
		arena_printf(
			arena, "%s ALTER COLUMN %s DROP DEFAULT", planner->alter, recipe->quoted),
		"", done);
	planner_add_catalog(planner,
		arena_printf(arena, "make %s an identity column", column->name),
		arena_printf(arena, "%s ALTER COLUMN %s ADD GENERATED %s AS IDENTITY%s%s",
			planner->alter, recipe->quoted,
			column->identity == 'a' ? "ALWAYS" : "BY DEFAULT",
			*column->identity_options_sql != '\0' ? " " : "",
			column->identity_options_sql),
		"", done);
	add_take_over(recipe);
}

static void enforce(struct recipe_column *recipe)
{
	struct planner *planner = recipe->planner;
	size_t first = planner->plan->n_steps;

	if (helper_needed(recipe)) {
		planner_add_set_not_null(planner, recipe->column->name)->undo = "";
		planner_add_drop_check(planner, recipe->check);
	}
	for (size_t i = 0; i < recipe->column->n_constraints; i++) {
		const struct constraint_def *def = &recipe->column->constraints[i];

		if (is_key(def))
			planner_add_using_index(planner, recipe->names[i], recipe->names[i], def);
	}
	if (recipe->column->identity != 0)
		add_identity(recipe);
	planner_join(planner, first, false);
}

static bool has_key(const struct column_def *column)
{
	for (size_t i = 0; i < column->n_constraints; i++)
		if (is_key(&column->constraints[i]))
			return true;
	return false;
}

bool recipe_add_column(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	struct recipe_column recipe = read_column(&planner, context->effects);

	if (!feasible(&recipe))
		return false;
	if (recipe.fill_sql != NULL)
		plan->impossible_because = planner_write_obstacle(planner.table);
	if (plan->impossible_because != NULL)
		return false;
	choose_names(&recipe);
	if (!constraints_feasible(&recipe))
		return false;
	expand(&recipe);
	guard(&recipe);
	add_indexes(&recipe);
	validate(&recipe);
	enforce(&recipe);
	if (has_key(recipe.column))
		planner_not_deferrable(&planner,
			"its index has to be built outside a transaction, and until "
			"then nothing keeps duplicates out");
	return planner_close(&planner, arena_printf(planner.arena, "add column %s to %s",
					       recipe.column->name, plan->table.name));
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * ATTACH PARTITION with all its work done beforehand:
 *
 *   prepare  a CHECK of the bounds on the new table, NOT VALID and then validated: it spares the
 *            scan; indexes, concurrently, and foreign keys, which it would build and validate
 *   clear    a CHECK on the default partition that it holds no row of the new one; meanwhile such
 *            rows are refused, so this comes last
 *   attach   one transaction: ATTACH finds all of it there, and the CHECKs go
 *
 * CREATE TABLE ... PARTITION OF takes ACCESS EXCLUSIVE on the parent where ATTACH takes SHARE
 * UPDATE EXCLUSIVE: so it becomes CREATE TABLE (LIKE ...) and the second half of that.
 */
#include <string.h>

#include "arena.h"
#include "bound.h"
#include "bound_proof.h"
#include "model.h"
#include "planner.h"
#include "recipe_names.h"

struct attachment {
	struct planner *planner;
	const struct relation_facts *parent;
	const struct relation_facts *partition; /* NULL: it is made by the plan */
	struct name name; /* of the partition */
	const char *name_sql;
	struct bound_sql bound;
	const char *attached; /* a condition for probes */
	const char *check, *default_check; /* names of helpers; NULL where not needed */
	/* Names of indexes of this plan, which the facts do not know to be taken. */
	const char **made;
	size_t n_made;
};

static struct attachment open_attachment(
	struct planner *planner, const struct relation_facts *partition, struct name name)
{
	struct arena *arena = planner->arena;
	struct attachment at = {
		.planner = planner,
		.parent = planner->table,
		.partition = partition,
		.name = name,
		.name_sql = name_sql(arena, &name),
	};

	at.attached = arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regclass(%s) AND inhparent OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regclass(%s))",
		quote_literal(arena, at.name_sql), quote_literal(arena, planner->table_sql));
	at.made = arena_alloc(arena, (at.parent->n_indexes + 1) * sizeof(*at.made));
	return at;
}

/* ---- CHECKs that spare scans ---- */

static void add_check(const struct attachment *at, const struct name *table, const char *name,
	const char *condition, const char *purpose)
{
	struct arena *arena = at->planner->arena;
	const char *table_sql = name_sql(arena, table), *quoted = quote_ident(arena, name);

	planner_add_catalog(at->planner, purpose,
		arena_printf(arena, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID",
			table_sql, quoted, condition),
		arena_printf(
			arena, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", table_sql, quoted),
		probe_select(at->planner, probe_constraint(at->planner, table, name, false),
			at->attached));
	planner_add_validate(at->planner, table, name, false, at->attached);
}

static void drop_check(const struct attachment *at, const struct name *table, const char *name)
{
	struct arena *arena = at->planner->arena;
	struct step *step = planner_add_catalog(at->planner,
		arena_printf(arena, "drop the check %s, which has done its work", name),
		arena_printf(arena, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s",
			name_sql(arena, table), quote_ident(arena, name)),
		"",
		arena_printf(
			arena, "SELECT NOT %s", probe_constraint(at->planner, table, name, false)));

	step->with_previous = true;
}

/* Below a table that is a partition itself the rows have to fit its bounds as well. */
static const char *whole_condition(const struct attachment *at)
{
	const char *above = at->parent->partition_constraint;

	if (above == NULL)
		return at->bound.condition;
	return arena_printf(at->planner->arena, "(%s) AND %s", at->bound.condition, above);
}

static void prove_bounds(struct attachment *at)
{
	struct arena *arena = at->planner->arena;

	at->check = choose_name(arena, at->partition, at->name.name, "partition", "check");
	add_check(at, &at->name, at->check, whole_condition(at),
		arena_printf(arena, "hold new rows of %s to the bounds; old ones are not read yet",
			at->name.name));
}

static bool excluded_by_default(const struct attachment *at)
{
	const struct facts *facts = at->planner->facts;
	const struct relation_facts *other = facts_relation(facts, &at->parent->default_partition);

	return other != NULL &&
	       bound_excluded(facts, at->parent, at->planner->action->bound, other);
}

static void clear_default(struct attachment *at)
{
	struct arena *arena = at->planner->arena;
	const struct name *other = &at->parent->default_partition;

	if (!at->parent->has_default_partition || excluded_by_default(at))
		return;
	at->default_check = choose_name(arena, at->parent, other->name, "partition", "check");
	add_check(at, other, at->default_check,
		arena_printf(arena, "NOT (%s)", at->bound.condition),
		arena_printf(arena,
			"keep rows of the new partition out of %s; until it is attached they are "
			"refused",
			other->name));
}

static void attach(struct attachment *at)
{
	struct planner *planner = at->planner;
	struct arena *arena = planner->arena;

	planner_add_catalog(planner,
		arena_printf(
			arena, "attach %s; the validated checks spare the scans", at->name.name),
		arena_printf(arena, "ALTER TABLE %s ATTACH PARTITION %s %s", planner->table_sql,
			at->name_sql, at->bound.clause),
		arena_printf(arena, "ALTER TABLE %s DETACH PARTITION %s", planner->table_sql,
			at->name_sql),
		probe_select(planner, at->attached, NULL));
	if (at->check != NULL)
		drop_check(at, &at->name, at->check);
	if (at->default_check != NULL)
		drop_check(at, &at->parent->default_partition, at->default_check);
}

/* ---- indexes that ATTACH would build ---- */

/* The definition as the grammar reads it; NULL when it does not. */
static const struct index_def *read_index(struct arena *arena, const struct index_facts *index)
{
	const char *error;
	struct stmts stmts;

	if (stmt_parse(arena, index->definition, strlen(index->definition), &stmts, &error) != 0 ||
		stmts.n != 1 || stmts.items[0].n_actions != 1)
		return NULL;
	return stmts.items[0].actions[0].index;
}

/* Without WITH (...), which CompareIndexInfo (index.c) does not compare either. */
static const char *comparable(struct arena *arena, const struct index_def *def)
{
	const char *with = strstr(def->body_sql, " WITH ("), *end;

	if (with == NULL || (end = strchr(with, ')')) == NULL)
		return def->body_sql;
	return arena_printf(arena, "%.*s%s", (int)(with - def->body_sql), def->body_sql, end + 1);
}

static const struct constraint_facts *key_of(
	const struct relation_facts *table, const struct index_facts *index)
{
	const struct constraint_facts *constraint =
		index->backs_constraint ? facts_constraint(table, index->name.name) : NULL;

	return constraint != NULL && (constraint->kind == CONSTRAINT_PRIMARY_KEY ||
					     constraint->kind == CONSTRAINT_UNIQUE)
		       ? constraint
		       : NULL;
}

static bool serves(const struct attachment *at, const struct index_facts *own,
	const struct index_facts *wanted, const struct index_def *wanted_def)
{
	struct arena *arena = at->planner->arena;
	const struct index_def *def = own->valid ? read_index(arena, own) : NULL;
	const struct constraint_facts *key = key_of(at->parent, wanted);
	const struct constraint_facts *own_key = key_of(at->partition, own);

	if (def == NULL || def->unique != wanted_def->unique ||
		strcmp(comparable(arena, def), comparable(arena, wanted_def)) != 0)
		return false;
	return key == NULL || (own_key != NULL && own_key->kind == key->kind);
}

static bool name_made(const struct attachment *at, const char *name)
{
	for (size_t i = 0; i < at->n_made; i++)
		if (strcmp(at->made[i], name) == 0)
			return true;
	return false;
}

/* As ChooseIndexName would: numbered past what is there and what this plan makes. */
static const char *index_name(
	struct attachment *at, const struct index_def *def, const struct constraint_facts *key)
{
	struct arena *arena = at->planner->arena;
	bool primary = key != NULL && key->kind == CONSTRAINT_PRIMARY_KEY;
	const char *columns = primary ? NULL : index_columns_text(arena, def);
	const char *kind = primary ? "pkey" : key != NULL ? "key" : "idx";
	const char *name = choose_name(arena, at->partition, at->name.name, columns, kind);

	for (unsigned pass = 1; name_made(at, name); pass++)
		name = choose_name(arena, at->partition, at->name.name, columns,
			arena_printf(arena, "%s%u", kind, pass));
	at->made[at->n_made++] = name;
	return name;
}

static void add_key(struct attachment *at, const char *name, const struct constraint_facts *key)
{
	struct planner *planner = at->planner;
	struct arena *arena = planner->arena;
	const char *quoted = quote_ident(arena, name);

	planner_add_catalog(planner,
		arena_printf(arena, "make the index the key %s of %s", name, at->name.name),
		arena_printf(arena, "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s",
			at->name_sql, quoted,
			key->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY KEY" : "UNIQUE", quoted,
			key->deferrable ? " DEFERRABLE" : ""),
		arena_printf(
			arena, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", at->name_sql, quoted),
		probe_select(planner, probe_constraint(planner, &at->name, name, false), NULL));
}

static void add_index(
	struct attachment *at, const struct index_def *def, const struct constraint_facts *key)
{
	struct planner *planner = at->planner;
	struct arena *arena = planner->arena;
	const char *name = index_name(at, def, key);
	struct name index = {.schema = at->name.schema, .name = name};
	struct step *step =
		plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose =
		arena_printf(arena, "build %s on %s; reads and writes go on", name, at->name.name);
	step->sql = arena_printf(arena, "CREATE %sINDEX CONCURRENTLY %s ON %s %s",
		def->unique ? "UNIQUE " : "", quote_ident(arena, name), at->name_sql,
		def->body_sql);
	step->undo = arena_printf(
		arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name_sql(arena, &index));
	step->probe = probe_select(planner, probe_index(planner, &at->name, name), NULL);
	planner_repair_index(planner, step, &at->name, name);
	if (key != NULL)
		add_key(at, name, key);
}

/* False: one of them cannot be built beforehand as it would be. */
static bool build_indexes(struct attachment *at)
{
	const struct relation_facts *own = at->partition;
	bool *used = arena_alloc(at->planner->arena, (own->n_indexes + 1) * sizeof(*used));

	for (size_t i = 0; i < at->parent->n_indexes; i++) {
		const struct index_facts *wanted = &at->parent->indexes[i];
		const struct index_def *def = read_index(at->planner->arena, wanted);
		const struct constraint_facts *key = key_of(at->parent, wanted);
		size_t k = 0;

		if (def == NULL || (wanted->backs_constraint && key == NULL))
			return false;
		while (k < own->n_indexes &&
			(used[k] || !serves(at, &own->indexes[k], wanted, def)))
			k++;
		if (k < own->n_indexes)
			used[k] = true;
		else if (wanted->tablespace != NULL || (key != NULL && key->deferrable))
			return false;
		else
			add_index(at, def, key);
	}
	return true;
}

/* ---- foreign keys that ATTACH would validate ---- */

/* CloneFkReferencing (tablecmds.c) keeps the parent's name where it is free. */
static const char *foreign_key_name(
	const struct attachment *at, const struct constraint_facts *wanted)
{
	struct arena *arena = at->planner->arena;

	if (facts_constraint(at->partition, wanted->name) == NULL)
		return wanted->name;
	return choose_name(arena, at->partition, at->name.name,
		join_columns(arena, wanted->columns, wanted->n_columns), "fkey");
}

static void add_foreign_keys(struct attachment *at)
{
	struct arena *arena = at->planner->arena;

	for (size_t i = 0; i < at->parent->n_constraints; i++) {
		const struct constraint_facts *wanted = &at->parent->constraints[i];
		struct constraint_def def = {
			.kind = CONSTRAINT_FOREIGN_KEY, .body_sql = wanted->definition};
		struct step *step;
		const char *name;

		if (wanted->kind != CONSTRAINT_FOREIGN_KEY || !wanted->validated ||
			has_foreign_key_like(at->partition, wanted))
			continue;
		name = foreign_key_name(at, wanted);
		step = planner_add_not_valid(at->planner, &at->name, name, &def);
		step->undo = arena_printf(arena, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s",
			at->name_sql, quote_ident(arena, name));
		planner_add_validate(at->planner, &at->name, name, true, NULL);
	}
}

/* ---- ATTACH PARTITION ---- */

/* MergeAttributesIntoExisting and MergeConstraintsIntoExisting refuse what lacks one of these. */
static bool fits(const struct attachment *at)
{
	for (size_t i = 0; i < at->parent->n_columns; i++) {
		const struct column_facts *wanted = &at->parent->columns[i];
		const struct column_facts *own = facts_column(at->partition, wanted->name);

		if (own == NULL || (wanted->not_null && !own->not_null))
			return false;
	}
	for (size_t i = 0; i < at->parent->n_constraints; i++)
		if (at->parent->constraints[i].kind == CONSTRAINT_CHECK &&
			facts_constraint(at->partition, at->parent->constraints[i].name) == NULL)
			return false;
	return at->partition->n_columns == at->parent->n_columns;
}

/* A hash of text among the bounds above would not be recognised (see bound.h). */
static bool ancestors_known(const struct relation_facts *parent)
{
	return !parent->partition ||
	       (parent->partition_constraint != NULL &&
		       strstr(parent->partition_constraint, "satisfies_hash_partition") == NULL);
}

bool recipe_attach_partition(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct action *action = context->action;
	const struct relation_facts *partition = facts_relation(context->facts, &action->other);
	struct attachment at;

	if (!planner_partitioned(&planner) || partition == NULL || partition->kind != 'r' ||
		partition->partition || action->bound == NULL || action->bound->is_default ||
		!ancestors_known(planner.table))
		return false;
	at = open_attachment(&planner, partition, partition->name);
	if (!fits(&at) ||
		!bound_read(planner.arena, context->facts, planner.table, action->bound, &at.bound))
		return false;
	if (!bound_holds(context->facts, planner.table, action->bound, partition))
		prove_bounds(&at);
	if (!build_indexes(&at))
		return false;
	add_foreign_keys(&at);
	clear_default(&at);
	attach(&at);
	planner_not_deferrable(&planner,
		"what it would check under its lock is checked beforehand, in transactions of "
		"their own");
	return planner_close(&planner,
		arena_printf(planner.arena, "attach %s to %s", at.name.name, plan->table.name));
}

/* ---- CREATE TABLE ... PARTITION OF ---- */

/*
 * What PARTITION OF copies.  Indexes and foreign keys come with ATTACH, which has no row to read;
 * comments and extended statistics are not copied, and identity stays with the parent.
 */
static const char like[] = "INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS "
			   "INCLUDING STORAGE";

static void create_table(struct attachment *at, const struct action *action)
{
	struct planner *planner = at->planner;
	struct arena *arena = planner->arena;
	bool compression = planner->facts->server_version >= 140000;
	struct step *step = planner_add_catalog(planner,
		arena_printf(arena, "create %s beside the table", at->name.name),
		arena_printf(arena, "CREATE TABLE %s (LIKE %s %s%s) %s", at->name_sql,
			planner->table_sql, like, compression ? " INCLUDING COMPRESSION" : "",
			action->behind_bound),
		arena_printf(arena, "DROP TABLE IF EXISTS %s", at->name_sql),
		probe_select(planner, probe_relation(planner, &at->name), NULL));

	step->lock = LOCK_ACCESS_SHARE;
}

/* Of a tablespace that the new table would inherit LIKE knows nothing. */
static bool copied_by_like(const struct relation_facts *parent, const struct action *action)
{
	return action->behind_bound != NULL && parent->tablespace == NULL &&
	       strcmp(action->object, "TABLE") == 0 && parent->persistence == 'p' &&
	       !action->temporary;
}

bool recipe_create_partition_of(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct action *action = context->action;
	struct name name = action->table;
	struct attachment at;

	plan->tag = "CREATE TABLE";
	if (name.schema == NULL)
		name.schema = context->facts->current_schema;
	if (!planner_partitioned(&planner) || action->bound == NULL || name.schema == NULL ||
		facts_relation(context->facts, &name) != NULL ||
		!copied_by_like(planner.table, action))
		return false;
	at = open_attachment(&planner, NULL, name);
	if (!bound_read(planner.arena, context->facts, planner.table, action->bound, &at.bound))
		return false;
	create_table(&at, action);
	if (at.bound.condition != NULL)
		clear_default(&at);
	attach(&at);
	planner_not_deferrable(&planner,
		"the default partition is searched beforehand, in a transaction of its own");
	return planner_close(&planner, arena_printf(planner.arena, "create partition %s of %s",
					       name.name, plan->table.name));
}

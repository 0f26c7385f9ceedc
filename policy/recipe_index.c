/* SPDX-License-Identifier: PostgreSQL */
/*
 * Indexes, built and dropped concurrently.  On a partitioned table that is done leaf by leaf:
 *
 *   CREATE INDEX i ON ONLY t          an empty shell, invalid while a partition lacks its part
 *   CREATE INDEX CONCURRENTLY ON leaf
 *   ALTER INDEX i ATTACH PARTITION    the last one makes the shell valid (validatePartitionedIndex)
 */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

struct recipe_index {
	struct planner *planner;
	const struct index_def *def;
	const char *columns; /* as they stand in names */
};

static const char *unique(const struct index_def *def)
{
	return def->unique ? "UNIQUE " : "";
}

static void add_concurrent_build(
	struct recipe_index *recipe, const struct name *table, const char *name)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	struct name index = {.schema = table->schema, .name = name};
	bool tolerant = planner->action->if_not_exists;
	struct step *step =
		plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose =
		arena_printf(arena, "build %s on %s; reads and writes go on", name, table->name);
	step->sql = arena_printf(arena, "CREATE %sINDEX CONCURRENTLY %s%s ON %s %s",
		unique(recipe->def), tolerant ? "IF NOT EXISTS " : "", quote_ident(arena, name),
		name_sql(arena, table), recipe->def->body_sql);
	step->undo = arena_printf(
		arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name_sql(arena, &index));
	step->probe = probe_select(planner, probe_index(planner, table, name), NULL);
	planner_repair_index(planner, step, table, name);
}

/* ---- partitioned ---- */

/* An index that is built for one table of the tree. */
struct part {
	struct name table, index;
	const struct part *parent;
	char kind;
};

static const struct part *part_of(const struct part *parts, size_t n, const struct name *table)
{
	for (size_t i = 0; i < n; i++)
		if (name_equal(&parts[i].table, table))
			return &parts[i];
	return NULL;
}

/* Two long names cut to fit may come out the same. */
static const char *part_name(
	struct recipe_index *recipe, const struct part *parts, size_t n, const struct name *table)
{
	struct arena *arena = recipe->planner->arena;
	const struct relation_facts *parent = recipe->planner->table;
	const char *label = "idx";

	for (unsigned pass = 1;; pass++) {
		const char *name = choose_name(arena, parent, table->name, recipe->columns, label);
		size_t i = 0;

		while (i < n && strcmp(parts[i].index.name, name) != 0)
			i++;
		if (i == n)
			return name;
		label = arena_printf(arena, "idx%u", pass);
	}
}

/* parts[0] is the table itself, then every level below, parents first. */
static size_t lay_out(struct recipe_index *recipe, const char *root_name, struct part *parts)
{
	const struct relation_facts *table = recipe->planner->table;
	size_t n = 1;

	parts[0] = (struct part){
		.table = table->name, .index = {table->name.schema, root_name}, .kind = 'p'};
	for (size_t i = 0; i < table->n_partition_tree; i++) {
		const struct partition_facts *node = &table->partition_tree[i];
		const struct part *parent = part_of(parts, n, &node->parent);

		/* A foreign partition takes no index, so the shell would stay invalid for ever. */
		if (parent == NULL || node->kind == 'f')
			return 0;
		parts[n] = (struct part){.table = node->name,
			.index = {node->name.schema, part_name(recipe, parts, n, &node->name)},
			.parent = parent,
			.kind = node->kind};
		n++;
	}
	return n;
}

static void add_shell(struct recipe_index *recipe, const struct part *part)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	bool tolerant = planner->action->if_not_exists && part->parent == NULL;
	struct step *step = planner_add_catalog(planner,
		arena_printf(arena, "create %s on %s alone, without its partitions",
			part->index.name, part->table.name),
		arena_printf(arena, "CREATE %sINDEX %s%s ON ONLY %s %s", unique(recipe->def),
			tolerant ? "IF NOT EXISTS " : "", quote_ident(arena, part->index.name),
			name_sql(arena, &part->table), recipe->def->body_sql),
		arena_printf(arena, "DROP INDEX IF EXISTS %s", name_sql(arena, &part->index)),
		probe_select(planner, probe_relation(planner, &part->index), NULL));

	step->lock = LOCK_SHARE;
}

/* Attached indexes cannot be detached or dropped alone: undoing means to drop the one above. */
static void add_attach(struct recipe_index *recipe, const struct part *part)
{
	struct planner *planner = recipe->planner;
	struct arena *arena = planner->arena;
	const char *parent = name_sql(arena, &part->parent->index);
	const char *index = name_sql(arena, &part->index);
	struct step *step = planner_add_catalog(planner,
		arena_printf(
			arena, "make %s a part of %s", part->index.name, part->parent->index.name),
		arena_printf(arena, "ALTER INDEX %s ATTACH PARTITION %s", parent, index),
		arena_printf(arena, "DROP INDEX IF EXISTS %s", parent),
		probe_select(planner,
			arena_printf(arena,
				"EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid "
				"OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s) AND inhparent "
				"OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s))",
				quote_literal(arena, index), quote_literal(arena, parent)),
			NULL));

	/* On the part, which queries of its table open too (ATExecAttachPartitionIdx). */
	step->lock = LOCK_ACCESS_EXCLUSIVE;
}

static bool build_on_partitions(struct recipe_index *recipe, const char *name)
{
	const struct relation_facts *table = recipe->planner->table;
	struct part *parts =
		arena_alloc(recipe->planner->arena, (table->n_partition_tree + 1) * sizeof(*parts));
	size_t n;

	if (2 * table->n_partition_tree + 1 > PLAN_STEPS_MAX)
		return false;
	n = lay_out(recipe, name, parts);
	for (size_t i = 0; i < n; i++)
		if (parts[i].kind == 'p')
			add_shell(recipe, &parts[i]);
	for (size_t i = 0; i < n; i++)
		if (parts[i].kind != 'p')
			add_concurrent_build(recipe, &parts[i].table, parts[i].index.name);
	for (size_t i = n; i > 1; i--)
		add_attach(recipe, &parts[i - 1]);
	return n > 0;
}

/* ---- CREATE INDEX ---- */

bool recipe_create_index(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct index_def *def = context->action->index;
	struct recipe_index recipe = {
		.planner = &planner, .def = def, .columns = index_columns_text(planner.arena, def)};
	const char *name = def->name;

	plan->tag = "CREATE INDEX";
	if (name == NULL)
		name = choose_name(
			planner.arena, planner.table, plan->table.name, recipe.columns, "idx");
	if (!planner_index_name_free(&planner, name))
		return false;
	if (def->unique)
		planner_not_deferrable(&planner,
			"it has to be built outside a transaction, and until then "
			"nothing keeps duplicates out");
	if (!planner_partitioned(&planner))
		add_concurrent_build(&recipe, &plan->table, name);
	else if (context->action->only || !build_on_partitions(&recipe, name))
		return false;
	return planner_close(&planner,
		arena_printf(planner.arena, "create index %s on %s", name, plan->table.name));
}

/* ---- DROP INDEX ---- */

/* pg_get_indexdef's text with CONCURRENTLY put in. */
static const char *create_again(struct arena *arena, const char *definition)
{
	static const char words[] = "INDEX ";
	const char *at = definition != NULL ? strstr(definition, words) : NULL;

	if (at == NULL)
		return "";
	at += sizeof(words) - 1;
	return arena_printf(
		arena, "%.*sCONCURRENTLY IF NOT EXISTS %s", (int)(at - definition), definition, at);
}

/* PostgreSQL refuses all of these with CONCURRENTLY (RemoveRelations in tablecmds.c), or
 * altogether. */
static bool droppable(const struct relation_facts *index)
{
	return index->kind == 'i' && !index->partition &&
	       (index->n_indexes == 0 || !index->indexes[0].backs_constraint);
}

static void add_drop(struct planner *planner, const struct name *name, const char *definition)
{
	struct arena *arena = planner->arena;
	struct step *step =
		plan_add_step(planner->plan, STEP_CONCURRENTLY, LOCK_SHARE_UPDATE_EXCLUSIVE);

	step->purpose = arena_printf(
		arena, "drop %s once no query uses it; reads and writes go on", name->name);
	step->sql =
		arena_printf(arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name_sql(arena, name));
	step->undo = create_again(arena, definition);
	step->probe = arena_printf(arena, "SELECT NOT (%s)", probe_relation(planner, name));
}

/* false: this one cannot be dropped so.  An index that is not there is left to IF EXISTS. */
static bool drop_target(struct planner *planner, const struct name *target)
{
	const struct relation_facts *index = facts_relation(planner->facts, target);

	if (index == NULL || !index->exists) {
		if (!planner->facts->known)
			add_drop(planner, target, NULL);
		return !planner->facts->known || planner->action->if_exists;
	}
	if (!droppable(index))
		return false;
	add_drop(planner, &index->name, index->n_indexes > 0 ? index->indexes[0].definition : NULL);
	if (planner->plan->relation_oid == 0) {
		planner->plan->table = index->table;
		planner->plan->relation_oid = index->oid;
	}
	return true;
}

bool recipe_drop_index(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	const struct action *action = context->action;

	plan->tag = "DROP INDEX";
	if (action->cascade)
		return false;
	for (size_t i = 0; i < action->n_targets; i++)
		if (!drop_target(&planner, &action->targets[i]))
			return false;
	planner_not_deferrable(&planner,
		"DROP INDEX CONCURRENTLY waits for every transaction on the table, "
		"the one it would stand in as well");
	return planner_close(&planner,
		action->n_targets == 1 ? arena_printf(planner.arena, "drop index %s",
						 name_text(planner.arena, &action->targets[0]))
				       : "drop indexes");
}

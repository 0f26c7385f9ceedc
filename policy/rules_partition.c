/* SPDX-License-Identifier: PostgreSQL */
/* Section G: partitions come and go.  What hurts is often read in another table than the one named.
 */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "bound_guess.h"
#include "message.h"
#include "recipe.h"

/* What is below it may be read as well; of what was not looked up, all. */
static bool may_be_read(const struct rule_context *context, const struct name *name)
{
	const struct relation_facts *table = facts_relation(context->facts, name);
	const struct effects *effects = context->effects;

	if (table == NULL || table->n_partitions > 0)
		return true;
	for (size_t i = 0; i < effects->n_locks; i++)
		if (name_equal(&effects->locks[i].relation, &table->name))
			return (effects->locks[i].work & (WORK_SCAN | WORK_MAY_SCAN)) != 0;
	return true;
}

/* The default partition is searched for rows that belong into the new one. */
static bool searches_default(const struct rule_context *context)
{
	const struct relation_facts *parent = context->table;

	return parent != NULL && parent->has_default_partition &&
	       reads_much(context, &parent->default_partition) &&
	       may_be_read(context, &parent->default_partition);
}

/* Without a server: the text has validated a CHECK of the table that may say the bounds. */
static bool prepared_by_text(const struct rule_context *context)
{
	const struct relation_facts *table =
		facts_relation(context->facts, &context->action->other);

	return context->facts->server_version == 0 && table != NULL &&
	       bound_may_hold(context->facts, context->action->bound, table);
}

static bool attaches_partition(const struct rule_context *context)
{
	const struct name *partition = &context->action->other;

	if (!action_is(context, ACTION_ATTACH_PARTITION) || context->effects->absent ||
		context->effects->noop || prepared_by_text(context))
		return false; /* a new parent makes no old table new */
	return (reads_much(context, partition) && may_be_read(context, partition)) ||
	       searches_default(context);
}

static const char *attach_steps(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const char *parent = message_table_sql(context);
	const char *partition = name_sql(arena, &context->action->other);
	const char *text = arena_printf(arena,
		"-- a CHECK that says the same as the bounds, NOT NULL of the key included:\n"
		"ALTER TABLE %s ADD CONSTRAINT bounds CHECK (...) NOT VALID;\n"
		"ALTER TABLE %s VALIDATE CONSTRAINT bounds;\n",
		partition, partition);

	if (context->table == NULL || context->table->has_default_partition)
		text = arena_printf(arena,
			"%s-- and on the default partition, if there is one, that it holds none of "
			"them:\n"
			"ALTER TABLE %s ADD CONSTRAINT no_bounds CHECK (NOT (...)) NOT VALID;\n"
			"ALTER TABLE %s VALIDATE CONSTRAINT no_bounds;\n",
			text,
			context->table == NULL
				? "<default partition>"
				: name_sql(arena, &context->table->default_partition),
			context->table == NULL
				? "<default partition>"
				: name_sql(arena, &context->table->default_partition));
	return arena_printf(arena, "%s%s;\n-- then drop the CHECKs on %s", text,
		context->action->sql, comment_text(arena, parent));
}

const struct rule rule_attach_partition = {
	.id = "attach-partition",
	.section = 'G',
	.verdict = VERDICT_REWRITE,
	.fires = attaches_partition,
	.recipe = recipe_attach_partition,
	.title = "ATTACH PARTITION reads the table, and the default partition, under ACCESS "
		 "EXCLUSIVE",
	.reason = "Unless a validated CHECK proves that every row lies within the bounds, all of "
		  "them are read; the default partition is read for rows that belong into the "
		  "new one. Indexes that the parent has and the table lacks are built as well.",
	.locks = "SHARE UPDATE EXCLUSIVE on the parent; ACCESS EXCLUSIVE on the table attached and "
		 "on the default partition while each is read.",
	.safe_when = "the table attached is empty, small or new and there is no default partition "
		     "of any size; or validated CHECKs imply the bounds on both, as far as one key "
		     "column is compared with plain literals; in a file, the text has validated a "
		     "CHECK of the table that may say the bounds.",
	.hint = "On the table a CHECK of the bounds, NOT VALID and then validated; on the default "
		"partition a CHECK that excludes them; ATTACH; drop both CHECKs.",
	.hint_sql = attach_steps,
};

/* With a default partition, or before 14, there is no concurrent form. */
static bool detaches_under_lock(const struct rule_context *context)
{
	const struct action *action = context->action;
	int version = context->facts->server_version;

	return action_is(context, ACTION_DETACH_PARTITION) && !action->concurrently &&
	       !action->finalize && large(context) && (version == 0 || version >= 140000) &&
	       (context->table == NULL || !context->table->has_default_partition);
}

static const char *detach_concurrently(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const char *table = message_table_sql(context);
	const char *partition = name_sql(arena, &context->action->other);

	return arena_printf(arena,
		"-- outside a transaction:\n"
		"ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY;\n"
		"-- if it is interrupted: ALTER TABLE %s DETACH PARTITION %s FINALIZE;",
		table, partition, comment_text(arena, table), comment_text(arena, partition));
}

const struct rule rule_detach_partition = {
	.id = "detach-partition",
	.section = 'G',
	.verdict = VERDICT_REWRITE,
	.fires = detaches_under_lock,
	.recipe = recipe_detach_partition,
	.title = "DETACH PARTITION locks the whole partitioned table",
	.reason = "Every query on the parent waits, whichever partition it is about.",
	.locks = "ACCESS EXCLUSIVE on the parent, on the partition and on the default partition, "
		 "for a moment, but behind every transaction that uses any of them.",
	.safe_when = "CONCURRENTLY or FINALIZE is written; the table is small or new; or no "
		     "concurrent form exists: PostgreSQL before 14, or a default partition. "
		     "phasegate then sets a short lock_timeout.",
	.hint = "DETACH PARTITION ... CONCURRENTLY, outside a transaction; FINALIZE if it is "
		"interrupted.",
	.hint_sql = detach_concurrently,
};

/* Without a default partition nothing is read, and the parent's lock is brief; of a parent without
 * an OID the text tells something, but not that. */
static bool creates_partition(const struct rule_context *context)
{
	if (!action_is(context, ACTION_CREATE_PARTITION_OF) || !shared(context))
		return false;
	return context->table == NULL || context->table->oid == 0 || searches_default(context);
}

static const char *create_and_attach(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const char *partition = name_sql(arena, &context->action->table);
	const char *parent = name_sql(arena, &context->action->other);

	if (strcmp(context->action->object, "TABLE") != 0)
		return NULL; /* FOREIGN TABLE knows no LIKE */
	return arena_printf(arena,
		"CREATE TABLE %s (LIKE %s INCLUDING ALL);\n"
		"-- on a default partition, a validated CHECK that it holds no such rows; then\n"
		"ALTER TABLE %s ATTACH PARTITION %s FOR VALUES ...;",
		partition, parent, parent, partition);
}

const struct rule rule_create_partition_of = {
	.id = "create-partition-of",
	.section = 'G',
	.verdict = VERDICT_REWRITE,
	.fires = creates_partition,
	.recipe = recipe_create_partition_of,
	.title = "CREATE TABLE ... PARTITION OF reads the default partition while all partitions "
		 "wait",
	.reason = "It locks the parent with ACCESS EXCLUSIVE, as ATTACH PARTITION does not, and "
		  "holds it while the default partition is searched for rows of the new one.",
	.locks = "ACCESS EXCLUSIVE on the parent and the default partition, for as long as that is "
		 "read.",
	.safe_when = "the parent has no default partition, or an empty or small one, or one whose "
		     "validated CHECK excludes the bounds (the lock is brief then); or the parent "
		     "was made in this transaction.",
	.hint = "CREATE TABLE ... (LIKE parent INCLUDING ALL), or a FOREIGN TABLE with its "
		"columns, then "
		"ATTACH PARTITION.",
	.hint_sql = create_and_attach,
};

static bool drops_partition(const struct rule_context *context)
{
	if (!action_is(context, ACTION_DROP_TABLE) || !shared(context))
		return false;
	for (size_t i = 0; i < context->action->n_targets; i++) {
		const struct relation_facts *table =
			facts_relation(context->facts, &context->action->targets[i]);

		if (table != NULL && table->partition && !is_private(table))
			return true;
	}
	return false;
}

static const char *detach_then_drop(const struct rule_context *context)
{
	const struct relation_facts *table = context->table;

	if (table == NULL || !table->partition)
		return NULL;
	return arena_printf(context->arena,
		"-- outside a transaction:\n"
		"ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY;\n"
		"-- some days later an administrator drops it:\n"
		"DROP TABLE %s;",
		name_sql(context->arena, &table->parent), name_sql(context->arena, &table->name),
		name_sql(context->arena, &table->name));
}

const struct rule rule_drop_partition = {
	.id = "drop-partition",
	.section = 'G',
	.verdict = VERDICT_REJECT,
	.fires = drops_partition,
	.recipe = recipe_drop_partition,
	.title = "Dropping a partition locks the whole partitioned table",
	.reason = "Every query on the parent waits behind the drop, and the rows are gone.",
	.locks = "ACCESS EXCLUSIVE on the partition, its parent and the default partition.",
	.safe_when = "the partition was made in this transaction, or was detached before.",
	.hint = "DETACH PARTITION ... CONCURRENTLY, then DROP TABLE.",
	.hint_sql = detach_then_drop,
};

static bool partitions(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_TABLE) && context->action->partitioned &&
	       !context->effects->noop;
}

const struct rule rule_partitioning_policy = {
	.id = "partitioning-policy",
	.section = 'G',
	.verdict = VERDICT_ALLOW,
	.fires = partitions,
	.title = "Statement creates a partitioned table",
	.reason = "For those who do without partitions, or want to look at each of them.",
	.locks = "Nothing that anybody waits for.",
	.safe_when = "it is always safe to run.",
	.hint = "Set this rule to warn or reject to hear of them.",
};

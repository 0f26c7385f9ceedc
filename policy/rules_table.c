/* SPDX-License-Identifier: PostgreSQL */
/* Sections F and K: whole tables, and writes to all of their rows. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"
#include "recipe.h"

static bool drops_table(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_TABLE) && context->effects->loses_data &&
	       shared(context);
}

static const char *drop_table_steps(const struct rule_context *context)
{
	const char *table = message_table_sql(context);
	const char *name = context->table != NULL           ? context->table->name.name
			   : context->action->n_targets > 0 ? context->action->targets[0].name
							    : "table";
	const char *aside = name_with_suffix(context->arena, name, "deleted");

	if (context->table != NULL && context->table->partition)
		return "-- under any name its parent puts rows into it: detach it first";
	return arena_printf(context->arena,
		"-- when nothing uses it any more, set it aside; RENAME brings it back:\n"
		"ALTER TABLE %s RENAME TO %s;\n"
		"-- some days later an administrator drops it, foreign keys first",
		table, quote_ident(context->arena, aside));
}

const struct rule rule_drop_table = {
	.id = "drop-table",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_table,
	.recipe = recipe_drop_table,
	.title = "DROP TABLE cannot be undone",
	.reason = "The rows are gone. ACCESS EXCLUSIVE also falls on every table its foreign keys "
		  "refer to, and on the parent and default partition if it is a partition.",
	.locks = "ACCESS EXCLUSIVE on the table, on every table its foreign keys refer to, and on "
		 "its parent and the default partition.",
	.safe_when = "the table is absent (IF EXISTS), temporary or made in this transaction.",
	.hint = "Rename it, wait, then drop it.",
	.hint_sql = drop_table_steps,
};

static bool drops_table_cascade(const struct rule_context *context)
{
	return drops_table(context) && context->action->cascade;
}

const struct rule rule_drop_table_cascade = {
	.id = "drop-table-cascade",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = drops_table_cascade,
	.title = "DROP TABLE ... CASCADE silently drops what depends on it",
	.reason = "Views and foreign keys of other tables go along, without being named.",
	.locks = "As drop-table, and ACCESS EXCLUSIVE on every table that refers to it.",
	.safe_when = "CASCADE is not written; or the table is absent, temporary or made in this "
		     "transaction.",
	.hint = "Drop the views and constraints that depend on it by name first.",
};

/* What is loaded anew each time.  Where there is no catalog to ask, its name has to tell. */
static bool is_staging(const struct rule_context *context)
{
	const struct name *name = &context->action->table;

	return context->separate && !context->facts->known &&
	       (name_has_word(name->name, "staging") || name_has_word(name->name, "stg") ||
		       (name->schema != NULL && (name_has_word(name->schema, "staging") ||
							name_has_word(name->schema, "stg"))));
}

static bool truncates(const struct rule_context *context)
{
	return action_is(context, ACTION_TRUNCATE) && context->effects->loses_data &&
	       shared(context) && !is_staging(context);
}

static const char *key_sql(const struct rule_context *context)
{
	const struct relation_facts *table = context->table;

	for (size_t i = 0; table != NULL && i < table->n_indexes; i++)
		if (table->indexes[i].primary && table->indexes[i].n_columns == 1)
			return quote_ident(context->arena, table->indexes[i].columns[0]);
	return "ctid";
}

static const char *delete_in_batches(const struct rule_context *context)
{
	const char *table = message_table_sql(context), *key = key_sql(context);

	return arena_printf(context->arena,
		"-- outside a transaction, again and again until it deletes 0 rows:\n"
		"DELETE FROM %s WHERE %s = ANY (ARRAY(SELECT %s FROM %s LIMIT 5000));",
		table, key, key, table);
}

const struct rule rule_truncate = {
	.id = "truncate",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = truncates,
	.recipe = recipe_truncate,
	.title = "TRUNCATE empties the table for good under ACCESS EXCLUSIVE",
	.reason = "The rows are gone, no row trigger runs, and older snapshots see an empty table.",
	.locks = "ACCESS EXCLUSIVE on the table, to the end of the transaction.",
	.safe_when = "the table is temporary or made in this transaction; in a file, its name or "
		     "its schema's says that it is a staging table.",
	.hint = "DELETE in batches: done so outside a transaction where this rule is set to phase. "
		"Rows that come in meanwhile stay, unless their key lies ahead of the batches. Not "
		"for RESTART IDENTITY, nor where foreign keys refer to the table or a trigger is "
		"for DELETE or TRUNCATE.",
	.hint_sql = delete_in_batches,
};

/* A new table may be referred to by one that is not. */
static bool truncates_cascade(const struct rule_context *context)
{
	return action_is(context, ACTION_TRUNCATE) && context->action->cascade &&
	       (truncates(context) ||
		       (context->table != NULL && context->table->n_referencing > 0));
}

const struct rule rule_truncate_cascade = {
	.id = "truncate-cascade",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = truncates_cascade,
	.title = "TRUNCATE ... CASCADE also empties every table that refers to it",
	.reason = "And those that refer to them; none is named, all are locked and emptied.",
	.locks = "ACCESS EXCLUSIVE on every table that refers to it, and on those that refer to "
		 "them.",
	.safe_when =
		"CASCADE is not written; or the table is temporary or made in this transaction.",
	.hint = "Name the tables that are meant.",
};

static bool vacuums_full(const struct rule_context *context)
{
	return action_is(context, ACTION_VACUUM_FULL) && large(context);
}

static const char *plain_vacuum(const struct rule_context *context)
{
	return context->action->n_targets == 0
		       ? "VACUUM (ANALYZE);"
		       : arena_printf(context->arena, "VACUUM (ANALYZE) %s;",
				 message_table_sql(context));
}

const struct rule rule_vacuum_full = {
	.id = "vacuum-full",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = vacuums_full,
	.title = "VACUUM FULL rewrites the table while reads and writes wait",
	.reason = "ACCESS EXCLUSIVE lasts for the whole copy and all index builds, and the table "
		  "needs its space twice. Plain VACUUM makes the space of dead rows usable again "
		  "without any of that.",
	.locks = "ACCESS EXCLUSIVE for the whole copy and all index builds.",
	.safe_when =
		"FULL is not written or is off; or the table is new, temporary, empty or small.",
	.hint = "Plain VACUUM; pg_repack where the space has to come back.",
	.hint_sql = plain_vacuum,
};

static bool clusters(const struct rule_context *context)
{
	return action_is(context, ACTION_CLUSTER) && large(context);
}

const struct rule rule_cluster = {
	.id = "cluster",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = clusters,
	.title = "CLUSTER rewrites the table while reads and writes wait",
	.reason = "ACCESS EXCLUSIVE lasts for the whole copy and all index builds, and the order "
		  "is lost again with the rows that are written later.",
	.locks = "ACCESS EXCLUSIVE for the whole copy and all index builds.",
	.safe_when = "the table is new, temporary, empty or small. ALTER TABLE ... CLUSTER ON only "
		     "notes the index.",
	.hint = "Use pg_repack with the order wanted.",
};

static bool locks_table(const struct rule_context *context)
{
	return action_is(context, ACTION_LOCK_TABLE) && shared(context) &&
	       context->action->lock_mode >= LOCK_SHARE;
}

static enum verdict lock_verdict(const struct rule_context *context)
{
	bool mild = context->action->lock_mode < LOCK_ACCESS_EXCLUSIVE || context->action->nowait;

	return mild ? VERDICT_WARN : VERDICT_REJECT;
}

static const char *lock_mildly(const struct rule_context *context)
{
	return arena_printf(context->arena,
		"LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE NOWAIT; -- or the weakest mode that "
		"does",
		message_table_sql(context));
}

const struct rule rule_lock_table = {
	.id = "lock-table",
	.section = 'F',
	.verdict = VERDICT_REJECT,
	.fires = locks_table,
	.verdict_here = lock_verdict,
	.title = "LOCK TABLE keeps everybody off until the transaction ends",
	.reason = "ACCESS EXCLUSIVE, the default, stops reads as well; while it waits, all others "
		  "queue behind it.",
	.locks = "The mode written, ACCESS EXCLUSIVE without one, to the end of the transaction.",
	.safe_when = "the mode is weaker than SHARE, so that reads and writes go on; or the table "
		     "is made by the same text.",
	.hint = "The weakest mode that does, NOWAIT, in a short transaction.",
	.hint_sql = lock_mildly,
};

/* In a file what a rule or function does is no matter of the migration that makes it.  Over the
 * wire it may be what comes next. */
static bool is_kept(const struct rule_context *context)
{
	enum action_kind head = context->stmt->actions[0].kind;

	return context->separate && (head == ACTION_CREATE_RULE || head == ACTION_CREATE_FUNCTION);
}

static bool updates_all(const struct rule_context *context)
{
	return action_is(context, ACTION_UPDATE_WITHOUT_WHERE) && large(context) &&
	       !keeps_books(context) && !is_kept(context);
}

static const char *bulk_detail(const struct rule_context *context)
{
	(void)context;
	return "Every row is locked until the transaction ends: other writers of them wait, dead "
	       "rows pile up, replicas fall behind.";
}

/* Where no plan can be made: one for the eye. */
static const char *update_in_batches(const struct rule_context *context)
{
	return arena_printf(context->arena,
		"-- outside a transaction, one range of the key after the other:\n"
		"UPDATE %s SET ... WHERE <key> BETWEEN 1 AND 5000;",
		message_table_sql(context));
}

const struct rule rule_update_without_where = {
	.id = "update-without-where",
	.section = 'K',
	.verdict = VERDICT_PHASE,
	.fires = updates_all,
	.recipe = recipe_bulk,
	.title = "UPDATE without WHERE writes every row in one transaction",
	.reason = "All rows stay locked to the end, the table doubles, replicas fall behind.",
	.locks = "ROW EXCLUSIVE on the table, and every row to the end of the transaction.",
	.safe_when = "there is a WHERE that is no tautology; or the table is new, temporary, empty "
		     "or small, as those are that migration tools keep their books in.",
	.hint = "UPDATE in batches by key, each in a transaction of its own: done so outside a "
		"transaction.",
	.detail = bulk_detail,
	.hint_sql = update_in_batches,
};

static bool deletes_all(const struct rule_context *context)
{
	return action_is(context, ACTION_DELETE_WITHOUT_WHERE) && large(context) &&
	       !keeps_books(context) && !is_kept(context);
}

const struct rule rule_delete_without_where = {
	.id = "delete-without-where",
	.section = 'K',
	.verdict = VERDICT_PHASE,
	.fires = deletes_all,
	.recipe = recipe_bulk,
	.title = "DELETE without WHERE removes every row in one transaction",
	.reason = "All rows stay locked to the end, and nothing asks whether it was meant.",
	.locks = "ROW EXCLUSIVE on the table, and every row to the end of the transaction.",
	.safe_when = "there is a WHERE that is no tautology; or the table is new, temporary, empty "
		     "or small, as those are that migration tools keep their books in.",
	.hint = "DELETE in batches by key, each in a transaction of its own: done so outside a "
		"transaction.",
	.detail = bulk_detail,
	.hint_sql = delete_in_batches,
};

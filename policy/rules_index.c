/* SPDX-License-Identifier: PostgreSQL */
/* Section B: indexes. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"
#include "model.h"
#include "recipe.h"

/* Nobody writes ONLY but for a partitioned table, and there nothing is built. */
static bool on_only_parent(const struct rule_context *context)
{
	return context->action->only && context->facts->server_version == 0 &&
	       (context->table == NULL || context->table->oid == 0);
}

static bool builds_under_lock(const struct rule_context *context, bool unique)
{
	return action_is(context, ACTION_CREATE_INDEX) && context->effects->index_build &&
	       context->action->index->unique == unique && !is_partitioned(context) &&
	       !on_only_parent(context) && large(context);
}

static bool plain_index(const struct rule_context *context)
{
	return builds_under_lock(context, false);
}

const struct rule rule_create_index_non_concurrent = {
	.id = "create-index-non-concurrent",
	.section = 'B',
	.verdict = VERDICT_REWRITE,
	.fires = plain_index,
	.recipe = recipe_create_index,
	.title = "CREATE INDEX blocks writes for as long as it builds",
	.reason = "It takes SHARE on the table for the whole build: reads go on, writes wait.",
	.locks = "SHARE on the table for the whole build: reads go on, writes wait.",
	.safe_when = "CONCURRENTLY is written; the table or materialized view is new, temporary, "
		     "empty or small; the index exists already (IF NOT EXISTS); or it is made ON "
		     "ONLY a partitioned table, which builds nothing.",
	.hint = "CREATE INDEX CONCURRENTLY, outside a transaction, without lock_timeout and "
		"statement_timeout; then check that the index is valid.",
};

static bool unique_index(const struct rule_context *context)
{
	return builds_under_lock(context, true);
}

const struct rule rule_create_unique_index = {
	.id = "create-unique-index",
	.section = 'B',
	.verdict = VERDICT_REWRITE,
	.fires = unique_index,
	.recipe = recipe_create_index,
	.title = "CREATE UNIQUE INDEX blocks writes for as long as it builds",
	.reason = "It takes SHARE on the table for the whole build, and fails at the end when it "
		  "meets a duplicate.",
	.locks = "SHARE on the table for the whole build: reads go on, writes wait.",
	.safe_when = "CONCURRENTLY is written; the table is new, temporary, empty or small; or the "
		     "index exists already.",
	.hint = "Look for duplicates, then CREATE UNIQUE INDEX CONCURRENTLY outside a transaction.",
};

static bool partitioned_index(const struct rule_context *context)
{
	const struct effects *effects = context->effects;

	if (!action_is(context, ACTION_CREATE_INDEX) || !is_partitioned(context))
		return false;
	/* The server refuses CONCURRENTLY, however new the table is. */
	return (effects->index_build && large(context)) ||
	       (context->action->concurrently && !effects->absent && !effects->noop);
}

const struct rule rule_create_index_on_partitioned = {
	.id = "create-index-on-partitioned",
	.section = 'B',
	.verdict = VERDICT_REWRITE,
	.fires = partitioned_index,
	.recipe = recipe_create_index,
	.title = "An index on a partitioned table cannot be built concurrently in one statement",
	.reason = "PostgreSQL refuses CONCURRENTLY on the parent; the plain form takes SHARE on "
		  "the parent and all partitions and builds every index under it.",
	.locks = "SHARE on the parent and on every partition until the last index is built.",
	.safe_when = "ON ONLY is written; or, without CONCURRENTLY, the table is new, temporary, "
		     "empty or small.",
	.hint = "CREATE INDEX ... ON ONLY parent; CREATE INDEX CONCURRENTLY on each partition; "
		"ALTER INDEX ... ATTACH PARTITION each of them.",
};

static const struct index_facts *existing_index(const struct rule_context *context)
{
	const struct relation_facts *relation;
	struct name name = {.name = context->action->index->name};

	if (context->table == NULL || name.name == NULL)
		return NULL;
	name.schema = context->table->name.schema;
	relation = facts_relation(context->facts, &name);
	if (relation != NULL && relation->n_indexes > 0 && relation->kind == 'i')
		return &relation->indexes[0];
	return facts_index(context->table, name.name);
}

static bool keeps_invalid_index(const struct rule_context *context)
{
	const struct index_facts *index;

	if (!action_is(context, ACTION_CREATE_INDEX) || !context->action->if_not_exists ||
		context->new_table || is_partitioned(context))
		return false;
	index = existing_index(context);
	return index != NULL && !index->valid;
}

static const char *replace_invalid_index(const struct rule_context *context)
{
	return arena_printf(context->arena, "DROP INDEX CONCURRENTLY %s;\n%s;",
		name_sql(context->arena, &existing_index(context)->name), context->action->sql);
}

const struct rule rule_invalid_index_left_behind = {
	.id = "invalid-index-left-behind",
	.section = 'B',
	.verdict = VERDICT_REJECT,
	.fires = keeps_invalid_index,
	.title = "IF NOT EXISTS would keep an index that is not valid",
	.reason = "A CREATE INDEX CONCURRENTLY that failed leaves an invalid index: writes pay "
		  "for it, no query uses it, and IF NOT EXISTS calls that success.",
	.locks = "SHARE UPDATE EXCLUSIVE; reads and writes go on.",
	.safe_when = "the index that exists is valid, or none does.",
	.hint = "DROP INDEX CONCURRENTLY the invalid index, then create it again.",
	.hint_sql = replace_invalid_index,
};

/* The safe forms of plain builds are concurrent ones, so they are no way out. */
static bool corrupts_index(const struct rule_context *context)
{
	int version = context->facts->server_version;
	const struct constraint_def *constraint = context->action->constraint;
	bool builds = action_is(context, ACTION_CREATE_INDEX) ||
		      action_is(context, ACTION_REINDEX) ||
		      ((action_is(context, ACTION_ADD_UNIQUE) ||
			       action_is(context, ACTION_ADD_PRIMARY_KEY)) &&
			      constraint->using_index == NULL);

	return version >= 140000 && version < 140004 && builds && shared(context) &&
	       (context->action->concurrently || !context->small);
}

const struct rule rule_cic_corruption_pg14 = {
	.id = "cic-corruption-pg14",
	.section = 'B',
	.verdict = VERDICT_REJECT,
	.fires = corrupts_index,
	.title = "Concurrent index builds of PostgreSQL 14.0 to 14.3 can corrupt the index",
	.reason = "CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY can miss rows changed "
		  "meanwhile (fixed in 14.4); the plain forms block writes.",
	.locks = "None that matters: the index is wrong afterwards.",
	.safe_when = "the server is not 14.0 to 14.3; or the table is new.",
	.hint = "Upgrade the server to 14.4 or later first.",
};

static bool any_partitioned_target(const struct rule_context *context)
{
	for (size_t i = 0; i < context->action->n_targets; i++) {
		const struct relation_facts *index =
			facts_relation(context->facts, &context->action->targets[i]);

		if (index != NULL && index->kind == 'I')
			return true;
	}
	return false;
}

/* The index went along. */
static bool dropped_its_constraint(const struct rule_context *context, const struct action *action)
{
	const struct action *own = context->action;

	return action->kind == ACTION_DROP_CONSTRAINT && action->name != NULL &&
	       own->n_targets == 1 && strcmp(action->name, own->targets[0].name) == 0;
}

/* A partitioned index cannot be dropped concurrently at all: a short lock_timeout is what remains.
 */
static bool drops_index_under_lock(const struct rule_context *context)
{
	return action_is(context, ACTION_DROP_INDEX) && !context->action->concurrently &&
	       context->effects->n_locks > 0 && context->effects->error == NULL &&
	       !any_partitioned_target(context) && large(context) &&
	       (context->facts->known || !earlier(context, dropped_its_constraint));
}

const struct rule rule_drop_index_non_concurrent = {
	.id = "drop-index-non-concurrent",
	.section = 'B',
	.verdict = VERDICT_REWRITE,
	.fires = drops_index_under_lock,
	.recipe = recipe_drop_index,
	.title = "DROP INDEX blocks the whole table while it waits",
	.reason = "It takes ACCESS EXCLUSIVE on the table, not just on the index: queued behind "
		  "one reader it stops all others.",
	.locks = "ACCESS EXCLUSIVE on the table, for a moment, but behind every transaction that "
		 "uses it.",
	.safe_when = "CONCURRENTLY is written; the table is new, temporary or small; the index is "
		     "absent (a file has dropped the constraint of that name), belongs to a "
		     "constraint (the server refuses) or to a partitioned table (there is no "
		     "concurrent form).",
	.hint = "DROP INDEX CONCURRENTLY, one index a statement, outside a transaction.",
};

static bool reindexes_under_lock(const struct rule_context *context)
{
	return action_is(context, ACTION_REINDEX) && context->effects->index_build &&
	       large(context);
}

/* REINDEX SYSTEM has no concurrent form (ReindexMultipleTables). */
static const char *reindex_concurrently(const struct rule_context *context)
{
	const struct action *action = context->action;
	const char *object = action->object == NULL ? "TABLE" : action->object;
	struct name database = {.name = action->name};
	const struct name *name = &database;

	if (strcmp(object, "SYSTEM") == 0)
		return NULL;
	if (action->n_targets > 0)
		name = &action->targets[0];
	else if (action->table.name != NULL)
		name = &action->table;
	return arena_printf(context->arena, "REINDEX (CONCURRENTLY) %s%s%s;", object,
		name->name == NULL ? "" : " ",
		name->name == NULL ? "" : name_sql(context->arena, name));
}

const struct rule rule_reindex_non_concurrent = {
	.id = "reindex-non-concurrent",
	.section = 'B',
	.verdict = VERDICT_REWRITE,
	.fires = reindexes_under_lock,
	.recipe = recipe_reindex,
	.title = "REINDEX blocks writes, and the planning of reads, for as long as it builds",
	.reason = "It takes SHARE on the table and ACCESS EXCLUSIVE on each index; the planner of "
		  "any query wants those indexes too, so reads stop as well.",
	.locks = "SHARE on the table and ACCESS EXCLUSIVE on each index, for the whole build.",
	.safe_when = "CONCURRENTLY is written; or the table is new, temporary, empty or small. "
		     "REINDEX SYSTEM has no safe form.",
	.hint = "REINDEX (CONCURRENTLY), outside a transaction; drop *_ccnew indexes if it fails.",
	.hint_sql = reindex_concurrently,
};

static bool is_index(const struct rule_context *context)
{
	return context->table != NULL && context->table->kind == 'i';
}

/* ALTER TABLE takes the name of an index too. */
static bool copies_index(const struct rule_context *context)
{
	if (action_is(context, ACTION_SET_TABLESPACE))
		return is_index(context) && context->effects->rewrite && large(context);
	return action_is(context, ACTION_ALTER_INDEX_TABLESPACE) && context->effects->index_build &&
	       large(context);
}

static const char *reindex_into_tablespace(const struct rule_context *context)
{
	if (context->action->new_name == NULL || context->action->table.name == NULL)
		return NULL;
	return arena_printf(context->arena, "REINDEX (CONCURRENTLY, TABLESPACE %s) INDEX %s;",
		quote_ident(context->arena, context->action->new_name), message_table_sql(context));
}

const struct rule rule_alter_index_set_tablespace = {
	.id = "alter-index-set-tablespace",
	.section = 'B',
	.verdict = VERDICT_REWRITE,
	.fires = copies_index,
	.recipe = recipe_index_tablespace,
	.title = "Moving an index blocks every query that could use it while its file is copied",
	.reason = "ACCESS EXCLUSIVE on the index lasts for the whole copy, and the planner of "
		  "every query on the table looks at all of its indexes: reads and writes wait.",
	.locks = "ACCESS EXCLUSIVE on the index for the whole copy.",
	.safe_when = "the index is in that tablespace already; or it is small, or of a new table.",
	.hint = "REINDEX (CONCURRENTLY, TABLESPACE x) INDEX i, PostgreSQL 14 and later.",
	.hint_sql = reindex_into_tablespace,
};

static bool many_columns(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_INDEX) && context->action->index->n_columns > 3 &&
	       !context->action->index->unique;
}

const struct rule rule_index_too_many_columns = {
	.id = "index-too-many-columns",
	.section = 'B',
	.verdict = VERDICT_ALLOW,
	.fires = many_columns,
	.title = "Index on more than three columns",
	.reason = "Wide indexes rarely help more than narrow ones, and every write pays for them.",
	.locks = "Nothing more than any index.",
	.safe_when = "it has three columns or fewer; or it is unique, so that each column counts.",
	.hint = "Index the most selective columns first, and fewer of them.",
};

/* A b-tree of these columns first answers what one of them alone would. */
static bool starts_with_columns(const struct index_facts *index, const struct index_def *def)
{
	if (index->n_columns < def->n_columns)
		return false;
	for (size_t i = 0; i < def->n_columns; i++)
		if (index->columns[i] == NULL || def->columns[i] == NULL ||
			strcmp(index->columns[i], def->columns[i]) != 0)
			return false;
	return true;
}

static bool plain_btree(const struct index_facts *index)
{
	return index->valid && index->plain_order && !index->partial && !index->has_expressions &&
	       index->definition != NULL && strstr(index->definition, " USING btree (") != NULL;
}

/* A unique index enforces something: only another of just these columns does that too. */
static const struct index_facts *index_that_does(const struct rule_context *context)
{
	const struct index_def *def = context->action->index;
	const struct relation_facts *table = context->table;

	for (size_t i = 0; table != NULL && i < table->n_indexes; i++) {
		const struct index_facts *index = &table->indexes[i];
		bool serves = !def->unique || (index->unique && index->n_columns == def->n_columns);

		if (serves && plain_btree(index) && starts_with_columns(index, def))
			return index;
	}
	return NULL;
}

static bool serves_nobody(const struct rule_context *context)
{
	const struct index_def *def = context->action->index;

	return action_is(context, ACTION_CREATE_INDEX) && !context->effects->noop &&
	       !context->effects->absent && strcmp(def->method, "btree") == 0 && !def->partial &&
	       !def->has_expressions && def->plain_order && def->n_include == 0 &&
	       index_that_does(context) != NULL;
}

static const char *redundant_message(const struct rule_context *context)
{
	const struct index_facts *index = index_that_does(context);

	return arena_printf(context->arena, "Index %s answers every query that this one could",
		name_text(context->arena, &index->name));
}

const struct rule rule_redundant_index = {
	.id = "redundant-index",
	.section = 'B',
	.verdict = VERDICT_WARN,
	.fires = serves_nobody,
	.message = redundant_message,
	.title = "An index that is there already answers every query that this one could",
	.reason = "Its columns are the same or start with the same ones, so every write pays twice "
		  "for one use.",
	.locks = "Nothing more than any index.",
	.safe_when =
		"the other index is partial, has expressions, another order, operator class or "
		"access method, or is not valid; or the new one is unique, partial, has "
		"expressions or INCLUDE, and the other does not enforce the same.",
	.hint = "Leave it out; or, where the narrow index is wanted, drop the wide one.",
};

/* It serves DELETE and UPDATE of the table referred to, which no statistics tell. */
static bool serves_foreign_key(const struct rule_context *context)
{
	const struct relation_facts *table = context->table;
	const char *column = context->action->index->columns[0];

	for (size_t i = 0; column != NULL && i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
			names_contain(table->constraints[i].columns,
				table->constraints[i].n_columns, column))
			return true;
	return false;
}

static bool read_by_nobody(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_INDEX) && large(context) &&
	       context->table != NULL && context->table->unread &&
	       !context->action->index->unique && !serves_foreign_key(context);
}

const struct rule rule_index_on_unread_table = {
	.id = "index-on-unread-table",
	.section = 'B',
	.verdict = VERDICT_WARN,
	.fires = read_by_nobody,
	.title = "Index on a table that no statement has read for a day",
	.reason =
		"It takes space and makes every write slower, and there is no query that it could "
		"make faster. Scans are counted by the server, those of UPDATE and DELETE with a "
		"WHERE as well.",
	.locks = "As any CREATE INDEX.",
	.safe_when = "the table was read within a day; or the server cannot tell, because its "
		     "statistics or the table are younger than that, or because before PostgreSQL "
		     "16 it only knows that there were scans at some time; or the index is unique, "
		     "or begins with a column of a foreign key; or the table is new, temporary, "
		     "empty or small.",
	.hint = "SELECT * FROM pg_stat_all_tables says who is read; wait for the queries that need "
		"the index, or build it when they come.",
};

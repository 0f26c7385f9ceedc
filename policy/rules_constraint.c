/* SPDX-License-Identifier: PostgreSQL */
/* Section E: constraints of tables and domains. */
#include "rules.h"

#include <string.h>

#include "arena.h"
#include "message.h"
#include "recipe.h"

static bool check_scans(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_CHECK) && context->effects->scan && large(context);
}

const struct rule rule_add_check_not_not_valid = {
	.id = "add-check-not-not-valid",
	.section = 'E',
	.verdict = VERDICT_REWRITE,
	.fires = check_scans,
	.recipe = recipe_add_check,
	.title = "ADD CHECK reads the whole table under ACCESS EXCLUSIVE",
	.reason = "Every row is verified before the lock is given back, and unlike that of a "
		  "foreign key it keeps readers off, too. NOT VALID puts the check off; new rows "
		  "are checked from then on all the same.",
	.locks = "ACCESS EXCLUSIVE while every row is read.",
	.safe_when = "NOT VALID is written; or the table is new, temporary, empty or small.",
	.hint = "ADD CONSTRAINT ... CHECK (...) NOT VALID, then VALIDATE CONSTRAINT in a "
		"transaction of its own.",
};

static bool foreign_key_scans(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_FOREIGN_KEY) && context->effects->scan &&
	       !is_partitioned(context) && large(context);
}

const struct rule rule_add_fk_not_not_valid = {
	.id = "add-fk-not-not-valid",
	.section = 'E',
	.verdict = VERDICT_REWRITE,
	.fires = foreign_key_scans,
	.recipe = recipe_add_foreign_key,
	.title = "ADD FOREIGN KEY checks every row while writes to both tables wait",
	.reason = "SHARE ROW EXCLUSIVE on both tables lasts for the whole join of them.",
	.locks = "SHARE ROW EXCLUSIVE on both tables while every row is looked up: writes to both "
		 "wait.",
	.safe_when =
		"NOT VALID is written; or the referencing table is new, temporary, empty or small.",
	.hint = "ADD CONSTRAINT ... FOREIGN KEY ... NOT VALID, then VALIDATE CONSTRAINT in a "
		"transaction of its own.",
};

static bool partitioned_foreign_key(const struct rule_context *context)
{
	const struct effects *effects = context->effects;

	if (!action_is(context, ACTION_ADD_FOREIGN_KEY) || !is_partitioned(context))
		return false;
	/* The server refuses NOT VALID, however new the table is. */
	return (large(context) && (effects->scan || effects->error != NULL)) ||
	       (context->action->constraint->not_valid && effects->error != NULL &&
		       !effects->absent);
}

const struct rule rule_add_fk_on_partitioned = {
	.id = "add-fk-on-partitioned",
	.section = 'E',
	.verdict = VERDICT_REWRITE,
	.fires = partitioned_foreign_key,
	.recipe = recipe_add_foreign_key,
	.title = "A foreign key on a partitioned table cannot be added NOT VALID",
	.reason = "Before PostgreSQL 18 the only form on the parent checks every partition's rows "
		  "while writes wait.",
	.locks = "SHARE ROW EXCLUSIVE on the parent, every partition and the referenced table, "
		 "while every row is looked up.",
	.safe_when = "NOT VALID is not written and the table is new, temporary, empty or small.",
	.hint = "ADD CONSTRAINT ... NOT VALID and VALIDATE it on every partition, then add it on "
		"the parent, which takes them over without checking again.",
};

/* The leading columns of some index are the constraint's, in any order. */
static bool index_covers(const struct index_facts *index, const char *const *columns, size_t n)
{
	if (!index->valid || index->partial || index->n_columns < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found |= index->columns[k] != NULL &&
				 strcmp(index->columns[k], columns[i]) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool foreign_key_without_index(const struct rule_context *context)
{
	const struct constraint_def *def = context->action->constraint;

	if (!action_is(context, ACTION_ADD_FOREIGN_KEY) || !large(context) ||
		context->table == NULL || context->table->oid == 0)
		return false;
	for (size_t i = 0; i < context->table->n_indexes; i++)
		if (index_covers(&context->table->indexes[i], def->columns, def->n_columns))
			return false;
	return true;
}

static const char *list_sql(struct arena *arena, const char *const *columns, size_t n)
{
	const char *list = "";

	for (size_t i = 0; i < n; i++)
		list = arena_printf(
			arena, "%s%s%s", list, i == 0 ? "" : ", ", quote_ident(arena, columns[i]));
	return list;
}

static const char *index_for_foreign_key(const struct rule_context *context)
{
	const struct constraint_def *def = context->action->constraint;

	return arena_printf(context->arena, "CREATE INDEX CONCURRENTLY ON %s (%s);",
		message_table_sql(context), list_sql(context->arena, def->columns, def->n_columns));
}

const struct rule rule_fk_missing_index = {
	.id = "fk-missing-index",
	.section = 'E',
	.verdict = VERDICT_WARN,
	.fires = foreign_key_without_index,
	.title = "No index covers the columns of the foreign key",
	.reason = "Each DELETE or UPDATE of a key on the referenced table reads the whole "
		  "referencing one.",
	.locks = "None by itself.",
	.safe_when = "the leading columns of a valid index that is not partial are those of the "
		     "key; or the table is new, temporary, empty or small.",
	.hint = "CREATE INDEX CONCURRENTLY on the referencing columns first.",
	.hint_sql = index_for_foreign_key,
};

static bool any_foreign_key(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_FOREIGN_KEY) && shared(context);
}

const struct rule rule_fk_policy = {
	.id = "fk-policy",
	.section = 'E',
	.verdict = VERDICT_ALLOW,
	.fires = any_foreign_key,
	.title = "Statement adds a foreign key",
	.reason =
		"For those who do without foreign keys, or without ON DELETE CASCADE: each insert "
		"locks the row it refers to, and one DELETE may take any number of rows along.",
	.locks = "SHARE ROW EXCLUSIVE on both tables.",
	.safe_when = "the table is new or temporary.",
	.hint = "Set this rule to warn or reject to keep them out.",
};

static bool table_with_foreign_key(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_TABLE) && context->action->with_foreign_key &&
	       !context->effects->noop;
}

const struct rule rule_create_table_with_fk = {
	.id = "create-table-with-fk",
	.section = 'E',
	.verdict = VERDICT_ALLOW,
	.fires = table_with_foreign_key,
	.title = "CREATE TABLE with REFERENCES locks the referenced table for a moment",
	.reason = "SHARE ROW EXCLUSIVE on it, but the new table has no row to check.",
	.locks = "SHARE ROW EXCLUSIVE on the referenced table, for a moment.",
	.safe_when = "it has no REFERENCES; or the table exists already (IF NOT EXISTS).",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

/* What pg_dump restores a partitioned key with, the indexes built concurrently before. */
static const char *partition_by_partition(const struct rule_context *context)
{
	struct arena *arena = context->arena;
	const struct constraint_def *def = context->action->constraint;
	const char *table = message_table_sql(context);
	const char *columns = list_sql(arena, def->columns, def->n_columns);
	const char *kind = action_is(context, ACTION_ADD_UNIQUE) ? "UNIQUE" : "PRIMARY KEY";
	const char *key;

	if (!is_partitioned(context))
		return NULL;
	key = quote_ident(arena,
		def->name != NULL ? def->name
				  : name_with_suffix(arena, context->table->name.name, "key"));
	return arena_printf(arena,
		"-- on every partition p, its columns NOT NULL before where a primary key needs "
		"it:\n"
		"CREATE UNIQUE INDEX CONCURRENTLY p_key ON p (%s);\n"
		"ALTER TABLE p ADD CONSTRAINT p_key %s USING INDEX p_key;\n"
		"-- then on the parent, and attach the index of every partition:\n"
		"ALTER TABLE ONLY %s ADD CONSTRAINT %s %s (%s);\n"
		"ALTER INDEX %s ATTACH PARTITION p_key;",
		columns, kind, table, key, kind, columns, key);
}

static bool unique_builds(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_UNIQUE) && context->effects->index_build &&
	       large(context);
}

const struct rule rule_add_unique_constraint = {
	.id = "add-unique-constraint",
	.section = 'E',
	.verdict = VERDICT_REWRITE,
	.fires = unique_builds,
	.recipe = recipe_add_unique,
	.title = "ADD UNIQUE builds its index under ACCESS EXCLUSIVE",
	.reason = "Reads and writes wait for the whole build, which may end in a duplicate.",
	.locks = "ACCESS EXCLUSIVE while every row is read and the index is built.",
	.safe_when = "USING INDEX is written; or the table is new, temporary, empty or small.",
	.hint = "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX.",
	.hint_sql = partition_by_partition,
};

static bool primary_key_builds(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_PRIMARY_KEY) && context->effects->index_build &&
	       large(context);
}

const struct rule rule_add_primary_key = {
	.id = "add-primary-key",
	.section = 'E',
	.verdict = VERDICT_PHASE,
	.fires = primary_key_builds,
	.recipe = recipe_add_primary_key,
	.title = "ADD PRIMARY KEY builds its index under ACCESS EXCLUSIVE",
	.reason = "Reads and writes wait for the build, and for a second scan where a column may "
		  "still be null.",
	.locks = "ACCESS EXCLUSIVE while every row is read, once for the index and once for NOT "
		 "NULL.",
	.safe_when = "USING INDEX is written; or the table is new, temporary, empty or small.",
	.hint = "NOT NULL by way of validated CHECKs, CREATE UNIQUE INDEX CONCURRENTLY, then ADD "
		"PRIMARY KEY USING INDEX.",
	.hint_sql = partition_by_partition,
};

static bool drops_its_name(const struct rule_context *context, const struct action *action)
{
	return action->kind == ACTION_DROP_CONSTRAINT && action->name != NULL &&
	       context->action->name != NULL && strcmp(action->name, context->action->name) == 0;
}

/* A key in the place of one that is dropped along, to have a new index: DROP leaves NOT NULL. */
static bool replaces_key(const struct rule_context *context)
{
	return !context->facts->known && in_statement(context, drops_its_name);
}

static bool primary_key_scans(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_PRIMARY_KEY) && context->effects->scan &&
	       context->action->constraint->using_index != NULL && large(context) &&
	       !replaces_key(context);
}

const struct rule rule_add_pk_using_index_nullable = {
	.id = "add-pk-using-index-nullable",
	.section = 'E',
	.verdict = VERDICT_PHASE,
	.fires = primary_key_scans,
	.recipe = recipe_add_primary_key,
	.title = "PRIMARY KEY USING INDEX on columns that may be null reads the whole table",
	.reason = "It makes the columns NOT NULL, and looks at every row for it under ACCESS "
		  "EXCLUSIVE.",
	.locks = "ACCESS EXCLUSIVE while every row is read.",
	.safe_when = "the columns of the index are NOT NULL, or validated CHECKs imply it; or the "
		     "table is new, temporary, empty or small.",
	.hint = "NOT NULL first, by way of a validated CHECK; then ADD PRIMARY KEY USING INDEX.",
};

static bool exclusion_builds(const struct rule_context *context)
{
	return action_is(context, ACTION_ADD_EXCLUSION) && large(context);
}

const struct rule rule_add_exclusion_constraint = {
	.id = "add-exclusion-constraint",
	.section = 'E',
	.verdict = VERDICT_REJECT,
	.fires = exclusion_builds,
	.title = "ADD EXCLUDE builds its index under ACCESS EXCLUSIVE, and reads the table twice",
	.reason = "PostgreSQL has no concurrent form: neither NOT VALID nor USING INDEX.",
	.locks = "ACCESS EXCLUSIVE while the table is read twice.",
	.safe_when = "the table is new, temporary, empty or small.",
	.hint = "Make a new table with the constraint, copy in batches and swap the names; or use "
		"a maintenance window.",
};

/* What enforces nothing, or what NOT NULL enforces already, is no loss. */
static bool redundant(const struct rule_context *context, const struct constraint_facts *c)
{
	if (c->kind != CONSTRAINT_CHECK)
		return false;
	if (!c->validated)
		return true;
	for (size_t i = 0; i < c->n_proves_not_null; i++) {
		const struct column_facts *column =
			facts_column(context->table, c->proves_not_null[i]);

		if (column == NULL || !column->not_null)
			return false;
	}
	return c->n_proves_not_null > 0 && c->n_proves_not_null == c->n_columns;
}

/* In a form that does not look at the rows: NOT VALID, an index that is there, or by renaming what
 * was made before. */
static bool adds_it_again(const struct rule_context *context, const struct action *action)
{
	const char *name =
		action->kind == ACTION_RENAME_CONSTRAINT ? action->new_name : action->name;
	bool brief =
		action->kind == ACTION_RENAME_CONSTRAINT ||
		(action->kind >= ACTION_ADD_CHECK && action->kind <= ACTION_ADD_EXCLUSION &&
			(action->constraint->not_valid || action->constraint->using_index != NULL));

	return brief && name != NULL && context->action->name != NULL &&
	       strcmp(name, context->action->name) == 0 &&
	       may_be_same(&action->table, &context->action->table);
}

/* Nobody knows what it says, but its name does, and that holds already. */
static bool repeats_not_null(const struct rule_context *context)
{
	const struct relation_facts *table = context->table;

	for (size_t i = 0; !context->facts->known && i < table->n_columns; i++)
		if (table->columns[i].not_null &&
			facts_says_not_null(context->action->name, table->columns[i].name))
			return true;
	return false;
}

static bool drops_constraint(const struct rule_context *context)
{
	const struct constraint_facts *c;

	if (!action_is(context, ACTION_DROP_CONSTRAINT) || !shared(context) ||
		later(context, adds_it_again))
		return false;
	if (context->table == NULL || context->action->name == NULL)
		return true;
	c = facts_constraint(context->table, context->action->name);
	if (c == NULL || c->unseen)
		return !repeats_not_null(context);
	return !c->made_by_text && !redundant(context, c);
}

const struct rule rule_drop_constraint = {
	.id = "drop-constraint",
	.section = 'E',
	.verdict = VERDICT_WARN,
	.fires = drops_constraint,
	.title = "DROP CONSTRAINT gives up what it enforced",
	.reason = "The lock is brief, for a foreign key on the referenced table too; bad rows may "
		  "come in from now on, and a primary key or unique constraint takes its index.",
	.locks = "ACCESS EXCLUSIVE for a moment; for a foreign key on the referenced table too.",
	.safe_when = "it is absent (IF EXISTS) or not validated; it is a CHECK that NOT NULL "
		     "enforces anyway; the same text has added it (a CHECK that spares ATTACH its "
		     "scan), or adds one of the same name again as NOT "
		     "VALID, USING INDEX or by renaming; or the table is new or temporary.",
	.hint = "Keep it, unless all writers enforce the same.",
};

static bool renames_constraint_or_index(const struct rule_context *context)
{
	return (action_is(context, ACTION_RENAME_CONSTRAINT) || renames_index(context)) &&
	       shared(context);
}

const struct rule rule_rename_constraint_or_index = {
	.id = "rename-constraint-or-index",
	.section = 'E',
	.verdict = VERDICT_ALLOW,
	.fires = renames_constraint_or_index,
	.title = "Renamed constraint or index",
	.reason = "Breaks ON CONFLICT ON CONSTRAINT name and code that matches errors by name.",
	.locks = "Of a constraint: ACCESS EXCLUSIVE for a moment. Of an index: SHARE UPDATE "
		 "EXCLUSIVE, reads and writes go on.",
	.safe_when = "the table is new or temporary.",
	.hint = "Look for the old name in the code.",
};

static bool alters_constraint(const struct rule_context *context)
{
	return action_is(context, ACTION_ALTER_CONSTRAINT) && shared(context);
}

const struct rule rule_alter_constraint = {
	.id = "alter-constraint",
	.section = 'E',
	.verdict = VERDICT_ALLOW,
	.fires = alters_constraint,
	.title = "ALTER CONSTRAINT changes when a foreign key is checked",
	.reason = "Metadata only: no row is checked again. Only foreign keys can be altered so; "
		  "where one becomes deferred, a bad row is reported as late as COMMIT.",
	.locks = "ACCESS EXCLUSIVE for a moment.",
	.safe_when = "the constraint is absent; or the table is new or temporary.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

static bool domain_scans(const struct rule_context *context)
{
	return (action_is(context, ACTION_DOMAIN_ADD_CONSTRAINT) ||
		       action_is(context, ACTION_DOMAIN_VALIDATE)) &&
	       context->effects->scan && large(context);
}

const struct rule rule_alter_domain_add_constraint = {
	.id = "alter-domain-add-constraint",
	.section = 'E',
	.verdict = VERDICT_PHASE,
	.fires = domain_scans,
	.recipe = recipe_domain_constraint,
	.title = "A constraint of a domain is checked in every table that uses it",
	.reason = "SHARE on each of these tables lasts while all of them are read: writes wait. "
		  "VALIDATE CONSTRAINT of a domain does the same.",
	.locks = "SHARE on every table with a column of the domain, while all of them are read.",
	.safe_when = "NOT VALID is written; no table uses the domain; or those that do are small.",
	.hint = "ALTER DOMAIN ... ADD CONSTRAINT name ... NOT VALID, which holds for new values "
		"and "
		"locks nothing; then a SELECT that casts the old ones to the domain again. "
		"VALIDATE "
		"keeps writers off for as long as it reads, whatever was done before: phasegate "
		"leaves it until the change is released.",
};

static bool domain_not_null_scans(const struct rule_context *context)
{
	return action_is(context, ACTION_DOMAIN_SET_NOT_NULL) && context->effects->scan &&
	       large(context);
}

const struct rule rule_alter_domain_set_not_null = {
	.id = "alter-domain-set-not-null",
	.section = 'E',
	.verdict = VERDICT_PHASE,
	.fires = domain_not_null_scans,
	.recipe = recipe_domain_not_null,
	.title = "SET NOT NULL of a domain reads every table that uses it",
	.reason = "SHARE on each of these tables lasts while all of them are read: writes wait.",
	.locks = "SHARE on every table with a column of the domain, while all of them are read.",
	.safe_when = "no table uses the domain; or those that do are small.",
	.hint = "CHECK (VALUE IS NOT NULL) NOT VALID holds for new values and locks nothing; a "
		"SELECT finds nulls beforehand. SET NOT NULL does not believe such a CHECK: it "
		"reads every table under SHARE all the same, when the change is released. Or ALTER "
		"COLUMN ... SET NOT NULL on the tables, and leave the domain as it is.",
};

static bool domain_with_constraint(const struct rule_context *context)
{
	return action_is(context, ACTION_CREATE_DOMAIN) && context->action->constrained;
}

const struct rule rule_create_domain_with_constraint = {
	.id = "create-domain-with-constraint",
	.section = 'E',
	.verdict = VERDICT_ALLOW,
	.fires = domain_with_constraint,
	.title = "A domain with constraints makes later changes expensive",
	.reason = "ADD COLUMN of such a domain rewrites the table, a change of the domain reads "
		  "every table that uses it.",
	.locks = "Nothing now.",
	.safe_when = "the domain has neither CHECK nor NOT NULL.",
	.hint = "Prefer a CHECK of each table.",
};

/* SPDX-License-Identifier: PostgreSQL */
#include "rules.h"

#include <string.h>

#include "model.h"

static const struct rule *const all[] = {
#define RULE(name) &rule_##name,
#include "rules.def"
#undef RULE
};

const struct rule *const *const rules_all = all;
const size_t n_rules_all = sizeof(all) / sizeof(all[0]);

const struct rule *rule_by_id(const char *id)
{
	for (size_t i = 0; i < n_rules_all; i++)
		if (strcmp(all[i]->id, id) == 0)
			return all[i];
	return NULL;
}

bool rule_is_style(const struct rule *rule)
{
	return rule->section == 'M';
}

enum verdict rule_verdict_max(const struct rule *rule)
{
	return rule_is_style(rule) ? VERDICT_WARN : VERDICT_REJECT;
}

bool action_is(const struct rule_context *context, enum action_kind kind)
{
	return context->action->kind == kind;
}

bool shared(const struct rule_context *context)
{
	return !context->new_table && !context->effects->absent && !context->effects->noop;
}

/* Its rows are kept elsewhere: nothing that alters it here reads or writes them. */
static bool alters_foreign_table(const struct rule_context *context)
{
	const char *object = context->action->object;

	return object != NULL && strcmp(object, "FOREIGN TABLE") == 0;
}

bool in_one_transaction(const struct rule_context *context)
{
	return context->facts->in_transaction || context->stmt->inside_code;
}

bool large(const struct rule_context *context)
{
	return shared(context) && !context->small && !alters_foreign_table(context);
}

bool is_small(const struct relation_facts *table, const struct policy_settings *settings)
{
	enum { PAGE_BYTES = 8192 };

	if (table == NULL)
		return false;
	return table->empty || (table->pages >= 0 && table->rows >= 0 &&
				       table->rows <= settings->small_table_rows &&
				       table->pages <= settings->small_table_bytes / PAGE_BYTES);
}

bool is_private(const struct relation_facts *table)
{
	return table->created_in_transaction || table->persistence == 't';
}

static bool in_catalog(const struct name *name)
{
	return strncmp(name->name, "pg_", strlen("pg_")) == 0 ||
	       (name->schema != NULL && (strcmp(name->schema, "information_schema") == 0 ||
						strcmp(name->schema, "pg_catalog") == 0));
}

bool reads_much(const struct rule_context *context, const struct name *name)
{
	const struct relation_facts *table;

	if (in_catalog(name))
		return false;
	if (model_find(context->facts, name, &table) == ABSENT)
		return false;
	if (table == NULL || table->leads_on)
		return true;
	return !is_private(table) && !is_small(table, context->settings);
}

/* The number of the schema's own version: SET schema_version = 103, in a table called so. */
static bool notes_version(const struct action *action)
{
	static const char word[] = "version";
	const struct bulk_def *bulk = action->bulk;

	return bulk != NULL && bulk->n_columns > 0 && action->table.name != NULL &&
	       strcasestr(action->table.name, word) != NULL && bulk->columns[0] != NULL &&
	       strcasestr(bulk->columns[0], word) != NULL;
}

bool keeps_books(const struct rule_context *context)
{
	static const char *const tables[] = {"alembic_version", "ar_internal_metadata",
		"atlas_schema_revisions", "databasechangelog", "databasechangeloglock",
		"django_migrations", "doctrine_migration_versions", "flyway_schema_history",
		"goose_db_version", "gorp_migrations", "knex_migrations", "knex_migrations_lock",
		"pgmigrations", "phinxlog", "refinery_schema_history", "schema_info",
		"schema_migrations", "schema_version", "schema_versions", "typeorm_migrations",
		"SequelizeMeta", "_prisma_migrations", "_sqlx_migrations",
		"__diesel_schema_migrations", "__EFMigrationsHistory"};
	const char *name = context->action->table.name;

	for (size_t i = 0;
		!context->facts->known && name != NULL && i < sizeof(tables) / sizeof(tables[0]);
		i++)
		if (strcmp(name, tables[i]) == 0)
			return true;
	return !context->facts->known && notes_version(context->action);
}

bool is_partitioned(const struct rule_context *context)
{
	return context->table != NULL && context->table->kind == 'p';
}

bool stops_writes(const struct effects *effects)
{
	for (size_t i = 0; i < effects->n_locks && !effects->absent; i++)
		if (effects->locks[i].existing && effects->locks[i].mode >= LOCK_SHARE)
			return true;
	return false;
}

bool waits_without_bound(const struct rule_context *context)
{
	int64_t timeout = context->facts->lock_timeout_ms;

	return stops_writes(context->effects) && !context->stmt->no_transaction &&
	       (timeout == 0 || timeout > context->settings->lock_timeout_max_ms);
}

bool works_long(const struct rule_context *context)
{
	const struct effects *effects = context->effects;

	return (effects->scan || effects->rewrite || effects->index_build) && large(context);
}

enum lock_mode strongest_held(const struct rule_context *context, const struct name *but)
{
	const struct transaction_facts *transaction = &context->facts->transaction;
	enum lock_mode strongest = LOCK_NONE;

	for (size_t i = 0; i < transaction->n_locks; i++)
		if (transaction->locks[i].mode > strongest &&
			!name_equal(&transaction->locks[i].relation, but))
			strongest = transaction->locks[i].mode;
	return strongest;
}

const char *column_sql(const struct rule_context *context)
{
	const char *column = context->action->column;

	return quote_ident(context->arena, column == NULL ? "column" : column);
}

bool may_be_same(const struct name *a, const struct name *b)
{
	if (a->name == NULL || b->name == NULL || strcmp(a->name, b->name) != 0)
		return false;
	return a->schema == NULL || b->schema == NULL || strcmp(a->schema, b->schema) == 0;
}

/* How many actions a rule looks through: a hostile text has thousands, and so has a file that dumps
 * a schema, which nobody waits for. */
static size_t seen_max(const struct rule_context *context)
{
	return context->separate ? 20000 : 64;
}

static bool ends_transaction(const struct action *action)
{
	return action->kind == ACTION_TRANSACTION && action->name != NULL &&
	       (strcmp(action->name, "COMMIT") == 0 || strcmp(action->name, "ROLLBACK") == 0);
}

static bool found_before(const struct rule_context *context, bool same_transaction,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	size_t n = 0;

	for (size_t i = (size_t)(context->stmt - context->text->items); i-- > 0;) {
		const struct stmt *stmt = &context->text->items[i];

		for (size_t k = 0; k < stmt->n_actions; k++) {
			if ((same_transaction && stmt->actions[k].kind == ACTION_TRANSACTION) ||
				n++ == seen_max(context))
				return false;
			if (matches(context, &stmt->actions[k]))
				return true;
		}
	}
	return false;
}

bool before(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	return context->facts->in_transaction && found_before(context, true, matches);
}

bool earlier(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	return found_before(context, false, matches);
}

bool in_statement(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	for (size_t i = 0; i < context->stmt->n_actions; i++)
		if (matches(context, &context->stmt->actions[i]))
			return true;
	return false;
}

/* What this action makes of a name, if it is its table's. */
static struct name name_behind(const struct action *action, const struct name *name)
{
	struct name given = action->table;

	if (action->new_name == NULL || !may_be_same(&action->table, name))
		return *name;
	if (action->kind == ACTION_RENAME_TABLE)
		given.name = action->new_name;
	else if (action->kind == ACTION_SET_SCHEMA)
		given.schema = action->new_name;
	else
		return *name;
	return given;
}

/* follows: matches meets the context's action with the name that its table has by then. */
static bool found_on(const struct rule_context *context, bool same_transaction, bool follows,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	const struct stmts *text = context->text;
	const struct action *own = context->action;
	struct rule_context by_then = *context;
	struct action named = *own;
	size_t n = 0;

	by_then.action = &named;
	for (size_t i = (size_t)(context->stmt - text->items); i < text->n; i++) {
		const struct stmt *stmt = &text->items[i];

		if (same_transaction && stmt != context->stmt && !context->facts->in_transaction)
			return false;
		for (size_t k = 0; k < stmt->n_actions; k++) {
			const struct action *action = &stmt->actions[k];

			if ((same_transaction && ends_transaction(action)) ||
				n++ == seen_max(context))
				return false;
			if ((stmt != context->stmt || action != own) &&
				matches(follows ? &by_then : context, action))
				return true;
			if (follows)
				named.table = name_behind(action, &named.table);
		}
	}
	return false;
}

bool soon(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	return found_on(context, true, false, matches);
}

bool soon_by_new_name(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	return found_on(context, true, true, matches);
}

bool later(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *))
{
	return found_on(context, false, false, matches);
}

/* What is not a table: a function, a type, a sequence. */
static struct name subject_of(const struct action *action)
{
	return action->n_targets > 0 ? action->targets[0] : action->table;
}

static bool makes(const struct action *action, const struct name *name)
{
	struct name made = subject_of(action);

	switch (action->kind) {
	case ACTION_CREATE_SEQUENCE:
		return !action->if_not_exists && may_be_same(&action->table, name);
	case ACTION_CREATE_FUNCTION:
		return !action->replaces && may_be_same(&made, name);
	case ACTION_CREATE_TYPE:
	case ACTION_CREATE_DOMAIN:
		return may_be_same(&made, name);
	default:
		return false;
	}
}

/* The name that it had before, where this action gave it the one at hand. */
static struct name name_before(const struct action *action, const struct name *name)
{
	struct name old = subject_of(action), given = old;

	if (action->kind == ACTION_RENAME_OBJECT)
		given.name = action->new_name;
	else if (action->kind == ACTION_SET_SCHEMA)
		given.schema = action->new_name;
	else
		return *name;
	return given.name != NULL && old.name != NULL && may_be_same(&given, name) ? old : *name;
}

bool made_by_file(const struct rule_context *context)
{
	const struct stmt *stmt = context->stmt;
	struct name name = subject_of(context->action);
	size_t n = 0;

	if (!context->separate || context->action->n_targets > 1 || name.name == NULL)
		return false;
	while (stmt-- > context->text->items)
		for (size_t i = stmt->n_actions; i-- > 0;) {
			if (n++ == seen_max(context))
				return false;
			if (makes(&stmt->actions[i], &name))
				return true;
			name = name_before(&stmt->actions[i], &name);
		}
	return false;
}

bool has_vacated(const struct rule_context *context, const struct name *name)
{
	for (size_t i = 0; i < context->facts->n_vacated; i++)
		if (may_be_same(&context->facts->vacated[i], name))
			return true;
	return false;
}

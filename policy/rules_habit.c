/* SPDX-License-Identifier: PostgreSQL */
/* Section A: how a migration is put together, where no lock is the matter. */
#include <string.h>

#include "arena.h"
#include "rules.h"

static bool transaction_is(const struct action *action, const char *name)
{
	return action->kind == ACTION_TRANSACTION && action->name != NULL &&
	       strcmp(action->name, name) == 0;
}

static bool ends_transaction(const struct stmt *stmt)
{
	for (size_t i = 0; i < stmt->n_actions; i++)
		if (stmt->actions[i].kind == ACTION_PREPARE_TRANSACTION ||
			transaction_is(&stmt->actions[i], "COMMIT") ||
			transaction_is(&stmt->actions[i], "ROLLBACK"))
			return true;
	return false;
}

/* A tool that runs the file in a transaction ends this one, in place of its own, which the file has
 * ended. */
static bool stands_for_tools(const struct rule_context *context)
{
	bool open = false;

	for (const struct stmt *stmt = context->text->items; stmt < context->stmt; stmt++) {
		if (ends_transaction(stmt) && !open)
			return true;
		open = (open && !ends_transaction(stmt)) ||
		       (stmt->n_actions > 0 && transaction_is(&stmt->actions[0], "BEGIN"));
	}
	return false;
}

/* Only of a file is the last statement known to be the last. */
static bool is_left_open(const struct rule_context *context)
{
	const struct stmt *end = context->text->items + context->text->n;
	bool changes = false;

	if (!context->separate || !transaction_is(context->action, "BEGIN") ||
		context->facts->transaction.block)
		return false;
	for (const struct stmt *stmt = context->stmt + 1; stmt < end; stmt++) {
		if (ends_transaction(stmt))
			return false;
		changes |= stmt->guarded;
	}
	return changes && !stands_for_tools(context);
}

const struct rule rule_uncommitted_transaction = {
	.id = "uncommitted-transaction",
	.section = 'A',
	.verdict = VERDICT_WARN,
	.fires = is_left_open,
	.title = "Transaction with schema changes is never committed",
	.reason = "At the end of the session everything is rolled back; until then its locks are "
		  "held.",
	.locks = "Whatever the transaction locked, until the session ends.",
	.safe_when = "A COMMIT, END or ROLLBACK follows; or the file has ended the transaction of "
		     "the tool that runs it, which ends this one instead. A proxy cannot tell; it "
		     "sees the end of the session.",
	.hint = "COMMIT;",
};

static bool nests(const struct rule_context *context)
{
	bool block = context->facts->transaction.block;

	if (transaction_is(context->action, "BEGIN"))
		return block;
	return !block && (transaction_is(context->action, "COMMIT") ||
				 transaction_is(context->action, "ROLLBACK"));
}

const struct rule rule_transaction_nesting = {
	.id = "transaction-nesting",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = nests,
	.title = "BEGIN inside a transaction, or COMMIT outside of one",
	.reason = "The server only warns: the inner COMMIT ends the outer transaction, and what "
		  "follows commits statement by statement.",
	.locks = "Nothing by itself.",
	.safe_when = "Every BEGIN has its own COMMIT or ROLLBACK; savepoints nest.",
	.hint = "SAVEPOINT name; ... RELEASE name; -- one BEGIN for each COMMIT",
};

/* Metadata only, in AEL's pass over the table: may share an ALTER TABLE with others of its kind. */
static bool mergeable(const struct action *action)
{
	return ((action->kind >= ACTION_ADD_COLUMN && action->kind <= ACTION_SET_COLUMN_OPTIONS) ||
		       (action->kind >= ACTION_ADD_CHECK &&
			       action->kind <= ACTION_ALTER_CONSTRAINT)) &&
	       action->kind != ACTION_VALIDATE_CONSTRAINT;
}

static bool follows_another(const struct rule_context *context)
{
	const struct stmt *before = context->stmt - 1;
	struct name own = facts_qualified(context->facts, &context->action->table), other;

	if (context->stmt == context->text->items || before->n_actions == 0 ||
		!mergeable(&before->actions[0]))
		return false;
	other = facts_qualified(context->facts, &before->actions[0].table);
	return name_equal(&own, &other);
}

static bool alters_again(const struct rule_context *context)
{
	const struct effects *effects = context->effects;

	if (context->action != &context->stmt->actions[0] || !mergeable(context->action) ||
		!shared(context) || effects->scan || effects->rewrite || effects->index_build)
		return false;
	return follows_another(context) ||
	       (context->facts->in_transaction &&
		       facts_held(context->facts, &context->action->table) ==
			       LOCK_ACCESS_EXCLUSIVE);
}

const struct rule rule_multiple_alter_same_table = {
	.id = "multiple-alter-same-table",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = alters_again,
	.title = "Second ALTER TABLE on the same table where one would do",
	.reason = "Each asks for its lock anew, and each time the table's queue stops.",
	.locks = "The table, once more.",
	.safe_when = "One of them reads or rewrites the table, validates or renames: those stay "
		     "apart. The table is new.",
	.hint = "ALTER TABLE t ADD COLUMN a ..., ADD COLUMN b ...;",
};

static bool is_of_somebody_else(const struct rule_context *context)
{
	const struct relation_facts *table = context->table;

	return table != NULL && table->owner != NULL && context->facts->current_user != NULL &&
	       shared(context) && effects_lock(context->effects) > LOCK_ROW_EXCLUSIVE &&
	       strcmp(table->owner, context->facts->current_user) != 0;
}

static const char *owner_message(const struct rule_context *context)
{
	return arena_printf(context->arena, "Schema change by %s on a table of %s: %s",
		context->facts->current_user, context->table->owner,
		name_text(context->arena, &context->table->name));
}

static const char *set_role(const struct rule_context *context)
{
	return arena_printf(
		context->arena, "SET ROLE %s;", quote_ident(context->arena, context->table->owner));
}

const struct rule rule_set_role_or_owner_mismatch = {
	.id = "set-role-or-owner-mismatch",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = is_of_somebody_else,
	.title = "Schema change by a role that does not own the table",
	.reason = "What it makes belongs to the wrong role, and what it may not do fails half "
		  "way through a migration.",
	.locks = "Nothing by itself.",
	.safe_when = "The current role owns the table.",
	.hint = "SET ROLE owner;",
	.message = owner_message,
	.hint_sql = set_role,
};

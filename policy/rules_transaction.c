/* SPDX-License-Identifier: PostgreSQL */
/* Section A: transactions that hold strong locks for longer than any one statement needs them. */
#include <string.h>

#include "arena.h"
#include "message.h"
#include "model.h"
#include "recipe.h"
#include "rules.h"

/* The lock this transaction holds already on the table at hand. */
static enum lock_mode own_lock(const struct rule_context *context)
{
	return facts_held(context->facts, &context->action->table);
}

/* Locks are held till COMMIT: where there is none to wait for, nothing is. */
static bool holds(const struct rule_context *context, enum lock_mode mode)
{
	static const struct name none = {0};

	return in_one_transaction(context) && strongest_held(context, &none) >= mode;
}

/* ---- VALIDATE ---- */

static const struct constraint_facts *validated_constraint(const struct rule_context *context)
{
	return context->table != NULL && context->action->name != NULL
		       ? facts_constraint(context->table, context->action->name)
		       : NULL;
}

static bool validates_under_lock(const struct rule_context *context)
{
	const struct constraint_facts *constraint = validated_constraint(context);

	if (!action_is(context, ACTION_VALIDATE_CONSTRAINT) || !in_one_transaction(context) ||
		!works_long(context))
		return false;
	return own_lock(context) >= LOCK_SHARE_ROW_EXCLUSIVE ||
	       (constraint != NULL && constraint->added_in_transaction);
}

static const char *validate_detail(const struct rule_context *context)
{
	const struct constraint_facts *constraint = validated_constraint(context);
	enum lock_mode held = own_lock(context);
	bool added = constraint != NULL && constraint->added_in_transaction;

	return arena_printf(context->arena,
		"This transaction has %s on the table already%s, and keeps it while every "
		"row is read; %s wait.",
		lock_mode_name(held >= LOCK_SHARE_ROW_EXCLUSIVE ? held : LOCK_SHARE_ROW_EXCLUSIVE),
		added ? ", from adding the constraint" : "",
		held == LOCK_ACCESS_EXCLUSIVE ? "reads and writes" : "writes");
}

const struct rule rule_validate_in_same_transaction = {
	.id = "validate-in-same-transaction",
	.section = 'A',
	.verdict = VERDICT_PHASE,
	.fires = validates_under_lock,
	.recipe = recipe_validate,
	.title = "VALIDATE CONSTRAINT in a transaction that holds a strong lock on the table",
	.reason = "VALIDATE lets reads and writes go on; the lock of the ADD CONSTRAINT ... NOT "
		  "VALID before it, or of another ALTER TABLE, does not. In one transaction NOT "
		  "VALID gains nothing.",
	.locks = "ACCESS EXCLUSIVE (CHECK) or SHARE ROW EXCLUSIVE (foreign key) from the ADD, for "
		 "as long as every row is read.",
	.safe_when = "The constraint comes from an earlier transaction and this one has locked "
		     "nothing strongly; the table is new or small.",
	.hint = "COMMIT between ADD CONSTRAINT ... NOT VALID and VALIDATE CONSTRAINT.",
	.detail = validate_detail,
};

static bool locks_strongly(const struct rule_context *context, const struct action *action)
{
	struct effects effects = effects_of(context->arena, action, context->facts);

	return effects_lock(&effects) >= LOCK_SHARE_ROW_EXCLUSIVE;
}

/* One ALTER TABLE takes the strongest lock that any of its commands needs, first of all.  Of a
 * block of code the statements are not told apart. */
static bool validates_in_strong_alter(const struct rule_context *context)
{
	if (!action_is(context, ACTION_VALIDATE_CONSTRAINT) || !works_long(context))
		return false;
	for (size_t i = 0; i < context->stmt->n_actions; i++)
		if (context->stmt->actions[i].kind != ACTION_VALIDATE_CONSTRAINT &&
			locks_strongly(context, &context->stmt->actions[i]))
			return true;
	return false;
}

const struct rule rule_validate_combined_with_strong_alter = {
	.id = "validate-combined-with-strong-alter",
	.section = 'A',
	.verdict = VERDICT_REWRITE,
	.fires = validates_in_strong_alter,
	.recipe = recipe_validate,
	.title = "VALIDATE CONSTRAINT in one ALTER TABLE with a command that locks strongly",
	.reason = "An ALTER TABLE takes the strongest lock of its commands for all of them: the "
		  "scan of VALIDATE then runs under it.",
	.locks = "ACCESS EXCLUSIVE on the table, for as long as every row is read.",
	.safe_when = "Every command of the ALTER TABLE is a VALIDATE, or locks no more than SHARE "
		     "UPDATE EXCLUSIVE; the constraint is valid already; the table is new or "
		     "small.",
	.hint = "ALTER TABLE ... VALIDATE CONSTRAINT ...; as a statement of its own, outside the "
		"transaction of the others.",
};

/* ---- data changes ---- */

/* Without a catalog the primary key is taken to be called id. */
static bool is_key(const struct rule_context *context, const char *column)
{
	const struct relation_facts *table = context->table;

	if (table == NULL || table->oid == 0)
		return strcmp(column, "id") == 0;
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].unique && table->indexes[i].n_columns == 1 &&
			table->indexes[i].columns[0] != NULL &&
			strcmp(table->indexes[i].columns[0], column) == 0)
			return true;
	return false;
}

static bool changes_many_rows(const struct rule_context *context)
{
	const struct action *action = context->action;

	if (keeps_books(context))
		return false;
	if (action->kind == ACTION_UPDATE_WITHOUT_WHERE ||
		action->kind == ACTION_DELETE_WITHOUT_WHERE)
		return large(context);
	return action->kind == ACTION_CHANGE_ROWS && !action->few_rows && large(context) &&
	       (action->column == NULL || !is_key(context, action->column));
}

static bool adds_rows(const struct rule_context *context)
{
	const char *how = context->action->name;

	return action_is(context, ACTION_CHANGE_ROWS) &&
	       (strcmp(how, "INSERT") == 0 || strcmp(how, "COPY") == 0);
}

/*
 * On the table that the transaction has locked; and on another one where the catalog says that it
 * is large: in a file it may as well be a table of three settings.
 */
static bool backfills_under_lock(const struct rule_context *context)
{
	if (!in_one_transaction(context) || !changes_many_rows(context))
		return false;
	if (own_lock(context) >= LOCK_SHARE)
		return true;
	return !adds_rows(context) && context->table != NULL && context->table->oid != 0 &&
	       holds(context, LOCK_ACCESS_EXCLUSIVE);
}

static const char *batch_steps(const struct rule_context *context)
{
	return arena_printf(context->arena,
		"COMMIT; -- the schema change by itself, then, each batch a transaction of its "
		"own:\n%s %s ... WHERE <primary key> BETWEEN ... AND ...;",
		action_is(context, ACTION_DELETE_WITHOUT_WHERE) ? "DELETE FROM" : "UPDATE",
		message_table_sql(context));
}

static const char *backfill_detail(const struct rule_context *context)
{
	static const struct name none = {0};
	enum lock_mode own = own_lock(context), held = strongest_held(context, &none);
	bool on_own = own >= LOCK_SHARE;

	return arena_printf(context->arena,
		"This transaction has %s on %s, and keeps it while the rows are written; "
		"%s wait.",
		lock_mode_name(on_own ? own : held), on_own ? "the table" : "another table",
		(on_own ? own : held) == LOCK_ACCESS_EXCLUSIVE ? "reads and writes of it"
							       : "writes of it");
}

const struct rule rule_backfill_in_ddl_transaction = {
	.id = "backfill-in-ddl-transaction",
	.section = 'A',
	.verdict = VERDICT_REJECT,
	.fires = backfills_under_lock,
	.title = "Rows are filled in a transaction that has locked a table for a schema change",
	.reason = "The lock of the ALTER TABLE lasts until COMMIT, so for all of the backfill; "
		  "and one transaction over all rows means bloat, a burst of WAL and lagging "
		  "replicas.",
	.locks = "What the schema change locked, ACCESS EXCLUSIVE as a rule, SHARE for an index, "
		 "for as long as the rows are written.",
	.safe_when = "The table is new or small; the rows are spelled out (INSERT ... VALUES), or "
		     "picked by their primary key, as the bookkeeping of migration tools is.",
	.hint = "Change the schema in one transaction, fill the rows in batches after it.",
	.detail = backfill_detail,
	.hint_sql = batch_steps,
};

/* ---- several tables ---- */

/* One is part of the other: they are locked together anyway. */
static bool part_of(const struct rule_context *context, const struct name *a, const struct name *b)
{
	const struct relation_facts *whole = facts_relation(context->facts, a);

	for (size_t i = 0; whole != NULL && i < whole->n_partitions; i++)
		if (name_equal(&whole->partitions[i], b))
			return true;
	return whole != NULL && whole->parent.name != NULL && name_equal(&whole->parent, b);
}

static bool is_view(const struct rule_context *context, const struct name *name)
{
	const struct relation_facts *relation = facts_relation(context->facts, name);

	return relation != NULL && relation->kind == 'v';
}

static const struct held_lock *exclusive_on_other(
	const struct rule_context *context, const struct name *name)
{
	const struct transaction_facts *transaction = &context->facts->transaction;

	for (size_t i = 0; i < transaction->n_locks; i++) {
		const struct held_lock *held = &transaction->locks[i];

		if (held->any_table || held->mode < LOCK_ACCESS_EXCLUSIVE)
			continue;
		if (!name_equal(&held->relation, name) && !is_view(context, &held->relation) &&
			!part_of(context, &held->relation, name) &&
			!part_of(context, name, &held->relation))
			return held;
	}
	return NULL;
}

struct lock_pair {
	const struct held_lock *held;
	struct name wanted;
};

/* Two tables under ACCESS EXCLUSIVE, the second not so far.  What only stops writes (a trigger, a
 * foreign key, an index) is not counted: nobody who reads waits for it. */
static struct lock_pair widening(const struct rule_context *context)
{
	const struct effects *effects = context->effects;
	bool whole =
		effects->n_locks > 0 &&
		facts_held(context->facts, &effects->locks[0].relation) >= LOCK_ACCESS_EXCLUSIVE;

	for (size_t i = 0; i < effects->n_locks && in_one_transaction(context); i++) {
		const struct lock_effect *lock = &effects->locks[i];
		struct name name = facts_qualified(context->facts, &lock->relation);
		const struct held_lock *held;

		if (!lock->existing || lock->mode < LOCK_ACCESS_EXCLUSIVE || lock->part ||
			(whole && lock->below) || is_view(context, &name) ||
			locks_any_table(context->action, lock) ||
			facts_held(context->facts, &name) >= LOCK_ACCESS_EXCLUSIVE)
			continue;
		held = exclusive_on_other(context, &name);
		if (held != NULL)
			return (struct lock_pair){held, name};
	}
	return (struct lock_pair){0};
}

/* The other half of a swap: both names change in one transaction, or clients meet the gap. */
static bool swaps(const struct rule_context *context)
{
	struct name name = context->action->table;

	name.name = context->action->new_name;
	return action_is(context, ACTION_RENAME_TABLE) && has_vacated(context, &name);
}

static bool widens(const struct rule_context *context)
{
	return shared(context) && locks_tables(context->action) && !swaps(context) &&
	       widening(context).held != NULL;
}

static const char *wide_message(const struct rule_context *context)
{
	struct lock_pair pair = widening(context);

	return arena_printf(context->arena,
		"One transaction locks several tables: %s is locked (%s), %s follows",
		name_text(context->arena, &pair.held->relation), lock_mode_name(pair.held->mode),
		name_text(context->arena, &pair.wanted));
}

static bool refers_to(
	const struct rule_context *context, const struct name *from, const struct name *to)
{
	const struct relation_facts *table = facts_relation(context->facts, from);

	for (size_t i = 0; table != NULL && i < table->n_constraints; i++)
		if (table->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
			name_equal(&table->constraints[i].referenced, to))
			return true;
	return false;
}

/* A client's INSERT locks the referencing table first, the row it refers to after that. */
static bool comes_first(
	const struct rule_context *context, const struct name *a, const struct name *b)
{
	if (refers_to(context, a, b) != refers_to(context, b, a))
		return refers_to(context, a, b);
	return strcmp(name_text(context->arena, a), name_text(context->arena, b)) < 0;
}

static const char *lock_order(const struct rule_context *context)
{
	struct lock_pair pair = widening(context);
	const struct name *first = &pair.held->relation, *second = &pair.wanted;

	if (!comes_first(context, first, second)) {
		first = &pair.wanted;
		second = &pair.held->relation;
	}
	return arena_printf(context->arena,
		"-- one transaction for each table; where they must go together, lock both before "
		"anything else,\n-- in the order that every transaction keeps:\n"
		"SET LOCAL lock_timeout = '2s';\n"
		"LOCK TABLE %s, %s IN ACCESS EXCLUSIVE MODE;",
		name_sql(context->arena, first), name_sql(context->arena, second));
}

const struct rule rule_wide_lock_window = {
	.id = "wide-lock-window",
	.section = 'A',
	.verdict = VERDICT_WARN,
	.fires = widens,
	.title = "One transaction locks several tables",
	.reason = "Each stays locked while the others are waited for and changed: more clients "
		  "are held up, and those that take the same tables in another order deadlock.",
	.locks = "ACCESS EXCLUSIVE on more than one table until COMMIT.",
	.safe_when = "All but one of the tables are new or temporary; the others are locked no "
		     "more strongly than for a foreign key, a trigger or an index, so that reads "
		     "go on; a table and its partitions; views; the swap of two tables by "
		     "renaming; an index is dropped of which a file does not show whose it is; the "
		     "statements run in transactions of their own.",
	.hint = "One transaction for each table; else lock all of them first, in one order that "
		"every transaction keeps.",
	.message = wide_message,
	.hint_sql = lock_order,
};

/* One that stays has a rule of its own: create-table-as. */
static bool fills_temporary(const struct action *action)
{
	return action->kind == ACTION_CREATE_TABLE_AS && action->temporary && action->with_data &&
	       action->every_row && !action->few_rows;
}

static bool reads_all(const struct rule_context *context)
{
	const struct action *action = context->action;

	if (action->kind != ACTION_HARMLESS && action->kind != ACTION_CHANGE_ROWS &&
		!fills_temporary(action))
		return false;
	for (size_t i = 0; i < action->n_sources; i++)
		if (reads_much(context, &action->sources[i]))
			return true;
	return false;
}

static bool lingers(const struct rule_context *context)
{
	if (!holds(context, LOCK_ACCESS_EXCLUSIVE) || validates_under_lock(context) ||
		backfills_under_lock(context) || keeps_books(context))
		return false;
	return (works_long(context) && !stops_writes(context->effects)) || reads_all(context) ||
	       (changes_many_rows(context) && !adds_rows(context));
}

const struct rule rule_statement_after_access_exclusive = {
	.id = "statement-after-access-exclusive",
	.section = 'A',
	.verdict = VERDICT_WARN,
	.fires = lingers,
	.title = "Long statement in a transaction that holds an ACCESS EXCLUSIVE lock",
	.reason = "The lock that an earlier statement took lasts until COMMIT: whatever runs in "
		  "between, on whatever table, adds to the time nobody can read the first one.",
	.locks = "ACCESS EXCLUSIVE on the table changed earlier, until COMMIT.",
	.safe_when =
		"What follows changes metadata only (a second ALTER TABLE on the same table, "
		"the swap of two columns), works on a new or small table, or writes the few "
		"rows that it spells out. A long statement with a strong lock of its own has a "
		"rule of its own, and a second table is wide-lock-window's.",
	.hint = "COMMIT after the statement that locks; run the long one by itself.",
};

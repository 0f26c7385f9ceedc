/* SPDX-License-Identifier: PostgreSQL */
/* Section A: timeouts, and what else a session should have set before it changes a schema. */
#include "rules.h"

#include <string.h>

static bool has_no_lock_timeout(const struct rule_context *context)
{
	return waits_without_bound(context) && context->facts->lock_timeout_ms == 0 &&
	       !context->facts->lock_timeout_set;
}

const struct rule rule_missing_lock_timeout = {
	.id = "missing-lock-timeout",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = has_no_lock_timeout,
	.title = "Strong lock without a short lock_timeout",
	.reason = "While it waits for running transactions, every later query on the table queues "
		  "behind it: one long SELECT and one ALTER make an outage. phasegate sets "
		  "lock_timeout around such a statement itself.",
	.locks = "SHARE or stronger on a table that others see, from the moment it is asked for: "
		 "waiting statements queue behind it already.",
	.safe_when = "lock_timeout is set and short; the table is new or temporary; the statement "
		     "makes a table without foreign keys, a type, a function or a view; CREATE "
		     "INDEX CONCURRENTLY and the like, which have to wait.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

/* A file that runs without a phasegate before the server waits for as long as it says itself. */
static enum verdict verdict_as_written(const struct rule_context *context)
{
	return context->separate ? VERDICT_WARN : VERDICT_ALLOW;
}

/* The head of what pg_dump writes, to be read into a database that nobody uses yet. */
static bool heads_dump(const struct rule_context *context, const struct action *action)
{
	(void)context;
	return action->kind == ACTION_HARMLESS && action->name != NULL &&
	       strcmp(action->name, "check_function_bodies") == 0;
}

static bool has_useless_lock_timeout(const struct rule_context *context)
{
	return waits_without_bound(context) && !has_no_lock_timeout(context) &&
	       !(context->facts->lock_timeout_ms == 0 && earlier(context, heads_dump));
}

const struct rule rule_lock_timeout_zero_or_too_long = {
	.id = "lock-timeout-zero-or-too-long",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.verdict_here = verdict_as_written,
	.fires = has_useless_lock_timeout,
	.title = "lock_timeout is off or too long for a strong lock",
	.reason =
		"Zero waits for ever, and so, to the queries queueing behind it, does a minute. "
		"phasegate sets a short one around such a statement itself, and warns only of what "
		"a file says.",
	.locks = "As long as the statement waits, every later query on the table waits too.",
	.safe_when = "lock_timeout is at most lock_timeout_max; what waits is CREATE or DROP INDEX "
		     "CONCURRENTLY, which holds nobody up; RESET and DEFAULT count as not set, and "
		     "so does a zero in the head of a dump.",
	.hint = "SET lock_timeout = '2s'; -- and try again on SQLSTATE 55P03",
};

/* Zero, in whatever unit, bounds nothing: it is what CONCURRENTLY wants. */
static bool sets_lock_timeout_late(const struct rule_context *context)
{
	const struct action *action = context->action;

	return action_is(context, ACTION_SET_TIMEOUT) && context->facts->waited_unbounded &&
	       action->new_name != NULL && strpbrk(action->new_name, "123456789") != NULL &&
	       strcmp(action->name, "lock_timeout") == 0;
}

const struct rule rule_lock_timeout_after_ddl = {
	.id = "lock-timeout-after-ddl",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.verdict_here = verdict_as_written,
	.fires = sets_lock_timeout_late,
	.title = "lock_timeout is set only after a statement that needed it",
	.reason = "The strong lock before it was asked for without a bound on the wait. A warning "
		  "in files; over the wire phasegate has set one.",
	.locks = "What the earlier statement locked; the SET itself locks nothing.",
	.safe_when = "No statement before it, since lock_timeout was last set, took a strong lock "
		     "on a table that others see; or it is set to 0.",
	.hint = "Move SET lock_timeout in front of the first schema change.",
};

static bool runs_without_bound(const struct rule_context *context)
{
	return stops_writes(context->effects) && !context->stmt->no_transaction &&
	       context->facts->statement_timeout_ms == 0;
}

const struct rule rule_missing_statement_timeout = {
	.id = "missing-statement-timeout",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = runs_without_bound,
	.title = "Strong lock without a statement_timeout",
	.reason = "A rewrite or scan that takes longer than thought keeps its lock for all of it.",
	.locks = "SHARE or stronger on a table that others see, until the statement is done.",
	.safe_when = "statement_timeout is set; the table is new or temporary; VALIDATE CONSTRAINT "
		     "and CONCURRENTLY, which must not run under a short one: it would leave an "
		     "invalid index behind.",
	.hint = "SET statement_timeout = '5s'; -- for changes of metadata; 0 for VALIDATE and "
		"CONCURRENTLY",
};

static bool may_idle_with_lock(const struct rule_context *context)
{
	return context->facts->in_transaction && stops_writes(context->effects) &&
	       context->facts->idle_in_transaction_timeout_ms == 0;
}

const struct rule rule_missing_idle_in_tx_timeout = {
	.id = "missing-idle-in-tx-timeout",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = may_idle_with_lock,
	.title = "Strong lock in a transaction without idle_in_transaction_session_timeout",
	.reason = "A client that hangs or is lost between two statements keeps the lock.",
	.locks = "SHARE or stronger on a table that others see, until the session ends.",
	.safe_when = "The timeout is set; the statement runs by itself; the table is new.",
	.hint = "SET idle_in_transaction_session_timeout = '30s';",
};

static bool is_anonymous(const struct rule_context *context)
{
	const char *name = context->facts->application_name;

	return stops_writes(context->effects) && (name == NULL || *name == '\0');
}

const struct rule rule_missing_application_name = {
	.id = "missing-application-name",
	.section = 'A',
	.verdict = VERDICT_ALLOW,
	.fires = is_anonymous,
	.title = "Schema change by a session without application_name",
	.reason = "Whoever looks for what blocks production finds a nameless session in "
		  "pg_stat_activity.",
	.locks = "Nothing by itself.",
	.safe_when = "application_name is set, by the connection or by SET.",
	.hint = "SET application_name = 'migrate: what and why';",
};

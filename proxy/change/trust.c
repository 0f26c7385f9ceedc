/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the client's transaction is said to have done is looked at once, before anything builds on
 * it.  What it took back is done again.  The default of a new column, too, for without it rows
 * would be written as fast without a value as others are given one; but ADD COLUMN with a default
 * and DROP DEFAULT, as migrations are written, ends without one: a last step takes it away.
 */
#include "run.h"

#include <string.h>

#include "arena.h"

/* Behind a name that may be quoted and qualified. */
static const char *skip_name(const char *sql)
{
	for (bool quoted = false; *sql != '\0' && (quoted || *sql != ' '); sql++)
		quoted ^= *sql == '"';
	return sql;
}

static bool skip_words(const char **sql, const char *words)
{
	size_t n = strlen(words);

	if (strncmp(*sql, words, n) != 0)
		return false;
	*sql += n;
	return true;
}

/* As the plan writes it: where the statement goes on behind the column; NULL: it sets no default.
 */
static const char *set_default(const char *sql)
{
	const char *behind;

	if (!skip_words(&sql, "ALTER TABLE "))
		return NULL;
	skip_words(&sql, "ONLY ");
	sql = skip_name(sql);
	if (!skip_words(&sql, " ALTER COLUMN "))
		return NULL;
	sql = behind = skip_name(sql);
	return skip_words(&sql, " SET DEFAULT ") ? behind : NULL;
}

static void append(struct run *run, const struct step_record *step)
{
	struct change_record *change = &run->change;
	struct step_record *steps = arena_alloc(run->arena, (change->n_steps + 1) * sizeof(*steps));

	memcpy(steps, change->steps, change->n_steps * sizeof(*steps));
	steps[change->n_steps] = *step;
	change->steps = steps;
	change->n_steps++;
}

/* It is set again, and goes in the end: under the lock of the last step where that has one.  No
 * group of steps is larger than a plan. */
static int let_go(struct run *run, size_t i)
{
	struct change_record *change = &run->change;
	struct step_record *step = &change->steps[i];
	const struct step_record *before = &change->steps[change->n_steps - 1];
	const struct step_record last = {
		.ord = before->ord + 1,
		.kind = STEP_CATALOG,
		.sql = arena_printf(run->arena, "%.*s DROP DEFAULT",
			(int)(set_default(step->sql) - step->sql), step->sql),
		.undo = "",
		.lock = lock_mode_name(LOCK_ACCESS_EXCLUSIVE),
		.purpose = "take the default away again, which its own transaction dropped",
		.with_previous = before->kind == STEP_CATALOG && change->n_steps < PLAN_STEPS_MAX,
	};

	if (store_let_go(&run->main, change, step, &last) < 0)
		return -1;
	step->status = STATUS_PENDING;
	step->by_client = false;
	step->undo = last.sql;
	append(run, &last);
	return 0;
}

static bool untouched(const struct change_record *change)
{
	for (size_t i = 0; i < change->n_steps; i++)
		if (!change->steps[i].by_client && change->steps[i].status != STATUS_PENDING)
			return false;
	return true;
}

int run_trust_client(struct run *run)
{
	struct change_record *change = &run->change;
	bool holds, all_hold = true;

	if (!untouched(change))
		return 0;
	for (size_t i = 0; i < change->n_steps; i++) {
		struct step_record *step = &change->steps[i];

		if (!step->by_client || step->probe == NULL)
			continue;
		if (run_probe(run, step->probe, &holds) < 0)
			return -1;
		if (!holds && all_hold && set_default(step->sql) != NULL) {
			if (let_go(run, i) < 0)
				return -1;
			continue;
		}
		all_hold = all_hold && holds;
		if (!holds)
			step->status = STATUS_PENDING;
	}
	return 0;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "review.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "rule.h"
#include "server.h"

/* Parts that run one after the other: what one makes, the next one meets. */
struct review_run {
	struct arena *arena;
	const struct reviewer *reviewer;
	struct review *review;
	size_t first, n; /* parts */
	size_t first_stmt, end_stmt; /* of the script */
	struct stmts stmts;
	size_t *indexes; /* of each statement in the script; NO_INDEX: it is the tool's */
	bool reopened; /* a transaction that the part at hand does not write itself */
	struct facts facts;
	struct decision decision;
};

#define NO_INDEX SIZE_MAX

static void add_stmt(struct review_run *run, struct stmt *items, const struct stmt *stmt, size_t i)
{
	run->indexes[run->stmts.n] = i;
	items[run->stmts.n++] = *stmt;
	run->stmts.guarded |= stmt->guarded;
}

/* What the tool writes between parts, which have transactions of their own. */
static void add_transaction(struct review_run *run, struct stmt *items, const char *command)
{
	struct action *action = arena_alloc(run->arena, sizeof(*action));

	*action = (struct action){.kind = ACTION_TRANSACTION, .name = command, .sql = command};
	add_stmt(run, items,
		&(struct stmt){.sql = command, .tag = command, .actions = action, .n_actions = 1},
		NO_INDEX);
}

static const struct part *part_at(const struct review_run *run, size_t i)
{
	return &run->review->script.parts.items[run->first + i];
}

static bool must_stand_alone(const struct stmts *stmts)
{
	for (size_t i = 0; i < stmts->n; i++)
		if (stmts->items[i].no_transaction)
			return true;
	return false;
}

static bool in_transaction(const struct review_run *run, const struct part *part)
{
	switch (part->wrapping) {
	case WRAP_UNKNOWN:
		return run->reviewer->assume_in_transaction;
	case WRAP_NONE:
		return false;
	case WRAP_TRANSACTION:
		return true;
	case WRAP_QUERY:
		return run->stmts.n > 1;
	case WRAP_IF_POSSIBLE:
		return !must_stand_alone(&run->stmts);
	}
	return false;
}

static bool ends_transaction(const struct stmt *stmt)
{
	const struct action *action = stmt->n_actions == 0 ? NULL : &stmt->actions[0];

	return action != NULL && action->kind == ACTION_TRANSACTION && action->name != NULL &&
	       (strcmp(action->name, "COMMIT") == 0 || strcmp(action->name, "ROLLBACK") == 0);
}

/* The rest of a message is in an implicit transaction again after the COMMIT of an explicit one. */
static size_t add_part(struct review_run *run, struct stmt *items, size_t number, size_t i)
{
	const struct script *script = &run->review->script;
	bool message = script->parts.items[number].wrapping == WRAP_QUERY, reopens = false;

	for (; i < run->end_stmt && script->stmts[i].part == number; i++) {
		const struct stmt *stmt = &script->stmts[i].stmt;

		if (script->stmts[i].error != NULL)
			continue;
		if (reopens)
			add_transaction(run, items, "BEGIN");
		run->reopened |= reopens;
		add_stmt(run, items, stmt, i);
		reopens = message && ends_transaction(stmt);
	}
	return i;
}

static void gather(struct review_run *run)
{
	const size_t max = 2 * (run->end_stmt - run->first_stmt + run->n);
	struct stmt *items = arena_alloc(run->arena, (max + 1) * sizeof(*items));
	size_t at = run->first_stmt;

	run->indexes = arena_alloc(run->arena, (max + 1) * sizeof(*run->indexes));
	run->stmts.items = items;
	for (size_t i = 0; i < run->n; i++) {
		bool wrapped = run->n > 1 && in_transaction(run, part_at(run, i));

		if (wrapped)
			add_transaction(run, items, "BEGIN");
		at = add_part(run, items, run->first + i, at);
		if (wrapped || run->reopened)
			add_transaction(run, items, "COMMIT");
		run->reopened = false;
	}
}

static int decide(struct review_run *run, const char **error)
{
	const struct reviewer *reviewer = run->reviewer;
	struct decide_input input = {
		.stmts = &run->stmts,
		.facts = &run->facts,
		.settings = reviewer->settings,
		.subject = &reviewer->subject,
		.separate = true,
		.engine_available = true,
	};

	if (reviewer->server != NULL &&
		server_facts(reviewer->server, run->arena, &run->stmts, &run->facts, error) != 0)
		return -1;
	run->facts.in_transaction = run->n == 1 && in_transaction(run, part_at(run, 0));
	run->decision = policy_decide(run->arena, &input);
	return 0;
}

/* ---- findings ---- */

static const struct suppression *excuse_for(
	struct script *script, size_t stmt, const struct rule *rule)
{
	for (size_t i = 0; i < script->n_suppressions; i++) {
		struct suppression *suppression = &script->suppressions[i];

		if (suppression->stmt == stmt && suppression_covers(suppression, rule)) {
			suppression->n_used++;
			return suppression;
		}
	}
	return NULL;
}

static void add_finding(struct review_run *run, size_t stmt, struct review_finding *out,
	const struct finding *finding)
{
	struct review *review = run->review;
	struct review_stmt *of = &review->stmts[stmt];

	*out = (struct review_finding){
		.finding = finding,
		.at = finding->action != NULL ? finding->action->location : of->stmt->start,
		.suppression = excuse_for(&review->script, stmt, finding->rule),
	};
	out->place = script_place(&review->script, out->at);
	if (out->suppression != NULL)
		review->n_excused++;
	else if (finding->verdict > of->verdict)
		of->verdict = finding->verdict;
	if (of->plan == NULL && finding->plan != NULL && out->suppression == NULL) {
		of->plan = finding->plan;
		of->by_hand = finding->verdict == VERDICT_REJECT;
		of->table = facts_relation(&run->facts, &finding->plan->table);
	}
}

/* Findings of one statement stand together, in the order of the statements. */
static size_t take_findings(struct review_run *run, size_t n_stmt, size_t first)
{
	const struct decision *decision = &run->decision;
	struct review_stmt *out;
	struct review_finding *findings;
	size_t end = first, n = 0;

	while (end < decision->n_findings && decision->findings[end].statement == n_stmt)
		end++;
	if (run->indexes[n_stmt] == NO_INDEX)
		return end;
	out = &run->review->stmts[run->indexes[n_stmt]];
	findings = arena_alloc(run->arena, (end - first + 1) * sizeof(*findings));
	for (size_t i = first; i < end; i++)
		if (decision->findings[i].verdict > VERDICT_ALLOW)
			add_finding(
				run, run->indexes[n_stmt], &findings[n++], &decision->findings[i]);
	out->findings = findings;
	out->n_findings = n;
	return end;
}

static int review_run(struct review_run *run, const char **error)
{
	size_t at = 0;

	gather(run);
	if (run->stmts.n == 0)
		return 0;
	if (decide(run, error) != 0)
		return -1;
	for (size_t i = 0; i < run->stmts.n; i++)
		at = take_findings(run, i, at);
	return 0;
}

/* In another database is nothing of what was made in this one. */
static void end_at_reconnect(const struct script *script, struct review_run *run)
{
	for (size_t i = run->first_stmt + 1; i < run->end_stmt; i++)
		if (script->stmts[i].elsewhere) {
			run->n = script->stmts[i].part - run->first + 1;
			run->end_stmt = i;
		}
}

/* From this part and this statement on; statements stand in the order of their parts. */
static struct review_run find_run(const struct script *script, size_t first, size_t first_stmt)
{
	const struct parts *parts = &script->parts;
	struct review_run run = {.first = first, .first_stmt = first_stmt, .end_stmt = first_stmt};

	while (first + run.n < parts->n &&
		parts->items[first + run.n].down == parts->items[first].down)
		run.n++;
	while (run.end_stmt < script->n_stmts && script->stmts[run.end_stmt].part < first + run.n)
		run.end_stmt++;
	end_at_reconnect(script, &run);
	return run;
}

static int review_runs(struct arena *arena, const struct reviewer *reviewer, struct review *review,
	const char **error)
{
	for (size_t part = 0, stmt = 0; part < review->script.parts.n;) {
		struct review_run run = find_run(&review->script, part, stmt);

		run.arena = arena;
		run.reviewer = reviewer;
		run.review = review;
		if (review_run(&run, error) != 0)
			return -1;
		part += run.n;
		stmt = run.end_stmt;
		if (stmt < review->script.n_stmts && review->script.stmts[stmt].elsewhere)
			part = review->script.stmts[stmt].part;
	}
	return 0;
}

/* ---- errors ---- */

static void add_error(struct review *review, size_t at, const char *message)
{
	review->errors[review->n_errors++] = (struct review_error){
		.at = at, .place = script_place(&review->script, at), .message = message};
}

static int by_place(const void *a, const void *b)
{
	const struct review_error *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void find_errors(struct arena *arena, struct review *review)
{
	const struct script *script = &review->script;

	review->errors = arena_alloc(
		arena, (script->n_stmts + script->n_suppressions + 1) * sizeof(*review->errors));
	for (size_t i = 0; i < script->n_stmts; i++)
		if (script->stmts[i].error != NULL)
			add_error(review, script->stmts[i].error_at, script->stmts[i].error);
	for (size_t i = 0; i < script->n_suppressions; i++)
		if (script->suppressions[i].error != NULL)
			add_error(
				review, script->suppressions[i].at, script->suppressions[i].error);
	qsort(review->errors, review->n_errors, sizeof(*review->errors), by_place);
}

static void start_stmts(struct arena *arena, struct review *review)
{
	const struct script *script = &review->script;

	review->stmts = arena_alloc(arena, (script->n_stmts + 1) * sizeof(*review->stmts));
	for (size_t i = 0; i < script->n_stmts; i++)
		review->stmts[i] = (struct review_stmt){
			.stmt = &script->stmts[i],
			.place = script_place(script, script->stmts[i].start),
			.error = script->stmts[i].error,
			.verdict = script->stmts[i].error != NULL ? VERDICT_REJECT : VERDICT_ALLOW,
		};
}

int review_text(struct arena *arena, const struct reviewer *reviewer, const char *path,
	const char *text, size_t len, struct review *out, const char **error)
{
	*out = (struct review){0};
	out->script = script_read(arena, path, text, len, &reviewer->options);
	start_stmts(arena, out);
	if (review_runs(arena, reviewer, out, error) != 0)
		return -1;
	find_errors(arena, out);
	return 0;
}

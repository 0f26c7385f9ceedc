/* SPDX-License-Identifier: PostgreSQL */
#include "review.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "rule.h"
#include "server.h"

struct review_part {
	struct arena *arena;
	const struct reviewer *reviewer;
	struct review *review;
	const struct part *part;
	struct stmts stmts;
	size_t *indexes; /* of each statement in the script */
	struct facts facts;
	struct decision decision;
};

static void gather(struct review_part *part, size_t number)
{
	const struct script *script = &part->review->script;
	struct stmt *items = arena_alloc(part->arena, (script->n_stmts + 1) * sizeof(*items));

	part->indexes = arena_alloc(part->arena, (script->n_stmts + 1) * sizeof(*part->indexes));
	for (size_t i = 0; i < script->n_stmts; i++) {
		if (script->stmts[i].part != number || script->stmts[i].error != NULL)
			continue;
		part->indexes[part->stmts.n] = i;
		items[part->stmts.n++] = script->stmts[i].stmt;
		part->stmts.guarded |= script->stmts[i].stmt.guarded;
	}
	part->stmts.items = items;
}

static bool must_stand_alone(const struct stmts *stmts)
{
	for (size_t i = 0; i < stmts->n; i++)
		if (stmts->items[i].no_transaction)
			return true;
	return false;
}

static bool starts_in_transaction(const struct review_part *part)
{
	switch (part->part->wrapping) {
	case WRAP_UNKNOWN:
		return part->reviewer->assume_in_transaction;
	case WRAP_NONE:
		return false;
	case WRAP_TRANSACTION:
		return true;
	case WRAP_QUERY:
		return part->stmts.n > 1;
	case WRAP_IF_POSSIBLE:
		return !must_stand_alone(&part->stmts);
	}
	return false;
}

static int decide(struct review_part *part, const char **error)
{
	const struct reviewer *reviewer = part->reviewer;
	struct decide_input input = {
		.stmts = &part->stmts,
		.facts = &part->facts,
		.settings = reviewer->settings,
		.subject = &reviewer->subject,
		.separate = true,
		.engine_available = true,
	};

	if (reviewer->server != NULL &&
		server_facts(reviewer->server, part->arena, &part->stmts, &part->facts, error) != 0)
		return -1;
	part->facts.in_transaction = starts_in_transaction(part);
	part->decision = policy_decide(part->arena, &input);
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

static void add_finding(struct review_part *part, size_t stmt, struct review_finding *out,
	const struct finding *finding)
{
	struct review *review = part->review;
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
		of->table = facts_relation(&part->facts, &finding->plan->table);
	}
}

/* Findings of one statement stand together, in the order of the statements. */
static size_t take_findings(struct review_part *part, size_t n_stmt, size_t first)
{
	const struct decision *decision = &part->decision;
	struct review_stmt *out = &part->review->stmts[part->indexes[n_stmt]];
	struct review_finding *findings;
	size_t end = first, n = 0;

	while (end < decision->n_findings && decision->findings[end].statement == n_stmt)
		end++;
	findings = arena_alloc(part->arena, (end - first + 1) * sizeof(*findings));
	for (size_t i = first; i < end; i++)
		if (decision->findings[i].verdict > VERDICT_ALLOW)
			add_finding(part, part->indexes[n_stmt], &findings[n++],
				&decision->findings[i]);
	out->findings = findings;
	out->n_findings = n;
	return end;
}

static int review_part(struct arena *arena, const struct reviewer *reviewer, struct review *review,
	size_t number, const char **error)
{
	struct review_part part = {
		.arena = arena,
		.reviewer = reviewer,
		.review = review,
		.part = &review->script.parts.items[number],
	};
	size_t at = 0;

	gather(&part, number);
	if (part.stmts.n == 0)
		return 0;
	if (decide(&part, error) != 0)
		return -1;
	for (size_t i = 0; i < part.stmts.n; i++)
		at = take_findings(&part, i, at);
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
	for (size_t i = 0; i < out->script.parts.n; i++)
		if (review_part(arena, reviewer, out, i, error) != 0)
			return -1;
	find_errors(arena, out);
	return 0;
}

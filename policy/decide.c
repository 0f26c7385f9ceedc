/* SPDX-License-Identifier: PostgreSQL */
/*
 * The way from a text to a decision.  Statement by statement and action by action: effects from
 * facts as the earlier ones left them, findings from effects, verdicts from settings.  Then, for
 * a statement whose strictest finding has a recipe, one plan for all of it; where that plan
 * cannot be carried out the finding becomes a REJECT that shows it.  A rule that is set to hold is
 * judged as if it were approved; only when the text would go through then, it is held.
 */
#include "decide.h"

#include <string.h>

#include "arena.h"
#include "compose.h"
#include "facts_track.h"
#include "message.h"
#include "name_index.h"
#include "plan_obstacle.h"
#include "rules.h"
#include "verdicts.h"

/*
 * A plan takes tens of kilobytes, so a hostile text of thousands of statements gets no more
 * than these: it is rejected anyway, for standing in one message.
 */
enum { PLANS_MAX = 64 };

struct decider {
	struct arena *arena;
	const struct decide_input *input;
	struct facts_track track;
	struct finding *findings;
	size_t n_findings, n_findings_max;
	const struct plan *plan;
	size_t n_plans;
	bool wants_lock_timeout, no_transaction;
	bool refuses_rest; /* of a text that is not followed any more */
	const char **objects;
	struct name_index named; /* by objects */
	size_t n_objects, n_objects_max;
};

static struct finding *add_finding(struct decider *decider)
{
	decider->findings = arena_grow(decider->arena, decider->findings, decider->n_findings,
		&decider->n_findings_max, sizeof(*decider->findings));
	return &decider->findings[decider->n_findings++];
}

static void add_object(struct decider *decider, const struct name *name)
{
	if (name->name == NULL ||
		name_index_add(decider->arena, &decider->named, name) < decider->n_objects)
		return;
	decider->objects = arena_grow(decider->arena, decider->objects, decider->n_objects,
		&decider->n_objects_max, sizeof(*decider->objects));
	decider->objects[decider->n_objects++] = name_text(decider->arena, name);
}

/* For the policy log, which has no record of files. */
static void add_objects(struct decider *decider, const struct judged *judged)
{
	if (decider->input->separate)
		return;
	for (size_t i = 0; i < judged->effects.n_locks; i++)
		if (!judged->effects.locks[i].part)
			add_object(decider, &judged->effects.locks[i].relation);
	if (judged->effects.n_locks == 0)
		add_object(decider, &judged->context.action->table);
}

/* Seen by nobody else.  What is written through a view is not the view's. */
static bool is_new(const struct relation_facts *table, const struct action *action)
{
	const bool writes = action->kind == ACTION_UPDATE_WITHOUT_WHERE ||
			    action->kind == ACTION_DELETE_WITHOUT_WHERE;

	if (table == NULL)
		return action->temporary && !writes;
	return is_private(table) && !(writes && table->kind == 'v');
}

static bool has_plan(enum verdict verdict)
{
	return verdict == VERDICT_REWRITE || verdict == VERDICT_PHASE;
}

/* What is left of a hold once it is approved: the rule's own way, unless that is to refuse. */
static enum verdict once_approved(const struct rule *rule, const struct rule_context *context)
{
	enum verdict verdict =
		rule->verdict_here != NULL ? rule->verdict_here(context) : rule->verdict;

	return has_plan(verdict) ? verdict : VERDICT_WARN;
}

/* Rules about one action mostly share a recipe: then they share its plan. */
static const struct plan *make_plan(
	struct decider *decider, const struct rule *rule, struct judged *judged)
{
	struct plan *plan;

	if (rule->recipe == NULL)
		return NULL;
	if (judged->recipe == rule->recipe)
		return judged->plan;
	if (!decider->input->separate && decider->n_plans++ == PLANS_MAX)
		return NULL;
	plan = arena_alloc(decider->arena, sizeof(*plan));
	judged->recipe = rule->recipe;
	if (!rule->recipe(&judged->context, plan) || plan->overflow || plan->n_steps == 0) {
		judged->impossible_because = plan->impossible_because;
		return NULL;
	}
	plan->rule = rule->id;
	if (plan->tag == NULL)
		plan->tag = judged->context.stmt->tag;
	judged->plan = plan;
	return plan;
}

static const char *hint_of(const struct finding *finding, const struct rule_context *context)
{
	const char *sql = NULL;

	if (finding->plan != NULL)
		return plan_text(context->arena, finding->plan);
	if (finding->rule->hint_sql != NULL)
		sql = finding->rule->hint_sql(context);
	return sql != NULL ? sql : finding->rule->hint;
}

static void find(
	struct decider *decider, size_t statement, struct judged *judged, const struct rule *rule)
{
	const struct rule_context *context = &judged->context;
	enum verdict verdict = verdict_of(rule, context, decider->input->subject);
	struct finding *finding;

	if (verdict == VERDICT_ALLOW && rule_is_style(rule))
		return; /* nobody asked for it */
	finding = add_finding(decider);
	*finding = (struct finding){
		.rule = rule,
		.verdict = verdict == VERDICT_HOLD ? once_approved(rule, context) : verdict,
		.held = verdict == VERDICT_HOLD,
		.statement = statement,
		.action = context->action,
		.message = message_of(rule, context),
		.detail = rule->detail != NULL ? rule->detail(context) : message_detail(context),
	};
	if (has_plan(finding->verdict)) {
		finding->plan = make_plan(decider, rule, judged);
		if (finding->plan == NULL)
			finding->verdict = finding->held ? VERDICT_WARN : VERDICT_REJECT;
	}
	finding->hint = hint_of(finding, context);
	if (finding->plan == NULL && judged->impossible_because != NULL &&
		judged->recipe == rule->recipe)
		finding->hint = arena_printf(decider->arena,
			"-- Not carried out by phasegate: %s.\n%s",
			comment_text(decider->arena, judged->impossible_because), finding->hint);
}

/* What cannot be followed to its end cannot be called safe: nobody sends such a text by mistake. */
static void refuse_rest(struct decider *decider, size_t statement, struct judged *judged)
{
	struct finding *finding;

	if (!decider->track.overwhelmed || decider->input->separate || decider->refuses_rest)
		return;
	decider->refuses_rest = true;
	find(decider, statement, judged, &rule_unclassified);
	finding = &decider->findings[decider->n_findings - 1];
	finding->verdict = VERDICT_REJECT;
	finding->message = "One text changes more than can be followed";
	finding->hint = "Send its statements one by one.";
}

static void judge_action(struct decider *decider, size_t statement, const struct action *action,
	struct judged *judged)
{
	const struct facts *facts;
	struct facts *met = arena_alloc(decider->arena, sizeof(*met));

	*met = decider->track.facts; /* findings look at facts as this action meets them */
	facts = met;
	judged->effects = effects_of(decider->arena, action, facts);
	judged->context = (struct rule_context){
		.arena = decider->arena,
		.text = decider->input->stmts,
		.stmt = &decider->input->stmts->items[statement],
		.action = action,
		.facts = facts,
		.effects = &judged->effects,
		.settings = decider->input->settings,
		.separate = decider->input->separate,
		.table = judged->effects.table,
		.new_table = is_new(judged->effects.table, action),
		.small = is_small(judged->effects.table, decider->input->settings),
	};
	for (size_t i = 0; i < n_rules_all; i++)
		if (rules_all[i]->fires(&judged->context))
			find(decider, statement, judged, rules_all[i]);
	refuse_rest(decider, statement, judged);
	add_objects(decider, judged);
	if (waits_without_bound(&judged->context))
		decider->wants_lock_timeout = true;
	decider->no_transaction |= judged->effects.no_transaction;
	track_action(&decider->track, action);
}

static void reject_with_plan(
	struct decider *decider, struct finding *finding, const struct plan *plan, const char *why)
{
	why = comment_text(decider->arena, why);
	finding->verdict = VERDICT_REJECT;
	finding->plan = plan; /* that of one action is no safe form of its statement */
	finding->hint = plan == NULL ? arena_printf(decider->arena, "-- Not carried out: %s\n%s",
					       why, finding->hint)
				     : arena_printf(decider->arena,
					       "-- Not carried out by phasegate: %s. By hand:\n%s",
					       why, plan_text(decider->arena, plan));
}

/* As the server itself would; of one statement, whose first finding has that index. */
static void reject_read_only(struct decider *decider, size_t first, const char *tag)
{
	for (size_t i = first; i < decider->n_findings; i++) {
		struct finding *finding = &decider->findings[i];

		if (!has_plan(finding->verdict))
			continue;
		finding->verdict = VERDICT_REJECT;
		finding->plan = NULL;
		finding->sqlstate = SQLSTATE_READ_ONLY;
		finding->message = arena_printf(
			decider->arena, "cannot execute %s in a read-only transaction", tag);
		finding->detail = NULL;
		finding->hint = "transaction_read_only is on here: by SET TRANSACTION, by "
				"default_transaction_read_only, or because the server is a "
				"standby.";
	}
}

/* Of one statement: first is the index of its first finding. */
static void settle_plans(struct decider *decider, size_t first, const struct judged *judged,
	size_t n, const struct facts *facts)
{
	const struct stmt *stmt = judged[0].context.stmt;
	bool any = false, rejected = false;
	const struct plan *plan;
	const char *why;

	for (size_t i = first; i < decider->n_findings; i++) {
		any |= has_plan(decider->findings[i].verdict);
		rejected |= decider->findings[i].verdict > VERDICT_PHASE;
	}
	if (!any)
		return;
	plan = stmt->inside_code ? NULL : compose_plan(decider->arena, judged, n, stmt->tag);
	why = plan_obstacle(decider->input, stmt, plan, facts);
	if (plan != NULL && plan_writes_read_only(decider->input, stmt, facts)) {
		reject_read_only(decider, first, plan->tag);
		return;
	}
	for (size_t i = first; i < decider->n_findings; i++) {
		struct finding *finding = &decider->findings[i];

		if (!has_plan(finding->verdict))
			continue;
		if (plan != NULL) {
			finding->plan = plan;
			finding->hint = plan_text(decider->arena, plan);
		}
		if (why != NULL)
			reject_with_plan(decider, finding, plan, why);
	}
	if (why == NULL && !rejected && decider->input->stmts->n == 1)
		decider->plan = plan;
}

static void follow_locks(struct decider *decider, const struct judged *judged)
{
	track_locks(&decider->track, judged->context.action, &judged->effects);
	if (waits_without_bound(&judged->context))
		decider->track.facts.waited_unbounded = true;
}

/* Those of a block of code run one after the other; outside of a transaction its end gives their
 * locks back.  Those of a statement are one: its own locks are no locks held. */
static void judge_actions(struct decider *decider, size_t statement, const struct action **actions,
	struct judged *judged)
{
	const struct stmt *stmt = &decider->input->stmts->items[statement];
	struct facts_track *track = &decider->track;
	const size_t n_held = track->facts.transaction.n_locks;

	track->in_code = stmt->inside_code;
	if (!stmt->inside_code)
		order_by_pass(actions, stmt->n_actions);
	for (size_t i = 0; i < stmt->n_actions; i++) {
		judge_action(decider, statement, actions[i], &judged[i]);
		if (stmt->inside_code)
			follow_locks(decider, &judged[i]);
	}
	for (size_t i = 0; i < stmt->n_actions && !stmt->inside_code; i++)
		follow_locks(decider, &judged[i]);
	track->in_code = false;
	if (stmt->inside_code && !track->facts.in_transaction)
		track->facts.transaction.n_locks = n_held;
}

static void judge_statement(struct decider *decider, size_t statement)
{
	const struct stmt *stmt = &decider->input->stmts->items[statement];
	size_t n = stmt->n_actions, first = decider->n_findings;
	const struct action **actions = arena_alloc(decider->arena, (n + 1) * sizeof(*actions));
	struct judged *judged = arena_alloc(decider->arena, (n + 1) * sizeof(*judged));
	struct facts facts = decider->track.facts;

	for (size_t i = 0; i < n; i++)
		actions[i] = &stmt->actions[i];
	decider->track.facts.commands = actions;
	decider->track.facts.n_commands = n;
	judge_actions(decider, statement, actions, judged);
	track_statement(&decider->track, stmt);
	decider->no_transaction |= stmt->no_transaction;
	if (n > 0)
		settle_plans(decider, first, judged, n, &facts);
}

static size_t count_actions(const struct stmts *stmts)
{
	size_t n = 0;

	for (size_t i = 0; i < stmts->n; i++)
		n += stmts->items[i].n_actions;
	return n;
}

static const char *sqlstate_of(const struct finding *finding)
{
	if (finding->sqlstate != NULL)
		return finding->sqlstate;
	return finding->rule->sqlstate != NULL ? finding->rule->sqlstate : SQLSTATE_REJECTED;
}

static bool about_lock_timeout(const struct rule *rule)
{
	return rule == &rule_missing_lock_timeout || rule == &rule_lock_timeout_zero_or_too_long;
}

/* A missing lock_timeout that decision.lock_timeout_ms does not answer is no news: the statement
 * does not run as it is. */
static void drop_unanswered(struct decider *decider)
{
	size_t n = 0;

	for (size_t i = 0; i < decider->n_findings; i++) {
		const struct finding *finding = &decider->findings[i];

		if (!about_lock_timeout(finding->rule) || finding->verdict != VERDICT_ALLOW)
			decider->findings[n++] = *finding;
	}
	decider->n_findings = n;
}

static enum verdict strictest(const struct decider *decider)
{
	enum verdict verdict = VERDICT_ALLOW;

	for (size_t i = 0; i < decider->n_findings; i++)
		if (decider->findings[i].verdict > verdict)
			verdict = decider->findings[i].verdict;
	return verdict;
}

/* As if what is held were approved. */
static struct decision conclude(struct decider *decider)
{
	enum verdict verdict = strictest(decider);
	bool timeout =
		verdict <= VERDICT_WARN && decider->wants_lock_timeout && !decider->no_transaction;
	struct decision decision = {
		.verdict = verdict,
		.lock_timeout_ms = timeout ? decider->input->settings->lock_timeout_ms : 0,
		.no_transaction = decider->no_transaction,
		.findings = decider->findings,
		.objects = decider->objects,
		.n_objects = decider->n_objects,
	};

	if (!timeout)
		drop_unanswered(decider);
	decision.n_findings = decider->n_findings;
	for (size_t i = 0; i < decider->n_findings && verdict > VERDICT_ALLOW; i++)
		if (decision.cause == NULL && decider->findings[i].verdict == verdict)
			decision.cause = &decider->findings[i];
	if (verdict == VERDICT_REJECT)
		decision.sqlstate = sqlstate_of(decision.cause);
	if (has_plan(verdict))
		decision.plan = (struct plan *)decider->plan;
	return decision;
}

/* The first of them, verdicts raised to HOLD but for what is rejected all the same; NULL: none. */
static const struct finding *raise_held(struct finding *findings, size_t n)
{
	const struct finding *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!findings[i].held || findings[i].verdict == VERDICT_REJECT)
			continue;
		findings[i].verdict = VERDICT_HOLD;
		if (first == NULL)
			first = &findings[i];
	}
	return first;
}

static struct decision hold(struct arena *arena, struct decision approved)
{
	const size_t bytes = approved.n_findings * sizeof(*approved.findings);
	struct finding *findings = arena_alloc(arena, bytes);
	struct decision *kept = arena_alloc(arena, sizeof(*kept)), held = approved;
	const struct finding *cause;

	memcpy(findings, approved.findings, bytes);
	*kept = approved;
	cause = raise_held(findings, approved.n_findings);
	held.findings = findings;
	if (approved.verdict == VERDICT_REJECT) {
		held.cause = &findings[approved.cause - approved.findings];
		return held;
	}
	held.verdict = VERDICT_HOLD;
	held.sqlstate = SQLSTATE_HELD;
	held.cause = cause;
	held.plan = NULL;
	held.lock_timeout_ms = 0;
	held.approved = kept;
	return held;
}

static bool any_held(const struct decision *decision)
{
	for (size_t i = 0; i < decision->n_findings; i++)
		if (decision->findings[i].held)
			return true;
	return false;
}

struct decision policy_decide(struct arena *arena, const struct decide_input *input)
{
	struct decider decider = {.arena = arena, .input = input};
	struct decision decision;

	track_start(
		arena, &decider.track, input->facts, count_actions(input->stmts), input->separate);
	for (size_t i = 0; i < input->stmts->n; i++) {
		/* Several statements in one Query are one implicit transaction, whatever they say.
		 */
		if (!input->separate && input->stmts->n > 1)
			decider.track.facts.in_transaction = true;
		judge_statement(&decider, i);
	}
	decision = conclude(&decider);
	return any_held(&decision) ? hold(arena, decision) : decision;
}

struct decision policy_refuse(struct arena *arena, const char *sqlstate, const char *rule,
	const char *message, const char *detail, const char *hint)
{
	const struct rule *known = rule == NULL ? NULL : rule_by_id(rule);
	struct finding *finding = arena_alloc(arena, sizeof(*finding));

	*finding = (struct finding){
		.rule = known != NULL ? known : &rule_unclassified,
		.verdict = VERDICT_REJECT,
		.message = arena_strdup(arena, message),
		.detail = arena_strdup(arena, detail),
		.hint = arena_strdup(arena, hint),
	};
	return (struct decision){
		.verdict = VERDICT_REJECT,
		.sqlstate = arena_strdup(arena, sqlstate),
		.findings = finding,
		.n_findings = 1,
		.cause = finding,
	};
}

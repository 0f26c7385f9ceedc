/* SPDX-License-Identifier: PostgreSQL */
/*
 * Golden verdicts: tests/policy/cases/NAME.sql.  A case is a text of one or more statements,
 * with remarks above it, up to the next empty line:
 *
 *   -- expect: VERDICT [rule, ...]   the decision, and the rules that fire; those that are set
 *                                    to allow need not be listed
 *   -- not: rule, ...                exemptions: these must not fire
 *                                    (matters of style named in either line are set to warn)
 *   -- facts: in_transaction, unknown, no_engine, separate, named, other_user, server=150020,
 *             lock_timeout=1000, statement_timeout=1000, idle_timeout=1000
 *   -- held: MODE table              a lock that the transaction holds already
 *   -- lock_timeout: 2000            what the decision sets
 *   -- hint: text                    somewhere in the hint of the first rule listed
 *   -- plan: text                    somewhere in the plan
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "decide.h"
#include "fixture.h"

enum { TEXT_MAX = 4096, RULES_MAX = 128 };

struct golden {
	const char *file;
	int line;
	char expect[TEXT_MAX], not [TEXT_MAX], facts[TEXT_MAX], hint[TEXT_MAX], plan[TEXT_MAX];
	char held[TEXT_MAX];
	int lock_timeout_ms; /* -1: not said */
	char sql[TEXT_MAX];
};

typedef void golden_fn(struct arena *arena, const struct golden *golden);

static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word)) {
		bool starts = at == list || at[-1] == ' ' || at[-1] == ',';

		if (starts && (at[len] == '\0' || at[len] == ',' || at[len] == ' '))
			return true;
	}
	return false;
}

static bool take(const char *line, const char *remark, char *into)
{
	size_t len = strlen(remark);

	if (strncmp(line, remark, len) != 0)
		return false;
	snprintf(into, TEXT_MAX, "%s", line + len);
	into[strcspn(into, "\n")] = '\0';
	return true;
}

static void read_line(struct golden *golden, const char *line)
{
	char number[TEXT_MAX];

	if (take(line, "-- not: ", golden->not ) || take(line, "-- facts: ", golden->facts) ||
		take(line, "-- held: ", golden->held) || take(line, "-- hint: ", golden->hint) ||
		take(line, "-- plan: ", golden->plan))
		return;
	if (take(line, "-- lock_timeout: ", number))
		golden->lock_timeout_ms = atoi(number);
	else if (strncmp(line, "--", 2) != 0)
		strncat(golden->sql, line, TEXT_MAX - strlen(golden->sql) - 1);
}

static void run(const struct golden *golden, golden_fn *each)
{
	struct arena arena = {0};

	if (golden->sql[0] != '\0')
		each(&arena, golden);
	arena_free(&arena);
}

static void each_of_file(const char *name, golden_fn *each)
{
	static struct golden golden;
	char path[TEXT_MAX], line[TEXT_MAX];
	int number = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/policy/cases/%s", SOURCE_DIR, name);
	file = fopen(path, "r");
	cr_assert_not_null(file, "%s", path);
	golden = (struct golden){.lock_timeout_ms = -1};
	while (fgets(line, sizeof(line), file) != NULL) {
		char expect[TEXT_MAX];

		number++;
		if (take(line, "-- expect: ", expect)) {
			run(&golden, each);
			golden = (struct golden){
				.file = name, .line = number, .lock_timeout_ms = -1};
			strcpy(golden.expect, expect);
		} else if (golden.expect[0] != '\0') {
			read_line(&golden, line);
		}
	}
	run(&golden, each);
	fclose(file);
}

static void each_case(golden_fn *each)
{
	char directory[TEXT_MAX];
	const struct dirent *entry;
	DIR *dir;

	snprintf(directory, sizeof(directory), "%s/tests/policy/cases", SOURCE_DIR);
	dir = opendir(directory);
	cr_assert_not_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (strstr(entry->d_name, ".sql") != NULL)
			each_of_file(entry->d_name, each);
	closedir(dir);
}

static int number_of(const char *facts, const char *key, int otherwise)
{
	const char *at = strstr(facts, key);

	return at == NULL ? otherwise : atoi(at + strlen(key));
}

/* Style is off unless somebody turns it on. */
static struct policy_settings settings_for(const struct golden *golden)
{
	static struct rule_setting raised[RULES_MAX];
	struct policy_settings settings = policy_settings_default;

	settings.rules = raised;
	for (size_t i = 0; i < n_rules_all; i++) {
		const char *id = rules_all[i]->id;

		if (rule_is_style(rules_all[i]) &&
			(listed(golden->expect, id) || listed(golden->not, id)))
			raised[settings.n_rules++] =
				(struct rule_setting){.rule = id, .verdict = VERDICT_WARN};
	}
	return settings;
}

static void hold(struct arena *arena, const char *held, struct facts *facts)
{
	const char *table = strrchr(held, ' ');
	struct held_lock *lock = arena_alloc(arena, sizeof(*lock));

	if (table == NULL)
		return;
	*lock = (struct held_lock){.relation = {"public", table + 1}};
	for (enum lock_mode mode = LOCK_NONE; mode <= LOCK_ACCESS_EXCLUSIVE; mode++)
		if (strncmp(held, lock_mode_name(mode), (size_t)(table - held)) == 0)
			lock->mode = mode;
	facts->transaction.locks = lock;
	facts->transaction.n_locks = 1;
}

static struct decision decide(
	struct arena *arena, const struct golden *golden, struct stmts *stmts, struct facts *facts)
{
	static const struct policy_subject subject = {"shop", "app", "tests"};
	struct policy_settings settings = settings_for(golden);
	struct decide_input input = {
		.stmts = stmts,
		.facts = facts,
		.settings = &settings,
		.subject = &subject,
		.separate = listed(golden->facts, "separate"),
		.engine_available = !listed(golden->facts, "no_engine"),
	};

	*stmts = fixture_parse(arena, golden->sql);
	*facts = fixture_facts(arena, stmts);
	if (listed(golden->facts, "unknown"))
		*facts = (struct facts){0};
	else
		facts->server_version = number_of(golden->facts, "server=", 150020);
	facts->in_transaction = listed(golden->facts, "in_transaction");
	facts->lock_timeout_ms = number_of(golden->facts, "lock_timeout=", 0);
	facts->statement_timeout_ms = number_of(golden->facts, "statement_timeout=", 0);
	facts->idle_in_transaction_timeout_ms = number_of(golden->facts, "idle_timeout=", 0);
	facts->application_name = listed(golden->facts, "named") ? "migrate" : "";
	if (listed(golden->facts, "other_user"))
		facts->current_user = "somebody";
	hold(arena, golden->held, facts);
	return policy_decide(arena, &input);
}

static const struct finding *found(const struct decision *decision, const char *id)
{
	for (size_t i = 0; i < decision->n_findings; i++)
		if (strcmp(decision->findings[i].rule->id, id) == 0)
			return &decision->findings[i];
	return NULL;
}

static void expect_rules(const struct golden *golden, const struct decision *decision)
{
	const char *hinted = NULL;

	for (size_t i = 0; i < n_rules_all; i++) {
		const char *id = rules_all[i]->id;
		const struct finding *finding = found(decision, id);
		bool wanted = listed(golden->expect, id);

		cr_expect(!wanted || finding != NULL, "%s:%d: %s does not fire\n%s", golden->file,
			golden->line, id, golden->sql);
		cr_expect(finding == NULL || wanted || finding->verdict == VERDICT_ALLOW,
			"%s:%d: %s fires\n%s", golden->file, golden->line, id, golden->sql);
		cr_expect(finding == NULL || !listed(golden->not, id), "%s:%d: %s fires\n%s",
			golden->file, golden->line, id, golden->sql);
		if (wanted && finding != NULL && hinted == NULL)
			hinted = finding->hint;
	}
	if (golden->hint[0] != '\0')
		cr_expect(hinted != NULL && strstr(hinted, golden->hint) != NULL,
			"%s:%d: the hint is\n%s", golden->file, golden->line,
			hinted == NULL ? "missing" : hinted);
}

static void expect_plan(
	struct arena *arena, const struct golden *golden, const struct decision *decision)
{
	const char *text = decision->plan == NULL ? "" : plan_text(arena, decision->plan);

	if (golden->plan[0] != '\0')
		cr_expect_not_null(strstr(text, golden->plan), "%s:%d: the plan is\n%s",
			golden->file, golden->line, text);
}

static void expect_decision(struct arena *arena, const struct golden *golden)
{
	struct stmts stmts;
	struct facts facts;
	struct decision decision = decide(arena, golden, &stmts, &facts);
	char verdict[16] = "";
	bool executes;

	cr_expect_eq(sscanf(golden->expect, "%15s", verdict), 1);
	cr_expect_str_eq(verdict_name(decision.verdict), verdict, "%s:%d: %s: %s\n%s", golden->file,
		golden->line, verdict_name(decision.verdict),
		decision.cause == NULL ? "" : decision.cause->message, golden->sql);
	expect_rules(golden, &decision);
	expect_plan(arena, golden, &decision);
	if (golden->lock_timeout_ms >= 0)
		cr_expect_eq(decision.lock_timeout_ms, golden->lock_timeout_ms,
			"%s:%d: lock_timeout %d\n%s", golden->file, golden->line,
			decision.lock_timeout_ms, golden->sql);
	executes = (decision.verdict == VERDICT_REWRITE || decision.verdict == VERDICT_PHASE) &&
		   stmts.n == 1;
	cr_expect_eq(executes, decision.plan != NULL, "%s:%d", golden->file, golden->line);
}

Test(golden, verdicts)
{
	each_case(expect_decision);
}

/* ---- every rule has a case, and one that it leaves alone ---- */

static bool fires[RULES_MAX], spares[RULES_MAX];

static void note_rules(struct arena *arena, const struct golden *golden)
{
	(void)arena;
	for (size_t i = 0; i < n_rules_all; i++) {
		fires[i] |= listed(golden->expect, rules_all[i]->id);
		spares[i] |= listed(golden->not, rules_all[i]->id);
	}
}

Test(golden, every_rule_fires_somewhere_and_spares_something)
{
	cr_assert_leq(n_rules_all, RULES_MAX);
	each_case(note_rules);
	for (size_t i = 0; i < n_rules_all; i++) {
		/* No text of this grammar is unknown to the parser: test_decide makes one. */
		bool unwritable = strcmp(rules_all[i]->id, "unclassified") == 0;

		cr_expect(fires[i] || unwritable, "%s has no case", rules_all[i]->id);
		cr_expect(spares[i], "%s has no exemption", rules_all[i]->id);
	}
}

/* ---- what people read ---- */

static bool one_line(const char *text)
{
	return text != NULL && text[0] != '\0' && strchr(text, '\n') == NULL;
}

static void expect_texts(struct arena *arena, const struct golden *golden)
{
	struct stmts stmts;
	struct facts facts;
	struct decision decision = decide(arena, golden, &stmts, &facts);

	for (size_t i = 0; i < decision.n_findings; i++) {
		const struct finding *finding = &decision.findings[i];

		cr_expect(one_line(finding->message), "%s:%d: %s", golden->file, golden->line,
			finding->rule->id);
		cr_expect(finding->hint != NULL && finding->hint[0] != '\0', "%s:%d: %s",
			golden->file, golden->line, finding->rule->id);
		cr_expect(strstr(finding->message, "(null)") == NULL &&
				  strstr(finding->hint, "(null)") == NULL &&
				  (finding->detail == NULL ||
					  strstr(finding->detail, "(null)") == NULL),
			"%s:%d: %s", golden->file, golden->line, finding->rule->id);
	}
}

Test(golden, every_finding_can_be_read)
{
	each_case(expect_texts);
}

/* ---- plans ---- */

static void expect_steps_to_parse(struct arena *arena, const struct golden *golden)
{
	struct stmts stmts, step;
	struct facts facts;
	struct decision decision = decide(arena, golden, &stmts, &facts);
	const char *error = NULL;

	for (size_t i = 0; decision.plan != NULL && i < decision.plan->n_steps; i++) {
		const char *texts[] = {decision.plan->steps[i].sql, decision.plan->steps[i].undo,
			decision.plan->steps[i].probe == NULL ? "SELECT"
							      : decision.plan->steps[i].probe};

		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
			cr_assert_not_null(texts[k], "%s:%d", golden->file, golden->line);
			cr_expect_eq(stmt_parse(arena, texts[k], strlen(texts[k]), &step, &error),
				0, "%s:%d: %s\n%s", golden->file, golden->line, error, texts[k]);
		}
	}
}

Test(golden, every_step_of_a_plan_parses)
{
	each_case(expect_steps_to_parse);
}

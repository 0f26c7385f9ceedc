/* SPDX-License-Identifier: PostgreSQL */
#include "decide.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "fixture.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(decide, .fini = free_arena);

struct circumstances {
	bool no_engine, in_transaction, unknown, separate, read_only;
	int64_t lock_timeout_ms;
	const char *held[4]; /* rules set to hold */
};

static struct decision decide_under(const char *sql, struct circumstances circumstances)
{
	static const struct policy_subject subject = {"shop", "app", "tests"};
	struct stmts stmts = fixture_parse(&arena, sql);
	struct facts *facts = arena_alloc(&arena, sizeof(*facts));
	struct rule_setting rules[4] = {{0}};
	struct policy_settings settings = policy_settings_default;
	struct decide_input input = {
		.stmts = &stmts,
		.facts = facts,
		.settings = &settings,
		.subject = &subject,
		.separate = circumstances.separate,
		.engine_available = !circumstances.no_engine,
		.engine_unavailable_because = "the change engine is off",
	};

	settings.rules = rules;
	for (; settings.n_rules < 4 && circumstances.held[settings.n_rules] != NULL;
		settings.n_rules++)
		rules[settings.n_rules] = (struct rule_setting){
			.rule = circumstances.held[settings.n_rules], .verdict = VERDICT_HOLD};
	if (!circumstances.unknown)
		*facts = fixture_facts(&arena, &stmts);
	facts->in_transaction = circumstances.in_transaction;
	facts->read_only = circumstances.read_only;
	facts->lock_timeout_ms = circumstances.lock_timeout_ms;
	return policy_decide(&arena, &input);
}

static struct decision decide(const char *sql)
{
	return decide_under(sql, (struct circumstances){0});
}

Test(decide, a_clean_text_has_no_cause)
{
	struct decision decision = decide("CREATE TABLE n (id int)");

	cr_expect_eq(decision.verdict, VERDICT_ALLOW);
	cr_expect_null(decision.cause);
	cr_expect_null(decision.sqlstate);
	cr_expect_null(decision.plan);
	cr_expect_eq(decision.n_findings, 0);
}

Test(decide, the_strictest_finding_decides)
{
	struct decision decision =
		decide("ALTER TABLE orders ALTER id DROP NOT NULL, ADD c json, DROP COLUMN qty");

	cr_expect_eq(decision.verdict, VERDICT_REJECT);
	cr_assert_not_null(decision.cause);
	cr_expect_str_eq(decision.cause->rule->id, "drop-column");
	cr_expect_str_eq(decision.sqlstate, SQLSTATE_REJECTED);
}

/* The nth one of a rule; NULL when there are fewer. */
static const struct finding *found(const struct decision *decision, const char *rule, size_t nth)
{
	for (size_t i = 0; i < decision->n_findings; i++)
		if (strcmp(decision->findings[i].rule->id, rule) == 0 && nth-- == 0)
			return &decision->findings[i];
	return NULL;
}

Test(decide, a_finding_knows_its_statement)
{
	struct decision decision = decide("SELECT 1; DROP TABLE orders; DROP TABLE users");

	const struct finding *first = found(&decision, "drop-table", 0);
	const struct finding *second = found(&decision, "drop-table", 1);

	cr_assert(first != NULL && second != NULL);
	cr_expect_eq(first->statement, 1);
	cr_expect_eq(second->statement, 2);
	cr_expect_eq(decision.cause, first);
}

Test(decide, message_detail_and_hint)
{
	struct decision decision = decide("CREATE INDEX i ON orders (qty)");

	cr_assert_not_null(decision.cause);
	cr_expect_str_eq(decision.cause->message,
		"CREATE INDEX blocks writes for as long as it builds: index i on table "
		"public.orders (300,000 rows, 24 MB)");
	cr_expect_not_null(strstr(decision.cause->detail, "SHARE lock on public.orders while"));
	cr_expect_not_null(strstr(decision.cause->hint, "CREATE INDEX CONCURRENTLY"));
}

Test(decide, nothing_is_carried_out_for_who_may_only_read)
{
	static const struct {
		const char *sql;
		struct circumstances circumstances;
		bool refused;
	} rows[] = {
		{"ALTER TABLE orders ALTER qty SET NOT NULL", {.read_only = true}, true},
		{"UPDATE orders SET qty = 1", {.read_only = true}, true},
		{"ALTER TABLE orders ALTER qty SET NOT NULL",
			{.read_only = true, .in_transaction = true}, true},
		{"ALTER TABLE orders ALTER qty SET NOT NULL", {.read_only = true, .separate = true},
			false},
		{"REINDEX INDEX orders_tag_idx", {.read_only = true}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decision decision = decide_under(rows[i].sql, rows[i].circumstances);

		cr_expect_eq(decision.verdict == VERDICT_REJECT, rows[i].refused, "row %zu", i);
		cr_expect_eq(decision.plan == NULL, rows[i].refused, "row %zu", i);
		if (rows[i].refused)
			cr_expect_str_eq(decision.sqlstate, "25006", "row %zu", i);
	}
}

Test(decide, plans_need_an_engine_and_a_statement_of_their_own)
{
	static const struct {
		const char *sql;
		struct circumstances circumstances;
		const char *because; /* NULL: it is carried out */
	} rows[] = {
		{"ALTER TABLE orders ALTER qty SET NOT NULL", {0}, NULL},
		{"ALTER TABLE orders ALTER qty SET NOT NULL", {.in_transaction = true}, NULL},
		{"ALTER TABLE orders ALTER qty SET NOT NULL", {.no_engine = true},
			"the change engine is off"},
		{"ALTER TABLE orders ALTER qty SET NOT NULL", {.unknown = true},
			"nothing could be looked up"},
		{"ALTER TABLE orders ALTER qty SET NOT NULL; SELECT 1", {0}, "send it alone"},
		{"ALTER TABLE orders ALTER qty SET NOT NULL; SELECT 1", {.separate = true}, NULL},
		{"DROP INDEX orders_tag_idx", {0}, NULL},
		{"DROP INDEX orders_tag_idx", {.in_transaction = true}, "transaction"},
		{"BEGIN; DROP INDEX orders_tag_idx; COMMIT", {.separate = true}, "transaction"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decision decision = decide_under(rows[i].sql, rows[i].circumstances);

		cr_assert_not_null(decision.cause, "row %zu", i);
		cr_expect_eq(decision.verdict == VERDICT_REJECT, rows[i].because != NULL,
			"row %zu: %s", i, verdict_name(decision.verdict));
		if (rows[i].because == NULL)
			continue;
		cr_expect_null(decision.plan, "row %zu", i);
		cr_expect_not_null(strstr(decision.cause->hint, rows[i].because), "row %zu: %s", i,
			decision.cause->hint);
		cr_expect(strstr(decision.cause->hint, "VALIDATE CONSTRAINT") != NULL ||
				  strstr(decision.cause->hint, "CONCURRENTLY") != NULL,
			"row %zu: the steps are shown: %s", i, decision.cause->hint);
	}
}

Test(decide, one_plan_for_many_commands)
{
	struct decision decision = decide("ALTER TABLE orders ADD CONSTRAINT k CHECK (c <> ''),"
					  " ALTER qty SET NOT NULL, ADD COLUMN c text");
	const struct plan *plan = decision.plan;
	size_t added = PLAN_STEPS_MAX, checked = PLAN_STEPS_MAX;

	cr_expect_eq(decision.verdict, VERDICT_PHASE);
	cr_assert_not_null(plan);
	cr_expect_str_eq(plan->tag, "ALTER TABLE");
	cr_expect_not_null(plan->rule);
	for (size_t i = plan->n_steps; i-- > 0;) {
		if (strstr(plan->steps[i].sql, "ADD COLUMN c text") != NULL)
			added = i;
		if (strstr(plan->steps[i].sql, "\"k\"") != NULL)
			checked = i;
	}
	cr_expect_lt(added, checked, "the column comes before its constraint");
}

Test(decide, what_is_held_and_what_an_approval_lets_through)
{
	static const struct {
		const char *sql;
		bool in_transaction, separate;
		enum verdict verdict, approved; /* approved: of HOLD */
		bool planned;
	} rows[] = {
		/* What the rule does by default; the statement as it is where that is to refuse. */
		{"ALTER TABLE orders DROP COLUMN qty", false, false, VERDICT_HOLD, VERDICT_WARN,
			false},
		{"ALTER TABLE orders ALTER qty SET NOT NULL", true, false, VERDICT_HOLD,
			VERDICT_PHASE, true},
		/* Another rule's plan takes the held part along. */
		{"ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0), ADD COLUMN j json", false,
			false, VERDICT_HOLD, VERDICT_REWRITE, true},
		{"ALTER TABLE orders DROP COLUMN qty; SELECT 1", true, false, VERDICT_HOLD,
			VERDICT_WARN, false},
		/* An approval would not help. */
		{"ALTER TABLE orders ALTER qty SET NOT NULL; SELECT 1", false, false,
			VERDICT_REJECT, 0, false},
		{"ALTER TABLE orders ALTER qty SET NOT NULL; SELECT 1", false, true, VERDICT_HOLD,
			VERDICT_PHASE, true},
		{"DROP INDEX orders_tag_idx", true, false, VERDICT_REJECT, 0, false},
		{"DROP INDEX orders_tag_idx", false, false, VERDICT_HOLD, VERDICT_REWRITE, true},
		{"ALTER TABLE orders DROP COLUMN seen; TRUNCATE orders", false, false,
			VERDICT_REJECT, 0, false},
		/* Not what they are about. */
		{"ALTER TABLE orders ADD COLUMN c int", false, false, VERDICT_ALLOW, 0, false},
		{"ALTER TABLE orders ADD CONSTRAINT k CHECK (qty > 0)", false, false,
			VERDICT_REWRITE, 0, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decision decision = decide_under(rows[i].sql,
			(struct circumstances){.in_transaction = rows[i].in_transaction,
				.separate = rows[i].separate,
				.held = {"drop-column", "drop-index-non-concurrent", "set-not-null",
					"add-column-json"}});

		cr_assert_eq(decision.verdict, rows[i].verdict, "row %zu: %s", i,
			verdict_name(decision.verdict));
		cr_assert_eq(
			decision.approved != NULL, decision.verdict == VERDICT_HOLD, "row %zu", i);
		if (decision.approved == NULL)
			continue;
		cr_expect_str_eq(decision.sqlstate, SQLSTATE_HELD);
		cr_expect_null(decision.plan, "row %zu: nothing is done yet", i);
		cr_expect(decision.cause->held && decision.cause->verdict == VERDICT_HOLD);
		cr_expect_eq(decision.approved->verdict, rows[i].approved, "row %zu: %s", i,
			verdict_name(decision.approved->verdict));
		cr_expect_null(decision.approved->approved, "row %zu", i);
		cr_expect_null(decision.approved->sqlstate, "row %zu", i);
		cr_expect_eq(decision.approved->plan != NULL, rows[i].planned && !rows[i].separate,
			"row %zu", i);
		cr_expect_eq(decision.approved->n_findings, decision.n_findings);
	}
}

Test(decide, what_is_held_is_brief_once_it_is_approved)
{
	struct decision decision =
		decide_under("TRUNCATE users", (struct circumstances){.held = {"truncate"}});

	cr_assert_eq(decision.verdict, VERDICT_HOLD);
	cr_expect_eq(decision.lock_timeout_ms, 0);
	cr_expect_eq(decision.approved->lock_timeout_ms, 2000);
}

Test(decide, a_held_part_of_a_file_is_told_beside_a_rejected_one)
{
	struct decision decision =
		decide_under("ALTER TABLE orders DROP COLUMN seen; TRUNCATE orders",
			(struct circumstances){.separate = true, .held = {"drop-column"}});

	cr_expect_eq(decision.verdict, VERDICT_REJECT);
	cr_expect_str_eq(decision.cause->rule->id, "truncate");
	cr_expect_eq(found(&decision, "drop-column", 0)->verdict, VERDICT_HOLD);
}

Test(decide, a_short_lock_timeout_for_what_is_brief)
{
	static const struct {
		const char *sql;
		int64_t in_force_ms;
		int expected_ms;
	} rows[] = {
		{"ALTER TABLE orders ADD COLUMN c int", 0, 2000},
		{"ALTER TABLE orders ADD COLUMN c int", 1000, 0},
		{"ALTER TABLE orders ADD COLUMN c int", 5000, 0},
		{"ALTER TABLE orders ADD COLUMN c int", 5001, 2000},
		{"ALTER TABLE fresh_t ADD COLUMN c int", 0, 0},
		{"ALTER TABLE orders SET (fillfactor = 70)", 0, 0},
		{"CREATE INDEX CONCURRENTLY i ON orders (qty)", 0, 0},
		{"CREATE INDEX i ON small_t (a)", 0, 2000},
		{"ALTER TABLE orders DROP COLUMN qty", 0, 0},
		{"SELECT 1; ALTER TABLE orders ADD COLUMN c int", 0, 2000},
		{"SET lock_timeout = 300; ALTER TABLE orders ADD COLUMN c int", 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decision decision = decide_under(rows[i].sql,
			(struct circumstances){.lock_timeout_ms = rows[i].in_force_ms});

		cr_expect_eq(decision.lock_timeout_ms, rows[i].expected_ms, "%s: %d", rows[i].sql,
			decision.lock_timeout_ms);
	}
}

Test(decide, an_extension_brings_types_and_functions)
{
	static const struct {
		const char *sql;
		bool refused;
	} rows[] = {
		{"ALTER TABLE orders ADD u uuid DEFAULT uuid_v4()", true},
		{"ALTER TABLE orders ALTER note TYPE ltree", true},
		{"CREATE EXTENSION x; ALTER TABLE orders ADD u uuid DEFAULT uuid_v4()", false},
		{"CREATE EXTENSION x; ALTER TABLE orders ALTER note TYPE ltree", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decision decision =
			decide_under(rows[i].sql, (struct circumstances){.separate = true});
		bool told = false;

		for (size_t k = 0; k < decision.n_findings; k++)
			told |= decision.findings[k].detail != NULL &&
				strstr(decision.findings[k].detail, "would answer") != NULL;
		cr_expect_eq(told, rows[i].refused, "%s", rows[i].sql);
	}
}

/* Some of its partitions are known by their names only. */
Test(decide, a_table_of_many_partitions_is_one_table)
{
	enum { PARTITIONS = 300 };
	static const struct policy_subject subject = {"shop", "app", "tests"};
	static struct name partitions[PARTITIONS];
	struct stmts stmts = fixture_parse(&arena, "BEGIN; ALTER TABLE events ADD a int; "
						   "ALTER TABLE events ADD b int; COMMIT");
	struct facts facts = fixture_facts(&arena, &stmts);
	struct relation_facts events = facts.relations[0];
	struct decision decision;

	for (size_t i = 0; i < PARTITIONS; i++)
		partitions[i] = (struct name){"public", arena_printf(&arena, "p%zu", i)};
	events.partitions = partitions;
	events.n_partitions = PARTITIONS;
	events.n_partition_tree = 0;
	events.n_links = 0;
	facts.relations = &events;
	facts.n_relations = 1;
	decision = policy_decide(&arena, &(struct decide_input){.stmts = &stmts,
						 .facts = &facts,
						 .settings = &policy_settings_default,
						 .subject = &subject,
						 .separate = true});
	for (size_t i = 0; i < decision.n_findings; i++)
		cr_expect_str_neq(decision.findings[i].rule->id, "wide-lock-window");
}

Test(decide, objects_touched_are_listed_once)
{
	struct decision decision = decide("ALTER TABLE orders DROP COLUMN user_id, ADD c int;"
					  "ALTER TABLE public.users ADD c int");

	cr_assert_eq(decision.n_objects, 2);
	cr_expect_str_eq(decision.objects[0], "public.orders");
	cr_expect_str_eq(decision.objects[1], "public.users");
}

/* No text is unknown to the parser of its own grammar's version; a newer one may be. */
Test(decide, what_is_not_understood_is_refused)
{
	const struct action action = {.kind = ACTION_UNCLASSIFIED, .sql = "FROB orders"};
	const struct stmt stmt = {
		.sql = "FROB orders", .actions = &action, .n_actions = 1, .guarded = true};
	const struct stmts stmts = {.items = &stmt, .n = 1, .guarded = true};
	const struct facts facts = {.known = true};
	struct decision decision =
		policy_decide(&arena, &(struct decide_input){
					      .stmts = &stmts,
					      .facts = &facts,
					      .settings = &policy_settings_default,
				      });

	cr_expect_eq(decision.verdict, VERDICT_REJECT);
	cr_assert_not_null(decision.cause);
	cr_expect_str_eq(decision.cause->rule->id, "unclassified");
	cr_expect_str_eq(decision.sqlstate, SQLSTATE_NOT_UNDERSTOOD);
}

Test(decide, refusals_copy_their_words)
{
	char message[] = "syntax error at end of input";
	struct decision decision = policy_refuse(
		&arena, SQLSTATE_STATEMENT_TOO_COMPLEX, NULL, message, NULL, "shorten it");

	memset(message, 'x', sizeof(message) - 1);
	cr_expect_eq(decision.verdict, VERDICT_REJECT);
	cr_assert_not_null(decision.cause);
	cr_assert_not_null(decision.cause->rule);
	cr_expect_str_eq(decision.cause->message, "syntax error at end of input");
	cr_expect_str_eq(decision.sqlstate, "54001");
	cr_expect_null(decision.cause->detail);
	cr_expect_str_eq(
		policy_refuse(&arena, SQLSTATE_NOT_UNDERSTOOD, "unsafe-lexing", "m", NULL, NULL)
			.cause->rule->id,
		"unsafe-lexing");
}

Test(decide, thousands_of_statements_are_no_burden)
{
	enum { STATEMENTS = 2000 };
	static const char one[] = "CREATE INDEX ON orders (qty);";
	char *sql = arena_alloc(&arena, STATEMENTS * sizeof(one));
	struct decision decision;

	for (size_t i = 0; i < STATEMENTS; i++)
		memcpy(sql + i * (sizeof(one) - 1), one, sizeof(one) - 1);
	decision = decide(sql);
	cr_expect_eq(decision.verdict, VERDICT_REJECT);
	cr_expect_not_null(found(&decision, "create-index-non-concurrent", STATEMENTS - 1));
}

/* Each change copies what it changes; over the wire anybody may send such a text. */
Test(decide, a_text_of_many_changes_takes_no_memory_without_bound)
{
	enum { COLUMNS = 3000, BYTES_MAX = 200 << 20 };
	char *text = arena_alloc(&arena, COLUMNS * 64), *p = text;
	struct decision decision;

	p = stpcpy(p, "CREATE TABLE n (");
	for (int i = 0; i < COLUMNS; i++)
		p += sprintf(p, "%sc%d int", i > 0 ? ", " : "", i);
	p = stpcpy(p, "); ALTER TABLE n ");
	for (int i = 0; i < COLUMNS; i++)
		p += sprintf(p, "%sALTER c%d SET NOT NULL", i > 0 ? ", " : "", i);
	stpcpy(p, "; TRUNCATE n");
	decision = decide(text);
	cr_expect_lt(arena.bytes, BYTES_MAX, "%zu", arena.bytes);
	cr_expect_not_null(found(&decision, "unclassified", 0));
	cr_expect_eq(decision.verdict, VERDICT_REJECT);
}

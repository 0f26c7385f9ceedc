/* SPDX-License-Identifier: PostgreSQL */
/*
 * The text of plans.  That they lead where the plain statement leads, and back, is proved on a
 * server by tests/e2e/test_recipes.py.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "fixture.h"
#include "recipe.h"

static bool (*const recipes[ACTION_KINDS])(const struct rule_context *, struct plan *) = {
	[ACTION_SET_NOT_NULL] = recipe_set_not_null,
	[ACTION_ALTER_COLUMN_TYPE] = recipe_alter_type,
	[ACTION_RENAME_TABLE] = recipe_rename_table,
	[ACTION_SET_SCHEMA] = recipe_set_schema,
	[ACTION_RENAME_COLUMN] = recipe_rename_column,
	[ACTION_DROP_COLUMN] = recipe_drop_column,
	[ACTION_DROP_TABLE] = recipe_drop_table,
	[ACTION_ADD_COLUMN] = recipe_add_column,
	[ACTION_ADD_CHECK] = recipe_add_check,
	[ACTION_ADD_FOREIGN_KEY] = recipe_add_foreign_key,
	[ACTION_ADD_UNIQUE] = recipe_add_unique,
	[ACTION_ADD_PRIMARY_KEY] = recipe_add_primary_key,
	[ACTION_CREATE_INDEX] = recipe_create_index,
	[ACTION_DROP_INDEX] = recipe_drop_index,
	[ACTION_DOMAIN_ADD_CONSTRAINT] = recipe_domain_constraint,
	[ACTION_DOMAIN_VALIDATE] = recipe_domain_constraint,
	[ACTION_DOMAIN_SET_NOT_NULL] = recipe_domain_not_null,
	[ACTION_ENUM_RENAME_VALUE] = recipe_enum_rename,
	[ACTION_TRUNCATE] = recipe_truncate,
	[ACTION_UPDATE_WITHOUT_WHERE] = recipe_bulk,
	[ACTION_DELETE_WITHOUT_WHERE] = recipe_bulk,
};

static struct arena arena;

static struct policy_settings settings;

static void setup(void)
{
	arena = (struct arena){0};
	settings = policy_settings_default;
}

static void teardown(void)
{
	arena_free(&arena);
}

TestSuite(recipe, .init = setup, .fini = teardown);

/* No steps: there is no safe form. */
static const struct plan *attempted(const char *sql, const struct facts *given)
{
	struct stmts *stmts = arena_alloc(&arena, sizeof(*stmts));
	struct facts *facts = arena_alloc(&arena, sizeof(*facts));
	struct effects *effects = arena_alloc(&arena, sizeof(*effects));
	struct plan *plan = arena_alloc(&arena, sizeof(*plan));
	const struct action *action;
	struct rule_context context;

	*stmts = fixture_parse(&arena, sql);
	*facts = given != NULL ? *given : fixture_facts(&arena, stmts);
	action = &stmts->items[0].actions[0];
	*effects = effects_of(&arena, action, facts);
	context = (struct rule_context){
		.arena = &arena,
		.stmt = &stmts->items[0],
		.action = action,
		.facts = facts,
		.effects = effects,
		.settings = &settings,
		.table = effects->table,
	};
	cr_assert_not_null(recipes[action->kind], "%s", sql);
	if (!recipes[action->kind](&context, plan))
		plan->n_steps = 0;
	return plan;
}

/* NULL: there is no safe form. */
static const struct plan *plan_of(const char *sql, const struct facts *given)
{
	const struct plan *plan = attempted(sql, given);

	return plan->n_steps > 0 ? plan : NULL;
}

static const char *joined(const struct plan *plan)
{
	const char *text = "";

	for (size_t i = 0; i < plan->n_steps; i++)
		text = arena_printf(&arena, "%s%s%s", text,
			i == 0                         ? ""
			: plan->steps[i].with_previous ? " & "
						       : " ; ",
			plan->steps[i].sql);
	return text;
}

/* Steps joined by ";" stand in transactions of their own, those joined by "&" share one. */
static const struct {
	const char *sql, *steps;
	bool deferrable;
} plans[] = {
	{"ALTER TABLE orders ALTER COLUMN qty SET NOT NULL",
		"ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_qty_not_null_check\" "
		"CHECK "
		"(\"qty\" IS NOT NULL) NOT VALID ; "
		"ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT "
		"\"orders_qty_not_null_check\" ; "
		"ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"qty\" SET NOT NULL & "
		"ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT IF EXISTS "
		"\"orders_qty_not_null_check\"",
		true},
	{"ALTER TABLE orders ADD CHECK (qty > 0)",
		"ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_qty_check\" CHECK (qty "
		"> 0) NOT "
		"VALID ; ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT "
		"\"orders_qty_check\"",
		true},
	{"ALTER TABLE orders ADD CHECK (code <> '')",
		"ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_code_check\" CHECK "
		"(code <> '') "
		"NOT VALID ; ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT "
		"\"orders_code_check\"",
		true},
	{"ALTER TABLE logs ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users ON DELETE "
	 "CASCADE",
		"ALTER TABLE \"public\".\"logs\" ADD CONSTRAINT \"f\" FOREIGN KEY (user_id) "
		"REFERENCES users "
		"ON DELETE CASCADE NOT VALID ; ALTER TABLE \"public\".\"logs\" VALIDATE CONSTRAINT "
		"\"f\"",
		true},
	{"ALTER TABLE orders ADD UNIQUE (qty, tag) INCLUDE (note) DEFERRABLE",
		"CREATE UNIQUE INDEX CONCURRENTLY \"orders_qty_tag_note_key\" ON "
		"\"public\".\"orders\" "
		"(\"qty\", \"tag\") INCLUDE (\"note\") ; "
		"ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_qty_tag_note_key\" "
		"UNIQUE USING "
		"INDEX \"orders_qty_tag_note_key\" DEFERRABLE",
		false},
	{"ALTER TABLE logs ADD PRIMARY KEY (id)",
		"CREATE UNIQUE INDEX CONCURRENTLY \"logs_pkey\" ON \"public\".\"logs\" (\"id\") ; "
		"ALTER TABLE \"public\".\"logs\" ADD CONSTRAINT \"logs_pkey\" PRIMARY KEY USING "
		"INDEX "
		"\"logs_pkey\"",
		false},
	{"ALTER TABLE logs ADD PRIMARY KEY USING INDEX logs_ref_uq",
		"ALTER TABLE \"public\".\"logs\" ADD CONSTRAINT \"logs_ref_not_null_check\" CHECK "
		"(\"ref\" "
		"IS NOT NULL) NOT VALID ; "
		"ALTER TABLE \"public\".\"logs\" VALIDATE CONSTRAINT \"logs_ref_not_null_check\" ; "
		"ALTER TABLE \"public\".\"logs\" ALTER COLUMN \"ref\" SET NOT NULL & "
		"ALTER TABLE \"public\".\"logs\" ADD CONSTRAINT \"logs_ref_uq\" PRIMARY KEY USING "
		"INDEX "
		"\"logs_ref_uq\" & "
		"ALTER TABLE \"public\".\"logs\" DROP CONSTRAINT IF EXISTS "
		"\"logs_ref_not_null_check\"",
		false},
	{"CREATE INDEX ON orders (qty DESC, lower(tag)) WHERE qty > 1",
		"CREATE INDEX CONCURRENTLY \"orders_qty_lower_idx\" ON \"public\".\"orders\" USING "
		"btree "
		"(qty DESC, lower(tag)) WHERE qty > 1",
		true},
	{"CREATE UNIQUE INDEX IF NOT EXISTS i ON orders USING btree (qty)",
		"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"i\" ON \"public\".\"orders\" "
		"USING btree "
		"(qty)",
		false},
	{"CREATE INDEX i ON events (user_id)",
		"CREATE INDEX \"i\" ON ONLY \"public\".\"events\" USING btree (user_id) ; "
		"CREATE INDEX CONCURRENTLY \"events_2025_user_id_idx\" ON "
		"\"public\".\"events_2025\" USING "
		"btree (user_id) ; "
		"CREATE INDEX CONCURRENTLY \"events_2026_user_id_idx\" ON "
		"\"public\".\"events_2026\" USING "
		"btree (user_id) ; "
		"ALTER INDEX \"public\".\"i\" ATTACH PARTITION "
		"\"public\".\"events_2026_user_id_idx\" ; "
		"ALTER INDEX \"public\".\"i\" ATTACH PARTITION "
		"\"public\".\"events_2025_user_id_idx\"",
		true},
	{"DROP INDEX orders_tag_idx",
		"DROP INDEX CONCURRENTLY IF EXISTS \"public\".\"orders_tag_idx\"", false},
	{"ALTER TABLE orders ADD COLUMN n uuid DEFAULT gen_random_uuid()",
		"ALTER TABLE \"public\".\"orders\" ADD COLUMN \"n\" uuid & "
		"ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"n\" SET DEFAULT "
		"gen_random_uuid() ; "
		"UPDATE \"public\".\"orders\" SET \"n\" = gen_random_uuid() WHERE (\"id\") IN "
		"(SELECT \"id\" "
		"FROM \"public\".\"orders\" WHERE \"n\" IS NULL LIMIT 1000) AND \"n\" IS NULL",
		true},
	{"ALTER TABLE orders ADD COLUMN n text DEFAULT 'x' CHECK (n <> '')",
		"ALTER TABLE \"public\".\"orders\" ADD COLUMN \"n\" text DEFAULT ('x') ; "
		"ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_n_check\" CHECK (n <> "
		"'') NOT "
		"VALID ; ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT \"orders_n_check\"",
		true},
	{"UPDATE orders SET qty = qty + 1 WHERE qty = qty",
		"UPDATE \"public\".\"orders\" AS \"orders\" SET qty = qty + 1 WHERE (\"id\") > "
		"($1) "
		"AND (\"id\") <= ($2) AND (qty = qty)",
		false},
	{"DELETE FROM logs AS l WHERE true",
		"DELETE FROM \"public\".\"logs\" WHERE (\"id\") IN (SELECT \"id\" FROM "
		"\"public\".\"logs\" AS \"l\" WHERE true LIMIT 1000)",
		false},
};

Test(recipe, plans_read_so)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const struct plan *plan = plan_of(plans[i].sql, NULL);

		cr_assert_not_null(plan, "%s", plans[i].sql);
		cr_expect_str_eq(
			joined(plan), plans[i].steps, "%s\n got %s", plans[i].sql, joined(plan));
		cr_expect_eq(plan->deferrable, plans[i].deferrable, "%s", plans[i].sql);
		cr_expect_eq(
			plan->deferrable, plan->not_deferrable_because == NULL, "%s", plans[i].sql);
	}
}

static const char *const more[] = {
	"ALTER TABLE orders ADD COLUMN n serial PRIMARY KEY",
	"ALTER TABLE logs ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY (START WITH 5) UNIQUE",
	("ALTER TABLE logs ADD COLUMN \"we\"\"ird'\\ name\" uuid NOT NULL DEFAULT "
	 "gen_random_uuid() "
	 "REFERENCES users"),
	"ALTER TABLE events ADD COLUMN n serial",
	"ALTER TABLE events ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users",
	"ALTER TABLE small_t ADD CHECK (a > 0) NO INHERIT",
	"CREATE INDEX orders_bad_idx ON orders (qty)",
	"DROP INDEX IF EXISTS orders_tag_idx, nowhere",
};

static size_t all_texts(const char **out)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		out[n++] = plans[i].sql;
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		out[n++] = more[i];
	return n;
}

enum { TEXTS_MAX = 64 };

static void expect_statement(const char *what, const char *sql)
{
	struct stmts stmts;
	const char *error = NULL;

	if (sql == NULL || *sql == '\0')
		return;
	cr_expect_eq(stmt_parse(&arena, sql, strlen(sql), &stmts, &error), 0, "%s: %s: %s", what,
		sql, error);
	cr_expect_eq(stmts.n, 1u, "%s: %s", what, sql);
}

static void expect_query(const char *what, const char *sql)
{
	expect_statement(what, sql);
	cr_expect(sql == NULL || strncmp(sql, "SELECT ", 7) == 0, "%s: %s", what, sql);
	cr_expect(sql == NULL || strstr(sql, " = ") == NULL, "an operator of whoever: %s", sql);
}

Test(recipe, every_step_is_complete_and_parses)
{
	const char *texts[TEXTS_MAX];
	size_t n = all_texts(texts);

	for (size_t i = 0; i < n; i++) {
		const struct plan *plan = plan_of(texts[i], NULL);

		cr_assert_not_null(plan, "%s", texts[i]);
		cr_expect(plan->tag != NULL && plan->summary != NULL, "%s", texts[i]);
		cr_expect_neq(plan->relation_oid, 0u, "%s", texts[i]);
		cr_expect_not(plan->steps[0].with_previous, "%s", texts[i]);
		for (size_t k = 0; k < plan->n_steps; k++) {
			const struct step *step = &plan->steps[k];

			expect_statement(texts[i], step->sql);
			expect_statement(texts[i], step->undo);
			expect_query(texts[i], step->probe);
			expect_statement(texts[i], step->repair);
			expect_query(texts[i], step->repair_when);
			cr_expect_eq(
				step->repair == NULL, step->repair_when == NULL, "%s", texts[i]);
			cr_expect(step->purpose != NULL && strchr(step->purpose, '\n') == NULL,
				"%s", texts[i]);
			cr_expect_eq(step->kind == STEP_BACKFILL, step->backfill != NULL, "%s",
				texts[i]);
			cr_expect_eq(step->kind == STEP_BULK, step->bulk != NULL, "%s", texts[i]);
			cr_expect(!step->in_client_transaction || step->kind == STEP_CATALOG, "%s",
				texts[i]);
		}
	}
}

Test(recipe, the_same_input_gives_the_same_plan)
{
	const char *texts[TEXTS_MAX];
	size_t n = all_texts(texts);

	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(plan_text(&arena, plan_of(texts[i], NULL)),
			plan_text(&arena, plan_of(texts[i], NULL)), "%s", texts[i]);
}

Test(recipe, without_a_catalog_names_stay_as_written)
{
	struct facts unknown = {0};
	const struct plan *plan = plan_of("CREATE INDEX ON app.things (a)", &unknown);

	cr_assert_not_null(plan);
	cr_expect_str_eq(plan->steps[0].sql,
		"CREATE INDEX CONCURRENTLY \"things_a_idx\" ON \"app\".\"things\" USING btree (a)");
	plan = plan_of("ALTER TABLE things ALTER c SET NOT NULL", &unknown);
	cr_assert_not_null(plan);
	cr_expect_eq(strncmp(plan->steps[0].sql, "ALTER TABLE \"things\" ADD", 24), 0);
	plan = plan_of("DROP INDEX app.i", &unknown);
	cr_assert_not_null(plan);
	cr_expect_str_eq(plan->steps[0].undo, "");
}

static const char *const infeasible[] = {
	"ALTER TABLE orders ADD COLUMN n int NOT NULL",
	"ALTER TABLE orders ADD COLUMN n int GENERATED ALWAYS AS (qty + 1) STORED",
	"ALTER TABLE orders ADD COLUMN n positive",
	"ALTER TABLE orders ADD COLUMN qty serial",
	"ALTER TABLE orders ADD COLUMN n serial UNIQUE WITH (fillfactor = 70)",
	"ALTER TABLE orders ADD COLUMN n int CHECK (n > 0) CHECK (n < 9)",
	"ALTER TABLE events ADD UNIQUE (id, at)",
	"ALTER TABLE events ADD PRIMARY KEY (id, at)",
	"ALTER TABLE events ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY",
	"ALTER TABLE ONLY events ADD CHECK (id > 0)",
	"ALTER TABLE orders ADD CONSTRAINT code_check CHECK (qty > 0)",
	"ALTER TABLE orders ADD CONSTRAINT orders_tag_idx UNIQUE (qty)",
	"ALTER TABLE orders ADD UNIQUE (qty) WITH (fillfactor = 70)",
	"ALTER TABLE orders ADD UNIQUE (qty) USING INDEX TABLESPACE fast",
	"CREATE INDEX orders_tag_idx ON orders (qty)",
	"CREATE INDEX logs_id_uq ON orders (qty)",
	"DROP INDEX orders_pkey",
	"DROP INDEX orders_tag_idx CASCADE",
	"DROP INDEX orders_tag_idx, orders_pkey",
};

Test(recipe, there_is_no_safe_form_for)
{
	for (size_t i = 0; i < sizeof(infeasible) / sizeof(infeasible[0]); i++)
		cr_expect_null(plan_of(infeasible[i], NULL), "%s", infeasible[i]);
}

/* A second walk behind the check finds what was written past the first. */
Test(recipe, bad_writes_are_accepted_until_the_check_is_there)
{
	static const char sql[] = "ALTER TABLE orders ALTER COLUMN qty TYPE bigint";
	static const char *const landmarks[] = {"CREATE FUNCTION", "EXCEPTION WHEN data_exception",
		"CREATE TRIGGER", " ; UPDATE", " ; CREATE OR REPLACE FUNCTION",
		" & ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT", " ; UPDATE", "VALIDATE"};
	const char *at = joined(plan_of(sql, NULL));

	cr_expect_null(strstr(at, "EXCEPTION"), "not unless it is asked for");
	settings.accept_bad_writes = true;
	at = joined(plan_of(sql, NULL));
	for (size_t i = 0; i < sizeof(landmarks) / sizeof(landmarks[0]); i++) {
		at = strstr(at, landmarks[i]);
		cr_assert_not_null(at, "%s", landmarks[i]);
	}
}

/* The table has key (a, b), another unique index over lower(c), and column d. */
static const struct index_facts bulk_indexes[] = {
	{.name = {"public", "i"},
		.unique = true,
		.valid = true,
		.immediate = true,
		.plain_order = true,
		.n_columns = 2,
		.columns = (const char *const[]){"a", "b"}},
	{.name = {"public", "j"},
		.unique = true,
		.valid = true,
		.immediate = true,
		.has_expressions = true,
		.n_columns = 1,
		.columns = (const char *const[]){NULL},
		.n_mentions = 1,
		.mentions = (const char *const[]){"c"}},
};
static const struct column_facts bulk_columns[] = {
	{.name = "a", .not_null = true},
	{.name = "b", .not_null = true},
	{.name = "c"},
	{.name = "d"},
};
static const struct constraint_facts to_itself[] = {
	{.name = "f", .kind = CONSTRAINT_FOREIGN_KEY, .referenced = {"public", "t"}}};
static const struct constraint_facts to_u[] = {
	{.name = "f", .kind = CONSTRAINT_FOREIGN_KEY, .referenced = {"public", "u"}}};
static const struct constraint_facts apart[] = {
	{.name = "x", .kind = CONSTRAINT_EXCLUSION, .columns = NULL}};
static const struct partition_facts abroad[] = {{.name = {"public", "f"}, .kind = 'f'}};
static const struct name other[] = {{"public", "u"}};

static const struct {
	const char *sql;
	struct relation_facts table; /* what differs */
	const char *because; /* a part of it; NULL: feasible */
} bulk[] = {
	{"UPDATE t SET d = d + 1", {.kind = 'r'}, NULL},
	{"UPDATE ONLY t SET d = random()", {.kind = 'r'}, NULL},
	{"UPDATE t SET d = f(t)", {.kind = 'r'}, NULL},
	{"UPDATE t SET d = 1", {.kind = 'p'}, NULL},
	{"DELETE FROM t", {.kind = 'r', .constraints = to_u, .n_constraints = 1}, NULL},
	{"DELETE FROM t", {.kind = 'r', .referencing = other, .n_referencing = 1}, NULL},
	{"UPDATE t SET d = 1", {.kind = 'r', .constraints = to_itself, .n_constraints = 1}, NULL},
	{"UPDATE t SET d = 1", {.kind = 'v'}, "no ordinary table"},
	{"UPDATE t SET d = 1", {.kind = 'f'}, "no ordinary table"},
	{"UPDATE t SET d = 1", {.kind = 'r', .partitions = other, .n_partitions = 1}, "inherit"},
	{"UPDATE ONLY t SET d = 1", {.kind = 'p'}, "ONLY"},
	{"UPDATE t SET d = f(t)", {.kind = 'p'}, "a whole row"},
	{"DELETE FROM t", {.kind = 'p', .partition_tree = abroad, .n_partition_tree = 1},
		"a foreign table"},
	{"DELETE FROM t", {.kind = 'r', .has_rules = true}, "a rule"},
	{"DELETE FROM t", {.kind = 'r', .has_policies = true}, "row security"},
	{"DELETE FROM t", {.kind = 'r', .rows_hidden = true}, "row security"},
	{"DELETE FROM t", {.kind = 'r', .leaf_rows_hidden = true}, "row security"},
	{"DELETE FROM t", {.kind = 'r', .statement_triggers = true}, "a trigger"},
	{"DELETE FROM t", {.kind = 'r', .constraints = to_itself, .n_constraints = 1},
		"refer to each other"},
	{"DELETE FROM t",
		{.kind = 'r',
			.constraints = to_u,
			.n_constraints = 1,
			.referencing = other,
			.n_referencing = 1},
		"refer to each other"},
	{"UPDATE t SET d = 1", {.kind = 'r', .constraints = apart, .n_constraints = 1}, "\"d\""},
	{"UPDATE t SET d = 1, b = 2", {.kind = 'r'}, "it writes \"b\""},
	{"UPDATE t SET (d, c) = (1, 2)", {.kind = 'r'}, "it writes \"c\""},
	{"UPDATE t SET d = 1", {.kind = 'r', .indexes = &bulk_indexes[1], .n_indexes = 1},
		"no unique index"},
	{"UPDATE t SET d = now()", {.kind = 'r'}, "now() differs"},
	{"UPDATE t SET d = pg_catalog.current_setting('x')", {.kind = 'r'}, "reads the session"},
	{"UPDATE t SET d = localtime", {.kind = 'r'}, "the time it asks for"},
	{"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", {.kind = 'r'}, "MERGE"},
	{"UPDATE t SET d = $1", {.kind = 'r'}, "parameters"},
	{"UPDATE t SET d = (SELECT max(d) FROM t)", {.kind = 'r'}, "subquery"},
	{"UPDATE t SET d = 1 RETURNING d", {.kind = 'r'}, "RETURNING"},
	{"DELETE FROM t USING u", {.kind = 'r'}, "other tables"},
	{"WITH w AS (SELECT 1) DELETE FROM t", {.kind = 'r'}, "WITH"},
	{"TRUNCATE t", {.kind = 'r'}, NULL},
	{"TRUNCATE t CASCADE", {.kind = 'r', .constraints = to_u, .n_constraints = 1}, NULL},
	{"TRUNCATE t", {.kind = 'p', .constraints = to_u, .n_constraints = 1}, NULL},
	{"TRUNCATE t", {.kind = 'r', .statement_triggers = true}, NULL}, /* of UPDATE */
	{"TRUNCATE t", {.kind = 'r', .emptying_triggers = true}, "a trigger"},
	{"TRUNCATE t", {.kind = 'r', .referencing = other, .n_referencing = 1}, "foreign keys"},
	{"TRUNCATE t, u", {.kind = 'r'}, "several tables"},
	{"TRUNCATE t RESTART IDENTITY", {.kind = 'r'}, "RESTART IDENTITY"},
	{"TRUNCATE t", {.kind = 'r', .has_policies = true}, "row security"},
	{"TRUNCATE t", {.kind = 'p', .partition_tree = abroad, .n_partition_tree = 1},
		"a foreign table"},
	{"TRUNCATE t", {.kind = 'r', .indexes = &bulk_indexes[1], .n_indexes = 1},
		"no unique index"},
};

Test(recipe, every_row_in_batches_or_why_not)
{
	for (size_t i = 0; i < sizeof(bulk) / sizeof(bulk[0]); i++) {
		struct relation_facts table = bulk[i].table;
		struct facts facts = {.known = true, .relations = &table, .n_relations = 1};
		const struct plan *plan;

		table.asked = (struct name){NULL, "t"};
		table.name = (struct name){"public", "t"};
		table.exists = true;
		table.oid = 9;
		table.columns = bulk_columns;
		table.n_columns = 4;
		if (table.indexes == NULL) {
			table.indexes = bulk_indexes;
			table.n_indexes = 2;
		}
		plan = attempted(bulk[i].sql, &facts);
		cr_expect_eq(plan->n_steps > 0, bulk[i].because == NULL, "%s: %s", bulk[i].sql,
			plan->impossible_because);
		if (bulk[i].because != NULL)
			cr_expect(plan->impossible_because != NULL &&
					  strstr(plan->impossible_because, bulk[i].because) != NULL,
				"case %zu: %s: %s", i, bulk[i].sql, plan->impossible_because);
		else
			cr_expect_str_eq(plan->steps[0].bulk->key_sql, "\"a\", \"b\"");
	}
}

static const struct label_facts by_view[] = {{"old", "view v", false}},
				by_function[] = {{"old", "function f", true}},
				by_other[] = {{"other", "view v", false}};

/* A column of an enum, what else is known of the type, and why old does not become new. */
static const struct {
	struct type_column column;
	struct type_facts type;
	const char *because; /* a part of it; NULL: feasible */
} labels[] = {
	{{.writable = true}, {.embedded = false}, NULL},
	{{.writable = true, .list = true, .default_sql = "'old'::e"}, {.embedded = false}, NULL},
	{{.writable = true, .default_sql = "'older'::e"}, {.embedded = false}, "in an expression"},
	{{.writable = true, .default_sql = "f('old'::e)"}, {.embedded = false}, "in an expression"},
	{{.writable = true}, {.named = by_function, .n_named = 1}, NULL},
	{{.writable = true}, {.named = by_other, .n_named = 1}, NULL},
	{{.writable = true}, {.named = by_view, .n_named = 1}, "view v would go on"},
	{{.writable = true}, {.embedded = true}, "a row type"},
	{{.writable = true, .key = true}, {.embedded = false}, "unique"},
	{{.writable = true, .kind = 'f'}, {.embedded = false}, "a foreign table"},
	{{.kind = 'r'}, {.embedded = false}, "owner"},
};

Test(recipe, a_label_is_moved_or_why_not)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct name name = {"s", "t"};
		struct type_column column = labels[i].column;
		struct type_facts type = labels[i].type;
		struct relation_facts table = {
			.asked = name, .name = name, .exists = true, .oid = 9, .kind = 'r'};
		struct facts facts = {.known = true,
			.relations = &table,
			.n_relations = 1,
			.types = &type,
			.n_types = 1};
		const struct plan *plan;

		column.table = name;
		column.column = "c";
		type.asked = (struct name){NULL, "e"};
		type.name = (struct name){"s", "e"};
		type.exists = true;
		type.oid = 8;
		type.columns = &column;
		type.used_by = &name;
		type.n_columns = type.n_used_by = 1;
		plan = attempted("ALTER TYPE e RENAME VALUE 'old' TO 'new'", &facts);
		cr_expect_eq(plan->n_steps > 0, labels[i].because == NULL, "case %zu: %s", i,
			plan->impossible_because);
		if (labels[i].because != NULL)
			cr_expect(
				plan->impossible_because != NULL &&
					strstr(plan->impossible_because, labels[i].because) != NULL,
				"case %zu: %s", i, plan->impossible_because);
	}
}

/* A default of each partition is a step of its own. */
Test(recipe, too_many_defaults_are_too_much)
{
	enum { MANY = PLAN_STEPS_MAX };
	struct type_column *columns = arena_alloc(&arena, MANY * sizeof(*columns));
	struct name name = {"s", "t"};
	struct relation_facts table = {
		.asked = name, .name = name, .exists = true, .oid = 9, .kind = 'p'};
	struct type_facts type = {.asked = {NULL, "e"},
		.name = {"s", "e"},
		.exists = true,
		.oid = 8,
		.columns = columns,
		.n_columns = MANY,
		.used_by = &name,
		.n_used_by = 1};
	struct facts facts = {
		.known = true, .relations = &table, .n_relations = 1, .types = &type, .n_types = 1};
	const struct plan *plan;

	for (size_t i = 0; i < MANY; i++)
		columns[i] = (struct type_column){.table = {"s", arena_printf(&arena, "t%zu", i)},
			.column = "c",
			.inherited = i > 0,
			.writable = true,
			.default_sql = "'old'::e"};
	columns[0].table = name;
	plan = attempted("ALTER TYPE e RENAME VALUE 'old' TO 'new'", &facts);
	cr_expect_eq(plan->n_steps, 0u);
	cr_expect_not_null(strstr(plan->impossible_because, "too many for one plan"));
}

Test(recipe, too_many_partitions_are_too_much)
{
	enum { MANY = PLAN_STEPS_MAX / 2 + 1 };
	struct partition_facts *tree = arena_alloc(&arena, MANY * sizeof(*tree));
	struct name *leaves = arena_alloc(&arena, MANY * sizeof(*leaves));
	struct name p = {"public", "p"};
	struct relation_facts table = {.asked = {NULL, "p"},
		.exists = true,
		.oid = 9,
		.name = p,
		.kind = 'p',
		.persistence = 'p',
		.rows = 1e6,
		.partition_tree = tree,
		.n_partition_tree = MANY,
		.partitions = leaves,
		.n_partitions = MANY};
	struct facts facts = {
		.known = true, .server_version = 150000, .relations = &table, .n_relations = 1};

	for (size_t i = 0; i < MANY; i++) {
		leaves[i] = (struct name){"public", arena_printf(&arena, "p%zu", i)};
		tree[i] = (struct partition_facts){.name = leaves[i], .parent = p, .kind = 'r'};
	}
	cr_expect_null(plan_of("CREATE INDEX ON p (a)", &facts));
	cr_expect_null(plan_of("ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES u", &facts));
	table.n_partition_tree = table.n_partitions = 2;
	cr_expect_not_null(plan_of("CREATE INDEX ON p (a)", &facts));
	cr_expect_not_null(plan_of("ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES u", &facts));
	facts.server_version = 180000;
	cr_expect_eq(
		plan_of("ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES u", &facts)->n_steps, 2u);
	tree[1].kind = 'f';
	cr_expect_null(plan_of("CREATE INDEX ON p (a)", &facts));
}

Test(recipe, a_default_fills_before_the_check_appears)
{
	struct column_facts column = {.name = "c", .default_sql = "0"};
	struct relation_facts table = {.asked = {NULL, "t"},
		.exists = true,
		.oid = 9,
		.name = {"public", "t"},
		.kind = 'r',
		.persistence = 'p',
		.rows = 1e6,
		.columns = &column,
		.n_columns = 1};
	struct facts facts = {.known = true, .relations = &table, .n_relations = 1};
	const struct plan *plan = plan_of("ALTER TABLE t ALTER c SET NOT NULL", &facts);

	cr_assert_not_null(plan);
	cr_expect_eq(plan->steps[0].kind, STEP_BACKFILL);
	cr_expect_eq(plan->steps[1].kind, STEP_CATALOG);
	cr_expect_not(plan->steps[1].in_client_transaction);
	cr_expect_eq(plan->steps[2].kind, STEP_BACKFILL);
	table.update_rules = true;
	cr_expect_eq(plan_of("ALTER TABLE t ALTER c SET NOT NULL", &facts)->steps[0].kind,
		STEP_CATALOG, "what a rule diverts fills nothing");
	table.update_rules = false;
	column.default_sql = "NULL::character varying";
	plan = plan_of("ALTER TABLE t ALTER c SET NOT NULL", &facts);
	cr_expect_eq(plan->steps[0].kind, STEP_CATALOG);
	cr_expect(plan->steps[0].in_client_transaction);
}

/* Of a table whose rows an UPDATE does not write, or whose new column others would meet. */
static const struct {
	const char *sql;
	struct relation_facts table; /* what differs */
	const char *because; /* a part of it; NULL: feasible */
} in_the_way[] = {
	{"ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()", {.kind = 'r'}, NULL},
	{"ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()", {.update_rules = true}, "a rule"},
	{"ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()", {.kind = 'r', .unidentified = "ud"},
		"replica identity"},
	{"ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()", {.leaf_rows_hidden = true},
		"may hide rows"},
	{"ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()", {.published = "publication p"},
		NULL},
	{"ALTER TABLE t ADD u int DEFAULT 1 UNIQUE", {.update_rules = true}, NULL},
	{"ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()",
		{.has_rules = true, .rows_hidden = true}, NULL},
	{"ALTER TABLE t ALTER c TYPE bigint", {.kind = 'r'}, NULL},
	{"ALTER TABLE t ALTER c TYPE bigint", {.has_rules = true}, NULL},
	{"ALTER TABLE t ALTER c TYPE bigint", {.update_rules = true}, "a rule"},
	{"ALTER TABLE t ALTER c TYPE bigint", {.leaf_rows_hidden = true}, "may hide rows"},
	{"ALTER TABLE t ALTER c TYPE bigint", {.row_type_used = true}, "0A000"},
	{"ALTER TABLE t ALTER c TYPE bigint", {.published = "publication p"},
		"publication p sends every column"},
};

Test(recipe, what_no_update_fills_is_refused)
{
	for (size_t i = 0; i < sizeof(in_the_way) / sizeof(in_the_way[0]); i++) {
		struct column_facts column = {
			.name = "c", .number = 1, .base_type = "int4", .type_sql = "integer"};
		struct relation_facts table = in_the_way[i].table;
		struct facts facts = {.known = true, .relations = &table, .n_relations = 1};
		const struct plan *plan;

		table.asked = (struct name){NULL, "t"};
		table.name = (struct name){"public", "t"};
		table.exists = true;
		table.oid = 9;
		table.kind = 'r';
		table.persistence = 'p';
		table.rows = 1e6;
		table.columns = &column;
		table.n_columns = 1;
		plan = attempted(in_the_way[i].sql, &facts);
		cr_expect_eq(plan->n_steps > 0, in_the_way[i].because == NULL, "case %zu: %s", i,
			plan->impossible_because);
		if (in_the_way[i].because != NULL)
			cr_expect(plan->impossible_because != NULL &&
					  strstr(plan->impossible_because, in_the_way[i].because) !=
						  NULL,
				"case %zu: %s", i, plan->impossible_because);
	}
}

/* Lists of a type without an equality have none either; a literal takes the column's type. */
Test(recipe, what_is_compared_and_tried_of_a_new_type)
{
	struct column_facts column = {
		.name = "c", .number = 1, .base_type = "text", .type_sql = "text"};
	struct relation_facts table = {.asked = {NULL, "t"},
		.exists = true,
		.oid = 9,
		.name = {"public", "t"},
		.kind = 'r',
		.persistence = 'p',
		.rows = 1e6,
		.columns = &column,
		.n_columns = 1};
	struct facts facts = {.known = true, .relations = &table, .n_relations = 1};
	const char *steps = joined(plan_of("ALTER TABLE t ALTER c TYPE json[] USING NULL", &facts));

	cr_expect_null(strstr(steps, "IS NOT DISTINCT FROM"), "%s", steps);
	cr_expect_not_null(strstr(steps, "SET \"c_new\" = (NULL) WHERE false"), "%s", steps);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "facts_track.h"

#include <criterion/criterion.h>

#include "arena.h"
#include "fixture.h"
#include "model.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(facts_track, .fini = free_arena);

/* Facts as the statement behind the last one of sql would meet them. */
static struct facts after(const char *sql)
{
	struct stmts stmts = fixture_parse(&arena, sql);
	struct facts facts = fixture_facts(&arena, &stmts);
	struct facts_track track;

	track_start(&arena, &track, &facts, 64, false);
	for (size_t i = 0; i < stmts.n; i++) {
		for (size_t k = 0; k < stmts.items[i].n_actions; k++)
			track_action(&track, &stmts.items[i].actions[k]);
		track_statement(&track, &stmts.items[i]);
	}
	return track.facts;
}

static const struct relation_facts *relation(
	const struct facts *facts, const char *schema, const char *name)
{
	return facts_relation(facts, &(struct name){.schema = schema, .name = name});
}

Test(facts_track, a_created_table_is_new)
{
	static const struct {
		const char *sql;
		bool made;
	} rows[] = {
		{"CREATE TABLE n (id int)", true},
		{"CREATE TABLE IF NOT EXISTS n (id int)", true},
		{"CREATE TABLE n AS SELECT 1 AS a", true},
		{"SELECT 1 AS a INTO n", true},
		{"CREATE TABLE n (id int); DROP TABLE n", false},
		{"CREATE TABLE n (id int); ROLLBACK", false},
		{"CREATE TABLE n (id int); SET search_path = x", false},
		{"CREATE TABLE n (id int); SET SCHEMA 'x'", false},
		{"CREATE TABLE n (id int); SET ROLE x", false},
		{"CREATE TABLE n (id int); /* */ RESET ALL", false},
		{"CREATE TABLE n (id int); SELECT set_config('search_path', 'x', false)", false},
		{"CREATE TABLE n (id int); EXECUTE x", false},
		{"CREATE TABLE n (id int); DO $$ BEGIN END $$", false},
		{"CREATE TABLE n (id int); SET client_min_messages = error", true},
		{"CREATE TABLE n (id int); INSERT INTO n VALUES (1), (2)", true},
		{"CREATE TABLE n (id int); INSERT INTO n SELECT id FROM roles", false},
		{"BEGIN; CREATE TABLE n (id int); INSERT INTO n SELECT id FROM roles", true},
		{"BEGIN; CREATE TABLE n (id int); INSERT INTO n SELECT id FROM roles; COMMIT",
			false},
		{"BEGIN; CREATE TABLE n (id int); COPY n FROM STDIN; COMMIT", false},
		{"BEGIN; CREATE TABLE n (id int); COMMIT", true},
		{"CREATE TABLE public.n (id int)", true},
		{"CREATE TABLE other.n (id int)", false},
		{"CREATE TABLE m (id int); ALTER TABLE m RENAME TO n", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts facts = after(rows[i].sql);
		const struct relation_facts *n = relation(&facts, NULL, "n");

		cr_expect_eq(
			n != NULL && n->created_in_transaction, rows[i].made, "%s", rows[i].sql);
	}
}

Test(facts_track, an_existing_table_stays_what_it_is)
{
	struct facts facts = after("CREATE TABLE IF NOT EXISTS orders (id int)");

	cr_assert_not_null(relation(&facts, NULL, "orders"));
	cr_expect_not(relation(&facts, NULL, "orders")->created_in_transaction);
}

Test(facts_track, renames_carry_the_facts)
{
	struct facts facts = after("ALTER TABLE orders RENAME TO o; ALTER TABLE o SET SCHEMA s");
	const struct relation_facts *moved = relation(&facts, "s", "o");

	cr_assert_not_null(moved);
	cr_expect_eq(moved->pages, 3072);
	cr_expect_null(relation(&facts, NULL, "orders"));
	cr_expect_null(relation(&facts, NULL, "o"));
}

Test(facts_track, columns)
{
	struct facts facts =
		after("ALTER TABLE orders ADD c int NOT NULL DEFAULT 1, DROP qty;"
		      "ALTER TABLE orders RENAME status TO state;"
		      "ALTER TABLE orders ALTER note TYPE int USING 1;"
		      "ALTER TABLE orders ALTER email SET NOT NULL, ALTER id DROP NOT NULL");
	const struct relation_facts *orders = relation(&facts, NULL, "orders");

	cr_assert_not_null(facts_column(orders, "c"));
	cr_expect(facts_column(orders, "c")->not_null);
	cr_expect_null(facts_column(orders, "qty"));
	cr_expect_null(facts_column(orders, "status"));
	cr_expect_not_null(facts_column(orders, "state"));
	cr_expect_str_eq(facts_column(orders, "note")->base_type, "int4");
	cr_expect(facts_column(orders, "note")->retyped);
	cr_expect(facts_column(orders, "email")->not_null);
	cr_expect_not(facts_column(orders, "id")->not_null);
}

Test(facts_track, every_spelling_of_a_table_changes)
{
	struct facts facts =
		after("ALTER TABLE orders DROP CONSTRAINT email_nn;"
		      "ALTER TABLE public.orders ADD CONSTRAINT k CHECK (qty IS NOT NULL) "
		      "NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT phone_nn");

	for (size_t i = 0; i < 2; i++) {
		const struct relation_facts *orders =
			relation(&facts, i == 0 ? NULL : "public", "orders");

		cr_expect_null(facts_constraint(orders, "email_nn"));
		cr_expect(facts_constraint(orders, "phone_nn")->validated);
		cr_expect_not(facts_constraint(orders, "k")->validated);
	}
}

Test(facts_track, the_catalog_itself_is_not_touched)
{
	struct stmts stmts = fixture_parse(&arena,
		"ALTER TABLE orders ALTER id DROP NOT NULL, DROP CONSTRAINT email_nn, DROP qty");
	struct facts facts = fixture_facts(&arena, &stmts);
	const struct relation_facts *orders = relation(&facts, NULL, "orders");
	struct facts_track track;

	track_start(&arena, &track, &facts, stmts.items[0].n_actions, false);
	for (size_t i = 0; i < stmts.items[0].n_actions; i++)
		track_action(&track, &stmts.items[0].actions[i]);
	cr_expect(facts_column(orders, "id")->not_null);
	cr_expect_not_null(facts_column(orders, "qty"));
	cr_expect_not_null(facts_constraint(orders, "email_nn"));
}

Test(facts_track, lock_timeout)
{
	static const struct {
		const char *sql;
		int64_t ms;
	} rows[] = {
		{"SET lock_timeout = '5s'", 5000},
		{"SET lock_timeout = 250", 250},
		{"SET LOCAL lock_timeout TO '1min'", 60000},
		{"SET lock_timeout = '1500 ms'", 1500},
		{"SET lock_timeout = 0", 0},
		{"SET lock_timeout = 'soon'", 0},
		{"SET statement_timeout = '5s'", 0},
		{"SET lock_timeout = '5s'; RESET lock_timeout", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(after(rows[i].sql).lock_timeout_ms, rows[i].ms, "%s: %lld",
			rows[i].sql, (long long)after(rows[i].sql).lock_timeout_ms);
}

Test(facts_track, transactions)
{
	cr_expect(after("BEGIN").in_transaction);
	cr_expect_not(after("BEGIN; COMMIT").in_transaction);
	cr_expect(after("BEGIN; SAVEPOINT a; ROLLBACK TO a").in_transaction);
	cr_expect_not(after("BEGIN; ROLLBACK").in_transaction);
}

Test(facts_track, functions_and_types_made_anew_are_not_trusted)
{
	struct facts facts = after(
		"ALTER TABLE orders ADD a timestamptz DEFAULT now(), ADD b plain_dom;"
		"CREATE OR REPLACE FUNCTION now() RETURNS timestamptz LANGUAGE sql AS 'select "
		"clock_timestamp()';"
		"ALTER DOMAIN plain_dom ADD CONSTRAINT k CHECK (value > 0)");
	const struct type_facts *type = facts_type(&facts, &(struct name){.name = "plain_dom"});

	cr_expect_eq(facts_volatility(&facts, &(struct name){.name = "now"}), 'v');
	cr_assert_not_null(type);
	cr_expect(type->domain_constrained);
}

static bool enum_has(const struct facts *facts, const char *type, const char *label)
{
	const struct type_facts *found = facts_type(facts, &(struct name){.name = type});

	return found != NULL && names_contain(found->labels, found->n_labels, label);
}

Test(facts_track, types_and_their_labels_are_renamed)
{
	struct facts facts = after("ALTER TYPE mood_enum ADD VALUE 'glad' BEFORE 'ok';"
				   "ALTER TYPE mood_enum RENAME VALUE 'sad' TO 'blue';"
				   "ALTER TYPE mood_enum RENAME TO old_mood;"
				   "ALTER TYPE old_mood ADD VALUE 'x';"
				   "CREATE TYPE mood_enum AS ENUM ('new')");
	const struct type_facts *made = facts_type(&facts, &(struct name){.name = "mood_enum"});

	cr_expect(enum_has(&facts, "old_mood", "glad") && enum_has(&facts, "old_mood", "x"));
	cr_expect(enum_has(&facts, "old_mood", "blue") && !enum_has(&facts, "old_mood", "sad"));
	cr_assert_not_null(made);
	cr_expect(made->created_in_transaction && made->kind == 0);
	cr_expect_not(enum_has(&facts, "mood_enum", "ok"));
}

Test(facts_track, an_index_without_a_name_gets_the_one_that_PostgreSQL_chooses)
{
	static const struct {
		const char *sql, *index;
		bool there;
	} rows[] = {
		{"CREATE TABLE n (a int); CREATE INDEX ON n (a)", "n_a_idx", true},
		{"CREATE TABLE n (a int); CREATE INDEX ON n (a); CREATE INDEX ON n (a)", "n_a_idx1",
			true},
		{"CREATE TABLE n (a int, b int); CREATE INDEX ON n (a, (b + 1)) INCLUDE (b)",
			"n_a_expr_b_idx", true},
		{"CREATE TABLE n (a int); CREATE INDEX i ON n (a)", "n_a_idx", false},
		{"CREATE TABLE n (a int); CREATE INDEX ON n (a); DROP INDEX n_a_idx", "n_a_idx",
			false},
		{"CREATE TABLE public.n (a int); CREATE INDEX ON public.n (a)", "n_a_idx", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts facts = after(rows[i].sql);
		const struct relation_facts *index = relation(&facts, NULL, rows[i].index);

		cr_expect_eq(index != NULL && index->kind == 'i' && index->created_in_transaction,
			rows[i].there, "%s", rows[i].sql);
	}
}

Test(facts_track, triggers_policies_and_rules_come_and_go)
{
	static const struct {
		const char *sql;
		enum attached_kind kind;
		const char *name;
		bool there;
	} rows[] = {
		{"CREATE TRIGGER n BEFORE INSERT ON orders EXECUTE FUNCTION f()", ATTACHED_TRIGGER,
			"n", true},
		{"CREATE TRIGGER n BEFORE INSERT ON orders EXECUTE FUNCTION f()", ATTACHED_RULE,
			"n", false},
		{"DROP TRIGGER tr ON orders", ATTACHED_TRIGGER, "tr", false},
		{"DROP RULE tr ON orders", ATTACHED_TRIGGER, "tr", true},
		{"ALTER TRIGGER tr ON orders RENAME TO n", ATTACHED_TRIGGER, "tr", false},
		{"ALTER TRIGGER tr ON public.orders RENAME TO n", ATTACHED_TRIGGER, "n", true},
		{"CREATE POLICY n ON orders USING (true)", ATTACHED_POLICY, "n", true},
		{"CREATE POLICY n ON orders USING (true); DROP POLICY n ON orders", ATTACHED_POLICY,
			"n", false},
		{"ALTER POLICY p ON orders RENAME TO n", ATTACHED_POLICY, "n", true},
		{"ALTER POLICY p ON orders USING (false)", ATTACHED_POLICY, "p", true},
		{"CREATE RULE n AS ON DELETE TO orders DO ALSO NOTHING", ATTACHED_RULE, "n", true},
		{"DROP RULE r ON orders", ATTACHED_RULE, "r", false},
		{"ALTER TABLE orders DROP COLUMN watched CASCADE", ATTACHED_TRIGGER, "tr", false},
		{"ALTER TABLE orders DROP COLUMN qty CASCADE", ATTACHED_TRIGGER, "tr", true},
		{"CREATE TRIGGER n AFTER UPDATE OF qty ON orders EXECUTE FUNCTION f();"
		 "ALTER TABLE orders DROP COLUMN qty CASCADE",
			ATTACHED_TRIGGER, "n", false},
		{"CREATE TRIGGER n AFTER UPDATE ON orders FOR EACH ROW WHEN (old.qty > 3) EXECUTE "
		 "FUNCTION f(); ALTER TABLE orders DROP COLUMN qty CASCADE",
			ATTACHED_TRIGGER, "n", false},
		{"CREATE POLICY n ON orders USING (qty > 3);"
		 "ALTER TABLE orders DROP COLUMN qty CASCADE",
			ATTACHED_POLICY, "n", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts facts = after(rows[i].sql);
		const struct relation_facts *orders = relation(&facts, NULL, "orders");

		cr_expect_eq(facts_attached(orders, rows[i].kind, rows[i].name) != NULL,
			rows[i].there, "%s", rows[i].sql);
	}
}

Test(facts_track, what_stands_on_a_column_comes_and_goes)
{
	static const struct {
		const char *sql, *column;
		size_t n;
	} rows[] = {
		{"CREATE TRIGGER n AFTER UPDATE OF qty ON orders EXECUTE FUNCTION f()", "qty", 1},
		{"CREATE TRIGGER n AFTER UPDATE OF qty ON orders EXECUTE FUNCTION f()", "price", 0},
		{"CREATE TRIGGER n AFTER UPDATE OF qty ON orders EXECUTE FUNCTION f();"
		 "DROP TRIGGER n ON orders",
			"qty", 0},
		{"CREATE POLICY n ON orders USING (qty > 3)", "qty", 1},
		{"CREATE POLICY n ON orders USING (qty > 3); DROP POLICY n ON orders", "qty", 0},
		{"DROP TRIGGER tr ON orders", "watched", 0},
		{"ALTER TRIGGER tr ON orders RENAME TO x; DROP TRIGGER x ON orders", "watched", 0},
		{"DROP VIEW v_orders; COMMENT ON TABLE orders IS 'x'", "seen", 0},
		{"DROP VIEW v_orders; COMMENT ON TABLE orders IS 'x'", "watched", 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts facts = after(rows[i].sql);
		const struct column_facts *column =
			facts_column(relation(&facts, NULL, "orders"), rows[i].column);

		cr_expect_eq(column->n_dependents, rows[i].n, "%s", rows[i].sql);
		cr_expect(column->drops.cascade_needed == (rows[i].n > 0) ||
				  column->drops.n_along == 0,
			"%s", rows[i].sql);
	}
}

/* A dump has thousands: an index finds what looking at each of them would. */
Test(facts_track, many_relations_are_found_as_few_are)
{
	static const char *const then[] = {
		"",
		"ALTER TABLE t5 RENAME TO s5; CREATE TABLE t5 (id int)",
		"DROP TABLE t7; CREATE TABLE u7 (id int)",
		"DROP TABLE t8; CREATE TABLE t8 (id int)",
		"ALTER TABLE t9 SET SCHEMA other; ALTER TABLE t10 RENAME TO t9",
		"BEGIN; CREATE TABLE s1 (id int); ALTER TABLE t2 RENAME TO s2; ROLLBACK; SELECT 1",
		"SET search_path = other; CREATE TABLE t1 (id int)",
	};
	const char *made = "";

	for (int i = 0; i < 100; i++)
		made = arena_printf(&arena, "%sCREATE TABLE t%d (id int); ", made, i);
	for (size_t i = 0; i < sizeof(then) / sizeof(*then); i++) {
		struct facts facts = after(arena_printf(&arena, "%s%s", made, then[i])), one_by_one;

		cr_expect_not_null(facts.index, "%s", then[i]);
		one_by_one = facts;
		one_by_one.index = NULL;
		for (int k = 0; k < 200; k++) {
			const char *name = arena_printf(&arena, "%c%d", "stu"[k % 3], k / 3);

			cr_expect_eq(relation(&facts, NULL, name),
				relation(&one_by_one, NULL, name), "%s: %s", then[i], name);
			cr_expect_eq(relation(&facts, "other", name),
				relation(&one_by_one, "other", name), "%s: %s", then[i], name);
		}
	}
}

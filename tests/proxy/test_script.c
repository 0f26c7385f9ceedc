/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "rule.h"
#include "script.h"

static struct script read_text(struct arena *arena, const char *text)
{
	static const struct script_options options = {.limits = &head_limits_default};

	return script_read(arena, "x.sql", text, strlen(text), &options);
}

Test(script, places)
{
	struct arena arena = {0};
	struct script script = read_text(&arena, "SELECT 1;\r\n\t\xc3\xbc SELECT 2;");
	static const struct {
		size_t at;
		unsigned line, column;
	} cases[] = {
		{0, 1, 1}, {8, 1, 9}, {10, 1, 11}, {11, 2, 1}, {12, 2, 2}, {15, 2, 4}, {24, 2, 13}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct place place = script_place(&script, cases[i].at);

		cr_expect_eq(place.line, cases[i].line, "%zu", cases[i].at);
		cr_expect_eq(place.column, cases[i].column, "%zu: %u", cases[i].at, place.column);
	}
	arena_free(&arena);
}

Test(script, clauses_keep_their_place_in_the_file)
{
	static const char text[] = "SELECT 1;\nALTER TABLE t ADD a int,\n ALTER b SET NOT NULL;";
	struct arena arena = {0};
	struct script script = read_text(&arena, text);
	const struct stmt *stmt = &script.stmts[1].stmt;

	cr_assert_eq(script.n_stmts, 2);
	cr_assert_eq(stmt->n_actions, 2);
	cr_expect_eq(text + stmt->actions[0].location, strstr(text, "ADD"));
	cr_expect_eq(text + stmt->actions[1].location, strstr(text, "ALTER b"));
	arena_free(&arena);
}

Test(script, errors_hide_no_other_statement)
{
	static const struct {
		const char *text;
		size_t n, refused, at; /* at: where the first is wrong */
	} cases[] = {
		{"SELECT 1; SELECT 2", 2, 0, 0},
		{"SELEC; SELECT 2", 2, 1, 0},
		{"SELECT 1; SELECT \xc3\xbc x y; SELECT 3", 3, 1, 22},
		{"CREATE TABLE a (b int; SELECT 1; SELECT 2;", 3, 1, 21},
		{"SELECT :a; DROP TABLE ${t}", 2, 0, 0},
		{"SELECT 'x", 1, 1, 7},
		{"CREATE TABLE ${s}.t (a int,)", 1, 1, 27},
		{"CREATE TABLE ${s}.t (a ${open)", 1, 1, 23},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script script = read_text(&arena, cases[i].text);
		size_t refused = 0, at = 0;

		for (size_t j = script.n_stmts; j-- > 0;)
			if (script.stmts[j].error != NULL) {
				refused++;
				at = script.stmts[j].error_at;
			}
		cr_expect_eq(script.n_stmts, cases[i].n, "%s: %zu", cases[i].text, script.n_stmts);
		cr_expect_eq(refused, cases[i].refused, "%s", cases[i].text);
		cr_expect_eq(at, cases[i].at, "%s: %zu", cases[i].text, at);
	}
	arena_free(&arena);
}

Test(script, suppressions)
{
	static const struct {
		const char *comment;
		size_t n_rules;
		const char *reason, *error; /* one of them */
	} cases[] = {
		{"-- phasegate: allow drop-table because it is old ", 1, "it is old", NULL},
		{"--phasegate:allow drop-table,truncate because x", 2, "x", NULL},
		{"---- PhaseGate: ALLOW drop-table , truncate BECAUSE x\r", 2, "x", NULL},
		{"-- phasegate: allow drop-table", 0, NULL, "no reason"},
		{"-- phasegate: allow drop-table because", 0, NULL, "no reason"},
		{"-- phasegate: allow because x", 0, NULL, "no rule"},
		{"-- phasegate: allow nothing because x", 0, NULL, "\"nothing\""},
		{"-- phasegate: forbid drop-table", 0, NULL, "understood"},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *comment = cases[i].comment;
		struct suppression found;

		cr_assert(
			suppression_read(&arena, comment, strlen(comment), &found), "%s", comment);
		cr_expect_eq(suppression_covers(&found, rule_by_id("drop-table")),
			cases[i].error == NULL, "%s", comment);
		if (cases[i].error != NULL) {
			cr_expect(
				found.error != NULL && strstr(found.error, cases[i].error) != NULL,
				"%s: %s", comment, found.error);
			continue;
		}
		cr_expect_eq(found.n_rules, cases[i].n_rules, "%s", comment);
		cr_expect_str_eq(found.reason, cases[i].reason, "%s", comment);
	}
	cr_expect_not(suppression_read(
		&arena, "-- about phasegate: allow", 25, &(struct suppression){0}));
	arena_free(&arena);
}

/* The functions of the test have names of one letter. */
static void expect_at_call(const char *place)
{
	const char *behind = place + 1 + strspn(place + 1, " \"");

	cr_expect(strchr("fFgGr", place[0]) != NULL && behind[0] == '(', "%s", place);
}

/* What a call does, the call is judged by: at its place, and outside of the function's own text. */
Test(script, what_a_function_of_the_file_does_its_call_does)
{
#define DROPS                                                                                      \
	"CREATE FUNCTION s.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE t; END $$;"
#define CALLS                                                                                      \
	"CREATE PROCEDURE \"G\"() AS 'SELECT f(); TRUNCATE t' LANGUAGE sql; CREATE FUNCTION r(a "  \
	"int) RETURNS int AS $$ BEGIN RETURN r(a - 1); END $$ LANGUAGE plpgsql;"
	static const struct {
		const char *text, *last;
		size_t n; /* actions of the last statement */
		enum action_kind kinds[2];
	} cases[] = {
		{DROPS, "SELECT s . f (1)", 1, {ACTION_DROP_TABLE}},
		{DROPS, "SELECT g()", 0, {0}},
		{DROPS, "DO $$ BEGIN PERFORM F(); END $$", 1, {ACTION_DROP_TABLE}},
		{DROPS CALLS, "CALL \"G\"()", 2, {ACTION_TRUNCATE, ACTION_DROP_TABLE}},
		{DROPS CALLS, "CALL G()", 0, {0}},
		{DROPS CALLS, "SELECT r(1)", 0, {0}},
		{DROPS, "UPDATE t SET a = f() WHERE id = 1", 1, {ACTION_DROP_TABLE}},
		{"CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE t; "
		 "END $$;",
			"SELECT f('drop')", 1, {ACTION_DYNAMIC_SQL}},
		{"DO $d$ BEGIN CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP TABLE t'; "
		 "END $d$;",
			"SELECT f()", 1, {ACTION_DROP_TABLE}},
		{"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN \\144rop; END';",
			"SELECT f()", 1, {ACTION_DYNAMIC_SQL}},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;", "SELECT f()", 0, {0}},
		{"CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM t; END;", "SELECT f()",
			1, {ACTION_DELETE_WITHOUT_WHERE}},
		{"CREATE FUNCTION f() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY "
		 "DELETE FROM t RETURNING id; END $$;",
			"SELECT * FROM f()", 1, {ACTION_DELETE_WITHOUT_WHERE}},
		{DROPS, "EXPLAIN ANALYZE SELECT f()", 1, {ACTION_DROP_TABLE}},
		{DROPS, "SELECT 1, f()", 1, {ACTION_DROP_TABLE}},
		{DROPS, "PREPARE p AS SELECT f()", 0, {0}},
		{DROPS, "COPY f (a) FROM stdin;\n", 0, {0}},
		{"CREATE FUNCTION f() RETURNS void LANGUAGE plv8 AS 'drop';", "SELECT f()", 0, {0}},
		{DROPS, "COMMENT ON FUNCTION f() IS 'x'", 1, {ACTION_COMMENT}},
		{DROPS, "CREATE TRIGGER a BEFORE INSERT ON t EXECUTE FUNCTION f()", 1,
			{ACTION_CREATE_TRIGGER}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		const char *text = arena_printf(&arena, "%s %s", cases[i].text, cases[i].last);
		struct script script = read_text(&arena, text);
		const struct script_stmt *last = &script.stmts[script.n_stmts - 1];
		size_t n = 0;

		for (size_t k = 0; k < last->stmt.n_actions; k++) {
			const struct action *action = &last->stmt.actions[k];

			if (action->kind == ACTION_HARMLESS || action->kind == ACTION_CHANGE_ROWS ||
				action->kind == ACTION_CALL)
				continue;
			cr_expect(n < cases[i].n && action->kind == cases[i].kinds[n], "%s: %d",
				cases[i].last, (int)action->kind);
			if (last->stmt.inside_code)
				expect_at_call(&cases[i].last[action->location - last->start]);
			n++;
		}
		cr_expect_eq(n, cases[i].n, "%s: %zu actions", cases[i].last, n);
		arena_free(&arena);
	}
}

Test(script, calls_are_followed_to_a_depth)
{
	struct arena arena = {0};
	const char *text = "";
	struct script script;

	for (int i = 0; i < 300; i++)
		text = arena_printf(&arena,
			"%sCREATE FUNCTION f%d() RETURNS void LANGUAGE sql AS 'SELECT f%d()';",
			text, i, i + 1);
	text = arena_printf(&arena, "%sSELECT f0(); SELECT f299();", text);
	script = read_text(&arena, text);
	for (size_t i = 0; i < script.stmts[300].stmt.n_actions; i++)
		cr_expect_eq(script.stmts[300].stmt.actions[i].kind == ACTION_DYNAMIC_SQL,
			i + 1 == script.stmts[300].stmt.n_actions);
	cr_assert_gt(script.stmts[301].stmt.n_actions, 0);
	for (size_t i = 0; i < script.stmts[301].stmt.n_actions; i++)
		cr_expect_eq(script.stmts[301].stmt.actions[i].kind, ACTION_HARMLESS);
	arena_free(&arena);
}

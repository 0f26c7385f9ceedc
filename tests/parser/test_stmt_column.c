/* SPDX-License-Identifier: PostgreSQL */
/* Column definitions, constraints, types and expressions. */
#include "stmt.h"

#include <string.h>

#include <criterion/criterion.h>

#include "stmt_same.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(stmt_column, .fini = free_arena);

static const struct action *altered(const char *command)
{
	const char *sql = arena_printf(&arena, "ALTER TABLE t %s", command);
	struct stmts stmts;
	const char *error = NULL;

	cr_assert_eq(stmt_parse(&arena, sql, strlen(sql), &stmts, &error), 0, "%s: %s", sql, error);
	cr_assert_eq(stmts.n, 1, "%s", sql);
	cr_expect_null(stmt_mismatch(&arena, &stmts.items[0]), "%s: %s", sql,
		stmt_mismatch(&arena, &stmts.items[0]));
	return &stmts.items[0].actions[0];
}

static const struct column_def *column(const char *definition)
{
	return altered(arena_printf(&arena, "ADD %s", definition))->column_def;
}

static const struct expr *expression(const char *sql)
{
	return altered(arena_printf(&arena, "ALTER c SET DEFAULT %s", sql))->expr;
}

Test(stmt_column, types)
{
	static const struct {
		const char *written, *name;
		int n_typmods, typmods[2];
		bool array, serial;
	} rows[] = {
		{"int", .name = "pg_catalog.int4"},
		{"integer", .name = "pg_catalog.int4"},
		{"int4", .name = "pg_catalog.int4"},
		{"pg_catalog.int4", .name = "pg_catalog.int4"},
		{"\"int4\"", .name = "pg_catalog.int4"},
		{"double precision", .name = "pg_catalog.float8"},
		{"float(3)", .name = "pg_catalog.float4"},
		{"text", .name = "pg_catalog.text"},
		{"numeric(10, 2)", "pg_catalog.numeric", 2, {10, 2}, .array = false},
		{"decimal(5)", "pg_catalog.numeric", 1, {5}, .array = false},
		{"varchar(20)", "pg_catalog.varchar", 1, {20}, .array = false},
		{"character varying", .name = "pg_catalog.varchar"},
		{"char(3)", "pg_catalog.bpchar", 1, {3}, .array = false},
		{"char", "pg_catalog.bpchar", 1, {1}, .array = false},
		{"\"char\"", .name = "pg_catalog.char"},
		{"bit varying(4)", "pg_catalog.varbit", 1, {4}, .array = false},
		{"timestamp(3) with time zone", "pg_catalog.timestamptz", 1, {3}, .array = false},
		{"interval(3)", "pg_catalog.interval", 1, {3}, .array = false},
		{"int[]", .name = "pg_catalog.int4", .array = true},
		{"s.t[3][4]", .name = "s.t", .array = true},
		{"int ARRAY[3]", .name = "pg_catalog.int4", .array = true},
		{"geometry(Point, 4326)", .name = "geometry"},
		{"\"My Type\"", .name = "\"My Type\""},
		{"compression", .name = "compression"},
		{"s.storage", .name = "s.storage"},
		{"cascade", .name = "cascade"},
		{"serial", .name = "serial", .serial = true},
		{"serial4", .name = "serial4", .serial = true},
		{"SMALLSERIAL", .name = "smallserial", .serial = true},
		{"serial2", .name = "serial2", .serial = true},
		{"bigserial", .name = "bigserial", .serial = true},
		{"\"serial8\"", .name = "serial8", .serial = true},
		{"pg_catalog.serial", .name = "pg_catalog.serial"},
		{"\"SERIAL\"", .name = "\"SERIAL\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct type_name *type =
			&column(arena_printf(&arena, "c %s NOT NULL", rows[i].written))->type;

		cr_expect_str_eq(type->sql, rows[i].written);
		cr_expect_str_eq(name_text(&arena, &type->name), rows[i].name);
		cr_expect_eq(type->n_typmods, rows[i].n_typmods, "%s", rows[i].written);
		cr_expect_eq(type->typmods[0], rows[i].typmods[0], "%s", rows[i].written);
		cr_expect_eq(type->typmods[1], rows[i].typmods[1], "%s", rows[i].written);
		cr_expect_eq(type->array, rows[i].array, "%s", rows[i].written);
		cr_expect_eq(type->serial, rows[i].serial, "%s", rows[i].written);
	}
}

Test(stmt_column, clauses_in_any_order)
{
	static const char *const rows[] = {
		"a text COMPRESSION pglz COLLATE s.\"x\" DEFAULT ('a' || 'b') NOT NULL CHECK (a > "
		"'')",
		"a text COMPRESSION pglz NOT NULL CHECK (a > '') DEFAULT 'a' || 'b' COLLATE s.x",
		"a text /* DEFAULT 1 */ COMPRESSION pglz CONSTRAINT n NOT NULL COLLATE s.x "
		"CONSTRAINT d "
		"DEFAULT\n(('a' || 'b')) CHECK (a > '')",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct column_def *def = column(rows[i]);

		cr_expect_str_eq(def->name, "a");
		cr_expect_str_eq(def->type.sql, "text");
		cr_expect_str_eq(def->storage_sql, "COMPRESSION pglz");
		cr_expect_str_eq(def->collation_sql, "\"s\".\"x\"");
		cr_expect_str_eq(def->default_expr->sql, "'a' || 'b'", "%s", rows[i]);
		cr_expect(def->not_null);
		cr_assert_eq(def->n_constraints, 1);
		cr_expect_str_eq(def->constraints[0].body_sql, "CHECK (a > '')");
	}
}

/* Only the first of these words is a type. */
Test(stmt_column, types_named_like_clauses)
{
	const struct action *action = altered("ALTER c TYPE restrict USING c::storage");

	cr_expect_str_eq(action->type->sql, "restrict");
	cr_expect_str_eq(action->expr->sql, "c::storage");
	cr_expect_str_eq(column("a compression COMPRESSION pglz")->type.sql, "compression");
	cr_expect_str_eq(column("a compression COMPRESSION pglz")->storage_sql, "COMPRESSION pglz");
	cr_expect_str_eq(column("a s.storage[3] COMPRESSION lz4")->type.sql, "s.storage[3]");
}

Test(stmt_column, bare_column)
{
	const struct column_def *def = column("a int NULL");

	cr_expect_null(def->default_expr);
	cr_expect_null(def->generated);
	cr_expect_null(def->collation_sql);
	cr_expect_not(def->not_null);
	cr_expect_eq(def->identity, 0);
	cr_expect_str_eq(def->identity_options_sql, "");
	cr_expect_str_eq(def->storage_sql, "");
	cr_expect_eq(def->n_constraints, 0);
}

Test(stmt_column, identity_and_generated)
{
	const struct column_def *def =
		column("a int GENERATED BY DEFAULT AS IDENTITY (START WITH 5 INCREMENT 2) UNIQUE");

	cr_expect_eq(def->identity, 'd');
	cr_expect_str_eq(def->identity_options_sql, "(START WITH 5 INCREMENT 2)");
	def = column("a int GENERATED ALWAYS AS IDENTITY");
	cr_expect_eq(def->identity, 'a');
	cr_expect_str_eq(def->identity_options_sql, "");
	def = column("a int GENERATED ALWAYS AS (b + f(1)) STORED");
	cr_expect_str_eq(def->generated->sql, "b + f(1)");
	cr_expect_eq(def->generated->n_functions, 1);
}

/* Inline constraints in the form that ALTER TABLE ADD takes. */
Test(stmt_column, inline_constraints)
{
	static const struct {
		const char *clause, *name, *body;
		enum constraint_kind kind;
	} rows[] = {
		{"CHECK (a > 0) NO INHERIT", NULL, "CHECK (a > 0) NO INHERIT", CONSTRAINT_CHECK},
		{"CONSTRAINT c CHECK (a > 0)", "c", "CHECK (a > 0)", CONSTRAINT_CHECK},
		{"UNIQUE", NULL, "UNIQUE (\"a\")", CONSTRAINT_UNIQUE},
		{"CONSTRAINT \"C\" UNIQUE NULLS NOT DISTINCT WITH (fillfactor = 70) USING INDEX "
		 "TABLESPACE x",
			"C",
			"UNIQUE NULLS NOT DISTINCT (\"a\") WITH (fillfactor = 70) USING INDEX "
			"TABLESPACE x",
			CONSTRAINT_UNIQUE},
		{"PRIMARY KEY", NULL, "PRIMARY KEY (\"a\")", CONSTRAINT_PRIMARY_KEY},
		{"REFERENCES s.u", NULL, "FOREIGN KEY (\"a\") REFERENCES s.u",
			CONSTRAINT_FOREIGN_KEY},
		{"REFERENCES u (b) MATCH FULL ON DELETE SET NULL (a) DEFERRABLE INITIALLY DEFERRED",
			NULL,
			"FOREIGN KEY (\"a\") REFERENCES u (b) MATCH FULL ON DELETE SET NULL (a) "
			"DEFERRABLE INITIALLY DEFERRED",
			CONSTRAINT_FOREIGN_KEY},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct column_def *def =
			column(arena_printf(&arena, "a int %s NULL", rows[i].clause));

		cr_assert_eq(def->n_constraints, 1, "%s", rows[i].clause);
		cr_expect_eq(def->constraints[0].kind, rows[i].kind);
		cr_expect(same_text(def->constraints[0].name, rows[i].name));
		cr_expect_str_eq(def->constraints[0].body_sql, rows[i].body);
		cr_expect_eq(def->constraints[0].n_columns, 1);
		cr_expect_str_eq(def->constraints[0].columns[0], "a");
		cr_expect_eq(def->not_null, rows[i].kind == CONSTRAINT_PRIMARY_KEY);
	}
}

Test(stmt_column, attributes_belong_to_the_constraint_before_them)
{
	const struct column_def *def =
		column("a int UNIQUE DEFERRABLE REFERENCES u NOT DEFERRABLE INITIALLY IMMEDIATE");

	cr_assert_eq(def->n_constraints, 2);
	cr_expect(def->constraints[0].deferrable);
	cr_expect_not(def->constraints[0].initially_deferred);
	cr_expect_str_eq(def->constraints[0].body_sql, "UNIQUE (\"a\") DEFERRABLE");
	cr_expect_not(def->constraints[1].deferrable);
	cr_expect_str_eq(def->constraints[1].body_sql,
		"FOREIGN KEY (\"a\") REFERENCES u NOT DEFERRABLE INITIALLY IMMEDIATE");
	cr_expect(column("a int REFERENCES u INITIALLY DEFERRED")->constraints[0].deferrable);
}

Test(stmt_column, table_constraints)
{
	static const struct {
		const char *sql, *body;
		bool not_valid;
	} rows[] = {
		{"CHECK (a > 0)", "CHECK (a > 0)", false},
		{"CHECK (a > 0) NOT VALID", "CHECK (a > 0)", true},
		{"CONSTRAINT c CHECK (a > 0) NOT VALID NO INHERIT", "CHECK (a > 0) NO INHERIT",
			true},
		{"FOREIGN KEY (a, b) REFERENCES s.u (c, d) ON UPDATE CASCADE NOT DEFERRABLE NOT "
		 "VALID",
			"FOREIGN KEY (a, b) REFERENCES s.u (c, d) ON UPDATE CASCADE NOT DEFERRABLE",
			true},
		{"UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b, c) WITH (fillfactor = 70)",
			"UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b, c) WITH (fillfactor = 70)",
			false},
		{"CONSTRAINT \"not\" PRIMARY KEY USING INDEX i DEFERRABLE",
			"PRIMARY KEY USING INDEX i DEFERRABLE", false},
		{"EXCLUDE USING gist (a WITH =, (b + 1) WITH OPERATOR(pg_catalog.&&)) WHERE (a > "
		 "1)",
			"EXCLUDE USING gist (a WITH =, (b + 1) WITH OPERATOR(pg_catalog.&&)) WHERE "
			"(a > 1)",
			false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct constraint_def *def =
			altered(arena_printf(&arena, "ADD %s", rows[i].sql))->constraint;

		cr_expect_str_eq(def->body_sql, rows[i].body);
		cr_expect_eq(def->not_valid, rows[i].not_valid);
	}
}

Test(stmt_column, constraint_fields)
{
	const struct constraint_def *def =
		altered("ADD CONSTRAINT c FOREIGN KEY (a, b) REFERENCES s.u (x, y)")->constraint;

	cr_expect_str_eq(def->name, "c");
	cr_expect(same_texts(def->columns, def->n_columns, (const char *[]){"a", "b"}, 2));
	cr_expect(same_texts(
		def->referenced_columns, def->n_referenced_columns, (const char *[]){"x", "y"}, 2));
	cr_expect_str_eq(name_text(&arena, &def->referenced), "s.u");

	def = altered("ADD UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b)")->constraint;
	cr_expect_null(def->name);
	cr_expect(def->nulls_not_distinct);
	cr_expect(same_texts(def->include, def->n_include, (const char *[]){"b"}, 1));

	def = altered("ADD CONSTRAINT c UNIQUE USING INDEX i")->constraint;
	cr_expect_str_eq(def->using_index, "i");
	cr_expect_eq(def->n_columns, 0);

	def = altered("ADD CHECK (a IS NOT NULL AND (b IS NOT NULL AND f(c) > 1)) NO INHERIT")
		      ->constraint;
	cr_expect(def->no_inherit);
	cr_expect(same_texts(def->check->not_null_columns, def->check->n_not_null_columns,
		(const char *[]){"a", "b"}, 2));
	cr_expect(same_texts(def->columns, def->n_columns, (const char *[]){"a", "b", "c"}, 3));
}

Test(stmt_column, expressions)
{
	static const struct {
		const char *sql, *functions, *columns;
		bool constant, null, column_only;
	} rows[] = {
		{"5", "", "", true, false, false},
		{"'x'::text::varchar(5)", "", "", true, false, false},
		{"-1.5", "", "", true, false, false},
		{"ARRAY[]::text[]", "", "", true, false, false},
		{"'{}'::jsonb", "", "", true, false, false},
		{"NULL", "", "", true, true, false},
		{"NULL::int", "", "", true, true, false},
		{"1 + 2", "", "", false, false, false},
		{"$1", "", "", false, false, false},
		{"CURRENT_TIMESTAMP", "", "", false, false, false},
		{"current_user", "", "", false, false, false},
		{"now()", "now", "", false, false, false},
		{"pg_catalog.now() - interval '1 day'", "pg_catalog.now", "", false, false, false},
		{"nextval('s'::regclass)", "nextval", "", false, false, false},
		{"(s.f(g(1)))::int", "s.f g", "", false, false, false},
		{"COALESCE(random(), 1)", "random", "", false, false, false},
		{"CASE WHEN f(1) THEN a ELSE t.b END", "f", "a b", false, false, false},
		{"a", "", "a", false, false, true},
		{"a::text", "", "a", false, false, false},
		{"t.a", "", "a", false, false, false},
		{"lower(a) COLLATE \"C\"", "lower", "a", false, false, false},
		{"a AT TIME ZONE 'utc'", "pg_catalog.timezone", "a", false, false, false},
		{"(a + b) AT TIME ZONE 'utc'", "pg_catalog.timezone", "a b", false, false, false},
		{"(NOT a)::text", "", "a", false, false, false},
		{"(1, 2)", "", "", true, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct expr *expr = expression(rows[i].sql);
		const char *functions = "", *columns = "";

		for (size_t j = 0; j < expr->n_functions; j++)
			functions = arena_printf(&arena, "%s%s%s", functions, j > 0 ? " " : "",
				name_text(&arena, &expr->functions[j]));
		for (size_t j = 0; j < expr->n_columns; j++)
			columns = arena_printf(
				&arena, "%s%s%s", columns, j > 0 ? " " : "", expr->columns[j]);
		cr_expect_str_eq(expr->sql, rows[i].sql);
		cr_expect_str_eq(functions, rows[i].functions, "%s", rows[i].sql);
		cr_expect_str_eq(columns, rows[i].columns, "%s", rows[i].sql);
		cr_expect_eq(expr->constant, rows[i].constant, "%s", rows[i].sql);
		cr_expect_eq(expr->null, rows[i].null, "%s", rows[i].sql);
		cr_expect_eq(expr->column_only, rows[i].column_only, "%s", rows[i].sql);
	}
}

/* Comments and line breaks go, what they separate stays apart; brackets go where nothing changes.
 */
Test(stmt_column, expressions_on_one_line)
{
	static const struct {
		const char *written, *sql;
	} rows[] = {
		{"(5)", "5"},
		{"((a + 1))", "a + 1"},
		{"(a) + (b)", "(a) + (b)"},
		{"((1, 2))", "(1, 2)"},
		{"ROW(1, 2)", "ROW(1, 2)"},
		{"a -- x\n + /* y */ b", "a + b"},
		{"a\n\t+\r\n  b", "a + b"},
		{"'it''s' || E'\\n' || $x$ -- no comment $x$",
			"'it''s' || E'\\n' || $x$ -- no comment $x$"},
		{"U&'\\0041' || U&'!0041' UESCAPE '!'", "U&'\\0041' || U&'!0041' UESCAPE '!'"},
		{"\"q\"\"r\" || \"A\".\"b\"", "\"q\"\"r\" || \"A\".\"b\""},
		{"'a'\n'b'", "'a'\n'b'"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(expression(rows[i].written)->sql, rows[i].sql);
}

static const char *shown_test(const struct column_test *test)
{
	static const char *const signs[] = {[TEST_OTHER] = "?",
		[TEST_NULL] = " null",
		[TEST_NOT_NULL] = " not null",
		[TEST_EQUAL] = " = ",
		[TEST_NOT_EQUAL] = " <> ",
		[TEST_LESS] = " < ",
		[TEST_LESS_EQUAL] = " <= ",
		[TEST_GREATER] = " > ",
		[TEST_GREATER_EQUAL] = " >= "};

	return arena_printf(&arena, "%s%s%s%s%s%s%s", test->column != NULL ? test->column : "",
		test->cast != NULL ? "::" : "", test->cast != NULL ? test->cast : "",
		signs[test->kind], test->value != NULL ? test->value : "",
		test->type != NULL ? " " : "", test->type != NULL ? test->type : "");
}

static const char *shown_clauses(const struct expr *expr)
{
	const char *text = "";

	for (size_t i = 0; i < expr->n_clauses; i++)
		for (size_t k = 0; k < expr->clauses[i].n; k++)
			text = arena_printf(&arena, "%s%s%s", text,
				k > 0           ? " or "
				: *text != '\0' ? ", "
						: "",
				shown_test(&expr->clauses[i].arms[k]));
	return text;
}

Test(stmt_column, clauses_of_a_check)
{
	static const struct {
		const char *check, *clauses;
	} rows[] = {
		{"c IS NOT NULL AND c >= 0 AND (c < '5'::bigint)",
			"c not null, c >= 0, c < 5 int8"},
		{"(c > -1) AND ((c <= 10) AND d <> 'a''b'::text)",
			"c > -1, c <= 10, d <> a'b text"},
		{"NOT (c IS NULL OR c >= 7)", "c not null, c < 7"},
		{"NOT (c IS NOT NULL AND c >= 7 AND c < 9)", "c null or c < 7 or c >= 9"},
		{"NOT NOT c = 1", "c = 1"},
		{"c = 1 OR (c = 2 OR c = 3)", "c = 1 or c = 2 or c = 3"},
		{"c IN (1, 2)", "c = 1 or c = 2"},
		{"c = ANY (ARRAY['a'::text, 'b'])", "c = a text or c = b"},
		{"c = ANY ('{1,2}'::int[])", "?"},
		{"NOT (c IN (1, 2))", "?"},
		{"c <> ALL (ARRAY[1])", "?"},
		{"c = 1 OR (c = 2 AND d = 3)", "c = 1 or ?"},
		{"c > 99999999999", "c > 99999999999"},
		{"c > 1.5", "c > 1.5"},
		{"5 < c", "?"},
		{"c::text = 'a'", "c::text = a"},
		{"c::text = ANY ((ARRAY['a'::varchar, 'b'::varchar])::text[])",
			"c::text = a varchar or c::text = b varchar"},
		{"c = ANY ((ARRAY['a'::varchar])::text[])", "?"},
		{"c::text = ANY ((ARRAY['a'::varchar])::char[])", "?"},
		{"c::varchar(3) = 'a'", "?"},
		{"(c + 1)::int = 1", "?"},
		{"c::text IS NULL", "?"},
		{"t.c = 1", "?"},
		{"c = 'a'::varchar(5)", "?"},
		{"c = NULL", "?"},
		{"c = d", "?"},
		{"c OPERATOR(x.=) 1", "?"},
		{"lower(c) = 'a' AND c", "?, ?"},
		{"(c, d) IS NOT NULL", "?"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *sql = arena_printf(&arena, "ADD CHECK (%s)", rows[i].check);

		cr_expect_str_eq(shown_clauses(altered(sql)->constraint->check), rows[i].clauses,
			"%s", rows[i].check);
	}
}

/* tests/e2e/test_catalog_query.py asks a server about the same ones. */
Test(stmt_column, columns_that_a_check_proves_not_null)
{
	static const struct {
		const char *check;
		size_t n;
		const char *column;
	} rows[] = {
		{"c IS NOT NULL AND c > 0", 1, "c"},
		{"c NOTNULL", 1, "c"},
		{"c > 0", 0, NULL},
		{"c IS NOT NULL OR a > 0", 0, NULL},
		{"(c IS NOT NULL AND a > 0) OR (a <= 0 AND c IS NOT NULL)", 1, "c"},
		{"NOT (c IS NULL)", 1, "c"},
		{"NOT (c IS NULL OR a < 0)", 1, "c"},
		{"NOT (c IS NULL AND a < 0)", 0, NULL},
		{"NOT (NOT (c IS NOT NULL))", 1, "c"},
		{"c IS DISTINCT FROM NULL", 1, "c"},
		{"NOT (NULL IS NOT DISTINCT FROM c)", 1, "c"},
		{"ROW(a, c) IS NOT NULL", 2, "a"},
		{"NOT (ROW(a, c) IS NULL)", 0, NULL},
		{"coalesce(c, 0) > 0", 0, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *sql = arena_printf(&arena, "ADD CHECK (%s)", rows[i].check);
		const struct expr *check = altered(sql)->constraint->check;

		cr_assert_eq(check->n_not_null_columns, rows[i].n, "%s: %zu", rows[i].check,
			check->n_not_null_columns);
		if (rows[i].n > 0)
			cr_expect_str_eq(
				check->not_null_columns[0], rows[i].column, "%s", rows[i].check);
	}
}

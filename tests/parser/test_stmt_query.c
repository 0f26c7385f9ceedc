/* SPDX-License-Identifier: PostgreSQL */
/* What queries do, wherever in a statement they stand. */
#include "stmt.h"

#include <string.h>

#include <criterion/criterion.h>

#include "stmt_same.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(stmt_query, .fini = free_arena);

static struct stmt parsed(const char *sql)
{
	struct stmts stmts;
	const char *error = NULL;

	cr_assert_eq(stmt_parse(&arena, sql, strlen(sql), &stmts, &error), 0, "%s: %s", sql, error);
	cr_assert_eq(stmts.n, 1, "%s", sql);
	return stmts.items[0];
}

Test(stmt_query, dangerous_changes)
{
	static const struct {
		const char *sql;
		enum action_kind kind;
		const char *table;
		bool only;
	} rows[] = {
		{"UPDATE s.t SET a = 1", ACTION_UPDATE_WITHOUT_WHERE, "s.t", false},
		{"UPDATE ONLY t SET a = 1", ACTION_UPDATE_WITHOUT_WHERE, "t", true},
		{"UPDATE t SET a = 1 FROM u", ACTION_UPDATE_WITHOUT_WHERE, "t", false},
		{"UPDATE t SET a = 1 WHERE true", ACTION_UPDATE_WITHOUT_WHERE, "t", false},
		{"DELETE FROM t", ACTION_DELETE_WITHOUT_WHERE, "t", false},
		{"DELETE FROM t USING u", ACTION_DELETE_WITHOUT_WHERE, "t", false},
		{"WITH d AS (DELETE FROM s.t RETURNING 1) SELECT 1", ACTION_DELETE_WITHOUT_WHERE,
			"s.t", false},
		{"WITH t AS (SELECT 1) DELETE FROM t", ACTION_DELETE_WITHOUT_WHERE, "t", false},
		{"SELECT 1 FROM (WITH d AS (UPDATE t SET a = 1 RETURNING 1) SELECT 1) AS x",
			ACTION_UPDATE_WITHOUT_WHERE, "t", false},
		{"EXPLAIN ANALYZE UPDATE t SET a = 1", ACTION_UPDATE_WITHOUT_WHERE, "t", false},
		{"EXPLAIN (analyze 1) DELETE FROM t", ACTION_DELETE_WITHOUT_WHERE, "t", false},
		{"EXPLAIN (ANALYZE false, ANALYZE) DELETE FROM t", ACTION_DELETE_WITHOUT_WHERE, "t",
			false},
		{"COPY (DELETE FROM t RETURNING *) TO STDOUT", ACTION_DELETE_WITHOUT_WHERE, "t",
			false},
		{"COPY (SELECT 1) TO PROGRAM 'x'", ACTION_COPY_PROGRAM, "", false},
		{"UPDATE pg_class SET relname = 'x' WHERE oid = 1", ACTION_CATALOG_WRITE,
			"pg_class", false},
		{"INSERT INTO pg_catalog.pg_proc VALUES (1)", ACTION_CATALOG_WRITE,
			"pg_catalog.pg_proc", false},
		{"DELETE FROM information_schema.sql_parts WHERE a = 1", ACTION_CATALOG_WRITE,
			"information_schema.sql_parts", false},
		{"MERGE INTO pg_index t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
			ACTION_CATALOG_WRITE, "pg_index", false},
		{"COPY pg_authid FROM STDIN", ACTION_CATALOG_WRITE, "pg_authid", false},
		{"WITH w AS (UPDATE pg_index SET indisvalid = true WHERE a = 1 RETURNING 1) SELECT "
		 "1",
			ACTION_CATALOG_WRITE, "pg_index", false},
		{"EXPLAIN ANALYZE CREATE TABLE s.x AS SELECT 1", ACTION_CREATE_TABLE_AS, "s.x",
			false},
		{"EXPLAIN ANALYZE SELECT 1 INTO x", ACTION_CREATE_TABLE_AS, "x", false},
		{"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
			ACTION_DELETE_WITHOUT_WHERE, "t", false},
		{"MERGE INTO s.t USING u ON t.a = t.a WHEN MATCHED AND 1 = 1 THEN UPDATE SET a = 1",
			ACTION_UPDATE_WITHOUT_WHERE, "s.t", false},
		{"MERGE INTO t USING u ON u.a = 1 WHEN MATCHED THEN DELETE",
			ACTION_DELETE_WITHOUT_WHERE, "t", false},
		{"MERGE INTO t AS x USING t ON t.a = 1 WHEN MATCHED THEN DELETE",
			ACTION_DELETE_WITHOUT_WHERE, "t", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmt stmt = parsed(rows[i].sql);
		const struct action *action = &stmt.actions[0];

		cr_expect_eq(stmt.n_actions, 1, "%s", rows[i].sql);
		cr_expect_eq(action->kind, rows[i].kind, "%s: %s", rows[i].sql,
			action_name(action->kind));
		cr_expect_str_eq(
			action->table.name == NULL ? "" : name_text(&arena, &action->table),
			rows[i].table);
		cr_expect_eq(action->only, rows[i].only, "%s", rows[i].sql);
		cr_expect(stmt.guarded, "%s", rows[i].sql);
		cr_expect_str_eq(action->sql, rows[i].sql);
	}
}

static const char *columns_of(const struct bulk_def *bulk)
{
	const char *text = "";

	for (size_t i = 0; i < bulk->n_columns; i++)
		text = arena_printf(&arena, "%s %s", text, bulk->columns[i]);
	return text;
}

Test(stmt_query, clauses_of_changes_to_every_row)
{
	static const struct {
		const char *sql, *alias, *set, *where, *columns;
	} rows[] = {
		{"UPDATE s.t SET a = a + 1", "t", "a = a + 1", NULL, " a"},
		{"/* x */ update only t as \"The T\" set a = 1 -- one\n, b[2] = (3) where true;",
			"The T", "a = 1 , b[2] = (3)", "true", " a b"},
		{"UPDATE ONLY (t) u SET (a, b) = (1, 'where') WHERE (1 = 1) OR a > 2", "u",
			"(a, b) = (1, 'where')", "(1 = 1) OR a > 2", " a b"},
		{"SELECT 1; UPDATE set SET set = DEFAULT", "set", "set = DEFAULT", NULL, " set"},
		{"DELETE FROM t", "t", NULL, NULL, ""},
		{"DELETE FROM ONLY s.t AS d WHERE d.where = d.where", "d", NULL,
			"d.where = d.where", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmts stmts;
		const char *error;
		const struct bulk_def *bulk;

		cr_assert_eq(
			stmt_parse(&arena, rows[i].sql, strlen(rows[i].sql), &stmts, &error), 0);
		bulk = stmts.items[stmts.n - 1].actions[0].bulk;
		cr_expect_eq(bulk->traits, 0u, "%s: %x", rows[i].sql, bulk->traits);
		cr_expect_str_eq(bulk->alias, rows[i].alias, "%s", rows[i].sql);
		cr_expect_str_eq(bulk->set_sql == NULL ? "" : bulk->set_sql,
			rows[i].set == NULL ? "" : rows[i].set, "%s", rows[i].sql);
		cr_expect_str_eq(bulk->where_sql == NULL ? "" : bulk->where_sql,
			rows[i].where == NULL ? "" : rows[i].where, "%s", rows[i].sql);
		cr_expect_str_eq(columns_of(bulk), rows[i].columns, "%s", rows[i].sql);
	}
}

Test(stmt_query, what_keeps_a_change_to_every_row_whole)
{
	static const struct {
		const char *sql;
		unsigned traits;
	} rows[] = {
		{"WITH w AS (SELECT 1) UPDATE t SET a = 1", BULK_NESTED},
		{"EXPLAIN ANALYZE DELETE FROM t", BULK_NESTED},
		{"PREPARE p AS UPDATE t SET a = 1", BULK_NESTED},
		{"UPDATE t SET a = 1 FROM u", BULK_JOINS},
		{"DELETE FROM t USING u", BULK_JOINS},
		{"UPDATE t SET a = 1 RETURNING a", BULK_RETURNS},
		{"DELETE FROM t RETURNING 1", BULK_RETURNS},
		{"UPDATE t SET a = (SELECT 1)", BULK_SUBQUERY},
		{"DELETE FROM t WHERE EXISTS (SELECT 1)", BULK_SUBQUERY},
		{"UPDATE t SET a = $1", BULK_PARAMETER},
		{"MERGE INTO t USING u ON true WHEN MATCHED THEN UPDATE SET a = 1", BULK_MERGE},
		{"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", BULK_MERGE},
		{"UPDATE t SET a = CURRENT_DATE", BULK_CLOCK},
		{"UPDATE t SET a = 'Today'", BULK_CLOCK},
		{"UPDATE t SET a = session_user", BULK_SESSION},
		{"UPDATE t SET a = current_user", 0},
		{"UPDATE s.t SET a = s.t.b", BULK_QUALIFIED},
		{"UPDATE t SET a = to_jsonb(t)", BULK_WHOLE_ROW},
		{"UPDATE t SET a = to_jsonb(t.*)", BULK_WHOLE_ROW},
		{"UPDATE t SET a = t.where WHERE true", BULK_UNREAD},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmt stmt = parsed(rows[i].sql);

		cr_expect_eq(stmt.actions[0].bulk->traits, rows[i].traits, "%s: %x", rows[i].sql,
			stmt.actions[0].bulk->traits);
	}
}

/* How many rows a change may touch, as far as the text says. */
Test(stmt_query, changed_rows)
{
	static const struct {
		const char *sql, *how, *column;
		bool few;
	} rows[] = {
		{"INSERT INTO t VALUES (1), (2)", "INSERT", NULL, true},
		{"INSERT INTO t DEFAULT VALUES", "INSERT", NULL, true},
		{"INSERT INTO t SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM t)", "INSERT", NULL, true},
		{"INSERT INTO t SELECT a FROM u LIMIT 5", "INSERT", NULL, true},
		{"INSERT INTO t SELECT a FROM u", "INSERT", NULL, false},
		{"INSERT INTO t SELECT 1 UNION SELECT a FROM u", "INSERT", NULL, false},
		{"UPDATE t SET a = 1 WHERE id = 7", "UPDATE", "id", false},
		{"UPDATE t SET a = 1 WHERE b IS NULL AND t.id = $1", "UPDATE", "id", false},
		{"UPDATE t SET a = 1 WHERE id IN (1, 2)", "UPDATE", "id", false},
		{"UPDATE t SET a = 1 WHERE id = ANY ('{1,2}')", "UPDATE", "id", false},
		{"UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 9", "UPDATE", "id", false},
		{"UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE b IS NULL LIMIT 9)",
			"UPDATE", "id", false},
		{"UPDATE t SET a = 1 WHERE id IN (SELECT id FROM u)", "UPDATE", NULL, false},
		{"UPDATE t SET a = 1 WHERE id = 7 OR b IS NULL", "UPDATE", NULL, false},
		{"UPDATE t SET a = 1 WHERE id = b", "UPDATE", NULL, false},
		{"UPDATE t SET a = 1 WHERE id <> 7", "UPDATE", NULL, false},
		{"UPDATE t SET a = 1 WHERE b IS NULL", "UPDATE", NULL, false},
		{"DELETE FROM t WHERE id = 7", "DELETE", "id", false},
		{"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "MERGE", NULL,
			false},
		{"COPY t FROM STDIN", "COPY", NULL, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmt stmt = parsed(rows[i].sql);
		const struct action *action = &stmt.actions[0];

		cr_expect_not(stmt.guarded, "%s", rows[i].sql);
		cr_assert_eq(action->kind, ACTION_CHANGE_ROWS, "%s", rows[i].sql);
		cr_expect_str_eq(action->table.name, "t", "%s", rows[i].sql);
		cr_expect_str_eq(action->name, rows[i].how, "%s", rows[i].sql);
		cr_expect_eq(action->few_rows, rows[i].few, "%s", rows[i].sql);
		cr_expect_eq(action->column == NULL, rows[i].column == NULL, "%s", rows[i].sql);
		if (rows[i].column != NULL && action->column != NULL)
			cr_expect_str_eq(action->column, rows[i].column, "%s", rows[i].sql);
	}
}

Test(stmt_query, a_program_is_more_than_rows)
{
	struct stmt stmt = parsed("COPY t FROM PROGRAM 'x'");

	cr_expect(stmt.guarded);
	cr_expect_eq(stmt.actions[0].kind, ACTION_COPY_PROGRAM);
}

/* Function calls are found in every corner of a tree. */
Test(stmt_query, functions_that_run_sql)
{
	static const char *const rows[] = {
		"SELECT %s",
		"SELECT 1 FROM %s",
		"SELECT 1 FROM ROWS FROM (f(), %s) AS x",
		"SELECT 1 FROM t, LATERAL (SELECT %s) x",
		"SELECT 1 FROM t JOIN u ON %s IS NULL",
		"SELECT 1 WHERE %s IS NULL",
		"SELECT 1 GROUP BY %s HAVING true",
		"SELECT 1 HAVING %s IS NULL",
		"SELECT 1 ORDER BY %s",
		"SELECT 1 LIMIT (SELECT %s)",
		"SELECT 1 OFFSET %s",
		"SELECT DISTINCT ON (%s) 1",
		"SELECT CASE WHEN a THEN f(b, ARRAY[%s]) END",
		"SELECT count(*) FILTER (WHERE %s IS NULL)",
		"SELECT sum(1) OVER (PARTITION BY %s)",
		"SELECT sum(1) OVER w WINDOW w AS (ORDER BY %s)",
		"SELECT 1 UNION ALL SELECT %s",
		"VALUES (1), (%s)",
		"WITH x AS (SELECT %s) SELECT 1",
		"SELECT (SELECT EXISTS (SELECT %s))",
		"SELECT (%s)[1].a",
		"SELECT xmlelement(name x, %s)",
		"SELECT COALESCE(NULL, %s), GREATEST(1, 2)",
		"SELECT ROW(1, %s)",
		"SELECT f(x => %s)",
		"SELECT %s::text COLLATE \"C\"",
		"INSERT INTO t VALUES (%s)",
		"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = %s",
		"INSERT INTO t VALUES (1) RETURNING %s",
		"UPDATE t SET (a, b) = (1, %s) WHERE c = 1",
		"DELETE FROM t WHERE a = %s",
		("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED AND %s IS NULL THEN UPDATE SET a "
		 "= "
		 "1"),
		"MERGE INTO t USING u ON t.a = u.a WHEN NOT MATCHED THEN INSERT VALUES (%s)",
		"PREPARE p AS SELECT %s",
		"EXECUTE p(%s)",
		"DECLARE c CURSOR FOR SELECT %s",
		"CALL p(%s)",
		"COPY (SELECT %s) TO STDOUT",
		"COPY t FROM STDIN WHERE %s IS NULL",
		"EXPLAIN ANALYZE SELECT %s",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *at = strstr(rows[i], "%s");
		const char *sql = arena_printf(&arena, "%.*s%s%s", (int)(at - rows[i]), rows[i],
			"query_to_xml('', true, true, '')", at + 2);
		struct stmt stmt = parsed(sql);
		size_t found = 0;

		for (size_t j = 0; j < stmt.n_actions; j++)
			found += stmt.actions[j].kind == ACTION_DYNAMIC_SQL;
		cr_expect(found > 0, "%s", sql); /* (a, b) = (..) has it once for each column */
		cr_expect(stmt.guarded, "%s", sql);
	}
}

Test(stmt_query, names_of_functions_that_run_sql)
{
	static const struct {
		const char *call;
		bool runs_sql;
	} rows[] = {
		{"query_to_xml('x', true, true, '')", true},
		{"pg_catalog.query_to_xml('x', true, true, '')", true},
		{"\"query_to_xml\"('x', true, true, '')", true},
		{"Query_To_Xml('x', true, true, '')", true},
		{"U&\"query\\005fto_xml\"('x', true, true, '')", true},
		{"x.dblink('x')", true},
		{"dblink_exec('x')", true},
		{"crosstab4('x')", true},
		{"cron.schedule('x', 'y')", true},
		{"ts_stat('x')", true},
		{"query_to_xm('x')", false},
		{"xquery_to_xml('x')", false},
		{"ts_statistic('x')", false},
		{"dblin('x')", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(parsed(arena_printf(&arena, "SELECT %s", rows[i].call)).guarded,
			rows[i].runs_sql, "%s", rows[i].call);
}

/* A name is no call, and a view's query writes nothing. */
Test(stmt_query, what_is_not_run)
{
	cr_expect_not(parsed("SELECT query_to_xml FROM dblink").guarded);
	cr_expect_not(parsed("SELECT 'query_to_xml()'").guarded);
	cr_expect_eq(parsed("CREATE VIEW v AS SELECT 1").n_actions, 1);
}

/* What a view or a rule hides is told all the same. */
Test(stmt_query, merges_with_a_condition)
{
	static const char *const rows[] = {
		"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
		"MERGE INTO t USING u ON true WHEN MATCHED AND t.a = 1 THEN UPDATE SET a = 1",
		"MERGE INTO t USING u ON a = b WHEN MATCHED THEN DO NOTHING",
		"MERGE INTO t USING u ON true WHEN NOT MATCHED THEN INSERT VALUES (1)",
		"MERGE INTO t x USING u ON x.a = 1 WHEN MATCHED THEN DELETE",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_not(parsed(rows[i]).guarded, "%s", rows[i]);
}

/* What is made now and does its harm later: second action. */
Test(stmt_query, what_fires_later)
{
	static const struct {
		const char *sql;
		enum action_kind later;
	} rows[] = {
		{"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u",
			ACTION_DELETE_WITHOUT_WHERE},
		{"CREATE RULE r AS ON INSERT TO t DO ALSO (NOTIFY x; UPDATE u SET a = 1)",
			ACTION_UPDATE_WITHOUT_WHERE},
		{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM t; SELECT 1; END",
			ACTION_DELETE_WITHOUT_WHERE},
		{"CREATE FUNCTION f(text) RETURNS xml LANGUAGE internal AS 'query_to_xml'",
			ACTION_DYNAMIC_SQL},
		{"CREATE OPERATOR @@@@ (RIGHTARG = text, FUNCTION = pg_catalog.ts_stat)",
			ACTION_DYNAMIC_SQL},
		{"CREATE AGGREGATE a (text) (SFUNC = dblink_exec, STYPE = text)",
			ACTION_DYNAMIC_SQL},
		{"CREATE CAST (text AS x) WITH FUNCTION dblink_exec(text)", ACTION_DYNAMIC_SQL},
		{"PREPARE p AS DELETE FROM t", ACTION_DYNAMIC_SQL},
		{"ALTER ROLE r SET standard_conforming_strings = off", ACTION_SET_PARAMETER},
		{"ALTER USER r SET client_encoding = sjis", ACTION_SET_PARAMETER},
		{"ALTER ROLE ALL IN DATABASE d SET \"Client_Encoding\" TO big5",
			ACTION_SET_PARAMETER},
		{"ALTER DATABASE d SET standard_conforming_strings TO off", ACTION_SET_PARAMETER},
		{"ALTER SYSTEM SET standard_conforming_strings = off", ACTION_SET_PARAMETER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmt stmt = parsed(rows[i].sql);

		cr_assert_eq(stmt.n_actions, 2, "%s", rows[i].sql);
		cr_expect_eq(stmt.actions[1].kind, rows[i].later, "%s", rows[i].sql);
	}
	cr_expect_eq(parsed("ALTER ROLE r SET standard_conforming_strings = on").n_actions, 1);
	cr_expect_eq(parsed("ALTER ROLE r RESET ALL").n_actions, 1);
	cr_expect_not(parsed("PREPARE p AS DELETE FROM t WHERE a = $1").guarded);
}

Test(stmt_query, stored_calls)
{
	struct stmt stmt = parsed("CREATE VIEW v AS SELECT query_to_xml('', true, true, '')");

	cr_assert_eq(stmt.n_actions, 2);
	cr_expect_eq(stmt.actions[0].kind, ACTION_CREATE_VIEW);
	cr_expect_eq(stmt.actions[1].kind, ACTION_DYNAMIC_SQL);
}

Test(stmt_query, every_danger_of_a_statement)
{
	struct stmt stmt = parsed("WITH a AS (DELETE FROM t RETURNING 1), b AS (UPDATE u SET x = "
				  "dblink('x') RETURNING 1) SELECT 1 INTO s.n");
	static const enum action_kind kinds[] = {ACTION_CREATE_TABLE_AS,
		ACTION_DELETE_WITHOUT_WHERE, ACTION_UPDATE_WITHOUT_WHERE, ACTION_DYNAMIC_SQL};

	cr_assert_eq(stmt.n_actions, sizeof(kinds) / sizeof(*kinds));
	for (size_t i = 0; i < stmt.n_actions; i++)
		cr_expect_eq(stmt.actions[i].kind, kinds[i]);
	cr_expect_eq(strncmp(stmt.sql + stmt.actions[1].location, "t RETURNING", 11), 0);
}

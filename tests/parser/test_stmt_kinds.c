/* SPDX-License-Identifier: PostgreSQL */
/* Statements to actions: the kinds, whether they are guarded, and what they act on. */
#include "stmt.h"

#include <string.h>

#include <criterion/criterion.h>

#include "stmt_same.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(stmt_kinds, .fini = free_arena);

static struct stmt parsed(const char *sql)
{
	struct stmts stmts;
	const char *error = NULL;

	cr_assert_eq(stmt_parse(&arena, sql, strlen(sql), &stmts, &error), 0, "%s: %s", sql, error);
	cr_assert_eq(stmts.n, 1, "%s", sql);
	cr_expect_null(stmt_mismatch(&arena, &stmts.items[0]), "%s", sql);
	return stmts.items[0];
}

/* "s.t", or "t", or "" */
static const char *shown(struct name name)
{
	return name.name == NULL ? "" : name_text(&arena, &name);
}

static const char *shown_targets(const struct action *action)
{
	const char *text = "";

	for (size_t i = 0; i < action->n_targets; i++)
		text = arena_printf(&arena, "%s%s%s", text, *text == '\0' ? "" : " ",
			shown(action->targets[i]));
	return text;
}

static const char *text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* What one action of a row must be; texts left out are not looked at, "" must be absent. */
struct row {
	const char *sql;
	enum action_kind kind;
	const char *table, *object, *name, *new_name, *targets, *other, *column;
};

static void check(const struct row *row)
{
	struct stmt stmt = parsed(row->sql);
	const struct action *action = &stmt.actions[0];
	const struct {
		const char *what, *expected, *found;
	} fields[] = {
		{"table", row->table, shown(action->table)},
		{"object", row->object, text_or_empty(action->object)},
		{"name", row->name, text_or_empty(action->name)},
		{"new_name", row->new_name, text_or_empty(action->new_name)},
		{"targets", row->targets, shown_targets(action)},
		{"other", row->other, shown(action->other)},
		{"column", row->column, text_or_empty(action->column)},
	};

	cr_expect_eq(stmt.n_actions, 1, "%s: %zu actions", row->sql, stmt.n_actions);
	cr_expect_eq(action->kind, row->kind, "%s: %s", row->sql, action_name(action->kind));
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (fields[i].expected != NULL)
			cr_expect_str_eq(fields[i].found, fields[i].expected, "%s: %s is %s",
				row->sql, fields[i].what, fields[i].found);
}

#define CHECK_ALL(rows, expect_guarded)                                                            \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++) {                              \
		check(&(rows)[i]);                                                                 \
		cr_expect_eq(parsed((rows)[i].sql).guarded, expect_guarded, "%s", (rows)[i].sql);  \
	}

Test(stmt_kinds, tables)
{
	static const struct row rows[] = {
		{"CREATE TABLE s.t (a int)", .kind = ACTION_CREATE_TABLE, .table = "s.t",
			.object = "TABLE", .name = "", .new_name = "", .targets = "", .other = ""},
		{"CREATE TABLE t (a int REFERENCES u, FOREIGN KEY (a) REFERENCES s.v)",
			.kind = ACTION_CREATE_TABLE, .table = "t", .targets = "u s.v"},
		{"CREATE TABLE t (LIKE s.u)", .kind = ACTION_CREATE_TABLE, .other = "s.u"},
		{"CREATE TABLE t () INHERITS (p)", .kind = ACTION_CREATE_TABLE, .other = "p"},
		{"CREATE TABLE p PARTITION OF s.t DEFAULT", .kind = ACTION_CREATE_PARTITION_OF,
			.table = "p", .other = "s.t"},
		{"CREATE TABLE t AS SELECT 1", .kind = ACTION_CREATE_TABLE_AS, .table = "t"},
		{"SELECT 1 INTO s.t", .kind = ACTION_CREATE_TABLE_AS, .table = "s.t"},
		{"SELECT 1 INTO t UNION SELECT 2", .kind = ACTION_CREATE_TABLE_AS, .table = "t"},
		{"CREATE FOREIGN TABLE s.t PARTITION OF s.p DEFAULT SERVER x",
			.kind = ACTION_CREATE_PARTITION_OF, .table = "s.t",
			.object = "FOREIGN TABLE"},
		{"CREATE FOREIGN TABLE s.t () SERVER x", .kind = ACTION_FOREIGN_DATA,
			.table = "s.t", .object = "FOREIGN TABLE", .name = "x"},
		{"DROP TABLE IF EXISTS a, s.b CASCADE", .kind = ACTION_DROP_TABLE, .table = "a",
			.object = "TABLE", .targets = "a s.b"},
		{"DROP FOREIGN TABLE f", .kind = ACTION_DROP_TABLE, .table = "f",
			.object = "FOREIGN TABLE"},
		{"ALTER TABLE t RENAME TO u", .kind = ACTION_RENAME_TABLE, .table = "t",
			.object = "TABLE", .name = "", .new_name = "u"},
		{"ALTER TABLE t RENAME a TO b", .kind = ACTION_RENAME_COLUMN, .table = "t",
			.object = "TABLE", .name = "", .new_name = "b", .column = "a"},
		{"ALTER VIEW v RENAME a TO b", .kind = ACTION_RENAME_COLUMN, .table = "v",
			.object = "VIEW", .name = "", .new_name = "b", .column = "a"},
		{"ALTER TABLE t RENAME CONSTRAINT a TO b", .kind = ACTION_RENAME_CONSTRAINT,
			.table = "t", .object = "TABLE", .name = "a", .new_name = "b"},
		{"ALTER TABLE t SET SCHEMA s", .kind = ACTION_SET_SCHEMA, .table = "t",
			.object = "TABLE", .name = "", .new_name = "s"},
		{"ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", .kind = ACTION_SET_TABLESPACE,
			.table = "", .object = "TABLE", .name = "a", .new_name = "b"},
		{"ALTER INDEX ALL IN TABLESPACE a SET TABLESPACE b",
			.kind = ACTION_ALTER_INDEX_TABLESPACE, .object = "INDEX"},
		{"TRUNCATE a, ONLY s.b", .kind = ACTION_TRUNCATE, .table = "a", .targets = "a s.b"},
		{"LOCK a, s.b IN SHARE MODE NOWAIT", .kind = ACTION_LOCK_TABLE, .table = "a",
			.targets = "a s.b"},
		{"COMMENT ON TABLE s.t IS 'x'", .kind = ACTION_COMMENT, .table = "s.t",
			.object = "TABLE", .name = "", .new_name = "x"},
		{"COMMENT ON COLUMN s.t.c IS 'x'", .kind = ACTION_COMMENT, .table = "s.t",
			.column = "c"},
		{"COMMENT ON CONSTRAINT c ON s.t IS 'x'", .kind = ACTION_COMMENT, .table = "s.t",
			.name = "c"},
		{"CREATE STATISTICS s.x ON a, b FROM t", .kind = ACTION_CREATE_STATISTICS,
			.table = "t", .name = "x", .targets = "s.x"},
		{"DROP STATISTICS x", .kind = ACTION_DROP_STATISTICS, .table = "",
			.object = "STATISTICS", .name = "x"},
		{"ALTER STATISTICS s.x SET STATISTICS 5", .kind = ACTION_ALTER_STATISTICS,
			.table = "", .name = "x", .targets = "s.x"},
		{"SECURITY LABEL ON TABLE t IS 'x'", .kind = ACTION_SECURITY_LABEL, .table = "t"},
	};

	CHECK_ALL(rows, true);
}

Test(stmt_kinds, maintenance)
{
	static const struct row rows[] = {
		{"VACUUM a, s.b", .kind = ACTION_VACUUM, .table = "a", .targets = "a s.b"},
		{"VACUUM", .kind = ACTION_VACUUM, .table = "", .targets = ""},
		{"VACUUM FULL t", .kind = ACTION_VACUUM_FULL, .table = "t"},
		{"VACUUM (FULL) t", .kind = ACTION_VACUUM_FULL, .table = "t"},
		{"VACUUM (FULL true) t", .kind = ACTION_VACUUM_FULL, .table = "t"},
		{"VACUUM (FULL on) t", .kind = ACTION_VACUUM_FULL, .table = "t"},
		{"VACUUM (FULL 1, ANALYZE) t", .kind = ACTION_VACUUM_FULL, .table = "t"},
		{"VACUUM (FULL 'ON') t", .kind = ACTION_VACUUM_FULL, .table = "t"},
		{"VACUUM (FULL false) t", .kind = ACTION_VACUUM, .table = "t"},
		{"VACUUM (FULL off) t", .kind = ACTION_VACUUM, .table = "t"},
		{"VACUUM (FULL 0) t", .kind = ACTION_VACUUM, .table = "t"},
		{"VACUUM (FULL off, FULL) t", .kind = ACTION_VACUUM_FULL, .table = "t"},
		{"VACUUM (FULL, FULL off) t", .kind = ACTION_VACUUM, .table = "t"},
		{"ANALYZE t (a)", .kind = ACTION_ANALYZE, .table = "t"},
		{"CLUSTER s.t USING i", .kind = ACTION_CLUSTER, .table = "s.t", .name = "i"},
		{"CLUSTER", .kind = ACTION_CLUSTER, .table = ""},
		{"REINDEX INDEX s.i", .kind = ACTION_REINDEX, .table = "", .object = "INDEX",
			.targets = "s.i"},
		{"REINDEX TABLE s.t", .kind = ACTION_REINDEX, .table = "s.t", .object = "TABLE"},
		{"REINDEX SCHEMA s", .kind = ACTION_REINDEX, .table = "", .object = "SCHEMA",
			.name = "s"},
		{"REINDEX DATABASE d", .kind = ACTION_REINDEX, .table = "", .object = "DATABASE",
			.name = "d"},
		{"REINDEX SYSTEM d", .kind = ACTION_REINDEX, .table = "", .object = "SYSTEM",
			.name = "d"},
	};

	CHECK_ALL(rows, true);
}

Test(stmt_kinds, indexes_views_triggers)
{
	static const struct row rows[] = {
		{"CREATE INDEX i ON s.t (a)", .kind = ACTION_CREATE_INDEX, .table = "s.t",
			.object = "INDEX", .name = "i"},
		{"CREATE INDEX ON t (a)", .kind = ACTION_CREATE_INDEX, .table = "t",
			.object = "INDEX", .name = ""},
		{"DROP INDEX s.i, j", .kind = ACTION_DROP_INDEX, .table = "", .object = "INDEX",
			.targets = "s.i j"},
		{"ALTER INDEX s.i RENAME TO j", .kind = ACTION_RENAME_INDEX, .table = "s.i",
			.object = "INDEX", .name = "", .new_name = "j"},
		{"ALTER INDEX i SET TABLESPACE x", .kind = ACTION_ALTER_INDEX_TABLESPACE,
			.table = "i", .object = "INDEX", .name = "", .new_name = "x"},
		{"ALTER INDEX i ATTACH PARTITION s.j", .kind = ACTION_ALTER_INDEX_ATTACH,
			.table = "i", .object = "INDEX", .other = "s.j"},
		{"ALTER INDEX i SET (fillfactor = 5)", .kind = ACTION_ALTER_INDEX_OTHER,
			.table = "i"},
		{"ALTER INDEX i ALTER 1 SET STATISTICS 5", .kind = ACTION_ALTER_INDEX_OTHER,
			.table = "i"},
		{"CREATE VIEW v AS SELECT 1", .kind = ACTION_CREATE_VIEW, .table = "v",
			.object = "VIEW"},
		{"CREATE OR REPLACE VIEW s.v AS SELECT 1", .kind = ACTION_REPLACE_VIEW,
			.table = "s.v"},
		{"CREATE MATERIALIZED VIEW m AS SELECT 1", .kind = ACTION_CREATE_MATVIEW,
			.table = "m", .object = "MATERIALIZED VIEW"},
		{"REFRESH MATERIALIZED VIEW s.m", .kind = ACTION_REFRESH_MATVIEW, .table = "s.m"},
		{"DROP VIEW v", .kind = ACTION_DROP_VIEW, .table = "v", .object = "VIEW",
			.targets = "v"},
		{"DROP MATERIALIZED VIEW m", .kind = ACTION_DROP_MATVIEW, .table = "m"},
		{"ALTER MATERIALIZED VIEW m RENAME TO n", .kind = ACTION_RENAME_VIEW, .table = "m",
			.object = "MATERIALIZED VIEW", .name = "", .new_name = "n"},
		{"CREATE TRIGGER g BEFORE INSERT ON s.t EXECUTE FUNCTION f()",
			.kind = ACTION_CREATE_TRIGGER, .table = "s.t", .name = "g"},
		{"DROP TRIGGER g ON s.t", .kind = ACTION_DROP_TRIGGER, .table = "s.t",
			.object = "TRIGGER", .name = "g"},
		{"ALTER TRIGGER g ON t RENAME TO h", .kind = ACTION_RENAME_OBJECT, .table = "t",
			.object = "TRIGGER", .name = "g", .new_name = "h"},
		{"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u WHERE a = 1",
			.kind = ACTION_CREATE_RULE, .table = "t", .name = "r"},
		{"DROP RULE r ON t", .kind = ACTION_DROP_RULE, .table = "t", .name = "r"},
		{"CREATE POLICY p ON t USING (true)", .kind = ACTION_CREATE_POLICY, .table = "t",
			.name = "p"},
		{"ALTER POLICY p ON t USING (true)", .kind = ACTION_ALTER_POLICY, .table = "t",
			.name = "p"},
		{"ALTER POLICY p ON t RENAME TO q", .kind = ACTION_ALTER_POLICY, .table = "t",
			.name = "p", .new_name = "q"},
		{"DROP POLICY p ON t", .kind = ACTION_DROP_POLICY, .table = "t", .name = "p"},
		{"CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()",
			.kind = ACTION_EVENT_TRIGGER, .table = "", .name = "e"},
		{"ALTER EVENT TRIGGER e DISABLE", .kind = ACTION_EVENT_TRIGGER, .name = "e"},
		{"DROP EVENT TRIGGER e", .kind = ACTION_EVENT_TRIGGER, .name = "e"},
	};

	CHECK_ALL(rows, true);
}

Test(stmt_kinds, types_and_functions)
{
	static const struct row rows[] = {
		{"CREATE TYPE s.c AS (a int)", .kind = ACTION_CREATE_TYPE, .table = "", .name = "c",
			.targets = "s.c"},
		{"CREATE TYPE e AS ENUM ('a')", .kind = ACTION_CREATE_TYPE, .targets = "e"},
		{"CREATE TYPE r AS RANGE (subtype = int)", .kind = ACTION_CREATE_TYPE,
			.targets = "r"},
		{"CREATE TYPE b (INPUT = f, OUTPUT = g)", .kind = ACTION_CREATE_TYPE,
			.targets = "b"},
		{"ALTER TYPE s.e ADD VALUE 'x' AFTER 'y'", .kind = ACTION_ENUM_ADD_VALUE,
			.name = "x", .targets = "s.e"},
		{"ALTER TYPE e RENAME VALUE 'x' TO 'y'", .kind = ACTION_ENUM_RENAME_VALUE,
			.name = "x", .new_name = "y", .targets = "e"},
		{"ALTER TYPE c ADD ATTRIBUTE a int", .kind = ACTION_ALTER_COMPOSITE_TYPE,
			.table = "c", .object = "TYPE", .column = "a"},
		{"ALTER TYPE c RENAME ATTRIBUTE a TO b", .kind = ACTION_ALTER_COMPOSITE_TYPE,
			.table = "c", .new_name = "b", .column = "a"},
		{"ALTER TYPE c RENAME TO d", .kind = ACTION_RENAME_OBJECT, .table = "",
			.object = "TYPE", .name = "c", .new_name = "d", .targets = "c"},
		{"ALTER TYPE s.c SET SCHEMA u", .kind = ACTION_SET_SCHEMA, .table = "",
			.object = "TYPE", .name = "c", .new_name = "u", .targets = "s.c"},
		{"DROP TYPE s.c", .kind = ACTION_DROP_OBJECT, .table = "", .object = "TYPE",
			.name = "c", .new_name = "", .targets = "s.c"},
		{"CREATE DOMAIN s.d AS int CHECK (VALUE > 0)", .kind = ACTION_CREATE_DOMAIN,
			.targets = "s.d"},
		{"ALTER DOMAIN s.d ADD CONSTRAINT c CHECK (VALUE > 0)",
			.kind = ACTION_DOMAIN_ADD_CONSTRAINT, .name = "c", .targets = "s.d"},
		{"ALTER DOMAIN d VALIDATE CONSTRAINT c", .kind = ACTION_DOMAIN_VALIDATE,
			.name = "c", .targets = "d"},
		{"ALTER DOMAIN d SET NOT NULL", .kind = ACTION_DOMAIN_SET_NOT_NULL, .targets = "d"},
		{"ALTER DOMAIN d DROP NOT NULL", .kind = ACTION_ALTER_DOMAIN_OTHER, .targets = "d"},
		{"ALTER DOMAIN d SET DEFAULT 5", .kind = ACTION_ALTER_DOMAIN_OTHER, .targets = "d"},
		{"ALTER DOMAIN d DROP CONSTRAINT c", .kind = ACTION_ALTER_DOMAIN_OTHER,
			.name = "c"},
		{"ALTER DOMAIN d RENAME CONSTRAINT a TO b", .kind = ACTION_ALTER_DOMAIN_OTHER,
			.name = "a", .new_name = "b", .targets = "d"},
		{"CREATE FUNCTION s.f() RETURNS int LANGUAGE c AS 'x'",
			.kind = ACTION_CREATE_FUNCTION, .table = "", .object = "FUNCTION",
			.name = "f", .new_name = "c", .targets = "s.f"},
		{"CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS 'DELETE FROM t'",
			.kind = ACTION_CREATE_FUNCTION, .table = "", .object = "PROCEDURE",
			.name = "p"},
		{"ALTER FUNCTION f(int) VOLATILE", .kind = ACTION_ALTER_FUNCTION, .table = "",
			.object = "FUNCTION", .name = "f"},
		{"ALTER FUNCTION f(int) OWNER TO o", .kind = ACTION_OWNER_TO, .table = "",
			.object = "FUNCTION", .name = "f", .new_name = "o"},
		{"DROP FUNCTION f(int), s.g", .kind = ACTION_DROP_OBJECT, .targets = "f s.g"},
		{"CREATE SEQUENCE s.q", .kind = ACTION_CREATE_SEQUENCE, .table = "s.q"},
		{"ALTER SEQUENCE q RESTART", .kind = ACTION_ALTER_SEQUENCE, .table = "q"},
		{"ALTER SEQUENCE q RENAME TO r", .kind = ACTION_RENAME_OBJECT, .table = "q",
			.object = "SEQUENCE", .name = "", .new_name = "r"},
		{"DROP SEQUENCE q", .kind = ACTION_DROP_OBJECT, .table = "q", .object = "SEQUENCE"},
		{"CREATE EXTENSION IF NOT EXISTS x", .kind = ACTION_CREATE_EXTENSION, .name = "x"},
		{"ALTER EXTENSION x UPDATE", .kind = ACTION_ALTER_EXTENSION, .name = "x"},
		{"ALTER EXTENSION x ADD TABLE t", .kind = ACTION_ALTER_OBJECT, .name = "x",
			.table = "t"},
		{"ALTER INDEX s.i OWNER TO joe", .kind = ACTION_OWNER_TO, .table = "s.i",
			.object = "INDEX", .new_name = "joe"},
		{"ALTER EXTENSION x SET SCHEMA s", .kind = ACTION_ALTER_EXTENSION, .name = "x"},
		{"DROP EXTENSION x", .kind = ACTION_DROP_EXTENSION, .name = "x"},
		{"CREATE CAST (a AS b) WITHOUT FUNCTION", .kind = ACTION_CREATE_OBJECT},
		{"CREATE OPERATOR + (leftarg = a, function = f)", .kind = ACTION_CREATE_OBJECT,
			.name = "+"},
		{"CREATE COLLATION s.c FROM \"C\"", .kind = ACTION_CREATE_OBJECT, .targets = "s.c"},
		{"CREATE LANGUAGE l", .kind = ACTION_CREATE_EXTENSION},
		{"ALTER OPERATOR + (int, int) SET (restrict = none)", .kind = ACTION_ALTER_OBJECT},
		{"ALTER COLLATION c REFRESH VERSION", .kind = ACTION_ALTER_OBJECT},
		{"ALTER INDEX i DEPENDS ON EXTENSION x", .kind = ACTION_ALTER_OBJECT, .table = "i"},
	};

	CHECK_ALL(rows, true);
}

Test(stmt_kinds, schemas_databases_roles)
{
	static const struct row rows[] = {
		{"CREATE SCHEMA s", .kind = ACTION_CREATE_SCHEMA, .name = "s"},
		{"CREATE SCHEMA AUTHORIZATION r", .kind = ACTION_CREATE_SCHEMA, .name = "r"},
		{"ALTER SCHEMA s RENAME TO u", .kind = ACTION_RENAME_SCHEMA, .table = "",
			.object = "SCHEMA", .name = "s", .new_name = "u"},
		{"DROP SCHEMA s, u CASCADE", .kind = ACTION_DROP_SCHEMA, .name = "s",
			.targets = "s u"},
		{"CREATE DATABASE d", .kind = ACTION_CREATE_DATABASE, .name = "d"},
		{"ALTER DATABASE d RENAME TO e", .kind = ACTION_ALTER_DATABASE, .name = "d",
			.new_name = "e"},
		{"ALTER DATABASE d SET work_mem = 1", .kind = ACTION_ALTER_DATABASE, .name = "d"},
		{"DROP DATABASE d", .kind = ACTION_DROP_DATABASE, .name = "d"},
		{"GRANT SELECT ON s.t, u TO r", .kind = ACTION_GRANT, .table = "s.t",
			.object = "TABLE", .targets = "s.t u"},
		{"GRANT ALL ON SCHEMA s TO r", .kind = ACTION_GRANT, .table = "",
			.object = "SCHEMA", .targets = "s"},
		{"GRANT ALL ON ALL TABLES IN SCHEMA s TO r", .kind = ACTION_GRANT, .table = "",
			.targets = "s"},
		{"REVOKE a FROM b", .kind = ACTION_GRANT},
		{"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", .kind = ACTION_GRANT},
		{"CREATE ROLE r", .kind = ACTION_CREATE_ROLE, .name = "r"},
		{"ALTER ROLE r SUPERUSER", .kind = ACTION_ALTER_ROLE, .name = "r"},
		{"ALTER USER r SET client_encoding = utf8", .kind = ACTION_ALTER_ROLE, .name = "r"},
		{"ALTER ROLE r RENAME TO q", .kind = ACTION_ALTER_ROLE, .name = "r",
			.new_name = "q"},
		{"DROP ROLE r", .kind = ACTION_DROP_ROLE},
		{"REASSIGN OWNED BY a TO b", .kind = ACTION_REASSIGN_OWNED},
		{"DROP OWNED BY a", .kind = ACTION_DROP_OWNED},
		{"ALTER SYSTEM SET work_mem = '1MB'", .kind = ACTION_ALTER_SYSTEM,
			.name = "work_mem", .new_name = "1MB"},
		{"ALTER SYSTEM RESET ALL", .kind = ACTION_ALTER_SYSTEM},
		{"CREATE TABLESPACE x LOCATION '/x'", .kind = ACTION_TABLESPACE, .name = "x"},
		{"ALTER TABLESPACE x SET (random_page_cost = 1)", .kind = ACTION_TABLESPACE,
			.name = "x"},
		{"CREATE PUBLICATION p FOR ALL TABLES", .kind = ACTION_PUBLICATION, .name = "p"},
		{"ALTER PUBLICATION p ADD TABLE t", .kind = ACTION_PUBLICATION, .name = "p"},
		{"DROP PUBLICATION p", .kind = ACTION_PUBLICATION, .name = "p"},
		{"CREATE SUBSCRIPTION p CONNECTION '' PUBLICATION q", .kind = ACTION_SUBSCRIPTION,
			.name = "p"},
		{"DROP SUBSCRIPTION p", .kind = ACTION_SUBSCRIPTION, .name = "p"},
		{"CREATE SERVER s FOREIGN DATA WRAPPER w", .kind = ACTION_FOREIGN_DATA,
			.name = "s"},
		{"CREATE USER MAPPING FOR r SERVER s", .kind = ACTION_FOREIGN_DATA, .name = "s"},
		{"IMPORT FOREIGN SCHEMA a FROM SERVER s INTO b", .kind = ACTION_FOREIGN_DATA,
			.name = "s"},
		{"DROP SERVER s", .kind = ACTION_FOREIGN_DATA, .name = "s"},
	};

	CHECK_ALL(rows, true);
}

Test(stmt_kinds, harmless_statements)
{
	static const struct row rows[] = {
		{"SELECT f(a) FROM t", .kind = ACTION_HARMLESS},
		{"VALUES (1)", .kind = ACTION_HARMLESS},
		{"SELECT DISTINCT a FROM f(1) x, ROWS FROM (g(1), h() AS (a int)) y",
			.kind = ACTION_HARMLESS},
		{"TABLE t", .kind = ACTION_HARMLESS},
		{"INSERT INTO s.t VALUES (1)", .kind = ACTION_CHANGE_ROWS, .table = "s.t"},
		{"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1",
			.kind = ACTION_CHANGE_ROWS},
		{"UPDATE t SET a = 1 WHERE b = 2", .kind = ACTION_CHANGE_ROWS, .table = "t"},
		{"DELETE FROM t WHERE b = 2", .kind = ACTION_CHANGE_ROWS, .table = "t"},
		{"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
			.kind = ACTION_CHANGE_ROWS, .table = "t"},
		{"COPY t FROM STDIN", .kind = ACTION_CHANGE_ROWS, .table = "t"},
		{"COPY (SELECT 1) TO STDOUT", .kind = ACTION_HARMLESS},
		{"COPY t TO '/tmp/x'", .kind = ACTION_HARMLESS},
		{"PREPARE p AS SELECT 1", .kind = ACTION_HARMLESS},
		{"EXECUTE p (1)", .kind = ACTION_HARMLESS},
		{"DEALLOCATE p", .kind = ACTION_HARMLESS},
		{"EXPLAIN SELECT 1", .kind = ACTION_HARMLESS},
		{"EXPLAIN CREATE TABLE t AS SELECT 1", .kind = ACTION_HARMLESS},
		{"EXPLAIN DELETE FROM t", .kind = ACTION_HARMLESS},
		{"EXPLAIN (ANALYZE off) DELETE FROM t", .kind = ACTION_HARMLESS},
		{"EXPLAIN (ANALYZE 0) DELETE FROM t", .kind = ACTION_HARMLESS},
		{"DECLARE c CURSOR FOR SELECT 1", .kind = ACTION_HARMLESS},
		{"FETCH ALL FROM c", .kind = ACTION_HARMLESS},
		{"MOVE c", .kind = ACTION_HARMLESS},
		{"CLOSE c", .kind = ACTION_HARMLESS},
		{"LISTEN c", .kind = ACTION_HARMLESS},
		{"UNLISTEN *", .kind = ACTION_HARMLESS},
		{"NOTIFY c, 'x'", .kind = ACTION_HARMLESS},
		{"SHOW ALL", .kind = ACTION_HARMLESS},
		{"DISCARD ALL", .kind = ACTION_HARMLESS},
		{"CHECKPOINT", .kind = ACTION_HARMLESS},
		{"SET CONSTRAINTS ALL IMMEDIATE", .kind = ACTION_HARMLESS},
		{"CALL s.p(1)", .kind = ACTION_CALL, .name = "p", .targets = "s.p"},
		{"BEGIN", .kind = ACTION_TRANSACTION, .name = "BEGIN"},
		{"START TRANSACTION READ ONLY", .kind = ACTION_TRANSACTION, .name = "BEGIN"},
		{"COMMIT AND CHAIN", .kind = ACTION_TRANSACTION, .name = "COMMIT"},
		{"END", .kind = ACTION_TRANSACTION, .name = "COMMIT"},
		{"ROLLBACK", .kind = ACTION_TRANSACTION, .name = "ROLLBACK"},
		{"ABORT", .kind = ACTION_TRANSACTION, .name = "ROLLBACK"},
		{"SAVEPOINT s", .kind = ACTION_TRANSACTION, .name = "SAVEPOINT", .new_name = "s"},
		{"RELEASE s", .kind = ACTION_TRANSACTION, .name = "RELEASE", .new_name = "s"},
		{"ROLLBACK TO s", .kind = ACTION_TRANSACTION, .name = "ROLLBACK TO",
			.new_name = "s"},
		{"COMMIT PREPARED 'x'", .kind = ACTION_TRANSACTION, .name = "COMMIT PREPARED"},
		{"PREPARE TRANSACTION 'x'", .kind = ACTION_PREPARE_TRANSACTION},
		{"SET search_path = a, \"B\"", .kind = ACTION_HARMLESS, .name = "search_path",
			.new_name = "a, B"},
		{"SET TIME ZONE 'UTC'", .kind = ACTION_HARMLESS, .name = "timezone",
			.new_name = "UTC"},
		{"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", .kind = ACTION_HARMLESS},
		{"RESET ALL", .kind = ACTION_HARMLESS, .name = "all"},
		{"SET lock_timeout = '2s'", .kind = ACTION_SET_TIMEOUT, .name = "lock_timeout",
			.new_name = "2s"},
		{"SET \"Statement_Timeout\" TO 500", .kind = ACTION_SET_TIMEOUT,
			.name = "statement_timeout", .new_name = "500"},
		{"SET lock_timeout TO DEFAULT", .kind = ACTION_SET_TIMEOUT, .name = "lock_timeout",
			.new_name = ""},
		{"RESET lock_timeout", .kind = ACTION_SET_TIMEOUT, .name = "lock_timeout",
			.new_name = ""},
	};

	CHECK_ALL(rows, false);
}

Test(stmt_kinds, parameters_that_change_how_text_is_read)
{
	static const struct {
		const char *sql;
		bool guarded;
	} rows[] = {
		{"SET client_encoding = 'SJIS'", true},
		{"SET \"CLIENT_encoding\" = sjis", true},
		{"SET SESSION client_encoding TO gbk", true},
		{"SET LOCAL client_encoding TO big5", true},
		{"SET NAMES 'Shift-JIS'", true},
		{"SET NAMES 'UTF8'", false},
		{"SET NAMES 'utf-8'", false},
		{"SET client_encoding = UNICODE", false},
		{"SET NAMES DEFAULT", false},
		{"RESET client_encoding", false},
		{"SET standard_conforming_strings = off", true},
		{"SET standard_conforming_strings = false", true},
		{"SET standard_conforming_strings = 0", true},
		{"SET standard_conforming_strings = on", false},
		{"SET standard_conforming_strings = 'TRUE'", false},
		{"SET standard_conforming_strings = 1", false},
		{"SET escape_string_warning = off", false},
		{"SELECT set_config('client_encoding', 'SJIS', true)", true},
		{"SELECT pg_catalog.set_config('Client_Encoding'::text, 'SJIS', true)", true},
		{"SELECT set_config('client_encoding', 'UTF8', true)", false},
		{"SELECT set_config('client_encoding', $1, true)", true},
		{"SELECT set_config('search_path', '', false)", false},
		{"SELECT 1 FROM (SELECT set_config('standard_conforming_strings', 'off', false)) x",
			true},
		{"UPDATE pg_settings SET setting = 'x' WHERE name = 'client_encoding'", true},
		{"UPDATE pg_catalog.pg_settings SET setting = 'x' WHERE name LIKE '%'", true},
		{"UPDATE pg_settings SET setting = 'x'", true},
		{"UPDATE pg_settings SET setting = 'x' WHERE name = 'work_mem'", false},
		{"UPDATE pg_settings s SET setting = 'x' WHERE s.name IN ('work_mem', 'a') AND "
		 "true",
			false},
		{"UPDATE pg_settings SET setting = 'x' WHERE name = 'work_mem' OR true", true},
		{"UPDATE pg_settings SET setting = 'x' FROM t WHERE t.name = 'work_mem'", true},
		{"UPDATE pg_settings SET setting = 'x' WHERE name = $1", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmt stmt = parsed(rows[i].sql);

		cr_expect_eq(stmt.guarded, rows[i].guarded, "%s", rows[i].sql);
		cr_expect_eq(stmt.actions[0].kind == ACTION_SET_PARAMETER, rows[i].guarded, "%s",
			rows[i].sql);
	}
}

Test(stmt_kinds, do_blocks)
{
	static const struct {
		const char *body;
		bool opaque;
	} rows[] = {
		{"BEGIN PERFORM f(1); END", false},
		{"BEGIN INSERT INTO t SELECT a FROM u; UPDATE t SET a = 1; END", false},
		{"BEGIN RAISE NOTICE 'CREATE TABLE'; END", false},
		{"BEGIN -- DROP TABLE t\n /* ALTER /* x */ EXECUTE */ END", false},
		{"DECLARE x text := $q$execute$q$; BEGIN END", false},
		{"BEGIN \"my created\" := 1; END", false},
		{"BEGIN EXECUTE 'x'; END", true},
		{"BEGIN FOR r IN EXECUTE q LOOP END LOOP; END", true},
		{"BEGIN RETURN QUERY eXeCuTe q; END", true},
		{"BEGIN CREATE TABLE t (); END", true},
		{"BEGIN/**/DROP/**/TABLE t; END", true},
		{"BEGIN ALTER TABLE t DROP c; END", true},
		{"BEGIN TRUNCATE t; END", true},
		{"BEGIN CALL p(); END", true},
		{"BEGIN REFRESH MATERIALIZED VIEW m; END", true},
		{"BEGIN GRANT a TO b; END", true},
		{"BEGIN COPY t FROM PROGRAM 'x'; END", true},
		{"BEGIN SET standard_conforming_strings = off; END", true},
		{"BEGIN SET NAMES 'SJIS'; END", true},
		{"BEGIN PERFORM set_config('a', 'b', true); END", true},
		{"BEGIN PERFORM query_to_xml('x', true, true, ''); END", true},
		{"BEGIN PERFORM \"query_to_xml\"('x', true, true, ''); END", true},
		{"BEGIN PERFORM U&\"query\\005fto_xml\"('x', true, true, ''); END", true},
		{"BEGIN PERFORM dblink_exec('x'); END", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmt stmt =
			parsed(arena_printf(&arena, "DO $body$ %s $body$", rows[i].body));

		cr_expect_eq(stmt.actions[0].kind, ACTION_DO_BLOCK);
		cr_expect_eq(stmt.actions[0].opaque, rows[i].opaque, "%s", rows[i].body);
		cr_expect(stmt.guarded);
	}
	cr_expect(parsed("DO LANGUAGE plpython3u 'x'").actions[0].opaque);
	cr_expect(parsed("DO 'x' LANGUAGE \"PLPGSQL\"").actions[0].opaque);
}

Test(stmt_kinds, flags)
{
	cr_expect(parsed("DROP TABLE IF EXISTS t").actions[0].if_exists);
	cr_expect(parsed("DROP TABLE t CASCADE").actions[0].cascade);
	cr_expect_not(parsed("DROP TABLE t RESTRICT").actions[0].cascade);
	cr_expect(parsed("CREATE TABLE IF NOT EXISTS t ()").actions[0].if_not_exists);
	cr_expect(parsed("CREATE TEMP TABLE t ()").actions[0].temporary);
	cr_expect(parsed("CREATE TABLE pg_temp.t ()").actions[0].temporary);
	cr_expect(parsed("CREATE TEMP VIEW v AS SELECT 1").actions[0].temporary);
	cr_expect(parsed("CREATE TEMP TABLE t AS SELECT 1").actions[0].temporary);
	cr_expect(parsed("SELECT 1 INTO TEMP t").actions[0].temporary);
	cr_expect_not(parsed("CREATE UNLOGGED TABLE t ()").actions[0].temporary);
	cr_expect(parsed("CREATE TABLE t (a int REFERENCES u)").actions[0].with_foreign_key);
	cr_expect(parsed("CREATE TABLE t () INHERITS (p)").actions[0].inherits);
	cr_expect_not(parsed("CREATE TABLE t (LIKE p)").actions[0].inherits);
	cr_expect(parsed("CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()")
			  .actions[0]
			  .replaces);
	cr_expect(
		parsed("CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()")
			.actions[0]
			.instead_of);
	cr_expect_not(parsed("CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()")
			      .actions[0]
			      .instead_of);
	cr_expect(parsed("CREATE TRIGGER g AFTER INSERT ON t REFERENCING NEW TABLE AS n "
			 "EXECUTE FUNCTION f()")
			  .actions[0]
			  .transition_tables);
	cr_expect_eq(parsed("CREATE TABLE t () INHERITS (p, q)").actions[0].n_sources, 2u);
	cr_expect(parsed("REINDEX INDEX CONCURRENTLY i").actions[0].concurrently);
	cr_expect_not(parsed("REINDEX (CONCURRENTLY false) INDEX i").actions[0].concurrently);
	cr_expect(parsed("CREATE INDEX i ON ONLY t (a)").actions[0].only);
	cr_expect(parsed("TRUNCATE ONLY t").actions[0].only);
	cr_expect(parsed("TRUNCATE t RESTART IDENTITY").actions[0].restarts_identity);
	cr_expect_not(parsed("TRUNCATE t CONTINUE IDENTITY").actions[0].restarts_identity);
	cr_expect(parsed("LOCK t NOWAIT").actions[0].nowait);
	cr_expect_eq(parsed("LOCK t").actions[0].lock_mode, LOCK_ACCESS_EXCLUSIVE);
	cr_expect_eq(parsed("LOCK t IN SHARE ROW EXCLUSIVE MODE").actions[0].lock_mode,
		LOCK_SHARE_ROW_EXCLUSIVE);
	cr_expect_eq(parsed("LOCK t IN ACCESS SHARE MODE").actions[0].lock_mode, LOCK_ACCESS_SHARE);
	cr_expect(parsed("CREATE TABLE t AS SELECT 1").actions[0].with_data);
	cr_expect_not(parsed("CREATE TABLE t AS SELECT 1 WITH NO DATA").actions[0].with_data);
	cr_expect_not(parsed("REFRESH MATERIALIZED VIEW m WITH NO DATA").actions[0].with_data);
	cr_expect(parsed("SET LOCAL lock_timeout = 1").actions[0].local);
}

/* Elements are statements in the new schema. */
Test(stmt_kinds, create_schema_with_elements)
{
	struct stmt stmt = parsed("CREATE SCHEMA s CREATE TABLE t (a int) CREATE INDEX ON t (a) "
				  "GRANT CREATE ON SCHEMA s TO r WITH GRANT OPTION "
				  "CREATE VIEW u.v AS SELECT 1 AS \"create\", 2 AS create");
	static const struct {
		enum action_kind kind;
		const char *table;
	} rows[] = {
		{ACTION_CREATE_SCHEMA, ""},
		{ACTION_CREATE_TABLE, "s.t"},
		{ACTION_CREATE_INDEX, "s.t"},
		{ACTION_GRANT, ""},
		{ACTION_CREATE_VIEW, "u.v"},
	};

	cr_assert_eq(stmt.n_actions, sizeof(rows) / sizeof(*rows));
	for (size_t i = 0; i < stmt.n_actions; i++) {
		cr_expect_eq(stmt.actions[i].kind, rows[i].kind);
		cr_expect_str_eq(shown(stmt.actions[i].table), rows[i].table);
	}
	cr_expect_str_eq(stmt.actions[2].index->body_sql, "USING btree (a)");
}

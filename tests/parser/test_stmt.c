/* SPDX-License-Identifier: PostgreSQL */
/* Texts into statements: slices, places, tags, flags, refusals. */
#include "stmt.h"

#include <string.h>

#include <criterion/criterion.h>

#include "stmt_same.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(stmt, .fini = free_arena);

static struct stmts parsed(const char *sql)
{
	struct stmts stmts;
	const char *error = NULL;

	cr_assert_eq(stmt_parse(&arena, sql, strlen(sql), &stmts, &error), 0, "%s: %s", sql, error);
	return stmts;
}

Test(stmt, slices_statements_out_of_a_text)
{
	static const char sql[] = " -- c\n SELECT 1 ; ;; /* é */ DROP TABLE t -- d\n;SELECT 2;";
	static const char *const slices[] = {"SELECT 1", "DROP TABLE t", "SELECT 2"};
	struct stmts stmts = parsed(sql);

	cr_assert_eq(stmts.n, 3);
	for (size_t i = 0; i < stmts.n; i++) {
		const struct stmt *stmt = &stmts.items[i];

		cr_expect_str_eq(stmt->sql, slices[i]);
		cr_expect_eq(stmt->len, strlen(slices[i]));
		cr_expect_eq(strncmp(sql + stmt->location, slices[i], stmt->len), 0);
		cr_expect_eq(stmt->guarded, i == 1);
	}
	cr_expect(stmts.guarded);
}

Test(stmt, texts_without_statements_are_harmless)
{
	static const char *const texts[] = {"", ";", " ;; ", "-- DROP TABLE t", "/* x */;"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct stmts stmts = parsed(texts[i]);

		cr_expect_eq(stmts.n, 0, "%s", texts[i]);
		cr_expect_not(stmts.guarded);
	}
}

Test(stmt, refuses_what_it_cannot_parse)
{
	static const struct {
		const char *text;
		size_t len;
		const char *error;
	} rows[] = {
		{"ALTER TABEL t", 13, "syntax error at or near \"TABEL\""},
		{"SELECT 1\0; DROP TABLE t", 23, "the text contains a NUL byte"},
		{"SELECT 'x", 9, "unterminated quoted string at or near \"'x\""},
		{"SELECT \"\"", 9, "zero-length delimited identifier at or near \"\"\"\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmts stmts;
		const char *error = NULL;

		cr_expect_eq(stmt_parse(&arena, rows[i].text, rows[i].len, &stmts, &error), -1);
		cr_expect_str_eq(error, rows[i].error);
	}
}

/* libpg_query's grammar alone refuses these. */
Test(stmt, comments_between_words_that_are_read_together)
{
	static const char *const texts[] = {
		"SELECT a NOT /* x */ IN (1) FROM t",
		"SELECT a FROM t WHERE a NOT -- x\n LIKE 'b' ORDER BY a NULLS /* ' */ LAST",
		"SELECT * FROM unnest(b) WITH /* x */ ORDINALITY /* é */ AS u",
		"SELECT U&'d!0061t' /* x */ UESCAPE '!'",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct stmts stmts = parsed(texts[i]);

		cr_expect_eq(stmts.n, 1, "%s", texts[i]);
		cr_expect_str_eq(stmts.items[0].sql, texts[i]);
	}
	for (const char *const *text =
			(const char *const[]){"SELECT 1 /* x */ FROM FROM", "SELECT 1 /* x", NULL};
		*text != NULL; text++) {
		struct stmts stmts;
		const char *error;

		cr_expect_eq(stmt_parse(&arena, *text, strlen(*text), &stmts, &error), -1);
	}
}

Test(stmt, reads_no_byte_behind_the_text)
{
	struct stmts stmts;
	const char *error;

	cr_assert_eq(stmt_parse(&arena, "SELECT 1; DROP TABLE t", 8, &stmts, &error), 0);
	cr_expect_eq(stmts.n, 1);
	cr_expect_not(stmts.guarded);
}

Test(stmt, fingerprints_and_normalizes_the_text)
{
	static const char *const texts[] = {"SELECT a FROM t WHERE b = 1",
		"select a  from t where b = 'x'", "SELECT a FROM u WHERE b = 1"};
	struct stmts stmts[3] = {{0}};

	for (size_t i = 0; i < 3; i++)
		stmt_identify(&arena, texts[i], strlen(texts[i]), &stmts[i]);
	cr_expect_str_eq(stmts[0].fingerprint, stmts[1].fingerprint);
	cr_expect_str_neq(stmts[0].fingerprint, stmts[2].fingerprint);
	cr_expect_str_eq(stmts[0].normalized, "SELECT a FROM t WHERE b = $1");
}

Test(stmt, tells_tags)
{
	static const struct {
		const char *sql, *tag;
	} rows[] = {
		{"SELECT 1", NULL},
		{"INSERT INTO t VALUES (1)", NULL},
		{"COPY t TO STDOUT", NULL},
		{"FETCH c", NULL},
		{"EXECUTE p", NULL},
		{"CREATE TABLE t AS SELECT 1", NULL},
		{"CREATE TABLE t AS SELECT 1 WITH NO DATA", "CREATE TABLE AS"},
		{"CREATE MATERIALIZED VIEW m AS SELECT 1 WITH NO DATA", "CREATE MATERIALIZED VIEW"},
		{"BEGIN", "BEGIN"},
		{"START TRANSACTION", "START TRANSACTION"},
		{"END", "COMMIT"},
		{"ABORT", "ROLLBACK"},
		{"ROLLBACK TO s", "ROLLBACK"},
		{"SET a.b = 1", "SET"},
		{"RESET work_mem", "RESET"},
		{"RESET ALL", "RESET"},
		{"SHOW work_mem", "SHOW"},
		{"DISCARD TEMP", "DISCARD TEMP"},
		{"DEALLOCATE p", "DEALLOCATE"},
		{"DEALLOCATE ALL", "DEALLOCATE ALL"},
		{"CLOSE c", "CLOSE CURSOR"},
		{"CLOSE ALL", "CLOSE CURSOR ALL"},
		{"PREPARE p AS SELECT 1", "PREPARE"},
		{"DECLARE c CURSOR FOR SELECT 1", "DECLARE CURSOR"},
		{"EXPLAIN ANALYZE UPDATE t SET a = 1", "EXPLAIN"},
		{"CREATE TABLE t ()", "CREATE TABLE"},
		{"CREATE FOREIGN TABLE t () SERVER s", "CREATE FOREIGN TABLE"},
		{"CREATE INDEX ON t (a)", "CREATE INDEX"},
		{"CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE VIEW"},
		{"CREATE SCHEMA s CREATE TABLE t ()", "CREATE SCHEMA"},
		{"CREATE PROCEDURE p() LANGUAGE sql AS ''", "CREATE PROCEDURE"},
		{"CREATE AGGREGATE a (int) (sfunc = f, stype = int)", "CREATE AGGREGATE"},
		{"CREATE TYPE t AS (a int)", "CREATE TYPE"},
		{"ALTER TABLE t DROP a", "ALTER TABLE"},
		{"ALTER VIEW v RENAME COLUMN a TO b", "ALTER VIEW"},
		{"ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE"},
		{"ALTER TABLE t RENAME CONSTRAINT a TO b", "ALTER TABLE"},
		{"ALTER TYPE t RENAME ATTRIBUTE a TO b", "ALTER TYPE"},
		{"ALTER DOMAIN d RENAME CONSTRAINT a TO b", "ALTER DOMAIN"},
		{"ALTER INDEX i SET TABLESPACE x", "ALTER INDEX"},
		{"ALTER MATERIALIZED VIEW m SET SCHEMA s", "ALTER MATERIALIZED VIEW"},
		{"ALTER FUNCTION f(int) STABLE", "ALTER FUNCTION"},
		{"ALTER FOREIGN DATA WRAPPER w OWNER TO o", "ALTER FOREIGN DATA WRAPPER"},
		{"ALTER LARGE OBJECT 1 OWNER TO o", "ALTER LARGE OBJECT"},
		{"DROP TABLE t", "DROP TABLE"},
		{"DROP MATERIALIZED VIEW m", "DROP MATERIALIZED VIEW"},
		{"DROP TRIGGER x ON t", "DROP TRIGGER"},
		{"DROP OPERATOR + (int, int)", "DROP OPERATOR"},
		{"DROP TEXT SEARCH CONFIGURATION c", "DROP TEXT SEARCH CONFIGURATION"},
		{"TRUNCATE t", "TRUNCATE TABLE"},
		{"LOCK t", "LOCK TABLE"},
		{"VACUUM", "VACUUM"},
		{"ANALYZE", "ANALYZE"},
		{"GRANT SELECT ON t TO r", "GRANT"},
		{"REVOKE SELECT ON t FROM r", "REVOKE"},
		{"GRANT a TO b", "GRANT ROLE"},
		{"REVOKE a FROM b", "REVOKE ROLE"},
		{"DO ''", "DO"},
		{"CALL p()", "CALL"},
		{"COMMENT ON TABLE t IS ''", "COMMENT"},
		{"REFRESH MATERIALIZED VIEW m", "REFRESH MATERIALIZED VIEW"},
		{"REINDEX TABLE t", "REINDEX"},
		{"SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stmts stmts = parsed(rows[i].sql);
		const char *tag = stmts.items[0].tag;

		cr_expect(same_text(tag, rows[i].tag), "row %zu: %s: %s", i, rows[i].sql, tag);
	}
}

Test(stmt, tells_what_must_stand_outside_a_transaction)
{
	static const struct {
		const char *sql;
		bool refused;
	} rows[] = {
		{"CREATE INDEX CONCURRENTLY i ON t (a)", true},
		{"CREATE INDEX i ON t (a)", false},
		{"DROP INDEX CONCURRENTLY i", true},
		{"DROP INDEX i", false},
		{"REINDEX INDEX CONCURRENTLY i", true},
		{"REINDEX (CONCURRENTLY off) TABLE t", false},
		{"REINDEX (CONCURRENTLY 1, VERBOSE) TABLE t", true},
		{"REINDEX SCHEMA s", true},
		{"REINDEX DATABASE d", true},
		{"ALTER TABLE t DETACH PARTITION p CONCURRENTLY", true},
		{"ALTER TABLE t DETACH PARTITION p FINALIZE", false},
		{"ALTER TABLE t DETACH PARTITION p", false},
		{"REFRESH MATERIALIZED VIEW CONCURRENTLY m", false},
		{"VACUUM t", true},
		{"ANALYZE t", false},
		{"CLUSTER", true},
		{"CLUSTER t USING i", false},
		{"CREATE DATABASE d", true},
		{"DROP DATABASE d", true},
		{"ALTER DATABASE d SET TABLESPACE x", true},
		{"ALTER DATABASE d CONNECTION LIMIT 5", false},
		{"CREATE TABLESPACE x LOCATION '/x'", true},
		{"ALTER SYSTEM SET work_mem = '1MB'", true},
		{"DISCARD ALL", true},
		{"DISCARD PLANS", false},
		{"COMMIT PREPARED 'x'", true},
		{"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", true},
		{"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)", false},
		{"ALTER TYPE e ADD VALUE 'x'", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(parsed(rows[i].sql).items[0].no_transaction, rows[i].refused, "%s",
			rows[i].sql);
}

Test(stmt, tells_what_runs_a_prepared_statement)
{
	cr_expect(parsed("EXECUTE p(1)").items[0].executes_prepared);
	cr_expect(parsed("CREATE TABLE t AS EXECUTE p").items[0].executes_prepared);
	cr_expect(parsed("EXPLAIN ANALYZE EXECUTE p").items[0].executes_prepared);
	cr_expect_not(parsed("EXPLAIN EXECUTE p").items[0].executes_prepared);
	cr_expect_not(parsed("PREPARE p AS SELECT 1").items[0].executes_prepared);
}

Test(stmt, names_every_action_and_lock_mode)
{
	for (int i = 0; i < ACTION_KINDS; i++)
		cr_expect_neq(strlen(action_name((enum action_kind)i)), 0);
	cr_expect_str_eq(lock_mode_name(LOCK_SHARE_ROW_EXCLUSIVE), "SHARE ROW EXCLUSIVE");
	cr_expect_str_eq(lock_mode_name(LOCK_ACCESS_EXCLUSIVE), "ACCESS EXCLUSIVE");
	cr_expect(strtol(grammar_version, NULL, 10) >= 15);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "head.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct head_scan scan_text(const char *text, bool certain)
{
	return head_scan(text, strlen(text), &head_limits_default, certain);
}

static const char *const verdict_names[] = {"harmless", "guarded", "ambiguous", "over limit"};

/* H harmless, G guarded, A ambiguous: when lexing is certain, and when it is not. */
struct verdict_row {
	const char *text, *expected;
};

static enum head_verdict expected_verdict(char letter)
{
	return letter == 'H' ? HEAD_HARMLESS : letter == 'G' ? HEAD_GUARDED : HEAD_AMBIGUOUS;
}

static void expect_verdicts(const struct verdict_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int uncertain = 0; uncertain < 2; uncertain++) {
			const struct head_scan scan = scan_text(rows[i].text, uncertain == 0);

			cr_expect_eq(scan.verdict, expected_verdict(rows[i].expected[uncertain]),
				"%s (%s): %s", rows[i].text, uncertain ? "uncertain" : "certain",
				verdict_names[scan.verdict]);
			cr_expect_eq(scan.reason != NULL, scan.verdict == HEAD_AMBIGUOUS, "%s",
				rows[i].text);
		}
}

#define EXPECT_VERDICTS(rows) expect_verdicts(rows, sizeof(rows) / sizeof(*(rows)))

Test(head, lexing_modes)
{
	static const struct verdict_row rows[] = {
		{"SELECT '\\'; DROP TABLE t; --'", "GA"},
		{"SELECT '\\''; DROP TABLE t; --'", "HA"},
		{"SELECT '\\'; SELECT 1; --'", "HH"},
		{"SELECT '\\d+'", "HH"},
		{"ALTER TABLE t ADD CHECK (a ~ '^\\d+$')", "GG"},
		{"ALTER TABLE t ADD a text DEFAULT '\\' || ', DROP COLUMN b --'", "GA"},
		{"SELECT E'\\''; DROP TABLE t; --'", "GG"},
		{"SELECT E'\\'; DROP TABLE t; --'", "HH"},
		{"SELECT E'a'\n'\\'; DROP TABLE t; --'", "HH"},
		{"SELECT E'a'--\n'\\'; DROP TABLE t; --'", "HH"},
		{"SELECT E'a' '\\'; DROP TABLE t; --'", "GA"},
		{"SELECT N'\\'; DROP TABLE t; --'", "GA"},
		{"SELECT X'a'\n'\\'; DROP TABLE t; --'", "GG"},
		/* SJIS and its like: 0x5c is the second half of a character */
		{"SELECT E'\x83\\'; DROP TABLE t; --'", "HA"},
		{"SELECT E'\xc3\x83\\'; DROP TABLE t; --'", "HA"},
		{"SELECT '\x83\\'; DROP TABLE t; --'", "GA"},
		{"SELECT E'\xc3\xa9\\n'", "HH"},
		{"SELECT E'\xc3\xa9\\\\n'", "HH"},
		{"SELECT E'\xe9\\\\ \xe9\\\\ \xe9\\\\ \xe9\\\\ \xe9\\\\'", "HA"},
		/* its tag may end elsewhere once converted */
		{"SELECT $\x81\xca$ a $\x81\xca$", "HA"},
		/* d, one character, .pg_catalog */
		{"INSERT INTO d\x83\\b.pg_catalog.pg_class VALUES (1)", "HA"},
		{"SELECT \xc3\xa9, \xe9 FROM \xc3\xa0.b", "HH"},
		/* code as text */
		{"DO '\\144rop'", "GA"},
		{"DO $$ \\ $$", "GG"},
	};

	EXPECT_VERDICTS(rows);
}

Test(head, tokens)
{
	static const struct verdict_row rows[] = {
		{"/* a /* b */ DROP TABLE t; */ SELECT 1", "HH"},
		{"/* a */ DROP TABLE t", "GG"},
		{"-- a\rDROP TABLE t", "GG"},
		{"-- a DROP TABLE t", "HH"},
		{"DROP/**/TABLE t", "GG"},
		{"\fDROP TABLE t", "GG"},
		{"\vDROP TABLE t", "GG"},
		{"SELECT 1 +-- ;DROP\n2", "HH"},
		{"SELECT 1 @-/*; DROP TABLE t; */ 2", "HH"},
		{"SELECT $a$; DROP TABLE t; $a$", "HH"},
		{"SELECT $a$; DROP TABLE t; $A$", "HH"},
		{"SELECT a$a$; DROP TABLE t; --$a$", "GG"},
		{"SELECT $1$a$; DROP TABLE t; $a$", "HH"},
		{"SELECT $$a$b$$; DROP TABLE t", "GG"},
		{"SELECT \"a\"\"; DROP TABLE t; --\"", "HH"},
		{"SELECT \"a\"; DROP TABLE t; --\"", "GG"},
		{"SELECT ''''; DROP TABLE t; --'", "GG"},
		{"SELECT '''; DROP TABLE t; --'", "HH"},
		{"SELECT U&\"a\"", "GG"},
		{"SELECT u&\"a\"", "GG"},
		{"SELECT U&'a'", "HH"},
		{"SELECT au&\"b\", u & \"a\"", "HH"},
		{"SELECT 1INTO t", "GG"},
		{"SELECT 1.INTO t", "GG"},
		{"SELECT t.update_at, updated_at, selected, \"into\"", "HH"},
		{"\"SELECT\" 1", "GG"},
		{"1", "GG"},
		{"", "HH"},
	};

	EXPECT_VERDICTS(rows);
}

Test(head, statements)
{
	static const struct verdict_row rows[] = {
		{"SELECT 1; DROP TABLE t", "GG"},
		{"SELECT insert INTO t", "GG"},
		{"SELECT f(1) insert INTO t", "GG"},
		{"INSERT INTO t SELECT 1", "HH"},
		{"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "HH"},
		{"WITH x AS (SELECT 1) SELECT * INTO t FROM x", "GG"},
		{"MERGE INTO t USING u ON a = b WHEN NOT MATCHED THEN INSERT VALUES (1)", "HH"},
		{"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", "GG"},
		{"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET a = 1", "GG"},
		{"SELECT 1 FOR UPDATE", "HH"},
		{"SELECT 1 FOR NO KEY UPDATE", "HH"},
		{"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1", "HH"},
		{"WITH RECURSIVE r AS (SELECT 1) SEARCH DEPTH FIRST BY a SET key DELETE FROM t",
			"GG"},
		{"COPY t FROM STDIN", "HH"},
		{"COPY t FROM PROGRAM 'x'", "GG"},
		{"COPY (SELECT 1) TO PROGRAM 'x'", "GG"},
		{"COPY (DELETE FROM t RETURNING *) TO STDOUT", "GG"},
		{"EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1", "HH"},
		{"EXPLAIN ANALYZE DELETE FROM t", "GG"},
		{"EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1", "GG"},
		{"PREPARE p (int) AS UPDATE t SET a = $1 WHERE b = $2", "HH"},
		{"PREPARE p AS DROP TABLE t", "GG"},
		{"PREPARE transaction AS DELETE FROM t", "GG"},
		{"SET search_path = x", "HH"},
		{"SET SESSION \"Client_Encoding\" = 'SJIS'", "GG"},
		{"SET NAMES 'SJIS'", "GG"},
		{"SET TIME ZONE 'UTC'", "HH"},
		{"RESET ALL", "HH"},
		{"DECLARE c CURSOR FOR SELECT 1", "HH"},
		{"CALL p(1)", "HH"},
		{"DO $$ begin end $$", "GG"},
		{"(SELECT 1) UNION (SELECT 2)", "HH"},
		{"INSERT INTO pg_class VALUES (1)", "GG"},
		{"INSERT INTO \"pg_catalog\" . pg_class VALUES (1)", "GG"},
		{"UPDATE information_schema.x SET a = 1 WHERE b = 2", "GG"},
		{"SELECT pg_sleep(1) FROM pg_class", "HH"},
		{"SELECT (1; SELECT 2", "GG"},
		{"SELECT 1) SELECT 2", "GG"},
	};

	EXPECT_VERDICTS(rows);
}

Test(head, where_must_leave_rows_out)
{
	static const struct verdict_row rows[] = {
		{"UPDATE t SET x = $1 WHERE id = $2", "HH"},
		{"DELETE FROM t WHERE a IN (1, 2) AND b = 'x'", "HH"},
		{"DELETE FROM t WHERE CURRENT OF c", "HH"},
		{"DELETE FROM t WHERE s.t.a=1 AND \"b\">'x'';' OR c < $1", "HH"},
		{"DELETE FROM t WHERE (\"t\".\"a\" = 1 AND 1=1)", "HH"},
		{"DELETE FROM t WHERE (a = 1 OR b = 2) RETURNING *", "HH"},
		{"DELETE FROM t WHERE created_at < now() - interval '1 day'", "HH"},
		{"DELETE FROM t USING u WHERE t.id = u.id", "HH"},
		{"DELETE FROM t WHERE a = ANY ($1::int[])", "HH"},
		{"DELETE FROM t WHERE a IS NULL", "HH"},
		{"DELETE FROM t", "GG"},
		{"DELETE FROM t WHERE true", "GG"},
		{"DELETE FROM t WHERE true = true", "GG"},
		{"DELETE FROM t WHERE NULL = 1", "GG"},
		{"DELETE FROM t WHERE a = 1 OR true", "GG"},
		{"DELETE FROM t WHERE a = 1 IS NOT NULL", "GG"},
		{"DELETE FROM t WHERE a = 1 = b", "GG"},
		{"DELETE FROM t WHERE NOT a = 1", "GG"},
		{"DELETE FROM t WHERE a = 1; DROP TABLE t", "GG"},
		{"DELETE FROM t WHERE a = 1 AND b = dblink('x')", "GG"},
		{"DELETE FROM t WHERE NOT false", "GG"},
		{"DELETE FROM t WHERE a = 1 OR 1 = 1", "GG"},
		{"DELETE FROM t WHERE a = a", "GG"},
		{"DELETE FROM t WHERE t.a = \"t\".\"A\"", "GG"},
		{"DELETE FROM t WHERE a IN (1, a)", "GG"},
		{"DELETE FROM t WHERE a IS NULL OR a IS NOT NULL", "GG"},
		{"DELETE FROM t WHERE a LIKE '%'", "GG"},
		{"DELETE FROM t WHERE (a = 1) IS NOT NULL", "GG"},
		{"UPDATE t SET a = b./**/where AND c = 1", "GG"},
		{"UPDATE t SET a = 1 RETURNING b AS where, c AND d = 1", "GG"},
		{"DELETE FROM t WHERE b = c.returning OR true", "GG"},
		{"UPDATE t SET a = (SELECT 1 WHERE b = 2)", "GG"},
		{"WITH x AS (DELETE FROM t) SELECT 1 WHERE a = 1", "GG"},
		{"WITH x AS (DELETE FROM t WHERE a = 1) UPDATE u SET b = 2", "GG"},
		{"DELETE FROM t WHERE a = 1; DELETE FROM t", "GG"},
	};

	EXPECT_VERDICTS(rows);
}

/* The first four bytes and the length of every word that matters are in head_words.c. */
Test(head, functions_that_run_sql_are_seen)
{
	static const char *const names[] = {
		"set_config",
#define SQL_FUNCTION(name) name,
#define SQL_FUNCTION_PREFIX(name) name, name "x", name "_and_a_rather_long_rest",
#include "sql_functions.def"
	};
	static const char *const calls[] = {"SELECT %s('x')", "SELECT \"%s\" ('x')",
		"SELECT a.%s/**/('x')", "INSERT INTO t VALUES (%s('x'))", "CALL %s('x')",
		"UPDATE t SET a = 1 WHERE b = %s('x')",
		"DECLARE c CURSOR FOR SELECT * FROM %s('x')"};
	char text[200];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (size_t j = 0; j < sizeof(calls) / sizeof(*calls); j++) {
			snprintf(text, sizeof(text), calls[j], names[i]);
			cr_expect_eq(scan_text(text, true).verdict, HEAD_GUARDED, "%s", text);
		}
		snprintf(text, sizeof(text), "SELECT %s, \"%s\" FROM t", names[i], names[i]);
		cr_expect_eq(scan_text(text, true).verdict, HEAD_HARMLESS, "%s", text);
	}
}

Test(head, counts_statements_and_ends)
{
	static const struct {
		const char *text;
		unsigned statements;
		bool ends_transaction;
	} rows[] = {
		{"", 0, false},
		{" ; -- a\n ;", 0, false},
		{"SELECT 1", 1, false},
		{"SELECT ';'; SELECT $$;$$;", 2, false},
		{"BEGIN; SELECT 1; COMMIT", 3, true},
		{"END", 1, true},
		{"ABORT", 1, true},
		{"ROLLBACK", 1, true},
		{"PREPARE TRANSACTION 'x'", 1, true},
		{"PREPARE x AS SELECT 1", 1, false},
		{"SELECT 1 AS commit", 1, false},
		{"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; SELECT 1); COMMIT", 2, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct head_scan scan = scan_text(rows[i].text, true);

		cr_expect_eq(scan.statements, rows[i].statements, "%s", rows[i].text);
		cr_expect_eq(scan.ends_transaction, rows[i].ends_transaction, "%s", rows[i].text);
	}
}

Test(head, nul_is_left_to_the_parser)
{
	static const char text[] = "SELECT 1\0; DROP TABLE t";

	cr_expect_eq(head_scan(text, sizeof(text) - 1, &head_limits_default, true).verdict,
		HEAD_GUARDED);
}

/* ---- limits ---- */

static char *repeated(const char *head, const char *part, unsigned n, const char *tail)
{
	char *text = malloc(strlen(head) + n * strlen(part) + strlen(tail) + 1), *p;

	cr_assert_not_null(text);
	p = stpcpy(text, head);
	while (n-- > 0)
		p = stpcpy(p, part);
	stpcpy(p, tail);
	return text;
}

Test(head, limits_bind_guarded_text_only)
{
	static const struct head_limits limits = {
		.text_bytes_max = 1000,
		.operator_run_max = 20,
		.nesting_max = 10,
		.links_max = 50,
	};
	static const struct {
		const char *head, *part, *tail;
		unsigned n;
		enum head_verdict verdict;
	} rows[] = {
		{"DROP TABLE ", "1", "", 900, HEAD_GUARDED},
		{"DROP TABLE ", "1", "", 1100, HEAD_OVER_LIMIT},
		{"SELECT ", "1", "", 1100, HEAD_HARMLESS},
		{"DROP ", "+", "", 20, HEAD_GUARDED},
		{"DROP ", "+", "", 21, HEAD_OVER_LIMIT},
		{"SELECT ", "+", "", 21, HEAD_HARMLESS},
		{"DROP 1", "/*", "", 11, HEAD_GUARDED}, /* the first one starts a comment */
		{"DROP 1", "/*", "", 12, HEAD_OVER_LIMIT},
		{"DROP /", "*", "/", 100, HEAD_GUARDED},
		{"DROP ", "(", "", 10, HEAD_GUARDED},
		{"DROP ", "(", "", 11, HEAD_OVER_LIMIT},
		{"DROP ", "[", "", 11, HEAD_OVER_LIMIT},
		{"DROP ", "a ", "", 49, HEAD_GUARDED},
		{"DROP ", "a ", "", 50, HEAD_OVER_LIMIT},
		{"DROP ", "+ ", "", 50, HEAD_OVER_LIMIT},
		{"DROP ", "a;", "", 50, HEAD_GUARDED},
		{"SELECT ", "a ", "; DROP", 50, HEAD_OVER_LIMIT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = repeated(rows[i].head, rows[i].part, rows[i].n, rows[i].tail);
		const struct head_scan scan = head_scan(text, strlen(text), &limits, true);

		cr_expect_eq(scan.verdict, rows[i].verdict, "row %zu: %s", i,
			verdict_names[scan.verdict]);
		cr_expect_eq(scan.reason != NULL, scan.verdict == HEAD_OVER_LIMIT);
		free(text);
	}
}

/* Sixteen bytes at a time must say what one at a time says, wherever the text ends. */
Test(head, every_length_and_offset)
{
	static const char text[] = "SELECT \"a_rather_long_name\".x, 'a literal that is long', y1 "
				   "FROM t WHERE z = $1 AND \xc3\xa9 > 5; DROP TABLE t";
	const size_t drop = strlen(text) - strlen("DROP TABLE t");

	for (size_t from = 0; from < 40; from++)
		for (size_t len = 0; len + from < sizeof(text); len++) {
			char padded[40 + sizeof(text)];
			char *exact = malloc(len + 1);
			struct head_scan scan;

			cr_assert_not_null(exact);
			memset(padded, ' ', from);
			memcpy(padded + from, text, len);
			scan = head_scan(padded, from + len, &head_limits_default, true);
			cr_expect_eq(scan.verdict,
				(len > 0 && len < strlen("SELECT")) || len > drop ? HEAD_GUARDED
										  : HEAD_HARMLESS,
				"%zu %zu", from, len);
			/* an overrun would be in another allocation */
			memcpy(exact, text, len);
			cr_expect_eq(head_scan(exact, len, &head_limits_default, true).verdict,
				scan.verdict);
			free(exact);
		}
}

/* Time grows with length only: hostile repetitions end at once. */
Test(head, linear_time, .timeout = 60)
{
	static const char *const parts[] = {"/*", "$a$ $", "'a'\n ", "E'\\", "(", "\"", "$", "--\n",
		"+-", "UPDATE ", "WHERE ", "$ab ", "'\n--\n", "/* */", "DELETE FROM t WHERE a;",
		";", "\x83\\", "[", "'\\'", "IN (", "OR a = 1 "};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char *text = repeated("UPDATE t SET a = 1 WHERE ", parts[i],
			(unsigned)((256 << 10) / strlen(parts[i])), "");

		head_scan(text, strlen(text), &head_limits_default, false);
		free(text);
	}
}

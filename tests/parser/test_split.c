/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "split.h"

enum { PIECES_MAX = 6 };

static const struct {
	const char *text;
	const char *pieces[PIECES_MAX];
} scripts[] = {
	{"", {NULL}},
	{" ; ;\n-- only a comment\n/* and; another */", {NULL}},
	{"SELECT 1", {"SELECT 1"}},
	{"SELECT 1; SELECT 2 ;", {"SELECT 1", "SELECT 2"}},
	{"-- a;\nSELECT /* ; */ 1 -- ;\n; \"q;\".x;", {"SELECT /* ; */ 1", "\"q;\".x"}},
	{"SELECT ';', $$ ; $$, $a$ $$; $a$; U&\"x;\"",
		{"SELECT ';', $$ ; $$, $a$ $$; $a$", "U&\"x;\""}},
	{"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b); SELECT 1",
		{"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)", "SELECT 1"}},
	{"CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; "
	 "SELECT 2; END; SELECT 3",
		{"CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN "
		 "1 "
		 "END; SELECT 2; END",
			"SELECT 3"}},
	{"CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END; BEGIN; COMMIT;",
		{"CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END", "BEGIN",
			"COMMIT"}},
	{"CREATE FUNCTION begin() RETURNS int AS 'x' LANGUAGE c; SELECT 1",
		{"CREATE FUNCTION begin() RETURNS int AS 'x' LANGUAGE c", "SELECT 1"}},
	{"\\set a b\nSELECT 1;\n\\echo it's; here\nSELECT 2;", {"SELECT 1", "SELECT 2"}},
	{"\\pset x 'a\\\\b' \\\\ SELECT 1;", {"SELECT 1"}},
	{"SELECT 1 \\gset\nSELECT 2 \\; SELECT 3;", {"SELECT 1", "SELECT 2", "SELECT 3"}},
	{"COPY t FROM stdin;\n1\tit's; $$\n\\.\nSELECT 1;", {"COPY t FROM stdin", "SELECT 1"}},
	{"COPY t (a) FROM STDIN WITH (FORMAT csv);\r\n1;\r\n\\.\r\nSELECT 1;",
		{"COPY t (a) FROM STDIN WITH (FORMAT csv)", "SELECT 1"}},
	{"COPY t FROM stdin; SELECT 1;", {"COPY t FROM stdin", "SELECT 1"}},
	{"COPY t FROM stdin;\n1\ta; b\n2\tit's", {"COPY t FROM stdin"}},
	{"COPY t FROM stdin;\n-- sent by the program\nSELECT 1;",
		{"COPY t FROM stdin", "SELECT 1"}},
	{"COPY t FROM stdin;\n\\N\tx\n\\N\t;y;\n", {"COPY t FROM stdin"}},
	{"\\copy t from stdin\n1'\n\\.\nSELECT 1;", {"SELECT 1"}},
	{"\\COPY  t (a) FROM  PSTDIN csv\n1'\n\\.\nSELECT 1;", {"SELECT 1"}},
	{"\\copy t to stdout\nSELECT 1;\n\\.\n", {"SELECT 1"}},
	{"CREATE TABLE t (a int; SELECT 1;", {"CREATE TABLE t (a int; SELECT 1;"}},
	{"SELECT 'never ends; SELECT 1;", {"SELECT 'never ends; SELECT 1;"}},
	{"SELECT 1; /* never /* ends */ SELECT 2;", {"SELECT 1", "/* never /* ends */ SELECT 2;"}},
	{"SELECT 1 /* a */ /* never ends; SELECT 2;",
		{"SELECT 1 /* a */ /* never ends; SELECT 2;"}},
};

Test(split, scripts)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const char *text = scripts[i].text;
		struct split_piece piece = {0};
		size_t n = 0;

		while (split_next(text, strlen(text), piece.next, &piece)) {
			const char *want = n < PIECES_MAX ? scripts[i].pieces[n] : NULL;

			cr_assert_not_null(want, "%s: piece %zu too many", text, n);
			cr_expect(piece.end - piece.start == strlen(want) &&
					  strncmp(text + piece.start, want, strlen(want)) == 0,
				"%s: %.*s", text, (int)(piece.end - piece.start),
				text + piece.start);
			n++;
		}
		cr_expect(n == PIECES_MAX || scripts[i].pieces[n] == NULL, "%s: %s is missing",
			text, scripts[i].pieces[n]);
	}
}

Test(split, what_an_open_bracket_swallows)
{
	static const char text[] = "CREATE TABLE t (a int; SELECT 1;";
	struct split_piece piece;

	cr_assert(split_next(text, strlen(text), 0, &piece));
	cr_expect_eq(piece.inner_end, strlen("CREATE TABLE t (a int;"));
	cr_assert(split_next("SELECT (1); SELECT 2", 20, 0, &piece));
	cr_expect_eq(piece.inner_end, 0);
}

Test(split, what_psql_runs_the_answer_of)
{
	struct split_piece piece;

	cr_assert(split_next("SELECT 'x' \\gexec\nSELECT 2", 27, 0, &piece));
	cr_expect(piece.executes);
	cr_assert(split_next("SELECT 'x' \\gset\nSELECT 2", 26, 0, &piece));
	cr_expect_not(piece.executes);
}

Test(split, what_leads_to_another_database)
{
	static const struct {
		const char *text;
		bool elsewhere;
	} cases[] = {
		{"\\connect app\nSELECT 1", true},
		{"\\c app owner\n\\echo there\nSELECT 1", true},
		{"\\connect -reuse-previous=on \"dbname='app'\"\nSELECT 1", true},
		{"\\c :db\nSELECT 1", true},
		{"\\c\nSELECT 1", false},
		{"\\connect - owner\nSELECT 1", false},
		{"\\connect -\r\nSELECT 1", false},
		{"\\conninfo\nSELECT 1", false},
		{"\\copy t from 'a'\nSELECT 1", false},
		{"\\connect", false},
		{"\\", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct split_piece piece;

		split_next(cases[i].text, strlen(cases[i].text), 0, &piece);
		cr_expect_eq(piece.elsewhere, cases[i].elsewhere, "%s", cases[i].text);
	}
}

Test(split, placeholders)
{
	static const struct {
		const char *text, *filled; /* NULL: there is none */
	} cases[] = {
		{"SELECT a[1:2], x::int", NULL},
		{"SELECT '${a}', ':b', \"${c}\"", NULL},
		{"SELECT :lim", "SELECT _lim"},
		{"SELECT :'word', :\"name\"", "SELECT '_word', \"_name\""},
		{"ALTER TABLE ${schema}.t", "ALTER TABLE __schema_.t"},
		{"ALTER TABLE {schema}.pre_{t}", "ALTER TABLE _schema_.pre__t_"},
		{"ALTER TABLE %(schema)s.t", "ALTER TABLE __schema_s.t"},
		{"ALTER TABLE $(schema).t", "ALTER TABLE __schema_.t"},
		{"ALTER TABLE pre${1a-b}post", "ALTER TABLE pre$_1a_b_post"},
		{"ALTER TABLE {{ t }} ADD a int", "ALTER TABLE ___t___ ADD a int"},
		{"ALTER TABLE \"{{ f \"a\" }}_b\".t ADD {{c}} int",
			"ALTER TABLE \"___f__a_____b\".t ADD __c__ int"},
		{"ALTER TABLE \"{{ a }}\".\"b\" ADD a int", NULL},
		{"ALTER TABLE \"{{ f \"a\"", NULL},
		{"SELECT \"{{a}}{{ f \"b\" }}{{ g \"c\" }}\", {{d}}",
			"SELECT \"{{a}}___f__b_______g__c____\", __d__"},
		{"SELECT \"{{ f \"b\" }}", "SELECT \"___f__b____"},
		{"ALTER TABLE #{t} ADD a int", "ALTER TABLE __t_ ADD a int"},
		{"ALTER TABLE <%= t %>.u", "ALTER TABLE ____t___.u"},
		{"SELECT 1 <%= open", NULL},
		{"SET search_path = @extschema@, x", "SET search_path = _extschema_, x"},
		{"SELECT @ -1, @a", NULL},
		{"SELECT :{?a} AS b", "SELECT ___a_ AS b"},
		{"SELECT ${open", NULL},
		{"SELECT :'open", NULL},
		{"SELECT a := 1", NULL},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;
		const char *filled = split_fill_placeholders(&arena, text, strlen(text));

		if (cases[i].filled == NULL)
			cr_expect_null(filled, "%s: %s", text, filled);
		else
			cr_expect_str_eq(filled, cases[i].filled, "%s", text);
	}
	arena_free(&arena);
}

/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "facts.h"
#include "fixture.h"

static const char *listed(struct arena *arena, const struct name *names, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(
			arena, "%s%s%s", text, i > 0 ? " " : "", name_text(arena, &names[i]));
	return text;
}

static const struct {
	const char *sql, *relations, *types, *functions;
} rows[] = {
	{"SELECT 1", "", "", ""},
	{"BEGIN; LOCK TABLE t; COMMIT", "", "", ""},
	{"LOCK TABLE t IN ACCESS SHARE MODE", "", "", ""},
	{"GRANT SELECT ON t, s.u TO x", "t s.u", "", ""},
	{"GRANT USAGE ON SCHEMA s TO x", "", "", ""},
	{"CREATE VIEW v AS SELECT FROM t", "t", "", ""},
	{"CREATE FUNCTION f(s.t) RETURNS SETOF u LANGUAGE sql AS 'SELECT 1'", "s.t u", "", ""},
	{"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "", "", ""},
	{"CREATE EXTENSION hstore", "", "", ""},
	{"SET lock_timeout = 5; DO $$BEGIN END$$; CALL p(1)", "", "", ""},
	{"ALTER TABLE s.t ADD COLUMN c int", "s.t", "pg_catalog.int4", ""},
	{"ALTER TABLE t ADD c serial", "t", "", ""},
	{"ALTER TABLE t ADD c dom DEFAULT f(now()) + random()", "t", "dom", "f now random"},
	{"ALTER TABLE t ADD c int REFERENCES u UNIQUE, ADD CONSTRAINT k UNIQUE (c)", "t u k",
		"pg_catalog.int4", ""},
	{"ALTER TABLE s.t ADD CONSTRAINT k PRIMARY KEY (a)", "s.t s.k", "", ""},
	{"ALTER TABLE s.t ADD PRIMARY KEY USING INDEX i", "s.t s.i", "", ""},
	{"ALTER TABLE t ALTER c TYPE numeric(10,2), ALTER d SET NOT NULL", "t",
		"pg_catalog.numeric", ""},
	{"CREATE INDEX i ON s.t (a)", "s.t s.i", "", ""},
	{"CREATE INDEX ON t (a)", "t", "", ""},
	{"DROP INDEX i, s.j", "i s.j", "", ""},
	{"REINDEX INDEX i", "i", "", ""},
	{"REINDEX TABLE t", "t", "", ""},
	{"ALTER INDEX i SET TABLESPACE x", "i", "", ""},
	{"DROP TABLE a, b, a", "a b", "", ""},
	{"TRUNCATE a, b", "a b", "", ""},
	{"CREATE TABLE n (a int REFERENCES u)", "n u", "", ""},
	{"CREATE TABLE n PARTITION OF p DEFAULT", "n p", "", ""},
	{"ALTER TABLE p ATTACH PARTITION n DEFAULT", "p n", "", ""},
	{"VACUUM FULL t", "t", "", ""},
	{"UPDATE t SET a = 1", "t", "", ""},
	{"DELETE FROM s.t", "s.t", "", ""},
	{"ALTER DOMAIN d SET NOT NULL", "", "d", ""},
	{"ALTER TYPE s.e RENAME VALUE 'a' TO 'b'", "", "s.e", ""},
	{"CREATE OR REPLACE VIEW v AS SELECT 1", "v", "", ""},
	{"ALTER TABLE t ADD a int; ALTER TABLE t ADD b int; ALTER TABLE \"T\" ADD b int", "t \"T\"",
		"pg_catalog.int4", ""},
};

Test(facts, requests_list_each_object_once)
{
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stmts stmts = fixture_parse(&arena, rows[i].sql);
		struct facts_request request = facts_request(&arena, &stmts);

		cr_expect_str_eq(listed(&arena, request.relations, request.n_relations),
			rows[i].relations, "%s", rows[i].sql);
		cr_expect_str_eq(listed(&arena, request.types, request.n_types), rows[i].types,
			"%s", rows[i].sql);
		cr_expect_str_eq(listed(&arena, request.functions, request.n_functions),
			rows[i].functions, "%s", rows[i].sql);
	}
	arena_free(&arena);
}

Test(facts, relations_go_by_the_name_asked_and_their_own)
{
	static const struct relation_facts relations[] = {
		{.asked = {NULL, "gone"}},
		{.asked = {NULL, "t"}, .exists = true, .name = {"s", "t"}, .oid = 7},
	};
	struct facts facts = {.known = true, .relations = relations, .n_relations = 2};

	cr_expect_eq(facts_relation(&facts, &(struct name){NULL, "t"}), &relations[1]);
	cr_expect_eq(facts_relation(&facts, &(struct name){"s", "t"}), &relations[1]);
	cr_expect_null(facts_relation(&facts, &(struct name){"other", "t"}));
	cr_expect_null(facts_relation(&facts, &(struct name){NULL, "gone"}));
}

Test(facts, what_nobody_knows_is_volatile)
{
	static const struct function_facts functions[] = {
		{.asked = {NULL, "stable"}, .exists = true, .volatility = 's'},
		{.asked = {NULL, "missing"}},
	};
	struct facts facts = {.functions = functions, .n_functions = 2};

	cr_expect_eq(facts_volatility(&facts, &(struct name){NULL, "stable"}), 's');
	cr_expect_eq(facts_volatility(&facts, &(struct name){NULL, "missing"}), 'v');
	cr_expect_eq(facts_volatility(&facts, &(struct name){"s", "stable"}), 'v');
}

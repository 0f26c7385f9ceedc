/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "code_block.h"
#include "code_body.h"
#include "stmt.h"

enum { KINDS_MAX = 4 };

/* readable: the actions found, in order. */
static const struct {
	const char *text;
	bool readable;
	enum action_kind kinds[KINDS_MAX];
	size_t n;
} blocks[] = {
	{"DO $$ BEGIN NULL; END $$", true, {0}, 0},
	{"DO $$ BEGIN CREATE TYPE m AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END "
	 "$$",
		true, {ACTION_CREATE_TYPE}, 1},
	{"DO $x$ BEGIN IF a THEN DROP TABLE t; ELSIF b THEN ALTER TABLE u ADD c int; ELSE GRANT "
	 "SELECT ON t TO r; END IF; END $x$",
		true, {ACTION_DROP_TABLE, ACTION_ADD_COLUMN, ACTION_GRANT}, 3},
	{"DO $$ BEGIN IF CASE WHEN a THEN b ELSE c END THEN DROP TABLE t; END IF; END $$", true,
		{ACTION_DROP_TABLE}, 1},
	{"DO $$ <<l>> DECLARE i int; BEGIN FOR i IN 1..2 LOOP UPDATE t SET a = i; END LOOP l; END "
	 "$$",
		true, {ACTION_UPDATE_WITHOUT_WHERE}, 1},
	{"DO $$ BEGIN FOR r IN UPDATE; END $$", true, {0}, 0},
	{"DO $$ BEGIN FOR r IN WITH; FOR; FOR IN LOOP UPDATE; IN UPDATE LOOP; END $$", true, {0},
		0},
	{"DO $$ BEGIN FOR r IN UPDATE t SET a = 1 RETURNING * LOOP TRUNCATE u; END LOOP; FOR r IN "
	 "SELECT 1 LOOP NULL; END LOOP; END $$",
		true, {ACTION_TRUNCATE, ACTION_UPDATE_WITHOUT_WHERE}, 2},
	{"DO $$ BEGIN i := 1; RAISE NOTICE 'drop %', i; END $$", true, {0}, 0},
	{"DO $$ BEGIN BEGIN DROP TABLE \"a;b\"; END; -- drop\nEND $$", true, {ACTION_DROP_TABLE},
		1},
	{"DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$", false, {0}, 0},
	{"DO $$ BEGIN EXECUTE prepared; END $$", false, {0}, 0},
	{"DO $$ BEGIN FOR r IN EXECUTE q LOOP NULL; END LOOP; END $$", false, {0}, 0},
	{"DO $$ DECLARE c CURSOR FOR SELECT query_to_xml('drop', true, true, ''); BEGIN END $$",
		false, {0}, 0},
	{"DO $$ BEGIN PERFORM set_config('search_path', 'b', true); END $$", true,
		{ACTION_HARMLESS}, 1},
	{"DO $$ BEGIN PERFORM query_to_xml('drop', true, true, ''); END $$", true,
		{ACTION_DYNAMIC_SQL}, 1},
	{"DO $$ DECLARE comment text := 'x'; names text[]; BEGIN IF comment = names[1] THEN "
	 "comment := names[1]; names[2] = comment; END IF; FOREACH comment IN ARRAY names LOOP "
	 "RAISE NOTICE '%', comment; END LOOP; SELECT lock INTO comment FROM program; END $$",
		true, {0}, 0},
	{"DO $$ DECLARE n int := dblink_exec('drop'); BEGIN END $$", false, {0}, 0},
	{"DO $$ DECLARE n int; BEGIN n := query_to_xml('drop', true, true, ''); END $$", false, {0},
		0},
	{"DO $$ BEGIN UPDATE t SET a = 1 RETURNING b INTO STRICT c, d.e; END $$", true,
		{ACTION_UPDATE_WITHOUT_WHERE}, 1},
	{"DO $$ BEGIN WITH d AS (DELETE FROM t RETURNING *) SELECT count(*) INTO n FROM d; END $$",
		true, {ACTION_DELETE_WITHOUT_WHERE}, 1},
	{"DO $$ BEGIN SELECT set_config('a', 'b', true) INTO n; END $$", true, {ACTION_HARMLESS},
		1},
	{"DO $$ BEGIN CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION f(); GRANT "
	 "EXECUTE ON FUNCTION f() TO r; END $$",
		true, {ACTION_CREATE_TRIGGER, ACTION_GRANT}, 2},
	{"DO $$ BEGIN SELECT * INTO comment FROM t; END $$", true, {0}, 0},
	{"DO $$ BEGIN SET LOCAL lock_timeout = '1s'; END $$", true, {ACTION_SET_TIMEOUT}, 1},
	{"DO $$ BEGIN NULL; drop", false, {0}, 0},
	{"DO $$ BEGIN PERFORM U&\"d\\0072op\"(); END $$", false, {0}, 0},
	{"DO 'BEGIN DROP TABLE t; END'", true, {ACTION_DROP_TABLE}, 1},
	{"DO LANGUAGE plpgsql 'BEGIN NULL; END'", true, {0}, 0},
	{"DO LANGUAGE 'plpgsql' $$ BEGIN DROP TABLE t; END $$", true, {ACTION_DROP_TABLE}, 1},
	{"DO LANGUAGE $l$plpgsql$l$ 'BEGIN DROP TABLE t; END'", true, {ACTION_DROP_TABLE}, 1},
	{"DO 'BEGIN DROP TABLE t; END' LANGUAGE 'plpgsql'", true, {ACTION_DROP_TABLE}, 1},
	{"DO 'BEGIN DROP TABLE ''t''; END'", false, {0}, 0},
	{"DO 'BEGIN \\144rop TABLE t; END'", false, {0}, 0},
	{"DO 'BEGIN IF x = ''a;b'' THEN DROP TABLE t; END IF; END'", true, {ACTION_DROP_TABLE}, 1},
	{"DO 'BEGIN NULL; '\n'DROP TABLE t; END'", false, {0}, 0},
	{"DO E'BEGIN DROP TABLE t; END'", true, {ACTION_DROP_TABLE}, 1},
	{"DO e'BEGIN\\n\\tPERFORM \\'a\\'; DROP TABLE t;\\nEND'", true, {ACTION_DROP_TABLE}, 1},
	{"DO E'BEGIN \\144rop TABLE t; END'", false, {0}, 0},
	{"DO E'BEGIN \\x64rop TABLE t; END'", false, {0}, 0},
	{"DO E'BEGIN NULL; END\\", false, {0}, 0},
	{"DO B'1'", false, {0}, 0},
	{"DO 'BEGIN DROP TABLE t;", false, {0}, 0},
	{"DO $$ BEGIN ALTER TABLE {{ f \"a\" }}.t ADD a int; DROP TABLE ${s}.u; END $$", true,
		{ACTION_ADD_COLUMN, ACTION_DROP_TABLE}, 2},
	{"DO $$ BEGIN UPDATE @s@.t SET a = 1; SELECT a INTO b FROM {t}; END $$", true,
		{ACTION_UPDATE_WITHOUT_WHERE}, 1},
	{"DO 'BEGIN DROP TABLE \"{{ f \"a\" }}\".t; END'", true, {ACTION_DROP_TABLE}, 1},
	{"DO $$ BEGIN EXECUTE 'DROP TABLE ' || ${t}; END $$", false, {0}, 0},
	{"DO '", false, {0}, 0},
};

static bool read_block(
	struct arena *arena, const char *text, const char *language, struct stmts *stmts)
{
	struct code_body body;

	return code_body_find(arena, text, strlen(text), &body) &&
	       code_block_read(arena, &body, language, stmts);
}

static void expect_kinds(size_t row, const struct stmts *stmts)
{
	size_t n = 0;

	for (size_t i = 0; i < stmts->n; i++)
		for (size_t k = 0; k < stmts->items[i].n_actions; k++, n++)
			cr_expect(n < blocks[row].n &&
					  stmts->items[i].actions[k].kind == blocks[row].kinds[n],
				"%s: action %zu", blocks[row].text, n);
	cr_expect_eq(n, blocks[row].n, "%s: %zu actions", blocks[row].text, n);
}

Test(code_block, finds_what_stands_in_a_block)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct arena arena = {0};
		struct stmts stmts;
		bool readable = read_block(&arena, blocks[i].text, "plpgsql", &stmts);

		cr_expect_eq(readable, blocks[i].readable, "%s", blocks[i].text);
		if (readable)
			expect_kinds(i, &stmts);
		arena_free(&arena);
	}
}

Test(code_block, places_are_those_of_the_text)
{
	static const char *const texts[] = {
		"DO $$ BEGIN NULL; ALTER TABLE t ADD a int, DROP b; END $$",
		"DO 'BEGIN PERFORM ''it''; ALTER TABLE t ADD a text DEFAULT ''x'', DROP b; END'",
		"DO E'BEGIN\\n\\tNULL;\\nALTER TABLE t ADD a int, DROP b; END'",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = texts[i];
		struct arena arena = {0};
		struct stmts stmts;

		cr_assert(read_block(&arena, text, "plpgsql", &stmts), "%s", text);
		cr_assert_eq(stmts.items[0].n_actions, 2, "%s", text);
		cr_expect_eq(stmts.items[0].location, (size_t)(strstr(text, "ALTER") - text));
		cr_expect_eq(stmts.items[0].actions[1].location,
			(size_t)(strstr(text, "DROP") - text), "%s", text);
		arena_free(&arena);
	}
}

Test(code_block, functions_have_bodies_in_one_of_two_languages)
{
	static const struct {
		const char *text, *language;
		bool readable;
		enum action_kind kind;
	} cases[] = {
		{"CREATE FUNCTION f(a text DEFAULT 'x') RETURNS void SET search_path = 'y' "
		 "LANGUAGE "
		 "plpgsql AS $$ BEGIN DROP TABLE t; END $$",
			"plpgsql", true, ACTION_DROP_TABLE},
		{"CREATE FUNCTION f() RETURNS void LANGUAGE 'sql' AS 'DROP TABLE t'", "sql", true,
			ACTION_DROP_TABLE},
		{"CREATE FUNCTION f() RETURNS void AS $f$ SELECT $1; ALTER TABLE t ADD a int; $f$ "
		 "LANGUAGE sql",
			"sql", true, ACTION_ADD_COLUMN},
		{"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT ''x''; ALTER TABLE t "
		 "ADD "
		 "a int'",
			"sql", true, ACTION_ADD_COLUMN},
		{"CREATE FUNCTION f() RETURNS void AS $$ SELEC $$ LANGUAGE sql", "sql", false, 0},
		{"CREATE FUNCTION f() RETURNS void AS 'a', 'b' LANGUAGE c", "c", false, 0},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true "
		 "THEN 1 END; UPDATE t SET a = 1; END",
			"sql", true, ACTION_UPDATE_WITHOUT_WHERE},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1", "sql", false, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;
		struct arena arena = {0};
		struct stmts stmts;
		const struct stmt *last;

		cr_assert_eq(read_block(&arena, text, cases[i].language, &stmts), cases[i].readable,
			"%s", text);
		if (cases[i].readable) {
			last = &stmts.items[stmts.n - 1];
			cr_assert_eq(last->n_actions, 1, "%s", text);
			cr_expect_eq(last->actions[0].kind, cases[i].kind, "%s", text);
			cr_expect_eq(memcmp(text + last->location, last->sql, strlen("DROP")), 0,
				"%s", text);
		}
		arena_free(&arena);
	}
}

/* SPDX-License-Identifier: PostgreSQL */
/* ALTER COLUMN TYPE pair by pair, as measured on PostgreSQL 15. */
#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "effects.h"
#include "fixture.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(effects_type, .fini = free_arena);

static const char *work(const struct effects *effects)
{
	if (effects->rewrite)
		return "rewrite";
	if (effects->index_build)
		return effects->scan ? "rebuild scan" : "rebuild";
	return effects->scan ? "scan" : "";
}

static struct effects effects_in(const char *sql, bool timezone_utc)
{
	struct stmts stmts = fixture_parse(&arena, sql);
	struct facts facts = fixture_facts(&arena, &stmts);

	facts.timezone_utc = timezone_utc;
	return effects_of(&arena, &stmts.items[0].actions[0], &facts);
}

Test(effects_type, pairs)
{
	static const struct {
		const char *column, *type, *work;
	} rows[] = {
		/* text */
		{"status", "varchar(20)", ""},
		{"status", "varchar(40)", ""},
		{"status", "varchar(10)", "rewrite"},
		{"status", "varchar", ""},
		{"status", "text", ""},
		{"free", "varchar(10)", "rewrite"},
		{"note", "varchar", ""},
		{"note", "varchar(100)", "rewrite"},
		{"note", "citext", ""},
		{"tag", "citext", "rebuild"},
		{"ci", "text", "rebuild"},
		{"fixed", "char(20)", "rewrite"},
		{"fixed", "text", "rewrite"},
		{"fixed", "varchar(10)", "rewrite"},
		{"note", "text collate \"C\"", ""},
		{"tag", "varchar(50) collate \"C\"", "rebuild"},
		{"tag", "varchar(100)", ""},
		{"tag", "text", ""},
		{"slug", "text", "rebuild"}, /* an expression index mentions it */
		{"code", "varchar(20)", "scan"}, /* a CHECK does */
		/* numbers */
		{"total", "numeric(12,2)", ""},
		{"total", "numeric(12,4)", "rewrite"},
		{"total", "numeric(8,2)", "rewrite"},
		{"total", "numeric", ""},
		{"price", "numeric(10,2)", "rewrite"},
		{"price", "numeric", ""},
		{"price", "numeric('10', '2')", "rewrite"},
		{"note", "pg_catalog.varchar('10')", "rewrite"},
		{"total", "numeric(12,-2)", "rewrite"},
		{"qty", "integer", ""},
		{"qty", "int4", ""},
		{"qty", "bigint", "rewrite"},
		{"qty", "smallint", "rewrite"},
		{"qty", "text", "rewrite"},
		{"qty", "oid", "rebuild"},
		/* dates and times */
		{"made", "timestamp(3)", "rewrite"},
		{"made", "timestamp(6)", ""},
		{"made3", "timestamp(6)", ""},
		{"made3", "timestamp(2)", "rewrite"},
		{"made3", "timestamp", ""},
		{"made", "timestamptz", "rewrite"},
		{"took3", "interval", ""},
		{"took3", "interval(6)", ""},
		{"took3", "interval(1)", "rewrite"},
		{"took", "interval(3)", "rewrite"},
		{"took", "interval day to second", "rewrite"},
		{"took", "interval month", "rewrite"},
		{"took3", "interval second(3)", "rewrite"},
		/* others */
		{"bits", "varbit(16)", ""},
		{"bits", "varbit", ""},
		{"bits", "varbit(4)", "rewrite"},
		{"net", "inet", ""},
		{"addr", "cidr", "rewrite"},
		{"doc", "jsonb", "rewrite"},
		{"page", "text", ""},
		{"page", "varchar", ""},
		{"page", "varchar(9)", "rewrite"},
		{"flags", "varbit", ""},
		{"flags", "varbit(16)", "rewrite"},
		{"names", "varchar[]", ""},
		{"names", "varchar(9)[]", "rewrite"},
		{"names", "text[]", "rewrite"},
		{"fixed", "bpchar", ""},
		{"german", "text",
			"rebuild"}, /* COLLATE "de_DE" is gone without being written again */
		{"mood", "text", "rewrite"},
		/* domains */
		{"qty", "plain_dom", ""},
		{"qty", "positive", "rewrite"},
		{"amount", "positive", ""},
		{"amount", "integer", ""},
		{"amount", "bigint", "rewrite"},
		/* USING */
		{"qty", "integer using qty", ""},
		{"qty", "integer using qty + 1", "rewrite"},
		{"qty", "integer using user_id", "rewrite"},
		{"status", "varchar(40) using status::varchar(40)", ""},
		/* not to be known */
		{"note", "text[]", "rewrite"},
		{"note", "no_such_type", "rewrite"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct effects effects =
			effects_in(arena_printf(&arena, "alter table orders alter %s type %s",
					   rows[i].column, rows[i].type),
				false);

		cr_expect_str_eq(work(&effects), rows[i].work, "%s -> %s: %s", rows[i].column,
			rows[i].type, work(&effects));
	}
}

Test(effects_type, timestamps_are_alike_in_utc_only)
{
	const char *sql = "alter table orders alter made type timestamptz";
	struct effects utc = effects_in(sql, true), other = effects_in(sql, false);

	cr_expect_not(utc.rewrite);
	cr_expect(other.rewrite);
}

Test(effects_type, foreign_keys_lock_the_other_table)
{
	struct effects effects =
		effects_in("alter table orders alter user_id type plain_dom", false);

	cr_assert_eq(effects.n_locks, 2);
	cr_expect_str_eq(effects.locks[1].relation.name, "users");
	cr_expect_eq(effects.locks[1].mode, LOCK_ACCESS_EXCLUSIVE);
	effects = effects_in("alter table users alter id type plain_dom", false);
	cr_expect_str_eq(effects.locks[effects.n_locks - 1].relation.name, "orders");
}

Test(effects_type, dependents_make_it_fail)
{
	struct effects effects = effects_in("alter table orders alter seen type integer", false);

	cr_assert_not_null(effects.error);
	cr_expect_not_null(strstr(effects.error, "view public.v_orders"));
}

/* SPDX-License-Identifier: PostgreSQL */
/* Where servers differ: what the same statement does on one version and on the next. */
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

TestSuite(effects_version, .fini = free_arena);

struct seen {
	bool rewrite, scan, alone;
	const char *sqlstate; /* NULL: carried out */
};

static struct effects effects_on(const char *sql, int version)
{
	struct stmts stmts = fixture_parse(&arena, sql);
	struct facts facts = fixture_facts(&arena, &stmts);

	cr_assert(stmts.n == 1 && stmts.items[0].n_actions > 0, "%s", sql);
	facts.server_version = version;
	return effects_of(&arena, &stmts.items[0].actions[0], &facts);
}

static void expect(const char *sql, int version, const struct seen *seen)
{
	struct effects effects = effects_on(sql, version);
	const char *sqlstate = effects.sqlstate == NULL ? "" : effects.sqlstate;

	cr_expect_eq(effects.rewrite, seen->rewrite, "%s on %d: rewrite", sql, version);
	cr_expect_eq(effects.scan, seen->scan, "%s on %d: scan", sql, version);
	cr_expect_eq(effects.no_transaction, seen->alone, "%s on %d: alone", sql, version);
	cr_expect_str_eq(sqlstate, seen->sqlstate == NULL ? "" : seen->sqlstate, "%s on %d: %s",
		sql, version, sqlstate);
}

Test(effects_version, differences)
{
	static const struct {
		const char *sql;
		int from; /* the first version that does better */
		struct seen before, since;
	} rows[] = {
		{"alter table orders add c int default 5", 110000, {.rewrite = true}, {0}},
		{"alter table orders alter email set not null", 120000, {.scan = true}, {0}},
		{"alter type mood add value 'red'", 120000, {.alone = true}, {0}},
		{"alter table events detach partition events_2025 concurrently", 140000,
			{.sqlstate = "42601"}, {.alone = true}},
		{"alter table events detach partition events_2025 finalize", 140000,
			{.sqlstate = "42601"}, {0}},
		{"alter table events add c bigint generated always as identity", 170000,
			{.sqlstate = "42P16"}, {.rewrite = true}},
		{"alter table events add constraint k foreign key (id) references orders not valid",
			180000, {.sqlstate = "42809"}, {0}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect(rows[i].sql, rows[i].from - 1, &rows[i].before);
		expect(rows[i].sql, rows[i].from, &rows[i].since);
	}
}

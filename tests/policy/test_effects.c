/* SPDX-License-Identifier: PostgreSQL */
/*
 * Effects as measured on PostgreSQL 15, on tables alike: each row one statement, the locks that
 * it takes on what exists, strongest per relation, and the words for what it does.
 */
#include "effects.h"

#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "fixture.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(effects, .fini = free_arena);

static const char *short_mode(enum lock_mode mode)
{
	static const char *const modes[] = {
		[LOCK_NONE] = "none",
		[LOCK_ACCESS_SHARE] = "AS",
		[LOCK_ROW_SHARE] = "RS",
		[LOCK_ROW_EXCLUSIVE] = "RX",
		[LOCK_SHARE_UPDATE_EXCLUSIVE] = "SUX",
		[LOCK_SHARE] = "S",
		[LOCK_SHARE_ROW_EXCLUSIVE] = "SRX",
		[LOCK_EXCLUSIVE] = "X",
		[LOCK_ACCESS_EXCLUSIVE] = "AX",
	};

	return modes[mode];
}

/* What goes with its table is shown by `parts` only. */
static const char *locks_text(const struct effects *effects, bool parts)
{
	const char *text = "";

	for (size_t i = 0; i < effects->n_locks; i++)
		if (effects->locks[i].part == parts)
			text = arena_printf(&arena, "%s%s%s:%s", text, *text == '\0' ? "" : " ",
				effects->locks[i].relation.name,
				short_mode(effects->locks[i].mode));
	return text;
}

static const char *work_text(const struct effects *effects)
{
	const struct {
		bool set;
		const char *word;
	} words[] = {
		{effects->rewrite, "rewrite"},
		{effects->scan, "scan"},
		{effects->index_build, "build"},
		{effects->loses_data, "loss"},
		{effects->breaks_clients, "breaks"},
		{effects->noop, "noop"},
		{effects->absent, "absent"},
		{effects->no_transaction, "alone"},
		{effects->error != NULL && !effects->absent, "error"},
	};
	const char *text = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].set)
			text = arena_printf(
				&arena, "%s%s%s", text, *text == '\0' ? "" : " ", words[i].word);
	return text;
}

struct row {
	const char *sql, *locks, *work;
};

static void check(const struct row *rows, size_t n, bool known)
{
	for (size_t i = 0; i < n; i++) {
		struct stmts stmts = fixture_parse(&arena, rows[i].sql);
		struct facts facts = known ? fixture_facts(&arena, &stmts) : (struct facts){0};
		struct effects effects;

		cr_assert(stmts.n == 1 && stmts.items[0].n_actions > 0, "%s", rows[i].sql);
		effects = effects_of(&arena, &stmts.items[0].actions[0], &facts);
		cr_expect_str_eq(locks_text(&effects, false), rows[i].locks, "%s\n  locks %s",
			rows[i].sql, locks_text(&effects, false));
		cr_expect_str_eq(work_text(&effects), rows[i].work, "%s\n  does %s", rows[i].sql,
			work_text(&effects));
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]), true)

Test(effects, indexes)
{
	static const struct row rows[] = {
		{"create index i on orders (qty)", "orders:S", "build"},
		{"create unique index i on orders (qty)", "orders:S", "build"},
		{"create index concurrently i on orders (qty)", "orders:SUX", "alone"},
		{"create index if not exists orders_tag_idx on orders (tag)", "orders:S", "noop"},
		{"create index orders_tag_idx on orders (tag)", "orders:S", "absent"},
		{"create index i on events (id)", "events:S events_2025:S events_2026:S", "build"},
		{"create index i on only events (id)", "events:S", ""},
		{"create index concurrently i on events (id)",
			"events:SUX events_2025:SUX events_2026:SUX", "alone error"},
		{"create index i on missing (id)", "", "absent"},
		{"drop index orders_tag_idx", "orders:AX", ""},
		{"drop index concurrently orders_tag_idx", "orders:SUX", "alone"},
		{"drop index orders_pkey", "orders:AX", "error"},
		{"drop index events_at_idx", "events:AX events_2025:AX events_2026:AX", ""},
		{"drop index concurrently events_at_idx",
			"events:SUX events_2025:SUX events_2026:SUX", "alone error"},
		{"drop index if exists missing", "", "noop"},
		{"drop index missing", "", "absent"},
		{"reindex index orders_tag_idx", "orders:S orders_tag_idx:AX", "build"},
		{"reindex table small_t", "small_t:S", "build"},
		{"reindex (concurrently) table small_t", "small_t:SUX", "alone"},
		{"reindex table events", "events:S events_2025:S events_2026:S", "build alone"},
		{"reindex index events_at_idx",
			"events:S events_2025:S events_2026:S events_at_idx:AX", "build alone"},
		{"alter index orders_tag_idx rename to x", "orders_tag_idx:SUX", ""},
		{"alter index orders_tag_idx set (fillfactor = 50)", "orders_tag_idx:SUX", ""},
		{"alter index logs_id_uq set tablespace fast", "logs_id_uq:AX", ""},
		{"alter index logs_id_uq set tablespace slow", "logs_id_uq:AX", "build"},
	};

	CHECK(rows);
}

Test(effects, add_column)
{
	static const struct row rows[] = {
		{"alter table orders add c int", "orders:AX", ""},
		{"alter table orders add c int not null default 10", "orders:AX", ""},
		{"alter table orders add c timestamptz default now()", "orders:AX", ""},
		{"alter table orders add c date default current_date", "orders:AX", ""},
		{"alter table orders add c text[] default array[]::text[]", "orders:AX", ""},
		{"alter table orders add c uuid default gen_random_uuid()", "orders:AX", "rewrite"},
		{"alter table orders add c float default random()", "orders:AX", "rewrite"},
		{"alter table orders add c int default unknown_f()", "orders:AX", "rewrite error"},
		{"alter table orders add c serial", "orders:AX", "rewrite"},
		{"alter table orders add c int generated always as identity", "orders:AX",
			"rewrite"},
		{"alter table orders add c int generated always as (qty + 1) stored", "orders:AX",
			"rewrite"},
		{"alter table orders add c plain_dom", "orders:AX", ""},
		{"alter table orders add c positive", "orders:AX", "rewrite"},
		{"alter table orders add c positive default 5", "orders:AX", "rewrite"},
		{"alter table orders add c positive[]", "orders:AX", ""},
		{"alter table orders add c int check (c > 0)", "orders:AX", "scan"},
		{"alter table orders add c int default 5 check (c > 0)", "orders:AX", "scan"},
		{"alter table orders add c int unique", "orders:AX", "build"},
		{"alter table logs add c serial primary key", "logs:AX", "rewrite build"},
		{"alter table orders add c int references users", "orders:AX users:SRX", ""},
		{"alter table orders add c int default 5 references users", "orders:AX users:SRX",
			"scan"},
		{"alter table orders add c int not null", "orders:AX", "scan breaks error"},
		{"alter table empty_t add c int not null", "empty_t:AX", "scan breaks"},
		{"alter table orders add if not exists qty int", "orders:AX", "noop"},
		{"alter table orders add qty int", "orders:AX", "absent"},
		{"alter table if exists missing add c int", "", "noop"},
		{"alter table events add c int default 3",
			"events:AX events_2025:AX events_2026:AX", ""},
	};

	CHECK(rows);
}

Test(effects, alter_column)
{
	static const struct row rows[] = {
		{"alter table orders alter qty set not null", "orders:AX", "scan"},
		{"alter table orders alter email set not null", "orders:AX", ""},
		{"alter table orders alter phone set not null", "orders:AX", "scan"},
		{"alter table orders alter id set not null", "orders:AX", ""},
		{"alter table orders alter missing set not null", "orders:AX", "absent"},
		{"alter table events alter user_id set not null",
			"events:AX events_2025:AX events_2026:AX", "scan"},
		{"alter table orders alter id drop not null", "orders:AX", "error"}, /* its key */
		{"alter table orders alter qty set default 5", "orders:AX", ""},
		{"alter table orders alter qty set statistics 100", "orders:SUX", ""},
		{"alter table orders alter note set storage external", "orders:AX", ""},
		{"alter table orders alter note set compression pglz", "orders:AX", ""},
		{"alter table orders alter qty set (n_distinct = 5)", "orders:SUX", ""},
		{"alter table orders drop column qty", "orders:AX", "loss breaks"},
		{"alter table orders drop column user_id", "orders:AX users:AX", "loss breaks"},
		{"alter table orders drop column seen", "orders:AX", "loss breaks error"},
		{"alter table orders drop column seen cascade", "orders:AX v_orders:AX",
			"loss breaks"},
		{"alter table orders drop column if exists missing", "orders:AX", "noop"},
		{"alter table orders rename column qty to q", "orders:AX", "breaks"},
		{"alter table orders rename to o", "orders:AX", "breaks"},
		{"alter table orders set schema s", "orders:AX", "breaks"},
	};

	CHECK(rows);
}

Test(effects, constraints)
{
	static const struct row rows[] = {
		{"alter table orders add constraint k check (qty > 0)", "orders:AX", "scan"},
		{"alter table orders add constraint k check (qty > 0) not valid", "orders:AX", ""},
		{"alter table events add constraint k check (id > 0)",
			"events:AX events_2025:AX events_2026:AX", "scan"},
		{"alter table logs add foreign key (user_id) references users",
			"logs:SRX users:SRX", "scan"},
		{"alter table logs add foreign key (user_id) references users not valid",
			"logs:SRX users:SRX", ""},
		{"alter table logs add foreign key (ref) references logs (id) not valid",
			"logs:SRX", ""},
		{"alter table events add foreign key (user_id) references users not valid",
			"events:SRX events_2025:SRX events_2026:SRX users:SRX", "error"},
		{"alter table logs add foreign key (user_id) references missing", "logs:SRX",
			"absent"},
		{"alter table orders add unique (note)", "orders:AX", "build"},
		{"alter table logs add unique using index logs_ref_uq", "logs:AX", ""},
		{"alter table logs add unique using index missing", "logs:AX", "absent"},
		{"alter table logs add primary key (id)", "logs:AX", "build"},
		{"alter table logs add primary key (ref)", "logs:AX", "scan build"},
		{"alter table logs add primary key using index logs_id_uq", "logs:AX", ""},
		{"alter table logs add primary key using index logs_ref_uq", "logs:AX", "scan"},
		{"alter table events add primary key (id, at)",
			"events:AX events_2025:S events_2026:S", "build"},
		{"alter table only events add primary key (id, at)", "events:AX", ""},
		{"alter table orders add exclude using gist (qty with =)", "orders:AX",
			"scan build"},
		{"alter table orders validate constraint phone_nn", "orders:SUX", "scan"},
		{"alter table orders validate constraint email_nn", "orders:SUX", ""},
		{"alter table orders drop constraint email_nn", "orders:AX", ""},
		{"alter table orders drop constraint orders_user_id_fkey", "orders:AX users:AX",
			""},
		{"alter table users drop constraint users_pkey cascade", "users:AX orders:AX", ""},
		{"alter table orders drop constraint if exists missing", "orders:AX", "noop"},
		{"alter table orders alter constraint orders_user_id_fkey deferrable", "orders:AX",
			""},
		{"alter table orders rename constraint email_nn to e", "orders:AX", ""},
		{"alter domain positive add constraint k check (value > 1)", "orders:S", "scan"},
		{"alter domain positive add constraint k check (value > 1) not valid", "", ""},
		{"alter domain positive validate constraint positive_check", "orders:S", "scan"},
		{"alter domain positive set not null", "orders:S", "scan"},
		{"alter domain plain_dom set not null", "", ""},
		{"alter domain positive drop not null", "", ""},
	};

	CHECK(rows);
}

Test(effects, tables)
{
	static const struct row rows[] = {
		{"drop table orders", "orders:AX users:AX", "loss breaks error"},
		{"drop table orders cascade", "orders:AX users:AX v_orders:AX", "loss breaks"},
		{"drop table users cascade", "users:AX orders:AX", "loss breaks"},
		{"drop table events_2025", "events_2025:AX events:AX", "loss breaks"},
		{"drop table events", "events:AX events_2025:AX events_2026:AX", "loss breaks"},
		{"drop table if exists missing", "", "noop"},
		{"drop table missing", "", "absent"},
		{"truncate orders", "orders:AX", "loss"},
		{"truncate users", "users:AX", "loss error"},
		{"truncate users cascade", "users:AX orders:AX", "loss"},
		{"truncate events", "events:AX events_2025:AX events_2026:AX", "loss"},
		{"vacuum full orders", "orders:AX", "rewrite alone"},
		{"vacuum orders", "orders:SUX", "alone"},
		{"analyze orders", "orders:SUX", ""},
		{"cluster orders using orders_pkey", "orders:AX", "rewrite"},
		{"alter table orders cluster on orders_pkey", "orders:SUX", ""},
		{"alter table orders set logged", "orders:AX", ""},
		{"alter table small_t set unlogged", "small_t:AX", "rewrite"},
		{"alter table orders set access method heap", "orders:AX", ""},
		{"alter table orders set (fillfactor = 70)", "orders:SUX", ""},
		{"alter table orders replica identity full", "orders:AX", ""},
		{"alter table orders enable row level security", "orders:AX", ""},
		{"create policy p2 on orders using (true)", "orders:AX", ""},
		{"drop policy p on orders", "orders:AX", ""},
		{"drop policy if exists missing on orders", "", "noop"},
		{"create trigger tr2 before insert on orders for each row execute function f()",
			"orders:SRX", ""},
		{"drop trigger tr on orders", "orders:AX", ""},
		{"alter table orders disable trigger all", "orders:SRX", ""},
		{"alter trigger tr on orders rename to t2", "orders:AX", ""},
		{"create rule r as on update to logs do also nothing", "logs:AX", ""},
		{"alter table orders owner to somebody", "orders:AX", ""},
		{"comment on column orders.qty is 'x'", "orders:SUX", ""},
		{"lock table orders", "orders:AX", ""},
		{"lock table orders in share mode", "orders:S", ""},
		{"lock table orders in access share mode", "orders:AS", ""},
		{"create table n (user_id int references users)", "users:SRX", ""},
		{"create table n (like orders)", "orders:AS", ""},
		{"create table n () inherits (orders)", "orders:SUX", ""},
		{"create table if not exists orders (id int)", "", "noop"},
		{"create table n partition of events for values from (1) to (2)", "events:AX", ""},
		{"alter table events attach partition logs for values from (1) to (2)",
			"events:SUX logs:AX", "scan error"},
		{"alter table events detach partition events_2025", "events:AX events_2025:AX", ""},
		{"alter table events detach partition events_2025 concurrently",
			"events:SUX events_2025:AX", "alone"},
		{"update orders set qty = 1", "orders:RX", "scan"},
		{"delete from orders", "orders:RX", "scan loss"},
		{"grant select on orders to somebody", "", ""},
	};

	CHECK(rows);
}

/* Indexes and sequences go with their table, and are no news for who waits for the table. */
Test(effects, parts)
{
	static const struct {
		const char *sql, *parts;
	} rows[] = {
		{"alter table logs add c int", ""},
		{"alter table logs add c serial",
			"logs_id_uq:AX logs_user_ref_idx:AX logs_ref_uq:AX logs_user_id_idx:AX"},
		{"alter table logs add constraint k unique using index logs_ref_uq",
			"logs_ref_uq:SUX"},
		{"alter table logs add constraint logs_ref_uq unique using index logs_ref_uq", ""},
		{"alter table logs alter ref type bigint", "logs_user_ref_idx:AX logs_ref_uq:AX"},
		{"drop index orders_tag_idx", "orders_tag_idx:AX"},
		{"drop index concurrently orders_tag_idx", "orders_tag_idx:SUX"},
		{"reindex table small_t", "small_a_idx:AX"},
		{"truncate small_t", "small_a_idx:AX"},
		{"update small_t set a = 1", "small_a_idx:RX"},
		{"alter table small_t owner to somebody", "small_a_idx:AX"},
		{"alter table orders cluster on orders_pkey", "orders_pkey:SUX"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stmts stmts = fixture_parse(&arena, rows[i].sql);
		struct facts facts = fixture_facts(&arena, &stmts);
		struct effects effects = effects_of(&arena, &stmts.items[0].actions[0], &facts);

		cr_expect_str_eq(locks_text(&effects, true), rows[i].parts, "%s\n  parts %s",
			rows[i].sql, locks_text(&effects, true));
	}
}

Test(effects, nothing_known_is_the_worst)
{
	static const struct row rows[] = {
		{"create index i on t (a)", "t:S", "build"},
		{"create index concurrently i on t (a)", "t:SUX", "alone"},
		{"drop index i", "i:AX", ""},
		{"alter table t add c int", "t:AX", ""},
		{"alter table t add c timestamptz default now()", "t:AX", ""},
		{"alter table t add c uuid default gen_random_uuid()", "t:AX", "rewrite"},
		{"alter table t add c int default mine()", "t:AX", "rewrite"},
		{"alter table t add c int default other.now()", "t:AX", "rewrite"},
		{"alter table t alter c set not null", "t:AX", "scan"},
		{"alter table t alter c type text", "t:AX", "rewrite"},
		{"alter table t drop column c", "t:AX", "loss breaks"},
		{"alter table t validate constraint k", "t:SUX", "scan"},
		{"alter table t add primary key using index i", "t:AX", "scan"},
		{"alter domain d set not null", "", "scan"},
		{"drop table if exists t", "t:AX", "loss breaks"},
		{"truncate t", "t:AX", "loss"},
		{"alter table t set unlogged", "t:AX", "rewrite"},
		{"alter table t attach partition p default", "t:SUX p:AX", "scan"},
	};

	check(rows, sizeof(rows) / sizeof(rows[0]), false);
}

Test(effects, what_others_cannot_see_is_not_existing)
{
	static const struct {
		const char *sql;
		bool existing;
	} rows[] = {
		{"alter table orders add c int", true},
		{"alter table fresh_t add c int", false},
		{"alter table temp_t add c int", false},
		{"alter table unasked.orders add c int", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stmts stmts = fixture_parse(&arena, rows[i].sql);
		struct facts facts = fixture_facts(&arena, &stmts);
		struct effects effects;

		if (i == 3) /* a name nobody looked up is there, for all we know */
			facts.n_relations = 0;
		effects = effects_of(&arena, &stmts.items[0].actions[0], &facts);
		cr_assert_eq(effects.n_locks, 1);
		cr_expect_eq(effects.locks[0].existing, rows[i].existing, "%s", rows[i].sql);
	}
}

/* A table with a partition for each day of years, each of them with indexes. */
Test(effects, thousands_of_locks)
{
	enum { PARTITIONS = 3000 };
	static struct name partitions[PARTITIONS];
	struct stmts stmts = fixture_parse(&arena, "alter table events add c int");
	struct facts facts = fixture_facts(&arena, &stmts);
	struct relation_facts events = facts.relations[0];
	struct effects effects;

	for (size_t i = 0; i < PARTITIONS; i++)
		partitions[i].name = arena_printf(&arena, "p%zu", i);
	events.partitions = partitions;
	events.n_partitions = PARTITIONS;
	events.n_partition_tree = 0;
	facts.relations = &events;
	facts.n_relations = 1;
	effects = effects_of(&arena, &stmts.items[0].actions[0], &facts);
	cr_assert_eq(effects.n_locks, PARTITIONS + 1);
	cr_expect_eq(effects_lock(&effects), LOCK_ACCESS_EXCLUSIVE);
	for (size_t i = 0; i < PARTITIONS; i++)
		cr_expect_str_eq(effects.locks[i + 1].relation.name, partitions[i].name);
}

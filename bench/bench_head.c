/* SPDX-License-Identifier: PostgreSQL */
/*
 * What tier 1 costs.  Throughput on texts of one megabyte and time of a call on small ones; best
 * of several rounds, because the machine may be shared.  Texts are made here, from fixed seeds.
 */
#include "head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEGABYTE = 1 << 20, ROUNDS = 15 };

static const char pgbench_select[] = "SELECT abalance FROM pgbench_accounts WHERE aid = 123456;";

static const char pgbench_update[] =
	"UPDATE pgbench_accounts SET abalance = abalance + -2401 WHERE aid = 8245921;";

static const char orm_select[] =
	"SELECT \"shop_order\".\"id\", \"shop_order\".\"customer_id\", \"shop_order\".\"status\", "
	"\"shop_order\".\"total\", \"shop_order\".\"created_at\", \"shop_order\".\"updated_at\" "
	"FROM \"shop_order\" INNER JOIN \"shop_customer\" ON (\"shop_order\".\"customer_id\" = "
	"\"shop_customer\".\"id\") WHERE (\"shop_customer\".\"region\" = 'EU' AND "
	"\"shop_order\".\"status\" IN ('paid', 'sent')) LIMIT 21";

static const char *const orm_mix[] = {
	orm_select,
	"INSERT INTO \"shop_item\" (\"order_id\", \"sku\", \"quantity\", \"price\") VALUES (1842, "
	"'AB-3344', 2, 19.90) RETURNING \"shop_item\".\"id\"",
	"UPDATE \"shop_order\" SET \"status\" = 'sent', \"updated_at\" = '2024-05-01 10:11:12' "
	"WHERE \"shop_order\".\"id\" = 1842",
	"select o.id as id1_0_, o.customer_id as customer2_0_, o.status as status3_0_, o.total as "
	"total4_0_ from shop_order o left outer join shop_customer c on o.customer_id=c.id where "
	"o.status=$1 and o.total>$2 order by o.created_at desc limit $3",
	"SELECT users.id AS users_id, users.name AS users_name, users.email AS users_email \nFROM "
	"users \nWHERE users.email = 'someone@example.com' \n LIMIT 1",
	"SELECT COUNT(*) AS \"__count\" FROM \"shop_item\" WHERE \"shop_item\".\"order_id\" = 77",
	"BEGIN",
	"DELETE FROM \"django_session\" WHERE \"django_session\".\"session_key\" IN ('k3j2h1g4')",
	"COMMIT",
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Of one call; calls repeat until a round is long enough for the clock. */
static double best_ns(const char *text, size_t len)
{
	const int calls = len < 1000 ? 20000 : 3;
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		const double start = now_ns();
		unsigned statements = 0;

		for (int i = 0; i < calls; i++)
			statements += head_scan(text, len, &head_limits_default, true).statements;
		const double ns = (now_ns() - start) / calls;

		if (statements == 0)
			abort();
		if (ns < best)
			best = ns;
	}
	return best;
}

static void report(const char *name, const char *text, size_t len)
{
	static const char *const verdicts[] = {"harmless", "guarded", "ambiguous", "over limit"};
	const struct head_scan scan = head_scan(text, len, &head_limits_default, true);
	const double ns = best_ns(text, len);

	printf("%-24s %8zu B  %6.2f GB/s  %10.0f ns  %s\n", name, len, (double)len / ns, ns,
		verdicts[scan.verdict]);
}

struct text {
	char bytes[MEGABYTE + 4096];
	size_t len;
};

static void append(struct text *text, const char *part)
{
	const size_t len = strlen(part);

	memcpy(text->bytes + text->len, part, len);
	text->len += len;
}

static void make_orm_mix(struct text *text)
{
	for (size_t i = 0; text->len < MEGABYTE; i++) {
		append(text, orm_mix[i % (sizeof(orm_mix) / sizeof(*orm_mix))]);
		append(text, ";\n");
	}
}

static void make_rows(struct text *text)
{
	char row[128];

	append(text, "INSERT INTO events (id, kind, payload, at) VALUES ");
	for (int i = 0; text->len < MEGABYTE; i++) {
		snprintf(row, sizeof(row), "%s(%d, 'click', 'item-%d', '2024-05-%02d')",
			i > 0 ? ", " : "", i, i * 7919 % 100003, i % 28 + 1);
		append(text, row);
	}
}

static void make_literal(struct text *text)
{
	append(text, "INSERT INTO documents (body) VALUES ('");
	memset(text->bytes + text->len, 'x', MEGABYTE);
	text->len += MEGABYTE;
	append(text, "')");
}

/* Words that begin like those tier 1 looks for. */
static void make_near_misses(struct text *text)
{
	static const char *const words[] = {"updated", "selection", "deleted", "intolerable",
		"dbling", "queried", "settings", "select_", "conned", "cross", "runs", "inserts",
		"scheme", "whereas", "created", "dropped"};

	append(text, "SELECT ");
	for (unsigned i = 1; text->len < MEGABYTE; i = i * 1103515245 + 12345) {
		append(text, words[i >> 16 & 15]);
		append(text, " + ");
	}
	append(text, "x");
}

static void report_made(const char *name, void (*make)(struct text *))
{
	struct text *text = calloc(1, sizeof(*text));

	if (text == NULL)
		abort();
	make(text);
	report(name, text->bytes, text->len);
	free(text);
}

int main(void)
{
	report("pgbench select", pgbench_select, sizeof(pgbench_select) - 1);
	report("pgbench update", pgbench_update, sizeof(pgbench_update) - 1);
	report("BEGIN", "BEGIN", 5);
	report("ORM select", orm_select, sizeof(orm_select) - 1);
	report("ORM update", orm_mix[2], strlen(orm_mix[2]));
	report_made("ORM mix", make_orm_mix);
	report_made("INSERT rows", make_rows);
	report_made("one literal", make_literal);
	report_made("near misses", make_near_misses);
	return 0;
}

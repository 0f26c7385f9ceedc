/* SPDX-License-Identifier: PostgreSQL */
#include "table_latency.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SECOND_US = 1000 * 1000, HOUR_MS = 3600 * 1000 };

static struct table_latency *all;
static int64_t now_us;

static void begin(void)
{
	all = table_latency_new();
	now_us = SECOND_US;
}

static void end(void)
{
	table_latency_free(all);
}

TestSuite(table_latency, .init = begin, .fini = end);

static void statement_in(const char *database, const char *text, int64_t us)
{
	enum table_interest interest = table_latency_interest(all, now_us);
	struct word_set words = words_of(text, strlen(text));

	if (interest != INTEREST_NONE)
		table_latency_add(all, interest, database, &words, now_us, now_us + us);
}

/* n times, one each every_ms. */
static void statements(const char *text, int n, int every_ms, int64_t us)
{
	for (int i = 0; i < n; i++) {
		statement_in("shop", text, us);
		now_us += every_ms * 1000;
	}
}

static struct table_watch watch_of(const char *table)
{
	struct table_watch watch = {0};

	table_watch_begin(&watch, all, "shop", table, now_us / 1000);
	return watch;
}

static double percent_of(struct table_watch *watch)
{
	return table_watch_percent(watch, true, now_us / 1000);
}

/* As many windows of a second. */
static double windows(struct table_watch *watch, int n, const char *text, int64_t us)
{
	double percent = 0;

	while (n-- > 0) {
		statements(text, 200, 5, us);
		percent = percent_of(watch);
	}
	return percent;
}

Test(table_latency, it_is_held_against_the_hour_before)
{
	struct table_watch watch;

	for (int i = 0; i < 600; i++) {
		statements("SELECT FROM orders", 1, 3000, 1000);
		statements("SELECT FROM items", 1, 3000, 9000);
	}
	watch = watch_of("orders");
	cr_expect_float_eq(watch.latency.reference_us, 1000, 60);
	cr_expect_eq(percent_of(&watch), 100);
	cr_expect_float_eq(windows(&watch, 40, "SELECT FROM orders", 1500), 150, 10);
	table_watch_end(&watch, now_us / 1000);
	table_watch_end(&watch, now_us / 1000);
	cr_expect_eq(watch.all, NULL, "ended twice");
}

Test(table_latency, only_what_names_the_table_in_its_database_counts)
{
	struct table_watch watch;

	statements("SELECT FROM orders", 400, 10, 1000);
	watch = watch_of("orders");
	for (int i = 0; i < 10000; i++) {
		statement_in("crm", "SELECT FROM orders", 9000);
		statement_in("shop", "SELECT FROM order_items", 9000);
		now_us += 1000;
	}
	cr_expect_eq(percent_of(&watch), 100);
	cr_expect_gt(windows(&watch, 5, "UPDATE \"Orders\" SET x = 1", 9000), 300);
	table_watch_end(&watch, now_us / 1000);
}

Test(table_latency, an_old_hour_is_forgotten)
{
	static const int every_ms[] = {20, 300, 5000};

	for (size_t i = 0; i < sizeof(every_ms) / sizeof(every_ms[0]); i++) {
		struct table_watch watch;

		statements("SELECT FROM orders", 4 * HOUR_MS / every_ms[i], every_ms[i], 9000);
		statements("SELECT FROM orders", HOUR_MS / every_ms[i], every_ms[i], 1000);
		watch = watch_of("orders");
		cr_expect_float_eq(watch.latency.reference_us, 1000, 60, "one each %d ms: %.0f",
			every_ms[i], watch.latency.reference_us);
		table_watch_end(&watch, now_us / 1000);
	}
}

Test(table_latency, few_are_remembered_and_a_young_proxy_knows_something)
{
	struct table_watch watch;
	int asked = 0;

	for (int i = 0; i < 3000; i++, now_us += 1000)
		asked += table_latency_interest(all, now_us) == INTEREST_HOUR;
	cr_expect_eq(asked, 300, "%d", asked);
	statements("SELECT FROM orders", 2500, 1, 1000);
	watch = watch_of("orders");
	cr_expect_float_eq(watch.latency.reference_us, 1000, 60);
	table_watch_end(&watch, now_us / 1000);
}

Test(table_latency, what_is_seen_while_a_table_is_written_is_not_normal)
{
	struct table_watch watch, other;

	statements("SELECT FROM orders", 1000, 10, 1000);
	watch = watch_of("items");
	statements("SELECT FROM orders", HOUR_MS / 10, 10, 9000);
	other = watch_of("orders");
	cr_expect_float_eq(other.latency.reference_us, 1000, 60, "nor does it grow old meanwhile");
	table_watch_end(&watch, now_us / 1000);
	statements("SELECT FROM orders", 1000, 10, 9000);
	table_watch_end(&other, now_us / 1000);
	statements("SELECT FROM orders", 300, 10, 1000);
	watch = watch_of("orders");
	cr_expect_float_eq(watch.latency.reference_us, 1000, 60);
	table_watch_end(&watch, now_us / 1000);
}

/* A batch of 20 ms, during which statements take longer, then a pause of 20 ms. */
static double beside_batches(struct table_watch *watch, int seconds, int64_t us)
{
	double percent = 0;

	for (int i = 0; i < seconds * 25; i++) {
		table_watch_batch(watch, true, now_us / 1000);
		statements("SELECT FROM orders", 10, 2, us);
		table_watch_batch(watch, false, now_us / 1000);
		now_us += 2000;
		statements("SELECT FROM orders", 9, 2, 1000);
		percent = percent_of(watch);
	}
	return percent;
}

Test(table_latency, without_an_hour_what_met_no_batch_is_normal)
{
	struct table_watch watch = watch_of("orders");

	cr_expect_eq(watch.latency.reference_us, 0);
	cr_expect_gt(beside_batches(&watch, 60, 3000), 280);
	cr_expect_float_eq(watch.latency.reference_us, 1000, 60);
	table_watch_end(&watch, now_us / 1000);
}

Test(table_latency, what_met_a_batch_is_not)
{
	struct table_watch watch = watch_of("orders");

	for (int i = 0; i < 1000; i++) {
		const struct word_set words = words_of("orders", strlen("orders"));
		int64_t began_us = now_us;

		now_us += 10000;
		table_watch_batch(&watch, true, now_us / 1000);
		now_us += 20000;
		table_watch_batch(&watch, false, now_us / 1000);
		now_us += 2000;
		table_latency_add(all, INTEREST_WATCHED, "shop", &words, began_us, now_us);
	}
	cr_expect_eq(percent_of(&watch), 100);
	table_watch_end(&watch, now_us / 1000);
}

Test(table_latency, as_many_tables_as_changes)
{
	struct table_watch watches[TABLES_WATCHED_MAX];

	for (int i = 0; i < TABLES_WATCHED_MAX; i++)
		watches[i] = watch_of("orders");
	cr_expect_eq(table_latency_interest(all, now_us), INTEREST_WATCHED);
	for (int i = 0; i < TABLES_WATCHED_MAX; i++)
		table_watch_end(&watches[i], now_us / 1000);
	cr_expect_eq(table_latency_interest(all, now_us), INTEREST_HOUR);
	cr_expect_eq(table_latency_interest(all, now_us), INTEREST_NONE);
}

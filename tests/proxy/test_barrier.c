/* SPDX-License-Identifier: PostgreSQL */
#include "barrier.h"

#include <criterion/criterion.h>
#include <string.h>

static int lifted;

static void count_lifted(void *arg)
{
	(void)arg;
	lifted++;
}

static struct barriers *barriers;

static void begin(void)
{
	lifted = 0;
	barriers = barriers_new(count_lifted, NULL);
}

static void end(void)
{
	barriers_free(barriers);
}

TestSuite(barrier, .init = begin, .fini = end);

static int64_t until(const char *text, int64_t now_us)
{
	struct word_set words = words_of(text, strlen(text));

	return barrier_until_us(barriers, "shop", &words, now_us);
}

Test(barrier, it_stands_before_texts_that_name_the_table)
{
	static const struct {
		const char *table, *text;
		bool waits;
	} rows[] = {
		{"orders", "SELECT * FROM orders WHERE id = 1", true},
		{"orders", "SELECT * FROM public.ORDERS", true},
		{"orders", "INSERT INTO \"orders\"(a)VALUES(1)", true},
		{"orders", "orders", true},
		{"orders", "SELECT * FROM order_items", false},
		{"orders", "SELECT 1", false},
		{"orders", "", false},
		{"Order items", "SELECT * FROM \"Order items\"", true},
		{"Order items", "SELECT items FROM t", false},
		{"stra\xc3\x9f"
		 "e",
			"SELECT FROM stra\xc3\x9f"
			"e",
			true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int place = barrier_raise(barriers, "shop", rows[i].table, 1000);

		cr_expect_eq(until(rows[i].text, 2000), rows[i].waits ? 1000 + BARRIER_US : 0, "%s",
			rows[i].text);
		barrier_lift(barriers, place);
		cr_expect_eq(until(rows[i].text, 2000), 0, "%s after it", rows[i].text);
	}
	cr_expect_eq(lifted, sizeof(rows) / sizeof(rows[0]));
}

Test(barrier, it_falls_by_itself)
{
	barrier_raise(barriers, "shop", "orders", 0);
	cr_expect_eq(until("TABLE orders", BARRIER_US - 1), BARRIER_US);
	cr_expect_eq(until("TABLE orders", BARRIER_US), 0);
	cr_expect(barriers_stand(barriers), "it has not been lifted");
}

Test(barrier, it_stands_in_its_own_database)
{
	barrier_raise(barriers, "crm", "orders", 0);
	cr_expect_eq(until("TABLE orders", 1), 0);
}

Test(barrier, more_than_there_is_room_for_are_not_raised)
{
	int places[BARRIERS_MAX];

	for (int i = 0; i < BARRIERS_MAX; i++)
		places[i] = barrier_raise(barriers, "shop", "orders", i);
	cr_expect_eq(barrier_raise(barriers, "shop", "orders", 0), BARRIER_NONE);
	barrier_lift(barriers, BARRIER_NONE);
	cr_expect_eq(lifted, 0);
	for (int i = 0; i < BARRIERS_MAX; i++) {
		cr_expect(barriers_stand(barriers));
		barrier_lift(barriers, places[i]);
	}
	cr_expect_not(barriers_stand(barriers));
}

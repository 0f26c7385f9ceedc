/* SPDX-License-Identifier: PostgreSQL */
/*
 * The lane by a clock of the test's own.  Its clients ask only when they come, when they are woken
 * and when the time they were told is over, as sessions do: a wake-up that is lost leaves somebody
 * waiting for ever.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "lane.h"

enum { SECOND = 1000000 };

static struct lanes *lanes;
static struct lane *lane;

static void begin(void)
{
	lanes = lanes_new();
	lane = lanes_find(lanes, "shop");
}

static void end(void)
{
	lanes_free(lanes);
}

TestSuite(lane, .init = begin, .fini = end);

struct client {
	struct lane_ticket ticket; /* first: wake finds the rest by it */
	bool woken;
	int64_t ask_us, done_us; /* 0: not to be asked; not under way */
	int64_t rows, transactions; /* done so far */
};

static void wake(struct lane_ticket *ticket)
{
	((struct client *)ticket)->woken = true;
}

static void come(struct client *client)
{
	*client = (struct client){.ticket = {.wake = wake}};
}

static const struct lane_limits plenty = {.concurrency = 2, .queue_max = 100};

/* ---- the row ---- */

Test(lane, one_a_database)
{
	cr_expect_eq(lanes_find(lanes, "shop"), lane);
	cr_expect_neq(lanes_find(lanes, "crm"), lane);
	cr_expect_eq(lanes_find(lanes, "shop"), lane);
}

Test(lane, first_come_first_served)
{
	struct client a, b, c;

	come(&a), come(&b), come(&c);
	cr_assert(lane_queue(lane, &a.ticket, &plenty) && lane_queue(lane, &b.ticket, &plenty) &&
		  lane_queue(lane, &c.ticket, &plenty));
	cr_expect_eq(lane_ask(lane, &b.ticket, &plenty, 1), LANE_BEHIND);
	cr_expect_eq(lane_ask(lane, &a.ticket, &plenty, 1), 0);
	cr_expect(b.woken && !c.woken);
	cr_expect_eq(lane_ask(lane, &b.ticket, &plenty, 1), 0);
	c.woken = false;
	cr_expect_eq(lane_ask(lane, &c.ticket, &plenty, 1), LANE_BEHIND, "two are under way");
	lane_leave(lane, &a.ticket, SECOND);
	cr_expect(c.woken);
	cr_expect_eq(lane_ask(lane, &c.ticket, &plenty, 1), 0);
}

Test(lane, who_leaves_the_row_wakes_the_next)
{
	struct client a, b, c;

	come(&a), come(&b), come(&c);
	lane_queue(lane, &a.ticket, &plenty);
	lane_queue(lane, &b.ticket, &plenty);
	lane_queue(lane, &c.ticket, &plenty);
	lane_leave(lane, &b.ticket, SECOND);
	lane_leave(lane, &b.ticket, SECOND);
	cr_expect_eq(b.ticket.place, LANE_OUTSIDE);
	lane_leave(lane, &a.ticket, SECOND);
	cr_expect(c.woken);
	cr_expect_eq(lane_ask(lane, &c.ticket, &plenty, 1), 0);
}

Test(lane, what_holds_locks_passes_and_counts)
{
	static const struct lane_limits one = {.concurrency = 1, .queue_max = 1};
	struct client a, b, c;

	come(&a), come(&b), come(&c);
	lane_queue(lane, &a.ticket, &one);
	cr_expect_not(lane_queue(lane, &c.ticket, &one), "the row is full");
	lane_pass(lane, &b.ticket, SECOND);
	cr_expect_eq(lane_ask(lane, &a.ticket, &one, 1), LANE_BEHIND);
	lane_leave(lane, &b.ticket, SECOND);
	cr_expect(a.woken);
	cr_expect_eq(lane_ask(lane, &a.ticket, &one, 1), 0);
}

Test(lane, who_waits_can_be_told_what_for)
{
	static const struct lane_limits limits = {
		.rows_per_second = 1000, .concurrency = 1, .queue_max = 9};
	static const struct lane_spending second = {.rows = 1000};
	struct client a, b, c;
	struct lane_standing standing;

	come(&a), come(&b), come(&c);
	lane_pass(lane, &a.ticket, SECOND);
	lane_queue(lane, &b.ticket, &limits);
	lane_queue(lane, &c.ticket, &limits);
	lane_spend(lane, &second, &limits, 100 * SECOND);
	lane_tell(lane, 0, "standby lag", 101 * SECOND);
	lane_tell(lane, 0, "standby lag", 102 * SECOND);
	standing = lane_standing(lane, &c.ticket, 104 * SECOND);
	cr_expect(standing.before == 1 && standing.running == 1);
	cr_expect_str_eq(standing.held_by, "standby lag");
	cr_expect_eq(standing.held_us, 3 * SECOND, "since it was told first");
	cr_expect_eq(standing.paid_in_us, 0);
	lane_leave(lane, &a.ticket, SECOND);
	lane_tell(lane, 0, NULL, 105 * SECOND);
	standing = lane_standing(lane, &b.ticket, 100 * SECOND);
	cr_expect(standing.before == 0 && standing.running == 0 && standing.held_by == NULL);
	cr_expect_eq(standing.paid_in_us, SECOND * 4 / 5);
}

Test(lane, a_pause_is_no_debt)
{
	struct client client;
	struct lane_standing standing;

	come(&client);
	lane_queue(lane, &client.ticket, &plenty);
	cr_expect_null(lane_paused_by(lane, SECOND));
	lane_pause(lane, 3 * SECOND, "clients", SECOND);
	lane_pause(lane, SECOND, "an operator", SECOND);
	cr_expect_str_eq(lane_paused_by(lane, 2 * SECOND), "clients", "the longer one");
	standing = lane_standing(lane, &client.ticket, 2 * SECOND);
	cr_expect(standing.paused_us == 2 * SECOND && standing.paid_in_us == 0);
	cr_expect_eq(lane_ask(lane, &client.ticket, &plenty, 2 * SECOND), 2 * SECOND);
	lane_tell(lane, 5 * SECOND, NULL, 2 * SECOND);
	cr_expect_eq(lane_ask(lane, &client.ticket, &plenty, 2 * SECOND), 5 * SECOND);
	cr_expect_null(lane_paused_by(lane, 4 * SECOND));
}

/* ---- the budget ---- */

Test(lane, prices)
{
	static const struct {
		struct lane_spending spent;
		struct lane_limits limits;
		int64_t price_us;
	} rows[] = {
		{{1000, 1, 0}, {0}, 0},
		{{1000, 1, 0}, {.rows_per_second = 1000}, SECOND},
		{{0, 1, 0}, {.rows_per_second = 1000, .statements_per_second = 10}, SECOND / 10},
		{{500, 1, 0}, {.rows_per_second = 1000, .statements_per_second = 10}, SECOND / 2},
		{{500, 1, 3 << 20}, {.rows_per_second = 1000, .wal_bytes_per_second = 1 << 20},
			3 * SECOND},
		{{INT64_MAX, 1, 0}, {.rows_per_second = 1}, 1000000000000000},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(lane_price_us(&rows[i].spent, &rows[i].limits), rows[i].price_us,
			"row %zu", i);
}

Test(lane, a_pause_is_not_made_up_for)
{
	static const struct lane_limits limits = {
		.rows_per_second = 1000, .concurrency = 9, .queue_max = 9};
	static const struct lane_spending second = {.rows = 1000};
	struct client client;

	come(&client);
	lane_spend(lane, &second, &limits, 100 * SECOND);
	lane_queue(lane, &client.ticket, &limits);
	/* A fifth of a second may be saved up. */
	cr_expect_eq(lane_ask(lane, &client.ticket, &limits, 100 * SECOND), SECOND * 4 / 5);
	cr_expect_eq(lane_ask(lane, &client.ticket, &limits, 101 * SECOND), 0);
}

Test(lane, being_told_of_no_debt_costs_nothing_saved)
{
	static const struct lane_limits limits = {
		.rows_per_second = 1000, .concurrency = 9, .queue_max = 9};
	static const struct lane_spending spent = {.rows = 100};
	struct client client;

	come(&client);
	lane_spend(lane, &spent, &limits, 100 * SECOND);
	lane_tell(lane, 0, NULL, 100 * SECOND);
	lane_spend(lane, &spent, &limits, 100 * SECOND);
	lane_queue(lane, &client.ticket, &limits);
	cr_expect_eq(lane_ask(lane, &client.ticket, &limits, 100 * SECOND), 0);
}

Test(lane, new_limits_forgive_what_is_owed)
{
	static const struct lane_limits limits[] = {
		{.rows_per_second = 1, .concurrency = 1, .queue_max = 1},
		{.rows_per_second = 1, .concurrency = 2, .queue_max = 1},
		{.rows_per_second = 2, .concurrency = 2, .queue_max = 1},
	};
	static const struct lane_spending spent = {.rows = 1000};
	struct client client;

	come(&client);
	lane_spend(lane, &spent, &limits[0], SECOND);
	lane_queue(lane, &client.ticket, &limits[0]);
	cr_expect_gt(lane_ask(lane, &client.ticket, &limits[0], SECOND), 900 * SECOND);
	cr_expect_gt(lane_ask(lane, &client.ticket, &limits[1], SECOND), 900 * SECOND);
	cr_expect_eq(lane_ask(lane, &client.ticket, &limits[2], SECOND), 0);
}

/* ---- in step with the database ---- */

Test(lane, reports_what_was_spent_once)
{
	static const struct lane_limits limits = {
		.rows_per_second = 1000, .concurrency = 1, .queue_max = 1};
	static const struct lane_spending spent = {.rows = 500, .statements = 1};
	struct lane_report report;
	struct client client;

	come(&client);
	cr_expect_not(lane_report(lane, &report, SECOND), "nobody came yet");
	lane_spend(lane, &spent, &limits, SECOND);
	lane_spend(lane, &spent, &limits, SECOND);
	cr_assert(lane_report(lane, &report, SECOND));
	cr_expect_eq(report.spent.rows, 1000);
	cr_expect_eq(report.price_us, SECOND);
	cr_expect(report.busy && !report.forgiven);
	cr_expect_not(lane_report(lane, &report, SECOND));
	lane_queue(lane, &client.ticket, &limits);
	cr_assert(lane_report(lane, &report, SECOND), "somebody waits");
	cr_expect_not(report.busy);
	lane_ask(lane, &client.ticket, &plenty, SECOND);
	cr_assert(lane_report(lane, &report, SECOND));
	cr_expect(report.busy && report.forgiven);
	cr_assert(lane_report(lane, &report, SECOND), "it is under way");
	lane_leave(lane, &client.ticket, SECOND);
	cr_expect_not(lane_report(lane, &report, SECOND));
}

Test(lane, tells_for_how_long_it_was_busy)
{
	struct client a, b;
	struct lane_report report;

	come(&a), come(&b);
	lane_pass(lane, &a.ticket, SECOND);
	lane_pass(lane, &b.ticket, SECOND + 1000);
	lane_leave(lane, &a.ticket, SECOND + 2000);
	lane_report(lane, &report, SECOND + 5000);
	cr_expect_eq(report.busy_us, 5000);
	lane_leave(lane, &b.ticket, SECOND + 6000);
	lane_report(lane, &report, 2 * SECOND);
	cr_expect_eq(report.busy_us, 1000);
	lane_report(lane, &report, 3 * SECOND);
	cr_expect_eq(report.busy_us, 0);
}

Test(lane, does_what_it_is_told)
{
	static const char reason[] = "standby lag";
	struct client client;

	come(&client);
	lane_queue(lane, &client.ticket, &plenty);
	lane_tell(lane, 3000, NULL, SECOND);
	lane_tell(lane, 1000, NULL, SECOND);
	cr_expect_eq(lane_ask(lane, &client.ticket, &plenty, SECOND), 3000, "the longer one");
	lane_tell(lane, 0, reason, SECOND);
	cr_expect_eq(lane_held_by(lane), reason);
	cr_expect_eq(lane_ask(lane, &client.ticket, &plenty, 2 * SECOND), LANE_BEHIND);
	cr_expect_not(client.woken);
	lane_tell(lane, 0, NULL, 2 * SECOND);
	cr_expect(client.woken);
	cr_expect_eq(lane_ask(lane, &client.ticket, &plenty, 2 * SECOND), 0);
}

/* ---- all of it, for a minute ---- */

enum { CLIENTS = 8, STEP_US = 1000 };

struct run {
	struct client clients[CLIENTS];
	struct lane_limits limits;
	int64_t rows_each, takes_us; /* of a transaction */
	unsigned running, running_max;
};

static void finish(struct run *run, struct client *client, int64_t now_us)
{
	struct lane_spending spent = {.rows = run->rows_each, .statements = 1};

	lane_spend(lane, &spent, &run->limits, now_us);
	lane_leave(lane, &client->ticket, now_us);
	client->rows += run->rows_each;
	client->transactions++;
	client->done_us = 0;
	run->running--;
	cr_assert(lane_queue(lane, &client->ticket, &run->limits));
	client->ask_us = now_us;
}

static void ask(struct run *run, struct client *client, int64_t now_us)
{
	int64_t us = lane_ask(lane, &client->ticket, &run->limits, now_us);

	client->woken = false;
	client->ask_us = us > 0 ? now_us + us : 0;
	if (us != 0)
		return;
	client->done_us = now_us + run->takes_us;
	if (++run->running > run->running_max)
		run->running_max = run->running;
}

static void turn(struct run *run, struct client *client, int64_t now_us)
{
	if (client->done_us != 0 && now_us >= client->done_us)
		finish(run, client, now_us);
	if (client->done_us == 0 &&
		(client->woken || (client->ask_us != 0 && now_us >= client->ask_us)))
		ask(run, client, now_us);
}

static void simulate(struct run *run, int64_t for_us)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		come(&run->clients[i]);
		cr_assert(lane_queue(lane, &run->clients[i].ticket, &run->limits));
		run->clients[i].woken = true;
	}
	for (int64_t now_us = SECOND; now_us < SECOND + for_us; now_us += STEP_US)
		for (size_t i = 0; i < CLIENTS; i++)
			turn(run, &run->clients[i], now_us);
}

Test(lane, a_minute)
{
	/* What binds: rows, statements, or how many may be under way. */
	static const struct {
		struct lane_limits limits;
		int64_t rows_each, takes_us, transactions;
	} rows[] = {
		{{.rows_per_second = 10000, .concurrency = 2, .queue_max = 9}, 500, 5000, 60 * 20},
		{{.rows_per_second = 10000, .concurrency = 8, .queue_max = 9}, 5000, 90000, 60 * 2},
		{{.rows_per_second = 100, .concurrency = 1, .queue_max = 9}, 1, 2000, 60 * 100},
		{{.rows_per_second = 1000,
			 .statements_per_second = 50,
			 .concurrency = 3,
			 .queue_max = 9},
			1, 1000, 60 * 50},
		{{.concurrency = 3, .queue_max = 9}, 1000, 100000, 60 * 30},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run = {.limits = rows[i].limits,
			.rows_each = rows[i].rows_each,
			.takes_us = rows[i].takes_us};
		int64_t transactions = 0, fewest = INT64_MAX, most = 0;

		end();
		begin();
		simulate(&run, 60 * SECOND);
		for (size_t j = 0; j < CLIENTS; j++) {
			int64_t n = run.clients[j].transactions;

			transactions += n;
			fewest = n < fewest ? n : fewest;
			most = n > most ? n : most;
		}
		cr_expect_geq(transactions * 100, rows[i].transactions * 95, "row %zu: %lld", i,
			(long long)transactions);
		/* Each that was under way at the start and the end may be one too many. */
		cr_expect_leq(transactions, rows[i].transactions * 102 / 100 + CLIENTS,
			"row %zu: %lld", i, (long long)transactions);
		cr_expect_leq(most - fewest, 1, "row %zu: all get their turn", i);
		cr_expect_leq(run.running_max, rows[i].limits.concurrency, "row %zu", i);
	}
}

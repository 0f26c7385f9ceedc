/* SPDX-License-Identifier: PostgreSQL */
/*
 * Size controller, signal and pauses against a model of a server: time is a number, nothing sleeps,
 * every run is the same.  The standby replays at a given rate; a row costs time and WAL.
 */
#include "throttle.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "pace.h"
#include "table_latency.h"

static const double rest = 0, bound = 64e6; /* bytes the standby is behind */
enum { TARGET_MS = 200, MINUTE_MS = 60 * 1000 };

/* What the world does from a moment on. */
struct phase {
	int64_t from_ms;
	double replay; /* bytes a millisecond */
	double application; /* bytes a millisecond of WAL by others */
	double row_ms, row_bytes;
};

struct world {
	const struct phase *phases;
	int64_t now_ms, clock_ms; /* clock_ms is what the code under test is told */
	double behind; /* bytes */
	struct batch_pace pace;
	struct throttle throttle;
	int64_t read_ms;
	/* seen */
	double most_behind, least_behind, most_written_while_stopped;
	int64_t rows, batches, too_long, stops, stopped_ms;
};

static const struct phase *phase_now(const struct world *world)
{
	const struct phase *phase = world->phases;

	while (phase[1].row_ms > 0 && phase[1].from_ms <= world->now_ms)
		phase++;
	return phase;
}

static void pass(struct world *world, int64_t ms, double written)
{
	const struct phase *phase = phase_now(world);

	world->now_ms += ms;
	world->clock_ms += ms;
	world->behind += written + (phase->application - phase->replay) * (double)ms;
	if (world->behind < 0)
		world->behind = 0;
	if (world->behind > world->most_behind)
		world->most_behind = world->behind;
	if (world->behind < world->least_behind)
		world->least_behind = world->behind;
}

static void look(struct world *world)
{
	bool before = world->throttle.stopped;

	if (world->read_ms != 0 && world->clock_ms - world->read_ms < SAMPLE_MS &&
		world->clock_ms >= world->read_ms)
		return;
	world->read_ms = world->clock_ms;
	throttle_read(&world->throttle, world->behind, rest, bound, world->clock_ms);
	world->stops += !before && world->throttle.stopped;
}

static void batch(struct world *world)
{
	const struct phase *phase = phase_now(world);
	double ms = world->pace.rows * phase->row_ms;
	int rows_max = batch_rows_max(20000, phase->row_bytes, 4 << 20);

	pass(world, (int64_t)ms, world->pace.rows * phase->row_bytes);
	world->rows += world->pace.rows;
	world->batches++;
	world->too_long += ms > TARGET_MS * 5;
	batch_pace_next(&world->pace, world->pace.rows, ms, TARGET_MS, rows_max);
	look(world);
	pass(world, throttle_pause_ms(&world->throttle, (int64_t)ms), 0);
}

static void forget(struct world *world)
{
	world->most_behind = world->least_behind = world->behind;
	world->rows = world->batches = world->too_long = world->stops = world->stopped_ms = 0;
}

static void run_until(struct world *world, int64_t end_ms)
{
	forget(world);
	while (world->now_ms < end_ms) {
		look(world);
		if (world->throttle.stopped) {
			world->stopped_ms += SAMPLE_MS;
			pass(world, SAMPLE_MS, 0);
		} else {
			batch(world);
		}
	}
}

static struct world begin(const struct phase *phases)
{
	return (struct world){.phases = phases, .clock_ms = 1000, .pace = {.rows = 1000}};
}

/* Rows a second that the world would bear: what the standby replays less what others write. */
static double bearable(const struct phase *phase)
{
	return (phase->replay - phase->application) / phase->row_bytes * 1000;
}

Test(change_throttle, it_settles_below_the_bound_and_stays_there)
{
	static const struct phase slow_standby[] = {
		{0, 8000, 2000, 0.02, 400}, {0}}; /* we could write 20,000 bytes a ms */
	struct world world = begin(slow_standby);
	double rate;

	run_until(&world, 2 * MINUTE_MS);
	cr_expect_lt(world.most_behind, bound);
	run_until(&world, 12 * MINUTE_MS);
	rate = (double)world.rows / 600;
	cr_expect_lt(world.most_behind, bound, "%.0f", world.most_behind);
	cr_expect_eq(world.stops, 0, "it never stands still: %lld", (long long)world.stops);
	cr_expect_lt(world.most_behind - world.least_behind, bound / 10, "nor swings: %.0f..%.0f",
		world.least_behind, world.most_behind);
	cr_expect(rate > 0.97 * bearable(slow_standby) && rate < 1.03 * bearable(slow_standby),
		"all that the standby bears: %.0f of %.0f", rate, bearable(slow_standby));
}

Test(change_throttle, a_standby_that_is_fast_enough_costs_nothing)
{
	static const struct phase fast[] = {{0, 50000, 2000, 0.02, 400}, {0}};
	struct world world = begin(fast);

	run_until(&world, MINUTE_MS);
	cr_expect_gt(world.rows, 0.98 * 60000 / 0.02);
}

Test(change_throttle, a_lag_spike_stops_it_and_it_recovers)
{
	/* The standby stands still for 20 s. */
	static const struct phase spike[] = {{0, 8000, 2000, 0.02, 400},
		{2 * MINUTE_MS, 0, 2000, 0.02, 400}, {2 * MINUTE_MS + 20000, 8000, 2000, 0.02, 400},
		{0}};
	struct world world = begin(spike);
	double others = 20000 * 2000.0;
	int64_t recovered_ms;

	run_until(&world, 2 * MINUTE_MS);
	run_until(&world, 2 * MINUTE_MS + 20000);
	cr_expect_eq(world.stops, 1);
	cr_expect_lt(world.most_behind, bound + others + (4 << 20),
		"at most one batch above what others wrote: %.0f", world.most_behind);
	run_until(&world, 2 * MINUTE_MS + 40000);
	cr_expect_eq(world.stops, 0, "it does not stop again on the way back");
	recovered_ms = world.stopped_ms;
	cr_expect_leq(recovered_ms,
		(int64_t)((others + 0.2 * bound + (4 << 20)) / 6000) + SAMPLE_MS,
		"as soon as the standby is down to 80 %% of the bound: %lld ms",
		(long long)recovered_ms);
	run_until(&world, 3 * MINUTE_MS + 40000);
	cr_expect_gt((double)world.rows / 60, 0.9 * bearable(spike),
		"a minute later at full rate: %.0f", (double)world.rows / 60);
}

Test(change_throttle, a_critical_reading_hibernates_for_a_minute)
{
	struct throttle throttle = {0};
	int64_t now = 1000;

	throttle_read(&throttle, bound * 5, rest, bound, now);
	for (; now < 1000 + HIBERNATE_MS; now += SAMPLE_MS) {
		cr_assert(throttle.stopped, "%lld", (long long)now);
		throttle_read(&throttle, now > 1000 ? 0 : bound * 5, rest, bound, now);
	}
	throttle_read(&throttle, 0, rest, bound, now);
	cr_expect_not(throttle.stopped);
}

Test(change_throttle, clocks_may_jump)
{
	static const int64_t jumps_ms[] = {-3600 * 1000, -1, 3600 * 1000};
	static const struct phase steady[] = {{0, 8000, 2000, 0.02, 400}, {0}};

	for (size_t i = 0; i < sizeof(jumps_ms) / sizeof(jumps_ms[0]); i++) {
		struct world world = begin(steady);
		struct throttle throttle = {0};

		run_until(&world, 2 * MINUTE_MS);
		world.clock_ms += jumps_ms[i];
		run_until(&world, 4 * MINUTE_MS);
		cr_expect_lt(world.most_behind, bound, "case %zu", i);
		cr_expect_eq(world.stops, 0, "case %zu", i);
		throttle_read(&throttle, bound * 5, rest, bound, 7200 * 1000);
		throttle_read(
			&throttle, 0, rest, bound, 7200 * 1000 + jumps_ms[i] + HIBERNATE_MS + 1);
		cr_expect_not(throttle.stopped, "case %zu: no minute is longer than that", i);
	}
}

Test(change_throttle, load_steps)
{
	static const struct {
		double row_ms_before, row_ms_after;
		int too_long_max; /* batches longer than five times the target */
	} steps[] = {{0.02, 0.2, 1}, {0.02, 2, 2}, {0.2, 0.02, 0}, {2, 0.05, 0}};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct phase phases[] = {{0, 1e9, 0, steps[i].row_ms_before, 100},
			{MINUTE_MS, 1e9, 0, steps[i].row_ms_after, 100}, {0}};
		struct world world = begin(phases);
		double ms;

		run_until(&world, MINUTE_MS);
		run_until(&world, MINUTE_MS + 30000);
		cr_expect_leq(world.too_long, steps[i].too_long_max, "case %zu: %lld", i,
			(long long)world.too_long);
		ms = world.pace.rows * steps[i].row_ms_after;
		cr_expect(ms > TARGET_MS * 0.8 && ms < TARGET_MS * 1.2,
			"case %zu: back at the target within 30 s: %.0f ms", i, ms);
	}
}

/* Clients of the other loop: all of them, or those few that are after the table being written. */
struct clients {
	int every_ms; /* a statement */
	double bound; /* of their p95 in percent */
	struct latency_board *board;
	struct effort effort;
	struct latency_watch all;
	struct table_watch table; /* of those of the table; else none */
};

static void wait_for(struct clients *clients, int64_t us, int64_t now_ms)
{
	static const char text[] = "SELECT FROM orders";
	struct word_set words = words_of(text, sizeof(text) - 1);

	if (clients->table.all != NULL)
		table_latency_add(clients->board->tables, INTEREST_WATCHED, "shop", &words,
			now_ms * 1000, now_ms * 1000 + us);
	else
		latency_add(&clients->board->workers[0], us);
}

static const struct effort_limits limits = {TARGET_MS, 5};

static void feel(struct clients *clients)
{
	const struct latency_watch *watch =
		clients->table.all != NULL ? &clients->table.latency : &clients->all;

	effort_read(&clients->effort, watch->slow, watch->readings, &limits);
}

static double percent_of(struct clients *clients, bool worked, int64_t now_ms)
{
	clients->all.allowed_percent = clients->table.latency.allowed_percent =
		effort_allows_percent(clients->bound);
	return clients->table.all != NULL
		       ? table_watch_percent(&clients->table, worked, now_ms)
		       : latency_watch(&clients->all, clients->board, worked, now_ms);
}

/* Some of them always wait longer than others: p95 of us. */
static int64_t one_of(double us, int64_t nth)
{
	double u = fmod((double)nth * 0.6180339887, 1);

	return (int64_t)(us * (0.6 - 0.4 / 3 * log(1 - u)));
}

/*
 * The other loop: clients wait longer the more of the time a batch is under way.  slowdown: percent
 * that they wait longer beside a backfill without pauses.  Returns the share of the time in
 * batches.
 */
static double work_beside_clients(struct clients *clients, struct throttle *throttle,
	double slowdown, int64_t *now_ms, int64_t *stops)
{
	int64_t end_ms = *now_ms + 5 * MINUTE_MS, busy_ms = 0, waited_ms = 0, nth = 0;
	double owed_ms = 0;

	while (*now_ms < end_ms) {
		int64_t work_ms =
			throttle->stopped ? 0 : (int64_t)effort_batch_ms(&clients->effort, &limits);
		int64_t pause_ms;
		bool before = throttle->stopped;

		owed_ms += effort_pause_ms(&clients->effort, &limits, work_ms);
		pause_ms = (int64_t)owed_ms;
		owed_ms -= (double)pause_ms;
		if (throttle->stopped)
			pause_ms = SAMPLE_MS;
		for (waited_ms += work_ms + pause_ms; waited_ms >= clients->every_ms;
			waited_ms -= clients->every_ms)
			wait_for(clients,
				one_of(1000 + 10 * slowdown * (double)work_ms /
							(double)(work_ms + pause_ms),
					nth++),
				*now_ms);
		*now_ms += work_ms + pause_ms;
		busy_ms += work_ms;
		throttle_read(throttle, percent_of(clients, work_ms > 0, *now_ms), 100,
			clients->bound, *now_ms);
		feel(clients);
		*stops += !before && throttle->stopped;
	}
	return (double)busy_ms / (5 * MINUTE_MS);
}

/* What was normal: 1 ms, of each of them. */
static struct clients begin_clients(int every_ms, bool of_the_table)
{
	static const char text[] = "SELECT FROM orders";
	struct word_set words = words_of(text, sizeof(text) - 1);
	struct clients clients = {.every_ms = every_ms,
		.bound = of_the_table ? 150 : 120,
		.board = latency_board_new(1)};

	for (int n = 0; n < 5000; n++) {
		latency_add(&clients.board->workers[0], one_of(1000, n));
		table_latency_add(clients.board->tables, INTEREST_HOUR, "shop", &words, n * 1000,
			n * 1000 + one_of(1000, n));
	}
	if (of_the_table)
		table_watch_begin(&clients.table, clients.board->tables, "shop", "orders", 6000);
	return clients;
}

Test(change_throttle, clients_that_wait_longer_slow_it_down_without_swinging)
{
	static const struct {
		bool of_the_table;
		int every_ms;
		double slowdown;
	} cases[] = {{false, 5, 5}, {false, 5, 30}, {false, 5, 60}, {false, 5, 100}, {true, 5, 15},
		{true, 5, 100}, {true, 5, 250}, {true, 40, 15}, {true, 40, 100}, {true, 40, 250},
		{true, 200, 100}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clients clients = begin_clients(cases[i].every_ms, cases[i].of_the_table);
		struct throttle throttle = {0};
		double slowdown = cases[i].slowdown, share, before, percent, bearable;
		int64_t now_ms = 6000, stops = 0;

		work_beside_clients(&clients, &throttle, slowdown, &now_ms, &stops);
		stops = 0;
		before = work_beside_clients(&clients, &throttle, slowdown, &now_ms, &stops);
		share = work_beside_clients(&clients, &throttle, slowdown, &now_ms, &stops);
		percent = percent_of(&clients, true, now_ms);
		cr_expect_eq(stops, 0, "case %zu: it does not stop: %lld, %.1f, %.2f, %.2f", i,
			(long long)stops, percent, before, share);
		cr_expect_lt(percent, clients.bound, "case %zu: %.1f", i, percent);
		cr_expect_float_eq(share, before, 0.1, "case %zu: %.2f, %.2f", i, before, share);
		bearable = fmin((clients.bound - 100) / 4 / slowdown, 1);
		cr_expect(share > 0.8 * bearable && share < 1.2 * bearable,
			"case %zu: a quarter of what the bound allows, or all of the time: %.2f "
			"of "
			"%.2f",
			i, share, bearable);
		latency_board_free(clients.board);
	}
}

Test(change_throttle, what_cannot_be_read_stops)
{
	struct throttle throttle = {0};

	throttle_read(&throttle, NAN, rest, bound, 1000);
	cr_expect(throttle.stopped);
	throttle_read(&throttle, bound * 0.1, rest, bound, 2000);
	cr_expect_not(throttle.stopped);
}

Test(change_throttle, pauses_grow_towards_the_bound)
{
	static const struct {
		double pressure;
		bool stopped;
		int64_t pause_ms;
	} cases[] = {{0, false, 0}, {0.5, false, 0}, {0.75, false, 200}, {0.9, false, 800},
		{0.99, false, 5000}, {1, true, 5000}, {0.81, true, 326}, {0.79, false, 276}};
	struct throttle throttle = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		throttle_read(&throttle, 100 + cases[i].pressure * 50, 100, 150, 1000);
		cr_expect_eq(throttle.stopped, cases[i].stopped, "case %zu", i);
		cr_expect_leq(llabs(throttle_pause_ms(&throttle, 200) - cases[i].pause_ms), 1,
			"case %zu: %lld", i, (long long)throttle_pause_ms(&throttle, 200));
	}
}

Test(change_throttle, effort_follows_what_clients_feel)
{
	static const struct {
		double ms, slow;
		int readings, longest_ms, shortest_ms;
		double batch_ms;
		int pause_ms; /* after a batch of 10 ms */
	} cases[] = {
		{0, 0, 1, 200, 8, 8, 90}, /* the first: a tenth of the time */
		{0, 20, 1, 200, 8, 8, 90}, {2, 0, 2, 200, 8, 8, 24},
		{2, 1, 50, 200, 8, 8, 30}, /* it rests where as many are slow as p95 leaves out */
		{2, 0, 13, 200, 8, 9.9, 0}, /* long ones come slowly */
		{8, 0, 80, 200, 8, 200, 0}, {200, 2, 2, 200, 8, 172.1, 0},
		{200, 20, 2, 200, 8, 127.5, 0}, /* one bad reading is no more than one */
		{200, 4, 10, 200, 8, 8, 12}, {8, 4, 50, 200, 8, 8, 490}, /* never nothing at all */
		{0, 0, 50, 5, 8, 5, 0}, /* what the configuration allows goes before */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct effort_limits bounds = {cases[i].longest_ms, cases[i].shortest_ms};
		struct effort effort = {.ms = cases[i].ms};

		for (int n = 0; n < cases[i].readings; n++)
			for (int times = 0; times < 4;
				times++) /* between windows it is the old one */
				effort_read(&effort, cases[i].slow, (unsigned)n, &bounds);
		cr_expect_float_eq(effort_batch_ms(&effort, &bounds), cases[i].batch_ms, 0.1,
			"case %zu: %.1f", i, effort_batch_ms(&effort, &bounds));
		cr_expect_float_eq(effort_pause_ms(&effort, &bounds, 10), cases[i].pause_ms, 1,
			"case %zu: %.1f", i, effort_pause_ms(&effort, &bounds, 10));
	}
}

Test(change_throttle, trail)
{
	struct trail trail = {0};

	cr_expect_eq(trail_age_ms(&trail, 5, 1000), 0);
	cr_expect_eq(trail_growth(&trail, 1000, 1000), 0);
	for (int i = 0; i < 1000; i++)
		trail_add(&trail, i, 1000 + i * 100, 250);
	cr_expect_eq(trail.n, TRAIL_MAX, "a point each 300 ms");
	cr_expect_eq(trail_age_ms(&trail, 899, 101000), 10000, "above since point 900");
	cr_expect_eq(trail_age_ms(&trail, 999, 101000), 0);
	cr_expect_gt(trail_age_ms(&trail, 0, 101000), 76000, "as far back as it goes");
	cr_expect_float_eq(trail_growth(&trail, 3000, 101000), 27, 3.1);
	trail_add(&trail, 5, 50, 250);
	cr_expect_eq(trail.n, 1, "the clock went back");
}

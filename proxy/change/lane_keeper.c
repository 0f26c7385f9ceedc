/* SPDX-License-Identifier: PostgreSQL */
#include "lane_keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "budget.h"
#include "control.h"
#include "debug_log.h"
#include "engine.h"
#include "install.h"
#include "lane.h"
#include "must.h"
#include "signals.h"

enum {
	/* What is spent meanwhile nobody else hears of.  Well below the time that may be saved up
	 * on the account, since it counts what is entered as spent just then. */
	KEEP_EVERY_MS = 100,
	LEAVE_AFTER_MS = 30 * 1000, /* a connection is not kept for nobody */
	TRY_AGAIN_MS = 5000,
};

static const char an_operator[] = "an operator";
static const char no_connection[] = "the control connection is lost";
static const char no_account[] = "an account in schema phasegate that cannot be kept";

/* One thread asks for all databases, and a question without an answer is a bad sign. */
static const char no_longer[] = "SET statement_timeout = '2s'";

struct kept {
	struct kept *next;
	struct lane *lane;
	struct control control;
	struct arena arena; /* of its errors */
	struct signals signals;
	int64_t wal_position; /* -1: not known */
	int64_t used_ms, tried_ms, connected_ms;
	const char *why; /* it cannot be asked; */
	char failure[160]; /* of the last thing asked of it */
	int64_t busy_us; /* of it that is not paused for */
	bool shared; /* it was connected once: from then on it does not go without */
	bool in_turn; /* it was told how long to wait, and has spent nothing since */
};

struct keeper {
	struct task task;
	struct change_engine *engine;
	struct lanes *lanes;
	struct kept *first;
};

/* ---- the connection ---- */

static void disconnect(struct keeper *keeper, struct kept *kept)
{
	signals_end(&kept->signals, keeper->engine->latency);
	control_close(&kept->control);
	arena_free(&kept->arena);
	kept->wal_position = -1;
}

/* The error's own memory goes with the connection. */
static void note_failure(struct kept *kept)
{
	const char *message = kept->control.error.message;

	snprintf(kept->failure, sizeof(kept->failure), "%s",
		message != NULL ? message : "no answer");
}

static void say_alone(const struct kept *kept)
{
	log_warn("database %s: what the lane spends cannot be shared with other proxies: %s",
		lane_database(kept->lane), kept->failure);
}

static int connect_again(struct keeper *keeper, struct kept *kept, int64_t now_ms)
{
	if (kept->tried_ms != 0 && now_ms - kept->tried_ms < TRY_AGAIN_MS)
		return -1;
	kept->tried_ms = now_ms;
	if (control_open(&kept->control, &kept->arena, keeper->engine->conninfo,
		    lane_database(kept->lane)) == 0 &&
		install_current(&kept->control) == 0 &&
		control_exec(&kept->control, no_longer) == 0) {
		kept->shared = true;
		kept->tried_ms = 0;
		kept->connected_ms = now_ms;
		return 0;
	}
	note_failure(kept);
	say_alone(kept);
	disconnect(keeper, kept);
	kept->why = no_connection;
	return -1;
}

static bool connected(struct keeper *keeper, struct kept *kept, int64_t now_ms)
{
	return kept->control.conn != NULL || connect_again(keeper, kept, now_ms) == 0;
}

/* ---- spending ---- */

/* What was written while something of the lane was under way, by whomever. */
static int add_wal(struct kept *kept, struct lane_report *report)
{
	int64_t before = kept->wal_position;

	if (report->limits.wal_bytes_per_second == 0)
		return 0;
	kept->wal_position = budget_wal_position(&kept->control);
	if (kept->wal_position < 0)
		return -1;
	if (report->busy && before >= 0 && kept->wal_position > before) {
		struct lane_spending wal = {.wal_bytes = kept->wal_position - before};
		int64_t price_us = lane_price_us(&wal, &report->limits);

		report->spent.wal_bytes = wal.wal_bytes;
		if (report->price_us < price_us)
			report->price_us = price_us;
	}
	return 0;
}

/* What is still owed is paid back at once. */
static int forgive(struct control *control)
{
	static const struct spending nothing;
	int64_t owed_ms;

	if (budget_enter(control, BUDGET_DATABASE, &nothing, 0, &owed_ms) < 0)
		return -1;
	return budget_enter(control, BUDGET_DATABASE, &nothing, -(double)owed_ms, &owed_ms);
}

static int settle(struct kept *kept, struct lane_report *report, const struct limits *limits,
	int64_t *wait_ms)
{
	struct spending spent = {.rows = report->spent.rows};
	double price, operators_price;

	if ((report->forgiven && forgive(&kept->control) < 0) || add_wal(kept, report) < 0)
		return -1;
	spent.wal_bytes = report->spent.wal_bytes;
	price = (double)report->price_us / 1000;
	operators_price = price_ms(&spent, &limits->all);
	return budget_enter(&kept->control, BUDGET_DATABASE, &spent,
		operators_price > price ? operators_price : price, wait_ms);
}

/* ---- production and operators ---- */

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* NULL, or why nothing may start. */
static const char *held_by(struct keeper *keeper, struct kept *kept, const struct limits *limits,
	bool busy, int64_t now_ms)
{
	struct tuning tuning = engine_tuning(keeper->engine);
	enum signal_id stop;

	kept->signals.worked |= busy;
	signals_read(
		&kept->signals, &kept->control, keeper->engine->latency, &tuning.signals, now_ms);
	stop = signals_stop(&kept->signals);
	if (stop != SIGNALS)
		return signal_name(stop);
	return limits->ratio >= 1 ? an_operator : NULL;
}

/* After work, while nothing holds it. */
static void pause_for(struct kept *kept, const struct limits *limits, int64_t busy_us)
{
	int64_t busy_ms = (kept->busy_us + busy_us) / 1000;
	int64_t pause_ms, operators_ms = pause_of_ratio_ms(busy_ms, limits->ratio);
	int64_t now_ms = engine_now_ms();
	const char *by = signal_name(signals_slow(&kept->signals, busy_ms, now_ms, &pause_ms));

	kept->busy_us += busy_us - busy_ms * 1000;
	if (operators_ms > pause_ms)
		by = an_operator;
	lane_pause(kept->lane, longer(pause_ms, operators_ms) * 1000, by, now_ms * 1000);
}

static void say_change(const struct kept *kept, const char *before, const char *now)
{
	if (before != now && (now == no_connection || now == no_account))
		log_warn("database %s: the backfill lane is held: %s: %s",
			lane_database(kept->lane), now, kept->failure);
	else if (before != now && now != NULL)
		log_info("database %s: the backfill lane is held by %s", lane_database(kept->lane),
			now);
	else if (before != now)
		log_info("database %s: the backfill lane goes on", lane_database(kept->lane));
}

/* ---- the round ---- */

static int ask_database(struct keeper *keeper, struct kept *kept, struct lane_report *report,
	struct limits *limits, int64_t *wait_ms)
{
	if (!connected(keeper, kept, engine_now_ms()))
		return -1;
	if (budget_limits(&kept->control, 0, limits) == 0 &&
		settle(kept, report, limits, wait_ms) == 0)
		return 0;
	note_failure(kept);
	return -1;
}

/*
 * Its turn is when all is paid that was spent when it spent last, like that of a batch of the
 * engine: were it to wait for what others spend meanwhile, two of them would keep it waiting for as
 * long as they are at work.
 */
static int64_t until_its_turn(struct kept *kept, const struct lane_report *report, int64_t wait_ms)
{
	bool spent = report->spent.statements > 0 || report->price_us > 0;

	if (kept->in_turn && !spent)
		return 0;
	kept->in_turn = true;
	return wait_ms;
}

/* It may be mended by installing the schema again, which whoever connects does. */
static const char *failed(struct keeper *keeper, struct kept *kept)
{
	if (kept->control.conn != NULL) {
		kept->why = kept->control.lost ? no_connection : no_account;
		kept->tried_ms = kept->control.lost ? 0 : kept->connected_ms;
		disconnect(keeper, kept);
	}
	return kept->shared ? kept->why : NULL;
}

static void keep_in_step(struct keeper *keeper, struct kept *kept, struct lane_report *report)
{
	int64_t now_ms = engine_now_ms(), wait_ms = 0, paid_ms = now_ms;
	const char *before = lane_held_by(kept->lane), *now = NULL;
	struct limits limits;

	if (ask_database(keeper, kept, report, &limits, &wait_ms) < 0) {
		now = failed(keeper, kept);
	} else {
		paid_ms = engine_now_ms() + until_its_turn(kept, report, wait_ms);
		now = held_by(keeper, kept, &limits, report->busy, now_ms);
		if (now == NULL)
			pause_for(kept, &limits, report->busy_us);
		if (kept->control.lost)
			disconnect(keeper, kept);
	}
	say_change(kept, before, now);
	arena_free(&kept->arena);
	now_ms = engine_now_ms();
	lane_tell(kept->lane, longer(paid_ms - now_ms, 0) * 1000, now, now_ms * 1000);
	kept->used_ms = now_ms;
}

static void visit(struct keeper *keeper, struct kept *kept)
{
	struct lane_report report;

	if (lane_report(kept->lane, &report, engine_now_ms() * 1000)) {
		keep_in_step(keeper, kept, &report);
		return;
	}
	kept->in_turn = false;
	if (kept->control.conn != NULL && engine_now_ms() - kept->used_ms > LEAVE_AFTER_MS)
		disconnect(keeper, kept);
}

static struct kept *kept_of(struct keeper *keeper, struct lane *lane)
{
	struct kept *kept;

	for (kept = keeper->first; kept != NULL; kept = kept->next)
		if (kept->lane == lane)
			return kept;
	kept = must(calloc(1, sizeof(*kept)));
	kept->lane = lane;
	kept->wal_position = -1;
	kept->next = keeper->first;
	keeper->first = kept;
	return kept;
}

static void free_keeper(struct keeper *keeper)
{
	struct kept *next;

	for (struct kept *kept = keeper->first; kept != NULL; kept = next) {
		next = kept->next;
		disconnect(keeper, kept);
		free(kept);
	}
	free(keeper);
}

static void run_keeper(struct change_engine *engine, struct task *task)
{
	const struct timespec while_nothing_is_told = {.tv_nsec = KEEP_EVERY_MS * 1000000L};
	struct keeper *keeper = (struct keeper *)task;

	while (!atomic_load(&engine->stopping)) {
		for (struct lane *lane = lanes_next(keeper->lanes, NULL); lane != NULL;
			lane = lanes_next(keeper->lanes, lane))
			visit(keeper, kept_of(keeper, lane));
		nanosleep(&while_nothing_is_told, NULL);
	}
	free_keeper(keeper);
}

void lane_keeper_start(struct change_engine *engine, struct lanes *lanes)
{
	struct keeper *keeper = must(calloc(1, sizeof(*keeper)));

	*keeper = (struct keeper){.task = {.run = run_keeper}, .engine = engine, .lanes = lanes};
	if (engine_enqueue(engine, CREW_KEEP, &keeper->task) < 0)
		free(keeper);
}

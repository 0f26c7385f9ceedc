/* SPDX-License-Identifier: PostgreSQL */
/* Between two batches: what was spent is paid, and production and operators have their say. */
#include <stdio.h>

#include "batch.h"

enum {
	DEBT_ASKED_MS = 1000, /* so often it is asked for again */
	DEBT_TOLD_MS = 5000,
};

/* What is in force now: the configuration may be loaded anew, operators set limits of theirs. */
int fill_ask(struct fill *fill)
{
	struct run *run = fill->run;
	int64_t now = engine_now_ms();

	if (fill->asked_ms != 0 && now - fill->asked_ms < SAMPLE_MS)
		return 0;
	if (run_check_record(run) < 0 ||
		budget_limits(&run->main, run->change.id, &fill->limits) < 0)
		return -1;
	fill->asked_ms = now;
	run->tuning = engine_tuning(run->engine);
	fill->limits.all = rates_stricter(&fill->limits.all, &run->tuning.rates);
	signals_read(&run->signals, watch_connection(run), run->engine->latency,
		&run->tuning.signals, engine_now_ms());
	arena_free(&run->watch_arena);
	return 0;
}

/* Counts the time that it took: id SIGNALS is for the limits. */
static int pause_for(struct fill *fill, enum signal_id id, int64_t ms)
{
	struct run *run = fill->run;
	int64_t begun = engine_now_ms(), took;
	int status = ms > SAMPLE_MS ? run_await(run, ms, NULL) : run_sleep(run, ms);
	enum signal_id top;

	took = engine_now_ms() - begun;
	fill->leaf->throttled_ms += took;
	run->signals.held_ms[id] += took;
	if (signals_held(&run->signals, &top) > 0)
		fill->leaf->throttled_by = signal_name(top);
	return status;
}

/* The text for the record is the same for as long as the signal is: its age counts from there. */
static void tell_stopped(struct run *run, enum signal_id id, bool news)
{
	struct arena arena = {0};

	run_waiting(run, id == SIGNALS ? "the end of a throttle of 1 set by an operator"
				       : arena_printf(&arena, "throttle: %s", signal_name(id)));
	run_say(run, news, "%s: throttled: %s", run->step->purpose,
		id == SIGNALS ? "an operator set the ratio to 1"
			      : signal_text(&arena, &run->signals, &run->tuning.signals, id));
	arena_free(&arena);
}

int fill_hold(struct fill *fill)
{
	struct run *run = fill->run;
	enum signal_id id;
	bool stopped = false;

	for (;; stopped = true) {
		if (fill_ask(fill) < 0)
			return -1;
		id = signals_stop(&run->signals);
		if (id == SIGNALS && fill->limits.ratio < 1)
			break;
		tell_stopped(run, id, !stopped);
		if (pause_for(fill, id, SAMPLE_MS) < 0)
			return -1;
		fill->advanced_ms = engine_now_ms();
	}
	if (stopped)
		run_waiting(run, NULL);
	return 0;
}

static bool limited(const struct rates *rates)
{
	return rates->rows_per_second > 0 || rates->wal_bytes_per_second > 0;
}

/* Enters it on the account of all, and on its own if operators limit this change. */
static int spend(struct fill *fill, int64_t *owed_ms)
{
	struct run *run = fill->run;
	const struct limits *limits = &fill->limits;
	char account[32];
	int64_t own_ms = 0;

	if (budget_spend(&run->main, BUDGET_DATABASE, &fill->unpaid, &limits->all, owed_ms) < 0)
		return -1;
	if (limited(&limits->own)) {
		snprintf(account, sizeof(account), "change %lld", (long long)run->change.id);
		if (budget_spend(&run->main, account, &fill->unpaid, &limits->own, &own_ms) < 0)
			return -1;
	}
	if (own_ms > *owed_ms)
		*owed_ms = own_ms;
	fill->unpaid = (struct spending){0};
	fill->paid_ms = engine_now_ms();
	return 0;
}

/* Where nothing has a price, the account is for people to read: not worth a write each batch. */
static bool spend_now(const struct fill *fill)
{
	return price_ms(&fill->unpaid, &fill->limits.all) > 0 || limited(&fill->limits.own) ||
	       engine_now_ms() - fill->paid_ms >= SAMPLE_MS;
}

int fill_settle(struct fill *fill)
{
	int64_t owed;

	return fill->unpaid.busy_ms > 0 ? spend(fill, &owed) : 0;
}

static void add(struct spending *sum, const struct spending *spent)
{
	sum->rows += spent->rows;
	sum->wal_bytes += spent->wal_bytes;
	sum->busy_ms += spent->busy_ms;
}

/* The signals see what is felt meanwhile. */
static int pause_in_parts(struct fill *fill, enum signal_id id, int64_t ms)
{
	for (; ms > SAMPLE_MS; ms -= SAMPLE_MS)
		if (pause_for(fill, id, SAMPLE_MS) < 0 || fill_ask(fill) < 0)
			return -1;
	return pause_for(fill, id, ms);
}

static int64_t shorter(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Longer than any batch alone has to be paid for: people want to know. */
static void tell_debt(struct run *run, int64_t left_ms, bool news)
{
	run_waiting(run, "the limits: what was written before is not paid for yet");
	run_say(run, news, "%s: throttled: what was written before is paid for in %.0f s",
		run->step->purpose, (double)left_ms / 1000);
}

/* What others spend meanwhile is for them to wait for; but a reload may forgive what is owed. */
static int pay_debt(struct fill *fill, int64_t owed_ms)
{
	const bool told = owed_ms > DEBT_TOLD_MS;
	bool news = true;
	int64_t until_ms = engine_now_ms() + owed_ms, left_ms = owed_ms;

	for (; left_ms > 0; left_ms = until_ms - engine_now_ms(), news = false) {
		if (told)
			tell_debt(fill->run, left_ms, news);
		if (pause_in_parts(fill, SIGNALS, shorter(left_ms, DEBT_ASKED_MS)) < 0)
			return -1;
		fill->advanced_ms = engine_now_ms();
		if (left_ms <= DEBT_ASKED_MS)
			continue;
		if (spend(fill, &owed_ms) < 0)
			return -1;
		until_ms = shorter(until_ms, engine_now_ms() + owed_ms);
	}
	if (told)
		run_waiting(fill->run, NULL);
	return 0;
}

static int64_t operators_pause_ms(const struct fill *fill, int64_t busy_ms)
{
	double ratio = fill->limits.ratio;

	return ratio < 1 ? pause_of_ratio_ms(busy_ms, ratio) : 0;
}

/* Who may set another ratio meanwhile. */
static int pause_for_operator(struct fill *fill, int64_t busy_ms)
{
	int64_t begun_ms = engine_now_ms(), left_ms;

	while ((left_ms = begun_ms + operators_pause_ms(fill, busy_ms) - engine_now_ms()) > 0) {
		if (pause_for(fill, SIGNALS, shorter(left_ms, SAMPLE_MS)) < 0 || fill_ask(fill) < 0)
			return -1;
		fill->advanced_ms = engine_now_ms();
	}
	return 0;
}

int fill_pay(struct fill *fill, const struct spending *spent)
{
	struct run *run = fill->run;
	int64_t owed = 0, pause, operators_ms;
	enum signal_id id;

	run->signals.worked = true;
	add(&fill->unpaid, spent);
	if (fill_ask(fill) < 0 || (spend_now(fill) && spend(fill, &owed) < 0))
		return -1;
	operators_ms = operators_pause_ms(fill, spent->busy_ms);
	id = signals_slow(&run->signals, spent->busy_ms, engine_now_ms(), &pause);
	if (owed > pause && owed > operators_ms)
		return pay_debt(fill, owed);
	return operators_ms > pause ? pause_for_operator(fill, spent->busy_ms)
				    : pause_in_parts(fill, id, pause);
}

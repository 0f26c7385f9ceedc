/* SPDX-License-Identifier: PostgreSQL */
#include "run.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "debug_log.h"
#include "decide.h"
#include "lease.h"

/* ---- waiting and telling ---- */

static bool interrupted(void *arg)
{
	const struct run *run = arg;

	return atomic_load(&run->engine->stopping) || (!run->undoing && atomic_load(run->cancel));
}

static bool statement_must_end(void *arg)
{
	const struct run *run = arg;

	return interrupted(arg) || run->yielding || (!run->undoing && run->change.abort);
}

int run_check(struct run *run)
{
	if (!interrupted(run))
		return 0;
	control_fail(&run->main, "57014", "canceling statement due to user request");
	return -1;
}

int run_sleep(struct run *run, int64_t ms)
{
	const struct timespec slice = {.tv_nsec = CONTROL_TICK_MS * 1000000L};
	int64_t end = engine_now_ms() + ms, left;

	while ((left = end - engine_now_ms()) > 0) {
		struct timespec rest = {.tv_nsec = left * 1000000L};

		lease_keep(run);
		if (run_check(run) < 0)
			return -1;
		nanosleep(left > CONTROL_TICK_MS ? &slice : &rest, NULL);
	}
	return run_check(run);
}

double run_random(void)
{
	uint32_t bits = 0;

	RAND_bytes((unsigned char *)&bits, sizeof(bits));
	return bits / 4294967296.0;
}

void run_say(struct run *run, bool force, const char *fmt, ...)
{
	struct arena arena = {0};
	int64_t now = engine_now_ms();
	const char *text;
	va_list args;

	if (!force && run->said_ms != 0 && now - run->said_ms < 1000)
		return;
	run->said_ms = now;
	va_start(args, fmt);
	text = arena_vprintf(&arena, fmt, args);
	va_end(args);
	run->progress(run->arg, run->change.id,
		arena_printf(
			&arena, "phasegate: change %lld: %s", (long long)run->change.id, text));
	arena_free(&arena);
}

const char *run_count(struct arena *arena, double n)
{
	char digits[64];
	char *text, *p;
	size_t len;

	snprintf(digits, sizeof(digits), "%.0f", n < 0 ? 0 : n);
	len = strlen(digits);
	p = text = arena_alloc(arena, len + len / 3 + 1);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	return text;
}

enum run_end run_why(const struct run *run)
{
	/* read_only_sql_transaction: it has become a standby, or is not promoted yet. */
	if (run->main.lost || control_failed_with(&run->main, "25006"))
		return RUN_LOST;
	if (control_failed_with(&run->main, STORE_FENCED))
		return RUN_BUSY;
	if (control_failed_with(&run->main, "57014") && atomic_load(&run->engine->stopping))
		return RUN_STOPPED;
	if (control_failed_with(&run->main, "57014") &&
		(atomic_load(run->cancel) || run->change.abort))
		return RUN_CANCELLED;
	return RUN_FAILED;
}

int run_ask(struct run *run, const char *sql, const char **value)
{
	struct control_error error = run->main.error;
	PGresult *result = CONTROL_QUERY(
		&run->main, sql, arena_printf(run->arena, "%lld", (long long)run->change.id));

	*value = NULL;
	if (result == NULL)
		return -1;
	if (PQntuples(result) == 1)
		*value = control_value(run->arena, result, 0, 0);
	PQclear(result);
	run->main.error = error;
	return 0;
}

/* ---- connection ---- */

int run_open(struct run *run)
{
	run->main.hooks = (struct control_hooks){statement_must_end, watch_waiting, run};
	return control_open(&run->main, run->arena, run->engine->conninfo, run->database);
}

void run_close(struct run *run)
{
	watch_close(run);
	control_close(&run->main);
	free(run->blockers_json);
	free(run->blockers_text);
	run->blockers_json = run->blockers_text = NULL;
	free(run->waiting_for);
	run->waiting_for = NULL;
}

/* ---- forward ---- */

/*
 * Steps from i on that share one transaction.  Some may be done: by the client, in a transaction of
 * its own.
 */
static size_t group_size(const struct change_record *change, size_t i)
{
	size_t n = 1;

	if (change->steps[i].status == STATUS_DONE)
		return 1;
	while (i + n < change->n_steps && change->steps[i + n].with_previous &&
		change->steps[i + n].status != STATUS_DONE)
		n++;
	return n;
}

static int record_intent(struct run *run, struct step_record *steps, size_t n)
{
	if (control_exec(&run->main, "BEGIN") < 0)
		return -1;
	if (store_steps(&run->main, &run->change, steps, n, STATUS_INTENT, NULL) < 0 ||
		store_stage(&run->main, &run->change, "running", steps[0].purpose) < 0 ||
		control_commit(&run->main) < 0)
		goto failed;
	for (size_t i = 0; i < n; i++)
		steps[i].status = STATUS_INTENT;
	return 0;
failed:
	control_rollback(&run->main);
	return -1;
}

static int run_steps(struct run *run, struct step_record *steps, size_t n)
{
	switch (steps[0].kind) {
	case STEP_BACKFILL:
		return backfill_run(run, steps);
	case STEP_BULK:
		return bulk_run(run, steps);
	default:
		return step_run(run, steps, n);
	}
}

/* undefined_object: a constraint of an earlier step may have been dropped. */
static bool made_again(struct run *run, const struct step_record *step)
{
	struct control_error error = run->main.error;
	bool lost = false;

	if (!control_failed_with(&run->main, "42704"))
		return false;
	if (artifact_keep(run, step, &lost) < 0)
		return false;
	run->main.error = error;
	return lost;
}

static int run_group(struct run *run, struct step_record *steps, size_t n)
{
	int64_t took;
	bool holds;

	run->tuning = engine_tuning(run->engine);
	run->begun_ms = engine_now_ms();
	if (run_check_record(run) < 0 || step_holds(run, steps, &holds) < 0)
		return -1;
	if (holds)
		return 0;
	if (record_intent(run, steps, n) < 0)
		return -1;
	run_say(run, true, "step %d of %zu: %s", steps[0].ord, run->change.n_steps,
		steps[0].purpose);
	if (run_steps(run, steps, n) < 0 &&
		!(made_again(run, steps) && run_steps(run, steps, n) == 0)) {
		stuck_find_rows(run);
		failure_translate(run, run->step != NULL ? run->step : steps);
		return -1;
	}
	run_waiting(run, NULL);
	for (size_t i = 0; i < n; i++)
		steps[i].status = STATUS_DONE;
	took = engine_now_ms() - run->begun_ms;
	/* The line of the next step tells as much for the quick ones. */
	if (took >= 1000)
		run_say(run, true, "step %d of %zu: done in %.1f s", steps[n - 1].ord,
			run->change.n_steps, (double)took / 1000);
	return 0;
}

/* A change whose every step is done but which is live still: killed in between, or all by the
 * client. */
static int finish_done(struct run *run)
{
	if (control_exec(&run->main, "BEGIN") < 0)
		return -1;
	if (store_finish(&run->main, &run->change, "done", NULL) == 0)
		return control_commit(&run->main);
	control_rollback(&run->main);
	return -1;
}

/* A release stands for the step that waited for it. */
static int pass_soak(struct run *run, struct step_record *step, bool *soaking)
{
	*soaking = !run->change.released;
	if (*soaking)
		return soak_begin(run, step, NULL);
	run->change.released = false;
	if (run_record_done(run, step, false) < 0)
		return -1;
	step->status = STATUS_DONE;
	return 0;
}

/* 1: the change soaks. */
static int run_forward(struct run *run)
{
	struct change_record *change = &run->change;
	bool worked = false, soaking = false;

	if (store_assume(&run->main, change) < 0 || run_check_table(run) < 0 ||
		stuck_end(run) < 0 || run_trust_client(run) < 0)
		return -1;
	for (size_t i = 0, n; i < change->n_steps; i += n) {
		struct step_record *step = &change->steps[i];

		n = group_size(change, i);
		worked = step->status != STATUS_DONE;
		if (worked && step->kind == STEP_SOAK && pass_soak(run, step, &soaking) < 0)
			return -1;
		if (soaking)
			return 1;
		if (worked && step->kind != STEP_SOAK && run_group(run, step, n) < 0)
			return -1;
	}
	return worked ? 0 : finish_done(run);
}

/* ---- ends ---- */

/* The connection broke while the end was being recorded: the record says which it was. */
static enum run_end recorded_end(struct run *run)
{
	const struct change_record *change = &run->change;

	if (strcmp(change->state, "done") == 0)
		return RUN_DONE;
	run->main.error = change->error;
	return strcmp(change->state, "cancelled") == 0 ? RUN_CANCELLED : RUN_FAILED;
}

/* The record keeps why; -1 when it cannot be reached. */
static int begin_undo(struct run *run, bool cancelled)
{
	struct control_error error;

	if (cancelled && run->change.abort)
		run_say_aborted(run);
	error = run->main.error;
	run->undoing = true;
	if (store_stopped(&run->main, &run->change, &error, cancelled) < 0)
		return -1;
	run->change.error = error;
	run->change.stopped_by_cancel = cancelled;
	return 0;
}

static enum run_end go_back(struct run *run)
{
	int left;

	run->undoing = true;
	left = undo_run(run);
	if (left != 0)
		return left < 0 ? run_why(run) : RUN_STUCK;
	return run->change.stopped_by_cancel ? RUN_CANCELLED : RUN_FAILED;
}

/* Behind a release nothing is undone by itself. */
static enum run_end soak_again(struct run *run)
{
	struct control_error error = run->main.error;

	return soak_begin(run, soak_released(run), &error) < 0 ? run_why(run) : RUN_SOAKING;
}

/* One that had to stop for people there goes nowhere else. */
static bool on_its_way_back(const struct change_record *change)
{
	bool undone = false;

	for (size_t i = 0; i < change->n_steps; i++)
		undone |= change->steps[i].status == STATUS_UNDONE;
	return strcmp(change->state, "undoing") == 0 ||
	       (undone && strcmp(change->state, "needs_attention") == 0);
}

static enum run_end go(struct run *run)
{
	const char *stuck;
	enum run_end why;
	int forward;

	if (!change_is_live(&run->change))
		return recorded_end(run);
	run->worked = true;
	if (on_its_way_back(&run->change))
		return go_back(run);
	if (soak_goes_on(run))
		return RUN_SOAKING;
	store_waiting(&run->main, &run->change, NULL);
	forward = run_check_record(run) < 0 ? -1 : run_forward(run);
	if (forward >= 0)
		return forward == 0 ? RUN_DONE : RUN_SOAKING;
	why = run_why(run);
	if (why == RUN_LOST || why == RUN_STOPPED || why == RUN_BUSY)
		return why;
	if (soak_released(run) != NULL && why != RUN_CANCELLED)
		return soak_again(run);
	stuck = why == RUN_CANCELLED ? NULL : stuck_state(run);
	if (stuck != NULL)
		return stuck_begin(run, stuck) < 0 ? run_why(run) : RUN_STUCK;
	return begin_undo(run, why == RUN_CANCELLED) < 0 ? run_why(run) : go_back(run);
}

/* What comes to no end here is for others to go on with. */
static enum run_end go_claimed(struct run *run)
{
	enum run_end end;

	run->claimed = true;
	run->renewed_ms = engine_now_ms();
	slowed_begin(run);
	end = go(run);
	run->claimed = false;
	if (end == RUN_STOPPED && !run->main.lost)
		lease_give_up(run);
	return end;
}

/* There is no such change, or it is not for us. */
static enum run_end not_claimed(struct run *run, int64_t id)
{
	bool there;
	int version;

	if (store_unclaimed(&run->main, id, &there, &version) < 0)
		return run_why(run);
	if (version == 0)
		return there ? RUN_STUCK : RUN_GONE;
	control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
		"change %lld was planned by a later version of phasegate", (long long)id);
	run->main.error.detail = arena_printf(run->arena,
		"Its plan is of form %d, and this version knows %d at most. It stands where it is.",
		version, PLAN_VERSION);
	run->main.error.hint = "Start a phasegate of that version: it goes on by itself.";
	return RUN_STUCK;
}

/* undefined_table: schema phasegate was made with the change, and lost with it. */
static bool no_record(const struct run *run)
{
	return !run->main.lost && control_failed_with(&run->main, "42P01");
}

static enum run_end run_once(struct run *run, int64_t id)
{
	bool locked = false, found = false;
	struct claim claim;
	enum run_end end;

	run->change.id = id;
	run->undoing = run->stale = run->gone = run->differs = false;
	run->bad_relid = 0;
	run->step = NULL;
	run->tuning = engine_tuning(run->engine);
	free(run->waiting_for);
	run->waiting_for = NULL;
	if (store_lock(&run->main, id, &locked) < 0)
		return run_why(run);
	claim = (struct claim){
		run->engine->owner, run->tuning.lease_ms, run->tuning.keep_bad_rows, run->unasked};
	if (!locked)
		return lease_break(run, id) < 0 ? run_why(run) : RUN_BUSY;
	if (store_claim(&run->main, run->arena, id, &claim, &run->change, &found) < 0 ||
		store_totals(&run->main, id, &run->rows, &run->batches) < 0)
		end = no_record(run) ? RUN_GONE : run_why(run);
	else if (!found)
		end = not_claimed(run, id);
	else
		end = go_claimed(run);
	if (!run->main.lost)
		store_unlock(&run->main, id);
	return end;
}

enum run_end run_change(struct run *run, int64_t id)
{
	enum run_end end;

	run->worked = false;
	run_know_server(run);
	while ((end = run_once(run, id)) == RUN_LOST)
		if (run_reconnect(run) < 0) {
			end = atomic_load(&run->engine->stopping) ? RUN_STOPPED : RUN_LOST;
			break;
		}
	slowed_end(run);
	if (end != RUN_GONE || !run->worked)
		return end;
	log_error("database \"%s\": change %lld, which was being carried out, is not on record any "
		  "more",
		run->database, (long long)id);
	control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
		"change %lld is not on record any more: the server that took over does not have it",
		(long long)id);
	return RUN_FAILED;
}

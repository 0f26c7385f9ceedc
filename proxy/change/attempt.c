/* SPDX-License-Identifier: PostgreSQL */
/*
 * What an attempt is followed by that failed for others: soon another, several times over.  Then,
 * if steps of the change are done already, a few that are far between, because to undo those would
 * cost more than to wait; and then none.
 */
#include "run.h"

/* With every step behind it to lose.  What the client did in its own transaction counts. */
static bool has_work(const struct run *run, const struct step_record *step)
{
	const struct change_record *change = &run->change;

	for (size_t i = 0; i < change->n_steps && change->steps[i].ord < step->ord; i++)
		if (change->steps[i].status == STATUS_DONE && !change->steps[i].skipped)
			return true;
	return false;
}

/* -1: no more. */
static int64_t delay_ms(const struct run *run, const struct step_record *step, int attempts_max)
{
	if (run->attempt < attempts_max)
		return lock_attempt_delay_ms(
			run->attempt, run->tuning.lock_retry_delay_ms, run_random());
	if (run->undoing || !has_work(run, step))
		return -1;
	return lock_patient_delay_ms(run->attempt - attempts_max, run->tuning.lock_patience_ms);
}

static void explain(struct run *run, const struct step_record *step)
{
	struct control_error *error = &run->main.error;

	if (error->detail == NULL && run->blockers_text != NULL)
		error->detail = arena_printf(run->arena,
			"%s on %s was held up by %s; gave up after attempt %d.", step->lock,
			name_text(run->arena, &run->change.table), run->blockers_text,
			run->attempt);
}

int run_await(struct run *run, int64_t ms, const char *what)
{
	enum { LOOK_EVERY_MS = 500 };
	const int64_t end = engine_now_ms() + ms;
	int64_t left = ms;

	run->hurried = false;
	do {
		if (what != NULL)
			run_waiting(run, what);
		if (run_sleep(run, left < LOOK_EVERY_MS ? left : LOOK_EVERY_MS) < 0 ||
			(!run->undoing && run_check_record(run) < 0))
			return -1;
	} while (!run->hurried && (left = end - engine_now_ms()) > 0);
	return run->hurried ? store_retried(&run->main, &run->change) : 0;
}

/* They see what it waits for, and by phasegate.retry they end it. */
static int wait_patiently(struct run *run, const struct step_record *step, int64_t ms)
{
	struct arena arena = {0};
	int status = run_await(run, ms,
		arena_printf(&arena, "%s on %s%s%s; it is tried again every now and then",
			step->lock, name_text(&arena, &run->change.table),
			run->blockers_text != NULL ? ", last held by " : "",
			run->blockers_text != NULL ? run->blockers_text : ""));

	arena_free(&arena);
	return status;
}

int run_attempt_failed(struct run *run, const struct step_record *step, int attempts_max)
{
	struct control_error error = run->main.error;
	const bool patient = run->attempt >= attempts_max;
	const int64_t delay = delay_ms(run, step, attempts_max);
	int status = store_attempt(&run->main, &run->change, step, run->blockers_json);

	if (status < 0)
		return -1;
	run->main.error = error;
	if (delay < 0) {
		explain(run, step);
		return -1;
	}
	run_say(run, patient, "%s: attempt %d failed (%s)%s%s; again in %.1f s", step->purpose,
		run->attempt, error.message, run->blockers_text != NULL ? ", held by " : "",
		run->blockers_text != NULL ? run->blockers_text : "", (double)delay / 1000);
	return patient ? wait_patiently(run, step, delay) : run_await(run, delay, NULL);
}

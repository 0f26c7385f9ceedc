/* SPDX-License-Identifier: PostgreSQL */
/*
 * The way back: undoes what is done, last step first, and ends the change.  Killed half-way it is
 * taken up again from the record, whose state says that it is on the way back.  What the
 * client's own transaction committed stays, for what came with it may already build on it; unless
 * an operator wants the change back where it began.
 */
#include <stdio.h>
#include <string.h>

#include "barrier.h"
#include "decide.h"
#include "run.h"

enum { UNDO_ATTEMPTS = 10 };

/* What people are told is left: each a sentence. */
struct remains {
	const char *text;
	bool any_undone;
	bool any_effect; /* of what was undone */
	struct step_record *soak; /* at which it stood; NULL: at none */
};

static void remember(
	struct run *run, struct remains *remains, const struct step_record *step, const char *why)
{
	remains->text = arena_printf(run->arena, "%s%s%s: %s.%s%s%s", remains->text,
		remains->text[0] != '\0' ? " " : "", why, step->purpose,
		step->undo[0] != '\0' ? " To undo it: " : "", step->undo,
		step->undo[0] != '\0' ? ";" : "");
}

static int undo_transaction(struct run *run, struct step_record *step)
{
	if (control_begin(&run->main, run->lock_timeout_ms) < 0)
		return -1;
	if ((step->undo[0] == '\0' || run_as_submitter(run, step->undo, NULL) == 0) &&
		control_pin(&run->main) == 0 &&
		store_step(&run->main, &run->change, step, STATUS_UNDONE, false) == 0 &&
		control_commit(&run->main) == 0)
		return 0;
	control_rollback(&run->main);
	return -1;
}

static int mark(struct run *run, struct step_record *step, enum step_status status)
{
	if (store_step(&run->main, &run->change, step, status, false) < 0)
		return -1;
	step->status = status;
	return 0;
}

/* Outside a transaction; one of which only the intent is known may be done, or have left something
 * to repair. */
static int undo_concurrently(struct run *run, struct step_record *step)
{
	bool done = step->status == STATUS_DONE, broken = false;

	if (!done && run_probe(run, step->probe, &done) < 0)
		return -1;
	if (!done && step->repair != NULL && step->repair_when != NULL &&
		run_probe(run, step->repair_when, &broken) < 0)
		return -1;
	if (broken && run_outside(run, step->repair) < 0)
		return -1;
	/* What was half-way may be whole now: FINALIZE. */
	if (broken && run_probe(run, step->probe, &done) < 0)
		return -1;
	if (done && step->undo[0] != '\0' && run_outside(run, step->undo) < 0)
		return -1;
	return mark(run, step, STATUS_UNDONE);
}

static int undo_once(struct run *run, struct step_record *step)
{
	int barrier, status;

	if (step->kind == STEP_CONCURRENTLY)
		return undo_concurrently(run, step);
	if (backfill_undoes(step))
		return backfill_undo(run, step) < 0 ? -1 : mark(run, step, STATUS_UNDONE);
	if (step->status == STATUS_INTENT)
		return mark(run, step, STATUS_PENDING); /* its transaction rolled back */
	barrier = run_raise_barrier(run, step, 1);
	status = undo_transaction(run, step);
	barrier_lift(run->engine->barriers, barrier);
	return status;
}

/* 57014: a cancel meant for the way forward may still arrive. */
static bool worth_another(const struct run *run)
{
	return !run->main.lost && (run_transient(run) || control_failed_with(&run->main, "57014"));
}

static int undo_step(struct run *run, struct step_record *step)
{
	run->step = step;
	for (run->attempt = 1;; run->attempt++) {
		run->lock_timeout_ms =
			lock_attempt_timeout_ms(run->attempt, run->tuning.lock_timeout_ms);
		run->asked = false;
		if (undo_once(run, step) == 0)
			return 0;
		if (!worth_another(run) || run_attempt_failed(run, step, UNDO_ATTEMPTS) < 0)
			return -1;
	}
}

/* Its batches have committed; of which rows, only the range of the key knows. */
static int leave_bulk(struct run *run, struct step_record *step, struct remains *remains)
{
	const char *rows = run_count(run->arena, (double)run->rows);

	if (run->rows > 0)
		remains->text = arena_printf(run->arena,
			"%s rows in %s batches were %s and stay so: there is no undo. Sent again, "
			"the statement begins anew.",
			rows, run_count(run->arena, (double)run->batches),
			step->bulk.set_sql != NULL ? "updated" : "deleted");
	return mark(run, step, STATUS_PENDING) < 0 ? -1 : 0;
}

/*
 * dependent_objects_still_exist, and nothing is different yet: better on both names than half-way.
 * What had nothing to undo is on record as undone.
 */
static bool soaks_on(const struct run *run, const struct remains *remains)
{
	return remains->soak != NULL && !remains->any_effect && !run->main.lost &&
	       control_failed_with(&run->main, "2BP01");
}

static int soak_on(struct run *run, struct remains *remains)
{
	struct control_error error = run->main.error;

	for (size_t i = 0; i < run->change.n_steps; i++) {
		struct step_record *step = &run->change.steps[i];

		if (step->status == STATUS_DONE && !step->skipped &&
			mark(run, step, STATUS_DONE) < 0)
			return -1;
	}
	if (soak_begin(run, remains->soak, &error) < 0)
		return -1;
	run->main.error = error;
	return 2;
}

/*
 * 2: the change soaks on, or stands for people.  1: undone, or nothing to do.  0: it stays, and
 * people are told.  -1: no way on from here now.
 */
static int leave_or_undo(struct run *run, struct step_record *step, struct remains *remains)
{
	if (step->status != STATUS_DONE && step->status != STATUS_INTENT)
		return 1;
	if (step->status == STATUS_DONE && step->skipped)
		return 1;
	if (step->kind == STEP_BULK)
		return leave_bulk(run, step, remains);
	if (step->status == STATUS_DONE && step->by_client && !run->change.abort) {
		remember(run, remains, step, "Kept, because your transaction committed it");
		return 0;
	}
	if (step->status == STATUS_DONE && run->stale) {
		remember(run, remains, step, "Not undone, because the table is another now");
		return 0;
	}
	remains->any_undone |= step->status == STATUS_DONE;
	if (undo_step(run, step) == 0) {
		remains->any_effect |= step->undo[0] != '\0';
		return 1;
	}
	if (soaks_on(run, remains))
		return soak_on(run, remains);
	if (stuck_by_right(run))
		return stuck_begin(run, "needs_attention") < 0 ? -1 : 2;
	if (run_why(run) != RUN_FAILED || control_failed_with(&run->main, STORE_FENCED))
		return -1;
	remember(run, remains, step,
		arena_printf(run->arena, "Could not be undone (%s)", run->main.error.message));
	return mark(run, step, STATUS_FAILED) < 0 ? -1 : 0;
}

/* A column that was there before the change keeps what its null values were replaced by. */
static bool keeps_fill(const struct run *run)
{
	bool fills = false;

	for (size_t i = 0; i < run->change.n_steps; i++) {
		const struct step_record *step = &run->change.steps[i];

		if (backfill_undoes(step) || strstr(step->undo, "DROP COLUMN") != NULL)
			return false;
		fills |= step->kind == STEP_BACKFILL;
	}
	return fills && run->rows > 0;
}

static const char *undone(struct run *run, bool anything)
{
	if (keeps_fill(run))
		return arena_printf(run->arena,
			"%s rows were filled and stay so; all else is as it was.",
			run_count(run->arena, (double)run->rows));
	return anything ? "What had been done was undone; the table is as it was."
			: "Nothing was changed.";
}

static const char *hint_of(struct run *run, const struct remains *remains)
{
	const char *theirs = run->change.error.hint;
	const char *ours = remains->text;

	if (ours[0] == '\0')
		ours = undone(run, remains->any_undone);
	return theirs == NULL ? ours : arena_printf(run->arena, "%s\n%s", theirs, ours);
}

static int finish(struct run *run, const char *hint)
{
	const char *state = run->change.stopped_by_cancel ? "cancelled" : "failed";

	if (control_exec(&run->main, "BEGIN") < 0)
		return -1;
	if (store_finish(&run->main, &run->change, state, hint) == 0)
		return control_commit(&run->main);
	control_rollback(&run->main);
	return -1;
}

static bool anything_to_undo(const struct change_record *change)
{
	for (size_t i = 0; i < change->n_steps; i++)
		if (change->steps[i].kind != STEP_BULK &&
			(change->steps[i].status == STATUS_DONE ||
				change->steps[i].status == STATUS_INTENT))
			return true;
	return false;
}

/* As undo_run. */
static int prepare(struct run *run)
{
	const struct change_record *change = &run->change;
	int stands;

	if (!anything_to_undo(change))
		return 0;
	run_say(run, true, "%s; undoing what was done",
		change->error.message != NULL ? change->error.message : "stopped");
	if (run_check_table(run) < 0 && !run->stale)
		return -1;
	stands = run->stale && !run->gone ? stuck_under_other_name(run) : 0;
	if (stands != 0)
		return stands;
	/* Without the role every step will say so. */
	return store_assume(&run->main, change) < 0 && run_why(run) != RUN_FAILED ? -1 : 0;
}

int undo_run(struct run *run)
{
	struct change_record *change = &run->change;
	struct remains remains = {.text = "", .soak = soak_waiting(run)};
	const char *hint;
	int status;

	run->tuning = engine_tuning(run->engine);
	status = prepare(run);
	if (status == 0 && remains.soak != NULL && stand_in_check(run) < 0)
		status = control_failed_with(&run->main, SQLSTATE_CHANGE_FAILED)
				 ? soak_on(run, &remains)
				 : -1;
	if (status != 0)
		return status < 0 ? -1 : 1;
	for (size_t i = change->n_steps; i-- > 0;) {
		status = leave_or_undo(run, &change->steps[i], &remains);
		if (status < 0 || status == 2)
			return status < 0 ? -1 : 1;
	}
	hint = hint_of(run, &remains);
	if (finish(run, hint) < 0)
		return -1;
	run->main.error = change->error;
	run->main.error.hint = hint;
	return 0;
}

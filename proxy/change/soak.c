/* SPDX-License-Identifier: PostgreSQL */
/*
 * A step of kind soak is where people come in: the client has what its code may build on, and
 * applications are deployed.  The change stands there, recorded and locked by nobody, until
 * phasegate.release or phasegate.abort.  What fails behind it is not undone, for clients rely on
 * the release: the change comes back to the step, with the reason, to be released again.
 */
#include <string.h>

#include "run.h"

static bool is_soak(const struct step_record *step)
{
	return step->kind == STEP_SOAK;
}

static struct step_record *soaking_step(struct run *run)
{
	struct change_record *change = &run->change;

	for (size_t i = 0; i < change->n_steps; i++)
		if (is_soak(&change->steps[i]) && change->steps[i].status != STATUS_DONE)
			return &change->steps[i];
	return NULL;
}

struct step_record *soak_waiting(struct run *run)
{
	struct step_record *step = soaking_step(run);

	return step != NULL && step->status == STATUS_INTENT ? step : NULL;
}

struct step_record *soak_released(struct run *run)
{
	struct change_record *change = &run->change;

	for (size_t i = change->n_steps; i-- > 0;)
		if (is_soak(&change->steps[i]) && change->steps[i].status == STATUS_DONE)
			return &change->steps[i];
	return NULL;
}

/* What the steps from first up to end are for, with semicolons between. */
static const char *purposes(struct run *run, size_t first, size_t end)
{
	const char *text = "";

	for (size_t i = first; i < end; i++)
		if (!backfill_undoes(&run->change.steps[i]))
			text = arena_printf(run->arena, "%s%s%s", text, text[0] != '\0' ? "; " : "",
				run->change.steps[i].purpose);
	return text[0] != '\0' ? text : "nothing";
}

static void say_soaking(struct run *run, const struct step_record *step)
{
	const struct change_record *change = &run->change;
	size_t at = (size_t)(step - change->steps);
	long long id = (long long)change->id;

	run_say(run, true,
		"%s.\nDone: %s.\nTo come: %s.\n"
		"To go on: phasegate release %lld, or SELECT phasegate.release(%lld). "
		"To take all of it back: phasegate abort %lld, or SELECT phasegate.abort(%lld).",
		step->purpose, purposes(run, 0, at), purposes(run, at + 1, change->n_steps), id, id,
		id, id);
}

bool soak_goes_on(struct run *run)
{
	const struct change_record *change = &run->change;
	const struct step_record *step = soaking_step(run);

	if (strcmp(change->state, "soaking") != 0 || change->released || change->abort ||
		step == NULL)
		return false;
	say_soaking(run, step);
	return true;
}

/* dependent_objects_still_exist: CASCADE, which the server hints at, drops what others made. */
static void advise(struct run *run, struct control_error *error)
{
	if (strcmp(error->sqlstate, "2BP01") != 0)
		return;
	error->hint = arena_printf(run->arena,
		"Drop that, or define it anew without what has to go; then phasegate release %lld, "
		"or phasegate abort %lld.",
		(long long)run->change.id, (long long)run->change.id);
}

int soak_begin(struct run *run, struct step_record *step, struct control_error *error)
{
	/* What failed behind a release would fail again: that is for people. */
	bool by_itself = run->tuning.release_automatic && error == NULL;

	if (error != NULL)
		advise(run, error);
	if (control_exec(&run->main, "BEGIN") < 0)
		return -1;
	if (store_soak(&run->main, &run->change, step, error,
		    by_itself ? run->tuning.release_after_ms : -1, run->undoing) < 0) {
		control_rollback(&run->main);
		return -1;
	}
	if (control_commit(&run->main) < 0)
		return -1;
	if (by_itself)
		run_say(run, true, "%s.\nIt goes on by itself in %d s.", step->purpose,
			run->tuning.release_after_ms / 1000);
	if (error == NULL)
		say_soaking(run, step);
	else
		run_say(run, true, "%s; it soaks again, to be released once more: %s",
			error->message, step->purpose);
	return 0;
}

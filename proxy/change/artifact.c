/* SPDX-License-Identifier: PostgreSQL */
/*
 * Triggers and constraints that earlier steps made, while rows are filled for a long time. Somebody
 * may drop one behind our back; what clients wrote since then may be wrong or missing in rows that
 * lie behind us.  So it is made again, and the walk begins anew: the pending predicate makes that
 * cheap.  First the walk is put back, then the artifact made: killed in between, the loss is still
 * there to be found.
 */
#include "batch.h"

#include "run.h"

/* A row of a group that holds already would count as not ours: each lost one is made by itself. */
static int make_again(struct run *run, struct step_record *step)
{
	if (store_walk_again(&run->main, &run->change, step) < 0)
		return -1;
	run_say(run, true, "what step %d made was dropped by somebody; making it again: %s",
		step->ord, step->purpose);
	step->status = STATUS_PENDING;
	if (step_run(run, step, 1) < 0)
		return -1;
	step->status = STATUS_DONE;
	return 0;
}

int artifact_keep(struct run *run, const struct step_record *before, bool *lost)
{
	const struct step_record *at = run->step;
	int status = 0;

	*lost = false;
	for (struct step_record *step = run->change.steps; status == 0 && step < before; step++) {
		bool holds;

		if (step->probe == NULL || step->status != STATUS_DONE ||
			step->kind == STEP_BACKFILL)
			continue;
		status = run_probe(run, step->probe, &holds);
		if (status < 0 || holds)
			continue;
		*lost = true;
		status = make_again(run, step);
	}
	run->step = at;
	run->attempt = 0;
	return status;
}

int artifact_check(struct fill *fill)
{
	bool lost;

	fill->probed_ms = engine_now_ms();
	if (artifact_keep(fill->run, fill->step, &lost) < 0)
		return -1;
	if (!lost)
		return 0;
	control_fail(&fill->run->main, ARTIFACT_LOST, "the walk begins anew");
	return -1;
}

int artifact_check_now_and_then(struct fill *fill)
{
	return engine_now_ms() - fill->probed_ms < ARTIFACT_PROBE_MS ? 0 : artifact_check(fill);
}

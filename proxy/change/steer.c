/* SPDX-License-Identifier: PostgreSQL */
/* What operators ask of a change while it is carried out, and what it tells them of its waiting. */
#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "run.h"

enum { LISTEN_EVERY_MS = 1000 };

struct control *run_side(struct run *run)
{
	if (run->main.conn != NULL && PQtransactionStatus(run->main.conn) == PQTRANS_IDLE)
		return &run->main;
	return watch_connection(run);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A help for people: what fails here fails again where it matters. */
void run_waiting(struct run *run, const char *what)
{
	struct control_error error = run->main.error;
	struct control *side;

	if (same(run->waiting_for, what) || (side = run_side(run)) == NULL)
		return;
	free(run->waiting_for);
	run->waiting_for = what != NULL ? strdup(what) : NULL;
	store_waiting(side, &run->change, what);
	if (!run->main.lost)
		run->main.error = error;
}

static void heed(struct run *run, const struct steering *steering)
{
	run->change.abort |= steering->abort;
	run->hurried |= steering->retry;
	memcpy(run->broken_off, steering->broken_off, sizeof(run->broken_off));
}

static int ask(struct run *run, struct steering *steering)
{
	lease_keep(run);
	if (run_check(run) < 0 || store_steering(&run->main, &run->change, steering) < 0)
		return -1;
	heed(run, steering);
	slowed_look(run, &run->main);
	return 0;
}

void run_listen(struct run *run)
{
	struct steering steering;
	struct control *side;

	if (run->undoing || engine_now_ms() - run->heard_ms < LISTEN_EVERY_MS)
		return;
	run->heard_ms = engine_now_ms();
	side = watch_connection(run);
	if (side != NULL && store_steering(side, &run->change, &steering) == 0) {
		heed(run, &steering);
		slowed_look(run, side);
	}
	arena_free(&run->watch_arena);
}

void run_say_aborted(struct run *run)
{
	if (run->broken_off[0] != '\0')
		control_fail(&run->main, "57014", "%s", run->broken_off);
	else
		control_fail(&run->main, "57014", "aborted by phasegate.abort(%lld)",
			(long long)run->change.id);
}

static int wait_for_resume(struct run *run, const struct steering *steering)
{
	struct arena arena = {0};
	long long id = (long long)run->change.id;
	const char *what = arena_printf(&arena, "resume: %s paused it", steering->paused_by);
	bool news = !same(run->waiting_for, what);

	run_waiting(run, what);
	if (news)
		run_say(run, true,
			"paused by %s; phasegate resume %lld, or SELECT phasegate.resume(%lld), "
			"lets it go on",
			steering->paused_by, id, id);
	arena_free(&arena);
	return run_sleep(run, 500);
}

int run_check_record(struct run *run)
{
	struct steering steering = {0};
	bool paused = false;
	int status = ask(run, &steering);

	while (status == 0 && steering.paused && !run->change.abort) {
		paused = true;
		status = wait_for_resume(run, &steering);
		if (status == 0)
			status = ask(run, &steering);
	}
	if (status < 0)
		return -1;
	if (paused)
		run_waiting(run, NULL);
	/* On the way back it has been heard. */
	if (!run->change.abort || run->undoing)
		return 0;
	run_say_aborted(run);
	return -1;
}

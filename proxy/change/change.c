/* SPDX-License-Identifier: PostgreSQL */
/*
 * The engine as sessions see it.  A wait is shared by two threads and freed by the last:
 *
 *   the session's worker   holds a reference until finished() was called or the wait forgotten;
 *                          alone reads and writes wait->over
 *   the engine's thread    holds one until the job ended; alone uses the request, arena and run
 *   a message under way    holds one from worker_post to its delivery
 *
 * cancel is atomic; everything else is constant once the job is queued.  Messages run on the
 * worker, as forgetting does, so nothing is delivered to a session that is gone.
 */
#include "change.h"

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "breaker.h"
#include "decide.h"
#include "document.h"
#include "engine.h"
#include "follow.h"
#include "install.h"
#include "must.h"
#include "run.h"

struct change_wait {
	struct task task; /* first: the engine knows the wait as its task */
	atomic_uint references;
	atomic_bool cancel;
	bool over; /* the worker's: finished() was called, or nobody listens */
	struct worker *worker;
	struct change_events events;
	void *arg;
	struct arena arena;
	const char *database;
	/* to submit: document, or the reason there is none */
	const char *document, *submitter, *session_user, *refusal;
	bool once; /* doing it twice is not the same as doing it once */
	/* to run */
	int64_t *ids;
	size_t n_ids;
};

struct message {
	struct change_wait *wait;
	int64_t id;
	char *text; /* of progress */
	struct change_outcome *outcome; /* of the end; strings of the wait's arena */
};

static void release(struct change_wait *wait)
{
	if (atomic_fetch_sub(&wait->references, 1) > 1)
		return;
	arena_free(&wait->arena);
	free(wait);
}

/* ---- from the engine's thread to the worker ---- */

static void deliver(struct worker *worker, void *arg)
{
	struct message *message = arg;
	struct change_wait *wait = message->wait;

	(void)worker;
	if (!wait->over && message->outcome == NULL) {
		wait->events.progress(wait->arg, message->id, message->text);
	} else if (!wait->over) {
		wait->over = true;
		wait->events.finished(wait->arg, message->outcome);
		release(wait); /* the session's */
	}
	free(message->text);
	free(message->outcome);
	free(message);
	release(wait);
}

static void post(struct change_wait *wait, int64_t id, const char *text,
	const struct change_outcome *outcome)
{
	struct message *message = must(calloc(1, sizeof(*message)));

	message->wait = wait;
	message->id = id;
	if (text != NULL)
		message->text = must(strdup(text));
	if (outcome != NULL) {
		message->outcome = must(malloc(sizeof(*outcome)));
		*message->outcome = *outcome;
	}
	atomic_fetch_add(&wait->references, 1);
	worker_post(wait->worker, deliver, message);
}

static void on_progress(void *arg, int64_t id, const char *text)
{
	post(arg, id, text, NULL);
}

/* ---- outcomes ---- */

/* SQLSTATEs that are only ours to read. */
static const char *public_sqlstate(const struct control_error *error)
{
	return strcmp(error->sqlstate, STORE_FENCED) == 0 ? SQLSTATE_CHANGE_FAILED
							  : error->sqlstate;
}

static void set_failure(struct change_wait *wait, const struct run *run, enum change_state state,
	struct change_outcome *outcome)
{
	const struct control_error *error = &run->main.error;

	outcome->state = state;
	outcome->sqlstate = arena_strdup(&wait->arena, public_sqlstate(error));
	outcome->message = error->message != NULL ? error->message : "canceled";
	outcome->detail = error->detail;
	outcome->hint = error->hint;
}

/* It stays live: what it was doing, and how it goes on. */
static void set_left(struct change_wait *wait, const char *why, struct change_outcome *outcome)
{
	outcome->state = CHANGE_FAILED;
	outcome->sqlstate = SQLSTATE_CHANGE_FAILED;
	outcome->message = arena_printf(
		&wait->arena, "%s; change %lld stands where it is", why, (long long)outcome->id);
	outcome->hint = "Send the statement again and it goes on from there.";
}

/* The client left, but others began it. */
static void set_going_on(struct change_wait *wait, struct change_outcome *outcome)
{
	outcome->state = CHANGE_CANCELLED;
	outcome->sqlstate = "57014";
	outcome->message = "canceling statement due to user request";
	outcome->hint = arena_printf(&wait->arena,
		"Change %lld goes on for whoever began it; phasegate abort %lld takes it back.",
		(long long)outcome->id, (long long)outcome->id);
}

static void set_outcome(struct change_wait *wait, const struct run *run, enum run_end end,
	struct change_outcome *outcome)
{
	enum signal_id top;

	outcome->id = run->change.id;
	outcome->rows += run->rows;
	outcome->batches += run->batches;
	outcome->throttled_ms = signals_held(&run->signals, &top);
	outcome->throttled_by = signal_name(top);
	switch (end) {
	case RUN_DONE:
	case RUN_GONE:
		outcome->state = CHANGE_DONE;
		break;
	case RUN_SOAKING:
		outcome->state = CHANGE_SOAKING;
		break;
	case RUN_FAILED:
	case RUN_STUCK:
		set_failure(wait, run, CHANGE_FAILED, outcome);
		break;
	case RUN_CANCELLED:
		set_failure(wait, run, CHANGE_CANCELLED, outcome);
		break;
	case RUN_STOPPED:
		set_left(wait, "phasegate is shutting down", outcome);
		break;
	case RUN_LOST:
		set_left(wait, "the control connection is lost", outcome);
		break;
	case RUN_BUSY:
		set_left(wait, "another phasegate is at it", outcome);
		break;
	case RUN_LEFT:
		set_going_on(wait, outcome);
		break;
	}
}

static void set_unavailable(
	struct change_wait *wait, const char *message, struct change_outcome *outcome)
{
	outcome->state = CHANGE_UNAVAILABLE;
	outcome->sqlstate = SQLSTATE_CHANGE_FAILED;
	outcome->message = arena_strdup(&wait->arena, message);
}

/* ---- submitting ---- */

/* Another change of the table is live and will not make way. */
static void set_in_the_way(
	struct change_wait *wait, struct run *run, int64_t id, struct change_outcome *outcome)
{
	const char *text, *hint;

	outcome->state = CHANGE_FAILED;
	outcome->id = id;
	if (store_describe(&run->main, &wait->arena, id, &text, &hint) < 0) {
		set_failure(wait, run, CHANGE_FAILED, outcome);
		return;
	}
	outcome->sqlstate = "55006"; /* object_in_use */
	outcome->message =
		arena_printf(&wait->arena, "another change of this table is under way: %s", text);
	outcome->hint = hint;
}

/*
 * The same statement ended while this one waited: written once by the two of them, which is right
 * only if they are one.  Only the client can know.
 */
static void set_done_by_others(
	struct change_wait *wait, const struct run *run, struct change_outcome *outcome)
{
	outcome->state = CHANGE_FAILED;
	outcome->id = run->change.id;
	outcome->sqlstate = "55006"; /* object_in_use */
	outcome->message = arena_printf(&wait->arena,
		"this statement was under way already, as change %lld, and has just ended: %s rows",
		(long long)run->change.id, run_count(&wait->arena, (double)run->rows));
	outcome->hint = "Send it again if it is to be done once more.";
}

enum next { SUBMIT_AGAIN, SUBMIT_OVER };

/* The same statement is on record and live: goes on with it, or waits for whoever does. */
static enum next take_up(
	struct change_wait *wait, struct run *run, int64_t id, struct change_outcome *outcome)
{
	enum run_end end;

	run_say(run, false, "this statement is on record already; taking it up");
	end = attend(run, id, false);
	if (wait->once && !run->worked &&
		(end == RUN_DONE || end == RUN_FAILED || end == RUN_CANCELLED)) {
		set_done_by_others(wait, run, outcome);
		return SUBMIT_OVER;
	}
	/* It was on its way back and has arrived there: now what was asked for this time. */
	if ((end == RUN_FAILED || end == RUN_CANCELLED) &&
		strcmp(run->change.state, "undoing") == 0)
		return SUBMIT_AGAIN;
	set_outcome(wait, run, end, outcome);
	return SUBMIT_OVER;
}

static enum next submit_once(
	struct change_wait *wait, struct run *run, struct change_outcome *outcome)
{
	struct recorded recorded = {0};

	if (run_check(run) < 0 || store_record(&run->main, wait->document, wait->submitter,
					  wait->session_user, &recorded) < 0) {
		set_outcome(wait, run, run_why(run), outcome);
		return SUBMIT_OVER;
	}
	run->change.id = recorded.id;
	if (recorded.existing && recorded.same)
		return take_up(wait, run, recorded.id, outcome);
	if (recorded.existing)
		set_in_the_way(wait, run, recorded.id, outcome);
	else
		set_outcome(wait, run, attend(run, recorded.id, true), outcome);
	return SUBMIT_OVER;
}

static void do_submit(struct change_wait *wait, struct run *run, struct change_outcome *outcome)
{
	while (submit_once(wait, run, outcome) == SUBMIT_AGAIN)
		;
}

/* One after the other, as they were recorded, each for itself; the first failure is reported. */
static void do_run(struct change_wait *wait, struct run *run, struct change_outcome *outcome)
{
	outcome->state = CHANGE_DONE;
	for (size_t i = 0; i < wait->n_ids; i++) {
		struct change_outcome one = {.rows = outcome->rows, .batches = outcome->batches};

		set_outcome(wait, run, attend(run, wait->ids[i], true), &one);
		if (outcome->state == CHANGE_DONE || outcome->state == CHANGE_SOAKING)
			*outcome = one;
	}
}

static void run_wait(struct change_engine *engine, struct task *task)
{
	struct change_wait *wait = (struct change_wait *)task;
	struct run run = {
		.engine = engine,
		.arena = &wait->arena,
		.database = wait->database,
		.cancel = &wait->cancel,
		.progress = on_progress,
		.arg = wait,
	};
	struct change_outcome outcome = {0};
	int64_t started = engine_now_ms();

	if (wait->refusal != NULL)
		set_unavailable(wait, wait->refusal, &outcome);
	else if (run_open(&run) < 0)
		set_unavailable(wait, run.main.error.message, &outcome);
	else if (wait->document != NULL)
		do_submit(wait, &run, &outcome);
	else
		do_run(wait, &run, &outcome);
	run_close(&run);
	outcome.duration_ms = engine_now_ms() - started;
	post(wait, outcome.id, NULL, &outcome);
	release(wait); /* the engine's */
}

/* ---- from the worker ---- */

static struct change_wait *wait_new(
	const char *database, struct worker *worker, const struct change_events *events, void *arg)
{
	struct change_wait *wait = must(calloc(1, sizeof(*wait)));

	wait->task.run = run_wait;
	atomic_init(&wait->references, 2);
	wait->worker = worker;
	wait->events = *events;
	wait->arg = arg;
	wait->database = arena_strdup(&wait->arena, database);
	return wait;
}

static struct change_wait *start(struct change_engine *engine, struct change_wait *wait)
{
	struct change_outcome outcome = {0};

	if (engine_enqueue(engine, CREW_CHANGE, &wait->task) == 0)
		return wait;
	set_unavailable(wait,
		atomic_load(&engine->stopping) ? "phasegate is shutting down"
					       : "too many changes wait for their turn",
		&outcome);
	post(wait, 0, NULL, &outcome);
	release(wait);
	return wait;
}

struct change_wait *change_submit(struct change_engine *engine,
	const struct change_request *request, struct worker *worker,
	const struct change_events *events, void *arg)
{
	struct change_wait *wait = wait_new(request->database, worker, events, arg);

	wait->submitter = arena_strdup(&wait->arena, request->submitter);
	wait->session_user = arena_strdup(&wait->arena, request->session_user);
	wait->document = document_make(&wait->arena, request, &wait->refusal);
	wait->once = request->plan->counts_rows;
	return start(engine, wait);
}

struct change_wait *change_run(struct change_engine *engine, const char *database,
	const int64_t *ids, size_t n, struct worker *worker, const struct change_events *events,
	void *arg)
{
	struct change_wait *wait = wait_new(database, worker, events, arg);

	wait->ids = arena_alloc(&wait->arena, (n + 1) * sizeof(*ids));
	memcpy(wait->ids, ids, n * sizeof(*ids));
	wait->n_ids = n;
	return start(engine, wait);
}

void change_wait_cancel(struct change_wait *wait)
{
	atomic_store(&wait->cancel, true);
}

void change_client_failed(
	struct change_engine *engine, const char *database, const char *where, const char *message)
{
	breaker_count(engine, database, where, message);
}

void change_wait_forget(struct change_wait *wait)
{
	wait->over = true;
	release(wait);
}

int change_engine_ready(struct change_engine *engine, const char *database, struct worker *worker,
	void (*on_ready)(struct worker *worker, void *arg, bool usable, const char *because),
	void *arg, const char **because)
{
	return install_ready(engine, database, worker, on_ready, arg, because);
}

const char *change_submit_sql(struct change_engine *engine, struct arena *arena,
	const struct change_request *request, int backend_pid)
{
	uint8_t key[SUBMIT_KEY_BYTES];
	const char *error = NULL, *document = document_make(arena, request, &error);

	if (document != NULL && !install_key(engine, request->database, key))
		error = "schema phasegate is not usable in this database";
	if (error == NULL)
		return submit_sql(arena, key, backend_pid, "submit", document);
	return submit_failure(arena, error);
}

/* ---- the engine itself ---- */

struct change_engine *change_engine_start(struct config *config, char **error)
{
	char *reason = NULL;
	PQconninfoOption *options;

	if (config->control_conninfo == NULL) {
		*error = must(strdup("no control connection is configured"));
		return NULL;
	}
	options = PQconninfoParse(config->control_conninfo, &reason);
	if (options == NULL) {
		*error = must(strdup(reason != NULL ? reason : "out of memory"));
		PQfreemem(reason);
		return NULL;
	}
	PQconninfoFree(options);
	return engine_new(config);
}

int change_engine_stop(struct change_engine *engine)
{
	if (!engine_join(engine))
		return -1;
	install_free(engine);
	breaker_free(engine);
	follow_free(engine);
	engine_free(engine);
	return 0;
}

void change_engine_reconfigure(struct change_engine *engine, struct config *config)
{
	engine_tune(engine, config);
}

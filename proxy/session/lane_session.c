/* SPDX-License-Identifier: PostgreSQL */
#include "lane_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "gate_internal.h"
#include "inject.h"
#include "lane.h"
#include "lane_notice.h"
#include "must.h"
#include "proxy.h"

enum {
	LOOK_AGAIN_US = 500000, /* however long a wait is: a reload may have shortened it */
	TELL_FIRST_US = 1000000,
	TELL_EVERY_US = 5000000,
};

/* From the moment a transaction comes to the lane until it has left it. */
struct lane_stay {
	struct lane_ticket ticket; /* first: wake finds the rest by it */
	struct lane *lane;
	struct worker *worker;
	uint64_t session;
	struct event *timer; /* NULL: never had to wait */
	uint64_t decision;
	int64_t came_us, began_us; /* began: 0 while it waits */
	int64_t tell_us; /* when its client is told next what it waits for */
	int64_t rows, statements;
	int idle_ms; /* it has waited for its client for so long, and heard nothing */
	bool flushed; /* the server was asked for answers that it keeps until a Sync */
	bool copies_out; /* the COPY under way reads */
	char sqlstate[6]; /* of the first error */
	char note[128]; /* what held the lane meanwhile */
};

static const char *const by_words[LANE_BYS] = {
	[LANE_BY_ROLE] = "role",
	[LANE_BY_APPLICATION] = "application",
	[LANE_BY_LISTENER] = "listener",
	[LANE_BY_TAG] = "tag",
	[LANE_BY_BULK] = "bulk",
	[LANE_BY_ROWS] = "rows",
};

/* ---- recognising ---- */

static bool listed(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->n && text != NULL; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

static enum lane_by recognise(const struct session *session)
{
	const struct lane_config *config = &session->config->lane;

	if (session->lane.listener)
		return LANE_BY_LISTENER;
	if (listed(&config->roles, session->identity.user))
		return LANE_BY_ROLE;
	if (listed(&config->applications, session->identity.application))
		return LANE_BY_APPLICATION;
	return session->lane.owes ? LANE_BY_ROWS : LANE_BY_NOTHING;
}

void lane_refresh(struct session *session)
{
	session->lane.by = (uint8_t)recognise(session);
	if (session->lane.stay == NULL)
		session->lane.closed = session->lane.by != LANE_BY_NOTHING;
}

enum lane_by lane_recognise(const struct session *session, const struct gate *gate)
{
	if (session->lane.by != LANE_BY_NOTHING)
		return session->lane.by;
	if (gate->type == FRONTEND_BIND)
		return lane_statement(session, gate->name) ? LANE_BY_TAG : LANE_BY_NOTHING;
	return gate->text != NULL && lane_tagged(session, gate->text, gate->text_len)
		       ? LANE_BY_TAG
		       : LANE_BY_NOTHING;
}

/* ---- the log ---- */

static bool observing(const struct session *session)
{
	return session->config->policy.observe;
}

static uint64_t log_decision(struct session *session, const struct gate *gate)
{
	struct log_subject subject = session_subject(session);
	struct decision decision = {.lane_by = by_words[gate->lane_by]};

	return policy_log_decision(session->worker->proxy->log, &subject, NULL, gate->text,
		gate->text_len, &decision, 0, observing(session));
}

/* What held the lane while this waited, unless there is something better to say. */
static void note_hold(struct lane_stay *stay)
{
	const char *held_by = lane_held_by(stay->lane);
	const char *paused_by = lane_paused_by(stay->lane, clock_us());

	if (held_by != NULL)
		snprintf(stay->note, sizeof(stay->note), "the lane was held by %s", held_by);
	else if (paused_by != NULL && stay->note[0] == '\0')
		snprintf(stay->note, sizeof(stay->note), "the lane paused for %s", paused_by);
}

static void log_outcome(struct session *session, const char *note)
{
	const struct lane_stay *stay = session->lane.stay;
	struct log_subject subject = session_subject(session);
	int64_t now_us = clock_us();
	int64_t began_us = stay->began_us > 0 ? stay->began_us : now_us;
	struct log_outcome outcome = {
		.sqlstate = stay->sqlstate[0] != '\0' ? stay->sqlstate : "00000",
		.rows = stay->rows,
		.duration_us = now_us - stay->came_us,
		.in_lane = true,
		.waited_us = began_us - stay->came_us,
		.note = note != NULL || stay->note[0] == '\0' ? note : stay->note,
	};

	if (stay->decision != 0)
		policy_log_outcome(session->worker->proxy->log, &subject, stay->decision, &outcome);
}

/* ---- the stay ---- */

static gate_step ask;

static void ask_again(struct session *session)
{
	if (lane_waits(session))
		gate_event(session, session->gate, ask);
}

static void on_woken(struct worker *worker, void *arg)
{
	struct session *session = session_by_id(worker, (uint64_t)(uintptr_t)arg);

	if (session != NULL)
		ask_again(session);
}

static void wake(struct lane_ticket *ticket)
{
	const struct lane_stay *stay = (const struct lane_stay *)ticket;

	worker_post(stay->worker, on_woken, (void *)(uintptr_t)stay->session);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask_again(arg);
}

static void come(struct session *session)
{
	struct worker *worker = session->worker;
	struct lane_stay *stay = must(calloc(1, sizeof(*stay)));
	const int64_t now_us = clock_us();

	*stay = (struct lane_stay){
		.ticket = {.wake = wake},
		.lane = lanes_find(worker->proxy->lanes, session->identity.database),
		.worker = worker,
		.session = session->id,
		.came_us = now_us,
		.tell_us = now_us + TELL_FIRST_US,
	};
	session->lane.stay = stay;
}

static void note_error(struct lane_stay *stay, const char *sqlstate)
{
	if (stay->sqlstate[0] == '\0' && sqlstate != NULL)
		strncpy(stay->sqlstate, sqlstate, sizeof(stay->sqlstate) - 1);
}

void lane_end(struct session *session, const char *sqlstate, const char *note)
{
	struct lane_stay *stay = session->lane.stay;

	if (stay == NULL)
		return;
	note_error(stay, sqlstate);
	lane_leave(stay->lane, &stay->ticket, clock_us());
	log_outcome(session, note);
	if (stay->timer != NULL)
		event_free(stay->timer);
	free(stay);
	session->lane.stay = NULL;
	session->lane.closed = session->lane.by != LANE_BY_NOTHING;
}

void lane_forget(struct session *session)
{
	lane_end(session, "08006", "the session ended");
	lane_tags_free(session);
}

/* ---- at the gate ---- */

static void go_on(struct session *session, struct gate *gate)
{
	struct lane_stay *stay = session->lane.stay;

	session->lane.closed = stay == NULL && session->lane.by != LANE_BY_NOTHING;
	if (stay != NULL && stay->began_us == 0)
		stay->began_us = clock_us();
	gate->first(session, gate);
}

static void refuse(struct session *session, struct gate *gate, const struct wire_error *error)
{
	gate->decision_seq = 0; /* lane_end tells the outcome */
	lane_end(session, error->sqlstate, NULL);
	carry_refusal(session, gate, error);
}

static void wait_us(struct session *session, int64_t us)
{
	struct lane_stay *stay = session->lane.stay;
	struct timeval delay;

	if (us == LANE_BEHIND || us > LOOK_AGAIN_US)
		us = LOOK_AGAIN_US;
	delay = (struct timeval){us / 1000000, us % 1000000};
	note_hold(stay);
	if (stay->timer == NULL)
		stay->timer = event_new(session->worker->base, -1, 0, on_timer, session);
	event_add(stay->timer, &delay);
}

static void tell(struct session *session)
{
	struct lane_stay *stay = session->lane.stay;
	const struct lane_limits *limits = &session->config->lane.limits;
	int64_t now_us = clock_us();
	struct lane_standing standing;

	if (now_us < stay->tell_us)
		return;
	stay->tell_us = now_us + TELL_EVERY_US;
	standing = lane_standing(stay->lane, &stay->ticket, now_us);
	lane_notice(session, &standing, limits, now_us - stay->came_us);
}

static void ask(struct session *session, struct gate *gate)
{
	struct lane_stay *stay = session->lane.stay;
	int64_t us;

	if (session->draining) {
		session_drained(session);
		return;
	}
	session_renew_config(session);
	us = lane_ask(stay->lane, &stay->ticket, &session->config->lane.limits, clock_us());
	if (us == 0) {
		go_on(session, gate);
		return;
	}
	wait_us(session, us);
	tell(session);
}

/* Its locks would be held while it waits.  Drivers send BEGIN as a Query, or in front of the batch.
 */
static bool may_hold_locks(const struct session *session)
{
	uint32_t executes = session->pipeline.batch_open ? session->pipeline.batch_executes : 0;

	if (session->status != 'I')
		return !session->just_begun || executes > 0;
	return executes > 1 || (executes == 1 && !lane_is_begin(session->tag_bytes));
}

static void queue(struct session *session, struct gate *gate)
{
	static const struct wire_error full = {
		.sqlstate = "53400",
		.message = "too many transactions wait in the backfill lane",
		.detail = "It takes lane.queue_max of the phasegate configuration, and no more.",
		.hint = "Run fewer backfills at once, or try again later.",
	};
	struct lane_stay *stay = session->lane.stay;

	session->lane.owes = false;
	lane_refresh(session);
	if (lane_queue(stay->lane, &stay->ticket, &session->config->lane.limits))
		ask(session, gate);
	else
		refuse(session, gate, &full);
}

static void refuse_unlogged(struct session *session, struct gate *gate)
{
	static const struct wire_error unlogged = {
		.sqlstate = SQLSTATE_LOG_UNAVAILABLE,
		.message = "the policy log cannot be written, so no backfill is let through",
		.hint = "Free space on the disk of the policy log; ordinary statements go on "
			"meanwhile.",
	};

	refuse(session, gate, &unlogged);
}

void lane_enter(struct session *session, struct gate *gate)
{
	/* The end of the last transaction was not told apart, behind a COPY that failed. */
	if (session->status == 'I' && !session->pipeline.batch_open)
		lane_end(session, NULL, NULL);
	/* In the lane already; or it was, when this came; or the server will drop it. */
	if (session->lane.stay != NULL || gate->lane_by == LANE_BY_NOTHING ||
		session->pipeline.skipping) {
		go_on(session, gate);
		return;
	}
	come(session);
	session->lane.stay->decision = log_decision(session, gate);
	if (session->lane.stay->decision == 0 && !observing(session)) {
		refuse_unlogged(session, gate);
	} else if (observing(session) || may_hold_locks(session)) {
		lane_pass(session->lane.stay->lane, &session->lane.stay->ticket, clock_us());
		go_on(session, gate);
	} else {
		queue(session, gate);
	}
}

/* ---- underway ---- */

void lane_sent(struct session *session, enum owed_kind kind)
{
	struct lane_stay *stay = session->lane.stay;

	stay->flushed = false;
	lane_heard(session);
	/* Whether the transaction goes on behind it is known once it is answered. */
	if (kind == OWED_QUERY || kind == OWED_FUNCTION || kind == OWED_SYNC)
		session->lane.closed = true;
}

void lane_heard(struct session *session)
{
	struct lane_stay *stay = session->lane.stay;

	if (stay == NULL)
		return;
	stay->idle_ms = 0;
	if (stay->ticket.place == LANE_OUTSIDE)
		lane_pass(stay->lane, &stay->ticket, clock_us());
}

/* Until a Sync the server keeps what it has answered: nobody could tell that it is done. */
static void ask_for_answers(struct session *session)
{
	struct lane_stay *stay = session->lane.stay;
	const struct pipeline *pipeline = &session->pipeline;

	if (!stay->flushed && pipeline->batch_open && !pipeline->skipping && !pipeline->unsure &&
		session->to_server.skip == 0)
		inject_flush(session);
	stay->flushed = true;
}

/* Does the server have to wait for the client: for what is next, rows of a COPY, or room? */
static bool waits_for_client(struct session *session)
{
	if (session->pipeline.copying_in)
		return buffer_len(&session->to_server.unsent) == 0;
	if (buffer_len(&session->to_client.unsent) > 0)
		return true;
	return pipeline_idle(&session->pipeline) &&
	       (session->status != 'I' || session->pipeline.batch_open);
}

/* What it holds it goes on holding, but the server does nothing for it: others may. */
void lane_tick(struct session *session)
{
	struct lane_stay *stay = session->lane.stay;
	int idle_ms = session->config->lane.idle_ms;

	if (stay == NULL || stay->ticket.place != LANE_RUNNING || session->gate != NULL)
		return;
	if (!waits_for_client(session)) {
		ask_for_answers(session);
		return;
	}
	stay->idle_ms += 1000;
	if (idle_ms > 0 && stay->idle_ms >= idle_ms)
		lane_leave(stay->lane, &stay->ticket, clock_us());
}

/* COPY to the client says how many rows it read. */
static int64_t rows_to_pay(const struct lane_stay *stay, const char *tag)
{
	bool copy = strncmp(tag, "COPY ", strlen("COPY ")) == 0;
	int64_t rows = copy && !stay->copies_out ? wire_tag_rows(tag) : lane_rows_written(tag);

	return rows > 0 ? rows : 0;
}

static void pay(struct session *session, int64_t rows)
{
	struct lane_stay *stay = session->lane.stay;
	struct lane_spending spent = {.rows = rows, .statements = 1};

	stay->rows += rows;
	stay->statements++;
	stay->copies_out = false;
	if (!observing(session))
		lane_spend(stay->lane, &spent, &session->config->lane.limits, clock_us());
}

static void handle_error(struct session *session, const uint8_t *body, size_t n)
{
	struct wire_error error;
	const char *problem;

	if (wire_read_error(body, n, &error, &problem) == 0)
		note_error(session->lane.stay, error.sqlstate);
	pay(session, 0);
}

void lane_answer(struct session *session, const struct answer *answer,
	const struct wire_header *header, const uint8_t *body)
{
	struct lane_stay *stay = session->lane.stay;

	if (stay == NULL || !(answer->owed.flags & OWED_IN_LANE))
		return;
	switch (header->type) {
	case BACKEND_COPY_OUT_RESPONSE:
		stay->copies_out = true;
		break;
	case BACKEND_COMMAND_COMPLETE:
		if (header->body > 0 && body[header->body - 1] == '\0')
			pay(session, rows_to_pay(stay, (const char *)body));
		break;
	case BACKEND_ERROR_RESPONSE:
		handle_error(session, body, header->body);
		break;
	case BACKEND_READY_FOR_QUERY:
		if (session->status == 'I')
			lane_end(session, NULL, NULL);
		break;
	}
}

/* ---- giving up ---- */

bool lane_waits(const struct session *session)
{
	return session->lane.stay != NULL && session->lane.stay->ticket.place == LANE_QUEUED;
}

static void cancelled(struct session *session, struct gate *gate)
{
	static const struct wire_error error = {
		.sqlstate = "57014",
		.message = "canceling statement due to user request",
	};

	refuse(session, gate, &error);
}

bool lane_cancel(struct session *session)
{
	if (!lane_waits(session))
		return false;
	gate_event(session, session->gate, cancelled);
	return true;
}

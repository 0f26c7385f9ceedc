/* SPDX-License-Identifier: PostgreSQL */
/*
 * The inside of the gate, shared by gate.c (its life), judge.c (text to decision), carry*.c
 * (carrying the decision out) and answer.c (what comes back).
 */
#ifndef GATE_INTERNAL_H
#define GATE_INTERNAL_H

#include "arena.h"
#include "change.h"
#include "decide.h"
#include "gate.h"
#include "guarded.h"
#include "hold.h"
#include "session.h"
#include "wire.h"

struct gate;
typedef void gate_step(struct session *session, struct gate *gate);

struct gate {
	struct arena arena;
	gate_step *next; /* called when the pipeline has drained; NULL: waits for something else */
	bool closed; /* done: gate.c frees it */

	/* the message */
	uint8_t type; /* 0: none, the wait after a COMMIT */
	size_t message_bytes;
	const char *name; /* statement of Parse, Bind and Close, portal of Execute */
	const char *portal; /* of Bind */
	char close_kind;
	const char *text; /* to be judged; of Bind: what its portal will execute, NULL: as its
			     statement says */
	size_t text_len;
	enum lane_by lane_by;
	gate_step *first; /* once the lane lets it go, if that is its way */
	bool substituted; /* Execute: the server holds an empty statement in its place */
	bool in_place; /* Execute: its portal is gone, the text is executed by a statement of ours
			*/

	/* the judgement */
	struct stmts stmts;
	size_t error_position; /* where the grammar gave up, counted in characters from 1; 0: it did
				  not */
	struct facts_request request;
	struct facts facts;
	bool facts_known; /* the catalog answered */
	bool asked_catalog;
	struct decision decision;
	uint64_t decision_seq;
	int64_t started_us;

	/* answers to what we injected */
	const char *row;
	size_t row_len;
	bool failed;
	struct wire_error error; /* arena copies */

	/* carrying out */
	unsigned attempt;
	bool lock_timed_out;
	struct change_wait *wait;
	const char *tag; /* CommandComplete of a plan carried out */
	const char *note; /* for the outcome's record */
	struct event *timer;
	bool awaiting_engine;
	gate_step *usable, *unusable; /* of the engine, once it is known: see carry_with_engine */
	size_t step; /* of the plan in the client's transaction */
	struct hold_answer answer; /* to a decision HOLD; arena copies */
	int64_t approval; /* of the change that an operator approved; 0: it was not held */
	const struct taken_back *taken; /* by the statement, n_taken of them */
	size_t n_taken;
	gate_step *after_ask, *after_unkept; /* see carry_ask.c */
	char ready_status; /* ReadyForQuery kept back after a COMMIT */
};

/* A gate without a message yet. */
struct gate *gate_new(struct session *session);
/* Wait until everything sent is answered, then step. */
void gate_wait(struct session *session, struct gate *gate, gate_step *step);
/* The message; it moves while more is read behind it. */
const uint8_t *gate_body(const struct session *session);
size_t gate_body_bytes(const struct gate *gate);
/* The message is dealt with: drop it from held. */
void gate_close(struct session *session, struct gate *gate);
/* An event outside the pipeline came (engine, timer): run step now, then resume the relay. */
void gate_event(struct session *session, struct gate *gate, gate_step *step);
/* Send the client's own message on as it is; mark may be NULL. */
void gate_forward(
	struct session *session, struct gate *gate, enum owed_kind kind, struct mark *mark);
/* Is an action of that kind in the text? */
bool gate_any_action(const struct gate *gate, enum action_kind kind);
/* A mark with the decision's log record and start; the caller's until it is pushed. */
struct mark *gate_mark(const struct gate *gate);
/* pipeline_push with a mark, which is freed when the server will drop the message. */
void gate_push(struct session *session, enum owed_kind kind, struct mark *mark);
/* answer.c: how the decision ended, into the policy log; nothing of a mark without one. */
void gate_log_outcome(struct session *session, const struct mark *mark);
/* malloc'ed; NULL stays NULL. */
char *gate_copy(const char *text);
/* Send to the server and empty. */
void gate_send(struct session *session, struct buffer *out);

/* lane_session.c: waits for the lane where it has to, then takes gate->first. */
gate_step lane_enter;
enum lane_by lane_recognise(const struct session *session, const struct gate *gate);

/* judge.c: from a whole text to carry_*(). */
gate_step judge_text;
gate_step judge_decided; /* the decision is final: it is logged and carried out */

/* carry.c */
gate_step carry_out; /* the decision stands */
/* Nothing to judge: as if no proxy were there, names kept true. */
gate_step carry_unjudged;
/* Refuse the message with this error; the server is made to fail in its place. */
void carry_refusal(struct session *session, struct gate *gate, const struct wire_error *error);
/* Likewise with gate->error; and because the names of the session are too many. */
gate_step carry_failed, carry_too_many_names;
/* In a batch gate->error went to the client already, as the answer to its statement. */
gate_step carry_answered;
/* carry_change.c: the decision's plan, through the engine. */
gate_step carry_plan;
/* Makes sure of the engine in this database, then takes gate->usable, or gate->unusable with
 * gate->error.message telling why. */
void carry_with_engine(struct session *session, struct gate *gate);
/* Who wants the statement, for the engine. */
struct change_request carry_request(const struct session *session, const struct gate *gate);

/* carry_hold.c: finds out whether a decision HOLD is approved, makes the decision what follows from
 * that, and goes on with judge_decided. */
gate_step carry_hold;

/* carry_ask.c: asks, then next; an error is the client's answer, and next is not taken. */
/* Uses the approval up in the transaction of the statement. */
void carry_pass(struct session *session, struct gate *gate, gate_step *next);
/* Refuses (55006) what takes back a column or constraint that a change under way relies on. */
void carry_unkept(struct session *session, struct gate *gate, gate_step *next);

int64_t clock_us(void); /* monotonic */

#endif

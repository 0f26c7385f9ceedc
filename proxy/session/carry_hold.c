/* SPDX-License-Identifier: PostgreSQL */
/*
 * Statements that need an operator's approval.  Whether there is one is asked on a control
 * connection, which commits what is put on record however the client's transaction ends.  What is
 * approved uses the approval up on the client's own connection, in the transaction of the
 * statement, so that a ROLLBACK or an error gives it back: a migration of several such statements
 * is sent again from its beginning after each of them.  A plan's is used up where its change is
 * recorded.
 */
#include <string.h>

#include "config.h"
#include "gate_internal.h"
#include "inject.h"
#include "notice.h"
#include "proxy.h"
#include "wording.h"

/* ---- what cannot wait for anybody ---- */

/* As the end of a sentence; NULL: nothing. */
static const char *obstacle(const struct session *session, const struct gate *gate)
{
	if (session->worker->proxy->engine == NULL)
		return "no control connection is configured (control.conninfo)";
	if (session->replication)
		return "it comes over a replication connection";
	if (!gate->facts_known)
		return "nothing could be looked up in the catalog";
	if (wording_has_parameters(gate->text, gate->text_len))
		return "it has parameters, and an approval is for the whole statement; write the "
		       "values out";
	if (gate->facts.in_transaction && gate_any_action(gate, ACTION_TRANSACTION))
		return "the text ends transactions as well; send the statement by itself";
	return NULL;
}

static void refuse(struct gate *gate, const char *sqlstate, const char *because)
{
	const struct finding *cause = gate->decision.cause;

	gate->decision = policy_refuse(&gate->arena, sqlstate, cause->rule->id, cause->message,
		arena_printf(&gate->arena, "%s%sIt needs an operator's approval: %s.",
			cause->detail != NULL ? cause->detail : "",
			cause->detail != NULL ? " " : "", because),
		cause->hint);
}

/* ---- asking ---- */

static void approved(struct session *session, struct gate *gate)
{
	const struct hold_answer *answer = &gate->answer;

	gate->approval = answer->id;
	gate->decision = *gate->decision.approved;
	gate->decision.approved_by = answer->approved_by;
	gate->decision.approved_at = answer->approved_at;
	if (answer->approved_by != NULL)
		notice_send(session, "NOTICE", "00000",
			arena_printf(&gate->arena, "phasegate: approved by %s as change %lld",
				answer->approved_by, (long long)answer->id),
			NULL);
}

static const char *already(struct gate *gate, const char *what)
{
	return arena_printf(&gate->arena, "change %lld, the same statement, %s",
		(long long)gate->answer.id, what);
}

static void answered(struct session *session, struct gate *gate)
{
	const bool planned = gate->decision.approved->plan != NULL;

	switch (gate->answer.state) {
	case HOLD_HELD:
		break;
	case HOLD_UNDER_WAY:
		if (planned)
			approved(session, gate);
		else
			refuse(gate, "55006", already(gate, "is under way"));
		break;
	case HOLD_APPROVED:
		approved(session, gate);
		break;
	case HOLD_BUSY:
		refuse(gate, "55006", already(gate, "is being used by another transaction"));
		break;
	case HOLD_UNAVAILABLE:
		refuse(gate, SQLSTATE_CHANGE_FAILED, gate->answer.because);
		break;
	}
	judge_decided(session, gate);
}

static void on_answer(struct worker *worker, void *arg, const struct hold_answer *answer)
{
	struct session *session = session_by_id(worker, (uint64_t)(uintptr_t)arg);
	struct arena *arena;

	/* The session may have ended meanwhile. */
	if (session == NULL || session->gate == NULL || !session->gate->awaiting_engine)
		return;
	session->gate->awaiting_engine = false;
	arena = &session->gate->arena;
	session->gate->answer = (struct hold_answer){
		.state = answer->state,
		.id = answer->id,
		.approved_by = arena_strdup(arena, answer->approved_by),
		.approved_at = arena_strdup(arena, answer->approved_at),
		.expires_at = arena_strdup(arena, answer->expires_at),
		.remark = arena_strdup(arena, answer->remark),
		.because = arena_strdup(arena, answer->because),
	};
	gate_event(session, session->gate, answered);
}

/* What this transaction made has another oid each time it is run. */
static uint32_t lasting_oid(const struct relation_facts *relation)
{
	return relation == NULL || relation->created_in_transaction ? 0 : relation->oid;
}

/* The first of what it acts on, as the catalog calls it; its name is NULL where there is none. */
static struct name acts_on(const struct gate *gate)
{
	const struct action *action = gate->decision.cause->action;
	const struct name *name = action->n_targets > 0 ? action->targets : &action->table;
	const struct relation_facts *relation =
		name->name == NULL ? NULL : facts_relation(&gate->facts, name);

	return relation != NULL ? relation->name : *name;
}

static void ask(struct session *session, struct gate *gate)
{
	const struct config *config = session->config;
	const size_t n = gate->request.n_relations;
	uint32_t *relations = arena_alloc(&gate->arena, (n + 1) * sizeof(*relations));
	struct hold_request request = {
		.change = carry_request(session, gate),
		.wording = wording(&gate->arena, gate->text, gate->text_len),
		.decision = &gate->decision,
		.table = acts_on(gate),
		.relations = relations,
		.n_relations = n,
		.two_persons = config->two_persons,
		.lasts_ms = config->hold_lasts_ms,
		.approval_lasts_ms = config->approval_lasts_ms,
	};

	for (size_t i = 0; i < n; i++)
		relations[i] =
			lasting_oid(facts_relation(&gate->facts, &gate->request.relations[i]));
	gate->awaiting_engine = true;
	hold_ask(session->worker->proxy->engine, &request, session->worker, on_answer,
		(void *)(uintptr_t)session->id);
}

static void cannot_ask(struct session *session, struct gate *gate)
{
	refuse(gate, SQLSTATE_CHANGE_FAILED, gate->error.message);
	judge_decided(session, gate);
}

void carry_hold(struct session *session, struct gate *gate)
{
	const char *because = obstacle(session, gate);

	if (because != NULL) {
		refuse(gate, SQLSTATE_REJECTED, because);
		judge_decided(session, gate);
		return;
	}
	gate->usable = ask;
	gate->unusable = cannot_ask;
	carry_with_engine(session, gate);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "hold.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "control.h"
#include "document.h"
#include "engine.h"
#include "install.h"
#include "must.h"

/* Belongs to the engine's thread until it is posted to the worker, which frees it. */
struct question {
	struct task task; /* first: the engine knows the question as its task */
	struct arena arena;
	const char *database, *document, *submitter, *session_user;
	struct worker *worker;
	void (*on_answer)(struct worker *worker, void *arg, const struct hold_answer *answer);
	void *arg;
	struct hold_answer answer;
};

static void deliver(struct worker *worker, void *arg)
{
	struct question *question = arg;

	question->on_answer(worker, question->arg, &question->answer);
	arena_free(&question->arena);
	free(question);
}

static void give_up(struct question *question, const char *because)
{
	question->answer = (struct hold_answer){.state = HOLD_UNAVAILABLE, .because = because};
}

static enum hold_state state_from(const char *word)
{
	static const char *const words[] = {
		[HOLD_HELD] = "held",
		[HOLD_APPROVED] = "approved",
		[HOLD_UNDER_WAY] = "under way",
		[HOLD_BUSY] = "busy",
	};
	enum hold_state state = HOLD_HELD;

	while (state < HOLD_BUSY && strcmp(words[state], word) != 0)
		state++;
	return state;
}

static int read_answer(struct control *control, struct question *question)
{
	struct arena *arena = &question->arena;
	PGresult *result = CONTROL_QUERY(control,
		"SELECT a.answer, a.id, a.approved_by, a.approved_at,"
		" pg_catalog.date_trunc('second', a.expires_at), a.remark FROM pg_catalog.pg_roles "
		"r,"
		" LATERAL phasegate.ask_approval($1::pg_catalog.jsonb, r.oid, $3::pg_catalog.name) "
		"a"
		" WHERE r.rolname = $2::pg_catalog.name",
		question->document, question->submitter, question->session_user);

	if (result == NULL)
		return -1;
	if (PQntuples(result) == 1)
		question->answer = (struct hold_answer){
			.state = state_from(PQgetvalue(result, 0, 0)),
			.id = strtoll(PQgetvalue(result, 0, 1), NULL, 10),
			.approved_by = control_value(arena, result, 0, 2),
			.approved_at = control_value(arena, result, 0, 3),
			.expires_at = control_value(arena, result, 0, 4),
			.remark = control_value(arena, result, 0, 5),
		};
	else
		control_fail(control, "42704", "role \"%s\" does not exist", question->submitter);
	PQclear(result);
	return question->answer.id != 0 ? 0 : -1;
}

static void run_question(struct change_engine *engine, struct task *task)
{
	struct question *question = (struct question *)task;
	struct control control = {0};

	if (control_open(&control, &question->arena, engine->conninfo, question->database) < 0 ||
		read_answer(&control, question) < 0)
		give_up(question, control.error.message);
	control_close(&control);
	worker_post(question->worker, deliver, question);
}

void hold_ask(struct change_engine *engine, const struct hold_request *request,
	struct worker *worker,
	void (*on_answer)(struct worker *worker, void *arg, const struct hold_answer *answer),
	void *arg)
{
	struct question *question = must(calloc(1, sizeof(*question)));
	struct arena *arena = &question->arena;
	const char *error = NULL;

	question->task.run = run_question;
	question->database = arena_strdup(arena, request->change.database);
	question->submitter = arena_strdup(arena, request->change.submitter);
	question->session_user = arena_strdup(arena, request->change.session_user);
	question->document = document_hold(arena, request, &error);
	question->worker = worker;
	question->on_answer = on_answer;
	question->arg = arg;
	if (question->document == NULL)
		give_up(question, error);
	else if (engine_enqueue(engine, CREW_INSTALL, &question->task) == 0)
		return;
	else
		give_up(question, "phasegate is shutting down");
	worker_post(worker, deliver, question);
}

const char *hold_pass_sql(struct change_engine *engine, struct arena *arena, const char *database,
	int64_t approval, uint64_t decision, int backend_pid)
{
	uint8_t key[SUBMIT_KEY_BYTES];

	if (!install_key(engine, database, key))
		return submit_failure(arena, "schema phasegate is not usable in this database");
	return submit_sql(
		arena, key, backend_pid, "pass", document_pass(arena, approval, decision));
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Steps that are one statement.  In a transaction: work and record commit together.  Outside one:
 * the intent is on record before, the probe tells afterwards what came of it.
 *
 * The submitter's statements run through phasegate_run.change_N (see schema.sql), never as the
 * control role.  They may change settings of our session, search_path first of all, so no SQL of
 * ours that resolves a name follows before control_pin.  CREATE INDEX CONCURRENTLY cannot run in
 * a function; it runs under SET ROLE, and PostgreSQL itself evaluates index expressions in a
 * security-restricted operation in which RESET ROLE is refused (CVE-2022-1552).
 * Known limit: code that defers its own constraint triggers again after SET CONSTRAINTS ALL
 * IMMEDIATE runs them at COMMIT as the control role before PostgreSQL 18.  Give that role no more
 * than membership in the roles that submit changes.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"
#include "decide.h"

/* ---- as the submitter ---- */

static int call(struct run *run, struct arena *arena, const char *sql, bool fetch, int64_t *rows,
	const char **value)
{
	char call_sql[96];
	PGresult *result;

	snprintf(call_sql, sizeof(call_sql),
		"SELECT rows, value FROM phasegate_run.change_%lld($1, $2, $3)",
		(long long)run->change.id);
	result = CONTROL_QUERY(
		&run->main, call_sql, run->change.search_path, sql, fetch ? "true" : "false");
	if (result == NULL)
		return -1;
	if (rows != NULL)
		*rows = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	if (value != NULL)
		*value = control_value(arena, result, 0, 1);
	PQclear(result);
	return 0;
}

int run_as_submitter(struct run *run, const char *sql, int64_t *rows)
{
	return call(run, NULL, sql, false, rows, NULL);
}

int run_fetch(struct run *run, struct arena *arena, const char *sql, const char **value)
{
	return call(run, arena, sql, true, NULL, value);
}

const char *run_as_submitter_sql(struct run *run, struct arena *arena, const char *sql)
{
	return arena_printf(arena, "(SELECT rows FROM phasegate_run.change_%lld(%s, %s, false))",
		(long long)run->change.id, quote_nullable(arena, run->change.search_path),
		quote_literal(arena, sql));
}

static int ask(struct run *run, const char *probe, bool *holds)
{
	struct arena arena = {0};
	const char *value = NULL;
	size_t n = strlen(probe);
	int status;

	while (n > 0 && strchr("; \n\t", probe[n - 1]) != NULL)
		n--;
	status = run_fetch(run, &arena,
		arena_printf(&arena, "SELECT CAST((%.*s) AS pg_catalog.text)", (int)n, probe),
		&value);
	*holds = status == 0 && value != NULL && strcmp(value, "true") == 0;
	arena_free(&arena);
	return status;
}

/* Rolled back: so is what it may have done to our settings. */
int run_probe(struct run *run, const char *probe, bool *holds)
{
	int status;

	*holds = false;
	if (probe == NULL)
		return 0;
	if (control_begin(&run->main, run->tuning.lock_timeout_ms) < 0)
		return -1;
	status = ask(run, probe, holds);
	control_rollback(&run->main);
	return run->main.lost ? -1 : status;
}

static int begin_outside(struct run *run)
{
	char role[16];
	PGresult *result;

	if (control_exec(&run->main, "SET lock_timeout = 0") < 0)
		return -1;
	snprintf(role, sizeof(role), "%u", run->change.submitter);
	result = CONTROL_QUERY(&run->main,
		"SELECT pg_catalog.set_config('role', "
		"pg_catalog.pg_get_userbyid($1::pg_catalog.oid)"
		"::pg_catalog.text, false), pg_catalog.set_config('search_path', $2, false)",
		role, run->change.search_path);
	PQclear(result);
	return result == NULL ? -1 : 0;
}

/* lock_timeout 0: its waits for old transactions count as lock waits, and giving up leaves an
 * invalid index. */
int run_outside(struct run *run, const char *sql)
{
	struct control_error error;
	int status = begin_outside(run);

	run->lock_timeout_ms = 0;
	if (status == 0) {
		run->main.interruptible = true;
		status = control_exec(&run->main, sql);
		run->main.interruptible = false;
	}
	error = run->main.error;
	if (run->main.lost)
		return -1;
	if (control_exec(&run->main, "RESET ROLE") < 0 || control_pin(&run->main) < 0)
		return -1;
	run->main.error = error;
	return status;
}

/* ---- shared ---- */

int run_check_table(struct run *run)
{
	const struct change_record *change = &run->change;
	struct arena arena = {0};
	const char *relid = arena_printf(&arena, "%u", change->relid);
	const char *expected = name_text(&arena, &change->table);
	struct name now = {0};
	PGresult *result = CONTROL_QUERY(&run->main,
		"SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN "
		"pg_catalog.pg_namespace n"
		" ON n.oid = c.relnamespace WHERE c.oid = $1::pg_catalog.oid",
		relid);

	if (result != NULL && PQntuples(result) == 1)
		now = (struct name){PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1)};
	run->gone = result != NULL && now.name == NULL;
	run->stale =
		result != NULL && (now.name == NULL || (!name_equal(&now, &change->table) &&
							       !name_equal(&now, &change->moved)));
	if (run->stale && now.name == NULL)
		control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
			"table %s was dropped while it was being changed", expected);
	else if (run->stale)
		control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
			"table %s was renamed to %s while it was being changed", expected,
			name_text(&arena, &now));
	PQclear(result);
	arena_free(&arena);
	return result == NULL || run->stale ? -1 : 0;
}

int run_steps_done(struct run *run, struct step_record *steps, size_t n, const bool *skipped)
{
	const struct change_record *change = &run->change;

	for (size_t i = 0; i < n; i++)
		steps[i].skipped = skipped[i];
	if (store_steps(&run->main, change, steps, n, STATUS_DONE, skipped) < 0)
		return -1;
	if (steps[n - 1].ord != change->steps[change->n_steps - 1].ord)
		return 0;
	return store_finish(&run->main, change, "done", NULL);
}

/* lock_not_available, deadlock_detected, serialization_failure */
bool run_transient(const struct run *run)
{
	static const char *const transient[] = {"55P03", "40P01", "40001"};

	for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++)
		if (control_failed_with(&run->main, transient[i]))
			return true;
	return false;
}

/* ---- in a transaction ---- */

/* All of them before the first runs: what holds only because a step of the group ran is not done.
 */
static int ask_probes(struct run *run, struct step_record *steps, size_t n, bool *skipped)
{
	for (size_t i = 0; i < n; i++) {
		skipped[i] = steps[i].status == STATUS_DONE;
		if (!skipped[i] && steps[i].probe != NULL &&
			ask(run, steps[i].probe, &skipped[i]) < 0)
			return -1;
	}
	return 0;
}

static int do_statements(struct run *run, struct step_record *steps, size_t n, bool *skipped)
{
	int status;

	run->main.interruptible = true;
	status = run_check_replaced(run, steps, n);
	if (status == 0 && soak_released(run) != NULL)
		status = stand_in_check(run);
	if (status == 0)
		status = ask_probes(run, steps, n, skipped);
	for (size_t i = 0; status == 0 && i < n; i++) {
		run->step = &steps[i];
		if (!skipped[i] && steps[i].sql[0] != '\0')
			status = run_as_submitter(run, steps[i].sql, NULL);
	}
	run->main.interruptible = false;
	return status;
}

static int transaction(struct run *run, struct step_record *steps, size_t n)
{
	bool skipped[PLAN_STEPS_MAX] = {false};

	/*
	 * For a scan as well: lock_timeout bounds waiting for a lock, never the work under it.
	 */
	if (control_begin(&run->main, run->lock_timeout_ms) < 0)
		return -1;
	if (run_check_table(run) < 0 || do_statements(run, steps, n, skipped) < 0 ||
		control_pin(&run->main) < 0)
		goto failed;
	/*
	 * Again, now that the table is locked: its name cannot change any more before COMMIT.  It
	 * may be gone by the last step; a table dropped by mistake would have left it behind.
	 */
	if (run_check_table(run) < 0 && !(run->gone && steps[n - 1].final))
		goto failed;
	if (run_steps_done(run, steps, n, skipped) == 0 && control_commit(&run->main) == 0)
		return 0;
failed:
	control_rollback(&run->main);
	return -1;
}

/* Those that conflict with ROW EXCLUSIVE. */
static bool stops_writers(const char *lock)
{
	static const char *const locks[] = {
		"SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"};

	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
		if (strcmp(lock, locks[i]) == 0)
			return true;
	return false;
}

int run_raise_barrier(struct run *run, const struct step_record *steps, size_t n)
{
	for (size_t i = 0; i < n && run->engine->barriers != NULL; i++)
		if (steps[i].lock != NULL && stops_writers(steps[i].lock))
			return barrier_raise(run->engine->barriers, run->database,
				run->change.table.name, engine_now_ms() * 1000);
	return BARRIER_NONE;
}

static int transaction_behind_barrier(struct run *run, struct step_record *steps, size_t n)
{
	int barrier = run_raise_barrier(run, steps, n);
	int status = transaction(run, steps, n);

	barrier_lift(run->engine->barriers, barrier);
	return status;
}

/* What the SELECT gives; NULL when that is none.  Rolled back like a probe. */
static int next_repair(
	struct run *run, struct arena *arena, const char *select, const char **statement)
{
	int status;

	*statement = NULL;
	if (control_begin(&run->main, run->tuning.lock_timeout_ms) < 0)
		return -1;
	status = run_fetch(run, arena, select, statement);
	control_rollback(&run->main);
	return run->main.lost ? -1 : status;
}

enum { REPAIRS_MAX = 1000 };

static int repair_all(struct run *run, const char *select)
{
	for (int n = 0; n < REPAIRS_MAX; n++) {
		struct arena arena = {0};
		const char *statement;
		int status = next_repair(run, &arena, select, &statement);
		bool finished = status == 0 && statement == NULL;

		if (status == 0 && !finished)
			status = run_outside(run, statement);
		arena_free(&arena);
		if (status < 0 || finished)
			return status;
	}
	return 0;
}

/* A repair cannot stand in the transaction that follows it. */
static int repair(struct run *run, const struct step_record *step)
{
	bool needed = false;

	if (step->repair == NULL)
		return 0;
	if (step->repair_when == NULL)
		return repair_all(run, step->repair);
	if (run_probe(run, step->repair_when, &needed) < 0)
		return -1;
	return needed ? run_outside(run, step->repair) : 0;
}

static int run_transactional(struct run *run, struct step_record *steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (repair(run, &steps[i]) < 0)
			return -1;
	for (run->attempt = 1;; run->attempt++) {
		run->lock_timeout_ms =
			lock_attempt_timeout_ms(run->attempt, run->tuning.lock_timeout_ms);
		run->asked = false;
		if (transaction_behind_barrier(run, steps, n) == 0)
			return 0;
		if (run->main.lost || !run_transient(run))
			return -1;
		if (run_attempt_failed(run, run->step, run->tuning.lock_retry_max + 1) < 0)
			return -1;
	}
}

/* ---- outside one ---- */

int run_record_done(struct run *run, struct step_record *step, bool skipped)
{
	if (control_exec(&run->main, "BEGIN") < 0)
		return -1;
	if (run_steps_done(run, step, 1, &skipped) == 0)
		return control_commit(&run->main);
	control_rollback(&run->main);
	return -1;
}

/* Clears away what a failed one left behind, even when the client has had enough; keeps the error.
 */
static void clear_away(struct run *run, const struct step_record *step)
{
	struct control_error error = run->main.error;
	bool undoing = run->undoing;

	run->undoing = true;
	if (!run->main.lost && repair(run, step) < 0 && !run->main.lost)
		run_say(run, true, "could not clear away what the step left: %s",
			run->main.error.message);
	run->undoing = undoing;
	if (!run->main.lost)
		run->main.error = error;
}

static int attempt_outside(struct run *run, struct step_record *step)
{
	bool holds = false;

	if (run_check_table(run) < 0 || repair(run, step) < 0)
		return -1;
	/* A repair may have ended what was left half-way: FINALIZE. */
	if (step->repair_when != NULL && run_probe(run, step->probe, &holds) < 0)
		return -1;
	if (holds)
		return 0;
	if (run_outside(run, step->sql) < 0) {
		stuck_find_rows(run);
		clear_away(run, step);
		return -1;
	}
	if (step->probe == NULL)
		return 0;
	if (run_probe(run, step->probe, &holds) < 0)
		return -1;
	if (holds)
		return 0;
	clear_away(run, step);
	control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
		"the server reports success, but the catalog does not show it: %s", step->purpose);
	return -1;
}

int step_holds(struct run *run, struct step_record *step, bool *holds)
{
	*holds = false;
	if (step->kind != STEP_CONCURRENTLY)
		return 0;
	if (run_probe(run, step->probe, holds) < 0)
		return -1;
	if (!*holds)
		return 0;
	return run_record_done(run, step, !step->resumed);
}

static int run_concurrently(struct run *run, struct step_record *step)
{
	for (run->attempt = 1;; run->attempt++) {
		run->asked = false;
		if (attempt_outside(run, step) == 0)
			return run_record_done(run, step, false);
		if (run->main.lost || !run_transient(run))
			return -1;
		if (run_attempt_failed(run, step, run->tuning.lock_retry_max + 1) < 0)
			return -1;
	}
}

int step_run(struct run *run, struct step_record *steps, size_t n)
{
	run->step = &steps[0];
	free(run->blockers_text);
	free(run->blockers_json);
	run->blockers_text = run->blockers_json = NULL;
	if (steps[0].kind == STEP_CONCURRENTLY)
		return run_concurrently(run, &steps[0]);
	return run_transactional(run, steps, n);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * The estimates are of the right order, no more: a scan reads 200 MB/s, building an index
 * concurrently reads the table twice and sorts it, 20 MB/s, and a backfill is held to its limit.
 */
#include "phases.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "effects.h"

enum { PAGE_BYTES = 8192, SCAN_BYTES_PER_S = 200 << 20, BUILD_BYTES_PER_S = 20 << 20 };

static double seconds_of(
	const struct step *step, const struct relation_facts *table, int64_t rows_per_second)
{
	double bytes = table == NULL || table->pages < 0 ? -1 : (double)table->pages * PAGE_BYTES;

	switch (step->kind) {
	case STEP_CATALOG:
		return 0;
	case STEP_SCAN:
		return bytes < 0 ? -1 : bytes / SCAN_BYTES_PER_S;
	case STEP_CONCURRENTLY:
		return bytes < 0 ? -1 : bytes / BUILD_BYTES_PER_S;
	case STEP_SOAK:
		return -1;
	case STEP_BACKFILL:
	case STEP_BULK:
		break;
	}
	if (table == NULL || table->rows < 0 || rows_per_second == 0)
		return -1;
	return table->rows / (double)rows_per_second;
}

/* On the way forward there is nothing to do. */
static bool only_undone(const struct step *step)
{
	return step->kind == STEP_BACKFILL && step->sql[0] == '\0';
}

static bool reads_rows(const struct step *step)
{
	return step->kind != STEP_CATALOG && step->kind != STEP_SOAK && !only_undone(step);
}

static struct phase_step planned_step(
	const struct review_stmt *stmt, const struct step *step, int64_t rows_per_second)
{
	return (struct phase_step){
		.stmt = stmt,
		.step = step,
		.sql = step->sql,
		.undo = step->undo,
		.purpose = step->purpose,
		.rows = stmt->table == NULL || !reads_rows(step) ? -1 : stmt->table->rows,
		.seconds = only_undone(step) ? 0 : seconds_of(step, stmt->table, rows_per_second),
	};
}

/* What a program feeds it stands behind it in the file, and is no SQL. */
static bool reads_file(const struct review_stmt *stmt)
{
	const char *sql = stmt->stmt->stmt.sql;

	return sql != NULL && strncasecmp(sql, "copy", strlen("copy")) == 0 &&
	       strcasestr(sql, "from stdin") != NULL;
}

static const char *written_purpose(const struct review_stmt *stmt)
{
	if (reads_file(stmt))
		return "its rows stand in the file: run it from there";
	if (stmt->verdict == VERDICT_HOLD)
		return "as written, once an operator has approved it";
	return verdict_passes(stmt->verdict) ? "as written" : "no safe form is known";
}

static struct phase_step written_step(
	struct arena *arena, const struct review *review, const struct review_stmt *stmt)
{
	return (struct phase_step){
		.stmt = stmt,
		.sql = arena_strndup(
			arena, review->script.text + stmt->stmt->start, stmt->stmt->len),
		.purpose = written_purpose(stmt),
		.rows = -1,
		.seconds = -1,
		.refused = !verdict_passes(stmt->verdict) || reads_file(stmt),
	};
}

enum { SAVEPOINTS_FOLLOWED_MAX = 32 };

/* A place that the file may go back to. */
struct mark {
	const char *name; /* of a savepoint; NULL: where the transaction began */
	size_t n_steps;
};

struct written_transaction {
	unsigned number; /* 0: none is open */
	unsigned n; /* so far */
	struct mark marks[SAVEPOINTS_FOLLOWED_MAX];
	size_t n_marks;
};

static void set_mark(
	const struct phases *phases, struct written_transaction *transaction, const char *name)
{
	if (transaction->n_marks < SAVEPOINTS_FOLLOWED_MAX)
		transaction->marks[transaction->n_marks++] = (struct mark){name, phases->n_steps};
}

static void begin(const struct phases *phases, struct written_transaction *transaction)
{
	transaction->number = ++transaction->n;
	transaction->n_marks = 0;
	set_mark(phases, transaction, NULL);
}

/* Behind the savepoint, or the BEGIN. */
static void go_back(
	struct phases *phases, struct written_transaction *transaction, const char *name)
{
	size_t at = transaction->n_marks;

	while (name != NULL && at > 1 &&
		(transaction->marks[at - 1].name == NULL ||
			strcmp(transaction->marks[at - 1].name, name) != 0))
		at--;
	if (name == NULL)
		at = 1;
	if (transaction->number == 0 || at == 0 || at > transaction->n_marks)
		return;
	phases->n_steps = transaction->marks[at - 1].n_steps;
	transaction->n_marks = at;
}

static void end(const struct phases *phases, struct written_transaction *transaction, bool chain)
{
	transaction->number = 0;
	if (chain)
		begin(phases, transaction);
}

/* Steps of a plan have transactions of their own; what stays as written keeps the one it had, and
 * what the file takes back is not done. */
static bool follow_transaction(struct phases *phases, struct written_transaction *transaction,
	const struct review_stmt *stmt)
{
	const struct action *action = stmt->stmt->stmt.actions;
	const char *command;

	if (stmt->stmt->stmt.n_actions != 1 ||
		(action->kind != ACTION_TRANSACTION && action->kind != ACTION_PREPARE_TRANSACTION))
		return false;
	command = action->name == NULL ? "" : action->name;
	if (strcmp(command, "ROLLBACK") == 0)
		go_back(phases, transaction, NULL);
	else if (strcmp(command, "ROLLBACK TO") == 0 && action->new_name != NULL)
		go_back(phases, transaction, action->new_name);
	else if (strcmp(command, "SAVEPOINT") == 0 && transaction->number != 0)
		set_mark(phases, transaction, action->new_name);
	else if (strcmp(command, "BEGIN") == 0 && transaction->number == 0)
		begin(phases, transaction);
	if (strcmp(command, "COMMIT") == 0 || strcmp(command, "ROLLBACK") == 0 ||
		action->kind == ACTION_PREPARE_TRANSACTION)
		end(phases, transaction, action->chain);
	return action->kind == ACTION_TRANSACTION;
}

static size_t count_steps(const struct review *review)
{
	size_t n = 0;

	for (size_t i = 0; i < review->script.n_stmts; i++)
		n += review->stmts[i].plan != NULL ? review->stmts[i].plan->n_steps : 1;
	return n;
}

static void add_stmt(struct arena *arena, struct phases *phases, const struct review *review,
	const struct review_stmt *stmt, int64_t rows_per_second, unsigned transaction)
{
	if (stmt->plan == NULL) {
		phases->steps[phases->n_steps] = written_step(arena, review, stmt);
		phases->steps[phases->n_steps++].transaction = transaction;
		return;
	}
	for (size_t i = 0; i < stmt->plan->n_steps; i++)
		phases->steps[phases->n_steps++] =
			planned_step(stmt, &stmt->plan->steps[i], rows_per_second);
}

/* ---- phases ---- */

/* Catalog steps of a plan expand before its long work, and finish behind it. */
static const char *catalog_phase(const struct phase_step *step)
{
	const struct plan *plan = step->stmt->plan;

	for (const struct step *before = plan->steps; before < step->step; before++)
		if (before->kind != STEP_CATALOG && !only_undone(before))
			return "finish";
	return "expand";
}

static const char *phase_name(const struct phase_step *step)
{
	if (step->refused)
		return "refused";
	if (step->step == NULL)
		return step->stmt->stmt->stmt.no_transaction ? "index" : "expand";
	if (only_undone(step->step))
		return catalog_phase(step);
	switch (step->step->kind) {
	case STEP_SCAN:
		return "validate";
	case STEP_CONCURRENTLY:
		return "index";
	case STEP_BACKFILL:
		return "backfill";
	case STEP_BULK:
		return "bulk";
	case STEP_SOAK:
		return "soak";
	case STEP_CATALOG:
		break;
	}
	return catalog_phase(step);
}

static void group(struct arena *arena, struct phases *phases)
{
	phases->items = arena_alloc(arena, (phases->n_steps + 1) * sizeof(*phases->items));
	for (size_t i = 0; i < phases->n_steps; i++) {
		const char *name = phase_name(&phases->steps[i]);

		if (phases->n == 0 || strcmp(phases->items[phases->n - 1].name, name) != 0)
			phases->items[phases->n++] =
				(struct phase){.name = name, .steps = &phases->steps[i]};
		phases->items[phases->n - 1].n++;
	}
}

struct phases phases_of(struct arena *arena, const struct review *review, int64_t rows_per_second)
{
	struct phases phases = {0};
	struct written_transaction transaction = {0};

	phases.steps = arena_alloc(arena, (count_steps(review) + 1) * sizeof(*phases.steps));
	for (size_t i = 0; i < review->script.n_stmts; i++)
		if (review->stmts[i].error == NULL &&
			!follow_transaction(&phases, &transaction, &review->stmts[i]))
			add_stmt(arena, &phases, review, &review->stmts[i], rows_per_second,
				transaction.number);
	group(arena, &phases);
	return phases;
}

/* ---- words ---- */

const char *phase_step_held(const struct phase_step *step)
{
	return step->step != NULL && step->stmt->verdict == VERDICT_HOLD ? " (held for approval)"
									 : "";
}

const char *phase_step_lock(const struct phase_step *step)
{
	return step->step == NULL ? "that of the statement" : lock_mode_name(step->step->lock);
}

static const char *grouped(struct arena *arena, double number)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%.0f", number);
	const char *text = "";

	for (int i = 0; i < n; i++)
		text = arena_printf(
			arena, "%s%s%c", text, i > 0 && (n - i) % 3 == 0 ? "," : "", digits[i]);
	return text;
}

static const char *duration(struct arena *arena, double seconds)
{
	if (seconds < 1)
		return "a moment";
	if (seconds < 120)
		return arena_printf(arena, "about %.0f s", seconds);
	if (seconds < 7200)
		return arena_printf(arena, "about %.0f min", seconds / 60);
	return arena_printf(arena, "about %.0f h", seconds / 3600);
}

const char *phase_step_cost(struct arena *arena, const struct phase_step *step)
{
	const char *time = step->seconds < 0 ? "" : duration(arena, step->seconds);

	if (step->rows < 0)
		return time;
	return arena_printf(
		arena, "%s rows%s%s", grouped(arena, step->rows), *time != '\0' ? ", " : "", time);
}

static bool joins(const struct phase *phase, size_t step)
{
	const struct phase_step *this = &phase->steps[step];

	if (step >= phase->n || this->refused)
		return false;
	if (this->step != NULL)
		return this->step->with_previous;
	return step > 0 && this->transaction != 0 && this->transaction == this[-1].transaction;
}

bool phase_opens_transaction(const struct phase *phase, size_t step)
{
	return !joins(phase, step) && joins(phase, step + 1);
}

bool phase_closes_transaction(const struct phase *phase, size_t step)
{
	return joins(phase, step) && !joins(phase, step + 1);
}

/* SPDX-License-Identifier: PostgreSQL */
/* What stands in the files of a plan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "plan_folder.h"

static FILE *open_text(char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);

	if (out == NULL) {
		fputs("phasegate: out of memory\n", stderr);
		exit(1);
	}
	return out;
}

/* Every line a comment: nothing of it may run.  A comment ends at either break (scan.l). */
static void print_comment(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n\r");

		fprintf(out, "-- %.*s\n", (int)n, text);
		text += n;
		text += *text != '\0';
	}
}

/* In a comment of one line. */
static void print_words(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
}

/* What, of which file. */
static void print_title(FILE *out, const char *what, const struct review *review)
{
	fprintf(out, "-- %s of ", what);
	print_words(out, review->script.path);
}

static void print_step(FILE *out, const struct phase *phase, size_t i)
{
	const struct phase_step *step = &phase->steps[i];

	fprintf(out, "\n-- line %u: ", step->stmt->place.line);
	print_words(out, step->purpose);
	fprintf(out, "%s (%s%s)\n", phase_step_held(step), phase_step_lock(step),
		step->step != NULL ? step_remark(step->step) : "");
	if (step->refused) {
		print_comment(out, step->sql);
		return;
	}
	if (phase_opens_transaction(phase, i))
		fputs("BEGIN;\n", out);
	if (*step->sql != '\0')
		fprintf(out, "%s;\n", step->sql);
	if (phase_closes_transaction(phase, i))
		fputs("COMMIT;\n", out);
}

static bool waits_briefly(const struct phase *phase)
{
	return strcmp(phase->name, "expand") == 0 || strcmp(phase->name, "finish") == 0;
}

/* What decides for the session which table a name means; timeouts are each phase's own. */
static bool is_setting(const struct phase_step *step)
{
	static const char *const names[] = {"search_path", "role", "session_authorization"};
	const struct stmt *stmt = &step->stmt->stmt->stmt;
	const struct action *action = stmt->actions;

	if (step->step != NULL || step->refused || stmt->n_actions != 1 || action->name == NULL ||
		action->local || action->kind != ACTION_HARMLESS)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(action->name, names[i]) == 0)
			return true;
	return false;
}

/* Of all steps before end, which other files hold. */
static void print_settings(FILE *out, const struct phases *phases, const struct phase_step *end)
{
	for (const struct phase_step *step = phases->steps; step < end; step++)
		if (is_setting(step))
			fprintf(out, "\n-- line %u: as in the phases before\n%s;\n",
				step->stmt->place.line, step->sql);
}

char *plan_phase_sql(
	const struct review *review, const struct phases *phases, const struct phase *phase)
{
	char *text;
	size_t len;
	FILE *out = open_text(&text, &len);

	print_title(out, phase->name, review);
	fputs("\n", out);
	if (waits_briefly(phase))
		fputs("\nSET lock_timeout = '2s'; -- and again on SQLSTATE 55P03\n", out);
	if (!phase->steps->refused)
		print_settings(out, phases, phase->steps);
	for (size_t i = 0; i < phase->n; i++)
		print_step(out, phase, i);
	fclose(out);
	return text;
}

static void print_undo(FILE *out, const struct phase_step *step)
{
	fprintf(out, "\n-- line %u: ", step->stmt->place.line);
	if (step->undo == NULL) {
		fputs("taken back by hand, if at all:\n", out);
		print_comment(out, step->sql);
		return;
	}
	print_words(out, step->purpose);
	if (step->step->kind == STEP_BACKFILL)
		fputs("; repeat until it updates 0 rows", out);
	fprintf(out, "\n%s;\n", step->undo);
}

char *plan_undo_sql(const struct review *review, const struct phases *phases)
{
	char *text;
	size_t len;
	FILE *out = open_text(&text, &len);

	print_title(out, "undo", review);
	fputs(": the last step first\n", out);
	print_settings(out, phases, phases->steps + phases->n_steps);
	for (size_t i = phases->n_steps; i-- > 0;) {
		const struct phase_step *step = &phases->steps[i];

		if (!step->refused && !is_setting(step) &&
			(step->undo == NULL || *step->undo != '\0'))
			print_undo(out, step);
	}
	fclose(out);
	return text;
}

/* A cell of a table: a bar would end it. */
static void print_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '|')
			fputs("\\|", out);
		else
			fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
}

static void print_row(struct arena *arena, FILE *out, const struct phase_step *step)
{
	fprintf(out, "| %u | ", step->stmt->place.line);
	print_cell(out, step->purpose);
	fprintf(out, "%s | %s | ", phase_step_held(step), phase_step_lock(step));
	print_cell(out, phase_step_cost(arena, step));
	fputs(" |\n", out);
}

static void print_findings(FILE *out, const struct review *review)
{
	for (size_t i = 0; i < review->script.n_stmts; i++)
		for (size_t j = 0; j < review->stmts[i].n_findings; j++) {
			const struct review_finding *found = &review->stmts[i].findings[j];

			fprintf(out, "- line %u, `%s`: ", found->place.line,
				found->finding->rule->id);
			print_cell(out, found->finding->message);
			if (found->suppression != NULL) {
				fputs(". Allowed: ", out);
				print_cell(out, found->suppression->reason);
			}
			fputs("\n", out);
		}
}

static void print_cautions(FILE *out, const struct review *review)
{
	for (size_t i = 0; i < review->script.n_stmts; i++) {
		const struct plan *plan = review->stmts[i].plan;

		if (plan == NULL || plan->caution == NULL)
			continue;
		fputs("- Note: ", out);
		print_cell(out, plan->caution);
		fputs("\n", out);
	}
}

char *plan_document(const struct review *review, const struct phases *phases)
{
	struct arena arena = {0};
	char *text;
	size_t len;
	FILE *out = open_text(&text, &len);

	fprintf(out, "# %s, phased\n\n", review->script.path);
	print_findings(out, review);
	print_cautions(out, review);
	fputs("\nRun the phases in order; undo.sql takes them back.\n", out);
	for (size_t i = 0; i < phases->n; i++) {
		fprintf(out,
			"\n## %02zu-%s.sql\n\n| line | what | lock | rows and time |\n"
			"|--:|---|---|---|\n",
			i + 1, phases->items[i].name);
		for (size_t j = 0; j < phases->items[i].n; j++)
			print_row(&arena, out, &phases->items[i].steps[j]);
	}
	fclose(out);
	arena_free(&arena);
	return text;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "plan_report.h"

#include <jansson.h>
#include <string.h>

#include "arena.h"
#include "phases.h"
#include "plan_folder.h"
#include "plan_json.h"

static void write_folder(
	struct report *report, const struct review *review, const struct phases *phases)
{
	struct arena arena = {0};
	const char *error;

	if (report->plan->folder == NULL)
		return;
	if (plan_folder_write(&arena, report->plan, review, phases, &error) != 0) {
		fprintf(stderr, "phasegate plan: %s\n", error);
		report->plan->failed = true;
	}
	arena_free(&arena);
}

/* ---- text ---- */

static void begin_text(struct report *report)
{
	(void)report;
}

static void print_indented(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		fputc((unsigned char)*text < ' ' && *text != '\n' ? ' ' : *text, out);
		if (*text == '\n')
			fputs("      ", out);
	}
}

static void print_statement(FILE *out, const char *label, const char *sql)
{
	fprintf(out, "      %s", label);
	print_indented(out, sql);
	fputs(";\n", out);
}

static void print_step(struct arena *arena, FILE *out, const struct phase *phase, size_t i)
{
	const struct phase_step *step = &phase->steps[i];
	const char *cost = phase_step_cost(arena, step);

	fprintf(out, "    line %u: %s%s\n", step->stmt->place.line, step->purpose,
		phase_step_held(step));
	fprintf(out, "      lock: %s%s%s\n", phase_step_lock(step), *cost != '\0' ? "; " : "",
		cost);
	if (phase_opens_transaction(phase, i))
		fputs("      BEGIN;\n", out);
	if (*step->sql != '\0')
		print_statement(out, "", step->sql);
	if (phase_closes_transaction(phase, i))
		fputs("      COMMIT;\n", out);
	if (step->undo != NULL && *step->undo != '\0')
		print_statement(out, "undo: ", step->undo);
}

static void print_errors(FILE *out, const struct review *review)
{
	for (size_t i = 0; i < review->n_errors; i++)
		fprintf(out, "%s:%u:%u: error: %s\n", review->script.path,
			review->errors[i].place.line, review->errors[i].place.column,
			review->errors[i].message);
}

static void review_text_plan(struct report *report, const struct review *review)
{
	struct arena arena = {0};
	struct phases phases = phases_of(&arena, review, report->plan->rows_per_second);

	print_errors(report->out, review);
	fprintf(report->out, "%s: %zu phase%s\n", review->script.path, phases.n,
		phases.n == 1 ? "" : "s");
	for (size_t i = 0; i < phases.n; i++) {
		fprintf(report->out, "  %zu. %s\n", i + 1, phases.items[i].name);
		for (size_t j = 0; j < phases.items[i].n; j++)
			print_step(&arena, report->out, &phases.items[i], j);
	}
	write_folder(report, review, &phases);
	arena_free(&arena);
}

static void unreadable_text(struct report *report, const char *path, const char *why)
{
	fprintf(report->out, "%s: error: %s\n", path, why);
}

/* ---- JSON ---- */

static json_t *number_or_null(double number)
{
	return number < 0 ? json_null() : json_real(number);
}

static json_t *step_of_phase(const struct phase_step *step)
{
	json_t *object = step->step != NULL ? plan_step_json(step->step)
					    : json_pack("{s:s, s:s, s:s}", "kind", "statement",
						      "sql", step->sql, "purpose", step->purpose);

	json_object_set_new(object, "line", json_integer(step->stmt->place.line));
	json_object_set_new(object, "verdict", json_string(verdict_name(step->stmt->verdict)));
	json_object_set_new(object, "rows", number_or_null(step->rows));
	json_object_set_new(object, "seconds", number_or_null(step->seconds));
	return object;
}

static json_t *phase_json(const struct phase *phase)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < phase->n; i++)
		json_array_append_new(steps, step_of_phase(&phase->steps[i]));
	return json_pack("{s:s, s:o}", "name", phase->name, "steps", steps);
}

static void begin_json(struct report *report)
{
	fputs("{\"files\":[", report->out);
}

static void review_json_plan(struct report *report, const struct review *review)
{
	struct arena arena = {0};
	struct phases phases = phases_of(&arena, review, report->plan->rows_per_second);
	json_t *list = json_array();

	for (size_t i = 0; i < phases.n; i++)
		json_array_append_new(list, phase_json(&phases.items[i]));
	report_file_json(report, review->script.path, "phases", list, review_errors_json(review));
	write_folder(report, review, &phases);
	arena_free(&arena);
}

static void unreadable_json_plan(struct report *report, const char *path, const char *why)
{
	report_file_json(report, path, "phases", json_array(), unreadable_json(why));
}

static void end_json(struct report *report)
{
	fputs("\n]}\n", report->out);
}

static const struct report_format formats[] = {
	{
		.name = "text",
		.begin = begin_text,
		.review = review_text_plan,
		.unreadable = unreadable_text,
		.end = begin_text,
	},
	{
		.name = "json",
		.begin = begin_json,
		.review = review_json_plan,
		.unreadable = unreadable_json_plan,
		.end = end_json,
	},
};

const struct report_format *plan_format_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

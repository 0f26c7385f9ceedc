/* SPDX-License-Identifier: PostgreSQL */
/* One document, a file a line: what docs/check.md promises to programs. */
#include <jansson.h>

#include "arena.h"
#include "plan_json.h"
#include "report.h"
#include "source_file.h"

static void begin(struct report *report)
{
	fputs("{\"files\":[", report->out);
}

static const char *text_or_none(const char *text)
{
	return text == NULL ? "" : text;
}

static json_t *finding_json(const struct review_finding *found)
{
	const struct finding *finding = found->finding;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:b}", "rule",
		finding->rule->id, "verdict", verdict_name(finding->verdict), "message",
		text_or_none(finding->message), "detail", text_or_none(finding->detail), "hint",
		text_or_none(finding->hint), "line", (int)found->place.line, "column",
		(int)found->place.column, "suppressed", found->suppression != NULL);

	if (found->suppression != NULL)
		json_object_set_new(object, "reason", json_string(found->suppression->reason));
	return object;
}

/* As the proxy would refuse it. */
static json_t *error_finding(const struct review_stmt *stmt, struct place place)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:b}", "rule", "unclassified",
		"verdict", verdict_name(VERDICT_REJECT), "message", stmt->error, "detail", "",
		"hint", "", "line", (int)place.line, "column", (int)place.column, "suppressed", 0);
}

static json_t *findings_json(const struct review *review, const struct review_stmt *stmt)
{
	json_t *list = json_array();

	for (size_t i = 0; i < stmt->n_findings; i++)
		json_array_append_new(list, finding_json(&stmt->findings[i]));
	if (stmt->error != NULL)
		json_array_append_new(list,
			error_finding(stmt, script_place(&review->script, stmt->stmt->error_at)));
	return list;
}

static json_t *stmt_json(const struct review *review, const struct review_stmt *stmt)
{
	json_t *object = json_pack("{s:i, s:i, s:s#, s:s, s:o}", "line", (int)stmt->place.line,
		"column", (int)stmt->place.column, "sql", review->script.text + stmt->stmt->start,
		(int)stmt->stmt->len, "verdict", verdict_name(stmt->verdict), "findings",
		findings_json(review, stmt));

	if (stmt->plan != NULL)
		json_object_set_new(object, "plan", plan_json(stmt->plan, stmt->by_hand));
	return object;
}

json_t *review_errors_json(const struct review *review)
{
	json_t *list = json_array();

	for (size_t i = 0; i < review->n_errors; i++)
		json_array_append_new(list,
			json_pack("{s:i, s:i, s:s}", "line", (int)review->errors[i].place.line,
				"column", (int)review->errors[i].place.column, "message",
				review->errors[i].message));
	return list;
}

json_t *unreadable_json(const char *why)
{
	return json_pack("[{s:i, s:i, s:s}]", "line", 0, "column", 0, "message", why);
}

void report_file_json(
	struct report *report, const char *path, const char *key, json_t *list, json_t *errors)
{
	struct arena arena = {0};
	json_t *file = json_pack("{s:s, s:o, s:o}", "file", source_path_text(&arena, path), key,
		list, "errors", errors);

	fputs(report->n_files > 0 ? ",\n" : "\n", report->out);
	json_dumpf(file, report->out, JSON_COMPACT);
	json_decref(file);
	arena_free(&arena);
}

static void print_review(struct report *report, const struct review *review)
{
	json_t *stmts = json_array();

	for (size_t i = 0; i < review->script.n_stmts; i++)
		json_array_append_new(stmts, stmt_json(review, &review->stmts[i]));
	report_file_json(
		report, review->script.path, "statements", stmts, review_errors_json(review));
}

static void unreadable(struct report *report, const char *path, const char *why)
{
	report_file_json(report, path, "statements", json_array(), unreadable_json(why));
}

static void end(struct report *report)
{
	const struct report_totals *totals = &report->totals;
	json_t *verdicts = json_object(), *summary;

	for (int i = VERDICT_ALLOW; i <= VERDICT_REJECT; i++)
		json_object_set_new(verdicts, verdict_name((enum verdict)i),
			json_integer((json_int_t)totals->verdicts[i]));
	summary = json_pack("{s:I, s:I, s:o, s:I, s:I}", "files", (json_int_t)totals->files,
		"statements", (json_int_t)totals->stmts, "verdicts", verdicts, "suppressed",
		(json_int_t)totals->excused, "errors", (json_int_t)totals->errors);
	fputs("\n],\"summary\":", report->out);
	json_dumpf(summary, report->out, JSON_COMPACT);
	fputs("}\n", report->out);
	json_decref(summary);
}

const struct report_format report_json = {
	.name = "json",
	.begin = begin,
	.review = print_review,
	.unreadable = unreadable,
	.end = end,
};

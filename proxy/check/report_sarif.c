/* SPDX-License-Identifier: PostgreSQL */
/* SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
#include <jansson.h>
#include <string.h>

#include "arena.h"
#include "report.h"

static const char error_rule[] = "not-read";

static void print(struct report *report, json_t *value)
{
	json_dumpf(value, report->out, JSON_COMPACT);
	json_decref(value);
}

static const char *level_of(enum verdict verdict)
{
	return verdict == VERDICT_ALLOW ? "none" : verdict_passes(verdict) ? "warning" : "error";
}

static json_t *message(const char *text)
{
	return json_pack("{s:s}", "text", text);
}

static json_t *rule_json(const struct rule *rule)
{
	json_t *object = json_pack("{s:s, s:o, s:{s:s}}", "id", rule->id, "shortDescription",
		message(rule->title), "defaultConfiguration", "level", level_of(rule->verdict));

	if (rule->reason != NULL)
		json_object_set_new(object, "fullDescription", message(rule->reason));
	if (rule->hint != NULL)
		json_object_set_new(object, "help", message(rule->hint));
	return object;
}

/* The rule list is complete, so that a result's ruleIndex is known before all files are read. */
static void begin(struct report *report)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < n_rules_all; i++)
		json_array_append_new(rules, rule_json(rules_all[i]));
	json_array_append_new(
		rules, json_pack("{s:s, s:o, s:{s:s}}", "id", error_rule, "shortDescription",
			       message("What could not be read or understood"),
			       "defaultConfiguration", "level", "error"));
	fputs("{\"$schema\":\"https://json.schemastore.org/"
	      "sarif-2.1.0.json\",\"version\":\"2.1.0\","
	      "\"runs\":[{\"tool\":{\"driver\":",
		report->out);
	print(report, json_pack("{s:s, s:s, s:o}", "name", "phasegate", "semanticVersion",
			      PHASEGATE_VERSION, "rules", rules));
	fputs("},\"columnKind\":\"unicodeCodePoints\",\"results\":[", report->out);
}

/* A relative URI reference (RFC 3986): everything but what may stand in a path is encoded. */
static const char *uri_of(struct arena *arena, const char *path)
{
	static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-._~/";
	char *uri = arena_alloc(arena, 3 * strlen(path) + strlen("file://") + 1), *p = uri;

	if (path[0] == '/')
		p += sprintf(p, "file://");
	for (; *path != '\0'; path++)
		p += strchr(unreserved, *path) != NULL ? sprintf(p, "%c", *path)
						       : sprintf(p, "%%%02X", (unsigned char)*path);
	return uri;
}

static json_t *location(const char *path, struct place place, const char *line, size_t len)
{
	struct arena arena = {0};
	json_t *physical = json_pack("{s:{s:s}}", "artifactLocation", "uri", uri_of(&arena, path));

	if (place.line > 0)
		json_object_set_new(physical, "region",
			json_pack("{s:i, s:i, s:{s:s#}}", "startLine", (int)place.line,
				"startColumn", (int)place.column, "snippet", "text", line,
				(int)len));
	arena_free(&arena);
	return json_pack("{s:o}", "physicalLocation", physical);
}

static size_t rule_index(const char *id)
{
	size_t i = 0;

	while (i < n_rules_all && strcmp(rules_all[i]->id, id) != 0)
		i++;
	return i;
}

static json_t *result(const char *rule, const char *level, const char *text, json_t *where)
{
	return json_pack("{s:s, s:I, s:s, s:o, s:[o]}", "ruleId", rule, "ruleIndex",
		(json_int_t)rule_index(rule), "level", level, "message", message(text), "locations",
		where);
}

static void print_result(struct report *report, json_t *value)
{
	fputs(report->n_results++ > 0 ? ",\n" : "\n", report->out);
	print(report, value);
}

static void print_finding(
	struct report *report, const struct review *review, const struct review_finding *found)
{
	const struct finding *finding = found->finding;
	struct arena arena = {0};
	const char *text = arena_printf(&arena, "%s%s%s%s%s", finding->message,
		finding->detail != NULL ? "\n" : "", finding->detail != NULL ? finding->detail : "",
		finding->hint != NULL ? "\n" : "", finding->hint != NULL ? finding->hint : "");
	size_t len;
	const char *line = script_line(&review->script, found->at, &len);
	json_t *object = result(finding->rule->id, level_of(finding->verdict), text,
		location(review->script.path, found->place, line, len));

	if (found->suppression != NULL)
		json_object_set_new(object, "suppressions",
			json_pack("[{s:s, s:s}]", "kind", "inSource", "justification",
				found->suppression->reason));
	print_result(report, object);
	arena_free(&arena);
}

static void print_review(struct report *report, const struct review *review)
{
	for (size_t i = 0; i < review->n_errors; i++) {
		size_t len;
		const char *line = script_line(&review->script, review->errors[i].at, &len);

		print_result(report,
			result(error_rule, "error", review->errors[i].message,
				location(review->script.path, review->errors[i].place, line, len)));
	}
	for (size_t i = 0; i < review->script.n_stmts; i++)
		for (size_t j = 0; j < review->stmts[i].n_findings; j++)
			print_finding(report, review, &review->stmts[i].findings[j]);
}

static void unreadable(struct report *report, const char *path, const char *why)
{
	print_result(
		report, result(error_rule, "error", why, location(path, (struct place){0}, "", 0)));
}

static void end(struct report *report)
{
	fputs("\n],\"invocations\":[", report->out);
	print(report, json_pack("{s:b}", "executionSuccessful", report->totals.errors == 0));
	fputs("]}]}\n", report->out);
}

const struct report_format report_sarif = {
	.name = "sarif",
	.begin = begin,
	.review = print_review,
	.unreadable = unreadable,
	.end = end,
};

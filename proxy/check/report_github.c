/* SPDX-License-Identifier: PostgreSQL */
/*
 * Annotations of GitHub Actions, one command a line: ::error file=F,line=L,col=C,title=T::MESSAGE
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
#include <string.h>

#include "report.h"

/* As the runner's toolkit escapes: % and line ends; in properties also : and , */
static void print_escaped(FILE *out, const char *text, bool property)
{
	for (; *text != '\0'; text++)
		if (*text == '%' || *text == '\r' || *text == '\n' ||
			(property && (*text == ':' || *text == ',')))
			fprintf(out, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, out);
}

static void print_head(
	FILE *out, const char *level, const char *path, struct place place, const char *title)
{
	fprintf(out, "::%s file=", level);
	print_escaped(out, path, true);
	if (place.line > 0)
		fprintf(out, ",line=%u,col=%u", place.line, place.column);
	fputs(",title=", out);
	print_escaped(out, title, true);
	fputs("::", out);
}

static void print_error(FILE *out, const char *path, struct place place, const char *message)
{
	print_head(out, "error", path, place, "phasegate");
	print_escaped(out, message, false);
	fputc('\n', out);
}

static void print_part(FILE *out, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	print_escaped(out, "\n", false);
	print_escaped(out, text, false);
}

static void print_finding(FILE *out, const char *path, const struct review_finding *found)
{
	const struct finding *finding = found->finding;

	print_head(out, verdict_passes(finding->verdict) ? "warning" : "error", path, found->place,
		finding->rule->id);
	print_escaped(out, finding->message, false);
	print_part(out, finding->detail);
	print_part(out, finding->hint);
	fputc('\n', out);
}

static void print_review(struct report *report, const struct review *review)
{
	const char *path = review->script.path;

	for (size_t i = 0; i < review->n_errors; i++)
		print_error(report->out, path, review->errors[i].place, review->errors[i].message);
	for (size_t i = 0; i < review->script.n_stmts; i++)
		for (size_t j = 0; j < review->stmts[i].n_findings; j++)
			if (review->stmts[i].findings[j].suppression == NULL)
				print_finding(report->out, path, &review->stmts[i].findings[j]);
}

static void unreadable(struct report *report, const char *path, const char *why)
{
	print_error(report->out, path, (struct place){0}, why);
}

static void nothing(struct report *report)
{
	(void)report;
}

const struct report_format report_github = {
	.name = "github",
	.begin = nothing,
	.review = print_review,
	.unreadable = unreadable,
	.end = nothing,
};

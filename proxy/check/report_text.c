/* SPDX-License-Identifier: PostgreSQL */
/* For people: what a compiler prints, and a line that sums up. */
#include <string.h>

#include "report.h"

enum { LINE_BYTES_MAX = 400 }; /* of a source line; longer ones are cut round the caret */

static const char *colour(const struct report *report, const char *code)
{
	return report->colour ? code : "";
}

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

static const char *verdict_colour(enum verdict verdict)
{
	return verdict_passes(verdict) ? YELLOW : RED;
}

/* Files are anybody's: their bytes must not drive the reader's terminal. */
static void print_safely(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		fputc((c < ' ' && c != '\t') || c == 0x7f ? ' ' : c, out);
	}
}

/* Every line of a text, indented. */
static void print_block(struct report *report, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	fprintf(report->out, "    %s%s:%s", colour(report, BOLD), label, colour(report, PLAIN));
	if (strchr(text, '\n') == NULL)
		fputc(' ', report->out);
	else
		fputs("\n      ", report->out);
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		print_safely(report->out, text, n);
		text += n;
		if (*text == '\n')
			text++;
		fputs(*text == '\0' ? "\n" : "\n      ", report->out);
	}
}

/* The source line, and below it a caret that tabs do not lead astray. */
static void print_source(struct report *report, const struct script *script, size_t at)
{
	size_t len, caret;
	const char *line = script_line(script, at, &len);

	caret = (size_t)(script->text + at - line);
	if (caret > len)
		caret = len;
	if (caret > LINE_BYTES_MAX / 2 && len > LINE_BYTES_MAX) {
		size_t cut = caret - LINE_BYTES_MAX / 2;

		while ((line[cut] & 0xc0) == 0x80)
			cut++;
		line += cut;
		len -= cut;
		caret -= cut;
	}
	if (len > LINE_BYTES_MAX)
		len = LINE_BYTES_MAX;
	fputs("    ", report->out);
	print_safely(report->out, line, len);
	fputs("\n    ", report->out);
	for (size_t i = 0; i < caret; i++)
		if ((line[i] & 0xc0) != 0x80)
			fputc(line[i] == '\t' ? '\t' : ' ', report->out);
	fprintf(report->out, "%s^%s\n", colour(report, GREEN), colour(report, PLAIN));
}

static void print_head(struct report *report, const char *path, struct place place,
	const char *word, const char *code)
{
	fprintf(report->out, "%s", colour(report, BOLD));
	print_safely(report->out, path, strlen(path));
	if (place.line > 0)
		fprintf(report->out, ":%u:%u", place.line, place.column);
	fprintf(report->out, ":%s %s%s%s", colour(report, PLAIN), colour(report, code), word,
		colour(report, PLAIN));
}

static void print_message(struct report *report, const char *message)
{
	fputs(": ", report->out);
	print_safely(report->out, message, strlen(message));
	fputc('\n', report->out);
}

static void print_finding(
	struct report *report, const struct script *script, const struct review_finding *found)
{
	const struct finding *finding = found->finding;

	print_head(report, script->path, found->place, verdict_name(finding->verdict),
		verdict_colour(finding->verdict));
	fprintf(report->out, " %s", finding->rule->id);
	print_message(report, finding->message);
	print_source(report, script, found->at);
	print_block(report, "effect", finding->detail);
	print_block(report, "instead", finding->hint);
	fputc('\n', report->out);
}

static void print_excused(
	struct report *report, const struct script *script, const struct review_finding *found)
{
	print_head(report, script->path, found->place, "suppressed", GREEN);
	fprintf(report->out, " %s", found->finding->rule->id);
	print_message(report, found->suppression->reason);
	fputc('\n', report->out);
}

static void print_errors(struct report *report, const struct review *review, size_t *n, size_t end)
{
	for (; *n < review->n_errors && review->errors[*n].at < end; ++*n) {
		print_head(report, review->script.path, review->errors[*n].place, "error", RED);
		print_message(report, review->errors[*n].message);
		print_source(report, &review->script, review->errors[*n].at);
		fputc('\n', report->out);
	}
}

static void print_findings(
	struct report *report, const struct script *script, const struct review_stmt *stmt)
{
	for (size_t i = 0; i < stmt->n_findings; i++) {
		if (stmt->findings[i].suppression != NULL)
			print_excused(report, script, &stmt->findings[i]);
		else
			print_finding(report, script, &stmt->findings[i]);
	}
}

static void print_unused(struct report *report, const struct script *script)
{
	for (size_t i = 0; i < script->n_suppressions; i++) {
		const struct suppression *suppression = &script->suppressions[i];

		if (suppression->error != NULL || suppression->n_used > 0)
			continue;
		print_head(report, script->path, script_place(script, suppression->at), "note",
			YELLOW);
		print_message(report, "this comment allows what was not found");
		fputc('\n', report->out);
	}
}

static void print_review(struct report *report, const struct review *review)
{
	const struct script *script = &review->script;
	size_t n_errors = 0;

	for (size_t i = 0; i < script->n_stmts; i++) {
		print_errors(report, review, &n_errors, script->stmts[i].start);
		print_findings(report, script, &review->stmts[i]);
	}
	print_errors(report, review, &n_errors, script->len + 1);
	print_unused(report, script);
}

static void begin(struct report *report)
{
	(void)report;
}

static void unreadable(struct report *report, const char *path, const char *why)
{
	print_head(report, path, (struct place){0}, "error", RED);
	print_message(report, why);
	fputc('\n', report->out);
}

static void print_count(FILE *out, const char *between, size_t n, const char *what)
{
	if (n > 0)
		fprintf(out, "%s%zu %s", between, n, what);
}

static void end(struct report *report)
{
	const struct report_totals *totals = &report->totals;
	size_t refused = 0;

	for (int i = VERDICT_ALLOW; i <= VERDICT_REJECT; i++)
		if (!verdict_passes((enum verdict)i))
			refused += totals->verdicts[i];
	fprintf(report->out, "%zu statement%s in %zu file%s: ", totals->stmts,
		totals->stmts == 1 ? "" : "s", totals->files, totals->files == 1 ? "" : "s");
	if (refused == 0)
		fputs("none would be stopped", report->out);
	else
		fprintf(report->out, "%zu would not go through as written", refused);
	for (int i = VERDICT_REWRITE; i <= VERDICT_REJECT; i++)
		print_count(report->out, ", ", totals->verdicts[i], verdict_name((enum verdict)i));
	print_count(report->out, "; ", totals->verdicts[VERDICT_WARN], "with warnings");
	print_count(report->out, "; ", totals->excused, "suppressed");
	print_count(report->out, "; ", totals->errors, "not read: see the errors");
	fputc('\n', report->out);
}

const struct report_format report_text = {
	.name = "text",
	.begin = begin,
	.review = print_review,
	.unreadable = unreadable,
	.end = end,
};

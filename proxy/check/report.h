/* SPDX-License-Identifier: PostgreSQL */
/*
 * How reviews are told: one row for each format.  A thread writes its file before it
 * reads the next one, so that memory is bounded by the largest of them, one for each core.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "review.h"

struct report_totals {
	size_t files, stmts, errors, excused;
	size_t verdicts[VERDICT_REJECT + 1]; /* statements by verdict; those not read left out */
};

struct report {
	FILE *out;
	bool colour;
	size_t n_files, n_results; /* told so far: formats need separators between them */
	struct report_totals totals;
	struct plan_output *plan; /* of phasegate plan, see plan_report.h; else NULL */
};

struct report_format {
	const char *name;
	void (*begin)(struct report *report);
	void (*review)(struct report *report, const struct review *review);
	/* A file that could not be read. */
	void (*unreadable)(struct report *report, const char *path, const char *why);
	void (*end)(struct report *report);
};

extern const struct report_format report_text, report_json, report_sarif, report_github;
/* NULL for an unknown name. */
const struct report_format *report_format_by_name(const char *name);

#endif

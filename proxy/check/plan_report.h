/* SPDX-License-Identifier: PostgreSQL */
/* The formats of phasegate plan: what check is for verdicts, for phases. */
#ifndef PLAN_REPORT_H
#define PLAN_REPORT_H

#include "report.h"

/* What a report of plans needs besides; struct report's plan points to it. */
struct plan_output {
	int64_t rows_per_second; /* of backfills; 0: no limit */
	const char *folder; /* where files to commit are written; NULL: nowhere */
	bool several; /* sources: then each has a folder of its own below */
	bool failed; /* something could not be written */
};

const struct report_format *plan_format_by_name(const char *name);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * A phased file as files to commit: 01-expand.sql, 02-backfill.sql, ..., undo.sql and plan.md.
 * Each begins with a line that holds a hash of the rest, so that what somebody else wrote, or
 * has edited since, is known and never overwritten.
 */
#ifndef PLAN_FOLDER_H
#define PLAN_FOLDER_H

#include "phases.h"
#include "plan_report.h"

/* All files or none are written; those of an earlier plan that are needed no more go.  0, or -1
 * with *error. */
int plan_folder_write(struct arena *arena, const struct plan_output *output,
	const struct review *review, const struct phases *phases, const char **error);

/* The texts, in plan_document.c; from malloc. */
/* phase is one of phases. */
char *plan_phase_sql(
	const struct review *review, const struct phases *phases, const struct phase *phase);
char *plan_undo_sql(const struct review *review, const struct phases *phases);
char *plan_document(const struct review *review, const struct phases *phases);

#endif

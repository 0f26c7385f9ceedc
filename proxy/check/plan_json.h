/* SPDX-License-Identifier: PostgreSQL */
/* For programs that read it: what check and plan print alike. */
#ifndef PLAN_JSON_H
#define PLAN_JSON_H

#include <jansson.h>
#include <stdbool.h>

struct plan;
struct report;
struct review;
struct step;

/* by_hand: phasegate would not carry it out here. */
json_t *plan_json(const struct plan *plan, bool by_hand);
json_t *plan_step_json(const struct step *step);
/* What could not be read in a file: [{line, column, message}]. */
json_t *review_errors_json(const struct review *review);
/* The same of a file that could not be read at all. */
json_t *unreadable_json(const char *why);
/* The entry of one file; list, under key, and errors are taken over. */
void report_file_json(
	struct report *report, const char *path, const char *key, json_t *list, json_t *errors);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* For programs that read it: what check and plan print alike. */
#ifndef PLAN_JSON_H
#define PLAN_JSON_H

#include <jansson.h>
#include <stdbool.h>

struct plan;
struct review;
struct step;

/* by_hand: phasegate would not carry it out here. */
json_t *plan_json(const struct plan *plan, bool by_hand);
json_t *plan_step_json(const struct step *step);
/* What could not be read in a file: [{line, column, message}]. */
json_t *review_errors_json(const struct review *review);

#endif

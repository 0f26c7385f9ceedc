/* SPDX-License-Identifier: PostgreSQL */
/* A plan for programs that read it: check and plan print the same. */
#ifndef PLAN_JSON_H
#define PLAN_JSON_H

#include <jansson.h>
#include <stdbool.h>

struct plan;

/* by_hand: phasegate would not carry it out here. */
json_t *plan_json(const struct plan *plan, bool by_hand);

#endif

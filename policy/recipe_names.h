/* SPDX-License-Identifier: PostgreSQL */
/*
 * The names PostgreSQL would choose itself: what a plan makes has to be called what the plain
 * statement would have called it.
 */
#ifndef RECIPE_NAMES_H
#define RECIPE_NAMES_H

#include "facts.h"

struct arena;

/* makeObjectName (indexcmds.c): name1_name2_label, the longer of the two names cut to fit.  name2
 * may be NULL. */
const char *make_object_name(
	struct arena *arena, const char *name1, const char *name2, const char *label);

/* ChooseRelationName and ChooseConstraintName: the same, numbered past what facts know to be taken.
 */
const char *choose_name(struct arena *arena, const struct relation_facts *table, const char *name1,
	const char *name2, const char *label);

/* ChooseIndexNameAddition and ChooseForeignKeyConstraintNameAddition: columns joined by "_", cut.
 */
const char *join_columns(struct arena *arena, const char *const *columns, size_t n);

/*
 * ChooseIndexName for CREATE INDEX: key and INCLUDE columns as the body lists them; an expression
 * goes by the function it calls, or "expr".
 */
const char *index_columns_text(struct arena *arena, const struct index_def *index);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* Changing a column's type: what forbids it, the column itself, and what stands on it. */
#ifndef RECIPE_TYPE_H
#define RECIPE_TYPE_H

#include "planner.h"

struct type_recipe {
	struct planner *planner;
	const struct column_facts *column;
	const char *old, *new; /* names, unquoted: new takes the name of old in the end */
	const char *old_sql, *new_sql; /* quoted */
	const char *swapped; /* condition: the column of that name is another than at the start */
};

/* How the new column is kept equal. */
struct type_sync {
	struct type_recipe *recipe;
	const char *value; /* what the new column is set to, of the row's own columns */
	const char *compared; /* the same as a value of the new type */
	const char *same; /* condition: the new column is as it should be */
	const char *trigger; /* quoted */
	const char *function; /* quoted and qualified */
	const char *trigger_name, *check;
};

/* Why the table, the column or the conversion allows of no safe form; or NULL. */
const char *type_change_obstacle(const struct planner *planner, const struct column_facts *column);
/* The name of the type asked for, below its domains. */
const char *type_wanted_base(const struct planner *planner);
/* Who is sent the new column and has no place for it; or NULL. */
const char *type_published_obstacle(const struct type_recipe *recipe);
/* "column c": what stands on the old column as its own, for the end of "because of ..."; or NULL.
 */
const char *type_obstacle(const struct type_recipe *recipe);

/* The same CHECKs and foreign keys on the new column, NOT VALID; in a transaction of their own
 * each. */
void type_add_constraints(struct type_recipe *recipe);
/* The same indexes, built concurrently under names of their own. */
void type_add_indexes(struct type_recipe *recipe);
void type_validate_constraints(struct type_recipe *recipe);
/* In the swap, once the old column is gone: names, keys over their indexes, comments. */
void type_take_over(struct type_recipe *recipe);

/* Conditions: the function is there; the trigger is, with that tgenabled, NULL for any. */
const char *type_function_there(const struct type_sync *sync);
const char *type_trigger_there(const struct type_sync *sync, const char *mode);
void type_add_trigger(struct type_sync *sync);
/* A value that does not convert fails no client until type_refuse_bad_writes. */
bool type_accepts_bad_writes(const struct type_sync *sync);
/* Before the check, which would refuse such writes with an error that names no trigger. */
void type_refuse_bad_writes(struct type_sync *sync);

#endif

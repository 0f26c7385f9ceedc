/* SPDX-License-Identifier: PostgreSQL */
/*
 * Databases in which changes soak: whether an operator asked for something there, and carrying
 * that out in the background.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <stdbool.h>

struct change_engine;
struct followed;

/* From now on until nothing soaks there any more. */
void follow(struct change_engine *engine, const char *database);
void follow_free(struct change_engine *engine);

/* resume.c: carries out what operators ask for in this database; then followed_rest.  -1: no room.
 */
int resume_wanted(struct change_engine *engine, const char *database, struct followed *followed);
/* What was asked for there is done, or somebody else is at it. */
void followed_rest(struct change_engine *engine, struct followed *followed);

#endif

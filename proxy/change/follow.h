/* SPDX-License-Identifier: PostgreSQL */
/*
 * Databases in which phasegate is at work: whether a change there needs somebody (an operator asked
 * for something, or whoever was at it died), and carrying that out in the background.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <stdint.h>

struct change_engine;
struct followed;

/* From now on, also the databases in which other phasegates are at work. */
void follow_all(struct change_engine *engine);
/* From now on, until phasegate is no longer installed there. */
void follow(struct change_engine *engine, const char *database);
void follow_free(struct change_engine *engine);

/* resume.c: takes up this change of the database; then followed_rest.  -1: no room. */
int resume_one(
	struct change_engine *engine, const char *database, int64_t id, struct followed *followed);
/* Whoever was to take up the change has done so, or could not. */
void followed_rest(struct change_engine *engine, struct followed *followed, int64_t id);

#endif

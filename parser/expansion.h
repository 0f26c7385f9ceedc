/* SPDX-License-Identifier: PostgreSQL */
/* A bound on trees that are larger than their text. */
#ifndef EXPANSION_H
#define EXPANSION_H

#include "source.h"

struct arena;

/*
 * SET (a, b, c) = x is three assignments that share x, but libpg_query writes x out for each of
 * them: 8 KB of SQL took 900 MB, and 30 such statements inside each other 2^30 copies.  True when
 * the copies would be of more than a hundred thousand tokens; such a text is not to be parsed.
 */
bool expands_too_far(struct arena *arena, const struct source *source);

#endif

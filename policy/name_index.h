/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where in a list each name stands.  Below a table there may be thousands of others, and each is
 * looked for once or more.
 */
#ifndef NAME_INDEX_H
#define NAME_INDEX_H

#include <stddef.h>

#include "text.h"

struct arena;

/* All zero when empty.  Names are borrowed. */
struct name_index {
	const struct name *names; /* in the order in which they came */
	size_t n, n_max;
	size_t *slots; /* places in names, counted from 1; 0 is free */
	size_t n_slots; /* a power of two */
};

/* Its place, or index->n when it is not there. */
size_t name_index_find(const struct name_index *index, const struct name *name);
/* Its place; a new name gets the one behind all others. */
size_t name_index_add(struct arena *arena, struct name_index *index, const struct name *name);

#endif

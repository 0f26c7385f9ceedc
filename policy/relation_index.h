/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where among a text's relations those of one name are: a dump of a schema has thousands, and each
 * of its statements asks.  It knows the last part of names only; what a name resolves to is for
 * facts.c to say.
 */
#ifndef RELATION_INDEX_H
#define RELATION_INDEX_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct facts;
struct relation_index;

/*
 * In step with these facts from now on; *index is made when they are many.  stale: entries have
 * changed places or names since, and not just been added.
 */
void relation_index_renew(
	struct arena *arena, struct relation_index **index, const struct facts *facts, bool stale);

/* Was it made of what these facts hold now?  Else each relation has to be looked at. */
bool relation_index_holds(const struct relation_index *index, const struct facts *facts);

/* Entries that have the name or one of the same hash, in their order; false: there is no other. */
struct relation_cursor {
	size_t node, entry;
};
bool relation_index_next(
	const struct relation_index *index, const char *name, struct relation_cursor *cursor);

#endif

/* SPDX-License-Identifier: PostgreSQL */
#include "name_index.h"

#include "arena.h"

enum { SLOTS_MIN = 64 };

/* The slot of the name, or the free one where it belongs. */
static size_t *slot_of(const struct name_index *index, const struct name *name)
{
	uint64_t hash = text_hash(text_hash(TEXT_HASH_EMPTY, name->schema), name->name);
	size_t at = (size_t)hash & (index->n_slots - 1);

	while (index->slots[at] != 0 && !name_equal(&index->names[index->slots[at] - 1], name))
		at = (at + 1) & (index->n_slots - 1);
	return &index->slots[at];
}

/* At most half of the slots are taken, so that a free one is near. */
static void widen(struct arena *arena, struct name_index *index)
{
	if (2 * (index->n + 1) <= index->n_slots)
		return;
	index->n_slots = index->n_slots == 0 ? SLOTS_MIN : 2 * index->n_slots;
	index->slots = arena_alloc(arena, index->n_slots * sizeof(*index->slots));
	for (size_t i = 0; i < index->n; i++)
		*slot_of(index, &index->names[i]) = i + 1;
}

size_t name_index_find(const struct name_index *index, const struct name *name)
{
	size_t slot = index->n_slots == 0 ? 0 : *slot_of(index, name);

	return slot == 0 ? index->n : slot - 1;
}

size_t name_index_add(struct arena *arena, struct name_index *index, const struct name *name)
{
	struct name *names;
	size_t *slot;

	widen(arena, index);
	slot = slot_of(index, name);
	if (*slot != 0)
		return *slot - 1;
	names = arena_grow(arena, index->names, index->n, &index->n_max, sizeof(*names));
	names[index->n] = *name;
	index->names = names;
	*slot = ++index->n;
	return index->n - 1;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Chains of entries by the hash of a name, each in the order of the entries. */
#include "relation_index.h"

#include <string.h>

#include "arena.h"
#include "facts.h"

enum { RELATIONS_FEW = 32 }; /* looked through sooner than hashed */

struct node {
	size_t entry;
	size_t next; /* node; 0: none.  The first node stands for that. */
};

struct chain {
	size_t first, last;
};

struct relation_index {
	const struct relation_facts *relations; /* of which it was made */
	size_t n;
	struct chain *chains;
	size_t n_chains; /* a power of two */
	struct node *nodes;
	size_t n_nodes, n_nodes_max;
};

static struct chain *chain_of(const struct relation_index *index, const char *name)
{
	return &index->chains[text_hash(TEXT_HASH_EMPTY, name) & (index->n_chains - 1)];
}

static void add_name(
	struct arena *arena, struct relation_index *index, const char *name, size_t entry)
{
	struct chain *chain = chain_of(index, name);
	size_t node = index->n_nodes;

	if (chain->last != 0 && index->nodes[chain->last].entry == entry)
		return;
	index->nodes =
		arena_grow(arena, index->nodes, node, &index->n_nodes_max, sizeof(*index->nodes));
	index->nodes[index->n_nodes++] = (struct node){.entry = entry};
	if (chain->last == 0)
		chain->first = node;
	else
		index->nodes[chain->last].next = node;
	chain->last = node;
}

static void start(struct arena *arena, struct relation_index *index, size_t n)
{
	if (index->n_chains < n) {
		for (index->n_chains = RELATIONS_FEW; index->n_chains < 2 * n;)
			index->n_chains *= 2;
		index->chains = arena_alloc(arena, index->n_chains * sizeof(*index->chains));
	}
	memset(index->chains, 0, index->n_chains * sizeof(*index->chains));
	index->nodes =
		arena_grow(arena, index->nodes, 0, &index->n_nodes_max, sizeof(*index->nodes));
	index->n_nodes = 1;
	index->n = 0;
}

void relation_index_renew(
	struct arena *arena, struct relation_index **made, const struct facts *facts, bool stale)
{
	struct relation_index *index = *made;

	if (index == NULL && facts->n_relations <= RELATIONS_FEW)
		return;
	if (index == NULL)
		*made = index = arena_alloc(arena, sizeof(*index));
	if (stale || facts->n_relations < index->n || index->n_chains < facts->n_relations)
		start(arena, index, facts->n_relations);
	for (size_t i = index->n; i < facts->n_relations; i++) {
		add_name(arena, index, facts->relations[i].asked.name, i);
		add_name(arena, index, facts->relations[i].name.name, i);
	}
	index->n = facts->n_relations;
	index->relations = facts->relations;
}

bool relation_index_holds(const struct relation_index *index, const struct facts *facts)
{
	return index != NULL && index->relations == facts->relations &&
	       index->n == facts->n_relations;
}

bool relation_index_next(
	const struct relation_index *index, const char *name, struct relation_cursor *cursor)
{
	cursor->node =
		cursor->node == 0 ? chain_of(index, name)->first : index->nodes[cursor->node].next;
	cursor->entry = index->nodes[cursor->node].entry;
	return cursor->node != 0;
}

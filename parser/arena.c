/* SPDX-License-Identifier: PostgreSQL */
#include "arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_chunk {
	struct arena_chunk *next;
	alignas(max_align_t) char bytes[];
};

/* One malloc per request keeps AddressSanitizer exact. */
#ifdef __SANITIZE_ADDRESS__
enum { BLOCK_BYTES = 0 };
#else
enum { BLOCK_BYTES = 4096 - (int)sizeof(struct arena_chunk) };
#endif

static char *add_chunk(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (chunk == NULL) {
		fputs("phasegate: out of memory\n", stderr);
		exit(1);
	}
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->bytes += sizeof(*chunk) + size;
	return chunk->bytes;
}

/* What would leave half a block unused has a chunk to itself. */
void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	size_t padded = size + align - size % align;
	char *room;

	if (padded < size || padded > BLOCK_BYTES / 2)
		return add_chunk(arena, size);
	if (padded > arena->left) {
		arena->at = add_chunk(arena, BLOCK_BYTES);
		arena->left = BLOCK_BYTES;
	}
	room = arena->at;
	arena->at += padded;
	arena->left -= padded;
	return room;
}

void *arena_grow(struct arena *arena, const void *items, size_t n, size_t *n_max, size_t size)
{
	void *all;

	if (n < *n_max)
		return (void *)items;
	*n_max = 2 * (n + 8);
	all = arena_alloc(arena, *n_max * size);
	if (n > 0)
		memcpy(all, items, n * size);
	return all;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
	char brief[256]; /* most texts are; one too long for it is written again */
	va_list again;
	int len;
	char *text;

	va_copy(again, args);
	len = vsnprintf(brief, sizeof(brief), fmt, args);
	text = arena_alloc(arena, (size_t)len + 1);
	if ((size_t)len < sizeof(brief))
		memcpy(text, brief, (size_t)len);
	else
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = arena_vprintf(arena, fmt, args);
	va_end(args);
	return text;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

void arena_free(struct arena *arena)
{
	while (arena->chunks != NULL) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	arena->left = 0;
}

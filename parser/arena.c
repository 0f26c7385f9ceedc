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

/* One malloc per request keeps AddressSanitizer exact; arenas never serve the hot path. */
void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (chunk == NULL) {
		fputs("phasegate: out of memory\n", stderr);
		exit(1);
	}
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk->bytes;
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
	va_list again;
	int len;
	char *text;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	text = arena_alloc(arena, (size_t)len + 1);
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
}

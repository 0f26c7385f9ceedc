/* SPDX-License-Identifier: PostgreSQL */
/* One allocation lifetime: everything taken from an arena dies at arena_free. */
#ifndef ARENA_H
#define ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;
struct arena {
	char *at; /* where the current block has room */
	size_t left;
	size_t bytes; /* taken from the system so far */
	struct arena_chunk *chunks;
};

/* Zeroed and aligned for any type; exits when memory is exhausted. */
void *arena_alloc(struct arena *arena, size_t size);

/* Room for one more behind n items of a size: items themselves, or from *n_max on a larger copy. */
void *arena_grow(struct arena *arena, const void *items, size_t n, size_t *n_max, size_t size);

char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/* NULL stays NULL. */
char *arena_strdup(struct arena *arena, const char *text);
/* Copies exactly len bytes and terminates them. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);

void arena_free(struct arena *arena);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Strict reading of the catalog's answer: a key that is missing or of another type is an error,
 * not a guess.  The first error sticks; what is read after it is empty.  Texts are copied to the
 * arena.
 */
#ifndef CATALOG_JSON_H
#define CATALOG_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct reader {
	struct arena *arena;
	const char *error; /* NULL while all is well */
};

void reader_fail(struct reader *reader, const char *what, const char *key);

const char *reader_text(struct reader *reader, const json_t *object, const char *key);
const char *reader_text_or_null(struct reader *reader, const json_t *object, const char *key);
/* The first byte of a text, 0 for an empty one. */
char reader_letter(struct reader *reader, const json_t *object, const char *key);
bool reader_bool(struct reader *reader, const json_t *object, const char *key);
int64_t reader_integer(struct reader *reader, const json_t *object, const char *key);
/* ["schema", "name"]; .name is never NULL. */
struct name reader_name(struct reader *reader, const json_t *object, const char *key);
/* .name NULL for null. */
struct name reader_name_or_null(struct reader *reader, const json_t *object, const char *key);

/* Lists may be null, which is what an aggregate over nothing gives. */
const json_t *reader_array(struct reader *reader, const json_t *object, const char *key, size_t *n);
/* Elements may be null where null_allowed. */
const char *const *reader_texts(
	struct reader *reader, const json_t *object, const char *key, bool null_allowed, size_t *n);
const struct name *reader_names(
	struct reader *reader, const json_t *object, const char *key, size_t *n);

/* A list of objects into list and n, each read by read_one(reader, object). */
#define READ_LIST(reader, object, key, list, n, read_one)                                          \
	do {                                                                                       \
		const json_t *array_ = reader_array(reader, object, key, &(n));                    \
		__typeof__(read_one(reader, NULL)) *items_ =                                       \
			arena_alloc((reader)->arena, ((n) + 1) * sizeof(*items_));                 \
                                                                                                   \
		for (size_t i_ = 0; i_ < (n); i_++)                                                \
			items_[i_] = read_one(reader, json_array_get(array_, i_));                 \
		(list) = items_;                                                                   \
	} while (0)

#endif

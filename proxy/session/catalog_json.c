/* SPDX-License-Identifier: PostgreSQL */
#include "catalog_json.h"

#include <string.h>

#include "arena.h"

void reader_fail(struct reader *reader, const char *what, const char *key)
{
	if (reader->error == NULL)
		reader->error = arena_printf(reader->arena, "catalog answer: %s %s", key, what);
}

static const char *copy_string(struct reader *reader, const json_t *value)
{
	return arena_strndup(reader->arena, json_string_value(value), json_string_length(value));
}

const char *reader_text_or_null(struct reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value))
		return copy_string(reader, value);
	if (!json_is_null(value))
		reader_fail(reader, "is no text", key);
	return NULL;
}

const char *reader_text(struct reader *reader, const json_t *object, const char *key)
{
	const char *text = reader_text_or_null(reader, object, key);

	if (text == NULL)
		reader_fail(reader, "is no text", key);
	return text != NULL ? text : "";
}

/* A "char": its letter, or 0 for an empty one. */
char reader_letter(struct reader *reader, const json_t *object, const char *key)
{
	return *reader_text(reader, object, key);
}

bool reader_bool(struct reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		reader_fail(reader, "is no boolean", key);
	return json_is_true(value);
}

int64_t reader_integer(struct reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		reader_fail(reader, "is no integer", key);
	return json_integer_value(value);
}

static struct name name_value(struct reader *reader, const json_t *value, const char *key)
{
	const json_t *schema = json_array_get(value, 0), *name = json_array_get(value, 1);

	if (json_array_size(value) != 2 || !json_is_string(schema) || !json_is_string(name)) {
		reader_fail(reader, "is no name", key);
		return (struct name){NULL, ""};
	}
	return (struct name){copy_string(reader, schema), copy_string(reader, name)};
}

struct name reader_name(struct reader *reader, const json_t *object, const char *key)
{
	return name_value(reader, json_object_get(object, key), key);
}

/* .name NULL for null. */
struct name reader_name_or_null(struct reader *reader, const json_t *object, const char *key)
{
	if (json_is_null(json_object_get(object, key)))
		return (struct name){NULL, NULL};
	return reader_name(reader, object, key);
}

/* An array or null, which is what an aggregate over nothing gives. */
const json_t *reader_array(struct reader *reader, const json_t *object, const char *key, size_t *n)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_array(value) && !json_is_null(value))
		reader_fail(reader, "is no list", key);
	*n = json_array_size(value);
	return value;
}

/* Elements may be null where null_allowed. */
const char *const *reader_texts(
	struct reader *reader, const json_t *object, const char *key, bool null_allowed, size_t *n)
{
	const json_t *array = reader_array(reader, object, key, n);
	const char **texts = arena_alloc(reader->arena, (*n + 1) * sizeof(*texts));

	for (size_t i = 0; i < *n; i++) {
		const json_t *value = json_array_get(array, i);

		if (json_is_string(value))
			texts[i] = copy_string(reader, value);
		else if (!null_allowed || !json_is_null(value))
			reader_fail(reader, "holds something else than text", key);
	}
	return texts;
}

const struct name *reader_names(
	struct reader *reader, const json_t *object, const char *key, size_t *n)
{
	const json_t *array = reader_array(reader, object, key, n);
	struct name *names = arena_alloc(reader->arena, (*n + 1) * sizeof(*names));

	for (size_t i = 0; i < *n; i++)
		names[i] = name_value(reader, json_array_get(array, i), key);
	return names;
}

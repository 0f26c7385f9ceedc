/* SPDX-License-Identifier: PostgreSQL */
#include "buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "must.h"

uint8_t *buffer_reserve(struct buffer *buffer, size_t n)
{
	size_t len = buffer_len(buffer);

	if (buffer->capacity - buffer->end >= n)
		return buffer->data + buffer->end;
	if (buffer->start > 0 && buffer->capacity - len >= n) {
		memmove(buffer->data, buffer_at(buffer), len);
	} else {
		size_t capacity = buffer->capacity < 512 ? 512 : buffer->capacity;
		uint8_t *data;

		while (capacity - len < n)
			capacity *= 2;
		data = must(malloc(capacity));
		if (len > 0)
			memcpy(data, buffer_at(buffer), len);
		free(buffer->data);
		buffer->data = data;
		buffer->capacity = capacity;
	}
	buffer->start = 0;
	buffer->end = len;
	return buffer->data + len;
}

void buffer_grew(struct buffer *buffer, size_t n)
{
	assert(buffer->capacity - buffer->end >= n);
	buffer->end += n;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	memcpy(buffer_reserve(buffer, n), bytes, n);
	buffer_grew(buffer, n);
}

void buffer_consume(struct buffer *buffer, size_t n)
{
	assert(n <= buffer_len(buffer));
	buffer->start += n;
	if (buffer->start == buffer->end)
		buffer_clear(buffer);
}

void buffer_clear(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

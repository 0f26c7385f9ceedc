/* SPDX-License-Identifier: PostgreSQL */
/* Bytes waiting: appended at the end, consumed at the start.  Empty buffers own no memory. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data;
	size_t start, end, capacity;
};

static inline size_t buffer_len(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

static inline uint8_t *buffer_at(const struct buffer *buffer)
{
	return buffer->data + buffer->start;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t n);
/* Room for n bytes behind the end; write there, then buffer_grew(). */
uint8_t *buffer_reserve(struct buffer *buffer, size_t n);
void buffer_grew(struct buffer *buffer, size_t n);
/* Frees the memory when nothing is left. */
void buffer_consume(struct buffer *buffer, size_t n);
void buffer_clear(struct buffer *buffer);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Protocol 3 as bytes: frames, the few messages that the proxy reads inside, and those it writes.
 * Pure functions; results borrow the input.  Decoders return bytes consumed, 0 for "need more", or
 * -1 with *error set.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffer.h"

enum { WIRE_HEADER_BYTES = 5, WIRE_STARTUP_BYTES_MAX = 10000 };

static inline uint32_t wire_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_set_u32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

enum frontend_type {
#define FRONTEND(type, name, bytes_max) FRONTEND_##name = type,
#include "messages.def"
};
enum backend_type {
#define BACKEND(type, name) BACKEND_##name = type,
#include "messages.def"
};

/* A frame's header: type, and the length of the body behind it. */
struct wire_header {
	uint8_t type;
	uint32_t body; /* bytes after the header */
};

/* Refuses unknown types and lengths that PostgreSQL's SocketBackend refuses. */
ssize_t wire_decode_frontend(
	const uint8_t *p, size_t n, struct wire_header *out, const char **error);
/* Any type of BACKEND(); any length of at least 4. */
ssize_t wire_decode_backend(
	const uint8_t *p, size_t n, struct wire_header *out, const char **error);

/* Bodies, complete.  Strings are terminated inside the body; 0 or -1. */
int wire_read_query(
	const uint8_t *body, size_t n, const char **text, size_t *len, const char **error);
struct wire_parse {
	const char *statement;
	const char *text;
	size_t text_len;
	const uint8_t *types; /* the Int16 count and what follows, to be kept as it is */
	size_t types_len;
};
int wire_read_parse(const uint8_t *body, size_t n, struct wire_parse *out, const char **error);
/* The i-th declared parameter type of Parse's types; 0: not declared. */
uint32_t wire_type_at(const uint8_t *types, size_t types_len, size_t i);
struct wire_bind {
	const char *portal, *statement;
	const uint8_t *values; /* formats, parameters, result formats; unchecked */
	size_t values_len;
};
int wire_read_bind(const uint8_t *body, size_t n, struct wire_bind *out, const char **error);
struct wire_value {
	bool null, binary;
	const uint8_t *bytes;
	size_t len;
};
/* The parameters of a Bind.  -1 when there are more than max, or they are not as announced. */
int wire_read_values(const struct wire_bind *bind, struct wire_value *out, size_t max, size_t *n);
/* Execute (portal, rows), Describe and Close ('S' or 'P', name): kind is 0 for Execute. */
struct wire_target {
	char kind;
	const char *name;
	uint32_t rows;
};
int wire_read_execute(const uint8_t *body, size_t n, struct wire_target *out, const char **error);
int wire_read_describe_or_close(
	const uint8_t *body, size_t n, struct wire_target *out, const char **error);

/* Error and notice fields; each NULL when absent (every one of them may be: CVE-2026-6666). */
struct wire_error {
	const char *severity, *severity_plain, *sqlstate, *message, *detail, *hint, *position;
	const char *internal_position, *internal_query, *where, *schema, *table, *column, *type,
		*constraint, *file, *line, *routine;
};
int wire_read_error(const uint8_t *body, size_t n, struct wire_error *out, const char **error);
int wire_read_parameter_status(
	const uint8_t *body, size_t n, const char **name, const char **value);

/* Rows of a CommandComplete tag ("INSERT 0 5" -> 5), -1 when the tag has none. */
int64_t wire_tag_rows(const char *tag);

/* Writers append one whole message.  type is BACKEND_ERROR_RESPONSE or BACKEND_NOTICE_RESPONSE. */
void wire_put_error(struct buffer *out, uint8_t type, const struct wire_error *error);
void wire_put_command_complete(struct buffer *out, const char *tag);
void wire_put_ready(struct buffer *out, char status);
void wire_put_empty(struct buffer *out, uint8_t type); /* ParseComplete, NoData, Sync, Flush, ... */
void wire_put_query(struct buffer *out, const char *text);
/* types NULL: no parameter types given. */
void wire_put_parse(struct buffer *out, const char *statement, const char *text,
	const uint8_t *types, size_t types_len);
/* Text-format parameters and results; NULL parameters are NULL. */
void wire_put_bind(struct buffer *out, const char *portal, const char *statement,
	const char *const *parameters, size_t n);
void wire_put_execute(struct buffer *out, const char *portal, uint32_t rows);
void wire_put_close(struct buffer *out, char kind, const char *name);

/* DataRow body: value of column i in text; *value NULL for SQL NULL.  0 or -1. */
int wire_read_data_row(
	const uint8_t *body, size_t n, unsigned column, const char **value, size_t *len);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading.  A reader walks one body: take_* advance it, and the first that finds too little
 * leaves it failed, so a message is read field by field and judged once, at the end.
 */
#include "wire.h"

#include <string.h>

/* PQ_LARGE_MESSAGE_LIMIT of PostgreSQL (MaxAllocSize - 1), on the length word: 4 + body. */
enum { LARGE_MESSAGE_BYTES_MAX = 0x3ffffffe };

#define LENGTH_MAX(bytes_max) ((bytes_max) == 0 ? LARGE_MESSAGE_BYTES_MAX : (bytes_max))

/* 0: no such type. */
static const uint32_t frontend_length_max[256] = {
#define FRONTEND(type, name, bytes_max) [type] = LENGTH_MAX(bytes_max),
#include "messages.def"
};

static const bool backend_known[256] = {
#define BACKEND(type, name) [type] = true,
#include "messages.def"
};

static const char invalid_string[] = "invalid string in message";
static const char invalid_format[] = "invalid message format";

ssize_t wire_decode_frontend(
	const uint8_t *p, size_t n, struct wire_header *out, const char **error)
{
	uint32_t length;

	if (n == 0)
		return 0;
	if (frontend_length_max[p[0]] == 0) {
		*error = "invalid frontend message type";
		return -1;
	}
	if (n < WIRE_HEADER_BYTES)
		return 0;
	length = wire_u32(p + 1);
	if (length < 4 || length > frontend_length_max[p[0]]) {
		*error = "invalid message length";
		return -1;
	}
	*out = (struct wire_header){.type = p[0], .body = length - 4};
	return WIRE_HEADER_BYTES;
}

ssize_t wire_decode_backend(const uint8_t *p, size_t n, struct wire_header *out, const char **error)
{
	uint32_t length;

	if (n == 0)
		return 0;
	if (!backend_known[p[0]]) {
		*error = "invalid backend message type";
		return -1;
	}
	if (n < WIRE_HEADER_BYTES)
		return 0;
	length = wire_u32(p + 1);
	if (length < 4 || length > INT32_MAX) { /* the length is signed on the wire */
		*error = "invalid message length";
		return -1;
	}
	*out = (struct wire_header){.type = p[0], .body = length - 4};
	return WIRE_HEADER_BYTES;
}

struct reader {
	const uint8_t *p, *end;
	const char *error; /* the first that was found */
};

static struct reader read_body(const uint8_t *body, size_t n)
{
	return (struct reader){.p = body, .end = body + n};
}

static void fail(struct reader *reader, const char *error)
{
	if (reader->error == NULL)
		reader->error = error;
	reader->p = reader->end;
}

static const uint8_t *take_bytes(struct reader *reader, size_t n)
{
	const uint8_t *p = reader->p;

	if ((size_t)(reader->end - p) < n) {
		fail(reader, "insufficient data left in message");
		return NULL;
	}
	reader->p += n;
	return p;
}

static uint8_t take_u8(struct reader *reader)
{
	const uint8_t *p = take_bytes(reader, 1);

	return p == NULL ? 0 : p[0];
}

static uint16_t take_u16(struct reader *reader)
{
	const uint8_t *p = take_bytes(reader, 2);

	return p == NULL ? 0 : (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t take_u32(struct reader *reader)
{
	const uint8_t *p = take_bytes(reader, 4);

	return p == NULL ? 0 : wire_u32(p);
}

/* Never NULL: "" after a failure. */
static const char *take_string(struct reader *reader)
{
	const uint8_t *p = reader->p;
	const uint8_t *nul = p == reader->end ? NULL : memchr(p, 0, (size_t)(reader->end - p));

	if (nul == NULL) {
		fail(reader, invalid_string);
		return "";
	}
	reader->p = nul + 1;
	return (const char *)p;
}

/* As pq_getmsgend: bytes left over are as bad as bytes missing. */
static int finish(struct reader *reader, const char **error)
{
	if (reader->p != reader->end)
		fail(reader, invalid_format);
	*error = reader->error;
	return reader->error == NULL ? 0 : -1;
}

int wire_read_query(
	const uint8_t *body, size_t n, const char **text, size_t *len, const char **error)
{
	struct reader reader = read_body(body, n);

	*text = take_string(&reader);
	*len = (size_t)(reader.p - body) - (n > 0);
	return finish(&reader, error);
}

int wire_read_parse(const uint8_t *body, size_t n, struct wire_parse *out, const char **error)
{
	struct reader reader = read_body(body, n);

	out->statement = take_string(&reader);
	out->text = take_string(&reader);
	out->types = reader.p;
	out->types_len = (size_t)(reader.end - reader.p);
	take_bytes(&reader, (size_t)take_u16(&reader) * 4);
	if (finish(&reader, error) != 0)
		return -1;
	out->text_len = (size_t)((const char *)out->types - out->text) - 1;
	return 0;
}

uint32_t wire_type_at(const uint8_t *types, size_t types_len, size_t i)
{
	return types_len < 2 + 4 * (i + 1) ? 0 : wire_u32(types + 2 + 4 * i);
}

/* What follows the names is values; the server checks them. */
int wire_read_bind(const uint8_t *body, size_t n, struct wire_bind *out, const char **error)
{
	struct reader reader = read_body(body, n);

	out->portal = take_string(&reader);
	out->statement = take_string(&reader);
	out->values = reader.p;
	out->values_len = (size_t)(reader.end - reader.p);
	reader.p = reader.end;
	return finish(&reader, error);
}

/* One format is for all parameters, none is text for all. */
static bool is_binary(const uint8_t *formats, size_t n_formats, size_t i)
{
	const uint8_t *format = formats + 2 * (n_formats == 1 ? 0 : i);

	return n_formats > 0 && (format[0] << 8 | format[1]) != 0;
}

static void take_value(struct reader *reader, struct wire_value *out)
{
	uint32_t len = take_u32(reader);

	out->null = len == UINT32_MAX;
	out->len = out->null ? 0 : len;
	out->bytes = take_bytes(reader, out->len);
}

int wire_read_values(const struct wire_bind *bind, struct wire_value *out, size_t max, size_t *n)
{
	struct reader reader = read_body(bind->values, bind->values_len);
	size_t n_formats = take_u16(&reader);
	const uint8_t *formats = take_bytes(&reader, 2 * n_formats);

	*n = take_u16(&reader);
	if (reader.error != NULL || *n > max || (n_formats > 1 && n_formats != *n))
		return -1;
	for (size_t i = 0; i < *n; i++) {
		take_value(&reader, &out[i]);
		out[i].binary = is_binary(formats, n_formats, i);
	}
	return reader.error == NULL ? 0 : -1;
}

int wire_read_execute(const uint8_t *body, size_t n, struct wire_target *out, const char **error)
{
	struct reader reader = read_body(body, n);

	out->kind = 0;
	out->name = take_string(&reader);
	out->rows = take_u32(&reader);
	return finish(&reader, error);
}

int wire_read_describe_or_close(
	const uint8_t *body, size_t n, struct wire_target *out, const char **error)
{
	struct reader reader = read_body(body, n);

	out->kind = (char)take_u8(&reader);
	if (out->kind != 'S' && out->kind != 'P')
		fail(&reader, "invalid message subtype");
	out->name = take_string(&reader);
	out->rows = 0;
	return finish(&reader, error);
}

/* Codes that we do not know are skipped, as the protocol asks. */
static void set_field(struct wire_error *out, uint8_t code, const char *value)
{
	switch (code) {
#define ERROR_FIELD(c, member)                                                                     \
	case c:                                                                                    \
		out->member = value;                                                               \
		break;
#include "error_fields.def"
	}
}

int wire_read_error(const uint8_t *body, size_t n, struct wire_error *out, const char **error)
{
	struct reader reader = read_body(body, n);
	uint8_t code;

	*out = (struct wire_error){0};
	while ((code = take_u8(&reader)) != 0)
		set_field(out, code, take_string(&reader));
	return finish(&reader, error);
}

int wire_read_parameter_status(const uint8_t *body, size_t n, const char **name, const char **value)
{
	struct reader reader = read_body(body, n);
	const char *error;

	*name = take_string(&reader);
	*value = take_string(&reader);
	return finish(&reader, &error);
}

int64_t wire_tag_rows(const char *tag)
{
	const char *last = strrchr(tag, ' ');
	int64_t rows = 0;

	if (last == NULL || last[1] == '\0')
		return -1;
	for (const char *p = last + 1; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || rows > (INT64_MAX - 9) / 10)
			return -1;
		rows = rows * 10 + (*p - '0');
	}
	return rows;
}

int wire_read_data_row(
	const uint8_t *body, size_t n, unsigned column, const char **value, size_t *len)
{
	struct reader reader = read_body(body, n);
	unsigned columns = take_u16(&reader);

	if (column >= columns)
		return -1;
	for (unsigned i = 0;; i++) {
		uint32_t length = take_u32(&reader);
		bool null = length == UINT32_MAX; /* -1, the one negative length that is legal */
		const uint8_t *bytes = take_bytes(&reader, null ? 0 : length);

		if (reader.error != NULL)
			return -1;
		if (i == column) {
			*value = null ? NULL : (const char *)bytes;
			*len = null ? 0 : length;
			return 0;
		}
	}
}

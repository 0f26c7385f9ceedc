/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bytes as a stream of frames in either direction: no length may lead out of the input, and what
 * a reader accepts stands inside the body.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* strlen reads every byte up to the end of a string that must lie inside [body, body + n). */
static void check_string(const uint8_t *body, size_t n, const char *text)
{
	const char *start = (const char *)body;

	check(text >= start && text + strlen(text) < start + n);
}

static void check_values(const struct wire_bind *bind, const uint8_t *end)
{
	struct wire_value values[16];
	size_t n;

	if (wire_read_values(bind, values, 16, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		check(values[i].bytes >= bind->values && values[i].bytes + values[i].len <= end);
}

static void read_all(const uint8_t *body, size_t n)
{
	const char *error, *text, *value;
	size_t len;
	struct wire_parse parse;
	struct wire_bind bind;
	struct wire_target target;
	struct wire_error fields;

	if (wire_read_query(body, n, &text, &len, &error) == 0)
		check(len == n - 1 && strlen(text) == len);
	if (wire_read_parse(body, n, &parse, &error) == 0) {
		check(strlen(parse.text) == parse.text_len);
		check(parse.types + parse.types_len == body + n && parse.types_len >= 2);
	}
	if (wire_read_bind(body, n, &bind, &error) == 0) {
		check_string(body, n, bind.portal);
		check_string(body, n, bind.statement);
		check_values(&bind, body + n);
	}
	if (wire_read_execute(body, n, &target, &error) == 0)
		check(strlen(target.name) + 5 == n);
	if (wire_read_describe_or_close(body, n, &target, &error) == 0)
		check(strlen(target.name) + 2 == n);
	if (wire_read_parameter_status(body, n, &text, &value) == 0)
		check(strlen(text) + strlen(value) + 2 == n);
	if (wire_read_error(body, n, &fields, &error) == 0 && fields.message != NULL)
		check_string(body, n, fields.message);
	for (unsigned column = 0; column < 4; column++)
		if (wire_read_data_row(body, n, column, &text, &len) == 0 && text != NULL)
			check((const uint8_t *)text >= body && len <= n &&
				(const uint8_t *)text + len <= body + n);
	if (n > 0 && memchr(body, 0, n) != NULL)
		check(wire_tag_rows((const char *)body) >= -1);
}

/* What was read from an error and written again must read the same. */
static void write_again(const uint8_t *body, size_t n)
{
	struct wire_error fields, again;
	struct buffer out = {0};
	const char *error;

	if (wire_read_error(body, n, &fields, &error) != 0)
		return;
	wire_put_error(&out, BACKEND_ERROR_RESPONSE, &fields);
	check(wire_read_error(buffer_at(&out) + WIRE_HEADER_BYTES,
		      buffer_len(&out) - WIRE_HEADER_BYTES, &again, &error) == 0);
#define ERROR_FIELD(code, member)                                                                  \
	check(fields.member == NULL ||                                                             \
		(again.member != NULL && strcmp(fields.member, again.member) == 0));
#include "error_fields.def"
	buffer_clear(&out);
}

typedef ssize_t decode(const uint8_t *p, size_t n, struct wire_header *out, const char **error);

static void walk(decode *decode, const uint8_t *p, size_t n)
{
	struct wire_header header;
	const char *error;

	while (decode(p, n, &header, &error) > 0) {
		p += WIRE_HEADER_BYTES;
		n -= WIRE_HEADER_BYTES;
		if (n < header.body)
			return;
		read_all(p, header.body);
		write_again(p, header.body);
		p += header.body;
		n -= header.body;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(wire_decode_frontend, data, size);
	walk(wire_decode_backend, data, size);
	read_all(data, size);
	write_again(data, size);
	return 0;
}

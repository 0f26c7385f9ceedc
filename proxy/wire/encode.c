/* SPDX-License-Identifier: PostgreSQL */
/* Writing.  begin() leaves room for the length, which end() fills in. */
#include "wire.h"

#include <assert.h>
#include <string.h>

static void put_u8(struct buffer *out, uint8_t value)
{
	buffer_append(out, &value, 1);
}

static void put_u16(struct buffer *out, uint16_t value)
{
	uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	buffer_append(out, bytes, sizeof(bytes));
}

static void put_u32(struct buffer *out, uint32_t value)
{
	wire_set_u32(buffer_reserve(out, 4), value);
	buffer_grew(out, 4);
}

static void put_string(struct buffer *out, const char *text)
{
	buffer_append(out, text, strlen(text) + 1);
}

/* Returns where the message starts, counted from the buffer's start: its memory may move. */
static size_t begin(struct buffer *out, uint8_t type)
{
	size_t at = buffer_len(out);

	put_u8(out, type);
	put_u32(out, 0);
	return at;
}

static void end(struct buffer *out, size_t at)
{
	size_t length = buffer_len(out) - at - 1;

	assert(length <= INT32_MAX);
	wire_set_u32(buffer_at(out) + at + 1, (uint32_t)length);
}

static void put_field(struct buffer *out, uint8_t code, const char *value)
{
	if (value == NULL)
		return;
	put_u8(out, code);
	put_string(out, value);
}

/* Clients count on S, C and M (pgbouncer's CVE-2026-6666 is one that did), so those are never left
 * out. */
void wire_put_error(struct buffer *out, uint8_t type, const struct wire_error *error)
{
	struct wire_error full = *error;
	size_t at = begin(out, type);

	if (full.severity == NULL)
		full.severity = type == BACKEND_ERROR_RESPONSE ? "ERROR" : "NOTICE";
	if (full.severity_plain == NULL)
		full.severity_plain = full.severity;
	if (full.sqlstate == NULL)
		full.sqlstate = type == BACKEND_ERROR_RESPONSE ? "XX000" : "00000";
	if (full.message == NULL)
		full.message = "";
#define ERROR_FIELD(code, member) put_field(out, code, full.member);
#include "error_fields.def"
	put_u8(out, 0);
	end(out, at);
}

static void put_strings(struct buffer *out, uint8_t type, const char *text)
{
	size_t at = begin(out, type);

	put_string(out, text);
	end(out, at);
}

void wire_put_command_complete(struct buffer *out, const char *tag)
{
	put_strings(out, BACKEND_COMMAND_COMPLETE, tag);
}

void wire_put_query(struct buffer *out, const char *text)
{
	put_strings(out, FRONTEND_QUERY, text);
}

void wire_put_ready(struct buffer *out, char status)
{
	size_t at = begin(out, BACKEND_READY_FOR_QUERY);

	put_u8(out, (uint8_t)status);
	end(out, at);
}

void wire_put_empty(struct buffer *out, uint8_t type)
{
	end(out, begin(out, type));
}

void wire_put_parse(struct buffer *out, const char *statement, const char *text,
	const uint8_t *types, size_t types_len)
{
	size_t at = begin(out, FRONTEND_PARSE);

	put_string(out, statement);
	put_string(out, text);
	if (types == NULL)
		put_u16(out, 0);
	else
		buffer_append(out, types, types_len);
	end(out, at);
}

static void put_value(struct buffer *out, const char *value)
{
	if (value == NULL) {
		put_u32(out, UINT32_MAX);
		return;
	}
	put_u32(out, (uint32_t)strlen(value));
	buffer_append(out, value, strlen(value));
}

void wire_put_bind(struct buffer *out, const char *portal, const char *statement,
	const char *const *parameters, size_t n)
{
	size_t at = begin(out, FRONTEND_BIND);

	assert(n <= UINT16_MAX);
	put_string(out, portal);
	put_string(out, statement);
	put_u16(out, 0); /* all parameters in text format */
	put_u16(out, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		put_value(out, parameters[i]);
	put_u16(out, 0); /* all results in text format */
	end(out, at);
}

void wire_put_execute(struct buffer *out, const char *portal, uint32_t rows)
{
	size_t at = begin(out, FRONTEND_EXECUTE);

	put_string(out, portal);
	put_u32(out, rows);
	end(out, at);
}

void wire_put_close(struct buffer *out, char kind, const char *name)
{
	size_t at = begin(out, FRONTEND_CLOSE);

	put_u8(out, (uint8_t)kind);
	put_string(out, name);
	end(out, at);
}

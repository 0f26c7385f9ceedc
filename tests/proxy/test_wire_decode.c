/* SPDX-License-Identifier: PostgreSQL */
/* Every body is also read cut at each of its bytes: it must fail there, and read nothing behind its
 * end. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* Bytes of a literal without its terminator. */
#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1
#define N(array) (sizeof(array) / sizeof((array)[0]))

typedef ssize_t decode_header(
	const uint8_t *p, size_t n, struct wire_header *out, const char **error);

Test(wire_decode, headers)
{
	static const struct {
		const char *what;
		decode_header *decode;
		const uint8_t *bytes;
		size_t n;
		ssize_t result;
		uint32_t body;
	} cases[] = {
		{"query", wire_decode_frontend, BYTES("Q\0\0\0\x0dSELECT 1\0"), 5, 9},
		{"sync", wire_decode_frontend, BYTES("S\0\0\0\4"), 5, 0},
		{"nothing", wire_decode_frontend, BYTES(""), 0, 0},
		{"unknown type, told by its first byte", wire_decode_frontend, BYTES("?"), -1, 0},
		{"a NUL is no type", wire_decode_frontend, BYTES("\0\0\0\0\4"), -1, 0},
		{"a backend's type", wire_decode_frontend, BYTES("Z\0\0\0\5I"), -1, 0},
		{"length 3", wire_decode_frontend, BYTES("Q\0\0\0\3"), -1, 0},
		{"length 0", wire_decode_frontend, BYTES("Q\0\0\0\0"), -1, 0},
		{"negative length", wire_decode_frontend, BYTES("Q\xff\xff\xff\xff"), -1, 0},
		{"largest large", wire_decode_frontend, BYTES("Q\x3f\xff\xff\xfe"), 5, 0x3ffffffa},
		{"1 GB - 1", wire_decode_frontend, BYTES("Q\x3f\xff\xff\xff"), -1, 0},
		{"largest small", wire_decode_frontend, BYTES("E\0\0\x27\x10"), 5, 9996},
		{"small type over 10,000", wire_decode_frontend, BYTES("E\0\0\x27\x11"), -1, 0},
		{"password of 65,535", wire_decode_frontend, BYTES("p\0\0\xff\xff"), 5, 65531},
		{"password of 65,536", wire_decode_frontend, BYTES("p\0\1\0\0"), -1, 0},
		{"ready", wire_decode_backend, BYTES("Z\0\0\0\5I"), 5, 1},
		{"data row of 2 GB - 1", wire_decode_backend, BYTES("D\x7f\xff\xff\xff"), 5,
			0x7ffffffb},
		{"data row of 2 GB", wire_decode_backend, BYTES("D\x80\0\0\0"), -1, 0},
		{"length 3", wire_decode_backend, BYTES("D\0\0\0\3"), -1, 0},
		{"a frontend's type", wire_decode_backend, BYTES("Q\0\0\0\4"), -1, 0},
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct wire_header header = {0};
		const char *error = NULL;
		ssize_t result = cases[i].decode(cases[i].bytes, cases[i].n, &header, &error);

		cr_expect_eq(result, cases[i].result, "%s: %zd", cases[i].what, result);
		cr_expect_eq(result < 0, error != NULL, "%s", cases[i].what);
		if (result > 0)
			cr_expect(header.type == cases[i].bytes[0] && header.body == cases[i].body,
				"%s: %u", cases[i].what, header.body);
	}
}

Test(wire_decode, a_header_cut_anywhere_needs_more)
{
	static const uint8_t query[] = {'Q', 0, 0, 0, 13};
	static const uint8_t ready[] = {'Z', 0, 0, 0, 5};
	struct wire_header header;
	const char *error;

	for (size_t n = 0; n < WIRE_HEADER_BYTES; n++) {
		cr_expect_eq(wire_decode_frontend(query, n, &header, &error), 0, "%zu", n);
		cr_expect_eq(wire_decode_backend(ready, n, &header, &error), 0, "%zu", n);
	}
}

typedef int read_one(const uint8_t *body, size_t n, const char **error);

static int read_query(const uint8_t *body, size_t n, const char **error)
{
	const char *text;
	size_t len;

	return wire_read_query(body, n, &text, &len, error);
}

static int read_parse(const uint8_t *body, size_t n, const char **error)
{
	struct wire_parse parse;

	return wire_read_parse(body, n, &parse, error);
}

static int read_bind(const uint8_t *body, size_t n, const char **error)
{
	struct wire_bind bind;

	return wire_read_bind(body, n, &bind, error);
}

static int read_execute(const uint8_t *body, size_t n, const char **error)
{
	struct wire_target target;

	return wire_read_execute(body, n, &target, error);
}

static int read_target(const uint8_t *body, size_t n, const char **error)
{
	struct wire_target target;

	return wire_read_describe_or_close(body, n, &target, error);
}

static int read_error(const uint8_t *body, size_t n, const char **error)
{
	struct wire_error fields;

	return wire_read_error(body, n, &fields, error);
}

static int read_parameter(const uint8_t *body, size_t n, const char **error)
{
	const char *name, *value;
	int result = wire_read_parameter_status(body, n, &name, &value);

	*error = result == 0 ? NULL : "bad";
	return result;
}

/* The bytes stand in a heap block of their own size, so that AddressSanitizer sees a read behind
 * them. */
static int read_exactly(read_one *read, const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	const char *error = NULL;
	int result;

	if (n > 0)
		memcpy(copy, bytes, n);
	result = read(copy, n, &error);
	cr_expect_eq(result == 0, error == NULL);
	free(copy);
	return result;
}

Test(wire_decode, bodies_whole_cut_and_too_long)
{
	static const struct {
		const char *what;
		read_one *read;
		const uint8_t *bytes;
		size_t n, shortest; /* from here on a cut is not seen: what follows is the server's
				       to check */
	} cases[] = {
		{"query", read_query, BYTES("SELECT 1\0"), 9},
		{"empty query", read_query, BYTES("\0"), 1},
		{"parse", read_parse, BYTES("s1\0SELECT $1\0\0\1\0\0\0\x17"), 19},
		{"parse without types", read_parse, BYTES("\0SELECT 1\0\0\0"), 12},
		{"bind", read_bind, BYTES("p\0s\0\0\0\0\0\0\0"), 4},
		{"execute", read_execute, BYTES("p\0\0\0\0\x0a"), 6},
		{"describe", read_target, BYTES("Sname\0"), 6},
		{"close", read_target, BYTES("P\0"), 2},
		{"error", read_error, BYTES("SERROR\0C42601\0Mwhy\0\0"), 19},
		{"error without fields", read_error, BYTES("\0"), 1},
		{"parameter", read_parameter, BYTES("TimeZone\0UTC\0"), 13},
	};

	for (size_t i = 0; i < N(cases); i++) {
		uint8_t longer[64];

		cr_expect_eq(read_exactly(cases[i].read, cases[i].bytes, cases[i].n), 0, "%s",
			cases[i].what);
		for (size_t n = 0; n < cases[i].shortest; n++)
			cr_expect_eq(read_exactly(cases[i].read, cases[i].bytes, n), -1,
				"%s cut at %zu", cases[i].what, n);
		if (cases[i].shortest < cases[i].n)
			continue;
		memcpy(longer, cases[i].bytes, cases[i].n);
		longer[cases[i].n] = 0;
		cr_expect_eq(read_exactly(cases[i].read, longer, cases[i].n + 1), -1,
			"%s and a byte more", cases[i].what);
	}
}

Test(wire_decode, what_is_no_body)
{
	static const struct {
		const char *what;
		read_one *read;
		const uint8_t *bytes;
		size_t n;
	} cases[] = {
		{"NUL inside a query", read_query, BYTES("SELECT 1\0; DROP TABLE t\0")},
		{"query not terminated", read_query, BYTES("SELECT 1")},
		{"parse with more types than bytes", read_parse, BYTES("\0x\0\xff\xff\0\0\0\1")},
		{"parse with fewer", read_parse, BYTES("\0x\0\0\0\0\0\0\1")},
		{"describe of neither", read_target, BYTES("Xname\0")},
		{"error field not terminated", read_error, BYTES("SERROR")},
		{"bytes behind an error", read_error, BYTES("SERROR\0\0C42601\0\0")},
	};

	for (size_t i = 0; i < N(cases); i++)
		cr_expect_eq(read_exactly(cases[i].read, cases[i].bytes, cases[i].n), -1, "%s",
			cases[i].what);
}

Test(wire_decode, values)
{
	struct wire_parse parse;
	struct wire_bind bind;
	struct wire_target target;
	struct wire_error fields;
	const char *text, *error;
	size_t len;

	cr_assert_eq(wire_read_query(BYTES("SELECT 1\0"), &text, &len, &error), 0);
	cr_expect(strcmp(text, "SELECT 1") == 0 && len == 8);
	cr_assert_eq(wire_read_parse(BYTES("s1\0abc\0\0\1\0\0\0\x17"), &parse, &error), 0);
	cr_expect_str_eq(parse.statement, "s1");
	cr_expect_str_eq(parse.text, "abc");
	cr_expect(parse.text_len == 3 && parse.types_len == 6 && parse.types[1] == 1);
	cr_assert_eq(wire_read_bind(BYTES("p\0s\0\0\0\0\0\0\0"), &bind, &error), 0);
	cr_expect(strcmp(bind.portal, "p") == 0 && strcmp(bind.statement, "s") == 0);
	cr_assert_eq(wire_read_execute(BYTES("p\0\0\0\1\2"), &target, &error), 0);
	cr_expect(target.kind == 0 && target.rows == 258 && strcmp(target.name, "p") == 0);
	cr_assert_eq(wire_read_describe_or_close(BYTES("Sn\0"), &target, &error), 0);
	cr_expect(target.kind == 'S' && strcmp(target.name, "n") == 0);
	cr_assert_eq(
		wire_read_error(BYTES("SFEHLER\0VERROR\0?new\0C42P01\0\0"), &fields, &error), 0);
	cr_expect_str_eq(fields.severity, "FEHLER");
	cr_expect_str_eq(fields.severity_plain, "ERROR");
	cr_expect_str_eq(fields.sqlstate, "42P01");
	cr_expect_null(fields.message);
}

Test(wire_decode, values_of_a_bind)
{
	static const struct {
		const char *body;
		size_t len;
		int status;
		const char *values; /* one letter each: n null, t text, b binary */
	} cases[] = {
#define CASE(body, status, values) {body, sizeof(body) - 1, status, values}
		CASE("\0\0\0\0\0\0\0\0", 0, ""),
		CASE("\0\0\0\0\0\1\0\0\0\1x\0\0", 0, "t"),
		CASE("\0\0\0\1\0\1\0\2\0\0\0\1x\377\377\377\377\0\0", 0, "bn"),
		CASE("\0\0\0\2\0\0\0\1\0\2\0\0\0\0\0\0\0\1x\0\0", 0, "tb"),
		CASE("\0\0\0\0\0\5", -1, ""), /* more than there is room for */
		CASE("\0\0\0\2\0\0\0\1\0\1\0\0\0\0\0\0", -1, ""), /* formats for others */
		CASE("\0\0\0\0\0\1\0\0\0\2x", -1, ""),
		CASE("\0\0\0\0", -1, ""),
#undef CASE
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_bind bind;
		struct wire_value values[4];
		const char *error;
		size_t n = 0;

		cr_assert_eq(
			wire_read_bind((const uint8_t *)cases[i].body, cases[i].len, &bind, &error),
			0);
		cr_assert_eq(
			wire_read_values(&bind, values, 4, &n), cases[i].status, "case %zu", i);
		if (cases[i].status != 0)
			continue;
		cr_assert_eq(n, strlen(cases[i].values), "case %zu", i);
		for (size_t v = 0; v < n; v++)
			cr_expect_eq(cases[i].values[v],
				values[v].null     ? 'n'
				: values[v].binary ? 'b'
						   : 't',
				"case %zu", i);
	}
}

Test(wire_decode, tags)
{
	static const struct {
		const char *tag;
		int64_t rows;
	} cases[] = {
		{"INSERT 0 5", 5},
		{"SELECT 0", 0},
		{"UPDATE 9223372036854775799", 9223372036854775799},
		{"COPY 99999999999999999999", -1},
		{"CREATE TABLE", -1},
		{"BEGIN", -1},
		{"", -1},
		{"UPDATE ", -1},
		{"UPDATE -1", -1},
	};

	for (size_t i = 0; i < N(cases); i++)
		cr_expect_eq(wire_tag_rows(cases[i].tag), cases[i].rows, "%s", cases[i].tag);
}

Test(wire_decode, data_rows)
{
	static const char row[] = "\0\3\0\0\0\3abc\xff\xff\xff\xff\0\0\0\0";
	const uint8_t *body = (const uint8_t *)row;
	size_t n = sizeof(row) - 1, len;
	const char *value;

	cr_assert_eq(wire_read_data_row(body, n, 0, &value, &len), 0);
	cr_expect(len == 3 && memcmp(value, "abc", 3) == 0);
	cr_assert_eq(wire_read_data_row(body, n, 1, &value, &len), 0);
	cr_expect_null(value);
	cr_assert_eq(wire_read_data_row(body, n, 2, &value, &len), 0);
	cr_expect(value != NULL && len == 0);
	cr_expect_eq(wire_read_data_row(body, n, 3, &value, &len), -1);
	for (size_t cut = 0; cut < n; cut++)
		cr_expect_eq(wire_read_data_row(body, cut, 2, &value, &len), -1, "cut at %zu", cut);
	/* -1 is the one negative length: GHSA for pgproto3, CVE-2026-32286 */
	cr_expect_eq(wire_read_data_row(BYTES("\0\1\xff\xff\xff\xfe"), 0, &value, &len), -1);
	cr_expect_eq(wire_read_data_row(BYTES("\0\1\x80\0\0\0"), 0, &value, &len), -1);
}

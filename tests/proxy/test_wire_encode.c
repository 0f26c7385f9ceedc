/* SPDX-License-Identifier: PostgreSQL */
/* What is written is compared byte for byte, and read again where there is a reader. */
#include <criterion/criterion.h>
#include <string.h>

#include "wire.h"

static struct buffer out;

static void clear(void)
{
	buffer_clear(&out);
}

TestSuite(wire_encode, .fini = clear);

#define EXPECT_BYTES(literal)                                                                      \
	do {                                                                                       \
		cr_expect_eq(buffer_len(&out), sizeof(literal) - 1, "%zu", buffer_len(&out));      \
		cr_expect_eq(memcmp(buffer_at(&out), (literal), sizeof(literal) - 1), 0);          \
		buffer_clear(&out);                                                                \
	} while (0)

Test(wire_encode, messages)
{
	static const uint8_t types[] = {0, 1, 0, 0, 0, 23};
	static const char *const parameters[] = {"a", NULL};

	wire_put_command_complete(&out, "DROP TABLE");
	EXPECT_BYTES("C\0\0\0\x0f"
		     "DROP TABLE\0");
	wire_put_ready(&out, 'T');
	EXPECT_BYTES("Z\0\0\0\5T");
	wire_put_empty(&out, BACKEND_PARSE_COMPLETE);
	EXPECT_BYTES("1\0\0\0\4");
	wire_put_query(&out, "SELECT 1");
	EXPECT_BYTES("Q\0\0\0\x0dSELECT 1\0");
	wire_put_parse(&out, "s", "x", NULL, 0);
	EXPECT_BYTES("P\0\0\0\x0as\0x\0\0\0");
	wire_put_parse(&out, "", "x", types, sizeof(types));
	EXPECT_BYTES("P\0\0\0\x0d\0x\0\0\1\0\0\0\x17");
	wire_put_bind(&out, "p", "s", parameters, 2);
	EXPECT_BYTES("B\0\0\0\x17p\0s\0\0\0\0\2\0\0\0\1a\xff\xff\xff\xff\0\0");
	wire_put_execute(&out, "p", 7);
	EXPECT_BYTES("E\0\0\0\x0ap\0\0\0\0\7");
	wire_put_close(&out, 'S', "s");
	EXPECT_BYTES("C\0\0\0\7Ss\0");
}

Test(wire_encode, lengths_hold_when_the_buffer_moves)
{
	struct wire_header header;
	const char *error;
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	wire_put_ready(&out, 'I');
	buffer_consume(&out, 3);
	wire_put_query(&out, text);
	buffer_consume(&out, 3);
	cr_assert_eq(wire_decode_frontend(buffer_at(&out), buffer_len(&out), &header, &error), 5);
	cr_expect_eq(header.body, sizeof(text));
	cr_expect_eq(buffer_len(&out), WIRE_HEADER_BYTES + sizeof(text));
}

Test(wire_encode, errors_can_be_read_again)
{
	static const struct wire_error error = {.severity = "ERROR",
		.sqlstate = "PG001",
		.message = "no",
		.detail = "d",
		.hint = "h",
		.position = "7",
		.routine = "r"};
	struct wire_error again;
	const char *reason = NULL;

	wire_put_error(&out, BACKEND_ERROR_RESPONSE, &error);
	cr_assert_eq(wire_read_error(buffer_at(&out) + WIRE_HEADER_BYTES,
			     buffer_len(&out) - WIRE_HEADER_BYTES, &again, &reason),
		0, "%s", reason);
	cr_expect_str_eq(again.severity_plain, "ERROR");
	cr_expect_str_eq(again.sqlstate, "PG001");
	cr_expect_str_eq(again.message, "no");
	cr_expect_str_eq(again.detail, "d");
	cr_expect_str_eq(again.hint, "h");
	cr_expect_str_eq(again.position, "7");
	cr_expect_str_eq(again.routine, "r");
	cr_expect_null(again.table);
}

/* CVE-2026-6666: a client may count on the SQLSTATE. */
Test(wire_encode, errors_are_never_without_severity_sqlstate_and_message)
{
	static const struct wire_error nothing = {0};

	wire_put_error(&out, BACKEND_ERROR_RESPONSE, &nothing);
	EXPECT_BYTES("E\0\0\0\x1cSERROR\0VERROR\0CXX000\0M\0\0");
	wire_put_error(&out, BACKEND_NOTICE_RESPONSE, &nothing);
	EXPECT_BYTES("N\0\0\0\x1eSNOTICE\0VNOTICE\0C00000\0M\0\0");
}

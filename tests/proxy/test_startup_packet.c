/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "startup_packet.h"
#include "wire.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct buffer bytes;

static void clear(void)
{
	buffer_clear(&bytes);
}

TestSuite(startup_packet, .fini = clear);

static void put(uint32_t length, uint32_t code, const void *rest, size_t n)
{
	uint8_t head[8];

	buffer_clear(&bytes);
	wire_set_u32(head, length);
	wire_set_u32(head + 4, code);
	buffer_append(&bytes, head, sizeof(head));
	buffer_append(&bytes, rest, n);
}

static ssize_t decode(struct startup_packet *packet)
{
	const char *error = NULL;
	ssize_t n = startup_decode(buffer_at(&bytes), buffer_len(&bytes), packet, &error);

	cr_expect_eq(n < 0, error != NULL);
	return n;
}

enum {
	V3 = 3 << 16,
	CANCEL = 80877102,
	SSL_REQUEST = 80877103,
	GSSENC = 80877104,
};

Test(startup_packet, kinds_and_lengths)
{
	static const struct {
		const char *what;
		uint32_t length, code;
		const char *rest;
		size_t n;
		ssize_t result;
		enum startup_kind kind;
	} cases[] = {
		{"SSLRequest", 8, SSL_REQUEST, "", 0, 8, STARTUP_SSL_REQUEST},
		{"SSLRequest and bytes behind", 8, SSL_REQUEST, "x", 1, 8, STARTUP_SSL_REQUEST},
		{"long SSLRequest", 9, SSL_REQUEST, "x", 1, -1, 0},
		{"GSSENCRequest", 8, GSSENC, "", 0, 8, STARTUP_GSSENC_REQUEST},
		{"CancelRequest", 16, CANCEL, "\0\0\1\2abcd", 8, 16, STARTUP_CANCEL},
		{"CancelRequest of 3.2", 44, CANCEL, "\0\0\1\2abcdefghijklmnopqrstuvwxyz012345", 36,
			44, STARTUP_CANCEL},
		{"CancelRequest without a secret", 12, CANCEL, "\0\0\1\2", 4, -1, 0},
		{"CancelRequest with a short one", 15, CANCEL, "\0\0\1\2abc", 7, -1, 0},
		{"smallest StartupMessage", 9, V3, "\0", 1, 9, STARTUP_MESSAGE},
		{"user", 16, V3, "user\0a\0\0", 8, 16, STARTUP_MESSAGE},
		{"no terminator", 15, V3, "user\0a\0", 7, -1, 0},
		{"bytes behind the terminator", 17, V3, "user\0a\0\0x", 9, -1, 0},
		{"name without value", 14, V3, "user\0\0", 6, -1, 0},
		{"value not terminated", 14, V3, "user\0a", 6, -1, 0},
		{"no parameters at all", 8, V3, "", 0, -1, 0},
		{"protocol 2: for the caller to refuse", 9, 2 << 16, "x", 1, 9, STARTUP_MESSAGE},
		{"length 7", 7, V3, "", 0, -1, 0},
		{"length 0", 0, V3, "", 0, -1, 0},
		{"largest length, incomplete", 10004, V3, "", 0, 0, 0},
		{"one more", 10005, V3, "", 0, -1, 0},
		{"negative length", 0xffffffff, V3, "", 0, -1, 0},
		{"HTTP", 0x47455420, 0x2f204854, "TP/1.1", 6, -1, 0},
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct startup_packet packet;
		ssize_t result;

		put(cases[i].length, cases[i].code, cases[i].rest, cases[i].n);
		result = decode(&packet);
		cr_expect_eq(result, cases[i].result, "%s: %zd", cases[i].what, result);
		if (result > 0)
			cr_expect_eq(packet.kind, cases[i].kind, "%s", cases[i].what);
	}
}

Test(startup_packet, cut_anywhere_needs_more_and_reads_nothing_behind)
{
	static const char rest[] = "user\0me\0database\0db\0options\0-c a=b\0";
	struct startup_packet packet;
	const char *error;

	put(8 + sizeof(rest), V3, rest, sizeof(rest));
	for (size_t n = 0; n < buffer_len(&bytes); n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1);

		memcpy(copy, buffer_at(&bytes), n);
		cr_expect_eq(startup_decode(copy, n, &packet, &error), 0, "cut at %zu", n);
		free(copy);
	}
	cr_expect_eq(decode(&packet), (ssize_t)buffer_len(&bytes));
	cr_expect_eq(packet.n_parameters, 3);
}

Test(startup_packet, cancel_key)
{
	struct startup_packet packet;

	put(16, CANCEL, "\0\0\1\2abcd", 8);
	cr_assert_eq(decode(&packet), 16);
	cr_expect(packet.cancel_pid == 258 && packet.cancel_secret_len == 4);
	cr_expect_eq(memcmp(packet.cancel_secret, "abcd", 4), 0);
}

Test(startup_packet, a_longest_and_a_too_long_cancel_secret)
{
	struct startup_packet packet;
	char rest[4 + CANCEL_SECRET_MAX + 1] = {0};

	put(12 + CANCEL_SECRET_MAX, CANCEL, rest, 4 + CANCEL_SECRET_MAX);
	cr_expect_eq(decode(&packet), 12 + CANCEL_SECRET_MAX);
	put(13 + CANCEL_SECRET_MAX, CANCEL, rest, 5 + CANCEL_SECRET_MAX);
	cr_expect_eq(decode(&packet), -1);
}

Test(startup_packet, parameters_are_bounded)
{
	struct startup_packet packet;
	char rest[4 * (STARTUP_PARAMETERS_MAX + 1) + 1];

	for (size_t i = 0; i <= STARTUP_PARAMETERS_MAX; i++)
		memcpy(rest + 4 * i, "a\0b", 4);
	rest[4 * STARTUP_PARAMETERS_MAX] = '\0';
	put(9 + 4 * STARTUP_PARAMETERS_MAX, V3, rest, 4 * STARTUP_PARAMETERS_MAX + 1);
	cr_expect_gt(decode(&packet), 0);
	rest[4 * STARTUP_PARAMETERS_MAX] = 'a';
	rest[4 * STARTUP_PARAMETERS_MAX + 4] = '\0';
	put(9 + 4 * (STARTUP_PARAMETERS_MAX + 1), V3, rest, sizeof(rest));
	cr_expect_eq(decode(&packet), -1);
}

static struct startup_packet packet_of(const struct startup_parameter *parameters, size_t n)
{
	struct startup_packet packet = {.kind = STARTUP_MESSAGE, .major = 3, .n_parameters = n};

	memcpy(packet.parameters, parameters, n * sizeof(parameters[0]));
	return packet;
}

Test(startup_packet, values)
{
	static const struct startup_parameter parameters[] = {
		{"user", "first"},
		{"USER", "a setting, not the user"},
		{"Application_Name", "one"},
		{"application_name", "two"},
		{"_pq_.x", "1"},
	};
	struct startup_packet packet = packet_of(parameters, N(parameters));

	cr_expect_str_eq(startup_value(&packet, "user"), "first");
	cr_expect_str_eq(startup_value(&packet, "APPLICATION_NAME"), "two");
	cr_expect_null(startup_value(&packet, "database"));
	cr_expect_eq(startup_extensions(&packet), 1);
}

/* Every one of these made PostgreSQL 15 read SQL differently, or is not understood. */
Test(startup_packet, unsafe)
{
	static const struct {
		const char *name, *value;
		bool unsafe;
	} cases[] = {
		{"client_encoding", "UTF8", false}, {"client_encoding", "utf-8", false},
		{"client_encoding", "SJIS", true}, {"CLIENT_ENCODING", "SJIS", true},
		{"Client_Encoding", "'utf8'", false}, /* quotes are dropped from names */
		{"client_encoding", "", true},
		{"client-encoding", "SJIS", false}, /* dashes mean nothing outside options */
		{"standard_conforming_strings", "on", false},
		{"standard_conforming_strings", "oN", false},
		{"standard_conforming_strings", "TRUE", false},
		{"standard_conforming_strings", "t", false},
		{"standard_conforming_strings", "y", false},
		{"standard_conforming_strings", "1", false},
		{"standard_conforming_strings", "off", true},
		{"standard_conforming_strings", "0", true},
		{"standard_conforming_strings", "o", true},
		{"standard_conforming_strings", "", true},
		{"standard_conforming_strings", "trueish", true},
		{"STANDARD_conforming_strings", "no", true}, {"search_path", "evil", false},
		{"options", "", false}, {"options", "  ", false}, {"options", "-c geqo=off", false},
		{"options", "-cgeqo=off --work-mem=64MB", false},
		{"options", "-c statement_timeout=5s -c application_name=a\\ b", false},
		{"options", "-c standard_conforming_strings=off", true},
		{"options", "-cstandard_conforming_strings=off", true},
		{"options", "-c Standard-Conforming-Strings=off", true},
		{"options", "--standard_conforming_strings=off", true},
		{"options", "--standard-conforming-strings=0", true},
		{"options", "-c standard\\_conforming\\_strings=off", true},
		{"options", "\\-c standard_conforming_strings=off", true},
		{"options", "-\\c client_encoding=sjis", true},
		{"options", "\t-c\nclient_encoding=sjis", true},
		{"options", "\v-c\fclient_encoding=sjis", true},
		{"options", "-c geqo=off -c client_encoding=sjis", true},
		{"options", "-c client_encoding=utf8", false},
		{"options", "-c client_encoding=utf8 -c client_encoding=big5", true},
		/* a backslash makes the space part of the word: one assignment, of an odd value */
		{"options", "-c geqo=off\\ -c\\ client_encoding=sjis", false},
		/* other switches, clusters of them, and what is no switch */
		{"options", "-ec client_encoding=sjis", true},
		{"options", "-bc client_encoding=sjis", true}, {"options", "-e", true},
		{"options", "-d 5", true}, {"options", "--", true}, {"options", "-", true},
		{"options", "-c", true}, {"options", "-c geqo", true}, {"options", "--geqo", true},
		{"options", "word -c client_encoding=sjis", true},
		{"options", "-- -c client_encoding=sjis", true},
		{"options", "-c geqo=off\\", false},
		{"Options", "-c client_encoding=sjis",
			false}, /* no such setting: the server refuses it */
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct startup_parameter parameter = {cases[i].name, cases[i].value};
		struct startup_packet packet = packet_of(&parameter, 1);
		const char *reason = startup_unsafe(&packet);

		cr_expect_eq(reason != NULL, cases[i].unsafe, "%s=%s: %s", cases[i].name,
			cases[i].value, reason == NULL ? "safe" : reason);
	}
}

/* The last wins at the server, but every occurrence is judged here. */
Test(startup_packet, unsafe_among_duplicates)
{
	static const struct startup_parameter first[] = {
		{"client_encoding", "SJIS"}, {"client_encoding", "UTF8"}};
	static const struct startup_parameter last[] = {
		{"client_encoding", "UTF8"}, {"CLIENT_ENCODING", "SJIS"}};
	struct startup_packet packet = packet_of(first, 2);

	cr_expect_not_null(startup_unsafe(&packet));
	packet = packet_of(last, 2);
	cr_expect_not_null(startup_unsafe(&packet));
}

Test(startup_packet, options_of_every_length)
{
	static char value[WIRE_STARTUP_BYTES_MAX];
	struct startup_parameter parameter = {"options", value};

	for (size_t n = 0; n < sizeof(value) - 1; n += 499) {
		struct startup_packet packet = packet_of(&parameter, 1);

		memset(value, 'x', n);
		memcpy(value, "-c", n < 2 ? n : 2);
		value[n] = '\0';
		cr_expect_eq(startup_unsafe(&packet) == NULL, n == 0, "%zu", n);
	}
}

Test(startup_packet, replication)
{
	static const struct {
		const char *name, *value;
		bool yes;
	} cases[] = {
		{"replication", "database", true},
		{"replication", "on", true},
		{"replication", "true", true},
		{"replication", "yes", true},
		{"replication", "1", true},
		{"replication", "nonsense", true},
		{"Replication", "on", true},
		{"replication", "off", false},
		{"replication", "FALSE", false},
		{"replication", "n", false},
		{"replication", "0", false},
		{"user", "replication", false},
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct startup_parameter parameter = {cases[i].name, cases[i].value};
		struct startup_packet packet = packet_of(&parameter, 1);

		cr_expect_eq(startup_replication(&packet), cases[i].yes, "%s=%s", cases[i].name,
			cases[i].value);
	}
}

Test(startup_packet, encodings)
{
	static const struct {
		const char *names; /* separated by spaces */
		bool safe;
	} cases[] = {
		{"UTF8 utf8 UTF-8 utf_8 Unicode SQL_ASCII LATIN1 latin-10 ISO_8859_5 ISO-8859-16",
			true},
		{"EUC_JP euc-jis-2004 EUC_CN EUC_KR EUC_TW MULE_INTERNAL KOI8R koi8 WIN1252", true},
		{"windows-1251 WIN866 WIN874 alt win abc tcvn TCVN5712 VSCII", true},
		{"SJIS shift-jis Shift_JIS ShiftJIS MSKanji WIN932 windows932 Windows-932", false},
		{"SHIFT_JIS_2004 shiftjis2004 BIG5 big-5 WIN950 windows950 GBK gb-k WIN936", false},
		{"windows936 GB18030 gb_18030 UHC WIN949 windows949 JOHAB johab", false},
		{"EBCDIC utf9 utf8x \xc3\xbctf8 utf8\xff", false},
	};

	for (size_t i = 0; i < N(cases); i++) {
		char copy[256], *rest = copy, *name;

		snprintf(copy, sizeof(copy), "%s", cases[i].names);
		while ((name = strsep(&rest, " ")) != NULL)
			cr_expect_eq(encoding_is_safe(name), cases[i].safe, "%s", name);
	}
	cr_expect_not(encoding_is_safe(""));
	cr_expect_not(encoding_is_safe(
		"u-------------------------------------------------------------tf8"));
}

Test(startup_packet, written_ones_can_be_read)
{
	struct startup_packet packet;

	startup_put_ssl_request(&bytes);
	cr_assert_eq(decode(&packet), 8);
	cr_expect_eq(packet.kind, STARTUP_SSL_REQUEST);
	buffer_clear(&bytes);
	startup_put_cancel(&bytes, 77, (const uint8_t *)"secret", 6);
	cr_assert_eq(decode(&packet), 18);
	cr_expect(packet.kind == STARTUP_CANCEL && packet.cancel_pid == 77);
	cr_expect_eq(memcmp(packet.cancel_secret, "secret", 6), 0);
}

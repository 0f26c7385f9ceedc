/* SPDX-License-Identifier: PostgreSQL */
#include "log_chain.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "must.h"

static const char mac_member[] = ",\"mac\":\"";
static const char closing[] = "\"}";

enum {
	MEMBER_BYTES = sizeof(mac_member) - 1,
	CLOSING_BYTES = sizeof(closing) - 1,
	TAIL_BYTES = MEMBER_BYTES + LOG_MAC_HEX_BYTES + CLOSING_BYTES,
};

struct log_mac log_mac_of(
	const struct log_key *key, const struct log_mac *previous, const char *body, size_t len)
{
	unsigned char *message = must(malloc(LOG_MAC_BYTES + len));
	struct log_mac mac;

	memcpy(message, previous->bytes, LOG_MAC_BYTES);
	memcpy(message + LOG_MAC_BYTES, body, len);
	if (HMAC(EVP_sha256(), key->bytes, (int)key->len, message, LOG_MAC_BYTES + len, mac.bytes,
		    NULL) == NULL) {
		fputs("HMAC-SHA-256 is not available\n", stderr);
		exit(1);
	}
	free(message);
	return mac;
}

bool log_mac_equal(const struct log_mac *a, const struct log_mac *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, LOG_MAC_BYTES) == 0;
}

static const char digits[] = "0123456789abcdef";

void log_mac_to_hex(const struct log_mac *mac, char hex[LOG_MAC_HEX_BYTES + 1])
{
	for (size_t i = 0; i < LOG_MAC_BYTES; i++) {
		hex[2 * i] = digits[mac->bytes[i] >> 4];
		hex[2 * i + 1] = digits[mac->bytes[i] & 15];
	}
	hex[LOG_MAC_HEX_BYTES] = '\0';
}

static int digit_value(char c)
{
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

bool log_mac_from_hex(const char *hex, size_t len, struct log_mac *mac)
{
	if (len != LOG_MAC_HEX_BYTES)
		return false;
	for (size_t i = 0; i < LOG_MAC_BYTES; i++) {
		int high = digit_value(hex[2 * i]), low = digit_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		mac->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

char *log_line_seal(const struct log_key *key, const struct log_mac *previous, const char *object,
	size_t *len, struct log_mac *mac)
{
	size_t body_len = strlen(object) - 1; /* without the closing brace */
	char hex[LOG_MAC_HEX_BYTES + 1];
	char *line = must(malloc(body_len + TAIL_BYTES + 2));

	*mac = log_mac_of(key, previous, object, body_len);
	log_mac_to_hex(mac, hex);
	memcpy(line, object, body_len);
	*len = body_len + (size_t)sprintf(line + body_len, "%s%s%s\n", mac_member, hex, closing);
	return line;
}

bool log_line_split(const char *line, size_t len, size_t *body_len, struct log_mac *mac)
{
	const char *tail;

	if (len <= TAIL_BYTES)
		return false;
	tail = line + len - TAIL_BYTES;
	*body_len = len - TAIL_BYTES;
	return memcmp(tail, mac_member, MEMBER_BYTES) == 0 &&
	       memcmp(line + len - CLOSING_BYTES, closing, CLOSING_BYTES) == 0 &&
	       log_mac_from_hex(tail + MEMBER_BYTES, LOG_MAC_HEX_BYTES, mac);
}

uint64_t log_line_seq(const char *line, size_t len)
{
	json_t *record = json_loadb(line, len, 0, NULL);
	json_int_t seq = json_integer_value(json_object_get(record, "seq"));

	json_decref(record);
	return seq > 0 ? (uint64_t)seq : 0;
}

bool log_line_start(const char *line, size_t len, struct log_record_start *out)
{
	json_t *record = json_loadb(line, len, 0, NULL);
	const char *event = json_string_value(json_object_get(record, "event"));
	const char *file = json_string_value(json_object_get(record, "previous_file"));
	const char *mac = json_string_value(json_object_get(record, "previous_mac"));
	bool start = false;

	memset(out, 0, sizeof(*out));
	if (event != NULL && strcmp(event, "genesis") == 0) {
		start = out->genesis = true;
	} else if (event != NULL && strcmp(event, "continue") == 0 && mac != NULL) {
		start = log_mac_from_hex(mac, strlen(mac), &out->previous.mac);
		out->previous.seq =
			(uint64_t)json_integer_value(json_object_get(record, "previous_seq"));
		snprintf(out->previous_file, sizeof(out->previous_file), "%s",
			file != NULL ? file : "?");
	}
	json_decref(record);
	return start;
}

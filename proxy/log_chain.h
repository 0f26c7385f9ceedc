/* SPDX-License-Identifier: PostgreSQL */
/*
 * How records of the policy log hang together; shared by the writer and the verifier.  A record is
 * one line, a JSON object whose last member is "mac":
 *   mac = HMAC-SHA-256(key, mac of the record before || the line up to the comma before "mac")
 * The first record of a chain follows a mac of zeros.  Pure: no files, no clock.
 */
#ifndef LOG_CHAIN_H
#define LOG_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_MAC_BYTES = 32, LOG_MAC_HEX_BYTES = 2 * LOG_MAC_BYTES, LOG_KEY_BYTES_MAX = 1024 };

struct log_key {
	unsigned char bytes[LOG_KEY_BYTES_MAX];
	size_t len;
};

struct log_mac {
	unsigned char bytes[LOG_MAC_BYTES];
};

/* The last record of a file: what the next one is chained to. */
struct log_position {
	uint64_t seq; /* 0: no record yet */
	struct log_mac mac;
};

struct log_mac log_mac_of(
	const struct log_key *key, const struct log_mac *previous, const char *body, size_t len);
bool log_mac_equal(const struct log_mac *a, const struct log_mac *b);
void log_mac_to_hex(const struct log_mac *mac, char hex[LOG_MAC_HEX_BYTES + 1]);
/* false when hex is not LOG_MAC_HEX_BYTES lower-case digits. */
bool log_mac_from_hex(const char *hex, size_t len, struct log_mac *mac);

/*
 * Closes a record: object is a JSON object in one line.  Returns the line with its mac and a line
 * feed, malloc'ed, its length in *len and its mac in *mac.
 */
char *log_line_seal(const struct log_key *key, const struct log_mac *previous, const char *object,
	size_t *len, struct log_mac *mac);

/* Takes a line (without line feed) apart.  false: it does not end in a mac. */
bool log_line_split(const char *line, size_t len, size_t *body_len, struct log_mac *mac);

/*
 * What a record, split before, is chained to when it is the first of its file: zeros for "genesis",
 * the mac it carries itself for "continue".  Returns false when it is neither.
 */
struct log_record_start {
	bool genesis;
	struct log_position previous; /* of "continue" */
	char previous_file[256]; /* likewise, as it was named then */
};
bool log_line_start(const char *line, size_t len, struct log_record_start *out);
/* Its sequence number; 0 when the line is not a record. */
uint64_t log_line_seq(const char *line, size_t len);

#endif

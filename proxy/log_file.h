/* SPDX-License-Identifier: PostgreSQL */
/*
 * The files of a policy log: PATH, the rotated PATH.1, PATH.2, ... (oldest first), and PATH.head,
 * which holds the number and mac of the last record so that a cut tail shows.  Every record
 * is there whole or not at all.  Not thread-safe: policy_log locks.
 */
#ifndef LOG_FILE_H
#define LOG_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "log_chain.h"

struct log_file {
	char *path;
	int fd;
	uint64_t size; /* end of the last whole record */
	bool torn; /* bytes stand behind it that could not be taken away yet */
	bool head_failing;
	unsigned rotated; /* PATH.<n> up to this n are taken */
	struct log_key key;
	struct log_position last;
};

/*
 * Opens or creates, takes the lock that keeps a second writer out, mends what a crash left and
 * says so in a record.  Returns 0, or -1 with *error malloc'ed and nothing left open.
 */
int log_file_open(struct log_file *file, const char *path, const struct log_key *key, char **error);
void log_file_close(struct log_file *file);

/* Sets "seq" and "time" of the record and appends it; sync: only back when it is on disk.  0 or -1
 * with errno. */
int log_file_append(struct log_file *file, json_t *record, bool sync);

/* Goes on in a new file, whose first record carries the chain over.  0, or -1: the old one stays in
 * use. */
int log_file_rotate(struct log_file *file, bool sync);

/* PATH.head.  false when it is not there or not readable. */
bool log_head_read(const char *path, struct log_position *out);

#endif

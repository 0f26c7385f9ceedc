/* SPDX-License-Identifier: PostgreSQL */
/*
 * The policy log: JSON lines chained by HMAC-SHA-256.  A record's "mac" covers the line before
 * it (its mac) and the record itself, so an edit, a removal, an insertion or a reordering shows
 * at its line.  Shared by all workers; every call is thread-safe and returns after the record is
 * where the fsync policy wants it.
 */
#ifndef POLICY_LOG_H
#define POLICY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "decide.h"

struct config;
struct policy_log;

/* Who said it.  All strings borrowed for the call, NULL when unknown. */
struct log_subject {
	uint64_t session;
	const char *client_address, *user, *database, *application, *tls_subject;
};

struct log_outcome {
	const char *sqlstate; /* "00000" on success */
	int64_t rows; /* -1 not known */
	int64_t duration_us;
	bool in_lane; /* backfill; then waited_us tells how long the lane held it */
	int64_t waited_us;
	const char *note; /* free text: "change 7 done in 41 batches"; or NULL */
};

/* Opens or creates the log, reads the key and the end of the chain.  NULL with *error (malloc'ed)
 * set. */
struct policy_log *policy_log_open(const struct config *config, char **error);
void policy_log_close(struct policy_log *log);
/* After SIGHUP: path, fsync policy and rotation of the new configuration; 0 or -1 with *error set
 * and the old ones kept. */
int policy_log_reconfigure(struct policy_log *log, const struct config *config, char **error);

/*
 * Write one decision.  Returns its sequence number (the id that users see), or 0 when it could
 * not be written; then the caller must refuse the statement.  Records of the backfill lane are
 * many and allow everything: they are written at once, but the disk is not waited for.
 */
uint64_t policy_log_decision(struct policy_log *log, const struct log_subject *subject,
	const struct stmts *stmts, const char *raw_text, size_t raw_len,
	const struct decision *decision, int64_t change_id, bool observe);

/* The outcome of decision `of`.  Returns its sequence number or 0. */
uint64_t policy_log_outcome(struct policy_log *log, const struct log_subject *subject, uint64_t of,
	const struct log_outcome *outcome);

/* Start, stop, reload, listener and mode: event is one word, detail a sentence. */
uint64_t policy_log_event(
	struct policy_log *log, const char *event, const char *detail, bool observe);

/*
 * Check the files in the order given (a rotated chain is carried over from file to file).
 * Prints what it finds to out; returns the number of faults, -1 when a file or key cannot be read.
 */
int policy_log_verify(const char *key_file, const char *const *paths, size_t n, FILE *out);

#endif

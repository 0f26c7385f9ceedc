/* SPDX-License-Identifier: PostgreSQL */
/*
 * The records of the policy log as JSON objects: what they say, not where they go.  Members stand
 * in a fixed order.  Long texts and lists are cut at the bounds below, and say so.
 */
#ifndef LOG_RECORD_H
#define LOG_RECORD_H

#include <jansson.h>

#include "policy_log.h"

enum { LOG_TEXT_BYTES_MAX = 16 * 1024, LOG_LIST_MAX = 64 };

/* Begins every record; "seq" and "time" are set when it is written. */
json_t *log_record_new(const char *event);

/* raw_text NULL: not wanted in the log.  stmts may be NULL or empty when the text could not be
 * parsed. */
json_t *log_record_decision(const struct log_subject *subject, const struct stmts *stmts,
	const char *raw_text, size_t raw_len, const struct decision *decision, int64_t change_id,
	bool observe);
json_t *log_record_outcome(
	const struct log_subject *subject, uint64_t of, const struct log_outcome *outcome);
json_t *log_record_event(const char *event, const char *detail, bool observe);

#endif

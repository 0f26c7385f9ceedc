/* SPDX-License-Identifier: PostgreSQL */
/* What the client reads from phasegate itself: errors that teach, notices that warn and tell
 * progress. */
#ifndef NOTICE_H
#define NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"
#include "wire.h"

struct arena;
struct change_outcome;
struct hold_answer;
struct session;

/* One NoticeResponse at once; detail may be NULL.  Nothing when notices are turned off. */
void notice_send(struct session *session, const char *severity, const char *sqlstate,
	const char *message, const char *detail);

/* One that is followed by others: left out while the client has not taken what it was sent before.
 */
void notice_progress(struct session *session, const char *text);

/* The error for a refused decision; names the policy log record.  Strings belong to the arena. */
struct wire_error notice_refusal(
	struct arena *arena, const struct decision *decision, uint64_t record);

/* The error for a statement that waits for an approval: which one, how, until when. */
struct wire_error notice_held(struct arena *arena, const struct decision *decision,
	const struct hold_answer *answer, uint64_t record);

/* The error for a change that did not finish. */
struct wire_error notice_change_error(
	struct arena *arena, const struct change_outcome *outcome, uint64_t record);

/* Append a NoticeResponse for each finding that warns. */
void notice_put_warnings(struct buffer *out, const struct decision *decision);

#endif

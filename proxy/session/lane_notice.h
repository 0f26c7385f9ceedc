/* SPDX-License-Identifier: PostgreSQL */
/* What a client is told while its transaction waits for the backfill lane. */
#ifndef LANE_NOTICE_H
#define LANE_NOTICE_H

#include <stdint.h>

struct lane_limits;
struct lane_standing;
struct session;

/* Its place, and what is waited for; waited_us: since it came.  May end the session. */
void lane_notice(struct session *session, const struct lane_standing *standing,
	const struct lane_limits *limits, int64_t waited_us);

#endif

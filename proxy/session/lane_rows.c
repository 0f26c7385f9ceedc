/* SPDX-License-Identifier: PostgreSQL */
/*
 * Backfill that nobody announced, known by what it wrote: much in one statement, or in a loop of
 * batches.  How many rows a statement will write only the planner could tell beforehand, and to ask
 * it of every UPDATE would cost all of them a round trip; so what was written is charged to the
 * lane, and what the session does next waits there until that is paid for.
 */
#include <string.h>

#include "config.h"
#include "gate_internal.h"
#include "lane.h"
#include "proxy.h"

static bool is_command(const char *tag, const char *command)
{
	return strncmp(tag, command, strlen(command)) == 0;
}

int64_t lane_rows_written(const char *tag)
{
	static const char *const writes[] = {"INSERT ", "UPDATE ", "DELETE ", "MERGE "};
	int64_t rows = 0;

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		if (is_command(tag, writes[i]))
			rows = wire_tag_rows(tag);
	return rows > 0 ? rows : 0;
}

/* INSERTs of a thousand rows are how dumps are loaded that have no COPY. */
static bool is_batch(const char *tag, int64_t rows)
{
	return rows >= LANE_LOOP_ROWS_MIN && !is_command(tag, "INSERT ");
}

/* What batches have written within a minute, this one included. */
static int64_t loop_rows(struct session *session, int64_t rows)
{
	struct lane_seat *seat = &session->lane;

	if (session->worker->tick - seat->loop_tick >= LANE_LOOP_SECONDS) {
		seat->loop_tick = session->worker->tick;
		seat->loop_rows = 0;
	}
	seat->loop_rows += rows;
	return seat->loop_rows;
}

/* Outside of the lane.  Returns how many rows are to be paid for, 0: none yet. */
static int64_t rows_to_charge(struct session *session, const char *tag, int64_t rows)
{
	struct lane_seat *seat = &session->lane;
	const int64_t large = session->config->lane.large_rows;

	if (rows < large && is_batch(tag, rows))
		rows = loop_rows(session, rows);
	seat->loops = rows >= large;
	if (!seat->loops)
		return 0;
	seat->loop_rows = 0;
	return rows;
}

/* In the lane it pays at once.  What came here for its rows comes again while it goes on like that.
 */
static bool goes_on(const struct session *session, const char *tag, int64_t rows)
{
	return session->lane.loops &&
	       (rows >= session->config->lane.large_rows || is_batch(tag, rows));
}

static void charge(struct session *session, int64_t rows)
{
	const struct lane_limits *limits = &session->config->lane.limits;
	struct lane_spending spent = {.rows = rows, .statements = 1};

	lane_spend(lanes_find(session->worker->proxy->lanes, session->identity.database), &spent,
		limits, clock_us());
}

/* COPY is how dumps are loaded, so it has to be asked for. */
void lane_large(struct session *session, const char *tag)
{
	int64_t rows = lane_rows_written(tag);

	if (session->config->lane.large_rows == 0 || rows == 0)
		return;
	if (session->lane.stay != NULL) {
		session->lane.owes |= goes_on(session, tag, rows);
		lane_refresh(session);
		return;
	}
	rows = rows_to_charge(session, tag, rows);
	if (rows == 0)
		return;
	session->lane.owes = true;
	lane_refresh(session);
	if (!session->config->policy.observe)
		charge(session, rows);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "lane_notice.h"

#include "arena.h"
#include "lane.h"
#include "notice.h"
#include "session.h"

static double seconds(int64_t us)
{
	return (double)us / 1000000;
}

static const char *others(struct arena *arena, unsigned n)
{
	if (n == 0)
		return "";
	return arena_printf(arena, ", behind %u other%s", n, n == 1 ? "" : "s");
}

/* The strictest first: what holds the lane holds it whatever else there is. */
static const char *reason(
	struct arena *arena, const struct lane_standing *standing, const struct lane_limits *limits)
{
	if (standing->held_by != NULL)
		return arena_printf(arena, "%s has held it for %.0f s", standing->held_by,
			seconds(standing->held_us));
	if (standing->running >= limits->concurrency)
		return arena_printf(
			arena, "%u under way, lane.concurrency lets in no more", standing->running);
	if (standing->paused_us > standing->paid_in_us)
		return arena_printf(arena, "%s keeps it waiting for %.1f s", standing->paused_by,
			seconds(standing->paused_us));
	if (standing->paid_in_us > 0)
		return arena_printf(arena, "what was written before is paid for in %.1f s",
			seconds(standing->paid_in_us));
	return "it is about to go on";
}

void lane_notice(struct session *session, const struct lane_standing *standing,
	const struct lane_limits *limits, int64_t waited_us)
{
	struct arena arena = {0};

	notice_progress(
		session, arena_printf(&arena, "phasegate: in the backfill lane for %.0f s%s: %s",
				 seconds(waited_us), others(&arena, standing->before),
				 reason(&arena, standing, limits)));
	arena_free(&arena);
}

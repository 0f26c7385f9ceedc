/* SPDX-License-Identifier: PostgreSQL */
/* How far a backfill is, how long it will take, and what holds it back. */
#include <math.h>

#include "batch.h"

/* A rate of the last half a minute, the time between batches counted in. */
static double renew_rate(struct fill *fill)
{
	const double memory_ms = 30000;
	int64_t now = engine_now_ms();
	double took_ms = (double)(now - fill->rate_ms), share;

	if (took_ms < 1)
		return fill->rate;
	share = fill->rate > 0 ? took_ms / (took_ms + memory_ms) : 1;
	fill->rate +=
		share * ((double)(fill->run->rows - fill->rate_rows) * 1000 / took_ms - fill->rate);
	fill->rate_ms = now;
	fill->rate_rows = fill->run->rows;
	return fill->rate;
}

static const char *left_text(struct arena *arena, double rows, double rate)
{
	double seconds = rate > 0 ? rows / rate : 0;

	if (seconds < 1)
		return "";
	if (seconds < 120)
		return arena_printf(arena, ", about %.0f s left", seconds);
	if (seconds < 2 * 3600)
		return arena_printf(arena, ", about %.0f min left", seconds / 60);
	return arena_printf(arena, ", about %.1f h left", seconds / 3600);
}

static const char *held_text(struct arena *arena, const struct signals *signals)
{
	enum signal_id top;
	int64_t held_ms = signals_held(signals, &top);

	if (held_ms < 1000)
		return "";
	return arena_printf(arena, "; held back for %.0f s, most by %s", (double)held_ms / 1000,
		signal_name(top));
}

void fill_say(struct fill *fill)
{
	struct run *run = fill->run;
	struct arena arena = {0};
	double rows = (double)run->rows, all = fill->est_rows > rows ? fill->est_rows : rows;
	/* Where there are more than was thought, nobody knows how many. */
	double percent = fill->est_rows >= rows ? rows * 100 / fmax(all, 1) : 99;
	double rate = renew_rate(fill);

	run_say(run, false, "%s %s: %s of about %s rows (%.0f %%), %s batches, %s rows/s%s%s",
		fill->way->doing, name_text(&arena, &fill->leaf->table), run_count(&arena, rows),
		run_count(&arena, all), percent, run_count(&arena, (double)run->batches),
		run_count(&arena, rate), left_text(&arena, all - rows, rate),
		held_text(&arena, &run->signals));
	arena_free(&arena);
}

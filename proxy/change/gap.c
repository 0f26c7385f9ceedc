/* SPDX-License-Identifier: PostgreSQL */
/*
 * Clients meet a batch the less, the fewer of them are at the server when it begins: to wait a
 * fraction of a millisecond for a gap between them costs a backfill less than to be smaller.
 */
#include <time.h>

#include "batch.h"

enum {
	GAP_MS_MAX = 100, /* there may be none */
	GAP_NAP_US = 100,
};

void fill_await_gap(struct fill *fill)
{
	const struct latency_board *board = fill->run->engine->latency;
	const struct timespec nap = {.tv_nsec = GAP_NAP_US * 1000L};
	int64_t until_ms = engine_now_ms() + GAP_MS_MAX;

	if (board == NULL || !signals_feel(&fill->run->signals))
		return;
	crowd_count(&fill->crowd, latency_waiting(board));
	while (latency_waiting(board) > crowd_few(&fill->crowd) && engine_now_ms() < until_ms)
		nanosleep(&nap, NULL);
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Keeps the lanes of this process in step with their databases: what their clients spent goes on
 * the account that all proxies and the change engine share, and what production says of how it
 * feels holds the lanes back like the engine's own batches.
 */
#ifndef LANE_KEEPER_H
#define LANE_KEEPER_H

struct change_engine;
struct lanes;

/* Until the engine stops.  lanes must live longer. */
void lane_keeper_start(struct change_engine *engine, struct lanes *lanes);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* What stands between a plan and the client whose statement it is for. */
#ifndef PLAN_OBSTACLE_H
#define PLAN_OBSTACLE_H

#include "decide.h"

/*
 * Why the plan of a statement cannot be carried out for this client, as the end of a sentence of
 * the input's or static; NULL: it can.  plan may be NULL: the statement has none as a whole.
 */
const char *plan_obstacle(const struct decide_input *input, const struct stmt *stmt,
	const struct plan *plan, const struct facts *facts);
/*
 * The client's transaction is read-only and the statement one that PostgreSQL refuses in it
 * (25006), while a session of ours would write.  Never of a file: nothing of it runs here.
 */
bool plan_writes_read_only(
	const struct decide_input *input, const struct stmt *stmt, const struct facts *facts);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* What statements about every row of a table share when they are carried out in batches. */
#ifndef RECIPE_BULK_H
#define RECIPE_BULK_H

struct planner;

/* Why its rows cannot be written in batches by an UPDATE or DELETE, planner->action's bulk; NULL:
 * they can. */
const char *bulk_table_obstacle(const struct planner *planner);
/* The step that does planner->action's bulk to the rows there are. */
void bulk_add(struct planner *planner);

extern const char bulk_not_deferrable[]; /* for planner_not_deferrable */

#endif

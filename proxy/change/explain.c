/* SPDX-License-Identifier: PostgreSQL */
/*
 * A batch must find its rows by the key or by their blocks.  Where it would read the whole table
 * each time, the change stops: it would take the square of the time.
 */
#include <jansson.h>
#include <string.h>

#include "batch.h"
#include "decide.h"

/* The scan of the table written to: behind ModifyTable, the first input all the way down. */
static json_t *scan_of_target(json_t *plans)
{
	json_t *node = json_object_get(json_array_get(plans, 0), "Plan"), *below;

	while ((below = json_array_get(json_object_get(node, "Plans"), 0)) != NULL &&
		(json_object_get(node, "Relation Name") == NULL ||
			strcmp(json_string_value(json_object_get(node, "Node Type")),
				"ModifyTable") == 0))
		node = below;
	return node;
}

static bool reads_it_all(const char *plan)
{
	json_t *plans = json_loads(plan, 0, NULL), *scan = scan_of_target(plans);
	const char *type = json_string_value(json_object_get(scan, "Node Type"));
	bool all = type != NULL && strcmp(type, "Seq Scan") == 0;

	json_decref(plans);
	return all;
}

/* The size decides about the plan, too. */
static bool looked_at(const struct fill *fill)
{
	int rows = fill->leaf->pace.rows;

	return fill->explained_rows > 0 && rows < fill->explained_rows * 4 &&
	       fill->explained_rows < rows * 4;
}

int fill_explain(struct fill *fill, struct arena *arena, const struct key_range *range)
{
	const char *sql, *plan;

	if (looked_at(fill))
		return 0;
	sql = fill->way->batch_sql(fill, arena, range, "EXPLAIN (FORMAT JSON) ");
	if (fill_look(fill->run, arena, sql, &plan) < 0)
		return -1;
	if (plan != NULL && reads_it_all(plan)) {
		control_fail(&fill->run->main, SQLSTATE_CHANGE_FAILED,
			"each batch would read the whole of table %s: its key cannot be used as an "
			"index here",
			name_text(arena, &fill->leaf->table));
		return -1;
	}
	fill->explained_rows = fill->leaf->pace.rows;
	return 0;
}

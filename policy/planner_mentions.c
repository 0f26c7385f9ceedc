/* SPDX-License-Identifier: PostgreSQL */
/* What stands on a column, by the server's own text of it: INCLUDE and expressions count as well.
 */
#include <string.h>

#include "planner.h"
#include "rename.h"

bool planner_mentions(const struct planner *planner, const char *definition, const char *column)
{
	return definition != NULL &&
	       strcmp(rename_column_in(planner->arena, definition, column, "another"),
		       definition) != 0;
}

/* Behind the names of index and table, which may hold anything within quotes. */
const char *planner_index_body(const struct index_facts *index)
{
	const char *p = index->definition;

	while (p != NULL && *p != '\0' && strncmp(p, " USING ", 7) != 0) {
		if (*p == '"')
			p = strchr(p + 1, '"');
		p = p != NULL ? p + 1 : NULL;
	}
	return p != NULL && *p != '\0' ? p + 1 : NULL;
}

bool planner_index_mentions(
	const struct planner *planner, const struct index_facts *index, const char *column)
{
	return planner_mentions(planner, planner_index_body(index), column);
}

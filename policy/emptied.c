/* SPDX-License-Identifier: PostgreSQL */
#include "emptied.h"

#include <string.h>

#include "stmt.h"

/* What may stand behind TRUNCATE.  INHERIT and ATTACH PARTITION bring rows, RENAME another table.
 */
static const bool adds_no_row[ACTION_KINDS] = {
	[ACTION_ADD_COLUMN] = true,
	[ACTION_DROP_COLUMN] = true,
	[ACTION_RENAME_COLUMN] = true,
	[ACTION_ALTER_COLUMN_TYPE] = true,
	[ACTION_SET_NOT_NULL] = true,
	[ACTION_DROP_NOT_NULL] = true,
	[ACTION_SET_DEFAULT] = true,
	[ACTION_DROP_DEFAULT] = true,
	[ACTION_ADD_IDENTITY] = true,
	[ACTION_DROP_IDENTITY] = true,
	[ACTION_DROP_EXPRESSION] = true,
	[ACTION_ADD_CHECK] = true,
	[ACTION_ADD_FOREIGN_KEY] = true,
	[ACTION_ADD_UNIQUE] = true,
	[ACTION_ADD_PRIMARY_KEY] = true,
	[ACTION_ADD_EXCLUSION] = true,
	[ACTION_VALIDATE_CONSTRAINT] = true,
	[ACTION_DROP_CONSTRAINT] = true,
	[ACTION_RENAME_CONSTRAINT] = true,
	[ACTION_CREATE_INDEX] = true,
	[ACTION_DROP_INDEX] = true,
	[ACTION_RENAME_INDEX] = true,
	[ACTION_COMMENT] = true,
	[ACTION_TRUNCATE] = true,
};

/* ONLY, anywhere in the list, leaves rows in the children. */
static bool empties(const struct stmt *stmt, const struct name *table)
{
	const struct action *action = &stmt->actions[0];

	if (action->kind != ACTION_TRUNCATE || strcasestr(stmt->sql, "only") != NULL)
		return false;
	for (size_t i = 0; i < action->n_targets; i++)
		if (name_equal(&action->targets[i], table))
			return true;
	return false;
}

static bool leaves_tables_empty(const struct stmt *stmt)
{
	for (size_t i = 0; i < stmt->n_actions; i++)
		if (!adds_no_row[stmt->actions[i].kind])
			return false;
	return stmt->n_actions > 0; /* others are queries and data changes */
}

/* A hostile text has thousands of statements, each of which asks. */
enum { LOOKED_BACK_MAX = 64 };

bool emptied_before(const struct stmts *text, const struct stmt *stmt, const struct name *table)
{
	if (table->name == NULL || stmt->inside_code)
		return false;
	for (size_t i = 0; i < LOOKED_BACK_MAX && stmt-- > text->items; i++) {
		if (stmt->inside_code || !leaves_tables_empty(stmt))
			return false;
		if (empties(stmt, table))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Names that nobody looks up, because no decision turns on them: roles, schemas, tablespaces,
 * collations, operator classes, access methods.  Only the server can tell that one is not there.
 */
#include "model.h"

#include <string.h>

static bool is_one_of(const char *name, const char *const *known, size_t n)
{
	return name == NULL || names_contain(known, n, name);
}

static bool is_unseen_role(const struct facts *facts, const char *role)
{
	const char *const known[] = {"CURRENT_USER", "CURRENT_ROLE", "SESSION_USER",
		facts->current_user, facts->session_user};

	return !is_one_of(role, known, sizeof(known) / sizeof(known[0]));
}

static bool is_unseen_tablespace(const struct facts *facts, const char *tablespace)
{
	const char *const known[] = {"pg_default", facts->tablespace};

	return !is_one_of(tablespace, known, sizeof(known) / sizeof(known[0]));
}

static bool is_unseen_method(const char *method)
{
	static const char *const known[] = {"heap", "btree"};

	return !is_one_of(method, known, sizeof(known) / sizeof(known[0]));
}

static bool is_unseen_collation(const char *sql)
{
	return sql != NULL && collation_written(sql) == 0;
}

bool model_names_unseen(const struct model *model)
{
	const struct action *action = model->action;

	switch (action->kind) {
	case ACTION_OWNER_TO:
		return is_unseen_role(model->facts, action->new_name);
	case ACTION_SET_SCHEMA:
		return true;
	case ACTION_SET_TABLESPACE:
	case ACTION_ALTER_INDEX_TABLESPACE:
		return is_unseen_tablespace(model->facts, action->new_name);
	case ACTION_SET_ACCESS_METHOD:
		return is_unseen_method(action->new_name);
	case ACTION_ALTER_COLUMN_TYPE:
		return is_unseen_collation(action->collation_sql);
	case ACTION_ADD_COLUMN:
		return is_unseen_collation(action->column_def->collation_sql);
	case ACTION_CREATE_INDEX:
		return is_unseen_method(action->index->method) || !action->index->plain_order;
	case ACTION_CREATE_POLICY:
	case ACTION_ALTER_POLICY:
	case ACTION_GRANT:
		return true;
	default:
		return false;
	}
}

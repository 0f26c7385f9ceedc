/* SPDX-License-Identifier: PostgreSQL */
/* Which kinds of relation a command is for: ATSimplePermissions (tablecmds.c) and its likes. */
#include "model.h"

#include <string.h>

#define TABLES "rp"
#define TABLES_FOREIGN "rpf"
#define NO_TYPE "rpfvmSiIt" /* RangeVarCallbackForAlterRelation: ALTER TYPE is for those */

/* Letters of pg_class.relkind; a command without a row takes any, or its model knows better. */
static const char *const kinds[ACTION_KINDS] = {
	[ACTION_ADD_COLUMN] = TABLES_FOREIGN,
	[ACTION_DROP_COLUMN] = TABLES_FOREIGN,
	[ACTION_ALTER_COLUMN_TYPE] = TABLES_FOREIGN,
	[ACTION_SET_NOT_NULL] = TABLES_FOREIGN,
	[ACTION_DROP_NOT_NULL] = TABLES_FOREIGN,
	[ACTION_SET_DEFAULT] = TABLES_FOREIGN "v",
	[ACTION_DROP_DEFAULT] = TABLES_FOREIGN "v",
	[ACTION_DROP_EXPRESSION] = TABLES_FOREIGN,
	[ACTION_ADD_IDENTITY] = TABLES_FOREIGN "v",
	[ACTION_SET_IDENTITY] = TABLES_FOREIGN "v",
	[ACTION_DROP_IDENTITY] = TABLES_FOREIGN "v",
	[ACTION_SET_STORAGE] = TABLES_FOREIGN "m",
	[ACTION_SET_COMPRESSION] = TABLES "m",
	[ACTION_SET_STATISTICS] = TABLES_FOREIGN "miI",
	[ACTION_SET_COLUMN_OPTIONS] = TABLES_FOREIGN "m",
	[ACTION_ADD_CHECK] = TABLES_FOREIGN,
	[ACTION_ADD_FOREIGN_KEY] = TABLES_FOREIGN,
	[ACTION_ADD_UNIQUE] = TABLES_FOREIGN,
	[ACTION_ADD_PRIMARY_KEY] = TABLES_FOREIGN,
	[ACTION_ADD_EXCLUSION] = TABLES_FOREIGN,
	[ACTION_VALIDATE_CONSTRAINT] = TABLES_FOREIGN,
	[ACTION_DROP_CONSTRAINT] = TABLES_FOREIGN,
	[ACTION_ALTER_CONSTRAINT] = TABLES,
	[ACTION_CREATE_INDEX] = TABLES "m",
	[ACTION_SET_TABLE_OPTIONS] = TABLES "vmit",
	[ACTION_ALTER_INDEX_OTHER] = "iI",
	[ACTION_ALTER_INDEX_TABLESPACE] = "iI",
	[ACTION_ALTER_INDEX_ATTACH] = "I",
	[ACTION_DROP_VIEW] = "v",
	[ACTION_DROP_MATVIEW] = "m",
	[ACTION_CLUSTER] = TABLES "m",
	[ACTION_CLUSTER_ON] = TABLES "m",
	[ACTION_ALTER_SEQUENCE] = "S",
	[ACTION_TRUNCATE] = TABLES_FOREIGN,
	[ACTION_SET_LOGGED] = TABLES "S",
	[ACTION_SET_UNLOGGED] = TABLES "S",
	[ACTION_REPLICA_IDENTITY] = TABLES "m",
	[ACTION_ROW_SECURITY] = TABLES,
	[ACTION_OWNER_TO] = NO_TYPE,
	[ACTION_CREATE_POLICY] = TABLES,
	[ACTION_ALTER_POLICY] = TABLES,
	[ACTION_INHERIT] = TABLES_FOREIGN,
	[ACTION_CREATE_STATISTICS] = TABLES_FOREIGN "m",
	[ACTION_CREATE_TRIGGER] = TABLES_FOREIGN "v",
	[ACTION_ENABLE_TRIGGER] = TABLES_FOREIGN,
	[ACTION_DISABLE_TRIGGER] = TABLES_FOREIGN,
	[ACTION_CREATE_RULE] = TABLES "v",
	[ACTION_ENABLE_DISABLE_RULE] = TABLES,
	[ACTION_SET_TABLESPACE] = TABLES "miI",
	[ACTION_SET_ACCESS_METHOD] = TABLES "m",
	[ACTION_OF_TYPE] = TABLES,
};

/* The word for it says which, but for ALTER TABLE, which takes all sorts. */
static const struct {
	const char *word, *kinds;
} words[] = {
	{"TABLE", TABLES},
	{"FOREIGN TABLE", "f"},
	{"VIEW", "v"},
	{"MATERIALIZED VIEW", "m"},
	{"SEQUENCE", "S"},
};

static const char *kinds_by_word(const struct action *action)
{
	const char *object = action->object;
	bool alters = action->kind != ACTION_DROP_TABLE && action->kind != ACTION_COMMENT;

	for (size_t i = 0; object != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, object) == 0)
			return alters && strcmp(object, "TABLE") == 0 ? NO_TYPE : words[i].kinds;
	return NULL;
}

static const char *kinds_wanted(const struct action *action)
{
	switch (action->kind) {
	case ACTION_COMMENT: /* of a column or what stands on a table: any */
		return action->column != NULL || action->name != NULL ? NULL
								      : kinds_by_word(action);
	case ACTION_DROP_TABLE:
	case ACTION_RENAME_TABLE:
	case ACTION_RENAME_VIEW:
	case ACTION_RENAME_OBJECT:
	case ACTION_SET_SCHEMA:
		return kinds_by_word(action);
	default:
		return kinds[action->kind];
	}
}

bool model_wrong_kind(struct model *model, const struct relation_facts *relation)
{
	const char *wanted = kinds_wanted(model->action);

	/* a view in the place of its table is no matter of kinds */
	if (wanted == NULL || !relation_listed(relation) || relation->stands_in ||
		strchr(wanted, relation->kind) != NULL)
		return false;
	model_error(model, "42809", "\"%s\" is not a relation that this command is for",
		relation->name.name);
	return true;
}

/* A typed table has the columns of its type, and no others. */
bool model_typed(struct model *model)
{
	if (model->table == NULL || !model->table->typed)
		return false;
	model_error(model, "42809", "\"%s\" is a typed table", model->table->name.name);
	return true;
}

/* find_composite_type_dependencies: rows stored elsewhere are not written again. */
void model_keep_row_type(struct model *model, const struct relation_facts *member)
{
	if (member->row_type_used)
		model_error(model, "0A000",
			"cannot alter table \"%s\" because a column of another uses its row type",
			member->name.name);
}

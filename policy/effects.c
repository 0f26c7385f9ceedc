/* SPDX-License-Identifier: PostgreSQL */
/*
 * One row per kind of action: the lock it takes and the model of its work.  Modes are those of
 * AlterTableGetLockLevel (tablecmds.c) and of the command's own table_open / RangeVarGetRelid,
 * each measured on PostgreSQL 15; a kind without a row takes no lock that anybody waits for.
 */
#include "effects.h"

#include <string.h>

#include "model.h"

enum subject {
	ON_TABLE, /* action->table */
	ON_TARGETS, /* every one of action->targets */
	BY_MODEL, /* the model finds out and locks itself */
};

/* Who is locked with the table, unless ONLY. */
enum children {
	NONE,
	PARTITIONS,
	CHILDREN, /* by inheritance too */
};

struct row {
	enum lock_mode mode;
	enum children children;
	enum subject subject;
	model_fn *model; /* NULL: metadata only */
};

#define AEL LOCK_ACCESS_EXCLUSIVE
#define SRE LOCK_SHARE_ROW_EXCLUSIVE
#define SUE LOCK_SHARE_UPDATE_EXCLUSIVE

static const struct row rows[ACTION_KINDS] = {
	[ACTION_ADD_COLUMN] = {AEL, NONE, ON_TABLE, model_add_column},
	[ACTION_DROP_COLUMN] = {AEL, NONE, ON_TABLE, model_drop_column},
	[ACTION_ALTER_COLUMN_TYPE] = {AEL, CHILDREN, ON_TABLE, model_alter_type},
	[ACTION_SET_NOT_NULL] = {AEL, NONE, ON_TABLE, model_set_not_null},
	[ACTION_DROP_NOT_NULL] = {AEL, CHILDREN, ON_TABLE, model_drop_not_null},
	[ACTION_SET_DEFAULT] = {AEL, CHILDREN, ON_TABLE, model_set_default},
	[ACTION_DROP_DEFAULT] = {AEL, CHILDREN, ON_TABLE, model_set_default},
	[ACTION_ADD_IDENTITY] = {AEL, NONE, ON_TABLE, model_add_identity},
	[ACTION_SET_IDENTITY] = {AEL, NONE, ON_TABLE, model_set_identity},
	[ACTION_DROP_IDENTITY] = {AEL, NONE, ON_TABLE, model_drop_identity},
	[ACTION_DROP_EXPRESSION] = {AEL, CHILDREN, ON_TABLE, model_drop_expression},
	[ACTION_SET_STATISTICS] = {SUE, CHILDREN, ON_TABLE, model_alter_column},
	[ACTION_SET_STORAGE] = {AEL, CHILDREN, ON_TABLE, model_alter_column},
	[ACTION_SET_COMPRESSION] = {AEL, NONE, ON_TABLE, model_alter_column},
	[ACTION_SET_COLUMN_OPTIONS] = {SUE, NONE, ON_TABLE, model_alter_column},
	[ACTION_RENAME_COLUMN] = {AEL, CHILDREN, ON_TABLE, model_rename_column},

	[ACTION_ADD_CHECK] = {AEL, NONE, ON_TABLE, model_add_check},
	[ACTION_ADD_FOREIGN_KEY] = {SRE, PARTITIONS, ON_TABLE, model_add_foreign_key},
	[ACTION_ADD_UNIQUE] = {AEL, NONE, ON_TABLE, model_add_unique},
	[ACTION_ADD_PRIMARY_KEY] = {AEL, NONE, ON_TABLE, model_add_primary_key},
	[ACTION_ADD_EXCLUSION] = {AEL, NONE, ON_TABLE, model_add_exclusion},
	[ACTION_VALIDATE_CONSTRAINT] = {SUE, NONE, ON_TABLE, model_validate},
	[ACTION_DROP_CONSTRAINT] = {AEL, NONE, ON_TABLE, model_drop_constraint},
	[ACTION_ALTER_CONSTRAINT] = {AEL, PARTITIONS, ON_TABLE, model_alter_constraint},
	[ACTION_RENAME_CONSTRAINT] = {AEL, NONE, ON_TABLE, model_rename_constraint},

	[ACTION_CREATE_INDEX] = {LOCK_SHARE, PARTITIONS, ON_TABLE, model_create_index},
	[ACTION_DROP_INDEX] = {AEL, NONE, BY_MODEL, model_drop_index},
	[ACTION_REINDEX] = {LOCK_SHARE, NONE, BY_MODEL, model_reindex},
	[ACTION_ALTER_INDEX_TABLESPACE] = {AEL, NONE, ON_TABLE, model_index_tablespace},
	[ACTION_ALTER_INDEX_ATTACH] = {SUE, NONE, ON_TABLE, model_index_attach},
	[ACTION_ALTER_INDEX_OTHER] = {SUE, NONE, ON_TABLE, model_index_options},
	[ACTION_RENAME_INDEX] = {SUE, NONE, ON_TABLE, model_rename_index},

	[ACTION_CREATE_TABLE] = {LOCK_NONE, NONE, BY_MODEL, model_create_table},
	[ACTION_CREATE_TABLE_AS] = {LOCK_NONE, NONE, BY_MODEL, model_create_table},
	[ACTION_CREATE_PARTITION_OF] = {AEL, NONE, BY_MODEL, model_partition_of},
	[ACTION_ATTACH_PARTITION] = {SUE, NONE, ON_TABLE, model_attach},
	[ACTION_DETACH_PARTITION] = {AEL, NONE, ON_TABLE, model_detach},
	[ACTION_DROP_TABLE] = {AEL, NONE, ON_TARGETS, model_drop_relation},
	[ACTION_RENAME_TABLE] = {AEL, NONE, ON_TABLE, model_rename},
	[ACTION_SET_SCHEMA] = {AEL, NONE, ON_TABLE, model_set_schema},
	[ACTION_TRUNCATE] = {AEL, CHILDREN, ON_TARGETS, model_truncate},
	[ACTION_VACUUM_FULL] = {AEL, PARTITIONS, ON_TARGETS, model_heap_copy},
	[ACTION_VACUUM] = {SUE, PARTITIONS, ON_TARGETS, model_vacuum},
	[ACTION_ANALYZE] = {SUE, PARTITIONS, ON_TARGETS, model_analyze},
	[ACTION_CLUSTER] = {AEL, NONE, ON_TABLE, model_heap_copy},
	[ACTION_CLUSTER_ON] = {SUE, NONE, ON_TABLE, model_cluster_on},
	[ACTION_SET_LOGGED] = {AEL, NONE, ON_TABLE, model_set_persistence},
	[ACTION_SET_UNLOGGED] = {AEL, NONE, ON_TABLE, model_set_persistence},
	[ACTION_SET_TABLESPACE] = {AEL, NONE, ON_TABLE, model_set_tablespace},
	[ACTION_SET_ACCESS_METHOD] = {AEL, NONE, ON_TABLE, model_set_access_method},
	[ACTION_LOCK_TABLE] = {LOCK_NONE, CHILDREN, ON_TARGETS, model_lock_table},
	[ACTION_REPLICA_IDENTITY] = {AEL, NONE, ON_TABLE, model_replica_identity},
	[ACTION_ROW_SECURITY] = {AEL, NONE, ON_TABLE, NULL},
	[ACTION_CREATE_POLICY] = {AEL, NONE, ON_TABLE, model_attach_new},
	[ACTION_ALTER_POLICY] = {AEL, NONE, ON_TABLE, model_on_table},
	[ACTION_DROP_POLICY] = {AEL, NONE, ON_TABLE, model_on_table},
	[ACTION_OWNER_TO] = {AEL, NONE, ON_TABLE, model_owner},
	[ACTION_INHERIT] = {AEL, NONE, ON_TABLE, model_inherit},
	[ACTION_OF_TYPE] = {AEL, NONE, ON_TABLE, model_of_type},
	[ACTION_SET_TABLE_OPTIONS] = {SUE, NONE, ON_TABLE, model_options},
	[ACTION_COMMENT] = {SUE, NONE, ON_TABLE, model_comment},
	[ACTION_CREATE_STATISTICS] = {SUE, NONE, ON_TABLE, model_create_statistics},
	[ACTION_ALTER_STATISTICS] = {LOCK_NONE, NONE, BY_MODEL, model_statistics},
	[ACTION_DROP_STATISTICS] = {SUE, NONE, BY_MODEL, model_statistics},
	[ACTION_SECURITY_LABEL] = {SUE, NONE, ON_TABLE, NULL},

	[ACTION_CREATE_TRIGGER] = {SRE, NONE, ON_TABLE, model_create_trigger},
	[ACTION_DROP_TRIGGER] = {AEL, NONE, ON_TABLE, model_drop_trigger},
	[ACTION_ENABLE_TRIGGER] = {SRE, NONE, ON_TABLE, model_switch_trigger},
	[ACTION_DISABLE_TRIGGER] = {SRE, NONE, ON_TABLE, model_switch_trigger},
	[ACTION_CREATE_RULE] = {AEL, NONE, ON_TABLE, model_attach_new},
	[ACTION_DROP_RULE] = {AEL, NONE, ON_TABLE, model_on_table},
	[ACTION_ENABLE_DISABLE_RULE] = {AEL, NONE, ON_TABLE, model_switch_rule},

	[ACTION_REPLACE_VIEW] = {AEL, NONE, BY_MODEL, model_replace_view},
	[ACTION_CREATE_MATVIEW] = {LOCK_NONE, NONE, BY_MODEL, model_create_matview},
	[ACTION_REFRESH_MATVIEW] = {AEL, NONE, ON_TABLE, model_refresh},
	[ACTION_DROP_VIEW] = {AEL, NONE, ON_TARGETS, model_drop_relation},
	[ACTION_DROP_MATVIEW] = {AEL, NONE, ON_TARGETS, model_drop_relation},
	[ACTION_RENAME_VIEW] = {AEL, NONE, ON_TABLE, model_rename},

	[ACTION_ALTER_DOMAIN_OTHER] = {LOCK_NONE, NONE, BY_MODEL, model_alter_domain},
	[ACTION_DOMAIN_ADD_CONSTRAINT] = {LOCK_SHARE, NONE, BY_MODEL, model_domain_constraint},
	[ACTION_DOMAIN_VALIDATE] = {LOCK_SHARE, NONE, BY_MODEL, model_domain_constraint},
	[ACTION_DOMAIN_SET_NOT_NULL] = {LOCK_SHARE, NONE, BY_MODEL, model_domain_constraint},
	[ACTION_ALTER_COMPOSITE_TYPE] = {AEL, NONE, ON_TABLE, model_composite_type},
	[ACTION_ENUM_ADD_VALUE] = {LOCK_NONE, NONE, BY_MODEL, model_add_enum_value},
	[ACTION_ENUM_RENAME_VALUE] = {LOCK_NONE, NONE, BY_MODEL, model_rename_enum_value},
	/* triggers, rules, policies, sequences */
	[ACTION_RENAME_OBJECT] = {AEL, NONE, ON_TABLE, model_rename_object},
	[ACTION_DROP_OBJECT] = {AEL, NONE, BY_MODEL, model_drop_object}, /* sequences */
	[ACTION_ALTER_SEQUENCE] = {SRE, NONE, ON_TABLE, model_alter_sequence},

	[ACTION_UPDATE_WITHOUT_WHERE] = {LOCK_ROW_EXCLUSIVE, NONE, ON_TABLE, model_bulk_write},
	[ACTION_DELETE_WITHOUT_WHERE] = {LOCK_ROW_EXCLUSIVE, NONE, ON_TABLE, model_bulk_write},
	[ACTION_ALTER_SYSTEM] = {LOCK_NONE, NONE, BY_MODEL, model_no_transaction},
	[ACTION_CHANGE_ROWS] = {LOCK_ROW_EXCLUSIVE, NONE, ON_TABLE, model_change_rows},
	[ACTION_PUBLICATION] = {SUE, NONE, BY_MODEL, model_publication},
	[ACTION_FOREIGN_DATA] = {AEL, NONE, BY_MODEL, model_foreign_data},
	[ACTION_ALTER_OBJECT] = {AEL, NONE, BY_MODEL, model_alter_object},
};

/* The relations that the row is about; a list wins over the single table. */
static size_t subjects(
	const struct row *row, const struct action *action, const struct name **names)
{
	if (row->subject == BY_MODEL)
		return 0;
	if (row->subject == ON_TARGETS && action->n_targets > 0) {
		*names = action->targets;
		return action->n_targets;
	}
	*names = &action->table;
	return action->table.name != NULL;
}

/* DropErrorMsgNonExistent (tablecmds.c) has a code of its own for foreign tables. */
static const char *absent_code(const struct action *action)
{
	return action->kind == ACTION_DROP_TABLE && action->object != NULL &&
			       strcmp(action->object, "FOREIGN TABLE") == 0
		       ? "42704"
		       : "42P01";
}

/* Returns false when the server stops at a name that is not there. */
static bool lock_subject(struct model *model, const struct row *row, const struct name *name)
{
	const struct relation_facts *relation;

	if (model_find(model->facts, name, &relation) == ABSENT) {
		if (!model->action->if_exists)
			model_absent(model, absent_code(model->action),
				"relation \"%s\" does not exist", name->name);
		return model->action->if_exists;
	}
	if (relation != NULL && model_wrong_kind(model, relation)) {
		model_lock(model, name, row->mode);
		return false;
	}
	if (row->mode == LOCK_NONE)
		return true;
	if (row->children == NONE || model->action->only ||
		(row->children == PARTITIONS && relation != NULL && relation->kind == 'r'))
		model_lock(model, name, row->mode);
	else
		model_lock_tree(model, name, row->mode);
	return true;
}

/* By hash: of a table with thousands of partitions each would be looked for among all. */
static void mark_below(struct model *model)
{
	const struct relation_facts *table = model->table;
	struct name_index below = {0};

	if (table == NULL || model->effects->n_locks < 2)
		return;
	for (size_t i = 0; i < table->n_partitions; i++)
		name_index_add(model->arena, &below, &table->partitions[i]);
	for (size_t i = 0; i < table->n_partition_tree; i++)
		name_index_add(model->arena, &below, &table->partition_tree[i].name);
	for (size_t i = 0; i < model->effects->n_locks; i++)
		model->effects->locks[i].below =
			name_index_find(&below, &model->effects->locks[i].relation) < below.n;
}

struct effects effects_of(
	struct arena *arena, const struct action *action, const struct facts *facts)
{
	const struct row *row = &rows[action->kind];
	struct effects effects = {0};
	struct model model = {
		.arena = arena,
		.action = action,
		.facts = facts,
		.effects = &effects,
		.mode = row->mode,
	};
	const struct name *names = NULL;
	size_t n = subjects(row, action, &names);

	for (size_t i = 0; i < n; i++)
		if (!lock_subject(&model, row, &names[i]))
			return effects;
	model.table = effects.table = model_worst(facts, names, n);
	if (n > 0 && effects.n_locks == 0 && row->mode != LOCK_NONE) {
		effects.noop = true; /* IF EXISTS, and none of them does */
		return effects;
	}
	if (row->model != NULL)
		row->model(&model);
	mark_below(&model);
	effects.unseen_name = model_names_unseen(&model);
	return effects;
}

enum lock_mode effects_lock(const struct effects *effects)
{
	return effects->n_locks == 0 ? LOCK_NONE : effects->locks[0].mode;
}

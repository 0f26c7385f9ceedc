/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which objects to look up.  What has no row here needs none; LOCK TABLE must not have one: a
 * query of ours before it would fix the snapshot of a REPEATABLE READ transaction too early.
 */
#include <string.h>

#include "arena.h"
#include "facts.h"

enum {
	TABLE = 1 << 0, /* action->table */
	TARGETS = 1 << 1, /* action->targets are relations */
	OTHER = 1 << 2, /* action->other */
	COLUMN = 1 << 3, /* types, functions and tables of a column definition */
	CONSTRAINT = 1 << 4, /* what it refers to, and the index it would make */
	INDEX = 1 << 5, /* the name of an index to be made */
	TYPE = 1 << 6, /* action->type, and the functions of its USING */
	OWN_TYPE = 1 << 7, /* targets[0] is a domain or an enum */
	SOURCES = 1 << 8, /* what the query reads */
	DROPPED = 1 << 9, /* targets are types, domains, functions or sequences */
	DROPS = 1 << 10, /* what goes along */
	LABELS = 1 << 11, /* what holds and what names a label of an enum */
	BESIDE = 1 << 12, /* who has the new name already */
	TYPES = 1 << 13, /* of the columns of a new table */
	EXPR = 1 << 14, /* functions of action->expr */
	ELSEWHERE = 1 << 15, /* who has the name in the new schema */
	NAMED_TYPE = 1 << 16, /* targets[0] where it is a type, and who has the name it gets */
	ITS_TYPE = 1 << 17, /* targets[0], by itself */
	GRANTED = 1 << 18, /* targets where they are relations */
};

static const unsigned wants[ACTION_KINDS] = {
	[ACTION_ADD_COLUMN] = TABLE | COLUMN,
	[ACTION_DROP_COLUMN] = TABLE | DROPS,
	[ACTION_ALTER_COLUMN_TYPE] = TABLE | TYPE,
	[ACTION_SET_NOT_NULL] = TABLE,
	[ACTION_DROP_NOT_NULL] = TABLE,
	[ACTION_SET_DEFAULT] = TABLE | EXPR,
	[ACTION_DROP_DEFAULT] = TABLE,
	[ACTION_ADD_IDENTITY] = TABLE,
	[ACTION_SET_IDENTITY] = TABLE,
	[ACTION_DROP_IDENTITY] = TABLE,
	[ACTION_DROP_EXPRESSION] = TABLE,
	[ACTION_SET_STATISTICS] = TABLE,
	[ACTION_SET_STORAGE] = TABLE,
	[ACTION_SET_COMPRESSION] = TABLE,
	[ACTION_SET_COLUMN_OPTIONS] = TABLE,
	[ACTION_RENAME_COLUMN] = TABLE,
	[ACTION_ADD_CHECK] = TABLE | CONSTRAINT,
	[ACTION_ADD_FOREIGN_KEY] = TABLE | CONSTRAINT,
	[ACTION_ADD_UNIQUE] = TABLE | CONSTRAINT,
	[ACTION_ADD_PRIMARY_KEY] = TABLE | CONSTRAINT,
	[ACTION_ADD_EXCLUSION] = TABLE | CONSTRAINT,
	[ACTION_VALIDATE_CONSTRAINT] = TABLE,
	[ACTION_DROP_CONSTRAINT] = TABLE | DROPS,
	[ACTION_ALTER_CONSTRAINT] = TABLE,
	[ACTION_RENAME_CONSTRAINT] = TABLE,
	[ACTION_CREATE_INDEX] = TABLE | INDEX,
	[ACTION_DROP_INDEX] = TARGETS | DROPS,
	[ACTION_REINDEX] = TABLE | TARGETS,
	[ACTION_ALTER_INDEX_TABLESPACE] = TABLE | TARGETS,
	[ACTION_ALTER_INDEX_ATTACH] = TABLE | TARGETS | OTHER,
	[ACTION_ALTER_INDEX_OTHER] = TABLE | TARGETS,
	[ACTION_RENAME_INDEX] = TABLE | TARGETS | BESIDE,
	[ACTION_CREATE_TABLE] = TABLE | TARGETS | OTHER | SOURCES | TYPES,
	[ACTION_CREATE_TABLE_AS] = TABLE | SOURCES,
	[ACTION_CREATE_PARTITION_OF] = TABLE | TARGETS | OTHER,
	[ACTION_ATTACH_PARTITION] = TABLE | OTHER,
	[ACTION_DETACH_PARTITION] = TABLE | OTHER,
	[ACTION_DROP_TABLE] = TABLE | TARGETS | DROPS,
	[ACTION_RENAME_TABLE] = TABLE | BESIDE,
	[ACTION_SET_SCHEMA] = TABLE | ELSEWHERE | NAMED_TYPE,
	[ACTION_TRUNCATE] = TABLE | TARGETS,
	[ACTION_VACUUM_FULL] = TABLE | TARGETS,
	[ACTION_VACUUM] = TABLE | TARGETS,
	[ACTION_ANALYZE] = TABLE | TARGETS,
	[ACTION_CLUSTER] = TABLE,
	[ACTION_CLUSTER_ON] = TABLE,
	[ACTION_SET_LOGGED] = TABLE,
	[ACTION_SET_UNLOGGED] = TABLE,
	[ACTION_SET_TABLESPACE] = TABLE,
	[ACTION_SET_ACCESS_METHOD] = TABLE,
	[ACTION_REPLICA_IDENTITY] = TABLE,
	[ACTION_ROW_SECURITY] = TABLE,
	[ACTION_CREATE_POLICY] = TABLE,
	[ACTION_ALTER_POLICY] = TABLE,
	[ACTION_DROP_POLICY] = TABLE,
	[ACTION_OWNER_TO] = TABLE | NAMED_TYPE,
	[ACTION_INHERIT] = TABLE | OTHER,
	[ACTION_OF_TYPE] = TABLE | OTHER,
	[ACTION_SET_TABLE_OPTIONS] = TABLE,
	[ACTION_COMMENT] = TABLE | NAMED_TYPE,
	[ACTION_CREATE_STATISTICS] = TABLE,
	[ACTION_SECURITY_LABEL] = TABLE,
	[ACTION_CREATE_TRIGGER] = TABLE | OTHER,
	[ACTION_DROP_TRIGGER] = TABLE,
	[ACTION_ENABLE_TRIGGER] = TABLE,
	[ACTION_DISABLE_TRIGGER] = TABLE,
	[ACTION_CREATE_RULE] = TABLE,
	[ACTION_DROP_RULE] = TABLE,
	[ACTION_ENABLE_DISABLE_RULE] = TABLE,
	[ACTION_CREATE_VIEW] = SOURCES,
	[ACTION_REPLACE_VIEW] = TABLE | SOURCES,
	[ACTION_CREATE_MATVIEW] = SOURCES,
	[ACTION_REFRESH_MATVIEW] = TABLE,
	[ACTION_DROP_VIEW] = TABLE | TARGETS | DROPS,
	[ACTION_DROP_MATVIEW] = TABLE | TARGETS | DROPS,
	[ACTION_RENAME_VIEW] = TABLE | BESIDE,
	[ACTION_ALTER_COMPOSITE_TYPE] = TABLE | DROPS | TYPE | COLUMN,
	[ACTION_ENUM_ADD_VALUE] = ITS_TYPE,
	[ACTION_ENUM_RENAME_VALUE] = OWN_TYPE | LABELS,
	[ACTION_ALTER_DOMAIN_OTHER] = ITS_TYPE,
	[ACTION_DOMAIN_ADD_CONSTRAINT] = OWN_TYPE,
	[ACTION_DOMAIN_VALIDATE] = OWN_TYPE,
	[ACTION_DOMAIN_SET_NOT_NULL] = OWN_TYPE,
	[ACTION_CREATE_FUNCTION] = SOURCES,
	[ACTION_ALTER_SEQUENCE] = TABLE,
	[ACTION_RENAME_OBJECT] = TABLE | NAMED_TYPE, /* sequences, triggers, rules */
	[ACTION_DROP_OBJECT] = DROPPED | DROPS,
	[ACTION_UPDATE_WITHOUT_WHERE] = TABLE,
	[ACTION_DELETE_WITHOUT_WHERE] = TABLE,
	[ACTION_CHANGE_ROWS] = TABLE | SOURCES,
	[ACTION_PUBLICATION] = TARGETS,
	[ACTION_GRANT] = GRANTED,
	[ACTION_FOREIGN_DATA] = TABLE | SOURCES | TYPES,
	[ACTION_ALTER_OBJECT] = TABLE, /* a relation that depends on an extension or goes with it */
	[ACTION_HARMLESS] = SOURCES,
};

/* A list without duplicates. */
struct names {
	struct name *items;
	size_t n, n_max;
};

struct wish {
	struct arena *arena;
	struct names relations, types, functions;
	bool drops, own_types;
	struct label_rename *labels;
	size_t n_labels, n_labels_max;
};

static void add(struct arena *arena, struct names *names, const struct name *name)
{
	if (name->name == NULL)
		return;
	for (size_t i = 0; i < names->n; i++)
		if (name_equal(&names->items[i], name))
			return;
	if (names->n == names->n_max) {
		struct name *grown;

		names->n_max = names->n_max == 0 ? 8 : 2 * names->n_max;
		grown = arena_alloc(arena, names->n_max * sizeof(*grown));
		if (names->n > 0)
			memcpy(grown, names->items, names->n * sizeof(*grown));
		names->items = grown;
	}
	names->items[names->n++] = *name;
}

/* COMMENT says DOMAIN of a domain's constraint as well. */
bool names_type(const struct action *action)
{
	const char *object = action->object == NULL ? "" : action->object;

	return strcmp(object, "TYPE") == 0 ||
	       (strcmp(object, "DOMAIN") == 0 && action->kind != ACTION_COMMENT);
}

/* The table of what is called so is looked up where drops are. */
bool names_statistics(const struct action *action)
{
	return action->object != NULL && strcmp(action->object, "STATISTICS") == 0;
}

static void add_relation(struct wish *wish, const struct name *name)
{
	add(wish->arena, &wish->relations, name);
}

static void add_functions(struct wish *wish, const struct expr *expr)
{
	for (size_t i = 0; expr != NULL && i < expr->n_functions; i++)
		add(wish->arena, &wish->functions, &expr->functions[i]);
}

/* An index is made beside its table; name NULL: PostgreSQL chooses one that is free. */
static void add_beside(struct wish *wish, const struct action *action, const char *name)
{
	add_relation(wish, &(struct name){.schema = action->table.schema, .name = name});
}

static void add_constraint(
	struct wish *wish, const struct action *action, const struct constraint_def *def)
{
	add_relation(wish, &def->referenced);
	if (def->kind == CONSTRAINT_UNIQUE || def->kind == CONSTRAINT_PRIMARY_KEY ||
		def->kind == CONSTRAINT_EXCLUSION)
		add_beside(wish, action, def->name);
	add_beside(wish, action, def->using_index);
	add_functions(wish, def->check);
}

static bool is_builtin(const struct type_name *type)
{
	return type->name.schema != NULL && strcmp(type->name.schema, "pg_catalog") == 0;
}

static void add_index(struct wish *wish, const struct action *action, const struct index_def *index)
{
	add_beside(wish, action, index->name);
	for (size_t i = 0; i < index->n_expressions; i++)
		add_functions(wish, &index->expressions[i]);
}

static void add_type(struct wish *wish, const struct type_name *type)
{
	if (!type->serial)
		add(wish->arena, &wish->types, &type->name);
}

static void add_column(
	struct wish *wish, const struct action *action, const struct column_def *column)
{
	add_type(wish, &column->type);
	add_functions(wish, column->default_expr);
	for (size_t i = 0; i < column->n_constraints; i++)
		add_constraint(wish, action, &column->constraints[i]);
}

static void add_dropped(struct wish *wish, const struct action *action, const struct name *name)
{
	const char *object = action->object == NULL ? "" : action->object;

	if (strcmp(object, "TYPE") == 0 || strcmp(object, "DOMAIN") == 0)
		add(wish->arena, &wish->types, name);
	if (strcmp(object, "FUNCTION") == 0)
		add(wish->arena, &wish->functions, name);
	if (strcmp(object, "SEQUENCE") == 0)
		add_relation(wish, name);
}

static void add_label(struct wish *wish, const struct action *action)
{
	if (wish->n_labels == wish->n_labels_max) {
		struct label_rename *grown;

		wish->n_labels_max = wish->n_labels_max == 0 ? 4 : 2 * wish->n_labels_max;
		grown = arena_alloc(wish->arena, wish->n_labels_max * sizeof(*grown));
		if (wish->n_labels > 0)
			memcpy(grown, wish->labels, wish->n_labels * sizeof(*grown));
		wish->labels = grown;
	}
	wish->labels[wish->n_labels++] = (struct label_rename){action->name, action->new_name};
}

static void add_named_type(struct wish *wish, const struct action *action)
{
	const struct name *name = action->targets;
	struct name becomes;

	if (action->n_targets == 0 || !names_type(action))
		return;
	becomes = action->kind == ACTION_SET_SCHEMA ? (struct name){action->new_name, name->name}
						    : (struct name){name->schema, action->new_name};
	add(wish->arena, &wish->types, name);
	if (action->kind == ACTION_SET_SCHEMA || action->kind == ACTION_RENAME_OBJECT)
		add(wish->arena, &wish->types, &becomes);
}

static void add_action(struct wish *wish, const struct action *action)
{
	unsigned want = wants[action->kind];

	wish->drops |= (want & DROPS) != 0 || names_statistics(action);
	wish->own_types |= (want & OWN_TYPE) != 0;
	if (want & TABLE)
		add_relation(wish, &action->table);
	for (size_t i = 0; want & TARGETS && i < action->n_targets; i++)
		add_relation(wish, &action->targets[i]);
	for (size_t i = 0; want & GRANTED && action->table.name != NULL && i < action->n_targets;
		i++)
		add_relation(wish, &action->targets[i]);
	for (size_t i = 0; want & SOURCES && i < action->n_sources; i++)
		add_relation(wish, &action->sources[i]);
	if (want & OTHER)
		add_relation(wish, &action->other);
	if (want & COLUMN && action->column_def != NULL)
		add_column(wish, action, action->column_def);
	if (want & CONSTRAINT && action->constraint != NULL)
		add_constraint(wish, action, action->constraint);
	for (size_t i = 0; want & TYPES && i < action->n_columns; i++)
		if (!is_builtin(&action->columns[i]->type))
			add_type(wish, &action->columns[i]->type);
	if (want & EXPR)
		add_functions(wish, action->expr);
	if (want & ELSEWHERE && action->table.name != NULL)
		add_relation(wish,
			&(struct name){.schema = action->new_name, .name = action->table.name});
	if (want & BESIDE)
		add_beside(wish, action, action->new_name);
	if (want & INDEX && action->index != NULL)
		add_index(wish, action, action->index);
	if (want & TYPE && action->type != NULL) {
		add(wish->arena, &wish->types, &action->type->name);
		add_functions(wish, action->expr);
	}
	for (size_t i = 0; want & DROPPED && i < action->n_targets; i++)
		add_dropped(wish, action, &action->targets[i]);
	for (size_t i = 0; names_statistics(action) && i < action->n_targets; i++)
		add_relation(wish, &action->targets[i]);
	if (want & NAMED_TYPE)
		add_named_type(wish, action);
	if (want & (OWN_TYPE | ITS_TYPE) && action->n_targets > 0)
		add(wish->arena, &wish->types, &action->targets[0]);
	if (want & LABELS)
		add_label(wish, action);
}

struct facts_request facts_request(struct arena *arena, const struct stmts *stmts)
{
	struct wish wish = {.arena = arena};

	for (size_t i = 0; i < stmts->n; i++)
		for (size_t j = 0; j < stmts->items[i].n_actions; j++)
			add_action(&wish, &stmts->items[i].actions[j]);
	return (struct facts_request){
		.relations = wish.relations.items,
		.n_relations = wish.relations.n,
		.types = wish.types.items,
		.n_types = wish.types.n,
		.functions = wish.functions.items,
		.n_functions = wish.functions.n,
		.drops = wish.drops,
		.own_types = wish.own_types,
		.labels = wish.labels,
		.n_labels = wish.n_labels,
	};
}

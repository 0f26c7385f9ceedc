/* SPDX-License-Identifier: PostgreSQL */
/*
 * Kinds of objects: what they are called, how a tree names one, and the statements that treat
 * all of them alike: DROP, COMMENT, RENAME, SET SCHEMA, OWNER TO.
 */
#include "stmt_internal.h"

#define KIND(type, word_, shape_, rename_, drop_)                                                  \
	[PG_QUERY__OBJECT_TYPE__OBJECT_##type] = {                                                 \
		.word = word_,                                                                     \
		.shape = OBJECT_##shape_,                                                          \
		.rename = ACTION_##rename_,                                                        \
		.drop = ACTION_##drop_,                                                            \
	}

static const struct object_kind object_kinds[] = {
	KIND(ACCESS_METHOD, "ACCESS METHOD", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(AGGREGATE, "AGGREGATE", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(ATTRIBUTE, "TYPE", PART, ALTER_COMPOSITE_TYPE, ALTER_COMPOSITE_TYPE),
	KIND(CAST, "CAST", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(COLLATION, "COLLATION", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(COLUMN, "TABLE", PART, RENAME_COLUMN, DROP_COLUMN),
	KIND(CONVERSION, "CONVERSION", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(DATABASE, "DATABASE", ALONE, ALTER_DATABASE, DROP_DATABASE),
	KIND(DOMAIN, "DOMAIN", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(DOMCONSTRAINT, "DOMAIN", ALONE, ALTER_DOMAIN_OTHER, ALTER_DOMAIN_OTHER),
	KIND(EVENT_TRIGGER, "EVENT TRIGGER", ALONE, EVENT_TRIGGER, EVENT_TRIGGER),
	KIND(EXTENSION, "EXTENSION", ALONE, ALTER_EXTENSION, DROP_EXTENSION),
	KIND(FDW, "FOREIGN DATA WRAPPER", ALONE, FOREIGN_DATA, FOREIGN_DATA),
	KIND(FOREIGN_SERVER, "SERVER", ALONE, FOREIGN_DATA, FOREIGN_DATA),
	KIND(FOREIGN_TABLE, "FOREIGN TABLE", RELATION, RENAME_TABLE, DROP_TABLE),
	KIND(FUNCTION, "FUNCTION", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(INDEX, "INDEX", RELATION, RENAME_INDEX, DROP_INDEX),
	KIND(LANGUAGE, "LANGUAGE", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(LARGEOBJECT, "LARGE OBJECT", ALONE, ALTER_OBJECT, DROP_OBJECT),
	KIND(MATVIEW, "MATERIALIZED VIEW", RELATION, RENAME_VIEW, DROP_MATVIEW),
	KIND(OPCLASS, "OPERATOR CLASS", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(OPERATOR, "OPERATOR", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(OPFAMILY, "OPERATOR FAMILY", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(POLICY, "POLICY", PART, ALTER_POLICY, DROP_POLICY),
	KIND(PROCEDURE, "PROCEDURE", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(PUBLICATION, "PUBLICATION", ALONE, PUBLICATION, PUBLICATION),
	KIND(ROLE, "ROLE", ALONE, ALTER_ROLE, DROP_ROLE),
	KIND(ROUTINE, "ROUTINE", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(RULE, "RULE", PART, RENAME_OBJECT, DROP_RULE),
	KIND(SCHEMA, "SCHEMA", ALONE, RENAME_SCHEMA, DROP_SCHEMA),
	KIND(SEQUENCE, "SEQUENCE", RELATION, RENAME_OBJECT, DROP_OBJECT),
	KIND(STATISTIC_EXT, "STATISTICS", ALONE, ALTER_STATISTICS, DROP_STATISTICS),
	KIND(SUBSCRIPTION, "SUBSCRIPTION", ALONE, SUBSCRIPTION, SUBSCRIPTION),
	KIND(TABCONSTRAINT, "TABLE", PART, RENAME_CONSTRAINT, DROP_CONSTRAINT),
	KIND(TABLE, "TABLE", RELATION, RENAME_TABLE, DROP_TABLE),
	KIND(TABLESPACE, "TABLESPACE", ALONE, TABLESPACE, TABLESPACE),
	KIND(TRANSFORM, "TRANSFORM", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(TRIGGER, "TRIGGER", PART, RENAME_OBJECT, DROP_TRIGGER),
	KIND(TSCONFIGURATION, "TEXT SEARCH CONFIGURATION", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(TSDICTIONARY, "TEXT SEARCH DICTIONARY", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(TSPARSER, "TEXT SEARCH PARSER", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(TSTEMPLATE, "TEXT SEARCH TEMPLATE", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(TYPE, "TYPE", ALONE, RENAME_OBJECT, DROP_OBJECT),
	KIND(USER_MAPPING, "USER MAPPING", ALONE, FOREIGN_DATA, FOREIGN_DATA),
	KIND(VIEW, "VIEW", RELATION, RENAME_VIEW, DROP_VIEW),
};

const struct object_kind *object_kind(PgQuery__ObjectType type)
{
	static const struct object_kind unknown = {
		.shape = OBJECT_ALONE,
		.rename = ACTION_UNCLASSIFIED,
		.drop = ACTION_UNCLASSIFIED,
	};

	if ((size_t)type >= sizeof(object_kinds) / sizeof(*object_kinds) ||
		object_kinds[type].word == NULL)
		return &unknown;
	return &object_kinds[type];
}

void set_tag(struct builder *builder, const char *verb, PgQuery__ObjectType type)
{
	const char *word = object_kind(type)->word;

	builder->tag = word == NULL ? NULL : arena_printf(builder->arena, "%s %s", verb, word);
}

/* A name may be a String, a List of them, a TypeName, or a function with its arguments. */
struct name object_name(struct builder *builder, const PgQuery__Node *node)
{
	struct name name = {0};
	PgQuery__Node **parts;
	size_t n;

	if (node == NULL)
		return name;
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_RANGE_VAR:
		return tree_relation_name(builder->arena, node->range_var);
	case PG_QUERY__NODE__NODE_TYPE_NAME:
		return tree_name(builder->arena, node->type_name->names, node->type_name->n_names);
	case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
		return tree_name(builder->arena, node->object_with_args->objname,
			node->object_with_args->n_objname);
	case PG_QUERY__NODE__NODE_LIST:
		n = tree_list(node, &parts);
		return tree_name(builder->arena, parts, n);
	default:
		name.name = tree_text(builder->arena, tree_string(node));
		return name;
	}
}

void set_targets(
	struct builder *builder, struct action *action, PgQuery__Node *const *nodes, size_t n)
{
	struct name *targets = arena_alloc(builder->arena, (n + 1) * sizeof(*targets));

	for (size_t i = 0; i < n; i++)
		targets[i] = object_name(builder, nodes[i]);
	action->targets = targets;
	action->n_targets = n;
}

/* The relation comes first in the list, what is on it last: schema, table, name. */
static void set_part(struct builder *builder, struct action *action, PgQuery__ObjectType type,
	const PgQuery__Node *node)
{
	PgQuery__Node **parts;
	size_t n = tree_list(node, &parts);
	const char *name;

	if (n == 0)
		return;
	name = tree_text(builder->arena, tree_string(parts[n - 1]));
	action->table = tree_name(builder->arena, parts, n - 1);
	if (type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN)
		action->column = name;
	else
		action->name = name;
}

void set_object(struct builder *builder, struct action *action, PgQuery__ObjectType type,
	const PgQuery__Node *node)
{
	const struct object_kind *kind = object_kind(type);

	action->object = kind->word;
	if (kind->shape == OBJECT_PART) {
		set_part(builder, action, type, node);
		return;
	}
	set_targets(builder, action, (PgQuery__Node *const *)&node, 1);
	if (kind->shape == OBJECT_RELATION)
		action->table = action->targets[0];
	else
		action->name = action->targets[0].name;
}

static bool all_temporary(const struct action *action)
{
	for (size_t i = 0; i < action->n_targets; i++)
		if (!is_temporary_schema(action->targets[i].schema))
			return false;
	return action->n_targets > 0;
}

/* DROP INDEX names an index; which table it is on, only the catalog knows. */
void handle_drop(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__DropStmt *drop = node->drop_stmt;
	const struct object_kind *kind = object_kind(drop->remove_type);

	set_kind(builder, action, kind->drop);
	set_tag(builder, "DROP", drop->remove_type);
	if (drop->n_objects == 0)
		return;
	set_object(builder, action, drop->remove_type, drop->objects[0]);
	if (kind->shape != OBJECT_PART)
		set_targets(builder, action, drop->objects, drop->n_objects);
	if (kind->shape == OBJECT_RELATION)
		action->temporary = all_temporary(action);
	if (drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX)
		action->table = (struct name){0};
	builder->no_transaction = drop->concurrent;
}

void handle_comment(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	set_object(builder, action, node->comment_stmt->objtype, node->comment_stmt->object);
	action->new_name = tree_text(builder->arena, node->comment_stmt->comment);
}

void handle_security_label(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	set_object(builder, action, node->sec_label_stmt->objtype, node->sec_label_stmt->object);
}

/* Relations stand in a field of their own, all else in a node. */
static void set_subject(struct builder *builder, struct action *action, PgQuery__ObjectType type,
	const PgQuery__RangeVar *relation, const PgQuery__Node *node)
{
	struct name *target;

	if (relation == NULL) {
		set_object(builder, action, type, node);
		return;
	}
	action->object = object_kind(type)->word;
	target = arena_alloc(builder->arena, sizeof(*target));
	*target = action->table;
	action->targets = target;
	action->n_targets = 1;
}

/* The tag of a column's rename is its relation's (CreateCommandTag in tcop/utility.c). */
static PgQuery__ObjectType renamed_in(const PgQuery__RenameStmt *rename)
{
	switch (rename->rename_type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
		return rename->relation_type;
	default:
		return rename->rename_type;
	}
}

void handle_rename(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__RenameStmt *rename = node->rename_stmt;

	set_kind(builder, action, object_kind(rename->rename_type)->rename);
	set_tag(builder, "ALTER", renamed_in(rename));
	set_subject(builder, action, renamed_in(rename), rename->relation, rename->object);
	action->new_name = tree_text(builder->arena, rename->newname);
	if (*rename->subname == '\0')
		return;
	if (rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN ||
		rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE)
		action->column = tree_text(builder->arena, rename->subname);
	else
		action->name = tree_text(builder->arena, rename->subname);
}

void handle_set_schema(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterObjectSchemaStmt *alter = node->alter_object_schema_stmt;

	if (alter->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION)
		set_kind(builder, action, ACTION_ALTER_EXTENSION);
	set_tag(builder, "ALTER", alter->object_type);
	set_subject(builder, action, alter->object_type, alter->relation, alter->object);
	action->new_name = tree_text(builder->arena, alter->newschema);
}

void handle_alter_owner(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterOwnerStmt *alter = node->alter_owner_stmt;

	set_tag(builder, "ALTER", alter->object_type);
	set_subject(builder, action, alter->object_type, alter->relation, alter->object);
	action->new_name = role_text(builder, alter->newowner);
}

void handle_alter_depends(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterObjectDependsStmt *alter = node->alter_object_depends_stmt;

	set_tag(builder, "ALTER", alter->object_type);
	set_subject(builder, action, alter->object_type, alter->relation, alter->object);
}

void handle_extension_member(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterExtensionContentsStmt *alter = node->alter_extension_contents_stmt;

	set_object(builder, action, alter->objtype, alter->object);
	action->name = tree_text(builder->arena, alter->extname);
}

void handle_alter_function(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterFunctionStmt *alter = node->alter_function_stmt;

	set_tag(builder, "ALTER", alter->objtype);
	action->object = object_kind(alter->objtype)->word;
	action->volatility = function_volatility(alter->actions, alter->n_actions);
	if (alter->func != NULL)
		set_name(builder, action, alter->func->objname, alter->func->n_objname);
}

const char *role_text(struct builder *builder, const PgQuery__RoleSpec *role)
{
	if (role == NULL)
		return NULL;
	switch (role->roletype) {
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE:
		return "CURRENT_ROLE";
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER:
		return "CURRENT_USER";
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
		return "SESSION_USER";
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC:
		return "PUBLIC";
	default:
		return tree_text(builder->arena, role->rolename);
	}
}

void set_name(struct builder *builder, struct action *action, PgQuery__Node *const *parts, size_t n)
{
	struct name *target = arena_alloc(builder->arena, sizeof(*target));

	*target = tree_name(builder->arena, parts, n);
	action->name = target->name;
	action->targets = target;
	action->n_targets = 1;
}

/* Tables one by one, as targets; schemas are not looked up.  Of ONLY for some of them nothing is
 * told. */
static void set_published(
	struct builder *builder, struct action *action, PgQuery__Node *const *objects, size_t n)
{
	struct name *targets = arena_alloc(builder->arena, (n + 1) * sizeof(*targets));
	size_t n_only = 0;

	action->targets = targets;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__PublicationObjSpec *object = objects[i]->publication_obj_spec;

		if (objects[i]->node_case == PG_QUERY__NODE__NODE_PUBLICATION_OBJ_SPEC &&
			object->pubtable != NULL) {
			targets[action->n_targets++] =
				tree_relation_name(builder->arena, object->pubtable->relation);
			n_only += !object->pubtable->relation->inh;
		}
	}
	action->only = n_only > 0 && n_only == action->n_targets;
}

void handle_create_publication(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__CreatePublicationStmt *create = node->create_publication_stmt;

	handle_named(builder, node, action);
	set_published(builder, action, create->pubobjects, create->n_pubobjects);
}

void handle_alter_publication(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterPublicationStmt *alter = node->alter_publication_stmt;

	handle_named(builder, node, action);
	set_published(builder, action, alter->pubobjects, alter->n_pubobjects);
}

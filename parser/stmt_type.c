/* SPDX-License-Identifier: PostgreSQL */
/* Types, domains, functions and the other objects that live outside of pg_class. */
#include "stmt_internal.h"

void handle_composite_type(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	struct name *type = arena_alloc(builder->arena, sizeof(*type));

	/* The grammar names the type as the relation that carries its attributes. */
	*type = tree_relation_name(builder->arena, node->composite_type_stmt->typevar);
	action->table = (struct name){0};
	action->only = false;
	action->name = type->name;
	action->targets = type;
	action->n_targets = 1;
}

void handle_create_type(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	if (node->node_case == PG_QUERY__NODE__NODE_CREATE_ENUM_STMT) {
		action->object = "ENUM";
		set_name(builder, action, node->create_enum_stmt->type_name,
			node->create_enum_stmt->n_type_name);
	} else {
		set_name(builder, action, node->create_range_stmt->type_name,
			node->create_range_stmt->n_type_name);
	}
}

void handle_define(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__DefineStmt *define = node->define_stmt;

	if (define->kind == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE)
		set_kind(builder, action, ACTION_CREATE_TYPE);
	set_tag(builder, "CREATE", define->kind);
	set_name(builder, action, define->defnames, define->n_defnames);
	action->object = object_kind(define->kind)->word;
	for (size_t i = 0; i < define->n_definition; i++) {
		const PgQuery__Node *value = define->definition[i]->def_elem->arg;

		if (value != NULL && value->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
			note_function(builder, value->type_name->names, value->type_name->n_names);
	}
}

void handle_cast(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__ObjectWithArgs *function = node->create_cast_stmt->func;

	(void)action;
	if (function != NULL)
		note_function(builder, function->objname, function->n_objname);
}

void handle_alter_type(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	set_name(builder, action, node->alter_type_stmt->type_name,
		node->alter_type_stmt->n_type_name);
}

void handle_alter_enum(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterEnumStmt *alter = node->alter_enum_stmt;

	set_name(builder, action, alter->type_name, alter->n_type_name);
	if (*alter->old_val == '\0') {
		action->name = arena_strdup(builder->arena, alter->new_val);
		action->new_name = tree_text(builder->arena, alter->new_val_neighbor);
		action->if_not_exists = alter->skip_if_new_val_exists;
		return;
	}
	set_kind(builder, action, ACTION_ENUM_RENAME_VALUE);
	action->name = tree_text(builder->arena, alter->old_val);
	action->new_name = arena_strdup(builder->arena, alter->new_val);
}

void handle_create_domain(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__CreateDomainStmt *create = node->create_domain_stmt;

	set_name(builder, action, create->domainname, create->n_domainname);
	for (size_t i = 0; i < create->n_constraints; i++) {
		PgQuery__ConstrType type = create->constraints[i]->constraint->contype;

		action->constrained |= type == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK ||
				       type == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL;
	}
}

/* AlterDomainStmt.subtype (nodes/parsenodes.h). */
static enum action_kind domain_action(char subtype)
{
	switch (subtype) {
	case 'C':
		return ACTION_DOMAIN_ADD_CONSTRAINT;
	case 'V':
		return ACTION_DOMAIN_VALIDATE;
	case 'O':
		return ACTION_DOMAIN_SET_NOT_NULL;
	default:
		return ACTION_ALTER_DOMAIN_OTHER;
	}
}

void handle_alter_domain(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterDomainStmt *alter = node->alter_domain_stmt;
	const PgQuery__Constraint *constraint;

	set_kind(builder, action, domain_action(*alter->subtype));
	set_name(builder, action, alter->type_name, alter->n_type_name);
	action->name = tree_text(builder->arena, alter->name);
	if (action->kind != ACTION_DOMAIN_ADD_CONSTRAINT)
		return;
	constraint = alter->def->constraint;
	action->name = tree_text(builder->arena, constraint->conname);
	if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK)
		action->constraint = make_constraint(
			builder, constraint, span_from(builder, constraint->location));
}

char function_volatility(PgQuery__Node *const *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__DefElem *option = options[i]->def_elem;
		const char *word;

		if (options[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM ||
			strcmp(option->defname, "volatility") != 0)
			continue;
		word = tree_string(option->arg);
		return word == NULL ? 0 : *word; /* immutable, stable, volatile */
	}
	return 0;
}

void handle_create_function(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__CreateFunctionStmt *create = node->create_function_stmt;

	if (create->is_procedure)
		builder->tag = "CREATE PROCEDURE";
	set_name(builder, action, create->funcname, create->n_funcname);
	action->object = create->is_procedure ? "PROCEDURE" : "FUNCTION";
	for (size_t i = 0; i < create->n_options; i++) {
		const PgQuery__DefElem *option = create->options[i]->def_elem;
		PgQuery__Node **parts;
		size_t n = tree_list(option->arg, &parts);

		/* LANGUAGE internal AS 'query_to_xml': another name for it */
		if (strcmp(option->defname, "as") == 0)
			note_function(builder, parts, n);
		else if (strcmp(option->defname, "language") == 0)
			action->new_name = tree_text(builder->arena, tree_string(option->arg));
	}
	action->volatility = function_volatility(create->options, create->n_options);
	set_row_types(builder, action, &create->base);
}

void handle_role(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__RoleSpec *role = node->node_case == PG_QUERY__NODE__NODE_ALTER_ROLE_STMT
						? node->alter_role_stmt->role
						: node->alter_role_set_stmt->role;

	action->name = role_text(builder, role);
}

static void add_privilege(
	struct builder *builder, struct action *action, const PgQuery__AccessPriv *privilege)
{
	for (size_t i = 0; i < privilege->n_cols; i++) {
		const char *column = tree_text(builder->arena, tree_string(privilege->cols[i]));

		add_uses(builder, action, &column, 1);
	}
}

void handle_grant(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__GrantStmt *grant = node->grant_stmt;

	if (!grant->is_grant)
		builder->tag = "REVOKE";
	action->object = object_kind(grant->objtype)->word;
	set_targets(builder, action, grant->objects, grant->n_objects);
	if (grant->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_OBJECT &&
		grant->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && grant->n_objects > 0)
		action->table = action->targets[0];
	for (size_t i = 0; i < grant->n_privileges; i++)
		add_privilege(builder, action, grant->privileges[i]->access_priv);
}

void handle_grant_role(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	(void)action;
	if (!node->grant_role_stmt->is_grant)
		builder->tag = "REVOKE ROLE";
}

/* ALTER DATABASE ... SET TABLESPACE copies files (movedb in commands/dbcommands.c). */
void handle_alter_database(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterDatabaseStmt *alter = node->alter_database_stmt;

	action->name = tree_text(builder->arena, alter->dbname);
	for (size_t i = 0; i < alter->n_options; i++)
		builder->no_transaction |=
			strcmp(alter->options[i]->def_elem->defname, "tablespace") == 0;
}

/* It makes a replication slot, unless told not to, and that cannot be rolled back. */
void handle_create_subscription(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__CreateSubscriptionStmt *create = node->create_subscription_stmt;

	action->name = tree_text(builder->arena, create->subname);
	builder->no_transaction =
		tree_option_on(create->options, create->n_options, "connect", true) &&
		tree_option_on(create->options, create->n_options, "create_slot", true);
}

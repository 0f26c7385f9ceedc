/* SPDX-License-Identifier: PostgreSQL */
/* Types by their names: what ALTER TYPE renames, moves and gives away, and the labels of enums. */
#include "model.h"

#include <string.h>

/* Returns NULL where nothing more is to be said of it: not there, or not looked up. */
static const struct type_facts *find_type(struct model *model)
{
	const struct action *action = model->action;
	const struct type_facts *type;

	if (action->n_targets == 0)
		return NULL;
	if (model_find_type(model->facts, &action->targets[0], &type) == ABSENT)
		model_absent(model, "42704", "type \"%s\" does not exist", action->targets[0].name);
	return type;
}

/* ---- names ---- */

static bool becomes(const struct model *model, const struct type_facts *type, struct name *name)
{
	const char *new_name = model->action->new_name;

	*name = model->action->kind == ACTION_SET_SCHEMA
			? (struct name){new_name, type->name.name}
			: (struct name){type->name.schema, new_name};
	return model->action->kind == ACTION_SET_SCHEMA ||
	       model->action->kind == ACTION_RENAME_OBJECT;
}

/* Row types of tables have names of the same space.  A composite type is renamed as the relation
 * that it is. */
static void check_new_type_name(struct model *model, const struct type_facts *type)
{
	bool composite = type->kind == 'c' && model->action->kind == ACTION_RENAME_OBJECT;
	struct name name;

	if (!becomes(model, type, &name))
		return;
	for (size_t i = 0; i < model->facts->n_types; i++) {
		const struct type_facts *found = &model->facts->types[i];

		if (found->exists && found->oid != 0 && name_equal(&found->name, &name) &&
			(found->oid != type->oid || model->action->kind == ACTION_RENAME_OBJECT))
			model_error(model,
				composite && strchr("ct", found->kind) != NULL ? "42P07" : "42710",
				"type \"%s\" already exists", name.name);
	}
}

/* RenameTypeInternal and AlterTypeOwner go on to the relation of a composite type. */
static void lock_composite(struct model *model, const struct type_facts *type)
{
	enum action_kind kind = model->action->kind;

	if (type->kind == 'c' && (kind == ACTION_RENAME_OBJECT || kind == ACTION_OWNER_TO))
		model_lock(model, &type->name, LOCK_ACCESS_EXCLUSIVE);
	else if (type->kind == 't' && kind != ACTION_COMMENT)
		model_error(model, "42809", "%s is a table's row type", type->name.name);
}

bool model_named_type(struct model *model)
{
	const struct type_facts *type;

	if (!names_type(model->action))
		return false;
	type = find_type(model);
	if (type == NULL || type->oid == 0)
		return true;
	if (strcmp(model->action->object, "DOMAIN") == 0 && !type->domain)
		model_error(model, "42809", "%s is not a domain", type->name.name);
	lock_composite(model, type);
	check_new_type_name(model, type);
	return true;
}

/* What AlterDomainDropConstraint and rename_constraint_internal look for. */
static void check_domain_constraint(struct model *model, const struct type_facts *domain)
{
	const struct action *action = model->action;
	const char *name = action->name, *new_name = action->new_name;

	if (!domain->domain)
		model_error(model, "42809", "\"%s\" is not a domain", domain->name.name);
	else if (name != NULL && !names_contain(domain->constraints, domain->n_constraints, name) &&
		 !action->if_exists)
		model_error(model, "42704", "constraint \"%s\" of domain \"%s\" does not exist",
			name, domain->name.name);
	else if (new_name != NULL &&
		 names_contain(domain->constraints, domain->n_constraints, new_name))
		model_error(model, "42710", "constraint \"%s\" for domain \"%s\" already exists",
			new_name, domain->name.name);
}

void model_alter_domain(struct model *model)
{
	const struct type_facts *type = find_type(model);
	const struct action *action = model->action;

	if (type == NULL || type->oid == 0)
		return;
	if (strcmp(action->name == NULL ? "" : action->name, action->targets[0].name) == 0)
		return; /* what it is about is not told apart from the domain's own name */
	check_domain_constraint(model, type);
}

/* ---- labels ---- */

static bool has_known_labels(struct model *model, const struct type_facts *type)
{
	if (type == NULL || type->oid == 0 || type->kind == 0)
		return false;
	if (type->kind != 'e')
		model_error(model, "42809", "%s is not an enum", type->name.name);
	return type->kind == 'e';
}

static bool has_label(const struct type_facts *type, const char *label)
{
	return names_contain(type->labels, type->n_labels, label);
}

/* AlterEnum (typecmds.c) until PostgreSQL 12; AddEnumLabel. */
void model_add_enum_value(struct model *model)
{
	const struct action *action = model->action;
	const struct type_facts *type = find_type(model);
	int version = model->facts->server_version;

	model->effects->no_transaction = version > 0 && version < 120000;
	if (!has_known_labels(model, type))
		return;
	if (has_label(type, action->name) && action->if_not_exists)
		model->effects->noop = true;
	else if (has_label(type, action->name))
		model_error(model, "42710", "enum label \"%s\" already exists", action->name);
	else if (action->new_name != NULL && !has_label(type, action->new_name))
		model_error(
			model, "22023", "\"%s\" is not an existing enum label", action->new_name);
}

/* No table is locked; the one it is most about is the largest that holds the enum. */
void model_rename_enum_value(struct model *model)
{
	const struct action *action = model->action;
	const struct type_facts *type = find_type(model);

	if (type != NULL)
		model->effects->table = model_worst(model->facts, type->used_by, type->n_used_by);
	if (!has_known_labels(model, type))
		return;
	if (!has_label(type, action->name))
		model_error(model, "22023", "\"%s\" is not an existing enum label", action->name);
	else if (has_label(type, action->new_name))
		model_error(model, "42710", "enum label \"%s\" already exists", action->new_name);
}

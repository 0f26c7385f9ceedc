/* SPDX-License-Identifier: PostgreSQL */
/* Names: whether there is such an object, and whether one may be made or commented on. */
#include "model.h"

#include <string.h>

bool model_made_elsewhere(const struct model *model, const struct relation_facts *found)
{
	const char *schema = model->facts->current_schema;

	return model->action->table.schema == NULL && found != NULL && schema != NULL &&
	       found->name.schema != NULL && strcmp(found->name.schema, schema) != 0;
}

void model_check_new_name(struct model *model, const struct name *name)
{
	const struct relation_facts *found;

	if (!model->action->temporary && model_find(model->facts, name, &found) == PRESENT &&
		relation_listed(found) && !model_made_elsewhere(model, found))
		model_error(model, "42P07", "relation \"%s\" already exists", name->name);
}

/* A new name in the schema of the relation (RenameRelationInternal). */
void model_check_rename(struct model *model)
{
	const struct relation_facts *table = model->table, *found;
	struct name name = {.name = model->action->new_name};

	if (table == NULL || name.name == NULL)
		return;
	name.schema = table->name.schema;
	if (model_find(model->facts, &name, &found) == PRESENT && relation_listed(found))
		model_error(model, "42P07", "relation \"%s\" already exists", name.name);
}

/* What stands on a table: get_object_address locks nothing for good but the relation itself. */
static void comment_on_part(struct model *model)
{
	const struct relation_facts *table = model->table;
	const struct action *action = model->action;
	bool constraint = action->object != NULL && strcmp(action->object, "TABLE") == 0;
	bool there;

	model_unlock(model);
	if (table == NULL || !relation_listed(table))
		return;
	there = constraint ? relation_has_constraint(table, action->name)
			   : model_attached(action, table) != NULL;
	if (!there)
		model_error(model, "42704", "\"%s\" for table \"%s\" does not exist", action->name,
			table->name.name);
}

void model_comment(struct model *model)
{
	const struct relation_facts *table = model->table;
	const char *column = model->action->column;

	if (model_named_type(model) || model_named_statistics(model))
		return;
	if (model->action->name != NULL)
		comment_on_part(model);
	else if (table != NULL && column != NULL && relation_listed(table) &&
		 facts_column(table, column) == NULL && !is_system_column(column))
		model_error(model, "42703", "column \"%s\" of relation \"%s\" does not exist",
			column, table->name.name);
}

/* check_publication_add_relation */
static void check_published(struct model *model, const struct name *name)
{
	const struct relation_facts *table;

	if (model_find(model->facts, name, &table) == PRESENT && relation_listed(table) &&
		(strchr("rp", table->kind) == NULL || table->persistence != 'p'))
		model_error(model, "22023", "cannot add relation \"%s\" to publication",
			table->name.name);
}

/* OpenTableList takes children by inheritance along, each of them to be published. */
static void publish(struct model *model, const struct name *name)
{
	const struct relation_facts *table;

	if (model_find(model->facts, name, &table) == ABSENT) {
		model_error(model, "42P01", "relation \"%s\" does not exist", name->name);
		return;
	}
	model_lock(model, name, LOCK_SHARE_UPDATE_EXCLUSIVE);
	check_published(model, name);
	if (table == NULL || table->kind == 'p' || model->action->only)
		return;
	model_lock_tree(model, name, LOCK_SHARE_UPDATE_EXCLUSIVE);
	for (size_t i = 0; i < table->n_partitions; i++)
		check_published(model, &table->partitions[i]);
}

/* DROP, RENAME and OWNER name the publication itself. */
void model_publication(struct model *model)
{
	const struct action *action = model->action;

	for (size_t i = 0; i < action->n_targets && action->object == NULL; i++)
		publish(model, &action->targets[i]);
	if (action->object == NULL)
		model->effects->table =
			model_worst(model->facts, action->targets, action->n_targets);
}

/*
 * DEPENDS ON EXTENSION of an index or materialized view, and ALTER EXTENSION ... ADD or DROP, which
 * has the extension's name: get_object_address locks the relation.  That of a trigger is only read.
 */
void model_alter_object(struct model *model)
{
	const struct action *action = model->action;
	const struct relation_facts *relation;
	bool member = action->name != NULL;
	enum presence presence = model_find(model->facts, &action->table, &relation);

	if (action->table.name == NULL || strcmp(action->object, "TRIGGER") == 0)
		return;
	if (presence == ABSENT)
		model_absent(model, "42P01", "relation \"%s\" does not exist", action->table.name);
	else
		model_lock(model, &action->table,
			member ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE);
	model->effects->table = relation;
}

/* ---- DROP ---- */

const struct drop_facts *model_object_drops(const struct facts *facts, const struct name *name)
{
	const struct relation_facts *relation;
	const struct type_facts *type;

	if (model_find_type(facts, name, &type) == PRESENT)
		return &type->drops;
	if (model_find(facts, name, &relation) == PRESENT)
		return &relation->drops;
	for (size_t i = 0; i < facts->n_functions; i++)
		if (name_equal(&facts->functions[i].asked, name))
			return &facts->functions[i].drops;
	return NULL;
}

static bool is_identity(const struct facts *facts, const struct name *name)
{
	const struct relation_facts *relation;

	return model_find(facts, name, &relation) == PRESENT && relation->owned == 'i';
}

static void check_sequence(struct model *model, const struct name *name)
{
	const struct relation_facts *relation;

	if (model_find(model->facts, name, &relation) == ABSENT && !model->action->if_exists)
		model_error(model, "42P01", "sequence \"%s\" does not exist", name->name);
	else if (relation != NULL && relation_listed(relation) && relation->kind != 'S')
		model_error(model, "42809", "\"%s\" is not a sequence", name->name);
}

static void check_type(struct model *model, const struct name *name, bool domain)
{
	const struct type_facts *type;

	if (model_find_type(model->facts, name, &type) == ABSENT && !model->action->if_exists)
		model_error(model, "42704", "type \"%s\" does not exist", name->name);
	else if (domain && type != NULL && type->oid != 0 && !type->domain)
		model_error(model, "42809", "\"%s\" is not a domain", name->name);
	else if (type != NULL && type->kind == 't')
		model_error(model, "2BP01", "cannot drop type %s: a table requires it", name->name);
}

static void check_function(struct model *model, const struct name *name)
{
	const struct facts *facts = model->facts;

	for (size_t i = 0; i < facts->n_functions && facts->known; i++)
		if (name_equal(&facts->functions[i].asked, name) && !facts->functions[i].exists &&
			!model->action->if_exists)
			model_error(model, "42883", "function %s does not exist", name->name);
}

/* It has to be there, and to be what the word says. */
static void check_dropped(struct model *model, const struct name *name)
{
	const char *object = model->action->object == NULL ? "" : model->action->object;

	if (strcmp(object, "SEQUENCE") == 0)
		check_sequence(model, name);
	else if (strcmp(object, "TYPE") == 0 || strcmp(object, "DOMAIN") == 0)
		check_type(model, name, *object == 'D');
	else if (strcmp(object, "FUNCTION") == 0)
		check_function(model, name);
}

/* Types, functions, sequences: who has a column, trigger or default of them loses it. */
void model_drop_object(struct model *model)
{
	const struct action *action = model->action;
	struct dropped *dropped =
		arena_alloc(model->arena, (action->n_targets + 1) * sizeof(*dropped));
	size_t n = 0;

	for (size_t i = 0; i < action->n_targets; i++) {
		check_dropped(model, &action->targets[i]);
		if (is_identity(model->facts, &action->targets[i]))
			model_error(model, "2BP01",
				"cannot drop sequence %s because an identity column requires it",
				action->targets[i].name);
		dropped[n] = (struct dropped){model_object_drops(model->facts, &action->targets[i]),
			action->targets[i].name};
		n += dropped[n].drops != NULL;
	}
	model_drop(model, dropped, n);
}

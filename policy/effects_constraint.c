/* SPDX-License-Identifier: PostgreSQL */
/* Constraints of tables and domains: what is verified, built and locked besides the table. */
#include "model.h"

static bool partitioned(const struct model *model)
{
	return model->table != NULL && model->table->kind == 'p';
}

/* ConstraintNameIsUsed and index_create refuse before anything is read or built. */
static bool name_taken(struct model *model)
{
	const char *name = model->action->constraint->name;

	if (model->table == NULL || name == NULL || facts_constraint(model->table, name) == NULL)
		return false;
	model_absent(model, "42710", "constraint \"%s\" already exists", name);
	return true;
}

void model_add_check(struct model *model)
{
	if (name_taken(model))
		return;
	model->effects->scan = !model->action->constraint->not_valid;
}

/* ATAddForeignKeyConstraint: the same mode on both sides, for a trigger is made on each. */
void model_add_foreign_key(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;
	const struct relation_facts *referenced;

	if (name_taken(model))
		return;
	if (model_find(model->facts, &def->referenced, &referenced) == ABSENT) {
		model_absent(
			model, "42P01", "relation \"%s\" does not exist", def->referenced.name);
		return;
	}
	model_lock_tree(model, &def->referenced, LOCK_SHARE_ROW_EXCLUSIVE);
	model->effects->scan = !def->not_valid;
	if (def->not_valid && partitioned(model) && model->facts->server_version < 180000)
		model_error(
			model, "42809", "cannot add NOT VALID foreign key on partitioned table");
}

/* DefineIndex on the partitions of a partitioned table takes SHARE there; on ONLY the parent it
 * builds nothing. */
static void build_index(struct model *model)
{
	model->effects->index_build = !(partitioned(model) && model->action->only);
	if (!partitioned(model) || model->action->only)
		return;
	for (size_t i = 0; i < model->table->n_partitions; i++)
		model_lock(model, &model->table->partitions[i], LOCK_SHARE);
}

/* The index's columns for USING INDEX; NULL when nothing is known of it. */
static const struct index_facts *used_index(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;
	const struct index_facts *index;

	if (model->table == NULL)
		return NULL;
	index = facts_index(model->table, def->using_index);
	if (index == NULL && relation_listed(model->table))
		model_absent(model, "42704", "index \"%s\" does not exist", def->using_index);
	return index;
}

void model_add_unique(struct model *model)
{
	if (name_taken(model))
		return;
	if (model->action->constraint->using_index != NULL)
		used_index(model);
	else
		build_index(model);
}

/* A primary key makes its columns NOT NULL first (transformIndexConstraint), with SET NOT NULL's
 * scan. */
static void require_columns(struct model *model, const char *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (model_never_null(model, columns[i]))
			continue;
		model->effects->scan = true;
		model_cause(model, "column %s may hold nulls", columns[i]);
		if (partitioned(model) && !model->action->only)
			model_lock_tree(model, &model->action->table, LOCK_ACCESS_EXCLUSIVE);
	}
}

void model_add_primary_key(struct model *model)
{
	const struct constraint_def *def = model->action->constraint;
	const struct index_facts *index;

	if (def->using_index == NULL) {
		build_index(model);
		require_columns(model, def->columns, def->n_columns);
		return;
	}
	index = used_index(model);
	if (index != NULL)
		require_columns(model, index->columns, index->n_columns);
	else
		model->effects->scan = !model->effects->absent;
}

void model_add_exclusion(struct model *model)
{
	build_index(model);
	model->effects->scan = true;
}

static const struct constraint_facts *own_constraint(struct model *model)
{
	const struct constraint_facts *c;

	if (model->table == NULL || model->action->name == NULL)
		return NULL;
	c = facts_constraint(model->table, model->action->name);
	if (c != NULL || !relation_listed(model->table))
		return c;
	if (model->action->if_exists)
		model->effects->noop = true;
	else
		model_absent(
			model, "42704", "constraint \"%s\" does not exist", model->action->name);
	return NULL;
}

void model_validate(struct model *model)
{
	const struct constraint_facts *c = own_constraint(model);

	if (model->effects->absent)
		return;
	model->effects->scan = c == NULL || !c->validated;
	if (c != NULL && c->kind == CONSTRAINT_FOREIGN_KEY && !c->validated)
		model_lock(model, &c->referenced, LOCK_ROW_SHARE);
}

void model_alter_constraint(struct model *model)
{
	own_constraint(model);
}

/* RemoveTriggerById locks the other side of a foreign key with ACCESS EXCLUSIVE. */
void model_drop_constraint(struct model *model)
{
	const struct constraint_facts *c = own_constraint(model);

	if (c == NULL)
		return;
	if (c->kind == CONSTRAINT_FOREIGN_KEY)
		model_lock(model, &c->referenced, LOCK_ACCESS_EXCLUSIVE);
	if (c->kind != CONSTRAINT_PRIMARY_KEY && c->kind != CONSTRAINT_UNIQUE)
		return;
	for (size_t i = 0; model->action->cascade && i < model->table->n_referencing; i++)
		model_lock(model, &model->table->referencing[i], LOCK_ACCESS_EXCLUSIVE);
}

/* validateDomainConstraint and AlterDomainNotNull read every table with a column of the domain
 * under SHARE. */
void model_domain_constraint(struct model *model)
{
	const struct action *action = model->action;
	const struct type_facts *type;
	enum presence presence;

	if (action->n_targets == 0)
		return;
	presence = model_find_type(model->facts, &action->targets[0], &type);
	if (presence == ABSENT) {
		model_absent(model, "42704", "type \"%s\" does not exist", action->targets[0].name);
		return;
	}
	if (action->constraint != NULL && action->constraint->not_valid)
		return;
	model->effects->scan = presence == UNKNOWN || type->n_used_by > 0;
	for (size_t i = 0; presence == PRESENT && i < type->n_used_by; i++)
		model_lock(model, &type->used_by[i], LOCK_SHARE);
	if (presence == PRESENT)
		model->effects->table = model_worst(model->facts, type->used_by, type->n_used_by);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Constraints of domains: every table with a column of one is read. */
#include "model.h"

static void check_domain(struct model *model, const struct type_facts *domain)
{
	const struct action *action = model->action;
	const char *name = action->constraint != NULL ? action->constraint->name : action->name;
	bool there = domain != NULL && name != NULL &&
		     names_contain(domain->constraints, domain->n_constraints, name);

	if (domain == NULL || domain->oid == 0 || name == NULL)
		return;
	if (action->kind == ACTION_DOMAIN_ADD_CONSTRAINT && there)
		model_error(model, "42710", "constraint \"%s\" for domain \"%s\" already exists",
			name, domain->name.name);
	else if (action->kind == ACTION_DOMAIN_VALIDATE && !there)
		model_error(model, "42704", "constraint \"%s\" of domain \"%s\" does not exist",
			name, domain->name.name);
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
	if (presence == PRESENT && type->oid == 0 && !type->created_in_transaction)
		presence = UNKNOWN; /* seen in the text alone: any table may use it */
	if (presence == ABSENT) {
		model_absent(model, "42704", "type \"%s\" does not exist", action->targets[0].name);
		return;
	}
	check_domain(model, presence == PRESENT ? type : NULL);
	if (action->constraint != NULL && action->constraint->not_valid)
		return;
	model->effects->scan = presence == UNKNOWN || type->n_used_by > 0;
	for (size_t i = 0; presence == PRESENT && i < type->n_used_by; i++)
		model_work(model, &type->used_by[i], LOCK_SHARE, WORK_SCAN);
	if (presence != PRESENT)
		return;
	model->effects->table = model_worst(model->facts, type->used_by, type->n_used_by);
	/* find_composite_type_dependencies */
	if (type->embedded)
		model_error(model, "0A000",
			"cannot alter type \"%s\" because a column of an array or row type uses it",
			action->targets[0].name);
}

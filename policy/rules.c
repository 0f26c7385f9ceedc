/* SPDX-License-Identifier: PostgreSQL */
#include "rules.h"

#include <string.h>

static const struct rule *const all[] = {
#define RULE(name) &rule_##name,
#include "rules.def"
#undef RULE
};

const struct rule *const *const rules_all = all;
const size_t n_rules_all = sizeof(all) / sizeof(all[0]);

const struct rule *rule_by_id(const char *id)
{
	for (size_t i = 0; i < n_rules_all; i++)
		if (strcmp(all[i]->id, id) == 0)
			return all[i];
	return NULL;
}

bool action_is(const struct rule_context *context, enum action_kind kind)
{
	return context->action->kind == kind;
}

bool shared(const struct rule_context *context)
{
	return !context->new_table && !context->effects->absent && !context->effects->noop;
}

bool large(const struct rule_context *context)
{
	return shared(context) && !context->small;
}

bool is_partitioned(const struct rule_context *context)
{
	return context->table != NULL && context->table->kind == 'p';
}

bool stops_writes(const struct effects *effects)
{
	for (size_t i = 0; i < effects->n_locks && !effects->absent; i++)
		if (effects->locks[i].existing && effects->locks[i].mode >= LOCK_SHARE)
			return true;
	return false;
}

const char *column_sql(const struct rule_context *context)
{
	const char *column = context->action->column;

	return quote_ident(context->arena, column == NULL ? "column" : column);
}

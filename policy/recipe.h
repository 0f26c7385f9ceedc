/* SPDX-License-Identifier: PostgreSQL */
/*
 * Recipes: each makes the plan that reaches what one dangerous action asks for without its harm.
 * They are pure: the same action and facts give the same plan, to the byte.
 */
#ifndef RECIPE_H
#define RECIPE_H

#include "rule.h"

/*
 * All of them fill the plan (table, relation_oid, tag, summary, steps, deferrable) and return true,
 * or return false when there is no safe form for this table; the plan is not to be used then.
 * plan->rule is the caller's to set.  Where context->table is NULL (no catalog
 * at hand) names are taken as the text wrote them.
 */
bool recipe_set_not_null(const struct rule_context *context, struct plan *plan);
bool recipe_add_column(const struct rule_context *context, struct plan *plan);
bool recipe_add_check(const struct rule_context *context, struct plan *plan);
bool recipe_validate(const struct rule_context *context, struct plan *plan);
bool recipe_add_foreign_key(const struct rule_context *context, struct plan *plan);
bool recipe_add_unique(const struct rule_context *context, struct plan *plan);
bool recipe_add_primary_key(const struct rule_context *context, struct plan *plan);
bool recipe_create_index(const struct rule_context *context, struct plan *plan);
bool recipe_alter_type(const struct rule_context *context, struct plan *plan);
bool recipe_rename_table(const struct rule_context *context, struct plan *plan);
bool recipe_set_schema(const struct rule_context *context, struct plan *plan);
bool recipe_rename_column(const struct rule_context *context, struct plan *plan);
bool recipe_drop_column(const struct rule_context *context, struct plan *plan);
bool recipe_drop_table(const struct rule_context *context, struct plan *plan);
bool recipe_drop_index(const struct rule_context *context, struct plan *plan);
bool recipe_attach_partition(const struct rule_context *context, struct plan *plan);
bool recipe_create_partition_of(const struct rule_context *context, struct plan *plan);
bool recipe_detach_partition(const struct rule_context *context, struct plan *plan);
bool recipe_drop_partition(const struct rule_context *context, struct plan *plan);
bool recipe_reindex(const struct rule_context *context, struct plan *plan);
bool recipe_index_tablespace(const struct rule_context *context, struct plan *plan);
bool recipe_truncate(const struct rule_context *context, struct plan *plan);
bool recipe_bulk(const struct rule_context *context, struct plan *plan);
bool recipe_domain_constraint(const struct rule_context *context, struct plan *plan);
bool recipe_domain_not_null(const struct rule_context *context, struct plan *plan);
bool recipe_enum_rename(const struct rule_context *context, struct plan *plan);
bool recipe_refresh(const struct rule_context *context, struct plan *plan);

#endif

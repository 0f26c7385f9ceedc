/* SPDX-License-Identifier: PostgreSQL */
/* What the rules_*.c share: the objects they define and the questions they ask alike. */
#ifndef RULES_H
#define RULES_H

#include "rule.h"

#define RULE(name) extern const struct rule rule_##name;
#include "rules.def"
#undef RULE

bool action_is(const struct rule_context *context, enum action_kind kind);
/* Others can see the table and it is not small: work in proportion to its rows hurts. */
bool large(const struct rule_context *context);
/* Others can see the table, whatever its size. */
bool shared(const struct rule_context *context);
bool is_partitioned(const struct rule_context *context);
/* Locks of SHARE and up on what others see stop at least their writes. */
bool stops_writes(const struct effects *effects);
/* The column as SQL, quoted. */
const char *column_sql(const struct rule_context *context);

#endif

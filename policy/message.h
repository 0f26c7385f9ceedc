/* SPDX-License-Identifier: PostgreSQL */
/*
 * What people read about a statement: objects with their sizes, locks with what waits for them.
 * For those who run databases, not for those who wrote this.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "rule.h"

/* "table public.orders (300,000 rows, 24 MB)"; with its column or constraint where the action has
 * one. */
const char *message_object(const struct rule_context *context);
/* The table's name as SQL, qualified where the catalog told. */
const char *message_table_sql(const struct rule_context *context);
/* What the catalog knows to use the column or relation, and functions whose text names it; "". */
const char *message_users(const struct rule_context *context);
/* The locks, what is done under them, what waits meanwhile; the cause; and what
 * would break. */
const char *message_detail(const struct rule_context *context);
/* The rule's own words, or its title and the object. */
const char *message_of(const struct rule *rule, const struct rule_context *context);

#endif

/* SPDX-License-Identifier: PostgreSQL */
/* Whether a statement may take a literal for a value of an enum. */
#ifndef ENUM_VALUE_H
#define ENUM_VALUE_H

#include <stdbool.h>

/*
 * A literal written like this, quotes included, stands in the statement, other than as a text by
 * its own words: 'a'::text, x::text = 'a', x::text IN ('a', 'b'), x::text = ANY (ARRAY['a']).
 * In another literal, such as the body of a DO block, any mention counts.
 */
bool enum_value_used(const char *sql, const char *literal);

#endif

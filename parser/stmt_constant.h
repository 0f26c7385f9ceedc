/* SPDX-License-Identifier: PostgreSQL */
/* Constants of an expression, and what can be told of two of them without a server. */
#ifndef STMT_CONSTANT_H
#define STMT_CONSTANT_H

#include <stdbool.h>

#include "parse_tree.h"

/* What stands inside of x::a::b; NULL stays NULL. */
const PgQuery__Node *without_casts(const PgQuery__Node *node);
/* Casts left aside; NULL for what is no constant. */
const PgQuery__AConst *constant_of(const PgQuery__Node *node);
/* The order of two constants: -1, 0, 1; false when only a collation or a type could tell. */
bool compare_constants(const PgQuery__AConst *a, const PgQuery__AConst *b, int *order);
bool both_strings(const PgQuery__AConst *a, const PgQuery__AConst *b);

#endif

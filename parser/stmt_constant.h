/* SPDX-License-Identifier: PostgreSQL */
/* Constants of an expression, and what can be told of two of them without a server. */
#ifndef STMT_CONSTANT_H
#define STMT_CONSTANT_H

#include <stdbool.h>

#include "parse_tree.h"

/* What stands inside of x::a::b; NULL stays NULL. */
const PgQuery__Node *constant_uncast(const PgQuery__Node *node);
/* Casts left aside; NULL for what is no constant. */
const PgQuery__AConst *constant_of(const PgQuery__Node *node);
/* The order of two constants: -1, 0, 1; false when only a collation or a type could tell. */
bool constant_compare(const PgQuery__AConst *a, const PgQuery__AConst *b, int *order);
/* Both are string literals, of whatever type the server takes them for. */
bool constant_strings(const PgQuery__AConst *a, const PgQuery__AConst *b);

#endif

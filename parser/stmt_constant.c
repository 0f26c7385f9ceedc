/* SPDX-License-Identifier: PostgreSQL */
#include "stmt_constant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const PgQuery__Node *constant_uncast(const PgQuery__Node *node)
{
	while (node != NULL && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	return node;
}

const PgQuery__AConst *constant_of(const PgQuery__Node *node)
{
	node = constant_uncast(node);
	return node != NULL && node->node_case == PG_QUERY__NODE__NODE_A_CONST ? node->a_const
									       : NULL;
}

static bool number(const PgQuery__AConst *value, double *out)
{
	const char *text;
	char *end;

	switch (value->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		*out = value->ival->ival;
		return true;
	case PG_QUERY__A__CONST__VAL_FVAL:
		text = value->fval->fval;
		break;
	case PG_QUERY__A__CONST__VAL_SVAL:
		text = value->sval->sval;
		break;
	default:
		return false;
	}
	*out = strtod(text, &end);
	return end != text && *end == '\0' && !isnan(*out);
}

bool constant_compare(const PgQuery__AConst *a, const PgQuery__AConst *b, int *order)
{
	double x, y;

	if (number(a, &x) && number(b, &y)) {
		*order = (x > y) - (x < y);
		return true;
	}
	if (a->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL && b->val_case == a->val_case) {
		*order = !!a->boolval->boolval - !!b->boolval->boolval;
		return true;
	}
	if (a->val_case == PG_QUERY__A__CONST__VAL_SVAL && b->val_case == a->val_case &&
		strcmp(a->sval->sval, b->sval->sval) == 0) {
		*order = 0;
		return true;
	}
	return false;
}

bool constant_strings(const PgQuery__AConst *a, const PgQuery__AConst *b)
{
	return a->val_case == PG_QUERY__A__CONST__VAL_SVAL && b->val_case == a->val_case;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Is a default computed once or for every row?  ADD COLUMN stores the value once when no
 * function of the default is volatile (ATExecAddColumn: contain_volatile_functions); the catalog
 * says which are.  Without it only the list below is believed.
 */
#include "model.h"

#include <string.h>

/* pg_catalog functions that defaults are made of; provolatile of PostgreSQL 11 to 18. */
static const struct {
	const char *name;
	char volatility;
} well_known[] = {
	{"abs", 'i'},
	{"array_fill", 'i'},
	{"coalesce", 'i'},
	{"concat", 's'},
	{"current_database", 's'},
	{"current_schema", 's'},
	{"current_setting", 's'},
	{"date_part", 's'},
	{"date_trunc", 's'},
	{"decode", 'i'},
	{"encode", 'i'},
	{"extract", 's'},
	{"format", 's'},
	{"jsonb_build_array", 's'},
	{"jsonb_build_object", 's'},
	{"json_build_object", 's'},
	{"length", 'i'},
	{"lower", 'i'},
	{"make_interval", 'i'},
	{"make_date", 'i'},
	{"md5", 'i'},
	{"now", 's'},
	{"replace", 'i'},
	{"statement_timestamp", 's'},
	{"substring", 'i'},
	{"timezone", 's'},
	{"to_char", 's'},
	{"to_date", 's'},
	{"to_timestamp", 's'},
	{"transaction_timestamp", 's'},
	{"upper", 'i'},
};

static char volatility_without_catalog(const struct name *function)
{
	if (function->schema != NULL && strcmp(function->schema, "pg_catalog") != 0)
		return 'v';
	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
		if (strcmp(well_known[i].name, function->name) == 0)
			return well_known[i].volatility;
	return 'v';
}

char expr_volatility(
	const struct facts *facts, const struct expr *expr, const struct name **function)
{
	char worst = 'i';

	*function = NULL;
	for (size_t i = 0; i < expr->n_functions; i++) {
		const struct name *name = &expr->functions[i];
		bool listed = facts->known || facts_function(facts, name) != NULL;
		char volatility =
			listed ? facts_volatility(facts, name) : volatility_without_catalog(name);

		if (volatility == 'v') {
			*function = name;
			return 'v';
		}
		if (volatility == 's')
			worst = 's';
	}
	return worst;
}

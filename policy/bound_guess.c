/* SPDX-License-Identifier: PostgreSQL */
/* The key is taken to be each column that a CHECK compares, of each type in turn. */
#include "bound_guess.h"

#include <ctype.h>
#include <string.h>

#include "bound_proof.h"

/* A plain literal, or none at all. */
static bool readable(const struct bound_value *value)
{
	const char *sql = value->kind == BOUND_VALUE ? value->expr->sql : "";

	return value->kind != BOUND_VALUE ||
	       (value->expr->constant && !value->expr->null &&
		       (isdigit((unsigned char)*sql) || *sql == '-' ||
			       (*sql == '\'' && sql[strlen(sql) - 1] == '\'')));
}

static bool all_readable(const struct partition_bound *bound)
{
	if (bound == NULL || (bound->strategy == 'r' && bound->n_values != 1))
		return false;
	if (bound->strategy == 'r')
		return readable(bound->values) && readable(bound->upper);
	for (size_t i = 0; bound->strategy == 'l' && i < bound->n_values; i++)
		if (!readable(&bound->values[i]))
			return false;
	return bound->strategy == 'l';
}

static bool may_hold_for(const struct facts *facts, const struct partition_bound *bound,
	const struct relation_facts *table, const char *key)
{
	static const char *const types[] = {
		"int8", "date", "timestamp", "timestamptz", "numeric", "text"};
	const struct facts in_utc = {.server_version = facts->server_version, .timezone_utc = true};

	for (size_t i = 0; key != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
		const struct column_facts column = {
			.name = key, .base_type = types[i], .not_null = true};
		const struct relation_facts parent = {
			.columns = &column,
			.n_columns = 1,
			.partition_plain = true,
			.partition_strategy = bound->strategy,
			.partition_columns = &key,
			.n_partition_columns = 1,
		};
		struct relation_facts whole = *table;

		whole.kind = 'r';
		whole.columns = &column;
		whole.n_columns = 1;
		if (bound_holds(&in_utc, &parent, bound, &whole))
			return true;
	}
	return false;
}

bool bound_may_hold(const struct facts *facts, const struct partition_bound *bound,
	const struct relation_facts *table)
{
	for (size_t i = 0; i < table->n_constraints; i++) {
		const struct constraint_facts *c = &table->constraints[i];

		if (c->kind != CONSTRAINT_CHECK || !c->validated)
			continue;
		if (c->unseen || !all_readable(bound))
			return true;
		for (size_t k = 0; k < c->n_clauses; k++)
			if (c->clauses[k].n > 0 &&
				may_hold_for(facts, bound, table, c->clauses[k].arms[0].column))
				return true;
	}
	return false;
}

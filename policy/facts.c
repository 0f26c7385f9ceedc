/* SPDX-License-Identifier: PostgreSQL */
#include "facts.h"

#include <string.h>

#include "arena.h"

/* ---- lookups ---- */

const struct relation_facts *facts_relation(const struct facts *facts, const struct name *name)
{
	for (size_t i = 0; i < facts->n_relations; i++) {
		const struct relation_facts *relation = &facts->relations[i];

		if (relation->exists &&
			(name_equal(&relation->asked, name) || name_equal(&relation->name, name)))
			return relation;
	}
	return NULL;
}

const struct type_facts *facts_type(const struct facts *facts, const struct name *name)
{
	for (size_t i = 0; i < facts->n_types; i++)
		if (facts->types[i].exists && name_equal(&facts->types[i].asked, name))
			return &facts->types[i];
	return NULL;
}

char facts_volatility(const struct facts *facts, const struct name *function)
{
	for (size_t i = 0; i < facts->n_functions; i++)
		if (facts->functions[i].exists && name_equal(&facts->functions[i].asked, function))
			return facts->functions[i].volatility;
	return 'v';
}

const struct column_facts *facts_column(const struct relation_facts *relation, const char *column)
{
	for (size_t i = 0; i < relation->n_columns; i++)
		if (strcmp(relation->columns[i].name, column) == 0)
			return &relation->columns[i];
	return NULL;
}

const struct index_facts *facts_index(const struct relation_facts *relation, const char *index)
{
	for (size_t i = 0; i < relation->n_indexes; i++)
		if (strcmp(relation->indexes[i].name.name, index) == 0)
			return &relation->indexes[i];
	return NULL;
}

const struct constraint_facts *facts_constraint(
	const struct relation_facts *relation, const char *name)
{
	for (size_t i = 0; i < relation->n_constraints; i++)
		if (strcmp(relation->constraints[i].name, name) == 0)
			return &relation->constraints[i];
	return NULL;
}

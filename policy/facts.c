/* SPDX-License-Identifier: PostgreSQL */
#include "facts.h"

#include <string.h>

#include "arena.h"
#include "relation_index.h"

/* ---- lookups ---- */

/* A name without schema is looked for where one would be made. */
static struct name in_current_schema(const struct facts *facts, const struct name *name)
{
	return (struct name){
		.schema = name->schema != NULL ? name->schema : facts->current_schema,
		.name = name->name,
	};
}

static bool same_place(const struct facts *facts, const struct name *a, const struct name *b)
{
	struct name first, second;

	if (name_equal(a, b))
		return true;
	if (facts->current_schema == NULL || a->name == NULL || b->name == NULL)
		return false;
	first = in_current_schema(facts, a);
	second = in_current_schema(facts, b);
	return name_equal(&first, &second);
}

typedef bool relation_test(
	const struct facts *facts, const struct relation_facts *relation, const struct name *name);

static const struct relation_facts *find(
	const struct facts *facts, const struct name *name, relation_test *is)
{
	struct relation_cursor cursor = {0};

	if (relation_index_holds(facts->index, facts)) {
		while (relation_index_next(facts->index, name->name, &cursor))
			if (is(facts, &facts->relations[cursor.entry], name))
				return &facts->relations[cursor.entry];
		return NULL;
	}
	for (size_t i = 0; i < facts->n_relations; i++)
		if (is(facts, &facts->relations[i], name))
			return &facts->relations[i];
	return NULL;
}

static bool is_asked(
	const struct facts *facts, const struct relation_facts *relation, const struct name *name)
{
	(void)facts;
	return name_equal(&relation->asked, name);
}

static bool is_asked_there(
	const struct facts *facts, const struct relation_facts *relation, const struct name *name)
{
	return relation->exists && is_asked(facts, relation, name);
}

static bool is_there(
	const struct facts *facts, const struct relation_facts *relation, const struct name *name)
{
	return relation->exists && same_place(facts, &relation->name, name);
}

const struct relation_facts *facts_asked(const struct facts *facts, const struct name *name)
{
	return find(facts, name, is_asked);
}

/* What the server answered for this spelling goes before what it would resolve to. */
const struct relation_facts *facts_relation(const struct facts *facts, const struct name *name)
{
	const struct relation_facts *relation = find(facts, name, is_asked_there);

	return relation != NULL ? relation : find(facts, name, is_there);
}

struct name facts_qualified(const struct facts *facts, const struct name *name)
{
	const struct relation_facts *relation = facts_relation(facts, name);

	return relation != NULL ? relation->name : in_current_schema(facts, name);
}

enum lock_mode facts_held(const struct facts *facts, const struct name *relation)
{
	struct name name = facts_qualified(facts, relation);

	for (size_t i = 0; i < facts->transaction.n_locks; i++)
		if (name_equal(&facts->transaction.locks[i].relation, &name))
			return facts->transaction.locks[i].mode;
	return LOCK_NONE;
}

const struct type_facts *facts_type(const struct facts *facts, const struct name *name)
{
	for (size_t i = 0; i < facts->n_types; i++)
		if (facts->types[i].exists && same_place(facts, &facts->types[i].asked, name))
			return &facts->types[i];
	return NULL;
}

const struct function_facts *facts_function(const struct facts *facts, const struct name *function)
{
	for (size_t i = 0; i < facts->n_functions; i++)
		if (facts->functions[i].exists &&
			same_place(facts, &facts->functions[i].asked, function))
			return &facts->functions[i];
	return NULL;
}

char facts_volatility(const struct facts *facts, const struct name *function)
{
	const struct function_facts *found = facts_function(facts, function);

	return found == NULL ? 'v' : found->volatility;
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

const struct attached_facts *facts_attached(
	const struct relation_facts *relation, enum attached_kind kind, const char *name)
{
	for (size_t i = 0; i < relation->n_attached; i++)
		if (relation->attached[i].kind == kind &&
			strcmp(relation->attached[i].name, name) == 0)
			return &relation->attached[i];
	return NULL;
}

static bool is_word(const char *text, const char *at, size_t len)
{
	return (at == text || at[-1] == '_') && (at[len] == '\0' || at[len] == '_');
}

bool name_has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; len > 0 && (at = strstr(at, word)) != NULL; at++)
		if (is_word(text, at, len))
			return true;
	return false;
}

bool facts_says_not_null(const char *constraint, const char *column)
{
	return name_has_word(constraint, column) &&
	       (strcasestr(constraint, "null") != NULL || name_has_word(constraint, "nn"));
}

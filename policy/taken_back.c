/* SPDX-License-Identifier: PostgreSQL */
#include "taken_back.h"

#include "arena.h"

enum taken { NOTHING = 0, COLUMN, ITS_DEFAULT, CONSTRAINT };

static const enum taken takes[ACTION_KINDS] = {
	[ACTION_DROP_COLUMN] = COLUMN,
	[ACTION_RENAME_COLUMN] = COLUMN,
	[ACTION_DROP_NOT_NULL] = COLUMN,
	[ACTION_DROP_IDENTITY] = COLUMN,
	[ACTION_DROP_EXPRESSION] = COLUMN,
	[ACTION_SET_DEFAULT] = ITS_DEFAULT,
	[ACTION_DROP_DEFAULT] = ITS_DEFAULT,
	[ACTION_DROP_CONSTRAINT] = CONSTRAINT,
	[ACTION_RENAME_CONSTRAINT] = CONSTRAINT,
	[ACTION_ALTER_CONSTRAINT] = CONSTRAINT,
};

static bool find(const struct action *action, const struct facts *facts, struct taken_back *found)
{
	enum taken taken = takes[action->kind];
	const struct relation_facts *table =
		taken != NOTHING ? facts_relation(facts, &action->table) : NULL;

	if (table == NULL || table->oid == 0)
		return false;
	*found = (struct taken_back){
		.relation = table->oid,
		.constraint = taken == CONSTRAINT,
		.name = taken == CONSTRAINT ? action->name : action->column,
		.only_default = taken == ITS_DEFAULT,
	};
	return found->name != NULL;
}

const struct taken_back *taken_back(
	struct arena *arena, const struct stmts *stmts, const struct facts *facts, size_t *n)
{
	struct taken_back *all = NULL;
	size_t most = 0;

	*n = 0;
	for (size_t i = 0; i < stmts->n; i++)
		for (size_t j = 0; j < stmts->items[i].n_actions; j++)
			most += takes[stmts->items[i].actions[j].kind] != NOTHING;
	if (most == 0)
		return NULL;
	all = arena_alloc(arena, most * sizeof(*all));
	for (size_t i = 0; i < stmts->n; i++)
		for (size_t j = 0; j < stmts->items[i].n_actions; j++)
			*n += find(&stmts->items[i].actions[j], facts, &all[*n]);
	return *n > 0 ? all : NULL;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "expansion.h"

#include <stdint.h>

#include "arena.h"

enum { COPIES_MAX = 100000 };

/* One for each depth of brackets. */
struct level {
	uint64_t base; /* how often the bracket is written out */
	uint64_t factor; /* and the clause that is being read in it */
	size_t columns; /* commas + 1 */
	size_t closed; /* columns of the list that ended with the token before, else 0 */
	bool list; /* the bracket may be the left side of an assignment */
};

static size_t deepest(const struct source *source)
{
	int depth = 0;

	for (size_t i = 0; i < source->n_tokens; i++)
		if (source->tokens[i].depth > depth)
			depth = source->tokens[i].depth;
	return (size_t)depth;
}

static void open_level(
	struct level *level, const struct level *outer, const struct source *source, size_t token)
{
	struct span before = {0, token};

	*level = (struct level){
		.base = outer->factor,
		.factor = outer->factor,
		.columns = 1,
		.list = token > 0 && (source_is(source, before, token - 1, "set") ||
					     source_is(source, before, token - 1, ",")),
	};
}

/* Reads one token; level is that of its depth, the next one that of what is inside of it. */
static void read_token(struct level *level, const struct source *source, size_t i)
{
	const struct source_token *token = &source->tokens[i];
	size_t closed = level->closed;

	level->closed = 0;
	switch (token->kind) {
	case TOKEN_OPEN:
	case TOKEN_BRACKET: /* the closing one opens a level that nothing is read in */
		open_level(level + 1, level, source, i);
		break;
	case TOKEN_CLOSE:
		level->closed = level[1].list ? level[1].columns : 0;
		break;
	case TOKEN_COMMA:
		level->columns++;
		level->factor = level->base;
		break;
	case TOKEN_SEMICOLON:
		level->factor = level->base;
		break;
	case TOKEN_OPERATOR:
		if (closed > 1 && source->text[token->start] == '=')
			level->factor = level->base * closed;
		break;
	default:
		break;
	}
}

bool expands_too_far(struct arena *arena, const struct source *source)
{
	struct level *levels = arena_alloc(arena, (deepest(source) + 2) * sizeof(*levels));
	uint64_t copies = 0;

	levels[0] = (struct level){.base = 1, .factor = 1};
	for (size_t i = 0; i < source->n_tokens; i++) {
		int depth = source->tokens[i].depth;
		struct level *level = &levels[depth < 0 ? 0 : depth];

		copies += level->factor - 1;
		if (copies > COPIES_MAX)
			return true;
		read_token(level, source, i);
	}
	return false;
}

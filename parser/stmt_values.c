/* SPDX-License-Identifier: PostgreSQL */
#include "arena.h"
#include "source.h"
#include "stmt.h"

#include <stdlib.h>

/* The n of $n; one too long for any message is past every one. */
static size_t parameter_number(const struct source *source, const struct source_token *token)
{
	unsigned long number = 0;

	for (size_t i = token->start + 1; i < token->end && number < 1000000; i++)
		number = number * 10 + (unsigned long)(source->text[i] - '0');
	return number;
}

const char *stmt_with_values(
	struct arena *arena, const char *text, size_t len, const char *const *values, size_t n)
{
	struct source source = source_read(arena, text, len);
	const char *written = "";
	size_t from = 0;

	for (size_t i = 0; i < source.n_tokens; i++) {
		const struct source_token *token = &source.tokens[i];
		size_t number;

		if (token->kind != TOKEN_PARAMETER)
			continue;
		number = parameter_number(&source, token);
		if (number < 1 || number > n)
			return NULL;
		written = arena_printf(arena, "%s%.*s%s", written, (int)(token->start - from),
			text + from, values[number - 1]);
		from = token->end;
	}
	return arena_printf(arena, "%s%.*s", written, (int)(len - from), text + from);
}

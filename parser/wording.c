/* SPDX-License-Identifier: PostgreSQL */
#include "wording.h"

#include <string.h>

#include "arena.h"
#include "source.h"

const char *wording(struct arena *arena, const char *text, size_t len)
{
	struct source source = source_read(arena, text, len);
	size_t n = source.n_tokens;
	char *words, *p;

	while (n > 0 && source.tokens[n - 1].kind == TOKEN_SEMICOLON)
		n--;
	p = words = arena_alloc(arena, len + n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct source_token *token = &source.tokens[i];

		if (i > 0)
			*p++ = ' ';
		memcpy(p, text + token->start, token->end - token->start);
		p += token->end - token->start;
	}
	*p = '\0';
	return words;
}

bool wording_has_parameters(const char *text, size_t len)
{
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, text, len);
	while (lexer_next(&lexer, &token) != TOKEN_END)
		if (token.kind == TOKEN_PARAMETER)
			return true;
	return false;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "source.h"

#include <string.h>

#include "arena.h"
#include "head_words.h"

/* The lexer leaves out the quotes of identifiers; a tree's locations count them. */
static struct source_token with_quotes(const struct source *source, const struct token *token)
{
	struct source_token out = {.kind = token->kind};

	out.start = (size_t)(token->start - (const unsigned char *)source->text);
	out.end = out.start + token->len;
	if (token->kind == TOKEN_QUOTED || token->kind == TOKEN_UNICODE_QUOTED) {
		out.start -= token->kind == TOKEN_QUOTED ? strlen("\"") : strlen("U&\"");
		out.end += strlen("\"");
	}
	return out;
}

static bool opens(const struct source *source, const struct source_token *token)
{
	return token->kind == TOKEN_OPEN ||
	       (token->kind == TOKEN_BRACKET && source->text[token->start] == '[');
}

static bool closes(const struct source *source, const struct source_token *token)
{
	return token->kind == TOKEN_CLOSE ||
	       (token->kind == TOKEN_BRACKET && source->text[token->start] == ']');
}

/* Reads all tokens into the array, or just counts them when it is NULL. */
static size_t read_tokens(const struct source *source, struct source_token *tokens)
{
	struct lexer lexer;
	size_t n = 0;
	int depth = 0;

	lexer_start(&lexer, source->text, source->len);
	for (;; n++) {
		struct source_token out;
		struct token token;

		lexer_next(&lexer, &token);
		out = with_quotes(source, &token);
		depth -= closes(source, &out);
		out.depth = depth;
		depth += opens(source, &out);
		if (tokens != NULL)
			tokens[n] = out;
		if (token.kind == TOKEN_END)
			return n;
	}
}

struct source source_read(struct arena *arena, const char *text, size_t len)
{
	struct source source = {.text = text, .len = len};
	struct source_token *tokens;

	source.n_tokens = read_tokens(&source, NULL);
	tokens = arena_alloc(arena, (source.n_tokens + 1) * sizeof(*tokens));
	read_tokens(&source, tokens);
	source.tokens = tokens;
	return source;
}

size_t source_token_at(const struct source *source, size_t offset)
{
	size_t low = 0, high = source->n_tokens;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source->tokens[middle].start < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct span source_span(const struct source *source, size_t offset, size_t end_offset)
{
	return (struct span){
		.first = source_token_at(source, offset),
		.end = source_token_at(source, end_offset),
	};
}

bool source_is(const struct source *source, struct span span, size_t token, const char *lower)
{
	const struct source_token *at = &source->tokens[token];

	if (token >= span.end || at->kind == TOKEN_QUOTED || at->kind == TOKEN_UNICODE_QUOTED)
		return false;
	return word_is((const unsigned char *)source->text + at->start, at->end - at->start, lower);
}

size_t source_find(const struct source *source, struct span span, const char *lower)
{
	for (size_t i = span.first; i < span.end; i++)
		if (source->tokens[i].depth == source->tokens[span.first].depth &&
			source_is(source, span, i, lower))
			return i;
	return span.end;
}

const char *source_text(struct arena *arena, const struct source *source, struct span span)
{
	char *text, *p;

	if (span.first >= span.end)
		return "";
	p = text = arena_alloc(
		arena, source->tokens[span.end - 1].end - source->tokens[span.first].start + 1);
	for (size_t i = span.first; i < span.end; i++) {
		const struct source_token *token = &source->tokens[i];

		if (i > span.first && token->start > token[-1].end)
			*p++ = ' ';
		memcpy(p, source->text + token->start, token->end - token->start);
		p += token->end - token->start;
	}
	return text;
}

/* (a) + (b) begins and ends with brackets that are no pair; those of (a, b) and (SELECT 1) mean
 * something. */
static bool needless_parens(const struct source *source, struct span span)
{
	static const char *const queries[] = {"select", "values", "with", "table"};
	struct span inside = {span.first + 1, span.end - 1};

	if (!source_is(source, span, span.first, "(") ||
		source_find(source, span, ")") != inside.end || inside.first == inside.end)
		return false;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		if (source_is(source, inside, inside.first, queries[i]))
			return false;
	return source_find(source, inside, ",") == inside.end;
}

struct span source_strip_parens(const struct source *source, struct span span)
{
	while (needless_parens(source, span))
		span = (struct span){span.first + 1, span.end - 1};
	return span;
}

/* One word, or U&"..." UESCAPE '!'. */
static size_t skip_word_at(const struct source *source, struct span span, size_t token)
{
	token++;
	if (source_is(source, span, token, "uescape"))
		token += 2;
	return token;
}

size_t source_skip_name(const struct source *source, struct span span, size_t token)
{
	token = skip_word_at(source, span, token);
	while (source_is(source, span, token, "."))
		token = skip_word_at(source, span, token + 1);
	return token < span.end ? token : span.end;
}

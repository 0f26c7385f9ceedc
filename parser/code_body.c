/* SPDX-License-Identifier: PostgreSQL */
#include "code_body.h"

#include <string.h>

#include "arena.h"
#include "head_words.h"
#include "lexer.h"

/* How long the quotes are on either side; 0 for what has other kinds, or does not end. */
static size_t dollars_length(const struct token *literal)
{
	const char *start = (const char *)literal->start;
	const char *tag_end;
	size_t len;

	if (*start != '$')
		return 0;
	tag_end = memchr(start + 1, '$', literal->len - 1);
	len = (size_t)(tag_end - start) + 1;
	return literal->len >= 2 * len && memcmp(start, start + literal->len - len, len) == 0 ? len
											      : 0;
}

/* What a backslash and this character stand for in E'...'; 0: more than that. */
static char unescaped(char c)
{
	static const char written[] = "ntrbf\\'\"", meant[] = "\n\t\r\b\f\\'\"";
	const char *found = c == '\0' ? NULL : strchr(written, c);

	return found == NULL ? '\0' : meant[found - written];
}

/*
 * 'it''s' and E'it\'s' as they are meant, of len bytes from start.  In plain quotes a backslash
 * may be an escape or not, as the server is set.
 */
static bool read_escapes(
	struct arena *arena, const char *text, size_t len, bool escapes, struct code_body *body)
{
	const char *from = text + body->start, *end = from + len;
	char *meant = arena_alloc(arena, len + 1);
	size_t *origins = arena_alloc(arena, (len + 1) * sizeof(*origins));
	size_t n = 0;

	for (const char *at = from; at < end; at++, n++) {
		origins[n] = (size_t)(at - text);
		meant[n] = *at;
		if (*at == '\\')
			meant[n] = escapes && ++at < end ? unescaped(*at) : '\0';
		else if (*at == '\'' && (++at == end || *at != '\''))
			return false; /* it goes on in other quotes */
		if (meant[n] == '\0')
			return false;
	}
	origins[n] = (size_t)(end - text);
	body->text = meant;
	body->len = n;
	body->origins = origins;
	return true;
}

/* A literal in quotes of one sign: plain or E'...', closed. */
static bool read_quoted(
	struct arena *arena, const char *text, const struct token *literal, struct code_body *body)
{
	const char *start = (const char *)literal->start, *end = start + literal->len - 1;
	bool escapes = *start == 'E' || *start == 'e';

	start += escapes;
	if (*start != '\'' || end <= start || *end != '\'')
		return false;
	body->start = (size_t)(start + 1 - text);
	return read_escapes(arena, text, (size_t)(end - start) - 1, escapes, body);
}

/* The literal behind DO or AS; behind DO a language may stand in between, as one itself. */
static bool find_literal(const char *text, size_t len, struct token *token)
{
	static const struct word starts[] = {WORD("do"), WORD("as"), {0}};
	struct token before = {0}, last = {0};
	struct lexer lexer;

	lexer_start(&lexer, text, len);
	while (lexer_next(&lexer, token) != TOKEN_END) {
		if (token->kind == TOKEN_LITERAL &&
			(token_is_any(&last, starts) || token_is(&before, "language")))
			return true;
		before = last;
		last = *token;
	}
	return false;
}

/* BEGIN ATOMIC ... END, whose last word of that kind is its own. */
static bool find_atomic(const char *text, size_t len, struct code_body *out)
{
	struct token before = {0}, token;
	struct lexer lexer;

	lexer_start(&lexer, text, len);
	for (; lexer_next(&lexer, &token) != TOKEN_END; before = token) {
		size_t at = (size_t)((const char *)token.start - text);

		if (out->start == 0 && token_is(&token, "atomic") && token_is(&before, "begin"))
			out->start = at + token.len;
		else if (out->start != 0 && token_is(&token, "end"))
			out->len = at - out->start;
	}
	out->text = text + out->start;
	return out->start != 0;
}

bool code_body_find(struct arena *arena, const char *text, size_t len, struct code_body *out)
{
	struct token literal;
	size_t quote;

	*out = (struct code_body){0};
	if (!find_literal(text, len, &literal))
		return find_atomic(text, len, out);
	out->start = (size_t)((const char *)literal.start - text);
	quote = dollars_length(&literal);
	if (quote == 0)
		return read_quoted(arena, text, &literal, out);
	out->text = (const char *)literal.start + quote;
	out->len = literal.len - 2 * quote;
	out->start = (size_t)(out->text - text);
	return true;
}

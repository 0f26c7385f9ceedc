/* SPDX-License-Identifier: PostgreSQL */
#include "rename.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "lexer.h"
#include "text.h"

struct rename {
	struct arena *arena;
	struct lexer lexer;
	struct token before, last, token, next;
	const char *column;
	const char *quoted; /* the column as ruleutils.c writes it when it needs quotes */
	bool referenced; /* behind REFERENCES, up to the bracket that ends its columns */
};

static bool is_word(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->len == strlen(word) &&
	       memcmp(token->start, word, token->len) == 0;
}

/* Not in capitals: no keyword. */
static bool is_identifier(const struct token *token)
{
	if (token->kind != TOKEN_WORD)
		return token->kind == TOKEN_QUOTED;
	for (size_t i = 0; i < token->len; i++)
		if (islower(token->start[i]) || token->start[i] >= 0x80)
			return true;
	return false;
}

static bool names_column(const struct rename *rename)
{
	const struct token *token = &rename->token;
	size_t n = strlen(rename->quoted);

	if (token->kind == TOKEN_QUOTED)
		return token->len + 2 == n && memcmp(token->start - 1, rename->quoted, n) == 0;
	return is_word(token, rename->column);
}

/* An operator class stands behind what it is for, the second word of a type behind the first. */
static bool is_mention(const struct rename *rename)
{
	const struct token *last = &rename->last, *next = &rename->next;
	bool of_extract = last->kind == TOKEN_OPEN && is_word(&rename->before, "EXTRACT");
	bool named_argument =
		next->kind == TOKEN_OPERATOR && next->len == 2 && memcmp(next->start, "=>", 2) == 0;

	return !rename->referenced && !of_extract && !named_argument && last->kind != TOKEN_DOT &&
	       last->kind != TOKEN_CAST && last->kind != TOKEN_CLOSE && !is_identifier(last) &&
	       !is_word(last, "COLLATE") && next->kind != TOKEN_OPEN && next->kind != TOKEN_DOT;
}

static void follow_references(struct rename *rename)
{
	if (is_word(&rename->token, "REFERENCES"))
		rename->referenced = true;
	else if (rename->token.kind == TOKEN_CLOSE)
		rename->referenced = false;
}

static void advance(struct rename *rename)
{
	rename->before = rename->last;
	rename->last = rename->token;
	rename->token = rename->next;
	lexer_next(&rename->lexer, &rename->next);
}

const char *rename_column_in(
	struct arena *arena, const char *sql, const char *column, const char *new_name)
{
	struct rename rename = {
		.arena = arena,
		.before.kind = TOKEN_END,
		.last.kind = TOKEN_END,
		.column = column,
		.quoted = quote_ident(arena, column),
	};
	const char *out = "", *copied = sql, *new_quoted = quote_ident(arena, new_name);

	lexer_start(&rename.lexer, sql, strlen(sql));
	lexer_next(&rename.lexer, &rename.token);
	lexer_next(&rename.lexer, &rename.next);
	for (; rename.token.kind != TOKEN_END; advance(&rename)) {
		bool quoted = rename.token.kind == TOKEN_QUOTED;
		const char *start = (const char *)rename.token.start - quoted;

		follow_references(&rename);
		if (!names_column(&rename) || !is_mention(&rename))
			continue;
		out = arena_printf(
			arena, "%s%.*s%s", out, (int)(start - copied), copied, new_quoted);
		copied = start + rename.token.len + 2 * quoted;
	}
	return arena_printf(arena, "%s%s", out, copied);
}

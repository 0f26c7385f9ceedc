/* SPDX-License-Identifier: PostgreSQL */
#include "enum_use.h"

#include <string.h>

#include "head_words.h"
#include "lexer.h"

/* Where a token stands.  From CAST on each may follow only the one before. */
enum place {
	ANYWHERE,
	BEHIND_CAST, /* :: */
	BEHIND_TEXT, /* an expression that is cast to a text */
	COMPARED, /* text = */
	BEFORE_LIST, /* text IN, text = ANY */
	IN_LIST, /* of what a text is compared with */
};

static const struct word texts[] = {
	WORD("text"), WORD("varchar"), WORD("citext"), WORD("bpchar"), WORD("name"), {0}};
static const struct word comparisons[] = {WORD("like"), WORD("ilike"), {0}};
static const struct word lists[] = {WORD("in"), WORD("any"), WORD("all"), WORD("some"), {0}};

static enum place behind_text(const struct token *token)
{
	if (token->kind == TOKEN_OPERATOR || token_is_any(token, comparisons))
		return COMPARED;
	if (token_is(token, "in"))
		return BEFORE_LIST;
	return token_is(token, "not") ? BEHIND_TEXT : ANYWHERE;
}

static bool belongs_to_list(const struct token *token)
{
	return token->kind == TOKEN_LITERAL || token->kind == TOKEN_COMMA ||
	       token->kind == TOKEN_BRACKET || token->kind == TOKEN_CAST ||
	       token_is(token, "array") || token_is_any(token, texts);
}

static enum place behind(enum place place, const struct token *token)
{
	switch (place) {
	case BEHIND_CAST:
		return token_is_any(token, texts) ? BEHIND_TEXT : ANYWHERE;
	case BEHIND_TEXT:
		return behind_text(token);
	case COMPARED:
		return token_is_any(token, lists) ? BEFORE_LIST : ANYWHERE;
	case BEFORE_LIST:
		return token->kind == TOKEN_OPEN ? IN_LIST : ANYWHERE;
	case IN_LIST:
		return belongs_to_list(token) ? IN_LIST : ANYWHERE;
	case ANYWHERE:
		break;
	}
	return token->kind == TOKEN_CAST ? BEHIND_CAST : ANYWHERE;
}

static bool mentions(const struct token *token, const char *literal)
{
	return token->kind == TOKEN_LITERAL &&
	       memmem(token->start, token->len, literal, strlen(literal)) != NULL;
}

/* The lexer stands behind a literal. */
static bool is_cast_to_text(struct lexer lexer)
{
	struct token token;

	return lexer_next(&lexer, &token) == TOKEN_CAST &&
	       lexer_next(&lexer, &token) != TOKEN_END && token_is_any(&token, texts);
}

bool enum_value_used(const char *sql, const char *literal)
{
	enum place place = ANYWHERE;
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, sql, strlen(sql));
	while (lexer_next(&lexer, &token) != TOKEN_END) {
		bool whole = token.len == strlen(literal);
		bool as_text =
			whole && (place == COMPARED || place == IN_LIST || is_cast_to_text(lexer));

		if (mentions(&token, literal) && !as_text)
			return true;
		place = behind(place, &token);
	}
	return false;
}

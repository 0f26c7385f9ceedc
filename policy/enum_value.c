/* SPDX-License-Identifier: PostgreSQL */
#include "enum_value.h"

#include <string.h>

#include "head_words.h"
#include "lexer.h"

/* What stands before a token. */
enum place {
	ANYTHING,
	CAST, /* :: */
	TEXT, /* an expression that is cast to a text; NOT behind it changes nothing */
	COMPARED, /* TEXT and an operator */
	BEFORE_LIST, /* TEXT IN, COMPARED ANY */
	IN_LIST, /* of what a text is compared with */
};

static const struct word texts[] = {
	WORD("text"), WORD("varchar"), WORD("citext"), WORD("bpchar"), WORD("name"), {0}};
static const struct word comparisons[] = {WORD("like"), WORD("ilike"), {0}};
static const struct word lists[] = {WORD("any"), WORD("all"), WORD("some"), {0}};

static enum place behind_text(const struct token *token)
{
	if (token->kind == TOKEN_OPERATOR || token_is_any(token, comparisons))
		return COMPARED;
	if (token_is(token, "in"))
		return BEFORE_LIST;
	return token_is(token, "not") ? TEXT : ANYTHING;
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
	case CAST:
		return token_is_any(token, texts) ? TEXT : ANYTHING;
	case TEXT:
		return behind_text(token);
	case COMPARED:
		return token_is_any(token, lists) ? BEFORE_LIST : ANYTHING;
	case BEFORE_LIST:
		return token->kind == TOKEN_OPEN ? IN_LIST : ANYTHING;
	case IN_LIST:
		return belongs_to_list(token) ? IN_LIST : ANYTHING;
	case ANYTHING:
		break;
	}
	return token->kind == TOKEN_CAST ? CAST : ANYTHING;
}

/* Past the brackets around it, or in CAST (... AS type), it becomes something else again. */
static bool is_cast_again(struct lexer lexer)
{
	struct token token;

	do
		lexer_next(&lexer, &token);
	while (token.kind == TOKEN_CLOSE);
	return token.kind == TOKEN_CAST || token_is(&token, "as");
}

/* A literal stands in this place; the lexer is behind it. */
static bool is_text(enum place place, struct lexer lexer)
{
	struct lexer next = lexer;
	struct token token;

	if (lexer_next(&next, &token) == TOKEN_CAST)
		return lexer_next(&next, &token) != TOKEN_END && token_is_any(&token, texts) &&
		       !is_cast_again(next);
	return (place == COMPARED || place == IN_LIST) && !is_cast_again(lexer);
}

bool enum_value_used(const char *sql, const char *literal)
{
	const size_t len = strlen(literal);
	enum place place = ANYTHING;
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, sql, strlen(sql));
	while (lexer_next(&lexer, &token) != TOKEN_END) {
		if (token.kind == TOKEN_LITERAL &&
			memmem(token.start, token.len, literal, len) != NULL &&
			(token.len != len || !is_text(place, lexer)))
			return true;
		place = behind(place, &token);
	}
	return false;
}

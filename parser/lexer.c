/* SPDX-License-Identifier: PostgreSQL */
/*
 * The rules, with their names in scan.l: a token is the longest match, with these peculiarities.
 * - xc: comments nest.  An operator ends where -- or a comment starts inside it.
 * - xq, xe: '' is a quote; in E'' (and in plain literals when standard_conforming_strings is off)
 *   a backslash takes the next byte with it.  quotecontinue: a literal goes on after white space
 *   that holds a newline, and -- comments in it count as white space.
 * - xdolq: $tag$ starts a literal except directly after an identifier, which may hold $ itself.
 * - xui, xus: U& must touch the quote.  So must the E, B, X and N of a literal.
 * - Numbers: servers before 15 read 123abc as 123 abc, later ones refuse it.  Two tokens here.
 * - \v is white space since 16 and refused before.  White space here.
 */
#include "lexer.h"

#include <string.h>

#include "skip.h"

const unsigned char byte_classes[256] = {
	[' '] = BYTE_SPACE,
	['\t' ... '\r'] = BYTE_SPACE,
	['a' ... 'z'] = BYTE_WORD,
	['A' ... 'Z'] = BYTE_WORD,
	['_'] = BYTE_WORD,
	[0x80 ... 0xff] = BYTE_WORD,
	['0' ... '9'] = BYTE_DIGIT,
	['$'] = BYTE_DOLLAR,
	['\''] = BYTE_QUOTE,
	['"'] = BYTE_DOUBLE_QUOTE,
	['~'] = BYTE_OPERATOR,
	['!'] = BYTE_OPERATOR,
	['@'] = BYTE_OPERATOR,
	['#'] = BYTE_OPERATOR,
	['^'] = BYTE_OPERATOR,
	['&'] = BYTE_OPERATOR,
	['|'] = BYTE_OPERATOR,
	['`'] = BYTE_OPERATOR,
	['?'] = BYTE_OPERATOR,
	['+'] = BYTE_OPERATOR,
	['-'] = BYTE_OPERATOR,
	['*'] = BYTE_OPERATOR,
	['/'] = BYTE_OPERATOR,
	['%'] = BYTE_OPERATOR,
	['<' ... '>'] = BYTE_OPERATOR,
	[':'] = BYTE_COLON,
	['('] = BYTE_OPEN,
	[')'] = BYTE_CLOSE,
	['['] = BYTE_BRACKET,
	[']'] = BYTE_BRACKET,
	[';'] = BYTE_SEMICOLON,
	['.'] = BYTE_DOT,
	[','] = BYTE_COMMA,
};

void lexer_start(struct lexer *lexer, const char *text, size_t len)
{
	const unsigned char *start = (const unsigned char *)text;

	*lexer = (struct lexer){.text = start, .at = start, .end = start + len};
}

static bool starts(const struct lexer *lexer, const unsigned char *p, const char *two)
{
	return lexer->end - p >= 2 && p[0] == two[0] && p[1] == two[1];
}

static const unsigned char *skip_class(
	const struct lexer *lexer, const unsigned char *p, enum byte_class class)
{
	while (p < lexer->end && byte_classes[*p] == class)
		p++;
	return p;
}

static const unsigned char *skip_line(const struct lexer *lexer, const unsigned char *p)
{
	return find_either(lexer->text, p, lexer->end, '\n', '\r');
}

/* Every character of a run is where the server's lexer may start over: the cost is its square. */
static const unsigned char *operator_run(struct lexer *lexer, const unsigned char *p)
{
	const unsigned char *end = skip_class(lexer, p, BYTE_OPERATOR);

	if ((size_t)(end - p) > lexer->operator_run_max)
		lexer->operator_run_max = (unsigned)(end - p);
	return end;
}

/*
 * p is at the slash and star.  A banner of stars costs the server one look; it is comments opened
 * within a run of operator characters that make it look again, so runs are measured from those.
 */
static const unsigned char *skip_comment(struct lexer *lexer, const unsigned char *p)
{
	const unsigned char *run_end = p, *start = p;
	size_t depth = 1;

	for (p += 2; (p = find_either(lexer->text, p, lexer->end, '*', '/')) < lexer->end;) {
		if (starts(lexer, p, "*/")) {
			p += 2;
			if (--depth == 0)
				return p;
		} else if (starts(lexer, p, "/*")) {
			if (p >= run_end)
				run_end = operator_run(lexer, p);
			p += 2;
			depth++;
		} else {
			p++;
		}
	}
	lexer->open_comment = start;
	return p;
}

static const unsigned char *skip_blank(struct lexer *lexer, const unsigned char *p)
{
	for (;;) {
		p = skip_class(lexer, p, BYTE_SPACE);
		if (p == lexer->end || (*p != '-' && *p != '/'))
			return p;
		if (starts(lexer, p, "--"))
			p = skip_line(lexer, p);
		else if (starts(lexer, p, "/*"))
			p = skip_comment(lexer, p);
		else
			return p;
	}
}

/* p is behind a closing quote: where the literal goes on behind its next opening quote, or NULL. */
static const unsigned char *quote_continued(const struct lexer *lexer, const unsigned char *p)
{
	bool newline = false;

	while (p < lexer->end) {
		if (*p == '\n' || *p == '\r') {
			newline = true;
			p++;
		} else if (byte_classes[*p] == BYTE_SPACE) {
			p++;
		} else if (starts(lexer, p, "--")) {
			p = skip_line(lexer, p);
		} else {
			return newline && *p == '\'' ? p + 1 : NULL;
		}
	}
	return NULL;
}

/* p is at a backslash that may take the next byte with it. */
static const unsigned char *skip_escape(struct lexer *lexer, const unsigned char *p)
{
	if (lexer->end - p < 2)
		return lexer->end;
	if (p[-1] >= 0x80 && (p[1] == '\'' || p[1] == '\\')) {
		const unsigned n = lexer->doubtful++;

		if (n < 32 && (lexer->swallowed >> n & 1) != 0)
			return p + 1;
	}
	return p + 2;
}

static void note_place(struct lexer *lexer, const unsigned char *start, const unsigned char *end)
{
	lexer->literals = lexer->literals * 0x9e3779b97f4a7c15 + (uint64_t)(start - lexer->text);
	lexer->literals = lexer->literals * 0x9e3779b97f4a7c15 + (uint64_t)(end - lexer->text);
}

enum escapes { ESCAPES_NEVER, ESCAPES_PLAIN, ESCAPES_ALWAYS };

/* p is behind the opening quote. */
static const unsigned char *skip_literal(
	struct lexer *lexer, const unsigned char *p, enum escapes escapes)
{
	const bool escaping =
		escapes == ESCAPES_ALWAYS || (escapes == ESCAPES_PLAIN && lexer->plain_escapes);
	const unsigned char *start = p;
	bool backslash = false;

	while ((p = find_either(lexer->text, p, lexer->end, '\'', '\\')) < lexer->end) {
		const unsigned char *next;

		if (*p == '\\') {
			backslash = true;
			p = escaping ? skip_escape(lexer, p) : p + 1;
		} else if (starts(lexer, p, "''")) {
			p += 2;
		} else if ((next = quote_continued(lexer, p + 1)) != NULL) {
			p = next;
		} else {
			p++;
			break;
		}
	}
	if (backslash)
		note_place(lexer, start, p);
	lexer->plain_backslash |= backslash && escapes == ESCAPES_PLAIN;
	return p;
}

static const unsigned char *skip_quoted(const struct lexer *lexer, const unsigned char *p)
{
	while ((p = find_either(lexer->text, p, lexer->end, '"', '"')) < lexer->end) {
		if (!starts(lexer, p, "\"\""))
			return p;
		p += 2;
	}
	return p;
}

/* token->start is set already. */
static enum token_kind end_token(
	struct lexer *lexer, struct token *token, enum token_kind kind, const unsigned char *end)
{
	token->kind = kind;
	token->len = (size_t)(end - token->start);
	lexer->at = end;
	return kind;
}

/* open is behind the opening double quote. */
static enum token_kind quoted_token(
	struct lexer *lexer, struct token *token, enum token_kind kind, const unsigned char *open)
{
	const unsigned char *close = skip_quoted(lexer, open);

	token->start = open;
	end_token(lexer, token, kind, close);
	lexer->at += close < lexer->end;
	return kind;
}

/* Of a literal that touches a word of one letter; N'...' is NCHAR and a plain literal. */
static enum escapes prefix_escapes(unsigned char prefix)
{
	switch (prefix) {
	case 'e':
	case 'E':
		return ESCAPES_ALWAYS;
	case 'b':
	case 'B':
	case 'x':
	case 'X':
		return ESCAPES_NEVER;
	default:
		return ESCAPES_PLAIN;
	}
}

/* A word, or the literal or identifier that a word of one letter introduces. */
static enum token_kind word_token(struct lexer *lexer, struct token *token)
{
	const unsigned char *start = token->start, *end = skip_word(lexer->text, start, lexer->end);

	if (end[-1] >= 0x80 && end < lexer->end && *end >= 0x40)
		lexer->high_split = true;
	if (end - start == 1 && end < lexer->end && *end == '\'')
		return end_token(lexer, token, TOKEN_LITERAL,
			skip_literal(lexer, end + 1, prefix_escapes(*start)));
	if (end - start == 1 && (*start | 0x20) == 'u') {
		if (starts(lexer, end, "&'"))
			return end_token(lexer, token, TOKEN_LITERAL,
				skip_literal(lexer, end + 2, ESCAPES_NEVER));
		if (starts(lexer, end, "&\""))
			return quoted_token(lexer, token, TOKEN_UNICODE_QUOTED, end + 2);
	}
	token->key = word_key(start, (size_t)(end - start), lexer->end);
	return end_token(lexer, token, TOKEN_WORD, end);
}

static enum token_kind number_token(struct lexer *lexer, struct token *token)
{
	const unsigned char *p = token->start;

	while (p < lexer->end && (byte_classes[*p] == BYTE_DIGIT || *p == '.'))
		p++;
	return end_token(lexer, token, TOKEN_NUMBER, p);
}

/* A parameter, a dollar-quoted literal, or a stray dollar that PostgreSQL refuses. */
static enum token_kind dollar_token(struct lexer *lexer, struct token *token)
{
	const unsigned char *start = token->start, *p = skip_class(lexer, start + 1, BYTE_DIGIT);
	const unsigned char *close;
	size_t len;

	if (p > start + 1)
		return end_token(lexer, token, TOKEN_PARAMETER, p);
	for (; p < lexer->end && *p != '$' && is_identifier_byte(*p); p++)
		lexer->high_split |= *p >= 0x80;
	if (p == lexer->end || *p != '$')
		return end_token(lexer, token, TOKEN_OTHER, start + 1);
	p++;
	len = (size_t)(p - start);
	close = memmem(p, (size_t)(lexer->end - p), start, len);
	return end_token(lexer, token, TOKEN_LITERAL, close == NULL ? lexer->end : close + len);
}

static enum token_kind operator_token(struct lexer *lexer, struct token *token)
{
	const unsigned char *run_end = operator_run(lexer, token->start), *p = token->start + 1;

	while (p < run_end && !starts(lexer, p, "--") && !starts(lexer, p, "/*"))
		p++;
	return end_token(lexer, token, TOKEN_OPERATOR, p);
}

enum token_kind lexer_next(struct lexer *lexer, struct token *token)
{
	static const enum token_kind single[] = {
		[BYTE_OTHER] = TOKEN_OTHER,
		[BYTE_COLON] = TOKEN_OTHER,
		[BYTE_OPEN] = TOKEN_OPEN,
		[BYTE_CLOSE] = TOKEN_CLOSE,
		[BYTE_BRACKET] = TOKEN_BRACKET,
		[BYTE_SEMICOLON] = TOKEN_SEMICOLON,
		[BYTE_DOT] = TOKEN_DOT,
		[BYTE_COMMA] = TOKEN_COMMA,
	};
	const unsigned char *p = skip_blank(lexer, lexer->at);

	token->start = p;
	token->key = 0;
	if (p == lexer->end)
		return end_token(lexer, token, TOKEN_END, p);
	switch (byte_classes[*p]) {
	case BYTE_WORD:
		return word_token(lexer, token);
	case BYTE_DIGIT:
		return number_token(lexer, token);
	case BYTE_DOLLAR:
		return dollar_token(lexer, token);
	case BYTE_QUOTE:
		return end_token(
			lexer, token, TOKEN_LITERAL, skip_literal(lexer, p + 1, ESCAPES_PLAIN));
	case BYTE_DOUBLE_QUOTE:
		return quoted_token(lexer, token, TOKEN_QUOTED, p + 1);
	case BYTE_OPERATOR:
		return operator_token(lexer, token);
	case BYTE_COLON:
		if (starts(lexer, p, "::"))
			return end_token(lexer, token, TOKEN_CAST, p + 2);
		break;
	}
	return end_token(lexer, token, single[byte_classes[*p]], p + 1);
}

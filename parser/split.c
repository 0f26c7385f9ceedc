/* SPDX-License-Identifier: PostgreSQL */
/*
 * The rules are those of psql's psqlscan.l and of its loop over lines, mainloop.c: a backslash
 * outside of quotes begins a command that takes the rest of the line, \; parts statements, and in
 * the BEGIN ATOMIC body of a function CASE and END are counted like brackets.
 */
#include "split.h"

#include <string.h>

#include "head_words.h"
#include "lexer.h"

struct splitter {
	struct lexer lexer;
	const char *text;
	size_t len;
	struct split_piece *piece;
	struct token last; /* of this statement */
	unsigned words;
	bool copy, create, routine; /* it begins with COPY, CREATE, CREATE [OR REPLACE] FUNCTION */
	bool copies_stdin;
	size_t brackets, bodies; /* open ones; a CASE in a body counts as one */
};

static size_t offset_of(const struct splitter *splitter, const unsigned char *p)
{
	return (size_t)(p - splitter->lexer.text);
}

static size_t line_end(const char *text, size_t len, size_t from)
{
	const char *newline = from < len ? memchr(text + from, '\n', len - from) : NULL;

	return newline == NULL ? len : (size_t)(newline - text) + 1;
}

/* Behind a command's last byte: the end of its line, or a double backslash outside of quotes. */
static size_t command_end(const char *text, size_t len, size_t from)
{
	size_t end = line_end(text, len, from);
	bool quoted = false;

	for (size_t i = from + 1; i + 1 < end; i++) {
		quoted ^= text[i] == '\'';
		if (!quoted && text[i] == '\\' && text[i + 1] == '\\')
			return i + 2;
	}
	return end;
}

/* A command, as far as its first word tells; or nothing at all. */
static bool begins_command(const char *text, size_t len)
{
	static const struct word words[] = {WORD("abort"), WORD("alter"), WORD("analyze"),
		WORD("begin"), WORD("call"), WORD("checkpoint"), WORD("close"), WORD("cluster"),
		WORD("comment"), WORD("commit"), WORD("copy"), WORD("create"), WORD("deallocate"),
		WORD("declare"), WORD("delete"), WORD("discard"), WORD("do"), WORD("drop"),
		WORD("end"), WORD("execute"), WORD("explain"), WORD("fetch"), WORD("grant"),
		WORD("import"), WORD("insert"), WORD("listen"), WORD("lock"), WORD("merge"),
		WORD("notify"), WORD("prepare"), WORD("reassign"), WORD("refresh"), WORD("reindex"),
		WORD("release"), WORD("reset"), WORD("revoke"), WORD("rollback"), WORD("savepoint"),
		WORD("security"), WORD("select"), WORD("set"), WORD("start"), WORD("truncate"),
		WORD("unlisten"), WORD("update"), WORD("vacuum"), WORD("with"), {0}};
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, text, len);
	return lexer_next(&lexer, &token) == TOKEN_END || token_is_any(&token, words);
}

/*
 * Behind the line that ends COPY data, which begins behind the line of from.  Without one all of
 * the rest is data, to psql; but where it begins like a command, some other client has the data:
 * from.
 */
static size_t copy_data_end(const char *text, size_t len, size_t from)
{
	const size_t start = line_end(text, len, from);

	for (size_t at = start; at < len;) {
		size_t next = line_end(text, len, at);

		if (strncmp(text + at, "\\.\n", next - at) == 0 ||
			strncmp(text + at, "\\.\r\n", next - at) == 0)
			return next;
		at = next;
	}
	return begins_command(text + start, len - start) ? from : len;
}

/* The server's grammar takes STDOUT for STDIN here, and psql's \copy PSTDIN too. */
static bool is_input(const struct token *token)
{
	return token_is(token, "stdin") || token_is(token, "stdout") || token_is(token, "pstdin");
}

/* \copy ... from stdin: the data stands behind it. */
static bool copies_inline(const char *command, size_t len)
{
	struct token last, token = {0};
	struct lexer lexer;

	lexer_start(&lexer, command + 1, len - 1);
	lexer_next(&lexer, &last);
	if (!token_is(&last, "copy"))
		return false;
	while (lexer_next(&lexer, &token) != TOKEN_END) {
		if (token_is(&last, "from") && is_input(&token))
			return true;
		last = token;
	}
	return false;
}

/* at is a backslash.  Returns where SQL goes on. */
static size_t skip_command(const char *text, size_t len, size_t at)
{
	size_t end;

	if (at + 1 < len && text[at + 1] == ';')
		return at + 2;
	end = command_end(text, len, at);
	if (copies_inline(text + at, end - at))
		return copy_data_end(text, len, at);
	return end;
}

static bool is_backslash(const struct token *token)
{
	return token->kind == TOKEN_OTHER && *token->start == '\\';
}

/* \c and \connect; without a name, or with - for it, the database stays the same. */
static bool leads_elsewhere(const char *text, size_t len, size_t at)
{
	static const char reuse[] = "-reuse-previous";
	const char *p = text + at + 1, *end = text + command_end(text, len, at);
	const size_t word = (size_t)(end - p) >= strlen("connect") &&
					    strncmp(p, "connect", strlen("connect")) == 0
				    ? strlen("connect")
				    : strlen("c");

	if (p >= end || *p != 'c')
		return false;
	for (p += word; p < end && (*p == ' ' || *p == '\t');) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if ((size_t)(end - p) < strlen(reuse) || strncmp(p, reuse, strlen(reuse)) != 0)
			return p < end && strchr("\r\n", *p) == NULL &&
			       !(*p == '-' && (p + 1 == end || strchr(" \t\r\n", p[1]) != NULL));
		while (p < end && strchr(" \t\r\n", *p) == NULL)
			p++;
	}
	return false;
}

static void note_head(struct splitter *splitter, const struct token *token)
{
	const unsigned word = splitter->words++;

	if (word == 0) {
		splitter->copy = token_is(token, "copy");
		splitter->create = token_is(token, "create");
	} else if (word == 1 || word == 3) {
		splitter->routine |= splitter->create &&
				     (token_is(token, "function") || token_is(token, "procedure"));
	}
}

/* A word outside of brackets. */
static void note_word(struct splitter *splitter, const struct token *token)
{
	const struct token *last = &splitter->last;

	if (splitter->copy && token_is(last, "from") && is_input(token))
		splitter->copies_stdin = true;
	if (splitter->routine && token_is(last, "begin") && token_is(token, "atomic"))
		splitter->bodies++;
	else if (splitter->bodies > 0 && token_is(token, "case"))
		splitter->bodies++;
	else if (splitter->bodies > 0 && token_is(token, "end"))
		splitter->bodies--;
}

static void note_token(struct splitter *splitter, const struct token *token)
{
	struct split_piece *piece = splitter->piece;

	switch (token->kind) {
	case TOKEN_WORD:
		note_head(splitter, token);
		if (splitter->brackets == 0)
			note_word(splitter, token);
		break;
	case TOKEN_OPEN:
		splitter->brackets++;
		break;
	case TOKEN_CLOSE:
		splitter->brackets -= splitter->brackets > 0;
		break;
	case TOKEN_SEMICOLON:
		if (piece->inner_end == 0 && splitter->brackets > 0)
			piece->inner_end = offset_of(splitter, splitter->lexer.at);
		break;
	default:
		break;
	}
	piece->end = offset_of(splitter, splitter->lexer.at);
	splitter->last = *token;
}

static void pass_command(struct splitter *splitter, size_t at)
{
	splitter->piece->elsewhere |= leads_elsewhere(splitter->text, splitter->len, at);
	splitter->lexer.at = splitter->lexer.text + skip_command(splitter->text, splitter->len, at);
}

/* The first token of a statement; false at the end of the text. */
static bool find_start(struct splitter *splitter, struct token *token)
{
	for (;;) {
		lexer_next(&splitter->lexer, token);
		if (token->kind == TOKEN_END)
			return false;
		if (is_backslash(token))
			pass_command(splitter, offset_of(splitter, token->start));
		else if (token->kind != TOKEN_SEMICOLON)
			return true;
	}
}

/* The quotes of an identifier are not part of its token. */
static size_t start_of(const struct splitter *splitter, const struct token *token)
{
	size_t quotes = token->kind == TOKEN_QUOTED           ? strlen("\"")
			: token->kind == TOKEN_UNICODE_QUOTED ? strlen("U&\"")
							      : 0;

	return offset_of(splitter, token->start) - quotes;
}

static bool ends_piece(const struct splitter *splitter, const struct token *token)
{
	return token->kind == TOKEN_END || is_backslash(token) ||
	       (token->kind == TOKEN_SEMICOLON && splitter->brackets + splitter->bodies == 0);
}

static bool is_gexec(const struct splitter *splitter, const struct token *token)
{
	static const char command[] = "\\gexec";
	const size_t n = strlen(command);

	return is_backslash(token) && splitter->len - offset_of(splitter, token->start) >= n &&
	       memcmp(token->start, command, n) == 0;
}

static bool take_open_comment(struct splitter *splitter)
{
	if (splitter->lexer.open_comment == NULL)
		return false;
	splitter->piece->start = offset_of(splitter, splitter->lexer.open_comment);
	splitter->piece->end = splitter->piece->next = splitter->len;
	return true;
}

bool split_next(const char *text, size_t len, size_t from, struct split_piece *piece)
{
	struct splitter splitter = {.text = text, .len = len, .piece = piece};
	struct token token;

	lexer_start(&splitter.lexer, text, len);
	splitter.lexer.at += from;
	*piece = (struct split_piece){0};
	if (!find_start(&splitter, &token))
		return take_open_comment(&splitter);
	piece->start = start_of(&splitter, &token);
	while (!ends_piece(&splitter, &token)) {
		note_token(&splitter, &token);
		lexer_next(&splitter.lexer, &token);
	}
	if (token.kind == TOKEN_END && splitter.lexer.open_comment != NULL)
		piece->end = len;
	piece->executes = is_gexec(&splitter, &token);
	piece->next = is_backslash(&token)
			      ? skip_command(text, len, offset_of(&splitter, token.start))
			      : offset_of(&splitter, splitter.lexer.at);
	if (splitter.copies_stdin)
		piece->next = copy_data_end(text, len, piece->next);
	return true;
}

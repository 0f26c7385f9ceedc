/* SPDX-License-Identifier: PostgreSQL */
#include "code_block.h"

#include <string.h>

#include "arena.h"
#include "code_body.h"
#include "head.h"
#include "head_words.h"
#include "lexer.h"
#include "split.h"
#include "stmt_internal.h"

struct block {
	struct arena *arena;
	const struct code_body *body;
	struct token *tokens;
	size_t n, n_max; /* of tokens */
	struct stmt *stmts;
	size_t n_stmts, n_stmts_max;
};

static bool read_tokens(struct block *block)
{
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, block->body->text, block->body->len);
	while (lexer_next(&lexer, &token) != TOKEN_END) {
		if (token.kind == TOKEN_UNICODE_QUOTED) /* spells any name, escaped */
			return false;
		block->tokens = arena_grow(
			block->arena, block->tokens, block->n, &block->n_max, sizeof(token));
		block->tokens[block->n++] = token;
	}
	return true;
}

/*
 * An expression of PL/pgSQL is a query: it changes what the functions that it calls change, and a
 * word such as comment or names is the name of something.  FOR ... IN EXECUTE runs a text.
 */
static bool runs_unseen(const struct block *block, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		const struct token *token = &block->tokens[i];
		bool called = i + 1 < end && token[1].kind == TOKEN_OPEN;

		if (token_is(token, "execute") ||
			(called && word_is_guarded_function(token->start, token->len)))
			return true;
	}
	return false;
}

/* The semicolon that ends what begins at from. */
static size_t clause_end(const struct block *block, size_t from)
{
	size_t brackets = 0;

	for (; from < block->n; from++) {
		enum token_kind kind = block->tokens[from].kind;

		if (kind == TOKEN_SEMICOLON && brackets == 0)
			break;
		brackets += kind == TOKEN_OPEN;
		brackets -= kind == TOKEN_CLOSE && brackets > 0;
	}
	return from;
}

/* Behind the THEN or LOOP of a condition, past those of CASE expressions in it. */
static size_t behind_condition(const struct block *block, size_t from, size_t end)
{
	size_t cases = 0;

	for (; from < end; from++) {
		const struct token *token = &block->tokens[from];

		if (cases == 0 && (token_is(token, "then") || token_is(token, "loop")))
			return from + 1;
		cases += token_is(token, "case");
		cases -= token_is(token, "end") && cases > 0;
	}
	return end;
}

/* Past what PL/pgSQL writes before a statement: BEGIN, <<label>>, IF ... THEN, FOR ... LOOP, RETURN
 * QUERY. */
static size_t statement_start(const struct block *block, size_t at, size_t end)
{
	static const struct word single[] = {
		WORD("begin"), WORD("else"), WORD("loop"), WORD("exception"), WORD("declare"), {0}};
	static const struct word conditions[] = {WORD("if"), WORD("elsif"), WORD("elseif"),
		WORD("when"), WORD("case"), WORD("while"), WORD("for"), WORD("foreach"), {0}};

	while (at < end) {
		const struct token *token = &block->tokens[at];

		if (token->kind == TOKEN_OPERATOR)
			at += 3; /* << label >> */
		else if (token_is_any(token, single))
			at++;
		else if (token_is_any(token, conditions))
			at = behind_condition(block, at + 1, end);
		else if (at + 1 < end && token_is(token, "return") && token_is(token + 1, "query"))
			at += 2;
		else
			return token_is(token, "end") ? end : at;
	}
	return end;
}

static void keep_statement(struct block *block, const struct stmt *stmt, size_t location)
{
	struct action *actions =
		arena_alloc(block->arena, (stmt->n_actions + 1) * sizeof(*actions));

	block->stmts = arena_grow(block->arena, block->stmts, block->n_stmts, &block->n_stmts_max,
		sizeof(*block->stmts));
	for (size_t i = 0; i < stmt->n_actions; i++) {
		actions[i] = stmt->actions[i];
		actions[i].location = code_body_origin(block->body, location + actions[i].location);
	}
	block->stmts[block->n_stmts] = *stmt;
	block->stmts[block->n_stmts].actions = actions;
	block->stmts[block->n_stmts++].location =
		code_body_origin(block->body, location + stmt->location);
}

static const struct word commands[] = {WORD("alter"), WORD("call"), WORD("cluster"),
	WORD("comment"), WORD("create"), WORD("do"), WORD("drop"), WORD("grant"), WORD("import"),
	WORD("load"), WORD("lock"), WORD("reassign"), WORD("refresh"), WORD("reindex"),
	WORD("revoke"), WORD("security"), WORD("set"), WORD("truncate"), WORD("vacuum"), {0}};
static const struct word writes[] = {WORD("copy"), WORD("delete"), WORD("insert"), WORD("merge"),
	WORD("update"), WORD("with"), {0}};

static const struct word queries[] = {WORD("perform"), WORD("select"), {0}};

/* target := expression, target.field := ..., target[i] := ... */
static bool assigns(const struct block *block, size_t first, size_t end)
{
	const struct token *next = &block->tokens[first] + 1;

	return first + 1 < end && (next->kind == TOKEN_DOT || next->kind == TOKEN_BRACKET ||
					  (next->kind == TOKEN_OTHER && *next->start == ':') ||
					  (next->kind == TOKEN_OPERATOR && *next->start == '='));
}

/* INTO of SELECT and RETURNING, not that of INSERT, MERGE and IMPORT FOREIGN SCHEMA. */
static size_t find_target(const struct block *block, size_t first, size_t end)
{
	size_t brackets = 0;
	bool imports = token_is(&block->tokens[first], "import");

	for (size_t i = first; i < end && !imports; i++) {
		const struct token *token = &block->tokens[i];

		brackets += token->kind == TOKEN_OPEN;
		brackets -= token->kind == TOKEN_CLOSE && brackets > 0;
		if (brackets == 0 && token_is(token, "into") && i > first &&
			!token_is(token - 1, "insert") && !token_is(token - 1, "merge"))
			return i;
	}
	return end;
}

/* Behind INTO [STRICT] a, b.c, d[1]: two names without a comma between them end it. */
static size_t behind_target(const struct block *block, size_t into, size_t end)
{
	size_t at = into + 1;
	bool name = false;

	at += at < end && token_is(&block->tokens[at], "strict");
	for (; at < end; at++) {
		const struct token *token = &block->tokens[at];
		bool named = token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;

		if ((named && name) ||
			(!named && token->kind != TOKEN_DOT && token->kind != TOKEN_COMMA &&
				token->kind != TOKEN_BRACKET && token->kind != TOKEN_NUMBER))
			break;
		name = named || token->kind == TOKEN_BRACKET;
	}
	return at;
}

static size_t token_end(const struct token *token)
{
	return token->len + (token->kind == TOKEN_QUOTED);
}

/* What the grammar of SQL takes, byte for byte as long: PERFORM is a SELECT whose answer nobody
 * wants, and INTO tells where one goes. */
static const char *as_sql(const struct block *block, size_t first, size_t end, size_t len)
{
	static const char as[] = "SELECT ";
	const struct token *token = &block->tokens[first];
	char *copy = arena_strndup(block->arena, (const char *)token->start, len);
	size_t into = find_target(block, first, end), behind = behind_target(block, into, end);

	if (token_is(token, "perform"))
		memcpy(copy, as, strlen(as));
	if (into < end) {
		const struct token *last = &block->tokens[behind - 1];

		memset(copy + (block->tokens[into].start - token->start), ' ',
			(size_t)(last->start - block->tokens[into].start) + token_end(last));
	}
	return copy;
}

/* As it stands; else with its placeholders filled: to the text around it they are in a literal. */
static bool parse_filled(struct block *block, const char *sql, size_t len, struct stmts *stmts)
{
	const char *error;

	if (stmt_parse(block->arena, sql, len, stmts, &error) == 0)
		return true;
	sql = split_fill_placeholders(block->arena, sql, len);
	return sql != NULL && stmt_parse(block->arena, sql, len, stmts, &error) == 0;
}

static bool parse_statement(struct block *block, size_t first, size_t end)
{
	const struct token *token = &block->tokens[first], *last = &block->tokens[end - 1];
	size_t start = (size_t)((const char *)token->start - block->body->text);
	size_t len = (size_t)(last->start - token->start) + token_end(last);
	struct stmts stmts;

	if (head_over_limit(block->body->text + start, len, &head_limits_default) != NULL ||
		!parse_filled(block, as_sql(block, first, end, len), len, &stmts) || stmts.n != 1)
		return false;
	keep_statement(block, &stmts.items[0], start);
	return true;
}

static bool take_statement(struct block *block, size_t first, size_t end)
{
	const struct token *token = &block->tokens[first];
	bool unseen = runs_unseen(block, first, end);

	if (assigns(block, first, end))
		return !unseen;
	if (token_is_any(token, commands))
		return parse_statement(block, first, end);
	if (token_is_any(token, writes))
		return parse_statement(block, first, end) || !unseen;
	return !unseen || (token_is_any(token, queries) && parse_statement(block, first, end));
}

/* Between DECLARE and BEGIN a first word is a variable's name. */
static bool in_declarations(const struct block *block, size_t at, size_t first, bool before)
{
	for (; at < first; at++) {
		before |= token_is(&block->tokens[at], "declare");
		before &= !token_is(&block->tokens[at], "begin");
	}
	return before;
}

static size_t find_in(const struct block *block, size_t from, size_t end)
{
	while (from < end && !token_is(&block->tokens[from], "in"))
		from++;
	return from;
}

/* FOR row IN UPDATE ... RETURNING ... LOOP, among the conditions before a statement. */
static void take_loops(struct block *block, size_t from, size_t end)
{
	for (; from < end; from++) {
		size_t in, loop;

		if (!token_is(&block->tokens[from], "for"))
			continue;
		in = find_in(block, from, end);
		loop = behind_condition(block, in, end);
		if (in + 1 < loop && loop - 1 > in + 1 &&
			token_is(&block->tokens[loop - 1], "loop") &&
			token_is_any(&block->tokens[in + 1], writes))
			parse_statement(block, in + 1, loop - 1);
		from = in;
	}
}

static bool read_body(struct block *block)
{
	bool declares = false;

	for (size_t at = 0; at < block->n;) {
		size_t end = clause_end(block, at), first = statement_start(block, at, end);

		declares = in_declarations(block, at, first, declares);
		if (runs_unseen(block, at, declares ? end : first) ||
			(!declares && first < end && !take_statement(block, first, end)))
			return false;
		take_loops(block, at, declares ? at : first);
		at = end + 1;
	}
	return true;
}

/* The language SQL: nothing but statements. */
static bool read_sql(struct block *block)
{
	const struct code_body *body = block->body;
	struct stmts stmts;

	if (head_over_limit(body->text, body->len, &head_limits_default) != NULL ||
		!parse_filled(block, body->text, body->len, &stmts))
		return false;
	for (size_t i = 0; i < stmts.n; i++)
		keep_statement(block, &stmts.items[i], 0);
	return true;
}

static bool read_code(struct block *block, const char *language)
{
	if (strcmp(language, "sql") == 0)
		return read_sql(block);
	return strcmp(language, "plpgsql") == 0 && read_tokens(block) && read_body(block);
}

bool code_block_read(
	struct arena *arena, const struct code_body *body, const char *language, struct stmts *out)
{
	struct block block = {.arena = arena, .body = body};

	if (!read_code(&block, language))
		return false;
	*out = (struct stmts){.items = block.stmts, .n = block.n_stmts, .guarded = true};
	return true;
}

/* SPDX-License-Identifier: PostgreSQL */
/*
 * Why it is sound: a statement that matters either has a head that is not in the table below, or
 * is one of a few things that a query may hold, each of which needs a word that cannot be
 * spelled otherwise: INTO behind SELECT; UPDATE or DELETE, which then must show a WHERE; the
 * name of a function that runs SQL text; U&"...", which can hide such a name.  Words are only
 * looked for outside literals and comments, and the lexer's rules for those are PostgreSQL's.
 */
#include "head_reading.h"

#include <stddef.h>
#include <string.h>

#include "head_words.h"
#include "skip.h"

enum {
	SELECTS_MAX = 63, /* nesting to which a SELECT's own INTO is told from others */
};

/* ---- heads ---- */

static word_handler expect_head, expect_query, expect_explained, expect_prepared, expect_as,
	expect_copied, expect_parameter;

/*
 * In order of use.  next reads the words behind the head, where they matter.  What no row names
 * is guarded.
 */
static const struct head {
	struct word word;
	word_handler *next;
	bool query; /* may be prepared and explained */
	bool ends_transaction;
} heads[] = {
	{.word = WORD("select"), .query = true},
	{.word = WORD("insert"), .query = true},
	{.word = WORD("update"), .query = true},
	{.word = WORD("delete"), .query = true},
	{.word = WORD("begin")},
	{.word = WORD("commit"), .ends_transaction = true},
	{.word = WORD("rollback"), .ends_transaction = true},
	{.word = WORD("set"), .next = expect_parameter},
	{.word = WORD("with"), .query = true},
	{.word = WORD("execute")},
	{.word = WORD("savepoint")},
	{.word = WORD("release")},
	{.word = WORD("end"), .ends_transaction = true},
	{.word = WORD("fetch")},
	{.word = WORD("close")},
	{.word = WORD("declare")},
	{.word = WORD("copy"), .next = expect_copied},
	{.word = WORD("show")},
	{.word = WORD("explain"), .next = expect_explained},
	{.word = WORD("prepare"), .next = expect_prepared},
	{.word = WORD("deallocate")},
	{.word = WORD("discard")},
	{.word = WORD("reset"), .next = expect_parameter},
	{.word = WORD("call")},
	{.word = WORD("values"), .query = true},
	{.word = WORD("table"), .query = true},
	{.word = WORD("merge"), .query = true},
	{.word = WORD("listen")},
	{.word = WORD("notify")},
	{.word = WORD("unlisten")},
	{.word = WORD("start")},
	{.word = WORD("move")},
	{.word = WORD("abort"), .ends_transaction = true},
	{.word = WORD("checkpoint")},
};

static const struct head *head_find(const struct token *token)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (token_is_word(token, &heads[i].word))
			return &heads[i];
	return NULL;
}

static void expect_head(struct reading *reading, const struct token *token)
{
	const struct head *head = head_find(token);

	if (head == NULL) {
		reading->guarded = true;
		reading->runs_literal |= token_is(token, "do");
		reading->on_word = NULL;
		return;
	}
	reading->ends_transaction |= head->ends_transaction;
	reading->on_word = head->next;
	if (head->next == expect_copied)
		reading->target = TARGET_NAME;
}

static void expect_query(struct reading *reading, const struct token *token)
{
	const struct head *head = head_find(token);

	reading->guarded |= head == NULL || !head->query;
	reading->on_word = NULL;
}

/*
 * EXPLAIN [ANALYZE] [VERBOSE] or EXPLAIN (options).  The parentheses may as well hold a query:
 * its words are looked at like all others, and the end of the statement follows.
 */
static void expect_explained(struct reading *reading, const struct token *token)
{
	static const struct word options[] = {
		WORD("analyze"), WORD("analyse"), WORD("verbose"), {0}};
	static const struct word others[] = {WORD("declare"), WORD("execute"), {0}};

	if (reading->depth > 0 || token_is_any(token, options))
		return;
	if (token_is_any(token, others))
		reading->on_word = NULL;
	else
		expect_query(reading, token);
}

/* PREPARE TRANSACTION '...', or PREPARE name [(types)] AS query; the name may be "transaction". */
static void expect_prepared(struct reading *reading, const struct token *token)
{
	reading->ends_transaction |= token_is(token, "transaction");
	reading->on_word = expect_as;
}

static void expect_as(struct reading *reading, const struct token *token)
{
	if (reading->depth == 0 && token_is(token, "as"))
		reading->on_word = expect_query;
}

/* PROGRAM may only follow FROM and TO; a table of that name is sent to the parser. */
static void expect_copied(struct reading *reading, const struct token *token)
{
	reading->guarded |= token_is(token, "program");
}

/* Parameters that change how text is read, in SET or RESET; their case is folded also in quotes. */
static void expect_parameter(struct reading *reading, const struct token *token)
{
	static const char *const names[] = {
		"names", "client_encoding", "standard_conforming_strings"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		reading->guarded |= word_is(token->start, token->len, names[i]);
}

/* ---- words that matter anywhere ---- */

/* Only white space between word, which may be NULL, and the token behind it. */
static bool follows(const unsigned char *word, const unsigned char *token, const char *text)
{
	const unsigned char *p;

	if (word == NULL)
		return false;
	p = skip_word(word, word, token);
	if (!word_is(word, (size_t)(p - word), text))
		return false;
	while (p < token && byte_classes[*p] == BYTE_SPACE)
		p++;
	return p == token;
}

/* FOR UPDATE, FOR NO KEY UPDATE, ON CONFLICT DO UPDATE.  MERGE's THEN UPDATE has no WHERE. */
static bool is_clause(const struct reading *reading, const struct token *token)
{
	static const char *const reserved[] = {"for", "do"};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (follows(reading->word, token->start, reserved[i]))
			return true;
	return follows(reading->word, token->start, "key") &&
	       follows(reading->word_before, reading->word, "no");
}

static void on_select(struct reading *reading, const struct token *token)
{
	(void)token;
	reading->selects |= 1;
}

/* SELECT ... INTO makes a table; behind INSERT and MERGE the SELECT comes later or never. */
static void on_into(struct reading *reading, const struct token *token)
{
	(void)token;
	if ((reading->selects & 1) != 0 || reading->nesting_max > SELECTS_MAX)
		reading->guarded = true;
	reading->target = TARGET_NAME;
}

static void on_bulk_write(struct reading *reading, const struct token *token)
{
	struct dml *dml;

	if (is_clause(reading, token))
		return;
	reading->target = TARGET_NAME;
	if (reading->n_dml == DML_MAX ||
		(reading->n_dml > 0 && reading->dml[reading->n_dml - 1].depth == reading->depth)) {
		reading->guarded = true;
		return;
	}
	dml = &reading->dml[reading->n_dml++];
	dml->depth = reading->depth;
	dml->has_where = dml->complete = false;
}

static struct dml *current_dml(struct reading *reading)
{
	struct dml *dml = reading->n_dml > 0 ? &reading->dml[reading->n_dml - 1] : NULL;

	return dml != NULL && dml->depth == reading->depth && !dml->complete ? dml : NULL;
}

static void on_where(struct reading *reading, const struct token *token)
{
	struct dml *dml = current_dml(reading);

	(void)token;
	/* t.where is a column */
	if (dml == NULL || reading->last == TOKEN_DOT)
		return;
	reading->guarded |= dml->has_where;
	dml->has_where = true;
	where_begin(&dml->where, reading->depth);
}

/* Behind RETURNING, AS where is a label. */
static void on_returning(struct reading *reading, const struct token *token)
{
	struct dml *dml = current_dml(reading);

	(void)token;
	if (dml != NULL && reading->last != TOKEN_DOT)
		dml->complete = true;
}

/* Rows that skip_plain must stop at are in first_fours; WHERE and RETURNING only matter past those.
 */
static const struct {
	struct word word;
	word_handler *handle;
} keywords[] = {
	{WORD("select"), on_select},
	{WORD("where"), on_where},
	{WORD("into"), on_into},
	{WORD("update"), on_bulk_write},
	{WORD("delete"), on_bulk_write},
	{WORD("returning"), on_returning},
};

enum { KEYWORDS = sizeof(keywords) / sizeof(*keywords) };

/* ---- tokens ---- */

static void close_dml(struct reading *reading)
{
	struct dml *dml = &reading->dml[--reading->n_dml];

	if (!dml->has_where || !where_is_selective(&dml->where))
		reading->guarded = true;
}

static void read_where(struct reading *reading, const struct token *token, unsigned depth)
{
	struct dml *dml = reading->n_dml > 0 ? &reading->dml[reading->n_dml - 1] : NULL;

	if (dml != NULL && dml->has_where && !dml->complete)
		where_token(&dml->where, token, depth);
}

/* INSERT INTO name, DELETE FROM [ONLY] [(] schema.name, COPY [BINARY] name */
static void read_target(struct reading *reading, const struct token *token)
{
	static const struct word before[] = {
		WORD("from"), WORD("into"), WORD("only"), WORD("binary"), {0}};
	const bool name = token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;

	if (reading->target == TARGET_DOT) {
		reading->target = token->kind == TOKEN_DOT ? TARGET_NAME : TARGET_NONE;
	} else if (name && !token_is_any(token, before)) {
		reading->guarded |= word_is_system_name(token->start, token->len);
		reading->target = TARGET_DOT;
	} else if (!name && token->kind != TOKEN_OPEN) {
		reading->target = TARGET_NONE;
	}
}

static void on_word(struct reading *reading, const struct token *token)
{
	size_t i = 0;

	if (reading->target != TARGET_NONE)
		read_target(reading, token);
	if (reading->on_word != NULL)
		reading->on_word(reading, token);
	if (word_may_matter(token->start, token->len)) {
		while (i < KEYWORDS && !token_is_word(token, &keywords[i].word))
			i++;
		if (i < KEYWORDS)
			keywords[i].handle(reading, token);
		else
			reading->function = word_is_guarded_function(token->start, token->len);
	}
	reading->word_before = reading->word;
	reading->word = token->start;
}

static void on_quoted(struct reading *reading, const struct token *token)
{
	if (reading->on_word != NULL)
		reading->on_word(reading, token);
	reading->function = word_may_matter(token->start, token->len) &&
			    word_is_guarded_function(token->start, token->len);
}

static void note_nesting(struct reading *reading)
{
	if (reading->depth + reading->brackets > reading->nesting_max)
		reading->nesting_max = reading->depth + reading->brackets;
}

void reading_open(struct reading *reading)
{
	reading->depth++;
	reading->selects <<= 1;
	note_nesting(reading);
}

void reading_bracket(struct reading *reading, unsigned char bracket)
{
	if (bracket == '[')
		reading->brackets++;
	else if (reading->brackets > 0)
		reading->brackets--;
	note_nesting(reading);
}

void reading_close(struct reading *reading)
{
	if (reading->depth == 0) {
		reading->guarded = true;
		return;
	}
	if (reading->n_dml > 0 && reading->dml[reading->n_dml - 1].depth == reading->depth)
		close_dml(reading);
	reading->depth--;
	reading->selects >>= 1;
}

void reading_end(struct reading *reading)
{
	while (reading->n_dml > 0)
		close_dml(reading);
	if (reading->links > reading->links_max)
		reading->links_max = reading->links;
	reading->links = 0;
	reading->in_statement = false;
	reading->selects = 0;
	reading->on_word = NULL;
	reading->target = TARGET_NONE;
}

/* Nothing but a word or an opening parenthesis, of a query, starts a statement. */
static void start_statement(struct reading *reading, const struct token *token)
{
	reading->in_statement = true;
	reading->statements++;
	reading->word = reading->word_before = NULL;
	if (token->kind == TOKEN_WORD)
		reading->on_word = expect_head;
	else
		reading->guarded |= token->kind != TOKEN_OPEN;
}

void reading_begin(struct reading *reading, const char *text, size_t len)
{
	memset(&reading->guarded, 0,
		offsetof(struct reading, dml) - offsetof(struct reading, guarded));
	lexer_start(&reading->lexer, text, len);
}

void reading_token(struct reading *reading, const struct token *token)
{
	const bool function = reading->function;

	reading->function = false;
	if (token->kind == TOKEN_SEMICOLON) {
		/* (a; b) is part of one statement, and only of CREATE RULE */
		if (reading->depth > 0)
			reading->guarded = true;
		else
			reading_end(reading);
		reading->last = token->kind;
		return;
	}
	if (!reading->in_statement)
		start_statement(reading, token);
	reading->links += token->kind == TOKEN_WORD || token->kind == TOKEN_OPERATOR;
	if (token->kind == TOKEN_WORD) {
		on_word(reading, token);
		read_where(reading, token, reading->depth);
	} else {
		if (reading->target != TARGET_NONE)
			read_target(reading, token);
		if (token->kind == TOKEN_CLOSE)
			reading_close(reading);
		read_where(reading, token, reading->depth);
		if (token->kind == TOKEN_OPEN)
			reading_open(reading);
		else if (token->kind == TOKEN_BRACKET)
			reading_bracket(reading, *token->start);
		else if (token->kind == TOKEN_QUOTED)
			on_quoted(reading, token);
		reading->guarded |= token->kind == TOKEN_UNICODE_QUOTED ||
				    (function && token->kind == TOKEN_OPEN);
	}
	reading->last = token->kind;
}

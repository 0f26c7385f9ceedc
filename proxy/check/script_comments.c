/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which statement a suppression speaks of is a matter of lines: the last one that begins on its
 * own line, or else the next one, if nothing but comments stands between.
 */
#include <string.h>

#include "arena.h"
#include "lexer.h"
#include "script.h"

static const char name[] = "phasegate:";

/* The dashes in front of the name at p, or NULL when it is no comment's first word. */
static const char *comment_start(const struct script *script, const char *p)
{
	const char *q = p;

	while (q > script->text && (q[-1] == ' ' || q[-1] == '\t'))
		q--;
	if (q - script->text < 2 || q[-1] != '-' || q[-2] != '-')
		return NULL;
	while (q > script->text && q[-1] == '-')
		q--;
	return q;
}

/* In a part that is not left out. */
static bool judged(const struct script *script, size_t at)
{
	for (size_t i = 0; i < script->parts.n; i++) {
		const struct part *part = &script->parts.items[i];

		if (at >= part->start && at < part->end)
			return !part->down || script->down;
	}
	return false;
}

/* How many statements begin at or before this byte. */
static size_t stmts_before(const struct script *script, size_t at)
{
	size_t n = 0;

	while (n < script->n_stmts && script->stmts[n].start <= at)
		n++;
	return n;
}

/* Inside of a literal it is no comment. */
static bool in_token(const struct script *script, const struct script_stmt *stmt, size_t at)
{
	const unsigned char *place = (const unsigned char *)script->text + at;
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, script->text + stmt->start, stmt->len);
	while (lexer_next(&lexer, &token) != TOKEN_END)
		if (token.start <= place && place < lexer.at)
			return true;
	return false;
}

static bool only_comments_between(const struct script *script, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		const char *line = script->text + script->line_starts[i];

		if (strncmp(line + strspn(line, " \t"), "--", 2) != 0)
			return false;
	}
	return true;
}

/* Index of the statement that the comment speaks of; -1: of none. */
static long stmt_of(const struct script *script, size_t at, size_t before)
{
	const struct script_stmt *stmts = script->stmts;
	size_t line = script_line_index(script, at);

	if (before > 0 && script_line_index(script, stmts[before - 1].start) == line)
		return (long)before - 1;
	if (before > 0 && at < stmts[before - 1].start + stmts[before - 1].len)
		return -1;
	if (before < script->n_stmts && only_comments_between(script, line + 1,
						script_line_index(script, stmts[before].start)))
		return (long)before;
	return -1;
}

/* Takes the comment at this byte, if it is one. */
static void take_comment(struct arena *arena, struct script *script, const char *comment)
{
	const char *end = script->text + script->len;
	const char *newline = memchr(comment, '\n', (size_t)(end - comment));
	size_t at = (size_t)(comment - script->text), before = stmts_before(script, at);
	struct suppression *out = &script->suppressions[script->n_suppressions];
	long stmt = stmt_of(script, at, before);

	if (!judged(script, at) ||
		(before > 0 && in_token(script, &script->stmts[before - 1], at)) ||
		!suppression_read(
			arena, comment, (size_t)((newline == NULL ? end : newline) - comment), out))
		return;
	out->at = at;
	out->stmt = (size_t)stmt;
	if (stmt < 0 && out->error == NULL)
		out->error = "the comment stands neither directly above a statement nor on the "
			     "first line "
			     "of one";
	script->n_suppressions++;
}

static const char *next_name(const struct script *script, const char *from)
{
	return memmem(from, (size_t)(script->text + script->len - from), name, strlen(name));
}

void script_read_suppressions(struct arena *arena, struct script *script)
{
	size_t n = 0;

	for (const char *p = script->text; (p = next_name(script, p)) != NULL; p++)
		n++;
	if (n == 0)
		return;
	script->suppressions = arena_alloc(arena, n * sizeof(*script->suppressions));
	for (const char *p = script->text; (p = next_name(script, p)) != NULL; p++) {
		const char *comment = comment_start(script, p);

		if (comment != NULL)
			take_comment(arena, script, comment);
	}
}

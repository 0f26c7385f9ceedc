/* SPDX-License-Identifier: PostgreSQL */
#include "script.h"

#include <string.h>

#include "arena.h"
#include "code_block.h"
#include "code_body.h"
#include "lexer.h"
#include "routines.h"
#include "split.h"

struct script_reader {
	struct arena *arena;
	const struct script_options *options;
	struct script *script;
	struct routines routines;
};

/* ---- places ---- */

static void find_lines(struct arena *arena, struct script *script)
{
	const char *end = script->text + script->len;
	size_t *starts, n = 1;

	for (const char *p = script->text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		n++;
	starts = arena_alloc(arena, n * sizeof(*starts));
	n = 1;
	for (const char *p = script->text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL;)
		starts[n++] = (size_t)(++p - script->text);
	script->line_starts = starts;
	script->n_lines = n;
}

size_t script_line_index(const struct script *script, size_t at)
{
	size_t low = 0, high = script->n_lines;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (script->line_starts[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct place script_place(const struct script *script, size_t at)
{
	size_t line = script_line_index(script, at);
	struct place place = {.line = (unsigned)line + 1, .column = 1};

	for (size_t i = script->line_starts[line]; i < at && i < script->len; i++)
		place.column += (script->text[i] & 0xc0) != 0x80;
	return place;
}

const char *script_line(const struct script *script, size_t at, size_t *len)
{
	size_t start = script->line_starts[script_line_index(script, at)];
	const char *line = script->text + start;
	const char *newline = memchr(line, '\n', script->len - start);

	*len = newline == NULL ? script->len - start : (size_t)(newline - line);
	if (*len > 0 && line[*len - 1] == '\r')
		--*len;
	return line;
}

/* ---- statements ---- */

/* A statement parsed by itself knows only its own bytes. */
static void move(struct arena *arena, struct stmt *stmt, size_t by)
{
	struct action *actions = arena_alloc(arena, (stmt->n_actions + 1) * sizeof(*actions));

	for (size_t i = 0; i < stmt->n_actions; i++) {
		actions[i] = stmt->actions[i];
		actions[i].location += by;
	}
	stmt->actions = actions;
	stmt->location += by;
}

/* What the grammar must not be given goes through when its head alone tells that it is harmless. */
static bool take_unparsed(struct script_reader *reader, struct script_stmt *out, const char *text)
{
	if (head_scan(text, out->len, reader->options->limits, true).verdict != HEAD_HARMLESS)
		return false;
	out->stmt = (struct stmt){
		.sql = arena_strndup(reader->arena, text, out->len),
		.location = out->start,
		.len = out->len,
	};
	out->error = NULL;
	return true;
}

/* What stands in a DO block is judged like any other statement, if all of it can be read. */
static void open_code_block(
	struct script_reader *reader, struct stmt *stmt, const char *text, size_t len)
{
	struct code_body body;
	struct stmts inner;
	struct action *actions;
	size_t n = 0;

	if (stmt->n_actions != 1 || stmt->actions[0].kind != ACTION_DO_BLOCK ||
		!code_body_find(reader->arena, text, len, &body) ||
		!code_block_read(reader->arena, &body, stmt->actions[0].name, &inner))
		return;
	for (size_t i = 0; i < inner.n; i++)
		n += inner.items[i].n_actions;
	stmt->actions = actions = arena_alloc(reader->arena, (n + 1) * sizeof(*actions));
	stmt->n_actions = n;
	stmt->inside_code = true;
	for (size_t i = 0; i < inner.n; i++) {
		for (size_t k = 0; k < inner.items[i].n_actions; k++)
			*actions++ = inner.items[i].actions[k];
		stmt->no_transaction |= inner.items[i].no_transaction;
	}
}

/* What psql runs next is what the server answers. */
static void add_execution(struct script_reader *reader, struct script_stmt *out)
{
	struct stmt *stmt = &out->stmt;
	struct action *actions =
		arena_alloc(reader->arena, (stmt->n_actions + 1) * sizeof(*actions));

	if (stmt->n_actions > 0)
		memcpy(actions, stmt->actions, stmt->n_actions * sizeof(*actions));
	actions[stmt->n_actions++] = (struct action){
		.kind = ACTION_DYNAMIC_SQL, .sql = stmt->sql, .location = out->start};
	stmt->actions = actions;
}

static bool parse(struct script_reader *reader, struct script_stmt *out, const char *text)
{
	struct stmts stmts;

	out->error_at = out->start;
	out->error = head_over_limit(text, out->len, reader->options->limits);
	if (out->error != NULL)
		return take_unparsed(reader, out, text);
	if (stmt_parse(reader->arena, text, out->len, &stmts, &out->error) != 0) {
		out->error_at += stmts.error_at;
		return false;
	}
	out->error = NULL;
	if (stmts.n != 1) {
		out->error = "it is not one statement to the grammar";
		return false;
	}
	out->stmt = stmts.items[0];
	open_code_block(reader, &out->stmt, text, out->len);
	routines_follow(&reader->routines, &out->stmt, text, out->len);
	move(reader->arena, &out->stmt, out->start);
	return true;
}

/* As it stands; else with its placeholders filled, which may make sense of it, or show what is
 * wrong behind them. */
static bool parse_filled(struct script_reader *reader, struct script_stmt *out)
{
	const char *text = reader->script->text + out->start, *filled;
	struct script_stmt as_written;

	if (parse(reader, out, text))
		return true;
	filled = split_fill_placeholders(reader->arena, text, out->len);
	if (filled == NULL)
		return false;
	as_written = *out;
	if (parse(reader, out, filled))
		return true;
	if (out->error_at <= as_written.error_at)
		*out = as_written;
	return false;
}

static size_t trimmed_len(const char *text, size_t len)
{
	while (len > 0 &&
		(text[len - 1] == ';' || byte_classes[(unsigned char)text[len - 1]] == BYTE_SPACE))
		len--;
	return len;
}

static void grow(struct arena *arena, struct script *script)
{
	size_t max = 2 * script->n_stmts_max + 8;
	struct script_stmt *stmts = arena_alloc(arena, max * sizeof(*stmts));

	if (script->n_stmts > 0)
		memcpy(stmts, script->stmts, script->n_stmts * sizeof(*stmts));
	script->stmts = stmts;
	script->n_stmts_max = max;
}

/* Returns where the next statement begins. */
static size_t add_statement(
	struct script_reader *reader, size_t part, const struct split_piece *piece)
{
	struct script *script = reader->script;
	struct script_stmt *stmt;

	if (script->n_stmts == script->n_stmts_max)
		grow(reader->arena, script);
	stmt = &script->stmts[script->n_stmts++];
	*stmt = (struct script_stmt){
		.start = piece->start,
		.len = piece->end - piece->start,
		.part = part,
		.elsewhere = piece->elsewhere,
	};
	if (parse_filled(reader, stmt) || piece->inner_end == 0) {
		if (piece->executes && stmt->error == NULL)
			add_execution(reader, stmt);
		return piece->next;
	}
	stmt->len = trimmed_len(script->text + stmt->start, piece->inner_end - stmt->start);
	parse_filled(reader, stmt);
	return piece->inner_end;
}

static void read_part(struct script_reader *reader, size_t part)
{
	const struct script *script = reader->script;
	size_t at = script->parts.items[part].start, end = script->parts.items[part].end;
	struct split_piece piece;

	while (split_next(script->text, end, at, &piece))
		at = add_statement(reader, part, &piece);
}

struct script script_read(struct arena *arena, const char *path, const char *text, size_t len,
	const struct script_options *options)
{
	struct script script = {.path = path, .text = text, .len = len, .down = options->down};
	struct script_reader reader = {.arena = arena,
		.options = options,
		.script = &script,
		.routines = {.arena = arena}};

	script.parts = convention_parts(arena, path, text, len);
	find_lines(arena, &script);
	for (size_t i = 0; i < script.parts.n; i++)
		if (!script.parts.items[i].down || options->down)
			read_part(&reader, i);
	script_read_suppressions(arena, &script);
	return script;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "routines.h"

#include <string.h>

#include "arena.h"
#include "code_block.h"
#include "head_words.h"
#include "lexer.h"

/* ---- what is made ---- */

static bool is_readable(const char *language)
{
	return strcmp(language, "plpgsql") == 0 || strcmp(language, "sql") == 0;
}

/* The action's own text: in a DO block there is more around it. */
static void keep(struct routines *routines, const struct action *action)
{
	struct routine routine = {.name = action->name,
		.language = action->new_name != NULL ? action->new_name : "sql"};

	if (!is_readable(routine.language))
		return;
	routine.written =
		code_body_find(routines->arena, action->sql, strlen(action->sql), &routine.body);
	if (!routine.written && routine.body.start == 0)
		return; /* RETURN: an expression */
	routines->items = arena_grow(routines->arena, routines->items, routines->n,
		&routines->n_max, sizeof(*routines->items));
	routines->items[routines->n++] = routine;
}

static void keep_all(struct routines *routines, const struct stmt *stmt)
{
	for (size_t i = 0; i < stmt->n_actions; i++)
		if (stmt->actions[i].kind == ACTION_CREATE_FUNCTION)
			keep(routines, &stmt->actions[i]);
}

/* ---- what is called ---- */

/* A statement whose calls are being followed. */
struct caller {
	struct routines *routines;
	struct stmt *stmt;
	struct action *actions; /* what its calls add */
	size_t n, n_max;
	unsigned depth; /* of calls in routines */
};

/* Deeper than people write, and nothing to the stack; what is called deeper is not read. */
enum { DEPTH_MAX = 256 };

static void add_action(struct caller *caller, const struct action *action, size_t location)
{
	caller->actions = arena_grow(caller->routines->arena, caller->actions, caller->n,
		&caller->n_max, sizeof(*caller->actions));
	caller->actions[caller->n] = *action;
	caller->actions[caller->n++].location = location;
}

static bool is_called(const struct routine *routine, const struct token *name)
{
	size_t len = strlen(routine->name);

	if (name->kind == TOKEN_QUOTED)
		return name->len == len && memcmp(name->start, routine->name, len) == 0;
	return word_is(name->start, name->len, routine->name);
}

static bool read_routine(struct arena *arena, struct routine *routine)
{
	if (!routine->read && routine->written)
		routine->readable =
			code_block_read(arena, &routine->body, routine->language, &routine->inner);
	routine->read = true;
	return routine->readable;
}

static void follow_calls(struct caller *caller, const struct code_body *code, const size_t *call);

/* call: where the statement calls it, itself or through others. */
static void open_routine(struct caller *caller, struct routine *routine, size_t call)
{
	struct arena *arena = caller->routines->arena;
	struct action text = {.kind = ACTION_HARMLESS};

	routine->called = true;
	if (caller->depth == DEPTH_MAX || !read_routine(arena, routine)) {
		add_action(caller,
			&(struct action){.kind = ACTION_DYNAMIC_SQL,
				.name = routine->name,
				.sql = caller->stmt->sql},
			call);
		return;
	}
	/* Not all that it names is in an action: RETURN 'a value'. */
	text.sql = arena_strndup(arena, routine->body.text, routine->body.len);
	add_action(caller, &text, call);
	for (size_t i = 0; i < routine->inner.n; i++) {
		const struct stmt *inner = &routine->inner.items[i];

		for (size_t k = 0; k < inner->n_actions; k++)
			add_action(caller, &inner->actions[k], call);
		caller->stmt->no_transaction |= inner->no_transaction;
	}
	caller->depth++;
	follow_calls(caller, &routine->body, &call);
	caller->depth--;
}

/* code: the statement; or a routine, whose place in the statement is that of its call. */
static void follow_call(struct caller *caller, const struct code_body *code,
	const struct token *name, const size_t *call)
{
	struct routines *routines = caller->routines;
	size_t at = (size_t)((const char *)name->start - code->text);

	for (size_t i = 0; i < routines->n; i++)
		if (!routines->items[i].called && is_called(&routines->items[i], name))
			open_routine(caller, &routines->items[i],
				call != NULL ? *call : code_body_origin(code, at));
}

/* What stands before a name and ( that call no function. */
static bool names_something_else(const struct token *before)
{
	static const struct word words[] = {WORD("function"), WORD("procedure"), WORD("routine"),
		WORD("exists"), WORD("into"), WORD("table"), WORD("on"), WORD("references"),
		WORD("copy"), WORD("vacuum"), WORD("analyze"), WORD("with"), {0}};

	return token_is_any(before, words);
}

static void follow_calls(struct caller *caller, const struct code_body *code, const size_t *call)
{
	struct token before = {0}, name = {0}, token;
	struct lexer lexer;

	lexer_start(&lexer, code->text, code->len);
	while (lexer_next(&lexer, &token) != TOKEN_END) {
		bool named = name.kind == TOKEN_WORD || name.kind == TOKEN_QUOTED;

		if (token.kind == TOKEN_OPEN && named && !names_something_else(&before))
			follow_call(caller, code, &name, call);
		if (name.kind != TOKEN_DOT && token.kind != TOKEN_DOT)
			before = name;
		name = token;
	}
}

static bool runs_query(const struct stmt *stmt)
{
	return stmt->n_actions > 0 && (stmt->actions[0].kind == ACTION_CREATE_TABLE_AS ||
					      stmt->actions[0].kind == ACTION_CREATE_MATVIEW);
}

/*
 * What runs when the statement does; false for those that name routines, or store what calls them.
 * So do most that CREATE and ALTER; the USING of a type and what an index is made of are left out.
 */
static bool find_code(struct arena *arena, const struct stmt *stmt, const char *sql, size_t len,
	struct code_body *out)
{
	static const struct word stores[] = {WORD("alter"), WORD("comment"), WORD("create"),
		WORD("drop"), WORD("grant"), WORD("prepare"), WORD("revoke"), WORD("security"),
		{0}};
	struct lexer lexer;
	struct token first;

	lexer_start(&lexer, sql, len);
	if (lexer_next(&lexer, &first) == TOKEN_END ||
		(token_is_any(&first, stores) && !runs_query(stmt)))
		return false;
	*out = (struct code_body){.text = sql, .len = len};
	return !token_is(&first, "do") || code_body_find(arena, sql, len, out);
}

static bool changes_rows_at_most(const struct action *action)
{
	return action->kind == ACTION_HARMLESS || action->kind == ACTION_CHANGE_ROWS ||
	       action->kind == ACTION_CALL;
}

static void add_to(struct stmt *stmt, const struct caller *caller)
{
	const size_t n = stmt->n_actions;
	struct action *all = arena_alloc(caller->routines->arena, (n + caller->n) * sizeof(*all));

	if (n > 0)
		memcpy(all, stmt->actions, n * sizeof(*all));
	memcpy(all + n, caller->actions, caller->n * sizeof(*all));
	stmt->actions = all;
	stmt->n_actions = n + caller->n;
	for (size_t i = n; i < stmt->n_actions; i++)
		stmt->inside_code |= !changes_rows_at_most(&all[i]);
}

void routines_follow(struct routines *routines, struct stmt *stmt, const char *sql, size_t len)
{
	struct caller caller = {.routines = routines, .stmt = stmt};
	struct code_body code;

	keep_all(routines, stmt);
	if (routines->n == 0 || !find_code(routines->arena, stmt, sql, len, &code))
		return;
	for (size_t i = 0; i < routines->n; i++)
		routines->items[i].called = false;
	follow_calls(&caller, &code, NULL);
	if (caller.n > 0)
		add_to(stmt, &caller);
}

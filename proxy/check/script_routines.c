/* SPDX-License-Identifier: PostgreSQL */
#include "script_routines.h"

#include <string.h>

#include "arena.h"
#include "code_block.h"
#include "head_words.h"
#include "lexer.h"

/* A statement whose calls are being followed. */
struct caller {
	struct routines *routines;
	struct stmt *stmt;
	struct action *actions;
	size_t n, n_max; /* of actions */
	unsigned depth; /* of calls in routines */
};

/* Deeper than people write, and nothing to the stack; what is called deeper is not read. */
enum { DEPTH_MAX = 256 };

/* What others call is the server's affair, like the routines that were there before. */
static bool is_readable(const char *language)
{
	return language != NULL &&
	       (strcmp(language, "plpgsql") == 0 || strcmp(language, "sql") == 0);
}

static void keep(
	struct routines *routines, const struct action *action, const char *sql, size_t len)
{
	struct routine routine = {.name = action->name, .language = action->new_name};

	if (!is_readable(routine.language) ||
		!code_body_find(routines->arena, sql, len, &routine.body))
		return;
	routines->items = arena_grow(routines->arena, routines->items, routines->n,
		&routines->n_max, sizeof(*routines->items));
	routines->items[routines->n++] = routine;
}

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

static void follow_calls(struct caller *caller, const struct code_body *code, const size_t *call);

/* call: where the statement calls it, itself or through others. */
static void open_routine(struct caller *caller, struct routine *routine, size_t call)
{
	const struct action unread = {.kind = ACTION_DYNAMIC_SQL, .name = routine->name};
	struct stmts inner;

	routine->called = true;
	if (caller->depth == DEPTH_MAX || !code_block_read(caller->routines->arena, &routine->body,
						  routine->language, &inner)) {
		add_action(caller, &unread, call);
		return;
	}
	for (size_t i = 0; i < inner.n; i++) {
		for (size_t k = 0; k < inner.items[i].n_actions; k++)
			add_action(caller, &inner.items[i].actions[k], call);
		caller->stmt->no_transaction |= inner.items[i].no_transaction;
	}
	caller->depth++;
	follow_calls(caller, &routine->body, &call);
	caller->depth--;
}

/* Of code: a routine, which has no place in the statement but that of its call; or the statement.
 */
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

/* What is followed by ( in a statement and no call of a function. */
static bool names_something_else(const struct token *before)
{
	static const struct word words[] = {WORD("function"), WORD("procedure"), WORD("routine"),
		WORD("exists"), WORD("into"), {0}};

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

/* What runs when the statement does; false for those that name routines, or store what calls them.
 */
static bool find_code(struct arena *arena, const char *sql, size_t len, struct code_body *out)
{
	static const struct word stores[] = {WORD("alter"), WORD("comment"), WORD("create"),
		WORD("drop"), WORD("grant"), WORD("revoke"), WORD("security"), {0}};
	struct lexer lexer;
	struct token first;

	lexer_start(&lexer, sql, len);
	if (lexer_next(&lexer, &first) == TOKEN_END || token_is_any(&first, stores))
		return false;
	*out = (struct code_body){.text = sql, .len = len};
	return !token_is(&first, "do") || code_body_find(arena, sql, len, out);
}

static void follow(struct routines *routines, struct stmt *stmt, const struct code_body *code)
{
	struct caller caller = {.routines = routines, .stmt = stmt};

	for (size_t i = 0; i < routines->n; i++)
		routines->items[i].called = false;
	for (size_t i = 0; i < stmt->n_actions; i++)
		add_action(&caller, &stmt->actions[i], stmt->actions[i].location);
	follow_calls(&caller, code, NULL);
	if (caller.n == stmt->n_actions)
		return;
	stmt->actions = caller.actions;
	stmt->n_actions = caller.n;
	stmt->inside_code = true;
}

void routines_follow(struct routines *routines, struct stmt *stmt, const char *sql, size_t len)
{
	struct code_body code;

	if (stmt->n_actions == 1 && stmt->actions[0].kind == ACTION_CREATE_FUNCTION)
		keep(routines, &stmt->actions[0], sql, len);
	else if (routines->n > 0 && find_code(routines->arena, sql, len, &code))
		follow(routines, stmt, &code);
}

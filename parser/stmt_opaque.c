/* SPDX-License-Identifier: PostgreSQL */
/*
 * Code in a language of its own.  A DO block is opaque unless none of its words can start a
 * schema change, run SQL text, or change how text is read.  Words, not grammar: PL/pgSQL runs
 * nothing that is not written in it, but for EXECUTE and the functions of sql_functions.def.
 */
#include "stmt_internal.h"

#include <strings.h>

static bool is_sql_function(const char *function, size_t len)
{
	static const struct {
		const char *name;
		bool prefix;
	} rows[] = {
#define SQL_FUNCTION(name) {name, false},
#define SQL_FUNCTION_PREFIX(name) {name, true},
#include "sql_functions.def"
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = strlen(rows[i].name);

		if ((rows[i].prefix ? len >= n : len == n) &&
			strncasecmp(function, rows[i].name, n) == 0)
			return true;
	}
	return false;
}

bool runs_sql(const char *function)
{
	return is_sql_function(function, strlen(function));
}

static const char *const opaque_words[] = {
	"alter",
	"call",
	"client_encoding",
	"cluster",
	"comment",
	"create",
	"drop",
	"execute",
	"grant",
	"import",
	"load",
	"lock",
	"names", /* SET NAMES */
	"pg_settings",
	"program",
	"reassign",
	"refresh",
	"reindex",
	"revoke",
	"security",
	"session_authorization",
	"session_replication_role",
	"set_config",
	"standard_conforming_strings",
	"truncate",
	"vacuum",
};

bool opaque_word(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(opaque_words) / sizeof(*opaque_words); i++)
		if (strlen(opaque_words[i]) == len && strncasecmp(word, opaque_words[i], len) == 0)
			return true;
	return is_sql_function(word, len);
}

static bool body_is_opaque(const char *body)
{
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, body, strlen(body));
	for (;;) {
		switch (lexer_next(&lexer, &token)) {
		case TOKEN_END:
			return false;
		case TOKEN_UNICODE_QUOTED: /* spells any name, escaped */
			return true;
		case TOKEN_WORD:
		case TOKEN_QUOTED:
			if (opaque_word((const char *)token.start, token.len))
				return true;
			break;
		default:
			break;
		}
	}
}

void handle_do(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__DoStmt *block = node->do_stmt;
	const char *language = "plpgsql", *body = "";

	for (size_t i = 0; i < block->n_args; i++) {
		const PgQuery__DefElem *option = block->args[i]->def_elem;
		const char *value = tree_string(option->arg);

		if (value == NULL)
			continue;
		if (strcmp(option->defname, "as") == 0)
			body = value;
		else if (strcmp(option->defname, "language") == 0)
			language = value;
	}
	action->name = tree_text(builder->arena, language);
	action->opaque = strcmp(language, "plpgsql") != 0 || body_is_opaque(body);
}

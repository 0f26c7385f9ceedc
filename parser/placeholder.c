/* SPDX-License-Identifier: PostgreSQL */
/*
 * Each placeholder becomes a name or literal of its own length, so that every position in the
 * filled text is one in the file.  Literals are left alone: what is filled in there is no SQL.
 */
#include <string.h>

#include "arena.h"
#include "lexer.h"
#include "skip.h"
#include "split.h"

/* As an identifier: what could not stand in one becomes _, and so does a first digit. */
static void fill_name(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_identifier_byte((unsigned char)text[i]) || text[i] == '$')
			text[i] = '_';
	if (len > 0 && text[0] >= '0' && text[0] <= '9')
		text[0] = '_';
}

/* :name, :'name' or :"name", at is the colon.  Returns how many bytes it has, 0 for none. */
static size_t fill_variable(char *at, const char *end)
{
	size_t len = 1;

	if (end - at < 2)
		return 0;
	if (at[1] == '\'' || at[1] == '"') {
		const char *close = memchr(at + 2, at[1], (size_t)(end - at - 2));

		if (close == NULL)
			return 0;
		len = (size_t)(close - at) + 1;
		at[0] = at[1];
		fill_name(at + 1, len - 2);
		return len;
	}
	if (at[1] >= '0' && at[1] <= '9') /* array[1:2] */
		return 0;
	while (at + len < end && is_identifier_byte((unsigned char)at[len]))
		len++;
	if (len == 1)
		return 0;
	fill_name(at, len);
	return len;
}

/* From opening to closing; 0 for none on this line. */
static size_t fill_template(char *at, const char *end, const char *opening, const char *closing)
{
	size_t open = strlen(opening), close = strlen(closing);
	const char *newline, *found;

	if ((size_t)(end - at) < open || strncmp(at, opening, open) != 0)
		return 0;
	newline = memchr(at, '\n', (size_t)(end - at));
	if (newline != NULL)
		end = newline;
	found = memmem(at + open, (size_t)(end - at) - open, closing, close);
	if (found == NULL)
		return 0;
	fill_name(at, (size_t)(found - at) + close);
	return (size_t)(found - at) + close;
}

/* @name@, as in the scripts of extensions; @ is an operator, too. */
static size_t fill_extension(char *at, const char *end)
{
	size_t len = 1;

	while (at + len < end && is_identifier_byte((unsigned char)at[len]))
		len++;
	if (len == 1 || at + len == end || at[len] != '@')
		return 0;
	fill_name(at, len + 1);
	return len + 1;
}

/* In prefix${name} the lexer takes the $ as the end of a word; no SQL has a {, anyway. */
static size_t fill_at(char *at, const char *end)
{
	static const struct {
		const char *opening, *closing;
	} templates[] = {{":{?", "}"}, {"${", "}"}, {"{{", "}}"}, {"#{", "}"}, {"<%=", "%>"},
		{"%(", ")s"}, {"$(", ")"}, {"{", "}"}};
	size_t len = 0;

	for (size_t i = 0; len == 0 && i < sizeof(templates) / sizeof(*templates); i++)
		len = fill_template(at, end, templates[i].opening, templates[i].closing);
	if (len == 0 && *at == ':')
		len = fill_variable(at, end);
	if (len == 0 && *at == '@')
		len = fill_extension(at, end);
	return len;
}

/*
 * In "a{{ f "b" }}" the quotes within the template are its own, and no end of the name, which is
 * what is left behind its opening quote.  Returns where it ends.
 */
static char *fill_in_quotes(char *name, size_t len, char *end, bool *filled)
{
	static const char opening[] = "{{", closing[] = "}}";
	char *at;

	while ((at = memmem(name, len, opening, strlen(opening))) != NULL) {
		char *name_end = name + len;
		char *close = memmem(at, (size_t)(name_end - at), closing, strlen(closing));

		if (close != NULL) {
			name = close + strlen(closing);
		} else {
			size_t bytes = fill_template(at, end, opening, closing);

			if (bytes == 0)
				return name_end;
			*filled = true;
			name = at + bytes;
			name_end = memchr(name, '"', (size_t)(end - name));
			if (name_end == NULL)
				return end;
		}
		len = (size_t)(name_end - name);
	}
	return name + len;
}

const char *split_fill_placeholders(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_strndup(arena, text, len);
	bool filled = false;
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, copy, len);
	while (lexer_next(&lexer, &token) != TOKEN_END) {
		size_t bytes = 0;

		if (token.kind == TOKEN_QUOTED) {
			char *end = fill_in_quotes(
				copy + (token.start - lexer.text), token.len, copy + len, &filled);

			lexer.at = (const unsigned char *)end + (end < copy + len);
		}
		if (token.kind == TOKEN_OTHER || token.kind == TOKEN_OPERATOR)
			bytes = fill_at(copy + (token.start - lexer.text), copy + len);
		if (bytes > 0)
			lexer.at = token.start + bytes;
		filled |= bytes > 0;
	}
	return filled ? copy : NULL;
}

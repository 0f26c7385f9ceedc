/* SPDX-License-Identifier: PostgreSQL */
#include "text.h"

#include <string.h>

#include "arena.h"

/* Between marks, every mark inside doubled; escape doubles another byte too ('\0': none). */
static const char *enclose(
	struct arena *arena, const char *prefix, char mark, char escape, const char *text)
{
	size_t n_prefix = strlen(prefix);
	char *quoted = arena_alloc(arena, n_prefix + 2 * strlen(text) + 3);
	char *p = quoted;

	memcpy(p, prefix, n_prefix);
	p += n_prefix;
	*p++ = mark;
	for (; *text != '\0'; text++) {
		if (*text == mark || *text == escape)
			*p++ = *text;
		*p++ = *text;
	}
	*p = mark;
	return quoted;
}

const char *quote_ident(struct arena *arena, const char *name)
{
	return enclose(arena, "", '"', '\0', name);
}

const char *comment_text(struct arena *arena, const char *text)
{
	char *line;

	if (strpbrk(text, "\n\r") == NULL)
		return text;
	line = arena_strndup(arena, text, strlen(text));
	for (char *at = line; (at = strpbrk(at, "\n\r")) != NULL;)
		*at = ' ';
	return line;
}

const char *quote_literal(struct arena *arena, const char *text)
{
	if (strchr(text, '\\') == NULL)
		return enclose(arena, "", '\'', '\0', text);
	return enclose(arena, "E", '\'', '\\', text);
}

const char *quote_nullable(struct arena *arena, const char *text)
{
	return text != NULL ? quote_literal(arena, text) : "NULL";
}

const char *name_sql(struct arena *arena, const struct name *name)
{
	if (name->schema == NULL)
		return quote_ident(arena, name->name);
	return arena_printf(
		arena, "%s.%s", quote_ident(arena, name->schema), quote_ident(arena, name->name));
}

/* What the lexer reads back unchanged without quotes; keywords are left to the reader's eye. */
static bool plain_ident(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz_0123456789$";

	return *name != '\0' && strchr(first, *name) != NULL && name[strspn(name, rest)] == '\0';
}

static const char *ident_text(struct arena *arena, const char *name)
{
	return plain_ident(name) ? name : quote_ident(arena, name);
}

const char *name_text(struct arena *arena, const struct name *name)
{
	if (name->schema == NULL)
		return arena_strdup(arena, ident_text(arena, name->name));
	return arena_printf(
		arena, "%s.%s", ident_text(arena, name->schema), ident_text(arena, name->name));
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && *a == *b && strcmp(a, b) == 0);
}

bool name_equal(const struct name *a, const struct name *b)
{
	return text_equal(a->name, b->name) && text_equal(a->schema, b->schema);
}

uint64_t text_hash(uint64_t before, const char *text)
{
	uint64_t hash = before;

	for (; text != NULL && *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

/* The longest prefix of at most max bytes that ends no character in the middle. */
static size_t clip_utf8(const char *text, size_t max)
{
	size_t n = strlen(text);

	if (n <= max)
		return n;
	for (n = max; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
		;
	return n;
}

const char *name_with_suffix(struct arena *arena, const char *base, const char *suffix)
{
	size_t n_suffix = strlen(suffix) + 1;
	size_t room = n_suffix < NAME_BYTES_MAX ? NAME_BYTES_MAX - n_suffix : 0;

	return arena_printf(arena, "%.*s_%s", (int)clip_utf8(base, room), base, suffix);
}

/* SPDX-License-Identifier: PostgreSQL */
#include "recipe_names.h"

#include <string.h>

#include "arena.h"

/* pg_mbcliplen for UTF-8: at most max bytes, no character cut in two. */
static size_t clip(const char *text, size_t max)
{
	size_t n = strlen(text);

	if (n <= max)
		return n;
	for (n = max; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
		;
	return n;
}

const char *make_object_name(
	struct arena *arena, const char *name1, const char *name2, const char *label)
{
	size_t overhead = strlen(label) + 1 + (name2 != NULL);
	size_t n1 = strlen(name1), n2 = name2 != NULL ? strlen(name2) : 0;

	while (n1 + n2 + overhead > NAME_BYTES_MAX) {
		if (n1 > n2)
			n1--;
		else
			n2--;
	}
	n1 = clip(name1, n1);
	if (name2 == NULL)
		return arena_printf(arena, "%.*s_%s", (int)n1, name1, label);
	return arena_printf(
		arena, "%.*s_%.*s_%s", (int)n1, name1, (int)clip(name2, n2), name2, label);
}

static bool taken(const struct relation_facts *table, const char *name)
{
	if (table == NULL)
		return false;
	for (size_t i = 0; i < table->n_names_taken; i++)
		if (strcmp(table->names_taken[i], name) == 0)
			return true;
	return facts_constraint(table, name) != NULL || facts_index(table, name) != NULL;
}

const char *choose_name(struct arena *arena, const struct relation_facts *table, const char *name1,
	const char *name2, const char *label)
{
	const char *name = make_object_name(arena, name1, name2, label);

	for (unsigned pass = 1; taken(table, name); pass++)
		name = make_object_name(
			arena, name1, name2, arena_printf(arena, "%s%u", label, pass));
	return name;
}

const char *join_columns(struct arena *arena, const char *const *columns, size_t n)
{
	const char *text = "";

	/* PostgreSQL stops at NAMEDATALEN here; makeObjectName would cut it off anyway. */
	for (size_t i = 0; i < n && strlen(text) <= NAME_BYTES_MAX; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? "_" : "", columns[i]);
	return text;
}

/* ---- what an index body lists ---- */

/* Behind a quoted piece that starts here, else one byte on. */
static const char *skip_piece(const char *p)
{
	const char *end;

	if (*p != '"' && *p != '\'')
		return p + 1;
	end = strchr(p + 1, *p);
	return end != NULL ? end + 1 : p + strlen(p);
}

/* The comma or closing bracket that ends an element of a list, or the end of the text. */
static const char *element_end(const char *p)
{
	unsigned depth = 0;

	while (*p != '\0') {
		if (depth == 0 && (*p == ',' || *p == ')'))
			break;
		if (*p == '(' || *p == '[')
			depth++;
		else if ((*p == ')' || *p == ']') && depth > 0)
			depth--;
		p = skip_piece(p);
	}
	return p;
}

/* An identifier as the grammar reads it: folded when plain, unquoted when quoted. */
static const char *identifier(struct arena *arena, const char **p)
{
	static const char rest[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789$";
	const char *start = *p;
	char *name;
	size_t n = 0;

	name = arena_alloc(arena, strlen(start) + 1);
	if (*start == '"') {
		for (start++; *start != '\0' && (*start != '"' || start[1] == '"'); start++) {
			start += *start == '"';
			name[n++] = *start;
		}
		*p = *start == '"' ? start + 1 : start;
		return name;
	}
	for (; *start != '\0' && (strchr(rest, *start) != NULL || (*start & 0x80)); start++)
		name[n++] = (char)(*start >= 'A' && *start <= 'Z' ? *start + 32 : *start);
	*p = start;
	return name;
}

/* Behind the bracket that closes the one here. */
static const char *behind_bracket(const char *p)
{
	for (p++; *p == ',' || *element_end(p) == ','; p = element_end(p) + 1)
		;
	p = element_end(p);
	return *p == ')' ? p + 1 : p;
}

/*
 * FigureIndexColname (parse_target.c) for what indexes are made of: columns and function calls.
 * Whatever operators stand in brackets has no name; behind a bare element stand its options.
 */
static const char *element_name(struct arena *arena, const char *element, bool bare)
{
	const char *name, *end;

	element += strspn(element, " ");
	if (*element == '(')
		return element_name(arena, element + 1, false);
	name = identifier(arena, &element);
	while (*element == '.') {
		element++;
		name = identifier(arena, &element);
	}
	end = element + strspn(element, " ");
	if (*end == '(')
		end = behind_bracket(end);
	end += strspn(end, " ");
	return *name == '\0' || (!bare && *end != ')') ? "expr" : name;
}

static bool used(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* ChooseIndexColumnNames: a name that comes twice is numbered. */
static const char *unique_name(
	struct arena *arena, const char *const *names, size_t n, const char *name)
{
	const char *candidate = name;

	for (unsigned pass = 1; used(names, n, candidate); pass++) {
		const char *number = arena_printf(arena, "%u", pass);

		candidate = arena_printf(arena, "%.*s%s",
			(int)clip(name, NAME_BYTES_MAX - strlen(number)), name, number);
	}
	return candidate;
}

enum { NAMES_MAX = 64 };

static size_t read_list(struct arena *arena, const char **p, const char **names, size_t n)
{
	const char *element = *p + 1;

	for (;;) {
		const char *end = element_end(element);

		if (n < NAMES_MAX) {
			names[n] = unique_name(arena, names, n, element_name(arena, element, true));
			n++;
		}
		*p = *end == '\0' ? end : end + 1;
		if (*end != ',')
			return n;
		element = end + 1;
	}
}

const char *index_columns_text(struct arena *arena, const struct index_def *index)
{
	const char *names[NAMES_MAX], *p = strchr(index->body_sql, '(');
	size_t n = 0;

	if (p == NULL)
		return "expr";
	n = read_list(arena, &p, names, n);
	p += strspn(p, " ");
	if (strncasecmp(p, "INCLUDE", 7) == 0 && (p = strchr(p, '(')) != NULL)
		n = read_list(arena, &p, names, n);
	return join_columns(arena, names, n);
}

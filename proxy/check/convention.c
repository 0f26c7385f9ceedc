/* SPDX-License-Identifier: PostgreSQL */
#include "convention.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "convention_name.h"

/* ---- by marks ---- */

static const struct mark {
	const char *text; /* behind the dashes */
	const char *alone; /* behind it on the line: no transaction; NULL: no such word */
	enum wrapping wrapping;
	bool down;
	bool parts; /* what stands above it goes forward */
	const char *of; /* it means something only in files that begin so; NULL: in all */
} marks[] = {
	{"migrate:up", "transaction:false", WRAP_TRANSACTION, false, false, NULL}, /* dbmate */
	{"migrate:down", "transaction:false", WRAP_TRANSACTION, true, false, NULL},
	{"Up Migration", NULL, WRAP_TRANSACTION, false, false, NULL}, /* node-pg-migrate */
	{"Down Migration", NULL, WRAP_TRANSACTION, true, false, NULL},
	{"+goose Up", NULL, WRAP_TRANSACTION, false, false, NULL},
	{"+goose Down", NULL, WRAP_TRANSACTION, true, false, NULL},
	{"+migrate Up", "notransaction", WRAP_TRANSACTION, false, false, NULL}, /* sql-migrate */
	{"+migrate Down", "notransaction", WRAP_TRANSACTION, true, false, NULL},
	{"rambler up", NULL, WRAP_TRANSACTION, false, false, NULL},
	{"rambler down", NULL, WRAP_TRANSACTION, true, false, NULL},
	{"create above / drop below", NULL, WRAP_TRANSACTION, true, true, NULL}, /* tern */
	{"//@UNDO", NULL, WRAP_TRANSACTION, true, true, NULL}, /* MyBatis */
	{"// @UNDO", NULL, WRAP_TRANSACTION, true, true, NULL},
	{"!Ups", NULL, WRAP_UNKNOWN, false, false, NULL}, /* Play */
	{"!Downs", NULL, WRAP_UNKNOWN, true, false, NULL},
	{"+micrate Up", NULL, WRAP_UNKNOWN, false, false, NULL},
	{"+micrate Down", NULL, WRAP_UNKNOWN, true, false, NULL},
	{"====  UP  ====", NULL, WRAP_UNKNOWN, false, false, NULL}, /* shmig */
	{"==== UP ====", NULL, WRAP_UNKNOWN, false, false, NULL},
	{"==== DOWN ====", NULL, WRAP_UNKNOWN, true, false, NULL},
	{"! Previous", NULL, WRAP_TRANSACTION, false, false, "! Previous"}, /* graphile-migrate */
	/* What takes one back is written in comments, so it is no part. */
	{"changeset", "runInTransaction:false", WRAP_TRANSACTION, false, false,
		"liquibase formatted sql"},
};

/* Anywhere in the file: none of its parts runs in a transaction.  goose, tern, Atlas, yoyo, sqlx,
 * Graphile, Flyway, postgres-migrations. */
static const char *const all_alone[] = {"+goose NO TRANSACTION", "tern: disable-tx",
	"atlas:txmode none", "transactional: false", "no-transaction", "! no-transaction",
	"flyway:executeInTransaction=false", "postgres-migrations disable-transaction"};

static bool line_begins(const char *line, size_t len, const char *text)
{
	size_t n = strlen(text);

	return len >= n && strncasecmp(line, text, n) == 0 &&
	       (len == n || strchr(" \t\r:", line[n]) != NULL);
}

static bool line_holds(const char *line, size_t len, const char *word)
{
	return word != NULL && memmem(line, len, word, strlen(word)) != NULL;
}

/* What a line says behind its dashes, or the # of Play; len 0: it is no comment. */
static const char *comment_of(const char *line, size_t *len)
{
	size_t skip = strspn(line, " \t");

	if (*len < skip + 2 || (line[skip] != '#' && strncmp(line + skip, "--", 2) != 0)) {
		*len = 0;
		return line;
	}
	skip += strspn(line + skip, "# \t-");
	*len = *len > skip ? *len - skip : 0;
	return line + skip;
}

static const struct mark *find_mark(
	const char *comment, size_t len, const char *first, size_t first_len)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (line_begins(comment, len, marks[i].text) &&
			(marks[i].of == NULL || line_begins(first, first_len, marks[i].of)))
			return &marks[i];
	return NULL;
}

static bool says_all_alone(const char *comment, size_t len)
{
	for (size_t i = 0; i < sizeof(all_alone) / sizeof(all_alone[0]); i++)
		if (line_begins(comment, len, all_alone[i]))
			return true;
	return false;
}

/* A file under way. */
struct marked {
	struct arena *arena;
	struct parts parts;
	const char *first; /* what its first line says, as a comment */
	size_t first_len;
	bool after_words; /* the line before is a comment, too */
	bool alone;
};

/* The middle of a sentence: "... that a\n-- down migration exists somewhere." */
static bool in_sentence(
	const struct marked *marked, const struct mark *mark, const char *comment, size_t len)
{
	size_t at = strlen(mark->text);

	at += at < len ? strspn(comment + at, " \t") : 0;
	return mark->alone == NULL && mark->of == NULL && marked->after_words && at < len &&
	       isalpha((unsigned char)comment[at]);
}

static void add_part(struct marked *marked, const struct part *part)
{
	struct parts *parts = &marked->parts;

	parts->items = arena_grow(
		marked->arena, parts->items, parts->n, &parts->n_max, sizeof(*parts->items));
	parts->items[parts->n++] = *part;
}

/* What stands above the first mark is run by no tool, but for those that have no other; above the
 * one that goes back, node-pg-migrate takes it for the way forward. */
static void begin_part(struct marked *marked, const struct mark *mark, size_t at, size_t start,
	size_t len, bool alone)
{
	struct parts *parts = &marked->parts;

	if ((mark->parts || mark->down) && parts->n == 0)
		add_part(marked, &(struct part){.end = at, .wrapping = mark->wrapping});
	if (parts->n > 0)
		parts->items[parts->n - 1].end = at;
	add_part(marked, &(struct part){
				 .start = start,
				 .end = len,
				 .wrapping = alone ? WRAP_NONE : mark->wrapping,
				 .down = mark->down,
			 });
}

static void read_marks(struct marked *marked, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline == NULL ? len : (size_t)(newline - text), n = end - at;
		const char *comment = comment_of(text + at, &n);
		const struct mark *mark;

		if (at == 0) {
			marked->first = comment;
			marked->first_len = n;
		}
		mark = n == 0 ? NULL : find_mark(comment, n, marked->first, marked->first_len);
		if (mark != NULL && in_sentence(marked, mark, comment, n))
			mark = NULL;
		marked->after_words = n > 0 && isalnum((unsigned char)comment[0]);
		marked->alone |= n > 0 && says_all_alone(comment, n);
		if (mark != NULL)
			begin_part(marked, mark, at, end, len, line_holds(comment, n, mark->alone));
		at = end + 1;
	}
}

/* ---- by home-grown marks ---- */

/* A comment of nothing but such words, however it is decorated: [DOWN], === down ===, @down:. */
static const struct home_mark {
	const char *text;
	struct mark mark;
} home_marks[] = {
	{"up", {.wrapping = WRAP_UNKNOWN, .parts = true}},
	{"migrate up", {.wrapping = WRAP_UNKNOWN, .parts = true}},
	{"migration up", {.wrapping = WRAP_UNKNOWN, .parts = true}},
	{"down", {.wrapping = WRAP_UNKNOWN, .down = true}},
	{"migrate down", {.wrapping = WRAP_UNKNOWN, .down = true}},
	{"migration down", {.wrapping = WRAP_UNKNOWN, .down = true}},
};

static const struct mark *find_home_mark(const char *comment, size_t len)
{
	while (len > 0 && !isalpha((unsigned char)*comment))
		comment++, len--;
	while (len > 0 && !isalpha((unsigned char)comment[len - 1]))
		len--;
	for (size_t i = 0; i < sizeof(home_marks) / sizeof(home_marks[0]); i++)
		if (len == strlen(home_marks[i].text) &&
			strncasecmp(comment, home_marks[i].text, len) == 0)
			return &home_marks[i].mark;
	return NULL;
}

/* "down" alone may be any word; only behind an "up" it is the way back. */
static void read_home_marks(struct marked *marked, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline == NULL ? len : (size_t)(newline - text), n = end - at;
		const char *comment = comment_of(text + at, &n);
		const struct mark *mark = find_home_mark(comment, n);

		if (mark != NULL && (!mark->down || marked->parts.n > 0))
			begin_part(marked, mark, at, end, len, false);
		at = end + 1;
	}
}

/* Drizzle's mark stands behind statements, so it is looked for by itself. */
static bool has_breakpoints(const char *text, size_t len)
{
	static const char mark[] = "--> statement-breakpoint";

	return memmem(text, len, mark, sizeof(mark) - 1) != NULL;
}

static struct part unmarked(const char *path, const char *text, size_t len)
{
	struct part part = convention_by_name(path, len);

	if (part.wrapping != WRAP_NONE && has_breakpoints(text, len))
		part.wrapping = WRAP_TRANSACTION;
	return part;
}

struct parts convention_parts(struct arena *arena, const char *path, const char *text, size_t len)
{
	struct marked marked = {.arena = arena};

	read_marks(&marked, text, len);
	if (marked.parts.n == 0) {
		struct part whole = unmarked(path, text, len);

		/* The tools that are known by a file's name run all of it. */
		if (whole.wrapping == WRAP_UNKNOWN && !whole.down)
			read_home_marks(&marked, text, len);
		if (marked.parts.n == 0)
			add_part(&marked, &whole);
	}
	for (size_t i = 0; i < marked.parts.n && marked.alone; i++)
		marked.parts.items[i].wrapping = WRAP_NONE;
	return marked.parts;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "convention.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "arena.h"

/* ---- by name ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcasecmp(path + n - m, end) == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* V1_2__what.sql, with this letter in front. */
static bool flyway_version(const char *path, char letter)
{
	const char *name = base_name(path);
	const char *words = strstr(name, "__");

	return name[0] == letter && is_digit(name[1]) && words != NULL && ends_with(name, ".sql") &&
	       strspn(name + 1, "0123456789._") >= (size_t)(words - name) - 1;
}

static bool flyway_up(const char *path)
{
	return flyway_version(path, 'V') || flyway_version(path, 'B');
}

static bool flyway_undo(const char *path)
{
	return flyway_version(path, 'U');
}

static bool flyway_repeatable(const char *path)
{
	const char *name = base_name(path);

	return strncmp(name, "R__", 3) == 0 && ends_with(name, ".sql");
}

static bool golang_migrate_up(const char *path)
{
	return is_digit(*base_name(path)) && ends_with(path, ".up.sql");
}

static bool golang_migrate_down(const char *path)
{
	return ends_with(path, ".down.sql");
}

static bool in_folder(const char *path, const char *folder)
{
	const char *end = strrchr(path, '/');
	size_t n = strlen(folder);

	return end != NULL && (size_t)(end - path) >= n && strncmp(end - n, folder, n) == 0 &&
	       (end - n == path || end[-(ptrdiff_t)n - 1] == '/');
}

static bool sqitch_back(const char *path)
{
	return in_folder(path, "revert") || in_folder(path, "verify");
}

/* 001.undo.what.sql of postgrator, 2020-what-down.sql of db-migrate, 1.rollback.sql of yoyo. */
static bool other_back(const char *path)
{
	const char *name = base_name(path);

	return (is_digit(name[0]) &&
		       (strstr(name, ".undo.") != NULL || ends_with(name, "-down.sql"))) ||
	       ends_with(name, ".rollback.sql") || in_folder(path, "down") ||
	       in_folder(path, "rollback") || in_folder(path, "rollbacks");
}

/* 001_what_down.sql beside 001_what_up.sql: the one name alone might be 012_shut_down.sql. */
static bool down_of_pair(const char *path)
{
	static const char down[] = "_down.sql", up[] = "_up.sql";
	char name[4096];

	if (!ends_with(path, down) ||
		snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(path) - strlen(down)), path,
			up) >= (int)sizeof(name))
		return false;
	return access(name, F_OK) == 0;
}

static bool is_down_file(const char *path)
{
	return strcasecmp(base_name(path), "down.sql") == 0;
}

/* 20240101000000_what/NAME */
static bool alone_in_version(const char *path, const char *name)
{
	const char *base = base_name(path), *folder = base;

	if (strcasecmp(base, name) != 0 || base == path)
		return false;
	for (folder--; folder > path && folder[-1] != '/';)
		folder--;
	return is_digit(*folder);
}

/* Diesel and Hasura. */
static bool version_up(const char *path)
{
	return alone_in_version(path, "up.sql");
}

static bool version_down(const char *path)
{
	return alone_in_version(path, "down.sql");
}

static bool prisma(const char *path)
{
	return alone_in_version(path, "migration.sql");
}

/* A file of one statement has no mark. */
static bool drizzle(const char *path)
{
	return in_folder(path, "drizzle") && is_digit(*base_name(path));
}

static bool supabase(const char *path)
{
	return in_folder(path, "supabase/migrations");
}

/* what--1.0.sql and what--1.0--1.1.sql: CREATE and ALTER EXTENSION run them in one transaction. */
static bool extension_script(const char *path)
{
	const char *name = base_name(path), *version = strstr(name, "--");

	return version != NULL && version > name && !is_digit(name[0]) && is_digit(version[2]) &&
	       ends_with(path, ".sql");
}

static const struct {
	bool (*matches)(const char *path);
	enum wrapping wrapping;
	bool down;
} names[] = {
	{flyway_up, WRAP_IF_POSSIBLE, false},
	{flyway_repeatable, WRAP_IF_POSSIBLE, false},
	{flyway_undo, WRAP_IF_POSSIBLE, true},
	{golang_migrate_up, WRAP_QUERY, false},
	{golang_migrate_down, WRAP_QUERY, true},
	{sqitch_back, WRAP_UNKNOWN, true}, /* writes its own BEGIN and COMMIT */
	{other_back, WRAP_UNKNOWN, true},
	{version_up, WRAP_TRANSACTION, false},
	{version_down, WRAP_TRANSACTION, true},
	{prisma, WRAP_QUERY, false},
	{drizzle, WRAP_TRANSACTION, false},
	{supabase, WRAP_IF_POSSIBLE, false},
	{extension_script, WRAP_TRANSACTION, false},
	{down_of_pair, WRAP_UNKNOWN, true},
	{is_down_file, WRAP_UNKNOWN, true},
};

static struct part whole_file(const char *path, size_t len)
{
	struct part part = {.end = len};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].matches(path)) {
			part.wrapping = names[i].wrapping;
			part.down = names[i].down;
			break;
		}
	return part;
}

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
	/* What takes one back is written in comments, so it is no part. */
	{"changeset", "runInTransaction:false", WRAP_TRANSACTION, false, false,
		"liquibase formatted sql"},
};

/* Anywhere in the file: none of its parts runs in a transaction.  goose, tern, Atlas, yoyo, sqlx,
 * Graphile, Flyway. */
static const char *const all_alone[] = {"+goose NO TRANSACTION", "tern: disable-tx",
	"atlas:txmode none", "transactional: false", "no-transaction", "! no-transaction",
	"flyway:executeInTransaction=false"};

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

/* A file of settings says key = false. */
static bool says_false(const char *path, const char *key)
{
	char line[256];
	bool said = false;
	FILE *file = fopen(path, "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *value = strchr(line, '=');

		if (value != NULL && strncmp(line, key, strlen(key)) == 0)
			said = strncmp(value + 1 + strspn(value + 1, " \t"), "false", 5) == 0;
	}
	if (file != NULL)
		fclose(file);
	return said;
}

/* metadata.toml beside Diesel's up.sql and down.sql, V1__x.sql.conf beside Flyway's V1__x.sql. */
static bool settings_say_alone(const char *path)
{
	const int folder_len = (int)(base_name(path) - path);
	char name[4096];

	if (version_up(path) || version_down(path))
		return snprintf(name, sizeof(name), "%.*smetadata.toml", folder_len, path) <
			       (int)sizeof(name) &&
		       says_false(name, "run_in_transaction");
	return (flyway_up(path) || flyway_repeatable(path) || flyway_undo(path)) &&
	       snprintf(name, sizeof(name), "%s.conf", path) < (int)sizeof(name) &&
	       says_false(name, "executeInTransaction");
}

/* Drizzle's mark stands behind statements, so it is looked for by itself. */
static bool has_breakpoints(const char *text, size_t len)
{
	static const char mark[] = "--> statement-breakpoint";

	return memmem(text, len, mark, sizeof(mark) - 1) != NULL;
}

static struct part unmarked(const char *path, const char *text, size_t len)
{
	struct part part = whole_file(path, len);

	if (has_breakpoints(text, len))
		part.wrapping = WRAP_TRANSACTION;
	if (settings_say_alone(path))
		part.wrapping = WRAP_NONE;
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

/* ---- order ---- */

/* Numbers by their value, all else by its bytes; a folder comes before what its name begins. */
static int compare_natural(const char *a, const char *b, const char *separators)
{
	const char *x = a, *y = b;

	while (*x != '\0' && *y != '\0') {
		size_t n, m;

		if (!is_digit(*x) || !is_digit(*y)) {
			bool x_ends = strchr(separators, *x) != NULL;
			bool y_ends = strchr(separators, *y) != NULL;

			if (x_ends != y_ends)
				return x_ends ? -1 : 1;
			if (!x_ends && *x != *y)
				return (unsigned char)*x - (unsigned char)*y;
			x++, y++;
			continue;
		}
		x += strspn(x, "0");
		y += strspn(y, "0");
		n = strspn(x, "0123456789");
		m = strspn(y, "0123456789");
		if (n != m)
			return n < m ? -1 : 1;
		if (strncmp(x, y, n) != 0)
			return strncmp(x, y, n);
		x += n;
		y += m;
	}
	return (*x != '\0') - (*y != '\0');
}

enum run { RUN_PLAIN, RUN_VERSION, RUN_REPEATABLE, RUN_UNDO };

static enum run run_of(const char *path)
{
	if (flyway_up(path))
		return RUN_VERSION;
	if (flyway_repeatable(path))
		return RUN_REPEATABLE;
	return flyway_undo(path) ? RUN_UNDO : RUN_PLAIN;
}

/* 1.10 and 1_10 alike; it ends where the description begins. */
static int compare_versions(const char *a, const char *b)
{
	char x[64], y[64];

	a = base_name(a) + 1;
	b = base_name(b) + 1;
	snprintf(x, sizeof(x), "%.*s", (int)(strstr(a, "__") - a), a);
	snprintf(y, sizeof(y), "%.*s", (int)(strstr(b, "__") - b), b);
	return compare_natural(x, y, "._");
}

int convention_order(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	enum run run = run_of(x), other = run_of(y);
	int order = (int)run - (int)other;

	if (order == 0 && (run == RUN_VERSION || run == RUN_UNDO))
		order = compare_versions(x, y);
	if (order == 0)
		order = compare_natural(x, y, "/");
	return order != 0 ? order : strcmp(x, y);
}

/* SPDX-License-Identifier: PostgreSQL */
/* What the names of files tell, and what stands beside them. */
#include "convention_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

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

struct part convention_by_name(const char *path, size_t len)
{
	struct part part = {.end = len};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].matches(path)) {
			part.wrapping = names[i].wrapping;
			part.down = names[i].down;
			break;
		}
	if (settings_say_alone(path))
		part.wrapping = WRAP_NONE;
	return part;
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

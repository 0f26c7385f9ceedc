/* SPDX-License-Identifier: PostgreSQL */
#include "source_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "convention.h"

enum {
	DEPTH_MAX = 32, /* of folders; links between folders are not followed */
	FILE_BYTES_MAX = 1 << 30, /* offsets and the parser's lengths are ints in places */
};

/* ---- lists ---- */

static void append(struct arena *arena, struct source_list *list, const char *path)
{
	if (list->n == list->n_max) {
		size_t max = 2 * list->n_max + 64;
		const char **paths = arena_alloc(arena, max * sizeof(*paths));

		if (list->n > 0)
			memcpy(paths, list->paths, list->n * sizeof(*paths));
		list->paths = paths;
		list->n_max = max;
	}
	list->paths[list->n++] = arena_strdup(arena, path);
}

static bool is_sql(const char *name)
{
	static const char *const endings[] = {".sql", ".psql", ".pgsql"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && dot > name && i < sizeof(endings) / sizeof(*endings); i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	return false;
}

static bool is_folder(const char *path, bool follow)
{
	struct stat status;

	return (follow ? stat(path, &status) : lstat(path, &status)) == 0 &&
	       S_ISDIR(status.st_mode);
}

static int add_folder(struct arena *arena, struct source_list *list, const char *folder, int depth,
	const char **error)
{
	DIR *dir = depth < DEPTH_MAX ? opendir(folder) : NULL;
	const struct dirent *entry;
	size_t n = strlen(folder);
	int status = 0;

	if (dir == NULL) {
		*error = arena_printf(arena, "%s: %s", folder,
			depth < DEPTH_MAX ? strerror(errno) : "folders are nested too deeply");
		return -1;
	}
	while (status == 0 && (entry = readdir(dir)) != NULL) {
		const char *path = arena_printf(arena, "%s%s%s", folder,
			n > 0 && folder[n - 1] == '/' ? "" : "/", entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		if (is_folder(path, false))
			status = add_folder(arena, list, path, depth + 1, error);
		else if (is_sql(entry->d_name))
			append(arena, list, path);
	}
	closedir(dir);
	return status;
}

int source_list_add(
	struct arena *arena, struct source_list *list, const char *operand, const char **error)
{
	size_t first = list->n;

	if (strcmp(operand, "-") == 0 || !is_folder(operand, true)) {
		append(arena, list, operand);
		return 0;
	}
	if (add_folder(arena, list, operand, 0, error) != 0)
		return -1;
	if (list->n == first) {
		*error = arena_printf(arena, "%s: no file of SQL is in this folder", operand);
		return -1;
	}
	qsort(list->paths + first, list->n - first, sizeof(*list->paths), convention_order);
	return 0;
}

/* ---- text ---- */

/* How many bytes the character at p has; 0: they are no UTF-8 (RFC 3629). */
static size_t character_bytes(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80   ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;

	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (n == 3 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)))
		return 0;
	if (n == 4 && ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
		return 0;
	return n;
}

static void make_utf8(char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = character_bytes((const unsigned char *)text + i, len - i);

		if (n == 0)
			text[i++] = '_';
		i += n;
	}
}

const char *source_path_text(struct arena *arena, const char *path)
{
	char *text = arena_strdup(arena, path);

	make_utf8(text, strlen(text));
	return text;
}

static const char *finish(
	struct arena *arena, char *text, size_t bytes, size_t *len, const char **error)
{
	if (bytes >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
		*error = arena_strdup(arena, "it is UTF-16; save it as UTF-8");
		return NULL;
	}
	if (memchr(text, '\0', bytes) != NULL) {
		*error = arena_strdup(arena, "it contains a NUL byte, so it is no SQL");
		return NULL;
	}
	if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		bytes -= 3;
	}
	make_utf8(text, bytes);
	*len = bytes;
	return text;
}

/* Files that tell no size (pipes) are read until they end. */
static char *read_all(struct arena *arena, FILE *file, size_t *bytes, const char **error)
{
	struct stat status;
	bool known = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
	size_t max = known ? (size_t)status.st_size + 1 : 1 << 16, n;
	char *text;

	if (known && status.st_size > FILE_BYTES_MAX) {
		*error = "it is larger than 1 GB";
		return NULL;
	}
	text = arena_alloc(arena, max + 1);
	*bytes = 0;
	while ((n = fread(text + *bytes, 1, max - *bytes, file)) > 0) {
		*bytes += n;
		if (*bytes > FILE_BYTES_MAX) {
			*error = "it is larger than 1 GB";
			return NULL;
		}
		if (*bytes == max) {
			char *more = arena_alloc(arena, 2 * max + 1);

			memcpy(more, text, max);
			text = more;
			max *= 2;
		}
	}
	if (ferror(file)) {
		*error = arena_strdup(arena, strerror(errno));
		return NULL;
	}
	return text;
}

const char *source_file_read(struct arena *arena, const char *path, size_t *len, const char **error)
{
	bool input = strcmp(path, "-") == 0;
	FILE *file = input ? stdin : fopen(path, "re");
	size_t bytes;
	char *text;

	if (file == NULL) {
		*error = arena_strdup(arena, strerror(errno));
		return NULL;
	}
	text = read_all(arena, file, &bytes, error);
	if (!input)
		fclose(file);
	return text == NULL ? NULL : finish(arena, text, bytes, len, error);
}

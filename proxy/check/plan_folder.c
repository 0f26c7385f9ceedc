/* SPDX-License-Identifier: PostgreSQL */
#include "plan_folder.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "source_file.h"

struct folder_file {
	const char *name;
	char *text;
};

struct folder {
	struct arena *arena;
	const char *path;
	struct folder_file *files;
	size_t n;
};

/* ---- the first line ---- */

static const char *first_line(struct arena *arena, const char *name, const char *rest)
{
	bool markdown = strstr(name, ".md") != NULL;
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char hex[2 * SHA256_DIGEST_LENGTH + 1];

	SHA256((const unsigned char *)rest, strlen(rest), hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	return arena_printf(arena, "%s Written by phasegate plan; sha256 of the rest: %s%s\n",
		markdown ? "<!--" : "--", hex, markdown ? " -->" : "");
}

/* Ours and as we left it, or not there at all. */
static bool may_replace(struct arena *arena, const char *path, const char *name)
{
	const char *error, *text, *newline;
	size_t len;

	if (access(path, F_OK) != 0)
		return true;
	text = source_file_read(arena, path, &len, &error);
	newline = text == NULL ? NULL : strchr(text, '\n');
	if (newline == NULL)
		return false;
	return strncmp(text, first_line(arena, name, newline + 1), (size_t)(newline + 1 - text)) ==
	       0;
}

/* ---- files ---- */

static const char *path_of(const struct folder *folder, const char *name)
{
	return arena_printf(folder->arena, "%s/%s", folder->path, name);
}

static void add_file(struct folder *folder, const char *name, char *text)
{
	folder->files[folder->n++] = (struct folder_file){.name = name, .text = text};
}

static void make_files(
	struct folder *folder, const struct review *review, const struct phases *phases)
{
	folder->files = arena_alloc(folder->arena, (phases->n + 2) * sizeof(*folder->files));
	for (size_t i = 0; i < phases->n; i++)
		add_file(folder,
			arena_printf(folder->arena, "%02zu-%s.sql", i + 1, phases->items[i].name),
			plan_phase_sql(review, phases, &phases->items[i]));
	add_file(folder, "undo.sql", plan_undo_sql(review, phases));
	add_file(folder, "plan.md", plan_document(review, phases));
}

static int check_files(const struct folder *folder, const char **error)
{
	for (size_t i = 0; i < folder->n; i++) {
		const char *path = path_of(folder, folder->files[i].name);

		if (!may_replace(folder->arena, path, folder->files[i].name)) {
			*error = arena_printf(folder->arena,
				"%s was not written by phasegate plan, or has been edited since; "
				"move it away",
				path);
			return -1;
		}
	}
	return 0;
}

static int write_file(
	const struct folder *folder, const struct folder_file *file, const char **error)
{
	const char *path = path_of(folder, file->name);
	FILE *out = fopen(path, "we");
	bool good = out != NULL &&
		    fputs(first_line(folder->arena, file->name, file->text), out) >= 0 &&
		    fputs(file->text, out) >= 0;

	if (out != NULL && fclose(out) != 0)
		good = false;
	if (!good)
		*error = arena_printf(folder->arena, "%s: %s", path, strerror(errno));
	return good ? 0 : -1;
}

static bool is_phase_file(const char *name)
{
	size_t n = strspn(name, "0123456789"), len = strlen(name);

	return n >= 2 && name[n] == '-' && len > 4 && strcmp(name + len - 4, ".sql") == 0;
}

static bool is_wanted(const struct folder *folder, const char *name)
{
	for (size_t i = 0; i < folder->n; i++)
		if (strcmp(folder->files[i].name, name) == 0)
			return true;
	return false;
}

/* An earlier plan may have had other phases. */
static void remove_stale(const struct folder *folder)
{
	DIR *dir = opendir(folder->path);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *path = path_of(folder, entry->d_name);

		if (is_phase_file(entry->d_name) && !is_wanted(folder, entry->d_name) &&
			may_replace(folder->arena, path, entry->d_name))
			unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
}

static int make_folder(struct arena *arena, const char *path, const char **error)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	*error = arena_printf(arena, "%s: %s", path, strerror(errno));
	return -1;
}

/* Of several sources each has a folder, called like the file. */
static const char *folder_path(
	struct arena *arena, const struct plan_output *output, const char *source)
{
	const char *slash = strrchr(source, '/'), *name = slash == NULL ? source : slash + 1;
	size_t len = strlen(name);

	if (!output->several)
		return output->folder;
	if (len > 4 && strcmp(name + len - 4, ".sql") == 0)
		len -= 4;
	return arena_printf(arena, "%s/%.*s", output->folder, (int)len, name);
}

int plan_folder_write(struct arena *arena, const struct plan_output *output,
	const struct review *review, const struct phases *phases, const char **error)
{
	struct folder folder = {
		.arena = arena, .path = folder_path(arena, output, review->script.path)};
	int status = -1;

	make_files(&folder, review, phases);
	if (make_folder(arena, output->folder, error) == 0 &&
		make_folder(arena, folder.path, error) == 0 && check_files(&folder, error) == 0) {
		status = 0;
		for (size_t i = 0; i < folder.n && status == 0; i++)
			status = write_file(&folder, &folder.files[i], error);
	}
	if (status == 0)
		remove_stale(&folder);
	for (size_t i = 0; i < folder.n; i++)
		free(folder.files[i].text);
	return status;
}

/* SPDX-License-Identifier: PostgreSQL */
/* Files of SQL, by name, by folder or from standard input. */
#ifndef SOURCE_FILE_H
#define SOURCE_FILE_H

#include <stddef.h>

struct arena;

/* Paths to read, in order: operands as given, folders as the files of SQL below them. */
struct source_list {
	const char **paths;
	size_t n, n_max;
};

/* 0, or -1 with *error for an operand that is not there or a folder without such a file; the paths
 * are the arena's. */
int source_list_add(
	struct arena *arena, struct source_list *list, const char *operand, const char **error);

/* For documents that are UTF-8: bytes of a path that are none become '_'. */
const char *source_path_text(struct arena *arena, const char *path);

/*
 * The text of a file ("-": standard input), as UTF-8 without its byte order mark.  Bytes that are
 * none become '_', so that every place stays where it was, and a name of another encoding a name.
 * Terminated behind *len.  NULL with *error.
 */
const char *source_file_read(
	struct arena *arena, const char *path, size_t *len, const char **error);

#endif

/* SPDX-License-Identifier: PostgreSQL */
#include "cli_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "config.h"

static int list_sources(const struct command *command, struct arena *arena,
	struct source_list *sources, int argc, char **argv)
{
	const char *error;

	for (int i = 0; i < argc; i++)
		if (source_list_add(arena, sources, argv[i], &error) != 0) {
			fprintf(stderr, "phasegate %s: %s\n", command->name, error);
			return -1;
		}
	return 0;
}

static struct config *load(const char *path)
{
	char *errors = NULL;
	struct config *config = config_load(path, &errors);

	if (config == NULL)
		fputs(errors, stderr);
	free(errors);
	return config;
}

enum { FILE_STATEMENT_BYTES_MAX = 16 << 20 };

int cli_review_files(const struct command *command, struct check *check,
	const struct file_arguments *arguments, int argc, char **argv,
	void (*prepare)(struct check *check, const struct config *config))
{
	struct arena arena = {0};
	struct head_limits limits;
	struct config *config;
	int status = CLI_FAILED;

	if (argc == 0)
		return cli_wrong(command, "which file?");
	if (check->format == NULL)
		return cli_wrong(command, "there is no format \"%s\"", arguments->format);
	if (arguments->server.conninfo == NULL &&
		(arguments->server.role != NULL || arguments->server.search_path != NULL))
		return cli_wrong(command, "--role and --search-path need --server");
	config = load(arguments->config_path);
	if (config == NULL)
		return CLI_FAILED;
	check->reviewer.settings = &config->policy;
	/* No deeper tree comes of more text, only of more words. */
	limits = config->head_limits;
	limits.links_max *= FILE_DEPTH;
	if (limits.text_bytes_max < FILE_STATEMENT_BYTES_MAX)
		limits.text_bytes_max = FILE_STATEMENT_BYTES_MAX;
	check->reviewer.options.limits = &limits;
	check->server = arguments->server.conninfo != NULL ? &arguments->server : NULL;
	if (list_sources(command, &arena, &check->sources, argc, argv) == 0) {
		if (prepare != NULL)
			prepare(check, config);
		status = check_run(check);
	}
	arena_free(&arena);
	config_release(config);
	return status;
}

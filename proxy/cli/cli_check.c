/* SPDX-License-Identifier: PostgreSQL */
/* phasegate check: verdicts for migration files. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "check.h"
#include "config.h"

/* https://no-color.org: set and not empty means none. */
static bool wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && (no == NULL || *no == '\0') &&
	       (term == NULL || strcmp(term, "dumb") != 0);
}

static int run_check(const struct command *command, struct check *check, int argc, char **argv)
{
	struct arena arena = {0};
	struct source_list sources = {0};
	const char *error;
	int status = CLI_GOOD;

	for (int i = 0; i < argc && status == CLI_GOOD; i++)
		if (source_list_add(&arena, &sources, argv[i], &error) != 0) {
			fprintf(stderr, "phasegate %s: %s\n", command->name, error);
			status = CLI_FAILED;
		}
	check->sources = &sources;
	if (status == CLI_GOOD)
		status = check_run(check);
	arena_free(&arena);
	return status;
}

int cli_check(const struct command *command, int argc, char **argv)
{
	const char *format = "text", *config_path = NULL;
	struct server_options server = {0};
	struct check check = {.report = {.out = stdout, .colour = wants_colour(stdout)}};
	const struct cli_option options[] = {
		{.name = "--format", .value = &format},
		{.name = "--config", .value = &config_path},
		{.name = "--server", .value = &server.conninfo},
		{.name = "--role", .value = &server.role},
		{.name = "--search-path", .value = &server.search_path},
		{.name = "--assume-in-transaction", .flag = &check.reviewer.assume_in_transaction},
		{.name = "--down", .flag = &check.reviewer.options.down},
	};
	int operands =
		cli_parse(command, argc, argv, options, sizeof(options) / sizeof(options[0]));
	struct config *config;
	char *errors = NULL;
	int status;

	if (operands < 0)
		return CLI_FAILED;
	if (operands == 0)
		return cli_wrong(command, "which file?");
	if (server.conninfo == NULL && (server.role != NULL || server.search_path != NULL))
		return cli_wrong(command, "--role and --search-path need --server");
	check.format = report_format_by_name(format);
	if (check.format == NULL)
		return cli_wrong(command, "there is no format \"%s\"", format);
	config = config_load(config_path, &errors);
	if (config == NULL) {
		fputs(errors, stderr);
		free(errors);
		return CLI_FAILED;
	}
	check.reviewer.settings = &config->policy;
	check.reviewer.options.limits = &config->head_limits;
	check.server = server.conninfo != NULL ? &server : NULL;
	status = run_check(command, &check, operands, argv);
	config_release(config);
	return status;
}

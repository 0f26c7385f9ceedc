/* SPDX-License-Identifier: PostgreSQL */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "proxy.h"

int cli_serve(const struct command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool validate = false;
	const struct cli_option options[] = {
		{.name = "--config", .value = &path}, {.name = "--validate", .flag = &validate}};
	int operands = cli_parse(command, argc, argv, options, 2);
	struct config *config;
	char *errors = NULL;
	int status = CLI_GOOD;

	if (operands < 0)
		return CLI_FAILED;
	if (operands > 0)
		return cli_wrong(command, "it takes no \"%s\"", argv[0]);
	if (path == NULL)
		return cli_wrong(command, "--config is needed");
	config = config_load(path, &errors);
	if (config == NULL) {
		fputs(errors, stderr);
		free(errors);
		return CLI_FAILED;
	}
	if (validate)
		printf("%s: good\n", path);
	else
		status = proxy_serve(path, config);
	config_release(config);
	return status;
}

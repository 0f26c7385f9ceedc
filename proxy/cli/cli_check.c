/* SPDX-License-Identifier: PostgreSQL */
/* phasegate check: verdicts for migration files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_files.h"

/* https://no-color.org: set and not empty means none. */
static bool wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && (no == NULL || *no == '\0') &&
	       (term == NULL || strcmp(term, "dumb") != 0);
}

int cli_check(const struct command *command, int argc, char **argv)
{
	struct file_arguments arguments = {.format = "text"};
	struct check check = {.report = {.out = stdout, .colour = wants_colour(stdout)}};
	const struct cli_option options[] = {FILE_OPTIONS(arguments, check)};
	int operands =
		cli_parse(command, argc, argv, options, sizeof(options) / sizeof(options[0]));

	if (operands < 0)
		return CLI_FAILED;
	check.format = report_format_by_name(arguments.format);
	return cli_review_files(command, &check, &arguments, operands, argv, NULL);
}

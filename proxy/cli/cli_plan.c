/* SPDX-License-Identifier: PostgreSQL */
/* phasegate plan: migration files in their phased form. */
#include "cli_files.h"
#include "config.h"
#include "plan_report.h"

static void prepare(struct check *check, const struct config *config)
{
	check->report.plan->rows_per_second = config->rows_per_second;
	check->report.plan->several = check->sources.n > 1;
}

int cli_plan(const struct command *command, int argc, char **argv)
{
	struct file_arguments arguments = {.format = "text"};
	struct plan_output output = {0};
	struct check check = {
		.report = {.out = stdout, .plan = &output},
		.plans_answer = true,
	};
	const struct cli_option options[] = {
		{.name = "--out", .value = &output.folder},
		FILE_OPTIONS(arguments, check),
	};
	int operands =
		cli_parse(command, argc, argv, options, sizeof(options) / sizeof(options[0]));
	int status;

	if (operands < 0)
		return CLI_FAILED;
	check.format = plan_format_by_name(arguments.format);
	status = cli_review_files(command, &check, &arguments, operands, argv, prepare);
	return output.failed ? CLI_FAILED : status;
}

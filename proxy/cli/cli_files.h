/* SPDX-License-Identifier: PostgreSQL */
/* What check and plan share: both review files, with the same options. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "check.h"
#include "cli.h"

struct config;

struct file_arguments {
	const char *format, *config_path;
	struct server_options server;
};

/* Rows for cli_parse. */
#define FILE_OPTIONS(arguments, check)                                                             \
	{.name = "--format", .value = &(arguments).format},                                        \
		{.name = "--config", .value = &(arguments).config_path},                           \
		{.name = "--server", .value = &(arguments).server.conninfo},                       \
		{.name = "--role", .value = &(arguments).server.role},                             \
		{.name = "--search-path", .value = &(arguments).server.search_path},               \
		{.name = "--assume-in-transaction",                                                \
			.flag = &(check).reviewer.assume_in_transaction},                          \
	{                                                                                          \
		.name = "--down", .flag = &(check).reviewer.options.down                           \
	}

/* Reviews the operands; check->format is set already.  prepare, or NULL, sees the configuration
 * and how many files there are before the first is read.  Returns an exit status. */
int cli_review_files(const struct command *command, struct check *check,
	const struct file_arguments *arguments, int argc, char **argv,
	void (*prepare)(struct check *check, const struct config *config));

#endif

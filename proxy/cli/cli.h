/* SPDX-License-Identifier: PostgreSQL */
/* The command line: one row for each command, which carries its own help.  Knows no command's work.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of every command. */
enum cli_status {
	CLI_GOOD = 0,
	CLI_FOUND = 1, /* it worked, and what it looked for is there: faults, findings */
	CLI_FAILED = 2, /* bad usage, or it could not be done */
};

struct command {
	const char *name; /* one word or two: "serve", "log verify" */
	const char *arguments;
	const char *summary; /* one line for the list */
	const char *help; /* what options mean; lines ready to print */
	/* argv holds what stands behind the name.  Returns an exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command commands[];
extern const size_t n_commands;

int cli_main(int argc, char **argv);

/* "--name VALUE" or "--name=VALUE" sets *value; "--name" sets *flag.  One of the two is NULL. */
struct cli_option {
	const char *name;
	const char **value;
	bool *flag;
	const char *only; /* the one command that knows it; NULL: all that are given it */
};

/*
 * Takes options out of argv and moves the operands to its front.  Returns how many operands there
 * are, or -1 after telling the user what is wrong.
 */
int cli_parse(const struct command *command, int argc, char **argv,
	const struct cli_option *options, size_t n_options);

/* Tells the user, shows the usage line, returns CLI_FAILED. */
int cli_wrong(const struct command *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int cli_serve(const struct command *command, int argc, char **argv);
int cli_log_show(const struct command *command, int argc, char **argv);
int cli_log_verify(const struct command *command, int argc, char **argv);
int cli_check(const struct command *command, int argc, char **argv);
int cli_plan(const struct command *command, int argc, char **argv);
int cli_changes(const struct command *command, int argc, char **argv);
int cli_show(const struct command *command, int argc, char **argv);
int cli_operate(const struct command *command, int argc, char **argv);
int cli_rules(const struct command *command, int argc, char **argv);

#endif

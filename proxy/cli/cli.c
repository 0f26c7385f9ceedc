/* SPDX-License-Identifier: PostgreSQL */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stmt.h"

/* Options that check and plan share. */
#define FILE_HELP                                                                                  \
	"  --server CONNINFO        look tables up there; without it all exist, are large and "    \
	"busy\n"                                                                                   \
	"  --role NAME              names and rules as for this role of the server\n"              \
	"  --search-path PATH       as SET search_path = PATH would\n"                             \
	"  --config FILE            verdicts and bounds of this configuration\n"                   \
	"  --assume-in-transaction  files that do not tell run in a transaction\n"                 \
	"  --down                   what takes migrations back, too\n"

#define SERVER_HELP                                                                                \
	"  --server CONNINFO  the database, in libpq's form: \"host=db dbname=shop user=me\", or " \
	"a URI\n"

/* To add a command: a row here, and its function. */
const struct command commands[] = {
	{
		.name = "serve",
		.arguments = "--config FILE [--validate]",
		.summary = "run the proxy",
		.help = "  --config FILE   the configuration; docs/phasegate.yaml shows every key\n"
			"  --validate      check the configuration, report every problem, and "
			"stop\n"
			"\n"
			"SIGHUP reloads the configuration.  SIGTERM and SIGINT stop taking clients "
			"and let\n"
			"sessions finish their transactions; a second one stops at once.\n",
		.run = cli_serve,
	},
	{
		.name = "check",
		.arguments = "[OPTION...] FILE|FOLDER|-...",
		.summary = "verdicts for migration files",
		.help = "  --format WORD            text (default), json, sarif or "
			"github\n" FILE_HELP "\n"
			"Exits 0 when all would be allowed, 1 when a statement would not, 2 when "
			"something\n"
			"could not be read.  docs/check.md shows formats, conventions, and how to "
			"allow a\n"
			"finding by a comment.\n",
		.run = cli_check,
	},
	{
		.name = "plan",
		.arguments = "[OPTION...] FILE|FOLDER|-...",
		.summary = "migration files in their phased form: steps, locks, undo",
		.help = "  --format WORD            text (default) or json\n"
			"  --out FOLDER             write 01-expand.sql, ..., undo.sql and plan.md "
			"there\n" FILE_HELP "\n"
			"Exits 0 when every statement is allowed or has a safe form, 1 when one "
			"has "
			"none, 2\n"
			"when something could not be read or written.\n",
		.run = cli_plan,
	},
	{
		.name = "log show",
		.arguments = "[--json] [--session N] [--user NAME] [--verdict WORD] FILE...",
		.summary = "read the policy log",
		.help = "  --json          whole records, one a line, instead of a table\n"
			"  --session N     only this session\n"
			"  --user NAME     only this user\n"
			"  --verdict WORD  only decisions with this verdict: allow, warn, rewrite, "
			"phase, hold\n"
			"                  or reject\n",
		.run = cli_log_show,
	},
	{
		.name = "log verify",
		.arguments = "[--key-file FILE] FILE...",
		.summary = "check the chain of the policy log",
		.help = "  --key-file FILE  the key; without it FILE.key beside the log\n"
			"\n"
			"Give rotated files in their order, the live one last: p.log.1 p.log.2 "
			"p.log\n"
			"Exits 0 when the chain is whole, 1 when it is not, 2 when it could not be "
			"checked.\n",
		.run = cli_log_verify,
	},
	{
		.name = "changes",
		.arguments = "--server CONNINFO [--all]",
		.summary = "list the changes under way in a database",
		.help = SERVER_HELP "  --all              finished ones, too\n",
		.run = cli_changes,
	},
	{
		.name = "show",
		.arguments = "--server CONNINFO [--undo] N",
		.summary = "what change N is at: its steps, what it waits for, what stopped it",
		.help = SERVER_HELP "  --undo             the way back as SQL, last step first\n",
		.run = cli_show,
	},
	{
		.name = "release",
		.arguments = "--server CONNINFO N",
		.summary = "let change N go on from where it soaks",
		.help = SERVER_HELP
		"\nA running phasegate carries it out; phasegate show N tells how far it is.\n",
		.run = cli_operate,
	},
	{
		.name = "approve",
		.arguments = "--server CONNINFO N",
		.summary = "let held statement N through when it is sent again",
		.help = SERVER_HELP
		"\nOnce, by the role that sent it, and as long as phasegate show N holds true.  "
		"phasegate\nabort N takes the approval, or the request for it, back.\n",
		.run = cli_operate,
	},
	{
		.name = "abort",
		.arguments = "--server CONNINFO N",
		.summary = "take change N back to where it began",
		.help = SERVER_HELP
		"\nA running phasegate carries it out.  Not behind the point of no return, "
		"which\nphasegate show N marks.\n",
		.run = cli_operate,
	},
	{
		.name = "retry",
		.arguments = "--server CONNINFO [--fix ASSIGNMENTS] N",
		.summary = "try change N again where it stopped for people",
		.help = SERVER_HELP "  --fix ASSIGNMENTS  for the rows in the way, as behind "
				    "UPDATE ... SET: --fix \"qty = 0\"\n"
				    "\nphasegate show N lists those rows.\n",
		.run = cli_operate,
	},
	{
		.name = "pause",
		.arguments = "--server CONNINFO N|all",
		.summary = "stop change N before its next step or batch",
		.help = SERVER_HELP "\nIts client goes on waiting.  all: every change in the "
				    "database, those to come\nincluded; for the owner of schema "
				    "phasegate.\n",
		.run = cli_operate,
	},
	{
		.name = "resume",
		.arguments = "--server CONNINFO N|all",
		.summary = "let change N go on from where it is paused",
		.help = SERVER_HELP,
		.run = cli_operate,
	},
	{
		.name = "throttle",
		.arguments = "--server CONNINFO [--for INTERVAL] N|all RATIO",
		.summary = "let the backfill of change N stand still for that share of its time",
		.help = SERVER_HELP "  --for INTERVAL     until then; without it for good\n"
				    "\nRATIO goes from 0, no throttle, to 1, stand still: "
				    "phasegate throttle ... 12 0.5 --for '2 hours'\n",
		.run = cli_operate,
	},
	{
		.name = "rules",
		.arguments = "[--format text|json|markdown]",
		.summary = "list every rule: id, default verdict, reason, safe form",
		.help = "  --format WORD   text (default), json or markdown\n",
		.run = cli_rules,
	},
};
const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

static void print_overview(FILE *out)
{
	fputs("phasegate: a PostgreSQL proxy that makes schema changes safe\n\n", out);
	for (size_t i = 0; i < n_commands; i++)
		fprintf(out, "  phasegate %-10s  %s\n", commands[i].name, commands[i].summary);
	fputs("\n  phasegate COMMAND --help shows its options; phasegate --version its version.\n",
		out);
}

static void print_usage(const struct command *command, FILE *out)
{
	fprintf(out, "usage: phasegate %s %s\n", command->name, command->arguments);
}

static int print_help(const struct command *command)
{
	print_usage(command, stdout);
	printf("\n%s", command->help);
	return CLI_GOOD;
}

static int print_version(void)
{
	printf("phasegate %s (grammar of PostgreSQL %s)\n", PHASEGATE_VERSION, grammar_version);
	return CLI_GOOD;
}

int cli_wrong(const struct command *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "phasegate %s: ", command->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	print_usage(command, stderr);
	return CLI_FAILED;
}

static const struct cli_option *find_option(const char *command, const char *text, size_t len,
	const struct cli_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((options[i].only == NULL || strcmp(options[i].only, command) == 0) &&
			strlen(options[i].name) == len && strncmp(options[i].name, text, len) == 0)
			return &options[i];
	return NULL;
}

/* Takes the option at argv[i].  Returns how many words it was, or -1. */
static int take_option(const struct command *command, int argc, char **argv, int i,
	const struct cli_option *options, size_t n_options)
{
	size_t len = strcspn(argv[i], "=");
	const struct cli_option *option =
		find_option(command->name, argv[i], len, options, n_options);
	bool joined = argv[i][len] == '=';

	if (option == NULL || (option->flag != NULL && joined)) {
		cli_wrong(command, "unknown option %s", argv[i]);
		return -1;
	}
	if (option->flag != NULL) {
		*option->flag = true;
		return 1;
	}
	if (!joined && i + 1 == argc) {
		cli_wrong(command, "%s needs a value", argv[i]);
		return -1;
	}
	*option->value = joined ? argv[i] + len + 1 : argv[i + 1];
	return joined ? 1 : 2;
}

int cli_parse(const struct command *command, int argc, char **argv,
	const struct cli_option *options, size_t n_options)
{
	int operands = 0;

	for (int i = 0; i < argc;) {
		int taken = 1;

		if (strcmp(argv[i], "--") == 0) {
			for (i++; i < argc; i++)
				argv[operands++] = argv[i];
			break;
		}
		if (argv[i][0] == '-' && argv[i][1] != '\0')
			taken = take_option(command, argc, argv, i, options, n_options);
		else
			argv[operands++] = argv[i];
		if (taken < 0)
			return -1;
		i += taken;
	}
	return operands;
}

/* How many words of argv are the command's name; 0: another command. */
static int words_matched(const struct command *command, int argc, char **argv)
{
	const char *space = strchr(command->name, ' ');
	size_t first = space == NULL ? strlen(command->name) : (size_t)(space - command->name);

	if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], command->name, first) != 0)
		return 0;
	if (space == NULL)
		return 1;
	return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int cli_main(int argc, char **argv)
{
	argc--;
	argv++;
	for (size_t i = 0; i < n_commands; i++) {
		int words = words_matched(&commands[i], argc, argv);

		if (words > 0 && asks_for_help(argc - words, argv + words))
			return print_help(&commands[i]);
		if (words > 0)
			return commands[i].run(&commands[i], argc - words, argv + words);
	}
	if (argc > 0 && (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-V") == 0))
		return print_version();
	if (asks_for_help(argc, argv)) {
		print_overview(stdout);
		return CLI_GOOD;
	}
	if (argc > 0)
		fprintf(stderr, "phasegate: there is no command \"%s%s%s\"\n\n", argv[0],
			argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	print_overview(stderr);
	return CLI_FAILED;
}

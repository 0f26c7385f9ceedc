/* SPDX-License-Identifier: PostgreSQL */
/* phasegate rules: the rule tables as people read them.  docs/rules.md is its markdown. */
#include "cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide.h"

static const char *text_or_none(const char *text)
{
	return text == NULL ? "" : text;
}

static void print_text(void)
{
	for (size_t i = 0; i < n_rules_all; i++)
		printf("%-36s %-8s %s\n", rules_all[i]->id, verdict_name(rules_all[i]->verdict),
			rules_all[i]->title);
}

static void print_json(void)
{
	json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < n_rules_all; i++) {
		const struct rule *rule = rules_all[i];

		json_array_append_new(list,
			json_pack("{s:s, s:s#, s:s, s:s, s:s, s:s, s:b}", "id", rule->id, "section",
				&rule->section, 1, "verdict", verdict_name(rule->verdict), "title",
				rule->title, "reason", text_or_none(rule->reason), "hint",
				text_or_none(rule->hint), "recipe", rule->recipe != NULL));
	}
	text = json_dumps(list, JSON_INDENT(2));
	puts(text);
	free(text);
	json_decref(list);
}

static const char *section_title(char section)
{
	static const struct {
		char section;
		const char *title;
	} titles[] = {
		{'A', "Session, transaction and policy"},
		{'B', "Indexes"},
		{'C', "ADD COLUMN"},
		{'D', "ALTER, DROP and RENAME COLUMN"},
		{'E', "Constraints"},
		{'F', "Tables, schemas, types"},
		{'G', "Partitions"},
		{'H', "Triggers and rules"},
		{'I', "Views"},
		{'J', "Enums"},
		{'K', "Data changes in migrations"},
		{'L', "Cluster-wide"},
		{'M', "Style"},
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].section == section)
			return titles[i].title;
	return "Other";
}

static void print_rule(const struct rule *rule)
{
	printf("\n### %s\n\n%s. Default verdict: **%s**%s.\n", rule->id, rule->title,
		verdict_name(rule->verdict),
		rule->recipe != NULL ? "; phasegate can carry out the safe form itself" : "");
	if (rule->reason != NULL)
		printf("\n%s\n", rule->reason);
	if (rule->hint != NULL)
		printf("\nSafe form: %s\n", rule->hint);
}

static void print_sqlstates(void)
{
	static const struct {
		const char *sqlstate, *meaning;
	} rows[] = {
		{SQLSTATE_REJECTED, "a rule forbids the statement"},
		{SQLSTATE_NOT_UNDERSTOOD, "the statement cannot be parsed, is ambiguous, or is of "
					  "a kind phasegate does not know"},
		{SQLSTATE_LOG_UNAVAILABLE,
			"the policy log cannot be written, so nothing is decided"},
		{SQLSTATE_CHANGE_FAILED, "the change stopped at a named step"},
		{SQLSTATE_STATEMENT_TOO_COMPLEX,
			"the text is over a cap that keeps the parser safe"},
	};

	printf("\n## SQLSTATEs\n\n| SQLSTATE | meaning |\n|---|---|\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("| `%s` | %s |\n", rows[i].sqlstate, rows[i].meaning);
}

static void print_markdown(void)
{
	char section = '\0';

	puts("<!-- SPDX-License-Identifier: PostgreSQL -->\n"
	     "<!-- Made by `phasegate rules --format markdown`; change the tables in policy/ "
	     "instead. -->\n"
	     "# Rules\n\n"
	     "Ids never change: they stand in errors, in the policy log and in `rules:` of the\n"
	     "configuration, where each verdict can be set for all or by database, user, "
	     "application\n"
	     "and table.");
	for (size_t i = 0; i < n_rules_all; i++) {
		if (rules_all[i]->section != section) {
			section = rules_all[i]->section;
			printf("\n## %s\n", section_title(section));
		}
		print_rule(rules_all[i]);
	}
	print_sqlstates();
}

int cli_rules(const struct command *command, int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} formats[] = {{"text", print_text}, {"json", print_json}, {"markdown", print_markdown}};
	const char *format = "text";
	const struct cli_option options[] = {{.name = "--format", .value = &format}};
	int operands = cli_parse(command, argc, argv, options, 1);

	if (operands < 0)
		return CLI_FAILED;
	if (operands > 0)
		return cli_wrong(command, "it takes no \"%s\"", argv[0]);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(format, formats[i].name) == 0) {
			formats[i].print();
			return CLI_GOOD;
		}
	return cli_wrong(command, "there is no format \"%s\"", format);
}

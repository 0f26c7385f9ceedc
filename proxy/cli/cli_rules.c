/* SPDX-License-Identifier: PostgreSQL */
/* phasegate rules: the rule tables as people read them.  docs/rules.md is its markdown. */
#include "cli.h"

#include <ctype.h>
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

		json_array_append_new(
			list, json_pack("{s:s, s:s#, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "id",
				      rule->id, "section", &rule->section, 1, "verdict",
				      verdict_name(rule->verdict), "strictest",
				      verdict_name(rule_verdict_max(rule)), "title", rule->title,
				      "reason", rule->reason, "locks", text_or_none(rule->locks),
				      "safe_when", text_or_none(rule->safe_when), "hint",
				      rule->hint, "recipe", rule->recipe != NULL));
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

/* How a configuration lets it through, or how it gets to be heard of. */
static void print_setting(const struct rule *rule)
{
	if (rule->verdict == VERDICT_ALLOW)
		printf("| To be told | `rules: {%s: warn}`%s |\n", rule->id,
			rule_is_style(rule) ? ", the most that style can be" : "");
	else
		printf("| To allow it | `rules: {%s: allow}` |\n", rule->id);
}

/* A parameter or the like keeps its case where it begins the sentence. */
static bool begins_with_code(const char *text)
{
	return memchr(text, '_', strcspn(text, " ,;:")) != NULL;
}

static void print_row(const char *head, const char *text)
{
	if (text != NULL)
		printf("| %s | %c%s |\n", head,
			begins_with_code(text) ? *text : toupper((unsigned char)*text), text + 1);
}

static const char *who_does_it(const struct rule *rule)
{
	if (rule->recipe == NULL)
		return "";
	return rule->verdict >= VERDICT_HOLD
		       ? ": set to `phase`, phasegate carries out the safe form itself"
		       : ": phasegate carries out the safe form itself";
}

static void print_rule(const struct rule *rule)
{
	printf("\n### %s\n\n| %s | %s |\n|---|---|\n", rule->id, rule->id, rule->title);
	printf("| Default | **%s**%s |\n", verdict_name(rule->verdict), who_does_it(rule));
	print_row("Why", rule->reason);
	print_row("What is locked", rule->locks);
	print_row("Does not fire when", rule->safe_when);
	print_row("Safe form", rule->hint);
	print_setting(rule);
}

static void print_index(void)
{
	char section = '\0';

	for (size_t i = 0; i < n_rules_all; i++) {
		const struct rule *rule = rules_all[i];

		if (rule->section != section)
			printf("\n**%s**\n\n| rule | default | hazard |\n|---|---|---|\n",
				section_title(rule->section));
		section = rule->section;
		printf("| [%s](#%s) | %s | %s |\n", rule->id, rule->id, verdict_name(rule->verdict),
			rule->title);
	}
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
		{SQLSTATE_HELD,
			"it waits for an operator's approval: the message names its number"},
		{SQLSTATE_READ_ONLY,
			"the transaction is read-only, so no change is carried out for it"},
		{SQLSTATE_STATEMENT_TOO_COMPLEX,
			"the text is over a cap that keeps the parser safe"},
	};

	printf("\n## SQLSTATEs\n\n| SQLSTATE | meaning |\n|---|---|\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("| `%s` | %s |\n", rows[i].sqlstate, rows[i].meaning);
}

static const char introduction[] =
	"<!-- SPDX-License-Identifier: PostgreSQL -->\n"
	"<!-- Made by `phasegate rules --format markdown`; change the tables in policy/ instead. "
	"-->\n"
	"# Rules\n\n"
	"Each rule is one hazard: what it is, why it hurts, what is locked, when it is safe, what "
	"to "
	"do\ninstead. Ids never change: they stand in errors, in the policy log and in the "
	"configuration.\n\n"
	"What a statement would do is judged by the facts of the catalog, so the words mean:\n\n"
	"- **new**: made in this very transaction, or earlier in the same text; nobody else sees "
	"it.\n"
	"- **empty**: known to hold no row. **small**: under `small_table_rows` and "
	"`small_table_bytes`. The rows of a\n"
	"  foreign table are kept elsewhere: what ALTER FOREIGN TABLE reads or writes here is "
	"none.\n"
	"- **for a moment**: the lock is brief once it is there, but while it waits for running\n"
	"  transactions all others queue up behind it. phasegate sets a short `lock_timeout` "
	"around "
	"such\n"
	"  statements, and 55P03 means: try again.\n\n"
	"In files without a server what is not known is taken for large and busy, but what the "
	"text "
	"itself\n"
	"shows counts: tables it makes, CHECKs it validates, transactions it opens.\n\n"
	"## How to allow one\n\n"
	"```yaml\n"
	"rules: {drop-column: allow} # for everybody; or narrower, the last matching entry wins:\n"
	"rules:\n"
	"  - {rule: drop-column, verdict: reject}\n"
	"  - {rule: drop-column, verdict: warn, user: migrator, table: public.scratch}\n"
	"```\n\n"
	"Verdicts, mildest first: `allow`, `warn`, `rewrite`, `phase`, `hold`, `reject`. The "
	"strictest\n"
	"finding decides. Rules of style are off, and never more than a warning. More in\n"
	"[configuration.md](configuration.md).\n\n"
	"## All rules\n";

static void print_markdown(void)
{
	char section = '\0';

	fputs(introduction, stdout);
	print_index();
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

/* SPDX-License-Identifier: PostgreSQL */
/* phasegate log show and log verify. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_log.h"

/* ---- verify ---- */

/* p.log.3 was written with the key of p.log. */
static size_t without_rotation(const char *path)
{
	size_t len = strlen(path), end = len;

	while (end > 0 && isdigit((unsigned char)path[end - 1]))
		end--;
	return end < len && end > 1 && path[end - 1] == '.' ? end - 1 : len;
}

int cli_log_verify(const struct command *command, int argc, char **argv)
{
	const char *key_file = NULL;
	const struct cli_option options[] = {{.name = "--key-file", .value = &key_file}};
	int operands = cli_parse(command, argc, argv, options, 1), faults;
	char *beside = NULL;

	if (operands < 0)
		return CLI_FAILED;
	if (operands == 0)
		return cli_wrong(command, "which file?");
	if (key_file == NULL &&
		asprintf(&beside, "%.*s.key", (int)without_rotation(argv[0]), argv[0]) > 0)
		key_file = beside;
	faults = policy_log_verify(key_file, (const char *const *)argv, (size_t)operands, stdout);
	free(beside);
	return faults < 0 ? CLI_FAILED : faults > 0 ? CLI_FOUND : CLI_GOOD;
}

/* ---- show ---- */

struct filter {
	bool json;
	const char *session, *user, *verdict;
};

static const char *string_of(json_t *record, const char *key)
{
	const char *text = json_string_value(json_object_get(record, key));

	return text == NULL ? "" : text;
}

static json_int_t integer_of(json_t *record, const char *key)
{
	return json_integer_value(json_object_get(record, key));
}

static bool wanted(const struct filter *filter, json_t *record)
{
	if (filter->session != NULL &&
		integer_of(record, "session") != strtoll(filter->session, NULL, 10))
		return false;
	if (filter->user != NULL && strcmp(filter->user, string_of(record, "user")) != 0)
		return false;
	return filter->verdict == NULL ||
	       strcmp(filter->verdict, string_of(record, "verdict")) == 0;
}

/* The log quotes clients: their bytes must not drive the reader's terminal. */
static void print_line(const char *text)
{
	for (; *text != '\0'; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
	putchar('\n');
}

static void print_findings(json_t *record)
{
	json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(record, "findings"), i, finding)
	{
		printf("%43s%s %s: ", "", string_of(finding, "verdict"),
			string_of(finding, "rule"));
		print_line(string_of(finding, "message"));
	}
}

static void print_decision(json_t *record)
{
	const char *text = string_of(record, "text");

	printf("%-8s session %lld %s@%s: ", string_of(record, "verdict"),
		(long long)integer_of(record, "session"), string_of(record, "user"),
		string_of(record, "database"));
	print_line(*text != '\0' ? text : string_of(record, "normalized"));
	print_findings(record);
}

static void print_outcome(json_t *record)
{
	json_t *rows = json_object_get(record, "rows");

	printf("of %lld: %s in %.1f ms", (long long)integer_of(record, "decision"),
		string_of(record, "sqlstate"),
		json_number_value(json_object_get(record, "duration_ms")));
	if (rows != NULL)
		printf(", %lld rows", (long long)json_integer_value(rows));
	printf(" ");
	print_line(string_of(record, "note"));
}

static void print_record(json_t *record)
{
	const char *event = string_of(record, "event");

	printf("%6lld %-27s %-8s", (long long)integer_of(record, "seq"), string_of(record, "time"),
		event);
	if (strcmp(event, "decision") == 0)
		print_decision(record);
	else if (strcmp(event, "outcome") == 0)
		print_outcome(record);
	else
		print_line(string_of(record, "detail"));
}

static void show_line(
	const struct filter *filter, const char *path, size_t number, const char *line)
{
	json_t *record = json_loads(line, 0, NULL);

	if (record == NULL)
		fprintf(stderr, "%s:%zu: not a record\n", path, number);
	else if (!wanted(filter, record))
		;
	else if (filter->json)
		fputs(line, stdout);
	else
		print_record(record);
	json_decref(record);
}

static int show_file(const struct filter *filter, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;

	if (file == NULL) {
		fprintf(stderr, "phasegate log show: %s: %s\n", path, strerror(errno));
		return CLI_FAILED;
	}
	for (size_t number = 1; getline(&line, &capacity, file) > 0; number++)
		show_line(filter, path, number, line);
	free(line);
	fclose(file);
	return CLI_GOOD;
}

int cli_log_show(const struct command *command, int argc, char **argv)
{
	struct filter filter = {0};
	const struct cli_option options[] = {
		{.name = "--json", .flag = &filter.json},
		{.name = "--session", .value = &filter.session},
		{.name = "--user", .value = &filter.user},
		{.name = "--verdict", .value = &filter.verdict},
	};
	int operands =
		cli_parse(command, argc, argv, options, sizeof(options) / sizeof(options[0]));
	int status = CLI_GOOD;

	if (operands < 0)
		return CLI_FAILED;
	if (operands == 0)
		return cli_wrong(command, "which file?");
	if (filter.verdict != NULL && verdict_from_name(filter.verdict) < 0)
		return cli_wrong(command, "there is no verdict \"%s\"", filter.verdict);
	for (int i = 0; i < operands; i++)
		if (show_file(&filter, argv[i]) != CLI_GOOD)
			status = CLI_FAILED;
	return status;
}

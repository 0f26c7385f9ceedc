/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "config.h"
#include "policy_log.h"
#include "rule.h"

static char directory[] = "/tmp/test_cli.XXXXXX";
static char log_path[64];

static void make_directory(void)
{
	cr_assert(mkdtemp(directory) != NULL);
	snprintf(log_path, sizeof(log_path), "%s/p.log", directory);
}

static void remove_directory(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(cli, .init = make_directory, .fini = remove_directory);

struct answer {
	int status;
	char out[262144], err[8192];
};

static void read_back(FILE *file, char *text, size_t size)
{
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

/* Runs "phasegate <line>"; words are parted by single spaces. */
static const struct answer *run(const char *line)
{
	static struct answer answer;
	char *words = strdup(line), *argv[16] = {"phasegate"};
	FILE *out = tmpfile(), *err = tmpfile(), *old_out = stdout, *old_err = stderr;
	int argc = 1;

	for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	stdout = out;
	stderr = err;
	answer.status = cli_main(argc, argv);
	stdout = old_out;
	stderr = old_err;
	read_back(out, answer.out, sizeof(answer.out));
	read_back(err, answer.err, sizeof(answer.err));
	free(words);
	return &answer;
}

static const struct answer *run_with(const char *fmt, const char *path)
{
	char line[256];

	snprintf(line, sizeof(line), fmt, path);
	return run(line);
}

Test(cli, usage)
{
	static const struct {
		const char *line;
		int status;
		const char *says; /* on the stream that fits the status */
	} cases[] = {
		{"--version", CLI_GOOD, "phasegate " PHASEGATE_VERSION},
		{"--help", CLI_GOOD, "phasegate log verify"},
		{"serve --help", CLI_GOOD, "--validate"},
		{"log verify --help", CLI_GOOD, "--key-file"},
		{"", CLI_FAILED, "run the proxy"},
		{"sevre", CLI_FAILED, "no command \"sevre\""},
		{"log", CLI_FAILED, "no command \"log\""},
		{"log erase", CLI_FAILED, "no command \"log erase\""},
		{"serve", CLI_FAILED, "--config is needed"},
		{"serve --config", CLI_FAILED, "--config needs a value"},
		{"serve --confg x", CLI_FAILED, "unknown option --confg"},
		{"serve --validate=yes --config x", CLI_FAILED, "unknown option --validate=yes"},
		{"serve --config x y", CLI_FAILED, "it takes no \"y\""},
		{"serve --config /nowhere/x --validate", CLI_FAILED, "/nowhere/x: cannot read it"},
		{"rules --format xml", CLI_FAILED, "no format \"xml\""},
		{"log show", CLI_FAILED, "which file?"},
		{"log show --verdict maybe f", CLI_FAILED, "no verdict \"maybe\""},
		{"log show /nowhere/f", CLI_FAILED, "/nowhere/f: No such file"},
		{"log verify", CLI_FAILED, "which file?"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct answer *answer = run(cases[i].line);
		const char *stream = answer->status == CLI_GOOD ? answer->out : answer->err;
		const char *other = answer->status == CLI_GOOD ? answer->err : answer->out;

		cr_expect_eq(answer->status, cases[i].status, "%s", cases[i].line);
		cr_expect(strstr(stream, cases[i].says) != NULL, "%s: %s", cases[i].line, stream);
		cr_expect_str_eq(other, "", "%s", cases[i].line);
	}
}

Test(cli, every_command_explains_itself)
{
	for (size_t i = 0; i < n_commands; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s --help", commands[i].name);
		cr_expect_eq(run(line)->status, CLI_GOOD);
		cr_expect(strstr(run(line)->out, commands[i].arguments) != NULL, "%s", line);
		cr_expect(strstr(run("--help")->out, commands[i].summary) != NULL, "%s", line);
	}
}

Test(cli, serve_validate)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/c.yaml", directory);
	file = fopen(path, "w");
	fputs("policy_log: {path: /tmp/p.log}\n", file);
	fclose(file);
	cr_expect_eq(run_with("serve --validate --config %s", path)->status, CLI_GOOD);
	cr_expect(strstr(run_with("serve --validate --config=%s", path)->out, "good") != NULL);
	file = fopen(path, "a");
	fputs("moed: x\nlimits: {workers: x}\n", file);
	fclose(file);
	cr_expect_eq(run_with("serve --validate --config %s", path)->status, CLI_FAILED);
	cr_expect(strstr(run_with("serve --validate --config %s", path)->err, ":2: ") != NULL);
	cr_expect(strstr(run_with("serve --validate --config %s", path)->err, ":3: ") != NULL);
}

Test(cli, rules_in_every_format)
{
	json_t *list = json_loads(run("rules --format json")->out, 0, NULL);

	cr_assert_eq(json_array_size(list), n_rules_all);
	for (size_t i = 0; i < n_rules_all; i++) {
		const struct rule *rule = rules_all[i];
		const json_t *row = json_array_get(list, i);

		cr_expect_str_eq(json_string_value(json_object_get(row, "id")), rule->id);
		cr_expect_str_eq(json_string_value(json_object_get(row, "locks")),
			rule->locks == NULL ? "" : rule->locks);
		cr_expect_str_eq(json_string_value(json_object_get(row, "safe_when")),
			rule->safe_when == NULL ? "" : rule->safe_when);
	}
	json_decref(list);
	for (size_t i = 0; i < n_rules_all; i++) {
		cr_expect(strstr(run("rules")->out, rules_all[i]->id) != NULL);
		cr_expect(strstr(run("rules --format=markdown")->out, rules_all[i]->id) != NULL);
	}
}

Test(cli, docs_rules_is_up_to_date)
{
	FILE *file = fopen(SOURCE_DIR "/docs/rules.md", "r");
	char text[sizeof(((struct answer *)NULL)->out)];

	cr_assert(file != NULL);
	read_back(file, text, sizeof(text));
	cr_expect(strcmp(text, run("rules --format markdown")->out) == 0,
		"run: phasegate rules --format markdown > docs/rules.md");
}

static void write_log(void)
{
	char key[80], *error = NULL;
	struct config config = {.log_path = log_path, .log_key_file = key};
	struct log_subject subject = {.session = 7, .user = "app", .database = "shop"};
	static const struct stmts stmts = {.normalized = "DROP TABLE a\n\033[2Jb"};
	struct decision decision = {.verdict = VERDICT_REJECT};
	struct log_outcome outcome = {.sqlstate = "42P01", .rows = -1, .duration_us = 2500};
	struct policy_log *log;

	snprintf(key, sizeof(key), "%s.key", log_path);
	log = policy_log_open(&config, &error);
	cr_assert(log != NULL, "%s", error);
	policy_log_decision(log, &subject, &stmts, "", 0, &decision, 0, false);
	policy_log_outcome(log, &subject, 2, &outcome);
	subject.session = 8;
	subject.user = "bob";
	decision.verdict = VERDICT_ALLOW;
	policy_log_decision(log, &subject, &stmts, "", 0, &decision, 0, false);
	policy_log_close(log);
}

static size_t lines_in(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

Test(cli, log_show)
{
	static const struct {
		const char *line;
		size_t records;
	} cases[] = {
		{"log show %s", 4},
		{"log show --session 7 %s", 2},
		{"log show --user bob %s", 1},
		{"log show --verdict reject %s", 1},
		{"log show --json %s", 4},
		{"log show --json --verdict=hold %s", 0},
	};
	const struct answer *answer;

	write_log();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer = run_with(cases[i].line, log_path);
		cr_expect_eq(answer->status, CLI_GOOD, "%s", answer->err);
		cr_expect_eq(lines_in(answer->out), cases[i].records, "%s\n%s", cases[i].line,
			answer->out);
	}
	answer = run_with("log show %s", log_path);
	cr_expect(strstr(answer->out, "app@shop: DROP TABLE a  [2Jb") != NULL, "no escapes: %s",
		answer->out);
	cr_expect(strstr(answer->out, "of 2: 42P01 in 2.5 ms") != NULL, "%s", answer->out);
}

Test(cli, log_verify)
{
	FILE *file;

	write_log();
	cr_expect_eq(run_with("log verify %s", log_path)->status, CLI_GOOD);
	cr_expect(strstr(run_with("log verify %s", log_path)->out, "ok") != NULL);
	cr_expect_eq(
		run_with("log verify --key-file /nowhere/key %s", log_path)->status, CLI_FAILED);
	file = fopen(log_path, "r+");
	fseek(file, 20, SEEK_SET);
	fputc('#', file);
	fclose(file);
	cr_expect_eq(run_with("log verify %s", log_path)->status, CLI_FOUND);
}

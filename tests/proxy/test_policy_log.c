/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "policy_log.h"

static char directory[] = "/tmp/test_policy_log.XXXXXX";
static char log_path[64], key_path[64];
static struct config config;

static void make_directory(void)
{
	cr_assert(mkdtemp(directory) != NULL);
	snprintf(log_path, sizeof(log_path), "%s/p.log", directory);
	snprintf(key_path, sizeof(key_path), "%s/key", directory);
	config = (struct config){.log_path = log_path, .log_key_file = key_path};
}

static void remove_directory(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(policy_log, .init = make_directory, .fini = remove_directory);

static const struct log_subject subject = {
	.session = 7,
	.client_address = "10.0.0.1:4711",
	.user = "app",
	.database = "shop",
	.application = "psql",
};

static struct policy_log *open_log(void)
{
	char *error = NULL;
	struct policy_log *log = policy_log_open(&config, &error);

	cr_assert(log != NULL, "%s", error);
	return log;
}

static void expect_no_log(const char *because)
{
	char *error = NULL;

	cr_expect_null(policy_log_open(&config, &error));
	cr_assert(error != NULL);
	cr_expect(strstr(error, because) != NULL, "%s", error);
	free(error);
}

static uint64_t decide(struct policy_log *log)
{
	static const struct rule rule = {.id = "drop-column"};
	static const struct finding finding = {.rule = &rule,
		.verdict = VERDICT_REJECT,
		.message = "DROP COLUMN loses the column \"naïve\""};
	static const char *const objects[] = {"public.orders"};
	static const struct stmts stmts = {.fingerprint = "50fde20626009aba",
		.normalized = "ALTER TABLE orders DROP COLUMN x"};
	static const struct decision decision = {.verdict = VERDICT_REJECT,
		.sqlstate = SQLSTATE_REJECTED,
		.findings = &finding,
		.n_findings = 1,
		.cause = &finding,
		.objects = objects,
		.n_objects = 1};

	return policy_log_decision(
		log, &subject, &stmts, "ALTER ... x -- \xff", 16, &decision, 0, false);
}

static void write_records(unsigned n)
{
	struct policy_log *log = open_log();

	for (unsigned i = 0; i < n; i++)
		cr_assert(decide(log) > 0);
	policy_log_close(log);
}

/* Faults found; what was said is left in said. */
static char said[8192];

static int verify_paths(const char *const *paths, size_t n)
{
	FILE *out = fmemopen(said, sizeof(said), "w");
	int faults = policy_log_verify(key_path, paths, n, out);

	fclose(out);
	return faults;
}

static int verify(void)
{
	const char *paths[] = {log_path};

	return verify_paths(paths, 1);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	cr_assert(file != NULL, "%s", path);
	cr_assert(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert(file != NULL);
	fputs(text, file);
	fclose(file);
}

/* Line n, counted from 1. */
static json_t *record(unsigned n)
{
	char *text = read_file(log_path), *line = text;
	json_t *value;

	while (--n > 0)
		line = strchr(line, '\n') + 1;
	value = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	cr_assert(value != NULL, "%s", line);
	free(text);
	return value;
}

static const char *string(json_t *value, const char *key)
{
	return json_string_value(json_object_get(value, key));
}

Test(policy_log, a_decision_and_its_outcome)
{
	static const struct log_outcome outcome = {
		.sqlstate = "00000", .rows = 3, .duration_us = 1500};
	struct policy_log *log = open_log();
	uint64_t seq = decide(log);
	json_t *decision, *result;

	cr_expect_eq(seq, 2, "1 is the genesis record");
	cr_expect_eq(policy_log_outcome(log, &subject, seq, &outcome), 3);
	cr_expect_eq(policy_log_event(log, "reload", "by SIGHUP", true), 4);
	policy_log_close(log);

	decision = record(2);
	cr_expect_str_eq(string(decision, "event"), "decision");
	cr_expect_str_eq(string(decision, "verdict"), "reject");
	cr_expect_str_eq(string(decision, "sqlstate"), "PG001");
	cr_expect_str_eq(string(decision, "mode"), "enforce");
	cr_expect_str_eq(string(decision, "user"), "app");
	cr_expect_str_eq(string(decision, "fingerprint"), "50fde20626009aba");
	cr_expect_eq(strlen(string(decision, "time")), strlen("2026-01-01T00:00:00.000000Z"));
	cr_expect_null(string(decision, "text"), "the text holds literals: not unless asked for");
	cr_expect_null(string(decision, "tls_subject"));
	cr_expect_str_eq(string(json_array_get(json_object_get(decision, "findings"), 0), "rule"),
		"drop-column");
	result = record(3);
	cr_expect_eq(json_integer_value(json_object_get(result, "decision")), 2);
	cr_expect_eq(json_integer_value(json_object_get(result, "rows")), 3);
	cr_expect_eq(json_real_value(json_object_get(result, "duration_ms")), 1.5);
	json_decref(decision);
	json_decref(result);
	cr_expect_eq(verify(), 0, "%s", said);
}

Test(policy_log, raw_text_when_asked_for)
{
	json_t *value;

	config.log_raw_text = true;
	write_records(1);
	value = record(2);
	cr_expect_str_eq(string(value, "text"), "ALTER ... x -- ?", "not UTF-8, so not as it was");
	json_decref(value);
}

Test(policy_log, long_texts_are_cut_and_say_so)
{
	struct policy_log *log;
	struct decision decision = {.verdict = VERDICT_ALLOW};
	char *text = malloc(1 << 20);
	json_t *value;

	memset(text, 'x', 1 << 20);
	config.log_raw_text = true;
	log = open_log();
	cr_expect(policy_log_decision(log, &subject, NULL, text, 1 << 20, &decision, 0, true) > 0);
	policy_log_close(log);
	free(text);
	value = record(2);
	cr_expect_eq(json_string_length(json_object_get(value, "text")), 16384);
	cr_expect(json_is_true(json_object_get(value, "cut")));
	json_decref(value);
	cr_expect_eq(verify(), 0, "%s", said);
}

/* Attacks work on lines: 1 genesis, 2 to 5 decisions. */
enum { ATTACKED_LINES = 5 };

static void edit_line(char **lines)
{
	memcpy(strstr(lines[2], "reject"), "allow ", 6);
}

static void remove_line(char **lines)
{
	lines[2][0] = '\0';
}

static void swap_lines(char **lines)
{
	char *line = lines[2];

	lines[2] = lines[3];
	lines[3] = line;
}

static void repeat_line(char **lines)
{
	lines[3] = lines[2];
}

static void remove_first_line(char **lines)
{
	lines[0][0] = '\0';
}

static void cut_last_line(char **lines)
{
	lines[4][0] = '\0';
}

static void cut_inside_last_line(char **lines)
{
	lines[4][20] = '\0';
}

static void change_mac(char **lines)
{
	char *mac = strstr(lines[2], "\"mac\":\"") + 7;

	*mac = *mac == '0' ? '1' : '0';
}

static void insert_foreign_line(char **lines)
{
	memmove(lines[2], "{}\n", 4);
}

static void attack_file(const char *whole, void (*attack)(char **lines))
{
	char *copies[ATTACKED_LINES], *lines[ATTACKED_LINES];
	const char *at = whole;
	FILE *out = fopen(log_path, "w");

	for (size_t i = 0; i < ATTACKED_LINES; i++) {
		const char *end = strchr(at, '\n') + 1;

		lines[i] = copies[i] = strndup(at, (size_t)(end - at));
		at = end;
	}
	attack(lines);
	for (size_t i = 0; i < ATTACKED_LINES; i++)
		fputs(lines[i], out);
	fclose(out);
	for (size_t i = 0; i < ATTACKED_LINES; i++)
		free(copies[i]);
}

Test(policy_log, verify_finds)
{
	static const struct {
		void (*attack)(char **lines);
		const char *at;
		const char *says;
	} cases[] = {
		{edit_line, ":3: ", "record 3 was changed"},
		{remove_line, ":3: ", "record 4: 1 record(s) missing before it (3 to 3)"},
		{swap_lines, ":3: ", "record 4: 1 record(s) missing"},
		{swap_lines, ":4: ", "record 3 stands after record 4"},
		{repeat_line, ":4: ", "record 3 stands after record 3"},
		{remove_first_line, ":1: ", "does not begin with \"genesis\""},
		{cut_last_line, ":5: ", "the tail was cut"},
		{cut_inside_last_line, ":5: ", "cut short"},
		{change_mac, ":3: ", "record 3 was changed"},
		{insert_foreign_line, ":3: ", "not a record"},
	};
	char *whole;

	write_records(4);
	cr_assert_eq(verify(), 0, "%s", said);
	whole = read_file(log_path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		attack_file(whole, cases[i].attack);
		cr_expect_gt(verify(), 0, "case %zu", i);
		cr_expect(strstr(said, cases[i].at) != NULL && strstr(said, cases[i].says) != NULL,
			"case %zu: %s", i, said);
	}
	free(whole);
}

/* Its own tail is all that a chain cannot vouch for. */
Test(policy_log, verify_says_that_there_is_no_head)
{
	char *head;

	write_records(2);
	cr_assert_eq(verify(), 0, "%s", said);
	cr_expect_null(strstr(said, "note: "), "%s", said);
	cr_assert(asprintf(&head, "%s.head", log_path) > 0);
	cr_assert_eq(unlink(head), 0);
	free(head);
	cr_expect_eq(verify(), 0, "%s", said);
	cr_expect_not_null(strstr(said, "would not show"), "%s", said);
}

Test(policy_log, verify_needs_the_key_and_the_files)
{
	const char *none[] = {"/nowhere/p.log"};

	write_records(1);
	cr_expect_eq(verify_paths(none, 1), -1);
	cr_expect_eq(unlink(key_path), 0);
	cr_expect_eq(verify(), -1);
}

Test(policy_log, another_key_proves_nothing)
{
	write_records(1);
	write_file(key_path, "0123456789abcdef0123456789abcdef");
	cr_expect_gt(verify(), 0);
	expect_no_log("does not fit the key");
}

Test(policy_log, a_key_that_others_can_read_is_refused)
{
	struct stat status;

	write_records(1);
	cr_assert_eq(stat(key_path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
	cr_assert_eq(chmod(key_path, 0640), 0);
	expect_no_log("others may read");
}

Test(policy_log, goes_on_after_a_restart)
{
	write_records(2);
	write_records(2);
	cr_expect_eq(verify(), 0, "%s", said);
	cr_expect(strstr(said, "record 5") != NULL, "%s", said);
}

Test(policy_log, one_writer)
{
	struct policy_log *log = open_log();

	expect_no_log("another process is writing it");
	policy_log_close(log);
}

Test(policy_log, a_torn_record_is_removed_and_noted)
{
	FILE *file;
	json_t *value;

	write_records(2);
	file = fopen(log_path, "a");
	fputs("{\"seq\":4,\"time\":\"2026", file);
	fclose(file);
	cr_expect_eq(verify(), 1, "%s", said);
	write_records(1);
	cr_expect_eq(verify(), 0, "%s", said);
	value = record(4);
	cr_expect_str_eq(string(value, "event"), "torn");
	json_decref(value);
}

Test(policy_log, a_cut_tail_stays_a_gap)
{
	char *text;

	write_records(3);
	text = read_file(log_path);
	text[strlen(text) - 1] = '\0';
	while (text[strlen(text) - 1] != '\n')
		text[strlen(text) - 1] = '\0';
	write_file(log_path, text);
	free(text);
	cr_expect_eq(verify(), 1, "%s", said);
	write_records(1);
	cr_expect_eq(verify(), 1, "%s", said);
	cr_expect(strstr(said, "record 5: 1 record(s) missing before it (4 to 4)") != NULL, "%s",
		said);
}

Test(policy_log, a_lost_file_shows)
{
	write_records(3);
	unlink(log_path);
	write_records(1);
	cr_expect_eq(verify(), 0, "%s", said);
	cr_expect(strstr(said, "begins after record 4, which is in (missing)") != NULL, "%s", said);
}

Test(policy_log, rotates_and_carries_the_chain_over)
{
	char one[80], two[80];
	const char *all[] = {one, two, log_path}, *hole[] = {one, log_path},
		   *reversed[] = {two, one};

	snprintf(one, sizeof(one), "%s.1", log_path);
	snprintf(two, sizeof(two), "%s.2", log_path);
	config.log_rotate_bytes = 2000;
	write_records(9);
	cr_assert_eq(access(two, F_OK), 0);
	cr_expect_eq(verify_paths(all, 3), 0, "%s", said);
	cr_expect_eq(verify_paths(hole, 2), 1, "%s", said);
	cr_expect(strstr(said, "a file is missing") != NULL, "%s", said);
	cr_expect_gt(verify_paths(reversed, 2), 0);
	cr_expect_eq(verify_paths(all + 1, 1), 0, "%s", said);
	cr_expect(strstr(said, "begins after record") != NULL, "%s", said);
	cr_expect(strstr(said, "p.log.1") != NULL, "%s", said);
}

/* A crash between the two renames of a rotation. */
Test(policy_log, finishes_a_rotation)
{
	char one[80], successor[80];
	const char *all[] = {one, log_path};

	snprintf(one, sizeof(one), "%s.1", log_path);
	snprintf(successor, sizeof(successor), "%s.new", log_path);
	config.log_rotate_bytes = 2000;
	write_records(5);
	cr_assert_eq(access(one, F_OK), 0);
	cr_assert_eq(rename(log_path, successor), 0);
	write_records(1);
	cr_expect_eq(verify_paths(all, 2), 0, "%s", said);
}

/* RLIMIT_FSIZE lets a write in halfway and then fails, as a full disk does. */
Test(policy_log, a_full_disk_refuses_and_recovers)
{
	struct rlimit limit;
	struct policy_log *log = open_log();
	unsigned written = 0;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){3000, limit.rlim_max}), 0);
	while (decide(log) > 0)
		cr_assert(++written < 100);
	cr_expect_gt(written, 1);
	cr_expect_eq(decide(log), 0, "still full");
	cr_expect_eq(verify(), 0, "no half record is left: %s", said);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_eq(decide(log), written + 2, "no number is lost");
	policy_log_close(log);
	cr_expect_eq(verify(), 0, "%s", said);
}

Test(policy_log, survives_kill_9, .timeout = 60)
{
	for (int round = 0; round < 8; round++) {
		pid_t child = fork();

		if (child == 0) {
			struct policy_log *log = open_log();

			for (;;)
				decide(log);
		}
		usleep(20000 + 7000 * (useconds_t)round);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	write_records(1);
	cr_expect_eq(verify(), 0, "%s", said);
}

static void *write_many(void *log)
{
	for (int i = 0; i < 100; i++)
		decide(log);
	return NULL;
}

Test(policy_log, threads)
{
	static const enum log_fsync policies[] = {
		LOG_FSYNC_NEVER, LOG_FSYNC_INTERVAL, LOG_FSYNC_ALWAYS};

	for (size_t p = 0; p < 3; p++) {
		pthread_t threads[4];
		struct policy_log *log;

		config.log_fsync = policies[p];
		config.log_fsync_interval_ms = 5;
		log = open_log();
		for (int i = 0; i < 4; i++)
			pthread_create(&threads[i], NULL, write_many, log);
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		policy_log_close(log);
	}
	cr_expect_eq(verify(), 0, "%s", said);
	cr_expect(strstr(said, "up to record 1201") != NULL, "%s", said);
}

Test(policy_log, moves_on_reload)
{
	struct policy_log *log = open_log();
	char other[64], *error = NULL;
	struct config next = config;
	const char *paths[] = {other};

	snprintf(other, sizeof(other), "%s/other.log", directory);
	next.log_path = other;
	decide(log);
	cr_assert_eq(policy_log_reconfigure(log, &next, &error), 0, "%s", error);
	decide(log);
	next.log_path = "/nowhere/p.log";
	cr_expect_eq(policy_log_reconfigure(log, &next, &error), -1);
	cr_expect(error != NULL && strstr(error, "/nowhere/p.log") != NULL);
	free(error);
	cr_expect(decide(log) > 0, "the old one stays in use");
	policy_log_close(log);
	cr_expect_eq(verify(), 0, "%s", said);
	cr_expect_eq(verify_paths(paths, 1), 0, "%s", said);
	cr_expect(strstr(said, "up to record 3") != NULL, "%s", said);
}

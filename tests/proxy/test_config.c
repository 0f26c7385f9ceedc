/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "rule.h"

static char path[64];

static void write_file(const char *yaml)
{
	FILE *file;
	int fd;

	strcpy(path, "/tmp/test_config.XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	file = fdopen(fd, "w");
	fputs(yaml, file);
	fclose(file);
}

static struct config *load(const char *yaml)
{
	char *errors = NULL;
	struct config *config;

	write_file(yaml);
	config = config_load(path, &errors);
	unlink(path);
	cr_assert(config != NULL, "%s\n%s", yaml, errors);
	return config;
}

/* With the file's name taken off, so that expectations can start at the line. */
static char *errors_of(const char *yaml)
{
	char *errors = NULL, *text, *out;

	write_file(yaml);
	cr_assert_null(config_load(path, &errors), "%s", yaml);
	unlink(path);
	text = out = malloc(strlen(errors) + 1);
	for (char *line = strtok(errors, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		cr_assert_eq(strncmp(line, path, strlen(path)), 0, "%s", line);
		text += sprintf(text, "%s\n", line + strlen(path) + 1);
	}
	free(errors);
	return out;
}

#define LOG "policy_log: {path: /tmp/p.log}\n"

Test(config, embedded_default)
{
	char *errors = NULL;
	struct config *config = config_load(NULL, &errors);

	cr_assert(config != NULL, "%s", errors);
	cr_assert_eq(config->n_listen, 1);
	cr_expect_str_eq(config->listen[0].address, "127.0.0.1");
	cr_expect_eq(config->listen[0].port, 6432);
	cr_expect_eq(config->login_timeout_ms, 60000);
	cr_expect_eq(config->statement_bytes_max, 256u << 20);
	cr_expect_eq(config->log_fsync, LOG_FSYNC_ALWAYS);
	cr_expect_eq(config->policy.observe, false);
	cr_expect(config->notices);
	cr_expect_null(config->control_conninfo);
	cr_expect_not(config->two_persons);
	cr_expect_eq(config->hold_lasts_ms, 7 * 86400000);
	cr_expect_eq(config->approval_lasts_ms, 86400000);
	config_release(config);
}

/* The file that explains the defaults to people must not drift from those of policy/. */
Test(config, default_file_says_what_policy_means)
{
	char *errors = NULL;
	struct config *config = config_load(NULL, &errors);
	const struct policy_settings *want = &policy_settings_default;

	cr_assert(config != NULL, "%s", errors);
	cr_expect_eq(config->policy.small_table_rows, want->small_table_rows);
	cr_expect_eq(config->policy.small_table_bytes, want->small_table_bytes);
	cr_expect_eq(config->policy.lock_timeout_ms, want->lock_timeout_ms);
	cr_expect_eq(config->policy.lock_timeout_max_ms, want->lock_timeout_max_ms);
	cr_expect_eq(config->head_limits.text_bytes_max, head_limits_default.text_bytes_max);
	cr_expect_eq(config->head_limits.nesting_max, head_limits_default.nesting_max);
	config_release(config);
}

Test(config, the_default_file_documents_every_key)
{
	static const char *const keys[] = {"mode:", "notices:", "allow_replication:", "unix:",
		"certificate:", "key:", "client_ca:", "scram:", "direct:", "ca:", "conninfo:",
		"workers:", "guarded_text_bytes:", "operator_run:", "nesting:", "small_table:",
		"lock_retries:", "lock_retry_delay:", "rules:", "lease:", "on_bad_rows:",
		"on_bad_writes:", "release:", "release_after:", "rows_per_second:",
		"wal_bytes_per_second:", "duty_percent:", "throttle:", "table_latency_percent:",
		"key_file:", "fsync_interval:", "rotate_bytes:", "raw_text:", "lane:",
		"large_rows:", "roles:", "applications:", "tags:", "statements_per_second:",
		"concurrency:", "queue_max:", "idle_after:", "two_persons:", "within:",
		"lock_patience:", "lasts:", "client_slowdown:", "client_slowdown_for:"};
	FILE *file = fopen(SOURCE_DIR "/docs/phasegate.yaml", "r");
	char text[16384];

	cr_assert(file != NULL);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		cr_expect(strstr(text, keys[i]) != NULL, "%s", keys[i]);
}

Test(config, a_file_changes_what_it_names)
{
	struct config *config =
		load("mode: observe\n"
		     "listen:\n"
		     "  - {address: 0.0.0.0, port: 7000}\n"
		     "  - {unix: /tmp, port: 7001}\n"
		     "server: {host: /var/run/postgresql, port: 5433}\n"
		     "control: {conninfo: 'host=/tmp user=x'}\n"
		     "limits: {workers: 3, idle_timeout: 5min, drain_timeout: 1500}\n"
		     "policy: {small_table: {rows: 5, bytes: 16 kB}, lock_timeout: 1s}\n"
		     "backfill: {rows_per_second: 0}\n"
		     "approve: {two_persons: on, within: 0, lasts: 2h}\n"
		     "policy_log: {path: /tmp/p.log, fsync: interval, raw_text: yes}\n");

	cr_expect(config->policy.observe);
	cr_expect_not(config->notices, "observe mode sends none unless asked to");
	cr_assert_eq(config->n_listen, 2);
	cr_expect_null(config->listen[0].unix_dir);
	cr_expect_str_eq(config->listen[1].unix_dir, "/tmp");
	cr_expect_eq(config->listen[1].port, 7001);
	cr_expect_str_eq(config->server_host, "/var/run/postgresql");
	cr_expect_eq(config->server_port, 5433);
	cr_expect_str_eq(config->control_conninfo, "host=/tmp user=x");
	cr_expect_eq(config->workers, 3);
	cr_expect_eq(config->idle_timeout_ms, 300000);
	cr_expect_eq(config->drain_timeout_ms, 1500);
	cr_expect_eq(config->login_timeout_ms, 60000, "not named: the default stays");
	cr_expect_eq(config->policy.small_table_rows, 5.0);
	cr_expect_eq(config->policy.small_table_bytes, 16384);
	cr_expect_eq(config->policy.lock_timeout_ms, 1000);
	cr_expect_eq(config->rows_per_second, 0);
	cr_expect(config->two_persons);
	cr_expect_eq(config->hold_lasts_ms, 0);
	cr_expect_eq(config->approval_lasts_ms, 7200000);
	cr_expect_eq(config->log_fsync, LOG_FSYNC_INTERVAL);
	cr_expect(config->log_raw_text);
	cr_expect_str_eq(config->log_key_file, "/tmp/p.log.key");
	config_release(config);
}

Test(config, notices_can_be_asked_for_in_observe_mode)
{
	struct config *config = load("mode: observe\nnotices: on\n" LOG);

	cr_expect(config->notices);
	config_release(config);
}

Test(config, lists_of_names)
{
	struct config *config = load("lane:\n"
				     "  roles: [etl, 'night job']\n"
				     "  tags: []\n"
				     "listen: [{address: 127.0.0.1, port: 1}, {address: 127.0.0.1, "
				     "port: 2, lane: on}]\n" LOG);
	const struct lane_config *lane = &config->lane;

	cr_assert_eq(lane->roles.n, 2);
	cr_expect_str_eq(lane->roles.items[0], "etl");
	cr_expect_str_eq(lane->roles.items[1], "night job");
	cr_expect_eq(lane->tags.n, 0, "empty is not left out");
	cr_expect_eq(lane->applications.n, 0);
	cr_expect(!config->listen[0].lane && config->listen[1].lane);
	config_release(config);
	config = load("lane: {concurrency: 7}\n" LOG);
	cr_assert_eq(config->lane.tags.n, 1);
	cr_expect_str_eq(config->lane.tags.items[0], "backfill");
	cr_expect_eq(config->lane.limits.concurrency, 7);
	config_release(config);
}

Test(config, rules_as_a_mapping)
{
	struct config *config = load("rules: {drop-column: reject, set-not-null: warn}\n" LOG);
	const struct policy_settings *policy = &config->policy;
	bool seen[2] = {false, false};

	cr_assert_eq(policy->n_rules, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_null(policy->rules[i].table);
		if (strcmp(policy->rules[i].rule, "drop-column") == 0)
			seen[0] = policy->rules[i].verdict == VERDICT_REJECT;
		if (strcmp(policy->rules[i].rule, "set-not-null") == 0)
			seen[1] = policy->rules[i].verdict == VERDICT_WARN;
	}
	cr_expect(seen[0] && seen[1]);
	config_release(config);
}

Test(config, rules_as_a_list_keep_their_order)
{
	struct config *config =
		load("rules:\n"
		     "  - {rule: drop-column, verdict: reject}\n"
		     "  - {rule: drop-column, verdict: allow, database: app, user: u,\n"
		     "     application: psql, table: public.scratch}\n" LOG);
	const struct rule_setting *last = &config->policy.rules[1];

	cr_assert_eq(config->policy.n_rules, 2);
	cr_expect_eq(config->policy.rules[0].verdict, VERDICT_REJECT);
	cr_expect_null(config->policy.rules[0].user);
	cr_expect_eq(last->verdict, VERDICT_ALLOW);
	cr_expect_str_eq(last->database, "app");
	cr_expect_str_eq(last->user, "u");
	cr_expect_str_eq(last->application, "psql");
	cr_expect_str_eq(last->table, "public.scratch");
	config_release(config);
}

Test(config, no_rules_in_either_form)
{
	static const char *const forms[] = {LOG "rules: {}\n", LOG "rules: []\n"};

	for (size_t i = 0; i < 2; i++) {
		struct config *config = load(forms[i]);

		cr_expect_eq(config->policy.n_rules, 0);
		config_release(config);
	}
}

Test(config, wrong)
{
	static const struct {
		const char *yaml;
		const char *says; /* one line of the answer starts with it */
	} cases[] = {
		{LOG "moed: observe\n", "2: unknown key \"moed\" (did you mean mode?)"},
		{LOG "limits:\n  worker: 2\n",
			"3: unknown key \"limits.worker\" (did you mean workers?)"},
		{LOG "server:\n  tls:\n    verify: 1\n", "4: unknown key \"server.tls.verify\""},
		{LOG "limits: {login_timeout: 2 weeks}\n",
			"2: limits.login_timeout: \"2 weeks\" is not a duration"},
		{LOG "limits: {login_timeout: -1}\n",
			"2: limits.login_timeout: \"-1\" is not a duration"},
		{LOG "limits: {workers: many}\n",
			"2: limits.workers: \"many\" is not a whole number"},
		{LOG "limits: {workers: 9999}\n", "2: limits.workers: 9999 is more than 256"},
		{LOG "limits: {statement_bytes: 99999999999TB}\n",
			"2: limits.statement_bytes: \"99999999999TB\" is not a size"},
		{LOG "limits: {nesting: 1000000}\n",
			"2: limits.nesting may be lowered, not raised"},
		{LOG "lane: {concurrency: 0}\n", "2: lane.concurrency: 0 is less than 1"},
		{LOG "lane: {large_rows: 9999}\n", "2: lane.large_rows is less than 10000"},
		{LOG "lane:\n  roles: etl\n", "3: lane.roles must be a list"},
		{LOG "lane:\n  roles:\n    - {a: b}\n", "4: lane.roles must be one value"},
		{LOG "lane:\n  role: [etl]\n", "3: unknown key \"lane.role\" (did you mean roles"},
		{LOG "approve: {within: 30d}\n", "2: approve.within: "},
		{LOG "approve: {two_person: on}\n",
			"2: unknown key \"approve.two_person\" (did you mean two_persons?)"},
		{LOG "mode: enforcing\n", "2: mode: \"enforcing\" is none of enforce, observe (did "
					  "you mean enforce?)"},
		{LOG "notices: maybe\n", "2: notices: \"maybe\" is neither true nor false"},
		{LOG "rules: {drop-colum: reject}\n",
			"2: there is no rule \"drop-colum\" (did you mean drop-column"},
		{LOG "rules:\n  - {rule: drop-colum, verdict: warn}\n",
			"3: rules.rule: there is no rule \"drop-colum\" (did you mean drop-column"},
		{LOG "rules: {drop-column: rejected}\n",
			"2: rules.drop-column: \"rejected\" is none of allow, warn, rewrite, "
			"phase, hold, reject (did you mean reject?)"},
		{LOG "rules:\n  - {rule: drop-column}\n",
			"3: an entry of rules needs a rule and a verdict"},
		{LOG "rules: drop-column\n", "2: rules must be a mapping"},
		{LOG "listen: {port: 1}\n", "2: listen must be a list"},
		{LOG "listen: []\n", "2: listen needs at least one entry"},
		{LOG "listen:\n  - {port: 1}\n",
			"3: a listener has either an address or a unix directory"},
		{LOG "listen:\n  - {address: 127.0.0.1}\n", "3: a listener needs a port"},
		{LOG "listen:\n  - {address: 127.0.0.1, port: 65536}\n",
			"3: listen.port: 65536 is more than 65535"},
		{LOG "limits: 5\n", "2: limits must be a mapping"},
		{LOG "limits:\n", "2: limits must be a mapping"},
		{LOG "server: {host: [a, b]}\n", "2: server.host must be one value"},
		{LOG "server: {host: }\n", "2: server.host has no value"},
		{LOG "mode: observe\nmode: enforce\n", "3: \"mode\" stands here twice"},
		{LOG "mode: [\n", "3: not YAML"},
		{LOG "---\nmode: observe\n", "2: a second document"},
		{"- a\n", "1: the document must be a mapping"},
		{"mode: observe\n", " policy_log.path must be set"},
		{"", " policy_log.path must be set"},
		{LOG "client_tls: {mode: require}\n",
			"2: client_tls.mode require needs client_tls.certificate and"},
		{LOG "client_tls: {certificate: /nowhere/x}\n",
			"2: client_tls.certificate: cannot read /nowhere/x"},
		{LOG "client_tls: {client_ca: /etc/passwd}\n",
			"2: client_tls.client_ca needs client_tls.mode require"},
		{LOG "listen: [{unix: /nowhere, port: 1}]\n",
			"2: listen.unix: cannot read /nowhere"},
		{LOG "listen: [{unix: /etc/passwd, port: 1}]\n",
			"2: listen.unix: /etc/passwd is not a directory"},
		{LOG "server: {host: db.example}\n", "2: server.tls.mode must be written"},
		{LOG "server: {tls: {mode: verify-full}}\n",
			"2: server.tls.mode verify-full needs server.tls.ca"},
		{LOG "server: {tls: {key: /etc/passwd}}\n",
			"2: server.tls.certificate and server.tls.key go together"},
		{LOG "server: {tls: {direct: on}}\n", "2: server.tls.direct needs"},
		{LOG "server: {host: /tmp, tls: {mode: require}}\n",
			"2: PostgreSQL offers no TLS on a unix socket"},
		{LOG "policy: {lock_timeout: 10s}\n", "2: policy.lock_timeout is longer than"},
		{LOG "backfill: {batch_rows_first: 100000}\n",
			"2: backfill.batch_rows_first is more than"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *errors = errors_of(cases[i].yaml), wanted[512];

		snprintf(wanted, sizeof(wanted), "\n%s", cases[i].says);
		cr_expect(strstr(errors, wanted) != NULL ||
				  strncmp(errors, cases[i].says, strlen(cases[i].says)) == 0,
			"case %zu: %s\nwanted %s\ngot %s", i, cases[i].yaml, cases[i].says, errors);
		free(errors);
	}
}

Test(config, all_problems_in_one_run_by_line)
{
	char *errors = errors_of("moed: observe\n"
				 "limits: {login_timeout: soon}\n"
				 "rules: {drop-colum: reject, set-not-null: never}\n"
				 "server: {tls: {mode: verify-ca}}\n"
				 "client_tls: {mode: allow, key: /nowhere/key}\n");
	static const char *const lines[] = {" policy_log.path", "1: unknown key",
		"2: limits.login_timeout", "3: there is no rule", "3: rules.set-not-null",
		"4: server.tls.mode verify-ca", "4: TLS on both legs", "5: client_tls.key",
		"5: client_tls.mode allow"};
	char *at = errors;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_expect_eq(strncmp(at, lines[i], strlen(lines[i])), 0, "line %zu: %s", i, at);
		at = strchr(at, '\n') + 1;
	}
	cr_expect_str_eq(at, "");
	free(errors);
}

Test(config, tls_on_both_legs_needs_a_word_about_scram)
{
	static const struct {
		const char *client, *server, *scram;
		bool good;
	} cases[] = {
		{"require", "require", "relay", false},
		{"allow", "require", "relay", false},
		{"require", "require", "refuse", true},
		{"require", "disable", "relay", true},
		{"disable", "require", "relay", true},
		{"disable", "disable", "relay", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char yaml[512], *errors = NULL;
		struct config *config;

		snprintf(yaml, sizeof(yaml),
			LOG "client_tls: {mode: %s, certificate: /etc/passwd, key: /etc/passwd}\n"
			    "server: {scram: %s, tls: {mode: %s}}\n",
			cases[i].client, cases[i].scram, cases[i].server);
		write_file(yaml);
		config = config_load(path, &errors);
		unlink(path);
		cr_expect_eq(config != NULL, cases[i].good, "case %zu: %s", i, errors);
		if (config == NULL)
			cr_expect(strstr(errors, "channel binding") != NULL, "%s", errors);
		free(errors);
		config_release(config);
	}
}

Test(config, a_file_that_is_not_there)
{
	char *errors = NULL;

	cr_assert_null(config_load("/nowhere/phasegate.yaml", &errors));
	cr_expect_str_eq(
		errors, "/nowhere/phasegate.yaml: cannot read it: No such file or directory\n");
	free(errors);
}

Test(config, lives_until_the_last_reference)
{
	struct config *config = load("server: {host: 127.0.0.9}\n" LOG);

	cr_assert_eq(config_hold(config), config);
	config_release(config);
	cr_expect_str_eq(config->server_host, "127.0.0.9");
	config_release(config);
	config_release(NULL);
}

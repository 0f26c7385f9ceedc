/* SPDX-License-Identifier: PostgreSQL */
/*
 * Loading happens twice over: the embedded default fills every member, then the file changes what
 * it names.  Checks between settings come last, on the result, and whatever else is wrong.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "arena.h"
#include "config_check.h"
#include "config_schema.h"
#include "config_setting.h"
#include "lane_session.h"
#include "must.h"
#include "rule.h"

extern const char config_default_yaml[];

enum { FILE_BYTES_MAX = 1 << 20 };

/* One document being applied. */
struct loading {
	struct config *config;
	struct arena *arena; /* the config's own */
	struct problems problems;
	yaml_document_t *document; /* NULL: empty file */
	const struct document *text;
};

static void report(struct loading *loading, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void report(struct loading *loading, const char *path, const char *fmt, ...)
{
	va_list args;
	const char *text;

	va_start(args, fmt);
	text = arena_vprintf(loading->arena, fmt, args);
	va_end(args);
	problem_add(&loading->problems,
		loading->document == NULL ? 0 : config_line(loading->document, path), "%s", text);
}

static void apply(
	struct arena *arena, const struct setting *rows, size_t n, const void *text, void *base)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = *(char *const *)((const char *)text + rows[i].text_offset);

		/* What is wrong has been reported: leave the default, so that the checks that
		 * follow can run. */
		if (value != NULL && setting_wrong(arena, &rows[i], value) == NULL)
			setting_store(arena, &rows[i], value, base);
	}
}

static struct text_list copied_list(struct arena *arena, const struct list_text *text)
{
	const char **items = arena_alloc(arena, (text->n + 1) * sizeof(*items));

	for (unsigned i = 0; i < text->n; i++)
		items[i] = arena_strdup(arena, text->items[i]);
	return (struct text_list){items, text->n};
}

static void apply_lists(struct loading *loading)
{
	for (size_t i = 0; i < n_list_settings; i++) {
		const struct setting *list = &list_settings[i];
		const char *path = arena_printf(loading->arena, "%s.%s", list->section, list->key);

		/* An empty one takes the default's place, too. */
		if (loading->document == NULL || !config_has(loading->document, path))
			continue;
		*(struct text_list *)((char *)loading->config + list->offset) = copied_list(
			loading->arena, (const struct list_text *)((const char *)loading->text +
								   list->text_offset));
	}
}

static void check_listener(struct loading *loading, struct listen_config *listen, size_t i)
{
	struct sockaddr_un address;
	size_t line = config_entry_line(loading->document, "listen", i);

	if ((listen->address == NULL) == (listen->unix_dir == NULL))
		problem_add(&loading->problems, line,
			"a listener has either an address or a unix directory");
	if (loading->text->listen[i].port == NULL)
		problem_add(&loading->problems, line, "a listener needs a port");
	if (listen->unix_dir != NULL &&
		strlen(listen->unix_dir) + sizeof("/.s.PGSQL.65535") > sizeof(address.sun_path))
		problem_add(&loading->problems, line, "%s is too long for a unix socket",
			listen->unix_dir);
}

static void apply_listen(struct loading *loading)
{
	const struct document *text = loading->text;
	struct listen_config *listen;

	/* libcyaml makes nothing of an empty list, which is not the same as none written. */
	if (loading->document == NULL || config_line(loading->document, "listen") == 0)
		return;
	listen = arena_alloc(loading->arena, (text->n_listen + 1) * sizeof(*listen));
	for (unsigned i = 0; i < text->n_listen; i++) {
		apply(loading->arena, listen_settings, n_listen_settings, &text->listen[i],
			&listen[i]);
		check_listener(loading, &listen[i], i);
	}
	loading->config->listen = listen;
	loading->config->n_listen = text->n_listen;
}

static void apply_rule_list(struct loading *loading, struct rule_setting *rules)
{
	const struct document *text = loading->text;

	for (unsigned i = 0; i < text->n_rules; i++) {
		apply(loading->arena, rules_settings, n_rules_settings, &text->rules[i], &rules[i]);
		if (text->rules[i].rule == NULL || text->rules[i].verdict == NULL)
			problem_add(&loading->problems,
				config_entry_line(loading->document, "rules", i),
				"an entry of rules needs a rule and a verdict");
	}
}

/* Order between different rules does not matter, so the catalogue's will do. */
static size_t apply_rule_mapping(struct loading *loading, struct rule_setting *rules)
{
	const struct setting *verdict = setting_find("rules", "verdict");
	size_t n = 0;

	for (size_t i = 0; i < n_rules_all; i++) {
		const char *text = loading->text->rule_verdicts[i];

		if (text == NULL || setting_wrong(loading->arena, verdict, text) != NULL)
			continue;
		rules[n].rule = rules_all[i]->id;
		setting_store(loading->arena, verdict, text, &rules[n++]);
	}
	return n;
}

static void apply_rules(struct loading *loading)
{
	const struct document *text = loading->text;
	size_t n = text->rules != NULL ? text->n_rules : n_rules_all;
	struct rule_setting *rules = arena_alloc(loading->arena, (n + 1) * sizeof(*rules));

	if (text->rules != NULL)
		apply_rule_list(loading, rules);
	else if (text->rule_verdicts != NULL)
		n = apply_rule_mapping(loading, rules);
	else
		return;
	loading->config->policy.rules = rules;
	loading->config->policy.n_rules = n;
}

static bool local(const char *host)
{
	return host[0] == '/' || strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       strncmp(host, "127.", 4) == 0;
}

/* A file may say `tls: {mode: disable}` for a remote server, but it has to say so. */
static void check_server_tls(struct loading *loading)
{
	struct config *config = loading->config;

	if (!local(config->server_host) && loading->text->server_tls.mode == NULL)
		report(loading, "server",
			"server.tls.mode must be written for a server that is not local: "
			"verify-full, or disable "
			"if nobody can listen on the network between");
	if (config->server_tls >= SERVER_TLS_VERIFY_CA && loading->text->server_tls.ca == NULL)
		report(loading, "server.tls.mode",
			"server.tls.mode %s needs server.tls.ca, the certificate to check against",
			loading->text->server_tls.mode);
	if ((loading->text->server_tls.certificate == NULL) !=
		(loading->text->server_tls.key == NULL))
		report(loading, "server.tls",
			"server.tls.certificate and server.tls.key go together");
	if (config->server_tls_direct && config->server_tls == SERVER_TLS_DISABLE)
		report(loading, "server.tls.direct",
			"server.tls.direct needs a server.tls.mode other than disable");
	if (config->server_tls != SERVER_TLS_DISABLE && config->server_host[0] == '/')
		report(loading, "server.tls.mode",
			"PostgreSQL offers no TLS on a unix socket: set server.tls.mode to "
			"disable");
}

static void check_client_tls(struct loading *loading)
{
	const struct client_tls_text *text = &loading->text->client_tls;
	struct config *config = loading->config;

	if (config->client_tls != TLS_DISABLE && (text->certificate == NULL || text->key == NULL))
		report(loading, "client_tls.mode",
			"client_tls.mode %s needs client_tls.certificate and client_tls.key",
			text->mode);
	if (text->client_ca != NULL && config->client_tls != TLS_REQUIRE)
		report(loading, "client_tls.client_ca",
			"client_tls.client_ca needs client_tls.mode require: else a client without "
			"a "
			"certificate comes in without TLS");
}

/*
 * libpq's default, channel_binding=prefer, ties the password exchange to the server's own
 * certificate as soon as both legs have TLS: then it fails whether SCRAM-SHA-256-PLUS is passed on
 * or taken away.
 */
static void check_scram(struct loading *loading)
{
	const struct config *config = loading->config;

	if (config->client_tls == TLS_DISABLE || config->server_tls == SERVER_TLS_DISABLE ||
		config->server_scram_refused)
		return;
	report(loading, "server.tls.mode",
		"TLS on both legs breaks SCRAM logins: channel binding ties a client's password to "
		"the "
		"server's certificate, and the client sees the proxy's.  Ways out: connect to the "
		"server "
		"by unix socket or trusted network (server.tls.mode: disable); or take clients "
		"without "
		"TLS (client_tls.mode: disable); or log in without SCRAM and say so (server.scram: "
		"refuse)");
}

static void check_limits(struct loading *loading)
{
	const struct config *config = loading->config;
	const struct head_limits *limits = &config->head_limits, *most = &head_limits_default;

	if (limits->text_bytes_max > most->text_bytes_max)
		report(loading, "limits.guarded_text_bytes",
			"limits.guarded_text_bytes may be lowered, not raised: the parser's stack "
			"is measured for %zu",
			most->text_bytes_max);
	if (limits->operator_run_max > most->operator_run_max)
		report(loading, "limits.operator_run",
			"limits.operator_run may be lowered, not raised above %u",
			most->operator_run_max);
	if (limits->nesting_max > most->nesting_max)
		report(loading, "limits.nesting",
			"limits.nesting may be lowered, not raised above %u", most->nesting_max);
	if (config->policy.lock_timeout_ms > config->policy.lock_timeout_max_ms)
		report(loading, "policy.lock_timeout",
			"policy.lock_timeout is longer than policy.lock_timeout_max");
	if (config->lane.large_rows > 0 && config->lane.large_rows < LANE_LARGE_ROWS_MIN)
		report(loading, "lane.large_rows",
			"lane.large_rows is less than %d: that is no backfill; 0 turns it off",
			LANE_LARGE_ROWS_MIN);
	if (config->batch_rows_first > config->batch_rows_max)
		report(loading, "backfill.batch_rows_first",
			"backfill.batch_rows_first is more than backfill.batch_rows_max");
}

/* "22:00-06:00" */
static bool time_window(const char *text)
{
	unsigned from, from_minute, to, to_minute;
	int n = 0;

	if (sscanf(text, "%2u:%2u-%2u:%2u%n", &from, &from_minute, &to, &to_minute, &n) != 4)
		return false;
	return text[n] == '\0' && from < 24 && to < 24 && from_minute < 60 && to_minute < 60 &&
	       (from != to || from_minute != to_minute);
}

static void check_throttle(struct loading *loading)
{
	const struct config *config = loading->config;

	if (*config->signal_window != '\0' && !time_window(config->signal_window))
		report(loading, "backfill.throttle.window",
			"backfill.throttle.window: \"%s\" is not a part of the day such as "
			"22:00-06:00",
			config->signal_window);
	if (strlen(config->signal_sql) >= SIGNAL_TEXT_MAX)
		report(loading, "backfill.throttle.sql",
			"backfill.throttle.sql is longer than %d bytes: make it a function",
			SIGNAL_TEXT_MAX - 1);
}

static void check_file(struct loading *loading)
{
	struct config *config = loading->config;

	if (config->n_listen == 0)
		report(loading, "listen", "listen needs at least one entry");
	if (*config->server_host == '\0')
		report(loading, "server.host", "server.host is empty");
	if (*config->log_path == '\0')
		report(loading, "policy_log.path",
			"policy_log.path must be set: no statement is decided without a record of "
			"it");
	check_client_tls(loading);
	check_server_tls(loading);
	check_scram(loading);
	check_limits(loading);
	check_throttle(loading);
}

static void fill_in(struct loading *loading)
{
	struct config *config = loading->config;

	if (loading->text->root.notices == NULL)
		config->notices = !config->policy.observe;
	if (config->log_key_file == NULL || *config->log_key_file == '\0')
		config->log_key_file = arena_printf(loading->arena, "%s.key", config->log_path);
}

/* checked: a file of the operator's, and not the embedded default, which names no log. */
static void apply_document(struct loading *loading, bool checked)
{
	apply(loading->arena, settings, n_settings, loading->text, loading->config);
	apply_listen(loading);
	apply_lists(loading);
	apply_rules(loading);
	if (checked)
		check_file(loading);
	fill_in(loading);
}

static void load_parsed(struct loading *loading, const char *yaml, size_t len, bool checked)
{
	const cyaml_schema_value_t *schema =
		config_schema(loading->arena, config_rules_listed(loading->document));
	struct document *document = NULL;
	const char *error;
	bool shape_ok = config_check(&loading->problems, loading->document, schema);

	if (!shape_ok)
		return;
	if (document_load(loading->arena, yaml, len, schema, &document, &error) != 0)
		problem_add(&loading->problems, 0, "%s", error);
	loading->text = document;
	if (document != NULL)
		apply_document(loading, checked);
	document_free(schema, document);
}

static void load_text(struct loading *loading, const char *yaml, size_t len, bool checked)
{
	static const struct document nothing;
	yaml_document_t document;

	if (config_parse(&loading->problems, yaml, len, &document) != 0)
		return;
	if (yaml_document_get_root_node(&document) != NULL) {
		loading->document = &document;
		load_parsed(loading, yaml, len, checked);
		loading->document = NULL;
	} else {
		loading->text = &nothing;
		apply_document(loading, checked);
	}
	yaml_document_delete(&document);
}

static void load_file(struct loading *loading, const char *path)
{
	FILE *file = fopen(path, "re");
	char *yaml;
	size_t n;

	if (file == NULL) {
		problem_add(&loading->problems, 0, "cannot read it: %s", strerror(errno));
		return;
	}
	yaml = arena_alloc(loading->arena, FILE_BYTES_MAX);
	n = fread(yaml, 1, FILE_BYTES_MAX, file);
	if (ferror(file))
		problem_add(&loading->problems, 0, "cannot read it: %s", strerror(errno));
	else if (n == FILE_BYTES_MAX)
		problem_add(
			&loading->problems, 0, "it is larger than %d bytes", FILE_BYTES_MAX - 1);
	else
		load_text(loading, yaml, n, true);
	fclose(file);
}

static void config_free(struct config *config)
{
	struct arena *arena = config->storage;

	arena_free(arena);
	free(arena);
	free(config);
}

static struct config *config_new(void)
{
	struct config *config = must(calloc(1, sizeof(*config)));
	struct arena *arena = must(calloc(1, sizeof(*arena)));

	config->head_limits = head_limits_default;
	config->policy = policy_settings_default;
	config->log_path = "";
	config->storage = arena;
	atomic_init(&config->references, 1);
	return config;
}

struct config *config_load(const char *path, char **errors)
{
	struct config *config = config_new();
	struct loading loading = {
		.config = config,
		.arena = config->storage,
		.problems = {.arena = config->storage, .file = "embedded default"},
	};

	load_text(&loading, config_default_yaml, strlen(config_default_yaml), false);
	if (path != NULL && loading.problems.n == 0) {
		loading.problems.file = arena_strdup(loading.arena, path);
		config->log_key_file = NULL;
		load_file(&loading, path);
	}
	if (loading.problems.n == 0)
		return config;
	*errors = problems_text(&loading.problems);
	config_free(config);
	return NULL;
}

struct config *config_hold(struct config *config)
{
	atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
	return config;
}

void config_release(struct config *config)
{
	/* Whoever frees must see every access of the others as done. */
	if (config != NULL &&
		atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) == 1)
		config_free(config);
}

/* SPDX-License-Identifier: PostgreSQL */
/* Settings that sessions start with, and how a reload replaces them. */
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug_log.h"
#include "endpoints.h"
#include "proxy_internal.h"
#include "tls.h"

struct config *proxy_config(struct proxy *proxy)
{
	struct config *config;

	pthread_mutex_lock(&proxy->config_lock);
	config = config_hold(proxy->settings.config);
	pthread_mutex_unlock(&proxy->config_lock);
	return config;
}

struct proxy_settings proxy_settings_hold(struct proxy *proxy)
{
	struct proxy_settings settings;

	pthread_mutex_lock(&proxy->config_lock);
	settings = proxy->settings;
	config_hold(settings.config);
	endpoints_hold(settings.server);
	if (settings.client_tls != NULL)
		SSL_CTX_up_ref(settings.client_tls);
	if (settings.server_tls != NULL)
		SSL_CTX_up_ref(settings.server_tls);
	pthread_mutex_unlock(&proxy->config_lock);
	return settings;
}

void proxy_settings_release(struct proxy_settings *settings)
{
	if (settings->config != NULL)
		config_release(settings->config);
	endpoints_release(settings->server);
	SSL_CTX_free(settings->client_tls);
	SSL_CTX_free(settings->server_tls);
	*settings = (struct proxy_settings){0};
}

int proxy_settings_make(struct config *config, struct proxy_settings *out, char **error)
{
	*error = NULL;
	*out = (struct proxy_settings){.config = config_hold(config)};
	if (tls_for_clients(config, &out->client_tls, error) == 0 &&
		tls_for_server(config, &out->server_tls, error) == 0) {
		out->server = endpoints_resolve(config->server_host, config->server_port, error);
		if (out->server != NULL)
			return 0;
	}
	proxy_settings_release(out);
	return -1;
}

void proxy_settings_replace(struct proxy *proxy, struct proxy_settings *settings)
{
	struct proxy_settings old;

	pthread_mutex_lock(&proxy->config_lock);
	old = proxy->settings;
	proxy->settings = *settings;
	pthread_mutex_unlock(&proxy->config_lock);
	*settings = (struct proxy_settings){0};
	proxy_settings_release(&old);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_listen(const struct config *a, const struct config *b)
{
	if (a->n_listen != b->n_listen)
		return false;
	for (size_t i = 0; i < a->n_listen; i++)
		if (!same_text(a->listen[i].address, b->listen[i].address) ||
			!same_text(a->listen[i].unix_dir, b->listen[i].unix_dir) ||
			a->listen[i].port != b->listen[i].port ||
			a->listen[i].lane != b->listen[i].lane)
			return false;
	return true;
}

/* What is made once, at start. */
static void warn_of_restart(const struct config *old, const struct config *new)
{
	const struct {
		const char *key;
		bool same;
	} keys[] = {
		{"listen", same_listen(old, new)},
		{"workers", old->workers == new->workers},
		{"control_conninfo", same_text(old->control_conninfo, new->control_conninfo)},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!keys[i].same)
			log_warn("the new value of \"%s\" takes effect at the next start",
				keys[i].key);
}

/* Takes effect as a whole or not at all. */
static int apply(struct proxy *proxy, struct config *config, char **error)
{
	struct proxy_settings settings;

	if (proxy_settings_make(config, &settings, error) != 0)
		return -1;
	if (policy_log_reconfigure(proxy->log, config, error) != 0) {
		proxy_settings_release(&settings);
		return -1;
	}
	if (proxy->engine != NULL)
		change_engine_reconfigure(proxy->engine, config);
	warn_of_restart(proxy->settings.config, config);
	proxy_settings_replace(proxy, &settings);
	return 0;
}

void proxy_reload(struct proxy *proxy)
{
	char *error = NULL;
	struct config *config = config_load(proxy->config_path, &error);
	bool done = config != NULL && apply(proxy, config, &error) == 0;

	if (done) {
		log_info("configuration reloaded: %s mode",
			config->policy.observe ? "OBSERVE" : "enforce");
		policy_log_event(
			proxy->log, "reload", "configuration reloaded", config->policy.observe);
	} else {
		log_error("the configuration stays as it was");
		proxy_print_problems(error);
	}
	free(error);
	if (config != NULL)
		config_release(config);
}

void proxy_print_problems(const char *text)
{
	if (text == NULL)
		text = "out of memory";
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		log_error("%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

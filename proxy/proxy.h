/* SPDX-License-Identifier: PostgreSQL */
/* The process: what all workers share.  `phasegate serve` makes one and runs it until it drained.
 */
#ifndef PROXY_H
#define PROXY_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

struct barriers;
struct cancel_registry;
struct change_engine;
struct endpoints;
struct lanes;
struct latency_board;
struct policy_log;
struct worker;

struct proxy {
	const char *config_path;
	struct worker *workers;
	unsigned n_workers;
	struct policy_log *log;
	struct change_engine *engine; /* NULL: no control connection configured */
	struct cancel_registry *cancels;
	struct lanes *lanes;
	struct barriers *barriers;
	struct latency_board *latency; /* a place for each worker */
	atomic_uint n_sessions;
	atomic_uint_fast64_t next_session;
	atomic_bool draining;
	pthread_mutex_t config_lock; /* guards what follows; take references under it */
	struct proxy_settings {
		struct config *config;
		SSL_CTX *client_tls; /* NULL: listener offers none */
		SSL_CTX *server_tls; /* NULL: plain */
		struct endpoints *server; /* addresses of the server, looked up at the last load */
	} settings;
};

/* The configuration in force, with a reference for the caller. */
struct config *proxy_config(struct proxy *proxy);

/* All of it, with a reference to each for the caller: what a new session starts with. */
struct proxy_settings proxy_settings_hold(struct proxy *proxy);
void proxy_settings_release(struct proxy_settings *settings);

/* Runs until SIGTERM or SIGINT has drained all sessions.  config is held as long as it is used.
 * Exit status for main. */
int proxy_serve(const char *config_path, struct config *config);

#endif

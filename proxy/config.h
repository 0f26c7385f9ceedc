/* SPDX-License-Identifier: PostgreSQL */
/*
 * The configuration file: one YAML document, read with libcyaml against a schema.  Every key has
 * a default (docs/phasegate.yaml shows and explains them all and is the embedded default).
 * A loaded config is immutable and reference-counted: SIGHUP loads another, sessions keep
 * the one they use until they ask again.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "head.h"
#include "lane_budget.h"
#include "settings.h"
#include "signals.h"

enum tls_mode { TLS_DISABLE, TLS_ALLOW, TLS_REQUIRE }; /* listener: allow = when the client asks */
enum server_tls {
	SERVER_TLS_DISABLE,
	SERVER_TLS_REQUIRE,
	SERVER_TLS_VERIFY_CA,
	SERVER_TLS_VERIFY_FULL
};
enum log_fsync { LOG_FSYNC_ALWAYS, LOG_FSYNC_INTERVAL, LOG_FSYNC_NEVER };

struct listen_config {
	const char *address; /* TCP address to bind, or NULL */
	const char *unix_dir; /* directory of the .s.PGSQL.<port> socket, or NULL */
	uint16_t port;
	bool lane; /* what comes in here is backfill */
};

struct text_list {
	const char *const *items;
	size_t n;
};

/* Client traffic that is backfill. */
struct lane_config {
	struct text_list roles, applications, tags;
	int idle_ms; /* after so long an idle transaction gives up its place; 0: never */
	int64_t large_rows; /* of one statement of anybody's; 0: never mind */
	struct lane_limits limits;
};

struct config {
	/* listen */
	const struct listen_config *listen;
	size_t n_listen;
	enum tls_mode client_tls;
	const char *client_tls_cert, *client_tls_key;
	const char *client_tls_ca; /* clients must show a certificate of it */
	/* server */
	const char *server_host; /* name, address, or, with a / first, a unix socket's directory */
	uint16_t server_port;
	enum server_tls server_tls;
	bool server_tls_direct; /* ALPN at once, no SSLRequest (PostgreSQL 17 and up) */
	bool server_scram_refused; /* no SCRAM here, the operator says; for TLS on both legs */
	const char *server_tls_ca, *server_tls_cert, *server_tls_key;
	bool allow_replication;
	/* control: libpq conninfo of the change engine, without dbname; NULL: no engine */
	const char *control_conninfo;
	/* limits */
	unsigned workers; /* 0: number of cores */
	unsigned sessions_max;
	/* 0: none */
	int login_timeout_ms, tls_handshake_timeout_ms, idle_timeout_ms, drain_timeout_ms;
	size_t statement_bytes_max; /* of one Query or Parse message; above: refused */
	struct head_limits head_limits;
	/* policy */
	struct policy_settings policy;
	bool notices; /* send NoticeResponse for warnings; in observe mode off unless asked for */
	int lock_retry_max, lock_retry_delay_ms; /* on 55P03 under our own lock_timeout */
	/* changes */
	int lease_ms; /* whoever is silent for so long has lost its change to others */
	bool release_automatic; /* what soaks goes on by itself, */
	int release_after_ms; /* after so long */
	int client_errors_max; /* within a minute, in the trigger of a change; 0: any number */
	int client_slowdown_times, client_slowdown_ms; /* by so many times for so long; 0: any */
	int lock_patience_ms; /* behind the first step, when those retries are over; 0: none */
	bool keep_bad_rows; /* in the way of a change: wait for people instead of undoing it */
	/* approvals */
	bool two_persons; /* whoever approves has logged in as another role than whoever sent it */
	int hold_lasts_ms, approval_lasts_ms; /* 0: for good */
	/* backfill */
	int64_t rows_per_second, wal_bytes_per_second; /* 0: no limit */
	int duty_percent;
	int batch_target_ms, batch_rows_first, batch_rows_max;
	int64_t batch_bytes_max;
	int vacuum_percent; /* of dead rows; 0: never */
	/* backfill.throttle */
	int64_t signal_bounds[SIGNALS]; /* 0: not looked at */
	const char *signal_sql, *signal_window; /* "": none */
	int blocking_ms;
	struct lane_config lane;
	/* policy log */
	const char *log_path; /* "" : standard error is refused; a path is needed for serve */
	const char *log_key_file; /* raw key bytes, mode 0600; made when missing */
	enum log_fsync log_fsync;
	int log_fsync_interval_ms;
	uint64_t log_rotate_bytes; /* 0: never */
	bool log_raw_text; /* also the text as sent, literals included */

	atomic_uint references;
	void *storage; /* owned by config.c */
};

/*
 * path NULL: the embedded default.  Returns a config with one reference, or NULL with *errors a
 * malloc'ed list of every problem found, one a line ("file:line: what and what to do").
 */
struct config *config_load(const char *path, char **errors);
struct config *config_hold(struct config *config);
void config_release(struct config *config);

#endif

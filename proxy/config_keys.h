/* SPDX-License-Identifier: PostgreSQL */
/* clang-format off */
/*
 * Every key of the configuration file, once.  One list for each mapping:
 *   KEY(section, key, kind, words, struct, member, min, max)
 * section names struct <section>_text and its row in config_setting.c; the value is checked as
 * kind (config_setting.h) says and stored in that struct's member.  min and max are in the unit
 * stored: milliseconds, bytes or a count.  docs/phasegate.yaml explains them to people.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#undef unix /* GNU C predefines it as 1 */

#define ROOT_KEYS(KEY) \
	KEY(root, mode,              WORD,  mode_words,       config, policy.observe,         0, 0) \
	KEY(root, notices,           BOOL,  NULL,             config, notices,                0, 0) \
	KEY(root, allow_replication, BOOL,  NULL,             config, allow_replication,      0, 0)

#define LISTEN_KEYS(KEY) \
	KEY(listen, address, TEXT,      NULL, listen_config, address,  0, 0) \
	KEY(listen, unix,    DIRECTORY, NULL, listen_config, unix_dir, 0, 0) \
	KEY(listen, port,    COUNT,     NULL, listen_config, port,     1, UINT16_MAX) \
	KEY(listen, lane,    BOOL,      NULL, listen_config, lane,     0, 0)

#define CLIENT_TLS_KEYS(KEY) \
	KEY(client_tls, mode,        WORD, client_tls_words, config, client_tls,      0, 0) \
	KEY(client_tls, certificate, FILE, NULL,             config, client_tls_cert, 0, 0) \
	KEY(client_tls, key,         FILE, NULL,             config, client_tls_key,  0, 0) \
	KEY(client_tls, client_ca,   FILE, NULL,             config, client_tls_ca,   0, 0)

#define SERVER_KEYS(KEY) \
	KEY(server, host,  TEXT,  NULL,        config, server_host,          0, 0) \
	KEY(server, port,  COUNT, NULL,        config, server_port,          1, UINT16_MAX) \
	KEY(server, scram, WORD,  scram_words, config, server_scram_refused, 0, 0)

#define SERVER_TLS_KEYS(KEY) \
	KEY(server_tls, mode,        WORD, server_tls_words, config, server_tls,        0, 0) \
	KEY(server_tls, direct,      BOOL, NULL,             config, server_tls_direct, 0, 0) \
	KEY(server_tls, ca,          FILE, NULL,             config, server_tls_ca,     0, 0) \
	KEY(server_tls, certificate, FILE, NULL,             config, server_tls_cert,   0, 0) \
	KEY(server_tls, key,         FILE, NULL,             config, server_tls_key,    0, 0)

#define CONTROL_KEYS(KEY) \
	KEY(control, conninfo, TEXT, NULL, config, control_conninfo, 0, 0)

#define LIMITS_KEYS(KEY) \
	KEY(limits, workers,               COUNT, NULL, config, workers,                       0, 256) \
	KEY(limits, sessions,              COUNT, NULL, config, sessions_max,                  1, 1000000) \
	KEY(limits, login_timeout,         MS,    NULL, config, login_timeout_ms,              0, INT32_MAX) \
	KEY(limits, tls_handshake_timeout, MS,    NULL, config, tls_handshake_timeout_ms,      0, INT32_MAX) \
	KEY(limits, idle_timeout,          MS,    NULL, config, idle_timeout_ms,               0, INT32_MAX) \
	KEY(limits, drain_timeout,         MS,    NULL, config, drain_timeout_ms,              0, INT32_MAX) \
	KEY(limits, statement_bytes,       BYTES, NULL, config, statement_bytes_max,           1024, 0x3fffffff) \
	KEY(limits, guarded_text_bytes,    BYTES, NULL, config, head_limits.text_bytes_max,    64, 0x3fffffff) \
	KEY(limits, operator_run,          COUNT, NULL, config, head_limits.operator_run_max,  1, INT32_MAX) \
	KEY(limits, nesting,               COUNT, NULL, config, head_limits.nesting_max,       1, INT32_MAX)

#define POLICY_KEYS(KEY) \
	KEY(policy, lock_timeout,     MS,    NULL, config, policy.lock_timeout_ms,     1, INT32_MAX) \
	KEY(policy, lock_timeout_max, MS,    NULL, config, policy.lock_timeout_max_ms, 1, INT32_MAX) \
	KEY(policy, lock_retries,     COUNT, NULL, config, lock_retry_max,             0, 1000) \
	KEY(policy, lock_retry_delay, MS,    NULL, config, lock_retry_delay_ms,        1, INT32_MAX)

#define SMALL_TABLE_KEYS(KEY) \
	KEY(small_table, rows,  REAL,  NULL, config, policy.small_table_rows,  0, INT64_MAX) \
	KEY(small_table, bytes, BYTES, NULL, config, policy.small_table_bytes, 0, INT64_MAX)

#define RULES_KEYS(KEY) \
	KEY(rules, rule,        RULE,    NULL, rule_setting, rule,        0, 0) \
	KEY(rules, verdict,     VERDICT, NULL, rule_setting, verdict,     0, 0) \
	KEY(rules, database,    TEXT,    NULL, rule_setting, database,    0, 0) \
	KEY(rules, user,        TEXT,    NULL, rule_setting, user,        0, 0) \
	KEY(rules, application, TEXT,    NULL, rule_setting, application, 0, 0) \
	KEY(rules, table,       TEXT,    NULL, rule_setting, table,       0, 0)

#define CHANGES_KEYS(KEY) \
	KEY(changes, lease,         MS,   NULL,           config, lease_ms,          1000, 3600000) \
	KEY(changes, lock_patience, MS,   NULL,           config, lock_patience_ms,  0, 3600000) \
	KEY(changes, on_bad_rows,   WORD, bad_rows_words, config, keep_bad_rows,     0, 0) \
	KEY(changes, on_bad_writes, WORD, bad_writes_words, config, policy.accept_bad_writes, 0, 0) \
	KEY(changes, release,       WORD, release_words,  config, release_automatic, 0, 0) \
	KEY(changes, release_after, MS,   NULL,           config, release_after_ms,  0, INT32_MAX) \
	KEY(changes, client_errors, COUNT, NULL,          config, client_errors_max, 0, 1000000) \
	KEY(changes, client_slowdown,     COUNT, NULL, config, client_slowdown_times, 0, 1000000) \
	KEY(changes, client_slowdown_for, MS,    NULL, config, client_slowdown_ms,    1000, 3600000)

#define APPROVE_KEYS(KEY) \
	KEY(approve, two_persons, BOOL, NULL, config, two_persons,       0, 0) \
	KEY(approve, within,      MS,   NULL, config, hold_lasts_ms,     0, INT32_MAX) \
	KEY(approve, lasts,       MS,   NULL, config, approval_lasts_ms, 0, INT32_MAX)

#define BACKFILL_KEYS(KEY) \
	KEY(backfill, rows_per_second,      COUNT, NULL, config, rows_per_second,      0, INT64_MAX) \
	KEY(backfill, wal_bytes_per_second, BYTES, NULL, config, wal_bytes_per_second, 0, INT64_MAX) \
	KEY(backfill, duty_percent,         COUNT, NULL, config, duty_percent,         1, 100) \
	KEY(backfill, batch_target,         MS,    NULL, config, batch_target_ms,      1, 3600000) \
	KEY(backfill, batch_rows_first,     COUNT, NULL, config, batch_rows_first,     1, 10000000) \
	KEY(backfill, batch_rows_max,       COUNT, NULL, config, batch_rows_max,       1, 10000000) \
	KEY(backfill, batch_bytes_max,      BYTES, NULL, config, batch_bytes_max,      8192, INT64_MAX) \
	KEY(backfill, vacuum_percent,       COUNT, NULL, config, vacuum_percent,       0, 100)

#define THROTTLE_KEYS(KEY) \
	KEY(throttle, standby_lag,           MS,    NULL, config, signal_bounds[SIGNAL_STANDBY_LAG],     0, 86400000) \
	KEY(throttle, standby_lag_bytes,     BYTES, NULL, config, signal_bounds[SIGNAL_STANDBY_BYTES],   0, INT64_MAX) \
	KEY(throttle, slot_bytes,            BYTES, NULL, config, signal_bounds[SIGNAL_SLOT_BYTES],      0, INT64_MAX) \
	KEY(throttle, archiver,              BOOL,  NULL, config, signal_bounds[SIGNAL_ARCHIVER],        0, 0) \
	KEY(throttle, active_sessions,       COUNT, NULL, config, signal_bounds[SIGNAL_ACTIVE_SESSIONS], 0, 1000000) \
	KEY(throttle, lock_waiters,          COUNT, NULL, config, signal_bounds[SIGNAL_LOCK_WAITERS],    0, 1000000) \
	KEY(throttle, checkpoints,           COUNT, NULL, config, signal_bounds[SIGNAL_CHECKPOINTS],     0, 1000000) \
	KEY(throttle, latency_percent,       COUNT, NULL, config, signal_bounds[SIGNAL_LATENCY],         0, 100000) \
	KEY(throttle, table_latency_percent, COUNT, NULL, config, signal_bounds[SIGNAL_TABLE_LATENCY],   0, 100000) \
	KEY(throttle, sql,                   TEXT,  NULL, config, signal_sql,                            0, 0) \
	KEY(throttle, window,                TEXT,  NULL, config, signal_window,                         0, 0) \
	KEY(throttle, blocking,              MS,    NULL, config, blocking_ms,                           0, 3600000)

#define LANE_KEYS(KEY) \
	KEY(lane, large_rows,            COUNT, NULL, config, lane.large_rows,                   0, INT64_MAX) \
	KEY(lane, rows_per_second,       COUNT, NULL, config, lane.limits.rows_per_second,       0, INT64_MAX) \
	KEY(lane, wal_bytes_per_second,  BYTES, NULL, config, lane.limits.wal_bytes_per_second,  0, INT64_MAX) \
	KEY(lane, statements_per_second, COUNT, NULL, config, lane.limits.statements_per_second, 0, INT64_MAX) \
	KEY(lane, concurrency,           COUNT, NULL, config, lane.limits.concurrency,           1, 1000000) \
	KEY(lane, queue_max,             COUNT, NULL, config, lane.limits.queue_max,             1, 1000000) \
	KEY(lane, idle_after,            MS,    NULL, config, lane.idle_ms,                      0, INT32_MAX)

/* LIST(key, member): its lists of names. */
#define LANE_LISTS(LIST) \
	LIST(roles,        lane.roles) \
	LIST(applications, lane.applications) \
	LIST(tags,         lane.tags)

#define POLICY_LOG_KEYS(KEY) \
	KEY(policy_log, path,           TEXT,  NULL,        config, log_path,              0, 0) \
	KEY(policy_log, key_file,       TEXT,  NULL,        config, log_key_file,          0, 0) \
	KEY(policy_log, fsync,          WORD,  fsync_words, config, log_fsync,             0, 0) \
	KEY(policy_log, fsync_interval, MS,    NULL,        config, log_fsync_interval_ms, 1, 3600000) \
	KEY(policy_log, rotate_bytes,   BYTES, NULL,        config, log_rotate_bytes,      0, INT64_MAX) \
	KEY(policy_log, raw_text,       BOOL,  NULL,        config, log_raw_text,          0, 0)

/* SECTION(name, path in the file, list): the mappings that stand once in a document, outermost first. */
#define SECTIONS(SECTION) \
	SECTION(root,        "",                   ROOT_KEYS) \
	SECTION(client_tls,  "client_tls",         CLIENT_TLS_KEYS) \
	SECTION(server,      "server",             SERVER_KEYS) \
	SECTION(server_tls,  "server.tls",         SERVER_TLS_KEYS) \
	SECTION(control,     "control",            CONTROL_KEYS) \
	SECTION(limits,      "limits",             LIMITS_KEYS) \
	SECTION(policy,      "policy",             POLICY_KEYS) \
	SECTION(small_table, "policy.small_table", SMALL_TABLE_KEYS) \
	SECTION(changes,     "changes",            CHANGES_KEYS) \
	SECTION(approve,     "approve",            APPROVE_KEYS) \
	SECTION(backfill,    "backfill",           BACKFILL_KEYS) \
	SECTION(throttle,    "backfill.throttle",  THROTTLE_KEYS) \
	SECTION(lane,        "lane",               LANE_KEYS) \
	SECTION(policy_log,  "policy_log",         POLICY_LOG_KEYS)

/* Those that stand in lists. */
#define ENTRIES(SECTION) \
	SECTION(listen, "listen", LISTEN_KEYS) \
	SECTION(rules,  "rules",  RULES_KEYS)

#endif

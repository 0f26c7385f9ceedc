/* SPDX-License-Identifier: PostgreSQL */
#include "policy_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "debug_log.h"
#include "log_file.h"
#include "log_key.h"
#include "log_record.h"

struct policy_log {
	pthread_mutex_t lock; /* guards all of it */
	struct log_file file;
	char *key_file;
	enum log_fsync fsync;
	int fsync_interval_ms;
	uint64_t rotate_bytes;
	bool raw_text;
	bool failing; /* reported once, until it works again */
	/* fsync: interval, and what need not be on disk at once */
	pthread_t flusher;
	pthread_cond_t changed; /* unsynced, fsync or closing */
	bool unsynced, closing; /* unsynced: written, and nobody waits for the disk */
};

/* ---- the flusher ---- */

static struct timespec in_ms(int ms)
{
	struct timespec when;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += ms / 1000;
	when.tv_nsec += (long)(ms % 1000) * 1000000;
	if (when.tv_nsec >= 1000000000) {
		when.tv_sec++;
		when.tv_nsec -= 1000000000;
	}
	return when;
}

/* Lets writers go on while the disk works: the descriptor is a copy, so rotation cannot pull it
 * away. */
static void sync_unlocked(struct policy_log *log)
{
	int fd = dup(log->file.fd);

	log->unsynced = false;
	pthread_mutex_unlock(&log->lock);
	if (fd < 0 || fdatasync(fd) != 0)
		log_error("policy log: cannot sync: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	pthread_mutex_lock(&log->lock);
}

static void *run_flusher(void *arg)
{
	struct policy_log *log = arg;

	pthread_mutex_lock(&log->lock);
	while (!log->closing) {
		struct timespec when;

		if (log->fsync == LOG_FSYNC_NEVER || !log->unsynced) {
			pthread_cond_wait(&log->changed, &log->lock);
			continue;
		}
		when = in_ms(log->fsync_interval_ms);
		while (!log->closing &&
			pthread_cond_timedwait(&log->changed, &log->lock, &when) != ETIMEDOUT)
			;
		sync_unlocked(log);
	}
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

static int start_flusher(struct policy_log *log)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&log->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&log->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return pthread_create(&log->flusher, NULL, run_flusher, log);
}

/* ---- opening and closing ---- */

static void take_settings(struct policy_log *log, const struct config *config)
{
	log->fsync = config->log_fsync;
	log->fsync_interval_ms = config->log_fsync_interval_ms;
	log->rotate_bytes = config->log_rotate_bytes;
	log->raw_text = config->log_raw_text;
}

static int open_file(struct log_file *file, const struct config *config, char **error)
{
	struct log_key key;

	if (log_key_read_or_make(config->log_key_file, &key, error) != 0)
		return -1;
	return log_file_open(file, config->log_path, &key, error);
}

struct policy_log *policy_log_open(const struct config *config, char **error)
{
	struct policy_log *log;

	if (*config->log_path == '\0') {
		*error = strdup("policy_log.path is not set");
		return NULL;
	}
	log = calloc(1, sizeof(*log));
	if (log == NULL || open_file(&log->file, config, error) != 0) {
		free(log);
		return NULL;
	}
	log->key_file = strdup(config->log_key_file);
	take_settings(log, config);
	if (start_flusher(log) != 0) {
		*error = strdup("cannot start the policy log's thread");
		log_file_close(&log->file);
		free(log->key_file);
		free(log);
		return NULL;
	}
	return log;
}

void policy_log_close(struct policy_log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_lock(&log->lock);
	log->closing = true;
	pthread_cond_signal(&log->changed);
	pthread_mutex_unlock(&log->lock);
	pthread_join(log->flusher, NULL);
	if (log->fsync != LOG_FSYNC_NEVER && fdatasync(log->file.fd) != 0)
		log_error("policy log: cannot sync: %s", strerror(errno));
	log_file_close(&log->file);
	pthread_cond_destroy(&log->changed);
	pthread_mutex_destroy(&log->lock);
	free(log->key_file);
	free(log);
}

/* Called with the lock. */
static int move_to(struct policy_log *log, const struct config *config, char **error)
{
	struct log_file file;

	if (open_file(&file, config, error) != 0)
		return -1;
	if (log->fsync != LOG_FSYNC_NEVER)
		fdatasync(log->file.fd);
	log_file_close(&log->file);
	free(log->key_file);
	log->file = file;
	log->key_file = strdup(config->log_key_file);
	return 0;
}

int policy_log_reconfigure(struct policy_log *log, const struct config *config, char **error)
{
	int status = 0;

	pthread_mutex_lock(&log->lock);
	if (strcmp(log->file.path, config->log_path) != 0 ||
		strcmp(log->key_file, config->log_key_file) != 0)
		status = move_to(log, config, error);
	if (status == 0)
		take_settings(log, config);
	pthread_cond_signal(&log->changed);
	pthread_mutex_unlock(&log->lock);
	return status;
}

/* ---- writing ---- */

static void rotate_if_due(struct policy_log *log)
{
	if (log->rotate_bytes == 0 || log->file.size < log->rotate_bytes)
		return;
	if (log_file_rotate(&log->file, log->fsync == LOG_FSYNC_ALWAYS) != 0)
		log_warn("policy log: cannot rotate %s: %s", log->file.path, strerror(errno));
}

static void note_result(struct policy_log *log, int status)
{
	if (status != 0 && !log->failing)
		log_error("policy log: cannot write %s: %s; statements that need a decision are "
			  "refused",
			log->file.path, strerror(errno));
	if (status == 0 && log->failing)
		log_info("policy log: %s can be written again", log->file.path);
	log->failing = status != 0;
}

/* Takes the record over.  Its sequence number, or 0.  urgent: on disk first, if all are to be. */
static uint64_t write_record(struct policy_log *log, json_t *record, bool urgent)
{
	uint64_t seq = 0;
	bool sync;
	int status;

	pthread_mutex_lock(&log->lock);
	sync = urgent && log->fsync == LOG_FSYNC_ALWAYS;
	rotate_if_due(log);
	status = log_file_append(&log->file, record, sync);
	note_result(log, status);
	if (status == 0) {
		seq = log->file.last.seq;
		if (!sync && log->fsync != LOG_FSYNC_NEVER && !log->unsynced) {
			log->unsynced = true;
			pthread_cond_signal(&log->changed);
		}
	}
	pthread_mutex_unlock(&log->lock);
	json_decref(record);
	return seq;
}

uint64_t policy_log_decision(struct policy_log *log, const struct log_subject *subject,
	const struct stmts *stmts, const char *raw_text, size_t raw_len,
	const struct decision *decision, int64_t change_id, bool observe)
{
	bool raw;

	pthread_mutex_lock(&log->lock);
	raw = log->raw_text;
	pthread_mutex_unlock(&log->lock);
	return write_record(log,
		log_record_decision(subject, stmts, raw ? raw_text : NULL, raw_len, decision,
			change_id, observe),
		decision->lane_by == NULL);
}

uint64_t policy_log_outcome(struct policy_log *log, const struct log_subject *subject, uint64_t of,
	const struct log_outcome *outcome)
{
	return write_record(log, log_record_outcome(subject, of, outcome), !outcome->in_lane);
}

uint64_t policy_log_event(
	struct policy_log *log, const char *event, const char *detail, bool observe)
{
	return write_record(log, log_record_event(event, detail, observe), true);
}

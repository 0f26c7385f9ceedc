/* SPDX-License-Identifier: PostgreSQL */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "debug_log.h"
#include "log_record.h"
#include "log_tail.h"

static char *path_with(const char *path, const char *suffix)
{
	char *out;

	if (asprintf(&out, "%s%s", path, suffix) < 0) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return out;
}

static int fail(char **error, const char *path, const char *what)
{
	if (asprintf(error, "policy log %s: %s", path, what) < 0)
		*error = NULL;
	return -1;
}

/* ---- records ---- */

static void stamp(json_t *record, uint64_t seq)
{
	struct timespec now;
	struct tm utc;
	char text[64];
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + n, sizeof(text) - n, ".%06ldZ", now.tv_nsec / 1000);
	json_object_set_new(record, "seq", json_integer((json_int_t)seq));
	json_object_set_new(record, "time", json_string(text));
}

/* ---- the head ---- */

bool log_head_read(const char *path, struct log_position *out)
{
	char *name = path_with(path, ".head"), hex[LOG_MAC_HEX_BYTES + 1] = "";
	FILE *file = fopen(name, "re");
	bool found = file != NULL && fscanf(file, "%" SCNu64 " %64s", &out->seq, hex) == 2 &&
		     log_mac_from_hex(hex, strlen(hex), &out->mac);

	if (file != NULL)
		fclose(file);
	free(name);
	return found;
}

/* Renamed into place, so it is never seen half-written.  Not synced: after a power cut it may be
 * old, never new. */
static bool write_head(const char *path, const struct log_position *last)
{
	char *name = path_with(path, ".head"), *temporary = path_with(path, ".head.new");
	char hex[LOG_MAC_HEX_BYTES + 1];
	FILE *file = fopen(temporary, "we");
	bool written = file != NULL;

	log_mac_to_hex(&last->mac, hex);
	written = written && fprintf(file, "%" PRIu64 " %s\n", last->seq, hex) > 0;
	if (file != NULL && fclose(file) != 0)
		written = false;
	written = written && rename(temporary, name) == 0;
	free(temporary);
	free(name);
	return written;
}

static void update_head(struct log_file *file)
{
	bool failing = !write_head(file->path, &file->last);

	if (failing && !file->head_failing)
		log_warn("policy log: cannot write %s.head: %s", file->path, strerror(errno));
	file->head_failing = failing;
}

/* ---- appending ---- */

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return -1;
		bytes += written;
		n -= (size_t)written;
	}
	return 0;
}

/* Takes away what a failed write left, so that the chain ends in a whole record.  Keeps errno. */
static void cut_to_size(struct log_file *file)
{
	int saved_errno = errno;

	file->torn = ftruncate(file->fd, (off_t)file->size) != 0;
	errno = saved_errno;
}

/* Seals record as the next one and writes it to fd. */
static int write_record(const struct log_file *file, int fd, json_t *record, bool sync,
	struct log_position *next, size_t *len)
{
	char *object, *line;
	int status;

	next->seq = file->last.seq + 1;
	stamp(record, next->seq);
	object = json_dumps(record, JSON_COMPACT);
	line = log_line_seal(&file->key, &file->last.mac, object, len, &next->mac);
	status = write_all(fd, line, *len);
	if (status == 0 && sync)
		status = fdatasync(fd);
	free(line);
	free(object);
	return status;
}

int log_file_append(struct log_file *file, json_t *record, bool sync)
{
	struct log_position next;
	size_t len;

	if (file->torn) {
		cut_to_size(file);
		if (file->torn)
			return -1;
	}
	if (write_record(file, file->fd, record, sync, &next, &len) != 0) {
		cut_to_size(file);
		return -1;
	}
	file->size += len;
	file->last = next;
	update_head(file);
	return 0;
}

static int append_event(struct log_file *file, const char *event, const char *detail)
{
	json_t *record = log_record_new(event);
	int status;

	json_object_set_new(record, "detail", json_string(detail));
	status = log_file_append(file, record, true);
	json_decref(record);
	return status;
}

/* ---- rotation ---- */

static json_t *carry_over(const struct log_position *previous, const char *previous_file)
{
	json_t *record = log_record_new("continue");
	char hex[LOG_MAC_HEX_BYTES + 1];
	char *copy = strdup(previous_file);

	log_mac_to_hex(&previous->mac, hex);
	json_object_set_new(record, "previous_file", json_string(basename(copy)));
	json_object_set_new(record, "previous_seq", json_integer((json_int_t)previous->seq));
	json_object_set_new(record, "previous_mac", json_string(hex));
	free(copy);
	return record;
}

/* A rename is durable when its directory is. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

static char *next_rotated_name(struct log_file *file)
{
	for (unsigned n = file->rotated + 1;; n++) {
		char suffix[16], *name;

		snprintf(suffix, sizeof(suffix), ".%u", n);
		name = path_with(file->path, suffix);
		if (access(name, F_OK) != 0) {
			file->rotated = n;
			return name;
		}
		free(name);
	}
}

/* The new file is complete before either name changes: a crash leaves PATH or PATH.new, both whole.
 */
static int swap_files(const char *path, const char *rotated, const char *successor)
{
	if (rename(path, rotated) != 0)
		return -1;
	if (rename(successor, path) == 0)
		return 0;
	rename(rotated, path);
	return -1;
}

int log_file_rotate(struct log_file *file, bool sync)
{
	char *rotated = next_rotated_name(file), *successor = path_with(file->path, ".new");
	json_t *record = carry_over(&file->last, rotated);
	struct log_position next;
	size_t len;
	int status = -1, fd;

	unlink(successor);
	fd = open(successor, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		goto out;
	if (fdatasync(file->fd) != 0 || write_record(file, fd, record, sync, &next, &len) != 0)
		goto out;
	if (swap_files(file->path, rotated, successor) != 0)
		goto out;
	if (sync)
		sync_directory(file->path);
	close(file->fd);
	file->fd = fd;
	file->size = len;
	file->last = next;
	update_head(file);
	status = 0;
out:
	if (status != 0 && fd >= 0) {
		unlink(successor);
		close(fd);
	}
	json_decref(record);
	free(successor);
	free(rotated);
	return status;
}

/* ---- opening ---- */

/* An empty file begins a chain, or carries on from the head of one whose file has gone. */
static int begin(struct log_file *file, char **error)
{
	struct log_position head;
	bool gone = log_head_read(file->path, &head);
	json_t *record;
	int status;

	if (gone)
		file->last = head;
	record = gone ? carry_over(&head, "(missing)") : log_record_new("genesis");
	status = log_file_append(file, record, true);
	json_decref(record);
	sync_directory(file->path);
	return status == 0 ? 0 : fail(error, file->path, strerror(errno));
}

/* Says in the log itself what was found wrong with its end. */
static int note_findings(struct log_file *file, uint64_t cut, char **error)
{
	struct log_position head;
	bool gap = log_head_read(file->path, &head) && head.seq > file->last.seq;
	uint64_t last = file->last.seq;
	char detail[160];
	int status = 0;

	/* The numbers of what is missing stay unused, so the gap shows for ever. */
	if (gap) {
		snprintf(detail, sizeof(detail),
			"records %" PRIu64 " to %" PRIu64 " are missing at the end of the log",
			last + 1, head.seq);
		file->last.seq = head.seq;
		status = append_event(file, "gap", detail);
	}
	if (status == 0 && cut > 0) {
		snprintf(detail, sizeof(detail),
			"%" PRIu64 " bytes of an unfinished record were removed at the start", cut);
		status = append_event(file, "torn", detail);
	}
	return status == 0 ? 0 : fail(error, file->path, strerror(errno));
}

static int resume(struct log_file *file, char **error)
{
	struct log_tail tail;
	uint64_t cut;

	if (log_tail_read(file->fd, file->size, &file->key, &tail) != 0)
		return fail(error, file->path, strerror(errno));
	if (tail.end > 0 && !tail.fits)
		return fail(error, file->path,
			"its last record does not fit the key: it is the wrong key file, or the "
			"log was "
			"changed.  See `phasegate log verify`; move log and head aside to begin a "
			"new chain");
	cut = file->size - tail.end;
	if (cut > 0 && ftruncate(file->fd, (off_t)tail.end) != 0)
		return fail(error, file->path, strerror(errno));
	file->size = tail.end;
	if (tail.end == 0)
		return begin(file, error);
	file->last = tail.last;
	return note_findings(file, cut, error);
}

/* A crash between the renames of a rotation leaves only the successor. */
static void finish_rotation(const char *path)
{
	char *successor = path_with(path, ".new");

	if (access(path, F_OK) != 0 && errno == ENOENT)
		rename(successor, path);
	free(successor);
}

int log_file_open(struct log_file *file, const char *path, const struct log_key *key, char **error)
{
	struct stat status;
	int result;

	*file = (struct log_file){.path = path_with(path, ""), .fd = -1, .key = *key};
	finish_rotation(path);
	file->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file->fd < 0 || fstat(file->fd, &status) != 0)
		result = fail(error, path, strerror(errno));
	else if (flock(file->fd, LOCK_EX | LOCK_NB) != 0)
		result = fail(error, path, "another process is writing it");
	else {
		file->size = (uint64_t)status.st_size;
		result = file->size == 0 ? begin(file, error) : resume(file, error);
	}
	if (result != 0)
		log_file_close(file);
	return result;
}

void log_file_close(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->path);
	file->path = NULL;
}

/* SPDX-License-Identifier: PostgreSQL */
#include "log_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEW_KEY_BYTES = 32 };

static int fail(char **error, const char *path, const char *what)
{
	if (asprintf(error, "policy log key %s: %s", path, what) < 0)
		*error = NULL;
	return -1;
}

static int read_key(int fd, const char *path, struct log_key *key, char **error)
{
	struct stat status;
	ssize_t n;

	if (fstat(fd, &status) != 0)
		return fail(error, path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fail(error, path, "not a regular file");
	if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return fail(error, path, "others may read or change it; run chmod 600 on it");
	n = read(fd, key->bytes, sizeof(key->bytes));
	if (n < 0)
		return fail(error, path, strerror(errno));
	if (n < 16)
		return fail(error, path, "shorter than 16 bytes");
	if (n == sizeof(key->bytes))
		return fail(error, path, "longer than 1023 bytes");
	key->len = (size_t)n;
	return 0;
}

int log_key_read(const char *path, struct log_key *key, char **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int status;

	if (fd < 0)
		return fail(error, path, strerror(errno));
	status = read_key(fd, path, key, error);
	close(fd);
	return status;
}

/* Whole or not at all: a key cut short by a crash would lock the log out for good. */
static int make_key(const char *path, char **error)
{
	unsigned char bytes[NEW_KEY_BYTES];
	char temporary[4096];
	int fd, status = -1;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return fail(error, path, strerror(ENAMETOOLONG));
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return fail(error, path, "no random bytes");
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, bytes, sizeof(bytes)) == sizeof(bytes) && fsync(fd) == 0 &&
		rename(temporary, path) == 0)
		status = 0;
	else
		fail(error, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return status;
}

int log_key_read_or_make(const char *path, struct log_key *key, char **error)
{
	if (access(path, F_OK) != 0 && errno == ENOENT && make_key(path, error) != 0)
		return -1;
	return log_key_read(path, key, error);
}

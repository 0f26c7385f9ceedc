/* SPDX-License-Identifier: PostgreSQL */
#include "log_tail.h"

#include <stdlib.h>
#include <unistd.h>

/* The last bytes of a file: at least the last two whole records, or all there is. */
struct span {
	char *bytes;
	size_t n;
	bool whole;
};

enum { RECORDS_WANTED = 2 };

static size_t count_line_feeds(const struct span *span)
{
	size_t n = 0;

	for (size_t i = 0; i < span->n; i++)
		n += span->bytes[i] == '\n';
	return n;
}

static int read_span(int fd, uint64_t size, struct span *span)
{
	for (size_t want = 64 * 1024;; want *= 4) {
		span->n = size < want ? (size_t)size : want;
		span->whole = span->n == size;
		span->bytes = malloc(span->n + 1);
		if (span->bytes == NULL)
			return -1;
		if (pread(fd, span->bytes, span->n, (off_t)(size - span->n)) != (ssize_t)span->n) {
			free(span->bytes);
			return -1;
		}
		if (span->whole || count_line_feeds(span) > RECORDS_WANTED)
			return 0;
		free(span->bytes);
	}
}

/* Start of the line whose line feed stands before end. */
static size_t line_start(const struct span *span, size_t end)
{
	size_t start = end - 1;

	while (start > 0 && span->bytes[start - 1] != '\n')
		start--;
	return start;
}

/* What the record from start to end is chained to. */
static bool mac_before(const struct span *span, size_t start, size_t end, struct log_mac *out)
{
	struct log_record_start first;
	size_t body, before;

	if (start > 0) {
		before = line_start(span, start);
		return log_line_split(span->bytes + before, start - 1 - before, &body, out);
	}
	if (!span->whole || !log_line_start(span->bytes, end - 1, &first))
		return false;
	*out = first.previous.mac;
	return true;
}

static bool last_record_fits(
	const struct span *span, size_t end, const struct log_key *key, struct log_position *last)
{
	size_t start = line_start(span, end), len = end - 1 - start, body;
	const char *line = span->bytes + start;
	struct log_mac previous, mac;

	if (!log_line_split(line, len, &body, &last->mac) ||
		!mac_before(span, start, end, &previous))
		return false;
	last->seq = log_line_seq(line, len);
	mac = log_mac_of(key, &previous, line, body);
	return last->seq > 0 && log_mac_equal(&mac, &last->mac);
}

int log_tail_read(int fd, uint64_t size, const struct log_key *key, struct log_tail *out)
{
	struct span span;
	size_t end;

	if (read_span(fd, size, &span) != 0)
		return -1;
	for (end = span.n; end > 0 && span.bytes[end - 1] != '\n';)
		end--;
	out->end = end == 0 ? 0 : size - span.n + end;
	out->fits = end > 0 && last_record_fits(&span, end, key, &out->last);
	free(span.bytes);
	return 0;
}

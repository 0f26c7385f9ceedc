/* SPDX-License-Identifier: PostgreSQL */
/* The verifier behind policy_log_verify: every record against its mac, its number, and the file
 * before. */
#include "policy_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log_chain.h"
#include "log_file.h"
#include "log_key.h"

struct verifier {
	const struct log_key *key;
	FILE *out;
	const char *path;
	size_t line;
	int faults;
	struct log_position last; /* of the record before, as it stands there */
	bool any; /* there is one, in this file or the one before */
};

static void fault(struct verifier *verifier, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void fault(struct verifier *verifier, const char *fmt, ...)
{
	va_list args;

	verifier->faults++;
	fprintf(verifier->out, "%s:%zu: ", verifier->path, verifier->line);
	va_start(args, fmt);
	vfprintf(verifier->out, fmt, args);
	va_end(args);
	fputc('\n', verifier->out);
}

/* The first record of a file says what came before it: hold that against what was read. */
static void check_start(struct verifier *verifier, const char *line, size_t len)
{
	struct log_record_start start;

	if (!log_line_start(line, len, &start)) {
		fault(verifier, "the file does not begin with \"genesis\" or \"continue\": records "
				"before this one are missing");
		return;
	}
	if (verifier->any && start.genesis)
		fault(verifier,
			"a new chain begins, though another file was given before this one");
	else if (verifier->any && start.previous.seq != verifier->last.seq)
		fault(verifier,
			"this file continues %s, record %" PRIu64
			", but the file given before it ends "
			"with record %" PRIu64 ": a file is missing, out of order, or cut",
			start.previous_file, start.previous.seq, verifier->last.seq);
	else if (verifier->any && !log_mac_equal(&start.previous.mac, &verifier->last.mac))
		fault(verifier,
			"the file given before this one ends with another record %" PRIu64
			" than the one this file continues",
			start.previous.seq);
	else if (!verifier->any && !start.genesis)
		fprintf(verifier->out, "%s: begins after record %" PRIu64 ", which is in %s\n",
			verifier->path, start.previous.seq, start.previous_file);
	verifier->last = start.previous;
	verifier->any = true;
}

static void check_number(struct verifier *verifier, uint64_t seq, bool mac_fits)
{
	uint64_t expected = verifier->last.seq + 1;

	if (seq > expected)
		fault(verifier,
			"record %" PRIu64 ": %" PRIu64 " record(s) missing before it (%" PRIu64
			" to %" PRIu64 ")%s",
			seq, seq - expected, expected, seq - 1,
			mac_fits ? "; the log itself noted this when it was next opened" : "");
	else if (seq < expected)
		fault(verifier,
			"record %" PRIu64 " stands after record %" PRIu64
			": moved, repeated or inserted",
			seq, verifier->last.seq);
	else if (!mac_fits)
		fault(verifier, "record %" PRIu64 " was changed, or made without the key", seq);
}

static void check_record(struct verifier *verifier, const char *line, size_t len)
{
	struct log_mac mac, stored;
	uint64_t seq = log_line_seq(line, len);
	size_t body;

	if (seq == 0 || !log_line_split(line, len, &body, &stored)) {
		fault(verifier, "not a record of the policy log");
		return;
	}
	if (verifier->line == 1)
		check_start(verifier, line, len);
	mac = log_mac_of(verifier->key, &verifier->last.mac, line, body);
	check_number(verifier, seq, log_mac_equal(&mac, &stored));
	verifier->last = (struct log_position){seq, stored};
}

static int check_file(struct verifier *verifier, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;

	if (file == NULL) {
		fprintf(verifier->out, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	verifier->path = path;
	for (verifier->line = 1; (n = getline(&line, &capacity, file)) > 0; verifier->line++) {
		if (line[n - 1] != '\n')
			fault(verifier, "the record is cut short: a crash, or a cut tail");
		else
			check_record(verifier, line, (size_t)n - 1);
	}
	n = ferror(file) ? -1 : 0;
	if (n == 0 && verifier->line == 1)
		fault(verifier, "the file is empty");
	free(line);
	fclose(file);
	return (int)n;
}

/* The log only grows and its head follows it, so a head read before the log is never ahead of it.
 */
static void check_head(struct verifier *verifier, const char *path, const struct log_position *head)
{
	if (head->seq > verifier->last.seq)
		fault(verifier,
			"the log ends with record %" PRIu64 ", but %s.head knows record %" PRIu64
			": the tail was cut",
			verifier->last.seq, path, head->seq);
	else if (head->seq == verifier->last.seq && !log_mac_equal(&head->mac, &verifier->last.mac))
		fault(verifier, "record %" PRIu64 " is not the one that %s.head knows", head->seq,
			path);
}

int policy_log_verify(const char *key_file, const char *const *paths, size_t n, FILE *out)
{
	struct log_key key;
	struct verifier verifier = {.key = &key, .out = out};
	struct log_position head;
	bool has_head = n > 0 && log_head_read(paths[n - 1], &head);
	char *error = NULL;

	if (log_key_read(key_file, &key, &error) != 0) {
		fprintf(out, "%s\n", error);
		free(error);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (check_file(&verifier, paths[i]) != 0)
			return -1;
	if (has_head)
		check_head(&verifier, paths[n - 1], &head);
	else if (n > 0)
		fprintf(out,
			"note: no %s.head to read: records missing at the end would not show\n",
			paths[n - 1]);
	if (verifier.faults == 0)
		fprintf(out, "ok: the chain is whole up to record %" PRIu64 "\n",
			verifier.last.seq);
	else
		fprintf(out, "%d fault(s)\n", verifier.faults);
	return verifier.faults;
}
